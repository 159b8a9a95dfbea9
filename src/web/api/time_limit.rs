//! `/api/v1/time-limit`: the return date before anything is taken in.

use serde::Deserialize;
use utoipa::IntoParams;

use crate::domain::moment::Moment;
use crate::views;
use crate::views::time_limit::Preview;
use crate::web::api::answers::{Reply, shown};
use crate::web::api::call::{Anybody, Call};
use crate::web::params::{Parameters, Params, missing};
use crate::web::problem::FieldError;

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

pub async fn preview(call: Call<Anybody>, params: Params<Query>) -> Reply<Preview> {
    let query = params.0;
    let (procedure, unit) = (
        query.procedure.unwrap_or_default(),
        query.unit.unwrap_or_default(),
    );
    let preview = call.run(move |store, _, now| {
        let at = query.received_at.unwrap_or(now);
        Ok(views::time_limit::preview(store, &procedure, &unit, at)?)
    });
    preview.await.map(shown)
}
