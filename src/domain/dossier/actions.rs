//! What people may ask of a dossier: the one table of actions, and what each brings with it.
//!
//! A new action is a row of the table with its variant of [`Action`], the event that it makes
//! (`event`), the rule (`decide`), what the event does to the state (`apply`), and its body in
//! `web/api/actions`. The compiler leads from one to the next.

use serde::{Serialize, Serializer};

use crate::domain::case_number::CaseNumber;
use crate::domain::dossier::{
    Channel, Decision, Exception, FeeAsked, HandsCause, HeldItem, ItemGiven, Paper, PaymentMethod,
    Status,
};
use crate::domain::ids::{DossierId, PersonId, UnitId, UserId};
use crate::domain::moment::Moment;
use crate::domain::person::Commitment;
use crate::domain::role::Permission;

macro_rules! actions {
    ($($(#[$doc:meta])* $kind:ident: $name:literal $word:literal, $permission:ident, from $($status:ident)+;)+) => {
        /// The kind of an action.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum ActionKind {
            $($(#[$doc])* $kind,)+
        }

        impl ActionKind {
            pub const ALL: &[Self] = &[$(Self::$kind,)+];

            /// What its route is called, and what the API names it everywhere.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$kind => $name,)+
                }
            }

            /// What it is called in a sentence for people.
            pub const fn word(self) -> &'static str {
                match self {
                    $(Self::$kind => $word,)+
                }
            }

            /// Whose it is to do; `None`: nobody's who is logged in.
            pub const fn permission(self) -> Option<Permission> {
                match self {
                    $(Self::$kind => actions!(@permission $permission),)+
                }
            }

            /// From which statuses; `None`: there is no dossier yet.
            const fn from(self) -> &'static [Option<Status>] {
                match self {
                    $(Self::$kind => &[$(actions!(@status $status),)+],)+
                }
            }
        }
    };
    (@permission Nobody) => { None };
    (@permission $permission:ident) => { Some(Permission::$permission) };
    (@status Nothing) => { None };
    (@status $status:ident) => { Some(Status::$status) };
}

