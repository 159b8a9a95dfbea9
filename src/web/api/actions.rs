//! `/api/v1/dossiers/{dossier}/…`: what moves a dossier on. Each action is a change and needs
//! `If-Match`; a dossier that has changed since is a 412 with what it is now.
//!
//! An action is a body here and a line in the table of routes.

use serde::Deserialize;
use utoipa::ToSchema;

use crate::acts::Intent;
use crate::acts::advance::{ByForm, Request};
use crate::domain::dossier::{
    Action, Channel, Correction, Decision, Exception, HandsCause, Paper, PaymentMethod,
};
use crate::domain::ids::DossierId;
use crate::domain::moment::Moment;
use crate::store::Store;
use crate::views::dossier::DossierView;
use crate::web::api::answers::{Reply, fresh_tagged, or_current};
use crate::web::api::call::Call;
use crate::web::api::dossiers::{
    ItemInput, ReturnDateInput, assignee, intent, read_items, resolve,
};
use crate::web::api::entered_at::EnteredAt;
use crate::web::api::fees::{FeeInput, asked, check_fees};
use crate::web::api::people::PersonInput;
use crate::web::api::{check_length, check_no_number};
use crate::web::body::{Body, Readable};
use crate::web::headers::IfMatch;
use crate::web::problem::{FieldError, Problem};
use crate::{acts, views};

/// The body of an action.
pub trait ActionBody: Readable {
    /// When it happened, if it is entered later.
    fn take_at(&mut self) -> Option<EnteredAt>;
}

macro_rules! action_bodies {
    ($($body:ty),+ $(,)?) => {
        $(
            impl ActionBody for $body {
                fn take_at(&mut self) -> Option<EnteredAt> {
                    self.at.take()
                }
            }
        )+
    };
}
pub(crate) use action_bodies;

/// The dossier that is acted on.
pub struct Subject<'a> {
    store: &'a Store,
    id: DossierId,
    now: Moment,
}

impl Subject<'_> {
    /// The request to do just that: how most of [`Asks`] end.
    pub fn to(&self, action: Action) -> Result<Request, Problem> {
        Ok(Request::new(self.id, action))
    }
}

/// What a body asks for.
pub type Asks<B> = fn(B, &Subject<'_>) -> Result<Request, Problem>;

/// Does an action on the dossier that the address names, and answers with the dossier after it.
pub async fn act<B: ActionBody>(
    call: Call,
    if_match: IfMatch,
    body: Body<B>,
    asks: Asks<B>,
) -> Reply<DossierView> {
    let dossier = call.named::<String>()?;
    let intent = intent(&call, None);
    let view = call.run(move |store, by, _| {
        let id = resolve(store, &dossier)?;
        let (now, reader) = (intent.now, by.reader());
        let seen = if_match.version();
        or_current(
            perform(store, id, seen, body.value, asks, intent, ByForm::default()),
            || {
                Ok(views::dossier::view(
                    store,
                    id,
                    Some(&reader),
                    Some(by.unit),
                    now,
                )?)
            },
        )?;
        // It may have moved out of reach by this very action.
        Ok(views::dossier::view(store, id, Some(&reader), None, now)?)
    });
    view.await.map(fresh_tagged)
}

/// Does what a body asks for, on a dossier of which that version was seen (`None`: whatever it is now), with what a
/// form says beside.
pub(crate) fn perform<B: ActionBody>(
    store: &Store,
    id: DossierId,
    seen: Option<u32>,
    mut body: B,
    asks: Asks<B>,
    intent: Intent,
    form: ByForm,
) -> Result<(), Problem> {
    let (at, late_reason) = EnteredAt::parts(body.take_at());
    let intent = Intent { at, ..intent };
    let now = intent.now;
    let request = Request {
        version: seen,
        late_reason,
        form,
        ..asks(body, &Subject { store, id, now })?
    };
    acts::advance::act(store, &request, intent)?;
    Ok(())
}

const MOST_LETTERS: usize = 2000;

/// What is kept in a history for good holds nobody's number.
fn check_text(field: &str, text: &str) -> Vec<FieldError> {
    let mut wrong = Vec::new();
    check_length(field, text, MOST_LETTERS, &mut wrong);
    check_no_number(field, text, &mut wrong);
    wrong
}

/// An action with nothing but a reason.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WithReason {
    /// Lý do.
    #[schema(example = "Hồ sơ không thuộc thẩm quyền")]
    pub reason: String,
    /// Thời điểm, nếu nhập sau; mặc định là bây giờ.
    #[serde(default)]
    at: Option<EnteredAt>,
}

