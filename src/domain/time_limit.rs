//! Time limits: from the moment of receipt to the due moment, pauses, and the outcome.
//!
//! The rules are those of Bộ luật Dân sự 2015 (điều 147, 148), Nghị định 61/2018 (điều 19) and, for
//! same-day procedures, Nghị định 23/2015; see `docs/decisions.md` for the choices between them.

mod amount;

use std::fmt;

use chrono::{Days, Months, NaiveDate};
use serde::{Deserialize, Serialize};

use crate::domain::enums::text_enum;
use crate::domain::moment::{Moment, WorkingTime};
pub use crate::domain::time_limit::amount::Amount;
use crate::domain::timetable::Timetable;

/// Why a time cannot be worked out. Never a silent wrong date.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TimeError {
    #[error("lịch làm việc không có năm {year} (chỉ có từ {first} đến {last})")]
    YearNotInCalendar { year: i32, first: i32, last: i32 },
    #[error("lịch làm việc không có giờ mở cửa nào")]
    NeverOpen,
    #[error("thời hạn {amount} {} quá dài, tối đa {max}", .unit.word())]
    LimitTooLong {
        amount: Amount,
        unit: LimitUnit,
        max: u32,
    },
    #[error("thời hạn {amount} {} phải là số nguyên; chỉ ngày làm việc và giờ được lẻ", .unit.word())]
    LimitNotWhole { amount: Amount, unit: LimitUnit },
    #[error("thủ tục không quy định thời hạn: ngày hẹn trả do người tiếp nhận ghi, kèm lý do")]
    NoLimit,
    #[error("thời hạn phải từ 1 {} trở lên", .0.word())]
    LimitTooShort(LimitUnit),
    #[error("đồng hồ thời hạn không tạm dừng nên không thể chạy tiếp")]
    NotPaused,
    #[error("đồng hồ thời hạn đã tạm dừng")]
    AlreadyPaused,
    #[error("thời điểm chạy tiếp trước thời điểm tạm dừng")]
    ResumedBeforePause,
}

text_enum! {
    /// In what a limit is counted.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
    #[serde(rename_all = "snake_case")]
    pub enum LimitUnit {
        WorkingDay = "working_day",
        CalendarDay = "calendar_day",
        Hour = "hour",
        SameDay = "same_day",
        Month = "month",
        Year = "year",
        /// None is set: the return date is named by hand at receipt.
        #[serde(rename = "none")]
        ByHand = "none",
    }
}

impl LimitUnit {
    /// As people read it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::WorkingDay => "ngày làm việc",
            Self::CalendarDay => "ngày",
            Self::Hour => "giờ làm việc",
            Self::SameDay => "ngày (trả trong ngày)",
            Self::Month => "tháng",
            Self::Year => "năm",
            Self::ByHand => "ngày hẹn ghi tay",
        }
    }
}

impl LimitUnit {
    pub const fn is_days(self) -> bool {
        matches!(self, Self::WorkingDay | Self::CalendarDay)
    }

    /// The largest amount accepted: ten years.
    const fn max(self) -> u32 {
        match self {
            Self::WorkingDay | Self::CalendarDay => 3_650,
            Self::Hour => 29_200,
            Self::SameDay | Self::ByHand => u32::MAX,
            Self::Month => 120,
            Self::Year => 10,
        }
    }
}

impl fmt::Display for LimitUnit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A time limit whose amount has been checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TimeLimit {
    unit: LimitUnit,
    amount: Amount,
}

impl TimeLimit {
    /// A limit of `amount` days, working hours, months or years. Same-day limits, and none, ignore the amount.
    ///
    /// # Errors
    /// If the amount is zero, over ten years, or not whole though only working days and hours may be that.
    pub fn new(unit: LimitUnit, amount: impl Into<Amount>) -> Result<Self, TimeError> {
        let (amount, max) = (amount.into(), unit.max());
        let whole = amount.as_whole().is_some();
        match unit {
            LimitUnit::SameDay | LimitUnit::ByHand => Ok(Self {
                unit,
                amount: Amount::ZERO,
            }),
            _ if amount == Amount::ZERO => Err(TimeError::LimitTooShort(unit)),
            _ if amount > Amount::whole(max) => Err(TimeError::LimitTooLong { amount, unit, max }),
            LimitUnit::WorkingDay | LimitUnit::Hour => Ok(Self { unit, amount }),
            _ if !whole => Err(TimeError::LimitNotWhole { amount, unit }),
            _ => Ok(Self { unit, amount }),
        }
    }

    pub const fn unit(self) -> LimitUnit {
        self.unit
    }

    /// Days, hours, months or years; 0 for same-day limits, and where there is none.
    pub const fn amount(self) -> Amount {
        self.amount
    }

    /// Whether none is set, so that the return date is named by hand.
    pub const fn is_by_hand(self) -> bool {
        matches!(self.unit, LimitUnit::ByHand)
    }

