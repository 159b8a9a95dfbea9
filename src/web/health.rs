//! Whether the process lives, and whether it can serve.

use std::time::Duration;

use actix_web::{HttpResponse, Responder, web};

use crate::store::{Store, StoreError};
use crate::web::State;
use crate::web::problem::{Kind, Problem};
use crate::web::waiting::urgently;

const TEXT: &str = "text/plain; charset=utf-8";

/// Tiến trình đang chạy.
#[utoipa::path(
    get, path = "/healthz", tag = "Vận hành",
    responses((status = 200, description = "ok", body = String, content_type = "text/plain", example = json!("ok\n"))),
)]
pub(crate) async fn alive() -> impl Responder {
    HttpResponse::Ok().content_type(TEXT).body("ok\n")
}

/// How long whoever asks is kept waiting.
const READY_WITHIN: Duration = Duration::from_millis(1500);

/// Cơ sở dữ liệu đọc và ghi được; 503 nếu không, trong vòng hai giây.
#[utoipa::path(
    get, path = "/readyz", tag = "Vận hành",
    responses((status = 200, description = "ok", body = String, content_type = "text/plain", example = json!("ok\n"))),
)]
pub(crate) async fn ready(state: web::Data<State>) -> Result<impl Responder, Problem> {
    if state.traffic.is_stopping() {
        return Err(Problem::new(Kind::Stopping, "máy chủ đang dừng"));
    }
    crate::clock::check().map_err(StoreError::from)?;
    let checked = urgently(&state, READY_WITHIN, Store::check).await;
    if let Err(problem) = checked {
        // Nobody has asked for anything whose outcome could matter.
        return Err(match problem.kind() {
            Kind::OutcomeUnknown => Problem::new(
                Kind::DatabaseUnavailable,
                "không ghi được vào cơ sở dữ liệu",
            ),
            _ => problem,
        });
    }
    Ok(HttpResponse::Ok().content_type(TEXT).body("ok\n"))
}
