//! How many dossiers come in on which working day: uneven, but adding up exactly.

use chrono::NaiveDate;
use rand::Rng;

/// Working days with weights.
pub(crate) struct Spread {
    days: Vec<NaiveDate>,
    /// Sum of the weights up to and including each day.
    cumulative: Vec<u64>,
}

impl Spread {
    /// Every day has a weight within ±30% of the others.
    pub(crate) fn new(days: Vec<NaiveDate>, rng: &mut impl Rng) -> Self {
        let mut sum = 0;
        let cumulative = days
            .iter()
            .map(|_| {
                sum += rng.random_range(700..=1300);
                sum
            })
            .collect();
        Self { days, cumulative }
    }

    pub(crate) fn days(&self) -> &[NaiveDate] {
        &self.days
    }

    /// How many of `total` come in on the day with that index. Over all days they are `total`.
    pub(crate) fn on_day(&self, index: usize, total: u64) -> u64 {
        let whole = u128::from(self.cumulative.last().copied().unwrap_or(1));
        let until = |sum: u64| u128::from(total) * u128::from(sum) / whole;
        let before = index.checked_sub(1).map_or(0, |i| self.cumulative[i]);
        u64::try_from(until(self.cumulative[index]) - until(before)).unwrap_or(0)
    }
}