impl Readable for WithReason {
    fn check(&self) -> Vec<FieldError> {
        check_text("/reason", &self.reason)
    }
}

/// An action that needs nothing more to be said.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Plain {
    /// Thời điểm, nếu nhập sau; mặc định là bây giờ.
    #[serde(default)]
    at: Option<EnteredAt>,
}

impl Readable for Plain {}

/// Taking in what was registered online.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Receive {
    /// Tên đăng nhập của người được giao.
    #[serde(default)]
    #[schema(example = "h37.20.01.officer")]
    assignee: Option<String>,
    /// Giấy tờ nhận tại bàn khi tiếp nhận hồ sơ nộp trực tuyến.
    #[serde(default)]
    items: Vec<ItemInput>,
    /// Trường hợp của thủ tục (hai chữ số); mặc định là trường hợp lúc đăng ký.
    #[serde(default)]
    #[schema(example = json!(null))]
    case: Option<String>,
    /// Chỉ khi thủ tục không quy định thời hạn, và khi đó bắt buộc.
    #[serde(default)]
    #[schema(example = json!(null))]
    return_date: Option<ReturnDateInput>,
    #[serde(default)]
    at: Option<EnteredAt>,
}

impl Readable for Receive {
    fn check(&self) -> Vec<FieldError> {
        let mut wrong = Vec::new();
        if let Some(named) = &self.return_date {
            named.read("", &mut wrong);
        }
        read_items(&self.items, &mut wrong);
        wrong
    }
}

impl Receive {
    pub fn asks(self, of: &Subject<'_>) -> Result<Request, Problem> {
        let assignee = assignee(of.store, self.assignee.as_deref())?;
        let return_date = self.return_date;
        let action = Action::Receive {
            items: read_items(&self.items, &mut Vec::new()),
            new: None,
            assignee,
            return_date: return_date.map(|named| named.read("", &mut Vec::new())),
        };
        Ok(Request {
            case: self.case,
            ..Request::new(of.id, action)
        })
    }
}

/// On to the next step, or back.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HandOver {
    /// Bước chuyển đến, từ 0.
    #[schema(example = 1)]
    step: u8,
    /// Tên đăng nhập của người được giao.
    #[serde(default)]
    #[schema(example = "h37.20.01.officer")]
    assignee: Option<String>,
    #[serde(default)]
    #[schema(example = "")]
    note: String,
    #[serde(default)]
    at: Option<EnteredAt>,
}

impl Readable for HandOver {
    fn check(&self) -> Vec<FieldError> {
        check_text("/note", &self.note)
    }
}

impl HandOver {
    pub fn asks(self, of: &Subject<'_>) -> Result<Request, Problem> {
        let assignee = assignee(of.store, self.assignee.as_deref())?;
        of.to(Action::HandOver {
            step: self.step,
            assignee,
            note: self.note,
        })
    }
}

/// Other hands within the step.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OtherHands {
    /// Tên đăng nhập của người nhận; bỏ trống (null) để không giao cho ai.
    #[serde(default)]
    #[schema(example = "h37.20.01.officer")]
    assignee: Option<String>,
    /// Bắt buộc khi hồ sơ đang giao cho người khác.
    #[serde(default)]
    #[schema(example = "Người được giao nghỉ ốm")]
    reason: String,
    #[serde(default)]
    at: Option<EnteredAt>,
}

impl Readable for OtherHands {
    fn check(&self) -> Vec<FieldError> {
        check_text("/reason", &self.reason)
    }
}

