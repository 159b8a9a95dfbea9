//! `GET /api/v1/reports/…`: the supervisors' reports as JSON.

use actix_web::{HttpResponse, Responder, web};
use chrono::NaiveDate;
use serde::Deserialize;

use super::{FieldError, Problem, with_store};
use crate::domain::moment::Moment;
use crate::domain::period::Period;
use crate::store::Store;
use crate::supervision::{self, By, ReportError, Span};

/// Texts, so that every wrong one can be named at once.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Query {
    from: Option<String>,
    to: Option<String>,
    as_of: Option<String>,
    by: Option<String>,
    unit: Option<String>,
}

impl Query {
    fn span(&self, errors: &mut Vec<FieldError>) -> Option<Span> {
        let mut date = |field: &str, text: Option<&str>, needed: bool| {
            let detail = match text {
                None if needed => "thiếu ngày, ví dụ 2021-09-14",
                None => return None,
                Some(text) => match NaiveDate::parse_from_str(text, "%Y-%m-%d") {
                    Ok(date) => return Some(date),
                    Err(_) => "không phải ngày, ví dụ 2021-09-14",
                },
            };
            errors.push(FieldError {
                field: field.to_owned(),
                detail: detail.to_owned(),
            });
            None
        };
        let from = date("from", self.from.as_deref(), true);
        let to = date("to", self.to.as_deref(), true);
        let as_of = date("as_of", self.as_of.as_deref(), false);
        let (from, to) = (from?, to?);
        let span = Period::new(from, to)
            .map_err(ReportError::from)
            .and_then(|period| Span::new(period, as_of, Moment::now()));
        span.map_err(|error| {
            errors.push(FieldError {
                field: error.parameter().unwrap_or("from").to_owned(),
                detail: error.to_string(),
            });
        })
        .ok()
    }

    /// The span of a report that takes neither `by` nor, unless `takes_unit`, a unit.
    fn only_span(&self, takes_unit: bool) -> Result<Span, Problem> {
        let mut errors = Vec::new();
        let span = self.span(&mut errors);
        self.refuse("by", self.by.is_some(), &mut errors);
        self.refuse("unit", self.unit.is_some() && !takes_unit, &mut errors);
        span.filter(|_| errors.is_empty())
            .ok_or_else(|| Problem::invalid(errors))
    }

    fn refuse(&self, field: &str, given: bool, errors: &mut Vec<FieldError>) {
        if given {
            errors.push(FieldError {
                field: field.to_owned(),
                detail: "báo cáo này không có tham số đó".to_owned(),
            });
        }
    }
}

pub(super) async fn cchc(
    store: web::Data<Store>,
    query: web::Query<Query>,
) -> Result<impl Responder, Problem> {
    let span = query.only_span(false)?;
    let report = with_store(store, move |store| supervision::cchc(store, span)).await?;
    Ok(HttpResponse::Ok().json(report))
}

pub(super) async fn form_06a(
    store: web::Data<Store>,
    query: web::Query<Query>,
) -> Result<impl Responder, Problem> {
    let span = query.only_span(true)?;
    let unit = query.into_inner().unit;
    let report = with_store(store, move |store| {
        supervision::form_06a(store, span, unit.as_deref())
    })
    .await?;
    Ok(HttpResponse::Ok().json(report))
}

pub(super) async fn on_time(
    store: web::Data<Store>,
    query: web::Query<Query>,
) -> Result<impl Responder, Problem> {
    let mut errors = Vec::new();
    let span = query.span(&mut errors);
    query.refuse("unit", query.unit.is_some(), &mut errors);
    let by: Option<By> = query.by.as_deref().unwrap_or("level").parse().ok();
    if by.is_none() {
        let names = By::ALL.map(By::as_str).join(", ");
        errors.push(FieldError {
            field: "by".to_owned(),
            detail: format!("phải là một trong: {names}"),
        });
    }
    let (Some(span), Some(by), true) = (span, by, errors.is_empty()) else {
        return Err(Problem::invalid(errors));
    };
    let report = with_store(store, move |store| supervision::on_time(store, by, span)).await?;
    Ok(HttpResponse::Ok().json(report))
}
