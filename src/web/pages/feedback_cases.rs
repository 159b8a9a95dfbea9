//! `/xu-ly-phan-anh`: feedback (phản ánh, kiến nghị) as staff handle it: whose it is, answered, published.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, ResponseError};
use askama::Template;

use crate::acts;
use crate::domain::ids::FeedbackId;
use crate::domain::moment::Moment;
use crate::domain::role::Permission;
use crate::render::words;
use crate::views;
use crate::views::feedback::Case;
use crate::web::api::call::Call;
use crate::web::api::feedback::{self, Assign, FeedbackAnswer, Filter, PublicText};
use crate::web::api::page::{ListQuery, Page};
use crate::web::body;
use crate::web::headers::IfMatch;
use crate::web::pages::forms::{Choice, Field, Fields, FormPart, TAG, form_tag};
use crate::web::pages::{Frame, drafts, page, see_other};
use crate::web::problem::{Kind, Problem};

pub(crate) const PATH: &str = "/xu-ly-phan-anh";

const LIST: &str = "list";
const DONE: &str = "xong";

/// The lists: as the query names them, and as people do.
const LISTS: [(&str, &str); 4] = [
    ("open", "Chưa trả lời"),
    ("overdue", "Quá hạn"),
    ("answered", "Đã trả lời"),
    ("all", "Tất cả"),
];

struct Tab {
    address: String,
    word: &'static str,
    here: bool,
}

#[derive(Template)]
#[template(path = "feedback_cases.html")]
struct CasesPage {
    frame: Frame,
    tabs: Vec<Tab>,
    rows: Vec<Case>,
    next: Option<String>,
}

#[derive(Template)]
#[template(path = "feedback_case.html")]
struct CasePage {
    frame: Frame,
    one: Case,
    may_open_dossier: bool,
    may_publish: bool,
    tag: String,
    done: Option<&'static str>,
}

#[derive(Template)]
#[template(path = "feedback_act.html")]
struct ActPage {
    frame: Frame,
    title: &'static str,
    one: Case,
    address: String,
    form: FormPart,
    /// Somebody else was quicker.
    changed: bool,
    /// Why it cannot be done any more, or not yet.
    barred: Option<&'static str>,
}

fn moment(at: &Moment) -> String {
    words::moment(*at)
}

/// The beginning of a text, for a list.
fn beginning(text: &str) -> String {
    const MOST: usize = 160;
    match text.char_indices().nth(MOST) {
        None => text.to_owned(),
        Some((end, _)) => {
            let head = &text[..end];
            let whole = head.rsplit_once(char::is_whitespace);
            format!("{} …", whole.map_or(head, |(words, _)| words))
        }
    }
}

impl CasesPage {
    fn moment(at: &Moment) -> String {
        moment(at)
    }

    fn beginning(one: &Case) -> String {
        beginning(&one.content)
    }

    fn kind(one: &Case) -> &'static str {
        words::feedback_kind(one.kind)
    }
}

impl CasePage {
    fn moment(at: &Moment) -> String {
        moment(at)
    }

    fn kind(&self) -> &'static str {
        words::feedback_kind(self.one.kind)
    }
}

impl ActPage {
    fn kind(&self) -> &'static str {
        words::feedback_kind(self.one.kind)
    }
}

/// In the address: it is published no more.
const WITHDRAWN: &str = "thoi";

/// `GET /xu-ly-phan-anh`: what waits for an answer, if nothing else is asked for.
pub async fn list(call: Call, mut typed: Fields) -> Result<HttpResponse, Problem> {
    if typed.typed(LIST).is_none() {
        typed.set(LIST, LISTS[0].0);
    }
    let shown = typed.get(LIST).to_owned();
    let query = ListQuery::<Filter, (Moment, FeedbackId)>::read(&typed.query_without(&[]))?;
    let ListQuery {
        filter,
        page: asked,
    } = query;
    let found = call.run(move |store, by, now| {
        let listed = filter.listed(now);
        Ok(views::feedback::cases(
            store,
            listed,
            None,
            by.unit,
            asked.after,
            asked.limit,
            now,
        )?)
    });
    let found = found.await?;
    let (rows, next) = Page::new(found.items, found.next.as_ref()).into_parts();
    let next = next.map(|next| {
        let query = serde_urlencoded::to_string([(LIST, &shown), ("after", &next)]);
        format!("{PATH}?{}", query.unwrap_or_default())
    });
    let tabs = LISTS.iter().map(|(list, word)| Tab {
        address: format!("{PATH}?{LIST}={list}"),
        word,
        here: *list == shown,
    });
    let shown = CasesPage {
        frame: Frame::of(&call.by, PATH),
        tabs: tabs.collect(),
        rows,
        next,
    };
    page(StatusCode::OK, &shown)
}

