//! `/tong-quan/bao-cao`: reports as tables and files: form II.06a, the section of the CCHC report, satisfaction, fees; and
//! what a page of any report needs.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;
use chrono::Days;

use crate::domain::role::Permission;
use crate::render::sheet::Passage;
use crate::reports::Report;
use crate::reports::cchc::Cchc;
use crate::reports::fees::Fees;
use crate::reports::form_06a::Form06a;
use crate::reports::parameters::{Parameters, check_by};
use crate::reports::satisfaction::Satisfaction;
use crate::web::api::call::Call;
use crate::web::api::reports::root;
use crate::web::pages::citizen::again;
use crate::web::pages::comments;
use crate::web::pages::downloads::{self, Downloads};
use crate::web::pages::forms::{Choice, Field, Fields, FormPart};
use crate::web::pages::late::PROCEDURE;
use crate::web::pages::named::in_codes;
use crate::web::pages::overview::{self, Asked, FROM, TO, UNIT, own_names, period_fields};
use crate::web::pages::tables::Table;
use crate::web::pages::{Frame, page};
use crate::web::problem::{FieldError, Kind, Problem};

/// In the addresses: what the rows are.
const BY: &str = "xem";

/// A report that has a page.
pub trait OnPage: Report {
    const TITLE: &'static str;
    const PATH: &'static str;
    /// What its rows may be, and what people call that.
    const WAYS: &'static [(&'static str, &'static str)] = &[];
    /// What happens from the first day on.
    const FROM: &'static str = "Từ ngày";
    /// The period where none is asked for: so many days up to today; `None`: the reporting year.
    const DAYS: Option<u64> = None;
    /// What stands behind it on a page of its own: who may see it, its address, what people call it.
    const BEHIND: Option<(Permission, &'static str, &'static str)> = None;
    /// How many rows the page has; a file has them all.
    const MOST_ROWS: usize = 300;

    /// Why there is nothing to show, if so.
    fn nothing(&self) -> Option<&'static str> {
        None
    }

    /// What its chart shows, and the chart.
    ///
    /// # Errors
    /// If it cannot be drawn.
    fn chart(&self) -> Result<Option<(&'static str, String)>, Problem> {
        Ok(None)
    }
}

impl OnPage for Form06a {
    const TITLE: &'static str = "Biểu II.06a";
    const PATH: &'static str = "/tong-quan/bao-cao/06a";
}

impl OnPage for Cchc {
    const TITLE: &'static str = "Mục II.2 báo cáo CCHC";
    const PATH: &'static str = "/tong-quan/bao-cao/cchc";
}

impl OnPage for Satisfaction {
    const TITLE: &'static str = "Mức độ hài lòng";
    const PATH: &'static str = "/tong-quan/bao-cao/satisfaction";
    const WAYS: &'static [(&'static str, &'static str)] = &[
        ("unit", "Đơn vị"),
        ("procedure", "Thủ tục"),
        ("officer", "Người phụ trách"),
    ];
    const BEHIND: Option<(Permission, &'static str, &'static str)> = Some((
        Permission::HandleFeedback,
        comments::PATH,
        "Đọc ý kiến người dân viết kèm đánh giá",
    ));
}

impl OnPage for Fees {
    const TITLE: &'static str = "Phí, lệ phí";
    const PATH: &'static str = "/tong-quan/bao-cao/fees";
    const WAYS: &'static [(&'static str, &'static str)] = &[
        ("unit", "Đơn vị"),
        ("procedure", "Thủ tục"),
        ("method", "Hình thức nộp tiền"),
    ];
}

/// Those that the overview leads to: address, what people call it, whether it can be made of a unit.
pub(super) const OTHERS: [(&str, &str, bool); 4] = [
    (Form06a::PATH, Form06a::TITLE, Form06a::OF_A_UNIT),
    (Cchc::PATH, Cchc::TITLE, Cchc::OF_A_UNIT),
    (
        Satisfaction::PATH,
        Satisfaction::TITLE,
        Satisfaction::OF_A_UNIT,
    ),
    (Fees::PATH, Fees::TITLE, Fees::OF_A_UNIT),
];

#[derive(Template)]
#[template(path = "report.html")]
struct ReportPage {
    frame: Frame,
    title: &'static str,
    about: &'static str,
    path: &'static str,
    form: FormPart,
    back: String,
    /// Address and words of what stands behind it.
    behind: Option<(&'static str, &'static str)>,
    made: Option<Made>,
}

