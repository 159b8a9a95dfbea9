//! `/api/v1/calendar`: days off and compensatory working days, a year at a time.

use actix_web::{Either, HttpRequest};
use chrono::Datelike;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::acts;
use crate::acts::calendar::CalendarChange;
use crate::domain::calendar::{Calendar, CalendarDay, DayKind, Others, Source, SourceKind};
use crate::domain::text::{GARBLED, is_garbled};
use crate::store::reference::Reference;
use crate::views::calendar::Moves;
use crate::web::api::answers::{Answer, Reply, Tagged, fresh, or_current, shown};
use crate::web::api::call::{Anybody, Call, Who};
use crate::web::api::jobs::{self, JobView};
use crate::web::body::{Body, Readable};
use crate::web::headers::{IfMatch, content_tag, unless_seen};
use crate::web::problem::{FieldError, Problem};

/// A day that is not like others of its day of the week.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Day {
    #[schema(example = "2026-09-02")]
    #[serde(deserialize_with = "crate::domain::day::day")]
    pub(crate) date: chrono::NaiveDate,
    pub(crate) kind: DayKind,
    #[schema(example = "Nghỉ lễ Quốc khánh")]
    pub(crate) name: String,
    /// Căn cứ; không có: chưa ghi.
    #[serde(default)]
    #[schema(example = "law")]
    pub(crate) source: Option<SourceKind>,
    /// Số thông báo hoặc số luật; bắt buộc với notice.
    #[serde(default)]
    #[schema(example = "Nghị quyết 28/2026/QH16")]
    pub(crate) document: Option<String>,
}

/// The days of a year.
#[derive(Serialize, ToSchema)]
pub struct Year {
    pub(crate) days: Vec<Day>,
}

impl Tagged for Year {
    fn tag(&self) -> String {
        content_tag(self)
    }
}

impl Year {
    pub(crate) fn of(reference: &Reference, year: i32) -> Self {
        let all = reference.calendar().into_iter().flat_map(Calendar::days);
        let days = all.filter(|day| day.date.year() == year).map(|day| {
            let source = day.source.as_ref();
            let document = source.map(|source| source.document.clone());
            Day {
                date: day.date,
                kind: day.kind,
                name: day.name.clone(),
                source: source.map(|source| source.kind),
                document: document.filter(|document| !document.is_empty()),
            }
        });
        Self {
            days: days.collect(),
        }
    }
}

/// Days to be put to those of a year.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct YearChange {
    days: Vec<Day>,
    /// Đây là toàn bộ các ngày của năm: ngày đã có mà không nêu ở đây sẽ bị bỏ. Mặc định là không: các ngày được thêm
    /// vào, ngày đã có được giữ.
    #[serde(default)]
    replace: bool,
}

impl YearChange {
    const fn others(&self) -> Others {
        match self.replace {
            true => Others::Dropped,
            false => Others::Kept,
        }
    }

    fn into_days(self) -> Vec<CalendarDay> {
        let days = self.days.into_iter();
        days.map(|day| CalendarDay {
            date: day.date,
            kind: day.kind,
            name: day.name.trim().to_owned(),
            source: day.source.map(|kind| Source {
                kind,
                document: day.document.unwrap_or_default().trim().to_owned(),
            }),
        })
        .collect()
    }
}

impl Readable for YearChange {
    fn check(&self) -> Vec<FieldError> {
        let of_no_source = self.days.iter().enumerate().filter(|(_, day)| {
            let document = day.document.as_deref().unwrap_or_default();
            day.source.is_none() && !document.trim().is_empty()
        });
        let of_no_source = of_no_source
            .map(|(i, _)| FieldError::new(format!("/days/{i}/source"), "cần khi có số văn bản"));
        let days = self.days.iter().enumerate();
        let garbled = days.filter(|(_, day)| is_garbled(&day.name));
        let garbled = garbled.map(|(i, _)| FieldError::new(format!("/days/{i}/name"), GARBLED));
        of_no_source.chain(garbled).collect()
    }
}

pub(crate) fn year_of(call: &Call<impl Who>) -> Result<i32, Problem> {
    let year = call
        .named::<String>()?
        .parse()
        .ok()
        .filter(|year| (1900..=9998).contains(year));
    year.ok_or_else(|| Problem::not_found("năm phải từ 1900 đến 9998"))
}

pub async fn show(call: Call<Anybody>, request: HttpRequest) -> Reply<Year> {
    let year = year_of(&call)?;
    let days = call
        .run(move |store, _, _| Ok(Year::of(&*store.reference()?, year)))
        .await?;
    if days.days.is_empty() {
        return Err(Problem::not_found(format!("lịch chưa có năm {year}")));
    }
    Ok(Answer::of(unless_seen(&request, &days)))
}

pub async fn preview(call: Call, body: Body<YearChange>) -> Reply<Moves> {
    let year = year_of(&call)?;
    would_move(&call, year, body.value).await.map(shown)
}

/// Which dossiers these days would move.
pub(crate) async fn would_move(call: &Call, year: i32, new: YearChange) -> Result<Moves, Problem> {
    let (others, days) = (new.others(), new.into_days());
    call.run(move |store, by, now| {
        Ok(acts::calendar::preview_year(
            store, year, &days, others, by.unit, now,
        )?)
    })
    .await
}

/// A calendar that moves no return date.
#[derive(Serialize, ToSchema)]
pub struct Changed {
    /// False if the days were these already.
    changed: bool,
}

pub async fn put(
    call: Call,
    if_match: IfMatch,
    body: Body<YearChange>,
) -> Result<Either<Answer<JobView, 202>, Answer<Changed>>, Problem> {
    let year = year_of(&call)?;
    let CalendarChange { changed, job } = change(&call, year, body.value, if_match).await?;
    let Some(id) = job else {
        return Ok(Either::Right(shown(Changed { changed })));
    };
    let view = call.run(move |store, _, _| jobs::view(store, id)).await?;
    Ok(Either::Left(fresh(view).at(jobs::address(id))))
}

/// Puts these days to those of the year or in their place, if these are still as they were seen.
pub(crate) async fn change(
    call: &Call,
    year: i32,
    new: YearChange,
    if_match: IfMatch,
) -> Result<CalendarChange, Problem> {
    call.run(move |store, by, _| {
        let unchanged = move |now: &Reference| if_match.fits(&Year::of(now, year).tag());
        let (others, days) = (new.others(), new.into_days());
        let put = acts::calendar::put_year(store, year, days, others, by.proof, unchanged);
        or_current(put, || Ok(Year::of(&*store.reference()?, year)))
    })
    .await
}
