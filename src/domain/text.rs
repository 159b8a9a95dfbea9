//! What people type, paste and scan, as it is kept: one cleaning for every door, so that what looks the same is the
//! same.

use std::borrow::Cow;

use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

/// A text as it is kept: composed (NFC), without marks that nobody sees, full-width letters as plain ones, any space as a
/// plain one, and the Đ of other alphabets (Ð of Icelandic, Ɖ of Ewe) as Đ. Lines stay lines.
pub fn clean(text: &str) -> Cow<'_, str> {
    let unclean = |c: char| !c.is_ascii() && cleaned(c) != Some(c);
    if !text.chars().any(unclean) && is_nfc_quick(text.chars()) == IsNormalized::Yes {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.chars().filter_map(cleaned).nfc().collect())
}

/// The same in one line: what lies between words is one space, and nothing is before or behind them.
pub fn line(text: &str) -> String {
    let text = clean(text);
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ")
}

/// What becomes of a letter; `None`: nobody sees it.
fn cleaned(c: char) -> Option<char> {
    Some(match c {
        // Soft hyphen, marks without width, directions of writing, byte order marks, joiners.
        '\u{ad}'
        | '\u{34f}'
        | '\u{61c}'
        | '\u{180e}'
        | '\u{200b}'..='\u{200f}'
        | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{feff}'
        | '\u{80}'..='\u{9f}' => return None,
        '\u{a0}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}' => ' ',
        'Ð' | 'Ɖ' => 'Đ',
        'ð' | 'ɖ' => 'đ',
        // Full width, in the order of ASCII.
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(c as u32 - 0xff01 + 0x21).unwrap_or(c),
        c => c,
    })
}

/// Whether it is a dash, as keyboards and word processors make them.
pub const fn is_dash(c: char) -> bool {
    matches!(
        c,
        '-' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{fe58}' | '\u{fe63}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_looks_the_same_is_the_same() {
        for (typed, kept) in [
            ("\u{d0}\u{1eb7}ng V\u{103}n H\u{f9}ng", "Đặng Văn Hùng"),
            ("\u{189}\u{1eb7}ng", "Đặng"),
            ("Hu\u{300}ng", "Hùng"),
            ("Hù\u{200b}ng", "Hùng"),
            ("Hù\u{ad}ng", "Hùng"),
            ("\u{202a}0912345678\u{202c}", "0912345678"),
            ("０９１２", "0912"),
            ("a\u{a0}b\u{3000}c", "a b c"),
            ("\u{feff}x", "x"),
            ("dòng 1\ndòng 2\t½ m²", "dòng 1\ndòng 2\t½ m²"),
        ] {
            assert_eq!(clean(typed), kept, "{typed}");
        }
        assert!(matches!(clean("Nguyễn Thị Ánh"), Cow::Borrowed(_)));
        assert_eq!(line("  Nguyễn \n Thị\u{a0}\u{200b} Ánh "), "Nguyễn Thị Ánh");
    }
}
