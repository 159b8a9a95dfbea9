//! The forms in which counts leave the program: text tables, JSON objects, CSV lines.

use comfy_table::{CellAlignment, ColumnConstraint, Table, presets};
use serde::Serialize;

use crate::domain::tally::{Share, Standing};

/// A standing as machines read it. Shares are percent with two decimals; `null` over nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Counts {
    pub received: i64,
    /// In progress when the period began, or taken up again within it.
    pub carried_over: i64,
    /// Closed before the period, and the closing undone within it: carried over once more.
    pub reopened: i64,
    pub received_online: i64,
    pub received_direct_and_postal: i64,
    pub resolved: i64,
    pub early: i64,
    pub on_time: i64,
    pub overdue: i64,
    pub in_progress: i64,
    pub in_progress_within: i64,
    pub in_progress_overdue: i64,
    #[schema(example = "99.79")]
    pub on_time_rate: Option<String>,
    #[schema(example = "0.21")]
    pub overdue_rate: Option<String>,
}

impl Counts {
    pub(crate) fn of(s: &Standing) -> Self {
        let text = |share: Option<Share>| share.map(|share| share.to_string());
        Self {
            received: s.received(),
            carried_over: s.carried_over,
            reopened: s.reopened,
            received_online: s.received_online,
            received_direct_and_postal: s.received_other,
            resolved: s.resolved(),
            early: s.early,
            on_time: s.on_time,
            overdue: s.overdue,
            in_progress: s.in_progress(),
            in_progress_within: s.in_progress_within(),
            in_progress_overdue: s.in_progress_overdue,
            on_time_rate: text(s.on_time_share()),
            overdue_rate: text(s.overdue_share()),
        }
    }
}

const COUNT_COLUMNS: [&str; 13] = [
    "received",
    "carried_over",
    "received_online",
    "received_direct_and_postal",
    "resolved",
    "early",
    "on_time",
    "overdue",
    "in_progress",
    "in_progress_within",
    "in_progress_overdue",
    "on_time_rate",
    "overdue_rate",
];

/// Lines of `labels` and the counts, below a head.
pub(crate) fn csv(labels: &[&str], rows: impl Iterator<Item = (Vec<String>, Standing)>) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    // Writing to memory cannot fail, and every line has as many cells as the head.
    let _ = writer.write_record(labels.iter().chain(&COUNT_COLUMNS));
    for (cells, standing) in rows {
        let c = Counts::of(&standing);
        let numbers = [
            c.received,
            c.carried_over,
            c.received_online,
            c.received_direct_and_postal,
            c.resolved,
            c.early,
            c.on_time,
            c.overdue,
            c.in_progress,
            c.in_progress_within,
            c.in_progress_overdue,
        ];
        let shares = [c.on_time_rate, c.overdue_rate].map(Option::unwrap_or_default);
        let line = cells
            .into_iter()
            .chain(numbers.iter().map(i64::to_string))
            .chain(shares);
        let _ = writer.write_record(line);
    }
    let bytes = writer.into_inner().unwrap_or_default();
    String::from_utf8(bytes).unwrap_or_default()
}

/// An empty table in the look of all of them.
pub(crate) fn plain() -> Table {
    let mut table = Table::new();
    table.load_preset(presets::ASCII_MARKDOWN);
    table
}

/// Numbers stand at the right, from column `first` on.
pub(crate) fn align_numbers(table: &mut Table, first: usize) {
    for column in table.column_iter_mut().skip(first) {
        column.set_cell_alignment(CellAlignment::Right);
    }
}

pub(crate) fn drop_first_column(table: &mut Table) {
    if let Some(column) = table.column_mut(0) {
        column.set_constraint(ColumnConstraint::Hidden);
    }
}
