//! Whether what was read before still stands: one question to the database for all who ask meanwhile.
//!
//! A thread with a connection of its own takes the questions that wait together. It asks the database
//! how it stands: which transactions have ended (PostgreSQL's snapshot), whether another connection
//! has committed anything (SQLite's `data_version`). While that stays the same, nothing at all has
//! changed, whichever instance or program would have done it. Where it has not, one statement a table
//! says what of the change concerns the questions. So an answer that was kept is given again only if
//! the database would give the same; and many requests share the asking.
//!
//! On PostgreSQL, where asking is a round trip, what the database says holds for [`HOLDS`] after it was
//! asked. Whoever changes something is told so only when that time is over ([`crate::store::Store::write`]
//! waits), and so is never shown what was before, on no instance. Only what somebody else changes, or
//! what is changed behind the program's back, may be seen that much later.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError, TryLockError};
use std::time::{Duration, Instant};

use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{BigInt, Text};
use diesel::sqlite::Sqlite;

use crate::domain::ids::DossierId;
use crate::store::connection::Opener;
use crate::store::schema::{attempts, dossiers, sessions};
use crate::store::{Conn, StoreError, settings};

/// How long PostgreSQL's answer holds, by the machine's own clock, from before it was asked; and how
/// long every commit there is kept to oneself. A machine that was stopped meanwhile (a virtual one that
/// is moved) may count less than has passed.
pub(super) const HOLDS: Duration = Duration::from_millis(5);

/// When the database was asked: what is read after it is at least as new.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    /// Counts up whenever anything may have changed.
    epoch: u64,
    /// Of the reference data and the accounts.
    versions: (u64, u64),
}

/// What an answer was made from, read after `mark`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Basis {
    pub mark: Mark,
    pub dossier: (DossierId, u32),
    /// Hash of the token of the session that asked.
    pub session: Option<Vec<u8>>,
    /// There were no attempts counted under this key.
    pub attempts: Option<String>,
}

/// What the database says.
#[derive(Debug, Clone, Copy)]
pub struct Verdict {
    pub mark: Mark,
    /// Whether the answer that was asked about still stands, but for the passing of time.
    pub stands: bool,
}

/// A verdict for each basis, in their order; nothing where the database does not answer.
pub type Verdicts = Option<Vec<Verdict>>;

struct Question {
    about: Vec<Option<Basis>>,
    tell: Box<dyn FnOnce(Verdicts) + Send>,
}

/// Takes questions; the thread ends with it.
pub struct Freshness {
    questions: Sender<Question>,
    asked: Arc<Mutex<Asked>>,
    last: Arc<Last>,
}

/// What PostgreSQL said last, and when it was asked.
#[derive(Default)]
struct Last {
    said: Mutex<Option<(Mark, Instant)>>,
    /// It is to be asked again before that is out of date.
    asking: AtomicBool,
}

impl Freshness {
    pub(super) fn start(opener: Opener) -> Self {
        let (questions, queue) = channel();
        let asked = Arc::new(Mutex::new(Asked::new(opener)));
        let last = Arc::new(Last::default());
        let (of_thread, last_of_thread) = (Arc::clone(&asked), Arc::clone(&last));
        std::thread::spawn(move || run(&of_thread, &last_of_thread, &queue));
        Self {
            questions,
            asked,
            last,
        }
    }

    /// What is known without asking: PostgreSQL was asked a moment ago, and the answer rests on what
    /// it said then.
    pub fn known(&self, basis: Option<&Basis>) -> Option<Verdict> {
        let said = *self
            .last
            .said
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let (mark, asked_at) = said?;
        let age = asked_at.elapsed();
        if age >= HOLDS {
            return None;
        }
        if age > HOLDS / 10 && !self.last.asking.swap(true, Ordering::Relaxed) {
            // So that those who come next need not wait. If it cannot be asked, they find out.
            let _ = self.questions.send(Question {
                about: Vec::new(),
                tell: Box::new(|_| {}),
            });
        }
        verdict(mark, basis)
    }

