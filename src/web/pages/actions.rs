//! `/ho-so/{dossier}/…`: what is done to a dossier, a small form each. It is read and judged as the API's body is;
//! what was typed stays, also where somebody else was quicker.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, ResponseError};
use askama::Template;
use serde_json::{Value, json};

use crate::acts::advance::ByForm;
use crate::domain::dossier::{ActionKind, Pages, Refusal};
use crate::domain::identity::Identity;
use crate::domain::moment::Moment;
use crate::domain::opinion::Rating;
use crate::domain::person::NotifyBy;
use crate::domain::procedure::StepRole;
use crate::domain::role::Permission;
use crate::domain::text_block::Purpose;
use crate::render::words;
use crate::store::Store;
use crate::views::assignees::Colleague;
use crate::views::course::{Course, Told, is_within};
use crate::views::dossier::{DossierView, FeeStatus, FeeView, ItemView, Of};
use crate::views::text_blocks::TextBlock;
use crate::web::api::actions::{self, ActionBody, Asks, Plain, WithReason};
use crate::web::api::call::Call;
use crate::web::api::dossiers::{intent, resolve};
use crate::web::api::fees;
use crate::web::body;
use crate::web::pages::carried::{Carried, GO_ON};
use crate::web::pages::forms::{Choice, Field, Fields, FormPart, PaperRow, sentence};
use crate::web::pages::receive::{asked_for, channels, methods, notify_by, vnd};
use crate::web::pages::right_procedure::{self, PROCEDURE};
use crate::web::pages::{Frame, dossier, drafts, page, see_other};
use crate::web::problem::{FieldError, Kind, Problem};
use crate::{acts, views};

const VERSION: &str = "version";
const REASON: &str = "reason";
/// The text that is chosen, and the button that puts it in.
const BLOCK: &str = "mau";
const PUT_IN: &str = "chen";
const IDENTITY: &str = "applicant/identity_number";
const TAX_CODE: &str = "applicant/tax_code";
const DELEGATE_NAME: &str = "delegate/name";
const DELEGATE_IDENTITY: &str = "delegate/identity_number";
/// Ticked: the number that there is was not theirs.
const WITHOUT_IDENTITY: &str = "bo-so";
const RATING: &str = "hai-long";

/// The last part of an action's address; `None`: it has no page.
pub(crate) const fn slug(kind: ActionKind) -> Option<&'static str> {
    Some(match kind {
        ActionKind::Receive => "tiep-nhan",
        ActionKind::NotReceive => "khong-tiep-nhan",
        ActionKind::Reach => "nhan-tu-noi-khac",
        ActionKind::HandOver => "chuyen",
        ActionKind::Assign => "doi-nguoi-xu-ly",
        ActionKind::RequestSupplement => "yeu-cau-bo-sung",
        ActionKind::TakeSupplement => "nhan-bo-sung",
        ActionKind::RequestPayment => "yeu-cau-nop-tien",
        ActionKind::TakePayment => "nhan-tien",
        ActionKind::Return => "tra-ket-qua",
        ActionKind::CollectFees => "thu-phi",
        ActionKind::WaiveFee => "mien-phi",
        ActionKind::SetFees => "so-luong-muc-phi",
        ActionKind::RefundFees => "hoan-tra",
        ActionKind::CancelRefund => "huy-hoan-tra",
        ActionKind::CancelWaiver => "huy-mien-phi",
        ActionKind::Finish => "ket-thuc",
        ActionKind::Withdraw => "rut",
        ActionKind::Stop => "dung",
        ActionKind::Verify => "xac-minh",
        ActionKind::Reappoint => "xin-loi-hen-lai",
        ActionKind::MoveToSuccessor => "chuyen-don-vi-ke-thua",
        ActionKind::Undo => "huy-thao-tac",
        ActionKind::CorrectApplicant => "sua-nguoi-nop",
        ActionKind::CorrectPapers => "sua-giay-to",
        ActionKind::CorrectCase => "sua-truong-hop",
        ActionKind::CorrectReceipt => "sua-tiep-nhan",
        ActionKind::CorrectDelegate => "sua-nguoi-duoc-uy-quyen",
        ActionKind::Register
        | ActionKind::SendBack
        | ActionKind::MarkOverdue
        | ActionKind::RecomputeDue => return None,
    })
}

/// What a form is made for.
struct Subject {
    view: DossierView,
    course: Course,
    colleagues: Vec<Colleague>,
    /// Whose the step is that it is given for.
    next_role: Option<StepRole>,
    /// Texts that may be put into the reason.
    blocks: Vec<TextBlock>,
}

#[derive(Template)]
#[template(path = "action.html")]
struct ActionPage {
    frame: Frame,
    title: String,
    kind: ActionKind,
    address: String,
    view: DossierView,
    form: FormPart,
    /// What somebody else did in the meantime.
    meanwhile: Vec<Told>,
    changed: bool,
    /// It may be done now.
    offered: bool,
    /// The list that it was opened from.
    carried: Carried,
    /// Texts that may be put into the reason.
    blocks: Vec<TextBlock>,
    /// Whoever looks keeps them.
    keeps_blocks: bool,
}

impl ActionPage {
    fn moment(moment: &Moment) -> String {
        words::moment(*moment)
    }

    /// Why it cannot be done, where that is more than the status says.
    fn why_not(&self) -> Option<String> {
        match (self.kind, self.view.appointment_at) {
            (ActionKind::Reappoint, Some(appointment)) => {
                let why = words::refusal(&Refusal::AlreadyReappointed { appointment });
                Some(format!("{}.", sentence(&why)))
            }
            _ => None,
        }
    }
}

