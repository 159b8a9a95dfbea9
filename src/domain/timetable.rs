//! Working-time arithmetic: a calendar and opening hours, laid out once so that every question
//! costs a binary search.

use chrono::NaiveDate;

use crate::domain::calendar::Calendar;
use crate::domain::moment::{Moment, WorkingTime};
use crate::domain::office_hours::OfficeHours;
use crate::domain::period::{Day, end_of};
use crate::domain::time_limit::TimeError;

/// An open stretch: unix milliseconds, and the working time of all sessions before it.
#[derive(Debug, Clone, Copy)]
struct Slot {
    open: i64,
    close: i64,
    before: i64,
}

/// All open stretches over the years of a calendar. Share it by `Arc`: it never changes.
#[derive(Debug, Clone)]
pub struct Timetable {
    calendar: Calendar,
    same_day_cut: chrono::NaiveTime,
    slots: Vec<Slot>,
    /// Working days of the state, in order.
    working_days: Vec<Day>,
    /// Per day since the calendar's first: the close of its last session.
    closes: Vec<Option<Moment>>,
}

impl Timetable {
    pub fn new(calendar: &Calendar, hours: &OfficeHours) -> Self {
        let mut slots: Vec<Slot> = Vec::new();
        let mut working_days = Vec::new();
        let mut closes = Vec::new();
        let mut before = 0;
        let days = calendar.first_day().iter_days();
        for date in days.take_while(|date| *date <= calendar.last_day()) {
            if calendar.is_working_day(date) == Ok(true) {
                working_days.push(Day::of(date));
            }
            let mut close_of_day = None;
            for session in hours.sessions_on(date, calendar) {
                let open = Moment::at(date, session.open).unix_millis();
                let close = Moment::at(date, session.close).unix_millis();
                slots.push(Slot {
                    open,
                    close,
                    before,
                });
                before += close - open;
                close_of_day = Some(Moment::from_unix_millis(close));
            }
            closes.push(close_of_day);
        }
        Self {
            calendar: calendar.clone(),
            same_day_cut: hours.same_day_cut,
            slots,
            working_days,
            closes,
        }
    }

    pub fn calendar(&self) -> &Calendar {
        &self.calendar
    }

    /// After this civil time, same-day procedures are due on the next working day.
    pub fn same_day_cut(&self) -> chrono::NaiveTime {
        self.same_day_cut
    }

    /// The first slot that closes at or after the moment.
    fn slot_from(&self, moment: Moment) -> Result<usize, TimeError> {
        self.calendar.ensure_covers(moment.date())?;
        Ok(self
            .slots
            .partition_point(|slot| slot.close < moment.unix_millis()))
    }

    fn after_the_end(&self) -> TimeError {
        let after = self
            .calendar
            .last_day()
            .succ_opt()
            .unwrap_or(NaiveDate::MAX);
        match self.calendar.ensure_covers(after) {
            Err(error) => error,
            Ok(()) => TimeError::NeverOpen,
        }
    }

    /// The `count`-th working day before `day`; `day` itself for none.
    ///
    /// # Errors
    /// If the calendar lacks the year of `day`.
    pub fn working_days_back(&self, day: NaiveDate, count: u16) -> Result<NaiveDate, TimeError> {
        self.calendar.ensure_covers(day)?;
        if count == 0 {
            return Ok(day);
        }
        let before = self
            .working_days
            .partition_point(|working| *working < Day::of(day));
        match before.checked_sub(usize::from(count)) {
            Some(index) => Ok(self.working_days[index].date()),
            // The calendar does not say how many there were.
            None => Ok(self.calendar.first_day()),
        }
    }

    /// Whether the office is open. The closing instant of a session counts: a receipt stamped
    /// 17:00 was taken in working hours.
    ///
    /// # Errors
    /// If the calendar lacks the year.
    pub fn is_open(&self, moment: Moment) -> Result<bool, TimeError> {
        let slot = self.slots.get(self.slot_from(moment)?);
        Ok(slot.is_some_and(|slot| slot.open <= moment.unix_millis()))
    }

    /// The moment itself if the office is open, else the next opening.
    ///
    /// # Errors
    /// If the calendar lacks a year that is needed.
    pub fn next_opening(&self, moment: Moment) -> Result<Moment, TimeError> {
        let slot = self
            .slots
            .get(self.slot_from(moment)?)
            .ok_or_else(|| self.after_the_end())?;
        Ok(Moment::from_unix_millis(
            slot.open.max(moment.unix_millis()),
        ))
    }

    /// A moment that was promised by name, if the office is open then; else, as a term that ends on a day off ends at the end
    /// of the next working day (Bộ luật Dân sự 2015, điều 148(5)), the same time of that day, or its close where that is
    /// earlier. Never earlier than promised.
    ///
    /// # Errors
    /// If the calendar lacks a year that is needed.
    pub fn kept(&self, promised: Moment) -> Result<Moment, TimeError> {
        if self.is_open(promised)? {
            return Ok(promised);
        }
        let day = promised.date();
        if self.close_of(day)?.is_some_and(|close| promised < close) {
            return self.next_opening(promised);
        }
        let next = self.nth_working_day_after(day, 1)?;
        let same_time = Moment::at(next, promised.civil().time());
        match self.is_open(same_time)? {
            true => Ok(same_time),
            false => self.close_of(next)?.ok_or(TimeError::NeverOpen),
        }
    }

