//! The dossier's life as a pure state machine: (state, action, moment) → events | refusal.
//!
//! [`decide`] is the only place where a rule refuses or allows; [`Dossier::apply`] only follows
//! what an event says and asks no calendar, so that replaying old events gives the same state
//! whatever has changed since.

mod actions;
mod apply;
mod contents;
mod decide;
mod event;
mod fees;
mod link;
mod pages;
mod papers;
pub mod passages;
mod refusal;
mod situation;
mod staff;
mod undo;

pub use crate::domain::dossier::actions::{Action, ActionKind, Correction, NewDossier, ReturnDate};
pub use crate::domain::dossier::apply::ReplayError;
pub use crate::domain::dossier::contents::{Contents, PassingOn};
pub use crate::domain::dossier::decide::{Backdating, Context, decide, offered};
pub use crate::domain::dossier::event::*;
pub use crate::domain::dossier::fees::{FeeAsked, FeeTerms, Fees, MOST_TIMES, Refund};
pub use crate::domain::dossier::link::{LinkKind, MOST_LINKS};
pub use crate::domain::dossier::pages::{Copies, Pages};
pub use crate::domain::dossier::papers::{HandedIn, HeldItem, ItemGiven, Paper, Papers};
pub use crate::domain::dossier::refusal::{Follower, Refusal};
pub use crate::domain::dossier::situation::Situation;
pub use crate::domain::dossier::staff::{Principal, Staff, competent_units, needs_a_principal};
pub use crate::domain::dossier::undo::{undoable, undone_within};

use serde::{Deserialize, Serialize};

use crate::domain::case_number::CaseNumber;
use crate::domain::enums::{code_enum, text_enum};
use crate::domain::ids::{DossierId, PersonId, ProcedureId, UnitId, UserId};
use crate::domain::moment::Moment;
use crate::domain::norms::Judging;
use crate::domain::procedure::Procedure;
use crate::domain::time_limit::{Clock, Outcome};

code_enum! {
    /// The status codes of the national portal, which are also what a dossier's life knows.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
    #[serde(rename_all = "snake_case")]
    pub enum Status {
        /// Mới đăng ký: submitted online, not yet taken in.
        Registered = 1,
        /// Được tiếp nhận.
        Received = 2,
        /// Không được tiếp nhận.
        NotReceived = 3,
        /// Đang xử lý.
        InProgress = 4,
        /// Yêu cầu bổ sung giấy tờ: the clock stands.
        SupplementRequested = 5,
        /// Yêu cầu thực hiện nghĩa vụ tài chính: the clock stands.
        PaymentRequested = 6,
        /// Công dân yêu cầu rút hồ sơ.
        Withdrawn = 7,
        /// Dừng xử lý.
        Stopped = 8,
        /// Đã xử lý xong: result ready. The time limit is judged here.
        Done = 9,
        /// Đã trả kết quả: handed over to the applicant.
        Returned = 10,
    }
}

impl Status {
    /// Received and neither finished nor closed in another way: "in progress" in the reports.
    pub const fn is_open(self) -> bool {
        matches!(
            self,
            Self::Received | Self::InProgress | Self::SupplementRequested | Self::PaymentRequested
        )
    }

    /// Waiting for the applicant, with the clock standing.
    pub const fn is_waiting(self) -> bool {
        matches!(self, Self::SupplementRequested | Self::PaymentRequested)
    }

    /// Whether nothing that is not paid yet will be asked for any more: it was not received, ended without a result, or with
    /// a refusal.
    pub fn is_free_now(self, decision: Option<Decision>) -> bool {
        matches!(self, Self::NotReceived | Self::Withdrawn | Self::Stopped)
            || decision == Some(Decision::Refused)
    }

    /// "Resolved" in the reports, if it was ever received.
    pub const fn is_closed(self) -> bool {
        matches!(
            self,
            Self::Withdrawn | Self::Stopped | Self::Done | Self::Returned
        )
    }
}

text_enum! {
    /// How a dossier comes in, and how its result goes out.
    #[derive(
        Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize,
    )]
    #[serde(rename_all = "snake_case")]
    pub enum Channel {
        /// Trực tiếp.
        #[default]
        Direct = 1 "direct",
        /// Trực tuyến.
        Online = 2 "online",
        /// Bưu chính công ích.
        Postal = 3 "postal",
    }
}

