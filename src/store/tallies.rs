//! Counts for reports: the deltas that events write, and the roll-ups they are folded into.
//!
//! A report sums roll-ups and the deltas not yet folded, in one snapshot, so it is exact at every
//! moment. No write touches a counter that another write needs.

use std::collections::{BTreeMap, HashMap};

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Integer};
use diesel::upsert::excluded;

use super::reference::Reference;
use super::schema::{dossiers, rollups, tally_deltas};
use super::{Conn, StoreError};
use crate::domain::dossier::Channel;
use crate::domain::ids::{ProcedureId, UnitId};
use crate::domain::moment::Moment;
use crate::domain::period::{Buckets, Day, Grain, cut};
use crate::domain::tally::{Tallies, Tally, TallyKey};

/// By what the roll-ups are kept. Each has a key and a subkey.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Dimension {
    /// Level, channel.
    LevelChannel = 1,
    /// Unit, 0.
    Unit = 2,
    /// Field, level.
    FieldLevel = 3,
    /// Procedure version, 0.
    Procedure = 4,
    /// Unit, field.
    UnitField = 5,
}

impl Dimension {
    pub const ALL: [Self; 5] = [
        Self::LevelChannel,
        Self::Unit,
        Self::FieldLevel,
        Self::Procedure,
        Self::UnitField,
    ];

    /// Key and subkey of a change.
    fn key(self, of: &TallyKey, reference: &Reference) -> Result<(i32, i32), StoreError> {
        let level = || {
            let unit = reference.units().get(of.unit);
            unit.map(|unit| i32::from(unit.level.code()))
                .ok_or_else(|| StoreError::corrupt(format!("không có đơn vị {}", of.unit)))
        };
        let field = || {
            let procedure = reference.procedure(of.procedure);
            procedure
                .map(|p| p.field_id.0)
                .ok_or_else(|| StoreError::corrupt(format!("không có thủ tục {}", of.procedure)))
        };
        Ok(match self {
            Self::LevelChannel => (level()?, i32::from(of.channel.code())),
            Self::Unit => (of.unit.0, 0),
            Self::FieldLevel => (field()?, level()?),
            Self::Procedure => (of.procedure.0, 0),
            Self::UnitField => (of.unit.0, field()?),
        })
    }
}

/// Writes what a transaction changes in the counts.
pub(super) fn insert_deltas(conn: &mut Conn, changes: &Tallies) -> Result<(), StoreError> {
    for (key, tally) in changes.iter().filter(|(_, tally)| !tally.is_zero()) {
        diesel::insert_into(tally_deltas::table)
            .values((
                tally_deltas::day.eq(Day::of(key.day).0),
                tally_deltas::unit_id.eq(key.unit.0),
                tally_deltas::procedure_id.eq(key.procedure.0),
                tally_deltas::channel.eq(key.channel.code()),
                tally_deltas::received_direct.eq(tally.received_direct),
                tally_deltas::received_online.eq(tally.received_online),
                tally_deltas::received_postal.eq(tally.received_postal),
                tally_deltas::early.eq(tally.early),
                tally_deltas::on_time.eq(tally.on_time),
                tally_deltas::overdue.eq(tally.overdue),
                tally_deltas::crossed.eq(tally.crossed),
                tally_deltas::moved.eq(tally.moved),
            ))
            .execute(conn)?;
    }
    Ok(())
}

/// The counters of a row, in the order of [`Tally::to_array`].
type Counters = (i64, i64, i64, i64, i64, i64, i64, i64);

const fn tally(counters: Counters) -> Tally {
    let (a, b, c, d, e, f, g, h) = counters;
    Tally::from_array([a, b, c, d, e, f, g, h])
}

macro_rules! counters {
    ($table:ident) => {
        (
            $table::received_direct,
            $table::received_online,
            $table::received_postal,
            $table::early,
            $table::on_time,
            $table::overdue,
            $table::crossed,
            $table::moved,
        )
    };
}

#[derive(Queryable)]
struct DeltaRow {
    id: i64,
    day: i32,
    unit_id: i32,
    procedure_id: i32,
    channel: i16,
    counters: Counters,
}

/// The columns of a [`DeltaRow`].
macro_rules! delta_columns {
    () => {
        (
            tally_deltas::id,
            tally_deltas::day,
            tally_deltas::unit_id,
            tally_deltas::procedure_id,
            tally_deltas::channel,
            counters!(tally_deltas),
        )
    };
}

