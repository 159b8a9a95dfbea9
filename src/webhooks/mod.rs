//! Webhooks: other systems of the province are told of events. What is told has no personal data; it
//! is signed, and never goes where the office's own network lies unless the configuration says so.

mod addresses;
mod carry;
mod sign;
mod tell;

pub use addresses::Allowed;
pub use carry::WebhookCarrier;
pub use sign::signature;
pub use tell::WebhookTeller;

/// Stands for all kinds of events.
pub const ALL_KINDS: &str = "*";

/// The most characters of an address.
const LONGEST_URL: usize = 2000;
