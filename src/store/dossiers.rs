//! Dossiers: the state beside the history, and the lists of open, near-due and overdue ones.

use diesel::prelude::*;

use crate::domain::case_number::CaseNumber;
use crate::domain::dossier::{Decision, Dossier, Event, EventData};
use crate::domain::ids::{DossierId, PersonId, UnitId};
use crate::domain::log::Entry;
use crate::domain::moment::Moment;
use crate::domain::person::{CommitmentKey, Person};
use crate::domain::reversal::reversals as reversals_of;
use crate::domain::tally::{Tallies, follow};
use crate::domain::time_limit::Outcome;
use crate::domain::unit::Units;
use crate::store::chain::{EventHash, StoredEvent};
use crate::store::connection::on_either;
use crate::store::events::{self, EventRow};
use crate::store::persons::{self, PersonRow, Under};
use crate::store::prepared::PreparedOnce;
use crate::store::schema::{self, dossier_events, dossiers};
use crate::store::{Conn, StoreError, log, reversals, tallies, unannounced};

/// The row of a dossier: what replaying its events gives, and `verify` compares with it.
///
/// Derived once more from what stands in the row already, for an index each: `open_due_at` (`due_at` of an open
/// one), `late_at` (since when an open one is overdue, or when it will be), `watch_at` (when the sweep has to look),
/// `area_id` and `holder_area_id` (from the tree of units; a job sets them anew when it changes). `receiving_id` is the
/// desk that took it in, where that is not the competent unit's; `closed_in_id` where it was closed, if it has gone to a
/// successor since.
#[derive(Debug, Clone, PartialEq, Eq, Insertable, AsChangeset, Queryable)]
#[diesel(table_name = dossiers, treat_none_as_null = true, treat_none_as_default_value = false)]
pub struct DossierRow {
    id: Vec<u8>,
    case_number: String,
    procedure_id: i32,
    unit_id: i32,
    holder_id: i32,
    receiving_id: Option<i32>,
    channel: i16,
    return_channel: i16,
    applicant_id: Vec<u8>,
    delegate_id: Option<Vec<u8>>,
    status: i16,
    received_at: Option<i64>,
    due_at: Option<i64>,
    overdue: bool,
    appointment_at: Option<i64>,
    step: i16,
    step_due_at: Option<i64>,
    assignee_id: Option<i32>,
    decision: Option<i16>,
    outcome: Option<i16>,
    closed_at: Option<i64>,
    returned_at: Option<i64>,
    open_due_at: Option<i64>,
    late_at: Option<i64>,
    watch_at: Option<i64>,
    version: i32,
    last_event_at: i64,
    entered_at: i64,
    area_id: Option<i32>,
    holder_area_id: Option<i32>,
    recorded_at: i64,
    closed_in_id: Option<i32>,
}

