//! Codes and names of what the rows of reports are about; empty where it is unknown.

use crate::domain::ids::{ProcedureId, UnitId};
use crate::store::reference::Reference;

pub(crate) fn unit(reference: &Reference, id: UnitId) -> (String, String) {
    let unit = reference.units().get(id);
    unit.map(|unit| (unit.code.clone(), unit.name.clone()))
        .unwrap_or_default()
}

/// The same for all versions of a procedure, as far as they bear one name.
pub(crate) fn procedure(reference: &Reference, id: ProcedureId) -> (String, String) {
    let procedure = reference.procedure(id);
    procedure
        .map(|p| (p.definition.code.clone(), p.definition.name.clone()))
        .unwrap_or_default()
}

/// Of which unit a report is, above its figures; none of the whole office.
pub fn of_unit(reference: &Reference, root: Option<UnitId>) -> Option<String> {
    let root = root.filter(|root| !reference.units().is_whole(*root))?;
    let (code, name) = unit(reference, root);
    Some(of_unit_named(&code, &name))
}

pub(super) fn of_unit_named(code: &str, name: &str) -> String {
    format!("Đơn vị: {name} ({code}) và các đơn vị trực thuộc")
}
