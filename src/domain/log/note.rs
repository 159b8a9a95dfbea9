//! Checkpoints: signed notes that say how long the log is and what its root is, as other programs read
//! and write them (c2sp.org/signed-note, tlog-checkpoint, tlog-cosignature).

use std::fmt;
use std::str::FromStr;

use data_encoding::{BASE64, HEXLOWER};
use ed25519_dalek::{Signature as Ed25519, Signer, SigningKey, VerifyingKey};
use sha2::{Digest, Sha256};

use crate::domain::log::Hash;

/// Why a note, a checkpoint or a key is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidNote {
    #[error("không phải một bản ghi có chữ ký (c2sp.org/signed-note)")]
    Note,
    #[error("không phải một điểm chốt (c2sp.org/tlog-checkpoint)")]
    Checkpoint,
    #[error("không phải khóa Ed25519 của bản ghi có chữ ký")]
    Key,
    #[error("tên khóa có 1 đến 200 ký tự, không có khoảng trắng và dấu '+'")]
    Name,
}

/// How long a log was, and what its root was then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// Which log it is.
    pub origin: String,
    pub size: u64,
    pub root: Hash,
}

impl Checkpoint {
    /// The text that is signed.
    pub fn body(&self) -> String {
        format!(
            "{}\n{}\n{}\n",
            self.origin,
            self.size,
            BASE64.encode(&self.root)
        )
    }

    /// Reads the text of a note.
    ///
    /// # Errors
    /// If it is no checkpoint.
    pub fn parse(body: &str) -> Result<Self, InvalidNote> {
        let mut lines = body.lines();
        let mut next = || lines.next().ok_or(InvalidNote::Checkpoint);
        let (origin, size, root) = (next()?, next()?, next()?);
        let plain =
            size.bytes().all(|b| b.is_ascii_digit()) && (size == "0" || !size.starts_with('0'));
        let root = BASE64.decode(root.as_bytes()).ok();
        let root = root.and_then(|root| Hash::try_from(root).ok());
        match (size.parse(), root) {
            (Ok(size), Some(root)) if plain && !origin.is_empty() => Ok(Self {
                origin: origin.to_owned(),
                size,
                root,
            }),
            _ => Err(InvalidNote::Checkpoint),
        }
    }
}

/// A signature under a note.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    /// Of the key.
    pub name: String,
    /// The key's number, then the signature proper.
    bytes: Vec<u8>,
}

impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "— {} {}", self.name, BASE64.encode(&self.bytes))
    }
}

/// A text and who has signed it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// Ends with a line feed.
    pub body: String,
    pub signatures: Vec<Signature>,
}

impl Note {
    /// The first checkpoint's note within a text, such as a letter that was kept.
    pub fn find(text: &str) -> Option<Self> {
        let lines: Vec<&str> = text.lines().map(str::trim).collect();
        let is_signature = |line: &&&str| line.starts_with("— ");
        (4..lines.len()).find_map(|at| {
            let signatures: Vec<&str> = lines[at..]
                .iter()
                .take_while(is_signature)
                .copied()
                .collect();
            if signatures.is_empty() || !lines[at - 1].is_empty() {
                return None;
            }
            let body = lines[at - 4..at - 1].join("\n");
            let note = format!("{body}\n\n{}\n", signatures.join("\n"));
            note.parse().ok()
        })
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.body)?;
        self.signatures.iter().try_for_each(|one| one.fmt(f))
    }
}

impl FromStr for Note {
    type Err = InvalidNote;

    fn from_str(text: &str) -> Result<Self, InvalidNote> {
        // A file may have come through a program that ends lines otherwise.
        let text = text.replace("\r\n", "\n");
        let (body, signatures) = text.rsplit_once("\n\n").ok_or(InvalidNote::Note)?;
        let signatures = signatures.lines().map(|line| {
            let (name, bytes) = line.strip_prefix("— ")?.split_once(' ')?;
            let bytes = BASE64.decode(bytes.as_bytes()).ok()?;
            let name = name.to_owned();
            (bytes.len() > 4 && is_name(&name)).then_some(Signature { name, bytes })
        });
        let signatures: Option<Vec<_>> = signatures.collect();
        let signatures = signatures.filter(|all| !all.is_empty());
        Ok(Self {
            body: format!("{body}\n"),
            signatures: signatures.ok_or(InvalidNote::Note)?,
        })
    }
}

fn is_name(name: &str) -> bool {
    (1..=200).contains(&name.len())
        && !name
            .chars()
            .any(|c| c.is_whitespace() || c.is_control() || c == '+')
}

/// What a key signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// The notes of a log.
    Log,
    /// Checkpoints of other logs, with the time at which they were seen.
    Witness,
}

