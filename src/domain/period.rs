//! Reporting periods: spans of civil days, and the buckets into which the roll-ups sort days.
//!
//! Nghị định 09/2019/NĐ-CP closes reporting months on the 14th: a quarter runs from the 15th of
//! the month before it to the 14th of its last month, the year from 15 December to 14 December.
//! The roll-ups therefore cut months there.

use chrono::{Datelike, Months, NaiveDate};

use crate::domain::enums::code_enum;
use crate::domain::moment::Moment;

/// Civil days from `from` to `to`, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Period {
    pub from: NaiveDate,
    pub to: NaiveDate,
}

/// The period ends before it begins, or lies outside the years 1900 to 9998.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "khoảng thời gian từ {} đến {} không hợp lệ: ngày cuối không được trước ngày đầu, cả hai trong các năm 1900 đến 9998",
    from.format("%d/%m/%Y"),
    to.format("%d/%m/%Y")
)]
pub struct InvalidPeriod {
    pub from: NaiveDate,
    pub to: NaiveDate,
}

/// The last day of a reporting month.
const CLOSING_DAY: u32 = 14;

impl Period {
    /// # Errors
    /// If `to` is before `from`, or a year is out of range.
    pub fn new(from: NaiveDate, to: NaiveDate) -> Result<Self, InvalidPeriod> {
        let years = 1900..=9998;
        if to < from || !years.contains(&from.year()) || !years.contains(&to.year()) {
            return Err(InvalidPeriod { from, to });
        }
        Ok(Self { from, to })
    }

    /// The reporting quarter (1 to 4) of a year.
    pub fn quarter(year: i32, quarter: u32) -> Option<Self> {
        let last_month = quarter.checked_mul(3).filter(|m| (3..=12).contains(m))?;
        let to = NaiveDate::from_ymd_opt(year, last_month, CLOSING_DAY)?;
        Some(Self {
            from: (to - Months::new(3)).succ_opt()?,
            to,
        })
    }

    /// The reporting year: 15 December of the year before to 14 December.
    pub fn year(year: i32) -> Option<Self> {
        let to = NaiveDate::from_ymd_opt(year, 12, CLOSING_DAY)?;
        Some(Self {
            from: (to - Months::new(12)).succ_opt()?,
            to,
        })
    }

    /// All days before `day` on which there may be dossiers.
    pub fn before(day: NaiveDate) -> Option<Self> {
        let from = NaiveDate::from_ymd_opt(1899, 12, CLOSING_DAY + 1)?;
        let to = day.pred_opt()?;
        (from <= to).then_some(Self { from, to })
    }

    pub fn contains(&self, date: NaiveDate) -> bool {
        self.from <= date && date <= self.to
    }

    /// The part of the period up to `last`; `None` if it begins later.
    pub fn up_to(&self, last: NaiveDate) -> Option<Self> {
        (self.from <= last).then_some(Self {
            from: self.from,
            to: self.to.min(last),
        })
    }
}

/// Midnight after the day, in Vietnam.
pub fn end_of(day: NaiveDate) -> Moment {
    Moment::at(day, chrono::NaiveTime::MIN).plus_millis(24 * 3_600_000)
}

/// A day of the roll-ups, as days since 1970-01-01.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(pub i32);

impl Day {
    pub fn of(date: NaiveDate) -> Self {
        Self(date.to_epoch_days())
    }

    pub fn date(self) -> NaiveDate {
        NaiveDate::from_epoch_days(self.0).unwrap_or(NaiveDate::MAX)
    }
}

code_enum! {
    /// The widths of the roll-ups' buckets.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
    pub enum Grain {
        Day = 1,
        /// 15th to 14th, numbered by the month in which it ends.
        Month = 2,
    }
}

impl Grain {
    /// The number of the bucket in which `date` lies; consecutive buckets have consecutive numbers.
    pub fn bucket(self, date: NaiveDate) -> i32 {
        match self {
            Self::Day => Day::of(date).0,
            Self::Month => {
                date.year() * 12 + date.month0() as i32 + i32::from(date.day() > CLOSING_DAY)
            }
        }
    }

    /// The first day of a bucket.
    pub fn first_day(self, bucket: i32) -> Option<NaiveDate> {
        match self {
            Self::Day => NaiveDate::from_epoch_days(bucket),
            Self::Month => {
                let last = NaiveDate::from_ymd_opt(
                    bucket.div_euclid(12),
                    u32::try_from(bucket.rem_euclid(12)).ok()? + 1,
                    CLOSING_DAY,
                )?;
                last.checked_sub_months(Months::new(1))?.succ_opt()
            }
        }
    }

