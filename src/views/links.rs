//! Dossiers that belong together, as the desk sees them.

use crate::domain::dossier::LinkKind;
use crate::domain::ids::DossierId;
use crate::domain::moment::Moment;
use crate::error::Error;
use crate::render::words;
use crate::store::reference::Reference;
use crate::store::{Conn, Store, links, lists, users};
use crate::views::dossier::find_within;
use crate::views::list::{Named, StaffName, named_procedure};
use crate::views::reach::Reader;

/// A dossier with which another one is linked.
#[derive(Debug, Clone)]
pub struct Linked {
    pub kind: LinkKind,
    /// What the other one is to this one, in words.
    pub word: &'static str,
    pub case_number: String,
    pub procedure: Named,
    pub status_name: &'static str,
    pub linked_at: Moment,
    pub linked_by: Option<StaffName>,
}

/// Those of a dossier that its reader may see too, the newest link first.
///
/// # Errors
/// If it is out of reach, or the database refuses.
pub fn of(store: &Store, id: DossierId, by: &Reader) -> Result<Vec<Linked>, Error> {
    store.read_with_reference(|conn, reference| {
        find_within(conn, reference, id, Some(by.unit))?;
        of_dossier(conn, reference, id, by)
    })
}

fn of_dossier(
    conn: &mut Conn,
    reference: &Reference,
    id: DossierId,
    by: &Reader,
) -> Result<Vec<Linked>, Error> {
    let mut found = links::of_dossier(conn, id, crate::domain::dossier::MOST_LINKS)?;
    found.sort_by_key(|link| std::cmp::Reverse(link.at));
    let ids: Vec<_> = found.iter().map(|link| link.with).collect();
    let others = lists::by_ids(conn, &ids)?;
    let names = users::names(conn, found.iter().map(|link| link.by))?;
    let linked = found.into_iter().filter_map(|link| {
        let other = others.iter().find(|other| other.id == link.with)?;
        let mut units = [Some(other.unit), Some(other.holder), other.receiving]
            .into_iter()
            .flatten();
        // It may have moved out of reach since.
        units
            .any(|unit| reference.reaches(unit, by.unit))
            .then(|| Linked {
                kind: link.kind,
                word: words::link(link.kind, other.id > id),
                case_number: other.case_number.clone(),
                procedure: named_procedure(reference, other.procedure),
                status_name: words::status(other.status),
                linked_at: link.at,
                linked_by: StaffName::of(&names, link.by),
            })
    });
    Ok(linked.collect())
}
