//! Asks the portal for its catalogue.

use std::time::Duration;

use serde_json::{Value, json};

use crate::outgoing::portal::{LIST, Line, PROCEDURE, PortalSettings};

/// The largest answer that is read: the list names some ten thousand procedures.
const ANSWER_LIMIT: u64 = 64 << 20;
/// How often something is asked for, and how long between.
const TRIES: u32 = 3;
const PAUSE: Duration = Duration::from_secs(1);

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
        self.ask(LIST, &json!({ "service": LIST }))
    }

    /// The answer of `LayThuTuc` for a procedure's code, as it came.
    ///
    /// # Errors
    /// What the portal, or the way to it, says.
    pub fn procedure(&self, code: &str) -> Result<Vec<u8>, String> {
        let what = format!("{PROCEDURE} {code}");
        self.ask(&what, &json!({ "service": PROCEDURE, "maTTHC": code }))
    }

    fn ask(&self, what: &str, question: &Value) -> Result<Vec<u8>, String> {
        let mut question = question.clone();
        question["madonvi"] = json!(self.0.settings.agency);
        let body = question.to_string();
        let mut tried = 1;
        loop {
            match self.ask_once(&body) {
                Ok(answer) => return Ok(answer),
                Err(_) if tried < TRIES => tried += 1,
                Err(reason) => return Err(format!("cổng không trả lời {what}: {reason}")),
            }
            std::thread::sleep(PAUSE);
        }
    }

    fn ask_once(&self, body: &str) -> Result<Vec<u8>, String> {
        let mut answer = self.0.post(body).map_err(|error| error.to_string())?;
        let status = answer.status();
        if !status.is_success() {
            return Err(format!("HTTP {}", status.as_u16()));
        }
        let content = answer.body_mut().with_config().limit(ANSWER_LIMIT);
        content.read_to_vec().map_err(|error| error.to_string())
    }
}
