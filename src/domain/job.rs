//! Work that grows with the province and goes on after whoever asked for it: what there is of it.

use serde::{Deserialize, Serialize};

use crate::domain::enums::text_enum;

text_enum! {
    /// What is to be done.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
    #[serde(rename_all = "snake_case")]
    pub enum Kind {
        /// Due moments anew: calendar or opening hours have changed.
        DueMoments = "due_moments",
        /// Dossiers are to be listed under other areas: the tree of units has changed.
        Areas = "areas",
        /// Open dossiers go from units that have ended to those that do their work now.
        Successors = "successors",
        /// Open dossiers go out of the hands of somebody who has left, or cannot read them any more.
        Hands = "hands",
        /// The people of dossiers that ended long ago are taken out of them.
        Anonymise = "anonymise",
    }
}

text_enum! {
    /// Where a job stands.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
    #[serde(rename_all = "snake_case")]
    pub enum State {
        /// Nobody works on it now.
        Waiting = "waiting",
        Running = "running",
        Done = "done",
    }
}
