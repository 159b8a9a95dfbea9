//! What lies within somebody's reach: their unit and what is under it.

use crate::domain::ids::{UnitId, UserId};
use crate::domain::role::Role;
use crate::domain::unit::Units;
use crate::error::Error;
use crate::render::words;
use crate::store::authority::Proof;
use crate::store::reference::Reference;

/// A member of staff who reads, as they were when they were let in.
#[derive(Debug, Clone)]
pub struct Reader {
    pub user: UserId,
    pub username: String,
    pub role: Role,
    /// Reaches this unit and what is under it.
    pub unit: UnitId,
    /// With which their reading is recorded.
    pub proof: Proof,
}

/// The units of a list: those under `reach`, or under the unit of that code, with the archives that these go on with;
/// without a reach, of that unit alone and what is under it. `None` for all.
pub fn listed_units(
    reference: &Reference,
    code: Option<&str>,
    reach: Option<UnitId>,
) -> Result<Option<Vec<UnitId>>, Error> {
    let units = reference.units();
    let root = match code {
        None => reach,
        Some(code) => {
            let unit = units.by_code(code);
            let unit = unit.ok_or_else(|| Error::wrong("unit", words::no_unit(units, code)))?;
            if reach.is_some_and(|reach| !reference.reaches(unit.id, reach)) {
                return Err(Error::NOT_YOUR_DOSSIER);
            }
            Some(unit.id)
        }
    };
    let root = root.filter(|root| !units.is_whole(*root));
    Ok(root.map(|root| match reach {
        Some(_) => reference.reached_by(root),
        None => units.under(root),
    }))
}

/// For what holds for the whole office.
///
/// # Errors
/// If `reach` is less.
pub(crate) fn ensure_whole(units: &Units, reach: UnitId) -> Result<(), Error> {
    match units.is_whole(reach) {
        true => Ok(()),
        false => Err(Error::NOT_YOURS_TO_KEEP),
    }
}
