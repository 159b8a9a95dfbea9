//! `/api/v1/dossiers/{dossier}/fees`: fees collected and waived, transfer codes, and what payment
//! gateways tell.

use actix_web::{HttpRequest, HttpResponse, web};
use hmac::Mac;
use qrcode::QrCode;
use qrcode::render::svg;
use serde::{Deserialize, Deserializer, Serialize, de};
use utoipa::ToSchema;

use crate::acts::advance::Request;
use crate::acts::receive::Paid;
use crate::domain::dossier::{Action, FeeAsked, MOST_TIMES, Pages, PaymentMethod};
use crate::domain::mac::mac;
use crate::domain::payment::{Misfit, PaymentState};
use crate::domain::text;
use crate::store::payments::Notice;
use crate::web::api::actions::{ActionBody, MOST_VND, Subject, action_bodies, check_amount};
use crate::web::api::answers::{Reply, fresh};
use crate::web::api::call::Call;
use crate::web::api::dossiers::resolve;
use crate::web::api::entered_at::EnteredAt;
use crate::web::api::{check_length, check_no_number};
use crate::web::body::{self, Readable};
use crate::web::problem::{FieldError, Kind, Problem};
use crate::web::{State, with_store};
use crate::{acts, views};

/// A fee of the procedure: its position alone, or with how many times it is owed and why it is this one.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(untagged)]
pub enum FeeInput {
    /// Vị trí khoản phí của thủ tục, từ 0.
    #[schema(example = 0)]
    Position(u16),
    /// Kèm số lượng, hoặc lý do áp dụng mức này.
    Terms(FeeTermsInput),
}

/// A fee with its terms.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FeeTermsInput {
    /// Vị trí khoản phí của thủ tục, từ 0.
    #[schema(example = 0)]
    position: u16,
    /// Số trang, số bản …; mặc định là số đã ghi trước, hoặc 1.
    #[serde(default)]
    #[schema(example = 5)]
    quantity: Option<u32>,
    /// Thay cho quantity, khi tính theo trang: số trang từng bản, cách nhau bởi dấu phẩy; 2x5 là hai bản, mỗi bản 5 trang.
    #[serde(default)]
    #[schema(example = "2x5, 1")]
    pages: Option<String>,
    /// Vì sao áp dụng mức này thay mức thông thường (đối tượng được giảm).
    #[serde(default)]
    #[schema(example = "")]
    reason: String,
}

/// By hand: of what is neither a number nor an object the library's own words would be told.
impl<'de> Deserialize<'de> for FeeInput {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl<'de> de::Visitor<'de> for Visitor {
            type Value = FeeInput;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("u16")
            }

            fn visit_u64<E: de::Error>(self, position: u64) -> Result<FeeInput, E> {
                let position = u16::try_from(position);
                let none = |_| E::custom("không có khoản phí ở vị trí này");
                position.map(FeeInput::Position).map_err(none)
            }

            fn visit_map<A: de::MapAccess<'de>>(self, map: A) -> Result<FeeInput, A::Error> {
                let map = de::value::MapAccessDeserializer::new(map);
                FeeTermsInput::deserialize(map).map(FeeInput::Terms)
            }
        }

        deserializer.deserialize_any(Visitor)
    }
}

impl From<FeeInput> for FeeAsked {
    fn from(input: FeeInput) -> Self {
        match input {
            FeeInput::Position(fee) => fee.into(),
            FeeInput::Terms(terms) => Self {
                fee: terms.position,
                quantity: terms.quantity,
                // What is none was refused before.
                pages: terms.pages.and_then(|pages| pages.try_into().ok()),
                reason: terms.reason,
            },
        }
    }
}

/// As rules take them.
pub(crate) fn asked(fees: Vec<FeeInput>) -> Vec<FeeAsked> {
    fees.into_iter().map(FeeAsked::from).collect()
}

/// What is wrong with fees before anything is known of the dossier.
pub(crate) fn check_fees(pointer: &str, fees: &[FeeInput], wrong: &mut Vec<FieldError>) {
    if fees.len() > 100 {
        wrong.push(FieldError::new(pointer, "quá 100 khoản"));
    }
    for (i, fee) in fees.iter().enumerate() {
        let FeeInput::Terms(terms) = fee else {
            continue;
        };
        if terms
            .quantity
            .is_some_and(|times| !(1..=MOST_TIMES).contains(&times))
        {
            let detail = "phải từ 1 đến 100.000";
            wrong.push(FieldError::new(format!("{pointer}/{i}/quantity"), detail));
        }
        let field = format!("{pointer}/{i}/pages");
        match terms.pages.clone().map(Pages::try_from) {
            Some(Err(error)) => wrong.push(FieldError::new(field, error.to_string())),
            Some(Ok(_)) if terms.quantity.is_some() => {
                wrong.push(FieldError::new(
                    field,
                    "chỉ ghi một trong hai: quantity hoặc pages",
                ));
            }
            _ => {}
        }
        let field = format!("{pointer}/{i}/reason");
        check_length(&field, &terms.reason, 2000, wrong);
        check_no_number(&field, &terms.reason, wrong);
    }
}

