//! The HTTP server: thin handlers over the features.

mod access;
mod api;
mod body;
mod connections;
mod cookies;
mod failures;
mod headers;
mod health;
mod intake;
mod measures;
mod observe;
mod openapi;
mod pages;
mod params;
mod problem;
mod routes;
mod schema;
pub mod settings;
mod stopping;
mod turns;
mod waiting;

use std::collections::BTreeSet;
use std::io::Write;
use std::net::SocketAddr;
use std::time::Duration;

use actix_web::middleware::from_fn;
use actix_web::{App, HttpServer, web};

pub use crate::web::access::Access;
pub use crate::web::intake::IntakeSettings;
pub use crate::web::openapi::{document, schemas_in_conflict};
pub use crate::web::problem::{FieldError, Kind, Problem};
pub use crate::web::routes::{Route, pages as page_routes, screens, table};

use crate::acts::log_key::LogKey;
use crate::acts::oidc::{Oidc, OidcSettings};
use crate::jobs::Background;
pub use crate::jobs::Settings;
use crate::store::{Store, outbox};
use crate::web::connections::Connections;
use crate::web::intake::Intake;
use crate::web::settings::ServerSettings;
use crate::web::turns::Turns;

use crate::web::stopping::Traffic;
use crate::web::waiting::with_store;

/// How many of them may wait for the OpenID Connect provider.
const OIDC_AT_ONCE: usize = 4;

/// How many passwords are hashed at once: each takes 19 MiB while it is.
const PASSWORDS_AT_ONCE: usize = 2;

/// How many log-ins wait for either: some seconds' work.
const LOG_INS_WAITING: usize = 100;

/// How a server holds itself against those who would take all of it.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// Connections at once.
    pub connections: usize,
    /// How long one stays open for the next request.
    pub keep_alive: Duration,
    /// How long the head of a connection's first request may take.
    pub head: Duration,
    /// How long a connection lives on which there is no request under way, whatever comes or goes.
    pub idle: Duration,
    pub bodies: IntakeSettings,
}

/// What every handler may use.
pub(crate) struct State {
    pub store: Store,
    pub settings: ServerSettings,
    pub oidc: Option<Oidc>,
    /// A provider that does not answer holds few threads.
    pub oidc_turns: Turns,
    pub password_turns: Turns,
    pub intake: Intake,
    /// By what messages go at all.
    pub carried: BTreeSet<outbox::Kind>,
    pub turns: waiting::Turns,
    pub traffic: Traffic,
    /// What the log's notes are signed with.
    pub log_key: LogKey,
}

/// Serves until the process is told to stop (SIGINT, SIGTERM); what had been sent is answered.
///
/// # Errors
/// If the address cannot be listened on.
pub fn serve(
    store: Store,
    settings: ServerSettings,
    oidc: Option<OidcSettings>,
    log_key: LogKey,
    listen: SocketAddr,
    background: Settings,
) -> std::io::Result<()> {
    let state = State {
        store,
        intake: Intake::new(settings.bounds.bodies),
        settings,
        carried: background.outgoing.carried(),
        oidc: oidc.map(Oidc::new),
        oidc_turns: Turns::new(OIDC_AT_ONCE, LOG_INS_WAITING),
        password_turns: Turns::new(PASSWORDS_AT_ONCE, LOG_INS_WAITING),
        turns: waiting::Turns::new(),
        traffic: Traffic::default(),
        log_key,
    };
    actix_web::rt::System::new().block_on(run(state, listen, background))
}

async fn run(state: State, listen: SocketAddr, background: Settings) -> std::io::Result<()> {
    // Before anybody can know that the server is there.
    let signals = stopping::Signals::new()?;
    let (store, log_key) = (state.store.clone(), state.log_key.clone());
    let state = web::Data::new(state);
    let stopping = state.clone();
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    let metrics = measures::listen(&state)?;
    let bounds = state.settings.bounds;
    let room = connections::room_for(bounds.connections);
    let open = Connections::default();
    open.watch(bounds.idle);
    let server = HttpServer::new(move || {
        App::new()
            .app_data(state.clone())
            .wrap(from_fn(observe::observe))
            .configure(routes::register)
            .service(openapi::browser())
            .default_service(web::to(no_such_route))
    })
    .workers(workers)
    .worker_max_blocking_threads(waiting::THREADS)
    .max_connections(room.div_ceil(workers))
    .keep_alive(bounds.keep_alive)
    .client_request_timeout(bounds.head)
    .on_connect(move |io, data| open.on_connect(io, data))
    .shutdown_timeout(20)
    .disable_signals()
    .listen(connections::listen(listen)?)?;
    for address in server.addrs() {
        // The tests, and people who asked for port 0, read the address from this line.
        // Nobody may be reading.
        let _ = writeln!(
            std::io::stdout(),
            "motcua đang phục vụ tại http://{address}"
        );
    }
    // Only a server that can serve changes anything by itself.
    let background = Background::start(&store, background, log_key);
    let server = server.run();
    actix_web::rt::spawn(stopping::when_told(signals, server.handle(), stopping));
    let served = server.await;
    if let Some(metrics) = metrics {
        metrics.stop(false).await;
    }
    background.stop();
    served
}

async fn no_such_route(request: actix_web::HttpRequest) -> Problem {
    Problem::not_found(format!("không có địa chỉ {}", request.path()))
}
