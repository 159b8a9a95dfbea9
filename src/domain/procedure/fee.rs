//! Fees (phí, lệ phí) of a procedure: what each costs, how often, and which are a choice.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::domain::dossier::{Channel, Copies, Pages};
use crate::domain::person::fold_diacritics;

/// A fee (phí, lệ phí) in đồng.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fee {
    pub name: String,
    /// `None`: it is not known here, as where the province sets it; that is said, and is not 0 or free.
    #[serde(deserialize_with = "Option::deserialize")]
    pub amount_vnd: Option<u64>,
    #[serde(default)]
    pub note: String,
    /// Only of what is handed in this way.
    #[serde(default)]
    pub channel: Option<Channel>,
    /// First and last day of receipt for which it holds, where these are not the version's.
    #[serde(default, deserialize_with = "crate::domain::day::some_day")]
    pub valid_from: Option<NaiveDate>,
    #[serde(default, deserialize_with = "crate::domain::day::some_day")]
    pub valid_to: Option<NaiveDate>,
    /// Of what it is owed so many times as there are: `trang`, `bản`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per: Option<String>,
    /// What further pages of a copy cost, where they cost something else than the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub further: Option<FurtherPages>,
    /// Position of the fee in whose place this one is owed where a reason is given, as a reduced one is: one of the two,
    /// never both.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instead_of: Option<u16>,
}

/// What further pages of a copy cost: "từ trang thứ ba 1.000 đồng/trang, tối đa 200.000 đồng/bản".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FurtherPages {
    /// The first page that costs so much, counted from 1.
    #[schema(example = 3)]
    pub from: u32,
    /// Of each of these pages, in đồng.
    #[schema(example = 1000)]
    pub amount_vnd: u64,
    /// The most that a copy costs, in đồng.
    #[serde(default)]
    #[schema(example = 200000)]
    pub most_vnd: Option<u64>,
}

impl FurtherPages {
    /// As catalogues write it, wherever it stands in a note.
    pub fn in_words(note: &str) -> Option<Self> {
        const ORDINALS: [&str; 9] = [
            "hai", "ba", "tu", "nam", "sau", "bay", "tam", "chin", "muoi",
        ];
        let words = fold_diacritics(note).to_lowercase();
        let (_, after) = words.split_once("tu trang thu ")?;
        let nth = after.split(|c: char| !c.is_alphanumeric()).next()?;
        let from = match nth.parse() {
            Ok(from) => from,
            Err(_) => 2 + u32::try_from(ORDINALS.iter().position(|word| *word == nth)?).ok()?,
        };
        let after = &after[nth.len()..];
        let (each, most) = match after.split_once("toi da") {
            Some((each, most)) => (each, Some(most)),
            None => (after, None),
        };
        // Of a copy only: what the most is of may be something else.
        let most = most.filter(|most| most.contains("/ban") || most.contains("/1 ban"));
        Some(Self {
            from,
            amount_vnd: first_amount(each)?,
            most_vnd: most.and_then(first_amount),
        })
        .filter(|further| further.from >= 2)
    }
}

/// The first amount in đồng of a text without marks, as `1.000 dong`.
fn first_amount(text: &str) -> Option<u64> {
    let (number, _) = text.split_once("dong")?;
    let number = number.trim_end();
    let is_part = |c: char| c.is_ascii_digit() || c == '.';
    let start = number.trim_end_matches(is_part).len();
    let digits: String = number[start..]
        .chars()
        .filter(char::is_ascii_digit)
        .collect();
    digits.parse().ok()
}

impl Fee {
    /// What it comes to, in đồng, for so many times and, where that is known, copies of so many pages; `None` where the
    /// amount is not known here.
    pub fn sum(&self, quantity: u32, pages: &Pages) -> Option<u64> {
        let first = self.amount_vnd?;
        let Some(further) = self.further.filter(|_| !pages.is_empty()) else {
            return Some(first.saturating_mul(quantity.into()));
        };
        let of = |run: &Copies| {
            let begin = run.pages.min(further.from.saturating_sub(1));
            let rest = u64::from(run.pages - begin).saturating_mul(further.amount_vnd);
            let copy = u64::from(begin).saturating_mul(first).saturating_add(rest);
            let copy = further.most_vnd.map_or(copy, |most| copy.min(most));
            copy.saturating_mul(run.copies.into())
        };
        Some(pages.copies().iter().map(of).fold(0, u64::saturating_add))
    }

    /// Whether it holds for what is handed in that way and received on that day.
    pub fn holds(&self, channel: Channel, on: NaiveDate) -> bool {
        self.channel.is_none_or(|of| of == channel)
            && self.valid_from.is_none_or(|from| from <= on)
            && self.valid_to.is_none_or(|to| on <= to)
    }

    /// Whether something is owed for it, and how much is known.
    pub fn known_amount(&self) -> Option<u64> {
        self.amount_vnd.filter(|amount| *amount > 0)
    }
}

