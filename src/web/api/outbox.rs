//! `/api/v1/outbox`: what is to be sent, what was, and what was given up; nothing of what it says.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::domain::ids::{DossierId, MessageId};
use crate::domain::moment::Moment;
use crate::store::outbox::{Entry, Kind, Standing, Which};
use crate::web::api::answers::{Done, Reply, done, shown};
use crate::web::api::call::Call;
use crate::web::api::page::{ListQuery, Page, Row};
use crate::web::params::Parameters;
use crate::web::problem::Problem;
use crate::{acts, views};

/// A message, with nothing of what it says.
#[derive(Serialize, ToSchema)]
pub struct MessageView {
    pub(crate) id: MessageId,
    /// `email`, `sms`, `zalo`, `portal`, `webhook`.
    #[schema(example = "webhook")]
    pub(crate) kind: String,
    /// What it tells: a template, a message of the portal, a kind of event.
    #[schema(example = "finished")]
    pub(crate) topic: String,
    /// Address or number, masked; the webhook.
    #[schema(example = "*****678")]
    pub(crate) recipient: String,
    pub(crate) dossier: Option<DossierId>,
    pub(crate) created_at: Moment,
    /// When it is tried next; absent when it is not.
    pub(crate) due_at: Option<Moment>,
    pub(crate) tries: u32,
    /// When it was delivered, or given up.
    pub(crate) settled_at: Option<Moment>,
    /// `waiting`, `delivered`, `given_up`.
    #[schema(example = "waiting")]
    pub(crate) standing: &'static str,
    /// Why the last try failed.
    pub(crate) error: Option<String>,
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

impl MessageView {
    /// By what it goes, for people.
    pub(crate) fn way(&self) -> &str {
        match self.kind.parse() {
            Ok(Kind::Email) => "thư điện tử",
            Ok(Kind::Sms) => "tin nhắn SMS",
            Ok(Kind::Zalo) => "Zalo",
            Ok(Kind::Portal) => "Cổng dịch vụ công",
            Ok(Kind::Webhook) => "hệ thống khác",
            Err(()) => &self.kind,
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

pub async fn list(call: Call, query: ListQuery<Filter, MessageId>) -> Reply<MessagePage> {
    let ListQuery { filter, page } = query;
    let (before, limit) = (page.after, page.and_one());
    let entries = call.run(move |store, by, _| {
        let which = Which {
            standing: filter.standing,
            kind: filter.kind,
            recipient: None,
        };
        Ok(views::outbox::list_messages(
            store, by.unit, &which, before, limit,
        )?)
    });
    let page = page.page(entries.await?, |entry| entry.id);
    Ok(shown(page.map(MessageView::from)))
}

pub async fn retry(call: Call) -> Result<Done, Problem> {
    let id = call.id(MessageId, "không có thông điệp này")?;
    call.run(move |store, by, now| Ok(acts::outbox::retry_message(store, by.proof, id, now)?))
        .await
        .map(done)
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
