//! The threads that work between requests: housekeeping, the messages of events, their delivery.

pub mod announce;
pub mod housekeeping;
pub mod queue;
pub mod recompute;
pub mod remind;

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::acts;
use crate::acts::checkpoint::LeftBehind;
use crate::acts::log_key::LogKey;
use crate::outgoing::dispatch::Dispatcher;
use crate::outgoing::{Outgoing, Patience};
use crate::store::outbox::{self, Keep};
use crate::store::{Store, StoreError, alarms, set_aside, settings};

/// Between two looks for events whose messages are yet to be made.
const ANNOUNCE_EVERY: Duration = Duration::from_millis(500);

/// Between two looks at the clock for reminders and digests.
const REMIND_EVERY: Duration = Duration::from_secs(20);

/// Between two looks at whether the clock can be believed, and between two notes that it was.
const CLOCK_EVERY: Duration = Duration::from_secs(1);
const NOTE_USE_EVERY: i64 = 60_000;
/// Between two looks for jobs that wait.
const JOBS_EVERY: Duration = Duration::from_millis(500);
/// How long an end waits for what is under way.
const STOPS_WITHIN: Duration = Duration::from_secs(20);
/// The same for what is being sent: a carrier takes at most a minute.
const SENT_WITHIN: Duration = Duration::from_secs(75);
/// Between two looks whether the log wants a checkpoint.
const SIGN_EVERY: Duration = Duration::from_secs(30);

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
        let housekeeping = repeat("housekeeping", every, &stop, store, move |store| {
            housekeep(store, keep)
        });
        let (tellers, left_behind) = (outgoing.tellers, LeftBehind::default());
        let announcing = repeat("announcing", ANNOUNCE_EVERY, &stop, store, move |store| {
            let told = announce::announce(store, &tellers, crate::clock::now());
            // Whatever became of the messages: what was done and read has nobody to be told.
            acts::checkpoint::seal(store)?;
            left_behind.seal(store)?;
            told.map(drop)
        });
        let signing = repeat("signing", SIGN_EVERY, &stop, store, move |store| {
            acts::checkpoint::sign_now_and_then(store, &log_key, crate::clock::now())
        });
        let reminding = repeat("reminding", REMIND_EVERY, &stop, store, |store| {
            if let Err(error) = remind::remind(store, crate::clock::now()) {
                tracing::error!(%error, "nobody was reminded; it goes on");
            }
            Ok(())
        });
        let watching = repeat("clock", CLOCK_EVERY, &stop, store, watch_clock());
        let stopped = Arc::clone(&stop);
        let jobs = repeat("jobs", JOBS_EVERY, &stop, store, move |store| {
            let go_on = || !stopped.load(Ordering::Relaxed);
            if let Err(error) = queue::work_off(store, &go_on) {
                tracing::error!(%error, "jobs could not be done; it goes on");
            }
            Ok(())
        });
        Self {
            stop,
            threads: vec![
                housekeeping,
                announcing,
                signing,
                reminding,
                watching,
                jobs,
                guarding,
            ],
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

/// Holds the clock against the database's, notes that the database is in use, and says when the clock
/// cannot be believed and when it can again.
pub(crate) fn watch_clock() -> impl Fn(&Store) -> Result<(), StoreError> + Send + 'static {
    let noted = Cell::new(0);
    let told = Cell::new(None);
    move |store| {
        let (last_used, server) = store.clocks()?;
        crate::clock::compare(last_used, server);
        let checked = crate::clock::check();
        let wrong = checked.is_err();
        let now = crate::clock::now();
        if told.get() != Some(wrong) {
            match (&checked, told.get()) {
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
            told.set(Some(wrong));
        }
        if !wrong && now.unix_millis() - noted.get() >= NOTE_USE_EVERY {
            store.write(move |conn| settings::note_use(conn, now, false))?;
            noted.set(now.unix_millis());
        }
        Ok(())
    }
}

/// How many messages one transaction forgets; and how many such transactions a round has.
const FORGET: u32 = 500;
const FORGET_PAGES: usize = 100;

pub(crate) fn housekeep(store: &Store, keep: Keep) -> Result<(), StoreError> {
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
    for _ in 0..FORGET_PAGES {
        let forgotten = store.write(move |conn| outbox::forget(conn, keep, FORGET, now))?;
        if forgotten < FORGET as usize {
            break;
        }
    }
    Ok(())
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

/// Does something again and again on a thread of its own, whatever becomes of it, until told to stop.
pub(crate) fn repeat(
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
