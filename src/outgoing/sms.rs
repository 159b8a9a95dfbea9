//! SMS and Zalo, through a gateway that the configuration describes.

use std::sync::Arc;
use std::time::Duration;

use minijinja::{Environment, UndefinedBehavior};
use serde_json::json;
use ureq::http::Uri;

use crate::domain::moment::Moment;
use crate::http_client;
use crate::outgoing::{Carrier, Failure, Reason};
use crate::render::letters::{Templates, Topic, broken};
use crate::store::Store;
use crate::store::outbox::{Kind, Message};

/// How long a gateway may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// A gateway.
#[derive(Clone)]
pub struct GatewaySettings {
    pub url: Uri,
    /// Names and values; secrets come from the environment.
    pub headers: Vec<(String, String)>,
    /// Template of the request's body: `{{ phone }}`, `{{ international }}` (84…), `{{ text }}`,
    /// `{{ id }}`, `{{ topic }}`; `|tojson` quotes for JSON.
    pub body: String,
    /// The answer must contain this; empty: any answer of status 2xx is an acceptance.
    pub accepted: String,
}

impl std::fmt::Debug for GatewaySettings {
    /// Without headers: they hold secrets.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("GatewaySettings")
            .field("url", &self.url.host())
            .finish_non_exhaustive()
    }
}

/// Carries short messages.
pub struct Gateway {
    kind: Kind,
    settings: GatewaySettings,
    body: Environment<'static>,
    templates: Arc<Templates>,
    agent: ureq::Agent,
}

impl Gateway {
    /// # Errors
    /// If the body's template does not work; the error names the line.
    pub fn new(
        kind: Kind,
        settings: GatewaySettings,
        templates: Arc<Templates>,
    ) -> Result<Self, String> {
        let mut body = Environment::new();
        body.set_undefined_behavior(UndefinedBehavior::Strict);
        body.add_template_owned("body", settings.body.clone())
            .map_err(|error| broken("body", &error).to_string())?;
        let gateway = Self {
            kind,
            settings,
            body,
            templates,
            agent: http_client::agent(PATIENCE).build().into(),
        };
        let (phone, text) = ("0912345678", "tinthunghiem");
        let tried = gateway.render(phone, text, "1", "receipt");
        let tried = tried.map_err(|error| broken("body", &error).to_string())?;
        // What has no place for them would reach nobody, and say nothing.
        if !tried.contains(text) || !tried.contains(&phone[1..]) {
            return Err(
                "mẫu body phải có {{ text }}, và {{ phone }} hoặc {{ international }}".to_owned(),
            );
        }
        Ok(gateway)
    }

    fn render(
        &self,
        phone: &str,
        text: &str,
        id: &str,
        topic: &str,
    ) -> Result<String, minijinja::Error> {
        let international = match phone.strip_prefix('0') {
            Some(rest) => format!("84{rest}"),
            None => phone.trim_start_matches('+').to_owned(),
        };
        self.body.get_template("body")?.render(json!({
            "phone": phone, "international": international, "text": text, "id": id,
            "topic": topic,
        }))
    }
}

impl Carrier for Gateway {
    fn kind(&self) -> Kind {
        self.kind
    }

    fn carry(&self, _: &Store, message: &Message, _: Moment) -> Result<(), Failure> {
        let topic: Topic = message
            .topic
            .parse()
            .map_err(|()| Failure::Final(format!("không có mẫu {}", message.topic).into()))?;
        let text = match self.kind {
            Kind::Sms => self.templates.sms(topic, &message.body),
            _ => self.templates.short(topic, &message.body),
        };
        let text = text.map_err(|error| {
            Failure::Final(Reason::said(
                "mẫu tin nhắn không dùng được",
                error.to_string(),
            ))
        })?;
        let id = message.id.to_string();
        let body = self.render(&message.recipient, &text, &id, &message.topic);
        let body = body.map_err(|error| {
            Failure::Final(Reason::said(
                "mẫu tin nhắn không dùng được",
                error.to_string(),
            ))
        })?;
        let mut request = self.agent.post(self.settings.url.clone());
        for (name, value) in &self.settings.headers {
            request = request.header(name, value);
        }
        let mut answer = request
            .send(body.as_bytes())
            .map_err(|error| Failure::Down(error.to_string().into()))?;
        let status = answer.status().as_u16();
        let text = answer.body_mut().with_config().limit(64 * 1024);
        let text = text.read_to_string().unwrap_or_default();
        let why = || Reason::from(format!("cổng tin nhắn trả lời {status}"));
        match status {
            200..=299 if text.contains(&self.settings.accepted) => Ok(()),
            200..=299 => Err(Failure::Passing("cổng tin nhắn không nhận".into())),
            401 | 403 | 429 | 500.. => Err(Failure::Down(why())),
            _ => Err(Failure::Passing(why())),
        }
    }
}
