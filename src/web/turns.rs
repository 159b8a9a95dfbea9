//! Work of which little may run at once: others wait for their turn before they hold a thread, and
//! not too many of them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::web::problem::{Kind, Problem};

/// Turns at something.
pub(crate) struct Turns {
    free: Arc<Semaphore>,
    waiting: AtomicUsize,
    most_waiting: usize,
}

/// A turn. It goes where the work goes: whoever asked may be gone before that ends.
pub(crate) struct Turn(#[expect(dead_code, reason = "held")] OwnedSemaphorePermit);

struct Waiting<'a>(&'a AtomicUsize);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Turns {
    pub(crate) fn new(at_once: usize, most_waiting: usize) -> Self {
        Self {
            free: Arc::new(Semaphore::new(at_once)),
            waiting: AtomicUsize::new(0),
            most_waiting,
        }
    }

    /// Waits for a turn.
    ///
    /// # Errors
    /// If too many wait already.
    pub(crate) async fn take(&self) -> Result<Turn, Problem> {
        let busy = || {
            let detail = "đang có quá nhiều yêu cầu loại này; thử lại sau ít giây";
            Problem::new(Kind::Overloaded, detail)
        };
        if let Ok(turn) = Arc::clone(&self.free).try_acquire_owned() {
            return Ok(Turn(turn));
        }
        let before = self.waiting.fetch_add(1, Ordering::Relaxed);
        let _waiting = Waiting(&self.waiting);
        if before >= self.most_waiting {
            return Err(busy());
        }
        let turn = Arc::clone(&self.free).acquire_owned().await;
        // It is never closed.
        turn.map(Turn).map_err(|_| busy())
    }
}
