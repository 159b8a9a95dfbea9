//! The rules: what an action does to a dossier, or why it is refused.

use crate::domain::dossier::papers::positioned;
use crate::domain::dossier::{
    Action, ActionKind, ApplicantCorrected, BecameOverdue, Correction, Dossier, DueRecomputed,
    Event, EventData, FeeWaived, FeesCollected, Finished, HandedOver, ItemGiven, ItemHandedIn,
    MovedToSuccessor, NewDossier, NotReceived, PaymentRequested, PaymentTaken, Reappointed,
    Received, Refusal, Registered, ResultReturned, Stopped, Submission, SupplementRequested,
    SupplementTaken, Undone, Withdrawn, undoable,
};
use crate::domain::ids::{Actor, ProcedureId, UserId};
use crate::domain::moment::Moment;
use crate::domain::procedure::{OnSupplement, Procedure};
use crate::domain::role::Role;
use crate::domain::time_limit::{Clock, Outcome, TimeError};
use crate::domain::timetable::Timetable;
use crate::domain::unit::{Unit, Units};

/// What the rules need to know beside the dossier.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// The moment of the action.
    pub at: Moment,
    /// The present; an action may lie before it (a paper entered later) but not after, nor before
    /// what the dossier's history already holds.
    pub now: Moment,
    /// How far back the action may lie; `None`: as far as history allows.
    pub backdating: Option<Backdating<'a>>,
    pub actor: Actor,
    /// Of a member of staff; `None`: nobody whom a role restricts.
    pub role: Option<Role>,
    /// The version under which the dossier was, or is to be, received.
    pub procedure: &'a Procedure,
    /// The opening hours of the unit that answers for the dossier.
    pub timetable: &'a Timetable,
    pub units: &'a Units,
}

/// How far back somebody may enter what has happened.
#[derive(Debug, Clone, Copy)]
pub struct Backdating<'a> {
    /// Working days before today, by the calendar of the unit.
    pub days: u16,
    /// Whether whoever acts may enter what lies further back, with a reason.
    pub may_exceed: bool,
    pub reason: Option<&'a str>,
}

/// The reason to keep with an action that lies in the past.
fn late_reason(context: &Context<'_>) -> Result<Option<String>, Refusal> {
    let Some(backdating) = context.backdating else {
        return Ok(None);
    };
    let reason = backdating.reason.map(str::trim).unwrap_or_default();
    let reason = (!reason.is_empty()).then(|| reason.to_owned());
    let (on, today) = (context.at.date(), context.now.date());
    if on == today {
        return Ok(reason);
    }
    let earliest = context
        .timetable
        .working_days_back(today, backdating.days)?;
    if on >= earliest {
        return Ok(reason);
    }
    if !backdating.may_exceed {
        return Err(Refusal::TooFarBack { on, earliest });
    }
    match reason {
        Some(reason) => Ok(Some(reason)),
        None => Err(Refusal::LateReasonMissing { on, earliest }),
    }
}

