//! `/tong-quan`: on-time rates by what reports offer, over any period and as of any day, with the rule of judging that
//! held; what lies with whom; what is overdue and what was closed late, down to the dossier.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use askama::Template;
use chrono::NaiveDate;

use crate::domain::ids::DossierId;
use crate::domain::moment::Moment;
use crate::domain::period::{Grain, Period, end_of};
use crate::domain::role::Permission;
use crate::domain::tally::Standing;
use crate::error::Error;
use crate::render::sheet::{self, Cell, Column, RowKind, Sheet};
use crate::render::{self, words};
use crate::reports::Report;
use crate::reports::by::By;
use crate::reports::on_time::{self, OnTime};
use crate::reports::standings::Span;
use crate::store::Store;
use crate::store::lists::{Order, Within};
use crate::views;
use crate::views::list::{ListItem, ListRequest, named_unit};
use crate::views::load;
use crate::web::api::call::Call;
use crate::web::api::page::{Page, Wanted};
use crate::web::api::reports::root;
use crate::web::pages::charts::{Bars, Columns};
use crate::web::pages::citizen::again;
use crate::web::pages::forms::{Field, Fields, FormPart};
use crate::web::pages::{Frame, page};
use crate::web::problem::{FieldError, Kind, Problem};

const PATH: &str = "/tong-quan";
const CLOSED_LATE: &str = "/tong-quan/tra-muon";
const OVERDUE: &str = "/tong-quan/qua-han";

/// In the addresses: first and last day, as of which day, unit, what the rows are, the form.
const FROM: &str = "tu";
const TO: &str = "den";
const AS_OF: &str = "tinh_den";
const UNIT: &str = "don_vi";
const BY: &str = "theo";
const AS: &str = "dang";
/// And of lists: level, field, procedure, channel, officer, where the next page begins.
const LEVEL: &str = "cap";
const FIELD: &str = "linh_vuc";
const PROCEDURE: &str = "thu_tuc";
const CHANNEL: &str = "hinh_thuc";
const OFFICER: &str = "can_bo";
const AFTER: &str = "tiep";

const BY_OFFICER: &str = "officer";

/// What the rows may be: as reports name it, and as people do.
const VIEWS: [(&str, &str, &str); 7] = [
    ("level", "Theo cấp", "Cấp"),
    ("unit", "Theo đơn vị", "Đơn vị"),
    ("field", "Theo lĩnh vực", "Lĩnh vực"),
    ("procedure", "Theo thủ tục", "Thủ tục"),
    ("channel", "Theo hình thức nộp", "Hình thức nộp"),
    ("month", "Theo tháng", "Tháng báo cáo"),
    (BY_OFFICER, "Theo người phụ trách", "Người phụ trách"),
];

/// Those that are only counted for the whole office.
const OF_THE_WHOLE: [&str; 2] = ["procedure", "channel"];

/// Due within so many working days is near.
const NEAR_DAYS: u32 = 3;

/// How many bars a chart has at most.
const MOST_BARS: usize = 20;

/// How many rows a page of a list has, and its file at most.
const ROWS: u32 = 50;
const MOST_ROWS: usize = 5000;

#[derive(Template)]
#[template(path = "overview.html")]
struct OverviewPage {
    frame: Frame,
    form: FormPart,
    unit: String,
    tabs: Vec<Tab>,
    report: Option<Shown>,
    officers: Option<Officers>,
    near_days: u32,
    csv: String,
}

struct Tab {
    address: String,
    word: &'static str,
    here: bool,
}

struct Shown {
    title: String,
    what: &'static str,
    judged: Vec<String>,
    total: Figures,
    rows: Vec<ShownRow>,
    chart: String,
    shown: usize,
    /// How many rows the chart leaves out.
    more: usize,
}

struct Figures {
    received: String,
    carried_over: String,
    in_period: String,
    resolved: String,
    overdue: String,
    rate: String,
    in_progress: String,
    open_overdue: String,
}

