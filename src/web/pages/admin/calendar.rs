//! `/quan-tri/lich`: the days off of a year. What a change moves is shown before it is done.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, ResponseError};
use askama::Template;
use chrono::{Datelike, NaiveDate, Weekday};
use serde_json::json;

use crate::domain::calendar::{Calendar, DayKind, SourceKind};
use crate::domain::moment::Moment;
use crate::render::words;
use crate::views::calendar::Moves;
use crate::web::api::calendar::{self, Day, Year, YearChange};
use crate::web::api::call::Call;
use crate::web::body;
use crate::web::headers::IfMatch;
use crate::web::pages::forms::{Choice, Field, Fields, FormPart, TAG, form_tag};
use crate::web::pages::{Frame, drafts, page, see_other};
use crate::web::problem::{Kind, Problem};

pub(crate) const PATH: &str = "/quan-tri/lich";

const DROP: &str = "drop";
const STEP: &str = "step";
const CONFIRM: &str = "confirm";
const DATE: &str = "date";
/// What was shown before it is confirmed.
const SEEN: &str = "seen";
/// The weekly day off that is worked for the day.
const MADE_UP: &str = "made_up";

#[derive(Template)]
#[template(path = "admin/calendar.html")]
struct CalendarPage {
    frame: Frame,
    year: i32,
    years: Vec<i32>,
    days: Vec<Row>,
    form: FormPart,
    /// What the change would move.
    moves: Option<Moves>,
    /// Whoever looks may change it.
    may_change: bool,
    /// What is to be changed, in words.
    changes: Vec<String>,
    done: bool,
    changed: bool,
}

struct Row {
    date: String,
    value: String,
    kind: &'static str,
    name: String,
    source: String,
    provisional: bool,
    dropped: bool,
}

impl CalendarPage {
    fn moment(moment: &Moment) -> String {
        words::moment(*moment)
    }
}

const fn kind(kind: DayKind) -> &'static str {
    match kind {
        DayKind::Off => "Nghỉ",
        DayKind::Work => "Làm bù",
    }
}

fn source(day: &Day) -> String {
    let word = match day.source {
        None => "Chưa ghi",
        Some(SourceKind::Law) => "Luật",
        Some(SourceKind::Notice) => "Thông báo",
        Some(SourceKind::Provisional) => "Dự kiến, chưa công bố",
    };
    match &day.document {
        Some(document) => format!("{word}: {document}"),
        None => word.to_owned(),
    }
}

/// A year's days, and the years there are.
async fn known(call: &Call, year: i32) -> Result<(Year, Vec<i32>), Problem> {
    call.run(move |store, _, _| {
        let reference = store.reference()?;
        let days = reference.calendar().into_iter().flat_map(Calendar::days);
        let mut years: Vec<i32> = days.map(|day| day.date.year()).collect();
        years.extend([year]);
        years.extend(years.iter().max().map(|last| last + 1));
        years.sort_unstable();
        years.dedup();
        Ok((Year::of(&reference, year), years))
    })
    .await
}

/// Why no day is worked in exchange for the one that is written down: that would have to be off, and not be so anyway.
fn no_swap(typed: &Fields) -> Option<&'static str> {
    typed.typed(MADE_UP)?;
    let weekend = |day: NaiveDate| matches!(day.weekday(), Weekday::Sat | Weekday::Sun);
    match (typed.get("kind"), typed.day(DATE).flatten()) {
        ("work", _) => Some("chỉ ghi khi ngày trên được nghỉ"),
        (_, Some(day)) if weekend(day) => {
            Some("ngày trên đã là ngày nghỉ hằng tuần: không có gì để hoán đổi")
        }
        _ => None,
    }
}

fn form(year: i32, days: &Year) -> FormPart {
    let kinds = vec![
        Choice::new("off", "Nghỉ"),
        Choice::new("work", "Làm bù (ngày nghỉ hằng tuần thành ngày làm việc)"),
    ];
    let sources = vec![
        Choice::new("notice", "Thông báo, có số văn bản"),
        Choice::new("law", "Luật định"),
        Choice::new("provisional", "Dự kiến, chưa công bố"),
    ];
    FormPart::new(vec![
        Field::date(DATE, "Ngày").required(),
        Field::choice("kind", "Loại", kinds),
        Field::text("name", "Tên")
            .required()
            .hint(format!("Ví dụ: Nghỉ Tết Nguyên đán {year}")),
        Field::choice("source", "Căn cứ", sources),
        Field::text("document", "Số văn bản"),
        Field::date(MADE_UP, "Hoán đổi: làm bù vào ngày")
            .nowhere()
            .hint("Chỉ khi ngày trên được nghỉ hoán đổi với một thứ Bảy hoặc Chủ nhật của năm này: ghi cả hai ngày một lần."),
        Field::hidden(SEEN, "").nowhere(),
        Field::tag(days),
    ])
}

