//! What went wrong, as a page: what it is, what to do, nothing technical. Staff are led back to their work, citizens
//! to the look-up.

use std::rc::Rc;

use actix_web::body::BoxBody;
use actix_web::dev::ServiceResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{Accept, Header, RETRY_AFTER, WWW_AUTHENTICATE};
use actix_web::{HttpMessage, HttpRequest};
use askama::Template;

use crate::acts::access::Caller;
use crate::render::words;
use crate::web::access::state;
use crate::web::cookies::{self, CROSS_SITE};
use crate::web::observe::Matched;
use crate::web::pages::drafts::KeptAllTheSame;
use crate::web::pages::forms::sentence;
use crate::web::pages::{Frame, account, add_headers, citizen, log_in};
use crate::web::problem::{Kind, Problem};

#[derive(Template)]
#[template(path = "error.html")]
struct StaffPage {
    frame: Frame,
    said: Said,
    /// What was typed is among one's drafts.
    kept: bool,
    /// Where to go on: address, word.
    ways: Vec<(&'static str, &'static str)>,
}

#[derive(Template)]
#[template(path = "citizen_error.html")]
struct CitizenPage {
    frame: citizen::Frame,
    said: Said,
}

/// What people are told.
struct Said {
    title: &'static str,
    detail: String,
    advice: String,
}

/// The answer, with a page in the place of a problem document where people read it.
pub(crate) fn for_people(
    response: ServiceResponse<BoxBody>,
    matched: Option<Matched>,
) -> ServiceResponse<BoxBody> {
    let Some(error) = response.response().error() else {
        return response;
    };
    let is_page = matched.is_some_and(|matched| matched.page);
    if !is_page && !prefers_page(response.request()) {
        return response;
    }
    let own;
    let problem = match error.as_error::<Problem>() {
        Some(problem) => problem,
        // What the server itself says no to before any of ours is asked.
        None => {
            own = Problem::new(kind_of(response.status()), "");
            &own
        }
    };
    let wait = response.headers().get(RETRY_AFTER);
    let wait = wait.and_then(|seconds| seconds.to_str().ok()?.parse().ok());
    let request = response.request();
    let html = match citizen::place_of(request.path()) {
        Some(place) => {
            let frame = citizen::Frame::new(place);
            let said = said(problem, is_page, wait);
            CitizenPage { frame, said }.render()
        }
        None => {
            let said = said(problem, is_page, wait);
            let (frame, ways) = way_back(request, problem.kind());
            let kept = request.extensions().get::<KeptAllTheSame>().is_some();
            StaffPage {
                frame,
                said,
                kept,
                ways,
            }
            .render()
        }
    };
    let Ok(html) = html else {
        return response;
    };
    response.map_body(|head, _| {
        add_headers(&mut head.headers);
        head.headers.remove(WWW_AUTHENTICATE);
        BoxBody::new(html)
    })
}

