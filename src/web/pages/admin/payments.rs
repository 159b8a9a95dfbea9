//! `/quan-tri/khoan-nop`: money that payment gateways have told of, and what is done about what fits nothing.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, ResponseError};
use askama::Template;

use crate::domain::moment::Moment;
use crate::domain::payment::{Misfit, PaymentState};
use crate::domain::role::Permission;
use crate::render::words;
use crate::store::payments::{Act, Payment};
use crate::views;
use crate::views::list::StaffName;
use crate::views::payments::{PaymentFile, Takes};
use crate::web::api::call::Call;
use crate::web::api::dossiers::resolve;
use crate::web::api::page::ListQuery;
use crate::web::api::payments::{self, Filter, PaymentNote, Saying, TakeFor};
use crate::web::body;
use crate::web::headers::IdempotencyKey;
use crate::web::pages::forms::{Choice, Field, Fields, FormPart};
use crate::web::pages::receive::vnd;
use crate::web::pages::{Frame, drafts, page};
use crate::web::problem::{Kind, Problem};

const PATH: &str = "/quan-tri/khoan-nop";

const STATE: &str = "state";
const ALL: &str = "all";
const DOSSIER: &str = "dossier";
const KEY: &str = "key";

/// The lists: as the query names them, and as people do.
const LISTS: [(&str, &str); 4] = [
    ("unmatched", "Chưa khớp"),
    ("taken", "Đã ghi nhận"),
    ("paid_back", "Đã hoàn trả"),
    (ALL, "Tất cả"),
];

struct Tab {
    address: String,
    word: &'static str,
    here: bool,
}

#[derive(Template)]
#[template(path = "admin/payments.html")]
struct PaymentsPage {
    frame: Frame,
    tabs: Vec<Tab>,
    rows: Vec<PaymentFile>,
    next: Option<String>,
    done: bool,
}

#[derive(Template)]
#[template(path = "admin/payment.html")]
struct PaymentPage {
    frame: Frame,
    file: PaymentFile,
    open: bool,
    may_open_dossier: bool,
    done: bool,
}

#[derive(Template)]
#[template(path = "admin/payment_act.html")]
struct ActPage {
    frame: Frame,
    title: &'static str,
    file: PaymentFile,
    address: String,
    /// The dossier is still to be named.
    asks_number: bool,
    /// What is owed there, in words.
    owed: Vec<String>,
    form: FormPart,
    /// Nothing of this may be done any more.
    settled: bool,
}

fn moment(moment: Moment) -> String {
    words::moment(moment)
}

fn amount(payment: &Payment) -> String {
    vnd(payment.notice.amount_vnd)
}

fn reason(misfit: Option<Misfit>) -> &'static str {
    misfit.map_or("–", words::misfit)
}

impl PaymentsPage {
    fn moment(at: &Moment) -> String {
        moment(*at)
    }

    fn amount(payment: &Payment) -> String {
        amount(payment)
    }

    fn reason(payment: &Payment) -> &'static str {
        reason(payment.misfit)
    }

    fn state(payment: &Payment) -> &'static str {
        words::payment_state(payment.state)
    }
}

impl PaymentPage {
    fn moment(at: &Moment) -> String {
        moment(*at)
    }

    fn amount(&self) -> String {
        amount(&self.file.payment)
    }

    fn reason(&self) -> &'static str {
        reason(self.file.payment.misfit)
    }

    fn state(&self) -> &'static str {
        words::payment_state(self.file.payment.state)
    }

    fn act(act: &Act) -> &'static str {
        words::payment_act(act.kind)
    }

    fn by(by: &Option<StaffName>) -> &str {
        by.as_ref().map_or("–", |staff| &staff.full_name)
    }
}

impl ActPage {
    fn amount(&self) -> String {
        amount(&self.file.payment)
    }
}

