//! Under which procedure, and in which case, a dossier is taken in: chosen on the forms of actions, where what a case asks
//! for is known only once it is chosen.

use crate::domain::person::fold_diacritics;
use crate::domain::procedure::{Case, ChecklistItem, ProcedureCode, ProcedureDefinition};
use crate::store::reference::Reference;
use crate::views::cases::in_case;
use crate::views::dossier::DossierView;
use crate::views::intake::{self, Offered};
use crate::web::api::call::Call;
use crate::web::body;
use crate::web::pages::forms::{Choice, Field, Fields, FormPart, PaperRow};
use crate::web::pages::receive::asked_for;
use crate::web::problem::Problem;

/// The field of the procedure, and that of other words for it.
pub(super) const PROCEDURE: &str = "procedure";
const SEARCH: &str = "tim";
pub(super) const CASE: &str = "case";
const ITEMS: &str = "items";
/// By which papers a form was filled in.
const SHOWN: &str = "hien";

/// What words for a procedure lead to.
enum Meant {
    One {
        code: String,
        name: String,
        cases: Vec<(String, String)>,
    },
    Several(Vec<Offered>),
}

/// The form with the procedure that is meant by words or a code, or with those that fit, to choose from; and with its cases
/// where it has any.
pub(super) async fn meant(
    call: &Call,
    mut form: FormPart,
    view: &DossierView,
    typed: &Fields,
) -> Result<FormPart, Problem> {
    let words = typed.typed(SEARCH).or_else(|| typed.typed(PROCEDURE));
    let Some(words) = words.map(str::to_owned) else {
        return Ok(form);
    };
    let unit = view.unit.code.clone();
    let found = call.run(move |store, by, now| {
        let reference = store.reference()?;
        if let Some(code) = exactly(&reference, &words) {
            let version = reference.procedure_in_force(&code, now.date());
            let definition = version.map(|version| &version.definition);
            let cases = definition.map_or(&[][..], |definition| &definition.cases);
            return Ok(Meant::One {
                name: definition.map_or_else(String::new, |definition| definition.name.clone()),
                cases: cases.iter().map(named).collect(),
                code,
            });
        }
        let unit = reference.units().by_code(&unit);
        let unit = unit.map_or(by.unit, |unit| unit.id);
        let found = intake::find_procedures(store, unit, &words, now.date())?;
        Ok(Meant::Several(found))
    });
    match found.await? {
        Meant::One { code, name, cases } => {
            if let Some(field) = form.field_mut(PROCEDURE) {
                let label = field.label.clone();
                *field = Field::text(PROCEDURE, &label).hint(name).value(code);
            }
            let chosen = typed.get(CASE).trim().to_owned();
            if cases.is_empty() || cases.iter().any(|(code, _)| *code == chosen) {
                return Ok(form);
            }
            if let Some(field) = form.field_mut(CASE) {
                let mut choices = vec![Choice::new("", "Chọn trường hợp")];
                choices.extend(cases.iter().map(|(code, name)| Choice::new(code, name)));
                let label = field.label.clone();
                *field = Field::choice(CASE, &label, choices);
            }
            Ok(form.wrong(CASE, "chọn trường hợp của thủ tục này".to_owned()))
        }
        Meant::Several(found) if found.is_empty() => {
            let why = "không có thủ tục nào khớp: gõ mã hoặc vài chữ khác";
            Ok(form.wrong(PROCEDURE, why.to_owned()))
        }
        Meant::Several(found) => {
            let place = form.fields.iter().position(|field| field.name == PROCEDURE);
            if let Some(place) = place {
                let only = match found.as_slice() {
                    [only] => only.code.clone(),
                    _ => String::new(),
                };
                let mut choices = vec![Choice::new("", "Chọn thủ tục")];
                choices.extend(found.iter().map(|one| {
                    let name = format!("{} – {}", one.code, one.name);
                    Choice::new(&one.code, name)
                }));
                let label = form.fields[place].label.clone();
                form.fields[place] = Field::choice(PROCEDURE, &label, choices).value(only);
                let again = Field::text(SEARCH, "Không có trong danh sách: gõ chữ khác");
                form.fields.insert(place + 1, again.nowhere());
            }
            Ok(form.wrong(PROCEDURE, "chọn thủ tục đúng trong danh sách".to_owned()))
        }
    }
}

fn named(case: &Case) -> (String, String) {
    (case.code.clone(), case.name.clone())
}

/// A code, be it with the name behind it as our pages write it, or the whole name of one procedure.
fn exactly(reference: &Reference, words: &str) -> Option<String> {
    if let Some(code) = ProcedureCode::as_typed(words) {
        return Some(code);
    }
    let first = words.split_whitespace().next()?;
    if ProcedureCode::read(first).is_ok() {
        return Some(first.to_owned());
    }
    let wanted = fold_diacritics(words.trim());
    let same = |definition: &ProcedureDefinition| fold_diacritics(&definition.name) == wanted;
    let procedures = reference.procedures();
    let mut codes: Vec<_> = procedures
        .iter()
        .filter(|version| same(&version.definition))
        .map(|version| version.definition.code.clone())
        .collect();
    codes.dedup();
    match codes.as_slice() {
        [only] => Some(only.clone()),
        _ => None,
    }
}

/// The form by which what was submitted online is taken in, with the papers of the case that is chosen; numbers that were
/// typed for other papers are asked for anew. Returns whether that is so.
pub(super) async fn with_papers_of_case(
    call: &Call,
    mut form: FormPart,
    view: &DossierView,
    typed: &Fields,
) -> Result<(FormPart, bool), Problem> {
    let code = view.procedure.code.clone();
    let case = typed.typed(CASE).map(str::to_owned);
    let case = case.or_else(|| view.case.as_ref().map(|case| case.code.clone()));
    let papers = call.run(move |store, _, now| {
        let reference = store.reference()?;
        let Some(version) = reference.procedure_in_force(&code, now.date()) else {
            return Ok(None);
        };
        let in_case = case.and_then(|case| in_case(&reference, version, &case).ok());
        let version = in_case.unwrap_or(version);
        Ok(Some(version.definition.checklist.clone()))
    });
    let Some(papers) = papers.await? else {
        return Ok((form.typed(typed), false));
    };
    let lists = body::fingerprint(&format!("{papers:?}"));
    let others = typed.typed(SHOWN).is_some_and(|shown| shown != lists);
    if let Some(field) = form.field_mut(ITEMS) {
        let rows = (0_u16..).zip(&papers).map(row);
        let hint = field.hint.clone();
        *field = Field::papers(ITEMS, &field.label.clone(), rows.collect()).hint(hint);
    }
    let mut typed = typed.clone();
    if others {
        typed.drop_under(ITEMS);
    }
    typed.set(SHOWN, lists);
    form.fields.push(Field::hidden(SHOWN, "").nowhere());
    Ok((form.typed(&typed), others))
}

fn row((position, item): (u16, &ChecklistItem)) -> PaperRow {
    PaperRow {
        position,
        name: item.name.clone(),
        about: asked_for(item.originals, item.copies, item.required),
        asked: (item.originals, item.copies),
        originals: String::new(),
        copies: String::new(),
    }
}
