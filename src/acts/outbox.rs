//! Messages to be sent, for an administrator of the whole office.

use crate::acts::administration::{AdminError, ensure_whole};
use crate::domain::ids::{MessageId, UnitId};
use crate::domain::moment::Moment;
use crate::store::Store;
use crate::store::authority::Proof;
use crate::store::outbox;
use crate::store::outbox::{Entry, Which};

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
) -> Result<Vec<Entry>, AdminError> {
    store.read_with_reference(|conn, reference| {
        ensure_whole(reference.units(), reach)?;
        Ok(outbox::list(conn, which, before, limit)?)
    })
}

/// Has a message that waits, or was given up, tried again at once.
///
/// # Errors
/// If the caller may not, or does not keep the whole office, there is no such message, it is being sent
/// at this moment, or the database refuses.
pub fn retry_message(
    store: &Store,
    by: Proof,
    id: MessageId,
    now: Moment,
) -> Result<(), AdminError> {
    let found = store.write_with_reference_as(by, move |conn, reference, caller| {
        ensure_whole(reference.units(), caller.unit())?;
        if outbox::is_under_way(conn, id, now)? {
            return Err(AdminError::UnderWay);
        }
        Ok::<_, AdminError>(outbox::retry(conn, id, now)?)
    })?;
    match found {
        true => Ok(()),
        false => Err(AdminError::NotFound(
            "không có thông điệp nào đang chờ hay đã thôi gửi có định danh này".to_owned(),
        )),
    }
}
