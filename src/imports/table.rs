//! A CSV file as rows of named columns, collecting what is wrong.

use std::collections::HashMap;

use chrono::NaiveDate;

use crate::domain::text::line;
use crate::imports::Wrong;

/// A row; its cells are trimmed.
pub(crate) struct Row {
    pub(crate) line: u64,
    cells: HashMap<&'static str, String>,
}

/// Reads a file with the columns `needed` and perhaps those of `optional`, in any order.
pub(crate) fn read(
    bytes: &[u8],
    needed: &[&'static str],
    optional: &[&'static str],
    wrong: &mut Vec<Wrong>,
) -> Vec<Row> {
    let text = match crate::imports::text(bytes) {
        Ok(text) => text,
        Err(not_utf8) => {
            wrong.push(not_utf8);
            return Vec::new();
        }
    };
    let separator = separator(&text);
    let before = wrong.len();
    wrong.extend(unclosed_quotes(&text, separator));
    if wrong.len() > before {
        // What follows would be read as part of the cell.
        return Vec::new();
    }
    let mut reader = csv::ReaderBuilder::new()
        .flexible(true)
        .delimiter(separator as u8)
        .trim(csv::Trim::All)
        .from_reader(text.as_bytes());
    let mut head: Vec<String> = match reader.headers() {
        Ok(head) => head.iter().map(|name| line(name).to_lowercase()).collect(),
        Err(error) => {
            wrong.push(whole_line(1, error.to_string()));
            return Vec::new();
        }
    };
    // Spreadsheets write columns that were once used.
    while head.last().is_some_and(String::is_empty) {
        head.pop();
    }
    let known = || needed.iter().chain(optional);
    for column in needed {
        if !head.iter().any(|name| name == column) {
            wrong.push(at(1, column, "thiếu cột này"));
        }
    }
    for (position, name) in head.iter().enumerate() {
        if !known().any(|column| column == name) {
            wrong.push(at(1, name, "cột lạ"));
        } else if head[..position].contains(name) {
            wrong.push(at(1, name, "cột có hai lần"));
        }
    }
    if !wrong.is_empty() {
        return Vec::new();
    }
    let columns: Vec<&'static str> = head
        .iter()
        .filter_map(|name| known().find(|column| *column == name).copied())
        .collect();

    let mut rows = Vec::new();
    for record in reader.records() {
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                let line = error.position().map_or(0, csv::Position::line);
                wrong.push(whole_line(line, error.to_string()));
                continue;
            }
        };
        let number = record.position().map_or(0, csv::Position::line);
        let cells: Vec<String> = record.iter().map(line).collect();
        // A row that was emptied, and cells behind the last column.
        let filled = cells.iter().rposition(|cell| !cell.is_empty());
        let Some(filled) = filled.map(|last| last + 1) else {
            continue;
        };
        // A row may leave out at its end what it may leave empty.
        let spare = columns.iter().rev();
        let spare = spare.take_while(|column| optional.contains(column)).count();
        if filled > columns.len() || cells.len() < columns.len() - spare {
            let reason = format!("có {} cột, cần {}", cells.len(), columns.len());
            wrong.push(whole_line(number, reason));
            continue;
        }
        let cells = columns.iter().copied().zip(cells).collect();
        rows.push(Row {
            line: number,
            cells,
        });
    }
    if rows.is_empty() && wrong.is_empty() {
        wrong.push(whole_line(1, "tệp không có dòng dữ liệu nào".to_owned()));
    }
    rows
}

/// What stands between the cells: the comma, or what spreadsheets write where the comma is the decimal mark, or between
/// the cells of a text.
fn separator(text: &str) -> char {
    let head = text.lines().next().unwrap_or_default();
    let count = |separator: char| head.matches(separator).count();
    let all = [',', ';', '\t'];
    // The last of those that are as frequent; the comma before any that is not there.
    let most = all
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
        whole_line(line, reason.to_owned())
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

fn whole_line(line: u64, reason: String) -> Wrong {
    Wrong {
        line,
        column: String::new(),
        reason,
    }
}

fn at(line: u64, column: &str, reason: impl Into<String>) -> Wrong {
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

    /// The cell as a date such as `2021-07-15`, or `15/07/2021` as people here write it, never the month first; `None`
    /// for an empty one.
    pub(crate) fn date(&self, column: &str, wrong: &mut Vec<Wrong>) -> Option<NaiveDate> {
        let cell = self.get(column);
        if cell.is_empty() {
            return None;
        }
        let forms = ["%Y-%m-%d", "%d/%m/%Y"].into_iter();
        let mut read = forms.filter_map(|form| NaiveDate::parse_from_str(cell, form).ok());
        let value = read
            .next()
            .filter(|date| (1900..=9998).contains(&chrono::Datelike::year(date)));
        if value.is_none() {
            let reason = format!("'{cell}' không phải ngày, ví dụ 2021-07-15 hoặc 15/07/2021");
            wrong.push(self.wrong(column, reason));
        }
        value
    }
}
