//! Asks the portal for its catalogue.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::outgoing::portal::line::Line;
use crate::outgoing::portal::{LIST, PROCEDURE, PortalSettings};

/// The largest answer that is read: the list names some ten thousand procedures.
const ANSWER_LIMIT: u64 = 64 << 20;
/// How often something is asked for, how long between, and how long a try may take.
const TRIES: u32 = 3;
const PAUSE: Duration = Duration::from_secs(1);
const PATIENCE: Duration = Duration::from_secs(120);

/// The portal's catalogue, over HTTP.
pub struct PortalCatalogue(Line);

impl PortalCatalogue {
    pub fn new(settings: PortalSettings) -> Self {
        Self(Line::new(settings))
    }

    /// The answer of `LayDanhSachTTHC`, as it came.
    ///
    /// # Errors
    /// What the portal, or the way to it, says.
    pub fn list(&self) -> Result<Vec<u8>, String> {
        self.ask(LIST, LIST, &json!({}))
    }

    /// The answer of `LayThuTuc` for a procedure's code, as it came.
    ///
    /// # Errors
    /// What the portal, or the way to it, says.
    pub fn procedure(&self, code: &str) -> Result<Vec<u8>, String> {
        let what = format!("{PROCEDURE} {code}");
        self.ask(&what, PROCEDURE, &json!({ "maTTHC": code }))
    }

    fn ask(&self, what: &str, service: &str, question: &Value) -> Result<Vec<u8>, String> {
        let mut tried = 1;
        loop {
            match self.ask_once(service, question) {
                Ok(answer) => return Ok(answer),
                Err(_) if tried < TRIES => tried += 1,
                Err(reason) => return Err(format!("cổng không trả lời {what}: {reason}")),
            }
            std::thread::sleep(PAUSE);
        }
    }

    fn ask_once(&self, service: &str, question: &Value) -> Result<Vec<u8>, String> {
        let until = Instant::now() + PATIENCE;
        let answer = self.0.call(service, question, ANSWER_LIMIT, until);
        let answer = answer.map_err(|failure| failure.reason())?;
        match answer.status {
            200..=299 => answer.body,
            status => Err(format!("HTTP {status}")),
        }
    }
}
