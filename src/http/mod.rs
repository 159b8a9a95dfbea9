//! The HTTP server: thin handlers over the features.

mod health;
mod lookup;
mod problem;
mod reports;

use std::io::Write;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use actix_web::{App, HttpServer, guard, middleware, web};

pub use problem::{FieldError, Problem};

use crate::desk::housekeeping;
use crate::domain::moment::Moment;
use crate::store::Store;

/// Serves until the process is told to stop (SIGINT, SIGTERM); what was accepted is finished.
///
/// # Errors
/// If the address cannot be listened on.
pub fn serve(store: Store, listen: SocketAddr, every: Duration) -> std::io::Result<()> {
    actix_web::rt::System::new().block_on(run(store, listen, every))
}

async fn run(store: Store, listen: SocketAddr, every: Duration) -> std::io::Result<()> {
    let background = store.clone();
    let store = web::Data::new(store);
    let server = HttpServer::new(move || {
        App::new()
            .app_data(store.clone())
            .app_data(
                web::QueryConfig::default()
                    .error_handler(|error, _| Problem::bad_query(&error).into()),
            )
            .wrap(middleware::DefaultHeaders::new().add(("X-Content-Type-Options", "nosniff")))
            .configure(routes)
            .default_service(web::to(no_such_route))
    })
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
    let background = Background::start(background, every);
    let served = server.run().await;
    background.stop();
    served
}

fn routes(config: &mut web::ServiceConfig) {
    config
        .service(get("/healthz", web::route().to(health::alive)))
        .service(get("/readyz", web::route().to(health::ready)))
        .service(get("/api/v1/lookup", web::route().to(lookup::look_up)))
        .service(get("/api/v1/reports/cchc", web::route().to(reports::cchc)))
        .service(get(
            "/api/v1/reports/on-time",
            web::route().to(reports::on_time),
        ))
        .service(get(
            "/api/v1/reports/06a",
            web::route().to(reports::form_06a),
        ));
}

/// A resource that only knows GET (and HEAD).
fn get(path: &str, route: actix_web::Route) -> actix_web::Resource {
    web::resource(path)
        .route(route.guard(guard::Any(guard::Get()).or(guard::Head())))
        .default_service(web::to(no_such_method))
}

async fn no_such_route(request: actix_web::HttpRequest) -> Problem {
    Problem::not_found(format!("không có địa chỉ {}", request.path()))
}

async fn no_such_method() -> Problem {
    Problem::method_not_allowed()
}

impl actix_web::Responder for Problem {
    type Body = actix_web::body::BoxBody;

    fn respond_to(self, _: &actix_web::HttpRequest) -> actix_web::HttpResponse {
        actix_web::ResponseError::error_response(&self)
    }
}

/// Runs blocking work on the store off the server's own threads.
async fn with_store<T, E>(
    store: web::Data<Store>,
    work: impl FnOnce(&Store) -> Result<T, E> + Send + 'static,
) -> Result<T, Problem>
where
    T: Send + 'static,
    E: Send + 'static,
    Problem: From<E>,
{
    Ok(web::block(move || work(&store)).await??)
}

/// The thread that does the housekeeping between requests.
struct Background {
    stop: Arc<AtomicBool>,
    thread: std::thread::JoinHandle<()>,
}

impl Background {
    fn start(store: Store, every: Duration) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread = std::thread::spawn(move || {
            while !stopped.load(Ordering::Relaxed) {
                let round =
                    std::panic::AssertUnwindSafe(|| housekeeping::run(&store, Moment::now()));
                match std::panic::catch_unwind(round) {
                    Ok(Ok(round)) => {
                        for unit in &round.without_successor {
                            tracing::warn!(
                                unit,
                                "a dissolved unit has open dossiers and no successor"
                            );
                        }
                        tracing::debug!(?round, "housekeeping");
                    }
                    Ok(Err(error)) => tracing::error!(%error, "housekeeping failed; it goes on"),
                    Err(_) => tracing::error!("housekeeping panicked; it goes on"),
                }
                std::thread::park_timeout(every);
            }
        });
        Self { stop, thread }
    }

    fn stop(self) {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.thread().unpark();
        if self.thread.join().is_err() {
            tracing::error!("the housekeeping thread panicked");
        }
    }
}
