//! To whom a dossier may be given: staff who can see it and may handle it.

use crate::domain::dossier::Dossier;
use crate::domain::ids::UserId;
use crate::domain::role::Permission;
use crate::error::{Error, WrongField};
use crate::store::reference::Reference;
use crate::store::{Conn, users};

fn wrong(reason: &str) -> Error {
    Error::Invalid(vec![WrongField {
        pointer: "/assignee".to_owned(),
        reason: reason.to_owned(),
    }])
}

/// The member of staff of that username, who may log in.
///
/// # Errors
/// If there is none, or the database refuses.
pub(crate) fn find_assignee(
    conn: &mut Conn,
    username: Option<&str>,
) -> Result<Option<UserId>, Error> {
    let Some(username) = username else {
        return Ok(None);
    };
    let account = match username.contains('\0') {
        true => None,
        false => users::by_username(conn, &username.to_lowercase())?,
    };
    let active = account.filter(|account| account.user.disabled_at.is_none());
    match active {
        Some(account) => Ok(Some(account.user.id)),
        None => Err(wrong("không có người dùng này")),
    }
}

/// Whoever was given the dossier by this change can see it and may handle it.
///
/// # Errors
/// If not, or the database refuses.
pub(crate) fn ensure_assignable(
    conn: &mut Conn,
    reference: &Reference,
    before: Option<&Dossier>,
    after: &Dossier,
) -> Result<(), Error> {
    let Some(assignee) = after.assignee else {
        return Ok(());
    };
    if before.is_some_and(|before| before.assignee == after.assignee) {
        return Ok(());
    }
    let units = reference.units();
    let sees = users::find(conn, assignee)?.is_some_and(|account| {
        let reach = account.user.unit;
        account.user.role.may(Permission::ReadDossiers)
            && [after.unit, after.holder]
                .into_iter()
                .any(|unit| units.is_under(unit, reach))
    });
    match sees {
        true => Ok(()),
        false => Err(wrong("người này không xử lý hồ sơ của đơn vị")),
    }
}
