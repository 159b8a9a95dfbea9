//! The signature of a delivery.

use hmac::{Hmac, Mac};
use sha2::Sha256;

/// HMAC-SHA256 over the moment of sending (in seconds), a dot and the body, in hexadecimal: whoever
/// checks both knows who wrote it, and that it is not an old one sent again.
pub fn signature(secret: &str, timestamp: i64, body: &[u8]) -> String {
    let mut mac = <Hmac<Sha256> as Mac>::new_from_slice(secret.as_bytes())
        .expect("HMAC takes keys of any length");
    mac.update(timestamp.to_string().as_bytes());
    mac.update(b".");
    mac.update(body);
    data_encoding::HEXLOWER.encode(&mac.finalize().into_bytes())
}
