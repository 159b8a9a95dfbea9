//! Texts that are put into what is written to applicants: for what, and how long they may be.

use serde::{Deserialize, Serialize};

use crate::domain::dossier::ActionKind;
use crate::domain::enums::text_enum;

text_enum! {
    /// For what a text is.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
    #[serde(rename_all = "snake_case")]
    pub enum Purpose {
        /// What is missing, and how it is completed.
        Supplement = "supplement",
        /// Why a request is refused.
        Refusal = "refusal",
        /// Why it is not taken in.
        NotReceived = "not_received",
        /// Why it is late.
        Apology = "apology",
    }
}

/// The most letters of a text, and of its title.
pub const MOST_LETTERS: usize = 1000;
pub const MOST_LETTERS_OF_TITLE: usize = 100;

/// The most texts that a unit keeps.
pub const MOST_OF_UNIT: i64 = 300;

impl Purpose {
    /// For the reason of which action it is.
    pub const fn of(kind: ActionKind) -> Option<Self> {
        match kind {
            ActionKind::RequestSupplement => Some(Self::Supplement),
            ActionKind::Finish => Some(Self::Refusal),
            ActionKind::NotReceive => Some(Self::NotReceived),
            ActionKind::Reappoint => Some(Self::Apology),
            _ => None,
        }
    }
}
