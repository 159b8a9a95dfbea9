//! Webhooks of an administrator's units, and what became of their deliveries.

use crate::domain::ids::{MessageId, UnitId, WebhookId};
use crate::domain::unit::Units;
use crate::error::Error;
use crate::store::outbox::{self, Entry, Kind, Which};
use crate::store::webhooks::Webhook;
use crate::store::{Store, webhooks as store};

pub(crate) fn missing() -> Error {
    Error::NotFound("không có webhook này")
}

pub(crate) fn within(
    found: Option<Webhook>,
    units: &Units,
    reach: UnitId,
) -> Result<Webhook, Error> {
    let webhook = found.ok_or_else(missing)?;
    match units.is_under(webhook.unit, reach) {
        true => Ok(webhook),
        false => Err(Error::NOT_YOURS_TO_KEEP),
    }
}

/// A webhook within reach.
///
/// # Errors
/// If there is none, it is out of reach, or the database refuses.
pub fn find_webhook(store: &Store, id: WebhookId, reach: UnitId) -> Result<Webhook, Error> {
    store.read_with_reference(|conn, reference| {
        within(store::find(conn, id)?, reference.units(), reach)
    })
}

/// The webhooks of a unit and of what is under it, oldest first, after `after`.
///
/// # Errors
/// If the unit is out of reach, or the database refuses.
pub fn webhooks_of_unit(
    store: &Store,
    unit: UnitId,
    reach: UnitId,
    after: Option<WebhookId>,
    limit: u32,
) -> Result<Vec<Webhook>, Error> {
    store.read_with_reference(|conn, reference| {
        let units = reference.units();
        if !units.is_under(unit, reach) {
            return Err(Error::NOT_YOURS_TO_KEEP);
        }
        Ok(store::of_units(conn, &units.under(unit), after, limit)?)
    })
}

/// What became of the deliveries to a webhook, newest first, older than `before`.
///
/// # Errors
/// If there is no such webhook, it is out of reach, or the database refuses.
pub fn deliveries(
    store: &Store,
    id: WebhookId,
    reach: UnitId,
    before: Option<MessageId>,
    limit: u32,
) -> Result<Vec<Entry>, Error> {
    store.read_with_reference(|conn, reference| {
        within(store::find(conn, id)?, reference.units(), reach)?;
        let which = Which {
            standing: None,
            kind: Some(Kind::Webhook),
            recipient: Some(id.to_string()),
        };
        Ok(outbox::list(conn, &which, before, limit)?)
    })
}
