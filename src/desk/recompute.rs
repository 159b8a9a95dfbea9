//! After a change of the calendar: the due moments of the open dossiers that it touches, anew.

use std::sync::Arc;

use serde::Serialize;
use utoipa::ToSchema;

use super::DeskError;
use super::act::{PAGE, act_on_all};
use crate::domain::calendar::Calendar;
use crate::domain::dossier::Action;
use crate::domain::moment::Moment;
use crate::domain::timetable::Timetable;
use crate::store::set_aside::{self, Work};
use crate::store::{Store, events, open_dossiers, settings};

/// Recomputes the due moments of all open dossiers if the calendar has changed since the last
/// time; each that changes gets an event. Returns how many did. If it is interrupted, the next
/// run goes over all of them again, which changes nothing where it has been. A dossier whose due
/// moment the new calendar cannot tell keeps the one it has.
///
/// # Errors
/// If the database refuses.
pub fn recompute_due_moments(store: &Store, now: Moment) -> Result<usize, DeskError> {
    let pending = store.read(|conn| settings::get(conn, settings::DUE_OUT_OF_DATE))?;
    let Some(since) = pending else {
        return Ok(0);
    };
    let mut recomputed = 0;
    let mut after = None;
    // The list is taken whole first: recomputing moves dossiers along the very index it follows.
    let mut ids = Vec::new();
    loop {
        let page = store.read(|conn| open_dossiers::open_ids(conn, after, PAGE))?;
        let Some(last) = page.last() else { break };
        after = Some(*last);
        ids.extend(page.into_iter().map(|(_, id)| id));
    }
    let passed_over = store.read(|conn| set_aside::passed_over(conn, Work::Recompute))?;
    ids.retain(|id| !passed_over.contains(id));
    for ids in ids.chunks(PAGE as usize) {
        let action = |_| Action::RecomputeDue {
            reason: "Lịch làm việc thay đổi".to_owned(),
        };
        recomputed += act_on_all(store, Work::Recompute, ids.to_vec(), now, action)?.done;
    }
    // A calendar that came in meanwhile has set its own mark, which stays.
    store.write(move |conn| settings::remove(conn, settings::DUE_OUT_OF_DATE, &since))?;
    Ok(recomputed)
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
    /// The first of them, by due moment.
    pub dossiers: Vec<Move>,
}

/// Which open dossiers would move under another calendar; the first `most` of them by
/// name. Changes nothing.
///
/// # Errors
/// If the database refuses.
pub fn would_move(store: &Store, calendar: &Calendar, most: usize) -> Result<Moves, DeskError> {
    let mut moves = Moves {
        open: 0,
        moved: 0,
        unknown: 0,
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
            let page = open_dossiers::open_ids(conn, after, PAGE)?;
            let Some(last) = page.last() else { break };
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
