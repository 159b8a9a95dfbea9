//! HMAC-SHA256: the one place that makes it.

use hmac::{Hmac, Mac};
use sha2::Sha256;

/// HMAC-SHA256 over the parts, one after the other; to be finalised, or held against one in constant
/// time.
pub(crate) fn mac(key: impl AsRef<[u8]>, parts: &[&[u8]]) -> Hmac<Sha256> {
    let mut mac =
        <Hmac<Sha256> as Mac>::new_from_slice(key.as_ref()).expect("HMAC takes keys of any length");
    for part in parts {
        mac.update(part);
    }
    mac
}

/// The same, worked out.
pub(crate) fn mac_of(key: impl AsRef<[u8]>, parts: &[&[u8]]) -> [u8; 32] {
    mac(key, parts).finalize().into_bytes().into()
}
