//! Which dossiers of a level end how, decided one by one in the order of receipt, so that the
//! counts come out exactly without knowing the dossiers to come.

use crate::tools::scenario::figures::LevelFigures;

/// How a dossier stands at the end of the period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    InTime,
    Overdue,
    InProgress,
}

/// Deals the fates of a level.
pub(crate) struct Fates {
    figures: LevelFigures,
    /// Dossiers dealt so far, and how many of them are resolved.
    dealt: u64,
    resolved: u64,
    /// The last so many dossiers hold those in progress.
    tail: u64,
    /// The first so many resolved dossiers hold the overdue ones, so that they have time to be.
    head: u64,
}

impl Fates {
    pub(crate) fn new(figures: LevelFigures) -> Self {
        Self {
            figures,
            dealt: 0,
            resolved: 0,
            tail: figures.received.min(figures.in_progress() * 6),
            head: figures.overdue.max(figures.resolved / 10 * 8),
        }
    }

    pub(crate) fn next(&mut self) -> Fate {
        let index = self.dealt;
        self.dealt += 1;
        let tail_begins = self.figures.received - self.tail;
        let in_tail = index.checked_sub(tail_begins);
        if in_tail.is_some_and(|i| is_chosen(i, self.figures.in_progress(), self.tail)) {
            return Fate::InProgress;
        }
        let nth = self.resolved;
        self.resolved += 1;
        if nth < self.head && is_chosen(nth, self.figures.overdue, self.head) {
            Fate::Overdue
        } else {
            Fate::InTime
        }
    }
}

/// Whether the item at `index` is one of `count` spread evenly over `of`.
fn is_chosen(index: u64, count: u64, of: u64) -> bool {
    let until = |n: u64| u128::from(n) * u128::from(count) / u128::from(of.max(1));
    until(index + 1) > until(index)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn fates_add_up(in_progress in 0..500_u64, overdue in 0..500_u64, in_time in 0..3000_u64) {
            let resolved = overdue + in_time;
            let received = resolved + in_progress;
            let figures = LevelFigures { received, resolved, overdue, overdue_is_chosen: false };
            let mut fates = Fates::new(figures);
            let mut counts = (0, 0, 0);
            for _ in 0..received {
                match fates.next() {
                    Fate::InTime => counts.0 += 1,
                    Fate::Overdue => counts.1 += 1,
                    Fate::InProgress => counts.2 += 1,
                }
            }
            prop_assert_eq!(counts, (in_time, overdue, in_progress));
        }
    }
}
