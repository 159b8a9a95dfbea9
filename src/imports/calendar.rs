//! `motcua import calendar`: days off and compensatory working days of whole years, with their sources.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{Datelike, NaiveDate};

use crate::domain::calendar::{Calendar, CalendarDay, DayKind, Source, SourceKind};
use crate::domain::job::Kind;
use crate::imports::table::{self, Row};
use crate::imports::{ImportError, Imported, Wrong, file_hash, recorded, verdict};
use crate::store::admin_acts::ActKind;
use crate::store::{Conn, Store, calendar as store, jobs, settings};

/// Reads the days of a calendar file, in the order of the file.
///
/// # Errors
/// All that is wrong with the file.
pub fn read_calendar(bytes: &[u8]) -> Result<Vec<CalendarDay>, ImportError> {
    let mut wrong = Vec::new();
    let rows = table::read(
        bytes,
        &["date", "kind", "name"],
        &["source", "document"],
        &mut wrong,
    );
    let days: Vec<(u64, CalendarDay)> = rows
        .iter()
        .filter_map(|row| Some((row.line, read_line(row, &mut wrong)?)))
        .collect();
    let mut first_line: HashMap<NaiveDate, u64> = HashMap::new();
    for (line, day) in &days {
        if let Some(earlier) = first_line.insert(day.date, *line) {
            wrong.push(Wrong {
                line: *line,
                column: "cột date".to_owned(),
                reason: format!("ngày {} đã có ở dòng {earlier}", day.date),
            });
        }
    }
    verdict(wrong)?;
    Ok(days.into_iter().map(|(_, day)| day).collect())
}

/// Imports a calendar: the file's years take the place of the same years as known before. A row that says
/// no source, as in files of before, keeps the one that is known of the same day. The due moments of open
/// dossiers are then out of date until a job has put them right.
///
/// # Errors
/// All that is wrong with the file, or an error of the store; then nothing is changed.
pub fn calendar(store: &Store, bytes: &[u8]) -> Result<Imported, ImportError> {
    let days = Arc::new(read_calendar(bytes)?);
    let file = file_hash(bytes);
    store.change_reference(move |conn, reference| {
        let days = with_known_sources(&days, reference.calendar());
        recorded(conn, ActKind::CalendarImported, &file, |conn| {
            put(conn, &days)
        })
    })
}

fn with_known_sources(days: &[CalendarDay], known: Option<&Calendar>) -> Vec<CalendarDay> {
    let days = days.iter().cloned().map(|mut day| {
        let known = known.and_then(|known| known.day(day.date));
        let same = known.filter(|known| (known.kind, &known.name) == (day.kind, &day.name));
        day.source = day.source.or_else(|| same?.source.clone());
        day
    });
    days.collect()
}

/// Puts a calendar into the store, within a transaction.
pub(crate) fn put(conn: &mut Conn, days: &[CalendarDay]) -> Result<Imported, ImportError> {
    let years = days.iter().map(|day| day.date.year());
    let first = years.clone().min().unwrap_or(1900);
    let last = years.max().unwrap_or(1900);
    let replaced = |day: &CalendarDay| (first..=last).contains(&day.date.year());

    let known = store::load(conn)?;
    let had_calendar = !known.is_empty();
    let (old, kept): (Vec<_>, Vec<_>) = known.into_iter().partition(replaced);
    let whole = Calendar::new(kept.into_iter().chain(days.iter().cloned()));
    if let Err(error) = whole {
        return Err(ImportError::Wrong(vec![Wrong {
            line: 1,
            column: "cột date".to_owned(),
            reason: error.to_string(),
        }]));
    }
    let old: HashMap<NaiveDate, CalendarDay> = old.into_iter().map(|d| (d.date, d)).collect();
    let mut imported = Imported::default();
    for day in days.iter() {
        match old.get(&day.date) {
            None => imported.added += 1,
            Some(known) if known == day => imported.unchanged += 1,
            Some(_) => imported.changed += 1,
        }
    }
    let gone = old.len() - imported.changed - imported.unchanged;
    if imported.changes() + gone > 0 {
        let day = |year, month, day| NaiveDate::from_ymd_opt(year, month, day);
        let (Some(from), Some(to)) = (day(first, 1, 1), day(last, 12, 31)) else {
            return Ok(imported);
        };
        store::replace(conn, from, to, days)?;
        settings::bump_reference_version(conn)?;
        if had_calendar {
            jobs::ask(conn, Kind::DueMoments, &[], None, crate::clock::now())?;
        }
    }
    if gone > 0 {
        imported
            .notes
            .push(format!("bỏ {gone} ngày không còn trong tệp"));
    }
    Ok(imported)
}

fn read_line(row: &Row, wrong: &mut Vec<Wrong>) -> Option<CalendarDay> {
    let date = row.date("date", wrong);
    if row.get("date").is_empty() {
        wrong.push(row.wrong("date", "để trống"));
    }
    let kind = match row.get("kind") {
        "off" => Some(DayKind::Off),
        "work" => Some(DayKind::Work),
        other => {
            wrong.push(row.wrong("kind", format!("'{other}' không phải off hay work")));
            None
        }
    };
    let name = row.text("name", wrong);
    let source = read_source(row, wrong);
    Some(CalendarDay {
        date: date?,
        kind: kind?,
        name: name?,
        source: source?,
    })
}

/// `None` if it is wrong, `Some(None)` if nothing is said.
fn read_source(row: &Row, wrong: &mut Vec<Wrong>) -> Option<Option<Source>> {
    let document = row.get("document").to_owned();
    if row.get("source").is_empty() {
        if document.is_empty() {
            return Some(None);
        }
        wrong.push(row.wrong("source", "để trống, mà có số văn bản"));
        return None;
    }
    let words = SourceKind::NAMES.join(", ");
    let kind = row.word("source", &format!("một trong: {words}"), wrong)?;
    let source = Source { kind, document };
    if let Err(error) = source.check() {
        wrong.push(row.wrong("document", error.to_string()));
        return None;
    }
    Some(Some(source))
}
