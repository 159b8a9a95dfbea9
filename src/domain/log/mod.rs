//! The installation's one log: what its entries are, the tree over them, the notes that vouch for it.
//!
//! An entry holds the hash of something that is on record: nothing of what it says.

pub mod merkle;
pub mod note;

pub use crate::domain::log::merkle::Hash;

use sha2::{Digest, Sha256};

use crate::domain::ids::{DossierId, MessageId, PersonId};

/// What is on record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subject {
    /// An event of a dossier.
    Event(DossierId, u32),
    /// A reading of an identity number.
    Reading(MessageId),
    /// An act of administration.
    Act(i64),
    /// A person who was there before events said what people's records are.
    Person(PersonId),
}

/// An entry of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Entry {
    pub subject: Subject,
    pub hash: Hash,
}

impl Subject {
    /// The kind and the reference, as entries hold them.
    pub fn bytes(self) -> [u8; 21] {
        let mut bytes = [0; 21];
        match self {
            Self::Event(id, sequence) => {
                bytes[0] = 1;
                bytes[1..17].copy_from_slice(&id.bytes());
                bytes[17..].copy_from_slice(&sequence.to_be_bytes());
            }
            Self::Reading(id) => {
                bytes[0] = 2;
                bytes[1..17].copy_from_slice(&id.bytes());
            }
            Self::Act(id) => {
                bytes[0] = 3;
                bytes[1..9].copy_from_slice(&id.to_be_bytes());
            }
            Self::Person(id) => {
                bytes[0] = 4;
                bytes[1..17].copy_from_slice(&id.bytes());
            }
        }
        bytes
    }

    /// Reads it back; `None` if it is nothing that this program writes.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let bytes: &[u8; 21] = bytes.try_into().ok()?;
        let (id, rest) = (&bytes[1..17], &bytes[17..]);
        let subject = match bytes[0] {
            1 => Self::Event(
                DossierId::from_slice(id)?,
                u32::from_be_bytes(rest.try_into().ok()?),
            ),
            2 => Self::Reading(MessageId::from_slice(id)?),
            3 => Self::Act(i64::from_be_bytes(bytes[1..9].try_into().ok()?)),
            4 => Self::Person(PersonId::from_slice(id)?),
            _ => return None,
        };
        (subject.bytes() == *bytes).then_some(subject)
    }
}

impl Entry {
    /// How long every entry is.
    pub const BYTES: usize = 53;

    pub fn bytes(&self) -> [u8; Self::BYTES] {
        let mut bytes = [0; Self::BYTES];
        bytes[..21].copy_from_slice(&self.subject.bytes());
        bytes[21..].copy_from_slice(&self.hash);
        bytes
    }

    /// Reads it back; `None` if it is nothing that this program writes.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (subject, hash) = bytes.split_at_checked(21)?;
        Some(Self {
            subject: Subject::from_bytes(subject)?,
            hash: hash.try_into().ok()?,
        })
    }
}

/// SHA-256 over fields of any length: no two lists of fields share an encoding.
pub fn hash_of(what: &str, fields: &[&[u8]]) -> Hash {
    let mut hasher = Sha256::new();
    for field in std::iter::once(what.as_bytes()).chain(fields.iter().copied()) {
        hasher.update((field.len() as u64).to_be_bytes());
        hasher.update(field);
    }
    hasher.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::moment::Moment;

    #[test]
    fn entries_are_read_back() {
        let at = Moment::from_unix_millis(1_800_000_000_000);
        let id = MessageId::new(at, [7; 10]);
        for subject in [
            Subject::Event(DossierId(id.0), 3),
            Subject::Reading(id),
            Subject::Act(-5),
            Subject::Person(PersonId(id.0)),
        ] {
            let entry = Entry {
                subject,
                hash: [9; 32],
            };
            assert_eq!(Entry::from_bytes(&entry.bytes()), Some(entry));
        }
        assert_eq!(Entry::from_bytes(&[0; Entry::BYTES]), None);
        assert_eq!(Entry::from_bytes(&[1; 5]), None);
        // Nothing may hide in what a reference leaves free.
        let mut act = Subject::Act(1).bytes();
        act[20] = 1;
        assert_eq!(Subject::from_bytes(&act), None);
    }
}
