//! The life of one dossier of a scenario, acted out against the rules of the domain.

use chrono::NaiveDate;
use rand::Rng;
use rand_chacha::ChaCha8Rng;

use crate::domain::case_number::CaseNumber;
use crate::domain::dossier::{
    Action, Channel, Context, Decision, Dossier, Event, FeeAsked, ItemHandedIn, NewDossier, Paper,
    PaymentMethod, Staff, decide,
};
use crate::domain::ids::{Actor, DossierId, PersonId, UnitId, UserId};
use crate::domain::moment::{Moment, WorkingTime};
use crate::domain::norms::Norms;
use crate::domain::procedure::{Procedure, StepRole};
use crate::domain::role::Role;
use crate::domain::time_limit::LimitUnit;
use crate::domain::timetable::Timetable;
use crate::domain::unit::{Level, Unit, Units};
use crate::tools::ToolError;
use crate::tools::scenario::fate::Fate;
use crate::tools::scenario::staff::Desk;

/// What is settled about a dossier before it begins.
pub(crate) struct Outline<'a> {
    pub(crate) unit: &'a Unit,
    pub(crate) level: Level,
    pub(crate) procedure: &'a Procedure,
    pub(crate) channel: Channel,
    pub(crate) fate: Fate,
    /// Of the receipt, in working time.
    pub(crate) received: Moment,
    /// Of a citizen's online registration before it.
    pub(crate) registered: Option<Moment>,
}

/// What all dossiers share.
pub(crate) struct Stage<'a> {
    pub(crate) units: &'a Units,
    pub(crate) norms: &'a Norms,
    pub(crate) timetable: &'a Timetable,
    /// Nothing happens after this.
    pub(crate) end: Moment,
    pub(crate) staff: &'a std::collections::HashMap<UnitId, Desk>,
}

/// A dossier that has lived up to the end of the period.
pub(crate) struct Lived {
    pub(crate) id: DossierId,
    pub(crate) applicant: PersonId,
    pub(crate) events: Vec<Event>,
}

/// Who acts, and as what.
#[derive(Clone, Copy)]
struct By {
    actor: Actor,
    /// `None`: nobody of the staff.
    role: Option<Role>,
}

impl By {
    const fn staff(user: UserId, role: Role) -> Self {
        Self {
            actor: Actor::Staff(user),
            role: Some(role),
        }
    }

    const fn other(actor: Actor) -> Self {
        Self { actor, role: None }
    }
}

struct Life<'a> {
    stage: &'a Stage<'a>,
    outline: &'a Outline<'a>,
    dossier: Option<Dossier>,
    events: Vec<Event>,
}

/// Acts a dossier out.
///
/// # Errors
/// If it cannot be made overdue in time, or the rules refuse what the plan wants: a mistake here.
pub(crate) fn live(
    stage: &Stage<'_>,
    outline: &Outline<'_>,
    number: CaseNumber,
    rng: &mut ChaCha8Rng,
) -> Result<Lived, ToolError> {
    let begins = outline.registered.unwrap_or(outline.received);
    let id = DossierId::new(begins, rng.random());
    let applicant = PersonId::new(begins, rng.random());
    let mut life = Life {
        stage,
        outline,
        dossier: None,
        events: Vec::with_capacity(8),
    };
    life.come_in(id, applicant, number)?;
    match outline.fate {
        Fate::InTime => life.end_in_time(rng)?,
        Fate::Overdue => life.end_overdue(rng)?,
        Fate::InProgress => life.stay(rng)?,
    }
    Ok(Lived {
        id,
        applicant,
        events: life.events,
    })
}

