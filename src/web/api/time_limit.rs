//! `/api/v1/time-limit`: the return date before anything is taken in.

use serde::Deserialize;
use utoipa::IntoParams;

use crate::domain::dossier::Channel;
use crate::domain::moment::Moment;
use crate::views;
use crate::views::time_limit::{Asked, Preview};
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
    /// Mã đơn vị có thẩm quyền giải quyết.
    #[serde(default)]
    #[param(required = true, example = "H37.20.01")]
    unit: Option<String>,
    /// Trường hợp của thủ tục (hai chữ số), nếu không ghi trong mã thủ tục.
    #[serde(default)]
    case: Option<String>,
    /// Hình thức nộp; mặc định là trực tiếp.
    #[serde(default)]
    channel: Option<Channel>,
    /// Thời điểm tiếp nhận; mặc định là bây giờ.
    #[serde(default)]
    received_at: Option<Moment>,
}

impl Parameters for Query {
    const NAMES: &'static [&'static str] = &["procedure", "unit", "case", "channel", "received_at"];

    fn check(&self) -> Vec<FieldError> {
        missing([("procedure", &self.procedure), ("unit", &self.unit)])
    }
}

pub async fn preview(call: Call<Anybody>, params: Params<Query>) -> Reply<Preview> {
    let query = params.0;
    let preview = call.run(move |store, _, now| {
        let asked = Asked {
            procedure: query.procedure.unwrap_or_default(),
            unit: query.unit.unwrap_or_default(),
            case: query.case,
            channel: query.channel.unwrap_or_default(),
            received_at: query.received_at.unwrap_or(now),
        };
        Ok(views::time_limit::preview(store, &asked)?)
    });
    preview.await.map(shown)
}
