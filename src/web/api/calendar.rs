//! `/api/v1/calendar`: days off and compensatory working days, a year at a time.

use actix_web::{HttpRequest, HttpResponse, web};
use chrono::Datelike;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::acts;
use crate::acts::calendar::CalendarChange;
use crate::domain::calendar::{Calendar, CalendarDay, DayKind};
use crate::store::reference::Reference;
use crate::views::calendar::Moves;
use crate::web::access::Staff;
use crate::web::api::answers::{Tagged, or_current};
use crate::web::api::jobs::{self, JobView};
use crate::web::body::{Body, Readable};
use crate::web::headers::{IfMatch, content_tag, unless_seen};
use crate::web::problem::Problem;
use crate::web::{State, with_store};

/// A day that is not like others of its day of the week.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Day {
    #[schema(example = "2026-09-02")]
    date: chrono::NaiveDate,
    kind: DayKind,
    #[schema(example = "Nghỉ lễ Quốc khánh")]
    name: String,
}

/// The days of a year.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Year {
    days: Vec<Day>,
}

impl Tagged for Year {
    fn tag(&self) -> String {
        content_tag(self)
    }
}

impl Year {
    fn of(reference: &Reference, year: i32) -> Self {
        let all = reference.calendar().into_iter().flat_map(Calendar::days);
        let days = all.filter(|day| day.date.year() == year).map(|day| Day {
            date: day.date,
            kind: day.kind,
            name: day.name.clone(),
        });
        Self {
            days: days.collect(),
        }
    }

    fn into_days(self) -> Vec<CalendarDay> {
        let days = self.days.into_iter();
        days.map(|day| CalendarDay {
            date: day.date,
            kind: day.kind,
            name: day.name.trim().to_owned(),
        })
        .collect()
    }
}

impl Readable for Year {}

fn year_of(path: &str) -> Result<i32, Problem> {
    let year = path
        .parse()
        .ok()
        .filter(|year| (1900..=9998).contains(year));
    year.ok_or_else(|| Problem::not_found("năm phải từ 1900 đến 9998"))
}

/// Ngày nghỉ và ngày làm bù của một năm.
#[utoipa::path(
    get, path = "/api/v1/calendar/{year}", tag = "Danh mục",
    params(("year" = i32, Path, description = "Năm", example = 2026)),
    responses(
        (status = 200, description = "Các ngày", body = Year),
        (status = 304, description = "Như đã đọc (If-None-Match)"),
    ),
)]
pub async fn show(
    state: web::Data<State>,
    request: HttpRequest,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let year = year_of(&path)?;
    let days = with_store(&state, move |store| {
        Ok::<_, Problem>(Year::of(&*store.reference()?, year))
    })
    .await?;
    if days.days.is_empty() {
        return Err(Problem::not_found(format!("lịch chưa có năm {year}")));
    }
    Ok(unless_seen(&request, &days))
}

/// Nếu lịch của năm đổi như vậy, ngày hẹn trả của những hồ sơ nào thay đổi. Không đổi gì.
#[utoipa::path(
    post, path = "/api/v1/calendar/{year}/preview", tag = "Quản trị", request_body = Year,
    params(("year" = i32, Path, description = "Năm", example = 2026)),
    responses((status = 200, description = "Những hồ sơ sẽ thay đổi", body = Moves)),
)]
pub async fn preview(
    state: web::Data<State>,
    staff: Staff,
    path: web::Path<String>,
    body: Body<Year>,
) -> Result<HttpResponse, Problem> {
    let (year, reach) = (year_of(&path)?, staff.unit);
    let moves = with_store(&state, move |store| {
        acts::calendar::preview_year(store, year, &body.value.into_days(), reach)
    })
    .await?;
    Ok(HttpResponse::Ok().json(moves))
}

/// A calendar that moves no return date.
#[derive(Serialize, ToSchema)]
pub struct Changed {
    /// False if the days were these already.
    changed: bool,
}

/// Đổi lịch của một năm; một công việc chạy nền tính lại ngày hẹn trả của các hồ sơ đang xử lý.
#[utoipa::path(
    put, path = "/api/v1/calendar/{year}", tag = "Quản trị", request_body = Year,
    params(
        ("year" = i32, Path, description = "Năm", example = 2026),
        ("If-Match" = String, Header, description = "ETag đã đọc; * cho năm mới"),
    ),
    responses(
        (status = 202, description = "Đã đổi; Location: công việc tính lại ngày hẹn trả", body = JobView),
        (status = 200, description = "Không có ngày hẹn trả nào phải tính lại", body = Changed),
    ),
)]
pub async fn put(
    state: web::Data<State>,
    staff: Staff,
    path: web::Path<String>,
    if_match: IfMatch,
    body: Body<Year>,
) -> Result<HttpResponse, Problem> {
    let (year, by) = (year_of(&path)?, staff.proof);
    let change = with_store(&state, move |store| {
        let unchanged = move |now: &Reference| if_match.fits(&Year::of(now, year).tag());
        let days = body.value.into_days();
        let put = acts::calendar::put_year(store, year, days, by, unchanged);
        or_current(put, || Ok(Year::of(&*store.reference()?, year)))
    })
    .await?;
    let CalendarChange { changed, job } = change;
    let Some(id) = job else {
        return Ok(HttpResponse::Ok().json(Changed { changed }));
    };
    let view = with_store(&state, move |store| jobs::view(store, id)).await?;
    Ok(HttpResponse::Accepted()
        .insert_header(("Location", jobs::address(id)))
        .insert_header(("Cache-Control", "no-store"))
        .json(view))
}
