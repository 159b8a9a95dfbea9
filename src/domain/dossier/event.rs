//! What has happened to a dossier, in the form in which history keeps it.
//!
//! The JSON of an event is hashed as it is stored, so its form never changes for events that
//! exist: new fields are optional, old ones keep their names. No personal data: an event refers
//! to a person by id.

use serde::{Deserialize, Serialize};

use crate::domain::dossier::{Channel, Decision, FeeTerms, PaymentMethod};
use crate::domain::ids::{Actor, PersonId, ProcedureId, UnitId, UserId};
use crate::domain::moment::{Moment, millis};
use crate::domain::norms::Judging;
use crate::domain::person::Commitment;
use crate::domain::time_limit::{Outcome, TimeLimit};

/// One event of a dossier's history.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// 1 for the first event of the dossier.
    pub sequence: u32,
    /// When it happened; never before the event that precedes it.
    pub at: Moment,
    /// When it was written down; never before it happened, nor before the event that precedes it
    /// was written down.
    pub recorded_at: Moment,
    pub actor: Actor,
    pub data: EventData,
    pub beside: Beside,
}

/// What is kept beside the payload of an event, whatever its kind.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Beside {
    /// Why it was entered later than is allowed without a reason.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub late_reason: Option<String>,
    /// For whom it was done, by somebody who stands in for them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on_behalf_of: Option<UserId>,
}

/// A payload with what stands beside it, as it is stored.
#[derive(Serialize)]
struct Stored<'a, P> {
    #[serde(flatten)]
    payload: &'a P,
    #[serde(flatten)]
    beside: &'a Beside,
}

impl Beside {
    /// The names of what may stand beside a payload.
    pub const NAMES: [&'static str; 2] = ["late_reason", "on_behalf_of"];

    /// What was stored beside a payload.
    ///
    /// # Errors
    /// If the text is no JSON.
    pub fn read(json: &str) -> Result<Self, serde_json::Error> {
        // Nearly none has any.
        if !Self::NAMES.iter().any(|name| json.contains(name)) {
            return Ok(Self::default());
        }
        serde_json::from_str(json)
    }
}

impl Event {
    /// The payload, and what stands beside it if anything does, as the JSON text that is stored and
    /// hashed.
    ///
    /// # Errors
    /// Never for payloads of this program; the signature is serde's.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        if self.beside == Beside::default() {
            return self.data.to_json();
        }
        self.data.to_json_with(&self.beside)
    }
}

