//! Counts per outcome, the changes that events make to them, shares, and the identities of
//! form 06a.

use std::collections::BTreeMap;
use std::ops::{Add, AddAssign};

use chrono::NaiveDate;

use crate::domain::dossier::{Channel, Dossier, Ending, Event, EventData, ReplayError};
use crate::domain::ids::{DossierId, ProcedureId, UnitId};
use crate::domain::moment::Moment;
use crate::domain::time_limit::Outcome;

/// Counts over a span of days. What an event takes back counts negative on the day on which it
/// was taken back, so that no past day ever changes; how a report is made of that without showing less
/// than nothing is told by [`reversal`](crate::domain::reversal).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    pub received_direct: i64,
    pub received_online: i64,
    pub received_postal: i64,
    pub early: i64,
    pub on_time: i64,
    pub overdue: i64,
    /// Dossiers that crossed their due moment while open.
    pub crossed: i64,
    /// Open dossiers that came from a dissolved unit, less those that went to a successor.
    pub moved: i64,
    /// Of those received: taken in by another unit's desk.
    pub received_elsewhere: i64,
    /// Taken in for other units, which count them as received.
    pub received_for_others: i64,
    /// Of those received elsewhere: came later than they had to be passed on.
    pub passed_on_late: i64,
    /// Of those resolved: the request was refused.
    pub refused: i64,
    /// Of those resolved: processing was stopped.
    pub stopped: i64,
    /// Of those resolved: withdrawn by the applicant.
    pub withdrawn: i64,
    /// Of those resolved: left out of on-time rates.
    pub left_out: i64,
    /// Of those left out: overdue.
    pub left_out_overdue: i64,
}

impl Tally {
    pub const COUNTERS: usize = 16;

    /// Names of the counters, in the order of [`Self::to_array`].
    pub const NAMES: [&str; Self::COUNTERS] = [
        "received_direct",
        "received_online",
        "received_postal",
        "early",
        "on_time",
        "overdue",
        "crossed",
        "moved",
        "received_elsewhere",
        "received_for_others",
        "passed_on_late",
        "refused",
        "stopped",
        "withdrawn",
        "left_out",
        "left_out_overdue",
    ];

    pub const fn received(&self) -> i64 {
        self.received_direct + self.received_online + self.received_postal
    }

    pub const fn resolved(&self) -> i64 {
        self.early + self.on_time + self.overdue
    }

    /// The counters in the order in which they are stored.
    const fn counters(&mut self) -> [&mut i64; Self::COUNTERS] {
        [
            &mut self.received_direct,
            &mut self.received_online,
            &mut self.received_postal,
            &mut self.early,
            &mut self.on_time,
            &mut self.overdue,
            &mut self.crossed,
            &mut self.moved,
            &mut self.received_elsewhere,
            &mut self.received_for_others,
            &mut self.passed_on_late,
            &mut self.refused,
            &mut self.stopped,
            &mut self.withdrawn,
            &mut self.left_out,
            &mut self.left_out_overdue,
        ]
    }

    /// The counters in a fixed order, for storing.
    pub fn to_array(mut self) -> [i64; Self::COUNTERS] {
        self.counters().map(|counter| *counter)
    }

    pub fn from_array(counters: [i64; Self::COUNTERS]) -> Self {
        let mut tally = Self::default();
        for (counter, stored) in tally.counters().into_iter().zip(counters) {
            *counter = stored;
        }
        tally
    }

    pub fn is_zero(&self) -> bool {
        *self == Self::default()
    }

    pub(super) fn received_by(&mut self, channel: Channel) -> &mut i64 {
        match channel {
            Channel::Direct => &mut self.received_direct,
            Channel::Online => &mut self.received_online,
            Channel::Postal => &mut self.received_postal,
        }
    }

