//! What people are told of dossiers: applicants by e-mail, SMS or Zalo, staff by e-mail.

pub mod notifier;
pub mod reminder;

use std::collections::BTreeSet;

use crate::domain::moment::Moment;
use crate::domain::person::{NotifyBy, Ways};
use crate::store::outbox::Kind;
use crate::store::reference::Reference;

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

    pub(crate) fn ways(&self) -> Ways {
        Ways {
            email: self.carries(Kind::Email),
            sms: self.carries(Kind::Sms),
            zalo: self.carries(Kind::Zalo),
        }
    }
}

/// What carries messages to people who are told by this.
pub(crate) const fn kind_of(by: NotifyBy) -> Option<Kind> {
    match by {
        NotifyBy::Email => Some(Kind::Email),
        NotifyBy::Sms => Some(Kind::Sms),
        NotifyBy::Zalo => Some(Kind::Zalo),
        NotifyBy::None => None,
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
