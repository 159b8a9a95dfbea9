//! The lists of the desk: open, near due, overdue, everything; of a unit with what is under it.

use std::collections::{HashMap, HashSet};

use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::dossier::{Channel, Status};
use crate::domain::ids::{DossierId, PersonId, ProcedureId, UnitId, UserId};
use crate::domain::moment::Moment;
use crate::domain::procedure::{Procedure, ProcedureCode, ProcedureDefinition};
use crate::domain::time_limit::Outcome;
use crate::domain::unit::{Level, Units};
use crate::error::{Error, WrongField};
use crate::render;
use crate::store::lists::{self, Along, Listed, Order, Position, Query, Reach, Within};
use crate::store::reference::Reference;
use crate::store::{Conn, Store, StoreError, persons, users};
use crate::views::calendar::rests_on;

/// What is asked of a list.
#[derive(Debug, Clone)]
pub struct ListRequest {
    /// The reader's unit: nothing outside it and what is under it is shown.
    pub reach: UnitId,
    pub order: Order,
    /// Codes of units within reach: only they and what is under them; all if none is named.
    pub units: Vec<String>,
    pub concern: Concern,
    pub statuses: Vec<Status>,
    /// Codes of procedures, all versions.
    pub procedures: Vec<String>,
    /// Name of a field (lĩnh vực).
    pub field: Option<String>,
    pub level: Option<Level>,
    pub channel: Option<Channel>,
    /// Only what is given to one of them.
    pub assignees: Vec<UserId>,
    /// Only what is given to nobody by name.
    pub unassigned: bool,
    /// Closed within.
    pub closed: Within,
    /// Came in within.
    pub entered: Within,
    /// Due within.
    pub due: Within,
    pub after: Option<Position>,
    pub limit: usize,
    pub now: Moment,
}

/// What the units of a list have to do with its dossiers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Concern {
    /// They, or units under them, answer for them, have them on their desks or took them in.
    Any,
    /// They or units under them answer for them, as reports count.
    Answers,
    /// They themselves do.
    AnswersAlone,
}

impl ListRequest {
    /// The first `limit` of all that `reach` covers.
    pub fn of_all(reach: UnitId, order: Order, limit: usize, now: Moment) -> Self {
        Self {
            reach,
            order,
            units: Vec::new(),
            concern: Concern::Any,
            statuses: Vec::new(),
            procedures: Vec::new(),
            field: None,
            level: None,
            channel: None,
            assignees: Vec::new(),
            unassigned: false,
            closed: Within::default(),
            entered: Within::default(),
            due: Within::default(),
            after: None,
            limit,
            now,
        }
    }
}

/// A page of a list.
#[derive(Debug, Clone)]
pub struct Listing {
    pub items: Vec<ListItem>,
    pub next: Option<Position>,
}

/// What has a code and a name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Named {
    #[schema(example = "H37.20.01")]
    pub code: String,
    #[schema(example = "Ủy ban nhân dân xã …")]
    pub name: String,
}

impl Named {
    /// The cases in which a procedure may be.
    pub(crate) fn cases_of(definition: &ProcedureDefinition) -> Vec<Self> {
        let cases = definition.cases.iter();
        let cases = cases.map(|case| Self {
            code: case.code.clone(),
            name: case.name.clone(),
        });
        cases.collect()
    }

    /// The case in which a procedure is seen.
    pub(crate) fn of_case(procedure: &Procedure) -> Option<Self> {
        let case = procedure.case.as_deref();
        let case = case.and_then(|code| procedure.definition.case(code))?;
        Some(Self {
            code: case.code.clone(),
            name: case.name.clone(),
        })
    }
}

/// Code and name of a unit.
pub fn named_unit(reference: &Reference, id: UnitId) -> Named {
    let unit = reference.units().get(id);
    let named = unit.map(|unit| (unit.code.clone(), unit.name.clone()));
    let (code, name) = named.unwrap_or_default();
    Named { code, name }
}

