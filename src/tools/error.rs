//! Why long work at the command line was not done: one type for all of it. Nothing was changed, unless it says so.

use std::fmt;
use std::path::{Path, PathBuf};

use chrono::NaiveDate;

use crate::config::WrongSettings;
use crate::domain::dossier::{Refusal, ReplayError};
use crate::domain::period::{InvalidPeriod, Period};
use crate::domain::time_limit::TimeError;
use crate::domain::unit::Level;
use crate::imports::ImportError;
use crate::render::words;
use crate::store::StoreError;
use crate::tools::verify::Found;

/// Why a tool did not do its work; its words are Vietnamese, for whoever called it.
#[derive(Debug, thiserror::Error)]
pub enum ToolError {
    /// A file cannot be read or written, or is not what it should be.
    #[error("{}: {reason}", file.display())]
    File { file: PathBuf, reason: String },
    /// Something else about what was asked for.
    #[error("{0}")]
    Refused(String),
    /// A backup that is not clean.
    #[error("bản sao lưu không qua được kiểm tra, không khôi phục gì cả")]
    Damaged(Box<Found>),

    /// Another installation does not answer, or not with what was asked for.
    #[error("{url}: {reason}")]
    Remote { url: String, reason: String },
    #[error("điểm chốt không được ký bằng khóa {0} đã biết của nhật ký này")]
    NotSigned(String),
    #[error("đây là nhật ký '{given}', không phải '{known}' đã biết")]
    OtherLog { known: String, given: String },
    #[error(
        "NHẬT KÝ BỊ CẮT: lần trước có {kept} mục, nay chỉ còn {now}. Dữ liệu đã bị lùi về trước, hoặc bị xóa"
    )]
    Shorter { kept: u64, now: u64 },
    #[error(
        "NHẬT KÝ BỊ SỬA: {kept} mục đầu không còn là những mục đã thấy lần trước (nay có {now} mục)"
    )]
    Rewritten { kept: u64, now: u64 },

    /// Every contradiction within the figures of a scenario.
    #[error("số liệu không dùng được:\n{}", .0.join("\n"))]
    Figures(Vec<String>),
    #[error("cơ sở dữ liệu đã có hồ sơ; kịch bản chỉ nạp vào cơ sở dữ liệu chưa có hồ sơ nào")]
    NotEmpty,
    #[error("kỳ của kịch bản kết thúc ngày {}, sau hôm nay", words::date(*.0))]
    InTheFuture(NaiveDate),
    #[error(transparent)]
    Period(#[from] InvalidPeriod),
    #[error("không có ngày làm việc nào từ {} đến {}", words::date(.0.from), words::date(.0.to))]
    NoWorkingDays(Period),
    #[error("không có thủ tục {} nào có hiệu lực ngày {}", words::level(*.0).to_lowercase(), words::date(*.1))]
    NoProcedure(Level, NaiveDate),
    #[error("không có đơn vị {} nào", words::level(*.0).to_lowercase())]
    NoUnit(Level),
    #[error(
        "không đủ thời gian để {} hồ sơ quá hạn trong kỳ: hồ sơ tiếp nhận ngày {} không kịp quá hạn",
        words::level(*.0).to_lowercase(),
        words::date(*.1)
    )]
    NoTimeToBeOverdue(Level, NaiveDate),
    #[error("chưa có lịch làm việc")]
    NoCalendar,
    /// A rule of the dossier's life, which a scenario keeps too.
    #[error("{}", words::refusal(.0))]
    Rule(Refusal),
    #[error(transparent)]
    Replay(#[from] ReplayError),

    #[error("đo tốc độ: {0}")]
    Bench(String),

    #[error(transparent)]
    Settings(#[from] WrongSettings),
    #[error(transparent)]
    Import(#[from] ImportError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl ToolError {
    /// What is the matter with a file.
    pub(crate) fn file(file: &Path, reason: impl fmt::Display) -> Self {
        Self::File {
            file: file.to_owned(),
            reason: reason.to_string(),
        }
    }

    /// What is the matter with the answer of another installation.
    pub(crate) fn remote(url: &str, reason: impl fmt::Display) -> Self {
        Self::Remote {
            url: url.to_owned(),
            reason: reason.to_string(),
        }
    }

    /// Why nothing was measured.
    pub(crate) fn bench(error: impl fmt::Display) -> Self {
        Self::Bench(error.to_string())
    }
}

impl From<diesel::result::Error> for ToolError {
    fn from(error: diesel::result::Error) -> Self {
        Self::Store(error.into())
    }
}

impl From<Refusal> for ToolError {
    fn from(refusal: Refusal) -> Self {
        Self::Rule(refusal)
    }
}

impl From<TimeError> for ToolError {
    fn from(error: TimeError) -> Self {
        Self::Rule(error.into())
    }
}
