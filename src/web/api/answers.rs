//! How answers are put together: fresh, with a tag, to a create, to a change that came too late.

use actix_web::{HttpResponse, HttpResponseBuilder};
use serde::Serialize;

use crate::web::problem::{Kind, Problem};

/// What has an `ETag`: a change has to name the one that was read (`If-Match`).
pub trait Tagged: Serialize {
    fn tag(&self) -> String;
}

/// 200, and nobody keeps it.
pub fn fresh(view: &impl Serialize) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header(("Cache-Control", "no-store"))
        .json(view)
}

/// 200 with its tag.
pub fn tagged(view: &impl Tagged) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header(("ETag", view.tag()))
        .json(view)
}

/// 200 with its tag, and nobody keeps it.
pub fn fresh_tagged(view: &impl Tagged) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header(("ETag", view.tag()))
        .insert_header(("Cache-Control", "no-store"))
        .json(view)
}

/// 201; says whether it was made `before`, by a request with the same `Idempotency-Key`.
pub fn created(before: bool) -> HttpResponseBuilder {
    let mut answer = HttpResponse::Created();
    if before {
        answer.insert_header(("Idempotency-Replayed", "true"));
    }
    answer
}

/// What a change has made. Where it was refused because somebody else was quicker, the caller is told what
/// it is now, and its tag.
///
/// # Errors
/// That of the change.
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
