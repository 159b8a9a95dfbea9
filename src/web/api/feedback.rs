//! `/api/v1/feedback`: phản ánh, kiến nghị, from anybody to the unit that has to answer, and what of
//! it everybody may read.

use actix_web::{HttpResponse, web};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use crate::acts::feedback::{Change, NewFeedback, Received};
use crate::domain::case_number::CaseNumber;
use crate::domain::ids::FeedbackId;
use crate::domain::moment::Moment;
use crate::domain::opinion::FeedbackKind;
use crate::domain::person::{InvalidPerson, Person, plain_phone};
use crate::error::Error;
use crate::store::Store;
use crate::store::feedback::Listed;
use crate::views::feedback::{Case, PublicView, ReadBack};
use crate::web::access::{Client, Staff};
use crate::web::api::answers::{Tagged, created, fresh, fresh_tagged, or_current};
use crate::web::api::page::{ListQuery, Page, PageParams, Row, Wanted};
use crate::web::api::{check_text, kept};
use crate::web::body::{Body, Readable};
use crate::web::headers::{IdempotencyKey, IfMatch, version_tag};
use crate::web::params::{Parameters, Params, missing};
use crate::web::problem::{FieldError, Problem};
use crate::web::{State, with_store};
use crate::{acts, views};

/// The most characters of a text.
const MOST: usize = 10_000;

/// What somebody has to say.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Message {
    /// Mã đơn vị tiếp nhận.
    #[schema(example = "H37.20.01")]
    unit: String,
    /// Mặc định là phản ánh.
    #[serde(default)]
    kind: Option<FeedbackKind>,
    #[schema(example = "Bộ phận một cửa mở cửa muộn")]
    content: String,
    /// Mã hồ sơ liên quan, cùng với mã tra cứu.
    #[serde(default)]
    #[schema(example = "H37.20.01-210301-0001")]
    case_number: Option<String>,
    /// Mã tra cứu in trên giấy tiếp nhận.
    #[serde(default)]
    #[schema(example = "ABCDEFGHIJ")]
    code: Option<String>,
    #[serde(default)]
    #[schema(example = "Nguyễn Thị Ánh")]
    name: Option<String>,
    #[serde(default)]
    #[schema(example = "0912345678")]
    phone: Option<String>,
    #[serde(default)]
    #[schema(example = "anh@example.vn")]
    email: Option<String>,
}

impl Message {
    fn sender(&self) -> Person {
        let name = kept(self.name.as_ref()).unwrap_or_default();
        Person {
            notify_by: None,
            name: name.split_whitespace().collect::<Vec<_>>().join(" "),
            identity: None,
            phone: kept(self.phone.as_ref()).map(|phone| plain_phone(&phone)),
            email: kept(self.email.as_ref()),
            address: None,
        }
    }

    fn request(self) -> NewFeedback {
        NewFeedback {
            sender: self.sender(),
            unit: self.unit,
            kind: self.kind.unwrap_or_default(),
            content: self.content.trim().to_owned(),
            dossier: self.case_number.zip(self.code),
        }
    }
}

impl Readable for Message {
    const LIMIT: usize = 64 * 1024;

    fn check(&self) -> Vec<FieldError> {
        let mut wrong = Vec::new();
        check_text("/content", &self.content, MOST, &mut wrong);
        match (&self.case_number, &self.code) {
            (Some(number), _) if CaseNumber::parse(number).is_err() => {
                wrong.push(FieldError::new("/case_number", "không phải mã hồ sơ"));
            }
            (Some(_), None) => wrong.push(FieldError::new("/code", "cần cùng với mã hồ sơ")),
            (None, Some(_)) => {
                wrong.push(FieldError::new("/case_number", "cần cùng với mã tra cứu"));
            }
            _ => {}
        }
        for (field, reason) in self.sender().wrong_fields() {
            // Nobody has to say who they are.
            if reason != InvalidPerson::NameMissing {
                wrong.push(FieldError::new(format!("/{field}"), reason));
            }
        }
        wrong
    }
}

