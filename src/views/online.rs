//! What a citizen chooses and is told before submitting online: the procedure and the unit, found by a few words without
//! marks, and what the procedure asks for.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use crate::domain::dossier::Channel;
use crate::domain::ids::UnitId;
use crate::domain::moment::Moment;
use crate::domain::order;
use crate::domain::procedure::finding::Wanted;
use crate::domain::procedure::{ChecklistItem, Fee, OnlineLevel, ProcedureDefinition};
use crate::domain::unit::finding::fits;
use crate::domain::unit::{Level, Unit};
use crate::error::{Error, WrongField};
use crate::render::words;
use crate::store::Store;
use crate::store::reference::Reference;
use crate::views::list::Named;
use crate::views::look_up::Desk;

/// The most that a search shows.
const MOST: usize = 20;

/// What a search has found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found<T> {
    pub items: Vec<T>,
    /// There is more than is shown.
    pub more: bool,
}

impl<T> Found<T> {
    fn of(mut items: Vec<T>) -> Self {
        let more = items.len() > MOST;
        items.truncate(MOST);
        Self { items, more }
    }
}

/// A procedure to choose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    pub code: String,
    pub name: String,
    /// Lĩnh vực.
    pub field: String,
    /// It can be submitted online.
    pub online: bool,
}

/// The procedures in force on a day that fit what was typed, by name.
///
/// # Errors
/// If the database refuses.
pub fn procedures(store: &Store, typed: &str, day: NaiveDate) -> Result<Found<Offer>, Error> {
    let reference = store.reference()?;
    let wanted = Wanted::new(typed);
    let mut found = Vec::new();
    for version in reference.procedures() {
        let definition = &version.definition;
        if !definition.is_in_force_on(day) {
            continue;
        }
        let by_field = || fits(typed, &[&definition.field, &definition.name]).then_some(4);
        if let Some(rank) = wanted.rank(definition).or_else(by_field) {
            let offer = Offer {
                code: definition.code.clone(),
                name: definition.name.clone(),
                field: definition.field.clone(),
                online: definition.online_level != OnlineLevel::Information,
            };
            found.push((rank, offer));
        }
    }
    let any = wanted.is_any();
    found.sort_by_cached_key(|(rank, offer)| {
        (
            !offer.online,
            any.then_some(*rank),
            order::place(&offer.name),
        )
    });
    Ok(Found::of(
        found.into_iter().map(|(_, offer)| offer).collect(),
    ))
}

/// Whether a unit resolves dossiers of a procedure on a day.
fn resolves(unit: &Unit, definition: &ProcedureDefinition, day: NaiveDate) -> bool {
    let department = match unit.level {
        Level::Province => definition.department.as_ref(),
        Level::District | Level::Commune => None,
    };
    unit.is_open_on(day)
        && definition.levels.contains(&unit.level)
        && department.is_none_or(|department| *department == unit.code)
}

fn in_force<'a>(
    reference: &'a Reference,
    code: &str,
    day: NaiveDate,
) -> Result<&'a ProcedureDefinition, Error> {
    let version = reference.procedure_in_force(code, day);
    let version =
        version.filter(|version| version.definition.online_level != OnlineLevel::Information);
    let missing = || {
        let reason = format!("không có thủ tục '{code}' nhận nộp trực tuyến hôm nay");
        Error::Invalid(vec![WrongField::from(("/procedure", reason))])
    };
    Ok(&version.ok_or_else(missing)?.definition)
}

/// A unit to choose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnitOffer {
    pub unit: Named,
    /// The ended units that were looked for, whose work it does.
    pub instead_of: Vec<String>,
}

/// The open units that fit what was typed, by name, and those that do the work of one that has ended and fits; of a
/// procedure those that resolve it.
///
/// # Errors
/// If there is no such procedure, or the database refuses.
pub fn units(
    store: &Store,
    procedure: Option<&str>,
    typed: &str,
    day: NaiveDate,
) -> Result<Found<UnitOffer>, Error> {
    let reference = store.reference()?;
    let definition = procedure
        .map(|code| in_force(&reference, code, day))
        .transpose()?;
    let units = reference.units();
    let mut found: BTreeMap<UnitId, Vec<String>> = BTreeMap::new();
    for unit in units.all() {
        let above = unit.parent.and_then(|id| units.get(id));
        let above = above.map_or("", |above| above.name.as_str());
        if !fits(typed, &[unit.name.as_str(), &unit.code, above]) {
            continue;
        }
        let has_ended = unit.valid_to.is_some_and(|last| last < day);
        let Some(at_work) = units.answering_on(unit.id, day) else {
            continue;
        };
        let resolves = definition.map_or(at_work.is_open_on(day), |of| resolves(at_work, of, day));
        // Without a word typed, all that are there are enough.
        if resolves && (!has_ended || !typed.trim().is_empty()) {
            let ended = found.entry(at_work.id).or_default();
            if has_ended {
                ended.push(units.name_apart(unit));
            }
        }
    }
    let found = found.into_iter().filter_map(|(id, instead_of)| {
        let unit = units.get(id)?;
        let named = Named {
            code: unit.code.clone(),
            name: units.name_apart(unit),
        };
        Some(UnitOffer {
            unit: named,
            instead_of,
        })
    });
    let mut found: Vec<_> = found.collect();
    found.sort_by_cached_key(|offer| (order::place(&offer.unit.name), offer.unit.code.clone()));
    Ok(Found::of(found))
}

