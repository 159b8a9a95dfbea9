//! `/tong-quan/tra-muon` and `/tong-quan/qua-han`: what was closed late and what is overdue, to which rates lead.

use std::collections::HashMap;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;

use crate::domain::ids::DossierId;
use crate::domain::moment::Moment;
use crate::domain::period::{Period, end_of};
use crate::error::Error;
use crate::render::sheet::{Cell, Column, Row, RowKind, Sheet};
use crate::render::{self, words};
use crate::store::lists::{Order, Within};
use crate::store::reference::Reference;
use crate::views;
use crate::views::lateness::{self, Why};
use crate::views::list::{Concern, ListItem, ListRequest};
use crate::web::api::call::Call;
use crate::web::api::page::{Page, Wanted};
use crate::web::pages::downloads::{self, AS, Downloads, all_of};
use crate::web::pages::forms::Fields;
use crate::web::pages::overview::{self, Asked};
use crate::web::pages::{Frame, page};
use crate::web::problem::Problem;

pub(super) const CLOSED_LATE: &str = "/tong-quan/tra-muon";
pub(super) const OVERDUE: &str = "/tong-quan/qua-han";

/// In the addresses, beside what an overview is asked for: level, field, procedure, channel, officer, where the next
/// page begins.
pub(super) const LEVEL: &str = "cap";
pub(super) const FIELD: &str = "linh_vuc";
pub(super) const PROCEDURE: &str = "thu_tuc";
pub(super) const CHANNEL: &str = "hinh_thuc";
pub(super) const OFFICER: &str = "can_bo";
/// In its place: what lies with nobody.
pub(super) const NOBODY: &str = "-";
/// Of the unit alone, without those under it.
pub(super) const ALONE: &str = "rieng";
const AFTER: &str = "tiep";

/// How many rows a page has.
const ROWS: u32 = 50;

#[derive(Template)]
#[template(path = "overview_list.html")]
struct ListPage {
    frame: Frame,
    title: &'static str,
    about: String,
    /// What the last moment of a row is.
    end_name: &'static str,
    rows: Vec<LateRow>,
    /// How many there are, where this page has them all.
    all: Option<usize>,
    next: Option<String>,
    downloads: Downloads,
    back: String,
}

struct LateRow {
    number: String,
    procedure: String,
    unit: String,
    due: String,
    moved: Option<String>,
    end: String,
    late: String,
    officer: String,
    /// Why, as far as it is known.
    why: Vec<String>,
}

/// By how much something is late, in working time as the report counts it; what is open until now.
fn lateness(item: &ListItem) -> Cell {
    let hours = item.late_hours.or(item.overdue_hours);
    hours.map_or(Cell::Empty, |hours| Cell::Days { hours })
}

fn officer(item: &ListItem) -> String {
    let staff = item.assignee.as_ref();
    staff.map_or_else(|| "Chưa giao".to_owned(), |staff| staff.full_name.clone())
}

/// Why something is late, in sentences.
fn reasons(why: Option<&Why>) -> Vec<String> {
    let Some(why) = why else {
        return Vec::new();
    };
    let step = why.step.as_ref().map(|(step, over)| {
        let hours = render::local_hours(render::hundredths_of_hour(*over));
        format!("Bước “{step}” vượt {hours} giờ làm việc")
    });
    let apology = why.apology.as_ref();
    let apology = apology.map(|reason| format!("Đã xin lỗi: {reason}"));
    step.into_iter().chain(apology).collect()
}

impl LateRow {
    fn new(item: ListItem, why: Option<&Why>) -> Self {
        let dash = || "–".to_owned();
        Self {
            late: match lateness(&item) {
                Cell::Days { hours: 0 } => "dưới một giờ".to_owned(),
                Cell::Days { hours } => format!("{} ngày làm việc", render::local_days(hours)),
                _ => dash(),
            },
            due: item.due_at.map_or_else(dash, words::moment),
            moved: item.appointment_at.map(words::moment),
            end: match item.closed_at {
                Some(at) => words::moment(at),
                None => item.status_name.to_owned(),
            },
            officer: officer(&item),
            why: reasons(why),
            number: item.case_number,
            procedure: item.procedure.name,
            unit: item.unit.name,
        }
    }
}

/// A list that rates lead to: what was closed late within the period, or what is overdue now.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Late {
    Closed,
    Open,
}

