//! Changes of counts: those that wait to be folded, and those that were recorded on a later day than
//! their own.

use chrono::NaiveDate;
use diesel::prelude::*;

use crate::domain::dossier::Channel;
use crate::domain::ids::{ProcedureId, UnitId};
use crate::domain::period::Day;
use crate::domain::tally::{Tallies, Tally, TallyKey, follow};
use crate::store::connection::on_either;
use crate::store::schema::{dossier_events, late_tallies, tally_deltas};
use crate::store::tallies::{Counters, counters, tally};
use crate::store::{Conn, StoreError, events};

/// A change of the counts as a row of a table.
macro_rules! change {
    ($table:ident, $key:expr, $tally:expr) => {
        (
            $table::day.eq(Day::of($key.day).0),
            $table::unit_id.eq($key.unit.0),
            $table::procedure_id.eq($key.procedure.0),
            $table::channel.eq($key.channel.code()),
            $table::received_direct.eq($tally.received_direct),
            $table::received_online.eq($tally.received_online),
            $table::received_postal.eq($tally.received_postal),
            $table::early.eq($tally.early),
            $table::on_time.eq($tally.on_time),
            $table::overdue.eq($tally.overdue),
            $table::crossed.eq($tally.crossed),
            $table::moved.eq($tally.moved),
            $table::received_elsewhere.eq($tally.received_elsewhere),
            $table::received_for_others.eq($tally.received_for_others),
            $table::passed_on_late.eq($tally.passed_on_late),
            $table::refused.eq($tally.refused),
            $table::stopped.eq($tally.stopped),
            $table::withdrawn.eq($tally.withdrawn),
            $table::left_out.eq($tally.left_out),
            $table::left_out_overdue.eq($tally.left_out_overdue),
        )
    };
}

/// Writes what a transaction changes in the counts; what was recorded on a later day than its own
/// once more with both days.
pub fn insert_deltas(conn: &mut Conn, changes: &Tallies) -> Result<(), StoreError> {
    for (key, tally) in changes.iter().filter(|(_, tally)| !tally.is_zero()) {
        if key.is_late() {
            insert_late(conn, key, tally)?;
        }
        let query =
            diesel::insert_into(tally_deltas::table).values(change!(tally_deltas, key, tally));
        on_either!(conn, |conn| query.execute(conn))?;
    }
    Ok(())
}

/// A stored change.
#[derive(Queryable)]
pub(super) struct Delta {
    pub(super) id: i64,
    day: i32,
    unit_id: i32,
    procedure_id: i32,
    channel: i16,
    counters: Counters<i64>,
}

/// The columns of a [`Delta`].
macro_rules! delta_columns {
    ($table:ident) => {
        (
            $table::id,
            $table::day,
            $table::unit_id,
            $table::procedure_id,
            $table::channel,
            counters!($table),
        )
    };
}

impl Delta {
    pub(super) fn parts(&self) -> Result<(TallyKey, Tally), StoreError> {
        let day = Day(self.day).date();
        let key = key(day, self.unit_id, self.procedure_id, self.channel)?;
        Ok((key, tally(self.counters)))
    }
}

/// The key of what counts on the day on which it was recorded.
pub(super) fn key(
    day: NaiveDate,
    unit: i32,
    procedure: i32,
    channel: i16,
) -> Result<TallyKey, StoreError> {
    Ok(TallyKey {
        day,
        recorded: day,
        unit: UnitId(unit),
        procedure: ProcedureId(procedure),
        channel: Channel::from_code(channel).ok_or_else(|| StoreError::corrupt("channel"))?,
    })
}

/// Writes what was recorded on a later day than its own.
pub fn insert_late(conn: &mut Conn, key: &TallyKey, tally: &Tally) -> Result<(), StoreError> {
    diesel::insert_into(late_tallies::table)
        .values((
            late_tallies::recorded_day.eq(Day::of(key.recorded).0),
            change!(late_tallies, key, tally),
        ))
        .execute(conn)?;
    Ok(())
}

/// All that was recorded late, by key, for `verify`.
pub fn late(conn: &mut Conn) -> Result<Tallies, StoreError> {
    let rows: Vec<(i32, Delta)> = late_tallies::table
        .select((late_tallies::recorded_day, delta_columns!(late_tallies)))
        .load(conn)?;
    let mut all = Tallies::new();
    for (recorded, row) in rows {
        let (key, tally) = row.parts()?;
        let recorded = Day(recorded).date();
        *all.entry(TallyKey { recorded, ..key }).or_default() += tally;
    }
    all.retain(|_, tally| !tally.is_zero());
    Ok(all)
}

/// What was recorded late, after the day `known_on`.
pub(super) fn late_after(conn: &mut Conn, known_on: NaiveDate) -> Result<Vec<Delta>, StoreError> {
    Ok(late_tallies::table
        .filter(late_tallies::recorded_day.gt(Day::of(known_on).0))
        .select(delta_columns!(late_tallies))
        .load(conn)?)
}

/// All that waits to be folded.
pub(super) fn unfolded(conn: &mut Conn) -> Result<Vec<Delta>, StoreError> {
    Ok(tally_deltas::table
        .select(delta_columns!(tally_deltas))
        .load(conn)?)
}

/// The first of what waits to be folded, and on PostgreSQL is not being folded by another instance.
pub(super) fn first_unfolded(conn: &mut Conn, limit: u32) -> Result<Vec<Delta>, StoreError> {
    let query = tally_deltas::table
        .select(delta_columns!(tally_deltas))
        .order(tally_deltas::id)
        .limit(i64::from(limit));
    Ok(match conn {
        Conn::Sqlite(conn) => query.load(conn)?,
        Conn::Postgres(conn) => query.for_update().skip_locked().load(conn)?,
    })
}

/// Takes away what has been folded.
pub(super) fn delete(conn: &mut Conn, folded: &[Delta]) -> Result<(), StoreError> {
    for ids in folded.chunks(500) {
        let ids: Vec<i64> = ids.iter().map(|delta| delta.id).collect();
        diesel::delete(tally_deltas::table.filter(tally_deltas::id.eq_any(ids))).execute(conn)?;
    }
    Ok(())
}

/// How many deltas wait to be folded.
pub fn waiting(conn: &mut Conn) -> Result<i64, StoreError> {
    Ok(tally_deltas::table.count().get_result(conn)?)
}

/// Counts how the resolved of before ended: what the columns of migration 0018 hold for them. A dossier whose history
/// cannot be read is left out: `verify` tells of it.
pub fn count_endings(conn: &mut Conn) -> Result<(), StoreError> {
    // Withdrawn, stopped, refused.
    let ids: Vec<Vec<u8>> = dossier_events::table
        .filter(
            dossier_events::kind
                .eq_any([13_i16, 14])
                .or(dossier_events::kind
                    .eq(11)
                    .and(dossier_events::data.like("%\"refused\"%"))),
        )
        .select(dossier_events::dossier_id)
        .distinct()
        .load(conn)?;
    events::of_each(conn, ids, |conn, id, history| {
        let mut counts = Tallies::new();
        follow(None, id, history, &mut counts).map_err(|error| events::unfit(id, &error))?;
        insert_deltas(conn, &endings(counts))
    })
}

/// Of these counts, those of how the resolved ended.
fn endings(mut counts: Tallies) -> Tallies {
    for tally in counts.values_mut() {
        *tally = Tally {
            refused: tally.refused,
            stopped: tally.stopped,
            withdrawn: tally.withdrawn,
            ..Tally::default()
        };
    }
    counts.retain(|_, tally| !tally.is_zero());
    counts
}