/// Code and name of a procedure.
pub fn named_procedure(reference: &Reference, id: ProcedureId) -> Named {
    let definition = reference
        .procedure(id)
        .map(|procedure| &procedure.definition);
    let named = definition.map(|definition| (definition.code.clone(), definition.name.clone()));
    let (code, name) = named.unwrap_or_default();
    Named { code, name }
}

/// A member of staff by name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct StaffName {
    #[schema(example = "h37.20.01.clerk")]
    pub username: String,
    pub full_name: String,
}

impl StaffName {
    pub(crate) fn of(names: &HashMap<UserId, (String, String)>, id: UserId) -> Option<Self> {
        let (username, full_name) = names.get(&id)?.clone();
        Some(Self {
            username,
            full_name,
        })
    }
}

/// A dossier as lists show it.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ListItem {
    pub id: DossierId,
    #[schema(example = "H37.20.01-210301-0001")]
    pub case_number: String,
    pub version: u32,
    pub procedure: Named,
    /// The competent unit.
    pub unit: Named,
    pub holder: Named,
    /// The desk that took it in for that unit, if it is another one's.
    pub receiving_unit: Option<Named>,
    pub channel: Channel,
    /// Name of the applicant.
    #[schema(example = "Nguyễn Thị Ánh")]
    pub applicant: String,
    pub status: Status,
    #[schema(example = "Đang xử lý")]
    pub status_name: &'static str,
    pub entered_at: Moment,
    pub received_at: Option<Moment>,
    pub due_at: Option<Moment>,
    /// It rests on days that are yet to be announced, so it may move; which, the dossier says.
    pub due_is_provisional: bool,
    pub appointment_at: Option<Moment>,
    pub overdue: bool,
    pub step: u8,
    pub assignee: Option<StaffName>,
    #[serde(skip)]
    pub assignee_id: Option<UserId>,
    pub outcome: Option<Outcome>,
    pub closed_at: Option<Moment>,
    /// How long after its due moment it was closed, in whole working hours; absent where it was not.
    pub late_hours: Option<i64>,
    /// How long it has been past its due moment while it is open, in whole working hours of its unit.
    #[serde(skip)]
    pub overdue_hours: Option<i64>,
}

/// In whole hours, how long after its due moment something was closed, in the working time of its unit.
pub(crate) fn late_hours(reference: &Reference, row: &Listed) -> Option<i64> {
    let late = row.outcome == Some(Outcome::Overdue);
    let (due, closed) = row.due.zip(row.closed_at).filter(|_| late)?;
    worked_hours(reference, row.unit, due, closed)
}

/// The same of what is open, until now.
fn overdue_hours(reference: &Reference, row: &Listed, now: Moment) -> Option<i64> {
    let due = row.due.filter(|due| row.status.is_open() && *due < now)?;
    worked_hours(reference, row.unit, due, now)
}

/// Whole hours of a unit's working time between two moments.
fn worked_hours(reference: &Reference, unit: UnitId, from: Moment, until: Moment) -> Option<i64> {
    let worked = reference.timetable(unit)?.working_between(from, until);
    Some(worked.ok()?.millis() / 3_600_000)
}

/// What is promised by the end of so many working days after today, as reminders count them too: by the new appointment
/// where there is one.
///
/// # Errors
/// If the database refuses.
pub fn near_due(store: &Store, unit: UnitId, now: Moment, days: u32) -> Result<Order, StoreError> {
    let reference = store.reference()?;
    let before = reference.timetable(unit);
    let before = before.map_or(now, |timetable| timetable.near_until(now, days));
    Ok(Order::NearDue { now, before })
}

/// A page of a list.
///
/// # Errors
/// Unknown codes, a unit out of reach, or an error of the store.
pub fn list(store: &Store, request: &ListRequest) -> Result<Listing, Error> {
    store.read_with_reference(|conn, reference| {
        let page = page(conn, reference, request)?;
        let items = show(conn, reference, page.rows, request.now)?;
        Ok(Listing {
            items,
            next: page.next,
        })
    })
}

