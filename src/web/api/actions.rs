//! `/api/v1/dossiers/{dossier}/…`: what moves a dossier on. Each action is a change and needs
//! `If-Match`; a dossier that has changed since is a 412 with what it is now.

use actix_web::{FromRequest, HttpRequest, HttpResponse, dev, web};
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::acts::access::Caller;
use crate::acts::advance::Request;
use crate::acts::{self, Intent};
use crate::domain::dossier::{Action, Channel, Correction, Decision, Paper, PaymentMethod};
use crate::domain::ids::DossierId;
use crate::domain::moment::Moment;
use crate::error::Error;
use crate::store::Store;
use crate::views;
use crate::views::dossier::DossierView;
use crate::web::access::Staff;
use crate::web::api::check_length;
use crate::web::api::dossiers::{ItemInput, assignee, intent, read_items, resolve};
use crate::web::api::entered_at::EnteredAt;
use crate::web::api::people::PersonInput;
use crate::web::body::{Body, Readable};
use crate::web::headers::{IfMatch, version_tag};
use crate::web::problem::{FieldError, Problem};
use crate::web::{State, with_store};

/// A change to the dossier that the address names.
pub struct Change {
    state: web::Data<State>,
    caller: Caller,
    dossier: String,
    if_match: IfMatch,
}

impl FromRequest for Change {
    type Error = Problem;
    type Future = std::future::Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut dev::Payload) -> Self::Future {
        let mut read = || {
            let staff = Staff::from_request(request, payload).into_inner()?;
            let if_match = IfMatch::from_request(request, payload).into_inner()?;
            let state = request.app_data::<web::Data<State>>().cloned();
            let dossier = request.match_info().get("dossier");
            let missing = || Problem::not_found("không có hồ sơ này");
            Ok(Self {
                state: state.ok_or_else(missing)?,
                caller: Caller::clone(&staff.0),
                dossier: dossier.ok_or_else(missing)?.to_owned(),
                if_match,
            })
        };
        std::future::ready(read())
    }
}

impl Change {
    /// Does an action.
    pub(crate) async fn act(
        self,
        at: Option<EnteredAt>,
        action: impl FnOnce(&Store) -> Result<Action, Problem> + Send + 'static,
    ) -> Result<HttpResponse, Problem> {
        self.request(at, move |store, id, _| Ok(Request::new(id, action(store)?)))
            .await
    }

    /// Does what the request says; the version that the caller has seen is added to it.
    async fn request(
        self,
        at: Option<EnteredAt>,
        request: impl FnOnce(&Store, DossierId, Intent) -> Result<Request, Problem> + Send + 'static,
    ) -> Result<HttpResponse, Problem> {
        let Self {
            state,
            caller,
            dossier,
            if_match,
        } = self;
        let backdating_days = state.settings.backdating_days;
        let view = with_store(&state, move |store| {
            let id = resolve(store, &dossier)?;
            let (at, late_reason) = EnteredAt::parts(at);
            let intent = intent(&caller, at, backdating_days);
            let request = Request {
                version: if_match.version(),
                late_reason,
                ..request(store, id, intent)?
            };
            match acts::advance::act(store, &request, intent) {
                // It may have moved out of reach by this very action.
                Ok(_) => Ok(views::dossier::view(store, id, None, intent.now)?),
                Err(Error::Changed { .. }) => {
                    let current = views::dossier::view(store, id, Some(caller.unit), intent.now)?;
                    let etag = version_tag(current.version);
                    let current = serde_json::to_value(&current).unwrap_or_default();
                    Err(Problem::changed(current, etag))
                }
                Err(error) => Err(error.into()),
            }
        })
        .await?;
        Ok(answer(&view))
    }
}

fn answer(view: &DossierView) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header(("ETag", version_tag(view.version)))
        .insert_header(("Cache-Control", "no-store"))
        .json(view)
}

const MOST_LETTERS: usize = 2000;

fn check_text(field: &str, text: &str) -> Vec<FieldError> {
    let mut wrong = Vec::new();
    check_length(field, text, MOST_LETTERS, &mut wrong);
    wrong
}