    /// The working time of a limit that is walked hour by hour: hours, and days that are not whole (a day is
    /// eight hours).
    fn walked(self) -> Option<WorkingTime> {
        let quarters = self.amount.quarters();
        match (self.unit, self.amount.as_whole()) {
            (LimitUnit::Hour, _) => Some(WorkingTime::from_minutes(quarters * 15)),
            (LimitUnit::WorkingDay, None) => Some(WorkingTime::from_hours(quarters * 2)),
            _ => None,
        }
    }

    /// The most working time that it can hold, a day being eight hours; `None` for months and years, and where it is
    /// named by hand.
    pub fn most_work(self) -> Option<WorkingTime> {
        let quarters = self.amount.quarters();
        match self.unit {
            LimitUnit::Hour => Some(WorkingTime::from_minutes(quarters * 15)),
            LimitUnit::WorkingDay | LimitUnit::CalendarDay => {
                Some(WorkingTime::from_hours(quarters * 2))
            }
            LimitUnit::SameDay => Some(WorkingTime::from_hours(8)),
            _ => None,
        }
    }

    /// Whether it is walked hour by hour.
    pub(super) fn is_walked(self) -> bool {
        self.walked().is_some()
    }

    /// The last day of a limit that counts every day, be it a day off or not: days, months, years from `start`.
    pub(super) fn last_day(self, start: NaiveDate) -> Option<NaiveDate> {
        let amount = self.amount.as_whole()?;
        match self.unit {
            LimitUnit::CalendarDay => Some(start + Days::new(u64::from(amount))),
            LimitUnit::Month => Some(start + Months::new(amount)),
            LimitUnit::Year => Some(start + Months::new(amount * 12)),
            _ => None,
        }
    }

    /// The due moment of a dossier received at `received`.
    ///
    /// Received outside working time, the clock starts at the next opening. The day on which it
    /// starts is not counted. Limits in calendar days that end on a day off end on the next
    /// working day, and so do months and years, which end on the day of the same number or on the last of
    /// the month (Bộ luật Dân sự 2015, điều 147, 148). All end with the close of work, except hours and
    /// days that are not whole, which are walked.
    ///
    /// # Errors
    /// If the calendar lacks a year that is needed, or there is no limit.
    pub fn due(self, received: Moment, timetable: &Timetable) -> Result<Moment, TimeError> {
        let start = timetable.next_opening(received)?;
        if let Some(time) = self.walked() {
            return timetable.advance(start, time);
        }
        let day = start.date();
        let amount = self.amount.as_whole().unwrap_or_default();
        let due_day = match self.unit {
            LimitUnit::ByHand | LimitUnit::Hour => return Err(TimeError::NoLimit),
            LimitUnit::WorkingDay => timetable.nth_working_day_after(day, amount)?,
            LimitUnit::CalendarDay | LimitUnit::Month | LimitUnit::Year => {
                let last = self.last_day(day).ok_or(TimeError::NoLimit)?;
                timetable.working_day_on_or_after(last)?
            }
            LimitUnit::SameDay if start.civil().time() > timetable.same_day_cut() => {
                // The next day on which the office opens, be it a Saturday morning: else what
                // comes in on Friday evening would be due after what comes in on Saturday.
                let closed = timetable.close_of(day)?.ok_or(TimeError::NeverOpen)?;
                timetable.next_opening(closed.plus_millis(1))?.date()
            }
            LimitUnit::SameDay => day,
        };
        timetable.close_of(due_day)?.ok_or(TimeError::NeverOpen)
    }
}

impl fmt::Display for TimeLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.unit {
            LimitUnit::WorkingDay => write!(f, "{} ngày làm việc", self.amount),
            LimitUnit::CalendarDay => write!(f, "{} ngày", self.amount),
            LimitUnit::Hour => write!(f, "{} giờ làm việc", self.amount),
            LimitUnit::SameDay => f.write_str("trong ngày"),
            LimitUnit::Month => write!(f, "{} tháng", self.amount),
            LimitUnit::Year => write!(f, "{} năm", self.amount),
            LimitUnit::ByHand => f.write_str("không quy định"),
        }
    }
}

/// A stretch during which the clock stood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pause {
    pub from: Moment,
    /// `None` while it lasts.
    pub until: Option<Moment>,
}

/// The clock of a dossier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clock {
    /// Where the limit is counted from: the receipt or the last restart, as it was stamped. Outside
    /// working time the clock starts at the next opening, which the calendar of the day says.
    pub started: Moment,
    pub limit: TimeLimit,
    /// Pauses since `started`, in order; only the last may be open.
    pub pauses: Vec<Pause>,
    /// The due moment with all closed pauses counted in.
    pub due: Moment,
}

impl Clock {
    /// # Errors
    /// If the calendar lacks a year that is needed.
    pub fn start(
        limit: TimeLimit,
        received: Moment,
        timetable: &Timetable,
    ) -> Result<Self, TimeError> {
        let due = limit.due(received, timetable)?;
        Ok(Self {
            started: received,
            limit,
            pauses: Vec::new(),
            due,
        })
    }

