//! Whether the process lives, whether it can serve, and how it fares.

use actix_web::{HttpResponse, Responder, web};

use super::access::Client;
use super::problem::{Kind, Problem};
use super::{State, with_store};
use crate::metrics;
use crate::store::{Store, StoreError, outbox, tallies};
use crate::supervision;

const TEXT: &str = "text/plain; charset=utf-8";

/// Tiến trình đang chạy.
#[utoipa::path(
    get, path = "/healthz", tag = "Vận hành",
    responses((status = 200, description = "ok", body = String, content_type = "text/plain", example = json!("ok\n"))),
)]
pub(super) async fn alive() -> impl Responder {
    HttpResponse::Ok().content_type(TEXT).body("ok\n")
}

/// Cơ sở dữ liệu trả lời; 503 nếu không.
#[utoipa::path(
    get, path = "/readyz", tag = "Vận hành",
    responses((status = 200, description = "ok", body = String, content_type = "text/plain", example = json!("ok\n"))),
)]
pub(super) async fn ready(state: web::Data<State>) -> Result<impl Responder, Problem> {
    crate::clock::check().map_err(StoreError::from)?;
    with_store(&state, Store::ping).await?;
    Ok(HttpResponse::Ok().content_type(TEXT).body("ok\n"))
}

/// Số đo cho Prometheus; chỉ các mạng trong server.metrics_from được đọc.
#[utoipa::path(
    get, path = "/metrics", tag = "Vận hành",
    responses((status = 200, description = "Số đo theo định dạng văn bản của Prometheus", body = String, content_type = "text/plain", example = json!("motcua_outbox_waiting 0\n"))),
)]
pub(super) async fn measure(
    state: web::Data<State>,
    client: Client,
) -> Result<impl Responder, Problem> {
    let allowed = &state.settings.metrics_from;
    if !allowed.iter().any(|net| net.contains(&client.address)) {
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
        for (level, standing) in supervision::standing_now(store, crate::clock::now())? {
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
