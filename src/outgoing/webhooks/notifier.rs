//! From an event to a message for everybody who subscribed to it.

use serde::Serialize;

use crate::domain::dossier::Status;
use crate::domain::ids::DossierId;
use crate::domain::moment::Moment;
use crate::outgoing::webhooks::ALL_KINDS;
use crate::outgoing::{Happened, Teller};
use crate::store::outbox::{Kind, Outgoing};
use crate::store::webhooks::{self, Webhook};
use crate::store::{Conn, StoreError};

/// Tells webhooks of events.
pub struct WebhookTeller;

/// What is told: no personal data, and nothing that people wrote.
#[derive(Serialize)]
struct Told<'a> {
    kind: String,
    at: Moment,
    dossier: ToldDossier<'a>,
}

/// A dossier right after the event.
#[derive(Serialize)]
struct ToldDossier<'a> {
    id: DossierId,
    case_number: String,
    procedure: &'a str,
    unit: &'a str,
    holder: &'a str,
    status: Status,
    status_code: i16,
    due_at: Option<Moment>,
    version: u32,
}

impl Teller for WebhookTeller {
    fn messages(&self, conn: &mut Conn, all: &[Happened<'_>]) -> Result<Vec<Outgoing>, StoreError> {
        let webhooks = webhooks::enabled(conn)?;
        let mut messages = Vec::new();
        for happened in all {
            messages.extend(of_event(&webhooks, happened)?);
        }
        Ok(messages)
    }
}

fn of_event(webhooks: &[Webhook], happened: &Happened<'_>) -> Result<Vec<Outgoing>, StoreError> {
    let kind = happened.event.data.name();
    let wanted = webhooks.iter();
    let wanted: Vec<&Webhook> = wanted
        .filter(|webhook| is_wanted(webhook, &kind, happened))
        .collect();
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    let body = serde_json::to_value(told(&kind, happened))
        .map_err(|error| StoreError::Other(error.to_string()))?;
    let messages = wanted.into_iter().map(|webhook| Outgoing {
        kind: Kind::Webhook,
        topic: kind.clone(),
        recipient: webhook.id.to_string(),
        body: body.clone(),
        dossier: Some(happened.after.id),
        // Whoever wants order has the dossier's version.
        position: None,
        once: None,
        due: happened.now,
    });
    Ok(messages.collect())
}

fn is_wanted(webhook: &Webhook, kind: &str, happened: &Happened<'_>) -> bool {
    let units = happened.reference.units();
    let covers = |unit| units.is_under(unit, webhook.unit);
    let mut kinds = webhook.kinds.iter();
    kinds.any(|wanted| wanted == kind || wanted == ALL_KINDS)
        && happened.after.units().into_iter().any(covers)
}

fn told<'a>(kind: &str, happened: &Happened<'a>) -> Told<'a> {
    let dossier = happened.after;
    let code = |unit| {
        let unit = happened.reference.units().get(unit);
        unit.map_or("", |unit| unit.code.as_str())
    };
    let procedure = happened.reference.procedure(dossier.procedure);
    Told {
        kind: kind.to_owned(),
        at: happened.event.at,
        dossier: ToldDossier {
            id: dossier.id,
            case_number: dossier.case_number.to_string(),
            procedure: procedure.map_or("", |procedure| procedure.definition.code.as_str()),
            unit: code(dossier.unit),
            holder: code(dossier.holder),
            status: dossier.status,
            status_code: dossier.status.code(),
            due_at: dossier.due(),
            version: dossier.version,
        },
    }
}
