//! A dossier as it is read again and again: its row, with what is shown beside it.
//!
//! One statement each, along primary keys and the index of case numbers: no transaction is needed for
//! one moment of the database, and PostgreSQL is asked once. Where one has several rows, they are those
//! of the events, and the first of them says the rest.

use diesel::prelude::*;

use crate::domain::case_number::CaseNumber;
use crate::domain::dossier::{Channel, Contents, Decision, EventData, Fees, Status};
use crate::domain::ids::{DossierId, PersonId, ProcedureId, UnitId, UserId};
use crate::domain::moment::Moment;
use crate::domain::person::Person;
use crate::domain::procedure::Procedure;
use crate::domain::time_limit::Outcome;
use crate::store::connection::on_either;
use crate::store::dossiers::{dossier_id, outcome_of};
use crate::store::persons::{self, ShownPerson};
use crate::store::reference::Reference;
use crate::store::schema::{
    attempts, dossier_events, dossiers, persons as people, satisfaction, settings, users,
};
use crate::store::settings::{REFERENCE_VERSION, SCHEMA_VERSION, Stamp};
use crate::store::{Conn, Store, StoreError, events};

/// How somebody names a dossier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Key {
    Id(DossierId),
    Number(CaseNumber),
}

impl From<DossierId> for Key {
    fn from(id: DossierId) -> Self {
        Self::Id(id)
    }
}

/// What of a dossier's row is shown.
#[derive(Debug, Clone, PartialEq)]
pub struct State {
    pub id: DossierId,
    pub case_number: String,
    pub procedure: ProcedureId,
    pub unit: UnitId,
    pub holder: UnitId,
    /// The desk that took it in, if it is another unit's.
    pub receiving: Option<UnitId>,
    pub channel: Channel,
    pub return_channel: Channel,
    pub delegate: Option<PersonId>,
    pub status: Status,
    pub entered_at: Moment,
    pub received_at: Option<Moment>,
    pub due: Option<Moment>,
    pub appointment: Option<Moment>,
    /// That it crossed its due moment has been recorded.
    pub overdue: bool,
    /// When it becomes overdue, if nothing happens.
    pub crosses_at: Option<Moment>,
    pub step: u8,
    pub step_due: Option<Moment>,
    pub decision: Option<Decision>,
    pub outcome: Option<Outcome>,
    pub closed_at: Option<Moment>,
    pub returned_at: Option<Moment>,
    pub version: u32,
    pub last_event_at: Moment,
}

impl State {
    /// The units that have to do with it.
    pub fn units(&self) -> [UnitId; 3] {
        all_units(self.unit, self.holder, self.receiving)
    }

    /// The fees of its procedure as they are for it, of which it has these contents.
    pub fn fees<'a>(&self, contents: &'a Contents, procedure: &'a Procedure) -> Fees<'a> {
        Fees {
            contents,
            fees: &procedure.definition.fees,
            channel: self.channel,
            on: self.entered_at.date(),
            free_now: self.status.is_free_now(self.decision),
        }
    }
}

/// A dossier with what the desk sees of it but a delegate.
#[derive(Debug, Clone, PartialEq)]
pub struct Overview {
    pub state: State,
    pub contents: Contents,
    /// The events from which its contents come, and those that say why it stands as it does, oldest first.
    pub history: Vec<(Moment, EventData)>,
    pub applicant: Person,
    pub assignee: Option<Assignee>,
}

/// Who has a dossier in hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assignee {
    pub id: UserId,
    pub username: String,
    pub full_name: String,
}

/// A dossier with what the public may see of it.
#[derive(Debug, Clone, PartialEq)]
pub struct PublicOverview {
    pub state: State,
    /// As it stands in the record: to be masked.
    pub applicant: Person,
    /// Who handed it in for the applicant.
    pub delegate: Option<Person>,
    /// What has happened, oldest first, but for hand-overs.
    pub history: Vec<(Moment, EventData)>,
    /// Until when the attempts count that were asked about.
    pub attempts_count_to: Option<Moment>,
    /// When its applicant said how satisfied they are.
    pub rated_at: Option<Moment>,
}

