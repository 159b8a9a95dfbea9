//! Dossiers that have crossed their due moment: history gets to know.

use crate::acts::advance::{PAGE, act_on_all};
use crate::domain::dossier::Action;
use crate::domain::moment::Moment;
use crate::error::Error;
use crate::store::{Store, open_dossiers, set_aside};

/// How many dossiers are listed at once; they are acted on in smaller steps.
const LOOKED_AT: u32 = 200;

/// Records every crossing of a due moment up to `now`.
pub fn record_overdue(store: &Store, now: Moment) -> Result<usize, Error> {
    let mut recorded = 0;
    loop {
        let ids = store.read(|conn| open_dossiers::unrecorded_crossings(conn, now, LOOKED_AT))?;
        if ids.is_empty() {
            return Ok(recorded);
        }
        let mut done = 0;
        for some in ids.chunks(PAGE as usize) {
            let work = set_aside::Work::Overdue;
            let acted = act_on_all(store, work, some.to_vec(), now, |_| Action::MarkOverdue)?;
            recorded += acted.done;
            done += acted.done + acted.set_aside;
        }
        if done == 0 {
            // Another instance was quicker, or what is left cannot be recorded now.
            return Ok(recorded);
        }
    }
}
