//! Who may do what: the one table of roles and permissions.
//!
//! A permission reaches the dossiers, people and reports of the member's unit and of the units
//! under it, and nothing else. What no line allows is denied.

use serde::{Deserialize, Serialize};

use crate::domain::enums::text_enum;
use crate::domain::procedure::StepRole;

text_enum! {
    /// What a member of staff is employed for.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
    #[serde(rename_all = "snake_case")]
    pub enum Role {
        /// Cán bộ một cửa: receives and returns.
        Clerk = "clerk",
        /// Chuyên viên: handles steps.
        Officer = "officer",
        /// Lãnh đạo: decides, reads rates and overdue lists; may do what their clerks and officers do,
        /// and alone enters what lies far back.
        Supervisor = "supervisor",
        /// Keeps units, people, procedures and the calendar; sees no applicant's data.
        Administrator = "administrator",
        /// Người theo dõi: an inspector, a people's council. Reads and changes nothing; every dossier that they open is on
        /// record.
        Viewer = "viewer",
    }
}

impl Role {
    /// Whether they may enter what lies further back than `desk.backdating_days`, with a reason.
    pub const fn may_enter_late(self) -> bool {
        matches!(self, Self::Supervisor)
    }

    /// Whether a step of that role is theirs to do: supervisors do what clerks and officers do.
    pub const fn does(self, step: StepRole) -> bool {
        match self {
            Self::Clerk => matches!(step, StepRole::Clerk),
            Self::Officer => matches!(step, StepRole::Officer),
            Self::Supervisor => true,
            Self::Administrator | Self::Viewer => false,
        }
    }

    /// Whether every dossier that they open is on record, not only identity numbers.
    pub const fn is_watched(self) -> bool {
        matches!(self, Self::Viewer)
    }

    /// Whether the table allows it.
    pub fn may(self, permission: Permission) -> bool {
        permission.roles().contains(&self)
    }
}

macro_rules! permissions {
    ($($(#[$doc:meta])* $name:ident: $($role:ident)+;)+) => {
        /// Something that a member of staff may do within the reach of their unit.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Permission {
            $($(#[$doc])* $name,)+
        }

        impl Permission {
            pub const ALL: &[Self] = &[$(Self::$name,)+];

            /// The roles that have it.
            pub const fn roles(self) -> &'static [Role] {
                match self {
                    $(Self::$name => &[$(Role::$role,)+],)+
                }
            }
        }
    };
}

permissions! {
    /// Change one's password and log out: all that a password set by somebody else is good for.
    OwnPassword: Clerk Officer Supervisor Administrator Viewer;
    /// Own sessions, the own account, the names of colleagues.
    OwnAccount: Clerk Officer Supervisor Administrator Viewer;
    /// Dossiers with their history, lists, searches.
    ReadDossiers: Clerk Officer Supervisor Viewer;
    /// An applicant's identity number in full; each reading is recorded.
    ReadIdentity: Clerk Officer Supervisor Viewer;
    /// A note for one's colleagues on a dossier; a paper printed once more.
    Annotate: Clerk Officer Supervisor;
    /// Take in, or not, what comes to the desk or was submitted online.
    Receive: Clerk Supervisor;
    /// Papers and payments that were asked for.
    TakeFromApplicant: Clerk Supervisor;
    /// Fees at the desk: collected, or waived with the reason.
    SettleFees: Clerk Supervisor;
    /// Money of a payment gateway that fits nothing: taken for a fee, paid back, noted.
    HandlePayments: Clerk Supervisor Administrator;
    /// Give the result out.
    Return: Clerk Supervisor;
    /// The applicant asks for it.
    Withdraw: Clerk Supervisor;
    /// Wrong data of an applicant.
    CorrectApplicant: Clerk Officer Supervisor;
    /// To the next step, or back.
    HandOver: Clerk Officer Supervisor;
    /// Ask the applicant for papers or a payment.
    AskApplicant: Clerk Officer Supervisor;
    /// Result ready, or the request refused.
    Finish: Officer Supervisor;
    /// Stop processing.
    Stop: Officer Supervisor;
    /// The one apology with a new appointment.
    Reappoint: Officer Supervisor;
    /// Take back a closing that was a mistake.
    Undo: Clerk Officer Supervisor;
    /// Dossiers of a dissolved unit whose successor the sources leave open.
    MoveToSuccessor: Supervisor;
    /// What one's staff have in hand, and that it goes to a colleague.
    HandOn: Supervisor Administrator;
    /// A list that one keeps, for the staff of one's unit too.
    ShareLists: Supervisor;
    /// Texts that are put into what is written to applicants.
    KeepTextBlocks: Supervisor Administrator;
    /// Who stands in for whom among one's staff.
    NameDeputies: Supervisor;
    /// What people ask about their own data: the register, without their data.
    HandlePrivacy: Supervisor Administrator;
    /// Who has read whose identity number, without the number and the name.
    ReadReadings: Administrator;
    /// On-time rates and the forms.
    ReadReports: Supervisor Administrator Viewer;
    /// The dossiers behind late rates.
    ReadLate: Supervisor Viewer;
    ManageUnits: Administrator;
    ManageProcedures: Administrator;
    ManageCalendar: Administrator;
    ManageUsers: Administrator;
    /// How far work in the background has come.
    ReadJobs: Administrator;
    /// Feedback (phản ánh, kiến nghị) with its sender: read, give to somebody, answer. Comments
    /// beside a rating: read.
    HandleFeedback: Officer Supervisor;
    /// Make the public text of a feedback and its answer known.
    PublishFeedback: Supervisor;
    /// Webhooks and their deliveries; the whole outbox for administrators of the whole office.
    ManageOutgoing: Administrator;
}
