//! What supervisors ask for: on-time rates, form II.06a, the CCHC report's paragraph, satisfaction.
//! All counts of dossiers come from the roll-ups, in one snapshot; nothing here walks over dossiers.

pub mod cchc;
pub mod compare;
pub mod form_06a;
pub mod on_time;
pub mod satisfaction;
pub mod standings;

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
        crate::render::words::date(*.from),
        crate::render::words::date(*.last)
    )]
    NotBegun { from: NaiveDate, last: NaiveDate },
    #[error(
        "kỳ báo cáo kết thúc ngày {}, trước ngày đầu tiên của lịch làm việc ({})",
        crate::render::words::date(*.to),
        crate::render::words::date(*.first)
    )]
    BeforeCalendar { to: NaiveDate, first: NaiveDate },
    #[error("không thể lấy số liệu đến hết ngày {}: ngày đó ở tương lai", crate::render::words::date(*.0))]
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