/// Gửi phản ánh, kiến nghị. Mã trong câu trả lời để đọc kết quả sau này.
#[utoipa::path(
    post, path = "/api/v1/feedback", tag = "Công dân", request_body = Message,
    params(("Idempotency-Key" = Option<String>, Header, description = "Khóa để không gửi hai lần")),
    responses((status = 201, description = "Đã tiếp nhận", body = Received)),
)]
pub async fn receive(
    state: web::Data<State>,
    client: Client,
    key: IdempotencyKey,
    body: Body<Message>,
) -> Result<HttpResponse, Problem> {
    let (limits, limit) = (state.settings.limits, state.settings.feedback_limit);
    let key = key.of_public("feedback", body.hash);
    let new = body.value.request();
    let made = with_store(&state, move |store| {
        acts::feedback::receive(
            store,
            new,
            limit,
            client.address,
            limits,
            key,
            crate::clock::now(),
        )
    })
    .await?;
    Ok(created(made.before)
        .insert_header(("Location", format!("/api/v1/feedback/{}", made.value.id)))
        .insert_header(("Cache-Control", "no-store"))
        .json(made.value))
}

/// Which feedback a path names.
fn named(path: &str) -> Result<FeedbackId, Problem> {
    let id = path.parse().map(FeedbackId);
    id.map_err(|_| Error::NO_FEEDBACK.into())
}

/// Parameters of reading one's own.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Own {
    /// Mã nhận được khi gửi.
    #[serde(default)]
    #[param(required = true, example = "ABCDEFGHIJKLMNOP")]
    code: Option<String>,
}

impl Parameters for Own {
    const NAMES: &'static [&'static str] = &["code"];

    fn check(&self) -> Vec<FieldError> {
        missing([("code", &self.code)])
    }
}

/// Người gửi xem phản ánh, kiến nghị của mình và câu trả lời.
#[utoipa::path(
    get, path = "/api/v1/feedback/{feedback}", tag = "Công dân",
    params(Own, ("feedback" = FeedbackId, Path, description = "Định danh khi gửi")),
    responses((status = 200, description = "Phản ánh, kiến nghị", body = ReadBack)),
)]
pub async fn read_back(
    state: web::Data<State>,
    client: Client,
    path: web::Path<String>,
    params: Params<Own>,
) -> Result<HttpResponse, Problem> {
    let id = named(&path)?;
    let limits = state.settings.limits;
    let found = with_store(&state, move |store| {
        let code = params.0.code.unwrap_or_default();
        views::feedback::read_back(
            store,
            id,
            &code,
            client.address,
            limits,
            crate::clock::now(),
        )
    })
    .await?;
    Ok(fresh(&found))
}

/// Parameters of what is published.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PublicFilter {
    /// Mã đơn vị: chỉ đơn vị đó và các đơn vị trực thuộc.
    #[serde(default)]
    #[param(example = "H37.20")]
    unit: Option<String>,
}

impl Parameters for PublicFilter {
    const NAMES: &'static [&'static str] = &["unit"];
}

impl Row for PublicView {
    const PAGE: &'static str = "PublicFeedback";
}

/// A page of what is published.
pub type PublicFeedback = Page<PublicView>;

/// Phản ánh, kiến nghị và câu trả lời đã công khai, mới nhất trước.
#[utoipa::path(
    get, path = "/api/v1/feedback/published", tag = "Công dân", params(PublicFilter, PageParams),
    responses((status = 200, description = "Một trang", body = PublicFeedback)),
)]
pub async fn published(
    state: web::Data<State>,
    query: ListQuery<PublicFilter, (Moment, FeedbackId)>,
) -> Result<HttpResponse, Problem> {
    let found = with_store(&state, move |store| {
        let Wanted { after, limit } = query.page;
        views::feedback::published(store, query.filter.unit.as_deref(), after, limit)
    })
    .await?;
    Ok(HttpResponse::Ok().json(Page::new(found.items, found.next.as_ref())))
}

