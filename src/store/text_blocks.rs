//! Texts that are put into what is written to applicants.

use diesel::prelude::*;

use crate::domain::ids::{TextBlockId, UnitId, UserId};
use crate::domain::moment::Moment;
use crate::domain::text_block::Purpose;
use crate::store::schema::text_blocks;
use crate::store::{Conn, StoreError};

/// A text as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextBlock {
    pub id: TextBlockId,
    /// It and the units under it use the text.
    pub unit: UnitId,
    pub purpose: Purpose,
    /// Code of a procedure; `None`: for all.
    pub procedure: Option<String>,
    pub title: String,
    pub body: String,
    pub changed_at: Moment,
    pub changed_by: UserId,
    pub version: u32,
}

type Row = (
    Vec<u8>,
    i32,
    String,
    Option<String>,
    String,
    String,
    i64,
    i32,
    i32,
);

fn read(row: Row) -> Result<TextBlock, StoreError> {
    let (id, unit, purpose, procedure, title, body, changed_at, changed_by, version) = row;
    let corrupt = |column: &str| StoreError::corrupt(format!("text_blocks.{column}"));
    Ok(TextBlock {
        id: TextBlockId::from_slice(&id).ok_or_else(|| corrupt("id"))?,
        unit: UnitId(unit),
        purpose: purpose.parse().map_err(|()| corrupt("purpose"))?,
        procedure,
        title,
        body,
        changed_at: Moment::from_unix_millis(changed_at),
        changed_by: UserId(changed_by),
        version: u32::try_from(version).map_err(|_| corrupt("version"))?,
    })
}

pub fn insert(conn: &mut Conn, new: &TextBlock) -> Result<(), StoreError> {
    diesel::insert_into(text_blocks::table)
        .values((
            text_blocks::id.eq(new.id.bytes().to_vec()),
            text_blocks::unit_id.eq(new.unit.0),
            text_blocks::purpose.eq(new.purpose.as_str()),
            text_blocks::procedure.eq(&new.procedure),
            text_blocks::title.eq(&new.title),
            text_blocks::body.eq(&new.body),
            text_blocks::changed_at.eq(new.changed_at.unix_millis()),
            text_blocks::changed_by.eq(new.changed_by.0),
            text_blocks::version.eq(1),
        ))
        .execute(conn)?;
    Ok(())
}

/// Puts a text in the place of the one of the version before. Returns whether it was still that.
pub fn update(conn: &mut Conn, new: &TextBlock) -> Result<bool, StoreError> {
    let before = i32::try_from(new.version).unwrap_or(i32::MAX);
    let row = text_blocks::table
        .find(new.id.bytes().to_vec())
        .filter(text_blocks::version.eq(before));
    let changed = diesel::update(row)
        .set((
            text_blocks::purpose.eq(new.purpose.as_str()),
            text_blocks::procedure.eq(&new.procedure),
            text_blocks::title.eq(&new.title),
            text_blocks::body.eq(&new.body),
            text_blocks::changed_at.eq(new.changed_at.unix_millis()),
            text_blocks::changed_by.eq(new.changed_by.0),
            text_blocks::version.eq(before.saturating_add(1)),
        ))
        .execute(conn)?;
    Ok(changed > 0)
}

pub fn delete(conn: &mut Conn, id: TextBlockId) -> Result<(), StoreError> {
    diesel::delete(text_blocks::table.find(id.bytes().to_vec())).execute(conn)?;
    Ok(())
}

pub fn find(conn: &mut Conn, id: TextBlockId) -> Result<Option<TextBlock>, StoreError> {
    let row: Option<Row> = text_blocks::table
        .find(id.bytes().to_vec())
        .first(conn)
        .optional()?;
    row.map(read).transpose()
}

/// How many a unit keeps.
pub fn count(conn: &mut Conn, unit: UnitId) -> Result<i64, StoreError> {
    let kept = text_blocks::table.filter(text_blocks::unit_id.eq(unit.0));
    Ok(kept.count().get_result(conn)?)
}

/// Those of some units, newest first, older than `before`.
pub fn of_units(
    conn: &mut Conn,
    units: &[UnitId],
    before: Option<TextBlockId>,
    limit: u32,
) -> Result<Vec<TextBlock>, StoreError> {
    let query = crate::store::cursor::of_units!(text_blocks, units, Down, before, limit);
    let rows: Vec<Row> = query.load(conn)?;
    rows.into_iter().map(read).collect()
}

/// Those of some units for a purpose that fit a procedure, by title.
pub fn for_purpose(
    conn: &mut Conn,
    units: &[UnitId],
    purpose: Purpose,
    procedure: &str,
    limit: u32,
) -> Result<Vec<TextBlock>, StoreError> {
    let units: Vec<i32> = units.iter().map(|unit| unit.0).collect();
    let rows: Vec<Row> = text_blocks::table
        .filter(text_blocks::unit_id.eq_any(units))
        .filter(text_blocks::purpose.eq(purpose.as_str()))
        .filter(
            text_blocks::procedure
                .is_null()
                .or(text_blocks::procedure.eq(procedure)),
        )
        .order((text_blocks::title, text_blocks::id))
        .limit(limit.into())
        .load(conn)?;
    rows.into_iter().map(read).collect()
}
