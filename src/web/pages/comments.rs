//! `/tong-quan/bao-cao/satisfaction/y-kien`: what people wrote beside their rating, without whose it is.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;

use crate::domain::moment::Moment;
use crate::render::words;
use crate::views::satisfaction::CommentView;
use crate::web::api::call::Call;
use crate::web::api::page::{ListQuery, OfUnit};
use crate::web::api::satisfaction;
use crate::web::pages::citizen::{again, can_be_mended};
use crate::web::pages::forms::{Field, Fields, FormPart};
use crate::web::pages::named::in_codes;
use crate::web::pages::{Frame, overview, page};
use crate::web::problem::Problem;

pub(super) const PATH: &str = "/tong-quan/bao-cao/satisfaction/y-kien";

const UNIT: &str = "unit";

#[derive(Template)]
#[template(path = "comments.html")]
struct CommentsPage {
    frame: Frame,
    form: FormPart,
    rows: Vec<CommentView>,
    next: Option<String>,
}

impl CommentsPage {
    fn moment(at: &Moment) -> String {
        words::moment(*at)
    }
}

/// `GET`: of a unit and what is under it, newest first.
pub async fn list(call: Call, mut typed: Fields) -> Result<HttpResponse, Problem> {
    in_codes(&call, &mut typed, UNIT, "").await?;
    let field = Field::text(UNIT, "Mã hoặc tên đơn vị");
    let form = FormPart::new(vec![field]).typed(&typed);
    let blank = |form: FormPart| CommentsPage {
        frame: Frame::of(&call.by, overview::PATH).wrong(!form.errors.is_empty()),
        form,
        rows: Vec::new(),
        next: None,
    };
    let asked = ListQuery::<OfUnit, (Moment, u32)>::read(&typed.query_without(&[]));
    let found = match asked {
        Ok(asked) => satisfaction::read(&call, asked).await,
        Err(problem) => Err(problem),
    };
    let found = match found {
        Ok(found) => found,
        Err(problem) if can_be_mended(&problem) => {
            return again(&problem, &blank(form.refused(&problem)));
        }
        Err(problem) => return Err(problem),
    };
    let (rows, next) = found.into_parts();
    let unit = typed.typed(UNIT).map(|unit| (UNIT, unit.to_owned()));
    let next = next.map(|after| {
        let query: Vec<_> = unit.into_iter().chain([("after", after)]).collect();
        format!(
            "{PATH}?{}",
            serde_urlencoded::to_string(query).unwrap_or_default()
        )
    });
    let shown = CommentsPage {
        rows,
        next,
        ..blank(form)
    };
    page(StatusCode::OK, &shown)
}