impl Channel {
    pub(crate) fn is_direct(&self) -> bool {
        matches!(self, Self::Direct)
    }
}

/// How a finished dossier ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    Approved,
    /// The request was refused; for time and reports, resolved like any other.
    Refused,
}

/// How a dossier that was received ended, for the counts within the resolved ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Ending {
    Approved,
    Refused,
    Stopped,
    Withdrawn,
}

text_enum! {
    /// How money was paid.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
    #[serde(rename_all = "snake_case")]
    pub enum PaymentMethod {
        /// Tiền mặt.
        Cash = "cash",
        /// Chuyển khoản.
        Transfer = "transfer",
        /// Through a payment gateway.
        Online = "online",
    }
}

/// A fee of the procedure that nothing is owed for any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettledFee {
    /// Position among the procedure's fees.
    pub fee: u16,
    pub at: Moment,
    pub how: Settlement,
}

impl SettledFee {
    pub(crate) const fn is_waived(&self) -> bool {
        matches!(self.how, Settlement::Waived { .. })
    }
}

/// How a fee was settled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Settlement {
    Collected {
        method: PaymentMethod,
        receipt: String,
    },
    Waived {
        reason: String,
    },
}

/// What of a dossier's clock is restored if papers that came turn out to be another's.
#[derive(Debug, Clone, PartialEq)]
pub struct BeforeTaking {
    clock: Clock,
    step_due: Option<Moment>,
    appointment: Option<Moment>,
    reappointed: Option<Moment>,
}

/// A dossier as its events tell it.
#[derive(Debug, Clone, PartialEq)]
pub struct Dossier {
    pub id: DossierId,
    pub case_number: CaseNumber,
    pub procedure: ProcedureId,
    /// The competent unit: it answers for it, and reports count it here.
    pub unit: UnitId,
    /// The desk where it was handed in; the competent unit's own, or another's that takes it in for that one.
    pub receiving_unit: UnitId,
    /// The unit that has it on its desk now.
    pub holder: UnitId,
    pub channel: Channel,
    pub return_channel: Channel,
    pub applicant: PersonId,
    pub delegate: Option<PersonId>,
    /// Papers and fees.
    pub contents: Contents,
    /// By what it is judged: what held on its day of receipt.
    pub judging: Judging,
    /// How often papers were asked for.
    pub supplements_requested: u16,
    pub status: Status,
    /// When it came in: the moment of receipt, or of registration while it is not received.
    pub entered_at: Moment,
    /// Moment of receipt; `None` while only registered.
    pub received_at: Option<Moment>,
    /// Runs from receipt; keeps its last state when the dossier closes.
    pub clock: Option<Clock>,
    /// When it crossed its due moment while open. It stays overdue and keeps that due moment, whatever
    /// is asked of the applicant after it; only a correction of the due moment itself takes it back.
    pub overdue_since: Option<Moment>,
    /// The new appointment, beside the due moment by which reports judge and never before it.
    pub appointment: Option<Moment>,
    /// The one that was made of this limit, be it that it has lapsed since: there is no other.
    pub reappointed: Option<Moment>,
    /// Index of the workflow step at hand.
    pub step: u8,
    /// When the step at hand should be handed on.
    pub step_due: Option<Moment>,
    /// Since when it is at hand; `None` before receipt.
    pub step_since: Option<Moment>,
    pub assignee: Option<UserId>,
    pub decision: Option<Decision>,
    pub outcome: Option<Outcome>,
    /// When it was finished, withdrawn or stopped.
    pub closed_at: Option<Moment>,
    /// The status to which undoing the closing leads back.
    pub before_closing: Option<Status>,
    /// When it was handed on from its first step, the first time.
    pub handed_on_at: Option<Moment>,
    /// How its clock was before papers came that were asked for, while nothing else has been done since.
    pub before_supplement: Option<Box<BeforeTaking>>,
    /// The unit that answered for it when it was closed; the result may have gone to a successor since.
    pub closed_in: Option<UnitId>,
    pub returned_at: Option<Moment>,
    /// Sequence number of the last event.
    pub version: u32,
    pub last_event_at: Moment,
    /// When the last event was recorded.
    pub recorded_at: Moment,
}

