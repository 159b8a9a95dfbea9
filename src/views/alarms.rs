//! What an administrator of the whole office has to look at.

use crate::domain::ids::UnitId;
use crate::error::Error;
use crate::store::Store;
use crate::store::alarms::{self, Alarm};
use crate::store::set_aside::{self, Entry};
use crate::views::reach::ensure_whole;

/// The open alarms, newest first.
///
/// # Errors
/// If `reach` is not the whole office, or the database refuses.
pub fn list_alarms(store: &Store, reach: UnitId, limit: u32) -> Result<Vec<Alarm>, Error> {
    store.read_with_reference(|conn, reference| {
        ensure_whole(reference.units(), reach)?;
        Ok(alarms::open(conn, limit)?)
    })
}

/// Dossiers that are set aside, newest first.
///
/// # Errors
/// If `reach` is not the whole office, or the database refuses.
pub fn list_set_aside(store: &Store, reach: UnitId, limit: u32) -> Result<Vec<Entry>, Error> {
    store.read_with_reference(|conn, reference| {
        ensure_whole(reference.units(), reach)?;
        Ok(set_aside::list(conn, limit)?)
    })
}
