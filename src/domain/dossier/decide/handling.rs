//! Work on a dossier between its receipt and its end.

use chrono::Days;

use crate::domain::dossier::decide::timing::{moved_step, resumed, running_clock};
use crate::domain::dossier::decide::{Context, ensure_open, required};
use crate::domain::dossier::papers::positioned;
use crate::domain::dossier::{
    Dossier, EventData, Exception, HandedOver, HandsCause, HandsChanged, ItemGiven, Paper,
    Reappointed, Refusal, SupplementRequested, SupplementTaken, VerificationNeeded,
};
use crate::domain::ids::UserId;
use crate::domain::moment::Moment;
use crate::domain::procedure::OnSupplement;
use crate::domain::time_limit::TimeError;

pub(super) fn hand_over(
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
    ensure_may_leave(dossier, step < dossier.step, context)?;
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
    ensure_open(unit, context)?;
    Ok(HandedOver {
        step,
        unit: (unit.id != dossier.holder).then_some(unit.id),
        assignee,
        step_due: step_due(usize::from(step), context.at, context)?,
        note: note.trim().to_owned(),
    }
    .into())
}

/// A step of an approved workflow is left by whose it is; back also by whoever was given the dossier.
fn ensure_may_leave(dossier: &Dossier, back: bool, context: &Context<'_>) -> Result<(), Refusal> {
    match back && context.staff.is_some_and(|staff| staff.is_given_it) {
        true => Ok(()),
        false => ensure_step_is_theirs(dossier, context),
    }
}

/// Other hands within the step at hand. What nobody has is given by whose the step is; else who has it, a supervisor or
/// who stands in for them says so, with the reason where it is not theirs.
pub(super) fn assign(
    dossier: &Dossier,
    assignee: Option<UserId>,
    reason: &str,
    cause: HandsCause,
    context: &Context<'_>,
) -> Result<EventData, Refusal> {
    if assignee == dossier.assignee {
        return Err(Refusal::HandsUnchanged);
    }
    let mut given_reason = reason.trim().to_owned();
    if let Some(staff) = &context.staff {
        match dossier.assignee {
            _ if staff.is_given_it => {}
            None if staff.changes_hands() => {}
            None => ensure_step_is_theirs(dossier, context)?,
            Some(_) if staff.changes_hands() => given_reason = required(reason)?,
            Some(_) => return Err(Refusal::HandsOfOthers),
        }
    }
    Ok(HandsChanged {
        assignee_before: dossier.assignee,
        assignee,
        cause,
        reason: given_reason,
    }
    .into())
}

/// The step at hand is for whoever acts to do.
fn ensure_step_is_theirs(dossier: &Dossier, context: &Context<'_>) -> Result<(), Refusal> {
    let steps = &context.procedure.definition.workflow;
    let at_hand = steps.get(usize::from(dossier.step));
    match (context.staff, at_hand) {
        (Some(staff), Some(step)) if !staff.does(step) => Err(Refusal::StepOfOthers {
            step: step.name.clone(),
            role: step.role.role(),
            unit: context
                .units
                .get(dossier.holder)
                .map(|unit| unit.name.clone()),
        }),
        _ => Ok(()),
    }
}

/// A request is granted where the workflow decides it, by whose that step is; after it, the decision was made by who
/// handed the dossier on.
pub(super) fn ensure_may_grant(dossier: &Dossier, context: &Context<'_>) -> Result<(), Refusal> {
    let procedure = context.procedure;
    let (at_hand, deciding) = (usize::from(dossier.step), procedure.deciding_step());
    if at_hand < deciding {
        let missing = at_hand + 1..=deciding;
        return Err(Refusal::NotDecided {
            current: procedure.step_name(at_hand).to_owned(),
            missing: missing
                .map(|step| procedure.step_name(step).to_owned())
                .collect(),
        });
    }
    match at_hand == deciding {
        true => ensure_step_is_theirs(dossier, context),
        false => Ok(()),
    }
}

