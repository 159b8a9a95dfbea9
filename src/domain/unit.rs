//! Units (province, departments, districts, communes), their tree, validity and successors.

pub mod finding;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::domain::enums::text_enum;
use crate::domain::ids::UnitId;
use crate::domain::office_hours::OfficeHours;
use crate::domain::phone;
use crate::domain::text::clean;
use crate::domain::typed::{self, latin};

text_enum! {
    /// The administrative level that receives and resolves. Ordered from the top.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
    #[serde(rename_all = "snake_case")]
    pub enum Level {
        Province = 1 "province",
        District = 2 "district",
        Commune = 3 "commune",
    }
}

text_enum! {
    /// What kind of office a unit is.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
    #[serde(rename_all = "snake_case")]
    pub enum UnitKind {
        /// Ủy ban nhân dân.
        PeopleCommittee = "people_committee",
        /// Sở, ban, ngành of the province.
        Department = "department",
    }
}

/// A unit with its validity: it works from `valid_from` to `valid_to`, both included.
#[derive(Debug, Clone, PartialEq)]
pub struct Unit {
    pub id: UnitId,
    /// Identifier in the form of Quyết định 20/2020/QĐ-TTg, such as `H37.16`.
    pub code: String,
    pub level: Level,
    pub kind: UnitKind,
    pub name: String,
    pub parent: Option<UnitId>,
    /// The code of the General Statistics Office, where there is one.
    pub statistical_code: Option<String>,
    pub valid_from: NaiveDate,
    pub valid_to: Option<NaiveDate>,
    /// Opening hours that differ from the office's default.
    pub office_hours: Option<OfficeHours>,
    /// Marked as mountainous or far away (miền núi, vùng sâu, vùng xa): some procedures take longer there.
    pub mountain: bool,
    /// Where its desk is, as people find it.
    pub address: Option<String>,
    /// How its desk is called: one number, or several with commas between.
    pub phone: Option<String>,
}

/// Whether a text is what an office gives as its telephone number: one that can be called, or several of these with
/// commas between. Short ones are service numbers.
pub fn is_desk_phone(text: &str) -> bool {
    let one = |number: &str| {
        let known = |c: char| c.is_ascii_digit() || " .+-()".contains(c);
        let digits = number.chars().filter(char::is_ascii_digit).count();
        number.chars().all(known) && ((3..=4).contains(&digits) || phone::read(number).is_ok())
    };
    text.chars().count() <= 100 && text.split(',').all(one)
}

/// Whether it is what an office gives as its telephone number.
///
/// # Errors
/// Why not; that zeros in front are missing, which spreadsheets take away, is said so.
pub fn check_desk_phone(text: &str) -> Result<(), &'static str> {
    if is_desk_phone(text) {
        return Ok(());
    }
    let with_zero = text.split(',').map(|number| format!("0{}", number.trim()));
    let with_zero: Vec<String> = with_zero.collect();
    // Of what is far too short nothing was taken away.
    let digits = text.chars().filter(char::is_ascii_digit).count();
    Err(match digits >= 9 && is_desk_phone(&with_zero.join(",")) {
        true => "số điện thoại thiếu số 0 ở đầu",
        false => {
            "số điện thoại phải gọi được, đủ số 0 ở đầu và mã vùng (ví dụ 0205 3812 345); nhiều số cách nhau bằng dấu \
             phẩy; tối đa 100 ký tự"
        }
    })
}

/// Telephone numbers of an office as they are kept: without what they are called, with commas between.
pub fn desk_phone(text: &str) -> String {
    let numbers = text.split([',', ';', '/', '\n']);
    let numbers = numbers.flat_map(|some| some.split(" hoặc "));
    let numbers = numbers.flat_map(|some| some.split(" và "));
    // `0205.3812.345 - 0912.345.678`, but not `0205 - 3812 345`.
    let numbers = numbers.flat_map(|some| {
        let parts: Vec<&str> = some.split(['-', '–']).collect();
        let each = |part: &&str| phone::read(part.trim()).is_ok();
        match parts.iter().all(each) {
            true => parts,
            false => vec![some],
        }
    });
    let numbers = numbers.map(typed::number);
    let numbers: Vec<String> = numbers.filter(|number| !number.is_empty()).collect();
    numbers.join(", ")
}

/// A unit's code as it is kept: in capitals, in our letters, without what ends a sentence, and with zeros for an O among
/// digits.
pub fn typed_code(text: &str) -> String {
    let code = latin(&clean(text)).into_owned();
    let code = code.trim().trim_end_matches([',', ';', '.', ':']);
    let code = code.replace(',', ".");
    let groups = code.split('.').map(|group| match typed::digits(group) {
        number if number.bytes().all(|b| b.is_ascii_digit()) => number,
        _ => group.to_ascii_uppercase(),
    });
    groups.collect::<Vec<_>>().join(".")
}

