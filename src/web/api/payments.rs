//! `/api/v1/payments`: what gateways have told of, and what people do about money that fits nothing.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::acts::pay::Handling;
use crate::domain::ids::DossierId;
use crate::domain::moment::Moment;
use crate::domain::payment::{Misfit, PaymentAct, PaymentState};
use crate::store::Store;
use crate::views::list::StaffName;
use crate::views::payments::PaymentFile;
use crate::web::api::answers::{Reply, fresh};
use crate::web::api::call::Call;
use crate::web::api::dossiers::{intent, resolve};
use crate::web::api::fees::{FeeInput, asked, check_fees};
use crate::web::api::page::{ListQuery, Page, Row};
use crate::web::api::{check_no_number, check_text};
use crate::web::body::{Body, Readable};
use crate::web::headers::IdempotencyKey;
use crate::web::params::Parameters;
use crate::web::problem::{FieldError, Problem};
use crate::{acts, render, views};

/// A payment that a gateway has told of.
#[derive(Serialize, ToSchema)]
pub struct PaymentView {
    /// For the addresses of what can be done.
    id: i64,
    /// The gateway's own number of it.
    #[schema(example = "FT26330123456789")]
    transaction: String,
    /// As the gateway told it; perhaps no number of ours.
    #[schema(example = "H37.20.01-210301-0001")]
    case_number: String,
    /// In đồng.
    #[schema(example = 25000)]
    amount_vnd: u64,
    received_at: Moment,
    /// `received` (not matched yet), `taken`, `unmatched`, `paid_back`.
    #[schema(value_type = String, example = "unmatched")]
    state: PaymentState,
    /// Why it fits nothing: `unknown_dossier`, `other_amount`, `nothing_owed`, `not_received`, `closed`,
    /// `transaction_reused`, `refused`, `unreadable`.
    #[schema(value_type = Option<String>, example = "other_amount")]
    reason: Option<Misfit>,
    /// The same in words.
    #[schema(example = "số tiền khác với số phải nộp")]
    reason_name: Option<&'static str>,
    /// The dossier for which it was taken, or to which its number belongs.
    dossier: Option<DossierId>,
    dossier_case_number: Option<String>,
    settled_at: Option<Moment>,
    /// What people did about it, oldest first.
    acts: Vec<PaymentActView>,
    /// What can be done now, as the addresses name it: `take`, `pay-back`, `note`.
    allowed: &'static [&'static str],
}

/// What somebody did about a payment.
#[derive(Serialize, ToSchema)]
pub struct PaymentActView {
    at: Moment,
    by: Option<StaffName>,
    /// `taken`, `paid_back`, `noted`.
    #[schema(value_type = String, example = "paid_back")]
    kind: PaymentAct,
    reason: String,
}

impl From<PaymentFile> for PaymentView {
    fn from(file: PaymentFile) -> Self {
        let payment = file.payment;
        let acts = file.acts.into_iter().map(|(act, by)| PaymentActView {
            at: act.at,
            by,
            kind: act.kind,
            reason: act.reason,
        });
        Self {
            id: payment.id,
            transaction: payment.notice.transaction,
            case_number: payment.notice.case_number,
            amount_vnd: payment.notice.amount_vnd,
            received_at: payment.received_at,
            state: payment.state,
            reason: payment.misfit,
            reason_name: payment.misfit.map(render::words::misfit),
            dossier: payment.dossier,
            dossier_case_number: file.case_number,
            settled_at: payment.settled_at,
            acts: acts.collect(),
            allowed: match payment.state {
                PaymentState::Unmatched => &["take", "pay-back", "note"],
                _ => &["note"],
            },
        }
    }
}

impl Row for PaymentView {
    const PAGE: &'static str = "PaymentPage";
}

/// A page of payments.
pub type PaymentPage = Page<PaymentView>;

/// Parameters of the list of payments.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Filter {
    /// received (vừa nhận), taken (đã ghi nhận), unmatched (không khớp), paid_back (đã hoàn trả).
    #[serde(default)]
    #[param(value_type = Option<String>, example = "unmatched")]
    state: Option<PaymentState>,
}

impl Filter {
    pub(crate) const fn state(&self) -> Option<PaymentState> {
        self.state
    }
}

impl Parameters for Filter {
    const NAMES: &'static [&'static str] = &["state"];
}

pub async fn list(call: Call, query: ListQuery<Filter, i64>) -> Reply<PaymentPage> {
    let ListQuery { filter, page } = query;
    let (before, limit) = (page.after, page.and_one());
    let files = call.run(move |store, by, _| {
        Ok(views::payments::list_payments(
            store,
            by.unit,
            filter.state,
            before,
            limit,
        )?)
    });
    let page = page.page(files.await?, |file| file.payment.id);
    Ok(fresh(page.map(PaymentView::from)))
}

