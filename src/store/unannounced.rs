//! Events whose messages are yet to be made.

use std::collections::BTreeMap;

use diesel::prelude::*;

use super::locks::Lock;
use super::schema::unannounced_events;
use super::{Conn, StoreError};
use crate::domain::ids::DossierId;

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

/// Takes the oldest away, up to `limit`: sequences by dossier. One instance at a time, so that the
/// messages of a dossier are written in the order of its events; `None` while another one does.
///
/// # Errors
/// If the database refuses.
pub fn take(
    conn: &mut Conn,
    limit: u32,
) -> Result<Option<BTreeMap<DossierId, Vec<u32>>>, StoreError> {
    if !Lock::Announcing.try_alone(conn)? {
        return Ok(None);
    }
    let rows: Vec<(i64, Vec<u8>, i32)> = unannounced_events::table
        .order(unannounced_events::id)
        .limit(i64::from(limit))
        .load(conn)?;
    let ids: Vec<i64> = rows.iter().map(|(id, ..)| *id).collect();
    for ids in ids.chunks(500) {
        let taken = unannounced_events::table.filter(unannounced_events::id.eq_any(ids));
        diesel::delete(taken).execute(conn)?;
    }
    let mut by_dossier: BTreeMap<DossierId, Vec<u32>> = BTreeMap::new();
    for (_, dossier, sequence) in rows {
        let corrupt = || StoreError::corrupt("unannounced_events");
        let dossier = DossierId::from_slice(&dossier).ok_or_else(corrupt)?;
        let sequence = u32::try_from(sequence).map_err(|_| corrupt())?;
        by_dossier.entry(dossier).or_default().push(sequence);
    }
    Ok(Some(by_dossier))
}
