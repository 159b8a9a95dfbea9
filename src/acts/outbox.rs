//! Messages to be sent, for an administrator of the whole office.

use crate::domain::ids::MessageId;
use crate::domain::moment::Moment;
use crate::error::{Conflict, Error};
use crate::store::authority::Proof;
use crate::store::{Store, outbox};
use crate::views::reach::ensure_whole;

/// Has a message that waits, or was given up, tried again at once.
///
/// # Errors
/// If the caller may not, or does not keep the whole office, there is no such message, it is being sent
/// at this moment, or the database refuses.
pub fn retry_message(store: &Store, by: Proof, id: MessageId, now: Moment) -> Result<(), Error> {
    let found = store.write_with_reference_as(by, move |conn, reference, caller| {
        ensure_whole(reference.units(), caller.unit())?;
        if outbox::is_under_way(conn, id, now)? {
            return Err(Conflict::UnderWay.into());
        }
        Ok::<_, Error>(outbox::retry(conn, id, now)?)
    })?;
    match found {
        true => Ok(()),
        false => Err(Error::NotFound(
            "không có thông điệp nào đang chờ hay đã thôi gửi có định danh này",
        )),
    }
}
