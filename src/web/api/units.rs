//! `/api/v1/units`: the units of the office.

use actix_web::{Either, HttpRequest};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::openapi::schema::{ObjectBuilder, SchemaType, Type};
use utoipa::{IntoParams, ToSchema};

use crate::acts;
use crate::domain::ids::JobId;
use crate::domain::office_hours::OfficeHours;
use crate::domain::order;
use crate::domain::unit::{Level, Unit, UnitKind, Units};
use crate::store::Store;
use crate::web::api::answers::{Answer, Created, Many, Reply, Tagged, or_current, tagged};
use crate::web::api::call::{Anybody, Call};
use crate::web::api::{MOST_PUBLIC_ROWS, check_public_limit, jobs, public_page};
use crate::web::body::{Body, Readable};
use crate::web::headers::{IdempotencyKey, IfMatch, content_tag};
use crate::web::params::{Parameters, Params, from_text};
use crate::web::problem::{FieldError, Problem};

/// A unit.
#[derive(Serialize, ToSchema)]
pub struct UnitView {
    #[schema(example = "H37.20.01")]
    pub(crate) code: String,
    pub(crate) level: Level,
    pub(crate) kind: UnitKind,
    #[schema(example = "Ủy ban nhân dân xã …")]
    pub(crate) name: String,
    /// Code of the unit above.
    #[schema(example = "H37.20")]
    pub(crate) parent: Option<String>,
    /// Mã của Tổng cục Thống kê.
    pub(crate) statistical_code: Option<String>,
    /// First day.
    pub(crate) valid_from: NaiveDate,
    /// Last day.
    pub(crate) valid_to: Option<NaiveDate>,
    /// Opening hours that differ from the default.
    #[schema(value_type = Option<Object>, example = json!({"weekday": [{"open": "07:00", "close": "11:30"}]}))]
    pub(crate) office_hours: Option<OfficeHours>,
    /// Đơn vị miền núi, vùng sâu, vùng xa: thời hạn của một số thủ tục dài hơn.
    pub(crate) mountain: bool,
    /// Địa chỉ bộ phận một cửa của đơn vị.
    #[schema(example = "Thôn Khòn Cải")]
    pub(crate) address: Option<String>,
    /// Điện thoại bộ phận một cửa; nhiều số cách nhau bằng dấu phẩy.
    #[schema(example = "0205 3812 345")]
    pub(crate) phone: Option<String>,
    /// Code of the unit that goes on with its dossiers.
    pub(crate) successor: Option<String>,
}

impl Tagged for UnitView {
    fn tag(&self) -> String {
        content_tag(self)
    }
}

impl UnitView {
    pub(crate) fn new(unit: &Unit, units: &Units) -> Self {
        let code = |id| units.get(id).map(|unit| unit.code.clone());
        Self {
            code: unit.code.clone(),
            level: unit.level,
            kind: unit.kind,
            name: unit.name.clone(),
            parent: unit.parent.and_then(code),
            statistical_code: unit.statistical_code.clone(),
            valid_from: unit.valid_from,
            valid_to: unit.valid_to,
            office_hours: unit.office_hours.clone(),
            mountain: unit.mountain,
            address: unit.address.clone(),
            phone: unit.phone.clone(),
            successor: units
                .successor_of(unit.id)
                .and_then(|line| code(line.successor)),
        }
    }
}

/// Parameters of the list of units.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Filter {
    /// Chỉ các đơn vị hoạt động vào ngày đó.
    #[serde(default, deserialize_with = "crate::domain::day::some_day")]
    on: Option<NaiveDate>,
    #[serde(default)]
    level: Option<Level>,
    /// Mã một đơn vị: chỉ đơn vị đó và các đơn vị trực thuộc.
    #[serde(default)]
    #[param(example = "H37.20")]
    under: Option<String>,
    /// Số dòng, từ 1 đến 500; mặc định 500. Còn nữa thì tiêu đề Link có trang sau.
    #[serde(default, deserialize_with = "from_text")]
    limit: Option<u32>,
    /// Mã đơn vị: chỉ các đơn vị đứng sau đơn vị này, theo tên.
    #[serde(default)]
    #[param(example = "H37.20")]
    after: Option<String>,
}

impl Parameters for Filter {
    const NAMES: &'static [&'static str] = &["on", "level", "under", "limit", "after"];

    fn check(&self) -> Vec<FieldError> {
        check_public_limit(self.limit)
    }
}

