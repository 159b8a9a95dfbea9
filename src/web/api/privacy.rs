//! `/api/v1/privacy/requests`: the register of what people ask about their own data.

use serde::Deserialize;
use utoipa::ToSchema;

use crate::acts::privacy::{NewRequest, Step};
use crate::domain::ids::PrivacyRequestId;
use crate::domain::moment::Moment;
use crate::domain::privacy::Request;
use crate::views::privacy::PrivacyRequestView;
use crate::web::api::answers::{Created, Reply, fresh};
use crate::web::api::call::Call;
use crate::web::api::check_length;
use crate::web::api::page::{Everything, ListQuery, Page, Row};
use crate::web::body::{Body, Readable};
use crate::web::headers::IdempotencyKey;
use crate::web::problem::{FieldError, Problem};
use crate::{acts, views};

impl Row for PrivacyRequestView {
    const PAGE: &'static str = "PrivacyRequestPage";
}

/// A page of them.
pub type PrivacyRequestPage = Page<PrivacyRequestView>;

fn named(call: &Call) -> Result<PrivacyRequestId, Problem> {
    call.id(PrivacyRequestId, "không có yêu cầu này")
}

pub async fn list(
    call: Call,
    query: ListQuery<Everything, PrivacyRequestId>,
) -> Reply<PrivacyRequestPage> {
    let page = query.page;
    let (before, limit) = (page.after, page.and_one());
    let found = call
        .run(move |store, by, now| Ok(views::privacy::list(store, by.unit, before, limit, now)?));
    Ok(fresh(page.page(found.await?, |one| one.id)))
}

pub async fn show(call: Call) -> Reply<PrivacyRequestView> {
    let id = named(&call)?;
    call.run(move |store, by, now| Ok(views::privacy::find(store, id, by.unit, now)?))
        .await
        .map(fresh)
}

/// What somebody asks about their data.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPrivacyRequest {
    /// Mã hồ sơ hoặc định danh, nơi có dữ liệu của người yêu cầu.
    #[schema(example = "H37.20.01-210301-0001")]
    dossier: String,
    /// Người được ủy quyền yêu cầu; mặc định là người nộp.
    #[serde(default)]
    of_delegate: bool,
    what: Request,
    /// Nội dung cụ thể; không ghi số định danh.
    #[serde(default)]
    #[schema(example = "Xem dữ liệu đang được lưu")]
    note: String,
    /// Thời điểm nhận yêu cầu, nếu nhập sau; mặc định là bây giờ.
    #[serde(default)]
    #[schema(example = json!(null))]
    received_at: Option<Moment>,
}

impl Readable for NewPrivacyRequest {
    fn check(&self) -> Vec<FieldError> {
        let mut wrong = Vec::new();
        check_length("/dossier", &self.dossier, 100, &mut wrong);
        check_length("/note", &self.note, 2000, &mut wrong);
        wrong
    }
}

pub async fn receive(
    call: Call,
    key: IdempotencyKey,
    body: Body<NewPrivacyRequest>,
) -> Created<PrivacyRequestView> {
    let key = key.of_staff("privacy_requests", &call.by, body.hash);
    let new = NewRequest {
        dossier: body.value.dossier,
        of_delegate: body.value.of_delegate,
        what: body.value.what,
        note: body.value.note,
        received_at: body.value.received_at,
    };
    let made =
        call.run(move |store, by, now| Ok(acts::privacy::receive(store, new, by.proof, key, now)?));
    let made = made.await?;
    let address = format!("/api/v1/privacy/requests/{}", made.value.id);
    Ok(fresh(made.value).at(address).replayed(made.before))
}

/// Nothing more to be said.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Noted {}

impl Readable for Noted {}

/// Why not.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RefusedRequest {
    /// Lý do từ chối.
    #[schema(example = "Hồ sơ phải lưu trữ theo quy định của pháp luật về lưu trữ")]
    reason: String,
}

impl Readable for RefusedRequest {
    fn check(&self) -> Vec<FieldError> {
        let mut wrong = Vec::new();
        check_length("/reason", &self.reason, 2000, &mut wrong);
        wrong
    }
}

async fn advance(call: Call, step: Step) -> Reply<PrivacyRequestView> {
    let id = named(&call)?;
    call.run(move |store, by, now| Ok(acts::privacy::advance(store, id, step, by.proof, now)?))
        .await
        .map(fresh)
}

pub async fn answer(call: Call, _: Body<Noted>) -> Reply<PrivacyRequestView> {
    advance(call, Step::Answer).await
}

pub async fn done(call: Call, _: Body<Noted>) -> Reply<PrivacyRequestView> {
    advance(call, Step::Done).await
}

pub async fn refuse(call: Call, body: Body<RefusedRequest>) -> Reply<PrivacyRequestView> {
    let reason = body.value.reason;
    advance(call, Step::Refuse { reason }).await
}