impl Figures {
    fn of(standing: &Standing) -> Self {
        let number = words::number;
        Self {
            received: number(standing.received()),
            carried_over: number(standing.carried_over),
            in_period: number(standing.received_in_period()),
            resolved: number(standing.resolved()),
            overdue: number(standing.overdue),
            rate: words::percent(standing.on_time_share()),
            in_progress: number(standing.in_progress()),
            open_overdue: number(standing.in_progress_overdue),
        }
    }
}

struct ShownRow {
    name: String,
    /// What it is made of.
    link: Option<String>,
    received: String,
    resolved: String,
    overdue: String,
    late_link: Option<String>,
    rate: String,
    in_progress: String,
    open_overdue: String,
    open_link: Option<String>,
}

struct Officers {
    rows: Vec<OfficerRow>,
    chart: String,
}

struct OfficerRow {
    name: String,
    open: String,
    near_due: String,
    overdue: String,
    link: Option<String>,
}

/// What is asked for.
struct Asked {
    from: NaiveDate,
    to: NaiveDate,
    as_of: Option<NaiveDate>,
    unit: Option<String>,
    by: String,
}

/// A day as a browser's field has it; empty is none.
fn day(typed: &Fields, name: &str, wrong: &mut Vec<FieldError>) -> Option<NaiveDate> {
    let read = typed.typed(name).map(str::parse::<NaiveDate>);
    match read {
        Some(Ok(day)) => Some(day),
        Some(Err(_)) => {
            wrong.push(FieldError::new(name, "không phải ngày"));
            None
        }
        None => None,
    }
}

impl Asked {
    /// By default the reporting year up to today.
    fn read(typed: &Fields, now: Moment) -> Result<Self, Problem> {
        let mut wrong = Vec::new();
        let today = now.date();
        let year = Period::year(Grain::Month.bucket(today).div_euclid(12));
        let asked = Self {
            from: day(typed, FROM, &mut wrong)
                .or(year.map(|year| year.from))
                .unwrap_or(today),
            to: day(typed, TO, &mut wrong).unwrap_or(today),
            as_of: day(typed, AS_OF, &mut wrong),
            unit: typed.typed(UNIT).map(str::to_owned),
            by: typed.typed(BY).unwrap_or("level").to_owned(),
        };
        if !VIEWS.iter().any(|(name, ..)| *name == asked.by) {
            wrong.push(FieldError::new(BY, "không có cách xem này"));
        }
        match wrong.is_empty() {
            true => Ok(asked),
            false => Err(Problem::invalid(wrong)),
        }
    }

    fn span(&self, now: Moment) -> Result<Span, Error> {
        Span::new(Period::new(self.from, self.to)?, self.as_of, now)
    }

    /// Its address, with other things than it says.
    fn address(&self, path: &str, other: &[(&str, &str)]) -> String {
        let (from, to) = (self.from.to_string(), self.to.to_string());
        let as_of = self.as_of.map(|day| day.to_string());
        let own = [
            (FROM, Some(from.as_str())),
            (TO, Some(to.as_str())),
            (AS_OF, as_of.as_deref()),
            (UNIT, self.unit.as_deref()),
        ];
        let own = own
            .into_iter()
            .filter_map(|(name, value)| Some((name, value?)));
        let own = own.filter(|(name, _)| !other.iter().any(|(of, _)| of == name));
        let query: Vec<_> = own.chain(other.iter().copied()).collect();
        format!(
            "{path}?{}",
            serde_urlencoded::to_string(query).unwrap_or_default()
        )
    }

    /// What leads from a row to what it is made of, and to the dossiers in it.
    fn links(
        &self,
        by: By,
        row: &on_time::Row,
        reads: bool,
    ) -> (Option<String>, Option<String>, Option<String>) {
        let month = month_of(&row.key).map(|month| (month.from.to_string(), month.to.to_string()));
        let key = row.key.as_str();
        let filter = match (by, &month) {
            (By::Level, _) => vec![(LEVEL, key)],
            (By::Unit, _) => vec![(UNIT, key)],
            (By::Field, _) => vec![(FIELD, key)],
            (By::Procedure, _) => vec![(PROCEDURE, key)],
            (By::Channel, _) => vec![(CHANNEL, key)],
            (By::Month, Some((from, to))) => vec![(FROM, from.as_str()), (TO, to.as_str())],
            (By::Month, None) => Vec::new(),
        };
        let inside = match (by, &month) {
            (By::Unit, _) => Some(self.address(PATH, &[(UNIT, key), (BY, "field")])),
            (By::Month, Some((from, to))) => {
                Some(self.address(PATH, &[(FROM, from), (TO, to), (BY, "unit")]))
            }
            _ => None,
        };
        let late = row.standing.overdue > 0 && reads;
        let open = row.standing.in_progress_overdue > 0 && reads && by != By::Month;
        (
            inside,
            late.then(|| self.address(CLOSED_LATE, &filter)),
            open.then(|| self.address(OVERDUE, &filter)),
        )
    }
}

