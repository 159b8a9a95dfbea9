//! Civil days of JSON and of queries: as people write them ([`read_date`]), or as machines do. What chrono reads more
//! leniently, such as `1-12-26` for a day of the year 1, is nobody's day.

use std::fmt;

use chrono::NaiveDate;
use serde::de::{Deserialize, Deserializer, Error, Visitor};

use crate::domain::text::read_date;

struct DayVisitor;

impl Visitor<'_> for DayVisitor {
    type Value = NaiveDate;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ngày, ví dụ 2021-09-14")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<NaiveDate, E> {
        let machine = || {
            let whole = text.len() == 10;
            whole.then(|| NaiveDate::parse_from_str(text, "%Y-%m-%d").ok())?
        };
        let read = read_date(text).or_else(machine);
        read.ok_or_else(|| E::invalid_value(serde::de::Unexpected::Str(text), &self))
    }
}

/// Reads a day.
///
/// # Errors
/// If it is none.
pub fn day<'de, D: Deserializer<'de>>(deserializer: D) -> Result<NaiveDate, D::Error> {
    deserializer.deserialize_str(DayVisitor)
}

/// Reads a day, or that there is none.
///
/// # Errors
/// If it is none that can be read.
pub fn some_day<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<NaiveDate>, D::Error> {
    struct Day(NaiveDate);

    impl<'de> Deserialize<'de> for Day {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            day(deserializer).map(Self)
        }
    }

    let read = Option::<Day>::deserialize(deserializer)?;
    Ok(read.map(|Day(day)| day))
}
