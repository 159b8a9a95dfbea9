//! Why dossiers are late, as far as their histories say: the step that took longest beyond its time, and what the
//! applicant was told.

use std::collections::HashMap;

use crate::domain::dossier::passages::{Course, Stretch, course};
use crate::domain::dossier::{Event, EventData, UndoneWithin};
use crate::domain::ids::{DossierId, UnitId};
use crate::domain::moment::Moment;
use crate::store::chain::StoredEvent;
use crate::store::reference::Reference;
use crate::store::{Store, StoreError, events};

/// How many histories are read at once.
const PAGE: usize = 500;

/// What is known of a dossier's being late.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Why {
    /// The step that took the longest beyond its share, all stays together, and by how many milliseconds of working time.
    pub step: Option<(String, i64)>,
    /// The reason of the last apology.
    pub apology: Option<String>,
}

/// The working time of stretches at a unit, in milliseconds.
pub fn working(reference: &Reference, unit: UnitId, stretches: &[Stretch]) -> i64 {
    let Some(timetable) = reference.timetable(unit) else {
        return 0;
    };
    let times = stretches.iter().map(|(from, to)| {
        // Where the calendar lacks a year, nothing can be counted.
        let time = timetable.working_between(*from, *to);
        time.map_or(0, |time| time.millis())
    });
    times.sum()
}

/// Why each of these is late. One whose history cannot be read says nothing: `verify` tells of it.
///
/// # Errors
/// If the database refuses.
pub fn why(
    store: &Store,
    ids: &[DossierId],
    now: Moment,
) -> Result<HashMap<DossierId, Why>, StoreError> {
    let mut all = HashMap::new();
    for some in ids.chunks(PAGE) {
        store.read_with_reference(|conn, reference| {
            for (id, stored) in events::histories(conn, some)? {
                let read = stored.iter().map(StoredEvent::event);
                let read: Result<Vec<Event>, StoreError> = read.collect();
                if let Ok(events) = read
                    && let Ok(course) = course(id, &events, now)
                {
                    all.insert(id, of(reference, &events, &course));
                }
            }
            Ok::<_, StoreError>(())
        })?;
    }
    Ok(all)
}

fn of(reference: &Reference, events: &[Event], course: &Course) -> Why {
    let mut apologies = None;
    for event in events {
        match &event.data {
            EventData::Reappointed(new) => apologies = Some(new.reason.clone()),
            EventData::Undone(undone) if undone.what == Some(UndoneWithin::Appointment) => {
                apologies = None;
            }
            _ => {}
        }
    }
    let procedure = reference.procedure_of(&course.dossier);
    let mut over: HashMap<u8, i64> = HashMap::new();
    for passage in &course.passages {
        let share = procedure.and_then(|one| one.step_time(usize::from(passage.step)));
        if let Some(share) = share {
            let worked = working(reference, passage.unit, &passage.worked);
            *over.entry(passage.step).or_default() += (worked - share.millis()).max(0);
        }
    }
    let worst = over.into_iter().filter(|(_, over)| *over > 0);
    let worst = worst.max_by_key(|(step, over)| (*over, std::cmp::Reverse(*step)));
    let step = procedure.zip(worst).map(|(procedure, (step, over))| {
        let name = procedure.step_name(usize::from(step));
        (name.to_owned(), over)
    });
    Why {
        step,
        apology: apologies.filter(|reason| !reason.is_empty()),
    }
}
