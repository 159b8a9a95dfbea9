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

    /// Runs SQL as somebody who goes around the program.
    pub fn tamper(&self, sql: &str) {
        let url: DatabaseUrl = self.url().parse().unwrap();
        url.connect().unwrap().batch_execute(sql).unwrap();
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
