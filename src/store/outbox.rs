//! The outbox: messages written in the transaction of what they tell of, and sent afterwards.
//!
//! A message that is claimed is nobody else's until its lease has run out; whoever claimed it settles
//! it, or it is tried again. A lease has a token, so that who comes too late changes nothing of what
//! another has begun. Messages that keep an order wait for those before them.
//!
//! What waits for a webhook is a lane of its own; of the other kinds all is one lane. What a failure
//! costs does not depend on how much waits: it is noted of the lane ([`targets`]), not of the messages.

use std::collections::BTreeSet;
use std::time::Duration;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary, Integer, Nullable, Text};
use serde::Deserialize;

use crate::domain::enums::text_enum;
use crate::domain::ids::{DossierId, MessageId, UnitId};
use crate::domain::moment::Moment;
use crate::store::schema::{dossiers, outbox};
use crate::store::targets::{self, Trouble};
use crate::store::{Conn, StoreError, alarms};

text_enum! {
    /// By what a message goes.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
    #[serde(rename_all = "snake_case")]
    pub enum Kind {
        Email = "email",
        Sms = "sms",
        Zalo = "zalo",
        /// To the national portal.
        Portal = "portal",
        /// To another system.
        Webhook = "webhook",
    }
}

impl Kind {
    /// Whether each recipient is a lane of its own.
    pub const fn is_by_recipient(self) -> bool {
        matches!(self, Self::Webhook)
    }

    /// What it is called for people.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Email => "thư điện tử",
            Self::Sms => "tin nhắn SMS",
            Self::Zalo => "tin Zalo",
            Self::Portal => "gửi Cổng Dịch vụ công quốc gia",
            Self::Webhook => "gửi hệ thống khác",
        }
    }

    /// The lane of a message to that recipient; empty where all of the kind is one.
    pub const fn lane(self, recipient: &str) -> &str {
        match self.is_by_recipient() {
            true => recipient,
            false => "",
        }
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
    /// Whoever has claimed it.
    pub lease: i64,
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

impl Claimed {
    fn message(&self, lease: i64) -> Result<Message, StoreError> {
        let dossier = self.dossier_id.as_ref().map(|id| {
            DossierId::from_slice(id).ok_or_else(|| StoreError::corrupt("outbox.dossier_id"))
        });
        Ok(Message {
            id: MessageId::from_slice(&self.id).ok_or_else(|| StoreError::corrupt("outbox.id"))?,
            topic: self.topic.clone(),
            recipient: self.recipient.clone(),
            body: serde_json::from_str(&self.body)
                .map_err(|_| StoreError::corrupt("outbox.body"))?,
            dossier: dossier.transpose()?,
            tries: u32::try_from(self.tries).unwrap_or(0),
            created_at: Moment::from_unix_millis(self.created_at),
            lease,
        })
    }
}

/// What waits together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lane {
    /// Empty: all of the kind.
    pub recipient: String,
    /// When the first of it is due.
    pub due: Moment,
    pub trouble: Option<Trouble>,
}

