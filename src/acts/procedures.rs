//! Procedures: a new one, or a new version of one that there is.

use serde_json::json;

use crate::domain::procedure::ProcedureDefinition;
use crate::error::Error;
use crate::imports::{self, Catalogue};
use crate::store::Store;
use crate::store::admin_acts::{self, ActKind};
use crate::store::authority::Proof;
use crate::views::reach::ensure_whole;

/// Puts a version of a procedure into the catalogue, by the rules of an import: the same again
/// changes nothing, a later first day ends the version before. Returns whether it is new.
///
/// # Errors
/// All that is wrong with it, a caller who does not keep the whole office, or an error of the store.
pub fn put_procedure(
    store: &Store,
    definition: ProcedureDefinition,
    by: Proof,
) -> Result<bool, Error> {
    let act = json!({"procedure": definition});
    let catalogue = Catalogue {
        procedures: vec![(1, definition)],
    };
    store.change_reference_as(by, move |conn, reference, caller| {
        ensure_whole(reference.units(), caller.unit())?;
        let imported = imports::put_procedures(conn, &catalogue)?;
        if imported.added > 0 {
            let (actor, now) = (caller.actor(), crate::clock::now());
            admin_acts::record(conn, actor, now, ActKind::ProcedurePut, &act)?;
        }
        Ok(imported.added > 0)
    })
}
