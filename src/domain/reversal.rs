//! What takes back, or takes along, something that was counted on an earlier day.
//!
//! The counts of a day never change, so an undone closing counts minus one on the day on which it was
//! undone, and a move counts on the day of the move. A report over a period that holds only the later
//! of the two days would show less than nothing. So both days are kept: a closing of an earlier period
//! that is undone leaves the closings of this one alone and is carried over anew, and a dossier that
//! was received within the period takes its receipt along to the successor.

use chrono::NaiveDate;

use crate::domain::dossier::{Channel, Dossier, Ending, Event, EventData, ReplayError};
use crate::domain::ids::{DossierId, ProcedureId, UnitId};
use crate::domain::tally::{Closing, Tally, step_through};
use crate::domain::time_limit::Outcome;

/// One of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Reversal {
    /// The day on which it happened.
    pub day: NaiveDate,
    /// The day since which it is known; never before `day`.
    pub recorded: NaiveDate,
    /// The day on which was counted what it is about.
    pub origin: NaiveDate,
    pub unit: UnitId,
    pub procedure: ProcedureId,
    pub channel: Channel,
    pub what: Reversed,
}

/// What it is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reversed {
    /// A closing was undone.
    Closing(Closing),
    /// The dossier went to a successor, or counts under another procedure or channel since.
    ReceiptLeft,
    /// The dossier came from a unit that was dissolved, or from another procedure or channel.
    ReceiptCame,
}

impl Reversed {
    const OUTCOMES: [Outcome; 3] = [Outcome::Early, Outcome::OnTime, Outcome::Overdue];
    const ENDINGS: [Ending; 4] = [
        Ending::Approved,
        Ending::Refused,
        Ending::Stopped,
        Ending::Withdrawn,
    ];

    /// The number that stands for it in the database.
    pub const fn code(self) -> i16 {
        match self {
            Self::Closing(closing) => {
                let outcome = match closing.outcome {
                    Outcome::Early => 1,
                    Outcome::OnTime => 2,
                    Outcome::Overdue => 3,
                };
                let ending = match closing.ending {
                    Ending::Approved => 0,
                    Ending::Refused => 10,
                    Ending::Stopped => 20,
                    Ending::Withdrawn => 30,
                };
                let left_out = if closing.left_out { 100 } else { 0 };
                outcome + ending + left_out
            }
            Self::ReceiptLeft => 4,
            Self::ReceiptCame => 5,
        }
    }

    pub fn from_code(code: i16) -> Option<Self> {
        let closings = Self::OUTCOMES.into_iter().flat_map(|outcome| {
            let endings = Self::ENDINGS.into_iter();
            endings.flat_map(move |ending| {
                [false, true].map(|left_out| {
                    Self::Closing(Closing {
                        outcome,
                        ending,
                        left_out,
                    })
                })
            })
        });
        let mut all = closings.chain([Self::ReceiptLeft, Self::ReceiptCame]);
        all.find(|what| what.code() == code)
    }
}

impl Reversal {
    /// What a report over `from` to `to` corrects for it, if anything; for
    /// [`Standing::corrected`](crate::domain::tally::Standing::corrected).
    pub fn correction(&self, from: NaiveDate, to: NaiveDate) -> Option<Tally> {
        if !(from..=to).contains(&self.day) {
            return None;
        }
        let mut tally = Tally::default();
        match self.what {
            Reversed::Closing(closing) if self.origin < from => tally.close(closing, 1),
            Reversed::ReceiptLeft if self.origin >= from => {
                *tally.received_by(self.channel) = -1;
            }
            Reversed::ReceiptCame if self.origin >= from => {
                *tally.received_by(self.channel) = 1;
            }
            Reversed::Closing(_) | Reversed::ReceiptLeft | Reversed::ReceiptCame => return None,
        }
        Some(tally)
    }
}

/// The reversals among `events`, which follow `before`.
///
/// # Errors
/// If the events do not follow `before`.
pub fn reversals(
    before: Option<&Dossier>,
    id: DossierId,
    events: &[Event],
) -> Result<Vec<Reversal>, ReplayError> {
    let mut found = Vec::new();
    // They are rare, and following events costs a copy of the dossier.
    let has_any = events.iter().any(|event| {
        matches!(
            event.data,
            EventData::Undone(_) | EventData::MovedToSuccessor(_) | EventData::ReceiptCorrected(_)
        )
    });
    if !has_any {
        return Ok(found);
    }
    step_through(before, id, events, |before, event, after| {
        if let Some(before) = before {
            add(before, event, after, &mut found);
        }
    })?;
    Ok(found)
}

/// An open dossier takes its receipt along to the unit that answers for it from now on.
fn receipt_goes(
    dossier: &Dossier,
    from: UnitId,
    to: UnitId,
    of: &dyn Fn(UnitId, NaiveDate, Reversed) -> Reversal,
    into: &mut Vec<Reversal>,
) {
    if let Some(received) = dossier.received_at {
        let day = received.date();
        into.push(of(from, day, Reversed::ReceiptLeft));
        into.push(of(to, day, Reversed::ReceiptCame));
    }
}

fn add(before: &Dossier, event: &Event, after: &Dossier, into: &mut Vec<Reversal>) {
    let of = |unit, origin: NaiveDate, what| Reversal {
        day: event.at.date(),
        recorded: event.recorded_at.date().max(event.at.date()),
        origin,
        unit,
        procedure: after.procedure,
        channel: after.channel,
        what,
    };
    match &event.data {
        EventData::Undone(_) if after.outcome.is_none() => {
            if let Some((closing, closed)) = Closing::of(before).zip(before.closed_at) {
                let what = Reversed::Closing(closing);
                let closed_in = before.closed_in.unwrap_or(after.unit);
                into.push(of(closed_in, closed.date(), what));
                if closed_in != after.unit {
                    receipt_goes(before, closed_in, after.unit, &of, into);
                }
            }
        }
        EventData::ReceiptCorrected(_)
            if before.contents.counts_elsewhere
                && (before.procedure, before.channel) != (after.procedure, after.channel) =>
        {
            if let Some(received) = after.received_at {
                let day = received.date();
                into.push(Reversal {
                    procedure: before.procedure,
                    channel: before.channel,
                    ..of(after.unit, day, Reversed::ReceiptLeft)
                });
                into.push(of(after.unit, day, Reversed::ReceiptCame));
            }
        }
        EventData::MovedToSuccessor(_) if before.unit != after.unit && after.status.is_open() => {
            receipt_goes(before, before.unit, after.unit, &of, into);
        }
        _ => {}
    }
}
