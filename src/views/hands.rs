//! What lies in somebody's hands, dossier by dossier, and who could go on with it: for whoever leads them.

use crate::domain::ids::{UnitId, UserId};
use crate::domain::moment::Moment;
use crate::domain::role::{Permission, Role};
use crate::error::Error;
use crate::store::Store;
use crate::store::lists::{Order, Position};
use crate::store::open_dossiers::{self, HandCount};
use crate::store::reference::Reference;
use crate::store::users::{self, User};
use crate::views::list::{ListItem, ListRequest, Named, StaffName, list, named_unit};
use crate::views::staff;

/// What lies in somebody's hands, or in nobody's by name.
#[derive(Debug, Clone)]
pub struct Hands {
    /// `None`: nobody's.
    pub of: Option<Holder>,
    /// What is due before is near.
    pub near: Moment,
    /// A page of open dossiers, by due moment.
    pub items: Vec<ListItem>,
    pub next: Option<Position>,
    /// Who could have them, those with the least in hand first.
    pub colleagues: Vec<Colleague>,
}

/// Whose hands they are.
#[derive(Debug, Clone)]
pub struct Holder {
    pub staff: StaffName,
    pub unit: Named,
    pub count: HandCount,
}

/// Somebody who could go on with them.
#[derive(Debug, Clone)]
pub struct Colleague {
    pub staff: StaffName,
    pub role: Role,
    pub unit: Named,
    pub count: HandCount,
}

/// A page of what is in the hands of `username` (`None`: of nobody by name), within the reader's unit and what is under
/// it. Near due is what is due by the end of so many working days after today.
///
/// # Errors
/// If there is no such member of staff, or they are out of reach; or the database refuses.
pub fn of(
    store: &Store,
    username: Option<&str>,
    reach: UnitId,
    after: Option<Position>,
    limit: usize,
    near_days: u32,
    now: Moment,
) -> Result<Hands, Error> {
    let holder = match username {
        Some(username) => Some(staff::find(store, username, reach)?),
        None => None,
    };
    let request = ListRequest {
        assignees: holder.iter().map(|user| user.id).collect(),
        unassigned: holder.is_none(),
        after,
        ..ListRequest::of_all(reach, Order::Due, limit, now)
    };
    let listing = list(store, &request)?;
    store.read_with_reference(|conn, reference| {
        let near = reference.timetable(reach);
        let near = near.map_or(now, |timetable| timetable.near_until(now, near_days));
        let units = match &holder {
            Some(user) => vec![user.unit],
            None => units_of(reference, &listing.items),
        };
        let may_have = |user: &User| match &holder {
            // Whoever has the same to do, or leads them.
            Some(of) => user.role == of.role || user.role == Role::Supervisor,
            None => user.role.may(Permission::HandOver),
        };
        let colleagues = users::of_units(conn, &units, true)?.into_iter();
        let colleagues = colleagues
            .filter(|user| may_have(user) && holder.as_ref().is_none_or(|of| of.id != user.id));
        let colleagues: Vec<User> = colleagues.collect();
        let own = holder.iter().map(|user| user.id);
        let ids: Vec<UserId> = own.chain(colleagues.iter().map(|user| user.id)).collect();
        let counts = open_dossiers::hand_counts(conn, &ids, now)?;
        let count = |user: &User| counts.get(&user.id).copied().unwrap_or_default();
        let name = |user: &User| StaffName {
            username: user.username.clone(),
            full_name: user.full_name.clone(),
        };
        let mut colleagues: Vec<_> = colleagues
            .iter()
            .map(|user| Colleague {
                staff: name(user),
                role: user.role,
                unit: named_unit(reference, user.unit),
                count: count(user),
            })
            .collect();
        colleagues.sort_by_key(|one| (one.count.open, one.staff.username.clone()));
        Ok(Hands {
            of: holder.as_ref().map(|user| Holder {
                staff: name(user),
                unit: named_unit(reference, user.unit),
                count: count(user),
            }),
            near,
            items: listing.items,
            next: listing.next,
            colleagues,
        })
    })
}

/// The units on whose desk these dossiers are.
fn units_of(reference: &Reference, items: &[ListItem]) -> Vec<UnitId> {
    let units = items.iter().filter_map(|item| {
        let unit = reference.units().by_code(&item.holder.code);
        unit.map(|unit| unit.id)
    });
    let mut units: Vec<_> = units.collect();
    units.sort_unstable();
    units.dedup();
    units
}
