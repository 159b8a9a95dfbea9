//! Errors as RFC 9457 problem documents: a stable `type`, Vietnamese `title` and `detail`.

use std::fmt;

use actix_web::http::StatusCode;
use actix_web::http::header::ContentType;
use actix_web::{HttpResponse, ResponseError};
use serde::Serialize;

use crate::citizen::LookUpError;
use crate::store::StoreError;
use crate::supervision::ReportError;

/// What went wrong, as a client reads it.
#[derive(Debug, Serialize)]
pub struct Problem {
    /// A stable name that code may compare: `urn:motcua:problem:…`.
    #[serde(rename = "type")]
    kind: String,
    title: &'static str,
    status: u16,
    detail: String,
    /// Every wrong field at once.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<FieldError>,
}

/// A wrong field of a request.
#[derive(Debug, Serialize)]
pub struct FieldError {
    /// The query parameter, or a JSON pointer into the body.
    pub field: String,
    pub detail: String,
}

impl Problem {
    fn new(status: StatusCode, name: &str, title: &'static str, detail: impl fmt::Display) -> Self {
        Self {
            kind: format!("urn:motcua:problem:{name}"),
            title,
            status: status.as_u16(),
            detail: detail.to_string(),
            errors: Vec::new(),
        }
    }

    pub fn not_found(detail: impl fmt::Display) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not-found", "Không tìm thấy", detail)
    }

    pub fn method_not_allowed() -> Self {
        let detail = "địa chỉ này chỉ nhận phương thức GET";
        Self::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "method-not-allowed",
            "Phương thức không được hỗ trợ",
            detail,
        )
    }

    /// The query or body has wrong fields.
    pub fn invalid(errors: Vec<FieldError>) -> Self {
        let detail = errors
            .iter()
            .map(|error| format!("{}: {}", error.field, error.detail))
            .collect::<Vec<_>>()
            .join("; ");
        Self {
            errors,
            ..Self::new(
                StatusCode::BAD_REQUEST,
                "invalid-request",
                "Yêu cầu không hợp lệ",
                detail,
            )
        }
    }

    /// A query string that has other parameters than the address knows, or one of them twice.
    pub fn bad_query(error: &actix_web::error::QueryPayloadError) -> Self {
        tracing::debug!(%error, "bad query");
        let detail = "có tham số lạ, lặp lại, hoặc không đọc được";
        Self::invalid_field("query", detail)
    }

    pub fn invalid_field(field: &str, detail: impl fmt::Display) -> Self {
        Self::invalid(vec![FieldError {
            field: field.to_owned(),
            detail: detail.to_string(),
        }])
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.title, self.detail)
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status_code());
        if self.status == 503 {
            response.insert_header(("Retry-After", "5"));
        }
        response
            .insert_header(ContentType(mime_problem()))
            .body(serde_json::to_string(self).unwrap_or_default())
    }
}

fn mime_problem() -> actix_web::mime::Mime {
    "application/problem+json"
        .parse()
        .unwrap_or(actix_web::mime::APPLICATION_JSON)
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        // The database's own words are for the log, not for the world.
        tracing::error!(%error, "the database refused");
        match error {
            StoreError::Unavailable(_) | StoreError::Conflict(_) | StoreError::Full(_) => {
                Self::new(
                    StatusCode::SERVICE_UNAVAILABLE,
                    "database-unavailable",
                    "Cơ sở dữ liệu tạm thời không dùng được",
                    "hệ thống chưa truy cập được cơ sở dữ liệu, vui lòng thử lại sau ít phút",
                )
            }
            StoreError::Corrupt(_) | StoreError::BadUrl(_) | StoreError::Other(_) => Self::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                "internal",
                "Lỗi hệ thống",
                "hệ thống gặp lỗi ngoài dự kiến; lỗi đã được ghi lại",
            ),
        }
    }
}

impl From<LookUpError> for Problem {
    fn from(error: LookUpError) -> Self {
        match error {
            LookUpError::CaseNumber(error) => Self::invalid_field("case_number", error),
            LookUpError::NotFound => Self::not_found(error),
            LookUpError::Store(error) => error.into(),
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

/// For work that ran in another thread.
impl From<actix_web::error::BlockingError> for Problem {
    fn from(error: actix_web::error::BlockingError) -> Self {
        Self::from(StoreError::Other(error.to_string()))
    }
}
