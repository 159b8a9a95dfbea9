//! The sections of what goes out: messages, the national portal, letters, gateways.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;

use crate::config::{ConfigError, wrong};
use crate::outgoing::Patience;
use crate::outgoing::mail::{MailSettings, Security, Transport};
use crate::outgoing::portal::PortalSettings;
use crate::outgoing::sms::GatewaySettings;

/// What notices say, and where they send people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoticesConfig {
    pub look_up_link: String,
    /// Templates that take the place of those that come with the program.
    pub templates: Option<PathBuf>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawOutbox {
    in_flight: usize,
    first_pause_seconds: u64,
    tries: u32,
    keep_days: u64,
    keep_given_up_days: u64,
    give_up_after_days: u64,
}

impl RawOutbox {
    pub(super) fn check(&self) -> Result<Patience, ConfigError> {
        let within = |key, ok: bool, reason: &str| match ok {
            true => Ok(()),
            false => Err(wrong(key, reason.to_owned())),
        };
        let in_flight = (1..=500).contains(&self.in_flight);
        within("outbox.in_flight", in_flight, "phải từ 1 đến 500")?;
        let pause = (1..=3600).contains(&self.first_pause_seconds);
        within("outbox.first_pause_seconds", pause, "phải từ 1 đến 3600")?;
        within(
            "outbox.tries",
            (1..=100).contains(&self.tries),
            "phải từ 1 đến 100",
        )?;
        for (key, days) in [
            ("outbox.keep_days", self.keep_days),
            ("outbox.keep_given_up_days", self.keep_given_up_days),
            ("outbox.give_up_after_days", self.give_up_after_days),
        ] {
            within(key, (1..=3650).contains(&days), "phải từ 1 đến 3650")?;
        }
        let days = |days: u64| Duration::from_secs(days * 24 * 3600);
        Ok(Patience {
            in_flight: self.in_flight,
            first_pause: Duration::from_secs(self.first_pause_seconds),
            tries: self.tries,
            keep: days(self.keep_days),
            keep_given_up: days(self.keep_given_up_days),
            give_up_after: days(self.give_up_after_days),
        })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawPortal {
    url: String,
    log_in_url: String,
    username: String,
    password: String,
    destination: String,
    destination_header: String,
    headers: String,
    agency: String,
    yes: String,
    no: String,
    accepted: String,
    exists: String,
    expired: String,
    handed_in_at: String,
    steps_at_once: usize,
    timeout_seconds: u64,
}

impl RawPortal {
    pub(super) fn check(self) -> Result<Option<PortalSettings>, ConfigError> {
        if !(1..=30).contains(&self.timeout_seconds) {
            let reason = "phải từ 1 đến 30".to_owned();
            return Err(wrong("portal.timeout_seconds", reason));
        }
        if !(1..=100).contains(&self.steps_at_once) {
            let reason = "phải từ 1 đến 100".to_owned();
            return Err(wrong("portal.steps_at_once", reason));
        }
        if self.url.is_empty() {
            return Ok(None);
        }
        for (key, url) in [
            ("portal.url", &self.url),
            ("portal.log_in_url", &self.log_in_url),
        ] {
            if !is_web_address(url) {
                let reason = "không phải địa chỉ http:// hoặc https://".to_owned();
                return Err(wrong(key, reason));
            }
        }
        for (key, text) in [
            ("portal.username", &self.username),
            ("portal.password", &self.password),
            ("portal.yes", &self.yes),
            ("portal.no", &self.no),
            ("portal.handed_in_at", &self.handed_in_at),
        ] {
            if text.trim().is_empty() {
                return Err(wrong(key, "để trống".to_owned()));
            }
        }
        // They are codes: no spaces, nothing outside ASCII.
        let plain = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_graphic());
        let not_plain = || "để trống, có khoảng trắng hoặc ký tự ngoài ASCII".to_owned();
        if !plain(&self.agency) {
            return Err(wrong("portal.agency", not_plain()));
        }
        let accepted = words(&self.accepted);
        if accepted.is_empty() || !accepted.iter().all(|code| plain(code)) {
            return Err(wrong("portal.accepted", not_plain()));
        }
        let destination = match self.destination_header.trim() {
            "" => None,
            name if ureq::http::HeaderName::try_from(name).is_err() => {
                let reason = "không phải tên của một header".to_owned();
                return Err(wrong("portal.destination_header", reason));
            }
            _ if !plain(&self.destination) => {
                return Err(wrong("portal.destination", not_plain()));
            }
            name => Some((name.to_owned(), self.destination)),
        };
        Ok(Some(PortalSettings {
            url: self.url,
            log_in_url: self.log_in_url,
            username: self.username,
            password: self.password,
            destination,
            headers: headers("portal.headers", &self.headers)?,
            agency: self.agency,
            yes: self.yes,
            no: self.no,
            accepted,
            exists: self.exists,
            expired: words(&self.expired),
            handed_in_at: self.handed_in_at,
            steps_at_once: self.steps_at_once,
            timeout: Duration::from_secs(self.timeout_seconds),
        }))
    }
}

fn is_web_address(url: &str) -> bool {
    let schemes = ["http://", "https://"];
    let address = url.parse::<ureq::http::Uri>();
    address.is_ok_and(|uri| uri.host().is_some_and(|host| !host.is_empty()))
        && schemes.iter().any(|scheme| url.starts_with(scheme))
}

/// What stands between commas.
fn words(text: &str) -> Vec<String> {
    let words = text.split(',').map(str::trim);
    words
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

/// Lines of `Name: value`. The message never has a line: it may hold a secret.
fn headers(key: &'static str, text: &str) -> Result<Vec<(String, String)>, ConfigError> {
    let lines = text.lines().filter(|line| !line.trim().is_empty());
    let headers = lines.map(|line| {
        let header = line.split_once(':');
        let header = header.map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned()));
        let valid = |(name, value): &(String, String)| {
            ureq::http::HeaderName::try_from(name.as_str()).is_ok()
                && ureq::http::HeaderValue::try_from(value.as_str()).is_ok()
        };
        let reason = "headers: mỗi dòng là 'Tên: giá trị'";
        header
            .filter(valid)
            .ok_or_else(|| wrong(key, reason.to_owned()))
    });
    headers.collect()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawMail {
    transport: String,
    folder: PathBuf,
    from: String,
    host: String,
    port: u16,
    security: String,
    username: String,
    password: String,
    authority: String,
    timeout_seconds: u64,
}

impl RawMail {
    /// A relative folder lies in `data`. Values are looked at whatever the transport: a typing error is
    /// told before the transport is changed.
    pub(super) fn check(self, data: &Path) -> Result<Option<MailSettings>, ConfigError> {
        let security = match self.security.as_str() {
            "tls" => Security::Tls,
            "starttls" => Security::StartTls,
            "none" => Security::None,
            _ => {
                let reason = "phải là tls, starttls hoặc none".to_owned();
                return Err(wrong("mail.security", reason));
            }
        };
        if !(1..=50).contains(&self.timeout_seconds) {
            return Err(wrong("mail.timeout_seconds", "phải từ 1 đến 50".to_owned()));
        }
        let from: Result<lettre::message::Mailbox, _> = self.from.parse();
        // No letter leaves from a host with marks in its name.
        let from = from.ok().filter(|from| from.email.to_string().is_ascii());
        let from = from.ok_or_else(|| wrong("mail.from", "không phải địa chỉ thư".to_owned()))?;
        let transport = match self.transport.as_str() {
            "none" => return Ok(None),
            "folder" if self.folder == Path::new("") => {
                return Err(wrong("mail.folder", "để trống".to_owned()));
            }
            "folder" => Transport::Folder(data.join(self.folder)),
            "smtp" => {
                if self.host.is_empty() {
                    return Err(wrong("mail.host", "để trống".to_owned()));
                }
                let authority = match self.authority.as_str() {
                    "" => None,
                    path => {
                        let read = std::fs::read(path);
                        Some(read.map_err(|e| wrong("mail.authority", format!("{path}: {e}")))?)
                    }
                };
                Transport::Smtp {
                    host: self.host,
                    port: self.port,
                    security,
                    log_in: (!self.username.is_empty()).then_some((self.username, self.password)),
                    authority,
                    timeout: Duration::from_secs(self.timeout_seconds),
                }
            }
            _ => {
                let reason = "phải là folder, smtp hoặc none".to_owned();
                return Err(wrong("mail.transport", reason));
            }
        };
        Ok(Some(MailSettings { transport, from }))
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawNotices {
    look_up_link: String,
    templates: String,
}

impl RawNotices {
    pub(super) fn check(self) -> Result<NoticesConfig, ConfigError> {
        let link = &self.look_up_link;
        if !link.contains("{case_number}") || !link.contains("{code}") {
            let reason = "phải có {case_number} và {code}".to_owned();
            return Err(wrong("notices.look_up_link", reason));
        }
        let begins = ["http://", "https://"]
            .iter()
            .any(|scheme| link.starts_with(scheme));
        if !begins || link.contains(char::is_whitespace) {
            let reason = "phải là địa chỉ đầy đủ, bắt đầu bằng https:// hoặc http://".to_owned();
            return Err(wrong("notices.look_up_link", reason));
        }
        Ok(NoticesConfig {
            look_up_link: self.look_up_link,
            templates: Some(PathBuf::from(self.templates)).filter(|path| path != Path::new("")),
        })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawGateway {
    url: String,
    headers: String,
    body: String,
    accepted: String,
}

impl RawGateway {
    pub(super) fn check(self, key: &'static str) -> Result<Option<GatewaySettings>, ConfigError> {
        if self.url.is_empty() {
            return Ok(None);
        }
        let url: ureq::http::Uri = self
            .url
            .parse()
            .map_err(|_| wrong(key, "url không phải địa chỉ http".to_owned()))?;
        if !matches!(url.scheme_str(), Some("http" | "https")) {
            return Err(wrong(key, "url không phải địa chỉ http".to_owned()));
        }
        Ok(Some(GatewaySettings {
            url,
            headers: headers(key, &self.headers)?,
            body: self.body,
            accepted: self.accepted,
        }))
    }
}