/// The days of a reporting month by its key, `2021-09`.
fn month_of(key: &str) -> Option<Period> {
    let (year, month) = key.split_once('-')?;
    let (year, month): (i32, i32) = (year.parse().ok()?, month.parse().ok()?);
    Grain::Month.period(year * 12 + month - 1)
}

fn filters(asked: Option<&Asked>, typed: &Fields) -> FormPart {
    let text = |day: Option<NaiveDate>| day.map(|day| day.to_string()).unwrap_or_default();
    FormPart::new(vec![
        Field::hidden(BY, typed.get(BY)),
        Field::date(FROM, "Từ ngày")
            .value(text(asked.map(|asked| asked.from)))
            .required(),
        Field::date(TO, "Đến hết ngày")
            .value(text(asked.map(|asked| asked.to)))
            .required(),
        Field::date(AS_OF, "Số liệu tính đến ngày"),
        Field::text(UNIT, "Mã đơn vị").most(40),
    ])
    .typed(typed)
}

/// The names that problems have for the parameters, as the form has them.
fn own_names(problem: &Problem) -> Option<Problem> {
    let name = |field: &str| match field.trim_start_matches('/') {
        "from" => FROM.to_owned(),
        "to" => TO.to_owned(),
        "as_of" => AS_OF.to_owned(),
        "unit" => UNIT.to_owned(),
        other => other.to_owned(),
    };
    match problem.kind() {
        Kind::InvalidRequest => {
            let errors = problem.errors().iter();
            let errors = errors.map(|error| FieldError::new(name(&error.field), &error.detail));
            Some(Problem::invalid(errors.collect()))
        }
        _ => None,
    }
}

/// What a page says, or the sheet that is sent as a file.
enum Made {
    Report(OnTime),
    Officers(Vec<load::OfficerLoad>),
}

/// `GET /tong-quan`.
pub async fn show(call: Call, typed: Fields) -> Result<HttpResponse, Problem> {
    let asked = Asked::read(&typed, crate::clock::now());
    let (asked, made) = match asked {
        Ok(asked) => {
            let made = make(&call, &asked).await;
            (Some(asked), made)
        }
        Err(problem) => (None, Err(problem)),
    };
    let form = filters(asked.as_ref(), &typed);
    let (unit, whole) = unit_of(&call, asked.as_ref()).await?;
    let blank = |form, asked: Option<&Asked>| OverviewPage {
        frame: Frame::of(&call.by, PATH),
        form,
        unit,
        tabs: tabs(asked, &typed, whole),
        report: None,
        officers: None,
        near_days: NEAR_DAYS,
        csv: asked
            .map(|asked| asked.address(PATH, &[(BY, &asked.by), (AS, "csv")]))
            .unwrap_or_default(),
    };
    match (made, asked) {
        (Ok(made), Some(asked)) => {
            if typed.get(AS) == "csv" {
                let (name, sheet) = match &made {
                    Made::Report(report) => (format!("on-time-{}", asked.by), report.sheet()),
                    Made::Officers(rows) => (
                        "officers".to_owned(),
                        load::sheet(rows, crate::clock::now()),
                    ),
                };
                return Ok(file(
                    &format!("{name}-{}-{}.csv", asked.from, asked.to),
                    &sheet,
                ));
            }
            let shown = blank(form, Some(&asked));
            let reads = call.by.may(Permission::ReadDossiers);
            let shown = match made {
                Made::Report(report) => OverviewPage {
                    report: Some(shown_report(&report, &asked, reads)?),
                    ..shown
                },
                Made::Officers(rows) => OverviewPage {
                    officers: Some(shown_officers(&rows, &asked, reads)?),
                    ..shown
                },
            };
            page(StatusCode::OK, &shown)
        }
        (Err(problem), asked) => {
            let Some(own) = own_names(&problem) else {
                return Err(problem);
            };
            let mut shown = blank(form.refused(&own), asked.as_ref());
            shown.frame = shown.frame.wrong(true);
            again(&own, &shown)
        }
        (Ok(_), None) => Err(Problem::new(Kind::Internal, "không rõ hỏi gì")),
    }
}

