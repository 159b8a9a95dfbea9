//! `/api/v1/time-limit`: the return date before anything is taken in.

use actix_web::{HttpResponse, web};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::domain::moment::Moment;
use crate::views;
use crate::views::time_limit::Preview;
use crate::web::params::{Parameters, Params, missing};
use crate::web::problem::{FieldError, Problem};
use crate::web::{State, with_store};

/// Parameters of the preview.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Query {
    /// Mã thủ tục.
    #[serde(default)]
    #[param(required = true, example = "2.000815")]
    procedure: Option<String>,
    /// Mã đơn vị tiếp nhận.
    #[serde(default)]
    #[param(required = true, example = "H37.20.01")]
    unit: Option<String>,
    /// Thời điểm tiếp nhận; mặc định là bây giờ.
    #[serde(default)]
    received_at: Option<Moment>,
}

impl Parameters for Query {
    const NAMES: &'static [&'static str] = &["procedure", "unit", "received_at"];

    fn check(&self) -> Vec<FieldError> {
        missing([("procedure", &self.procedure), ("unit", &self.unit)])
    }
}

/// Ngày hẹn trả kết quả nếu tiếp nhận vào thời điểm đó.
#[utoipa::path(
    get, path = "/api/v1/time-limit", tag = "Danh mục", params(Query),
    responses((status = 200, description = "Ngày hẹn trả", body = Preview)),
)]
pub async fn preview(
    state: web::Data<State>,
    params: Params<Query>,
) -> Result<HttpResponse, Problem> {
    let query = params.0;
    let preview = with_store(&state, move |store| {
        let (procedure, unit) = (
            query.procedure.unwrap_or_default(),
            query.unit.unwrap_or_default(),
        );
        let at = query.received_at.unwrap_or_else(crate::clock::now);
        views::time_limit::preview(store, &procedure, &unit, at)
    })
    .await?;
    Ok(HttpResponse::Ok().json(preview))
}