impl DeltaRow {
    fn parts(&self) -> Result<(TallyKey, Tally), StoreError> {
        let channel = Channel::from_code(self.channel)
            .ok_or_else(|| StoreError::corrupt("tally_deltas.channel"))?;
        let key = TallyKey {
            day: Day(self.day).date(),
            unit: UnitId(self.unit_id),
            procedure: ProcedureId(self.procedure_id),
            channel,
        };
        Ok((key, tally(self.counters)))
    }
}

/// Takes up to `limit` deltas away and adds them to the roll-ups; returns how many. To be run in
/// a transaction of its own. Several instances may fold side by side.
///
/// # Errors
/// If the database refuses.
pub fn fold(conn: &mut Conn, reference: &Reference, limit: u32) -> Result<usize, StoreError> {
    let query = tally_deltas::table
        .select(delta_columns!())
        .order(tally_deltas::id)
        .limit(i64::from(limit));
    let rows: Vec<DeltaRow> = match conn {
        Conn::Sqlite(conn) => query.load(conn)?,
        Conn::Postgres(conn) => query.for_update().skip_locked().load(conn)?,
    };
    let mut changes = Tallies::new();
    for row in &rows {
        let (key, tally) = row.parts()?;
        *changes.entry(key).or_default() += tally;
    }
    add_to_rollups(conn, &changes, reference)?;
    for ids in rows.chunks(500) {
        let ids: Vec<i64> = ids.iter().map(|row| row.id).collect();
        diesel::delete(tally_deltas::table.filter(tally_deltas::id.eq_any(ids))).execute(conn)?;
    }
    Ok(rows.len())
}

/// How many deltas wait to be folded.
///
/// # Errors
/// If the database refuses.
pub fn waiting(conn: &mut Conn) -> Result<i64, StoreError> {
    Ok(tally_deltas::table.count().get_result(conn)?)
}

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
    for (of, tally) in changes.iter().filter(|(_, tally)| !tally.is_zero()) {
        for dimension in Dimension::ALL {
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

#[derive(Clone, Copy, Insertable)]
#[diesel(table_name = rollups, treat_none_as_default_value = false)]
struct RollupRow {
    dimension: i16,
    grain: i16,
    bucket: i32,
    key: i32,
    subkey: i32,
    received_direct: i64,
    received_online: i64,
    received_postal: i64,
    early: i64,
    on_time: i64,
    overdue: i64,
    crossed: i64,
    moved: i64,
}

impl RollupRow {
    fn new((key, tally): (&RollupKey, &Tally)) -> Self {
        Self {
            dimension: key.dimension,
            grain: key.grain,
            bucket: key.bucket,
            key: key.key,
            subkey: key.subkey,
            received_direct: tally.received_direct,
            received_online: tally.received_online,
            received_postal: tally.received_postal,
            early: tally.early,
            on_time: tally.on_time,
            overdue: tally.overdue,
            crossed: tally.crossed,
            moved: tally.moved,
        }
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
            ))
            .execute($conn)?
    };
}

/// Adds changes to the roll-ups.
///
/// # Errors
/// If a unit or procedure is unknown, or the database refuses.
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
///
/// # Errors
/// If the database refuses.
pub fn add_rows(conn: &mut Conn, rows: &RollupRows) -> Result<(), StoreError> {
    match conn {
        Conn::Sqlite(conn) => {
            for row in rows {
                add_rows!(RollupRow::new(row), conn);
            }
        }
        Conn::Postgres(conn) => {
            // In the order of the keys, so that instances that fold side by side wait for each
            // other instead of locking crosswise.
            let rows: Vec<RollupRow> = rows.iter().map(RollupRow::new).collect();
            for chunk in rows.chunks(2000) {
                // 13 parameters a row; a statement takes 65 535.
                add_rows!(chunk.to_vec(), conn);
            }
        }
    }
    Ok(())
}

/// All rows of the roll-ups with the waiting deltas added, for `verify`.
///
/// # Errors
/// If the database refuses.
pub fn effective_rollups(conn: &mut Conn, reference: &Reference) -> Result<RollupRows, StoreError> {
    let mut rows = RollupRows::new();
    let stored: Vec<(i16, i16, i32, i32, i32, Counters)> = rollups::table
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
    let waiting: Vec<DeltaRow> = tally_deltas::table.select(delta_columns!()).load(conn)?;
    for row in waiting {
        let (key, tally) = row.parts()?;
        *changes.entry(key).or_default() += tally;
    }
    spread(&changes, reference, &mut rows)?;
    rows.retain(|_, tally| !tally.is_zero());
    Ok(rows)
}

