//! Payments that a gateway has told of: each is taken once, however often it is told.

use diesel::prelude::*;

use super::schema::gateway_payments;
use super::{Conn, StoreError};
use crate::domain::ids::DossierId;
use crate::domain::moment::Moment;

/// What a transaction of the gateway was taken as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    pub dossier: DossierId,
    pub amount_vnd: u64,
}

/// # Errors
/// If the database refuses.
pub fn find(conn: &mut Conn, transaction: &str) -> Result<Option<Taken>, StoreError> {
    let row: Option<(Vec<u8>, i64)> = gateway_payments::table
        .find(transaction)
        .select((gateway_payments::dossier_id, gateway_payments::amount_vnd))
        .first(conn)
        .optional()?;
    row.map(|(dossier, amount)| {
        let corrupt = || StoreError::corrupt("gateway_payments");
        Ok(Taken {
            dossier: DossierId::from_slice(&dossier).ok_or_else(corrupt)?,
            amount_vnd: u64::try_from(amount).map_err(|_| corrupt())?,
        })
    })
    .transpose()
}

/// # Errors
/// If the database refuses; a transaction taken meanwhile is a conflict.
pub fn insert(
    conn: &mut Conn,
    transaction: &str,
    taken: &Taken,
    now: Moment,
) -> Result<(), StoreError> {
    let inserted = diesel::insert_into(gateway_payments::table)
        .values((
            gateway_payments::transaction_id.eq(transaction),
            gateway_payments::dossier_id.eq(taken.dossier.bytes().to_vec()),
            gateway_payments::amount_vnd.eq(i64::try_from(taken.amount_vnd).unwrap_or(i64::MAX)),
            gateway_payments::taken_at.eq(now.unix_millis()),
        ))
        .execute(conn);
    super::idempotency::or_conflict(inserted)
}
