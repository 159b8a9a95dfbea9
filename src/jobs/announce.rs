//! From events to messages.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use crate::domain::dossier::{Dossier, Event};
use crate::domain::ids::DossierId;
use crate::domain::moment::Moment;
use crate::jobs::Job;
use crate::jobs::seal::{self, LeftBehind};
use crate::outgoing::{Happened, Teller};
use crate::store::chain::StoredEvent;
use crate::store::reference::Reference;
use crate::store::set_aside::{self, Work};
use crate::store::unannounced::{self, Waiting};
use crate::store::{Conn, Store, StoreError, events, outbox};

/// How many events one transaction tells of.
const PAGE: u32 = 200;

/// Makes the messages of all events that nobody has told of. Returns how many events there were. On
/// several instances one does it at a time.
///
/// The messages are made from a snapshot, beside those who write; what they were made for is taken away
/// in the transaction that writes them, or, where another instance was first, they are forgotten. The
/// events of a dossier that cannot be read stay, set aside.
pub fn announce(
    store: &Store,
    tellers: &[Box<dyn Teller>],
    now: Moment,
) -> Result<usize, StoreError> {
    let mut told = 0;
    loop {
        let page = store.read_with_reference(|conn, reference| {
            let waiting = unannounced::oldest(conn, PAGE)?;
            compose(conn, reference, tellers, waiting, now)
        })?;
        let Page {
            waiting,
            messages,
            damaged,
        } = page;
        let seen = waiting.len() + damaged.values().map(|(count, _)| count).sum::<usize>();
        if seen == 0 {
            return Ok(told);
        }
        let made = waiting.len();
        let taken = store.write(move |conn| {
            let taken = unannounced::take(conn, &waiting)?;
            if taken {
                for message in &messages {
                    outbox::put(conn, message, now)?;
                }
                let dossiers: BTreeSet<DossierId> =
                    waiting.iter().map(|waiting| waiting.dossier).collect();
                let dossiers: Vec<DossierId> = dossiers.into_iter().collect();
                set_aside::done(conn, Work::Announce, &dossiers)?;
                // What nobody can be told of waits beside the others, and is passed over.
                for (id, (_, error)) in &damaged {
                    set_aside::put(conn, Work::Announce, *id, error, now)?;
                }
            }
            Ok::<_, StoreError>(taken)
        })?;
        if !taken {
            return Ok(told);
        }
        told += made;
        if seen < PAGE as usize {
            return Ok(told);
        }
    }
}

/// What comes of a page of events.
struct Page {
    /// Those whose messages are made.
    waiting: Vec<Waiting>,
    messages: Vec<outbox::Outgoing>,
    /// Dossiers whose messages cannot be made: how many events wait, and why.
    damaged: BTreeMap<DossierId, (usize, StoreError)>,
}

/// Makes the messages of a page at once; where that fails because of what stands in the database, dossier
/// by dossier, so that one that cannot be read is no other's trouble.
fn compose(
    conn: &mut Conn,
    reference: &Reference,
    tellers: &[Box<dyn Teller>],
    waiting: Vec<Waiting>,
    now: Moment,
) -> Result<Page, StoreError> {
    let mut page = Page {
        waiting: Vec::new(),
        messages: Vec::new(),
        damaged: BTreeMap::new(),
    };
    match make(conn, reference, tellers, &waiting, now) {
        Ok(messages) => {
            page.messages = messages;
            page.waiting = waiting;
            return Ok(page);
        }
        Err(error) if error.is_damage() => {}
        Err(error) => return Err(error),
    }
    let mut by_dossier: BTreeMap<DossierId, Vec<Waiting>> = BTreeMap::new();
    for one in waiting {
        by_dossier.entry(one.dossier).or_default().push(one);
    }
    for (id, waiting) in by_dossier {
        match make(conn, reference, tellers, &waiting, now) {
            Ok(messages) => {
                page.messages.extend(messages);
                page.waiting.extend(waiting);
            }
            Err(error) if error.is_damage() => {
                page.damaged.insert(id, (waiting.len(), error));
            }
            Err(error) => return Err(error),
        }
    }
    page.waiting.sort_by_key(Waiting::number);
    Ok(page)
}

/// The messages of events that wait.
fn make(
    conn: &mut Conn,
    reference: &Reference,
    tellers: &[Box<dyn Teller>],
    waiting: &[Waiting],
    now: Moment,
) -> Result<Vec<outbox::Outgoing>, StoreError> {
    if waiting.is_empty() {
        return Ok(Vec::new());
    }
    let mut by_dossier: BTreeMap<DossierId, BTreeSet<u32>> = BTreeMap::new();
    for one in waiting {
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
    Ok(messages)
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

/// Makes the messages of what has happened, and has what was done and read sealed into the log.
pub(crate) struct Announce {
    tellers: Arc<Vec<Box<dyn Teller>>>,
    left_behind: LeftBehind,
}

impl Announce {
    pub fn new(tellers: Arc<Vec<Box<dyn Teller>>>) -> Self {
        Self {
            tellers,
            left_behind: LeftBehind::default(),
        }
    }
}

impl Job for Announce {
    const NAME: &'static str = "announcing";
    const EVERY: Duration = Duration::from_millis(500);

    fn run(&self, store: &Store) -> Result<(), StoreError> {
        let told = announce(store, &self.tellers, crate::clock::now());
        // Whatever became of the messages: what was done and read has nobody to be told.
        seal::seal(store)?;
        self.left_behind.seal(store)?;
        told.map(drop)
    }
}
