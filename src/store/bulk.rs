//! Filling empty tables of dossiers in one transaction: all of it, or nothing.

use diesel::prelude::*;
use diesel::sql_types::Text;

use crate::store::locks::Lock;
use crate::store::{Conn, Store, StoreError, writer};

/// The tables whose secondary indexes are made after the rows are in.
const TABLES: &str = "'persons', 'dossiers', 'dossier_events'";

#[derive(QueryableByName)]
struct Index {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    sql: String,
}

impl Store {
    /// Runs `work` as one transaction on a connection of its own, with the secondary indexes of
    /// the dossier tables made again at its end. Other writers wait meanwhile, so it is for
    /// tables that are empty before.
    ///
    /// # Errors
    /// Those of `work`, and of the database; then nothing is changed.
    pub fn bulk<T, E>(&self, work: impl FnOnce(&mut Conn) -> Result<T, E>) -> Result<T, E>
    where
        E: From<StoreError> + From<diesel::result::Error>,
    {
        let mut conn = self.inner.url.connect()?;
        if let Conn::Sqlite(conn) = &mut conn {
            use diesel::connection::SimpleConnection;
            conn.batch_execute("pragma cache_size = -65536; pragma temp_store = file;")?;
        }
        writer::begin(&mut conn)?;
        let result = (|| {
            // One at a time: the next one sees what this one made.
            Lock::Bulk.exclusive(&mut conn)?;
            // Units, procedures and calendar are read and changed by it.
            Lock::Reference.exclusive(&mut conn)?;
            let indexes = drop_indexes(&mut conn)?;
            let value = work(&mut conn)?;
            for index in indexes {
                diesel::sql_query(index.sql).execute(&mut conn)?;
            }
            writer::commit(&mut conn)?;
            Ok(value)
        })();
        match &result {
            Ok(_) => after(&mut conn),
            Err(_) => writer::rollback(&mut conn),
        }
        result
    }
}

fn drop_indexes(conn: &mut Conn) -> Result<Vec<Index>, StoreError> {
    let query = match conn {
        Conn::Sqlite(_) => format!(
            "select name, sql from sqlite_master \
             where type = 'index' and sql is not null and tbl_name in ({TABLES}) order by name"
        ),
        Conn::Postgres(_) => format!(
            "select indexname::text as name, indexdef as sql from pg_indexes \
             where schemaname = current_schema() and tablename in ({TABLES}) \
             and indexname not in (select conname from pg_constraint) order by indexname"
        ),
    };
    let indexes: Vec<Index> = diesel::sql_query(query).load(conn)?;
    for index in &indexes {
        diesel::sql_query(format!("drop index {}", index.name)).execute(conn)?;
    }
    Ok(indexes)
}

/// Leaves the database as a long-used one: SQLite's log back in the file, PostgreSQL's planner
/// told. Neither is needed for correctness, so neither can fail the load.
fn after(conn: &mut Conn) {
    let query = match conn {
        Conn::Sqlite(_) => "pragma wal_checkpoint(truncate)",
        Conn::Postgres(_) => "analyze",
    };
    if let Err(error) = diesel::sql_query(query).execute(conn) {
        tracing::warn!(%error, query, "after a bulk load");
    }
}