/// The name of the unit that it is about, and whether that is the whole office.
async fn unit_of(call: &Call, asked: Option<&Asked>) -> Result<(String, bool), Problem> {
    let code = asked.and_then(|asked| asked.unit.clone());
    call.run(move |store, by, _| {
        let reference = store.reference()?;
        let units = reference.units();
        let unit = code.and_then(|code| units.by_code(&code).map(|unit| unit.id));
        let unit = unit.unwrap_or(by.unit);
        Ok((named_unit(&reference, unit).name, units.is_whole(unit)))
    })
    .await
}

async fn make(call: &Call, asked: &Asked) -> Result<Made, Problem> {
    let (code, by) = (asked.unit.clone(), asked.by.clone());
    let span = asked.span(crate::clock::now());
    let span = span.map_err(Problem::from)?;
    call.run(move |store, caller, now| {
        let unit = root(store, code.as_deref(), caller.unit)?;
        if by == BY_OFFICER {
            let unit = match unit {
                Some(unit) => unit,
                None => caller.unit,
            };
            return Ok(Made::Officers(load::by_officer(
                store, unit, NEAR_DAYS, now,
            )?));
        }
        let by = by.parse().unwrap_or(By::Level);
        Ok(Made::Report(on_time::on_time(store, by, span, unit)?))
    })
    .await
    .map_err(|problem| match problem.errors() {
        // Some are only known of the whole office.
        [error] if error.field == "by" => Problem::invalid_field(UNIT, &error.detail),
        _ => problem,
    })
}

/// The ways to see it that there are figures for.
fn tabs(asked: Option<&Asked>, typed: &Fields, whole: bool) -> Vec<Tab> {
    let known = VIEWS.iter();
    let known = known.filter(|(name, ..)| whole || !OF_THE_WHOLE.contains(name));
    let tabs = known.map(|(name, word, _)| Tab {
        address: match asked {
            Some(asked) => asked.address(PATH, &[(BY, name)]),
            None => format!("{PATH}?{BY}={name}"),
        },
        word,
        here: typed.typed(BY).unwrap_or("level") == *name,
    });
    tabs.collect()
}

fn rendered(chart: &impl Template) -> Result<String, Problem> {
    let svg = chart.render();
    svg.map_err(|error| Problem::new(Kind::Internal, error))
}

