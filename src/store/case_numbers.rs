//! The counters of case numbers, one per unit and civil day.

use chrono::NaiveDate;
use diesel::prelude::*;

use crate::domain::ids::UnitId;
use crate::domain::period::Day;
use crate::store::connection::on_either;
use crate::store::prepared::PreparedOnce;
use crate::store::schema::case_counters;
use crate::store::{Conn, StoreError};

/// Takes `count` numbers and returns the first of them. The counter's row stays locked until the
/// transaction ends, so numbers have no duplicates; a transaction that fails gives its numbers
/// back.
pub fn take(conn: &mut Conn, unit: UnitId, day: NaiveDate, count: u32) -> Result<u32, StoreError> {
    let day = Day::of(day).0;
    let count = i32::try_from(count).map_err(|_| StoreError::Other("quá nhiều số".to_owned()))?;
    let row = (
        case_counters::unit_id.eq(unit.0),
        case_counters::day.eq(day),
        case_counters::last.eq(count),
    );
    let upsert = diesel::insert_into(case_counters::table)
        .values(row)
        .on_conflict((case_counters::unit_id, case_counters::day))
        .do_update()
        .set(case_counters::last.eq(case_counters::last + count))
        .returning(case_counters::last);
    let upsert = PreparedOnce(upsert);
    let last: i32 = on_either!(conn, |conn| upsert.get_result(conn))?;
    u32::try_from(last - count + 1).map_err(|_| StoreError::corrupt("case_counters.last"))
}

/// All counters, for `verify`: unit, day, last number given out.
pub fn all(conn: &mut Conn) -> Result<Vec<(UnitId, NaiveDate, u32)>, StoreError> {
    let rows: Vec<(i32, i32, i32)> = case_counters::table.load(conn)?;
    Ok(rows
        .into_iter()
        .map(|(unit, day, last)| {
            let last = u32::try_from(last).unwrap_or(0);
            (UnitId(unit), Day(day).date(), last)
        })
        .collect())
}