#[derive(QueryableByName)]
struct SumRow {
    #[diesel(sql_type = Integer)]
    key: i32,
    #[diesel(sql_type = Integer)]
    subkey: i32,
    #[diesel(sql_type = BigInt)]
    received_direct: i64,
    #[diesel(sql_type = BigInt)]
    received_online: i64,
    #[diesel(sql_type = BigInt)]
    received_postal: i64,
    #[diesel(sql_type = BigInt)]
    early: i64,
    #[diesel(sql_type = BigInt)]
    on_time: i64,
    #[diesel(sql_type = BigInt)]
    overdue: i64,
    #[diesel(sql_type = BigInt)]
    crossed: i64,
    #[diesel(sql_type = BigInt)]
    moved: i64,
}

/// Counts by (key, subkey) of a dimension.
pub type Sums = HashMap<(i32, i32), Tally>;

/// Sums a dimension over the days from `from` to `to` (both included): roll-ups and the deltas
/// not yet folded. To be run in one snapshot with what it is compared to.
///
/// # Errors
/// If the database refuses.
pub fn sum(
    conn: &mut Conn,
    dimension: Dimension,
    from: chrono::NaiveDate,
    to: chrono::NaiveDate,
    reference: &Reference,
) -> Result<Sums, StoreError> {
    let mut sums = Sums::new();
    for run in cut(from, to) {
        for row in sum_run(conn, dimension, run)? {
            *sums.entry((row.key, row.subkey)).or_default() += Tally {
                received_direct: row.received_direct,
                received_online: row.received_online,
                received_postal: row.received_postal,
                early: row.early,
                on_time: row.on_time,
                overdue: row.overdue,
                crossed: row.crossed,
                moved: row.moved,
            };
        }
    }
    let days = (Day::of(from).0, Day::of(to).0);
    let waiting: Vec<DeltaRow> = tally_deltas::table
        .select(delta_columns!())
        .filter(tally_deltas::day.between(days.0, days.1))
        .load(conn)?;
    for row in waiting {
        let (of, tally) = row.parts()?;
        *sums.entry(dimension.key(&of, reference)?).or_default() += tally;
    }
    Ok(sums)
}

/// Crossings of due moments before `until` that no event records yet, by key: what the sweep is
/// behind by. Costs the crossings that are behind.
///
/// # Errors
/// If the database refuses.
pub fn unrecorded_crossings(
    conn: &mut Conn,
    dimension: Dimension,
    until: Moment,
    reference: &Reference,
) -> Result<HashMap<(i32, i32), i64>, StoreError> {
    let rows: Vec<(i32, i32, i16)> = dossiers::table
        .filter(dossiers::watch_at.lt(until.unix_millis()))
        .select((dossiers::unit_id, dossiers::procedure_id, dossiers::channel))
        .load(conn)?;
    let mut crossings = HashMap::new();
    for (unit, procedure, channel) in rows {
        let of = TallyKey {
            day: until.date(),
            unit: UnitId(unit),
            procedure: ProcedureId(procedure),
            channel: Channel::from_code(channel)
                .ok_or_else(|| StoreError::corrupt("dossiers.channel"))?,
        };
        *crossings.entry(dimension.key(&of, reference)?).or_default() += 1;
    }
    Ok(crossings)
}

fn sum_run(conn: &mut Conn, dimension: Dimension, run: Buckets) -> Result<Vec<SumRow>, StoreError> {
    // Only numbers go into the text. diesel's own sum over bigint is a numeric on PostgreSQL.
    let counters: Vec<String> = Tally::NAMES
        .iter()
        .map(|name| format!("cast(sum({name}) as bigint) as {name}"))
        .collect();
    let query = format!(
        "select key, subkey, {} from rollups \
         where dimension = {} and grain = {} and bucket between {} and {} group by key, subkey",
        counters.join(", "),
        dimension as i16,
        run.grain.code(),
        run.first,
        run.last,
    );
    Ok(diesel::sql_query(query).load(conn)?)
}