impl DossierRow {
    /// The row of a dossier; the units' tree says under which area it is listed.
    pub fn new(dossier: &Dossier, units: &Units) -> Self {
        let millis = |moment: Option<Moment>| moment.map(Moment::unix_millis);
        let due = millis(dossier.due());
        let open = dossier.status.is_open();
        Self {
            id: dossier.id.bytes().to_vec(),
            case_number: dossier.case_number.as_str().to_owned(),
            procedure_id: dossier.procedure.0,
            unit_id: dossier.unit.0,
            holder_id: dossier.holder.0,
            receiving_id: (dossier.receiving_unit != dossier.unit)
                .then_some(dossier.receiving_unit.0),
            channel: dossier.channel.code(),
            return_channel: dossier.return_channel.code(),
            applicant_id: dossier.applicant.bytes().to_vec(),
            delegate_id: dossier.delegate.map(|id| id.bytes().to_vec()),
            status: dossier.status.code(),
            received_at: millis(dossier.received_at),
            due_at: due,
            overdue: dossier.is_overdue(),
            appointment_at: millis(dossier.appointment),
            step: i16::from(dossier.step),
            step_due_at: millis(dossier.step_due),
            assignee_id: dossier.assignee.map(|id| id.0),
            decision: dossier.decision.map(|decision| match decision {
                Decision::Approved => 1,
                Decision::Refused => 2,
            }),
            outcome: dossier.outcome.map(outcome_code),
            closed_at: millis(dossier.closed_at),
            returned_at: millis(dossier.returned_at),
            open_due_at: due.filter(|_| open),
            late_at: millis(dossier.overdue_since.or(dossier.crosses_at())).filter(|_| open),
            watch_at: millis(dossier.recorded_overdue_from()),
            version: i32::try_from(dossier.version).unwrap_or(i32::MAX),
            last_event_at: dossier.last_event_at.unix_millis(),
            entered_at: dossier.entered_at.unix_millis(),
            area_id: units.area_of(dossier.unit).map(|id| id.0),
            holder_area_id: units.area_of(dossier.holder).map(|id| id.0),
            recorded_at: dossier.recorded_at.unix_millis(),
            closed_in_id: dossier
                .closed_in
                .filter(|unit| *unit != dossier.unit)
                .map(|unit| unit.0),
        }
    }
}

const fn outcome_code(outcome: Outcome) -> i16 {
    match outcome {
        Outcome::Early => 1,
        Outcome::OnTime => 2,
        Outcome::Overdue => 3,
    }
}

pub(super) fn outcome_of(code: i16) -> Result<Outcome, StoreError> {
    [Outcome::Early, Outcome::OnTime, Outcome::Overdue]
        .into_iter()
        .find(|outcome| outcome_code(*outcome) == code)
        .ok_or_else(|| StoreError::corrupt("dossiers.outcome"))
}

/// A dossier read for changing, locked until the transaction ends.
pub struct Locked {
    pub dossier: Dossier,
    head: EventHash,
}

/// Writes a new dossier with its first events and what they change in the counts.
///
/// # Errors
/// If the events are no beginning of a dossier, or the database refuses.
pub fn insert(
    conn: &mut Conn,
    id: DossierId,
    new: &[Event],
    units: &Units,
) -> Result<Dossier, StoreError> {
    let mut changes = Tallies::new();
    let dossier = follow(None, id, new, &mut changes).map_err(wrong_events)?;
    let query = diesel::insert_into(dossiers::table).values(DossierRow::new(&dossier, units));
    on_either!(conn, |conn| query.execute(conn))?;
    insert_events(
        conn,
        id,
        &events::seal(id, crate::store::chain::GENESIS, new)?,
    )?;
    unannounced::insert(conn, id, new.iter().map(|event| event.sequence))?;
    tallies::insert_deltas(conn, &changes)?;
    Ok(dossier)
}

/// Reads a dossier from its events and keeps others from changing it until the transaction ends.
///
/// # Errors
/// If its history is not whole, or the database refuses.
pub fn lock(conn: &mut Conn, id: DossierId) -> Result<Option<Locked>, StoreError> {
    // SQLite has one writer; on PostgreSQL the row's lock orders the writers of one dossier.
    if let Conn::Postgres(pg) = conn {
        let row = dossiers::table
            .find(id.bytes().to_vec())
            .select(dossiers::version)
            .for_update();
        if row.first::<i32>(pg).optional()?.is_none() {
            return Ok(None);
        }
    }
    Ok(events::replay(conn, id)?.map(|(dossier, head)| Locked { dossier, head }))
}

