//! Newtypes for the identifiers that pass between the layers.

use std::fmt;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::domain::moment::Moment;

macro_rules! small_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub i32);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

small_id!(
    /// A unit's row (one per code).
    UnitId
);
small_id!(
    /// One version of a procedure.
    ProcedureId
);
small_id!(
    /// A field (lĩnh vực).
    FieldId
);
small_id!(
    /// A member of staff.
    UserId
);

macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl $name {
            /// An id for something made at `at`: version 7, so ordered by time. `random` is ten
            /// bytes from whatever source the caller trusts.
            pub fn new(at: Moment, random: [u8; 10]) -> Self {
                let millis = u64::try_from(at.unix_millis()).unwrap_or(0);
                Self(uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid())
            }

            /// The moment that it was made at, as it carries it.
            pub fn moment(self) -> Moment {
                let [a, b, c, d, e, f, ..] = self.bytes();
                let millis = i64::from_be_bytes([0, 0, a, b, c, d, e, f]);
                Moment::from_unix_millis(millis)
            }

            pub fn bytes(self) -> [u8; 16] {
                self.0.into_bytes()
            }

            pub fn from_slice(bytes: &[u8]) -> Option<Self> {
                Uuid::from_slice(bytes).ok().map(Self)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

uuid_id!(
    /// A dossier.
    DossierId
);
uuid_id!(
    /// A person or organisation as given on one dossier.
    PersonId
);

uuid_id!(
    /// A member of staff's session: its name, not its token.
    SessionId
);
uuid_id!(
    /// An online submission that is not confirmed yet.
    SubmissionId
);
uuid_id!(
    /// A feedback (phản ánh, kiến nghị).
    FeedbackId
);
uuid_id!(
    /// A message to be sent, or another entry of a record ordered by time.
    MessageId
);
uuid_id!(
    /// Another system that is told of events.
    WebhookId
);
uuid_id!(
    /// That somebody stands in for somebody else.
    DeputyId
);
uuid_id!(
    /// What somebody has asked about their own data.
    PrivacyRequestId
);
uuid_id!(
    /// Something that an administrator has to look at.
    AlarmId
);
uuid_id!(
    /// A list of dossiers that somebody keeps under a name.
    SavedListId
);
uuid_id!(
    /// A text that is put into what is written to applicants.
    TextBlockId
);
uuid_id!(
    /// Work that goes on after the request that asked for it.
    JobId
);

/// Who did something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Actor {
    /// motcua itself, such as the sweep for overdue dossiers.
    System,
    /// The applicant, online.
    Citizen,
    Staff(UserId),
}

impl Actor {
    /// The number that stands for the actor in stored events.
    pub const fn code(self) -> i32 {
        match self {
            Self::System => 0,
            Self::Citizen => -1,
            Self::Staff(UserId(id)) => id,
        }
    }

    pub const fn from_code(code: i32) -> Self {
        match code {
            0 => Self::System,
            -1 => Self::Citizen,
            id => Self::Staff(UserId(id)),
        }
    }
}
