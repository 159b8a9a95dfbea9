//! Units and their successions.

use chrono::NaiveDate;
use diesel::prelude::*;

use crate::domain::ids::UnitId;
use crate::domain::office_hours::OfficeHours;
use crate::domain::unit::{Succession, Unit, Units};
use crate::store::schema::{unit_successions, units};
use crate::store::{Conn, StoreError};

#[derive(Queryable, Insertable, AsChangeset)]
#[diesel(table_name = units, treat_none_as_null = true, treat_none_as_default_value = false)]
struct UnitRow {
    id: i32,
    code: String,
    level: i16,
    kind: String,
    name: String,
    parent_id: Option<i32>,
    statistical_code: Option<String>,
    valid_from: NaiveDate,
    valid_to: Option<NaiveDate>,
    office_hours: Option<String>,
    mountain: bool,
    address: Option<String>,
    phone: Option<String>,
}

impl TryFrom<UnitRow> for Unit {
    type Error = StoreError;

    fn try_from(row: UnitRow) -> Result<Self, StoreError> {
        let corrupt = |what: &str| StoreError::corrupt(format!("đơn vị {}: {what}", row.code));
        let office_hours = row
            .office_hours
            .as_deref()
            .map(serde_json::from_str::<OfficeHours>)
            .transpose()
            .map_err(|_| corrupt("office_hours"))?;
        Ok(Self {
            id: UnitId(row.id),
            level: crate::domain::unit::Level::from_code(row.level)
                .ok_or_else(|| corrupt("level"))?,
            kind: row.kind.parse().map_err(|()| corrupt("kind"))?,
            parent: row.parent_id.map(UnitId),
            office_hours,
            code: row.code,
            name: row.name,
            statistical_code: row.statistical_code,
            valid_from: row.valid_from,
            valid_to: row.valid_to,
            mountain: row.mountain,
            address: row.address,
            phone: row.phone,
        })
    }
}

impl TryFrom<&Unit> for UnitRow {
    type Error = StoreError;

    fn try_from(unit: &Unit) -> Result<Self, StoreError> {
        let office_hours = unit
            .office_hours
            .as_ref()
            .map(serde_json::to_string)
            .transpose()
            .map_err(|error| StoreError::Other(error.to_string()))?;
        Ok(Self {
            id: unit.id.0,
            code: unit.code.clone(),
            level: unit.level.code(),
            kind: unit.kind.as_str().to_owned(),
            name: unit.name.clone(),
            parent_id: unit.parent.map(|id| id.0),
            statistical_code: unit.statistical_code.clone(),
            valid_from: unit.valid_from,
            valid_to: unit.valid_to,
            office_hours,
            mountain: unit.mountain,
            address: unit.address.clone(),
            phone: unit.phone.clone(),
        })
    }
}

/// All units with their successors.
pub fn load(conn: &mut Conn) -> Result<Units, StoreError> {
    let rows: Vec<UnitRow> = units::table.order(units::id).load(conn)?;
    let all = rows
        .into_iter()
        .map(Unit::try_from)
        .collect::<Result<_, _>>()?;
    let lines: Vec<(i32, i32, String, NaiveDate)> = unit_successions::table
        .order(unit_successions::successor_id)
        .load(conn)?;
    let successions = lines
        .into_iter()
        .map(|(unit, successor, share, on)| {
            let share = share
                .parse()
                .map_err(|()| StoreError::corrupt("unit_successions.share"))?;
            Ok(Succession {
                unit: UnitId(unit),
                successor: UnitId(successor),
                share,
                on,
            })
        })
        .collect::<Result<_, StoreError>>()?;
    Ok(Units::new(all, successions))
}

/// The id that the next new unit gets.
pub fn next_id(conn: &mut Conn) -> Result<i32, StoreError> {
    let last: Option<i32> = units::table
        .select(diesel::dsl::max(units::id))
        .first(conn)?;
    Ok(last.unwrap_or(0) + 1)
}

pub fn insert(conn: &mut Conn, unit: &Unit) -> Result<(), StoreError> {
    diesel::insert_into(units::table)
        .values(UnitRow::try_from(unit)?)
        .execute(conn)?;
    Ok(())
}

pub fn update(conn: &mut Conn, unit: &Unit) -> Result<(), StoreError> {
    let row = UnitRow::try_from(unit)?;
    diesel::update(units::table.find(row.id))
        .set(row)
        .execute(conn)?;
    Ok(())
}

/// Takes away the lines of a unit that hold only from a day after that one.
pub fn withdraw_successions(
    conn: &mut Conn,
    unit: UnitId,
    after: NaiveDate,
) -> Result<(), StoreError> {
    let to_come = unit_successions::table
        .filter(unit_successions::unit_id.eq(unit.0))
        .filter(unit_successions::effective_on.gt(after));
    diesel::delete(to_come).execute(conn)?;
    Ok(())
}

/// Records a line of a succession, replacing an earlier one between the same units.
pub fn put_succession(conn: &mut Conn, line: &Succession) -> Result<(), StoreError> {
    diesel::delete(unit_successions::table.find((line.unit.0, line.successor.0))).execute(conn)?;
    diesel::insert_into(unit_successions::table)
        .values((
            unit_successions::unit_id.eq(line.unit.0),
            unit_successions::successor_id.eq(line.successor.0),
            unit_successions::share.eq(line.share.as_str()),
            unit_successions::effective_on.eq(line.on),
        ))
        .execute(conn)?;
    Ok(())
}
