//! The roll-ups: counts by dimension, day and reporting month.

use std::collections::BTreeMap;

use diesel::prelude::*;
use diesel::upsert::excluded;

use crate::domain::period::Grain;
use crate::domain::tally::{Tallies, Tally, follow};
use crate::store::reference::Reference;
use crate::store::schema::rollups;
use crate::store::tallies::{Counters, Dimension, counters, deltas, tally};
use crate::store::{Conn, StoreError, events};

/// The rows of the roll-ups that a set of changes touches.
pub type RollupRows = BTreeMap<RollupKey, Tally>;

/// The key of a row of the roll-ups.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RollupKey {
    pub dimension: i16,
    pub grain: i16,
    pub bucket: i32,
    pub key: i32,
    pub subkey: i32,
}

/// Spreads changes over all dimensions and grains.
///
/// # Errors
/// If a unit or procedure is unknown.
pub fn spread(
    changes: &Tallies,
    reference: &Reference,
    into: &mut RollupRows,
) -> Result<(), StoreError> {
    spread_over(&Dimension::ALL, changes, reference, into)
}

fn spread_over(
    dimensions: &[Dimension],
    changes: &Tallies,
    reference: &Reference,
    into: &mut RollupRows,
) -> Result<(), StoreError> {
    for (of, tally) in changes.iter().filter(|(_, tally)| !tally.is_zero()) {
        for &dimension in dimensions {
            let (key, subkey) = dimension.key(of, reference)?;
            for grain in Grain::ALL {
                let row = RollupKey {
                    dimension: dimension as i16,
                    grain: grain.code(),
                    bucket: grain.bucket(of.day),
                    key,
                    subkey,
                };
                *into.entry(row).or_default() += *tally;
            }
        }
    }
    Ok(())
}

/// Takes up to `limit` deltas away and adds them to the roll-ups; returns how many. To be run in
/// a transaction of its own. Several instances may fold side by side.
pub fn fold(conn: &mut Conn, reference: &Reference, limit: u32) -> Result<usize, StoreError> {
    let rows = deltas::first_unfolded(conn, limit)?;
    let mut changes = Tallies::new();
    for row in &rows {
        let (key, tally) = row.parts()?;
        *changes.entry(key).or_default() += tally;
    }
    add_to_rollups(conn, &changes, reference)?;
    deltas::delete(conn, &rows)?;
    Ok(rows.len())
}

#[derive(Clone, Copy, Insertable)]
#[diesel(table_name = rollups, treat_none_as_default_value = false)]
struct RollupRow {
    dimension: i16,
    grain: i16,
    bucket: i32,
    key: i32,
    subkey: i32,
    received_direct: i32,
    received_online: i32,
    received_postal: i32,
    early: i32,
    on_time: i32,
    overdue: i32,
    crossed: i32,
    moved: i32,
    received_elsewhere: i32,
    received_for_others: i32,
    passed_on_late: i32,
    refused: i32,
    stopped: i32,
    withdrawn: i32,
    left_out: i32,
    left_out_overdue: i32,
}

impl RollupRow {
    /// # Errors
    /// If a counter of one bucket is beyond two thousand million.
    fn new((key, tally): (&RollupKey, &Tally)) -> Result<Self, StoreError> {
        let counter = |n: i64| {
            let too_many = || StoreError::corrupt(format!("rollups: {n} trong một ô"));
            i32::try_from(n).map_err(|_| too_many())
        };
        Ok(Self {
            dimension: key.dimension,
            grain: key.grain,
            bucket: key.bucket,
            key: key.key,
            subkey: key.subkey,
            received_direct: counter(tally.received_direct)?,
            received_online: counter(tally.received_online)?,
            received_postal: counter(tally.received_postal)?,
            early: counter(tally.early)?,
            on_time: counter(tally.on_time)?,
            overdue: counter(tally.overdue)?,
            crossed: counter(tally.crossed)?,
            moved: counter(tally.moved)?,
            received_elsewhere: counter(tally.received_elsewhere)?,
            received_for_others: counter(tally.received_for_others)?,
            passed_on_late: counter(tally.passed_on_late)?,
            refused: counter(tally.refused)?,
            stopped: counter(tally.stopped)?,
            withdrawn: counter(tally.withdrawn)?,
            left_out: counter(tally.left_out)?,
            left_out_overdue: counter(tally.left_out_overdue)?,
        })
    }
}