/// Groups of capital letters and digits with dots between them, such as `H37.16`.
pub fn is_unit_code(text: &str) -> bool {
    let part = |part: &str| {
        let mut bytes = part.bytes();
        !part.is_empty() && bytes.all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
    };
    text.len() <= 40 && text.split('.').all(part)
}

/// A code of the General Statistics Office (Quyết định 124/2004/QĐ-TTg [M]): two digits for a province, three for a
/// district, five for a commune.
///
/// # Errors
/// Why it is none; that it lacks a zero in front, which spreadsheets take away, is said so.
pub fn check_statistical_code(level: Level, code: &str) -> Result<(), String> {
    let digits = match level {
        Level::Province => 2,
        Level::District => 3,
        Level::Commune => 5,
    };
    let is_number = !code.is_empty() && code.bytes().all(|b| b.is_ascii_digit());
    match is_number {
        true if code.len() == digits => Ok(()),
        true if code.len() < digits => Err(format!(
            "'{code}' thiếu số 0 ở đầu? Mã thống kê ở cấp này có {digits} chữ số"
        )),
        _ => Err(format!(
            "'{code}' không phải mã thống kê gồm {digits} chữ số"
        )),
    }
}

/// Whether a code stands under another in the tree: `H37.20.01` under `H37.20`.
pub fn is_code_under(code: &str, above: &str) -> bool {
    code.strip_prefix(above)
        .is_some_and(|rest| rest.starts_with('.'))
}

impl Unit {
    pub fn is_open_on(&self, date: NaiveDate) -> bool {
        self.valid_from <= date && self.valid_to.is_none_or(|to| date <= to)
    }
}

text_enum! {
    /// How much of the old unit went into a new one.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
    pub enum Share {
        Whole = "whole",
        /// The unit was divided; this successor takes what is not said to go elsewhere.
        Default = "default",
        /// The unit was divided; this successor took a part.
        Part = "part",
    }
}

/// One line of a succession: from `on`, `successor` does what `unit` did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Succession {
    pub unit: UnitId,
    pub successor: UnitId,
    pub share: Share,
    pub on: NaiveDate,
}

/// All units of the office, indexed. Shared and never changed: an import makes a new one.
#[derive(Debug, Clone, Default)]
pub struct Units {
    by_id: HashMap<UnitId, Arc<Unit>>,
    by_code: HashMap<String, UnitId>,
    successors: HashMap<UnitId, Vec<Succession>>,
}

impl Units {
    pub fn new(units: Vec<Unit>, successions: Vec<Succession>) -> Self {
        let by_code = units.iter().map(|u| (u.code.clone(), u.id)).collect();
        let by_id = units.into_iter().map(|u| (u.id, Arc::new(u))).collect();
        let mut successors: HashMap<_, Vec<_>> = HashMap::new();
        for succession in successions {
            successors
                .entry(succession.unit)
                .or_default()
                .push(succession);
        }
        Self {
            by_id,
            by_code,
            successors,
        }
    }

    pub fn get(&self, id: UnitId) -> Option<&Arc<Unit>> {
        self.by_id.get(&id)
    }

    /// Another unit of that level and statistical code that is in operation on some day on which this one is.
    pub fn of_same_statistical_code(&self, unit: &Unit) -> Option<&Arc<Unit>> {
        let code = unit.statistical_code.as_ref()?;
        self.by_id.values().find(|other| {
            other.id != unit.id
                && other.level == unit.level
                && other.statistical_code.as_ref() == Some(code)
                && other.valid_to.is_none_or(|to| unit.valid_from <= to)
                && unit.valid_to.is_none_or(|to| other.valid_from <= to)
        })
    }

    pub fn by_code(&self, code: &str) -> Option<&Arc<Unit>> {
        let typed = || self.by_code.get(&typed_code(code));
        let id = self.by_code.get(code).or_else(typed)?;
        self.by_id.get(id)
    }

    /// All units, by code.
    pub fn all(&self) -> Vec<&Arc<Unit>> {
        let mut all: Vec<_> = self.by_id.values().collect();
        all.sort_by(|a, b| a.code.cmp(&b.code));
        all
    }

    /// `root` and all units under it.
    pub fn under(&self, root: UnitId) -> Vec<UnitId> {
        let mut found: Vec<_> = self
            .by_id
            .keys()
            .copied()
            .filter(|&id| self.is_under(id, root))
            .collect();
        found.sort_unstable();
        found
    }

    /// Whether every unit is `root` or lies under it.
    pub fn is_whole(&self, root: UnitId) -> bool {
        self.by_id.keys().all(|&id| self.is_under(id, root))
    }

    /// Whether `id` is `root` or lies under it.
    pub fn is_under(&self, id: UnitId, root: UnitId) -> bool {
        // As many steps as there are units at most: a ring of parents would end the walk too.
        std::iter::successors(Some(id), |&id| self.get(id).and_then(|u| u.parent))
            .take(self.by_id.len() + 1)
            .any(|ancestor| ancestor == root)
    }

