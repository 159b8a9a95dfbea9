//! What errors are to a client: the one place where they become problems.

use crate::domain::dossier::Refusal;
use crate::error::{Conflict, Error};
use crate::render::words;
use crate::store::StoreError;
use crate::store::authority::Denied;
use crate::web::problem::{FieldError, Kind, Problem};

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        // The database's own words are for the log, not for the world.
        tracing::error!(%error, "the database refused");
        match error {
            StoreError::Clock(trouble) => Self::new(Kind::Clock, trouble.to_string()),
            StoreError::Unavailable(_) | StoreError::Conflict(_) | StoreError::Full(_) => {
                Self::new(
                    Kind::DatabaseUnavailable,
                    "hệ thống chưa truy cập được cơ sở dữ liệu, vui lòng thử lại sau ít phút",
                )
            }
            StoreError::OutcomeUnknown(_) => Self::new(
                Kind::OutcomeUnknown,
                "mất liên lạc với cơ sở dữ liệu đúng lúc ghi, nên không rõ yêu cầu đã được thực hiện hay chưa; \
                 hãy gửi lại với cùng Idempotency-Key, hoặc đọc lại dữ liệu (ETag, lịch sử hồ sơ) trước khi làm lại",
            ),
            StoreError::Outdated(_) => Self::new(
                Kind::Upgrading,
                "cơ sở dữ liệu đã chuyển sang phiên bản mới hơn của motcua; máy chủ này không ghi nữa, vui lòng \
                 thử lại sau ít phút",
            ),
            StoreError::Corrupt(_) | StoreError::BadUrl(_) | StoreError::Other(_) => Self::new(
                Kind::Internal,
                "hệ thống gặp lỗi ngoài dự kiến; lỗi đã được ghi lại",
            ),
        }
    }
}

impl From<Denied> for Problem {
    fn from(error: Denied) -> Self {
        match error {
            Denied::NoSession => Self::unauthenticated(error),
            Denied::Role(role) => {
                let role = words::role(role);
                Self::new(Kind::Forbidden, format!("{role} không được làm việc này"))
            }
            Denied::PasswordChangeRequired => Self::new(Kind::PasswordChangeRequired, error),
        }
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let detail = error.to_string();
        match error {
            Error::Invalid(wrong) => {
                let errors = wrong.into_iter();
                Self::invalid(
                    errors
                        .map(|w| FieldError::new(w.pointer, w.reason))
                        .collect(),
                )
            }
            Error::Parameter { name, reason } => Self::invalid_field(name, reason),
            Error::Refused(refusal, allowed) => match refusal {
                Refusal::UndoneByOthers { .. }
                | Refusal::StepOfOthers { .. }
                | Refusal::HandsOfOthers => Self::refused_to_role(refusal.name(), detail),
                Refusal::OtherAmount {
                    asked_vnd,
                    paid_vnd,
                } => Self::amount_mismatch(asked_vnd, paid_vnd, detail),
                _ => Self::refused(refusal.name(), detail),
            }
            .with_allowed(allowed),
            Error::Warned(warned) => Self::warned(warned, detail),
            Error::Conflict(Conflict::AlreadyRated) => Self::new(Kind::AlreadyRated, detail),
            Error::Conflict(conflict) => Self::refused(conflict.name(), detail),
            Error::NotFound(_) => Self::not_found(detail),
            Error::OutOfReach(_) => Self::new(Kind::Forbidden, detail),
            Error::Denied(error) => error.into(),
            // Handlers that can show the current state do so themselves.
            Error::Changed { .. } => Self::new(Kind::Changed, detail),
            Error::WrongCredentials(_) => Self::new(Kind::WrongCredentials, detail),
            Error::TooMany { until, .. } => Self::too_many(until, detail),
            // How, is for whoever sits at the machine.
            Error::NoCalendar => Self::new(
                Kind::NotReady,
                "chưa có lịch làm việc; người quản trị cần nhập lịch trước",
            ),
            Error::KeyReused(_) => Self::new(Kind::KeyReused, detail),
            Error::Provider(reason) => {
                tracing::error!(reason, "the OpenID Connect provider");
                Self::new(Kind::BadGateway, detail)
            }
            Error::NotVouched(reason) => {
                tracing::warn!(reason, "a log-in through the OpenID Connect provider");
                Self::new(Kind::WrongCredentials, detail)
            }
            // Only at the start, before anybody can ask.
            Error::LogKey(reason) => StoreError::Other(reason).into(),
            Error::Store(error) => error.into(),
        }
    }
}

/// For work that ran in another thread.
impl From<actix_web::error::BlockingError> for Problem {
    fn from(error: actix_web::error::BlockingError) -> Self {
        Self::from(StoreError::Other(error.to_string()))
    }
}
