//! `/ho-so/tiep-nhan`: a dossier is taken in. The procedure is found by a few letters, the applicant is read from
//! the card, the return date is shown with how it is counted, and only then something is saved.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, ResponseError};
use askama::Template;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::acts::receive::{AtTheCounter, Paid};
use crate::domain::dossier::{Channel, Pages, PaymentMethod};
use crate::domain::identity::Identity;
use crate::domain::identity_card::IdentityCard;
use crate::domain::moment::Moment;
use crate::domain::person::{NotifyBy, Ways};
use crate::render::words;
use crate::views::intake::{Earlier, Intake, Offered};
use crate::views::time_limit::Preview;
use crate::web::api::call::Call;
use crate::web::api::dossiers::{NewDossier, intent};
use crate::web::api::fees::Collect;
use crate::web::body;
use crate::web::headers::IdempotencyKey;
use crate::web::pages::actions::{FeeTimes, check_pages, clear, quantity, with_quantities};
use crate::web::pages::forms::{Choice, Field, Fields, FormPart, PaperRow};
use crate::web::pages::named::open_unit_in_code;
use crate::web::pages::{Frame, counter_papers, drafts, page, see_other};
use crate::web::problem::{FieldError, Kind, Problem};
use crate::{acts, views};

pub(crate) const PATH: &str = "/ho-so/tiep-nhan";

// The form's own, which stand in no body.
const CARD: &str = "the";
pub(crate) const PROCEDURE: &str = "thu-tuc";
const CASE: &str = "truong-hop";
const SEARCH: &str = "tim";
const PAID: &str = "paid/fees";
/// The papers and fees that were shown with what was typed of them.
const SHOWN: &str = "hien";
const PAID_AMOUNT: &str = "paid/amount_vnd";
const PAID_HOW: &str = "paid/method";
const PAID_WHY: &str = "paid/reason";
const PAID_RECEIPT: &str = "paid/receipt";
const ACCEPT: &str = "accept";
const MOMENT: &str = "at/moment";

/// The field of the buttons, and what they ask for beside taking the dossier in.
pub(crate) const STEP: &str = "buoc";
const LOOK: &str = "xem";
const ANSWER: &str = "tra-ngay";
const TAKE: &str = "nhan";
/// Of no button that anybody sees: what Enter in a field sends.
const ENTER: &str = "enter";

/// What is filled in from a card and from somebody's last dossier.
const OF_THE_PERSON: &[&str] = &[
    "applicant/name",
    "applicant/phone",
    "applicant/address",
    "applicant/email",
    "applicant/tax_code",
    "applicant/notify_by",
    "delegate/name",
    "delegate/identity_number",
    "delegate/phone",
];

/// Names of fields that few dossiers need.
const RARE: &[&str] = &[
    "applicant/tax_code",
    "applicant/email",
    "applicant/notify_by",
    "channel",
    "return_channel",
    "sets",
    "assignee",
    "competent_unit",
    MOMENT,
    "at/late_reason",
    "delegate/name",
    "delegate/identity_number",
    "delegate/phone",
];

#[derive(Template)]
#[template(path = "receive_find.html")]
struct FindPage {
    frame: Frame,
    typed: String,
    found: Vec<Offered>,
    /// There may be others.
    more: bool,
    drafts: Vec<drafts::Row>,
}

#[derive(Template)]
#[template(path = "receive.html")]
struct ReceivePage {
    frame: Frame,
    form: FormPart,
    intake: Intake,
    /// What was read from the card, or is known from before.
    said: Vec<String>,
    /// Everything is there: what is left is to take it in.
    ready: bool,
    /// It may be answered by whoever takes it in.
    at_once: bool,
}

impl ReceivePage {
    fn is_rare(field: &Field) -> bool {
        RARE.contains(&field.name.as_str())
    }

    fn common(&self) -> impl Iterator<Item = &Field> {
        self.form
            .fields
            .iter()
            .filter(|field| !Self::is_rare(field) && field.name != counter_papers::REASON)
    }

    fn rare(&self) -> impl Iterator<Item = &Field> {
        self.form.fields.iter().filter(|field| Self::is_rare(field))
    }

    /// Whether something rare is filled in, or wrong.
    fn rare_is_open(&self) -> bool {
        self.rare().any(|field| {
            field.wrong.is_some()
                || !(field.value.is_empty() || matches!(field.value.as_str(), "direct" | "1"))
        })
    }

