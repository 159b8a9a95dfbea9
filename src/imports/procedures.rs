//! `motcua import procedures`: the catalogue, a JSON list of procedures with checklist and
//! workflow, each in versions.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::NaiveDate;
use serde_json::value::RawValue;

use super::{ImportError, Imported, Wrong, text, verdict};
use crate::domain::ids::ProcedureId;
use crate::domain::procedure::{Procedure, ProcedureDefinition};
use crate::domain::unit::Units;
use crate::store::{Conn, Store, procedures as store, settings, units};

/// Procedures read from a file, each with the line on which it begins.
#[derive(Debug, Clone, Default)]
pub struct Catalogue {
    pub procedures: Vec<(u64, ProcedureDefinition)>,
}

impl Catalogue {
    /// Reads a catalogue and checks each procedure by itself.
    ///
    /// # Errors
    /// All that is wrong.
    pub fn parse(bytes: &[u8]) -> Result<Self, ImportError> {
        let text = text(bytes).map_err(|wrong| ImportError::Wrong(vec![wrong]))?;
        let syntax = |error: &serde_json::Error, first_line: u64| Wrong {
            line: first_line + (error.line().max(1) as u64) - 1,
            column: format!("ký tự {}", error.column()),
            reason: error.to_string(),
        };
        let items: Vec<&RawValue> = serde_json::from_str(text)
            .map_err(|error| ImportError::Wrong(vec![syntax(&error, 1)]))?;
        let mut wrong = Vec::new();
        let mut procedures = Vec::new();
        // The raw values are slices of the text, in order: count the lines between them.
        let (mut line, mut counted) = (1, 0);
        for item in items {
            let begin = item.get().as_ptr() as usize - text.as_ptr() as usize;
            line += text.as_bytes()[counted..begin]
                .iter()
                .filter(|byte| **byte == b'\n')
                .count() as u64;
            counted = begin;
            match serde_json::from_str::<ProcedureDefinition>(item.get()) {
                Err(error) => wrong.push(syntax(&error, line)),
                Ok(definition) => {
                    wrong.extend(definition.check().into_iter().map(|invalid| Wrong {
                        line,
                        column: format!("{} của {}", invalid.pointer, definition.code),
                        reason: invalid.reason,
                    }));
                    procedures.push((line, definition));
                }
            }
        }
        verdict(wrong)?;
        Ok(Self { procedures })
    }
}

/// Imports a catalogue. A version is known by code and first day: the same again changes nothing,
/// another content under the same first day is an error, a later first day ends the version
/// before it.
///
/// # Errors
/// All that is wrong with the file, or an error of the store; then nothing is changed.
pub fn procedures(store: &Store, bytes: &[u8]) -> Result<Imported, ImportError> {
    let catalogue = Arc::new(Catalogue::parse(bytes)?);
    store.write(move |conn| put(conn, &catalogue))
}

/// Puts a catalogue into the store, within a transaction.
pub(crate) fn put(conn: &mut Conn, catalogue: &Catalogue) -> Result<Imported, ImportError> {
    let units = units::load(conn)?;
    let mut known: HashMap<String, Vec<Procedure>> = HashMap::new();
    for procedure in store::load(conn)? {
        let code = procedure.definition.code.clone();
        known.entry(code).or_default().push(procedure);
    }
    let mut wrong = Vec::new();
    let mut first: HashMap<(&str, NaiveDate), u64> = HashMap::new();
    for (line, definition) in &catalogue.procedures {
        let mut add = |pointer: &str, reason: String| {
            wrong.push(Wrong {
                line: *line,
                column: format!("{pointer} của {}", definition.code),
                reason,
            });
        };
        if let Some(earlier) = first.insert((&definition.code, definition.valid_from), *line) {
            let reason = format!("đã có ở dòng {earlier} với cùng valid_from");
            add("/code", reason);
        }
        for (pointer, code) in unknown_units(definition, &units) {
            add(&pointer, format!("không có đơn vị {code}"));
        }
        let versions = known.get(&definition.code).map_or(&[][..], Vec::as_slice);
        if let Some(old) = versions
            .iter()
            .find(|old| old.definition.valid_from == definition.valid_from)
        {
            let mut new = definition.clone();
            new.valid_to = last_day(definition, versions.iter().map(|v| v.definition.valid_from));
            if new != old.definition {
                let reason =
                    "phiên bản này đã có với nội dung khác; nội dung mới cần valid_from mới";
                add("/valid_from", reason.to_owned());
            }
        }
    }
    verdict(wrong)?;

    let mut imported = Imported::default();
    let mut next = store::next_id(conn)?;
    let mut ordered: Vec<&ProcedureDefinition> =
        catalogue.procedures.iter().map(|(_, d)| d).collect();
    ordered.sort_by_key(|definition| definition.valid_from);
    for definition in ordered {
        let versions = known.entry(definition.code.clone()).or_default();
        if versions
            .iter()
            .any(|old| old.definition.valid_from == definition.valid_from)
        {
            imported.unchanged += 1;
            continue;
        }
        let mut definition = definition.clone();
        // The version before ends the day before; this one ends where a later one begins.
        for old in versions.iter_mut() {
            let from = definition.valid_from;
            if let Some(last) = from.pred_opt()
                && old.definition.valid_from < from
                && old.definition.is_in_force_on(from)
            {
                store::end(conn, old, last)?;
                old.definition.valid_to = Some(last);
                imported.changed += 1;
            }
        }
        let first_days = versions.iter().map(|old| old.definition.valid_from);
        definition.valid_to = last_day(&definition, first_days);
        let procedure = Procedure {
            id: ProcedureId(next),
            field_id: store::field_id(conn, &definition.field)?,
            definition,
        };
        next += 1;
        store::insert(conn, &procedure)?;
        imported.added += 1;
        versions.push(procedure);
    }
    if imported.changes() > 0 {
        settings::bump_reference_version(conn)?;
    }
    Ok(imported)
}

/// The last day of a version: its own, or the day before the next version begins.
fn last_day(
    definition: &ProcedureDefinition,
    first_days: impl Iterator<Item = NaiveDate>,
) -> Option<NaiveDate> {
    let next = first_days.filter(|day| *day > definition.valid_from).min();
    let before_next = next.and_then(|day| day.pred_opt());
    [definition.valid_to, before_next]
        .into_iter()
        .flatten()
        .min()
}

fn unknown_units<'a>(definition: &'a ProcedureDefinition, units: &Units) -> Vec<(String, &'a str)> {
    let department = definition
        .department
        .as_deref()
        .map(|code| ("/department".to_owned(), code));
    let steps = definition.workflow.iter().enumerate();
    let steps =
        steps.filter_map(|(i, s)| Some((format!("/workflow/{i}/unit"), s.unit.as_deref()?)));
    department
        .into_iter()
        .chain(steps)
        .filter(|(_, code)| units.by_code(code).is_none())
        .collect()
}
