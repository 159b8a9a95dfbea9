//! Payments that gateways have told of: each notice is recorded once, however often it is told, and
//! then matched; and what people did about those that fit nothing.

use std::collections::HashMap;

use diesel::prelude::*;

use crate::domain::ids::{DossierId, UnitId, UserId};
use crate::domain::moment::Moment;
use crate::domain::payment::{Misfit, PaymentAct, PaymentState};
use crate::store::dossiers::dossier_id;
use crate::store::idempotency::or_conflict;
use crate::store::schema::{dossiers, payment_acts, payments};
use crate::store::{Conn, StoreError};

/// What a gateway tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// The gateway's own number of the payment.
    pub transaction: String,
    /// As it tells it; perhaps no number of ours.
    pub case_number: String,
    pub amount_vnd: u64,
}

/// A payment as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payment {
    pub id: i64,
    pub notice: Notice,
    pub received_at: Moment,
    pub state: PaymentState,
    /// Why it is unmatched.
    pub misfit: Option<Misfit>,
    /// For what it was taken, or to what its number belongs.
    pub dossier: Option<DossierId>,
    pub settled_at: Option<Moment>,
}

type Row = (
    i64,
    String,
    String,
    i64,
    i64,
    i16,
    Option<i16>,
    Option<Vec<u8>>,
    Option<i64>,
);

macro_rules! columns {
    () => {
        (
            payments::id,
            payments::transaction_id,
            payments::case_number,
            payments::amount_vnd,
            payments::received_at,
            payments::state,
            payments::reason,
            payments::dossier_id,
            payments::settled_at,
        )
    };
}

fn payment(row: Row) -> Result<Payment, StoreError> {
    let (id, transaction, case_number, amount, received, state, reason, dossier, settled) = row;
    let corrupt = || StoreError::corrupt("payments");
    let misfit = |code| Misfit::from_code(code).ok_or_else(corrupt);
    Ok(Payment {
        id,
        notice: Notice {
            transaction,
            case_number,
            amount_vnd: u64::try_from(amount).map_err(|_| corrupt())?,
        },
        received_at: Moment::from_unix_millis(received),
        state: PaymentState::from_code(state).ok_or_else(corrupt)?,
        misfit: reason.map(misfit).transpose()?,
        dossier: dossier.map(|id| dossier_id(&id)).transpose()?,
        settled_at: settled.map(Moment::from_unix_millis),
    })
}

fn amount(vnd: u64) -> i64 {
    i64::try_from(vnd).unwrap_or(i64::MAX)
}

fn find_told(conn: &mut Conn, notice: &Notice) -> Result<Option<i64>, StoreError> {
    Ok(payments::table
        .filter(payments::transaction_id.eq(&notice.transaction))
        .filter(payments::case_number.eq(&notice.case_number))
        .filter(payments::amount_vnd.eq(amount(notice.amount_vnd)))
        .select(payments::id)
        .first(conn)
        .optional()?)
}

/// Records a notice unless it is already. Returns its id, and whether it was told before.
///
/// # Errors
/// If the database refuses; a notice told meanwhile is a conflict.
pub fn record(conn: &mut Conn, notice: &Notice, now: Moment) -> Result<(i64, bool), StoreError> {
    if let Some(id) = find_told(conn, notice)? {
        return Ok((id, true));
    }
    let inserted = diesel::insert_into(payments::table)
        .values((
            payments::transaction_id.eq(&notice.transaction),
            payments::case_number.eq(&notice.case_number),
            payments::amount_vnd.eq(amount(notice.amount_vnd)),
            payments::received_at.eq(now.unix_millis()),
            payments::state.eq(PaymentState::Received.code()),
        ))
        .execute(conn);
    or_conflict(inserted)?;
    let id = find_told(conn, notice)?;
    let id = id.ok_or_else(|| StoreError::corrupt("payments.id"))?;
    Ok((id, false))
}

/// A payment, kept from others until the transaction ends.
pub fn lock(conn: &mut Conn, id: i64) -> Result<Option<Payment>, StoreError> {
    if let Conn::Postgres(pg) = conn {
        let row = payments::table.find(id).select(payments::id).for_update();
        if row.first::<i64>(pg).optional()?.is_none() {
            return Ok(None);
        }
    }
    find(conn, id)
}

pub fn find(conn: &mut Conn, id: i64) -> Result<Option<Payment>, StoreError> {
    let row: Option<Row> = payments::table
        .find(id)
        .select(columns!())
        .first(conn)
        .optional()?;
    row.map(payment).transpose()
}

/// Whether the gateway has told something else under the number of this payment: earlier, or what has
/// been taken meanwhile.
pub fn is_reused(conn: &mut Conn, of: &Payment) -> Result<bool, StoreError> {
    let other: Option<i64> = payments::table
        .filter(payments::transaction_id.eq(&of.notice.transaction))
        .filter(
            payments::id
                .lt(of.id)
                .or(payments::state.eq(PaymentState::Taken.code())),
        )
        .select(payments::id)
        .first(conn)
        .optional()?;
    Ok(other.is_some())
}