/// The dossier as it is now, with what its forms need.
async fn subject(call: &Call, dossier: String, kind: ActionKind) -> Result<Subject, Problem> {
    call.run(move |store, by, now| {
        let (view, course) = dossier::read(store, &dossier, &by.reader(), now)?;
        let blocks = match Purpose::of(kind) {
            Some(purpose) => {
                views::text_blocks::offered(store, by.unit, purpose, &view.procedure.code)?
            }
            None => Vec::new(),
        };
        // Those of the unit that has it; at a desk that passes it on, those of the unit that answers for it too.
        let reference = store.reference()?;
        let mut units: Vec<_> = [&view.holder.code, &view.unit.code]
            .into_iter()
            .filter_map(|code| Some(reference.units().by_code(code)?.id))
            .collect();
        units.dedup();
        let mut colleagues = views::assignees::offered(store, &units, Permission::HandOver)?;
        // Who can do what it is given for comes first.
        let at_hand = usize::from(view.step.index);
        let next = match kind {
            ActionKind::HandOver => at_hand + 1,
            _ => at_hand,
        };
        let next_role = course.stages.get(next).and_then(|stage| stage.role);
        if let Some(role) = next_role {
            colleagues.sort_by_key(|one| (one.role != role.role(), !one.role.does(role)));
        }
        Ok(Subject {
            view,
            course,
            next_role,
            colleagues,
            blocks,
        })
    })
    .await
}

fn answer(
    call: &Call,
    status: StatusCode,
    kind: ActionKind,
    subject: Subject,
    form: FormPart,
    seen: Option<u32>,
    carried: Carried,
) -> Result<HttpResponse, Problem> {
    let Subject {
        view,
        course,
        blocks,
        ..
    } = subject;
    let offered = view.allowed_actions.contains(&kind);
    let changed = seen.is_some();
    let meanwhile = course.told.into_iter();
    let meanwhile = meanwhile.skip(
        seen.and_then(|seen| usize::try_from(seen).ok())
            .unwrap_or(usize::MAX),
    );
    let address = place(&view.case_number, kind);
    let shown = ActionPage {
        frame: Frame::of(&call.by, "/ho-so").wrong(changed || !form.errors.is_empty()),
        title: dossier::title(kind),
        kind,
        address,
        form,
        meanwhile: meanwhile.collect(),
        changed,
        offered,
        view,
        carried,
        blocks,
        keeps_blocks: Purpose::of(kind).is_some() && call.by.may(Permission::KeepTextBlocks),
    };
    page(status, &shown)
}

/// Where an action's form is sent to.
fn place(case_number: &str, kind: ActionKind) -> String {
    format!("/ho-so/{case_number}/{}", slug(kind).unwrap_or_default())
}

/// `GET /ho-so/{dossier}/…`.
pub async fn show(call: Call, kind: ActionKind, query: Fields) -> Result<HttpResponse, Problem> {
    let subject = subject(&call, call.named::<String>()?, kind).await?;
    let place = place(&subject.view.case_number, kind);
    let given = drafts::given(&call, &query, &place).await?;
    let form = form(kind, &subject);
    let form = match kind {
        ActionKind::Receive => {
            let nothing = Fields::default();
            right_procedure::with_papers_of_case(&call, form, &subject.view, &nothing)
                .await?
                .0
        }
        _ => form,
    };
    let form = given.over(form);
    let status = match subject.view.allowed_actions.contains(&kind) {
        true => StatusCode::OK,
        false => StatusCode::CONFLICT,
    };
    let carried = Carried::read(&query);
    answer(&call, status, kind, subject, form, None, carried)
}

/// `POST /ho-so/{dossier}/…`.
pub async fn act(call: Call, kind: ActionKind, typed: Fields) -> Result<HttpResponse, Problem> {
    match done_or_shown(&call, kind, &typed).await {
        Err(problem) => Err(drafts::keep(&call, &typed, problem).await),
        answered => answered,
    }
}

