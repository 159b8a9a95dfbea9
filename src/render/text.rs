//! A sheet as text in Vietnamese: on a terminal, in a letter.

use std::fmt::Write;

use comfy_table::{CellAlignment, Table, presets};

use crate::render::sheet::{Cell, Column, Sheet};
use crate::render::{self, local_days, local_hours};

/// The whole sheet, ended by a line feed. Where it has prose, that stands in place of the table.
pub fn text(sheet: &Sheet) -> String {
    let mut text = String::new();
    let mut line = |line: &dyn std::fmt::Display| {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{line}");
    };
    for heading in sheet.title.iter().chain(&sheet.subtitle) {
        line(heading);
    }
    if sheet.prose.is_empty() {
        line(&table(sheet));
    }
    for passage in &sheet.prose {
        line(&"");
        line(&passage.heading);
        for item in &passage.items {
            line(&format_args!("- {item}"));
        }
    }
    for note in &sheet.notes {
        line(note);
    }
    text
}

fn table(sheet: &Sheet) -> Table {
    let shown = sheet.shown();
    let mut table = Table::new();
    table.load_preset(presets::ASCII_MARKDOWN);
    table.set_header(shown.iter().map(|(_, column)| head(column)));
    if sheet.numbered {
        table.add_row((1..=shown.len()).map(|number| format!("({number})")));
    }
    for row in &sheet.rows {
        let cells = shown.iter().map(|(i, _)| row.cells.get(*i));
        table.add_row(cells.map(|cell| cell.map(local).unwrap_or_default()));
    }
    for (drawn, (_, column)) in table.column_iter_mut().zip(&shown) {
        if column.is_number {
            drawn.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}

/// In one line of heads.
fn head(column: &Column) -> String {
    let own = column.head.unwrap_or_default();
    match (column.narrow, column.groups.last()) {
        (Some(narrow), _) => narrow.to_owned(),
        (None, Some(group)) => format!("{group}:\n{own}"),
        (None, None) => own.to_owned(),
    }
}

/// What stands in a cell as people read it.
pub fn local(cell: &Cell) -> String {
    match cell {
        Cell::Empty => String::new(),
        Cell::Text(text) => text.clone(),
        Cell::Count(count) => render::words::number(*count),
        Cell::Share { .. } => render::words::percent(cell.share()),
        Cell::Days { hours } => local_days(*hours),
        Cell::Hours { hundredths } => local_hours(*hundredths),
        Cell::Date(day) => render::words::date(*day),
        Cell::Moment(moment) => render::words::moment(*moment),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::sheet::{Passage, Row, RowKind};

    fn sheet() -> Sheet {
        Sheet {
            title: vec!["BIỂU".to_owned()],
            subtitle: vec!["Từ ngày 15/12/2020".to_owned()],
            columns: vec![
                Column::text("name", "Tên"),
                Column::number("count", "Tổng số").below(&["Tiếp nhận"]),
                Column::for_programs("hidden"),
                Column::number("days", "Số ngày").for_people(),
            ],
            rows: vec![Row {
                kind: RowKind::Total,
                cells: vec![
                    Cell::text("Tất cả"),
                    Cell::Count(1234),
                    Cell::Count(5),
                    Cell::Days { hours: 4796 },
                ],
            }],
            ..Sheet::default()
        }
    }

    #[test]
    fn a_table_shows_what_is_for_people() {
        let expected = "BIỂU\n\
                        Từ ngày 15/12/2020\n\
                        | Tên    | Tiếp nhận: | Số ngày |\n\
                        |        |    Tổng số |         |\n\
                        |--------|------------|---------|\n\
                        | Tất cả |      1.234 |   599,5 |\n";
        assert_eq!(text(&sheet()), expected);
    }

    #[test]
    fn prose_stands_in_place_of_the_table() {
        let prose = vec![Passage {
            heading: "Kết quả:".to_owned(),
            items: vec!["tốt".to_owned()],
        }];
        let expected = "BIỂU\nTừ ngày 15/12/2020\n\nKết quả:\n- tốt\n";
        assert_eq!(text(&Sheet { prose, ..sheet() }), expected);
    }
}
