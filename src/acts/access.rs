//! Who may come in: passwords, sessions, members of staff, limits against guessing.

use crate::domain::ids::{SessionId, UnitId, UserId};
use crate::domain::role::{Permission, Role};
use crate::store::authority::Proof;
use crate::views::reach::Reader;

/// A member of staff who is logged in, as they were when their request came: good for reading. What
/// is written for them proves it anew ([`crate::store::authority`]).
#[derive(Debug, Clone)]
pub struct Caller {
    pub user: UserId,
    pub username: String,
    pub full_name: String,
    pub role: Role,
    /// Reaches this unit and what is under it.
    pub unit: UnitId,
    pub session: SessionId,
    pub proof: Proof,
    /// Somebody else has set the password: nothing may be done but change it.
    pub must_change_password: bool,
}

impl Caller {
    /// As those know them who show what they may read.
    pub fn reader(&self) -> Reader {
        Reader {
            user: self.user,
            username: self.username.clone(),
            role: self.role,
            unit: self.unit,
            proof: self.proof,
        }
    }

    pub fn may(&self, permission: Permission) -> bool {
        self.role.may(permission)
    }
}

/// SHA-256 of a secret with enough randomness of its own: what the database keeps of it.
pub(crate) fn secret_hash(secret: &str) -> [u8; 32] {
    use sha2::{Digest, Sha256};
    Sha256::digest(secret.as_bytes()).into()
}

/// 256 random bits, as text that needs no escaping anywhere.
pub(crate) fn new_secret() -> String {
    let bytes: [u8; 32] = rand::random();
    data_encoding::BASE64URL_NOPAD.encode(&bytes)
}
