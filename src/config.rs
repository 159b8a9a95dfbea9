//! Settings: `config/default.toml`, then the file given by `--config`, then the environment.
//! Read and checked once, at start.

pub mod bundled;
mod logging;
mod outgoing;
mod settings;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use ipnet::IpNet;
use openidconnect::{ClientId, ClientSecret, IssuerUrl, RedirectUrl};
use serde::Deserialize;

use crate::acts::log_key::LogSettings;
use crate::acts::oidc::OidcSettings;
use crate::domain::office_hours::OfficeHours;
use crate::domain::person::Ways;
use crate::domain::time_limit::{LimitUnit, TimeLimit};
use crate::domain::vietqr::BankAccount;
use crate::outgoing::Patience;
use crate::outgoing::mail::MailSettings;
use crate::outgoing::portal::PortalSettings;
use crate::outgoing::sms::GatewaySettings;
use crate::outgoing::webhooks::addresses::Allowed;
use crate::store::limits::{LimitSetting, Limits};
use crate::store::{DatabaseUrl, StoreOptions};
use crate::web::settings::ServerSettings;
use crate::web::{Bounds, IntakeSettings};

pub use crate::config::logging::Logging;
pub use crate::config::outgoing::NoticesConfig;
pub use crate::config::settings::{Origin, Setting, Settings, WrongSetting, WrongSettings};

use crate::config::outgoing::{RawGateway, RawMail, RawNotices, RawOutbox, RawPortal};

const DEFAULTS: &str = include_str!("../config/default.toml");

/// All settings, checked.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where what the program keeps lies beside its database: letters, keys.
    pub data: PathBuf,
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
    pub log: LogSettings,
    /// After how many years the people of a dossier that has ended are taken out of it; `None`: never.
    pub retention_years: Option<u16>,
}

