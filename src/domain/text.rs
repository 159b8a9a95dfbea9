//! What people type, paste and scan, as it is kept: one cleaning for every door, so that what looks the same is the
//! same.

use std::borrow::Cow;

use chrono::{Datelike, NaiveDate};
use unicode_normalization::char::is_combining_mark;
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

/// A text as it is kept: composed (NFC), without marks that nobody sees or that stand on no letter, full-width letters as
/// plain ones, any space as a plain one, and the Đ of other alphabets (Ð of Icelandic, Ɖ of Ewe) as Đ. Lines stay lines.
pub fn clean(text: &str) -> Cow<'_, str> {
    let mut stands = stands_on_something();
    let unclean = |c: char| cleaned(c) != Some(c) || !stands(&c);
    if !text.chars().any(unclean) && is_nfc_quick(text.chars()) == IsNormalized::Yes {
        return Cow::Borrowed(text);
    }
    let seen = text.chars().filter_map(cleaned);
    Cow::Owned(seen.filter(stands_on_something()).nfc().collect())
}

/// Of the letters of a text, one after the other: whether one is no mark, or there is something before it to stand on.
fn stands_on_something() -> impl FnMut(&char) -> bool {
    let mut before = ' ';
    move |c| {
        let stands = !before.is_whitespace() || c.is_ascii() || !is_combining_mark(*c);
        if stands {
            before = *c;
        }
        stands
    }
}

/// The same in one line: what lies between words is one space, and nothing is before or behind them.
pub fn line(text: &str) -> String {
    let text = clean(text);
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ")
}

/// What is wrong with a text that [`is_garbled`].
pub const GARBLED: &str = "có ký tự lạ: máy quét, bàn phím hoặc tệp đặt sai bảng mã; hãy gõ lại, hoặc chọn bảng mã Unicode (UTF-8)";

/// Whether a text was read in another encoding than it was written in, or typed in one from before Unicode (TCVN3, VNI):
/// letters stand in it that stand in no text of ours, or two together that no word has.
pub fn is_garbled(text: &str) -> bool {
    const LETTERS: &[char] = &[
        '\u{fffd}', '«', '»', '¿', '‚', '„', '€', '¨', '¬', '¦', '¤', '¢', '£', '¥', '¶', '¸', '®',
        'µ', 'ª', 'Þ', 'þ',
    ];
    // The mark of a vowel is a letter behind it. `Leão` and `Anaïs` are names.
    const OF_VNI: &[&str] = &[
        "aø", "aù", "aû", "aõ", "aâ", "aà", "aá", "aã", "aä", "aå", "aê", "aè", "eà", "eá", "eä",
        "eå", "eø", "eù", "eû", "eõ", "oâ", "oä", "oå", "oø", "où", "oû", "oõ", "öù", "öø", "öû",
        "öõ", "öï", "uø", "uù", "uû", "uõ", "ôø", "ôù", "ôû", "ôõ", "ôï",
    ];
    if text.is_ascii() {
        return false;
    }
    let lower = text.to_lowercase();
    let of_vni = |pair: &&str| lower.contains(*pair);
    let mut tilde = lower.match_indices("eã");
    text.contains(LETTERS)
        || OF_VNI.iter().any(of_vni)
        || tilde.any(|(at, pair)| !lower[at + pair.len()..].starts_with('o'))
}

/// A date as people and spreadsheets write it: `2021-07-15`, or the day first as is the custom here (`15/07/2021`,
/// `15-7-2021`, `15.7.2021`), never the month. The year has four digits, from 1900 to 9998. A midnight behind it, as
/// spreadsheets add it, says nothing.
pub fn read_date(text: &str) -> Option<NaiveDate> {
    let (year, month, day) = date_parts(text)?;
    let date = NaiveDate::from_ymd_opt(year, month, day)?;
    (1900..=9998).contains(&date.year()).then_some(date)
}

/// Whether a day is written that no calendar has, such as `31/02/2026`.
pub fn is_no_day(text: &str) -> bool {
    let parts = date_parts(text);
    parts.is_some_and(|(year, month, day)| NaiveDate::from_ymd_opt(year, month, day).is_none())
}

