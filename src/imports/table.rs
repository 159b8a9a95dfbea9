//! A table in a file as rows of named columns, collecting what is wrong: text as spreadsheets save it, or a workbook.

use std::borrow::Cow;
use std::collections::HashMap;

use chrono::NaiveDate;

use crate::domain::text::{GARBLED, is_garbled, is_no_day, line, read_date};
use crate::domain::unit::{is_unit_code, typed_code};
use crate::imports::{Wrong, workbook};

/// A row; its cells are trimmed.
pub(crate) struct Row {
    pub(crate) line: u64,
    cells: HashMap<&'static str, String>,
}

/// A line of a file that is not empty, before its columns are known.
pub(super) struct Record {
    pub(super) line: u64,
    pub(super) cells: Vec<Cell>,
}

/// A cell as it stands in a file.
#[derive(Clone, Default)]
pub(super) struct Cell {
    pub(super) text: String,
    pub(super) kind: Kind,
}

/// What a spreadsheet holds a cell to be; of a text file all is text.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Kind {
    #[default]
    Text,
    Number,
    Date,
}

impl Cell {
    pub(super) fn of_text(text: &str) -> Self {
        Self {
            text: line(text),
            kind: Kind::Text,
        }
    }
}

/// Reads a file with the columns `needed` and perhaps those of `optional`, in any order: a workbook, or text as
/// spreadsheets save it.
pub(crate) fn read(
    bytes: &[u8],
    needed: &[&'static str],
    optional: &[&'static str],
    wrong: &mut Vec<Wrong>,
) -> Vec<Row> {
    read_with_numbers(bytes, needed, optional, &[], wrong)
}

/// The same where a workbook may hold the cells of some columns as `numbers`: whoever reads them sees to it that none has
/// lost a zero. In all others a number is refused, as nobody sees what it was.
pub(crate) fn read_with_numbers(
    bytes: &[u8],
    needed: &[&'static str],
    optional: &[&'static str],
    numbers: &[&'static str],
    wrong: &mut Vec<Wrong>,
) -> Vec<Row> {
    let before = wrong.len();
    let of_workbook = workbook::is_workbook(bytes);
    let records = match of_workbook {
        true => workbook::records(bytes, wrong),
        false => records_of_text(bytes, wrong),
    };
    if wrong.len() > before {
        // What follows from it would be named as well.
        return Vec::new();
    }
    let mut records = records.into_iter();
    let (first, mut head): (u64, Vec<String>) = match records.next() {
        Some(Record { line, cells }) => {
            let names = cells.iter().map(|cell| cell.text.to_lowercase());
            (line, names.collect())
        }
        None => (1, Vec::new()),
    };
    // Spreadsheets write columns that were once used.
    while head.last().is_some_and(String::is_empty) {
        head.pop();
    }
    let known = || needed.iter().chain(optional);
    for column in needed {
        if !head.iter().any(|name| name == column) {
            wrong.push(at(first, column, "thiếu cột này"));
        }
    }
    for (position, name) in head.iter().enumerate() {
        if !known().any(|column| column == name) {
            wrong.push(at(first, name, "cột lạ"));
        } else if head[..position].contains(name) {
            wrong.push(at(first, name, "cột có hai lần"));
        }
    }
    if wrong.len() > before {
        return Vec::new();
    }
    let columns: Vec<&'static str> = head
        .iter()
        .filter_map(|name| known().find(|column| *column == name).copied())
        .collect();

    let records: Vec<Record> = records.collect();
    wrong.extend(days_among_texts(&records, &columns));
    let mut rows = Vec::new();
    for Record { line, mut cells } in records {
        if of_workbook && cells.len() < columns.len() {
            // A workbook does not hold what is empty.
            cells.resize(columns.len(), Cell::default());
        }
        let filled = cells.iter().rposition(|cell| !cell.text.is_empty());
        let filled = filled.map_or(0, |last| last + 1);
        // A row may leave out at its end what it may leave empty.
        let spare = columns.iter().rev();
        let spare = spare.take_while(|column| optional.contains(column)).count();
        if filled > columns.len() || cells.len() < columns.len() - spare {
            let reason = format!("có {} cột, cần {}", cells.len(), columns.len());
            wrong.push(whole_line(line, reason));
            continue;
        }
        let cells = columns.iter().copied().zip(cells);
        let cells = cells.map(|(column, cell)| {
            if cell.kind == Kind::Number && !numbers.contains(&column) {
                let reason = match is_of_days(column) {
                    true => format!("ô là số ({}), không phải ngày: định dạng cột thành ngày", cell.text),
                    false => format!(
                        "ô là số ({}), số 0 ở đầu có thể đã mất: định dạng cột thành văn bản rồi gõ lại",
                        cell.text
                    ),
                };
                wrong.push(at(line, column, reason));
            }
            // Saved in an alphabet that lacks Vietnamese letters, each is this. None of ours asks a question.
            if cell.text.contains(['?', '\u{fffd}']) {
                let reason = format!(
                    "'{}' có dấu ?: tệp đã mất chữ tiếng Việt khi lưu, hãy lưu lại thành CSV UTF-8 hoặc .xlsx",
                    cell.text
                );
                wrong.push(at(line, column, reason));
            } else if is_garbled(&cell.text) {
                wrong.push(at(line, column, format!("'{}' {GARBLED}", cell.text)));
            }
            (column, in_usual_letters(column, cell.text))
        });
        rows.push(Row {
            line,
            cells: cells.collect(),
        });
    }
    if rows.is_empty() && wrong.is_empty() {
        wrong.push(whole_line(first, "tệp không có dòng dữ liệu nào"));
    }
    rows
}

/// Words and codes are what they are in capitals or without: spreadsheets put capitals at the beginning of cells.
fn in_usual_letters(column: &str, cell: String) -> String {
    match column {
        "kind" | "level" | "share" | "source" | "mountain" => cell.to_lowercase(),
        "code" | "old_code" | "new_code" | "parent_code" => {
            let code = typed_code(&cell);
            match is_unit_code(&code) {
                true => code,
                false => cell,
            }
        }
        _ => cell,
    }
}

/// Whether the cells of a column are days.
fn is_of_days(column: &str) -> bool {
    column == "date"
        || ["_date", "_from", "_on", "_to"]
            .iter()
            .any(|end| column.ends_with(end))
}

/// Texts such as `31/01/2027` in columns in which others are days: where a spreadsheet takes the month first, it makes a
/// day of `03/08/2027`, the wrong one, and leaves as text what has no such month.
fn days_among_texts(records: &[Record], columns: &[&str]) -> Vec<Wrong> {
    let mut wrong = Vec::new();
    for (position, column) in columns.iter().enumerate() {
        let cells = records
            .iter()
            .filter_map(|record| Some((record.line, record.cells.get(position)?)));
        let (days, others): (Vec<_>, Vec<_>) = cells.partition(|(_, cell)| cell.kind == Kind::Date);
        if days.is_empty() {
            continue;
        }
        for (line, cell) in others {
            if read_date(&cell.text).is_some() && !is_year(&cell.text) {
                let reason = format!(
                    "'{}' là chữ mà ô khác của cột là ngày: bảng tính có thể đã đổi chỗ ngày và tháng, hãy kiểm tra \
                     và đặt cả cột là ngày",
                    cell.text
                );
                wrong.push(at(line, column, reason));
            }
        }
    }
    wrong
}

/// The lines of a text that are not empty.
fn records_of_text(bytes: &[u8], wrong: &mut Vec<Wrong>) -> Vec<Record> {
    let text = match crate::imports::text(bytes) {
        Ok(text) => text,
        Err(mut not_utf8) => {
            not_utf8
                .reason
                .push_str(": hãy lưu lại thành CSV UTF-8 hoặc .xlsx");
            wrong.push(not_utf8);
            return Vec::new();
        }
    };
    let (separator, text) = match said_separator(&text) {
        Some((separator, text)) => (separator, Cow::Owned(text)),
        None => (separator(&text), text),
    };
    let before = wrong.len();
    wrong.extend(unclosed_quotes(&text, separator));
    if wrong.len() > before {
        // What follows would be read as part of the cell.
        return Vec::new();
    }
    let mut reader = csv::ReaderBuilder::new()
        .flexible(true)
        .has_headers(false)
        .delimiter(separator as u8)
        .trim(csv::Trim::All)
        .from_reader(text.as_bytes());
    let mut records = Vec::new();
    // The reader's own count is of where it stood before the line ends and empty lines that it passed over.
    let (mut line, mut counted) = (1, 0);
    let mut line_at = |position: Option<&csv::Position>| {
        let at = position.and_then(|position| usize::try_from(position.byte()).ok());
        let at = at.filter(|at| *at >= counted).unwrap_or(counted);
        let rest = text.get(at..).unwrap_or_default();
        let begins = text.len() - rest.trim_start_matches(['\r', '\n']).len();
        line += text[counted..begins].matches('\n').count() as u64;
        counted = begins;
        line
    };
    for record in reader.records() {
        match record {
            Ok(record) => {
                let line = line_at(record.position());
                let cells: Vec<Cell> = record.iter().map(Cell::of_text).collect();
                // A row that was emptied.
                if cells.iter().any(|cell| !cell.text.is_empty()) {
                    records.push(Record { line, cells });
                }
            }
            Err(error) => {
                let line = line_at(error.position());
                wrong.push(whole_line(line, "không đọc được dòng này"));
            }
        }
    }
    records
}

/// The separator of a first line such as `sep=;`, by which some programs tell spreadsheets, and the text with that line
/// emptied, so that the others keep their numbers.
fn said_separator(text: &str) -> Option<(char, String)> {
    let first = text.lines().next()?;
    let said = first.trim().trim_matches('"').to_lowercase();
    let mut letters = said.strip_prefix("sep=")?.chars();
    let separator = letters
        .next()
        .filter(|separator| SEPARATORS.contains(separator))?;
    Some((separator, text[first.len()..].to_owned()))
}

const SEPARATORS: [char; 3] = [',', ';', '\t'];

/// What stands between the cells: the comma, or what spreadsheets write where the comma is the decimal mark, or between
/// the cells of a text.
fn separator(text: &str) -> char {
    let filled = |line: &&str| line.contains(|c: char| c.is_alphanumeric());
    let head = text.lines().find(filled).unwrap_or_default();
    let count = |separator: char| head.matches(separator).count();
    // The last of those that are as frequent; the comma before any that is not there.
    let most = SEPARATORS
        .into_iter()
        .rev()
        .max_by_key(|separator| count(*separator));
    most.unwrap_or(',')
}

/// The lines in which a quote opens a cell and does not end it. No cell of ours goes over several lines, so
/// a quote that does has swallowed what it should not.
fn unclosed_quotes(text: &str, separator: char) -> Vec<Wrong> {
    let lines = (1..).zip(text.lines());
    let unclosed = lines.filter(|(_, line)| !quotes_close(line, separator));
    let wrong = unclosed.map(|(line, _)| {
        let reason = "dấu ngoặc kép mở ô mà không đóng ở cuối ô trong cùng dòng";
        whole_line(line, reason)
    });
    wrong.collect()
}

fn quotes_close(line: &str, separator: char) -> bool {
    let mut rest = line;
    loop {
        // A quote within a cell that does not begin with one is a letter like any other.
        rest = match rest.strip_prefix('"') {
            None => rest,
            Some(quoted) => {
                let mut letters = quoted.char_indices().peekable();
                let end = loop {
                    match letters.next() {
                        None => return false,
                        Some((_, '"')) if letters.next_if(|(_, next)| *next == '"').is_some() => {}
                        Some((at, '"')) => break at + 1,
                        Some(_) => {}
                    }
                };
                let after = quoted[end..].trim_start();
                if !after.is_empty() && !after.starts_with(separator) {
                    return false;
                }
                after
            }
        };
        match rest.split_once(separator) {
            Some((_, next)) => rest = next,
            None => return true,
        }
    }
}

pub(super) fn whole_line(line: u64, reason: impl Into<String>) -> Wrong {
    Wrong {
        line,
        column: String::new(),
        reason: reason.into(),
    }
}

pub(super) fn at(line: u64, column: &str, reason: impl Into<String>) -> Wrong {
    Wrong {
        line,
        column: format!("cột {column}"),
        reason: reason.into(),
    }
}

impl Row {
    /// The cell, empty if the column is not in the file.
    pub(crate) fn get(&self, column: &str) -> &str {
        self.cells.get(column).map_or("", String::as_str)
    }

    pub(crate) fn wrong(&self, column: &str, reason: impl Into<String>) -> Wrong {
        at(self.line, column, reason)
    }

    /// The cell, which must not be empty.
    pub(crate) fn text(&self, column: &str, wrong: &mut Vec<Wrong>) -> Option<String> {
        let cell = self.get(column);
        if cell.is_empty() {
            wrong.push(self.wrong(column, "để trống"));
            return None;
        }
        Some(cell.to_owned())
    }

    /// The cell as one of the words of a type.
    pub(crate) fn word<T: std::str::FromStr>(
        &self,
        column: &str,
        words: &str,
        wrong: &mut Vec<Wrong>,
    ) -> Option<T> {
        let cell = self.get(column);
        let value = cell.parse().ok();
        if value.is_none() {
            wrong.push(self.wrong(column, format!("'{cell}' không phải {words}")));
        }
        value
    }

    /// The cell as a date, in any of the forms of [`read_date`]; `None` for an empty one.
    pub(crate) fn date(&self, column: &str, wrong: &mut Vec<Wrong>) -> Option<NaiveDate> {
        let cell = self.get(column);
        if cell.is_empty() {
            return None;
        }
        let value = read_date(cell);
        if value.is_none() {
            let reason = match is_no_day(cell) {
                true => format!("không có ngày '{cell}'"),
                false => format!("'{cell}' không phải ngày, ví dụ 2021-07-15 hoặc 15/07/2021"),
            };
            wrong.push(self.wrong(column, reason));
        }
        value
    }
}

/// Begins as a date with the year first does: more than two digits before anything else. Days first have two at most.
fn is_year(text: &str) -> bool {
    text.bytes().take_while(u8::is_ascii_digit).count() > 2
}
