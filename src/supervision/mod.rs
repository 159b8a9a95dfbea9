//! What supervisors ask for: on-time rates, form II.06a, the CCHC report's paragraph, satisfaction.
//! All counts of dossiers come from the roll-ups, in one snapshot; nothing here walks over dossiers.

mod cchc;
mod compare;
mod form_06a;
mod on_time;
mod satisfaction;
mod standings;
mod table;

pub use cchc::{Cchc, Cuts, LevelCounts, LevelRow, Offices, cchc};
pub use compare::{Difference, PrintedFigures, compare};
pub use form_06a::{Form06a, Group, form_06a};
pub use on_time::{By, OnTime, Row, on_time};
pub use satisfaction::{RatingCounts, Satisfaction, SatisfactionBy, SatisfactionRow, satisfaction};
pub use standings::{Span, Standings, standing_now};
pub use table::Counts;

use chrono::NaiveDate;

use crate::domain::period::InvalidPeriod;
use crate::store::StoreError;

/// The forms in which a report leaves the program; as JSON by being serialisable.
pub trait Report: serde::Serialize {
    /// For people, in Vietnamese.
    fn to_text(&self) -> String;

    /// Comma-separated values with a head line, for spreadsheets and scripts: single rows only, so
    /// that they add up.
    fn to_csv(&self) -> String;
}

/// Why there is no report.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    #[error(transparent)]
    Period(#[from] InvalidPeriod),
    #[error(
        "kỳ báo cáo bắt đầu ngày {} nhưng số liệu chỉ lấy đến ngày {}",
        crate::words::date(*.from),
        crate::words::date(*.last)
    )]
    NotBegun { from: NaiveDate, last: NaiveDate },
    #[error(
        "kỳ báo cáo kết thúc ngày {}, trước ngày đầu tiên của lịch làm việc ({})",
        crate::words::date(*.to),
        crate::words::date(*.first)
    )]
    BeforeCalendar { to: NaiveDate, first: NaiveDate },
    #[error("không thể lấy số liệu đến hết ngày {}: ngày đó ở tương lai", crate::words::date(*.0))]
    AsOfInFuture(NaiveDate),
    #[error("báo cáo theo tháng chỉ được dài tối đa {0} tháng")]
    TooManyMonths(usize),
    #[error("không có đơn vị '{0}'")]
    UnknownUnit(String),
    #[error("chỉ cả tỉnh mới có số liệu theo thủ tục và hình thức nộp")]
    OnlyWhole,
    #[error("tệp số liệu không dùng được: {0}")]
    Figures(String),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl ReportError {
    /// The parameter of the request that is wrong; `None` if none is.
    pub const fn parameter(&self) -> Option<&'static str> {
        match self {
            Self::Period(_) | Self::NotBegun { .. } | Self::TooManyMonths(_) => Some("from"),
            Self::BeforeCalendar { .. } => Some("to"),
            Self::AsOfInFuture(_) => Some("as_of"),
            Self::UnknownUnit(_) => Some("unit"),
            Self::OnlyWhole => Some("by"),
            Self::Figures(_) => Some("figures"),
            Self::Store(_) => None,
        }
    }
}

impl From<diesel::result::Error> for ReportError {
    fn from(error: diesel::result::Error) -> Self {
        Self::Store(error.into())
    }
}
