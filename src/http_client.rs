//! How other systems are reached over HTTP: the portal, gateways, webhooks, a log-in's provider.

use std::time::Duration;

use ureq::Agent;
use ureq::config::ConfigBuilder;
use ureq::tls::{RootCerts, TlsConfig};
use ureq::typestate::AgentScope;

/// What is read or written at once: these are short messages, and many are under way.
const BUFFER: usize = 16 * 1024;

/// An agent that takes no longer than that for a call, hands every status to its caller and follows no
/// redirect, which would lead where nobody has said to go.
pub(crate) fn agent(timeout: Duration) -> ConfigBuilder<AgentScope> {
    // The machine's own certificate authorities: a province's systems have one of their own.
    let authorities = TlsConfig::builder()
        .root_certs(RootCerts::PlatformVerifier)
        .build();
    Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .tls_config(authorities)
        .user_agent(concat!("motcua/", env!("CARGO_PKG_VERSION")))
        .timeout_global(Some(timeout))
        .input_buffer_size(BUFFER)
        .output_buffer_size(BUFFER)
}
