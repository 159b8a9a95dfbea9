//! From an event to the portal's messages: only ids, the rest is read when they are sent.

use serde_json::json;

use crate::domain::dossier::{Channel, Dossier, EventData};
use crate::domain::ids::ProcedureId;
use crate::outgoing::portal::{DOSSIER, RECIPIENT, STEP, messages};
use crate::outgoing::{Happened, Teller};
use crate::store::outbox::{Kind, Outgoing};
use crate::store::{Conn, StoreError, events};

/// Tells the portal of every event of dossiers of integrated procedures.
pub struct PortalTeller;

impl Teller for PortalTeller {
    fn messages(&self, conn: &mut Conn, all: &[Happened<'_>]) -> Result<Vec<Outgoing>, StoreError> {
        let mut messages = Vec::new();
        for happened in all {
            if is_told(conn, happened)? {
                messages.extend(of_event(happened));
            }
        }
        Ok(messages)
    }
}

fn of_event(happened: &Happened<'_>) -> Vec<Outgoing> {
    let sequence = happened.event.sequence;
    let message = |topic: &str, place: u32| Outgoing {
        kind: Kind::Portal,
        topic: topic.to_owned(),
        recipient: RECIPIENT.to_owned(),
        body: json!({"sequence": sequence}),
        dossier: Some(happened.after.id),
        position: i32::try_from(sequence.saturating_mul(2).saturating_add(place)).ok(),
        once: None,
        due: happened.now,
    };
    // The dossier first: a step of one that is not known there yet would be refused.
    let mut messages = vec![message(DOSSIER, 0)];
    if messages::is_step(happened.before, happened.after) {
        messages.push(message(STEP, 1));
    }
    messages
}

/// Whether the portal is told: the version under which the dossier was received is integrated, or
/// the one under which it was registered, so that it hears the end of what it heard the beginning of.
fn is_told(conn: &mut Conn, happened: &Happened<'_>) -> Result<bool, StoreError> {
    let integrated = |id: ProcedureId| {
        let procedure = happened.reference.procedure(id);
        procedure.is_some_and(|procedure| procedure.definition.integrated)
    };
    let dossier = happened.after;
    if integrated(dossier.procedure) {
        return Ok(true);
    }
    match registered_under(conn, dossier)? {
        Some(procedure) => Ok(integrated(procedure)),
        None => Ok(false),
    }
}

fn registered_under(conn: &mut Conn, dossier: &Dossier) -> Result<Option<ProcedureId>, StoreError> {
    if dossier.channel != Channel::Online {
        return Ok(None);
    }
    let history = events::history(conn, dossier.id)?;
    let first = history.first().map(|stored| stored.event()).transpose()?;
    Ok(first.and_then(|event| match event.data {
        EventData::Registered(registered) => Some(registered.submission.procedure),
        _ => None,
    }))
}
