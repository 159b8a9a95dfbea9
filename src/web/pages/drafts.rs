//! `/nhap`: what somebody has typed into a form and not sent. A form is given out with a key of its own; under it the
//! page's script keeps what is typed after two seconds of quiet, without script the button “Lưu nháp” does, and what
//! comes after the session has ended is kept too. A draft is shown as the form that it is, filled, and never sent by
//! itself.

use actix_web::http::StatusCode;
use actix_web::http::header::ACCEPT;
use actix_web::{FromRequest, HttpMessage, HttpRequest, HttpResponse, ResponseError, dev};
use askama::Template;
use serde_json::json;

use crate::acts;
use crate::acts::drafts::{Kept, MOST, NewDraft};
use crate::domain::dossier::ActionKind;
use crate::domain::moment::Moment;
use crate::render::words;
use crate::store::Store;
use crate::store::drafts::Draft;
use crate::views;
use crate::web::access::state;
use crate::web::api::call::Call;
use crate::web::pages::forms::{Field, Fields, FormPart, Keeping, LargeFields};
use crate::web::pages::{
    Frame, actions, dossier, hand_on, late, log_in, many, page, receive, see_other,
};
use crate::web::problem::{Kind, Problem};
use crate::web::with_store;

pub(crate) const PATH: &str = "/nhap";

/// The fields of a form's key, and of where it is sent to.
pub(crate) const KEY: &str = "khoa";
const PLACE: &str = "noi-gui";

/// What names a draft in the address of its form.
const OPENED: &str = "nhap";

/// What a form is about, as the list of drafts says it.
pub(crate) struct Row {
    key: String,
    pub address: String,
    pub title: String,
    /// Whose dossier it is, or would be.
    pub about: String,
    pub saved: String,
}

#[derive(Template)]
#[template(path = "drafts.html")]
struct DraftsPage {
    frame: Frame,
    rows: Vec<Row>,
    days: u16,
    /// It was sent meanwhile.
    sent: bool,
}

/// What was typed there.
fn typed<'a>(draft: &'a Draft, name: &str) -> &'a str {
    find(pairs(draft), name).map_or("", str::trim)
}

fn pairs(draft: &Draft) -> &[(String, String)] {
    draft.typed.as_deref().unwrap_or_default()
}

fn find<'a>(pairs: &'a [(String, String)], name: &str) -> Option<&'a str> {
    let mut pairs = pairs.iter();
    let found = pairs.find(|(known, _)| known == name);
    found.map(|(_, value)| value.as_str())
}

fn parts(place: &str) -> Vec<&str> {
    place.trim_start_matches('/').split('/').collect()
}

/// The page on which the form that is sent there is shown, and what names its draft in the address of that: a page of
/// its own, or that of what it is about, where others stand beside it.
fn shown_at(place: &str) -> (&str, String) {
    match parts(place).as_slice() {
        ["ho-so", _, last @ ("ghi-chu" | "lien-ket")]
        | ["quan-tri", "yeu-cau", _, last @ "tu-choi"] => {
            let page = place.strip_suffix(last).unwrap_or(place);
            (page.trim_end_matches('/'), format!("{OPENED}-{last}"))
        }
        _ => (place, OPENED.to_owned()),
    }
}

/// The field that tells apart what forms of one place are for; it stands in their addresses too.
fn told_apart(place: &str) -> Option<&'static str> {
    match place {
        receive::PATH => Some(receive::PROCEDURE),
        hand_on::PATH => Some(late::OFFICER),
        many::PATH => Some(many::WHAT),
        _ => None,
    }
}

/// What the form of that place is for, by that field.
fn of_what<'a>(place: &str, typed: &'a [(String, String)]) -> Option<&'a str> {
    find(typed, told_apart(place)?)
}

/// Where a form with that in it is shown, under that key.
fn address(place: &str, typed: &[(String, String)], key: &str) -> String {
    let (page, opened) = shown_at(place);
    let mut query = Vec::new();
    query.extend(told_apart(place).zip(of_what(place, typed)));
    if place == many::PATH {
        query.extend(many::ticked_in(typed));
    }
    query.push((&opened, key));
    let query = serde_urlencoded::to_string(query).unwrap_or_default();
    format!("{page}?{query}")
}

fn address_of(draft: &Draft) -> String {
    address(&draft.place, pairs(draft), &draft.key)
}