struct Made {
    title: String,
    subtitle: Vec<String>,
    prose: Vec<Passage>,
    notes: Vec<String>,
    table: Table,
    nothing: Option<&'static str>,
    chart: Option<(&'static str, String)>,
    downloads: Downloads,
}

fn filters<R: OnPage>(asked: Option<&Asked>, typed: &Fields) -> FormPart {
    let mut fields = Vec::from(period_fields(R::FROM, asked));
    if R::OF_A_UNIT {
        fields.push(Field::text(UNIT, "Mã hoặc tên đơn vị"));
    }
    if R::OF_A_PROCEDURE {
        fields.push(Field::text(PROCEDURE, "Mã hoặc tên thủ tục"));
    }
    if !R::WAYS.is_empty() {
        let ways = R::WAYS.iter().map(|(way, word)| Choice::new(way, *word));
        fields.push(Field::choice(BY, "Xem theo", ways.collect()));
    }
    FormPart::new(fields).typed(typed)
}

/// What is asked for, or what is wrong with it.
fn read<R: OnPage>(typed: &Fields) -> Result<(Asked, Option<String>), Problem> {
    let asked = Asked::read(typed, crate::clock::now())?;
    let by = typed.typed(BY).map(str::to_owned);
    match by.as_deref().map(check_by::<R>) {
        Some(Err(_)) => Err(Problem::invalid(vec![FieldError::new(
            BY,
            "không có cách xem này",
        )])),
        _ => Ok((asked, by)),
    }
}

async fn make<R: OnPage>(
    call: &Call,
    asked: &Asked,
    procedure: Option<String>,
    by: Option<String>,
) -> Result<R, Problem> {
    let (span, code) = (asked.span(crate::clock::now())?, asked.unit.clone());
    call.run(move |store, caller, _| {
        let unit = root(store, code.as_deref(), caller.unit)?;
        if unit.is_some() && !R::OF_A_UNIT {
            let detail = "Báo cáo này tính cho cả tỉnh, chỉ người của cấp tỉnh xem được; đơn vị của bạn có Biểu II.06a.";
            return Err(Problem::new(Kind::Forbidden, detail));
        }
        let asked = Parameters {
            span,
            unit,
            procedure,
            by,
            printed: None,
        };
        Ok(R::make(store, &asked)?)
    })
    .await
}

/// `GET` of the page of a report.
pub async fn show<R: OnPage>(call: Call, mut typed: Fields) -> Result<HttpResponse, Problem> {
    in_codes(&call, &mut typed, UNIT, PROCEDURE).await?;
    if let Some(days) = R::DAYS.filter(|_| typed.typed(FROM).is_none() && typed.typed(TO).is_none())
    {
        let first = crate::clock::now().date() - Days::new(days);
        typed.set(FROM, first.to_string());
    }
    let read = read::<R>(&typed);
    let form = filters::<R>(read.as_ref().ok().map(|(asked, _)| asked), &typed);
    let way = typed.typed(BY).or(R::BY.first().copied());
    let way = R::WAYS.iter().find(|(name, _)| Some(*name) == way);
    let way = way.map_or("", |(_, word)| word);
    let (asked, made) = match read {
        Ok((asked, by)) => {
            let procedure = typed.typed(PROCEDURE).map(str::to_owned);
            let made = make::<R>(&call, &asked, procedure, by).await;
            (Some(asked), made)
        }
        Err(problem) => (None, Err(problem)),
    };
    let back = asked.as_ref().map_or_else(
        || overview::PATH.to_owned(),
        |asked| asked.address(overview::PATH, &[]),
    );
    let behind = R::BEHIND.filter(|(may, ..)| call.by.may(*may));
    let behind = behind.map(|(_, path, word)| (path, word));
    let blank = |form: FormPart| ReportPage {
        frame: Frame::of(&call.by, overview::PATH).wrong(!form.errors.is_empty()),
        title: R::TITLE,
        about: R::ABOUT,
        path: R::PATH,
        form,
        back,
        behind,
        made: None,
    };
    let report = match made {
        Ok(report) => report,
        Err(problem) => {
            let Some(own) = own_names(&problem) else {
                return Err(problem);
            };
            return again(&own, &blank(form.refused(&own)));
        }
    };
    let sheet = report.sheet();
    if let Some(format) = downloads::wanted(&typed) {
        let days = asked.map(|asked| format!("{} {}", asked.from, asked.to));
        let name = format!("{} {way} {}", R::TITLE, days.unwrap_or_default());
        return downloads::file(&name, format, &sheet);
    }
    let query = typed.query_without(&[downloads::AS]);
    let shown = ReportPage {
        made: Some(Made {
            title: sheet.title.join(" "),
            subtitle: sheet.subtitle.clone(),
            prose: sheet.prose.clone(),
            notes: sheet.notes.clone(),
            table: Table::of(&sheet, R::MOST_ROWS),
            nothing: report.nothing(),
            chart: report.chart()?,
            downloads: Downloads::of(&format!("{}?{query}", R::PATH)),
        }),
        ..blank(form)
    };
    page(StatusCode::OK, &shown)
}
