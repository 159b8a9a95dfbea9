//! `/api/v1/oidc`: logging in through an OpenID Connect provider.

use std::time::Duration;

use actix_web::cookie::{Cookie, SameSite};
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::acts::oidc::{Answer, Door, Oidc, Redirect};
use crate::acts::sessions::Begun;
use crate::error::Error;
use crate::web::State;
use crate::web::access::Client;
use crate::web::api::sessions::{self, SessionBegun};
use crate::web::pages;
use crate::web::params::{Parameters, Params, missing};
use crate::web::problem::{FieldError, Kind, Problem};
use crate::web::waiting::with_store_within;

/// The provider is another system, with a patience of its own.
const PROVIDER: Duration = Duration::from_secs(60);

/// Ties the answer to the browser that was sent to the provider.
const COOKIE: &str = "motcua_oidc";
const COOKIE_PATH: &str = "/api/v1/oidc";

fn provider(state: &State) -> Result<&Oidc, Problem> {
    state.oidc.as_ref().ok_or_else(|| {
        let detail = "chưa cấu hình nhà cung cấp định danh (mục oidc)";
        Problem::new(Kind::NotConfigured, detail)
    })
}

/// Bắt đầu đăng nhập qua nhà cung cấp định danh: chuyển trình duyệt đến đó.
#[utoipa::path(
    get, path = "/api/v1/oidc/login", tag = "Tài khoản",
    responses((status = 303, description = "Đến nhà cung cấp định danh",
        headers(("Location" = String, description = "Địa chỉ đăng nhập")))),
)]
pub async fn begin(state: web::Data<State>, client: Client) -> Result<HttpResponse, Problem> {
    let redirect = send(&state, client, Door::Api).await?;
    let secure = provider(&state)?.is_reached_by_tls();
    let cookie = Cookie::build(COOKIE, redirect.browser)
        .path(COOKIE_PATH)
        .http_only(true)
        .secure(secure)
        .same_site(SameSite::Lax)
        .finish();
    Ok(HttpResponse::SeeOther()
        .insert_header(("Location", redirect.address))
        .insert_header(("Cache-Control", "no-store"))
        .cookie(cookie)
        .finish())
}

/// Begins a log-in at the provider.
///
/// # Errors
/// If there is none, it does not answer, or too many were begun.
pub(crate) async fn send(
    state: &web::Data<State>,
    client: Client,
    door: Door,
) -> Result<Redirect, Problem> {
    provider(state)?;
    let turn = state.oidc_turns.take().await?;
    let shared = state.clone();
    with_store_within(state, PROVIDER, move |store| {
        let _turn = turn;
        let (limits, now) = (shared.settings.limits, crate::clock::now());
        Ok::<_, Problem>(provider(&shared)?.begin(store, door, client.address, limits, now)?)
    })
    .await
}

/// What the provider sends the browser back with.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Callback {
    /// Mã của nhà cung cấp.
    #[serde(default)]
    code: Option<String>,
    /// Lượt đăng nhập.
    #[serde(default)]
    state: Option<String>,
    /// Nhà cung cấp (RFC 9207).
    #[serde(default)]
    iss: Option<String>,
    /// Lý do nhà cung cấp từ chối.
    #[serde(default)]
    error: Option<String>,
}

impl Parameters for Callback {
    const NAMES: &'static [&'static str] = &["code", "state", "iss", "error"];

    // Providers add others, which are to be ignored (RFC 6749, 4.1.2).
    const OPEN: bool = true;

    fn check(&self) -> Vec<FieldError> {
        if self.error.is_some() {
            return Vec::new();
        }
        missing([("code", &self.code), ("state", &self.state)])
    }
}

impl Callback {
    /// Where the log-in was begun.
    pub(crate) fn door(&self) -> Door {
        Door::of(self.state.as_deref().unwrap_or_default())
    }

    /// Whether whoever was there has thought better of it, or was not let through.
    pub(crate) fn was_refused_there(&self) -> bool {
        self.error.is_some()
    }
}

/// Nhà cung cấp định danh trả lời; phiên đăng nhập bắt đầu nếu có tài khoản ứng với người dùng. Lượt đăng nhập bắt đầu ở
/// trang đăng nhập thì chuyển trình duyệt về trang đó.
#[utoipa::path(
    get, path = "/api/v1/oidc/callback", tag = "Tài khoản", params(Callback),
    responses(
        (status = 201, description = "Phiên đăng nhập mới", body = SessionBegun),
        (status = 303, description = "Về trang đăng nhập", headers(("Location" = String, description = "Trang"))),
    ),
)]
pub async fn finish(
    state: web::Data<State>,
    client: Client,
    request: HttpRequest,
    params: Params<Callback>,
) -> Result<HttpResponse, Problem> {
    provider(&state)?;
    if params.0.door() == Door::Page {
        return Ok(pages::oidc::bring_back(request.query_string()));
    }
    let browser = request.cookie(COOKIE);
    let browser = browser.map(|cookie| cookie.value().to_owned());
    let session = take(&state, client, params.0, browser).await?;
    let reference = with_store_within(&state, PROVIDER, |store| store.reference()).await?;
    let mut answer = sessions::begun(session, &reference);
    let mut spent = Cookie::build(COOKIE, "").path(COOKIE_PATH).finish();
    spent.make_removal();
    // A cookie that cannot be set is one that the browser keeps a while longer: of no use any more.
    let _ = answer.add_cookie(&spent);
    Ok(answer)
}

/// Takes what the provider says, for the browser that has kept the secret of its log-in.
///
/// # Errors
/// If the provider does not vouch for it or does not answer, or nobody here has that subject.
pub(crate) async fn take(
    state: &web::Data<State>,
    client: Client,
    callback: Callback,
    browser: Option<String>,
) -> Result<Begun, Problem> {
    provider(state)?;
    let turn = state.oidc_turns.take().await?;
    let shared = state.clone();
    with_store_within(state, PROVIDER, move |store| {
        let _turn = turn;
        if let Some(error) = callback.error {
            let reason = error.chars().take(100).collect();
            return Err(Error::NotVouched(reason).into());
        }
        let answer = Answer {
            state: callback.state.unwrap_or_default(),
            code: callback.code.unwrap_or_default(),
            issuer: callback.iss,
            browser: browser.unwrap_or_default(),
        };
        let settings = (shared.settings.session, shared.settings.limits);
        let now = crate::clock::now();
        let (address, agent) = (client.address, client.agent);
        Ok::<_, Problem>(provider(&shared)?.finish(store, answer, address, agent, settings, now)?)
    })
    .await
}
