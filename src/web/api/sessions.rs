//! `/api/v1/sessions`, `/api/v1/me`: logging in and out, one's own account.

use std::sync::Arc;

use actix_web::cookie::time::Duration;
use actix_web::cookie::{Cookie, SameSite};
use actix_web::{HttpRequest, HttpResponse, web};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::acts::passwords::MOST_BYTES;
use crate::domain::ids::SessionId;
use crate::domain::moment::Moment;
use crate::store::devices;
use crate::store::reference::Reference;
use crate::store::sessions::Session;
use crate::web::access::{Client, Staff};
use crate::web::api::check_length;
use crate::web::api::users::UserView;
use crate::web::body::{Body, Readable};
use crate::web::problem::{FieldError, Problem};
use crate::web::{State, with_store};
use crate::{acts, views};

/// Name and password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LogIn {
    #[schema(example = "h37.20.01.clerk")]
    username: String,
    #[schema(example = "abcde-fghij-klmno-pqrst")]
    password: String,
}

impl Readable for LogIn {
    const LIMIT: usize = 8 * 1024;

    fn check(&self) -> Vec<FieldError> {
        let mut wrong = Vec::new();
        check_length("/username", &self.username, 200, &mut wrong);
        check_length("/password", &self.password, MOST_BYTES, &mut wrong);
        wrong
    }
}

/// A session that has begun.
#[derive(Serialize, ToSchema)]
pub struct SessionBegun {
    /// For `Authorization: Bearer`; told once.
    #[schema(example = "kq3W…")]
    token: String,
    /// For `X-Motcua-Device` of the next log-ins, where no cookies are kept: others' guesses at the
    /// name do not shut a device out that is known. Told once, to a device that was not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "9vJx…")]
    device: Option<String>,
    session: SessionView,
    user: UserView,
}

/// A session, as its owner sees it.
#[derive(Serialize, ToSchema)]
pub struct SessionView {
    id: SessionId,
    created_at: Moment,
    /// When it ends, whatever happens.
    expires_at: Moment,
    /// Where it was begun.
    #[schema(example = "203.0.113.7")]
    address: String,
    /// With what.
    #[schema(example = "curl/8.5.0")]
    agent: String,
    /// The one that this request was made with.
    current: bool,
}

impl SessionView {
    fn new(session: Session, current: Option<SessionId>) -> Self {
        Self {
            current: current == Some(session.id),
            id: session.id,
            created_at: session.created_at,
            expires_at: session.expires_at,
            address: session.address,
            agent: session.agent,
        }
    }
}

/// The answer to a log-in of either kind.
pub(crate) fn begun(begun: acts::sessions::Begun, reference: &Reference) -> HttpResponse {
    let current = Some(begun.session.id);
    HttpResponse::Created()
        .insert_header(("Cache-Control", "no-store"))
        .json(SessionBegun {
            token: begun.token,
            device: begun.device,
            session: SessionView::new(begun.session, current),
            user: UserView::new(&begun.user, reference),
        })
}

/// Where a browser keeps by what its device is known; it opens nothing.
const DEVICE_COOKIE: &str = "motcua_device";
const DEVICE_HEADER: &str = "x-motcua-device";

/// What the device was given when somebody logged in from it.
fn device(request: &HttpRequest) -> Option<String> {
    let header = request.headers().get(DEVICE_HEADER);
    let header = header.and_then(|value| value.to_str().ok().map(str::to_owned));
    header.or_else(|| Some(request.cookie(DEVICE_COOKIE)?.value().to_owned()))
}

/// Đăng nhập.
#[utoipa::path(
    post, path = "/api/v1/sessions", tag = "Tài khoản", request_body = LogIn,
    params(("X-Motcua-Device" = Option<String>, Header,
        description = "Giá trị device đã nhận khi đăng nhập trước đây từ thiết bị này; trình duyệt dùng cookie")),
    responses((status = 201, description = "Phiên đăng nhập mới", body = SessionBegun)),
)]
pub async fn log_in(
    state: web::Data<State>,
    client: Client,
    request: HttpRequest,
    body: Body<LogIn>,
) -> Result<HttpResponse, Problem> {
    let LogIn { username, password } = body.value;
    let (session, reference) = begin(&state, &request, client, username, password).await?;
    let device = session.device.clone();
    let mut answer = begun(session, &reference);
    if let Some(device) = device {
        // Without it the device is not known the next time.
        let _ = answer.add_cookie(&device_cookie(&request, device));
    }
    Ok(answer)
}

