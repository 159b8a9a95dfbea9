//! `/api/v1/text-blocks`: texts that are put into what is written to applicants.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::acts::text_blocks::Text;
use crate::domain::ids::TextBlockId;
use crate::domain::moment::Moment;
use crate::domain::text_block::Purpose;
use crate::store::Store;
use crate::store::reference::Reference;
use crate::views::list::{Named, named_unit};
use crate::views::text_blocks::TextBlock;
use crate::web::api::answers::{
    Created, Done, Reply, Tagged, done, fresh, fresh_tagged, or_current, tagged,
};
use crate::web::api::call::Call;
use crate::web::api::check_no_number;
use crate::web::api::page::{Everything, ListQuery, Page, Row};
use crate::web::body::{Body, Readable};
use crate::web::headers::{IdempotencyKey, IfMatch, version_tag};
use crate::web::problem::{FieldError, Problem};
use crate::{acts, views};

/// A text.
#[derive(Serialize, ToSchema)]
pub struct TextBlockView {
    pub id: TextBlockId,
    /// This unit and those under it use it.
    pub unit: Named,
    pub purpose: Purpose,
    /// Code of the procedure for which it is; absent: for all.
    #[schema(example = "2.000815")]
    pub procedure: Option<String>,
    #[schema(example = "Thiếu bản chính")]
    pub title: String,
    #[schema(example = "Bản chính giấy tờ cần chứng thực chưa được xuất trình.")]
    pub body: String,
    pub changed_at: Moment,
    pub version: u32,
}

impl TextBlockView {
    fn new(block: TextBlock, reference: &Reference) -> Self {
        Self {
            id: block.id,
            unit: named_unit(reference, block.unit),
            purpose: block.purpose,
            procedure: block.procedure,
            title: block.title,
            body: block.body,
            changed_at: block.changed_at,
            version: block.version,
        }
    }
}

impl Tagged for TextBlockView {
    fn tag(&self) -> String {
        version_tag(self.version)
    }
}

impl Row for TextBlockView {
    const PAGE: &'static str = "TextBlockPage";
}

/// A page of them.
pub type TextBlockPage = Page<TextBlockView>;

/// The query of a list of them.
pub type TextBlockQuery = ListQuery<Everything, TextBlockId>;

pub async fn list(call: Call, query: TextBlockQuery) -> Reply<TextBlockPage> {
    page(&call, query).await.map(fresh)
}

/// A page of what the caller's unit and those under it keep.
pub(crate) async fn page(call: &Call, query: TextBlockQuery) -> Result<TextBlockPage, Problem> {
    let read = |store: &Store, unit, before, limit, _| {
        views::text_blocks::within(store, unit, before, limit)
    };
    let page = call
        .page(query.page, read, |block: &TextBlock| block.id)
        .await?;
    call.run(move |store, _, _| {
        let reference = store.reference()?;
        Ok(page.map(|block| TextBlockView::new(block, &reference)))
    })
    .await
}

/// A text as it is to be.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewTextBlock {
    purpose: Purpose,
    /// Mã thủ tục; không có: dùng cho mọi thủ tục.
    #[serde(default)]
    #[schema(example = "2.000815")]
    procedure: Option<String>,
    #[schema(example = "Thiếu bản chính")]
    title: String,
    #[schema(example = "Bản chính giấy tờ cần chứng thực chưa được xuất trình.")]
    body: String,
}

impl Readable for NewTextBlock {
    const LIMIT: usize = 16 * 1024;

    fn check(&self) -> Vec<FieldError> {
        let mut wrong = Vec::new();
        for (field, text) in [("/title", &self.title), ("/body", &self.body)] {
            check_no_number(field, text, &mut wrong);
        }
        wrong
    }
}

impl From<NewTextBlock> for Text {
    fn from(new: NewTextBlock) -> Self {
        Self {
            purpose: new.purpose,
            procedure: new.procedure,
            title: new.title,
            body: new.body,
        }
    }
}

pub async fn add(
    call: Call,
    key: IdempotencyKey,
    body: Body<NewTextBlock>,
) -> Created<TextBlockView> {
    let (view, before) = put_in(&call, key, body.value, body.hash).await?;
    let address = format!("/api/v1/text-blocks/{}", view.id);
    Ok(fresh_tagged(view).at(address).replayed(before))
}

/// Adds one, as whoever asks; whether the key had done so before.
pub(crate) async fn put_in(
    call: &Call,
    key: IdempotencyKey,
    new: NewTextBlock,
    hash: Vec<u8>,
) -> Result<(TextBlockView, bool), Problem> {
    let key = key.of_staff("text-blocks", &call.by, hash);
    call.run(move |store, by, now| {
        let made = acts::text_blocks::add(store, new.into(), key, by.proof, now)?;
        let view = TextBlockView::new(made.value, &*store.reference()?);
        Ok((view, made.before))
    })
    .await
}

fn named(call: &Call) -> Result<TextBlockId, Problem> {
    call.id(TextBlockId, "không có mẫu câu này")
}

pub async fn show(call: Call) -> Reply<TextBlockView> {
    find(&call).await.map(tagged)
}

/// The one that the address names.
pub(crate) async fn find(call: &Call) -> Result<TextBlockView, Problem> {
    let id = named(call)?;
    call.run(move |store, by, _| {
        let found = views::text_blocks::find(store, id, by.unit)?;
        Ok(TextBlockView::new(found, &*store.reference()?))
    })
    .await
}

pub async fn change(call: Call, seen: IfMatch, body: Body<NewTextBlock>) -> Reply<TextBlockView> {
    alter(&call, seen, body.value).await.map(tagged)
}

/// Changes the one that the address names, as whoever asks.
pub(crate) async fn alter(
    call: &Call,
    seen: IfMatch,
    new: NewTextBlock,
) -> Result<TextBlockView, Problem> {
    let id = named(call)?;
    call.run(move |store, by, now| {
        let view = |block| Ok::<_, Problem>(TextBlockView::new(block, &*store.reference()?));
        let changed =
            acts::text_blocks::change(store, id, new.into(), seen.version(), by.proof, now);
        let current = || view(views::text_blocks::find(store, id, by.unit)?);
        view(or_current(changed, current)?)
    })
    .await
}

pub async fn remove(call: Call) -> Result<Done, Problem> {
    take_out(&call).await.map(done)
}

/// Takes the one that the address names away, as whoever asks.
pub(crate) async fn take_out(call: &Call) -> Result<(), Problem> {
    let id = named(call)?;
    call.run(move |store, by, now| Ok(acts::text_blocks::remove(store, id, by.proof, now)?))
        .await
}
