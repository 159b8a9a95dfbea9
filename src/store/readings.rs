//! The record of who has read whose identity number, and which dossiers viewers have opened (Luật 91/2025/QH15 and Nghị định 356/2025/NĐ-CP, which replaced
//! Nghị định 13/2023/NĐ-CP on 1 January 2026; by secondary sources).

use diesel::prelude::*;

use crate::domain::ids::{DossierId, MessageId, PersonId, UserId};
use crate::domain::log::{Entry, Subject, hash_of};
use crate::domain::moment::Moment;
use crate::domain::privacy::Seen;
use crate::store::schema::identity_readings;
use crate::store::{Conn, StoreError, log};

/// A reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    pub at: Moment,
    pub user: UserId,
    pub dossier: DossierId,
    /// Whose number it was; of a dossier, its applicant.
    pub person: PersonId,
    pub what: Seen,
}

/// Records a reading.
pub fn insert(conn: &mut Conn, reading: &Reading) -> Result<(), StoreError> {
    let id = MessageId::new(reading.at, rand::random());
    diesel::insert_into(identity_readings::table)
        .values((
            identity_readings::id.eq(id.bytes().to_vec()),
            identity_readings::at.eq(reading.at.unix_millis()),
            identity_readings::user_id.eq(reading.user.0),
            identity_readings::dossier_id.eq(reading.dossier.bytes().to_vec()),
            identity_readings::person_id.eq(reading.person.bytes().to_vec()),
            identity_readings::what.eq(reading.what.code()),
        ))
        .execute(conn)?;
    let hash = Recorded {
        id,
        reading: *reading,
    }
    .entry();
    log::wait(conn, hash)
}

/// A reading under its id, as the log sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Recorded {
    pub id: MessageId,
    pub reading: Reading,
}

impl Recorded {
    /// What the log holds of it.
    pub fn entry(&self) -> Entry {
        let Reading {
            at,
            user,
            dossier,
            person,
            what,
        } = self.reading;
        let hash = hash_of(
            match what {
                Seen::Identity => "motcua reading",
                Seen::Dossier => "motcua dossier opened",
            },
            &[
                &self.id.bytes(),
                &at.unix_millis().to_be_bytes(),
                &user.0.to_be_bytes(),
                &dossier.bytes(),
                &person.bytes(),
            ],
        );
        Entry {
            subject: Subject::Reading(self.id),
            hash,
        }
    }
}

/// Readings after the id `after`.
pub fn after(
    conn: &mut Conn,
    after: Option<MessageId>,
    limit: u32,
) -> Result<Vec<Recorded>, StoreError> {
    let mut query = identity_readings::table
        .order(identity_readings::id)
        .limit(i64::from(limit))
        .into_boxed();
    if let Some(after) = after {
        query = query.filter(identity_readings::id.gt(after.bytes().to_vec()));
    }
    let rows: Vec<Row> = query.load(conn)?;
    rows.into_iter().map(recorded).collect()
}

type Row = (Vec<u8>, i64, i32, Vec<u8>, Vec<u8>, i16);

fn recorded((id, at, user, dossier, person, what): Row) -> Result<Recorded, StoreError> {
    let corrupt = || StoreError::corrupt("identity_readings");
    Ok(Recorded {
        id: MessageId::from_slice(&id).ok_or_else(corrupt)?,
        reading: Reading {
            at: Moment::from_unix_millis(at),
            user: UserId(user),
            dossier: DossierId::from_slice(&dossier).ok_or_else(corrupt)?,
            person: PersonId::from_slice(&person).ok_or_else(corrupt)?,
            what: Seen::from_code(what).ok_or_else(corrupt)?,
        },
    })
}

/// Readings from `from` to before `until`, oldest first, `take` at a time.
pub fn within(
    conn: &mut Conn,
    (from, until): (Moment, Moment),
    mut take: impl FnMut(&mut Conn, Vec<Recorded>) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    // Ids are ordered by the moment of the reading.
    let mut from = Some(MessageId::new(from, [0; 10]));
    loop {
        let page = after(conn, from, PAGE)?;
        let Some(last) = page.last() else {
            return Ok(());
        };
        let is_over = last.reading.at >= until;
        from = Some(last.id);
        let wanted = page.into_iter().filter(|read| read.reading.at < until);
        take(conn, wanted.collect())?;
        if is_over {
            return Ok(());
        }
    }
}

/// Of which dossier and by whom; `None`: of all, by all.
#[derive(Debug, Clone, Copy, Default)]
pub struct Which {
    pub dossier: Option<DossierId>,
    pub user: Option<UserId>,
}

/// A part of the readings from `from` to before `until`, oldest first, behind `after`.
pub fn part(
    conn: &mut Conn,
    (from, until): (Moment, Moment),
    which: Which,
    after: Option<MessageId>,
    limit: u32,
) -> Result<Vec<Recorded>, StoreError> {
    // Ids are ordered by the moment of the reading.
    let begin = MessageId::new(from, [0; 10]);
    let end = MessageId::new(until, [0; 10]);
    let begin = after.map_or(begin, |after| after.max(begin));
    let mut query = identity_readings::table
        .filter(identity_readings::id.gt(begin.bytes().to_vec()))
        .filter(identity_readings::id.lt(end.bytes().to_vec()))
        .order(identity_readings::id)
        .limit(i64::from(limit))
        .into_boxed();
    if let Some(dossier) = which.dossier {
        query = query.filter(identity_readings::dossier_id.eq(dossier.bytes().to_vec()));
    }
    if let Some(user) = which.user {
        query = query.filter(identity_readings::user_id.eq(user.0));
    }
    let rows: Vec<Row> = query.load(conn)?;
    rows.into_iter().map(recorded).collect()
}

/// How many readings are looked at at once.
const PAGE: u32 = 1000;

/// Who has read the numbers of a dossier's people, oldest first.
pub fn of_dossier(conn: &mut Conn, dossier: DossierId) -> Result<Vec<Reading>, StoreError> {
    let rows: Vec<Row> = identity_readings::table
        .filter(identity_readings::dossier_id.eq(dossier.bytes().to_vec()))
        .order(identity_readings::id)
        .load(conn)?;
    let recorded = rows.into_iter().map(recorded);
    recorded
        .map(|recorded| recorded.map(|recorded| recorded.reading))
        .collect()
}
