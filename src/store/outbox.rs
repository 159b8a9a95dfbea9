//! The outbox: messages written in the transaction of what they tell of, and sent afterwards.
//!
//! A message that is claimed is nobody else's until its lease has run out; whoever claimed it settles
//! it, or it is tried again. Messages that keep an order wait for those before them.

use std::collections::BTreeSet;
use std::time::Duration;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary, Integer, Nullable, Text};
use serde::Deserialize;

use super::schema::outbox;
use super::{Conn, StoreError};
use crate::domain::ids::{DossierId, MessageId};
use crate::domain::moment::Moment;

/// By what a message goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Email,
    Sms,
    Zalo,
    /// To the national portal.
    Portal,
    /// To another system.
    Webhook,
}

impl Kind {
    pub const ALL: [Self; 5] = [
        Self::Email,
        Self::Sms,
        Self::Zalo,
        Self::Portal,
        Self::Webhook,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Sms => "sms",
            Self::Zalo => "zalo",
            Self::Portal => "portal",
            Self::Webhook => "webhook",
        }
    }
}

impl std::str::FromStr for Kind {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let mut all = Self::ALL.into_iter();
        all.find(|kind| kind.as_str() == text).ok_or(())
    }
}

/// A message to be sent.
#[derive(Debug, Clone, PartialEq)]
pub struct Outgoing {
    pub kind: Kind,
    /// What it tells: the name of a template, of a portal's message, of an event.
    pub topic: String,
    /// E-mail address, phone number, the webhook's id.
    pub recipient: String,
    /// What the carrier needs to make it.
    pub body: serde_json::Value,
    pub dossier: Option<DossierId>,
    /// Its place among the messages on its dossier to that recipient; none where order does not
    /// matter.
    pub position: Option<i32>,
    /// Told once only: another message with the same key is not written.
    pub once: Option<String>,
    /// When to send it.
    pub due: Moment,
}

/// Puts a message up for sending. Returns whether it is one that was not told before.
///
/// # Errors
/// If the database refuses.
pub fn put(conn: &mut Conn, message: &Outgoing, now: Moment) -> Result<bool, StoreError> {
    let id = MessageId::new(now, rand::random());
    let row = (
        outbox::id.eq(id.bytes().to_vec()),
        outbox::kind.eq(message.kind.as_str()),
        outbox::topic.eq(&message.topic),
        outbox::recipient.eq(&message.recipient),
        outbox::body.eq(message.body.to_string()),
        outbox::dossier_id.eq(message.dossier.map(|id| id.bytes().to_vec())),
        outbox::position.eq(message.position),
        outbox::once_key.eq(&message.once),
        outbox::created_at.eq(now.unix_millis()),
        outbox::due_at.eq(Some(message.due.unix_millis())),
    );
    let written = match conn {
        Conn::Sqlite(conn) => diesel::insert_or_ignore_into(outbox::table)
            .values(row)
            .execute(conn)?,
        Conn::Postgres(conn) => diesel::insert_into(outbox::table)
            .values(row)
            .on_conflict(outbox::once_key)
            .do_nothing()
            .execute(conn)?,
    };
    Ok(written > 0)
}

/// Which of these keys have been told.
///
/// # Errors
/// If the database refuses.
pub fn told(conn: &mut Conn, keys: &[String]) -> Result<BTreeSet<String>, StoreError> {
    let mut told = BTreeSet::new();
    for keys in keys.chunks(500) {
        let found: Vec<Option<String>> = outbox::table
            .filter(outbox::once_key.eq_any(keys))
            .select(outbox::once_key)
            .load(conn)?;
        told.extend(found.into_iter().flatten());
    }
    Ok(told)
}

/// A message that is being sent.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    pub id: MessageId,
    pub topic: String,
    pub recipient: String,
    pub body: serde_json::Value,
    pub dossier: Option<DossierId>,
    /// How often it was tried, this time included.
    pub tries: u32,
    pub created_at: Moment,
}

#[derive(QueryableByName)]
struct Claimed {
    #[diesel(sql_type = Binary)]
    id: Vec<u8>,
    #[diesel(sql_type = Text)]
    topic: String,
    #[diesel(sql_type = Text)]
    recipient: String,
    #[diesel(sql_type = Text)]
    body: String,
    #[diesel(sql_type = Nullable<Binary>)]
    dossier_id: Option<Vec<u8>>,
    #[diesel(sql_type = Integer)]
    tries: i32,
    #[diesel(sql_type = BigInt)]
    created_at: i64,
}

impl TryFrom<Claimed> for Message {
    type Error = StoreError;

    fn try_from(row: Claimed) -> Result<Self, StoreError> {
        let dossier = row.dossier_id.map(|id| {
            DossierId::from_slice(&id).ok_or_else(|| StoreError::corrupt("outbox.dossier_id"))
        });
        Ok(Self {
            id: MessageId::from_slice(&row.id).ok_or_else(|| StoreError::corrupt("outbox.id"))?,
            topic: row.topic,
            recipient: row.recipient,
            body: serde_json::from_str(&row.body)
                .map_err(|_| StoreError::corrupt("outbox.body"))?,
            dossier: dossier.transpose()?,
            tries: u32::try_from(row.tries).unwrap_or(0),
            created_at: Moment::from_unix_millis(row.created_at),
        })
    }
}

