//! Bringing a database to the schema that this program knows, and refusing one that it does not.

use std::sync::LazyLock;

use diesel::migration::MigrationSource;
use diesel::prelude::*;
use diesel::sql_types::Text;
use diesel::sqlite::Sqlite;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};
use serde_json::json;

use crate::domain::ids::Actor;
use crate::store::locks::Lock;
use crate::store::{Conn, StoreError, admin_acts, adoption, backfill, settings};

const SQLITE_MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations/sqlite");
const POSTGRES_MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations/postgres");

/// The last migration that this program knows, such as `0008`. The folders of both databases hold the same.
pub(super) static KNOWN: LazyLock<String> =
    LazyLock::new(|| OURS.last().cloned().unwrap_or_default());

/// All migrations that this program knows, oldest first.
static OURS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let migrations = MigrationSource::<Sqlite>::migrations(&SQLITE_MIGRATIONS);
    let versions = migrations.into_iter().flatten();
    let mut versions: Vec<_> = versions
        .map(|migration| migration.name().version().to_string())
        .collect();
    versions.sort_unstable();
    versions
});

/// The tables that there have to be: those that diesel is told of.
fn tables() -> impl Iterator<Item = &'static str> {
    let schema = include_str!("schema.rs").split("table! {").skip(1);
    schema.filter_map(|table| table.trim_start().split([' ', '(']).next())
}

/// Runs the migrations that are missing.
///
/// # Errors
/// If the database is a newer program's, or not whole.
pub(super) fn migrate(conn: &mut Conn) -> Result<(), StoreError> {
    // Several instances may start at once: one migrates, the others wait.
    Lock::Migrations.during(conn, |conn| {
        if !is_current(conn) {
            run_missing(conn)?;
        }
        refuse_newer_begun(conn)?;
        refuse_gaps(conn)?;
        if settings::get(conn, settings::SCHEMA_VERSION)?.as_ref() != Some(&*KNOWN) {
            settings::set(conn, settings::SCHEMA_VERSION, &KNOWN)?;
        }
        settings::make_lookup_key(conn)?;
        backfill::run(conn)?;
        adoption::run(conn)
    })?
}

/// Whether exactly the migrations of this program have been run. Asked without diesel's own way of
/// asking, which makes its table first: a role that may not change the schema can serve a database that
/// is up to date.
fn is_current(conn: &mut Conn) -> bool {
    let versions = diesel::sql_query("select version as name from __diesel_schema_migrations");
    let applied: Result<Vec<Name>, _> = versions.load(conn);
    let mut applied: Vec<String> = applied.into_iter().flatten().map(|row| row.name).collect();
    applied.sort_unstable();
    applied == *OURS
}

fn run_missing(conn: &mut Conn) -> Result<(), StoreError> {
    refuse_others(conn)?;
    let before = refuse_newer(conn)?;
    if before.as_deref().is_some_and(|before| *before < **KNOWN) {
        announce(conn, &KNOWN)?;
    }
    let run = match conn {
        Conn::Sqlite(conn) => conn.run_pending_migrations(SQLITE_MIGRATIONS).map(drop),
        Conn::Postgres(conn) => conn.run_pending_migrations(POSTGRES_MIGRATIONS).map(drop),
    };
    if let Err(error) = run {
        if let Some(before) = before {
            // Those that run beside this one may go on.
            announce(conn, &before)?;
        }
        return Err(StoreError::from_message(error.to_string()));
    }
    refuse_gaps(conn)?;
    record_migration(conn)
}

/// Who reads the log sees when the schema was changed, and by which program.
fn record_migration(conn: &mut Conn) -> Result<(), StoreError> {
    let act = json!({"schema": *KNOWN, "version": env!("CARGO_PKG_VERSION")});
    let (by, now) = (Actor::System, crate::clock::now());
    conn.transaction(|conn| {
        admin_acts::record(conn, by, now, admin_acts::ActKind::DatabaseMigrated, &act)
    })
}