/// The lanes of a kind in which something is due and that are not paused.
pub fn lanes(conn: &mut Conn, kind: Kind, now: Moment) -> Result<Vec<Lane>, StoreError> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Text)]
        recipient: String,
        #[diesel(sql_type = BigInt)]
        due: i64,
    }

    let rows = match kind.is_by_recipient() {
        // From one recipient to the next along the index, whatever waits for each. The kind is a
        // literal: so says the index.
        true => {
            let next = |after: &str| {
                format!(
                    "(select o.recipient from outbox o where o.kind = 'webhook' \
                     and o.due_at is not null {after} order by o.recipient limit 1)"
                )
            };
            diesel::sql_query(format!(
                "with recursive lane (recipient) as ( \
                     select {first} union all \
                     select {next} from lane where lane.recipient is not null) \
                 select lane.recipient, (select o.due_at from outbox o where o.kind = 'webhook' \
                     and o.recipient = lane.recipient and o.due_at is not null \
                     order by o.due_at limit 1) as due \
                 from lane where lane.recipient is not null",
                first = next(""),
                next = next("and o.recipient > lane.recipient"),
            ))
            .load::<Row>(conn)?
        }
        false => {
            let first: Option<Option<i64>> = outbox::table
                .filter(outbox::kind.eq(kind.as_str()))
                .filter(outbox::due_at.is_not_null())
                .order(outbox::due_at)
                .select(outbox::due_at)
                .first(conn)
                .optional()?;
            let row = |due| Row {
                recipient: String::new(),
                due,
            };
            first.flatten().map(row).into_iter().collect()
        }
    };
    let due = rows.into_iter().filter(|row| row.due <= now.unix_millis());
    let due: Vec<Row> = due.collect();
    if due.is_empty() {
        return Ok(Vec::new());
    }
    let trouble = targets::in_trouble(conn, kind)?;
    let lanes = due.into_iter().map(|row| Lane {
        trouble: trouble.get(&row.recipient).copied(),
        due: Moment::from_unix_millis(row.due),
        recipient: row.recipient,
    });
    let paused = |lane: &Lane| {
        let until = lane.trouble.and_then(|trouble| trouble.paused_until);
        until.is_some_and(|until| until > now)
    };
    Ok(lanes.filter(|lane| !paused(lane)).collect())
}

/// Claims up to `limit` messages of a kind that are due, for the length of a lease, whatever trouble
/// their recipients have. Several instances may claim side by side.
pub fn claim(
    conn: &mut Conn,
    kind: Kind,
    limit: u32,
    lease: Duration,
    now: Moment,
) -> Result<Vec<Message>, StoreError> {
    claim_where(conn, kind, "", limit, lease, now)
}

/// Claims up to `limit` messages of a lane. Where nobody answered the last time, others leave the lane
/// alone until this try has been settled.
pub fn claim_in(
    conn: &mut Conn,
    kind: Kind,
    lane: &Lane,
    limit: u32,
    lease: Duration,
    now: Moment,
) -> Result<Vec<Message>, StoreError> {
    let condition = match lane.recipient.as_str() {
        "" => String::new(),
        // One of our own ids; whoever went around the program may have written anything.
        name => format!("and o.recipient = '{}'", name.replace('\'', "''")),
    };
    let claimed = claim_where(conn, kind, &condition, limit, lease, now)?;
    if !claimed.is_empty() && lane.trouble.is_some_and(|trouble| trouble.is_silent()) {
        targets::probe(conn, kind, &lane.recipient, after(now, lease))?;
    }
    Ok(claimed)
}

fn after(now: Moment, time: Duration) -> Moment {
    now.plus_millis(i64::try_from(time.as_millis()).unwrap_or(i64::MAX))
}

fn claim_where(
    conn: &mut Conn,
    kind: Kind,
    condition: &str,
    limit: u32,
    lease: Duration,
    now: Moment,
) -> Result<Vec<Message>, StoreError> {
    let token: i64 = rand::random();
    let (these, skip) = match conn {
        Conn::Sqlite(_) => ("in (", ") "),
        // An array is made once, however the statement is planned.
        Conn::Postgres(_) => ("= any(array(", " for update skip locked)) "),
    };
    // Only numbers and our own names go into the text.
    let kind = kind.as_str();
    let query = format!(
        "update outbox set due_at = {until}, lease = {token}, tries = tries + 1 where id {these} \
             select o.id from outbox o \
             where o.kind = '{kind}' and o.due_at <= {now} {condition} \
             and (o.position is null or not exists ( \
                 select 1 from outbox b where b.kind = '{kind}' and b.dossier_id = o.dossier_id \
                 and b.recipient = o.recipient and b.position < o.position \
                 and b.due_at is not null)) \
             order by o.due_at limit {limit}{skip} \
         returning id, topic, recipient, body, dossier_id, tries, created_at",
        until = after(now, lease).unix_millis(),
        now = now.unix_millis(),
    );
    let rows: Vec<Claimed> = diesel::sql_query(query).load(conn)?;
    let mut messages = Vec::with_capacity(rows.len());
    for row in rows {
        match row.message(token) {
            Ok(message) => messages.push(message),
            // Nobody can send it, and it stops nobody: it is given up where it stands.
            Err(error) => give_up_damaged(conn, kind, row.id, &error, crate::clock::now())?,
        }
    }
    Ok(messages)
}

