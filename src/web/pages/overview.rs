//! `/tong-quan`: on-time rates by what reports offer, over any period and as of any day, with the rule of judging that
//! held; what lies with whom. The dossiers behind a rate are on lists of their own (`late`).

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;
use chrono::NaiveDate;

use crate::acts::access::Caller;
use crate::domain::moment::Moment;
use crate::domain::period::{Grain, Period};
use crate::domain::role::Permission;
use crate::domain::tally::Standing;
use crate::error::Error;
use crate::render::sheet::Sheet;
use crate::render::words;
use crate::reports::Report;
use crate::reports::by::By;
use crate::reports::by_step::BySteps;
use crate::reports::on_time::{self, OnTime};
use crate::reports::standings::Span;
use crate::views::list::named_unit;
use crate::views::load;
use crate::web::api::call::Call;
use crate::web::api::reports::root;
use crate::web::pages::charts::{Bars, Columns};
use crate::web::pages::citizen::again;
use crate::web::pages::downloads::{self, Downloads};
use crate::web::pages::forms::{Field, Fields, FormPart};
use crate::web::pages::hand_on;
use crate::web::pages::late::{
    ALONE, CHANNEL, CLOSED_LATE, FIELD, LEVEL, NOBODY, OFFICER, OVERDUE, PROCEDURE,
};
use crate::web::pages::named::in_codes;
use crate::web::pages::reports::OnPage;
use crate::web::pages::{Frame, page, reports};
use crate::web::problem::{FieldError, Kind, Problem};

pub(super) const PATH: &str = "/tong-quan";

/// In the addresses: first and last day, as of which day, unit, what the rows are.
pub(super) const FROM: &str = "tu";
pub(super) const TO: &str = "den";
pub(super) const AS_OF: &str = "tinh_den";
pub(super) const UNIT: &str = "don_vi";
const BY: &str = "theo";

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

/// How people call what the rows are.
fn way_of(by: &str) -> &'static str {
    let views = VIEWS.iter();
    let mut named = views.filter(|(name, _, _)| *name == by);
    named.next().map_or("", |(_, said, _)| said)
}

/// Due within so many working days is near.
pub(super) const NEAR_DAYS: u32 = 3;

/// How many bars a chart has at most.
const MOST_BARS: usize = 20;