/// Which feedback a list holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FeedbackList {
    /// Mọi phản ánh, kiến nghị, mới nhất trước.
    All,
    /// Chưa trả lời, theo hạn.
    Open,
    /// Chưa trả lời và đã quá hạn, quá hạn lâu nhất trước.
    Overdue,
    /// Đã trả lời, mới nhất trước.
    Answered,
}

/// Parameters of the list.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Filter {
    /// Danh sách nào; mặc định là tất cả.
    #[serde(default)]
    #[param(inline)]
    list: Option<FeedbackList>,
    /// Mã đơn vị trong phạm vi của mình: chỉ đơn vị đó và các đơn vị trực thuộc.
    #[serde(default)]
    #[param(example = "H37.20.01")]
    unit: Option<String>,
}

impl Parameters for Filter {
    const NAMES: &'static [&'static str] = &["list", "unit"];
}

impl Row for Case {
    const PAGE: &'static str = "FeedbackPage";
}

/// A page of feedback.
pub type FeedbackPage = Page<Case>;

/// Phản ánh, kiến nghị gửi đến các đơn vị trong phạm vi của mình.
#[utoipa::path(
    get, path = "/api/v1/feedback", tag = "Phản ánh, kiến nghị", params(Filter, PageParams),
    responses((status = 200, description = "Một trang", body = FeedbackPage)),
)]
pub async fn list(
    state: web::Data<State>,
    staff: Staff,
    query: ListQuery<Filter, (Moment, FeedbackId)>,
) -> Result<HttpResponse, Problem> {
    let ListQuery { filter, page } = query;
    let (reach, now) = (staff.unit, crate::clock::now());
    let listed = match filter.list.unwrap_or(FeedbackList::All) {
        FeedbackList::All => Listed::All,
        FeedbackList::Open => Listed::Open,
        FeedbackList::Overdue => Listed::Overdue(now),
        FeedbackList::Answered => Listed::Answered,
    };
    let found = with_store(&state, move |store| {
        let (unit, Wanted { after, limit }) = (filter.unit.as_deref(), page);
        views::feedback::cases(store, listed, unit, reach, after, limit, now)
    })
    .await?;
    Ok(fresh(&Page::new(found.items, found.next.as_ref())))
}

impl Tagged for Case {
    fn tag(&self) -> String {
        version_tag(self.version)
    }
}

/// Một phản ánh, kiến nghị với người gửi, người được giao và câu trả lời.
#[utoipa::path(
    get, path = "/api/v1/feedback/{feedback}/details", tag = "Phản ánh, kiến nghị",
    params(("feedback" = FeedbackId, Path, description = "Định danh")),
    responses((status = 200, description = "Phản ánh, kiến nghị", body = Case)),
)]
pub async fn show(
    state: web::Data<State>,
    staff: Staff,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let id = named(&path)?;
    let reach = staff.unit;
    let case = with_store(&state, move |store| {
        views::feedback::show(store, id, reach, crate::clock::now())
    })
    .await?;
    Ok(fresh_tagged(&case))
}

/// Makes a change; if somebody else was quicker, says what it is now.
async fn change(
    state: &web::Data<State>,
    staff: &Staff,
    path: &str,
    if_match: &IfMatch,
    make: impl FnOnce(&Store, Change) -> Result<Case, Error> + Send + 'static,
) -> Result<HttpResponse, Problem> {
    let change = Change {
        id: named(path)?,
        version: if_match.version(),
        by: staff.proof,
        now: crate::clock::now(),
    };
    let reach = staff.unit;
    let case = with_store(state, move |store| {
        or_current(make(store, change), || {
            Ok(views::feedback::show(store, change.id, reach, change.now)?)
        })
    })
    .await?;
    Ok(fresh_tagged(&case))
}

