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
    let others = |c: char| c.is_alphabetic() && !is_o(c);
    match text.contains(|c: char| c.is_ascii_digit()) && !text.contains(others) {
        true => text.replace(is_o, "0"),
        false => text.to_owned(),
    }
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
        let colon = |c: char| is_quote(c) || matches!(c, ':' | '=');
        let number = behind.trim_start_matches(|c: char| colon(c) || matches!(c, '.' | '-'));
        let begins = |c: char| c.is_ascii_digit() || matches!(c, '+' | '(');
        // `mail@example.vn` and `dt.khanh@example.vn` are addresses.
        if !behind.starts_with(colon) && !number.starts_with(begins) {
            break;
        }
        rest = number;
    }
    rest.trim_end_matches(ends)
}

/// The words, folded, of which labels of numbers and addresses are made.
const LABELS: &[&str] = &[
    "can", "cc", "cccd", "cmnd", "cmt", "code", "cong", "cuoc", "cuu", "dan", "danh", "di", "dien",
    "dinh", "dong", "dt", "dtdd", "e-mail", "email", "he", "ho", "hotline", "la", "lien", "ma",
    "mail", "mobile", "msdn", "mst", "phone", "sdt", "so", "tel", "thoai", "thu", "thue", "tk",
    "tra", "tu", "zalo",
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

const fn is_o(c: char) -> bool {
    matches!(c, 'O' | 'o')
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
