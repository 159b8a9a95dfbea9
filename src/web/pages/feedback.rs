//! `/phan-anh`: feedback (phản ánh, kiến nghị) from anybody, its answer for whoever has the code, and what is published.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;
use sha2::{Digest, Sha256};

use crate::domain::ids::FeedbackId;
use crate::domain::moment::Moment;
use crate::render::words;
use crate::views::feedback::PublicView;
use crate::views::list::Named;
use crate::views::online;
use crate::web::access::Client;
use crate::web::api::call::Call;
use crate::web::api::feedback::Message;
use crate::web::api::page::{Page, Wanted};
use crate::web::body;
use crate::web::headers::IdempotencyKey;
use crate::web::pages::citizen::{Frame, again, can_be_mended};
use crate::web::pages::forms::{Choice, Field, Fields, FormPart};
use crate::web::pages::submit::{KEY, Shown, instead_of, new_key};
use crate::web::pages::{page, see_other};
use crate::web::problem::{Kind, Problem};
use crate::{acts, views};

const PATH: &str = "/phan-anh";

/// In the addresses: unit, what is searched for, where the published ones go on, the sender's code.
const UNIT: &str = "don_vi";
const SEARCH: &str = "tim";
const AFTER: &str = "tiep";
const CODE: &str = "ma";

/// How many published ones a page shows.
const MOST: u32 = 5;

const MISSING: &str = "không có phản ánh, kiến nghị với mã này";

#[derive(Template)]
#[template(path = "citizen_feedback.html")]
struct FeedbackPage {
    frame: Frame,
    form: FormPart,
    /// To whom it goes, once that is chosen.
    unit: Option<Named>,
    searched: bool,
    found: Vec<Shown>,
    more: bool,
    published: Vec<Published>,
    /// The address of the next page of what is published.
    next: Option<String>,
}

pub(super) struct Published {
    pub kind: &'static str,
    pub unit: String,
    pub received: String,
    pub content: String,
    pub answer: String,
}

impl From<PublicView> for Published {
    fn from(view: PublicView) -> Self {
        Self {
            kind: words::feedback_kind(view.kind),
            unit: view.unit.name,
            received: words::date(view.received_at.date()),
            content: view.content,
            answer: view.answer,
        }
    }
}

fn form(unit: &Named) -> FormPart {
    let mut to = Field::text("unit", "").value(&unit.code);
    to.kind = "hidden";
    let kinds = vec![
        Choice::new("report", "Phản ánh về cách giải quyết"),
        Choice::new("proposal", "Kiến nghị: điều nên làm khác đi"),
    ];
    FormPart::new(vec![
        Field::hidden(KEY, new_key()),
        to,
        Field::choice("kind", "Loại", kinds),
        Field::area("content", "Nội dung").required(),
        Field::text("case_number", "Mã hồ sơ liên quan"),
        Field::text("code", "Mã tra cứu của hồ sơ đó"),
        Field::text("name", "Họ và tên").hint("Không bắt buộc nói mình là ai."),
        Field::phone("phone", "Số điện thoại"),
        Field::text("email", "Thư điện tử"),
    ])
}

/// What there is to show: the form, or the choice of the unit; and what is published.
async fn shown(call: &Call<Client>, code: &str, typed: &Fields) -> Result<FeedbackPage, Problem> {
    let (code, text) = (code.to_owned(), typed.typed(SEARCH).map(str::to_owned));
    let mut wrong = Vec::new();
    let wanted: Wanted<(Moment, FeedbackId)> =
        Wanted::read(typed.typed(AFTER), Some(MOST), "", &mut wrong);
    let after = wanted.after;
    let searched = text.is_some() || !code.is_empty();
    let (unit, found, published) = call
        .run(move |store, _, now| {
            let reference = store.reference()?;
            let unit = reference.units().by_code(&code);
            let unit = unit.filter(|unit| unit.is_open_on(now.date()));
            let unit = unit.map(|unit| Named {
                code: unit.code.clone(),
                name: unit.name.clone(),
            });
            // The code of an office that has ended finds the one that does its work.
            let text = text.or_else(|| Some(code).filter(|code| !code.is_empty()));
            let found = match (&unit, text) {
                (None, Some(text)) => Some(online::units(store, None, &text, now.date())?),
                _ => None,
            };
            let of = unit.as_ref().map(|unit| unit.code.as_str());
            let published = views::feedback::published(store, of, after, MOST)?;
            Ok((unit, found, published))
        })
        .await?;
    let (published, next) = Page::new(published.items, published.next.as_ref()).into_parts();
    let next = next.map(|after| {
        let unit = unit.as_ref().map(|unit| (UNIT, unit.code.clone()));
        let query: Vec<_> = unit.into_iter().chain([(AFTER, after)]).collect();
        format!(
            "{PATH}?{}",
            serde_urlencoded::to_string(query).unwrap_or_default()
        )
    });
    let form = match &unit {
        Some(unit) => form(unit),
        None => {
            let field = Field::text(SEARCH, "Gửi tới cơ quan nào?");
            let hint = "Vài chữ trong tên xã, phường hoặc cơ quan, có dấu hay không dấu đều được.";
            FormPart::new(vec![field.hint(hint).required()])
        }
    };
    let (found, more) = found
        .map(|found| (found.items, found.more))
        .unwrap_or_default();
    let found = found.into_iter().map(|offer| Shown {
        address: format!(
            "{PATH}?{}",
            serde_urlencoded::to_string([(UNIT, &offer.unit.code)]).unwrap_or_default()
        ),
        about: instead_of(&offer),
        name: offer.unit.name,
    });
    Ok(FeedbackPage {
        frame: Frame::new(PATH),
        form: form.typed(typed),
        unit,
        searched,
        found: found.collect(),
        more,
        published: published.into_iter().map(Published::from).collect(),
        next,
    })
}

