//! `/api/v1/reports`: the supervisors' reports, over their unit and what is under it.

use actix_web::{HttpResponse, web};
use chrono::NaiveDate;
use serde::Deserialize;
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use crate::domain::ids::UnitId;
use crate::domain::period::Period;
use crate::domain::unit::Level;
use crate::render::table::Counts;
use crate::reports::on_time::By;
use crate::reports::satisfaction::{RatingCounts, SatisfactionBy};
use crate::reports::standings::Span;
use crate::reports::{self, ReportError};
use crate::store::Store;
use crate::web::access::Staff;
use crate::web::params::{Parameters, Params};
use crate::web::problem::{FieldError, Kind, Problem};
use crate::web::{State, with_store};

/// Parameters of a report.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Days {
    /// Ngày đầu kỳ.
    #[serde(default)]
    #[param(required = true, example = "2020-12-15")]
    from: Option<NaiveDate>,
    /// Ngày cuối kỳ.
    #[serde(default)]
    #[param(required = true, example = "2021-09-14")]
    to: Option<NaiveDate>,
    /// Số liệu đến hết ngày; mặc định là ngày cuối kỳ.
    #[serde(default)]
    as_of: Option<NaiveDate>,
}

/// Parameters of a report over a unit.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct DaysAndUnit {
    /// Ngày đầu kỳ.
    #[serde(default)]
    #[param(required = true, example = "2020-12-15")]
    from: Option<NaiveDate>,
    /// Ngày cuối kỳ.
    #[serde(default)]
    #[param(required = true, example = "2021-09-14")]
    to: Option<NaiveDate>,
    /// Số liệu đến hết ngày; mặc định là ngày cuối kỳ.
    #[serde(default)]
    as_of: Option<NaiveDate>,
    /// Mã đơn vị trong phạm vi của mình; mặc định là đơn vị của mình, cùng các đơn vị trực thuộc.
    #[serde(default)]
    #[param(example = "H37.20")]
    unit: Option<String>,
    /// Chỉ với on-time; mặc định theo cấp.
    #[serde(default)]
    by: Option<By>,
}

fn check_days(
    from: Option<NaiveDate>,
    to: Option<NaiveDate>,
    as_of: Option<NaiveDate>,
) -> Vec<FieldError> {
    let mut wrong = Vec::new();
    for (field, day) in [("from", from), ("to", to)] {
        if day.is_none() {
            wrong.push(FieldError::new(field, "thiếu ngày, ví dụ 2021-09-14"));
        }
    }
    if let Err(error) = span(from, to, as_of)
        && wrong.is_empty()
    {
        wrong.push(FieldError::new(error.parameter().unwrap_or("from"), &error));
    }
    wrong
}

fn span(
    from: Option<NaiveDate>,
    to: Option<NaiveDate>,
    as_of: Option<NaiveDate>,
) -> Result<Span, ReportError> {
    let period = Period::new(from.unwrap_or_default(), to.unwrap_or_default())?;
    Span::new(period, as_of, crate::clock::now())
}

impl Parameters for Days {
    const NAMES: &'static [&'static str] = &["from", "to", "as_of"];

    fn check(&self) -> Vec<FieldError> {
        check_days(self.from, self.to, self.as_of)
    }
}

impl Parameters for DaysAndUnit {
    const NAMES: &'static [&'static str] = &["from", "to", "as_of", "unit", "by"];

    fn check(&self) -> Vec<FieldError> {
        check_days(self.from, self.to, self.as_of)
    }
}

/// The unit of a report, within reach; `None` for the whole office.
fn root(store: &Store, code: Option<&str>, reach: UnitId) -> Result<Option<UnitId>, Problem> {
    let reference = store.reference()?;
    let units = reference.units();
    let mut root = reach;
    if let Some(code) = code {
        let unit = units.by_code(code);
        let unit = unit
            .ok_or_else(|| Problem::invalid_field("unit", format!("không có đơn vị '{code}'")))?;
        if !units.is_under(unit.id, reach) {
            let detail = "đơn vị không thuộc phạm vi của bạn";
            return Err(Problem::new(Kind::Forbidden, detail));
        }
        root = unit.id;
    }
    Ok((!units.is_whole(root)).then_some(root))
}

