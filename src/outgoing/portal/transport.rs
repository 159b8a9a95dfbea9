//! Carries the portal's messages over HTTP. They are made when they are sent: a dossier as it stands
//! then, a step as it was (`docs/decisions.md` says why).

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::domain::dossier::{Dossier, Event};
use crate::domain::ids::DossierId;
use crate::domain::moment::Moment;
use crate::outgoing::portal::messages::{DossierMessage, Staff, StepMessage, named};
use crate::outgoing::portal::{DOSSIER, Line, PortalSettings, STEP};
use crate::outgoing::{Carrier, Failure, Reason};
use crate::store::outbox::{Kind, Message};
use crate::store::reference::Reference;
use crate::store::{Conn, Store, StoreError, events, persons, users};

/// The largest answer that is read.
const ANSWER_LIMIT: u64 = 1 << 16;

/// Carries messages to the portal.
pub struct PortalCarrier(Line);

/// What is posted.
#[derive(Serialize)]
struct Posted<'a, T> {
    madonvi: &'a str,
    service: &'a str,
    #[serde(rename = "isUpdating")]
    updating: &'static str,
    data: [T; 1],
}

/// What the outbox keeps of a message.
#[derive(Deserialize)]
struct Body {
    sequence: u32,
}

impl PortalCarrier {
    pub fn new(settings: PortalSettings) -> Self {
        Self(Line::new(settings))
    }

    fn compose(
        &self,
        conn: &mut Conn,
        reference: &Reference,
        message: &Message,
        id: DossierId,
    ) -> Result<String, ComposeError> {
        let body: Body = serde_json::from_value(message.body.clone())?;
        let stored = events::history(conn, id)?;
        let events = stored.iter().map(|event| event.event());
        let events = events.collect::<Result<Vec<_>, _>>()?;
        let corrupt = |error| StoreError::corrupt(format!("hồ sơ {id}: {error}"));
        let dossier = Dossier::replay(id, &events).map_err(corrupt)?;
        let staff = staff(conn, &events)?;
        if message.topic == STEP {
            let step = StepMessage::new(&dossier, &events, body.sequence, reference, &staff);
            let step = step.map_err(corrupt)?.ok_or(ComposeError::NoSuchEvent)?;
            return self.posted(message, body.sequence, step);
        }
        let procedure = reference.procedure(dossier.procedure).ok_or_else(|| {
            StoreError::corrupt(format!("không có thủ tục {}", dossier.procedure))
        })?;
        let applicant = persons::find(conn, dossier.applicant)?
            .ok_or_else(|| StoreError::corrupt("không có người nộp"))?;
        let whole =
            DossierMessage::new(&dossier, &events, procedure, &applicant, reference, &staff);
        self.posted(message, body.sequence, whole.map_err(corrupt)?)
    }

    fn posted<T: Serialize>(
        &self,
        message: &Message,
        sequence: u32,
        data: T,
    ) -> Result<String, ComposeError> {
        Ok(serde_json::to_string(&Posted {
            madonvi: &self.0.settings.agency,
            service: &message.topic,
            updating: match sequence {
                1 => "false",
                _ => "true",
            },
            data: [data],
        })?)
    }

    fn post(&self, body: &str) -> Result<(), Failure> {
        let mut answer = self.0.post(body).map_err(|error| unsent(&error))?;
        let status = answer.status().as_u16();
        let text = answer.body_mut().with_config().limit(ANSWER_LIMIT);
        let text = text.read_to_string();
        match status {
            200..=299 => {
                // The work may be done all the same: it is told once more.
                let text = text.map_err(|error| Failure::Passing(error.to_string().into()))?;
                judge(&text)
            }
            408 | 500 => Err(Failure::Passing(format!("HTTP {status}").into())),
            400..=499 if !matches!(status, 401 | 403 | 404 | 407 | 429) => {
                let said = text.unwrap_or_default();
                Err(Failure::Final(Reason::said(
                    format!("HTTP {status}"),
                    tame(&said),
                )))
            }
            // Nothing of this message's: a proxy, an expired token, maintenance.
            _ => Err(Failure::Down(format!("HTTP {status}").into())),
        }
    }
}

impl Carrier for PortalCarrier {
    fn kind(&self) -> Kind {
        Kind::Portal
    }