actions! {
    // action: name of its route, word, permission, from which status. What else it takes is said by `decide`.
    Register: "register" "đăng ký trực tuyến", Nobody, from Nothing;
    Receive: "receive" "tiếp nhận", Receive, from Nothing Registered;
    NotReceive: "not-receive" "không tiếp nhận", Receive, from Registered;
    /// By the competent unit, of what another desk has taken in.
    Reach: "reach" "nhận hồ sơ do nơi khác tiếp nhận", Receive, from Received;
    HandOver: "hand-over" "chuyển bước", HandOver, from Received InProgress;
    /// To somebody else, within the step at hand.
    Assign: "assign" "đổi người xử lý", HandOver,
        from Received InProgress SupplementRequested PaymentRequested;
    RequestSupplement: "request-supplement" "yêu cầu bổ sung", AskApplicant, from InProgress;
    TakeSupplement: "take-supplement" "nhận bổ sung", TakeFromApplicant, from SupplementRequested;
    RequestPayment: "request-payment" "yêu cầu nộp tiền", AskApplicant, from InProgress;
    TakePayment: "take-payment" "ghi nhận đã nộp tiền", TakeFromApplicant, from PaymentRequested;
    Return: "return" "trả kết quả", Return, from Done;
    /// Also after the return: a result sent by post is paid for after it was handed over.
    CollectFees: "fees/collect" "thu phí, lệ phí", SettleFees,
        from Received InProgress SupplementRequested PaymentRequested Done Returned;
    WaiveFee: "fees/waive" "miễn phí, lệ phí", SettleFees,
        from Received InProgress SupplementRequested PaymentRequested Done Returned;
    SetFees: "fees/set" "xác định số lượng, mức phí", SettleFees,
        from Received InProgress SupplementRequested PaymentRequested Done Returned;
    /// Also after a bad end: that is when most of it is.
    RefundFees: "fees/refund" "hoàn trả phí, lệ phí", SettleFees,
        from Received InProgress SupplementRequested PaymentRequested Withdrawn Stopped Done Returned;
    /// It is owed after all.
    CancelWaiver: "fees/cancel-waiver" "hủy miễn phí, lệ phí", SettleFees,
        from Received InProgress SupplementRequested PaymentRequested Done Returned;
    CancelRefund: "fees/cancel-refund" "hủy ghi nhận hoàn trả", SettleFees,
        from Received InProgress SupplementRequested PaymentRequested Withdrawn Stopped Done Returned;
    Finish: "finish" "kết thúc xử lý", Finish, from InProgress;
    Withdraw: "withdraw" "rút hồ sơ", Withdraw,
        from Registered Received InProgress SupplementRequested PaymentRequested;
    Stop: "stop" "dừng xử lý", Stop, from InProgress;
    Reappoint: "reappoint" "xin lỗi và hẹn lại", Reappoint, from Received InProgress;
    /// The procedure gives more time for verification: once.
    Verify: "verify" "báo cần xác minh", Reappoint, from Received InProgress;
    MoveToSuccessor: "move" "chuyển sang đơn vị kế thừa", MoveToSuccessor,
        from Registered Received InProgress SupplementRequested PaymentRequested Done;
    Undo: "undo" "hủy thao tác nhầm", Undo,
        from NotReceived Received InProgress SupplementRequested PaymentRequested Withdrawn Stopped Done Returned;
    CorrectApplicant: "correct-applicant" "sửa thông tin người nộp", CorrectApplicant,
        from Registered Received NotReceived InProgress SupplementRequested PaymentRequested
            Withdrawn Stopped Done Returned;
    /// What was written down of the papers was wrong, or forgotten.
    CorrectPapers: "correct-papers" "sửa giấy tờ đã nhận, cách trả kết quả", CorrectApplicant,
        from Received InProgress SupplementRequested PaymentRequested;
    /// It was taken in under another procedure, in another way or at another moment.
    CorrectReceipt: "correct-receipt" "sửa thủ tục, kênh, thời điểm tiếp nhận", CorrectApplicant,
        from Received InProgress;
    /// It was taken in as another case of its procedure, and with it by another limit.
    CorrectCase: "correct-case" "sửa trường hợp của thủ tục", CorrectApplicant, from Received InProgress;
    /// Another delegate, or none.
    CorrectDelegate: "correct-delegate" "sửa người được ủy quyền", CorrectApplicant,
        from Registered Received InProgress SupplementRequested PaymentRequested Done;
    /// Of what people have decided of a payment that did not fit.
    SendBack: "send-back" "hoàn trả tiền nộp thừa, nộp nhầm", Nobody,
        from Registered Received NotReceived InProgress SupplementRequested PaymentRequested
            Withdrawn Stopped Done Returned;
    MarkOverdue: "mark-overdue" "ghi nhận quá hạn", Nobody, from Received InProgress;
    RecomputeDue: "recompute-due" "tính lại ngày hẹn trả", Nobody,
        from Received InProgress SupplementRequested PaymentRequested;
}

impl ActionKind {
    /// Whether the table allows it on a dossier of that status (`None`: on one that does not exist
    /// yet).
    pub fn is_allowed_from(self, status: Option<Status>) -> bool {
        self.from().contains(&status)
    }

    /// Whether the desk that took a dossier in for another unit may do it as well as that unit: what is done with
    /// the applicant in front of it.
    pub const fn is_at_the_counter(self) -> bool {
        matches!(
            self,
            Self::TakeSupplement
                | Self::TakePayment
                | Self::CollectFees
                | Self::WaiveFee
                | Self::SetFees
                | Self::RefundFees
                | Self::CancelRefund
                | Self::CancelWaiver
                | Self::Return
                | Self::Withdraw
                | Self::CorrectApplicant
                | Self::CorrectPapers
                | Self::CorrectCase
                | Self::CorrectReceipt
                | Self::CorrectDelegate
        )
    }

    /// Whether it waits until the competent unit has the dossier.
    pub const fn is_handling(self) -> bool {
        matches!(
            self,
            Self::HandOver
                | Self::RequestSupplement
                | Self::RequestPayment
                | Self::Finish
                | Self::Stop
                | Self::Reappoint
                | Self::Verify
        )
    }