    /// Counts so many dossiers that were closed so.
    pub(super) const fn close(&mut self, closing: Closing, by: i64) {
        let Closing {
            outcome,
            ending,
            left_out,
        } = closing;
        if left_out {
            self.left_out += by;
            self.left_out_overdue += match outcome {
                Outcome::Early | Outcome::OnTime => 0,
                Outcome::Overdue => by,
            };
        }
        match outcome {
            Outcome::Early => self.early += by,
            Outcome::OnTime => self.on_time += by,
            Outcome::Overdue => self.overdue += by,
        }
        match ending {
            Ending::Approved => {}
            Ending::Refused => self.refused += by,
            Ending::Stopped => self.stopped += by,
            Ending::Withdrawn => self.withdrawn += by,
        }
    }
}

/// What counts of a closing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Closing {
    pub outcome: Outcome,
    pub ending: Ending,
    /// On-time rates do not count it.
    pub left_out: bool,
}

impl Closing {
    /// Of a dossier; `None` while it is open, or if it was never received.
    pub fn of(dossier: &Dossier) -> Option<Self> {
        let (outcome, ending) = dossier.outcome.zip(dossier.ending())?;
        Some(Self {
            outcome,
            ending,
            left_out: dossier.judging.rates_leave_out.contains(ending),
        })
    }
}

impl Add for Tally {
    type Output = Self;

    fn add(mut self, other: Self) -> Self {
        self += other;
        self
    }
}

impl std::ops::Neg for Tally {
    type Output = Self;

    fn neg(self) -> Self {
        Self::from_array(self.to_array().map(|counter| -counter))
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        let mut sum = self.to_array();
        for (mine, theirs) in sum.iter_mut().zip(other.to_array()) {
            *mine += theirs;
        }
        *self = Self::from_array(sum);
    }
}

/// Where a change of the counts belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TallyKey {
    pub day: NaiveDate,
    /// The day since which it is known; never before `day`.
    pub recorded: NaiveDate,
    pub unit: UnitId,
    pub procedure: ProcedureId,
    pub channel: Channel,
}

impl TallyKey {
    /// Whether it was recorded on a later day than its own.
    pub fn is_late(&self) -> bool {
        self.recorded > self.day
    }
}

/// Changes of counts, merged by key.
pub type Tallies = BTreeMap<TallyKey, Tally>;

/// Adds what `event` does to the counts; `before` and `after` are the dossier around it.
pub fn count(before: Option<&Dossier>, event: &Event, after: &Dossier, into: &mut Tallies) {
    let day = event.at.date();
    let recorded = match (&event.data, before) {
        // Reports count a crossing from the state of the dossier until its event is written.
        (EventData::BecameOverdue(_), Some(before)) => before.recorded_at.date().max(day),
        _ => event.recorded_at.date().max(day),
    };
    let key = TallyKey {
        day,
        recorded,
        unit: after.unit,
        procedure: after.procedure,
        channel: after.channel,
    };
    let mut add = |key: TallyKey, change: &dyn Fn(&mut Tally)| {
        change(into.entry(key).or_default());
    };
    match &event.data {
        EventData::Received(_) => count_receipt(after, key, 1, into),
        EventData::Reached(reached) => {
            if reached.late {
                add(key, &|t| t.passed_on_late += 1);
            }
        }
        EventData::BecameOverdue(_) => add(key, &|t| t.crossed += 1),
        EventData::Finished(_) | EventData::Withdrawn(_) | EventData::Stopped(_) => {
            if let Some(closing) = Closing::of(after) {
                add(key, &|t| t.close(closing, 1));
            }
        }
        EventData::Undone(_) => {
            let undone = before.and_then(Closing::of);
            if let Some(closing) = undone.filter(|_| after.outcome.is_none()) {
                // Where it was closed; what has gone to a successor since goes there now as an open one.
                let closed_in = before.and_then(|d| d.closed_in).unwrap_or(after.unit);
                let there = TallyKey {
                    unit: closed_in,
                    ..key
                };
                add(there, &|t| t.close(closing, -1));
                if closed_in != after.unit {
                    move_open(after, there, key, into);
                }
            }
        }
        EventData::ReceiptCorrected(_) => {
            if let Some(before) = before {
                let was = TallyKey {
                    procedure: before.procedure,
                    channel: before.channel,
                    ..key
                };
                match before.contents.counts_elsewhere {
                    // Known late, like all that is entered late: it is put right on the days on which it counted.
                    false => {
                        count_receipt(before, was, -1, into);
                        count_receipt(after, key, 1, into);
                        into.retain(|_, tally| !tally.is_zero());
                    }
                    // On which days what is in other columns, nobody can tell any more: from now on.
                    true if was != key => move_open(after, was, key, into),
                    true => {}
                }
            }
        }
        EventData::DueRecomputed(new) => {
            if new.no_longer_overdue {
                add(key, &|t| t.crossed -= 1);
            }
        }
        EventData::MovedToSuccessor(_) => {
            let left = before.map(|d| d.unit).filter(|&unit| unit != after.unit);
            if let (Some(unit), true) = (left, after.status.is_open()) {
                move_open(after, TallyKey { unit, ..key }, key, into);
            }
        }
        other => debug_assert!(!other.is_counted(), "{} is counted nowhere", other.name()),
    }
}

