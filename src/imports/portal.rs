//! `motcua import portal-catalogue`: the catalogue as the national portal answers it
//! (`LayDanhSachTTHC`, `LayThuTuc`), brought in over what there is: `docs/operations.md` has the form.
//!
//! What the portal does not know (workflow, receiving department, committed limit, integration) stays
//! as it is here.

mod answers;
mod answers_2026;
mod changes;

use std::collections::{BTreeSet, HashMap, HashSet};
use std::fmt;

use chrono::NaiveDate;

pub use crate::imports::portal::answers::PortalAnswers;
pub use crate::imports::portal::changes::{Change, Changes};

use crate::domain::ids::{Actor, ProcedureId};
use crate::domain::procedure::known_field;
use crate::imports::{Catalogue, Dating, ImportError, Wrong, procedures};
use crate::store::admin_acts;
use crate::store::admin_acts::ActKind;
use crate::store::reference::Reference;
use crate::store::{Store, procedures as store_procedures, settings};

/// Something wrong in an answer of the portal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrongPlace {
    /// The file of the answer.
    pub file: String,
    /// JSON pointer.
    pub pointer: String,
    pub reason: String,
}

impl fmt::Display for WrongPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {}", self.file, self.pointer, self.reason)
    }
}

/// What taking the portal's catalogue in would do.
struct Plan {
    changes: Changes,
    /// New procedures and versions.
    catalogue: Catalogue,
    ended: Vec<ProcedureId>,
    /// Fields by name, with the portal's own codes of them.
    field_codes: Vec<(String, String)>,
}

/// What [`portal_catalogue`] would change, as of the day from which new versions are valid.
///
/// # Errors
/// All that is wrong with the answers, or an error of the store.
pub fn preview_portal_catalogue(
    store: &Store,
    answers: &PortalAnswers,
    from: NaiveDate,
) -> Result<Changes, ImportError> {
    store.read_with_reference(|_, reference| Ok(plan(reference, answers, from)?.changes))
}

/// Takes the portal's catalogue in, from whatever day.
///
/// # Errors
/// As [`portal_catalogue_dated`].
pub fn portal_catalogue(
    store: &Store,
    answers: PortalAnswers,
    from: NaiveDate,
) -> Result<Changes, ImportError> {
    portal_catalogue_dated(store, answers, from, Dating::Any)
}

/// Takes the portal's catalogue in, all or nothing: new procedures and versions are valid from that
/// day, what they replace and what the portal has no more ends the day before. Twice is once.
///
/// # Errors
/// All that is wrong with the answers, or an error of the store; then nothing is changed.
pub fn portal_catalogue_dated(
    store: &Store,
    answers: PortalAnswers,
    from: NaiveDate,
    dating: Dating,
) -> Result<Changes, ImportError> {
    store.change_reference(move |conn, reference| {
        let before = settings::reference_version(conn)?;
        let plan = plan(reference, &answers, from)?;
        procedures::put(conn, &plan.catalogue, &dating)?;
        if from < crate::clock::now().date() && !plan.ended.is_empty() && dating.lacks_reason() {
            return Err(ImportError::Wrong(vec![Wrong {
                line: 0,
                column: String::new(),
                reason: format!(
                    "ghi lùi: {} thủ tục sẽ kết thúc từ một ngày đã qua; cần lý do ghi lùi (backdating_reason)",
                    plan.ended.len()
                ),
            }]));
        }
        let last = from.pred_opt().unwrap_or(from);
        for id in &plan.ended {
            if let Some(procedure) = reference.procedure(*id) {
                store_procedures::end(conn, procedure, last)?;
            }
        }
        for (field, code) in &plan.field_codes {
            store_procedures::set_portal_code(conn, field, code)?;
        }
        if !plan.ended.is_empty() || !plan.field_codes.is_empty() {
            settings::bump_reference_version(conn)?;
        }
        if settings::reference_version(conn)? != before {
            let codes = |changes: &[Change]| -> Vec<String> {
                changes.iter().map(|change| change.code.clone()).collect()
            };
            let mut act = serde_json::json!({
                "valid_from": from,
                "new": codes(&plan.changes.new),
                "versions": codes(&plan.changes.versions),
                "ended": codes(&plan.changes.ended),
                "field_codes": plan.field_codes,
            });
            if let Some(reason) = dating.reason() {
                act["backdating_reason"] = reason.into();
            }
            let kind = ActKind::PortalCatalogueImported;
            admin_acts::record(conn, Actor::System, crate::clock::now(), kind, &act)?;
        }
        Ok(plan.changes)
    })
}

