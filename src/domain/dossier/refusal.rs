//! Why an action on a dossier is refused.

use crate::domain::dossier::{ActionKind, Status};
use crate::domain::moment::Moment;
use crate::domain::procedure::ProcedureDefinition;
use crate::domain::role::Role;
use crate::domain::time_limit::TimeError;

/// The unit that goes on with the work of another one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Follower {
    pub code: String,
    pub name: String,
}

/// A refusal leaves the dossier as it was. The texts for people are in [`crate::words`].
#[derive(Debug, Clone, PartialEq)]
pub enum Refusal {
    /// The status does not allow it.
    NotAllowed {
        status: Option<Status>,
        action: ActionKind,
        allowed: Vec<ActionKind>,
    },
    /// The moment lies before the dossier's last event.
    BeforeLastEvent {
        at: Moment,
        last: Moment,
        /// What comes last is that it crossed its due moment.
        overdue: bool,
    },
    /// The moment lies in the future.
    InTheFuture {
        at: Moment,
        now: Moment,
    },
    /// It lies further back than may be entered by whoever acts.
    TooFarBack {
        on: chrono::NaiveDate,
        earliest: chrono::NaiveDate,
    },
    /// It lies so far back that a reason has to be given.
    LateReasonMissing {
        on: chrono::NaiveDate,
        earliest: chrono::NaiveDate,
    },
    /// The unit is not open on that day.
    UnitClosed {
        code: String,
        on: chrono::NaiveDate,
        /// Which does its work then, if the sources name one.
        follower: Option<Follower>,
    },
    UnknownUnit,
    /// The procedure is not in force on that day.
    ProcedureNotInForce {
        code: String,
        on: chrono::NaiveDate,
    },
    /// A unit of that level does not carry the procedure out.
    WrongLevel {
        procedure: String,
        unit: String,
    },
    /// The procedure is not on the list of what any desk takes in.
    NotReceivedElsewhere {
        procedure: String,
    },
    /// The competent unit does not have it yet.
    NotReached,
    /// It has come there already, or was never anywhere else.
    ReachedAlready,
    /// That is for the competent unit to do, not for the desk that took it in.
    NotCompetent,
    /// The checklist has no such position.
    UnknownItem {
        position: u16,
        count: usize,
    },
    /// The checklist has no paper of that key.
    UnknownPaper {
        key: String,
    },
    /// Papers are asked for once: again only with a reason and who allowed it.
    SupplementRequestedBefore {
        times: u16,
    },
    /// Neither a paper nor a reason why none.
    NothingHandedIn,
    /// A required paper was not handed in.
    MissingItems {
        names: Vec<String>,
    },
    /// At least one set.
    NoSets,
    /// Only the next step or an earlier one.
    NoSuchStep {
        step: u8,
        current: u8,
        count: usize,
    },
    /// The step at hand is for others to do.
    StepOfOthers {
        step: String,
        role: Role,
        /// Name of the unit that has the dossier.
        unit: Option<String>,
    },
    /// Somebody else has the dossier in hand.
    HandsOfOthers,
    /// It is in these hands already.
    HandsUnchanged,
    /// The request cannot be granted before the step that decides it.
    NotDecided {
        current: String,
        /// The names of the steps that it has yet to reach, the deciding one last.
        missing: Vec<String>,
    },
    ReasonMissing,
    AmountMissing,
    /// The procedure has no such fee.
    UnknownFee {
        position: u16,
        count: usize,
    },
    /// The fee is of what is handed in another way, or received on another day.
    FeeOfOthers {
        position: u16,
    },
    /// The procedure does not say how much the fee is: the amount has to be named.
    FeeAmountUnknown {
        position: u16,
    },
    /// The fee was collected or waived already.
    FeeSettled {
        position: u16,
    },
    /// It ended without a result, or with a refusal: what is not paid yet is not asked for any more.
    FreeNow,
    FeeNamedTwice {
        position: u16,
    },
    NoFees,
    /// One of the two is owed, not both.
    FeesAreAChoice {
        position: u16,
        other: u16,
    },
    /// Another fee is owed unless a reason is given for this one.
    ChoiceWithoutReason {
        position: u16,
    },
    /// The fee is owed once: several times only with a reason.
    QuantityWithoutReason {
        position: u16,
    },
    /// None, or more than anything has pages.
    BadQuantity {
        position: u16,
    },
    /// Nothing was paid for that fee.
    FeeNotCollected {
        position: u16,
    },
    /// More than was paid and not paid back.
    RefundTooMuch {
        kept_vnd: u64,
        refunded_vnd: u64,
    },
    /// Nothing was paid back.
    NothingRefunded,
    /// The clock stands for a payment of this fee: it is taken as that.
    FeeRequested {
        position: u16,
    },
    /// Another amount than was asked for is no payment.
    OtherAmount {
        asked_vnd: u64,
        paid_vnd: u64,
    },
    /// Only one new appointment a limit.
    AlreadyReappointed {
        appointment: Moment,
    },
    /// The procedure has no second limit for verification.
    NoVerification {
        procedure: String,
    },
    /// It was said before that verification is needed: once.
    VerificationSaid,
    /// The new appointment must be in working time and after both now and the due moment.
    BadAppointment {
        appointment: Moment,
    },
    /// The limit cannot be told without the case.
    CaseMissing {
        procedure: String,
        /// Code and name of each that there is.
        cases: Vec<(String, String)>,
    },
    /// Nothing new is said of how they are owed.
    FeesUnchanged,
    /// It was not waived.
    NotWaived {
        position: u16,
    },
    /// It is in that case already.
    CaseUnchanged,
    /// Of a dossier that goes on, nothing was done that is taken back.
    NothingToUndo,
    /// A correction says what is on record already.
    NothingCorrected,
    /// Another limit would put right what is past due.
    CaseWhenOverdue,
    /// The limit for verification holds, of the procedure and case that it is in.
    CaseWhenVerified,
    /// Steps of the procedure as which it was taken in were done.
    ProcedureWhenHandedOver,
    /// A receipt by another desk, or of which reports have more than its day: the moment counts there too.
    ReceiptOfOthers,
    /// It was submitted online: that is no mistake of whoever took it in.
    SubmittedOnline,
    /// Before it was submitted, or after what was done with it.
    BadReceipt {
        at: Moment,
        earliest: Option<Moment>,
        latest: Moment,
    },
    /// What was settled were fees that this case has not.
    CaseFeesSettled,
    /// The procedure sets no limit, and nobody has named a return date.
    ReturnDateMissing,
    /// The procedure sets a limit: there is no other return date.
    ReturnDateGiven,
    /// A return date that is named must lie in working time and after the receipt.
    BadReturnDate {
        at: Moment,
    },
    /// The sources do not name this unit as a successor.
    NotASuccessor,
    /// It takes over on a later day.
    NotYetASuccessor,
    /// The dossier is not with the unit it should leave.
    NotWithUnit,
    /// The due moment has not passed, or the crossing is recorded already.
    NotOverdue,
    /// The due moment is right as it is.
    DueUnchanged,
    /// It is for others to take that action back.
    UndoneByOthers {
        action: ActionKind,
        roles: &'static [Role],
    },
    /// The time limit could not be worked out.
    Time(TimeError),
}