impl OtherHands {
    pub fn asks(self, of: &Subject<'_>) -> Result<Request, Problem> {
        let assignee = assignee(of.store, self.assignee.as_deref())?;
        of.to(Action::Assign {
            assignee,
            reason: self.reason,
            cause: HandsCause::Asked,
        })
    }
}

/// What is missing.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RequestSupplement {
    #[schema(example = "Thiếu bản sao giấy khai sinh")]
    reason: String,
    /// Vị trí các giấy tờ còn thiếu.
    #[serde(default)]
    #[schema(example = json!([0]))]
    items: Vec<u16>,
    /// Khóa các giấy tờ còn thiếu, thay cho vị trí.
    #[serde(default)]
    #[schema(example = json!(["giay-khai-sinh-1a2b3c4d"]))]
    keys: Vec<String>,
    /// Bắt buộc khi hồ sơ đã được yêu cầu bổ sung đủ số lần theo quy định (một lần, từ ngày 05/8/2026).
    #[serde(default)]
    exception: Option<ExceptionInput>,
    #[serde(default)]
    at: Option<EnteredAt>,
}

/// Why papers are asked for once more, and on whose word.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ExceptionInput {
    /// Lý do yêu cầu bổ sung thêm.
    #[schema(example = "Giấy tờ đã bổ sung hết hiệu lực")]
    reason: String,
    /// Người cho phép: họ tên, chức vụ.
    #[schema(example = "Hoàng Văn Bình, Phó Chủ tịch UBND xã")]
    allowed_by: String,
}

impl Readable for RequestSupplement {
    fn check(&self) -> Vec<FieldError> {
        let mut wrong = check_text("/reason", &self.reason);
        if self.items.len() > 1000 {
            wrong.push(FieldError::new("/items", "quá 1.000 giấy tờ"));
        }
        if self.keys.len() > 1000 {
            wrong.push(FieldError::new("/keys", "quá 1.000 giấy tờ"));
        }
        for (i, key) in self.keys.iter().enumerate() {
            check_length(&format!("/keys/{i}"), key, 100, &mut wrong);
        }
        if let Some(exception) = &self.exception {
            for (field, text) in [
                ("reason", &exception.reason),
                ("allowed_by", &exception.allowed_by),
            ] {
                let field = format!("/exception/{field}");
                if text.trim().is_empty() {
                    wrong.push(FieldError::new(&field, "để trống"));
                }
                wrong.extend(check_text(&field, text));
            }
        }
        wrong
    }
}

impl RequestSupplement {
    pub fn asks(self, of: &Subject<'_>) -> Result<Request, Problem> {
        let positions = self.items.into_iter().map(Paper::Position);
        let keys = self.keys.into_iter().map(Paper::Key);
        of.to(Action::RequestSupplement {
            reason: self.reason,
            items: positions.chain(keys).collect(),
            exception: self.exception.map(|exception| Exception {
                reason: exception.reason,
                allowed_by: exception.allowed_by,
            }),
        })
    }
}

/// The papers that came.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TakeSupplement {
    #[serde(default)]
    items: Vec<ItemInput>,
    /// Lý do tiếp tục mà không có giấy tờ bổ sung; bắt buộc khi không nhận giấy tờ nào.
    #[serde(default)]
    #[schema(example = "")]
    reason: String,
    #[serde(default)]
    at: Option<EnteredAt>,
}

impl Readable for TakeSupplement {
    fn check(&self) -> Vec<FieldError> {
        let mut wrong = check_text("/reason", &self.reason);
        read_items(&self.items, &mut wrong);
        wrong
    }
}

impl TakeSupplement {
    pub fn asks(self, of: &Subject<'_>) -> Result<Request, Problem> {
        of.to(Action::TakeSupplement {
            items: read_items(&self.items, &mut Vec::new()),
            reason: self.reason,
        })
    }
}

