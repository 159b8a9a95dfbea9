//! What was done and read comes into the log.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::acts::checkpoint;
use crate::acts::log_key::LogKey;
use crate::jobs::Job;
use crate::store::{Store, StoreError, log, unannounced};

/// How many entries one transaction makes.
const PAGE: u32 = 500;

/// How long an event may wait for somebody to tell of it before it comes into the log without.
const A_WHILE: Duration = Duration::from_secs(5);

/// Puts into the log what was done and read since the last time; events are put there as they are told
/// of. Returns how many entries there were.
pub fn seal(store: &Store) -> Result<usize, StoreError> {
    let mut sealed = 0;
    // Most of the time there is nothing: looking for it waits for no writer.
    while store.read_one(log::any_waiting)? {
        let made = store.write(|conn| log::seal_waiting(conn, PAGE))?;
        sealed += made;
        if made == 0 {
            break;
        }
    }
    Ok(sealed)
}

/// Puts events into the log that nobody has told of for a while, or cannot: an entry waits for no message.
#[derive(Debug, Default)]
pub struct LeftBehind {
    /// The newest note when it was looked, and when that was.
    seen: Mutex<Option<(Instant, Option<i64>)>>,
}

impl LeftBehind {
    /// Returns how many entries there were.
    pub fn seal(&self, store: &Store) -> Result<usize, StoreError> {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.as_ref().is_some_and(|(at, _)| at.elapsed() < A_WHILE) {
            return Ok(0);
        }
        let before = seen.as_ref().and_then(|(_, newest)| *newest);
        let newest = store.read_one(unannounced::newest)?;
        *seen = Some((Instant::now(), newest));
        match before.filter(|_| newest.is_some()) {
            Some(up_to) => seal_events(store, up_to),
            None => Ok(0),
        }
    }
}

/// Puts all events up to that note into the log.
pub(crate) fn seal_events(store: &Store, up_to: i64) -> Result<usize, StoreError> {
    let mut sealed = 0;
    loop {
        let made = store.write(move |conn| unannounced::seal_left_behind(conn, up_to, PAGE))?;
        sealed += made;
        if made == 0 {
            return Ok(sealed);
        }
    }
}

/// Puts everything into the log that is yet to be there.
pub fn seal_all(store: &Store) -> Result<usize, StoreError> {
    let events = match store.read_one(unannounced::newest)? {
        Some(newest) => seal_events(store, newest)?,
        None => 0,
    };
    Ok(events + seal(store)?)
}

/// Signs a checkpoint now and then.
pub(crate) struct Sign(pub LogKey);

impl Job for Sign {
    const NAME: &'static str = "signing";
    const EVERY: Duration = Duration::from_secs(30);

    fn run(&self, store: &Store) -> Result<(), StoreError> {
        checkpoint::sign_now_and_then(store, &self.0, crate::clock::now())
    }
}
