//! The text of the QR code on a citizen's identity card (CCCD):
//! `number|old CMND|name|ddmmyyyy of birth|sex|address|ddmmyyyy of issue`. A desk scanner types it
//! like a keyboard, so one scan fills the applicant in.

use chrono::{Datelike, NaiveDate};

use crate::domain::identity::{Identity, InvalidIdentity};

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

/// Why a text is not that of a card. The text is not repeated: it holds personal data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidCard {
    #[error("mã QR của thẻ căn cước có 7 phần cách nhau bằng dấu |")]
    Parts,
    #[error("số trên thẻ: {0}")]
    Number(InvalidIdentity),
    #[error("số trên thẻ không phải số căn cước công dân 12 chữ số")]
    NotCccd,
    #[error("thẻ không có họ tên")]
    Name,
    #[error("{0} trên thẻ không phải ngày dạng ddmmyyyy")]
    Date(&'static str),
    #[error("giới tính trên thẻ không phải Nam hay Nữ")]
    Sex,
    #[error("số căn cước không khớp với năm sinh hoặc giới tính trên thẻ")]
    Contradiction,
}

impl IdentityCard {
    /// Reads what a scanner typed.
    ///
    /// # Errors
    /// If the text has not the form, or contradicts itself: the 12 digits carry century, sex and
    /// year of birth.
    pub fn parse(text: &str) -> Result<Self, InvalidCard> {
        let parts: Vec<&str> = text.trim().split('|').map(str::trim).collect();
        // Newer cards add fields (parents' names) behind the seven.
        let &[number, old, name, born, sex, address, issued, ..] = parts.as_slice() else {
            return Err(InvalidCard::Parts);
        };
        let identity = Identity::person(number).map_err(InvalidCard::Number)?;
        if !matches!(identity, Identity::Cccd(_)) {
            return Err(InvalidCard::NotCccd);
        }
        if name.is_empty() {
            return Err(InvalidCard::Name);
        }
        let born_on = date(born).ok_or(InvalidCard::Date("ngày sinh"))?;
        let issued_on = date(issued).ok_or(InvalidCard::Date("ngày cấp"))?;
        let female = match sex {
            "Nam" => false,
            "Nữ" => true,
            _ => return Err(InvalidCard::Sex),
        };
        if !agrees(identity.number(), born_on, female) {
            return Err(InvalidCard::Contradiction);
        }
        let old_identity = match old {
            "" => None,
            old => Some(Identity::person(old).map_err(InvalidCard::Number)?),
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

    const CARD: &str =
        "020185000123|082123456|Nguyễn Thị Ánh|05031985|Nữ|Thôn Nà Lốc, Lạng Sơn|10052021";

    #[test]
    fn reads_a_card() {
        let card = IdentityCard::parse(&format!("{CARD}\r\n")).unwrap();
        assert_eq!(card.identity.number(), "020185000123");
        assert_eq!(card.old_identity.unwrap().number(), "082123456");
        assert_eq!(card.name, "Nguyễn Thị Ánh");
        assert_eq!(card.born_on.to_string(), "1985-03-05");
        assert_eq!(card.issued_on.to_string(), "2021-05-10");
        let without_old = CARD.replace("|082123456|", "||");
        assert_eq!(
            IdentityCard::parse(&without_old).unwrap().old_identity,
            None
        );
        let with_parents = format!("{CARD}|Nguyễn Văn A|Trần Thị B");
        assert!(IdentityCard::parse(&with_parents).is_ok());
    }

    #[test]
    fn refuses_what_contradicts_itself() {
        for (from, to, error) in [
            ("|", " ", InvalidCard::Parts),
            ("0201", "0200", InvalidCard::Contradiction),
            ("05031985", "05031986", InvalidCard::Contradiction),
            ("05031985", "31021985", InvalidCard::Date("ngày sinh")),
            ("10052021", "1052021", InvalidCard::Date("ngày cấp")),
            ("Nữ", "x", InvalidCard::Sex),
            ("Nguyễn Thị Ánh", "", InvalidCard::Name),
            ("020185000123", "082123456", InvalidCard::NotCccd),
            (
                "082123456",
                "08212345",
                InvalidCard::Number(InvalidIdentity::PersonLength),
            ),
        ] {
            let card = CARD.replace(from, to);
            assert_eq!(IdentityCard::parse(&card).err(), Some(error), "{to}");
        }
        let child = "020322000123||Vi Văn An|01012022|Nam|Lạng Sơn|01022023";
        assert_eq!(
            IdentityCard::parse(child).err(),
            Some(InvalidCard::Contradiction)
        );
        assert!(IdentityCard::parse(&child.replace("0203", "0202")).is_ok());
    }
}
