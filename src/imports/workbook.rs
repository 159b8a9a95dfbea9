//! The rows of a workbook (.xlsx).

use std::io::Cursor;

use calamine::{DataRef, ExcelDateTime, Reader, SheetType, SheetVisible, Xlsx, XlsxError};

use crate::imports::Wrong;
use crate::imports::table::{Cell, Kind, Record, at, whole_line};

/// The most rows and columns that are read: no list of ours comes near, and a file of a few bytes may claim any number.
const MOST_ROWS: u32 = 100_000;
const MOST_COLUMNS: u32 = 200;

/// Whether these are the bytes of a workbook, whatever the file is called.
pub(crate) fn is_workbook(bytes: &[u8]) -> bool {
    // A zip archive; or what spreadsheets wrote before 2007, which is read by nobody here and told so.
    bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(&[0xd0, 0xcf, 0x11, 0xe0])
}

/// The rows that are not empty, of the one sheet that has any.
pub(super) fn records(bytes: &[u8], wrong: &mut Vec<Wrong>) -> Vec<Record> {
    match read(bytes, wrong) {
        Ok(records) => records,
        Err(error) => {
            let reason = match error {
                XlsxError::Password => "bảng tính có mật khẩu: hãy bỏ mật khẩu rồi lưu lại",
                _ => "không đọc được bảng tính này: hãy lưu lại thành .xlsx hoặc CSV UTF-8",
            };
            wrong.push(whole_line(0, reason));
            Vec::new()
        }
    }
}

fn read(bytes: &[u8], wrong: &mut Vec<Wrong>) -> Result<Vec<Record>, XlsxError> {
    let mut book = Xlsx::new(Cursor::new(bytes))?;
    let sheets = book.sheets_metadata().iter();
    let seen = sheets.filter(|sheet| {
        sheet.typ == SheetType::WorkSheet && sheet.visible == SheetVisible::Visible
    });
    let names: Vec<String> = seen.map(|sheet| sheet.name.clone()).collect();
    let mut filled: Vec<(String, Vec<Record>)> = Vec::new();
    for name in names {
        let records = sheet(&mut book, &name, wrong)?;
        if !records.is_empty() {
            filled.push((name, records));
        }
    }
    if let [_, _, ..] = filled.as_slice() {
        let names: Vec<_> = filled.iter().map(|(name, _)| name.as_str()).collect();
        let reason = format!(
            "có {} trang tính có dữ liệu ({}): chỉ giữ lại trang cần nhập",
            names.len(),
            names.join(", ")
        );
        wrong.push(whole_line(0, reason));
        return Ok(Vec::new());
    }
    Ok(filled.pop().map(|(_, records)| records).unwrap_or_default())
}

fn sheet(
    book: &mut Xlsx<Cursor<&[u8]>>,
    name: &str,
    wrong: &mut Vec<Wrong>,
) -> Result<Vec<Record>, XlsxError> {
    let mut cells = book.worksheet_cells_reader(name)?;
    let mut records: Vec<Record> = Vec::new();
    while let Some(found) = cells.next_cell()? {
        let (row, column) = found.get_position();
        let line = u64::from(row) + 1;
        let cell = match cell(found.get_value()) {
            Ok(cell) if cell.text.is_empty() => continue,
            Ok(cell) => cell,
            Err(reason) => {
                wrong.push(at(line, &letters(column), reason));
                continue;
            }
        };
        if row >= MOST_ROWS || column >= MOST_COLUMNS {
            let reason = format!("ngoài {MOST_ROWS} dòng, {MOST_COLUMNS} cột đầu");
            wrong.push(at(line, &letters(column), reason));
            return Ok(Vec::new());
        }
        if records.last().is_none_or(|last| last.line != line) {
            records.push(Record {
                line,
                cells: Vec::new(),
            });
        }
        let Some(record) = records.last_mut() else {
            continue;
        };
        let column = column as usize;
        if record.cells.len() <= column {
            record.cells.resize(column + 1, Cell::default());
        }
        record.cells[column] = cell;
    }
    // In the order of the sheet, whatever that of the file.
    records.sort_by_key(|record| record.line);
    Ok(records)
}

/// A column as spreadsheets name it: `A`, `AB`.
fn letters(column: u32) -> String {
    let (before, last) = (column / 26, column % 26);
    let last = char::from_u32('A' as u32 + last).unwrap_or('?');
    match before {
        0 => last.to_string(),
        before => letters(before - 1) + &last.to_string(),
    }
}

fn cell(value: &DataRef<'_>) -> Result<Cell, &'static str> {
    let (text, kind) = match value {
        DataRef::Empty => return Ok(Cell::default()),
        DataRef::String(text) => return Ok(Cell::of_text(text)),
        DataRef::SharedString(text) => return Ok(Cell::of_text(text)),
        // `1.0` is written as `1`.
        DataRef::Int(number) => (number.to_string(), Kind::Number),
        DataRef::Float(number) => (number.to_string(), Kind::Number),
        DataRef::DateTime(moment) => (day(moment)?, Kind::Date),
        DataRef::DateTimeIso(text) => (text.trim_end_matches("T00:00:00").to_owned(), Kind::Date),
        DataRef::Bool(true) => ("TRUE".to_owned(), Kind::Text),
        DataRef::Bool(false) => ("FALSE".to_owned(), Kind::Text),
        DataRef::DurationIso(_) => return Err("là khoảng thời gian, cần ngày hoặc chữ"),
        DataRef::Error(_) => return Err("ô báo lỗi công thức"),
    };
    Ok(Cell { text, kind })
}

fn day(moment: &ExcelDateTime) -> Result<String, &'static str> {
    if moment.is_duration() {
        return Err("là khoảng thời gian, cần ngày hoặc chữ");
    }
    if moment.as_f64().fract() != 0.0 {
        return Err("có cả giờ, cần ngày");
    }
    let (year, month, day, ..) = moment.to_ymd_hms_milli();
    Ok(format!("{year:04}-{month:02}-{day:02}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_named_as_spreadsheets_name_them() {
        let named = [0, 25, 26, 51, 52, 701, 702].map(letters);
        assert_eq!(named, ["A", "Z", "AA", "AZ", "BA", "ZZ", "AAA"]);
    }
}
