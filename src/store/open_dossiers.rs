//! Open dossiers, and those whose result waits to be fetched, as housekeeping goes over them, along indexes that hold
//! these only.

use std::collections::{BTreeMap, BTreeSet};

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Bool;

use crate::domain::dossier::Status;
use crate::domain::ids::{DossierId, UnitId, UserId};
use crate::domain::moment::Moment;
use crate::store::cursor::{Going, past};
use crate::store::dossiers::dossier_id;
use crate::store::schema::{dossiers, users};
use crate::store::set_aside::Work;
use crate::store::{Conn, StoreError};

/// Dossiers whose crossing of the due moment before `now` no event records yet, longest ago first;
/// without those that are set aside.
pub fn unrecorded_crossings(
    conn: &mut Conn,
    now: Moment,
    limit: u32,
) -> Result<Vec<DossierId>, StoreError> {
    let ids: Vec<Vec<u8>> = dossiers::table
        .filter(dossiers::watch_at.lt(now.unix_millis()))
        .filter(Work::Overdue.takes("dossiers.id"))
        .order(dossiers::watch_at)
        .limit(i64::from(limit))
        .select(dossiers::id)
        .load(conn)?;
    ids.iter().map(|bytes| dossier_id(bytes)).collect()
}

/// Whether a unit has taken in anything since that moment.
pub fn received_since(conn: &mut Conn, unit: UnitId, since: Moment) -> Result<bool, StoreError> {
    let found = dossiers::table
        .filter(dossiers::unit_id.eq(unit.0))
        .filter(dossiers::entered_at.ge(since.unix_millis()))
        .select(dossiers::id)
        .first::<Vec<u8>>(conn)
        .optional()?;
    Ok(found.is_some())
}

/// That what has a `late_at` is overdue: since before `now`, or since this very moment and on record.
macro_rules! is_late {
    ($now:expr) => {
        dossiers::late_at
            .assume_not_null()
            .lt($now)
            .or(dossiers::overdue)
    };
}
pub(super) use is_late;

/// Ids of open dossiers after `after`, by due moment, for walks over all of them or over all of a unit.
pub fn open_ids(
    conn: &mut Conn,
    unit: Option<UnitId>,
    after: Option<(Moment, DossierId)>,
    limit: u32,
) -> Result<Vec<(Moment, DossierId)>, StoreError> {
    let mut query = dossiers::table
        .filter(dossiers::open_due_at.is_not_null())
        .order((dossiers::open_due_at, dossiers::id))
        .select((dossiers::open_due_at, dossiers::id))
        .limit(i64::from(limit))
        .into_boxed();
    if let Some(unit) = unit {
        query = query.filter(dossiers::unit_id.eq(unit.0));
    }
    if let Some((due, id)) = after {
        let last = (due.unix_millis(), id.bytes().to_vec());
        let columns = (dossiers::open_due_at, dossiers::id);
        query = query.filter(past(Going::Up, columns, last));
    }
    let rows: Vec<(Option<i64>, Vec<u8>)> = query.load(conn)?;
    rows.into_iter()
        .map(|(due, id)| {
            let due = due.ok_or_else(|| StoreError::corrupt("dossiers.open_due_at"))?;
            Ok((Moment::from_unix_millis(due), dossier_id(&id)?))
        })
        .collect()
}

/// A due moment and the dossier that has it: where a walk by due moment has come to.
pub type DuePlace = (Moment, DossierId);

