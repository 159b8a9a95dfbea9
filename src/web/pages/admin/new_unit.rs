//! `/quan-tri/don-vi/them`: a unit that goes on with the work of no other.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, ResponseError};
use askama::Template;
use serde_json::json;

use crate::domain::unit::{Level, UnitKind};
use crate::render::words;
use crate::web::api::call::Call;
use crate::web::api::units::{self, NewUnit};
use crate::web::body;
use crate::web::headers::IdempotencyKey;
use crate::web::pages::admin::units::{at_hours, no_hours, office_hours, with_hours};
use crate::web::pages::forms::{Choice, Field, Fields, FormPart};
use crate::web::pages::named::in_codes;
use crate::web::pages::{Frame, drafts, page};
use crate::web::problem::{Kind, Problem};

const PATH: &str = "/quan-tri/don-vi/them";
const KEY: &str = "key";
const PARENT: &str = "parent";

#[derive(Template)]
#[template(path = "admin/new_unit.html")]
struct NewUnitPage {
    frame: Frame,
    form: FormPart,
}

fn form() -> FormPart {
    let levels = Level::ALL.into_iter().rev();
    let levels = levels.map(|level| Choice::new(level.as_str(), words::level(level)));
    let kinds = vec![
        Choice::new(UnitKind::PeopleCommittee.as_str(), "Ủy ban nhân dân"),
        Choice::new(UnitKind::Department.as_str(), "Sở, ban, ngành, phòng"),
    ];
    let yes_no = vec![
        Choice::new("false", "Không"),
        Choice::new("true", "Có: thời hạn của một số thủ tục dài hơn"),
    ];
    let mut fields = vec![
        Field::text("code", "Mã đơn vị")
            .required()
            .hint("Bắt đầu bằng mã đơn vị cấp trên: H37.102 dưới H37. Không đổi được về sau."),
        Field::text("name", "Tên").required(),
        Field::choice("level", "Cấp", levels.collect()),
        Field::choice("kind", "Loại", kinds),
        Field::text(PARENT, "Mã hoặc tên đơn vị cấp trên").required(),
        Field::date("valid_from", "Hoạt động từ ngày").required(),
        Field::text("statistical_code", "Mã đơn vị hành chính")
            .hint("Của Tổng cục Thống kê: 5 chữ số với xã, 3 với huyện."),
        Field::text("address", "Địa chỉ bộ phận một cửa"),
        Field::text("phone", "Điện thoại bộ phận một cửa")
            .hint("Nhiều số cách nhau bằng dấu phẩy."),
        Field::choice("mountain", "Miền núi, vùng sâu, vùng xa", yes_no)
            .value("false")
            .nowhere(),
    ];
    fields.extend(office_hours(None));
    fields.push(Field::hidden(KEY, uuid::Uuid::new_v4().simple()));
    FormPart::new(fields)
}

fn answer(call: &Call, status: StatusCode, form: FormPart) -> Result<HttpResponse, Problem> {
    let shown = NewUnitPage {
        frame: Frame::of(&call.by, super::PATH).wrong(!form.errors.is_empty()),
        form,
    };
    page(status, &shown)
}

/// `GET /quan-tri/don-vi/them`.
pub async fn ask(call: Call, query: Fields) -> Result<HttpResponse, Problem> {
    let given = drafts::given(&call, &query, PATH).await?;
    answer(&call, StatusCode::OK, given.over(form()))
}

/// `POST /quan-tri/don-vi/them`.
pub async fn add(call: Call, mut typed: Fields) -> Result<HttpResponse, Problem> {
    in_codes(&call, &mut typed, PARENT, "procedure").await?;
    let form = drafts::again(form().typed(&typed), &typed, PATH);
    let mut body = form.body();
    body["mountain"] = json!(typed.get("mountain") == "true");
    let unread = with_hours(&mut body, None, &typed).err();
    if unread.is_some() {
        body["office_hours"] = no_hours();
    }
    let bytes = body.to_string().into_bytes();
    let added = match body::read::<NewUnit>(&bytes) {
        Ok(new) => {
            let key = IdempotencyKey::of_form(typed.get(KEY));
            units::add(&call, new, key, body::hash(&bytes)).await
        }
        Err(problem) => Err(problem),
    };
    match added {
        Ok(unit) => {
            let place = format!("/quan-tri/don-vi/{}?xong=them", unit.code);
            drafts::taken(&call, &typed, &place).await
        }
        Err(problem) if matches!(problem.kind(), Kind::InvalidRequest | Kind::Refused) => {
            let problem = at_hours(problem, unread);
            answer(&call, problem.status_code(), form.refused(&problem))
        }
        Err(problem) => Err(drafts::keep(&call, &typed, problem).await),
    }
}
