//! `motcua import procedures`: the catalogue, a JSON list of procedures with checklist and
//! workflow, each in versions.

use std::collections::HashMap;

use chrono::NaiveDate;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::domain::ids::ProcedureId;
use crate::domain::procedure::{Procedure, ProcedureDefinition, known_field};
use crate::domain::unit::Units;
use crate::imports::{ImportError, Imported, Wrong, file_hash, record_change, text, verdict};
use crate::render::words;
use crate::store::admin_acts::ActKind;
use crate::store::{Conn, Store, StoreError, procedures as store, settings, units};
use crate::wrong_fields::{Found, read};

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
        let mut wrong = Vec::new();
        let catalogue = Self::read(bytes, &mut wrong);
        verdict(wrong)?;
        Ok(catalogue)
    }

    /// Reads a catalogue, collecting what is wrong. Wrong fields are replaced by sound ones, so that
    /// the others can be checked further.
    fn read(bytes: &[u8], wrong: &mut Vec<Wrong>) -> Self {
        let text = match text(bytes) {
            Ok(text) => text,
            Err(error) => {
                wrong.push(error);
                return Self::default();
            }
        };
        let items: Vec<&RawValue> = match serde_json::from_str(&text) {
            Ok(items) => items,
            Err(error) => {
                wrong.push(Wrong {
                    line: error.line().max(1) as u64,
                    column: format!("ký tự {}", error.column()),
                    reason: "tệp không phải danh sách JSON".to_owned(),
                });
                return Self::default();
            }
        };
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
            let definition = match serde_json::from_str::<ProcedureDefinition>(item.get()) {
                Ok(definition) => {
                    let definition = definition.with_plain_code().with_choices();
                    wrong.extend(check(line, &definition));
                    Some(definition)
                }
                Err(_) => mended(line, item.get(), wrong),
            };
            procedures.extend(definition.map(|definition| (line, definition)));
        }
        Self { procedures }
    }
}

fn check(line: u64, definition: &ProcedureDefinition) -> Vec<Wrong> {
    let code = &definition.code;
    let wrong = definition.check().into_iter().map(|invalid| Wrong {
        line,
        column: format!("{} của {code}", invalid.pointer),
        reason: invalid.reason,
    });
    wrong.collect()
}

/// A procedure with every field, against which wrong ones are held.
fn sound() -> Value {
    serde_json::json!({
        "code": "0.000000", "province": null, "code_is_sample": true, "name": "…", "field": "…",
        "levels": ["province"], "department": null, "valid_from": "2018-01-01", "valid_to": null,
        "announced_on": "2018-01-01", "workflow_approved_on": null,
        "simplification_proposed_on": null, "integrated": true, "online_level": "full",
        "statutory_limit": {"unit": "working_day", "amount": 1}, "committed_limit": null,
        "limits_by_channel": {
            "direct": {"unit": "working_day", "amount": 1},
            "online": {"unit": "working_day", "amount": 1},
            "postal": {"unit": "working_day", "amount": 1},
        },
        "extra_days_in_marked_units": null,
        "verification_limit": {"unit": "working_day", "amount": 3},
        "cases": [{
            "code": "00", "name": "…", "limit": {"unit": "working_day", "amount": 1},
            "fees": [{
            "name": "…", "amount_vnd": 0, "note": "", "channel": null, "valid_from": null, "valid_to": null
        }],
            "checklist": [
                {"key": null, "name": "…", "originals": 1, "copies": 0, "required": true}
            ],
        }],
        "on_supplement": "restart", "fees": [{
            "name": "…", "amount_vnd": 0, "note": "", "channel": null, "valid_from": null, "valid_to": null
        }],
        "result": "…", "legal_basis": ["…"],
        "checklist": [
            {"key": null, "name": "…", "originals": 1, "copies": 0, "required": true}
        ],
        "workflow": [
            {"name": "…", "place": "receiving", "unit": null, "role": "clerk", "hours": 1}
        ],
    })
}

/// Names every wrong field of a procedure that cannot be read. Returns it with those fields
/// mended, unless it cannot be known by its code and first day.
fn mended(line: u64, item: &str, wrong: &mut Vec<Wrong>) -> Option<ProcedureDefinition> {
    let value: Value = serde_json::from_str(item).unwrap_or_default();
    let mut found = Found::all();
    let definition: Option<ProcedureDefinition> = read(value, &sound(), &mut found);
    let definition = definition.map(|d| d.with_plain_code().with_choices());
    let mut fields = found.wrong;
    if fields.is_empty() {
        fields.push((String::new(), "có trường lặp lại".to_owned()));
    }
    let code = definition.as_ref().map_or("", |d| d.code.as_str());
    let is_wrong = |start: &str| fields.iter().any(|(pointer, _)| pointer.starts_with(start));
    if let Some(definition) = &definition {
        let limits_known = !is_wrong("/statutory_limit") && !is_wrong("/committed_limit");
        let rules = check(line, definition)
            .into_iter()
            .filter(|wrong| limits_known || !wrong.column.starts_with("/committed_limit"));
        wrong.extend(rules);
    }
    wrong.extend(fields.iter().map(|(pointer, reason)| Wrong {
        line,
        column: format!("{pointer} của {code}"),
        reason: reason.clone(),
    }));
    let known = !is_wrong("/code") && !is_wrong("/valid_from");
    definition.filter(|_| known)
}

