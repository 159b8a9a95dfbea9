//! An end that leaves nobody without an answer: what had been sent when the server was told to stop is
//! answered first.

use std::cell::OnceCell;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use actix_web::dev::ServerHandle;
use actix_web::rt::time::sleep;
use actix_web::web;

use crate::web::State;

/// How long nothing may have come before the server is taken for idle.
const QUIET: Duration = Duration::from_millis(300);
/// How long it goes on at most, for whom nobody told that it is stopping.
const LONGEST: Duration = Duration::from_secs(20);
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// Requests that have come, and those that are answered.
#[derive(Default)]
pub(crate) struct Traffic {
    /// A pair for each thread: they are counted too often for threads to share a counter.
    counts: Mutex<Vec<Arc<Counts>>>,
    stopping: AtomicBool,
}

#[derive(Default)]
struct Counts {
    begun: AtomicU64,
    ended: AtomicU64,
}

thread_local! {
    static COUNTS: OnceCell<Arc<Counts>> = const { OnceCell::new() };
}

/// Of one request, until it is answered.
pub(crate) struct UnderWay;

impl UnderWay {
    pub(crate) fn begin(traffic: &Traffic) -> Self {
        COUNTS.with(|counts| {
            let counts = counts.get_or_init(|| traffic.of_this_thread());
            counts.begun.fetch_add(1, Ordering::SeqCst);
        });
        Self
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        COUNTS.with(|counts| {
            if let Some(counts) = counts.get() {
                counts.ended.fetch_add(1, Ordering::SeqCst);
            }
        });
    }
}

impl Traffic {
    fn of_this_thread(&self) -> Arc<Counts> {
        let counts = Arc::<Counts>::default();
        let mut all = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        all.push(Arc::clone(&counts));
        counts
    }

    /// How many have come, and how many of them are answered.
    fn counted(&self) -> (u64, u64) {
        let all = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let sum = |which: fn(&Counts) -> &AtomicU64| {
            let counts = all.iter().map(|counts| which(counts));
            counts.map(|count| count.load(Ordering::SeqCst)).sum()
        };
        // In this order: nothing that is answered is missing among those that have come.
        let ended = sum(|counts| &counts.ended);
        (sum(|counts| &counts.begun), ended)
    }

    /// Whether the server has been told to stop.
    pub(crate) fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Relaxed)
    }

    /// Waits until everything is answered and nothing more comes.
    async fn ceases(&self) {
        let end = Instant::now() + LONGEST;
        let mut last = (0, Instant::now());
        while last.1.elapsed() < QUIET && Instant::now() < end {
            sleep(LOOK_EVERY).await;
            let (begun, ended) = self.counted();
            if begun != last.0 || begun != ended {
                last = (begun, Instant::now());
            }
        }
    }
}

/// Stops the server when the process is told to; at once when it is told again.
pub(crate) async fn when_told(mut signals: Signals, server: ServerHandle, state: web::Data<State>) {
    signals.next().await;
    tracing::info!("stopping: what was sent is answered");
    state.traffic.stopping.store(true, Ordering::Relaxed);
    let again = std::pin::pin!(signals.next());
    let ceased = std::pin::pin!(async {
        state.traffic.ceases().await;
        // What is idle is closed, what is under way after all is answered.
        server.stop(true).await;
    });
    if let futures_util::future::Either::Left(_) = futures_util::future::select(again, ceased).await
    {
        server.stop(false).await;
    }
}

/// To stop, from the system. From when it is made nothing is lost that says so.
#[cfg(unix)]
pub(crate) struct Signals(
    actix_web::rt::signal::unix::Signal,
    actix_web::rt::signal::unix::Signal,
);

#[cfg(unix)]
impl Signals {
    pub(crate) fn new() -> std::io::Result<Self> {
        use actix_web::rt::signal::unix::{SignalKind, signal};
        Ok(Self(
            signal(SignalKind::terminate())?,
            signal(SignalKind::interrupt())?,
        ))
    }

    async fn next(&mut self) {
        let (a, b) = (std::pin::pin!(self.0.recv()), std::pin::pin!(self.1.recv()));
        futures_util::future::select(a, b).await;
    }
}

#[cfg(not(unix))]
pub(crate) struct Signals;

#[cfg(not(unix))]
impl Signals {
    pub(crate) fn new() -> std::io::Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) {
        let _ = actix_web::rt::signal::ctrl_c().await;
    }
}