/// Decides an action: the events that it makes, in order, or the reason why not.
///
/// A crossing of the due moment that nobody has recorded yet comes first, so that history has it
/// whatever ends the dossier.
///
/// # Errors
/// A [`Refusal`]; the dossier stays as it was.
pub fn decide(
    dossier: Option<&Dossier>,
    action: &Action,
    context: &Context<'_>,
) -> Result<Vec<Event>, Refusal> {
    let kind = action.kind();
    let status = dossier.map(|d| d.status);
    let allowed = ActionKind::allowed(status);
    let wants_new = matches!(
        action,
        Action::Register(_) | Action::Receive { new: Some(_), .. }
    );
    if !allowed.contains(&kind) || wants_new != dossier.is_none() {
        let allowed = allowed
            .iter()
            .copied()
            .filter(|k| k.is_by_people())
            .collect();
        return Err(Refusal::NotAllowed {
            status,
            action: kind,
            allowed,
        });
    }
    if context.at > context.now {
        return Err(Refusal::InTheFuture {
            at: context.at,
            now: context.now,
        });
    }
    let late_reason = late_reason(context)?;
    let event = |sequence, at, actor, data, last_recorded: Moment| Event {
        sequence,
        at,
        recorded_at: context.now.max(at).max(last_recorded),
        actor,
        data,
        late_reason: None,
    };
    let Some(dossier) = dossier else {
        let data = match action {
            Action::Register(new) => register(new, context)?,
            Action::Receive {
                new: Some(new),
                assignee,
            } => receive_new(new, *assignee, context)?,
            _ => return Ok(Vec::new()),
        };
        return Ok(vec![Event {
            late_reason,
            ..event(1, context.at, context.actor, data, context.at)
        }]);
    };
    // Whether the sweep was here already makes no difference: what has crossed by now has crossed.
    let crossing = unrecorded_crossing(dossier, context.now);
    let last = crossing.unwrap_or(dossier.last_event_at);
    if context.at < last {
        return Err(Refusal::BeforeLastEvent {
            at: context.at,
            last,
        });
    }
    let event = |sequence, at, actor, data| event(sequence, at, actor, data, dossier.recorded_at);

    let overdue = dossier.is_overdue() || crossing.is_some();
    let mut events = Vec::with_capacity(2);
    let mut add = |at, actor, data, late_reason| {
        let sequence = dossier.version + 1 + u32::try_from(events.len()).unwrap_or_default();
        events.push(Event {
            late_reason,
            ..event(sequence, at, actor, data)
        });
    };
    if let Some(at) = crossing {
        add(at, Actor::System, BecameOverdue {}.into(), None);
    }
    if let Some(data) = decide_existing(dossier, overdue, action, context)? {
        let crosses = !overdue && moved_before_pause(dossier, &data);
        let nothing_left = nothing_left_to_pay(dossier, overdue, &data, context)?;
        add(context.at, context.actor, data, late_reason.clone());
        if crosses {
            add(context.at, Actor::System, BecameOverdue {}.into(), None);
        }
        if let Some(taken) = nothing_left {
            add(context.at, context.actor, taken, late_reason);
        }
    }
    if events.is_empty() {
        return Err(Refusal::NotOverdue);
    }
    Ok(events)
}

/// When a running dossier crossed its due moment, if it has by `at` and no event says so.
fn unrecorded_crossing(dossier: &Dossier, at: Moment) -> Option<Moment> {
    dossier
        .crosses_at()
        .filter(|_| dossier.due().is_some_and(|due| due < at))
}

/// Whether a new due moment lies before the pause of a waiting dossier: it was past due when it
/// paused, and no later event would notice.
fn moved_before_pause(dossier: &Dossier, data: &EventData) -> bool {
    let EventData::DueRecomputed(new) = data else {
        return false;
    };
    let pause = dossier.clock.as_ref().and_then(|clock| clock.pauses.last());
    pause.is_some_and(|pause| pause.until.is_none() && new.due < pause.from)
}

