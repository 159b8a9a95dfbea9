//! What the clock of a dossier says, and the outcome.

use crate::domain::dossier::decide::{Context, required};
use crate::domain::dossier::{
    ActionKind, CaseCorrected, Dossier, DueRecomputed, EventData, Refusal,
};
use crate::domain::moment::Moment;
use crate::domain::time_limit::{Clock, Outcome, moved_by};

/// The clock as it goes on now. One that was past due when it paused keeps its due moment.
pub(super) fn resumed(
    dossier: &Dossier,
    overdue: bool,
    context: &Context<'_>,
) -> Result<Clock, Refusal> {
    let mut clock = running_clock(dossier)?;
    match overdue {
        true => clock.resume_past_due(context.at)?,
        false => clock.resume(context.at, context.timetable)?,
    }
    Ok(clock)
}

/// By when the step at hand should be handed on by that clock and this calendar, if that is another moment than before: what
/// the applicant was waited for is not the step's, and a limit that starts anew starts it anew.
pub(super) fn moved_step(
    dossier: &Dossier,
    clock: &Clock,
    context: &Context<'_>,
) -> Result<Option<Moment>, Refusal> {
    let time = context.procedure.step_time(usize::from(dossier.step));
    let since = dossier.step_since.filter(|_| dossier.has_reached());
    let (Some(since), Some(time)) = (since, time) else {
        return Ok(None);
    };
    let since = since.max(clock.started);
    let mut due = context.timetable.advance(since, time)?;
    for pause in clock.pauses.iter().filter(|pause| pause.from >= since) {
        if let Some(until) = pause.until {
            due = moved_by(due, pause.from, until, context.timetable)?;
        }
    }
    Ok(Some(due).filter(|due| dossier.step_due != Some(*due)))
}

pub(super) fn recompute(
    dossier: &Dossier,
    overdue: bool,
    reason: &str,
    context: &Context<'_>,
) -> Result<EventData, Refusal> {
    let mut clock = running_clock(dossier)?;
    clock.recompute(context.timetable)?;
    let kept = |appointment| context.timetable.kept(appointment);
    let appointment = dossier.appointment.map(kept).transpose()?;
    let moved = appointment.filter(|_| appointment != dossier.appointment);
    if Some(clock.due) == dossier.due() && moved.is_none() {
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
        step_due: moved_step(dossier, &clock, context)?,
        due: clock.due,
        appointment: moved,
        no_longer_overdue: since_start
            && dossier.judging.deadline(clock.due, appointment) >= past_due_at,
    }
    .into())
}

/// Another case of the procedure, and with it its limit from the same start. Nothing that is past due is put right so, nor
/// what was paid by other fees.
pub(super) fn correct_case(
    dossier: &Dossier,
    overdue: bool,
    reason: &str,
    same_fees: bool,
    context: &Context<'_>,
) -> Result<EventData, Refusal> {
    let procedure = context.procedure;
    let case = procedure.case.clone();
    let case = case.ok_or_else(|| Refusal::case_missing(&procedure.definition))?;
    let contents = &dossier.contents;
    if contents.case.as_ref() == Some(&case) {
        return Err(Refusal::CaseUnchanged);
    }
    if overdue {
        return Err(Refusal::CaseWhenOverdue);
    }
    if contents.verification.is_some() {
        return Err(Refusal::CaseWhenVerified);
    }
    if !same_fees && !contents.settled_fees.is_empty() {
        return Err(Refusal::CaseFeesSettled);
    }
    let unit = context.units.get(dossier.unit);
    let unit = unit.ok_or(Refusal::UnknownUnit)?;
    let limit = procedure.limit_for(dossier.channel, unit).limit.limit()?;
    let clock = running_clock(dossier)?;
    let clock = match (limit.is_by_hand(), clock.limit.is_by_hand()) {
        (true, true) => clock,
        (true, false) => return Err(Refusal::ReturnDateMissing),
        (false, _) => clock.with_limit(limit, context.timetable)?,
    };
    Ok(CaseCorrected {
        reason: required(reason)?,
        case_before: contents.case.clone(),
        case,
        limit: clock.limit,
        due: clock.due,
        other_fees: !same_fees,
    }
    .into())
}

/// The outcome if the dossier is closed now (domain.md, Time, Outcome). One that is closed while
/// it waits for the applicant is judged as if its clock went on at this moment.
pub(super) fn judge(
    dossier: &Dossier,
    overdue: bool,
    context: &Context<'_>,
) -> Result<Outcome, Refusal> {
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
    let due = dossier.judging.deadline(due, dossier.appointment);
    Ok(Outcome::judge(due, context.at))
}

/// The clock of a dossier that was received; the caller's status check vouches for it.
pub(super) fn running_clock(dossier: &Dossier) -> Result<Clock, Refusal> {
    dossier.clock.clone().ok_or_else(|| Refusal::NotAllowed {
        status: Some(dossier.status),
        action: ActionKind::TakeSupplement,
        allowed: Vec::new(),
    })
}
