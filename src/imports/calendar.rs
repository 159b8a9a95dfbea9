//! `motcua import calendar`: days off and compensatory working days of whole years, with their sources.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::NaiveDate;

use crate::domain::calendar::{Calendar, CalendarDay, DayKind, Others, Source, SourceKind, merge};
use crate::domain::job::Kind;
use crate::imports::table::{self, Row};
use crate::imports::{ImportError, Imported, Wrong, file_hash, recorded, verdict};
use crate::render::words;
use crate::store::admin_acts::ActKind;
use crate::store::{Conn, Store, calendar as store, jobs, settings};

/// Reads the days of a calendar file, in the order of the file.
///
/// # Errors
/// All that is wrong with the file.
pub fn read_calendar(bytes: &[u8]) -> Result<Vec<CalendarDay>, ImportError> {
    let days = read_lines(bytes)?.into_iter();
    Ok(days.map(|(_, day)| day).collect())
}

/// The same, each with its line.
fn read_lines(bytes: &[u8]) -> Result<Vec<(u64, CalendarDay)>, ImportError> {
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
        if let Some(reason) = day.no_day_to_make_up() {
            wrong.push(Wrong {
                line: *line,
                column: "cột date".to_owned(),
                reason: reason.to_owned(),
            });
        }
        if let Some(earlier) = first_line.insert(day.date, *line) {
            wrong.push(Wrong {
                line: *line,
                column: "cột date".to_owned(),
                reason: format!("ngày {} đã có ở dòng {earlier}", words::date(day.date)),
            });
        }
    }
    verdict(wrong)?;
    Ok(days)
}

/// Imports days of a calendar: they come to those known, of which none goes. A row that says
/// no source, as in files of before, keeps the one that is known of the same day. The due moments of open
/// dossiers are then out of date until a job has put them right.
///
/// # Errors
/// All that is wrong with the file, or an error of the store; then nothing is changed.
pub fn calendar(store: &Store, bytes: &[u8]) -> Result<Imported, ImportError> {
    import(store, bytes, Others::Kept)
}

/// The same with a file that is the whole of its years: what is known of them and not in it goes.
///
/// # Errors
/// As [`calendar`].
pub fn whole_calendar(store: &Store, bytes: &[u8]) -> Result<Imported, ImportError> {
    import(store, bytes, Others::Dropped)
}

fn import(store: &Store, bytes: &[u8], others: Others) -> Result<Imported, ImportError> {
    let (lines, days): (Vec<u64>, Vec<CalendarDay>) = read_lines(bytes)?.into_iter().unzip();
    let days = Arc::new(days);
    let file = file_hash(bytes);
    store.change_reference(move |conn, reference| {
        let days = with_known_sources(&days, reference.calendar());
        recorded(conn, ActKind::CalendarImported, &file, |conn| {
            put(conn, &days, others).map_err(|error| on_its_line(error, &lines))
        })
    })
}

/// An error about the nth of the days as one about its line.
fn on_its_line(error: ImportError, lines: &[u64]) -> ImportError {
    let ImportError::Wrong(mut wrong) = error else {
        return error;
    };
    for wrong in &mut wrong {
        let nth = usize::try_from(wrong.line).unwrap_or_default();
        wrong.line = lines.get(nth.saturating_sub(1)).copied().unwrap_or(1);
    }
    ImportError::Wrong(wrong)
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

/// Puts days of a calendar into the store, within a transaction. What is wrong names the nth of them as its line.
pub(crate) fn put(
    conn: &mut Conn,
    days: &[CalendarDay],
    others: Others,
) -> Result<Imported, ImportError> {
    let known = store::load(conn)?;
    let had_calendar = !known.is_empty();
    let merged = merge(known.iter().cloned(), days, others);
    if let Err(error) = Calendar::new(merged.days.iter().cloned()) {
        // The first of them with which it is no calendar any more.
        let fails = |n: &usize| {
            let some = days.get(..*n).unwrap_or_default();
            Calendar::new(merge(known.iter().cloned(), some, others).days).is_err()
        };
        let first = (1..=days.len()).find(fails).unwrap_or(1);
        return Err(ImportError::Wrong(vec![Wrong {
            line: first as u64,
            column: "cột date".to_owned(),
            reason: error.to_string(),
        }]));
    }
    let old: HashMap<NaiveDate, CalendarDay> = known.into_iter().map(|d| (d.date, d)).collect();
    let mut imported = Imported::default();
    let mut replaced = Vec::new();
    for day in days.iter() {
        match old.get(&day.date) {
            None => imported.added += 1,
            Some(known) if known == day => imported.unchanged += 1,
            Some(known) => {
                imported.changed += 1;
                // What was known by another name is another day: nobody is to miss that.
                if (known.kind, &known.name) != (day.kind, &day.name) {
                    replaced.push(format!(
                        "{} ({}, nay là {})",
                        words::date(day.date),
                        called(known),
                        called(day)
                    ));
                }
            }
        }
    }
    if !replaced.is_empty() {
        let note = format!(
            "thay {} ngày đã có: {}",
            replaced.len(),
            replaced.join(", ")
        );
        imported.notes.push(note);
    }
    if imported.changes() + merged.dropped.len() > 0 {
        store::replace(conn, &merged.days)?;
        settings::bump_reference_version(conn)?;
        if had_calendar {
            jobs::ask(conn, Kind::DueMoments, &[], None, crate::clock::now())?;
        }
    }
    if !merged.dropped.is_empty() {
        let (gone, names) = (merged.dropped.len(), named(&merged.dropped));
        let note = format!("bỏ {gone} ngày không còn trong tệp: {names}");
        imported.notes.push(note);
    }
    if !merged.kept.is_empty() {
        let note = format!(
            "giữ {} ngày đã có của các năm này mà tệp không nêu",
            merged.kept.len()
        );
        imported.notes.push(note);
    }
    Ok(imported)
}

/// A day by its name, and whether people work on it.
fn called(day: &CalendarDay) -> String {
    match day.kind {
        DayKind::Off => day.name.clone(),
        DayKind::Work => format!("{}, làm việc", day.name),
    }
}

/// Days with their names, for people.
fn named(days: &[CalendarDay]) -> String {
    let days = days
        .iter()
        .map(|day| format!("{} ({})", words::date(day.date), day.name));
    days.collect::<Vec<_>>().join(", ")
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
