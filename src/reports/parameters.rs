//! What a report is asked for: read in one place for the command line and the API.

use chrono::NaiveDate;

use crate::domain::ids::UnitId;
use crate::domain::moment::Moment;
use crate::domain::period::Period;
use crate::domain::unit::Units;
use crate::error::Error;
use crate::render::words;
use crate::reports::Report;
use crate::reports::compare::PrintedFigures;
use crate::reports::standings::Span;

/// What every report is asked for; each takes what it declares ([`Report`]).
#[derive(Debug, Clone)]
pub struct Parameters {
    pub span: Span,
    /// This unit and what is under it; `None` for the whole office.
    pub unit: Option<UnitId>,
    /// Code of a procedure, all versions: only it.
    pub procedure: Option<String>,
    /// What the rows are: one of [`Report::BY`].
    pub by: Option<String>,
    /// What to compare the report with, as far as it can be.
    pub printed: Option<PrintedFigures>,
}

impl Parameters {
    /// What the rows are, or by default the first of `all`.
    ///
    /// # Errors
    /// If it is none of them.
    pub(crate) fn by<T: Copy + std::str::FromStr>(&self, all: &[T]) -> Result<T, Error> {
        let asked = self.by.as_deref().unwrap_or_default();
        match (asked.parse(), all) {
            (Ok(by), _) => Ok(by),
            (Err(_), [first, ..]) if asked.is_empty() => Ok(*first),
            _ => Err(Error::parameter(
                "by",
                format!("báo cáo này không theo '{asked}'"),
            )),
        }
    }
}

/// The span of a report from `from` to `to`, as of a day.
///
/// # Errors
/// If that is no period, has not begun, or the day is to come.
pub fn span(
    from: NaiveDate,
    to: NaiveDate,
    as_of: Option<NaiveDate>,
    now: Moment,
) -> Result<Span, Error> {
    Span::new(Period::new(from, to)?, as_of, now)
}

/// There is no such unit.
pub(crate) fn unknown_unit(units: &Units, code: &str) -> Error {
    Error::parameter("unit", words::no_unit(units, code))
}

/// Checks what the rows of a report may be.
///
/// # Errors
/// What they may be, if not that.
pub fn check_by<R: Report>(by: &str) -> Result<(), String> {
    match R::BY.contains(&by) {
        true => Ok(()),
        false => Err(format!("phải là một trong: {}", R::BY.join(", "))),
    }
}
