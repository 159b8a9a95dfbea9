//! Day after day, the dossiers of the scenario in the order in which they come in.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::mpsc::SyncSender;

use chrono::NaiveDate;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::domain::case_number::CaseNumber;
use crate::domain::dossier::Channel;
use crate::domain::ids::UnitId;
use crate::domain::moment::{Moment, WorkingTime};
use crate::domain::period::Period;
use crate::domain::procedure::Procedure;
use crate::domain::tally::Tallies;
use crate::domain::time_limit::LimitUnit;
use crate::domain::timetable::Timetable;
use crate::domain::unit::{Level, Unit};
use crate::store::dossiers::WholeHistory;
use crate::store::reference::Reference;
use crate::tools::ToolError;
use crate::tools::scenario::calendar_spread::Spread;
use crate::tools::scenario::fate::{Fate, Fates};
use crate::tools::scenario::figures::Figures;
use crate::tools::scenario::life::{Outline, Stage, live};
use crate::tools::scenario::staff::Desk;
use crate::tools::scenario::{Options, people};

/// Dossiers in one batch: what the database takes at once.
const BATCH: usize = 1000;

pub(crate) type Batches = SyncSender<Batch>;

/// Dossiers with their histories, ready to be written.
pub(crate) struct Batch {
    pub(crate) histories: Vec<WholeHistory>,
    /// What they change in the counts.
    pub(crate) changes: Tallies,
    /// Case numbers that they use up, by unit and day.
    pub(crate) numbers: Vec<(UnitId, NaiveDate, u32)>,
    /// How many dossiers there will be in all.
    pub(crate) total: u64,
}

/// Makes the dossiers.
pub(crate) struct Producer<'a> {
    reference: &'a Reference,
    staff: &'a HashMap<UnitId, Desk>,
    timetable: Arc<Timetable>,
    period: Period,
    /// Nothing happens after this.
    end: Moment,
    spread: Spread,
    levels: BTreeMap<Level, LevelPlan>,
    seed: u64,
    total: u64,
}

/// What the dossiers of a level are picked from.
struct LevelPlan {
    received: u64,
    fates: Fates,
    units: Vec<Arc<Unit>>,
    procedures: Vec<Arc<Procedure>>,
    /// Sums of the procedures' weights.
    cumulative: Vec<u64>,
    /// Positions of procedures by nominal length, the shortest first.
    by_length: Vec<usize>,
}

/// A dossier to come.
struct Planned {
    level: Level,
    unit: Arc<Unit>,
    procedure: Arc<Procedure>,
    channel: Channel,
    fate: Fate,
    received: Moment,
    registered: Option<Moment>,
}

impl Planned {
    fn begins(&self) -> Moment {
        self.registered.unwrap_or(self.received)
    }
}

impl<'a> Producer<'a> {
    pub(crate) fn new(
        reference: &'a Reference,
        staff: &'a HashMap<UnitId, Desk>,
        figures: &Figures,
        period: Period,
        options: &Options,
    ) -> Result<Self, ToolError> {
        let any = reference.units().all();
        let first = any.first().ok_or(ToolError::NoUnit(Level::Province))?;
        let timetable = reference.timetable(first.id).ok_or(ToolError::NoCalendar)?;
        timetable.calendar().ensure_covers(period.from)?;
        timetable.calendar().ensure_covers(period.to)?;
        let days: Vec<_> = timetable.working_days(period.from, period.to).collect();
        if days.is_empty() {
            return Err(ToolError::NoWorkingDays(period));
        }
        let mut rng = ChaCha8Rng::seed_from_u64(options.seed);
        let spread = Spread::new(days, &mut rng);
        let mut levels = BTreeMap::new();
        for (level, figures) in &figures.levels {
            if figures.received == 0 {
                continue;
            }
            let (first, last) = (period.from, period.to);
            let units: Vec<_> = any
                .iter()
                .filter(|unit| unit.level == *level && unit.parent.is_some())
                .filter(|unit| unit.is_open_on(first) && unit.is_open_on(last))
                .map(|unit| Arc::clone(unit))
                .collect();
            if units.is_empty() {
                return Err(ToolError::NoUnit(*level));
            }
            let plan = LevelPlan::new(
                *level,
                figures.received,
                Fates::new(*figures),
                units,
                reference,
            );
            levels.insert(*level, plan);
        }
        Ok(Self {
            reference,
            staff,
            timetable: Arc::clone(timetable),
            period,
            end: Moment::at(period.to, chrono::NaiveTime::MIN).plus_millis(24 * 3_600_000 - 60_000),
            spread,
            total: levels.values().map(|plan| plan.received).sum(),
            levels,
            seed: options.seed,
        })
    }