/// Open dossiers due after `from` up to `until`, past `after`, whose officer has mail; with the officer. Those with a new
/// appointment are [`appointed`] then.
pub fn due_with_mail(
    conn: &mut Conn,
    from: Moment,
    until: Moment,
    after: Option<DuePlace>,
    limit: u32,
) -> Result<Vec<(DuePlace, UserId)>, StoreError> {
    let mut query = dossiers::table
        .inner_join(users::table.on(dossiers::assignee_id.eq(users::id.nullable())))
        .filter(users::email.is_not_null())
        .filter(users::disabled_at.is_null())
        .filter(dossiers::appointment_at.is_null())
        .filter(dossiers::open_due_at.le(until.unix_millis()))
        .order((dossiers::open_due_at, dossiers::id))
        .select((dossiers::open_due_at, dossiers::id, users::id))
        .limit(i64::from(limit))
        .into_boxed();
    // One lower bound: SQLite would go from the first of two.
    query = match after {
        Some((due, id)) => {
            let last = (due.unix_millis(), id.bytes().to_vec());
            let columns = (dossiers::open_due_at, dossiers::id);
            query.filter(past(Going::Up, columns, last))
        }
        None => query.filter(dossiers::open_due_at.gt(from.unix_millis())),
    };
    let rows: Vec<(Option<i64>, Vec<u8>, i32)> = query.load(conn)?;
    rows.into_iter()
        .map(|(due, id, user)| {
            let due = due.ok_or_else(|| StoreError::corrupt("dossiers.open_due_at"))?;
            Ok((
                (Moment::from_unix_millis(due), dossier_id(&id)?),
                UserId(user),
            ))
        })
        .collect()
}

/// Open dossiers with a new appointment after `from` up to `until`, past `after`; and who has them in hand.
pub fn appointed(
    conn: &mut Conn,
    from: Moment,
    until: Moment,
    after: Option<DuePlace>,
    limit: u32,
) -> Result<Vec<(DuePlace, Option<UserId>)>, StoreError> {
    let mut query = dossiers::table
        .filter(dossiers::appointment_at.is_not_null())
        .filter(dossiers::open_due_at.is_not_null())
        .filter(dossiers::appointment_at.le(until.unix_millis()))
        .order((dossiers::appointment_at, dossiers::id))
        .select((
            dossiers::appointment_at,
            dossiers::id,
            dossiers::assignee_id,
        ))
        .limit(i64::from(limit))
        .into_boxed();
    query = match after {
        Some((appointment, id)) => {
            let last = (appointment.unix_millis(), id.bytes().to_vec());
            let columns = (dossiers::appointment_at, dossiers::id);
            query.filter(past(Going::Up, columns, last))
        }
        None => query.filter(dossiers::appointment_at.gt(from.unix_millis())),
    };
    let rows: Vec<(Option<i64>, Vec<u8>, Option<i32>)> = query.load(conn)?;
    rows.into_iter()
        .map(|(appointment, id, user)| {
            let appointment =
                appointment.ok_or_else(|| StoreError::corrupt("dossiers.appointment_at"))?;
            let place = (Moment::from_unix_millis(appointment), dossier_id(&id)?);
            Ok((place, user.map(UserId)))
        })
        .collect()
}

/// An open dossier in somebody's hands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InHand {
    pub id: DossierId,
    pub due: Moment,
    pub unit: UnitId,
    pub holder: UnitId,
    pub assignee: UserId,
}

/// Open dossiers in the hands of these people (of none: of everybody), by due moment, past `after`.
pub fn in_hand(
    conn: &mut Conn,
    of: &[UserId],
    after: Option<DuePlace>,
    limit: u32,
) -> Result<Vec<InHand>, StoreError> {
    let mut query = dossiers::table
        .filter(dossiers::open_due_at.is_not_null())
        .filter(dossiers::assignee_id.is_not_null())
        .order((dossiers::open_due_at, dossiers::id))
        .select((
            dossiers::id,
            dossiers::open_due_at,
            dossiers::unit_id,
            dossiers::holder_id,
            dossiers::assignee_id,
        ))
        .limit(i64::from(limit))
        .into_boxed();
    if !of.is_empty() {
        let of: Vec<i32> = of.iter().map(|id| id.0).collect();
        query = query.filter(dossiers::assignee_id.eq_any(of));
    }
    if let Some((due, id)) = after {
        let last = (due.unix_millis(), id.bytes().to_vec());
        let columns = (dossiers::open_due_at, dossiers::id);
        query = query.filter(past(Going::Up, columns, last));
    }
    type Row = (Vec<u8>, Option<i64>, i32, i32, Option<i32>);
    let rows: Vec<Row> = query.load(conn)?;
    rows.into_iter()
        .map(|(id, due, unit, holder, assignee)| {
            let missing = || StoreError::corrupt("dossiers.open_due_at");
            Ok(InHand {
                id: dossier_id(&id)?,
                due: Moment::from_unix_millis(due.ok_or_else(missing)?),
                unit: UnitId(unit),
                holder: UnitId(holder),
                assignee: UserId(assignee.ok_or_else(missing)?),
            })
        })
        .collect()
}