    /// Of what is printed where it is not taken in.
    fn counter(&self) -> impl Iterator<Item = &Field> {
        let mut fields = self.form.fields.iter();
        fields
            .find(|field| field.name == counter_papers::REASON)
            .into_iter()
    }

    fn counter_is_open(&self) -> bool {
        let mut fields = self.counter();
        fields.any(|field| field.wrong.is_some() || !field.value.is_empty())
    }

    /// What was scanned and cannot be read.
    fn card(&self) -> &str {
        let mut fields = self.form.fields.iter();
        fields
            .find(|field| field.name == CARD)
            .map_or("", |field| &field.value)
    }

    fn due(&self) -> Option<&Preview> {
        self.intake.preview.as_ref()
    }

    /// `bây giờ`, or the moment that was typed.
    fn when(&self) -> String {
        let mut fields = self.form.fields.iter();
        let typed = fields.find(|field| field.name == MOMENT);
        let typed = typed.and_then(Field::moment_of);
        match typed.filter(|at| *at == self.intake.at) {
            Some(at) => format!("lúc {}", words::moment(at)),
            None => "bây giờ".to_owned(),
        }
    }
}

/// `GET /ho-so/tiep-nhan`: with a procedure the form, without one the search for it.
pub async fn show(call: Call, fields: Fields) -> Result<HttpResponse, Problem> {
    if let Some(code) = fields.typed(PROCEDURE) {
        return form_page(&call, code, &fields).await;
    }
    let typed = fields.get(SEARCH).trim().to_owned();
    let searched = typed.clone();
    let found = call.run(move |store, by, now| {
        let day = now.date();
        Ok(views::intake::find_procedures(
            store, by.unit, &searched, day,
        )?)
    });
    let found = found.await?;
    // The only one is the one that was meant.
    if let ([one], false) = (&*found, typed.is_empty()) {
        let query = serde_urlencoded::to_string([(PROCEDURE, &one.code)]).unwrap_or_default();
        return Ok(see_other(&format!("{PATH}?{query}")).finish());
    }
    let shown = FindPage {
        frame: Frame::of(&call.by, PATH),
        typed,
        more: found.len() >= views::intake::MOST_FOUND,
        found,
        drafts: drafts::of_receipts(&call).await?,
    };
    page(StatusCode::OK, &shown)
}

async fn form_page(call: &Call, code: &str, query: &Fields) -> Result<HttpResponse, Problem> {
    let given = drafts::given(call, query, PATH).await?;
    let typed = given.typed();
    let case = typed.map_or_else(|| query.typed(CASE), |typed| typed.typed("case"));
    let channel = typed.and_then(|typed| typed.get("channel").parse().ok());
    let at = typed.and_then(moment);
    let intake = intake(call, code, case, channel.unwrap_or(Channel::Direct), at).await?;
    let form = given.over(form(&intake, &Fields::default()));
    answer(call, StatusCode::OK, intake, form, Vec::new())
}

/// When it was handed in, if that is entered later.
fn moment(typed: &Fields) -> Option<Moment> {
    Field::moment(MOMENT, "").typed(typed).moment_of()
}

async fn intake(
    call: &Call,
    code: &str,
    case: Option<&str>,
    channel: Channel,
    at: Option<Moment>,
) -> Result<Intake, Problem> {
    let (code, case) = (code.to_owned(), case.map(str::to_owned));
    call.run(move |store, by, now| {
        let (unit, case) = (by.unit, case.as_deref());
        let asked = |at| views::intake::intake(store, unit, &code, case, channel, at);
        // What did not exist then is refused when it is taken in, beside what was typed.
        match at.filter(|at| *at < now).map(asked) {
            Some(Ok(intake)) => Ok(intake),
            _ => Ok(asked(now)?),
        }
    })
    .await
    .map_err(|problem| match problem.errors() {
        // The form has no such field: it is their own unit, which takes nothing in any more.
        [only] if only.field == "/unit" => Problem::refused("unit_ended", &only.detail),
        _ => problem,
    })
}

fn answer(
    call: &Call,
    status: StatusCode,
    intake: Intake,
    form: FormPart,
    said: Vec<String>,
) -> Result<HttpResponse, Problem> {
    let focused = form.fields.iter().any(|field| field.focus);
    let shown = ReceivePage {
        frame: Frame::of(&call.by, PATH).wrong(!form.errors.is_empty()),
        ready: form.errors.is_empty() && !focused,
        at_once: intake.may_be_answered_at_once(call.by.role),
        form,
        intake,
        said,
    };
    page(status, &shown)
}

