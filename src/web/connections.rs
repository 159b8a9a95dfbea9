//! The connections that are open: how many, and an end to those on which nothing happens.
//!
//! actix has timers for the first head and for a connection on which nothing comes, but none for a
//! second head of which only a part comes, for a body that nobody reads, or for an answer that is not
//! taken. So each connection is known here, and one without a request under way is closed in the end.

use std::any::Any;
use std::collections::HashMap;
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::{Duration, Instant};

use actix_web::HttpRequest;
use actix_web::dev::Extensions;

use crate::metrics;

/// Files that the process needs beside its connections: the database, the log, what goes out.
const OTHER_FILES: u64 = 256;

/// How long a connection lives whose body was given up: until the answer is out. It holds what it has
/// read last, and there may be thousands.
const GIVEN_UP: Duration = Duration::from_millis(100);

/// Between two looks at all of them.
const WATCH: Duration = Duration::from_millis(100);

/// What the system keeps of a connection until it is read. actix reads all of that at once, and keeps as
/// much for the connection from then on; the system's own default is 128 KiB.
const RECEIVED: usize = 16 * 1024;

/// Connections that the system takes while the server is busy.
const BACKLOG: i32 = 4096;

/// A connection.
struct Open {
    socket: TcpStream,
    /// Milliseconds of [`CLOCK`]; [`BUSY`] while a request is under way.
    idle_since: AtomicU64,
    ends_soon: AtomicBool,
}

const BUSY: u64 = u64::MAX;

static CLOCK: LazyLock<Instant> = LazyLock::new(Instant::now);

fn now() -> u64 {
    u64::try_from(CLOCK.elapsed().as_millis()).unwrap_or(BUSY - 1)
}

/// What a connection carries; it goes with it.
struct Guard {
    id: u64,
    open: Arc<Open>,
    all: Connections,
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.all.lock().remove(&self.id);
        metrics::HTTP_CONNECTIONS.dec();
    }
}

/// All of them.
#[derive(Clone, Default)]
pub(crate) struct Connections(Arc<Mutex<HashMap<u64, Arc<Open>>>>);

impl Connections {
    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<u64, Arc<Open>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes note of a new connection, for actix's `on_connect`.
    pub(crate) fn on_connect(&self, io: &dyn Any, data: &mut Extensions) {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let Some(io) = io.downcast_ref::<actix_web::rt::net::TcpStream>() else {
            return;
        };
        // A handle of its own, so that it can be closed from here.
        let Ok(socket) = std::os::fd::AsFd::as_fd(io).try_clone_to_owned() else {
            return;
        };
        let open = Arc::new(Open {
            socket: socket.into(),
            idle_since: AtomicU64::new(now()),
            ends_soon: AtomicBool::new(false),
        });
        let id = NEXT.fetch_add(1, Ordering::Relaxed);
        self.lock().insert(id, Arc::clone(&open));
        metrics::HTTP_CONNECTIONS.inc();
        data.insert(Guard {
            id,
            open,
            all: self.clone(),
        });
    }

    /// Closes connections on which there has been no request for `idle`, until all are gone for good.
    pub(crate) fn watch(&self, idle: Duration) {
        let all = Arc::downgrade(&self.0);
        std::thread::spawn(move || {
            while let Some(all) = all.upgrade() {
                let all: Vec<_> = Self(all).lock().values().map(Arc::clone).collect();
                let now = now();
                for open in all {
                    let since = open.idle_since.load(Ordering::Relaxed);
                    let ends_soon = open.ends_soon.load(Ordering::Relaxed);
                    let patience = if ends_soon { GIVEN_UP } else { idle };
                    let idle = Duration::from_millis(now.saturating_sub(since));
                    if since != BUSY && idle >= patience {
                        // It may be closed already.
                        let _ = open.socket.shutdown(Shutdown::Both);
                    }
                }
                std::thread::sleep(WATCH);
            }
        });
    }
}

/// While it lives, the request's connection is not idle.
pub(crate) struct Busy(Option<Arc<Open>>);

/// A request begins.
pub(crate) fn busy(request: &HttpRequest) -> Busy {
    let open = request.conn_data::<Guard>();
    let open = open.map(|guard| Arc::clone(&guard.open));
    if let Some(open) = &open {
        open.idle_since.store(BUSY, Ordering::Relaxed);
    }
    Busy(open)
}

impl Drop for Busy {
    fn drop(&mut self) {
        if let Some(open) = &self.0 {
            open.idle_since.store(now(), Ordering::Relaxed);
        }
    }
}

/// Listens on an address.
pub(crate) fn listen(address: SocketAddr) -> std::io::Result<TcpListener> {
    let listener = TcpListener::bind(address)?;
    rustix::net::sockopt::set_socket_recv_buffer_size(&listener, RECEIVED)?;
    rustix::net::listen(&listener, BACKLOG)?;
    Ok(listener)
}

/// The body was given up before all of it was there: the connection is not kept for the rest.
pub(crate) fn end_soon(request: &HttpRequest) {
    if let Some(guard) = request.conn_data::<Guard>() {
        guard.open.ends_soon.store(true, Ordering::Relaxed);
    }
}

/// Lets the process have the files that so many connections need, two each, and says for how many
/// connections there are enough.
pub(crate) fn room_for(connections: usize) -> usize {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

    let needed = 2 * connections as u64 + OTHER_FILES;
    let limit = getrlimit(Resource::Nofile);
    if limit.current.is_none_or(|current| current >= needed) {
        return connections;
    }
    let possible = limit.maximum.map_or(needed, |most| most.min(needed));
    let raised = Rlimit {
        current: Some(possible),
        maximum: limit.maximum,
    };
    let files = match setrlimit(Resource::Nofile, raised) {
        Ok(()) => possible,
        Err(_) => limit.current.unwrap_or(possible),
    };
    let room = usize::try_from(files.saturating_sub(OTHER_FILES) / 2).unwrap_or(connections);
    let room = room.clamp(64, connections.max(64));
    if room < connections {
        tracing::warn!(
            files,
            room,
            "not as many files may be open as server.connections needs (LimitNOFILE)"
        );
    }
    room
}
