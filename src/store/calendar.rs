//! Days off and compensatory working days.

use chrono::NaiveDate;
use diesel::prelude::*;

use crate::domain::calendar::{CalendarDay, DayKind, Source};
use crate::store::schema::calendar_days;
use crate::store::{Conn, StoreError};

/// All days of the calendar, in order.
pub fn load(conn: &mut Conn) -> Result<Vec<CalendarDay>, StoreError> {
    type Row = (NaiveDate, String, String, Option<String>, Option<String>);
    let rows: Vec<Row> = calendar_days::table.order(calendar_days::day).load(conn)?;
    rows.into_iter()
        .map(|(date, kind, name, source, document)| {
            let kind = match kind.as_str() {
                "off" => DayKind::Off,
                "work" => DayKind::Work,
                other => return Err(StoreError::corrupt(format!("calendar_days.kind '{other}'"))),
            };
            let source = source.map(|kind| {
                let known = kind.parse();
                let known = known
                    .map_err(|()| StoreError::corrupt(format!("calendar_days.source '{kind}'")));
                Ok::<_, StoreError>(Source {
                    kind: known?,
                    document: document.unwrap_or_default(),
                })
            });
            Ok(CalendarDay {
                date,
                kind,
                name,
                source: source.transpose()?,
            })
        })
        .collect()
}

/// Puts `days` in the place of all days.
pub fn replace(conn: &mut Conn, days: &[CalendarDay]) -> Result<(), StoreError> {
    diesel::delete(calendar_days::table).execute(conn)?;
    for day in days {
        let kind = match day.kind {
            DayKind::Off => "off",
            DayKind::Work => "work",
        };
        let source = day.source.as_ref();
        let document = source.map(|source| source.document.as_str());
        diesel::insert_into(calendar_days::table)
            .values((
                calendar_days::day.eq(day.date),
                calendar_days::kind.eq(kind),
                calendar_days::name.eq(&day.name),
                calendar_days::source.eq(source.map(|source| source.kind.as_str())),
                calendar_days::document.eq(document.filter(|document| !document.is_empty())),
            ))
            .execute(conn)?;
    }
    Ok(())
}