/// Section II.2 of the CCHC report.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what the report writes by itself")]
pub struct CchcReport {
    from: NaiveDate,
    to: NaiveDate,
    levels: Vec<LevelReport>,
    total: Counts,
    #[schema(value_type = Object)]
    procedures: Value,
    feedback_received_and_handled: i64,
    #[schema(value_type = Object)]
    offices: Value,
}

/// Dossiers of a level.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what the report writes by itself")]
pub struct LevelReport {
    level: Level,
    #[schema(example = "Cấp tỉnh")]
    name: String,
    #[serde(flatten)]
    counts: Counts,
}

/// Mục II.2 của báo cáo cải cách hành chính; cả tỉnh.
#[utoipa::path(
    get, path = "/api/v1/reports/cchc", tag = "Báo cáo", params(Days),
    responses((status = 200, description = "Báo cáo", body = CchcReport)),
)]
pub async fn cchc(
    state: web::Data<State>,
    staff: Staff,
    params: Params<Days>,
) -> Result<HttpResponse, Problem> {
    let Days { from, to, as_of } = params.0;
    let reach = staff.unit;
    let report = with_store(&state, move |store| {
        if root(store, None, reach)?.is_some() {
            let detail = "báo cáo này của cả tỉnh; dùng on-time hoặc 06a cho đơn vị của bạn";
            return Err(Problem::new(Kind::Forbidden, detail));
        }
        Ok(reports::cchc::cchc(store, span(from, to, as_of)?)?)
    })
    .await?;
    Ok(HttpResponse::Ok().json(report))
}

/// On-time rates.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what the report writes by itself")]
pub struct OnTimeReport {
    by: By,
    from: NaiveDate,
    to: NaiveDate,
    rows: Vec<OnTimeRow>,
    total: Counts,
}

/// One row of it.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what the report writes by itself")]
pub struct OnTimeRow {
    #[schema(example = "commune")]
    key: String,
    #[schema(example = "Cấp xã")]
    name: String,
    #[serde(flatten)]
    counts: Counts,
}

/// Tỷ lệ giải quyết đúng hạn theo cấp, đơn vị, lĩnh vực, thủ tục, hình thức nộp hoặc tháng.
#[utoipa::path(
    get, path = "/api/v1/reports/on-time", tag = "Báo cáo", params(DaysAndUnit),
    responses((status = 200, description = "Báo cáo", body = OnTimeReport)),
)]
pub async fn on_time(
    state: web::Data<State>,
    staff: Staff,
    params: Params<DaysAndUnit>,
) -> Result<HttpResponse, Problem> {
    let DaysAndUnit {
        from,
        to,
        as_of,
        unit,
        by,
    } = params.0;
    let reach = staff.unit;
    let report = with_store(&state, move |store| {
        let root = root(store, unit.as_deref(), reach)?;
        let by = by.unwrap_or(By::Level);
        Ok::<_, Problem>(reports::on_time::on_time(
            store,
            by,
            span(from, to, as_of)?,
            root,
        )?)
    })
    .await?;
    Ok(HttpResponse::Ok().json(report))
}

/// Form II.06a.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what the report writes by itself")]
pub struct Form06aReport {
    from: NaiveDate,
    to: NaiveDate,
    groups: Vec<Form06aGroup>,
    total: Counts,
}

/// The rows of a level.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what the report writes by itself")]
pub struct Form06aGroup {
    level: Level,
    #[schema(example = "Xã, phường, thị trấn")]
    name: String,
    fields: Vec<Form06aRow>,
    total: Counts,
}