/// The action's own event; `None` for the sweep, whose event is the crossing itself.
fn decide_existing(
    dossier: &Dossier,
    overdue: bool,
    action: &Action,
    context: &Context<'_>,
) -> Result<Option<EventData>, Refusal> {
    let at = context.at;
    let data: EventData = match action {
        Action::Receive { assignee, .. } => receive_registered(dossier, *assignee, context)?,
        Action::NotReceive { reason } => NotReceived {
            reason: required(reason)?,
        }
        .into(),
        Action::HandOver {
            step,
            assignee,
            note,
        } => hand_over(dossier, *step, *assignee, note, context)?,
        Action::RequestSupplement { reason, items } => {
            let positions = items.iter().map(|paper| paper.position(context.procedure));
            SupplementRequested {
                items: positions.collect::<Result<_, _>>()?,
                reason: required(reason)?,
            }
            .into()
        }
        Action::TakeSupplement { items, reason } => {
            take_supplement(dossier, overdue, items, reason, context)?
        }
        Action::RequestPayment {
            fees,
            amount_vnd,
            reason,
        } => request_payment(dossier, fees, *amount_vnd, reason, context)?,
        Action::TakePayment {
            amount_vnd,
            method,
            receipt,
        } => {
            let asked_vnd = dossier.payment_requested.unwrap_or_default();
            if *amount_vnd != asked_vnd {
                return Err(Refusal::OtherAmount {
                    asked_vnd,
                    paid_vnd: *amount_vnd,
                });
            }
            PaymentTaken {
                amount_vnd: positive(*amount_vnd)?,
                fees: dossier.requested_fees.clone(),
                method: Some(*method),
                receipt: receipt.trim().to_owned(),
                due: resumed(dossier, overdue, context)?.due,
            }
            .into()
        }
        Action::CollectFees {
            fees,
            method,
            receipt,
        } => FeesCollected {
            amount_vnd: amount_owed(dossier, not_requested(dossier, fees)?, context.procedure)?,
            fees: fees.clone(),
            method: *method,
            receipt: receipt.trim().to_owned(),
        }
        .into(),
        Action::WaiveFee { fee, reason } => {
            let amount_vnd = amount_owed(dossier, &[*fee], context.procedure)?;
            let requested = dossier.requested_fees.contains(fee);
            FeeWaived {
                fee: *fee,
                reason: required(reason)?,
                asked_less_vnd: requested.then_some(amount_vnd),
            }
            .into()
        }
        Action::Finish { decision, reason } => {
            let reason = match decision {
                crate::domain::dossier::Decision::Approved => reason.trim().to_owned(),
                crate::domain::dossier::Decision::Refused => required(reason)?,
            };
            let outcome = judge(dossier, overdue, context)?;
            Finished {
                decision: *decision,
                reason,
                outcome,
            }
            .into()
        }
        Action::Return { channel } => ResultReturned { channel: *channel }.into(),
        Action::Withdraw { reason } => {
            let outcome = match dossier.clock {
                Some(_) => Some(judge(dossier, overdue, context)?),
                None => None,
            };
            Withdrawn {
                reason: reason.trim().to_owned(),
                outcome,
            }
            .into()
        }
        Action::Stop { reason } => {
            let outcome = judge(dossier, overdue, context)?;
            Stopped {
                reason: required(reason)?,
                outcome,
            }
            .into()
        }
        Action::Reappoint {
            reason,
            appointment,
        } => reappoint(dossier, reason, *appointment, context)?,
        Action::MoveToSuccessor { from, to } => {
            if *from != dossier.unit && *from != dossier.holder {
                return Err(Refusal::NotWithUnit);
            }
            if from == to || !context.units.succeeds(*from, *to) {
                return Err(Refusal::NotASuccessor);
            }
            let unit = context.units.get(*to).ok_or(Refusal::UnknownUnit)?;
            ensure_open(unit, at)?;
            MovedToSuccessor {
                from: *from,
                to: *to,
            }
            .into()
        }
        Action::Correct(Correction::Undo { reason }) => {
            ensure_may_undo(dossier, context)?;
            Undone {
                reason: required(reason)?,
            }
            .into()
        }
        Action::Correct(Correction::Applicant {
            reason,
            applicant,
            commitment,
        }) => ApplicantCorrected {
            reason: required(reason)?,
            applicant: *applicant,
            applicant_commitment: *commitment,
        }
        .into(),
        Action::MarkOverdue => return Ok(None),
        Action::RecomputeDue { reason } => recompute(dossier, overdue, reason, context)?,
        Action::Register(_) => return Ok(None),
    };
    Ok(Some(data))
}

fn register(new: &NewDossier, context: &Context<'_>) -> Result<EventData, Refusal> {
    Ok(Registered {
        submission: submission(new, context)?,
    }
    .into())
}

fn receive_new(
    new: &NewDossier,
    assignee: Option<UserId>,
    context: &Context<'_>,
) -> Result<EventData, Refusal> {
    let submission = submission(new, context)?;
    ensure_complete(&submission.items, context.procedure)?;
    received(Some(submission), None, assignee, context)
}

