//! A sheet as comma-separated values: for programs, and for people who open it in a spreadsheet.

use csv::{Terminator, WriterBuilder};

use crate::render::sheet::{Cell, Column, Row, RowKind, Sheet};
use crate::render::{self, days};

/// For programs: keys as heads, points, single rows only, so that they add up.
pub fn csv(sheet: &Sheet) -> String {
    let mut writer = WriterBuilder::new().from_writer(Vec::new());
    let known = |column: &&Column| column.key.is_some();
    // Writing to memory cannot fail, and every line has as many cells as the head.
    let _ = writer.write_record(sheet.columns.iter().filter_map(|column| column.key));
    let single = |row: &&Row| row.kind == RowKind::Single;
    for row in sheet.rows.iter().filter(single) {
        let cells = sheet.columns.iter().zip(&row.cells);
        let cells = cells.filter(|(column, _)| known(column));
        let _ = writer.write_record(cells.map(|(_, cell)| plain(cell)));
    }
    finish(writer)
}

/// For people: titles, Vietnamese heads, every row and sentence, decimal comma. What a spreadsheet would
/// take for a formula begins with an apostrophe.
pub fn csv_for_people(sheet: &Sheet) -> String {
    let mut writer = WriterBuilder::new()
        .delimiter(b';')
        .terminator(Terminator::CRLF)
        .flexible(true)
        .from_writer(Vec::new());
    let shown = sheet.shown();
    for heading in sheet.title.iter().chain(&sheet.subtitle) {
        let _ = writer.write_record([harmless(heading)]);
    }
    let _ = writer.write_record(shown.iter().map(|(_, column)| head(column)));
    for row in &sheet.rows {
        let cells = shown.iter().filter_map(|(place, _)| row.cells.get(*place));
        let _ = writer.write_record(cells.map(local));
    }
    for passage in &sheet.prose {
        let _ = writer.write_record([harmless(&passage.heading)]);
        for item in &passage.items {
            let _ = writer.write_record([harmless(item)]);
        }
    }
    for note in &sheet.notes {
        let _ = writer.write_record([harmless(note)]);
    }
    // The mark by which spreadsheets know that it is UTF-8.
    format!("\u{feff}{}", finish(writer))
}

fn finish(writer: csv::Writer<Vec<u8>>) -> String {
    let bytes = writer.into_inner().unwrap_or_default();
    String::from_utf8(bytes).unwrap_or_default()
}

/// With its groups: `Tiếp nhận – Trong kỳ – Trực tuyến`.
fn head(column: &Column) -> String {
    let heads = column.groups.iter().copied().chain(column.head);
    harmless(&heads.collect::<Vec<_>>().join(" – "))
}

fn plain(cell: &Cell) -> String {
    match cell {
        Cell::Empty => String::new(),
        Cell::Text(text) => text.clone(),
        Cell::Count(count) => count.to_string(),
        Cell::Share { .. } => cell.share().map(|s| s.to_string()).unwrap_or_default(),
        Cell::Days { hours } => days(*hours),
        Cell::Hours { hundredths } => render::hours(*hundredths),
        Cell::Date(day) => day.to_string(),
        Cell::Moment(moment) => moment.to_string(),
    }
}

/// Without dots between thousands: where the spreadsheet is not Vietnamese, they would be decimals.
fn local(cell: &Cell) -> String {
    match cell {
        Cell::Text(text) => harmless(text),
        Cell::Share { .. } => render::words::percent(cell.share()),
        Cell::Days { .. } | Cell::Hours { .. } => plain(cell).replace('.', ","),
        Cell::Date(day) => render::words::date(*day),
        Cell::Moment(moment) => moment.civil().format("%d/%m/%Y %H:%M").to_string(),
        Cell::Empty | Cell::Count(_) => plain(cell),
    }
}

/// A text that no spreadsheet runs.
fn harmless(text: &str) -> String {
    match render::is_formula(text) {
        true => format!("'{text}"),
        false => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sheet() -> Sheet {
        let row = |kind, name: &str, count| Row {
            kind,
            cells: vec![
                Cell::text(name),
                Cell::text("1"),
                Cell::Count(count),
                Cell::Share {
                    part: 2,
                    whole: count,
                },
            ],
        };
        Sheet {
            title: vec!["=BIỂU".to_owned()],
            columns: vec![
                Column::text("name", "Tên"),
                Column::text("", "STT").for_people(),
                Column::number("online", "Trực tuyến").below(&["Tiếp nhận", "Trong kỳ"]),
                Column::number("rate", "Tỷ lệ"),
            ],
            rows: vec![
                row(RowKind::Group, "CẤP XÃ", 3000),
                row(RowKind::Single, "=cmd|' /C calc'!A0", 3000),
                row(RowKind::Single, "Đất đai, \"nhà\"; ở", -1),
                row(RowKind::Total, "Tổng số", 2999),
            ],
            ..Sheet::default()
        }
    }

    #[test]
    fn programs_get_keys_and_single_rows() {
        let expected =
            "name,online,rate\n=cmd|' /C calc'!A0,3000,0.07\n\"Đất đai, \"\"nhà\"\"; ở\",-1,\n";
        assert_eq!(csv(&sheet()), expected);
    }

    #[test]
    fn people_get_everything_and_no_formulas() {
        let expected = "\u{feff}'=BIỂU\r\n\
                        Tên;STT;Tiếp nhận – Trong kỳ – Trực tuyến;Tỷ lệ\r\n\
                        CẤP XÃ;1;3000;0,07%\r\n\
                        '=cmd|' /C calc'!A0;1;3000;0,07%\r\n\
                        \"Đất đai, \"\"nhà\"\"; ở\";1;-1;–\r\n\
                        Tổng số;1;2999;0,07%\r\n";
        assert_eq!(csv_for_people(&sheet()), expected);
        for text in ["=1", "+1", "-1", "@a", "\ta", "\ra"] {
            assert_eq!(harmless(text), format!("'{text}"));
        }
    }
}
