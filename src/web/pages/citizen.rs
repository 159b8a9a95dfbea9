//! What the citizen's pages share: a light layout of their own, on which the first visit over a slow line is quick.

use actix_web::http::header::RETRY_AFTER;
use actix_web::{HttpResponse, ResponseError};
use askama::Template;

use crate::web::pages::{assets, page};
use crate::web::problem::{Kind, Problem};

/// Their places, as the head of each page names them.
const PLACES: [(&str, &str); 3] = [
    ("/tra-cuu", "Tra cứu"),
    ("/nop-ho-so", "Nộp hồ sơ"),
    ("/phan-anh", "Phản ánh"),
];

/// Where whoever has lost the way goes on.
pub(super) const LOOK_UP: &str = PLACES[0].0;

/// The place to which an address belongs, if it is a citizen's: those of [`PLACES`], and the board on the wall.
pub(super) fn place_of(path: &str) -> Option<&'static str> {
    let under = |place: &str| {
        let rest = path.strip_prefix(place);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    let mut places = PLACES.iter().map(|(place, _)| *place);
    let place = places.find(|place| under(place));
    place.or_else(|| under("/bang").then_some(""))
}

/// What a citizen's page has around it.
pub(super) struct Frame {
    pub style: String,
    /// Which of the places it is.
    pub here: &'static str,
    /// Something was typed that cannot be taken: the title says so first.
    pub wrong: bool,
}

impl Frame {
    pub(super) fn new(here: &'static str) -> Self {
        Self {
            style: assets::address("citizen.css"),
            here,
            wrong: false,
        }
    }

    #[must_use]
    pub(super) const fn wrong(mut self, wrong: bool) -> Self {
        self.wrong = wrong;
        self
    }

    pub(super) fn places(&self) -> &'static [(&'static str, &'static str)] {
        &PLACES
    }
}

/// Whether a form may be shown again with what is wrong; anything else has a page of its own.
pub(super) fn can_be_mended(problem: &Problem) -> bool {
    matches!(
        problem.kind(),
        Kind::InvalidRequest
            | Kind::NotFound
            | Kind::Refused
            | Kind::NotReady
            | Kind::AlreadyRated
            | Kind::TooManyRequests
    )
}

/// A form shown again, with the status of the problem and when to come back.
pub(super) fn again(problem: &Problem, template: &impl Template) -> Result<HttpResponse, Problem> {
    let mut answer = page(problem.status_code(), template)?;
    let original = problem.error_response();
    if let Some(until) = original.headers().get(RETRY_AFTER) {
        answer.headers_mut().insert(RETRY_AFTER, until.clone());
    }
    Ok(answer)
}