/// The form with what was typed; at first with what is usual.
fn form(intake: &Intake, typed: &Fields) -> FormPart {
    let mut fields = vec![
        Field::hidden(PROCEDURE, &intake.procedure.code),
        Field::hidden(SHOWN, lists(intake)).nowhere(),
    ];
    if !intake.cases.is_empty() {
        let mut cases = vec![Choice::new("", "Chọn trường hợp")];
        cases.extend(
            intake
                .cases
                .iter()
                .map(|case| Choice::new(&case.code, &case.name)),
        );
        let chosen = intake.case.as_ref().map_or("", |case| &case.code);
        fields.push(Field::choice("case", "Trường hợp", cases).value(chosen));
    }
    fields.extend([
        Field::text(CARD, "Thẻ căn cước"),
        Field::text("applicant/name", "Họ và tên").required(),
        Field::text(
            "applicant/identity_number",
            "Số căn cước, chứng minh hoặc hộ chiếu",
        ),
        Field::phone("applicant/phone", "Điện thoại"),
        Field::text("applicant/address", "Địa chỉ"),
    ]);
    if !intake.checklist.is_empty() {
        let hint = "Ghi số bản thực nhận; giấy tờ nếu có mà chưa có thì để 0. Thiếu giấy tờ bắt buộc: in phiếu yêu cầu bổ sung ở dưới.";
        fields.push(Field::papers("items", "Giấy tờ nhận", papers(intake)).hint(hint));
    }
    if !intake.fees.is_empty() {
        let fees = intake
            .fees
            .iter()
            .filter(|(_, fee)| fee.amount_vnd != Some(0));
        let fees: Vec<_> = fees
            .map(|(position, fee)| {
                let amount = fee
                    .amount_vnd
                    .map_or_else(|| "mức thu do địa phương quy định".to_owned(), vnd);
                let note = match fee.note.trim() {
                    "" => String::new(),
                    note => format!(" ({note})"),
                };
                Choice::new(position, format!("{}: {amount}{note}", fee.name))
            })
            .collect();
        if !fees.is_empty() {
            let unknown = intake.fees.iter().any(|(_, fee)| fee.amount_vnd.is_none());
            let hint = "Đánh dấu khoản đã thu; khoản không đánh dấu còn phải nộp.";
            fields.push(Field::numbers(PAID, "Phí, lệ phí thu ngay", fees).hint(hint));
            let times = intake.fees.iter().filter_map(|(position, fee)| {
                let times = FeeTimes {
                    name: &fee.name,
                    per: fee.per.as_deref(),
                    by_copy: fee.further.is_some(),
                    times: 1,
                    pages: "1",
                };
                let mut field = quantity(*position, &times)?;
                field.name = format!("paid/{}", field.name);
                Some(field)
            });
            fields.extend(times);
            if intake.fees.iter().any(|(_, fee)| fee.instead_of.is_some()) {
                let hint = "Chỉ ghi khi thu mức giảm thay mức thông thường, ví dụ hộ nghèo.";
                fields.push(Field::text(PAID_WHY, "Lý do áp dụng mức giảm").hint(hint));
            }
            if unknown {
                fields.push(Field::number(PAID_AMOUNT, "Tổng số tiền thu (đồng)"));
            }
            fields.push(Field::choice(PAID_HOW, "Hình thức thu", methods()));
            fields.push(Field::text(PAID_RECEIPT, "Số biên lai"));
        }
    }
    if intake.by_hand {
        let hint = "Thủ tục này không quy định thời hạn: ngày trả do người tiếp nhận hẹn, trong giờ làm việc.";
        fields.push(
            Field::moment("return_date/at", "Hẹn trả")
                .required()
                .hint(hint),
        );
        fields.push(Field::text("return_date/reason", "Vì sao hẹn ngày này").required());
    }
    let mut colleagues = vec![Choice::new("", "Chưa giao")];
    let known = intake.colleagues.iter();
    colleagues.extend(known.map(|one| Choice::new(&one.staff.username, one.name())));
    fields.extend([
        Field::text(
            "applicant/tax_code",
            "Mã số thuế (tổ chức, thay cho số căn cước)",
        ),
        Field::text("applicant/email", "Thư điện tử"),
        notify_by(intake.ways),
        Field::text("delegate/name", "Người được ủy quyền: họ và tên"),
        Field::text(
            "delegate/identity_number",
            "Người được ủy quyền: số căn cước",
        ),
        Field::phone("delegate/phone", "Người được ủy quyền: điện thoại"),
        Field::choice("channel", "Nộp bằng cách", channels()).value("direct"),
        Field::choice("return_channel", "Trả kết quả bằng cách", channels()).value("direct"),
        Field::number("sets", "Số bộ hồ sơ").value(1).required(),
        Field::choice("assignee", "Giao cho", colleagues),
    ]);
    if intake.elsewhere {
        let hint = "Tên hoặc mã, nếu không phải đơn vị mình (tiếp nhận phi địa giới hành chính).";
        fields.push(Field::text("competent_unit", "Đơn vị có thẩm quyền").hint(hint));
    }
    let hint = "Để trống: bây giờ. Ghi khi nhập lại hồ sơ đã nhận trên giấy, ví dụ hôm mất điện.";
    fields.push(Field::moment(MOMENT, "Tiếp nhận lúc, nếu nhập sau").hint(hint));
    fields.push(Field::text("at/late_reason", "Lý do nhập muộn"));
    let hint = "In lên phiếu; ghi cả cách hoàn thiện. Không lưu vào sổ.";
    let reason = Field::area(counter_papers::REASON, "Lý do, hướng dẫn");
    fields.push(reason.hint(hint).nowhere());
    FormPart::new(fields).typed(typed)
}