/// Whether a version may take the place of another from a day on that is past.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Dating {
    /// From any day: what is put together here, such as a catalogue of years long past.
    Any,
    /// Only for a reason, which goes on record.
    Asked(Option<String>),
}

impl Dating {
    /// The reason that was given.
    pub(super) fn reason(&self) -> Option<&str> {
        match self {
            Self::Any => None,
            Self::Asked(reason) => reason.as_deref().map(str::trim).filter(|r| !r.is_empty()),
        }
    }

    /// Whether a reason is wanted that nobody has given.
    pub(super) fn lacks_reason(&self) -> bool {
        *self != Self::Any && self.reason().is_none()
    }
}

/// Imports a catalogue. A version is known by code and first day: the same again changes nothing,
/// another content under the same first day corrects a version that is not yet in force and is an error for others, a
/// later first day ends the version before it.
///
/// # Errors
/// All that is wrong with the file, or an error of the store; then nothing is changed.
pub fn procedures(store: &Store, bytes: &[u8]) -> Result<Imported, ImportError> {
    procedures_dated(store, bytes, Dating::Any)
}

/// The same, asking for a reason where a version is dated back.
///
/// # Errors
/// As [`procedures`].
pub fn procedures_dated(
    store: &Store,
    bytes: &[u8],
    dating: Dating,
) -> Result<Imported, ImportError> {
    let mut wrong = Vec::new();
    let catalogue = Catalogue::read(bytes, &mut wrong);
    let mut act = json!({"file_sha256": file_hash(bytes)});
    if let Some(reason) = dating.reason() {
        act["backdating_reason"] = reason.into();
    }
    store.change_reference(move |conn, _| {
        let before = settings::reference_version(conn)?;
        let done = put_unless(conn, &catalogue, &dating, wrong.clone())?;
        record_change(conn, before, ActKind::ProceduresImported, &act)?;
        Ok(done)
    })
}

/// Puts a catalogue into the store, within a transaction.
pub(crate) fn put(
    conn: &mut Conn,
    catalogue: &Catalogue,
    dating: &Dating,
) -> Result<Imported, ImportError> {
    put_unless(conn, catalogue, dating, Vec::new())
}

/// Whether a catalogue could be put into the store as it is now, by the same rules. Changes nothing.
pub(crate) fn check_against(
    conn: &mut Conn,
    catalogue: &Catalogue,
    dating: &Dating,
) -> Result<(), ImportError> {
    known_unless(conn, catalogue, dating, Vec::new()).map(drop)
}

/// Takes a version back that is not yet in force; the one before it goes on as it would have without.
pub(crate) fn withdraw(
    conn: &mut Conn,
    code: &str,
    first_day: NaiveDate,
) -> Result<(), StoreError> {
    let all = store::load(conn)?.into_iter();
    let versions: Vec<Procedure> = all.filter(|p| p.definition.code == code).collect();
    let of = |day| versions.iter().find(|p| p.definition.valid_from == day);
    let Some(gone) = of(first_day) else {
        return Ok(());
    };
    store::remove(conn, gone)?;
    let before = version_before(&versions, first_day).and_then(|before| of(before.valid_from));
    if let Some(before) = before {
        let days = versions.iter().map(|version| version.definition.valid_from);
        let mut said = before.definition.clone();
        said.valid_to = store::said_to(conn, before)?;
        let last = last_day(&said, days.filter(|day| *day != first_day));
        store::hold_to(conn, before, last)?;
    }
    settings::bump_reference_version(conn)
}

/// Procedures with their versions, by code.
type Known = HashMap<String, Vec<Procedure>>;

