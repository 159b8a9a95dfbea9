//! Errors as RFC 9457 problem documents: a stable `type`, Vietnamese `title` and `detail`.

use std::fmt;

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, ResponseError};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::domain::dossier::ActionKind;
use crate::domain::moment::Moment;
use crate::domain::warning::Warning;
use crate::error::Warned;

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident = $status:literal $name:literal $title:literal),+ $(,)?) => {
        /// What kind of error it is; each has its own `type`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Kind {
            $($(#[$doc])* $kind,)+
        }

        impl Kind {
            pub const ALL: &[Self] = &[$(Self::$kind,)+];

            pub const fn status(self) -> u16 {
                match self {
                    $(Self::$kind => $status,)+
                }
            }

            /// `urn:motcua:problem:…`: code may compare it.
            pub const fn urn(self) -> &'static str {
                match self {
                    $(Self::$kind => concat!("urn:motcua:problem:", $name),)+
                }
            }

            pub const fn title(self) -> &'static str {
                match self {
                    $(Self::$kind => $title,)+
                }
            }
        }
    };
}

kinds! {
    /// Wrong fields of a query or body, all named in `errors`.
    InvalidRequest = 400 "invalid-request" "Yêu cầu không hợp lệ",
    /// A query or body that is no UTF-8.
    NotUtf8 = 400 "not-utf-8" "Nội dung không phải UTF-8",
    /// A body that is no JSON.
    InvalidJson = 400 "invalid-json" "Nội dung không phải JSON",
    /// A body nested deeper than 127 levels.
    TooDeep = 400 "too-deep" "Nội dung lồng quá sâu",
    /// No token, or one that is not valid any more.
    Unauthenticated = 401 "unauthenticated" "Chưa đăng nhập",
    /// Name and password do not belong together.
    WrongCredentials = 401 "wrong-credentials" "Đăng nhập không thành công",
    /// The call is not signed by who it says.
    BadSignature = 401 "bad-signature" "Chữ ký không đúng",
    /// Logged in, but the role or the unit does not allow it.
    Forbidden = 403 "forbidden" "Không có quyền",
    /// The password was set by somebody else: it has to be changed before anything else.
    PasswordChangeRequired = 403 "password-change-required" "Phải đổi mật khẩu",
    NotFound = 404 "not-found" "Không tìm thấy",
    MethodNotAllowed = 405 "method-not-allowed" "Phương thức không được hỗ trợ",
    /// A body that does not arrive in time; the connection is closed.
    BodyTooSlow = 408 "body-too-slow" "Gửi nội dung quá chậm",
    /// The rules do not allow it now; `reason` names which, `allowed` what is allowed instead.
    Refused = 409 "refused" "Thao tác bị từ chối",
    /// What looks like a mistake: `warnings` names what `accept` has to name for it to be done all the same.
    NeedsAcceptance = 409 "needs-acceptance" "Cần xác nhận cảnh báo",
    /// A dossier is rated once.
    AlreadyRated = 409 "already-rated" "Hồ sơ đã được đánh giá",
    /// Units, procedures or calendar that the action needs are not imported yet.
    NotReady = 409 "not-ready" "Hệ thống chưa đủ dữ liệu",
    /// It has changed since it was read; `current` is what it is now.
    Changed = 412 "changed" "Dữ liệu đã thay đổi",
    TooLarge = 413 "too-large" "Nội dung quá lớn",
    UnsupportedMediaType = 415 "unsupported-media-type" "Kiểu nội dung không được hỗ trợ",
    /// The Idempotency-Key came before with another request.
    KeyReused = 422 "key-reused" "Idempotency-Key đã dùng cho yêu cầu khác",
    /// A payment of another amount than is owed.
    AmountMismatch = 422 "amount-mismatch" "Số tiền không khớp",
    /// A change needs If-Match.
    PreconditionRequired = 428 "precondition-required" "Thiếu If-Match",
    /// Tried too often; Retry-After says when to go on.
    TooManyRequests = 429 "too-many-requests" "Quá nhiều lần thử",
    Internal = 500 "internal" "Lỗi hệ thống",
    /// Not set up at this installation.
    NotConfigured = 501 "not-configured" "Chưa được cấu hình",
    /// Another system that is needed does not answer as it should.
    BadGateway = 502 "bad-gateway" "Hệ thống liên kết không phản hồi đúng",
    /// The server's clock cannot be believed; nothing was done.
    Clock = 503 "clock" "Đồng hồ máy chủ sai",
    /// More at once than this server takes; Retry-After says when to try again.
    Overloaded = 503 "overloaded" "Máy chủ đang quá tải",
    /// Nothing was done; it may be tried again.
    DatabaseUnavailable = 503 "database-unavailable" "Cơ sở dữ liệu tạm thời không dùng được",
    /// It was done, or it was not: ask before trying again.
    OutcomeUnknown = 503 "outcome-unknown" "Chưa rõ kết quả",
    /// A newer version is taking over the database; nothing was done.
    Upgrading = 503 "upgrading" "Hệ thống đang nâng cấp",
    /// The server has been told to stop (`/readyz` only).
    Stopping = 503 "stopping" "Máy chủ đang dừng",
}

