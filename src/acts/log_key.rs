//! The key that the log's notes are signed with: made on first start, kept outside the database.

use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use serde_json::json;

use crate::domain::ids::Actor;
use crate::domain::log::note::{InvalidNote, PublicKey, Purpose, SecretKey, Signature};
use crate::domain::moment::Moment;
use crate::error::Error;
use crate::store::admin_acts::{self, ActKind};
use crate::store::{Store, StoreError, settings};

/// Where the key is, and what the log is called.
#[derive(Clone)]
pub struct LogSettings {
    pub key_file: PathBuf,
    /// The key itself; then no file is looked for.
    pub key: Option<String>,
    /// The name of a log that is yet to begin.
    pub origin: Option<String>,
}

impl std::fmt::Debug for LogSettings {
    /// Without the key.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LogSettings")
            .field("key_file", &self.key_file)
            .field("origin", &self.origin)
            .finish_non_exhaustive()
    }
}

/// The key of this installation's log.
#[derive(Debug, Clone)]
pub struct LogKey {
    secret: SecretKey,
}

impl LogKey {
    /// The key by the settings; the first time one is made. It has to be the one that the database
    /// knows of.
    ///
    /// # Errors
    /// If it is not there any more, is another one, or the database refuses.
    pub fn open(store: &Store, settings: &LogSettings, now: Moment) -> Result<Self, Error> {
        let known = store.read(|conn| settings::get(conn, settings::LOG_PUBLIC_KEY))?;
        let (secret, place) = match &settings.key {
            Some(text) => {
                let secret = text.parse().and_then(ours);
                let secret = secret.map_err(|error| Error::LogKey(format!("log.key: {error}")))?;
                (secret, "log.key".to_owned())
            }
            None => {
                let file = &settings.key_file;
                let place = file.display().to_string();
                match (read(file)?, &known) {
                    (Some(secret), _) => (secret, place),
                    (None, Some(known)) => {
                        return Err(Error::LogKey(format!(
                            "không có tệp khóa nhật ký {place}, trong khi cơ sở dữ liệu này đã có nhật ký ký bằng \
                             khóa {known}; khôi phục tệp từ bản sao lưu, hoặc đặt log.key_file tới đúng chỗ"
                        )));
                    }
                    (None, None) => (make(file, settings.origin.as_deref())?, place),
                }
            }
        };
        let key = Self { secret };
        let given = key.public().to_string();
        let known = match known {
            Some(known) => known,
            None => note(store, given.clone(), now)?,
        };
        if known != given {
            return Err(Error::LogKey(format!(
                "khóa nhật ký ở {place} không phải khóa của cơ sở dữ liệu này: khóa này là {given}, nhật ký \
                 được ký bằng {known}"
            )));
        }
        match &settings.origin {
            Some(given) if given != key.origin() => Err(Error::LogKey(format!(
                "log.origin: nhật ký này đã tên là '{}', không phải '{given}'",
                key.origin()
            ))),
            _ => Ok(key),
        }
    }

    /// What others check its notes with.
    pub const fn public(&self) -> &PublicKey {
        self.secret.public()
    }

    /// The name of the log.
    pub fn origin(&self) -> &str {
        self.public().name()
    }

    pub(crate) fn sign(&self, body: &str) -> Signature {
        self.secret.sign(body, 0)
    }
}

fn ours(secret: SecretKey) -> Result<SecretKey, InvalidNote> {
    match secret.public().purpose() {
        Purpose::Log => Ok(secret),
        Purpose::Witness => Err(InvalidNote::Key),
    }
}

/// Notes the key in the database, if no other instance was first. Returns the one that holds.
fn note(store: &Store, public: String, now: Moment) -> Result<String, StoreError> {
    store.write_despite_clock(move |conn| {
        if !settings::set_once(conn, settings::LOG_PUBLIC_KEY, &public)? {
            let known = settings::get(conn, settings::LOG_PUBLIC_KEY)?;
            return Ok(known.unwrap_or_default());
        }
        let act = json!({"public_key": public});
        admin_acts::record(conn, Actor::System, now, ActKind::LogKeyMade, &act)?;
        Ok(public.clone())
    })
}

fn trouble(file: &Path, reason: impl std::fmt::Display) -> Error {
    Error::LogKey(format!("tệp khóa nhật ký {}: {reason}", file.display()))
}

fn read(file: &Path) -> Result<Option<SecretKey>, Error> {
    match std::fs::read_to_string(file) {
        Ok(text) => {
            let secret = text.parse().and_then(ours);
            secret.map(Some).map_err(|error| trouble(file, error))
        }
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(trouble(file, error)),
    }
}

/// Makes a key and its file, unless another instance is quicker: then its key is read.
fn make(file: &Path, origin: Option<&str>) -> Result<SecretKey, Error> {
    let made_up = || {
        let random: [u8; 8] = rand::random();
        format!("motcua.local/{}", data_encoding::HEXLOWER.encode(&random))
    };
    let origin = origin.map_or_else(made_up, str::to_owned);
    let secret = SecretKey::new(&origin, Purpose::Log, &rand::random());
    let secret = secret.map_err(|error| Error::LogKey(format!("log.origin: {error}")))?;
    match write_secret(file, &secret) {
        Ok(()) => {
            tracing::warn!(
                file = %file.display(), key = %secret.public(),
                "the key of the log was made: keep a copy of this file apart from the database"
            );
            Ok(secret)
        }
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            read(file)?.ok_or_else(|| trouble(file, error))
        }
        Err(error) => Err(trouble(file, error)),
    }
}

/// Writes a key into a new file that only its owner reads: there whole, or not at all.
pub(crate) fn write_secret(file: &Path, secret: &SecretKey) -> std::io::Result<()> {
    if let Some(folder) = file.parent()
        && folder != Path::new("")
    {
        std::fs::create_dir_all(folder)?;
    }
    let random: [u8; 8] = rand::random();
    let unfinished = file.with_extension(data_encoding::HEXLOWER.encode(&random));
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written = options.open(&unfinished).and_then(|mut new| {
        writeln!(new, "{}", secret.secret_text())?;
        new.sync_all()?;
        // Unlike renaming, this never takes the place of a file that is there.
        std::fs::hard_link(&unfinished, file)
    });
    let removed = std::fs::remove_file(&unfinished);
    written.and(removed)
}