/// By which the papers and fees of a form are known from others: numbers are typed by their places.
fn lists(intake: &Intake) -> String {
    body::fingerprint(&format!("{:?} {:?}", intake.checklist, intake.fees))
}

/// The checklist, with what it asks for as what is usually handed in.
fn papers(intake: &Intake) -> Vec<PaperRow> {
    let papers = (0_u16..).zip(&intake.checklist);
    let papers = papers.map(|(position, item)| {
        let usual = |count: u16| match item.required {
            true => count.to_string(),
            false => "0".to_owned(),
        };
        PaperRow {
            position,
            name: item.name.clone(),
            about: asked_for(item.originals, item.copies, item.required),
            asked: (item.originals, item.copies),
            originals: usual(item.originals),
            copies: usual(item.copies),
        }
    });
    papers.collect()
}

/// `1 bản chính, 2 bản sao`.
pub(crate) fn asked_for(originals: u16, copies: u16, required: bool) -> String {
    let counts = [(originals, "bản chính"), (copies, "bản sao")];
    let counts = counts.into_iter().filter(|(count, _)| *count > 0);
    let mut parts: Vec<_> = counts
        .map(|(count, what)| format!("{count} {what}"))
        .collect();
    if !required {
        parts.push("nếu có".to_owned());
    }
    parts.join(", ")
}

/// `25.000 đồng`.
pub(crate) fn vnd(amount: u64) -> String {
    let amount = i64::try_from(amount).unwrap_or(i64::MAX);
    format!("{} đồng", words::number(amount))
}

pub(crate) fn channels() -> Vec<Choice> {
    let channels = Channel::ALL.into_iter();
    channels
        .map(|channel| Choice::new(channel.as_str(), words::channel(channel)))
        .collect()
}

pub(crate) fn methods() -> Vec<Choice> {
    vec![
        Choice::new(PaymentMethod::Cash.as_str(), "Tiền mặt"),
        Choice::new(PaymentMethod::Transfer.as_str(), "Chuyển khoản"),
        Choice::new(PaymentMethod::Online.as_str(), "Thanh toán trực tuyến"),
    ]
}

/// `POST /ho-so/tiep-nhan`: reads the card, or takes the dossier in.
pub async fn receive(call: Call, mut typed: Fields) -> Result<HttpResponse, Problem> {
    let Some(code) = typed.typed(PROCEDURE).map(str::to_owned) else {
        return Ok(see_other(PATH).finish());
    };
    match read_or_take_in(&call, &code, &mut typed).await {
        Err(problem) => Err(drafts::keep(&call, &typed, problem).await),
        answered => answered,
    }
}

