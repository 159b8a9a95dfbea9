//! Messages to be sent: rows written in the transaction of what they tell of.

use diesel::prelude::*;

use super::schema::outbox;
use super::{Conn, StoreError};
use crate::domain::ids::MessageId;
use crate::domain::moment::Moment;

/// By what a message goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Channel {
    Email,
    Sms,
}

impl Channel {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Sms => "sms",
        }
    }
}

/// A message to a person.
pub struct Message<'a> {
    pub channel: Channel,
    /// E-mail address or phone number.
    pub recipient: &'a str,
    /// The first line is the subject.
    pub body: &'a str,
}

/// Puts a message up for sending at once.
///
/// # Errors
/// If the database refuses.
pub fn put(conn: &mut Conn, message: &Message<'_>, now: Moment) -> Result<(), StoreError> {
    let id = MessageId::new(now, rand::random());
    diesel::insert_into(outbox::table)
        .values((
            outbox::id.eq(id.bytes().to_vec()),
            outbox::kind.eq(message.channel.as_str()),
            outbox::recipient.eq(message.recipient),
            outbox::body.eq(message.body),
            outbox::created_at.eq(now.unix_millis()),
            outbox::due_at.eq(Some(now.unix_millis())),
        ))
        .execute(conn)?;
    Ok(())
}

/// How many messages wait to be sent.
///
/// # Errors
/// If the database refuses.
pub fn depth(conn: &mut Conn) -> Result<i64, StoreError> {
    let waiting = outbox::table.filter(outbox::due_at.is_not_null());
    Ok(waiting.count().get_result(conn)?)
}
