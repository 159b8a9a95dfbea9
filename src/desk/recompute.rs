//! After a change of the calendar: the due moments of the open dossiers that it touches, anew.

use super::DeskError;
use super::act::{PAGE, act_on_all};
use crate::domain::dossier::Action;
use crate::domain::moment::Moment;
use crate::store::{Store, open_dossiers, settings};

/// Recomputes the due moments of all open dossiers if the calendar has changed since the last
/// time; each that changes gets an event. Returns how many did. If it is interrupted, the next
/// run goes over all of them again, which changes nothing where it has been. A dossier whose due
/// moment the new calendar cannot tell keeps the one it has.
///
/// # Errors
/// If the database refuses.
pub fn recompute_due_moments(store: &Store, now: Moment) -> Result<usize, DeskError> {
    let pending = store.read(|conn| settings::get(conn, settings::DUE_OUT_OF_DATE))?;
    let Some(since) = pending else {
        return Ok(0);
    };
    let mut recomputed = 0;
    let mut after = None;
    // The list is taken whole first: recomputing moves dossiers along the very index it follows.
    let mut ids = Vec::new();
    loop {
        let page = store.read(|conn| open_dossiers::open_ids(conn, after, PAGE))?;
        let Some(last) = page.last() else { break };
        after = Some(*last);
        ids.extend(page.into_iter().map(|(_, id)| id));
    }
    for ids in ids.chunks(PAGE as usize) {
        recomputed += act_on_all(store, ids.to_vec(), now, |_| Action::RecomputeDue {
            reason: "Lịch làm việc thay đổi".to_owned(),
        })?;
    }
    // A calendar that came in meanwhile has set its own mark, which stays.
    store.write(move |conn| settings::remove(conn, settings::DUE_OUT_OF_DATE, &since))?;
    Ok(recomputed)
}