pub(crate) fn named(call: &Call) -> Result<i64, Problem> {
    let id = call.named::<String>()?.parse().map_err(|_| ());
    id.map_err(|()| Problem::not_found("không có khoản tiền này"))
}

pub async fn show(call: Call) -> Reply<PaymentView> {
    let id = named(&call)?;
    let file = call.run(move |store, by, _| Ok(views::payments::show_payment(store, id, by.unit)?));
    file.await.map(PaymentView::from).map(fresh)
}

/// Does what there is to do about a payment; with a key that was used before, nothing more.
async fn handle(
    call: &Call,
    (what, key, hash): (&str, IdempotencyKey, Vec<u8>),
    reason: String,
    handling: impl FnOnce(&Store) -> Result<Handling, Problem> + Send + 'static,
) -> Result<PaymentFile, Problem> {
    let id = named(call)?;
    let key = key.of_staff(&format!("payment:{id}:{what}"), &call.by, hash);
    let intent = intent(call, None);
    call.run(move |store, by, _| {
        let handling = handling(store)?;
        acts::pay::handle_payment(store, id, handling, &reason, intent, key)?;
        Ok(views::payments::show_payment(store, id, by.unit)?)
    })
    .await
}

const MOST_LETTERS: usize = 2000;

/// For what a payment is to be taken.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TakeFor {
    /// Mã hồ sơ hoặc định danh.
    #[schema(example = "H37.20.01-210301-0001")]
    dossier: String,
    /// Các khoản phí của thủ tục: vị trí, từ 0, hoặc kèm số lượng, lý do áp dụng mức đó; không có thì là khoản đang được
    /// yêu cầu nộp.
    #[serde(default)]
    #[schema(example = json!([0]))]
    fees: Vec<FeeInput>,
    /// Phần nộp thừa, hoàn trả người nộp, đồng; phần còn lại phải đúng bằng số phải nộp.
    #[serde(default)]
    #[schema(example = json!(null))]
    excess_vnd: Option<u64>,
    /// Lý do.
    #[schema(example = "Người nộp ghi nhầm mã hồ sơ")]
    reason: String,
}

impl Readable for TakeFor {
    fn check(&self) -> Vec<FieldError> {
        let mut wrong = Vec::new();
        check_text("/dossier", &self.dossier, 100, &mut wrong);
        check_fees("/fees", &self.fees, &mut wrong);
        check_text("/reason", &self.reason, MOST_LETTERS, &mut wrong);
        wrong
    }
}

pub async fn take(call: Call, key: IdempotencyKey, body: Body<TakeFor>) -> Reply<PaymentView> {
    let file = take_for(&call, key, body.hash, body.value).await;
    file.map(PaymentView::from).map(fresh)
}

/// Takes the payment that the address names for fees of a dossier.
pub(crate) async fn take_for(
    call: &Call,
    key: IdempotencyKey,
    hash: Vec<u8>,
    new: TakeFor,
) -> Result<PaymentFile, Problem> {
    let TakeFor {
        dossier,
        fees,
        excess_vnd,
        reason,
    } = new;
    let handling = move |store: &Store| {
        let dossier = resolve(store, dossier.trim())?;
        Ok(Handling::Take {
            dossier,
            fees: asked(fees),
            excess_vnd: excess_vnd.unwrap_or(0),
        })
    };
    handle(call, ("take", key, hash), reason, handling).await
}

/// Why, or what is to be known.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PaymentNote {
    #[schema(example = "Đã hoàn trả theo ủy nhiệm chi số 12")]
    reason: String,
}

impl Readable for PaymentNote {
    fn check(&self) -> Vec<FieldError> {
        let mut wrong = Vec::new();
        check_text("/reason", &self.reason, MOST_LETTERS, &mut wrong);
        check_no_number("/reason", &self.reason, &mut wrong);
        wrong
    }
}

/// What may be said of a payment without a dossier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Saying {
    PaidBack,
    Noted,
}

/// Says that of the payment that the address names.
pub(crate) async fn say(
    call: &Call,
    what: Saying,
    key: IdempotencyKey,
    hash: Vec<u8>,
    note: PaymentNote,
) -> Result<PaymentFile, Problem> {
    let (name, handling) = match what {
        Saying::PaidBack => ("pay-back", Handling::PayBack),
        Saying::Noted => ("note", Handling::Note),
    };
    handle(call, (name, key, hash), note.reason, |_| Ok(handling)).await
}

pub async fn pay_back(
    call: Call,
    key: IdempotencyKey,
    body: Body<PaymentNote>,
) -> Reply<PaymentView> {
    let file = say(&call, Saying::PaidBack, key, body.hash, body.value).await;
    file.map(PaymentView::from).map(fresh)
}

pub async fn note(call: Call, key: IdempotencyKey, body: Body<PaymentNote>) -> Reply<PaymentView> {
    let file = say(&call, Saying::Noted, key, body.hash, body.value).await;
    file.map(PaymentView::from).map(fresh)
}
