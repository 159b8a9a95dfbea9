//! The due moment of a dossier anew, after a change of the calendar.

use crate::acts::{Occasion, context};
use crate::domain::dossier::{Action, decide};
use crate::error::Error;
use crate::store::dossiers::{self, Locked};
use crate::store::reference::Reference;
use crate::store::{Conn, StoreError};

pub(crate) const REASON: &str = "Lịch làm việc thay đổi";

/// While the due moments of open dossiers are out of date, whoever acts on one has that one's put
/// right first: what is decided is decided by the calendar that holds.
pub(crate) fn put_right(
    conn: &mut Conn,
    locked: Locked,
    occasion: Occasion,
    reference: &Reference,
) -> Result<Locked, Error> {
    let dossier = &locked.dossier;
    if !dossier.status.is_open() {
        return Ok(locked);
    }
    let own = reference.procedure(dossier.procedure);
    let own = own.ok_or_else(|| StoreError::corrupt("dossiers.procedure_id"))?;
    let occasion = Occasion::by_system(occasion.now);
    let at = occasion.moment(Some(dossier));
    let context = context(reference, dossier.unit, own, at, occasion, None)?;
    let action = Action::RecomputeDue {
        reason: REASON.to_owned(),
    };
    match decide(Some(dossier), &action, &context) {
        Ok(events) => {
            dossiers::append(conn, &locked, &events, reference.units())?;
            dossiers::lock(conn, dossier.id)?.ok_or(Error::NO_DOSSIER)
        }
        // It is right as it is, or the calendar cannot tell.
        Err(_) => Ok(locked),
    }
}
