//! The threads that work between requests: housekeeping, the messages of events, their delivery.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::desk::housekeeping;
use crate::domain::moment::Moment;
use crate::notices;
use crate::outgoing::{self, Dispatcher, Outgoing, Patience};
use crate::store::{Store, StoreError, outbox};

/// Between two looks for events whose messages are yet to be made.
const ANNOUNCE_EVERY: Duration = Duration::from_millis(500);

/// Between two looks at the clock for reminders and digests.
const REMIND_EVERY: Duration = Duration::from_secs(20);

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
            outgoing::announce(store, &tellers, Moment::now()).map(drop)
        });
        let reminding = repeat("reminding", REMIND_EVERY, &stop, store, |store| {
            if let Err(error) = notices::remind(store, Moment::now()) {
                tracing::error!(%error, "nobody was reminded; it goes on");
            }
            Ok(())
        });
        let carriers = outgoing.carriers.into_iter();
        let dispatchers =
            carriers.map(|carrier| Dispatcher::start(store.clone(), carrier, patience));
        Self {
            stop,
            threads: vec![housekeeping, announcing, reminding],
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

fn housekeep(store: &Store, keep: i64) -> Result<(), StoreError> {
    let now = Moment::now();
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
