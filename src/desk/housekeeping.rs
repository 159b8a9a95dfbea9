//! Work that nobody asks for: record crossings of due moments, move dossiers of dissolved units
//! to their successors, fold counts into the roll-ups. Safe to run at any time, on any number of
//! instances side by side.

use super::DeskError;
use super::act::{PAGE, act_on_all};
use crate::domain::dossier::Action;
use crate::domain::ids::UnitId;
use crate::domain::moment::Moment;
use crate::store::set_aside::Work;
use crate::store::{
    Store, attempts, devices, idempotency, oidc_logins, open_dossiers, sessions, submissions,
    tallies,
};

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
    /// Sessions, attempts, keys and submissions that have ended.
    pub forgotten: usize,
    /// Codes of dissolved units whose open dossiers have nowhere to go.
    pub without_successor: Vec<String>,
}

/// One round of all of it. What fails leaves the rest alone.
///
/// # Errors
/// The first one, after everything has been tried.
pub fn run(store: &Store, now: Moment) -> Result<Round, DeskError> {
    let recomputed = super::recompute_due_moments(store, now);
    let overdue = record_overdue(store, now);
    let moved = move_to_successors(store, now);
    let folded = fold(store);
    let forgotten = forget(store, now);
    let (moved, without_successor) = moved?;
    Ok(Round {
        recomputed: recomputed?,
        overdue: overdue?,
        moved,
        folded: folded?,
        forgotten: forgotten?,
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
        let ids = store.read(|conn| open_dossiers::unrecorded_crossings(conn, now, PAGE))?;
        if ids.is_empty() {
            return Ok(recorded);
        }
        let acted = act_on_all(store, Work::Overdue, ids, now, |_| Action::MarkOverdue)?;
        recorded += acted.done;
        if acted.done + acted.set_aside == 0 {
            // Another instance was quicker, or what is left cannot be recorded now.
            return Ok(recorded);
        }
    }
}

/// Moves the open dossiers of units that have ended to whoever does their work now. Also returns
/// the codes of ended units whose dossiers could not be moved.
///
/// # Errors
/// If the database refuses.
pub fn move_to_successors(store: &Store, now: Moment) -> Result<(usize, Vec<String>), DeskError> {
    let reference = store.reference()?;
    let units = reference.units();
    let today = now.date();
    let ended = units.all().into_iter().filter(|unit| {
        let last = unit.valid_to;
        last.is_some_and(|last| last < today)
    });
    let ended: Vec<UnitId> = ended.map(|unit| unit.id).collect();
    let mut moved = 0;
    let mut stuck = Vec::new();
    for from in store.read(|conn| open_dossiers::units_with_open(conn, &ended))? {
        let to = units.in_charge_on(from, today).map(|unit| unit.id);
        let mut all_moved = false;
        while let Some(to) = to
            && !all_moved
        {
            let ids = store.read(|conn| open_dossiers::open_with(conn, from, PAGE))?;
            all_moved = ids.is_empty();
            let action = move |_| Action::MoveToSuccessor { from, to };
            let acted = act_on_all(store, Work::Successor, ids, now, action)?;
            moved += acted.done;
            if acted.done + acted.set_aside == 0 {
                break;
            }
        }
        if !all_moved && let Some(unit) = units.get(from) {
            stuck.push(unit.code.clone());
        }
    }
    Ok((moved, stuck))
}

/// How long an Idempotency-Key is remembered.
const KEYS_MILLIS: i64 = 7 * 24 * 3_600_000;

/// Forgets what has ended and would only pile up.
///
/// # Errors
/// If the database refuses.
pub fn forget(store: &Store, now: Moment) -> Result<usize, DeskError> {
    store.write(move |conn| {
        Ok(sessions::forget(conn, now)?
            + attempts::forget(conn, now)?
            + devices::forget(conn, now)?
            + oidc_logins::forget(conn, now)?
            + submissions::forget(conn, now)?
            + idempotency::forget(conn, now.plus_millis(-KEYS_MILLIS))?)
    })
}

/// Folds all changes of counts that are waiting into the roll-ups.
///
/// # Errors
/// If the database refuses.
pub fn fold(store: &Store) -> Result<usize, DeskError> {
    let mut folded = 0;
    loop {
        let count = store.write_with_reference(|conn, reference| {
            tallies::fold(conn, reference, FOLD).map_err(DeskError::from)
        })?;
        folded += count;
        if count < FOLD as usize {
            return Ok(folded);
        }
    }
}
