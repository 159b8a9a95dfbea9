//! Phone numbers: one generous reader, one form in which they are kept and found.

use crate::domain::text::{clean, is_dash};
use crate::domain::typed;

/// Why a text is no phone number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoPhone {
    /// Nobody can call it.
    Unknown,
    /// A spreadsheet took its zero.
    ZeroMissing,
}

/// The number as it is kept: `0912345678`, `02053812345`, `19001234`, or `+8613800138000` of another country. However it
/// is written: with spaces, dots, dashes, slashes and brackets, with `84`, `+84` or `0084` in front.
///
/// # Errors
/// If it is none that can be called, in particular one that lost its zero.
pub fn read(text: &str) -> Result<String, NoPhone> {
    let text = typed::number(text);
    let mut plain = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '+' if plain.is_empty() => plain.push('+'),
            c if c.is_ascii_digit() => plain.push(c),
            c if c.is_whitespace() || is_dash(c) || "./,()".contains(c) => {}
            _ => return Err(NoPhone::Unknown),
        }
    }
    let abroad = match plain.strip_prefix("00") {
        // `00912345678` is one of ours with a zero too many: nobody knows which number was meant.
        Some(rest) if rest.len() == 9 && rest.starts_with(['3', '5', '7', '8', '9']) => {
            return Err(NoPhone::Unknown);
        }
        Some(rest) if rest.len() > 8 => Some(rest),
        _ => plain.strip_prefix('+'),
    };
    let digits = abroad.unwrap_or(&plain);
    // `84` without a plus: too long for a number of ours that begins so.
    let ours = digits
        .strip_prefix("84")
        .filter(|_| abroad.is_some() || digits.len() > 10);
    let national = match (ours, abroad) {
        (Some(rest), _) => format!("0{}", rest.strip_prefix('0').unwrap_or(rest)),
        (None, Some(abroad)) => {
            let known = (8..=15).contains(&abroad.len()) && !abroad.starts_with('0');
            return match known {
                true => Ok(format!("+{abroad}")),
                false => Err(NoPhone::Unknown),
            };
        }
        (None, None) => digits.to_owned(),
    };
    let begins = |any: &[&str]| any.iter().any(|start| national.starts_with(start));
    match national.len() {
        10 if begins(&["03", "05", "07", "08", "09"]) => Ok(national),
        11 if begins(&["02"]) => Ok(national),
        11 if let Some(new) = since_2018(&national) => Ok(new),
        8..=10 if begins(&["1800", "1900"]) => Ok(national),
        9 if begins(&["3", "5", "7", "8", "9"]) => Err(NoPhone::ZeroMissing),
        10 if begins(&["2"]) => Err(NoPhone::ZeroMissing),
        _ => Err(NoPhone::Unknown),
    }
}

/// A mobile number of eleven digits as it has been since 2018, when its first digits changed (Quyết định 798/QĐ-BTTTT [M]).
fn since_2018(old: &str) -> Option<String> {
    let (start, rest) = old.split_at_checked(4)?;
    let start = match start {
        "0120" => "070",
        "0121" => "079",
        "0122" => "077",
        "0123" => "083",
        "0124" => "084",
        "0125" => "085",
        "0126" => "076",
        "0127" => "081",
        "0128" => "078",
        "0129" => "082",
        "0162" => "032",
        "0163" => "033",
        "0164" => "034",
        "0165" => "035",
        "0166" => "036",
        "0167" => "037",
        "0168" => "038",
        "0169" => "039",
        "0186" => "056",
        "0188" => "058",
        "0199" => "059",
        _ => return None,
    };
    Some(format!("{start}{rest}"))
}

/// Whether a number, as it is kept, may take short messages: a mobile one, or one abroad. A line in a house or a service
/// number takes none.
pub fn takes_messages(kept: &str) -> bool {
    let mobile = ["03", "05", "07", "08", "09", "+"];
    mobile.iter().any(|start| kept.starts_with(start))
}

/// The number that somebody looks for, even where its zero is missing, in every form in which one may have been kept before
/// there was only one. What stands before and between the digits is no matter, unless it is words of a name.
pub fn spellings(text: &str) -> Vec<String> {
    let plain = clean(text);
    let digits: String = plain
        .chars()
        .filter(|c| c.is_ascii_digit() || *c == '+')
        .collect();
    let has_word = plain.chars().filter(|c| c.is_alphabetic()).count() > 4;
    let found = match read(text) {
        Err(NoPhone::ZeroMissing) => Ok(format!("0{digits}")),
        Err(NoPhone::Unknown) if !has_word => read(&digits),
        read => read,
    };
    let Ok(kept) = found else {
        return Vec::new();
    };
    let national = kept.strip_prefix('0').map(str::to_owned);
    let before = national.into_iter().flat_map(|national| {
        let prefixes = ["84", "0084", "+840", ""].into_iter();
        prefixes.map(move |prefix| format!("{prefix}{national}"))
    });
    std::iter::once(kept.clone()).chain(before).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_mobile_numbers_are_what_they_have_become() {
        assert_eq!(read("0169 234 5678"), Ok("0392345678".to_owned()));
        assert_eq!(read("+84 1234567890"), Ok("0834567890".to_owned()));
        assert!(read("01111234567").is_err());
    }

    #[test]
    fn every_spelling_is_one_number() {
        for typed in [
            "0912345678",
            "84912345678",
            "0084912345678",
            "+84912345678",
            "+84 (0)912 345 678",
            "(+84) 912.345.678",
            "0912 345 678",
            "0912-345-678",
            "0912/345/678",
            "0912\u{2011}345\u{2011}678",
            "\u{202a}0912345678\u{202c}",
            "09\u{200b}12345678",
            "０９１２３４５６７８",
            "8 4912 345678",
            " '0912345678",
            "ĐT: 0912 345 678",
            "0912345678,",
            "O912345678",
            "điện thoại di động 0912.345.678.",
        ] {
            assert_eq!(read(typed).as_deref(), Ok("0912345678"), "{typed}");
        }
        assert_eq!(read("(0205) 381 2345").as_deref(), Ok("02053812345"));
        assert_eq!(read("+84 205 381 2345").as_deref(), Ok("02053812345"));
        assert_eq!(read("1900 1234").as_deref(), Ok("19001234"));
        assert_eq!(read("+86 138 0013 8000").as_deref(), Ok("+8613800138000"));
        assert_eq!(read("0086 13800138000").as_deref(), Ok("+8613800138000"));
        for (number, takes) in [
            ("0912345678", true),
            ("+8613800138000", true),
            ("02053812345", false),
            ("19001234", false),
        ] {
            assert_eq!(takes_messages(number), takes, "{number}");
        }
        // What is kept is read as itself.
        for kept in ["0912345678", "02053812345", "19001234", "+8613800138000"] {
            assert_eq!(read(kept).as_deref(), Ok(kept));
        }
    }

    #[test]
    fn what_nobody_can_call_is_refused() {
        for lost in ["912345678", "2053812345", "38 123 4567", "987654321"] {
            assert_eq!(read(lost), Err(NoPhone::ZeroMissing), "{lost}");
        }
        for none in [
            "",
            "12345678",
            "000000000000000",
            "0112345678",
            "091234567",
            "09123456789",
            "0912345678x",
            "+",
            "+0912345678",
            "00",
            "không có",
            "0612345678",
            "++84912345678",
            "84912345",
            "00912345678",
        ] {
            assert_eq!(read(none), Err(NoPhone::Unknown), "{none}");
        }
    }
}
