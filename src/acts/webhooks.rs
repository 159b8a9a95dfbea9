//! Webhooks of an administrator's units, and what became of their deliveries.

use serde_json::{Value, json};

use crate::acts;
use crate::domain::dossier::EventData;
use crate::domain::ids::{UnitId, WebhookId};
use crate::domain::moment::Moment;
use crate::domain::unit::Units;
use crate::error::Error;
use crate::outgoing::webhooks::ALL_KINDS;
use crate::outgoing::webhooks::addresses::Allowed;
use crate::store::admin_acts::{self, ActKind};
use crate::store::authority::Proof;
use crate::store::idempotency::{Happened, Once, once};
use crate::store::outbox::Kind;
use crate::store::webhooks::Webhook;
use crate::store::{Conn, Store, targets, webhooks as store};
use crate::views::webhooks::{missing, within};

/// A new webhook.
#[derive(Debug, Clone)]
pub struct NewWebhook {
    /// Code of the unit of whose dossiers it is told, and of those under it.
    pub unit: String,
    pub url: String,
    /// Names of kinds of events, or `*`.
    pub kinds: Vec<String>,
}

/// What changes about a webhook; what is `None` stays.
#[derive(Debug, Clone, Default)]
pub struct WebhookChange {
    /// Code of the unit.
    pub unit: Option<String>,
    pub url: Option<String>,
    pub kinds: Option<Vec<String>>,
    pub disabled: Option<bool>,
}

type Wrong = Vec<(String, String)>;

fn check_url(url: &str, allowed: &Allowed, wrong: &mut Wrong) -> Option<String> {
    match allowed.check(url) {
        Ok(url) => Some(url),
        Err(reason) => {
            wrong.push(("/url".to_owned(), reason));
            None
        }
    }
}

/// The kinds, each once.
fn check_kinds(kinds: &[String], wrong: &mut Wrong) -> Vec<String> {
    let known = EventData::names();
    if kinds.is_empty() {
        wrong.push(("/kinds".to_owned(), "để trống".to_owned()));
    }
    for (i, kind) in kinds.iter().enumerate() {
        if kind != ALL_KINDS && !known.contains(kind) {
            let reason = format!("phải là {ALL_KINDS} hoặc một trong: {}", known.join(", "));
            wrong.push((format!("/kinds/{i}"), reason));
        }
    }
    let mut kinds = kinds.to_vec();
    kinds.sort_unstable();
    kinds.dedup();
    kinds
}

/// The unit, which has to be within reach.
fn unit(
    code: &str,
    units: &Units,
    reach: UnitId,
    wrong: &mut Wrong,
) -> Result<Option<UnitId>, Error> {
    let Some(unit) = units.by_code(code) else {
        wrong.push(("/unit".to_owned(), format!("không có đơn vị '{code}'")));
        return Ok(None);
    };
    match units.is_under(unit.id, reach) {
        true => Ok(Some(unit.id)),
        false => Err(Error::NOT_YOURS_TO_KEEP),
    }
}

/// Without its secret, and of its address, which may hold one of the receiver's, the host and a hash.
fn as_recorded(webhook: &Webhook, units: &Units) -> Value {
    json!({
        "webhook": webhook.id,
        "unit": units.get(webhook.unit).map(|unit| &unit.code),
        "host": url::Url::parse(&webhook.url).ok().and_then(|url| url.host_str().map(str::to_owned)),
        "url_sha256": data_encoding::HEXLOWER.encode(&acts::access::secret_hash(&webhook.url)),
        "kinds": webhook.kinds,
        "disabled": webhook.disabled_at.is_some(),
    })
}

