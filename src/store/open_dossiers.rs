//! Lists of open dossiers: all, near due, overdue, of a unit. Each runs along an index over open
//! dossiers only, so it costs what it shows.

use std::collections::BTreeSet;

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Bool;

use super::dossiers::dossier_id;
use super::schema::dossiers;
use super::{Conn, StoreError};
use crate::domain::dossier::Status;
use crate::domain::ids::{DossierId, ProcedureId, UnitId};
use crate::domain::moment::Moment;

/// Which open dossiers a list holds, and in what order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OpenList {
    /// All that are received and not closed, those that wait included, by due moment.
    Open,
    /// Running and due from `now` to before the moment given.
    NearDue { now: Moment, before: Moment },
    /// Overdue at `now`, recorded or not yet, by the moment since which they are.
    Overdue { now: Moment },
}

/// A dossier as lists show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedDossier {
    pub id: DossierId,
    pub case_number: String,
    pub procedure: ProcedureId,
    pub unit: UnitId,
    pub holder: UnitId,
    pub status: Status,
    pub received_at: Option<Moment>,
    pub due: Moment,
    /// By what the list is ordered: with the id, where the next page begins.
    pub position: Moment,
    pub appointment: Option<Moment>,
}

/// A page of a list: of one unit, or of all. `after` is the position and id of the last dossier of
/// the page before.
///
/// # Errors
/// If the database refuses.
pub fn list_open(
    conn: &mut Conn,
    list: OpenList,
    unit: Option<UnitId>,
    after: Option<(Moment, DossierId)>,
    limit: u32,
) -> Result<Vec<ListedDossier>, StoreError> {
    let mut query = dossiers::table
        .select((
            dossiers::id,
            dossiers::case_number,
            dossiers::procedure_id,
            dossiers::unit_id,
            dossiers::holder_id,
            dossiers::status,
            dossiers::received_at,
            dossiers::due_at,
            dossiers::appointment_at,
            (dossiers::open_due_at, dossiers::watch_at, dossiers::late_at),
        ))
        .limit(i64::from(limit))
        .into_boxed();
    if let Some(unit) = unit {
        query = query.filter(dossiers::unit_id.eq(unit.0));
    }
    let from = after.map(|(position, id)| (position.unix_millis(), id.bytes().to_vec()));
    macro_rules! along {
        ($column:expr) => {{
            query = query.filter($column.is_not_null());
            if let Some((last, id)) = from {
                let later = $column
                    .gt(last)
                    .or($column.eq(last).and(dossiers::id.gt(id)));
                query = query.filter($column.ge(last).and(later));
            }
            query = query.order(($column, dossiers::id));
        }};
    }
    match list {
        OpenList::Open => along!(dossiers::open_due_at),
        OpenList::NearDue { now, before } => {
            let (now, before) = (now.unix_millis(), before.unix_millis());
            query = query.filter(
                dossiers::watch_at
                    .ge(now)
                    .and(dossiers::watch_at.lt(before)),
            );
            along!(dossiers::watch_at);
        }
        OpenList::Overdue { now } => {
            query = query.filter(dossiers::late_at.lt(now.unix_millis()));
            along!(dossiers::late_at);
        }
    }
    type Row = (
        Vec<u8>,
        String,
        i32,
        i32,
        i32,
        i16,
        Option<i64>,
        Option<i64>,
        Option<i64>,
        (Option<i64>, Option<i64>, Option<i64>),
    );
    let rows: Vec<Row> = query.load(conn)?;
    rows.into_iter()
        .map(|row| {
            let (id, case_number, procedure, unit, holder, status, received, due, again, order) =
                row;
            let (open_due, watch, late) = order;
            let position = match list {
                OpenList::Open => open_due,
                OpenList::NearDue { .. } => watch,
                OpenList::Overdue { .. } => late,
            };
            let needed = |moment: Option<i64>, column: &str| {
                moment
                    .map(Moment::from_unix_millis)
                    .ok_or_else(|| StoreError::corrupt(column))
            };
            Ok(ListedDossier {
                id: dossier_id(&id)?,
                case_number,
                procedure: ProcedureId(procedure),
                unit: UnitId(unit),
                holder: UnitId(holder),
                status: Status::from_code(status)
                    .ok_or_else(|| StoreError::corrupt("dossiers.status"))?,
                received_at: received.map(Moment::from_unix_millis),
                due: needed(due, "dossiers.due_at")?,
                position: needed(position, "dossiers.open_due_at")?,
                appointment: again.map(Moment::from_unix_millis),
            })
        })
        .collect()
}

/// Dossiers whose crossing of the due moment before `now` no event records yet, longest ago first.
///
/// # Errors
/// If the database refuses.
pub fn unrecorded_crossings(
    conn: &mut Conn,
    now: Moment,
    limit: u32,
) -> Result<Vec<DossierId>, StoreError> {
    let ids: Vec<Vec<u8>> = dossiers::table
        .filter(dossiers::watch_at.lt(now.unix_millis()))
        .order(dossiers::watch_at)
        .limit(i64::from(limit))
        .select(dossiers::id)
        .load(conn)?;
    ids.iter().map(|bytes| dossier_id(bytes)).collect()
}

/// Ids of open dossiers after `after`, for walks over all of them.
///
/// # Errors
/// If the database refuses.
pub fn open_ids(
    conn: &mut Conn,
    after: Option<(Moment, DossierId)>,
    limit: u32,
) -> Result<Vec<(Moment, DossierId)>, StoreError> {
    let page = list_open(conn, OpenList::Open, None, after, limit)?;
    Ok(page
        .into_iter()
        .map(|listed| (listed.position, listed.id))
        .collect())
}

/// Conditions under which a dossier is open or registered, each with an index by unit of its own.
/// The literal is the index's: a bound parameter would not match it.
macro_rules! not_closed {
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
                .filter(sql::<Bool>("status = 1"))
                .filter(dossiers::unit_id.$condition($unit))
                .into_boxed(),
        ]
    };
}

/// Which of `units` answer for an open or registered dossier, or have one on their desk.
///
/// # Errors
/// If the database refuses.
pub fn units_with_open(conn: &mut Conn, units: &[UnitId]) -> Result<Vec<UnitId>, StoreError> {
    let wanted: Vec<i32> = units.iter().map(|unit| unit.0).collect();
    let mut found = BTreeSet::new();
    for query in not_closed!(wanted.clone(), eq_any) {
        let pairs: Vec<(i32, i32)> = query
            .select((dossiers::unit_id, dossiers::holder_id))
            .distinct()
            .load(conn)?;
        let both = pairs.into_iter().flat_map(|(unit, holder)| [unit, holder]);
        found.extend(both.filter(|unit| wanted.contains(unit)));
    }
    Ok(found.into_iter().map(UnitId).collect())
}

/// Open and registered dossiers that a unit answers for or has on its desk, in no particular
/// order.
///
/// # Errors
/// If the database refuses.
pub fn open_with(conn: &mut Conn, unit: UnitId, limit: u32) -> Result<Vec<DossierId>, StoreError> {
    let mut found = BTreeSet::new();
    for query in not_closed!(unit.0, eq) {
        let ids: Vec<Vec<u8>> = query
            .select(dossiers::id)
            .limit(i64::from(limit))
            .load(conn)?;
        found.extend(ids);
    }
    found.iter().map(|id| dossier_id(id)).collect()
}

/// The open dossier with the latest due moment, and its case number: one to try a look-up with.
///
/// # Errors
/// If the database refuses.
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
