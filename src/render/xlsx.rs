//! A sheet as a workbook (.xlsx), for people: numbers, shares and days as what they are, so that they can be summed and
//! sorted.

use chrono::{Datelike, NaiveDate, NaiveDateTime, Timelike};
use rust_xlsxwriter::{
    DocProperties, ExcelDateTime, Format, FormatAlign, FormatBorder, Workbook, Worksheet, XlsxError,
};

use crate::render::is_formula;
use crate::render::sheet::{Cell, Column, Row, RowKind, Sheet};
use crate::render::words::percent;

/// The paper of offices, by its number in the format.
const A4: u8 = 9;

/// The narrowest and the widest column, in letters.
const WIDTHS: (usize, usize) = (8, 60);

/// As bytes of a file. What has to be known first, titles, period and the rule by which is judged, stands above the
/// table; sentences stand below it.
///
/// # Errors
/// If the sheet is larger than a workbook can be.
pub fn xlsx(sheet: &Sheet) -> Result<Vec<u8>, XlsxError> {
    let mut book = Workbook::new();
    let title = sheet.title.join(" – ");
    book.set_properties(&DocProperties::new().set_title(title));
    let page = book.add_worksheet();
    page.set_name("Báo cáo")?;
    page.set_landscape().set_paper_size(A4);
    page.set_print_fit_to_pages(1, 0);
    let mut at = 0;
    for (lines, format) in [
        (&sheet.title, Format::new().set_bold()),
        (&sheet.subtitle, Format::new()),
        (&sheet.notes, Format::new().set_italic()),
    ] {
        for line in lines {
            write_text(page, (at, 0), line, &format)?;
            at += 1;
        }
    }
    if at > 0 {
        at += 1;
    }
    let shown = sheet.shown();
    let first = at;
    let columns: Vec<&Column> = shown.iter().map(|(_, column)| *column).collect();
    at = heads(page, at, &columns)?;
    if sheet.numbered {
        let format = head_format();
        for (to, _) in (0..).zip(&columns) {
            write_text(page, (at, to), &format!("({})", to + 1), &format)?;
        }
        at += 1;
    }
    page.set_repeat_rows(first, at.saturating_sub(1))?;
    page.set_freeze_panes(at, 0)?;
    for row in &sheet.rows {
        for (to, (from, column)) in (0..).zip(&shown) {
            let cell = row.cells.get(*from).unwrap_or(&Cell::Empty);
            write(page, (at, to), cell, &format_of(row, column))?;
        }
        at += 1;
    }
    for (to, (from, column)) in (0..).zip(&shown) {
        page.set_column_width(to, width(sheet, *from, column))?;
    }
    for passage in &sheet.prose {
        at += 1;
        write_text(page, (at, 0), &passage.heading, &Format::new().set_bold())?;
        at += 1;
        for item in &passage.items {
            write_text(page, (at, 0), item, &Format::new())?;
            at += 1;
        }
    }
    book.save_to_buffer()
}

/// Writes the heads, those of groups above those of their columns, as forms have them. Returns the row below.
fn heads(page: &mut Worksheet, first: u32, columns: &[&Column]) -> Result<u32, XlsxError> {
    let most = columns.iter().map(|column| column.groups.len()).max();
    let most = u32::try_from(most.unwrap_or(0)).unwrap_or(0);
    let format = head_format();
    for depth in 0..=most {
        let row = first + depth;
        let mut from = 0;
        while let Some(column) = columns.get(from) {
            let level = depth as usize;
            let same = |other: &&&Column| {
                let (own, others) = (column.groups.get(..=level), other.groups.get(..=level));
                own.is_some() && own == others
            };
            let width = columns[from..].iter().take_while(same).count().max(1);
            let (left, right) = (index(from), index(from + width - 1));
            match column.groups.len().cmp(&level) {
                std::cmp::Ordering::Greater => {
                    merge(
                        page,
                        (row, left),
                        (row, right),
                        column.groups[level],
                        &format,
                    )?;
                }
                // Its own head goes down to the figures.
                std::cmp::Ordering::Equal => {
                    let head = column.head.unwrap_or_default();
                    merge(page, (row, left), (first + most, left), head, &format)?;
                }
                std::cmp::Ordering::Less => {}
            }
            from += width;
        }
    }
    Ok(first + most + 1)
}

fn merge(
    page: &mut Worksheet,
    from: (u32, u16),
    to: (u32, u16),
    text: &str,
    format: &Format,
) -> Result<(), XlsxError> {
    match from == to {
        true => write_text(page, from, text, format)?,
        false => {
            page.merge_range(from.0, from.1, to.0, to.1, text, format)?;
        }
    }
    Ok(())
}