impl Purpose {
    const fn code(self) -> u8 {
        match self {
            Self::Log => 1,
            Self::Witness => 4,
        }
    }

    fn of(code: u8) -> Option<Self> {
        [Self::Log, Self::Witness]
            .into_iter()
            .find(|purpose| purpose.code() == code)
    }
}

/// What others check signatures with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey {
    name: String,
    purpose: Purpose,
    key: VerifyingKey,
}

impl PublicKey {
    pub fn name(&self) -> &str {
        &self.name
    }

    pub const fn purpose(&self) -> Purpose {
        self.purpose
    }

    /// The first bytes of a signature by this key.
    fn number(&self) -> [u8; 4] {
        let mut hasher = Sha256::new();
        hasher.update(self.name.as_bytes());
        hasher.update([b'\n', self.purpose.code()]);
        hasher.update(self.key.as_bytes());
        let hash = hasher.finalize();
        [hash[0], hash[1], hash[2], hash[3]]
    }

    /// Whether this key has signed the note.
    pub fn vouches_for(&self, note: &Note) -> bool {
        note.signatures.iter().any(|signature| {
            let Some((number, rest)) = signature.bytes.split_first_chunk::<4>() else {
                return false;
            };
            if signature.name != self.name || *number != self.number() {
                return false;
            }
            let (text, rest) = match self.purpose {
                Purpose::Log => (note.body.clone(), rest),
                Purpose::Witness => match rest.split_first_chunk::<8>() {
                    Some((time, rest)) => (witnessed(u64::from_be_bytes(*time), &note.body), rest),
                    None => return false,
                },
            };
            Ed25519::from_slice(rest)
                .is_ok_and(|signature| self.key.verify_strict(text.as_bytes(), &signature).is_ok())
        })
    }
}

/// What a witness signs.
fn witnessed(unix_seconds: u64, body: &str) -> String {
    format!("cosignature/v1\ntime {unix_seconds}\n{body}")
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut key = vec![self.purpose.code()];
        key.extend(self.key.as_bytes());
        let number = HEXLOWER.encode(&self.number());
        write!(f, "{}+{number}+{}", self.name, BASE64.encode(&key))
    }
}

impl FromStr for PublicKey {
    type Err = InvalidNote;

    fn from_str(text: &str) -> Result<Self, InvalidNote> {
        let (name, number, purpose, key) = parts(text.trim())?;
        let key = Self {
            name,
            purpose,
            key: VerifyingKey::from_bytes(&key).map_err(|_| InvalidNote::Key)?,
        };
        (HEXLOWER.encode(&key.number()) == number)
            .then_some(key)
            .ok_or(InvalidNote::Key)
    }
}

/// `name+number+key`.
fn parts(text: &str) -> Result<(String, String, Purpose, [u8; 32]), InvalidNote> {
    let mut parts = text.splitn(3, '+');
    let mut next = || parts.next().ok_or(InvalidNote::Key);
    let (name, number, key) = (next()?, next()?, next()?);
    let key = BASE64
        .decode(key.as_bytes())
        .map_err(|_| InvalidNote::Key)?;
    let (purpose, key) = key.split_first().ok_or(InvalidNote::Key)?;
    if !is_name(name) {
        return Err(InvalidNote::Name);
    }
    Ok((
        name.to_owned(),
        number.to_owned(),
        Purpose::of(*purpose).ok_or(InvalidNote::Key)?,
        key.try_into().map_err(|_| InvalidNote::Key)?,
    ))
}

/// What notes are signed with.
#[derive(Clone)]
pub struct SecretKey {
    public: PublicKey,
    key: SigningKey,
}

impl fmt::Debug for SecretKey {
    /// Without the secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretKey({})", self.public)
    }
}

const SECRET: &str = "PRIVATE+KEY+";

impl SecretKey {
    /// A key of that name from 32 random bytes.
    ///
    /// # Errors
    /// If the name is none.
    pub fn new(name: &str, purpose: Purpose, random: &[u8; 32]) -> Result<Self, InvalidNote> {
        if !is_name(name) {
            return Err(InvalidNote::Name);
        }
        let key = SigningKey::from_bytes(random);
        let public = PublicKey {
            name: name.to_owned(),
            purpose,
            key: key.verifying_key(),
        };
        Ok(Self { public, key })
    }

    pub const fn public(&self) -> &PublicKey {
        &self.public
    }

    /// The key as files hold it.
    pub fn secret_text(&self) -> String {
        let mut key = vec![self.public.purpose.code()];
        key.extend(self.key.to_bytes());
        let number = HEXLOWER.encode(&self.public.number());
        format!(
            "{SECRET}{}+{number}+{}",
            self.public.name,
            BASE64.encode(&key)
        )
    }

