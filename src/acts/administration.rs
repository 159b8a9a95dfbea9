//! What administrators keep: units, procedures, the calendar, webhooks, the outbox, alarms. Procedures and calendar hold for the
//! whole office, so only an administrator of all of it may change them.

use crate::domain::ids::UnitId;
use crate::domain::unit::Units;
use crate::store::authority::Denied;
use crate::store::idempotency::KeyReused;
use crate::store::{StoreError, WriteFailure};
use crate::tools::imports::ImportError;

/// Why nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum AdminError {
    /// Every wrong field at once: JSON pointer and reason.
    #[error("{}", list(.0))]
    Invalid(Vec<(String, String)>),
    #[error("{0}")]
    NotFound(String),
    #[error("việc này không thuộc phạm vi quản lý của bạn")]
    OutOfReach,
    /// A unit cannot end while it has dossiers and no successor.
    #[error(
        "đơn vị {code} còn {open} hồ sơ chưa xong và {not_returned} kết quả chưa trả; cần nêu đơn vị kế thừa (successor)"
    )]
    HasDossiers {
        code: String,
        open: usize,
        not_returned: usize,
    },
    /// Somebody else has changed it since the caller read it.
    #[error("dữ liệu đã thay đổi")]
    Changed,
    #[error("thông điệp đang được gửi; thử lại sau ít phút nếu vẫn chưa gửi được")]
    UnderWay,
    #[error(transparent)]
    Denied(#[from] Denied),
    #[error(transparent)]
    KeyReused(#[from] KeyReused),
    #[error(transparent)]
    Store(#[from] StoreError),
}

pub(crate) fn list(wrong: &[(String, String)]) -> String {
    let lines: Vec<_> = wrong
        .iter()
        .map(|(at, why)| format!("{at}: {why}"))
        .collect();
    lines.join("; ")
}

impl From<diesel::result::Error> for AdminError {
    fn from(error: diesel::result::Error) -> Self {
        Self::Store(error.into())
    }
}

impl From<ImportError> for AdminError {
    fn from(error: ImportError) -> Self {
        match error {
            ImportError::Store(error) => Self::Store(error),
            ImportError::Wrong(wrong) => {
                // An import names the place within the procedure and then the procedure.
                let place = |column: String| match column.split_once(" của ") {
                    Some((pointer, _)) => pointer.to_owned(),
                    None => column,
                };
                let wrong = wrong.into_iter();
                Self::Invalid(wrong.map(|w| (place(w.column), w.reason)).collect())
            }
        }
    }
}

impl WriteFailure for AdminError {
    fn store_error(&self) -> Option<&StoreError> {
        match self {
            Self::Store(error) => Some(error),
            _ => None,
        }
    }
}

/// # Errors
/// If `reach` is not the whole office.
pub(crate) fn ensure_whole(units: &Units, reach: UnitId) -> Result<(), AdminError> {
    match units.is_whole(reach) {
        true => Ok(()),
        false => Err(AdminError::OutOfReach),
    }
}
