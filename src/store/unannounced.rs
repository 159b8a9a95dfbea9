//! Events whose messages are yet to be made.

use diesel::prelude::*;

use crate::domain::ids::DossierId;
use crate::domain::log::Entry;
use crate::store::connection::on_either;
use crate::store::locks::Lock;
use crate::store::log::{self, EventToSeal};
use crate::store::schema::{dossier_events, log_sealed_early, unannounced_events};
use crate::store::set_aside::Work;
use crate::store::{Conn, StoreError};

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
        let query = diesel::insert_into(unannounced_events::table).values((
            unannounced_events::dossier_id.eq(dossier.bytes().to_vec()),
            unannounced_events::sequence.eq(i32::try_from(sequence).unwrap_or(i32::MAX)),
        ));
        on_either!(conn, |conn| query.execute(conn))?;
    }
    Ok(())
}

/// Those that have waited longest; without those of dossiers that are set aside.
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

/// Notes whose events are yet to be in the log, with the hashes of these: all, or those of some numbers,
/// or the oldest up to a number.
enum Notes<'a> {
    All,
    These(&'a [i64]),
    UpTo(i64, u32),
}

fn to_seal(conn: &mut Conn, notes: &Notes<'_>) -> Result<Vec<EventToSeal>, StoreError> {
    let event = dossier_events::dossier_id
        .eq(unannounced_events::dossier_id)
        .and(dossier_events::sequence.eq(unannounced_events::sequence));
    let early = log_sealed_early::dossier_id
        .eq(unannounced_events::dossier_id)
        .and(log_sealed_early::sequence.eq(unannounced_events::sequence));
    let mut query = unannounced_events::table
        .left_join(dossier_events::table.on(event))
        .left_join(log_sealed_early::table.on(early))
        .filter(log_sealed_early::sequence.is_null())
        .order(unannounced_events::id)
        .select((
            unannounced_events::dossier_id,
            unannounced_events::sequence,
            dossier_events::hash.nullable(),
        ))
        .into_boxed();
    match notes {
        Notes::All => {}
        Notes::These(ids) => query = query.filter(unannounced_events::id.eq_any(*ids)),
        Notes::UpTo(last, limit) => {
            query = query
                .filter(unannounced_events::id.le(*last))
                .limit(i64::from(*limit));
        }
    }
    Ok(query.load(conn)?)
}

/// Events that are yet to be in the log, with their hashes.
pub(super) fn all_to_seal(conn: &mut Conn) -> Result<Vec<EventToSeal>, StoreError> {
    to_seal(conn, &Notes::All)
}

/// The same as entries of the log, for `verify`.
pub fn entries_to_come(conn: &mut Conn) -> Result<Vec<Entry>, StoreError> {
    let events = all_to_seal(conn)?.into_iter();
    let entries = events.filter_map(|(dossier, sequence, hash)| {
        log::event_entry(&dossier, sequence, hash.as_deref()?)
    });
    Ok(entries.collect())
}

/// The number of the newest note.
pub fn newest(conn: &mut Conn) -> Result<Option<i64>, StoreError> {
    let ids = unannounced_events::table.select(unannounced_events::id);
    Ok(ids
        .order(unannounced_events::id.desc())
        .first(conn)
        .optional()?)
}

/// Puts events into the log whose notes, up to that number, nobody has taken away. Returns how many.
pub fn seal_left_behind(conn: &mut Conn, up_to: i64, limit: u32) -> Result<usize, StoreError> {
    // Before anything is read: whoever takes notes away does so under this lock too.
    Lock::Sealing.exclusive(conn)?;
    let events = to_seal(conn, &Notes::UpTo(up_to, limit))?;
    log::seal_events(conn, &events)?;
    for (dossier, sequence, _) in &events {
        diesel::insert_into(log_sealed_early::table)
            .values((
                log_sealed_early::dossier_id.eq(dossier),
                log_sealed_early::sequence.eq(sequence),
            ))
            .execute(conn)?;
    }
    Ok(events.len())
}

/// Takes these away if all of them still wait, puts them into the log, and says whether they did: what
/// another instance has taken is its own to tell of. One instance at a time, so that the messages of a dossier are written
/// in the order of its events.
pub fn take(conn: &mut Conn, these: &[Waiting]) -> Result<bool, StoreError> {
    if !Lock::Announcing.try_alone(conn)? {
        return Ok(false);
    }
    // Before anything is read: whoever dismisses a dossier takes its notes away under this lock too.
    Lock::Sealing.exclusive(conn)?;
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
    seal_and_delete(conn, these)?;
    Ok(true)
}

/// Nobody is told of what waits of a dossier.
pub(super) fn drop_all(conn: &mut Conn, dossier: DossierId) -> Result<(), StoreError> {
    // They come into the log all the same.
    Lock::Sealing.exclusive(conn)?;
    let there: Vec<(i64, Vec<u8>, i32)> = unannounced_events::table
        .filter(unannounced_events::dossier_id.eq(dossier.bytes().to_vec()))
        .order(unannounced_events::id)
        .load(conn)?;
    let these: Vec<Waiting> = there.into_iter().map(waiting).collect::<Result<_, _>>()?;
    seal_and_delete(conn, &these)
}

/// What is taken away is in the log, whatever becomes of its messages. Under the lock of sealing.
fn seal_and_delete(conn: &mut Conn, these: &[Waiting]) -> Result<(), StoreError> {
    let ids: Vec<i64> = these.iter().map(|waiting| waiting.id).collect();
    let events = to_seal(conn, &Notes::These(&ids))?;
    log::seal_events(conn, &events)?;
    forget_sealed_early(conn, these)?;
    diesel::delete(unannounced_events::table.filter(unannounced_events::id.eq_any(&ids)))
        .execute(conn)?;
    Ok(())
}

fn forget_sealed_early(conn: &mut Conn, these: &[Waiting]) -> Result<(), StoreError> {
    let first: Option<i32> = log_sealed_early::table
        .select(log_sealed_early::sequence)
        .first(conn)
        .optional()?;
    if first.is_none() {
        return Ok(());
    }
    for waiting in these {
        let sequence = i32::try_from(waiting.sequence).unwrap_or(i32::MAX);
        let row = log_sealed_early::table.find((waiting.dossier.bytes().to_vec(), sequence));
        diesel::delete(row).execute(conn)?;
    }
    Ok(())
}
