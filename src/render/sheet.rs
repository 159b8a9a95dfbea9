//! A report as a value: what stands in it, not how it looks. `render` makes text and CSV of it, one
//! function a medium; no report knows about media.

use chrono::NaiveDate;

use crate::domain::moment::Moment;
use crate::domain::tally::Share;

/// What a report says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sheet {
    /// Above everything: the number of the form, what it is.
    pub title: Vec<String>,
    /// Below the title: period, unit, in what is counted.
    pub subtitle: Vec<String>,
    pub columns: Vec<Column>,
    /// The columns are numbered in a line below their heads, as in the forms of the government.
    pub numbered: bool,
    /// With a cell for each column.
    pub rows: Vec<Row>,
    /// The same and more in sentences, where a report is a piece of prose: that is printed in place of
    /// the table.
    pub prose: Vec<Passage>,
    /// Below everything.
    pub notes: Vec<String>,
}

impl Sheet {
    /// The columns that people are shown, each with its place in a row.
    pub fn shown(&self) -> Vec<(usize, &Column)> {
        let columns = self.columns.iter().enumerate();
        columns
            .filter(|(_, column)| column.head.is_some())
            .collect()
    }
}

/// A column. One that has no key is for people only, one that has no head for programs only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    /// ASCII, stable: what programs know it by.
    pub key: Option<&'static str>,
    /// Vietnamese.
    pub head: Option<&'static str>,
    /// The heads of the groups of columns that it belongs to, the widest first.
    pub groups: &'static [&'static str],
    /// Its head where groups have no line of their own and width is scarce; by default the innermost
    /// group's and its own.
    pub narrow: Option<&'static str>,
    /// Numbers stand at the right.
    pub is_number: bool,
}

impl Column {
    /// A column of texts.
    pub const fn text(key: &'static str, head: &'static str) -> Self {
        Self {
            key: Some(key),
            head: Some(head),
            groups: &[],
            narrow: None,
            is_number: false,
        }
    }

    /// A column of numbers.
    pub const fn number(key: &'static str, head: &'static str) -> Self {
        Self {
            is_number: true,
            ..Self::text(key, head)
        }
    }

    /// A column that people do not see.
    pub const fn for_programs(key: &'static str) -> Self {
        Self {
            head: None,
            ..Self::number(key, "")
        }
    }

    /// A column that programs do not see.
    #[must_use]
    pub const fn for_people(mut self) -> Self {
        self.key = None;
        self
    }

    /// Below the heads of these groups.
    #[must_use]
    pub const fn below(mut self, groups: &'static [&'static str]) -> Self {
        self.groups = groups;
        self
    }

    #[must_use]
    pub const fn narrow(mut self, head: &'static str) -> Self {
        self.narrow = Some(head);
        self
    }
}

/// A row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    pub kind: RowKind,
    pub cells: Vec<Cell>,
}

/// What a row counts. Programs are given single rows only, so that they add up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowKind {
    Single,
    /// The sum of the single rows that follow it, up to the next group.
    Group,
    Total,
}

/// What stands in a cell. How it is written, and rounded, is decided where it is rendered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cell {
    Empty,
    Text(String),
    Count(i64),
    /// Exact; of nothing (or less), there is none.
    Share {
        part: i64,
        whole: i64,
    },
    /// Working time in hours, written as days of eight hours.
    Days {
        hours: i64,
    },
    /// Working time in hundredths of an hour: shorter than a day counts.
    Hours {
        hundredths: i64,
    },
    Date(NaiveDate),
    /// To the minute, in Vietnam.
    Moment(Moment),
}

impl Cell {
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// Of a share, rounded to hundredths of a percent.
    pub fn share(&self) -> Option<Share> {
        match self {
            Self::Share { part, whole } => Share::new(*part, *whole),
            _ => None,
        }
    }
}

/// Sentences below a heading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Passage {
    pub heading: String,
    pub items: Vec<String>,
}