/// A setting that cannot be used; the message names its key.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("cấu hình {key}: {reason}")]
    Invalid { key: &'static str, reason: String },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    data: RawData,
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
    desk: RawDesk,
    log: RawLog,
    privacy: RawPrivacy,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawPrivacy {
    retention_years: u16,
}

impl RawPrivacy {
    fn check(&self) -> Result<Option<u16>, ConfigError> {
        match self.retention_years {
            0 => Ok(None),
            years @ 1..=200 => Ok(Some(years)),
            _ => {
                let reason = "phải từ 1 đến 200, hoặc 0 (không bao giờ)".to_owned();
                Err(wrong("privacy.retention_years", reason))
            }
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawDesk {
    backdating_days: u16,
    draft_days: u16,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawLog {
    key_file: String,
    key: String,
    origin: String,
}

impl RawLog {
    fn check(self, data: &Path) -> LogSettings {
        let given = |text: String| Some(text).filter(|text| !text.is_empty());
        LogSettings {
            key_file: data.join(given(self.key_file).unwrap_or_else(|| "log.key".to_owned())),
            key: given(self.key),
            origin: given(self.origin),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFeedback {
    limit_days: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawData {
    folder: PathBuf,
}

impl RawData {
    /// By default beside SQLite's file: whoever names that from `/` means its folder for the rest, too.
    fn folder(self, database: &DatabaseUrl) -> PathBuf {
        let beside = match database {
            DatabaseUrl::Sqlite(file) => file.parent().unwrap_or(Path::new("")),
            DatabaseUrl::Postgres(_) => Path::new("data"),
        };
        Some(self.folder)
            .filter(|folder| folder != Path::new(""))
            .unwrap_or_else(|| beside.to_owned())
    }
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
    metrics_listen: String,
    metrics_from: String,
    connections: usize,
    keep_alive_seconds: u64,
    head_seconds: u64,
    idle_seconds: u64,
    body_seconds: u64,
    body_bytes_per_second: u32,
    bodies_mib: usize,
}

impl RawServer {
    fn metrics_listen(&self) -> Result<Option<SocketAddr>, ConfigError> {
        if self.metrics_listen.is_empty() {
            return Ok(None);
        }
        let address = parse_listen(&self.metrics_listen);
        let address = address.map_err(|reason| wrong("server.metrics_listen", reason))?;
        // Port 0 is another port each time.
        if address.port() != 0 && parse_listen(&self.listen) == Ok(address) {
            let reason = "phải khác server.listen".to_owned();
            return Err(wrong("server.metrics_listen", reason));
        }
        Ok(Some(address))
    }

    fn bounds(&self) -> Result<Bounds, ConfigError> {
        let seconds = |key, value: u64| match value {
            1..=3600 => Ok(Duration::from_secs(value)),
            _ => Err(wrong(key, "phải từ 1 đến 3600".to_owned())),
        };
        if !(64..=1_000_000).contains(&self.connections) {
            let reason = "phải từ 64 đến 1000000".to_owned();
            return Err(wrong("server.connections", reason));
        }
        if !(8..=16 * 1024).contains(&self.bodies_mib) {
            let reason = "phải từ 8 đến 16384".to_owned();
            return Err(wrong("server.bodies_mib", reason));
        }
        if self.body_bytes_per_second < 128 {
            let reason = "phải từ 128 trở lên".to_owned();
            return Err(wrong("server.body_bytes_per_second", reason));
        }
        Ok(Bounds {
            connections: self.connections,
            keep_alive: seconds("server.keep_alive_seconds", self.keep_alive_seconds)?,
            head: seconds("server.head_seconds", self.head_seconds)?,
            idle: seconds("server.idle_seconds", self.idle_seconds)?,
            bodies: IntakeSettings {
                bytes: self.bodies_mib * 1024 * 1024,
                patience: seconds("server.body_seconds", self.body_seconds)?,
                bytes_per_second: self.body_bytes_per_second,
            },
        })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawAccounts {
    session_hours: u64,
    cookies_over_http: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawLimits {
    log_in_account: LimitSetting,
    log_in_address: LimitSetting,
    log_in_network: LimitSetting,
    log_in_all: LimitSetting,
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
struct RawWebhooks {
    allow: String,
}

impl Config {
    fn check(raw: Raw) -> Result<Self, ConfigError> {
        let invalid = |key, reason: String| ConfigError::Invalid { key, reason };
        let database: DatabaseUrl = raw
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
        let data = raw.data.folder(&database);
        let mail = raw.mail.check(&data)?;
        let (sms, zalo) = (raw.sms.check("sms")?, raw.zalo.check("zalo")?);
        Ok(Self {
            log: raw.log.check(&data),
            retention_years: raw.privacy.check()?,
            data,
            database,
            store: StoreOptions {
                connections: raw.database.connections,
                wait: Duration::from_secs(raw.database.wait_seconds),
                statement: None,
                office_hours: raw.office,
                ways: Ways {
                    email: mail.is_some(),
                    sms: sms.is_some(),
                    zalo: zalo.is_some(),
                },
            },
            listen,
            housekeeping: Duration::from_secs(raw.server.housekeeping_seconds),
            server,
            oidc: raw.oidc.check()?,
            patience: raw.outbox.check()?,
            portal: raw.portal.check()?,
            notices: raw.notices.check()?,
            mail,
            sms,
            zalo,
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
        if !(1..=90).contains(&self.desk.draft_days) {
            return Err(wrong("desk.draft_days", "phải từ 1 đến 90".to_owned()));
        }
        Ok(ServerSettings {
            trusted_proxies: networks("server.trusted_proxies", &self.server.trusted_proxies)?,
            metrics_listen: self.server.metrics_listen()?,
            bounds: self.server.bounds()?,
            metrics_from: networks("server.metrics_from", &self.server.metrics_from)?,
            session: Duration::from_secs(self.accounts.session_hours * 3600),
            cookies_over_http: self.accounts.cookies_over_http,
            limits: self.limits.check()?,
            bank_account: self.payments.bank_account()?,
            gateway_secret: self.payments.secret()?,
            backdating_days: self.desk.backdating_days,
            draft_days: self.desk.draft_days,
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
            log_in_network: limit("limits.log_in_network", self.log_in_network)?,
            log_in_all: limit("limits.log_in_all", self.log_in_all)?,
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
