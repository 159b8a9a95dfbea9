//! Events whose messages are yet to be made.

use diesel::prelude::*;

use super::locks::Lock;
use super::schema::unannounced_events;
use super::set_aside::Work;
use super::{Conn, StoreError};
use crate::domain::ids::DossierId;

/// An event that waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    id: i64,
    pub dossier: DossierId,
    pub sequence: u32,
}

impl Waiting {
    /// Its place among those that wait.
    pub const fn number(&self) -> i64 {
        self.id
    }
}

/// Notes events of a dossier, in their transaction.
pub(super) fn insert(
    conn: &mut Conn,
    dossier: DossierId,
    sequences: impl Iterator<Item = u32>,
) -> Result<(), StoreError> {
    for sequence in sequences {
        diesel::insert_into(unannounced_events::table)
            .values((
                unannounced_events::dossier_id.eq(dossier.bytes().to_vec()),
                unannounced_events::sequence.eq(i32::try_from(sequence).unwrap_or(i32::MAX)),
            ))
            .execute(conn)?;
    }
    Ok(())
}

/// Those that have waited longest; without those of dossiers that are set aside.
///
/// # Errors
/// If the database refuses.
pub fn oldest(conn: &mut Conn, limit: u32) -> Result<Vec<Waiting>, StoreError> {
    let rows: Vec<(i64, Vec<u8>, i32)> = unannounced_events::table
        .filter(Work::Announce.takes("unannounced_events.dossier_id"))
        .order(unannounced_events::id)
        .limit(i64::from(limit))
        .load(conn)?;
    rows.into_iter().map(waiting).collect()
}

fn waiting((id, dossier, sequence): (i64, Vec<u8>, i32)) -> Result<Waiting, StoreError> {
    let corrupt = || StoreError::corrupt("unannounced_events");
    Ok(Waiting {
        id,
        dossier: DossierId::from_slice(&dossier).ok_or_else(corrupt)?,
        sequence: u32::try_from(sequence).map_err(|_| corrupt())?,
    })
}

/// Takes these away if all of them still wait, and says whether they did: what another instance has
/// taken is its own to tell of. One instance at a time, so that the messages of a dossier are written
/// in the order of its events.
///
/// # Errors
/// If the database refuses.
pub fn take(conn: &mut Conn, these: &[Waiting]) -> Result<bool, StoreError> {
    if !Lock::Announcing.try_alone(conn)? {
        return Ok(false);
    }
    let ids: Vec<i64> = these.iter().map(|waiting| waiting.id).collect();
    // SQLite gives a number again once the table was empty: the number alone is not the event.
    let there: Vec<(i64, Vec<u8>, i32)> = unannounced_events::table
        .filter(unannounced_events::id.eq_any(&ids))
        .order(unannounced_events::id)
        .load(conn)?;
    let there: Vec<Waiting> = there.into_iter().map(waiting).collect::<Result<_, _>>()?;
    if there != these {
        return Ok(false);
    }
    diesel::delete(unannounced_events::table.filter(unannounced_events::id.eq_any(&ids)))
        .execute(conn)?;
    Ok(true)
}

/// Nobody is told of what waits of a dossier.
pub(super) fn drop_all(conn: &mut Conn, dossier: DossierId) -> Result<(), StoreError> {
    let these = unannounced_events::dossier_id.eq(dossier.bytes().to_vec());
    diesel::delete(unannounced_events::table.filter(these)).execute(conn)?;
    Ok(())
}