/// The clerk takes in what a citizen registered. The citizen's papers may have been completed at
/// the desk, so the checklist is not asked again.
fn receive_registered(
    dossier: &Dossier,
    assignee: Option<UserId>,
    context: &Context<'_>,
) -> Result<EventData, Refusal> {
    let unit = context
        .units
        .get(dossier.unit)
        .ok_or(Refusal::UnknownUnit)?;
    ensure_open(unit, context.at)?;
    let changed = context.procedure.id != dossier.procedure;
    let version = changed.then_some(context.procedure.id);
    received(None, version, assignee, context)
}

fn received(
    submission: Option<Submission>,
    procedure_now: Option<ProcedureId>,
    assignee: Option<UserId>,
    context: &Context<'_>,
) -> Result<EventData, Refusal> {
    let clock = Clock::start(context.procedure.limit()?, context.at, context.timetable)?;
    Ok(Received {
        submission,
        procedure_now,
        limit: clock.limit,
        due: clock.due,
        step_due: step_due(0, context.at, context)?,
        assignee,
    }
    .into())
}

fn submission(new: &NewDossier, context: &Context<'_>) -> Result<Submission, Refusal> {
    let unit = context.units.get(new.unit).ok_or(Refusal::UnknownUnit)?;
    ensure_open(unit, context.at)?;
    let definition = &context.procedure.definition;
    let on = context.at.date();
    if !definition.is_in_force_on(on) {
        return Err(Refusal::ProcedureNotInForce {
            code: definition.code.clone(),
            on,
        });
    }
    if !definition.levels.contains(&unit.level) {
        return Err(Refusal::WrongLevel {
            procedure: definition.code.clone(),
            unit: unit.code.clone(),
        });
    }
    let items = positioned(&new.items, context.procedure)?;
    if new.sets == 0 {
        return Err(Refusal::NoSets);
    }
    Ok(Submission {
        number: new.case_number.as_str().to_owned(),
        procedure: context.procedure.id,
        unit: new.unit,
        channel: new.channel,
        return_channel: new.return_channel,
        applicant: new.applicant,
        delegate: new.delegate,
        sets: new.sets,
        items,
        applicant_commitment: new.commitments.0,
        delegate_commitment: new.commitments.1,
    })
}

fn ensure_open(unit: &Unit, at: Moment) -> Result<(), Refusal> {
    let on = at.date();
    if unit.is_open_on(on) {
        Ok(())
    } else {
        Err(Refusal::UnitClosed {
            code: unit.code.clone(),
            on,
        })
    }
}

fn ensure_complete(items: &[ItemHandedIn], procedure: &Procedure) -> Result<(), Refusal> {
    let handed_in = |position: usize| {
        items
            .iter()
            .any(|item| usize::from(item.0) == position && (item.1 > 0 || item.2 > 0))
    };
    let names: Vec<_> = procedure
        .definition
        .checklist
        .iter()
        .enumerate()
        .filter(|(position, item)| item.required && !handed_in(*position))
        .map(|(_, item)| item.name.clone())
        .collect();
    if names.is_empty() {
        Ok(())
    } else {
        Err(Refusal::MissingItems { names })
    }
}

fn hand_over(
    dossier: &Dossier,
    step: u8,
    assignee: Option<UserId>,
    note: &str,
    context: &Context<'_>,
) -> Result<EventData, Refusal> {
    let count = context.procedure.step_count();
    let reachable =
        usize::from(step) < count && step != dossier.step && step <= dossier.step.saturating_add(1);
    if !reachable {
        return Err(Refusal::NoSuchStep {
            step,
            current: dossier.step,
            count,
        });
    }
    let receiving = context
        .units
        .get(dossier.unit)
        .ok_or(Refusal::UnknownUnit)?;
    let unit = context
        .procedure
        .step_unit(
            usize::from(step),
            receiving,
            context.units,
            context.at.date(),
        )
        .and_then(|id| context.units.get(id))
        .ok_or(Refusal::UnknownUnit)?;
    ensure_open(unit, context.at)?;
    Ok(HandedOver {
        step,
        unit: (unit.id != dossier.holder).then_some(unit.id),
        assignee,
        step_due: step_due(usize::from(step), context.at, context)?,
        note: note.trim().to_owned(),
    }
    .into())
}

