//! After a change of the calendar: the due moments of the open dossiers that it touches, anew.

use super::act::act_within;
use super::{DeskError, Occasion, Request};
use crate::domain::dossier::{Action, Refusal};
use crate::domain::ids::Actor;
use crate::domain::moment::Moment;
use crate::store::{Store, dossiers, settings};

const PAGE: u32 = 200;

/// Recomputes the due moments of all open dossiers if the calendar has changed since the last
/// time; each that changes gets an event. Returns how many did. If it is interrupted, the next
/// run goes over all of them again, which changes nothing where it has been.
///
/// # Errors
/// If the database refuses, or the calendar lacks a year that an open dossier needs.
pub fn recompute_due_moments(store: &Store, now: Moment) -> Result<usize, DeskError> {
    let pending = store.read(|conn| settings::get(conn, settings::DUE_OUT_OF_DATE))?;
    if pending.is_none() {
        return Ok(0);
    }
    let reference = store.reference()?;
    let occasion = Occasion {
        at: now,
        now,
        actor: Actor::System,
    };
    let mut recomputed = 0;
    let mut after = None;
    // The list is taken whole first: recomputing moves dossiers along the very index it follows.
    let mut ids = Vec::new();
    loop {
        let page = store.read(|conn| dossiers::open_ids(conn, after, PAGE))?;
        let Some(last) = page.last() else { break };
        after = Some(*last);
        ids.extend(page.into_iter().map(|(_, id)| id));
    }
    for ids in ids.chunks(PAGE as usize) {
        let (ids, reference) = (ids.to_vec(), reference.clone());
        recomputed += store.write(move |conn| {
            let mut changed = 0;
            for id in &ids {
                let action = Action::RecomputeDue {
                    reason: "Lịch làm việc thay đổi".to_owned(),
                };
                let request = Request::new(*id, action);
                match act_within(conn, &request, occasion, &reference) {
                    Ok(_) => changed += 1,
                    // Unchanged, or closed in the meantime.
                    Err(DeskError::Refused(Refusal::DueUnchanged | Refusal::NotAllowed { .. })) => {
                    }
                    Err(error) => return Err(error),
                }
            }
            Ok::<_, DeskError>(changed)
        })?;
    }
    store.write(|conn| settings::remove(conn, settings::DUE_OUT_OF_DATE))?;
    Ok(recomputed)
}