/// To the dossier after the action, or the form with what stands in the way.
async fn done_or_shown(
    call: &Call,
    kind: ActionKind,
    typed: &Fields,
) -> Result<HttpResponse, Problem> {
    let named = call.named::<String>()?;
    let subject = subject(call, named.clone(), kind).await?;
    let carried = Carried::read(typed);
    let place = place(&subject.view.case_number, kind);
    let form = form(kind, &subject);
    let (form, others) = match kind {
        ActionKind::Receive => {
            right_procedure::with_papers_of_case(call, form, &subject.view, typed).await?
        }
        _ => (form.typed(typed), false),
    };
    let mut form = drafts::again(form, typed, &place);
    if others {
        let why = "giấy tờ của trường hợp này khác với những gì đã hiện: xem lại số bản ở dưới";
        form = form.wrong(right_procedure::CASE, why.to_owned());
        let status = StatusCode::BAD_REQUEST;
        return answer(call, status, kind, subject, form, None, carried);
    }
    if kind == ActionKind::CorrectReceipt {
        form = right_procedure::meant(call, form, &subject.view, typed).await?;
        if !form.errors.is_empty() {
            let status = StatusCode::BAD_REQUEST;
            return answer(call, status, kind, subject, form, None, carried);
        }
    }
    if typed.find(PUT_IN).is_some() {
        // Nothing is done yet: the text comes to what was typed.
        let form = with_block(form, &subject.blocks, typed);
        return answer(call, StatusCode::OK, kind, subject, form, None, carried);
    }
    let seen: Option<u32> = typed.get(VERSION).parse().ok();
    let rating = typed.typed(RATING).and_then(|level| level.parse().ok());
    let rating = rating.and_then(Rating::new);
    let mut body = form.body();
    clear(&mut body);
    match kind {
        ActionKind::CollectFees => with_quantities(&mut body),
        ActionKind::SetFees => as_terms(&mut body),
        ActionKind::CorrectPapers if typed.get(DROP_OTHERS) == "true" => {
            body[DROP_OTHERS] = json!(true);
        }
        // Whoever withdraws need not say why.
        ActionKind::Withdraw if typed.typed(REASON).is_none() => body[REASON] = json!(""),
        _ => {}
    }
    let form = looked_over(kind, form, &subject.view, &body, typed);
    if !form.errors.is_empty() {
        let status = StatusCode::BAD_REQUEST;
        return answer(call, status, kind, subject, form, None, carried);
    }
    let keeps_identity = kept_identity(kind, typed);
    let intent = intent(call, None);
    let key = typed.typed(drafts::KEY).map(str::to_owned);
    let pages = check_pages(&form);
    let done = call.run(move |store, by, _| {
        pages?;
        let id = resolve(store, &named)?;
        if let Some(of) = keeps_identity {
            keep_identity(store, &mut body, id, of, by)?;
        }
        let seen =
            seen.ok_or_else(|| Problem::new(Kind::PreconditionRequired, "thiếu phiên bản"))?;
        let form = ByForm { key, rating };
        perform(
            kind,
            &body.to_string().into_bytes(),
            store,
            id,
            seen,
            intent,
            form,
        )?;
        // It may have moved out of reach by this very action.
        Ok(is_within(store, id, &by.reader())?)
    });
    let after = || {
        let done = slug(kind).unwrap_or_default();
        let number = &subject.view.case_number;
        let place = match typed.find(GO_ON).is_some() && carried.is_some() {
            true => carried.next(number, Some(done)),
            false => format!("/ho-so/{number}?xong={done}{}", carried.and()),
        };
        see_other(&place).finish()
    };
    let problem = match done.await {
        Ok(true) => return Ok(after()),
        Ok(false) => return Ok(see_other(&carried.list()).finish()),
        Err(problem) => problem,
    };
    let refused = match problem.kind() {
        // It was sent twice, and is done.
        Kind::Changed | Kind::Refused if drafts::was_sent(call, typed).await? => return Ok(after()),
        Kind::Changed => {
            let now = self::form(kind, &subject);
            let form = form.renewed(VERSION, subject.view.version).beside(&now);
            let status = problem.status_code();
            return answer(call, status, kind, subject, form, seen, carried);
        }
        Kind::InvalidRequest | Kind::Refused | Kind::NotReady | Kind::AmountMismatch => true,
        // Where a rule says for whom it is, the page says so beside what was typed.
        Kind::Forbidden => subject.view.allowed_actions.contains(&kind),
        _ => false,
    };
    match refused {
        true => {
            let (status, form) = (problem.status_code(), form.refused(&problem));
            answer(
                call,
                status,
                kind,
                subject,
                form.with_blanks(),
                None,
                carried,
            )
        }
        false => Err(problem),
    }
}

/// Papers of another procedure or case were never there.
const DROP_OTHERS: &str = "drop_others";

/// What the page asks about before it sends anything; the form with that where something is to be seen to.
fn looked_over(
    kind: ActionKind,
    mut form: FormPart,
    view: &DossierView,
    body: &Value,
    typed: &Fields,
) -> FormPart {
    let items = body["items"].as_array();
    match kind {
        // The clock runs again, and nothing may be asked for once more: not by a number in the wrong row.
        ActionKind::TakeSupplement
            if typed.typed(REASON).is_none() && items.is_some_and(|items| !items.is_empty()) =>
        {
            let missing = still_missing(view, body);
            if missing.is_empty() {
                return form;
            }
            let why = format!(
                "còn thiếu giấy tờ được yêu cầu: {}; nếu vẫn tiếp tục thì ghi lý do ở dưới",
                missing.join("; ")
            );
            form.wrong("items", why)
        }
        // Whoever gets it back asks why.
        ActionKind::HandOver if typed.typed("note").is_none() => {
            let step = typed.get("step").parse();
            match step.is_ok_and(|step: u8| step < view.step.index) {
                true => form.wrong("note", "ghi vì sao trả lại".to_owned()),
                false => form,
            }
        }
        ActionKind::Reappoint => {
            let Some(sure) = far_appointment(&form, typed) else {
                return form;
            };
            form.fields.insert(2, sure);
            let why =
                "hẹn lại quá ba tháng nữa: xem lại ngày, tháng, năm; nếu đúng thì đánh dấu ở dưới";
            form.wrong("appointment_at", why.to_owned())
        }
        _ => form,
    }
}

/// The tick by which an appointment so far away that it looks like a slip is meant; `None`: it is near, or ticked.
fn far_appointment(form: &FormPart, typed: &Fields) -> Option<Field> {
    let mut fields = form.fields.iter();
    let at = fields
        .find(|field| field.name == "appointment_at")?
        .moment_of()?;
    let far = crate::clock::now().plus_millis(FAR_DAYS * 24 * 3600 * 1000);
    let said = at.to_string();
    if at <= far || typed.get(FAR) == said {
        return None;
    }
    let sure = vec![Choice::new(
        &said,
        format!("Đúng là hẹn lại {}", words::moment(at)),
    )];
    Some(Field::ticks(FAR, "Xác nhận ngày hẹn lại", sure).nowhere())
}

/// The field of that tick, and how many days away it is asked for.
const FAR: &str = "hen-xa";
const FAR_DAYS: i64 = 92;

/// The form with the chosen text behind what stands in its reason.
fn with_block(form: FormPart, blocks: &[TextBlock], typed: &Fields) -> FormPart {
    let chosen = blocks
        .iter()
        .find(|block| block.id.to_string() == typed.get(BLOCK));
    let Some(block) = chosen else {
        return form;
    };
    let said = typed.get(REASON).trim_end();
    let said = match said.is_empty() {
        true => block.body.clone(),
        false => format!("{said}\n{}", block.body),
    };
    form.renewed(REASON, said).focused(REASON)
}

/// How many times a fee is owed that is owed for each of something.
pub(crate) fn quantity(position: u16, fee: &FeeTimes<'_>) -> Option<Field> {
    let per = fee.per?;
    if fee.by_copy {
        let label = format!("Số trang từng bản: {}", fee.name);
        let name = format!("pages/{position}");
        return Some(Field::text(&name, &label).hint(PAGES_HINT).value(fee.pages));
    }
    let label = format!("Số {per}: {}", fee.name);
    Some(Field::number(&format!("quantity/{position}"), &label).value(fee.times))
}