/// Where a dossier lies, and how far it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    pub unit: UnitId,
    pub holder: UnitId,
    pub receiving: Option<UnitId>,
    pub version: u32,
    /// When it becomes overdue, if nothing happens.
    pub crosses_at: Option<Moment>,
}

fn all_units(unit: UnitId, holder: UnitId, receiving: Option<UnitId>) -> [UnitId; 3] {
    [unit, holder, receiving.unwrap_or(unit)]
}

impl Standing {
    /// The units that have to do with it.
    pub fn units(&self) -> [UnitId; 3] {
        all_units(self.unit, self.holder, self.receiving)
    }
}

#[derive(Queryable)]
struct StateRow {
    id: Vec<u8>,
    case_number: String,
    procedure_id: i32,
    unit_id: i32,
    holder_id: i32,
    receiving_id: Option<i32>,
    channel: i16,
    return_channel: i16,
    delegate_id: Option<Vec<u8>>,
    status: i16,
    entered_at: i64,
    received_at: Option<i64>,
    due_at: Option<i64>,
    appointment_at: Option<i64>,
    overdue: bool,
    late_at: Option<i64>,
    step: i16,
    step_due_at: Option<i64>,
    decision: Option<i16>,
    outcome: Option<i16>,
    closed_at: Option<i64>,
    returned_at: Option<i64>,
    version: i32,
    last_event_at: i64,
}

/// The columns of a [`StateRow`].
macro_rules! state {
    () => {
        (
            dossiers::id,
            dossiers::case_number,
            dossiers::procedure_id,
            dossiers::unit_id,
            dossiers::holder_id,
            dossiers::receiving_id,
            dossiers::channel,
            dossiers::return_channel,
            dossiers::delegate_id,
            dossiers::status,
            dossiers::entered_at,
            dossiers::received_at,
            dossiers::due_at,
            dossiers::appointment_at,
            dossiers::overdue,
            dossiers::late_at,
            dossiers::step,
            dossiers::step_due_at,
            dossiers::decision,
            dossiers::outcome,
            dossiers::closed_at,
            dossiers::returned_at,
            dossiers::version,
            dossiers::last_event_at,
        )
    };
}

/// A [`Stamp`] as part of a statement.
macro_rules! stamp {
    () => {
        (
            settings::table
                .find(REFERENCE_VERSION)
                .select(settings::value)
                .single_value(),
            settings::table
                .find(SCHEMA_VERSION)
                .select(settings::value)
                .single_value(),
        )
    };
}

/// Codes of the kinds of events that say why a dossier stands as it does, beside those of its contents: not received,
/// papers asked for, finished, withdrawn, stopped.
const WHY: [i16; 5] = [3, 5, 11, 13, 14];

/// Kind, moment and payload of an event.
type EventRow = (i16, i64, String);

impl StateRow {
    fn state(self) -> Result<State, StoreError> {
        let corrupt = |column: &str| StoreError::corrupt(format!("dossiers.{column}"));
        let moment = |millis: Option<i64>| millis.map(Moment::from_unix_millis);
        let channel = |code, column| Channel::from_code(code).ok_or_else(|| corrupt(column));
        let delegate = self.delegate_id.map(|id| {
            let id = PersonId::from_slice(&id);
            id.ok_or_else(|| corrupt("delegate_id"))
        });
        Ok(State {
            id: dossier_id(&self.id)?,
            case_number: self.case_number,
            procedure: ProcedureId(self.procedure_id),
            unit: UnitId(self.unit_id),
            holder: UnitId(self.holder_id),
            receiving: self.receiving_id.map(UnitId),
            channel: channel(self.channel, "channel")?,
            return_channel: channel(self.return_channel, "return_channel")?,
            delegate: delegate.transpose()?,
            status: Status::from_code(self.status).ok_or_else(|| corrupt("status"))?,
            entered_at: Moment::from_unix_millis(self.entered_at),
            received_at: moment(self.received_at),
            due: moment(self.due_at),
            appointment: moment(self.appointment_at),
            overdue: self.overdue,
            crosses_at: moment(self.late_at).filter(|_| !self.overdue),
            step: u8::try_from(self.step).map_err(|_| corrupt("step"))?,
            step_due: moment(self.step_due_at),
            decision: match self.decision {
                None => None,
                Some(1) => Some(Decision::Approved),
                Some(2) => Some(Decision::Refused),
                Some(_) => return Err(corrupt("decision")),
            },
            outcome: self.outcome.map(outcome_of).transpose()?,
            closed_at: moment(self.closed_at),
            returned_at: moment(self.returned_at),
            version: version(self.version)?,
            last_event_at: Moment::from_unix_millis(self.last_event_at),
        })
    }
}

