//! Units, one at a time. Whole lists come in with `motcua import units`.

use chrono::NaiveDate;

use super::AdminError;
use crate::domain::ids::{JobId, UnitId, UserId};
use crate::domain::job::Kind;
use crate::domain::office_hours::OfficeHours;
use crate::domain::unit::{Level, Unit, UnitKind, Units, is_unit_code};
use crate::store::authority::Proof;
use crate::store::idempotency::{Once, once};
use crate::store::{Conn, Store, dossiers, jobs, settings, units as store};

/// A new unit under one that there is.
#[derive(Debug, Clone)]
pub struct NewUnit {
    pub code: String,
    pub level: Level,
    pub kind: UnitKind,
    pub name: String,
    /// Code of the unit above.
    pub parent: String,
    pub statistical_code: Option<String>,
    pub valid_from: NaiveDate,
    pub valid_to: Option<NaiveDate>,
    pub office_hours: Option<OfficeHours>,
}

/// What changes about a unit; what is `None` stays.
#[derive(Debug, Clone, Default)]
pub struct UnitChange {
    pub name: Option<String>,
    /// Code of the unit above.
    pub parent: Option<String>,
    /// The last day; `Some(None)`: none.
    pub valid_to: Option<Option<NaiveDate>>,
    /// `Some(None)`: the default ones.
    pub office_hours: Option<Option<OfficeHours>>,
}

fn check(unit: &Unit, units: &Units, wrong: &mut Vec<(String, String)>) {
    let mut add = |field: &str, reason: &str| wrong.push((field.to_owned(), reason.to_owned()));
    match unit.name.trim().chars().count() {
        0 => add("/name", "để trống"),
        1..=300 => {}
        _ => add("/name", "dài quá 300 ký tự"),
    }
    if unit.valid_to.is_some_and(|last| last < unit.valid_from) {
        add("/valid_to", "trước valid_from");
    }
    if let Some(Err(error)) = unit.office_hours.as_ref().map(OfficeHours::check) {
        add("/office_hours", &error.to_string());
    }
    if let Some(parent) = unit.parent.and_then(|id| units.get(id)) {
        if parent.level > unit.level {
            add("/parent", "đơn vị cấp trên phải ở cấp bằng hoặc cao hơn");
        }
        if units.is_under(parent.id, unit.id) {
            add("/parent", "đơn vị trở thành cấp trên của chính nó");
        }
    }
}

/// The unit above, which has to be within reach too.
fn parent(
    code: &str,
    units: &Units,
    reach: UnitId,
    wrong: &mut Vec<(String, String)>,
) -> Result<Option<UnitId>, AdminError> {
    let Some(parent) = units.by_code(code) else {
        wrong.push(("/parent".to_owned(), format!("không có đơn vị '{code}'")));
        return Ok(None);
    };
    if !units.is_under(parent.id, reach) {
        return Err(AdminError::OutOfReach);
    }
    Ok(Some(parent.id))
}

/// Makes a unit.
///
/// # Errors
/// All that is wrong with it, a unit above that is out of reach, or an error of the store.
pub fn create_unit(
    store: &Store,
    new: NewUnit,
    by: Proof,
    key: Option<Once>,
) -> Result<Unit, AdminError> {
    let now = crate::clock::now();
    store.change_reference_as(by, move |conn, reference, caller| {
        let reach = caller.unit();
        let made = once(conn, key.as_ref(), now, |conn| {
            let units = reference.units();
            let mut wrong = Vec::new();
            if !is_unit_code(&new.code) {
                let reason = format!("'{}' không có dạng H37.16", new.code);
                wrong.push(("/code".to_owned(), reason));
            } else if units.by_code(&new.code).is_some() {
                wrong.push(("/code".to_owned(), "đã có đơn vị này".to_owned()));
            }
            let parent = parent(&new.parent, units, reach, &mut wrong)?;
            let unit = Unit {
                id: UnitId(store::next_id(conn)?),
                code: new.code.clone(),
                level: new.level,
                kind: new.kind,
                name: new.name.trim().to_owned(),
                parent,
                statistical_code: new.statistical_code.clone(),
                valid_from: new.valid_from,
                valid_to: new.valid_to,
                office_hours: new.office_hours.clone(),
            };
            check(&unit, units, &mut wrong);
            if !wrong.is_empty() {
                return Err(AdminError::Invalid(wrong));
            }
            store::insert(conn, &unit)?;
            settings::bump_reference_version(conn)?;
            Ok(unit.id)
        })?;
        find(&store::load(conn)?, made.value)
    })
}

fn find(units: &Units, id: UnitId) -> Result<Unit, AdminError> {
    let unit = units.get(id).map(|unit| Unit::clone(unit));
    unit.ok_or_else(|| AdminError::NotFound("không có đơn vị này".to_owned()))
}

/// Changes a unit, if `unchanged` holds of it as it is now. Other opening hours move the return
/// dates of its open dossiers, as another calendar does; another unit above changes under which area its
/// dossiers are listed; its end sends its open dossiers to its successor. The jobs that do so come with
/// the unit.
///
/// # Errors
/// All that is wrong with the change, a unit that is out of reach, or an error of the store.
pub fn change_unit(
    store: &Store,
    code: &str,
    change: UnitChange,
    by: Proof,
    unchanged: impl Fn(&Unit) -> bool + Send + 'static,
) -> Result<(Unit, Vec<JobId>), AdminError> {
    let code = code.to_owned();
    store.change_reference_as(by, move |conn, reference, caller| {
        let reach = caller.unit();
        let units = reference.units();
        let known = units
            .by_code(&code)
            .ok_or_else(|| AdminError::NotFound(format!("không có đơn vị '{code}'")))?;
        if !units.is_under(known.id, reach) {
            return Err(AdminError::OutOfReach);
        }
        if !unchanged(known) {
            return Err(AdminError::Changed);
        }
        let mut wrong = Vec::new();
        let mut unit = Unit::clone(known);
        if let Some(name) = &change.name {
            unit.name = name.trim().to_owned();
        }
        if let Some(above) = &change.parent {
            unit.parent = parent(above, units, reach, &mut wrong)?.or(unit.parent);
        }
        unit.valid_to = change.valid_to.unwrap_or(unit.valid_to);
        if let Some(hours) = &change.office_hours {
            unit.office_hours.clone_from(hours);
        }
        check(&unit, units, &mut wrong);
        if !wrong.is_empty() {
            return Err(AdminError::Invalid(wrong));
        }
        let mut jobs = Vec::new();
        if unit != **known {
            jobs = put(conn, &unit, units, caller.user())?;
        }
        Ok((unit, jobs))
    })
}

fn put(conn: &mut Conn, unit: &Unit, before: &Units, by: UserId) -> Result<Vec<JobId>, AdminError> {
    store::update(conn, unit)?;
    settings::bump_reference_version(conn)?;
    let (known, now) = (before.get(unit.id), crate::clock::now());
    let moving = dossiers::moving(before, &store::load(conn)?);
    let hours = known.is_some_and(|known| known.office_hours != unit.office_hours);
    let ended = known.is_some_and(|known| known.valid_to != unit.valid_to)
        && unit.valid_to.is_some_and(|last| last < now.date());
    let mut asked = Vec::new();
    for (kind, needed) in [
        (Kind::DueMoments, hours),
        (Kind::Areas, !moving.is_empty()),
        (Kind::Successors, ended),
    ] {
        if needed {
            let units = match kind {
                Kind::Areas => moving.as_slice(),
                _ => &[],
            };
            asked.push(jobs::ask(conn, kind, units, Some(by), now)?);
        }
    }
    Ok(asked)
}
