//! Finding a unit as people name it.

use crate::domain::person::fold_diacritics;
use crate::domain::text::clean;
use crate::domain::typed::latin;

/// How people write words short, and what they may mean.
const SHORT: &[(&str, &[&str])] = &[
    ("bql", &["ban quan li"]),
    ("hdnd", &["hoi dong nhan dan"]),
    ("tp", &["thanh pho"]),
    ("tt", &["thi tran", "trung tam"]),
    ("tx", &["thi xa"]),
    ("ubnd", &["ui ban nhan dan"]),
    ("vp", &["van phong"]),
];

/// What may stand right before a name with a full stop behind it: `P.Hoàng Văn Thụ`.
const LETTERS: &[&str] = &["h", "p", "q", "t", "x"];

/// How well what was typed fits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fit {
    /// It is one of the texts, but for marks and capitals.
    Exact,
    /// Of whole words, or of the first letters of words.
    Words,
    /// Its words begin words.
    Begun,
}

/// Whether what was typed fits, and how well: marks and capitals make no difference, nor i and y, nor how short a commune,
/// a town, a department or a people's committee is called.
pub fn fit(typed: &str, texts: &[&str]) -> Option<Fit> {
    let typed = fold(&latin(&clean(typed)));
    let texts: Vec<String> = texts.iter().map(|text| fold(text)).collect();
    if texts.contains(&typed) {
        return Some(Fit::Exact);
    }
    let words: Vec<&str> = texts.iter().flat_map(|text| words(text)).collect();
    let initials: Vec<String> = texts.iter().map(|text| initials(text)).collect();
    let plain = |word: &str| {
        if words.contains(&word) {
            return Some(Fit::Words);
        }
        words
            .iter()
            .any(|of| of.starts_with(word))
            .then_some(Fit::Begun)
    };
    let one = |word: &str| {
        let long = SHORT.iter().find(|(short, _)| *short == word);
        let long = long.map_or(&[][..], |(_, long)| long);
        let by_law = long
            .iter()
            .any(|long| long.split(' ').all(|word| words.contains(&word)));
        let letters: String = word.chars().filter(|c| c.is_alphanumeric()).collect();
        let short = (2..=MOST_INITIALS).contains(&letters.len())
            && letters.chars().all(char::is_alphabetic)
            && initials.iter().any(|initials| initials.contains(&letters));
        let parts = || {
            let parts = word.split(|c: char| !c.is_alphanumeric() && c != '.');
            let parts = parts.filter(|part| !part.is_empty()).map(plain);
            parts.max().unwrap_or(Some(Fit::Begun))
        };
        match plain(word) {
            Some(Fit::Words) => Some(Fit::Words),
            _ if by_law || short => Some(Fit::Words),
            Some(fit) => Some(fit),
            None => code(word).and_then(|code| plain(&code)).or_else(parts),
        }
    };
    let mut worst = Fit::Words;
    for word in typed.split_whitespace().flat_map(apart) {
        worst = worst.max(one(word.trim_matches(|c: char| !c.is_alphanumeric()))?);
    }
    Some(worst)
}

/// Whether what was typed fits at all.
pub fn fits(typed: &str, texts: &[&str]) -> bool {
    fit(typed, texts).is_some()
}

/// The longest that a department is called by its first letters.
const MOST_INITIALS: usize = 7;

/// `Tân Mỹ` as `tan mi`: both spellings are taught.
fn fold(text: &str) -> String {
    fold_diacritics(text).replace('y', "i")
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric() && c != '.')
        .filter(|word| !word.is_empty())
}

/// The first letters of the words, without `và`.
fn initials(text: &str) -> String {
    let words = words(text).filter(|word| *word != "va");
    words.filter_map(|word| word.chars().next()).collect()
}

/// A code in which an O stands for a zero.
fn code(word: &str) -> Option<String> {
    let is_code = word.contains(|c: char| c.is_ascii_digit());
    is_code.then(|| word.replace('o', "0"))
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
            "h37.2O.05",
            "Hoàng-Văn-Thụ",
            "phường hvt",
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
        for (typed, name) in [
            ("Sở GTVT", "Sở Giao thông vận tải"),
            ("sở TN&MT", "Sở Tài nguyên và Môi trường"),
            ("stnmt", "Sở Tài nguyên và Môi trường"),
            ("Sở LĐ-TB&XH", "Sở Lao động - Thương binh và Xã hội"),
            (
                "BQL KKT Đồng Đăng",
                "Ban Quản lý Khu kinh tế cửa khẩu Đồng Đăng - Lạng Sơn",
            ),
            ("xã Tân Mĩ", "Ủy ban nhân dân xã Tân Mỹ"),
            ("xã Quí Hoà", "Ủy ban nhân dân xã Quý Hòa"),
        ] {
            assert_eq!(fit(typed, &[name]), Some(Fit::Words), "{typed}");
        }
        assert_eq!(
            fit("xã Tân Mĩ", &["Ủy ban nhân dân xã Tân Minh"]),
            Some(Fit::Begun)
        );
        assert_eq!(
            fit("uy ban nhan dan xa tan my", &["Ủy ban nhân dân xã Tân Mỹ"]),
            Some(Fit::Exact)
        );
    }
}
