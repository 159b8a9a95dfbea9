//! The rules: what an action does to a dossier, or why it is refused.

mod handling;
mod money;
mod receipt;
mod receiving;
mod timing;

use crate::domain::dossier::decide::handling::{
    assign, ensure_may_grant, hand_over, reappoint, request_supplement, take_supplement, verify,
};
use crate::domain::dossier::decide::money::{
    amount_asked, asked_less, not_requested, nothing_left_to_pay, positions, positive, refunded,
    request_payment, terms,
};
use crate::domain::dossier::decide::receipt::{NewReceipt, correct_receipt};
use crate::domain::dossier::decide::receiving::{reach, receive_new, receive_registered, register};
use crate::domain::dossier::decide::timing::{correct_case, judge, moved_step, recompute, resumed};
use crate::domain::dossier::papers::positioned;
use crate::domain::dossier::{
    Action, ActionKind, ApplicantCorrected, AppointmentLapsed, BecameOverdue, Beside, Correction,
    Decision, DelegateCorrected, Dossier, Event, EventData, FeeWaived, FeeWaiverCancelled,
    FeesCollected, FeesRefunded, FeesSet, Finished, Follower, HeldItem, ItemHandedIn,
    MoneySentBack, MovedToSuccessor, NotReceived, OtherHeld, PapersCorrected, PaymentTaken,
    RefundCancelled, Refusal, ResultReturned, SettledFee, Situation, Staff, Stopped, Undone,
    Withdrawn, undoable, undone_within,
};
use crate::domain::ids::Actor;
use crate::domain::moment::Moment;
use crate::domain::norms::{Norm, Norms};
use crate::domain::procedure::Procedure;
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
    /// The member of staff who acts; `None`: nobody whom a role restricts.
    pub staff: Option<Staff<'a>>,
    /// The version under which the dossier was, or is to be, received.
    pub procedure: &'a Procedure,
    /// The opening hours of the unit that answers for the dossier.
    pub timetable: &'a Timetable,
    pub units: &'a Units,
    pub norms: &'a Norms,
}

impl Context<'_> {
    /// What holds for a dossier: what held on its day of receipt, or holds today while it has none.
    pub(crate) fn norm(&self, dossier: &Dossier) -> &Norm {
        self.norms.on(dossier.received_at.unwrap_or(self.at).date())
    }
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
    let wants_new = matches!(
        action,
        Action::Register(_) | Action::Receive { new: Some(_), .. }
    );
    if !kind.is_allowed_from(status) || wants_new != dossier.is_none() {
        return Err(Refusal::NotAllowed {
            status,
            action: kind,
            allowed: offered(dossier, context),
        });
    }
    if context.at > context.now {
        return Err(Refusal::InTheFuture {
            at: context.at,
            now: context.now,
        });
    }
    let beside = Beside {
        late_reason: late_reason(context)?,
        on_behalf_of: None,
    };
    let event = |sequence, at, actor, data, last_recorded: Moment| Event {
        sequence,
        at,
        recorded_at: context.now.max(at).max(last_recorded),
        actor,
        data,
        beside: Beside::default(),
    };
    let Some(dossier) = dossier else {
        let data = match action {
            Action::Register(new) => register(new, context)?,
            Action::Receive {
                new: Some(new),
                assignee,
                return_date,
                ..
            } => receive_new(new, *assignee, return_date.as_ref(), context)?,
            _ => return Ok(Vec::new()),
        };
        return Ok(vec![Event {
            beside,
            ..event(1, context.at, context.actor, data, context.at)
        }]);
    };
    // Whether the sweep was here already makes no difference: what has crossed by now has crossed. Only what was entered
    // late itself waits for what else happened then.
    let waits = dossier
        .recorded_overdue_from()
        .is_some_and(|from| from > context.now);
    let crossing = unrecorded_crossing(dossier, context.now)
        .filter(|crossing| !waits || context.at > *crossing);
    let last = crossing.unwrap_or(dossier.last_event_at);
    if context.at < last {
        return Err(Refusal::BeforeLastEvent {
            at: context.at,
            last,
            overdue: crossing.is_some() || dossier.overdue_since == Some(last),
        });
    }
    let event = |sequence, at, actor, data| event(sequence, at, actor, data, dossier.recorded_at);

    let overdue = dossier.is_overdue() || crossing.is_some();
    let mut events = Vec::with_capacity(2);
    let mut add = |at, actor, data, beside| {
        let sequence = dossier.version + 1 + u32::try_from(events.len()).unwrap_or_default();
        events.push(Event {
            beside,
            ..event(sequence, at, actor, data)
        });
    };
    let by_itself = Beside::default;
    if let Some(at) = crossing {
        add(at, Actor::System, BecameOverdue {}.into(), by_itself());
    }
    if let Some(data) = decide_existing(dossier, overdue, action, context)? {
        let crosses = !overdue && moved_before_pause(dossier, &data);
        let nothing_left = nothing_left_to_pay(dossier, overdue, &data, context)?;
        let steps = &context.procedure.definition.workflow;
        let at_hand = steps.get(usize::from(dossier.step));
        let staff = context.staff.filter(|_| dossier.status.is_open());
        let beside = Beside {
            on_behalf_of: staff.and_then(|staff| staff.acts_for(kind, at_hand)),
            ..beside
        };
        add(context.at, context.actor, data, beside.clone());
        if crosses {
            add(
                context.at,
                Actor::System,
                BecameOverdue {}.into(),
                by_itself(),
            );
        }
        if let Some(taken) = nothing_left {
            add(context.at, context.actor, taken, beside);
        }
        for data in promised_anew(dossier, &events, context) {
            let sequence = dossier.version + 1 + u32::try_from(events.len()).unwrap_or_default();
            events.push(event(sequence, context.at, Actor::System, data));
        }
    }
    if events.is_empty() {
        return Err(Refusal::NotOverdue);
    }
    Ok(events)
}

