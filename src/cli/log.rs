//! The log: standard error, by a thread of its own.

use std::io::{self, IsTerminal, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use chrono::{SecondsFormat, Utc};
use serde::Serializer;
use serde::ser::SerializeMap;
use serde_json::value::RawValue;
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_serde::SerdeMapVisitor;
use tracing_subscriber::fmt::format::{JsonFields, Writer as Writes};
use tracing_subscriber::fmt::{
    self, FmtContext, FormatEvent, FormatFields, FormattedFields, MakeWriter,
};
use tracing_subscriber::prelude::*;
use tracing_subscriber::registry::LookupSpan;

use crate::config::Logging;

/// How long a line may wait for others: a line at a time would cost more than the request it is about.
const GATHER: Duration = Duration::from_millis(50);
/// So many bytes do not wait.
const ENOUGH: usize = 64 * 1024;
/// Whoever has more to say than standard error takes waits: no line is lost.
const MOST: usize = 8 * 1024 * 1024;

/// Starts the log: lines for people on a terminal, JSON elsewhere, unless the environment says otherwise.
/// The guard writes what is left.
pub(super) fn start(logging: Logging) -> Guard {
    let terminal = io::stderr().is_terminal();
    let json = logging.json.unwrap_or(!terminal);
    let lines = Arc::new(Lines::default());
    let guard = Guard::start(Arc::clone(&lines), io::stderr());
    let log = tracing_subscriber::registry().with(logging.targets);
    let layer = fmt::layer().with_writer(Writer(lines)).with_ansi(terminal);
    match json {
        true => {
            let layer = layer.fmt_fields(JsonFields::new());
            log.with(layer.event_format(Json)).init();
        }
        false => log.with(layer).init(),
    }
    guard
}

/// An event as a JSON object, with the fields of the span it is in. The library's own goes through text
/// piece by piece, which costs a request that is answered from memory a tenth of its time.
struct Json;

impl<S, N> FormatEvent<S, N> for Json
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writes<'_>,
        event: &Event<'_>,
    ) -> std::fmt::Result {
        let mut line = Vec::with_capacity(256);
        let write = |line: &mut Vec<u8>| -> serde_json::Result<()> {
            let mut json = serde_json::Serializer::new(line);
            let mut map = json.serialize_map(None)?;
            let now = Utc::now().to_rfc3339_opts(SecondsFormat::Micros, true);
            map.serialize_entry("timestamp", &now)?;
            map.serialize_entry("level", event.metadata().level().as_str())?;
            let mut fields = SerdeMapVisitor::new(map);
            event.record(&mut fields);
            let mut map = fields.take_serializer()?;
            if let Some(span) = context.lookup_current() {
                let extensions = span.extensions();
                if let Some(fields) = extensions.get::<FormattedFields<N>>() {
                    let fields: &RawValue = serde_json::from_str(&fields.fields)?;
                    map.serialize_entry(span.name(), fields)?;
                }
            }
            map.end()
        };
        write(&mut line).map_err(|_| std::fmt::Error)?;
        line.push(b'\n');
        writer.write_str(std::str::from_utf8(&line).map_err(|_| std::fmt::Error)?)
    }
}

/// Lines that are yet to be written.
#[derive(Default)]
struct Lines {
    state: Mutex<State>,
    /// There is something to write, or something that does not wait.
    told: Condvar,
    /// There is room again.
    room: Condvar,
}

#[derive(Default)]
struct State {
    text: Vec<u8>,
    /// Not to be held back: a warning, or the end.
    urgent: bool,
    ended: bool,
}

impl Lines {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn put(&self, line: &[u8], urgent: bool) {
        let mut state = self.lock();
        while state.text.len() > MOST && !state.ended {
            state = self
                .room
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
        let (before, was_urgent) = (state.text.len(), state.urgent);
        state.text.extend_from_slice(line);
        let enough = before < ENOUGH && state.text.len() >= ENOUGH;
        state.urgent |= urgent || enough;
        // Otherwise the thread is told already.
        let tell = before == 0 || (state.urgent && !was_urgent);
        drop(state);
        if tell {
            self.told.notify_one();
        }
    }

