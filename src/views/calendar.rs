//! What a changed calendar would move, before it is changed; and on which days that are yet to be announced a
//! return date rests.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::calendar::{Calendar, CalendarDay, DayKind, Others, merge};
use crate::domain::counting::provisional_days;
use crate::domain::ids::{ProcedureId, UnitId};
use crate::domain::moment::Moment;
use crate::domain::office_hours::OfficeHours;
use crate::domain::timetable::Timetable;
use crate::error::Error;
use crate::store::reference::Reference;
use crate::store::{Store, events, open_dossiers};

/// A day of the calendar that is yet to be announced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ProvisionalDay {
    #[schema(example = "2027-02-08")]
    pub date: chrono::NaiveDate,
    #[schema(example = "Mùng ba Tết Nguyên Đán")]
    pub name: String,
}

impl From<&CalendarDay> for ProvisionalDay {
    fn from(day: &CalendarDay) -> Self {
        Self {
            date: day.date,
            name: day.name.clone(),
        }
    }
}

/// The days that are yet to be announced on which the due moment of an open dossier rests, as far as its row
/// tells: a pause or restart in between makes it all of them between receipt and due day.
pub(crate) fn rests_on(
    reference: &Reference,
    unit: UnitId,
    procedure: ProcedureId,
    received: Option<Moment>,
    due: Option<Moment>,
) -> Vec<ProvisionalDay> {
    let known = reference
        .timetable(unit)
        .zip(reference.procedure(procedure));
    let (Some((timetable, procedure)), Some(received), Some(due)) = (known, received, due) else {
        return Vec::new();
    };
    let days = procedure
        .definition
        .promised_limit()
        .limit()
        .map(|limit| provisional_days(limit, received, due, timetable));
    let days = days.unwrap_or_default().into_iter();
    days.map(ProvisionalDay::from).collect()
}

/// An open dossier whose due moment a changed calendar would move.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Move {
    #[schema(example = "H37.20.01-210301-0001")]
    pub case_number: String,
    #[schema(example = "H37.20.01")]
    pub unit: String,
    #[serde(skip)]
    pub unit_name: String,
    pub due_at: Moment,
    pub new_due_at: Moment,
    /// What the new one rests on that is yet to be announced: it may move again.
    pub provisional_days: Vec<ProvisionalDay>,
}

/// What a changed calendar would move.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Moves {
    /// Open dossiers that were looked at.
    pub open: usize,
    /// How many would move.
    pub moved: usize,
    /// Of these, those that are not past due and would be at once.
    pub past_at_once: usize,
    /// How many keep their due moment because the new calendar cannot tell another.
    pub unknown: usize,
    /// Whether all open dossiers were looked at; the change itself goes on to the end.
    pub complete: bool,
    /// Days that are known and would not be in the calendar any more.
    pub dropped_days: Vec<DroppedDay>,
    /// The first of them, by due moment.
    pub dossiers: Vec<Move>,
}

/// A day that a changed calendar would drop.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct DroppedDay {
    #[schema(example = "2027-04-30")]
    pub date: chrono::NaiveDate,
    pub kind: DayKind,
    #[schema(example = "Ngày Giải phóng miền Nam")]
    pub name: String,
}

/// How many dossiers a preview looks at between two looks at the clock.
pub(crate) const PREVIEWED: u32 = 200;

/// For how long a preview looks.
pub(crate) const PATIENCE: Duration = Duration::from_secs(2);

/// What would become of the calendar, and of open dossiers, if these days were put to those known or in the place of
/// their years. Changes nothing.
///
/// # Errors
/// If that would be no calendar, or an error of the store.
pub fn preview(
    store: &Store,
    days: &[CalendarDay],
    others: Others,
    most: usize,
    now: Moment,
) -> Result<Moves, Error> {
    let reference = store.reference()?;
    let known = reference.calendar().into_iter().flat_map(Calendar::days);
    let merged = merge(known.cloned(), days, others);
    let calendar = Calendar::new(merged.days).map_err(|error| Error::wrong("/days", error))?;
    let mut moves = would_move(store, &calendar, None, most, now)?;
    let dropped = merged.dropped.into_iter().map(|day| DroppedDay {
        date: day.date,
        kind: day.kind,
        name: day.name,
    });
    moves.dropped_days.extend(dropped);
    Ok(moves)
}

