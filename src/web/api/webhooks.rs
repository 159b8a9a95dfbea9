//! `/api/v1/webhooks`: other systems that are told of events, as administrators keep them.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::ids::{MessageId, UnitId, WebhookId};
use crate::domain::moment::Moment;
use crate::store::Store;
use crate::store::reference::Reference;
use crate::store::webhooks::Webhook;
use crate::views::list::{Named, named_unit};
use crate::web::api::answers::{
    Created, Done, Reply, Tagged, done, fresh_tagged, or_current, shown, tagged,
};
use crate::web::api::call::Call;
use crate::web::api::outbox::{MessagePage, MessageView};
use crate::web::api::page::{Everything, ListQuery, OfUnit, Page, Row};
use crate::web::body::{Body, Readable};
use crate::web::headers::{IdempotencyKey, IfMatch, version_tag};
use crate::web::problem::Problem;
use crate::{acts, views};

/// A subscription of another system.
#[derive(Serialize, ToSchema)]
pub struct WebhookView {
    id: WebhookId,
    /// Events of dossiers that this unit, or one under it, answers for or holds.
    unit: Named,
    #[schema(example = "https://lgsp.langson.gov.vn/motcua")]
    url: String,
    /// Kinds of events, as the history names them; `*` for all.
    #[schema(example = json!(["received", "finished"]))]
    kinds: Vec<String>,
    created_at: Moment,
    /// Since when nothing is sent.
    disabled_at: Option<Moment>,
    version: u32,
}

impl Tagged for WebhookView {
    fn tag(&self) -> String {
        version_tag(self.version)
    }
}

impl WebhookView {
    fn new(webhook: &Webhook, reference: &Reference) -> Self {
        Self {
            id: webhook.id,
            unit: named_unit(reference, webhook.unit),
            url: webhook.url.clone(),
            kinds: webhook.kinds.clone(),
            created_at: webhook.created_at,
            disabled_at: webhook.disabled_at,
            version: webhook.version,
        }
    }
}

/// A new webhook with its secret, which is told here only.
#[derive(Serialize, ToSchema)]
pub struct CreatedWebhook {
    webhook: WebhookView,
    /// Khóa ký, chỉ hiện một lần: dùng nguyên chuỗi này làm khóa HMAC.
    #[schema(example = "K7gNU3sdo-OL0wNhqoVWhr3g6s1xYv72ol_pe_Unols")]
    secret: String,
}

impl Tagged for CreatedWebhook {
    fn tag(&self) -> String {
        self.webhook.tag()
    }
}

fn named(call: &Call) -> Result<WebhookId, Problem> {
    call.id(WebhookId, "không có webhook này")
}

fn view(store: &Store, id: WebhookId, reach: UnitId) -> Result<WebhookView, Problem> {
    let webhook = views::webhooks::find_webhook(store, id, reach)?;
    Ok(WebhookView::new(&webhook, &*store.reference()?))
}

impl Row for WebhookView {
    const PAGE: &'static str = "WebhookPage";
}

/// A page of webhooks.
pub type WebhookPage = Page<WebhookView>;

pub async fn list(call: Call, query: ListQuery<OfUnit, WebhookId>) -> Reply<WebhookPage> {
    let ListQuery { filter, page } = query;
    let page = call.run(move |store, by, _| {
        let reference = store.reference()?;
        let unit = match filter.unit.as_deref() {
            None => by.unit,
            Some(code) => {
                let unit = reference.units().by_code(code).map(|unit| unit.id);
                let wrong = || Problem::invalid_field("unit", format!("không có đơn vị '{code}'"));
                unit.ok_or_else(wrong)?
            }
        };
        let (after, limit) = (page.after, page.and_one());
        let found = views::webhooks::webhooks_of_unit(store, unit, by.unit, after, limit)?;
        let page = page.page(found, |webhook| webhook.id);
        Ok(page.map(|webhook| WebhookView::new(&webhook, &reference)))
    });
    page.await.map(shown)
}

