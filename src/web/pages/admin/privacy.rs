//! `/quan-tri/yeu-cau`: the register of what people ask about their own data: taken in, answered, done or refused.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, ResponseError};
use askama::Template;
use serde_json::json;

use crate::acts::privacy::Step;
use crate::domain::ids::PrivacyRequestId;
use crate::domain::moment::Moment;
use crate::domain::privacy::Request;
use crate::domain::role::Permission;
use crate::render::words;
use crate::views;
use crate::views::privacy::PrivacyRequestView;
use crate::web::api::call::Call;
use crate::web::api::page::{Everything, ListQuery};
use crate::web::api::privacy::{self, NewPrivacyRequest, RefusedRequest};
use crate::web::body;
use crate::web::headers::IdempotencyKey;
use crate::web::pages::forms::{Choice, Field, Fields, FormPart};
use crate::web::pages::{Frame, drafts, page};
use crate::web::problem::{Kind, Problem};

const PATH: &str = "/quan-tri/yeu-cau";

/// Where the form of a new one is sent to.
const ADD: &str = "/quan-tri/yeu-cau/them";

const KEY: &str = "key";
const DELEGATE: &str = "of_delegate";
const SURE: &str = "sure";

#[derive(Template)]
#[template(path = "admin/privacy_requests.html")]
struct RequestsPage {
    frame: Frame,
    rows: Vec<PrivacyRequestView>,
    next: Option<String>,
}

#[derive(Template)]
#[template(path = "admin/privacy_new.html")]
struct NewPage {
    frame: Frame,
    form: FormPart,
}

#[derive(Template)]
#[template(path = "admin/privacy_request.html")]
struct RequestPage {
    frame: Frame,
    one: PrivacyRequestView,
    /// What is to be accepted before it is done.
    accept: FormPart,
    refuse: FormPart,
    /// All that is wrong.
    form: FormPart,
    may_open_dossier: bool,
    done: Option<&'static str>,
}

fn standing(one: &PrivacyRequestView) -> (&'static str, &'static str) {
    match (one.settled_at, one.refusal.is_some(), one.answered_at) {
        (Some(_), true, _) => ("", "Đã từ chối"),
        (Some(_), false, _) => ("well", "Đã thực hiện"),
        (None, _, Some(_)) => ("wait", "Đã trả lời, chưa thực hiện"),
        (None, _, None) => ("wait", "Chưa trả lời"),
    }
}

impl RequestsPage {
    fn moment(at: &Moment) -> String {
        words::moment(*at)
    }

    fn what(what: &Request) -> &'static str {
        words::privacy_request(*what)
    }

    fn standing(one: &PrivacyRequestView) -> (&'static str, &'static str) {
        standing(one)
    }
}

impl RequestPage {
    fn moment(at: &Moment) -> String {
        words::moment(*at)
    }

    fn what(what: &Request) -> &'static str {
        words::privacy_request(*what)
    }

    fn standing(&self) -> (&'static str, &'static str) {
        standing(&self.one)
    }

    /// What was deleted is gone.
    fn may_reopen(&self) -> bool {
        self.one.what != Request::Delete || self.one.refusal.is_some()
    }
}

/// `GET /quan-tri/yeu-cau`: newest first.
pub async fn list(call: Call, typed: Fields) -> Result<HttpResponse, Problem> {
    let query = typed.query_without(&["xong"]);
    let query = ListQuery::<Everything, PrivacyRequestId>::read(&query)?;
    let found = call.page(query.page, views::privacy::list, |one| one.id);
    let (rows, next) = found.await?.into_parts();
    let next = next.map(|next| {
        let after = serde_urlencoded::to_string([("after", next)]).unwrap_or_default();
        format!("{PATH}?{after}")
    });
    let shown = RequestsPage {
        frame: Frame::of(&call.by, super::PATH),
        rows,
        next,
    };
    page(StatusCode::OK, &shown)
}

fn form_of_new() -> FormPart {
    let whats = Request::ALL.iter();
    let whats = whats.map(|what| Choice::new(what.as_str(), words::privacy_request(*what)));
    let whose = vec![
        Choice::new("false", "Người nộp hồ sơ"),
        Choice::new("true", "Người được ủy quyền"),
    ];
    let mut dossier = Field::text("dossier", "Mã hồ sơ có dữ liệu của người yêu cầu").required();
    dossier.focus = true;
    FormPart::new(vec![
        dossier,
        Field::choice(DELEGATE, "Người yêu cầu là", whose),
        Field::choice("what", "Yêu cầu", whats.collect()),
        Field::area("note", "Nội dung cụ thể").hint("Không ghi số định danh."),
        Field::moment("received_at", "Nhận yêu cầu lúc").hint("Để trống: bây giờ."),
    ])
}