/// Where a dossier stands in a list of that order now; `None`: in none.
///
/// # Errors
/// If the database refuses.
pub fn place(store: &Store, order: Order, id: DossierId) -> Result<Option<Position>, StoreError> {
    let found = store.read(|conn| lists::by_ids(conn, &[id]))?;
    Ok(found.first().and_then(|listed| order.place(listed)))
}

fn page(
    conn: &mut Conn,
    reference: &Reference,
    request: &ListRequest,
) -> Result<lists::Page, Error> {
    let units = reference.units();
    let mut wrong = Vec::new();
    let mut add = |pointer: &str, reason: String| {
        wrong.push(WrongField {
            pointer: pointer.to_owned(),
            reason,
        });
    };
    let mut roots = Vec::new();
    for code in &request.units {
        match units.by_code(code) {
            None => add("unit", render::words::no_unit(units, code)),
            Some(unit) if !reference.reaches(unit.id, request.reach) => {
                return Err(Error::NOT_YOUR_DOSSIER);
            }
            Some(unit) => roots.push(unit.id),
        }
    }
    if request.units.is_empty() {
        roots.push(request.reach);
    }
    let mut procedures: Option<Vec<ProcedureId>> = None;
    for code in &request.procedures {
        let versions = reference.versions(code);
        if versions.is_empty() {
            let all = reference.procedures().into_iter();
            let all = all.map(|version| &version.definition);
            let read = ProcedureCode::read(code)
                .err()
                .filter(|_| code.contains('.'));
            let none = || render::words::no_procedure(all, code);
            add(
                "procedure",
                read.map_or_else(none, |error| error.to_string()),
            );
        }
        let ids = versions.iter().map(|version| version.id);
        procedures.get_or_insert_default().extend(ids);
    }
    let mut of_field: Option<HashSet<ProcedureId>> = None;
    if let Some(name) = &request.field {
        let mut fields = reference.fields().iter();
        match fields.find(|(_, known)| known.name == *name) {
            None => add("field", format!("không có lĩnh vực '{name}'")),
            Some((id, _)) => {
                let all = reference.procedures().into_iter();
                of_field = Some(all.filter(|p| p.field_id == *id).map(|p| p.id).collect());
            }
        }
    }
    if !wrong.is_empty() {
        return Err(Error::Invalid(wrong));
    }
    let reaches: Vec<_> = roots
        .iter()
        .map(|root| Reach::of(reference, *root))
        .collect();
    let order = request.order;
    let mut walks: Vec<Along> = Vec::new();
    for reach in &reaches {
        // One unit may lie under another, and people and procedures are walked whatever the units are.
        let by = (procedures.as_deref(), request.assignees.as_slice());
        for along in self::walks(reach, units, order, by) {
            if !walks.contains(&along) {
                walks.push(along);
            }
        }
    }
    let (entered, due) = (request.entered, request.due);
    let keep = |listed: &Listed| {
        reaches.iter().any(|reach| reach.covers(listed))
            && match request.concern {
                Concern::Any => true,
                Concern::Answers => roots
                    .iter()
                    .any(|root| reference.reaches(listed.counted_in(), *root)),
                Concern::AnswersAlone => roots.contains(&listed.counted_in()),
            }
            && (request.statuses.is_empty() || request.statuses.contains(&listed.status))
            && procedures
                .as_ref()
                .is_none_or(|ids| ids.contains(&listed.procedure))
            && of_field
                .as_ref()
                .is_none_or(|ids| ids.contains(&listed.procedure))
            && request.level.is_none_or(|level| {
                let unit = units.get(listed.counted_in());
                unit.is_some_and(|unit| unit.level == level)
            })
            && request
                .channel
                .is_none_or(|channel| channel == listed.channel)
            && (request.assignees.is_empty()
                || listed
                    .assignee
                    .is_some_and(|user| request.assignees.contains(&user)))
            && (!request.unassigned || listed.assignee.is_none())
            && request.closed.contains(listed.closed_at)
            && entered.contains(Some(listed.entered_at))
            && due.contains(listed.due)
    };
    let within = match order {
        // Nothing is due or closed before it came in.
        Order::Entered => Within {
            before: [entered, due, request.closed]
                .iter()
                .filter_map(|within| within.before)
                .min(),
            ..entered
        },
        Order::Registered => entered,
        Order::Due | Order::NearDue { .. } => due,
        Order::Overdue { .. } => Within::default(),
        Order::ClosedLate => request.closed,
    };
    let mut query = Query {
        order,
        walks,
        within,
        after: request.after,
        limit: request.limit,
        keep: &keep,
    };
    let mut page = lists::list(conn, &query)?;
    for _ in 1..MOST_ROUNDS {
        if !page.rows.is_empty() || page.next.is_none() {
            break;
        }
        query.after = page.next;
        page = lists::list(conn, &query)?;
    }
    Ok(page)
}