/// Appends events to a locked dossier, with the new state and what changes in the counts.
///
/// # Errors
/// If the events do not follow the history, or the database refuses.
pub fn append(
    conn: &mut Conn,
    locked: &Locked,
    new: &[Event],
    units: &Units,
) -> Result<Dossier, StoreError> {
    let id = locked.dossier.id;
    let mut changes = Tallies::new();
    let dossier = follow(Some(&locked.dossier), id, new, &mut changes).map_err(wrong_events)?;
    insert_events(conn, id, &events::seal(id, locked.head, new)?)?;
    unannounced::insert(conn, id, new.iter().map(|event| event.sequence))?;
    let row = DossierRow::new(&dossier, units);
    let under = Under::of(&dossier);
    if under != Under::of(&locked.dossier) {
        let people = std::iter::once(dossier.applicant).chain(dossier.delegate);
        persons::move_to(conn, people, under)?;
    }
    let update = diesel::update(dossiers::table.find(row.id.clone()))
        .set(row)
        .returning(dossiers::id);
    let update = PreparedOnce(update);
    let _: Vec<u8> = on_either!(conn, |conn| update.get_result(conn))?;
    tallies::insert_deltas(conn, &changes)?;
    let reversed = reversals_of(Some(&locked.dossier), id, new).map_err(wrong_events)?;
    reversals::insert(conn, &reversed)?;
    Ok(dossier)
}

fn wrong_events(error: crate::domain::dossier::ReplayError) -> StoreError {
    StoreError::corrupt(error.to_string())
}

fn insert_events(conn: &mut Conn, id: DossierId, stored: &[StoredEvent]) -> Result<(), StoreError> {
    for event in stored {
        let query = diesel::insert_into(dossier_events::table).values(EventRow::new(id, event));
        on_either!(conn, |conn| query.execute(conn))?;
    }
    Ok(())
}

/// A dossier with its whole history, sealed and counted, ready to be written in bulk.
pub struct WholeHistory {
    dossier: DossierRow,
    events: Vec<EventRow>,
    person: PersonRow,
}

impl WholeHistory {
    /// What the log holds of it.
    fn entries(&self) -> impl Iterator<Item = Entry> {
        let events = self.events.iter();
        let events = events.filter_map(|e| log::event_entry(&e.dossier_id, e.sequence, &e.hash));
        self.person.entry().into_iter().chain(events)
    }
}

impl WholeHistory {
    /// Seals the events of a dossier and adds what they change to `counts`.
    ///
    /// # Errors
    /// If the events are not the history of one dossier.
    pub fn new(
        id: DossierId,
        history: &[Event],
        person: (PersonId, &Person),
        units: &Units,
        counts: &mut Tallies,
    ) -> Result<Self, StoreError> {
        let dossier = follow(None, id, history, counts).map_err(wrong_events)?;
        let sealed = events::seal(id, crate::store::chain::GENESIS, history)?;
        Ok(Self {
            dossier: DossierRow::new(&dossier, units),
            events: sealed
                .iter()
                .map(|event| EventRow::new(id, event))
                .collect(),
            person: PersonRow::new(
                person.0,
                person.1,
                CommitmentKey(rand::random()),
                Under::of(&dossier),
            ),
        })
    }

    pub fn event_count(&self) -> usize {
        self.events.len()
    }
}

/// Writes many dossiers at once, and all of it into the log; the counts are the caller's to fold. Rows,
/// checks and hashes are the same as one by one; the commitments to people's records are the log's.
///
/// # Errors
/// If the database refuses; then nothing is written.
pub fn insert_many(conn: &mut Conn, all: Vec<WholeHistory>) -> Result<(), StoreError> {
    let entries: Vec<Entry> = all.iter().flat_map(WholeHistory::entries).collect();
    log::append(conn, &entries)?;
    match conn {
        Conn::Sqlite(conn) => {
            for history in all {
                diesel::insert_into(schema::persons::table)
                    .values(history.person)
                    .execute(conn)?;
                diesel::insert_into(dossiers::table)
                    .values(history.dossier)
                    .execute(conn)?;
                for event in history.events {
                    diesel::insert_into(dossier_events::table)
                        .values(event)
                        .execute(conn)?;
                }
            }
        }
        Conn::Postgres(conn) => {
            let mut rows = (Vec::new(), Vec::new(), Vec::new());
            for history in all {
                rows.0.push(history.person);
                rows.1.push(history.dossier);
                rows.2.extend(history.events);
            }
            diesel::copy_from(schema::persons::table)
                .from_insertable(&rows.0)
                .execute(conn)?;
            diesel::copy_from(dossiers::table)
                .from_insertable(&rows.1)
                .execute(conn)?;
            diesel::copy_from(dossier_events::table)
                .from_insertable(&rows.2)
                .execute(conn)?;
        }
    }
    Ok(())
}