fn shown_report(report: &OnTime, asked: &Asked, reads: bool) -> Result<Shown, Problem> {
    let what = VIEWS.iter().find(|(name, ..)| *name == report.by.as_str());
    let rows = report.rows.iter().map(|row| {
        let Figures {
            received,
            resolved,
            overdue,
            rate,
            in_progress,
            open_overdue,
            ..
        } = Figures::of(&row.standing);
        let (link, late_link, open_link) = asked.links(report.by, row, reads);
        ShownRow {
            name: row.name.clone(),
            link,
            received,
            resolved,
            overdue,
            late_link,
            rate,
            in_progress,
            open_overdue,
            open_link,
        }
    });
    let title = report.sheet().title.join(" ");
    let (chart, shown) = match report.by {
        By::Month => {
            let months: Vec<_> = report
                .rows
                .iter()
                .map(|row| {
                    let name = row.key.split_once('-').map_or("", |(_, month)| month);
                    let standing = &row.standing;
                    (
                        name.to_owned(),
                        standing.received_in_period(),
                        standing.resolved(),
                    )
                })
                .collect();
            let title = format!("Tiếp nhận trong kỳ và đã giải quyết từng tháng: {title}");
            (rendered(&Columns::new(title, &months))?, months.len())
        }
        _ => {
            let part = |row: &on_time::Row| {
                let share = row.standing.on_time_share();
                share.map(|share| share.hundredths_of_percent())
            };
            let mut rows: Vec<_> = report
                .rows
                .iter()
                .filter(|row| part(row).is_some())
                .collect();
            if rows.len() > MOST_BARS {
                // Where something is wrong comes first.
                rows.sort_by_key(|row| part(row));
                rows.truncate(MOST_BARS);
            }
            let shown = rows.len();
            let bars = rows.into_iter().map(|row| {
                let share = words::percent(row.standing.on_time_share());
                (row.name.clone(), share, part(row).unwrap_or(0))
            });
            (rendered(&Bars::new(title.clone(), bars))?, shown)
        }
    };
    let rated = report.rows.iter().filter(|row| row.standing.resolved() > 0);
    Ok(Shown {
        what: what.map_or("", |(.., what)| what),
        judged: report.judged.clone(),
        total: Figures::of(&report.total),
        rows: rows.collect(),
        chart,
        more: match report.by {
            By::Month => 0,
            _ => rated.count().saturating_sub(shown),
        },
        shown,
        title,
    })
}

fn shown_officers(
    rows: &[load::OfficerLoad],
    asked: &Asked,
    reads: bool,
) -> Result<Officers, Problem> {
    let name = |row: &load::OfficerLoad| {
        let staff = row.staff.as_ref();
        staff.map_or("Chưa giao cho ai".to_owned(), |staff| {
            staff.full_name.clone()
        })
    };
    let most = rows
        .iter()
        .map(|row| row.load.open)
        .max()
        .unwrap_or(0)
        .max(1);
    let bars = rows.iter().take(MOST_BARS).map(|row| {
        let open = words::number(row.load.open);
        (name(row), open, row.load.open * 10_000 / most)
    });
    let title = "Hồ sơ đang xử lý theo người phụ trách".to_owned();
    let chart = rendered(&Bars::new(title, bars))?;
    let rows = rows.iter().map(|row| OfficerRow {
        name: name(row),
        open: words::number(row.load.open),
        near_due: words::number(row.load.near_due),
        overdue: words::number(row.load.overdue),
        link: (row.staff.as_ref())
            .filter(|_| reads && row.load.overdue > 0)
            .map(|staff| asked.address(OVERDUE, &[(OFFICER, &staff.username)])),
    });
    Ok(Officers {
        rows: rows.collect(),
        chart,
    })
}

/// A sheet as a file for a spreadsheet.
pub(super) fn file(name: &str, sheet: &Sheet) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, render::Format::CsvPeople.media_type()))
        .insert_header((
            CONTENT_DISPOSITION,
            format!("attachment; filename=\"{name}\""),
        ))
        .insert_header(("Cache-Control", "no-store"))
        .body(render::csv_for_people(sheet))
}

#[derive(Template)]
#[template(path = "overview_list.html")]
struct ListPage {
    frame: Frame,
    title: &'static str,
    about: String,
    /// What the last moment of a row is.
    end_name: &'static str,
    rows: Vec<LateRow>,
    next: Option<String>,
    csv: String,
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
}

