//! What a migration needs that SQL cannot: columns whose values our own code works out.

use diesel::connection::Connection;

use super::{Conn, StoreError, dossiers, persons, settings, units};

const BATCH: u32 = 5000;

/// Fills the columns that migration 0002 has added to what was there before. Once done it is
/// noted; interrupted, the next start goes on with it.
pub(super) fn run(conn: &mut Conn) -> Result<(), StoreError> {
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
