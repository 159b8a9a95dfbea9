//! The register of what people ask about their own data.

use diesel::prelude::*;

use crate::domain::ids::{DossierId, PersonId, PrivacyRequestId, UnitId, UserId};
use crate::domain::moment::Moment;
use crate::domain::privacy::Request;
use crate::store::connection::{first_locked, on_either};
use crate::store::cursor;
use crate::store::schema::privacy_requests as table;
use crate::store::{Conn, StoreError};

/// A request as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrivacyRequest {
    pub id: PrivacyRequestId,
    /// That answers for the dossier.
    pub unit: UnitId,
    pub dossier: DossierId,
    /// Whose data it is about.
    pub person: PersonId,
    pub what: Request,
    pub note: String,
    pub received_at: Moment,
    pub received_by: UserId,
    pub answer_by: Moment,
    pub done_by: Moment,
    pub answered_at: Option<Moment>,
    pub settled: Option<Settled>,
}

/// How a request ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settled {
    pub at: Moment,
    pub by: UserId,
    /// Why it was refused; `None`: it was done.
    pub refusal: Option<String>,
}

#[derive(Insertable, Queryable)]
#[diesel(table_name = table, treat_none_as_default_value = false)]
struct Row {
    id: Vec<u8>,
    unit_id: i32,
    dossier_id: Vec<u8>,
    person_id: Vec<u8>,
    what: i16,
    note: String,
    received_at: i64,
    received_by: i32,
    answer_by: i64,
    done_by: i64,
    answered_at: Option<i64>,
    settled_at: Option<i64>,
    settled_by: Option<i32>,
    refusal: Option<String>,
}

impl From<&PrivacyRequest> for Row {
    fn from(one: &PrivacyRequest) -> Self {
        let settled = one.settled.as_ref();
        Self {
            id: one.id.bytes().to_vec(),
            unit_id: one.unit.0,
            dossier_id: one.dossier.bytes().to_vec(),
            person_id: one.person.bytes().to_vec(),
            what: one.what.code(),
            note: one.note.clone(),
            received_at: one.received_at.unix_millis(),
            received_by: one.received_by.0,
            answer_by: one.answer_by.unix_millis(),
            done_by: one.done_by.unix_millis(),
            answered_at: one.answered_at.map(Moment::unix_millis),
            settled_at: settled.map(|settled| settled.at.unix_millis()),
            settled_by: settled.map(|settled| settled.by.0),
            refusal: settled.and_then(|settled| settled.refusal.clone()),
        }
    }
}

fn read(row: Row) -> Result<PrivacyRequest, StoreError> {
    let corrupt = || StoreError::corrupt("privacy_requests");
    let at = Moment::from_unix_millis;
    let settled = row.settled_at.zip(row.settled_by);
    Ok(PrivacyRequest {
        id: PrivacyRequestId::from_slice(&row.id).ok_or_else(corrupt)?,
        unit: UnitId(row.unit_id),
        dossier: DossierId::from_slice(&row.dossier_id).ok_or_else(corrupt)?,
        person: PersonId::from_slice(&row.person_id).ok_or_else(corrupt)?,
        what: Request::from_code(row.what).ok_or_else(corrupt)?,
        note: row.note,
        received_at: at(row.received_at),
        received_by: UserId(row.received_by),
        answer_by: at(row.answer_by),
        done_by: at(row.done_by),
        answered_at: row.answered_at.map(at),
        settled: settled.map(|(moment, by)| Settled {
            at: at(moment),
            by: UserId(by),
            refusal: row.refusal,
        }),
    })
}

pub fn insert(conn: &mut Conn, new: &PrivacyRequest) -> Result<(), StoreError> {
    let query = diesel::insert_into(table::table).values(Row::from(new));
    on_either!(conn, |conn| query.execute(conn))?;
    Ok(())
}

/// Writes what became of it.
pub fn update(conn: &mut Conn, one: &PrivacyRequest) -> Result<(), StoreError> {
    let row = Row::from(one);
    diesel::update(table::table.find(one.id.bytes().to_vec()))
        .set((
            table::answered_at.eq(row.answered_at),
            table::settled_at.eq(row.settled_at),
            table::settled_by.eq(row.settled_by),
            table::refusal.eq(row.refusal),
        ))
        .execute(conn)?;
    Ok(())
}

pub fn find(conn: &mut Conn, id: PrivacyRequestId) -> Result<Option<PrivacyRequest>, StoreError> {
    let query = table::table.find(id.bytes().to_vec());
    let row: Option<Row> = query.first(conn).optional()?;
    row.map(read).transpose()
}

/// One that stays as it is until the transaction ends.
pub fn lock(conn: &mut Conn, id: PrivacyRequestId) -> Result<Option<PrivacyRequest>, StoreError> {
    let query = table::table.find(id.bytes().to_vec());
    let row: Option<Row> = first_locked!(conn, query);
    row.map(read).transpose()
}

/// Those of some units, newest first, older than `before`.
pub fn of_units(
    conn: &mut Conn,
    units: &[UnitId],
    before: Option<PrivacyRequestId>,
    limit: u32,
) -> Result<Vec<PrivacyRequest>, StoreError> {
    let query = cursor::of_units!(table, units, Down, before, limit);
    let rows: Vec<Row> = query.load(conn)?;
    rows.into_iter().map(read).collect()
}
