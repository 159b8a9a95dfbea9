//! What a desk is warned of before it takes a dossier in: nothing that it may not read, and nothing that it has accepted.

use crate::acts::Occasion;
use crate::acts::receive::NewRequest;
use crate::domain::ids::{ProcedureId, UnitId};
use crate::domain::moment::Moment;
use crate::domain::person::{Person, fold_name, owner_of_household};
use crate::domain::warning::Warning;
use crate::error::{Error, Warned};
use crate::render::words;
use crate::store::reference::Reference;
use crate::store::{Conn, duplicates};

/// How far apart two dossiers of the same person may come and still look like one: ten minutes.
const SAME_MILLIS: i64 = 10 * 60 * 1000;

/// Warns of what is not accepted; nobody but staff is warned.
///
/// # Errors
/// The warnings, or that the database refuses.
pub(super) fn of_duplicates(
    conn: &mut Conn,
    reference: &Reference,
    new: &NewRequest,
    (unit, procedure): (UnitId, ProcedureId),
    at: Moment,
    occasion: Occasion,
) -> Result<(), Error> {
    if occasion.role.is_none() {
        return Ok(());
    }
    let asked = |warning| !new.accept.contains(&warning);
    let mut warned = Vec::new();
    if asked(Warning::DuplicatePerson) {
        warned.extend(two_names(new));
        for person in std::iter::once(&new.applicant).chain(&new.delegate) {
            warned.extend(other_name(conn, reference, person, occasion)?);
        }
    }
    if asked(Warning::DuplicateDossier) {
        let (from, to) = (at.plus_millis(-SAME_MILLIS), at.plus_millis(SAME_MILLIS));
        let like = duplicates::dossiers_like(conn, unit, procedure, &new.applicant, from, to)?;
        let seen = like
            .into_iter()
            .find(|like| occasion.covers(reference.units(), &like.units));
        warned.extend(seen.map(|like| Warned {
            warning: Warning::DuplicateDossier,
            detail: format!(
                "người này vừa nộp hồ sơ cùng thủ tục lúc {}: {}",
                words::moment(like.entered_at),
                like.case_number
            ),
        }));
    }
    match warned.is_empty() {
        true => Ok(()),
        false => Err(Error::Warned(warned)),
    }
}

/// Applicant and delegate under one number with different names, whatever their marks.
fn two_names(new: &NewRequest) -> Option<Warned> {
    let (applicant, delegate) = (&new.applicant, new.delegate.as_ref()?);
    let identity = applicant.identity.as_ref()?;
    let same = delegate.identity.as_ref() == Some(identity);
    let other = fold_name(&applicant.name) != fold_name(&delegate.name);
    (same && other).then(|| Warned {
        warning: Warning::DuplicatePerson,
        detail: format!(
            "số định danh {identity} ghi cho cả người nộp “{}” và người được ủy quyền “{}”",
            applicant.name.trim(),
            delegate.name.trim()
        ),
    })
}

/// The name under which somebody's number is known within reach, if it is another one, whatever its marks.
fn other_name(
    conn: &mut Conn,
    reference: &Reference,
    person: &Person,
    occasion: Occasion,
) -> Result<Option<Warned>, Error> {
    let Some(identity) = &person.identity else {
        return Ok(None);
    };
    // A household business has its owner's number, and mostly the name.
    let owner = |name: &str| fold_name(owner_of_household(name).as_deref().unwrap_or(name));
    let own = owner(&person.name);
    let known = duplicates::names_of(conn, identity)?;
    let mut known: Vec<String> = known
        .into_iter()
        .filter(|(_, unit)| occasion.covers(reference.units(), &[*unit]))
        .map(|(name, _)| name)
        .collect();
    // Once right, it is known: only a name that nobody has used yet is asked about.
    if known.iter().any(|name| owner(name) == own) {
        return Ok(None);
    }
    known.sort_unstable();
    Ok(known.into_iter().next().map(|name| Warned {
        warning: Warning::DuplicatePerson,
        detail: format!(
            "số định danh {identity} đã có trong hồ sơ của đơn vị với tên “{name}”, không phải “{}”",
            person.name.trim()
        ),
    }))
}