/// Claims up to `limit` messages of a kind that are due, for the length of a lease. Several
/// instances may claim side by side.
///
/// # Errors
/// If the database refuses.
pub fn claim(
    conn: &mut Conn,
    kind: Kind,
    limit: u32,
    lease: Duration,
    now: Moment,
) -> Result<Vec<Message>, StoreError> {
    let lease = i64::try_from(lease.as_millis()).unwrap_or(i64::MAX);
    let (these, skip) = match conn {
        Conn::Sqlite(_) => ("in (", ") "),
        // An array is made once, however the statement is planned.
        Conn::Postgres(_) => ("= any(array(", " for update skip locked)) "),
    };
    // Only numbers and our own names go into the text.
    let kind = kind.as_str();
    let query = format!(
        "update outbox set due_at = {until}, tries = tries + 1 where id {these} \
             select o.id from outbox o \
             where o.kind = '{kind}' and o.due_at <= {now} \
             and (o.position is null or not exists ( \
                 select 1 from outbox b where b.kind = '{kind}' and b.dossier_id = o.dossier_id \
                 and b.recipient = o.recipient and b.position < o.position \
                 and b.due_at is not null)) \
             order by o.due_at limit {limit}{skip} \
         returning id, topic, recipient, body, dossier_id, tries, created_at",
        until = now.plus_millis(lease).unix_millis(),
        now = now.unix_millis(),
    );
    let rows: Vec<Claimed> = diesel::sql_query(query).load(conn)?;
    rows.into_iter().map(Message::try_from).collect()
}

/// What became of a try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Settlement {
    Delivered,
    /// Try again then.
    Again {
        at: Moment,
        error: String,
    },
    /// Not a try at all: it may not go now.
    Later {
        at: Moment,
    },
    GivenUp {
        error: String,
    },
}

const DELIVERED: i16 = 1;
const GIVEN_UP: i16 = 2;

/// Settles messages that were claimed.
///
/// # Errors
/// If the database refuses.
pub fn settle(
    conn: &mut Conn,
    settled: &[(MessageId, Settlement)],
    now: Moment,
) -> Result<(), StoreError> {
    let now = now.unix_millis();
    let delivered = settled
        .iter()
        .filter(|(_, settlement)| *settlement == Settlement::Delivered);
    let delivered: Vec<Vec<u8>> = delivered.map(|(id, _)| id.bytes().to_vec()).collect();
    if !delivered.is_empty() {
        diesel::update(outbox::table.filter(outbox::id.eq_any(delivered)))
            .set((
                outbox::due_at.eq(None::<i64>),
                outbox::settled_at.eq(Some(now)),
                outbox::outcome.eq(Some(DELIVERED)),
                outbox::error.eq(None::<String>),
                // It held personal data, and is needed no more.
                outbox::body.eq("null"),
            ))
            .execute(conn)?;
    }
    for (id, settlement) in settled {
        let row = outbox::table.find(id.bytes().to_vec());
        match settlement {
            // All of them above, at once.
            Settlement::Delivered => {}
            Settlement::Again { at, error } => {
                diesel::update(row)
                    .set((
                        outbox::due_at.eq(Some(at.unix_millis())),
                        outbox::error.eq(Some(error)),
                    ))
                    .execute(conn)?;
            }
            Settlement::Later { at } => {
                diesel::update(row)
                    .set((
                        outbox::due_at.eq(Some(at.unix_millis())),
                        outbox::tries.eq(outbox::tries - 1),
                    ))
                    .execute(conn)?;
            }
            Settlement::GivenUp { error } => {
                diesel::update(row)
                    .set((
                        outbox::due_at.eq(None::<i64>),
                        outbox::settled_at.eq(Some(now)),
                        outbox::outcome.eq(Some(GIVEN_UP)),
                        outbox::error.eq(Some(error)),
                    ))
                    .execute(conn)?;
            }
        }
    }
    Ok(())
}

/// Where a message stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    Waiting,
    Delivered,
    GivenUp,
}

impl Standing {
    pub const ALL: [Self; 3] = [Self::Waiting, Self::Delivered, Self::GivenUp];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Delivered => "delivered",
            Self::GivenUp => "given_up",
        }
    }
}

/// A message as an administrator sees it: nothing of what it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub id: MessageId,
    pub kind: String,
    pub topic: String,
    pub recipient: String,
    pub dossier: Option<DossierId>,
    pub created_at: Moment,
    pub due_at: Option<Moment>,
    pub tries: u32,
    pub settled_at: Option<Moment>,
    pub standing: Standing,
    pub error: Option<String>,
}

type EntryRow = (
    (Vec<u8>, String, String, String, Option<Vec<u8>>),
    (
        i64,
        Option<i64>,
        i32,
        Option<i64>,
        Option<i16>,
        Option<String>,
    ),
);

