//! Feedback (phản ánh, kiến nghị). Rows without a content only count in the CCHC report
//! ([`crate::store::yearly_plan`]); nothing here shows them.

use diesel::prelude::*;

use crate::domain::ids::{DossierId, FeedbackId, UnitId, UserId};
use crate::domain::moment::Moment;
use crate::domain::opinion::FeedbackKind;
use crate::domain::person::Person;
use crate::store::connection::first_locked;
use crate::store::cursor::{Going, past};
use crate::store::schema::feedback;
use crate::store::{Conn, StoreError};

/// A feedback.
#[derive(Debug, Clone)]
pub struct Feedback {
    pub id: FeedbackId,
    pub unit: UnitId,
    pub received_at: Moment,
    /// When it was answered.
    pub handled_at: Option<Moment>,
    pub kind: FeedbackKind,
    pub content: String,
    /// The dossier that it is about, if its sender knew the look-up code.
    pub dossier: Option<DossierId>,
    /// As far as the sender says who they are; the name may be empty.
    pub sender: Person,
    pub code_hash: Vec<u8>,
    pub due_at: Moment,
    pub assignee: Option<UserId>,
    pub answer: Option<String>,
    pub answered_by: Option<UserId>,
    pub public: Option<Public>,
    pub version: u32,
}

/// What everybody may read of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Public {
    /// Since when.
    pub since: Moment,
    pub content: String,
    pub answer: String,
}

#[derive(Queryable)]
struct Row {
    id: Vec<u8>,
    unit_id: i32,
    received_at: i64,
    handled_at: Option<i64>,
    kind: i16,
    content: Option<String>,
    dossier_id: Option<Vec<u8>>,
    sender_name: Option<String>,
    sender_phone: Option<String>,
    sender_email: Option<String>,
    code_hash: Option<Vec<u8>>,
    due_at: Option<i64>,
    assignee_id: Option<i32>,
    answer: Option<String>,
    answered_by: Option<i32>,
    published_at: Option<i64>,
    public_content: Option<String>,
    public_answer: Option<String>,
    version: i32,
}

impl TryFrom<Row> for Feedback {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let corrupt = || StoreError::corrupt("feedback");
        let public = row.published_at.map(|since| {
            Ok::<_, StoreError>(Public {
                since: Moment::from_unix_millis(since),
                content: row.public_content.ok_or_else(corrupt)?,
                answer: row.public_answer.ok_or_else(corrupt)?,
            })
        });
        Ok(Self {
            id: FeedbackId::from_slice(&row.id).ok_or_else(corrupt)?,
            unit: UnitId(row.unit_id),
            received_at: Moment::from_unix_millis(row.received_at),
            handled_at: row.handled_at.map(Moment::from_unix_millis),
            kind: FeedbackKind::from_code(row.kind).ok_or_else(corrupt)?,
            content: row.content.ok_or_else(corrupt)?,
            dossier: row.dossier_id.and_then(|id| DossierId::from_slice(&id)),
            sender: Person {
                notify_by: None,
                name: row.sender_name.unwrap_or_default(),
                identity: None,
                phone: row.sender_phone,
                email: row.sender_email,
                address: None,
            },
            code_hash: row.code_hash.ok_or_else(corrupt)?,
            due_at: Moment::from_unix_millis(row.due_at.ok_or_else(corrupt)?),
            assignee: row.assignee_id.map(UserId),
            answer: row.answer,
            answered_by: row.answered_by.map(UserId),
            public: public.transpose()?,
            version: u32::try_from(row.version).map_err(|_| corrupt())?,
        })
    }
}

pub fn insert(conn: &mut Conn, new: &Feedback) -> Result<(), StoreError> {
    let sender = &new.sender;
    diesel::insert_into(feedback::table)
        .values((
            feedback::id.eq(new.id.bytes().to_vec()),
            feedback::unit_id.eq(new.unit.0),
            feedback::received_at.eq(new.received_at.unix_millis()),
            feedback::kind.eq(new.kind.code()),
            feedback::content.eq(Some(&new.content)),
            feedback::dossier_id.eq(new.dossier.map(|id| id.bytes().to_vec())),
            feedback::sender_name.eq(Some(&sender.name).filter(|name| !name.is_empty())),
            feedback::sender_phone.eq(sender.phone.as_deref()),
            feedback::sender_email.eq(sender.email.as_deref()),
            feedback::code_hash.eq(Some(&new.code_hash)),
            feedback::due_at.eq(Some(new.due_at.unix_millis())),
            feedback::version.eq(1),
        ))
        .execute(conn)?;
    Ok(())
}

