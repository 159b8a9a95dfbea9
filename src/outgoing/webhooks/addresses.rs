//! To which addresses a webhook may lead: whoever may make one must not reach through it what only
//! the office's own network reaches.

use std::net::{IpAddr, Ipv6Addr, SocketAddr, ToSocketAddrs};
use std::sync::mpsc::{RecvTimeoutError, sync_channel};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use ureq::config::Config;
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::NextTimeout;
use url::{Host, Url};

use crate::outgoing::webhooks::LONGEST_URL;

/// IANA's special purposes, and multicast: nothing of the public internet is there.
const NOT_PUBLIC_V4: [([u8; 4], u8); 15] = [
    ([0, 0, 0, 0], 8),
    ([10, 0, 0, 0], 8),
    ([100, 64, 0, 0], 10),
    ([127, 0, 0, 0], 8),
    ([169, 254, 0, 0], 16),
    ([172, 16, 0, 0], 12),
    ([192, 0, 0, 0], 24),
    ([192, 0, 2, 0], 24),
    ([192, 88, 99, 0], 24),
    ([192, 168, 0, 0], 16),
    ([198, 18, 0, 0], 15),
    ([198, 51, 100, 0], 24),
    ([203, 0, 113, 0], 24),
    ([224, 0, 0, 0], 4),
    ([240, 0, 0, 0], 4),
];

/// All that is public in IPv6.
const PUBLIC_V6: (Ipv6Addr, u8) = (Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3);

/// But for this: what leads to IPv4 (Teredo, 6to4), and what is for documents.
const NOT_PUBLIC_V6: [(Ipv6Addr, u8); 4] = [
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23),
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32),
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16),
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20),
];

fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => NOT_PUBLIC_V4.iter().all(|(network, length)| {
            !Ipv4Net::new_assert((*network).into(), *length).contains(&address)
        }),
        IpAddr::V6(address) => {
            let within = |(network, length): &(Ipv6Addr, u8)| {
                Ipv6Net::new_assert(*network, *length).contains(&address)
            };
            within(&PUBLIC_V6) && !NOT_PUBLIC_V6.iter().any(within)
        }
    }
}

/// The public internet, and the networks that the configuration names.
#[derive(Debug, Clone, Default)]
pub struct Allowed {
    networks: Vec<IpNet>,
}

impl Allowed {
    pub const fn new(networks: Vec<IpNet>) -> Self {
        Self { networks }
    }

    /// Whether a webhook may lead there.
    pub fn allows(&self, address: IpAddr) -> bool {
        // ::ffff:10.0.0.1 is 10.0.0.1.
        let address = address.to_canonical();
        is_public(address) || self.networks.iter().any(|net| net.contains(&address))
    }

    /// Checks the address of a webhook, and gives it as it is kept. Where a name leads to is seen
    /// when something is sent, every time anew.
    ///
    /// # Errors
    /// A reason for people.
    pub fn check(&self, text: &str) -> Result<String, String> {
        let url = Url::parse(text.trim()).map_err(|_| "không phải địa chỉ http hay https")?;
        if !["http", "https"].contains(&url.scheme()) {
            return Err("chỉ nhận địa chỉ http hoặc https".to_owned());
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err("không được kèm tên đăng nhập hay mật khẩu".to_owned());
        }
        if url.fragment().is_some() {
            return Err("không được có phần sau dấu #".to_owned());
        }
        if url.as_str().len() > LONGEST_URL {
            return Err(format!("dài quá {LONGEST_URL} ký tự"));
        }
        let literal = match url.host() {
            None => return Err("thiếu tên máy".to_owned()),
            Some(Host::Domain(_)) => None,
            Some(Host::Ipv4(address)) => Some(IpAddr::V4(address)),
            Some(Host::Ipv6(address)) => Some(IpAddr::V6(address)),
        };
        if literal.is_some_and(|address| !self.allows(address)) {
            return Err(REFUSED.to_owned());
        }
        let readable = url.as_str().parse::<ureq::http::Uri>();
        readable.map_err(|_| "không phải địa chỉ http hay https")?;
        Ok(url.into())
    }
}

const REFUSED: &str = "địa chỉ thuộc mạng nội bộ, không được phép (cấu hình webhooks.allow)";

/// Finds the addresses of a name, and leaves only those that are allowed: it is they that are
/// connected to, so a name that leads elsewhere now than a moment ago leads nowhere.
#[derive(Debug)]
pub(crate) struct Guarded(pub(crate) Allowed);

