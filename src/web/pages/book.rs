//! `/so-theo-doi`: the book of what a unit took in from a day to a day, to print on A4.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, ResponseError};
use askama::Template;

use crate::domain::dossier::{Decision, Status};
use crate::domain::moment::Moment;
use crate::domain::norms::FormKind;
use crate::render::words;
use crate::views;
use crate::views::dossier::DossierView;
use crate::views::list::named_unit;
use crate::web::api::call::Call;
use crate::web::api::lists::{self, DossierQuery};
use crate::web::pages::forms::{Field, Fields, FormPart};
use crate::web::pages::{Frame, page};
use crate::web::problem::{Kind, Problem};

const PATH: &str = "/so-theo-doi";

/// How many dossiers the page has at most: each is read by itself.
const MOST_ROWS: usize = 500;

/// And how many of them are listed at a time.
const AT_ONCE: &str = "100";

#[derive(Template)]
#[template(path = "book.html")]
struct BookPage {
    frame: Frame,
    form: FormPart,
    unit: String,
    /// `Mẫu số 07`.
    number: String,
    title: String,
    from: String,
    to: String,
    rows: Vec<DossierView>,
    /// There are more in these days than the page takes.
    more: bool,
}

impl BookPage {
    fn moment(moment: &Option<Moment>) -> String {
        moment.map_or_else(String::new, words::moment)
    }

    /// What became of it, where that is no result.
    fn note(view: &DossierView) -> &'static str {
        match (view.status, view.decision) {
            (Status::Done | Status::Returned, Some(Decision::Refused)) => "Từ chối giải quyết",
            (Status::Withdrawn, _) => "Người nộp rút hồ sơ",
            (Status::Stopped, _) => "Dừng giải quyết",
            _ => "",
        }
    }

    fn how(view: &DossierView) -> &'static str {
        words::channel(view.return_channel)
    }
}

fn form(typed: &Fields) -> FormPart {
    FormPart::new(vec![
        Field::date("received_from", "Tiếp nhận từ ngày").required(),
        Field::date("received_to", "Đến hết ngày").required(),
    ])
    .typed(typed)
}

/// `GET /so-theo-doi`: today's, if no days are named.
pub async fn show(call: Call, mut typed: Fields) -> Result<HttpResponse, Problem> {
    let today = crate::clock::now().date();
    for name in ["received_from", "received_to"] {
        if typed.typed(name).is_none() {
            typed.set(name, today.to_string());
        }
    }
    let kept = typed.query_without(&["list", "limit", "after"]);
    let asked = format!("list=all&limit={AT_ONCE}&{kept}");
    let read = call.run(move |store, by, now| {
        let (mut items, mut more) = (Vec::new(), false);
        let mut asked = Some(asked.clone());
        let first = asked.clone().unwrap_or_default();
        while let Some(query) = asked.take() {
            let query = DossierQuery::read(&query)?;
            let (page, next) = lists::listed(store, query, by, now)?.into_parts();
            items.extend(page);
            more = next.is_some() && items.len() >= MOST_ROWS;
            asked = next.filter(|_| !more).map(|after| {
                let after = serde_urlencoded::to_string([("after", after)]);
                format!("{first}&{}", after.unwrap_or_default())
            });
        }
        // Numbered as they came.
        items.reverse();
        let mut rows = Vec::with_capacity(items.len());
        // Only where each reading is on record does it matter who reads.
        let reader = by.role.is_watched().then(|| by.reader());
        for item in items {
            let (reader, reach) = (reader.as_ref(), Some(by.unit));
            let view = views::dossier::view(store, item.id, reader, reach, now)?;
            rows.extend(view.received_at.is_some().then_some(view));
        }
        Ok((rows, more))
    });
    let read = read.await;
    let (mut form, mut status) = (form(&typed), StatusCode::OK);
    let (rows, more) = match read {
        Ok(read) => read,
        Err(problem) if problem.kind() == Kind::InvalidRequest => {
            status = problem.status_code();
            form = form.refused(&problem);
            (Vec::new(), false)
        }
        Err(problem) => return Err(problem),
    };
    let day = |name: &str| typed.day(name).flatten().unwrap_or(today);
    let (from, to) = (day("received_from"), day("received_to"));
    let named = call.run(move |store, by, _| {
        let reference = store.reference()?;
        let form = reference.norms().on(to).form(FormKind::Book).cloned();
        Ok((named_unit(&reference, by.unit).name, form))
    });
    let (unit, named) = named.await?;
    let shown = BookPage {
        frame: Frame::of(&call.by, PATH).wrong(!form.errors.is_empty()),
        form,
        unit,
        number: named
            .as_ref()
            .map_or_else(String::new, |form| format!("Mẫu số {}", form.number)),
        title: named.map_or_else(|| "Sổ theo dõi hồ sơ".to_owned(), |form| form.title),
        from: words::date(from),
        to: words::date(to),
        rows,
        more,
    };
    page(status, &shown)
}