/// How often a list is gone on with that has found nothing, before it answers with an empty page that has a next one.
const MOST_ROUNDS: usize = 8;

/// Along which indexes a list goes: always a number that no reader's reach makes large.
fn walks(
    reach: &Reach,
    units: &Units,
    order: Order,
    (procedures, assignees): (Option<&[ProcedureId]>, &[UserId]),
) -> Vec<Along> {
    if let Order::NearDue { .. } = order {
        // The rest by the appointment, by which the desk works.
        let mut all = walks(reach, units, Order::Due, (procedures, assignees));
        all.push(Along::Appointed);
        return all;
    }
    match (order, reach) {
        (Order::Due, _) if !assignees.is_empty() => {
            assignees.iter().copied().map(Along::Assignee).collect()
        }
        (Order::Entered, Reach::All) if procedures.is_some() => {
            let ids = procedures.unwrap_or_default().iter();
            ids.copied().map(Along::Procedure).collect()
        }
        // The competent unit is judged, be it that its successor keeps the result since.
        (Order::ClosedLate, reach) => {
            let mut walks = reach.by_unit();
            walks.extend(reach.by_closing(units));
            walks
        }
        (Order::Registered, reach) => reach.by_unit(),
        (Order::Entered, reach) => {
            let mut walks = reach.by_unit();
            walks.extend(reach.by_receiving());
            walks
        }
        (_, reach) => {
            let mut walks = reach.by_unit();
            walks.extend(reach.by_holder());
            walks.extend(reach.by_receiving());
            walks
        }
    }
}

/// Rows with their names.
pub(crate) fn show(
    conn: &mut Conn,
    reference: &Reference,
    rows: Vec<Listed>,
    now: Moment,
) -> Result<Vec<ListItem>, StoreError> {
    let people = persons::find_many(conn, rows.iter().map(|row| row.applicant))?;
    let staff = users::names(conn, rows.iter().filter_map(|row| row.assignee))?;
    let name = |id: &PersonId| people.get(id).map(|person| person.name.clone());
    let items = rows.into_iter().map(|row| ListItem {
        late_hours: late_hours(reference, &row),
        overdue_hours: overdue_hours(reference, &row, now),
        procedure: named_procedure(reference, row.procedure),
        unit: named_unit(reference, row.unit),
        holder: named_unit(reference, row.holder),
        receiving_unit: row.receiving.map(|id| named_unit(reference, id)),
        applicant: name(&row.applicant).unwrap_or_default(),
        overdue: row.overdue || row.late_at.is_some_and(|late| late < now),
        assignee: row.assignee.and_then(|id| StaffName::of(&staff, id)),
        assignee_id: row.assignee,
        status_name: render::words::status(row.status),
        id: row.id,
        case_number: row.case_number,
        version: row.version,
        channel: row.channel,
        status: row.status,
        entered_at: row.entered_at,
        received_at: row.received_at,
        due_at: row.due,
        due_is_provisional: !rests_on(
            reference,
            row.unit,
            row.procedure,
            row.received_at,
            row.due.filter(|_| row.status.is_open()),
        )
        .is_empty(),
        appointment_at: row.appointment,
        step: row.step,
        outcome: row.outcome,
        closed_at: row.closed_at,
    });
    Ok(items.collect())
}
