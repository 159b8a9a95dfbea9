//! A witness of another installation's log: takes its checkpoint, has it proven that the log only grew
//! since the last one, keeps it and signs it too.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

use data_encoding::{BASE64, HEXLOWER};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::acts::log_key::write_secret;
use crate::domain::log::merkle::{Hash, is_consistent};
use crate::domain::log::note::{Checkpoint, InvalidNote, Note, PublicKey, Purpose, SecretKey};
use crate::domain::moment::Moment;
use crate::http_client;
use crate::tools::ToolError;

/// How long the other installation may take for an answer.
const PATIENCE: Duration = Duration::from_secs(20);
/// Far more than any answer is long.
const MOST_BYTES: u64 = 64 * 1024;

/// What a witness has seen and vouches for.
#[derive(Debug, Clone)]
pub struct Seen {
    pub checkpoint: Checkpoint,
    /// The size that was vouched for before; `None` the first time.
    pub before: Option<u64>,
    /// The note with the witness's own signature.
    pub cosigned: String,
    /// The key of the log that is now trusted because it was the first one seen.
    pub trusted: Option<PublicKey>,
}

/// A witness, with what it keeps.
pub struct Witness {
    folder: PathBuf,
    key: SecretKey,
}

fn read_if_there(file: &Path) -> Result<Option<String>, ToolError> {
    match std::fs::read_to_string(file) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(ToolError::file(file, error)),
    }
}

/// Takes the place of what was there, whole or not at all, and stays if the power goes.
fn replace(file: &Path, text: &str) -> Result<(), ToolError> {
    let unfinished = file.with_extension("new");
    let write = || {
        let mut new = std::fs::File::create(&unfinished)?;
        std::io::Write::write_all(&mut new, text.as_bytes())?;
        new.sync_all()?;
        std::fs::rename(&unfinished, file)
    };
    write().map_err(|error| ToolError::file(file, error))
}

#[derive(Deserialize)]
struct Proof {
    proof: Vec<String>,
}

impl Witness {
    /// A witness that keeps what it has seen in `folder` and signs with the key of that file; both are
    /// made if they are not there.
    ///
    /// # Errors
    /// If a file cannot be read or written, or holds no key of a witness.
    pub fn open(folder: &Path, key_file: Option<&Path>) -> Result<Self, ToolError> {
        std::fs::create_dir_all(folder).map_err(|error| ToolError::file(folder, error))?;
        let own = folder.join("witness.key");
        let file = key_file.unwrap_or(&own);
        let key = match read_if_there(file)? {
            Some(text) => text.parse().map_err(|error| ToolError::file(file, error))?,
            None => {
                let random: [u8; 8] = rand::random();
                let name = format!("motcua-witness/{}", HEXLOWER.encode(&random));
                let key = SecretKey::new(&name, Purpose::Witness, &rand::random());
                let key = key.map_err(|error| ToolError::file(file, error))?;
                write_secret(file, &key).map_err(|error| ToolError::file(file, error))?;
                key
            }
        };
        if key.public().purpose() != Purpose::Witness {
            return Err(ToolError::file(file, InvalidNote::Key));
        }
        Ok(Self {
            folder: folder.to_owned(),
            key,
        })
    }

    /// What others check its signatures with.
    pub const fn public(&self) -> &PublicKey {
        self.key.public()
    }

