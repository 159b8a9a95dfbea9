//! `/api/v1/privacy`: the register of what people ask about their own data, and who has read whose identity number.

use chrono::NaiveDate;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use crate::acts::privacy::{NewRequest, Readings, Step};
use crate::domain::case_number::CaseNumber;
use crate::domain::ids::{MessageId, PrivacyRequestId};
use crate::domain::moment::Moment;
use crate::domain::privacy::Request;
use crate::store::idempotency::Happened;
use crate::views::privacy::{PrivacyRequestView, ReadingLine};
use crate::web::api::answers::{Created, Csv, Reply, fresh};
use crate::web::api::call::Call;
use crate::web::api::page::{Everything, ListQuery, Page, Row, Wanted};
use crate::web::api::{check_length, check_no_number};
use crate::web::body::{Body, Readable};
use crate::web::headers::IdempotencyKey;
use crate::web::params::Parameters;
use crate::web::problem::{FieldError, Kind, Problem};
use crate::{acts, views};

impl Row for PrivacyRequestView {
    const PAGE: &'static str = "PrivacyRequestPage";
}

/// A page of them.
pub type PrivacyRequestPage = Page<PrivacyRequestView>;

pub(crate) fn named(call: &Call) -> Result<PrivacyRequestId, Problem> {
    call.id(PrivacyRequestId, "không có yêu cầu này")
}

pub async fn list(
    call: Call,
    query: ListQuery<Everything, PrivacyRequestId>,
) -> Reply<PrivacyRequestPage> {
    let page = call.page(query.page, views::privacy::list, |one| one.id);
    page.await.map(fresh)
}

pub async fn show(call: Call) -> Reply<PrivacyRequestView> {
    let id = named(&call)?;
    call.run(move |store, by, now| Ok(views::privacy::find(store, id, by.unit, now)?))
        .await
        .map(fresh)
}

impl Row for ReadingLine {
    const PAGE: &'static str = "ReadingPage";
}

/// A page of readings.
pub type ReadingPage = Page<ReadingLine>;

/// Which readings.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Span {
    /// Từ ngày.
    #[serde(default, deserialize_with = "crate::domain::day::some_day")]
    #[param(value_type = Option<NaiveDate>, required = true, example = "2026-11-01")]
    from: Option<NaiveDate>,
    /// Đến hết ngày.
    #[serde(default, deserialize_with = "crate::domain::day::some_day")]
    #[param(value_type = Option<NaiveDate>, required = true, example = "2026-11-30")]
    to: Option<NaiveDate>,
    /// Mã hồ sơ: chỉ của hồ sơ này.
    #[serde(default)]
    #[param(example = "H37.20.01-210301-0001")]
    dossier: Option<String>,
    /// Tên đăng nhập: chỉ những lượt của người này.
    #[serde(default)]
    #[param(example = "h37.20.01.clerk")]
    username: Option<String>,
}

impl Parameters for Span {
    const NAMES: &'static [&'static str] = &["from", "to", "dossier", "username"];

    fn check(&self) -> Vec<FieldError> {
        let mut wrong = Vec::new();
        for (field, day) in [("from", self.from), ("to", self.to)] {
            if day.is_none() {
                wrong.push(FieldError::new(field, "thiếu ngày, ví dụ 2026-11-01"));
            }
        }
        if let Some(Err(error)) = self.dossier.as_deref().map(CaseNumber::parse) {
            wrong.push(FieldError::new("dossier", error));
        }
        wrong
    }
}

impl Span {
    pub(crate) fn asked(&self) -> Readings {
        let number = self.dossier.as_deref().map(CaseNumber::parse);
        Readings {
            from: self.from.unwrap_or_default(),
            to: self.to.unwrap_or_default(),
            dossier: number.and_then(Result::ok),
            username: self.username.clone(),
        }
    }
}

