//! Finding a procedure as people type it.

use std::borrow::Cow;

use crate::domain::person::fold_diacritics;
use crate::domain::procedure::{ProcedureCode, ProcedureDefinition};

/// What is looked for: some of the code or of the name, words of the name in any order, each perhaps only begun, or the
/// first letters of words that follow each other (`ks`: khai sinh). Marks do not matter, nor i and y, nor what stands
/// between the words.
#[derive(Debug, Clone)]
pub struct Wanted {
    code: String,
    words: Vec<String>,
}

impl Wanted {
    pub fn new(text: &str) -> Self {
        let folded = fold(text);
        // A code alone may be written with province and case; one among words says which.
        let within = || text.split_whitespace().find_map(ProcedureCode::as_typed);
        let code = match ProcedureCode::base_of(text) {
            Cow::Borrowed(text) if text.contains(' ') => {
                within().map_or(Cow::Borrowed(text), Cow::Owned)
            }
            code => code,
        };
        let code = fold_diacritics(&code);
        Self {
            code: code.trim_end_matches('.').to_owned(),
            words: words(&folded).map(str::to_owned).collect(),
        }
    }

    /// Something is typed.
    pub fn is_any(&self) -> bool {
        !self.words.is_empty()
    }

    pub fn finds(&self, definition: &ProcedureDefinition) -> bool {
        self.rank(definition).is_some()
    }

    /// How well a procedure fits, 0 best; `None`: not at all.
    pub fn rank(&self, definition: &ProcedureDefinition) -> Option<u8> {
        if definition.code == self.code {
            return Some(0);
        }
        let by_code = || definition.code.contains(&self.code).then_some(3);
        self.fits(&definition.name).or_else(by_code)
    }

    fn fits(&self, name: &str) -> Option<u8> {
        let name = fold(name);
        let of_name: Vec<&str> = words(&name).collect();
        let initials: String = of_name
            .iter()
            .filter_map(|word| word.chars().next())
            .collect();
        let (name, wanted) = (of_name.join(" "), self.words.join(" "));
        let joined = self.words.concat();
        let is_short = joined.chars().count() > 1 && joined.chars().all(char::is_alphabetic);
        let is_initials = |wanted: &String| {
            let plain = (2..=MOST_INITIALS).contains(&wanted.len());
            plain && wanted.chars().all(char::is_alphabetic) && initials.contains(wanted.as_str())
        };
        let begun = |wanted: &String| {
            of_name.iter().any(|word| word.starts_with(wanted)) || is_initials(wanted)
        };
        if name.starts_with(&wanted) || (is_short && initials.starts_with(&joined)) {
            return Some(1);
        }
        if self.words.iter().all(begun) {
            return Some(2);
        }
        (name.contains(&wanted) || is_short && initials.contains(&joined)).then_some(3)
    }
}

/// Longer words are no initials among other words.
const MOST_INITIALS: usize = 4;

/// `Đăng ký` as `dang ki`: both spellings are taught.
fn fold(text: &str) -> String {
    fold_diacritics(text).replace('y', "i")
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    let words = text.split(|c: char| !c.is_alphanumeric());
    words.filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_found_as_it_is_typed() {
        let birth = "Thủ tục đăng ký khai sinh";
        let copies = "Chứng thực bản sao từ bản chính";
        let finds = |text: &str, name: &str| Wanted::new(text).fits(name).is_some();
        for (text, name) in [
            ("dang ki khai sinh", birth),
            ("Đăng kí khai sinh", birth),
            ("đăng ký", birth),
            ("sinh khai", birth),
            ("ks", birth),
            ("DKKS", birth),
            ("khai si", birth),
            ("sao chung thuc", copies),
            ("sao, chứng thực", copies),
            ("khai sinh.", birth),
            ("đk khai sinh", birth),
            ("ct ban sao", copies),
            ("", birth),
        ] {
            assert!(finds(text, name), "{text}: {name}");
        }
        for (text, name) in [
            ("ks", copies),
            ("k", copies),
            ("dang ki ket hon", birth),
            ("sao chung thuc chu ki", copies),
        ] {
            assert!(!finds(text, name), "{text}: {name}");
        }
    }

    #[test]
    fn the_best_fit_comes_first() {
        let definition = |name: &str| {
            let json = serde_json::json!({
                "code": "2.000815", "name": name, "field": "Chứng thực", "levels": ["commune"],
                "valid_from": "2020-01-01", "announced_on": "2020-01-01", "online_level": "partial",
                "statutory_limit": {"unit": "same_day"}, "result": "Bản sao",
            });
            serde_json::from_value::<ProcedureDefinition>(json).unwrap()
        };
        let copy = definition("Chứng thực bản sao từ bản chính giấy tờ, văn bản");
        for (typed, fits) in [
            ("", Some(1)),
            ("2.000815", Some(0)),
            ("2000815", Some(0)),
            ("2,000815", Some(0)),
            ("2.OOO815", Some(0)),
            ("2.000815 - Chứng thực bản sao", Some(0)),
            ("TTHC 2.000815", Some(0)),
            ("mã 2000815", Some(0)),
            ("chung thuc b", Some(1)),
            ("ctbs", Some(1)),
            ("sao chung", Some(2)),
            ("0815", Some(3)),
            ("khai sinh", None),
        ] {
            assert_eq!(Wanted::new(typed).rank(&copy), fits, "{typed}");
        }
    }
}
