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
    /// When it happened, and when it was recorded; `None` in what is older than that column.
    pub at: i64,
    pub recorded_at: Option<i64>,
    pub actor: i32,
    pub data: String,
    pub hash: EventHash,
}

/// Begins what is hashed of an event that knows when it was recorded.
const WITH_RECORDED_AT: &[u8; 14] = b"motcua event 2";

impl StoredEvent {
    /// The hash that the event ought to have after `previous`. Every field has a fixed width or
    /// comes last, so no two events share an encoding.
    pub fn expected_hash(&self, previous: &EventHash, dossier: DossierId) -> EventHash {
        let mut hasher = Sha256::new();
        if self.recorded_at.is_some() {
            hasher.update(WITH_RECORDED_AT);
        }
        hasher.update(previous);
        hasher.update(dossier.bytes());
        hasher.update(self.sequence.to_be_bytes());
        hasher.update(self.kind.to_be_bytes());
        hasher.update(self.at.to_be_bytes());
        if let Some(recorded_at) = self.recorded_at {
            hasher.update(recorded_at.to_be_bytes());
        }
        hasher.update(self.actor.to_be_bytes());
        hasher.update(self.data.as_bytes());
        hasher.finalize().into()
    }
}