impl Dossier {
    /// Whether the competent unit has it, as far as another desk took it in.
    pub fn has_reached(&self) -> bool {
        self.contents.has_reached()
    }

    /// When the competent unit got it; `None` while it is on its way, or only registered.
    pub fn reached_at(&self) -> Option<Moment> {
        match self.contents.passing_on {
            Some(passing_on) => passing_on.reached,
            None => self.received_at,
        }
    }

    /// The units that have to do with it: the competent one, the one whose desk it lies on, and the one that took
    /// it in.
    pub const fn units(&self) -> [UnitId; 3] {
        [self.unit, self.holder, self.receiving_unit]
    }

    /// The due moment by which reports judge, pauses included; `None` until received.
    pub fn due(&self) -> Option<Moment> {
        self.clock.as_ref().map(|clock| clock.due)
    }

    /// After which moment it is overdue; `None` until received.
    pub fn deadline(&self) -> Option<Moment> {
        let due = self.due()?;
        Some(self.judging.deadline(due, self.appointment))
    }

    /// Whether the clock of an open dossier is running.
    pub fn is_running(&self) -> bool {
        self.status.is_open() && self.clock.as_ref().is_some_and(|clock| !clock.is_paused())
    }

    pub const fn is_overdue(&self) -> bool {
        self.overdue_since.is_some()
    }

    /// How it ended; `None` while it is open, or if it was never received.
    pub fn ending(&self) -> Option<Ending> {
        self.outcome?;
        match self.status {
            Status::Withdrawn => Some(Ending::Withdrawn),
            Status::Stopped => Some(Ending::Stopped),
            _ => Some(match self.decision? {
                Decision::Approved => Ending::Approved,
                Decision::Refused => Ending::Refused,
            }),
        }
    }

    /// When a running dossier that is not overdue yet becomes so: at its due moment, or, if it was
    /// closed then and taken back later, when it was taken back.
    pub fn crosses_at(&self) -> Option<Moment> {
        let due = self.deadline()?;
        (self.is_running() && !self.is_overdue()).then(|| due.max(self.last_event_at))
    }

    /// From when on it is recorded that it is overdue: at once, but for what was entered when its due moment had passed
    /// already (paper of a day without power). What else happened before that moment may be entered until that day is over.
    pub fn recorded_overdue_from(&self) -> Option<Moment> {
        let crossing = self.crosses_at()?;
        let entered_late = self.recorded_at > self.last_event_at && self.recorded_at >= crossing;
        let next_day = self.recorded_at.date().succ_opt();
        let next_day = next_day.filter(|_| entered_late);
        Some(next_day.map_or(crossing, |day| Moment::at(day, chrono::NaiveTime::MIN)))
    }

    /// Whether a fee of the procedure was collected or waived.
    pub fn settled_fee(&self, fee: u16) -> Option<&SettledFee> {
        self.contents.settled_fee(fee)
    }

    /// The fees of its procedure as they are for it.
    pub fn fees<'a>(&'a self, procedure: &'a Procedure) -> Fees<'a> {
        Fees {
            contents: &self.contents,
            fees: &procedure.definition.fees,
            channel: self.channel,
            on: self.entered_at.date(),
            free_now: self.status.is_free_now(self.decision),
        }
    }

    /// Positions of the procedure's fees for which something is owed, as far as it is known how much.
    pub fn outstanding_fees(&self, procedure: &Procedure) -> Vec<u16> {
        let owed = self.fees(procedure).owed().into_iter();
        let known = owed.filter(|(_, sum)| sum.is_some_and(|sum| sum > 0));
        known.map(|(position, _)| position).collect()
    }

    /// Whether something is owed of which it is not known how much.
    pub fn owes_unknown(&self, procedure: &Procedure) -> bool {
        let owed = self.fees(procedure).owed();
        owed.iter().any(|(_, sum)| sum.is_none())
    }

    /// What the applicant was last told: the new appointment, else the due moment.
    pub fn promised(&self) -> Option<Moment> {
        self.appointment.or(self.due())
    }
}
