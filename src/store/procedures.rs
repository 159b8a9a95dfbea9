//! Procedures in their versions, and the fields they belong to.

use std::collections::HashMap;

use chrono::NaiveDate;
use diesel::prelude::*;

use crate::domain::ids::{FieldId, ProcedureId};
use crate::domain::procedure::{Procedure, ProcedureDefinition, known_field};
use crate::store::schema::{fields, procedures};
use crate::store::{Conn, StoreError};

/// All versions of all procedures, by id.
pub fn load(conn: &mut Conn) -> Result<Vec<Procedure>, StoreError> {
    let rows: Vec<(i32, String, i32, String)> = procedures::table
        .select((
            procedures::id,
            procedures::code,
            procedures::field_id,
            procedures::definition,
        ))
        .order(procedures::id)
        .load(conn)?;
    rows.into_iter()
        .map(|(id, code, field, definition)| {
            let definition: ProcedureDefinition = serde_json::from_str(&definition)
                .map_err(|error| StoreError::corrupt(format!("thủ tục {code}: {error}")))?;
            Ok(Procedure {
                id: ProcedureId(id),
                field_id: FieldId(field),
                case: None,
                // Versions of before this was said.
                definition: definition.with_choices(),
            })
        })
        .collect()
}

/// A field (lĩnh vực).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    pub name: String,
    /// The national portal's own code of it (MaLinhVuc), where it is known.
    pub portal_code: Option<String>,
}

/// The fields (lĩnh vực).
pub fn load_fields(conn: &mut Conn) -> Result<HashMap<FieldId, Field>, StoreError> {
    let rows: Vec<(i32, String, Option<String>)> = fields::table.load(conn)?;
    let fields = rows.into_iter();
    let fields = fields.map(|(id, name, portal_code)| (FieldId(id), Field { name, portal_code }));
    Ok(fields.collect())
}

/// Gives the field of that name the portal's code.
pub fn set_portal_code(conn: &mut Conn, name: &str, code: &str) -> Result<(), StoreError> {
    diesel::update(fields::table.filter(fields::name.eq(name)))
        .set(fields::portal_code.eq(Some(code)))
        .execute(conn)?;
    Ok(())
}

/// The field of that name, in capitals or not, and how it is called; made if need be.
pub fn field(conn: &mut Conn, name: &str) -> Result<(FieldId, String), StoreError> {
    let known: Vec<(i32, String)> = fields::table
        .select((fields::id, fields::name))
        .order(fields::id)
        .load(conn)?;
    let meant = known_field(known.iter().map(|(_, name)| name.as_str()), name);
    if let Some((id, name)) = known.iter().find(|(_, name)| Some(name.as_str()) == meant) {
        return Ok((FieldId(*id), name.clone()));
    }
    let id = known.last().map_or(0, |(last, _)| *last) + 1;
    diesel::insert_into(fields::table)
        .values((fields::id.eq(id), fields::name.eq(name)))
        .execute(conn)?;
    Ok((FieldId(id), name.to_owned()))
}

/// The id that the next new version gets.
pub fn next_id(conn: &mut Conn) -> Result<i32, StoreError> {
    let last: Option<i32> = procedures::table
        .select(diesel::dsl::max(procedures::id))
        .first(conn)?;
    Ok(last.unwrap_or(0) + 1)
}

/// Adds a version that says itself that it ends on `said_to`, or nothing of it.
pub fn insert(
    conn: &mut Conn,
    procedure: &Procedure,
    said_to: Option<NaiveDate>,
) -> Result<(), StoreError> {
    let definition = &procedure.definition;
    diesel::insert_into(procedures::table)
        .values((
            procedures::id.eq(procedure.id.0),
            procedures::code.eq(&definition.code),
            procedures::field_id.eq(procedure.field_id.0),
            procedures::valid_from.eq(definition.valid_from),
            procedures::valid_to.eq(definition.valid_to),
            procedures::definition.eq(json(definition)?),
            procedures::said_to.eq(said_to),
        ))
        .execute(conn)?;
    Ok(())
}

/// Puts what a version says in the place of what it said.
pub fn correct(
    conn: &mut Conn,
    procedure: &Procedure,
    said_to: Option<NaiveDate>,
) -> Result<(), StoreError> {
    let definition = &procedure.definition;
    diesel::update(procedures::table.find(procedure.id.0))
        .set((
            procedures::field_id.eq(procedure.field_id.0),
            procedures::valid_to.eq(definition.valid_to),
            procedures::definition.eq(json(definition)?),
            procedures::said_to.eq(said_to),
        ))
        .execute(conn)?;
    Ok(())
}

/// Takes a version away under which nothing was received.
pub fn remove(conn: &mut Conn, procedure: &Procedure) -> Result<(), StoreError> {
    diesel::delete(procedures::table.find(procedure.id.0)).execute(conn)?;
    Ok(())
}

/// Ends a version for good: that no other follows changes nothing.
pub fn end(conn: &mut Conn, procedure: &Procedure, last: NaiveDate) -> Result<(), StoreError> {
    hold_to(conn, procedure, Some(last))?;
    diesel::update(procedures::table.find(procedure.id.0))
        .set(procedures::said_to.eq(Some(last)))
        .execute(conn)?;
    Ok(())
}

/// Until when a version holds, by what it says and by what follows it.
pub fn hold_to(
    conn: &mut Conn,
    procedure: &Procedure,
    last: Option<NaiveDate>,
) -> Result<(), StoreError> {
    let mut definition = procedure.definition.clone();
    definition.valid_to = last;
    diesel::update(procedures::table.find(procedure.id.0))
        .set((
            procedures::valid_to.eq(last),
            procedures::definition.eq(json(&definition)?),
        ))
        .execute(conn)?;
    Ok(())
}

/// Until when a version holds by what it says itself.
pub fn said_to(conn: &mut Conn, procedure: &Procedure) -> Result<Option<NaiveDate>, StoreError> {
    let row = procedures::table.find(procedure.id.0);
    Ok(row.select(procedures::said_to).first(conn)?)
}

fn json(definition: &ProcedureDefinition) -> Result<String, StoreError> {
    serde_json::to_string(definition).map_err(|error| StoreError::Other(error.to_string()))
}