/// What follows for the dates that the applicant has been told, so that they agree. A calendar that changed
/// while the dossier was closed holds from when it is taken up again; and an appointment that the due moment
/// has gone past has lapsed.
fn promised_anew(dossier: &Dossier, new: &[Event], context: &Context<'_>) -> Vec<EventData> {
    let reopened = new.iter().find_map(|event| match &event.data {
        EventData::Undone(undone) => Some(undone.reason.as_str()),
        _ => None,
    });
    if reopened.is_none() && dossier.appointment.is_none() {
        return Vec::new();
    }
    let mut after = dossier.clone();
    // Whoever appends them says what is wrong with them.
    if new.iter().any(|event| after.apply(event).is_err()) || !after.status.is_open() {
        return Vec::new();
    }
    let mut data = Vec::new();
    let mut due = after.due();
    let overdue = after.is_overdue();
    // Where it is the same, or the calendar cannot tell, it stays.
    if let Some(reason) = reopened
        && let Ok(EventData::DueRecomputed(new)) = recompute(&after, overdue, reason, context)
    {
        due = Some(new.due);
        let data_of_new = EventData::from(new);
        let crosses = !overdue && moved_before_pause(&after, &data_of_new);
        data.push(data_of_new);
        data.extend(crosses.then(|| BecameOverdue {}.into()));
    }
    let lapsed = after
        .appointment
        .filter(|appointment| Some(*appointment) < due);
    data.extend(lapsed.map(|appointment| AppointmentLapsed { appointment }.into()));
    data
}

/// What may be done instead, by whoever acts.
pub fn offered(dossier: Option<&Dossier>, context: &Context<'_>) -> Vec<ActionKind> {
    let Some(dossier) = dossier else {
        let all = ActionKind::ALL.iter().copied();
        return all.filter(|kind| kind.is_allowed_from(None)).collect();
    };
    let situation = Situation::of(dossier, context.procedure);
    situation.offers(context.staff.as_ref(), context.units)
}

/// When a running dossier crossed its due moment, if it has by `at` and no event says so.
fn unrecorded_crossing(dossier: &Dossier, at: Moment) -> Option<Moment> {
    dossier
        .crosses_at()
        .filter(|_| dossier.deadline().is_some_and(|due| due < at))
}

/// Whether a new due moment lies before the pause of a waiting dossier: it was past due when it
/// paused, and no later event would notice.
fn moved_before_pause(dossier: &Dossier, data: &EventData) -> bool {
    let EventData::DueRecomputed(new) = data else {
        return false;
    };
    let pause = dossier.clock.as_ref().and_then(|clock| clock.pauses.last());
    let appointment = new.appointment.or(dossier.appointment);
    let deadline = dossier.judging.deadline(new.due, appointment);
    pause.is_some_and(|pause| pause.until.is_none() && deadline < pause.from)
}

