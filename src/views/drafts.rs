//! What somebody has typed and not sent, as they see it: theirs alone.

use crate::domain::ids::UserId;
use crate::domain::moment::Moment;
use crate::error::Error;
use crate::store::Store;
use crate::store::drafts::{self, Draft};

/// One's own drafts, newest first.
///
/// # Errors
/// If the database refuses.
pub fn of(store: &Store, owner: UserId, now: Moment, limit: u32) -> Result<Vec<Draft>, Error> {
    store.read(|conn| Ok(drafts::of_owner(conn, owner, now, limit)?))
}

/// What there is of one's own form, also that it was sent.
///
/// # Errors
/// If the database refuses.
pub fn find(store: &Store, owner: UserId, key: &str, now: Moment) -> Result<Option<Draft>, Error> {
    store.read(|conn| Ok(drafts::find(conn, owner, key, now)?))
}
