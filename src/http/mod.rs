//! The HTTP server: thin handlers over the features.

mod access;
mod api;
mod background;
mod body;
mod failures;
mod headers;
mod health;
mod observe;
mod openapi;
mod params;
mod problem;
mod remembered;
mod routes;
mod schema;

use std::io::Write;
use std::net::SocketAddr;

use actix_web::middleware::from_fn;
use actix_web::{App, HttpServer, web};
use tokio::sync::Semaphore;

pub use access::Access;
pub use openapi::{document, schemas_in_conflict};
pub use problem::{FieldError, Kind, Problem};
pub use routes::{Route, table};

use crate::accounts::{Oidc, OidcSettings};
use crate::config::ServerSettings;
use crate::store::Store;
use background::Background;
pub use background::Settings;
use remembered::Remembered;

/// How many threads wait for the database, all workers together: more would only wait for its
/// connections, and each keeps memory.
const BLOCKING: usize = 32;

/// How many of them may wait for the OpenID Connect provider.
const OIDC_AT_ONCE: usize = 4;

/// What every handler may use.
pub(crate) struct State {
    pub store: Store,
    pub settings: ServerSettings,
    pub oidc: Option<Oidc>,
    /// A provider that does not answer holds few threads.
    pub oidc_turns: Semaphore,
    pub remembered: Remembered,
}

/// Serves until the process is told to stop (SIGINT, SIGTERM); what was accepted is finished.
///
/// # Errors
/// If the address cannot be listened on.
pub fn serve(
    store: Store,
    settings: ServerSettings,
    oidc: Option<OidcSettings>,
    listen: SocketAddr,
    background: Settings,
) -> std::io::Result<()> {
    let state = State {
        store,
        remembered: Remembered::new(settings.remembered_bytes),
        settings,
        oidc: oidc.map(Oidc::new),
        oidc_turns: Semaphore::new(OIDC_AT_ONCE),
    };
    actix_web::rt::System::new().block_on(run(state, listen, background))
}

async fn run(state: State, listen: SocketAddr, background: Settings) -> std::io::Result<()> {
    let store = state.store.clone();
    let state = web::Data::new(state);
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    let server = HttpServer::new(move || {
        App::new()
            .app_data(state.clone())
            .wrap(from_fn(observe::observe))
            .configure(routes::register)
            .service(openapi::browser())
            .default_service(web::to(no_such_route))
    })
    .workers(workers)
    .worker_max_blocking_threads(BLOCKING.div_ceil(workers).max(8))
    .shutdown_timeout(20)
    .bind(listen)?;
    for address in server.addrs() {
        // The tests, and people who asked for port 0, read the address from this line.
        // Nobody may be reading.
        let _ = writeln!(
            std::io::stdout(),
            "motcua đang phục vụ tại http://{address}"
        );
    }
    // Only a server that can serve changes anything by itself.
    let background = Background::start(&store, background);
    let served = server.run().await;
    background.stop();
    served
}

async fn no_such_route(request: actix_web::HttpRequest) -> Problem {
    Problem::not_found(format!("không có địa chỉ {}", request.path()))
}

/// Runs blocking work on the store off the server's own threads.
async fn with_store<T, E>(
    state: &web::Data<State>,
    work: impl FnOnce(&Store) -> Result<T, E> + Send + 'static,
) -> Result<T, Problem>
where
    T: Send + 'static,
    E: Send + 'static,
    Problem: From<E>,
{
    let store = state.store.clone();
    let span = tracing::Span::current();
    Ok(web::block(move || span.in_scope(|| work(&store))).await??)
}