    /// Writes until it is ended.
    fn write_to(&self, mut to: impl Write) {
        let mut text = Vec::new();
        loop {
            let state = self.lock();
            let idle = |state: &mut State| state.text.is_empty() && !state.ended;
            let state = self.told.wait_while(state, idle);
            let state = state.unwrap_or_else(PoisonError::into_inner);
            let gather = |state: &mut State| !state.urgent;
            let state = self.told.wait_timeout_while(state, GATHER, gather);
            let (mut state, _) = state.unwrap_or_else(PoisonError::into_inner);
            std::mem::swap(&mut state.text, &mut text);
            state.urgent = state.ended;
            let ended = state.ended;
            drop(state);
            self.room.notify_all();
            // Nobody is left to be told if this fails.
            let _ = to.write_all(&text).and_then(|()| to.flush());
            text.clear();
            if ended {
                return;
            }
        }
    }
}

/// Takes the lines of the log.
struct Writer(Arc<Lines>);

impl<'a> MakeWriter<'a> for Writer {
    type Writer = Line<'a>;

    fn make_writer(&'a self) -> Line<'a> {
        let lines = &self.0;
        Line {
            lines,
            urgent: false,
        }
    }

    fn make_writer_for(&'a self, metadata: &Metadata<'_>) -> Line<'a> {
        let lines = &self.0;
        Line {
            lines,
            urgent: *metadata.level() <= Level::WARN,
        }
    }
}

/// One line: it comes whole, in one piece.
struct Line<'a> {
    lines: &'a Lines,
    urgent: bool,
}

impl Write for Line<'_> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.lines.put(line, self.urgent);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Writes what is left when it goes.
pub(super) struct Guard {
    lines: Arc<Lines>,
    thread: Option<JoinHandle<()>>,
}

impl Guard {
    fn start(lines: Arc<Lines>, to: impl Write + Send + 'static) -> Self {
        let own = Arc::clone(&lines);
        let thread = std::thread::spawn(move || own.write_to(to));
        Self {
            lines,
            thread: Some(thread),
        }
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        let mut state = self.lines.lock();
        (state.urgent, state.ended) = (true, true);
        drop(state);
        self.lines.told.notify_one();
        if let Some(thread) = self.thread.take() {
            // A panic in there was told on standard error already.
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Instant;

    /// Standard error that somebody reads slowly.
    #[derive(Clone, Default)]
    struct Slow {
        read: Arc<Mutex<Vec<u8>>>,
        pause: Duration,
    }

    impl Write for Slow {
        fn write(&mut self, text: &[u8]) -> io::Result<usize> {
            std::thread::sleep(self.pause);
            self.read.lock().unwrap().extend_from_slice(text);
            Ok(text.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn every_line_of_every_thread_is_written_whole() {
        let to = Slow {
            pause: Duration::from_millis(1),
            ..Slow::default()
        };
        let lines = Arc::new(Lines::default());
        let guard = Guard::start(Arc::clone(&lines), to.clone());
        std::thread::scope(|scope| {
            for thread in 0..4 {
                let lines = &lines;
                scope.spawn(move || {
                    for number in 0..20_000 {
                        let line = format!("{thread} {number} {}\n", "x".repeat(200));
                        lines.put(line.as_bytes(), number % 1000 == 0);
                    }
                });
            }
        });
        drop(guard);
        let text = String::from_utf8(to.read.lock().unwrap().clone()).unwrap();
        let mut next = [0; 4];
        for line in text.lines() {
            let mut parts = line.split(' ');
            let thread: usize = parts.next().unwrap().parse().unwrap();
            let number: usize = parts.next().unwrap().parse().unwrap();
            assert_eq!(number, next[thread]);
            assert_eq!(parts.next().unwrap().len(), 200);
            next[thread] += 1;
        }
        assert_eq!(next, [20_000; 4]);
    }

    #[test]
    fn a_warning_does_not_wait_and_a_lone_line_not_for_long() {
        let to = Slow::default();
        let lines = Arc::new(Lines::default());
        let _guard = Guard::start(Arc::clone(&lines), to.clone());
        for urgent in [true, false] {
            let begun = Instant::now();
            let before = to.read.lock().unwrap().len();
            lines.put(b"line\n", urgent);
            while to.read.lock().unwrap().len() == before {
                assert!(begun.elapsed() < Duration::from_secs(5));
                std::thread::sleep(Duration::from_millis(1));
            }
        }
    }
}
