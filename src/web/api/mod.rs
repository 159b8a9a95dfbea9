//! `/api/v1`: one file for what belongs together. A handler takes the request apart, calls one
//! function of a feature, and puts the answer together.

#![expect(
    unused_qualifications,
    reason = "utoipa's macro qualifies the names of parameters"
)]

pub(crate) mod actions;
pub(crate) mod alarms;
pub(crate) mod answers;
pub(crate) mod calendar;
pub(crate) mod call;
pub(crate) mod cards;
pub(crate) mod checkpoint;
pub(crate) mod deputies;
pub(crate) mod dossiers;
mod entered_at;
pub(crate) mod feedback;
pub(crate) mod fees;
pub(crate) mod formats;
pub(crate) mod jobs;
pub(crate) mod links;
pub(crate) mod lists;
pub(crate) mod lookup;
pub(crate) mod norms;
pub(crate) mod oidc;
pub(crate) mod outbox;
pub(crate) mod page;
pub(crate) mod payments;
pub(crate) mod people;
pub(crate) mod privacy;
pub(crate) mod procedures;
pub(crate) mod reports;
pub(crate) mod satisfaction;
pub(crate) mod saved_lists;
pub(crate) mod says;
pub(crate) mod sessions;
pub(crate) mod submissions;
pub(crate) mod text_blocks;
pub(crate) mod time_limit;
pub(crate) mod units;
pub(crate) mod users;
pub(crate) mod webhooks;

use actix_web::HttpRequest;
use actix_web::http::header::LINK;
use serde::Serialize;

use crate::domain::disclosure::{PERSONAL_NUMBER, holds_personal_number};
use crate::web::api::answers::{Answer, Many, next_link};
use crate::web::headers::unless_seen;
use crate::web::problem::FieldError;

/// The most rows of a list that everybody may read, which most installations have on one page.
const MOST_PUBLIC_ROWS: u32 = 500;

/// A page of what everybody may read: those after a code, with a `Link` to the next page if there is
/// one, and a tag by which it is not sent again.
fn public_page<T: Serialize>(
    request: &HttpRequest,
    mut rows: Vec<T>,
    code: impl Fn(&T) -> &str,
    limit: Option<u32>,
) -> Answer<Many<T>> {
    let limit = limit.unwrap_or(MOST_PUBLIC_ROWS) as usize;
    let more = rows.len() > limit;
    rows.truncate(limit);
    let mut answer = unless_seen(request, &rows);
    let last = rows.last().filter(|_| more);
    if let Some(link) = last.and_then(|last| next_link(request, code(last))) {
        answer.headers_mut().insert(LINK, link);
    }
    Answer::of(answer)
}

/// Checks the number of rows of such a page.
fn check_public_limit(limit: Option<u32>) -> Vec<FieldError> {
    if limit.is_none_or(|limit| (1..=MOST_PUBLIC_ROWS).contains(&limit)) {
        return Vec::new();
    }
    let detail = format!("phải từ 1 đến {MOST_PUBLIC_ROWS}");
    vec![FieldError::new("limit", detail)]
}

/// Names texts that are longer than they may be.
fn check_length(field: &str, text: &str, most: usize, wrong: &mut Vec<FieldError>) {
    if text.chars().count() > most {
        wrong.push(FieldError::new(field, format!("dài quá {most} ký tự")));
    }
}

/// Names texts that say nothing, or are longer than they may be.
fn check_text(field: &str, text: &str, most: usize, wrong: &mut Vec<FieldError>) {
    if text.trim().is_empty() {
        wrong.push(FieldError::new(field, "để trống"));
    }
    check_length(field, text, most, wrong);
}

/// Names notes that hold somebody's number.
fn check_no_number(field: &str, text: &str, wrong: &mut Vec<FieldError>) {
    if holds_personal_number(text) {
        wrong.push(FieldError::new(field, PERSONAL_NUMBER));
    }
}

/// A text that may be left out; one that says nothing is none.
fn kept(text: Option<&String>) -> Option<String> {
    let text = text.map(|text| text.trim()).unwrap_or_default();
    (!text.is_empty()).then(|| text.to_owned())
}