/// Writes the rows of one dossier, one statement each, as a desk does.
pub(super) fn insert_rows(conn: &mut Conn, history: WholeHistory) -> Result<(), StoreError> {
    let person = diesel::insert_into(schema::persons::table).values(history.person);
    on_either!(conn, |conn| person.execute(conn))?;
    let dossier = diesel::insert_into(dossiers::table).values(history.dossier);
    on_either!(conn, |conn| dossier.execute(conn))?;
    for event in history.events {
        let event = diesel::insert_into(dossier_events::table).values(event);
        on_either!(conn, |conn| event.execute(conn))?;
    }
    Ok(())
}

/// The id of the dossier with that case number.
pub fn find_id(conn: &mut Conn, number: &CaseNumber) -> Result<Option<DossierId>, StoreError> {
    let id: Option<Vec<u8>> = dossiers::table
        .filter(dossiers::case_number.eq(number.as_str()))
        .select(dossiers::id)
        .first(conn)
        .optional()?;
    id.map(|bytes| dossier_id(&bytes)).transpose()
}

/// The ids of the dossiers that have one of the case numbers, in no particular order.
pub fn find_ids(conn: &mut Conn, numbers: &[CaseNumber]) -> Result<Vec<DossierId>, StoreError> {
    let mut found = Vec::new();
    for numbers in numbers.chunks(500) {
        let numbers = numbers.iter().map(CaseNumber::as_str);
        let ids: Vec<Vec<u8>> = dossiers::table
            .filter(dossiers::case_number.eq_any(numbers.collect::<Vec<_>>()))
            .select(dossiers::id)
            .load(conn)?;
        for id in ids {
            found.push(dossier_id(&id)?);
        }
    }
    Ok(found)
}

/// The case number of a dossier.
pub fn case_number(conn: &mut Conn, id: DossierId) -> Result<Option<String>, StoreError> {
    Ok(dossiers::table
        .find(id.bytes().to_vec())
        .select(dossiers::case_number)
        .first(conn)
        .optional()?)
}

/// The unit that answers for a dossier, the one that has it, and the one that took it in.
pub fn units_of(conn: &mut Conn, id: DossierId) -> Result<Option<[UnitId; 3]>, StoreError> {
    let row: Option<(i32, i32, Option<i32>)> = dossiers::table
        .find(id.bytes().to_vec())
        .select((
            dossiers::unit_id,
            dossiers::holder_id,
            dossiers::receiving_id,
        ))
        .first(conn)
        .optional()?;
    Ok(row.map(|(unit, holder, receiving)| [unit, holder, receiving.unwrap_or(unit)].map(UnitId)))
}

/// Brings the areas of all dossiers into line with the units' tree, for the units whose area is not
/// `before`'s any more. Walks over the dossiers of those units, so it is for imports.
/// The units that lie under another area now than `before`: their dossiers are to be listed there.
pub fn moving(before: &Units, now: &Units) -> Vec<UnitId> {
    let all = now.all().into_iter().map(|unit| unit.id);
    all.filter(|id| before.get(*id).is_some() && before.area_of(*id) != now.area_of(*id))
        .collect()
}

