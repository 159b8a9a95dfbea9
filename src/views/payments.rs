//! What is owed for a dossier, and what payment gateways have told of.

use crate::domain::case_number::CaseNumber;
use crate::domain::disclosure::without_numbers;
use crate::domain::dossier::{Dossier, Status};
use crate::domain::ids::{DossierId, UnitId, UserId};
use crate::domain::payment::PaymentState;
use crate::error::Error;
use crate::store::payments::{self, Act, Payment, Which};
use crate::store::reference::Reference;
use crate::store::{Conn, Store, StoreError, dossiers, users};
use crate::views::dossier::find_within;
use crate::views::list::StaffName;

/// What is owed for a dossier now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owed {
    pub case_number: CaseNumber,
    pub amount_vnd: u64,
    /// Something more is owed of which the procedure does not know how much.
    pub more_unknown: bool,
}

/// What is owed: the payment that the clock stands for, else the procedure's fees that are not
/// settled; nothing for what was not received, withdrawn or stopped.
pub(crate) fn owed_for(dossier: &Dossier, reference: &Reference) -> Result<u64, Error> {
    owed_and_more(dossier, reference).map(|(amount, _)| amount)
}

/// The same, and whether something more is owed of which it is not known how much.
fn owed_and_more(dossier: &Dossier, reference: &Reference) -> Result<(u64, bool), Error> {
    match dossier.status {
        Status::Registered | Status::NotReceived | Status::Withdrawn | Status::Stopped => {
            return Ok((0, false));
        }
        Status::PaymentRequested => {
            return Ok((
                dossier.contents.payment_requested.unwrap_or_default(),
                false,
            ));
        }
        _ => {}
    }
    let procedure = reference
        .procedure_of(dossier)
        .ok_or_else(|| StoreError::corrupt("dossiers.procedure_id"))?;
    let owed = dossier.fees(procedure).owed();
    let amount = owed.iter().filter_map(|(_, sum)| *sum).sum();
    Ok((amount, dossier.owes_unknown(procedure)))
}

/// What is owed for a dossier within `reach`.
///
/// # Errors
/// If there is none, it is out of reach, or the database refuses.
pub fn owed(store: &Store, id: DossierId, reach: UnitId) -> Result<Owed, Error> {
    store.read_with_reference(|conn, reference| {
        let dossier = find_within(conn, reference, id, Some(reach))?;
        let (amount_vnd, more_unknown) = owed_and_more(&dossier, reference)?;
        Ok(Owed {
            amount_vnd,
            more_unknown,
            case_number: dossier.case_number,
        })
    })
}

/// A fee that is not settled yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenFee {
    pub position: u16,
    pub name: String,
    /// `None`: it is not known how much.
    pub sum_vnd: Option<u64>,
}

/// For what of a dossier a payment may be taken, without anything of its people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Takes {
    pub case_number: CaseNumber,
    /// What was asked for: it is that, and no fee.
    pub requested_vnd: Option<u64>,
    pub fees: Vec<OpenFee>,
}

/// For what of a dossier within `reach` a payment may be taken.
///
/// # Errors
/// If there is none, it is out of reach, or the database refuses.
pub fn takes(store: &Store, id: DossierId, reach: UnitId) -> Result<Takes, Error> {
    store.read_with_reference(|conn, reference| {
        let dossier = find_within(conn, reference, id, Some(reach))?;
        let requested = dossier.status == Status::PaymentRequested;
        let procedure = reference
            .procedure_of(&dossier)
            .ok_or_else(|| StoreError::corrupt("dossiers.procedure_id"))?;
        let owed = dossier.fees(procedure).owed().into_iter();
        let fees = owed.filter_map(|(position, sum_vnd)| {
            let fee = procedure.definition.fees.get(usize::from(position))?;
            let name = fee.name.clone();
            Some(OpenFee {
                position,
                name,
                sum_vnd,
            })
        });
        Ok(Takes {
            requested_vnd: requested
                .then(|| dossier.contents.payment_requested.unwrap_or_default()),
            fees: fees.collect(),
            case_number: dossier.case_number.clone(),
        })
    })
}

/// A payment with what was done about it.
#[derive(Debug, Clone, PartialEq)]
pub struct PaymentFile {
    pub payment: Payment,
    /// The number of its dossier.
    pub case_number: Option<String>,
    pub acts: Vec<(Act, Option<StaffName>)>,
}

/// Payments within `reach`, newest first, older than `before`. Those of no dossier are for people of
/// the whole office.
pub fn list_payments(
    store: &Store,
    reach: UnitId,
    state: Option<PaymentState>,
    before: Option<i64>,
    limit: u32,
) -> Result<Vec<PaymentFile>, Error> {
    store.read_with_reference(|conn, reference| {
        let units = reference.units();
        let which = Which {
            state,
            units: (!units.is_whole(reach)).then(|| reference.reached_by(reach)),
        };
        let found = payments::list(conn, &which, before, limit)?;
        files(conn, found)
    })
}

/// A payment within `reach`.
///
/// # Errors
/// If there is none, it is out of reach, or the database refuses.
pub fn show_payment(store: &Store, id: i64, reach: UnitId) -> Result<PaymentFile, Error> {
    store.read_with_reference(|conn, reference| {
        let payment = payments::find(conn, id)?.ok_or(Error::NO_DOSSIER)?;
        ensure_reach(conn, reference, &payment, reach)?;
        files(conn, vec![payment])?.pop().ok_or(Error::NO_DOSSIER)
    })
}

pub(crate) fn files(conn: &mut Conn, found: Vec<Payment>) -> Result<Vec<PaymentFile>, Error> {
    let ids: Vec<i64> = found.iter().map(|payment| payment.id).collect();
    let mut acts = payments::acts(conn, &ids)?;
    let mut people: Vec<UserId> = acts.values().flatten().map(|act| act.user).collect();
    people.sort_unstable();
    people.dedup();
    let staff = users::names(conn, people)?;
    let mut files = Vec::with_capacity(found.len());
    for mut payment in found {
        // What a payer writes may be anything.
        payment.notice.case_number = without_numbers(&payment.notice.case_number);
        let case_number = match payment.dossier {
            Some(id) => dossiers::case_number(conn, id)?,
            None => None,
        };
        let acts = acts.remove(&payment.id).unwrap_or_default().into_iter();
        files.push(PaymentFile {
            acts: acts
                .map(|act| {
                    let name = StaffName::of(&staff, act.user);
                    (act, name)
                })
                .collect(),
            payment,
            case_number,
        });
    }
    Ok(files)
}

/// A payment whose dossier is known is for the people of its units, another for those of the whole
/// office.
pub(crate) fn ensure_reach(
    conn: &mut Conn,
    reference: &Reference,
    payment: &Payment,
    reach: UnitId,
) -> Result<(), Error> {
    let units = reference.units();
    if units.is_whole(reach) {
        return Ok(());
    }
    let place = match payment.dossier {
        Some(id) => dossiers::units_of(conn, id)?,
        None => None,
    };
    let within = |unit| reference.reaches(unit, reach);
    match place {
        Some(units) if units.into_iter().any(within) => Ok(()),
        _ => Err(Error::NOT_YOUR_DOSSIER),
    }
}
