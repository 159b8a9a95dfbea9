//! Copies that are charged for by the page, each with the pages that it has.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::domain::dossier::MOST_TIMES;
use crate::domain::text::clean;
use crate::domain::typed::latin;

/// Copies of so many pages each, as people write them: `5` is a copy of five pages, `2x5, 1` two of five and one of one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Pages(Vec<Copies>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Copies {
    pub copies: u32,
    /// Of each of them.
    pub pages: u32,
}

/// That a text does not say how many pages copies have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "phải là số trang của từng bản, cách nhau bởi dấu phẩy: 5, 1 (một bản 5 trang và một bản 1 trang) hay 2x5 (hai bản, mỗi \
     bản 5 trang); tối đa 100.000 trang"
)]
pub struct NotPages;

/// The most runs of copies that differ.
const MOST_RUNS: usize = 50;

impl Pages {
    pub const NONE: Self = Self(Vec::new());

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn copies(&self) -> &[Copies] {
        &self.0
    }

    /// The pages of all copies.
    pub fn total(&self) -> u32 {
        let pages = self
            .0
            .iter()
            .map(|run| run.copies.saturating_mul(run.pages));
        pages.fold(0, u32::saturating_add)
    }
}

impl TryFrom<String> for Pages {
    type Error = NotPages;

    fn try_from(text: String) -> Result<Self, NotPages> {
        let text = latin(&clean(&text)).to_lowercase();
        // `2 bản x 5 trang` and `2 bản 5 trang` are `2x5`.
        let text = text.replace(['×', '*'], "x").replace("bản", "x");
        let text = text.replace("trang", ",");
        // A blank parts copies, but not around the sign.
        let parts: Vec<_> = text.split('x').map(str::trim).collect();
        let text = parts.join("x").replace("xx", "x");
        let runs = text
            .split(|c: char| matches!(c, ',' | ';' | '+') || c.is_whitespace())
            .filter(|run| !run.is_empty());
        let number = |of: &str| match of.bytes().all(|byte| byte.is_ascii_digit()) {
            true => of.parse().ok().filter(|number| *number > 0),
            false => None,
        };
        let run = |run: &str| match run.split_once('x') {
            Some((copies, pages)) => Some(Copies {
                copies: number(copies)?,
                pages: number(pages)?,
            }),
            None => Some(Copies {
                copies: 1,
                pages: number(run)?,
            }),
        };
        let runs: Option<Vec<Copies>> = runs.map(run).collect();
        let mut merged: Vec<Copies> = Vec::new();
        for run in runs.ok_or(NotPages)? {
            match merged.iter_mut().find(|other| other.pages == run.pages) {
                Some(same) => same.copies = same.copies.saturating_add(run.copies),
                None => merged.push(run),
            }
        }
        let pages = Self(merged);
        match pages.0.len() <= MOST_RUNS && (1..=MOST_TIMES).contains(&pages.total()) {
            true => Ok(pages),
            false => Err(NotPages),
        }
    }
}

impl fmt::Display for Pages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, run) in self.0.iter().enumerate() {
            if i > 0 {
                f.write_str(", ")?;
            }
            match run.copies {
                1 => write!(f, "{}", run.pages)?,
                copies => write!(f, "{copies}x{}", run.pages)?,
            }
        }
        Ok(())
    }
}

impl From<Pages> for String {
    fn from(pages: Pages) -> Self {
        pages.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_read_as_people_write_them() {
        for (text, same, total) in [
            ("5", "5", 5),
            ("2x5, 1", "2x5, 1", 11),
            (" 2 × 5 ; 1 ", "2x5, 1", 11),
            ("2\u{445}5\n1", "2x5, 1", 11),
            ("2 bản x 5 trang, 1 trang", "2x5, 1", 11),
            ("2 bản 5 trang\t1 bản 1 trang", "2x5, 1", 11),
            ("5+5 1", "2x5, 1", 11),
            ("3*1", "3x1", 3),
        ] {
            let pages = Pages::try_from(text.to_owned()).expect(text);
            assert_eq!((pages.to_string().as_str(), pages.total()), (same, total));
        }
        for text in [
            "",
            "0",
            "x",
            "2x",
            "-1",
            "1.5",
            "2x3x4",
            "100001",
            "99999999x99999999",
            "hai",
        ] {
            assert_eq!(Pages::try_from(text.to_owned()), Err(NotPages), "{text}");
        }
    }
}
