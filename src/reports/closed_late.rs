//! What was closed after its due moment, with who had it in hand and how late it was: by officer, or dossier by dossier.
//! Walks over the late ones, which are few; shows them as they stand now.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::moment::Moment;
use crate::domain::period::end_of;
use crate::error::Error;
use crate::render;
use crate::render::sheet::{Cell, Column, Row, RowKind, Sheet};
use crate::reports::by::LateBy;
use crate::reports::parameters::Parameters;
use crate::reports::standings::Span;
use crate::reports::{Report, names};
use crate::store::lists::{self, Listed, Order, Query, Reach, Within};
use crate::store::reference::Reference;
use crate::store::{Conn, Store, users};
use crate::views::list::late_hours;

/// The most dossiers that a report lists; what is beyond is said.
const MOST: usize = 20_000;

/// What was closed late within a span.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClosedLate {
    pub by: LateBy,
    pub span: Span,
    /// Of which unit and what is under it, in a sentence; `None`: the whole office.
    pub of_unit: Option<String>,
    /// By officer, the oldest first.
    pub rows: Vec<LateRow>,
    /// There are more than are listed.
    pub cut: bool,
}

/// A dossier that was closed late.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LateRow {
    /// Username and full name; empty where nobody had it in hand by name.
    pub officer: (String, String),
    pub case_number: String,
    /// Code and name.
    pub procedure: (String, String),
    pub unit: (String, String),
    pub due: Moment,
    pub closed: Moment,
    /// Whole working hours.
    pub hours: i64,
}

fn late_rows(
    conn: &mut Conn,
    reference: &Reference,
    asked: &Parameters,
) -> Result<(Vec<Listed>, bool), Error> {
    let units = reference.units();
    // Of these units themselves: what an ended one closed late stays its own, wherever the result waits since.
    let under = asked.unit.map(|root| units.under(root));
    let reach = under.clone().map_or(Reach::All, Reach::Units);
    let mut walks = reach.by_unit();
    walks.extend(reach.by_closing(units));
    let is_asked = |row: &Listed| {
        let mut under = under.iter();
        under.all(|under| under.contains(&row.counted_in()))
    };
    let within = Within {
        from: Some(Moment::at(asked.span.period.from, chrono::NaiveTime::MIN)),
        before: Some(end_of(asked.span.period.to)),
    };
    let mut rows = Vec::new();
    let mut after = None;
    loop {
        let query = Query {
            order: Order::ClosedLate,
            walks: walks.clone(),
            within,
            after,
            limit: 500,
            keep: &is_asked,
        };
        let page = lists::list(conn, &query)?;
        rows.extend(page.rows);
        after = page.next;
        if after.is_none() || rows.len() >= MOST {
            let cut = after.is_some() || rows.len() > MOST;
            rows.truncate(MOST);
            return Ok((rows, cut));
        }
    }
}

/// Late closings as machines read them.
#[derive(Serialize, ToSchema)]
pub struct ClosedLateReport {
    by: LateBy,
    from: NaiveDate,
    to: NaiveDate,
    /// By officer; empty by dossier.
    officers: Vec<LateOfficer>,
    /// By dossier; empty by officer.
    dossiers: Vec<LateDossier>,
    /// How many there are.
    total: usize,
    /// There are more than are counted and listed here.
    cut: bool,
}

/// Somebody who had dossiers in hand that were closed late.
#[derive(Serialize, ToSchema)]
pub struct LateOfficer {
    /// Rỗng nếu không giao cho ai.
    #[schema(example = "h37.20.01.officer")]
    username: String,
    full_name: String,
    dossiers: usize,
    /// Giờ làm việc quá hạn, cộng lại.
    hours: i64,
    /// Của hồ sơ quá hạn lâu nhất.
    longest_hours: i64,
}

/// A dossier that was closed late.
#[derive(Serialize, ToSchema)]
pub struct LateDossier {
    #[schema(example = "H37.20.01-210301-0001")]
    case_number: String,
    procedure_code: String,
    procedure: String,
    unit_code: String,
    unit: String,
    username: String,
    full_name: String,
    due_at: Moment,
    closed_at: Moment,
    /// Giờ làm việc quá hạn.
    hours: i64,
}

impl ClosedLate {
    fn officers(&self) -> Vec<LateOfficer> {
        let mut officers: BTreeMap<&str, LateOfficer> = BTreeMap::new();
        for row in &self.rows {
            let (username, full_name) = &row.officer;
            let officer = officers.entry(username).or_insert_with(|| LateOfficer {
                username: username.clone(),
                full_name: full_name.clone(),
                dossiers: 0,
                hours: 0,
                longest_hours: 0,
            });
            officer.dossiers += 1;
            officer.hours += row.hours;
            officer.longest_hours = officer.longest_hours.max(row.hours);
        }
        officers.into_values().collect()
    }

    fn officer_rows(&self) -> Vec<Row> {
        let count = |count: usize| Cell::Count(i64::try_from(count).unwrap_or(i64::MAX));
        let rows = self.officers().into_iter().map(|officer| Row {
            kind: RowKind::Single,
            cells: vec![
                Cell::text(officer.username),
                Cell::text(officer.full_name),
                count(officer.dossiers),
                Cell::Days {
                    hours: officer.longest_hours,
                },
                Cell::Days {
                    hours: officer.hours,
                },
            ],
        });
        let total = Row {
            kind: RowKind::Total,
            cells: vec![
                Cell::Empty,
                Cell::text("Tổng số"),
                count(self.rows.len()),
                Cell::Days {
                    hours: self.rows.iter().map(|row| row.hours).max().unwrap_or(0),
                },
                Cell::Days {
                    hours: self.rows.iter().map(|row| row.hours).sum(),
                },
            ],
        };
        rows.chain([total]).collect()
    }

