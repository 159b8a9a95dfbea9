//! How answers are put together: fresh, with a tag, to a create, to a change that came too late. Their
//! types say what the document says of them ([`crate::web::api::says`]).

use std::marker::PhantomData;

use actix_web::body::BoxBody;
use actix_web::http::StatusCode;
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE, ETAG, HeaderName, HeaderValue, LINK,
    LOCATION, TryIntoHeaderValue,
};
use actix_web::{HttpRequest, HttpResponse, Responder};
use serde::Serialize;

use crate::web::problem::{Kind, Problem};

/// What has an `ETag`: a change has to name the one that was read (`If-Match`).
pub trait Tagged: Serialize {
    fn tag(&self) -> String;
}

/// An answer that shows a `T`.
pub struct Answer<T, const STATUS: u16 = 200> {
    response: HttpResponse,
    shows: PhantomData<fn() -> T>,
}

/// 200, or a problem.
pub type Reply<T> = Result<Answer<T>, Problem>;

/// 201, or a problem.
pub type Created<T> = Result<Answer<T, 201>, Problem>;

/// 204.
pub struct Done;

/// A table that is kept as a file; nobody else keeps it.
pub struct Csv(HttpResponse);

impl Csv {
    pub fn new(file: &str, table: Vec<u8>) -> Self {
        let file = format!("attachment; filename=\"{file}\"");
        let mut answer = HttpResponse::Ok();
        answer.insert_header((CONTENT_TYPE, "text/csv; charset=utf-8"));
        answer.insert_header((CONTENT_DISPOSITION, file));
        answer.insert_header((CACHE_CONTROL, "no-store"));
        Self(answer.body(table))
    }

    /// Says where the next page is, if there is one: the same request with another `after`.
    #[must_use]
    pub fn and_next(mut self, request: &HttpRequest, after: Option<&str>) -> Self {
        if let Some(link) = after.and_then(|after| next_link(request, after)) {
            self.0.headers_mut().insert(LINK, link);
        }
        self
    }
}

impl Responder for Csv {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        self.0
    }
}

/// The `Link` to the page of the same list that begins behind `after`.
pub fn next_link(request: &HttpRequest, after: &str) -> Option<HeaderValue> {
    let query = serde_urlencoded::from_str::<Vec<(String, String)>>(request.query_string());
    let query = query.unwrap_or_default().into_iter();
    let mut query: Vec<_> = query.filter(|(name, _)| name != "after").collect();
    query.push(("after".to_owned(), after.to_owned()));
    let query = serde_urlencoded::to_string(query).unwrap_or_default();
    let link = format!("<{}?{query}>; rel=\"next\"", request.path());
    HeaderValue::from_str(&link).ok()
}

/// A list without pages.
#[derive(Serialize)]
#[serde(transparent)]
pub struct Many<T>(pub Vec<T>);

impl<T> Answer<T> {
    /// A response that was put together elsewhere, 304 among them.
    pub const fn of(response: HttpResponse) -> Self {
        Self {
            response,
            shows: PhantomData,
        }
    }
}

impl<T, const STATUS: u16> Answer<T, STATUS> {
    fn with(mut self, name: HeaderName, value: impl TryIntoHeaderValue) -> Self {
        // What we say ourselves can stand in a header.
        if let Ok(value) = value.try_into_value() {
            self.response.headers_mut().insert(name, value);
        }
        self
    }

    /// Nobody keeps it.
    #[must_use]
    pub fn fresh(self) -> Self {
        self.with(CACHE_CONTROL, HeaderValue::from_static("no-store"))
    }

    /// Where that is which was made.
    #[must_use]
    pub fn at(self, address: String) -> Self {
        self.with(LOCATION, address)
    }

    /// Says whether it was made `before`, by a request with the same `Idempotency-Key`.
    #[must_use]
    pub fn replayed(self, before: bool) -> Self {
        let name = HeaderName::from_static("idempotency-replayed");
        match before {
            true => self.with(name, HeaderValue::from_static("true")),
            false => self,
        }
    }
}

impl<T, const STATUS: u16> Responder for Answer<T, STATUS> {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        self.response
    }
}

impl Responder for Done {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        HttpResponse::NoContent().finish()
    }
}

/// Shows it.
pub fn shown<T: Serialize, const STATUS: u16>(view: T) -> Answer<T, STATUS> {
    let status = StatusCode::from_u16(STATUS).unwrap_or(StatusCode::OK);
    Answer {
        response: HttpResponse::build(status).json(view),
        shows: PhantomData,
    }
}

/// Shows it, and nobody keeps it.
pub fn fresh<T: Serialize, const STATUS: u16>(view: T) -> Answer<T, STATUS> {
    shown(view).fresh()
}

/// Shows it with its tag.
pub fn tagged<T: Tagged, const STATUS: u16>(view: T) -> Answer<T, STATUS> {
    let tag = view.tag();
    shown(view).with(ETAG, tag)
}

/// Shows it with its tag, and nobody keeps it.
pub fn fresh_tagged<T: Tagged, const STATUS: u16>(view: T) -> Answer<T, STATUS> {
    tagged(view).fresh()
}

/// There is nothing to show.
pub fn done((): ()) -> Done {
    Done
}

/// What a change has made. Where it was refused because somebody else was quicker, the caller is told what
/// it is now, and its tag.
pub fn or_current<T, V: Tagged>(
    made: Result<T, impl Into<Problem>>,
    current: impl FnOnce() -> Result<V, Problem>,
) -> Result<T, Problem> {
    made.map_err(|error| match error.into() {
        problem if problem.kind() == Kind::Changed => match current() {
            Ok(current) => {
                let etag = current.tag();
                Problem::changed(serde_json::to_value(current).unwrap_or_default(), etag)
            }
            Err(problem) => problem,
        },
        problem => problem,
    })
}
