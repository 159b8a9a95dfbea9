//! Procedures: a new one, a new version of one that there is, a version put right or taken back before it holds.

use chrono::NaiveDate;
use serde_json::json;

use crate::domain::ids::UnitId;
use crate::domain::procedure::{ProcedureCode, ProcedureDefinition};
use crate::error::{Conflict, Error};
use crate::imports::{self, Catalogue, Dating};
use crate::store::Store;
use crate::store::admin_acts::{self, ActKind};
use crate::store::authority::Proof;
use crate::views::reach::ensure_whole;

/// Puts a version of a procedure into the catalogue, by the rules of an import: the same again
/// changes nothing, a later first day ends the version before, one that is not yet in force is corrected. One that takes
/// another's place from a past day on wants a reason. Returns whether it is new.
///
/// # Errors
/// All that is wrong with it, a caller who does not keep the whole office, or an error of the store.
pub fn put_procedure(
    store: &Store,
    definition: ProcedureDefinition,
    backdating_reason: Option<String>,
    by: Proof,
) -> Result<bool, Error> {
    let mut act = json!({"procedure": definition});
    if let Some(reason) = &backdating_reason {
        act["backdating_reason"] = reason.as_str().into();
    }
    let catalogue = Catalogue {
        procedures: vec![(1, definition)],
    };
    let dating = Dating::Asked(backdating_reason);
    store.change_reference_as(by, move |conn, reference, caller| {
        ensure_whole(reference.units(), caller.unit())?;
        let imported = imports::put_procedures(conn, &catalogue, &dating)?;
        if imported.changes() > 0 {
            let (actor, now) = (caller.actor(), crate::clock::now());
            admin_acts::record(conn, actor, now, ActKind::ProcedurePut, &act)?;
        }
        Ok(imported.added > 0)
    })
}

/// Whether [`put_procedure`] would do it, as things stand. Changes nothing.
///
/// # Errors
/// As it would.
pub fn check_procedure(
    store: &Store,
    definition: &ProcedureDefinition,
    backdating_reason: Option<String>,
    reach: UnitId,
) -> Result<(), Error> {
    let catalogue = Catalogue {
        procedures: vec![(1, definition.clone())],
    };
    let dating = Dating::Asked(backdating_reason);
    store.read_with_reference(|conn, reference| {
        ensure_whole(reference.units(), reach)?;
        Ok(imports::check_procedures(conn, &catalogue, &dating)?)
    })
}

/// Takes a version back that is not yet in force: the one before it goes on.
///
/// # Errors
/// If there is none that begins on that day, or it is in force; a caller who does not keep the whole office, or an error
/// of the store.
pub fn withdraw_version(
    store: &Store,
    code: &str,
    first_day: NaiveDate,
    by: Proof,
) -> Result<(), Error> {
    let code = ProcedureCode::base_of(code).into_owned();
    store.change_reference_as(by, move |conn, reference, caller| {
        let now = crate::clock::now();
        let mut versions = reference.versions(&code).iter();
        let version = versions.find(|version| version.definition.valid_from == first_day);
        let version = version.ok_or(Error::NotFound("không có phiên bản này của thủ tục"))?;
        ensure_whole(reference.units(), caller.unit())?;
        if first_day <= now.date() {
            return Err(Conflict::VersionInForce.into());
        }
        imports::withdraw_procedure(conn, &code, first_day)?;
        let act = json!({"procedure": version.definition});
        admin_acts::record(conn, caller.actor(), now, ActKind::ProcedureWithdrawn, &act)?;
        Ok(())
    })
}