/// Begins a session by name and password, in its turn.
pub async fn begin(
    state: &web::Data<State>,
    request: &HttpRequest,
    client: Client,
    username: String,
    password: String,
) -> Result<(acts::sessions::Begun, Arc<Reference>), Problem> {
    let (limits, lasts) = (state.settings.limits, state.settings.session);
    let attempt = acts::sessions::LogIn {
        username,
        password,
        address: client.address,
        agent: client.agent,
        device: device(request),
    };
    // Who may not try takes nobody's turn.
    let attempt = with_store(state, move |store| {
        acts::sessions::ensure_may_try(store, &attempt, limits, crate::clock::now())?;
        Ok::<_, Problem>(attempt)
    })
    .await?;
    let turn = state.password_turns.take().await?;
    with_store(state, move |store| {
        let _turn = turn;
        let session = acts::sessions::log_in(store, attempt, limits, lasts, crate::clock::now())?;
        Ok::<_, Problem>((session, store.reference()?))
    })
    .await
}

/// By which a browser keeps what its device is known by.
pub fn device_cookie(request: &HttpRequest, device: String) -> Cookie<'static> {
    Cookie::build(DEVICE_COOKIE, device)
        .path("/")
        .http_only(true)
        .secure(request.connection_info().scheme() == "https")
        .same_site(SameSite::Strict)
        .max_age(Duration::milliseconds(devices::LASTS_MILLIS))
        .finish()
}

/// Các phiên đăng nhập đang mở của chính mình, mới nhất trước.
#[utoipa::path(
    get, path = "/api/v1/sessions", tag = "Tài khoản",
    responses((status = 200, description = "Các phiên", body = [SessionView])),
)]
pub async fn list(state: web::Data<State>, staff: Staff) -> Result<HttpResponse, Problem> {
    let (user, current) = (staff.user, staff.session);
    let sessions = with_store(&state, move |store| {
        acts::sessions::sessions_of(store, user, crate::clock::now())
    })
    .await?;
    let sessions = sessions.into_iter();
    let views: Vec<_> = sessions
        .map(|session| SessionView::new(session, Some(current)))
        .collect();
    Ok(HttpResponse::Ok().json(views))
}

async fn end_one(
    state: &web::Data<State>,
    staff: &Staff,
    id: SessionId,
) -> Result<HttpResponse, Problem> {
    let by = staff.proof;
    let ended = with_store(state, move |store| {
        acts::sessions::end_session(store, by, id)
    })
    .await?;
    if ended {
        Ok(HttpResponse::NoContent().finish())
    } else {
        Err(Problem::not_found("không có phiên đăng nhập này"))
    }
}

/// Đăng xuất.
#[utoipa::path(
    delete, path = "/api/v1/sessions/current", tag = "Tài khoản",
    responses((status = 204, description = "Đã kết thúc")),
)]
pub async fn end_current(state: web::Data<State>, staff: Staff) -> Result<HttpResponse, Problem> {
    end_one(&state, &staff, staff.session).await
}

/// Kết thúc một phiên đăng nhập của chính mình.
#[utoipa::path(
    delete, path = "/api/v1/sessions/{session}", tag = "Tài khoản",
    params(("session" = SessionId, Path, description = "Định danh của phiên")),
    responses((status = 204, description = "Đã kết thúc")),
)]
pub async fn end(
    state: web::Data<State>,
    staff: Staff,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let id = path.parse().map(SessionId);
    let id = id.map_err(|_| Problem::not_found("không có phiên đăng nhập này"))?;
    end_one(&state, &staff, id).await
}

/// Tài khoản đang dùng.
#[utoipa::path(
    get, path = "/api/v1/me", tag = "Tài khoản",
    responses((status = 200, description = "Tài khoản", body = UserView)),
)]
pub async fn me(state: web::Data<State>, staff: Staff) -> Result<HttpResponse, Problem> {
    let (username, unit) = (staff.username.clone(), staff.unit);
    let view = with_store(&state, move |store| {
        let user = views::staff::find(store, &username, unit)?;
        let reference = store.reference()?;
        Ok::<_, Problem>(UserView::new(&user, &reference))
    })
    .await?;
    Ok(HttpResponse::Ok().json(view))
}

/// A new password for oneself.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPassword {
    #[schema(example = "abcde-fghij-klmno-pqrst")]
    password: String,
    /// At least 10 characters, without the username.
    #[schema(example = "một câu dài dễ nhớ")]
    new_password: String,
}

impl Readable for NewPassword {
    const LIMIT: usize = 8 * 1024;
}

/// Đổi mật khẩu của chính mình; các phiên khác kết thúc.
#[utoipa::path(
    put, path = "/api/v1/me/password", tag = "Tài khoản", request_body = NewPassword,
    responses((status = 204, description = "Đã đổi")),
)]
pub async fn change_password(
    state: web::Data<State>,
    staff: Staff,
    body: Body<NewPassword>,
) -> Result<HttpResponse, Problem> {
    let limits = state.settings.limits;
    let caller = (*staff.0).clone();
    let turn = state.password_turns.take().await?;
    with_store(&state, move |store| {
        let _turn = turn;
        let NewPassword {
            password,
            new_password,
        } = body.value;
        let now = crate::clock::now();
        acts::sessions::change_password(store, &caller, &password, &new_password, limits, now)
    })
    .await?;
    Ok(HttpResponse::NoContent().finish())
}
