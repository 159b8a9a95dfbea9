//! What an `Idempotency-Key` has made, so that the same request made twice makes it once.

use diesel::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::domain::moment::Moment;
use crate::store::schema::idempotency_keys;
use crate::store::{Conn, StoreError};

/// A request that must happen once.
#[derive(Debug, Clone)]
pub struct Once {
    /// Whose key it is: keys of different callers are different.
    pub scope: String,
    pub key: String,
    /// SHA-256 of the request.
    pub request_hash: Vec<u8>,
}

/// The key came before, with another request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("Idempotency-Key này đã dùng cho một yêu cầu khác")]
pub struct KeyReused;

/// What a request has made, now or the first time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Happened<T> {
    pub value: T,
    /// It had happened before; nothing was done now.
    pub before: bool,
}

/// Does `work` unless the key has done it before, within the caller's transaction.
///
/// # Errors
/// Those of `work`, of the database, and [`KeyReused`].
pub fn once<T, E>(
    conn: &mut Conn,
    key: Option<&Once>,
    now: Moment,
    work: impl FnOnce(&mut Conn) -> Result<T, E>,
) -> Result<Happened<T>, E>
where
    T: Serialize + DeserializeOwned,
    E: From<StoreError> + From<KeyReused>,
{
    let Some(once) = key else {
        let value = work(conn)?;
        return Ok(Happened {
            value,
            before: false,
        });
    };
    if let Some(made) = find(conn, &once.scope, &once.key)? {
        if made.request_hash != once.request_hash {
            return Err(KeyReused.into());
        }
        let value = serde_json::from_str(&made.made)
            .map_err(|_| StoreError::corrupt("idempotency_keys.made"))?;
        return Ok(Happened {
            value,
            before: true,
        });
    }
    let value = match work(conn) {
        Ok(value) => value,
        // What stands in the way may be what the same request has made, sent twice at once and here second.
        Err(error) => {
            return Err(match find(conn, &once.scope, &once.key) {
                Ok(Some(_)) => StoreError::Conflict("the key was used meanwhile".to_owned()).into(),
                _ => error,
            });
        }
    };
    let made = Made {
        request_hash: once.request_hash.clone(),
        made: serde_json::to_string(&value).map_err(|e| StoreError::Other(e.to_string()))?,
    };
    insert(conn, &once.scope, &once.key, &made, now)?;
    Ok(Happened {
        value,
        before: false,
    })
}

/// Whether the key has made something before, with whatever request.
pub fn is_used(conn: &mut Conn, key: Option<&Once>) -> Result<bool, StoreError> {
    let Some(once) = key else {
        return Ok(false);
    };
    Ok(find(conn, &once.scope, &once.key)?.is_some())
}

/// What a key has made.
struct Made {
    request_hash: Vec<u8>,
    /// JSON that tells what was made: ids and refusals, no personal data.
    made: String,
}

/// What the key has made within its scope, if anything.
fn find(conn: &mut Conn, scope: &str, key: &str) -> Result<Option<Made>, StoreError> {
    let row: Option<(Vec<u8>, String)> = idempotency_keys::table
        .find((scope, key))
        .select((idempotency_keys::request_hash, idempotency_keys::made))
        .first(conn)
        .optional()?;
    Ok(row.map(|(request_hash, made)| Made { request_hash, made }))
}

/// Records what the key has made.
fn insert(
    conn: &mut Conn,
    scope: &str,
    key: &str,
    made: &Made,
    now: Moment,
) -> Result<(), StoreError> {
    let inserted = diesel::insert_into(idempotency_keys::table)
        .values((
            idempotency_keys::scope.eq(scope),
            idempotency_keys::key.eq(key),
            idempotency_keys::request_hash.eq(&made.request_hash),
            idempotency_keys::made.eq(&made.made),
            idempotency_keys::created_at.eq(now.unix_millis()),
        ))
        .execute(conn);
    or_conflict(inserted)
}

/// A key that another transaction has taken meanwhile is a conflict: the transaction is tried
/// again, and then finds it.
pub(super) fn or_conflict(inserted: QueryResult<usize>) -> Result<(), StoreError> {
    use diesel::result::{DatabaseErrorKind::UniqueViolation, Error};
    match inserted {
        Err(Error::DatabaseError(UniqueViolation, info)) => {
            Err(StoreError::Conflict(info.message().to_owned()))
        }
        other => Ok(other.map(drop)?),
    }
}

/// Forgets keys used before a moment.
pub fn forget(conn: &mut Conn, before: Moment, limit: u32) -> Result<usize, StoreError> {
    let condition = format!("created_at < {}", before.unix_millis());
    crate::store::delete_some(conn, "idempotency_keys", "scope, key", &condition, limit)
}
