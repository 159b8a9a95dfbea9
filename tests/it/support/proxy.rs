use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::Database;

/// Stands before PostgreSQL and is what goes wrong between it and the program.
pub struct Proxy {
    url: String,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    upstream: String,
    /// Nothing passes, nothing is closed.
    frozen: AtomicBool,
    /// Whoever connects is turned away.
    away: AtomicBool,
    /// Connections are cut around their commits: of three, one before, one after.
    cutting: AtomicBool,
    commits: AtomicUsize,
    open: Mutex<Vec<TcpStream>>,
}

impl Proxy {
    pub fn before(db: &Database) -> Self {
        let url = db.url();
        let (rest, name) = url.rsplit_once('/').unwrap();
        let (scheme, upstream) = rest.rsplit_once('@').unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(State {
            upstream: upstream.to_owned(),
            ..State::default()
        });
        let accepting = Arc::clone(&state);
        std::thread::spawn(move || {
            for client in listener.incoming() {
                let (Ok(client), state) = (client, Arc::clone(&accepting)) else {
                    return;
                };
                std::thread::spawn(move || serve(&client, &state));
            }
        });
        Self {
            url: format!("{scheme}@{address}/{name}"),
            state,
        }
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    pub fn freeze(&self, frozen: bool) {
        self.state.frozen.store(frozen, Ordering::SeqCst);
    }

    /// As if the server were stopped, or started again.
    pub fn stop(&self, away: bool) {
        self.state.away.store(away, Ordering::SeqCst);
        for socket in self.state.open.lock().unwrap().drain(..) {
            let _ = socket.shutdown(Shutdown::Both);
        }
    }

    pub fn cut_commits(&self, cutting: bool) {
        self.state.cutting.store(cutting, Ordering::SeqCst);
    }
}

fn serve(client: &TcpStream, state: &Arc<State>) {
    wait_while_frozen(state);
    if state.away.load(Ordering::SeqCst) {
        return;
    }
    let server = TcpStream::connect(&state.upstream).unwrap();
    for socket in [client, &server] {
        let _ = socket.set_nodelay(true);
        state.open.lock().unwrap().push(socket.try_clone().unwrap());
    }
    std::thread::scope(|scope| {
        scope.spawn(|| pump(&server, client, state, false));
        pump(client, &server, state, true);
    });
}

fn wait_while_frozen(state: &State) {
    while state.frozen.load(Ordering::SeqCst) {
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn pump(mut from: &TcpStream, mut to: &TcpStream, state: &State, to_server: bool) {
    let mut buffer = [0; 16 * 1024];
    loop {
        let read = from.read(&mut buffer).unwrap_or(0);
        wait_while_frozen(state);
        let bytes = &buffer[..read];
        let commit = to_server && bytes.windows(8).any(|part| part == b"\x0bCOMMIT\0");
        if commit && state.cutting.load(Ordering::SeqCst) {
            match state.commits.fetch_add(1, Ordering::SeqCst) % 3 {
                0 => break,
                1 => {
                    let _ = from.shutdown(Shutdown::Both);
                    let _ = to.write_all(bytes);
                    // It is done, and nobody is told.
                    std::thread::sleep(Duration::from_millis(30));
                    break;
                }
                _ => {}
            }
        }
        if read == 0 || to.write_all(bytes).is_err() {
            break;
        }
    }
    let _ = from.shutdown(Shutdown::Both);
    let _ = to.shutdown(Shutdown::Both);
}
