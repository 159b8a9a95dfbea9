//! `motcua import units`: a list of units with level, parent and validity.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use chrono::NaiveDate;

use crate::domain::ids::UnitId;
use crate::domain::job::Kind;
use crate::domain::person::fold_diacritics;
use crate::domain::unit::{
    Level, Unit, UnitKind, Units, check_desk_phone, check_statistical_code, desk_phone,
    is_code_under, is_unit_code,
};
use crate::imports::table::{self, Row};
use crate::imports::{ImportError, Imported, Wrong, file_hash, recorded, successions, verdict};
use crate::store::admin_acts::ActKind;
use crate::store::{Conn, Store, jobs, open_dossiers, settings, units as store};

const LEVELS: &str = "province, district hay commune";
const KINDS: &str = "people_committee hay department";

/// How a file of units is meant.
#[derive(Debug, Clone)]
pub struct UnitsOptions {
    /// First day of new units whose line names none.
    pub valid_from: NaiveDate,
    /// Levels of which the file is the whole list: their units that it does not name end on the
    /// day before `valid_from`.
    pub replaces: Vec<Level>,
}

/// A line of the file, checked by itself.
#[derive(Debug, Clone)]
struct Line {
    row_line: u64,
    code: String,
    level: Level,
    kind: UnitKind,
    name: String,
    parent: Option<String>,
    statistical_code: Option<String>,
    valid_from: Option<NaiveDate>,
    valid_to: Option<NaiveDate>,
    mountain: Option<bool>,
    address: Option<String>,
    phone: Option<String>,
}

/// What goes with a file of units by which others end.
#[derive(Debug, Clone, Default)]
pub struct Reform {
    /// A file of successions, put in with the units.
    pub successions: Option<Vec<u8>>,
    /// Units may end with dossiers on them and no successor: somebody sees to them.
    pub leave_dossiers: bool,
}

/// Imports units. New codes are added; known ones take the line's name, parent and codes, and
/// keep the day from which they are valid, their mark, address and telephone number, unless the line names one. None may end with dossiers on it
/// and no successor.
///
/// # Errors
/// All that is wrong with the file, or an error of the store; then nothing is changed.
pub fn units(store: &Store, bytes: &[u8], options: &UnitsOptions) -> Result<Imported, ImportError> {
    reform(store, bytes, options, &Reform::default())
}

/// The same with the successions of the units that end, in one transaction.
///
/// # Errors
/// As [`units`].
pub fn reform(
    store: &Store,
    bytes: &[u8],
    options: &UnitsOptions,
    reform: &Reform,
) -> Result<Imported, ImportError> {
    let (bytes, options) = (Arc::<[u8]>::from(bytes), options.clone());
    let file = file_hash(&bytes);
    let reform = reform.clone();
    // The lock before anything is read: what another import or an administrator changes meanwhile would
    // be overwritten with what was known before.
    store.change_reference(move |conn, _| {
        let before = store::load(conn)?;
        let mut imported = recorded(conn, ActKind::UnitsImported, &file, |conn| {
            put_file(conn, &bytes, &options)
        })?;
        if let Some(bytes) = &reform.successions {
            let successions = successions::put_recorded(conn, bytes, None)?;
            imported.added += successions.added;
            imported.changed += successions.changed;
            imported.unchanged += successions.unchanged;
            imported.notes = successions.notes;
        }
        let left = left_behind(conn, &before)?;
        if reform.leave_dossiers {
            imported.notes.extend(left);
            return Ok(imported);
        }
        let wrong = left.into_iter().map(|reason| Wrong {
            line: 0,
            column: String::new(),
            reason,
        });
        verdict(wrong.collect())?;
        Ok(imported)
    })
}

