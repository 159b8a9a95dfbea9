//! Whether the process lives, and whether it can serve.

use actix_web::{HttpResponse, Responder, web};

use super::{Problem, with_store};
use crate::store::Store;

/// `GET /healthz`: the process answers.
pub(super) async fn alive() -> impl Responder {
    HttpResponse::Ok()
        .content_type("text/plain; charset=utf-8")
        .body("ok\n")
}

/// `GET /readyz`: so does the database.
pub(super) async fn ready(store: web::Data<Store>) -> Result<impl Responder, Problem> {
    with_store(store, Store::ping).await?;
    Ok(HttpResponse::Ok()
        .content_type("text/plain; charset=utf-8")
        .body("ok\n"))
}
