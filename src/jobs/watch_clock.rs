//! Whether this machine's clock can be believed.

use std::cell::Cell;
use std::time::Duration;

use crate::jobs::Job;
use crate::store::{Store, StoreError, alarms, settings};

/// How often it is noted that the database is in use.
const NOTE_USE_EVERY: i64 = 60_000;

/// Holds the clock against the database's, notes that the database is in use, and says when the clock
/// cannot be believed and when it can again.
#[derive(Default)]
pub(crate) struct WatchClock {
    noted: Cell<i64>,
    /// Whether it was last said to be wrong.
    told: Cell<Option<bool>>,
}

impl Job for WatchClock {
    const NAME: &'static str = "clock";
    const EVERY: Duration = Duration::from_secs(1);

    fn run(&self, store: &Store) -> Result<(), StoreError> {
        let (last_used, server) = store.clocks()?;
        crate::clock::compare(last_used, server);
        let checked = crate::clock::check();
        let wrong = checked.is_err();
        let now = crate::clock::now();
        if self.told.get() != Some(wrong) {
            match (&checked, self.told.get()) {
                (Err(error), _) => tracing::error!(%error, "the clock cannot be believed"),
                (Ok(()), Some(_)) => tracing::warn!("the clock can be believed again"),
                (Ok(()), None) => {}
            }
            // The letter to the administrators goes out when the clock is right again, or by another
            // instance.
            store.write_despite_clock(move |conn| match &checked {
                Err(error) => alarms::raise(conn, alarms::Kind::Clock, "", &error.to_string(), now),
                Ok(()) => alarms::clear(conn, alarms::Kind::Clock, ""),
            })?;
            self.told.set(Some(wrong));
        }
        if !wrong && now.unix_millis() - self.noted.get() >= NOTE_USE_EVERY {
            store.write(move |conn| settings::note_use(conn, now, false))?;
            self.noted.set(now.unix_millis());
        }
        Ok(())
    }
}
