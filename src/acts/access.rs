//! Who may come in: passwords, sessions, members of staff, limits against guessing.

use crate::acts::passwords::InvalidPassword;
use crate::domain::ids::{SessionId, UnitId, UserId};
use crate::domain::moment::Moment;
use crate::domain::role::{Permission, Role};
use crate::store::authority::{Denied, Proof};
use crate::store::{StoreError, WriteFailure};

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
    pub session_ends: Moment,
    pub proof: Proof,
    /// Somebody else has set the password: nothing may be done but change it.
    pub must_change_password: bool,
}

impl Caller {
    pub fn may(&self, permission: Permission) -> bool {
        self.role.may(permission)
    }
}

/// Why somebody does not come in.
#[derive(Debug, thiserror::Error)]
pub enum AccessError {
    /// Which of the two is wrong is not told.
    #[error("tên đăng nhập hoặc mật khẩu không đúng")]
    WrongCredentials,
    #[error("phiên đăng nhập không hợp lệ hoặc đã hết hạn")]
    NoSession,
    #[error(transparent)]
    Denied(#[from] Denied),
    #[error("đã thử quá nhiều lần; thử lại sau {}", crate::render::words::moment(*.until))]
    TooMany { until: Moment },
    #[error("mật khẩu mới: {0}")]
    Password(#[from] InvalidPassword),
    /// The OpenID Connect provider does not answer as it should; why is for the log.
    #[error("nhà cung cấp định danh không phản hồi đúng; thử lại sau")]
    Provider(String),
    /// The provider does not vouch for this log-in; why is for the log.
    #[error("đăng nhập qua nhà cung cấp định danh không thành công")]
    NotVouched(String),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<diesel::result::Error> for AccessError {
    fn from(error: diesel::result::Error) -> Self {
        Self::Store(error.into())
    }
}

impl WriteFailure for AccessError {
    fn store_error(&self) -> Option<&StoreError> {
        match self {
            Self::Store(error) => Some(error),
            _ => None,
        }
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