/// An action with nothing but a reason.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WithReason {
    /// Lý do.
    #[schema(example = "Hồ sơ không thuộc thẩm quyền")]
    reason: String,
    /// Thời điểm, nếu nhập sau; mặc định là bây giờ.
    #[serde(default)]
    at: Option<EnteredAt>,
}

impl Readable for WithReason {
    fn sound() -> Value {
        json!({"reason": "Hồ sơ không thuộc thẩm quyền", "at": "2026-11-25T08:15:00+07:00"})
    }

    fn check(&self) -> Vec<FieldError> {
        check_text("/reason", &self.reason)
    }
}

/// Taking in what was registered online.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Receive {
    /// Tên đăng nhập của người được giao.
    #[serde(default)]
    assignee: Option<String>,
    #[serde(default)]
    at: Option<EnteredAt>,
}

impl Readable for Receive {
    fn sound() -> Value {
        json!({"assignee": "h37.20.01.officer", "at": "2026-11-25T08:15:00+07:00"})
    }
}

/// Tiếp nhận hồ sơ đã đăng ký trực tuyến; thời hạn bắt đầu tính.
#[utoipa::path(
    post, path = "/api/v1/dossiers/{dossier}/receive", tag = "Xử lý hồ sơ", request_body = Receive,
    params(("dossier" = String, Path, description = "Mã hồ sơ hoặc định danh"),
        ("If-Match" = String, Header, description = "ETag đã đọc, hoặc *")),
    responses((status = 200, description = "Hồ sơ sau thao tác", body = DossierView)),
)]
pub async fn receive(change: Change, body: Body<Receive>) -> Result<HttpResponse, Problem> {
    let Receive { assignee: to, at } = body.value;
    let action = move |store: &Store| {
        let assignee = assignee(store, to.as_deref())?;
        Ok(Action::Receive {
            new: None,
            assignee,
        })
    };
    change.act(at, action).await
}

/// Không tiếp nhận hồ sơ đã đăng ký trực tuyến, có lý do.
#[utoipa::path(
    post, path = "/api/v1/dossiers/{dossier}/not-receive", tag = "Xử lý hồ sơ", request_body = WithReason,
    params(("dossier" = String, Path, description = "Mã hồ sơ hoặc định danh"),
        ("If-Match" = String, Header, description = "ETag đã đọc, hoặc *")),
    responses((status = 200, description = "Hồ sơ sau thao tác", body = DossierView)),
)]
pub async fn not_receive(change: Change, body: Body<WithReason>) -> Result<HttpResponse, Problem> {
    let WithReason { reason, at } = body.value;
    change
        .act(at, move |_| Ok(Action::NotReceive { reason }))
        .await
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
    note: String,
    #[serde(default)]
    at: Option<EnteredAt>,
}

impl Readable for HandOver {
    fn sound() -> Value {
        json!({
            "step": 1, "assignee": "h37.20.01.officer", "note": "",
            "at": "2026-11-25T08:15:00+07:00",
        })
    }

    fn check(&self) -> Vec<FieldError> {
        check_text("/note", &self.note)
    }
}

/// Chuyển đến bước kế tiếp, hoặc trả lại một bước trước.
#[utoipa::path(
    post, path = "/api/v1/dossiers/{dossier}/hand-over", tag = "Xử lý hồ sơ", request_body = HandOver,
    params(("dossier" = String, Path, description = "Mã hồ sơ hoặc định danh"),
        ("If-Match" = String, Header, description = "ETag đã đọc, hoặc *")),
    responses((status = 200, description = "Hồ sơ sau thao tác", body = DossierView)),
)]
pub async fn hand_over(change: Change, body: Body<HandOver>) -> Result<HttpResponse, Problem> {
    let HandOver {
        step,
        assignee: to,
        note,
        at,
    } = body.value;
    let action = move |store: &Store| {
        let assignee = assignee(store, to.as_deref())?;
        Ok(Action::HandOver {
            step,
            assignee,
            note,
        })
    };
    change.act(at, action).await
}

