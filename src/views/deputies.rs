//! Who does the steps of whom, as supervisors see it.

use chrono::NaiveDate;

use crate::domain::ids::{DeputyId, UnitId, UserId};
use crate::error::Error;
use crate::store::deputies::{self, Deputy};
use crate::store::{Conn, Store, users};
use crate::views::list::StaffName;

/// That somebody stands in for somebody else, with their names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedDeputy {
    pub deputy: Deputy,
    pub principal: StaffName,
    pub stands_in: StaffName,
    pub named_by: StaffName,
}

pub(crate) fn missing() -> Error {
    Error::NotFound("không có việc làm thay này")
}

/// With the names of all who have to do with it.
pub(crate) fn with_names(conn: &mut Conn, found: Vec<Deputy>) -> Result<Vec<NamedDeputy>, Error> {
    let people = found.iter();
    let people = people.flat_map(|one| [one.principal, one.deputy, one.named_by]);
    let mut people: Vec<_> = people.collect();
    people.sort_unstable();
    people.dedup();
    let names = users::names(conn, people)?;
    let named = found.into_iter().filter_map(|deputy| {
        Some(NamedDeputy {
            principal: StaffName::of(&names, deputy.principal)?,
            stands_in: StaffName::of(&names, deputy.deputy)?,
            named_by: StaffName::of(&names, deputy.named_by)?,
            deputy,
        })
    });
    Ok(named.collect())
}

/// For whom somebody stands in on `on`.
///
/// # Errors
/// If the database refuses.
pub fn standing_in(store: &Store, user: UserId, on: NaiveDate) -> Result<Vec<NamedDeputy>, Error> {
    store.read(|conn| {
        let found = deputies::of_deputy(conn, user, on)?;
        with_names(conn, found)
    })
}

/// Those whose principal is of a unit within `reach`, newest first, older than `before`.
///
/// # Errors
/// If the database refuses.
pub fn within(
    store: &Store,
    reach: UnitId,
    before: Option<DeputyId>,
    limit: u32,
) -> Result<Vec<NamedDeputy>, Error> {
    store.read_with_reference(|conn, reference| {
        let units = reference.units().under(reach);
        let found = deputies::of_units(conn, &units, before, limit)?;
        with_names(conn, found)
    })
}