pub fn find(conn: &mut Conn, id: FeedbackId) -> Result<Option<Feedback>, StoreError> {
    let query = feedback::table.find(id.bytes().to_vec());
    let query = query.filter(feedback::content.is_not_null());
    let row: Option<Row> = query.first(conn).optional()?;
    row.map(Feedback::try_from).transpose()
}

/// A feedback that stays as it is until the transaction ends.
pub fn lock(conn: &mut Conn, id: FeedbackId) -> Result<Option<Feedback>, StoreError> {
    let query = feedback::table.find(id.bytes().to_vec());
    let query = query.filter(feedback::content.is_not_null());
    let row: Option<Row> = first_locked!(conn, query);
    row.map(Feedback::try_from).transpose()
}

/// Writes what has changed about a locked feedback.
pub fn update(conn: &mut Conn, changed: &Feedback) -> Result<(), StoreError> {
    let public = changed.public.as_ref();
    diesel::update(feedback::table.find(changed.id.bytes().to_vec()))
        .set((
            feedback::handled_at.eq(changed.handled_at.map(Moment::unix_millis)),
            feedback::assignee_id.eq(changed.assignee.map(|id| id.0)),
            feedback::answer.eq(changed.answer.as_deref()),
            feedback::answered_by.eq(changed.answered_by.map(|id| id.0)),
            feedback::published_at.eq(public.map(|public| public.since.unix_millis())),
            feedback::public_content.eq(public.map(|public| &public.content)),
            feedback::public_answer.eq(public.map(|public| &public.answer)),
            feedback::version.eq(i32::try_from(changed.version).unwrap_or(i32::MAX)),
        ))
        .execute(conn)?;
    Ok(())
}

/// What a list holds, and in what order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Listed {
    /// Everything, newest first.
    All,
    /// Not answered yet, by when it is due.
    Open,
    /// Not answered and due before the moment, longest overdue first.
    Overdue(Moment),
    /// Answered, newest first.
    Answered,
    /// Known to everybody, newest first.
    Published,
}

impl Listed {
    /// The moment by which the list goes.
    pub fn place(self, feedback: &Feedback) -> Moment {
        match self {
            Self::All | Self::Answered => feedback.received_at,
            Self::Open | Self::Overdue(_) => feedback.due_at,
            Self::Published => {
                let public = feedback.public.as_ref();
                public.map_or(feedback.received_at, |public| public.since)
            }
        }
    }
}

/// A part of a list after a place; of all units, or of these.
pub fn list(
    conn: &mut Conn,
    listed: Listed,
    units: Option<&[UnitId]>,
    after: Option<(Moment, FeedbackId)>,
    limit: u32,
) -> Result<Vec<Feedback>, StoreError> {
    let mut query = feedback::table
        .filter(feedback::content.is_not_null())
        .limit(i64::from(limit))
        .into_boxed();
    if let Some(units) = units {
        let units: Vec<i32> = units.iter().map(|unit| unit.0).collect();
        query = query.filter(feedback::unit_id.eq_any(units));
    }
    query = match listed {
        Listed::All | Listed::Published => query,
        Listed::Open => query.filter(feedback::handled_at.is_null()),
        Listed::Overdue(now) => query
            .filter(feedback::handled_at.is_null())
            .filter(feedback::due_at.lt(now.unix_millis())),
        Listed::Answered => query.filter(feedback::handled_at.is_not_null()),
    };
    let after = after.map(|(at, id)| (at.unix_millis(), id.bytes().to_vec()));
    query = match listed {
        Listed::All | Listed::Answered => {
            if let Some(last) = after {
                let columns = (feedback::received_at, feedback::id);
                query = query.filter(past(Going::Down, columns, last));
            }
            query.order((feedback::received_at.desc(), feedback::id.desc()))
        }
        Listed::Open | Listed::Overdue(_) => {
            if let Some(last) = after {
                let columns = (feedback::due_at, feedback::id);
                query = query.filter(past(Going::Up, columns, last));
            }
            query.order((feedback::due_at, feedback::id))
        }
        Listed::Published => {
            query = query.filter(feedback::published_at.is_not_null());
            if let Some(last) = after {
                let columns = (feedback::published_at, feedback::id);
                query = query.filter(past(Going::Down, columns, last));
            }
            query.order((feedback::published_at.desc(), feedback::id.desc()))
        }
    };
    let rows: Vec<Row> = query.load(conn)?;
    rows.into_iter().map(Feedback::try_from).collect()
}
