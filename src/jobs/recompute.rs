//! After a change of the calendar: the due moments of the open dossiers that it touches, anew.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::acts::advance::act_on_all;
use crate::acts::{DeskError, Occasion, context};
use crate::domain::calendar::Calendar;
use crate::domain::dossier::{Action, decide};
use crate::domain::moment::Moment;
use crate::domain::timetable::Timetable;
use crate::jobs::queue::{Pace, Work};
use crate::store::dossiers;
use crate::store::dossiers::Locked;
use crate::store::reference::Reference;
use crate::store::{Conn, Store, StoreError, events, open_dossiers, set_aside};

const REASON: &str = "Lịch làm việc thay đổi";

/// How many dossiers are listed at once.
const LOOKED_AT: u32 = 2000;

/// Recomputes the due moments of all open dossiers, by id: new ones come behind, and what changes
/// stays in its place. Where it breaks off, it goes on. A dossier whose due moment the new calendar
/// cannot tell keeps the one it has.
pub(crate) fn work(work: &mut Work<'_>) -> Result<bool, DeskError> {
    let store = work.store;
    // Of one moment: recomputing moves dossiers along the very index that this follows.
    let mut ids = store.read(|conn| {
        let (mut ids, mut after) = (Vec::new(), None);
        loop {
            let page = open_dossiers::open_ids(conn, after, LOOKED_AT)?;
            let Some(last) = page.last() else {
                return Ok::<_, DeskError>(ids);
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

/// While the due moments of open dossiers are out of date, whoever acts on one has that one's put
/// right first: what is decided is decided by the calendar that holds.
pub(crate) fn put_right(
    conn: &mut Conn,
    locked: Locked,
    occasion: Occasion,
    reference: &Reference,
) -> Result<Locked, DeskError> {
    let dossier = &locked.dossier;
    if !dossier.status.is_open() {
        return Ok(locked);
    }
    let own = reference.procedure(dossier.procedure);
    let own = own.ok_or_else(|| StoreError::corrupt("dossiers.procedure_id"))?;
    let occasion = Occasion::by_system(occasion.now);
    let at = occasion.moment(Some(dossier));
    let context = context(reference, dossier.unit, own, at, occasion, None)?;
    let action = Action::RecomputeDue {
        reason: REASON.to_owned(),
    };
    match decide(Some(dossier), &action, &context) {
        Ok(events) => {
            dossiers::append(conn, &locked, &events, reference.units())?;
            dossiers::lock(conn, dossier.id)?.ok_or(DeskError::NotFound)
        }
        // It is right as it is, or the calendar cannot tell.
        Err(_) => Ok(locked),
    }
}

/// An open dossier whose due moment a changed calendar would move.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Move {
    #[schema(example = "H37.20.01-210301-0001")]
    pub case_number: String,
    #[schema(example = "H37.20.01")]
    pub unit: String,
    pub due_at: Moment,
    pub new_due_at: Moment,
}

/// What a changed calendar would move.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Moves {
    /// Open dossiers that were looked at.
    pub open: usize,
    /// How many would move.
    pub moved: usize,
    /// How many keep their due moment because the new calendar cannot tell another.
    pub unknown: usize,
    /// Whether all open dossiers were looked at; the change itself goes on to the end.
    pub complete: bool,
    /// The first of them, by due moment.
    pub dossiers: Vec<Move>,
}

/// How many dossiers a preview looks at between two looks at the clock.
const PREVIEWED: u32 = 200;

/// For how long a preview looks.
const PATIENCE: Duration = Duration::from_secs(2);

/// Which open dossiers would move under another calendar, as far as a request's time goes; the first
/// `most` of them by name. Changes nothing.
///
/// # Errors
/// If the database refuses.
pub fn would_move(store: &Store, calendar: &Calendar, most: usize) -> Result<Moves, DeskError> {
    let begun = Instant::now();
    let mut moves = Moves {
        open: 0,
        moved: 0,
        unknown: 0,
        complete: false,
        dossiers: Vec::new(),
    };
    store.read_with_reference(|conn, reference| {
        let hours = store.default_hours();
        let default = Arc::new(Timetable::new(calendar, hours));
        let own: std::collections::HashMap<_, _> = reference
            .units()
            .all()
            .into_iter()
            .filter_map(|unit| {
                let hours = unit.office_hours.as_ref()?;
                Some((unit.id, Arc::new(Timetable::new(calendar, hours))))
            })
            .collect();
        let mut after = None;
        loop {
            if begun.elapsed() > PATIENCE {
                break;
            }
            let page = open_dossiers::open_ids(conn, after, PREVIEWED)?;
            let Some(last) = page.last() else {
                moves.complete = true;
                break;
            };
            after = Some(*last);
            for (due, id) in page {
                moves.open += 1;
                let Some((dossier, _)) = events::replay(conn, id)? else {
                    continue;
                };
                let Some(mut clock) = dossier.clock else {
                    continue;
                };
                let timetable = own.get(&dossier.unit).unwrap_or(&default);
                if clock.recompute(timetable).is_err() {
                    moves.unknown += 1;
                    continue;
                }
                let new = clock.due;
                if new == due {
                    continue;
                }
                moves.moved += 1;
                if moves.dossiers.len() < most {
                    let unit = reference.units().get(dossier.unit);
                    moves.dossiers.push(Move {
                        case_number: dossier.case_number.to_string(),
                        unit: unit.map(|unit| unit.code.clone()).unwrap_or_default(),
                        due_at: due,
                        new_due_at: new,
                    });
                }
            }
        }
        Ok::<_, DeskError>(())
    })?;
    Ok(moves)
}
