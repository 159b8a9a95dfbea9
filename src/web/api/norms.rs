//! `/api/v1/norms`: forms and rules in force on a day.

use chrono::NaiveDate;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::views;
use crate::views::norms::NormsView;
use crate::web::api::answers::{Reply, shown};
use crate::web::api::call::{Anybody, Call};
use crate::web::params::{Parameters, Params};

/// Parameters of the norms.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Query {
    /// Ngày; mặc định là hôm nay. Hồ sơ theo quy định của ngày tiếp nhận.
    #[serde(default, deserialize_with = "crate::domain::day::some_day")]
    #[param(example = "2026-11-26")]
    on: Option<NaiveDate>,
}

impl Parameters for Query {
    const NAMES: &'static [&'static str] = &["on"];
}

pub async fn show(call: Call<Anybody>, params: Params<Query>) -> Reply<NormsView> {
    let on = params.0.on;
    let norms = call.run(move |store, _, now| {
        Ok(views::norms::norms(
            store,
            on.unwrap_or_else(|| now.date()),
        )?)
    });
    norms.await.map(shown)
}