/// A page of readings: their lines, and where the next one begins.
pub(crate) async fn read(
    call: &Call,
    asked: Readings,
    page: Wanted<MessageId>,
) -> Result<ReadingPage, Problem> {
    let (after, limit) = (page.after, page.and_one());
    let lines = call.run(move |store, by, now| {
        Ok(acts::privacy::list_readings(
            store, &asked, after, limit, by.proof, now,
        )?)
    });
    Ok(page.page(lines.await?, |(id, _)| *id).map(|(_, line)| line))
}

pub async fn readings(call: Call, query: ListQuery<Span, MessageId>) -> Reply<ReadingPage> {
    Ok(fresh(read(&call, query.filter.asked(), query.page).await?))
}

/// The same as a table; `Link` says where the next page is.
pub async fn readings_csv(call: Call, query: ListQuery<Span, MessageId>) -> Result<Csv, Problem> {
    let (lines, next) = read(&call, query.filter.asked(), query.page)
        .await?
        .into_parts();
    let mut table = csv::Writer::from_writer(Vec::new());
    for line in &lines {
        let written = table.serialize(line);
        written.map_err(|error| Problem::new(Kind::Internal, error.to_string()))?;
    }
    let table = table.into_inner();
    let table = table.map_err(|error| Problem::new(Kind::Internal, error.to_string()))?;
    Ok(Csv::new("readings.csv", table).and_next(call.request(), next.as_deref()))
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
        check_no_number("/note", &self.note, &mut wrong);
        wrong
    }
}

pub async fn receive(
    call: Call,
    key: IdempotencyKey,
    body: Body<NewPrivacyRequest>,
) -> Created<PrivacyRequestView> {
    let made = take_in(&call, body.value, key, body.hash).await?;
    let address = format!("/api/v1/privacy/requests/{}", made.value.id);
    Ok(fresh(made.value).at(address).replayed(made.before))
}

/// Puts it into the register.
pub(crate) async fn take_in(
    call: &Call,
    new: NewPrivacyRequest,
    key: IdempotencyKey,
    hash: Vec<u8>,
) -> Result<Happened<PrivacyRequestView>, Problem> {
    let key = key.of_staff("privacy_requests", &call.by, hash);
    let new = NewRequest {
        dossier: new.dossier,
        of_delegate: new.of_delegate,
        what: new.what,
        note: new.note,
        received_at: new.received_at,
    };
    call.run(move |store, by, now| Ok(acts::privacy::receive(store, new, by.proof, key, now)?))
        .await
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
    /// Lý do từ chối, hoặc mở lại.
    #[schema(example = "Hồ sơ phải lưu trữ theo quy định của pháp luật về lưu trữ")]
    pub(crate) reason: String,
}

impl Readable for RefusedRequest {
    fn check(&self) -> Vec<FieldError> {
        let mut wrong = Vec::new();
        check_length("/reason", &self.reason, 2000, &mut wrong);
        check_no_number("/reason", &self.reason, &mut wrong);
        wrong
    }
}

/// Notes what became of the one that the address names.
pub(crate) async fn advance(call: &Call, step: Step) -> Result<PrivacyRequestView, Problem> {
    let id = named(call)?;
    call.run(move |store, by, now| Ok(acts::privacy::advance(store, id, step, by.proof, now)?))
        .await
}

pub async fn answer(call: Call, _: Body<Noted>) -> Reply<PrivacyRequestView> {
    advance(&call, Step::Answer).await.map(fresh)
}

pub async fn done(call: Call, _: Body<Noted>) -> Reply<PrivacyRequestView> {
    advance(&call, Step::Done).await.map(fresh)
}

pub async fn reopen(call: Call, body: Body<RefusedRequest>) -> Reply<PrivacyRequestView> {
    let reason = body.value.reason;
    let reopened = advance(&call, Step::Reopen { reason }).await;
    reopened.map(fresh)
}

pub async fn refuse(call: Call, body: Body<RefusedRequest>) -> Reply<PrivacyRequestView> {
    let reason = body.value.reason;
    let refused = advance(&call, Step::Refuse { reason }).await;
    refused.map(fresh)
}