/// `GET /phan-anh`.
pub async fn show(call: Call<Client>, typed: Fields) -> Result<HttpResponse, Problem> {
    let shown = shown(&call, typed.get(UNIT), &typed).await?;
    page(StatusCode::OK, &shown)
}

/// `POST /phan-anh`: judged as what the API is sent. A second click is the same one.
pub async fn send(call: Call<Client>, typed: Fields) -> Result<HttpResponse, Problem> {
    let mut shown = shown(&call, typed.get("unit"), &typed).await?;
    if shown.unit.is_none() {
        let problem = Problem::invalid_field("unit", "chọn cơ quan nhận");
        shown.form = shown.form.refused(&problem);
        shown.frame.wrong = true;
        return again(&problem, &shown);
    }
    let mut sent = receive(&call, &shown.form, typed.get(KEY)).await;
    if matches!(&sent, Err(problem) if problem.kind() == Kind::KeyReused) {
        // Gone back to, and changed: another one.
        sent = receive(&call, &shown.form, &new_key()).await;
    }
    let problem = match sent {
        Ok(place) => return Ok(see_other(&place).finish()),
        Err(problem) if can_be_mended(&problem) => problem,
        Err(problem) => return Err(problem),
    };
    shown.form = match problem.kind() {
        // The dossier that it is said to be about.
        Kind::NotFound => shown.form.wrong("case_number", problem.detail()),
        _ => shown.form.refused(&problem),
    };
    shown.frame.wrong = true;
    again(&problem, &shown)
}

/// Where its sender reads the answer.
async fn receive(call: &Call<Client>, form: &FormPart, key: &str) -> Result<String, Problem> {
    let bytes = serde_json::to_vec(&form.body()).unwrap_or_default();
    let new = body::read::<Message>(&bytes)?.request();
    let key = IdempotencyKey::of_form(key).of_public("feedback", Sha256::digest(&bytes).to_vec());
    let settings = &call.state.settings;
    let (limits, limit) = (settings.limits, settings.feedback_limit);
    let made = call.run(move |store, by, now| {
        let address = by.address;
        Ok(acts::feedback::receive(
            store, new, limit, address, limits, key, now,
        )?)
    });
    let made = made.await?.value;
    let query = [(CODE, made.code.as_str()), ("moi", "1")];
    let query = serde_urlencoded::to_string(query).unwrap_or_default();
    Ok(format!("{PATH}/{}?{query}", made.id))
}

#[derive(Template)]
#[template(path = "citizen_answer.html")]
struct AnswerPage {
    frame: Frame,
    form: FormPart,
    /// It has just been sent.
    new: bool,
    shown: Option<Answered>,
}

struct Answered {
    unit: String,
    received: String,
    content: String,
    due: String,
    answered: Option<String>,
    answer: Option<String>,
}

/// `GET /phan-anh/{feedback}`: for whoever has its code.
pub async fn read_back(call: Call<Client>, typed: Fields) -> Result<HttpResponse, Problem> {
    let form = FormPart::new(vec![
        Field::text(CODE, "Mã của phản ánh, kiến nghị").required(),
    ]);
    let blank = AnswerPage {
        frame: Frame::new(PATH),
        form: form.typed(&typed),
        new: typed.find("moi").is_some(),
        shown: None,
    };
    let Some(code) = typed.typed(CODE).map(str::to_owned) else {
        return page(StatusCode::OK, &blank);
    };
    let limits = call.state.settings.limits;
    let found = match call.id(FeedbackId, MISSING) {
        Err(problem) => Err(problem),
        Ok(id) => {
            let found = call.run(move |store, by, now| {
                let address = by.address;
                Ok(views::feedback::read_back(
                    store, id, &code, address, limits, now,
                )?)
            });
            found.await
        }
    };
    match found {
        Ok(found) => {
            let shown = Some(Answered {
                unit: found.unit.name,
                received: words::moment(found.received_at),
                content: found.content,
                due: words::moment(found.due_at),
                answered: found.answered_at.map(words::moment),
                answer: found.answer,
            });
            page(StatusCode::OK, &AnswerPage { shown, ..blank })
        }
        Err(problem) if can_be_mended(&problem) => {
            let form = match problem.kind() {
                Kind::NotFound => blank.form.wrong(CODE, MISSING.to_owned()),
                _ => blank.form.refused(&problem),
            };
            let frame = blank.frame.wrong(true);
            let shown = AnswerPage {
                frame,
                form,
                new: false,
                shown: None,
            };
            again(&problem, &shown)
        }
        Err(problem) => Err(problem),
    }
}