    /// Signs a text that ends with a line feed, as seen at that time if it is a witness's key.
    pub fn sign(&self, body: &str, unix_seconds: u64) -> Signature {
        let mut bytes = self.public.number().to_vec();
        let text = match self.public.purpose {
            Purpose::Log => body.to_owned(),
            Purpose::Witness => {
                bytes.extend(unix_seconds.to_be_bytes());
                witnessed(unix_seconds, body)
            }
        };
        bytes.extend(self.key.sign(text.as_bytes()).to_bytes());
        Signature {
            name: self.public.name.clone(),
            bytes,
        }
    }
}

impl FromStr for SecretKey {
    type Err = InvalidNote;

    fn from_str(text: &str) -> Result<Self, InvalidNote> {
        let text = text.trim().strip_prefix(SECRET).ok_or(InvalidNote::Key)?;
        let (name, number, purpose, key) = parts(text)?;
        let key = Self::new(&name, purpose, &key)?;
        (HEXLOWER.encode(&key.public.number()) == number)
            .then_some(key)
            .ok_or(InvalidNote::Key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // From the documentation of golang.org/x/mod/sumdb/note, the format's first implementation.
    #[test]
    fn known_answers() {
        let secret =
            "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
        let public = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
        let text = "If you think cryptography is the answer to your problem,\n\
                    then you don't know what your problem is.\n";
        let signed = "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";
        let key: SecretKey = secret.parse().unwrap();
        assert_eq!(key.secret_text(), secret);
        assert_eq!(key.public().to_string(), public);
        assert_eq!(key.sign(text, 0).to_string(), signed);
        let note: Note = format!("{text}\n{signed}").parse().unwrap();
        assert_eq!(note.to_string(), format!("{text}\n{signed}"));
        let public: PublicKey = public.parse().unwrap();
        assert!(public.vouches_for(&note));
        let other = Note {
            body: note.body.replace("your problem is", "it is"),
            ..note
        };
        assert!(!public.vouches_for(&other));
    }

    #[test]
    fn witnesses_sign_beside_the_log() {
        let log = SecretKey::new("motcua/h37", Purpose::Log, &[1; 32]).unwrap();
        let witness = SecretKey::new("witness", Purpose::Witness, &[2; 32]).unwrap();
        let checkpoint = Checkpoint {
            origin: "motcua/h37".to_owned(),
            size: 20_852_163,
            root: [5; 32],
        };
        assert_eq!(
            Checkpoint::parse(&checkpoint.body()),
            Ok(checkpoint.clone())
        );
        let body = checkpoint.body();
        let signatures = vec![log.sign(&body, 9), witness.sign(&body, 1_700_000_000)];
        let text = Note { body, signatures }.to_string();
        let note: Note = text.replace('\n', "\r\n").parse().unwrap();
        assert!(log.public().vouches_for(&note));
        assert!(witness.public().vouches_for(&note));
        let read: PublicKey = witness.public().to_string().parse().unwrap();
        assert_eq!(&read, witness.public());
        let letter = format!(
            "Kính gửi bà,\r\n\r\n  {}\r\nTrân trọng",
            text.replace('\n', "\r\n  ")
        );
        assert_eq!(Note::find(&letter).as_ref(), Some(&note));
        assert_eq!(Note::find("Kính gửi bà,\n\n— Lan"), None);
        // A log's key of the same bytes is another key.
        let log_too = SecretKey::new("witness", Purpose::Log, &[2; 32]).unwrap();
        assert!(!log_too.public().vouches_for(&note));
    }

    #[test]
    fn what_is_no_note_is_refused() {
        for text in [
            "",
            "a\nb\n",
            "a\n\n",
            "a\n\n— x\n",
            "a\n\n— x AAAA\n",
            "a\n\n- x AAAAAAAA\n",
        ] {
            assert_eq!(text.parse::<Note>(), Err(InvalidNote::Note), "{text}");
        }
        for body in [
            "",
            "o\n1\n",
            "o\nx\nAAAA\n",
            "o\n01\nAAAA\n",
            "o\n-1\nAAAA\n",
        ] {
            assert_eq!(
                Checkpoint::parse(body),
                Err(InvalidNote::Checkpoint),
                "{body}"
            );
        }
        for key in ["", "a+b", "a+b+c", "a b+00000000+AQ=="] {
            assert!(key.parse::<PublicKey>().is_err(), "{key}");
            assert!(
                format!("{SECRET}{key}").parse::<SecretKey>().is_err(),
                "{key}"
            );
        }
        assert!(SecretKey::new("a+b", Purpose::Log, &[0; 32]).is_err());
    }
}