/// What a form asks of how many times a fee is owed.
pub(crate) struct FeeTimes<'a> {
    pub name: &'a str,
    pub per: Option<&'a str>,
    /// By the pages of each copy.
    pub by_copy: bool,
    pub times: u32,
    pub pages: &'a str,
}

const PAGES_HINT: &str = "Ví dụ 5, 1: một bản 5 trang và một bản 1 trang; 2x5: hai bản, mỗi bản 5 trang. Mức thu từng bản theo \
                          số trang của bản đó.";

/// Puts how many times fees are owed to the fees that are paid, as the API has them.
pub(crate) fn with_quantities(body: &mut Value) {
    let Some(body) = body.as_object_mut() else {
        return;
    };
    let times = ["quantity", "pages"].map(|name| (name, body.remove(name)));
    let Some(Value::Array(fees)) = body.get_mut("fees") else {
        return;
    };
    for fee in fees {
        let position = fee.to_string();
        for (name, times) in &times {
            let Some(times) = times.as_ref().and_then(|times| times.get(&position)) else {
                continue;
            };
            if !fee.is_object() {
                *fee = json!({"position": fee});
            }
            fee[*name] = times.clone();
        }
    }
}

/// Where what a form asks of the pages of copies cannot be read.
pub(crate) fn check_pages(form: &FormPart) -> Result<(), Problem> {
    let fields = form.fields.iter().filter(|field| {
        let mut parts = field.name.split('/');
        parts.any(|part| part == "pages") && !field.value.trim().is_empty()
    });
    let wrong = fields.filter_map(|field| {
        let error = Pages::try_from(field.value.clone()).err()?;
        Some(FieldError::new(
            format!("/{}", field.name),
            error.to_string(),
        ))
    });
    match wrong.collect::<Vec<_>>() {
        wrong if wrong.is_empty() => Ok(()),
        wrong => Err(Problem::invalid(wrong)),
    }
}

/// The terms of the one fee that the form is about, as the API has them.
fn as_terms(body: &mut Value) {
    let Some(body) = body.as_object_mut() else {
        return;
    };
    let mut terms = json!({});
    for (name, own) in [
        ("fee", "position"),
        ("quantity", "quantity"),
        ("pages", "pages"),
        ("reason", "reason"),
    ] {
        if let Some(value) = body.remove(name) {
            terms[own] = value;
        }
    }
    body.insert("fees".to_owned(), json!([terms]));
}

/// Takes away what was left empty where the API has nothing.
pub(crate) fn clear(body: &mut Value) {
    let Some(body) = body.as_object_mut() else {
        return;
    };
    for name in ["assignee", "case", PROCEDURE] {
        if body.get(name) == Some(&json!("")) {
            body.remove(name);
        }
    }
    if let Some(Value::Object(applicant)) = body.get_mut("applicant")
        && applicant.get("notify_by") == Some(&json!(""))
    {
        applicant.remove("notify_by");
    }
}

/// Whose number is kept by a correction of the rest: where none was typed, and it was theirs.
fn kept_identity(kind: ActionKind, typed: &Fields) -> Option<Of> {
    let none = |name| typed.typed(name).is_none();
    let of = match kind {
        ActionKind::CorrectApplicant if none(IDENTITY) && none(TAX_CODE) => Of::Applicant,
        ActionKind::CorrectDelegate if none(DELEGATE_IDENTITY) && !none(DELEGATE_NAME) => {
            Of::Delegate
        }
        _ => return None,
    };
    none(WITHOUT_IDENTITY).then_some(of)
}

/// The number that somebody has, where none was typed.
fn keep_identity(
    store: &Store,
    body: &mut Value,
    id: crate::domain::ids::DossierId,
    of: Of,
    by: &acts::access::Caller,
) -> Result<(), Problem> {
    let place = match of {
        Of::Applicant => "applicant",
        Of::Delegate => "delegate",
    };
    if let Some(identity) = views::dossier::kept_identity(store, id, of, by.unit)? {
        let name = match identity {
            Identity::TaxCode(_) => "tax_code",
            Identity::Cccd(_) | Identity::Cmnd(_) | Identity::Passport(_) => "identity_number",
        };
        body[place][name] = json!(identity.number());
    }
    Ok(())
}

