//! The session of a browser: a cookie for pages, which the API does not take, and the refusal of what other
//! sites make a browser send.

use actix_web::HttpRequest;
use actix_web::cookie::time::Duration;
use actix_web::cookie::{Cookie, SameSite};

use crate::web::State;
use crate::web::problem::{Kind, Problem};

/// With the prefix no other host, and nothing that goes over plain http, can set it.
const NAME: &str = "__Host-motcua";
const OVER_HTTP: &str = "motcua";

fn name(state: &State) -> &'static str {
    match state.settings.cookies_over_http {
        true => OVER_HTTP,
        false => NAME,
    }
}

fn cookie(state: &State, token: &str, lasts: Duration) -> Cookie<'static> {
    Cookie::build(name(state), token.to_owned())
        .path("/")
        .http_only(true)
        .secure(!state.settings.cookies_over_http)
        .same_site(SameSite::Lax)
        .max_age(lasts)
        .finish()
}

/// For a session that has begun.
pub(crate) fn session(state: &State, token: &str) -> Cookie<'static> {
    let lasts = state.settings.session.as_secs();
    cookie(
        state,
        token,
        Duration::seconds(i64::try_from(lasts).unwrap_or(i64::MAX)),
    )
}

/// For one that has ended.
pub(crate) fn gone(state: &State) -> Cookie<'static> {
    cookie(state, "", Duration::ZERO)
}

/// The token that a browser has brought.
pub(crate) fn token(state: &State, request: &HttpRequest) -> Option<String> {
    Some(request.cookie(name(state))?.value().to_owned())
}

/// Refuses what changes something and comes from another site's page. Browsers say so in `Sec-Fetch-Site`,
/// older ones and those over plain http in `Origin`; what says neither was sent by no form of ours.
///
/// # Errors
/// If it comes from elsewhere.
pub(crate) fn ensure_same_origin(request: &HttpRequest) -> Result<(), Problem> {
    if request.method().is_safe() {
        return Ok(());
    }
    let header = |name: &str| {
        let value = request.headers().get(name);
        value.and_then(|value| value.to_str().ok())
    };
    let same = match (header("sec-fetch-site"), header("origin")) {
        // `none`: the person's own doing, such as sending a form again.
        (Some(site), _) => matches!(site, "same-origin" | "none"),
        (None, Some(origin)) => {
            let host = origin.split_once("://").map(|(_, host)| host);
            host.is_some() && host == header("host")
        }
        (None, None) => false,
    };
    let refused = || Problem::new(Kind::Forbidden, "yêu cầu này được gửi từ một trang khác");
    same.then_some(()).ok_or_else(refused)
}