    /// Looks at the log of the installation at `url`, whose notes are signed with `log_key` (`None`: the
    /// key seen the first time).
    ///
    /// # Errors
    /// If it cannot be vouched for; what was kept stays as it was.
    pub fn look(
        &self,
        url: &str,
        log_key: Option<&PublicKey>,
        now: Moment,
    ) -> Result<Seen, ToolError> {
        let url = url.trim_end_matches('/');
        let address = format!("{url}/api/v1/checkpoint");
        let text = get(&address)?;
        let wrong = |reason: InvalidNote| ToolError::remote(&address, reason);
        let mut note: Note = text.parse().map_err(wrong)?;
        let checkpoint = Checkpoint::parse(&note.body).map_err(wrong)?;
        // By the address: a log that comes under another name there is not taken for a new one.
        let name = HEXLOWER.encode(&Sha256::digest(url.as_bytes())[..8]);
        let file = |end: &str| self.folder.join(format!("{name}.{end}"));
        let known = read_if_there(&file("key"))?;
        let known = known.map(|text| text.parse::<PublicKey>());
        let known = known
            .transpose()
            .map_err(|error| ToolError::file(&file("key"), error))?;
        let trusted = match (&known, log_key) {
            (_, Some(key)) => key.clone(),
            (Some(key), None) => key.clone(),
            (None, None) => {
                let address = format!("{url}/api/v1/checkpoint/key");
                let key = get(&address)?.parse();
                key.map_err(|reason: InvalidNote| ToolError::remote(&address, reason))?
            }
        };
        if trusted.purpose() != Purpose::Log || !trusted.vouches_for(&note) {
            return Err(ToolError::NotSigned(trusted.to_string()));
        }
        if checkpoint.origin != trusted.name() {
            return Err(ToolError::OtherLog {
                known: trusted.name().to_owned(),
                given: checkpoint.origin,
            });
        }
        let kept = read_if_there(&file("checkpoint"))?;
        let kept = kept.map(|text| {
            let note: Note = text.parse()?;
            Checkpoint::parse(&note.body)
        });
        let kept = kept
            .transpose()
            .map_err(|error| ToolError::file(&file("checkpoint"), error))?;
        if let Some(kept) = &kept {
            prove(url, kept, &checkpoint)?;
        }
        let seconds = u64::try_from(now.unix_millis() / 1000).unwrap_or(0);
        note.signatures.push(self.key.sign(&note.body, seconds));
        let cosigned = note.to_string();
        replace(&file("key"), &format!("{trusted}\n"))?;
        replace(&file("checkpoint"), &cosigned)?;
        Ok(Seen {
            checkpoint,
            before: kept.map(|kept| kept.size),
            cosigned,
            trusted: known.is_none().then_some(trusted),
        })
    }
}

/// The log of `new` begins as that of `kept`.
fn prove(url: &str, kept: &Checkpoint, new: &Checkpoint) -> Result<(), ToolError> {
    if kept.origin != new.origin {
        return Err(ToolError::OtherLog {
            known: kept.origin.clone(),
            given: new.origin.clone(),
        });
    }
    let (old_size, size) = (kept.size, new.size);
    if size < old_size {
        return Err(ToolError::Shorter {
            kept: old_size,
            now: size,
        });
    }
    let mut proof: Vec<Hash> = Vec::new();
    if old_size > 0 && old_size < size {
        let address = format!("{url}/api/v1/checkpoint/consistency?from={old_size}&to={size}");
        let text = get(&address)?;
        let answer: Option<Proof> = serde_json::from_str(&text).ok();
        let hashes = answer.map(|answer| {
            let hashes = answer.proof.into_iter();
            let hashes = hashes.map(|hash| {
                let bytes = BASE64.decode(hash.as_bytes()).ok()?;
                Hash::try_from(bytes).ok()
            });
            hashes.collect::<Option<Vec<_>>>()
        });
        let wrong = || ToolError::remote(&address, "không phải bằng chứng nhất quán");
        proof = hashes.flatten().ok_or_else(wrong)?;
    }
    match is_consistent((old_size, &kept.root), (size, &new.root), &proof) {
        true => Ok(()),
        false => Err(ToolError::Rewritten {
            kept: old_size,
            now: size,
        }),
    }
}

fn get(url: &str) -> Result<String, ToolError> {
    let unreachable = |reason: String| ToolError::remote(url, reason);
    let agent: ureq::Agent = http_client::agent(PATIENCE).build().into();
    let answer = agent.get(url).call();
    let mut answer = answer.map_err(|error| unreachable(error.to_string()))?;
    if answer.status() != 200 {
        return Err(unreachable(format!("HTTP {}", answer.status().as_u16())));
    }
    let text = answer
        .body_mut()
        .with_config()
        .limit(MOST_BYTES)
        .read_to_string();
    text.map_err(|error| unreachable(error.to_string()))
}