/// What is to be paid.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RequestPayment {
    /// Các khoản phí của thủ tục: vị trí, từ 0, hoặc kèm số lượng, lý do áp dụng mức đó; số tiền theo thủ tục, chỉ ghi (amount_vnd) khi có khoản mà danh mục
    /// không ghi mức thu.
    #[serde(default)]
    #[schema(example = json!([]))]
    fees: Vec<FeeInput>,
    /// Số tiền khác ngoài phí của thủ tục, đồng; khi đó bắt buộc có lý do.
    #[serde(default)]
    #[schema(example = 1500000)]
    amount_vnd: Option<u64>,
    #[serde(default)]
    #[schema(example = "Thuế thu nhập cá nhân")]
    reason: String,
    #[serde(default)]
    at: Option<EnteredAt>,
}

/// More than any fee or tax of a household, and far below what a sum could overflow at.
pub(crate) const MOST_VND: u64 = 9_999_999_999_999;

impl Readable for RequestPayment {
    fn check(&self) -> Vec<FieldError> {
        let mut wrong = check_text("/reason", &self.reason);
        match (self.fees.is_empty(), self.amount_vnd) {
            (true, None) => {
                let detail =
                    "cần các khoản phí (fees), hoặc một số tiền khác (amount_vnd) kèm lý do";
                wrong.push(FieldError::new("/amount_vnd", detail));
            }
            (false, Some(amount)) => check_amount(amount, &mut wrong),
            (true, Some(amount)) => {
                check_amount(amount, &mut wrong);
                if self.reason.trim().is_empty() {
                    wrong.push(FieldError::new("/reason", "để trống"));
                }
            }
            (false, None) => {}
        }
        check_fees("/fees", &self.fees, &mut wrong);
        wrong
    }
}

impl RequestPayment {
    pub fn asks(self, of: &Subject<'_>) -> Result<Request, Problem> {
        of.to(Action::RequestPayment {
            fees: asked(self.fees),
            amount_vnd: self.amount_vnd,
            reason: self.reason,
        })
    }
}

pub(crate) fn check_amount(amount_vnd: u64, wrong: &mut Vec<FieldError>) {
    if !(1..=MOST_VND).contains(&amount_vnd) {
        let detail = "phải từ 1 đến 9.999.999.999.999 đồng";
        wrong.push(FieldError::new("/amount_vnd", detail));
    }
}

/// What was paid.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TakePayment {
    /// Đồng; phải đúng bằng số đã yêu cầu.
    #[schema(example = 1500000)]
    amount_vnd: u64,
    /// Mặc định là tiền mặt.
    #[serde(default)]
    method: Option<PaymentMethod>,
    /// Số biên lai hoặc chứng từ.
    #[serde(default)]
    #[schema(example = "BL-0001234")]
    receipt: String,
    #[serde(default)]
    at: Option<EnteredAt>,
}

impl Readable for TakePayment {
    fn check(&self) -> Vec<FieldError> {
        let mut wrong = Vec::new();
        check_length("/receipt", &self.receipt, 100, &mut wrong);
        check_amount(self.amount_vnd, &mut wrong);
        wrong
    }
}

impl TakePayment {
    pub fn asks(self, of: &Subject<'_>) -> Result<Request, Problem> {
        of.to(Action::TakePayment {
            amount_vnd: self.amount_vnd,
            method: self.method.unwrap_or(PaymentMethod::Cash),
            receipt: self.receipt,
        })
    }
}

/// How it ends.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Finish {
    decision: Decision,
    /// Bắt buộc khi từ chối.
    #[serde(default)]
    #[schema(example = "")]
    reason: String,
    #[serde(default)]
    at: Option<EnteredAt>,
}

impl Readable for Finish {
    fn check(&self) -> Vec<FieldError> {
        check_text("/reason", &self.reason)
    }
}

impl Finish {
    pub fn asks(self, of: &Subject<'_>) -> Result<Request, Problem> {
        of.to(Action::Finish {
            decision: self.decision,
            reason: self.reason,
        })
    }
}

/// How the result goes out.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Return {
    /// Mặc định: trực tiếp.
    #[serde(default)]
    channel: Option<Channel>,
    #[serde(default)]
    at: Option<EnteredAt>,
}

impl Readable for Return {}

