//! Lists of dossiers: walks along one index each, merged. A page costs what it shows, whatever the
//! number of dossiers, and of units and procedures that the reader may see.

use std::cmp::Ordering;

use diesel::prelude::*;
use diesel::sql_types::Bool;

use crate::domain::dossier::{Channel, Status};
use crate::domain::ids::{DossierId, PersonId, ProcedureId, UnitId, UserId};
use crate::domain::moment::Moment;
use crate::domain::time_limit::Outcome;
use crate::domain::unit::Units;
use crate::store::cursor::{Going, past};
use crate::store::dossiers::{dossier_id, outcome_of};
use crate::store::open_dossiers::is_late;
use crate::store::reference::Reference;
use crate::store::schema::dossiers;
use crate::store::{Conn, StoreError};

/// How many dossiers a walk looks at for one page before it answers with what it has found. Filters
/// that hardly anything passes then give short pages, never slow ones.
const BUDGET: usize = 3000;

/// For how many walks each has the whole of it; more of them share.
const WALKS: usize = 6;

/// The most rows that a walk fetches at once.
const CHUNK: usize = 512;

/// What a list holds, and in what order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// Everything, by when it came in, newest first.
    Entered,
    /// What was submitted online and waits to be taken in, newest first.
    Registered,
    /// All that are received and not closed, those that wait included, by due moment.
    Due,
    /// Running and promised from `now` to before the moment given, by that moment: the due moment, or along
    /// [`Along::Appointed`] the new appointment.
    NearDue { now: Moment, before: Moment },
    /// Open and overdue at `now`, recorded or not yet, by the moment since which they are.
    Overdue { now: Moment },
    /// Closed after the moment at which they were due, newest first.
    ClosedLate,
}

impl Order {
    const fn newest_first(self) -> bool {
        matches!(self, Self::Entered | Self::Registered | Self::ClosedLate)
    }

    /// Where a dossier stands in such a list; `None`: in none.
    pub fn place(self, listed: &Listed) -> Option<Position> {
        let moment = match self {
            Self::Entered | Self::Registered => Some(listed.entered_at),
            Self::Due => listed.due.filter(|_| listed.status.is_open()),
            Self::NearDue { .. } => {
                let promised = listed.appointment.or(listed.due);
                promised.filter(|_| listed.status.is_open())
            }
            Self::Overdue { .. } => listed.late_at,
            Self::ClosedLate => listed.closed_at,
        };
        moment.map(|moment| (moment, listed.id))
    }
}

/// Along which index a walk goes. A list is the union of its walks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Along {
    All,
    /// The unit answers for it.
    Unit(UnitId),
    /// Its unit lies under the area (see [`Units::area_of`]).
    Area(UnitId),
    /// The unit has it on its desk.
    Holder(UnitId),
    HolderArea(UnitId),
    /// The unit's desk took it in for another unit.
    Receiving(UnitId),
    /// It was closed in the unit, and has gone to a successor since; for [`Order::ClosedLate`] only.
    ClosedIn(UnitId),
    Assignee(UserId),
    Procedure(ProcedureId),
    /// All with a new appointment, by it; for [`Order::NearDue`] only.
    Appointed,
}

/// The dossiers of a unit and of all under it, as few walks as the tree allows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reach {
    All,
    Area {
        area: UnitId,
        /// The units under it, and those that it goes on with.
        units: Vec<UnitId>,
        /// Those of them whose dossiers are not all listed under it.
        moving: Vec<UnitId>,
    },
    /// Single units, by id: a leaf of the tree, or what lies deeper than an area.
    Units(Vec<UnitId>),
}

impl Reach {
    pub fn of(reference: &Reference, root: UnitId) -> Self {
        let units = reference.units();
        if units.is_whole(root) {
            return Self::All;
        }
        let under = units.under(root);
        let reached = reference.reached_by(root);
        if units.area_of(root) == Some(root) && under.len() > 1 {
            let moving = reference.moving();
            let elsewhere = |id: &UnitId| moving.contains(id) || under.binary_search(id).is_err();
            Self::Area {
                area: root,
                moving: reached.iter().copied().filter(elsewhere).collect(),
                units: reached,
            }
        } else {
            Self::Units(reached)
        }
    }

