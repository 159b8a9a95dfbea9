//! What can go wrong in the database, sorted by what the caller can do about it.

use diesel::result::{DatabaseErrorKind, Error as DieselError};

use crate::store::connection;

/// An error of the store.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// Away, refusing, or out of connections: try later.
    #[error("không kết nối được cơ sở dữ liệu: {0}")]
    Unavailable(String),
    /// No room on the disk.
    #[error("ổ đĩa của cơ sở dữ liệu đã đầy: {0}")]
    Full(String),
    /// Another transaction was in the way; trying again helps.
    #[error("giao dịch trùng với một giao dịch khác: {0}")]
    Conflict(String),
    /// The connection broke while a commit was on its way: it was done, or it was not.
    #[error("không rõ giao dịch đã được ghi hay chưa: {0}")]
    OutcomeUnknown(String),
    /// A newer program has migrated the database, or is about to.
    #[error("cơ sở dữ liệu thuộc về phiên bản motcua mới hơn chương trình này: {0}")]
    Outdated(String),
    /// Stored data are not what this program writes.
    #[error("dữ liệu trong cơ sở dữ liệu bị hỏng: {0}")]
    Corrupt(String),
    /// `DATABASE_URL` cannot be used.
    #[error("địa chỉ cơ sở dữ liệu không dùng được: {0}")]
    BadUrl(String),
    /// The machine's clock cannot be believed; nothing was written.
    #[error(transparent)]
    Clock(#[from] crate::clock::Trouble),
    #[error("lỗi cơ sở dữ liệu: {0}")]
    Other(String),
}

impl StoreError {
    /// Sorts a database's own message. diesel keeps SQLSTATE to itself: it tells unique violations,
    /// serialisation failures and lost connections by it, but neither a deadlock nor a full disk. SQLite
    /// knows no other language than English, and connections to PostgreSQL ask for it
    /// (`connection::in_english`).
    pub fn from_message(message: String) -> Self {
        let has = |parts: &[&str]| parts.iter().any(|part| message.contains(part));
        if has(&["database or disk is full", "No space left on device"]) {
            Self::Full(message)
        } else if has(&["file is not a database", "malformed"]) {
            Self::Corrupt(message)
        } else if has(&["database is locked", "deadlock detected"]) {
            Self::Conflict(message)
        } else if has(&[
            "server closed the connection",
            "connection to server",
            "terminating connection",
            "could not connect",
            "no connection to the server",
            "unable to open database file",
            "readonly database",
            "disk I/O error",
            "the database system is",
            "canceling statement due to",
        ]) {
            Self::Unavailable(message)
        } else {
            Self::Other(message)
        }
    }

    pub fn corrupt(what: impl Into<String>) -> Self {
        Self::Corrupt(what.into())
    }

    /// Whether the same transaction may well succeed if tried again at once.
    pub const fn is_passing(&self) -> bool {
        matches!(self, Self::Conflict(_))
    }

    /// Whether it is the data of what was read that are wrong, and not the database: the same work on
    /// other data may well succeed.
    pub const fn is_damage(&self) -> bool {
        matches!(self, Self::Corrupt(_))
    }

    /// Whether the database cannot be trusted to go on with the transaction at hand.
    pub const fn breaks_transaction(&self) -> bool {
        matches!(
            self,
            Self::Unavailable(_) | Self::Full(_) | Self::Conflict(_) | Self::OutcomeUnknown(_)
        )
    }
}

impl From<DieselError> for StoreError {
    fn from(error: DieselError) -> Self {
        match &error {
            DieselError::DatabaseError(DatabaseErrorKind::SerializationFailure, info) => {
                Self::Conflict(info.message().to_owned())
            }
            DieselError::DatabaseError(
                DatabaseErrorKind::ClosedConnection
                | DatabaseErrorKind::UnableToSendCommand
                | DatabaseErrorKind::ReadOnlyTransaction,
                info,
            ) => Self::Unavailable(info.message().to_owned()),
            DieselError::DatabaseError(DatabaseErrorKind::Unknown, info)
                if connection::speaks_another_language() && info.statement_position().is_none() =>
            {
                // It may be a deadlock. The transaction was undone, so that trying again does no harm.
                Self::Conflict(info.message().to_owned())
            }
            DieselError::BrokenTransactionManager => Self::Unavailable(error.to_string()),
            DieselError::DeserializationError(_) => Self::Corrupt(error.to_string()),
            _ => Self::from_message(error.to_string()),
        }
    }
}

impl From<diesel::ConnectionError> for StoreError {
    fn from(error: diesel::ConnectionError) -> Self {
        match Self::from_message(error.to_string()) {
            Self::Other(message) => Self::Unavailable(message),
            sorted => sorted,
        }
    }
}

/// An error type that a transaction may end with: refusals of the rules, or errors of the store.
pub trait WriteFailure: From<StoreError> + From<DieselError> + Send + 'static {
    /// The store's error inside, if that is what it is.
    fn store_error(&self) -> Option<&StoreError>;
}

impl WriteFailure for StoreError {
    fn store_error(&self) -> Option<&StoreError> {
        Some(self)
    }
}
