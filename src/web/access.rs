//! Who is calling, and whether the table of routes lets them.

use std::net::IpAddr;
use std::rc::Rc;
use std::sync::Once;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{self, ServiceRequest, ServiceResponse};
use actix_web::http::header::{CACHE_CONTROL, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{FromRequest, HttpMessage, HttpRequest, HttpResponse, web};
use tracing::Instrument;

use crate::acts::access::Caller;
use crate::domain::role::Permission;
use crate::store::authority::Denied;
use crate::web::observe::RequestId;
use crate::web::problem::{Kind, Problem};
use crate::web::{State, cookies, pages, with_store};
use crate::{acts, metrics};

/// What a route asks of whoever calls it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Nothing.
    Public,
    /// A session whose role has the permission; the handler looks at the unit.
    Staff(Permission),
    /// A signature by another system; the handler checks it.
    Signed,
}

/// How the caller is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Medium {
    /// By a token in `Authorization`.
    Api,
    /// By a cookie.
    Page,
}

/// Lets a request through to its handler, or answers 401 or 403.
pub(crate) async fn authorise(
    access: Access,
    medium: Medium,
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let id = request.extensions().get::<RequestId>().cloned();
    let span = id.map_or_else(tracing::Span::none, |id| id.span());
    answer(access, medium, request, next).instrument(span).await
}

/// The handler's answer, if the caller may have it.
async fn answer(
    access: Access,
    medium: Medium,
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    if let Err(problem) = admit(request.request(), access, medium).await {
        let (request, payload) = request.into_parts();
        let answer = match (medium, problem.kind()) {
            // Apart, so that no other request holds the room that it takes.
            (Medium::Page, Kind::Unauthenticated) => {
                Box::pin(pages::log_in::first(&request, payload)).await
            }
            (Medium::Page, Kind::PasswordChangeRequired) => {
                pages::see_other(pages::account::PATH).finish()
            }
            _ => HttpResponse::from_error(problem),
        };
        // Not by `into_response`, which forgets the error.
        return Ok(ServiceResponse::new(request, answer));
    }
    let mut answer = next.call(request).await?.map_into_boxed_body();
    // Whatever staff see is of people, or of what is done about them: nobody on the way keeps it.
    if let Access::Staff(_) = access {
        let headers = answer.headers_mut();
        if !headers.contains_key(CACHE_CONTROL) {
            headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        }
    }
    Ok(answer)
}

async fn admit(request: &HttpRequest, access: Access, medium: Medium) -> Result<(), Problem> {
    if medium == Medium::Page {
        cookies::ensure_same_origin(request)?;
    }
    let Access::Staff(permission) = access else {
        return Ok(());
    };
    let state = state(request)?;
    let token = match medium {
        Medium::Api => bearer(request)?,
        Medium::Page => cookies::token(&state, request)
            .ok_or_else(|| Problem::unauthenticated("cần đăng nhập"))?,
    };
    let caller = Rc::new(authenticate(&state, token, permission).await?);
    // The page that says no is theirs as well.
    request.extensions_mut().insert(Rc::clone(&caller));
    if caller.must_change_password && permission != Permission::OwnPassword {
        return Err(Denied::PasswordChangeRequired.into());
    }
    if !caller.may(permission) {
        return Err(Denied::Role(caller.role).into());
    }
    request.extensions_mut().insert(caller.user);
    Ok(())
}

fn bearer(request: &HttpRequest) -> Result<String, Problem> {
    let missing = || Problem::unauthenticated("cần tiêu đề Authorization: Bearer <token>");
    let header = request.headers().get("authorization").ok_or_else(missing)?;
    let (scheme, token) = header
        .to_str()
        .ok()
        .and_then(|text| text.split_once(' '))
        .ok_or_else(missing)?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(missing());
    }
    Ok(token.trim().to_owned())
}

async fn authenticate(
    state: &web::Data<State>,
    token: String,
    permission: Permission,
) -> Result<Caller, Problem> {
    with_store(state, move |store| {
        acts::sessions::authenticate(store, &token, permission, crate::clock::now())
    })
    .await
}

/// What the server keeps for all requests.
pub(crate) fn state(request: &HttpRequest) -> Result<web::Data<State>, Problem> {
    let state = request.app_data::<web::Data<State>>().cloned();
    state.ok_or_else(|| Problem::new(Kind::Internal, "máy chủ chưa sẵn sàng"))
}

/// The member of staff who calls, as they were when they were let in; only where the route's access is [`Access::Staff`].
pub(crate) struct Staff(pub Rc<Caller>);

impl std::ops::Deref for Staff {
    type Target = Caller;

    fn deref(&self) -> &Caller {
        &self.0
    }
}