/// `GET /quan-tri/khoan-nop`: what fits nothing, if nothing else is asked for.
pub async fn list(call: Call, mut typed: Fields) -> Result<HttpResponse, Problem> {
    if typed.typed(STATE).is_none() {
        typed.set(STATE, LISTS[0].0);
    }
    let shown = typed.get(STATE).to_owned();
    let query = match shown.as_str() {
        ALL => typed.query_without(&[STATE, "xong"]),
        _ => typed.query_without(&["xong"]),
    };
    let ListQuery {
        filter,
        page: asked,
    } = ListQuery::<Filter, i64>::read(&query)?;
    let (before, limit, state) = (asked.after, asked.and_one(), filter.state());
    let files = call.run(move |store, by, _| {
        Ok(views::payments::list_payments(
            store, by.unit, state, before, limit,
        )?)
    });
    let (rows, next) = asked
        .page(files.await?, |file| file.payment.id)
        .into_parts();
    let next = next.map(|next| {
        let query = serde_urlencoded::to_string([(STATE, &shown), ("after", &next)]);
        format!("{PATH}?{}", query.unwrap_or_default())
    });
    let tabs = LISTS.iter().map(|(state, word)| Tab {
        address: format!("{PATH}?{STATE}={state}"),
        word,
        here: *state == shown,
    });
    let shown = PaymentsPage {
        frame: Frame::of(&call.by, super::PATH),
        tabs: tabs.collect(),
        rows,
        next,
        done: typed.get("xong") == "1",
    };
    page(StatusCode::OK, &shown)
}

async fn file(call: &Call) -> Result<PaymentFile, Problem> {
    let id = payments::named(call)?;
    call.run(move |store, by, _| Ok(views::payments::show_payment(store, id, by.unit)?))
        .await
}

/// `GET /quan-tri/khoan-nop/{payment}`.
pub async fn show(call: Call, typed: Fields) -> Result<HttpResponse, Problem> {
    let file = file(&call).await?;
    let shown = PaymentPage {
        frame: Frame::of(&call.by, super::PATH),
        open: file.payment.state == PaymentState::Unmatched,
        may_open_dossier: call.by.may(Permission::ReadDossiers),
        done: typed.get("xong") == "1",
        file,
    };
    page(StatusCode::OK, &shown)
}

fn key() -> Field {
    Field::hidden(KEY, uuid::Uuid::new_v4().simple())
}

fn why(label: &str, hint: &str) -> Field {
    Field::area("reason", label).required().hint(hint)
}

/// What is done about a payment: a page each.
#[derive(Clone, Copy, PartialEq, Eq)]
enum What {
    Take,
    Say(Saying),
}

impl What {
    const fn title(self) -> &'static str {
        match self {
            Self::Take => "Ghi nhận cho một hồ sơ",
            Self::Say(Saying::PaidBack) => "Đã hoàn trả người nộp",
            Self::Say(Saying::Noted) => "Ghi chú",
        }
    }

    const fn slug(self) -> &'static str {
        match self {
            Self::Take => "ghi-nhan",
            Self::Say(Saying::PaidBack) => "hoan-tra",
            Self::Say(Saying::Noted) => "ghi-chu",
        }
    }
}

struct Asked {
    asks_number: bool,
    owed: Vec<String>,
    form: FormPart,
}

/// Where the form of it is, and where it is sent to.
fn place(file: &PaymentFile, what: What) -> String {
    format!("{PATH}/{}/{}", file.payment.id, what.slug())
}

fn answer(
    call: &Call,
    status: StatusCode,
    what: What,
    file: PaymentFile,
    asked: Asked,
) -> Result<HttpResponse, Problem> {
    let settled = file.payment.state != PaymentState::Unmatched;
    let shown = ActPage {
        frame: Frame::of(&call.by, super::PATH).wrong(!asked.form.errors.is_empty()),
        title: what.title(),
        address: place(&file, what),
        settled: settled && what != What::Say(Saying::Noted),
        asks_number: asked.asks_number,
        owed: asked.owed,
        form: asked.form,
        file,
    };
    page(status, &shown)
}

/// The number of the dossier, first.
fn number(value: &str) -> Asked {
    let mut field = Field::text(DOSSIER, "Mã hồ sơ").required();
    field.focus = true;
    Asked {
        asks_number: true,
        owed: Vec::new(),
        form: FormPart::new(vec![field.value(value)]),
    }
}