/// How many times fees are owed, and which of several.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Set {
    #[schema(example = json!([{"position": 0, "quantity": 5}]))]
    fees: Vec<FeeInput>,
    #[serde(default)]
    at: Option<EnteredAt>,
}

impl Readable for Set {
    fn check(&self) -> Vec<FieldError> {
        let mut wrong = Vec::new();
        check_fees("/fees", &self.fees, &mut wrong);
        wrong
    }
}

impl Set {
    pub fn asks(self, of: &Subject<'_>) -> Result<Request, Problem> {
        of.to(Action::SetFees {
            fees: asked(self.fees),
        })
    }
}

/// Money that was paid back.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Refund {
    /// Đồng; không quá số đã nộp và chưa hoàn trả.
    #[schema(example = 100000)]
    amount_vnd: u64,
    /// Vị trí các khoản phí được hoàn trả toàn bộ, khi đó phải nộp lại nếu còn phải nộp; bỏ trống khi chỉ hoàn trả một
    /// phần.
    #[serde(default)]
    #[schema(example = json!([]))]
    fees: Vec<u16>,
    method: PaymentMethod,
    /// Số chứng từ.
    #[serde(default)]
    #[schema(example = "PC-0000012")]
    receipt: String,
    /// Lý do hoàn trả.
    #[schema(example = "Nộp thừa")]
    reason: String,
    #[serde(default)]
    at: Option<EnteredAt>,
}

impl Readable for Refund {
    fn check(&self) -> Vec<FieldError> {
        let mut wrong = Vec::new();
        check_length("/receipt", &self.receipt, 100, &mut wrong);
        check_length("/reason", &self.reason, 2000, &mut wrong);
        check_no_number("/reason", &self.reason, &mut wrong);
        if self.reason.trim().is_empty() {
            wrong.push(FieldError::new("/reason", "để trống"));
        }
        if self.fees.len() > 100 {
            wrong.push(FieldError::new("/fees", "quá 100 khoản"));
        }
        check_amount(self.amount_vnd, &mut wrong);
        wrong
    }
}

impl Refund {
    pub fn asks(self, of: &Subject<'_>) -> Result<Request, Problem> {
        of.to(Action::RefundFees {
            amount_vnd: self.amount_vnd,
            fees: self.fees,
            method: self.method,
            receipt: self.receipt,
            reason: self.reason,
        })
    }
}

/// Fees that were paid at the desk.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Collect {
    /// Các khoản phí của thủ tục: vị trí, từ 0, hoặc kèm số lượng, lý do áp dụng mức đó.
    #[schema(example = json!([0, {"position": 1, "quantity": 5}]))]
    fees: Vec<FeeInput>,
    method: PaymentMethod,
    /// Tổng số tiền, đồng; bắt buộc khi có khoản mà danh mục không ghi mức thu (do địa phương quy định).
    #[serde(default)]
    #[schema(example = json!(null))]
    amount_vnd: Option<u64>,
    /// Số biên lai.
    #[serde(default)]
    #[schema(example = "BL-0001234")]
    receipt: String,
    #[serde(default)]
    at: Option<EnteredAt>,
}

impl Readable for Collect {
    fn check(&self) -> Vec<FieldError> {
        let mut wrong = Vec::new();
        check_length("/receipt", &self.receipt, 100, &mut wrong);
        check_fees("/fees", &self.fees, &mut wrong);
        if let Some(amount) = self.amount_vnd {
            check_amount(amount, &mut wrong);
        }
        wrong
    }
}

impl Collect {
    /// As it is paid when a dossier is taken in.
    pub(crate) fn paid(self) -> Paid {
        Paid {
            fees: asked(self.fees),
            amount_vnd: self.amount_vnd,
            method: self.method,
            receipt: self.receipt,
        }
    }

    pub fn asks(self, of: &Subject<'_>) -> Result<Request, Problem> {
        of.to(Action::CollectFees {
            fees: asked(self.fees),
            amount_vnd: self.amount_vnd,
            method: self.method,
            receipt: self.receipt,
        })
    }
}

