//! `/ho-so`: the open dossiers of one's unit and those under it, by the day on which they are due.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use askama::Template;

use crate::domain::ids::DossierId;
use crate::domain::moment::Moment;
use crate::domain::role::Permission;
use crate::store::lists::Order;
use crate::views::list::{ListItem, ListRequest, named_unit};
use crate::web::access::Staff;
use crate::web::api::page::{Everything, ListQuery, Page};
use crate::web::pages::{Frame, home, page, see_other};
use crate::web::problem::Problem;
use crate::web::{State, with_store};
use crate::{render, views};

#[derive(Template)]
#[template(path = "dossiers.html")]
struct DossiersPage {
    frame: Frame,
    unit: String,
    rows: Vec<Row>,
    next: Option<String>,
}

struct Row {
    item: ListItem,
    due: Option<String>,
}

/// `GET /ho-so`.
pub async fn show(
    state: web::Data<State>,
    staff: Staff,
    query: ListQuery<Everything, (Moment, DossierId)>,
) -> Result<HttpResponse, Problem> {
    if !staff.may(Permission::ReadDossiers) {
        return Ok(see_other(home(&staff)).finish());
    }
    let now = crate::clock::now();
    let reach = staff.unit;
    let request = ListRequest {
        after: query.page.after,
        ..ListRequest::of_all(reach, Order::Due, query.page.limit as usize, now)
    };
    let (listing, unit) = with_store(&state, move |store| {
        let unit = named_unit(&*store.reference()?, reach).name;
        Ok::<_, Problem>((views::list::list(store, &request)?, unit))
    })
    .await?;
    let page_of_items = Page::new(listing.items, listing.next.as_ref());
    let page_of_rows = page_of_items.map(|item| Row {
        due: item.due_at.map(render::words::moment),
        item,
    });
    let (rows, next) = page_of_rows.into_parts();
    let shown = DossiersPage {
        frame: Frame::of(&staff, "/ho-so"),
        unit,
        rows,
        next,
    };
    page(StatusCode::OK, &shown)
}
