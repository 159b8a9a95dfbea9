//! Members of staff, as administrators see them.

use crate::domain::ids::UnitId;
use crate::domain::{order, username};
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

/// Where a member of staff stands in a list: by given name, and of those who are called the same by username.
pub type Place = (String, String);

pub fn place(user: &User) -> Place {
    (
        order::place_of_person(&user.full_name),
        user.username.clone(),
    )
}

/// The staff of a unit, where it and what is under it are few enough to choose from; `None` where they are not.
///
/// # Errors
/// If the database refuses.
pub fn few(store: &Store, unit: UnitId, most: usize) -> Result<Option<Vec<User>>, Error> {
    /// Where there are more units there are more people.
    const UNITS: usize = 10;
    if store.reference()?.units().under(unit).len() > UNITS {
        return Ok(None);
    }
    let limit = u32::try_from(most).unwrap_or(u32::MAX).saturating_add(1);
    let staff = of_unit(store, unit, None, limit, true)?;
    Ok(Some(staff).filter(|staff| staff.len() <= most))
}

/// The staff of a unit itself who may log in, in the order of Vietnamese names.
pub fn own(store: &Store, unit: UnitId) -> Result<Vec<User>, Error> {
    let mut own = store.read(|conn| users::of_units(conn, &[unit], true))?;
    own.sort_by_cached_key(place);
    Ok(own)
}

/// The staff of a unit and of what is under it in the order of Vietnamese names, after `after`; all, or those who may
/// log in. No database knows that order, and an office has hundreds of people, not millions: they are sorted here.
pub fn of_unit(
    store: &Store,
    unit: UnitId,
    after: Option<&Place>,
    limit: u32,
    active_only: bool,
) -> Result<Vec<User>, Error> {
    let users = store.read_with_reference(|conn, reference| {
        let units = reference.units().under(unit);
        Ok::<_, Error>(users::of_units(conn, &units, active_only)?)
    })?;
    let users = users.into_iter().map(|user| (place(&user), user));
    let mut users: Vec<_> = users
        .filter(|(place, _)| after.is_none_or(|after| place > after))
        .collect();
    users.sort_by(|(one, _), (other, _)| one.cmp(other));
    users.truncate(limit as usize);
    Ok(users.into_iter().map(|(_, user)| user).collect())
}