/// Year, month and day as they are written, whether there is such a day or not.
fn date_parts(text: &str) -> Option<(i32, u32, u32)> {
    let text: String = text
        .trim()
        .trim_start_matches('\'')
        .chars()
        .map(plain_dash)
        .collect();
    let text = text.as_str();
    let date = match text.split_once([' ', 'T']) {
        Some((date, time)) if time.chars().all(|c| matches!(c, '0' | ':' | '.')) => date,
        Some(_) => return None,
        None => text,
    };
    let separator = date.chars().find(|c| !c.is_ascii_digit())?;
    if !matches!(separator, '-' | '/' | '.') {
        return None;
    }
    let mut parts = date.split(separator);
    let (first, month, last) = (parts.next()?, parts.next()?, parts.next()?);
    let (year, day) = match (first.len(), last.len()) {
        (4, 1..=2) => (first, last),
        (1..=2, 4) => (last, first),
        _ => return None,
    };
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    let plain = parts.next().is_none() && (1..=2).contains(&month.len());
    if !plain || ![year, month, day].into_iter().all(digits) {
        return None;
    }
    Some((year.parse().ok()?, month.parse().ok()?, day.parse().ok()?))
}

/// Any dash as the plain one.
pub const fn plain_dash(c: char) -> char {
    if is_dash(c) { '-' } else { c }
}

/// A whole number as people write it: `150000`, `150.000`, `150 000`, `150,000`, with `đ`, `₫` or `đồng` behind it.
/// Marks stand between groups of three, the same all along; a part of zeros behind another mark (`5000.00`, `5.000,0`), as
/// machines write it, says nothing.
pub fn read_number(text: &str) -> Option<u64> {
    let text = clean(text);
    let text = text.trim();
    // Statements of banks write what comes in so.
    let text = text.strip_prefix('+').unwrap_or(text);
    let units = ["đồng", "đ", "₫", "VND", "VNĐ"];
    let text = units
        .iter()
        .find_map(|unit| text.strip_suffix(unit))
        .unwrap_or(text)
        .trim_end();
    let part = text.rsplit_once(['.', ',']).filter(|(whole, part)| {
        let mark = text[whole.len()..].chars().next();
        let other = |c: char| !c.is_ascii_digit() && Some(c) != mark;
        let grouped = whole.contains(other) && !whole.contains(|c| Some(c) == mark);
        let plain = whole.bytes().all(|b| b.is_ascii_digit());
        let zeros = !part.is_empty() && part.bytes().all(|b| b == b'0');
        zeros && (grouped || (plain && part.len() < 3))
    });
    let text = part.map_or(text, |(whole, _)| whole);
    if text.is_empty() {
        return None;
    }
    let mark = text.chars().find(|c| !c.is_ascii_digit());
    if let Some(mark) = mark {
        let mut groups = text.split(mark);
        let first = groups.next()?;
        let grouped = (1..=3).contains(&first.len()) && groups.all(|group| group.len() == 3);
        if !matches!(mark, '.' | ',' | ' ') || !grouped {
            return None;
        }
    }
    let digits: String = text.chars().filter(|c| Some(*c) != mark).collect();
    digits
        .bytes()
        .all(|b| b.is_ascii_digit())
        .then(|| digits.parse().ok())?
}

