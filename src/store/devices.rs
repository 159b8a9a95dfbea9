//! Devices from which members of staff have logged in. A device is known by a secret of its own, of
//! which only the hash is kept; it lets nobody in, but others' guesses do not shut it out.

use diesel::prelude::*;

use crate::domain::ids::UserId;
use crate::domain::moment::Moment;
use crate::store::schema::devices;
use crate::store::{Conn, StoreError};

/// The most that somebody has; the one that was used the longest ago gives way.
const MOST: i64 = 20;

/// How long a device is known after it was used.
pub const LASTS_MILLIS: i64 = 400 * 24 * 3600 * 1000;

/// Whose device it is.
pub fn owner(
    conn: &mut Conn,
    token_hash: &[u8],
    now: Moment,
) -> Result<Option<UserId>, StoreError> {
    let user: Option<i32> = devices::table
        .find(token_hash)
        .filter(devices::used_at.gt(now.unix_millis() - LASTS_MILLIS))
        .select(devices::user_id)
        .first(conn)
        .optional()?;
    Ok(user.map(UserId))
}

/// A new device.
pub fn insert(
    conn: &mut Conn,
    token_hash: &[u8],
    user: UserId,
    now: Moment,
) -> Result<(), StoreError> {
    diesel::insert_into(devices::table)
        .values((
            devices::token_hash.eq(token_hash),
            devices::user_id.eq(user.0),
            devices::used_at.eq(now.unix_millis()),
        ))
        .execute(conn)?;
    let old: Vec<Vec<u8>> = devices::table
        .filter(devices::user_id.eq(user.0))
        .order((devices::used_at.desc(), devices::token_hash))
        .select(devices::token_hash)
        .offset(MOST)
        .limit(MOST)
        .load(conn)?;
    if !old.is_empty() {
        diesel::delete(devices::table.filter(devices::token_hash.eq_any(old))).execute(conn)?;
    }
    Ok(())
}

/// A device was used again.
pub fn touch(conn: &mut Conn, token_hash: &[u8], now: Moment) -> Result<(), StoreError> {
    diesel::update(devices::table.find(token_hash))
        .set(devices::used_at.eq(now.unix_millis()))
        .execute(conn)?;
    Ok(())
}

/// Forgets all devices of a member of staff.
pub fn remove_all(conn: &mut Conn, user: UserId) -> Result<(), StoreError> {
    diesel::delete(devices::table.filter(devices::user_id.eq(user.0))).execute(conn)?;
    Ok(())
}

/// Forgets devices that are not used any more, `limit` at most.
pub fn forget(conn: &mut Conn, now: Moment, limit: u32) -> Result<usize, StoreError> {
    let condition = format!("used_at <= {}", now.unix_millis() - LASTS_MILLIS);
    crate::store::delete_some(conn, "devices", "token_hash", &condition, limit)
}