async fn read_or_take_in(
    call: &Call,
    code: &str,
    typed: &mut Fields,
) -> Result<HttpResponse, Problem> {
    open_unit_in_code(call, typed, "competent_unit").await?;
    let case = typed.typed("case").map(str::to_owned);
    let channel = typed.get("channel").parse().unwrap_or_default();
    let intake = intake(call, code, case.as_deref(), channel, moment(typed)).await?;
    let lists = lists(&intake);
    let others = typed.typed(SHOWN).is_some_and(|shown| shown != lists);
    if others {
        // What was typed of those that were shown says nothing of these.
        for place in ["items", PAID, "paid/quantity", "paid/pages", PAID_AMOUNT] {
            typed.drop_under(place);
        }
    }
    typed.set(SHOWN, lists);
    if let Some(text) = typed.typed(CARD).map(str::to_owned) {
        return match read_card(call, &text, typed).await? {
            Ok(said) => {
                typed.set(CARD, "");
                let mut form = drafts::again(form(&intake, typed), typed, PATH);
                focus_on_next(&mut form);
                answer(call, StatusCode::OK, intake, form, said)
            }
            Err(reason) => {
                let form = form(&intake, typed).wrong(CARD, reason);
                let form = drafts::again(form, typed, PATH);
                answer(call, StatusCode::BAD_REQUEST, intake, form, Vec::new())
            }
        };
    }
    let form = form(&intake, typed);
    if let Some(kind) = counter_papers::asked_for(typed.get(STEP)) {
        let Some((field, needed)) = counter_papers::needed(kind, &intake, &form, typed) else {
            return counter_papers::print(call, kind, intake, &form, typed);
        };
        let form = drafts::again(form.wrong(field, needed.to_owned()), typed, PATH);
        return answer(call, StatusCode::BAD_REQUEST, intake, form, Vec::new());
    }
    if others && ![LOOK, ENTER].contains(&typed.get(STEP)) {
        let place = match intake.cases.is_empty() {
            true => "",
            false => "case",
        };
        let why = "giấy tờ hoặc phí, lệ phí theo lựa chọn này khác với những gì đã hiện: xem lại số bản và khoản thu ở dưới";
        let form = drafts::again(form.wrong(place, why.to_owned()), typed, PATH);
        return answer(call, StatusCode::BAD_REQUEST, intake, form, Vec::new());
    }
    if [LOOK, ENTER].contains(&typed.get(STEP))
        && let Some(text) = typed.typed(MOMENT).filter(|_| moment(typed).is_none())
    {
        let why = format!("không đọc được '{text}': ghi giờ và ngày, ví dụ 08:15 25/11/2026");
        let form = drafts::again(form.wrong(MOMENT, why), typed, PATH);
        return answer(call, StatusCode::BAD_REQUEST, intake, form, Vec::new());
    }
    let ahead = moment(typed).is_some_and(|at| at > crate::clock::now());
    if ahead && typed.get(STEP) != TAKE {
        let form = form.wrong(MOMENT, "thời điểm ở tương lai".to_owned());
        let form = drafts::again(form, typed, PATH);
        return answer(call, StatusCode::BAD_REQUEST, intake, form, Vec::new());
    }
    if typed.get(STEP) == LOOK {
        let said = to_collect(&intake, &form).into_iter().collect();
        let form = drafts::again(form, typed, PATH);
        return answer(call, StatusCode::OK, intake, form, said);
    }
    if typed.get(STEP) == ENTER {
        let sum = to_collect(&intake, &form);
        // Enter in a field is no word yet that all is there.
        let mut form = drafts::again(form, typed, PATH);
        // Of what is chosen, nothing is a choice too, but for the case.
        let needed = |field: &&mut Field| {
            let asked = field.required && (field.kind != "choice" || field.name == "case");
            asked && field.value.trim().is_empty()
        };
        if let Some(missing) = form.fields.iter_mut().find(needed) {
            missing.focus = true;
        }
        let look = "Xem lại rồi bấm “Tiếp nhận”.".to_owned();
        let said = std::iter::once(look).chain(sum).collect();
        return answer(call, StatusCode::OK, intake, form, said);
    }
    match take_in(call, &intake, &form, typed).await {
        Ok(number) => Ok(see_other(&format!("/ho-so/{number}/giay-tiep-nhan?moi=1")).finish()),
        Err(problem) => refused(call, intake, form, typed, problem),
    }
}

/// Whether a fee is ticked as collected.
fn is_any_ticked(paid: &Value) -> bool {
    paid["fees"].as_array().is_some_and(|fees| !fees.is_empty())
}

