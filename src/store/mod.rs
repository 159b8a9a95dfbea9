//! Everything that knows SQL: both databases behind one interface.
//!
//! [`Store::read`] and [`Store::write`] run a closure on a connection; the modules beside this one
//! hold the statements, one file per aggregate. A write is one transaction: on SQLite all writes
//! go through one thread that commits those waiting together (see [`writer`]), on PostgreSQL each
//! has a connection of its own and is tried again after a deadlock.

pub mod admin_acts;
mod adoption;
pub mod alarms;
pub mod authority;
mod backfill;
pub mod baseline;
mod bulk;
pub mod calendar;
pub mod case_numbers;
pub mod chain;
mod checkpoints;
pub mod connection;
pub mod copy;
mod cursor;
pub mod deadline;
pub mod deputies;
pub mod devices;
pub mod dossiers;
pub mod drafts;
pub mod duplicates;
pub mod error;
pub mod events;
pub mod feedback;
pub mod idempotency;
pub mod jobs;
pub mod last_seen;
pub mod limits;
pub mod links;
pub mod lists;
pub mod load;
mod locks;
pub mod log;
mod migrate;
pub mod money;
pub mod notes;
pub mod oidc_logins;
pub mod open_dossiers;
pub mod outbox;
pub mod overview;
pub mod payments;
pub mod personal;
pub mod persons;
mod prepared;
pub mod privacy;
pub mod procedures;
pub mod rate_limits;
pub mod readings;
pub mod reference;
pub mod reprints;
pub mod reversals;
pub mod satisfaction;
pub mod saved_lists;
mod schema;
pub mod sessions;
pub mod set_aside;
pub mod settings;
mod sole;
pub mod submissions;
pub mod tallies;
pub mod targets;
pub mod text_blocks;
pub mod unannounced;
pub mod units;
pub mod users;
pub mod webhooks;
mod writer;
pub mod yearly_plan;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use diesel::r2d2::{Pool, PooledConnection};
use rand::Rng;

pub use crate::store::connection::{Conn, DatabaseUrl};
pub use crate::store::deadline::Deadline;
pub use crate::store::error::{StoreError, WriteFailure};
pub use crate::store::sole::Held;

use crate::domain::moment::Moment;
use crate::domain::office_hours::OfficeHours;
use crate::domain::person::Ways;

/// How often a transaction is tried again on PostgreSQL after a deadlock or serialisation failure.
const RETRIES: u32 = 6;

/// The database, migrated and ready. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    url: DatabaseUrl,
    wait: Duration,
    opener: connection::Opener,
    pool: Pool<connection::Manager>,
    /// On SQLite only: the one thread that writes.
    writer: Option<writer::Writer>,
    reference: Arc<reference::ReferenceCache>,
    /// When it was last tried whether anything can be written, and what came of it.
    probed: Mutex<Option<(Instant, Result<(), StoreError>)>>,
}

/// How long what came of a write holds for those who ask whether anything can be written.
const PROBE_HOLDS: Duration = Duration::from_secs(1);

/// How to open a store.
#[derive(Debug, Clone)]
pub struct StoreOptions {
    /// Connections for reading (SQLite), or for everything (PostgreSQL).
    pub connections: u32,
    /// How long a caller waits for one.
    pub wait: Duration,
    /// How long a statement may take on PostgreSQL, and a transaction of ours that does nothing.
    pub statement: Option<Duration>,
    /// Opening hours of units that have none of their own.
    pub office_hours: OfficeHours,
    /// By what people can be told.
    pub ways: Ways,
}

impl Default for StoreOptions {
    fn default() -> Self {
        Self {
            connections: 8,
            wait: Duration::from_secs(10),
            statement: None,
            office_hours: OfficeHours::default(),
            ways: Ways::ALL,
        }
    }
}

impl StoreOptions {
    /// For a server, whose statements are all short: one that hangs is ended.
    #[must_use]
    pub fn serving(mut self) -> Self {
        self.statement = Some(LONGEST_STATEMENT);
        self
    }
}

/// Far beyond what any statement of a server takes.
const LONGEST_STATEMENT: Duration = Duration::from_secs(60);

