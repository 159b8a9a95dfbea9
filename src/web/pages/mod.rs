//! Pages for people, one file a screen: a view, a template, and forms that post to the same acts as the API.
//! Every page works without script; nothing in it comes from elsewhere.

pub(crate) mod assets;
pub(crate) mod dossiers;
pub(crate) mod errors;
pub(crate) mod log_in;

use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use actix_web::{FromRequest, HttpRequest, HttpResponse, dev};
use askama::Template;

use crate::web::access::state;
use crate::web::params::{Parameters, Query};
use crate::web::problem::{Kind, Problem};

/// The most bytes of a form without files.
const MOST_BYTES: usize = 64 * 1024;

/// What a browser may do on a page: load what is ours, send forms to us, and nothing else.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; font-src 'self'; \
     connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// What every page has around it.
struct Frame {
    style: String,
    /// Who is logged in.
    person: Option<String>,
}

impl Frame {
    fn new(person: Option<&str>) -> Self {
        Self {
            style: assets::address("app.css"),
            person: person.map(str::to_owned),
        }
    }
}

/// The headers of every page. With `no-referrer` a browser would not say from where a form comes.
fn add_headers(headers: &mut HeaderMap) {
    for (name, value) in [
        ("content-type", "text/html; charset=utf-8"),
        ("content-security-policy", POLICY),
        ("referrer-policy", "same-origin"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cache-control", "no-store"),
    ] {
        headers.insert(
            HeaderName::from_static(name),
            HeaderValue::from_static(value),
        );
    }
}

/// A page as an answer.
fn page(status: StatusCode, template: &impl Template) -> Result<HttpResponse, Problem> {
    let html = template
        .render()
        .map_err(|error| Problem::new(Kind::Internal, error))?;
    let mut answer = HttpResponse::build(status).body(html);
    add_headers(answer.headers_mut());
    Ok(answer)
}

/// 303 to another page.
fn see_other(place: &str) -> actix_web::HttpResponseBuilder {
    let mut answer = HttpResponse::SeeOther();
    answer
        .insert_header(("Location", place))
        .insert_header(("Cache-Control", "no-store"));
    answer
}

/// A form that was posted, without files.
pub(crate) struct Form<T>(T);

impl<T: Parameters> FromRequest for Form<T> {
    type Error = Problem;
    type Future = std::pin::Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut dev::Payload) -> Self::Future {
        let (request, payload) = (request.clone(), payload.take());
        Box::pin(async move {
            let kind = request.headers().get("content-type");
            let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
            let kind = kind.split(';').next().unwrap_or_default().trim();
            if !kind.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
                let detail = "nội dung phải là một biểu mẫu";
                return Err(Problem::new(Kind::UnsupportedMediaType, detail));
            }
            let state = state(&request)?;
            let (bytes, _counted) = state.intake.read(&request, payload, MOST_BYTES).await?;
            let text = std::str::from_utf8(&bytes)
                .map_err(|_| Problem::new(Kind::NotUtf8, "biểu mẫu không phải UTF-8"))?;
            let mut form = Query::read(text, &[T::NAMES], false)?;
            let value = form.take();
            form.done(value.map(Self))
        })
    }
}