    fn dossier_rows(&self) -> Vec<Row> {
        let rows = self.rows.iter().map(|row| Row {
            kind: RowKind::Single,
            cells: vec![
                Cell::text(&row.officer.0),
                Cell::text(&row.officer.1),
                Cell::text(&row.case_number),
                Cell::text(&row.procedure.0),
                Cell::text(&row.procedure.1),
                Cell::text(&row.unit.0),
                Cell::text(&row.unit.1),
                Cell::Moment(row.due),
                Cell::Moment(row.closed),
                Cell::Days { hours: row.hours },
            ],
        });
        rows.collect()
    }
}

impl Report for ClosedLate {
    const NAME: &'static str = "closed-late";
    const ABOUT: &'static str = "Hồ sơ kết thúc quá hạn trong kỳ theo người được giao, quá hạn bao lâu; hoặc danh sách từng hồ sơ. Theo tình trạng hồ sơ hiện nay.";
    const BY: &'static [&'static str] = &LateBy::NAMES;

    type Json = ClosedLateReport;

    fn make(store: &Store, asked: &Parameters) -> Result<Self, Error> {
        let by = asked.by(&LateBy::ALL)?;
        store.read_with_reference(|conn, reference| {
            asked.span.check(reference)?;
            let (listed, cut) = late_rows(conn, reference, asked)?;
            let staff = users::names(conn, listed.iter().filter_map(|row| row.assignee))?;
            let rows = listed.iter().filter_map(|row| {
                let (due, closed) = row.due.zip(row.closed_at)?;
                let officer = row.assignee.and_then(|id| staff.get(&id)).cloned();
                let nobody = || (String::new(), "Không giao cho ai".to_owned());
                Some(LateRow {
                    officer: officer.unwrap_or_else(nobody),
                    case_number: row.case_number.clone(),
                    procedure: names::procedure(reference, row.procedure),
                    unit: names::unit(reference, row.counted_in()),
                    due,
                    closed,
                    hours: late_hours(reference, row).unwrap_or(0),
                })
            });
            let mut rows: Vec<LateRow> = rows.collect();
            rows.sort_by(|a, b| {
                (&a.officer, a.closed, &a.case_number).cmp(&(&b.officer, b.closed, &b.case_number))
            });
            Ok(Self {
                by,
                span: asked.span,
                of_unit: names::of_unit(reference, asked.unit),
                rows,
                cut,
            })
        })
    }

    fn json(&self) -> ClosedLateReport {
        let dossiers = self.rows.iter().map(|row| LateDossier {
            case_number: row.case_number.clone(),
            procedure_code: row.procedure.0.clone(),
            procedure: row.procedure.1.clone(),
            unit_code: row.unit.0.clone(),
            unit: row.unit.1.clone(),
            username: row.officer.0.clone(),
            full_name: row.officer.1.clone(),
            due_at: row.due,
            closed_at: row.closed,
            hours: row.hours,
        });
        let (officers, dossiers) = match self.by {
            LateBy::Officer => (self.officers(), Vec::new()),
            LateBy::Dossier => (Vec::new(), dossiers.collect()),
        };
        ClosedLateReport {
            by: self.by,
            from: self.span.period.from,
            to: self.span.period.to,
            officers,
            dossiers,
            total: self.rows.len(),
            cut: self.cut,
        }
    }

    fn sheet(&self) -> Sheet {
        let officer = [
            Column::text("username", "Tên đăng nhập"),
            Column::text("full_name", "Người được giao"),
        ];
        let (more, rows) = match self.by {
            LateBy::Officer => (
                vec![
                    Column::number("dossiers", "Số hồ sơ"),
                    Column::number("longest", "Quá hạn lâu nhất (ngày làm việc)"),
                    Column::number("sum", "Tổng thời gian quá hạn (ngày làm việc)"),
                ],
                self.officer_rows(),
            ),
            LateBy::Dossier => (
                vec![
                    Column::text("case_number", "Mã hồ sơ"),
                    Column::text("procedure_code", "Mã thủ tục"),
                    Column::text("procedure", "Thủ tục"),
                    Column::text("unit_code", "Mã đơn vị"),
                    Column::text("unit", "Đơn vị"),
                    Column::text("due_at", "Hẹn trả"),
                    Column::text("closed_at", "Kết thúc"),
                    Column::number("late", "Quá hạn (ngày làm việc)"),
                ],
                self.dossier_rows(),
            ),
        };
        let mut notes = self.notes();
        if self.cut {
            let most = render::words::number(i64::try_from(MOST).unwrap_or(i64::MAX));
            notes.push(format!(
                "Chỉ tính {most} hồ sơ kết thúc sau cùng; hãy chọn kỳ ngắn hơn."
            ));
        }
        Sheet {
            title: vec![format!("Hồ sơ kết thúc quá hạn, {}", self.span.in_words())],
            subtitle: self.of_unit.iter().cloned().collect(),
            columns: officer.into_iter().chain(more).collect(),
            rows,
            notes,
            ..Sheet::default()
        }
    }
}

impl ClosedLate {
    fn notes(&self) -> Vec<String> {
        vec![
            "Người được giao: người đang giữ hồ sơ lúc kết thúc. Thời gian quá hạn: giờ làm việc từ hạn trả đến lúc kết \
             thúc, tám giờ là một ngày. Theo tình trạng hồ sơ hiện nay."
                .to_owned(),
        ]
    }
}