/// What becomes of a letter; `None`: nobody sees it.
fn cleaned(c: char) -> Option<char> {
    Some(match c {
        // What controls machines, but for the ends of lines and tabs.
        '\u{1}'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{7f}' => return None,
        c if c.is_ascii() => c,
        // What Unicode has nobody see (Default_Ignorable_Code_Point): soft hyphen, marks without width, fillers of Hangul and
        // Khmer, directions of writing, variations, byte order marks, joiners, tags.
        '\u{ad}'
        | '\u{34f}'
        | '\u{61c}'
        | '\u{115f}'..='\u{1160}'
        | '\u{17b4}'..='\u{17b5}'
        | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}'
        | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{3164}'
        | '\u{fe00}'..='\u{fe0f}'
        | '\u{feff}'
        | '\u{ffa0}'
        | '\u{fff0}'..='\u{fff8}'
        | '\u{1bca0}'..='\u{1bca3}'
        | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0000}'..='\u{e0fff}'
        | '\u{80}'..='\u{9f}' => return None,
        // The empty pattern of Braille looks like a space too.
        '\u{a0}'
        | '\u{2800}'
        | '\u{1680}'
        | '\u{2000}'..='\u{200a}'
        | '\u{202f}'
        | '\u{205f}'
        | '\u{3000}' => ' ',
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

/// A text as a short message carries it in its smallest letters (GSM 7 bit), in which a part holds the most of them: without
/// marks, and what has no such letter as the nearest one.
pub fn gsm7(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let text = clean(text);
    for c in text.chars() {
        let after_digit = plain.ends_with(|before: char| before.is_ascii_digit());
        match c {
            '≥' => plain.push_str(">="),
            '≤' => plain.push_str("<="),
            '≠' => plain.push_str("<>"),
            '≈' | '∼' => plain.push('~'),
            '±' => plain.push_str("+-"),
            '÷' => plain.push('/'),
            '→' | '⇒' | '➔' | '➜' => plain.push_str("->"),
            '←' | '⇐' => plain.push_str("<-"),
            '°' | 'º' if after_digit => plain.push_str(" do "),
            '‰' => plain.push_str(" phan nghin"),
            // `1½` is no 11/2, and 10³ no 103.
            '½' | '⅓' | '⅔' | '¼' | '¾' | '⅛' if after_digit => {
                plain.push(' ');
                push_gsm7(&mut plain, c);
            }
            '²' | '³' | '¹' | '⁰' | '⁴'..='⁹' if after_digit => {
                plain.push('^');
                push_gsm7(&mut plain, c);
            }
            c => push_gsm7(&mut plain, c),
        }
    }
    plain
}

fn push_gsm7(plain: &mut String, c: char) {
    for c in std::iter::once(c).nfkd().filter(|c| !is_combining_mark(*c)) {
        match c {
            'đ' => plain.push('d'),
            'Đ' => plain.push('D'),
            '₫' => plain.push_str("dong"),
            '€' => plain.push_str("EUR"),
            '‘' | '’' | '‚' | '′' | '`' => plain.push('\''),
            '“' | '”' | '„' | '″' | '«' | '»' => plain.push('"'),
            '•' | '·' => plain.push('-'),
            '⁄' | '\\' | '|' => plain.push('/'),
            '×' => plain.push('x'),
            '[' | '{' => plain.push('('),
            ']' | '}' => plain.push(')'),
            c if is_dash(c) => plain.push('-'),
            c if gsm7_size(c).is_some() => plain.push(c),
            c if c.is_alphanumeric() => plain.push('?'),
            c if c.is_whitespace() => plain.push(' '),
            // Arrows and signs of mathematics mean something; pictures do not.
            '\u{2190}'..='\u{22ff}' => plain.push('?'),
            _ => {}
        }
    }
}

/// How many places a text takes in a short message of GSM 7 bit; `None`: it cannot be one.
pub fn gsm7_len(text: &str) -> Option<usize> {
    text.chars().map(gsm7_size).sum()
}

const fn gsm7_size(c: char) -> Option<usize> {
    match c {
        '\n' | ' '..='Z' | '_' | 'a'..='z' => Some(1),
        // By way of an escape.
        '~' | '^' => Some(2),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_message_has_the_smallest_letters_only() {
        for (text, plain) in [
            (
                "Ủy ban nhân dân xã Đồng Đăng – “số 1”",
                "Uy ban nhan dan xa Dong Dang - \"so 1\"",
            ),
            ("ƯỜNG đỗ ẵ ỹ", "UONG do a y"),
            ("½ m², № 5… 10.000₫", "1/2 m2, No 5... 10.000dong"),
            ("≥ 18, ≤ 5 ≠ 6 ±2 ÷ 3 → 4", ">= 18, <= 5 <> 6 +-2 / 3 -> 4"),
            (
                "37°C, 5‰, 1½ m, 10³, 2 ∞ 3",
                "37 do C, 5 phan nghin, 1 1/2 m, 10^3, 2 ? 3",
            ),
            ("a\u{200b}b\u{a0}c\td 😀", "ab c d "),
            ("李 [x] {y} z\\w|v", "? (x) (y) z/w/v"),
            (
                "https://x.vn/tra-cuu?so=H37.1-2_3&ma=A~B",
                "https://x.vn/tra-cuu?so=H37.1-2_3&ma=A~B",
            ),
        ] {
            assert_eq!(gsm7(text), plain);
            assert!(gsm7_len(plain).is_some(), "{plain}");
        }
        assert_eq!(gsm7_len("a~"), Some(3));
        assert_eq!(gsm7_len("xã"), None);
    }

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
            ("\u{3164}\u{115f}\u{ffa0}\u{17b4}\u{fe0f}\u{e0041}", ""),
            ("\u{2800}", " "),
            ("\u{301}", ""),
            (" \u{301}\u{302}a\u{301}", " á"),
            ("L\u{7}ê\u{2}\u{1d}\u{7f}", "Lê"),
            ("dòng 1\ndòng 2\t½ m²", "dòng 1\ndòng 2\t½ m²"),
        ] {
            assert_eq!(clean(typed), kept, "{typed}");
        }
        assert!(matches!(clean("Nguyễn Thị Ánh"), Cow::Borrowed(_)));
        assert_eq!(line("  Nguyễn \n Thị\u{a0}\u{200b} Ánh "), "Nguyễn Thị Ánh");
    }

    #[test]
    fn numbers_are_read_as_people_and_machines_write_them() {
        for (text, number) in [
            ("150000", 150_000),
            ("150.000", 150_000),
            ("1.150 000đ", 0),
            ("150 000 đồng", 150_000),
            ("5000.00", 5000),
            ("5000,0", 5000),
            ("5,000.00", 5000),
            ("5.000,00", 5000),
            ("1.000.000,00 đ", 1_000_000),
            ("5.000", 5000),
            ("5.000.00", 0),
            ("5000.50", 0),
            ("5000.000", 0),
            (".00", 0),
            ("", 0),
            ("-5", 0),
        ] {
            assert_eq!(read_number(text), Some(number).filter(|n| *n > 0), "{text}");
        }
    }

    #[test]
    fn what_was_read_in_another_encoding_is_known() {
        for text in [
            "Lª ThÞ Hoµ",
            "Hoµng Mai",
            "Nguyeãn Thò Hoa",
            "Ñaëng Vaên Ñöùc",
            "Traàn Vaên B",
            "Th«n Nµ Lèc",
            "ThÃ´n NÃ  Lá»‘c",
            "Cáº¥p báº£n sao",
            "Nghá»‰ lá»…",
            "NGUYEÃN",
        ] {
            assert!(is_garbled(text), "{text}");
        }
        for text in [
            "Nguyễn Thị Hoà",
            "HOÀNG XÃ HÃN",
            "Leão",
            "João",
            "Anaïs",
            "Peña",
            "Müller",
            "Søren Kierkegård",
            "Raúl",
            "Noël",
            "K’Brể",
            "số 5 ngõ 1/2",
            "Thủ tục “cấp lại”",
            "Bùi Quý Hoè",
            "Uỷ ban",
            "Thoả ước",
        ] {
            assert!(!is_garbled(text), "{text}");
        }
    }

    #[test]
    fn dates_have_the_day_first_or_the_year() {
        let read = |text| read_date(text).map(|date| date.to_string());
        for text in [
            "2021-07-03",
            "2021/7/3",
            "03/07/2021",
            "3/7/2021",
            "3-7-2021",
            " 03.07.2021 ",
            "03/07/2021 00:00:00",
            "2021-07-03T00:00:00",
            "3/7/2021 0:00",
        ] {
            assert_eq!(read(text).as_deref(), Some("2021-07-03"), "{text}");
        }
        for text in [
            "",
            "07/31/2021",
            "3/7/21",
            "2021-07-03 08:00",
            "2021-02-30",
            "3/7-2021",
            "+3/7/2021",
            "3/7/2021/1",
            "44380",
            "1899-12-31",
            "9999-01-01",
            "20210703",
            "3/7/２０２１",
            "/7/2021",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