pub async fn list(
    call: Call<Anybody>,
    request: HttpRequest,
    params: Params<Filter>,
) -> Reply<Many<UnitView>> {
    let Filter {
        on,
        level,
        under,
        limit,
        after,
    } = params.0;
    let views = call.run(move |store, _, _| {
        let reference = store.reference()?;
        let units = reference.units();
        let root = match &under {
            None => None,
            Some(code) => Some(units.by_code(code).ok_or_else(|| {
                Problem::invalid_field("under", format!("không có đơn vị '{code}'"))
            })?),
        };
        let place = |unit: &Unit| (order::place(&unit.name), unit.code.clone());
        let after = match &after {
            None => None,
            Some(code) => Some(units.by_code(code).map(|unit| place(unit)).ok_or_else(|| {
                Problem::invalid_field("after", format!("không có đơn vị '{code}'"))
            })?),
        };
        let all = units.all().into_iter().map(|unit| (place(unit), unit));
        let all = all.filter(|(place, unit)| {
            after.as_ref().is_none_or(|after| place > after)
                && on.is_none_or(|day| unit.is_open_on(day))
                && level.is_none_or(|level| unit.level == level)
                && root.is_none_or(|root| units.is_under(unit.id, root.id))
        });
        let mut all: Vec<_> = all.collect();
        all.sort_by(|(one, _), (other, _)| one.cmp(other));
        let views = all.into_iter();
        let views = views.map(|(_, unit)| UnitView::new(unit, units));
        Ok(views
            .take(MOST_PUBLIC_ROWS as usize + 1)
            .collect::<Vec<_>>())
    });
    Ok(public_page(
        &request,
        views.await?,
        |unit| &unit.code,
        limit,
    ))
}

pub(crate) fn view(store: &Store, code: &str) -> Result<UnitView, Problem> {
    let reference = store.reference()?;
    let unit = reference.units().by_code(code);
    let unit = unit.ok_or_else(|| Problem::not_found(format!("không có đơn vị '{code}'")))?;
    Ok(UnitView::new(unit, reference.units()))
}

pub async fn show(call: Call<Anybody>) -> Reply<UnitView> {
    let code = call.named::<String>()?;
    call.run(move |store, _, _| view(store, &code))
        .await
        .map(tagged)
}

/// A new unit.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewUnit {
    #[schema(example = "H37.20.99")]
    code: String,
    #[schema(example = "commune")]
    level: Level,
    kind: UnitKind,
    #[schema(example = "Ủy ban nhân dân xã mới")]
    name: String,
    /// Mã đơn vị cấp trên.
    #[schema(example = "H37.20")]
    parent: String,
    #[serde(default)]
    statistical_code: Option<String>,
    #[serde(deserialize_with = "crate::domain::day::day")]
    valid_from: NaiveDate,
    #[serde(default, deserialize_with = "crate::domain::day::some_day")]
    valid_to: Option<NaiveDate>,
    #[serde(default)]
    #[schema(schema_with = hours_schema)]
    office_hours: Option<OfficeHours>,
    /// Đơn vị miền núi, vùng sâu, vùng xa; mặc định là không.
    #[serde(default)]
    mountain: bool,
    /// Địa chỉ bộ phận một cửa của đơn vị.
    #[serde(default)]
    #[schema(example = "Thôn Khòn Cải")]
    address: Option<String>,
    /// Điện thoại bộ phận một cửa; nhiều số cách nhau bằng dấu phẩy.
    #[serde(default)]
    #[schema(example = "0205 3812 345")]
    phone: Option<String>,
}

fn hours_schema() -> ObjectBuilder {
    let session = json!([{"open": "07:30", "close": "12:00"}, {"open": "13:30", "close": "17:00"}]);
    ObjectBuilder::new()
        .schema_type(SchemaType::Array(vec![Type::Object, Type::Null]))
        .examples([json!({
            "weekday": session, "saturday": session,
            "seasons": [{"from": [4, 15], "to": [10, 15], "weekday": session, "saturday": session}],
            "same_day_cut": "15:00",
        })])
}

impl Readable for NewUnit {}

pub async fn create(call: Call, key: IdempotencyKey, body: Body<NewUnit>) -> Created<UnitView> {
    let view = add(&call, body.value, key, body.hash).await?;
    let address = format!("/api/v1/units/{}", view.code);
    Ok(tagged(view).at(address))
}

/// Makes a unit.
pub(crate) async fn add(
    call: &Call,
    new: NewUnit,
    key: IdempotencyKey,
    hash: Vec<u8>,
) -> Result<UnitView, Problem> {
    let key = key.of_staff("units", &call.by, hash);
    let new = acts::units::NewUnit {
        code: new.code,
        level: new.level,
        kind: new.kind,
        name: new.name,
        parent: new.parent,
        statistical_code: new.statistical_code,
        valid_from: new.valid_from,
        valid_to: new.valid_to,
        office_hours: new.office_hours,
        mountain: new.mountain,
        address: new.address,
        phone: new.phone,
    };
    let view = call.run(move |store, by, _| {
        let unit = acts::units::create_unit(store, new, by.proof, key)?;
        view(store, &unit.code)
    });
    view.await
}

