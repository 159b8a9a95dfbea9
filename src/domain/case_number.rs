//! Case numbers (mã hồ sơ): `<unit identifier>-<YYMMDD>-<sequence>`, as on the receipt.

use std::fmt;

use chrono::{Datelike, NaiveDate};

use crate::domain::norms::{Norms, Numbering};
use crate::domain::text::{clean, is_dash};
use crate::domain::typed::{digits, latin, like_digit};

/// A case number. The sequence counts from 1 per unit and civil day, has at least four digits and
/// grows past 9999 without breaking.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CaseNumber(String);

/// The text has not the form of a case number.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' không phải mã hồ sơ, ví dụ H37.16-210715-0001")]
pub struct InvalidCaseNumber(pub String);

impl CaseNumber {
    /// The number of the `sequence`th dossier that the unit with `unit_code` took in on `date`, in the form that
    /// the norms of that day say.
    pub fn new(unit_code: &str, date: NaiveDate, sequence: u32, norms: &Norms) -> Self {
        let identifier = match norms.on(date).case_number {
            Numbering::LowestFirst => old_identifier(unit_code),
            Numbering::HighestFirst => unit_code.to_owned(),
        };
        let (year, month, day) = (date.year().rem_euclid(100), date.month(), date.day());
        Self(format!(
            "{identifier}-{year:02}{month:02}{day:02}-{sequence:04}"
        ))
    }

    /// Reads a case number as a person types, copies or scans it: in small letters or those of another keyboard, with
    /// blanks for dashes, commas for dots, an O for a zero, a full stop behind it, without any marks between, or within a
    /// sentence or the address of a receipt's code.
    ///
    /// # Errors
    /// If there is none in it.
    pub fn parse(text: &str) -> Result<Self, InvalidCaseNumber> {
        let cleaned = latin(&clean(text)).into_owned();
        let within = |c: char| !c.is_ascii_alphanumeric() && c != '.' && !is_dash(c);
        // A comma may be a dot of the number, or stand before or behind it.
        let within_commas = move |c: char| within(c) && c != ',';
        let with_commas = cleaned.split(within_commas).filter_map(Self::exact);
        let mut with_commas = with_commas.filter(Self::is_of_numbers);
        let mut words = cleaned.split(within);
        let undivided = || {
            let mut letters = cleaned.chars().filter(|c| !is_mark(*c));
            let letter = letters.next().map(|c| c.to_ascii_uppercase());
            let letter = letter.filter(char::is_ascii_uppercase)?;
            let digits: String = letters.map(|c| like_digit(c).unwrap_or(c)).collect();
            // All of it is the number; the shortest sequence is the likeliest.
            let whole = |number: &Self| {
                let own = number.0.bytes().filter(u8::is_ascii_digit).count();
                own == digits.len()
            };
            let ways = cut(letter, &digits).into_iter().filter(whole);
            ways.min_by_key(|number| number.0.len() - number.0.rfind('-').unwrap_or_default())
        };
        Self::exact(&cleaned)
            .or_else(|| with_commas.next())
            .or_else(|| words.find_map(Self::exact))
            .or_else(undivided)
            .ok_or_else(|| InvalidCaseNumber(text.to_owned()))
    }

