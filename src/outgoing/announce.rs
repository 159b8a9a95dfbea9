//! From events to messages.

use std::collections::{BTreeMap, BTreeSet};

use super::{Happened, Teller};
use crate::domain::dossier::{Dossier, Event};
use crate::domain::ids::DossierId;
use crate::domain::moment::Moment;
use crate::store::chain::StoredEvent;
use crate::store::{Store, StoreError, events, outbox, unannounced};

/// How many events one transaction tells of.
const PAGE: u32 = 200;

/// Makes the messages of all events that nobody has told of. Returns how many events there were. On
/// several instances one does it at a time.
///
/// The messages are made from a snapshot, beside those who write; what they were made for is taken away
/// in the transaction that writes them, or, where another instance was first, they are forgotten.
///
/// # Errors
/// If the database refuses.
pub fn announce(
    store: &Store,
    tellers: &[Box<dyn Teller>],
    now: Moment,
) -> Result<usize, StoreError> {
    let mut told = 0;
    loop {
        let (waiting, messages) = store.read_with_reference(|conn, reference| {
            let waiting = unannounced::oldest(conn, PAGE)?;
            if waiting.is_empty() {
                return Ok((waiting, Vec::new()));
            }
            let mut by_dossier: BTreeMap<DossierId, BTreeSet<u32>> = BTreeMap::new();
            for one in &waiting {
                let sequences = by_dossier.entry(one.dossier).or_default();
                sequences.insert(one.sequence);
            }
            let ids: Vec<DossierId> = by_dossier.keys().copied().collect();
            let mut histories = events::histories(conn, &ids)?;
            let mut told = Vec::with_capacity(waiting.len());
            for (id, sequences) in by_dossier {
                let history = histories.remove(&id).unwrap_or_default();
                told.extend(steps(id, &history, &sequences)?);
            }
            let happened = told.iter().map(|step| Happened {
                reference,
                before: step.before.as_ref(),
                event: &step.event,
                after: &step.after,
                now,
            });
            let happened: Vec<Happened<'_>> = happened.collect();
            let mut messages = Vec::new();
            for teller in tellers {
                messages.extend(teller.messages(conn, &happened)?);
            }
            Ok::<_, StoreError>((waiting, messages))
        })?;
        let page = waiting.len();
        if page == 0 {
            return Ok(told);
        }
        let taken = store.write(move |conn| {
            let taken = unannounced::take(conn, &waiting)?;
            if taken {
                for message in &messages {
                    outbox::put(conn, message, now)?;
                }
            }
            Ok::<_, StoreError>(taken)
        })?;
        if !taken {
            return Ok(told);
        }
        told += page;
        if page < PAGE as usize {
            return Ok(told);
        }
    }
}

/// An event, and its dossier around it.
struct Step {
    before: Option<Dossier>,
    event: Event,
    after: Dossier,
}

/// The events of those numbers.
fn steps(
    id: DossierId,
    history: &[StoredEvent],
    sequences: &BTreeSet<u32>,
) -> Result<Vec<Step>, StoreError> {
    let mut steps = Vec::with_capacity(sequences.len());
    let mut before: Option<Dossier> = None;
    for stored in history {
        let event = stored.event()?;
        let after = match &before {
            None => Dossier::begin(id, &event),
            Some(dossier) => {
                let mut after = dossier.clone();
                after.apply(&event).map(|()| after)
            }
        };
        let after = after.map_err(|error| StoreError::corrupt(format!("hồ sơ {id}: {error}")))?;
        if sequences.contains(&event.sequence) {
            steps.push(Step {
                before: before.clone(),
                event,
                after: after.clone(),
            });
        }
        before = Some(after);
    }
    Ok(steps)
}
