//! Putting right what a receipt says: under which procedure, by which way, at which moment.

use crate::domain::dossier::decide::receiving::ensure_carried_out;
use crate::domain::dossier::decide::timing::{moved_step, running_clock};
use crate::domain::dossier::decide::{Backdating, Context, ensure_open, late_reason, required};
use crate::domain::dossier::{
    Channel, Dossier, EventData, Fees, ReceiptCorrected, Refusal, ReturnDate,
};
use crate::domain::moment::Moment;
use crate::domain::norms::Judging;
use crate::domain::role::Role;
use crate::domain::time_limit::Clock;
use crate::domain::unit::Unit;

/// The receipt as it should have been; its procedure comes with the context.
pub(super) struct NewReceipt<'a> {
    pub reason: &'a str,
    pub channel: Channel,
    /// `None`: as it is.
    pub at: Option<Moment>,
    pub return_date: Option<&'a ReturnDate>,
    pub same_fees: bool,
}

/// The limit of the right procedure and way, from the right moment. Nothing that is past due is put right so, but where a
/// supervisor says that the moment was mistyped; nor what was paid by other fees, nor where steps of the wrong procedure
/// were done.
pub(super) fn correct_receipt(
    dossier: &Dossier,
    overdue: bool,
    new: &NewReceipt<'_>,
    context: &Context<'_>,
) -> Result<EventData, Refusal> {
    let contents = &dossier.contents;
    let procedure = context.procedure;
    let clock = running_clock(dossier)?;
    let received = dossier.received_at.unwrap_or(clock.started);
    let at = new.at.unwrap_or(received);
    let is_other = procedure.id != dossier.procedure || procedure.case != contents.case;
    let other_way = new.channel != dossier.channel;
    if !is_other && !other_way && at == received && new.return_date.is_none() {
        return Err(Refusal::NothingCorrected);
    }
    let unit = context.units.get(dossier.unit);
    let unit = unit.ok_or(Refusal::UnknownUnit)?;
    if is_other && contents.verification.is_some() {
        return Err(Refusal::CaseWhenVerified);
    }
    if is_other && dossier.step > 0 {
        return Err(Refusal::ProcedureWhenHandedOver);
    }
    if is_other {
        let elsewhere = dossier.receiving_unit != dossier.unit;
        ensure_carried_out(procedure, unit, elsewhere, at)?;
    }
    if other_way && contents.registered_at.is_some() {
        return Err(Refusal::SubmittedOnline);
    }
    if at != received {
        ensure_may_be_at(dossier, unit, at, new.reason, context)?;
    }
    let fees = Fees {
        contents,
        fees: &procedure.definition.fees,
        channel: new.channel,
        on: at.date(),
        free_now: false,
    };
    let holds = |fee: u16| new.same_fees && fees.holds(fee);
    if !contents.settled_fees.iter().all(|paid| holds(paid.fee)) {
        return Err(Refusal::CaseFeesSettled);
    }
    // The second limit is the same whatever way it came.
    let by_another_limit = is_other || (other_way && contents.verification.is_none());
    let clock = clock_from(dossier, clock, at, by_another_limit, unit, new, context)?;
    let moved = Some(clock.due) != dossier.due();
    // A moment that was mistyped may have made it late by itself: whoever leads may say so.
    let leads = context
        .staff
        .is_none_or(|staff| staff.role == Role::Supervisor);
    let deadline = dossier.judging.deadline(clock.due, dossier.appointment);
    let no_longer_overdue = overdue && moved && leads && at != received && deadline >= context.at;
    if overdue && moved && !no_longer_overdue {
        return Err(Refusal::CaseWhenOverdue);
    }
    let mut shifted = dossier.clone();
    shifted.step_since = dossier.step_since.map(|since| match since == received {
        true => at,
        false => since,
    });
    let judging: Judging = context.norms.on(at.date()).judging();
    let named = new.return_date.map(|named| required(&named.reason));
    Ok(ReceiptCorrected {
        reason: new.reason.to_owned(),
        procedure: is_other.then_some(procedure.id),
        procedure_before: is_other.then_some(dossier.procedure),
        case: procedure.case.clone().filter(|_| is_other),
        channel: other_way.then_some(new.channel),
        channel_before: other_way.then_some(dossier.channel),
        received_at: (at != received).then_some(at),
        received_before: (at != received).then_some(received),
        step_due: moved_step(&shifted, &clock, context)?,
        no_longer_overdue,
        limit: clock.limit,
        due: clock.due,
        due_reason: named.transpose()?,
        judging: (judging != dossier.judging).then_some(judging),
        other_fees: !new.same_fees,
    }
    .into())
}

/// Whether it may have been taken in then: by a desk that was open, not before it was submitted nor after what was done
/// with it, and no further back than whoever says so may enter.
fn ensure_may_be_at(
    dossier: &Dossier,
    unit: &Unit,
    at: Moment,
    reason: &str,
    context: &Context<'_>,
) -> Result<(), Refusal> {
    if dossier.receiving_unit != dossier.unit || dossier.contents.counts_elsewhere {
        return Err(Refusal::ReceiptOfOthers);
    }
    if at > context.now {
        return Err(Refusal::InTheFuture {
            at,
            now: context.now,
        });
    }
    let latest = dossier.handed_on_at.unwrap_or(context.at);
    let earliest = dossier.contents.registered_at;
    if at > latest || earliest.is_some_and(|earliest| at < earliest) {
        return Err(Refusal::BadReceipt {
            at,
            earliest,
            latest,
        });
    }
    let then = Context {
        at,
        backdating: context.backdating.map(|backdating| Backdating {
            reason: Some(reason),
            ..backdating
        }),
        ..*context
    };
    ensure_open(unit, &then)?;
    late_reason(&then).map(drop)
}

/// The clock as it should have run since.
fn clock_from(
    dossier: &Dossier,
    mut clock: Clock,
    at: Moment,
    by_another_limit: bool,
    unit: &Unit,
    new: &NewReceipt<'_>,
    context: &Context<'_>,
) -> Result<Clock, Refusal> {
    let procedure = context.procedure;
    if procedure.case.is_none() && procedure.definition.case_decides_limit(new.channel) {
        return Err(Refusal::case_missing(&procedure.definition));
    }
    // One that started anew, or waited to be passed on, goes on from there.
    if Some(clock.started) == dossier.received_at {
        clock.started = at;
    }
    let limit = match by_another_limit {
        true => procedure.limit_for(new.channel, unit).limit.limit()?,
        false => clock.limit,
    };
    match (limit.is_by_hand(), new.return_date) {
        // Nothing about it is another: what is past due keeps the due moment that it crossed.
        (false, None) if limit == clock.limit && Some(at) == dossier.received_at => Ok(clock),
        (false, Some(_)) => Err(Refusal::ReturnDateGiven),
        (false, None) => Ok(clock.with_limit(limit, context.timetable)?),
        (true, None) if clock.limit.is_by_hand() && clock.due > clock.started => Ok(clock),
        (true, None) => Err(Refusal::ReturnDateMissing),
        (true, Some(named))
            if named.at > clock.started.max(context.at)
                && context.timetable.is_open(named.at)? =>
        {
            Ok(Clock {
                limit,
                due: named.at,
                ..clock
            })
        }
        (true, Some(named)) => Err(Refusal::BadReturnDate { at: named.at }),
    }
}
