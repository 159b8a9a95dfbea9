//! Taking a dossier in.

use crate::domain::dossier::decide::handling::step_due;
use crate::domain::dossier::decide::{Context, ensure_open, required};
use crate::domain::dossier::papers::positioned;
use crate::domain::dossier::{
    Channel, Contents, Dossier, EventData, FeeTerms, Fees, ItemGiven, ItemHandedIn, NewDossier,
    Reached, Received, Refusal, Registered, ReturnDate, Submission,
};
use crate::domain::ids::{ProcedureId, UserId};
use crate::domain::moment::Moment;
use crate::domain::procedure::Procedure;
use crate::domain::time_limit::{Clock, TimeError};
use crate::domain::timetable::Timetable;
use crate::domain::unit::Unit;

pub(super) fn register(new: &NewDossier, context: &Context<'_>) -> Result<EventData, Refusal> {
    Ok(Registered {
        submission: submission(new, context)?,
    }
    .into())
}

pub(super) fn receive_new(
    new: &NewDossier,
    assignee: Option<UserId>,
    return_date: Option<&ReturnDate>,
    context: &Context<'_>,
) -> Result<EventData, Refusal> {
    let submission = submission(new, context)?;
    ensure_complete(&submission.items, context.procedure)?;
    let on_its_way = submission.receiving_unit.is_some() && !new.passed_on;
    let pass_on_by = match on_its_way {
        true => Some(pass_on_by(context.at, context.timetable)?),
        false => None,
    };
    let fees = Fees {
        contents: &Contents::default(),
        fees: &context.procedure.definition.fees,
        channel: new.channel,
        on: context.at.date(),
        free_now: false,
    };
    let fee_terms = fees.news(&fees.terms(&new.fees)?);
    let receipt = Receipt {
        channel: new.channel,
        unit: context.units.get(new.unit).ok_or(Refusal::UnknownUnit)?,
        submission: Some(submission),
        handed_in: Vec::new(),
        procedure_now: None,
        pass_on_by,
        assignee,
        return_date,
        fee_terms,
    };
    received(receipt, context)
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
    let due = match &dossier.clock {
        Some(clock) if clock.limit.is_by_hand() => clock.due,
        Some(clock) => clock.limit.due(from, context.timetable)?,
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

/// The clerk takes in what a citizen registered, with the papers that have come since. They may lie on the desk without
/// being counted, so the checklist is not asked again.
pub(super) fn receive_registered(
    dossier: &Dossier,
    items: &[ItemGiven],
    assignee: Option<UserId>,
    return_date: Option<&ReturnDate>,
    context: &Context<'_>,
) -> Result<EventData, Refusal> {
    let unit = context
        .units
        .get(dossier.unit)
        .ok_or(Refusal::UnknownUnit)?;
    ensure_open(unit, context)?;
    let changed = context.procedure.id != dossier.procedure;
    let receipt = Receipt {
        channel: dossier.channel,
        unit,
        submission: None,
        handed_in: positioned(items, context.procedure)?,
        procedure_now: changed.then_some(context.procedure.id),
        pass_on_by: None,
        assignee,
        return_date,
        fee_terms: Vec::new(),
    };
    received(receipt, context)
}

struct Receipt<'a> {
    channel: Channel,
    /// The competent one.
    unit: &'a Unit,
    submission: Option<Submission>,
    handed_in: Vec<ItemHandedIn>,
    procedure_now: Option<ProcedureId>,
    pass_on_by: Option<Moment>,
    assignee: Option<UserId>,
    return_date: Option<&'a ReturnDate>,
    fee_terms: Vec<FeeTerms>,
}

fn received(receipt: Receipt<'_>, context: &Context<'_>) -> Result<EventData, Refusal> {
    let from = receipt.pass_on_by.unwrap_or(context.at);
    let clock = clock(&receipt, from, context)?;
    let due_reason = receipt.return_date.map(|named| required(&named.reason));
    let case_now = match receipt.submission {
        Some(_) => None,
        None => context.procedure.case.clone(),
    };
    Ok(Received {
        submission: receipt.submission,
        procedure_now: receipt.procedure_now,
        case_now,
        handed_in: receipt.handed_in,
        fee_terms: receipt.fee_terms,
        limit: clock.limit,
        due_reason: due_reason.transpose()?,
        due: clock.due,
        step_due: match receipt.pass_on_by {
            Some(_) => None,
            None => step_due(0, context.at, context)?,
        },
        assignee: receipt.assignee,
        pass_on_by: receipt.pass_on_by,
        judging: context.norms.on(context.at.date()).judging(),
    }
    .into())
}

/// The clock by the limit that holds, or by the return date that is named where there is none.
fn clock(receipt: &Receipt<'_>, from: Moment, context: &Context<'_>) -> Result<Clock, Refusal> {
    let procedure = context.procedure;
    if procedure.case.is_none() && procedure.definition.case_decides_limit(receipt.channel) {
        return Err(Refusal::case_missing(&procedure.definition));
    }
    let held = procedure.limit_for(receipt.channel, receipt.unit);
    let limit = held.limit.limit()?;
    match (limit.is_by_hand(), receipt.return_date) {
        (false, None) => Ok(Clock::start(limit, from, context.timetable)?),
        (false, Some(_)) => Err(Refusal::ReturnDateGiven),
        (true, None) => Err(Refusal::ReturnDateMissing),
        (true, Some(named)) if named.at > from && context.timetable.is_open(named.at)? => {
            Ok(Clock::named(named.at, from))
        }
        (true, Some(named)) => Err(Refusal::BadReturnDate { at: named.at }),
    }
}

pub(super) fn submission(new: &NewDossier, context: &Context<'_>) -> Result<Submission, Refusal> {
    let unit = context.units.get(new.unit).ok_or(Refusal::UnknownUnit)?;
    ensure_open(unit, context)?;
    let elsewhere = new.receiving_unit != new.unit;
    if elsewhere {
        let desk = context.units.get(new.receiving_unit);
        ensure_open(desk.ok_or(Refusal::UnknownUnit)?, context)?;
    }
    ensure_carried_out(context.procedure, unit, elsewhere, context.at)?;
    let items = positioned(&new.items, context.procedure)?;
    if new.sets == 0 {
        return Err(Refusal::NoSets);
    }
    Ok(Submission {
        number: new.case_number.as_str().to_owned(),
        procedure: context.procedure.id,
        case: context.procedure.case.clone(),
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

/// Whether a unit carries out the procedure then, of what comes to its own desk or another's.
pub(super) fn ensure_carried_out(
    procedure: &Procedure,
    unit: &Unit,
    elsewhere: bool,
    at: Moment,
) -> Result<(), Refusal> {
    let definition = &procedure.definition;
    let on = at.date();
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
    Ok(())
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
