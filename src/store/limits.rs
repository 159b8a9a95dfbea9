//! How often somebody may try. Kept in the database, so that the limits hold over all instances.

use std::net::IpAddr;
use std::time::Duration;

use serde::Deserialize;

use crate::store::rate_limits::Limit;

/// The limits of an installation.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Log-ins that fail, per account.
    pub log_in_account: Limit,
    /// Log-ins that fail, per network address.
    pub log_in_address: Limit,
    /// Log-ins that fail, per network of IPv6 (/48), which one customer may have whole.
    pub log_in_network: Limit,
    /// Log-ins that fail, all together.
    pub log_in_all: Limit,
    /// Look-ups that find nothing, per network address.
    pub look_up_address: Limit,
    /// Look-ups that find nothing, per case number.
    pub look_up_number: Limit,
    /// Online submissions, per network address.
    pub submission_address: Limit,
    /// Online submissions, per phone number or e-mail address.
    pub submission_contact: Limit,
}

/// A limit as the settings give it.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LimitSetting {
    burst: u32,
    each_seconds: u64,
}

impl LimitSetting {
    /// The limit, if both numbers are in range.
    pub const fn limit(self) -> Option<Limit> {
        let ok = self.burst >= 1
            && self.burst <= 1_000_000
            && self.each_seconds >= 1
            && self.each_seconds <= 86_400;
        if !ok {
            return None;
        }
        Some(Limit {
            burst: self.burst,
            each: Duration::from_secs(self.each_seconds),
        })
    }
}

/// What attempts from a network address count under: the address itself, or the /64 network of an
/// IPv6 address, which one customer has whole.
pub fn address_key(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
    }
}

/// The /48 network of an IPv6 address: a site of one customer, who may use 65.536 of the networks that
/// [`address_key`] tells apart.
pub fn network_key(address: IpAddr) -> Option<String> {
    match address.to_canonical() {
        IpAddr::V4(_) => None,
        IpAddr::V6(address) => {
            let [a, b, c, ..] = address.segments();
            Some(format!("{a:x}:{b:x}:{c:x}::/48"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_customer_has_one_key() {
        let key = |text: &str| address_key(text.parse().unwrap());
        assert_eq!(key("::ffff:203.0.113.7"), "203.0.113.7");
        assert_eq!(key("2001:db8:1:2:3::4"), key("2001:db8:1:2:ffff::1"));
        assert_ne!(key("2001:db8:1:2::"), key("2001:db8:1:3::"));
        let network = |text: &str| network_key(text.parse().unwrap());
        assert_eq!(network("2001:db8:1:2::"), network("2001:db8:1:ffff::7"));
        assert_ne!(network("2001:db8:1:2::"), network("2001:db8:2:2::"));
        assert_eq!(network("::ffff:203.0.113.7"), None);
    }
}
