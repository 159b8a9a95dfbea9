//! Messages to be sent, for an administrator of the whole office.

use crate::domain::ids::{MessageId, UnitId};
use crate::error::Error;
use crate::store::Store;
use crate::store::outbox::{self, Entry, Which};
use crate::views::reach::ensure_whole;

/// Messages by id, newest first, older than `before`.
///
/// # Errors
/// If `reach` is not the whole office, or the database refuses.
pub fn list_messages(
    store: &Store,
    reach: UnitId,
    which: &Which,
    before: Option<MessageId>,
    limit: u32,
) -> Result<Vec<Entry>, Error> {
    store.read_with_reference(|conn, reference| {
        ensure_whole(reference.units(), reach)?;
        Ok(outbox::list(conn, which, before, limit)?)
    })
}
