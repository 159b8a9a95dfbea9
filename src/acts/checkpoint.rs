//! What vouches for the log outside of this house: its key, the notes signed with it (checkpoints), and
//! witnesses of other installations' logs.

use serde_json::Value;

use crate::acts::log_key::LogKey;
use crate::domain::ids::Actor;
use crate::domain::log::Hash;
use crate::domain::log::note::{Checkpoint, Note};
use crate::domain::moment::Moment;
use crate::store::admin_acts::{self, ActKind};
use crate::store::log::{self, GivenOut};
use crate::store::{Store, StoreError};

/// How long a checkpoint is given out again while the log grows.
const FRESH_MILLIS: i64 = 300_000;

/// How old the newest checkpoint may get while the log grows, if nobody asks for one.
const OLDEST_MILLIS: i64 = 3_600_000;

/// Signs a checkpoint if the log has grown and the newest one is an hour old, so that one of nearly all
/// that happened is there to be sent and compared.
pub fn sign_now_and_then(store: &Store, key: &LogKey, now: Moment) -> Result<(), StoreError> {
    let (newest, size) = store
        .read(|conn| Ok::<_, StoreError>((log::newest_checkpoint(conn)?, log::size(conn)?)))?;
    let young = |given: &GivenOut| given.size == size || is_younger(given, now, OLDEST_MILLIS);
    if newest.as_ref().is_some_and(young) {
        return Ok(());
    }
    sign(store, key, now).map(drop)
}

/// A clock that was set back makes nothing young.
pub(crate) fn is_younger(given: &GivenOut, now: Moment, millis: i64) -> bool {
    (0..millis).contains(&(now.unix_millis() - given.at.unix_millis()))
}

/// The checkpoint to give out: of the log as it is, or as it was within the last five minutes.
pub fn checkpoint(store: &Store, key: &LogKey, now: Moment) -> Result<String, StoreError> {
    let (newest, size) = store
        .read(|conn| Ok::<_, StoreError>((log::newest_checkpoint(conn)?, log::size(conn)?)))?;
    match newest {
        Some(given) if given.size == size || is_younger(&given, now, FRESH_MILLIS) => {
            Ok(given.note)
        }
        _ => sign(store, key, now),
    }
}

/// Signs a checkpoint of the log as it is now, and keeps it.
pub fn sign(store: &Store, key: &LogKey, now: Moment) -> Result<String, StoreError> {
    let key = key.clone();
    store.write(move |conn| {
        let (size, root) = log::head(conn)?;
        let checkpoint = Checkpoint {
            origin: key.origin().to_owned(),
            size,
            root,
        };
        let body = checkpoint.body();
        let signatures = vec![key.sign(&body)];
        let note = Note { body, signatures }.to_string();
        let given = GivenOut {
            size,
            at: now,
            note,
        };
        log::keep_checkpoint(conn, &given)?;
        Ok(given.note)
    })
}

/// Proves that the log of size `from` is how the one of size `to` began; `None` if it was never as long.
pub fn consistency(store: &Store, from: u64, to: u64) -> Result<Option<Vec<Hash>>, StoreError> {
    store.read(|conn| {
        if to > log::size(conn)? {
            return Ok(None);
        }
        log::consistency_proof(conn, from, to).map(Some)
    })
}

/// Records the settings with which the server starts, if they are not those recorded last.
pub fn record_settings(store: &Store, shown: &Value, now: Moment) -> Result<(), StoreError> {
    let data = serde_json::json!({
        "version": env!("CARGO_PKG_VERSION"),
        "settings": shown,
    });
    let text = data.to_string();
    store.write_despite_clock(move |conn| {
        let last = admin_acts::last(conn, ActKind::Settings)?;
        if last.is_some_and(|act| act.data == text) {
            return Ok(());
        }
        admin_acts::record(conn, Actor::System, now, ActKind::Settings, &data)
    })
}
