//! `/dang-nhap/dinh-danh`: logging in on the page through the OpenID Connect provider. The provider knows one address of
//! ours, the API's; from there the browser is brought back to the page, which alone knows its cookie.

use actix_web::{HttpRequest, HttpResponse, web};

use crate::acts::oidc::Door;
use crate::web::access::Client;
use crate::web::api::oidc::{self, Callback};
use crate::web::pages::citizen::again;
use crate::web::pages::forms::sentence;
use crate::web::pages::log_in::{self, Next, own_path};
use crate::web::pages::see_other;
use crate::web::params::Params;
use crate::web::problem::{Kind, Problem};
use crate::web::{State, cookies};

pub(crate) const PATH: &str = "/dang-nhap/dinh-danh";
const BACK: &str = "/dang-nhap/dinh-danh/ve";

/// The longest address to go on at that a cookie keeps.
const LONGEST: usize = 1500;

/// To the page, with all that the provider has said.
pub(crate) fn bring_back(query: &str) -> HttpResponse {
    see_other(&format!("{BACK}?{query}")).finish()
}

/// `GET /dang-nhap/dinh-danh`: to the provider.
pub async fn begin(
    state: web::Data<State>,
    client: Client,
    params: Params<Next>,
) -> Result<HttpResponse, Problem> {
    let next = own_path(params.0.next.filter(|next| next.len() <= LONGEST));
    match oidc::send(&state, client, Door::Page).await {
        Ok(away) => {
            let cookie = cookies::away(&state, &away.browser, &next);
            Ok(see_other(&away.address).cookie(cookie).finish())
        }
        Err(problem) => refused(&state, problem, next, false),
    }
}

/// `GET /dang-nhap/dinh-danh/ve`: back from there, to what was asked for.
pub async fn finish(
    state: web::Data<State>,
    client: Client,
    request: HttpRequest,
    params: Result<Params<Callback>, Problem>,
) -> Result<HttpResponse, Problem> {
    let brought = cookies::brought_back(&state, &request);
    let (secret, next) = brought.unzip();
    let next = own_path(next);
    let callback = match params {
        Ok(params) => params.0,
        Err(problem) => return refused(&state, problem, next, false),
    };
    let there = callback.was_refused_there();
    if !there && callback.door() != Door::Page {
        let problem = Problem::new(Kind::WrongCredentials, "");
        return refused(&state, problem, next, false);
    }
    match oidc::take(&state, client, callback, secret).await {
        Ok(begun) => Ok(see_other(&next)
            .cookie(cookies::session(&state, &begun.token))
            .cookie(cookies::back(&state))
            .finish()),
        Err(problem) => refused(&state, problem, next, there),
    }
}

/// The log-in page again, with what to do.
fn refused(
    state: &State,
    problem: Problem,
    next: String,
    there: bool,
) -> Result<HttpResponse, Problem> {
    let message = match problem.kind() {
        Kind::WrongCredentials if there => {
            "Bạn đã thôi đăng nhập ở nơi đăng nhập chung, hoặc nơi đó không cho vào. Xin đăng nhập lại, hoặc dùng tên \
             đăng nhập và mật khẩu."
                .to_owned()
        }
        Kind::WrongCredentials | Kind::InvalidRequest | Kind::NotUtf8 => {
            "Chưa đăng nhập được qua nơi đăng nhập chung: đã quá 10 phút, mở ở trình duyệt khác, hoặc tài khoản ở đó \
             chưa được gắn với tài khoản nào ở đây. Xin đăng nhập lại; nếu vẫn vậy, nhờ người quản trị của đơn vị gắn \
             mã định danh vào tài khoản của bạn."
                .to_owned()
        }
        Kind::BadGateway => {
            "Nơi đăng nhập chung không trả lời. Xin thử lại sau ít phút, hoặc dùng tên đăng nhập và mật khẩu."
                .to_owned()
        }
        Kind::TooManyRequests => sentence(&problem.detail()),
        _ => return Err(problem),
    };
    let shown = log_in::page_of(state, String::new(), next, Some(message));
    again(&problem, &shown)
}