/// What is missing.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RequestSupplement {
    #[schema(example = "Thiếu bản sao giấy khai sinh")]
    reason: String,
    /// Vị trí các giấy tờ còn thiếu.
    #[serde(default)]
    items: Vec<u16>,
    /// Khóa các giấy tờ còn thiếu, thay cho vị trí.
    #[serde(default)]
    keys: Vec<String>,
    #[serde(default)]
    at: Option<EnteredAt>,
}

impl Readable for RequestSupplement {
    fn sound() -> Value {
        json!({
            "reason": "Thiếu bản sao giấy khai sinh", "items": [0], "keys": ["giay-khai-sinh-1a2b3c4d"],
            "at": "2026-11-25T08:15:00+07:00",
        })
    }

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
        wrong
    }
}

/// Yêu cầu bổ sung giấy tờ; thời hạn tạm dừng.
#[utoipa::path(
    post, path = "/api/v1/dossiers/{dossier}/request-supplement", tag = "Xử lý hồ sơ",
    request_body = RequestSupplement,
    params(("dossier" = String, Path, description = "Mã hồ sơ hoặc định danh"),
        ("If-Match" = String, Header, description = "ETag đã đọc, hoặc *")),
    responses((status = 200, description = "Hồ sơ sau thao tác", body = DossierView)),
)]
pub async fn request_supplement(
    change: Change,
    body: Body<RequestSupplement>,
) -> Result<HttpResponse, Problem> {
    let RequestSupplement {
        reason,
        items,
        keys,
        at,
    } = body.value;
    let positions = items.into_iter().map(Paper::Position);
    let items: Vec<_> = positions.chain(keys.into_iter().map(Paper::Key)).collect();
    change
        .act(at, move |_| Ok(Action::RequestSupplement { reason, items }))
        .await
}

/// The papers that came.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TakeSupplement {
    #[serde(default)]
    items: Vec<ItemInput>,
    /// Lý do tiếp tục mà không có giấy tờ bổ sung; bắt buộc khi không nhận giấy tờ nào.
    #[serde(default)]
    reason: String,
    #[serde(default)]
    at: Option<EnteredAt>,
}

impl Readable for TakeSupplement {
    fn sound() -> Value {
        json!({
            "items": [ItemInput::sound()], "reason": "", "at": "2026-11-25T08:15:00+07:00",
        })
    }

    fn check(&self) -> Vec<FieldError> {
        let mut wrong = check_text("/reason", &self.reason);
        read_items(&self.items, &mut wrong);
        wrong
    }
}

/// Nhận giấy tờ bổ sung; thời hạn tính lại từ đầu, hoặc tính tiếp, theo thủ tục.
#[utoipa::path(
    post, path = "/api/v1/dossiers/{dossier}/take-supplement", tag = "Xử lý hồ sơ",
    request_body = TakeSupplement,
    params(("dossier" = String, Path, description = "Mã hồ sơ hoặc định danh"),
        ("If-Match" = String, Header, description = "ETag đã đọc, hoặc *")),
    responses((status = 200, description = "Hồ sơ sau thao tác", body = DossierView)),
)]
pub async fn take_supplement(
    change: Change,
    body: Body<TakeSupplement>,
) -> Result<HttpResponse, Problem> {
    let TakeSupplement { items, reason, at } = body.value;
    let items = read_items(&items, &mut Vec::new());
    change
        .act(at, move |_| Ok(Action::TakeSupplement { items, reason }))
        .await
}

/// What is to be paid.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RequestPayment {
    /// Vị trí các khoản phí của thủ tục, từ 0; số tiền theo thủ tục.
    #[serde(default)]
    #[schema(example = json!([]))]
    fees: Vec<u16>,
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
    fn sound() -> Value {
        json!({
            "fees": [0], "amount_vnd": null, "reason": "Thuế thu nhập cá nhân",
            "at": "2026-11-25T08:15:00+07:00",
        })
    }

    fn check(&self) -> Vec<FieldError> {
        let mut wrong = check_text("/reason", &self.reason);
        match (self.fees.is_empty(), self.amount_vnd) {
            (true, None) => {
                let detail =
                    "cần các khoản phí (fees), hoặc một số tiền khác (amount_vnd) kèm lý do";
                wrong.push(FieldError::new("/amount_vnd", detail));
            }
            (false, Some(_)) => {
                let detail = "chỉ một trong hai: các khoản phí (fees) hoặc một số tiền khác";
                wrong.push(FieldError::new("/amount_vnd", detail));
            }
            (_, Some(amount)) => {
                check_amount(amount, &mut wrong);
                if self.reason.trim().is_empty() {
                    wrong.push(FieldError::new("/reason", "để trống"));
                }
            }
            (false, None) => {}
        }
        if self.fees.len() > 100 {
            wrong.push(FieldError::new("/fees", "quá 100 khoản"));
        }
        wrong
    }
}