/// What the form is for, and whom or what it is about.
fn said(store: &Store, draft: &Draft) -> Result<(String, String), Problem> {
    if draft.place == receive::PATH {
        let code = typed(draft, receive::PROCEDURE);
        let reference = store.reference()?;
        let version = reference.versions(code).last();
        let name = version.map_or(code, |version| version.definition.name.as_str());
        let person = typed(draft, "applicant/name").to_owned();
        return Ok((format!("Tiếp nhận: {name}"), person));
    }
    Ok(match parts(&draft.place).as_slice() {
        ["ho-so", "nhieu"] => {
            let rows = pairs(draft).iter();
            let rows = rows.filter(|(name, _)| name == many::ROW).count();
            ("Việc cho nhiều hồ sơ".to_owned(), format!("{rows} hồ sơ"))
        }
        ["ho-so", number, "ghi-chu"] => ("Ghi chú nội bộ".to_owned(), (*number).to_owned()),
        ["ho-so", number, "lien-ket"] => ("Liên kết hồ sơ".to_owned(), (*number).to_owned()),
        ["ho-so", number, slug] => {
            let mut kinds = ActionKind::ALL.iter();
            let kind = kinds.find(|kind| actions::slug(**kind) == Some(slug));
            let title = kind.map_or_else(|| (*slug).to_owned(), |kind| dossier::title(*kind));
            (title, (*number).to_owned())
        }
        ["xu-ly-phan-anh", ..] => ("Phản ánh, kiến nghị".to_owned(), String::new()),
        ["quan-tri", "mau-cau", ..] => ("Mẫu câu".to_owned(), String::new()),
        ["quan-tri", "yeu-cau", ..] => (
            "Yêu cầu về dữ liệu cá nhân".to_owned(),
            typed(draft, "dossier").to_owned(),
        ),
        ["quan-tri", "lich", year] => ("Lịch nghỉ, làm bù".to_owned(), (*year).to_owned()),
        ["quan-tri", "tai-khoan", "them"] => ("Thêm tài khoản".to_owned(), String::new()),
        ["quan-tri", "tai-khoan", username] => ("Tài khoản".to_owned(), (*username).to_owned()),
        ["quan-tri", "don-vi", code] => ("Đơn vị".to_owned(), (*code).to_owned()),
        ["quan-tri", "khoan-nop", ..] => ("Khoản nộp".to_owned(), String::new()),
        ["quan-tri", "thu-tuc", "them"] => ("Thêm thủ tục".to_owned(), String::new()),
        ["quan-tri", "thu-tuc", code, ..] => ("Phiên bản thủ tục".to_owned(), (*code).to_owned()),
        ["quan-tri", "don-vi", code, "ke-thua"] => {
            ("Kế thừa đơn vị".to_owned(), (*code).to_owned())
        }
        ["quan-tri", "don-vi", code, "nhan-su"] => {
            ("Chuyển nhân sự".to_owned(), (*code).to_owned())
        }
        ["quan-tri", rest @ ..] => ("Quản trị".to_owned(), rest.join(", ")),
        ["tong-quan", "giao-lai"] => (
            "Giao lại hồ sơ".to_owned(),
            typed(draft, late::OFFICER).to_owned(),
        ),
        _ => (draft.place.clone(), String::new()),
    })
}

fn rows(store: &Store, drafts: &[Draft]) -> Result<Vec<Row>, Problem> {
    let rows = drafts.iter().map(|draft| {
        let (title, about) = said(store, draft)?;
        Ok(Row {
            key: draft.key.clone(),
            address: address_of(draft),
            title,
            about,
            saved: words::moment(draft.saved_at),
        })
    });
    rows.collect()
}

/// `GET /nhap`: my drafts.
pub async fn list(call: Call, fields: Fields) -> Result<HttpResponse, Problem> {
    let rows =
        call.run(|store, by, now| rows(store, &views::drafts::of(store, by.user, now, MOST)?));
    let shown = DraftsPage {
        rows: rows.await?,
        frame: Frame::of(&call.by, PATH),
        days: call.state.settings.draft_days,
        sent: fields.get("da-gui") == "1",
    };
    page(StatusCode::OK, &shown)
}

/// My drafts of dossiers that are to be taken in.
pub(crate) async fn of_receipts(call: &Call) -> Result<Vec<Row>, Problem> {
    call.run(|store, by, now| {
        let mut mine = views::drafts::of(store, by.user, now, MOST)?;
        mine.retain(|draft| draft.place == receive::PATH);
        rows(store, &mine)
    })
    .await
}

/// `POST /nhap/bo`: a draft is thrown away.
pub async fn discard(call: Call, fields: Fields) -> Result<HttpResponse, Problem> {
    let key = fields.get(KEY).to_owned();
    call.run(move |store, by, _| Ok(acts::drafts::discard(store, key, by.proof)?))
        .await?;
    Ok(see_other(PATH).finish())
}

