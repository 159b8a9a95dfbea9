//! The threads that work between requests: housekeeping, the messages of events, their delivery.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::desk::housekeeping;
use crate::notices;
use crate::outgoing::{self, Dispatcher, Outgoing, Patience};
use crate::store::{Store, StoreError, outbox, settings};

/// Between two looks for events whose messages are yet to be made.
const ANNOUNCE_EVERY: Duration = Duration::from_millis(500);

/// Between two looks at the clock for reminders and digests.
const REMIND_EVERY: Duration = Duration::from_secs(20);

/// Between two looks at whether the clock can be believed, and between two notes that it was.
const CLOCK_EVERY: Duration = Duration::from_secs(1);
const NOTE_USE_EVERY: i64 = 60_000;

/// What the background does, and how often.
#[derive(Clone)]
pub struct Settings {
    /// Between two rounds of housekeeping.
    pub every: Duration,
    pub patience: Patience,
    pub outgoing: Outgoing,
}

pub(super) struct Background {
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
    dispatchers: Vec<Dispatcher>,
}

impl Background {
    pub(super) fn start(store: &Store, settings: Settings) -> Self {
        let Settings {
            every,
            patience,
            outgoing,
        } = settings;
        let stop = Arc::new(AtomicBool::new(false));
        let keep = i64::try_from(patience.keep.as_millis()).unwrap_or(i64::MAX);
        let housekeeping = repeat("housekeeping", every, &stop, store, move |store| {
            housekeep(store, keep)
        });
        let tellers = outgoing.tellers;
        let announcing = repeat("announcing", ANNOUNCE_EVERY, &stop, store, move |store| {
            outgoing::announce(store, &tellers, crate::clock::now()).map(drop)
        });
        let reminding = repeat("reminding", REMIND_EVERY, &stop, store, |store| {
            if let Err(error) = notices::remind(store, crate::clock::now()) {
                tracing::error!(%error, "nobody was reminded; it goes on");
            }
            Ok(())
        });
        let watching = repeat("clock", CLOCK_EVERY, &stop, store, watch_clock());
        let carriers = outgoing.carriers.into_iter();
        let dispatchers =
            carriers.map(|carrier| Dispatcher::start(store.clone(), carrier, patience));
        Self {
            stop,
            threads: vec![housekeeping, announcing, reminding, watching],
            dispatchers: dispatchers.collect(),
        }
    }

    pub(super) fn stop(self) {
        self.stop.store(true, Ordering::Relaxed);
        for dispatcher in &self.dispatchers {
            dispatcher.stop();
        }
        for thread in self.threads {
            thread.thread().unpark();
            if thread.join().is_err() {
                tracing::error!("a background thread panicked");
            }
        }
    }
}

/// Holds the clock against the database's, notes that the database is in use, and says when the clock
/// cannot be believed and when it can again.
fn watch_clock() -> impl Fn(&Store) -> Result<(), StoreError> + Send + 'static {
    let noted = AtomicI64::new(0);
    let trouble = AtomicBool::new(false);
    move |store| {
        let (last_used, server) = store.clocks()?;
        crate::clock::compare(last_used, server);
        let checked = crate::clock::check();
        let wrong = checked.is_err();
        if trouble.swap(wrong, Ordering::Relaxed) != wrong {
            match &checked {
                Err(error) => tracing::error!(%error, "the clock cannot be believed"),
                Ok(()) => tracing::warn!("the clock can be believed again"),
            }
        }
        let now = crate::clock::now();
        if !wrong && now.unix_millis() - noted.load(Ordering::Relaxed) >= NOTE_USE_EVERY {
            store.write(move |conn| settings::note_use(conn, now, false))?;
            noted.store(now.unix_millis(), Ordering::Relaxed);
        }
        Ok(())
    }
}

fn housekeep(store: &Store, keep: i64) -> Result<(), StoreError> {
    let now = crate::clock::now();
    match housekeeping::run(store, now) {
        Ok(round) => {
            for unit in &round.without_successor {
                tracing::warn!(unit, "a dissolved unit has open dossiers and no successor");
            }
            tracing::debug!(?round, "housekeeping");
        }
        Err(error) => tracing::error!(%error, "housekeeping failed; it goes on"),
    }
    store.write(move |conn| outbox::forget(conn, now.plus_millis(-keep)))?;
    Ok(())
}

/// Does something again and again on a thread of its own, whatever becomes of it, until told to stop.
fn repeat(
    name: &'static str,
    every: Duration,
    stop: &Arc<AtomicBool>,
    store: &Store,
    work: impl Fn(&Store) -> Result<(), StoreError> + Send + 'static,
) -> JoinHandle<()> {
    let (stop, store) = (Arc::clone(stop), store.clone());
    std::thread::spawn(move || {
        while !stop.load(Ordering::Relaxed) {
            let round = std::panic::AssertUnwindSafe(|| work(&store));
            match std::panic::catch_unwind(round) {
                Ok(Ok(())) => {}
                Ok(Err(error)) => tracing::error!(name, %error, "failed; it goes on"),
                Err(_) => tracing::error!(name, "panicked; it goes on"),
            }
            std::thread::park_timeout(every);
        }
    })
}