/// To whom it is given.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Assign {
    /// Tên đăng nhập; không có thì thôi giao.
    #[serde(default)]
    #[schema(example = "h37.20.01.officer")]
    assignee: Option<String>,
}

impl Readable for Assign {}

/// Giao cho người xử lý.
#[utoipa::path(
    post, path = "/api/v1/feedback/{feedback}/assign", tag = "Phản ánh, kiến nghị",
    request_body = Assign,
    params(("feedback" = FeedbackId, Path, description = "Định danh"),
        ("If-Match" = String, Header, description = "ETag đã đọc, hoặc *")),
    responses((status = 200, description = "Sau khi giao", body = Case)),
)]
pub async fn assign(
    state: web::Data<State>,
    staff: Staff,
    path: web::Path<String>,
    if_match: IfMatch,
    body: Body<Assign>,
) -> Result<HttpResponse, Problem> {
    let assignee = body.value.assignee;
    let make = move |store: &Store, change| acts::feedback::assign(store, change, assignee);
    change(&state, &staff, &path, &if_match, make).await
}

/// The answer to the sender.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Reply {
    #[schema(example = "Đơn vị đã nhắc nhở và cảm ơn ý kiến của ông, bà")]
    answer: String,
}

impl Readable for Reply {
    fn check(&self) -> Vec<FieldError> {
        let mut wrong = Vec::new();
        check_text("/answer", &self.answer, MOST, &mut wrong);
        wrong
    }
}

/// Trả lời người gửi; một lần.
#[utoipa::path(
    post, path = "/api/v1/feedback/{feedback}/answer", tag = "Phản ánh, kiến nghị",
    request_body = Reply,
    params(("feedback" = FeedbackId, Path, description = "Định danh"),
        ("If-Match" = String, Header, description = "ETag đã đọc, hoặc *")),
    responses((status = 200, description = "Sau khi trả lời", body = Case)),
)]
pub async fn answer(
    state: web::Data<State>,
    staff: Staff,
    path: web::Path<String>,
    if_match: IfMatch,
    body: Body<Reply>,
) -> Result<HttpResponse, Problem> {
    let text = body.value.answer.trim().to_owned();
    let make = move |store: &Store, change| acts::feedback::answer(store, change, text);
    change(&state, &staff, &path, &if_match, make).await
}

/// What everybody may read.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PublicText {
    /// Nội dung đã biên tập, không còn thông tin cá nhân.
    #[schema(example = "Bộ phận một cửa mở cửa muộn")]
    content: String,
    /// Câu trả lời đã biên tập.
    #[schema(example = "Đơn vị đã nhắc nhở bộ phận một cửa")]
    answer: String,
}

impl Readable for PublicText {
    fn check(&self) -> Vec<FieldError> {
        let mut wrong = Vec::new();
        check_text("/content", &self.content, MOST, &mut wrong);
        check_text("/answer", &self.answer, MOST, &mut wrong);
        wrong
    }
}

/// Công khai nội dung và câu trả lời đã biên tập; lần sau thay lời văn của lần trước.
#[utoipa::path(
    post, path = "/api/v1/feedback/{feedback}/publish", tag = "Phản ánh, kiến nghị",
    request_body = PublicText,
    params(("feedback" = FeedbackId, Path, description = "Định danh"),
        ("If-Match" = String, Header, description = "ETag đã đọc, hoặc *")),
    responses((status = 200, description = "Sau khi công khai", body = Case)),
)]
pub async fn publish(
    state: web::Data<State>,
    staff: Staff,
    path: web::Path<String>,
    if_match: IfMatch,
    body: Body<PublicText>,
) -> Result<HttpResponse, Problem> {
    let PublicText { content, answer } = body.value;
    let (content, answer) = (content.trim().to_owned(), answer.trim().to_owned());
    let make = move |store: &Store, change| acts::feedback::publish(store, change, content, answer);
    change(&state, &staff, &path, &if_match, make).await
}