/// Counts what a receipt counts, and what has come of it while the dossier is open, each on its day.
fn count_receipt(dossier: &Dossier, key: TallyKey, by: i64, into: &mut Tallies) {
    let mut add = |on: Option<Moment>, unit, change: &dyn Fn(&mut Tally)| {
        let day = on.map_or(key.day, Moment::date);
        change(into.entry(TallyKey { day, unit, ..key }).or_default());
    };
    let (unit, desk) = (dossier.unit, dossier.receiving_unit);
    let received = dossier.received_at;
    add(received, unit, &|t| *t.received_by(dossier.channel) += by);
    if desk != unit {
        add(received, unit, &|t| t.received_elsewhere += by);
        add(received, desk, &|t| t.received_for_others += by);
    }
    let passing_on = dossier.contents.passing_on;
    if let Some((by_then, reached)) = passing_on.and_then(|on| Some((on.by, on.reached?)))
        && reached > by_then
    {
        add(Some(reached), unit, &|t| t.passed_on_late += by);
    }
    if dossier.is_overdue() {
        add(dossier.overdue_since, unit, &|t| t.crossed += by);
    }
}

/// An open dossier is another unit's to answer for.
fn move_open(dossier: &Dossier, from: TallyKey, to: TallyKey, into: &mut Tallies) {
    let overdue = i64::from(dossier.is_overdue());
    for (key, sign) in [(from, -1), (to, 1)] {
        let tally = into.entry(key).or_default();
        tally.moved += sign;
        tally.crossed += sign * overdue;
    }
}

/// Follows `events` from `before`, counting what they change.
///
/// # Errors
/// If the events do not follow `before`.
pub fn follow(
    before: Option<&Dossier>,
    id: DossierId,
    events: &[Event],
    into: &mut Tallies,
) -> Result<Dossier, ReplayError> {
    let count = |before: Option<&Dossier>, event: &Event, after: &Dossier| {
        count(before, event, after, into);
    };
    step_through(before, id, events, count)?.ok_or(ReplayError::Empty)
}

/// Follows `events` from `before` and shows each with the dossier around it.
pub(crate) fn step_through(
    before: Option<&Dossier>,
    id: DossierId,
    events: &[Event],
    mut look: impl FnMut(Option<&Dossier>, &Event, &Dossier),
) -> Result<Option<Dossier>, ReplayError> {
    let mut state = before.cloned();
    for event in events {
        let after = match &state {
            None => Dossier::begin(id, event)?,
            Some(dossier) => {
                let mut after = dossier.clone();
                after.apply(event)?;
                after
            }
        };
        look(state.as_ref(), event, &after);
        state = Some(after);
    }
    Ok(state)
}

