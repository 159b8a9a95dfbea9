//! Dossiers of units that have ended and are not returned yet go to whoever does their work now.

use crate::acts::advance::{PAGE, act_on_all};
use crate::domain::dossier::Action;
use crate::domain::ids::UnitId;
use crate::domain::moment::Moment;
use crate::error::Error;
use crate::jobs::queue::Work;
use crate::store::{Store, open_dossiers, set_aside};

/// How many dossiers are listed at once; they are acted on in smaller steps.
const LOOKED_AT: u32 = 200;

/// Moves what is not returned yet of units that have ended to whoever does their work now. Also returns
/// the codes of ended units whose dossiers could not be moved.
pub fn move_to_successors(store: &Store, now: Moment) -> Result<(usize, Vec<String>), Error> {
    let mut moved = 0;
    let mut stuck = Vec::new();
    for from in ended_with_open(store, now)? {
        let (some, all) = move_from(store, from, now, &mut |_| Ok(true))?;
        moved += some;
        if !all && let Some(unit) = store.reference()?.units().get(from) {
            stuck.push(unit.code.clone());
        }
    }
    Ok((moved, stuck))
}

/// The same as a job.
pub(crate) fn work(work: &mut Work<'_>) -> Result<bool, Error> {
    let (store, now) = (work.store, work.now());
    let ended = ended_with_open(store, now)?;
    let left = store.read(|conn| {
        let counts = ended
            .iter()
            .map(|unit| open_dossiers::count_with(conn, *unit));
        counts.sum::<Result<u64, _>>()
    })?;
    work.progress.total = work.progress.done + left;
    for from in ended {
        let mut go_on = true;
        move_from(store, from, now, &mut |moved| {
            work.progress.done += moved as u64;
            work.progress.changed += moved as u64;
            go_on = work.step()?;
            Ok(go_on)
        })?;
        if !go_on {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Units that have ended and still have dossiers that are not returned.
fn ended_with_open(store: &Store, now: Moment) -> Result<Vec<UnitId>, Error> {
    let reference = store.reference()?;
    let today = now.date();
    let ended = reference.units().all().into_iter().filter(|unit| {
        let last = unit.valid_to;
        last.is_some_and(|last| last < today)
    });
    let ended: Vec<UnitId> = ended.map(|unit| unit.id).collect();
    Ok(store.read(|conn| open_dossiers::units_with_open(conn, &ended))?)
}

/// Moves these dossiers of one unit, a few at a time. Returns how many, and whether that is all.
fn move_from(
    store: &Store,
    from: UnitId,
    now: Moment,
    tell: &mut dyn FnMut(usize) -> Result<bool, Error>,
) -> Result<(usize, bool), Error> {
    let reference = store.reference()?;
    let to = reference.units().in_charge_on(from, now.date());
    let Some(to) = to.map(|unit| unit.id) else {
        return Ok((0, false));
    };
    let mut moved = 0;
    loop {
        let ids = store.read(|conn| open_dossiers::open_with(conn, from, LOOKED_AT))?;
        if ids.is_empty() {
            return Ok((moved, true));
        }
        let mut done = 0;
        for some in ids.chunks(PAGE as usize) {
            let action = move |_| Action::MoveToSuccessor { from, to };
            let work = set_aside::Work::Successor;
            let acted = act_on_all(store, work, some.to_vec(), now, action)?;
            done += acted.done + acted.set_aside;
            moved += acted.done;
            if !tell(acted.done)? {
                return Ok((moved, false));
            }
        }
        if done == 0 {
            return Ok((moved, false));
        }
    }
}
