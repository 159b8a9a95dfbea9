//! The people of dossiers that ended longer ago than `privacy.retention_years` are taken out of them.

use std::time::Duration;

use crate::acts::anonymise::{LOOKED_AT, anonymise, ask, cutoff};
use crate::domain::ids::DossierId;
use crate::error::Error;
use crate::jobs::Job;
use crate::jobs::queue::{Pace, Work};
use crate::store::{Store, StoreError, dossiers, personal, set_aside, settings};

/// Goes over all dossiers by id. Counts as changed the people who were taken out.
pub(crate) fn work(work: &mut Work<'_>) -> Result<bool, Error> {
    let (store, now) = (work.store, work.now());
    let Some(cutoff) = cutoff(store, now)? else {
        // The term was taken back.
        return Ok(true);
    };
    if work.progress.total == 0 {
        let total = store.read(dossiers::count)?;
        work.progress.total = u64::try_from(total).unwrap_or(0);
    }
    let passed_over =
        store.read(|conn| set_aside::passed_over(conn, set_aside::Work::Anonymise))?;
    let place = work.progress.place.as_deref();
    let mut after = place.and_then(|place| place.parse().ok()).map(DossierId);
    let mut pace = Pace::new();
    loop {
        let mut page = store.read(|conn| personal::ended_after(conn, after, cutoff, LOOKED_AT))?;
        page.ended.retain(|id| !passed_over.contains(id));
        let mut rest = page.ended.as_slice();
        while !rest.is_empty() {
            let (some, others) = rest.split_at(pace.size().min(rest.len()));
            let gone = pace.take(|| anonymise(store, some.to_vec(), cutoff, now))?;
            work.progress.changed += gone as u64;
            rest = others;
            if !work.step()? {
                return Ok(false);
            }
        }
        work.progress.done += page.looked_at as u64;
        work.progress.total = work.progress.total.max(work.progress.done);
        let Some(last) = page.last else {
            work.progress.total = work.progress.done;
            if work.progress.changed > 0 {
                store.put_log_into_database();
            }
            return Ok(true);
        };
        after = Some(last);
        work.progress.place = Some(last.to_string());
        if !work.step()? {
            return Ok(false);
        }
    }
}

/// Asks for it once a day, where there is a term.
pub(crate) struct Retention;

impl Job for Retention {
    const NAME: &'static str = "retention";
    const EVERY: Duration = Duration::from_secs(600);

    fn run(&self, store: &Store) -> Result<(), StoreError> {
        let now = crate::clock::now();
        let today = now.date().to_string();
        let due = store.read(|conn| {
            let asked = settings::get(conn, settings::ANONYMISED_ON)?;
            let term = settings::retention_years(conn)?;
            Ok::<_, StoreError>(term.is_some() && asked.as_deref() != Some(&today))
        })?;
        if due {
            ask(store, now)?;
            store.write(move |conn| settings::set(conn, settings::ANONYMISED_ON, &today))?;
        }
        Ok(())
    }
}
