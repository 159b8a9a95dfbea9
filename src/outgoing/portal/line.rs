//! The line to the portal, as one office: every call goes under a session, for which it logs in, and
//! again when the portal says that it has expired.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde::Serialize;
use serde_json::{Value, json};

use crate::domain::person::fold_diacritics;
use crate::http_client;
use crate::outgoing::portal::PortalSettings;
use crate::outgoing::{Failure, Reason};

/// The largest answer that is looked into; the catalogue's are larger, and are only read.
pub(super) const ANSWER_LIMIT: u64 = 1 << 16;

/// What is posted: who speaks, what is asked for, and with it what the service takes.
#[derive(Serialize)]
pub(super) struct Posted<'a, T> {
    pub(super) session: &'a str,
    pub(super) madonvi: &'a str,
    pub(super) service: &'a str,
    #[serde(flatten)]
    pub(super) content: T,
}

/// The portal as one office speaks to it.
pub(super) struct Line {
    pub(super) settings: PortalSettings,
    agent: ureq::Agent,
    session: Mutex<Session>,
}

/// The session, and when it was last tried in vain to get one.
#[derive(Default)]
struct Session {
    current: Option<String>,
    failed: Option<(Instant, Failure)>,
}

/// An answer to a call.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: Result<Vec<u8>, String>,
    /// `None` if it is none, or too large to be looked into.
    json: Option<Value>,
}

impl Answer {
    /// The code of success or error, as a text.
    fn code(&self) -> Option<String> {
        let code = match self.json.as_ref()?.get("error_code")? {
            Value::Number(code) => code.to_string(),
            Value::String(code) => code.trim().to_owned(),
            _ => return None,
        };
        Some(code).filter(|code| !code.is_empty())
    }

    fn message(&self) -> &str {
        let names = ["message", "error_message", "error_desc"];
        let json = self.json.as_ref();
        json.and_then(|json| names.iter().find_map(|name| json[*name].as_str()))
            .unwrap_or_default()
    }

    /// Whether what it says holds these words, whatever their marks and capitals.
    pub(super) fn says(&self, words: &str) -> bool {
        let words = fold_diacritics(words);
        !words.is_empty() && fold_diacritics(self.message()).contains(&words)
    }

    /// What it found, if it is the answer to a question.
    pub(super) fn found_anything(&self) -> bool {
        match self.json.as_ref().map(|json| &json["result"]) {
            Some(Value::Array(found)) => !found.is_empty(),
            Some(Value::Object(found)) => !found.is_empty(),
            _ => false,
        }
    }
}

impl Line {
    pub(super) fn new(settings: PortalSettings) -> Self {
        let agent = http_client::agent(settings.timeout).build().into();
        Self {
            settings,
            agent,
            session: Mutex::default(),
        }
    }

    /// Calls a service, until then at the latest; an answer of at most `limit` bytes is read.
    ///
    /// # Errors
    /// If there is no session, or no answer.
    pub(super) fn call<T: Serialize>(
        &self,
        service: &str,
        content: &T,
        limit: u64,
        until: Instant,
    ) -> Result<Answer, Failure> {
        let session = self.session(None, until)?;
        let answer = self.call_under(&session, service, content, limit, until)?;
        if !self.has_expired(&answer) {
            return Ok(answer);
        }
        let session = self.session(Some(&session), until)?;
        let answer = self.call_under(&session, service, content, limit, until)?;
        if answer.status != 401 && self.has_expired(&answer) {
            // Once is enough; it may also be the message, in words that sound like it.
            let said = tame(answer.message());
            return Err(Failure::Passing(Reason::said(
                "cổng từ chối cả phiên vừa đăng nhập",
                said,
            )));
        }
        Ok(answer)
    }

    fn call_under<T: Serialize>(
        &self,
        session: &str,
        service: &str,
        content: &T,
        limit: u64,
        until: Instant,
    ) -> Result<Answer, Failure> {
        let posted = Posted {
            session,
            madonvi: &self.settings.agency,
            service,
            content,
        };
        let body = serde_json::to_string(&posted).map_err(|error| {
            Failure::Final(Reason::said(
                "không soạn được thông điệp",
                error.to_string(),
            ))
        })?;
        self.post(&self.settings.url, &body, limit, until)
    }

