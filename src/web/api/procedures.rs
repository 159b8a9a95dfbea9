//! `/api/v1/procedures`: the catalogue of procedures in their versions.

use actix_web::{Either, HttpRequest};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{IntoParams, PartialSchema, ToSchema};

use crate::acts;
use crate::domain::dossier::Channel;
use crate::domain::procedure::finding::Wanted;
use crate::domain::procedure::{ProcedureCode, ProcedureDefinition};
use crate::domain::text::read_date;
use crate::domain::unit::Level;
use crate::store::Store;
use crate::web::api::answers::{Answer, Done, Many, Reply, done, shown};
use crate::web::api::call::{Anybody, Call};
use crate::web::api::{MOST_PUBLIC_ROWS, check_public_limit, check_text, public_page};
use crate::web::body::{Body, Readable};
use crate::web::params::{Parameters, Params, from_text};
use crate::web::problem::{FieldError, Problem};
use crate::web::schema::like;

/// A procedure in a list.
#[derive(Serialize, ToSchema)]
pub struct ProcedureLine {
    #[schema(example = "2.000815")]
    code: String,
    name: String,
    /// Lĩnh vực.
    field: String,
    levels: Vec<Level>,
    /// Thời hạn cam kết.
    #[schema(value_type = Object, example = json!({"unit": "working_day", "amount": 15}))]
    limit: crate::domain::procedure::LimitDefinition,
    /// Tổng phí, lệ phí khi nộp trực tiếp, mỗi khoản tính một lần và theo mức thông thường, đồng; không có khi còn khoản do địa phương quy định mức thu.
    fees_vnd: Option<u64>,
    /// Đã tích hợp trên Cổng Dịch vụ công Quốc gia.
    integrated: bool,
    valid_from: NaiveDate,
    valid_to: Option<NaiveDate>,
}

impl ProcedureLine {
    fn new(definition: &ProcedureDefinition, on: NaiveDate) -> Self {
        let fees = definition.fees.iter();
        let fees = fees.filter(|fee| fee.instead_of.is_none() && fee.holds(Channel::Direct, on));
        Self {
            code: definition.code.clone(),
            name: definition.name.clone(),
            field: definition.field.clone(),
            levels: definition.levels.clone(),
            limit: definition.promised_limit(),
            fees_vnd: fees.map(|fee| fee.amount_vnd).sum(),
            integrated: definition.integrated,
            valid_from: definition.valid_from,
            valid_to: definition.valid_to,
        }
    }
}

/// Parameters of the list of procedures.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Filter {
    /// Phiên bản có hiệu lực vào ngày đó; mặc định là hôm nay.
    #[serde(default, deserialize_with = "crate::domain::day::some_day")]
    on: Option<NaiveDate>,
    #[serde(default)]
    level: Option<Level>,
    /// Lĩnh vực.
    #[serde(default)]
    field: Option<String>,
    /// Chữ trong tên (thứ tự bất kỳ, có thể gõ chưa hết; hoặc các chữ đầu, như ks cho khai sinh) hoặc mã; không phân biệt
    /// dấu, i và y.
    #[serde(default)]
    #[param(example = "chung thuc")]
    q: Option<String>,
    /// Số dòng, từ 1 đến 500; mặc định 500. Còn nữa thì tiêu đề Link có trang sau.
    #[serde(default, deserialize_with = "from_text")]
    limit: Option<u32>,
    /// Chỉ các mã đứng sau mã này.
    #[serde(default)]
    #[param(example = "2.000815")]
    after: Option<String>,
}

impl Parameters for Filter {
    const NAMES: &'static [&'static str] = &["on", "level", "field", "q", "limit", "after"];

    fn check(&self) -> Vec<FieldError> {
        check_public_limit(self.limit)
    }
}

pub async fn list(
    call: Call<Anybody>,
    request: HttpRequest,
    params: Params<Filter>,
) -> Reply<Many<ProcedureLine>> {
    let filter = params.0;
    let limit = filter.limit;
    let lines = call.run(move |store, _, now| {
        let reference = store.reference()?;
        let on = filter.on.unwrap_or_else(|| now.date());
        let wanted = filter.q.as_deref().map(Wanted::new);
        let mut found: Vec<_> = reference
            .procedures()
            .into_iter()
            .map(|procedure| &procedure.definition)
            .filter(|definition| {
                filter
                    .after
                    .as_ref()
                    .is_none_or(|after| definition.code > *after)
                    && definition.is_in_force_on(on)
                    && filter
                        .level
                        .is_none_or(|level| definition.levels.contains(&level))
                    && filter
                        .field
                        .as_ref()
                        .is_none_or(|field| definition.field == *field)
                    && wanted
                        .as_ref()
                        .is_none_or(|wanted| wanted.finds(definition))
            })
            .collect();
        found.sort_by(|a, b| a.code.cmp(&b.code));
        found.truncate(MOST_PUBLIC_ROWS as usize + 1);
        let lines = found.into_iter().map(|found| ProcedureLine::new(found, on));
        Ok(lines.collect::<Vec<_>>())
    });
    Ok(public_page(
        &request,
        lines.await?,
        |line| &line.code,
        limit,
    ))
}

