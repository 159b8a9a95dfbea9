//! What is new to whoever has a dossier in hand.

use crate::domain::ids::{DossierId, UserId};
use crate::domain::moment::Moment;
use crate::error::Error;
use crate::store::{Store, last_seen};
use crate::views::list::ListItem;

/// For how long it is known what somebody has seen.
pub const KEPT_MILLIS: i64 = 180 * 24 * 3_600_000;

/// What is new about a dossier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum New {
    /// Whoever looks has it in hand and has not opened it yet.
    ToMe,
    /// It has changed since they opened it.
    Changed,
    /// Whoever else has it in hand has not opened it yet.
    ToHolder,
}

/// What is new of each of these, for whoever looks.
///
/// # Errors
/// If the database refuses.
pub fn of(
    store: &Store,
    items: &[ListItem],
    me: UserId,
    now: Moment,
) -> Result<Vec<Option<New>>, Error> {
    let held = |item: &ListItem| item.assignee_id.filter(|_| item.status.is_open());
    let pairs = items.iter();
    let pairs = pairs.filter_map(|item| Some((item.id, held(item)?)));
    let pairs: Vec<(DossierId, UserId)> = pairs.collect();
    let seen = store.read(|conn| last_seen::of_pairs(conn, &pairs))?;
    let known_since = now.plus_millis(-KEPT_MILLIS);
    let new = items.iter().map(|item| {
        let holder = held(item)?;
        match seen.get(&(item.id, holder)) {
            Some(version) if *version >= item.version => None,
            Some(_) => (holder == me).then_some(New::Changed),
            // What was seen long ago is forgotten.
            None if item.entered_at < known_since => None,
            None if holder == me => Some(New::ToMe),
            None => Some(New::ToHolder),
        }
    });
    Ok(new.collect())
}

/// Which version of a dossier somebody saw last.
///
/// # Errors
/// If the database refuses.
pub fn version(store: &Store, dossier: DossierId, user: UserId) -> Result<Option<u32>, Error> {
    let seen = store.read(|conn| last_seen::of_pairs(conn, &[(dossier, user)]))?;
    Ok(seen.get(&(dossier, user)).copied())
}