impl TryFrom<EntryRow> for Entry {
    type Error = StoreError;

    fn try_from(row: EntryRow) -> Result<Self, StoreError> {
        let ((id, kind, topic, recipient, dossier), (created, due, tries, settled, outcome, error)) =
            row;
        Ok(Self {
            id: MessageId::from_slice(&id).ok_or_else(|| StoreError::corrupt("outbox.id"))?,
            kind,
            topic,
            recipient,
            dossier: dossier.and_then(|id| DossierId::from_slice(&id)),
            created_at: Moment::from_unix_millis(created),
            due_at: due.map(Moment::from_unix_millis),
            tries: u32::try_from(tries).unwrap_or(0),
            settled_at: settled.map(Moment::from_unix_millis),
            standing: match outcome {
                Some(DELIVERED) => Standing::Delivered,
                Some(_) => Standing::GivenUp,
                None => Standing::Waiting,
            },
            error,
        })
    }
}

/// Which messages to list.
#[derive(Debug, Clone, Default)]
pub struct Which {
    pub standing: Option<Standing>,
    pub kind: Option<Kind>,
    pub recipient: Option<String>,
}

/// Messages by id, newest first, older than `before`.
///
/// # Errors
/// If the database refuses.
pub fn list(
    conn: &mut Conn,
    which: &Which,
    before: Option<MessageId>,
    limit: u32,
) -> Result<Vec<Entry>, StoreError> {
    let mut query = outbox::table
        .select((
            (
                outbox::id,
                outbox::kind,
                outbox::topic,
                outbox::recipient,
                outbox::dossier_id,
            ),
            (
                outbox::created_at,
                outbox::due_at,
                outbox::tries,
                outbox::settled_at,
                outbox::outcome,
                outbox::error,
            ),
        ))
        .order(outbox::id.desc())
        .limit(i64::from(limit))
        .into_boxed();
    match which.standing {
        Some(Standing::Waiting) => query = query.filter(outbox::due_at.is_not_null()),
        Some(Standing::Delivered) => query = query.filter(outbox::outcome.eq(DELIVERED)),
        Some(Standing::GivenUp) => query = query.filter(outbox::outcome.eq(GIVEN_UP)),
        None => {}
    }
    if let Some(kind) = which.kind {
        query = query.filter(outbox::kind.eq(kind.as_str()));
    }
    if let Some(recipient) = &which.recipient {
        query = query.filter(outbox::recipient.eq(recipient.clone()));
    }
    if let Some(before) = before {
        query = query.filter(outbox::id.lt(before.bytes().to_vec()));
    }
    let rows: Vec<EntryRow> = query.load(conn)?;
    rows.into_iter().map(Entry::try_from).collect()
}

/// Tries a message that was given up, or waits, again at once. Returns whether there is one.
///
/// # Errors
/// If the database refuses.
pub fn retry(conn: &mut Conn, id: MessageId, now: Moment) -> Result<bool, StoreError> {
    let row = outbox::table
        .find(id.bytes().to_vec())
        .filter(outbox::outcome.is_null().or(outbox::outcome.eq(GIVEN_UP)));
    let changed = diesel::update(row)
        .set((
            outbox::due_at.eq(Some(now.unix_millis())),
            outbox::tries.eq(0),
            outbox::settled_at.eq(None::<i64>),
            outbox::outcome.eq(None::<i16>),
        ))
        .execute(conn)?;
    Ok(changed > 0)
}

/// Postpones all messages of a kind to a recipient, or of the kind, that are due before `at`: whoever
/// takes them does not answer.
///
/// # Errors
/// If the database refuses.
pub fn postpone(
    conn: &mut Conn,
    kind: Kind,
    recipient: Option<&str>,
    now: Moment,
    at: Moment,
) -> Result<(), StoreError> {
    let mut query = diesel::update(outbox::table)
        .filter(outbox::kind.eq(kind.as_str()))
        .filter(outbox::due_at.le(now.unix_millis()))
        .set(outbox::due_at.eq(Some(at.unix_millis())))
        .into_boxed();
    if let Some(recipient) = recipient {
        query = query.filter(outbox::recipient.eq(recipient.to_owned()));
    }
    query.execute(conn)?;
    Ok(())
}

/// Forgets messages settled before a moment; those given up are kept until somebody has looked.
///
/// # Errors
/// If the database refuses.
pub fn forget(conn: &mut Conn, before: Moment) -> Result<usize, StoreError> {
    let old = outbox::table
        .filter(outbox::settled_at.lt(before.unix_millis()))
        .filter(outbox::outcome.eq(DELIVERED));
    Ok(diesel::delete(old).execute(conn)?)
}

/// How many messages wait to be sent.
///
/// # Errors
/// If the database refuses.
pub fn depth(conn: &mut Conn) -> Result<i64, StoreError> {
    let waiting = outbox::table.filter(outbox::due_at.is_not_null());
    Ok(waiting.count().get_result(conn)?)
}
