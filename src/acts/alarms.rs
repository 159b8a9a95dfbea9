//! What an administrator of the whole office has to look at: alarms, and dossiers that work passes over.

use crate::domain::ids::{AlarmId, DossierId};
use crate::domain::moment::Moment;
use crate::error::Error;
use crate::store::authority::Proof;
use crate::store::set_aside::{self, Work};
use crate::store::{Conn, Store, StoreError, alarms};
use crate::views::reach::ensure_whole;

/// Closes an alarm that somebody has looked at.
///
/// # Errors
/// If the caller may not, or does not keep the whole office, it is not open, or the database refuses.
pub fn acknowledge(store: &Store, by: Proof, id: AlarmId) -> Result<(), Error> {
    let missing = "không có cảnh báo nào đang mở có định danh này";
    change(store, by, missing, move |conn| {
        alarms::acknowledge(conn, id)
    })
}

const NOT_SET_ASIDE: &str = "hồ sơ này không được để riêng trong việc này";

/// Has the work tried again on a dossier in its next round.
///
/// # Errors
/// If the caller may not, or does not keep the whole office, the dossier is not set aside, or the database
/// refuses.
pub fn retry_set_aside(
    store: &Store,
    by: Proof,
    work: Work,
    dossier: DossierId,
) -> Result<(), Error> {
    change(store, by, NOT_SET_ASIDE, move |conn| {
        set_aside::retry(conn, work, dossier)
    })
}

/// Leaves a dossier alone, and closes its alarm.
///
/// # Errors
/// If the caller may not, or does not keep the whole office, the dossier is not set aside, or the database
/// refuses.
pub fn dismiss(
    store: &Store,
    by: Proof,
    work: Work,
    dossier: DossierId,
    now: Moment,
) -> Result<(), Error> {
    change(store, by, NOT_SET_ASIDE, move |conn| {
        set_aside::dismiss(conn, work, dossier, now)
    })
}

fn change(
    store: &Store,
    by: Proof,
    missing: &'static str,
    work: impl Fn(&mut Conn) -> Result<bool, StoreError> + Send + 'static,
) -> Result<(), Error> {
    let found = store.write_with_reference_as(by, move |conn, reference, caller| {
        ensure_whole(reference.units(), caller.unit())?;
        Ok::<_, Error>(work(conn)?)
    })?;
    match found {
        true => Ok(()),
        false => Err(Error::NotFound(missing)),
    }
}
