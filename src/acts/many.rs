//! The same done to many dossiers, each in a transaction of its own: what cannot be done to one of them holds up none of
//! the others. A key makes it happen once to each, however often it is sent.

use crate::acts::Intent;
use crate::acts::advance::{Request, act_within};
use crate::domain::dossier::{Action, HandsCause};
use crate::domain::ids::{DossierId, UserId};
use crate::domain::role::Permission;
use crate::error::Error;
use crate::store::Store;
use crate::store::authority::Denied;
use crate::store::idempotency::{Once, once};

/// The most dossiers at a time.
pub const MOST: usize = 100;

/// A dossier goes into other hands, as it was seen in that version.
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
    let action = Action::Assign {
        assignee: Some(to),
        reason: reason.to_owned(),
        cause: HandsCause::Asked,
    };
    let request = Request {
        version: Some(seen),
        ..Request::new(id, action)
    };
    intent.write(store, move |conn, reference, occasion| {
        // The page is for whoever reads; this is not.
        if let Some(role) = occasion.role
            && !role.may(Permission::HandOver)
        {
            return Err(Denied::Role(role).into());
        }
        once(conn, key.as_ref(), occasion.now, |conn| {
            let changed = act_within(conn, &request, occasion, reference)?;
            Ok::<_, Error>(changed.version)
        })
        .map(drop)
    })
}