/// What there is, unless something is `wrong` with what is to be put beside it, or was already.
fn known_unless(
    conn: &mut Conn,
    catalogue: &Catalogue,
    dating: &Dating,
    mut wrong: Vec<Wrong>,
) -> Result<Known, ImportError> {
    let today = crate::clock::now().date();
    let units = units::load(conn)?;
    let mut known = Known::new();
    for procedure in store::load(conn)? {
        let code = procedure.definition.code.clone();
        known.entry(code).or_default().push(procedure);
    }
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
        if let Some(reason) = no_department(definition) {
            add("/department", reason.to_owned());
        }
        let versions = known.get(&definition.code).map_or(&[][..], Vec::as_slice);
        if let Some(old) = versions
            .iter()
            .find(|old| old.definition.valid_from == definition.valid_from)
        {
            let mut new = definition.clone();
            let its = std::iter::once(old.definition.field.as_str());
            if let Some(field) = known_field(its, &new.field) {
                new.field = field.to_owned();
            }
            new.valid_to = last_day(definition, versions.iter().map(|v| v.definition.valid_from));
            let before = version_before(versions, definition.valid_from);
            let same = new.with_keys(before) == old.definition.clone().with_keys(before);
            if !same && old.definition.valid_from <= today {
                let reason = "phiên bản này đã có hiệu lực với nội dung khác; nội dung mới cần valid_from mới";
                add("/valid_from", reason.to_owned());
            }
        } else if definition.valid_from < today
            && dating.lacks_reason()
            && let Some(old) = versions
                .iter()
                .find(|old| old.definition.is_in_force_on(definition.valid_from))
        {
            let reason = format!(
                "ghi lùi: thay phiên bản có hiệu lực từ {} trong những ngày đã qua; cần lý do ghi lùi \
                 (backdating_reason)",
                words::date(old.definition.valid_from)
            );
            add("/valid_from", reason);
        }
    }
    verdict(wrong)?;
    Ok(known)
}

/// The same, unless something is `wrong` already; then what else is wrong is found all the same.
fn put_unless(
    conn: &mut Conn,
    catalogue: &Catalogue,
    dating: &Dating,
    wrong: Vec<Wrong>,
) -> Result<Imported, ImportError> {
    let mut known = known_unless(conn, catalogue, dating, wrong)?;
    let mut imported = Imported::default();
    let mut next = store::next_id(conn)?;
    let mut ordered: Vec<&ProcedureDefinition> =
        catalogue.procedures.iter().map(|(_, d)| d).collect();
    ordered.sort_by_key(|definition| definition.valid_from);
    for definition in ordered {
        let versions = known.entry(definition.code.clone()).or_default();
        let before = version_before(versions, definition.valid_from);
        let (said_to, mut definition) = (definition.valid_to, definition.clone().with_keys(before));
        let (field_id, field) = store::field(conn, &definition.field)?;
        definition.field = field;
        let first_day = definition.valid_from;
        let same_day = |old: &Procedure| old.definition.valid_from == first_day;
        if let Some(at) = versions.iter().position(same_day) {
            let first_days = versions.iter().map(|old| old.definition.valid_from);
            definition.valid_to = last_day(&definition, first_days);
            let keyed = versions[at].definition.clone().with_keys(before);
            if keyed == definition {
                imported.unchanged += 1;
                continue;
            }
            // Not yet in force, as was seen above.
            versions[at].field_id = field_id;
            versions[at].definition = definition;
            store::correct(conn, &versions[at], said_to)?;
            imported.changed += 1;
            continue;
        }
        // The version before ends the day before; this one ends where a later one begins.
        for old in versions.iter_mut() {
            let from = definition.valid_from;
            if let Some(last) = from.pred_opt()
                && old.definition.valid_from < from
                && old.definition.is_in_force_on(from)
            {
                store::hold_to(conn, old, Some(last))?;
                old.definition.valid_to = Some(last);
                imported.changed += 1;
            }
        }
        let first_days = versions.iter().map(|old| old.definition.valid_from);
        definition.valid_to = last_day(&definition, first_days);
        let procedure = Procedure {
            id: ProcedureId(next),
            field_id,
            case: None,
            definition,
        };
        next += 1;
        store::insert(conn, &procedure, said_to)?;
        imported.added += 1;
        versions.push(procedure);
    }
    if imported.changes() > 0 {
        settings::bump_reference_version(conn)?;
    }
    Ok(imported)
}

/// The version that a new one comes after.
fn version_before(versions: &[Procedure], first_day: NaiveDate) -> Option<&ProcedureDefinition> {
    let all = versions.iter().map(|version| &version.definition);
    let before = all.filter(|definition| definition.valid_from < first_day);
    before.max_by_key(|definition| definition.valid_from)
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

/// Why the department is none of this procedure's.
fn no_department(definition: &ProcedureDefinition) -> Option<&'static str> {
    let is_wrong = definition.department.is_some()
        && !definition
            .levels
            .contains(&crate::domain::unit::Level::Province);
    is_wrong.then_some("chỉ thủ tục cấp tỉnh có sở, ban, ngành tiếp nhận")
}
