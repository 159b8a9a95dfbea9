//! `/bang/{unit}`: the public board (bảng điện tử) for a big screen: a unit's figures of today and of the reporting year,
//! and what people said and were answered. It renews itself without script.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use crate::domain::period::{Grain, Period};
use crate::domain::tally::Standing;
use crate::error::Error;
use crate::render::words;
use crate::reports::by::By;
use crate::reports::on_time::{OnTime, on_time};
use crate::reports::standings::Span;
use crate::views;
use crate::web::api::call::{Anybody, Call};
use crate::web::pages::feedback::Published;
use crate::web::pages::{assets, page};
use crate::web::problem::Problem;

/// After so many seconds it is asked for anew.
const SECONDS: u32 = 60;

/// How many published feedbacks there is room for.
const MOST: u32 = 2;

/// Longer ones are cut: the whole stands on the page of published feedback.
const LONGEST: usize = 160;

#[derive(Template)]
#[template(path = "board.html")]
struct BoardPage {
    style: String,
    seconds: u32,
    unit: String,
    /// Of a unit that is there no more, that, and who goes on with its work.
    over: Option<String>,
    now: String,
    panels: Vec<Panel>,
    within: String,
    past_due: String,
    published: Vec<Published>,
    judged: Vec<String>,
    /// Where we are.
    place: String,
}

struct Panel {
    name: String,
    received: String,
    resolved: String,
    overdue: String,
    rate: String,
}

impl Panel {
    fn new(name: String, standing: &Standing) -> Self {
        Self {
            name,
            received: words::number(standing.received_in_period()),
            resolved: words::number(standing.resolved()),
            overdue: words::number(standing.overdue),
            rate: words::percent(standing.on_time_share()),
        }
    }
}

fn cut(text: &str) -> String {
    match text.chars().count() > LONGEST {
        true => text.chars().take(LONGEST - 1).chain(['…']).collect(),
        false => text.to_owned(),
    }
}

/// `GET /bang/{unit}`.
pub async fn show(call: Call<Anybody>, request: HttpRequest) -> Result<HttpResponse, Problem> {
    let code = call.named::<String>()?;
    let place = request.connection_info().host().to_owned();
    let shown = call.run(move |store, _, now| {
        let reference = store.reference()?;
        let units = reference.units();
        let unit = units.by_code(&code).ok_or(Error::NO_UNIT)?;
        let under = (!units.is_whole(unit.id)).then_some(unit.id);
        let today = now.date();
        let made = |period: Period| -> Result<OnTime, Error> {
            on_time(store, By::Level, Span::new(period, None, now)?, under)
        };
        let of_today = made(Period::new(today, today).map_err(Error::from)?)?;
        let year = Period::year(Grain::Month.bucket(today).div_euclid(12));
        let period = year.and_then(|year| year.up_to(today));
        let of_period = match period {
            Some(period) => made(period)?,
            None => of_today.clone(),
        };
        let Period { from, to } = of_period.span.period;
        let published = views::feedback::published(store, Some(&code), None, MOST)?;
        let published = published.items.into_iter().map(Published::from);
        let published = published.map(|one| Published {
            content: cut(&one.content),
            answer: cut(&one.answer),
            ..one
        });
        Ok(BoardPage {
            style: assets::address("board.css"),
            seconds: SECONDS,
            unit: unit.name.clone(),
            over: words::ended(units, unit, today),
            now: words::moment(now),
            within: words::number(of_today.total.in_progress_within()),
            past_due: words::number(of_today.total.in_progress_overdue),
            panels: vec![
                Panel::new(format!("Hôm nay, {}", words::date(today)), &of_today.total),
                Panel::new(
                    format!("Từ {} đến {}", words::date(from), words::date(to)),
                    &of_period.total,
                ),
            ],
            published: published.collect(),
            judged: of_period.judged,
            place,
        })
    });
    page(StatusCode::OK, &shown.await?)
}
