//! Log-ins under way at the OpenID Connect provider, kept in the database so that the answer may
//! come back to another instance.

use diesel::prelude::*;

use crate::domain::moment::Moment;
use crate::store::schema::oidc_logins;
use crate::store::{Conn, StoreError};

/// What the answer is checked with.
pub struct Begun {
    pub verifier: String,
    pub nonce: String,
}

pub fn insert(
    conn: &mut Conn,
    state_hash: &[u8],
    begun: &Begun,
    expires_at: Moment,
) -> Result<(), StoreError> {
    diesel::insert_into(oidc_logins::table)
        .values((
            oidc_logins::state_hash.eq(state_hash),
            oidc_logins::verifier.eq(&begun.verifier),
            oidc_logins::nonce.eq(&begun.nonce),
            oidc_logins::expires_at.eq(expires_at.unix_millis()),
        ))
        .execute(conn)?;
    Ok(())
}

/// Takes a log-in that has not expired; it is answered once.
pub fn take(conn: &mut Conn, state_hash: &[u8], now: Moment) -> Result<Option<Begun>, StoreError> {
    let row: Option<(String, String)> = oidc_logins::table
        .find(state_hash)
        .filter(oidc_logins::expires_at.gt(now.unix_millis()))
        .select((oidc_logins::verifier, oidc_logins::nonce))
        .first(conn)
        .optional()?;
    let taken = diesel::delete(oidc_logins::table.find(state_hash)).execute(conn)?;
    Ok(row
        .filter(|_| taken > 0)
        .map(|(verifier, nonce)| Begun { verifier, nonce }))
}

/// Forgets what has expired.
pub fn forget(conn: &mut Conn, now: Moment, limit: u32) -> Result<usize, StoreError> {
    let condition = format!("expires_at <= {}", now.unix_millis());
    crate::store::delete_some(conn, "oidc_logins", "state_hash", &condition, limit)
}