impl Late {
    const fn path(self) -> &'static str {
        match self {
            Self::Closed => CLOSED_LATE,
            Self::Open => OVERDUE,
        }
    }

    /// What it is, and what the last moment of a row is.
    const fn title(self) -> (&'static str, &'static str) {
        match self {
            Self::Closed => ("Hồ sơ giải quyết quá hạn", "Giải quyết xong"),
            Self::Open => ("Hồ sơ đang quá hạn", "Trạng thái"),
        }
    }

    /// Both lists show dossiers as they stand now, whatever the rate was taken of, and say so.
    fn about(self, period: Period, now: Moment) -> String {
        match self {
            Self::Closed => format!(
                "Giải quyết từ ngày {} đến ngày {}, theo dữ liệu lúc {}.",
                words::date(period.from),
                words::date(period.to),
                words::moment(now)
            ),
            Self::Open => format!("Lúc {}.", words::moment(now)),
        }
    }

    fn file_name(self, period: Period, now: Moment) -> String {
        match self {
            Self::Closed => format!("{} {} {}", self.title().0, period.from, period.to),
            Self::Open => format!("{} {}", self.title().0, now.date()),
        }
    }
}

/// `GET /tong-quan/tra-muon`: what was closed after its due moment within the period.
pub async fn closed_late(call: Call, typed: Fields) -> Result<HttpResponse, Problem> {
    list(call, typed, Late::Closed).await
}

/// `GET /tong-quan/qua-han`: what is open and past due, as things stand now.
pub async fn overdue(call: Call, typed: Fields) -> Result<HttpResponse, Problem> {
    list(call, typed, Late::Open).await
}

async fn list(call: Call, typed: Fields, late: Late) -> Result<HttpResponse, Problem> {
    let now = crate::clock::now();
    let asked = Asked::read(&typed, now)?;
    let period = Period::new(asked.from, asked.to).map_err(Error::from)?;
    let mut wrong = Vec::new();
    let wanted: Wanted<(Moment, DossierId)> =
        Wanted::read(typed.typed(AFTER), Some(ROWS), "", &mut wrong);
    let order = match late {
        Late::Open => Order::Overdue { now },
        Late::Closed => Order::ClosedLate,
    };
    let closed = match late {
        Late::Open => Within::default(),
        Late::Closed => Within {
            from: Some(Moment::at(period.from, chrono::NaiveTime::MIN)),
            before: Some(end_of(period.to)),
        },
    };
    let kept = |name: &str| typed.typed(name).map(str::to_owned);
    // What lies with somebody lies there whoever answers for it; rates count by who does.
    let concern = match (typed.typed(OFFICER), typed.get(ALONE)) {
        (Some(officer), _) if officer != NOBODY => Concern::Any,
        (_, "1") => Concern::AnswersAlone,
        (_, _) => Concern::Answers,
    };
    let (level, channel) = (typed.typed(LEVEL), typed.typed(CHANNEL));
    let request = ListRequest {
        units: asked.unit.iter().cloned().collect(),
        concern,
        procedures: kept(PROCEDURE).into_iter().collect(),
        field: kept(FIELD),
        level: level.and_then(|text| text.parse().ok()),
        channel: channel.and_then(|text| text.parse().ok()),
        after: wanted.after,
        closed,
        ..ListRequest::of_all(call.by.unit, order, ROWS as usize, now)
    };
    let (officer, format) = (kept(OFFICER), downloads::wanted(&typed));
    let found = call.run(move |store, _, _| {
        let mut request = request;
        match officer.as_deref() {
            Some(NOBODY) => request.unassigned = true,
            Some(username) => {
                request.assignees = vec![views::assignees::named(store, username)?];
            }
            None => {}
        }
        match format {
            Some(_) => {
                let (items, cut) = all_of(store, request)?;
                Ok((items, None, cut))
            }
            None => {
                let listing = views::list::list(store, &request)?;
                Ok((listing.items, listing.next, Vec::new()))
            }
        }
    });
    let (items, next, cut) = found.await?;
    let (ids, narrowing): (Vec<_>, _) = (items.iter().map(|item| item.id).collect(), typed.clone());
    let about = call.run(move |store, _, now| {
        let why = lateness::why(store, &ids, now)?;
        Ok((why, narrowed(&*store.reference()?, &narrowing)))
    });
    let (why, narrowed) = about.await?;
    let mut about = late.about(period, now) + &narrowed;
    // What is open is so now; the figure that led here is of the end of its period.
    let counted = match late {
        Late::Open => Some(asked.as_of().unwrap_or(period.to).min(period.to)),
        Late::Closed => asked.as_of(),
    };
    if let Some(day) = counted.filter(|day| *day < now.date()) {
        about.push_str(&format!(
            " Tổng quan lấy số liệu tính đến hết ngày {}: danh sách này có thể khác.",
            words::date(day)
        ));
    }
    if let Some(format) = format {
        let sheet = Sheet {
            notes: cut,
            ..sheet(late, about, &items, &why)
        };
        return downloads::file(&late.file_name(period, now), format, &sheet);
    }
    let (path, query) = (late.path(), typed.query_without(&[AFTER, AS]));
    let (_, next) = Page::new(Vec::<()>::new(), next.as_ref()).into_parts();
    let (title, end_name) = late.title();
    let items_shown = items.len();
    let rows = items.into_iter().map(|item| {
        let why = why.get(&item.id);
        LateRow::new(item, why)
    });
    let first = typed.get(AFTER).is_empty();
    let shown = ListPage {
        all: (first && next.is_none()).then_some(items_shown),
        frame: Frame::of(&call.by, overview::PATH),
        title,
        about,
        end_name,
        rows: rows.collect(),
        next: next.map(|after| format!("{path}?{query}&{AFTER}={after}")),
        downloads: Downloads::of(&format!("{path}?{query}")),
        back: asked.address(overview::PATH, &[]),
    };
    page(StatusCode::OK, &shown)
}

