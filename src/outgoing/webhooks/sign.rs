//! The signature of a delivery.

use hmac::Mac;

use crate::domain::mac::mac;

/// HMAC-SHA256 over the moment of sending (in seconds), a dot and the body, in hexadecimal: whoever
/// checks both knows who wrote it, and that it is not an old one sent again.
pub fn signature(secret: &str, timestamp: i64, body: &[u8]) -> String {
    let timestamp = timestamp.to_string();
    let mac = mac(secret, &[timestamp.as_bytes(), b".", body]);
    data_encoding::HEXLOWER.encode(&mac.finalize().into_bytes())
}
