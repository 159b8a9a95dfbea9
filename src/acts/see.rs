//! Whoever has a dossier in hand has opened it.

use crate::domain::ids::DossierId;
use crate::domain::moment::Moment;
use crate::error::Error;
use crate::store::authority::Proof;
use crate::store::{Store, last_seen};

/// Notes that they see it in that version. It changes nothing of the dossier.
///
/// # Errors
/// A caller who may not, or an error of the store.
pub fn see(
    store: &Store,
    id: DossierId,
    version: u32,
    by: Proof,
    now: Moment,
) -> Result<(), Error> {
    store.write_with_reference_as(by, move |conn, _, caller| {
        Ok(last_seen::note(conn, id, caller.user(), version, now)?)
    })
}
