//! After a change of the calendar: the due moments of the open dossiers that it touches, anew.

use uuid::Uuid;

use crate::acts::advance::act_on_all;
use crate::acts::recompute_due::REASON;
use crate::domain::dossier::Action;
use crate::error::Error;
use crate::jobs::queue::{Pace, Work};
use crate::store::{open_dossiers, set_aside};

/// How many dossiers are listed at once.
const LOOKED_AT: u32 = 2000;

/// Recomputes the due moments of all open dossiers, by id: new ones come behind, and what changes
/// stays in its place. Where it breaks off, it goes on. A dossier whose due moment the new calendar
/// cannot tell keeps the one it has.
pub(crate) fn work(work: &mut Work<'_>) -> Result<bool, Error> {
    let store = work.store;
    // Of one moment: recomputing moves dossiers along the very index that this follows.
    let mut ids = store.read(|conn| {
        let (mut ids, mut after) = (Vec::new(), None);
        loop {
            let page = open_dossiers::open_ids(conn, None, after, LOOKED_AT)?;
            let Some(last) = page.last() else {
                return Ok::<_, Error>(ids);
            };
            after = Some(*last);
            ids.extend(page.into_iter().map(|(_, id)| id));
        }
    })?;
    ids.sort_unstable();
    let passed_over =
        store.read(|conn| set_aside::passed_over(conn, set_aside::Work::Recompute))?;
    ids.retain(|id| !passed_over.contains(id));
    let place = work.progress.place.as_deref();
    let after: Option<Uuid> = place.and_then(|place| place.parse().ok());
    let mut rest = ids.as_slice();
    if let Some(after) = after {
        rest = &rest[rest.partition_point(|id| id.0 <= after)..];
    }
    work.progress.total = work.progress.done + rest.len() as u64;
    let mut pace = Pace::new();
    while !rest.is_empty() {
        let (some, others) = rest.split_at(pace.size().min(rest.len()));
        let now = work.now();
        let changed = pace.take(|| {
            let work = set_aside::Work::Recompute;
            act_on_all(store, work, some.to_vec(), now, |_| Action::RecomputeDue {
                reason: REASON.to_owned(),
            })
        })?;
        work.progress.changed += changed.done as u64;
        work.progress.done += some.len() as u64;
        work.progress.place = some.last().map(ToString::to_string);
        rest = others;
        if !work.step()? {
            return Ok(false);
        }
    }
    Ok(true)
}
