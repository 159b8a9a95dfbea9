//! What people are told of dossiers: applicants by e-mail, SMS or Zalo, staff by e-mail.

pub mod notifier;

use std::collections::BTreeSet;

use crate::domain::moment::Moment;
use crate::store::outbox::Kind;
use crate::store::reference::Reference;

/// What a notice tells; each has its templates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Topic {
    /// The code that confirms an online submission.
    Confirmation,
    Receipt,
    SupplementRequested,
    PaymentRequested,
    /// The apology with the new appointment.
    Reappointed,
    ResultReady,
    /// To the officer in charge.
    DueTomorrow,
    /// To the officer in charge and the supervisors.
    Overdue,
    /// Every working day, to supervisors.
    Digest,
    /// What is wrong with the installation, to administrators, once a day while it is.
    Alarms,
    /// To a member of staff whose password somebody else has set; at once.
    PasswordSet,
}

impl Topic {
    pub const ALL: [Self; 11] = [
        Self::Confirmation,
        Self::Receipt,
        Self::SupplementRequested,
        Self::PaymentRequested,
        Self::Reappointed,
        Self::ResultReady,
        Self::DueTomorrow,
        Self::Overdue,
        Self::Digest,
        Self::Alarms,
        Self::PasswordSet,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Confirmation => "confirmation",
            Self::Receipt => "receipt",
            Self::SupplementRequested => "supplement_requested",
            Self::PaymentRequested => "payment_requested",
            Self::Reappointed => "reappointed",
            Self::ResultReady => "result_ready",
            Self::DueTomorrow => "due_tomorrow",
            Self::Overdue => "overdue",
            Self::Digest => "digest",
            Self::Alarms => "alarms",
            Self::PasswordSet => "password_set",
        }
    }

    /// Whether it goes to staff, and so in working time only.
    pub const fn is_for_staff(self) -> bool {
        matches!(self, Self::DueTomorrow | Self::Overdue | Self::Digest)
    }
}

impl std::str::FromStr for Topic {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let mut all = Self::ALL.into_iter();
        all.find(|topic| topic.as_str() == text).ok_or(())
    }
}

/// How people are told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoticeSettings {
    /// Where applicants look their dossiers up, with `{case_number}` and `{code}` in it.
    pub look_up_link: String,
    /// By what notices can go at all: a kind that nothing carries is not written.
    pub kinds: BTreeSet<Kind>,
}

impl NoticeSettings {
    pub(crate) fn carries(&self, kind: Kind) -> bool {
        self.kinds.contains(&kind)
    }
}

/// When staff of a unit may be told: now if the unit is open, else when it opens next. Without a
/// calendar nobody knows better than now.
pub(crate) fn working_moment(
    reference: &Reference,
    unit: crate::domain::ids::UnitId,
    now: Moment,
) -> Moment {
    let timetable = reference.timetable(unit);
    let opening = timetable.and_then(|timetable| timetable.next_opening(now).ok());
    opening.map_or(now, |opening| opening.max(now))
}