/// A fee that is not owed.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Waive {
    /// Vị trí khoản phí, từ 0.
    #[schema(example = 0)]
    fee: u16,
    /// Lý do miễn.
    #[schema(example = "Hộ nghèo")]
    reason: String,
    #[serde(default)]
    at: Option<EnteredAt>,
}

impl Readable for Waive {
    fn check(&self) -> Vec<FieldError> {
        let mut wrong = Vec::new();
        check_length("/reason", &self.reason, 2000, &mut wrong);
        check_no_number("/reason", &self.reason, &mut wrong);
        wrong
    }
}

impl Waive {
    pub fn asks(self, of: &Subject<'_>) -> Result<Request, Problem> {
        of.to(Action::WaiveFee {
            fee: self.fee,
            reason: self.reason,
        })
    }

    /// It was not waived after all.
    pub fn cancels(self, of: &Subject<'_>) -> Result<Request, Problem> {
        of.to(Action::CancelWaiver {
            fee: self.fee,
            reason: self.reason,
        })
    }
}

action_bodies!(Set, Collect, Waive, Refund);

/// A transfer code for what is owed.
#[derive(Serialize, ToSchema)]
pub struct TransferCode {
    /// Đồng.
    #[schema(example = 25000)]
    amount_vnd: u64,
    /// Nội dung chuyển khoản.
    #[schema(example = "H37.20.01-210301-0001")]
    purpose: String,
    /// Mã ngân hàng của NAPAS.
    #[schema(example = "970405")]
    bank: String,
    /// Số tài khoản.
    #[schema(example = "8400205123456")]
    account: String,
    /// Nội dung mã VietQR.
    #[schema(example = "00020101021238570010A000000727…6304ABCD")]
    text: String,
    /// Mã QR, dạng SVG.
    #[schema(example = "<svg …>")]
    svg: String,
}

pub async fn transfer_code(call: Call) -> Reply<TransferCode> {
    let dossier = call.named::<String>()?;
    let owed = call.run(move |store, by, now| {
        let id = resolve(store, &dossier)?;
        views::dossier::opened(store, id, &by.reader(), now)?;
        Ok(views::payments::owed(store, id, by.unit)?)
    });
    let owed = owed.await?;
    // Whose dossier it is comes before whether there is an account.
    let account = call.state.settings.bank_account.as_ref().ok_or_else(|| {
        let detail = "chưa cấu hình tài khoản thu phí (mục payments)";
        Problem::new(Kind::NotConfigured, detail)
    })?;
    let purpose = owed.case_number.to_string();
    let refused = |reason: &dyn std::fmt::Display| {
        let reason = format!("không lập được mã chuyển khoản: {reason}");
        Problem::refused("no_transfer_code", reason)
    };
    if owed.more_unknown {
        let reason =
            "có khoản phí do địa phương quy định mức thu: yêu cầu nộp tiền kèm số tiền trước";
        return Err(refused(&reason));
    }
    if owed.amount_vnd == 0 {
        return Err(refused(&"không còn khoản nào phải nộp"));
    }
    let text = account
        .transfer_code(owed.amount_vnd, &purpose)
        .map_err(|error| refused(&error))?;
    let code = QrCode::new(&text).map_err(|error| refused(&error))?;
    let mut svg = code.render::<svg::Color<'_>>();
    svg.min_dimensions(240, 240);
    Ok(fresh(TransferCode {
        amount_vnd: owed.amount_vnd,
        bank: account.bank().to_owned(),
        account: account.number().to_owned(),
        purpose,
        svg: svg.build(),
        text,
    }))
}

/// A payment that a gateway tells of. Gateways add fields of their own: money that has come in is recorded all the same.
#[derive(Deserialize, ToSchema)]
pub struct Payment {
    /// Số giao dịch của cổng thanh toán; mỗi giao dịch được ghi nhận một lần.
    #[serde(deserialize_with = "as_text")]
    #[schema(example = "FT26330123456789")]
    transaction: String,
    /// Mã hồ sơ, hoặc nội dung chuyển khoản có mã hồ sơ; không có thì khoản nộp chờ người xử lý.
    #[serde(default, deserialize_with = "as_text")]
    #[schema(example = "H37.20.01-210301-0001")]
    case_number: String,
    /// Đồng; cũng nhận "25.000" và 25000.0.
    #[serde(deserialize_with = "whole_vnd")]
    #[schema(example = 25000)]
    amount_vnd: u64,
}

/// The most letters of what a payment is for, as it is kept.
const LONGEST_PURPOSE: usize = 300;

