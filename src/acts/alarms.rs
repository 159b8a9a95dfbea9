//! What an administrator of the whole office has to look at: alarms, and dossiers that work passes over.

use crate::acts::administration::{AdminError, ensure_whole};
use crate::domain::ids::{AlarmId, DossierId, UnitId};
use crate::domain::moment::Moment;
use crate::store::alarms;
use crate::store::alarms::Alarm;
use crate::store::authority::Proof;
use crate::store::set_aside;
use crate::store::set_aside::{Entry, Work};
use crate::store::{Conn, Store, StoreError};

/// The open alarms, newest first.
///
/// # Errors
/// If `reach` is not the whole office, or the database refuses.
pub fn list_alarms(store: &Store, reach: UnitId, limit: u32) -> Result<Vec<Alarm>, AdminError> {
    store.read_with_reference(|conn, reference| {
        ensure_whole(reference.units(), reach)?;
        Ok(alarms::open(conn, limit)?)
    })
}

/// Closes an alarm that somebody has looked at.
///
/// # Errors
/// If the caller may not, or does not keep the whole office, it is not open, or the database refuses.
pub fn acknowledge(store: &Store, by: Proof, id: AlarmId) -> Result<(), AdminError> {
    let missing = "không có cảnh báo nào đang mở có định danh này";
    change(store, by, missing, move |conn| {
        alarms::acknowledge(conn, id)
    })
}

/// Dossiers that are set aside, newest first.
///
/// # Errors
/// If `reach` is not the whole office, or the database refuses.
pub fn list_set_aside(store: &Store, reach: UnitId, limit: u32) -> Result<Vec<Entry>, AdminError> {
    store.read_with_reference(|conn, reference| {
        ensure_whole(reference.units(), reach)?;
        Ok(set_aside::list(conn, limit)?)
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
) -> Result<(), AdminError> {
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
) -> Result<(), AdminError> {
    change(store, by, NOT_SET_ASIDE, move |conn| {
        set_aside::dismiss(conn, work, dossier, now)
    })
}

fn change(
    store: &Store,
    by: Proof,
    missing: &str,
    work: impl Fn(&mut Conn) -> Result<bool, StoreError> + Send + 'static,
) -> Result<(), AdminError> {
    let found = store.write_with_reference_as(by, move |conn, reference, caller| {
        ensure_whole(reference.units(), caller.unit())?;
        Ok::<_, AdminError>(work(conn)?)
    })?;
    match found {
        true => Ok(()),
        false => Err(AdminError::NotFound(missing.to_owned())),
    }
}