/// The version in force first, then the newest.
fn versions(store: &Store, code: &str, today: NaiveDate) -> Result<Many<Definition>, Problem> {
    ProcedureCode::read(code).map_err(|error| Problem::not_found(error.to_string()))?;
    let reference = store.reference()?;
    let versions = reference.versions(code).iter();
    let mut versions: Vec<_> = versions
        .map(|version| Definition(version.definition.clone().with_keys(None)))
        .collect();
    versions.sort_by_key(|Definition(version)| {
        let waits = !version.is_in_force_on(today);
        (waits, std::cmp::Reverse(version.valid_from))
    });
    match versions.is_empty() {
        true => Err(Problem::not_found(format!("không có thủ tục '{code}'"))),
        false => Ok(Many(versions)),
    }
}

pub async fn show(call: Call<Anybody>) -> Reply<Many<Definition>> {
    let code = call.named::<String>()?;
    call.run(move |store, _, now| versions(store, &code, now.date()))
        .await
        .map(shown)
}

pub(crate) fn example() -> Value {
    json!({
        "code": "9.000001", "province": null, "code_is_sample": true, "name": "Thủ tục mẫu",
        "field": "Chứng thực", "levels": ["commune"], "department": null,
        "valid_from": "2027-01-01", "valid_to": null, "announced_on": "2026-12-01",
        "workflow_approved_on": null, "simplification_proposed_on": null, "integrated": false,
        "online_level": "partial",
        "statutory_limit": {"unit": "working_day", "amount": 7.5}, "committed_limit": null,
        "limits_by_channel": {"direct": null, "online": null, "postal": null},
        "extra_days_in_marked_units": null, "verification_limit": null,
        "cases": [
            {"code": "01", "name": "Có yếu tố nước ngoài", "limit": null, "fees": null, "checklist": null}
        ],
        "on_supplement": "restart",
        "fees": [{"name": "Lệ phí", "amount_vnd": null, "note": "", "channel": null, "valid_from": null, "valid_to": null}],
        "result": "Giấy xác nhận", "legal_basis": ["Nghị định …"],
        "checklist": [{"name": "Tờ khai", "originals": 1, "copies": 0, "required": true}],
        "workflow": [
            {"name": "Tiếp nhận", "place": "receiving", "unit": null, "role": "clerk", "hours": 4},
            {"name": "Giải quyết", "place": "receiving", "unit": null, "role": "officer", "hours": 36, "decides": true}
        ],
    })
}

/// A version of a procedure, as `motcua import procedures` takes it.
#[derive(Serialize, Deserialize)]
#[serde(transparent)]
pub struct Definition(ProcedureDefinition);

impl Definition {
    /// As it is kept.
    pub(crate) fn plain(self) -> ProcedureDefinition {
        self.0.with_plain_code().with_choices()
    }

    /// The same, of the procedure that an address names.
    pub(crate) fn of(self, code: &str) -> Result<ProcedureDefinition, Problem> {
        let definition = self.plain();
        match definition.code == ProcedureCode::base_of(code) {
            true => Ok(definition),
            false => {
                let detail = format!("khác với mã thủ tục trong địa chỉ ({code})");
                Err(Problem::invalid_field("/code", detail))
            }
        }
    }
}

impl PartialSchema for Definition {
    fn schema() -> RefOr<Schema> {
        like(&example())
    }
}

impl ToSchema for Definition {}

impl Readable for Definition {
    const LIMIT: usize = 1024 * 1024;

    fn check(&self) -> Vec<FieldError> {
        let wrong = self.0.check().into_iter();
        wrong
            .map(|wrong| FieldError::new(wrong.pointer, wrong.reason))
            .collect()
    }
}

/// What goes with a version.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Putting {
    /// Lý do ghi lùi, bắt buộc khi phiên bản thay một phiên bản khác từ một ngày đã qua; được ghi lại.
    #[serde(default)]
    #[param(example = "Quyết định công bố đến muộn")]
    backdating_reason: Option<String>,
}

impl Parameters for Putting {
    const NAMES: &'static [&'static str] = &["backdating_reason"];

    fn check(&self) -> Vec<FieldError> {
        let mut wrong = Vec::new();
        if let Some(reason) = &self.backdating_reason {
            check_text("backdating_reason", reason, 2000, &mut wrong);
        }
        wrong
    }
}

/// Takes back what is not yet in force.
pub async fn withdraw(call: Call) -> Result<Done, Problem> {
    let (code, day) = call.named::<(String, String)>()?;
    let missing = || Problem::not_found("không có phiên bản này của thủ tục");
    let day = read_date(&day).ok_or_else(missing)?;
    call.run(move |store, by, _| {
        Ok(acts::procedures::withdraw_version(
            store, &code, day, by.proof,
        )?)
    })
    .await
    .map(done)
}

pub async fn put(
    call: Call,
    params: Params<Putting>,
    body: Body<Definition>,
) -> Result<Either<Answer<Many<Definition>, 201>, Answer<Many<Definition>>>, Problem> {
    let code = call.named::<String>()?;
    let definition = body.value.of(&code)?;
    let reason = params.0.backdating_reason;
    let put = call.run(move |store, by, now| {
        let new = acts::procedures::put_procedure(store, definition, reason, by.proof)?;
        Ok((new, versions(store, &code, now.date())?))
    });
    let (new, versions) = put.await?;
    Ok(match new {
        true => Either::Left(shown(versions)),
        false => Either::Right(shown(versions)),
    })
}