/// The units that end now with dossiers on them and no successor.
fn left_behind(conn: &mut Conn, before: &Units) -> Result<Vec<String>, ImportError> {
    let now = store::load(conn)?;
    let ends = |unit: &Unit| {
        let ended = before.get(unit.id).and_then(|unit| unit.valid_to);
        unit.valid_to.is_some() && unit.valid_to != ended && now.successor_of(unit.id).is_none()
    };
    let all = now.all().into_iter();
    let ending: Vec<UnitId> = all.filter(|unit| ends(unit)).map(|unit| unit.id).collect();
    let held = open_dossiers::held_by(conn, &ending)?;
    let lines = held.into_iter().filter_map(|(id, held)| {
        let unit = now.get(id)?;
        let (open, not_returned) = (held.open, held.not_returned);
        Some(format!(
            "Đơn vị {} ({}) kết thúc mà còn {open} hồ sơ chưa xong và {not_returned} kết quả chưa trả, \
             không có đơn vị kế thừa",
            unit.code, unit.name
        ))
    });
    Ok(lines.collect())
}

/// Puts the units of a file into the store, within a transaction.
pub(crate) fn put_file(
    conn: &mut Conn,
    bytes: &[u8],
    options: &UnitsOptions,
) -> Result<Imported, ImportError> {
    let mut wrong = Vec::new();
    let rows = table::read_with_numbers(
        bytes,
        &[
            "code",
            "level",
            "kind",
            "name",
            "parent_code",
            "statistical_code",
        ],
        &["valid_from", "valid_to", "mountain", "address", "phone"],
        &["statistical_code"],
        &mut wrong,
    );
    let lines: Vec<Line> = rows
        .iter()
        .filter_map(|row| read_line(row, &mut wrong))
        .collect();
    check_twice(&lines, &mut wrong);
    let known = store::load(conn)?;
    let codes: HashSet<&str> = rows.iter().map(|row| row.get("code")).collect();
    check_parents(&rows, &codes, &known, &mut wrong);
    let rings = rings(&lines, &known);
    check_tree(&lines, &known, &rings, &mut wrong);
    verdict(wrong)?;
    put(conn, &lines, &known, options)
}

fn read_line(row: &Row, wrong: &mut Vec<Wrong>) -> Option<Line> {
    let before = wrong.len();
    let code = row.text("code", wrong);
    if let Some(code) = &code
        && !is_unit_code(code)
    {
        wrong.push(row.wrong("code", format!("'{code}' không có dạng H37.16")));
    }
    let level = row.word("level", LEVELS, wrong);
    let kind = row.word("kind", KINDS, wrong);
    let name = row.text("name", wrong);
    let valid_from = row.date("valid_from", wrong);
    let valid_to = row.date("valid_to", wrong);
    if let (Some(from), Some(to)) = (valid_from, valid_to)
        && to < from
    {
        wrong.push(row.wrong("valid_to", "trước valid_from"));
    }
    let mountain = match row.get("mountain") {
        "" => None,
        cell => {
            // As people answer, and as spreadsheets hold what is true.
            let read = match fold_diacritics(cell).as_str() {
                "yes" | "co" | "true" | "dung" | "x" | "1" => Some(true),
                "no" | "khong" | "false" | "sai" | "0" => Some(false),
                _ => None,
            };
            if read.is_none() {
                let why = format!("'{cell}' không phải yes hay no (có hay không)");
                wrong.push(row.wrong("mountain", why));
            }
            read
        }
    };
    let optional = |column| Some(row.get(column).to_owned()).filter(|cell| !cell.is_empty());
    let statistical_code = optional("statistical_code");
    if let (Some(level), Some(code)) = (level, &statistical_code)
        && let Err(reason) = check_statistical_code(level, code)
    {
        wrong.push(row.wrong("statistical_code", reason));
    }
    let address = optional("address");
    let phone = optional("phone").map(|phone| desk_phone(&phone));
    if address
        .as_ref()
        .is_some_and(|address| address.chars().count() > 300)
    {
        wrong.push(row.wrong("address", "dài quá 300 ký tự".to_owned()));
    }
    if let Some(phone) = &phone
        && let Err(reason) = check_desk_phone(phone)
    {
        wrong.push(row.wrong("phone", format!("'{phone}': {reason}")));
    }
    let line = Line {
        row_line: row.line,
        code: code?,
        level: level?,
        kind: kind?,
        name: name?,
        parent: optional("parent_code"),
        statistical_code,
        valid_from,
        valid_to,
        mountain,
        address,
        phone,
    };
    (wrong.len() == before).then_some(line)
}

