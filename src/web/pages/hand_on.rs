//! `/tong-quan/giao-lai`: what lies in somebody's hands, or in nobody's, goes to a colleague: some of it, chosen here, or
//! all of it by a job. Reached from what lies with whom.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, ResponseError};
use askama::Template;
use serde_json::json;

use crate::acts;
use crate::domain::ids::DossierId;
use crate::domain::moment::Moment;
use crate::domain::role::Permission;
use crate::render::{self, words};
use crate::views::hands::{self, Hands, Holder};
use crate::views::list::ListItem;
use crate::web::api::call::Call;
use crate::web::api::dossiers::{assignee, intent, resolve};
use crate::web::api::page::{Page, Wanted};
use crate::web::api::reports::root;
use crate::web::api::users::{self, HandOn};
use crate::web::body;
use crate::web::pages::forms::{Choice, Field, Fields, FormPart, Wrong};
use crate::web::pages::late::OFFICER;
use crate::web::pages::many::{Attempt, Chosen, Outcome};
use crate::web::pages::overview::{self, NEAR_DAYS, UNIT};
use crate::web::pages::{Frame, drafts, many, page};
use crate::web::problem::{Kind, Problem};

pub(crate) const PATH: &str = "/tong-quan/giao-lai";

/// In the addresses and the form: where the page goes on; the dossiers chosen, each with the version that was seen; how
/// many have gone.
const AFTER: &str = "tiep";
const CHOSEN: &str = "ho_so";
const DONE: &str = "xong";
const CLOSED: &str = "khoa-tai-khoan";
const TO: &str = "to";
const REASON: &str = "reason";
/// Another try is another one.
const TRY: &str = "lan";

/// How many dossiers a page has, and so how many go at once.
const ROWS: u32 = 50;

#[derive(Template)]
#[template(path = "hand_on.html")]
struct HandOnPage {
    frame: Frame,
    of: Option<Holder>,
    rows: Vec<Row>,
    next: Option<String>,
    form: FormPart,
    near_days: u32,
    /// What has gone.
    done: Option<String>,
    /// Whether there is anybody to go to.
    anybody: bool,
    /// Whoever looks may see dossiers, and choose among them.
    chooses: bool,
}

impl HandOnPage {
    fn number(count: &u64) -> String {
        words::number(i64::try_from(*count).unwrap_or(i64::MAX))
    }
}

struct Row {
    number: String,
    /// With the version that is seen.
    value: String,
    chosen: bool,
    procedure: String,
    unit: String,
    status: &'static str,
    due: String,
    /// Kind, shape, word.
    sign: Option<(&'static str, &'static str, String)>,
}

impl Row {
    fn new(item: ListItem, near: Moment, chosen: &[String]) -> Self {
        let (paused, due) = (item.status.is_waiting(), item.due_at);
        let late = match item.overdue_hours {
            None | Some(0) => "Vừa quá hạn".to_owned(),
            Some(hours) => format!("Quá hạn {} ngày làm việc", render::local_days(hours)),
        };
        let sign = match due {
            Some(_) if item.overdue => Some(("late", "▲", late)),
            _ if paused => Some(("wait", "‖", "Đang chờ người nộp".to_owned())),
            Some(due) if due < near => Some(("wait", "◆", "Sắp đến hạn".to_owned())),
            _ => None,
        };
        let with = |value: &String| Chosen::number(value) == item.case_number;
        Self {
            value: Chosen::value(&item.case_number, item.version),
            chosen: chosen.iter().any(with),
            procedure: item.procedure.name,
            unit: item.holder.name,
            status: item.status_name,
            due: due.map_or_else(|| "–".to_owned(), words::moment),
            number: item.case_number,
            sign,
        }
    }
}

/// Whose hands are asked for.
fn username(typed: &Fields) -> Option<String> {
    typed.typed(OFFICER).map(str::to_owned)
}

/// The page of these hands; of what a unit and those under it have, if one is named.
pub(super) fn address(username: Option<&str>, unit: Option<&str>) -> String {
    address_with(username, unit, None)
}

/// The same with one thing more.
fn address_with(username: Option<&str>, unit: Option<&str>, more: Option<(&str, &str)>) -> String {
    let own = username.map(|username| (OFFICER, username));
    let unit = unit.map(|unit| (UNIT, unit));
    let query: Vec<_> = own.into_iter().chain(unit).chain(more).collect();
    let query = serde_urlencoded::to_string(query).unwrap_or_default();
    match query.is_empty() {
        true => PATH.to_owned(),
        false => format!("{PATH}?{query}"),
    }
}

