//! `/api/v1/outbox`: what is to be sent, what was, and what was given up; nothing of what it says.

use actix_web::{HttpResponse, web};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::domain::ids::{DossierId, MessageId};
use crate::domain::moment::Moment;
use crate::store::outbox::{Entry, Kind, Standing, Which};
use crate::web::access::Staff;
use crate::web::api::page::{ListQuery, Page, PageParams, Row};
use crate::web::params::Parameters;
use crate::web::problem::Problem;
use crate::web::{State, with_store};
use crate::{acts, views};

/// A message, with nothing of what it says.
#[derive(Serialize, ToSchema)]
pub struct MessageView {
    id: MessageId,
    /// `email`, `sms`, `zalo`, `portal`, `webhook`.
    #[schema(example = "webhook")]
    kind: String,
    /// What it tells: a template, a message of the portal, a kind of event.
    #[schema(example = "finished")]
    topic: String,
    /// Address or number, masked; the webhook.
    #[schema(example = "*****678")]
    recipient: String,
    dossier: Option<DossierId>,
    created_at: Moment,
    /// When it is tried next; absent when it is not.
    due_at: Option<Moment>,
    tries: u32,
    /// When it was delivered, or given up.
    settled_at: Option<Moment>,
    /// `waiting`, `delivered`, `given_up`.
    #[schema(example = "waiting")]
    standing: &'static str,
    /// Why the last try failed.
    error: Option<String>,
}

impl From<Entry> for MessageView {
    fn from(entry: Entry) -> Self {
        let recipient = masked(&entry.recipient);
        // Whoever did not take it may have repeated for whom it was.
        let error = entry.error.map(|error| match entry.recipient.as_str() {
            "" => error,
            name => error.replace(name, &recipient),
        });
        Self {
            id: entry.id,
            kind: entry.kind,
            topic: entry.topic,
            recipient,
            dossier: entry.dossier,
            created_at: entry.created_at,
            due_at: entry.due_at,
            tries: entry.tries,
            settled_at: entry.settled_at,
            standing: entry.standing.as_str(),
            error,
        }
    }
}

/// `a***@host`, `*****678`; what is neither address nor number is as it is.
fn masked(recipient: &str) -> String {
    if let Some((name, host)) = recipient.rsplit_once('@') {
        let first: String = name.chars().take(1).collect();
        return format!("{first}***@{host}");
    }
    let digits = recipient.strip_prefix('+').unwrap_or(recipient);
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return recipient.to_owned();
    }
    format!("*****{}", &digits[digits.len().saturating_sub(3)..])
}

impl Row for MessageView {
    const PAGE: &'static str = "MessagePage";
}

/// A page of messages.
pub type MessagePage = Page<MessageView>;

/// Parameters of the list of messages.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Filter {
    /// waiting (đang chờ), delivered (đã gửi), given_up (đã thôi gửi).
    #[serde(default)]
    #[param(value_type = Option<String>, example = "given_up")]
    standing: Option<Standing>,
    /// email, sms, zalo, portal, webhook.
    #[serde(default)]
    #[param(value_type = Option<String>, example = "email")]
    kind: Option<Kind>,
}

impl Parameters for Filter {
    const NAMES: &'static [&'static str] = &["standing", "kind"];
}

/// Thông điệp gửi ra ngoài, mới nhất trước; chỉ quản trị của toàn tỉnh.
#[utoipa::path(
    get, path = "/api/v1/outbox", tag = "Quản trị", params(Filter, PageParams),
    responses((status = 200, description = "Một trang", body = MessagePage)),
)]
pub async fn list(
    state: web::Data<State>,
    staff: Staff,
    query: ListQuery<Filter, MessageId>,
) -> Result<HttpResponse, Problem> {
    let ListQuery { filter, page } = query;
    let (reach, before, limit) = (staff.unit, page.after, page.and_one());
    let which = Which {
        standing: filter.standing,
        kind: filter.kind,
        recipient: None,
    };
    let entries = with_store(&state, move |store| {
        views::outbox::list_messages(store, reach, &which, before, limit)
    })
    .await?;
    let page = page.page(entries, |entry| entry.id);
    Ok(HttpResponse::Ok().json(page.map(MessageView::from)))
}

/// Gửi lại ngay một thông điệp đang chờ hoặc đã thôi gửi; chỉ quản trị của toàn tỉnh.
#[utoipa::path(
    post, path = "/api/v1/outbox/{message}/retry", tag = "Quản trị",
    params(("message" = String, Path, description = "Định danh của thông điệp")),
    responses((status = 204, description = "Sẽ gửi lại")),
)]
pub async fn retry(
    state: web::Data<State>,
    staff: Staff,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let by = staff.proof;
    let id = uuid::Uuid::parse_str(&path).map(MessageId);
    let id = id.map_err(|_| Problem::not_found("không có thông điệp này"))?;
    with_store(&state, move |store| {
        acts::outbox::retry_message(store, by, id, crate::clock::now())
    })
    .await?;
    Ok(HttpResponse::NoContent().finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recipients_are_masked() {
        for (recipient, shown) in [
            ("an.nguyen@langson.gov.vn", "a***@langson.gov.vn"),
            ("ánh@x.vn", "á***@x.vn"),
            ("@x.vn", "***@x.vn"),
            ("0912345678", "*****678"),
            ("+84912345678", "*****678"),
            ("12", "*****12"),
            ("", ""),
            ("018f-webhook", "018f-webhook"),
        ] {
            assert_eq!(masked(recipient), shown);
        }
    }
}