pub(super) fn step_due(
    step: usize,
    from: Moment,
    context: &Context<'_>,
) -> Result<Option<Moment>, TimeError> {
    match context.procedure.step_time(step) {
        Some(time) => context.timetable.advance(from, time).map(Some),
        None => Ok(None),
    }
}

pub(super) fn take_supplement(
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
    let on_supplement = context.procedure.definition.on_supplement;
    let on_supplement = on_supplement.unwrap_or(context.norm(dossier).on_supplement);
    // A return date that was named by hand has no limit to start anew: it moves by the pause.
    let by_hand = dossier
        .clock
        .as_ref()
        .is_some_and(|clock| clock.limit.is_by_hand());
    let restarted = !overdue && !by_hand && on_supplement == OnSupplement::Restart;
    let clock = if restarted {
        let mut clock = running_clock(dossier)?;
        clock.restart(context.at, context.timetable)?;
        clock
    } else {
        resumed(dossier, overdue, context)?
    };
    Ok(SupplementTaken {
        step_due: moved_step(dossier, &clock, context)?,
        items,
        restarted,
        reason: reason.to_owned(),
        due: clock.due,
    }
    .into())
}

/// Papers are asked for once (Nghị định 309/2026, điều 17(2a) [T]); again only with the reason why, and who allowed it.
pub(super) fn request_supplement(
    dossier: &Dossier,
    reason: &str,
    items: &[Paper],
    exception: Option<&Exception>,
    context: &Context<'_>,
) -> Result<EventData, Refusal> {
    let positions = items.iter().map(|paper| paper.position(context.procedure));
    let mut items: Vec<u16> = Vec::new();
    for position in positions {
        let position = position?;
        // Named twice, it is asked for once.
        if !items.contains(&position) {
            items.push(position);
        }
    }
    let reason = required(reason)?;
    let most = context.norm(dossier).supplements;
    let again = most.is_some_and(|most| dossier.supplements_requested >= most);
    let exception = match (again, exception) {
        (false, _) => None,
        (true, None) => {
            return Err(Refusal::SupplementRequestedBefore {
                times: dossier.supplements_requested,
            });
        }
        (true, Some(exception)) => Some(Exception {
            reason: required(&exception.reason)?,
            allowed_by: required(&exception.allowed_by)?,
        }),
    };
    Ok(SupplementRequested {
        reason,
        items,
        exception,
    }
    .into())
}

pub(super) fn reappoint(
    dossier: &Dossier,
    reason: &str,
    appointment: Moment,
    context: &Context<'_>,
) -> Result<EventData, Refusal> {
    if let Some(appointment) = dossier.appointment.or(dossier.reappointed) {
        return Err(Refusal::AlreadyReappointed { appointment });
    }
    let after_due = dossier.due().is_some_and(|due| appointment > due);
    if appointment <= context.at || !after_due || !context.timetable.is_open(appointment)? {
        return Err(Refusal::BadAppointment { appointment });
    }
    let days = Days::new(context.norm(dossier).apology_days_before.into());
    let due = dossier.due().map(|due| due.date());
    Ok(Reappointed {
        reason: required(reason)?,
        appointment,
        late: due.is_some_and(|due| context.at.date() + days > due),
    }
    .into())
}

/// Verification is needed: the second limit holds, counted from the same start, and once. It makes nothing due earlier, and
/// what is past due stays so.
pub(super) fn verify(
    dossier: &Dossier,
    overdue: bool,
    reason: &str,
    context: &Context<'_>,
) -> Result<EventData, Refusal> {
    if dossier.contents.verification.is_some() {
        return Err(Refusal::VerificationSaid);
    }
    let definition = &context.procedure.definition;
    let second = definition.verification_limit;
    let second = second.ok_or_else(|| Refusal::NoVerification {
        procedure: definition.code.clone(),
    })?;
    let first = running_clock(dossier)?;
    let clock = first.with_limit(second.limit()?, context.timetable)?;
    let moves = !overdue && clock.due > first.due;
    Ok(VerificationNeeded {
        reason: required(reason)?,
        limit: moves.then_some(clock.limit),
        due: match moves {
            true => clock.due,
            false => first.due,
        },
    }
    .into())
}
