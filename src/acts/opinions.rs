//! What people say of the office: how satisfied they were once the result is theirs, and feedback
//! (phản ánh, kiến nghị) from its receipt to its publication.

use crate::acts::{DeskError, WrongField};
use crate::domain::ids::UnitId;
use crate::domain::moment::Moment;
use crate::domain::unit::Units;
use crate::store::authority::Denied;
use crate::store::idempotency::KeyReused;
use crate::store::{StoreError, WriteFailure};
use crate::views::look_up::LookUpError;

/// Why nothing came of it; nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum OpinionError {
    #[error(transparent)]
    Desk(#[from] DeskError),
    #[error(transparent)]
    LookUp(#[from] LookUpError),
    /// Also for another code: which of the two is not told.
    #[error("không có phản ánh, kiến nghị này")]
    NotFound,
    #[error("đã gửi quá nhiều lần; thử lại sau {}", crate::render::words::moment(*.until))]
    TooMany { until: Moment },
    #[error("chỉ đánh giá được sau khi đã nhận kết quả")]
    NotReturned,
    #[error("hồ sơ này đã được đánh giá; mỗi hồ sơ chỉ đánh giá một lần")]
    AlreadyRated,
    #[error("phản ánh, kiến nghị này đã được trả lời")]
    AlreadyAnswered,
    #[error("chỉ công khai được sau khi đã trả lời")]
    NotAnswered,
    /// Somebody else has changed it since the caller read it.
    #[error("phản ánh, kiến nghị đã thay đổi")]
    Changed,
}

impl From<StoreError> for OpinionError {
    fn from(error: StoreError) -> Self {
        Self::Desk(error.into())
    }
}

impl From<diesel::result::Error> for OpinionError {
    fn from(error: diesel::result::Error) -> Self {
        Self::Desk(error.into())
    }
}

impl From<Denied> for OpinionError {
    fn from(error: Denied) -> Self {
        Self::Desk(error.into())
    }
}

impl From<KeyReused> for OpinionError {
    fn from(error: KeyReused) -> Self {
        Self::Desk(error.into())
    }
}

impl WriteFailure for OpinionError {
    fn store_error(&self) -> Option<&StoreError> {
        match self {
            Self::Desk(error) => error.store_error(),
            Self::LookUp(error) => error.store_error(),
            _ => None,
        }
    }
}

pub(crate) fn wrong(pointer: &str, reason: impl std::fmt::Display) -> WrongField {
    WrongField {
        pointer: pointer.to_owned(),
        reason: reason.to_string(),
    }
}

pub(crate) fn invalid(pointer: &str, reason: impl std::fmt::Display) -> OpinionError {
    DeskError::Invalid(vec![wrong(pointer, reason)]).into()
}

/// The units of a list: those under `reach`, or under the unit of that code; `None` for all.
pub(crate) fn listed_units(
    units: &Units,
    code: Option<&str>,
    reach: Option<UnitId>,
) -> Result<Option<Vec<UnitId>>, OpinionError> {
    let root = match code {
        None => reach,
        Some(code) => {
            let unit = units.by_code(code);
            let unit = unit.ok_or_else(|| invalid("unit", format!("không có đơn vị '{code}'")))?;
            if reach.is_some_and(|reach| !units.is_under(unit.id, reach)) {
                return Err(DeskError::OutOfReach.into());
            }
            Some(unit.id)
        }
    };
    Ok(root
        .filter(|root| !units.is_whole(*root))
        .map(|root| units.under(root)))
}
