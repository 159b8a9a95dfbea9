//! Papers that were printed again.

use diesel::dsl::max;
use diesel::prelude::*;

use crate::domain::ids::{DossierId, UserId};
use crate::domain::moment::Moment;
use crate::domain::norms::FormKind;
use crate::store::schema::reprints;
use crate::store::{Conn, StoreError};

/// The number that stands for a form in the database; never another.
const fn code(form: FormKind) -> i16 {
    match form {
        FormKind::Receipt => 1,
        FormKind::Supplement => 2,
        FormKind::Refusal => 3,
        FormKind::Apology => 4,
        FormKind::Stop => 5,
        FormKind::Control => 6,
        FormKind::Book => 7,
    }
}

/// How often it was printed again.
pub fn count(conn: &mut Conn, dossier: DossierId, form: FormKind) -> Result<u32, StoreError> {
    let last: Option<i32> = reprints::table
        .filter(reprints::dossier_id.eq(dossier.bytes().to_vec()))
        .filter(reprints::form.eq(code(form)))
        .select(max(reprints::copy))
        .first(conn)?;
    Ok(last.and_then(|last| u32::try_from(last).ok()).unwrap_or(0))
}

/// Records that it is printed once more, of a dossier that the caller holds; which time that is.
pub fn record(
    conn: &mut Conn,
    dossier: DossierId,
    form: FormKind,
    by: UserId,
    at: Moment,
) -> Result<u32, StoreError> {
    let copy = count(conn, dossier, form)? + 1;
    diesel::insert_into(reprints::table)
        .values((
            reprints::dossier_id.eq(dossier.bytes().to_vec()),
            reprints::form.eq(code(form)),
            reprints::copy.eq(i32::try_from(copy).unwrap_or(i32::MAX)),
            reprints::at.eq(at.unix_millis()),
            reprints::user_id.eq(by.0),
        ))
        .execute(conn)?;
    Ok(copy)
}
