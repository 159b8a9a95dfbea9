//! The same done to many dossiers, each in a transaction of its own: what cannot be done to one of them holds up none of
//! the others. A key makes it happen once to each, however often it is sent.

use crate::acts::Intent;
use crate::acts::advance::{Request, act_within};
use crate::domain::dossier::{Action, Dossier, HandsCause, Status};
use crate::domain::ids::{DossierId, UserId};
use crate::domain::role::{Permission, Role};
use crate::error::Error;
use crate::store::authority::Denied;
use crate::store::idempotency::{Once, once};
use crate::store::reference::Reference;
use crate::store::{Store, dossiers, users};

/// The most dossiers at a time.
pub const MOST: usize = 100;

/// A dossier goes into other hands, as it was seen in that version: within its step, or, where the desk has only just
/// taken it in, on to the step of whom it is given to.
///
/// # Errors
/// As [`crate::acts::advance::act`].
pub fn hand_over(
    store: &Store,
    id: DossierId,
    seen: u32,
    to: UserId,
    reason: &str,
    key: Option<Once>,
    intent: Intent,
) -> Result<(), Error> {
    let reason = reason.to_owned();
    intent.write(store, move |conn, reference, occasion| {
        // The page is for whoever reads; this is not.
        if let Some(role) = occasion.role
            && !role.may(Permission::HandOver)
        {
            return Err(Denied::Role(role).into());
        }
        once(conn, key.as_ref(), occasion.now, |conn| {
            let locked = dossiers::lock(conn, id)?.ok_or(Error::NO_DOSSIER)?;
            let role = users::find(conn, to)?.map(|account| account.user.role);
            let action = match next_step(reference, &locked.dossier, role) {
                Some(step) => Action::HandOver {
                    step,
                    assignee: Some(to),
                    note: reason.clone(),
                },
                None => Action::Assign {
                    assignee: Some(to),
                    reason: reason.clone(),
                    cause: HandsCause::Asked,
                },
            };
            let request = Request {
                version: Some(seen),
                ..Request::new(id, action)
            };
            let changed = act_within(conn, &request, occasion, reference)?;
            Ok::<_, Error>(changed.version)
        })
        .map(drop)
    })
}

/// The step of somebody in that role, where the dossier still lies in that of the desk that has taken it in.
fn next_step(reference: &Reference, dossier: &Dossier, role: Option<Role>) -> Option<u8> {
    let steps = &reference.procedure_of(dossier)?.definition.workflow;
    let of = |step: u8| steps.get(usize::from(step)).map(|step| step.role.role());
    let next = dossier.step.checked_add(1)?;
    let at_the_desk = dossier.status == Status::Received && of(dossier.step) == Some(Role::Clerk);
    (at_the_desk && role != Some(Role::Clerk) && of(next) == role).then_some(next)
}