/// What the fees come to as they are typed: those that are ticked as collected, or else those that are usual. `None`: there
/// are none, or what one of them is nobody knows yet.
fn to_collect(intake: &Intake, form: &FormPart) -> Option<String> {
    let mut paid = form.body()["paid"].take();
    let ticked = is_any_ticked(&paid);
    if !ticked {
        let usual = intake
            .fees
            .iter()
            .filter(|(_, fee)| fee.instead_of.is_none());
        let usual: Vec<_> = usual.map(|(position, _)| json!(position)).collect();
        paid["fees"] = json!(usual);
    }
    owed_otherwise(Some(&mut paid), intake);
    with_quantities(&mut paid);
    let sums = read_paid(&paid).ok()?.fees.into_iter().map(|asked| {
        let (_, fee) = intake
            .fees
            .iter()
            .find(|(position, _)| *position == asked.fee)?;
        let (quantity, pages) = asked.times((1, &Pages::default()));
        fee.sum(quantity, &pages)
    });
    let sums: Option<Vec<u64>> = sums.collect();
    let sum: u64 = sums?.into_iter().fold(0, u64::saturating_add);
    (sum > 0).then(|| match ticked {
        true => format!("Thu: {}.", vnd(sum)),
        false => format!(
            "Phí, lệ phí theo mức thu: {}; chưa đánh dấu khoản nào đã thu.",
            vnd(sum)
        ),
    })
}

/// What is still open comes next, and of what may be paid at once the first.
fn focus_on_next(form: &mut FormPart) {
    for wanted in ["applicant/name", "applicant/phone", "return_date/at", PAID] {
        let mut fields = form.fields.iter_mut();
        let field = fields.find(|field| field.name == wanted);
        if let Some(field) = field.filter(|field| field.value.is_empty()) {
            field.focus = true;
            return;
        }
    }
}

/// What was typed, with what stands in the way.
fn refused(
    call: &Call,
    intake: Intake,
    mut form: FormPart,
    typed: &Fields,
    problem: Problem,
) -> Result<HttpResponse, Problem> {
    match problem.kind() {
        Kind::InvalidRequest
        | Kind::Refused
        | Kind::Forbidden
        | Kind::NotReady
        | Kind::AmountMismatch => {
            form = form.refused(&problem);
        }
        Kind::NeedsAcceptance => {
            let warnings = problem.warnings();
            let warnings: Vec<_> = warnings
                .map(|(name, detail)| {
                    Choice::new(name, format!("Đúng vậy, vẫn tiếp nhận: {detail}"))
                })
                .collect();
            let field = Field::ticks(ACCEPT, "Cần xem lại trước khi tiếp nhận", warnings);
            form.fields.push(field.typed(typed));
            let told = "xem lại cảnh báo; nếu đúng vậy thì đánh dấu rồi tiếp nhận";
            form = form.wrong(ACCEPT, told.to_owned());
        }
        Kind::KeyReused => {
            let told = "biểu mẫu này đã được tiếp nhận với nội dung khác. Muốn sửa thì mở hồ sơ đã tiếp nhận; muốn nhận \
                        hồ sơ mới thì mở lại trang tiếp nhận";
            form = form.wrong("", told.to_owned());
        }
        _ => return Err(problem),
    }
    let form = drafts::again(form, typed, PATH);
    answer(call, problem.status_code(), intake, form, Vec::new())
}