/// Makes a webhook, with a new secret.
///
/// # Errors
/// All that is wrong with it, a unit that is out of reach, or an error of the store.
pub fn create_webhook(
    store: &Store,
    allowed: &Allowed,
    new: NewWebhook,
    by: Proof,
    key: Option<Once>,
    now: Moment,
) -> Result<Happened<Webhook>, Error> {
    let mut wrong = Vec::new();
    let url = check_url(&new.url, allowed, &mut wrong);
    let kinds = check_kinds(&new.kinds, &mut wrong);
    store.write_with_reference_as(by, move |conn, reference, caller| {
        let reach = caller.unit();
        let made = once(conn, key.as_ref(), now, |conn| {
            let mut wrong = wrong.clone();
            let unit = unit(&new.unit, reference.units(), reach, &mut wrong)?;
            let (Some(unit), Some(url), true) = (unit, &url, wrong.is_empty()) else {
                return Err(Error::invalid(wrong));
            };
            let webhook = Webhook {
                id: WebhookId::new(now, rand::random()),
                unit,
                url: url.clone(),
                kinds: kinds.clone(),
                secret: acts::access::new_secret(),
                created_at: now,
                disabled_at: None,
                version: 1,
            };
            store::insert(conn, &webhook)?;
            let act = as_recorded(&webhook, reference.units());
            admin_acts::record(conn, caller.actor(), now, ActKind::WebhookMade, &act)?;
            Ok(webhook.id)
        })?;
        Ok(Happened {
            value: store::find(conn, made.value)?.ok_or_else(missing)?,
            before: made.before,
        })
    })
}

/// Changes a webhook, if it is still at the version that was seen (`None`: whatever it is).
///
/// # Errors
/// All that is wrong with the change, a webhook or unit that is out of reach, or an error of the
/// store.
pub fn change_webhook(
    store: &Store,
    allowed: &Allowed,
    id: WebhookId,
    change: WebhookChange,
    by: Proof,
    seen: Option<u32>,
    now: Moment,
) -> Result<Webhook, Error> {
    let mut wrong = Vec::new();
    let url = change
        .url
        .as_deref()
        .and_then(|url| check_url(url, allowed, &mut wrong));
    let kinds = change
        .kinds
        .as_deref()
        .map(|kinds| check_kinds(kinds, &mut wrong));
    store.write_with_reference_as(by, move |conn, reference, caller| {
        let reach = caller.unit();
        let units = reference.units();
        let known = locked(conn, units, id, reach)?;
        if seen.is_some_and(|seen| seen != known.version) {
            return Err(Error::CHANGED);
        }
        let mut wrong = wrong.clone();
        let mut webhook = known.clone();
        if let Some(code) = &change.unit {
            webhook.unit = unit(code, units, reach, &mut wrong)?.unwrap_or(known.unit);
        }
        if !wrong.is_empty() {
            return Err(Error::invalid(wrong));
        }
        if let Some(url) = &url {
            webhook.url.clone_from(url);
        }
        if let Some(kinds) = &kinds {
            webhook.kinds.clone_from(kinds);
        }
        match change.disabled {
            Some(true) => webhook.disabled_at = known.disabled_at.or(Some(now)),
            Some(false) => webhook.disabled_at = None,
            None => {}
        }
        if webhook != known {
            webhook.version += 1;
            store::update(conn, &webhook)?;
            // It may be somebody else now: what was known of it says nothing any more.
            targets::recovered(conn, Kind::Webhook, &id.to_string())?;
            let act = as_recorded(&webhook, units);
            admin_acts::record(conn, caller.actor(), now, ActKind::WebhookChanged, &act)?;
        }
        Ok(webhook)
    })
}

fn locked(conn: &mut Conn, units: &Units, id: WebhookId, reach: UnitId) -> Result<Webhook, Error> {
    within(store::lock(conn, id)?, units, reach)
}

/// Takes a webhook away. What waits for it is given up when its turn comes.
///
/// # Errors
/// If there is none, it is out of reach, or the database refuses.
pub fn delete_webhook(store: &Store, id: WebhookId, by: Proof) -> Result<(), Error> {
    store.write_with_reference_as(by, move |conn, reference, caller| {
        let webhook = locked(conn, reference.units(), id, caller.unit())?;
        let act = as_recorded(&webhook, reference.units());
        let (actor, now) = (caller.actor(), crate::clock::now());
        admin_acts::record(conn, actor, now, ActKind::WebhookRemoved, &act)?;
        store::delete(conn, id)?;
        targets::recovered(conn, Kind::Webhook, &id.to_string())?;
        Ok(())
    })
}
