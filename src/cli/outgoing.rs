//! Who tells of events, and who carries the messages, by configuration.

use std::sync::Arc;

use crate::config::Config;
use crate::national::{PortalCarrier, PortalTeller};
use crate::outgoing::{Carrier, Outgoing, Teller};

pub(super) fn setup(config: &Config) -> Outgoing {
    let mut tellers: Vec<Box<dyn Teller>> = Vec::new();
    let mut carriers: Vec<Arc<dyn Carrier>> = Vec::new();
    if let Some(portal) = &config.portal {
        tellers.push(Box::new(PortalTeller));
        carriers.push(Arc::new(PortalCarrier::new(portal.clone())));
    }
    Outgoing {
        tellers: Arc::new(tellers),
        carriers,
    }
}
