//! Identity numbers of persons (CCCD, CMND, passport) and organisations (tax code).
//!
//! The numbers are personal data: `Debug` and `Display` mask them so that none reaches a log.

use std::fmt;

use crate::domain::Invalid;
use crate::domain::text::{clean, is_dash};
use crate::domain::typed;

/// The number by which an applicant is identified, checked for its form.
#[derive(Clone, PartialEq, Eq, Hash)]
pub enum Identity {
    /// Căn cước công dân, 12 digits: province (3), century and sex (1), year of birth (2), serial (6).
    Cccd(String),
    /// Chứng minh nhân dân, the older card, 9 digits.
    Cmnd(String),
    /// Hộ chiếu, of whatever country: begins with a letter, in capitals.
    Passport(String),
    /// Mã số thuế of an organisation, 10 digits or 10-3.
    TaxCode(String),
}

const PERSON_LENGTH: Invalid = Invalid::new(
    "số căn cước công dân có 12 chữ số, chứng minh nhân dân có 9 chữ số, hộ chiếu có chữ cái ở đầu",
);
pub(super) const PERSON_ZERO: Invalid = Invalid::new(
    "số căn cước công dân có 12 chữ số, chứng minh nhân dân có 9 chữ số: số này thiếu một chữ số, có thể mất số 0 ở \
     đầu (bảng tính thường bỏ mất)",
);
const PROVINCE: Invalid =
    Invalid::new("ba chữ số đầu của số căn cước công dân không phải mã tỉnh (001 đến 096)");
const TAX_CODE: Invalid = Invalid::new(
    "mã số thuế có 10 chữ số, hoặc 10 chữ số, dấu gạch ngang và 3 chữ số; hộ kinh doanh: 12 chữ số",
);
const TAX_ZERO: Invalid = Invalid::new(
    "mã số thuế có 10 chữ số: số này thiếu một chữ số, có thể mất số 0 ở đầu (bảng tính thường bỏ mất)",
);
const CENTURY: Invalid = Invalid::new(
    "chữ số thứ tư của số căn cước là giới tính và thế kỷ sinh, từ 0 đến 3 với người đã sinh",
);
const NOT_DIGITS: Invalid = Invalid::new("số định danh chỉ gồm chữ số");
const OF_A_SPREADSHEET: Invalid = Invalid::new(
    "bảng tính đã đổi số này thành số thập phân, có thể mất số 0 ở đầu: hãy gõ lại theo giấy tờ",
);

impl Identity {
    /// A person's number: 12 digits (CCCD) or 9 (CMND), or a passport's, which begins with a letter (`C1234567`).
    /// Spaces and dots between digits are dropped, as people write them.
    pub fn person(text: &str) -> Result<Self, Invalid> {
        // Its letters are part of it: some look like what a number is called, some like digits.
        let plain = compact(&typed::latin(&clean(text))).replace('-', "");
        if let Some(passport) = passport(&plain) {
            return Ok(passport);
        }
        let text = &typed::number(text);
        if is_of_a_spreadsheet(text) {
            return Err(OF_A_SPREADSHEET);
        }
        let digits = compact(text).replace('-', "");
        if !digits.bytes().all(|b| b.is_ascii_digit()) {
            return passport(&digits).ok_or(NOT_DIGITS);
        }
        match digits.len() {
            9 => Ok(Self::Cmnd(digits)),
            12 => match (digits[..3].parse(), digits.as_bytes()[3]) {
                (Ok(1_u16..=96), b'0'..=b'3') => Ok(Self::Cccd(digits)),
                (Ok(1..=96), _) => Err(CENTURY),
                _ => Err(PROVINCE),
            },
            8 | 11 => Err(PERSON_ZERO),
            _ => Err(PERSON_LENGTH),
        }
    }

    /// An organisation's tax code: `4900123456` or `4900123456-001`.
    pub fn organisation(text: &str) -> Result<Self, Invalid> {
        let text = &typed::number(text);
        if is_of_a_spreadsheet(text) {
            return Err(OF_A_SPREADSHEET);
        }
        let code = compact(text);
        let (main, branch) = match code.split_once('-') {
            Some((main, branch)) => (main, Some(branch)),
            None => (code.as_str(), None),
        };
        let digits = |s: &str, n: usize| s.len() == n && s.bytes().all(|b| b.is_ascii_digit());
        // A branch's thirteen in one run.
        if branch.is_none() && digits(main, 13) {
            return Ok(Self::TaxCode(format!("{}-{}", &main[..10], &main[10..])));
        }
        // A household business has its owner's personal number (since 1 July 2025).
        let of_household = branch.is_none() && matches!(Self::person(main), Ok(Self::Cccd(_)));
        if of_household || digits(main, 10) && branch.is_none_or(|b| digits(b, 3)) {
            Ok(Self::TaxCode(code))
        } else if branch.is_none() && digits(main, 9) {
            Err(TAX_ZERO)
        } else {
            Err(TAX_CODE)
        }
    }

