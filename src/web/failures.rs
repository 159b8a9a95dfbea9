//! What the features' errors are to a client: the one place where they become problems.

use crate::acts::DeskError;
use crate::acts::access::AccessError;
use crate::acts::administration::AdminError;
use crate::acts::opinions::OpinionError;
use crate::acts::staff::StaffError;
use crate::acts::submit::SubmitError;
use crate::domain::dossier::Refusal;
use crate::reports::ReportError;
use crate::store::StoreError;
use crate::store::authority::Denied;
use crate::views::look_up::LookUpError;
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
            Denied::Role(_) => Self::new(Kind::Forbidden, error),
            Denied::PasswordChangeRequired => Self::new(Kind::PasswordChangeRequired, error),
        }
    }
}

impl From<DeskError> for Problem {
    fn from(error: DeskError) -> Self {
        let detail = error.to_string();
        match error {
            DeskError::Invalid(wrong) => Self::invalid(
                wrong
                    .into_iter()
                    .map(|field| FieldError::new(field.pointer, field.reason))
                    .collect(),
            ),
            DeskError::Refused(refusal @ Refusal::UndoneByOthers { .. }) => {
                Self::refused_to_role(refusal.name(), detail)
            }
            DeskError::Refused(Refusal::OtherAmount {
                asked_vnd,
                paid_vnd,
            }) => Self::amount_mismatch(asked_vnd, paid_vnd, detail),
            DeskError::Refused(refusal) => {
                let allowed = refusal.allowed().iter();
                let allowed = allowed.filter_map(|kind| serde_json::to_value(kind).ok());
                Self::refused(refusal.name(), allowed.collect(), detail)
            }
            DeskError::NotFound => Self::not_found(detail),
            DeskError::OutOfReach => Self::new(Kind::Forbidden, detail),
            DeskError::Denied(error) => error.into(),
            // Handlers that can show the current state do so themselves.
            DeskError::Changed { .. } => Self::new(Kind::Changed, detail),
            DeskError::NoCalendar => Self::new(Kind::NotReady, detail),
            DeskError::KeyReused(_) => Self::new(Kind::KeyReused, detail),
            DeskError::PaymentSettled => Self::refused("payment_settled", Vec::new(), detail),
            DeskError::Store(error) => error.into(),
        }
    }
}

impl From<AccessError> for Problem {
    fn from(error: AccessError) -> Self {
        let detail = error.to_string();
        match error {
            AccessError::WrongCredentials => Self::new(Kind::WrongCredentials, detail),
            AccessError::NoSession => Self::unauthenticated(detail),
            AccessError::Denied(error) => error.into(),
            AccessError::TooMany { until } => Self::too_many(until, detail),
            AccessError::Password(error) => Self::invalid_field("/new_password", error),
            AccessError::Provider(reason) => {
                tracing::error!(reason, "the OpenID Connect provider");
                Self::new(Kind::BadGateway, detail)
            }
            AccessError::NotVouched(reason) => {
                tracing::warn!(reason, "a log-in through the OpenID Connect provider");
                Self::new(Kind::WrongCredentials, detail)
            }
            AccessError::Store(error) => error.into(),
        }
    }
}

impl From<StaffError> for Problem {
    fn from(error: StaffError) -> Self {
        let detail = error.to_string();
        match error {
            StaffError::Invalid(wrong) => {
                let errors = wrong.into_iter().map(|(at, why)| FieldError::new(at, why));
                Self::invalid(errors.collect())
            }
            StaffError::NotFound => Self::not_found(detail),
            StaffError::OutOfReach => Self::new(Kind::Forbidden, detail),
            StaffError::Denied(error) => error.into(),
            StaffError::Changed => Self::new(Kind::Changed, detail),
            StaffError::Oneself => Self::refused("oneself", Vec::new(), detail),
            StaffError::KeyReused(_) => Self::new(Kind::KeyReused, detail),
            StaffError::Store(error) => error.into(),
        }
    }
}

impl From<LookUpError> for Problem {
    fn from(error: LookUpError) -> Self {
        let detail = error.to_string();
        match error {
            LookUpError::CaseNumber(error) => Self::invalid_field("case_number", error),
            LookUpError::NotFound => Self::not_found(detail),
            LookUpError::TooMany { until } => Self::too_many(until, detail),
            LookUpError::Store(error) => error.into(),
        }
    }
}

impl From<SubmitError> for Problem {
    fn from(error: SubmitError) -> Self {
        let detail = error.to_string();
        match error {
            SubmitError::Desk(error) => error.into(),
            SubmitError::NoContact => Self::invalid_field("/applicant", detail),
            SubmitError::NoCarrier { field, .. } => Self::invalid_field(field, detail),
            SubmitError::NotFound => Self::not_found(detail),
            SubmitError::WrongCode { .. } => Self::invalid_field("/code", detail),
            SubmitError::TooMany { until } => Self::too_many(until, detail),
        }
    }
}

impl From<ReportError> for Problem {
    fn from(error: ReportError) -> Self {
        match (error.parameter(), error) {
            (_, ReportError::Store(error)) => error.into(),
            (parameter, error) => Self::invalid_field(parameter.unwrap_or("query"), error),
        }
    }
}

impl From<AdminError> for Problem {
    fn from(error: AdminError) -> Self {
        let detail = error.to_string();
        match error {
            AdminError::Invalid(wrong) => {
                let errors = wrong.into_iter().map(|(at, why)| FieldError::new(at, why));
                Self::invalid(errors.collect())
            }
            AdminError::NotFound(_) => Self::not_found(detail),
            AdminError::OutOfReach => Self::new(Kind::Forbidden, detail),
            AdminError::Denied(error) => error.into(),
            AdminError::HasDossiers { .. } => {
                Self::refused("unit_has_dossiers", Vec::new(), detail)
            }
            AdminError::Changed => Self::new(Kind::Changed, detail),
            AdminError::UnderWay => Self::refused("under_way", Vec::new(), detail),
            AdminError::KeyReused(_) => Self::new(Kind::KeyReused, detail),
            AdminError::Store(error) => error.into(),
        }
    }
}

impl From<OpinionError> for Problem {
    fn from(error: OpinionError) -> Self {
        let detail = error.to_string();
        match error {
            OpinionError::Desk(error) => error.into(),
            OpinionError::LookUp(error) => error.into(),
            OpinionError::NotFound => Self::not_found(detail),
            OpinionError::TooMany { until } => Self::too_many(until, detail),
            OpinionError::AlreadyRated => Self::new(Kind::AlreadyRated, detail),
            OpinionError::NotReturned => Self::refused("not_returned", Vec::new(), detail),
            OpinionError::AlreadyAnswered => Self::refused("already_answered", Vec::new(), detail),
            OpinionError::NotAnswered => Self::refused("not_answered", Vec::new(), detail),
            // Handlers that can show the current state do so themselves.
            OpinionError::Changed => Self::new(Kind::Changed, detail),
        }
    }
}

/// For work that ran in another thread.
impl From<actix_web::error::BlockingError> for Problem {
    fn from(error: actix_web::error::BlockingError) -> Self {
        Self::from(StoreError::Other(error.to_string()))
    }
}