fn check_amount(amount_vnd: u64, wrong: &mut Vec<FieldError>) {
    if !(1..=MOST_VND).contains(&amount_vnd) {
        let detail = "phải từ 1 đến 9.999.999.999.999 đồng";
        wrong.push(FieldError::new("/amount_vnd", detail));
    }
}

/// Yêu cầu thực hiện nghĩa vụ tài chính; thời hạn tạm dừng.
#[utoipa::path(
    post, path = "/api/v1/dossiers/{dossier}/request-payment", tag = "Xử lý hồ sơ",
    request_body = RequestPayment,
    params(("dossier" = String, Path, description = "Mã hồ sơ hoặc định danh"),
        ("If-Match" = String, Header, description = "ETag đã đọc, hoặc *")),
    responses((status = 200, description = "Hồ sơ sau thao tác", body = DossierView)),
)]
pub async fn request_payment(
    change: Change,
    body: Body<RequestPayment>,
) -> Result<HttpResponse, Problem> {
    let RequestPayment {
        fees,
        amount_vnd,
        reason,
        at,
    } = body.value;
    let action = move |_: &Store| {
        Ok(Action::RequestPayment {
            fees,
            amount_vnd,
            reason,
        })
    };
    change.act(at, action).await
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
    fn sound() -> Value {
        json!({
            "amount_vnd": 1_500_000, "method": "cash", "receipt": "BL-0001234",
            "at": "2026-11-25T08:15:00+07:00",
        })
    }

    fn check(&self) -> Vec<FieldError> {
        let mut wrong = Vec::new();
        check_length("/receipt", &self.receipt, 100, &mut wrong);
        check_amount(self.amount_vnd, &mut wrong);
        wrong
    }
}

/// Xác nhận đã thực hiện nghĩa vụ tài chính; thời hạn tính tiếp.
#[utoipa::path(
    post, path = "/api/v1/dossiers/{dossier}/take-payment", tag = "Xử lý hồ sơ",
    request_body = TakePayment,
    params(("dossier" = String, Path, description = "Mã hồ sơ hoặc định danh"),
        ("If-Match" = String, Header, description = "ETag đã đọc, hoặc *")),
    responses((status = 200, description = "Hồ sơ sau thao tác", body = DossierView)),
)]
pub async fn take_payment(
    change: Change,
    body: Body<TakePayment>,
) -> Result<HttpResponse, Problem> {
    let TakePayment {
        amount_vnd,
        method,
        receipt,
        at,
    } = body.value;
    let action = move |_: &Store| {
        Ok(Action::TakePayment {
            amount_vnd,
            method: method.unwrap_or(PaymentMethod::Cash),
            receipt,
        })
    };
    change.act(at, action).await
}

/// How it ends.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Finish {
    decision: Decision,
    /// Bắt buộc khi từ chối.
    #[serde(default)]
    reason: String,
    #[serde(default)]
    at: Option<EnteredAt>,
}

impl Readable for Finish {
    fn sound() -> Value {
        json!({"decision": "approved", "reason": "", "at": "2026-11-25T08:15:00+07:00"})
    }

    fn check(&self) -> Vec<FieldError> {
        check_text("/reason", &self.reason)
    }
}

