//! Satisfaction after return: one answer a dossier, by whoever has the receipt.

use std::net::IpAddr;

use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::dossier::{Dossier, Status};
use crate::domain::moment::Moment;
use crate::domain::opinion::Rating;
use crate::error::{Conflict, Error};
use crate::store::idempotency::{Happened, Once, is_used, once};
use crate::store::limits::Limits;
use crate::store::satisfaction::{self, Answer};
use crate::store::{Conn, Store, StoreError, dossiers, events};
use crate::views;

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
) -> Result<Happened<Rated>, Error> {
    let NewRating {
        case_number, code, ..
    } = &new;
    let id = views::look_up::identify_limited(store, case_number, code, address, limits, now)?;
    // What is refused counts as a look-up that finds nothing, and waits for nobody's turn.
    let refused = store.read(|conn| {
        if is_used(conn, key.as_ref())? {
            return Ok(None);
        }
        let dossier = events::replay(conn, id)?.ok_or(Error::NO_DOSSIER)?.0;
        Ok::<_, Error>(refusal(conn, &dossier)?)
    })?;
    if let Some(refused) = refused {
        let from = (
            views::look_up::attempts_from(address),
            limits.look_up_address,
        );
        return match store.count_attempt(vec![from], now)? {
            Some(until) => Err(Error::too_many_sent(until)),
            None => Err(refused),
        };
    }
    store.write(move |conn| {
        let made = once(conn, key.as_ref(), now, |conn| {
            // Two at once are one after the other.
            let locked = dossiers::lock(conn, id)?.ok_or(Error::NO_DOSSIER)?;
            let dossier = locked.dossier;
            if let Some(refused) = refusal(conn, &dossier)? {
                return Err(refused);
            }
            let comment = new.comment.clone();
            let answer = answer(&dossier, new.rating, comment, now);
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

fn answer(dossier: &Dossier, rating: Rating, comment: Option<String>, at: Moment) -> Answer {
    Answer {
        dossier: dossier.id,
        rating,
        comment,
        at,
        unit: dossier.unit,
        procedure: dossier.procedure,
        officer: dossier.assignee,
        at_desk: false,
    }
}

/// Notes what somebody says at the desk while the result is given out to them, in the transaction that gives it out. What
/// was said at an earlier giving out, which was undone, was said of that; what they rated themselves stays.
pub(crate) fn note_at_desk(
    conn: &mut Conn,
    dossier: &Dossier,
    rating: Rating,
    now: Moment,
) -> Result<(), StoreError> {
    satisfaction::remove_of_desk(conn, dossier.id)?;
    if satisfaction::rated_at(conn, dossier.id)?.is_some() {
        return Ok(());
    }
    let said = Answer {
        at_desk: true,
        ..answer(dossier, rating, None, now)
    };
    satisfaction::insert(conn, &said)
}

/// Why a dossier cannot be rated now.
fn refusal(conn: &mut Conn, dossier: &Dossier) -> Result<Option<Error>, StoreError> {
    if satisfaction::rated_at(conn, dossier.id)?.is_some() {
        return Ok(Some(Conflict::AlreadyRated.into()));
    }
    let returned = dossier.status == Status::Returned;
    Ok((!returned).then_some(Conflict::NotReturned.into()))
}