fn give_up_damaged(
    conn: &mut Conn,
    kind: &str,
    id: Vec<u8>,
    error: &StoreError,
    now: Moment,
) -> Result<(), StoreError> {
    tracing::error!(kind, %error, "a message is damaged and was given up");
    diesel::update(outbox::table.find(id))
        .set(given_up(error.to_string(), now))
        .execute(conn)?;
    raise_given_up(conn, kind, now)
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

/// What became of a message that was claimed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settled {
    pub id: MessageId,
    /// By whom; another's is not touched.
    pub lease: i64,
    pub settlement: Settlement,
}

const DELIVERED: i16 = 1;
const GIVEN_UP: i16 = 2;
/// What an emptied body is.
const EMPTY: &str = "null";

#[derive(AsChangeset)]
#[diesel(table_name = outbox, treat_none_as_null = true)]
struct GivenUp {
    due_at: Option<i64>,
    settled_at: Option<i64>,
    outcome: Option<i16>,
    error: Option<String>,
    lease: Option<i64>,
}

fn given_up(error: String, now: Moment) -> GivenUp {
    GivenUp {
        due_at: None,
        settled_at: Some(now.unix_millis()),
        outcome: Some(GIVEN_UP),
        error: Some(error),
        lease: None,
    }
}

/// Tells administrators that messages of a kind were given up.
fn raise_given_up(conn: &mut Conn, kind: &str, now: Moment) -> Result<(), StoreError> {
    let word = match kind.parse::<Kind>() {
        Ok(kind) => kind.word(),
        Err(()) => kind,
    };
    let detail = format!(
        "Có thông điệp ({word}) không gửi được và đã thôi gửi: xem danh sách thông điệp đã thôi gửi."
    );
    alarms::raise(conn, alarms::Kind::GivenUp, kind, &detail, now)?;
    Ok(())
}

/// Settles messages that were claimed, each only if it is still its claimant's. Returns how many were.
pub fn settle(
    conn: &mut Conn,
    kind: Kind,
    settled: &[Settled],
    now: Moment,
) -> Result<usize, StoreError> {
    let mut count = 0;
    let mut by_lease: std::collections::BTreeMap<i64, Vec<Vec<u8>>> = Default::default();
    for one in settled {
        if one.settlement == Settlement::Delivered {
            let ids = by_lease.entry(one.lease).or_default();
            ids.push(one.id.bytes().to_vec());
        }
    }
    for (lease, ids) in by_lease {
        let these = outbox::table
            .filter(outbox::id.eq_any(ids))
            .filter(outbox::lease.eq(lease));
        count += diesel::update(these).set(delivered(now)).execute(conn)?;
    }
    for one in settled {
        let row = outbox::table
            .find(one.id.bytes().to_vec())
            .filter(outbox::lease.eq(one.lease));
        count += match &one.settlement {
            // All of them above, at once.
            Settlement::Delivered => 0,
            Settlement::Again { at, error } => diesel::update(row)
                .set((
                    outbox::due_at.eq(Some(at.unix_millis())),
                    outbox::error.eq(Some(error)),
                    outbox::lease.eq(None::<i64>),
                ))
                .execute(conn)?,
            Settlement::Later { at } => diesel::update(row)
                .set((
                    outbox::due_at.eq(Some(at.unix_millis())),
                    outbox::tries.eq(outbox::tries - 1),
                    outbox::lease.eq(None::<i64>),
                ))
                .execute(conn)?,
            Settlement::GivenUp { error } => {
                let given = diesel::update(row)
                    .set(given_up(error.clone(), now))
                    .execute(conn)?;
                if given > 0 {
                    raise_given_up(conn, kind.as_str(), now)?;
                }
                given
            }
        };
    }
    Ok(count)
}

