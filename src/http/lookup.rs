//! `GET /api/v1/lookup?case_number=…&code=…`: a dossier as the public may see it.

use actix_web::{HttpResponse, Responder, web};
use serde::Deserialize;

use super::{FieldError, Problem, with_store};
use crate::citizen;
use crate::domain::moment::Moment;
use crate::store::Store;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Query {
    case_number: Option<String>,
    code: Option<String>,
}

pub(super) async fn look_up(
    store: web::Data<Store>,
    query: web::Query<Query>,
) -> Result<impl Responder, Problem> {
    let Query { case_number, code } = query.into_inner();
    let missing = [("case_number", &case_number), ("code", &code)]
        .into_iter()
        .filter(|(_, value)| value.is_none())
        .map(|(field, _)| FieldError {
            field: field.to_owned(),
            detail: "thiếu tham số này".to_owned(),
        });
    let missing: Vec<_> = missing.collect();
    let (Some(case_number), Some(code)) = (case_number, code) else {
        return Err(Problem::invalid(missing));
    };
    let found = with_store(store, move |store| {
        citizen::look_up(store, &case_number, &code, Moment::now())
    })
    .await?;
    Ok(HttpResponse::Ok()
        .insert_header(("Cache-Control", "no-store"))
        .json(found))
}