fn kind_of(status: StatusCode) -> Kind {
    match status.as_u16() {
        404 => Kind::NotFound,
        405 => Kind::MethodNotAllowed,
        408 => Kind::BodyTooSlow,
        413 => Kind::TooLarge,
        415 => Kind::UnsupportedMediaType,
        400..=499 => Kind::InvalidRequest,
        _ => Kind::Internal,
    }
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

/// The frame of whoever asked, and where they go on.
fn way_back(request: &HttpRequest, kind: Kind) -> (Frame, Vec<(&'static str, &'static str)>) {
    const HOME: &str = "Về trang đầu";
    let caller = request.extensions().get::<Rc<Caller>>().cloned();
    let (frame, mut ways) = match caller {
        Some(caller) => {
            let frame = Frame::of(&caller, request.path());
            let home = frame.home;
            (frame, vec![(home, HOME)])
        }
        None if has_session(request) => {
            // Who it is was not asked: the lists send everybody to what is theirs.
            let frame = Frame {
                home: log_in::FIRST,
                ..Frame::public()
            };
            (frame, vec![(log_in::FIRST, HOME)])
        }
        None => {
            let ways = vec![(log_in::PATH, HOME), (citizen::LOOK_UP, "Tra cứu hồ sơ")];
            (Frame::public(), ways)
        }
    };
    match kind {
        Kind::PasswordChangeRequired => ways.insert(0, (account::PATH, "Đổi mật khẩu")),
        Kind::Unauthenticated => ways.insert(0, (log_in::PATH, "Đăng nhập")),
        _ => {}
    }
    ways.dedup_by_key(|way| way.0);
    (frame, ways)
}

/// Whether a browser has brought a session, perhaps one that has ended.
fn has_session(request: &HttpRequest) -> bool {
    state(request).is_ok_and(|state| cookies::token(&state, request).is_some())
}

/// `3 phút`.
fn length(seconds: u64) -> String {
    match seconds {
        0..=90 => format!("{} giây", seconds.max(1)),
        91..=5400 => format!("{} phút", seconds.div_ceil(60)),
        _ => format!("{} giờ", seconds.div_ceil(3600)),
    }
}

/// A sentence of what the rules say.
fn told(problem: &Problem) -> String {
    let mut text = sentence(&problem.detail());
    if !text.ends_with(['.', '!', '?']) {
        text.push('.');
    }
    text
}

/// What it is and what to do about it; `known`: there is a page at that address, `wait`: seconds until it may be tried
/// again.
fn said(problem: &Problem, known: bool, wait: Option<u64>) -> Said {
    let is = |title: &'static str, detail: &str, advice: &str| Said {
        title,
        detail: detail.to_owned(),
        advice: advice.to_owned(),
    };
    let later = || match wait {
        Some(seconds) => format!("Xin thử lại sau {}.", length(seconds)),
        None => "Xin thử lại sau ít phút.".to_owned(),
    };
    let report = || {
        let now = words::moment(crate::clock::now());
        format!(
            "{} Nếu vẫn vậy, xin báo người quản trị và nói rõ lúc {now}.",
            later()
        )
    };
    let again = "Xin mở lại trang từ đầu rồi nhập lại.";
    match problem.kind() {
        Kind::NotFound if known && !problem.detail().is_empty() => is(
            "Không tìm thấy",
            &told(problem),
            "Xin kiểm tra lại mã hoặc địa chỉ.",
        ),
        Kind::NotFound => is(
            "Không tìm thấy",
            "Trang này không có, hoặc đã chuyển đi nơi khác.",
            "Xin kiểm tra lại địa chỉ.",
        ),
        Kind::MethodNotAllowed => is(
            "Trang này không nhận thao tác đó",
            "Chưa có gì được ghi.",
            "Xin mở lại trang từ đầu.",
        ),
        Kind::Unauthenticated | Kind::WrongCredentials | Kind::BadSignature => is(
            "Chưa đăng nhập",
            "Phiên làm việc đã kết thúc.",
            "Xin đăng nhập lại.",
        ),
        Kind::Forbidden if problem.reason() == Some(CROSS_SITE) => is(
            "Chưa gửi được",
            &told(problem),
            "Xin mở lại trang này trong Một cửa rồi gửi từ đó.",
        ),
        Kind::Forbidden => is(
            "Không có quyền",
            &told(problem),
            "Nếu đây là việc của bạn, xin liên hệ người quản trị của đơn vị.",
        ),
        Kind::PasswordChangeRequired => is(
            "Phải đổi mật khẩu",
            "Mật khẩu này do người khác đặt.",
            "Xin đổi mật khẩu trước khi làm việc.",
        ),
        Kind::BodyTooSlow => is(
            "Chưa nhận đủ nội dung",
            "Nội dung đến quá chậm, nên chưa có gì được ghi.",
            "Xin kiểm tra đường truyền rồi gửi lại.",
        ),
        Kind::Refused => is(
            "Chưa làm được việc này",
            &told(problem),
            "Xin quay lại trang trước, xem tình hình hiện nay rồi sửa.",
        ),
        Kind::NeedsAcceptance => {
            let warnings: Vec<_> = problem.warnings().map(|(_, text)| sentence(text)).collect();
            let detail = match warnings.is_empty() {
                true => told(problem),
                false => warnings.join(". ") + ".",
            };
            is(
                "Cần xác nhận",
                &detail,
                "Xin quay lại trang trước, xác nhận nếu đúng như vậy rồi gửi lại.",
            )
        }
        Kind::AlreadyRated => is(
            "Hồ sơ đã được đánh giá",
            "Mỗi hồ sơ chỉ đánh giá một lần.",
            "Muốn nói thêm điều gì, xin gửi phản ánh, kiến nghị.",
        ),
        Kind::NotReady => is(
            "Chưa làm được việc này",
            "Hệ thống chưa có đủ dữ liệu cho việc này: lịch làm việc, đơn vị hoặc thủ tục.",
            "Xin báo người quản trị.",
        ),
        Kind::Changed => is(
            "Dữ liệu vừa thay đổi",
            "Người khác vừa thay đổi dữ liệu này, nên chưa có gì được ghi.",
            "Xin tải lại trang, xem lại rồi làm lại.",
        ),
        Kind::TooLarge => is(
            "Nội dung quá lớn",
            "Nội dung gửi lên quá dài, nên chưa có gì được ghi.",
            "Xin rút ngắn rồi gửi lại.",
        ),
        Kind::InvalidRequest => is(
            "Chưa đọc được yêu cầu",
            "Địa chỉ hoặc nội dung gửi lên có chỗ không đúng.",
            again,
        ),
        Kind::NotUtf8
        | Kind::InvalidJson
        | Kind::TooDeep
        | Kind::UnsupportedMediaType
        | Kind::PreconditionRequired
        | Kind::KeyReused => is(
            "Chưa đọc được nội dung",
            "Nội dung gửi lên không đọc được, nên chưa có gì được ghi.",
            again,
        ),
        Kind::AmountMismatch => is(
            "Số tiền không khớp",
            &told(problem),
            "Xin quay lại trang trước và kiểm tra số tiền.",
        ),
        Kind::TooManyRequests => is("Quá nhiều lần thử", &told(problem), &later()),
        Kind::Internal => is(
            "Có lỗi trong hệ thống",
            "Hệ thống gặp lỗi ngoài dự kiến; lỗi đã được ghi lại.",
            &report(),
        ),
        Kind::NotConfigured => is(
            "Chưa dùng được",
            "Việc này chưa được thiết lập ở đây.",
            "Xin hỏi người quản trị.",
        ),
        Kind::BadGateway => is(
            "Hệ thống liên kết không trả lời",
            "Việc này cần một hệ thống khác, và hệ thống đó chưa trả lời.",
            &report(),
        ),
        Kind::Clock => is(
            "Tạm thời chưa làm được",
            "Đồng hồ của máy chủ đang sai, nên chưa có gì được ghi.",
            &report(),
        ),
        Kind::Overloaded => is(
            "Đang có quá nhiều người dùng",
            "Hệ thống chưa nhận thêm được việc này, nên chưa có gì được ghi.",
            &later(),
        ),
        Kind::DatabaseUnavailable => is(
            "Tạm thời chưa làm được",
            "Hệ thống tạm thời chưa làm được việc này, nên chưa có gì được ghi.",
            &report(),
        ),
        Kind::OutcomeUnknown => is(
            "Chưa rõ kết quả",
            "Mất liên lạc đúng lúc ghi, nên chưa rõ việc đã xong hay chưa.",
            "Xin xem lại dữ liệu trước khi làm lại.",
        ),
        Kind::Upgrading | Kind::Stopping => {
            is("Hệ thống đang nâng cấp", "Chưa có gì được ghi.", &report())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_says_what_to_do_in_words() {
        for kind in Kind::ALL {
            for known in [false, true] {
                let said = said(&Problem::new(*kind, "việc này không làm được"), known, None);
                for text in [said.title, &said.detail, &said.advice] {
                    assert!(!text.is_empty() && !text.is_ascii(), "{kind:?}: {text}");
                    let technical = ["JSON", "UTF", "If-", "Idempotency", "máy khách", "/api"];
                    assert!(
                        !technical.iter().any(|word| text.contains(word)),
                        "{kind:?}: {text}"
                    );
                }
                assert!(
                    said.advice.contains("xin") || said.advice.contains("Xin"),
                    "{kind:?}"
                );
            }
        }
    }

    #[test]
    fn whoever_has_to_wait_is_told_how_long() {
        let problem = Problem::new(Kind::TooManyRequests, "đã thử quá nhiều lần");
        for (seconds, text) in [
            (1, "1 giây"),
            (90, "90 giây"),
            (125, "3 phút"),
            (7201, "3 giờ"),
        ] {
            let said = said(&problem, true, Some(seconds));
            assert!(said.advice.contains(text), "{}", said.advice);
        }
    }
}
