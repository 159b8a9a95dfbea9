//! Webhooks: other systems that are told of events, by unit and kind.

use diesel::prelude::*;

use crate::domain::ids::{UnitId, WebhookId};
use crate::domain::moment::Moment;
use crate::store::connection::first_locked;
use crate::store::cursor;
use crate::store::schema::webhooks;
use crate::store::{Conn, StoreError};

/// A subscription of another system.
#[derive(Clone, PartialEq, Eq)]
pub struct Webhook {
    pub id: WebhookId,
    /// Events of dossiers of this unit and of what is under it.
    pub unit: UnitId,
    pub url: String,
    /// Names of kinds of events, or `*` for all.
    pub kinds: Vec<String>,
    /// What deliveries are signed with.
    pub secret: String,
    pub created_at: Moment,
    /// Since when nothing is sent.
    pub disabled_at: Option<Moment>,
    /// Counts changes, from 1.
    pub version: u32,
}

impl std::fmt::Debug for Webhook {
    /// Without the secret, and without the address: it may hold one of the receiver's.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Webhook")
            .field("id", &self.id)
            .field("unit", &self.unit)
            .finish_non_exhaustive()
    }
}

type Row = (Vec<u8>, i32, String, String, String, i64, Option<i64>, i32);

fn read(row: Row) -> Result<Webhook, StoreError> {
    let (id, unit, url, kinds, secret, created, disabled, version) = row;
    Ok(Webhook {
        id: WebhookId::from_slice(&id).ok_or_else(|| StoreError::corrupt("webhooks.id"))?,
        unit: UnitId(unit),
        url,
        kinds: serde_json::from_str(&kinds).map_err(|_| StoreError::corrupt("webhooks.kinds"))?,
        secret,
        created_at: Moment::from_unix_millis(created),
        disabled_at: disabled.map(Moment::from_unix_millis),
        version: u32::try_from(version).map_err(|_| StoreError::corrupt("webhooks.version"))?,
    })
}

fn kinds_json(webhook: &Webhook) -> Result<String, StoreError> {
    serde_json::to_string(&webhook.kinds).map_err(|error| StoreError::Other(error.to_string()))
}

fn version(webhook: &Webhook) -> i32 {
    i32::try_from(webhook.version).unwrap_or(i32::MAX)
}

pub fn insert(conn: &mut Conn, webhook: &Webhook) -> Result<(), StoreError> {
    diesel::insert_into(webhooks::table)
        .values((
            webhooks::id.eq(webhook.id.bytes().to_vec()),
            webhooks::unit_id.eq(webhook.unit.0),
            webhooks::url.eq(&webhook.url),
            webhooks::kinds.eq(kinds_json(webhook)?),
            webhooks::secret.eq(&webhook.secret),
            webhooks::created_at.eq(webhook.created_at.unix_millis()),
            webhooks::disabled_at.eq(webhook.disabled_at.map(Moment::unix_millis)),
            webhooks::version.eq(version(webhook)),
        ))
        .execute(conn)?;
    Ok(())
}

/// Writes all but the id, the secret and when it was made.
pub fn update(conn: &mut Conn, webhook: &Webhook) -> Result<(), StoreError> {
    diesel::update(webhooks::table.find(webhook.id.bytes().to_vec()))
        .set((
            webhooks::unit_id.eq(webhook.unit.0),
            webhooks::url.eq(&webhook.url),
            webhooks::kinds.eq(kinds_json(webhook)?),
            webhooks::disabled_at.eq(webhook.disabled_at.map(Moment::unix_millis)),
            webhooks::version.eq(version(webhook)),
        ))
        .execute(conn)?;
    Ok(())
}

pub fn delete(conn: &mut Conn, id: WebhookId) -> Result<(), StoreError> {
    diesel::delete(webhooks::table.find(id.bytes().to_vec())).execute(conn)?;
    Ok(())
}

/// Sends nothing to it any more.
pub fn disable(conn: &mut Conn, id: WebhookId, now: Moment) -> Result<(), StoreError> {
    let enabled = webhooks::table
        .find(id.bytes().to_vec())
        .filter(webhooks::disabled_at.is_null());
    diesel::update(enabled)
        .set((
            webhooks::disabled_at.eq(Some(now.unix_millis())),
            webhooks::version.eq(webhooks::version + 1),
        ))
        .execute(conn)?;
    Ok(())
}

pub fn find(conn: &mut Conn, id: WebhookId) -> Result<Option<Webhook>, StoreError> {
    let query = webhooks::table.find(id.bytes().to_vec());
    let row: Option<Row> = query.first(conn).optional()?;
    row.map(read).transpose()
}

/// A webhook that stays as it is until the transaction ends.
pub fn lock(conn: &mut Conn, id: WebhookId) -> Result<Option<Webhook>, StoreError> {
    let query = webhooks::table.find(id.bytes().to_vec());
    let row: Option<Row> = first_locked!(conn, query);
    row.map(read).transpose()
}

/// Webhooks of some units by id, oldest first, younger than `after`.
pub fn of_units(
    conn: &mut Conn,
    units: &[UnitId],
    after: Option<WebhookId>,
    limit: u32,
) -> Result<Vec<Webhook>, StoreError> {
    let query = cursor::of_units!(webhooks, units, Up, after, limit);
    let rows: Vec<Row> = query.load(conn)?;
    rows.into_iter().map(read).collect()
}

/// All to which something is sent.
pub fn enabled(conn: &mut Conn) -> Result<Vec<Webhook>, StoreError> {
    let query = webhooks::table
        .filter(webhooks::disabled_at.is_null())
        .order(webhooks::id);
    let rows: Vec<Row> = query.load(conn)?;
    rows.into_iter().map(read).collect()
}
