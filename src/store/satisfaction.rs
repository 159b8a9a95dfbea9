//! How satisfied people were with their dossiers: one answer each.

use diesel::dsl::count_star;
use diesel::prelude::*;

use crate::domain::ids::{DossierId, ProcedureId, UnitId, UserId};
use crate::domain::moment::Moment;
use crate::domain::opinion::{Rating, Ratings};
use crate::store::schema::satisfaction;
use crate::store::{Conn, StoreError};

/// An answer.
pub struct Answer {
    pub dossier: DossierId,
    pub rating: Rating,
    pub comment: Option<String>,
    pub at: Moment,
    /// Who answered for the dossier when its result was given out.
    pub unit: UnitId,
    pub procedure: ProcedureId,
    /// The person in charge.
    pub officer: Option<UserId>,
    /// It was given to whoever gave the result out; else with the receipt's code.
    pub at_desk: bool,
}

/// By what answers are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CountBy {
    Unit,
    Procedure,
    Officer,
}

/// When the dossier was rated, if it was.
pub fn rated_at(conn: &mut Conn, dossier: DossierId) -> Result<Option<Moment>, StoreError> {
    let row = satisfaction::table.find(dossier.bytes().to_vec());
    let at: Option<i64> = row.select(satisfaction::at).first(conn).optional()?;
    Ok(at.map(Moment::from_unix_millis))
}

/// Takes away what was noted at the desk.
pub fn remove_of_desk(conn: &mut Conn, dossier: DossierId) -> Result<(), StoreError> {
    let noted = satisfaction::table
        .filter(satisfaction::dossier_id.eq(dossier.bytes().to_vec()))
        .filter(satisfaction::at_desk.eq(true));
    diesel::delete(noted).execute(conn)?;
    Ok(())
}

/// # Errors
/// If the database refuses; a dossier rated meanwhile is a conflict.
pub fn insert(conn: &mut Conn, answer: &Answer) -> Result<(), StoreError> {
    let inserted = diesel::insert_into(satisfaction::table)
        .values((
            satisfaction::dossier_id.eq(answer.dossier.bytes().to_vec()),
            satisfaction::rating.eq(i16::from(answer.rating.level())),
            satisfaction::comment.eq(answer.comment.as_deref()),
            satisfaction::at.eq(answer.at.unix_millis()),
            satisfaction::unit_id.eq(answer.unit.0),
            satisfaction::procedure_id.eq(answer.procedure.0),
            satisfaction::officer_id.eq(answer.officer.map(|id| id.0)),
            satisfaction::at_desk.eq(answer.at_desk),
        ))
        .execute(conn);
    crate::store::idempotency::or_conflict(inserted)
}

/// The answers given from `from` to before `end`, by the number of the unit, procedure or officer
/// (`None`: nobody was in charge); of all units, or of these.
pub fn count(
    conn: &mut Conn,
    by: CountBy,
    from: Moment,
    end: Moment,
    units: Option<&[UnitId]>,
) -> Result<Vec<(Option<i32>, Ratings)>, StoreError> {
    /// The same statement but for the column.
    macro_rules! counted {
        ($column:expr) => {{
            let mut query = satisfaction::table
                .group_by(($column, satisfaction::rating))
                .select(($column, satisfaction::rating, count_star()))
                .filter(satisfaction::at.ge(from.unix_millis()))
                .filter(satisfaction::at.lt(end.unix_millis()))
                .into_boxed();
            if let Some(units) = units {
                let units: Vec<i32> = units.iter().map(|unit| unit.0).collect();
                query = query.filter(satisfaction::unit_id.eq_any(units));
            }
            query.load(conn)?
        }};
    }
    let with_key = |(key, rating, count)| (Some(key), rating, count);
    let rows: Vec<(Option<i32>, i16, i64)> = match by {
        CountBy::Unit => {
            let rows: Vec<(i32, i16, i64)> = counted!(satisfaction::unit_id);
            rows.into_iter().map(with_key).collect()
        }
        CountBy::Procedure => {
            let rows: Vec<(i32, i16, i64)> = counted!(satisfaction::procedure_id);
            rows.into_iter().map(with_key).collect()
        }
        CountBy::Officer => counted!(satisfaction::officer_id),
    };
    rows.into_iter()
        .map(|(key, level, count)| Ok((key, Ratings::of(rating(level)?, count))))
        .collect()
}

/// A comment as staff read it: nothing says whose it is.
pub struct Comment {
    pub at: Moment,
    pub rating: Rating,
    pub text: String,
    pub unit: UnitId,
    pub procedure: ProcedureId,
}

/// Comments, newest first, from a moment back and without so many of that moment; of all units, or
/// of these: one walk each along its own index, merged.
pub fn comments(
    conn: &mut Conn,
    units: Option<&[UnitId]>,
    after: Option<(Moment, u32)>,
    limit: u32,
) -> Result<Vec<Comment>, StoreError> {
    let seen = after.map_or(0, |(_, seen)| seen);
    let most = limit.saturating_add(seen);
    let mut rows = Vec::new();
    match units {
        None => rows = walk(conn, None, after, most)?,
        Some(units) => {
            for unit in units {
                rows.extend(walk(conn, Some(*unit), after, most)?);
            }
            rows.sort_by(|a, b| b.0.cmp(&a.0));
        }
    }
    let rows = rows.into_iter().map(|(_, row)| row);
    rows.skip(seen as usize)
        .take(limit as usize)
        .map(|(level, text, unit, procedure, at)| {
            Ok(Comment {
                at: Moment::from_unix_millis(at),
                rating: rating(level)?,
                text: text.unwrap_or_default(),
                unit: UnitId(unit),
                procedure: ProcedureId(procedure),
            })
        })
        .collect()
}

/// A comment by its place: its moment, then its dossier.
type Placed = ((i64, Vec<u8>), (i16, Option<String>, i32, i32, i64));

fn walk(
    conn: &mut Conn,
    unit: Option<UnitId>,
    after: Option<(Moment, u32)>,
    limit: u32,
) -> Result<Vec<Placed>, StoreError> {
    let mut query = satisfaction::table
        .filter(satisfaction::comment.is_not_null())
        .order((satisfaction::at.desc(), satisfaction::dossier_id.desc()))
        .limit(i64::from(limit))
        .select((
            (satisfaction::at, satisfaction::dossier_id),
            (
                satisfaction::rating,
                satisfaction::comment,
                satisfaction::unit_id,
                satisfaction::procedure_id,
                satisfaction::at,
            ),
        ))
        .into_boxed();
    if let Some(unit) = unit {
        query = query.filter(satisfaction::unit_id.eq(unit.0));
    }
    if let Some((at, _)) = after {
        query = query.filter(satisfaction::at.le(at.unix_millis()));
    }
    Ok(query.load(conn)?)
}

fn rating(level: i16) -> Result<Rating, StoreError> {
    let rating = u8::try_from(level).ok().and_then(Rating::new);
    rating.ok_or_else(|| StoreError::corrupt("satisfaction.rating"))
}
