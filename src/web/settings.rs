//! What handling requests needs to know.

use std::net::SocketAddr;
use std::time::Duration;

use ipnet::IpNet;

use crate::domain::time_limit::TimeLimit;
use crate::domain::vietqr::BankAccount;
use crate::outgoing::webhooks::addresses::Allowed;
use crate::store::limits::Limits;
use crate::web::Bounds;

/// What handling requests needs to know.
#[derive(Clone)]
pub struct ServerSettings {
    /// Networks of our own reverse proxies.
    pub trusted_proxies: Vec<IpNet>,
    /// Where the metrics are served; `None`: nowhere.
    pub metrics_listen: Option<SocketAddr>,
    /// Networks that may read the metrics.
    pub metrics_from: Vec<IpNet>,
    pub bounds: Bounds,
    /// How long a session lasts.
    pub session: Duration,
    /// Browsers may bring their session over plain http.
    pub cookies_over_http: bool,
    pub limits: Limits,
    /// Where fees are transferred to.
    pub bank_account: Option<BankAccount>,
    /// What payment gateways sign with.
    pub gateway_secret: Option<String>,
    /// How many working days back a clerk or officer may enter what has happened.
    pub backdating_days: u16,
    /// For how many days drafts are kept.
    pub draft_days: u16,
    /// Within what feedback has to be answered.
    pub feedback_limit: TimeLimit,
    /// Where webhooks may lead.
    pub webhooks_allowed: Allowed,
}

impl ServerSettings {
    /// Whether an address is a proxy of our own.
    pub fn trusts(&self, address: std::net::IpAddr) -> bool {
        let mut networks = self.trusted_proxies.iter();
        networks.any(|network| network.contains(&address))
    }
}

impl std::fmt::Debug for ServerSettings {
    /// Without secrets.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ServerSettings")
            .field("trusted_proxies", &self.trusted_proxies)
            .field("session", &self.session)
            .finish_non_exhaustive()
    }
}
