//! A sheet as a table on a page: what a report says, as it stands in its files.

use crate::render;
use crate::render::sheet::{Column, RowKind, Sheet};

/// A table with its heads; of its rows as many as a page takes.
pub(super) struct Table {
    pub(super) caption: String,
    pub(super) heads: Vec<Head>,
    pub(super) rows: Vec<Line>,
    /// How many rows the page leaves out; files have them all.
    pub(super) more: usize,
}

pub(super) struct Head {
    pub(super) text: String,
    pub(super) is_number: bool,
}

/// A row: what it is about, and the rest.
pub(super) struct Line {
    pub(super) first: Shown,
    pub(super) rest: Vec<Shown>,
    /// A sum.
    pub(super) sum: bool,
}

/// A cell with the head of its column, for screens without room for columns.
pub(super) struct Shown {
    pub(super) head: String,
    pub(super) text: String,
    pub(super) is_number: bool,
}

/// The head of a column, with the group that it is in: several may have the same name.
fn head(column: &Column) -> String {
    let own = column.head.unwrap_or_default();
    match column.groups.last() {
        Some(group) => format!("{group}: {own}"),
        None => own.to_owned(),
    }
}

impl Table {
    /// The first `most` single rows, and every sum.
    pub(super) fn of(sheet: &Sheet, most: usize) -> Self {
        let shown = sheet.shown();
        let heads = shown.iter().map(|(_, column)| Head {
            text: head(column),
            is_number: column.is_number,
        });
        let (mut rows, mut single) = (Vec::new(), 0);
        for row in &sheet.rows {
            let sum = row.kind != RowKind::Single;
            if !sum {
                single += 1;
                if single > most {
                    continue;
                }
            }
            let mut cells = shown.iter().map(|(place, column)| Shown {
                head: head(column),
                text: row.cells.get(*place).map(render::local).unwrap_or_default(),
                is_number: column.is_number,
            });
            if let Some(first) = cells.next() {
                let rest = cells.collect();
                rows.push(Line { first, rest, sum });
            }
        }
        Self {
            caption: sheet.title.join(" "),
            heads: heads.collect(),
            rows,
            more: single.saturating_sub(most),
        }
    }
}
