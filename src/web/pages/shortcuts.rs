//! `/phim-tat`: what the keys do.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;

use crate::web::access::Staff;
use crate::web::pages::{Frame, page};
use crate::web::problem::Problem;

#[derive(Template)]
#[template(path = "shortcuts.html")]
struct ShortcutsPage {
    frame: Frame,
}

/// `GET /phim-tat`.
pub async fn show(staff: Staff) -> Result<HttpResponse, Problem> {
    let frame = Frame::of(&staff, "/phim-tat");
    page(StatusCode::OK, &ShortcutsPage { frame })
}
