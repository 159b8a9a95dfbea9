//! Webhooks: other systems of the province are told of events. What is told has no personal data; it
//! is signed, and never goes where the office's own network lies unless the configuration says so.

pub mod addresses;
pub mod notifier;
pub mod sign;
pub mod transport;

/// Stands for all kinds of events.
pub const ALL_KINDS: &str = "*";

/// The most characters of an address.
const LONGEST_URL: usize = 2000;
