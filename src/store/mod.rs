//! Everything that knows SQL: both databases behind one interface.
//!
//! [`Store::read`] and [`Store::write`] run a closure on a connection; the modules beside this one
//! hold the statements, one file per aggregate. A write is one transaction: on SQLite all writes
//! go through one thread that commits those waiting together (see [`writer`]), on PostgreSQL each
//! has a connection of its own and is tried again after a deadlock.

pub mod alarms;
pub mod attempts;
pub mod authority;
mod backfill;
mod bulk;
pub mod calendar;
pub mod case_numbers;
pub mod chain;
pub mod connection;
pub mod copy;
pub mod devices;
pub mod dossiers;
pub mod error;
pub mod events;
pub mod feedback;
pub mod freshness;
pub mod gateway_payments;
pub mod idempotency;
pub mod jobs;
pub mod limits;
pub mod lists;
mod locks;
pub mod oidc_logins;
pub mod open_dossiers;
pub mod outbox;
pub mod persons;
mod place;
pub mod plan;
pub mod procedures;
pub mod readings;
pub mod reference;
pub mod satisfaction;
mod schema;
pub mod sessions;
pub mod set_aside;
pub mod settings;
mod sole;
pub mod submissions;
pub mod tallies;
pub mod targets;
pub mod unannounced;
pub mod units;
pub mod users;
pub mod webhooks;
mod writer;

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use diesel::connection::Connection;
use diesel::r2d2::{Pool, PooledConnection};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

pub use connection::{Conn, DatabaseUrl};
pub use error::{StoreError, WriteFailure};
pub use sole::Held;

use crate::domain::moment::Moment;
use crate::domain::office_hours::OfficeHours;

const SQLITE_MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations/sqlite");
const POSTGRES_MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations/postgres");

/// How often a transaction is tried again on PostgreSQL after a deadlock or serialisation failure.
const RETRIES: u32 = 6;

/// The database, migrated and ready. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    url: DatabaseUrl,
    pool: Pool<connection::Manager>,
    /// On SQLite only: the one thread that writes.
    writer: Option<writer::Writer>,
    reference: Arc<reference::ReferenceCache>,
    /// Started by whoever keeps answers.
    freshness: OnceLock<freshness::Freshness>,
}

/// How to open a store.
#[derive(Debug, Clone)]
pub struct StoreOptions {
    /// Connections for reading (SQLite), or for everything (PostgreSQL).
    pub connections: u32,
    /// How long a caller waits for one.
    pub wait: Duration,
    /// Opening hours of units that have none of their own.
    pub office_hours: OfficeHours,
}

impl Default for StoreOptions {
    fn default() -> Self {
        Self {
            connections: 8,
            wait: Duration::from_secs(10),
            office_hours: OfficeHours::default(),
        }
    }
}

impl Store {
    /// Opens the database; on SQLite makes the file and its folder if need be. Runs the
    /// migrations that are missing.
    ///
    /// # Errors
    /// If the database cannot be reached, or its schema is not one of ours.
    pub fn open(url: &DatabaseUrl, options: StoreOptions) -> Result<Self, StoreError> {
        url.create_folder()?;
        // The first connection alone, so that its error is told at once instead of after the
        // pool's patience.
        let mut first = url.connect()?;
        migrate(&mut first)?;
        let pool = Pool::builder()
            .max_size(options.connections)
            .min_idle(Some(0))
            .connection_timeout(options.wait)
            .test_on_check_out(false)
            .build_unchecked(connection::Manager::new(url.clone()));
        let writer = match url {
            DatabaseUrl::Sqlite(_) => Some(writer::Writer::start(first, url.clone())),
            DatabaseUrl::Postgres(_) => None,
        };
        let reference = Arc::new(reference::ReferenceCache::new(options.office_hours));
        Ok(Self {
            inner: Arc::new(Inner {
                url: url.clone(),
                pool,
                writer,
                reference,
                freshness: OnceLock::new(),
            }),
        })
    }

    pub fn url(&self) -> &DatabaseUrl {
        &self.inner.url
    }

