//! Carries the portal's messages over HTTP. They are made when they are sent: a dossier as it stands
//! then, a step as it was (`docs/decisions.md` says why).

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::domain::ids::{DossierId, MessageId};
use crate::domain::moment::Moment;
use crate::metrics;
use crate::outgoing::portal::compose::{Dossiers, History, LookUp, Steps};
use crate::outgoing::portal::line::{ANSWER_LIMIT, Answer, Line};
use crate::outgoing::portal::messages::{DossierMessage, StepMessage};
use crate::outgoing::portal::{DOSSIER, LOOK_UP, PortalSettings, STEP};
use crate::outgoing::{Carrier, Failure, Reason};
use crate::store::outbox::{self, Kind, Message};
use crate::store::{Store, StoreError};

/// A message may take so long, with all the calls that it needs.
const PATIENCE: Duration = Duration::from_secs(50);
/// So many dossiers are remembered to be known there; then it is asked again.
const MOST_KNOWN: usize = 10_000;

/// Carries messages to the portal.
pub struct PortalCarrier {
    line: Line,
    known: Mutex<HashSet<DossierId>>,
}

/// What the outbox keeps of a message.
#[derive(Deserialize)]
struct Body {
    sequence: u32,
}

impl PortalCarrier {
    pub fn new(settings: PortalSettings) -> Self {
        Self {
            line: Line::new(settings),
            known: Mutex::default(),
        }
    }

    fn call<T: Serialize>(
        &self,
        service: &str,
        content: &T,
        until: Instant,
    ) -> Result<Answer, Failure> {
        self.line.call(service, content, ANSWER_LIMIT, until)
    }

    /// The dossier as it stands: as a new one, or as an update of one that is known there.
    fn tell_dossier(
        &self,
        store: &Store,
        id: DossierId,
        sequence: u32,
        until: Instant,
    ) -> Result<(), Failure> {
        let settings = &self.line.settings;
        let made = store.read_with_reference(|conn, reference| {
            let history = History::read(conn, id)?;
            let message = history.message(conn, reference, settings)?;
            Ok::<_, StoreError>((history.dossier.case_number, message))
        });
        let (number, message) = made.map_err(unmade)?;
        let known = self.is_known(id) || (sequence > 1 && self.is_there(number.as_str(), until)?);
        if !known {
            let answer = self.send(&message, false, until)?;
            if !answer.says(&settings.exists) {
                self.line.judge(&answer)?;
                self.note_known(id);
                return Ok(());
            }
        }
        // Also where sending it comes to nothing: it is there.
        self.note_known(id);
        let answer = self.send(&message, true, until)?;
        let told = self.line.judge(&answer);
        if let Err(Failure::Final(_)) = &told {
            // It may have forgotten it: whoever tries again asks first.
            self.with_known(|known| known.remove(&id));
        }
        told
    }

    fn send(
        &self,
        message: &DossierMessage,
        is_update: bool,
        until: Instant,
    ) -> Result<Answer, Failure> {
        let dossiers = Dossiers {
            updating: self.line.settings.spell(is_update),
            data: [message],
        };
        self.call(DOSSIER, &dossiers, until)
    }

    /// Asks the portal whether it has a dossier. One that it says nothing sensible about is sent as a new
    /// one: if it is none, the portal says so.
    fn is_there(&self, number: &str, until: Instant) -> Result<bool, Failure> {
        let answer = self.call(LOOK_UP, &LookUp { mahoso: number }, until)?;
        match self.line.judge(&answer) {
            Ok(()) => Ok(answer.found_anything()),
            Err(Failure::Final(_)) => Ok(false),
            Err(failure) => Err(failure),
        }
    }

