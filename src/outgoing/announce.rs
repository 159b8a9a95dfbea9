//! From events to messages.

use std::sync::Arc;

use super::{Happened, Teller};
use crate::domain::dossier::Dossier;
use crate::domain::ids::DossierId;
use crate::domain::moment::Moment;
use crate::store::reference::Reference;
use crate::store::{Conn, Store, StoreError, events, outbox, unannounced};

/// How many events one transaction tells of.
const PAGE: u32 = 200;

/// Makes the messages of all events that nobody has told of. Returns how many events there were. On
/// several instances one does it at a time.
///
/// # Errors
/// If the database refuses.
pub fn announce(
    store: &Store,
    tellers: &Arc<Vec<Box<dyn Teller>>>,
    now: Moment,
) -> Result<usize, StoreError> {
    let mut told = 0;
    loop {
        let tellers = Arc::clone(tellers);
        let page = store.write_with_reference(move |conn, reference| {
            let Some(taken) = unannounced::take(conn, PAGE)? else {
                return Ok(0);
            };
            let mut events = 0;
            for (dossier, sequences) in taken {
                events += sequences.len();
                tell(conn, reference, &tellers, dossier, &sequences, now)?;
            }
            Ok::<_, StoreError>(events)
        })?;
        told += page;
        if page < PAGE as usize {
            return Ok(told);
        }
    }
}

fn tell(
    conn: &mut Conn,
    reference: &Reference,
    tellers: &[Box<dyn Teller>],
    id: DossierId,
    sequences: &[u32],
    now: Moment,
) -> Result<(), StoreError> {
    let mut before: Option<Dossier> = None;
    for stored in events::history(conn, id)? {
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
            let happened = Happened {
                reference,
                before: before.as_ref(),
                event: &event,
                after: &after,
                now,
            };
            for teller in tellers {
                for message in teller.messages(conn, &happened)? {
                    outbox::put(conn, &message, now)?;
                }
            }
        }
        before = Some(after);
    }
    Ok(())
}