/// Where there is what somebody has in hand whose account has just been closed; none if there is nothing.
pub(super) async fn left_by(call: &Call, username: &str) -> Result<Option<String>, Problem> {
    let named = username.to_owned();
    let left = call.run(move |store, by, now| {
        let hands = hands::of(store, Some(&named), by.unit, None, 1, NEAR_DAYS, now)?;
        Ok(hands.of.is_some_and(|of| of.count.open > 0))
    });
    let left = left.await?;
    Ok(left.then(|| address_with(Some(username), None, Some((DONE, CLOSED)))))
}

async fn read(call: &Call, typed: &Fields) -> Result<Hands, Problem> {
    if !call.by.may(Permission::HandOn) {
        let detail = "chỉ lãnh đạo và quản trị xem ai đang giữ hồ sơ nào";
        return Err(Problem::new(Kind::Forbidden, detail));
    }
    let mut wrong = Vec::new();
    let wanted: Wanted<(Moment, DossierId)> =
        Wanted::read(typed.typed(AFTER), Some(ROWS), "", &mut wrong);
    if !wrong.is_empty() {
        return Err(Problem::invalid(wrong));
    }
    let (username, unit) = (username(typed), typed.typed(UNIT).map(str::to_owned));
    let limit = ROWS as usize;
    call.run(move |store, by, now| {
        let (name, after) = (username.as_deref(), wanted.after);
        let unit = root(store, unit.as_deref(), by.unit)?.unwrap_or(by.unit);
        Ok(hands::of(store, name, unit, after, limit, NEAR_DAYS, now)?)
    })
    .await
}

fn form(hands: &Hands) -> FormPart {
    let mut choices = vec![Choice::new("", "Chọn người nhận")];
    choices.extend(hands.colleagues.iter().map(|one| {
        let number = |count: u64| words::number(i64::try_from(count).unwrap_or(i64::MAX));
        let (open, overdue) = (number(one.count.open), number(one.count.overdue));
        let label = format!(
            "{} ({}, {}): đang xử lý {open}, quá hạn {overdue}",
            one.staff.full_name,
            words::role(one.role),
            one.unit.name
        );
        Choice::new(&one.staff.username, label)
    }));
    let reason = Field::area(REASON, "Lý do");
    FormPart::new(vec![
        Field::hidden(OFFICER, ""),
        Field::hidden(UNIT, ""),
        Field::hidden(TRY, uuid::Uuid::new_v4().simple()),
        Field::choice(TO, "Giao cho", choices),
        match hands.of {
            Some(_) => reason.required(),
            None => reason,
        },
    ])
}

/// The form as it was typed.
fn again(hands: &Hands, typed: &Fields) -> FormPart {
    drafts::again(form(hands).typed(typed), typed, PATH)
}

fn answer(
    call: &Call,
    status: StatusCode,
    hands: Hands,
    form: FormPart,
    typed: &Fields,
) -> Result<HttpResponse, Problem> {
    let chosen = typed.all(CHOSEN);
    let (_, next) = Page::new(Vec::<()>::new(), hands.next.as_ref()).into_parts();
    let own = username(typed);
    let done = typed.typed(DONE).map(|done| match done {
        CLOSED => "Tài khoản đã khóa. Những hồ sơ dưới đây vẫn đang giao cho người này: giao lại cho đồng nghiệp."
            .to_owned(),
        "tat-ca" => "Đang giao lại tất cả: công việc chạy nền, số hồ sơ ở đây giảm dần.".to_owned(),
        count => format!("Đã giao lại {count} hồ sơ."),
    });
    let near = hands.near;
    let chooses = call.by.may(Permission::ReadDossiers);
    let rows = hands.items.into_iter().filter(|_| chooses);
    let shown = HandOnPage {
        frame: Frame::of(&call.by, overview::PATH).wrong(!form.errors.is_empty()),
        of: hands.of,
        rows: rows.map(|item| Row::new(item, near, &chosen)).collect(),
        next: next
            .filter(|_| chooses)
            .map(|after| address_with(own.as_deref(), typed.typed(UNIT), Some((AFTER, &after)))),
        form,
        near_days: NEAR_DAYS,
        done,
        anybody: !hands.colleagues.is_empty(),
        chooses,
    };
    page(status, &shown)
}

/// `GET /tong-quan/giao-lai`.
pub async fn show(call: Call, typed: Fields) -> Result<HttpResponse, Problem> {
    let hands = read(&call, &typed).await?;
    let given = drafts::given(&call, &typed, PATH).await?;
    // Whose hands, by the address; which dossiers, by the draft.
    let form = form(&hands).typed(&typed);
    let mut typed = typed;
    if let Some(kept) = given.typed() {
        typed.put(CHOSEN, kept.all(CHOSEN));
    }
    let form = given.over(form);
    answer(&call, StatusCode::OK, hands, form, &typed)
}

