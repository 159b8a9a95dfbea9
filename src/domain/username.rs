//! Names of accounts.

/// Whether a name may be an account's, or why not, in Vietnamese.
pub fn check(username: &str) -> Result<(), String> {
    let letter = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b".-_".contains(&b);
    if (3..=64).contains(&username.len()) && username.bytes().all(letter) {
        Ok(())
    } else {
        Err("có 3 đến 64 chữ cái không dấu, chữ số, '.', '-' hoặc '_'".to_owned())
    }
}
