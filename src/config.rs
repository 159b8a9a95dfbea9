//! Settings: `config/default.toml`, then the file given by `--config`, then the environment.
//! Read and checked once, at start.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use ipnet::IpNet;
use openidconnect::{ClientId, ClientSecret, IssuerUrl, RedirectUrl};
use serde::Deserialize;

use crate::accounts::limits::LimitSetting;
use crate::accounts::{Limits, OidcSettings};
use crate::domain::office_hours::OfficeHours;
use crate::domain::time_limit::{LimitUnit, TimeLimit};
use crate::domain::vietqr::BankAccount;
use crate::national::PortalSettings;
use crate::notices::{GatewaySettings, MailSettings, Security, Transport};
use crate::outgoing::Patience;
use crate::store::{DatabaseUrl, StoreOptions};
use crate::webhooks::Allowed;

const DEFAULTS: &str = include_str!("../config/default.toml");

/// All settings, checked.
#[derive(Debug, Clone)]
pub struct Config {
    pub database: DatabaseUrl,
    pub store: StoreOptions,
    pub listen: SocketAddr,
    /// Between two rounds of the background work.
    pub housekeeping: Duration,
    pub server: ServerSettings,
    pub oidc: Option<OidcSettings>,
    /// How patiently messages are delivered.
    pub patience: Patience,
    /// The national portal, if it is told of dossiers.
    pub portal: Option<PortalSettings>,
    /// `None`: no letters.
    pub mail: Option<MailSettings>,
    pub notices: NoticesConfig,
    pub sms: Option<GatewaySettings>,
    pub zalo: Option<GatewaySettings>,
}

/// What notices say, and where they send people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoticesConfig {
    pub look_up_link: String,
    /// Templates that take the place of those that come with the program.
    pub templates: Option<PathBuf>,
}

/// What handling requests needs to know.
#[derive(Clone)]
pub struct ServerSettings {
    /// Networks of our own reverse proxies.
    pub trusted_proxies: Vec<IpNet>,
    /// Networks that may read the metrics.
    pub metrics_from: Vec<IpNet>,
    /// How much memory answers may take that are kept as long as they stand.
    pub remembered_bytes: u64,
    /// How long a session lasts.
    pub session: Duration,
    pub limits: Limits,
    /// Where fees are transferred to.
    pub bank_account: Option<BankAccount>,
    /// What payment gateways sign with.
    pub gateway_secret: Option<String>,
    /// Within what feedback has to be answered.
    pub feedback_limit: TimeLimit,
    /// Where webhooks may lead.
    pub webhooks_allowed: Allowed,
}

impl std::fmt::Debug for ServerSettings {
    /// Without secrets.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ServerSettings")
            .field("trusted_proxies", &self.trusted_proxies)
            .field("session", &self.session)
            .finish_non_exhaustive()
    }
}

