//! `/quan-tri/luot-xem`: who has read whose identity number, and which dossiers viewers have opened. That the list was
//! looked at is on record as well.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, ResponseError};
use askama::Template;
use chrono::Days;

use crate::acts;
use crate::domain::ids::MessageId;
use crate::domain::moment::Moment;
use crate::domain::privacy::Seen;
use crate::render::Format;
use crate::render::sheet::{self, Cell, Column, RowKind, Sheet};
use crate::render::words;
use crate::views::privacy::ReadingLine;
use crate::web::api::call::Call;
use crate::web::api::page::ListQuery;
use crate::web::api::privacy::{self, Span};
use crate::web::pages::downloads::file;
use crate::web::pages::forms::{Field, Fields, FormPart};
use crate::web::pages::{Frame, page};
use crate::web::problem::{Kind, Problem};

const PATH: &str = "/quan-tri/luot-xem";

const FROM: &str = "from";
const TO: &str = "to";
const AS: &str = "dang";

/// The most rows of a file.
const MOST: u32 = 5000;

#[derive(Template)]
#[template(path = "admin/readings.html")]
struct ReadingsPage {
    frame: Frame,
    form: FormPart,
    /// Nothing was asked for yet.
    blank: bool,
    rows: Vec<ReadingLine>,
    next: Option<String>,
    csv: String,
}

impl ReadingsPage {
    fn moment(at: &Moment) -> String {
        words::moment(*at)
    }

    fn seen(what: &Seen) -> &'static str {
        words::seen(*what)
    }
}

fn form(typed: &Fields) -> FormPart {
    let today = crate::clock::now().date();
    let week = today - Days::new(7);
    FormPart::new(vec![
        Field::date(FROM, "Từ ngày").required().value(week),
        Field::date(TO, "Đến hết ngày").required().value(today),
        Field::text("dossier", "Mã hồ sơ"),
        Field::text("username", "Tên đăng nhập"),
    ])
    .typed(typed)
}

/// `GET /quan-tri/luot-xem`: the form, and once days are named, what was read on them.
pub async fn show(call: Call, typed: Fields) -> Result<HttpResponse, Problem> {
    let blank = typed.typed(FROM).is_none() && typed.typed(TO).is_none();
    let mut form = form(&typed);
    let (mut rows, mut next, mut status) = (Vec::new(), None, StatusCode::OK);
    if !blank {
        let query = typed.query_without(&[AS]);
        let read = match ListQuery::<Span, MessageId>::read(&query) {
            Ok(query) if typed.get(AS) == "csv" => match whole(&call, &query.filter).await {
                Ok(file) => return Ok(file),
                Err(problem) => Err(problem),
            },
            Ok(query) => privacy::read(&call, query.filter.asked(), query.page).await,
            Err(problem) => Err(problem),
        };
        match read {
            Ok(found) => (rows, next) = found.into_parts(),
            Err(problem) if problem.kind() == Kind::InvalidRequest => {
                status = problem.status_code();
                form = form.refused(&problem);
            }
            Err(problem) => return Err(problem),
        }
    }
    let kept = typed.query_without(&["after", AS]);
    let shown = ReadingsPage {
        frame: Frame::of(&call.by, super::PATH).wrong(!form.errors.is_empty()),
        blank: blank || status != StatusCode::OK,
        form,
        rows,
        next: next.map(|next| {
            let after = serde_urlencoded::to_string([("after", next)]).unwrap_or_default();
            format!("{PATH}?{kept}&{after}")
        }),
        csv: format!("{PATH}?{kept}&{AS}=csv"),
    };
    page(status, &shown)
}

/// All of it as a file, up to [`MOST`].
async fn whole(call: &Call, span: &Span) -> Result<HttpResponse, Problem> {
    let asked = span.asked();
    let (from, to) = (asked.from, asked.to);
    let lines = call.run(move |store, by, now| {
        let limit = MOST + 1;
        Ok(acts::privacy::list_readings(
            store, &asked, None, limit, by.proof, now,
        )?)
    });
    let mut lines = lines.await?;
    let more = lines.len() > MOST as usize;
    lines.truncate(MOST as usize);
    let rows = lines.into_iter().map(|(_, line)| sheet::Row {
        kind: RowKind::Single,
        cells: vec![
            Cell::Moment(line.at),
            Cell::text(line.username),
            Cell::text(line.full_name),
            Cell::text(line.case_number),
            Cell::text(words::seen(line.what)),
        ],
    });
    let period = format!("Từ ngày {} đến ngày {}", words::date(from), words::date(to));
    let most = format!(
        "Chỉ có {} lượt đầu: chọn khoảng ngày ngắn hơn để có đủ.",
        words::number(MOST.into())
    );
    let sheet = Sheet {
        title: vec!["Lượt xem dữ liệu cá nhân".to_owned()],
        subtitle: vec![period],
        columns: vec![
            Column::text("at", "Lúc"),
            Column::text("username", "Tên đăng nhập"),
            Column::text("full_name", "Người xem"),
            Column::text("case_number", "Mã hồ sơ"),
            Column::text("what", "Đã xem"),
        ],
        rows: rows.collect(),
        notes: more.then_some(most).into_iter().collect(),
        ..Sheet::default()
    };
    file(&format!("readings-{from}-{to}"), Format::CsvPeople, &sheet)
}
