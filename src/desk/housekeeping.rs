//! Work that nobody asks for: record crossings of due moments, move dossiers of dissolved units
//! to their successors, fold counts into the roll-ups. Safe to run at any time, on any number of
//! instances side by side.

use super::act::act_within;
use super::{DeskError, Occasion, Request};
use crate::domain::dossier::Action;
use crate::domain::ids::{Actor, DossierId, UnitId};
use crate::domain::moment::Moment;
use crate::store::{Store, dossiers, tallies};

const PAGE: u32 = 200;
const FOLD: u32 = 2000;

/// What a round did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Round {
    /// Dossiers newly recorded as overdue.
    pub overdue: usize,
    /// Dossiers whose due moment changed with the calendar.
    pub recomputed: usize,
    /// Dossiers moved to the successor of their unit.
    pub moved: usize,
    /// Changes of counts folded into the roll-ups.
    pub folded: usize,
    /// Codes of dissolved units with open dossiers and no known successor.
    pub without_successor: Vec<String>,
}

/// One round of all of it.
///
/// # Errors
/// If the database refuses.
pub fn run(store: &Store, now: Moment) -> Result<Round, DeskError> {
    let recomputed = super::recompute_due_moments(store, now)?;
    let overdue = record_overdue(store, now)?;
    let (moved, without_successor) = move_to_successors(store, now)?;
    Ok(Round {
        overdue,
        recomputed,
        moved,
        folded: fold(store)?,
        without_successor,
    })
}

/// Records every crossing of a due moment up to `now`.
///
/// # Errors
/// If the database refuses.
pub fn record_overdue(store: &Store, now: Moment) -> Result<usize, DeskError> {
    let mut recorded = 0;
    loop {
        let ids = store.read(|conn| dossiers::unrecorded_crossings(conn, now, PAGE))?;
        if ids.is_empty() {
            return Ok(recorded);
        }
        let done = act_on_all(store, ids, now, |_| Action::MarkOverdue)?;
        recorded += done;
        if done == 0 {
            // Another instance was quicker, or what is left cannot be recorded now.
            return Ok(recorded);
        }
    }
}

/// Moves the open dossiers of units that have ended to the successor that takes what is not said
/// to go elsewhere.
///
/// # Errors
/// If the database refuses.
pub fn move_to_successors(store: &Store, now: Moment) -> Result<(usize, Vec<String>), DeskError> {
    let reference = store.reference()?;
    let today = now.date();
    let mut moved = 0;
    let mut without = Vec::new();
    for unit in reference.units().all() {
        if unit.valid_to.is_none_or(|last| today <= last) {
            continue;
        }
        let successor = reference
            .units()
            .successor_of(unit.id)
            .filter(|succession| succession.on <= today);
        let page = |store: &Store| -> Result<Vec<DossierId>, DeskError> {
            Ok(store.read(|conn| dossiers::open_with(conn, unit.id, PAGE))?)
        };
        let mut ids = page(store)?;
        let Some(successor) = successor else {
            if !ids.is_empty() {
                without.push(unit.code.clone());
            }
            continue;
        };
        while !ids.is_empty() {
            let (from, to): (UnitId, UnitId) = (unit.id, successor.successor);
            let done = act_on_all(store, ids, now, move |_| Action::MoveToSuccessor {
                from,
                to,
            })?;
            moved += done;
            if done == 0 {
                break;
            }
            ids = page(store)?;
        }
    }
    Ok((moved, without))
}

/// Does the action on each dossier that allows it, in one transaction; returns how many did.
fn act_on_all(
    store: &Store,
    ids: Vec<DossierId>,
    now: Moment,
    action: impl Fn(DossierId) -> Action + Send + 'static,
) -> Result<usize, DeskError> {
    let reference = store.reference()?;
    let occasion = Occasion {
        at: now,
        now,
        actor: Actor::System,
    };
    store.write(move |conn| {
        let mut done = 0;
        for id in &ids {
            let request = Request::new(*id, action(*id));
            match act_within(conn, &request, occasion, &reference) {
                Ok(_) => done += 1,
                // Closed, moved or recorded by someone else in the meantime.
                Err(DeskError::Refused(_) | DeskError::NotFound) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(done)
    })
}

/// Folds all changes of counts that are waiting into the roll-ups.
///
/// # Errors
/// If the database refuses.
pub fn fold(store: &Store) -> Result<usize, DeskError> {
    let mut folded = 0;
    loop {
        let reference = store.reference()?;
        let count = store
            .write(move |conn| tallies::fold(conn, &reference, FOLD).map_err(DeskError::from))?;
        folded += count;
        if count < FOLD as usize {
            return Ok(folded);
        }
    }
}