/// Does what a body asks for, as the API would.
fn perform(
    kind: ActionKind,
    body: &[u8],
    store: &Store,
    id: crate::domain::ids::DossierId,
    seen: u32,
    intent: acts::Intent,
    form: ByForm,
) -> Result<(), Problem> {
    use crate::domain::dossier::{Action, Correction};

    fn read<B: ActionBody>(
        body: &[u8],
        asks: Asks<B>,
        of: impl FnOnce(B, Asks<B>) -> Result<(), Problem>,
    ) -> Result<(), Problem> {
        of(body::read::<B>(body)?, asks)
    }

    macro_rules! ask {
        ($asks:expr) => {
            read(body, $asks, |body, asks| {
                actions::perform(store, id, Some(seen), body, asks, intent, form)
            })
        };
    }

    match kind {
        ActionKind::Receive => ask!(actions::Receive::asks),
        ActionKind::NotReceive => {
            ask!(|WithReason { reason, .. }, of| { of.to(Action::NotReceive { reason }) })
        }
        ActionKind::Reach => ask!(|Plain { .. }, of| of.to(Action::Reach)),
        ActionKind::HandOver => ask!(actions::HandOver::asks),
        ActionKind::Assign => ask!(actions::OtherHands::asks),
        ActionKind::RequestSupplement => ask!(actions::RequestSupplement::asks),
        ActionKind::TakeSupplement => ask!(actions::TakeSupplement::asks),
        ActionKind::RequestPayment => ask!(actions::RequestPayment::asks),
        ActionKind::TakePayment => ask!(actions::TakePayment::asks),
        ActionKind::Return => ask!(actions::Return::asks),
        ActionKind::CollectFees => ask!(fees::Collect::asks),
        ActionKind::WaiveFee => ask!(fees::Waive::asks),
        ActionKind::CancelWaiver => ask!(fees::Waive::cancels),
        ActionKind::SetFees => ask!(fees::Set::asks),
        ActionKind::RefundFees => ask!(fees::Refund::asks),
        ActionKind::CancelRefund => {
            ask!(|WithReason { reason, .. }, of| of.to(Action::CancelRefund { reason }))
        }
        ActionKind::Finish => ask!(actions::Finish::asks),
        ActionKind::Withdraw => {
            ask!(|WithReason { reason, .. }, of| { of.to(Action::Withdraw { reason }) })
        }
        ActionKind::Stop => ask!(|WithReason { reason, .. }, of| of.to(Action::Stop { reason })),
        ActionKind::Verify => {
            ask!(|WithReason { reason, .. }, of| of.to(Action::Verify { reason }))
        }
        ActionKind::Reappoint => ask!(actions::Reappoint::asks),
        ActionKind::MoveToSuccessor => ask!(actions::MoveTo::asks),
        ActionKind::Undo => ask!(|WithReason { reason, .. }, of| {
            of.to(Action::Correct(Correction::Undo { reason }))
        }),
        ActionKind::CorrectApplicant => ask!(actions::CorrectApplicant::asks),
        ActionKind::CorrectPapers => ask!(actions::CorrectPapers::asks),
        ActionKind::CorrectCase => ask!(actions::CorrectCase::asks),
        ActionKind::CorrectReceipt => ask!(actions::CorrectReceipt::asks),
        ActionKind::CorrectDelegate => ask!(actions::CorrectDelegate::asks),
        ActionKind::Register
        | ActionKind::SendBack
        | ActionKind::MarkOverdue
        | ActionKind::RecomputeDue => Err(Problem::not_found("không có thao tác này")),
    }
}

/// To say that a number was not theirs.
fn without_identity(masked: &str) -> Field {
    let label = format!("Bỏ số {masked}: là số của người khác");
    Field::ticks(
        WITHOUT_IDENTITY,
        "Số hiện có",
        vec![Choice::new("1", label)],
    )
    .nowhere()
}