fn answer(
    call: &Call,
    status: StatusCode,
    (year, days, years): (i32, Year, Vec<i32>),
    typed: &Fields,
    shown: CalendarPage,
) -> Result<HttpResponse, Problem> {
    let dropped = typed.all(DROP);
    let rows = days.days.iter().map(|day| Row {
        date: words::date(day.date),
        value: day.date.to_string(),
        kind: kind(day.kind),
        name: day.name.clone(),
        source: source(day),
        provisional: day.source == Some(SourceKind::Provisional),
        dropped: dropped.contains(&day.date.to_string()),
    });
    let wrong = shown.changed || !shown.form.errors.is_empty();
    let shown = CalendarPage {
        frame: Frame::of(&call.by, super::PATH).wrong(wrong),
        year,
        years,
        days: rows.collect(),
        ..shown
    };
    page(status, &shown)
}

fn empty(form: FormPart) -> CalendarPage {
    CalendarPage {
        frame: Frame::public(),
        year: 0,
        years: Vec::new(),
        days: Vec::new(),
        form,
        moves: None,
        may_change: true,
        changes: Vec::new(),
        done: false,
        changed: false,
    }
}

/// `GET /quan-tri/lich`: this year's.
pub async fn this_year(call: Call) -> Result<HttpResponse, Problem> {
    let year = call.run(|_, _, now| Ok(now.date().year())).await?;
    Ok(see_other(&format!("{PATH}/{year}")).finish())
}

/// `GET /quan-tri/lich/{year}`.
pub async fn show(call: Call, typed: Fields) -> Result<HttpResponse, Problem> {
    let year = calendar::year_of(&call)?;
    let (days, years) = known(&call, year).await?;
    let given = drafts::given(&call, &typed, &place(year)).await?;
    let kept = given.typed().cloned().unwrap_or_default();
    let form = given.over(form(year, &days));
    let shown = CalendarPage {
        done: typed.get("xong") == "1",
        may_change: super::sees_to_all(&call).await?,
        ..empty(form)
    };
    let all = (year, days, years);
    answer(&call, StatusCode::OK, all, &kept, shown)
}

/// What is to be known of a day before it is written down.
fn beside(date: NaiveDate, kind: &str, days: &Year) -> String {
    let mut known = days.days.iter();
    let known = known.find(|day| day.date == date);
    let replaced = known.map(|day| format!("thay “{}” đã có", day.name));
    let weekend = matches!(date.weekday(), Weekday::Sat | Weekday::Sun);
    let weekend = (weekend && kind == "off").then(|| "đã là ngày nghỉ hằng tuần".to_owned());
    let past = (date < crate::clock::now().date())
        .then(|| "ngày đã qua: chỉ hồ sơ còn mở được tính lại".to_owned());
    let all: Vec<String> = replaced.into_iter().chain(weekend).chain(past).collect();
    match all.is_empty() {
        true => String::new(),
        false => format!(" ({})", all.join("; ")),
    }
}

/// Where the form of a year is sent to.
fn place(year: i32) -> String {
    format!("{PATH}/{year}")
}

