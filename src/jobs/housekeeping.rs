//! Work that nobody asks for: record crossings of due moments, move dossiers of dissolved units
//! to their successors, fold counts into the roll-ups. Safe to run at any time, on any number of
//! instances side by side.

use std::time::Duration;

use crate::domain::moment::Moment;
use crate::error::Error;
use crate::jobs::{Job, fold, forget, successors, sweep};
use crate::store::outbox::{self, Keep};
use crate::store::{Store, StoreError};

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
    let overdue = sweep::record_overdue(store, now);
    let moved = successors::move_to_successors(store, now);
    let folded = fold::fold(store);
    let forgotten = forget::forget(store, now);
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

/// How many messages one transaction forgets; and how many such transactions a round has.
const FORGET: u32 = 500;
const FORGET_PAGES: usize = 100;

/// The round that nobody asks for, with the jobs that wait.
pub(crate) struct Housekeeping {
    pub keep: Keep,
}

impl Job for Housekeeping {
    const NAME: &'static str = "housekeeping";
    /// Unless `housekeeping.seconds` says otherwise.
    const EVERY: Duration = Duration::from_secs(5);

    fn run(&self, store: &Store) -> Result<(), StoreError> {
        let keep = self.keep;
        let now = crate::clock::now();
        match run(store, now) {
            Ok(round) => {
                for unit in &round.without_successor {
                    tracing::warn!(unit, "a dissolved unit has open dossiers and no successor");
                }
                tracing::debug!(?round, "housekeeping");
            }
            Err(error) => tracing::error!(%error, "housekeeping failed; it goes on"),
        }
        for _ in 0..FORGET_PAGES {
            let forgotten = store.write(move |conn| outbox::forget(conn, keep, FORGET, now))?;
            if forgotten < FORGET as usize {
                break;
            }
        }
        Ok(())
    }
}
