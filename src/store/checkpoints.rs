//! Puts what SQLite's log holds into the database, beside the thread that writes: that one would have
//! everybody who writes wait for it.
//!
//! While others go on writing, this never gets to the end of the log, and only then does the log begin
//! anew. So the writer itself puts the rest in once the log is [`MOST_PAGES`] long: what has come since
//! this thread last did.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::Integer;

use crate::store::connection::Opener;
use crate::store::{Conn, StoreError};

/// Pages of the log, 4 KiB each, at which the writer waits for it: 64 MiB, to which the file is cut back
/// (`journal_size_limit`).
const MOST_PAGES: u32 = 16_384;

/// So many that are not in the database yet are worth it: pages that are written again and again meanwhile
/// go there once.
const WORTH: i32 = 2_000;

const EVERY: Duration = Duration::from_millis(100);

/// Readies the connection of the writer.
pub(super) fn leave_to_others(writer: &mut Conn) -> Result<(), StoreError> {
    if let Conn::Sqlite(conn) = writer {
        conn.batch_execute(&format!("pragma wal_autocheckpoint = {MOST_PAGES}"))?;
    }
    Ok(())
}

/// The thread; ends with this.
pub(super) struct Checkpoints {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Checkpoints {
    pub(super) fn start(opener: Opener) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let stopping = Arc::clone(&stop);
        let thread = std::thread::spawn(move || run(&opener, &stopping));
        Self {
            stop,
            thread: Some(thread),
        }
    }
}

impl Drop for Checkpoints {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            // A panic in there was told on standard error already.
            let _ = thread.join();
        }
    }
}

fn run(opener: &Opener, stop: &AtomicBool) {
    let mut conn = None;
    let mut told = false;
    while !stop.load(Ordering::Relaxed) {
        match checkpoint(opener, &mut conn) {
            Ok(()) => told = false,
            Err(error) => {
                // The writer does it meanwhile, and says what is wrong with the file or the disk.
                conn = None;
                if !std::mem::replace(&mut told, true) {
                    tracing::warn!(%error, "the database's log is not put into it beside those who write");
                }
            }
        }
        std::thread::park_timeout(EVERY);
    }
}

/// What SQLite answers: pages of the log, and how many of them are in the database.
#[derive(QueryableByName)]
struct Pages {
    #[diesel(sql_type = Integer)]
    log: i32,
    #[diesel(sql_type = Integer)]
    checkpointed: i32,
}

fn checkpoint(opener: &Opener, kept: &mut Option<SqliteConnection>) -> Result<(), StoreError> {
    let conn = match kept {
        Some(conn) => {
            opener.ensure_same_file()?;
            conn
        }
        None => match opener.connect()? {
            Conn::Sqlite(conn) => kept.insert(conn),
            Conn::Postgres(_) => return Ok(()),
        },
    };
    // Asks, and does nothing.
    let pages: Pages = diesel::sql_query("pragma wal_checkpoint(noop)").get_result(conn)?;
    if pages.log - pages.checkpointed >= WORTH {
        conn.batch_execute("pragma wal_checkpoint(passive)")?;
    }
    Ok(())
}