impl Return {
    pub fn asks(self, of: &Subject<'_>) -> Result<Request, Problem> {
        let channel = self.channel.unwrap_or_default();
        of.to(Action::Return { channel })
    }
}

/// The apology and the new appointment.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Reappoint {
    #[schema(example = "Chờ ý kiến của cơ quan phối hợp")]
    reason: String,
    /// Trong giờ làm việc, sau hạn trả.
    #[schema(example = "2026-12-01T16:00:00+07:00")]
    appointment_at: Moment,
    #[serde(default)]
    at: Option<EnteredAt>,
}

impl Readable for Reappoint {
    fn check(&self) -> Vec<FieldError> {
        check_text("/reason", &self.reason)
    }
}

impl Reappoint {
    pub fn asks(self, of: &Subject<'_>) -> Result<Request, Problem> {
        of.to(Action::Reappoint {
            reason: self.reason,
            appointment: self.appointment_at,
        })
    }
}

/// From a dissolved unit to one that goes on with a part of it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MoveTo {
    /// Mã đơn vị cũ.
    #[schema(example = "H37.20.01")]
    from: String,
    /// Mã đơn vị kế thừa.
    #[schema(example = "H37.66")]
    to: String,
    #[serde(default)]
    at: Option<EnteredAt>,
}

impl Readable for MoveTo {}

impl MoveTo {
    pub fn asks(self, of: &Subject<'_>) -> Result<Request, Problem> {
        let reference = of.store.reference()?;
        let mut wrong = Vec::new();
        let mut unit = |field: &str, code: &str| {
            let unit = reference.units().by_code(code).map(|unit| unit.id);
            if unit.is_none() {
                wrong.push(FieldError::new(field, format!("không có đơn vị '{code}'")));
            }
            unit
        };
        match (unit("/from", &self.from), unit("/to", &self.to)) {
            (Some(from), Some(to)) => of.to(Action::MoveToSuccessor { from, to }),
            _ => Err(Problem::invalid(wrong)),
        }
    }
}

/// The applicant as they really are.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CorrectApplicant {
    #[schema(example = "Nhập sai họ tên")]
    reason: String,
    applicant: PersonInput,
    #[serde(default)]
    at: Option<EnteredAt>,
}

impl Readable for CorrectApplicant {
    fn check(&self) -> Vec<FieldError> {
        let mut wrong = check_text("/reason", &self.reason);
        self.applicant.read("/applicant", &mut wrong);
        wrong
    }
}

impl CorrectApplicant {
    pub fn asks(self, of: &Subject<'_>) -> Result<Request, Problem> {
        let person = self.applicant.read("/applicant", &mut Vec::new());
        let request = Request::correct_applicant(of.id, self.reason, person, of.now);
        Ok(request)
    }
}

/// The delegate as they really are.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CorrectDelegate {
    #[schema(example = "Ghi nhầm tên")]
    reason: String,
    /// Không có: người nộp tự mình nộp, không ủy quyền.
    #[serde(default)]
    delegate: Option<PersonInput>,
    #[serde(default)]
    at: Option<EnteredAt>,
}

impl Readable for CorrectDelegate {
    fn check(&self) -> Vec<FieldError> {
        let mut wrong = check_text("/reason", &self.reason);
        if let Some(delegate) = &self.delegate {
            delegate.read("/delegate", &mut wrong);
        }
        wrong
    }
}

impl CorrectDelegate {
    pub fn asks(self, of: &Subject<'_>) -> Result<Request, Problem> {
        let person = self.delegate.as_ref();
        let person = person.map(|person| person.read("/delegate", &mut Vec::new()));
        Ok(Request::correct_delegate(
            of.id,
            self.reason,
            person,
            of.now,
        ))
    }
}

