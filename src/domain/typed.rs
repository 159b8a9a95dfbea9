//! Numbers and addresses as people type, paste and dictate them: behind what they are called, with a comma after them, in
//! letters of another keyboard, with an O for a zero.

use std::borrow::Cow;

use unicode_security::skeleton;

use crate::domain::person::fold_diacritics;
use crate::domain::text::clean;

/// A number as its reader takes it: clean, without label, quotes and what ends a sentence, and if nothing but O stands
/// among its digits, with zeros for them.
pub fn number(text: &str) -> String {
    let text = latin(&clean(text)).into_owned();
    let text = unlabelled(&text);
    // What it is called may stand behind it too: `0912345678 (Zalo)`.
    let text = match text
        .strip_suffix(')')
        .and_then(|text| text.rsplit_once('('))
    {
        Some((number, name)) if is_label(name) => number.trim_end(),
        _ => text,
    };
    let others = |c: char| c.is_alphabetic() && like_digit(c).is_none();
    match text.contains(|c: char| c.is_ascii_digit()) && !text.contains(others) {
        true => digits(text),
        false => text.to_owned(),
    }
}

/// The digit that a letter looks like.
pub const fn like_digit(c: char) -> Option<char> {
    match c {
        'O' | 'o' => Some('0'),
        'I' | 'l' => Some('1'),
        _ => None,
    }
}

/// With digits for the letters that look like them.
pub fn digits(text: &str) -> String {
    text.chars().map(|c| like_digit(c).unwrap_or(c)).collect()
}

fn is_label(text: &str) -> bool {
    let mut words = text.split(|c: char| !c.is_alphanumeric());
    words.all(|word| LABELS.contains(&fold_diacritics(word).as_str()))
}

/// A text without what it is called (`CCCD:`, `ĐT`), quotes around it and what ends a sentence.
pub fn unlabelled(text: &str) -> &str {
    let is_quote = |c: char| c.is_whitespace() || matches!(c, '\'' | '"' | '“' | '”' | '‘' | '’');
    let ends = |c: char| is_quote(c) || matches!(c, ',' | ';' | '.' | ':');
    let mut rest = text.trim_start_matches(is_quote);
    loop {
        let end = rest.find(|c: char| !c.is_alphabetic() && c != '-');
        let Some((word, behind)) = end.and_then(|end| rest.split_at_checked(end)) else {
            break;
        };
        let word = word.trim_end_matches('-');
        if !LABELS.contains(&fold_diacritics(word).as_str()) {
            break;
        }
        let colon = |c: char| is_quote(c) || matches!(c, ':' | '=' | '/');
        let number = behind.trim_start_matches(|c: char| colon(c) || matches!(c, '.' | '-'));
        let begins = |c: char| c.is_ascii_digit() || matches!(c, '+' | '(');
        // `mail@example.vn`, `dt.khanh@example.vn` and `thu1@example.vn` are addresses.
        let goes_on = text.contains('@') || !number.starts_with(begins);
        if !behind.starts_with(colon) && goes_on {
            break;
        }
        rest = number;
    }
    rest.trim_end_matches(ends)
}

/// The words, folded, of which labels of numbers and addresses are made.
const LABELS: &[&str] = &[
    "ca", "can", "cc", "cccd", "chi", "chieu", "cmnd", "cmt", "code", "cong", "cuoc", "cuu", "dan",
    "danh", "dd", "ddcn", "di", "dia", "dien", "dinh", "doanh", "dong", "dt", "dtdd", "e-mail",
    "email", "hc", "he", "ho", "hotline", "kinh", "la", "lien", "ma", "mail", "mailto", "mobile",
    "msdn", "mst", "nghiep", "nhan", "passport", "phone", "sdt", "so", "tel", "thoai", "thu",
    "thue", "tk", "tra", "tu", "zalo",
];

/// Letters of other alphabets as those of ours that they look like.
pub fn latin(text: &str) -> Cow<'_, str> {
    let is_ours =
        |c: char| !c.is_alphabetic() || matches!(c, '\0'..='\u{24f}' | '\u{1e00}'..='\u{1eff}');
    if text.chars().all(is_ours) {
        return Cow::Borrowed(text);
    }
    let mut plain = String::with_capacity(text.len());
    for c in text.chars() {
        match is_ours(c) {
            true => plain.push(c),
            false => plain.extend(skeleton(c.encode_utf8(&mut [0; 4]))),
        }
    }
    Cow::Owned(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_what_is_left_of_what_was_typed() {
        for (typed, meant) in [
            ("CCCD 020185000123", "020185000123"),
            ("CCCD020185000123", "020185000123"),
            ("số căn cước: 020185000123.", "020185000123"),
            ("SĐT: 0912 345 678,", "0912 345 678"),
            ("'0912345678", "0912345678"),
            ("\u{201c}0912345678\u{201d}", "0912345678"),
            ("O2O 185 OOO 123", "020 185 000 123"),
            ("\u{41e}912345678", "0912345678"),
            ("MST: 4900123456-001", "4900123456-001"),
            ("(0205) 381 2345", "(0205) 381 2345"),
            ("+84 912 345 678", "+84 912 345 678"),
            ("Email: anh@example.vn.", "anh@example.vn"),
            ("e-mail anh@example.vn", "anh@example.vn"),
            ("ĐT.0912345678", "0912345678"),
            ("Số định danh cá nhân: 020185000123", "020185000123"),
            ("CCCD/CMND: 020185000123", "020185000123"),
            ("020185000123 (CCCD)", "020185000123"),
            ("02ol85000l23", "020185000123"),
            ("mailto:anh@example.vn", "anh@example.vn"),
        ] {
            assert_eq!(number(typed), meant, "{typed}");
        }
        // Whose number it is, is no label.
        for typed in [
            "Lan 0912345678",
            "mail@example.vn",
            "dt.khanh@example.vn",
            "không có",
            "",
            "O",
            "so",
            "x0912345678",
        ] {
            assert_eq!(number(typed), typed);
        }
    }
}