/// Có kết quả giải quyết, hoặc từ chối giải quyết; thời hạn được đánh giá ở đây.
#[utoipa::path(
    post, path = "/api/v1/dossiers/{dossier}/finish", tag = "Xử lý hồ sơ", request_body = Finish,
    params(("dossier" = String, Path, description = "Mã hồ sơ hoặc định danh"),
        ("If-Match" = String, Header, description = "ETag đã đọc, hoặc *")),
    responses((status = 200, description = "Hồ sơ sau thao tác", body = DossierView)),
)]
pub async fn finish(change: Change, body: Body<Finish>) -> Result<HttpResponse, Problem> {
    let Finish {
        decision,
        reason,
        at,
    } = body.value;
    change
        .act(at, move |_| Ok(Action::Finish { decision, reason }))
        .await
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

impl Readable for Return {
    fn sound() -> Value {
        json!({"channel": "direct", "at": "2026-11-25T08:15:00+07:00"})
    }
}

/// Trả kết quả cho người nộp.
#[utoipa::path(
    post, path = "/api/v1/dossiers/{dossier}/return", tag = "Xử lý hồ sơ", request_body = Return,
    params(("dossier" = String, Path, description = "Mã hồ sơ hoặc định danh"),
        ("If-Match" = String, Header, description = "ETag đã đọc, hoặc *")),
    responses((status = 200, description = "Hồ sơ sau thao tác", body = DossierView)),
)]
pub async fn give_back(change: Change, body: Body<Return>) -> Result<HttpResponse, Problem> {
    let Return { channel, at } = body.value;
    let channel = channel.unwrap_or_default();
    change
        .act(at, move |_| Ok(Action::Return { channel }))
        .await
}

/// Công dân yêu cầu rút hồ sơ.
#[utoipa::path(
    post, path = "/api/v1/dossiers/{dossier}/withdraw", tag = "Xử lý hồ sơ", request_body = WithReason,
    params(("dossier" = String, Path, description = "Mã hồ sơ hoặc định danh"),
        ("If-Match" = String, Header, description = "ETag đã đọc, hoặc *")),
    responses((status = 200, description = "Hồ sơ sau thao tác", body = DossierView)),
)]
pub async fn withdraw(change: Change, body: Body<WithReason>) -> Result<HttpResponse, Problem> {
    let WithReason { reason, at } = body.value;
    change
        .act(at, move |_| Ok(Action::Withdraw { reason }))
        .await
}

/// Dừng xử lý, có lý do.
#[utoipa::path(
    post, path = "/api/v1/dossiers/{dossier}/stop", tag = "Xử lý hồ sơ", request_body = WithReason,
    params(("dossier" = String, Path, description = "Mã hồ sơ hoặc định danh"),
        ("If-Match" = String, Header, description = "ETag đã đọc, hoặc *")),
    responses((status = 200, description = "Hồ sơ sau thao tác", body = DossierView)),
)]
pub async fn stop(change: Change, body: Body<WithReason>) -> Result<HttpResponse, Problem> {
    let WithReason { reason, at } = body.value;
    change.act(at, move |_| Ok(Action::Stop { reason })).await
}

/// The apology and the new appointment.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Reappoint {
    #[schema(example = "Chờ ý kiến của cơ quan phối hợp")]
    reason: String,
    /// Trong giờ làm việc, sau hạn trả.
    appointment_at: Moment,
    #[serde(default)]
    at: Option<EnteredAt>,
}

impl Readable for Reappoint {
    fn sound() -> Value {
        json!({
            "reason": "Chờ ý kiến của cơ quan phối hợp",
            "appointment_at": "2026-12-01T16:00:00+07:00", "at": "2026-11-25T08:15:00+07:00",
        })
    }

    fn check(&self) -> Vec<FieldError> {
        check_text("/reason", &self.reason)
    }
}

