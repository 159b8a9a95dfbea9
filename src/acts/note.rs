//! A note on a dossier, for one's colleagues.

use crate::domain::disclosure::{PERSONAL_NUMBER, holds_personal_number};
use crate::domain::ids::DossierId;
use crate::domain::moment::Moment;
use crate::error::Error;
use crate::store::Store;
use crate::store::authority::Proof;
use crate::store::idempotency::{Once, once};
use crate::store::notes::{self, Note};
use crate::views::dossier::find_within;

/// The most letters of a note.
const MOST_LETTERS: usize = 2000;

/// Notes something about a dossier, once under a key. It changes nothing of it.
///
/// # Errors
/// A text that says nothing or too much, no such dossier, one out of reach, a caller who may not, or an error of the
/// store.
pub fn note(
    store: &Store,
    id: DossierId,
    text: &str,
    key: Option<Once>,
    by: Proof,
    now: Moment,
) -> Result<(), Error> {
    let text = text.trim().to_owned();
    if text.is_empty() {
        return Err(Error::wrong("/note", "để trống"));
    }
    if text.chars().count() > MOST_LETTERS {
        return Err(Error::wrong("/note", "dài quá 2.000 ký tự"));
    }
    if holds_personal_number(&text) {
        return Err(Error::wrong("/note", PERSONAL_NUMBER));
    }
    store.write_with_reference_as(by, move |conn, reference, caller| {
        find_within(conn, reference, id, Some(caller.unit()))?;
        let note = Note {
            at: now,
            by: caller.user(),
            text: text.clone(),
        };
        once(conn, key.as_ref(), now, |conn| {
            Ok::<_, Error>(notes::insert(conn, id, &note)?)
        })
        .map(drop)
    })
}
