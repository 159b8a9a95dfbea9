//! How long a limit is, in whole numbers or halves and quarters.

use std::fmt;

use serde::de::{Deserializer, Error, Unexpected, Visitor};
use serde::{Deserialize, Serialize, Serializer};

/// A number of days, hours, months or years, exact to a quarter: 7,5 and 6,25 are published.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Amount {
    quarters: u32,
}

const EXPECTED: &str = "số không âm, có thể lẻ đến một phần tư";

impl Amount {
    pub const ZERO: Self = Self { quarters: 0 };

    pub const fn whole(number: u32) -> Self {
        Self {
            quarters: number.saturating_mul(4),
        }
    }

    pub const fn quarters(self) -> u32 {
        self.quarters
    }

    /// The number, if it is a whole one.
    pub const fn as_whole(self) -> Option<u32> {
        match self.quarters % 4 {
            0 => Some(self.quarters / 4),
            _ => None,
        }
    }

    /// Reads `7`, `7.5` or `7,5`.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let (whole, part) = text.split_once(['.', ',']).unwrap_or((text, "0"));
        let part = match part.trim_end_matches('0') {
            "" if !part.is_empty() => 0,
            "25" => 1,
            "5" => 2,
            "75" => 3,
            _ => return None,
        };
        if whole.is_empty() || !whole.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let quarters = whole.parse::<u32>().ok()?.checked_mul(4)?;
        Some(Self {
            quarters: quarters.checked_add(part)?,
        })
    }

    #[must_use]
    pub const fn plus(self, more: u32) -> Self {
        Self {
            quarters: self.quarters.saturating_add(more.saturating_mul(4)),
        }
    }

    /// With this sign before the part that is not whole.
    fn written(self, sign: char) -> String {
        let whole = self.quarters / 4;
        match self.quarters % 4 {
            1 => format!("{whole}{sign}25"),
            2 => format!("{whole}{sign}5"),
            3 => format!("{whole}{sign}75"),
            _ => whole.to_string(),
        }
    }

    /// As data have it: `7.5`.
    pub fn plain(self) -> String {
        self.written('.')
    }
}

impl From<u32> for Amount {
    fn from(number: u32) -> Self {
        Self::whole(number)
    }
}

impl PartialEq<u32> for Amount {
    fn eq(&self, number: &u32) -> bool {
        self.as_whole() == Some(*number)
    }
}

/// As people write it: `7,5`.
impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.written(','))
    }
}

impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.as_whole() {
            Some(number) => serializer.serialize_u32(number),
            // A quarter has an exact float.
            None => serializer.serialize_f64(f64::from(self.quarters) / 4.0),
        }
    }
}

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Number;

        impl Visitor<'_> for Number {
            type Value = Amount;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(EXPECTED)
            }

            fn visit_u64<E: Error>(self, number: u64) -> Result<Amount, E> {
                let number = u32::try_from(number).ok();
                let quarters = number.and_then(|number| number.checked_mul(4));
                let amount = quarters.map(|quarters| Amount { quarters });
                amount.ok_or_else(|| E::custom(format!("cần {EXPECTED}")))
            }

            fn visit_i64<E: Error>(self, number: i64) -> Result<Amount, E> {
                let number = u64::try_from(number);
                self.visit_u64(number.map_err(|_| E::custom(format!("cần {EXPECTED}")))?)
            }

            fn visit_f64<E: Error>(self, number: f64) -> Result<Amount, E> {
                // The shortest text of a float is what was written.
                let amount = Amount::parse(&number.to_string());
                amount.ok_or_else(|| E::custom(format!("cần {EXPECTED}")))
            }

            fn visit_unit<E: Error>(self) -> Result<Amount, E> {
                Err(E::invalid_type(Unexpected::Unit, &self))
            }
        }

        deserializer.deserialize_f64(Number)
    }
}

#[cfg(test)]
mod tests {
    use super::Amount;

    #[test]
    fn quarters_are_exact_in_every_form() {
        for (text, quarters, shown, json) in [
            ("7", 28, "7", "7"),
            ("7,5", 30, "7,5", "7.5"),
            ("0.5", 2, "0,5", "0.5"),
            ("6,25", 25, "6,25", "6.25"),
            ("4.75", 19, "4,75", "4.75"),
            ("7.50", 30, "7,5", "7.5"),
            ("15.0", 60, "15", "15"),
        ] {
            let amount = Amount::parse(text).unwrap();
            assert_eq!(amount.quarters(), quarters, "{text}");
            assert_eq!(amount.to_string(), shown);
            assert_eq!(serde_json::to_string(&amount).unwrap(), json);
            assert_eq!(serde_json::from_str::<Amount>(json).unwrap(), amount);
            assert_eq!(Amount::parse(&amount.plain()), Some(amount));
        }
        for text in [
            "",
            "7.",
            ".5",
            "7.1",
            "7,33",
            "-1",
            "1e3",
            "1.000.000",
            "9999999999",
        ] {
            assert_eq!(Amount::parse(text), None, "{text}");
        }
        for json in ["-1", "7.1", "\"7\"", "null", "1e300"] {
            assert!(serde_json::from_str::<Amount>(json).is_err(), "{json}");
        }
    }
}
