//! The calendar, a year at a time: first which return dates would move, then moving them.

use chrono::Datelike;
use serde_json::json;

use crate::domain::calendar::{CalendarDay, Others};
use crate::domain::ids::{JobId, UnitId};
use crate::domain::job::Kind;
use crate::domain::moment::Moment;
use crate::error::Error;
use crate::imports::{self, ImportError};
use crate::store::admin_acts::{self, ActKind};
use crate::store::authority::Proof;
use crate::store::reference::Reference;
use crate::store::{Store, jobs};
use crate::views::calendar::Moves;
use crate::views::reach::ensure_whole;

/// What a change of the calendar did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CalendarChange {
    pub changed: bool,
    /// What moves the return dates of open dossiers.
    pub job: Option<JobId>,
}

/// How many dossiers a preview names.
const NAMED: usize = 200;

fn check(days: &[CalendarDay], year: i32) -> Vec<(String, String)> {
    let mut wrong = Vec::new();
    if days.is_empty() {
        let reason = "cần ít nhất một ngày".to_owned();
        wrong.push(("/days".to_owned(), reason));
    }
    for (i, day) in days.iter().enumerate() {
        if day.date.year() != year {
            let reason = format!("không thuộc năm {year}");
            wrong.push((format!("/days/{i}/date"), reason));
        }
        if let Some(reason) = day.no_day_to_make_up() {
            wrong.push((format!("/days/{i}/date"), reason.to_owned()));
        }
        if days.iter().take(i).any(|earlier| earlier.date == day.date) {
            wrong.push((format!("/days/{i}/date"), "ngày lặp lại".to_owned()));
        }
        if day.name.trim().is_empty() || day.name.chars().count() > 200 {
            wrong.push((format!("/days/{i}/name"), "có 1 đến 200 ký tự".to_owned()));
        }
        if let Some(source) = &day.source {
            if let Err(error) = source.check() {
                wrong.push((format!("/days/{i}/document"), error.to_string()));
            }
            if source.document.chars().count() > 200 {
                let reason = "có tối đa 200 ký tự".to_owned();
                wrong.push((format!("/days/{i}/document"), reason));
            }
        }
    }
    wrong
}

/// Which days would go, and which open dossiers would get another return date, if these days were put to the year's.
///
/// # Errors
/// All that is wrong with the days, a caller who does not keep the whole office, or an error of the
/// store.
pub fn preview_year(
    store: &Store,
    year: i32,
    days: &[CalendarDay],
    others: Others,
    reach: UnitId,
    now: Moment,
) -> Result<Moves, Error> {
    let reference = store.reference()?;
    ensure_whole(reference.units(), reach)?;
    let wrong = check(days, year);
    if !wrong.is_empty() {
        return Err(Error::invalid(wrong));
    }
    crate::views::calendar::preview(store, days, others, NAMED, now)
}

/// Puts days to the year's that are known, or in their place, if `unchanged` holds of these. A job moves the
/// return dates of the open dossiers that it touches; what is received meanwhile goes by the new days.
///
/// # Errors
/// As [`preview_year`].
pub fn put_year(
    store: &Store,
    year: i32,
    days: Vec<CalendarDay>,
    others: Others,
    by: Proof,
    unchanged: impl Fn(&Reference) -> bool + Send + 'static,
) -> Result<CalendarChange, Error> {
    let wrong = check(&days, year);
    if !wrong.is_empty() {
        return Err(Error::invalid(wrong));
    }
    store.change_reference_as(by, move |conn, reference, caller| {
        ensure_whole(reference.units(), caller.unit())?;
        if !unchanged(reference) {
            return Err(Error::CHANGED);
        }
        let before = reference.version();
        imports::put_calendar(conn, &days, others).map_err(|error| match error {
            ImportError::Wrong(wrong) => {
                Error::invalid(wrong.into_iter().map(|wrong| ("/days", wrong.reason)))
            }
            error => error.into(),
        })?;
        let changed = crate::store::settings::reference_version(conn)? != before;
        let now = crate::clock::now();
        if changed {
            let act = json!({"year": year, "days": days, "replace": others == Others::Dropped});
            admin_acts::record(conn, caller.actor(), now, ActKind::CalendarPut, &act)?;
        }
        let mut job = None;
        if changed && reference.calendar().is_some() {
            let (kind, by) = (Kind::DueMoments, Some(caller.user()));
            job = Some(jobs::ask(conn, kind, &[], by, now)?);
        }
        Ok(CalendarChange { changed, job })
    })
}
