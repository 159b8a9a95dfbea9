//! Units and procedures in filters, as people name them: by their codes, or by a name where one alone bears it.

use std::sync::Arc;

use crate::domain::ids::UnitId;
use crate::domain::person::fold_diacritics;
use crate::domain::procedure::finding::Wanted;
use crate::domain::procedure::{Procedure, ProcedureCode};
use crate::domain::unit::finding::fit;
use crate::domain::unit::{Unit, is_unit_code};
use crate::store::reference::Reference;
use crate::web::api::call::Call;
use crate::web::pages::forms::Fields;
use crate::web::problem::Problem;

/// Puts codes for the names in these fields; several stand with commas between them. What fits none, or more than one,
/// stays as it was typed, and is refused as that.
pub(super) async fn in_codes(
    call: &Call,
    typed: &mut Fields,
    unit: &str,
    procedure: &str,
) -> Result<(), Problem> {
    let units = typed.typed(unit).map(str::to_owned);
    let procedures = typed.typed(procedure).map(str::to_owned);
    if units.is_none() && procedures.is_none() {
        return Ok(());
    }
    let found = call.run(move |store, by, _| {
        let reference = store.reference()?;
        let code_of_unit = |name: &str| code_of_unit(&reference, by.unit, name);
        let code_of_procedure = |name: &str| code_of_procedure(&reference, name);
        Ok((
            units.map(|names| each(&names, code_of_unit)),
            procedures.map(|names| each(&names, code_of_procedure)),
        ))
    });
    let (units, procedures) = found.await?;
    for (name, codes) in [(unit, units), (procedure, procedures)] {
        if let Some(codes) = codes {
            typed.set(name, codes);
        }
    }
    Ok(())
}

/// Puts the code for the name of any unit that is open, where one alone bears it.
pub(super) async fn open_unit_in_code(
    call: &Call,
    typed: &mut Fields,
    field: &str,
) -> Result<(), Problem> {
    let Some(name) = typed.typed(field).map(str::to_owned) else {
        return Ok(());
    };
    let code = call.run(move |store, _, now| {
        let reference = store.reference()?;
        Ok(code_of(&reference, &name, |unit| {
            unit.is_open_on(now.date())
        }))
    });
    if let Some(code) = code.await? {
        typed.set(field, code);
    }
    Ok(())
}

fn each(names: &str, code: impl Fn(&str) -> Option<String>) -> String {
    // A name may have commas of its own.
    if let Some(code) = code(names) {
        return code;
    }
    let codes = names.split([',', ';']).map(str::trim);
    let codes = codes.map(|name| code(name).unwrap_or_else(|| name.to_owned()));
    codes.collect::<Vec<_>>().join(", ")
}

fn only<T>(mut found: impl Iterator<Item = T>) -> Option<T> {
    let one = found.next()?;
    found.next().is_none().then_some(one)
}

fn code_of_unit(reference: &Reference, reach: UnitId, name: &str) -> Option<String> {
    let units = reference.units();
    code_of(reference, name, |unit| units.is_under(unit.id, reach))
}

/// The code that is meant by a code or name, among units of some kind.
fn code_of(reference: &Reference, name: &str, of_kind: impl Fn(&Unit) -> bool) -> Option<String> {
    let code = name.trim().to_uppercase();
    // A word of capitals may be a short name as well.
    if is_unit_code(&code) && reference.units().by_code(&code).is_some() {
        return Some(code);
    }
    let units = reference.units();
    let own = units.all().into_iter().filter(|unit| of_kind(unit));
    let fitting = own.filter_map(|unit| Some((fit(name, &[&unit.name])?, unit)));
    let fitting: Vec<_> = fitting.collect();
    // One that fits better than all others is meant.
    let best = fitting.iter().map(|(fit, _)| *fit).min()?;
    let best = fitting.iter().filter(|(fit, _)| *fit == best);
    only(best).map(|(_, unit)| unit.code.clone())
}

fn code_of_procedure(reference: &Reference, name: &str) -> Option<String> {
    if let Some(code) = ProcedureCode::as_typed(name) {
        return Some(code);
    }
    if ProcedureCode::read(name).is_ok() {
        return Some(name.trim().to_owned());
    }
    let wanted = Wanted::new(name);
    let procedures = reference.procedures();
    let own = |version: &&&Arc<Procedure>| {
        fold_diacritics(&version.definition.name) == fold_diacritics(name)
    };
    // A name that is the whole of one wins over those that begin so.
    let mut exact: Vec<&str> = procedures
        .iter()
        .filter(own)
        .map(|version| version.definition.code.as_str())
        .collect();
    exact.sort_unstable();
    exact.dedup();
    if let [code] = exact.as_slice() {
        return Some((*code).to_owned());
    }
    let mut ranked: Vec<_> = procedures
        .iter()
        .filter(|_| wanted.is_any())
        .filter_map(|version| {
            let rank = wanted.rank(&version.definition)?;
            Some((rank, version.definition.code.as_str()))
        })
        .collect();
    ranked.sort_unstable();
    ranked.dedup();
    // Of those that fit as well as the best.
    let best = ranked.first()?.0;
    let best = ranked.iter().take_while(|(rank, _)| *rank == best);
    only(best).map(|(_, code)| (*code).to_owned())
}
