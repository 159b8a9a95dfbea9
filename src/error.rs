//! Why something is not done or not shown: one type for everything that people ask for. The database's
//! own errors are [`StoreError`]; what they are to a client is in `web::failures`.

use std::fmt;

use crate::domain::dossier::{ActionKind, Refusal};
use crate::domain::moment::Moment;
use crate::domain::period::InvalidPeriod;
use crate::domain::warning::Warning;
use crate::render::words;
use crate::store::authority::Denied;
use crate::store::idempotency::KeyReused;
use crate::store::{StoreError, WriteFailure};

/// A wrong field of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrongField {
    /// JSON pointer into the request, or the name of a parameter.
    pub pointer: String,
    /// What is wrong, in Vietnamese.
    pub reason: String,
}

impl<P: Into<String>, R: fmt::Display> From<(P, R)> for WrongField {
    fn from((pointer, reason): (P, R)) -> Self {
        Self {
            pointer: pointer.into(),
            reason: reason.to_string(),
        }
    }
}

/// A warning, with what there is to say in Vietnamese.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warned {
    pub warning: Warning,
    pub detail: String,
}

/// Why something did not happen, or is not shown. Nothing was changed. Its words are Vietnamese, for
/// whoever asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Every wrong field at once.
    #[error("{}", every(.0))]
    Invalid(Vec<WrongField>),
    /// A parameter of a report that means nothing here, or not beside the others.
    #[error("{reason}")]
    Parameter { name: &'static str, reason: String },
    /// A rule of the dossier's life, and what whoever asked may do to it instead; nothing where there is no dossier.
    #[error("{}", words::refused(.0, .1))]
    Refused(Refusal, Vec<ActionKind>),
    /// What looks like a mistake, and is done if whoever asked accepts it.
    #[error("{}", all_of(.0))]
    Warned(Vec<Warned>),
    /// Something else stands in the way.
    #[error(transparent)]
    Conflict(#[from] Conflict),
    /// There is no such thing, or it is not told that there is one.
    #[error("{0}")]
    NotFound(&'static str),
    /// It has changed since the caller read it; of a dossier, the version that it has now.
    #[error("{}", changed(*.current))]
    Changed { current: Option<u32> },
    /// It lies outside of the caller's unit and what is under it.
    #[error("{0}")]
    OutOfReach(&'static str),
    /// Whoever asks may not, any more.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// Name and password, or the code, do not belong together; which of the two is wrong is not told.
    #[error("{0}")]
    WrongCredentials(&'static str),
    /// What was done too often, and when it may be done again.
    #[error("{what}; thử lại sau {}", words::moment(*.until))]
    TooMany { what: &'static str, until: Moment },
    #[error(transparent)]
    KeyReused(#[from] KeyReused),
    #[error("chưa có lịch làm việc: nhập bằng motcua import calendar")]
    NoCalendar,
    /// The OpenID Connect provider does not answer as it should; why is for the log.
    #[error("nhà cung cấp định danh không phản hồi đúng; thử lại sau")]
    Provider(String),
    /// The provider does not vouch for this log-in; why is for the log.
    #[error("đăng nhập qua nhà cung cấp định danh không thành công")]
    NotVouched(String),
    /// There is no key that the log may be signed with, and what to do about it.
    #[error("{0}")]
    LogKey(String),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What stands in the way of something that is no rule of a dossier's life.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Conflict {
    /// A payment that people or the rules have settled already.
    #[error("khoản tiền này không còn chờ xử lý: đã được ghi nhận hoặc hoàn trả")]
    PaymentSettled,
    #[error("chỉ đánh giá được sau khi đã nhận kết quả")]
    NotReturned,
    #[error("hồ sơ này đã được đánh giá; mỗi hồ sơ chỉ đánh giá một lần")]
    AlreadyRated,
    #[error("phản ánh, kiến nghị này đã được trả lời")]
    AlreadyAnswered,
    #[error("chỉ công khai được sau khi đã trả lời")]
    NotAnswered,
    /// Nobody answers what is said of their own work.
    #[error(
        "phản ánh, kiến nghị về hồ sơ do chính người này xử lý: phải do người khác hoặc lãnh đạo trả lời"
    )]
    OwnWork,
    #[error("yêu cầu này đã được trả lời")]
    RequestAnswered,
    #[error("yêu cầu này đã được thực hiện hoặc từ chối")]
    RequestSettled,
    #[error("yêu cầu này chưa được thực hiện hay từ chối: không có gì để mở lại")]
    RequestOpen,
    /// Somebody's data cannot be erased yet, and why.
    #[error("chưa xóa được dữ liệu: {0}")]
    StillNeeded(String),
    /// A unit cannot end while it has dossiers and no successor.
    #[error(
        "đơn vị {code} còn {open} hồ sơ chưa xong và {not_returned} kết quả chưa trả; cần nêu đơn vị kế thừa (successor)"
    )]
    HasDossiers {
        code: String,
        /// How many are open.
        open: usize,
        /// How many results wait for whoever fetches them.
        not_returned: usize,
    },
    #[error("phiên bản này đã có hiệu lực: chỉ rút được phiên bản chưa có hiệu lực")]
    VersionInForce,
    #[error("thông điệp đang được gửi; thử lại sau ít phút nếu vẫn chưa gửi được")]
    UnderWay,
    #[error(
        "không thể tự khóa, tự đổi quyền hay tự đặt lại cách đăng nhập; mật khẩu của mình thì đổi \
         ở tài khoản của mình"
    )]
    Oneself,
}

