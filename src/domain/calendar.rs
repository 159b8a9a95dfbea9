//! The calendar: days off (holidays, substituted days) and compensatory working days.

use std::collections::BTreeMap;

use chrono::{Datelike, NaiveDate, Weekday};
use serde::{Deserialize, Serialize};

use crate::domain::Invalid;
use crate::domain::enums::text_enum;
use crate::domain::time_limit::TimeError;

/// What the calendar says of a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DayKind {
    /// A day off, whatever day of the week it is.
    Off,
    /// A working day, whatever day of the week it is (làm bù).
    Work,
}

text_enum! {
    /// What stands behind a row of the calendar.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
    #[serde(rename_all = "snake_case")]
    pub enum SourceKind {
        /// Fixed by law: known for every year to come.
        Law = "law",
        /// Announced by a notice, which has a number.
        Notice = "notice",
        /// Expected, and yet to be announced.
        Provisional = "provisional",
    }
}

/// On what a row of the calendar rests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Source {
    pub kind: SourceKind,
    /// Number of the notice or the law, as it is cited; empty where nobody says it.
    pub document: String,
}

/// A notice without its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("thông báo cần số văn bản")]
pub struct NoticeWithoutNumber;

impl Source {
    /// # Errors
    /// If it is a notice that has no number.
    pub fn check(&self) -> Result<(), NoticeWithoutNumber> {
        match self.kind == SourceKind::Notice && self.document.trim().is_empty() {
            true => Err(NoticeWithoutNumber),
            false => Ok(()),
        }
    }
}

/// A civil day (Asia/Ho_Chi_Minh) that is not like others of its day of the week.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CalendarDay {
    pub date: NaiveDate,
    pub kind: DayKind,
    pub name: String,
    /// `None`: nobody has said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
}

impl CalendarDay {
    /// What is wrong with a day that is worked in place of another: it is a working day anyway, or a holiday, which is no
    /// weekly day off.
    pub fn no_day_to_make_up(&self) -> Option<&'static str> {
        let weekend = matches!(self.date.weekday(), Weekday::Sat | Weekday::Sun);
        (self.kind == DayKind::Work && !weekend).then_some(
            "làm bù là vào thứ Bảy hoặc Chủ nhật: ngày này không phải ngày nghỉ hằng tuần",
        )
    }

    /// Whether it is expected only, and yet to be announced.
    pub fn is_provisional(&self) -> bool {
        let source = self.source.as_ref();
        source.is_some_and(|source| source.kind == SourceKind::Provisional)
    }
}

/// What becomes of the other days of a year of which some days are given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Others {
    /// They stay.
    Kept,
    /// They go: what is given is the whole of its years.
    Dropped,
}

/// What given days make of those known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Merged {
    /// All days of the calendar.
    pub days: Vec<CalendarDay>,
    /// Those known that are not in it any more.
    pub dropped: Vec<CalendarDay>,
    /// Those known of the years of the given days that are not among these, and stay.
    pub kept: Vec<CalendarDay>,
}

/// Puts given days to those known; a day that is known is what is given of it.
pub fn merge(
    known: impl IntoIterator<Item = CalendarDay>,
    given: &[CalendarDay],
    others: Others,
) -> Merged {
    let years = given.iter().map(|day| day.date.year());
    let (first, last) = (years.clone().min(), years.max());
    let (mut days, mut dropped, mut kept) = (given.to_vec(), Vec::new(), Vec::new());
    for day in known {
        let year = Some(day.date.year());
        if given.iter().any(|given| given.date == day.date) {
            continue;
        }
        match (first <= year && year <= last, others) {
            (true, Others::Dropped) => {
                dropped.push(day);
                continue;
            }
            (true, Others::Kept) => kept.push(day.clone()),
            (false, _) => {}
        }
        days.push(day);
    }
    days.sort_by_key(|day| day.date);
    Merged {
        days,
        dropped,
        kept,
    }
}

/// Days off and compensatory working days of whole years, from the first year with a row to the
/// last. Asking for a day of another year is an error, never a guess.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Calendar {
    days: BTreeMap<NaiveDate, CalendarDay>,
    first_year: i32,
    last_year: i32,
}

const EMPTY: Invalid = Invalid::new("lịch không có ngày nào");

impl Calendar {
    /// # Errors
    /// If there are no days, one comes twice, or a year between the first and the last has none.
    pub fn new(days: impl IntoIterator<Item = CalendarDay>) -> Result<Self, Invalid> {
        let mut by_date = BTreeMap::new();
        for day in days {
            if let Some(twice) = by_date.insert(day.date, day) {
                let day = twice.date.format("%d/%m/%Y");
                return Err(format!("ngày {day} có hai dòng trong lịch").into());
            }
        }
        let year = |entry: Option<(&NaiveDate, _)>| entry.map(|(date, _)| date.year());
        let first_year = year(by_date.first_key_value()).ok_or(EMPTY)?;
        let last_year = year(by_date.last_key_value()).ok_or(EMPTY)?;
        let mut expected = first_year;
        for date in by_date.keys() {
            if date.year() > expected + 1 {
                return Err(format!("lịch thiếu năm {}", expected + 1).into());
            }
            expected = date.year();
        }
        Ok(Self {
            days: by_date,
            first_year,
            last_year,
        })
    }

    /// 1 January of the first year.
    pub fn first_day(&self) -> NaiveDate {
        NaiveDate::from_ymd_opt(self.first_year, 1, 1).unwrap_or(NaiveDate::MIN)
    }

    /// 31 December of the last year.
    pub fn last_day(&self) -> NaiveDate {
        NaiveDate::from_ymd_opt(self.last_year, 12, 31).unwrap_or(NaiveDate::MAX)
    }

    pub fn covers(&self, date: NaiveDate) -> bool {
        (self.first_year..=self.last_year).contains(&date.year())
    }

    /// # Errors
    /// If the calendar lacks the year.
    pub fn ensure_covers(&self, date: NaiveDate) -> Result<(), TimeError> {
        if self.covers(date) {
            return Ok(());
        }
        let (first, last) = (self.first_year, self.last_year);
        Err(TimeError::YearNotInCalendar {
            year: date.year(),
            first,
            last,
        })
    }

    /// Whether the state works on that day: Monday to Friday unless off, other days only if the
    /// calendar says so.
    ///
    /// # Errors
    /// If the calendar lacks the year.
    pub fn is_working_day(&self, date: NaiveDate) -> Result<bool, TimeError> {
        self.ensure_covers(date)?;
        Ok(match self.kind(date) {
            Some(kind) => kind == DayKind::Work,
            None => !matches!(date.weekday(), Weekday::Sat | Weekday::Sun),
        })
    }

    /// What the calendar itself says of the day.
    pub fn kind(&self, date: NaiveDate) -> Option<DayKind> {
        self.days.get(&date).map(|day| day.kind)
    }

    /// The row of that day, if it has one.
    pub fn day(&self, date: NaiveDate) -> Option<&CalendarDay> {
        self.days.get(&date)
    }

    /// The rows from `from` to `to`, both included, that are yet to be announced.
    pub fn provisional(
        &self,
        from: NaiveDate,
        to: NaiveDate,
    ) -> impl Iterator<Item = &CalendarDay> {
        // A range that ends before it begins would panic.
        let rows = self.days.range(from..=to.max(from));
        rows.map(|(_, day)| day).filter(|day| day.is_provisional())
    }

    /// All days of the calendar, in order.
    pub fn days(&self) -> impl Iterator<Item = &CalendarDay> {
        self.days.values()
    }
}
