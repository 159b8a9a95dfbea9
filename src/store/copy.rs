//! Copies of a SQLite database: made while it is written to, and closed so that nothing lies beside them.

use std::path::Path;
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use crate::store::log::{self, GivenOut};
use crate::store::{Conn, DatabaseUrl, StoreError};

/// How long a connection that is on its way out is waited for.
const PATIENCE: Duration = Duration::from_secs(10);

/// What a copy holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copied {
    /// The last migration.
    pub schema: String,
    pub dossiers: i64,
    pub events: i64,
}

/// Writes what was committed when this was called into the new file `to`. Nobody waits for it.
///
/// # Errors
/// If the database is PostgreSQL, is away, or there is no room.
pub fn make(url: &DatabaseUrl, to: &Path) -> Result<(), StoreError> {
    let to = to
        .to_str()
        .ok_or_else(|| StoreError::BadUrl(format!("{} không phải UTF-8", to.display())))?;
    let mut conn = sqlite(url)?;
    diesel::sql_query("vacuum into ?")
        .bind::<Text, _>(to)
        .execute(&mut conn)?;
    Ok(())
}

/// What a file that nobody else has open holds.
///
/// # Errors
/// If it is no database of ours.
pub fn describe(url: &DatabaseUrl) -> Result<Copied, StoreError> {
    let mut conn = sqlite(url)?;
    let text = |query: &str| diesel::dsl::sql::<Text>(query);
    let count = |query: &str| diesel::dsl::sql::<BigInt>(query);
    Ok(Copied {
        schema: text("select max(version) from __diesel_schema_migrations")
            .get_result(&mut conn)?,
        dossiers: count("select count(*) from dossiers").get_result(&mut conn)?,
        events: count("select count(*) from dossier_events").get_result(&mut conn)?,
    })
}

/// The newest checkpoint that such a file holds.
///
/// # Errors
/// If it is no database of ours.
pub fn checkpoint(url: &DatabaseUrl) -> Result<Option<GivenOut>, StoreError> {
    let mut conn = Conn::Sqlite(sqlite(url)?);
    let query = "select count(*) from sqlite_master where name = 'log_checkpoints'";
    let tables: i64 =
        diesel::select(diesel::dsl::sql::<BigInt>(&format!("({query})"))).get_result(&mut conn)?;
    match tables {
        // A version before the log made it.
        0 => Ok(None),
        _ => log::newest_checkpoint(&mut conn),
    }
}

/// Puts everything into the one file, so that it can be moved by its name.
///
/// # Errors
/// If somebody else goes on using it.
pub fn close(url: &DatabaseUrl) -> Result<(), StoreError> {
    let begun = Instant::now();
    loop {
        let closed = sqlite(url).and_then(|mut conn| {
            Ok(conn
                .batch_execute("pragma wal_checkpoint(truncate); pragma journal_mode = delete")?)
        });
        match closed {
            Err(StoreError::Conflict(_)) if begun.elapsed() < PATIENCE => {
                std::thread::sleep(Duration::from_millis(20));
            }
            other => return other,
        }
    }
}

fn sqlite(url: &DatabaseUrl) -> Result<SqliteConnection, StoreError> {
    match url.connect()? {
        Conn::Sqlite(conn) => Ok(conn),
        Conn::Postgres(_) => Err(StoreError::BadUrl("cần sqlite://".to_owned())),
    }
}