impl LateRow {
    fn new(item: ListItem, now: Moment) -> Self {
        let dash = || "–".to_owned();
        let days = item.due_at.map(|due| {
            let end = item.closed_at.unwrap_or(now);
            (end.date() - due.date()).num_days()
        });
        Self {
            late: match days {
                Some(0) => "trong ngày hẹn".to_owned(),
                Some(days) => format!("{} ngày", words::number(days)),
                None => dash(),
            },
            due: item.due_at.map_or_else(dash, words::moment),
            moved: item.appointment_at.map(words::moment),
            end: match item.closed_at {
                Some(at) => words::moment(at),
                None => item.status_name.to_owned(),
            },
            officer: item
                .assignee
                .map_or_else(|| "Chưa giao".to_owned(), |staff| staff.full_name),
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
    let (level, channel) = (typed.typed(LEVEL), typed.typed(CHANNEL));
    let request = ListRequest {
        units: asked.unit.iter().cloned().collect(),
        procedures: kept(PROCEDURE).into_iter().collect(),
        field: kept(FIELD),
        level: level.and_then(|text| text.parse().ok()),
        channel: channel.and_then(|text| text.parse().ok()),
        after: wanted.after,
        closed,
        ..ListRequest::of_all(call.by.unit, order, ROWS as usize, now)
    };
    let (officer, whole) = (kept(OFFICER), typed.get(AS) == "csv");
    let found = call.run(move |store, _, _| {
        let mut request = request;
        if let Some(username) = officer {
            request.assignees = vec![views::assignees::named(store, &username)?];
        }
        match whole {
            true => Ok((all_of(store, request)?, None)),
            false => {
                let listing = views::list::list(store, &request)?;
                Ok((listing.items, listing.next))
            }
        }
    });
    let (items, next) = found.await?;
    let (title, end_name) = match late {
        Late::Closed => ("Hồ sơ giải quyết quá hạn", "Giải quyết xong"),
        Late::Open => ("Hồ sơ đang quá hạn", "Trạng thái"),
    };
    let rows: Vec<_> = items
        .into_iter()
        .map(|item| LateRow::new(item, now))
        .collect();
    let about = match late {
        Late::Closed => format!(
            "Giải quyết từ ngày {} đến ngày {}, theo dữ liệu lúc này.",
            words::date(period.from),
            words::date(period.to)
        ),
        Late::Open => format!("Lúc {}.", words::moment(now)),
    };
    if whole {
        let name = match late {
            Late::Closed => format!("closed-late-{}-{}.csv", period.from, period.to),
            Late::Open => format!("overdue-{}.csv", now.date()),
        };
        return Ok(file(&name, &late_sheet(title, &about, end_name, &rows)));
    }
    let path = match late {
        Late::Closed => CLOSED_LATE,
        Late::Open => OVERDUE,
    };
    let query = typed.query_without(&[AFTER, AS]);
    let (_, next) = Page::new(Vec::<()>::new(), next.as_ref()).into_parts();
    let shown = ListPage {
        frame: Frame::of(&call.by, PATH),
        title,
        about,
        end_name,
        rows,
        next: next.map(|after| format!("{path}?{query}&{AFTER}={after}")),
        csv: format!("{path}?{query}&{AS}=csv"),
        back: asked.address(PATH, &[]),
    };
    page(StatusCode::OK, &shown)
}

/// All pages of a list, as far as a file goes.
pub(super) fn all_of(store: &Store, mut request: ListRequest) -> Result<Vec<ListItem>, Error> {
    let mut items = Vec::new();
    request.limit = 200;
    loop {
        let listing = views::list::list(store, &request)?;
        items.extend(listing.items);
        match listing.next {
            Some(next) if items.len() < MOST_ROWS => request.after = Some(next),
            _ => return Ok(items),
        }
    }
}

fn late_sheet(title: &str, about: &str, end_name: &'static str, rows: &[LateRow]) -> Sheet {
    let rows = rows.iter().map(|row| sheet::Row {
        kind: RowKind::Single,
        cells: vec![
            Cell::text(&row.number),
            Cell::text(&row.procedure),
            Cell::text(&row.unit),
            Cell::text(&row.due),
            Cell::text(row.moved.as_deref().unwrap_or_default()),
            Cell::text(&row.end),
            Cell::text(&row.late),
            Cell::text(&row.officer),
        ],
    });
    Sheet {
        title: vec![title.to_owned()],
        subtitle: vec![about.to_owned()],
        columns: vec![
            Column::text("case_number", "Mã hồ sơ"),
            Column::text("procedure", "Thủ tục"),
            Column::text("unit", "Đơn vị"),
            Column::text("due_at", "Hẹn trả"),
            Column::text("appointment_at", "Hẹn lại"),
            Column::text("end", end_name),
            Column::text("late", "Muộn"),
            Column::text("officer", "Người phụ trách"),
        ],
        rows: rows.collect(),
        ..Sheet::default()
    }
}
