//! `motcua import norms`: what the norms say, each from a day on.

use crate::domain::norms::Norms;
use crate::imports::{ImportError, Imported, Wrong, file_hash, recorded};
use crate::store::admin_acts::ActKind;
use crate::store::{Conn, Store, settings};

/// Puts an office's norms in the place of those that held. A dossier keeps by what it is judged; the rest is that of its
/// day of receipt as the file says it.
///
/// # Errors
/// All that is wrong with the file, or an error of the store; then nothing is changed.
pub fn norms(store: &Store, bytes: &[u8]) -> Result<Imported, ImportError> {
    let wrong = |line, reason| {
        ImportError::Wrong(vec![Wrong {
            line,
            column: String::new(),
            reason,
        }])
    };
    let changes = Norms::read(bytes).map_err(|error| {
        wrong(
            error.line() as u64,
            "không đọc được: ".to_owned() + &error.to_string(),
        )
    })?;
    let norms = Norms::new(&changes).map_err(|error| wrong(0, error.to_string()))?;
    let json = serde_json::to_string(&changes).map_err(|error| wrong(0, error.to_string()))?;
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