/// A field's row.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what the report writes by itself")]
pub struct Form06aRow {
    #[schema(example = "Chứng thực")]
    field: String,
    #[serde(flatten)]
    counts: Counts,
}

/// Biểu II.06a của đơn vị mình hoặc một đơn vị trực thuộc.
#[utoipa::path(
    get, path = "/api/v1/reports/06a", tag = "Báo cáo", params(DaysAndUnit),
    responses((status = 200, description = "Báo cáo", body = Form06aReport)),
)]
pub async fn form_06a(
    state: web::Data<State>,
    staff: Staff,
    params: Params<DaysAndUnit>,
) -> Result<HttpResponse, Problem> {
    let DaysAndUnit {
        from,
        to,
        as_of,
        unit,
        by,
    } = params.0;
    if by.is_some() {
        return Err(Problem::invalid_field("by", "biểu này không có tham số đó"));
    }
    let reach = staff.unit;
    let report = with_store(&state, move |store| {
        let root = root(store, unit.as_deref(), reach)?;
        let reference = store.reference()?;
        let code = root.and_then(|id| reference.units().get(id));
        let code = code.map(|unit| unit.code.clone());
        let span = span(from, to, as_of)?;
        Ok::<_, Problem>(reports::form_06a::form_06a(store, span, code.as_deref())?)
    })
    .await?;
    Ok(HttpResponse::Ok().json(report))
}

/// Parameters of the report on satisfaction.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct DaysAndRows {
    /// Ngày đầu kỳ.
    #[serde(default)]
    #[param(required = true, example = "2020-12-15")]
    from: Option<NaiveDate>,
    /// Ngày cuối kỳ.
    #[serde(default)]
    #[param(required = true, example = "2021-09-14")]
    to: Option<NaiveDate>,
    /// Mặc định theo đơn vị.
    #[serde(default)]
    by: Option<SatisfactionBy>,
    /// Mã đơn vị trong phạm vi của mình; mặc định là đơn vị của mình, cùng các đơn vị trực thuộc.
    #[serde(default)]
    #[param(example = "H37.20")]
    unit: Option<String>,
}

impl Parameters for DaysAndRows {
    const NAMES: &'static [&'static str] = &["from", "to", "by", "unit"];

    fn check(&self) -> Vec<FieldError> {
        check_days(self.from, self.to, None)
    }
}

/// Satisfaction after return.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what the report writes by itself")]
pub struct SatisfactionReport {
    by: SatisfactionBy,
    from: NaiveDate,
    to: NaiveDate,
    rows: Vec<SatisfactionReportRow>,
    total: RatingCounts,
}

/// One row of it.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what the report writes by itself")]
pub struct SatisfactionReportRow {
    /// Mã đơn vị, mã thủ tục hoặc tên đăng nhập; rỗng nếu không có người phụ trách.
    #[schema(example = "H37.20.01")]
    key: String,
    name: String,
    #[serde(flatten)]
    counts: RatingCounts,
}

/// Mức độ hài lòng theo đơn vị, thủ tục hoặc người phụ trách; tính theo ngày đánh giá.
#[utoipa::path(
    get, path = "/api/v1/reports/satisfaction", tag = "Báo cáo", params(DaysAndRows),
    responses((status = 200, description = "Báo cáo", body = SatisfactionReport)),
)]
pub async fn satisfaction(
    state: web::Data<State>,
    staff: Staff,
    params: Params<DaysAndRows>,
) -> Result<HttpResponse, Problem> {
    let DaysAndRows { from, to, by, unit } = params.0;
    let reach = staff.unit;
    let report = with_store(&state, move |store| {
        let root = root(store, unit.as_deref(), reach)?;
        let by = by.unwrap_or(SatisfactionBy::Unit);
        let span = span(from, to, None)?;
        Ok::<_, Problem>(reports::satisfaction::satisfaction(store, by, span, root)?)
    })
    .await?;
    Ok(HttpResponse::Ok().json(report))
}
