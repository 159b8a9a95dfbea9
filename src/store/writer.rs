//! The one thread that writes to SQLite.
//!
//! It takes the requests that are waiting and commits them together, each in a savepoint of its
//! own, so that a refusal undoes only itself and one fsync serves them all. A request is answered
//! after the commit, never before.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::thread::JoinHandle;

use diesel::connection::{AnsiTransactionManager, Connection, TransactionManager};

use crate::store::checkpoints::{self, Checkpoints};
use crate::store::connection::{Opener, is_broken};
use crate::store::deadline::Deadline;
use crate::store::{Conn, StoreError, WriteFailure};

/// How many requests one commit may carry: enough to hide the fsync, few enough that the first
/// of them does not wait long.
const GROUP: usize = 256;

/// Answers a request once the fate of its group is known.
type Answer = Box<dyn FnOnce(Result<(), StoreError>) + Send>;

/// A request that has run in its savepoint.
struct Ran {
    answer: Answer,
    /// The error after which the group cannot be committed.
    broken: Option<StoreError>,
}

/// Runs on the connection, or is told why there is no transaction to run in.
type Request = Box<dyn FnOnce(Result<&mut Conn, StoreError>) -> Ran + Send>;

pub(super) struct Writer {
    requests: Option<Sender<Request>>,
    thread: Option<JoinHandle<()>>,
    _checkpoints: Checkpoints,
}

impl Writer {
    /// # Errors
    /// If the connection refuses to be readied.
    pub(super) fn start(mut conn: Conn, opener: Opener) -> Result<Self, StoreError> {
        checkpoints::leave_to_others(&mut conn)?;
        let checkpoints = Checkpoints::start(opener.clone());
        let (requests, queue) = channel();
        let thread = std::thread::spawn(move || run(conn, &opener, &queue));
        Ok(Self {
            requests: Some(requests),
            thread: Some(thread),
            _checkpoints: checkpoints,
        })
    }

    /// Runs `work` in the next group and waits until that is durable.
    pub(super) fn submit<T, E>(
        &self,
        work: impl FnOnce(&mut Conn) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: WriteFailure,
    {
        let (tell, answer) = sync_channel(1);
        let deadline = Deadline::current();
        let request: Request = Box::new(move |conn| run_one(conn, work, deadline, tell));
        let gone = || E::from(StoreError::Unavailable("luồng ghi đã dừng".to_owned()));
        self.requests
            .as_ref()
            .ok_or_else(gone)?
            .send(request)
            .map_err(|_| gone())?;
        // Every request is answered; if not, the thread has died over it.
        let died = |_| E::from(StoreError::OutcomeUnknown("luồng ghi đã dừng".to_owned()));
        answer.recv().map_err(died)?
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        drop(self.requests.take());
        if let Some(thread) = self.thread.take() {
            // What was accepted is finished before the store is gone. A panic in there was told
            // on stderr already.
            let _ = thread.join();
        }
    }
}

fn run_one<T, E>(
    conn: Result<&mut Conn, StoreError>,
    work: impl FnOnce(&mut Conn) -> Result<T, E>,
    deadline: Option<Arc<Deadline>>,
    tell: SyncSender<Result<T, E>>,
) -> Ran
where
    T: Send + 'static,
    E: WriteFailure,
{
    let (result, broken) = match conn {
        Err(error) => (Err(E::from(error.clone())), Some(error)),
        // Nobody waits for it any more.
        Ok(_) if Deadline::is_over(deadline.as_deref()) => (Err(E::from(Deadline::passed())), None),
        Ok(conn) => run_in_savepoint(conn, work, deadline.as_deref()),
    };
    let answer = move |committed: Result<(), StoreError>| {
        if result.is_ok() {
            Deadline::settle(deadline.as_deref(), &committed);
        }
        // What was decided in a group that was rolled back was decided on a state that never was.
        let result = match (result, committed) {
            (Err(own), Err(_)) if own.store_error().is_some() => Err(own),
            // Refused, so that nothing of it was to be committed.
            (Err(_), Err(StoreError::OutcomeUnknown(why))) => {
                Err(E::from(StoreError::Unavailable(why)))
            }
            (_, Err(error)) => Err(E::from(error)),
            (result, Ok(())) => result,
        };
        // The caller may have gone away; its transaction stands all the same.
        let _ = tell.send(result);
    };
    Ran {
        answer: Box::new(answer),
        broken,
    }
}

/// Runs a request in a savepoint of its own. Also says why the group cannot go on, if it cannot.
fn run_in_savepoint<T, E: WriteFailure>(
    conn: &mut Conn,
    work: impl FnOnce(&mut Conn) -> Result<T, E>,
    deadline: Option<&Deadline>,
) -> (Result<T, E>, Option<StoreError>) {
    // The request's own error: if SQLite has rolled everything back by itself (disk full), undoing
    // the savepoint fails, and diesel reports that instead.
    let mut own = None;
    let (mut asked, mut given_up, mut panicked) = (false, false, false);
    let result = conn.transaction(|conn| {
        // A mistake in one request must not take the writer with it.
        let ran = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| work(conn)));
        let mut result = ran.unwrap_or_else(|_| {
            panicked = true;
            Err(E::from(StoreError::Other(
                "yêu cầu ghi bị lỗi bất ngờ".to_owned(),
            )))
        });
        if result.is_ok() {
            match Deadline::may_commit(deadline) {
                Ok(()) => asked = true,
                Err(error) => {
                    given_up = true;
                    result = Err(E::from(error));
                }
            }
        }
        if let Err(error) = &result {
            own = error.store_error().cloned();
        }
        result
    });
    let result = match (result, own) {
        (Err(_), Some(own)) => Err(E::from(own)),
        (result, _) => result,
    };
    let error = result.as_ref().err().and_then(WriteFailure::store_error);
    if let (true, Some(error)) = (asked, error) {
        // The savepoint could not be released.
        Deadline::settle::<()>(deadline, &Err(error.clone()));
    }
    let broken = match error {
        // After a panic nobody knows what state the connection is in.
        Some(error) if panicked => Some(error.clone()),
        Some(_) if given_up && in_transaction(conn) => None,
        Some(error) if error.breaks_transaction() || !in_transaction(conn) => Some(error.clone()),
        _ if !in_transaction(conn) => Some(StoreError::Other(
            "cơ sở dữ liệu đã tự hủy giao dịch".to_owned(),
        )),
        _ => None,
    };
    (result, broken)
}