fn step_due(step: usize, from: Moment, context: &Context<'_>) -> Result<Option<Moment>, TimeError> {
    match context.procedure.step_time(step) {
        Some(time) => context.timetable.advance(from, time).map(Some),
        None => Ok(None),
    }
}

fn take_supplement(
    dossier: &Dossier,
    overdue: bool,
    items: &[ItemGiven],
    reason: &str,
    context: &Context<'_>,
) -> Result<EventData, Refusal> {
    let items = positioned(items, context.procedure)?;
    let reason = reason.trim();
    // Else an empty supplement would give the limit anew, any number of times.
    if reason.is_empty() && !items.iter().any(|item| item.1 > 0 || item.2 > 0) {
        return Err(Refusal::NothingHandedIn);
    }
    let restarted = !overdue && context.procedure.definition.on_supplement == OnSupplement::Restart;
    let clock = if restarted {
        let mut clock = running_clock(dossier)?;
        clock.restart(context.at, context.timetable)?;
        clock
    } else {
        resumed(dossier, overdue, context)?
    };
    Ok(SupplementTaken {
        items,
        restarted,
        reason: reason.to_owned(),
        due: clock.due,
    }
    .into())
}

/// The clock as it goes on now. One that was past due when it paused keeps its due moment.
fn resumed(dossier: &Dossier, overdue: bool, context: &Context<'_>) -> Result<Clock, Refusal> {
    let mut clock = running_clock(dossier)?;
    match overdue {
        true => clock.resume_past_due(context.at)?,
        false => clock.resume(context.at, context.timetable)?,
    }
    Ok(clock)
}

fn request_payment(
    dossier: &Dossier,
    fees: &[u16],
    amount_vnd: Option<u64>,
    reason: &str,
    context: &Context<'_>,
) -> Result<EventData, Refusal> {
    if fees.is_empty() {
        return Ok(PaymentRequested {
            amount_vnd: positive(amount_vnd.unwrap_or_default())?,
            fees: Vec::new(),
            reason: required(reason)?,
        }
        .into());
    }
    let asked_vnd = positive(amount_owed(dossier, fees, context.procedure)?)?;
    if let Some(paid_vnd) = amount_vnd.filter(|amount| *amount != asked_vnd) {
        return Err(Refusal::OtherAmount {
            asked_vnd,
            paid_vnd,
        });
    }
    Ok(PaymentRequested {
        amount_vnd: asked_vnd,
        fees: fees.to_vec(),
        reason: reason.trim().to_owned(),
    }
    .into())
}

/// Where the last fee that was asked for has been waived, nothing is left to wait for.
fn nothing_left_to_pay(
    dossier: &Dossier,
    overdue: bool,
    data: &EventData,
    context: &Context<'_>,
) -> Result<Option<EventData>, Refusal> {
    let EventData::FeeWaived(waived) = data else {
        return Ok(None);
    };
    if dossier.requested_fees != [waived.fee] || !dossier.status.is_waiting() {
        return Ok(None);
    }
    let taken = PaymentTaken {
        amount_vnd: 0,
        fees: Vec::new(),
        method: None,
        receipt: String::new(),
        due: resumed(dossier, overdue, context)?.due,
    };
    Ok(Some(taken.into()))
}

/// The fees, unless the clock stands for a payment of one of them.
fn not_requested<'a>(dossier: &Dossier, fees: &'a [u16]) -> Result<&'a [u16], Refusal> {
    let requested = fees.iter().find(|fee| dossier.requested_fees.contains(fee));
    match requested {
        Some(&position) => Err(Refusal::FeeRequested { position }),
        None => Ok(fees),
    }
}

