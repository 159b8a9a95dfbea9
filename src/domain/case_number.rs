//! Case numbers (mã hồ sơ): `<unit identifier>-<YYMMDD>-<sequence>`, as on the receipt.

use std::fmt;

use chrono::{Datelike, NaiveDate};

use crate::domain::norms::{Norms, Numbering};

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

    /// Reads a case number as a person types it: case and spaces around do not matter.
    pub fn parse(text: &str) -> Result<Self, InvalidCaseNumber> {
        let number = text.trim().to_ascii_uppercase();
        let invalid = || InvalidCaseNumber(text.to_owned());
        let mut parts = number.rsplitn(3, '-');
        let (Some(sequence), Some(day), Some(unit)) = (parts.next(), parts.next(), parts.next())
        else {
            return Err(invalid());
        };
        let digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
        let unit_ok = unit.len() <= 40
            && unit
                .split('.')
                .all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric()));
        let day_ok = digits(day)
            && day.len() == 6
            && NaiveDate::parse_from_str(&format!("20{day}"), "%Y%m%d").is_ok();
        let sequence_ok = digits(sequence) && (4..=9).contains(&sequence.len());
        if unit_ok && day_ok && sequence_ok {
            Ok(Self(number))
        } else {
            Err(invalid())
        }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
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
    fn is_read_as_typed() {
        let number = CaseNumber::parse("  h37.16-210715-0001 ").unwrap();
        assert_eq!(number.as_str(), "H37.16-210715-0001");
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