fn version(version: i32) -> Result<u32, StoreError> {
    u32::try_from(version).map_err(|_| StoreError::corrupt("dossiers.version"))
}

fn event((kind, at, data): &EventRow) -> Result<(Moment, EventData), StoreError> {
    Ok((
        Moment::from_unix_millis(*at),
        events::payload(&"của một hồ sơ", *kind, data)?,
    ))
}

fn overview(conn: &mut Conn, key: &Key) -> Result<Option<(Stamp, Overview)>, StoreError> {
    type Named = (i32, String, String);
    type Row = (
        StateRow,
        Option<ShownPerson>,
        Option<Named>,
        EventRow,
        Stamp,
    );
    // Each of these named by itself: such a statement is prepared once, a list every time.
    let [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s] = Contents::KINDS;
    let kind = dossier_events::kind;
    let of_contents = kind.eq(a).or(kind.eq(b)).or(kind.eq(c)).or(kind.eq(d));
    let of_contents = of_contents
        .or(kind.eq(e))
        .or(kind.eq(f))
        .or(kind.eq(g))
        .or(kind.eq(h))
        .or(kind.eq(i))
        .or(kind.eq(j))
        .or(kind.eq(k))
        .or(kind.eq(l))
        .or(kind.eq(m))
        .or(kind.eq(n))
        .or(kind.eq(o))
        .or(kind.eq(p))
        .or(kind.eq(q))
        .or(kind.eq(r))
        .or(kind.eq(s));
    let [a, b, c, d, e] = WHY;
    let says_why = kind.eq(a).or(kind.eq(b)).or(kind.eq(c)).or(kind.eq(d));
    let says_why = says_why.or(kind.eq(e));
    let query = dossiers::table
        .inner_join(dossier_events::table.on(dossier_events::dossier_id.eq(dossiers::id)))
        .left_join(people::table.on(people::id.eq(dossiers::applicant_id)))
        .left_join(users::table.on(users::id.nullable().eq(dossiers::assignee_id)))
        .filter(of_contents.or(says_why))
        .order(dossier_events::sequence)
        .select((
            state!(),
            persons::shown!().nullable(),
            (users::id, users::username, users::full_name).nullable(),
            (
                dossier_events::kind,
                dossier_events::at,
                dossier_events::data,
            ),
            stamp!(),
        ));
    let rows: Vec<Row> = match key {
        Key::Id(id) => {
            let query = query.filter(dossiers::id.eq(id.bytes().to_vec()));
            on_either!(conn, |conn| query.load(conn))?
        }
        Key::Number(number) => {
            let query = query.filter(dossiers::case_number.eq(number.as_str()));
            on_either!(conn, |conn| query.load(conn))?
        }
    };
    let events = rows.iter().map(|row| event(&row.3));
    let events = events.collect::<Result<Vec<_>, _>>()?;
    let Some((state, applicant, assignee, _, stamp)) = rows.into_iter().next() else {
        return Ok(None);
    };
    let state = state.state()?;
    let contents = Contents::of(events.iter().map(|(at, data)| (*at, data)))
        .map_err(|error| StoreError::corrupt(format!("hồ sơ {}: {error}", state.id)))?;
    let applicant = applicant.ok_or_else(|| StoreError::corrupt("không có người nộp"))?;
    let found = Overview {
        state,
        contents,
        history: events,
        applicant: applicant.try_into()?,
        assignee: assignee.map(|(id, username, full_name)| Assignee {
            id: UserId(id),
            username,
            full_name,
        }),
    };
    Ok(Some((stamp, found)))
}

