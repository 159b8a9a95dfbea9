//! `/api/v1/submissions`: submitting online without an account.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::acts::receive::NewRequest;
use crate::domain::dossier::Channel;
use crate::domain::ids::SubmissionId;
use crate::domain::moment::Moment;
use crate::store::dossiers;
use crate::views::look_up::LookUp;
use crate::web::access::Client;
use crate::web::api::answers::{Answer, Created, fresh};
use crate::web::api::call::Call;
use crate::web::api::dossiers::{ItemInput, read_items};
use crate::web::api::people::PersonInput;
use crate::web::body::{Body, Readable};
use crate::web::headers::IdempotencyKey;
use crate::web::problem::{FieldError, Problem};
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
    /// Trường hợp của thủ tục (hai chữ số), nếu thủ tục chia trường hợp và người nộp biết.
    #[serde(default)]
    #[schema(example = json!(null))]
    case: Option<String>,
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
    pub(crate) fn request(&self, wrong: &mut Vec<FieldError>) -> NewRequest {
        let applicant = self.applicant.read("/applicant", wrong);
        NewRequest {
            case: self.case.clone(),
            channel: Channel::Online,
            return_channel: self.return_channel.unwrap_or_default(),
            delegate: self.delegate.as_ref().map(|p| p.read("/delegate", wrong)),
            items: read_items(&self.items, wrong),
            ..NewRequest::new(&self.unit, &self.procedure, applicant)
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

pub async fn submit(
    call: Call<Client>,
    key: IdempotencyKey,
    body: Body<NewSubmission>,
) -> Result<Answer<Submitted, 202>, Problem> {
    let limits = call.state.settings.limits;
    let carried = call.state.carried.clone();
    let key = key.of_public("submissions", body.hash);
    let new = body.value.request(&mut Vec::new());
    let waiting = call.run(move |store, by, now| {
        Ok(acts::submit::submit(store, &new, &carried, by.address, limits, key, now)?.value)
    });
    let waiting = waiting.await?;
    Ok(fresh(Submitted {
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

pub async fn confirm(call: Call<Client>, body: Body<Code>) -> Created<Confirmed> {
    const MISSING: &str = "không có hồ sơ chờ xác nhận này, hoặc đã hết hạn";
    let id = call.id(SubmissionId, MISSING)?;
    let limits = call.state.settings.limits;
    let confirmed = call.run(move |store, by, now| {
        let code = &body.value.code;
        let dossier = acts::submit::confirm(store, id, code, by.address, limits, now)?;
        let look_up_code = views::look_up::look_up_code(store, dossier)?;
        let number = store.read(|conn| dossiers::case_number(conn, dossier))?;
        let number = number.ok_or_else(|| Problem::not_found(MISSING))?;
        Ok(Confirmed {
            dossier: views::look_up::look_up(store, &number, &look_up_code, crate::clock::now())?,
            look_up_code,
        })
    });
    confirmed.await.map(fresh)
}