/// What is wrong with fees, by pointer.
pub(super) fn check_fees(place: &str, fees: &[Fee], add: &mut dyn FnMut(&str, String)) {
    for (i, fee) in fees.iter().enumerate() {
        if fee.name.trim().is_empty() {
            add(&format!("{place}/fees/{i}/name"), "để trống".to_owned());
        }
        if let (Some(from), Some(to)) = (fee.valid_from, fee.valid_to)
            && to < from
        {
            add(
                &format!("{place}/fees/{i}/valid_to"),
                "trước valid_from".to_owned(),
            );
        }
        if let Some(of) = fee.instead_of {
            let of = fees.get(usize::from(of)).filter(|_| usize::from(of) != i);
            if of.is_none_or(|of| of.instead_of.is_some()) {
                let reason = "phải là vị trí của một khoản phí khác, khoản đó không thay khoản nào";
                add(&format!("{place}/fees/{i}/instead_of"), reason.to_owned());
            }
        }
        if fee.further.is_some_and(|further| further.from < 2) {
            let reason = "phải từ 2: mức của trang đầu là amount_vnd";
            add(&format!("{place}/fees/{i}/further/from"), reason.to_owned());
        }
        if fee.further.is_some() && fee.amount_vnd.is_none() {
            let reason = "cần có khi có mức của các trang sau (further)";
            add(&format!("{place}/fees/{i}/amount_vnd"), reason.to_owned());
        }
        if fee.per.as_ref().is_some_and(|per| per.trim().is_empty()) {
            add(&format!("{place}/fees/{i}/per"), "để trống".to_owned());
        }
    }
}

/// The part of a fee's name that those have in common which are a choice.
fn name_of_choice(name: &str) -> String {
    let folded = fold_diacritics(name).to_lowercase();
    let before_bracket = folded.split('(').next().unwrap_or_default();
    let words: Vec<_> = before_bracket.split_whitespace().collect();
    let is_number = |word: &&str| word.starts_with(|c: char| c.is_ascii_digit());
    let end = words.iter().enumerate().position(|(i, word)| {
        ["tu", "duoi", "tren", "den"].contains(word) && words.get(i + 1).is_some_and(is_number)
    });
    words[..end.unwrap_or(words.len())].join(" ")
}

/// Finds out which fees are a choice, where no one says it.
pub(super) fn find_choices(fees: &mut [Fee]) {
    if fees.len() < 2 || fees.iter().any(|fee| fee.instead_of.is_some()) {
        return;
    }
    let names: Vec<_> = fees.iter().map(|fee| name_of_choice(&fee.name)).collect();
    for i in 1..fees.len() {
        let first = (0..i).find(|first| {
            let (first_fee, fee) = (&fees[*first], &fees[i]);
            // Those of other ways and days are none: only one of them holds.
            let apart = first_fee.channel.is_some()
                && fee.channel.is_some()
                && first_fee.channel != fee.channel;
            let before = |a: &Fee, b: &Fee| {
                a.valid_to
                    .zip(b.valid_from)
                    .is_some_and(|(to, from)| to < from)
            };
            names[*first] == names[i]
                && first_fee.instead_of.is_none()
                && !apart
                && !before(first_fee, fee)
                && !before(fee, first_fee)
        });
        fees[i].instead_of = first.and_then(|first| u16::try_from(first).ok());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fee(note: &str) -> Fee {
        Fee {
            name: "Phí chứng thực".to_owned(),
            amount_vnd: Some(2000),
            note: note.to_owned(),
            channel: None,
            valid_from: None,
            valid_to: None,
            per: Some("trang".to_owned()),
            further: FurtherPages::in_words(note),
            instead_of: None,
        }
    }

    // Thông tư 226/2016/TT-BTC, điều 4.
    #[test]
    fn further_pages_of_a_copy_cost_less_and_a_copy_no_more_than_its_most() {
        let fee = fee(
            "2.000 đồng/trang; từ trang thứ 3 trở lên thu 1.000 đồng/trang, tối đa thu không quá 200.000 đồng/bản",
        );
        let sum = |pages: &str| {
            let pages = Pages::try_from(pages.to_owned()).expect(pages);
            fee.sum(pages.total(), &pages)
        };
        for (pages, vnd) in [
            ("1", 2000),
            ("2", 4000),
            ("5", 7000),
            ("5, 1", 9000),
            ("2x5", 14_000),
            ("5x1", 10_000),
            ("198", 200_000),
            ("500", 200_000),
            ("2x500", 400_000),
        ] {
            assert_eq!(sum(pages), Some(vnd), "{pages}");
        }
        // Nobody has said of how many pages each copy is.
        assert_eq!(fee.sum(5, &Pages::NONE), Some(10_000));
    }

    #[test]
    fn notes_of_catalogues_say_what_further_pages_cost() {
        let of = |from, amount_vnd, most_vnd| {
            Some(FurtherPages {
                from,
                amount_vnd,
                most_vnd,
            })
        };
        for (note, further) in [
            (
                "đồng/trang; từ trang thứ ba 1.000 đồng/trang, tối đa 200.000 đồng/bản",
                of(3, 1000, Some(200_000)),
            ),
            (
                "Từ trang thứ 3 trở lên thu 1.000 đồng/trang",
                of(3, 1000, None),
            ),
            ("từ trang thứ hai: 500 đồng", of(2, 500, None)),
            ("2.000 đồng/trang", None),
            ("từ trang thứ", None),
            ("từ trang thứ một 1.000 đồng", None),
            ("từ trang thứ 3 trở lên", None),
        ] {
            assert_eq!(FurtherPages::in_words(note), further, "{note}");
        }
    }
}
