//! What a desk is warned of before a dossier is taken in, and may accept.

use serde::{Deserialize, Serialize};

use crate::domain::enums::text_enum;

text_enum! {
    /// A warning, by the name with which it is accepted.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
    #[serde(rename_all = "snake_case")]
    pub enum Warning {
        /// The identity number is known under another name.
        DuplicatePerson = "duplicate_person",
        /// The same person has handed in for the same procedure at the same unit a moment ago.
        DuplicateDossier = "duplicate_dossier",
    }
}
