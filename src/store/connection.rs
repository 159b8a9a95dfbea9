//! Where the database is, and a connection to it.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use diesel::RunQueryDsl;
use diesel::connection::{Connection, SimpleConnection};
use diesel::pg::PgConnection;
use diesel::r2d2::ManageConnection;
use diesel::sqlite::SqliteConnection;

use crate::store::StoreError;

/// A connection to either database.
#[derive(diesel::MultiConnection)]
pub enum Conn {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

/// Runs the same statement on the connection of either database. For what every request asks: the multi
/// connection writes a statement's text out each time, even where it is prepared already. And for what the
/// multi connection does not know (`on conflict`).
macro_rules! on_either {
    ($either:expr, |$conn:ident| $work:expr) => {
        match $either {
            $crate::store::Conn::Sqlite($conn) => $work,
            $crate::store::Conn::Postgres($conn) => $work,
        }
    };
}
pub(super) use on_either;

/// The row that a query finds, if any, which nobody else changes until the transaction ends; on SQLite nobody else writes
/// meanwhile anyway.
macro_rules! first_locked {
    ($either:expr, $query:expr) => {
        match $either {
            $crate::store::Conn::Sqlite(conn) => $query.first(conn).optional()?,
            $crate::store::Conn::Postgres(conn) => $query.for_update().first(conn).optional()?,
        }
    };
}
pub(super) use first_locked;

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

    /// A file without a single byte is no database of ours: we fill one in as we make it. Something has
    /// emptied it, or the disk was full.
    pub(super) fn refuse_empty(&self) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(path) if std::fs::metadata(path).is_ok_and(|file| file.len() == 0) => {
                Err(StoreError::corrupt(format!(
                    "{}: tệp có 0 byte, không phải cơ sở dữ liệu; hãy khôi phục từ bản sao lưu, hoặc xóa tệp này \
                     nếu muốn bắt đầu một cơ sở dữ liệu mới",
                    path.display()
                )))
            }
            Self::Sqlite(_) | Self::Postgres(_) => Ok(()),
        }
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

    /// A new connection, set up for our use; on SQLite makes the file if need be.
    ///
    /// # Errors
    /// If the database does not answer, or the file is no database.
    pub fn connect(&self) -> Result<Conn, StoreError> {
        match self {
            Self::Sqlite(path) => sqlite(path, path.to_str().map(str::to_owned)),
            Self::Postgres(url) => postgres(url, PATIENCE, None),
        }
    }
}

/// How long connecting to PostgreSQL may take where nothing else is said.
const PATIENCE: Duration = Duration::from_secs(10);

