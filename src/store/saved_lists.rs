//! Lists that people keep under a name, and how they want lists shown.

use diesel::prelude::*;

use crate::domain::ids::{SavedListId, UnitId, UserId};
use crate::domain::moment::Moment;
use crate::store::connection::on_either;
use crate::store::schema::{list_settings, saved_lists};
use crate::store::{Conn, StoreError};

/// What is asked of a list: names and values.
pub type Asked = Vec<(String, String)>;

/// A list that somebody keeps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SavedList {
    pub id: SavedListId,
    pub owner: UserId,
    /// Whose staff have it too.
    pub shared_with: Option<UnitId>,
    pub name: String,
    pub asked: Asked,
}

type Row = (Vec<u8>, i32, Option<i32>, String, String);

fn read((id, owner, unit, name, asked): Row) -> Result<SavedList, StoreError> {
    let corrupt = |column: &str| StoreError::corrupt(format!("saved_lists.{column}"));
    Ok(SavedList {
        id: SavedListId::from_slice(&id).ok_or_else(|| corrupt("id"))?,
        owner: UserId(owner),
        shared_with: unit.map(UnitId),
        name,
        asked: serde_json::from_str(&asked).map_err(|_| corrupt("query"))?,
    })
}

/// The columns of a [`Row`].
macro_rules! columns {
    () => {
        (
            saved_lists::id,
            saved_lists::user_id,
            saved_lists::unit_id,
            saved_lists::name,
            saved_lists::query,
        )
    };
}

pub fn insert(conn: &mut Conn, new: &SavedList, now: Moment) -> Result<(), StoreError> {
    let asked = serde_json::to_string(&new.asked).map_err(|e| StoreError::Other(e.to_string()))?;
    diesel::insert_into(saved_lists::table)
        .values((
            saved_lists::id.eq(new.id.bytes().to_vec()),
            saved_lists::user_id.eq(new.owner.0),
            saved_lists::unit_id.eq(new.shared_with.map(|unit| unit.0)),
            saved_lists::name.eq(&new.name),
            saved_lists::query.eq(asked),
            saved_lists::created_at.eq(now.unix_millis()),
        ))
        .execute(conn)?;
    Ok(())
}

pub fn find(conn: &mut Conn, id: SavedListId) -> Result<Option<SavedList>, StoreError> {
    let row: Option<Row> = saved_lists::table
        .find(id.bytes().to_vec())
        .select(columns!())
        .first(conn)
        .optional()?;
    row.map(read).transpose()
}

pub fn delete(conn: &mut Conn, id: SavedListId) -> Result<(), StoreError> {
    diesel::delete(saved_lists::table.find(id.bytes().to_vec())).execute(conn)?;
    Ok(())
}

/// How many somebody keeps.
pub fn count(conn: &mut Conn, owner: UserId) -> Result<i64, StoreError> {
    let kept = saved_lists::table.filter(saved_lists::user_id.eq(owner.0));
    Ok(kept.count().get_result(conn)?)
}

/// Whether somebody keeps a list under that name already.
pub fn is_named(conn: &mut Conn, owner: UserId, name: &str) -> Result<bool, StoreError> {
    let named = saved_lists::table
        .filter(saved_lists::user_id.eq(owner.0))
        .filter(saved_lists::name.eq(name));
    Ok(named.count().get_result::<i64>(conn)? > 0)
}

/// What somebody keeps, in the order in which they kept it.
pub fn of_owner(conn: &mut Conn, owner: UserId, limit: u32) -> Result<Vec<SavedList>, StoreError> {
    let rows: Vec<Row> = saved_lists::table
        .filter(saved_lists::user_id.eq(owner.0))
        .order(saved_lists::id)
        .limit(limit.into())
        .select(columns!())
        .load(conn)?;
    rows.into_iter().map(read).collect()
}

/// What others share with one of these units, the newest first.
pub fn shared_with(
    conn: &mut Conn,
    units: &[UnitId],
    but: UserId,
    limit: u32,
) -> Result<Vec<SavedList>, StoreError> {
    let units: Vec<i32> = units.iter().map(|unit| unit.0).collect();
    let rows: Vec<Row> = saved_lists::table
        .filter(saved_lists::unit_id.eq_any(units))
        .filter(saved_lists::user_id.ne(but.0))
        .order(saved_lists::id.desc())
        .limit(limit.into())
        .select(columns!())
        .load(conn)?;
    rows.into_iter().map(read).collect()
}

/// How somebody wants lists shown, as JSON.
pub fn shown(conn: &mut Conn, user: UserId) -> Result<Option<String>, StoreError> {
    let shown = list_settings::table.find(user.0);
    let shown = shown.select(list_settings::shown);
    Ok(shown.first(conn).optional()?)
}

/// From now on somebody wants them shown like this.
pub fn show(conn: &mut Conn, user: UserId, shown: &str) -> Result<(), StoreError> {
    let row = (
        list_settings::user_id.eq(user.0),
        list_settings::shown.eq(shown),
    );
    on_either!(conn, |conn| diesel::insert_into(list_settings::table)
        .values(row)
        .on_conflict(list_settings::user_id)
        .do_update()
        .set(list_settings::shown.eq(shown))
        .execute(conn))?;
    Ok(())
}
