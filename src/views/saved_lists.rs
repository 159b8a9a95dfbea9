//! The lists that somebody keeps, or that are shared with them, and how they want lists shown.

use crate::domain::ids::{SavedListId, UserId};
use crate::error::Error;
use crate::store::saved_lists::{self, Asked, SavedList};
use crate::store::{Store, users};
use crate::views::reach::Reader;

/// The most of each that are shown.
const MOST: u32 = 50;

/// A list under its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedList {
    pub id: SavedListId,
    pub name: String,
    pub asked: Asked,
    /// Others have it too.
    pub shared: bool,
    /// Who shares it; `None`: it is one's own.
    pub by: Option<String>,
}

/// What there is for somebody.
#[derive(Debug, Clone, Default)]
pub struct Kept {
    pub lists: Vec<NamedList>,
    /// How lists are shown, as JSON.
    pub shown: Option<String>,
}

/// One's own in the order in which they were kept, then what others share with one's unit.
///
/// # Errors
/// If the database refuses.
pub fn of(store: &Store, reader: &Reader) -> Result<Kept, Error> {
    store.read(|conn| {
        let own = saved_lists::of_owner(conn, reader.user, MOST)?;
        let shared = saved_lists::shared_with(conn, &[reader.unit], reader.user, MOST)?;
        let names = users::names(conn, shared.iter().map(|list| list.owner))?;
        let name = |owner: UserId| names.get(&owner).map(|(_, name)| name.clone());
        let named = |list: SavedList, by: Option<String>| NamedList {
            id: list.id,
            name: list.name,
            asked: list.asked,
            shared: list.shared_with.is_some(),
            by,
        };
        let own = own.into_iter().map(|list| named(list, None));
        let shared = shared.into_iter().map(|list| {
            let by = name(list.owner).unwrap_or_default();
            named(list, Some(by))
        });
        Ok(Kept {
            lists: own.chain(shared).collect(),
            shown: saved_lists::shown(conn, reader.user)?,
        })
    })
}
