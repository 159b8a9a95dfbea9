//! What is printed at the counter where a dossier is not taken in: what is missing (form 02), or that it is refused (form
//! 03). Nothing is written down; what was typed stays in the form, for when the papers come.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;

use crate::domain::moment::Moment;
use crate::domain::norms::FormKind;
use crate::render::words;
use crate::views::intake::Intake;
use crate::web::api::call::Call;
use crate::web::pages::forms::{Fields, FormPart, PaperRow};
use crate::web::pages::receive::{PATH, STEP};
use crate::web::pages::{Frame, page};
use crate::web::problem::Problem;

/// The field of why, and of how to put it right.
pub(crate) const REASON: &str = "counter_reason";

/// What the buttons that print are called.
const SUPPLEMENT: &str = "phieu-02";
const REFUSAL: &str = "phieu-03";

/// The paper that a button asks for.
pub(crate) fn asked_for(step: &str) -> Option<FormKind> {
    match step {
        SUPPLEMENT => Some(FormKind::Supplement),
        REFUSAL => Some(FormKind::Refusal),
        _ => None,
    }
}

#[derive(Template)]
#[template(path = "counter_paper.html")]
struct CounterPaperPage {
    frame: Frame,
    intake: Intake,
    refused: bool,
    /// `Mẫu số 02`; empty where the norms have no such form.
    number: String,
    title: String,
    name: String,
    address: String,
    contact: String,
    missing: Vec<String>,
    reason: Vec<String>,
    by: String,
    now: Moment,
    /// What was typed, to go on with it.
    typed: Vec<(String, String)>,
}

impl CounterPaperPage {
    fn day(&self) -> String {
        let day = self.now.date();
        day.format("ngày %d tháng %m năm %Y").to_string()
    }
}

/// What is still needed before that paper is printed: the field, and what is to be done there.
pub(crate) fn needed(
    kind: FormKind,
    intake: &Intake,
    form: &FormPart,
    typed: &Fields,
) -> Option<(&'static str, &'static str)> {
    let has_reason = typed.typed(REASON).is_some();
    match kind {
        _ if typed.typed("applicant/name").is_none() => {
            Some(("applicant/name", "ghi họ tên người nộp để in phiếu"))
        }
        _ if has_reason => None,
        FormKind::Refusal => Some((REASON, "ghi lý do từ chối để in phiếu")),
        _ if missing(intake, form).is_empty() => Some((
            REASON,
            "mọi giấy tờ bắt buộc đã ghi là có; ghi số bản thực nhận, hoặc ghi điều cần bổ sung",
        )),
        _ => None,
    }
}

/// The paper, as the browser prints it.
pub(crate) fn print(
    call: &Call,
    kind: FormKind,
    intake: Intake,
    form: &FormPart,
    typed: &Fields,
) -> Result<HttpResponse, Problem> {
    let refused = kind == FormKind::Refusal;
    let missing = match refused {
        true => Vec::new(),
        false => missing(&intake, form),
    };
    let reason = typed.get(REASON).lines().map(str::trim);
    let reason = reason.filter(|line| !line.is_empty());
    let text = |name: &str| typed.get(name).trim().to_owned();
    let known = intake.forms.iter().find(|known| known.form == kind);
    let contact = ["applicant/phone", "applicant/email"].map(text);
    let shown = CounterPaperPage {
        frame: Frame::of(&call.by, PATH),
        refused,
        number: known.map_or_else(String::new, |form| format!("Mẫu số {}", form.number)),
        title: known.map_or_else(String::new, |form| form.title.clone()),
        name: text("applicant/name"),
        address: text("applicant/address"),
        contact: contact.join(" ").trim().to_owned(),
        missing,
        reason: reason.map(str::to_owned).collect(),
        by: call.by.full_name.clone(),
        now: crate::clock::now(),
        typed: typed.without(&[STEP]),
        intake,
    };
    page(StatusCode::OK, &shown)
}

/// Of what the checklist requires, what was not handed in.
fn missing(intake: &Intake, form: &FormPart) -> Vec<String> {
    let rows = form.fields.iter().flat_map(|field| &field.papers);
    let lacking = rows.filter_map(|row| {
        let item = intake.checklist.get(usize::from(row.position))?;
        item.required.then(|| lacking(row))?
    });
    lacking.collect()
}

/// `Giấy khai sinh: 1 bản chính`; a count that cannot be read is none.
fn lacking(row: &PaperRow) -> Option<String> {
    let handed_in = |typed: &str| typed.trim().parse::<u16>().unwrap_or_default();
    let (originals, copies) = row.asked;
    let left = (
        originals.saturating_sub(handed_in(&row.originals)),
        copies.saturating_sub(handed_in(&row.copies)),
    );
    match left {
        (0, 0) => None,
        (originals, copies) => {
            let counts = words::copies(originals, copies);
            Some(format!("{}: {counts}", row.name))
        }
    }
}