impl Store {
    /// Opens the database; on SQLite makes the file and its folder if need be. Runs the
    /// migrations that are missing.
    ///
    /// # Errors
    /// If the database cannot be reached, or its schema is not one of ours.
    pub fn open(url: &DatabaseUrl, options: StoreOptions) -> Result<Self, StoreError> {
        url.create_folder()?;
        url.refuse_empty()?;
        // The first connection alone, so that its error is told at once instead of after the
        // pool's patience.
        let mut first = url.connect()?;
        migrate::migrate(&mut first)?;
        let opener = connection::Opener::new(url.clone(), options.wait, options.statement)?;
        let pool = Pool::builder()
            .max_size(options.connections)
            .min_idle(Some(0))
            .connection_timeout(options.wait)
            .test_on_check_out(false)
            .build_unchecked(connection::Manager::new(opener.clone()));
        let writer = match url {
            DatabaseUrl::Sqlite(_) => Some(writer::Writer::start(first, opener.clone())?),
            DatabaseUrl::Postgres(_) => None,
        };
        let reference = Arc::new(reference::ReferenceCache::new(
            options.office_hours,
            options.ways,
        ));
        Ok(Self {
            inner: Arc::new(Inner {
                url: url.clone(),
                wait: options.wait,
                opener,
                pool,
                writer,
                reference,
                probed: Mutex::new(None),
            }),
        })
    }

    pub fn url(&self) -> &DatabaseUrl {
        &self.inner.url
    }

    /// How long a request waits for the database in all.
    pub fn wait(&self) -> Duration {
        self.inner.wait
    }

    fn connection(&self) -> Result<PooledConnection<connection::Manager>, StoreError> {
        let wait = match Deadline::current() {
            Some(deadline) => deadline.remaining().min(self.inner.wait),
            None => self.inner.wait,
        };
        self.inner
            .pool
            .get_timeout(wait)
            .map_err(|error| StoreError::Unavailable(error.to_string()))
    }