/// `POST /quan-tri/lich/{year}`: shows what the change moves, then does it.
pub async fn change(call: Call, typed: Fields) -> Result<HttpResponse, Problem> {
    let year = calendar::year_of(&call)?;
    let (days, years) = known(&call, year).await?;
    let now_tag = form_tag(&days);
    let form = drafts::again(form(year, &days).typed(&typed), &typed, &place(year));
    let dropped = typed.all(DROP);
    let (mut kept, mut changes) = (Vec::new(), Vec::new());
    for day in &days.days {
        match dropped.contains(&day.date.to_string()) {
            false => kept.push(json!(day)),
            true => changes.push(format!("Bỏ ngày {}: {}", words::date(day.date), day.name)),
        }
    }
    if typed.typed(DATE).is_some() {
        // What there is of that day is replaced.
        let date = typed.day(DATE).flatten().map(|day| day.to_string());
        kept.retain(|day| date.is_none() || day["date"] != json!(date));
        let mut day = form.body();
        if let Some(day) = day.as_object_mut() {
            day.entry("name").or_insert_with(|| json!(""));
        }
        let of = typed.day(DATE).flatten();
        changes.push(format!(
            "Ghi ngày {}: {}{}",
            of.map_or_else(|| typed.get(DATE).to_owned(), words::date),
            typed.get("name"),
            of.map_or_else(String::new, |of| beside(of, typed.get("kind"), &days))
        ));
        if let Some(made_up) = typed.typed(MADE_UP) {
            let read = typed.day(MADE_UP).flatten();
            let date = read.map_or_else(|| made_up.to_owned(), |day| day.to_string());
            kept.retain(|day| day["date"] != json!(date));
            let mut work = day.clone();
            work["date"] = json!(date);
            work["kind"] = json!("work");
            let of = typed.day(DATE).flatten().map(words::date);
            work["name"] = json!(format!("Làm bù cho ngày {}", of.unwrap_or_default()));
            let date = read.map_or_else(|| made_up.to_owned(), words::date);
            let beside = read.map_or_else(String::new, |day| beside(day, "work", &days));
            changes.push(format!("Ghi ngày {date}: làm bù{beside}"));
            kept.push(work);
        }
        kept.push(day);
    }
    let all = (year, days, years);
    if let Some(reason) = no_swap(&typed) {
        let form = form.wrong(MADE_UP, reason.to_owned());
        return answer(&call, StatusCode::BAD_REQUEST, all, &typed, empty(form));
    }
    if changes.is_empty() {
        let form = form.wrong(DATE, "chưa chọn ngày nào để thêm hay bỏ".to_owned());
        return answer(&call, StatusCode::BAD_REQUEST, all, &typed, empty(form));
    }
    let body = json!({ "days": kept, "replace": true }).to_string();
    let read = || body::read::<YearChange>(body.as_bytes());
    // What was seen: another day typed since, be it by the enter key, is looked at first.
    let seen = body::fingerprint(&body);
    let confirmed = typed.get(STEP) == CONFIRM && typed.get(SEEN) == seen;
    let result = match (read(), confirmed) {
        (Err(problem), _) => Err(problem),
        (Ok(new), false) => calendar::would_move(&call, year, new).await.map(Some),
        (Ok(new), true) => {
            let seen = IfMatch::of_form(typed.get(TAG));
            calendar::change(&call, year, new, seen).await.map(|_| None)
        }
    };
    match result {
        Ok(None) => drafts::taken(&call, &typed, &format!("{PATH}/{year}?xong=1")).await,
        Ok(Some(moves)) => {
            let shown = CalendarPage {
                moves: Some(moves),
                changes,
                ..empty(form.renewed(SEEN, seen))
            };
            answer(&call, StatusCode::OK, all, &typed, shown)
        }
        Err(problem) if problem.kind() == Kind::Changed => {
            let done = format!("{PATH}/{year}?xong=1");
            if let Some(done) = drafts::taken_before(&call, &typed, &done).await? {
                return Ok(done);
            }
            let shown = CalendarPage {
                changed: true,
                ..empty(form.renewed(TAG, now_tag))
            };
            answer(&call, problem.status_code(), all, &typed, shown)
        }
        Err(problem) if problem.kind() == Kind::InvalidRequest => {
            // The new day stands last in the body, the one that is worked for it before it.
            let place =
                |from_the_end: usize| format!("/days/{}/", kept.len().saturating_sub(from_the_end));
            let (off, work) = (place(1), place(2));
            let swaps = typed.typed(DATE).is_some() && typed.typed(MADE_UP).is_some();
            let mut form = form;
            for error in problem.errors() {
                let field = match error.field.strip_prefix(&off) {
                    Some(field) => field,
                    None if swaps && error.field.starts_with(&work) => MADE_UP,
                    None => &error.field,
                };
                form = form.wrong(field, error.detail.clone());
            }
            answer(&call, problem.status_code(), all, &typed, empty(form))
        }
        Err(problem) => Err(drafts::keep(&call, &typed, problem).await),
    }
}
