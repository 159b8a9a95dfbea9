//! What the CCHC report needs beside dossiers: the year's targets, and feedback handled.

use diesel::prelude::*;

use crate::domain::ids::UnitId;
use crate::domain::moment::Moment;
use crate::store::schema::{feedback, plan_targets};
use crate::store::{Conn, StoreError};

/// Number of procedures whose limit the year's plan wants cut.
pub const TIME_LIMIT_CUTS: &str = "time_limit_cuts";

pub fn set_target(conn: &mut Conn, year: i32, name: &str, amount: i32) -> Result<(), StoreError> {
    diesel::delete(plan_targets::table.find((year, name))).execute(conn)?;
    diesel::insert_into(plan_targets::table)
        .values((
            plan_targets::year.eq(year),
            plan_targets::name.eq(name),
            plan_targets::amount.eq(amount),
        ))
        .execute(conn)?;
    Ok(())
}

pub fn target(conn: &mut Conn, year: i32, name: &str) -> Result<Option<i32>, StoreError> {
    let row = plan_targets::table
        .find((year, name))
        .select(plan_targets::amount);
    Ok(row.first(conn).optional()?)
}

pub fn insert_feedback(
    conn: &mut Conn,
    id: [u8; 16],
    unit: UnitId,
    received: Moment,
    handled: Option<Moment>,
) -> Result<(), StoreError> {
    diesel::insert_into(feedback::table)
        .values((
            feedback::id.eq(id.as_slice()),
            feedback::unit_id.eq(unit.0),
            feedback::received_at.eq(received.unix_millis()),
            feedback::handled_at.eq(handled.map(Moment::unix_millis)),
        ))
        .execute(conn)?;
    Ok(())
}

/// Feedback received and handled from `from` to before `end`.
pub fn feedback_handled(conn: &mut Conn, from: Moment, end: Moment) -> Result<i64, StoreError> {
    let (from, end) = (from.unix_millis(), end.unix_millis());
    Ok(feedback::table
        .filter(
            feedback::received_at
                .ge(from)
                .and(feedback::received_at.lt(end)),
        )
        .filter(feedback::handled_at.lt(end))
        .count()
        .get_result(conn)?)
}