    fn carry(&self, store: &Store, message: &Message, _now: Moment) -> Result<(), Failure> {
        if ![DOSSIER, STEP].contains(&message.topic.as_str()) {
            return Err(Failure::Final(
                format!("không có loại {}", message.topic).into(),
            ));
        }
        let Some(id) = message.dossier else {
            return Err(Failure::Final("không có hồ sơ".into()));
        };
        let body = store
            .read_with_reference(|conn, reference| self.compose(conn, reference, message, id))?;
        self.post(&body)
    }
}

fn staff(conn: &mut Conn, events: &[Event]) -> Result<Staff, StoreError> {
    let mut staff = Staff::new();
    for id in named(events) {
        if !staff.contains_key(&id)
            && let Some(account) = users::find(conn, id)?
        {
            staff.insert(id, account.user);
        }
    }
    Ok(staff)
}

/// Why a message cannot be made.
#[derive(Debug, thiserror::Error)]
enum ComposeError {
    #[error("không có sự kiện này")]
    NoSuchEvent,
    #[error(transparent)]
    Json(#[from] serde_json::Error),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<diesel::result::Error> for ComposeError {
    fn from(error: diesel::result::Error) -> Self {
        Self::Store(error.into())
    }
}

impl From<ComposeError> for Failure {
    fn from(error: ComposeError) -> Self {
        match error {
            ComposeError::Store(error) => Self::Passing(error.to_string().into()),
            ComposeError::NoSuchEvent => Self::Final(error.to_string().into()),
            ComposeError::Json(error) => Self::Final(Reason::said(
                "không soạn được thông điệp",
                error.to_string(),
            )),
        }
    }
}

/// A request without an answer: did nobody listen, or was only this one lost?
fn unsent(error: &ureq::Error) -> Failure {
    use std::io::ErrorKind;

    let text = Reason::from(error.to_string());
    match error {
        ureq::Error::Timeout(ureq::Timeout::Connect | ureq::Timeout::Resolve)
        | ureq::Error::HostNotFound
        | ureq::Error::ConnectionFailed
        | ureq::Error::Tls(_)
        | ureq::Error::Rustls(_) => Failure::Down(text),
        ureq::Error::Io(io)
            if matches!(
                io.kind(),
                ErrorKind::ConnectionRefused
                    | ErrorKind::HostUnreachable
                    | ErrorKind::NetworkUnreachable
            ) =>
        {
            Failure::Down(text)
        }
        _ => Failure::Passing(text),
    }
}

/// What an answer says: code 0 is done, a code below is the portal's own trouble, any other the
/// message's.
fn judge(text: &str) -> Result<(), Failure> {
    let answer: Value = serde_json::from_str(text)
        .map_err(|_| Failure::Passing("câu trả lời không phải JSON".into()))?;
    let code = match &answer["error_code"] {
        Value::Number(code) => code.as_i64(),
        Value::String(code) => code.trim().parse().ok(),
        _ => None,
    };
    let said = ["message", "error_message", "error_desc"]
        .iter()
        .find_map(|name| answer[name].as_str())
        .unwrap_or_default();
    let coded = |code: i64| Reason::said(format!("mã lỗi {code}"), tame(said));
    match code {
        Some(0) => Ok(()),
        Some(code) if code > 0 => Err(Failure::Final(coded(code))),
        Some(code) => Err(Failure::Passing(coded(code))),
        None => Err(Failure::Passing("câu trả lời không có error_code".into())),
    }
}

/// What the portal says, for an administrator: it may repeat what it was sent, so no
/// digits of numbers and no more than its beginning.
fn tame(text: &str) -> String {
    let masked = text.chars().map(|c| match c {
        c if c.is_ascii_digit() => '*',
        c if c.is_control() => ' ',
        c => c,
    });
    masked.take(200).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_judged_by_their_code() {
        assert_eq!(judge(r#"{"error_code": "0"}"#), Ok(()));
        assert_eq!(judge(r#"{"error_code": 0, "message": "OK"}"#), Ok(()));
        assert_eq!(judge(r#"{"error_code": "00"}"#), Ok(()));
        let bad = judge(r#"{"error_code": "5", "message": "MaDoiTuong 020185000123 sai"}"#);
        let told = Reason::said("mã lỗi 5", "MaDoiTuong ************ sai");
        assert_eq!(told.to_string(), "mã lỗi 5: MaDoiTuong ************ sai");
        assert_eq!(bad, Err(Failure::Final(told)));
        for passing in [
            r#"{"error_code": -1}"#,
            "{}",
            "[]",
            "<html>",
            r#"{"error_code": "x"}"#,
        ] {
            assert!(
                matches!(judge(passing), Err(Failure::Passing(_))),
                "{passing}"
            );
        }
    }
}
