//! The record of who has read whose identity number (Nghị định 13/2023/NĐ-CP).

use diesel::prelude::*;

use super::schema::identity_readings;
use super::{Conn, StoreError};
use crate::domain::ids::{DossierId, MessageId, PersonId, UserId};
use crate::domain::moment::Moment;

/// A reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    pub at: Moment,
    pub user: UserId,
    pub dossier: DossierId,
    pub person: PersonId,
}

/// Records a reading.
///
/// # Errors
/// If the database refuses.
pub fn insert(conn: &mut Conn, reading: &Reading) -> Result<(), StoreError> {
    let id = MessageId::new(reading.at, rand::random());
    diesel::insert_into(identity_readings::table)
        .values((
            identity_readings::id.eq(id.bytes().to_vec()),
            identity_readings::at.eq(reading.at.unix_millis()),
            identity_readings::user_id.eq(reading.user.0),
            identity_readings::dossier_id.eq(reading.dossier.bytes().to_vec()),
            identity_readings::person_id.eq(reading.person.bytes().to_vec()),
        ))
        .execute(conn)?;
    Ok(())
}

/// Who has read the numbers of a dossier's people, oldest first.
///
/// # Errors
/// If the database refuses.
pub fn of_dossier(conn: &mut Conn, dossier: DossierId) -> Result<Vec<Reading>, StoreError> {
    let rows: Vec<(i64, i32, Vec<u8>)> = identity_readings::table
        .filter(identity_readings::dossier_id.eq(dossier.bytes().to_vec()))
        .order(identity_readings::id)
        .select((
            identity_readings::at,
            identity_readings::user_id,
            identity_readings::person_id,
        ))
        .load(conn)?;
    rows.into_iter()
        .map(|(at, user, person)| {
            Ok(Reading {
                at: Moment::from_unix_millis(at),
                user: UserId(user),
                dossier,
                person: PersonId::from_slice(&person)
                    .ok_or_else(|| StoreError::corrupt("identity_readings.person_id"))?,
            })
        })
        .collect()
}