impl FromRequest for Staff {
    type Error = Problem;
    type Future = std::future::Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut dev::Payload) -> Self::Future {
        let caller = request.extensions().get::<Rc<Caller>>().cloned();
        let caller = caller.ok_or_else(|| Problem::unauthenticated("cần đăng nhập"));
        std::future::ready(caller.map(Self))
    }
}

/// Where the request comes from, and with what.
pub(crate) struct Client {
    pub address: IpAddr,
    /// What the program calls itself.
    pub agent: String,
}

impl FromRequest for Client {
    type Error = Problem;
    type Future = std::future::Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut dev::Payload) -> Self::Future {
        std::future::ready(Self::of(request))
    }
}

impl Client {
    pub(crate) fn of(request: &HttpRequest) -> Result<Self, Problem> {
        state(request).map(|state| {
            let header = |name: &str| {
                let value = request.headers().get(name);
                value.and_then(|value| value.to_str().ok())
            };
            // A proxy may add a line of its own behind what the caller sent.
            let lines = request.headers().get_all("x-forwarded-for");
            let lines = lines.map(|line| line.to_str().unwrap_or("unknown"));
            let forwarded = lines.collect::<Vec<_>>().join(",");
            let peer = request.peer_addr().map(|peer| peer.ip());
            Self {
                address: address(peer, &forwarded, |address| state.settings.trusts(address)),
                agent: header("user-agent").unwrap_or_default().to_owned(),
            }
        })
    }
}

/// Counts what comes from a proxy that the settings do not name, and says so once: behind it everybody
/// is one address, and whoever guesses or floods there shuts all others out.
pub(crate) fn note_untrusted_proxy(request: &HttpRequest) {
    static PRIVATE: Once = Once::new();
    static PUBLIC: Once = Once::new();
    if !request.headers().contains_key("x-forwarded-for") {
        return;
    }
    let Ok(state) = state(request) else { return };
    let peer = request.peer_addr().map(|peer| peer.ip().to_canonical());
    let Some(peer) = peer.filter(|peer| !state.settings.trusts(*peer)) else {
        return;
    };
    // An address of the office's own is its proxy's; any other may be a citizen's.
    let (label, once, shown) = match is_private(peer) {
        true => ("private", &PRIVATE, peer.to_string()),
        false => ("public", &PUBLIC, "of the internet".to_owned()),
    };
    metrics::UNTRUSTED_FORWARDED
        .with_label_values(&[label])
        .inc();
    once.call_once(|| {
        tracing::warn!(
            peer = shown,
            setting = "server.trusted_proxies",
            "X-Forwarded-For comes from an address that server.trusted_proxies does not name: \
             everybody behind that proxy counts as one address, and limits shut them out together"
        );
    });
}

fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => {
            address.is_private() || address.is_loopback() || address.is_link_local()
        }
        IpAddr::V6(address) => {
            address.is_loopback() || address.is_unique_local() || address.is_unicast_link_local()
        }
    }
}

/// The address of the caller: of the connection, or where that is a proxy of ours, of whoever the
/// proxy says, the last that is no proxy of ours itself.
fn address(peer: Option<IpAddr>, forwarded: &str, trusted: impl Fn(IpAddr) -> bool) -> IpAddr {
    let peer = peer.unwrap_or(IpAddr::from([0, 0, 0, 0])).to_canonical();
    if !trusted(peer) {
        return peer;
    }
    let mut address = peer;
    for hop in forwarded.rsplit(',') {
        let hop = hop.trim();
        // Some add the port.
        let with_port = || hop.parse().map(|hop: std::net::SocketAddr| hop.ip());
        let Ok(hop) = hop.parse::<IpAddr>().or_else(|_| with_port()) else {
            break;
        };
        address = hop.to_canonical();
        if !trusted(address) {
            break;
        }
    }
    address
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_proxies_are_believed() {
        let ip = |text: &str| text.parse::<IpAddr>().unwrap();
        let ours = |address: IpAddr| address == ip("10.0.0.1") || address == ip("10.0.0.2");
        let of = |peer: &str, forwarded: &str| address(Some(ip(peer)), forwarded, ours);
        assert_eq!(of("203.0.113.9", "1.2.3.4"), ip("203.0.113.9"));
        assert_eq!(of("10.0.0.1", "6.6.6.6, 1.2.3.4"), ip("1.2.3.4"));
        assert_eq!(of("10.0.0.1", "1.2.3.4, 10.0.0.2"), ip("1.2.3.4"));
        assert_eq!(of("10.0.0.1", "6.6.6.6,1.2.3.4:567"), ip("1.2.3.4"));
        assert_eq!(of("10.0.0.1", "nonsense"), ip("10.0.0.1"));
        assert_eq!(of("::ffff:10.0.0.1", "1.2.3.4"), ip("1.2.3.4"));
        assert_eq!(of("10.0.0.1", ""), ip("10.0.0.1"));
    }
}