fn answer_new(call: &Call, status: StatusCode, form: FormPart) -> Result<HttpResponse, Problem> {
    let shown = NewPage {
        frame: Frame::of(&call.by, super::PATH).wrong(!form.errors.is_empty()),
        form,
    };
    page(status, &shown)
}

/// `GET /quan-tri/yeu-cau/them`.
pub async fn ask_new(call: Call, typed: Fields) -> Result<HttpResponse, Problem> {
    let mut form = form_of_new();
    form.fields
        .push(Field::hidden(KEY, uuid::Uuid::new_v4().simple()));
    let given = drafts::given(&call, &typed, ADD).await?;
    answer_new(&call, StatusCode::OK, given.over(form))
}

/// `POST /quan-tri/yeu-cau/them`.
pub async fn take_in(call: Call, typed: Fields) -> Result<HttpResponse, Problem> {
    let mut form = form_of_new();
    form.fields.push(Field::hidden(KEY, ""));
    let form = drafts::again(form.typed(&typed), &typed, ADD);
    let mut body = form.body();
    body[DELEGATE] = json!(typed.get(DELEGATE) == "true");
    let bytes = body.to_string().into_bytes();
    let made = match body::read::<NewPrivacyRequest>(&bytes) {
        Ok(new) => {
            let key = IdempotencyKey::of_form(typed.get(KEY));
            privacy::take_in(&call, new, key, body::hash(&bytes)).await
        }
        Err(problem) => Err(problem),
    };
    match made {
        Ok(made) => {
            drafts::taken(
                &call,
                &typed,
                &format!("{PATH}/{}?xong=them", made.value.id),
            )
            .await
        }
        Err(problem) => match problem.kind() {
            Kind::InvalidRequest | Kind::Refused | Kind::NotReady => {
                answer_new(&call, problem.status_code(), form.refused(&problem))
            }
            // Within reach is whatever the rest of the page knows.
            Kind::Forbidden => {
                let form = form.wrong("dossier", problem.detail());
                answer_new(&call, problem.status_code(), form)
            }
            // Gone back to, and changed: another one.
            Kind::KeyReused => {
                let form = form.renewed(KEY, uuid::Uuid::new_v4().simple());
                let said = "yêu cầu trước đã được ghi; nếu đây là yêu cầu khác thì gửi lần nữa";
                answer_new(
                    &call,
                    problem.status_code(),
                    form.wrong("", said.to_owned()),
                )
            }
            _ => Err(drafts::keep(&call, &typed, problem).await),
        },
    }
}

fn accepting(one: &PrivacyRequestView) -> FormPart {
    let sure = Choice::new(
        "1",
        "Dữ liệu của người này trên hồ sơ được xóa ngay và không lấy lại được",
    );
    FormPart::new(match one.what {
        Request::Delete => vec![Field::ticks(SURE, "Xác nhận xóa", vec![sure])],
        _ => Vec::new(),
    })
}

fn refusing() -> FormPart {
    FormPart::new(vec![
        Field::area("reason", "Lý do từ chối")
            .required()
            .hint("Người yêu cầu được biết lý do này."),
    ])
}

fn reopening() -> FormPart {
    FormPart::new(vec![Field::area("reason", "Mở lại vì sao").required()])
}

/// Where the form of a refusal is sent to.
fn place_of_refusal(id: &impl std::fmt::Display) -> String {
    format!("{PATH}/{id}/tu-choi")
}

async fn named(call: &Call) -> Result<PrivacyRequestView, Problem> {
    let id = privacy::named(call)?;
    call.run(move |store, by, now| Ok(views::privacy::find(store, id, by.unit, now)?))
        .await
}

fn answer_one(
    call: &Call,
    status: StatusCode,
    one: PrivacyRequestView,
    (accept, refuse): (FormPart, FormPart),
    done: Option<&'static str>,
) -> Result<HttpResponse, Problem> {
    let errors = accept.errors.iter().chain(&refuse.errors).cloned();
    let form = FormPart {
        errors: errors.collect(),
        ..FormPart::default()
    };
    let shown = RequestPage {
        frame: Frame::of(&call.by, super::PATH).wrong(!form.errors.is_empty()),
        may_open_dossier: call.by.may(Permission::ReadDossiers),
        one,
        accept,
        refuse,
        form,
        done,
    };
    page(status, &shown)
}

