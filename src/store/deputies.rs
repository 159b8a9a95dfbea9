//! Who does the steps of whom, for a span of days.

use chrono::NaiveDate;
use diesel::prelude::*;

use crate::domain::dossier::Principal;
use crate::domain::ids::{DeputyId, UnitId, UserId};
use crate::domain::moment::Moment;
use crate::domain::unit::Units;
use crate::store::schema::{deputies, users};
use crate::store::{Conn, StoreError};

/// That somebody stands in for somebody else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deputy {
    pub id: DeputyId,
    /// Who is away.
    pub principal: UserId,
    /// Who does their steps.
    pub deputy: UserId,
    /// First and last day.
    pub from: NaiveDate,
    pub to: NaiveDate,
    pub named_by: UserId,
    pub named_at: Moment,
    /// Taken back before the last day.
    pub ended_at: Option<Moment>,
}

type Row = (
    Vec<u8>,
    i32,
    i32,
    NaiveDate,
    NaiveDate,
    i32,
    i64,
    Option<i64>,
);

fn read(row: Row) -> Result<Deputy, StoreError> {
    let (id, principal, deputy, from, to, named_by, named_at, ended_at) = row;
    Ok(Deputy {
        id: DeputyId::from_slice(&id).ok_or_else(|| StoreError::corrupt("deputies.id"))?,
        principal: UserId(principal),
        deputy: UserId(deputy),
        from,
        to,
        named_by: UserId(named_by),
        named_at: Moment::from_unix_millis(named_at),
        ended_at: ended_at.map(Moment::from_unix_millis),
    })
}

pub fn insert(conn: &mut Conn, new: &Deputy) -> Result<(), StoreError> {
    diesel::insert_into(deputies::table)
        .values((
            deputies::id.eq(new.id.bytes().to_vec()),
            deputies::principal_id.eq(new.principal.0),
            deputies::deputy_id.eq(new.deputy.0),
            deputies::valid_from.eq(new.from),
            deputies::valid_to.eq(new.to),
            deputies::named_by.eq(new.named_by.0),
            deputies::named_at.eq(new.named_at.unix_millis()),
            deputies::ended_at.eq(new.ended_at.map(Moment::unix_millis)),
        ))
        .execute(conn)?;
    Ok(())
}

/// Takes it back, if nobody has yet. Returns whether nobody had.
pub fn end(conn: &mut Conn, id: DeputyId, at: Moment) -> Result<bool, StoreError> {
    let standing = deputies::table
        .find(id.bytes().to_vec())
        .filter(deputies::ended_at.is_null());
    let ended = diesel::update(standing)
        .set(deputies::ended_at.eq(Some(at.unix_millis())))
        .execute(conn)?;
    Ok(ended > 0)
}

pub fn find(conn: &mut Conn, id: DeputyId) -> Result<Option<Deputy>, StoreError> {
    let row: Option<Row> = deputies::table
        .find(id.bytes().to_vec())
        .first(conn)
        .optional()?;
    row.map(read).transpose()
}

/// One that stands by which somebody stands in for somebody on any of these days.
pub fn standing(
    conn: &mut Conn,
    (principal, deputy): (UserId, UserId),
    (from, to): (NaiveDate, NaiveDate),
) -> Result<Option<Deputy>, StoreError> {
    let row: Option<Row> = deputies::table
        .filter(deputies::principal_id.eq(principal.0))
        .filter(deputies::deputy_id.eq(deputy.0))
        .filter(deputies::valid_from.le(to))
        .filter(deputies::valid_to.ge(from))
        .filter(deputies::ended_at.is_null())
        .order(deputies::id)
        .first(conn)
        .optional()?;
    row.map(read).transpose()
}

/// Those of whom the principal is of one of these units, newest first, older than `before`.
pub fn of_units(
    conn: &mut Conn,
    units: &[UnitId],
    before: Option<DeputyId>,
    limit: u32,
) -> Result<Vec<Deputy>, StoreError> {
    let units: Vec<i32> = units.iter().map(|unit| unit.0).collect();
    let mut query = deputies::table
        .inner_join(users::table.on(users::id.eq(deputies::principal_id)))
        .filter(users::unit_id.eq_any(units))
        .select(deputies::all_columns)
        .order(deputies::id.desc())
        .limit(i64::from(limit))
        .into_boxed();
    if let Some(before) = before {
        query = query.filter(deputies::id.lt(before.bytes().to_vec()));
    }
    let rows: Vec<Row> = query.load(conn)?;
    rows.into_iter().map(read).collect()
}

/// Those whom somebody stands in for on a day, whose accounts are open.
pub fn of_deputy(
    conn: &mut Conn,
    deputy: UserId,
    on: NaiveDate,
) -> Result<Vec<Deputy>, StoreError> {
    let rows: Vec<Row> = deputies::table
        .inner_join(users::table.on(users::id.eq(deputies::principal_id)))
        .filter(deputies::deputy_id.eq(deputy.0))
        .filter(deputies::valid_from.le(on))
        .filter(deputies::valid_to.ge(on))
        .filter(deputies::ended_at.is_null())
        .filter(users::disabled_at.is_null())
        .select(deputies::all_columns)
        .order(deputies::id)
        .load(conn)?;
    rows.into_iter().map(read).collect()
}

/// Those for whom somebody stands in at that moment and whose unit is `holder` or above it. Whose
/// account is disabled has no role that anybody could stand in for.
pub fn principals(
    conn: &mut Conn,
    deputy: UserId,
    at: Moment,
    holder: UnitId,
    units: &Units,
) -> Result<Vec<Principal>, StoreError> {
    let on = at.date();
    let rows: Vec<(i32, String, i32)> = deputies::table
        .inner_join(users::table.on(users::id.eq(deputies::principal_id)))
        .filter(deputies::deputy_id.eq(deputy.0))
        .filter(deputies::valid_from.le(on))
        .filter(deputies::valid_to.ge(on))
        .filter(
            deputies::ended_at
                .is_null()
                .or(deputies::ended_at.gt(at.unix_millis())),
        )
        .filter(users::disabled_at.is_null())
        .select((users::id, users::role, users::unit_id))
        .load(conn)?;
    let of = rows
        .into_iter()
        .filter(|(_, _, unit)| units.reaches(holder, UnitId(*unit), on));
    let principal = |(user, role, _): (i32, String, i32)| {
        let role = role.parse();
        Ok(Principal {
            user: UserId(user),
            role: role.map_err(|()| StoreError::corrupt("users.role"))?,
        })
    };
    of.map(principal).collect()
}
