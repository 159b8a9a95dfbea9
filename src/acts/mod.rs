//! What clerks and officers do: take dossiers in and move them on. Each use case is one
//! transaction: the events, the new state, what changes in the counts.

pub mod access;
pub mod advance;
pub mod alarms;
pub mod anonymise;
pub mod calendar;
pub mod checkpoint;
pub mod deputies;
pub mod drafts;
pub mod feedback;
pub mod hands;
pub mod links;
pub mod log_key;
pub mod many;
pub mod note;
pub mod oidc;
pub mod outbox;
pub mod passwords;
pub mod pay;
pub mod privacy;
pub mod procedures;
pub mod rate;
pub mod receive;
pub mod receive_many;
pub mod recompute_due;
pub mod reprint;
pub mod saved_lists;
pub mod see;
pub mod sessions;
pub mod staff;
pub mod staff_move;
pub mod submit;
pub mod text_blocks;
pub mod units;
mod warn;
pub mod webhooks;

use std::sync::Arc;

use crate::domain::dossier::{self, Channel, Dossier};
use crate::domain::ids::{Actor, UnitId};
use crate::domain::moment::Moment;
use crate::domain::person::{Person, Ways, is_somewhere};
use crate::domain::procedure::Procedure;
use crate::domain::role::Role;
use crate::domain::timetable::Timetable;
use crate::domain::unit::Units;
use crate::error::{Error, WrongField};
use crate::render::words;
use crate::store::authority::{Proof, Proven};
use crate::store::reference::Reference;
use crate::store::{Conn, Store};

/// On whose authority something is to happen.
#[derive(Debug, Clone, Copy)]
pub enum By {
    /// A member of staff, who is proven in the transaction that acts.
    Staff(Proof),
    /// Who has no session to prove: motcua itself, a citizen, somebody at the machine. Reaches
    /// everything.
    Itself(Actor),
}

/// What is to happen when, and who asks for it. What is asked for happens on an [`Occasion`].
#[derive(Debug, Clone, Copy)]
pub struct Intent {
    /// The moment of the action; `None`: the present.
    pub at: Option<Moment>,
    /// The present.
    pub now: Moment,
    pub by: By,
    /// How many working days back `at` may lie (`desk.backdating_days`); `None`: as far as history
    /// allows.
    pub backdating_days: Option<u16>,
}

impl Intent {
    /// Runs `work` as one transaction, on an occasion whose actor, role and reach are true in it.
    pub(crate) fn write<T: Send + 'static>(
        self,
        store: &Store,
        work: impl Fn(&mut Conn, &Reference, Occasion) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        match self.by {
            By::Staff(proof) => store
                .write_with_reference_as(proof, move |conn, reference, caller| {
                    work(conn, reference, self.of(caller))
                }),
            By::Itself(actor) => store.write_with_reference(move |conn, reference| {
                let occasion = Occasion {
                    at: self.at,
                    now: self.now,
                    actor,
                    role: None,
                    reach: None,
                    backdating: None,
                };
                work(conn, reference, occasion)
            }),
        }
    }

    pub(crate) fn of(self, caller: &Proven) -> Occasion {
        Occasion {
            at: self.at,
            now: self.now,
            actor: caller.actor(),
            role: Some(caller.role()),
            reach: Some(caller.unit()),
            backdating: self.backdating_days.map(|days| Backdating {
                days,
                may_exceed: caller.role().may_enter_late(),
            }),
        }
    }
}

/// When something happens, who does it, and how far their hands reach: as it is in the transaction
/// in which it happens.
#[derive(Debug, Clone, Copy)]
pub struct Occasion {
    /// The moment of the action; `None`: the present, or right after the dossier's last event where
    /// the clock of whoever recorded that is ahead of ours.
    pub at: Option<Moment>,
    /// The present.
    pub now: Moment,
    pub actor: Actor,
    /// Of a member of staff; `None`: nobody whom a role restricts.
    pub role: Option<Role>,
    /// Only dossiers of this unit and of what is under it; `None`: all.
    pub reach: Option<UnitId>,
    /// How far back `at` may lie; `None`: as far as history allows.
    pub backdating: Option<Backdating>,
}

/// How far back somebody may enter what has happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backdating {
    /// Working days (`desk.backdating_days`).
    pub days: u16,
    /// Whether whoever acts may enter what lies further back, with a reason.
    pub may_exceed: bool,
}

impl Occasion {
    /// Whether the occasion reaches one of the units that have to do with a dossier, or goes on with one of them.
    pub(crate) fn covers(&self, units: &Units, some: &[UnitId]) -> bool {
        let on = self.now.date();
        let reaches = |reach| some.iter().any(|unit| units.reaches(*unit, reach, on));
        self.reach.is_none_or(reaches)
    }

    /// The moment of an action on a dossier, or on none yet.
    pub(crate) fn moment(&self, dossier: Option<&Dossier>) -> Moment {
        let last = dossier.map_or(self.now, |dossier| dossier.last_event_at);
        self.at.unwrap_or_else(|| self.now.max(last))
    }

    /// What motcua does by itself, now.
    pub(crate) fn by_system(now: Moment) -> Self {
        Self {
            at: None,
            now,
            actor: Actor::System,
            role: None,
            reach: None,
            backdating: None,
        }
    }
}

/// What is missing of an applicant to whom a result is sent by post.
pub(crate) fn wrong_return(by: Channel, applicant: &Person) -> Option<WrongField> {
    let address = applicant.address.as_deref().unwrap_or_default();
    let nowhere = by == Channel::Postal && !is_somewhere(address);
    nowhere.then(|| WrongField {
        pointer: "/applicant/address".to_owned(),
        reason: "cần địa chỉ để gửi kết quả qua bưu chính".to_owned(),
    })
}

/// The wrong fields of a person at `place` in a request: also a way of being told that there is not here.
pub(crate) fn wrong_fields(place: &str, person: &Person, ways: Ways) -> Vec<WrongField> {
    let wrong = person.wrong_fields().map(|(field, reason)| WrongField {
        pointer: format!("{place}/{field}"),
        reason: reason.to_string(),
    });
    let chosen = person.notify_by.filter(|chosen| !ways.has(*chosen));
    let not_here = chosen.map(|chosen| WrongField {
        pointer: format!("{place}/notify_by"),
        reason: words::no_such_way(chosen, ways),
    });
    wrong.chain(not_here).collect()
}

/// The context of an action on a dossier of `unit` under `procedure`; `late_reason` is why it is
/// entered late.
pub(crate) fn context<'a>(
    reference: &'a Reference,
    unit: UnitId,
    procedure: &'a Procedure,
    at: Moment,
    occasion: Occasion,
    late_reason: Option<&'a str>,
) -> Result<dossier::Context<'a>, Error> {
    let timetable: &Arc<Timetable> = reference.timetable(unit).ok_or(Error::NoCalendar)?;
    let backdating = |Backdating { days, may_exceed }| dossier::Backdating {
        days,
        may_exceed,
        reason: late_reason,
    };
    Ok(dossier::Context {
        at,
        // Another instance's clock may be ahead of ours, and so be what it recorded.
        now: match occasion.at {
            Some(_) => occasion.now,
            None => occasion.now.max(at),
        },
        backdating: occasion.backdating.map(backdating),
        actor: occasion.actor,
        // What there is no dossier of yet is on nobody's desk.
        staff: occasion.role.map(dossier::Staff::new),
        procedure,
        timetable,
        units: reference.units(),
        norms: reference.norms(),
    })
}