/// Then what it is taken for: the payment that was asked for, or fees.
fn taking(payment: &Payment, takes: &Takes) -> Asked {
    let mut dossier = Field::text(DOSSIER, "").value(&takes.case_number);
    dossier.kind = "hidden";
    let mut fields = vec![dossier];
    let mut owed = Vec::new();
    match takes.requested_vnd {
        Some(asked) => owed.push(format!("Đang yêu cầu nộp: {}", vnd(asked))),
        None => {
            let sum = |sum: Option<u64>| sum.map_or_else(|| "chưa rõ mức thu".to_owned(), vnd);
            let choices = takes.fees.iter().map(|fee| {
                Choice::new(fee.position, format!("{}: {}", fee.name, sum(fee.sum_vnd)))
            });
            let mut fees = Field::numbers("fees", "Ghi nhận cho khoản", choices.collect());
            // The one that fits is the one that was meant.
            let amount = payment.notice.amount_vnd;
            let mut fits = takes.fees.iter().filter(|fee| fee.sum_vnd == Some(amount));
            if let (Some(one), None) = (fits.next(), fits.next()) {
                fees.values = vec![one.position.to_string()];
            }
            match takes.fees.is_empty() {
                true => owed.push("Hồ sơ này không còn khoản nào phải nộp.".to_owned()),
                false => fields.push(fees),
            }
        }
    }
    fields.push(
        Field::number("excess_vnd", "Phần nộp thừa, hoàn trả người nộp (đồng)")
            .hint("Phần còn lại phải đúng bằng số phải nộp."),
    );
    fields.push(why("Lý do", "Ví dụ: người nộp ghi nhầm mã hồ sơ."));
    fields.push(key());
    Asked {
        asks_number: false,
        owed,
        form: FormPart::new(fields),
    }
}

/// What was typed, as the API's body has it: it says the same when the dossier owes nothing any more, so that a second
/// click is known again.
fn typed_body(typed: &Fields) -> Vec<u8> {
    let form = FormPart::new(vec![
        Field::text(DOSSIER, "").required(),
        Field::numbers("fees", "", Vec::new()),
        Field::number("excess_vnd", ""),
        Field::area("reason", "").required(),
    ]);
    form.typed(typed).body().to_string().into_bytes()
}

/// The form for the dossier of that number, or the question for another number.
async fn asked(
    call: &Call,
    payment: &Payment,
    named: &str,
) -> Result<(StatusCode, Asked), Problem> {
    let text = named.trim().to_owned();
    if text.is_empty() {
        return Ok((StatusCode::OK, number("")));
    }
    let found = call.run(move |store, by, _| {
        let id = resolve(store, &text)?;
        Ok(views::payments::takes(store, id, by.unit)?)
    });
    match found.await {
        Ok(takes) => Ok((StatusCode::OK, taking(payment, &takes))),
        Err(problem) if matches!(problem.kind(), Kind::NotFound | Kind::Forbidden) => {
            let mut asked = number(named);
            asked.form = asked.form.wrong(DOSSIER, problem.detail());
            Ok((StatusCode::BAD_REQUEST, asked))
        }
        Err(problem) => Err(problem),
    }
}

/// `GET /quan-tri/khoan-nop/{payment}/ghi-nhan`: for the dossier that is named, else the one that the number is of.
pub async fn ask_take(call: Call, typed: Fields) -> Result<HttpResponse, Problem> {
    let file = file(&call).await?;
    let given = drafts::given(&call, &typed, &place(&file, What::Take)).await?;
    let known = file.case_number.clone().unwrap_or_default();
    let kept = given.typed().and_then(|typed| typed.typed(DOSSIER));
    let named = typed.find(DOSSIER).or(kept);
    let named = named.map_or(known, str::to_owned);
    let (status, mut asked) = asked(&call, &file.payment, &named).await?;
    if !asked.asks_number {
        asked.form = given.over(asked.form);
    }
    answer(&call, status, What::Take, file, asked)
}

/// `POST /quan-tri/khoan-nop/{payment}/ghi-nhan`.
pub async fn take(call: Call, typed: Fields) -> Result<HttpResponse, Problem> {
    let file = file(&call).await?;
    let (status, mut asked) = asked(&call, &file.payment, typed.get(DOSSIER)).await?;
    if asked.asks_number {
        let status = match status {
            StatusCode::OK => StatusCode::BAD_REQUEST,
            status => status,
        };
        if asked.form.errors.is_empty() {
            asked.form = asked.form.wrong(DOSSIER, "nhập mã hồ sơ".to_owned());
        }
        return answer(&call, status, What::Take, file, asked);
    }
    asked.form = asked.form.typed(&typed);
    asked.form = drafts::again(asked.form, &typed, &place(&file, What::Take));
    let bytes = typed_body(&typed);
    let taken = match body::read::<TakeFor>(&bytes) {
        Ok(new) => {
            let key = IdempotencyKey::of_form(typed.get(KEY));
            payments::take_for(&call, key, body::hash(&bytes), new).await
        }
        Err(problem) => Err(problem),
    };
    over(&call, &typed, What::Take, file, asked, taken).await
}

