//! Whether the process lives, and whether it can serve.

use actix_web::{HttpResponse, Responder, web};

use super::problem::Problem;
use super::{State, with_store};
use crate::store::{Store, StoreError};

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
