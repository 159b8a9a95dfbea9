//! Every request's id, log line and metrics. A log line names the route, never the address as it
//! was called: that may hold a case number or a code.

use std::cell::RefCell;
use std::collections::HashMap;
use std::time::{Duration, Instant};

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderName, HeaderValue, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS};
use actix_web::middleware::Next;
use actix_web::{HttpMessage, web};
use uuid::{NoContext, Timestamp, Uuid};

use crate::domain::ids::UserId;
use crate::metrics;
use crate::web::stopping::UnderWay;
use crate::web::{State, access, connections, pages, waiting};

static REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
static NO_SNIFF: HeaderValue = HeaderValue::from_static("nosniff");
static NO_REFERRER: HeaderValue = HeaderValue::from_static("no-referrer");

/// The path of the table's route that a request has come to. Asking actix would match it against all
/// routes once more.
#[derive(Clone, Copy)]
pub(crate) struct Matched {
    pub path: &'static str,
    /// It is a page.
    pub page: bool,
}

/// Of the request at hand; what its handler logs names it.
#[derive(Clone)]
pub(crate) struct RequestId(HeaderValue);

impl RequestId {
    pub(crate) fn span(&self) -> tracing::Span {
        tracing::info_span!("request", id = self.as_str())
    }

    fn as_str(&self) -> &str {
        self.0.to_str().unwrap_or_default()
    }
}

pub(crate) async fn observe(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, actix_web::Error> {
    let begun = Instant::now();
    let _busy = connections::busy(request.request());
    access::note_untrusted_proxy(request.request());
    let id = request_id(&request);
    let method = request.method().clone();
    request.extensions_mut().insert(id.clone());
    let state = request.app_data::<web::Data<State>>();
    let wait = state.map(|state| state.store.wait());
    let _under_way = state.map(|state| UnderWay::begin(&state.traffic));
    // Handlers, and what stands before them, answer errors themselves: nothing comes back as one.
    let answer = next.call(request);
    let response = waiting::at_most(wait.unwrap_or_default(), answer).await?;
    let (status, took) = (response.status(), begun.elapsed());
    let matched = response.request().extensions().get::<Matched>().copied();
    let mut response = pages::errors::for_people(response.map_into_boxed_body(), matched);
    let pattern = match matched {
        Some(_) => None,
        None => response.request().match_pattern(),
    };
    let route = matched.map(|matched| matched.path);
    let route = route.or(pattern.as_deref()).unwrap_or("unknown");
    match matched {
        Some(Matched { path, .. }) => count(known(method.as_str()), path, status, took),
        None => metrics::request(known(method.as_str()), route, status.as_str()).observe(took),
    }
    let user = response.request().extensions().get::<UserId>().copied();
    let user = user.map(|user| user.0);
    let microseconds = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
    let (method, number) = (method.as_str(), status.as_u16());
    macro_rules! answered {
        ($level:ident) => {
            tracing::$level!(
                id = id.as_str(),
                method,
                route,
                status = number,
                microseconds,
                user,
                "answered"
            )
        };
    }
    match status.is_server_error() {
        true => answered!(error),
        false => answered!(info),
    }
    let headers = response.headers_mut();
    headers.insert(REQUEST_ID.clone(), id.0);
    headers.insert(X_CONTENT_TYPE_OPTIONS, NO_SNIFF.clone());
    if !headers.contains_key(REFERRER_POLICY) {
        headers.insert(REFERRER_POLICY, NO_REFERRER.clone());
    }
    Ok(response)
}

thread_local! {
    /// The counters of requests that this thread has answered: to find one by its labels costs more than to
    /// count. As many as there are routes, methods and statuses.
    static COUNTERS: RefCell<HashMap<(&'static str, &'static str, u16), metrics::Request>> = RefCell::default();
}

fn count(method: &'static str, route: &'static str, status: StatusCode, took: Duration) {
    COUNTERS.with_borrow_mut(|counters| {
        counters
            .entry((method, route, status.as_u16()))
            .or_insert_with(|| metrics::request(method, route, status.as_str()))
            .observe(took);
    });
}

/// The id that a proxy or client gave, if it is a plain one; else a new one.
fn request_id(request: &ServiceRequest) -> RequestId {
    let plain = |text: &str| {
        (8..=64).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    let given = request.headers().get(&REQUEST_ID).cloned();
    let id = given.filter(|value| value.to_str().is_ok_and(plain));
    RequestId(id.unwrap_or_else(|| {
        // Ids of different threads need no common order.
        let id = Uuid::new_v7(Timestamp::now(NoContext)).to_string();
        HeaderValue::from_str(&id).unwrap_or_else(|_| HeaderValue::from_static("unknown"))
    }))
}

/// A method's name; anything may be sent as one, and each would be a label of its own.
fn known(method: &str) -> &'static str {
    let all = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
    let known = all.into_iter().find(|known| *known == method);
    known.unwrap_or("other")
}
