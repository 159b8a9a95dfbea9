//! What the norms say on a day: forms and rules, with their source and how sure it is.

use chrono::NaiveDate;
use serde::Serialize;

use crate::domain::norms::{FormKind, JudgedBy, JudgedDate, LeftOut, Numbering, Sure};
use crate::domain::procedure::OnSupplement;
use crate::error::Error;
use crate::render::words;
use crate::store::Store;

/// What the norms say on a day. A dossier goes by those of its day of receipt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct NormsView {
    #[schema(example = "2026-11-26")]
    pub on: NaiveDate,
    /// Since when it is so.
    #[schema(example = "2026-08-05")]
    pub valid_from: NaiveDate,
    /// The day before the next change that is known; absent if none is.
    pub valid_to: Option<NaiveDate>,
    pub basis: Vec<BasisView>,
    pub forms: Vec<FormView>,
    #[schema(example = "highest_first")]
    pub case_number: Numbering,
    /// What the clock does once a dossier is complete again, where the procedure does not say.
    #[schema(example = "restart")]
    pub on_supplement: OnSupplement,
    /// How often papers may be asked for without a reason of its own; `null`: any number of times.
    #[schema(example = 1)]
    pub supplements: Option<u16>,
    /// How many days before the due day an apology comes in time at the latest.
    #[schema(example = 1)]
    pub apology_days_before: u16,
    #[schema(example = "moment")]
    pub judged_by: JudgedBy,
    #[schema(example = "first")]
    pub judged_date: JudgedDate,
    /// Which of the resolved on-time rates leave out.
    #[schema(value_type = Vec<String>, example = json!([]))]
    pub rates_leave_out: LeftOut,
    /// The rules in sentences.
    #[schema(example = json!(["Yêu cầu bổ sung giấy tờ tối đa 1 lần."]))]
    pub text: Vec<String>,
}

/// A norm that says so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct BasisView {
    #[schema(example = "Thông tư 03/2025/TT-VPCP")]
    pub norm: String,
    /// What it is cited for; empty: for all of it.
    #[schema(example = "các mẫu")]
    pub about: String,
    /// `null`: nobody has said.
    #[schema(example = "secondary")]
    pub sure: Option<Sure>,
    #[schema(example = "theo báo chí, trang pháp luật; cần đối chiếu văn bản")]
    pub sure_text: &'static str,
}

/// A form that is to be used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct FormView {
    #[schema(example = "receipt")]
    pub form: FormKind,
    #[schema(example = "01")]
    pub number: String,
    #[schema(example = "Giấy tiếp nhận hồ sơ và hẹn trả kết quả")]
    pub title: String,
}

/// What the norms say on a day.
///
/// # Errors
/// If the database refuses.
pub fn norms(store: &Store, on: NaiveDate) -> Result<NormsView, Error> {
    let reference = store.reference()?;
    let norms = reference.norms();
    let norm = norms.on(on);
    let basis = norm.basis.iter().map(|basis| BasisView {
        norm: basis.norm.clone(),
        about: basis.about.clone(),
        sure: basis.sure,
        sure_text: words::sure(basis.sure),
    });
    let forms = norm.forms.iter().map(|form| FormView {
        form: form.form,
        number: form.number.clone(),
        title: form.title.clone(),
    });
    Ok(NormsView {
        on,
        valid_from: norm.valid_from,
        valid_to: norms.last_day(norm),
        basis: basis.collect(),
        forms: forms.collect(),
        case_number: norm.case_number,
        on_supplement: norm.on_supplement,
        supplements: norm.supplements,
        apology_days_before: norm.apology_days_before,
        judged_by: norm.judged_by,
        judged_date: norm.judged_date,
        rates_leave_out: norm.rates_leave_out,
        text: words::norm(norm),
    })
}
