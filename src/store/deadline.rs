//! How long a request waits for the database, and whether anything was done when it has waited in vain.
//!
//! Work that is given up is not stopped: it runs in a thread of its own and may hang in the database. But
//! it commits nothing any more, unless a commit was on its way already. So whoever gives up knows which of
//! the two it is.

use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::time::{Duration, Instant};

use crate::store::StoreError;

const WAITING: u8 = 0;
const RUNNING: u8 = 1;
/// Something was committed, or may have been.
const COMMITTING: u8 = 2;
const GIVEN_UP: u8 = 3;

/// The end of one request's patience.
#[derive(Debug)]
pub struct Deadline {
    at: Instant,
    state: AtomicU8,
    /// A transaction of the work was committed for certain.
    committed: AtomicBool,
}

thread_local! {
    static CURRENT: RefCell<Option<Arc<Deadline>>> = const { RefCell::new(None) };
}

impl Deadline {
    pub fn after(patience: Duration) -> Arc<Self> {
        Arc::new(Self {
            at: Instant::now() + patience,
            state: AtomicU8::new(WAITING),
            committed: AtomicBool::new(false),
        })
    }

    pub fn remaining(&self) -> Duration {
        self.at.saturating_duration_since(Instant::now())
    }

    /// Runs work that writes under this deadline; `None` if it was given up before.
    pub fn run<T>(self: &Arc<Self>, work: impl FnOnce() -> T) -> Option<T> {
        struct Restore;
        impl Drop for Restore {
            fn drop(&mut self) {
                CURRENT.set(None);
            }
        }
        self.advance(WAITING, RUNNING).then(|| {
            CURRENT.set(Some(Arc::clone(self)));
            let _restore = Restore;
            work()
        })
    }

    /// Gives up. Returns whether nothing was committed: then nothing ever will be.
    pub fn give_up(&self) -> bool {
        self.advance(WAITING, GIVEN_UP) || self.advance(RUNNING, GIVEN_UP) || !self.may_be_done()
    }

    /// Whether something was committed, or may have been.
    pub fn may_be_done(&self) -> bool {
        self.state.load(Ordering::SeqCst) == COMMITTING
    }

    fn advance(&self, from: u8, to: u8) -> bool {
        let state = &self.state;
        let changed = state.compare_exchange(from, to, Ordering::SeqCst, Ordering::SeqCst);
        changed.is_ok()
    }

    /// That of the work that this thread runs.
    pub(super) fn current() -> Option<Arc<Self>> {
        CURRENT.with_borrow(Option::clone)
    }

    /// Asks before a commit. From then on giving up comes too late.
    pub(super) fn may_commit(deadline: Option<&Self>) -> Result<(), StoreError> {
        match deadline {
            Some(deadline) if !deadline.advance(RUNNING, COMMITTING) && !deadline.may_be_done() => {
                Err(Self::passed())
            }
            _ => Ok(()),
        }
    }

    /// What became of the commit that was asked for.
    pub(super) fn settle<T>(deadline: Option<&Self>, outcome: &Result<T, StoreError>) {
        let Some(deadline) = deadline else { return };
        match outcome {
            Ok(_) => deadline.committed.store(true, Ordering::SeqCst),
            Err(StoreError::OutcomeUnknown(_)) => {}
            Err(_) if deadline.committed.load(Ordering::SeqCst) => {}
            Err(_) => {
                deadline.advance(COMMITTING, RUNNING);
            }
        }
    }

    /// Whether it has come: there is no use in trying again.
    pub(super) fn is_over(deadline: Option<&Self>) -> bool {
        deadline.is_some_and(|deadline| {
            deadline.remaining().is_zero() || deadline.state.load(Ordering::SeqCst) == GIVEN_UP
        })
    }

    /// The error of whoever has waited too long.
    pub fn passed() -> StoreError {
        StoreError::Unavailable("đã chờ quá lâu".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_secs(60);

    #[test]
    fn what_is_given_up_in_time_commits_nothing() {
        let deadline = Deadline::after(LONG);
        let refused = deadline.run(|| {
            assert!(deadline.give_up());
            Deadline::may_commit(Deadline::current().as_deref()).is_err()
        });
        assert_eq!(refused, Some(true));
        assert!(Deadline::current().is_none());
        // What has not begun never does.
        let unbegun = Deadline::after(LONG);
        assert!(unbegun.give_up());
        assert_eq!(unbegun.run(|| ()), None);
    }

    #[test]
    fn once_a_commit_is_on_its_way_giving_up_leaves_it_open() {
        let deadline = Deadline::after(LONG);
        let ask = || Deadline::may_commit(Some(&*deadline)).is_ok();
        let settle = |outcome| Deadline::settle::<()>(Some(&*deadline), &outcome);
        deadline.run(|| {
            assert!(ask());
            // Refused for certain: as if it had not been tried.
            settle(Err(StoreError::Conflict(String::new())));
            assert!(!deadline.may_be_done());
            assert!(ask());
            settle(Ok(()));
            // The second of two transactions.
            assert!(ask());
            settle(Err(StoreError::Conflict(String::new())));
            assert!(deadline.may_be_done() && !deadline.give_up());
        });
    }
}
