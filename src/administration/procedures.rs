//! Procedures: a new one, or a new version of one that there is.

use super::{AdminError, ensure_whole};
use crate::domain::procedure::ProcedureDefinition;
use crate::imports::{self, Catalogue};
use crate::store::Store;
use crate::store::authority::Proof;

/// Puts a version of a procedure into the catalogue, by the rules of an import: the same again
/// changes nothing, a later first day ends the version before. Returns whether it is new.
///
/// # Errors
/// All that is wrong with it, a caller who does not keep the whole office, or an error of the store.
pub fn put_procedure(
    store: &Store,
    definition: ProcedureDefinition,
    by: Proof,
) -> Result<bool, AdminError> {
    let catalogue = Catalogue {
        procedures: vec![(1, definition)],
    };
    store.change_reference_as(by, move |conn, reference, caller| {
        ensure_whole(reference.units(), caller.unit())?;
        let imported = imports::put_procedures(conn, &catalogue)?;
        Ok(imported.added > 0)
    })
}
