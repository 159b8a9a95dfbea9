//! What went wrong, as a page: what it is, what to do, nothing technical.

use std::rc::Rc;

use actix_web::body::BoxBody;
use actix_web::dev::ServiceResponse;
use actix_web::http::header::{Accept, Header, WWW_AUTHENTICATE};
use actix_web::{HttpMessage, HttpRequest};
use askama::Template;

use crate::acts::access::Caller;
use crate::web::observe::Matched;
use crate::web::pages::drafts::KeptAllTheSame;
use crate::web::pages::{Frame, add_headers};
use crate::web::problem::{Kind, Problem};

#[derive(Template)]
#[template(path = "error.html")]
struct ErrorPage<'a> {
    frame: Frame,
    title: &'a str,
    detail: &'a str,
    advice: &'a str,
    /// What was typed is among one's drafts.
    kept: bool,
}

/// The answer, with a page in the place of a problem document where people read it.
pub(crate) fn for_people(
    response: ServiceResponse<BoxBody>,
    matched: Option<Matched>,
) -> ServiceResponse<BoxBody> {
    let error = response.response().error();
    let Some(problem) = error.and_then(|error| error.as_error::<Problem>()) else {
        return response;
    };
    if !matched.is_some_and(|matched| matched.page) && !prefers_page(response.request()) {
        return response;
    }
    let (detail, advice) = words(problem);
    let caller = response.request().extensions().get::<Rc<Caller>>().cloned();
    let frame = match caller {
        Some(caller) => Frame::of(&caller, response.request().path()),
        None => Frame::public(),
    };
    let page = ErrorPage {
        frame,
        title: problem.kind().title(),
        detail: &detail,
        advice,
        kept: response
            .request()
            .extensions()
            .get::<KeptAllTheSame>()
            .is_some(),
    };
    let Ok(html) = page.render() else {
        return response;
    };
    response.map_body(|head, _| {
        add_headers(&mut head.headers);
        head.headers.remove(WWW_AUTHENTICATE);
        BoxBody::new(html)
    })
}

/// Whether somebody with a browser asks for what is not the API's.
fn prefers_page(request: &HttpRequest) -> bool {
    if request.path().starts_with("/api/") {
        return false;
    }
    let Ok(accept) = Accept::parse(request) else {
        return false;
    };
    let kinds = accept.ranked();
    let place = |subtype: &str| kinds.iter().position(|kind| kind.subtype() == subtype);
    match (place("html"), place("json")) {
        (Some(html), Some(json)) => html < json,
        (html, _) => html.is_some(),
    }
}

/// What it is and what to do about it.
fn words(problem: &Problem) -> (String, &'static str) {
    let again = "Xin thử lại sau ít phút.";
    let (own, advice) = match problem.kind() {
        Kind::NotFound => (
            Some("Trang này không có, hoặc đã chuyển đi nơi khác."),
            "Xin kiểm tra lại địa chỉ.",
        ),
        Kind::MethodNotAllowed => (
            Some("Trang này không nhận thao tác đó."),
            "Xin mở lại trang từ đầu.",
        ),
        Kind::Unauthenticated => (Some("Phiên làm việc đã kết thúc."), "Xin đăng nhập lại."),
        Kind::Forbidden => (None, "Nếu cần, xin liên hệ người quản trị của đơn vị."),
        Kind::PasswordChangeRequired => (None, "Xin đổi mật khẩu trước khi làm việc."),
        Kind::Changed => (None, "Xin tải lại trang rồi làm lại."),
        Kind::TooManyRequests => (None, again),
        Kind::InvalidRequest | Kind::Refused | Kind::AmountMismatch => {
            (None, "Xin quay lại trang trước và sửa.")
        }
        Kind::NotUtf8
        | Kind::InvalidJson
        | Kind::TooDeep
        | Kind::UnsupportedMediaType
        | Kind::PreconditionRequired
        | Kind::KeyReused => (
            Some("Nội dung gửi lên không đọc được."),
            "Xin mở lại trang từ đầu.",
        ),
        Kind::OutcomeUnknown => (
            Some("Mất liên lạc đúng lúc ghi, nên chưa rõ việc đã xong hay chưa."),
            "Xin xem lại dữ liệu trước khi làm lại.",
        ),
        kind if kind.status() >= 500 => (Some("Hệ thống tạm thời chưa làm được việc này."), again),
        _ => (None, again),
    };
    (own.map_or_else(|| problem.detail(), str::to_owned), advice)
}
