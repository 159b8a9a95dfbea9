//! `/api/v1/lookup`: a dossier as the public may see it.

use actix_web::{HttpResponse, web};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::views;
use crate::views::look_up::LookUp;
use crate::web::access::Client;
use crate::web::params::{Parameters, Params, missing};
use crate::web::problem::{FieldError, Problem};
use crate::web::{State, with_store};

/// Parameters of the look-up.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Query {
    /// Mã hồ sơ.
    #[serde(default)]
    #[param(required = true, example = "H37.20.01-210301-0001")]
    case_number: Option<String>,
    /// Mã tra cứu in trên giấy tiếp nhận.
    #[serde(default)]
    #[param(required = true, example = "ABCDEFGHIJ")]
    code: Option<String>,
}

impl Parameters for Query {
    const NAMES: &'static [&'static str] = &["case_number", "code"];

    fn check(&self) -> Vec<FieldError> {
        missing([("case_number", &self.case_number), ("code", &self.code)])
    }
}

/// Tra cứu hồ sơ bằng mã hồ sơ và mã tra cứu.
#[utoipa::path(
    get, path = "/api/v1/lookup", tag = "Công dân", params(Query),
    responses((status = 200, description = "Hồ sơ", body = LookUp)),
)]
pub async fn look_up(
    state: web::Data<State>,
    client: Client,
    params: Params<Query>,
) -> Result<HttpResponse, Problem> {
    let limits = state.settings.limits;
    let found = with_store(&state, move |store| {
        let Query { case_number, code } = params.0;
        let (number, code) = (case_number.unwrap_or_default(), code.unwrap_or_default());
        views::look_up::look_up_limited(
            store,
            &number,
            &code,
            client.address,
            limits,
            crate::clock::now(),
        )
    })
    .await?;
    Ok(HttpResponse::Ok()
        .insert_header(("Cache-Control", "no-store"))
        .json(found))
}