impl Resolver for Guarded {
    fn resolve(
        &self,
        uri: &ureq::http::Uri,
        _: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let host = uri.host().ok_or(ureq::Error::HostNotFound)?;
        let usual = if uri.scheme_str() == Some("https") {
            443
        } else {
            80
        };
        let port = uri.port_u16().unwrap_or(usual);
        let found = find(host, port, timeout)?;
        let any = !found.is_empty();
        let mut addresses = self.empty();
        let allowed = found.into_iter().filter(|found| self.0.allows(found.ip()));
        // As many as ureq takes.
        for address in allowed.take(16) {
            addresses.push(address);
        }
        match (addresses.is_empty(), any) {
            (false, _) => Ok(addresses),
            (true, true) => {
                let refused = std::io::Error::new(std::io::ErrorKind::PermissionDenied, REFUSED);
                Err(ureq::Error::Io(refused))
            }
            (true, false) => Err(ureq::Error::HostNotFound),
        }
    }
}

fn find(host: &str, port: u16, timeout: NextTimeout) -> Result<Vec<SocketAddr>, ureq::Error> {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    if let Ok(address) = bare.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(address, port)]);
    }
    // The system's resolver knows no time limit; a thread that it holds up ends when it does.
    let (tell, told) = sync_channel(1);
    let host = host.to_owned();
    std::thread::spawn(move || {
        let found = (host.as_str(), port).to_socket_addrs();
        // Nobody may be waiting any more.
        let _ = tell.send(found.map(Iterator::collect::<Vec<_>>));
    });
    match told.recv_timeout(*timeout.after) {
        Ok(Ok(found)) => Ok(found),
        Ok(Err(_)) | Err(RecvTimeoutError::Disconnected) => Err(ureq::Error::HostNotFound),
        Err(RecvTimeoutError::Timeout) => Err(ureq::Error::Timeout(timeout.reason)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_public_is_refused_unless_it_is_named() {
        let allowed = Allowed::default();
        for address in [
            "0.0.0.0",
            "0.1.2.3",
            "10.1.2.3",
            "100.64.0.1",
            "100.127.255.255",
            "127.0.0.1",
            "127.9.9.9",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.8",
            "192.168.1.1",
            "198.19.0.1",
            "203.0.113.9",
            "224.0.0.1",
            "239.1.2.3",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:10.0.0.1",
            "::ffff:127.0.0.1",
            "::127.0.0.1",
            "64:ff9b::a00:1",
            "64:ff9b:1::1",
            "fe80::1",
            "fec0::1",
            "fc00::1",
            "fd12:3456::1",
            "ff02::1",
            "2001:db8::1",
            "2001::1",
            "2002:a00:1::1",
            "3fff::1",
            "100::1",
        ] {
            assert!(!allowed.allows(address.parse().unwrap()), "{address}");
        }
        for address in [
            "1.1.1.1",
            "100.128.0.1",
            "172.32.0.1",
            "::ffff:1.1.1.1",
            "2606:4700::1111",
            "2402:800::1",
        ] {
            assert!(allowed.allows(address.parse().unwrap()), "{address}");
        }
        let allowed = Allowed::new(vec![
            "10.1.0.0/16".parse().unwrap(),
            "fd00::/8".parse().unwrap(),
        ]);
        for (address, fine) in [
            ("10.1.9.9", true),
            ("::ffff:10.1.9.9", true),
            ("10.2.0.1", false),
            ("fd12::1", true),
            ("fc12::1", false),
        ] {
            assert_eq!(allowed.allows(address.parse().unwrap()), fine, "{address}");
        }
    }

    #[test]
    fn addresses_of_webhooks_are_checked_however_they_are_written() {
        let allowed = Allowed::default();
        for wrong in [
            "",
            "example.org",
            "ftp://example.org/",
            "file:///etc/passwd",
            "http://",
            "http://user@example.org/",
            "http://user:x@example.org/",
            "https://example.org/#x",
            "http://127.0.0.1/",
            "http://2130706433/",
            "http://0x7f.1/",
            "http://0177.0.0.1/",
            "http://[::1]:8080/",
            "http://[::ffff:10.0.0.1]/",
            "http://169.254.169.254/latest/meta-data",
            "http://１２７.0.0.1/",
            "http://10.0.0.1.:80/",
        ] {
            assert!(allowed.check(wrong).is_err(), "{wrong}");
        }
        let long = format!("https://example.org/{}", "x".repeat(LONGEST_URL));
        assert!(allowed.check(&long).is_err());
        for (right, kept) in [
            (
                "https://hooks.langson.gov.vn/motcua?a=b",
                "https://hooks.langson.gov.vn/motcua?a=b",
            ),
            (" HTTP://Example.ORG:80 ", "http://example.org/"),
            ("http://1.1.1.1/x", "http://1.1.1.1/x"),
        ] {
            assert_eq!(allowed.check(right).as_deref(), Ok(kept));
        }
    }
}
