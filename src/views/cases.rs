//! Cases of procedures (trường hợp), as people name them.

use std::sync::Arc;

use crate::domain::procedure::{Procedure, ProcedureCode};
use crate::render::words;
use crate::store::reference::Reference;

/// A procedure in the case that is asked for.
///
/// # Errors
/// Why there is none, for the field that asks.
pub(crate) fn in_case<'a>(
    reference: &'a Reference,
    procedure: &Procedure,
    case: &str,
) -> Result<&'a Arc<Procedure>, String> {
    let definition = &procedure.definition;
    let code = &definition.code;
    let case = match ProcedureCode::read(case) {
        Ok(ProcedureCode {
            base,
            case: Some(case),
            ..
        }) if base == *code => case,
        _ => case.trim().to_owned(),
    };
    let found = reference.procedure_in_case(procedure.id, Some(&case));
    if let Some(found) = found.filter(|found| found.case.is_some()) {
        return Ok(found);
    }
    let cases = definition.cases.iter();
    let cases: Vec<_> = cases
        .map(|case| (case.code.clone(), case.name.clone()))
        .collect();
    Err(match cases.is_empty() {
        true => format!("thủ tục {code} không có trường hợp {case}"),
        false => format!(
            "thủ tục {code} không có trường hợp '{case}'; có: {}",
            words::cases_of(&cases)
        ),
    })
}
