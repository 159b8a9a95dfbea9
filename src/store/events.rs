//! A dossier's history: reading it back, and bringing events into their stored form.

use std::collections::HashMap;
use std::fmt::Display;

use diesel::prelude::*;

use crate::domain::dossier::{Beside, Dossier, Event, EventData, ReplayError};
use crate::domain::ids::{Actor, DossierId};
use crate::domain::moment::Moment;
use crate::store::chain::{EventHash, GENESIS, StoredEvent};
use crate::store::cursor::{Going, past};
use crate::store::dossiers::{self, dossier_id};
use crate::store::schema::dossier_events;
use crate::store::{Conn, StoreError};

/// The columns of an event, in their order.
#[derive(Insertable, Queryable)]
#[diesel(table_name = dossier_events, treat_none_as_default_value = false)]
pub(super) struct EventRow {
    pub(super) dossier_id: Vec<u8>,
    pub(super) sequence: i32,
    pub(super) kind: i16,
    pub(super) at: i64,
    pub(super) actor: i32,
    pub(super) data: String,
    pub(super) hash: Vec<u8>,
    pub(super) recorded_at: Option<i64>,
}

impl EventRow {
    pub(super) fn new(dossier: DossierId, event: &StoredEvent) -> Self {
        Self {
            dossier_id: dossier.bytes().to_vec(),
            sequence: i32::try_from(event.sequence).unwrap_or(i32::MAX),
            kind: event.kind,
            at: event.at,
            actor: event.actor,
            data: event.data.clone(),
            hash: event.hash.to_vec(),
            recorded_at: event.recorded_at,
        }
    }

    pub(super) fn stored(self) -> Result<StoredEvent, StoreError> {
        let bad = || StoreError::corrupt(format!("sự kiện {} của một hồ sơ", self.sequence));
        Ok(StoredEvent {
            sequence: u32::try_from(self.sequence).map_err(|_| bad())?,
            hash: self.hash.as_slice().try_into().map_err(|_| bad())?,
            kind: self.kind,
            at: self.at,
            recorded_at: self.recorded_at,
            actor: self.actor,
            data: self.data,
        })
    }
}

impl StoredEvent {
    /// Reads the event back.
    ///
    /// # Errors
    /// If its payload is not of its kind.
    pub fn event(&self) -> Result<Event, StoreError> {
        Ok(Event {
            sequence: self.sequence,
            at: Moment::from_unix_millis(self.at),
            recorded_at: Moment::from_unix_millis(self.recorded_at.unwrap_or(self.at)),
            actor: Actor::from_code(self.actor),
            data: payload(&self.sequence, self.kind, &self.data)?,
            beside: Beside::read(&self.data).map_err(|error| damaged(&self.sequence, &error))?,
        })
    }
}

/// Reads a stored payload; `which` event it is stands in the error.
///
/// # Errors
/// If it is not of its kind.
pub(super) fn payload(which: &dyn Display, kind: i16, json: &str) -> Result<EventData, StoreError> {
    EventData::from_json(kind, json).map_err(|error| damaged(which, &error))
}

fn damaged(which: &dyn Display, error: &serde_json::Error) -> StoreError {
    StoreError::corrupt(format!("sự kiện {which}: {}", unreadable(error)))
}

/// Why an event cannot be read, without what stands there: it may name people.
fn unreadable(error: &serde_json::Error) -> String {
    match error.line() {
        // Not from reading the text: a kind that this program does not know.
        0 => error.to_string(),
        line => format!("nội dung hỏng tại dòng {line}, cột {}", error.column()),
    }
}

/// Brings events into their stored form, chained to `head`.
///
/// # Errors
/// Never for events of this program; the signature is serde's.
pub fn seal(
    dossier: DossierId,
    mut head: EventHash,
    events: &[Event],
) -> Result<Vec<StoredEvent>, StoreError> {
    events
        .iter()
        .map(|event| {
            let data = event
                .to_json()
                .map_err(|e| StoreError::Other(e.to_string()))?;
            let mut stored = StoredEvent {
                sequence: event.sequence,
                kind: event.data.code(),
                at: event.at.unix_millis(),
                recorded_at: Some(event.recorded_at.unix_millis()),
                actor: event.actor.code(),
                data,
                hash: head,
            };
            head = stored.expected_hash(&head, dossier);
            stored.hash = head;
            Ok(stored)
        })
        .collect()
}

/// The stored history of a dossier, oldest first.
pub fn history(conn: &mut Conn, dossier: DossierId) -> Result<Vec<StoredEvent>, StoreError> {
    let rows: Vec<EventRow> = dossier_events::table
        .filter(dossier_events::dossier_id.eq(dossier.bytes().to_vec()))
        .order(dossier_events::sequence)
        .load(conn)?;
    rows.into_iter().map(EventRow::stored).collect()
}

/// Shows the events of each of these dossiers to `work`. One whose history cannot be read is left out: `verify` tells of
/// it.
pub(super) fn of_each(
    conn: &mut Conn,
    dossiers: Vec<Vec<u8>>,
    mut work: impl FnMut(&mut Conn, DossierId, &[Event]) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    for id in dossiers {
        readable(dossier_id(&id).and_then(|id| {
            let stored = history(conn, id)?;
            work(conn, id, &read(&stored)?)
        }))?;
    }
    Ok(())
}