/// The columns of form II.06a, which is also what an on-time rate is made of.
///
/// (3) = (4) + (5) + (6) = (7) + (11); (7) = (8) + (9) + (10); (11) = (12) + (13).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Standing {
    /// (6) In progress when the period began, or taken up again within it. Moves between units of what
    /// was received before the period count here.
    pub carried_over: i64,
    /// Of (6): closed before the period, and the closing undone within it.
    pub reopened: i64,
    /// (4)
    pub received_online: i64,
    /// (5)
    pub received_other: i64,
    /// (8)
    pub early: i64,
    /// (9)
    pub on_time: i64,
    /// (10)
    pub overdue: i64,
    /// (13) In progress at the end and past the due moment.
    pub in_progress_overdue: i64,
    /// Of (4) and (5): taken in by another unit's desk.
    pub received_elsewhere: i64,
    /// Taken in for other units: they count them.
    pub received_for_others: i64,
    /// Of those received elsewhere: came late within the period.
    pub passed_on_late: i64,
    /// Of (7): refused, stopped, withdrawn.
    pub refused: i64,
    pub stopped: i64,
    pub withdrawn: i64,
    /// Of (7): left out of on-time rates.
    pub left_out: i64,
    /// Of those left out: in (10).
    pub left_out_overdue: i64,
}

impl Standing {
    /// From the counts of all days before the period, and of the period itself.
    pub const fn new(before: &Tally, within: &Tally) -> Self {
        let crossed = before.crossed + within.crossed;
        Self {
            carried_over: before.received() + before.moved - before.resolved() + within.moved,
            reopened: 0,
            received_online: within.received_online,
            received_other: within.received_direct + within.received_postal,
            early: within.early,
            on_time: within.on_time,
            overdue: within.overdue,
            in_progress_overdue: crossed - before.overdue - within.overdue,
            received_elsewhere: within.received_elsewhere,
            received_for_others: within.received_for_others,
            passed_on_late: within.passed_on_late,
            refused: within.refused,
            stopped: within.stopped,
            withdrawn: within.withdrawn,
            left_out: within.left_out,
            left_out_overdue: within.left_out_overdue,
        }
    }

    /// With the corrections of [`Reversal::correction`](crate::domain::reversal::Reversal::correction) summed
    /// up: closings of earlier periods that were undone within this one, and receipts of this period
    /// that came or went with their dossiers. What is in progress stays as it is.
    #[must_use]
    pub const fn corrected(self, by: &Tally) -> Self {
        Self {
            carried_over: self.carried_over + by.resolved() - by.received(),
            reopened: self.reopened + by.resolved(),
            received_online: self.received_online + by.received_online,
            received_other: self.received_other + by.received_direct + by.received_postal,
            early: self.early + by.early,
            on_time: self.on_time + by.on_time,
            overdue: self.overdue + by.overdue,
            refused: self.refused + by.refused,
            stopped: self.stopped + by.stopped,
            withdrawn: self.withdrawn + by.withdrawn,
            left_out: self.left_out + by.left_out,
            left_out_overdue: self.left_out_overdue + by.left_out_overdue,
            ..self
        }
    }

    /// (4) + (5): received within the period.
    pub const fn received_in_period(&self) -> i64 {
        self.received_online + self.received_other
    }

    /// (3)
    pub const fn received(&self) -> i64 {
        self.carried_over + self.received_in_period()
    }

    /// (7)
    pub const fn resolved(&self) -> i64 {
        self.early + self.on_time + self.overdue
    }

    /// (11)
    pub const fn in_progress(&self) -> i64 {
        self.received() - self.resolved()
    }

    /// (12)
    pub const fn in_progress_within(&self) -> i64 {
        self.in_progress() - self.in_progress_overdue
    }

    /// Of the resolved that on-time rates count: all, those early or on time, and those overdue.
    pub const fn in_rates(&self) -> InRates {
        let all = self.resolved() - self.left_out;
        let overdue = self.overdue - self.left_out_overdue;
        InRates {
            all,
            timely: all - overdue,
            overdue,
        }
    }

    /// (early + on time) / resolved, of those that rates count; `None` over nothing.
    pub fn on_time_share(&self) -> Option<Share> {
        let counted = self.in_rates();
        Share::new(counted.timely, counted.all)
    }