/// How many open dossiers these people (none: everybody) have in hand.
pub fn count_in_hand(conn: &mut Conn, of: &[UserId]) -> Result<u64, StoreError> {
    let mut query = dossiers::table
        .filter(dossiers::open_due_at.is_not_null())
        .filter(dossiers::assignee_id.is_not_null())
        .into_boxed();
    if !of.is_empty() {
        let of: Vec<i32> = of.iter().map(|id| id.0).collect();
        query = query.filter(dossiers::assignee_id.eq_any(of));
    }
    let count: i64 = query.count().get_result(conn)?;
    Ok(u64::try_from(count).unwrap_or(0))
}

/// What somebody has in hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct HandCount {
    pub open: u64,
    /// Of these, overdue.
    pub overdue: u64,
}

/// How many open dossiers each of these people has in hand; who has none is left out.
pub fn hand_counts(
    conn: &mut Conn,
    of: &[UserId],
    now: Moment,
) -> Result<BTreeMap<UserId, HandCount>, StoreError> {
    let of: Vec<i32> = of.iter().map(|id| id.0).collect();
    let open = dossiers::table
        .filter(dossiers::open_due_at.is_not_null())
        .filter(dossiers::assignee_id.is_not_null())
        .filter(dossiers::assignee_id.eq_any(of))
        .group_by(dossiers::assignee_id)
        .select((dossiers::assignee_id, diesel::dsl::count_star()));
    let late = (open.clone())
        .filter(dossiers::late_at.le(now.unix_millis()))
        .filter(is_late!(now.unix_millis()));
    let open: Vec<(Option<i32>, i64)> = open.load(conn)?;
    let late: Vec<(Option<i32>, i64)> = late.load(conn)?;
    let mut counts: BTreeMap<UserId, HandCount> = BTreeMap::new();
    for (user, count) in open {
        if let Some(user) = user.map(UserId) {
            counts.entry(user).or_default().open = u64::try_from(count).unwrap_or(0);
        }
    }
    for (user, count) in late {
        if let Some(user) = user.map(UserId) {
            counts.entry(user).or_default().overdue = u64::try_from(count).unwrap_or(0);
        }
    }
    Ok(counts)
}

/// Conditions under which a dossier is open or registered, or its result waits to be fetched, each with an index by unit
/// of its own. The literal is the index's: a bound parameter would not match it.
macro_rules! not_returned {
    ($unit:expr, $condition:ident) => {
        [
            dossiers::table
                .filter(dossiers::open_due_at.is_not_null())
                .filter(dossiers::unit_id.$condition($unit))
                .into_boxed(),
            dossiers::table
                .filter(dossiers::open_due_at.is_not_null())
                .filter(dossiers::holder_id.$condition($unit))
                .into_boxed(),
            dossiers::table
                .filter(dossiers::open_due_at.is_not_null())
                .filter(dossiers::receiving_id.is_not_null())
                .filter(dossiers::receiving_id.$condition($unit))
                .into_boxed(),
            dossiers::table
                .filter(sql::<Bool>("status = 1"))
                .filter(dossiers::unit_id.$condition($unit))
                .into_boxed(),
            dossiers::table
                .filter(sql::<Bool>("status = 9"))
                .filter(dossiers::unit_id.$condition($unit))
                .into_boxed(),
            dossiers::table
                .filter(sql::<Bool>("status = 9"))
                .filter(dossiers::holder_id.$condition($unit))
                .into_boxed(),
            dossiers::table
                .filter(sql::<Bool>("status = 9"))
                .filter(dossiers::receiving_id.is_not_null())
                .filter(dossiers::receiving_id.$condition($unit))
                .into_boxed(),
        ]
    };
}