/// Xin lỗi và hẹn lại ngày trả kết quả, một lần cho mỗi hồ sơ.
#[utoipa::path(
    post, path = "/api/v1/dossiers/{dossier}/reappoint", tag = "Xử lý hồ sơ", request_body = Reappoint,
    params(("dossier" = String, Path, description = "Mã hồ sơ hoặc định danh"),
        ("If-Match" = String, Header, description = "ETag đã đọc, hoặc *")),
    responses((status = 200, description = "Hồ sơ sau thao tác", body = DossierView)),
)]
pub async fn reappoint(change: Change, body: Body<Reappoint>) -> Result<HttpResponse, Problem> {
    let Reappoint {
        reason,
        appointment_at: appointment,
        at,
    } = body.value;
    let action = move |_: &Store| {
        Ok(Action::Reappoint {
            reason,
            appointment,
        })
    };
    change.act(at, action).await
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

impl Readable for MoveTo {
    fn sound() -> Value {
        json!({"from": "H37.20.01", "to": "H37.66", "at": "2026-11-25T08:15:00+07:00"})
    }
}

/// Chuyển hồ sơ của đơn vị đã giải thể sang một đơn vị kế thừa.
#[utoipa::path(
    post, path = "/api/v1/dossiers/{dossier}/move", tag = "Xử lý hồ sơ", request_body = MoveTo,
    params(("dossier" = String, Path, description = "Mã hồ sơ hoặc định danh"),
        ("If-Match" = String, Header, description = "ETag đã đọc, hoặc *")),
    responses((status = 200, description = "Hồ sơ sau thao tác", body = DossierView)),
)]
pub async fn move_to_successor(
    change: Change,
    body: Body<MoveTo>,
) -> Result<HttpResponse, Problem> {
    let MoveTo { from, to, at } = body.value;
    let action = move |store: &Store| {
        let reference = store.reference()?;
        let mut wrong = Vec::new();
        let mut unit = |field: &str, code: &str| {
            let unit = reference.units().by_code(code).map(|unit| unit.id);
            if unit.is_none() {
                wrong.push(FieldError::new(field, format!("không có đơn vị '{code}'")));
            }
            unit
        };
        match (unit("/from", &from), unit("/to", &to)) {
            (Some(from), Some(to)) => Ok(Action::MoveToSuccessor { from, to }),
            _ => Err(Problem::invalid(wrong)),
        }
    };
    change.act(at, action).await
}

/// Hủy thao tác kết thúc, trả kết quả hoặc không tiếp nhận bị nhầm; lịch sử vẫn giữ cả hai.
#[utoipa::path(
    post, path = "/api/v1/dossiers/{dossier}/undo", tag = "Xử lý hồ sơ", request_body = WithReason,
    params(("dossier" = String, Path, description = "Mã hồ sơ hoặc định danh"),
        ("If-Match" = String, Header, description = "ETag đã đọc, hoặc *")),
    responses((status = 200, description = "Hồ sơ sau thao tác", body = DossierView)),
)]
pub async fn undo(change: Change, body: Body<WithReason>) -> Result<HttpResponse, Problem> {
    let WithReason { reason, at } = body.value;
    change
        .act(at, move |_| {
            Ok(Action::Correct(Correction::Undo { reason }))
        })
        .await
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
    fn sound() -> Value {
        json!({
            "reason": "Nhập sai họ tên", "applicant": PersonInput::sound(),
            "at": "2026-11-25T08:15:00+07:00",
        })
    }

    fn check(&self) -> Vec<FieldError> {
        let mut wrong = check_text("/reason", &self.reason);
        self.applicant.read("/applicant", &mut wrong);
        wrong
    }
}

/// Sửa thông tin người nộp.
#[utoipa::path(
    post, path = "/api/v1/dossiers/{dossier}/correct-applicant", tag = "Xử lý hồ sơ",
    request_body = CorrectApplicant,
    params(("dossier" = String, Path, description = "Mã hồ sơ hoặc định danh"),
        ("If-Match" = String, Header, description = "ETag đã đọc, hoặc *")),
    responses((status = 200, description = "Hồ sơ sau thao tác", body = DossierView)),
)]
pub async fn correct_applicant(
    change: Change,
    body: Body<CorrectApplicant>,
) -> Result<HttpResponse, Problem> {
    let CorrectApplicant {
        reason,
        applicant,
        at,
    } = body.value;
    let person = applicant.read("/applicant", &mut Vec::new());
    let request = move |_: &Store, id, intent: Intent| {
        Ok(Request::correct_applicant(id, reason, person, intent.now))
    };
    change.request(at, request).await
}