/// Takes the dossier in, with what was paid, and answers it at once if that is asked for; its case number.
async fn take_in(
    call: &Call,
    intake: &Intake,
    form: &FormPart,
    typed: &Fields,
) -> Result<String, Problem> {
    let mut wrong = match check_pages(form) {
        Ok(()) => Vec::new(),
        Err(problem) => problem.errors().to_vec(),
    };
    let mut body = form.body();
    clear(&mut body);
    let accepted = typed.all(ACCEPT);
    let paid = body.as_object_mut().and_then(|body| {
        body.insert("unit".to_owned(), json!(intake.unit.code));
        body.insert("procedure".to_owned(), json!(intake.procedure.code));
        body.insert("accept".to_owned(), json!(accepted));
        body.remove("paid")
    });
    let bytes = body.to_string().into_bytes();
    let hash = Sha256::new().chain_update(&bytes);
    let mut hash = hash.chain_update(paid.as_ref().map(Value::to_string).unwrap_or_default());
    let mut paid = paid;
    let owed = owed_otherwise(paid.as_mut(), intake);
    if !owed.is_empty() {
        body["fees"] = json!(owed);
    }
    let bytes = body.to_string().into_bytes();
    let new = wrong_or(body::read::<NewDossier>(&bytes), &mut wrong)?;
    if let Some(paid) = paid.as_ref().filter(|paid| !is_any_ticked(paid))
        && (paid.get("receipt").is_some() || paid.get("amount_vnd").is_some())
    {
        let detail = "đã ghi số biên lai hoặc số tiền mà chưa đánh dấu khoản nào đã thu";
        wrong.push(FieldError::new("/paid/fees", detail));
    }
    let paid = paid.filter(is_any_ticked);
    let paid = paid.map(|mut paid| {
        with_quantities(&mut paid);
        read_paid(&paid)
    });
    let paid = match paid {
        Some(read) => wrong_or(read, &mut wrong)?,
        None => None,
    };
    let Some(new) = new.filter(|_| wrong.is_empty()) else {
        return Err(Problem::invalid(wrong));
    };
    let intent = intent(call, new.moment());
    let answered = typed.get(STEP) == ANSWER;
    if answered {
        hash.update(ANSWER);
    }
    let key = IdempotencyKey::of_form(typed.get(drafts::KEY));
    let key = key.of_staff("dossiers", &call.by, hash.finalize().to_vec());
    let counter = AtTheCounter {
        paid,
        answered,
        form: typed.typed(drafts::KEY).map(str::to_owned),
    };
    call.run(move |store, by, _| {
        let new = new.request("", &mut Vec::new());
        let made = acts::receive::receive_at_the_counter(store, &new, counter, intent, key)?;
        let view = views::dossier::view(store, made.value, Some(&by.reader()), None, intent.now)?;
        Ok(view.case_number)
    })
    .await
}

/// What was read; what is wrong with it comes to what is wrong already, but for the pages of copies, of which the form's own
/// reader has told.
///
/// # Errors
/// What is wrong with no field of it.
fn wrong_or<T>(
    read: Result<T, Problem>,
    wrong: &mut Vec<FieldError>,
) -> Result<Option<T>, Problem> {
    match read {
        Ok(read) => Ok(Some(read)),
        Err(problem) if problem.errors().is_empty() => Err(problem),
        Err(problem) => {
            let errors = problem.errors().iter();
            let known = wrong.iter().any(|error| error.field.contains("/pages/"));
            let new = |error: &&FieldError| !(known && error.field.ends_with("/pages"));
            wrong.extend(errors.filter(new).cloned());
            Ok(None)
        }
    }
}

/// Takes out of what is paid how often fees are owed and why a reduced one is, and gives the terms of those that are
/// not paid at once.
fn owed_otherwise(paid: Option<&mut Value>, intake: &Intake) -> Vec<Value> {
    let Some(paid) = paid else { return Vec::new() };
    let reason = paid.as_object_mut().and_then(|paid| paid.remove("reason"));
    let times = ["quantity", "pages"].map(|name| (name, paid[name].clone()));
    let mut owed = Vec::new();
    for (position, fee) in &intake.fees {
        let ticked = |fees: &Value| {
            fees.as_array()?
                .iter()
                .position(|fee| *fee == json!(position))
        };
        let place = ticked(&paid["fees"]);
        let mut terms = json!({"position": position});
        let mut once = true;
        for (name, times) in &times {
            if let Some(times) = times.get(position.to_string()) {
                once &= *times == json!(1) || *times == json!("1");
                terms[*name] = times.clone();
            }
        }
        match (place, &reason) {
            (Some(place), Some(reason)) if fee.instead_of.is_some() => {
                terms["reason"] = reason.clone();
                paid["fees"][place] = terms;
            }
            (None, _) if !once => owed.push(terms),
            _ => {}
        }
    }
    owed
}

/// What was paid; wrong fields are named as the form has them.
fn read_paid(paid: &Value) -> Result<Paid, Problem> {
    let read = body::read::<Collect>(paid.to_string().as_bytes());
    let read = read.map_err(|problem| {
        let errors = problem.errors().iter().cloned();
        let errors = errors.map(|mut error| {
            error.field = format!("/paid{}", error.field);
            error
        });
        Problem::invalid(errors.collect())
    })?;
    Ok(read.paid())
}

