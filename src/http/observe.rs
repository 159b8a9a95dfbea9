//! Every request's id, log line and metrics. A log line names the route, never the address as it
//! was called: that may hold a case number or a code.

use std::time::Instant;

use actix_web::HttpMessage;
use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::middleware::Next;
use tracing::Instrument;

use crate::domain::ids::UserId;
use crate::metrics;

static REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The path of the table's route that a request has come to. Asking actix would match it against all
/// routes once more.
#[derive(Clone, Copy)]
pub(super) struct Matched(pub &'static str);

pub(super) async fn observe(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, actix_web::Error> {
    let begun = Instant::now();
    let id = request_id(&request);
    let method = request.method().clone();
    let span = tracing::info_span!("request", id = id.to_str().unwrap_or_default());
    // Handlers, and what stands before them, answer errors themselves: nothing comes back as one.
    let mut response = next.call(request).instrument(span.clone()).await?;
    let (status, took) = (response.status(), begun.elapsed());
    let matched = response.request().extensions().get::<Matched>().copied();
    let pattern = match matched {
        Some(_) => None,
        None => response.request().match_pattern(),
    };
    let route = matched.map(|Matched(path)| path);
    let route = route.or(pattern.as_deref()).unwrap_or("unknown");
    metrics::REQUESTS
        .with_label_values(&[known(method.as_str()), route, status.as_str()])
        .inc();
    metrics::LATENCY
        .with_label_values(&[route])
        .observe(took.as_secs_f64());
    let user = response.request().extensions().get::<UserId>().copied();
    let user = user.map(|user| user.0);
    let microseconds = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
    let (method, number) = (method.as_str(), status.as_u16());
    span.in_scope(|| {
        if status.is_server_error() {
            tracing::error!(
                method,
                route,
                status = number,
                microseconds,
                user,
                "answered"
            );
        } else {
            tracing::info!(
                method,
                route,
                status = number,
                microseconds,
                user,
                "answered"
            );
        }
    });
    response.headers_mut().insert(REQUEST_ID.clone(), id);
    Ok(response)
}

/// The id that a proxy or client gave, if it is a plain one; else a new one.
fn request_id(request: &ServiceRequest) -> HeaderValue {
    let plain = |text: &str| {
        (8..=64).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    let given = request.headers().get(&REQUEST_ID).cloned();
    given
        .filter(|value| value.to_str().is_ok_and(plain))
        .unwrap_or_else(|| {
            let id = uuid::Uuid::now_v7().to_string();
            HeaderValue::from_str(&id).unwrap_or_else(|_| HeaderValue::from_static("unknown"))
        })
}

/// A method's name; anything may be sent as one, and each would be a label of its own.
fn known(method: &str) -> &str {
    match method {
        "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE" | "OPTIONS" => method,
        _ => "other",
    }
}