    /// By the unit that answers.
    pub fn by_unit(&self) -> Vec<Along> {
        match self {
            Self::All => vec![Along::All],
            Self::Area { area, moving, .. } => {
                let moving = moving.iter().copied().map(Along::Unit);
                std::iter::once(Along::Area(*area)).chain(moving).collect()
            }
            Self::Units(units) => units.iter().copied().map(Along::Unit).collect(),
        }
    }

    /// By the unit that has it on its desk; nothing where the other walks have it all.
    pub fn by_holder(&self) -> Vec<Along> {
        match self {
            Self::All => Vec::new(),
            Self::Area { area, moving, .. } => {
                let moving = moving.iter().copied().map(Along::Holder);
                std::iter::once(Along::HolderArea(*area))
                    .chain(moving)
                    .collect()
            }
            Self::Units(units) => units.iter().copied().map(Along::Holder).collect(),
        }
    }

    /// By the desk that took it in for another unit: of single units, which have a desk.
    pub fn by_receiving(&self) -> Vec<Along> {
        match self {
            Self::All | Self::Area { .. } => Vec::new(),
            Self::Units(units) => units.iter().copied().map(Along::Receiving).collect(),
        }
    }

    /// By the unit that closed it and has a successor that keeps the result.
    pub fn by_closing(&self, units: &Units) -> Vec<Along> {
        let of = match self {
            Self::All => &[][..],
            Self::Area { units, .. } | Self::Units(units) => units,
        };
        let ended = of.iter().filter(|unit| units.has_successors(**unit));
        ended.copied().map(Along::ClosedIn).collect()
    }

    /// Whether a dossier with these units is within reach, wherever it is listed.
    pub fn covers(&self, listed: &Listed) -> bool {
        match self {
            Self::All => true,
            Self::Area { units, .. } | Self::Units(units) => {
                let has = |unit| units.binary_search(unit).is_ok();
                listed.closed_in.as_ref().is_some_and(has)
                    || has(&listed.unit)
                    || has(&listed.holder)
                    || listed.receiving.as_ref().is_some_and(has)
            }
        }
    }
}

/// A dossier as lists show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    pub id: DossierId,
    pub case_number: String,
    pub procedure: ProcedureId,
    pub unit: UnitId,
    pub holder: UnitId,
    /// The desk that took it in, if it is another unit's.
    pub receiving: Option<UnitId>,
    /// Where it was closed, if it has gone to a successor since.
    pub closed_in: Option<UnitId>,
    pub area: Option<UnitId>,
    pub holder_area: Option<UnitId>,
    pub channel: Channel,
    pub applicant: PersonId,
    pub status: Status,
    pub entered_at: Moment,
    pub received_at: Option<Moment>,
    pub due: Option<Moment>,
    /// When it became, or will become, overdue while open.
    pub late_at: Option<Moment>,
    pub overdue: bool,
    pub appointment: Option<Moment>,
    pub step: u8,
    pub assignee: Option<UserId>,
    pub outcome: Option<Outcome>,
    pub closed_at: Option<Moment>,
    pub version: u32,
}

impl Listed {
    /// The unit for which reports count its closing, or that answers for it while it is open.
    pub fn counted_in(&self) -> UnitId {
        self.closed_in.unwrap_or(self.unit)
    }
}

/// Where a dossier stands in a list.
pub type Position = (Moment, DossierId);

/// A page of a list.
#[derive(Debug, Clone)]
pub struct Page {
    pub rows: Vec<Listed>,
    /// Where the next page begins; `None` at the end. A page may hold fewer rows than asked for,
    /// even none, and yet have a next one.
    pub next: Option<Position>,
}

/// The rest of a moment's range: what the index's own column may be.
#[derive(Debug, Clone, Copy, Default)]
pub struct Within {
    pub from: Option<Moment>,
    /// Not included.
    pub before: Option<Moment>,
}