/// Shows the events of every dossier to `work`, many at a time. One whose history cannot be read is left out: `verify`
/// tells of it.
pub(super) fn of_all(
    conn: &mut Conn,
    mut work: impl FnMut(&mut Conn, DossierId, &[Event]) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    const AT_ONCE: u32 = 2000;
    let mut after = None;
    loop {
        let page = dossiers::ids_after(conn, after, AT_ONCE)?;
        let Some(last) = page.last() else {
            return Ok(());
        };
        after = Some(*last);
        for (id, stored) in histories(conn, &page)? {
            readable(read(&stored).and_then(|events| work(conn, id, &events)))?;
        }
    }
}

fn read(stored: &[StoredEvent]) -> Result<Vec<Event>, StoreError> {
    stored.iter().map(StoredEvent::event).collect()
}

/// Passes over what is damaged.
fn readable(done: Result<(), StoreError>) -> Result<(), StoreError> {
    match done {
        Err(StoreError::Corrupt(what)) => {
            tracing::warn!(what, "a history that cannot be counted");
            Ok(())
        }
        done => done,
    }
}

/// What makes no history of a dossier.
pub(crate) fn unfit(id: DossierId, error: &ReplayError) -> StoreError {
    StoreError::corrupt(format!("hồ sơ {id}: {error}"))
}

/// The stored histories of several dossiers, each oldest first.
pub fn histories(
    conn: &mut Conn,
    dossiers: &[DossierId],
) -> Result<HashMap<DossierId, Vec<StoredEvent>>, StoreError> {
    let mut histories: HashMap<DossierId, Vec<StoredEvent>> = HashMap::new();
    for ids in dossiers.chunks(500) {
        let ids: Vec<Vec<u8>> = ids.iter().map(|id| id.bytes().to_vec()).collect();
        let rows: Vec<EventRow> = dossier_events::table
            .filter(dossier_events::dossier_id.eq_any(ids))
            .order((dossier_events::dossier_id, dossier_events::sequence))
            .load(conn)?;
        for row in rows {
            let id = dossier_id(&row.dossier_id)?;
            histories.entry(id).or_default().push(row.stored()?);
        }
    }
    Ok(histories)
}

/// A dossier as its history tells it, and the hash to chain the next event to.
pub fn replay(
    conn: &mut Conn,
    dossier: DossierId,
) -> Result<Option<(Dossier, EventHash)>, StoreError> {
    let stored = history(conn, dossier)?;
    if stored.is_empty() {
        return Ok(None);
    }
    let head = stored.last().map_or(GENESIS, |event| event.hash);
    let events = stored
        .iter()
        .map(StoredEvent::event)
        .collect::<Result<Vec<_>, _>>()?;
    let state = Dossier::replay(dossier, &events)
        .map_err(|error| StoreError::corrupt(format!("hồ sơ {dossier}: {error}")))?;
    Ok(Some((state, head)))
}

/// A row of an event as it is, whatever it is.
#[derive(Queryable)]
pub struct RawEvent {
    pub dossier_id: Vec<u8>,
    pub sequence: i32,
    pub kind: i16,
    pub data: String,
    pub hash: Vec<u8>,
}

/// Rows of events after a dossier and sequence, in their order.
pub fn rows_after(
    conn: &mut Conn,
    after: Option<(Vec<u8>, i32)>,
    limit: u32,
) -> Result<Vec<RawEvent>, StoreError> {
    let columns = (dossier_events::dossier_id, dossier_events::sequence);
    let mut query = dossier_events::table
        .order(columns)
        .select((
            dossier_events::dossier_id,
            dossier_events::sequence,
            dossier_events::kind,
            dossier_events::data,
            dossier_events::hash,
        ))
        .limit(i64::from(limit))
        .into_boxed();
    if let Some(after) = after {
        query = query.filter(past(Going::Up, columns, after));
    }
    Ok(query.load(conn)?)
}

/// An event as it was read, or why it could not be.
pub type ReadBack = Result<StoredEvent, StoreError>;

/// All stored events of the dossiers after `after` up to and including `last` (`None`: to the
/// end), by dossier and sequence, for `verify`. An event that cannot be read is an error of its
/// own, not of the whole.
pub fn between(
    conn: &mut Conn,
    after: Option<DossierId>,
    last: Option<DossierId>,
) -> Result<Vec<(Vec<u8>, ReadBack)>, StoreError> {
    let mut query = dossier_events::table
        .order((dossier_events::dossier_id, dossier_events::sequence))
        .into_boxed();
    if let Some(after) = after {
        query = query.filter(dossier_events::dossier_id.gt(after.bytes().to_vec()));
    }
    if let Some(last) = last {
        query = query.filter(dossier_events::dossier_id.le(last.bytes().to_vec()));
    }
    let rows: Vec<EventRow> = query.load(conn)?;
    Ok(rows
        .into_iter()
        .map(|row| (row.dossier_id.clone(), row.stored()))
        .collect())
}