    /// The days of a bucket.
    pub fn period(self, bucket: i32) -> Option<Period> {
        Some(Period {
            from: self.first_day(bucket)?,
            to: self.first_day(bucket.checked_add(1)?)?.pred_opt()?,
        })
    }
}

/// Consecutive buckets of one grain, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Buckets {
    pub grain: Grain,
    pub first: i32,
    pub last: i32,
}

/// Cuts a period into the reporting months that lie wholly within it and the days before and after
/// them: at most three runs. Every day is in exactly one.
pub fn cut(period: Period) -> Vec<Buckets> {
    let (from, to) = (Day::of(period.from), Day::of(period.to));
    // The first month that begins within the period, and the one that its end cuts off.
    let first = Grain::Month.bucket(Day(from.0 - 1).date()) + 1;
    let cut_off = Grain::Month.bucket(Day(to.0 + 1).date());
    let begins = |month| Grain::Month.first_day(month).map(|day| Day::of(day).0);
    let run = |grain, first, last| Buckets { grain, first, last };
    let runs = match (begins(first), begins(cut_off)) {
        (Some(begin), Some(end)) if first < cut_off => vec![
            run(Grain::Day, from.0, begin - 1),
            run(Grain::Month, first, cut_off - 1),
            run(Grain::Day, end, to.0),
        ],
        _ => vec![run(Grain::Day, from.0, to.0)],
    };
    let runs = runs.into_iter();
    runs.filter(|run| run.first <= run.last).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn date(y: i32, m: u32, d: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(y, m, d).unwrap()
    }

    #[test]
    fn quarters_and_years_close_on_the_14th() {
        let first = Period::quarter(2021, 1).unwrap();
        assert_eq!(
            first,
            Period::new(date(2020, 12, 15), date(2021, 3, 14)).unwrap()
        );
        let fourth = Period::quarter(2021, 4).unwrap();
        assert_eq!(
            fourth,
            Period::new(date(2021, 9, 15), date(2021, 12, 14)).unwrap()
        );
        let year = Period::year(2021).unwrap();
        assert_eq!(
            year,
            Period::new(date(2020, 12, 15), date(2021, 12, 14)).unwrap()
        );
        assert_eq!(Period::quarter(2021, 0), None);
        assert_eq!(Period::quarter(2021, 5), None);
    }

    #[test]
    fn a_year_is_twelve_months_and_other_ends_are_days() {
        let cut = |from, to| cut(Period::new(from, to).unwrap());
        let months = |first, last| Buckets {
            grain: Grain::Month,
            first,
            last,
        };
        let december = 2020 * 12 + 12;
        let year = Period::year(2021).unwrap();
        assert_eq!(cut(year.from, year.to), [months(december, december + 11)]);
        let days = |first, last| Buckets {
            grain: Grain::Day,
            first: Day::of(first).0,
            last: Day::of(last).0,
        };
        assert_eq!(
            cut(date(2020, 12, 14), date(2021, 1, 15)),
            [
                days(date(2020, 12, 14), date(2020, 12, 14)),
                months(december, december),
                days(date(2021, 1, 15), date(2021, 1, 15)),
            ]
        );
        assert_eq!(
            cut(date(2020, 12, 16), date(2021, 1, 14)),
            [days(date(2020, 12, 16), date(2021, 1, 14))]
        );
    }

    proptest! {
        #[test]
        fn every_day_is_in_exactly_one_bucket_of_a_cut(start in 0..20_000_i32, length in 0..1500_i32) {
            let (from, to) = (Day(start).date(), Day(start + length).date());
            let runs = cut(Period::new(from, to).unwrap());
            prop_assert!(runs.len() <= 3);
            for offset in -400..length + 400 {
                let day = Day(start + offset).date();
                let holds = |run: &&Buckets| (run.first..=run.last).contains(&run.grain.bucket(day));
                let within = runs.iter().filter(holds).count();
                prop_assert_eq!(within, usize::from(from <= day && day <= to), "{}", day);
            }
        }

        #[test]
        fn buckets_begin_on_their_first_day(day in 0..30_000_i32) {
            for grain in Grain::ALL {
                let date = Day(day).date();
                let bucket = grain.bucket(date);
                let own = grain.period(bucket).unwrap();
                prop_assert!(own.contains(date));
                prop_assert_eq!(grain.bucket(own.from), bucket);
                prop_assert_eq!(grain.bucket(own.to), bucket);
                prop_assert_eq!(grain.bucket(own.from.pred_opt().unwrap()), bucket - 1);
            }
        }
    }
}