/// Says what became of a payment.
///
/// # Errors
/// If the database refuses; another payment of the same transaction that was taken meanwhile is a
/// conflict.
pub fn settle(
    conn: &mut Conn,
    id: i64,
    state: PaymentState,
    misfit: Option<Misfit>,
    dossier: Option<DossierId>,
    now: Moment,
) -> Result<(), StoreError> {
    let changed = diesel::update(payments::table.find(id))
        .set((
            payments::state.eq(state.code()),
            payments::reason.eq(misfit.map(Misfit::code)),
            payments::dossier_id.eq(dossier.map(|id| id.bytes().to_vec())),
            payments::settled_at.eq(now.unix_millis()),
        ))
        .execute(conn);
    or_conflict(changed)
}

/// Which payments to list.
#[derive(Debug, Clone, Default)]
pub struct Which {
    pub state: Option<PaymentState>,
    /// Only those of dossiers that these units answer for or have on their desk.
    pub units: Option<Vec<UnitId>>,
}

/// Payments, newest first, older than `before`.
pub fn list(
    conn: &mut Conn,
    which: &Which,
    before: Option<i64>,
    limit: u32,
) -> Result<Vec<Payment>, StoreError> {
    let mut query = payments::table
        .left_join(dossiers::table.on(payments::dossier_id.eq(dossiers::id.nullable())))
        .select(columns!())
        .order(payments::id.desc())
        .limit(i64::from(limit))
        .into_boxed();
    if let Some(state) = which.state {
        query = query.filter(payments::state.eq(state.code()));
    }
    if let Some(units) = &which.units {
        let units: Vec<i32> = units.iter().map(|unit| unit.0).collect();
        let answers = dossiers::unit_id.nullable().eq_any(units.clone());
        let has = dossiers::holder_id.nullable().eq_any(units.clone());
        query = query.filter(answers.or(has).or(dossiers::receiving_id.eq_any(units)));
    }
    if let Some(before) = before {
        query = query.filter(payments::id.lt(before));
    }
    let rows: Vec<Row> = query.load(conn)?;
    rows.into_iter().map(payment).collect()
}

/// Whether money waits that fits nothing.
pub fn any_unmatched(conn: &mut Conn) -> Result<bool, StoreError> {
    let first: Option<i64> = payments::table
        .filter(payments::state.eq(PaymentState::Unmatched.code()))
        .select(payments::id)
        .first(conn)
        .optional()?;
    Ok(first.is_some())
}

/// Payments that were recorded before a moment and never matched: whoever recorded them was stopped.
pub fn left_over(conn: &mut Conn, before: Moment, limit: u32) -> Result<Vec<i64>, StoreError> {
    Ok(payments::table
        .filter(payments::state.eq(PaymentState::Received.code()))
        .filter(payments::received_at.lt(before.unix_millis()))
        .order(payments::id)
        .limit(i64::from(limit))
        .select(payments::id)
        .load(conn)?)
}

/// What somebody did about a payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Act {
    pub at: Moment,
    pub user: UserId,
    pub kind: PaymentAct,
    pub reason: String,
}

pub fn insert_act(conn: &mut Conn, payment: i64, act: &Act) -> Result<(), StoreError> {
    diesel::insert_into(payment_acts::table)
        .values((
            payment_acts::payment_id.eq(payment),
            payment_acts::at.eq(act.at.unix_millis()),
            payment_acts::user_id.eq(act.user.0),
            payment_acts::kind.eq(act.kind.code()),
            payment_acts::reason.eq(&act.reason),
        ))
        .execute(conn)?;
    Ok(())
}

/// What was done about payments, oldest first.
pub fn acts(conn: &mut Conn, of: &[i64]) -> Result<HashMap<i64, Vec<Act>>, StoreError> {
    let rows: Vec<(i64, i64, i32, i16, String)> = payment_acts::table
        .filter(payment_acts::payment_id.eq_any(of.to_vec()))
        .order(payment_acts::id)
        .select((
            payment_acts::payment_id,
            payment_acts::at,
            payment_acts::user_id,
            payment_acts::kind,
            payment_acts::reason,
        ))
        .load(conn)?;
    let mut acts: HashMap<i64, Vec<Act>> = HashMap::new();
    for (payment, at, user, kind, reason) in rows {
        let kind = PaymentAct::from_code(kind);
        acts.entry(payment).or_default().push(Act {
            at: Moment::from_unix_millis(at),
            user: UserId(user),
            kind: kind.ok_or_else(|| StoreError::corrupt("payment_acts.kind"))?,
            reason,
        });
    }
    Ok(acts)
}
