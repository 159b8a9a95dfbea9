//! `/dang-nhap`, `/dang-xuat`: the session of a browser.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, dev, web};
use askama::Template;
use serde::Deserialize;

use crate::acts;
use crate::web::access::{Client, Staff};
use crate::web::api::sessions;
use crate::web::pages::citizen::again;
use crate::web::pages::forms::sentence;
use crate::web::pages::{Form, Frame, drafts, oidc, page, see_other};
use crate::web::params::{Parameters, Params};
use crate::web::problem::{Kind, Problem};
use crate::web::{State, cookies, with_store};

pub(crate) const PATH: &str = "/dang-nhap";

const LOG_OUT: &str = "/dang-xuat";

/// Where somebody comes who wanted nothing else.
pub(crate) const FIRST: &str = "/ho-so";

#[derive(Template)]
#[template(path = "log_in.html")]
pub(super) struct LogInPage {
    frame: Frame,
    username: String,
    next: String,
    message: Option<String>,
    /// A form came after its session had ended: whether what was typed is kept.
    ended: Option<bool>,
    /// Where somebody comes in without a password, if that is set up.
    provider: Option<String>,
}

/// The page, with what is to be said there.
pub(super) fn page_of(
    state: &State,
    username: String,
    next: String,
    message: Option<String>,
) -> LogInPage {
    let provider = state.oidc.as_ref().map(|_| {
        let query = serde_urlencoded::to_string([("next", &next)]).unwrap_or_default();
        format!("{}?{query}", oidc::PATH)
    });
    LogInPage {
        frame: Frame::public().wrong(message.is_some()),
        username,
        next,
        message,
        ended: None,
        provider,
    }
}

/// Where to go on after the log-in.
#[derive(Deserialize)]
pub struct Next {
    #[serde(default)]
    pub(super) next: Option<String>,
}

impl Parameters for Next {
    const NAMES: &'static [&'static str] = &["next"];
    const OPEN: bool = true;
}

/// A path of ours, or the first page: nobody is sent elsewhere.
pub(super) fn own_path(next: Option<String>) -> String {
    let own = |path: &String| {
        path.starts_with('/')
            && !path.starts_with("//")
            && path.bytes().all(|b| b.is_ascii_graphic() && b != b'\\')
    };
    next.filter(own).unwrap_or_else(|| FIRST.to_owned())
}

/// To the log-in, and back to what was asked for: asked for again, or the form shown again.
pub(crate) async fn first(request: &HttpRequest, payload: dev::Payload) -> HttpResponse {
    if request.path() == LOG_OUT {
        return see_other(PATH).finish();
    }
    if !request.method().is_safe() {
        return drafts::session_ended(request, payload).await;
    }
    let asked = request.uri().to_string();
    let query = serde_urlencoded::to_string([("next", asked)]).unwrap_or_default();
    see_other(&format!("{PATH}?{query}")).finish()
}

/// The log-in in the place of what a form asked for, and where that form is found again, if it was kept.
pub(crate) fn after_the_session(
    state: &State,
    kept: Option<String>,
) -> Result<HttpResponse, Problem> {
    let ended = Some(kept.is_some());
    let shown = page_of(state, String::new(), own_path(kept), None);
    page(StatusCode::UNAUTHORIZED, &LogInPage { ended, ..shown })
}

/// `GET /dang-nhap`.
pub async fn show(state: web::Data<State>, params: Params<Next>) -> Result<HttpResponse, Problem> {
    let shown = page_of(&state, String::new(), own_path(params.0.next), None);
    page(StatusCode::OK, &shown)
}

/// Name and password as they were typed.
#[derive(Deserialize)]
pub struct Typed {
    #[serde(default)]
    username: Option<String>,
    #[serde(default)]
    password: Option<String>,
    #[serde(default)]
    next: Option<String>,
}

impl Parameters for Typed {
    const NAMES: &'static [&'static str] = &["username", "password", "next"];
}

/// `POST /dang-nhap`. What was typed stays, but for the password.
pub async fn log_in(
    state: web::Data<State>,
    client: Client,
    request: HttpRequest,
    form: Form<Typed>,
) -> Result<HttpResponse, Problem> {
    let Typed {
        username,
        password,
        next,
    } = form.0;
    let (username, next) = (username.unwrap_or_default(), own_path(next));
    let begun = sessions::begin(
        &state,
        &request,
        client,
        username.clone(),
        password.unwrap_or_default(),
    )
    .await;
    let problem = match begun {
        Ok((begun, _)) => {
            let mut answer = see_other(&next);
            answer.cookie(cookies::session(&state, &begun.token));
            if let Some(device) = begun.device {
                answer.cookie(sessions::device_cookie(&request, device));
            }
            return Ok(answer.finish());
        }
        Err(problem) => problem,
    };
    match problem.kind() {
        Kind::WrongCredentials | Kind::TooManyRequests | Kind::InvalidRequest => {
            let message = Some(sentence(&problem.detail()));
            again(&problem, &page_of(&state, username, next, message))
        }
        _ => Err(problem),
    }
}

/// `POST /dang-xuat`.
pub async fn log_out(state: web::Data<State>, staff: Staff) -> Result<HttpResponse, Problem> {
    let (by, session) = (staff.proof, staff.session);
    with_store(&state, move |store| {
        acts::sessions::end_session(store, by, session)
    })
    .await?;
    Ok(see_other(PATH).cookie(cookies::gone(&state)).finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_sent_elsewhere() {
        for (next, place) in [
            ("/ho-so?after=x", "/ho-so?after=x"),
            ("//elsewhere.example", FIRST),
            ("/\\elsewhere.example", FIRST),
            ("https://elsewhere.example", FIRST),
            ("/a\r\nSet-Cookie: x", FIRST),
            ("", FIRST),
        ] {
            assert_eq!(own_path(Some(next.to_owned())), place);
        }
    }
}