    /// A step, and with it those that wait behind it on the same dossier.
    fn tell_steps(
        &self,
        store: &Store,
        message: &Message,
        id: DossierId,
        sequence: u32,
        until: Instant,
    ) -> Result<(), Failure> {
        let most = self.line.settings.steps_at_once.saturating_sub(1);
        let made = store.read_with_reference(|conn, reference| {
            let waiting = outbox::waiting_behind(conn, message.id, most)?;
            let waiting: Vec<(MessageId, u32)> = waiting
                .into_iter()
                .filter_map(|(id, body)| {
                    let body: Body = serde_json::from_value(body).ok()?;
                    Some((id, body.sequence))
                })
                .collect();
            let is_wanted =
                |n: u32| n == sequence || waiting.iter().any(|(_, waiting)| *waiting == n);
            let steps = History::read(conn, id)?.steps(reference, |n, _| is_wanted(n))?;
            Ok::<_, StoreError>((waiting, steps))
        });
        let (waiting, steps) = made.map_err(unmade)?;
        let Some(own) = steps.iter().position(|(n, _)| *n == sequence) else {
            return Err(Failure::Final("không có sự kiện này".into()));
        };
        let along = waiting
            .iter()
            .filter(|(_, n)| steps.iter().any(|(m, _)| m == n));
        let along: Vec<MessageId> = along.map(|(id, _)| *id).collect();
        let steps: Vec<StepMessage> = steps.into_iter().map(|(_, step)| step).collect();
        let told = self.send_steps(&steps, until);
        match told {
            // Which of them is wrong nobody says: this one by itself, the others when their turn comes.
            Err(Failure::Final(_)) if steps.len() > 1 => self.send_steps(&steps[own..=own], until),
            Ok(()) if !along.is_empty() => {
                settle(store, along);
                Ok(())
            }
            told => told,
        }
    }

    fn send_steps(&self, steps: &[StepMessage], until: Instant) -> Result<(), Failure> {
        let answer = self.call(STEP, &Steps { data: steps }, until)?;
        self.line.judge(&answer)
    }

    fn with_known<T>(&self, work: impl FnOnce(&mut HashSet<DossierId>) -> T) -> T {
        work(&mut self.known.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn is_known(&self, id: DossierId) -> bool {
        self.with_known(|known| known.contains(&id))
    }

    fn note_known(&self, id: DossierId) {
        self.with_known(|known| {
            if known.len() >= MOST_KNOWN {
                known.clear();
            }
            known.insert(id);
        });
    }
}

impl Carrier for PortalCarrier {
    fn kind(&self) -> Kind {
        Kind::Portal
    }

    fn carry(&self, store: &Store, message: &Message, _now: Moment) -> Result<(), Failure> {
        let until = Instant::now() + PATIENCE;
        let Some(id) = message.dossier else {
            return Err(Failure::Final("không có hồ sơ".into()));
        };
        let body: Body = serde_json::from_value(message.body.clone()).map_err(|error| {
            Failure::Final(Reason::said(
                "không soạn được thông điệp",
                error.to_string(),
            ))
        })?;
        match message.topic.as_str() {
            DOSSIER => self.tell_dossier(store, id, body.sequence, until),
            STEP => self.tell_steps(store, message, id, body.sequence, until),
            topic => Err(Failure::Final(format!("không có loại {topic}").into())),
        }
    }
}

/// Writes down that messages went along with another. If that fails, they are told once more.
fn settle(store: &Store, along: Vec<MessageId>) {
    let now = crate::clock::now();
    match store.write(move |conn| outbox::delivered_along(conn, &along, now)) {
        Ok(count) => {
            let count = u64::try_from(count).unwrap_or(0);
            metrics::DELIVERIES
                .with_label_values(&[Kind::Portal.as_str(), "delivered"])
                .inc_by(count);
        }
        Err(error) => {
            tracing::warn!(%error, "steps that were told are told once more");
        }
    }
}

/// Why a message cannot be made: the store's trouble passes.
fn unmade(error: StoreError) -> Failure {
    Failure::Passing(error.to_string().into())
}