    /// The unit right below the root under which this one lies: a department, a district, or since
    /// 2025 a commune. `None` for a root.
    pub fn area_of(&self, id: UnitId) -> Option<UnitId> {
        let parent = |id: &UnitId| self.get(*id).and_then(|unit| unit.parent);
        std::iter::successors(Some(id), parent)
            .take(self.by_id.len() + 1)
            .find(|id| parent(id).is_some_and(|above| parent(&above).is_none()))
    }

    /// The successor that takes the open dossiers of `unit`: the whole one, or the default of a
    /// divided unit. `None` where the sources name none; it is never guessed.
    pub fn successor_of(&self, unit: UnitId) -> Option<Succession> {
        let lines = self.successors.get(&unit)?;
        lines.iter().find(|s| s.share != Share::Part).copied()
    }

    /// All lines of all successions, in no particular order.
    pub fn successions(&self) -> impl Iterator<Item = &Succession> {
        self.successors.values().flatten()
    }

    /// Whether the sources name anybody who takes over any part of it.
    pub fn has_successors(&self, unit: UnitId) -> bool {
        self.successors
            .get(&unit)
            .is_some_and(|lines| !lines.is_empty())
    }

    /// Whether `successor` is named as taking over any part of `unit`, at once or through units
    /// that have ended since.
    pub fn succeeds(&self, unit: UnitId, successor: UnitId) -> bool {
        let reached = self.with_successors(&[unit]);
        reached.into_iter().skip(1).any(|id| id == successor)
    }

    /// The same by the successions that have come by a day.
    pub fn succeeds_by(&self, unit: UnitId, successor: UnitId, on: NaiveDate) -> bool {
        let reached = self.reached(&[unit], |line| line.on <= on);
        reached.into_iter().skip(1).any(|id| id == successor)
    }

    /// These units, and behind them all that have taken over any part of them, at once or through others.
    pub fn with_successors(&self, units: &[UnitId]) -> Vec<UnitId> {
        self.reached(units, |_| true)
    }

    fn reached(&self, units: &[UnitId], counts: impl Fn(&Succession) -> bool) -> Vec<UnitId> {
        let mut reached = units.to_vec();
        let mut seen: HashSet<UnitId> = units.iter().copied().collect();
        let mut next = 0;
        while let Some(unit) = reached.get(next).copied() {
            next += 1;
            let lines = self.successors.get(&unit).into_iter().flatten();
            for line in lines.filter(|line| counts(line)) {
                if seen.insert(line.successor) {
                    reached.push(line.successor);
                }
            }
        }
        reached
    }

    /// Whether `id` is `root`, lies under it, or has gone on in a unit that does: whoever takes all of a unit over,
    /// or what of it is not said to go elsewhere, has its archive too. Who takes a part has what was moved there.
    pub fn reaches(&self, id: UnitId, root: UnitId, on: NaiveDate) -> bool {
        let heir = |unit: &UnitId| {
            let line = self.successor_of(*unit)?;
            (line.on <= on).then_some(line.successor)
        };
        std::iter::successors(Some(id), heir)
            // As many steps as there are units at most: a ring would end the walk too.
            .take(self.by_id.len() + 1)
            .any(|unit| self.is_under(unit, root))
    }

    /// All units that `root` reaches on that day, by id ([`Self::reaches`]).
    pub fn reached_by(&self, root: UnitId, on: NaiveDate) -> Vec<UnitId> {
        let all = self.by_id.keys().copied();
        let mut found: Vec<_> = all.filter(|id| self.reaches(*id, root, on)).collect();
        found.sort_unstable();
        found
    }

    /// The unit itself if it is open on that day, else the one that does its work then. `None`
    /// where the sources name none.
    pub fn in_charge_on(&self, unit: UnitId, on: NaiveDate) -> Option<&Arc<Unit>> {
        let heir = |unit: &UnitId| {
            let line = self.successor_of(*unit)?;
            (line.on <= on).then_some(line.successor)
        };
        std::iter::successors(Some(unit), heir)
            // As many steps as there are units at most: a ring would end the walk too.
            .take(self.by_id.len() + 1)
            .filter_map(|id| self.get(id))
            .find(|unit| unit.is_open_on(on))
    }

    /// The name of a unit for a list of several: two of the same name are told apart by what is above them.
    pub fn name_apart(&self, unit: &Unit) -> String {
        let mut same = self.by_id.values().filter(|other| other.name == unit.name);
        let is_shared = same.nth(1).is_some();
        match unit.parent.and_then(|id| self.get(id)) {
            Some(above) if is_shared => format!("{} ({})", unit.name, above.name),
            _ => unit.name.clone(),
        }
    }

    /// Whom people are sent to about a unit on that day: the one that does its work, or itself where nobody is named.
    pub fn answering_on(&self, unit: UnitId, on: NaiveDate) -> Option<&Arc<Unit>> {
        self.in_charge_on(unit, on).or_else(|| self.get(unit))
    }
}
