//! Money that comes in from elsewhere: what is owed for a dossier, a gateway's word that it was paid,
//! and what people do about money that fits nothing.
//!
//! A notice is recorded before anything is asked about it: the money is in the account whatever our
//! rules say. Then it is matched; what does not match waits for people, and the gateway need not tell
//! it again.

use crate::acts::advance::{Request, act_within};
use crate::acts::{Intent, Occasion};
use crate::domain::case_number::CaseNumber;
use crate::domain::dossier::{Action, Dossier, FeeAsked, PaymentMethod, Status};
use crate::domain::ids::{Actor, DossierId};
use crate::domain::moment::Moment;
use crate::domain::payment::{Misfit, PaymentAct, PaymentState};
use crate::error::{Conflict, Error};
use crate::render;
use crate::store::idempotency::{Happened, Once, once};
use crate::store::payments::{self, Act, Notice, Payment};
use crate::store::reference::Reference;
use crate::store::{Conn, Store, StoreError, alarms, dossiers};
use crate::views::payments::{ensure_reach, owed_for};

/// Records what a gateway tells, once, and takes it for what is owed: the payment that was asked for,
/// else the fees. What does not fit is kept for people.
///
/// # Errors
/// An error of the store; what was recorded by then stays, and is matched later.
pub fn take_notice(store: &Store, notice: Notice, now: Moment) -> Result<Happened<Payment>, Error> {
    let (id, before) = store.write(move |conn| payments::record(conn, &notice, now))?;
    let value = match_notice(store, id, now)?;
    Ok(Happened { value, before })
}

/// Tells administrators that a notice of the gateway's came that could not be read.
///
/// # Errors
/// An error of the store.
pub fn note_unreadable(store: &Store, now: Moment) -> Result<(), Error> {
    store.write(move |conn| {
        alarms::raise(conn, alarms::Kind::Payment, "unreadable", UNREADABLE, now)?;
        Ok(())
    })
}

fn match_notice(store: &Store, id: i64, now: Moment) -> Result<Payment, Error> {
    store.write_with_reference(move |conn, reference| {
        let payment = payments::lock(conn, id)?.ok_or(Error::NO_DOSSIER)?;
        if payment.state != PaymentState::Received {
            return Ok(payment);
        }
        let mut named: Vec<DossierId> = Vec::new();
        for number in CaseNumber::in_purpose(&payment.notice.case_number) {
            named.extend(dossiers::find_id(conn, &number)?);
        }
        let dossier = named.first().copied();
        let misfit = match named.iter().any(|other| Some(*other) != dossier) {
            true => Some(Misfit::SeveralDossiers),
            false => take_for(conn, reference, &payment, dossier, now)?,
        };
        let state = match misfit {
            None => PaymentState::Taken,
            Some(_) => PaymentState::Unmatched,
        };
        payments::settle(conn, id, state, misfit, dossier, now)?;
        if state == PaymentState::Unmatched {
            alarms::raise(conn, alarms::Kind::Payment, "", UNMATCHED, now)?;
        }
        payments::find(conn, id)?.ok_or(Error::NO_DOSSIER)
    })
}

/// What an administrator is told of money that fits nothing.
const UNMATCHED: &str = "Cổng thanh toán báo có khoản nộp không khớp hồ sơ nào, hoặc khác số phải nộp: xem danh sách \
                         khoản nộp chưa khớp.";

/// And of a notice that could not be read.
const UNREADABLE: &str = "Cổng thanh toán gửi một thông báo đúng chữ ký nhưng không đọc được (thiếu số giao dịch hoặc số \
                          tiền): thông báo đã bị từ chối, đối chiếu với sao kê của cổng.";

