//! Open dossiers go out of the hands of somebody who has left, or cannot have them any more: into those of a colleague
//! who was named, or into nobody's by name.

use std::collections::HashMap;

use crate::acts::advance::{PAGE, act_on_all_by};
use crate::domain::dossier::{Action, HandsCause};
use crate::domain::ids::{Actor, DossierId, UserId};
use crate::error::Error;
use crate::jobs::queue::Work;
use crate::store::jobs::{Hands, Job};
use crate::store::open_dossiers::{self, InHand};
use crate::store::reference::Reference;
use crate::store::users::{self, User};
use crate::store::{StoreError, set_aside};
use crate::views::assignees::may_have;

/// How many dossiers are listed at once; they are acted on in smaller steps.
const LOOKED_AT: u32 = 200;

pub(crate) fn work(work: &mut Work<'_>, job: &Job) -> Result<bool, Error> {
    let hands = job
        .hands
        .clone()
        .ok_or_else(|| StoreError::corrupt("jobs.about"))?;
    let actor = job.created_by.map_or(Actor::System, Actor::Staff);
    let (store, now) = (work.store, work.now());
    // From the beginning again where it broke off: what was done is in other hands.
    work.progress.done = 0;
    work.progress.total = store.read(|conn| open_dossiers::count_in_hand(conn, &hands.from))?;
    let mut after = None;
    loop {
        let (page, next) = store.read_with_reference(|conn, reference| {
            let page = open_dossiers::in_hand(conn, &hands.from, after, LOOKED_AT)?;
            let next = page.last().map(|one| (one.due, one.id));
            let people = page.iter().map(|one| one.assignee).chain(hands.to);
            let people = users::some(conn, people)?;
            let leaving = page
                .iter()
                .filter_map(|one| goes(reference, &people, &hands, one));
            Ok::<_, Error>((
                leaving.collect::<Vec<_>>(),
                next.map(|next| (next, page.len())),
            ))
        })?;
        let Some((place, looked_at)) = next else {
            return Ok(true);
        };
        for some in page.chunks(PAGE as usize) {
            let to: HashMap<DossierId, Option<UserId>> = some.iter().copied().collect();
            let reason = hands.reason.clone();
            let cause = match hands.all {
                true => HandsCause::Left,
                false => HandsCause::OutOfReach,
            };
            let action = move |id: DossierId| Action::Assign {
                assignee: to.get(&id).copied().flatten(),
                reason: reason.clone(),
                cause,
            };
            let ids = some.iter().map(|(id, _)| *id).collect();
            let acted = act_on_all_by(store, actor, set_aside::Work::Hands, ids, now, action)?;
            work.progress.changed += acted.done as u64;
            if !work.step()? {
                return Ok(false);
            }
        }
        after = Some(place);
        work.progress.done += looked_at as u64;
        work.progress.total = work.progress.total.max(work.progress.done);
        if !work.step()? {
            return Ok(false);
        }
    }
}

/// Into whose hands a dossier goes, if it goes.
fn goes(
    reference: &Reference,
    people: &HashMap<UserId, User>,
    hands: &Hands,
    one: &InHand,
) -> Option<(DossierId, Option<UserId>)> {
    let may = |id: UserId| {
        let user = people.get(&id);
        user.is_some_and(|user| may_have(reference, user, [one.unit, one.holder]))
    };
    let to = hands.to.filter(|to| may(*to));
    match hands.all {
        // What a colleague cannot have stays, and is counted as left.
        true => to.map(|to| (one.id, Some(to))),
        false if may(one.assignee) => None,
        false => Some((one.id, to)),
    }
    .filter(|(_, to)| *to != Some(one.assignee))
}
