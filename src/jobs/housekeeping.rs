//! Work that nobody asks for: record crossings of due moments, move dossiers of dissolved units
//! to their successors, fold counts into the roll-ups. Safe to run at any time, on any number of
//! instances side by side.

use crate::acts::advance::{PAGE, act_on_all};
use crate::domain::dossier::Action;
use crate::domain::ids::UnitId;
use crate::domain::moment::Moment;
use crate::error::Error;
use crate::jobs::queue::Work;
use crate::store::{
    Conn, Store, StoreError, devices, idempotency, jobs, oidc_logins, open_dossiers, rate_limits,
    sessions, set_aside, submissions, tallies,
};

/// How many dossiers are listed at once; they are acted on in smaller steps.
const LOOKED_AT: u32 = 200;

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
    /// Payments that were recorded and left unmatched by who recorded them.
    pub payments: usize,
    /// Codes of dissolved units whose open dossiers have nowhere to go.
    pub without_successor: Vec<String>,
}

/// One round of all of it, and of the jobs that wait. What fails leaves the rest alone.
///
/// # Errors
/// The first one, after everything has been tried.
pub fn run(store: &Store, now: Moment) -> Result<Round, Error> {
    let recomputed = crate::jobs::queue::recompute_due_moments(store, now);
    let round = round(store, now);
    let worked = crate::jobs::queue::work_off_at(store, Some(now), &|| true);
    let mut round = round?;
    round.recomputed = recomputed?;
    worked?;
    Ok(round)
}

/// The same without jobs, where somebody else works on these.
///
/// # Errors
/// The first one, after everything has been tried.
pub fn round(store: &Store, now: Moment) -> Result<Round, Error> {
    let overdue = record_overdue(store, now);
    let moved = move_to_successors(store, now);
    let folded = fold(store);
    let forgotten = forget(store, now);
    let payments = crate::acts::pay::match_left_over(store, now);
    let (moved, without_successor) = moved?;
    Ok(Round {
        recomputed: 0,
        overdue: overdue?,
        moved,
        folded: folded?,
        forgotten: forgotten?,
        payments: payments?,
        without_successor,
    })
}

/// Records every crossing of a due moment up to `now`.
///
/// # Errors
/// If the database refuses.
pub fn record_overdue(store: &Store, now: Moment) -> Result<usize, Error> {
    let mut recorded = 0;
    loop {
        let ids = store.read(|conn| open_dossiers::unrecorded_crossings(conn, now, LOOKED_AT))?;
        if ids.is_empty() {
            return Ok(recorded);
        }
        let mut done = 0;
        for some in ids.chunks(PAGE as usize) {
            let work = set_aside::Work::Overdue;
            let acted = act_on_all(store, work, some.to_vec(), now, |_| Action::MarkOverdue)?;
            recorded += acted.done;
            done += acted.done + acted.set_aside;
        }
        if done == 0 {
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
pub fn move_to_successors(store: &Store, now: Moment) -> Result<(usize, Vec<String>), Error> {
    let mut moved = 0;
    let mut stuck = Vec::new();
    for from in ended_with_open(store, now)? {
        let (some, all) = move_from(store, from, now, &mut |_| Ok(true))?;
        moved += some;
        if !all && let Some(unit) = store.reference()?.units().get(from) {
            stuck.push(unit.code.clone());
        }
    }
    Ok((moved, stuck))
}

/// The same as a job.
pub(crate) fn work(work: &mut Work<'_>) -> Result<bool, Error> {
    let (store, now) = (work.store, work.now());
    let ended = ended_with_open(store, now)?;
    let left = store.read(|conn| {
        let counts = ended
            .iter()
            .map(|unit| open_dossiers::count_with(conn, *unit));
        counts.sum::<Result<u64, _>>()
    })?;
    work.progress.total = work.progress.done + left;
    for from in ended {
        let mut go_on = true;
        move_from(store, from, now, &mut |moved| {
            work.progress.done += moved as u64;
            work.progress.changed += moved as u64;
            go_on = work.step()?;
            Ok(go_on)
        })?;
        if !go_on {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Units that have ended and still have open dossiers.
fn ended_with_open(store: &Store, now: Moment) -> Result<Vec<UnitId>, Error> {
    let reference = store.reference()?;
    let today = now.date();
    let ended = reference.units().all().into_iter().filter(|unit| {
        let last = unit.valid_to;
        last.is_some_and(|last| last < today)
    });
    let ended: Vec<UnitId> = ended.map(|unit| unit.id).collect();
    Ok(store.read(|conn| open_dossiers::units_with_open(conn, &ended))?)
}

/// Moves the open dossiers of one unit, a few at a time. Returns how many, and whether that is all.
fn move_from(
    store: &Store,
    from: UnitId,
    now: Moment,
    tell: &mut dyn FnMut(usize) -> Result<bool, Error>,
) -> Result<(usize, bool), Error> {
    let reference = store.reference()?;
    let to = reference.units().in_charge_on(from, now.date());
    let Some(to) = to.map(|unit| unit.id) else {
        return Ok((0, false));
    };
    let mut moved = 0;
    loop {
        let ids = store.read(|conn| open_dossiers::open_with(conn, from, LOOKED_AT))?;
        if ids.is_empty() {
            return Ok((moved, true));
        }
        let mut done = 0;
        for some in ids.chunks(PAGE as usize) {
            let action = move |_| Action::MoveToSuccessor { from, to };
            let work = set_aside::Work::Successor;
            let acted = act_on_all(store, work, some.to_vec(), now, action)?;
            done += acted.done + acted.set_aside;
            moved += acted.done;
            if !tell(acted.done)? {
                return Ok((moved, false));
            }
        }
        if done == 0 {
            return Ok((moved, false));
        }
    }
}

/// How long an Idempotency-Key is remembered.
const KEYS_MILLIS: i64 = 7 * 24 * 3_600_000;

/// How long a job that is done can be looked up.
const JOBS_MILLIS: i64 = 90 * 24 * 3_600_000;

/// How many rows are forgotten in one transaction.
const FORGOTTEN: u32 = 500;

/// Forgets what has ended and would only pile up.
///
/// # Errors
/// If the database refuses.
pub fn forget(store: &Store, now: Moment) -> Result<usize, Error> {
    type Forget = fn(&mut Conn, Moment, u32) -> Result<usize, StoreError>;
    let all: [(Forget, Moment); 7] = [
        (sessions::forget, now),
        (rate_limits::forget, now),
        (devices::forget, now),
        (oidc_logins::forget, now),
        (submissions::forget, now),
        (idempotency::forget, now.plus_millis(-KEYS_MILLIS)),
        (jobs::forget, now.plus_millis(-JOBS_MILLIS)),
    ];
    let mut forgotten = 0;
    for (forget, before) in all {
        loop {
            let count = store.write(move |conn| forget(conn, before, FORGOTTEN))?;
            forgotten += count;
            if count < FORGOTTEN as usize {
                break;
            }
        }
    }
    Ok(forgotten)
}

/// Folds all changes of counts that are waiting into the roll-ups.
///
/// # Errors
/// If the database refuses.
pub fn fold(store: &Store) -> Result<usize, Error> {
    let mut folded = 0;
    loop {
        let count = store.write_with_reference(|conn, reference| {
            tallies::fold(conn, reference, FOLD).map_err(Error::from)
        })?;
        folded += count;
        if count < FOLD as usize {
            return Ok(folded);
        }
    }
}
