//! What a report reads: roll-ups, the deltas not yet folded, and what corrects them. To be asked within
//! one snapshot ([`Store::read`]), so that all of it is of one moment.
//!
//! [`Store::read`]: crate::store::Store::read

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use diesel::dsl::{min, sum};
use diesel::prelude::*;

use crate::domain::ids::UnitId;
use crate::domain::moment::Moment;
use crate::domain::period::{Buckets, Period, cut, end_of};
use crate::domain::reversal::Reversal;
use crate::domain::tally::{Tally, TallyKey};
use crate::store::reference::Reference;
use crate::store::schema::{dossiers, rollups};
use crate::store::tallies::{Counters, Dimension, deltas};
use crate::store::{Conn, StoreError, reversals};

/// Counts by (key, subkey) of a dimension.
pub type Sums = BTreeMap<(i32, i32), Tally>;

/// What a dimension counts, as of one moment.
#[derive(Default)]
pub struct Counts {
    /// On all days before the first span.
    pub before: Sums,
    /// By span.
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

    /// Adds a change on the day on which it counts.
    fn add(&mut self, spans: &[Period], day: NaiveDate, key: (i32, i32), tally: Tally) {
        if spans.first().is_some_and(|first| day < first.from) {
            *self.before.entry(key).or_default() += tally;
        }
        for (span, sums) in spans.iter().zip(&mut self.spans) {
            if span.contains(day) {
                *sums.entry(key).or_default() += tally;
            }
        }
    }
}

/// What is counted: a dimension, of everything or of some units only.
#[derive(Debug, Clone, Copy)]
pub struct Counted<'a> {
    dimension: Dimension,
    units: Option<&'a BTreeSet<UnitId>>,
}

impl<'a> Counted<'a> {
    /// Of everything.
    pub const fn all(dimension: Dimension) -> Self {
        Self {
            dimension,
            units: None,
        }
    }

    /// Of these units: for the dimensions whose key is a unit.
    pub fn of(dimension: Dimension, units: &'a BTreeSet<UnitId>) -> Self {
        debug_assert!(dimension.is_by_unit(), "{dimension:?}");
        Self {
            dimension,
            units: Some(units),
        }
    }

    /// The key of a change; `None` if it is of another unit.
    fn key(self, of: &TallyKey, reference: &Reference) -> Result<Option<(i32, i32)>, StoreError> {
        if self.units.is_some_and(|units| !units.contains(&of.unit)) {
            return Ok(None);
        }
        self.dimension.key(of, reference).map(Some)
    }
}

/// Counts over spans of days that follow each other, as it was known at the end of
/// `known_on`; with the crossings before `until` that the sweep is behind by. It costs the buckets of
/// the spans and what waits to be folded or recorded.
///
/// # Errors
/// If a unit or procedure is unknown.
pub fn count(
    conn: &mut Conn,
    reference: &Reference,
    counted: Counted<'_>,
    spans: &[Period],
    until: Moment,
    known_on: NaiveDate,
) -> Result<Counts, StoreError> {
    let mut counts = Counts::default();
    let (Some(first), Some(last)) = (spans.first(), spans.last()) else {
        return Ok(counts);
    };
    if let Some(before) = Period::before(first.from) {
        counts.before = rolled_up(conn, counted, before)?;
    }
    for span in spans {
        counts.spans.push(rolled_up(conn, counted, *span)?);
    }
    let key = |of: &TallyKey| counted.key(of, reference);
    for delta in deltas::unfolded(conn)? {
        let (of, tally) = delta.parts()?;
        if let Some(key) = key(&of)? {
            counts.add(spans, of.day, key, tally);
        }
    }
    for late in deltas::late_after(conn, known_on)? {
        let (of, tally) = late.parts()?;
        if let Some(key) = key(&of)? {
            counts.add(spans, of.day, key, -tally);
        }
    }
    for (at, of) in behind(conn, until, known_on)? {
        counts.behind.extend(key(&of)?.map(|key| (at, key)));
    }
    let days = Period {
        from: first.from,
        to: last.to,
    };
    for reversal in reversals::within(conn, days, known_on)? {
        let of = TallyKey {
            day: reversal.day,
            recorded: reversal.recorded,
            unit: reversal.unit,
            procedure: reversal.procedure,
            channel: reversal.channel,
        };
        counts
            .reversals
            .extend(key(&of)?.map(|key| (reversal, key)));
    }
    Ok(counts)
}

