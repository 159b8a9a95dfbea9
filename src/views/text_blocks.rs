//! Texts that are put into what is written to applicants, as those see them who keep and who use them.

use crate::domain::ids::{TextBlockId, UnitId};
use crate::domain::text_block::Purpose;
use crate::domain::unit::Units;
use crate::error::Error;
use crate::store::{Store, text_blocks};

pub use crate::store::text_blocks::TextBlock;

/// The most that a form offers.
const MOST: u32 = 50;

/// The unit and those above it: what these keep, it uses.
fn above(units: &Units, unit: UnitId) -> Vec<UnitId> {
    let mut all = vec![unit];
    while let Some(parent) = all.last().and_then(|id| units.get(*id)?.parent) {
        // A tree has no circle; who breaks it does not stop us.
        if all.contains(&parent) {
            break;
        }
        all.push(parent);
    }
    all
}

/// Those that a form of somebody in that unit offers, by title.
///
/// # Errors
/// If the database refuses.
pub fn offered(
    store: &Store,
    unit: UnitId,
    purpose: Purpose,
    procedure: &str,
) -> Result<Vec<TextBlock>, Error> {
    store.read_with_reference(|conn, reference| {
        let units = above(reference.units(), unit);
        Ok(text_blocks::for_purpose(
            conn, &units, purpose, procedure, MOST,
        )?)
    })
}

/// Those that the unit and what is under it keep, newest first, older than `before`.
///
/// # Errors
/// If the database refuses.
pub fn within(
    store: &Store,
    reach: UnitId,
    before: Option<TextBlockId>,
    limit: u32,
) -> Result<Vec<TextBlock>, Error> {
    store.read_with_reference(|conn, reference| {
        let units = reference.units().under(reach);
        Ok(text_blocks::of_units(conn, &units, before, limit)?)
    })
}

pub(crate) fn missing() -> Error {
    Error::NotFound("không có mẫu câu này")
}

/// One that the unit or what is under it keeps.
///
/// # Errors
/// If there is none, it is out of reach, or the database refuses.
pub fn find(store: &Store, id: TextBlockId, reach: UnitId) -> Result<TextBlock, Error> {
    store.read_with_reference(|conn, reference| {
        let found = text_blocks::find(conn, id)?.ok_or_else(missing)?;
        match reference.units().is_under(found.unit, reach) {
            true => Ok(found),
            false => Err(Error::NOT_YOURS_TO_KEEP),
        }
    })
}
