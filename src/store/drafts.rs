//! What people have typed into a form and not sent yet: their own, and gone after a term. It may hold identity numbers.

use diesel::dsl::{count_star, sql};
use diesel::prelude::*;
use diesel::sql_types::BigInt;

use crate::domain::ids::UserId;
use crate::domain::moment::Moment;
use crate::store::idempotency::or_conflict;
use crate::store::schema::drafts;
use crate::store::{Conn, StoreError};

/// Names and values, as a form was typed.
pub type Typed = Vec<(String, String)>;

/// A draft.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// The key of the form.
    pub key: String,
    /// Where the form is sent to.
    pub place: String,
    /// `None`: it was sent.
    pub typed: Option<Typed>,
    pub saved_at: Moment,
}

type Row = (String, String, Option<String>, i64);

fn read((key, place, fields, saved_at): Row) -> Result<Draft, StoreError> {
    let typed = fields
        .map(|fields| serde_json::from_str(&fields))
        .transpose();
    Ok(Draft {
        key,
        place,
        typed: typed.map_err(|_| StoreError::corrupt("drafts.fields"))?,
        saved_at: Moment::from_unix_millis(saved_at),
    })
}

macro_rules! columns {
    () => {
        (
            drafts::form_key,
            drafts::place,
            drafts::fields,
            drafts::saved_at,
        )
    };
}

/// How a draft is found again.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    pub owner: UserId,
    pub key: &'a str,
    /// Where the form is sent to.
    pub place: &'a str,
}

/// Keeps it, over what was kept of the same form before; `fields` is JSON. `false`: that form was sent.
pub fn save(
    conn: &mut Conn,
    of: Place<'_>,
    fields: &str,
    now: Moment,
    expires_at: Moment,
) -> Result<bool, StoreError> {
    let row = drafts::table.find((of.owner.0, of.key));
    // Whoever sends it at the same moment comes first or is waited for.
    let saved = diesel::update(row.filter(drafts::fields.is_not_null()))
        .set((
            drafts::place.eq(of.place),
            drafts::fields.eq(fields),
            drafts::saved_at.eq(now.unix_millis()),
            drafts::expires_at.eq(expires_at.unix_millis()),
        ))
        .execute(conn)?;
    if saved > 0 {
        return Ok(true);
    }
    let known: Option<String> = row.select(drafts::form_key).first(conn).optional()?;
    if known.is_some() {
        return Ok(false);
    }
    insert(conn, of, Some(fields), now, expires_at)?;
    Ok(true)
}

/// Notes that the form was sent: nothing of it is kept any more, nor what comes late for it.
pub fn close(
    conn: &mut Conn,
    of: Place<'_>,
    now: Moment,
    expires_at: Moment,
) -> Result<(), StoreError> {
    let closed = diesel::update(drafts::table.find((of.owner.0, of.key)))
        .set((
            drafts::fields.eq(None::<String>),
            drafts::saved_at.eq(now.unix_millis()),
            drafts::expires_at.eq(expires_at.unix_millis()),
        ))
        .execute(conn)?;
    match closed {
        0 => insert(conn, of, None, now, expires_at),
        _ => Ok(()),
    }
}

fn insert(
    conn: &mut Conn,
    of: Place<'_>,
    fields: Option<&str>,
    now: Moment,
    expires_at: Moment,
) -> Result<(), StoreError> {
    let inserted = diesel::insert_into(drafts::table)
        .values((
            drafts::user_id.eq(of.owner.0),
            drafts::form_key.eq(of.key),
            drafts::place.eq(of.place),
            drafts::fields.eq(fields),
            drafts::saved_at.eq(now.unix_millis()),
            drafts::expires_at.eq(expires_at.unix_millis()),
        ))
        .execute(conn);
    or_conflict(inserted)
}

/// What there is of a form of that owner, also that it was sent.
pub fn find(
    conn: &mut Conn,
    owner: UserId,
    key: &str,
    now: Moment,
) -> Result<Option<Draft>, StoreError> {
    let row: Option<Row> = drafts::table
        .find((owner.0, key))
        .filter(drafts::expires_at.gt(now.unix_millis()))
        .select(columns!())
        .first(conn)
        .optional()?;
    row.map(read).transpose()
}

/// The drafts of an owner that are not sent, newest first.
pub fn of_owner(
    conn: &mut Conn,
    owner: UserId,
    now: Moment,
    limit: u32,
) -> Result<Vec<Draft>, StoreError> {
    let rows: Vec<Row> = drafts::table
        .filter(drafts::user_id.eq(owner.0))
        .filter(drafts::fields.is_not_null())
        .filter(drafts::expires_at.gt(now.unix_millis()))
        .order((drafts::saved_at.desc(), drafts::form_key))
        .limit(limit.into())
        .select(columns!())
        .load(conn)?;
    rows.into_iter().map(read).collect()
}

/// How many drafts an owner has beside that of this form, and how many characters they have together.
pub fn others(
    conn: &mut Conn,
    owner: UserId,
    key: &str,
    now: Moment,
) -> Result<(i64, i64), StoreError> {
    let characters = sql::<BigInt>("coalesce(sum(length(fields)), 0)");
    let others = drafts::table
        .filter(drafts::user_id.eq(owner.0))
        .filter(drafts::form_key.ne(key))
        .filter(drafts::fields.is_not_null())
        .filter(drafts::expires_at.gt(now.unix_millis()))
        .select((count_star(), characters))
        .first(conn)?;
    Ok(others)
}

/// Throws a draft away. Returns whether there was one.
pub fn remove(conn: &mut Conn, owner: UserId, key: &str) -> Result<bool, StoreError> {
    let row = drafts::table.find((owner.0, key));
    let open = row.filter(drafts::fields.is_not_null());
    Ok(diesel::delete(open).execute(conn)? > 0)
}

/// Forgets those whose time is over.
pub fn forget(conn: &mut Conn, now: Moment, limit: u32) -> Result<usize, StoreError> {
    let condition = format!("expires_at <= {}", now.unix_millis());
    crate::store::delete_some(conn, "drafts", "user_id, form_key", &condition, limit)
}
