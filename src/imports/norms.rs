//! `motcua import norms`: what the norms say, each from a day on.

use serde_json::{Value, json};

use crate::domain::norms::{Change, Norms};
use crate::imports::{ImportError, Imported, Wrong, file_hash, recorded, text, verdict};
use crate::store::admin_acts::ActKind;
use crate::store::{Conn, Store, settings};
use crate::wrong_fields::{self, Found};

/// Puts an office's norms in the place of those that held. A dossier keeps by what it is judged; the rest is that of its
/// day of receipt as the file says it.
///
/// # Errors
/// All that is wrong with the file, or an error of the store; then nothing is changed.
pub fn norms(store: &Store, bytes: &[u8]) -> Result<Imported, ImportError> {
    let wrong = |reason: String| ImportError::Wrong(vec![whole(0, reason)]);
    let changes = read_changes(bytes)?;
    let norms = Norms::new(&changes).map_err(|error| wrong(error.to_string()))?;
    let json = serde_json::to_string(&changes).map_err(|error| wrong(error.to_string()))?;
    let file = file_hash(bytes);
    store.change_reference(move |conn, reference| {
        let known = reference.norms().all();
        let all = norms.all();
        let mut imported = Imported::default();
        for norm in all {
            match known
                .iter()
                .find(|known| known.valid_from == norm.valid_from)
            {
                None => imported.added += 1,
                Some(known) if known == norm => imported.unchanged += 1,
                Some(_) => imported.changed += 1,
            }
        }
        let differ = known != all;
        recorded(conn, ActKind::NormsImported, &file, |conn: &mut Conn| {
            if differ {
                settings::set(conn, settings::NORMS, &json)?;
                settings::bump_reference_version(conn)?;
            }
            Ok(imported.clone())
        })
    })
}

fn whole(line: u64, reason: String) -> Wrong {
    Wrong {
        line,
        column: String::new(),
        reason,
    }
}

/// The rows of a file, or every wrong field of them.
fn read_changes(bytes: &[u8]) -> Result<Vec<Change>, ImportError> {
    let text = text(bytes).map_err(|wrong| ImportError::Wrong(vec![wrong]))?;
    let value: Value = serde_json::from_str(&text).map_err(|error| {
        let reason = format!("ký tự {}: tệp không phải JSON", error.column());
        ImportError::Wrong(vec![whole(error.line().max(1) as u64, reason)])
    })?;
    let sound = json!([{
        "valid_from": "2018-01-01", "basis": ["…"],
        "forms": [{"form": "receipt", "number": "01", "title": "…"}],
    }]);
    let mut found = Found::all();
    let read = wrong_fields::read(value, &sound, &mut found);
    let fields = found.wrong.into_iter();
    verdict(
        fields
            .map(|(pointer, reason)| whole(0, format!("{pointer}: {reason}")))
            .collect(),
    )?;
    read.ok_or_else(|| ImportError::Wrong(vec![whole(0, "có trường lặp lại".to_owned())]))
}
