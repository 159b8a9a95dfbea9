//! Codes of procedures, as offices and portals write them.

use std::borrow::Cow;
use std::fmt;

use crate::domain::person::fold_diacritics;
use crate::domain::typed::{latin, unlabelled};

/// A code of the national database, and what is written behind it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProcedureCode {
    /// The procedure: one digit, a dot, six digits.
    pub base: String,
    /// The province whose list it stands on: `H37` in `1.004222.000.00.00.H37` and `1.004222.H37`.
    pub province: Option<String>,
    /// The case (trường hợp): `02` in `2.000635.02` and `1.014820.H53.02`.
    pub case: Option<String>,
}

/// Why a text is no code of a procedure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidCode {
    /// As given, at most its first letters.
    text: String,
    why: Why,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Why {
    /// Fewer digits than six after the dot.
    Short(usize),
    /// More than six.
    Long(usize),
    /// Something that belongs to no code follows it.
    Glued(String),
    /// A code stands inside of something else.
    Inside(String),
    Other,
}

impl fmt::Display for InvalidCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = &self.text;
        match &self.why {
            Why::Short(digits) => {
                write!(
                    f,
                    "'{text}' chỉ có {digits} chữ số sau dấu chấm, mã thủ tục có 6: bảng tính hay phần mềm có thể đã \
                     bỏ số 0 ở cuối ({text:0<8}), hoặc mã bị ngắt ở cuối dòng"
                )
            }
            Why::Long(digits) => write!(
                f,
                "'{text}' có {digits} chữ số sau dấu chấm, mã thủ tục chỉ có 6"
            ),
            Why::Glued(base) => write!(
                f,
                "'{text}' có chữ dính liền sau mã; chỉ ghi mã, như {base}, {base}.H37 hoặc {base}.01"
            ),
            Why::Inside(base) => write!(f, "'{text}' có chữ trước mã; chỉ ghi mã {base}"),
            Why::Other => write!(f, "'{text}' không có dạng 1.004964"),
        }
    }
}

impl ProcedureCode {
    /// Reads a code with or without province and case, or one that was typed short.
    ///
    /// # Errors
    /// Why it is none.
    pub fn read(text: &str) -> Result<Self, InvalidCode> {
        let text = text.trim();
        let invalid = |why| InvalidCode {
            text: text.chars().take(60).collect(),
            why,
        };
        if let Some(base) = Self::as_typed(text) {
            let (province, case) = (None, None);
            return Ok(Self {
                base,
                province,
                case,
            });
        }
        let Some((base, rest)) = leading(text) else {
            return Err(invalid(why_none(text)));
        };
        let glued = || invalid(Why::Glued(base.to_owned()));
        let mut parts: Vec<&str> = match rest.strip_prefix('.') {
            None if rest.is_empty() => Vec::new(),
            None => return Err(glued()),
            Some(rest) => rest.split('.').collect(),
        };
        if parts.starts_with(&["000", "00", "00"]) {
            parts.drain(..3);
            if !parts.first().is_some_and(|part| is_province(part)) {
                return Err(glued());
            }
        }
        let province = parts.first().filter(|part| is_province(part));
        let province = province.map(|part| part.to_ascii_uppercase());
        parts.drain(..usize::from(province.is_some()));
        let case = parts.first().filter(|part| is_case(part));
        let case = case.map(|part| (*part).to_owned());
        parts.drain(..usize::from(case.is_some()));
        match parts.is_empty() {
            true => Ok(Self {
                base: base.to_owned(),
                province,
                case,
            }),
            false => Err(glued()),
        }
    }

    /// The code of a procedure that was typed without its dot, with a comma for it, or with the letter O for zeros.
    pub fn as_typed(text: &str) -> Option<String> {
        let text = latin(text)
            .trim()
            .trim_end_matches([',', ';', ' '])
            .to_owned();
        // A full stop behind it may be where the rest was cut off.
        let text = match text.ends_with('.') {
            true => text.as_str(),
            false => unlabelled(&text),
        };
        let text = text
            .trim()
            .to_ascii_uppercase()
            .replace('O', "0")
            .replace([',', ' '], ".");
        let dotted = match (text.get(..1), text.get(1..)) {
            (Some(first), Some(rest)) if text.len() == 7 => format!("{first}.{rest}"),
            _ => text,
        };
        matches!(leading(&dotted), Some((_, ""))).then_some(dotted)
    }

    /// The procedure that a text names, if it is a code, also one that was typed short; else the text.
    pub fn base_of(text: &str) -> Cow<'_, str> {
        let text = text.trim();
        let base = match leading(text) {
            Some((base, "")) => base,
            Some((base, _)) if Self::read(text).is_ok() => base,
            _ => return Self::as_typed(text).map_or(Cow::Borrowed(text), Cow::Owned),
        };
        Cow::Borrowed(base)
    }
}

