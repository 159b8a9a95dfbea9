//! Who tells of events, and who carries the messages, by configuration.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::config::Config;
use crate::outgoing::mail::Mail;
use crate::outgoing::notices::NoticeSettings;
use crate::outgoing::notices::notifier::NoticeTeller;
use crate::outgoing::portal::notifier::PortalTeller;
use crate::outgoing::portal::transport::PortalCarrier;
use crate::outgoing::sms::Gateway;
use crate::outgoing::webhooks::notifier::WebhookTeller;
use crate::outgoing::webhooks::transport::WebhookCarrier;
use crate::outgoing::{Carrier, Outgoing, Teller};
use crate::render::letters::Templates;
use crate::store::outbox::Kind;

/// # Errors
/// A setting or template that cannot be used; the message names it.
pub(super) fn setup(config: &Config) -> Result<Outgoing, String> {
    let mut tellers: Vec<Box<dyn Teller>> = Vec::new();
    let mut carriers: Vec<Arc<dyn Carrier>> = Vec::new();

    let templates = Templates::load(config.notices.templates.as_deref());
    let templates = Arc::new(templates.map_err(|error| format!("notices.templates: {error}"))?);
    let mut kinds = BTreeSet::new();
    if let Some(mail) = config.mail.clone() {
        let mail = Mail::new(mail, Arc::clone(&templates));
        carriers.push(Arc::new(mail.map_err(|error| format!("mail: {error}"))?));
        kinds.insert(Kind::Email);
    }
    for (kind, gateway) in [(Kind::Sms, &config.sms), (Kind::Zalo, &config.zalo)] {
        if let Some(gateway) = gateway.clone() {
            let gateway = Gateway::new(kind, gateway, Arc::clone(&templates));
            let gateway = gateway.map_err(|error| format!("{}: {error}", kind.as_str()))?;
            carriers.push(Arc::new(gateway));
            kinds.insert(kind);
        }
    }
    let settings = NoticeSettings {
        look_up_link: config.notices.look_up_link.clone(),
        kinds,
    };
    tellers.push(Box::new(NoticeTeller { settings }));
    if let Some(portal) = &config.portal {
        tellers.push(Box::new(PortalTeller));
        carriers.push(Arc::new(PortalCarrier::new(portal.clone())));
    }
    tellers.push(Box::new(WebhookTeller));
    let allowed = config.server.webhooks_allowed.clone();
    let webhooks = WebhookCarrier::new(allowed, config.patience.in_flight);
    carriers.push(Arc::new(webhooks));
    Ok(Outgoing {
        tellers: Arc::new(tellers),
        carriers,
    })
}
