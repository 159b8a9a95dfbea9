//! What people say of the office: a rating after return, and feedback (phản ánh, kiến nghị).

use std::ops::Add;

use serde::{Deserialize, Serialize};

use crate::domain::enums::code_enum;
use crate::domain::tally::Share;

/// One of five levels, from "very dissatisfied" (1) to "very satisfied" (5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Rating(u8);

impl Rating {
    pub const LEVELS: usize = 5;

    /// `None` if it is no level.
    pub fn new(level: u8) -> Option<Self> {
        (1..=Self::LEVELS)
            .contains(&usize::from(level))
            .then_some(Self(level))
    }

    /// 1 to 5.
    pub const fn level(self) -> u8 {
        self.0
    }
}

/// How many answers gave each level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Ratings([i64; Rating::LEVELS]);

impl Ratings {
    /// `count` answers of one level.
    pub fn of(rating: Rating, count: i64) -> Self {
        let mut ratings = Self::default();
        ratings.0[usize::from(rating.0) - 1] = count;
        ratings
    }

    /// From level 1 to level 5.
    pub const fn levels(&self) -> [i64; Rating::LEVELS] {
        self.0
    }

    pub fn answers(&self) -> i64 {
        self.0.iter().sum()
    }

    /// Levels 4 and 5.
    pub const fn satisfied(&self) -> i64 {
        self.0[3] + self.0[4]
    }

    /// `None` where nobody has answered.
    pub fn satisfied_share(&self) -> Option<Share> {
        Share::new(self.satisfied(), self.answers())
    }
}

impl Add for Ratings {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(std::array::from_fn(|level| self.0[level] + other.0[level]))
    }
}

impl std::iter::Sum for Ratings {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), Add::add)
    }
}

code_enum! {
    /// What a feedback is.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
    #[serde(rename_all = "snake_case")]
    pub enum FeedbackKind {
        /// Phản ánh: how a procedure or the people behind it are.
        #[default]
        Report = 1,
        /// Kiến nghị: what should be otherwise.
        Proposal = 2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_four_and_five_are_satisfied() {
        assert_eq!((Rating::new(0), Rating::new(6)), (None, None));
        let levels = [1, 2, 3, 4, 5, 5].map(|level| Rating::new(level).unwrap());
        let all: Ratings = levels
            .map(|rating| Ratings::of(rating, 1))
            .into_iter()
            .sum();
        assert_eq!((all.answers(), all.satisfied()), (6, 3));
        assert_eq!(all.satisfied_share().unwrap().to_string(), "50.00");
        assert_eq!(Ratings::default().satisfied_share(), None);
    }
}
