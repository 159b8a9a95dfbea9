//! Passwords: argon2id (RFC 9106), with the parameters that OWASP recommends, which are the
//! crate's defaults: 19 MiB, two passes. Callers that may be many take turns first
//! (`http::turns`).

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use unicode_normalization::UnicodeNormalization;

use crate::store::StoreError;

/// No password needs to be longer, and hashing much longer texts would cost.
pub const MOST_BYTES: usize = 512;
const FEWEST_CHARACTERS: usize = 10;

/// Why a text is no password for us.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPassword {
    #[error("cần ít nhất {FEWEST_CHARACTERS} ký tự")]
    TooShort,
    #[error("dài quá {MOST_BYTES} byte")]
    TooLong,
    #[error("không được chứa tên đăng nhập")]
    ContainsUsername,
    /// It is the one that is to be changed.
    #[error("trùng với mật khẩu hiện tại")]
    Same,
}

/// # Errors
/// If it is too easy to guess, or too long.
pub(crate) fn check(password: &str, username: &str) -> Result<(), InvalidPassword> {
    if password.chars().count() < FEWEST_CHARACTERS {
        return Err(InvalidPassword::TooShort);
    }
    if password.len() > MOST_BYTES {
        return Err(InvalidPassword::TooLong);
    }
    if password.to_lowercase().contains(&username.to_lowercase()) {
        return Err(InvalidPassword::ContainsUsername);
    }
    Ok(())
}

/// The PHC string to keep of a password: composed, as some keyboards type letters with their marks apart (RFC 8265).
pub(crate) fn hash(password: &str) -> Result<String, StoreError> {
    let password: String = password.nfc().collect();
    let hash = Argon2::default().hash_password(password.as_bytes());
    hash.map(|hash| hash.to_string())
        .map_err(|error| StoreError::Other(format!("argon2: {error}")))
}

/// Whether it is the password. Without a hash to compare with it takes as long, and is not.
pub(crate) fn fits(password: &str, hash: Option<&str>) -> bool {
    // A hash of nothing anyone knows, so that unknown names take as long as known ones.
    const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    let password = password.get(..MOST_BYTES).unwrap_or(password);
    let Ok(parsed) = PasswordHash::new(hash.unwrap_or(NOBODY)) else {
        return false;
    };
    let composed: String = password.nfc().collect();
    let is = |text: &str| {
        let verified = Argon2::default().verify_password(text.as_bytes(), &parsed);
        verified.is_ok() && hash.is_some()
    };
    // Those set before were kept as they were typed.
    is(&composed) || (composed != password && is(password))
}

/// A password that nobody guesses, for people to type once: 100 bits in four groups.
pub fn generate() -> String {
    let bytes: [u8; 15] = rand::random();
    let text = data_encoding::BASE32_NOPAD
        .encode(&bytes)
        .to_ascii_lowercase();
    let groups: Vec<&str> = (0..4).filter_map(|i| text.get(i * 5..i * 5 + 5)).collect();
    groups.join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_argon2id_and_fit_their_password_only() {
        let hashed = hash("mật khẩu dài").unwrap();
        assert!(
            hashed.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
            "{hashed}"
        );
        assert!(fits("mật khẩu dài", Some(&hashed)));
        assert!(!fits("mật khẩu dài ", Some(&hashed)));
        assert!(!fits("mật khẩu dài", None));
        assert_ne!(hashed, hash("mật khẩu dài").unwrap());
    }

    #[test]
    fn easy_ones_are_refused() {
        assert_eq!(check("ngắn", "an.nv"), Err(InvalidPassword::TooShort));
        assert_eq!(
            check("xx-An.NV-2026", "an.nv"),
            Err(InvalidPassword::ContainsUsername)
        );
        assert_eq!(
            check(&"x".repeat(513), "an.nv"),
            Err(InvalidPassword::TooLong)
        );
        assert_eq!(check(&generate(), "an.nv"), Ok(()));
        assert_ne!(generate(), generate());
    }
}