    /// Done by people, as opposed to motcua itself.
    pub const fn is_by_people(self) -> bool {
        !matches!(
            self,
            Self::SendBack | Self::MarkOverdue | Self::RecomputeDue
        )
    }
}

impl Serialize for ActionKind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// What a new dossier brings with it. The procedure comes with the context.
#[derive(Debug, Clone, PartialEq)]
pub struct NewDossier {
    pub id: DossierId,
    pub case_number: CaseNumber,
    /// The competent unit.
    pub unit: UnitId,
    /// The desk where it is handed in.
    pub receiving_unit: UnitId,
    /// Whether the competent unit has it at once, if it is not the one that receives.
    pub passed_on: bool,
    pub channel: Channel,
    pub return_channel: Channel,
    pub applicant: PersonId,
    pub delegate: Option<PersonId>,
    pub sets: u16,
    pub items: Vec<ItemGiven>,
    /// On what terms fees are owed, as far as the desk says at receipt.
    pub fees: Vec<FeeAsked>,
    /// To the records of applicant and delegate; none where the log commits to them by itself.
    pub commitments: (Option<Commitment>, Option<Commitment>),
}

impl NewDossier {
    /// One without what not every dossier has: over the counter, in one set, without papers.
    pub fn new(id: DossierId, case_number: CaseNumber, unit: UnitId, applicant: PersonId) -> Self {
        Self {
            id,
            case_number,
            unit,
            receiving_unit: unit,
            passed_on: true,
            channel: Channel::Direct,
            return_channel: Channel::Direct,
            applicant,
            delegate: None,
            sets: 1,
            items: Vec::new(),
            fees: Vec::new(),
            commitments: (None, None),
        }
    }
}

/// A return date that is named by hand at receipt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReturnDate {
    pub at: Moment,
    /// Why that one.
    pub reason: String,
}

/// An action on a dossier; the moment, the actor and the rules' data come with the context.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// A citizen submits online.
    Register(NewDossier),
    /// A clerk takes a dossier in: a new one, or (`None`) the registered one.
    Receive {
        new: Option<NewDossier>,
        /// Papers of the registered one that are handed in now.
        items: Vec<ItemGiven>,
        assignee: Option<UserId>,
        /// Where the procedure sets no limit.
        return_date: Option<ReturnDate>,
    },
    NotReceive {
        reason: String,
    },
    /// It has come to the competent unit.
    Reach,
    /// On to the next step, or back to an earlier one.
    HandOver {
        step: u8,
        assignee: Option<UserId>,
        note: String,
    },
    /// Into other hands within the step; `None`: into nobody's.
    Assign {
        assignee: Option<UserId>,
        reason: String,
        cause: HandsCause,
    },
    RequestSupplement {
        reason: String,
        items: Vec<Paper>,
        /// Why, and on whose word, if they were asked for before.
        exception: Option<Exception>,
    },
    /// The papers, or why the dossier goes on without any.
    TakeSupplement {
        items: Vec<ItemGiven>,
        reason: String,
    },
    /// Fees of the procedure; or a free amount with its reason.
    RequestPayment {
        fees: Vec<FeeAsked>,
        amount_vnd: Option<u64>,
        reason: String,
    },
    /// Exactly what was asked for.
    TakePayment {
        amount_vnd: u64,
        method: PaymentMethod,
        receipt: String,
    },
    /// How many times fees are owed, and which of several, before anything is paid for them.
    SetFees {
        fees: Vec<FeeAsked>,
    },
    /// Fees of the procedure; the amount is the procedure's, and named only where that has none.
    CollectFees {
        fees: Vec<FeeAsked>,
        amount_vnd: Option<u64>,
        method: PaymentMethod,
        receipt: String,
    },
    /// Exempt from a fee, with the reason.
    WaiveFee {
        fee: u16,
        reason: String,
    },
    /// Pay money back: for these fees, which are open again, or some amount.
    RefundFees {
        amount_vnd: u64,
        fees: Vec<u16>,
        method: PaymentMethod,
        receipt: String,
        reason: String,
    },
    /// The last payment back did not happen.
    /// A fee was waived by mistake.
    CancelWaiver {
        fee: u16,
        reason: String,
    },
    CancelRefund {
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
    /// Verification turned out to be needed: the procedure's second limit holds.
    Verify {
        reason: String,
    },
    MoveToSuccessor {
        from: UnitId,
        to: UnitId,
    },
    Correct(Correction),
    /// Money that was never the dossier's goes back to who sent it.
    SendBack {
        amount_vnd: u64,
        receipt: String,
        reason: String,
    },
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
    /// Who stands in for the applicant; nobody.
    Delegate {
        reason: String,
        delegate: Option<PersonId>,
        /// To the new record.
        commitment: Option<Commitment>,
    },
    /// What else stands on the receipt; `None`: as it is.
    Papers {
        reason: String,
        /// All that was handed in so far of what is asked for now.
        items: Option<Vec<ItemGiven>>,
        /// What is held by another version, procedure or case and is none of these papers, as far as it was ever there.
        others: Vec<HeldItem>,
        sets: Option<u16>,
        return_channel: Option<Channel>,
    },
    /// Under the procedure that comes with the context; `None`: as it is.
    Receipt {
        reason: String,
        channel: Option<Channel>,
        received_at: Option<Moment>,
        /// Where that procedure sets no limit.
        return_date: Option<ReturnDate>,
        /// Its fees are those of the procedure before.
        same_fees: bool,
    },
    /// The case that comes with the context.
    Case {
        reason: String,
        /// Its fees are those of the case before.
        same_fees: bool,
    },
}