/// A dossier with what the public may see of it, and until when the attempts under that key count.
pub fn public(
    conn: &mut Conn,
    number: &CaseNumber,
    attempts_key: &str,
) -> Result<Option<(Stamp, PublicOverview)>, StoreError> {
    type Row = (
        StateRow,
        Option<ShownPerson>,
        EventRow,
        (Option<i64>, Option<i64>),
        Stamp,
    );
    let rated = satisfaction::table.filter(satisfaction::dossier_id.eq(dossiers::id));
    let query = dossiers::table
        .inner_join(dossier_events::table.on(dossier_events::dossier_id.eq(dossiers::id)))
        .left_join(people::table.on(people::id.eq(dossiers::applicant_id)))
        .filter(dossiers::case_number.eq(number.as_str()))
        // Hand-overs inside the office are its own business.
        .filter(dossier_events::kind.ne(EventData::HANDED_OVER))
        .filter(dossier_events::kind.ne(EventData::HANDS_CHANGED))
        .order(dossier_events::sequence)
        .select((
            state!(),
            persons::shown!().nullable(),
            (
                dossier_events::kind,
                dossier_events::at,
                dossier_events::data,
            ),
            (
                attempts::table
                    .find(attempts_key)
                    .select(attempts::counts_to)
                    .single_value(),
                rated.select(satisfaction::at).single_value(),
            ),
            stamp!(),
        ));
    let rows: Vec<Row> = on_either!(conn, |conn| query.load(conn))?;
    let history = rows.iter().map(|row| event(&row.2));
    let history = history.collect::<Result<Vec<_>, _>>()?;
    let Some((state, applicant, _, (counts_to, rated_at), stamp)) = rows.into_iter().next() else {
        return Ok(None);
    };
    let state = state.state()?;
    let applicant = applicant.map(Person::try_from).transpose()?;
    let delegate = match state.delegate {
        Some(id) => persons::find_many(conn, [id])?.remove(&id),
        None => None,
    };
    let found = PublicOverview {
        state,
        applicant: applicant.unwrap_or_else(|| Person::named("")),
        delegate,
        history,
        attempts_count_to: counts_to.map(Moment::from_unix_millis),
        rated_at: rated_at.map(Moment::from_unix_millis),
    };
    Ok(Some((stamp, found)))
}

fn standing(conn: &mut Conn, key: &Key) -> Result<Option<(Stamp, Standing)>, StoreError> {
    type Row = (i32, i32, Option<i32>, i32, bool, Option<i64>, Stamp);
    let query = dossiers::table.select((
        dossiers::unit_id,
        dossiers::holder_id,
        dossiers::receiving_id,
        dossiers::version,
        dossiers::overdue,
        dossiers::late_at,
        stamp!(),
    ));
    let row: Option<Row> = match key {
        Key::Id(id) => {
            let query = query.filter(dossiers::id.eq(id.bytes().to_vec()));
            on_either!(conn, |conn| query.first(conn))
        }
        Key::Number(number) => {
            let query = query.filter(dossiers::case_number.eq(number.as_str()));
            on_either!(conn, |conn| query.first(conn))
        }
    }
    .optional()?;
    row.map(
        |(unit, holder, receiving, number, overdue, late_at, stamp)| {
            let standing = Standing {
                unit: UnitId(unit),
                holder: UnitId(holder),
                receiving: receiving.map(UnitId),
                version: version(number)?,
                crosses_at: late_at.filter(|_| !overdue).map(Moment::from_unix_millis),
            };
            Ok((stamp, standing))
        },
    )
    .transpose()
}

/// With the reference data of the same moment.
type WithReference<T> = (std::sync::Arc<Reference>, T);

impl Store {
    /// A dossier as the desk sees it.
    pub fn overview(&self, key: &Key) -> Result<Option<WithReference<Overview>>, StoreError> {
        self.read_stamped(|conn| overview(conn, key))
    }

    /// A dossier as the public may see it, and until when the attempts under that key count.
    pub fn public_overview(
        &self,
        number: &CaseNumber,
        attempts_key: &str,
    ) -> Result<Option<WithReference<PublicOverview>>, StoreError> {
        self.read_stamped(|conn| public(conn, number, attempts_key))
    }

    /// Where a dossier lies, and how far it is: one row.
    pub fn standing(&self, key: &Key) -> Result<Option<WithReference<Standing>>, StoreError> {
        self.read_stamped(|conn| standing(conn, key))
    }
}
