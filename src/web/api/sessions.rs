//! `/api/v1/sessions`, `/api/v1/me`: logging in and out, one's own account.

use std::sync::Arc;

use actix_web::cookie::time::Duration;
use actix_web::cookie::{Cookie, SameSite};
use actix_web::{HttpRequest, HttpResponse, web};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::acts;
use crate::acts::passwords::MOST_BYTES;
use crate::domain::ids::SessionId;
use crate::domain::moment::Moment;
use crate::store::devices;
use crate::store::reference::Reference;
use crate::store::sessions::Session;
use crate::web::access::Client;
use crate::web::api::answers::{Done, Many, Reply, done, shown};
use crate::web::api::call::Call;
use crate::web::api::check_length;
use crate::web::api::users::{self, UserView};
use crate::web::body::{Body, Readable};
use crate::web::problem::{FieldError, Problem};
use crate::web::{State, with_store};

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

pub async fn list(call: Call) -> Reply<Many<SessionView>> {
    let sessions = call.run(|store, by, now| {
        let sessions = acts::sessions::sessions_of(store, by.user, now)?.into_iter();
        let views = sessions.map(|session| SessionView::new(session, Some(by.session)));
        Ok(Many(views.collect()))
    });
    sessions.await.map(shown)
}

const NO_SESSION: &str = "không có phiên đăng nhập này";

async fn end_one(call: &Call, id: SessionId) -> Result<Done, Problem> {
    let ended = call.run(move |store, by, _| Ok(acts::sessions::end_session(store, by.proof, id)?));
    match ended.await? {
        true => Ok(Done),
        false => Err(Problem::not_found(NO_SESSION)),
    }
}

pub async fn end_current(call: Call) -> Result<Done, Problem> {
    let session = call.by.session;
    end_one(&call, session).await
}

pub async fn end(call: Call) -> Result<Done, Problem> {
    let id = call.id(SessionId, NO_SESSION)?;
    end_one(&call, id).await
}

pub async fn me(call: Call) -> Reply<UserView> {
    call.run(|store, by, _| users::view(store, &by.username, by.unit))
        .await
        .map(shown)
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

pub async fn change_password(call: Call, body: Body<NewPassword>) -> Result<Done, Problem> {
    let new = body.value;
    let renewed = renew_password(&call, new.password, new.new_password).await;
    renewed.map(done)
}

/// Changes the caller's own password, in its turn.
pub(crate) async fn renew_password(call: &Call, old: String, new: String) -> Result<(), Problem> {
    let limits = call.state.settings.limits;
    let turn = call.state.password_turns.take().await?;
    call.run(move |store, by, now| {
        let _turn = turn;
        Ok(acts::sessions::change_password(
            store, by, &old, &new, limits, now,
        )?)
    })
    .await
}
