//! The session of a browser: a cookie for pages, which the API does not take, and the refusal of what other
//! sites make a browser send.

use actix_web::HttpRequest;
use actix_web::cookie::time::Duration;
use actix_web::cookie::{Cookie, SameSite};
use data_encoding::BASE64URL_NOPAD;

use crate::web::State;
use crate::web::problem::Problem;

/// The `reason` of what another site's page has made a browser send.
pub(crate) const CROSS_SITE: &str = "cross_site";

/// With the prefix no other host, and nothing that goes over plain http, can set it.
const NAME: &str = "__Host-motcua";
const OVER_HTTP: &str = "motcua";

/// Ties a log-in at the OpenID Connect provider to the browser that was sent there, and holds where to go on.
const AWAY: &str = "__Host-motcua-oidc";
const AWAY_OVER_HTTP: &str = "motcua-oidc";

fn away_name(state: &State) -> &'static str {
    match state.settings.cookies_over_http {
        true => AWAY_OVER_HTTP,
        false => AWAY,
    }
}

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

/// For a browser that is sent to the provider: the secret of its log-in, and where it goes on.
pub(crate) fn away(state: &State, secret: &str, next: &str) -> Cookie<'static> {
    let next = BASE64URL_NOPAD.encode(next.as_bytes());
    Cookie::build(away_name(state), format!("{secret}.{next}"))
        .path("/")
        .http_only(true)
        .secure(!state.settings.cookies_over_http)
        .same_site(SameSite::Lax)
        .max_age(Duration::minutes(10))
        .finish()
}

/// For one that has come back.
pub(crate) fn back(state: &State) -> Cookie<'static> {
    let mut spent = Cookie::build(away_name(state), "")
        .path("/")
        .http_only(true)
        .secure(!state.settings.cookies_over_http)
        .same_site(SameSite::Lax)
        .finish();
    spent.make_removal();
    spent
}

/// The secret and the place of [`away`], as a browser brings them.
pub(crate) fn brought_back(state: &State, request: &HttpRequest) -> Option<(String, String)> {
    let cookie = request.cookie(away_name(state))?;
    let (secret, next) = cookie.value().split_once('.')?;
    let next = BASE64URL_NOPAD.decode(next.as_bytes()).ok()?;
    Some((secret.to_owned(), String::from_utf8(next).ok()?))
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
    let refused = || Problem::refused_to_role(CROSS_SITE, "yêu cầu này được gửi từ một trang khác");
    same.then_some(()).ok_or_else(refused)
}