/// Which of `units` answer for a dossier that is not returned yet, or have one on their desk.
pub fn units_with_open(conn: &mut Conn, units: &[UnitId]) -> Result<Vec<UnitId>, StoreError> {
    let wanted: Vec<i32> = units.iter().map(|unit| unit.0).collect();
    let mut found = BTreeSet::new();
    for query in not_returned!(wanted.clone(), eq_any) {
        let rows: Vec<(i32, i32, Option<i32>)> = query
            .select((
                dossiers::unit_id,
                dossiers::holder_id,
                dossiers::receiving_id,
            ))
            .distinct()
            .load(conn)?;
        let all = rows.into_iter();
        let all = all.flat_map(|(unit, holder, receiving)| [Some(unit), Some(holder), receiving]);
        found.extend(all.flatten().filter(|unit| wanted.contains(unit)));
    }
    Ok(found.into_iter().map(UnitId).collect())
}

/// What a unit still has to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Held {
    /// Open and registered dossiers that it answers for or has on its desk.
    pub open: usize,
    /// Results that nobody has fetched.
    pub not_returned: usize,
}

/// What each of `units` still has to do; those that have nothing are left out.
pub fn held_by(conn: &mut Conn, units: &[UnitId]) -> Result<BTreeMap<UnitId, Held>, StoreError> {
    let wanted: Vec<i32> = units.iter().map(|unit| unit.0).collect();
    let mut open = BTreeSet::new();
    for query in not_returned!(wanted.clone(), eq_any) {
        let query = query.filter(dossiers::status.ne(Status::Done.code()));
        let rows: Vec<(Vec<u8>, i32, i32, Option<i32>)> = query
            .select((
                dossiers::id,
                dossiers::unit_id,
                dossiers::holder_id,
                dossiers::receiving_id,
            ))
            .load(conn)?;
        for (id, unit, holder, receiving) in rows {
            let all = [Some(unit), Some(holder), receiving].into_iter().flatten();
            open.extend(
                all.filter(|unit| wanted.contains(unit))
                    .map(|unit| (unit, id.clone())),
            );
        }
    }
    let done: Vec<i32> = dossiers::table
        .filter(sql::<Bool>("status = 9"))
        .filter(dossiers::unit_id.eq_any(wanted))
        .select(dossiers::unit_id)
        .load(conn)?;
    let mut held: BTreeMap<UnitId, Held> = BTreeMap::new();
    for (unit, _) in open {
        held.entry(UnitId(unit)).or_default().open += 1;
    }
    for unit in done {
        held.entry(UnitId(unit)).or_default().not_returned += 1;
    }
    Ok(held)
}

/// Open, registered and finished but not returned dossiers that a unit answers for, has on its desk or took in for
/// another, in no particular order; without those that are set aside.
pub fn open_with(conn: &mut Conn, unit: UnitId, limit: u32) -> Result<Vec<DossierId>, StoreError> {
    let mut found = BTreeSet::new();
    for query in not_returned!(unit.0, eq) {
        let ids: Vec<Vec<u8>> = query
            .filter(Work::Successor.takes("dossiers.id"))
            .select(dossiers::id)
            .limit(i64::from(limit))
            .load(conn)?;
        found.extend(ids);
    }
    found.iter().map(|id| dossier_id(id)).collect()
}

/// How many dossiers that are not returned yet a unit answers for, has on its desk or took in for another.
pub fn count_with(conn: &mut Conn, unit: UnitId) -> Result<u64, StoreError> {
    let mut count = 0;
    for (i, query) in not_returned!(unit.0, eq).into_iter().enumerate() {
        // On its desk, and another's to answer for.
        let query = match i {
            1 | 5 => query.filter(dossiers::unit_id.ne(unit.0)),
            2 | 6 => query
                .filter(dossiers::unit_id.ne(unit.0))
                .filter(dossiers::holder_id.ne(unit.0)),
            _ => query,
        };
        let some: i64 = query.count().get_result(conn)?;
        count += u64::try_from(some).unwrap_or(0);
    }
    Ok(count)
}

/// The open dossier with the latest due moment, and its case number: one to try a look-up with.
pub fn newest_open(conn: &mut Conn) -> Result<Option<(DossierId, String)>, StoreError> {
    let row: Option<(Vec<u8>, String)> = dossiers::table
        .filter(dossiers::open_due_at.is_not_null())
        .order(dossiers::open_due_at.desc())
        .select((dossiers::id, dossiers::case_number))
        .first(conn)
        .optional()?;
    row.map(|(id, number)| Ok((dossier_id(&id)?, number)))
        .transpose()
}
