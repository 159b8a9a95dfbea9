//! What is moved when a unit's work goes to others: for whoever says so, before they do.

use chrono::NaiveDate;

use crate::domain::ids::UnitId;
use crate::domain::moment::Moment;
use crate::domain::unit::Unit;
use crate::error::Error;
use crate::store::{Store, open_dossiers, outbox, users};
use crate::views::list::Named;

/// Who goes on with the work of a unit from a day on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Code of the unit that ends.
    pub from: String,
    /// The first day of those who go on with it.
    pub on: NaiveDate,
    /// Code of the unit that takes what is not said to go elsewhere; `None`: one that is made on that day.
    pub to: Option<String>,
    /// Codes of units that take a part.
    pub parts: Vec<String>,
}

/// What it means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moves {
    pub to: Option<Named>,
    pub parts: Vec<Named>,
    /// Open and registered dossiers.
    pub open: usize,
    /// Results that nobody has fetched.
    pub not_returned: usize,
    /// Messages about its dossiers that are on their way.
    pub undelivered: u64,
    /// People who may log in.
    pub staff: usize,
    /// Open units right under it.
    pub below: Vec<Named>,
    /// The day is there: it begins as soon as it is confirmed.
    pub at_once: bool,
}

fn named(unit: &Unit) -> Named {
    Named {
        code: unit.code.clone(),
        name: unit.name.clone(),
    }
}

/// What moves from a unit to those who go on with its work, as things stand now. Changes nothing.
///
/// # Errors
/// What is wrong with it, a unit out of reach, or an error of the store.
pub fn preview(store: &Store, wanted: &Wanted, reach: UnitId, now: Moment) -> Result<Moves, Error> {
    store.read_with_reference(|conn, reference| {
        let units = reference.units();
        let from = units.by_code(&wanted.from).ok_or(Error::NO_UNIT)?;
        let mut wrong = Vec::new();
        let mut heir = |place: String, code: &str| {
            let reason = match units.by_code(code) {
                None => format!("không có đơn vị '{code}'"),
                Some(unit) if !units.is_under(unit.id, reach) => {
                    format!("đơn vị '{code}' không thuộc phạm vi quản lý của bạn")
                }
                Some(unit) if unit.id == from.id => "phải là đơn vị khác".to_owned(),
                Some(unit) if !unit.is_open_on(wanted.on) => {
                    format!("đơn vị '{code}' không hoạt động vào ngày đó")
                }
                Some(unit) => return Some(named(unit)),
            };
            wrong.push((place, reason));
            None
        };
        let to = wanted
            .to
            .as_deref()
            .and_then(|code| heir("/successor".to_owned(), code));
        let parts = wanted.parts.iter().enumerate();
        let parts: Vec<_> = parts
            .filter_map(|(i, code)| heir(format!("/parts/{i}"), code))
            .collect();
        if wanted.on <= from.valid_from {
            let reason = "đơn vị chưa hoạt động trước ngày đó".to_owned();
            wrong.push(("/on".to_owned(), reason));
        }
        if !units.is_under(from.id, reach) {
            return Err(Error::NOT_YOURS_TO_KEEP);
        }
        if !wrong.is_empty() {
            return Err(Error::invalid(wrong));
        }
        let held = open_dossiers::held_by(conn, &[from.id])?;
        let held = held.get(&from.id).copied().unwrap_or_default();
        let below = units.all().into_iter();
        let below = below.filter(|unit| unit.parent == Some(from.id) && unit.is_open_on(wanted.on));
        Ok(Moves {
            to,
            parts,
            open: held.open,
            not_returned: held.not_returned,
            undelivered: outbox::undelivered_of(conn, from.id)?,
            staff: users::of_units(conn, &[from.id], true)?.len(),
            below: below.map(|unit| named(unit)).collect(),
            at_once: wanted.on <= now.date(),
        })
    })
}