/// Takes a payment for what is owed for the dossier of its number, or says why it does not fit; then
/// nothing was changed.
fn take_for(
    conn: &mut Conn,
    reference: &Reference,
    payment: &Payment,
    dossier: Option<DossierId>,
    now: Moment,
) -> Result<Option<Misfit>, Error> {
    if payments::is_reused(conn, payment)? {
        return Ok(Some(Misfit::TransactionReused));
    }
    let Some(id) = dossier else {
        return Ok(Some(Misfit::UnknownDossier));
    };
    let locked = match dossiers::lock(conn, id) {
        Ok(Some(locked)) => locked,
        Ok(None) => return Ok(Some(Misfit::UnknownDossier)),
        Err(StoreError::Corrupt(what)) => {
            tracing::error!(what, dossier = %id, "a payment for a dossier that cannot be read");
            return Ok(Some(Misfit::Unreadable));
        }
        Err(error) => return Err(error.into()),
    };
    let dossier = locked.dossier;
    let owed = owed_for(&dossier, reference)?;
    let misfit = match dossier.status {
        Status::Registered | Status::NotReceived => Some(Misfit::NotReceived),
        Status::Withdrawn | Status::Stopped => Some(Misfit::Closed),
        _ if owed == 0 => Some(Misfit::NothingOwed),
        _ if owed != payment.notice.amount_vnd => Some(Misfit::OtherAmount),
        _ => None,
    };
    if misfit.is_some() {
        return Ok(misfit);
    }
    let procedure = reference.procedure_of(&dossier);
    let fees = procedure.map(|procedure| dossier.outstanding_fees(procedure));
    let fees = fees.unwrap_or_default().into_iter().map(FeeAsked::from);
    let action = taking(payment, &dossier, fees.collect());
    let occasion = Occasion::by_system(now);
    // The rules refuse before anything is written.
    match act_within(conn, &Request::new(id, action), occasion, reference) {
        Ok(_) => Ok(None),
        Err(Error::Refused(..) | Error::NoCalendar) => Ok(Some(Misfit::Refused)),
        Err(error) => Err(error),
    }
}

fn taking(payment: &Payment, dossier: &Dossier, fees: Vec<FeeAsked>) -> Action {
    let receipt = payment.notice.transaction.clone();
    let method = PaymentMethod::Online;
    match dossier.status {
        Status::PaymentRequested => Action::TakePayment {
            amount_vnd: payment.notice.amount_vnd,
            method,
            receipt,
        },
        _ => Action::CollectFees {
            amount_vnd: None,
            fees,
            method,
            receipt,
        },
    }
}

/// How long whoever has recorded a notice may take to match it.
const PATIENCE_MILLIS: i64 = 60_000;

/// Matches what was recorded and then left: the process was stopped, or the database was. Returns how
/// many it has looked at.
pub(crate) fn match_left_over(store: &Store, now: Moment) -> Result<usize, Error> {
    let before = now.plus_millis(-PATIENCE_MILLIS);
    let ids = store.read(|conn| payments::left_over(conn, before, crate::acts::advance::PAGE))?;
    for id in &ids {
        // One that fails is tried again in the next round, and keeps nobody else waiting.
        if let Err(error) = match_notice(store, *id, now) {
            tracing::error!(payment = *id, %error, "a payment could not be matched");
        }
    }
    Ok(ids.len())
}

/// What is to be done about a payment.
#[derive(Debug, Clone)]
pub enum Handling {
    /// Take it for a dossier: for these fees, or (none named) for what its clock stands for.
    Take {
        dossier: DossierId,
        fees: Vec<FeeAsked>,
        /// What was paid too much, and is paid back.
        excess_vnd: u64,
    },
    /// The money was paid back.
    PayBack,
    Note,
}

