//! `/api/v1/saved-lists`: lists of dossiers under a name, one's own and those shared with one's unit.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::ids::SavedListId;
use crate::views::saved_lists::NamedList;
use crate::web::api::answers::{Created, Done, Many, Reply, done, fresh};
use crate::web::api::call::Call;
use crate::web::api::lists::DossierQuery;
use crate::web::api::{check_length, check_no_number};
use crate::web::body::{Body, Readable};
use crate::web::headers::IdempotencyKey;
use crate::web::problem::{FieldError, Problem};
use crate::{acts, views};

/// The most bytes of what is asked of a list.
const MOST_BYTES: usize = 2000;

/// A list under its name.
#[derive(Serialize, ToSchema)]
pub struct SavedListView {
    id: SavedListId,
    #[schema(example = "Chờ bổ sung")]
    name: String,
    /// As the parameters of `GET /api/v1/dossiers`.
    #[schema(example = "list=open&status=supplement_requested")]
    query: String,
    /// The staff of the unit have it too.
    shared: bool,
    /// Who shares it; absent: it is one's own.
    by: Option<String>,
}

impl From<NamedList> for SavedListView {
    fn from(list: NamedList) -> Self {
        Self {
            id: list.id,
            name: list.name,
            query: serde_urlencoded::to_string(&list.asked).unwrap_or_default(),
            shared: list.shared,
            by: list.by,
        }
    }
}

pub async fn list(call: Call) -> Reply<Many<SavedListView>> {
    let kept = call.run(|store, by, _| Ok(views::saved_lists::of(store, &by.reader())?));
    let lists = kept.await?.lists.into_iter().map(SavedListView::from);
    Ok(fresh(Many(lists.collect())))
}

/// A list that is to be kept.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewSavedList {
    #[schema(example = "Chờ bổ sung")]
    name: String,
    /// Các tham số của GET /api/v1/dossiers, không có after và limit.
    #[schema(example = "list=open&status=supplement_requested")]
    query: String,
}

impl Readable for NewSavedList {
    const LIMIT: usize = 8 * 1024;

    fn check(&self) -> Vec<FieldError> {
        let mut wrong = Vec::new();
        check_no_number("/name", &self.name, &mut wrong);
        check_length("/query", &self.query, MOST_BYTES, &mut wrong);
        if DossierQuery::read(&self.query).is_err() {
            let detail = "không phải các tham số của một danh sách hồ sơ";
            wrong.push(FieldError::new("/query", detail));
        }
        wrong
    }
}

/// What has been kept.
#[derive(Serialize, ToSchema)]
pub struct KeptList {
    id: SavedListId,
}

pub async fn keep(call: Call, key: IdempotencyKey, body: Body<NewSavedList>) -> Created<KeptList> {
    kept(&call, key, body, false).await
}

pub async fn share(call: Call, key: IdempotencyKey, body: Body<NewSavedList>) -> Created<KeptList> {
    kept(&call, key, body, true).await
}

async fn kept(
    call: &Call,
    key: IdempotencyKey,
    body: Body<NewSavedList>,
    share: bool,
) -> Created<KeptList> {
    let (id, before) = put_in(call, key, body.value, share, body.hash).await?;
    Ok(fresh(KeptList { id }).replayed(before))
}

/// Keeps one, as whoever asks; whether the key had done so before.
pub(crate) async fn put_in(
    call: &Call,
    key: IdempotencyKey,
    new: NewSavedList,
    share: bool,
    hash: Vec<u8>,
) -> Result<(SavedListId, bool), Problem> {
    let what = match share {
        true => "shared-lists",
        false => "saved-lists",
    };
    let key = key.of_staff(what, &call.by, hash);
    let asked: Vec<(String, String)> = serde_urlencoded::from_str(&new.query).unwrap_or_default();
    // Where a list goes on is no part of it.
    let asked = asked.into_iter();
    let asked = asked.filter(|(name, _)| name != "after" && name != "limit");
    let asked = asked.collect();
    call.run(move |store, by, now| {
        let made = acts::saved_lists::keep(store, &new.name, asked, share, key, by.proof, now)?;
        Ok((made.value, made.before))
    })
    .await
}

pub async fn remove(call: Call) -> Result<Done, Problem> {
    take_out(&call).await.map(done)
}

/// Keeps the one that the address names no more, as whoever asks.
pub(crate) async fn take_out(call: &Call) -> Result<(), Problem> {
    let id = call.id(SavedListId, "không có danh sách này")?;
    call.run(move |store, by, _| Ok(acts::saved_lists::remove(store, id, by.proof)?))
        .await
}