/// The most errors that a problem names: who has made more made one mistake many times, and nobody
/// reads thousands.
pub const MOST_ERRORS: usize = 20;

/// How many of them the `detail` repeats.
const IN_DETAIL: usize = 5;

/// What went wrong. Boxed: results are passed on far more often than they are errors.
#[derive(Debug)]
pub struct Problem(Box<Document>);

/// What went wrong, as a client reads it (RFC 9457, `application/problem+json`).
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct Document {
    /// A stable name that code may compare.
    #[serde(rename = "type", serialize_with = "urn")]
    #[schema(value_type = String, example = "urn:motcua:problem:invalid-request")]
    kind: Kind,
    /// What kind of error it is, in Vietnamese.
    title: &'static str,
    /// The HTTP status.
    status: u16,
    /// What is wrong this time, in Vietnamese.
    detail: String,
    /// Every wrong field at once, up to 20.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    errors: Vec<FieldError>,
    /// There may be more wrong fields than `errors` names.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schema(required = false)]
    more_errors: bool,
    /// Which rule refused (`refused`, and `forbidden` where a rule says for whom it is).
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    /// What the caller may do to the dossier instead, named as the routes are; where a rule refused an action on one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<String>, required = false)]
    allowed: Vec<ActionKind>,
    /// What has to be accepted by name (`needs-acceptance` only).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    warnings: Vec<WarningView>,
    /// What was asked for, in đồng (`amount-mismatch` only).
    #[serde(skip_serializing_if = "Option::is_none")]
    asked_vnd: Option<u64>,
    /// What was paid, in đồng (`amount-mismatch` only).
    #[serde(skip_serializing_if = "Option::is_none")]
    paid_vnd: Option<u64>,
    /// What it is now (`changed` only).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    current: Option<Value>,
    #[serde(skip)]
    retry_at: Option<Moment>,
    #[serde(skip)]
    headers: Vec<(&'static str, String)>,
}

fn urn<S: serde::Serializer>(kind: &Kind, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(kind.urn())
}

/// A wrong field of a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct FieldError {
    /// The query parameter, or a JSON pointer into the body.
    #[schema(example = "/applicant/phone")]
    pub field: String,
    #[schema(example = "số điện thoại có 8 đến 15 chữ số, có thể bắt đầu bằng dấu +")]
    pub detail: String,
}

/// What looks like a mistake.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct WarningView {
    /// For `accept`.
    name: Warning,
    #[schema(
        example = "người này vừa nộp hồ sơ cùng thủ tục lúc 08:00 ngày 01/03/2021: H37.20.01-210301-0001"
    )]
    detail: String,
}

impl FieldError {
    pub fn new(field: impl Into<String>, detail: impl fmt::Display) -> Self {
        Self {
            field: field.into(),
            detail: detail.to_string(),
        }
    }
}

impl Problem {
    pub fn new(kind: Kind, detail: impl fmt::Display) -> Self {
        Self(Box::new(Document {
            kind,
            title: kind.title(),
            status: kind.status(),
            detail: detail.to_string(),
            errors: Vec::new(),
            more_errors: false,
            reason: None,
            allowed: Vec::new(),
            warnings: Vec::new(),
            asked_vnd: None,
            paid_vnd: None,
            current: None,
            retry_at: None,
            headers: Vec::new(),
        }))
    }

    pub fn not_found(detail: impl fmt::Display) -> Self {
        Self::new(Kind::NotFound, detail)
    }

    /// `allow`: the methods that the address knows.
    pub fn method_not_allowed(allow: &str) -> Self {
        let detail = format!("địa chỉ này chỉ nhận phương thức {allow}");
        Self::new(Kind::MethodNotAllowed, detail).with_header("Allow", allow.to_owned())
    }

    /// The query or body has wrong fields. With [`MOST_ERRORS`] of them there may be more: whoever
    /// looks for them stops there.
    pub fn invalid(mut errors: Vec<FieldError>) -> Self {
        let more = errors.len() >= MOST_ERRORS;
        errors.truncate(MOST_ERRORS);
        let lines = errors.iter().take(IN_DETAIL);
        let mut lines: Vec<_> = lines
            .map(|error| format!("{}: {}", error.field, error.detail))
            .collect();
        if errors.len() > IN_DETAIL {
            let others = errors.len() - IN_DETAIL;
            lines.push(format!("và {others} lỗi khác trong errors"));
        }
        if more {
            lines.push("có thể còn lỗi chưa được nêu".to_owned());
        }
        let mut problem = Self::new(Kind::InvalidRequest, lines.join("; "));
        problem.0.errors = errors;
        problem.0.more_errors = more;
        problem
    }

