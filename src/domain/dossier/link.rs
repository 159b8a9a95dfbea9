//! How two dossiers belong together. It is no event: neither of the two changes by it.

use serde::{Deserialize, Serialize};

use crate::domain::enums::text_enum;

text_enum! {
    /// How.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
    #[serde(rename_all = "snake_case")]
    pub enum LinkKind {
        /// Liên quan.
        Related = 1 "related",
        /// Thay thế: the later one takes the place of the earlier one.
        Replaces = 2 "replaces",
        /// Liên thông: procedures of which one goes on with what the other began.
        Chained = 3 "chained",
    }
}

/// The most dossiers that one is linked with.
pub const MOST_LINKS: u32 = 20;