macro_rules! event_kinds {
    ($($(#[$doc:meta])* $kind:ident = $code:literal: $word:literal, $counted:ident;)*) => {
        /// What happened. Kinds without a payload of their own carry an empty one.
        #[derive(Debug, Clone, PartialEq, Serialize)]
        #[serde(tag = "kind", rename_all = "snake_case")]
        pub enum EventData {
            $($(#[$doc])* $kind($kind),)*
        }

        impl EventData {
            /// The number that stands for the kind in the database.
            pub const fn code(&self) -> i16 {
                match self {
                    $(Self::$kind(_) => $code,)*
                }
            }

            /// What happened, in a sentence for people.
            pub const fn word(&self) -> &'static str {
                match self {
                    $(Self::$kind(_) => $word,)*
                }
            }

            /// Whether it changes what reports count; how is said by [`crate::domain::tally::count`].
            pub const fn is_counted(&self) -> bool {
                match self {
                    $(Self::$kind(_) => event_kinds!(@$counted),)*
                }
            }

            /// The names of all kinds, as the history shows them: `received`, `handed_over` …
            pub fn names() -> Vec<String> {
                vec![$(snake_case(stringify!($kind)),)*]
            }

            /// The name of the kind.
            pub fn name(&self) -> String {
                snake_case(match self {
                    $(Self::$kind(_) => stringify!($kind),)*
                })
            }

            /// The payload as the JSON text that is stored and hashed.
            ///
            /// # Errors
            /// Never for payloads of this program; the signature is serde's.
            pub fn to_json(&self) -> Result<String, serde_json::Error> {
                match self {
                    $(Self::$kind(payload) => serde_json::to_string(payload),)*
                }
            }

            fn to_json_with(&self, beside: &Beside) -> Result<String, serde_json::Error> {
                match self {
                    $(Self::$kind(payload) => serde_json::to_string(&Stored { payload, beside }),)*
                }
            }

            /// Reads a stored payload.
            ///
            /// # Errors
            /// If the code is unknown or the text is not the JSON of that kind.
            pub fn from_json(code: i16, json: &str) -> Result<Self, serde_json::Error> {
                match code {
                    $($code => serde_json::from_str(json).map(Self::$kind),)*
                    _ => Err(serde::de::Error::custom(format!("unknown event kind {code}"))),
                }
            }
        }

        $(impl From<$kind> for EventData {
            fn from(payload: $kind) -> Self {
                Self::$kind(payload)
            }
        })*
    };
    (@counted) => { true };
    (@uncounted) => { false };
}

impl EventData {
    /// The code of [`HandedOver`].
    pub const HANDED_OVER: i16 = 4;
    /// The code of [`MovedToSuccessor`].
    pub const MOVED_TO_SUCCESSOR: i16 = 15;
    /// The code of [`HandsChanged`].
    pub const HANDS_CHANGED: i16 = 23;

    /// What was submitted, if the event begins a dossier.
    pub const fn submission(&self) -> Option<&Submission> {
        match self {
            Self::Registered(registered) => Some(&registered.submission),
            Self::Received(received) => received.submission.as_ref(),
            _ => None,
        }
    }

    /// The people whose records this event commits to.
    pub fn commitments(&self) -> Vec<(PersonId, Commitment)> {
        if let Self::ApplicantCorrected(corrected) = self {
            let commitment = corrected.applicant_commitment;
            return commitment
                .map(|commitment| (corrected.applicant, commitment))
                .into_iter()
                .collect();
        }
        if let Self::DelegateCorrected(corrected) = self {
            let commitment = corrected.delegate_commitment;
            return corrected.delegate.zip(commitment).into_iter().collect();
        }
        let submission = self.submission();
        let people = submission.map(|s| {
            [
                Some(s.applicant).zip(s.applicant_commitment),
                s.delegate.zip(s.delegate_commitment),
            ]
        });
        people.into_iter().flatten().flatten().collect()
    }
}

/// `HandedOver` is `handed_over`, as serde names it.
fn snake_case(name: &str) -> String {
    let mut snake = String::with_capacity(name.len() + 2);
    for (i, letter) in name.char_indices() {
        if letter.is_ascii_uppercase() && i > 0 {
            snake.push('_');
        }
        snake.push(letter.to_ascii_lowercase());
    }
    snake
}

event_kinds! {
    // event = code: what it is called, whether reports count it. A code is never used again.
    /// Submitted online (status 1).
    Registered = 1: "Đăng ký hồ sơ trực tuyến", uncounted;
    /// Taken in; the clock starts (status 2).
    Received = 2: "Tiếp nhận hồ sơ", counted;
    /// Not taken in (status 3).
    NotReceived = 3: "Không tiếp nhận hồ sơ", uncounted;
    /// Went to another workflow step, and with it perhaps to another unit (status 4).
    HandedOver = 4: "Chuyển bước xử lý", uncounted;
    /// Papers are missing; the clock stands (status 5).
    SupplementRequested = 5: "Yêu cầu bổ sung giấy tờ", uncounted;
    /// The papers came; the clock starts anew or goes on (status 4).
    SupplementTaken = 6: "Nhận giấy tờ bổ sung", uncounted;
    /// A payment is due; the clock stands (status 6).
    PaymentRequested = 7: "Yêu cầu thực hiện nghĩa vụ tài chính", uncounted;
    /// Paid; the clock goes on (status 4).
    PaymentTaken = 8: "Đã thực hiện nghĩa vụ tài chính", uncounted;
    /// Crossed the due moment while open.
    BecameOverdue = 9: "Quá hạn giải quyết", counted;
    /// The one apology of this limit, with a new appointment.
    Reappointed = 10: "Xin lỗi và hẹn lại ngày trả kết quả", uncounted;
    /// Result ready (status 9).
    Finished = 11: "Có kết quả giải quyết", counted;
    /// Handed to the applicant (status 10).
    ResultReturned = 12: "Trả kết quả", uncounted;
    /// Withdrawn by the applicant (status 7).
    Withdrawn = 13: "Rút hồ sơ", counted;
    /// Processing stopped (status 8).
    Stopped = 14: "Dừng xử lý", counted;
    /// Its unit was dissolved; the successor goes on with it.
    MovedToSuccessor = 15: "Chuyển hồ sơ sang đơn vị kế thừa", counted;
    /// The calendar changed, and with it the due moment.
    DueRecomputed = 16: "Tính lại ngày hẹn trả do thay đổi lịch làm việc", counted;
    /// The last closing, return or refusal to receive was a mistake and is undone.
    Undone = 17: "Hủy thao tác nhầm", counted;
    /// The applicant's data were wrong; a new record of the person takes their place.
    ApplicantCorrected = 18: "Sửa thông tin người nộp", uncounted;
    /// What the receipt says of papers, or of how the result is returned, was wrong.
    PapersCorrected = 28: "Sửa giấy tờ đã nhận, cách trả kết quả", uncounted;
    /// It was taken in under another procedure, in another way or at another moment than it should have been.
    ReceiptCorrected = 33: "Sửa thủ tục, kênh, thời điểm tiếp nhận", counted;
    /// It is another case of its procedure; the limit of that one holds, from the same start.
    CaseCorrected = 31: "Sửa trường hợp của thủ tục", uncounted;
    /// The delegate's data were wrong, or there is none: a new record takes the place of the old one.
    DelegateCorrected = 30: "Sửa thông tin người được ủy quyền", uncounted;
    /// Money that came without being owed, or more than was owed, was paid back.
    MoneySentBack = 29: "Hoàn trả tiền nộp thừa, nộp nhầm", uncounted;
    /// Fees of the procedure were paid.
    FeesCollected = 19: "Thu phí, lệ phí", uncounted;
    /// A fee of the procedure is not owed, with the reason.
    FeeWaived = 20: "Miễn phí, lệ phí", uncounted;
    /// The competent unit has it that another desk had taken in; its clock starts.
    Reached = 21: "Đơn vị có thẩm quyền nhận được hồ sơ", counted;
    /// The due moment went past the new appointment, which promises nothing any more.
    AppointmentLapsed = 22: "Thôi áp dụng ngày đã hẹn lại, do hạn trả được tính lại", uncounted;
    /// Verification is needed: the procedure's second limit holds, from the same start.
    VerificationNeeded = 27: "Cần xác minh, áp dụng thời hạn khi phải xác minh", uncounted;
    /// Somebody else has it in hand now, in the same step.
    HandsChanged = 23: "Đổi người xử lý trong bước", uncounted;
    /// How many times fees are owed, and which of several.
    FeesSet = 24: "Xác định số lượng, mức phí, lệ phí", uncounted;
    /// It was waived by mistake, and is owed again.
    FeeWaiverCancelled = 32: "Hủy miễn phí, lệ phí", uncounted;
    /// Money was paid back.
    FeesRefunded = 25: "Hoàn trả phí, lệ phí", uncounted;
    /// The last payment back was a mistake, and is taken back.
    RefundCancelled = 26: "Hủy ghi nhận hoàn trả", uncounted;
}

/// A paper handed in: position in the procedure's checklist, originals, copies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ItemHandedIn(pub u16, pub u16, pub u16);

fn one() -> u16 {
    1
}

fn is_one(n: &u16) -> bool {
    *n == 1
}

fn is_false(b: &bool) -> bool {
    !*b
}

/// What a registration or receipt tells about the dossier.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Submission {
    pub number: String,
    pub procedure: ProcedureId,
    /// The case of the procedure (trường hợp): two digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub case: Option<String>,
    /// The competent unit.
    pub unit: UnitId,
    /// The desk where it was handed in, if that is another unit's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receiving_unit: Option<UnitId>,
    #[serde(default, skip_serializing_if = "Channel::is_direct")]
    pub channel: Channel,
    #[serde(default, rename = "return", skip_serializing_if = "Channel::is_direct")]
    pub return_channel: Channel,
    pub applicant: PersonId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delegate: Option<PersonId>,
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub sets: u16,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub items: Vec<ItemHandedIn>,
    /// To the applicant's record; events from before the log have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub applicant_commitment: Option<Commitment>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delegate_commitment: Option<Commitment>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Registered {
    #[serde(flatten)]
    pub submission: Submission,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Received {
    /// Absent when the dossier was registered before.
    #[serde(flatten, default, skip_serializing_if = "Option::is_none")]
    pub submission: Option<Submission>,
    /// Another version of the procedure than the one that it was registered under.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub procedure_now: Option<ProcedureId>,
    /// The case from here on, of what was registered before; absent where it is in none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub case_now: Option<String>,
    /// Papers handed in at the receipt of what was registered before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub handed_in: Vec<ItemHandedIn>,
    /// On what terms fees are owed, as far as the desk has said.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fee_terms: Vec<FeeTerms>,
    #[serde(with = "short_limit")]
    pub limit: TimeLimit,
    /// Why the due moment is the one that was named, where the procedure sets no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_reason: Option<String>,
    #[serde(with = "millis")]
    pub due: Moment,
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        with = "optional_millis"
    )]
    pub step_due: Option<Moment>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assignee: Option<UserId>,
    /// By when the desk has to pass it on; absent where the competent unit has it at once. Until it does, the due
    /// moment is counted from here.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        with = "optional_millis"
    )]
    pub pass_on_by: Option<Moment>,
    /// By what it is judged, where that is not the due moment.
    #[serde(default, skip_serializing_if = "Judging::is_default")]
    pub judging: Judging,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reached {
    /// Later than it had to be passed on: shown, and moves no due moment.
    #[serde(default, skip_serializing_if = "is_false")]
    pub late: bool,
    #[serde(with = "millis")]
    pub due: Moment,
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        with = "optional_millis"
    )]
    pub step_due: Option<Moment>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotReceived {
    pub reason: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HandedOver {
    /// The step it goes to.
    pub step: u8,
    /// The unit it goes to, if it leaves the one that has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<UnitId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assignee: Option<UserId>,
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        with = "optional_millis"
    )]
    pub step_due: Option<Moment>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
}