/// Whether the group's transaction, and nothing within it, is open.
fn in_transaction(conn: &mut Conn) -> bool {
    let status = match conn {
        Conn::Sqlite(c) => AnsiTransactionManager::transaction_manager_status_mut(c),
        Conn::Postgres(c) => AnsiTransactionManager::transaction_manager_status_mut(c),
    };
    let depth = status.transaction_depth().ok().flatten();
    depth.is_some_and(|depth| depth.get() == 1)
}

fn run(mut conn: Conn, opener: &Opener, queue: &Receiver<Request>) {
    while let Ok(first) = queue.recv() {
        let (answers, outcome) = run_group(&mut conn, first, queue, opener);
        if outcome.is_err() {
            rollback(&mut conn);
            // SQLite may have rolled back by itself (disk full): start from a clean connection.
            // If there is none to be had, the next group is told so by the old one.
            let fresh = opener.connect().and_then(|mut fresh| {
                checkpoints::leave_to_others(&mut fresh)?;
                Ok(fresh)
            });
            if let Ok(fresh) = fresh {
                conn = fresh;
            }
        }
        for answer in answers {
            answer(outcome.clone());
        }
    }
}

/// Runs `first` and what else is waiting, and commits it all.
fn run_group(
    conn: &mut Conn,
    first: Request,
    queue: &Receiver<Request>,
    opener: &Opener,
) -> (Vec<Answer>, Result<(), StoreError>) {
    // What is written into a file that was moved away would be lost to whoever starts next.
    if let Err(error) = opener.ensure_same_file().and_then(|()| begin(conn)) {
        return (vec![first(Err(error.clone())).answer], Err(error));
    }
    let mut answers = Vec::new();
    let mut next = Some(first);
    while let Some(request) = next.take() {
        let ran = request(Ok(conn));
        answers.push(ran.answer);
        if let Some(error) = ran.broken {
            return (answers, Err(error));
        }
        if answers.len() < GROUP {
            next = queue.try_recv().ok();
        }
    }
    let outcome = commit(conn);
    crate::metrics::WRITER_GROUP.observe(answers.len() as f64);
    (answers, outcome)
}

pub(super) fn begin(conn: &mut Conn) -> Result<(), StoreError> {
    match conn {
        Conn::Sqlite(c) => {
            AnsiTransactionManager::begin_transaction_sql(c, "BEGIN IMMEDIATE")?;
        }
        Conn::Postgres(c) => AnsiTransactionManager::begin_transaction(c)?,
    }
    Ok(())
}

/// Commits. Where the answer is lost, or SQLite could not write its log to the end, nobody knows whether it
/// was done.
pub(super) fn commit(conn: &mut Conn) -> Result<(), StoreError> {
    use diesel::result::DatabaseErrorKind::{ClosedConnection, UnableToSendCommand};
    use diesel::result::Error::{DatabaseError, RollbackErrorOnCommit};

    let committed = match conn {
        Conn::Sqlite(c) => AnsiTransactionManager::commit_transaction(c),
        Conn::Postgres(c) => AnsiTransactionManager::commit_transaction(c),
    };
    let Err(error) = committed else {
        return Ok(());
    };
    let error = match error {
        // Of the two, what came first.
        RollbackErrorOnCommit { commit_error, .. } => *commit_error,
        error => error,
    };
    let lost = match conn {
        Conn::Sqlite(_) => error.to_string().contains("disk I/O error"),
        Conn::Postgres(_) => {
            let kind = match &error {
                DatabaseError(kind, _) => Some(kind),
                _ => None,
            };
            matches!(kind, Some(ClosedConnection | UnableToSendCommand)) || is_broken(conn)
        }
    };
    match lost {
        true => Err(StoreError::OutcomeUnknown(error.to_string())),
        false => Err(error.into()),
    }
}

pub(super) fn rollback(conn: &mut Conn) {
    // Fails where SQLite rolled back by itself; then nothing is open.
    let _ = match conn {
        Conn::Sqlite(c) => AnsiTransactionManager::rollback_transaction(c),
        Conn::Postgres(c) => AnsiTransactionManager::rollback_transaction(c),
    };
}