/// The form of an action, as it is when nothing was typed.
fn form(kind: ActionKind, of: &Subject) -> FormPart {
    let view = &of.view;
    let reason = |label: &str| Field::area(REASON, label).required();
    let mut fields = match kind {
        ActionKind::Receive => {
            let hint = "Chỉ khi thủ tục không quy định thời hạn, và khi đó bắt buộc.";
            let mut fields = match view.items.is_empty() {
                true => Vec::new(),
                false => {
                    let nothing = "Nộp trực tuyến chưa kèm tệp: ghi số bản nhận tại bàn; chưa có thì để trống; chuyển bước xử lý rồi yêu cầu bổ sung.";
                    vec![papers(view).hint(nothing)]
                }
            };
            if !of.course.cases.is_empty() {
                let mut cases = vec![Choice::new("", "Chọn trường hợp")];
                cases.extend(self::cases(of));
                let now = view.case.as_ref().map_or("", |case| &case.code);
                fields.push(Field::choice("case", "Trường hợp", cases).value(now));
            }
            fields.extend([
                assignee(of),
                Field::moment("return_date/at", "Hẹn trả").hint(hint),
                Field::text("return_date/reason", "Vì sao hẹn ngày này"),
            ]);
            fields
        }
        ActionKind::Reach => Vec::new(),
        ActionKind::HandOver => vec![
            step(of),
            assignee(of),
            Field::area("note", "Ghi chú cho người nhận")
                .hint("Bắt buộc khi trả lại bước trước; trả lại mà chưa giao ai thì về người đã chuyển."),
        ],
        ActionKind::Assign => vec![
            assignee(of),
            Field::area("reason", "Lý do").hint("Bắt buộc khi hồ sơ đang giao cho người khác."),
        ],
        ActionKind::RequestSupplement => {
            let papers = view.items.iter();
            let papers = papers.map(|item| Choice::new(item.position, &*item.name));
            let hint = "Nêu một lần mọi thứ còn thiếu, lý do và cách hoàn thiện.";
            let once_more = "Chỉ khi đã yêu cầu bổ sung đủ số lần theo quy định.";
            vec![
                Field::numbers("items", "Giấy tờ còn thiếu", papers.collect()),
                reason("Nội dung cần bổ sung, lý do").hint(hint),
                Field::text("exception/reason", "Lý do yêu cầu thêm lần nữa").hint(once_more),
                Field::text("exception/allowed_by", "Người cho phép: họ tên, chức vụ"),
            ]
        }
        ActionKind::TakeSupplement => vec![
            papers(view),
            Field::area("reason", "Lý do tiếp tục mà không có giấy tờ bổ sung")
                .hint("Bắt buộc khi không nhận giấy tờ nào, hoặc không đủ những gì đã yêu cầu."),
        ],
        ActionKind::RequestPayment => vec![
            Field::numbers("fees", "Khoản phí, lệ phí", owed(view)),
            Field::number("amount_vnd", "Số tiền khác (đồng)")
                .hint("Khi không phải phí của thủ tục, hoặc mức thu do địa phương quy định."),
            Field::area("reason", "Lý do").hint("Bắt buộc khi là số tiền khác."),
        ],
        ActionKind::TakePayment => {
            let asked = view.payment_requested_vnd.unwrap_or_default();
            vec![
                Field::number("amount_vnd", "Số tiền đã nộp (đồng)")
                    .required()
                    .value(asked),
                Field::choice("method", "Hình thức nộp", methods()),
                Field::text("receipt", "Số biên lai"),
            ]
        }
        ActionKind::CollectFees => {
            let owed = owed(view);
            let mut fees = Field::numbers("fees", "Khoản thu", owed.clone());
            if let [one] = &*owed {
                fees.values = vec![one.value.clone()];
            }
            let unknown = view.fees.iter().any(|fee| fee.status == FeeStatus::Unknown);
            let amount = Field::number("amount_vnd", "Tổng số tiền (đồng)")
                .hint("Bắt buộc khi có khoản chưa rõ mức thu.");
            let mut fields = vec![fees];
            let times = view.fees.iter();
            let times = times.filter(|fee| fee.status == FeeStatus::Owed);
            fields.extend(times.filter_map(|fee| {
                let times = FeeTimes {
                    name: &fee.name,
                    per: fee.per.as_deref(),
                    by_copy: fee.further.is_some(),
                    times: fee.quantity,
                    pages: fee.pages.as_deref().unwrap_or("1"),
                };
                quantity(fee.position, &times)
            }));
            fields.extend(unknown.then_some(amount));
            fields.push(Field::choice("method", "Hình thức thu", methods()));
            fields.push(Field::text("receipt", "Số biên lai"));
            fields
        }
        ActionKind::WaiveFee => vec![
            Field::choice("fee", "Khoản được miễn", owed(view)).numeric(),
            reason("Lý do miễn"),
        ],
        ActionKind::CancelWaiver => vec![
            Field::choice("fee", "Khoản không được miễn", waived(view)).numeric(),
            reason("Hủy vì sao").hint("Khoản này lại phải nộp; người nộp được báo."),
        ],
        ActionKind::SetFees => {
            let fees = view.fees.iter();
            let fees = fees.filter(|fee| {
                matches!(
                    fee.status,
                    FeeStatus::Owed | FeeStatus::Unknown | FeeStatus::NotChosen
                )
            });
            let fees = fees.map(|fee| {
                let now = match (&fee.pages, fee.quantity) {
                    (Some(pages), _) => format!(" (đang ghi số trang từng bản: {pages})"),
                    (None, 0 | 1) => String::new(),
                    (None, times) => format!(" (đang ghi: {times})"),
                };
                Choice::new(fee.position, format!("{}{now}", fee.name))
            });
            let once = "Số trang, số bản …; để trống: như đang ghi.";
            let by_copy = view.fees.iter().any(|fee| fee.further.is_some());
            let mut fields = vec![
                Field::choice("fee", "Khoản phí, lệ phí", fees.collect()).numeric(),
                Field::number("quantity", "Số lượng").hint(once),
            ];
            if by_copy {
                let hint = format!("Thay cho số lượng. {PAGES_HINT}");
                fields.push(Field::text("pages", "Số trang từng bản").hint(&hint));
            }
            let why = Field::area("reason", "Lý do áp dụng mức này");
            fields.push(why.hint("Bắt buộc khi không phải mức thông thường."));
            fields
        }
        ActionKind::RefundFees => vec![
            Field::numbers("fees", "Khoản được hoàn trả toàn bộ", collected(view))
                .hint("Đánh dấu thì khoản đó lại còn phải nộp. Không đánh dấu: khoản đó coi như đã nộp xong, không phải nộp lại."),
            Field::number("amount_vnd", "Số tiền hoàn trả (đồng)").required(),
            Field::choice("method", "Hình thức", methods()),
            Field::text("receipt", "Số chứng từ"),
            reason("Lý do hoàn trả"),
        ],
        ActionKind::Finish => {
            let granted = Choice::new("approved", "Đồng ý giải quyết");
            let refused = Choice::new("refused", "Từ chối giải quyết");
            let choices = granted_first(view.may_approve, granted, refused);
            let only = match view.may_approve {
                true => "",
                false if is_of_a_leader(of) => {
                    "Bước này do lãnh đạo ký: bạn chỉ từ chối được. Lãnh đạo đồng ý giải quyết; đang giao cho người khác \
                     thì đổi người xử lý."
                }
                false if view.allowed_actions.contains(&ActionKind::HandOver) => {
                    "Ở bước này chỉ từ chối được. Đồng ý giải quyết ở bước ký; muốn vậy thì chuyển bước."
                }
                false => {
                    "Bước này do người khác ký: bạn chỉ từ chối được; người đó đồng ý giải quyết."
                }
            };
            vec![
                Field::choice("decision", "Kết quả", choices).hint(only),
                Field::area("reason", "Lý do").hint("Bắt buộc khi từ chối."),
            ]
        }
        ActionKind::Return => vec![
            Field::choice("channel", "Trả bằng cách", channels())
                .value(view.return_channel.as_str())
                .hint(still_owed(view)),
            rating(),
        ],
        ActionKind::Reappoint => vec![
            reason("Lý do chậm"),
            Field::moment("appointment_at", "Hẹn lại")
                .required()
                .hint("Trong giờ làm việc, sau hạn trả."),
        ],
        ActionKind::MoveToSuccessor => vec![
            Field::text("from", "Mã đơn vị cũ")
                .required()
                .value(&view.unit.code),
            Field::text("to", "Mã đơn vị kế thừa").required(),
        ],
        ActionKind::CorrectApplicant => {
            let person = &view.applicant;
            let kept = |text: &Option<String>| text.clone().unwrap_or_default();
            let masked = kept(&person.identity_masked);
            let hint = match masked.is_empty() {
                true => String::new(),
                false => format!(
                    "Để trống thì giữ số hiện có ({masked}); ghi mã số thuế ở dưới thì mã số thuế thay số này."
                ),
            };
            let mut fields = vec![
                reason("Sửa vì sao"),
                Field::text("applicant/name", "Họ và tên")
                    .required()
                    .value(&person.name),
                Field::text(IDENTITY, "Số căn cước, chứng minh hoặc hộ chiếu").hint(hint),
                Field::text(TAX_CODE, "Mã số thuế (tổ chức)"),
                Field::phone("applicant/phone", "Điện thoại").value(kept(&person.phone)),
                Field::text("applicant/email", "Thư điện tử").value(kept(&person.email)),
                Field::text("applicant/address", "Địa chỉ").value(kept(&person.address)),
                notify_by(person.ways).value(person.notify_by.map_or("", NotifyBy::as_str)),
            ];
            fields.extend((!masked.is_empty()).then(|| without_identity(&masked)));
            fields
        }
        ActionKind::CorrectDelegate => {
            let person = view.delegate.as_ref();
            let kept = |text: Option<&Option<String>>| text.cloned().flatten().unwrap_or_default();
            let masked = kept(person.map(|person| &person.identity_masked));
            let hint = match masked.is_empty() {
                true => String::new(),
                false => format!("Để trống thì giữ số hiện có ({masked})."),
            };
            let mut fields = vec![
                reason("Sửa vì sao"),
                Field::text(DELEGATE_NAME, "Họ và tên")
                    .hint("Để trống tất cả: người nộp tự mình nộp, không ủy quyền.")
                    .value(person.map_or("", |person| &person.name)),
                Field::text(DELEGATE_IDENTITY, "Số căn cước, chứng minh hoặc hộ chiếu").hint(hint),
                Field::phone("delegate/phone", "Điện thoại")
                    .value(kept(person.map(|person| &person.phone))),
                Field::text("delegate/email", "Thư điện tử")
                    .value(kept(person.map(|person| &person.email))),
            ];
            fields.extend((!masked.is_empty()).then(|| without_identity(&masked)));
            fields
        }
        ActionKind::CorrectCase => {
            let now = view.case.as_ref().map_or("", |case| &case.code);
            let hint = "Thời hạn của trường hợp này, tính từ lúc tiếp nhận. Chọn nhầm cả thủ tục thì sửa thủ tục.";
            vec![
                Field::choice("case", "Trường hợp", cases(of).collect())
                    .value(now)
                    .hint(hint),
                reason("Sửa vì sao").hint("Người nộp được báo ngày hẹn mới."),
            ]
        }
        ActionKind::CorrectReceipt => {
            let procedure = format!(
                "Mã hoặc vài chữ của tên. Để trống: giữ {} – {}. Đổi thủ tục thì sau đó sửa giấy tờ đã nhận theo thủ tục mới.",
                view.procedure.code, view.procedure.name
            );
            let received = view.received_at.map(words::moment).unwrap_or_default();
            let dated = "Chỉ khi thủ tục đúng không quy định thời hạn, và khi đó bắt buộc.";
            vec![
                Field::text(PROCEDURE, "Thủ tục đúng").hint(procedure),
                Field::text("case", "Trường hợp của thủ tục đó")
                    .hint("Hai chữ số; chỉ khi thủ tục có nhiều trường hợp."),
                Field::choice("channel", "Kênh nộp", channels()).value(view.channel.as_str()),
                Field::moment("received_at", "Tiếp nhận lúc")
                    .hint(format!("Để trống: giữ {received}.")),
                Field::moment("return_date/at", "Hẹn trả").hint(dated),
                Field::text("return_date/reason", "Vì sao hẹn ngày này"),
                reason("Sửa vì sao")
                    .hint("Thời hạn được tính lại từ lúc tiếp nhận; ngày hẹn đổi thì người nộp được báo."),
            ]
        }
        ActionKind::CorrectPapers => {
            let mut fields = vec![handed_in(view)];
            if !view.other_items.is_empty() {
                let others = view.other_items.iter();
                let others: Vec<_> = others.map(|item| item.name.as_str()).collect();
                let label = format!("Bỏ giấy tờ không còn yêu cầu: {}", others.join("; "));
                fields.push(Field::page_choice(
                    DROP_OTHERS,
                    "Giấy tờ ghi theo thủ tục, trường hợp trước",
                    vec![Choice::new("", "Giữ lại"), Choice::new("true", label)],
                ));
            }
            fields.extend([
                Field::number("sets", "Số bộ hồ sơ").value(view.sets),
                Field::choice("return_channel", "Trả kết quả", channels())
                    .value(view.return_channel.as_str()),
                reason("Sửa vì sao")
                    .hint("Giấy tiếp nhận in lại ghi số đã sửa; lịch sử giữ cả số cũ."),
            ]);
            fields
        }
        ActionKind::Undo => {
            let now = view.status_name;
            let hint = match (view.undoes, view.appointment_at) {
                (Some(ActionKind::Reappoint), Some(at)) => format!(
                    "Hủy việc xin lỗi, hẹn lại {}: ngày hẹn trả trở lại như trước đó, người nộp được báo lại.",
                    words::moment(at)
                ),
                (Some(ActionKind::TakeSupplement), _) => {
                    "Hủy việc nhận giấy tờ bổ sung: hồ sơ lại chờ bổ sung như trước đó, người nộp được báo lại."
                        .to_owned()
                }
                _ => format!(
                    "Hồ sơ đang “{now}”; hủy thì trở lại như trước đó, người nộp đã được báo thì được báo lại."
                ),
            };
            vec![reason("Hủy vì sao").hint(hint)]
        }
        ActionKind::Withdraw => vec![Field::area(REASON, "Lý do")],
        _ => vec![reason("Lý do")],
    };
    if let Some(first) = fields.first_mut() {
        first.focus = true;
    }
    fields.push(Field::hidden(VERSION, view.version));
    fields.push(Field::moment("at/moment", "Thời điểm, nếu nhập sau").hint("Để trống: bây giờ."));
    fields.push(Field::text("at/late_reason", "Lý do nhập muộn"));
    FormPart::new(fields).remembering()
}