    /// A connection on which a transaction has begun. Those that lay idle while the server was restarted are
    /// found out by this, before anything is done on them, and thrown away.
    fn begun(
        &self,
        begin: impl Fn(&mut Conn) -> Result<(), StoreError>,
    ) -> Result<PooledConnection<connection::Manager>, StoreError> {
        let mut stale = self.inner.pool.max_size();
        loop {
            let mut conn = self.connection()?;
            match begin(&mut conn) {
                Ok(()) => return Ok(conn),
                Err(StoreError::Unavailable(_))
                    if stale > 0 && connection::is_broken(&mut conn) =>
                {
                    stale -= 1;
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Runs `work` in one snapshot: all that it reads is of one moment.
    pub fn read<T, E>(&self, work: impl FnOnce(&mut Conn) -> Result<T, E>) -> Result<T, E>
    where
        E: From<StoreError> + From<diesel::result::Error>,
    {
        let mut conn = self.begun(Conn::begin_snapshot)?;
        let result = work(&mut conn);
        // It has read what it has read. A connection that cannot even end this is used no more.
        match &result {
            Ok(_) => drop(writer::commit(&mut conn)),
            Err(_) => writer::rollback(&mut conn),
        }
        result
    }

    /// Runs a single statement that needs no snapshot of its own.
    pub fn read_one<T, E>(&self, work: impl Fn(&mut Conn) -> Result<T, E>) -> Result<T, E>
    where
        E: From<StoreError>,
    {
        let mut stale = self.inner.pool.max_size();
        loop {
            let mut conn = self.connection()?;
            let result = work(&mut conn);
            // As in `begun`, but for the round trip that this statement saves.
            if result.is_ok() || stale == 0 || connection::is_alive(&mut conn) {
                return result;
            }
            stale -= 1;
        }
    }

    /// Runs `work` as one transaction: all of it is durable when this returns `Ok`, none of it
    /// when it returns `Err`. `work` may run more than once. While the clock cannot be believed it is not
    /// begun.
    pub fn write<T, E>(
        &self,
        work: impl Fn(&mut Conn) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: WriteFailure,
    {
        crate::clock::check().map_err(StoreError::from)?;
        self.inner.reference.ensure_current()?;
        self.write_despite_clock(work)
    }

    /// The same whatever the clock shows: for telling that it is wrong, and for what a start notes.
    pub fn write_despite_clock<T, E>(
        &self,
        work: impl Fn(&mut Conn) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: WriteFailure,
    {
        match &self.inner.writer {
            Some(writer) => writer.submit(work),
            None => self.write_on_postgres(&work),
        }
    }

    fn write_on_postgres<T, E: WriteFailure>(
        &self,
        work: &impl Fn(&mut Conn) -> Result<T, E>,
    ) -> Result<T, E> {
        let deadline = Deadline::current();
        let deadline = deadline.as_deref();
        let mut tries = 0;
        loop {
            let result = self.try_on_postgres(work, deadline);
            let passing = |error: &StoreError| error.is_passing() && !Deadline::is_over(deadline);
            match &result {
                Err(error) if tries < RETRIES && error.store_error().is_some_and(passing) => {
                    tries += 1;
                    // Spread the contenders. The connection is somebody else's meanwhile.
                    let pause = rand::rng().random_range(1..=8_u64 << tries);
                    std::thread::sleep(Duration::from_millis(pause));
                }
                _ => return result,
            }
        }
    }

    fn try_on_postgres<T, E: WriteFailure>(
        &self,
        work: &impl Fn(&mut Conn) -> Result<T, E>,
        deadline: Option<&Deadline>,
    ) -> Result<T, E> {
        let mut conn = self.begun(writer::begin)?;
        let result = work(&mut conn).and_then(|value| {
            Deadline::may_commit(deadline)?;
            Ok(value)
        });
        match result {
            Ok(value) => {
                let committed = writer::commit(&mut conn);
                Deadline::settle(deadline, &committed);
                committed?;
                Ok(value)
            }
            Err(error) => {
                writer::rollback(&mut conn);
                Err(error)
            }
        }
    }

    /// When the database was last in use by a clock that was believed, and what its own server's
    /// clock shows, if it has one.
    pub fn clocks(&self) -> Result<(Option<Moment>, Option<Moment>), StoreError> {
        self.read_one(|conn| Ok((settings::last_used(conn)?, settings::server_clock(conn)?)))
    }

    /// Connections of the pool: in use, and idle.
    pub fn connections(&self) -> (u32, u32) {
        let state = self.inner.pool.state();
        let idle = state.idle_connections;
        (state.connections.saturating_sub(idle), idle)
    }

    /// Whether this program has found the database to be a newer one's: then it writes nothing any more.
    pub fn is_outdated(&self) -> bool {
        self.inner.reference.ensure_current().is_err()
    }

    /// Puts what SQLite's log still holds of what was deleted into the database and empties it, if nobody reads from it
    /// right now: else it is overwritten later.
    pub fn put_log_into_database(&self) {
        let put = self
            .inner
            .url
            .connect()
            .and_then(|mut conn| match &mut conn {
                Conn::Sqlite(conn) => {
                    use diesel::connection::SimpleConnection;
                    Ok(conn.batch_execute("pragma wal_checkpoint(truncate)")?)
                }
                Conn::Postgres(_) => Ok(()),
            });
        if let Err(error) = put {
            tracing::warn!(%error, "the database's log still holds what was deleted");
        }
    }

    /// Whether the database can be read and written, by this program.
    pub fn check(&self) -> Result<(), StoreError> {
        self.inner.opener.ensure_same_file()?;
        self.reference()?;
        self.inner.reference.ensure_current()?;
        let mut probed = self
            .inner
            .probed
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        match &*probed {
            Some((at, outcome)) if at.elapsed() < PROBE_HOLDS => outcome.clone(),
            _ => {
                let outcome = self.probe();
                *probed = Some((Instant::now(), outcome.clone()));
                outcome
            }
        }
    }

    /// Tries whether anything can be written. On SQLite by writing; a server tells what it is, and others
    /// keep an eye on its disk.
    fn probe(&self) -> Result<(), StoreError> {
        if self.inner.writer.is_some() {
            return self.write(|conn| settings::advance(conn, settings::WRITE_PROBE).map(drop));
        }
        let only_reads: bool = self.read_one(|conn| match conn {
            Conn::Sqlite(_) => Ok::<_, StoreError>(false),
            Conn::Postgres(conn) => {
                use diesel::RunQueryDsl;
                let query = "select current_setting('transaction_read_only') = 'on'";
                Ok(diesel::dsl::sql::<diesel::sql_types::Bool>(query).get_result(conn)?)
            }
        })?;
        match only_reads {
            true => Err(StoreError::Unavailable(
                "máy chủ PostgreSQL chỉ cho đọc".to_owned(),
            )),
            false => Ok(()),
        }
    }
}

/// Deletes at most `limit` rows: a transaction has an end, however much there is to forget. Only our
/// own words and numbers may be in the text.
fn delete_some(
    conn: &mut Conn,
    table: &str,
    key: &str,
    condition: &str,
    limit: u32,
) -> Result<usize, StoreError> {
    let query = format!(
        "delete from {table} where ({key}) in \
         (select {key} from {table} where {condition} limit {limit})"
    );
    Ok(diesel::RunQueryDsl::execute(
        diesel::sql_query(query),
        conn,
    )?)
}
