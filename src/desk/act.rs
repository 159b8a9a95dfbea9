//! Moving a dossier on: every action on one that exists.

use super::{DeskError, Occasion, context};
use crate::domain::dossier::{Action, Correction, Dossier, decide};
use crate::domain::ids::{DossierId, PersonId};
use crate::domain::person::Person;
use crate::store::{Conn, Store, dossiers, persons, reference::Reference};

/// An action on a dossier.
#[derive(Debug, Clone)]
pub struct Request {
    pub id: DossierId,
    /// The version that the caller saw; `None` to act on whatever it is now.
    pub version: Option<u32>,
    pub action: Action,
    /// People whom the action refers to and who are new.
    pub people: Vec<(PersonId, Person)>,
}

impl Request {
    pub fn new(id: DossierId, action: Action) -> Self {
        Self {
            id,
            version: None,
            action,
            people: Vec::new(),
        }
    }

    /// The correction of an applicant's data: a new record of the person takes the old one's place.
    pub fn correct_applicant(
        id: DossierId,
        reason: String,
        applicant: Person,
        occasion: Occasion,
    ) -> Self {
        let person = PersonId::new(occasion.at, rand::random());
        let correction = Correction::Applicant {
            reason,
            applicant: person,
            delegate: None,
        };
        Self {
            people: vec![(person, applicant)],
            ..Self::new(id, Action::Correct(correction))
        }
    }
}

/// Does the action, or refuses it with the reason.
///
/// # Errors
/// A refusal of the rules, a version that is not the current one, or an error of the store.
pub fn act(store: &Store, request: &Request, occasion: Occasion) -> Result<Dossier, DeskError> {
    let reference = store.reference()?;
    let request = request.clone();
    store.write(move |conn| {
        for (id, person) in &request.people {
            persons::insert(conn, *id, person)?;
        }
        act_within(conn, &request, occasion, &reference)
    })
}

/// The same within a transaction of the caller.
pub(super) fn act_within(
    conn: &mut Conn,
    request: &Request,
    occasion: Occasion,
    reference: &Reference,
) -> Result<Dossier, DeskError> {
    let locked = dossiers::lock(conn, request.id)?.ok_or(DeskError::NotFound)?;
    let dossier = &locked.dossier;
    if request.version.is_some_and(|seen| seen != dossier.version) {
        return Err(DeskError::Changed {
            current: dossier.version,
        });
    }
    let procedure = reference.procedure(dossier.procedure).ok_or_else(|| {
        crate::store::StoreError::corrupt(format!("không có thủ tục {}", dossier.procedure))
    })?;
    let context = context(reference, dossier.unit, procedure, occasion)?;
    let events = decide(Some(dossier), &request.action, &context)?;
    Ok(dossiers::append(conn, &locked, &events)?)
}