impl Within {
    pub fn contains(&self, moment: Option<Moment>) -> bool {
        match moment {
            None => self.from.is_none() && self.before.is_none(),
            Some(moment) => {
                self.from.is_none_or(|from| from <= moment)
                    && self.before.is_none_or(|before| moment < before)
            }
        }
    }
}

/// What is asked of a list.
pub struct Query<'a> {
    pub order: Order,
    pub walks: Vec<Along>,
    /// Of the order's own column.
    pub within: Within,
    pub after: Option<Position>,
    pub limit: usize,
    /// The filters that no index carries.
    pub keep: &'a dyn Fn(&Listed) -> bool,
}

/// A page of a list.
pub fn list(conn: &mut Conn, query: &Query<'_>) -> Result<Page, StoreError> {
    let compare = |a: &Position, b: &Position| match query.order.newest_first() {
        true => b.cmp(a),
        false => a.cmp(b),
    };
    let mut rows: Vec<(Position, Listed)> = Vec::new();
    // Up to here every walk has been; behind it, some may have more.
    let mut frontier: Option<Position> = None;
    for along in &query.walks {
        let stopped = walk(conn, query, *along, &mut rows)?;
        frontier = match (frontier, stopped) {
            (Some(a), Some(b)) => Some(if compare(&a, &b) == Ordering::Greater {
                b
            } else {
                a
            }),
            (a, b) => a.or(b),
        };
    }
    rows.sort_by(|(a, _), (b, _)| compare(a, b));
    rows.dedup_by_key(|(position, _)| *position);
    if let Some(frontier) = frontier {
        rows.retain(|(position, _)| compare(position, &frontier) != Ordering::Greater);
    }
    let next = if rows.len() > query.limit {
        rows.truncate(query.limit);
        rows.last().map(|(position, _)| *position)
    } else {
        frontier
    };
    Ok(Page {
        rows: rows.into_iter().map(|(_, listed)| listed).collect(),
        next,
    })
}

/// One walk. Returns where it stopped if it did before its end.
fn walk(
    conn: &mut Conn,
    query: &Query<'_>,
    along: Along,
    found: &mut Vec<(Position, Listed)>,
) -> Result<Option<Position>, StoreError> {
    let share = BUDGET * WALKS / query.walks.len().max(WALKS);
    let budget = share.max(CHUNK);
    let mut after = query.after;
    let (mut kept, mut seen, mut chunk) = (0, 0, query.limit + 1);
    loop {
        let page = fetch(conn, query, along, after, chunk)?;
        let at_end = page.len() < chunk;
        seen += page.len();
        for row in page {
            let (position, listed) = row?;
            after = Some(position);
            if (query.keep)(&listed) {
                found.push((position, listed));
                kept += 1;
                if kept > query.limit {
                    return Ok(after);
                }
            }
        }
        if at_end {
            return Ok(None);
        }
        if seen >= budget {
            return Ok(after);
        }
        chunk = (chunk * 2).min(CHUNK);
    }
}

#[derive(Queryable)]
struct Row {
    id: Vec<u8>,
    case_number: String,
    procedure_id: i32,
    unit_id: i32,
    holder_id: i32,
    receiving_id: Option<i32>,
    closed_in_id: Option<i32>,
    area_id: Option<i32>,
    holder_area_id: Option<i32>,
    channel: i16,
    applicant_id: Vec<u8>,
    status: i16,
    entered_at: i64,
    received_at: Option<i64>,
    due_at: Option<i64>,
    open_due_at: Option<i64>,
    late_at: Option<i64>,
    overdue: bool,
    appointment_at: Option<i64>,
    step: i16,
    assignee_id: Option<i32>,
    outcome: Option<i16>,
    closed_at: Option<i64>,
    version: i32,
}

/// The columns of a [`Row`].
macro_rules! columns {
    () => {
        (
            dossiers::id,
            dossiers::case_number,
            dossiers::procedure_id,
            dossiers::unit_id,
            dossiers::holder_id,
            dossiers::receiving_id,
            dossiers::closed_in_id,
            dossiers::area_id,
            dossiers::holder_area_id,
            dossiers::channel,
            dossiers::applicant_id,
            dossiers::status,
            dossiers::entered_at,
            dossiers::received_at,
            dossiers::due_at,
            dossiers::open_due_at,
            dossiers::late_at,
            dossiers::overdue,
            dossiers::appointment_at,
            dossiers::step,
            dossiers::assignee_id,
            dossiers::outcome,
            dossiers::closed_at,
            dossiers::version,
        )
    };
}