    /// With a due moment that is named, where the procedure sets no limit.
    pub fn named(due: Moment, received: Moment) -> Self {
        Self {
            started: received,
            limit: TimeLimit {
                unit: LimitUnit::ByHand,
                amount: Amount::ZERO,
            },
            pauses: Vec::new(),
            due,
        }
    }

    pub fn is_paused(&self) -> bool {
        self.pauses
            .last()
            .is_some_and(|pause| pause.until.is_none())
    }

    /// # Errors
    /// If it stands already.
    pub fn pause(&mut self, at: Moment) -> Result<(), TimeError> {
        if self.is_paused() {
            return Err(TimeError::AlreadyPaused);
        }
        self.pauses.push(Pause {
            from: at,
            until: None,
        });
        Ok(())
    }

    /// Goes on: the due moment moves by the working time of the pause.
    ///
    /// # Errors
    /// If it does not stand, `at` is before the pause, or the calendar lacks a year.
    pub fn resume(&mut self, at: Moment, timetable: &Timetable) -> Result<(), TimeError> {
        let due = self.due_if_resumed(at, timetable)?;
        if let Some(pause) = self.pauses.last_mut() {
            pause.until = Some(at);
        }
        self.due = due;
        Ok(())
    }

    /// Goes on without moving the due moment: it was past it.
    ///
    /// # Errors
    /// If it does not stand, or `at` is before the pause.
    pub fn resume_past_due(&mut self, at: Moment) -> Result<(), TimeError> {
        match self.pauses.last_mut() {
            Some(Pause { from, until: None }) if at < *from => Err(TimeError::ResumedBeforePause),
            Some(pause @ Pause { until: None, .. }) => {
                pause.until = Some(at);
                Ok(())
            }
            _ => Err(TimeError::NotPaused),
        }
    }

    /// The due moment that resuming at `at` would give.
    ///
    /// # Errors
    /// As [`Clock::resume`].
    pub fn due_if_resumed(&self, at: Moment, timetable: &Timetable) -> Result<Moment, TimeError> {
        match self.pauses.last() {
            Some(Pause { from, until: None }) if at < *from => Err(TimeError::ResumedBeforePause),
            Some(Pause { from, until: None }) => moved_by(self.due, *from, at, timetable),
            _ => Err(TimeError::NotPaused),
        }
    }

    /// The limit anew from `at`; earlier pauses are forgotten.
    ///
    /// # Errors
    /// If the calendar lacks a year that is needed.
    pub fn restart(&mut self, at: Moment, timetable: &Timetable) -> Result<(), TimeError> {
        *self = Self::start(self.limit, at, timetable)?;
        Ok(())
    }

    /// With another limit from the same start, pauses counted in.
    ///
    /// # Errors
    /// If the calendar lacks a year that is needed, or that limit is none.
    pub fn with_limit(&self, limit: TimeLimit, timetable: &Timetable) -> Result<Self, TimeError> {
        if limit.is_by_hand() {
            return Err(TimeError::NoLimit);
        }
        let mut clock = Self {
            limit,
            ..self.clone()
        };
        clock.recompute(timetable)?;
        Ok(clock)
    }

    /// The due moment anew after a change of the calendar; pauses stay as they were. One that was named by
    /// hand stays where the office is open then, else it moves on ([`Timetable::kept`]).
    ///
    /// # Errors
    /// If the calendar lacks a year that is needed.
    pub fn recompute(&mut self, timetable: &Timetable) -> Result<(), TimeError> {
        if self.limit.is_by_hand() {
            self.due = timetable.kept(self.due)?;
            return Ok(());
        }
        let mut due = self.limit.due(self.started, timetable)?;
        for pause in &self.pauses {
            if let Some(until) = pause.until {
                due = moved_by(due, pause.from, until, timetable)?;
            }
        }
        self.due = due;
        Ok(())
    }
}

/// The due moment after a pause. A pause that began past it does not move it.
pub(crate) fn moved_by(
    due: Moment,
    from: Moment,
    until: Moment,
    timetable: &Timetable,
) -> Result<Moment, TimeError> {
    if from > due {
        return Ok(due);
    }
    // Nobody is promised seconds, and a pause of none is no reason to promise the next day instead of the close of this.
    let stood = timetable.working_between(from, until)?.in_whole_minutes();
    match stood.is_zero() {
        true => Ok(due),
        false => timetable.advance(due, stood),
    }
}

/// How a closed dossier stands against its due moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Trước hạn: on a civil day before the due day.
    Early,
    /// Đúng hạn: on the due day, not after the due moment.
    OnTime,
    /// Quá hạn.
    Overdue,
}

impl Outcome {
    pub fn judge(due: Moment, done: Moment) -> Self {
        if done > due {
            Self::Overdue
        } else if done.date() < due.date() {
            Self::Early
        } else {
            Self::OnTime
        }
    }
}