/// Two digits: `01`.
pub fn is_case(text: &str) -> bool {
    text.len() == 2 && digits(text) == 2
}

/// `H` and two digits.
fn is_province(text: &str) -> bool {
    let rest = text.strip_prefix(['H', 'h']);
    text.len() == 3 && rest.is_some_and(|rest| digits(rest) == 2)
}

fn digits(text: &str) -> usize {
    text.bytes().take_while(u8::is_ascii_digit).count()
}

/// One digit, a dot and exactly six digits at the beginning, and what follows.
fn leading(text: &str) -> Option<(&str, &str)> {
    let after = text.get(1..)?.strip_prefix('.')?;
    (digits(text) == 1 && digits(after) == 6).then(|| text.split_at(8))
}

fn why_none(text: &str) -> Why {
    let after = text.get(1..).and_then(|rest| rest.strip_prefix('.'));
    if digits(text) == 1
        && let Some(after) = after
    {
        match digits(after) {
            n @ 1..=5 if n == after.len() => return Why::Short(n),
            n if n > 6 => return Why::Long(n),
            _ => {}
        }
    }
    let inside = text.char_indices().skip(1).find_map(|(at, _)| {
        let before = text[..at].chars().next_back()?;
        let (base, _) = leading(&text[at..])?;
        (!before.is_ascii_digit() && before != '.').then(|| base.to_owned())
    });
    // The number of a dossier or of a result may look alike.
    let named = fold_diacritics(text)
        .bytes()
        .any(|b| b.is_ascii_lowercase());
    match inside {
        Some(base) if named => Why::Inside(base),
        _ => Why::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_in_the_wild_are_read() {
        for (text, base, province, case) in [
            ("1.004884", "1.004884", None, None),
            (" 1.014325\u{a0}", "1.014325", None, None),
            ("1.001612.000.00.00.H48", "1.001612", Some("H48"), None),
            ("1.012812.H19", "1.012812", Some("H19"), None),
            ("1.012812.h19", "1.012812", Some("H19"), None),
            ("2.000635.02", "2.000635", None, Some("02")),
            ("1.014820.H53.01", "1.014820", Some("H53"), Some("01")),
            (
                "1.014820.000.00.00.H53.01",
                "1.014820",
                Some("H53"),
                Some("01"),
            ),
        ] {
            let read = ProcedureCode::read(text).unwrap();
            assert_eq!(read.base, base, "{text}");
            assert_eq!(read.province.as_deref(), province, "{text}");
            assert_eq!(read.case.as_deref(), case, "{text}");
            assert_eq!(ProcedureCode::base_of(text), base, "{text}");
        }
    }

    #[test]
    fn what_is_no_code_is_told_why() {
        for (text, part) in [
            ("2.00072", "bỏ số 0 ở cuối (2.000720)"),
            ("1.00488", "bị ngắt ở cuối dòng"),
            ("1.005", "chỉ có 3 chữ số"),
            ("2.009182739", "có 9 chữ số"),
            ("1.0133611", "có 7 chữ số"),
            (
                "1.014955-Xoa",
                "chữ dính liền sau mã; chỉ ghi mã, như 1.014955",
            ),
            (
                "1.012790.000.00.00.H41-Đính chính Giấy chứng nhận",
                "như 1.012790,",
            ),
            ("1.004964.000.00.00", "dính liền"),
            ("1.004964.000.00.16.H37", "dính liền"),
            ("1.004964.H37.01.02", "dính liền"),
            ("1.004964.", "dính liền"),
            ("Thẩm định báo cáo (1.010733)", "chỉ ghi mã 1.010733"),
            ("1.011.459.01", "không có dạng"),
            ("1009525.02", "không có dạng"),
            ("000.00.53.H48-220921-0099", "không có dạng"),
            ("KQ.G15.000031", "không có dạng"),
            ("G15-TP07", "không có dạng"),
            ("Không có mã số", "không có dạng"),
            ("T-BPC-280421", "không có dạng"),
            ("019d2bfd-3fe0-70ac-b9d6-5e9e20d6eef7", "không có dạng"),
            ("Đ.123456", "không có dạng"),
            ("", "không có dạng"),
        ] {
            let error = ProcedureCode::read(text).unwrap_err().to_string();
            assert!(error.contains(part), "{text}: {error}");
            assert!(error.starts_with(&format!("'{text}'")), "{error}");
            assert_eq!(ProcedureCode::base_of(text), text);
        }
    }
}