/// A page of all dossiers after `after`, by id, and those of them that are listed under another area
/// than the units' tree says.
pub fn areas_after(
    conn: &mut Conn,
    units: &Units,
    after: Option<DossierId>,
    limit: u32,
) -> Result<(Vec<DossierId>, Vec<DossierId>), StoreError> {
    type Row = (Vec<u8>, i32, i32, Option<i32>, Option<i32>);
    let mut query = dossiers::table
        .order(dossiers::id)
        .limit(i64::from(limit))
        .select((
            dossiers::id,
            dossiers::unit_id,
            dossiers::holder_id,
            dossiers::area_id,
            dossiers::holder_area_id,
        ))
        .into_boxed();
    if let Some(after) = after {
        query = query.filter(dossiers::id.gt(after.bytes().to_vec()));
    }
    let rows: Vec<Row> = query.load(conn)?;
    let (mut page, mut wrong) = (Vec::with_capacity(rows.len()), Vec::new());
    for (id, unit, holder, area, holder_area) in rows {
        let id = dossier_id(&id)?;
        page.push(id);
        if (area, holder_area) != (area_of(units, unit), area_of(units, holder)) {
            wrong.push(id);
        }
    }
    Ok((page, wrong))
}

fn area_of(units: &Units, unit: i32) -> Option<i32> {
    units.area_of(UnitId(unit)).map(|id| id.0)
}

/// Lists these dossiers under the areas that the units' tree says. Returns how many were listed
/// elsewhere.
pub fn set_areas(conn: &mut Conn, units: &Units, ids: &[DossierId]) -> Result<usize, StoreError> {
    let ids: Vec<Vec<u8>> = ids.iter().map(|id| id.bytes().to_vec()).collect();
    let pairs: Vec<(i32, i32)> = dossiers::table
        .filter(dossiers::id.eq_any(&ids))
        .select((dossiers::unit_id, dossiers::holder_id))
        .distinct()
        .load(conn)?;
    let mut changed = 0;
    for (unit, holder) in pairs {
        // One that moves to other units right now gets the right areas from whoever moves it.
        let these = dossiers::table
            .filter(dossiers::id.eq_any(&ids))
            .filter(dossiers::unit_id.eq(unit))
            .filter(dossiers::holder_id.eq(holder));
        changed += diesel::update(these)
            .set((
                dossiers::area_id.eq(area_of(units, unit)),
                dossiers::holder_area_id.eq(area_of(units, holder)),
            ))
            .execute(conn)?;
    }
    Ok(changed)
}

/// Sets under which area the dossiers of a unit, and those on its desk, are listed: for a migration,
/// when nobody else is there.
pub(super) fn set_area(conn: &mut Conn, unit: UnitId, area: Option<i32>) -> Result<(), StoreError> {
    diesel::update(dossiers::table.filter(dossiers::unit_id.eq(unit.0)))
        .set(dossiers::area_id.eq(area))
        .execute(conn)?;
    diesel::update(dossiers::table.filter(dossiers::holder_id.eq(unit.0)))
        .set(dossiers::holder_area_id.eq(area))
        .execute(conn)?;
    Ok(())
}

/// Notes of what has gone to a successor since where it was closed.
pub(super) fn fill_closed_in(conn: &mut Conn) -> Result<(), StoreError> {
    let moved: Vec<Vec<u8>> = dossier_events::table
        .filter(dossier_events::kind.eq(EventData::MOVED_TO_SUCCESSOR))
        .select(dossier_events::dossier_id)
        .distinct()
        .load(conn)?;
    events::of_each(conn, moved, |conn, id, known| {
        let state = Dossier::replay(id, known).map_err(|error| events::unfit(id, &error))?;
        let closed_in = state.closed_in.filter(|unit| *unit != state.unit);
        if let Some(unit) = closed_in {
            diesel::update(dossiers::table.find(id.bytes().to_vec()))
                .set(dossiers::closed_in_id.eq(unit.0))
                .execute(conn)?;
        }
        Ok(())
    })
}

