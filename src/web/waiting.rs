//! How requests wait for the database: in a queue with an end, no longer in all than
//! `database.wait_seconds`, and never told that nothing was done where something was.

use std::cell::Cell;
use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use actix_web::rt::time::timeout;
use actix_web::web;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::store::{Deadline, Store, StoreError};
use crate::web::State;
use crate::web::problem::{Kind, Problem};

/// How many threads work on the database for requests, all workers together: more would only wait for its
/// connections, and each keeps memory.
const AT_ONCE: usize = 32;

/// How many requests may wait for such a thread. Whoever comes then is told at once.
const MOST_WAITING: usize = 1000;

/// Threads for those who ask how the server fares: they wait for nobody.
const URGENT: usize = 2;

/// How many blocking threads a worker may have: all of them may be busy for one worker, and what needs no
/// database goes on all the same.
pub(crate) const THREADS: usize = AT_ONCE + URGENT + 6;

/// What there is to wait for.
pub(crate) struct Turns {
    running: Arc<Semaphore>,
    waiting: Semaphore,
    urgent: Arc<Semaphore>,
}

impl Turns {
    pub(crate) fn new() -> Self {
        Self {
            running: Arc::new(Semaphore::new(AT_ONCE)),
            waiting: Semaphore::new(MOST_WAITING),
            urgent: Arc::new(Semaphore::new(URGENT)),
        }
    }

    async fn next(&self) -> Result<OwnedSemaphorePermit, StoreError> {
        let closed = |_| Deadline::passed();
        if let Ok(turn) = Arc::clone(&self.running).try_acquire_owned() {
            return Ok(turn);
        }
        let full = |_| StoreError::Unavailable("quá nhiều yêu cầu đang chờ".to_owned());
        let _place = self.waiting.try_acquire().map_err(full)?;
        Arc::clone(&self.running)
            .acquire_owned()
            .await
            .map_err(closed)
    }
}

/// Of one request.
struct Patience {
    left: Cell<Duration>,
    /// Something was committed for it, or may have been.
    done: Cell<bool>,
}

tokio::task_local! {
    static REQUEST: Patience;
}

/// Runs a request that waits at most so long for the database, in all that it does.
pub(crate) async fn at_most<T>(wait: Duration, request: impl Future<Output = T>) -> T {
    let patience = Patience {
        left: Cell::new(wait),
        done: Cell::new(false),
    };
    REQUEST.scope(patience, request).await
}

fn left(state: &State) -> Duration {
    let left = REQUEST.try_with(|request| request.left.get());
    left.unwrap_or_else(|_| state.store.wait())
}

fn spend(since: Instant) {
    // Outside of a request nobody keeps count.
    let _ = REQUEST.try_with(|request| {
        let left = request.left.get().saturating_sub(since.elapsed());
        request.left.set(left);
    });
}

/// Runs blocking work on the store off the server's own threads.
pub(crate) async fn with_store<T, E>(
    state: &web::Data<State>,
    work: impl FnOnce(&Store) -> Result<T, E> + Send + 'static,
) -> Result<T, Problem>
where
    T: Send + 'static,
    E: Send + 'static,
    Problem: From<E>,
{
    with_store_within(state, left(state), work).await
}

/// The same with a patience of its own, for work that waits for others than the database.
pub(crate) async fn with_store_within<T, E>(
    state: &web::Data<State>,
    patience: Duration,
    work: impl FnOnce(&Store) -> Result<T, E> + Send + 'static,
) -> Result<T, Problem>
where
    T: Send + 'static,
    E: Send + 'static,
    Problem: From<E>,
{
    let begun = Instant::now();
    let deadline = Deadline::after(patience);
    let result = match timeout(patience, state.turns.next()).await {
        Ok(Ok(turn)) => run(state, turn, &deadline, work).await,
        Ok(Err(error)) => Err(error.into()),
        Err(_) => Err(Deadline::passed().into()),
    };
    spend(begun);
    let done = REQUEST.try_with(|request| {
        request
            .done
            .set(request.done.get() || deadline.may_be_done());
        request.done.get()
    });
    match result {
        // The store's own error says that nothing was done, but of its last transaction only.
        Err(problem) if problem.is_unavailable() && done.unwrap_or(deadline.may_be_done()) => {
            Err(StoreError::OutcomeUnknown(problem.to_string()).into())
        }
        result => result,
    }
}

/// The same for those who ask how the server fares: past everybody who waits.
pub(crate) async fn urgently<T: Send + 'static>(
    state: &web::Data<State>,
    patience: Duration,
    work: impl FnOnce(&Store) -> Result<T, StoreError> + Send + 'static,
) -> Result<T, Problem> {
    let deadline = Deadline::after(patience);
    let turn = timeout(patience, Arc::clone(&state.turns.urgent).acquire_owned()).await;
    match turn {
        Ok(Ok(turn)) => run(state, turn, &deadline, work).await,
        _ => Err(Deadline::passed().into()),
    }
}

async fn run<T, E>(
    state: &web::Data<State>,
    turn: OwnedSemaphorePermit,
    deadline: &Arc<Deadline>,
    work: impl FnOnce(&Store) -> Result<T, E> + Send + 'static,
) -> Result<T, Problem>
where
    T: Send + 'static,
    E: Send + 'static,
    Problem: From<E>,
{
    let store = state.store.clone();
    let span = tracing::Span::current();
    let working = Arc::clone(deadline);
    let blocking = web::block(move || {
        // Kept until the work is over, even if nobody waits for it any more.
        let _turn = turn;
        working.run(|| span.in_scope(|| work(&store)))
    });
    match timeout(deadline.remaining(), blocking).await {
        Ok(Ok(Some(result))) => Ok(result?),
        Ok(Ok(None)) => Err(Deadline::passed().into()),
        Ok(Err(error)) if deadline.may_be_done() => {
            Err(StoreError::OutcomeUnknown(error.to_string()).into())
        }
        Ok(Err(error)) => Err(error.into()),
        Err(_) if deadline.give_up() => Err(Deadline::passed().into()),
        Err(_) => Err(StoreError::OutcomeUnknown("đã chờ quá lâu".to_owned()).into()),
    }
}

impl Problem {
    /// Whether it says that nothing was done.
    fn is_unavailable(&self) -> bool {
        matches!(self.kind(), Kind::DatabaseUnavailable | Kind::Upgrading)
    }
}
