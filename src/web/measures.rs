//! `/metrics`: how the process fares, for Prometheus, on an address of its own. A proxy hands on what
//! the public asks for, and to this server it looks like the machine itself; so the public address has
//! no metrics at all.

use std::io::Write;

use actix_web::dev::ServerHandle;
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, Responder, web};

use crate::store::{StoreError, alarms, outbox, set_aside, tallies};
use crate::web::problem::{Kind, Problem};
use crate::web::{State, no_such_route, with_store};
use crate::{metrics, reports};

/// Begins to serve the metrics, if the settings say where.
///
/// # Errors
/// If the address cannot be listened on.
pub(crate) fn listen(state: &web::Data<State>) -> std::io::Result<Option<ServerHandle>> {
    let Some(address) = state.settings.metrics_listen else {
        return Ok(None);
    };
    let state = state.clone();
    let server = HttpServer::new(move || {
        App::new()
            .app_data(state.clone())
            .route("/metrics", web::get().to(measure))
            .default_service(web::to(no_such_route))
    })
    .workers(1)
    .worker_max_blocking_threads(1)
    .max_connections(16)
    .disable_signals()
    .bind(address)?;
    for address in server.addrs() {
        // Nobody may be reading.
        let _ = writeln!(
            std::io::stdout(),
            "số đo cho Prometheus tại {address}/metrics"
        );
    }
    let server = server.run();
    let handle = server.handle();
    actix_web::rt::spawn(server);
    Ok(Some(handle))
}

/// The metrics, for the networks in `server.metrics_from`.
async fn measure(state: web::Data<State>, request: HttpRequest) -> Result<impl Responder, Problem> {
    // Whoever is connected, whatever they say for whom they ask.
    let peer = request.peer_addr().map(|peer| peer.ip().to_canonical());
    let allowed = &state.settings.metrics_from;
    if !peer.is_some_and(|peer| allowed.iter().any(|net| net.contains(&peer))) {
        return Err(Problem::new(
            Kind::Forbidden,
            "mạng này không được đọc số đo",
        ));
    }
    with_store(&state, |store| {
        let (used, idle) = store.connections();
        let connections = |state: &str, count: u32| {
            let gauge = metrics::CONNECTIONS.with_label_values(&[state]);
            gauge.set(i64::from(count));
        };
        connections("used", used);
        connections("idle", idle);
        let (lag, outbox) = store
            .read(|conn| Ok::<_, StoreError>((tallies::waiting(conn)?, outbox::depth(conn)?)))?;
        metrics::ROLLUP_LAG.set(lag);
        metrics::OUTBOX.set(outbox);
        let (alarms, aside) = store
            .read(|conn| Ok::<_, StoreError>((alarms::count(conn)?, set_aside::count(conn)?)))?;
        for (kind, count) in alarms {
            let gauge = metrics::ALARMS.with_label_values(&[kind.as_str()]);
            gauge.set(count);
        }
        for (work, count) in aside {
            let gauge = metrics::SET_ASIDE.with_label_values(&[work.as_str()]);
            gauge.set(count);
        }
        for (level, standing) in reports::standings::standing_now(store, crate::clock::now())? {
            let gauges = [
                (&metrics::OPEN, standing.in_progress()),
                (&metrics::OVERDUE, standing.in_progress_overdue),
            ];
            for (gauge, count) in gauges {
                gauge.with_label_values(&[level.as_str()]).set(count);
            }
        }
        Ok::<_, Problem>(())
    })
    .await?;
    Ok(HttpResponse::Ok()
        .content_type("text/plain; version=0.0.4; charset=utf-8")
        .body(metrics::text()))
}
