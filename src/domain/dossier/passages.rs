//! How long a dossier was in each step of its workflow: what its events say of where it was and whether work could go on.

use crate::domain::dossier::{Dossier, Event, EventData, ReplayError};
use crate::domain::ids::{DossierId, UnitId};
use crate::domain::moment::Moment;

/// From one moment to another.
pub type Stretch = (Moment, Moment);

/// A stay in a step: from when it came there to when it was handed on, back, or closed. Whoever comes back comes anew;
/// a closing that is undone leaves the stay as it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Passage {
    pub step: u8,
    /// On whose desk it was.
    pub unit: UnitId,
    /// It is there yet.
    pub goes_on: bool,
    /// Where work could go on.
    pub worked: Vec<Stretch>,
    /// Where the applicant was waited for.
    pub waited: Vec<Stretch>,
}

impl Passage {
    fn new(dossier: &Dossier) -> Self {
        Self {
            step: dossier.step,
            unit: dossier.holder,
            goes_on: true,
            worked: Vec::new(),
            waited: Vec::new(),
        }
    }
}

/// What a dossier's events come to, as far as they go.
#[derive(Debug, Clone, PartialEq)]
pub struct Course {
    /// As it is after the last of them.
    pub dossier: Dossier,
    /// In the order in which they began.
    pub passages: Vec<Passage>,
}

/// The stays of a dossier in its steps, what goes on counted up to `until`. On its way from another unit's desk it is in
/// none.
///
/// # Errors
/// If the events are not the history of one dossier.
pub fn course<'a>(
    id: DossierId,
    events: impl IntoIterator<Item = &'a Event>,
    until: Moment,
) -> Result<Course, ReplayError> {
    let mut events = events.into_iter();
    let first = events.next().ok_or(ReplayError::Empty)?;
    let mut dossier = Dossier::begin(id, first)?;
    let mut passages = Vec::new();
    arrive(&mut passages, &dossier, &first.data);
    for event in events {
        let from = dossier.last_event_at;
        stay(&mut passages, &dossier, (from, event.at));
        dossier.apply(event)?;
        arrive(&mut passages, &dossier, &event.data);
    }
    let from = dossier.last_event_at;
    stay(&mut passages, &dossier, (from, until.max(from)));
    Ok(Course { dossier, passages })
}

/// Time goes by in the step at hand.
fn stay(passages: &mut [Passage], dossier: &Dossier, stretch: Stretch) {
    let at_hand = passages.last_mut().filter(|passage| passage.goes_on);
    let Some(passage) = at_hand.filter(|_| stretch.0 < stretch.1) else {
        return;
    };
    let stretches = match dossier.is_running() {
        true => &mut passage.worked,
        false => &mut passage.waited,
    };
    match stretches.last_mut() {
        Some(last) if last.1 == stretch.0 => last.1 = stretch.1,
        _ => stretches.push(stretch),
    }
}

/// What an event that has just happened means for where it is.
fn arrive(passages: &mut Vec<Passage>, dossier: &Dossier, event: &EventData) {
    let in_a_step = dossier.status.is_open() && dossier.has_reached();
    if !in_a_step {
        if let Some(last) = passages.last_mut() {
            last.goes_on = false;
        }
        return;
    }
    let comes = matches!(event, EventData::HandedOver(_));
    match passages.last_mut() {
        Some(last) if comes => last.goes_on = false,
        // Undone, or anything else that happens within it.
        Some(last) => {
            last.goes_on = true;
            return;
        }
        None => {}
    }
    passages.push(Passage::new(dossier));
}