impl Action {
    pub const fn kind(&self) -> ActionKind {
        match self {
            Self::Register(_) => ActionKind::Register,
            Self::Receive { .. } => ActionKind::Receive,
            Self::NotReceive { .. } => ActionKind::NotReceive,
            Self::Reach => ActionKind::Reach,
            Self::HandOver { .. } => ActionKind::HandOver,
            Self::Assign { .. } => ActionKind::Assign,
            Self::RequestSupplement { .. } => ActionKind::RequestSupplement,
            Self::TakeSupplement { .. } => ActionKind::TakeSupplement,
            Self::RequestPayment { .. } => ActionKind::RequestPayment,
            Self::TakePayment { .. } => ActionKind::TakePayment,
            Self::CollectFees { .. } => ActionKind::CollectFees,
            Self::WaiveFee { .. } => ActionKind::WaiveFee,
            Self::SetFees { .. } => ActionKind::SetFees,
            Self::RefundFees { .. } => ActionKind::RefundFees,
            Self::CancelRefund { .. } => ActionKind::CancelRefund,
            Self::CancelWaiver { .. } => ActionKind::CancelWaiver,
            Self::Finish { .. } => ActionKind::Finish,
            Self::Return { .. } => ActionKind::Return,
            Self::Withdraw { .. } => ActionKind::Withdraw,
            Self::Stop { .. } => ActionKind::Stop,
            Self::Reappoint { .. } => ActionKind::Reappoint,
            Self::Verify { .. } => ActionKind::Verify,
            Self::MoveToSuccessor { .. } => ActionKind::MoveToSuccessor,
            Self::Correct(Correction::Undo { .. }) => ActionKind::Undo,
            Self::Correct(Correction::Applicant { .. }) => ActionKind::CorrectApplicant,
            Self::Correct(Correction::Papers { .. }) => ActionKind::CorrectPapers,
            Self::Correct(Correction::Case { .. }) => ActionKind::CorrectCase,
            Self::Correct(Correction::Receipt { .. }) => ActionKind::CorrectReceipt,
            Self::Correct(Correction::Delegate { .. }) => ActionKind::CorrectDelegate,
            Self::SendBack { .. } => ActionKind::SendBack,
            Self::MarkOverdue => ActionKind::MarkOverdue,
            Self::RecomputeDue { .. } => ActionKind::RecomputeDue,
        }
    }
}