fn at(line: &Line, column: &str, reason: String) -> Wrong {
    Wrong {
        line: line.row_line,
        column: format!("cột {column}"),
        reason,
    }
}

fn check_twice(lines: &[Line], wrong: &mut Vec<Wrong>) {
    let mut first: HashMap<&str, u64> = HashMap::new();
    for line in lines {
        if let Some(earlier) = first.insert(&line.code, line.row_line) {
            let reason = format!("mã {} đã có ở dòng {earlier}", line.code);
            wrong.push(at(line, "code", reason));
        }
    }
}

/// Every parent is in the file, on whatever line, or known.
fn check_parents(rows: &[Row], codes: &HashSet<&str>, known: &Units, wrong: &mut Vec<Wrong>) {
    for row in rows {
        let parent = row.get("parent_code");
        if !parent.is_empty() && !codes.contains(parent) && known.by_code(parent).is_none() {
            let reason = format!("không có đơn vị {parent} trong tệp hay trong danh mục");
            wrong.push(row.wrong("parent_code", reason));
        }
    }
}

/// Parents must be above; a unit keeps its level, under which the past was counted. Rings are looked for
/// in the whole of what there would be, by [`check_rings`].
fn check_tree(lines: &[Line], known: &Units, rings: &HashSet<u64>, wrong: &mut Vec<Wrong>) {
    let in_file: HashMap<&str, &Line> = lines.iter().map(|l| (l.code.as_str(), l)).collect();
    for line in lines {
        if let Some(unit) = known.by_code(&line.code)
            && unit.level != line.level
        {
            let reason = format!(
                "đơn vị {} đang thuộc cấp {}; đơn vị đổi cấp cần mã mới",
                line.code,
                unit.level.as_str()
            );
            wrong.push(at(line, "level", reason));
        }
        let Some(parent) = &line.parent else { continue };
        let level = in_file
            .get(parent.as_str())
            .map(|l| l.level)
            .or_else(|| known.by_code(parent).map(|unit| unit.level));
        match level {
            // Unknown, or on a line that is wrong itself: said elsewhere.
            None => {}
            Some(level) if level > line.level => wrong.push(at(
                line,
                "parent_code",
                format!("{parent} ở cấp dưới {}", line.code),
            )),
            Some(_) if rings.contains(&line.row_line) => {
                let reason = format!("{} trở thành cấp trên của chính nó", line.code);
                wrong.push(at(line, "parent_code", reason));
            }
            // A unit that is known keeps its code whatever it comes under.
            Some(_) if known.by_code(&line.code).is_some() => {}
            Some(_) if is_code_under(&line.code, parent) => {}
            Some(_) => {
                let reason = format!("mã phải bắt đầu bằng '{parent}.'");
                wrong.push(at(line, "code", reason));
            }
        }
    }
}

/// The lines whose units would lie under themselves, once the file's units have taken the place of those
/// known.
fn rings(lines: &[Line], known: &Units) -> HashSet<u64> {
    let in_file: HashMap<&str, &Line> = lines.iter().map(|l| (l.code.as_str(), l)).collect();
    let known_parent = |code: &str| {
        let parent = known.by_code(code)?.parent?;
        known.get(parent).map(|unit| unit.code.as_str())
    };
    let up = |code: &&str| match in_file.get(code) {
        Some(line) => line.parent.as_deref(),
        None => known_parent(code),
    };
    let most = lines.len() + known.all().len() + 1;
    let rings = lines.iter().filter(|line| {
        let mut above = std::iter::successors(line.parent.as_deref(), up).take(most);
        above.any(|code| code == line.code)
    });
    rings.map(|line| line.row_line).collect()
}