/// The roll-ups of a period, a statement a run of buckets.
fn rolled_up(conn: &mut Conn, counted: Counted<'_>, period: Period) -> Result<Sums, StoreError> {
    let mut sums = Sums::new();
    for Buckets { grain, first, last } in cut(period) {
        let dimension = rollups::dimension.eq(counted.dimension as i16);
        let grain = rollups::grain.eq(grain.code());
        let rows = rollups::table
            .filter(dimension.and(grain))
            .group_by((rollups::key, rollups::subkey))
            .select((
                rollups::key,
                rollups::subkey,
                (
                    sum(rollups::received_direct),
                    sum(rollups::received_online),
                    sum(rollups::received_postal),
                    sum(rollups::early),
                    sum(rollups::on_time),
                    sum(rollups::overdue),
                    sum(rollups::crossed),
                    sum(rollups::moved),
                    sum(rollups::received_elsewhere),
                    sum(rollups::received_for_others),
                    sum(rollups::passed_on_late),
                    sum(rollups::refused),
                    sum(rollups::stopped),
                    sum(rollups::withdrawn),
                    sum(rollups::left_out),
                    sum(rollups::left_out_overdue),
                ),
            ))
            .into_boxed();
        let rows = match counted.units {
            None => rows.filter(rollups::bucket.between(first, last)),
            // Bucket by bucket, in each of which a unit's rows lie side by side in the key: there are far more of
            // others.
            Some(units) => {
                let earliest: Option<i32> = rollups::table
                    .filter(dimension.and(grain))
                    .select(min(rollups::bucket))
                    .get_result(conn)?;
                let earliest = earliest.map(|earliest| first.max(earliest)..=last);
                let buckets: Vec<i32> = earliest.into_iter().flatten().collect();
                let units: Vec<i32> = units.iter().map(|unit| unit.0).collect();
                rows.filter(rollups::bucket.eq_any(buckets))
                    .filter(rollups::key.eq_any(units))
            }
        };
        let rows: Vec<(i32, i32, Counters<Option<i64>>)> = rows.load(conn)?;
        for (key, subkey, counters) in rows {
            *sums.entry((key, subkey)).or_default() += of_sums(counters);
        }
    }
    Ok(sums)
}

/// A sum is null over no rows only, and every group has one.
fn of_sums(counters: Counters<Option<i64>>) -> Tally {
    let (a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p) = counters;
    Tally::from_array(
        [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p].map(Option::unwrap_or_default),
    )
}

/// Dossiers that crossed their due moment before `until` without an event that says so, as known at the
/// end of `known_on`: from the index of watched dossiers.
fn behind(
    conn: &mut Conn,
    until: Moment,
    known_on: NaiveDate,
) -> Result<Vec<(Moment, TallyKey)>, StoreError> {
    let rows: Vec<(i64, i32, i32, i16)> = dossiers::table
        // PostgreSQL reckons with few rows between two ends, but with a third of all before one, and
        // would read them.
        // What was entered late is watched from the end of that day on.
        .filter(
            dossiers::watch_at
                .between(i64::MIN + 1, until.unix_millis() - 1)
                .or(dossiers::watch_at.eq(end_of(known_on).unix_millis())),
        )
        .filter(dossiers::late_at.lt(until.unix_millis()))
        .filter(dossiers::recorded_at.lt(end_of(known_on).unix_millis()))
        .select((
            dossiers::late_at.assume_not_null(),
            dossiers::unit_id,
            dossiers::procedure_id,
            dossiers::channel,
        ))
        .load(conn)?;
    let crossed = rows.into_iter().map(|(at, unit, procedure, channel)| {
        let at = Moment::from_unix_millis(at);
        Ok((at, deltas::key(at.date(), unit, procedure, channel)?))
    });
    crossed.collect()
}