fn reappoint(
    dossier: &Dossier,
    reason: &str,
    appointment: Moment,
    context: &Context<'_>,
) -> Result<EventData, Refusal> {
    if let Some(appointment) = dossier.appointment {
        return Err(Refusal::AlreadyReappointed { appointment });
    }
    let after_due = dossier.due().is_some_and(|due| appointment > due);
    if appointment <= context.at || !after_due || !context.timetable.is_open(appointment)? {
        return Err(Refusal::BadAppointment { appointment });
    }
    Ok(Reappointed {
        reason: required(reason)?,
        appointment,
    }
    .into())
}

fn recompute(
    dossier: &Dossier,
    overdue: bool,
    reason: &str,
    context: &Context<'_>,
) -> Result<EventData, Refusal> {
    let mut clock = running_clock(dossier)?;
    clock.recompute(context.timetable)?;
    if Some(clock.due) == dossier.due() {
        return Err(Refusal::DueUnchanged);
    }
    // Overdue stays overdue, except that the calendar was wrong about this very due moment; what
    // was overdue before the limit started anew was so by another one.
    let since_start = overdue
        && dossier
            .overdue_since
            .is_none_or(|since| since >= clock.started);
    let past_due_at = match clock.pauses.last() {
        Some(pause) if pause.until.is_none() => pause.from,
        _ => context.at,
    };
    Ok(DueRecomputed {
        reason: required(reason)?,
        due: clock.due,
        no_longer_overdue: since_start && clock.due >= past_due_at,
    }
    .into())
}

/// The outcome if the dossier is closed now (domain.md, Time, Outcome). One that is closed while
/// it waits for the applicant is judged as if its clock went on at this moment.
fn judge(dossier: &Dossier, overdue: bool, context: &Context<'_>) -> Result<Outcome, Refusal> {
    if overdue {
        return Ok(Outcome::Overdue);
    }
    let clock = running_clock(dossier)?;
    let due = if clock.is_paused() {
        // It paused in time, so it cannot become overdue while it waits.
        let resumed = clock.due_if_resumed(context.at, context.timetable)?;
        resumed.max(context.at)
    } else {
        clock.due
    };
    Ok(Outcome::judge(due, context.at))
}

/// The clock of a dossier that was received; the caller's status check vouches for it.
fn running_clock(dossier: &Dossier) -> Result<Clock, Refusal> {
    dossier.clock.clone().ok_or_else(|| Refusal::NotAllowed {
        status: Some(dossier.status),
        action: ActionKind::TakeSupplement,
        allowed: Vec::new(),
    })
}

fn ensure_may_undo(dossier: &Dossier, context: &Context<'_>) -> Result<(), Refusal> {
    let (Some(role), Some((action, roles))) = (context.role, undoable(dossier.status)) else {
        return Ok(());
    };
    match roles.contains(&role) {
        true => Ok(()),
        false => Err(Refusal::UndoneByOthers { action, roles }),
    }
}

fn required(reason: &str) -> Result<String, Refusal> {
    let reason = reason.trim();
    if reason.is_empty() {
        Err(Refusal::ReasonMissing)
    } else {
        Ok(reason.to_owned())
    }
}

/// What is owed for these fees of the procedure, each named once and not settled yet.
fn amount_owed(dossier: &Dossier, fees: &[u16], procedure: &Procedure) -> Result<u64, Refusal> {
    let known = &procedure.definition.fees;
    let mut amount = 0_u64;
    for (i, &position) in fees.iter().enumerate() {
        let fee = known
            .get(usize::from(position))
            .ok_or(Refusal::UnknownFee {
                position,
                count: known.len(),
            })?;
        if dossier.settled_fee(position).is_some() || fees[..i].contains(&position) {
            return Err(Refusal::FeeSettled { position });
        }
        amount = amount.saturating_add(fee.amount_vnd);
    }
    if fees.is_empty() {
        return Err(Refusal::NoFees);
    }
    Ok(amount)
}

fn positive(amount_vnd: u64) -> Result<u64, Refusal> {
    if amount_vnd == 0 {
        Err(Refusal::AmountMissing)
    } else {
        Ok(amount_vnd)
    }
}
