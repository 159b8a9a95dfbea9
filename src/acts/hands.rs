//! What somebody has in hand goes to a colleague in one act: they leave, or do something else from now on.

use serde_json::json;

use crate::domain::ids::JobId;
use crate::domain::moment::Moment;
use crate::domain::role::Role;
use crate::error::Error;
use crate::store::admin_acts::{self, ActKind};
use crate::store::authority::{Proof, Proven};
use crate::store::jobs::{self, Hands};
use crate::store::users::{self, User};
use crate::store::{Conn, Store, open_dossiers};
use crate::views::assignees::active;
use crate::views::staff::NOT_YOURS;

/// What is handed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HandedOn {
    /// Open dossiers that were in these hands.
    pub open: u64,
    /// It hands them on; `None`: there was nothing to do.
    pub job: Option<JobId>,
}

/// Hands all that `from` has in hand on to `to`, within the unit of whoever does it and what is under it.
///
/// # Errors
/// All that is wrong with it, a caller who may not, or an error of the store.
pub fn hand_on(
    store: &Store,
    from: &str,
    to: &str,
    reason: &str,
    by: Proof,
    now: Moment,
) -> Result<HandedOn, Error> {
    let (from, to) = (from.to_lowercase(), to.to_owned());
    let reason = reason.trim().to_owned();
    store.write_with_reference_as(by, move |conn, reference, caller| {
        let account = match from.contains('\0') {
            true => None,
            false => users::by_username(conn, &from)?,
        };
        let from = account.ok_or(Error::NO_ACCOUNT)?.user;
        if !reference.units().is_under(from.unit, caller.unit()) {
            return Err(NOT_YOURS);
        }
        let mut wrong = Vec::new();
        let to = colleague(conn, "/to", &from, &to, &mut wrong)?;
        if reason.is_empty() {
            wrong.push(("/reason", "để trống".to_owned()));
        }
        match (to, wrong.is_empty()) {
            (Some(to), true) => all(conn, &from, Some(&to), &reason, caller, now),
            _ => Err(Error::invalid(wrong)),
        }
    })
}

/// A colleague who can go on with what somebody has in hand: of the same unit, and of the same role or a supervisor.
pub(crate) fn colleague(
    conn: &mut Conn,
    field: &'static str,
    of: &User,
    username: &str,
    wrong: &mut Vec<(&'static str, String)>,
) -> Result<Option<User>, Error> {
    let mut refuse = |reason: &str| {
        wrong.push((field, reason.to_owned()));
        Ok(None)
    };
    match active(conn, username)? {
        Err(reason) => refuse(reason),
        Ok(user) if user.id == of.id => refuse("phải là người khác"),
        Ok(user) if user.unit != of.unit => refuse("phải là đồng nghiệp cùng đơn vị"),
        Ok(user) if user.role != of.role && user.role != Role::Supervisor => {
            refuse("phải cùng vai trò, hoặc là lãnh đạo")
        }
        Ok(user) => Ok(Some(user)),
    }
}

/// All that somebody has in hand goes to `to`; without one it stays, and is counted.
pub(crate) fn all(
    conn: &mut Conn,
    from: &User,
    to: Option<&User>,
    reason: &str,
    caller: &Proven,
    now: Moment,
) -> Result<HandedOn, Error> {
    let open = open_dossiers::count_in_hand(conn, &[from.id])?;
    let Some(to) = to.filter(|_| open > 0) else {
        return Ok(HandedOn { open, job: None });
    };
    let hands = Hands {
        from: vec![from.id],
        to: Some(to.id),
        all: true,
        reason: reason.to_owned(),
    };
    let job = jobs::ask_for_hands(conn, &hands, Some(caller.user()), now)?;
    let act = json!({"from": from.username, "to": to.username, "open": open, "reason": reason});
    admin_acts::record(conn, caller.actor(), now, ActKind::HandedOn, &act)?;
    Ok(HandedOn {
        open,
        job: Some(job),
    })
}

/// What these people cannot have any more goes out of their hands, to `to` where one is named.
pub(crate) fn out_of_reach(
    conn: &mut Conn,
    from: &[User],
    to: Option<&User>,
    reason: &str,
    caller: &Proven,
    now: Moment,
) -> Result<HandedOn, Error> {
    let from: Vec<_> = from.iter().map(|user| user.id).collect();
    let open = match from.is_empty() {
        true => 0,
        false => open_dossiers::count_in_hand(conn, &from)?,
    };
    if open == 0 {
        return Ok(HandedOn { open, job: None });
    }
    let hands = Hands {
        from,
        to: to.map(|to| to.id),
        all: false,
        reason: reason.to_owned(),
    };
    let job = jobs::ask_for_hands(conn, &hands, Some(caller.user()), now)?;
    Ok(HandedOn {
        open,
        job: Some(job),
    })
}
