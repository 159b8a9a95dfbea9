//! The text of the QR code on a citizen's identity card (CCCD):
//! `number|old CMND|name|ddmmyyyy of birth|sex|address|ddmmyyyy of issue`. A desk scanner types it
//! like a keyboard, so one scan fills the applicant in.

use chrono::{Datelike, NaiveDate};

use crate::domain::Invalid;
use crate::domain::identity::Identity;
use crate::domain::person::is_garbled_name;
use crate::domain::text::clean;
use crate::domain::text::is_garbled;

/// What a card says of its holder. Personal data.
#[derive(Clone, PartialEq, Eq)]
pub struct IdentityCard {
    pub identity: Identity,
    /// The older card's number, where the citizen had one.
    pub old_identity: Option<Identity>,
    pub name: String,
    pub born_on: NaiveDate,
    /// As printed: `Nam` or `Nữ`.
    pub sex: String,
    pub address: String,
    pub issued_on: NaiveDate,
}

const PARTS: Invalid = Invalid::new("mã QR của thẻ căn cước có 7 phần cách nhau bằng dấu |");
const NOT_CCCD: Invalid = Invalid::new("số trên thẻ không phải số căn cước công dân 12 chữ số");
const NO_NAME: Invalid = Invalid::new("thẻ không có họ tên");
const GARBLED: Invalid = Invalid::new(
    "chữ trên thẻ không đọc được: máy quét đang gửi sai bảng mã, hãy chỉnh máy quét về Unicode (UTF-8)",
);
const BORN_ON: Invalid = Invalid::new("ngày sinh trên thẻ không phải ngày dạng ddmmyyyy");
const ISSUED_ON: Invalid = Invalid::new(
    "ngày cấp trên thẻ phải là ngày dạng ddmmyyyy, sau ngày sinh và không ở tương lai",
);
const SEX: Invalid = Invalid::new("giới tính trên thẻ không phải Nam hay Nữ");
const CONTRADICTION: Invalid =
    Invalid::new("số căn cước không khớp với năm sinh hoặc giới tính trên thẻ");

fn number_on_card(error: Invalid) -> Invalid {
    format!("số trên thẻ: {error}").into()
}

impl IdentityCard {
    /// Reads what a scanner typed.
    ///
    /// # Errors
    /// If the text has not the form, contradicts itself (the 12 digits carry century, sex and year of birth), or is of
    /// days after `today`.
    pub fn parse(text: &str, today: NaiveDate) -> Result<Self, Invalid> {
        let text = clean(text);
        let text = behind_label(&text);
        let parts: Vec<&str> = text.trim().split('|').map(str::trim).collect();
        // Newer cards add fields (parents' names) behind the seven.
        let &[number, old, name, born, sex, address, issued, ..] = parts.as_slice() else {
            return Err(PARTS);
        };
        let identity = Identity::person(number).map_err(number_on_card)?;
        if !matches!(identity, Identity::Cccd(_)) {
            return Err(NOT_CCCD);
        }
        if name.is_empty() {
            return Err(NO_NAME);
        }
        if is_garbled_name(name) || is_garbled(address) {
            return Err(GARBLED);
        }
        let born_on = date(born).ok_or(BORN_ON)?;
        // Of a card that was scanned twice, the second begins where the first ends.
        let issued = issued.strip_suffix(number).map_or(issued, str::trim_end);
        let issued_on = date(issued).ok_or(ISSUED_ON)?;
        // Whatever case the keyboard was left in that the scanner types on.
        let (sex, female) = match sex.to_lowercase().as_str() {
            "nam" => ("Nam", false),
            "nữ" => ("Nữ", true),
            _ => return Err(SEX),
        };
        if !agrees(identity.number(), born_on, female) {
            return Err(CONTRADICTION);
        }
        if issued_on <= born_on || issued_on > today {
            return Err(ISSUED_ON);
        }
        let old_identity = match old {
            "" => None,
            old => Some(Identity::person(old).map_err(number_on_card)?),
        };
        Ok(Self {
            identity,
            old_identity,
            name: name.to_owned(),
            born_on,
            sex: sex.to_owned(),
            address: address.to_owned(),
            issued_on,
        })
    }
}