impl Refusal {
    /// A stable name that code may compare.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::NotAllowed { .. } => "not_allowed",
            Self::BeforeLastEvent { .. } => "before_last_event",
            Self::InTheFuture { .. } => "in_the_future",
            Self::TooFarBack { .. } => "too_far_back",
            Self::LateReasonMissing { .. } => "late_reason_missing",
            Self::UnitClosed { .. } => "unit_closed",
            Self::UnknownUnit => "unknown_unit",
            Self::ProcedureNotInForce { .. } => "procedure_not_in_force",
            Self::WrongLevel { .. } => "wrong_level",
            Self::NotReceivedElsewhere { .. } => "not_received_elsewhere",
            Self::NotReached => "not_reached",
            Self::ReachedAlready => "reached_already",
            Self::NotCompetent => "not_competent",
            Self::UnknownItem { .. } => "unknown_item",
            Self::UnknownPaper { .. } => "unknown_paper",
            Self::SupplementRequestedBefore { .. } => "supplement_requested_before",
            Self::NothingHandedIn => "nothing_handed_in",
            Self::MissingItems { .. } => "missing_items",
            Self::NoSets => "no_sets",
            Self::NoSuchStep { .. } => "no_such_step",
            Self::StepOfOthers { .. } => "step_of_others",
            Self::HandsOfOthers => "hands_of_others",
            Self::HandsUnchanged => "hands_unchanged",
            Self::NotDecided { .. } => "not_decided",
            Self::ReasonMissing => "reason_missing",
            Self::AmountMissing => "amount_missing",
            Self::UnknownFee { .. } => "unknown_fee",
            Self::FeeOfOthers { .. } => "fee_of_others",
            Self::FeeAmountUnknown { .. } => "fee_amount_unknown",
            Self::FeeSettled { .. } => "fee_settled",
            Self::FreeNow => "free_now",
            Self::FeeNamedTwice { .. } => "fee_named_twice",
            Self::NoFees => "no_fees",
            Self::FeesAreAChoice { .. } => "fees_are_a_choice",
            Self::ChoiceWithoutReason { .. } => "choice_without_reason",
            Self::QuantityWithoutReason { .. } => "quantity_without_reason",
            Self::BadQuantity { .. } => "bad_quantity",
            Self::FeeNotCollected { .. } => "fee_not_collected",
            Self::RefundTooMuch { .. } => "refund_too_much",
            Self::NothingRefunded => "nothing_refunded",
            Self::FeeRequested { .. } => "fee_requested",
            Self::OtherAmount { .. } => "other_amount",
            Self::AlreadyReappointed { .. } => "already_reappointed",
            Self::NoVerification { .. } => "no_verification",
            Self::VerificationSaid => "verification_said",
            Self::BadAppointment { .. } => "bad_appointment",
            Self::CaseMissing { .. } => "case_missing",
            Self::FeesUnchanged => "fees_unchanged",
            Self::NotWaived { .. } => "not_waived",
            Self::CaseUnchanged => "case_unchanged",
            Self::NothingToUndo => "nothing_to_undo",
            Self::NothingCorrected => "nothing_corrected",
            Self::CaseWhenOverdue => "case_when_overdue",
            Self::CaseWhenVerified => "case_when_verified",
            Self::ProcedureWhenHandedOver => "procedure_when_handed_over",
            Self::ReceiptOfOthers => "receipt_of_others",
            Self::SubmittedOnline => "submitted_online",
            Self::BadReceipt { .. } => "bad_receipt",
            Self::CaseFeesSettled => "case_fees_settled",
            Self::ReturnDateMissing => "return_date_missing",
            Self::ReturnDateGiven => "return_date_given",
            Self::BadReturnDate { .. } => "bad_return_date",
            Self::NotASuccessor => "not_a_successor",
            Self::NotYetASuccessor => "not_yet_a_successor",
            Self::NotWithUnit => "not_with_unit",
            Self::NotOverdue => "not_overdue",
            Self::DueUnchanged => "due_unchanged",
            Self::UndoneByOthers { .. } => "undone_by_others",
            Self::Time(_) => "time",
        }
    }

    pub(crate) fn case_missing(definition: &ProcedureDefinition) -> Self {
        let cases = definition.cases.iter();
        Self::CaseMissing {
            procedure: definition.code.clone(),
            cases: cases
                .map(|case| (case.code.clone(), case.name.clone()))
                .collect(),
        }
    }
}

impl From<TimeError> for Refusal {
    fn from(error: TimeError) -> Self {
        Self::Time(error)
    }
}