    pub fn invalid_field(field: &str, detail: impl fmt::Display) -> Self {
        Self::invalid(vec![FieldError::new(field, detail)])
    }

    pub fn refused(reason: &'static str, detail: impl fmt::Display) -> Self {
        let mut problem = Self::new(Kind::Refused, detail);
        problem.0.reason = Some(reason);
        problem
    }

    /// With what whoever asked may do to the dossier instead.
    #[must_use]
    pub fn with_allowed(mut self, allowed: Vec<ActionKind>) -> Self {
        self.0.allowed = allowed;
        self
    }

    /// Not done until what it warns of is accepted.
    pub fn warned(warned: Vec<Warned>, detail: impl fmt::Display) -> Self {
        let names: Vec<_> = warned.iter().map(|one| one.warning.as_str()).collect();
        let detail = format!(
            "{detail}. Nếu đúng vậy, gửi lại kèm accept: {}",
            names.join(", ")
        );
        let mut problem = Self::new(Kind::NeedsAcceptance, detail);
        let warnings = warned.into_iter().map(|one| WarningView {
            name: one.warning,
            detail: one.detail,
        });
        problem.0.warnings = warnings.collect();
        problem
    }

    /// Refused because it is for others to do, whoever they are.
    pub fn refused_to_role(reason: &'static str, detail: impl fmt::Display) -> Self {
        let mut problem = Self::new(Kind::Forbidden, detail);
        problem.0.reason = Some(reason);
        problem
    }

    /// Another amount was paid than was asked for.
    pub fn amount_mismatch(asked_vnd: u64, paid_vnd: u64, detail: impl fmt::Display) -> Self {
        let mut problem = Self::new(Kind::AmountMismatch, detail);
        problem.0.asked_vnd = Some(asked_vnd);
        problem.0.paid_vnd = Some(paid_vnd);
        problem
    }

    /// Changed since it was read; `etag` is that of `current`.
    pub fn changed(current: Value, etag: String) -> Self {
        let detail = "dữ liệu đã được người khác thay đổi sau khi bạn đọc; xem trạng thái hiện tại";
        let mut problem = Self::new(Kind::Changed, detail);
        problem.0.current = Some(current);
        problem.with_header("ETag", etag)
    }

    pub fn too_many(until: Moment, detail: impl fmt::Display) -> Self {
        let mut problem = Self::new(Kind::TooManyRequests, detail);
        problem.0.retry_at = Some(until);
        problem
    }

    pub fn unauthenticated(detail: impl fmt::Display) -> Self {
        let challenge = "Bearer realm=\"motcua\"".to_owned();
        Self::new(Kind::Unauthenticated, detail).with_header("WWW-Authenticate", challenge)
    }

    fn with_header(mut self, name: &'static str, value: String) -> Self {
        self.0.headers.push((name, value));
        self
    }

    pub(crate) const fn kind(&self) -> Kind {
        self.0.kind
    }

    /// Which rule refused.
    pub(crate) const fn reason(&self) -> Option<&'static str> {
        self.0.reason
    }

    pub(crate) fn detail(&self) -> String {
        self.0.detail.clone()
    }

    /// Every wrong field that it names.
    pub(crate) fn errors(&self) -> &[FieldError] {
        &self.0.errors
    }

    /// What has to be accepted, each with its name.
    pub(crate) fn warnings(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let warnings = self.0.warnings.iter();
        warnings.map(|one| (one.name.as_str(), one.detail.as_str()))
    }

    /// What is sent.
    pub(crate) const fn document(&self) -> &Document {
        &self.0
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.0.title, self.0.detail)
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.0.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status_code());
        if matches!(self.0.kind, Kind::BodyTooSlow | Kind::Overloaded) {
            // What is left of the body is not waited for.
            response.force_close();
        }
        for (name, value) in &self.0.headers {
            response.insert_header((*name, value.as_str()));
        }
        if self.0.status == 503 && self.0.kind != Kind::OutcomeUnknown {
            response.insert_header(("Retry-After", "5"));
        }
        if let Some(until) = self.0.retry_at {
            let seconds = (until.unix_millis() - crate::clock::now().unix_millis() + 999) / 1000;
            response.insert_header(("Retry-After", seconds.max(1).to_string()));
        }
        response
            .insert_header(("Content-Type", "application/problem+json"))
            .insert_header(("Cache-Control", "no-store"))
            .body(serde_json::to_string(&self.0).unwrap_or_default())
    }
}

impl actix_web::Responder for Problem {
    type Body = actix_web::body::BoxBody;

    /// With itself in the answer, so that it can still become a page.
    fn respond_to(self, _: &actix_web::HttpRequest) -> HttpResponse {
        HttpResponse::from_error(self)
    }
}