    /// Makes everything and sends it in batches. Ends early without an error if the receiver goes
    /// away: it has an error of its own to tell.
    pub(crate) fn run(mut self, batches: Batches) -> Result<(), ToolError> {
        let mut batch = self.empty_batch();
        for index in 0..self.spread.days().len() {
            let day = self.spread.days()[index];
            // A seed of its own for every day: what changes on one leaves the others alone.
            let day_seed = self.seed ^ (index as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
            let mut rng = ChaCha8Rng::seed_from_u64(day_seed);
            let planned = self.plan_day(index, day, &mut rng)?;
            let mut numbers: HashMap<UnitId, u32> = HashMap::new();
            for planned in planned {
                let last = numbers.entry(planned.unit.id).or_default();
                *last += 1;
                let number =
                    CaseNumber::new(&planned.unit.code, day, *last, self.reference.norms());
                let history = self.live(&planned, number, &mut batch.changes, &mut rng)?;
                batch.histories.push(history);
                if batch.histories.len() == BATCH {
                    let full = std::mem::replace(&mut batch, self.empty_batch());
                    if batches.send(full).is_err() {
                        return Ok(());
                    }
                }
            }
            let used = numbers.into_iter().map(|(unit, count)| (unit, day, count));
            batch.numbers.extend(used);
        }
        // A receiver that has gone away has its own error to tell.
        let _ = batches.send(batch);
        Ok(())
    }

    fn empty_batch(&self) -> Batch {
        Batch {
            histories: Vec::with_capacity(BATCH),
            changes: Tallies::new(),
            numbers: Vec::new(),
            total: self.total,
        }
    }

    /// The dossiers of a day in the order in which they begin.
    fn plan_day(
        &mut self,
        index: usize,
        day: NaiveDate,
        rng: &mut ChaCha8Rng,
    ) -> Result<Vec<Planned>, ToolError> {
        let mut planned = Vec::new();
        let days_left = self.spread.days().len() - index - 1;
        let room = u32::try_from(days_left)
            .unwrap_or(u32::MAX)
            .saturating_mul(8);
        for (level, plan) in &mut self.levels {
            for _ in 0..self.spread.on_day(index, plan.received) {
                let fate = plan.fates.next();
                let procedure = plan.pick_procedure(*level, day, fate, room, rng)?;
                let unit = plan.pick_unit(&procedure, self.reference, rng);
                // What must be overdue by tonight comes in while same-day procedures are due today.
                let first_part = fate == Fate::Overdue && room == 0;
                let received = receipt(&self.timetable, day, self.period, first_part, rng)?;
                let channel = match rng.random_range(0..100) {
                    0..25 => Channel::Online,
                    25..28 => Channel::Postal,
                    _ => Channel::Direct,
                };
                let registered = (channel == Channel::Online)
                    .then(|| received.plus_millis(-1000 * rng.random_range(300..7200)));
                planned.push(Planned {
                    level: *level,
                    unit,
                    procedure,
                    channel,
                    fate,
                    received,
                    registered,
                });
            }
        }
        planned.sort_by_key(Planned::begins);
        Ok(planned)
    }

    fn live(
        &self,
        planned: &Planned,
        number: CaseNumber,
        changes: &mut Tallies,
        rng: &mut ChaCha8Rng,
    ) -> Result<WholeHistory, ToolError> {
        let stage = Stage {
            units: self.reference.units(),
            norms: self.reference.norms(),
            timetable: self
                .reference
                .timetable(planned.unit.id)
                .unwrap_or(&self.timetable),
            end: self.end,
            staff: self.staff,
        };
        let outline = Outline {
            unit: &planned.unit,
            level: planned.level,
            procedure: &planned.procedure,
            channel: planned.channel,
            fate: planned.fate,
            received: planned.received,
            registered: planned.registered,
        };
        let lived = live(&stage, &outline, number, rng)?;
        let person = people::applicant(rng);
        let person = (lived.applicant, &person);
        let units = self.reference.units();
        let history = WholeHistory::new(lived.id, &lived.events, person, units, changes)?;
        Ok(history)
    }
}

/// A moment of the day at which the desk is open, with some time left.
fn receipt(
    timetable: &Timetable,
    day: NaiveDate,
    period: Period,
    first_part: bool,
    rng: &mut ChaCha8Rng,
) -> Result<Moment, ToolError> {
    let morning = timetable.next_opening(Moment::at(day, chrono::NaiveTime::MIN))?;
    let close = timetable
        .close_of(day)?
        .ok_or(ToolError::NoWorkingDays(period))?;
    let open = timetable.working_between(morning, close)?;
    // Half an hour before closing time the last number is drawn.
    let latest = (open.millis() - 30 * 60_000).max(1);
    let latest = if first_part { latest / 2 } else { latest };
    let at = rng.random_range(0..latest) / 1000 * 1000;
    Ok(timetable.advance(morning, WorkingTime::from_millis(at))?)
}

impl LevelPlan {
    fn new(
        level: Level,
        received: u64,
        fates: Fates,
        units: Vec<Arc<Unit>>,
        reference: &Reference,
    ) -> Self {
        let procedures: Vec<Arc<Procedure>> = reference
            .procedures()
            .into_iter()
            .filter(|procedure| procedure.definition.levels.contains(&level))
            .map(Arc::clone)
            .collect();
        let mut sum = 0;
        let cumulative = procedures
            .iter()
            .enumerate()
            .map(|(i, procedure)| {
                let definition = &procedure.definition;
                let real = !definition.code.starts_with("8.");
                // People come for the well-known ones; chứng thực and hộ tịch fill the communes.
                let weight = match (real, definition.statutory_limit.unit) {
                    (true, LimitUnit::SameDay) => 400,
                    (true, _) => 60,
                    (false, _) => 1 + 12 / (1 + i as u64 % 12),
                };
                sum += weight;
                sum
            })
            .collect();
        let mut by_length: Vec<usize> = (0..procedures.len()).collect();
        by_length.sort_by_key(|i| nominal_hours(&procedures[*i]));
        Self {
            received,
            fates,
            units,
            procedures,
            cumulative,
            by_length,
        }
    }