#[derive(Template)]
#[template(path = "overview.html")]
struct OverviewPage {
    frame: Frame,
    form: FormPart,
    unit: String,
    tabs: Vec<Tab>,
    /// Where the time in steps is shown.
    steps: String,
    /// Where the other reports are, with their names.
    others: Vec<(String, &'static str)>,
    names_deputies: bool,
    report: Option<Shown>,
    officers: Option<Officers>,
    near_days: u32,
    downloads: Downloads,
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
    /// Where it is given to others.
    hands: Option<String>,
}

/// What is asked for.
pub(super) struct Asked {
    pub(super) from: NaiveDate,
    pub(super) to: NaiveDate,
    as_of: Option<NaiveDate>,
    pub(super) unit: Option<String>,
    by: String,
}

/// A day as a browser's field has it; empty is none.
fn day(typed: &Fields, name: &str, wrong: &mut Vec<FieldError>) -> Option<NaiveDate> {
    let day = typed.day(name)?;
    if day.is_none() {
        wrong.push(FieldError::new(name, "không phải ngày"));
    }
    day
}

impl Asked {
    /// By default the reporting year up to today.
    pub(super) fn read(typed: &Fields, now: Moment) -> Result<Self, Problem> {
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

    /// As of which day it is asked for, if one is named.
    pub(super) const fn as_of(&self) -> Option<NaiveDate> {
        self.as_of
    }

    pub(super) fn span(&self, now: Moment) -> Result<Span, Error> {
        Span::new(Period::new(self.from, self.to)?, self.as_of, now)
    }

    /// Its address, with other things than it says.
    pub(super) fn address(&self, path: &str, other: &[(&str, &str)]) -> String {
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
        // Of a month that the period cuts, the days that are counted.
        let month = month_of(&row.key).map(|month| {
            let (from, to) = (month.from.max(self.from), month.to.min(self.to));
            (from.to_string(), to.to_string())
        });
        let key = row.key.as_str();
        let filter = match (by, &month) {
            (By::Level, _) => vec![(LEVEL, key)],
            (By::Unit, _) => vec![(UNIT, key), (ALONE, "1")],
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
        // What is past due now is listed; what was at the end of a period that is over is not.
        let now = crate::clock::now().date();
        let is_now = self.as_of.is_none() && self.to >= now && by != By::Month;
        let open = row.standing.in_progress_overdue > 0 && reads && is_now;
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
    let mut fields = vec![Field::hidden(BY, typed.get(BY))];
    fields.extend(period_fields("Từ ngày", asked));
    fields.push(Field::text(UNIT, "Mã hoặc tên đơn vị"));
    FormPart::new(fields).typed(typed)
}

/// Of which days a report is, and as of which day; `from` is what happens from the first on.
pub(super) fn period_fields(from: &str, asked: Option<&Asked>) -> [Field; 3] {
    let text = |day: Option<NaiveDate>| day.map(|day| day.to_string()).unwrap_or_default();
    [
        Field::date(FROM, from)
            .value(text(asked.map(|asked| asked.from)))
            .required(),
        Field::date(TO, "Đến hết ngày")
            .value(text(asked.map(|asked| asked.to)))
            .required(),
        Field::date(AS_OF, "Số liệu tính đến ngày"),
    ]
}

/// The names that problems have for the parameters, as the form has them.
pub(super) fn own_names(problem: &Problem) -> Option<Problem> {
    let name = |field: &str| match field.trim_start_matches('/') {
        "from" => FROM.to_owned(),
        "to" => TO.to_owned(),
        "as_of" => AS_OF.to_owned(),
        "unit" => UNIT.to_owned(),
        "procedure" => PROCEDURE.to_owned(),
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
    Report(Box<OnTime>),
    Officers(Vec<load::OfficerLoad>),
}

/// `GET /tong-quan`.
pub async fn show(call: Call, mut typed: Fields) -> Result<HttpResponse, Problem> {
    in_codes(&call, &mut typed, UNIT, PROCEDURE).await?;
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
        unit: unit.clone(),
        tabs: tabs(asked, &typed),
        steps: asked.map_or_else(
            || BySteps::PATH.to_owned(),
            |asked| asked.address(BySteps::PATH, &[]),
        ),
        others: reports::OTHERS
            .iter()
            .filter(|(_, _, of_a_unit)| whole || *of_a_unit)
            .map(|(path, word, of_a_unit)| {
                let none = [(UNIT, "")];
                // What is of the whole province is of no unit.
                let other = &none[..usize::from(!of_a_unit)];
                let address = asked.map(|asked| asked.address(path, other));
                (address.unwrap_or_else(|| (*path).to_owned()), *word)
            })
            .collect(),
        names_deputies: call.by.may(Permission::NameDeputies),
        report: None,
        officers: None,
        near_days: NEAR_DAYS,
        downloads: Downloads::of(
            &asked.map_or_else(String::new, |asked| asked.address(PATH, &[(BY, &asked.by)])),
        ),
    };
    match (made, asked) {
        (Ok(made), Some(asked)) => {
            if let Some(format) = downloads::wanted(&typed) {
                let (name, sheet) = match &made {
                    Made::Report(report) => {
                        (format!("Đúng hạn {}", way_of(&asked.by)), report.sheet())
                    }
                    Made::Officers(rows) => {
                        let sheet = load::sheet(rows, crate::clock::now());
                        let subtitle = vec![format!("Đơn vị: {unit} và các đơn vị trực thuộc")];
                        (
                            "Đang xử lý theo người phụ trách".to_owned(),
                            Sheet { subtitle, ..sheet },
                        )
                    }
                };
                let name = format!("{name} {} {}", asked.from, asked.to);
                return downloads::file(&name, format, &sheet);
            }
            let shown = blank(form, Some(&asked));
            let reads = call.by.may(Permission::ReadDossiers);
            let shown = match made {
                Made::Report(report) => OverviewPage {
                    report: Some(shown_report(&report, &asked, reads)?),
                    ..shown
                },
                Made::Officers(rows) => OverviewPage {
                    officers: Some(shown_officers(&rows, &asked, &call.by)?),
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
        let whole = units.is_whole(unit);
        let name = named_unit(&reference, unit).name;
        let others = units
            .all()
            .into_iter()
            .any(|other| other.parent == Some(unit));
        // The row of a unit in the table is that unit alone; its own page is of all that is under it.
        let name = match others && !whole {
            true => format!("{name} và các đơn vị trực thuộc"),
            false => name,
        };
        Ok((name, whole))
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
        let mut report = on_time::on_time(store, by, span, unit)?;
        if by == By::Unit {
            let reference = store.reference()?;
            for row in &mut report.rows {
                if let Some(unit) = reference.units().by_code(&row.key) {
                    row.name = reference.units().name_apart(unit);
                }
            }
        }
        Ok(Made::Report(Box::new(report)))
    })
    .await
    .map_err(|problem| match problem.errors() {
        // Some are only known of the whole office.
        [error] if error.field == "by" => Problem::invalid_field(UNIT, &error.detail),
        _ => problem,
    })
}

/// The ways to see it.
fn tabs(asked: Option<&Asked>, typed: &Fields) -> Vec<Tab> {
    let tabs = VIEWS.iter().map(|(name, word, _)| Tab {
        address: match asked {
            Some(asked) => asked.address(PATH, &[(BY, name)]),
            None => format!("{PATH}?{BY}={name}"),
        },
        word,
        here: typed.typed(BY).unwrap_or("level") == *name,
    });
    tabs.collect()
}

pub(super) fn rendered(chart: &impl Template) -> Result<String, Problem> {
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
            let trend = format!("Tỷ lệ đúng hạn từng tháng: {title}");
            let rates = report.rows.iter().filter_map(|row| {
                let share = row.standing.on_time_share()?;
                let name = row.name.split(" (").next().unwrap_or_default();
                let text = words::percent(Some(share));
                Some((name.to_owned(), text, share.hundredths_of_percent()))
            });
            let rates = rendered(&Bars::new(trend, rates))?;
            let title = format!("Tiếp nhận trong kỳ và đã giải quyết từng tháng: {title}");
            let columns = rendered(&Columns::new(title, &months))?;
            (format!("{columns}\n{rates}"), months.len())
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
    let alone = "Mỗi dòng là riêng một đơn vị; bấm tên để xem đơn vị cùng các đơn vị trực thuộc.";
    let alone = (report.by == By::Unit).then(|| alone.to_owned());
    Ok(Shown {
        what: what.map_or("", |(.., what)| what),
        judged: report.judged.iter().cloned().chain(alone).collect(),
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
    by: &Caller,
) -> Result<Officers, Problem> {
    let reads = by.may(Permission::ReadDossiers);
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
        link: (reads && row.load.overdue > 0).then(|| {
            let officer = row.staff.as_ref().map_or(NOBODY, |staff| &staff.username);
            asked.address(OVERDUE, &[(OFFICER, officer)])
        }),
        hands: match (&row.staff, by.may(Permission::HandOn)) {
            (Some(staff), true) => Some(hand_on::address(
                Some(&staff.username),
                asked.unit.as_deref(),
            )),
            (None, true) if reads => Some(hand_on::address(None, asked.unit.as_deref())),
            _ => None,
        },
    });
    Ok(Officers {
        rows: rows.collect(),
        chart,
    })
}