/// The cases in which its procedure may be.
fn cases(of: &Subject) -> impl Iterator<Item = Choice> {
    let cases = of.course.cases.iter();
    cases.map(|case| Choice::new(&case.code, &case.name))
}

/// What whoever takes the result is asked; they need not say.
fn rating() -> Field {
    let mut levels = vec![Choice::new("", "Không hỏi, hoặc không trả lời")];
    let all = (1..=5).rev().filter_map(Rating::new);
    levels.extend(all.map(|rating| Choice::new(rating.level(), words::rating(rating))));
    let hint = "Hỏi người nhận kết quả. Mỗi hồ sơ một lần: đã ghi ở đây thì không đánh giá lại khi tra cứu.";
    Field::page_choice(RATING, "Mức độ hài lòng", levels).hint(hint)
}

/// What has not been paid yet, for whoever gives the result out; empty where nothing is owed.
fn still_owed(view: &DossierView) -> String {
    let owed: Vec<_> = owed(view).into_iter().map(|fee| fee.label).collect();
    match owed.is_empty() {
        true => String::new(),
        false => format!(
            "Chưa nộp phí, lệ phí: {}. Thu trước khi trả; trả khi chưa thu thì khoản này vẫn còn phải nộp.",
            owed.join("; ")
        ),
    }
}

