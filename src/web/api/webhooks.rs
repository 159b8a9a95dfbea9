//! `/api/v1/webhooks`: other systems that are told of events, as administrators keep them.

use actix_web::{HttpResponse, web};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::ids::{MessageId, WebhookId};
use crate::domain::moment::Moment;
use crate::store::reference::Reference;
use crate::store::webhooks::Webhook;
use crate::views::list::{Named, named_unit};
use crate::web::access::Staff;
use crate::web::api::answers::{Tagged, created, or_current, tagged};
use crate::web::api::outbox::{MessagePage, MessageView};
use crate::web::api::page::{Everything, ListQuery, OfUnit, Page, PageParams, Row};
use crate::web::body::{Body, Readable};
use crate::web::headers::{IdempotencyKey, IfMatch, version_tag};
use crate::web::problem::Problem;
use crate::web::{State, with_store};
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

fn read_id(text: &str) -> Result<WebhookId, Problem> {
    let id = uuid::Uuid::parse_str(text).map(WebhookId);
    id.map_err(|_| Problem::not_found("không có webhook này"))
}

impl Row for WebhookView {
    const PAGE: &'static str = "WebhookPage";
}

/// A page of webhooks.
pub type WebhookPage = Page<WebhookView>;

/// Webhook của một đơn vị và các đơn vị trực thuộc.
#[utoipa::path(
    get, path = "/api/v1/webhooks", tag = "Quản trị", params(OfUnit, PageParams),
    responses((status = 200, description = "Một trang", body = WebhookPage)),
)]
pub async fn list(
    state: web::Data<State>,
    staff: Staff,
    query: ListQuery<OfUnit, WebhookId>,
) -> Result<HttpResponse, Problem> {
    let reach = staff.unit;
    let ListQuery { filter, page } = query;
    let page = with_store(&state, move |store| {
        let reference = store.reference()?;
        let unit = match filter.unit.as_deref() {
            None => reach,
            Some(code) => {
                let unit = reference.units().by_code(code).map(|unit| unit.id);
                let wrong = || Problem::invalid_field("unit", format!("không có đơn vị '{code}'"));
                unit.ok_or_else(wrong)?
            }
        };
        let (after, limit) = (page.after, page.and_one());
        let found = views::webhooks::webhooks_of_unit(store, unit, reach, after, limit)?;
        let page = page.page(found, |webhook| webhook.id);
        Ok::<_, Problem>(page.map(|webhook| WebhookView::new(&webhook, &reference)))
    })
    .await?;
    Ok(HttpResponse::Ok().json(page))
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

/// Đăng ký webhook. Khóa ký chỉ có trong câu trả lời này.
#[utoipa::path(
    post, path = "/api/v1/webhooks", tag = "Quản trị", request_body = NewWebhook,
    params(("Idempotency-Key" = Option<String>, Header, description = "Khóa để không tạo hai lần")),
    responses((status = 201, description = "Webhook mới", body = CreatedWebhook)),
)]
pub async fn create(
    state: web::Data<State>,
    staff: Staff,
    key: IdempotencyKey,
    body: Body<NewWebhook>,
) -> Result<HttpResponse, Problem> {
    let by = staff.proof;
    let key = key.of_staff("webhooks", &staff, body.hash);
    let allowed = state.settings.webhooks_allowed.clone();
    let new = acts::webhooks::NewWebhook {
        unit: body.value.unit,
        url: body.value.url,
        kinds: body.value.kinds,
    };
    let (new, before) = with_store(&state, move |store| {
        let now = crate::clock::now();
        let made = acts::webhooks::create_webhook(store, &allowed, new, by, key, now)?;
        let reference = store.reference()?;
        let new = CreatedWebhook {
            webhook: WebhookView::new(&made.value, &reference),
            secret: made.value.secret,
        };
        Ok::<_, Problem>((new, made.before))
    })
    .await?;
    let place = format!("/api/v1/webhooks/{}", new.webhook.id);
    Ok(created(before)
        .insert_header(("Location", place))
        .insert_header(("ETag", new.webhook.tag()))
        .insert_header(("Cache-Control", "no-store"))
        .json(new))
}