/// Without what a scanner sets before the number: the symbology's identifier (`]Q3`, ISO/IEC 15424), or a label
/// (`CCCD:`).
fn behind_label(text: &str) -> &str {
    let first = text.find('|').unwrap_or(text.len());
    let text = match text.strip_prefix(']') {
        Some(rest) => rest.get(2..).unwrap_or_default(),
        None => text,
    };
    match text
        .get(..first.min(text.len()))
        .and_then(|head| head.rfind(':'))
    {
        Some(colon) => &text[colon + 1..],
        None => text,
    }
}

fn date(text: &str) -> Option<NaiveDate> {
    let digits = text.len() == 8 && text.bytes().all(|b| b.is_ascii_digit());
    digits.then(|| NaiveDate::parse_from_str(text, "%d%m%Y").ok())?
}

/// The fourth digit is 0 for men and 1 for women born in the 20th century, 2 and 3 in the 21st, and
/// so on; the fifth and sixth are the year (Nghị định 137/2015/NĐ-CP, điều 13).
fn agrees(number: &str, born_on: NaiveDate, female: bool) -> bool {
    let digit = |range: std::ops::Range<usize>| number.get(range)?.parse::<i32>().ok();
    let (Some(mark), Some(year)) = (digit(3..4), digit(4..6)) else {
        return false;
    };
    let century = 19 + mark / 2;
    born_on.year() == century * 100 + year && female == (mark % 2 == 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::identity::PERSON_ZERO;

    fn today() -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 11, 28).unwrap()
    }

    const CARD: &str =
        "020185000123|082123456|Nguyễn Thị Ánh|05031985|Nữ|Thôn Nà Lốc, Lạng Sơn|10052021";

    #[test]
    fn reads_a_card() {
        let card = IdentityCard::parse(&format!("{CARD}\r\n"), today()).unwrap();
        assert_eq!(card.identity.number(), "020185000123");
        assert_eq!(card.old_identity.unwrap().number(), "082123456");
        assert_eq!(card.name, "Nguyễn Thị Ánh");
        assert_eq!(card.born_on.to_string(), "1985-03-05");
        assert_eq!(card.issued_on.to_string(), "2021-05-10");
        let without_old = CARD.replace("|082123456|", "||");
        assert_eq!(
            IdentityCard::parse(&without_old, today())
                .unwrap()
                .old_identity,
            None
        );
        for before in ["\u{feff}", "]Q3", "CCCD: ", "]Q1\u{feff}Số CCCD:"] {
            let card = IdentityCard::parse(&format!("{before}{CARD}"), today());
            assert_eq!(card.unwrap().identity.number(), "020185000123", "{before}");
        }
        use unicode_normalization::UnicodeNormalization;
        let decomposed: String = CARD.nfd().collect();
        assert_eq!(
            IdentityCard::parse(&decomposed, today()).unwrap().name,
            "Nguyễn Thị Ánh"
        );
        for scanned in [
            CARD.to_uppercase(),
            format!("{CARD}{CARD}"),
            format!("{CARD}\r\n{CARD}\r\n"),
            format!("\u{2}{CARD}\u{3}\u{1d}"),
        ] {
            let card = IdentityCard::parse(&scanned, today()).unwrap();
            assert_eq!(card.sex, "Nữ", "{scanned:?}");
            assert_eq!(card.issued_on.to_string(), "2021-05-10", "{scanned:?}");
        }
        let with_parents = format!("{CARD}|Nguyễn Văn A|Trần Thị B");
        assert!(IdentityCard::parse(&with_parents, today()).is_ok());
    }

    #[test]
    fn refuses_what_contradicts_itself() {
        for (from, to, error) in [
            ("|", " ", PARTS),
            ("0201", "0200", CONTRADICTION),
            ("05031985", "05031986", CONTRADICTION),
            ("05031985", "31021985", BORN_ON),
            ("10052021", "1052021", ISSUED_ON),
            ("Nữ", "x", SEX),
            ("Nguyễn Thị Ánh", "", NO_NAME),
            ("020185000123", "082123456", NOT_CCCD),
            ("082123456", "08212345", number_on_card(PERSON_ZERO)),
        ] {
            let card = CARD.replace(from, to);
            assert_eq!(
                IdentityCard::parse(&card, today()).err(),
                Some(error),
                "{to}"
            );
        }
        let child = "020322000123||Vi Văn An|01012022|Nam|Lạng Sơn|01022023";
        assert_eq!(
            IdentityCard::parse(child, today()).err(),
            Some(CONTRADICTION)
        );
        assert!(IdentityCard::parse(&child.replace("0203", "0202"), today()).is_ok());
    }
}