    /// A procedure in force on the day. `room` is the working time after the day, in hours.
    fn pick_procedure(
        &self,
        level: Level,
        day: NaiveDate,
        fate: Fate,
        room: u32,
        rng: &mut ChaCha8Rng,
    ) -> Result<Arc<Procedure>, ToolError> {
        let in_force = |i: &usize| self.procedures[*i].definition.is_in_force_on(day);
        let whole = self.cumulative.last().copied().unwrap_or(0);
        let fits = |i: &usize| match fate {
            // Short enough to be overdue in time.
            Fate::Overdue => nominal_hours(&self.procedures[*i]) + 8 <= room.min(11 * 8),
            // Long enough to be still under way at the end, most of them.
            Fate::InProgress => nominal_hours(&self.procedures[*i]) >= 7 * 8,
            Fate::InTime => true,
        };
        for _ in 0..40 {
            if whole == 0 {
                break;
            }
            let at = rng.random_range(0..whole);
            let i = self.cumulative.partition_point(|sum| *sum <= at);
            if in_force(&i) && fits(&i) {
                return Ok(Arc::clone(&self.procedures[i]));
            }
        }
        let mut shortest = self.by_length.iter();
        let found = match fate {
            Fate::InProgress => shortest.rev().find(|i| in_force(i)),
            Fate::InTime | Fate::Overdue => shortest.find(|i| in_force(i)),
        };
        found
            .map(|i| Arc::clone(&self.procedures[*i]))
            .ok_or(ToolError::NoProcedure(level, day))
    }

    fn pick_unit(
        &self,
        procedure: &Procedure,
        reference: &Reference,
        rng: &mut ChaCha8Rng,
    ) -> Arc<Unit> {
        let department = procedure.definition.department.as_deref();
        let department = department.and_then(|code| reference.units().by_code(code));
        match department {
            Some(unit) if self.units.iter().any(|u| u.id == unit.id) => Arc::clone(unit),
            // Towns are busier than mountain communes.
            _ => {
                let n = self.units.len();
                let i = rng.random_range(0..n).min(rng.random_range(0..n));
                Arc::clone(&self.units[i])
            }
        }
    }
}

fn nominal_hours(procedure: &Procedure) -> u32 {
    let limit = procedure.definition.promised_limit();
    let quarters = limit.amount.unwrap_or_default().quarters();
    match limit.unit {
        LimitUnit::WorkingDay => quarters.saturating_mul(2),
        LimitUnit::CalendarDay => quarters.saturating_mul(6) / 4,
        LimitUnit::Hour => quarters / 4,
        LimitUnit::SameDay | LimitUnit::ByHand => 4,
        LimitUnit::Month => quarters.saturating_mul(6 * 30) / 4,
        LimitUnit::Year => quarters.saturating_mul(6 * 365) / 4,
    }
}
