//! What is asked for, owed and paid.

use crate::domain::dossier::decide::timing::{moved_step, resumed};
use crate::domain::dossier::decide::{Context, required};
use crate::domain::dossier::fees::is_requested;
use crate::domain::dossier::{
    Dossier, EventData, FeeAsked, FeeTerms, PaymentRequested, PaymentTaken, Refusal, Settlement,
};
use crate::domain::procedure::Procedure;

pub(super) fn request_payment(
    dossier: &Dossier,
    fees: &[FeeAsked],
    amount_vnd: Option<u64>,
    reason: &str,
    context: &Context<'_>,
) -> Result<EventData, Refusal> {
    if fees.is_empty() {
        return Ok(PaymentRequested {
            amount_vnd: positive(amount_vnd.unwrap_or_default())?,
            fees: Vec::new(),
            terms: Vec::new(),
            reason: required(reason)?,
        }
        .into());
    }
    let terms = terms(dossier, fees, context)?;
    let asked_vnd = amount_asked(dossier, &terms, amount_vnd, context.procedure)?;
    Ok(PaymentRequested {
        amount_vnd: positive(asked_vnd)?,
        fees: positions(&terms),
        terms: dossier.fees(context.procedure).news(&terms),
        reason: reason.trim().to_owned(),
    }
    .into())
}

/// Where the last fee that was asked for has been waived, nothing is left to wait for.
pub(super) fn nothing_left_to_pay(
    dossier: &Dossier,
    overdue: bool,
    data: &EventData,
    context: &Context<'_>,
) -> Result<Option<EventData>, Refusal> {
    let EventData::FeeWaived(waived) = data else {
        return Ok(None);
    };
    if dossier.contents.requested_fees != [waived.fee] || !dossier.status.is_waiting() {
        return Ok(None);
    }
    let clock = resumed(dossier, overdue, context)?;
    let taken = PaymentTaken {
        step_due: moved_step(dossier, &clock, context)?,
        amount_vnd: 0,
        fees: Vec::new(),
        method: None,
        receipt: String::new(),
        due: clock.due,
    };
    Ok(Some(taken.into()))
}

/// The fees, unless the clock stands for a payment of one of them.
pub(super) fn not_requested<'a>(
    dossier: &Dossier,
    fees: &'a [FeeAsked],
    procedure: &Procedure,
) -> Result<&'a [FeeAsked], Refusal> {
    let all = &procedure.definition.fees;
    let requested = fees
        .iter()
        .find(|asked| is_requested(&dossier.contents, all, asked.fee));
    match requested {
        Some(asked) => Err(Refusal::FeeRequested {
            position: asked.fee,
        }),
        None => Ok(fees),
    }
}

/// On what terms these fees are owed from now on.
pub(super) fn terms(
    dossier: &Dossier,
    fees: &[FeeAsked],
    context: &Context<'_>,
) -> Result<Vec<FeeTerms>, Refusal> {
    match fees.is_empty() {
        true => Err(Refusal::NoFees),
        false => dossier.fees(context.procedure).terms(fees),
    }
}

pub(super) fn positions(terms: &[FeeTerms]) -> Vec<u16> {
    terms.iter().map(|terms| terms.fee).collect()
}

/// What is paid back, of what was paid: for these fees all that they came to, or some amount.
pub(super) fn refunded(
    dossier: &Dossier,
    amount_vnd: u64,
    fees: &[u16],
    procedure: &Procedure,
) -> Result<u64, Refusal> {
    let contents = &dossier.contents;
    let (mut sum, mut unknown) = (0_u64, false);
    for (i, &position) in fees.iter().enumerate() {
        let settled = contents.settled_fee(position).map(|settled| &settled.how);
        let collected = matches!(settled, Some(Settlement::Collected { .. }));
        if !collected || fees[..i].contains(&position) {
            return Err(Refusal::FeeNotCollected { position });
        }
        match dossier.fees(procedure).sum(position) {
            Some(vnd) => sum = sum.saturating_add(vnd),
            None => unknown = true,
        }
    }
    if !fees.is_empty() && !unknown && sum != amount_vnd {
        return Err(Refusal::OtherAmount {
            asked_vnd: sum,
            paid_vnd: amount_vnd,
        });
    }
    match positive(amount_vnd)? {
        amount_vnd if amount_vnd > contents.kept_vnd() => Err(Refusal::RefundTooMuch {
            kept_vnd: contents.kept_vnd(),
            refunded_vnd: amount_vnd,
        }),
        amount_vnd => Ok(amount_vnd),
    }
}

/// What is asked for these fees of the procedure: what they are, or the amount that is `named` where the procedure
/// does not know that of all of them.
pub(super) fn amount_asked(
    dossier: &Dossier,
    terms: &[FeeTerms],
    named: Option<u64>,
    procedure: &Procedure,
) -> Result<u64, Refusal> {
    let (asked_vnd, unknown) = amount_of(dossier, terms, procedure);
    match (unknown, named) {
        (Some(_), Some(paid_vnd)) if paid_vnd > asked_vnd => Ok(paid_vnd),
        // Nothing, or no more than what is known of the others.
        (Some(position), _) => Err(Refusal::FeeAmountUnknown { position }),
        (None, None) => Ok(asked_vnd),
        (None, Some(paid_vnd)) if paid_vnd == asked_vnd => Ok(asked_vnd),
        (None, Some(paid_vnd)) => Err(Refusal::OtherAmount {
            asked_vnd,
            paid_vnd,
        }),
    }
}

/// By how much less is asked for without a fee, if a payment of it is asked for.
pub(super) fn asked_less(
    dossier: &Dossier,
    fee: u16,
    procedure: &Procedure,
) -> Result<Option<u64>, Refusal> {
    let terms = dossier.fees(procedure).terms_of(fee)?;
    let (amount, unknown) = amount_of(dossier, &[terms], procedure);
    let requested = &dossier.contents.requested_fees;
    match unknown {
        _ if !requested.contains(&fee) => Ok(None),
        None => Ok(Some(amount)),
        Some(_) if requested.len() == 1 => Ok(dossier.contents.payment_requested),
        // How much of what was asked for is this one's, nobody knows.
        Some(position) => Err(Refusal::FeeAmountUnknown { position }),
    }
}

/// What these fees of the procedure come to: as far as it is known, and the first of which it is not.
fn amount_of(dossier: &Dossier, terms: &[FeeTerms], procedure: &Procedure) -> (u64, Option<u16>) {
    let fees = dossier.fees(procedure).fees;
    let (mut amount, mut unknown) = (0_u64, None);
    for terms in terms {
        let fee = fees.get(usize::from(terms.fee));
        match fee.and_then(|fee| fee.sum(terms.quantity, &terms.pages)) {
            Some(vnd) => amount = amount.saturating_add(vnd),
            None => unknown = unknown.or(Some(terms.fee)),
        }
    }
    (amount, unknown)
}

pub(super) fn positive(amount_vnd: u64) -> Result<u64, Refusal> {
    if amount_vnd == 0 {
        Err(Refusal::AmountMissing)
    } else {
        Ok(amount_vnd)
    }
}