/// A text, or a number that stands for one.
fn as_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    match serde_json::Value::deserialize(deserializer)? {
        serde_json::Value::String(text) => Ok(text::line(&text)),
        serde_json::Value::Number(number) => Ok(number.to_string()),
        serde_json::Value::Null => Ok(String::new()),
        _ => Err(de::Error::custom("cần một đoạn chữ")),
    }
}

/// A whole number of đồng, however a gateway writes one.
fn whole_vnd<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    let value = serde_json::Value::deserialize(deserializer)?;
    let whole = |amount: f64| amount.fract() == 0.0 && (0.0..1e15).contains(&amount);
    let amount = match &value {
        serde_json::Value::String(text) => text::read_number(text),
        // Exact below 2^53.
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        value => value.as_u64().or_else(|| {
            let amount = value.as_f64().filter(|amount| whole(*amount))?;
            Some(amount as u64)
        }),
    };
    amount.ok_or_else(|| de::Error::custom("cần số tiền nguyên, tính bằng đồng"))
}

impl Readable for Payment {
    const LIMIT: usize = 8 * 1024;

    fn check(&self) -> Vec<FieldError> {
        let mut wrong = Vec::new();
        if !(1..=100).contains(&self.transaction.chars().count()) {
            wrong.push(FieldError::new("/transaction", "có 1 đến 100 ký tự"));
        }
        if !(1..=MOST_VND).contains(&self.amount_vnd) {
            let detail = "phải từ 1 đến 9.999.999.999.999 đồng";
            wrong.push(FieldError::new("/amount_vnd", detail));
        }
        wrong
    }
}

/// What became of a payment.
#[derive(Serialize, ToSchema)]
pub struct PaymentTaken {
    /// It had been recorded before.
    taken_before: bool,
    /// `taken`, or `unmatched`: it is kept, and people see to it.
    #[schema(value_type = String, example = "taken")]
    state: PaymentState,
    /// Why it fits nothing.
    #[schema(value_type = Option<String>, example = "other_amount")]
    reason: Option<Misfit>,
}

/// Cổng thanh toán báo đã nhận tiền: ghi lại, rồi khớp với hồ sơ; không khớp thì giữ lại cho người xử lý.
/// Tiêu đề X-Signature: HMAC-SHA256 của nội dung, dạng hex.
#[utoipa::path(
    post, path = "/api/v1/payments", tag = "Phí, lệ phí", request_body = Payment,
    params(("X-Signature" = String, Header, description = "HMAC-SHA256 của nội dung với khóa chung, dạng hex")),
    responses((status = 200, description = "Đã ghi nhận", body = PaymentTaken)),
)]
pub async fn take_gateway_payment(
    state: web::Data<State>,
    request: HttpRequest,
    payload: web::Payload,
) -> Result<HttpResponse, Problem> {
    let Some(secret) = state.settings.gateway_secret.as_deref() else {
        let detail = "chưa cấu hình khóa của cổng thanh toán (mục payments)";
        return Err(Problem::new(Kind::NotConfigured, detail));
    };
    let signature = request.headers().get("x-signature");
    let signature = signature.and_then(|value| {
        data_encoding::HEXLOWER_PERMISSIVE
            .decode(value.as_bytes())
            .ok()
    });
    let payload = payload.into_inner();
    let (bytes, _counted) = state.intake.read(&request, payload, Payment::LIMIT).await?;
    // In constant time.
    let signed =
        signature.is_some_and(|signature| mac(secret, &[&bytes]).verify_slice(&signature).is_ok());
    if !signed {
        let detail = "X-Signature không phải chữ ký của nội dung này";
        return Err(Problem::new(Kind::BadSignature, detail));
    }
    body::ensure_json(&request)?;
    let payment: Payment = match body::read(&bytes) {
        Ok(payment) => payment,
        // It is from the gateway, so there is money that nobody would hear of.
        Err(problem) => {
            let noted = with_store(&state, |store| {
                Ok::<_, Problem>(acts::pay::note_unreadable(store, crate::clock::now())?)
            });
            noted.await?;
            return Err(problem);
        }
    };
    let taken = with_store(&state, move |store| {
        let notice = Notice {
            transaction: payment.transaction,
            // What is no number of ours is kept as it is: the money has come in.
            case_number: payment.case_number.chars().take(LONGEST_PURPOSE).collect(),
            amount_vnd: payment.amount_vnd,
        };
        Ok::<_, Problem>(acts::pay::take_notice(store, notice, crate::clock::now())?)
    })
    .await?;
    Ok(HttpResponse::Ok().json(PaymentTaken {
        taken_before: taken.before,
        state: taken.value.state,
        reason: taken.value.misfit,
    }))
}