    fn post(&self, url: &str, body: &str, limit: u64, until: Instant) -> Result<Answer, Failure> {
        let left = until.saturating_duration_since(Instant::now());
        if left < Duration::from_millis(10) {
            return Err(Failure::Passing("cổng trả lời quá chậm".into()));
        }
        let mut request = self
            .agent
            .post(url)
            .config()
            .timeout_global(Some(left.min(self.settings.timeout)))
            .build()
            .header("Content-Type", "application/json; charset=utf-8")
            .header("Accept", "application/json");
        for (name, value) in self.settings.all_headers() {
            request = request.header(name, value);
        }
        let mut answer = request.send(body).map_err(|error| unsent(&error))?;
        let status = answer.status().as_u16();
        let body = answer.body_mut().with_config().limit(limit).read_to_vec();
        let body = body.map_err(|error| error.to_string());
        let small = |body: &&Vec<u8>| body.len() as u64 <= ANSWER_LIMIT;
        let json = body.as_ref().ok().filter(small);
        Ok(Answer {
            status,
            json: json.and_then(|body| serde_json::from_slice(body).ok()),
            body,
        })
    }

    /// A session other than the one that was `refused`. Only one at a time logs in; who has waited for
    /// that shares what came of it.
    fn session(&self, refused: Option<&str>, until: Instant) -> Result<String, Failure> {
        let asked = Instant::now();
        let mut kept = self.session.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(current) = kept.current.as_deref()
            && refused != Some(current)
        {
            return Ok(current.to_owned());
        }
        if let Some((at, failure)) = &kept.failed
            && *at > asked
        {
            return Err(failure.clone());
        }
        let logged_in = self.log_in(until);
        kept.current = logged_in.as_ref().ok().cloned();
        kept.failed = match &logged_in {
            Ok(_) => None,
            Err(failure) => Some((Instant::now(), failure.clone())),
        };
        logged_in
    }

    /// Without a session nothing at all gets through.
    fn log_in(&self, until: Instant) -> Result<String, Failure> {
        let PortalSettings {
            username, password, ..
        } = &self.settings;
        let body = json!({ "username": username, "password": password }).to_string();
        let answer = self.post(&self.settings.log_in_url, &body, ANSWER_LIMIT, until);
        let answer = answer.map_err(|failure| {
            Failure::Down(format!("đăng nhập cổng: {}", failure.reason()).into())
        })?;
        let status = answer.status;
        if !(200..=299).contains(&status) {
            return Err(Failure::Down(
                format!("đăng nhập cổng: HTTP {status}").into(),
            ));
        }
        let session = match answer.json.as_ref().map(|json| &json["session"]) {
            Some(Value::String(session)) => session.trim().to_owned(),
            Some(Value::Number(session)) => session.to_string(),
            _ => String::new(),
        };
        let code = answer.code();
        let accepted = code.as_ref().is_none_or(|code| self.accepts(code));
        if !accepted || session.is_empty() {
            let words = match code {
                Some(code) if !accepted => format!("đăng nhập cổng: mã lỗi {code}"),
                _ => "đăng nhập cổng: câu trả lời không có session".to_owned(),
            };
            let said = tame(&answer.message().replace(password.as_str(), "***"));
            return Err(Failure::Down(Reason::said(words, said)));
        }
        Ok(session)
    }

    fn accepts(&self, code: &str) -> bool {
        let accepted = &self.settings.accepted;
        accepted.iter().any(|accepted| accepted == code)
    }

    /// Whether an answer says that the session is none any more.
    fn has_expired(&self, answer: &Answer) -> bool {
        let refused = answer.code().is_some_and(|code| !self.accepts(&code));
        let expired = &self.settings.expired;
        answer.status == 401 || (refused && expired.iter().any(|words| answer.says(words)))
    }

