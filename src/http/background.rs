//! The thread that does the housekeeping between requests.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::desk::housekeeping;
use crate::domain::moment::Moment;
use crate::store::Store;

pub(super) struct Background {
    stop: Arc<AtomicBool>,
    thread: std::thread::JoinHandle<()>,
}

impl Background {
    pub(super) fn start(store: Store, every: Duration) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread = std::thread::spawn(move || {
            while !stopped.load(Ordering::Relaxed) {
                let round =
                    std::panic::AssertUnwindSafe(|| housekeeping::run(&store, Moment::now()));
                match std::panic::catch_unwind(round) {
                    Ok(Ok(round)) => {
                        for unit in &round.without_successor {
                            tracing::warn!(
                                unit,
                                "a dissolved unit has open dossiers and no successor"
                            );
                        }
                        tracing::debug!(?round, "housekeeping");
                    }
                    Ok(Err(error)) => tracing::error!(%error, "housekeeping failed; it goes on"),
                    Err(_) => tracing::error!("housekeeping panicked; it goes on"),
                }
                std::thread::park_timeout(every);
            }
        });
        Self { stop, thread }
    }

    pub(super) fn stop(self) {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.thread().unpark();
        if self.thread.join().is_err() {
            tracing::error!("the housekeeping thread panicked");
        }
    }
}
