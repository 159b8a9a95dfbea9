//! What people may ask about their own data, and by when it has to be answered and done.
//!
//! Luật 91/2025/QH15 and Nghị định 356/2025/NĐ-CP, in force since 1 January 2026, by secondary sources: answered within
//! 2 working days; done within 10 to see and to correct, 15 to restrict, 20 to delete, where the law on archives lets it.

use chrono::{Months, NaiveTime};
use serde::{Deserialize, Serialize};

use crate::domain::enums::text_enum;
use crate::domain::moment::Moment;
use crate::domain::time_limit::{LimitUnit, TimeError, TimeLimit};
use crate::domain::timetable::Timetable;

text_enum! {
    /// What is asked.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
    #[serde(rename_all = "snake_case")]
    pub enum Request {
        See = 1 "see",
        Correct = 2 "correct",
        /// Use it for nothing else.
        Restrict = 3 "restrict",
        Delete = 4 "delete",
    }
}

text_enum! {
    /// What somebody has read of a person's data, as the record of readings has it.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
    #[serde(rename_all = "snake_case")]
    pub enum Seen {
        /// The identity number in full.
        Identity = 1 "identity",
        /// The dossier, by somebody whose every reading is on record.
        Dossier = 2 "dossier",
    }
}

/// What stands in place of a text that named somebody who was erased.
pub const REMOVED: &str = "(đã ẩn danh)";

/// The moment before which a dossier has to have ended for its term of so many years to be over: midnight of the same
/// day so many years ago. How long what has to be kept is for the office to say, by the law on archives and its
/// procedures; Luật 91/2025/QH15 asks that no personal data be kept longer than their purpose needs [2].
pub fn retention_cutoff(now: Moment, years: u16) -> Moment {
    let day = now.date();
    let day = day.checked_sub_months(Months::new(u32::from(years) * 12));
    // Before there were dossiers.
    day.map_or(Moment::from_unix_millis(0), |day| {
        Moment::at(day, NaiveTime::MIN)
    })
}

/// Working days until a request is answered.
const ANSWER_DAYS: u32 = 2;

impl Request {
    /// Working days until it is done.
    const fn days(self) -> u32 {
        match self {
            Self::See | Self::Correct => 10,
            Self::Restrict => 15,
            Self::Delete => 20,
        }
    }

    /// By when a request that came at `received` is answered, and by when it is done.
    ///
    /// # Errors
    /// If the calendar lacks a year that is needed.
    pub fn due(
        self,
        received: Moment,
        timetable: &Timetable,
    ) -> Result<(Moment, Moment), TimeError> {
        let within = |days| TimeLimit::new(LimitUnit::WorkingDay, days)?.due(received, timetable);
        Ok((within(ANSWER_DAYS)?, within(self.days())?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_term_is_over_on_the_same_day_so_many_years_later() {
        let cutoff = |now: &str, years| {
            let now = Moment::parse(now).unwrap();
            retention_cutoff(now, years).to_string()
        };
        // Civil days in Vietnam.
        assert_eq!(
            cutoff("2026-11-27T18:00:00Z", 5),
            Moment::parse("2021-11-28T00:00:00+07:00")
                .unwrap()
                .to_string()
        );
        assert_eq!(
            cutoff("2024-02-29T12:00:00+07:00", 1),
            Moment::parse("2023-02-28T00:00:00+07:00")
                .unwrap()
                .to_string()
        );
    }
}