/// The number of dossiers. Counts them one by one: not for pages.
pub fn count(conn: &mut Conn) -> Result<i64, StoreError> {
    Ok(dossiers::table.count().get_result(conn)?)
}

/// Whether there is any dossier.
pub fn any(conn: &mut Conn) -> Result<bool, StoreError> {
    let first: Option<i32> = dossiers::table
        .select(dossiers::version)
        .limit(1)
        .first(conn)
        .optional()?;
    Ok(first.is_some())
}

pub(super) fn dossier_id(bytes: &[u8]) -> Result<DossierId, StoreError> {
    DossierId::from_slice(bytes).ok_or_else(|| StoreError::corrupt("dossiers.id"))
}

/// A page of all dossiers after `after`, by id.
pub(super) fn ids_after(
    conn: &mut Conn,
    after: Option<DossierId>,
    limit: u32,
) -> Result<Vec<DossierId>, StoreError> {
    let mut query = dossiers::table
        .order(dossiers::id)
        .limit(i64::from(limit))
        .select(dossiers::id)
        .into_boxed();
    if let Some(after) = after {
        query = query.filter(dossiers::id.gt(after.bytes().to_vec()));
    }
    let ids: Vec<Vec<u8>> = query.load(conn)?;
    ids.iter().map(|id| dossier_id(id)).collect()
}

/// A page of all rows after `after`, by id, for `verify`.
pub fn rows_after(
    conn: &mut Conn,
    after: Option<DossierId>,
    limit: u32,
) -> Result<Vec<(DossierId, DossierRow)>, StoreError> {
    let mut query = dossiers::table
        .order(dossiers::id)
        .limit(i64::from(limit))
        .into_boxed();
    if let Some(after) = after {
        query = query.filter(dossiers::id.gt(after.bytes().to_vec()));
    }
    let rows: Vec<DossierRow> = query.load(conn)?;
    rows.into_iter()
        .map(|row| Ok((dossier_id(&row.id)?, row)))
        .collect()
}

impl DossierRow {
    /// Names of the columns in which two rows differ.
    pub fn differences(&self, other: &Self) -> Vec<&'static str> {
        macro_rules! differing {
            ($($column:ident),* $(,)?) => {{
                let mut names = Vec::new();
                $(if self.$column != other.$column {
                    names.push(stringify!($column));
                })*
                names
            }};
        }
        differing!(
            id,
            case_number,
            procedure_id,
            unit_id,
            holder_id,
            receiving_id,
            channel,
            return_channel,
            applicant_id,
            delegate_id,
            status,
            received_at,
            due_at,
            overdue,
            appointment_at,
            step,
            step_due_at,
            assignee_id,
            decision,
            outcome,
            closed_at,
            returned_at,
            open_due_at,
            late_at,
            watch_at,
            version,
            last_event_at,
            entered_at,
            area_id,
            holder_area_id,
            closed_in_id,
            recorded_at,
        )
    }

    pub fn case_number(&self) -> &str {
        &self.case_number
    }

    pub fn id(&self) -> &[u8] {
        &self.id
    }

    pub(super) fn applicant(&self) -> &[u8] {
        &self.applicant_id
    }

    pub fn unit(&self) -> UnitId {
        UnitId(self.unit_id)
    }

    /// The units under which its people are found: that answers for it, and where they are others, that took it in and
    /// that has it on its desk.
    pub fn units(&self) -> [Option<i32>; 3] {
        let holder = Some(self.holder_id).filter(|holder| *holder != self.unit_id);
        [Some(self.unit_id), self.receiving_id, holder]
    }

    /// Applicant and delegate.
    pub fn people(&self) -> impl Iterator<Item = &[u8]> {
        let delegate = self.delegate_id.iter();
        std::iter::once(&self.applicant_id)
            .chain(delegate)
            .map(Vec::as_slice)
    }
}
