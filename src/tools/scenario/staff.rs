//! The people at the desks of a scenario: a clerk, an officer and a supervisor in every unit.

use std::collections::HashMap;

use crate::domain::ids::{Actor, UnitId, UserId};
use crate::domain::moment::Moment;
use crate::domain::role::Role;
use crate::store::admin_acts::{self, ActKind};
use crate::store::reference::Reference;
use crate::store::users::{self, User};
use crate::store::{Conn, StoreError};
use crate::tools::scenario::people;

/// Who works in a unit.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Desk {
    pub(crate) clerk: UserId,
    pub(crate) officer: UserId,
    pub(crate) supervisor: UserId,
}

/// Makes the staff of all units. They cannot log in: accounts get their passwords later.
pub(crate) fn hire(
    conn: &mut Conn,
    reference: &Reference,
    now: Moment,
) -> Result<HashMap<UnitId, Desk>, StoreError> {
    let known = users::load(conn)?;
    let mut next = known.iter().map(|user| user.id.0).max().unwrap_or(0) + 1;
    let mut staff = HashMap::new();
    for unit in reference.units().all() {
        let mut hire = |role: Role| {
            let id = UserId(next);
            next += 1;
            let user = User {
                id,
                username: format!("{}.{}", unit.code.to_lowercase(), role.as_str()),
                full_name: people::name(id.0.unsigned_abs().into()),
                role,
                unit: unit.id,
                oidc_subject: None,
                email: None,
                disabled_at: None,
                must_change_password: false,
            };
            users::insert(conn, &user)?;
            let kind = ActKind::AccountMade;
            admin_acts::record_account(conn, Actor::System, now, kind, id).map(|()| id)
        };
        let desk = Desk {
            clerk: hire(Role::Clerk)?,
            officer: hire(Role::Officer)?,
            supervisor: hire(Role::Supervisor)?,
        };
        staff.insert(unit.id, desk);
    }
    Ok(staff)
}