/// A new webhook.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewWebhook {
    /// Mã đơn vị: sự kiện của hồ sơ thuộc đơn vị này và các đơn vị trực thuộc.
    #[schema(example = "H37.20")]
    unit: String,
    /// Địa chỉ http hoặc https.
    #[schema(example = "https://lgsp.langson.gov.vn/motcua")]
    url: String,
    /// Loại sự kiện, như trong lịch sử hồ sơ; `*` cho tất cả.
    #[schema(example = json!(["received", "finished"]))]
    kinds: Vec<String>,
}

impl Readable for NewWebhook {
    const LIMIT: usize = 8 * 1024;
}

pub async fn create(
    call: Call,
    key: IdempotencyKey,
    body: Body<NewWebhook>,
) -> Created<CreatedWebhook> {
    let key = key.of_staff("webhooks", &call.by, body.hash);
    let allowed = call.state.settings.webhooks_allowed.clone();
    let new = acts::webhooks::NewWebhook {
        unit: body.value.unit,
        url: body.value.url,
        kinds: body.value.kinds,
    };
    let made = call.run(move |store, by, now| {
        let made = acts::webhooks::create_webhook(store, &allowed, new, by.proof, key, now)?;
        let new = CreatedWebhook {
            webhook: WebhookView::new(&made.value, &*store.reference()?),
            secret: made.value.secret,
        };
        Ok((new, made.before))
    });
    let (new, before) = made.await?;
    let address = format!("/api/v1/webhooks/{}", new.webhook.id);
    Ok(fresh_tagged(new).at(address).replayed(before))
}

pub async fn show(call: Call) -> Reply<WebhookView> {
    let id = named(&call)?;
    call.run(move |store, by, _| view(store, id, by.unit))
        .await
        .map(tagged)
}

/// What changes; what is left out stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WebhookChange {
    /// Mã đơn vị.
    #[serde(default)]
    #[schema(example = "H37.20")]
    unit: Option<String>,
    /// Địa chỉ http hoặc https.
    #[serde(default)]
    #[schema(example = "https://lgsp.langson.gov.vn/motcua")]
    url: Option<String>,
    /// Loại sự kiện; `*` cho tất cả.
    #[serde(default)]
    #[schema(example = json!(["received", "finished"]))]
    kinds: Option<Vec<String>>,
    /// Tắt hoặc bật lại.
    #[serde(default)]
    disabled: Option<bool>,
}

impl Readable for WebhookChange {
    const LIMIT: usize = 8 * 1024;
}

pub async fn change(
    call: Call,
    if_match: IfMatch,
    body: Body<WebhookChange>,
) -> Reply<WebhookView> {
    let id = named(&call)?;
    let allowed = call.state.settings.webhooks_allowed.clone();
    let change = acts::webhooks::WebhookChange {
        unit: body.value.unit,
        url: body.value.url,
        kinds: body.value.kinds,
        disabled: body.value.disabled,
    };
    let view = call.run(move |store, by, now| {
        let seen = if_match.version();
        let changed =
            acts::webhooks::change_webhook(store, &allowed, id, change, by.proof, seen, now);
        let webhook = or_current(changed, || view(store, id, by.unit))?;
        Ok(WebhookView::new(&webhook, &*store.reference()?))
    });
    view.await.map(tagged)
}

pub async fn delete(call: Call) -> Result<Done, Problem> {
    let id = named(&call)?;
    call.run(move |store, by, _| Ok(acts::webhooks::delete_webhook(store, id, by.proof)?))
        .await
        .map(done)
}

pub async fn deliveries(call: Call, query: ListQuery<Everything, MessageId>) -> Reply<MessagePage> {
    let (id, page) = (named(&call)?, query.page);
    let (before, limit) = (page.after, page.and_one());
    let entries = call.run(move |store, by, _| {
        Ok(views::webhooks::deliveries(
            store, id, by.unit, before, limit,
        )?)
    });
    let page = page.page(entries.await?, |entry| entry.id);
    Ok(shown(page.map(MessageView::from)))
}