/// Một webhook.
#[utoipa::path(
    get, path = "/api/v1/webhooks/{webhook}", tag = "Quản trị",
    params(("webhook" = String, Path, description = "Định danh của webhook")),
    responses((status = 200, description = "Webhook", body = WebhookView)),
)]
pub async fn show(
    state: web::Data<State>,
    staff: Staff,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let (reach, id) = (staff.unit, read_id(&path)?);
    let view = with_store(&state, move |store| {
        let webhook = views::webhooks::find_webhook(store, id, reach)?;
        let reference = store.reference()?;
        Ok::<_, Problem>(WebhookView::new(&webhook, &reference))
    })
    .await?;
    Ok(tagged(&view))
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

/// Sửa webhook: đơn vị, địa chỉ, loại sự kiện, tắt, bật.
#[utoipa::path(
    patch, path = "/api/v1/webhooks/{webhook}", tag = "Quản trị", request_body = WebhookChange,
    params(
        ("webhook" = String, Path, description = "Định danh của webhook"),
        ("If-Match" = String, Header, description = "ETag đã đọc, hoặc *"),
    ),
    responses((status = 200, description = "Webhook sau khi sửa", body = WebhookView)),
)]
pub async fn change(
    state: web::Data<State>,
    staff: Staff,
    path: web::Path<String>,
    if_match: IfMatch,
    body: Body<WebhookChange>,
) -> Result<HttpResponse, Problem> {
    let (by, reach, id) = (staff.proof, staff.unit, read_id(&path)?);
    let allowed = state.settings.webhooks_allowed.clone();
    let change = acts::webhooks::WebhookChange {
        unit: body.value.unit,
        url: body.value.url,
        kinds: body.value.kinds,
        disabled: body.value.disabled,
    };
    let view = with_store(&state, move |store| {
        let (seen, now) = (if_match.version(), crate::clock::now());
        let changed = acts::webhooks::change_webhook(store, &allowed, id, change, by, seen, now);
        let reference = store.reference()?;
        let webhook = or_current(changed, || {
            let current = views::webhooks::find_webhook(store, id, reach)?;
            Ok(WebhookView::new(&current, &reference))
        })?;
        Ok::<_, Problem>(WebhookView::new(&webhook, &reference))
    })
    .await?;
    Ok(tagged(&view))
}

/// Bỏ webhook; những gì còn chờ gửi tới đó thôi không gửi nữa.
#[utoipa::path(
    delete, path = "/api/v1/webhooks/{webhook}", tag = "Quản trị",
    params(("webhook" = String, Path, description = "Định danh của webhook")),
    responses((status = 204, description = "Đã bỏ")),
)]
pub async fn delete(
    state: web::Data<State>,
    staff: Staff,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let (by, id) = (staff.proof, read_id(&path)?);
    with_store(&state, move |store| {
        acts::webhooks::delete_webhook(store, id, by)
    })
    .await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Nhật ký gửi tới một webhook, mới nhất trước.
#[utoipa::path(
    get, path = "/api/v1/webhooks/{webhook}/deliveries", tag = "Quản trị",
    params(("webhook" = String, Path, description = "Định danh của webhook"), PageParams),
    responses((status = 200, description = "Một trang", body = MessagePage)),
)]
pub async fn deliveries(
    state: web::Data<State>,
    staff: Staff,
    path: web::Path<String>,
    query: ListQuery<Everything, MessageId>,
) -> Result<HttpResponse, Problem> {
    let (reach, id, page) = (staff.unit, read_id(&path)?, query.page);
    let (before, limit) = (page.after, page.and_one());
    let entries = with_store(&state, move |store| {
        views::webhooks::deliveries(store, id, reach, before, limit)
    })
    .await?;
    let page = page.page(entries, |entry| entry.id);
    Ok(HttpResponse::Ok().json(page.map(MessageView::from)))
}