    pub fn overdue_share(&self) -> Option<Share> {
        let counted = self.in_rates();
        Share::new(counted.overdue, counted.all)
    }
}

/// What on-time rates are made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InRates {
    pub all: i64,
    pub timely: i64,
    pub overdue: i64,
}

impl Add for Standing {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            carried_over: self.carried_over + other.carried_over,
            reopened: self.reopened + other.reopened,
            received_online: self.received_online + other.received_online,
            received_other: self.received_other + other.received_other,
            early: self.early + other.early,
            on_time: self.on_time + other.on_time,
            overdue: self.overdue + other.overdue,
            in_progress_overdue: self.in_progress_overdue + other.in_progress_overdue,
            received_elsewhere: self.received_elsewhere + other.received_elsewhere,
            received_for_others: self.received_for_others + other.received_for_others,
            passed_on_late: self.passed_on_late + other.passed_on_late,
            refused: self.refused + other.refused,
            stopped: self.stopped + other.stopped,
            withdrawn: self.withdrawn + other.withdrawn,
            left_out: self.left_out + other.left_out,
            left_out_overdue: self.left_out_overdue + other.left_out_overdue,
        }
    }
}

impl std::iter::Sum for Standing {
    fn sum<I: Iterator<Item = Self>>(standings: I) -> Self {
        standings.fold(Self::default(), Add::add)
    }
}

/// A share as hundredths of a percent, rounded half away from zero from the exact fraction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Share(i64);

impl Share {
    /// `part / whole`; `None` when the whole is zero or negative. All is 100,00 % and nothing 0,00 %, and nothing else is:
    /// one late dossier among 48.800 is seen.
    pub fn new(part: i64, whole: i64) -> Option<Self> {
        if whole <= 0 {
            return None;
        }
        let (scaled, whole) = (i128::from(part) * 10_000 * 2, i128::from(whole));
        let rounded = (scaled + whole * scaled.signum()) / (2 * whole);
        let rounded = match 0 < part && i128::from(part) < whole {
            true => rounded.clamp(1, 9999),
            false => rounded,
        };
        i64::try_from(rounded).ok().map(Self)
    }

    /// Hundredths of a percent: 9 999 is 99,99%.
    pub const fn hundredths_of_percent(self) -> i64 {
        self.0
    }
}

impl std::fmt::Display for Share {
    /// Percent with a point and two decimals, for machines: `99.99`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        write!(f, "{sign}{}.{:02}", self.0.abs() / 100, self.0.abs() % 100)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn shares_of_the_report() {
        let share = |part, whole| Share::new(part, whole).unwrap().to_string();
        assert_eq!(share(78_742, 78_751), "99.99");
        assert_eq!(share(36_470, 36_545), "99.79");
        assert_eq!(share(75, 36_545), "0.21");
        assert_eq!(share(599, 1_542), "38.85");
        assert_eq!(Share::new(0, 0), None);
    }

    #[test]
    fn halves_round_away_from_zero() {
        assert_eq!(Share::new(1, 20_000).unwrap().to_string(), "0.01");
        assert_eq!(Share::new(-1, 20_000).unwrap().to_string(), "-0.01");
        assert_eq!(Share::new(1, 200_001).unwrap().to_string(), "0.01");
        assert_eq!(Share::new(48_799, 48_800).unwrap().to_string(), "99.99");
        assert_eq!(Share::new(48_800, 48_800).unwrap().to_string(), "100.00");
        assert_eq!(Share::new(0, 48_800).unwrap().to_string(), "0.00");
        assert_eq!(Share::new(i64::MAX, 1), None);
    }

    proptest! {
        #[test]
        fn share_is_the_nearest_hundredth(part in 0..10_000_000_i64, whole in 1..10_000_000_i64) {
            let share = Share::new(part, whole).unwrap().hundredths_of_percent();
            prop_assert!(((share * whole - part * 10_000) * 2).abs() <= whole);
        }
    }
}