impl Row {
    fn read(self, order: Order, along: Along) -> Result<(Position, Listed), StoreError> {
        let moment = |millis: Option<i64>| millis.map(Moment::from_unix_millis);
        let position = match order {
            Order::Entered | Order::Registered => Some(self.entered_at),
            Order::NearDue { .. } if along == Along::Appointed => self.appointment_at,
            Order::Due | Order::NearDue { .. } => self.open_due_at,
            Order::Overdue { .. } => self.late_at,
            Order::ClosedLate => self.closed_at,
        };
        let listed = self.listed()?;
        let position = moment(position).ok_or_else(|| StoreError::corrupt("dossiers.late_at"))?;
        Ok(((position, listed.id), listed))
    }

    fn listed(self) -> Result<Listed, StoreError> {
        let corrupt = |column: &str| StoreError::corrupt(format!("dossiers.{column}"));
        let moment = |millis: Option<i64>| millis.map(Moment::from_unix_millis);
        let outcome = self.outcome.map(outcome_of).transpose()?;
        Ok(Listed {
            id: dossier_id(&self.id)?,
            case_number: self.case_number,
            procedure: ProcedureId(self.procedure_id),
            unit: UnitId(self.unit_id),
            holder: UnitId(self.holder_id),
            receiving: self.receiving_id.map(UnitId),
            closed_in: self.closed_in_id.map(UnitId),
            area: self.area_id.map(UnitId),
            holder_area: self.holder_area_id.map(UnitId),
            channel: Channel::from_code(self.channel).ok_or_else(|| corrupt("channel"))?,
            applicant: PersonId::from_slice(&self.applicant_id)
                .ok_or_else(|| corrupt("applicant_id"))?,
            status: Status::from_code(self.status).ok_or_else(|| corrupt("status"))?,
            entered_at: Moment::from_unix_millis(self.entered_at),
            received_at: moment(self.received_at),
            due: moment(self.due_at),
            late_at: moment(self.late_at),
            overdue: self.overdue,
            appointment: moment(self.appointment_at),
            step: u8::try_from(self.step).map_err(|_| corrupt("step"))?,
            assignee: self.assignee_id.map(UserId),
            outcome,
            closed_at: moment(self.closed_at),
            version: u32::try_from(self.version).map_err(|_| corrupt("version"))?,
        })
    }
}

/// Several dossiers, in no particular order.
pub fn by_ids(conn: &mut Conn, ids: &[DossierId]) -> Result<Vec<Listed>, StoreError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<Vec<u8>> = ids.iter().map(|id| id.bytes().to_vec()).collect();
    let rows: Vec<Row> = dossiers::table
        .filter(dossiers::id.eq_any(ids))
        .select(columns!())
        .load(conn)?;
    rows.into_iter().map(Row::listed).collect()
}

type Found = Result<(Position, Listed), StoreError>;

