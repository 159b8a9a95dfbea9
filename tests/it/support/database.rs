use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection};

use motcua::store::{DatabaseUrl, Store, StoreOptions};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Sqlite,
    Postgres,
}

/// A fresh database, gone when the test ends.
pub struct Database {
    pub kind: Kind,
    folder: tempfile::TempDir,
    name: String,
}

static NEXT: AtomicU32 = AtomicU32::new(0);

/// The cluster that `.ci/test` has started. Nothing is skipped where there is none.
fn cluster() -> String {
    std::env::var("MOTCUA_TEST_POSTGRES")
        .expect("run the tests with .ci/test: it starts the PostgreSQL that they need")
}

fn administer(statement: &str) {
    let mut conn = PgConnection::establish(&format!("{}/postgres", cluster())).unwrap();
    conn.batch_execute(statement).unwrap();
}

impl Database {
    pub fn new(kind: Kind) -> Self {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("t{}_{number}", std::process::id());
        if kind == Kind::Postgres {
            administer(&format!("create database {name}"));
        }
        let folder = tempfile::tempdir().unwrap();
        // No folder is made for a path of somebody's own.
        std::fs::create_dir(folder.path().join("data")).unwrap();
        Self { kind, folder, name }
    }

    pub fn url(&self) -> String {
        match self.kind {
            Kind::Sqlite => format!("sqlite://{}", self.file().display()),
            Kind::Postgres => format!("{}/{}", cluster(), self.name),
        }
    }

    /// The SQLite file.
    pub fn file(&self) -> PathBuf {
        self.folder.path().join("data").join("motcua.sqlite3")
    }

    /// A folder of the test's own.
    pub fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    pub fn store(&self) -> Store {
        self.open(StoreOptions::default())
    }

    pub fn open(&self, options: StoreOptions) -> Store {
        let url: DatabaseUrl = self.url().parse().unwrap();
        Store::open(&url, options).unwrap()
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// A role of PostgreSQL of the test's own that may connect.
    pub fn role(&self, what: &str) -> PgRole {
        let name = format!("{}_{what}", self.name);
        let server = cluster().replace("motcua@", &format!("{name}@"));
        PgRole {
            url: format!("{server}/{}", self.name),
            name,
        }
    }

    /// A copy as it is now, while nobody uses it.
    pub fn copy(&self) -> Self {
        let copy = Self {
            kind: self.kind,
            folder: tempfile::tempdir().unwrap(),
            name: format!("{}_copy", self.name),
        };
        std::fs::create_dir_all(copy.file().parent().unwrap()).unwrap();
        match self.kind {
            Kind::Sqlite => self.tamper(&format!("vacuum into '{}'", copy.file().display())),
            Kind::Postgres => {
                let name = &self.name;
                administer(&format!(
                    "select pg_terminate_backend(pid) from pg_stat_activity where datname = '{name}'"
                ));
                administer(&format!("create database {} template {name}", copy.name));
            }
        }
        let key = self.folder.path().join("log.key");
        if key.exists() {
            std::fs::copy(key, copy.folder.path().join("log.key")).unwrap();
        }
        copy
    }

    /// What a query gives that has one value.
    pub fn value(&self, sql: &str) -> String {
        #[derive(diesel::QueryableByName)]
        struct Row {
            #[diesel(sql_type = diesel::sql_types::Text)]
            text: String,
        }
        let url: DatabaseUrl = self.url().parse().unwrap();
        let query = diesel::sql_query(format!("select cast(({sql}) as text) as text"));
        let row: Row = diesel::RunQueryDsl::get_result(query, &mut url.connect().unwrap()).unwrap();
        row.text
    }

    /// Bytes as a literal of SQL.
    pub fn bytes(&self, bytes: &[u8]) -> String {
        let hex = data_encoding::HEXLOWER.encode(bytes);
        match self.kind {
            Kind::Sqlite => format!("x'{hex}'"),
            Kind::Postgres => format!("decode('{hex}', 'hex')"),
        }
    }

    /// Runs SQL as somebody who goes around the program.
    pub fn tamper(&self, sql: &str) {
        let url: DatabaseUrl = self.url().parse().unwrap();
        url.connect().unwrap().batch_execute(sql).unwrap();
    }
}

/// A role; the test makes it.
pub struct PgRole {
    pub name: String,
    pub url: String,
}

impl PgRole {
    /// Runs SQL as this role.
    pub fn run(&self, sql: &str) -> Result<(), String> {
        let mut conn = PgConnection::establish(&self.url).map_err(|error| error.to_string())?;
        conn.batch_execute(sql).map_err(|error| error.to_string())
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if self.kind == Kind::Postgres {
            administer(&format!(
                "drop database if exists {} with (force)",
                self.name
            ));
        }
    }
}