/// What would become of the open dossiers of a unit with other hours. Changes nothing.
///
/// # Errors
/// If there is no calendar, or an error of the store.
pub fn with_hours(
    store: &Store,
    unit: UnitId,
    hours: &OfficeHours,
    most: usize,
    now: Moment,
) -> Result<Moves, Error> {
    let reference = store.reference()?;
    let calendar = reference.calendar().ok_or(Error::NoCalendar)?;
    would_move(store, calendar, Some((unit, hours)), most, now)
}

/// Which open dossiers would move under another calendar, or those of a unit under other hours, as far as a request's time
/// goes; the first `most` of them by name.
fn would_move(
    store: &Store,
    calendar: &Calendar,
    of_unit: Option<(UnitId, &OfficeHours)>,
    most: usize,
    now: Moment,
) -> Result<Moves, Error> {
    let begun = Instant::now();
    let mut moves = Moves {
        open: 0,
        moved: 0,
        past_at_once: 0,
        unknown: 0,
        complete: false,
        dropped_days: Vec::new(),
        dossiers: Vec::new(),
    };
    store.read_with_reference(|conn, reference| {
        let hours = store.default_hours();
        let default = Arc::new(Timetable::new(calendar, hours));
        let mut own: std::collections::HashMap<_, _> = reference
            .units()
            .all()
            .into_iter()
            .filter_map(|unit| {
                let hours = unit.office_hours.as_ref()?;
                Some((unit.id, Arc::new(Timetable::new(calendar, hours))))
            })
            .collect();
        if let Some((unit, hours)) = of_unit {
            own.insert(unit, Arc::new(Timetable::new(calendar, hours)));
        }
        let mut after = None;
        loop {
            if begun.elapsed() > PATIENCE {
                break;
            }
            let page =
                open_dossiers::open_ids(conn, of_unit.map(|(unit, _)| unit), after, PREVIEWED)?;
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
                let appointment = dossier.appointment.map(|named| timetable.kept(named));
                let (Ok(()), Ok(appointment)) =
                    (clock.recompute(timetable), appointment.transpose())
                else {
                    moves.unknown += 1;
                    continue;
                };
                let new = clock.due;
                // While an earlier change is still being carried out, what is stored is of the calendar before.
                let own_now = reference.timetable(dossier.unit);
                let pending = own_now.filter(|_| reference.due_out_of_date());
                let due = match pending.map(|own| clock.recompute(own)) {
                    Some(Ok(())) => clock.due,
                    _ => due,
                };
                // Of an appointment that is moved besides, the applicant hears.
                let (due, new) = match (dossier.appointment, appointment) {
                    (Some(old), Some(moved)) if moved != old => (old, moved.max(new)),
                    _ if new == due => continue,
                    _ => (due, new),
                };
                moves.moved += 1;
                moves.past_at_once += usize::from(new < now && due >= now);
                if moves.dossiers.len() < most {
                    let unit = reference.units().get(dossier.unit);
                    let days = provisional_days(clock.limit, clock.started, new, timetable);
                    moves.dossiers.push(Move {
                        case_number: dossier.case_number.to_string(),
                        unit: unit.map(|unit| unit.code.clone()).unwrap_or_default(),
                        unit_name: unit.map(|unit| unit.name.clone()).unwrap_or_default(),
                        due_at: due,
                        new_due_at: new,
                        provisional_days: days.into_iter().map(ProvisionalDay::from).collect(),
                    });
                }
            }
        }
        Ok::<_, Error>(())
    })?;
    Ok(moves)
}
