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
    token: String,
    agency: String,
    timeout_seconds: u64,
}

impl RawPortal {
    pub(super) fn check(self) -> Result<Option<PortalSettings>, ConfigError> {
        if !(1..=30).contains(&self.timeout_seconds) {
            let reason = "phải từ 1 đến 30".to_owned();
            return Err(wrong("portal.timeout_seconds", reason));
        }
        if self.url.is_empty() {
            return Ok(None);
        }
        let known = ["http://", "https://"];
        let address = self.url.parse::<ureq::http::Uri>();
        if !address.is_ok_and(|uri| uri.host().is_some_and(|host| !host.is_empty()))
            || !known.iter().any(|scheme| self.url.starts_with(scheme))
        {
            let reason = "không phải địa chỉ http:// hoặc https://".to_owned();
            return Err(wrong("portal.url", reason));
        }
        // Both go into a header or beside one: no spaces, nothing outside ASCII.
        let plain = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_graphic());
        for (key, text) in [
            ("portal.token", &self.token),
            ("portal.agency", &self.agency),
        ] {
            if !plain(text) {
                let reason = "để trống, có khoảng trắng hoặc ký tự ngoài ASCII".to_owned();
                return Err(wrong(key, reason));
            }
        }
        Ok(Some(PortalSettings {
            url: self.url,
            token: self.token,
            agency: self.agency,
            timeout: Duration::from_secs(self.timeout_seconds),
        }))
    }
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
        let from = self.from.parse();
        let from = from.map_err(|_| wrong("mail.from", "không phải địa chỉ thư".to_owned()))?;
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
        let lines = self.headers.lines().filter(|line| !line.trim().is_empty());
        let headers = lines.map(|line| {
            let header = line.split_once(':');
            let header =
                header.map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned()));
            let valid = |(name, value): &(String, String)| {
                ureq::http::HeaderName::try_from(name.as_str()).is_ok()
                    && ureq::http::HeaderValue::try_from(value.as_str()).is_ok()
            };
            // The line itself may hold a secret.
            let reason = "headers: mỗi dòng là 'Tên: giá trị'";
            header
                .filter(valid)
                .ok_or_else(|| wrong(key, reason.to_owned()))
        });
        Ok(Some(GatewaySettings {
            url,
            headers: headers.collect::<Result<_, _>>()?,
            body: self.body,
            accepted: self.accepted,
        }))
    }
}
