//! What is done between requests, again and again: each a [`Job`] on a thread of its own, on any number of
//! instances side by side; and the deliveries, by [`Dispatcher`]s.

pub mod announce;
mod anonymise;
pub mod fold;
pub mod forget;
pub mod hands;
pub mod housekeeping;
pub mod queue;
pub mod recompute;
pub mod remind;
pub mod seal;
pub mod successors;
pub mod sweep;
mod watch_clock;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::acts::log_key::LogKey;
use crate::outgoing::dispatch::Dispatcher;
use crate::outgoing::{Outgoing, Patience};
use crate::store::outbox::Keep;
use crate::store::{Store, StoreError, set_aside};

/// How long an end waits for what is under way.
const STOPS_WITHIN: Duration = Duration::from_secs(20);
/// The same for what is being sent: a carrier takes at most a minute.
const SENT_WITHIN: Duration = Duration::from_secs(75);

/// Something that is done again and again, whatever became of it the last time.
pub(crate) trait Job: Send + 'static {
    /// For the log.
    const NAME: &'static str;
    /// The pause between two runs.
    const EVERY: Duration;

    fn run(&self, store: &Store) -> Result<(), StoreError>;
}

/// What the background does, and how often.
#[derive(Clone)]
pub struct Settings {
    /// Between two rounds of housekeeping.
    pub every: Duration,
    pub patience: Patience,
    pub outgoing: Outgoing,
}

pub(crate) struct Background {
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
    dispatchers: Arc<Vec<Dispatcher>>,
}

impl Background {
    pub(crate) fn start(store: &Store, settings: Settings, log_key: LogKey) -> Self {
        let Settings {
            every,
            patience,
            outgoing,
        } = settings;
        let stop = Arc::new(AtomicBool::new(false));
        let millis = |time: Duration| i64::try_from(time.as_millis()).unwrap_or(i64::MAX);
        let keep = Keep {
            delivered: millis(patience.keep),
            given_up: millis(patience.keep_given_up),
            waiting: millis(patience.give_up_after),
        };
        // Whoever starts anew may be able to do what could not be done before.
        if let Err(error) = store.write(set_aside::begin_anew) {
            tracing::error!(%error, "what was set aside stays so for now");
        }
        let carriers = outgoing.carriers.into_iter();
        let dispatchers =
            carriers.map(|carrier| Dispatcher::start(store.clone(), carrier, patience));
        let dispatchers = Arc::new(dispatchers.collect::<Vec<_>>());
        let guarding = guard(store, &stop, &dispatchers);
        let announce = announce::Announce::new(outgoing.tellers);
        let queue = queue::Queue::new(Arc::clone(&stop));
        let threads = vec![
            repeat(housekeeping::Housekeeping { keep }, every, &stop, store),
            start(announce, &stop, store),
            start(seal::Sign(log_key), &stop, store),
            start(remind::Remind, &stop, store),
            start(watch_clock::WatchClock::default(), &stop, store),
            start(anonymise::Retention, &stop, store),
            start(queue, &stop, store),
            guarding,
        ];
        Self {
            stop,
            threads,
            dispatchers,
        }
    }

    pub(crate) fn stop(self) {
        self.stop.store(true, Ordering::Relaxed);
        for dispatcher in self.dispatchers.iter() {
            dispatcher.stop();
        }
        let end = Instant::now() + STOPS_WITHIN;
        for thread in self.threads {
            thread.thread().unpark();
            while !thread.is_finished() && Instant::now() < end {
                std::thread::sleep(Duration::from_millis(10));
            }
            if !thread.is_finished() {
                // It hangs in the database; what it had not committed is undone there.
                tracing::error!("a background thread does not end; the server stops without it");
            } else if thread.join().is_err() {
                tracing::error!("a background thread panicked");
            }
        }
        // Their end waits for what they carry, and for the database to be told of it.
        let ending = std::thread::spawn(move || drop(self.dispatchers));
        let end = Instant::now() + SENT_WITHIN;
        while !ending.is_finished() && Instant::now() < end {
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

/// Between two looks whether a newer program has taken the database over.
const GUARD_EVERY: Duration = Duration::from_secs(1);

/// Stops the background once a newer program has taken the database over: it would work by old rules.
pub(crate) fn guard(
    store: &Store,
    stop: &Arc<AtomicBool>,
    dispatchers: &Arc<Vec<Dispatcher>>,
) -> JoinHandle<()> {
    let (store, stop, dispatchers) = (store.clone(), Arc::clone(stop), Arc::clone(dispatchers));
    std::thread::spawn(move || {
        while !stop.load(Ordering::Relaxed) {
            if store.is_outdated() {
                tracing::error!(
                    "nothing is done by itself any more until the newer version is started"
                );
                stop.store(true, Ordering::Relaxed);
                for dispatcher in dispatchers.iter() {
                    dispatcher.stop();
                }
            }
            std::thread::park_timeout(GUARD_EVERY);
        }
    })
}

fn start<J: Job>(job: J, stop: &Arc<AtomicBool>, store: &Store) -> JoinHandle<()> {
    repeat(job, J::EVERY, stop, store)
}

/// Runs a job on a thread of its own until told to stop.
fn repeat<J: Job>(
    job: J,
    every: Duration,
    stop: &Arc<AtomicBool>,
    store: &Store,
) -> JoinHandle<()> {
    let (stop, store) = (Arc::clone(stop), store.clone());
    std::thread::spawn(move || {
        while !stop.load(Ordering::Relaxed) {
            let round = std::panic::AssertUnwindSafe(|| job.run(&store));
            match std::panic::catch_unwind(round) {
                Ok(Ok(())) => {}
                Ok(Err(error)) => tracing::error!(name = J::NAME, %error, "failed; it goes on"),
                Err(_) => tracing::error!(name = J::NAME, "panicked; it goes on"),
            }
            std::thread::park_timeout(every);
        }
    })
}
