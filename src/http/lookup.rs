//! `GET /api/v1/lookup?case_number=…&code=…`: a dossier as the public may see it.

use actix_web::{HttpResponse, Responder, web};
use serde::Deserialize;

use super::{Problem, with_store};
use crate::citizen;
use crate::domain::moment::Moment;
use crate::store::Store;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Query {
    case_number: String,
    code: String,
}

pub(super) async fn look_up(
    store: web::Data<Store>,
    query: web::Query<Query>,
) -> Result<impl Responder, Problem> {
    let Query { case_number, code } = query.into_inner();
    let found = with_store(store, move |store| {
        citizen::look_up(store, &case_number, &code, Moment::now())
    })
    .await?;
    Ok(HttpResponse::Ok()
        .insert_header(("Cache-Control", "no-store"))
        .json(found))
}