macro_rules! add_rows {
    ($rows:expr, $conn:expr) => {
        diesel::insert_into(rollups::table)
            .values($rows)
            .on_conflict((
                rollups::dimension,
                rollups::grain,
                rollups::bucket,
                rollups::key,
                rollups::subkey,
            ))
            .do_update()
            .set((
                rollups::received_direct
                    .eq(rollups::received_direct + excluded(rollups::received_direct)),
                rollups::received_online
                    .eq(rollups::received_online + excluded(rollups::received_online)),
                rollups::received_postal
                    .eq(rollups::received_postal + excluded(rollups::received_postal)),
                rollups::early.eq(rollups::early + excluded(rollups::early)),
                rollups::on_time.eq(rollups::on_time + excluded(rollups::on_time)),
                rollups::overdue.eq(rollups::overdue + excluded(rollups::overdue)),
                rollups::crossed.eq(rollups::crossed + excluded(rollups::crossed)),
                rollups::moved.eq(rollups::moved + excluded(rollups::moved)),
                rollups::received_elsewhere
                    .eq(rollups::received_elsewhere + excluded(rollups::received_elsewhere)),
                rollups::received_for_others
                    .eq(rollups::received_for_others + excluded(rollups::received_for_others)),
                rollups::passed_on_late
                    .eq(rollups::passed_on_late + excluded(rollups::passed_on_late)),
                rollups::refused.eq(rollups::refused + excluded(rollups::refused)),
                rollups::stopped.eq(rollups::stopped + excluded(rollups::stopped)),
                rollups::withdrawn.eq(rollups::withdrawn + excluded(rollups::withdrawn)),
                rollups::left_out.eq(rollups::left_out + excluded(rollups::left_out)),
                rollups::left_out_overdue
                    .eq(rollups::left_out_overdue + excluded(rollups::left_out_overdue)),
            ))
            .execute($conn)?
    };
}

/// Adds changes to the roll-ups.
///
/// # Errors
/// If a unit or procedure is unknown.
pub fn add_to_rollups(
    conn: &mut Conn,
    changes: &Tallies,
    reference: &Reference,
) -> Result<(), StoreError> {
    let mut rows = RollupRows::new();
    spread(changes, reference, &mut rows)?;
    add_rows(conn, &rows)
}

/// Adds changes, spread already, to the roll-ups.
pub fn add_rows(conn: &mut Conn, rows: &RollupRows) -> Result<(), StoreError> {
    match conn {
        Conn::Sqlite(conn) => {
            for row in rows {
                add_rows!(RollupRow::new(row)?, conn);
            }
        }
        Conn::Postgres(conn) => {
            // In the order of the keys, so that instances that fold side by side wait for each
            // other instead of locking crosswise.
            let rows: Vec<RollupRow> = rows.iter().map(RollupRow::new).collect::<Result<_, _>>()?;
            for chunk in rows.chunks(2000) {
                // 21 parameters a row; a statement takes 65 535.
                add_rows!(chunk.to_vec(), conn);
            }
        }
    }
    Ok(())
}

/// Counts what was there before by the dimensions that migration 0036 has added, from the events. A dossier whose
/// history cannot be read is left out: `verify` tells of it.
///
/// # Errors
/// If a unit or procedure is unknown.
pub fn count_by_unit(conn: &mut Conn, reference: &Reference) -> Result<(), StoreError> {
    /// Rows in memory, some 200 bytes each.
    const MANY: usize = 500_000;
    let mut rows = RollupRows::new();
    // What waits is folded into these dimensions as into all others.
    let mut waiting = Tallies::new();
    for delta in deltas::unfolded(conn)? {
        let (key, tally) = delta.parts()?;
        *waiting.entry(key).or_default() += -tally;
    }
    spread_over(&Dimension::ADDED, &waiting, reference, &mut rows)?;
    events::of_all(conn, |conn, id, history| {
        let mut counts = Tallies::new();
        follow(None, id, history, &mut counts).map_err(|error| events::unfit(id, &error))?;
        spread_over(&Dimension::ADDED, &counts, reference, &mut rows)?;
        if rows.len() > MANY {
            add_rows(conn, &std::mem::take(&mut rows))?;
        }
        Ok(())
    })?;
    add_rows(conn, &rows)
}

/// Takes away rows that count nothing.
pub fn remove_empty(conn: &mut Conn) -> Result<(), StoreError> {
    let empty = Tally::NAMES.map(|name| format!("{name} = 0")).join(" and ");
    diesel::sql_query(format!("delete from rollups where {empty}")).execute(conn)?;
    Ok(())
}

/// All rows of the roll-ups with the waiting deltas added, for `verify`.
pub fn effective_rollups(conn: &mut Conn, reference: &Reference) -> Result<RollupRows, StoreError> {
    let mut rows = RollupRows::new();
    let stored: Vec<(i16, i16, i32, i32, i32, Counters<i32>)> = rollups::table
        .filter(rollups::dimension.eq_any(Dimension::ALL.map(|dimension| dimension as i16)))
        .select((
            rollups::dimension,
            rollups::grain,
            rollups::bucket,
            rollups::key,
            rollups::subkey,
            counters!(rollups),
        ))
        .load(conn)?;
    for (dimension, grain, bucket, key, subkey, counters) in stored {
        let key = RollupKey {
            dimension,
            grain,
            bucket,
            key,
            subkey,
        };
        *rows.entry(key).or_default() += tally(counters);
    }
    let mut changes = Tallies::new();
    for delta in deltas::unfolded(conn)? {
        let (key, tally) = delta.parts()?;
        *changes.entry(key).or_default() += tally;
    }
    spread(&changes, reference, &mut rows)?;
    rows.retain(|_, tally| !tally.is_zero());
    Ok(rows)
}
