//! To whom a dossier may be given: staff who can see it and may handle it.

use std::collections::BTreeSet;

use crate::domain::dossier::Dossier;
use crate::domain::ids::{UnitId, UserId};
use crate::domain::role::{Permission, Role};
use crate::error::{Error, WrongField};
use crate::render::words;
use crate::store::reference::Reference;
use crate::store::users::{self, User};
use crate::store::{Conn, Store, StoreError};
use crate::views;
use crate::views::list::StaffName;

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
    match active(conn, username)? {
        Ok(user) => Ok(Some(user.id)),
        Err(reason) => Err(wrong(reason)),
    }
}

/// Who has that username, however it is typed.
fn of_username(conn: &mut Conn, username: &str) -> Result<Option<User>, StoreError> {
    let account = match username.contains('\0') {
        true => None,
        false => users::by_username(conn, &username.trim().to_lowercase())?,
    };
    Ok(account.map(|account| account.user))
}

/// Who has that username and may log in, or why nobody does.
pub(crate) fn active(
    conn: &mut Conn,
    username: &str,
) -> Result<Result<User, &'static str>, StoreError> {
    Ok(match of_username(conn, username)? {
        None => Err("không có người dùng này"),
        Some(user) if user.disabled_at.is_some() => Err("tài khoản này đã khóa"),
        Some(user) => Ok(user),
    })
}

/// The member of staff of that username, whether they may log in or not: what they have is listed.
///
/// # Errors
/// If there is none, or the database refuses.
pub fn named(store: &Store, username: &str) -> Result<UserId, Error> {
    let user = store.read(|conn| of_username(conn, username))?;
    let missing = || Error::wrong("assignee", "không có người dùng này");
    Ok(user.ok_or_else(missing)?.id)
}

impl From<User> for Colleague {
    fn from(user: User) -> Self {
        Self {
            role: user.role,
            staff: StaffName {
                username: user.username,
                full_name: user.full_name,
            },
        }
    }
}

/// Somebody to choose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Colleague {
    pub staff: StaffName,
    pub role: Role,
}

impl Colleague {
    /// As a form offers them: what they are says what they may do.
    pub fn name(&self) -> String {
        format!(
            "{} ({})",
            self.staff.full_name,
            words::role(self.role).to_lowercase()
        )
    }
}

/// The staff of these units themselves who may do that, as a form offers them: who belongs to a unit below has no say in
/// what lies with it.
///
/// # Errors
/// If the database refuses.
pub fn offered(store: &Store, units: &[UnitId], may: Permission) -> Result<Vec<Colleague>, Error> {
    let mut offered = Vec::new();
    for unit in units {
        let staff = views::staff::own(store, *unit)?;
        let able = staff.into_iter().filter(|user| user.role.may(may));
        offered.extend(able.map(Colleague::from));
    }
    Ok(offered)
}

/// To whom all of these dossiers may be given, each with its unit where there are several; to whom some of them may, if all
/// may be given to nobody.
///
/// # Errors
/// If the database refuses.
pub fn offered_for_all(store: &Store, dossiers: &[[UnitId; 2]]) -> Result<Vec<Colleague>, Error> {
    let units: BTreeSet<UnitId> = dossiers.iter().flatten().copied().collect();
    let may_have_all = |unit: &UnitId| dossiers.iter().all(|of| of.contains(unit));
    let some: Vec<UnitId> = units.iter().copied().filter(may_have_all).collect();
    let whose = match some.is_empty() {
        true => units.into_iter().collect(),
        false => some,
    };
    if let [only] = whose.as_slice() {
        return offered(store, &[*only], Permission::HandOver);
    }
    let mut all = Vec::new();
    let reference = store.reference()?;
    for unit in whose {
        let name = reference.units().get(unit).map_or("", |unit| &unit.name);
        let own = offered(store, &[unit], Permission::HandOver)?;
        all.extend(own.into_iter().map(|mut one| {
            one.staff.full_name = format!("{}, {name}", one.staff.full_name);
            one
        }));
    }
    Ok(all)
}

/// Whether somebody can see a dossier that one of these units answers for and the other has, and may handle it.
pub(crate) fn may_have(reference: &Reference, user: &User, units: [UnitId; 2]) -> bool {
    user.disabled_at.is_none()
        && user.role.may(Permission::HandOver)
        && units
            .into_iter()
            .any(|unit| reference.reaches(unit, user.unit))
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
    let unchanged = before
        .is_some_and(|before| before.assignee == after.assignee && before.holder == after.holder);
    // Those who had it when it was closed did have it.
    if unchanged || !after.status.is_open() {
        return Ok(());
    }
    let account = users::find(conn, assignee)?;
    let has = |user: &User| may_have(reference, user, [after.unit, after.holder]);
    match account.is_some_and(|account| has(&account.user)) {
        true => Ok(()),
        false => Err(wrong("người này không xử lý hồ sơ của đơn vị")),
    }
}
