//! Dossiers that belong together.

use diesel::prelude::*;

use crate::domain::dossier::LinkKind;
use crate::domain::ids::{DossierId, UserId};
use crate::domain::moment::Moment;
use crate::store::dossiers::dossier_id;
use crate::store::idempotency::or_conflict;
use crate::store::schema::dossier_links;
use crate::store::{Conn, StoreError};

/// That a dossier belongs to another one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    pub with: DossierId,
    pub kind: LinkKind,
    pub at: Moment,
    pub by: UserId,
}

/// The two as they are kept: the earlier one first.
fn pair(one: DossierId, other: DossierId) -> (Vec<u8>, Vec<u8>) {
    let (first, second) = (one.min(other), one.max(other));
    (first.bytes().to_vec(), second.bytes().to_vec())
}

/// Links the two; what linked them before gives way.
pub fn put(conn: &mut Conn, of: DossierId, link: &Link) -> Result<(), StoreError> {
    remove(conn, of, link.with)?;
    let (one, other) = pair(of, link.with);
    let inserted = diesel::insert_into(dossier_links::table)
        .values((
            dossier_links::one_id.eq(one),
            dossier_links::other_id.eq(other),
            dossier_links::kind.eq(link.kind.code()),
            dossier_links::at.eq(link.at.unix_millis()),
            dossier_links::user_id.eq(link.by.0),
        ))
        .execute(conn);
    or_conflict(inserted)
}

/// Returns whether they were linked.
pub fn remove(conn: &mut Conn, of: DossierId, with: DossierId) -> Result<bool, StoreError> {
    let removed = diesel::delete(dossier_links::table.find(pair(of, with))).execute(conn)?;
    Ok(removed > 0)
}

/// Those of a dossier, from wherever they were made.
pub fn of_dossier(
    conn: &mut Conn,
    dossier: DossierId,
    limit: u32,
) -> Result<Vec<Link>, StoreError> {
    let id = dossier.bytes().to_vec();
    let select = (
        dossier_links::one_id,
        dossier_links::other_id,
        dossier_links::kind,
        dossier_links::at,
        dossier_links::user_id,
    );
    type Row = (Vec<u8>, Vec<u8>, i16, i64, i32);
    // Two walks along an index each.
    let mut rows: Vec<Row> = dossier_links::table
        .filter(dossier_links::one_id.eq(&id))
        .order(dossier_links::other_id)
        .limit(limit.into())
        .select(select)
        .load(conn)?;
    let others: Vec<Row> = dossier_links::table
        .filter(dossier_links::other_id.eq(&id))
        .order(dossier_links::one_id)
        .limit(limit.into())
        .select(select)
        .load(conn)?;
    rows.extend(others);
    rows.into_iter()
        .map(|(one, other, kind, at, by)| {
            let with = if one == id { other } else { one };
            Ok(Link {
                with: dossier_id(&with)?,
                kind: LinkKind::from_code(kind)
                    .ok_or_else(|| StoreError::corrupt("dossier_links.kind"))?,
                at: Moment::from_unix_millis(at),
                by: UserId(by),
            })
        })
        .collect()
}