fn put(
    conn: &mut Conn,
    lines: &[Line],
    known: &Units,
    options: &UnitsOptions,
) -> Result<Imported, ImportError> {
    let mut imported = Imported::default();
    let next = store::next_id(conn)?;
    let mut ids: HashMap<&str, UnitId> = HashMap::new();
    let mut fresh = next;
    for line in lines {
        let id = known.by_code(&line.code).map_or_else(
            || {
                fresh += 1;
                UnitId(fresh - 1)
            },
            |unit| unit.id,
        );
        ids.insert(&line.code, id);
    }
    // Parents first, so that the reference from child to parent always holds.
    let mut ordered: Vec<&Line> = lines.iter().collect();
    ordered.sort_by_key(|line| depth(line, lines));
    for line in ordered {
        let old = known.by_code(&line.code);
        let parent = line.parent.as_deref().and_then(|code| {
            let known = || known.by_code(code).map(|unit| unit.id);
            ids.get(code).copied().or_else(known)
        });
        let unit = Unit {
            id: ids[line.code.as_str()],
            code: line.code.clone(),
            level: line.level,
            kind: line.kind,
            name: line.name.clone(),
            parent,
            statistical_code: line.statistical_code.clone(),
            valid_from: line
                .valid_from
                .or_else(|| old.map(|unit| unit.valid_from))
                .unwrap_or(options.valid_from),
            valid_to: line.valid_to.or_else(|| old.and_then(|unit| unit.valid_to)),
            office_hours: old.and_then(|unit| unit.office_hours.clone()),
            mountain: line
                .mountain
                .unwrap_or(old.is_some_and(|unit| unit.mountain)),
            address: (line.address.clone()).or_else(|| old.and_then(|unit| unit.address.clone())),
            phone: (line.phone.clone()).or_else(|| old.and_then(|unit| unit.phone.clone())),
        };
        match old {
            None => {
                store::insert(conn, &unit)?;
                imported.added += 1;
            }
            Some(old) if **old != unit => {
                store::update(conn, &unit)?;
                imported.changed += 1;
            }
            Some(_) => imported.unchanged += 1,
        }
    }
    if let Some(last) = options.valid_from.pred_opt() {
        for unit in known.all() {
            let replaced = options.replaces.contains(&unit.level);
            if replaced && !ids.contains_key(unit.code.as_str()) && unit.is_open_on(last) {
                let mut ended = Unit::clone(unit);
                ended.valid_to = Some(last);
                if **unit != ended {
                    store::update(conn, &ended)?;
                    imported.changed += 1;
                }
            }
        }
    }
    let units = store::load(conn)?;
    let mut wrong = Vec::new();
    for line in lines {
        let same = units.by_code(&line.code);
        if let Some(other) = same.and_then(|unit| units.of_same_statistical_code(unit)) {
            let reason = format!("{} ({}) đã có mã này", other.name, other.code);
            wrong.push(at(line, "statistical_code", reason));
        }
    }
    verdict(wrong)?;
    if imported.changes() > 0 {
        settings::bump_reference_version(conn)?;
        jobs::ask_after_other_tree(conn, known, &units, None, crate::clock::now())?;
        ask_for_moves(conn, &units)?;
    }
    Ok(imported)
}

/// If units have ended, their open dossiers are to move on.
pub(crate) fn ask_for_moves(conn: &mut Conn, units: &Units) -> Result<(), ImportError> {
    let now = crate::clock::now();
    let mut all = units.all().into_iter();
    if all.any(|unit| unit.valid_to.is_some_and(|last| last < now.date())) {
        jobs::ask(conn, Kind::Successors, &[], None, now)?;
    }
    Ok(())
}

/// How many parents a line has within the file.
fn depth(line: &Line, lines: &[Line]) -> usize {
    let up = |line: &&Line| {
        let parent = line.parent.as_ref()?;
        lines.iter().find(|l| &l.code == parent)
    };
    std::iter::successors(Some(line), up).take(10).count()
}
