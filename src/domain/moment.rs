//! Moments and lengths of working time, so that no time in the program is a bare integer.
//!
//! A [`Moment`] is an instant (UTC inside); everything civil about it is read in Asia/Ho_Chi_Minh,
//! which has been UTC+07:00 without daylight saving time for all years that motcua serves.

use std::fmt;

use chrono::{DateTime, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, SecondsFormat, Timelike};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::domain::text::{is_no_day, read_date};

const CIVIL_OFFSET_SECONDS: i32 = 7 * 3600;

/// The civil offset of Asia/Ho_Chi_Minh, UTC+07:00. The server's own time zone is never asked.
fn civil_offset() -> FixedOffset {
    FixedOffset::east_opt(CIVIL_OFFSET_SECONDS).expect("seven hours are within a day")
}

/// An instant with millisecond precision, stored as milliseconds since 1970-01-01T00:00:00Z.
///
/// Shown, and read by people, as RFC 3339 with the offset `+07:00`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment(i64);

/// The text is no moment ([`Moment::parse`]), or lies outside the years 1900 to 9999.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.why())]
pub struct InvalidMoment(pub String);

impl InvalidMoment {
    fn why(&self) -> String {
        let Self(text) = self;
        let mut words = text.split([' ', 'T', ',']);
        match words.find(|word| is_no_day(word)) {
            Some(day) => format!("không có ngày '{day}'"),
            None => format!("'{text}' không phải ngày giờ, ví dụ 2021-02-09T14:00:00+07:00"),
        }
    }
}

/// A civil time as people write it.
fn written(text: &str) -> Option<NaiveDateTime> {
    let text = text.trim().to_lowercase();
    // `16h`, `16h30`, `16 giờ 30`.
    let text = text
        .replace(" giờ", "h")
        .replace("giờ", "h")
        .replace(" tháng ", "/")
        .replace(" năm ", "/");
    let mut time: Option<NaiveTime> = None;
    let mut day = None;
    let mut whole_hour = false;
    for word in text
        .split_whitespace()
        .filter(|word| *word != "ngày" && *word != "lúc")
    {
        let word = word.trim_end_matches(',');
        // A program's day has its year first.
        let day_first = word
            .find(|c: char| !c.is_ascii_digit())
            .is_some_and(|at| at <= 2);
        if let Some(read) = read_date(word).filter(|_| day_first) {
            day = day.xor(Some(read));
            continue;
        }
        let minutes_of = |text: &str| match text.len() {
            2 => text.parse::<u32>().ok(),
            _ => None,
        };
        // `8 giờ 30`: the minutes are a word of their own. `2h chiều`: the hours are of the afternoon.
        let of_the_day = match (time, word) {
            (Some(read), "sáng" | "trưa") => Some(read),
            (Some(read), "chiều" | "tối") if read.hour() < 12 => {
                read.with_hour(read.hour() + 12)
            }
            (Some(read), "chiều" | "tối") => Some(read),
            (Some(read), minutes) if whole_hour => {
                minutes_of(minutes).and_then(|minutes| read.with_minute(minutes))
            }
            _ => None,
        };
        if of_the_day.is_some() {
            time = of_the_day;
            whole_hour = false;
            continue;
        }
        let (hours, minutes) = word.split_once([':', 'h', 'g', '.'])?;
        whole_hour = minutes.is_empty() && !word.contains([':', '.']);
        // `16:05:30`, as other programs write it.
        let (minutes, seconds) = minutes.split_once(':').unwrap_or((minutes, "00"));
        let minutes = match whole_hour {
            true => 0,
            false => minutes_of(minutes)?,
        };
        let read = NaiveTime::from_hms_opt(hours.parse().ok()?, minutes, minutes_of(seconds)?);
        time = time.xor(read);
    }
    Some(day?.and_time(time?))
}

impl Moment {
    /// 1900-01-01T00:00:00Z and 9999-12-31T00:00:00Z: what a moment read from outside may be.
    const READABLE: std::ops::RangeInclusive<i64> = -2_208_988_800_000..=253_402_214_400_000;

    pub const fn from_unix_millis(millis: i64) -> Self {
        Self(millis)
    }

    pub const fn unix_millis(self) -> i64 {
        self.0
    }

    /// Reads RFC 3339 with any offset, and what people write of clocks in Vietnam: `16:00 24/12/2026`, `16h00 ngày
    /// 24/12/2026`, `24/12/2026 16h`. A program's time without an offset is none: nobody knows which it means.
    ///
    /// # Errors
    /// If it is neither.
    pub fn parse(text: &str) -> Result<Self, InvalidMoment> {
        DateTime::parse_from_rfc3339(text.trim())
            .ok()
            .map(|t| t.timestamp_millis())
            .or_else(|| Some(Self::from_civil(written(text)?).0))
            .filter(|millis| Self::READABLE.contains(millis))
            .map(Self)
            .ok_or_else(|| InvalidMoment(text.to_owned()))
    }