/// The action's own event; `None` for the sweep, whose event is the crossing itself.
fn decide_existing(
    dossier: &Dossier,
    overdue: bool,
    action: &Action,
    context: &Context<'_>,
) -> Result<Option<EventData>, Refusal> {
    let kind = action.kind();
    let situation = Situation::of(dossier, context.procedure);
    let done = situation.undoes(kind).unwrap_or(kind);
    if context.staff.is_some_and(|staff| !staff.competent) && !done.is_at_the_counter() {
        return Err(Refusal::NotCompetent);
    }
    if kind.is_handling() && !dossier.has_reached() {
        return Err(Refusal::NotReached);
    }
    let data: EventData = match action {
        Action::Receive {
            items,
            assignee,
            return_date,
            ..
        } => receive_registered(dossier, items, *assignee, return_date.as_ref(), context)?,
        Action::NotReceive { reason } => NotReceived {
            reason: required(reason)?,
        }
        .into(),
        Action::Reach => reach(dossier, overdue, context)?,
        Action::HandOver {
            step,
            assignee,
            note,
        } => hand_over(dossier, *step, *assignee, note, context)?,
        Action::Assign {
            assignee,
            reason,
            cause,
        } => assign(dossier, *assignee, reason, *cause, context)?,
        Action::RequestSupplement {
            reason,
            items,
            exception,
        } => request_supplement(dossier, reason, items, exception.as_ref(), context)?,
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
            let asked_vnd = dossier.contents.payment_requested.unwrap_or_default();
            if *amount_vnd != asked_vnd {
                return Err(Refusal::OtherAmount {
                    asked_vnd,
                    paid_vnd: *amount_vnd,
                });
            }
            let clock = resumed(dossier, overdue, context)?;
            PaymentTaken {
                amount_vnd: positive(*amount_vnd)?,
                fees: dossier.contents.requested_fees.clone(),
                method: Some(*method),
                receipt: receipt.trim().to_owned(),
                due: clock.due,
                step_due: moved_step(dossier, &clock, context)?,
            }
            .into()
        }
        Action::CollectFees {
            fees,
            amount_vnd,
            method,
            receipt,
        } => {
            let terms = terms(
                dossier,
                not_requested(dossier, fees, context.procedure)?,
                context,
            )?;
            FeesCollected {
                amount_vnd: amount_asked(dossier, &terms, *amount_vnd, context.procedure)?,
                fees: positions(&terms),
                terms: dossier.fees(context.procedure).news(&terms),
                method: *method,
                receipt: receipt.trim().to_owned(),
            }
            .into()
        }
        Action::SetFees { fees } => {
            let terms = terms(
                dossier,
                not_requested(dossier, fees, context.procedure)?,
                context,
            )?;
            if dossier.fees(context.procedure).news(&terms).is_empty() {
                return Err(Refusal::FeesUnchanged);
            }
            FeesSet { terms }.into()
        }
        Action::RefundFees {
            amount_vnd,
            fees,
            method,
            receipt,
            reason,
        } => FeesRefunded {
            amount_vnd: refunded(dossier, *amount_vnd, fees, context.procedure)?,
            fees: fees.clone(),
            method: *method,
            receipt: receipt.trim().to_owned(),
            reason: required(reason)?,
        }
        .into(),
        Action::CancelRefund { reason } => {
            let fees = &context.procedure.definition.fees;
            let last = dossier.contents.refund_to_take_back(fees)?;
            RefundCancelled {
                amount_vnd: last.amount_vnd,
                method: last.method,
                reason: required(reason)?,
            }
            .into()
        }
        Action::CancelWaiver { fee, reason } => {
            let waived = dossier.contents.settled_fee(*fee);
            if !waived.is_some_and(SettledFee::is_waived) {
                return Err(Refusal::NotWaived { position: *fee });
            }
            FeeWaiverCancelled {
                fee: *fee,
                reason: required(reason)?,
            }
            .into()
        }
        Action::WaiveFee { fee, reason } => {
            let asked_less_vnd = asked_less(dossier, *fee, context.procedure)?;
            FeeWaived {
                fee: *fee,
                reason: required(reason)?,
                asked_less_vnd,
            }
            .into()
        }
        Action::Finish { decision, reason } => {
            let reason = match decision {
                Decision::Approved => {
                    ensure_may_grant(dossier, context)?;
                    reason.trim().to_owned()
                }
                Decision::Refused => required(reason)?,
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
        Action::Verify { reason } => verify(dossier, overdue, reason, context)?,
        Action::MoveToSuccessor { from, to } => {
            if !dossier.units().contains(from) {
                return Err(Refusal::NotWithUnit);
            }
            if from == to || !context.units.succeeds(*from, *to) {
                return Err(Refusal::NotASuccessor);
            }
            if !context.units.succeeds_by(*from, *to, context.at.date()) {
                return Err(Refusal::NotYetASuccessor);
            }
            let unit = context.units.get(*to).ok_or(Refusal::UnknownUnit)?;
            ensure_open(unit, context)?;
            MovedToSuccessor {
                from: *from,
                to: *to,
            }
            .into()
        }
        Action::Correct(Correction::Undo { reason }) => {
            ensure_may_undo(dossier, context)?;
            let action = situation.undoes(kind);
            let action = action.ok_or(Refusal::NothingToUndo)?;
            Undone {
                reason: required(reason)?,
                what: undone_within(action),
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
        Action::Correct(Correction::Delegate {
            reason,
            delegate,
            commitment,
        }) => {
            if delegate.is_none() && dossier.delegate.is_none() {
                return Err(Refusal::NothingCorrected);
            }
            DelegateCorrected {
                reason: required(reason)?,
                delegate: *delegate,
                delegate_commitment: *commitment,
            }
            .into()
        }
        Action::Correct(Correction::Papers {
            reason,
            items,
            others,
            sets,
            return_channel,
        }) => {
            let items = items.as_ref();
            let items = items.map(|items| positioned(items, context.procedure));
            let items = items.transpose()?;
            if *sets == Some(0) {
                return Err(Refusal::NoSets);
            }
            let case = &dossier.contents.case;
            let own = |held: &&HeldItem| held.under == dossier.procedure && held.case == *case;
            let before: Vec<_> = dossier.contents.items.iter().filter(own).collect();
            let all_others = dossier.contents.items.len() - before.len() == others.len();
            let says = items.is_some();
            let before = before.into_iter().filter(|_| says);
            let others = others.iter().filter(|_| says);
            let corrected = PapersCorrected {
                reason: required(reason)?,
                items,
                before: before.map(|held| held.item).collect(),
                others: others
                    .map(|held| OtherHeld(held.under, held.case.clone(), held.item))
                    .collect(),
                sets: sets.filter(|sets| *sets != dossier.contents.sets),
                return_channel: return_channel.filter(|by| *by != dossier.return_channel),
            };
            let same = |items: &[ItemHandedIn]| all_others && is_same(items, &corrected.before);
            if corrected.items.as_deref().is_none_or(same)
                && corrected.sets.is_none()
                && corrected.return_channel.is_none()
            {
                return Err(Refusal::NothingCorrected);
            }
            corrected.into()
        }
        Action::Correct(Correction::Case { reason, same_fees }) => {
            correct_case(dossier, overdue, reason, *same_fees, context)?
        }
        Action::Correct(Correction::Receipt {
            reason,
            channel,
            received_at,
            return_date,
            same_fees,
        }) => {
            let new = NewReceipt {
                reason: &required(reason)?,
                channel: channel.unwrap_or(dossier.channel),
                at: *received_at,
                return_date: return_date.as_ref(),
                same_fees: *same_fees,
            };
            correct_receipt(dossier, overdue, &new, context)?
        }
        Action::SendBack {
            amount_vnd,
            receipt,
            reason,
        } => MoneySentBack {
            amount_vnd: positive(*amount_vnd)?,
            receipt: receipt.trim().to_owned(),
            reason: reason.trim().to_owned(),
        }
        .into(),
        Action::MarkOverdue => return Ok(None),
        Action::RecomputeDue { reason } => recompute(dossier, overdue, reason, context)?,
        Action::Register(_) => return Ok(None),
    };
    Ok(Some(data))
}

fn ensure_open(unit: &Unit, context: &Context<'_>) -> Result<(), Refusal> {
    let on = context.at.date();
    if unit.is_open_on(on) {
        Ok(())
    } else {
        Err(Refusal::UnitClosed {
            code: unit.code.clone(),
            on,
            follower: context
                .units
                .in_charge_on(unit.id, on)
                .map(|unit| Follower {
                    code: unit.code.clone(),
                    name: unit.name.clone(),
                }),
        })
    }
}

fn ensure_may_undo(dossier: &Dossier, context: &Context<'_>) -> Result<(), Refusal> {
    let (Some(staff), Some((action, roles))) = (
        context.staff,
        undoable(
            dossier.status,
            dossier.appointment.is_some(),
            dossier.before_supplement.is_some(),
        ),
    ) else {
        return Ok(());
    };
    match roles.contains(&staff.role) {
        true => Ok(()),
        false => Err(Refusal::UndoneByOthers { action, roles }),
    }
}

/// Whether two lists name the same papers, in whatever order.
fn is_same(one: &[ItemHandedIn], other: &[ItemHandedIn]) -> bool {
    let sorted = |items: &[ItemHandedIn]| {
        let mut items = items.to_vec();
        items.sort_unstable_by_key(|item| item.0);
        items
    };
    sorted(one) == sorted(other)
}

fn required(reason: &str) -> Result<String, Refusal> {
    let reason = reason.trim();
    if reason.is_empty() {
        Err(Refusal::ReasonMissing)
    } else {
        Ok(reason.to_owned())
    }
}
