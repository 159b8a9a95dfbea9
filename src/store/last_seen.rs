//! Which version of a dossier somebody saw last.

use std::collections::HashMap;

use diesel::prelude::*;

use crate::domain::ids::{DossierId, UserId};
use crate::domain::moment::Moment;
use crate::store::connection::on_either;
use crate::store::dossiers::dossier_id;
use crate::store::schema::last_seen;
use crate::store::{Conn, StoreError};

/// Notes that somebody sees a dossier in that version.
pub fn note(
    conn: &mut Conn,
    dossier: DossierId,
    user: UserId,
    version: u32,
    now: Moment,
) -> Result<(), StoreError> {
    let version = i32::try_from(version).unwrap_or(i32::MAX);
    let row = (
        last_seen::dossier_id.eq(dossier.bytes().to_vec()),
        last_seen::user_id.eq(user.0),
        last_seen::version.eq(version),
        last_seen::at.eq(now.unix_millis()),
    );
    on_either!(conn, |conn| diesel::insert_into(last_seen::table)
        .values(row)
        .on_conflict((last_seen::dossier_id, last_seen::user_id))
        .do_update()
        .set((
            last_seen::version.eq(version),
            last_seen::at.eq(now.unix_millis())
        ))
        .execute(conn))?;
    Ok(())
}

/// What was seen last of these, by whom: only pairs that are asked for.
pub fn of_pairs(
    conn: &mut Conn,
    pairs: &[(DossierId, UserId)],
) -> Result<HashMap<(DossierId, UserId), u32>, StoreError> {
    if pairs.is_empty() {
        return Ok(HashMap::new());
    }
    let ids: Vec<Vec<u8>> = pairs.iter().map(|(id, _)| id.bytes().to_vec()).collect();
    let users: Vec<i32> = pairs.iter().map(|(_, user)| user.0).collect();
    let rows: Vec<(Vec<u8>, i32, i32)> = last_seen::table
        .filter(last_seen::dossier_id.eq_any(ids))
        .filter(last_seen::user_id.eq_any(users))
        .select((
            last_seen::dossier_id,
            last_seen::user_id,
            last_seen::version,
        ))
        .load(conn)?;
    rows.into_iter()
        .map(|(id, user, version)| {
            let version = u32::try_from(version).unwrap_or(0);
            Ok(((dossier_id(&id)?, UserId(user)), version))
        })
        .collect()
}

/// Forgets what was seen before a moment.
pub fn forget(conn: &mut Conn, before: Moment, limit: u32) -> Result<usize, StoreError> {
    let condition = format!("at < {}", before.unix_millis());
    crate::store::delete_some(conn, "last_seen", "dossier_id, user_id", &condition, limit)
}