async fn find(call: &Call) -> Result<Case, Problem> {
    let id = feedback::named(call)?;
    call.run(move |store, by, now| Ok(views::feedback::show(store, id, by.unit, now)?))
        .await
}

/// `GET /xu-ly-phan-anh/{feedback}`.
pub async fn show(call: Call, typed: Fields) -> Result<HttpResponse, Problem> {
    let one = find(&call).await?;
    let shown = CasePage {
        frame: Frame::of(&call.by, PATH),
        may_open_dossier: call.by.may(Permission::ReadDossiers),
        may_publish: call.by.may(Permission::PublishFeedback),
        done: match typed.get(DONE) {
            WITHDRAWN => Some("Đã thôi công khai."),
            slug => (What::ALL.into_iter())
                .find(|what| what.slug() == slug)
                .map(What::done),
        },
        tag: form_tag(&one),
        one,
    };
    page(StatusCode::OK, &shown)
}

/// What is done about a feedback: a page each.
#[derive(Clone, Copy, PartialEq, Eq)]
enum What {
    Assign,
    Answer,
    Publish,
}

impl What {
    const ALL: [Self; 3] = [Self::Assign, Self::Answer, Self::Publish];

    const fn slug(self) -> &'static str {
        match self {
            Self::Assign => "giao",
            Self::Answer => "tra-loi",
            Self::Publish => "cong-khai",
        }
    }

    const fn title(self) -> &'static str {
        match self {
            Self::Assign => "Giao người xử lý",
            Self::Answer => "Trả lời người gửi",
            Self::Publish => "Công khai",
        }
    }

    const fn done(self) -> &'static str {
        match self {
            Self::Assign => "Đã giao.",
            Self::Answer => {
                "Đã trả lời. Người gửi được báo nếu đã để lại nơi nhận tin mà đơn vị gửi tới được; ai có mã phản ánh đều đọc được câu trả lời."
            }
            Self::Publish => "Đã công khai.",
        }
    }

    /// Why it cannot be done now.
    fn barred(self, one: &Case) -> Option<&'static str> {
        match (self, one.answered_at) {
            (Self::Assign | Self::Answer, Some(_)) => {
                Some("Phản ánh, kiến nghị này đã được trả lời.")
            }
            (Self::Publish, None) => Some("Trả lời người gửi trước, rồi mới công khai."),
            _ => None,
        }
    }

    fn place(self, one: &Case) -> String {
        format!("{PATH}/{}/{}", one.id, self.slug())
    }
}

/// The form; at first with what is usual.
async fn form(call: &Call, what: What, one: &Case) -> Result<FormPart, Problem> {
    let mut fields = match what {
        What::Assign => {
            let unit = one.unit.code.clone();
            let staff = call.run(move |store, by, _| {
                let reference = store.reference()?;
                let unit = reference.units().by_code(&unit).map(|unit| unit.id);
                // Of the unit that it was sent to, and of one's own above it.
                let own = Some(by.unit).filter(|own| Some(*own) != unit);
                let units: Vec<_> = unit.into_iter().chain(own).collect();
                Ok(views::assignees::offered(
                    store,
                    &units,
                    Permission::HandleFeedback,
                )?)
            });
            let staff = staff.await?.into_iter();
            let staff = staff.map(|one| Choice::new(&one.staff.username, one.name()));
            let nobody = Choice::new("", "Chưa giao cho ai");
            let choices = std::iter::once(nobody).chain(staff).collect();
            let now = one.assignee.as_ref().map_or("", |staff| &staff.username);
            vec![Field::choice("assignee", "Người xử lý", choices).value(now)]
        }
        What::Answer => vec![
            Field::area("answer", "Trả lời")
                .required()
                .hint("Người gửi đọc nguyên văn. Không ghi dữ liệu của người khác."),
        ],
        What::Publish => {
            let hint = "Mọi người đọc được: bỏ họ tên, điện thoại, địa chỉ, số giấy tờ.";
            let content = one.public_content.as_ref().unwrap_or(&one.content);
            let answer = one.public_answer.as_ref().or(one.answer.as_ref());
            vec![
                Field::area("content", "Nội dung công khai")
                    .required()
                    .hint(hint)
                    .value(content),
                Field::area("answer", "Trả lời công khai")
                    .required()
                    .hint(hint)
                    .value(answer.map_or("", String::as_str)),
            ]
        }
    };
    fields[0].focus = true;
    fields.push(Field::hidden(TAG, form_tag(one)));
    Ok(FormPart::new(fields).remembering())
}

