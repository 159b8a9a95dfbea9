//! Sessions: who holds which token, until when. Only the token's hash is kept.

use diesel::prelude::*;

use crate::domain::ids::{SessionId, UserId};
use crate::domain::moment::Moment;
use crate::store::connection::on_either;
use crate::store::schema::{sessions, users};
use crate::store::users::{Account, User, UserRow};
use crate::store::{Conn, StoreError, devices};

/// A session, as its owner may see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    pub id: SessionId,
    pub user: UserId,
    pub created_at: Moment,
    pub expires_at: Moment,
    /// Where it was begun: the address of the network.
    pub address: String,
    /// What it was begun with: the name that the program gave itself.
    pub agent: String,
}

type Row = (Vec<u8>, i32, i64, i64, String, String);

fn read(row: Row) -> Result<Session, StoreError> {
    let (id, user, created, expires, address, agent) = row;
    Ok(Session {
        id: SessionId::from_slice(&id).ok_or_else(|| StoreError::corrupt("sessions.id"))?,
        user: UserId(user),
        created_at: Moment::from_unix_millis(created),
        expires_at: Moment::from_unix_millis(expires),
        address,
        agent,
    })
}

macro_rules! columns {
    () => {
        (
            sessions::id,
            sessions::user_id,
            sessions::created_at,
            sessions::expires_at,
            sessions::address,
            sessions::agent,
        )
    };
}

pub fn insert(conn: &mut Conn, token_hash: &[u8], session: &Session) -> Result<(), StoreError> {
    diesel::insert_into(sessions::table)
        .values((
            sessions::token_hash.eq(token_hash),
            sessions::id.eq(session.id.bytes().to_vec()),
            sessions::user_id.eq(session.user.0),
            sessions::created_at.eq(session.created_at.unix_millis()),
            sessions::expires_at.eq(session.expires_at.unix_millis()),
            sessions::address.eq(&session.address),
            sessions::agent.eq(&session.agent),
        ))
        .execute(conn)?;
    Ok(())
}

/// The session of a token and its owner, if it has not ended and they may still log in. One
/// statement: every request of a member of staff begins with it.
pub fn find(
    conn: &mut Conn,
    token_hash: &[u8],
    now: Moment,
) -> Result<Option<(SessionId, User)>, StoreError> {
    let query = sessions::table
        .inner_join(users::table.on(users::id.eq(sessions::user_id)))
        .filter(sessions::token_hash.eq(token_hash))
        .filter(sessions::expires_at.gt(now.unix_millis()))
        .filter(users::disabled_at.is_null())
        .select((sessions::id, users::all_columns));
    let row: Option<(Vec<u8>, UserRow)> = on_either!(conn, |conn| query.first(conn)).optional()?;
    row.map(|(id, user)| {
        let id = SessionId::from_slice(&id).ok_or_else(|| StoreError::corrupt("sessions.id"))?;
        Ok((id, Account::try_from(user)?.user))
    })
    .transpose()
}

/// The sessions of a member of staff that have not ended, newest first.
pub fn of_user(conn: &mut Conn, user: UserId, now: Moment) -> Result<Vec<Session>, StoreError> {
    let rows: Vec<Row> = sessions::table
        .filter(sessions::user_id.eq(user.0))
        .filter(sessions::expires_at.gt(now.unix_millis()))
        .order(sessions::created_at.desc())
        .limit(1000)
        .select(columns!())
        .load(conn)?;
    rows.into_iter().map(read).collect()
}

/// Ends a session of that owner. Returns whether there was one.
pub fn remove(conn: &mut Conn, user: UserId, id: SessionId) -> Result<bool, StoreError> {
    let query = sessions::table
        .filter(sessions::user_id.eq(user.0))
        .filter(sessions::id.eq(id.bytes().to_vec()));
    Ok(diesel::delete(query).execute(conn)? > 0)
}

/// Ends all sessions of a member of staff, but for `kept`. Without one that is kept, nothing that they
/// had counts any more: their devices are forgotten too.
pub fn remove_all(
    conn: &mut Conn,
    user: UserId,
    kept: Option<SessionId>,
) -> Result<(), StoreError> {
    if kept.is_none() {
        devices::remove_all(conn, user)?;
    }
    let kept = kept.map(|id| id.bytes().to_vec()).unwrap_or_default();
    let query = sessions::table
        .filter(sessions::user_id.eq(user.0))
        .filter(sessions::id.ne(kept));
    diesel::delete(query).execute(conn)?;
    Ok(())
}

/// Forgets sessions that have ended.
pub fn forget(conn: &mut Conn, now: Moment, limit: u32) -> Result<usize, StoreError> {
    let condition = format!("expires_at <= {}", now.unix_millis());
    crate::store::delete_some(conn, "sessions", "token_hash", &condition, limit)
}
