//! `/hom-nay`: today at my desk, to be printed: what came in, when, due when, and with whom it is now.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;
use chrono::{NaiveDate, NaiveTime};

use crate::domain::moment::Moment;
use crate::domain::period::end_of;
use crate::domain::role::Permission;
use crate::render::sheet::{self, Cell, Column, RowKind, Sheet};
use crate::render::words;
use crate::store::lists::{Order, Within};
use crate::views;
use crate::views::list::{ListItem, ListRequest, named_unit};
use crate::web::api::call::Call;
use crate::web::pages::citizen::again;
use crate::web::pages::downloads::{self, Downloads, all_of};
use crate::web::pages::forms::{Field, Fields, FormPart};
use crate::web::pages::{Frame, page};
use crate::web::problem::Problem;

const PATH: &str = "/hom-nay";
const DAY: &str = "ngay";

/// How many a page shows; the whole day, for paper, where it is asked for.
const MOST: usize = 100;
const WHOLE: &str = "tat-ca";

#[derive(Template)]
#[template(path = "today.html")]
struct TodayPage {
    frame: Frame,
    form: FormPart,
    unit: String,
    day: String,
    rows: Vec<Row>,
    count: usize,
    /// Of these, submitted online and not taken in.
    waiting: usize,
    /// Where the rest of the day is.
    whole: Option<String>,
    /// Why even the whole is not all of it.
    cut: Vec<String>,
    downloads: Downloads,
    /// The registers that the desk keeps beside its dossiers: address, word.
    registers: Vec<(&'static str, &'static str)>,
}

/// And who keeps them.
const REGISTERS: [(&str, &str, Permission); 2] = [
    (
        "/quan-tri/khoan-nop",
        "Khoản nộp qua cổng chưa khớp",
        Permission::HandlePayments,
    ),
    (
        "/quan-tri/yeu-cau",
        "Yêu cầu về dữ liệu cá nhân",
        Permission::HandlePrivacy,
    ),
];

struct Row {
    number: String,
    at: String,
    applicant: String,
    procedure: String,
    due: String,
    with: String,
}

impl Row {
    /// At the desk of `unit`, by its name: that something is there need not be said in each line.
    fn new(item: ListItem, unit: &str) -> Self {
        let place = item.holder.name;
        let at = item
            .received_at
            .map(|at| at.civil().format("%H:%M").to_string());
        Self {
            at: at.unwrap_or_else(|| item.status_name.to_owned()),
            due: match (item.due_at, item.appointment_at) {
                (None, _) => "–".to_owned(),
                (Some(due), None) => words::moment(due),
                (Some(due), Some(anew)) => {
                    format!("{}; hẹn lại {}", words::moment(due), words::moment(anew))
                }
            },
            with: match (item.assignee, place == unit) {
                _ if item.status.is_closed() => item.status_name.to_owned(),
                (Some(staff), true) => staff.full_name,
                (Some(staff), false) => format!("{} ({place})", staff.full_name),
                (None, true) => "Chưa giao".to_owned(),
                (None, false) => place,
            },
            number: item.case_number,
            applicant: item.applicant,
            procedure: item.procedure.name,
        }
    }
}

/// `GET /hom-nay`, or the same of another day.
pub async fn show(call: Call, typed: Fields) -> Result<HttpResponse, Problem> {
    let today = crate::clock::now().date();
    let read = typed.day(DAY);
    let (day, wrong) = (read.flatten().unwrap_or(today), read == Some(None));
    let format = downloads::wanted(&typed);
    let whole = format.is_some() || typed.get(WHOLE) == "1";
    let (unit, items, more, cut) = call
        .run(move |store, by, now| {
            let unit = named_unit(&*store.reference()?, by.unit).name;
            let request = ListRequest {
                entered: Within {
                    from: Some(Moment::at(day, NaiveTime::MIN)),
                    before: Some(end_of(day)),
                },
                ..ListRequest::of_all(by.unit, Order::Entered, MOST, now)
            };
            if whole {
                let (items, cut) = all_of(store, request)?;
                return Ok((unit, items, false, cut));
            }
            let listing = views::list::list(store, &request)?;
            let more = listing.next.is_some();
            Ok((unit, listing.items, more, Vec::new()))
        })
        .await?;
    if let Some(format) = format {
        let sheet = Sheet {
            notes: cut,
            ..to_sheet(&unit, day, items)
        };
        return downloads::file(&format!("Hồ sơ đến {day}"), format, &sheet);
    }
    let waiting = items.iter().filter(|item| item.received_at.is_none());
    let waiting = waiting.count();
    let rows: Vec<Row> = items
        .into_iter()
        .map(|item| Row::new(item, &unit))
        .collect();
    let form = FormPart::new(vec![Field::date(DAY, "Ngày").value(day).required()]).typed(&typed);
    let shown = TodayPage {
        frame: Frame::of(&call.by, PATH).wrong(wrong),
        form,
        unit,
        day: words::date(day),
        count: rows.len(),
        waiting,
        rows,
        whole: more.then(|| format!("{PATH}?{DAY}={day}&{WHOLE}=1")),
        cut,
        downloads: Downloads::of(&format!("{PATH}?{DAY}={day}")),
        registers: REGISTERS
            .iter()
            .filter(|(_, _, may)| call.by.may(*may))
            .map(|(place, word, _)| (*place, *word))
            .collect(),
    };
    match wrong {
        false => page(StatusCode::OK, &shown),
        true => {
            let problem = Problem::invalid_field(DAY, "không phải ngày");
            let form = shown.form.refused(&problem);
            again(
                &problem,
                &TodayPage {
                    form,
                    rows: Vec::new(),
                    ..shown
                },
            )
        }
    }
}

fn to_sheet(unit: &str, day: NaiveDate, items: Vec<ListItem>) -> Sheet {
    let rows = items.into_iter().map(|item| {
        let moment = |moment: Option<Moment>| moment.map(Cell::Moment);
        let (received, due) = (moment(item.received_at), moment(item.due_at));
        let anew = moment(item.appointment_at);
        let row = Row::new(item, unit);
        sheet::Row {
            kind: RowKind::Single,
            cells: vec![
                Cell::text(row.number),
                received.unwrap_or_else(|| Cell::text(row.at)),
                Cell::text(row.applicant),
                Cell::text(row.procedure),
                due.unwrap_or(Cell::Empty),
                anew.unwrap_or(Cell::Empty),
                Cell::text(row.with),
            ],
        }
    });
    Sheet {
        title: vec![format!("Hồ sơ đến ngày {}", words::date(day))],
        subtitle: vec![unit.to_owned()],
        columns: vec![
            Column::text("case_number", "Mã hồ sơ"),
            Column::text("received_at", "Lúc"),
            Column::text("applicant", "Người nộp"),
            Column::text("procedure", "Thủ tục"),
            Column::text("due_at", "Hẹn trả"),
            Column::text("appointment_at", "Hẹn lại"),
            Column::text("with", "Đang ở"),
        ],
        rows: rows.collect(),
        ..Sheet::default()
    }
}
