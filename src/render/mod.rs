//! From a [`Sheet`] to what leaves the program, one file a medium.
//!
//! [`Sheet`]: crate::render::sheet::Sheet

pub mod letters;
pub mod sheet;
pub mod words;

mod csv;
mod json;
mod text;
mod xlsx;

pub use self::csv::{csv, csv_for_people};
pub use self::json::{json, pretty_json};
pub use self::text::{local, text};
pub use self::xlsx::xlsx;

/// The forms in which a report leaves the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// Văn bản tiếng Việt.
    Text,
    /// Dấu phẩy, tên cột không dấu: cho chương trình.
    Csv,
    /// Dấu chấm phẩy, tiêu đề tiếng Việt: cho bảng tính.
    CsvPeople,
    /// Bảng tính: số là số, ngày là ngày.
    Xlsx,
    Json,
}

impl Format {
    pub const ALL: [Self; 5] = [
        Self::Text,
        Self::Csv,
        Self::CsvPeople,
        Self::Xlsx,
        Self::Json,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Csv => "csv",
            Self::CsvPeople => "csv-people",
            Self::Xlsx => "xlsx",
            Self::Json => "json",
        }
    }

    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Text => "text/plain; charset=utf-8",
            Self::Csv | Self::CsvPeople => "text/csv; charset=utf-8",
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            Self::Json => "application/json",
        }
    }

    /// How the name of a file ends that is saved; `None` for what is shown.
    pub const fn file_ending(self) -> Option<&'static str> {
        match self {
            Self::Csv | Self::CsvPeople => Some("csv"),
            Self::Xlsx => Some("xlsx"),
            Self::Text | Self::Json => None,
        }
    }
}

impl std::str::FromStr for Format {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let mut all = Self::ALL.into_iter();
        all.find(|format| format.as_str() == text).ok_or(())
    }
}

/// A sheet in one of the forms that are made of nothing else; JSON has more to say and is made elsewhere.
///
/// # Errors
/// If it is larger than the form can be.
pub fn of_sheet(sheet: &sheet::Sheet, format: Format) -> Result<Option<Vec<u8>>, RenderError> {
    Ok(Some(match format {
        Format::Text => text(sheet).into_bytes(),
        Format::Csv => csv(sheet).into_bytes(),
        Format::CsvPeople => csv_for_people(sheet).into_bytes(),
        Format::Xlsx => xlsx(sheet)?,
        Format::Json => return Ok(None),
    }))
}

/// Why a report cannot be written down in some form.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    #[error("không ghi được thành JSON: {0}")]
    Json(#[from] serde_json::Error),
    #[error("không ghi được thành bảng tính: {0}")]
    Xlsx(#[from] rust_xlsxwriter::XlsxError),
}

/// Whether a spreadsheet would take a text for a formula, and perhaps run it.
fn is_formula(text: &str) -> bool {
    text.starts_with(['=', '+', '-', '@', '\t', '\r'])
}

/// Hours as days of eight hours, exact, with a point: `599`, or `599.5`.
pub fn days(hours: i64) -> String {
    let thousandths = hours.unsigned_abs() * 125;
    let sign = if hours < 0 { "-" } else { "" };
    let text = format!("{sign}{}.{:03}", thousandths / 1000, thousandths % 1000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Milliseconds of working time as hundredths of an hour, rounded half up: once, here.
pub const fn hundredths_of_hour(millis: i64) -> i64 {
    (millis + 18_000).div_euclid(36_000)
}

/// Hundredths of an hour as hours, with a point: `12.05`.
pub fn hours(hundredths: i64) -> String {
    let (whole, part) = (hundredths.div_euclid(100), hundredths.rem_euclid(100));
    format!("{whole}.{part:02}")
}

/// The same as offices write it: `1.205,50`.
pub fn local_hours(hundredths: i64) -> String {
    let (whole, part) = (hundredths.div_euclid(100), hundredths.rem_euclid(100));
    format!("{},{part:02}", words::number(whole))
}

/// Days as offices write them: `1.542`, or `599,5`.
pub fn local_days(hours: i64) -> String {
    let exact = days(hours);
    let (whole, rest) = exact.split_once('.').unwrap_or((&exact, ""));
    let whole = words::number(whole.parse().unwrap_or(0));
    match rest {
        "" => whole,
        rest => format!("{whole},{rest}"),
    }
}
