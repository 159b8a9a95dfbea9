//! Money that comes in from elsewhere: what is owed for a dossier, and a gateway's word that it
//! was paid.

use super::act::act_within;
use super::view::find_within;
use super::{DeskError, Occasion, Request};
use crate::domain::case_number::CaseNumber;
use crate::domain::dossier::{Action, Dossier, PaymentMethod, Refusal, Status};
use crate::domain::ids::{DossierId, UnitId};
use crate::domain::moment::Moment;
use crate::store::gateway_payments::{self, Taken};
use crate::store::idempotency::Happened;
use crate::store::reference::Reference;
use crate::store::{Store, StoreError, dossiers};

/// What is owed for a dossier now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owed {
    pub case_number: CaseNumber,
    pub amount_vnd: u64,
}

/// A gateway's word that a transfer has come in.
#[derive(Debug, Clone)]
pub struct GatewayPayment {
    /// The gateway's own number of it.
    pub transaction: String,
    pub case_number: CaseNumber,
    pub amount_vnd: u64,
}

/// What is owed: the payment that the clock stands for, else the procedure's fees that are not
/// settled.
fn owed_for(dossier: &Dossier, reference: &Reference) -> Result<u64, DeskError> {
    if let Some(amount) = dossier.payment_requested {
        return Ok(amount);
    }
    let procedure = reference
        .procedure(dossier.procedure)
        .ok_or_else(|| StoreError::corrupt("dossiers.procedure_id"))?;
    let fees = dossier.outstanding_fees(procedure).into_iter();
    let amounts = fees.filter_map(|fee| procedure.definition.fees.get(usize::from(fee)));
    Ok(amounts.map(|fee| fee.amount_vnd).sum())
}

/// What is owed for a dossier within `reach`.
///
/// # Errors
/// If there is none, it is out of reach, or the database refuses.
pub fn owed(store: &Store, id: DossierId, reach: UnitId) -> Result<Owed, DeskError> {
    store.read_with_reference(|conn, reference| {
        let dossier = find_within(conn, reference, id, Some(reach))?;
        Ok(Owed {
            amount_vnd: owed_for(&dossier, reference)?,
            case_number: dossier.case_number,
        })
    })
}

/// Takes what a gateway tells, once for each of its transactions: the payment that was asked for,
/// else the fees. An amount that is not what is owed is for people to look at.
///
/// # Errors
/// No such dossier, another amount than is owed, a transaction number that came before with
/// another payment, a refusal of the rules, or an error of the store.
pub fn take_gateway_payment(
    store: &Store,
    payment: GatewayPayment,
    now: Moment,
) -> Result<Happened<DossierId>, DeskError> {
    store.write_with_reference(move |conn, reference| {
        let id = dossiers::find_id(conn, &payment.case_number)?.ok_or(DeskError::NotFound)?;
        let taken = Taken {
            dossier: id,
            amount_vnd: payment.amount_vnd,
        };
        // Locked first: whoever waited here sees what the one before has taken.
        let locked = dossiers::lock(conn, id)?.ok_or(DeskError::NotFound)?;
        if let Some(before) = gateway_payments::find(conn, &payment.transaction)? {
            return match before == taken {
                true => Ok(Happened {
                    value: id,
                    before: true,
                }),
                false => Err(crate::store::idempotency::KeyReused.into()),
            };
        }
        let dossier = locked.dossier;
        let owed_vnd = owed_for(&dossier, reference)?;
        if owed_vnd != payment.amount_vnd {
            return Err(DeskError::AmountMismatch {
                paid_vnd: payment.amount_vnd,
                owed_vnd,
            });
        }
        let receipt = payment.transaction.clone();
        let action = if dossier.status == Status::PaymentRequested {
            Action::TakePayment {
                amount_vnd: payment.amount_vnd,
                receipt,
            }
        } else {
            let procedure = reference
                .procedure(dossier.procedure)
                .ok_or(Refusal::NoFees)?;
            Action::CollectFees {
                fees: dossier.outstanding_fees(procedure),
                method: PaymentMethod::Online,
                receipt,
            }
        };
        act_within(
            conn,
            &Request::new(id, action),
            Occasion::by_system(now),
            reference,
        )?;
        gateway_payments::insert(conn, &payment.transaction, &taken, now)?;
        Ok(Happened {
            value: id,
            before: false,
        })
    })
}
