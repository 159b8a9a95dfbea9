//! The hash chain of a dossier's events.

use sha2::{Digest, Sha256};

use crate::domain::ids::DossierId;

/// SHA-256 of an event and, through the one before it, of all events before it.
pub type EventHash = [u8; 32];

/// What the first event of a dossier is chained to.
pub const GENESIS: EventHash = [0; 32];

/// An event in the form in which it is stored and hashed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredEvent {
    pub sequence: u32,
    pub kind: i16,
    pub at: i64,
    pub actor: i32,
    pub data: String,
    pub hash: EventHash,
}

/// The hash of an event. Every field has a fixed width or comes last, so no two events share an
/// encoding.
pub fn hash(
    previous: &EventHash,
    dossier: DossierId,
    sequence: u32,
    kind: i16,
    at: i64,
    actor: i32,
    data: &str,
) -> EventHash {
    let mut hasher = Sha256::new();
    hasher.update(previous);
    hasher.update(dossier.bytes());
    hasher.update(sequence.to_be_bytes());
    hasher.update(kind.to_be_bytes());
    hasher.update(at.to_be_bytes());
    hasher.update(actor.to_be_bytes());
    hasher.update(data.as_bytes());
    hasher.finalize().into()
}