    /// The year of birth that a card's number tells.
    pub fn born_in(&self) -> Option<i32> {
        let Self::Cccd(number) = self else {
            return None;
        };
        let digits = |range: std::ops::Range<usize>| number.get(range)?.parse::<i32>().ok();
        Some(1900 + digits(3..4)? / 2 * 100 + digits(4..6)?)
    }

    /// The number in full. For storing and for those who may see it; never for logs.
    pub fn number(&self) -> &str {
        match self {
            Self::Cccd(n) | Self::Cmnd(n) | Self::Passport(n) | Self::TaxCode(n) => n,
        }
    }
}

/// A letter, and digits and letters behind it, seven to nine in all (ICAO 9303), among which most are digits: that of Vietnam
/// has one letter and seven digits.
fn passport(text: &str) -> Option<Identity> {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    let is_one = (7..=9).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric())
        && text.starts_with(|c: char| c.is_ascii_alphabetic())
        && digits * 2 > text.len();
    is_one.then(|| Identity::Passport(text.to_ascii_uppercase()))
}

/// Whether a number has become one to reckon with: `82123456.0`, of which nobody knows how many zeros were before it.
fn is_of_a_spreadsheet(text: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let parts = text.trim().split_once(['.', ',']);
    parts.is_some_and(|(whole, rest)| digits(whole) && matches!(rest, "0" | "00"))
}

/// Without what people write between digits; any dash is the plain one, and so are what stands for it.
fn compact(text: &str) -> String {
    let kept = text
        .chars()
        .filter(|c| !c.is_whitespace() && !matches!(c, '.' | ',' | '\''));
    let is_between = |c| is_dash(c) || matches!(c, '/' | '_');
    kept.map(|c| if is_between(c) { '-' } else { c }).collect()
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Identity {
    /// Masked: the last three digits only.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = self.number();
        let shown = number.len().saturating_sub(3);
        write!(
            f,
            "{}{}",
            "*".repeat(shown),
            number.get(shown..).unwrap_or("")
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts_what_cards_carry() {
        assert_eq!(
            Identity::person("020 185 000123").unwrap().number(),
            "020185000123"
        );
        assert!(matches!(
            Identity::person("082123456"),
            Ok(Identity::Cmnd(_))
        ));
        assert_eq!(
            Identity::person("０２０１８５\u{2013}０００１２３")
                .unwrap()
                .number(),
            "020185000123"
        );
        for typed in ["CCCD 0201 8500 0123", "020,185,000,123", "O2O185OOO123."] {
            assert_eq!(Identity::person(typed).unwrap().number(), "020185000123");
        }
        for typed in [
            "C1234567",
            "c 1234567",
            "Hộ chiếu: C1234567",
            "hc C 123 45 67.",
        ] {
            assert_eq!(
                Identity::person(typed),
                Ok(Identity::Passport("C1234567".to_owned())),
                "{typed}"
            );
        }
        assert_eq!(
            Identity::person("E12345678").unwrap().to_string(),
            "******678"
        );
        for typed in [
            "TK1234567",
            "HC1234567",
            "CC1234567",
            "C01X00T47",
            "m123a4567",
            "O1234567",
        ] {
            let read = Identity::person(typed);
            assert_eq!(
                read,
                Ok(Identity::Passport(typed.to_ascii_uppercase())),
                "{typed}"
            );
        }
        for typed in ["ABCDE1234", "C12345", "1234567C"] {
            assert_eq!(Identity::person(typed), Err(NOT_DIGITS), "{typed}");
        }
        for (typed, kept) in [
            ("4900123456-001", "4900123456-001"),
            ("4900123456\u{2013}001", "4900123456-001"),
            ("4900123456001", "4900123456-001"),
            ("020185000123", "020185000123"),
            ("MST: 4900123456/001", "4900123456-001"),
            ("49OO123456,", "4900123456"),
        ] {
            assert_eq!(Identity::organisation(typed).unwrap().number(), kept);
        }
    }

    #[test]
    fn refuses_the_rest_without_repeating_it() {
        for (text, error) in [
            ("02018500012", PERSON_ZERO),
            ("2018500012", PERSON_LENGTH),
            ("000185000123", PROVINCE),
            ("097185000123", PROVINCE),
            ("02018500012x", NOT_DIGITS),
            ("82123456.0", OF_A_SPREADSHEET),
            ("", PERSON_LENGTH),
            ("02018500012a", NOT_DIGITS),
        ] {
            assert_eq!(Identity::person(text), Err(error));
        }
        assert_eq!(Identity::organisation("490012345"), Err(TAX_ZERO));
        for text in ["4900123456-01", "4900123456-", "x"] {
            assert_eq!(Identity::organisation(text), Err(TAX_CODE));
        }
    }

    #[test]
    fn is_masked_in_text() {
        let identity = Identity::person("020185000123").unwrap();
        assert_eq!(
            format!("{identity} {identity:?}"),
            "*********123 *********123"
        );
    }
}