/// Why a dossier came into other hands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HandsCause {
    /// Somebody who has to do with it said so.
    #[default]
    Asked,
    /// Who had it has left, or does something else now.
    Left,
    /// Who had it cannot read it any more.
    OutOfReach,
}

impl HandsCause {
    fn is_asked(&self) -> bool {
        matches!(self, Self::Asked)
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HandsChanged {
    /// Who had it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assignee_before: Option<UserId>,
    /// Who has it now; absent: nobody by name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assignee: Option<UserId>,
    #[serde(default, skip_serializing_if = "HandsCause::is_asked")]
    pub cause: HandsCause,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SupplementRequested {
    pub reason: String,
    /// Positions in the checklist of what is missing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub items: Vec<u16>,
    /// Why papers are asked for once more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exception: Option<Exception>,
}

/// What allows that papers are asked for more often than the norms say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exception {
    pub reason: String,
    /// Who allowed it: name and office, as it is written on the record.
    pub allowed_by: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SupplementTaken {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub items: Vec<ItemHandedIn>,
    /// The limit starts anew, instead of going on.
    #[serde(default, skip_serializing_if = "is_false")]
    pub restarted: bool,
    /// Why it goes on without any paper.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
    #[serde(with = "millis")]
    pub due: Moment,
    /// When the step at hand should be handed on now; `None`: as it was.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        with = "optional_millis"
    )]
    pub step_due: Option<Moment>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentRequested {
    pub amount_vnd: u64,
    /// Positions of the procedure's fees for which it is; none: a free amount.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fees: Vec<u16>,
    /// What is new about how they are owed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub terms: Vec<FeeTerms>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentTaken {
    pub amount_vnd: u64,
    /// The fees that it settles.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fees: Vec<u16>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<PaymentMethod>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub receipt: String,
    #[serde(with = "millis")]
    pub due: Moment,
    /// When the step at hand should be handed on now; `None`: as it was.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        with = "optional_millis"
    )]
    pub step_due: Option<Moment>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BecameOverdue {}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reappointed {
    pub reason: String,
    #[serde(with = "millis")]
    pub appointment: Moment,
    /// Later than an apology is in time.
    #[serde(default, skip_serializing_if = "is_false")]
    pub late: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppointmentLapsed {
    /// As it was.
    #[serde(with = "millis")]
    pub appointment: Moment,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VerificationNeeded {
    pub reason: String,
    /// Absent where the first limit goes on: it has passed already, or the second would end no later.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        with = "optional_limit"
    )]
    pub limit: Option<TimeLimit>,
    #[serde(with = "millis")]
    pub due: Moment,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finished {
    pub decision: Decision,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
    pub outcome: Outcome,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResultReturned {
    #[serde(default, skip_serializing_if = "Channel::is_direct")]
    pub channel: Channel,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Withdrawn {
    pub reason: String,
    /// Absent for a dossier that was never received.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stopped {
    pub reason: String,
    pub outcome: Outcome,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MovedToSuccessor {
    pub from: UnitId,
    pub to: UnitId,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DueRecomputed {
    pub reason: String,
    #[serde(with = "millis")]
    pub due: Moment,
    /// The new appointment, where the office is closed when it was; `None`: as it was.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        with = "optional_millis"
    )]
    pub appointment: Option<Moment>,
    /// With the right calendar it had not been overdue after all.
    #[serde(default, skip_serializing_if = "is_false")]
    pub no_longer_overdue: bool,
    /// When the step at hand should be handed on now; `None`: as it was.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        with = "optional_millis"
    )]
    pub step_due: Option<Moment>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Undone {
    pub reason: String,
    /// What of a dossier that goes on is taken back; `None`: what has left it in its status.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub what: Option<UndoneWithin>,
}

/// What can be taken back of a dossier that is not closed, as if it had not been done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UndoneWithin {
    /// Money was asked for: the clock never stood.
    PaymentRequest,
    /// An apology, and the moment that it named.
    Appointment,
    /// Papers that came for another dossier: it waits for its own, as before.
    SupplementTaken,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApplicantCorrected {
    pub reason: String,
    pub applicant: PersonId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub applicant_commitment: Option<Commitment>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DelegateCorrected {
    pub reason: String,
    /// `None`: the applicant stands for themselves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delegate: Option<PersonId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delegate_commitment: Option<Commitment>,
}

/// A paper that is held by another version, procedure or case than the dossier is in: that, the case, and the paper there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OtherHeld(pub ProcedureId, pub Option<String>, pub ItemHandedIn);

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PapersCorrected {
    pub reason: String,
    /// All that was handed in; `None`: as it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub items: Option<Vec<ItemHandedIn>>,
    /// What was written down before, under the same version of the procedure.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub before: Vec<ItemHandedIn>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sets: Option<u16>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub return_channel: Option<Channel>,
    /// What is held by another version, procedure or case and is none of these papers stays beside them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub others: Vec<OtherHeld>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseCorrected {
    pub reason: String,
    /// Two digits, as it was and as it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub case_before: Option<String>,
    pub case: String,
    #[serde(with = "short_limit")]
    pub limit: TimeLimit,
    #[serde(with = "millis")]
    pub due: Moment,
    /// Its fees are others: on what terms they were owed before says nothing of them.
    #[serde(default, skip_serializing_if = "is_false")]
    pub other_fees: bool,
}

/// Each as it is and as it was, where it is another one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReceiptCorrected {
    pub reason: String,
    /// Another procedure, another version of it, or another case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub procedure: Option<ProcedureId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub procedure_before: Option<ProcedureId>,
    /// Of that procedure: two digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub case: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<Channel>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel_before: Option<Channel>,
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        with = "optional_millis"
    )]
    pub received_at: Option<Moment>,
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        with = "optional_millis"
    )]
    pub received_before: Option<Moment>,
    #[serde(with = "short_limit")]
    pub limit: TimeLimit,
    #[serde(with = "millis")]
    pub due: Moment,
    /// Why the due moment is the one that was named, where the procedure sets no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_reason: Option<String>,
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        with = "optional_millis"
    )]
    pub step_due: Option<Moment>,
    /// By the right moment it had not been overdue after all.
    #[serde(default, skip_serializing_if = "is_false")]
    pub no_longer_overdue: bool,
    /// By what it is judged, if the rule of its day of receipt is another one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub judging: Option<Judging>,
    /// Its fees are others: on what terms they were owed before says nothing of them.
    #[serde(default, skip_serializing_if = "is_false")]
    pub other_fees: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MoneySentBack {
    pub amount_vnd: u64,
    /// The transaction with which it had come.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub receipt: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeesCollected {
    /// Positions among the procedure's fees.
    pub fees: Vec<u16>,
    /// What is new about how they are owed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub terms: Vec<FeeTerms>,
    pub amount_vnd: u64,
    pub method: PaymentMethod,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub receipt: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeesSet {
    pub terms: Vec<FeeTerms>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeeWaiverCancelled {
    pub fee: u16,
    pub reason: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeesRefunded {
    pub amount_vnd: u64,
    /// The fees that it is for, which are open again; none: a part, or what was paid beside them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fees: Vec<u16>,
    pub method: PaymentMethod,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub receipt: String,
    pub reason: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefundCancelled {
    /// What was not paid back after all.
    pub amount_vnd: u64,
    /// How it was said to have been.
    pub method: PaymentMethod,
    pub reason: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeeWaived {
    pub fee: u16,
    pub reason: String,
    /// By how much less is asked for, where a payment for the fee was requested.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked_less_vnd: Option<u64>,
}

/// `Option<Moment>` as an optional integer.
mod optional_millis {
    use serde::{Deserialize, Deserializer, Serializer};

    use crate::domain::moment::Moment;

    pub fn serialize<S: Serializer>(m: &Option<Moment>, serializer: S) -> Result<S::Ok, S::Error> {
        match m {
            Some(m) => serializer.serialize_some(&m.unix_millis()),
            None => serializer.serialize_none(),
        }
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Option<Moment>, D::Error> {
        Ok(Option::<i64>::deserialize(d)?.map(Moment::from_unix_millis))
    }
}

/// `Option<TimeLimit>` as [`short_limit`].
mod optional_limit {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use crate::domain::time_limit::TimeLimit;

    #[derive(Serialize, Deserialize)]
    struct Short(#[serde(with = "super::short_limit")] TimeLimit);

    pub fn serialize<S: Serializer>(
        limit: &Option<TimeLimit>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        limit.map(Short).serialize(serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Option<TimeLimit>, D::Error> {
        Ok(Option::<Short>::deserialize(d)?.map(|Short(limit)| limit))
    }
}

/// A time limit as `15wd`, `7.5wd`, `30cd`, `8h`, `sd`, `6mo`, `3y` or `none`.
mod short_limit {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    use crate::domain::time_limit::{Amount, LimitUnit, TimeLimit};

    pub fn serialize<S: Serializer>(limit: &TimeLimit, serializer: S) -> Result<S::Ok, S::Error> {
        let amount = limit.amount().plain();
        match limit.unit() {
            LimitUnit::WorkingDay => serializer.collect_str(&format_args!("{amount}wd")),
            LimitUnit::CalendarDay => serializer.collect_str(&format_args!("{amount}cd")),
            LimitUnit::Hour => serializer.collect_str(&format_args!("{amount}h")),
            LimitUnit::SameDay => serializer.serialize_str("sd"),
            LimitUnit::Month => serializer.collect_str(&format_args!("{amount}mo")),
            LimitUnit::Year => serializer.collect_str(&format_args!("{amount}y")),
            LimitUnit::ByHand => serializer.serialize_str("none"),
        }
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<TimeLimit, D::Error> {
        let text = String::deserialize(d)?;
        let is_number = |b: &u8| b.is_ascii_digit() || *b == b'.';
        let (amount, suffix) = text.split_at(text.bytes().take_while(is_number).count());
        let unit = match suffix {
            "wd" => LimitUnit::WorkingDay,
            "cd" => LimitUnit::CalendarDay,
            "h" => LimitUnit::Hour,
            "sd" => LimitUnit::SameDay,
            "mo" => LimitUnit::Month,
            "y" => LimitUnit::Year,
            "none" => LimitUnit::ByHand,
            _ => return Err(D::Error::custom(format!("'{text}' is no time limit"))),
        };
        let amount = match amount {
            "" => Amount::ZERO,
            amount => Amount::parse(amount)
                .ok_or_else(|| D::Error::custom(format!("'{text}' is no time limit")))?,
        };
        TimeLimit::new(unit, amount).map_err(D::Error::custom)
    }
}
