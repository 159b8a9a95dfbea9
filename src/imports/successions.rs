//! `motcua import successions`: which unit went into which.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::NaiveDate;

use crate::domain::ids::UnitId;
use crate::domain::unit::{Share, Succession, Units};
use crate::imports::table::{self, Row};
use crate::imports::units::ask_for_moves;
use crate::imports::{ImportError, Imported, Wrong, file_hash, recorded, verdict};
use crate::store::admin_acts::ActKind;
use crate::store::{Conn, Store, settings, units as store};

const SHARES: &str = "whole, default hay part";

/// Imports successions. A succession takes effect on `on`, or on the first day of the new unit.
/// Units that have ended and have no successor are named, never given one by a guess.
///
/// # Errors
/// All that is wrong with the file, or an error of the store; then nothing is changed.
pub fn successions(
    store: &Store,
    bytes: &[u8],
    on: Option<NaiveDate>,
) -> Result<Imported, ImportError> {
    let bytes = Arc::<[u8]>::from(bytes);
    store.change_reference(move |conn, _| put_recorded(conn, &bytes, on))
}

/// Puts the successions of a file into the store and on record, within a transaction.
pub(crate) fn put_recorded(
    conn: &mut Conn,
    bytes: &[u8],
    on: Option<NaiveDate>,
) -> Result<Imported, ImportError> {
    let file = file_hash(bytes);
    recorded(conn, ActKind::SuccessionsImported, &file, |conn| {
        put_file(conn, bytes, on)
    })
}

/// Puts the successions of a file into the store, within a transaction.
fn put_file(conn: &mut Conn, bytes: &[u8], on: Option<NaiveDate>) -> Result<Imported, ImportError> {
    let mut wrong = Vec::new();
    let rows = table::read(bytes, &["old_code", "new_code", "share"], &[], &mut wrong);
    let known = store::load(conn)?;
    let lines: Vec<_> = rows
        .iter()
        .filter_map(|row| Some((row, read_line(row, &known, on, &mut wrong)?)))
        .collect();
    check_shares(&rows, &mut wrong);
    check_with_known(&lines, &known, &mut wrong);
    verdict(wrong)?;
    let mut imported = Imported::default();
    for (_, line) in &lines {
        match known
            .successions()
            .find(|old| (old.unit, old.successor) == (line.unit, line.successor))
        {
            Some(old) if old == line => {
                imported.unchanged += 1;
                continue;
            }
            Some(_) => imported.changed += 1,
            None => imported.added += 1,
        }
        store::put_succession(conn, line)?;
    }
    let units = store::load(conn)?;
    if imported.changes() > 0 {
        settings::bump_reference_version(conn)?;
        ask_for_moves(conn, &units)?;
    }
    imported.notes = without_successor(&units);
    Ok(imported)
}

fn read_line(
    row: &Row,
    known: &Units,
    on: Option<NaiveDate>,
    wrong: &mut Vec<Wrong>,
) -> Option<Succession> {
    let mut unit = |column| {
        let code = row.text(column, wrong)?;
        let unit = known.by_code(&code);
        if unit.is_none() {
            wrong.push(row.wrong(column, format!("không có đơn vị {code}")));
        }
        unit
    };
    let (old, new) = (unit("old_code"), unit("new_code"));
    let share = row.word("share", SHARES, wrong);
    let (old, new, share) = (old?, new?, share?);
    if old.id == new.id {
        wrong.push(row.wrong("new_code", "đơn vị không thể kế thừa chính nó"));
        return None;
    }
    let on = on.unwrap_or(new.valid_from);
    if !new.is_open_on(on) {
        let reason = format!(
            "{} không hoạt động vào ngày {}",
            new.code,
            on.format("%d/%m/%Y")
        );
        wrong.push(row.wrong("new_code", reason));
        return None;
    }
    Some(Succession {
        unit: old.id,
        successor: new.id,
        share,
        on,
    })
}

/// With what is known already: one successor of each unit takes the rest, and none leads back to where it began.
fn check_with_known(lines: &[(&Row, Succession)], known: &Units, wrong: &mut Vec<Wrong>) {
    let said = |old: &Succession| {
        let mut lines = lines.iter();
        lines.any(|(_, line)| (line.unit, line.successor) == (old.unit, old.successor))
    };
    let kept = known.successions().filter(|old| !said(old));
    let new = lines.iter().map(|(_, line)| line);
    let takes_rest = |one: &&Succession| one.share != Share::Part;
    let takers = kept.chain(new).filter(takes_rest);
    let takers: Vec<(UnitId, UnitId)> = takers.map(|one| (one.unit, one.successor)).collect();
    let name = |id: UnitId| known.get(id).map_or("", |unit| unit.code.as_str());
    for (row, line) in lines.iter().filter(|(_, line)| line.share != Share::Part) {
        let mut others = takers.iter();
        let other = others.find(|(unit, to)| *unit == line.unit && *to != line.successor);
        if let Some((_, other)) = other {
            let reason = format!(
                "{} đã có đơn vị kế thừa khác là {}",
                name(line.unit),
                name(*other)
            );
            wrong.push(row.wrong("new_code", reason));
            continue;
        }
        let mut at = line.successor;
        for _ in 0..takers.len() {
            let Some((_, next)) = takers.iter().find(|(unit, _)| *unit == at) else {
                break;
            };
            at = *next;
            if at == line.unit {
                let reason = format!("kế thừa đi vòng, trở lại {}", name(line.unit));
                wrong.push(row.wrong("new_code", reason));
                break;
            }
        }
    }
}

/// Exactly one line of each old unit says who takes what is not said to go elsewhere.
fn check_shares(rows: &[Row], wrong: &mut Vec<Wrong>) {
    let mut by_old: HashMap<&str, Vec<&Row>> = HashMap::new();
    let mut pairs: HashMap<(&str, &str), u64> = HashMap::new();
    for row in rows {
        let (old, new) = (row.get("old_code"), row.get("new_code"));
        by_old.entry(old).or_default().push(row);
        if let Some(line) = pairs.insert((old, new), row.line) {
            let reason = format!("{old} → {new} đã có ở dòng {line}");
            wrong.push(row.wrong("new_code", reason));
        }
    }
    for (old, rows) in by_old {
        let takes_rest = |row: &&&Row| row.get("share").parse() != Ok(Share::Part);
        let count = rows.iter().filter(takes_rest).count();
        let whole = rows
            .iter()
            .any(|row| row.get("share").parse() == Ok(Share::Whole));
        let row = rows[0];
        if count != 1 {
            let reason = format!("{old} cần đúng một dòng whole hoặc default, có {count}");
            wrong.push(row.wrong("share", reason));
        } else if whole && rows.len() > 1 {
            let reason = format!("{old} vừa whole vừa chia cho đơn vị khác");
            wrong.push(row.wrong("share", reason));
        }
    }
}

fn without_successor(units: &Units) -> Vec<String> {
    units
        .all()
        .into_iter()
        .filter(|unit| unit.valid_to.is_some() && units.successor_of(unit.id).is_none())
        .map(|unit| {
            format!(
                "Đơn vị {} ({}) đã kết thúc nhưng không có đơn vị kế thừa trong danh mục",
                unit.code, unit.name
            )
        })
        .collect()
}
