//! Online submissions that wait for the code that was sent to the citizen. They hold personal data
//! and are gone soon after they have ended.

use diesel::prelude::*;

use crate::domain::ids::{DossierId, SubmissionId};
use crate::domain::moment::Moment;
use crate::store::connection::first_locked;
use crate::store::schema::submissions;
use crate::store::{Conn, StoreError};

/// A submission.
pub struct Pending {
    pub id: SubmissionId,
    /// JSON of the request.
    pub request: String,
    pub code_hash: Vec<u8>,
    /// Wrong codes so far.
    pub tries: i32,
    pub expires_at: Moment,
    /// What it became.
    pub dossier: Option<DossierId>,
}

pub fn insert(conn: &mut Conn, pending: &Pending, now: Moment) -> Result<(), StoreError> {
    diesel::insert_into(submissions::table)
        .values((
            submissions::id.eq(pending.id.bytes().to_vec()),
            submissions::request.eq(&pending.request),
            submissions::code_hash.eq(&pending.code_hash),
            submissions::tries.eq(pending.tries),
            submissions::created_at.eq(now.unix_millis()),
            submissions::expires_at.eq(pending.expires_at.unix_millis()),
        ))
        .execute(conn)?;
    Ok(())
}

/// The [`Row`] of a submission that has not expired.
macro_rules! pending {
    ($id:expr, $now:expr) => {
        submissions::table
            .find($id.bytes().to_vec())
            .filter(submissions::expires_at.gt($now.unix_millis()))
            .select((
                submissions::request,
                submissions::code_hash,
                submissions::tries,
                submissions::expires_at,
                submissions::dossier_id,
            ))
    };
}

/// A submission that has not expired, kept from others until the transaction ends.
pub fn lock(conn: &mut Conn, id: SubmissionId, now: Moment) -> Result<Option<Pending>, StoreError> {
    let row: Option<Row> = first_locked!(conn, pending!(id, now));
    Ok(row.map(|row| pending(id, row)))
}

/// Request, hash of the code, tries, end, dossier.
type Row = (String, Vec<u8>, i32, i64, Option<Vec<u8>>);

fn pending(id: SubmissionId, (request, code_hash, tries, expires, dossier): Row) -> Pending {
    Pending {
        id,
        request,
        code_hash,
        tries,
        expires_at: Moment::from_unix_millis(expires),
        dossier: dossier.and_then(|id| DossierId::from_slice(&id)),
    }
}

/// A submission that has not expired, as it is read.
pub fn find(conn: &mut Conn, id: SubmissionId, now: Moment) -> Result<Option<Pending>, StoreError> {
    let row: Option<Row> = pending!(id, now).first(conn).optional()?;
    Ok(row.map(|row| pending(id, row)))
}

/// The wrong codes that a submission has had, if it has not expired.
pub fn tries(conn: &mut Conn, id: SubmissionId, now: Moment) -> Result<Option<i32>, StoreError> {
    let query = submissions::table
        .find(id.bytes().to_vec())
        .filter(submissions::expires_at.gt(now.unix_millis()))
        .select(submissions::tries);
    Ok(query.first(conn).optional()?)
}

/// Counts a wrong code.
pub fn count_try(conn: &mut Conn, id: SubmissionId) -> Result<(), StoreError> {
    diesel::update(submissions::table.find(id.bytes().to_vec()))
        .set(submissions::tries.eq(submissions::tries + 1))
        .execute(conn)?;
    Ok(())
}

/// The submission has become a dossier; its copy of the citizen's data goes.
pub fn confirm(conn: &mut Conn, id: SubmissionId, dossier: DossierId) -> Result<(), StoreError> {
    diesel::update(submissions::table.find(id.bytes().to_vec()))
        .set((
            submissions::dossier_id.eq(Some(dossier.bytes().to_vec())),
            submissions::request.eq(""),
        ))
        .execute(conn)?;
    Ok(())
}

/// Forgets what has expired.
pub fn forget(conn: &mut Conn, now: Moment, limit: u32) -> Result<usize, StoreError> {
    let condition = format!("expires_at <= {}", now.unix_millis());
    crate::store::delete_some(conn, "submissions", "id", &condition, limit)
}
