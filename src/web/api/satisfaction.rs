//! `/api/v1/satisfaction`: how satisfied people were, once they have their result; and what they
//! say of it, for staff.

use serde::Deserialize;
use utoipa::ToSchema;

use crate::acts::rate::{NewRating, Rated};
use crate::domain::case_number::CaseNumber;
use crate::domain::moment::Moment;
use crate::domain::opinion::Rating;
use crate::views::satisfaction::CommentView;
use crate::web::access::Client;
use crate::web::api::answers::{Created, Reply, fresh};
use crate::web::api::call::Call;
use crate::web::api::page::{ListQuery, OfUnit, Page, Row};
use crate::web::api::{check_length, kept};
use crate::web::body::{Body, Readable};
use crate::web::headers::IdempotencyKey;
use crate::web::problem::{FieldError, Problem};
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

pub async fn rate(call: Call<Client>, key: IdempotencyKey, body: Body<Opinion>) -> Created<Rated> {
    let limits = call.state.settings.limits;
    let key = key.of_public("satisfaction", body.hash);
    let opinion = body.value;
    // It was checked when it was read.
    let rating = Rating::new(opinion.rating)
        .ok_or_else(|| Problem::invalid_field("/rating", "phải từ 1 đến 5"))?;
    let new = NewRating {
        rating,
        comment: kept(opinion.comment.as_ref()),
        case_number: opinion.case_number,
        code: opinion.code,
    };
    let made = call
        .run(move |store, by, now| Ok(acts::rate::rate(store, new, by.address, limits, key, now)?));
    let made = made.await?;
    Ok(fresh(made.value).replayed(made.before))
}

impl Row for CommentView {
    const PAGE: &'static str = "Comments";
}

/// A page of comments.
pub type Comments = Page<CommentView>;

pub async fn comments(call: Call, query: ListQuery<OfUnit, (Moment, u32)>) -> Reply<Comments> {
    Ok(fresh(read(&call, query).await?))
}

/// What is asked for of them.
pub(crate) async fn read(
    call: &Call,
    query: ListQuery<OfUnit, (Moment, u32)>,
) -> Result<Comments, Problem> {
    let ListQuery { filter, page } = query;
    let found = call.run(move |store, by, _| {
        let unit = filter.unit.as_deref();
        Ok(views::satisfaction::comments(
            store, unit, by.unit, page.after, page.limit,
        )?)
    });
    let found = found.await?;
    Ok(Page::new(found.items, found.next.as_ref()))
}