fn fetch(
    conn: &mut Conn,
    query: &Query<'_>,
    along: Along,
    after: Option<Position>,
    limit: usize,
) -> Result<Vec<Found>, StoreError> {
    let mut sql = dossiers::table
        .select(columns!())
        .limit(i64::try_from(limit).unwrap_or(i64::MAX))
        .into_boxed();
    sql = match along {
        Along::All | Along::Appointed => sql,
        Along::Unit(id) => sql.filter(dossiers::unit_id.eq(id.0)),
        Along::Area(id) => sql.filter(dossiers::area_id.eq(id.0)),
        Along::Holder(id) => sql.filter(dossiers::holder_id.eq(id.0)),
        Along::HolderArea(id) => sql.filter(dossiers::holder_area_id.eq(id.0)),
        Along::Receiving(id) => sql
            .filter(dossiers::receiving_id.eq(id.0))
            // What the partial index says.
            .filter(dossiers::receiving_id.is_not_null()),
        Along::ClosedIn(id) => sql
            .filter(dossiers::closed_in_id.eq(id.0))
            // What the partial index says.
            .filter(dossiers::closed_in_id.is_not_null()),
        Along::Assignee(id) => sql
            .filter(dossiers::assignee_id.eq(id.0))
            // What the partial index says; it makes no difference otherwise.
            .filter(dossiers::assignee_id.is_not_null()),
        Along::Procedure(id) => sql.filter(dossiers::procedure_id.eq(id.0)),
    };
    let place = after.map(|(position, id)| (position.unix_millis(), id.bytes().to_vec()));
    // One lower and one upper bound: SQLite would go from the first of two.
    let (mut from, mut before) = (query.within.from, query.within.before);
    match query.order {
        Order::NearDue { now, before: end } if along == Along::Appointed => {
            // What is asked of the due moment is for the filters.
            (from, before) = (Some(now), Some(end));
        }
        Order::NearDue { now, before: end } => {
            from = from.max(Some(now));
            before = before.map_or(Some(end), |before| Some(before.min(end)));
        }
        // Up to now, with what has crossed at this very moment and is on record.
        Order::Overdue { now } => {
            let end = now.plus_millis(1);
            before = before.map_or(Some(end), |before| Some(before.min(end)));
        }
        Order::Entered | Order::Registered | Order::Due | Order::ClosedLate => {}
    }
    let from = from.map(Moment::unix_millis);
    let before = before.map(Moment::unix_millis);
    macro_rules! along {
        ($column:expr, newest_first) => {{
            if let Some(from) = from {
                sql = sql.filter($column.ge(from));
            }
            match place {
                Some(last) => {
                    let columns = ($column, dossiers::id);
                    sql = sql.filter(past(Going::Down, columns, last));
                }
                None => {
                    if let Some(before) = before {
                        sql = sql.filter($column.lt(before));
                    }
                }
            }
            sql = sql.order(($column.desc(), dossiers::id.desc()));
        }};
        ($column:expr, first_due_first) => {{
            if let Some(before) = before {
                sql = sql.filter($column.lt(before));
            }
            match place {
                Some(last) => {
                    let columns = ($column, dossiers::id);
                    sql = sql.filter(past(Going::Up, columns, last));
                }
                None => {
                    if let Some(from) = from {
                        sql = sql.filter($column.ge(from));
                    }
                }
            }
            sql = sql.order(($column, dossiers::id));
        }};
    }
    match query.order {
        Order::Entered => along!(dossiers::entered_at, newest_first),
        Order::Registered => {
            // The literal is the index's: a bound parameter would not match it.
            sql = sql.filter(diesel::dsl::sql::<Bool>("status = 1"));
            along!(dossiers::entered_at, newest_first);
        }
        Order::Due => {
            sql = sql.filter(dossiers::open_due_at.is_not_null());
            along!(dossiers::open_due_at, first_due_first);
        }
        Order::NearDue { .. } if along == Along::Appointed => {
            let running = [Status::Received, Status::InProgress].map(Status::code);
            sql = sql
                .filter(dossiers::appointment_at.is_not_null())
                .filter(dossiers::open_due_at.is_not_null())
                .filter(dossiers::status.eq_any(running));
            along!(dossiers::appointment_at, first_due_first);
        }
        Order::NearDue { .. } => {
            sql = sql
                .filter(dossiers::open_due_at.is_not_null())
                .filter(dossiers::watch_at.is_not_null())
                .filter(dossiers::appointment_at.is_null());
            along!(dossiers::open_due_at, first_due_first);
        }
        Order::Overdue { now } => {
            sql = sql
                .filter(dossiers::late_at.is_not_null())
                .filter(is_late!(now.unix_millis()));
            along!(dossiers::late_at, first_due_first);
        }
        Order::ClosedLate => {
            sql = sql.filter(diesel::dsl::sql::<Bool>("outcome = 3"));
            along!(dossiers::closed_at, newest_first);
        }
    }
    let rows: Vec<Row> = sql.load(conn)?;
    let rows = rows.into_iter();
    Ok(rows.map(|row| row.read(query.order, along)).collect())
}