fn index(column: usize) -> u16 {
    u16::try_from(column).unwrap_or(u16::MAX)
}

fn head_format() -> Format {
    Format::new()
        .set_bold()
        .set_text_wrap()
        .set_align(FormatAlign::Center)
        .set_align(FormatAlign::VerticalCenter)
        .set_border(FormatBorder::Thin)
}

fn format_of(row: &Row, column: &Column) -> Format {
    let format = Format::new()
        .set_border(FormatBorder::Thin)
        .set_align(FormatAlign::VerticalCenter);
    let format = match column.is_number {
        true => format.set_align(FormatAlign::Right),
        false => format.set_text_wrap(),
    };
    match row.kind {
        RowKind::Single => format,
        RowKind::Group | RowKind::Total => format.set_bold(),
    }
}

/// Counts are exact in a spreadsheet up to this.
const EXACT: i64 = 1 << 53;

fn write(
    page: &mut Worksheet,
    at: (u32, u16),
    cell: &Cell,
    format: &Format,
) -> Result<(), XlsxError> {
    let (row, column) = at;
    let shaped = |shape: &str| format.clone().set_num_format(shape);
    match cell {
        Cell::Empty => {
            page.write_blank(row, column, format)?;
        }
        Cell::Text(text) => write_text(page, at, text, format)?,
        Cell::Count(count) if count.abs() > EXACT => {
            write_text(page, at, &count.to_string(), format)?;
        }
        Cell::Count(count) => {
            page.write_number_with_format(row, column, *count as f64, &shaped("#,##0"))?;
        }
        Cell::Share { .. } => match cell.share() {
            // What is printed, no more exact: so it adds up with what is printed elsewhere.
            Some(share) => {
                let share = share.hundredths_of_percent() as f64 / 10_000.0;
                page.write_number_with_format(row, column, share, &shaped("0.00%"))?;
            }
            None => write_text(page, at, &percent(None), format)?,
        },
        Cell::Days { hours } => {
            let shape = match hours % 8 {
                0 => "#,##0",
                _ => "#,##0.0##",
            };
            page.write_number_with_format(row, column, *hours as f64 / 8.0, &shaped(shape))?;
        }
        Cell::Hours { hundredths } => {
            let hours = *hundredths as f64 / 100.0;
            page.write_number_with_format(row, column, hours, &shaped("#,##0.00"))?;
        }
        Cell::Date(day) => {
            let day = excel_date(*day)?;
            page.write_datetime_with_format(row, column, &day, &shaped("dd/mm/yyyy"))?;
        }
        Cell::Moment(moment) => {
            let moment = excel_moment(moment.civil())?;
            page.write_datetime_with_format(row, column, &moment, &shaped("dd/mm/yyyy hh:mm"))?;
        }
    }
    Ok(())
}

/// Always as text; what looks like a formula stays text when somebody edits it.
fn write_text(
    page: &mut Worksheet,
    (row, column): (u32, u16),
    text: &str,
    format: &Format,
) -> Result<(), XlsxError> {
    let quoted;
    let format = match is_formula(text) {
        true => {
            quoted = format.clone().set_quote_prefix();
            &quoted
        }
        false => format,
    };
    page.write_string_with_format(row, column, text, format)?;
    Ok(())
}

fn excel_date(day: NaiveDate) -> Result<ExcelDateTime, XlsxError> {
    // No year of ours is outside, nor a month or day.
    let year = u16::try_from(day.year()).unwrap_or(0);
    ExcelDateTime::from_ymd(year, day.month() as u8, day.day() as u8)
}

fn excel_moment(moment: NaiveDateTime) -> Result<ExcelDateTime, XlsxError> {
    let time = moment.time();
    let hour = time.hour() as u16;
    excel_date(moment.date())?.and_hms(hour, time.minute() as u8, 0)
}

