//! What an administrator has to look at, while it lasts: the one home of alarms.
//!
//! Anything may raise one, within its transaction ([`raise`]) or beside it ([`raise_now`]); whoever
//! finds that the trouble is over clears it. Administrators see them, and get a letter a day while one
//! is open.

use std::collections::BTreeMap;

use diesel::prelude::*;

use crate::domain::enums::text_enum;
use crate::domain::ids::AlarmId;
use crate::domain::moment::Moment;
use crate::store::schema::alarms;
use crate::store::{Conn, Store, StoreError};

text_enum! {
    /// What kind of trouble it is.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
    pub enum Kind {
        /// A dossier that cannot be read is set aside; the subject is the work and the dossier.
        Damaged = "damaged",
        /// Messages were given up; the subject is their kind.
        GivenUp = "given_up",
        /// Nothing gets through; the subject is the kind of message, and the webhook.
        Delivery = "delivery",
        /// The machine's clock cannot be trusted.
        Clock = "clock",
        /// Requests come through a proxy that the settings do not name.
        Proxy = "proxy",
        /// A payment gateway has told of money that fits nothing.
        Payment = "payment",
    }
}

impl Kind {
    /// What it is called for people.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Damaged => "Hồ sơ có dữ liệu hỏng",
            Self::GivenUp => "Thông điệp đã thôi gửi",
            Self::Delivery => "Không gửi được",
            Self::Clock => "Đồng hồ của máy chủ",
            Self::Proxy => "Proxy chưa được khai báo",
            Self::Payment => "Khoản nộp chưa khớp hồ sơ nào",
        }
    }
}

/// An alarm that is open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alarm {
    pub id: AlarmId,
    pub kind: Kind,
    pub subject: String,
    /// For people; no personal data.
    pub detail: String,
    pub raised_at: Moment,
}

/// Raises an alarm; one that is open already stays as it is. Returns whether it is new.
pub fn raise(
    conn: &mut Conn,
    kind: Kind,
    subject: &str,
    detail: &str,
    now: Moment,
) -> Result<bool, StoreError> {
    let row = (
        alarms::id.eq(AlarmId::new(now, rand::random()).bytes().to_vec()),
        alarms::kind.eq(kind.as_str()),
        alarms::subject.eq(subject),
        alarms::detail.eq(detail),
        alarms::raised_at.eq(now.unix_millis()),
    );
    let written = match conn {
        Conn::Sqlite(conn) => diesel::insert_or_ignore_into(alarms::table)
            .values(row)
            .execute(conn)?,
        Conn::Postgres(conn) => diesel::insert_into(alarms::table)
            .values(row)
            .on_conflict((alarms::kind, alarms::subject))
            .do_nothing()
            .execute(conn)?,
    };
    Ok(written > 0)
}

/// The same in a transaction of its own, for whoever has none. That it cannot be written is logged:
/// an alarm hinders nobody.
pub fn raise_now(store: &Store, kind: Kind, subject: &str, detail: &str) {
    let (of, why) = (subject.to_owned(), detail.to_owned());
    let raised = store.write(move |conn| raise(conn, kind, &of, &why, crate::clock::now()));
    match raised {
        Ok(true) => tracing::warn!(kind = kind.as_str(), subject, detail, "an alarm"),
        Ok(false) => {}
        Err(error) => tracing::error!(kind = kind.as_str(), %error, "an alarm is not written down"),
    }
}

/// The trouble is over. Returns whether there was an alarm.
pub fn clear(conn: &mut Conn, kind: Kind, subject: &str) -> Result<bool, StoreError> {
    let these = alarms::table
        .filter(alarms::kind.eq(kind.as_str()))
        .filter(alarms::subject.eq(subject));
    Ok(diesel::delete(these).execute(conn)? > 0)
}

/// Somebody has looked at it. Where the trouble goes on it is raised again the next time.
pub fn acknowledge(conn: &mut Conn, id: AlarmId) -> Result<bool, StoreError> {
    let this = alarms::table.find(id.bytes().to_vec());
    Ok(diesel::delete(this).execute(conn)? > 0)
}

/// The open alarms, newest first.
pub fn open(conn: &mut Conn, limit: u32) -> Result<Vec<Alarm>, StoreError> {
    type Row = (Vec<u8>, String, String, String, i64);
    let rows: Vec<Row> = alarms::table
        .order(alarms::id.desc())
        .limit(i64::from(limit))
        .load(conn)?;
    let alarm = |(id, kind, subject, detail, raised): Row| {
        Some(Alarm {
            id: AlarmId::from_slice(&id)?,
            // One of a newer program, beside this one, is for that one to show.
            kind: kind.parse().ok()?,
            subject,
            detail,
            raised_at: Moment::from_unix_millis(raised),
        })
    };
    Ok(rows.into_iter().filter_map(alarm).collect())
}

/// How many alarms of each kind are open.
pub fn count(conn: &mut Conn) -> Result<BTreeMap<Kind, i64>, StoreError> {
    let mut counts: BTreeMap<Kind, i64> = Kind::ALL.iter().map(|kind| (*kind, 0)).collect();
    let rows: Vec<(String, i64)> = alarms::table
        .group_by(alarms::kind)
        .select((alarms::kind, diesel::dsl::count_star()))
        .load(conn)?;
    for (kind, count) in rows {
        if let Ok(kind) = kind.parse::<Kind>() {
            counts.insert(kind, count);
        }
    }
    Ok(counts)
}
