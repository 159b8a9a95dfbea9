//! Reporting periods: spans of civil days, and the buckets into which the roll-ups sort days.
//!
//! Nghị định 09/2019/NĐ-CP closes reporting months on the 14th: a quarter runs from the 15th of
//! the month before it to the 14th of its last month, the year from 15 December to 14 December.
//! The roll-ups therefore cut months and years there.

use std::ops::RangeInclusive;

use chrono::{Datelike, Days, Months, NaiveDate};

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
    "khoảng thời gian từ {from} đến {to} không hợp lệ: ngày cuối không được trước ngày đầu, cả hai trong các năm 1900 đến 9998"
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

/// The widths of the roll-ups' buckets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Grain {
    Day = 1,
    /// 15th to 14th, numbered by the month in which it ends.
    Month = 2,
    /// 15 December to 14 December.
    Year = 3,
    /// Three reporting months.
    Quarter = 4,
    /// From 15 December to the end of a quarter, numbered by that quarter: the half years and nine
    /// months that reports ask for. What other grains hold is left out: first quarters and years.
    YearToQuarter = 5,
}

impl Grain {
    pub const ALL: [Self; 5] = [
        Self::Day,
        Self::Month,
        Self::Quarter,
        Self::YearToQuarter,
        Self::Year,
    ];

    pub const fn code(self) -> i16 {
        self as i16
    }

    /// The number of the bucket in which `date` lies, or with which it begins to count; consecutive
    /// buckets have consecutive numbers.
    pub fn bucket(self, date: NaiveDate) -> i32 {
        let month = date.year() * 12 + date.month0() as i32 + i32::from(date.day() > CLOSING_DAY);
        match self {
            Self::Day => Day::of(date).0,
            Self::Month => month,
            Self::Quarter | Self::YearToQuarter => month.div_euclid(3),
            Self::Year => month.div_euclid(12),
        }
    }

    /// The buckets in which `date` is counted: one, but none to two where they overlap.
    pub fn buckets(self, date: NaiveDate) -> RangeInclusive<i32> {
        let bucket = self.bucket(date);
        match self {
            Self::YearToQuarter => {
                let year = bucket.div_euclid(4) * 4;
                bucket.max(year + 1)..=year + 2
            }
            _ => bucket..=bucket,
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
            Self::Quarter => Self::Month.first_day(bucket.checked_mul(3)?),
            Self::YearToQuarter => Self::Year.first_day(bucket.div_euclid(4)),
            Self::Year => Self::Month.first_day(bucket.checked_mul(12)?),
        }
    }
}

/// Consecutive buckets of one grain, both ends included; of those that overlap, one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Buckets {
    pub grain: Grain,
    pub first: i32,
    pub last: i32,
}

/// Cuts the days from `from` to `to` into as few runs of buckets as possible: whole reporting
/// years, then halves or nine months of a year, then whole quarters, then whole reporting months,
/// then days. Every day is in exactly one.
pub fn cut(from: NaiveDate, to: NaiveDate) -> Vec<Buckets> {
    let mut runs = Vec::with_capacity(7);
    cut_into(from, to, Grain::Year, &mut runs);
    runs
}

fn cut_into(from: NaiveDate, to: NaiveDate, grain: Grain, runs: &mut Vec<Buckets>) {
    if to < from {
        return;
    }
    let finer = match grain {
        Grain::Day => {
            let (first, last) = (grain.bucket(from), grain.bucket(to));
            runs.push(Buckets { grain, first, last });
            return;
        }
        Grain::Month => Grain::Day,
        Grain::Quarter | Grain::YearToQuarter => Grain::Month,
        Grain::Year => Grain::Quarter,
    };
    let mut first = grain.bucket(from);
    if grain.first_day(first) != Some(from) {
        first += 1;
    }
    let last = match to.checked_add_days(Days::new(1)) {
        Some(after) => grain.bucket(after) - 1,
        None => grain.bucket(to) - 1,
    };
    let whole = (first <= last)
        .then(|| Some((grain.first_day(first)?, grain.first_day(last + 1)?)))
        .flatten();
    match whole {
        Some((begin, end)) => {
            if let Some(before) = begin.pred_opt() {
                cut_into(from, before, finer, runs);
            }
            let from_new_year = grain == Grain::Quarter && first.rem_euclid(4) == 0;
            runs.push(match from_new_year && last > first {
                true => Buckets {
                    grain: Grain::YearToQuarter,
                    first: last,
                    last,
                },
                false => Buckets { grain, first, last },
            });
            cut_into(end, to, finer, runs);
        }
        None => cut_into(from, to, finer, runs),
    }
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
    fn each_usual_report_reads_one_bucket() {
        let of = |month, grain| {
            let runs = cut(date(2020, 12, 15), date(2021, month, 14));
            assert_eq!(runs.len(), 1, "{month}");
            assert_eq!(runs[0].first, runs[0].last, "{month}");
            assert_eq!(runs[0].grain, grain, "{month}");
        };
        of(1, Grain::Month);
        of(3, Grain::Quarter);
        of(6, Grain::YearToQuarter);
        of(9, Grain::YearToQuarter);
        of(12, Grain::Year);
    }

    proptest! {
        #[test]
        fn every_day_is_in_exactly_one_bucket_of_a_cut(start in 0..20_000_i32, length in 0..1500_i32) {
            let (from, to) = (Day(start).date(), Day(start + length).date());
            let runs = cut(from, to);
            prop_assert!(runs.len() <= 7);
            for offset in -400..length + 400 {
                let day = Day(start + offset).date();
                let within = runs
                    .iter()
                    .flat_map(|run| (run.first..=run.last).map(|bucket| (run.grain, bucket)))
                    .filter(|(grain, bucket)| grain.buckets(day).contains(bucket))
                    .count();
                prop_assert_eq!(within, usize::from(from <= day && day <= to), "{}", day);
            }
        }

        #[test]
        fn buckets_begin_on_their_first_day(day in 0..30_000_i32) {
            for grain in Grain::ALL {
                let date = Day(day).date();
                for bucket in grain.buckets(date) {
                    let first = grain.first_day(bucket).unwrap();
                    prop_assert!(first <= date);
                    prop_assert!(grain.buckets(first).contains(&bucket));
                    prop_assert!(!grain.buckets(first.pred_opt().unwrap()).contains(&bucket));
                }
            }
        }
    }
}