    fn connection(&self) -> Result<PooledConnection<connection::Manager>, StoreError> {
        self.inner
            .pool
            .get()
            .map_err(|error| StoreError::Unavailable(error.to_string()))
    }

    /// Runs `work` in one snapshot: all that it reads is of one moment.
    ///
    /// # Errors
    /// Those of `work`, and of the database.
    pub fn read<T, E>(&self, work: impl FnOnce(&mut Conn) -> Result<T, E>) -> Result<T, E>
    where
        E: From<StoreError> + From<diesel::result::Error>,
    {
        let mut conn = self.connection()?;
        conn.snapshot(work)
    }

    /// Runs a single statement that needs no snapshot of its own.
    ///
    /// # Errors
    /// Those of `work`, and of the database.
    pub fn read_one<T, E>(&self, work: impl FnOnce(&mut Conn) -> Result<T, E>) -> Result<T, E>
    where
        E: From<StoreError>,
    {
        work(&mut *self.connection()?)
    }

    /// Runs `work` as one transaction: all of it is durable when this returns `Ok`, none of it
    /// when it returns `Err`. `work` may run more than once. While the clock cannot be believed it is not
    /// begun. On PostgreSQL it returns
    /// [`freshness::HOLDS`] after the commit: by then no instance takes what was before it for current.
    ///
    /// # Errors
    /// Those of `work`, and of the database.
    pub fn write<T, E>(
        &self,
        work: impl Fn(&mut Conn) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: WriteFailure,
    {
        crate::clock::check().map_err(StoreError::from)?;
        self.write_despite_clock(work)
    }

    /// The same whatever the clock shows: for telling that it is wrong, and nothing else.
    ///
    /// # Errors
    /// Those of `work`, and of the database.
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
            None => {
                let mut conn = self.connection()?;
                let mut tries = 0;
                loop {
                    let result = Conn::transaction(&mut conn, &work);
                    match &result {
                        Err(error)
                            if tries < RETRIES
                                && error.store_error().is_some_and(StoreError::is_passing) =>
                        {
                            tries += 1;
                            // Spread the contenders: a different pause for each thread and try.
                            let spread = u64::from(std::process::id() % 7) + u64::from(tries);
                            std::thread::sleep(Duration::from_millis(spread << tries));
                        }
                        Err(_) => return result,
                        Ok(_) => {
                            drop(conn);
                            std::thread::sleep(freshness::HOLDS);
                            return result;
                        }
                    }
                }
            }
        }
    }

    /// When the database was last in use by a clock that was believed, and what its own server's
    /// clock shows, if it has one.
    ///
    /// # Errors
    /// If the database refuses.
    pub fn clocks(&self) -> Result<(Option<Moment>, Option<Moment>), StoreError> {
        self.read_one(|conn| Ok((settings::last_used(conn)?, settings::server_clock(conn)?)))
    }

    /// Connections of the pool: in use, and idle.
    pub fn connections(&self) -> (u32, u32) {
        let state = self.inner.pool.state();
        let idle = state.idle_connections;
        (state.connections.saturating_sub(idle), idle)
    }

    /// Whom to ask whether what was read before still stands.
    pub fn freshness(&self) -> &freshness::Freshness {
        let start = || freshness::Freshness::start(self.inner.url.clone());
        self.inner.freshness.get_or_init(start)
    }

    /// Whether the database answers.
    ///
    /// # Errors
    /// If it does not.
    pub fn ping(&self) -> Result<(), StoreError> {
        self.read(settings::all).map(drop)
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

fn migrate(conn: &mut Conn) -> Result<(), StoreError> {
    // Several instances may start at once: one migrates, the others wait.
    locks::Lock::Migrations.during(conn, |conn| {
        let run = match conn {
            Conn::Sqlite(conn) => conn.run_pending_migrations(SQLITE_MIGRATIONS).map(drop),
            Conn::Postgres(conn) => conn.run_pending_migrations(POSTGRES_MIGRATIONS).map(drop),
        };
        run.map_err(|error| StoreError::from_message(error.to_string()))?;
        settings::make_lookup_key(conn)?;
        backfill::run(conn)
    })?
}
