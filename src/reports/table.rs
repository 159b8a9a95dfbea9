//! What reports say of a standing: as JSON, and as columns of a sheet.

use serde::Serialize;

use crate::domain::tally::{Share, Standing};
use crate::render::sheet::{Cell, Column};

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

/// What stands in a column, of what a row is about.
pub(crate) type Of<T> = fn(&T) -> Cell;

/// A column with what stands in it.
pub(crate) type Figure<T> = (Column, Of<T>);

/// What a standing says, in the order of the columns for programs.
pub(crate) const RECEIVED: Of<Standing> = |s| Cell::Count(s.received());
pub(crate) const CARRIED_OVER: Of<Standing> = |s| Cell::Count(s.carried_over);
pub(crate) const ONLINE: Of<Standing> = |s| Cell::Count(s.received_online);
pub(crate) const OTHER: Of<Standing> = |s| Cell::Count(s.received_other);
pub(crate) const RESOLVED: Of<Standing> = |s| Cell::Count(s.resolved());
pub(crate) const EARLY: Of<Standing> = |s| Cell::Count(s.early);
pub(crate) const ON_TIME: Of<Standing> = |s| Cell::Count(s.on_time);
pub(crate) const OVERDUE: Of<Standing> = |s| Cell::Count(s.overdue);
pub(crate) const IN_PROGRESS: Of<Standing> = |s| Cell::Count(s.in_progress());
pub(crate) const WITHIN: Of<Standing> = |s| Cell::Count(s.in_progress_within());
pub(crate) const PAST_DUE: Of<Standing> = |s| Cell::Count(s.in_progress_overdue);
pub(crate) const ON_TIME_RATE: Of<Standing> = |s| Cell::Share {
    part: s.early + s.on_time,
    whole: s.resolved(),
};
pub(crate) const OVERDUE_RATE: Of<Standing> = |s| Cell::Share {
    part: s.overdue,
    whole: s.resolved(),
};

/// The columns of on-time rates, after what the rows are.
pub(crate) const RATES: [Figure<Standing>; 14] = [
    (Column::for_programs("received"), RECEIVED),
    (Column::number("carried_over", "Tồn kỳ trước"), CARRIED_OVER),
    (
        Column::number("", "Tiếp nhận trong kỳ").for_people(),
        |s| Cell::Count(s.received_in_period()),
    ),
    (Column::for_programs("received_online"), ONLINE),
    (Column::for_programs("received_direct_and_postal"), OTHER),
    (Column::number("resolved", "Đã giải quyết"), RESOLVED),
    (Column::number("early", "Trước hạn"), EARLY),
    (Column::number("on_time", "Đúng hạn"), ON_TIME),
    (Column::number("overdue", "Quá hạn"), OVERDUE),
    (
        Column::number("in_progress", "Đang giải quyết"),
        IN_PROGRESS,
    ),
    (Column::for_programs("in_progress_within"), WITHIN),
    (
        Column::number("in_progress_overdue", "Trong đó quá hạn"),
        PAST_DUE,
    ),
    (
        Column::number("on_time_rate", "Tỷ lệ đúng hạn"),
        ON_TIME_RATE,
    ),
    (Column::for_programs("overdue_rate"), OVERDUE_RATE),
];

/// The columns of a table: what the rows are, and figures.
pub(crate) fn columns<T>(labels: &[Column], figures: &[Figure<T>]) -> Vec<Column> {
    let figures = figures.iter().map(|(column, _)| *column);
    labels.iter().copied().chain(figures).collect()
}

/// The cells of a row: its labels, and what the figures say of it.
pub(crate) fn cells<T, const N: usize>(
    labels: [&str; N],
    of: &T,
    figures: &[Figure<T>],
) -> Vec<Cell> {
    let labels = labels.into_iter().map(Cell::text);
    let figures = figures.iter().map(|(_, figure)| figure(of));
    labels.chain(figures).collect()
}