/// Does it, with the reason, in one transaction; with a key that was used before, nothing more.
///
/// # Errors
/// No such payment, one out of reach or settled already, another amount than is owed, a refusal of the
/// rules, or an error of the store.
pub fn handle_payment(
    store: &Store,
    id: i64,
    handling: Handling,
    reason: &str,
    intent: Intent,
    key: Option<Once>,
) -> Result<Happened<i64>, Error> {
    let reason = reason.trim().to_owned();
    intent.write(store, move |conn, reference, occasion| {
        let Actor::Staff(by) = occasion.actor else {
            return Err(Error::NOT_YOUR_DOSSIER);
        };
        once(conn, key.as_ref(), occasion.now, |conn| {
            let payment = payments::lock(conn, id)?.ok_or(Error::NO_DOSSIER)?;
            if let Some(reach) = occasion.reach {
                ensure_reach(conn, reference, &payment, reach)?;
            }
            let open = payment.state == PaymentState::Unmatched;
            if !open && !matches!(handling, Handling::Note) {
                return Err(Conflict::PaymentSettled.into());
            }
            let now = occasion.now;
            let mut reason = reason.clone();
            let kind = match &handling {
                Handling::Take {
                    dossier,
                    fees,
                    excess_vnd,
                } => {
                    let mut owed = payment.clone();
                    let amount = owed.notice.amount_vnd.checked_sub(*excess_vnd);
                    owed.notice.amount_vnd = amount.filter(|vnd| *vnd > 0).ok_or_else(|| {
                        Error::wrong("/excess_vnd", "phải ít hơn số tiền đã nhận")
                    })?;
                    take_by_hand(conn, reference, &owed, *dossier, fees, occasion)?;
                    let excess = Some(*dossier).filter(|_| *excess_vnd > 0);
                    send_back(conn, reference, &payment, excess, *excess_vnd, &reason, now)?;
                    reason = with_excess(reason, *excess_vnd);
                    let (state, dossier) = (PaymentState::Taken, Some(*dossier));
                    payments::settle(conn, id, state, payment.misfit, dossier, now)?;
                    PaymentAct::Taken
                }
                Handling::PayBack => {
                    let (state, dossier) = (PaymentState::PaidBack, payment.dossier);
                    let all = payment.notice.amount_vnd;
                    send_back(conn, reference, &payment, dossier, all, &reason, now)?;
                    payments::settle(conn, id, state, payment.misfit, dossier, now)?;
                    PaymentAct::PaidBack
                }
                Handling::Note => PaymentAct::Noted,
            };
            let act = Act {
                at: now,
                user: by,
                kind,
                reason,
            };
            payments::insert_act(conn, id, &act)?;
            if open && !payments::any_unmatched(conn)? {
                alarms::clear(conn, alarms::Kind::Payment, "")?;
            }
            Ok(id)
        })
    })
}

/// Whoever is concerned hears of money that goes back: it stands in the history of the dossier for which it came, if that
/// is known.
fn send_back(
    conn: &mut Conn,
    reference: &Reference,
    payment: &Payment,
    dossier: Option<DossierId>,
    amount_vnd: u64,
    reason: &str,
    now: Moment,
) -> Result<(), Error> {
    let Some(dossier) = dossier else {
        return Ok(());
    };
    let action = Action::SendBack {
        amount_vnd,
        receipt: payment.notice.transaction.clone(),
        reason: reason.to_owned(),
    };
    let occasion = Occasion::by_system(now);
    act_within(conn, &Request::new(dossier, action), occasion, reference)
        .map_err(of_the_payment)?;
    Ok(())
}

/// Why it was taken, with what of it is paid back.
fn with_excess(reason: String, excess_vnd: u64) -> String {
    match i64::try_from(excess_vnd) {
        Ok(0) => reason,
        excess => {
            let excess = render::words::number(excess.unwrap_or(i64::MAX));
            format!("{reason}; nộp thừa {excess} đồng, hoàn trả người nộp")
        }
    }
}

fn take_by_hand(
    conn: &mut Conn,
    reference: &Reference,
    payment: &Payment,
    id: DossierId,
    fees: &[FeeAsked],
    occasion: Occasion,
) -> Result<(), Error> {
    let locked = dossiers::lock(conn, id)?.ok_or(Error::NO_DOSSIER)?;
    let dossier = locked.dossier;
    let action = match fees.is_empty() {
        true => taking(payment, &dossier, Vec::new()),
        // Whether that is what these fees are is the rules' to say.
        false => Action::CollectFees {
            fees: fees.to_vec(),
            amount_vnd: Some(payment.notice.amount_vnd),
            method: PaymentMethod::Online,
            receipt: payment.notice.transaction.clone(),
        },
    };
    act_within(conn, &Request::new(id, action), occasion, reference).map_err(of_the_payment)?;
    Ok(())
}

/// What may be done with the dossier instead is nothing that may be done with the payment.
fn of_the_payment(error: Error) -> Error {
    match error {
        Error::Refused(refusal, _) => Error::Refused(refusal, Vec::new()),
        error => error,
    }
}
