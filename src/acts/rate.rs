//! Satisfaction after return: one answer a dossier, by whoever has the receipt.

use crate::render;
use crate::views;
use std::net::IpAddr;

use serde::Serialize;
use utoipa::ToSchema;

use crate::acts::DeskError;
use crate::acts::limits::Limits;
use crate::acts::opinions::{OpinionError, listed_units};
use crate::domain::dossier::{Dossier, Status};
use crate::domain::ids::UnitId;
use crate::domain::moment::Moment;
use crate::domain::opinion::Rating;
use crate::store::idempotency::{Happened, Once, is_used, once};
use crate::store::satisfaction;
use crate::store::satisfaction::Answer;
use crate::store::{Conn, Store, StoreError, dossiers, events};
use crate::views::list::{Named, named_procedure, named_unit};

/// What somebody says of a dossier.
#[derive(Debug, Clone)]
pub struct NewRating {
    pub case_number: String,
    /// The look-up code of the receipt.
    pub code: String,
    pub rating: Rating,
    pub comment: Option<String>,
}

/// A rating that was taken.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Rated {
    #[schema(example = "H37.20.01-210301-0001")]
    pub case_number: String,
    pub at: Moment,
}

/// Takes a rating, once the result has been given out.
///
/// # Errors
/// No such dossier and code, too many guesses, a dossier that is not returned or is rated already,
/// or an error of the store.
pub fn rate(
    store: &Store,
    new: NewRating,
    address: IpAddr,
    limits: Limits,
    key: Option<Once>,
    now: Moment,
) -> Result<Happened<Rated>, OpinionError> {
    let NewRating {
        case_number, code, ..
    } = &new;
    let id = views::look_up::identify_limited(store, case_number, code, address, limits, now)?;
    // What is refused counts as a look-up that finds nothing, and waits for nobody's turn.
    let refused = store.read(|conn| {
        if is_used(conn, key.as_ref())? {
            return Ok(None);
        }
        let dossier = events::replay(conn, id)?.ok_or(DeskError::NotFound)?.0;
        Ok::<_, OpinionError>(refusal(conn, &dossier)?)
    })?;
    if let Some(refused) = refused {
        let from = (
            views::look_up::attempts_from(address),
            limits.look_up_address,
        );
        return match store.count_attempt(vec![from], now)? {
            Some(until) => Err(OpinionError::TooMany { until }),
            None => Err(refused),
        };
    }
    store.write(move |conn| {
        let made = once(conn, key.as_ref(), now, |conn| {
            // Two at once are one after the other.
            let locked = dossiers::lock(conn, id)?.ok_or(DeskError::NotFound)?;
            let dossier = locked.dossier;
            if let Some(refused) = refusal(conn, &dossier)? {
                return Err(refused);
            }
            let answer = Answer {
                dossier: id,
                rating: new.rating,
                comment: new.comment.clone(),
                at: now,
                unit: dossier.unit,
                procedure: dossier.procedure,
                officer: dossier.assignee,
            };
            satisfaction::insert(conn, &answer)?;
            Ok(id)
        })?;
        let case_number = dossiers::case_number(conn, made.value)?;
        let at = satisfaction::rated_at(conn, made.value)?;
        let gone = || StoreError::corrupt("satisfaction.dossier_id");
        Ok(Happened {
            value: Rated {
                case_number: case_number.ok_or_else(gone)?,
                at: at.ok_or_else(gone)?,
            },
            before: made.before,
        })
    })
}

/// Why a dossier cannot be rated now.
fn refusal(conn: &mut Conn, dossier: &Dossier) -> Result<Option<OpinionError>, StoreError> {
    if satisfaction::rated_at(conn, dossier.id)?.is_some() {
        return Ok(Some(OpinionError::AlreadyRated));
    }
    let returned = dossier.status == Status::Returned;
    Ok((!returned).then_some(OpinionError::NotReturned))
}

/// A comment as staff read it: without the dossier, which would say whose it is.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct CommentView {
    pub at: Moment,
    /// 1 to 5.
    #[schema(example = 5)]
    pub rating: u8,
    #[schema(example = "Rất hài lòng")]
    pub rating_name: &'static str,
    #[schema(example = "Cán bộ hướng dẫn tận tình")]
    pub comment: String,
    pub unit: Named,
    pub procedure: Named,
}

/// A page of comments.
#[derive(Debug, Clone)]
pub struct CommentPage {
    pub items: Vec<CommentView>,
    /// Where the next page begins: a moment, and how many of that moment have been shown. No id of
    /// a dossier, which would say whose the comment is.
    pub next: Option<(Moment, u32)>,
}

/// Comments within reach, newest first.
///
/// # Errors
/// If the unit is unknown or out of reach, or the database refuses.
pub fn comments(
    store: &Store,
    unit: Option<&str>,
    reach: UnitId,
    after: Option<(Moment, u32)>,
    limit: u32,
) -> Result<CommentPage, OpinionError> {
    store.read_with_reference(|conn, reference| {
        let units = listed_units(reference.units(), unit, Some(reach))?;
        let mut found = satisfaction::comments(conn, units.as_deref(), after, limit + 1)?;
        let more = found.len() > limit as usize;
        found.truncate(limit as usize);
        let next = found.last().filter(|_| more).map(|last| {
            let same = found.iter().filter(|comment| comment.at == last.at).count();
            let before = after
                .filter(|(at, _)| *at == last.at)
                .map_or(0, |(_, seen)| seen);
            (
                last.at,
                before.saturating_add(u32::try_from(same).unwrap_or(limit)),
            )
        });
        Ok(CommentPage {
            next,
            items: found
                .into_iter()
                .map(|comment| CommentView {
                    at: comment.at,
                    rating: comment.rating.level(),
                    rating_name: render::words::rating(comment.rating),
                    comment: comment.text,
                    unit: named_unit(reference, comment.unit),
                    procedure: named_procedure(reference, comment.procedure),
                })
                .collect(),
        })
    })
}
