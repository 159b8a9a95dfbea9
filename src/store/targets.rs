//! To whom nothing gets through at present: one row for each, however much waits for them.

use std::collections::HashMap;

use diesel::prelude::*;

use crate::domain::moment::Moment;
use crate::store::outbox::Kind;
use crate::store::schema::outbox_targets;
use crate::store::{Conn, StoreError, alarms};

/// How a target fares to whom the last try did not get through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trouble {
    /// In a row.
    pub failures: u32,
    /// Nobody is there: nothing is tried before that, and then one message.
    pub paused_until: Option<Moment>,
}

impl Trouble {
    /// Whether one message at a time finds out if somebody is there again.
    pub const fn is_silent(self) -> bool {
        self.paused_until.is_some()
    }
}

/// The targets of a kind that have trouble.
pub fn in_trouble(conn: &mut Conn, kind: Kind) -> Result<HashMap<String, Trouble>, StoreError> {
    let rows: Vec<(String, i32, Option<i64>)> = outbox_targets::table
        .filter(outbox_targets::kind.eq(kind.as_str()))
        .select((
            outbox_targets::recipient,
            outbox_targets::failures,
            outbox_targets::paused_until,
        ))
        .load(conn)?;
    let trouble = |(recipient, failures, paused): (String, i32, Option<i64>)| {
        let trouble = Trouble {
            failures: u32::try_from(failures).unwrap_or(0),
            paused_until: paused.map(Moment::from_unix_millis),
        };
        (recipient, trouble)
    };
    Ok(rows.into_iter().map(trouble).collect())
}

/// Keeps others from trying a silent target while somebody does.
pub(super) fn probe(
    conn: &mut Conn,
    kind: Kind,
    recipient: &str,
    until: Moment,
) -> Result<(), StoreError> {
    let row = outbox_targets::table.find((kind.as_str(), recipient));
    diesel::update(row.filter(outbox_targets::paused_until.is_not_null()))
        .set(outbox_targets::paused_until.eq(Some(until.unix_millis())))
        .execute(conn)?;
    Ok(())
}

/// The try said nothing about a silent target: another may find out.
pub fn probe_again(
    conn: &mut Conn,
    kind: Kind,
    recipient: &str,
    now: Moment,
) -> Result<(), StoreError> {
    probe(conn, kind, recipient, now)
}

/// A try failed; `pause` says how long to leave the target alone after so many in a row, `None` if it
/// answers. Returns how many there were in a row.
pub fn failed(
    conn: &mut Conn,
    kind: Kind,
    recipient: &str,
    pause: impl FnOnce(u32) -> Option<Moment>,
    now: Moment,
) -> Result<u32, StoreError> {
    let failures: Option<i32> = outbox_targets::table
        .find((kind.as_str(), recipient))
        .select(outbox_targets::failures)
        .first(conn)
        .optional()?;
    let failures = failures.unwrap_or(0).saturating_add(1);
    let count = u32::try_from(failures).unwrap_or(1);
    let paused_until = pause(count).map(Moment::unix_millis);
    let row = (
        outbox_targets::kind.eq(kind.as_str()),
        outbox_targets::recipient.eq(recipient),
        outbox_targets::failures.eq(failures),
        outbox_targets::since.eq(now.unix_millis()),
        outbox_targets::paused_until.eq(paused_until),
    );
    // Two arms: `on conflict` is one database's at a time.
    macro_rules! upsert {
        ($conn:expr) => {
            diesel::insert_into(outbox_targets::table)
                .values(row)
                .on_conflict((outbox_targets::kind, outbox_targets::recipient))
                .do_update()
                .set((
                    outbox_targets::failures.eq(failures),
                    outbox_targets::paused_until.eq(paused_until),
                ))
                .execute($conn)?
        };
    }
    match conn {
        Conn::Sqlite(conn) => upsert!(conn),
        Conn::Postgres(conn) => upsert!(conn),
    };
    Ok(count)
}

/// What the alarm about a target is about.
pub fn subject(kind: Kind, recipient: &str) -> String {
    match recipient {
        "" => kind.as_str().to_owned(),
        recipient => format!("{}:{recipient}", kind.as_str()),
    }
}

/// Something got through, or the target is another one now: the trouble and its alarm are over. Returns
/// whether there was any.
pub fn recovered(conn: &mut Conn, kind: Kind, recipient: &str) -> Result<bool, StoreError> {
    let row = outbox_targets::table.find((kind.as_str(), recipient));
    let was = diesel::delete(row).execute(conn)? > 0;
    if was {
        let subject = subject(kind, recipient);
        alarms::clear(conn, alarms::Kind::Delivery, &subject)?;
    }
    Ok(was)
}