/// Tells the instances that run beside this one which schema is coming: when this returns, no write of
/// theirs is under way that relies on the old one, and none begins any more.
fn announce(conn: &mut Conn, version: &str) -> Result<(), StoreError> {
    conn.transaction(|conn| {
        Lock::Reference.exclusive(conn)?;
        settings::set(conn, settings::SCHEMA_VERSION, version)
    })
}

#[derive(QueryableByName)]
struct Name {
    #[diesel(sql_type = Text)]
    name: String,
}

fn present(conn: &mut Conn) -> Result<Vec<String>, StoreError> {
    let query = match conn {
        Conn::Sqlite(_) => {
            "select name from sqlite_master where type = 'table' and name not like 'sqlite_%'"
        }
        Conn::Postgres(_) => {
            "select tablename::text as name from pg_tables where schemaname = current_schema()"
        }
    };
    let names: Vec<Name> = diesel::sql_query(query).load(conn)?;
    Ok(names.into_iter().map(|row| row.name).collect())
}

/// diesel's own table.
const MIGRATIONS: &str = "__diesel_schema_migrations";

/// A file that another program keeps is left alone. PostgreSQL has schemas and extensions for that.
fn refuse_others(conn: &mut Conn) -> Result<(), StoreError> {
    if matches!(conn, Conn::Postgres(_)) {
        return Ok(());
    }
    let present = present(conn)?;
    if present.is_empty() || present.iter().any(|table| table == MIGRATIONS) {
        return Ok(());
    }
    let table = &present[0];
    Err(StoreError::corrupt(format!(
        "không phải cơ sở dữ liệu của motcua (có bảng {table})"
    )))
}

/// Refuses a database that a newer program has migrated, or has begun to. Returns the version of the schema,
/// unless the database is new.
fn refuse_newer(conn: &mut Conn) -> Result<Option<String>, StoreError> {
    let applied = match conn {
        Conn::Sqlite(conn) => conn.applied_migrations(),
        Conn::Postgres(conn) => conn.applied_migrations(),
    };
    let applied = applied.map_err(other)?;
    let applied: Vec<String> = applied.iter().map(ToString::to_string).collect();
    if let Some(unknown) = applied.iter().find(|version| !OURS.contains(version)) {
        return Err(StoreError::Outdated(format!(
            "chương trình này không biết bước nâng cấp {unknown}; hãy chạy phiên bản mới hơn"
        )));
    }
    let Some(newest) = applied.into_iter().max() else {
        return Ok(None);
    };
    refuse_newer_begun(conn)?;
    Ok(Some(newest))
}

/// The same of migrations that are announced and not run yet.
fn refuse_newer_begun(conn: &mut Conn) -> Result<(), StoreError> {
    if !present(conn)?.iter().any(|table| table == "settings") {
        return Err(missing("settings"));
    }
    match settings::get(conn, settings::SCHEMA_VERSION)? {
        Some(coming) if coming > *KNOWN => Err(StoreError::Outdated(format!(
            "một phiên bản mới hơn đã bắt đầu bước nâng cấp {coming}; hãy chạy lại phiên bản đó"
        ))),
        _ => Ok(()),
    }
}

fn other(error: Box<dyn std::error::Error + Send + Sync>) -> StoreError {
    StoreError::from_message(error.to_string())
}

/// Every table is there: what is missing was taken away, and no migration would bring it back.
fn refuse_gaps(conn: &mut Conn) -> Result<(), StoreError> {
    let present = present(conn)?;
    let gone: Vec<_> = tables()
        .filter(|table| !present.iter().any(|there| there == table))
        .collect();
    match gone.is_empty() {
        true => Ok(()),
        false => Err(missing(&gone.join(", "))),
    }
}

fn missing(tables: &str) -> StoreError {
    StoreError::corrupt(format!("thiếu bảng {tables}; hãy khôi phục từ bản sao lưu"))
}