/// As wide as what stands in the column, within bounds; heads are wrapped.
fn width(sheet: &Sheet, from: usize, column: &Column) -> f64 {
    let cells = sheet.rows.iter().filter_map(|row| row.cells.get(from));
    let letters = cells.map(|cell| match cell {
        Cell::Empty => 0,
        Cell::Text(text) => text.chars().count(),
        Cell::Count(count) => count.to_string().len() * 4 / 3,
        Cell::Share { .. } | Cell::Days { .. } | Cell::Hours { .. } | Cell::Date(_) => 10,
        Cell::Moment(_) => 16,
    });
    let words = column.head.unwrap_or_default().split_whitespace();
    let head = words.map(|word| word.chars().count()).max();
    let letters = letters.max().unwrap_or(0).max(head.unwrap_or(0)) + 2;
    letters.clamp(WIDTHS.0, WIDTHS.1) as f64
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use calamine::{Data, Reader, Xlsx};

    use super::*;
    use crate::domain::moment::Moment;
    use crate::render::sheet::Passage;

    fn opened(sheet: &Sheet) -> Xlsx<Cursor<Vec<u8>>> {
        Xlsx::new(Cursor::new(xlsx(sheet).unwrap())).unwrap()
    }

    #[test]
    fn figures_and_days_are_what_they_are_and_nothing_is_a_formula() {
        let day = NaiveDate::from_ymd_opt(2021, 7, 3).unwrap();
        let moment = Moment::at(day, chrono::NaiveTime::from_hms_opt(17, 0, 0).unwrap());
        let share = |part, whole| Cell::Share { part, whole };
        let sheet = Sheet {
            title: vec!["=BIỂU".to_owned()],
            subtitle: vec!["Kỳ".to_owned()],
            notes: vec!["Đánh giá theo thời điểm hẹn trả.".to_owned()],
            columns: vec![
                Column::text("name", "Tên"),
                Column::for_programs("hidden"),
                Column::number("a", "Trực tuyến").below(&["Tiếp nhận", "Trong kỳ"]),
                Column::number("b", "Trực tiếp").below(&["Tiếp nhận", "Trong kỳ"]),
                Column::number("c", "Kỳ trước").below(&["Tiếp nhận"]),
                Column::text("d", "Ngày"),
                Column::text("e", "Lúc"),
            ],
            numbered: true,
            rows: vec![
                Row {
                    kind: RowKind::Single,
                    cells: vec![
                        Cell::text("=HYPERLINK(\"x\")"),
                        Cell::Count(0),
                        Cell::Count(79_918),
                        share(36_470, 36_545),
                        Cell::Days { hours: 4796 },
                        Cell::Date(day),
                        Cell::Moment(moment),
                    ],
                },
                Row {
                    kind: RowKind::Total,
                    cells: vec![
                        Cell::text("+1"),
                        Cell::Empty,
                        Cell::Count(-1),
                        share(0, 0),
                        Cell::Empty,
                        Cell::text("-1"),
                        Cell::text("@a"),
                    ],
                },
            ],
            prose: vec![Passage {
                heading: "Nhận xét".to_owned(),
                items: vec!["-tốt".to_owned()],
            }],
        };
        let mut book = opened(&sheet);
        let name = book.sheet_names()[0].clone();
        let page = book.worksheet_range(&name).unwrap();
        let cell = |at: (u32, u32)| page.get_value(at).cloned().unwrap_or_default();
        let text = |text: &str| Data::String(text.to_owned());
        assert_eq!(cell((0, 0)), text("=BIỂU"));
        assert_eq!(cell((2, 0)), text("Đánh giá theo thời điểm hẹn trả."));
        // Heads over three rows, then their numbers, then the rows.
        let heads = [(4, 0), (4, 1), (5, 1), (6, 1), (6, 2), (5, 3), (7, 0)].map(cell);
        let expected = [
            "Tên",
            "Tiếp nhận",
            "Trong kỳ",
            "Trực tuyến",
            "Trực tiếp",
            "Kỳ trước",
            "(1)",
        ];
        assert_eq!(heads, expected.map(text));
        assert_eq!(cell((8, 0)), text("=HYPERLINK(\"x\")"));
        assert_eq!(cell((8, 1)), Data::Float(79_918.0));
        assert_eq!(cell((8, 2)), Data::Float(0.9979));
        assert_eq!(cell((8, 3)), Data::Float(599.5));
        let civil = |at| match cell(at) {
            Data::DateTime(moment) => moment.to_ymd_hms_milli(),
            other => panic!("{other:?}"),
        };
        assert_eq!(civil((8, 4)), (2021, 7, 3, 0, 0, 0, 0));
        assert_eq!(civil((8, 5)), (2021, 7, 3, 17, 0, 0, 0));
        let total = [(9, 0), (9, 2), (9, 4), (9, 5), (11, 0), (12, 0)].map(cell);
        assert_eq!(total, ["+1", "–", "-1", "@a", "Nhận xét", "-tốt"].map(text));
        let formulas = book.worksheet_formula(&name).unwrap();
        assert!(formulas.is_empty(), "{formulas:?}");
    }
}
