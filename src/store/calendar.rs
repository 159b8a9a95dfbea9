//! Days off and compensatory working days.

use chrono::NaiveDate;
use diesel::prelude::*;

use crate::domain::calendar::{CalendarDay, DayKind};
use crate::store::schema::calendar_days;
use crate::store::{Conn, StoreError};

/// All days of the calendar, in order.
pub fn load(conn: &mut Conn) -> Result<Vec<CalendarDay>, StoreError> {
    let rows: Vec<(NaiveDate, String, String)> =
        calendar_days::table.order(calendar_days::day).load(conn)?;
    rows.into_iter()
        .map(|(date, kind, name)| {
            let kind = match kind.as_str() {
                "off" => DayKind::Off,
                "work" => DayKind::Work,
                other => return Err(StoreError::corrupt(format!("calendar_days.kind '{other}'"))),
            };
            Ok(CalendarDay { date, kind, name })
        })
        .collect()
}

/// Puts `days` in the place of all days from `first` to `last`.
pub fn replace(
    conn: &mut Conn,
    first: NaiveDate,
    last: NaiveDate,
    days: &[CalendarDay],
) -> Result<(), StoreError> {
    diesel::delete(calendar_days::table.filter(calendar_days::day.between(first, last)))
        .execute(conn)?;
    for day in days {
        let kind = match day.kind {
            DayKind::Off => "off",
            DayKind::Work => "work",
        };
        diesel::insert_into(calendar_days::table)
            .values((
                calendar_days::day.eq(day.date),
                calendar_days::kind.eq(kind),
                calendar_days::name.eq(&day.name),
            ))
            .execute(conn)?;
    }
    Ok(())
}
