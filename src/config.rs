//! Settings: `config/default.toml`, then the file given by `--config`, then the environment.
//! Read and checked once, at start.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use serde::Deserialize;

use crate::domain::office_hours::OfficeHours;
use crate::store::{DatabaseUrl, StoreOptions};

const DEFAULTS: &str = include_str!("../config/default.toml");

/// All settings, checked.
#[derive(Debug, Clone)]
pub struct Config {
    pub database: DatabaseUrl,
    pub store: StoreOptions,
    pub listen: SocketAddr,
    /// Between two rounds of the background work.
    pub housekeeping: Duration,
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
    office: OfficeHours,
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
        let environment = config::Environment::with_prefix("MOTCUA")
            .prefix_separator("__")
            .separator("__")
            .try_parsing(true);
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
        Ok(Self {
            database,
            store: StoreOptions {
                connections: raw.database.connections,
                wait: Duration::from_secs(raw.database.wait_seconds),
                office_hours: raw.office,
            },
            listen,
            housekeeping: Duration::from_secs(raw.server.housekeeping_seconds),
        })
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
