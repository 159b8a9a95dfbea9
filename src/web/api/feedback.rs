//! `/api/v1/feedback`: phản ánh, kiến nghị, from anybody to the unit that has to answer, and what of
//! it everybody may read.

use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use crate::acts::feedback::{Change, NewFeedback, Received};
use crate::domain::case_number::CaseNumber;
use crate::domain::email;
use crate::domain::ids::FeedbackId;
use crate::domain::moment::Moment;
use crate::domain::opinion::FeedbackKind;
use crate::domain::person::{InvalidPerson, Person};
use crate::domain::phone;
use crate::domain::text;
use crate::error::Error;
use crate::store::Store;
use crate::store::feedback::Listed;
use crate::views::feedback::{Case, PublicView, ReadBack};
use crate::web::access::Client;
use crate::web::api::answers::{Created, Reply, Tagged, fresh, fresh_tagged, or_current, shown};
use crate::web::api::call::{Anybody, Call, Who};
use crate::web::api::page::{ListQuery, Page, Row, Wanted};
use crate::web::api::{check_text, kept};
use crate::web::body::{Body, Readable};
use crate::web::headers::{IdempotencyKey, IfMatch, version_tag};
use crate::web::params::{Parameters, Params, missing};
use crate::web::problem::{FieldError, Problem};
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
            name: text::line(&name),
            identity: None,
            phone: kept(self.phone.as_ref()).map(|phone| phone::read(&phone).unwrap_or(phone)),
            email: kept(self.email.as_ref()).map(|email| email::read(&email).unwrap_or(email)),
            address: None,
        }
    }

    pub(crate) fn request(self) -> NewFeedback {
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

pub async fn receive(
    call: Call<Client>,
    key: IdempotencyKey,
    body: Body<Message>,
) -> Created<Received> {
    let (limits, limit) = (
        call.state.settings.limits,
        call.state.settings.feedback_limit,
    );
    let key = key.of_public("feedback", body.hash);
    let new = body.value.request();
    let made = call.run(move |store, by, now| {
        Ok(acts::feedback::receive(
            store, new, limit, by.address, limits, key, now,
        )?)
    });
    let made = made.await?;
    let address = format!("/api/v1/feedback/{}", made.value.id);
    Ok(fresh(made.value).at(address).replayed(made.before))
}

/// Which feedback a path names.
pub(crate) fn named(call: &Call<impl Who>) -> Result<FeedbackId, Problem> {
    let id = call.named::<String>()?.parse().map(FeedbackId);
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

pub async fn read_back(call: Call<Client>, params: Params<Own>) -> Reply<ReadBack> {
    let id = named(&call)?;
    let limits = call.state.settings.limits;
    let code = params.0.code.unwrap_or_default();
    let found = call.run(move |store, by, now| {
        Ok(views::feedback::read_back(
            store, id, &code, by.address, limits, now,
        )?)
    });
    found.await.map(fresh)
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

pub async fn published(
    call: Call<Anybody>,
    query: ListQuery<PublicFilter, (Moment, FeedbackId)>,
) -> Reply<PublicFeedback> {
    let Wanted { after, limit } = query.page;
    let found = call.run(move |store, _, _| {
        let unit = query.filter.unit.as_deref();
        Ok(views::feedback::published(store, unit, after, limit)?)
    });
    let found = found.await?;
    Ok(shown(Page::new(found.items, found.next.as_ref())))
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

impl Filter {
    pub(crate) fn listed(&self, now: Moment) -> Listed {
        match self.list.unwrap_or(FeedbackList::All) {
            FeedbackList::All => Listed::All,
            FeedbackList::Open => Listed::Open,
            FeedbackList::Overdue => Listed::Overdue(now),
            FeedbackList::Answered => Listed::Answered,
        }
    }
}

impl Row for Case {
    const PAGE: &'static str = "FeedbackPage";
}

/// A page of feedback.
pub type FeedbackPage = Page<Case>;

pub async fn list(
    call: Call,
    query: ListQuery<Filter, (Moment, FeedbackId)>,
) -> Reply<FeedbackPage> {
    let ListQuery { filter, page } = query;
    let found = call.run(move |store, by, now| {
        let listed = filter.listed(now);
        let (unit, Wanted { after, limit }) = (filter.unit.as_deref(), page);
        Ok(views::feedback::cases(
            store, listed, unit, by.unit, after, limit, now,
        )?)
    });
    let found = found.await?;
    Ok(fresh(Page::new(found.items, found.next.as_ref())))
}

impl Tagged for Case {
    fn tag(&self) -> String {
        version_tag(self.version)
    }
}

pub async fn show(call: Call) -> Reply<Case> {
    let id = named(&call)?;
    call.run(move |store, by, now| Ok(views::feedback::show(store, id, by.unit, now)?))
        .await
        .map(fresh_tagged)
}

/// Makes a change; if somebody else was quicker, says what it is now.
pub(crate) async fn change(
    call: &Call,
    if_match: IfMatch,
    make: impl FnOnce(&Store, Change) -> Result<Case, Error> + Send + 'static,
) -> Result<Case, Problem> {
    let id = named(call)?;
    call.run(move |store, by, now| {
        let change = Change {
            id,
            version: if_match.version(),
            by: by.proof,
            now,
        };
        or_current(make(store, change), || {
            Ok(views::feedback::show(store, id, by.unit, now)?)
        })
    })
    .await
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

impl Assign {
    pub(crate) fn act(self) -> impl FnOnce(&Store, Change) -> Result<Case, Error> + Send + 'static {
        move |store, change| acts::feedback::assign(store, change, self.assignee)
    }
}

pub async fn assign(call: Call, if_match: IfMatch, body: Body<Assign>) -> Reply<Case> {
    let make = body.value.act();
    change(&call, if_match, make).await.map(fresh_tagged)
}

/// The answer to the sender.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Reply)]
pub struct FeedbackAnswer {
    #[schema(example = "Đơn vị đã nhắc nhở và cảm ơn ý kiến của ông, bà")]
    answer: String,
}

impl Readable for FeedbackAnswer {
    fn check(&self) -> Vec<FieldError> {
        let mut wrong = Vec::new();
        check_text("/answer", &self.answer, MOST, &mut wrong);
        wrong
    }
}

impl FeedbackAnswer {
    pub(crate) fn act(self) -> impl FnOnce(&Store, Change) -> Result<Case, Error> + Send + 'static {
        move |store, change| acts::feedback::answer(store, change, self.answer.trim().to_owned())
    }
}

pub async fn answer(call: Call, if_match: IfMatch, body: Body<FeedbackAnswer>) -> Reply<Case> {
    let make = body.value.act();
    change(&call, if_match, make).await.map(fresh_tagged)
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

impl PublicText {
    pub(crate) fn act(self) -> impl FnOnce(&Store, Change) -> Result<Case, Error> + Send + 'static {
        let (content, answer) = (
            self.content.trim().to_owned(),
            self.answer.trim().to_owned(),
        );
        move |store, change| acts::feedback::publish(store, change, content, answer)
    }
}

pub async fn publish(call: Call, if_match: IfMatch, body: Body<PublicText>) -> Reply<Case> {
    let make = body.value.act();
    change(&call, if_match, make).await.map(fresh_tagged)
}

pub async fn unpublish(call: Call, if_match: IfMatch) -> Reply<Case> {
    change(&call, if_match, acts::feedback::unpublish)
        .await
        .map(fresh_tagged)
}