    /// Asks whether what each basis gave still stands; where there is none, only when it was asked.
    /// `tell` is called here or on another thread; it must not take long.
    pub fn ask(&self, about: Vec<Option<Basis>>, tell: impl FnOnce(Verdicts) + Send + 'static) {
        if let Some(verdicts) = self.at_once(&about) {
            return tell(Some(verdicts));
        }
        let tell = Box::new(tell);
        if let Err(unasked) = self.questions.send(Question { about, tell }) {
            (unasked.0.tell)(None);
        }
    }

    /// SQLite says in two microseconds that nothing has changed: less than asking a thread takes. Whoever
    /// asks here may be an event loop, so it never waits for the thread that asks the database.
    fn at_once(&self, about: &[Option<Basis>]) -> Option<Vec<Verdict>> {
        let mut asked = match self.asked.try_lock() {
            Ok(asked) => asked,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return None,
        };
        let mark = match &mut asked.conn {
            Some(conn @ Conn::Sqlite(_)) => {
                let state = state(conn).ok()?;
                asked.is_at(&state).then(|| asked.mark())?
            }
            _ => return None,
        };
        drop(asked);
        let verdicts = about.iter().map(|basis| verdict(mark, basis.as_ref()));
        verdicts.collect()
    }
}

/// Where nothing at all has changed since.
fn verdict(mark: Mark, basis: Option<&Basis>) -> Option<Verdict> {
    match basis {
        Some(basis) => (basis.mark == mark).then_some(Verdict { mark, stands: true }),
        None => Some(Verdict {
            mark,
            stands: false,
        }),
    }
}

fn run(asked: &Mutex<Asked>, last: &Last, queue: &Receiver<Question>) {
    while let Ok(first) = queue.recv() {
        let mut questions = vec![first];
        // Whoever is about to ask gets the same answer.
        std::thread::yield_now();
        questions.extend(queue.try_iter());
        let about: Vec<_> = questions.iter().flat_map(|q| &q.about).collect();
        let mut asked = asked.lock().unwrap_or_else(PoisonError::into_inner);
        let begun = Instant::now();
        let verdicts = asked.judge(&about);
        let holds = verdicts.is_ok() && matches!(asked.conn, Some(Conn::Postgres(_)));
        let said = holds.then(|| (asked.mark(), begun));
        drop(asked);
        *last.said.lock().unwrap_or_else(PoisonError::into_inner) = said;
        last.asking.store(false, Ordering::Relaxed);
        if let Err(error) = &verdicts {
            tracing::warn!(%error, "what is kept cannot be checked; everything is read anew");
        }
        let mut verdicts = verdicts.ok().map(Vec::into_iter);
        for Question { about, tell } in questions {
            let own = verdicts.as_mut().map(|v| v.take(about.len()).collect());
            tell(own);
        }
    }
}

/// How the database stood when it was last asked.
struct Asked {
    opener: Opener,
    conn: Option<Conn>,
    state: Option<String>,
    epoch: u64,
    versions: (u64, u64),
}

impl Asked {
    const fn new(opener: Opener) -> Self {
        Self {
            opener,
            conn: None,
            state: None,
            epoch: 0,
            versions: (0, 0),
        }
    }

    fn is_at(&self, state: &str) -> bool {
        self.state.as_deref() == Some(state)
    }

    const fn mark(&self) -> Mark {
        Mark {
            epoch: self.epoch,
            versions: self.versions,
        }
    }