fn answer(
    call: &Call,
    status: StatusCode,
    what: What,
    one: Case,
    form: FormPart,
    changed: bool,
) -> Result<HttpResponse, Problem> {
    let shown = ActPage {
        frame: Frame::of(&call.by, PATH).wrong(changed || !form.errors.is_empty()),
        title: what.title(),
        address: what.place(&one),
        barred: what.barred(&one),
        one,
        form,
        changed,
    };
    page(status, &shown)
}

async fn ask(call: Call, typed: Fields, what: What) -> Result<HttpResponse, Problem> {
    let one = find(&call).await?;
    let given = drafts::given(&call, &typed, &what.place(&one)).await?;
    let form = given.over(form(&call, what, &one).await?);
    answer(&call, StatusCode::OK, what, one, form, false)
}

async fn act(call: Call, typed: Fields, what: What) -> Result<HttpResponse, Problem> {
    let one = find(&call).await?;
    let first = form(&call, what, &one).await?;
    let form = drafts::again(first.clone().typed(&typed), &typed, &what.place(&one));
    let mut body = form.body();
    if let Some(body) = body.as_object_mut() {
        body.remove(TAG);
    }
    let bytes = body.to_string().into_bytes();
    let seen = IfMatch::of_form(typed.get(TAG));
    let done = match what {
        What::Assign => match body::read::<Assign>(&bytes) {
            Ok(new) => feedback::change(&call, seen, new.act()).await,
            Err(problem) => Err(problem),
        },
        What::Answer => match body::read::<FeedbackAnswer>(&bytes) {
            Ok(new) => feedback::change(&call, seen, new.act()).await,
            Err(problem) => Err(problem),
        },
        What::Publish => match body::read::<PublicText>(&bytes) {
            Ok(new) => feedback::change(&call, seen, new.act()).await,
            Err(problem) => Err(problem),
        },
    };
    let shown = |one: &str| format!("{PATH}/{one}?{DONE}={}", what.slug());
    match done {
        Ok(one) => drafts::taken(&call, &typed, &shown(&one.id.to_string())).await,
        Err(problem) if problem.kind() == Kind::Changed => {
            let one = find(&call).await?;
            let shown = shown(&one.id.to_string());
            if let Some(done) = drafts::taken_before(&call, &typed, &shown).await? {
                return Ok(done);
            }
            let form = form.renewed(TAG, form_tag(&one)).beside(&first);
            answer(&call, problem.status_code(), what, one, form, true)
        }
        Err(problem) if matches!(problem.kind(), Kind::InvalidRequest | Kind::Refused) => {
            let form = form.refused(&problem);
            answer(&call, problem.status_code(), what, one, form, false)
        }
        Err(problem) => Err(drafts::keep(&call, &typed, problem).await),
    }
}

/// `GET /xu-ly-phan-anh/{feedback}/giao`.
pub async fn ask_assign(call: Call, typed: Fields) -> Result<HttpResponse, Problem> {
    ask(call, typed, What::Assign).await
}

/// `POST /xu-ly-phan-anh/{feedback}/giao`.
pub async fn assign(call: Call, typed: Fields) -> Result<HttpResponse, Problem> {
    act(call, typed, What::Assign).await
}

/// `GET /xu-ly-phan-anh/{feedback}/tra-loi`.
pub async fn ask_answer(call: Call, typed: Fields) -> Result<HttpResponse, Problem> {
    ask(call, typed, What::Answer).await
}

/// `POST /xu-ly-phan-anh/{feedback}/tra-loi`.
pub async fn reply(call: Call, typed: Fields) -> Result<HttpResponse, Problem> {
    act(call, typed, What::Answer).await
}

/// `GET /xu-ly-phan-anh/{feedback}/cong-khai`.
pub async fn ask_publish(call: Call, typed: Fields) -> Result<HttpResponse, Problem> {
    ask(call, typed, What::Publish).await
}

/// `POST /xu-ly-phan-anh/{feedback}/cong-khai`.
pub async fn publish(call: Call, typed: Fields) -> Result<HttpResponse, Problem> {
    act(call, typed, What::Publish).await
}

/// `POST /xu-ly-phan-anh/{feedback}/thoi-cong-khai`.
pub async fn unpublish(call: Call, typed: Fields) -> Result<HttpResponse, Problem> {
    let seen = IfMatch::of_form(typed.get(TAG));
    let one = feedback::change(&call, seen, acts::feedback::unpublish).await?;
    Ok(see_other(&format!("{PATH}/{}?{DONE}={WITHDRAWN}", one.id)).finish())
}
