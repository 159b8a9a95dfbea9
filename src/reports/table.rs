//! What reports say of a standing: as JSON, and as columns of a sheet.

use serde::Serialize;

use crate::domain::tally::{Share, Standing};
use crate::render::sheet::{Cell, Column};
use crate::render::words::number;

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
    /// Of those resolved.
    pub refused: i64,
    pub stopped: i64,
    pub withdrawn: i64,
    /// Of those resolved: left out of the rates, by the rules that `judged` tells.
    pub left_out_of_rates: i64,
    /// Of those left out: overdue.
    pub left_out_of_rates_overdue: i64,
    /// Of those received in the period: taken in by another unit's desk.
    pub received_elsewhere: i64,
    /// Taken in for other units, which count them as received.
    pub received_for_others: i64,
    /// Of those received elsewhere: came later than they had to be passed on.
    pub passed_on_late: i64,
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
            refused: s.refused,
            stopped: s.stopped,
            withdrawn: s.withdrawn,
            left_out_of_rates: s.left_out,
            left_out_of_rates_overdue: s.left_out_overdue,
            received_elsewhere: s.received_elsewhere,
            received_for_others: s.received_for_others,
            passed_on_late: s.passed_on_late,
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
    part: s.in_rates().timely,
    whole: s.in_rates().all,
};
pub(crate) const OVERDUE_RATE: Of<Standing> = |s| Cell::Share {
    part: s.in_rates().overdue,
    whole: s.in_rates().all,
};

const REFUSED: Of<Standing> = |s| Cell::Count(s.refused);
const STOPPED: Of<Standing> = |s| Cell::Count(s.stopped);
const WITHDRAWN: Of<Standing> = |s| Cell::Count(s.withdrawn);

/// The columns of on-time rates, after what the rows are.
pub(crate) const RATES: [Figure<Standing>; 22] = [
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
    (Column::for_programs("refused"), REFUSED),
    (Column::for_programs("stopped"), STOPPED),
    (Column::for_programs("withdrawn"), WITHDRAWN),
    (Column::for_programs("left_out_of_rates"), |s| {
        Cell::Count(s.left_out)
    }),
    (Column::for_programs("left_out_of_rates_overdue"), |s| {
        Cell::Count(s.left_out_overdue)
    }),
    (Column::for_programs("received_elsewhere"), |s| {
        Cell::Count(s.received_elsewhere)
    }),
    (Column::for_programs("received_for_others"), |s| {
        Cell::Count(s.received_for_others)
    }),
    (Column::for_programs("passed_on_late"), |s| {
        Cell::Count(s.passed_on_late)
    }),
];

/// What else people read below the figures: by what they are judged, how the resolved ended, and receipts regardless of
/// boundary.
pub(crate) fn notes(s: &Standing, judged: &[String]) -> Vec<String> {
    let mut notes = judged.to_vec();
    if s.refused + s.stopped + s.withdrawn > 0 {
        notes.push(format!(
            "Trong số hồ sơ đã giải quyết có {} hồ sơ bị từ chối, {} hồ sơ dừng xử lý, {} hồ sơ người nộp rút.",
            number(s.refused),
            number(s.stopped),
            number(s.withdrawn)
        ));
    }
    if s.left_out > 0 {
        notes.push(format!(
            "Tỷ lệ tính trên {} hồ sơ đã giải quyết; không tính {} hồ sơ, trong đó {} hồ sơ quá hạn.",
            number(s.in_rates().all),
            number(s.left_out),
            number(s.left_out_overdue)
        ));
    }
    if s.received_elsewhere + s.received_for_others + s.passed_on_late > 0 {
        notes.push(format!(
            "Tiếp nhận không phụ thuộc địa giới hành chính: {} hồ sơ do nơi khác tiếp nhận ({} hồ sơ chuyển đến \
             muộn), {} hồ sơ tiếp nhận thay cho nơi khác.",
            number(s.received_elsewhere),
            number(s.passed_on_late),
            number(s.received_for_others)
        ));
    }
    notes
}

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