    /// A number and nothing else, its three parts set apart.
    pub fn exact(text: &str) -> Option<Self> {
        let text = latin(text);
        let text = text.trim_end_matches(|c: char| ".,;:".contains(c) || c.is_whitespace());
        let text = text.trim_start_matches('\'');
        let parts = text.split(is_between);
        let parts: Vec<&str> = parts.filter(|part| !part.is_empty()).collect();
        let &[unit, day, sequence] = parts.as_slice() else {
            return None;
        };
        let mut groups: Vec<String> = unit.split(['.', ',', '·']).map(zeros).collect();
        // `H372001` between dashes is `H37.20.01`.
        if let [whole] = groups.as_slice()
            && let Some((letter, pairs)) = whole.split_at_checked(1)
            && letter.bytes().all(|b| b.is_ascii_alphabetic())
            && pairs.bytes().all(|b| b.is_ascii_digit())
            && matches!(pairs.len(), 4 | 6 | 8)
        {
            let mut all: Vec<String> = (0..pairs.len())
                .step_by(2)
                .map(|at| pairs[at..at + 2].to_owned())
                .collect();
            all[0].insert_str(0, letter);
            groups = all;
        }
        let unit = groups.join(".");
        let (day, sequence) = (zeros(day), zeros(sequence));
        let digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
        let unit_ok = unit.len() <= 40
            && unit
                .split('.')
                .all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric()));
        let day_ok = digits(&day)
            && day.len() == 6
            && NaiveDate::parse_from_str(&format!("20{day}"), "%Y%m%d").is_ok();
        let sequence_ok = digits(&sequence) && (4..=9).contains(&sequence.len());
        (unit_ok && day_ok && sequence_ok).then(|| Self(format!("{unit}-{day}-{sequence}")))
    }

    /// The numbers that a text may mean: one as it is typed, or as it comes back from a bank, without dots and dashes or
    /// within a longer text. Where the digits can be cut in several ways, each; whether there is such a dossier tells
    /// which.
    pub fn candidates(text: &str) -> Vec<Self> {
        Self::found_in(text, false)
    }

    /// The same in what a transfer was for: also where a bank has glued it to what stood before it. Elsewhere that would make
    /// a case number of `CCCD 001203012345`.
    pub fn in_purpose(text: &str) -> Vec<Self> {
        Self::found_in(text, true)
    }

    fn found_in(text: &str, also_glued: bool) -> Vec<Self> {
        let text = latin(&clean(text)).into_owned();
        if let Some(number) = Self::exact(&text) {
            return vec![number];
        }
        let mut found = Vec::new();
        // A letter, then digits with a few marks between any two; at the beginning of a word first.
        let letters: Vec<char> = text.chars().collect();
        let starts = |glued: bool| {
            let letters = &letters;
            (0..letters.len()).filter(move |i| {
                let inside = *i > 0 && letters[i - 1].is_ascii_alphanumeric();
                letters[*i].is_ascii_alphabetic() && inside == glued
            })
        };
        let glued = starts(true).filter(|_| also_glued);
        for i in starts(false).chain(glued) {
            let mut digits = String::new();
            let mut between = 0;
            for c in &letters[i + 1..] {
                match c {
                    _ if digits.len() > MOST_DIGITS => break,
                    c if c.is_ascii_digit() || like_digit(*c).is_some() => {
                        between = 0;
                        digits.push(like_digit(*c).unwrap_or(*c));
                    }
                    c if between < MOST_BETWEEN && is_mark(*c) => between += 1,
                    _ => break,
                }
            }
            for number in cut(letters[i].to_ascii_uppercase(), &digits) {
                if !found.contains(&number) {
                    found.push(number);
                }
            }
        }
        found
    }

    /// Each group of its unit has a digit; another one may be a word before the number.
    fn is_of_numbers(&self) -> bool {
        let unit = self.0.split('-').next().unwrap_or_default();
        let mut groups = unit.split('.');
        groups.all(|group| group.contains(|c: char| c.is_ascii_digit()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The end of a case number, as people say it on the phone: day and sequence, perhaps with the last groups of the unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NumberEnd {
    date: NaiveDate,
    sequence: u32,
    text: String,
}

impl NumberEnd {
    /// Reads `261126-0001` or `20.01-261126-0001`; with any dash, or a space, between the parts.
    pub fn read(text: &str) -> Option<Self> {
        let text = clean(text);
        let text = text.trim().trim_start_matches('\'');
        let parts = text.split(is_between);
        let parts: Vec<&str> = parts.filter(|part| !part.is_empty()).collect();
        let (unit, day, sequence) = match parts.as_slice() {
            [day, sequence] => ("", *day, *sequence),
            [unit, day, sequence] => (*unit, *day, *sequence),
            _ => return None,
        };
        let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
        let of_a_unit = unit.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'.');
        if !of_a_unit || !digits(day) || day.len() != 6 || !digits(sequence) {
            return None;
        }
        let date = NaiveDate::parse_from_str(&format!("20{day}"), "%Y%m%d").ok()?;
        let known = (4..=9).contains(&sequence.len());
        let text = [unit, day, sequence].join("-").to_ascii_uppercase();
        Some(Self {
            date,
            sequence: sequence.parse().ok().filter(|_| known)?,
            text: text.trim_start_matches('-').to_owned(),
        })
    }

    /// The number with this end of that unit, if there can be one.
    pub fn of_unit(&self, code: &str, norms: &Norms) -> Option<CaseNumber> {
        let number = CaseNumber::new(code, self.date, self.sequence, norms);
        let rest = number.0.strip_suffix(&self.text)?;
        // Not the half of a group.
        (rest.is_empty() || rest.ends_with(['.', '-'])).then_some(number)
    }
}

/// The most marks between two digits of a number.
const MOST_BETWEEN: usize = 3;
/// No unit of four groups, day and sequence have more.
const MOST_DIGITS: usize = 4 * 2 + 6 + 6;

fn is_mark(c: char) -> bool {
    matches!(c, '.' | ',') || is_between(c)
}

/// What stands between the parts of a number, as people and banks write it.
fn is_between(c: char) -> bool {
    is_dash(c) || c.is_whitespace() || matches!(c, '_' | '/')
}

/// In capitals, with digits for what was typed as an O, l or I among them.
fn zeros(part: &str) -> String {
    let of_digits = part
        .chars()
        .all(|c| c.is_ascii_digit() || like_digit(c).is_some());
    match of_digits && part.bytes().any(|b| b.is_ascii_digit()) {
        true => digits(part),
        false => part.to_ascii_uppercase(),
    }
}

/// Every way to read digits behind a letter as a unit's groups of two, a day and a sequence; what may follow the number
/// is left out, the shortest sequence first.
fn cut(letter: char, digits: &str) -> Vec<CaseNumber> {
    let mut found = Vec::new();
    for groups in 1..=4 {
        let unit_end = groups * 2;
        let Some(day) = digits.get(unit_end..unit_end + 6) else {
            break;
        };
        let pairs: Vec<&str> = (0..groups).map(|i| &digits[i * 2..i * 2 + 2]).collect();
        let unit = format!("{letter}{}", pairs.join("."));
        for length in 4..=6 {
            let Some(sequence) = digits.get(unit_end + 6..unit_end + 6 + length) else {
                break;
            };
            // The ten thousandth of a day has no zero in front.
            if length > 4 && sequence.starts_with('0') {
                break;
            }
            found.extend(CaseNumber::exact(&format!("{unit}-{day}-{sequence}")));
        }
    }
    found
}

/// `H37.16` in the order used before 2020: `000.00.16.H37`, four groups, the lowest first.
fn old_identifier(unit_code: &str) -> String {
    let mut groups: Vec<&str> = unit_code.split('.').rev().collect();
    let fillers = ["000", "00", "00"];
    let missing = 4_usize.saturating_sub(groups.len());
    let mut all: Vec<&str> = fillers[..missing.min(fillers.len())].to_vec();
    all.append(&mut groups);
    all.join(".")
}

impl fmt::Display for CaseNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(y: i32, m: u32, d: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(y, m, d).unwrap()
    }

    #[test]
    fn has_the_form_of_the_year() {
        let norms = Norms::bundled().unwrap();
        let new = CaseNumber::new("H37.16", date(2021, 7, 15), 1, &norms);
        assert_eq!(new.as_str(), "H37.16-210715-0001");
        let old = CaseNumber::new("H37.16", date(2019, 7, 15), 1, &norms);
        assert_eq!(old.as_str(), "000.00.16.H37-190715-0001");
        let commune = CaseNumber::new("H37.20.01", date(2019, 7, 15), 12, &norms);
        assert_eq!(commune.as_str(), "000.01.20.H37-190715-0012");
    }

    #[test]
    fn grows_past_9999() {
        let norms = Norms::bundled().unwrap();
        let number = CaseNumber::new("H37.16", date(2021, 7, 15), 12_345, &norms);
        assert_eq!(number.as_str(), "H37.16-210715-12345");
        assert_eq!(CaseNumber::parse(number.as_str()).unwrap(), number);
    }

    #[test]
    fn is_found_in_what_banks_leave_of_it() {
        let meant = CaseNumber::parse("H37.20.01-261126-0036").unwrap();
        for text in [
            "H3720012611260036",
            "H37 20 01 261126 0036",
            "h37.20.01-261126-0036",
            "CT DEN:123 H37.20.01-261126-0036 GD 456",
            "H37.20.01\u{2013}261126\u{2013}0036",
            "chuyen tien H3720012611260036 tu 0912345678",
            "H37.20.01-2611\n26-0036",
            "H37_20_01_261126_0036",
            "H37.20.01/261126/0036",
            "'H37.20.01-261126-0036",
            "\u{41d}37.20.01-261126-0036",
            "H37,20,01-261126-0036",
            "nop phi ho so H372OO1261126OO36 cam on",
            "nop phi H37.2O.O1-261126-OO36 cam on",
        ] {
            let found = CaseNumber::candidates(text);
            assert!(found.contains(&meant), "{text}: {found:?}");
            assert!(found.len() <= 6, "{text}: {found:?}");
        }
        for text in [
            "MBVCB.123.NOPPHIH3720012611260036",
            "GD456H3720012611260036",
        ] {
            assert!(CaseNumber::in_purpose(text).contains(&meant), "{text}");
        }
        assert_eq!(CaseNumber::candidates("CCCD 001203012345"), []);
        for text in [
            "",
            "Nguyễn Thị Ánh",
            "0912345678",
            "H37",
            "A1234567890123456789012345678901234567890",
        ] {
            assert!(CaseNumber::candidates(text).len() <= 12, "{text}");
        }
        assert_eq!(CaseNumber::candidates("Ánh"), []);
    }

    #[test]
    fn is_found_by_its_end() {
        let norms = Norms::bundled().unwrap();
        let of = |text: &str| NumberEnd::read(text)?.of_unit("H37.20.01", &norms);
        let meant = CaseNumber::parse("H37.20.01-261126-0001").ok();
        for text in [
            "261126-0001",
            " 261126\u{2013}0001",
            "261126 0001",
            "01-261126-0001",
            "20.01-261126-0001",
            "h37.20.01-261126-0001",
        ] {
            assert_eq!(of(text), meant, "{text}");
        }
        for text in [
            "261126-001",
            "261326-0001",
            "1-261126-0001",
            "02-261126-0001",
            "2611260001",
            "Ánh-261126-0001",
            "261126-0001-1",
            "",
        ] {
            assert_eq!(of(text), None, "{text}");
        }
        let old = NumberEnd::read("190715-0012").unwrap();
        let old = old.of_unit("H37.20.01", &norms).unwrap();
        assert_eq!(old.as_str(), "000.01.20.H37-190715-0012");
    }

    #[test]
    fn is_read_as_typed() {
        let number = CaseNumber::parse("  h37.16-210715-0001 ").unwrap();
        assert_eq!(number.as_str(), "H37.16-210715-0001");
        for typed in [
            "H37.20.01 261127 0001",
            "h3720012611270001",
            "H37.20.01-261127-0001.",
            "H37.2O.01-261127-OOO1",
            "H37.20.01 \u{2013} 261127 \u{2013} 0001",
            "H37,20,01-261127-0001",
            "H37.20.0l-26ll27-000I",
            "\u{41d}37.20.01-261127-0001",
            "số: H37,2O,O1-261127-OOO1.",
            "H37.20.01-261127-0001,mã tra cứu",
            "Mã hồ sơ: H37.20.01-261127-0001, mã tra cứu",
            "https://motcua.example/tra-cuu?so=H37.20.01-261127-0001&ma=ABCDEFGHIJ",
        ] {
            let read = CaseNumber::parse(typed).map(|number| number.0);
            assert_eq!(read.as_deref(), Ok("H37.20.01-261127-0001"), "{typed}");
        }
        for wrong in [
            "",
            "H37",
            "H37.16-210715",
            "H37.16-211315-0001",
            "H37..1-210715-0001",
            "H37.16-210715-1",
            "H37.16-210715-000x",
            "-210715-0001",
        ] {
            assert!(CaseNumber::parse(wrong).is_err(), "{wrong}");
        }
    }
}
