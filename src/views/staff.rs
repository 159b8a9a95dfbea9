//! Members of staff, as administrators see them.

use crate::domain::ids::UnitId;
use crate::domain::username;
use crate::error::Error;
use crate::store::Store;
use crate::store::users::{self, User};

/// Another unit's account.
pub const NOT_YOURS: Error =
    Error::OutOfReach("đơn vị của tài khoản không thuộc phạm vi quản lý của bạn");

/// A member of staff within reach.
///
/// # Errors
/// If there is none, or they are out of reach.
pub fn find(store: &Store, username: &str, reach: UnitId) -> Result<User, Error> {
    let username = username.to_lowercase();
    if username::check(&username).is_err() {
        return Err(Error::NO_ACCOUNT);
    }
    store.read_with_reference(|conn, reference| {
        let account = users::by_username(conn, &username)?.ok_or(Error::NO_ACCOUNT)?;
        if !reference.units().is_under(account.user.unit, reach) {
            return Err(NOT_YOURS);
        }
        Ok(account.user)
    })
}

/// The staff of a unit and of what is under it, by username, after `after`; all, or those who may
/// log in.
pub fn of_unit(
    store: &Store,
    unit: UnitId,
    after: Option<&str>,
    limit: u32,
    active_only: bool,
) -> Result<Vec<User>, Error> {
    store.read_with_reference(|conn, reference| {
        let units = reference.units().under(unit);
        Ok(users::of_units(conn, &units, after, limit, active_only)?)
    })
}
