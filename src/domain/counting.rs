//! How a due moment comes about: where the clock started, which days were counted, which were passed over
//! and by which rules; and on which days that are yet to be announced it rests.

use chrono::{Days, NaiveDate, NaiveTime};
use serde::Serialize;

use crate::domain::calendar::{CalendarDay, DayKind};
use crate::domain::enums::text_enum;
use crate::domain::moment::Moment;
use crate::domain::time_limit::{LimitUnit, TimeError, TimeLimit};
use crate::domain::timetable::Timetable;

text_enum! {
    /// A rule that had a part in it.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
    #[serde(rename_all = "snake_case")]
    pub enum Rule {
        /// Received outside working time: the clock starts at the next opening.
        OutsideWorkingTime = "outside_working_time",
        /// The day on which the clock starts is not counted (Bộ luật Dân sự 2015, điều 147).
        FirstDayNotCounted = "first_day_not_counted",
        /// Only working days are counted.
        WorkingDays = "working_days",
        /// Every day is counted.
        CalendarDays = "calendar_days",
        /// The last day is a day off: it ends on the next working day (Bộ luật Dân sự 2015, điều 148).
        MovedToWorkingDay = "moved_to_working_day",
        /// Opening hours are walked.
        WorkingHours = "working_hours",
        /// Due when the office closes on the day on which the clock starts.
        SameDay = "same_day",
        /// Received too late for that, after 15:00 by default: due on the next day on which the office opens
        /// (Nghị định 23/2015/NĐ-CP, điều 7).
        AfterTheCut = "after_the_cut",
    }
}

/// A day that was passed over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DayOff {
    /// A Saturday or Sunday of which the calendar says nothing.
    Weekend(NaiveDate),
    /// A row of the calendar.
    Named(CalendarDay),
}

impl DayOff {
    pub const fn date(&self) -> NaiveDate {
        match self {
            Self::Weekend(date) => *date,
            Self::Named(day) => day.date,
        }
    }
}

/// How a due moment was counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counting {
    pub limit: TimeLimit,
    pub received: Moment,
    /// When the clock started: at the receipt, or at the next opening after it.
    pub started: Moment,
    /// The first and the last day that were counted; `None` where no days are.
    pub counted: Option<(NaiveDate, NaiveDate)>,
    pub rules: Vec<Rule>,
    /// Days off that were passed over, before the clock started and until it was due, in order.
    pub passed_over: Vec<DayOff>,
    /// Compensatory working days among those counted.
    pub made_up: Vec<CalendarDay>,
    /// What it rests on that is yet to be announced; see [`provisional_days`].
    pub provisional: Vec<CalendarDay>,
    /// After which same-day procedures are due on the next day.
    pub same_day_cut: NaiveTime,
    pub due: Moment,
}

impl Counting {
    /// Counts [`TimeLimit::due`] and says how.
    ///
    /// # Errors
    /// If the calendar lacks a year that is needed.
    pub fn new(
        limit: TimeLimit,
        received: Moment,
        timetable: &Timetable,
    ) -> Result<Self, TimeError> {
        let started = timetable.next_opening(received)?;
        let due = limit.due(received, timetable)?;
        let (start, last) = (started.date(), due.date());
        let mut rules = Vec::new();
        if started != received {
            rules.push(Rule::OutsideWorkingTime);
        }
        // From here on days off are passed over.
        let mut from = start;
        let counted = match limit.unit() {
            _ if limit.is_walked() => {
                rules.push(Rule::WorkingHours);
                None
            }
            LimitUnit::ByHand | LimitUnit::Hour => return Err(TimeError::NoLimit),
            LimitUnit::WorkingDay => {
                rules.extend([Rule::FirstDayNotCounted, Rule::WorkingDays]);
                Some((timetable.nth_working_day_after(start, 1)?, last))
            }
            LimitUnit::CalendarDay | LimitUnit::Month | LimitUnit::Year => {
                rules.extend([Rule::FirstDayNotCounted, Rule::CalendarDays]);
                from = limit.last_day(start).ok_or(TimeError::NoLimit)?;
                if from != last {
                    rules.push(Rule::MovedToWorkingDay);
                }
                Some((start + Days::new(1), from))
            }
            LimitUnit::SameDay => {
                rules.push(match last == start {
                    true => Rule::SameDay,
                    false => Rule::AfterTheCut,
                });
                None
            }
        };
        let calendar = timetable.calendar();
        let is_off = |date: NaiveDate| -> Result<bool, TimeError> {
            Ok(match limit.unit() {
                // These take the office's own days, Saturday mornings among them.
                LimitUnit::SameDay => timetable.close_of(date)?.is_none(),
                _ if limit.is_walked() => timetable.close_of(date)?.is_none(),
                _ => !timetable.is_working_day(date)?,
            })
        };
        let mut passed_over = Vec::new();
        for date in days(received.date(), start).chain(days(from.max(start), last)) {
            if is_off(date)? {
                let row = calendar.day(date).cloned();
                passed_over.push(row.map_or(DayOff::Weekend(date), DayOff::Named));
            }
        }
        // Where every day is counted, none of them makes up for anything.
        let made_up = match limit.last_day(start) {
            Some(_) => Vec::new(),
            None => {
                let first = counted.map_or(start, |(first, _)| first);
                let rows = days(first, last + Days::new(1)).filter_map(|date| calendar.day(date));
                let rows = rows.filter(|row| row.kind == DayKind::Work);
                rows.cloned().collect()
            }
        };
        let provisional = provisional_days(limit, received, due, timetable);
        Ok(Self {
            limit,
            received,
            started,
            counted,
            rules,
            passed_over,
            made_up,
            provisional: provisional.into_iter().cloned().collect(),
            same_day_cut: timetable.same_day_cut(),
            due,
        })
    }
}

/// The days from `from` to before `to`.
fn days(from: NaiveDate, to: NaiveDate) -> impl Iterator<Item = NaiveDate> {
    from.iter_days().take_while(move |date| *date < to)
}

/// The rows of the calendar that are yet to be announced and could move a due moment: those between receipt
/// and due day, be they passed over or counted. A limit that counts every day rests on those alone at which its
/// clock starts and ends, unless a pause or a restart has moved it.
pub fn provisional_days(
    limit: TimeLimit,
    received: Moment,
    due: Moment,
    timetable: &Timetable,
) -> Vec<&CalendarDay> {
    let (first, last) = (received.date(), due.date());
    let mut rows: Vec<_> = timetable.calendar().provisional(first, last).collect();
    if rows.is_empty() {
        return rows;
    }
    if let Ok(started) = timetable.next_opening(received)
        && let Some(end) = limit.last_day(started.date())
        && limit.due(received, timetable) == Ok(due)
    {
        let start = started.date();
        rows.retain(|row| row.date <= start || row.date >= end);
    }
    rows
}