/// What the receipt should have said; what is left out stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CorrectPapers {
    #[schema(example = "Ghi thiếu một bản sao")]
    reason: String,
    /// Tất cả giấy tờ đã nhận đến nay theo thành phần hồ sơ hiện nay, thay cho những gì đã ghi.
    #[serde(default)]
    items: Option<Vec<ItemInput>>,
    /// Bỏ cả giấy tờ ghi theo phiên bản, thủ tục hoặc trường hợp trước, nay không còn yêu cầu.
    #[serde(default)]
    drop_others: bool,
    /// Số bộ hồ sơ.
    #[serde(default)]
    #[schema(example = 1)]
    sets: Option<u16>,
    /// Cách trả kết quả.
    #[serde(default)]
    return_channel: Option<Channel>,
    #[serde(default)]
    at: Option<EnteredAt>,
}

impl Readable for CorrectPapers {
    fn check(&self) -> Vec<FieldError> {
        let mut wrong = check_text("/reason", &self.reason);
        if let Some(items) = &self.items {
            read_items(items, &mut wrong);
        }
        wrong
    }
}

impl CorrectPapers {
    pub fn asks(self, of: &Subject<'_>) -> Result<Request, Problem> {
        let items = self.items.as_ref();
        let asked = of.to(Action::Correct(Correction::Papers {
            items: items.map(|items| read_items(items, &mut Vec::new())),
            // Whoever does it knows which there are.
            others: Vec::new(),
            sets: self.sets,
            return_channel: self.return_channel,
            reason: self.reason,
        }))?;
        Ok(Request {
            drops_others: self.drop_others,
            ..asked
        })
    }
}

/// Another case of its procedure.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CorrectCase {
    #[schema(example = "Chọn nhầm trường hợp")]
    reason: String,
    /// Trường hợp của thủ tục (hai chữ số).
    #[schema(example = "02")]
    case: String,
    #[serde(default)]
    at: Option<EnteredAt>,
}

impl Readable for CorrectCase {
    fn check(&self) -> Vec<FieldError> {
        check_text("/reason", &self.reason)
    }
}

impl CorrectCase {
    pub fn asks(self, of: &Subject<'_>) -> Result<Request, Problem> {
        let reason = self.reason;
        let asked = of.to(Action::Correct(Correction::Case {
            reason,
            // Whoever does it knows.
            same_fees: false,
        }))?;
        Ok(Request {
            case: Some(self.case),
            ..asked
        })
    }
}

/// What the receipt should have said; what is left out stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CorrectReceipt {
    #[schema(example = "Chọn nhầm thủ tục")]
    reason: String,
    /// Mã thủ tục.
    #[serde(default)]
    #[schema(example = "1.001193")]
    procedure: Option<String>,
    /// Trường hợp của thủ tục đó (hai chữ số).
    #[serde(default)]
    case: Option<String>,
    /// Kênh nộp; của hồ sơ nộp trực tuyến thì không sửa được.
    #[serde(default)]
    channel: Option<Channel>,
    /// Thời điểm tiếp nhận.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime, example = "2021-03-15T10:02:00+07:00")]
    received_at: Option<Moment>,
    /// Khi thủ tục không quy định thời hạn.
    #[serde(default)]
    return_date: Option<ReturnDateInput>,
    #[serde(default)]
    at: Option<EnteredAt>,
}

impl Readable for CorrectReceipt {
    fn check(&self) -> Vec<FieldError> {
        let mut wrong = check_text("/reason", &self.reason);
        if let Some(date) = &self.return_date {
            date.read("", &mut wrong);
        }
        wrong
    }
}

impl CorrectReceipt {
    pub fn asks(self, of: &Subject<'_>) -> Result<Request, Problem> {
        let date = self.return_date.as_ref();
        let asked = of.to(Action::Correct(Correction::Receipt {
            reason: self.reason,
            channel: self.channel,
            received_at: self.received_at,
            return_date: date.map(|date| date.read("", &mut Vec::new())),
            // Whoever does it knows.
            same_fees: false,
        }))?;
        Ok(Request {
            case: self.case,
            procedure: self.procedure,
            ..asked
        })
    }
}

action_bodies! {
    CorrectReceipt, CorrectCase, WithReason, Plain, Receive, HandOver, OtherHands, RequestSupplement, TakeSupplement, RequestPayment, TakePayment,
    Finish, Return, Reappoint, MoveTo, CorrectApplicant, CorrectDelegate, CorrectPapers,
}