    /// What an answer says of a message: an accepted code is done, a code above 0 the message's fault,
    /// any other the portal's own trouble.
    pub(super) fn judge(&self, answer: &Answer) -> Result<(), Failure> {
        match answer.status {
            200..=299 => {}
            408 | 500 => return Err(Failure::Passing(format!("HTTP {}", answer.status).into())),
            status @ 400..=499 if !matches!(status, 401 | 403 | 404 | 407 | 429) => {
                let said = answer.body.as_deref().unwrap_or_default();
                let said = tame(&String::from_utf8_lossy(said));
                return Err(Failure::Final(Reason::said(format!("HTTP {status}"), said)));
            }
            // Nothing of this message's: a proxy, no right to call, maintenance.
            status => return Err(Failure::Down(format!("HTTP {status}").into())),
        }
        // The work may be done all the same: it is told once more.
        if let Err(error) = &answer.body {
            return Err(Failure::Passing(error.clone().into()));
        }
        if answer.json.is_none() {
            return Err(Failure::Passing("câu trả lời không phải JSON".into()));
        }
        let Some(code) = answer.code() else {
            return Err(Failure::Passing("câu trả lời không có error_code".into()));
        };
        if self.accepts(&code) {
            return Ok(());
        }
        let reason = Reason::said(
            format!("mã lỗi {}", tame_code(&code)),
            tame(answer.message()),
        );
        Err(match code.parse::<i64>() {
            Ok(1..) => Failure::Final(reason),
            _ => Failure::Passing(reason),
        })
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

/// A code goes into our own words and into the log: nothing but a code.
fn tame_code(code: &str) -> String {
    let plain = code.chars().filter(|c| c.is_ascii_graphic());
    plain.take(8).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line() -> Line {
        Line::new(PortalSettings {
            accepted: vec!["0".to_owned(), "00".to_owned()],
            expired: vec!["hết phiên".to_owned()],
            ..PortalSettings::default()
        })
    }

    fn answer(status: u16, text: &str) -> Answer {
        Answer {
            status,
            body: Ok(text.as_bytes().to_vec()),
            json: serde_json::from_str(text).ok(),
        }
    }

    #[test]
    fn answers_are_judged_by_their_code() {
        let judge = |text: &str| line().judge(&answer(200, text));
        assert_eq!(judge(r#"{"error_code": "0"}"#), Ok(()));
        assert_eq!(judge(r#"{"error_code": 0, "message": "OK"}"#), Ok(()));
        assert_eq!(judge(r#"{"error_code": "00"}"#), Ok(()));
        let bad = judge(r#"{"error_code": "5", "message": "DinhDanhCHS 020185000123 sai"}"#);
        let told = Reason::said("mã lỗi 5", "DinhDanhCHS ************ sai");
        assert_eq!(told.to_string(), "mã lỗi 5: DinhDanhCHS ************ sai");
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

    #[test]
    fn an_expired_session_is_told_by_status_or_words_but_never_by_a_success() {
        let expired = |status, text: &str| line().has_expired(&answer(status, text));
        assert!(expired(401, ""));
        assert!(expired(
            200,
            r#"{"error_code": "-1", "message": "Da HET PHIEN"}"#
        ));
        assert!(!expired(
            200,
            r#"{"error_code": "0", "message": "hết phiên"}"#
        ));
        assert!(!expired(200, r#"{"error_code": "-1", "message": "bận"}"#));
    }

    #[test]
    fn what_a_question_found_is_a_list_or_one_thing() {
        for (text, found) in [
            (r#"{"error_code": "0", "result": [{"MaHoSo": "x"}]}"#, true),
            (r#"{"error_code": "0", "result": {"MaHoSo": "x"}}"#, true),
            (r#"{"error_code": "0", "result": []}"#, false),
            (r#"{"error_code": "0", "result": null}"#, false),
            (r#"{"error_code": "0"}"#, false),
        ] {
            assert_eq!(answer(200, text).found_anything(), found, "{text}");
        }
    }
}
