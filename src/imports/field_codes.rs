//! `motcua import field-codes`: the national portal's own codes of fields (MaLinhVuc).

use std::collections::HashMap;

use crate::domain::procedure::is_portal_code;
use crate::imports::table::{self, Row};
use crate::imports::{ImportError, Imported, Wrong, file_hash, recorded, verdict};
use crate::store::admin_acts::ActKind;
use crate::store::{Conn, Store, procedures as store, settings};

/// Imports a table of fields and their codes, in the form that `motcua portal fields` prints. A line without
/// a code changes nothing, and so does a field that is not in the file.
///
/// # Errors
/// All that is wrong with the file, or an error of the store; then nothing is changed.
pub fn field_codes(store: &Store, bytes: &[u8]) -> Result<Imported, ImportError> {
    let mut wrong = Vec::new();
    let rows = table::read(bytes, &["field", "code"], &[], &mut wrong);
    let mut first: HashMap<String, u64> = HashMap::new();
    let mut lines = Vec::new();
    for row in &rows {
        let Some((field, code)) = read_line(row, &mut wrong) else {
            continue;
        };
        if let Some(earlier) = first.insert(field.clone(), row.line) {
            let reason = format!("lĩnh vực này đã có ở dòng {earlier}");
            wrong.push(row.wrong("field", reason));
        }
        lines.push((row.line, field, code));
    }
    let file = file_hash(bytes);
    store.change_reference(move |conn, _| {
        recorded(conn, ActKind::FieldCodesImported, &file, |conn| {
            put(conn, &lines, wrong.clone())
        })
    })
}

fn read_line(row: &Row, wrong: &mut Vec<Wrong>) -> Option<(String, String)> {
    let field = row.text("field", wrong)?;
    let code = row.get("code").to_owned();
    if !code.is_empty() && !is_portal_code(&code) {
        let reason = "không phải mã của cổng, ví dụ G03-GD10";
        wrong.push(row.wrong("code", reason));
        return None;
    }
    Some((field, code))
}

fn put(
    conn: &mut Conn,
    lines: &[(u64, String, String)],
    mut wrong: Vec<Wrong>,
) -> Result<Imported, ImportError> {
    let fields = store::load_fields(conn)?;
    let known: HashMap<_, _> = fields
        .into_values()
        .map(|field| (field.name, field.portal_code))
        .collect();
    for (line, field, _) in lines {
        if !known.contains_key(field) {
            wrong.push(Wrong {
                line: *line,
                column: "cột field".to_owned(),
                reason: format!("không có lĩnh vực '{field}'"),
            });
        }
    }
    verdict(wrong)?;
    let mut imported = Imported::default();
    for (_, field, code) in lines {
        match known.get(field).and_then(Option::as_ref) {
            Some(old) if old == code || code.is_empty() => imported.unchanged += 1,
            None if code.is_empty() => imported.unchanged += 1,
            old => {
                store::set_portal_code(conn, field, code)?;
                match old {
                    Some(_) => imported.changed += 1,
                    None => imported.added += 1,
                }
            }
        }
    }
    if imported.changes() > 0 {
        settings::bump_reference_version(conn)?;
    }
    Ok(imported)
}