fn sqlite(path: &Path, name: Option<String>) -> Result<Conn, StoreError> {
    let at = |error: StoreError| match error {
        StoreError::Unavailable(m) => StoreError::Unavailable(format!("{}: {m}", path.display())),
        StoreError::Corrupt(m) => StoreError::Corrupt(format!("{}: {m}", path.display())),
        other => other,
    };
    let name =
        name.ok_or_else(|| StoreError::BadUrl(format!("{} không phải UTF-8", path.display())))?;
    let mut conn = SqliteConnection::establish(&name).map_err(|e| at(e.into()))?;
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

/// A server that is gone without a word is noticed by its silence: while connecting, on what was sent, and
/// on what is only waited for. Whoever operates it may choose otherwise in the URL.
fn with_patience(url: &str, patience: Duration) -> String {
    let seconds = patience.as_secs().clamp(2, 60);
    let parameters = [
        ("connect_timeout", seconds),
        ("tcp_user_timeout", seconds * 1000),
        ("keepalives_idle", 10),
        ("keepalives_interval", 5),
        ("keepalives_count", 3),
    ];
    let mut url = url.to_owned();
    for (name, value) in parameters {
        if !url.contains(&format!("{name}=")) {
            let before = if url.contains('?') { '&' } else { '?' };
            url += &format!("{before}{name}={value}");
        }
    }
    url
}

fn postgres(
    url: &str,
    patience: Duration,
    statement: Option<Duration>,
) -> Result<Conn, StoreError> {
    let mut conn = PgConnection::establish(&with_patience(url, patience))?;
    // No statement of ours is so long that compiling it would pay, and a row by an index is never far: the default is that
    // of a disk with a head, by which lists are sorted that could be walked along.
    let mut settings = "set time zone 'UTC'; set client_min_messages = warning; set jit = off; \
                        set random_page_cost = 1.1"
        .to_owned();
    if let Some(longest) = statement {
        // What hangs must not keep its locks for ever, whether it hangs there or here.
        let longest = longest.as_millis();
        settings += &format!("; set statement_timeout = {longest}");
        settings += &format!("; set idle_in_transaction_session_timeout = {longest}");
    }
    conn.batch_execute(&settings)?;
    in_english(&mut conn)?;
    Ok(Conn::Postgres(conn))
}

/// Set once a server answers in another language than the one by which its errors are sorted.
static ANOTHER_LANGUAGE: AtomicBool = AtomicBool::new(false);

/// Whether a deadlock may not be told from other errors.
pub(super) fn speaks_another_language() -> bool {
    ANOTHER_LANGUAGE.load(Ordering::Relaxed)
}

/// Has the server speak English, by which errors without a kind of their own are sorted. Roles that may not
/// choose live with what it speaks: then all such errors are tried again.
fn in_english(conn: &mut PgConnection) -> Result<(), StoreError> {
    use diesel::sql_types::Text;

    let language = diesel::dsl::sql::<Text>("select current_setting('lc_messages')");
    let language: String = language.get_result(conn)?;
    let english = language == "C" || language == "POSIX" || language.starts_with("en_");
    if !english
        && conn.batch_execute("set lc_messages = 'C'").is_err()
        && !ANOTHER_LANGUAGE.swap(true, Ordering::Relaxed)
    {
        tracing::warn!(
            language,
            "PostgreSQL may not be asked to speak English, so that a deadlock cannot be told from other \
             errors: alter role … set lc_messages = 'C'"
        );
    }
    Ok(())
}

/// Which file a SQLite database is, whatever its name becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct FileIdentity(u64, u64);

impl FileIdentity {
    #[cfg(unix)]
    fn of(path: &Path) -> Option<Self> {
        use std::os::unix::fs::MetadataExt;
        let file = std::fs::metadata(path).ok()?;
        Some(Self(file.dev(), file.ino()))
    }

    /// Elsewhere a file that is open cannot be moved.
    #[cfg(not(unix))]
    fn of(path: &Path) -> Option<Self> {
        path.exists().then_some(Self(0, 0))
    }
}

/// Makes connections for a store that is open: to the same file and no other.
#[derive(Clone)]
pub(super) struct Opener {
    url: DatabaseUrl,
    patience: Duration,
    statement: Option<Duration>,
    file: Option<FileIdentity>,
}

impl Opener {
    /// For a database that exists by now.
    pub(super) fn new(
        url: DatabaseUrl,
        patience: Duration,
        statement: Option<Duration>,
    ) -> Result<Self, StoreError> {
        let file = match &url {
            DatabaseUrl::Sqlite(path) => {
                let gone = || StoreError::Unavailable(format!("không có tệp {}", path.display()));
                Some(FileIdentity::of(path).ok_or_else(gone)?)
            }
            DatabaseUrl::Postgres(_) => None,
        };
        Ok(Self {
            url,
            patience,
            statement,
            file,
        })
    }

    /// Whether the file that is open is the one that the path leads to.
    ///
    /// # Errors
    /// If it was moved away, removed or replaced.
    pub(super) fn ensure_same_file(&self) -> Result<(), StoreError> {
        match &self.url {
            DatabaseUrl::Sqlite(path) if FileIdentity::of(path) != self.file => {
                Err(StoreError::Unavailable(format!(
                    "tệp {} đã bị dời đi, xóa hoặc thay thế khi máy chủ đang chạy; hãy dừng máy chủ và kiểm tra",
                    path.display()
                )))
            }
            DatabaseUrl::Sqlite(_) | DatabaseUrl::Postgres(_) => Ok(()),
        }
    }

    pub(super) fn connect(&self) -> Result<Conn, StoreError> {
        match &self.url {
            DatabaseUrl::Sqlite(path) => {
                self.ensure_same_file()?;
                // Where the file was moved away meanwhile, none is made in its place.
                let conn = sqlite(path, existing(path))?;
                self.ensure_same_file()?;
                Ok(conn)
            }
            DatabaseUrl::Postgres(url) => postgres(url, self.patience, self.statement),
        }
    }
}

/// The name under which SQLite opens a file only if it is there.
fn existing(path: &Path) -> Option<String> {
    let mut name = String::from("file:");
    for c in path.to_str()?.chars() {
        match c {
            '%' | '?' | '#' => name += &format!("%{:02x}", u32::from(c)),
            c => name.push(c),
        }
    }
    Some(name + "?mode=rw")
}

/// Whether a connection is of no use any more.
pub(super) fn is_broken(conn: &mut Conn) -> bool {
    use diesel::connection::TransactionManager;

    match conn {
        Conn::Sqlite(c) => {
            <SqliteConnection as Connection>::TransactionManager::is_broken_transaction_manager(c)
        }
        Conn::Postgres(c) => {
            <PgConnection as Connection>::TransactionManager::is_broken_transaction_manager(c)
        }
    }
}

/// Whether the other end still answers, after an error. Otherwise the connection is used no more.
pub(super) fn is_alive(conn: &mut Conn) -> bool {
    use diesel::connection::{AnsiTransactionManager, TransactionManager};

    match conn {
        Conn::Sqlite(_) => true,
        Conn::Postgres(c) => {
            let alive = c.batch_execute("select 1").is_ok();
            if !alive {
                AnsiTransactionManager::transaction_manager_status_mut(c).set_in_error();
            }
            alive
        }
    }
}

impl Conn {
    /// Begins a transaction that sees one moment of the database throughout.
    pub(super) fn begin_snapshot(&mut self) -> Result<(), StoreError> {
        use diesel::connection::AnsiTransactionManager;

        match self {
            Self::Sqlite(c) => AnsiTransactionManager::begin_transaction_sql(c, "BEGIN")?,
            Self::Postgres(c) => AnsiTransactionManager::begin_transaction_sql(
                c,
                "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY",
            )?,
        }
        Ok(())
    }
}

/// Makes connections for the pool.
pub(super) struct Manager {
    opener: Opener,
}

impl Manager {
    pub(super) const fn new(opener: Opener) -> Self {
        Self { opener }
    }
}

impl ManageConnection for Manager {
    type Connection = Conn;
    type Error = StoreError;

    fn connect(&self) -> Result<Conn, StoreError> {
        self.opener.connect()
    }

    fn is_valid(&self, conn: &mut Conn) -> Result<(), StoreError> {
        Ok(conn.batch_execute("select 1")?)
    }

    fn has_broken(&self, conn: &mut Conn) -> bool {
        is_broken(conn)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_url_says_of_patience_stands() {
        let patience = Duration::from_secs(5);
        let url = with_patience("postgres://u@h/d", patience);
        assert!(url.starts_with("postgres://u@h/d?connect_timeout=5&tcp_user_timeout=5000&"));
        let url = with_patience(
            "postgres://u@h/d?sslmode=require&connect_timeout=9",
            patience,
        );
        assert!(url.starts_with("postgres://u@h/d?sslmode=require&connect_timeout=9&tcp_user"));
        assert_eq!(url.matches("connect_timeout").count(), 1);
    }

    #[test]
    fn files_of_any_name_are_opened_only_if_they_are_there() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("một cửa #1? 50%25.sqlite3");
        let name = existing(&path);
        assert!(sqlite(&path, name.clone()).is_err());
        assert!(!path.exists());
        DatabaseUrl::Sqlite(path.clone()).connect().unwrap();
        assert!(path.exists());
        sqlite(&path, name).unwrap();
    }
}
