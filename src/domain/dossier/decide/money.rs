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

/// What is owed for these fees of the procedure, each named once and not settled yet.
pub(super) fn amount_owed(
    dossier: &Dossier,
    fees: &[u16],
    procedure: &Procedure,
) -> Result<u64, Refusal> {
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

pub(super) fn positive(amount_vnd: u64) -> Result<u64, Refusal> {
    if amount_vnd == 0 {
        Err(Refusal::AmountMissing)
    } else {
        Ok(amount_vnd)
    }
}