/// A setting that cannot be used; the message names its key.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("cấu hình: {0}")]
    Read(#[from] config::ConfigError),
    #[error("cấu hình {key}: {reason}")]
    Invalid { key: &'static str, reason: String },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    database: RawDatabase,
    server: RawServer,
    accounts: RawAccounts,
    limits: RawLimits,
    payments: RawPayments,
    oidc: RawOidc,
    outbox: RawOutbox,
    portal: RawPortal,
    mail: RawMail,
    notices: RawNotices,
    sms: RawGateway,
    zalo: RawGateway,
    webhooks: RawWebhooks,
    office: OfficeHours,
    feedback: RawFeedback,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFeedback {
    limit_days: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawDatabase {
    url: String,
    connections: u32,
    wait_seconds: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawServer {
    listen: String,
    housekeeping_seconds: u64,
    trusted_proxies: String,
    metrics_from: String,
    kept_answers_mib: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawAccounts {
    session_hours: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawLimits {
    log_in_account: LimitSetting,
    log_in_address: LimitSetting,
    look_up_address: LimitSetting,
    look_up_number: LimitSetting,
    submission_address: LimitSetting,
    submission_contact: LimitSetting,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawPayments {
    bank: String,
    account: String,
    gateway_secret: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawOidc {
    issuer: String,
    client_id: String,
    client_secret: String,
    redirect: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawOutbox {
    in_flight: usize,
    first_pause_seconds: u64,
    tries: u32,
    keep_days: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawWebhooks {
    allow: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawPortal {
    url: String,
    token: String,
    agency: String,
    timeout_seconds: u64,
}

impl RawPortal {
    fn check(self) -> Result<Option<PortalSettings>, ConfigError> {
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
struct RawMail {
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

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawNotices {
    look_up_link: String,
    templates: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawGateway {
    url: String,
    headers: String,
    body: String,
    accepted: String,
}

impl RawMail {
    fn check(self) -> Result<Option<MailSettings>, ConfigError> {
        let transport = match self.transport.as_str() {
            "none" => return Ok(None),
            "folder" => Transport::Folder(self.folder),
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
                if !(1..=50).contains(&self.timeout_seconds) {
                    return Err(wrong("mail.timeout_seconds", "phải từ 1 đến 50".to_owned()));
                }
                Transport::Smtp {
                    host: self.host,
                    port: self.port,
                    security: match self.security.as_str() {
                        "tls" => Security::Tls,
                        "starttls" => Security::StartTls,
                        "none" => Security::None,
                        _ => {
                            let reason = "phải là tls, starttls hoặc none".to_owned();
                            return Err(wrong("mail.security", reason));
                        }
                    },
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
        let from = self.from.parse();
        let from = from.map_err(|_| wrong("mail.from", "không phải địa chỉ thư".to_owned()))?;
        Ok(Some(MailSettings { transport, from }))
    }
}

impl RawNotices {
    fn check(self) -> Result<NoticesConfig, ConfigError> {
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

impl RawGateway {
    fn check(self, key: &'static str) -> Result<Option<GatewaySettings>, ConfigError> {
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

impl RawOutbox {
    fn check(&self) -> Result<Patience, ConfigError> {
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
        let days = (1..=3650).contains(&self.keep_days);
        within("outbox.keep_days", days, "phải từ 1 đến 3650")?;
        Ok(Patience {
            in_flight: self.in_flight,
            first_pause: Duration::from_secs(self.first_pause_seconds),
            tries: self.tries,
            keep: Duration::from_secs(self.keep_days * 24 * 3600),
        })
    }
}

impl Config {
    /// Reads the settings. `database_url` (from the command line or `DATABASE_URL`) goes over all.
    ///
    /// # Errors
    /// If a file or variable cannot be read, a key is unknown, or a value is out of range.
    pub fn load(file: Option<&Path>, database_url: Option<&str>) -> Result<Self, ConfigError> {
        let mut builder = config::Config::builder()
            .add_source(config::File::from_str(DEFAULTS, config::FileFormat::Toml));
        if let Some(file) = file {
            builder = builder
                .add_source(config::File::from(file.to_owned()).format(config::FileFormat::Toml));
        }
        // Texts stay texts until a setting wants a number: an account number begins with zeros.
        let environment = config::Environment::with_prefix("MOTCUA")
            .prefix_separator("__")
            .separator("__");
        let raw: Raw = builder
            .add_source(environment)
            .set_override_option("database.url", database_url)?
            .build()?
            .try_deserialize()?;
        Self::check(raw)
    }

    fn check(raw: Raw) -> Result<Self, ConfigError> {
        let invalid = |key, reason: String| ConfigError::Invalid { key, reason };
        let database = raw
            .database
            .url
            .parse()
            .map_err(|e: crate::store::StoreError| invalid("database.url", e.to_string()))?;
        if !(1..=1000).contains(&raw.database.connections) {
            let reason = "phải từ 1 đến 1000".to_owned();
            return Err(invalid("database.connections", reason));
        }
        if !(1..=600).contains(&raw.database.wait_seconds) {
            let reason = "phải từ 1 đến 600".to_owned();
            return Err(invalid("database.wait_seconds", reason));
        }
        if !(1..=3600).contains(&raw.server.housekeeping_seconds) {
            let reason = "phải từ 1 đến 3600".to_owned();
            return Err(invalid("server.housekeeping_seconds", reason));
        }
        raw.office
            .check()
            .map_err(|error| invalid("office", error.to_string()))?;
        let listen =
            parse_listen(&raw.server.listen).map_err(|reason| invalid("server.listen", reason))?;
        let server = raw.server()?;
        Ok(Self {
            database,
            store: StoreOptions {
                connections: raw.database.connections,
                wait: Duration::from_secs(raw.database.wait_seconds),
                office_hours: raw.office,
            },
            listen,
            housekeeping: Duration::from_secs(raw.server.housekeeping_seconds),
            server,
            oidc: raw.oidc.check()?,
            patience: raw.outbox.check()?,
            portal: raw.portal.check()?,
            mail: raw.mail.check()?,
            notices: raw.notices.check()?,
            sms: raw.sms.check("sms")?,
            zalo: raw.zalo.check("zalo")?,
        })
    }
}

const fn wrong(key: &'static str, reason: String) -> ConfigError {
    ConfigError::Invalid { key, reason }
}

fn networks(key: &'static str, text: &str) -> Result<Vec<IpNet>, ConfigError> {
    let parts = text
        .split(',')
        .map(str::trim)
        .filter(|part| !part.is_empty());
    parts
        .map(|part| {
            let address = || part.parse().map(|address: std::net::IpAddr| address.into());
            part.parse()
                .or_else(|_| address())
                .map_err(|_| wrong(key, format!("'{part}' không phải mạng, ví dụ 10.0.0.0/8")))
        })
        .collect()
}

impl Raw {
    fn server(&self) -> Result<ServerSettings, ConfigError> {
        if !(1..=720).contains(&self.accounts.session_hours) {
            let reason = "phải từ 1 đến 720".to_owned();
            return Err(wrong("accounts.session_hours", reason));
        }
        if self.server.kept_answers_mib > 16 * 1024 {
            let reason = "phải từ 0 đến 16384".to_owned();
            return Err(wrong("server.kept_answers_mib", reason));
        }
        Ok(ServerSettings {
            remembered_bytes: self.server.kept_answers_mib * 1024 * 1024,
            trusted_proxies: networks("server.trusted_proxies", &self.server.trusted_proxies)?,
            metrics_from: networks("server.metrics_from", &self.server.metrics_from)?,
            session: Duration::from_secs(self.accounts.session_hours * 3600),
            limits: self.limits.check()?,
            bank_account: self.payments.bank_account()?,
            gateway_secret: self.payments.secret()?,
            feedback_limit: TimeLimit::new(LimitUnit::WorkingDay, self.feedback.limit_days)
                .map_err(|error| wrong("feedback.limit_days", error.to_string()))?,
            webhooks_allowed: Allowed::new(networks("webhooks.allow", &self.webhooks.allow)?),
        })
    }
}

impl RawLimits {
    fn check(&self) -> Result<Limits, ConfigError> {
        let limit = |key, setting: LimitSetting| {
            let reason = "burst từ 1 đến 1.000.000, each_seconds từ 1 đến 86.400";
            setting.limit().ok_or_else(|| wrong(key, reason.to_owned()))
        };
        Ok(Limits {
            log_in_account: limit("limits.log_in_account", self.log_in_account)?,
            log_in_address: limit("limits.log_in_address", self.log_in_address)?,
            look_up_address: limit("limits.look_up_address", self.look_up_address)?,
            look_up_number: limit("limits.look_up_number", self.look_up_number)?,
            submission_address: limit("limits.submission_address", self.submission_address)?,
            submission_contact: limit("limits.submission_contact", self.submission_contact)?,
        })
    }
}

impl RawPayments {
    fn bank_account(&self) -> Result<Option<BankAccount>, ConfigError> {
        if self.bank.is_empty() && self.account.is_empty() {
            return Ok(None);
        }
        BankAccount::new(&self.bank, &self.account)
            .map(Some)
            .map_err(|error| wrong("payments.bank, payments.account", error.to_string()))
    }

    fn secret(&self) -> Result<Option<String>, ConfigError> {
        match self.gateway_secret.chars().count() {
            0 => Ok(None),
            32.. => Ok(Some(self.gateway_secret.clone())),
            _ => {
                let reason = "cần ít nhất 32 ký tự".to_owned();
                Err(wrong("payments.gateway_secret", reason))
            }
        }
    }
}

impl RawOidc {
    fn check(self) -> Result<Option<OidcSettings>, ConfigError> {
        if [
            &self.issuer,
            &self.client_id,
            &self.client_secret,
            &self.redirect,
        ]
        .iter()
        .all(|text| text.is_empty())
        {
            return Ok(None);
        }
        if self.client_id.is_empty() {
            return Err(wrong("oidc.client_id", "để trống".to_owned()));
        }
        Ok(Some(OidcSettings {
            issuer: IssuerUrl::new(self.issuer)
                .map_err(|error| wrong("oidc.issuer", error.to_string()))?,
            client_id: ClientId::new(self.client_id),
            client_secret: Some(self.client_secret)
                .filter(|secret| !secret.is_empty())
                .map(ClientSecret::new),
            redirect: RedirectUrl::new(self.redirect)
                .map_err(|error| wrong("oidc.redirect", error.to_string()))?,
        }))
    }
}

/// Reads `127.0.0.1:8080`.
///
/// # Errors
/// A message for people if it is no address and port.
pub fn parse_listen(text: &str) -> Result<SocketAddr, String> {
    text.parse()
        .map_err(|_| format!("'{text}' không phải địa chỉ và cổng, ví dụ 127.0.0.1:8080"))
}
