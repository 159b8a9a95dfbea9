//! The rows of what takes back, or takes along, something that was counted on an earlier day. Reports
//! read them with the counts (`tallies::count`).

use std::collections::BTreeMap;

use chrono::NaiveDate;
use diesel::prelude::*;

use crate::domain::dossier::Channel;
use crate::domain::ids::{ProcedureId, UnitId};
use crate::domain::period::{Day, Period};
use crate::domain::reversal::{Reversal, Reversed, reversals};
use crate::store::schema::{dossier_events, tally_reversals};
use crate::store::{Conn, StoreError, events};

/// Reversals by how often each is there.
pub type Counted = BTreeMap<Reversal, i64>;

/// Writes the reversals of a transaction.
pub(super) fn insert(conn: &mut Conn, new: &[Reversal]) -> Result<(), StoreError> {
    for reversal in new {
        diesel::insert_into(tally_reversals::table)
            .values((
                tally_reversals::day.eq(Day::of(reversal.day).0),
                tally_reversals::recorded_day.eq(Day::of(reversal.recorded).0),
                tally_reversals::origin_day.eq(Day::of(reversal.origin).0),
                tally_reversals::unit_id.eq(reversal.unit.0),
                tally_reversals::procedure_id.eq(reversal.procedure.0),
                tally_reversals::channel.eq(reversal.channel.code()),
                tally_reversals::what.eq(reversal.what.code()),
            ))
            .execute(conn)?;
    }
    Ok(())
}

/// The columns of a [`Row`].
const COLUMNS: (
    tally_reversals::day,
    tally_reversals::recorded_day,
    tally_reversals::origin_day,
    tally_reversals::unit_id,
    tally_reversals::procedure_id,
    tally_reversals::channel,
    tally_reversals::what,
) = (
    tally_reversals::day,
    tally_reversals::recorded_day,
    tally_reversals::origin_day,
    tally_reversals::unit_id,
    tally_reversals::procedure_id,
    tally_reversals::channel,
    tally_reversals::what,
);

type Row = (i32, i32, i32, i32, i32, i16, i16);

fn reversal(
    (day, recorded, origin, unit, procedure, channel, what): Row,
) -> Result<Reversal, StoreError> {
    let corrupt = || StoreError::corrupt("tally_reversals");
    Ok(Reversal {
        day: Day(day).date(),
        recorded: Day(recorded).date(),
        origin: Day(origin).date(),
        unit: UnitId(unit),
        procedure: ProcedureId(procedure),
        channel: Channel::from_code(channel).ok_or_else(corrupt)?,
        what: Reversed::from_code(what).ok_or_else(corrupt)?,
    })
}

/// Those that happened within a period, as known at the end of `known_on`.
pub(super) fn within(
    conn: &mut Conn,
    period: Period,
    known_on: NaiveDate,
) -> Result<Vec<Reversal>, StoreError> {
    let rows: Vec<Row> = tally_reversals::table
        .filter(tally_reversals::day.between(Day::of(period.from).0, Day::of(period.to).0))
        .filter(tally_reversals::recorded_day.le(Day::of(known_on).0))
        .select(COLUMNS)
        .load(conn)?;
    rows.into_iter().map(reversal).collect()
}

/// All that are stored, for `verify`.
pub fn all(conn: &mut Conn) -> Result<Counted, StoreError> {
    let rows: Vec<Row> = tally_reversals::table.select(COLUMNS).load(conn)?;
    let mut counted = Counted::new();
    for row in rows {
        *counted.entry(reversal(row)?).or_default() += 1;
    }
    Ok(counted)
}

/// Makes all rows again from the events, within a transaction of the caller. A dossier whose history
/// cannot be read is left out: `verify` tells of it.
pub fn rebuild(conn: &mut Conn) -> Result<(), StoreError> {
    diesel::delete(tally_reversals::table).execute(conn)?;
    // Undone, moved to a successor, a receipt corrected.
    let ids: Vec<Vec<u8>> = dossier_events::table
        .filter(dossier_events::kind.eq_any([15_i16, 17, 33]))
        .select(dossier_events::dossier_id)
        .distinct()
        .load(conn)?;
    events::of_each(conn, ids, |conn, id, events| {
        let found = reversals(None, id, events).map_err(|error| events::unfit(id, &error))?;
        insert(conn, &found)
    })
}
