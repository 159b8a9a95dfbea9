//! `/api/v1/submissions`: submitting online without an account.

use actix_web::{HttpResponse, web};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::acts::receive::NewRequest;
use crate::domain::dossier::Channel;
use crate::domain::ids::SubmissionId;
use crate::domain::moment::Moment;
use crate::store::dossiers;
use crate::views::look_up::LookUp;
use crate::web::access::Client;
use crate::web::api::dossiers::{ItemInput, read_items};
use crate::web::api::people::PersonInput;
use crate::web::body::{Body, Readable};
use crate::web::headers::IdempotencyKey;
use crate::web::problem::{FieldError, Problem};
use crate::web::{State, with_store};
use crate::{acts, views};

/// What a citizen fills in.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewSubmission {
    /// Mã đơn vị tiếp nhận.
    #[schema(example = "H37.20.01")]
    unit: String,
    /// Mã thủ tục.
    #[schema(example = "2.000815")]
    procedure: String,
    /// Cần số điện thoại hoặc thư điện tử để nhận mã xác nhận.
    applicant: PersonInput,
    #[serde(default)]
    delegate: Option<PersonInput>,
    #[serde(default)]
    return_channel: Option<Channel>,
    #[serde(default)]
    items: Vec<ItemInput>,
}

impl NewSubmission {
    fn request(&self, wrong: &mut Vec<FieldError>) -> NewRequest {
        NewRequest {
            unit: self.unit.clone(),
            procedure: self.procedure.clone(),
            channel: Channel::Online,
            return_channel: self.return_channel.unwrap_or_default(),
            applicant: self.applicant.read("/applicant", wrong),
            delegate: self.delegate.as_ref().map(|p| p.read("/delegate", wrong)),
            sets: 1,
            items: read_items(&self.items, wrong),
            assignee: None,
            late_reason: None,
        }
    }
}

impl Readable for NewSubmission {
    fn check(&self) -> Vec<FieldError> {
        let mut wrong = Vec::new();
        self.request(&mut wrong);
        wrong
    }
}

/// A submission that waits for its code.
#[derive(Serialize, ToSchema)]
pub struct Submitted {
    id: SubmissionId,
    /// Until when the code is taken.
    expires_at: Moment,
    /// `sms` or `email`.
    #[schema(example = "sms")]
    sent_by: &'static str,
    #[schema(example = "*******678")]
    sent_to: String,
}

/// Nộp hồ sơ trực tuyến. Mã xác nhận được gửi đến thư điện tử hoặc số điện thoại của người nộp.
#[utoipa::path(
    post, path = "/api/v1/submissions", tag = "Công dân", request_body = NewSubmission,
    params(("Idempotency-Key" = Option<String>, Header, description = "Khóa để không nộp hai lần")),
    responses((status = 202, description = "Chờ xác nhận", body = Submitted)),
)]
pub async fn submit(
    state: web::Data<State>,
    client: Client,
    key: IdempotencyKey,
    body: Body<NewSubmission>,
) -> Result<HttpResponse, Problem> {
    let limits = state.settings.limits;
    let carried = state.carried.clone();
    let key = key.of_public("submissions", body.hash);
    let new = body.value.request(&mut Vec::new());
    let waiting = with_store(&state, move |store| {
        let now = crate::clock::now();
        acts::submit::submit(store, &new, &carried, client.address, limits, key, now)
    })
    .await?
    .value;
    Ok(HttpResponse::Accepted()
        .insert_header(("Cache-Control", "no-store"))
        .json(Submitted {
            id: waiting.id,
            expires_at: waiting.expires_at,
            sent_by: waiting.sent_by,
            sent_to: waiting.sent_to,
        }))
}

/// The code that was sent.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Code {
    #[schema(example = "012345")]
    code: String,
}

impl Readable for Code {
    const LIMIT: usize = 1024;
}

/// A dossier that a citizen has submitted.
#[derive(Serialize, ToSchema)]
pub struct Confirmed {
    /// For the look-up.
    #[schema(example = "ABCDEFGHIJ")]
    look_up_code: String,
    dossier: LookUp,
}

/// Xác nhận bằng mã; hồ sơ được đăng ký (trạng thái 1) và chờ cán bộ một cửa tiếp nhận.
#[utoipa::path(
    post, path = "/api/v1/submissions/{submission}/confirm", tag = "Công dân", request_body = Code,
    params(("submission" = SubmissionId, Path, description = "Định danh khi nộp")),
    responses((status = 201, description = "Hồ sơ đã đăng ký", body = Confirmed)),
)]
pub async fn confirm(
    state: web::Data<State>,
    client: Client,
    path: web::Path<String>,
    body: Body<Code>,
) -> Result<HttpResponse, Problem> {
    let limits = state.settings.limits;
    let missing = || Problem::not_found("không có hồ sơ chờ xác nhận này, hoặc đã hết hạn");
    let id = path.parse().map(SubmissionId).map_err(|_| missing())?;
    let confirmed = with_store(&state, move |store| {
        let (code, now) = (&body.value.code, crate::clock::now());
        let dossier = acts::submit::confirm(store, id, code, client.address, limits, now)?;
        let look_up_code = views::look_up::look_up_code(store, dossier)?;
        let number = store.read(|conn| dossiers::case_number(conn, dossier))?;
        let number = number.ok_or_else(missing)?;
        Ok::<_, Problem>(Confirmed {
            dossier: views::look_up::look_up(store, &number, &look_up_code, crate::clock::now())?,
            look_up_code,
        })
    })
    .await?;
    Ok(HttpResponse::Created()
        .insert_header(("Cache-Control", "no-store"))
        .json(confirmed))
}