fn plan(
    reference: &Reference,
    answers: &PortalAnswers,
    from: NaiveDate,
) -> Result<Plan, ImportError> {
    let mut plan = Plan {
        changes: Changes::default(),
        catalogue: Catalogue::default(),
        ended: Vec::new(),
        field_codes: Vec::new(),
    };
    let mut wrong = Vec::new();
    let known = reference.procedures().into_iter();
    let known: BTreeSet<&str> = known
        .map(|version| version.definition.field.as_str())
        .collect();
    plan.changes.notes.extend(answers.notes.iter().cloned());
    for listed in answers.in_force() {
        let versions = reference.versions(&listed.code);
        let in_force = reference.procedure_in_force(&listed.code, from);
        let coming = versions
            .iter()
            .filter(|version| version.definition.valid_from > from)
            .min_by_key(|version| version.definition.valid_from);
        let standing = in_force.or(coming).map(|procedure| &procedure.definition);
        // One that has ended and comes back begins with what was known of it.
        let last = versions
            .iter()
            .max_by_key(|version| version.definition.valid_from)
            .map(|procedure| &procedure.definition);
        if listed.is_others() && last.is_none() {
            let note = format!(
                "{} không đưa vào: không thực hiện ở cấp tỉnh, cấp xã",
                listed.code
            );
            plan.changes.notes.push(note);
            continue;
        }
        let missing = listed.missing();
        if listed.is_of_2026 && last.is_none() && !missing.is_empty() {
            let fields: Vec<&str> = missing.iter().map(|(_, word)| *word).collect();
            let note = format!(
                "{} không đưa vào: cổng không nói {}",
                listed.code,
                fields.join(", ")
            );
            plan.changes.notes.push(note);
            continue;
        }
        plan.changes.notes.extend(listed.notes.iter().cloned());
        let Some(mut definition) = listed.over(standing.or(last), from, &mut wrong) else {
            continue;
        };
        if let Some(field) = known_field(known.iter().copied(), &definition.field) {
            definition.field = field.to_owned();
        }
        let differences = standing.map(|old| changes::differences(old, &definition));
        let change = |differences| Change {
            code: definition.code.clone(),
            name: definition.name.clone(),
            differences,
        };
        match differences {
            Some(same) if same.is_empty() => {
                plan.changes.unchanged += 1;
                continue;
            }
            Some(_) if standing.is_some_and(|old| old.valid_from == from) => {
                let reason = "đã có phiên bản khác có hiệu lực từ chính ngày này";
                wrong.push(listed.wrong(reason));
            }
            Some(differences) => plan.changes.versions.push(change(differences)),
            None => plan.changes.new.push(change(Vec::new())),
        }
        plan.catalogue.procedures.push((1, definition));
    }
    for procedure in reference.procedures() {
        let definition = &procedure.definition;
        // A code that is not the national database's own is not missed in it.
        if definition.code_is_sample
            || !definition.is_in_force_on(from)
            || answers.has_in_force(&definition.code)
        {
            continue;
        }
        if definition.valid_from == from {
            plan.changes.notes.push(format!(
                "{} không kết thúc được: có hiệu lực từ chính ngày này",
                definition.code
            ));
            continue;
        }
        plan.ended.push(procedure.id);
        plan.changes.ended.push(Change {
            code: definition.code.clone(),
            name: definition.name.clone(),
            differences: Vec::new(),
        });
    }
    plan_field_codes(&mut plan, reference, answers);
    match wrong.is_empty() {
        true => Ok(plan),
        false => Err(ImportError::WrongAnswers(wrong)),
    }
}

/// The codes that the portal gives fields which we have, or will have with the catalogue.
fn plan_field_codes(plan: &mut Plan, reference: &Reference, answers: &PortalAnswers) {
    let known: HashMap<&str, Option<&str>> = reference
        .fields()
        .values()
        .map(|field| (field.name.as_str(), field.portal_code.as_deref()))
        .collect();
    let coming = plan.catalogue.procedures.iter();
    let coming: HashSet<&str> = coming.map(|(_, new)| new.field.as_str()).collect();
    for (field, codes) in answers.field_codes() {
        if !known.contains_key(field) && !coming.contains(field) {
            continue;
        }
        let old = known.get(field).copied().flatten();
        let codes: Vec<&str> = codes.into_iter().collect();
        match codes.as_slice() {
            [code] if old == Some(*code) => {}
            [code] => {
                let change = match old {
                    Some(old) => format!("mã lĩnh vực {field}: {old} → {code}"),
                    None => format!("mã lĩnh vực {field}: {code}"),
                };
                plan.changes.field_codes.push(change);
                plan.field_codes
                    .push((field.to_owned(), (*code).to_owned()));
            }
            // Which of them is meant is not ours to say.
            several => plan.changes.notes.push(format!(
                "lĩnh vực {field} có nhiều mã trên cổng, không ghi mã nào: {}",
                several.join(", ")
            )),
        }
    }
}
