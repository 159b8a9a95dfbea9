//! A paper is printed again, and says which time that is.

use crate::domain::ids::DossierId;
use crate::domain::moment::Moment;
use crate::domain::norms::FormKind;
use crate::error::Error;
use crate::store::authority::Proof;
use crate::store::{Store, dossiers, reprints};
use crate::views::dossier::find_within;

/// Records that a paper is printed once more; which time that is, from 1.
///
/// # Errors
/// If there is no such dossier, it is out of reach, the caller may not, or the database refuses.
pub fn reprint(
    store: &Store,
    id: DossierId,
    form: FormKind,
    by: Proof,
    now: Moment,
) -> Result<u32, Error> {
    store.write_with_reference_as(by, move |conn, reference, caller| {
        find_within(conn, reference, id, Some(caller.unit()))?;
        // Of two at once each has a number of its own.
        dossiers::lock(conn, id)?;
        Ok(reprints::record(conn, id, form, caller.user(), now)?)
    })
}
