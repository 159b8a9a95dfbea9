//! What people may ask about their own data, and by when it has to be answered and done.
//!
//! Luật 91/2025/QH15 and Nghị định 356/2025/NĐ-CP, in force since 1 January 2026, by secondary sources: answered within
//! 2 working days; done within 10 to see and to correct, 15 to restrict, 20 to delete, where the law on archives lets it.

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
