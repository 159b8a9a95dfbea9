//! Finding a procedure as people type it.

use crate::domain::person::fold_diacritics;
use crate::domain::procedure::{ProcedureCode, ProcedureDefinition};

/// What is looked for: some of the code or of the name, words of the name in any order, each perhaps only begun, or the
/// first letters of words that follow each other (`ks`: khai sinh). Marks do not matter, nor i and y.
#[derive(Debug, Clone)]
pub struct Wanted {
    code: String,
    name: String,
}

impl Wanted {
    pub fn new(text: &str) -> Self {
        Self {
            // A whole code may be written with province and case.
            code: fold_diacritics(ProcedureCode::base_of(text)),
            name: fold(text),
        }
    }

    pub fn finds(&self, definition: &ProcedureDefinition) -> bool {
        definition.code.contains(&self.code) || self.fits(&definition.name)
    }

    fn fits(&self, name: &str) -> bool {
        let name = fold(name);
        let of_name = words(&name);
        let begun = |wanted: &str| of_name.iter().any(|word| word.starts_with(wanted));
        let initials = || -> String {
            of_name
                .iter()
                .filter_map(|word| word.chars().next())
                .collect()
        };
        let wanted = words(&self.name);
        name.contains(&self.name)
            || (!wanted.is_empty() && wanted.iter().all(|wanted| begun(wanted)))
            || (self.name.chars().all(char::is_alphabetic)
                && self.name.chars().count() > 1
                && initials().contains(&self.name))
    }
}

/// `Đăng ký` as `dang ki`: both spellings are taught.
fn fold(text: &str) -> String {
    fold_diacritics(text).replace('y', "i")
}

fn words(text: &str) -> Vec<&str> {
    let words = text.split(|c: char| !c.is_alphanumeric());
    words.filter(|word| !word.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_found_as_it_is_typed() {
        let birth = "Thủ tục đăng ký khai sinh";
        let copies = "Chứng thực bản sao từ bản chính";
        let finds = |text: &str, name: &str| Wanted::new(text).fits(name);
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
}
