//! Counts for reports: the deltas that events write, and the roll-ups they are folded into.
//!
//! A report sums roll-ups and the deltas not yet folded, in one snapshot, so it is exact at every
//! moment. No write touches a counter that another write needs.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use diesel::backend::Backend;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::serialize::ToSql;
use diesel::sql_types::{BigInt, HasSqlType, Integer};
use diesel::sqlite::Sqlite;
use diesel::upsert::excluded;

use crate::domain::dossier::Channel;
use crate::domain::ids::{ProcedureId, UnitId};
use crate::domain::moment::Moment;
use crate::domain::period::{Buckets, Day, Grain, Period, cut, end_of};
use crate::domain::reversal::Reversal;
use crate::domain::tally::{Tallies, Tally, TallyKey};
use crate::store::reference::Reference;
use crate::store::schema::{late_tallies, rollups, tally_deltas};
use crate::store::{Conn, StoreError, reversals, settings};

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
        )
    };
}

/// Writes what a transaction changes in the counts; what was recorded on a later day than its own
/// once more with both days.
pub(super) fn insert_deltas(conn: &mut Conn, changes: &Tallies) -> Result<(), StoreError> {
    for (key, tally) in changes.iter().filter(|(_, tally)| !tally.is_zero()) {
        if key.is_late() {
            insert_late(conn, key, tally)?;
        }
        diesel::insert_into(tally_deltas::table)
            .values(change!(tally_deltas, key, tally))
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

impl DeltaRow {
    fn parts(&self) -> Result<(TallyKey, Tally), StoreError> {
        let channel = Channel::from_code(self.channel)
            .ok_or_else(|| StoreError::corrupt("tally_deltas.channel"))?;
        let day = Day(self.day).date();
        let key = TallyKey {
            day,
            recorded: day,
            unit: UnitId(self.unit_id),
            procedure: ProcedureId(self.procedure_id),
            channel,
        };
        Ok((key, tally(self.counters)))
    }
}

/// Writes what was recorded on a later day than its own.
///
/// # Errors
/// If the database refuses.
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
///
/// # Errors
/// If the database refuses.
pub fn late(conn: &mut Conn) -> Result<Tallies, StoreError> {
    let rows: Vec<(i32, DeltaRow)> = late_tallies::table
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

/// Takes up to `limit` deltas away and adds them to the roll-ups; returns how many. To be run in
/// a transaction of its own. Several instances may fold side by side.
///
/// # Errors
/// If the database refuses.
pub fn fold(conn: &mut Conn, reference: &Reference, limit: u32) -> Result<usize, StoreError> {
    let query = tally_deltas::table
        .select(delta_columns!(tally_deltas))
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
            let grains = Grain::ALL.into_iter();
            for (grain, bucket) in grains.flat_map(|g| g.buckets(of.day).map(move |b| (g, b))) {
                let row = RollupKey {
                    dimension: dimension as i16,
                    grain: grain.code(),
                    bucket,
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
    received_direct: i32,
    received_online: i32,
    received_postal: i32,
    early: i32,
    on_time: i32,
    overdue: i32,
    crossed: i32,
    moved: i32,
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
                add_rows!(RollupRow::new(row)?, conn);
            }
        }
        Conn::Postgres(conn) => {
            // In the order of the keys, so that instances that fold side by side wait for each
            // other instead of locking crosswise.
            let rows: Vec<RollupRow> = rows.iter().map(RollupRow::new).collect::<Result<_, _>>()?;
            for chunk in rows.chunks(2000) {
                // 13 parameters a row; a statement takes 65 535.
                add_rows!(chunk.to_vec(), conn);
            }
        }
    }
    Ok(())
}

/// Takes away rows that count nothing.
///
/// # Errors
/// If the database refuses.
pub fn remove_empty(conn: &mut Conn) -> Result<(), StoreError> {
    let empty = Tally::NAMES.map(|name| format!("{name} = 0")).join(" and ");
    diesel::sql_query(format!("delete from rollups where {empty}")).execute(conn)?;
    Ok(())
}

/// All rows of the roll-ups with the waiting deltas added, for `verify`.
///
/// # Errors
/// If the database refuses.
pub fn effective_rollups(conn: &mut Conn, reference: &Reference) -> Result<RollupRows, StoreError> {
    let mut rows = RollupRows::new();
    type Stored = (i32, i32, i32, i32, i32, i32, i32, i32);
    let stored: Vec<(i16, i16, i32, i32, i32, Stored)> = rollups::table
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
        let (a, b, c, d, e, f, g, h) = counters;
        let counters = [a, b, c, d, e, f, g, h].map(i64::from);
        *rows.entry(key).or_default() += Tally::from_array(counters);
    }
    let mut changes = Tallies::new();
    let waiting: Vec<DeltaRow> = tally_deltas::table
        .select(delta_columns!(tally_deltas))
        .load(conn)?;
    for row in waiting {
        let (key, tally) = row.parts()?;
        *changes.entry(key).or_default() += tally;
    }
    spread(&changes, reference, &mut rows)?;
    rows.retain(|_, tally| !tally.is_zero());
    Ok(rows)
}

/// A row of the one statement that reports are made from: counts of a bucket run, a delta, what was
/// recorded too late, a crossing that nobody has recorded yet, a reversal, or the version of the reference data.
/// What the four keys are depends on which.
#[derive(Queryable)]
struct CountRow {
    /// Which of the spans; [`DELTA`], [`LATE`], [`CROSSING`], [`REVERSAL`] or [`VERSION`].
    part: i32,
    a: i32,
    b: i32,
    c: i32,
    d: i32,
    counters: Counters,
}

/// The columns of a [`CountRow`].
type CountColumns = (
    Integer,
    Integer,
    Integer,
    Integer,
    Integer,
    (
        BigInt,
        BigInt,
        BigInt,
        BigInt,
        BigInt,
        BigInt,
        BigInt,
        BigInt,
    ),
);

const DELTA: i32 = -1;
const CROSSING: i32 = -2;
const VERSION: i32 = -3;
const LATE: i32 = -4;
const REVERSAL: i32 = -5;

impl CountRow {
    const fn tally(&self) -> Tally {
        tally(self.counters)
    }

    /// Where a delta or a crossing belongs.
    fn key(&self, day: NaiveDate) -> Result<TallyKey, StoreError> {
        let channel = i16::try_from(self.d).ok().and_then(Channel::from_code);
        Ok(TallyKey {
            day,
            recorded: day,
            unit: UnitId(self.b),
            procedure: ProcedureId(self.c),
            channel: channel.ok_or_else(|| StoreError::corrupt("channel"))?,
        })
    }
}

/// Counts by (key, subkey) of a dimension.
pub type Sums = BTreeMap<(i32, i32), Tally>;

/// Days to be counted, first and last included.
pub type Days = (NaiveDate, NaiveDate);

/// What a dimension counts, as of one moment.
pub struct Counts {
    /// By span: roll-ups and the deltas not yet folded.
    pub spans: Vec<Sums>,
    /// Crossings of due moments that no event records yet: what the sweep is behind by.
    behind: Vec<(Moment, (i32, i32))>,
    /// What takes back or takes along.
    reversals: Vec<(Reversal, (i32, i32))>,
}

impl Counts {
    /// What a report over a period corrects, by key: for [`Standing::corrected`].
    ///
    /// [`Standing::corrected`]: crate::domain::tally::Standing::corrected
    pub fn corrections(&self, period: Period) -> Sums {
        let mut sums = Sums::new();
        for (reversal, key) in &self.reversals {
            if let Some(tally) = reversal.correction(period.from, period.to) {
                *sums.entry(*key).or_default() += tally;
            }
        }
        sums
    }

    /// Crossings before `until` that no event records yet, by key.
    pub fn behind(&self, until: Moment) -> impl Iterator<Item = (i32, i32)> {
        let before = self.behind.iter().filter(move |(at, _)| *at < until);
        before.map(|(_, key)| *key)
    }
}

/// Counts a dimension over spans of days as it was known at the end of `known_on`, the crossings before
/// `until` that the sweep is behind by, and what takes back or takes along on the days `reversed`. One statement, so all of it is of one moment: it costs the buckets of the spans and what
/// waits to be folded or recorded.
///
/// # Errors
/// If the database refuses, or the reference data have changed since they were read.
pub fn count(
    conn: &mut Conn,
    dimension: Dimension,
    spans: &[Days],
    until: Moment,
    known_on: NaiveDate,
    reversed: Days,
    reference: &Reference,
) -> Result<Counts, StoreError> {
    let query = CountQuery::new(dimension, spans, until, known_on, reversed);
    let rows: Vec<CountRow> = match conn {
        Conn::Sqlite(conn) => query.load(conn)?,
        Conn::Postgres(conn) => query.load(conn)?,
    };
    let versions = rows.iter().filter(|row| row.part == VERSION);
    let version = versions.map(|row| row.tally().moved).sum::<i64>();
    if u64::try_from(version) != Ok(reference.version()) {
        let reason = "đơn vị, thủ tục hoặc lịch vừa được đổi";
        return Err(StoreError::Conflict(reason.to_owned()));
    }
    let mut counts = Counts {
        spans: vec![Sums::new(); spans.len()],
        behind: Vec::new(),
        reversals: Vec::new(),
    };
    for row in rows {
        match row.part {
            VERSION => {}
            part @ (DELTA | LATE) => {
                let day = Day(row.a).date();
                let key = dimension.key(&row.key(day)?, reference)?;
                let tally = match part {
                    LATE => -row.tally(),
                    _ => row.tally(),
                };
                for ((first, last), sums) in spans.iter().zip(&mut counts.spans) {
                    if (*first..=*last).contains(&day) {
                        *sums.entry(key).or_default() += tally;
                    }
                }
            }
            CROSSING => {
                let at = Moment::from_unix_millis(row.tally().crossed);
                let key = dimension.key(&row.key(at.date())?, reference)?;
                counts.behind.push((at, key));
            }
            REVERSAL => {
                let tally = row.tally();
                let small = |n: i64| i32::try_from(n).unwrap_or_default();
                let days = (
                    row.a,
                    small(tally.received_postal),
                    small(tally.received_direct),
                );
                let channel = i16::try_from(row.d).unwrap_or_default();
                let what = i16::try_from(tally.received_online).unwrap_or_default();
                let reversal = reversals::reversal(days, row.b, row.c, channel, what)?;
                let key = dimension.key(&row.key(reversal.day)?, reference)?;
                counts.reversals.push((reversal, key));
            }
            span => {
                let span = usize::try_from(span).ok();
                if let Some(sums) = span.and_then(|i| counts.spans.get_mut(i)) {
                    *sums.entry((row.a, row.b)).or_default() += row.tally();
                }
            }
        }
    }
    Ok(counts)
}

/// The one statement. Days are parameters, so that both databases prepare it once for all reports of
/// its shape; diesel prepares what is given as text every time.
struct CountQuery {
    dimension: Dimension,
    /// Runs of buckets with the number of their span.
    runs: Vec<(usize, Buckets)>,
    until: i64,
    known_on: i32,
    /// Midnight after it.
    known_until: i64,
    /// The days of reversals.
    reversed: (i32, i32),
}

impl CountQuery {
    fn new(
        dimension: Dimension,
        spans: &[Days],
        until: Moment,
        known_on: NaiveDate,
        reversed: Days,
    ) -> Self {
        let runs = spans.iter().enumerate().flat_map(|(i, (first, last))| {
            let runs = cut(*first, *last).into_iter();
            runs.map(move |run| (i, run))
        });
        Self {
            dimension,
            runs: runs.collect(),
            until: until.unix_millis(),
            known_on: Day::of(known_on).0,
            known_until: end_of(known_on).unix_millis(),
            reversed: (Day::of(reversed.0).0, Day::of(reversed.1).0),
        }
    }

    fn write<'b, DB>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()>
    where
        DB: Backend + HasSqlType<Integer> + HasSqlType<BigInt>,
        i32: ToSql<Integer, DB>,
        i64: ToSql<BigInt, DB>,
    {
        // The counters are integers: a sum over them is a bigint, one over bigint a slow numeric.
        let sums = Tally::NAMES.map(|name| format!("sum({name}) as {name}"));
        let sums = sums.join(", ");
        let counters = Tally::NAMES.map(|name| format!("cast({name} as bigint) as {name}"));
        let counters = counters.join(", ");
        for (span, Buckets { grain, first, last }) in &self.runs {
            let one = first == last;
            out.push_sql(&format!(
                "select {span} as part, key as a, subkey as b, 0 as c, 0 as d, {} from rollups \
                 where dimension = {} and grain = {} and bucket ",
                if one { &counters } else { &sums },
                self.dimension as i16,
                grain.code(),
            ));
            if one {
                // A bucket has one row for a key.
                out.push_sql("= ");
                out.push_bind_param::<Integer, _>(first)?;
            } else {
                out.push_sql("between ");
                out.push_bind_param::<Integer, _>(first)?;
                out.push_sql(" and ");
                out.push_bind_param::<Integer, _>(last)?;
                out.push_sql(" group by key, subkey");
            }
            out.push_sql(" union all ");
        }
        out.push_sql(&format!(
            "select {DELTA} as part, day as a, unit_id as b, procedure_id as c, \
             cast(channel as integer) as d, {} from tally_deltas union all ",
            Tally::NAMES.join(", "),
        ));
        out.push_sql(&format!(
            "select {LATE} as part, day as a, unit_id as b, procedure_id as c, \
             cast(channel as integer) as d, {} from late_tallies where recorded_day > ",
            Tally::NAMES.join(", "),
        ));
        out.push_bind_param::<Integer, _>(&self.known_on)?;
        out.push_sql(" union all ");
        // What is no counter travels in the place of one.
        let all_beside = |places: &[(&str, &str)]| {
            let counters = Tally::NAMES.map(|name| {
                let place = places.iter().find(|(place, _)| *place == name);
                let what = place.map_or("cast(0 as bigint)", |(_, what)| *what);
                format!("{what} as {name}")
            });
            counters.join(", ")
        };
        let beside = |place, what: &str| all_beside(&[(place, what)]);
        out.push_sql(&format!(
            "select {REVERSAL} as part, day as a, unit_id as b, procedure_id as c, \
             cast(channel as integer) as d, {} from tally_reversals where day between ",
            all_beside(&[
                ("received_direct", "cast(origin_day as bigint)"),
                ("received_online", "cast(what as bigint)"),
                ("received_postal", "cast(recorded_day as bigint)"),
            ]),
        ));
        out.push_bind_param::<Integer, _>(&self.reversed.0)?;
        out.push_sql(" and ");
        out.push_bind_param::<Integer, _>(&self.reversed.1)?;
        out.push_sql(" and recorded_day <= ");
        out.push_bind_param::<Integer, _>(&self.known_on)?;
        out.push_sql(" union all ");
        out.push_sql(&format!(
            "select {VERSION} as part, 0 as a, 0 as b, 0 as c, 0 as d, {} from settings \
             where key = '{}' union all ",
            beside("moved", "cast(value as bigint)"),
            settings::REFERENCE_VERSION,
        ));
        out.push_sql(&format!(
            "select {CROSSING} as part, 0 as a, unit_id as b, procedure_id as c, \
             cast(channel as integer) as d, {} from dossiers where watch_at >= {} and watch_at < ",
            beside("crossed", "watch_at"),
            // PostgreSQL reckons with few rows between two ends but with a third of all before one, and
            // would plan anew each time lest it read them.
            i64::MIN + 1,
        ));
        out.push_bind_param::<BigInt, _>(&self.until)?;
        // What was recorded later was not so before it.
        out.push_sql(" and recorded_at < ");
        out.push_bind_param::<BigInt, _>(&self.known_until)
    }
}

impl QueryId for CountQuery {
    type QueryId = ();

    // The text depends on the runs.
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl Query for CountQuery {
    type SqlType = CountColumns;
}

impl<C> RunQueryDsl<C> for CountQuery {}

impl QueryFragment<Sqlite> for CountQuery {
    fn walk_ast<'b>(&'b self, out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        self.write(out)
    }
}

impl QueryFragment<Pg> for CountQuery {
    fn walk_ast<'b>(&'b self, out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        self.write(out)
    }
}
