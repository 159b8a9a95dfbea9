//! `/tong-quan/theo-buoc`: where time is lost, step by step of the workflows, of a period, a unit or a procedure.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;
use chrono::{Days, NaiveDate};

use crate::render;
use crate::reports::Report;
use crate::reports::by::StepsBy;
use crate::reports::by_step::BySteps;
use crate::reports::parameters::Parameters;
use crate::web::api::call::Call;
use crate::web::api::reports::root;
use crate::web::pages::charts::Bars;
use crate::web::pages::citizen::again;
use crate::web::pages::downloads::{self, Downloads};
use crate::web::pages::forms::{Choice, Field, Fields, FormPart};
use crate::web::pages::late::PROCEDURE;
use crate::web::pages::named::in_codes;
use crate::web::pages::overview::{self, AS_OF, Asked, FROM, TO, UNIT, own_names, rendered};
use crate::web::pages::tables::Table;
use crate::web::pages::{Frame, page};
use crate::web::problem::{FieldError, Problem};

pub(super) const PATH: &str = "/tong-quan/theo-buoc";

/// In the addresses: what the rows are.
const BY: &str = "xem";

/// The period where none is asked for: so many days up to today.
const DAYS: u64 = 30;

/// How many rows the chart and the page have; a file has them all.
const MOST_BARS: usize = 12;
const MOST_ROWS: usize = 40;

#[derive(Template)]
#[template(path = "overview_steps.html")]
struct StepsPage {
    frame: Frame,
    form: FormPart,
    back: String,
    made: Option<Made>,
}

struct Made {
    title: String,
    subtitle: Vec<String>,
    notes: Vec<String>,
    table: Table,
    /// Nothing came in.
    nothing: bool,
    chart: Option<String>,
    downloads: Downloads,
}

fn filters(asked: Option<&Asked>, typed: &Fields) -> FormPart {
    let text = |day: Option<NaiveDate>| day.map(|day| day.to_string()).unwrap_or_default();
    let ways = vec![
        Choice::new(StepsBy::Step.as_str(), "Từng bước của thủ tục"),
        Choice::new(StepsBy::Unit.as_str(), "Đơn vị giữ hồ sơ"),
    ];
    FormPart::new(vec![
        Field::date(FROM, "Tiếp nhận từ ngày")
            .value(text(asked.map(|asked| asked.from)))
            .required(),
        Field::date(TO, "Đến hết ngày")
            .value(text(asked.map(|asked| asked.to)))
            .required(),
        Field::date(AS_OF, "Số liệu tính đến ngày"),
        Field::text(UNIT, "Mã hoặc tên đơn vị"),
        Field::text(PROCEDURE, "Mã hoặc tên thủ tục"),
        Field::choice(BY, "Xem theo", ways),
    ])
    .typed(typed)
}

/// What is asked for, or what is wrong with it.
fn read(typed: &Fields) -> Result<(Asked, StepsBy), Problem> {
    let now = crate::clock::now();
    let asked = Asked::read(typed, now)?;
    let by = typed.typed(BY).unwrap_or(StepsBy::Step.as_str());
    let by = by.parse();
    let by =
        by.map_err(|_| Problem::invalid(vec![FieldError::new(BY, "không có cách xem này")]))?;
    Ok((asked, by))
}

async fn make(
    call: &Call,
    asked: &Asked,
    by: StepsBy,
    procedure: Option<String>,
) -> Result<BySteps, Problem> {
    let (span, code) = (asked.span(crate::clock::now())?, asked.unit.clone());
    call.run(move |store, caller, _| {
        let asked = Parameters {
            span,
            unit: root(store, code.as_deref(), caller.unit)?,
            procedure,
            by: Some(by.as_str().to_owned()),
            printed: None,
        };
        Ok(BySteps::make(store, &asked)?)
    })
    .await
}

/// `GET /tong-quan/theo-buoc`.
pub async fn show(call: Call, mut typed: Fields) -> Result<HttpResponse, Problem> {
    in_codes(&call, &mut typed, UNIT, PROCEDURE).await?;
    let today = crate::clock::now().date();
    if typed.typed(FROM).is_none() && typed.typed(TO).is_none() {
        typed.set(FROM, (today - Days::new(DAYS)).to_string());
    }
    let procedure = typed.typed(PROCEDURE).map(str::to_owned);
    let read = read(&typed);
    let form = filters(read.as_ref().ok().map(|(asked, _)| asked), &typed);
    let made = match &read {
        Ok((asked, by)) => make(&call, asked, *by, procedure).await,
        Err(problem) => Err(Problem::invalid(problem.errors().to_vec())),
    };
    let asked = read.ok().map(|(asked, _)| asked);
    let back = asked.as_ref().map_or_else(
        || overview::PATH.to_owned(),
        |asked| asked.address(overview::PATH, &[]),
    );
    let blank = |form: FormPart| StepsPage {
        frame: Frame::of(&call.by, overview::PATH).wrong(!form.errors.is_empty()),
        form,
        back,
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
        let period = report.span.period;
        let name = format!(
            "by-step-{}-{}-{}",
            report.by.as_str(),
            period.from,
            period.to
        );
        return downloads::file(&name, format, &sheet);
    }
    let query = typed.query_without(&[downloads::AS]);
    let shown = StepsPage {
        made: Some(Made {
            title: sheet.title.join(" "),
            subtitle: sheet.subtitle.clone(),
            notes: sheet.notes.clone(),
            table: Table::of(&sheet, MOST_ROWS),
            nothing: report.rows.is_empty(),
            chart: chart(&report)?,
            downloads: Downloads::of(&format!("{PATH}?{query}")),
        }),
        ..blank(form)
    };
    page(StatusCode::OK, &shown)
}

/// Where the most time is lost; nothing where none is.
fn chart(report: &BySteps) -> Result<Option<String>, Problem> {
    let lost = report.rows.iter().filter(|row| row.figures.lost > 0);
    let lost: Vec<_> = lost.take(MOST_BARS).collect();
    let Some(most) = lost.first().map(|row| row.figures.lost) else {
        return Ok(None);
    };
    let bars = lost.into_iter().map(|row| {
        let name = match &row.step {
            Some((_, step)) => format!("{}: {step}", row.of.0),
            None => row.of.1.clone(),
        };
        let hours = render::local_hours(row.figures.lost_hundredths());
        (
            name,
            format!("{hours} giờ"),
            row.figures.lost * 10_000 / most,
        )
    });
    let title = "Tổng thời gian vượt, nhiều nhất trước".to_owned();
    rendered(&Bars::new(title, bars)).map(Some)
}