/// What came with a form, as it is kept.
fn of_form(fields: &Fields) -> NewDraft {
    NewDraft {
        key: fields.get(KEY).to_owned(),
        place: fields.get(PLACE).to_owned(),
        typed: fields.without(&[KEY, PLACE]),
    }
}

/// Where that form is found again.
fn address_of_form(fields: &Fields) -> String {
    address(fields.get(PLACE), fields.pairs(), fields.get(KEY))
}

/// Whether the page's script asks.
fn is_script(request: &HttpRequest) -> bool {
    let accept = request.headers().get(ACCEPT);
    accept.is_some_and(|accept| accept == "application/json")
}

/// An answer to the page's script.
fn told(status: StatusCode, said: &serde_json::Value) -> HttpResponse {
    HttpResponse::build(status)
        .insert_header(("Cache-Control", "no-store"))
        .json(said)
}

/// `POST /nhap`: keeps a form as it is typed.
pub async fn save(call: Call, LargeFields(fields): LargeFields) -> Result<HttpResponse, Problem> {
    let script = is_script(call.request());
    let draft = of_form(&fields);
    let address = address_of_form(&fields);
    let days = call.state.settings.draft_days;
    let kept = call.run(move |store, by, now| {
        let kept = acts::drafts::save(store, draft, days, by.proof, now)?;
        Ok(kept)
    });
    match (kept.await, script) {
        (Ok(Kept::At(at)), true) => {
            let said = json!({"state": "saved", "at": clock_time(at)});
            Ok(told(StatusCode::OK, &said))
        }
        (Ok(Kept::Sent), true) => Ok(told(StatusCode::OK, &json!({"state": "sent"}))),
        (Ok(Kept::At(_)), false) => Ok(see_other(&address).finish()),
        (Ok(Kept::Sent), false) => Ok(see_other(&format!("{PATH}?da-gui=1")).finish()),
        (Err(problem), true) if matches!(problem.kind(), Kind::InvalidRequest | Kind::NotFound) => {
            let mut errors = problem.errors().iter();
            let detail = errors
                .next()
                .map_or_else(|| problem.detail(), |error| error.detail.clone());
            let said = json!({"state": "refused", "detail": detail});
            Ok(told(problem.status_code(), &said))
        }
        (Err(problem), _) => Err(problem),
    }
}

/// `10:32`.
fn clock_time(at: Moment) -> String {
    at.civil().format("%H:%M").to_string()
}

/// A form as it is given out: under a key of its own, filled with the draft that the address names, if there is one.
pub(crate) struct Given {
    key: String,
    place: String,
    typed: Option<Fields>,
    keeping: Keeping,
}

/// The form that is sent to that place, as whoever asks is given it.
pub(crate) async fn given(call: &Call, query: &Fields, place: &str) -> Result<Given, Problem> {
    let asked = query.typed(&shown_at(place).1).map(str::to_owned);
    let (at, of) = (
        place.to_owned(),
        of_what(place, query.pairs()).map(str::to_owned),
    );
    let read = call.run(move |store, by, now| {
        let reference = store.reference()?;
        // A form of somebody else's is a new one, and nothing is told of theirs.
        let asked = asked.filter(|key| acts::drafts::owner(&reference, key) == Some(by.user));
        let found = match &asked {
            Some(key) => views::drafts::find(store, by.user, key, now)?,
            None => None,
        };
        let sent = found.as_ref().is_some_and(|draft| draft.typed.is_none());
        let key = asked.filter(|_| !sent);
        let of_the_form =
            |draft: &Draft| draft.place == at && of_what(&at, pairs(draft)) == of.as_deref();
        let found = found.filter(|draft| !sent && of_the_form(draft));
        let others = match &key {
            Some(_) => Vec::new(),
            None => {
                let mut mine = views::drafts::of(store, by.user, now, MOST)?;
                mine.retain(of_the_form);
                mine
            }
        };
        let key = key.unwrap_or_else(|| acts::drafts::new_key(&reference, by.user));
        Ok((key, sent, found, others))
    });
    let (key, sent, found, others) = read.await?;
    let others = others.iter().map(|draft| {
        let saved = words::moment(draft.saved_at);
        let said = match typed(draft, "applicant/name") {
            "" => saved,
            name => format!("{saved}, {name}"),
        };
        (address_of(draft), said)
    });
    Ok(Given {
        keeping: Keeping {
            address: address(place, query.pairs(), &key),
            unsaved: false,
            saved: found.as_ref().map(|draft| words::moment(draft.saved_at)),
            sent,
            others: others.collect(),
        },
        key,
        place: place.to_owned(),
        typed: found.and_then(|draft| draft.typed).map(Fields::of),
    })
}

