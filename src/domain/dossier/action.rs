//! What people may ask of a dossier.

use serde::{Deserialize, Serialize};

use crate::domain::case_number::CaseNumber;
use crate::domain::dossier::{Channel, Decision, ItemGiven, Paper, PaymentMethod};
use crate::domain::ids::{DossierId, PersonId, UnitId, UserId};
use crate::domain::moment::Moment;
use crate::domain::person::Commitment;

/// What a new dossier brings with it. The procedure comes with the context.
#[derive(Debug, Clone, PartialEq)]
pub struct NewDossier {
    pub id: DossierId,
    pub case_number: CaseNumber,
    pub unit: UnitId,
    pub channel: Channel,
    pub return_channel: Channel,
    pub applicant: PersonId,
    pub delegate: Option<PersonId>,
    pub sets: u16,
    pub items: Vec<ItemGiven>,
    /// To the records of applicant and delegate; none where the log commits to them by itself.
    pub commitments: (Option<Commitment>, Option<Commitment>),
}

/// An action on a dossier; the moment, the actor and the rules' data come with the context.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// A citizen submits online.
    Register(NewDossier),
    /// A clerk takes a dossier in: a new one, or (`None`) the registered one.
    Receive {
        new: Option<NewDossier>,
        assignee: Option<UserId>,
    },
    NotReceive {
        reason: String,
    },
    /// On to the next step, or back to an earlier one.
    HandOver {
        step: u8,
        assignee: Option<UserId>,
        note: String,
    },
    RequestSupplement {
        reason: String,
        items: Vec<Paper>,
    },
    /// The papers, or why the dossier goes on without any.
    TakeSupplement {
        items: Vec<ItemGiven>,
        reason: String,
    },
    /// Fees of the procedure, by position; or a free amount with its reason.
    RequestPayment {
        fees: Vec<u16>,
        amount_vnd: Option<u64>,
        reason: String,
    },
    /// Exactly what was asked for.
    TakePayment {
        amount_vnd: u64,
        method: PaymentMethod,
        receipt: String,
    },
    /// Fees of the procedure, by position; the amount is the procedure's.
    CollectFees {
        fees: Vec<u16>,
        method: PaymentMethod,
        receipt: String,
    },
    /// Exempt from a fee, with the reason.
    WaiveFee {
        fee: u16,
        reason: String,
    },
    Finish {
        decision: Decision,
        reason: String,
    },
    Return {
        channel: Channel,
    },
    Withdraw {
        reason: String,
    },
    Stop {
        reason: String,
    },
    /// Apologise once and promise a new moment.
    Reappoint {
        reason: String,
        appointment: Moment,
    },
    MoveToSuccessor {
        from: UnitId,
        to: UnitId,
    },
    Correct(Correction),
    /// The sweep: crossed the due moment.
    MarkOverdue,
    /// The calendar changed.
    RecomputeDue {
        reason: String,
    },
}

/// Mending a mistake: a new, recorded move, never an edit of history.
#[derive(Debug, Clone, PartialEq)]
pub enum Correction {
    /// The last closing, return or refusal to receive did not happen.
    Undo { reason: String },
    Applicant {
        reason: String,
        applicant: PersonId,
        /// To the new record.
        commitment: Option<Commitment>,
    },
}

/// The kind of an action, for telling what is allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ActionKind {
    Register,
    Receive,
    NotReceive,
    HandOver,
    RequestSupplement,
    TakeSupplement,
    RequestPayment,
    TakePayment,
    CollectFees,
    WaiveFee,
    Finish,
    Return,
    Withdraw,
    Stop,
    Reappoint,
    MoveToSuccessor,
    Undo,
    CorrectApplicant,
    MarkOverdue,
    RecomputeDue,
}

