//! Taking a dossier in.

use crate::domain::dossier::decide::handling::step_due;
use crate::domain::dossier::decide::{Context, ensure_open};
use crate::domain::dossier::papers::positioned;
use crate::domain::dossier::{
    Dossier, EventData, ItemHandedIn, NewDossier, Received, Refusal, Registered, Submission,
};
use crate::domain::ids::{ProcedureId, UserId};
use crate::domain::procedure::Procedure;
use crate::domain::time_limit::Clock;

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
    received(Some(submission), None, assignee, context)
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
    received(None, version, assignee, context)
}

pub(super) fn received(
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

pub(super) fn submission(new: &NewDossier, context: &Context<'_>) -> Result<Submission, Refusal> {
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