fn changed_hours_schema() -> ObjectBuilder {
    hours_schema().description(Some(
        "Giờ làm việc riêng; ngày hẹn trả của hồ sơ đang xử lý được tính lại.",
    ))
}

/// What changes; what is left out stays, what is `null` goes.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UnitChange {
    #[serde(default)]
    #[schema(example = "Ủy ban nhân dân xã mới")]
    name: Option<String>,
    /// Mã đơn vị cấp trên.
    #[serde(default)]
    #[schema(example = "H37.20")]
    parent: Option<String>,
    /// Ngày bắt đầu hoạt động, chỉ đổi được khi chưa đến ngày đó.
    #[serde(default, deserialize_with = "crate::domain::day::some_day")]
    #[schema(example = json!(null))]
    valid_from: Option<NaiveDate>,
    /// Ngày hoạt động cuối cùng.
    #[serde(default, deserialize_with = "given_day")]
    #[schema(value_type = Option<NaiveDate>, example = "2025-06-30")]
    valid_to: Option<Option<NaiveDate>>,
    /// Mã đơn vị kế thừa toàn bộ từ ngày sau đó; bắt buộc khi còn hồ sơ chưa xong hoặc chưa trả.
    #[serde(default)]
    #[schema(example = "H37.66")]
    successor: Option<String>,
    /// Mã các đơn vị nhận một phần khi đơn vị được chia: hồ sơ của phần đó do lãnh đạo chuyển từng hồ sơ, phần còn lại của
    /// đơn vị kế thừa.
    #[serde(default)]
    #[schema(example = json!([]))]
    parts: Vec<String>,
    /// Giờ làm việc riêng; ngày hẹn trả của hồ sơ đang xử lý được tính lại.
    #[serde(default, deserialize_with = "given")]
    #[schema(schema_with = changed_hours_schema)]
    office_hours: Option<Option<OfficeHours>>,
    /// Đơn vị miền núi, vùng sâu, vùng xa; hồ sơ đã tiếp nhận giữ thời hạn lúc tiếp nhận.
    #[serde(default)]
    #[schema(example = true)]
    mountain: Option<bool>,
    /// Địa chỉ bộ phận một cửa của đơn vị.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, example = "Thôn Khòn Cải")]
    address: Option<Option<String>>,
    /// Điện thoại bộ phận một cửa.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, example = "0205 3812 345")]
    phone: Option<Option<String>>,
}

/// Tells `null` from what is left out.
fn given<'de, T: Deserialize<'de>, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

fn given_day<'de, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Option<NaiveDate>>, D::Error> {
    crate::domain::day::some_day(deserializer).map(Some)
}

impl Readable for UnitChange {
    fn check(&self) -> Vec<FieldError> {
        let many = self.parts.len() > 50;
        let wrong = many.then(|| FieldError::new("/parts", "quá 50 đơn vị"));
        wrong.into_iter().collect()
    }
}

pub async fn change(
    call: Call,
    if_match: IfMatch,
    body: Body<UnitChange>,
) -> Result<Either<Answer<UnitView>, Answer<UnitView, 202>>, Problem> {
    let code = call.named::<String>()?;
    let (view, jobs) = alter(&call, code, body.value, if_match).await?;
    let address = match jobs.as_slice() {
        [] => return Ok(Either::Left(tagged(view))),
        [job] => jobs::address(*job),
        // All of them are on the list.
        _ => "/api/v1/jobs".to_owned(),
    };
    Ok(Either::Right(tagged(view).at(address)))
}

/// Changes a unit, if it is still as it was seen; with the jobs that change its dossiers.
pub(crate) async fn alter(
    call: &Call,
    code: String,
    new: UnitChange,
    if_match: IfMatch,
) -> Result<(UnitView, Vec<JobId>), Problem> {
    let change = acts::units::UnitChange {
        name: new.name,
        parent: new.parent,
        valid_from: new.valid_from,
        valid_to: new.valid_to,
        successor: new.successor,
        parts: new.parts,
        office_hours: new.office_hours,
        mountain: new.mountain,
        address: new.address,
        phone: new.phone,
    };
    let changed = call.run(move |store, by, _| {
        let seen = store.reference()?;
        let unchanged = move |unit: &Unit| if_match.fits(&UnitView::new(unit, seen.units()).tag());
        let changed = acts::units::change_unit(store, &code, change, by.proof, unchanged);
        let (unit, jobs) = or_current(changed, || view(store, &code))?;
        Ok((view(store, &unit.code)?, jobs))
    });
    changed.await
}
