//! Work that grows with the province and goes on after whoever asked for it: what there is of it.

use serde::{Deserialize, Serialize};

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Due moments anew: calendar or opening hours have changed.
    DueMoments,
    /// Dossiers are to be listed under other areas: the tree of units has changed.
    Areas,
    /// Open dossiers go from units that have ended to those that do their work now.
    Successors,
}

impl Kind {
    pub const ALL: [Self; 3] = [Self::DueMoments, Self::Areas, Self::Successors];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::DueMoments => "due_moments",
            Self::Areas => "areas",
            Self::Successors => "successors",
        }
    }
}

impl std::str::FromStr for Kind {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let mut all = Self::ALL.into_iter();
        all.find(|kind| kind.as_str() == text).ok_or(())
    }
}

/// Where a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Nobody works on it now.
    Waiting,
    Running,
    Done,
}

impl State {
    pub const ALL: [Self; 3] = [Self::Waiting, Self::Running, Self::Done];
}
