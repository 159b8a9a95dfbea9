//! The log: standard error, by a thread of its own.

use std::io::{self, BufWriter, IsTerminal};

use tracing_appender::non_blocking::{NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::fmt;
use tracing_subscriber::prelude::*;

use crate::config::Logging;

/// How many lines may wait, some 5 MB: whoever has more to say than standard error takes waits, and no line
/// is lost.
const MOST_LINES: usize = 16 * 1024;

/// The thread writes what has come since it last wrote at once: a write a line would cost more than the
/// request that the line is about.
const AT_ONCE: usize = 64 * 1024;

/// Starts the log: lines for people on a terminal, JSON elsewhere, unless the environment says otherwise.
/// The guard writes what is left.
pub(super) fn start(logging: Logging) -> WorkerGuard {
    let terminal = io::stderr().is_terminal();
    let json = logging.json.unwrap_or(!terminal);
    let (writer, guard) = NonBlockingBuilder::default()
        .lossy(false)
        .buffered_lines_limit(MOST_LINES)
        .thread_name("log")
        .finish(BufWriter::with_capacity(AT_ONCE, io::stderr()));
    let log = tracing_subscriber::registry().with(logging.targets);
    let layer = fmt::layer().with_writer(writer).with_ansi(terminal);
    match json {
        true => {
            // An event's fields beside its time and level, those of the request it belongs to under `span`.
            let layer = layer.json().flatten_event(true).with_span_list(false);
            log.with(layer.with_target(false)).init();
        }
        false => log.with(layer).init(),
    }
    guard
}