/// To the payment, or the form with what is wrong.
async fn over(
    call: &Call,
    typed: &Fields,
    what: What,
    file: PaymentFile,
    mut asked: Asked,
    done: Result<PaymentFile, Problem>,
) -> Result<HttpResponse, Problem> {
    match done {
        Ok(file) => {
            let shown = format!("{PATH}/{}?xong=1", file.payment.id);
            drafts::taken(call, typed, &shown).await
        }
        Err(problem)
            if matches!(
                problem.kind(),
                Kind::InvalidRequest
                    | Kind::Refused
                    | Kind::NotReady
                    | Kind::AmountMismatch
                    | Kind::KeyReused
            ) =>
        {
            asked.form = match problem.kind() {
                // Sent once, gone back to and changed: the next try is another one.
                Kind::KeyReused => asked
                    .form
                    .renewed(KEY, uuid::Uuid::new_v4().simple())
                    .wrong(
                        "",
                        "việc này đã được ghi một lần; xem lại rồi gửi nếu còn cần".to_owned(),
                    ),
                _ => asked.form.refused(&problem),
            };
            answer(call, problem.status_code(), what, file, asked)
        }
        Err(problem) => Err(drafts::keep(call, typed, problem).await),
    }
}

fn saying(what: Saying) -> Asked {
    let reason = match what {
        Saying::PaidBack => why(
            "Hoàn trả thế nào",
            "Ví dụ: ủy nhiệm chi số 12 ngày 26/11/2026.",
        ),
        Saying::Noted => why(
            "Nội dung",
            "Khoản nộp vẫn chờ xử lý. Không ghi số định danh.",
        ),
    };
    let mut reason = reason;
    reason.focus = true;
    Asked {
        asks_number: false,
        owed: Vec::new(),
        form: FormPart::new(vec![reason, key()]),
    }
}

async fn ask(call: Call, typed: Fields, what: Saying) -> Result<HttpResponse, Problem> {
    let file = file(&call).await?;
    let given = drafts::given(&call, &typed, &place(&file, What::Say(what))).await?;
    let mut asked = saying(what);
    asked.form = given.over(asked.form);
    answer(&call, StatusCode::OK, What::Say(what), file, asked)
}

async fn say(call: Call, what: Saying, typed: Fields) -> Result<HttpResponse, Problem> {
    let file = file(&call).await?;
    let mut asked = saying(what);
    asked.form = asked.form.typed(&typed);
    asked.form = drafts::again(asked.form, &typed, &place(&file, What::Say(what)));
    let bytes = asked.form.body().to_string().into_bytes();
    let said = match body::read::<PaymentNote>(&bytes) {
        Ok(note) => {
            let key = IdempotencyKey::of_form(typed.get(KEY));
            payments::say(&call, what, key, body::hash(&bytes), note).await
        }
        Err(problem) => Err(problem),
    };
    over(&call, &typed, What::Say(what), file, asked, said).await
}

/// `GET /quan-tri/khoan-nop/{payment}/hoan-tra`.
pub async fn ask_pay_back(call: Call, typed: Fields) -> Result<HttpResponse, Problem> {
    ask(call, typed, Saying::PaidBack).await
}

/// `POST /quan-tri/khoan-nop/{payment}/hoan-tra`.
pub async fn pay_back(call: Call, typed: Fields) -> Result<HttpResponse, Problem> {
    say(call, Saying::PaidBack, typed).await
}

/// `GET /quan-tri/khoan-nop/{payment}/ghi-chu`.
pub async fn ask_note(call: Call, typed: Fields) -> Result<HttpResponse, Problem> {
    ask(call, typed, Saying::Noted).await
}

/// `POST /quan-tri/khoan-nop/{payment}/ghi-chu`.
pub async fn note(call: Call, typed: Fields) -> Result<HttpResponse, Problem> {
    say(call, Saying::Noted, typed).await
}
