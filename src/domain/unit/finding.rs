//! Finding a unit as people name it.

use crate::domain::person::fold_diacritics;

/// How people write words short, and what they may mean.
const SHORT: &[(&str, &[&str])] = &[
    ("bql", &["ban quan ly"]),
    ("hdnd", &["hoi dong nhan dan"]),
    ("tp", &["thanh pho"]),
    ("tt", &["thi tran", "trung tam"]),
    ("tx", &["thi xa"]),
    ("ubnd", &["uy ban nhan dan"]),
    ("vp", &["van phong"]),
];

/// What may stand right before a name with a full stop behind it: `P.Hoàng Văn Thụ`.
const LETTERS: &[&str] = &["h", "p", "q", "t", "x"];

/// Whether each word that was typed begins a word of one of the texts; marks and capitals make no difference, nor how
/// short a commune, a town or a people's committee is called.
pub fn fits(typed: &str, texts: &[&str]) -> bool {
    let texts: Vec<String> = texts.iter().map(|text| fold_diacritics(text)).collect();
    let begins = |typed: &str| {
        let words = texts
            .iter()
            .flat_map(|text| text.split(|c: char| !c.is_alphanumeric() && c != '.'));
        words.into_iter().any(|word| word.starts_with(typed))
    };
    let typed = fold_diacritics(typed);
    let words = typed
        .split_whitespace()
        .flat_map(apart)
        .map(|word| word.trim_matches(|c: char| !c.is_alphanumeric()));
    words.into_iter().all(|word| {
        let long = SHORT.iter().find(|(short, _)| *short == word);
        let long = long.map_or(&[][..], |(_, long)| long);
        begins(word) || long.iter().any(|long| long.split(' ').all(begins))
    })
}

/// `p.hoang` as two words; `h37.16` is one.
fn apart(word: &str) -> Vec<&str> {
    let known =
        |before: &str| LETTERS.contains(&before) || SHORT.iter().any(|(short, _)| *short == before);
    match word.split_once('.') {
        Some((before, rest)) if known(before) => vec![before, rest],
        _ => vec![word],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_unit_is_found_as_it_is_called() {
        let ward = ["Phường Hoàng Văn Thụ", "H37.20.05", "Thành phố Lạng Sơn"];
        for typed in [
            "",
            "hoang van thu",
            "P.Hoàng Văn Thụ",
            "P. hoàng văn thụ",
            "phuong thu",
            "hoàng thụ TP Lạng Sơn",
            "TP.Lạng Sơn",
            "h37.20",
            "H37.20.05",
        ] {
            assert!(fits(typed, &ward), "{typed}");
        }
        for typed in ["X. Hoàng Văn Thụ", "Tam Thanh", "H37.21"] {
            assert!(!fits(typed, &ward), "{typed}");
        }
        assert!(fits(
            "UBND H.Tràng Định",
            &["Ủy ban nhân dân huyện Tràng Định"]
        ));
        assert!(fits(
            "tt hành chính công",
            &["Trung tâm Phục vụ hành chính công"]
        ));
        assert!(fits("TT. Đồng Đăng", &["Thị trấn Đồng Đăng"]));
    }
}
