//! Who and what looks as if it were there already.

use diesel::prelude::*;

use crate::domain::dossier::Status;
use crate::domain::identity::Identity;
use crate::domain::ids::{ProcedureId, UnitId};
use crate::domain::moment::Moment;
use crate::domain::person::{Person, search_name};
use crate::store::persons::identity_key;
use crate::store::schema::{dossiers, persons};
use crate::store::{Conn, StoreError};

/// More names than anybody reads.
const MOST_NAMES: i64 = 200;

/// The names under which an identity number is known, each with the unit that answers for the dossier.
pub fn names_of(conn: &mut Conn, identity: &Identity) -> Result<Vec<(String, UnitId)>, StoreError> {
    let rows: Vec<(String, Option<i32>)> = persons::table
        .filter(persons::identity_key.eq(identity_key(identity)))
        .filter(persons::identity.eq(identity.number().to_owned()))
        .filter(persons::dossier_id.is_not_null())
        .select((persons::name, persons::unit_id))
        .distinct()
        .limit(MOST_NAMES)
        .load(conn)?;
    let known = rows.into_iter();
    let known = known.filter_map(|(name, unit)| Some((name, UnitId(unit?))));
    Ok(known.collect())
}

/// A dossier that may be the same as another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Likeness {
    pub case_number: String,
    pub entered_at: Moment,
    /// The units that have to do with it.
    pub units: [UnitId; 3],
}

/// Dossiers of a unit and procedure that came in from `from` to `to` from the same applicant: of the same identity
/// number, or without one, of the same name and phone. Those that did not stay are none.
pub fn dossiers_like(
    conn: &mut Conn,
    unit: UnitId,
    procedure: ProcedureId,
    applicant: &Person,
    from: Moment,
    to: Moment,
) -> Result<Vec<Likeness>, StoreError> {
    let gone = [Status::NotReceived, Status::Withdrawn, Status::Stopped].map(Status::code);
    let mut query = dossiers::table
        .inner_join(persons::table.on(persons::id.eq(dossiers::applicant_id)))
        .filter(dossiers::unit_id.eq(unit.0))
        .filter(dossiers::procedure_id.eq(procedure.0))
        .filter(dossiers::entered_at.ge(from.unix_millis()))
        .filter(dossiers::entered_at.le(to.unix_millis()))
        .filter(dossiers::status.ne_all(gone.to_vec()))
        .select((
            dossiers::case_number,
            dossiers::entered_at,
            dossiers::holder_id,
            dossiers::receiving_id,
        ))
        .order(dossiers::entered_at)
        .limit(5)
        .into_boxed();
    query = match (&applicant.identity, &applicant.phone) {
        (Some(identity), _) => query
            .filter(persons::identity_key.eq(identity_key(identity)))
            .filter(persons::identity.eq(identity.number().to_owned())),
        (None, Some(phone)) => query
            .filter(persons::phone.eq(phone.clone()))
            .filter(persons::search_name.eq(search_name(&applicant.name, None))),
        (None, None) => return Ok(Vec::new()),
    };
    let rows: Vec<(String, i64, i32, Option<i32>)> = query.load(conn)?;
    let found = rows
        .into_iter()
        .map(|(case_number, entered, holder, receiving)| Likeness {
            case_number,
            entered_at: Moment::from_unix_millis(entered),
            units: [unit, UnitId(holder), receiving.map_or(unit, UnitId)],
        });
    Ok(found.collect())
}
