//! Who tells of events, and who carries the messages, by configuration.

use std::sync::Arc;

use crate::config::Config;
use crate::outgoing::{Carrier, Outgoing, Teller};
use crate::webhooks::{WebhookCarrier, WebhookTeller};

pub(super) fn setup(config: &Config) -> Outgoing {
    let tellers: Vec<Box<dyn Teller>> = vec![Box::new(WebhookTeller)];
    let allowed = config.server.webhooks_allowed.clone();
    let webhooks = WebhookCarrier::new(allowed, config.patience.in_flight);
    let carriers: Vec<Arc<dyn Carrier>> = vec![Arc::new(webhooks)];
    Outgoing {
        tellers: Arc::new(tellers),
        carriers,
    }
}
