//! What a migration needs that SQL cannot: columns whose values our own code works out.

use diesel::connection::Connection;

use crate::store::reference::Reference;
use crate::store::{
    Conn, OfficeHours, StoreError, dossiers, persons, reversals, settings, tallies, units,
};

const BATCH: u32 = 5000;

/// Fills what migrations have added, for what was there before. Once done it is noted; interrupted,
/// the next start goes on with it.
pub(super) fn run(conn: &mut Conn) -> Result<(), StoreError> {
    fill_lists(conn)?;
    fill_endings(conn)?;
    fill_reversals(conn)?;
    rename_people(conn)?;
    read_phones(conn)?;
    count_by_unit(conn)?;
    fill_closed_in(conn)
}

/// The column that migration 0037 has added.
fn fill_closed_in(conn: &mut Conn) -> Result<(), StoreError> {
    if settings::get(conn, settings::CLOSED_IN_FILLED)?.is_some() {
        return Ok(());
    }
    conn.transaction(|conn| {
        dossiers::fill_closed_in(conn)?;
        settings::set(conn, settings::CLOSED_IN_FILLED, "0037")
    })
}

/// The counts by unit and procedure, and by unit and channel, that migration 0036 has added.
fn count_by_unit(conn: &mut Conn) -> Result<(), StoreError> {
    if settings::get(conn, settings::COUNTED_BY_UNIT)?.is_some() {
        return Ok(());
    }
    conn.transaction(|conn| {
        // Office hours count nothing.
        let reference = Reference::load(conn, &OfficeHours::default())?;
        tallies::count_by_unit(conn, &reference)?;
        settings::set(conn, settings::COUNTED_BY_UNIT, "0036")
    })
}

/// What phone numbers are found by that were kept as they were typed, which migration 0024 has added.
fn read_phones(conn: &mut Conn) -> Result<(), StoreError> {
    if settings::get(conn, settings::PHONES_READ)?.is_some() {
        return Ok(());
    }
    conn.transaction(|conn| {
        persons::read_phones(conn, BATCH)?;
        settings::set(conn, settings::PHONES_READ, "0024")
    })
}

/// The search names that are made otherwise since texts are cleaned, and organisations are known by how they are called.
fn rename_people(conn: &mut Conn) -> Result<(), StoreError> {
    const NOW: &str =
        "any mark between words, i for y, h, k and y alone, people called like offices";
    if settings::get(conn, settings::PEOPLE_RENAMED)?.as_deref() == Some(NOW) {
        return Ok(());
    }
    conn.transaction(|conn| {
        persons::rename(conn, BATCH)?;
        settings::set(conn, settings::PEOPLE_RENAMED, NOW)
    })
}

/// The counts of how the resolved ended that migration 0018 has added.
fn fill_endings(conn: &mut Conn) -> Result<(), StoreError> {
    if settings::get(conn, settings::ENDINGS_FILLED)?.is_some() {
        return Ok(());
    }
    conn.transaction(|conn| {
        tallies::count_endings(conn)?;
        // They say how the closing ended that they take back: they are made anew.
        settings::remove(conn, settings::REVERSALS_FILLED, "0012")?;
        settings::set(conn, settings::ENDINGS_FILLED, "0018")
    })
}

/// The rows that migration 0012 has added.
fn fill_reversals(conn: &mut Conn) -> Result<(), StoreError> {
    if settings::get(conn, settings::REVERSALS_FILLED)?.is_some() {
        return Ok(());
    }
    conn.transaction(|conn| {
        reversals::rebuild(conn)?;
        settings::set(conn, settings::REVERSALS_FILLED, "0012")
    })
}

/// The columns that migration 0002 has added.
fn fill_lists(conn: &mut Conn) -> Result<(), StoreError> {
    if settings::get(conn, settings::LISTS_FILLED)?.is_some() {
        return Ok(());
    }
    let units = units::load(conn)?;
    conn.transaction(|conn| {
        for unit in units.all() {
            dossiers::set_area(conn, unit.id, units.area_of(unit.id).map(|id| id.0))?;
        }
        Ok::<_, StoreError>(())
    })?;
    while conn.transaction(|conn| persons::name_some(conn, BATCH))? > 0 {}
    settings::set(conn, settings::LISTS_FILLED, "0002")
}
