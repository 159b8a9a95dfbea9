//! What clerks and officers do: take dossiers in and move them on. Each use case is one
//! transaction: the events, the new state, what changes in the counts.

mod act;
pub mod housekeeping;
mod receive;
mod recompute;

pub use act::{Request, act};
pub use receive::{NewRequest, receive, register};
pub use recompute::recompute_due_moments;

use std::sync::Arc;

use crate::domain::dossier::{Dossier, Refusal};
use crate::domain::ids::{Actor, UnitId};
use crate::domain::moment::Moment;
use crate::domain::person::{InvalidPerson, Person};
use crate::domain::procedure::Procedure;
use crate::domain::timetable::Timetable;
use crate::store::reference::Reference;
use crate::store::{StoreError, WriteFailure};

/// A wrong field of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrongField {
    /// JSON pointer into the request.
    pub pointer: String,
    pub reason: String,
}

/// Why a use case did not happen; nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum DeskError {
    /// Every wrong field at once.
    #[error("{}", list(.0))]
    Invalid(Vec<WrongField>),
    #[error("{}", crate::words::refusal(.0))]
    Refused(Refusal),
    #[error("không có hồ sơ này")]
    NotFound,
    /// The dossier has changed since the caller read it.
    #[error("hồ sơ đã thay đổi: phiên bản hiện tại là {current}")]
    Changed { current: u32 },
    #[error("chưa có lịch làm việc: nhập bằng motcua import calendar")]
    NoCalendar,
    #[error(transparent)]
    Store(#[from] StoreError),
}

fn list(wrong: &[WrongField]) -> String {
    let lines: Vec<_> = wrong
        .iter()
        .map(|field| format!("{}: {}", field.pointer, field.reason))
        .collect();
    lines.join("; ")
}

impl From<diesel::result::Error> for DeskError {
    fn from(error: diesel::result::Error) -> Self {
        Self::Store(error.into())
    }
}

impl From<Refusal> for DeskError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl WriteFailure for DeskError {
    fn store_error(&self) -> Option<&StoreError> {
        match self {
            Self::Store(error) => Some(error),
            _ => None,
        }
    }
}

/// When something happens, and who does it.
#[derive(Debug, Clone, Copy)]
pub struct Occasion {
    /// The moment of the action.
    pub at: Moment,
    /// The present.
    pub now: Moment,
    pub actor: Actor,
}

impl Occasion {
    /// What motcua does by itself to a dossier: now, or right after its last event if somebody was
    /// quicker.
    fn by_system(now: Moment, dossier: &Dossier) -> Self {
        let at = now.max(dossier.last_event_at);
        Self {
            at,
            now: at,
            actor: Actor::System,
        }
    }
}

/// The wrong fields of a person at `place` in a request.
fn wrong_fields(place: &str, person: &Person) -> Vec<WrongField> {
    let wrong = person.check().into_iter().map(|invalid| {
        let field = match invalid {
            InvalidPerson::NameMissing | InvalidPerson::NameTooLong => "name",
            InvalidPerson::Phone => "phone",
            InvalidPerson::Email => "email",
            InvalidPerson::AddressTooLong => "address",
        };
        WrongField {
            pointer: format!("{place}/{field}"),
            reason: invalid.to_string(),
        }
    });
    wrong.collect()
}

/// The context of an action on a dossier of `unit` under `procedure`.
fn context<'a>(
    reference: &'a Reference,
    unit: UnitId,
    procedure: &'a Procedure,
    occasion: Occasion,
) -> Result<crate::domain::dossier::Context<'a>, DeskError> {
    let timetable: &Arc<Timetable> = reference.timetable(unit).ok_or(DeskError::NoCalendar)?;
    Ok(crate::domain::dossier::Context {
        at: occasion.at,
        now: occasion.now,
        actor: occasion.actor,
        procedure,
        timetable,
        units: reference.units(),
    })
}
