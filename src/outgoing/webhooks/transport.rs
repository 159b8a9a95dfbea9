//! One delivery to a webhook.

use std::time::Duration;

use ureq::http::StatusCode;
use ureq::unversioned::transport::DefaultConnector;
use uuid::Uuid;

use crate::domain::ids::WebhookId;
use crate::domain::moment::Moment;
use crate::http_client;
use crate::outgoing::webhooks::addresses::{Allowed, Guarded};
use crate::outgoing::webhooks::sign::signature;
use crate::outgoing::{Carrier, Failure};
use crate::store::outbox::{Kind, Message};
use crate::store::webhooks::{self, Webhook};
use crate::store::{Store, StoreError, targets};

/// For the whole of a delivery.
const TIMEOUT: Duration = Duration::from_secs(15);
/// For reaching the receiver at all.
const CONNECT: Duration = Duration::from_secs(5);
/// What a receiver answers is read up to here, so that the connection can be used again.
const MOST_ANSWER: u64 = 64 * 1024;
/// How long, in milliseconds, a message waits while the database has trouble.
const WHILE_IN_TROUBLE: i64 = 5000;

/// Carries messages to webhooks.
pub struct WebhookCarrier {
    agent: ureq::Agent,
}

impl WebhookCarrier {
    /// `in_flight`: how many are under way at once.
    pub fn new(allowed: Allowed, in_flight: usize) -> Self {
        let config = http_client::agent(TIMEOUT)
            // Through a proxy nobody would see which address it connects to.
            .proxy(None)
            .timeout_resolve(Some(CONNECT))
            .timeout_connect(Some(CONNECT))
            .max_idle_connections(in_flight * 2)
            .max_idle_connections_per_host(in_flight)
            .build();
        Self {
            agent: ureq::Agent::with_parts(config, DefaultConnector::new(), Guarded(allowed)),
        }
    }

    fn post(&self, webhook: &Webhook, message: &Message, now: Moment) -> Result<Answer, Failure> {
        let body = body(message)?;
        let timestamp = now.unix_millis() / 1000;
        let signature = signature(&webhook.secret, timestamp, body.as_bytes());
        let sent = self
            .agent
            .post(&webhook.url)
            .header("Content-Type", "application/json")
            .header("X-Motcua-Delivery", message.id.to_string())
            .header("X-Motcua-Timestamp", timestamp.to_string())
            .header("X-Motcua-Signature", format!("sha256={signature}"))
            .send(body);
        let mut answer = sent.map_err(|error| failure(&error))?;
        let status = answer.status();
        // What it says is nobody's business; the status has come, so the rest may break off.
        let _ = answer
            .body_mut()
            .with_config()
            .limit(MOST_ANSWER)
            .read_to_vec();
        Ok(match status {
            status if status.is_success() => Answer::Taken,
            StatusCode::GONE => Answer::Gone,
            status => Answer::Refused(status),
        })
    }
}

/// What a receiver says.
enum Answer {
    Taken,
    /// It wants nothing any more.
    Gone,
    Refused(StatusCode),
}

impl Carrier for WebhookCarrier {
    fn kind(&self) -> Kind {
        Kind::Webhook
    }

    fn carry(&self, store: &Store, message: &Message, now: Moment) -> Result<(), Failure> {
        let gone = || Failure::Final("webhook không còn nữa".into());
        let id = Uuid::parse_str(&message.recipient).map(WebhookId);
        let id = id.map_err(|_| gone())?;
        let found = store.read_one(|conn| webhooks::find(conn, id));
        let webhook = found.map_err(|error| not_now(&error, now))?;
        let webhook = webhook.ok_or_else(gone)?;
        if webhook.disabled_at.is_some() {
            return Err(Failure::Final("webhook đã tắt".into()));
        }
        match self.post(&webhook, message, now)? {
            Answer::Taken => Ok(()),
            Answer::Refused(status) => Err(Failure::Passing(
                format!("trả lời {}", status.as_u16()).into(),
            )),
            Answer::Gone => {
                tracing::warn!(webhook = %id, "a webhook answered 410 and is disabled");
                store
                    .write(move |conn| {
                        webhooks::disable(conn, id, now)?;
                        targets::recovered(conn, Kind::Webhook, &id.to_string())
                    })
                    .map_err(|error| not_now(&error, now))?;
                let reason = "trả lời 410: webhook đã được tắt";
                Err(Failure::Final(reason.into()))
            }
        }
    }
}

/// The database's trouble is not the receiver's.
fn not_now(error: &StoreError, now: Moment) -> Failure {
    tracing::error!(%error, "the database refused a delivery");
    Failure::NotBefore(now.plus_millis(WHILE_IN_TROUBLE))
}

/// What was told, with the delivery's id in it: by that a receiver knows one that comes twice.
fn body(message: &Message) -> Result<String, Failure> {
    let mut body = message.body.clone();
    let fields = body.as_object_mut();
    let fields = fields.ok_or_else(|| Failure::Final("nội dung không còn nữa".into()))?;
    fields.insert("id".to_owned(), message.id.to_string().into());
    Ok(body.to_string())
}

/// Why nothing came back, in words for people.
fn failure(error: &ureq::Error) -> Failure {
    use std::io::ErrorKind::PermissionDenied;
    let words = match error {
        ureq::Error::Timeout(_) => format!("không trả lời trong {} giây", TIMEOUT.as_secs()),
        ureq::Error::HostNotFound => "không tìm thấy máy này".to_owned(),
        ureq::Error::Io(error) if error.kind() == PermissionDenied => error.to_string(),
        ureq::Error::Io(error) => format!("không kết nối được: {error}"),
        ureq::Error::Tls(_) | ureq::Error::Rustls(_) => format!("TLS: {error}"),
        error => return Failure::Passing(format!("không gửi được: {error}").into()),
    };
    Failure::Unreachable(words.into())
}