/// To what the list is narrowed, in a sentence; nothing of all.
fn narrowed(reference: &Reference, typed: &Fields) -> String {
    let unit = typed.typed(overview::UNIT).map(|code| {
        let unit = reference.units().by_code(code);
        let name = unit.map_or("", |unit| &unit.name);
        let below = match typed.get(ALONE) {
            "1" => "không kể đơn vị trực thuộc",
            _ => "cả đơn vị trực thuộc",
        };
        format!("{name} ({code}), {below}")
    });
    let level = typed.typed(LEVEL).and_then(|text| text.parse().ok());
    let level = level.map(|level| words::level(level).to_lowercase());
    let field = typed.typed(FIELD).map(|field| format!("lĩnh vực {field}"));
    let procedure = typed.typed(PROCEDURE).map(|code| {
        let versions = reference.versions(code);
        let newest = versions.iter().max_by_key(|one| one.definition.valid_from);
        let name = newest.map_or("", |version| &version.definition.name);
        format!("thủ tục {code}: {name}")
    });
    let channel = typed.typed(CHANNEL).and_then(|text| text.parse().ok());
    let channel = channel.map(|channel| format!("nộp {}", words::channel(channel).to_lowercase()));
    let officer = typed.typed(OFFICER).map(|officer| match officer {
        NOBODY => "chưa giao cho ai".to_owned(),
        officer => format!("người xử lý {officer}"),
    });
    let all = [unit, level, field, procedure, channel, officer];
    let all: Vec<String> = all.into_iter().flatten().collect();
    match all.is_empty() {
        true => String::new(),
        false => format!(" Chỉ gồm: {}.", all.join("; ")),
    }
}

fn sheet(late: Late, about: String, items: &[ListItem], why: &HashMap<DossierId, Why>) -> Sheet {
    let moment = |moment: Option<Moment>| moment.map_or(Cell::Empty, Cell::Moment);
    let rows = items.iter().map(|item| Row {
        kind: RowKind::Single,
        cells: vec![
            Cell::text(&item.case_number),
            Cell::text(&item.procedure.name),
            Cell::text(&item.unit.name),
            moment(item.due_at),
            moment(item.appointment_at),
            match late {
                Late::Closed => moment(item.closed_at),
                Late::Open => Cell::text(item.status_name),
            },
            lateness(item),
            Cell::text(officer(item)),
            Cell::text(reasons(why.get(&item.id)).join("; ")),
        ],
    });
    let (title, end_name) = late.title();
    Sheet {
        title: vec![title.to_owned()],
        subtitle: vec![about],
        columns: vec![
            Column::text("case_number", "Mã hồ sơ"),
            Column::text("procedure", "Thủ tục"),
            Column::text("unit", "Đơn vị"),
            Column::text("due_at", "Hẹn trả"),
            Column::text("appointment_at", "Hẹn lại"),
            Column::text("end", end_name),
            Column::number("late", "Muộn (ngày làm việc)"),
            Column::text("officer", "Người phụ trách"),
            Column::text("why", "Vì sao"),
        ],
        rows: rows.collect(),
        ..Sheet::default()
    }
}
