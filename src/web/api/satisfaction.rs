//! `/api/v1/satisfaction`: how satisfied people were, once they have their result; and what they
//! say of it, for staff.

use actix_web::{HttpResponse, web};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::acts::rate::{NewRating, Rated};
use crate::domain::case_number::CaseNumber;
use crate::domain::moment::Moment;
use crate::domain::opinion::Rating;
use crate::views::satisfaction::CommentView;
use crate::web::access::{Client, Staff};
use crate::web::api::answers::{created, fresh};
use crate::web::api::page::{ListQuery, OfUnit, Page, PageParams, Row, Wanted};
use crate::web::api::{check_length, kept};
use crate::web::body::{Body, Readable};
use crate::web::headers::IdempotencyKey;
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
    #[schema(example = "Cán bộ hướng dẫn tận tình")]
    comment: Option<String>,
}

impl Readable for Opinion {
    const LIMIT: usize = 16 * 1024;

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
    Ok(created(made.before)
        .insert_header(("Cache-Control", "no-store"))
        .json(made.value))
}

impl Row for CommentView {
    const PAGE: &'static str = "Comments";
}

/// A page of comments.
pub type Comments = Page<CommentView>;

/// Ý kiến kèm đánh giá, mới nhất trước; không cho biết của hồ sơ nào.
#[utoipa::path(
    get, path = "/api/v1/reports/satisfaction/comments", tag = "Báo cáo", params(OfUnit, PageParams),
    responses((status = 200, description = "Một trang", body = Comments)),
)]
pub async fn comments(
    state: web::Data<State>,
    staff: Staff,
    query: ListQuery<OfUnit, (Moment, u32)>,
) -> Result<HttpResponse, Problem> {
    let reach = staff.unit;
    let found = with_store(&state, move |store| {
        let Wanted { after, limit } = query.page;
        views::satisfaction::comments(store, query.filter.unit.as_deref(), reach, after, limit)
    })
    .await?;
    Ok(fresh(&Page::new(found.items, found.next.as_ref())))
}
