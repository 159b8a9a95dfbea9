//! What staff tell each other about a dossier.

use diesel::prelude::*;

use crate::domain::ids::{DossierId, MessageId, UserId};
use crate::domain::moment::Moment;
use crate::store::schema::dossier_notes;
use crate::store::{Conn, StoreError};

/// A note.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    pub at: Moment,
    pub by: UserId,
    pub text: String,
}

pub fn insert(conn: &mut Conn, dossier: DossierId, note: &Note) -> Result<(), StoreError> {
    let id = MessageId::new(note.at, rand::random());
    diesel::insert_into(dossier_notes::table)
        .values((
            dossier_notes::id.eq(id.bytes().to_vec()),
            dossier_notes::dossier_id.eq(dossier.bytes().to_vec()),
            dossier_notes::at.eq(note.at.unix_millis()),
            dossier_notes::user_id.eq(note.by.0),
            dossier_notes::note.eq(&note.text),
        ))
        .execute(conn)?;
    Ok(())
}

/// The newest of a dossier, newest first.
pub fn of_dossier(
    conn: &mut Conn,
    dossier: DossierId,
    limit: u32,
) -> Result<Vec<Note>, StoreError> {
    let rows: Vec<(i64, i32, String)> = dossier_notes::table
        .filter(dossier_notes::dossier_id.eq(dossier.bytes().to_vec()))
        .order((dossier_notes::at.desc(), dossier_notes::id.desc()))
        .limit(limit.into())
        .select((
            dossier_notes::at,
            dossier_notes::user_id,
            dossier_notes::note,
        ))
        .load(conn)?;
    let notes = rows.into_iter().map(|(at, by, text)| Note {
        at: Moment::from_unix_millis(at),
        by: UserId(by),
        text,
    });
    Ok(notes.collect())
}
