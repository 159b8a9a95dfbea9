//! `/api/v1/satisfaction`: how satisfied people were, once they have their result; and what they
//! say of it, for staff.

use actix_web::{HttpResponse, web};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};

use crate::acts::rate::{NewRating, Rated};
use crate::domain::case_number::CaseNumber;
use crate::domain::moment::Moment;
use crate::domain::opinion::Rating;
use crate::views::satisfaction::CommentView;
use crate::web::access::{Client, Staff};
use crate::web::api::{ROWS, check_length, check_page, cursor, kept, place};
use crate::web::body::{Body, Readable};
use crate::web::headers::IdempotencyKey;
use crate::web::params::{Parameters, Params, from_text};
use crate::web::problem::{FieldError, Problem};
use crate::web::{State, with_store};
use crate::{acts, views};

/// What somebody says of their dossier.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Opinion {
    /// Mã hồ sơ.
    #[schema(example = "H37.20.01-210301-0001")]
    case_number: String,
    /// Mã tra cứu in trên giấy tiếp nhận.
    #[schema(example = "ABCDEFGHIJ")]
    code: String,
    /// Từ 1 (rất không hài lòng) đến 5 (rất hài lòng).
    #[schema(example = 5, minimum = 1, maximum = 5)]
    rating: u8,
    /// Ý kiến khác; không cần ghi họ tên, số điện thoại.
    #[serde(default)]
    comment: Option<String>,
}

impl Readable for Opinion {
    const LIMIT: usize = 16 * 1024;

    fn sound() -> Value {
        json!({
            "case_number": "H37.20.01-210301-0001", "code": "ABCDEFGHIJ", "rating": 5,
            "comment": "Cán bộ hướng dẫn tận tình",
        })
    }

    fn check(&self) -> Vec<FieldError> {
        let mut wrong = Vec::new();
        if let Err(error) = CaseNumber::parse(&self.case_number) {
            wrong.push(FieldError::new("/case_number", error));
        }
        if Rating::new(self.rating).is_none() {
            wrong.push(FieldError::new("/rating", "phải từ 1 đến 5"));
        }
        if let Some(comment) = &self.comment {
            check_length("/comment", comment, 2000, &mut wrong);
        }
        wrong
    }
}

/// Đánh giá mức độ hài lòng sau khi nhận kết quả; mỗi hồ sơ một lần.
#[utoipa::path(
    post, path = "/api/v1/satisfaction", tag = "Công dân", request_body = Opinion,
    params(("Idempotency-Key" = Option<String>, Header, description = "Khóa để không gửi hai lần")),
    responses((status = 201, description = "Đã ghi nhận", body = Rated)),
)]
pub async fn rate(
    state: web::Data<State>,
    client: Client,
    key: IdempotencyKey,
    body: Body<Opinion>,
) -> Result<HttpResponse, Problem> {
    let limits = state.settings.limits;
    let key = key.of_public("satisfaction", body.hash);
    let opinion = body.value;
    // It was checked when it was read.
    let rating = Rating::new(opinion.rating)
        .ok_or_else(|| Problem::invalid_field("/rating", "phải từ 1 đến 5"))?;
    let made = with_store(&state, move |store| {
        let new = NewRating {
            rating,
            comment: kept(opinion.comment.as_ref()),
            case_number: opinion.case_number,
            code: opinion.code,
        };
        acts::rate::rate(store, new, client.address, limits, key, crate::clock::now())
    })
    .await?;
    let mut answer = HttpResponse::Created();
    if made.before {
        answer.insert_header(("Idempotency-Replayed", "true"));
    }
    Ok(answer
        .insert_header(("Cache-Control", "no-store"))
        .json(made.value))
}

/// Parameters of the comments.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Filter {
    /// Mã đơn vị trong phạm vi của mình; mặc định là đơn vị của mình, cùng các đơn vị trực thuộc.
    #[serde(default)]
    #[param(example = "H37.20")]
    unit: Option<String>,
    /// Giá trị next của trang trước.
    #[serde(default)]
    after: Option<String>,
    /// Số dòng, 1 đến 200.
    #[serde(default, deserialize_with = "from_text")]
    #[param(value_type = Option<u32>)]
    limit: Option<u32>,
}

impl Parameters for Filter {
    const NAMES: &'static [&'static str] = &["unit", "after", "limit"];

    fn check(&self) -> Vec<FieldError> {
        let mut wrong = Vec::new();
        check_page::<(Moment, u32)>(self.limit, self.after.as_deref(), "", &mut wrong);
        wrong
    }
}

/// A page of comments.
#[derive(Serialize, ToSchema)]
pub struct Comments {
    items: Vec<CommentView>,
    /// For `after`; absent at the end.
    next: Option<String>,
}

/// Ý kiến kèm đánh giá, mới nhất trước; không cho biết của hồ sơ nào.
#[utoipa::path(
    get, path = "/api/v1/reports/satisfaction/comments", tag = "Báo cáo", params(Filter),
    responses((status = 200, description = "Một trang", body = Comments)),
)]
pub async fn comments(
    state: web::Data<State>,
    staff: Staff,
    params: Params<Filter>,
) -> Result<HttpResponse, Problem> {
    let filter = params.0;
    let reach = staff.unit;
    let page = with_store(&state, move |store| {
        let after = filter.after.as_deref().and_then(place);
        let limit = filter.limit.unwrap_or(ROWS);
        views::satisfaction::comments(store, filter.unit.as_deref(), reach, after, limit)
    })
    .await?;
    Ok(HttpResponse::Ok()
        .insert_header(("Cache-Control", "no-store"))
        .json(Comments {
            items: page.items,
            next: page.next.as_ref().map(cursor),
        }))
}
