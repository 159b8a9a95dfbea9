//! `/api/v1/lookup`: a dossier as the public may see it.

use serde::Deserialize;
use utoipa::IntoParams;

use crate::views;
use crate::views::look_up::LookUp;
use crate::web::access::Client;
use crate::web::api::answers::{Reply, fresh};
use crate::web::api::call::Call;
use crate::web::params::{Parameters, Params, missing};
use crate::web::problem::FieldError;

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

pub async fn look_up(call: Call<Client>, params: Params<Query>) -> Reply<LookUp> {
    let limits = call.state.settings.limits;
    let Query { case_number, code } = params.0;
    let (number, code) = (case_number.unwrap_or_default(), code.unwrap_or_default());
    let found = call.run(move |store, by, now| {
        let address = by.address;
        Ok(views::look_up::look_up_limited(
            store, &number, &code, address, limits, now,
        )?)
    });
    found.await.map(fresh)
}