/// `GET /quan-tri/yeu-cau/{privacy_request}`.
pub async fn show(call: Call, typed: Fields) -> Result<HttpResponse, Problem> {
    let one = named(&call).await?;
    let done = match typed.get("xong") {
        "them" => Some("Đã ghi vào sổ."),
        "tra-loi" => Some("Đã ghi: đã trả lời."),
        "xong" => Some("Đã ghi: đã thực hiện."),
        "tu-choi" => Some("Đã ghi: từ chối."),
        "mo-lai" => Some("Đã mở lại."),
        _ => None,
    };
    let given = drafts::given(&call, &typed, &place_of_refusal(&one.id)).await?;
    let asking = match one.settled_at {
        Some(_) => reopening(),
        None => given.over(refusing()),
    };
    let forms = (accepting(&one), asking);
    answer_one(&call, StatusCode::OK, one, forms, done)
}

/// Notes what became of it, and shows it; with what is wrong at `accept` or `refuse`.
async fn advance(
    call: Call,
    typed: &Fields,
    step: Result<Step, Problem>,
    slug: &str,
    forms: impl FnOnce(&PrivacyRequestView, &Problem) -> (FormPart, FormPart),
) -> Result<HttpResponse, Problem> {
    let advanced = match step {
        Ok(step) => privacy::advance(&call, step).await,
        Err(problem) => Err(problem),
    };
    match advanced {
        Ok(one) => {
            let shown = format!("{PATH}/{}?xong={slug}", one.id);
            drafts::taken(&call, typed, &shown).await
        }
        Err(problem) if is_of_the_form(&problem) => {
            let one = named(&call).await?;
            let forms = forms(&one, &problem);
            answer_one(&call, problem.status_code(), one, forms, None)
        }
        Err(problem) => Err(drafts::keep(&call, typed, problem).await),
    }
}

/// Whether the page is shown again, with what is wrong.
fn is_of_the_form(problem: &Problem) -> bool {
    matches!(problem.kind(), Kind::InvalidRequest | Kind::Refused)
}

/// `POST /quan-tri/yeu-cau/{privacy_request}/tra-loi`.
pub async fn answer(call: Call, typed: Fields) -> Result<HttpResponse, Problem> {
    advance(call, &typed, Ok(Step::Answer), "tra-loi", |one, problem| {
        (accepting(one).refused(problem), refusing())
    })
    .await
}

/// `POST /quan-tri/yeu-cau/{privacy_request}/xong`. What is deleted is gone: that is ticked first.
pub async fn done(call: Call, typed: Fields) -> Result<HttpResponse, Problem> {
    let one = named(&call).await?;
    if one.what == Request::Delete && one.settled_at.is_none() && typed.get(SURE) != "1" {
        let form = accepting(&one).wrong(SURE, "đánh dấu nếu đúng là xóa".to_owned());
        let forms = (form, refusing());
        return answer_one(&call, StatusCode::BAD_REQUEST, one, forms, None);
    }
    advance(call, &typed, Ok(Step::Done), "xong", |one, problem| {
        (accepting(one).refused(problem), refusing())
    })
    .await
}

/// `POST /quan-tri/yeu-cau/{privacy_request}/tu-choi`.
pub async fn refuse(call: Call, typed: Fields) -> Result<HttpResponse, Problem> {
    let form = refusing().typed(&typed);
    let refused = body::read::<RefusedRequest>(form.body().to_string().as_bytes());
    let step = refused.map(|refused| Step::Refuse {
        reason: refused.reason,
    });
    advance(call, &typed, step, "tu-choi", |one, problem| {
        let form = drafts::again(form, &typed, &place_of_refusal(&one.id));
        (accepting(one), form.refused(problem))
    })
    .await
}

/// `POST /quan-tri/yeu-cau/{privacy_request}/mo-lai`: it was settled by a slip.
pub async fn reopen(call: Call, typed: Fields) -> Result<HttpResponse, Problem> {
    let form = reopening().typed(&typed);
    let asked = body::read::<RefusedRequest>(form.body().to_string().as_bytes());
    let step = asked.map(|asked| Step::Reopen {
        reason: asked.reason,
    });
    advance(call, &typed, step, "mo-lai", |one, problem| {
        (accepting(one), form.refused(problem))
    })
    .await
}