/// Messages that wait behind one that is under way, of the same topic, on the same dossier and to the same
/// recipient, in their order: nobody claims them before it is settled.
///
/// # Errors
/// If the database refuses.
pub fn waiting_behind(
    conn: &mut Conn,
    id: MessageId,
    most: usize,
) -> Result<Vec<(MessageId, serde_json::Value)>, StoreError> {
    type First = (String, String, String, Option<Vec<u8>>, Option<i32>);
    let first: Option<First> = outbox::table
        .find(id.bytes().to_vec())
        .select((
            outbox::kind,
            outbox::topic,
            outbox::recipient,
            outbox::dossier_id,
            outbox::position,
        ))
        .first(conn)
        .optional()?;
    let Some((kind, topic, recipient, Some(dossier), Some(position))) = first else {
        return Ok(Vec::new());
    };
    let rows: Vec<(Vec<u8>, String)> = outbox::table
        .filter(outbox::kind.eq(kind))
        .filter(outbox::dossier_id.eq(dossier))
        .filter(outbox::position.gt(position))
        .filter(outbox::due_at.is_not_null())
        .filter(outbox::lease.is_null())
        .filter(outbox::topic.eq(topic))
        .filter(outbox::recipient.eq(recipient))
        .order(outbox::position)
        .limit(i64::try_from(most).unwrap_or(i64::MAX))
        .select((outbox::id, outbox::body))
        .load(conn)?;
    // A damaged one is given up when its own turn comes.
    let whole = |(id, body): (Vec<u8>, String)| {
        Some((
            MessageId::from_slice(&id)?,
            serde_json::from_str(&body).ok()?,
        ))
    };
    Ok(rows.into_iter().filter_map(whole).collect())
}

/// Settles messages that went along with another, which nobody has claimed. Returns how many were.
///
/// # Errors
/// If the database refuses.
pub fn delivered_along(
    conn: &mut Conn,
    ids: &[MessageId],
    now: Moment,
) -> Result<usize, StoreError> {
    let ids: Vec<Vec<u8>> = ids.iter().map(|id| id.bytes().to_vec()).collect();
    let these = outbox::table
        .filter(outbox::id.eq_any(ids))
        .filter(outbox::due_at.is_not_null())
        .filter(outbox::lease.is_null());
    Ok(diesel::update(these).set(delivered(now)).execute(conn)?)
}

#[derive(AsChangeset)]
#[diesel(table_name = outbox, treat_none_as_null = true)]
struct Delivered {
    due_at: Option<i64>,
    settled_at: Option<i64>,
    outcome: Option<i16>,
    error: Option<String>,
    lease: Option<i64>,
    body: String,
}

fn delivered(now: Moment) -> Delivered {
    Delivered {
        due_at: None,
        settled_at: Some(now.unix_millis()),
        outcome: Some(DELIVERED),
        error: None,
        lease: None,
        // It held personal data, and is needed no more.
        body: EMPTY.to_owned(),
    }
}