impl Given {
    /// What was typed before.
    pub(crate) const fn typed(&self) -> Option<&Fields> {
        self.typed.as_ref()
    }

    /// The form with that.
    pub(crate) fn over(self, form: FormPart) -> FormPart {
        let form = match &self.typed {
            Some(typed) => form.typed(typed),
            None => form,
        };
        marked(form, &self.key, &self.place, self.keeping)
    }
}

/// A form that comes back with what was typed: it stays the one that it was.
pub(crate) fn again(form: FormPart, typed: &Fields, place: &str) -> FormPart {
    let Some(key) = typed.typed(KEY) else {
        return form;
    };
    let keeping = Keeping {
        address: address(place, typed.pairs(), key),
        unsaved: true,
        ..Keeping::default()
    };
    marked(form, key, place, keeping)
}

fn marked(mut form: FormPart, key: &str, place: &str, keeping: Keeping) -> FormPart {
    form.fields.push(Field::hidden(KEY, key));
    form.fields.push(Field::hidden(PLACE, place));
    form.keeping = Some(keeping);
    form
}

/// A form was taken, and what it asks for is done in transactions of their own: notes that it was sent.
pub(crate) async fn note_sent(call: &Call, fields: &Fields) -> Result<(), Problem> {
    let Some(key) = fields.typed(KEY).map(str::to_owned) else {
        return Ok(());
    };
    call.run(move |store, by, now| Ok(acts::drafts::note_sent(store, key, by.proof, now)?))
        .await
}

/// The same, and goes on to `address`.
pub(crate) async fn taken(
    call: &Call,
    fields: &Fields,
    address: &str,
) -> Result<HttpResponse, Problem> {
    note_sent(call, fields).await?;
    Ok(see_other(address).finish())
}

/// Whether the form that came was sent before, by the same person: a second click.
pub(crate) async fn was_sent(call: &Call, fields: &Fields) -> Result<bool, Problem> {
    let Some(key) = fields.typed(KEY).map(str::to_owned) else {
        return Ok(false);
    };
    call.run(move |store, by, now| {
        let known = views::drafts::find(store, by.user, &key, now)?;
        Ok(known.is_some_and(|draft| draft.typed.is_none()))
    })
    .await
}

/// Where a second click of what was taken already goes: to where the first has gone.
pub(crate) async fn taken_before(
    call: &Call,
    fields: &Fields,
    address: &str,
) -> Result<Option<HttpResponse>, Problem> {
    let sent = was_sent(call, fields).await?;
    Ok(sent.then(|| see_other(address).finish()))
}

/// A form that came and was not taken was kept all the same: whoever says so says this too.
#[derive(Clone, Copy)]
pub(crate) struct KeptAllTheSame;

/// Keeps what came with a form that cannot be shown again because of `problem`.
pub(crate) async fn keep(call: &Call, fields: &Fields, problem: Problem) -> Problem {
    if keep_for_owner(call.request(), fields).await.is_some() {
        call.request().extensions_mut().insert(KeptAllTheSame);
    }
    problem
}

/// Keeps a form for whoever it was given to; where it is found again.
async fn keep_for_owner(request: &HttpRequest, fields: &Fields) -> Option<String> {
    let draft = of_form(fields);
    let address = address_of_form(fields);
    let state = state(request).ok()?;
    let days = state.settings.draft_days;
    let kept = with_store(&state, move |store| {
        acts::drafts::save_after_the_session(store, draft, days, crate::clock::now())
    });
    match kept.await {
        Ok(Some(Kept::At(_))) => Some(address),
        _ => None,
    }
}

/// What is answered to a form that comes after its session has ended: the log-in, and behind it the form as it was
/// typed. It is done by nobody until it is sent again.
pub(crate) async fn session_ended(
    request: &HttpRequest,
    mut payload: dev::Payload,
) -> HttpResponse {
    let fields = LargeFields::from_request(request, &mut payload).await;
    let kept = match &fields {
        Ok(LargeFields(fields)) => keep_for_owner(request, fields).await,
        Err(_) => None,
    };
    if is_script(request) {
        let said = json!({"state": "ended", "kept": kept.is_some()});
        return told(StatusCode::UNAUTHORIZED, &said);
    }
    let shown = state(request).and_then(|state| log_in::after_the_session(&state, kept));
    shown.unwrap_or_else(HttpResponse::from_error)
}
