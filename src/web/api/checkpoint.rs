//! `/api/v1/checkpoint`: what vouches for the log, for everybody.

use actix_web::{HttpResponse, web};
use data_encoding::BASE64;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::acts;
use crate::web::api::answers::{Reply, shown};
use crate::web::api::call::{Anybody, Call};
use crate::web::params::{Parameters, Params, from_text};
use crate::web::problem::{FieldError, Problem};
use crate::web::{State, with_store};

const TEXT: &str = "text/plain; charset=utf-8";

/// Điểm chốt của nhật ký: số mục, gốc cây Merkle, chữ ký Ed25519 (c2sp.org/tlog-checkpoint).
#[utoipa::path(
    get, path = "/api/v1/checkpoint", tag = "Nhật ký",
    responses((
        status = 200, description = "Bản ghi có chữ ký", body = String, content_type = "text/plain",
        example = json!("motcua.local/0123456789abcdef\n3\nvQ…=\n\n— motcua.local/0123456789abcdef Az…=\n"),
    )),
)]
pub async fn show(state: web::Data<State>) -> Result<HttpResponse, Problem> {
    let key = state.log_key.clone();
    let note = with_store(&state, move |store| {
        acts::checkpoint::checkpoint(store, &key, crate::clock::now())
    })
    .await?;
    Ok(HttpResponse::Ok()
        .content_type(TEXT)
        .insert_header(("Cache-Control", "no-store"))
        .body(note))
}

/// Khóa công khai của nhật ký.
#[utoipa::path(
    get, path = "/api/v1/checkpoint/key", tag = "Nhật ký",
    responses((
        status = 200, description = "Khóa (c2sp.org/signed-note)", body = String,
        content_type = "text/plain", example = json!("motcua.local/0123456789abcdef+c74f20a3+ARpc…\n"),
    )),
)]
pub async fn key(state: web::Data<State>) -> HttpResponse {
    HttpResponse::Ok()
        .content_type(TEXT)
        .body(format!("{}\n", state.log_key.public()))
}

/// Parameters of a proof.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Sizes {
    /// Số mục của điểm chốt trước.
    #[serde(default, deserialize_with = "from_text")]
    #[param(value_type = Option<u64>, required = true, example = 1)]
    from: Option<u64>,
    /// Số mục của điểm chốt sau.
    #[serde(default, deserialize_with = "from_text")]
    #[param(value_type = Option<u64>, required = true, example = 1)]
    to: Option<u64>,
}

impl Parameters for Sizes {
    const NAMES: &'static [&'static str] = &["from", "to"];

    fn check(&self) -> Vec<FieldError> {
        let mut wrong = Vec::new();
        for (name, value) in [("from", self.from), ("to", self.to)] {
            if value.is_none() {
                wrong.push(FieldError::new(name, "thiếu"));
            }
        }
        if let (Some(from), Some(to)) = (self.from, self.to)
            && from > to
        {
            wrong.push(FieldError::new("from", "lớn hơn to"));
        }
        wrong
    }
}

/// Shows that a log only grew (RFC 9162, 2.1.4).
#[derive(Serialize, ToSchema)]
pub struct Consistency {
    from: u64,
    to: u64,
    /// Hashes of subtrees, in base64.
    proof: Vec<String>,
}

pub async fn consistency(call: Call<Anybody>, params: Params<Sizes>) -> Reply<Consistency> {
    let (from, to) = (params.0.from.unwrap_or(0), params.0.to.unwrap_or(0));
    let proof = call.run(move |store, _, _| Ok(acts::checkpoint::consistency(store, from, to)?));
    let missing = || Problem::invalid_field("to", "nhật ký chưa có nhiều mục đến thế");
    let proof = proof.await?.ok_or_else(missing)?;
    let proof = proof.iter().map(|hash| BASE64.encode(hash)).collect();
    Ok(shown(Consistency { from, to, proof }))
}