    /// When the session closes in which the moment lies, or the next one if the office is closed then.
    ///
    /// # Errors
    /// If the calendar lacks a year that is needed.
    pub fn close_of_session(&self, moment: Moment) -> Result<Moment, TimeError> {
        let slot = self.slots.get(self.slot_from(moment)?);
        let slot = slot.ok_or_else(|| self.after_the_end())?;
        Ok(Moment::from_unix_millis(slot.close))
    }

    /// Working time from the start of the calendar to the moment.
    fn worked_until(&self, moment: Moment) -> Result<i64, TimeError> {
        let slot = self.slots.get(self.slot_from(moment)?);
        Ok(match slot {
            Some(slot) => slot.before + (moment.unix_millis() - slot.open).max(0),
            None => self
                .slots
                .last()
                .map_or(0, |slot| slot.before + slot.close - slot.open),
        })
    }

    /// The working time from `from` to `to`; zero if `to` is not later.
    ///
    /// # Errors
    /// If the calendar lacks a year of either.
    pub fn working_between(&self, from: Moment, to: Moment) -> Result<WorkingTime, TimeError> {
        let (from, to) = (self.worked_until(from)?, self.worked_until(to)?);
        Ok(WorkingTime::from_millis(to - from))
    }

    /// The moment at which `time` of working time has passed since `from`. One that ends exactly
    /// at the close of a session is that close, not the next opening; no time at all is `from`
    /// itself.
    ///
    /// # Errors
    /// If the calendar lacks a year that is needed.
    pub fn advance(&self, from: Moment, time: WorkingTime) -> Result<Moment, TimeError> {
        if time.is_zero() {
            self.calendar.ensure_covers(from.date())?;
            return Ok(from);
        }
        let target = self.worked_until(from)?.saturating_add(time.millis());
        let index = self
            .slots
            .partition_point(|s| s.before + (s.close - s.open) < target);
        let slot = self.slots.get(index).ok_or_else(|| self.after_the_end())?;
        Ok(Moment::from_unix_millis(slot.open + (target - slot.before)))
    }

    /// When the office closes for the day; `None` on days on which it does not open.
    ///
    /// # Errors
    /// If the calendar lacks the year.
    pub fn close_of(&self, date: NaiveDate) -> Result<Option<Moment>, TimeError> {
        self.calendar.ensure_covers(date)?;
        let index = Day::of(date).0 - Day::of(self.calendar.first_day()).0;
        let close = usize::try_from(index)
            .ok()
            .and_then(|index| self.closes.get(index));
        Ok(close.copied().flatten())
    }

    /// # Errors
    /// If the calendar lacks the year.
    pub fn is_working_day(&self, date: NaiveDate) -> Result<bool, TimeError> {
        self.calendar.is_working_day(date)
    }

    /// The `n`th working day after `date`, which is not counted itself.
    ///
    /// # Errors
    /// If the calendar lacks a year that is needed.
    pub fn nth_working_day_after(&self, date: NaiveDate, n: u32) -> Result<NaiveDate, TimeError> {
        self.calendar.ensure_covers(date)?;
        let passed = self
            .working_days
            .partition_point(|day| *day <= Day::of(date));
        let index = usize::try_from(n)
            .ok()
            .and_then(|n| (passed + n).checked_sub(1));
        let day = index.and_then(|index| self.working_days.get(index));
        day.map(|day| day.date())
            .ok_or_else(|| self.after_the_end())
    }

    /// Until when (not included) something counts as near at `now` if that is within so many working days:
    /// the end of that working day after today, of today itself for none. At most the end of the calendar.
    pub fn near_until(&self, now: Moment, working_days: u32) -> Moment {
        let today = now.date();
        let last = match working_days {
            0 => today,
            count => {
                let day = self.nth_working_day_after(today, count);
                day.unwrap_or(self.calendar.last_day())
            }
        };
        end_of(last)
    }

    /// `date` if it is a working day, else the next one.
    ///
    /// # Errors
    /// If the calendar lacks a year that is needed.
    pub fn working_day_on_or_after(&self, date: NaiveDate) -> Result<NaiveDate, TimeError> {
        self.calendar.ensure_covers(date)?;
        let index = self
            .working_days
            .partition_point(|day| *day < Day::of(date));
        let day = self.working_days.get(index);
        day.map(|day| day.date())
            .ok_or_else(|| self.after_the_end())
    }

    /// The working days from `from` to `to`, both included.
    pub fn working_days(&self, from: NaiveDate, to: NaiveDate) -> impl Iterator<Item = NaiveDate> {
        let first = self
            .working_days
            .partition_point(|day| *day < Day::of(from));
        let last = self.working_days.partition_point(|day| *day <= Day::of(to));
        self.working_days[first..last.max(first)]
            .iter()
            .map(|day| day.date())
    }
}
