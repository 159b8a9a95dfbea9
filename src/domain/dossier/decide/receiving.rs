//! Taking a dossier in.

use crate::domain::dossier::decide::handling::step_due;
use crate::domain::dossier::decide::{Context, ensure_open};
use crate::domain::dossier::papers::positioned;
use crate::domain::dossier::{
    Dossier, EventData, ItemHandedIn, NewDossier, Reached, Received, Refusal, Registered,
    Submission,
};
use crate::domain::ids::{ProcedureId, UserId};
use crate::domain::moment::Moment;
use crate::domain::procedure::Procedure;
use crate::domain::time_limit::{Clock, TimeError};
use crate::domain::timetable::Timetable;

pub(super) fn register(new: &NewDossier, context: &Context<'_>) -> Result<EventData, Refusal> {
    Ok(Registered {
        submission: submission(new, context)?,
    }
    .into())
}

pub(super) fn receive_new(
    new: &NewDossier,
    assignee: Option<UserId>,
    context: &Context<'_>,
) -> Result<EventData, Refusal> {
    let submission = submission(new, context)?;
    ensure_complete(&submission.items, context.procedure)?;
    let on_its_way = submission.receiving_unit.is_some() && !new.passed_on;
    let pass_on_by = match on_its_way {
        true => Some(pass_on_by(context.at, context.timetable)?),
        false => None,
    };
    received(Some(submission), None, pass_on_by, assignee, context)
}

/// By when a desk has to pass on what it took in for another unit: on the same working day, and if it came after
/// 15:00, early on the next one (Nghị định 309/2026, which amends điều 17 of 118/2025; that "early" means by the
/// close of the morning is ours).
fn pass_on_by(handed_in: Moment, timetable: &Timetable) -> Result<Moment, TimeError> {
    let open = timetable.next_opening(handed_in)?;
    let close = timetable.close_of(open.date())?;
    let close = close.ok_or(TimeError::NeverOpen)?;
    if open == handed_in && open.civil().time() <= timetable.same_day_cut() {
        return Ok(close);
    }
    let early = match open == handed_in {
        true => timetable.next_opening(close.plus_millis(1))?,
        false => open,
    };
    timetable.close_of_session(early)
}

/// What another desk took in has come to the competent unit, whose clock starts. The applicant was promised the
/// due moment of one that is passed on in time, so that coming late does not move it.
pub(super) fn reach(
    dossier: &Dossier,
    overdue: bool,
    context: &Context<'_>,
) -> Result<EventData, Refusal> {
    let passing_on = dossier.contents.passing_on;
    let passing_on = passing_on.filter(|passing_on| passing_on.reached.is_none());
    let passing_on = passing_on.ok_or(Refusal::ReachedAlready)?;
    let late = context.at > passing_on.by;
    let from = context.at.min(passing_on.by);
    let limit = dossier.clock.as_ref().map(|clock| clock.limit);
    let due = match limit {
        Some(limit) => limit.due(from, context.timetable)?,
        None => return Err(Refusal::ReachedAlready),
    };
    Ok(Reached {
        late,
        // Past due it keeps the due moment that it crossed.
        due: match dossier.due() {
            Some(promised) if overdue => promised,
            _ => due,
        },
        step_due: step_due(0, context.at, context)?,
    }
    .into())
}

/// The clerk takes in what a citizen registered. The citizen's papers may have been completed at
/// the desk, so the checklist is not asked again.
pub(super) fn receive_registered(
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
    received(None, version, None, assignee, context)
}

fn received(
    submission: Option<Submission>,
    procedure_now: Option<ProcedureId>,
    pass_on_by: Option<Moment>,
    assignee: Option<UserId>,
    context: &Context<'_>,
) -> Result<EventData, Refusal> {
    let from = pass_on_by.unwrap_or(context.at);
    let clock = Clock::start(context.procedure.limit()?, from, context.timetable)?;
    Ok(Received {
        submission,
        procedure_now,
        limit: clock.limit,
        due: clock.due,
        step_due: match pass_on_by {
            Some(_) => None,
            None => step_due(0, context.at, context)?,
        },
        assignee,
        pass_on_by,
        judging: context.norms.on(context.at.date()).judging(),
    }
    .into())
}

pub(super) fn submission(new: &NewDossier, context: &Context<'_>) -> Result<Submission, Refusal> {
    let unit = context.units.get(new.unit).ok_or(Refusal::UnknownUnit)?;
    ensure_open(unit, context.at)?;
    let elsewhere = new.receiving_unit != new.unit;
    if elsewhere {
        let desk = context.units.get(new.receiving_unit);
        ensure_open(desk.ok_or(Refusal::UnknownUnit)?, context.at)?;
    }
    let definition = &context.procedure.definition;
    let on = context.at.date();
    if !definition.is_in_force_on(on) {
        return Err(Refusal::ProcedureNotInForce {
            code: definition.code.clone(),
            on,
        });
    }
    if elsewhere && !definition.received_elsewhere {
        return Err(Refusal::NotReceivedElsewhere {
            procedure: definition.code.clone(),
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
        receiving_unit: elsewhere.then_some(new.receiving_unit),
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

pub(super) fn ensure_complete(
    items: &[ItemHandedIn],
    procedure: &Procedure,
) -> Result<(), Refusal> {
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
