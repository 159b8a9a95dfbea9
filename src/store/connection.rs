//! Where the database is, and a connection to it.

use std::path::{Path, PathBuf};

use diesel::RunQueryDsl;
use diesel::connection::{Connection, SimpleConnection};
use diesel::pg::PgConnection;
use diesel::r2d2::ManageConnection;
use diesel::sqlite::SqliteConnection;

use super::StoreError;

/// A connection to either database.
#[derive(diesel::MultiConnection)]
pub enum Conn {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

/// `sqlite://PATH` or `postgres://…`.
#[derive(Clone, PartialEq, Eq)]
pub enum DatabaseUrl {
    Sqlite(PathBuf),
    Postgres(String),
}

impl std::str::FromStr for DatabaseUrl {
    type Err = StoreError;

    fn from_str(url: &str) -> Result<Self, StoreError> {
        if let Some(path) = url.strip_prefix("sqlite://") {
            if path.is_empty() || path == ":memory:" {
                return Err(StoreError::BadUrl("sqlite:// cần đường dẫn tệp".to_owned()));
            }
            Ok(Self::Sqlite(PathBuf::from(path)))
        } else if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            Ok(Self::Postgres(url.to_owned()))
        } else {
            // The text is not repeated: it may hold a password.
            Err(StoreError::BadUrl(
                "phải là sqlite://ĐƯỜNG_DẪN hoặc postgres://…".to_owned(),
            ))
        }
    }
}

impl std::fmt::Display for DatabaseUrl {
    /// Without user, password and options.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "sqlite://{}", path.display()),
            Self::Postgres(url) => {
                let rest = url.split_once("://").map_or("", |(_, rest)| rest);
                let rest = rest.split('?').next().unwrap_or_default();
                write!(
                    f,
                    "postgres://{}",
                    rest.rsplit_once('@').map_or(rest, |(_, host)| host)
                )
            }
        }
    }
}

impl std::fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(self, f)
    }
}

impl DatabaseUrl {
    /// `sqlite` or `postgres`.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Sqlite(_) => "sqlite",
            Self::Postgres(_) => "postgres",
        }
    }

    /// For commands that only read: a path that was mistyped must not make an empty database.
    ///
    /// # Errors
    /// If it names a SQLite file that is missing or empty.
    pub fn ensure_exists(&self) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(path) if std::fs::metadata(path).map_or(0, |file| file.len()) == 0 => {
                let message = format!("không có cơ sở dữ liệu tại {}", path.display());
                Err(StoreError::Unavailable(message))
            }
            Self::Sqlite(_) | Self::Postgres(_) => Ok(()),
        }
    }

    /// Makes a database of that name on this PostgreSQL server, if there is none. The name is one
    /// of ours: letters, digits and underscores.
    ///
    /// # Errors
    /// If the server does not answer or does not allow it.
    pub fn ensure_database(&self, name: &str) -> Result<(), StoreError> {
        let Conn::Postgres(mut conn) = self.connect()? else {
            return Ok(());
        };
        let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
        if !name.bytes().all(plain) {
            return Err(StoreError::BadUrl(name.to_owned()));
        }
        let known: i64 = diesel::dsl::sql::<diesel::sql_types::BigInt>(&format!(
            "select count(*) from pg_database where datname = '{name}'"
        ))
        .get_result(&mut conn)?;
        if known == 0 {
            conn.batch_execute(&format!("create database {name}"))?;
        }
        Ok(())
    }

    pub(super) fn create_folder(&self) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(path) => match path.parent() {
                Some(folder) if folder != Path::new("") => {
                    std::fs::create_dir_all(folder).map_err(|error| {
                        StoreError::Unavailable(format!("{}: {error}", folder.display()))
                    })
                }
                _ => Ok(()),
            },
            Self::Postgres(_) => Ok(()),
        }
    }

    /// A new connection, set up for our use.
    ///
    /// # Errors
    /// If the database does not answer, or the file is no database.
    pub fn connect(&self) -> Result<Conn, StoreError> {
        match self {
            Self::Sqlite(path) => {
                let at = |error: StoreError| match error {
                    StoreError::Unavailable(m) => {
                        StoreError::Unavailable(format!("{}: {m}", path.display()))
                    }
                    StoreError::Corrupt(m) => {
                        StoreError::Corrupt(format!("{}: {m}", path.display()))
                    }
                    other => other,
                };
                let file = path.to_str().ok_or_else(|| {
                    StoreError::BadUrl(format!("{} không phải UTF-8", path.display()))
                })?;
                let mut conn = SqliteConnection::establish(file).map_err(|e| at(e.into()))?;
                conn.batch_execute(
                    "pragma busy_timeout = 10000;
                     pragma journal_mode = wal;
                     pragma synchronous = full;
                     pragma foreign_keys = on;
                     pragma cache_size = -2000;
                     pragma temp_store = memory;
                     pragma journal_size_limit = 67108864;",
                )
                .map_err(|e| at(e.into()))?;
                Ok(Conn::Sqlite(conn))
            }
            Self::Postgres(url) => {
                let mut conn = PgConnection::establish(url)?;
                // No statement of ours is so long that compiling it would pay.
                conn.batch_execute(
                    "set time zone 'UTC'; set client_min_messages = warning; set jit = off",
                )?;
                Ok(Conn::Postgres(conn))
            }
        }
    }
}

impl Conn {
    /// Runs `work` in a transaction that sees one moment of the database throughout.
    pub(super) fn snapshot<T, E>(
        &mut self,
        work: impl FnOnce(&mut Self) -> Result<T, E>,
    ) -> Result<T, E>
    where
        E: From<diesel::result::Error>,
    {
        self.transaction(|conn| {
            if let Self::Postgres(pg) = conn {
                pg.batch_execute("set transaction isolation level repeatable read, read only")?;
            }
            work(conn)
        })
    }
}

/// Makes connections for the pool.
pub(super) struct Manager {
    url: DatabaseUrl,
}

impl Manager {
    pub(super) const fn new(url: DatabaseUrl) -> Self {
        Self { url }
    }
}

impl ManageConnection for Manager {
    type Connection = Conn;
    type Error = StoreError;

    fn connect(&self) -> Result<Conn, StoreError> {
        self.url.connect()
    }

    fn is_valid(&self, conn: &mut Conn) -> Result<(), StoreError> {
        Ok(conn.batch_execute("select 1")?)
    }

    fn has_broken(&self, conn: &mut Conn) -> bool {
        use diesel::connection::TransactionManager;

        match conn {
            Conn::Sqlite(c) => {
                <SqliteConnection as Connection>::TransactionManager::is_broken_transaction_manager(
                    c,
                )
            }
            Conn::Postgres(c) => {
                <PgConnection as Connection>::TransactionManager::is_broken_transaction_manager(c)
            }
        }
    }
}
