//! `/tong-quan/bao-cao`: the reports that have no picture of their own, as tables and files: form II.06a, the section of the
//! CCHC report, satisfaction, fees.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;
use chrono::NaiveDate;

use crate::render::sheet::Passage;
use crate::reports::Report;
use crate::reports::parameters::{Parameters, check_by};
use crate::web::api::call::Call;
use crate::web::api::reports::root;
use crate::web::pages::citizen::again;
use crate::web::pages::downloads::{self, Downloads};
use crate::web::pages::forms::{Choice, Field, Fields, FormPart};
use crate::web::pages::late::PROCEDURE;
use crate::web::pages::named::in_codes;
use crate::web::pages::overview::{self, AS_OF, Asked, FROM, TO, UNIT, own_names};
use crate::web::pages::tables::Table;
use crate::web::pages::{Frame, page};
use crate::web::problem::{FieldError, Kind, Problem};

/// In the addresses: what the rows are.
const BY: &str = "xem";

/// How many rows the page has; a file has them all.
const MOST_ROWS: usize = 300;

/// Reports by their names, and what people call them.
pub(super) const OTHERS: [(&str, &str); 4] = [
    ("06a", "Biểu II.06a"),
    ("cchc", "Mục II.2 báo cáo CCHC"),
    ("satisfaction", "Mức độ hài lòng"),
    ("fees", "Phí, lệ phí"),
];

/// What rows may be, as people call it.
const WAYS: [(&str, &str); 4] = [
    ("unit", "Đơn vị"),
    ("procedure", "Thủ tục"),
    ("officer", "Người phụ trách"),
    ("method", "Hình thức nộp tiền"),
];

/// Where the page of a report is.
pub(super) fn path(name: &str) -> String {
    format!("{}/bao-cao/{name}", overview::PATH)
}

#[derive(Template)]
#[template(path = "report.html")]
struct ReportPage {
    frame: Frame,
    name: &'static str,
    about: &'static str,
    path: String,
    form: FormPart,
    back: String,
    made: Option<Made>,
}

struct Made {
    title: String,
    subtitle: Vec<String>,
    prose: Vec<Passage>,
    notes: Vec<String>,
    table: Table,
    downloads: Downloads,
}

fn filters<R: Report>(asked: Option<&Asked>, typed: &Fields) -> FormPart {
    let text = |day: Option<NaiveDate>| day.map(|day| day.to_string()).unwrap_or_default();
    let mut fields = vec![
        Field::date(FROM, "Từ ngày")
            .value(text(asked.map(|asked| asked.from)))
            .required(),
        Field::date(TO, "Đến hết ngày")
            .value(text(asked.map(|asked| asked.to)))
            .required(),
        Field::date(AS_OF, "Số liệu tính đến ngày"),
    ];
    if R::OF_A_UNIT {
        fields.push(Field::text(UNIT, "Mã hoặc tên đơn vị"));
    }
    let word = |way: &str| WAYS.iter().find(|(name, _)| *name == way);
    let ways = R::BY.iter().filter_map(|way| word(way));
    let ways: Vec<_> = ways.map(|(name, word)| Choice::new(name, *word)).collect();
    if !ways.is_empty() {
        fields.push(Field::choice(BY, "Xem theo", ways));
    }
    FormPart::new(fields).typed(typed)
}

/// What is asked for, or what is wrong with it.
fn read<R: Report>(typed: &Fields) -> Result<(Asked, Option<String>), Problem> {
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

async fn make<R: Report>(call: &Call, asked: &Asked, by: Option<String>) -> Result<R, Problem> {
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
            procedure: None,
            by,
            printed: None,
        };
        Ok(R::make(store, &asked)?)
    })
    .await
}

/// `GET /tong-quan/bao-cao/…`.
pub async fn show<R: Report>(call: Call, mut typed: Fields) -> Result<HttpResponse, Problem> {
    in_codes(&call, &mut typed, UNIT, PROCEDURE).await?;
    let read = read::<R>(&typed);
    let form = filters::<R>(read.as_ref().ok().map(|(asked, _)| asked), &typed);
    let (asked, made) = match read {
        Ok((asked, by)) => {
            let made = make::<R>(&call, &asked, by).await;
            (Some(asked), made)
        }
        Err(problem) => (None, Err(problem)),
    };
    let back = asked.as_ref().map_or_else(
        || overview::PATH.to_owned(),
        |asked| asked.address(overview::PATH, &[]),
    );
    let path = path(R::NAME);
    let blank = |form: FormPart| ReportPage {
        frame: Frame::of(&call.by, overview::PATH).wrong(!form.errors.is_empty()),
        name: OTHERS
            .iter()
            .find(|(name, _)| *name == R::NAME)
            .map_or(R::NAME, |(_, name)| name),
        about: R::ABOUT,
        path: path.clone(),
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
        let days = asked.map(|asked| format!("-{}-{}", asked.from, asked.to));
        let name = format!("{}{}", R::NAME, days.unwrap_or_default());
        return downloads::file(&name, format, &sheet);
    }
    let query = typed.query_without(&[downloads::AS]);
    let shown = ReportPage {
        made: Some(Made {
            title: sheet.title.join(" "),
            subtitle: sheet.subtitle.clone(),
            prose: sheet.prose.clone(),
            notes: sheet.notes.clone(),
            table: Table::of(&sheet, MOST_ROWS),
            downloads: Downloads::of(&format!("{path}?{query}")),
        }),
        ..blank(form)
    };
    page(StatusCode::OK, &shown)
}