    /// The instant at which clocks in Vietnam show `civil`.
    pub fn from_civil(civil: NaiveDateTime) -> Self {
        Self(civil.and_utc().timestamp_millis() - i64::from(CIVIL_OFFSET_SECONDS) * 1000)
    }

    /// The instant at which clocks in Vietnam show `time` on `date`.
    pub fn at(date: NaiveDate, time: NaiveTime) -> Self {
        Self::from_civil(date.and_time(time))
    }

    /// What clocks in Vietnam show at this instant.
    pub fn civil(self) -> NaiveDateTime {
        DateTime::from_timestamp_millis(self.0)
            .unwrap_or(DateTime::UNIX_EPOCH)
            .with_timezone(&civil_offset())
            .naive_local()
    }

    /// The civil date in Vietnam.
    pub fn date(self) -> NaiveDate {
        self.civil().date()
    }

    /// This instant and `millis` more of elapsed (not working) time.
    pub const fn plus_millis(self, millis: i64) -> Self {
        Self(self.0.saturating_add(millis))
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let precision = if self.0 % 1000 == 0 {
            SecondsFormat::Secs
        } else {
            SecondsFormat::Millis
        };
        let time = DateTime::from_timestamp_millis(self.0)
            .unwrap_or(DateTime::UNIX_EPOCH)
            .with_timezone(&civil_offset());
        f.write_str(&time.to_rfc3339_opts(precision, false))
    }
}

impl std::str::FromStr for Moment {
    type Err = InvalidMoment;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

/// Moments as integers (milliseconds UTC), the compact form that stored events use:
/// `#[serde(with = "crate::domain::moment::millis")]`.
pub mod millis {
    use serde::{Deserialize, Deserializer, Serializer};

    use super::Moment;

    pub fn serialize<S: Serializer>(moment: &Moment, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(moment.0)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Moment, D::Error> {
        i64::deserialize(deserializer).map(Moment)
    }
}

/// A length of working time (time during which the office is open), in milliseconds; never
/// negative.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct WorkingTime(i64);

impl WorkingTime {
    pub const ZERO: Self = Self(0);

    pub const fn from_millis(millis: i64) -> Self {
        Self(if millis < 0 { 0 } else { millis })
    }

    pub const fn from_hours(hours: u32) -> Self {
        Self(hours as i64 * 3_600_000)
    }

    pub const fn from_minutes(minutes: u32) -> Self {
        Self(minutes as i64 * 60_000)
    }

    pub const fn millis(self) -> i64 {
        self.0
    }

    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// Without what is less than a minute.
    pub const fn in_whole_minutes(self) -> Self {
        Self(self.0 - self.0 % 60_000)
    }
}

impl std::ops::Add for WorkingTime {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_write_of_clocks_is_read_and_no_programs_time_without_an_offset() {
        let four = Moment::parse("2026-12-24T16:00:00+07:00");
        for text in [
            "16:00 24/12/2026",
            "16:00 ngày 24/12/2026",
            "24/12/2026 16:00",
            "24/12/2026 16h00",
            "16h, ngày 24/12/2026",
            "16g00 24-12-2026",
            "lúc 16h00 ngày 24 tháng 12 năm 2026",
            "Lúc 16 giờ 00 ngày 24/12/2026",
            "16 giờ 24/12/2026",
            "16.00 24.12.2026",
            "04:00 chiều 24/12/2026",
            "4h chiều ngày 24/12/2026",
            "2026-12-24T09:00:00Z",
        ] {
            assert_eq!(Moment::parse(text), four, "{text}");
        }
        for text in [
            "24/12/2026",
            "16:00",
            "31/02/2026 16:00",
            "24/12/2026 25:00",
            "24/12/2026 16:0",
            "16:00 17:00 24/12/2026",
            "2026-12-24T16:00:00",
            "",
        ] {
            assert!(Moment::parse(text).is_err(), "{text}");
        }
        let why = Moment::parse("16:00 31/02/2026").unwrap_err().to_string();
        assert_eq!(why, "không có ngày '31/02/2026'");
        assert_eq!(
            Moment::parse("8 giờ 30 sáng 24/12/2026"),
            four.map(|four| four.plus_millis(-(7 * 60 + 30) * 60_000))
        );
    }
}