fn granted_first(may_approve: bool, granted: Choice, refused: Choice) -> Vec<Choice> {
    match may_approve {
        true => vec![granted, refused],
        false => vec![refused],
    }
}

fn assignee(of: &Subject) -> Field {
    let mut choices = vec![Choice::new("", "Chưa giao")];
    let known = of.colleagues.iter();
    choices.extend(known.map(|one| Choice::new(&one.staff.username, one.name())));
    let field = Field::choice("assignee", "Giao cho", choices);
    match of.next_role {
        Some(whose) => {
            let whose = words::role(whose.role());
            field.hint(format!(
                "{} làm bước này, hoặc người đang được cử làm thay.",
                sentence(whose)
            ))
        }
        None => field,
    }
}

/// Whether the step at hand is a leader's.
fn is_of_a_leader(of: &Subject) -> bool {
    let at_hand = of.course.stages.get(usize::from(of.view.step.index));
    at_hand.and_then(|stage| stage.role) == Some(StepRole::Supervisor)
}

/// Where it may go: on to the next step, or back to an earlier one.
fn step(of: &Subject) -> Field {
    let at_hand = usize::from(of.view.step.index);
    let stages = of.course.stages.iter().enumerate();
    let stages = stages.filter(|(i, _)| *i <= at_hand + 1 && *i != at_hand);
    let choices = stages.map(|(i, stage)| {
        let back = match i < at_hand {
            true => "Trả lại: ",
            false => "",
        };
        Choice::new(i, format!("{back}{}", stage.name))
    });
    let mut choices: Vec<_> = choices.collect();
    // The next one is what is usual.
    choices.reverse();
    Field::choice("step", "Đến bước", choices).numeric()
}

/// Whether the applicant is asked for a paper now.
fn is_asked(view: &DossierView, item: &ItemView) -> bool {
    view.missing
        .contains(&words::paper_of(&item.name, item.originals, item.copies))
}

/// Papers that were asked for and are not among what is taken, by name.
fn still_missing(view: &DossierView, body: &Value) -> Vec<String> {
    // An original that is asked for is not come with a copy.
    let taken = |item: &ItemView| {
        let mut items = body["items"].as_array().into_iter().flatten();
        let given = items.find(|given| given["position"] == json!(item.position));
        let number = |name: &str| given.and_then(|given| given[name].as_u64()).unwrap_or(0);
        let (originals, copies) = (number("originals"), number("copies"));
        match item.originals {
            0 => originals + copies > 0,
            _ => originals > 0,
        }
    };
    let missing = view.items.iter();
    let missing = missing.filter(|item| is_asked(view, item) && !taken(item));
    missing.map(|item| item.name.clone()).collect()
}

fn papers(view: &DossierView) -> Field {
    let papers = view.items.iter().map(|item| PaperRow {
        position: item.position,
        name: item.name.clone(),
        about: match is_asked(view, item) {
            true => format!(
                "đang yêu cầu bổ sung: {}",
                asked_for(item.originals, item.copies, item.required)
            ),
            false => asked_for(item.originals, item.copies, item.required),
        },
        asked: (item.originals, item.copies),
        originals: String::new(),
        copies: String::new(),
    });
    Field::papers("items", "Giấy tờ nhận thêm", papers.collect())
}

/// All papers with what was written down of them.
fn handed_in(view: &DossierView) -> Field {
    let number = |number: u32| match number {
        0 => String::new(),
        number => number.to_string(),
    };
    let papers = view.items.iter().map(|item| PaperRow {
        position: item.position,
        name: item.name.clone(),
        about: asked_for(item.originals, item.copies, item.required),
        asked: (item.originals, item.copies),
        originals: number(item.originals_handed_in),
        copies: number(item.copies_handed_in),
    });
    Field::papers("items", "Tất cả giấy tờ đã nhận đến nay", papers.collect())
}

/// The fees that were paid.
fn collected(view: &DossierView) -> Vec<Choice> {
    let paid = view.fees.iter();
    let paid = paid.filter(|fee| fee.status == FeeStatus::Collected);
    let amount = |fee: &FeeView| fee.sum_vnd.map_or_else(String::new, vnd);
    paid.map(|fee| Choice::new(fee.position, format!("{}: {}", fee.name, amount(fee))))
        .collect()
}

/// The fees that were waived.
fn waived(view: &DossierView) -> Vec<Choice> {
    let waived = view.fees.iter();
    let waived = waived.filter(|fee| fee.status == FeeStatus::Waived);
    waived
        .map(|fee| Choice::new(fee.position, &fee.name))
        .collect()
}

/// The fees for which something is owed.
fn owed(view: &DossierView) -> Vec<Choice> {
    let owed = view.fees.iter();
    let owed = owed.filter(|fee| matches!(fee.status, FeeStatus::Owed | FeeStatus::Unknown));
    owed.map(|fee| {
        let amount = fee
            .sum_vnd
            .map_or_else(|| "chưa rõ mức thu".to_owned(), vnd);
        Choice::new(fee.position, format!("{}: {amount}", fee.name))
    })
    .collect()
}
