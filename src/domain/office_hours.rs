//! Opening hours of an office, which may differ by season and include Saturday mornings.

use chrono::{Datelike, NaiveDate, NaiveTime, Weekday};
use serde::{Deserialize, Serialize};

use crate::domain::Invalid;
use crate::domain::calendar::{Calendar, DayKind};

/// A stretch of a day during which the office is open; the closing instant belongs to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Session {
    #[serde(with = "hour_and_minute")]
    pub open: NaiveTime,
    #[serde(with = "hour_and_minute")]
    pub close: NaiveTime,
}

/// Hours that hold from one day of the year to another, both included; the span may go over the
/// end of the year.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Season {
    /// Month and day.
    pub from: (u32, u32),
    pub to: (u32, u32),
    pub weekday: Vec<Session>,
    #[serde(default)]
    pub saturday: Vec<Session>,
}

/// When an office is open, civil time in Asia/Ho_Chi_Minh.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OfficeHours {
    /// Sessions of a working day, compensatory ones included.
    pub weekday: Vec<Session>,
    /// Sessions of an ordinary Saturday. Dossiers are taken in and hours run, but such a Saturday
    /// is no working day (ngày làm việc) when a limit is counted in days: the law counts the
    /// state's working week.
    #[serde(default)]
    pub saturday: Vec<Session>,
    #[serde(default)]
    pub seasons: Vec<Season>,
    /// Same-day procedures received after this time are due on the next working day.
    #[serde(default = "three_in_the_afternoon", with = "hour_and_minute")]
    pub same_day_cut: NaiveTime,
}

const fn time(hour: u32, minute: u32) -> NaiveTime {
    match NaiveTime::from_hms_opt(hour, minute, 0) {
        Some(time) => time,
        None => NaiveTime::MIN,
    }
}

fn three_in_the_afternoon() -> NaiveTime {
    time(15, 0)
}

impl Default for OfficeHours {
    /// Monday to Friday 07:30–12:00 and 13:30–17:00.
    fn default() -> Self {
        Self {
            weekday: vec![
                Session {
                    open: time(7, 30),
                    close: time(12, 0),
                },
                Session {
                    open: time(13, 30),
                    close: time(17, 0),
                },
            ],
            saturday: Vec::new(),
            seasons: Vec::new(),
            same_day_cut: three_in_the_afternoon(),
        }
    }
}

impl OfficeHours {
    /// # Errors
    /// If a working day would have no session, sessions overlap, or a season has no such day.
    pub fn check(&self) -> Result<(), Invalid> {
        let days = self
            .seasons
            .iter()
            .map(|season| (&season.weekday, &season.saturday));
        for (weekday, saturday) in days.chain([(&self.weekday, &self.saturday)]) {
            if weekday.is_empty() {
                return Err(Invalid::new("ngày làm việc cần ít nhất một buổi"));
            }
            for sessions in [weekday, saturday] {
                let ordered = sessions.iter().all(|session| session.open < session.close)
                    && sessions.windows(2).all(|pair| pair[0].close < pair[1].open);
                if !ordered {
                    let reason = "các buổi phải nối tiếp nhau, giờ mở trước giờ đóng";
                    return Err(Invalid::new(reason));
                }
            }
        }
        let real = |(month, day)| NaiveDate::from_ymd_opt(2020, month, day).is_some();
        if self
            .seasons
            .iter()
            .all(|season| real(season.from) && real(season.to))
        {
            Ok(())
        } else {
            Err(Invalid::new("mùa cần tháng và ngày có thật"))
        }
    }

    /// The sessions of a working day and of an ordinary Saturday at that time of the year.
    pub fn of_season(&self, date: NaiveDate) -> (&[Session], &[Session]) {
        let day = (date.month(), date.day());
        let season = self.seasons.iter().find(|season| {
            if season.from <= season.to {
                season.from <= day && day <= season.to
            } else {
                season.from <= day || day <= season.to
            }
        });
        match season {
            Some(season) => (&season.weekday, &season.saturday),
            None => (&self.weekday, &self.saturday),
        }
    }

    /// The sessions of a day, in order; none when the office is closed.
    pub fn sessions_on(&self, date: NaiveDate, calendar: &Calendar) -> &[Session] {
        let (weekday, saturday) = self.of_season(date);
        match (calendar.kind(date), date.weekday()) {
            (Some(DayKind::Off), _) | (None, Weekday::Sun) => &[],
            (None, Weekday::Sat) => saturday,
            _ => weekday,
        }
    }
}

/// Times as `07:30`.
mod hour_and_minute {
    use chrono::NaiveTime;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub fn serialize<S: Serializer>(time: &NaiveTime, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&time.format("%H:%M"))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<NaiveTime, D::Error> {
        let text = String::deserialize(deserializer)?;
        let time = NaiveTime::parse_from_str(&text, "%H:%M");
        time.map_err(|_| D::Error::custom("cần giờ và phút, ví dụ 07:30"))
    }
}