impl Action {
    pub const fn kind(&self) -> ActionKind {
        match self {
            Self::Register(_) => ActionKind::Register,
            Self::Receive { .. } => ActionKind::Receive,
            Self::NotReceive { .. } => ActionKind::NotReceive,
            Self::HandOver { .. } => ActionKind::HandOver,
            Self::RequestSupplement { .. } => ActionKind::RequestSupplement,
            Self::TakeSupplement { .. } => ActionKind::TakeSupplement,
            Self::RequestPayment { .. } => ActionKind::RequestPayment,
            Self::TakePayment { .. } => ActionKind::TakePayment,
            Self::CollectFees { .. } => ActionKind::CollectFees,
            Self::WaiveFee { .. } => ActionKind::WaiveFee,
            Self::Finish { .. } => ActionKind::Finish,
            Self::Return { .. } => ActionKind::Return,
            Self::Withdraw { .. } => ActionKind::Withdraw,
            Self::Stop { .. } => ActionKind::Stop,
            Self::Reappoint { .. } => ActionKind::Reappoint,
            Self::MoveToSuccessor { .. } => ActionKind::MoveToSuccessor,
            Self::Correct(Correction::Undo { .. }) => ActionKind::Undo,
            Self::Correct(Correction::Applicant { .. }) => ActionKind::CorrectApplicant,
            Self::MarkOverdue => ActionKind::MarkOverdue,
            Self::RecomputeDue { .. } => ActionKind::RecomputeDue,
        }
    }
}

impl ActionKind {
    pub const ALL: [Self; 20] = [
        Self::Register,
        Self::Receive,
        Self::NotReceive,
        Self::HandOver,
        Self::RequestSupplement,
        Self::TakeSupplement,
        Self::RequestPayment,
        Self::TakePayment,
        Self::CollectFees,
        Self::WaiveFee,
        Self::Finish,
        Self::Return,
        Self::Withdraw,
        Self::Stop,
        Self::Reappoint,
        Self::MoveToSuccessor,
        Self::Undo,
        Self::CorrectApplicant,
        Self::MarkOverdue,
        Self::RecomputeDue,
    ];

    /// What people may do with a dossier in this status (`None`: one that does not exist yet).
    /// The conditions that the status alone does not show are checked by `decide`.
    pub const fn allowed(status: Option<crate::domain::dossier::Status>) -> &'static [Self] {
        use crate::domain::dossier::Status;
        match status {
            None => &[Self::Register, Self::Receive],
            Some(Status::Registered) => &[
                Self::Receive,
                Self::NotReceive,
                Self::Withdraw,
                Self::MoveToSuccessor,
                Self::CorrectApplicant,
            ],
            Some(Status::Received) => &[
                Self::HandOver,
                Self::CollectFees,
                Self::WaiveFee,
                Self::Withdraw,
                Self::Reappoint,
                Self::MoveToSuccessor,
                Self::CorrectApplicant,
                Self::MarkOverdue,
                Self::RecomputeDue,
            ],
            Some(Status::InProgress) => &[
                Self::HandOver,
                Self::RequestSupplement,
                Self::RequestPayment,
                Self::CollectFees,
                Self::WaiveFee,
                Self::Finish,
                Self::Withdraw,
                Self::Stop,
                Self::Reappoint,
                Self::MoveToSuccessor,
                Self::CorrectApplicant,
                Self::MarkOverdue,
                Self::RecomputeDue,
            ],
            Some(Status::SupplementRequested) => &[
                Self::TakeSupplement,
                Self::CollectFees,
                Self::WaiveFee,
                Self::Withdraw,
                Self::MoveToSuccessor,
                Self::CorrectApplicant,
                Self::RecomputeDue,
            ],
            Some(Status::PaymentRequested) => &[
                Self::TakePayment,
                Self::CollectFees,
                Self::WaiveFee,
                Self::Withdraw,
                Self::MoveToSuccessor,
                Self::CorrectApplicant,
                Self::RecomputeDue,
            ],
            Some(Status::Done) => &[
                Self::Return,
                Self::CollectFees,
                Self::WaiveFee,
                Self::Undo,
                Self::CorrectApplicant,
            ],
            // A result sent by post is paid for after it was handed over.
            Some(Status::Returned) => &[
                Self::CollectFees,
                Self::WaiveFee,
                Self::Undo,
                Self::CorrectApplicant,
            ],
            Some(Status::Withdrawn | Status::Stopped | Status::NotReceived) => {
                &[Self::Undo, Self::CorrectApplicant]
            }
        }
    }

    /// Done by people, as opposed to motcua itself.
    pub const fn is_by_people(self) -> bool {
        !matches!(self, Self::MarkOverdue | Self::RecomputeDue)
    }
}