impl Conflict {
    /// A stable name that code may compare.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::PaymentSettled => "payment_settled",
            Self::NotReturned => "not_returned",
            Self::AlreadyRated => "already_rated",
            Self::AlreadyAnswered => "already_answered",
            Self::NotAnswered => "not_answered",
            Self::OwnWork => "own_work",
            Self::RequestAnswered => "request_answered",
            Self::RequestSettled => "request_settled",
            Self::RequestOpen => "request_open",
            Self::StillNeeded(_) => "still_needed",
            Self::HasDossiers { .. } => "unit_has_dossiers",
            Self::VersionInForce => "version_in_force",
            Self::UnderWay => "under_way",
            Self::Oneself => "oneself",
        }
    }
}

fn every(wrong: &[WrongField]) -> String {
    let lines: Vec<_> = wrong
        .iter()
        .map(|field| format!("{}: {}", field.pointer, field.reason))
        .collect();
    lines.join("; ")
}

fn all_of(warned: &[Warned]) -> String {
    let details: Vec<_> = warned.iter().map(|one| one.detail.as_str()).collect();
    details.join("; ")
}

fn changed(current: Option<u32>) -> String {
    match current {
        Some(current) => format!("hồ sơ đã thay đổi: phiên bản hiện tại là {current}"),
        None => "dữ liệu đã thay đổi".to_owned(),
    }
}

impl Error {
    /// Tried too often, what keeps guessers out.
    pub const fn too_many_tries(until: Moment) -> Self {
        let what = "đã thử quá nhiều lần";
        Self::TooMany { what, until }
    }

    /// Sent too often, by anybody.
    pub const fn too_many_sent(until: Moment) -> Self {
        let what = "đã gửi quá nhiều lần";
        Self::TooMany { what, until }
    }

    pub const NO_DOSSIER: Self = Self::NotFound("không có hồ sơ này");
    pub const NO_ACCOUNT: Self = Self::NotFound("không có tài khoản này");
    pub const NO_UNIT: Self = Self::NotFound("không có đơn vị này");
    /// Also for another code: which of the two is not told.
    pub const NO_FEEDBACK: Self = Self::NotFound("không có phản ánh, kiến nghị này");
    pub const NOT_YOUR_DOSSIER: Self =
        Self::OutOfReach("hồ sơ hoặc đơn vị không thuộc phạm vi của bạn");
    /// For what administrators keep.
    pub const NOT_YOURS_TO_KEEP: Self =
        Self::OutOfReach("việc này không thuộc phạm vi quản lý của bạn");
    pub const CHANGED: Self = Self::Changed { current: None };

    /// Wrong fields, each a [`WrongField`] or a pointer with its reason.
    pub fn invalid<W: Into<WrongField>>(wrong: impl IntoIterator<Item = W>) -> Self {
        Self::Invalid(wrong.into_iter().map(Into::into).collect())
    }

    /// One wrong field.
    pub fn wrong(pointer: &str, reason: impl fmt::Display) -> Self {
        Self::invalid([(pointer, reason)])
    }

    /// A wrong parameter of a report.
    pub fn parameter(name: &'static str, reason: impl fmt::Display) -> Self {
        let reason = reason.to_string();
        Self::Parameter { name, reason }
    }

    /// A stable name that code may compare.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Invalid(_) | Self::Parameter { .. } => "invalid",
            Self::Refused(refusal, _) => refusal.name(),
            Self::Warned(_) => "needs_acceptance",
            Self::Conflict(conflict) => conflict.name(),
            Self::NotFound(_) => "not_found",
            Self::Changed { .. } => "changed",
            Self::OutOfReach(_) => "out_of_reach",
            Self::Denied(_) => "denied",
            Self::WrongCredentials(_) | Self::NotVouched(_) => "wrong_credentials",
            Self::TooMany { .. } => "too_many",
            Self::KeyReused(_) => "key_reused",
            Self::NoCalendar => "no_calendar",
            Self::Provider(_) => "provider",
            Self::LogKey(_) => "log_key",
            Self::Store(_) => "store",
        }
    }
}

impl From<diesel::result::Error> for Error {
    fn from(error: diesel::result::Error) -> Self {
        Self::Store(error.into())
    }
}

/// Periods are asked for by reports only.
impl From<InvalidPeriod> for Error {
    fn from(error: InvalidPeriod) -> Self {
        Self::parameter("from", error)
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal, Vec::new())
    }
}

impl WriteFailure for Error {
    fn store_error(&self) -> Option<&StoreError> {
        match self {
            Self::Store(error) => Some(error),
            _ => None,
        }
    }
}