impl Life<'_> {
    fn act(&mut self, at: Moment, by: By, action: &Action) -> Result<(), ToolError> {
        let at = match &self.dossier {
            Some(dossier) => at.max(dossier.last_event_at),
            None => at,
        };
        let context = Context {
            at,
            now: at,
            backdating: None,
            actor: by.actor,
            staff: by.role.map(Staff::new),
            procedure: self.outline.procedure,
            timetable: self.stage.timetable,
            units: self.stage.units,
            norms: self.stage.norms,
        };
        for event in decide(self.dossier.as_ref(), action, &context)? {
            match &mut self.dossier {
                Some(dossier) => dossier.apply(&event)?,
                None => {
                    let id = match action {
                        Action::Register(new) | Action::Receive { new: Some(new), .. } => new.id,
                        _ => continue,
                    };
                    self.dossier = Some(Dossier::begin(id, &event)?);
                }
            }
            self.events.push(event);
        }
        Ok(())
    }

    fn desk(&self, unit: UnitId) -> Desk {
        let nobody = Desk {
            clerk: UserId(0),
            officer: UserId(0),
            supervisor: UserId(0),
        };
        self.stage.staff.get(&unit).copied().unwrap_or(nobody)
    }

    fn clerk(&self) -> By {
        By::staff(self.desk(self.outline.unit.id).clerk, Role::Clerk)
    }

    /// The officer of the unit that has the dossier.
    fn officer(&self) -> By {
        By::staff(self.holders_desk().officer, Role::Officer)
    }

    /// The supervisor of the unit that has the dossier.
    fn supervisor(&self) -> By {
        By::staff(self.holders_desk().supervisor, Role::Supervisor)
    }

    /// Whose the step at hand is.
    fn of_step(&self) -> By {
        let at_hand = self.dossier.as_ref().map_or(0, |d| usize::from(d.step));
        let steps = &self.outline.procedure.definition.workflow;
        match steps.get(at_hand).map(|step| step.role) {
            Some(StepRole::Supervisor) => self.supervisor(),
            Some(StepRole::Officer) => self.officer(),
            Some(StepRole::Clerk) => self.clerk(),
            None if at_hand == 0 => self.clerk(),
            None => self.officer(),
        }
    }

    fn holders_desk(&self) -> Desk {
        let holder = self.dossier.as_ref().map(|dossier| dossier.holder);
        self.desk(holder.unwrap_or(self.outline.unit.id))
    }

    /// Who sent it by post gets the result by post.
    fn return_channel(&self) -> Channel {
        match self.outline.channel {
            Channel::Postal => Channel::Postal,
            Channel::Direct | Channel::Online => Channel::Direct,
        }
    }

    fn due(&self) -> Moment {
        let due = self.dossier.as_ref().and_then(Dossier::due);
        due.unwrap_or(self.stage.end)
    }

    fn last(&self) -> Moment {
        let last = self.dossier.as_ref().map(|dossier| dossier.last_event_at);
        last.unwrap_or(self.outline.received)
    }

    /// `share` (0 to 1) of the working time from `from` to `to`; of all time, if the office is
    /// closed between them.
    fn between(&self, from: Moment, to: Moment, share: f64) -> Result<Moment, ToolError> {
        let timetable = self.stage.timetable;
        let working = timetable.working_between(from, to)?;
        let part = |millis: i64| (millis as f64 * share) as i64;
        if working.is_zero() {
            let all = (to.unix_millis() - from.unix_millis()).max(0);
            return Ok(from.plus_millis(whole_seconds(part(all))));
        }
        let part = WorkingTime::from_millis(whole_seconds(part(working.millis())));
        Ok(timetable.advance(from, part)?)
    }

    fn come_in(
        &mut self,
        id: DossierId,
        applicant: PersonId,
        number: CaseNumber,
    ) -> Result<(), ToolError> {
        let outline = self.outline;
        let items = outline.procedure.definition.checklist.iter().enumerate();
        let items = items.filter(|(_, item)| item.required);
        // Commitments to people are the log's, where they are written in bulk.
        let new = NewDossier {
            channel: outline.channel,
            return_channel: self.return_channel(),
            items: items
                .map(|(position, item)| {
                    let originals = item.originals.max(u16::from(item.copies == 0));
                    let position = u16::try_from(position).unwrap_or(u16::MAX);
                    ItemHandedIn(position, originals, item.copies).into()
                })
                .collect(),
            ..NewDossier::new(id, number, outline.unit.id, applicant)
        };
        let new = match outline.registered {
            Some(at) => {
                self.act(at, By::other(Actor::Citizen), &Action::Register(new))?;
                None
            }
            None => Some(new),
        };
        let receive = Action::Receive {
            items: Vec::new(),
            new,
            assignee: None,
            return_date: None,
        };
        self.act(outline.received, self.clerk(), &receive)
    }

    fn hand_over(&mut self, at: Moment, step: usize) -> Result<(), ToolError> {
        let outline = self.outline;
        let units = self.stage.units;
        let unit = outline
            .procedure
            .step_unit(step, outline.unit, units, at.date());
        let assignee = unit.map(|unit| self.desk(unit).officer);
        let action = Action::HandOver {
            step: u8::try_from(step).unwrap_or(u8::MAX),
            assignee,
            note: String::new(),
        };
        self.act(at, self.of_step(), &action)
    }

    /// The steps up to the one in which the result is ready: the one that decides and at least the last but one, or
    /// the last where the result comes back to the desk from elsewhere.
    fn last_step(&self) -> usize {
        let procedure = self.outline.procedure;
        let receiving = self.outline.unit;
        let last = procedure.step_count() - 1;
        let before = last.saturating_sub(1).max(procedure.deciding_step());
        let unit = procedure.step_unit(before, receiving, self.stage.units, self.last().date());
        if unit == Some(receiving.id) {
            before
        } else {
            last
        }
    }

    /// Hands over through the steps from the next one to `last`, evenly between `from` and `to`.
    fn walk(&mut self, from: Moment, to: Moment, last: usize) -> Result<(), ToolError> {
        let step = self.dossier.as_ref().map_or(0, |d| usize::from(d.step));
        let count = last.saturating_sub(step);
        for n in 1..=count {
            let share = n as f64 / (count + 1) as f64;
            let at = self.between(from, to, share)?;
            self.hand_over(at, step + n)?;
        }
        Ok(())
    }

    fn end_in_time(&mut self, rng: &mut ChaCha8Rng) -> Result<(), ToolError> {
        let end = self.stage.end;
        if self.limit_in_days() >= 3 {
            let luck: f64 = rng.random();
            if luck < 0.03 {
                self.supplement(rng)?;
            } else if luck < 0.05 && !self.outline.procedure.definition.fees.is_empty() {
                self.payment(rng)?;
            }
        }
        let from = self.last();
        let latest = self.due().min(end);
        let done = self.between(from, latest, rng.random_range(0.2..0.97))?;
        self.walk(from, done, self.last_step())?;
        let luck: f64 = rng.random();
        if luck < 0.003 {
            let reason = "Công dân đề nghị rút hồ sơ".to_owned();
            return self.act(done, self.clerk(), &Action::Withdraw { reason });
        }
        if luck < 0.005 {
            let reason = "Hồ sơ không còn thuộc đối tượng giải quyết".to_owned();
            return self.act(done, self.officer(), &Action::Stop { reason });
        }
        self.finish(done, rng)
    }

    fn finish(&mut self, done: Moment, rng: &mut ChaCha8Rng) -> Result<(), ToolError> {
        let refused = rng.random_bool(0.02);
        let action = Action::Finish {
            decision: if refused {
                Decision::Refused
            } else {
                Decision::Approved
            },
            reason: if refused {
                "Không đủ điều kiện theo quy định".to_owned()
            } else {
                String::new()
            },
        };
        // The supervisor of the unit that has it signs.
        self.act(done, self.supervisor(), &action)?;
        // Most are fetched within a day; what would be fetched after the end waits at the desk.
        let wait = WorkingTime::from_minutes(rng.random_range(1..600));
        let returned = self.stage.timetable.advance(self.last(), wait)?;
        if returned <= self.stage.end {
            let channel = self.return_channel();
            self.act(returned, self.clerk(), &Action::Return { channel })?;
        }
        Ok(())
    }

    fn limit_in_days(&self) -> u32 {
        let limit = self.dossier.as_ref().and_then(|d| d.clock.as_ref());
        match limit.map(|clock| (clock.limit.unit(), clock.limit.amount())) {
            Some((LimitUnit::WorkingDay | LimitUnit::CalendarDay, days)) => days.quarters() / 4,
            Some((LimitUnit::Hour, hours)) => hours.quarters() / 32,
            Some((LimitUnit::Month, months)) => months.quarters() / 4 * 30,
            Some((LimitUnit::Year, years)) => years.quarters() / 4 * 365,
            Some((LimitUnit::SameDay | LimitUnit::ByHand, _)) | None => 0,
        }
    }

    /// The clock stops for a while, if there is time for it before the end.
    fn pause(&mut self, rng: &mut ChaCha8Rng) -> Result<Option<(Moment, Moment)>, ToolError> {
        let from = self.last();
        let latest = self.due().min(self.stage.end);
        let asked = self.between(from, latest, rng.random_range(0.1..0.4))?;
        let wait = WorkingTime::from_hours(rng.random_range(2..40));
        let answered = self.stage.timetable.advance(asked, wait)?;
        let room = self
            .stage
            .timetable
            .working_between(answered, self.stage.end)?;
        if room < WorkingTime::from_hours(8) {
            return Ok(None);
        }
        let started = self.between(from, asked, 0.5)?;
        self.hand_over(started, 1)?;
        Ok(Some((asked, answered)))
    }

    fn supplement(&mut self, rng: &mut ChaCha8Rng) -> Result<(), ToolError> {
        let Some((asked, answered)) = self.pause(rng)? else {
            return Ok(());
        };
        let request = Action::RequestSupplement {
            reason: "Đơn chưa ghi đủ thông tin".to_owned(),
            items: vec![Paper::Position(0)],
            exception: None,
        };
        self.act(asked, self.officer(), &request)?;
        let action = Action::TakeSupplement {
            items: vec![ItemHandedIn(0, 1, 0).into()],
            reason: String::new(),
        };
        self.act(answered, self.clerk(), &action)
    }

    fn payment(&mut self, rng: &mut ChaCha8Rng) -> Result<(), ToolError> {
        let owed = self.dossier.as_ref();
        let owed = owed.map(|dossier| dossier.fees(self.outline.procedure).owed());
        let (fees, amounts): (Vec<FeeAsked>, Vec<u64>) = owed
            .unwrap_or_default()
            .into_iter()
            .filter_map(|(fee, sum)| Some((fee.into(), sum.filter(|sum| *sum > 0)?)))
            .unzip();
        let amount_vnd = amounts.iter().sum::<u64>().max(1000);
        let Some((asked, answered)) = self.pause(rng)? else {
            return Ok(());
        };
        let reason = "Nộp phí, lệ phí".to_owned();
        let request = Action::RequestPayment {
            amount_vnd: fees.is_empty().then_some(amount_vnd),
            fees,
            reason,
        };
        self.act(asked, self.officer(), &request)?;
        let receipt = format!("BL{:07}", rng.random_range(0..10_000_000));
        let paid = Action::TakePayment {
            amount_vnd,
            method: PaymentMethod::Cash,
            receipt,
        };
        self.act(answered, self.clerk(), &paid)
    }

    fn end_overdue(&mut self, rng: &mut ChaCha8Rng) -> Result<(), ToolError> {
        let (due, end) = (self.due(), self.stage.end);
        if due >= end {
            let day: NaiveDate = self.outline.received.date();
            return Err(ToolError::NoTimeToBeOverdue(self.outline.level, day));
        }
        let from = self.last();
        self.walk(from, due, self.last_step())?;
        let late = WorkingTime::from_minutes(rng.random_range(30..2400));
        let timetable = self.stage.timetable;
        let mut done = timetable.advance(due, late)?;
        if done > end {
            done = self.between(due, end, rng.random_range(0.1..0.9))?;
        }
        let done = done.max(due.plus_millis(1000));
        if rng.random_bool(0.6) {
            let appointment = timetable.advance(due, WorkingTime::from_hours(24))?;
            let apologised = self.between(self.last(), due, 0.9)?;
            let reappoint = Action::Reappoint {
                reason: "Hồ sơ cần xác minh thêm".to_owned(),
                appointment,
            };
            self.act(apologised, self.officer(), &reappoint)?;
        }
        self.finish(done, rng)
    }

    fn stay(&mut self, rng: &mut ChaCha8Rng) -> Result<(), ToolError> {
        let (due, end) = (self.due(), self.stage.end);
        let from = self.last();
        let latest = due.min(end);
        // Some wait at the desk, some are somewhere on their way.
        let last_step = rng.random_range(0..=self.last_step());
        if due >= end {
            let reached = self.between(from, latest, rng.random_range(0.3..1.0))?;
            return self.walk(from, reached, last_step);
        }
        let reached = self.between(from, latest, 0.6)?;
        self.walk(from, reached, last_step.max(1))?;
        if rng.random_bool(0.2) {
            // As the sweep would have noticed it.
            return self.act(
                due.plus_millis(1000),
                By::other(Actor::System),
                &Action::MarkOverdue,
            );
        }
        let request = Action::RequestSupplement {
            reason: "Thiếu giấy tờ kèm theo".to_owned(),
            items: vec![Paper::Position(0)],
            exception: None,
        };
        let asked = self.between(reached, latest, 0.5)?;
        self.act(asked, self.officer(), &request)
    }
}

/// Clerks do not stamp milliseconds.
const fn whole_seconds(millis: i64) -> i64 {
    millis / 1000 * 1000
}