/// Fills the applicant in from what was scanned or typed: the text of a card, or a number alone. What is known of
/// them from before is filled in where nothing was typed. What there is to say of it, or why nothing can be read.
async fn read_card(
    call: &Call,
    text: &str,
    typed: &mut Fields,
) -> Result<Result<Vec<String>, String>, Problem> {
    let mut said = Vec::new();
    let mut on_card = None;
    let identity = if text.contains('|') {
        let card = match IdentityCard::parse(text, crate::clock::now().date()) {
            Ok(card) => card,
            Err(reason) => return Ok(Err(reason.to_string())),
        };
        said.push(format!(
            "Đã đọc thẻ: {}, sinh ngày {}.",
            card.name,
            words::date(card.born_on)
        ));
        on_card = Some((card.name, card.address));
        card.identity
    } else {
        match Identity::person(text) {
            Ok(identity) => identity,
            Err(_) => {
                let reason = "không phải nội dung thẻ căn cước, cũng không phải số căn cước";
                return Ok(Err(reason.to_owned()));
            }
        }
    };
    let before = typed.typed("applicant/identity_number");
    let before = before.and_then(|before| Identity::person(before).ok());
    if before.is_some_and(|before| before != identity) {
        // Another person: what is known of the one before is none of theirs.
        for name in OF_THE_PERSON {
            typed.set(name, "");
        }
        said.push("Đã bỏ thông tin của người trước.".to_owned());
    }
    let of_a_card = on_card.is_some();
    if let Some((name, address)) = on_card {
        typed.set("applicant/name", name);
        typed.set("applicant/address", address);
    }
    typed.set("applicant/identity_number", identity.number());
    let searched = identity.clone();
    let earlier = call
        .run(move |store, by, now| Ok(views::intake::earlier(store, searched, &by.reader(), now)?));
    let of_business = |earlier: &Earlier| earlier.person.identity_kind == Some("tax_code");
    // Whose card it is comes for themselves, not for the household business that bears their number.
    let found = earlier.await?;
    match found.filter(|earlier| !(of_a_card && of_business(earlier))) {
        Some(earlier) => {
            if of_business(&earlier) {
                let number = typed.get("applicant/identity_number").to_owned();
                typed.set("applicant/tax_code", number);
                typed.set("applicant/identity_number", "");
                said.push(
                    "Số này đã dùng làm mã số thuế của hộ kinh doanh: nếu chủ hộ đến làm việc riêng, chuyển số sang ô số căn cước và sửa tên."
                        .to_owned(),
                );
            }
            let person = earlier.person;
            let mut filled = Vec::new();
            for (name, word, value) in [
                ("applicant/name", "họ tên", Some(person.name)),
                ("applicant/phone", "điện thoại", person.phone),
                ("applicant/address", "địa chỉ", person.address),
                ("applicant/email", "thư điện tử", person.email),
            ] {
                if let (Some(value), None) = (value, typed.typed(name)) {
                    typed.set(name, value);
                    filled.push(word);
                }
            }
            let when = words::date(earlier.entered_at.date());
            let what = match filled.is_empty() {
                true => "không có gì phải điền thêm".to_owned(),
                false => format!("{} lấy từ hồ sơ đó, sửa nếu đã đổi", filled.join(", ")),
            };
            said.push(format!(
                "Đã nộp hồ sơ {} ngày {when}: {what}.",
                earlier.case_number
            ));
        }
        None => said.push("Chưa có hồ sơ nào của người này ở đơn vị.".to_owned()),
    }
    Ok(Ok(said))
}

/// When a dossier is due, as it is said in a table.
pub(crate) fn or_dash(moment: Option<Moment>) -> String {
    moment.map_or_else(|| "–".to_owned(), words::moment)
}

/// By what somebody is told of their dossier, of the ways that there are here.
pub(crate) fn notify_by(ways: Ways) -> Field {
    let default = match (ways.email, ways.sms || ways.zalo) {
        (true, true) => "Mặc định: thư điện tử nếu có, nếu không thì tin nhắn",
        (true, false) => "Mặc định: thư điện tử nếu có",
        (false, true) => "Mặc định: tin nhắn nếu có số di động",
        (false, false) => "Nơi này chưa báo tin được",
    };
    let all = [
        (NotifyBy::Email, "Thư điện tử"),
        (NotifyBy::Sms, "Tin nhắn"),
        (NotifyBy::Zalo, "Zalo"),
        (NotifyBy::None, "Không báo tin"),
    ];
    let all = all.into_iter().filter(|(by, _)| ways.has(*by));
    let all = all.map(|(by, name)| Choice::new(by.as_str(), name));
    let choices = std::iter::once(Choice::new("", default)).chain(all);
    Field::choice("applicant/notify_by", "Báo tin qua", choices.collect())
}