text_enum! {
    /// Where a message stands.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
    #[serde(rename_all = "snake_case")]
    pub enum Standing {
        Waiting = "waiting",
        Delivered = "delivered",
        GivenUp = "given_up",
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

/// Whether somebody is sending a message at this moment.
pub fn is_under_way(conn: &mut Conn, id: MessageId, now: Moment) -> Result<bool, StoreError> {
    let leased = outbox::table
        .find(id.bytes().to_vec())
        .filter(outbox::lease.is_not_null())
        .filter(outbox::due_at.gt(now.unix_millis()));
    Ok(diesel::select(diesel::dsl::exists(leased)).get_result(conn)?)
}

/// Tries a message that was given up, or waits, again at once; not one that is under way, nor one that
/// was emptied. Returns whether there is one.
pub fn retry(conn: &mut Conn, id: MessageId, now: Moment) -> Result<bool, StoreError> {
    let idle = outbox::lease
        .is_null()
        .or(outbox::due_at.le(now.unix_millis()));
    let row = outbox::table
        .find(id.bytes().to_vec())
        .filter(outbox::outcome.is_null().or(outbox::outcome.eq(GIVEN_UP)))
        .filter(outbox::body.ne(EMPTY))
        .filter(idle.assume_not_null());
    let changed = diesel::update(row)
        .set((
            outbox::due_at.eq(Some(now.unix_millis())),
            outbox::tries.eq(0),
            outbox::settled_at.eq(None::<i64>),
            outbox::outcome.eq(None::<i16>),
            outbox::lease.eq(None::<i64>),
        ))
        .execute(conn)?;
    if changed > 0 {
        let (kind, recipient): (String, String) = outbox::table
            .find(id.bytes().to_vec())
            .select((outbox::kind, outbox::recipient))
            .first(conn)?;
        // Who asks for it at once does not want to wait for a pause to end.
        if let Ok(kind) = kind.parse::<Kind>() {
            targets::probe_again(conn, kind, kind.lane(&recipient), now)?;
            clear_given_up(conn, kind)?;
        }
    }
    Ok(changed > 0)
}

/// Nothing that was given up waits for somebody to look: the alarm is over.
fn clear_given_up(conn: &mut Conn, kind: Kind) -> Result<(), StoreError> {
    let left = outbox::table
        .filter(outbox::outcome.eq(GIVEN_UP))
        .filter(outbox::kind.eq(kind.as_str()))
        .filter(outbox::body.ne(EMPTY));
    if !diesel::select(diesel::dsl::exists(left)).get_result::<bool>(conn)? {
        alarms::clear(conn, alarms::Kind::GivenUp, kind.as_str())?;
    }
    Ok(())
}

/// Moves all messages to a recipient that are due before `now`, for measuring.
pub fn postpone(
    conn: &mut Conn,
    kind: Kind,
    recipient: &str,
    now: Moment,
    at: Moment,
) -> Result<(), StoreError> {
    diesel::update(outbox::table)
        .filter(outbox::kind.eq(kind.as_str()))
        .filter(outbox::recipient.eq(recipient))
        .filter(outbox::due_at.le(now.unix_millis()))
        .set(outbox::due_at.eq(Some(at.unix_millis())))
        .execute(conn)?;
    Ok(())
}

/// How long messages are kept, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Keep {
    /// What was delivered.
    pub delivered: i64,
    /// What a message that was given up says, and to whom.
    pub given_up: i64,
    /// After so long what still waits is given up.
    pub waiting: i64,
}

/// What was to be sent at once and did not go in a day waits for nothing but its end.
const OVERDUE_MILLIS: i64 = 24 * 3_600_000;

/// Forgets what has been kept long enough, `limit` messages of each sort at most. Returns how many
/// messages that were.
pub fn forget(conn: &mut Conn, keep: Keep, limit: u32, now: Moment) -> Result<usize, StoreError> {
    let before = |millis: i64| now.plus_millis(-millis).unix_millis();
    let limit = i64::from(limit);
    // Nobody took it in all that time, or nothing carries its kind any more.
    let old = MessageId::new(now.plus_millis(-keep.waiting), [0; 10]);
    let waiting: Vec<(Vec<u8>, String)> = outbox::table
        .filter(outbox::id.lt(old.bytes().to_vec()))
        .filter(outbox::due_at.lt(before(OVERDUE_MILLIS)))
        .order(outbox::id)
        .select((outbox::id, outbox::kind))
        .limit(limit)
        .load(conn)?;
    for (id, kind) in &waiting {
        // Not one that somebody has claimed since.
        let row = outbox::table
            .find(id)
            .filter(outbox::due_at.lt(before(OVERDUE_MILLIS)));
        let days = keep.waiting / OVERDUE_MILLIS;
        diesel::update(row)
            .set(given_up(format!("không gửi được trong {days} ngày"), now))
            .execute(conn)?;
        raise_given_up(conn, kind, now)?;
    }
    // What it says and to whom, and what a mail server has said of them.
    let full: Vec<(Vec<u8>, String)> = outbox::table
        .filter(outbox::settled_at.lt(before(keep.given_up)))
        .filter(outbox::outcome.eq(GIVEN_UP))
        .filter(outbox::body.ne(EMPTY))
        .select((outbox::id, outbox::kind))
        .limit(limit)
        .load(conn)?;
    let emptied = |kind: &str| {
        let to_people = ["email", "sms", "zalo"].contains(&kind);
        let ids = full.iter().filter(|(_, k)| k == kind);
        (to_people, ids.map(|(id, _)| id.clone()).collect::<Vec<_>>())
    };
    for kind in Kind::ALL {
        let (to_people, ids) = emptied(kind.as_str());
        if ids.is_empty() {
            continue;
        }
        let these = || outbox::table.filter(outbox::id.eq_any(ids.clone()));
        diesel::update(these())
            .set((outbox::body.eq(EMPTY), outbox::error.eq(None::<String>)))
            .execute(conn)?;
        if to_people {
            diesel::update(these())
                .set(outbox::recipient.eq(""))
                .execute(conn)?;
        }
        clear_given_up(conn, kind)?;
    }
    let delivered = outbox::table
        .filter(outbox::settled_at.lt(before(keep.delivered)))
        .filter(outbox::outcome.eq(DELIVERED))
        .select(outbox::id)
        .limit(limit);
    let mut gone: Vec<Vec<u8>> = delivered.load(conn)?;
    // As long again, without anybody in it, for whoever asks what became of it.
    let empty = outbox::table
        .filter(outbox::settled_at.lt(before(keep.given_up + keep.delivered)))
        .filter(outbox::outcome.eq(GIVEN_UP))
        .filter(outbox::body.eq(EMPTY))
        .select(outbox::id)
        .limit(limit);
    gone.extend(empty.load::<Vec<u8>>(conn)?);
    for ids in gone.chunks(500) {
        diesel::delete(outbox::table.filter(outbox::id.eq_any(ids.to_vec()))).execute(conn)?;
    }
    Ok(waiting.len() + full.len() + gone.len())
}

/// Empties the messages to people on these dossiers that were written up to `before`, and what was sent to these
/// addresses and numbers: nobody can tell any more what they said, and to whom. What waits is given up; what other
/// systems are still to be told names nobody.
pub(super) fn empty(
    conn: &mut Conn,
    dossiers: &[Vec<u8>],
    contacts: &[String],
    before: MessageId,
    now: Moment,
) -> Result<(), StoreError> {
    let to_people = || outbox::kind.eq_any(["email", "sms", "zalo"]);
    let emptied = || {
        (
            outbox::recipient.eq(""),
            outbox::body.eq(EMPTY),
            outbox::error.eq(None::<String>),
        )
    };
    let on_dossiers = || {
        outbox::table
            .filter(outbox::id.le(before.bytes().to_vec()))
            .filter(outbox::dossier_id.eq_any(dossiers.to_vec()))
    };
    let waiting = on_dossiers()
        .filter(to_people())
        .filter(outbox::due_at.is_not_null());
    diesel::update(waiting)
        .set(given_up(String::new(), now))
        .execute(conn)?;
    diesel::update(on_dossiers().filter(to_people()))
        .set(emptied())
        .execute(conn)?;
    // What the other side said may repeat whom it was about.
    diesel::update(on_dossiers().filter(outbox::error.is_not_null()))
        .set(outbox::error.eq(None::<String>))
        .execute(conn)?;
    let sent = outbox::table
        .filter(to_people())
        .filter(outbox::recipient.eq_any(contacts.to_vec()))
        .filter(outbox::settled_at.is_not_null());
    diesel::update(sent).set(emptied()).execute(conn)?;
    Ok(())
}

/// How many messages about the dossiers that a unit answers for are on their way.
pub fn undelivered_of(conn: &mut Conn, unit: UnitId) -> Result<u64, StoreError> {
    let own = dossiers::table
        .filter(dossiers::unit_id.eq(unit.0))
        .select(dossiers::id.nullable());
    let count: i64 = outbox::table
        .filter(outbox::settled_at.is_null())
        .filter(outbox::dossier_id.eq_any(own))
        .count()
        .get_result(conn)?;
    Ok(u64::try_from(count).unwrap_or(0))
}

/// How many messages wait to be sent.
pub fn depth(conn: &mut Conn) -> Result<i64, StoreError> {
    let waiting = outbox::table.filter(outbox::due_at.is_not_null());
    Ok(waiting.count().get_result(conn)?)
}