    /// A verdict for each basis, in their order.
    fn judge(&mut self, about: &[&Option<Basis>]) -> Result<Vec<Verdict>, StoreError> {
        // A connection that fails is not used again.
        let mut conn = match self.conn.take() {
            Some(conn) => conn,
            None => {
                // SQLite's number means nothing to another connection.
                self.state = None;
                self.opener.connect()?
            }
        };
        let state = state(&mut conn)?;
        if !self.is_at(&state) {
            self.epoch += 1;
            self.state = None;
            self.versions = settings::versions(&mut conn)?;
            self.state = Some(state);
        }
        let mark = self.mark();
        let doubtful: Vec<&Basis> = about
            .iter()
            .filter_map(|basis| basis.as_ref())
            .filter(|basis| basis.mark.epoch != mark.epoch && basis.mark.versions == mark.versions)
            .collect();
        let present = Present::read(&mut conn, &doubtful)?;
        self.conn = Some(conn);
        let verdicts = about.iter().map(|basis| Verdict {
            mark,
            stands: basis.as_ref().is_some_and(|basis| {
                basis.mark.epoch == mark.epoch
                    || (basis.mark.versions == mark.versions && present.bears(basis))
            }),
        });
        Ok(verdicts.collect())
    }
}

/// What there is now of what some answers were made from.
struct Present {
    versions: HashMap<Vec<u8>, i32>,
    sessions: HashSet<Vec<u8>>,
    attempts: HashSet<String>,
}

impl Present {
    fn read(conn: &mut Conn, of: &[&Basis]) -> Result<Self, StoreError> {
        let ids: Vec<Vec<u8>> = of
            .iter()
            .map(|basis| basis.dossier.0.bytes().to_vec())
            .collect();
        let hashes: Vec<&Vec<u8>> = of.iter().filter_map(|b| b.session.as_ref()).collect();
        let keys: Vec<&String> = of.iter().filter_map(|b| b.attempts.as_ref()).collect();
        let mut present = Self {
            versions: HashMap::new(),
            sessions: HashSet::new(),
            attempts: HashSet::new(),
        };
        if !ids.is_empty() {
            let rows: Vec<(Vec<u8>, i32)> = dossiers::table
                .filter(dossiers::id.eq_any(ids))
                .select((dossiers::id, dossiers::version))
                .load(conn)?;
            present.versions = rows.into_iter().collect();
        }
        if !hashes.is_empty() {
            let rows: Vec<Vec<u8>> = sessions::table
                .filter(sessions::token_hash.eq_any(hashes))
                .select(sessions::token_hash)
                .load(conn)?;
            present.sessions = rows.into_iter().collect();
        }
        if !keys.is_empty() {
            let rows: Vec<String> = attempts::table
                .filter(attempts::key.eq_any(keys))
                .select(attempts::key)
                .load(conn)?;
            present.attempts = rows.into_iter().collect();
        }
        Ok(present)
    }

    fn bears(&self, basis: &Basis) -> bool {
        let (id, version) = basis.dossier;
        let now = self.versions.get(id.bytes().as_slice());
        let session = basis.session.as_ref();
        let attempts = basis.attempts.as_ref();
        now.is_some_and(|now| u32::try_from(*now) == Ok(version))
            && session.is_none_or(|hash| self.sessions.contains(hash))
            && attempts.is_none_or(|key| !self.attempts.contains(key))
    }
}

/// How the database stands. Two that are equal, one after the other: nothing was committed between.
fn state(conn: &mut Conn) -> Result<String, StoreError> {
    match conn {
        Conn::Sqlite(conn) => {
            let number: i64 = DataVersion.get_result(conn)?;
            Ok(number.to_string())
        }
        Conn::Postgres(conn) => Ok(CurrentSnapshot.get_result(conn)?),
    }
}

/// Statements that diesel prepares once: those given as text it would prepare every time.
macro_rules! statement {
    ($name:ident, $database:ty, $result:ty, $sql:literal) => {
        #[derive(QueryId)]
        struct $name;

        impl Query for $name {
            type SqlType = $result;
        }

        impl<C> RunQueryDsl<C> for $name {}

        impl QueryFragment<$database> for $name {
            fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, $database>) -> QueryResult<()> {
                out.push_sql($sql);
                Ok(())
            }
        }
    };
}

statement!(DataVersion, Sqlite, BigInt, "pragma data_version");
statement!(
    CurrentSnapshot,
    Pg,
    Text,
    "select cast(pg_current_snapshot() as text)"
);