/// A paper that a procedure asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paper {
    pub name: String,
    /// How many, in words.
    pub number: String,
    pub required: bool,
}

/// What a case of a procedure asks for and promises, where that is not what the procedure does.
#[derive(Debug, Clone, PartialEq)]
pub struct CaseTerms {
    pub code: String,
    pub name: String,
    pub papers: Option<Vec<Paper>>,
    pub fees: Option<Vec<String>>,
    pub limit: Option<String>,
}

impl CaseTerms {
    pub fn differs(&self) -> bool {
        self.papers.is_some() || self.fees.is_some() || self.limit.is_some()
    }
}

/// What a citizen is told of a procedure before they submit it.
#[derive(Debug, Clone, PartialEq)]
pub struct Terms {
    pub procedure: Named,
    pub unit: Named,
    pub cases: Vec<CaseTerms>,
    pub papers: Vec<Paper>,
    /// A line each.
    pub fees: Vec<String>,
    /// In words; absent where it depends on the case.
    pub limit: Option<String>,
    pub result: String,
    pub desk: Desk,
}

/// What a procedure asks for and promises, submitted online to a unit.
///
/// # Errors
/// If one of them is not, or the unit does not resolve the procedure.
pub fn terms(store: &Store, procedure: &str, unit: &str, now: Moment) -> Result<Terms, Error> {
    let reference = store.reference()?;
    let day = now.date();
    let definition = in_force(&reference, procedure, day)?;
    let known = reference.units().by_code(unit);
    let known = known.filter(|unit| resolves(unit, definition, day));
    let known = known.ok_or_else(|| {
        let units = reference.units();
        let ended = units
            .by_code(unit)
            .and_then(|unit| words::ended(units, unit, day));
        let none = || format!("đơn vị '{unit}' không giải quyết thủ tục này");
        let reason = ended.unwrap_or_else(none);
        Error::Invalid(vec![WrongField::from(("/unit", reason))])
    })?;
    let held = definition.limit_for(None, Channel::Online, known.mountain);
    let limit = match definition.case_decides_limit(Channel::Online) {
        true => None,
        false => held.limit.limit().ok().map(|limit| limit.to_string()),
    };
    let papers = |list: &[ChecklistItem]| {
        let papers = list.iter().map(|item| Paper {
            name: item.name.clone(),
            number: words::copies(item.originals, item.copies),
            required: item.required,
        });
        papers.collect::<Vec<_>>()
    };
    let fees = |list: &[Fee]| {
        let held = list.iter().filter(|fee| fee.holds(Channel::Online, day));
        held.map(fee).collect::<Vec<_>>()
    };
    let cases = definition.cases.iter().map(|case| {
        let held = definition.limit_for(Some(&case.code), Channel::Online, known.mountain);
        let own = held.limit.limit().ok().map(|limit| limit.to_string());
        CaseTerms {
            code: case.code.clone(),
            name: case.name.clone(),
            papers: case.checklist.as_deref().map(papers),
            fees: case.fees.as_deref().map(fees),
            limit: own.filter(|own| limit.as_ref() != Some(own)),
        }
    });
    Ok(Terms {
        procedure: Named {
            code: definition.code.clone(),
            name: definition.name.clone(),
        },
        unit: Named {
            code: known.code.clone(),
            name: known.name.clone(),
        },
        cases: cases.collect(),
        papers: papers(&definition.checklist),
        fees: fees(&definition.fees),
        limit,
        result: definition.result.clone(),
        desk: Desk::of(&reference, known.id, store.default_hours(), now),
    })
}

/// A fee; of one that is counted the number is said at receipt.
fn fee(fee: &Fee) -> String {
    match fee.per {
        Some(_) => format!(
            "{}; số lượng do bộ phận một cửa ghi khi tiếp nhận",
            words::fee(fee)
        ),
        None => words::fee(fee),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_by_their_beginnings_without_marks() {
        let texts = ["Chứng thực bản sao từ bản chính", "2.000815"];
        for typed in [
            "chung thuc",
            "BAN SAO",
            "sao ban chinh",
            "2.0008",
            "",
            "chứng",
        ] {
            assert!(fits(typed, &texts), "{typed}");
        }
        for typed in ["hon", "chung hon", "thục xx"] {
            assert!(!fits(typed, &texts), "{typed}");
        }
    }
}
