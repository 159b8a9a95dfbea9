//! What is asked for, owed and paid.

use crate::domain::dossier::decide::timing::resumed;
use crate::domain::dossier::decide::{Context, required};
use crate::domain::dossier::{Dossier, EventData, PaymentRequested, PaymentTaken, Refusal};
use crate::domain::procedure::Procedure;

pub(super) fn request_payment(
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
    let asked_vnd = amount_asked(dossier, fees, amount_vnd, context.procedure)?;
    Ok(PaymentRequested {
        amount_vnd: positive(asked_vnd)?,
        fees: fees.to_vec(),
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
pub(super) fn not_requested<'a>(dossier: &Dossier, fees: &'a [u16]) -> Result<&'a [u16], Refusal> {
    let requested = fees
        .iter()
        .find(|fee| dossier.contents.requested_fees.contains(fee));
    match requested {
        Some(&position) => Err(Refusal::FeeRequested { position }),
        None => Ok(fees),
    }
}

/// What is asked for these fees of the procedure: what they are, or the amount that is `named` where the procedure
/// does not know that of all of them.
pub(super) fn amount_asked(
    dossier: &Dossier,
    fees: &[u16],
    named: Option<u64>,
    procedure: &Procedure,
) -> Result<u64, Refusal> {
    let (asked_vnd, unknown) = amount_owed(dossier, fees, procedure)?;
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
    let (amount, unknown) = amount_owed(dossier, &[fee], procedure)?;
    let requested = &dossier.contents.requested_fees;
    match unknown {
        _ if !requested.contains(&fee) => Ok(None),
        None => Ok(Some(amount)),
        Some(_) if requested.len() == 1 => Ok(dossier.contents.payment_requested),
        // How much of what was asked for is this one's, nobody knows.
        Some(position) => Err(Refusal::FeeAmountUnknown { position }),
    }
}

/// What is owed for these fees of the procedure, each named once and not settled yet: as far as it is known, and
/// the first of which it is not.
fn amount_owed(
    dossier: &Dossier,
    fees: &[u16],
    procedure: &Procedure,
) -> Result<(u64, Option<u16>), Refusal> {
    let known = &procedure.definition.fees;
    let (mut amount, mut unknown) = (0_u64, None);
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
        if !dossier.fee_holds(fee) {
            return Err(Refusal::FeeOfOthers { position });
        }
        match fee.amount_vnd {
            Some(vnd) => amount = amount.saturating_add(vnd),
            None => unknown = unknown.or(Some(position)),
        }
    }
    if fees.is_empty() {
        return Err(Refusal::NoFees);
    }
    Ok((amount, unknown))
}

pub(super) fn positive(amount_vnd: u64) -> Result<u64, Refusal> {
    if amount_vnd == 0 {
        Err(Refusal::AmountMissing)
    } else {
        Ok(amount_vnd)
    }
}
