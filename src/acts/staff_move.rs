//! People go from one unit to another, as when their unit has ended: on an administrator's word, who has seen before who
//! that is and what they have in hand.

use serde_json::json;

use crate::acts::hands;
use crate::domain::ids::{JobId, UnitId};
use crate::domain::moment::Moment;
use crate::error::Error;
use crate::store::admin_acts::{self, ActKind};
use crate::store::authority::Proof;
use crate::store::open_dossiers;
use crate::store::reference::Reference;
use crate::store::users::{self, User};
use crate::store::{Conn, Store};
use crate::views::assignees::may_have;

/// From which unit to which.
#[derive(Debug, Clone)]
pub struct StaffMove {
    /// Code of the unit that they leave.
    pub from: String,
    /// Code of the unit that they come to.
    pub to: String,
    /// Usernames; `None`: all who may log in.
    pub only: Option<Vec<String>>,
}

/// Somebody who moves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mover {
    pub user: User,
    /// Open dossiers in their hands.
    pub open: u64,
    /// Of these, those that they cannot have in the new unit: they go into nobody's hands by name.
    pub out_of_reach: u64,
}

/// Who would move, and what they have in hand. Changes nothing.
///
/// # Errors
/// All that is wrong with it, units out of reach, or an error of the store.
pub fn preview(
    store: &Store,
    wanted: &StaffMove,
    reach: UnitId,
    own: &str,
    now: Moment,
) -> Result<Vec<Mover>, Error> {
    store.read_with_reference(|conn, reference| {
        let (_, movers) = movers(conn, reference, wanted, reach, own, now)?;
        Ok(movers)
    })
}

/// Moves them. What they cannot have in the new unit goes out of their hands by the job that is returned. Whoever does it
/// stays where they are.
///
/// # Errors
/// As [`preview`], and a caller who may not.
pub fn move_staff(
    store: &Store,
    wanted: StaffMove,
    by: Proof,
    now: Moment,
) -> Result<(Vec<Mover>, Option<JobId>), Error> {
    store.write_with_reference_as(by, move |conn, reference, caller| {
        let own = users::find(conn, caller.user())?;
        let own = own.map(|account| account.user.username).unwrap_or_default();
        let (to, movers) = movers(conn, reference, &wanted, caller.unit(), &own, now)?;
        let mut moved = Vec::with_capacity(movers.len());
        for mover in &movers {
            let user = User {
                unit: to,
                ..mover.user.clone()
            };
            users::update(conn, &user)?;
            let kind = ActKind::AccountChanged;
            admin_acts::record_account(conn, caller.actor(), now, kind, user.id)?;
            moved.push(user);
        }
        let names: Vec<_> = movers.iter().map(|mover| &mover.user.username).collect();
        let act = json!({"from": wanted.from, "to": wanted.to, "staff": names});
        admin_acts::record(conn, caller.actor(), now, ActKind::StaffMoved, &act)?;
        let handed_on = hands::out_of_reach(conn, &moved, None, "", caller, now)?;
        Ok((movers, handed_on.job))
    })
}

fn movers(
    conn: &mut Conn,
    reference: &Reference,
    wanted: &StaffMove,
    reach: UnitId,
    own: &str,
    now: Moment,
) -> Result<(UnitId, Vec<Mover>), Error> {
    let units = reference.units();
    let mut wrong: Vec<(String, String)> = Vec::new();
    let from = units.by_code(&wanted.from).ok_or(Error::NO_UNIT)?;
    let to = units.by_code(&wanted.to);
    match to {
        None => wrong.push(("/to".into(), format!("không có đơn vị '{}'", wanted.to))),
        Some(to) if to.id == from.id => {
            wrong.push(("/to".into(), "phải là đơn vị khác".into()));
        }
        Some(to) if !to.is_open_on(now.date()) => {
            wrong.push(("/to".into(), "đơn vị này không hoạt động hôm nay".into()));
        }
        Some(_) => {}
    }
    let outside = |id| !units.is_under(id, reach);
    if outside(from.id) || to.is_some_and(|to| outside(to.id)) {
        return Err(Error::NOT_YOURS_TO_KEEP);
    }
    let all = users::of_units(conn, &[from.id], true)?;
    let all: Vec<User> = all
        .into_iter()
        .filter(|user| user.username != own)
        .collect();
    if let Some(only) = &wanted.only {
        for (i, username) in only.iter().enumerate() {
            if !all
                .iter()
                .any(|user| user.username == username.to_lowercase())
            {
                let reason = "không phải người đang làm việc của đơn vị này, hoặc là chính bạn";
                wrong.push((format!("/only/{i}"), reason.to_owned()));
            }
        }
    }
    let Some(to) = to.filter(|_| wrong.is_empty()) else {
        return Err(Error::invalid(wrong));
    };
    let chosen = |user: &User| {
        let only = wanted.only.as_ref();
        only.is_none_or(|only| only.iter().any(|name| name.to_lowercase() == user.username))
    };
    let mut movers = Vec::new();
    for user in all.into_iter().filter(chosen) {
        let there = User {
            unit: to.id,
            ..user.clone()
        };
        let (mut open, mut out_of_reach) = (0, 0);
        let mut after = None;
        loop {
            let page = open_dossiers::in_hand(conn, &[user.id], after, 1000)?;
            open += page.len() as u64;
            let away = page
                .iter()
                .filter(|one| !may_have(reference, &there, [one.unit, one.holder]));
            out_of_reach += away.count() as u64;
            match page.last() {
                Some(last) => after = Some((last.due, last.id)),
                None => break,
            }
        }
        movers.push(Mover {
            user,
            open,
            out_of_reach,
        });
    }
    Ok((to.id, movers))
}
