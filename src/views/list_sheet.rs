//! A list of dossiers as a sheet, to be printed and filtered in a spreadsheet.

use crate::domain::moment::Moment;
use crate::render::sheet::{Cell, Column, Row, RowKind, Sheet};
use crate::render::words;
use crate::views::list::ListItem;

const COLUMNS: [Column; 14] = [
    Column::text("case_number", "Mã hồ sơ"),
    Column::text("procedure", "Mã thủ tục"),
    Column::text("procedure_name", "Thủ tục"),
    Column::text("applicant", "Người nộp"),
    Column::text("unit", "Mã đơn vị"),
    Column::text("unit_name", "Đơn vị giải quyết"),
    Column::text("channel", "Hình thức nộp"),
    Column::text("status", "Trạng thái"),
    Column::text("received_at", "Tiếp nhận"),
    Column::text("due_at", "Hạn trả"),
    Column::text("appointment_at", "Hẹn lại"),
    Column::text("overdue", "Quá hạn"),
    Column::text("assignee", "Người xử lý"),
    Column::text("closed_at", "Kết thúc"),
];

/// The rows in their order. `more`: the list goes on, and this is said.
pub fn sheet(title: &str, items: &[ListItem], now: Moment, more: bool) -> Sheet {
    let mut notes = Vec::new();
    if more {
        notes.push(format!(
            "Danh sách còn nữa: đây là {} hồ sơ đầu; hãy lọc hẹp hơn.",
            words::number(i64::try_from(items.len()).unwrap_or(i64::MAX))
        ));
    }
    Sheet {
        title: vec![title.to_owned()],
        subtitle: vec![format!("Tính đến {}", words::moment(now))],
        columns: COLUMNS.to_vec(),
        rows: items.iter().map(row).collect(),
        notes,
        ..Sheet::default()
    }
}

fn row(item: &ListItem) -> Row {
    let moment = |moment: Option<Moment>| moment.map_or(Cell::Empty, Cell::Moment);
    let overdue = if item.overdue { "Quá hạn" } else { "" };
    let assignee = item.assignee.as_ref();
    Row {
        kind: RowKind::Single,
        cells: vec![
            Cell::text(&item.case_number),
            Cell::text(&item.procedure.code),
            Cell::text(&item.procedure.name),
            Cell::text(&item.applicant),
            Cell::text(&item.unit.code),
            Cell::text(&item.unit.name),
            Cell::text(words::channel(item.channel)),
            Cell::text(item.status_name),
            moment(item.received_at),
            moment(item.due_at),
            moment(item.appointment_at),
            Cell::text(overdue),
            Cell::text(assignee.map_or("", |staff| &staff.full_name)),
            moment(item.closed_at),
        ],
    }
}