/// To whom, and why; what is missing is said at the form.
fn asked(hands: &Hands, form: FormPart) -> (FormPart, String, String) {
    let value = |name: &str| {
        let mut fields = form.fields.iter();
        let field = fields.find(|field| field.name == name);
        field.map_or_else(String::new, |field| field.value.trim().to_owned())
    };
    let (to, reason) = (value(TO), value(REASON));
    let mut form = form;
    if to.is_empty() {
        form = form.wrong(TO, "chưa chọn người nhận".to_owned());
    }
    if reason.is_empty() && hands.of.is_some() {
        form = form.wrong(REASON, "để trống".to_owned());
    }
    (many::length_checked(form, REASON, &reason), to, reason)
}

/// `POST /tong-quan/giao-lai`: what was chosen goes, each by itself as if handed over on its own page. What cannot go
/// stays chosen, with the reason.
pub async fn some(call: Call, typed: Fields) -> Result<HttpResponse, Problem> {
    let hands = read(&call, &typed).await?;
    let (mut form, to, reason) = asked(&hands, again(&hands, &typed));
    let mut chosen = Chosen::all(&typed, CHOSEN);
    chosen.truncate(ROWS as usize);
    if chosen.is_empty() {
        form.errors.push(Wrong {
            target: Some("chosen".to_owned()),
            text: "Chưa chọn hồ sơ nào".to_owned(),
        });
    }
    if !form.errors.is_empty() {
        return answer(&call, StatusCode::BAD_REQUEST, hands, form, &typed);
    }
    let intent = intent(&call, None);
    let attempt = Attempt::new(typed.get(TRY), &[&to, &reason]);
    let result = call.run(move |store, by, _| {
        let to = assignee(store, Some(&to))?;
        let to = to.ok_or_else(|| Problem::invalid_field(TO, "chưa chọn người nhận"))?;
        Outcome::of(&chosen, |one| {
            let (id, key) = (resolve(store, &one.number)?, attempt.once(one, by));
            Ok(acts::many::hand_over(
                store, id, one.seen, to, &reason, key, intent,
            )?)
        })
    });
    let outcome = match result.await {
        Ok(outcome) => outcome,
        Err(problem) if problem.kind() == Kind::InvalidRequest => {
            let (status, form) = (problem.status_code(), form.refused(&problem));
            return answer(&call, status, hands, form, &typed);
        }
        Err(problem) => return Err(drafts::keep(&call, &typed, problem).await),
    };
    let done = outcome.done.len();
    if outcome.not.is_empty() {
        let shown = address_with(
            username(&typed).as_deref(),
            typed.typed(UNIT),
            Some((DONE, &done.to_string())),
        );
        return drafts::taken(&call, &typed, &shown).await;
    }
    // As it is now: what has gone is not there any more.
    let hands = read(&call, &typed).await?;
    let mut form = again(&hands, &typed);
    form = form.renewed(TRY, uuid::Uuid::new_v4().simple());
    for (number, why) in outcome.not {
        form.errors.push(Wrong {
            target: Some("chosen".to_owned()),
            text: format!("{number} chưa giao lại: {why}"),
        });
    }
    let mut typed = typed;
    if done > 0 {
        typed.set(DONE, done.to_string());
    }
    answer(&call, StatusCode::CONFLICT, hands, form, &typed)
}

/// `POST /tong-quan/giao-lai/tat-ca`: all that somebody has in hand goes, by a job.
pub async fn all(call: Call, typed: Fields) -> Result<HttpResponse, Problem> {
    let hands = read(&call, &typed).await?;
    let (form, to, reason) = asked(&hands, again(&hands, &typed));
    let Some(of) = hands.of.as_ref().map(|of| of.staff.username.clone()) else {
        return Err(Problem::not_found("không có tài khoản này"));
    };
    if !form.errors.is_empty() {
        return answer(&call, StatusCode::BAD_REQUEST, hands, form, &typed);
    }
    let body = json!({"to": to, "reason": reason}).to_string();
    let handed = match body::read::<HandOn>(body.as_bytes()) {
        Ok(wanted) => users::pass_on(&call, of.clone(), wanted).await,
        Err(problem) => Err(problem),
    };
    match handed {
        Ok(_) => {
            drafts::taken(
                &call,
                &typed,
                &address_with(Some(&of), typed.typed(UNIT), Some((DONE, "tat-ca"))),
            )
            .await
        }
        Err(problem) if matches!(problem.kind(), Kind::InvalidRequest | Kind::Refused) => {
            let (status, form) = (problem.status_code(), form.refused(&problem));
            answer(&call, status, hands, form, &typed)
        }
        Err(problem) => Err(drafts::keep(&call, &typed, problem).await),
    }
}
