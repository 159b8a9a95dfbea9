//! What a text that is to be published still gives away of people.

use chrono::NaiveDate;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use crate::domain::case_number::CaseNumber;
use crate::domain::identity::Identity;
use crate::domain::person::{
    Person, fold_diacritics, i_for_y, is_organisation, owner_of_household,
};
use crate::domain::phone;
use crate::domain::text::{clean, plain_dash};
use crate::domain::typed::{latin, like_digit};

/// What a text gives away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Disclosure {
    #[error("còn họ tên của người liên quan")]
    Name,
    #[error("còn số điện thoại của người liên quan")]
    Phone,
    #[error("còn địa chỉ thư điện tử của người liên quan")]
    Email,
    #[error("còn địa chỉ của người liên quan")]
    Address,
    #[error(
        "còn dãy 9 hoặc 12 chữ số, có thể là số định danh; nếu là số tiền thì viết bằng chữ, ví dụ \
         150 triệu đồng"
    )]
    IdentityNumber,
    #[error("còn mã tra cứu: ai biết mã đều xem được")]
    Code,
    #[error("còn mã hồ sơ")]
    CaseNumber,
}

/// All that the text gives away: names, phone numbers, e-mail addresses and where `people` live, and
/// whatever could be an identity number of anybody.
pub fn disclosures(text: &str, people: &[Person]) -> Vec<Disclosure> {
    // Digits and letters of other widths count as what they look like.
    let text: String = clean(text).nfkc().collect();
    let numbers = numbers(&text);
    let addresses = parts_of_addresses(&text);
    let mut found = Vec::new();
    let mut add = |found_it: bool, what| {
        if found_it {
            found.push(what);
        }
    };
    let any = |test: &dyn Fn(&Person) -> bool| people.iter().any(test);
    add(any(&|person| names(&text, &person.name)), Disclosure::Name);
    let digits = digits(&text);
    let phones = |person: &Person| {
        // It may have been kept as it was typed.
        let phone = person.phone.as_deref();
        let phone = phone.map(|kept| phone::read(kept).unwrap_or_else(|_| kept.to_owned()));
        phone.is_some_and(|phone| {
            // People of the same place leave the area's code out.
            let local = phone
                .starts_with("02")
                .then(|| &phone[phone.len().saturating_sub(7)..]);
            let whole = |text: &String| Some(text.as_str()) == local;
            digits
                .iter()
                .any(|text| text.contains(national(&phone)) || whole(text))
        })
    };
    add(any(&phones), Disclosure::Phone);
    let emails = |person: &Person| {
        let email = person.email.as_deref().map(parts_of_addresses);
        email.is_some_and(|email| addresses.contains(&email))
    };
    add(any(&emails), Disclosure::Email);
    let lives = |person: &Person| {
        let address = person.address.as_deref();
        address.is_some_and(|address| tells_where(&text, address))
    };
    add(any(&lives), Disclosure::Address);
    let own = |person: &Person| {
        let Some(number) = person.identity.as_ref().map(Identity::number) else {
            return false;
        };
        // A branch has the tax code of its head.
        let head = bare(number.split('-').next().unwrap_or_default());
        digits.iter().any(|text| text.contains(&head))
    };
    let identity = numbers.iter().any(|number| [9, 12].contains(&number.len())) || any(&own);
    add(identity, Disclosure::IdentityNumber);
    found
}

/// Whether a text tells of one of these people: by name, phone number, e-mail address or identity number.
pub fn gives_away(text: &str, people: &[Person]) -> bool {
    let told = disclosures(text, people);
    let known = told.iter().any(|what| *what != Disclosure::IdentityNumber);
    known || {
        let digits = digits(&clean(text));
        let numbers = people.iter().filter_map(|person| person.identity.as_ref());
        let mut numbers = numbers.map(|identity| identity.number());
        numbers.any(|number| digits.iter().any(|digits| digits.contains(&bare(number))))
    }
}

/// Whether a text holds a personal number, however its digits are set apart: no note needs one. Of nine digits, which may be
/// money or a parcel too, one that is called CMND.
pub fn holds_personal_number(text: &str) -> bool {
    let text = clean(text);
    let called = |words: &str| {
        let folded = fold_diacritics(&words.replace('.', ""));
        OLD_CARD.iter().any(|name| folded.contains(name))
    };
    let old = |number: &String| number.len() == 9 && called(&text);
    let mut numbers = numbers(&text).into_iter();
    numbers.any(|number| match number.len() {
        12 => Identity::person(&number).is_ok(),
        _ => old(&number),
    })
}

/// A text that others wrote, as it is shown: of personal numbers the last three digits are left.
pub fn without_numbers(text: &str) -> String {
    if !holds_personal_number(text) {
        return text.to_owned();
    }
    let digits = |text: &str| text.chars().filter(char::is_ascii_digit).count();
    let hide = |text: &str| {
        let mut left = digits(text);
        let shown = text.chars().map(|c| match c.is_ascii_digit() {
            true => {
                left -= 1;
                if left < 3 { c } else { '*' }
            }
            false => c,
        });
        shown.collect::<String>()
    };
    let words = text.split_inclusive(char::is_whitespace);
    let hidden: String = words
        .map(
            |word| match holds_personal_number(word) || digits(word) == 9 {
                true => hide(word),
                false => word.to_owned(),
            },
        )
        .collect();
    match holds_personal_number(&hidden) {
        // Its digits are set apart: which are whose, nobody can tell.
        true => hide(text),
        false => hidden,
    }
}

/// How the card is called whose number has nine digits.
const OLD_CARD: &[&str] = &["cmnd", "cmt", "chung minh", "so cm "];

/// Whether a text holds a code, whatever marks stand between its letters.
pub fn holds_code(text: &str, code: &str) -> bool {
    let letters = |text: &str| -> String {
        let kept = text.chars().filter(|c| c.is_alphanumeric());
        kept.flat_map(char::to_uppercase).collect()
    };
    let alike = |text: String| -> String { text.chars().map(like_a_letter).collect() };
    let text = alike(letters(&latin(&clean(text))));
    text.contains(&alike(letters(code)))
}

/// The letter of codes that a digit looks like; they have no 0, 1, 8 and 9 of their own.
const fn like_a_letter(c: char) -> char {
    match c {
        '0' => 'O',
        '1' | 'L' => 'I',
        '5' => 'S',
        '8' => 'B',
        c => c,
    }
}

/// Whether a text holds a case number, as people and banks write one.
pub fn holds_case_number(text: &str) -> bool {
    CaseNumber::parse(text).is_ok() || !CaseNumber::candidates(text).is_empty() || {
        // Its end, by which desks find it: `261128-0159`.
        let text = with_digits(text);
        let mut runs = text.split(|c: char| !c.is_ascii_digit() && c != '-');
        runs.any(|run| {
            let parts = run.split_once('-');
            parts.is_some_and(|(day, number)| {
                day.len() == 6
                    && (3..=5).contains(&number.len())
                    && NaiveDate::parse_from_str(&format!("20{day}"), "%Y%m%d").is_ok()
            })
        })
    }
}

/// The letters and digits of a text with nothing between them, nor what people write for the marks of an e-mail address.
fn parts_of_addresses(text: &str) -> String {
    let words = text.split(|c: char| !c.is_alphanumeric());
    let words = words.map(|word| fold_diacritics(&latin(word)));
    let words = words.filter(|word| !["a", "at", "cham", "cong", "dot"].contains(&word.as_str()));
    words.collect()
}

/// What is said where a note holds one.
pub const PERSONAL_NUMBER: &str = "không ghi số định danh ở đây: số đã có trong hồ sơ";

/// Whether the text holds the words of the name one after the other: spelt, glued together, or all but the given name as
/// initials; of an organisation also without what it is by law.
fn names(text: &str, name: &str) -> bool {
    // A name of one word is often an everyday word under other marks.
    let words = |text: &str| -> Vec<String> {
        let words = split_words(text).map(|word| latin(&letters_for_digits(word)).into_owned());
        match name.split_whitespace().count() {
            1 => words.map(|word| i_for_y(&word.to_lowercase())).collect(),
            _ => words.map(|word| i_for_y(&fold_diacritics(&word))).collect(),
        }
    };
    let name: String = clean(name).nfkc().collect();
    let by_given_name = tells_of_person(text, &name);
    let (text, mut name) = (words(text), words(&name));
    if is_organisation(&name.join(" "), None) {
        let by_law = name
            .iter()
            .take_while(|word| LEGAL_FORMS.contains(&word.as_str()));
        let by_law = by_law.count();
        // What is left has to say more than a place.
        if name.len() >= by_law + 2 {
            name.drain(..by_law);
        }
    }
    let whole = name.concat();
    let is_long = whole.chars().count() >= LEAST_SPELT;
    let spelt = is_long && spelt(&text).any(|run| run.contains(&whole));
    let glued = is_long && name.len() > 1 && is_glued(&text, &whole);
    let initials = name.len() > 2
        && text
            .windows(name.len())
            .any(|part| is_with_initials(part, &name));
    let plain = || text.windows(name.len()).any(|part| part == name);
    let sorted = |words: &[String]| {
        let mut words = words.to_vec();
        words.sort();
        words
    };
    // The given name first, as on foreign forms.
    let turned = || {
        let of_name = sorted(&name);
        let mut parts = text.windows(name.len());
        name.len() > 2 && parts.any(|part| sorted(part) == of_name)
    };
    !name.is_empty() && (by_given_name || spelt || glued || initials || plain() || turned())
}

/// Whether a person is written of by a part of the name; the owner of a household business as well.
fn tells_of_person(text: &str, name: &str) -> bool {
    let is_told = |name: &str| {
        is_by_given_name(text, name) || is_shortened(text, name) || is_by_first_name(text, name)
    };
    is_told(name) || owner_of_household(name).is_some_and(|owner| is_told(&owner))
}

/// How people are spoken of before their given name.
const TITLES: &[&str] = &[
    "anh", "bà", "bác", "cháu", "chị", "chú", "cô", "cụ", "dì", "em", "mợ", "ông", "thím",
];

/// What stands before a given name only if that has a capital letter: `bác sĩ Hạnh`, `tên là Sỹ`, `đ/c Sỹ`.
const OTHER_TITLES: &[&str] = &[
    "a", "b", "bố", "c", "chí", "chồng", "giáo", "gửi", "hộ", "là", "má", "mẹ", "mế", "nộp", "ô",
    "sĩ", "sỹ", "tên", "thầy", "viên", "vợ",
];

/// Given names that are everyday words behind a title: `bà cả`, `em bé`, `ông ba`.
const EVERYDAY: &[&str] = &[
    "ba", "bé", "bảy", "cả", "chín", "con", "chủ", "già", "hai", "hàng", "hiền", "mình", "mười",
    "năm", "nhà", "sáu", "ta", "tám", "trai", "gái", "tư", "út", "xã",
];

fn split_words(text: &str) -> impl Iterator<Item = &str> {
    let words = text.split(|c: char| !c.is_alphanumeric() && !is_combining_mark(c));
    words.filter(|word| !word.is_empty())
}

/// The words of a text as they stand, and each as it is compared: in small letters, its tone behind it, i for y.
fn words_of(text: &str) -> (Vec<&str>, Vec<String>) {
    let words: Vec<&str> = split_words(text).collect();
    let said = words.iter().map(|word| i_for_y(&tone_last(word))).collect();
    (words, said)
}

/// Whether a person is spoken of by the given name alone, `chị Hỏi`: with its marks, for without them it is mostly another
/// word.
fn is_by_given_name(text: &str, name: &str) -> bool {
    let (_, name_words) = words_of(name);
    if name_words.len() < 2 || is_organisation(name, None) {
        return false;
    }
    let everyday = name_words.last().is_some_and(|given| {
        EVERYDAY
            .iter()
            .any(|word| i_for_y(&tone_last(word)) == *given)
    });
    let (words, said) = words_of(text);
    // The given name, or with what stands before it: `chị Thúy Hòa`.
    let behind = |at: usize| {
        let mut ends = (1..name_words.len()).map(|first| &name_words[first..]);
        ends.any(|end| said[at..].starts_with(end))
    };
    (1..words.len()).any(|at| {
        let title = words[at - 1].to_lowercase();
        let capital = words[at].starts_with(char::is_uppercase);
        // In small letters it is mostly the beginning of something else: `chị hòa giải`.
        let alone = !everyday && ends_clause(text, words[at]);
        let called = TITLES.contains(&title.as_str()) && (capital || alone);
        let named = capital && OTHER_TITLES.contains(&title.as_str());
        (called || named) && behind(at)
    })
}

/// Whether nothing of the same clause stands behind a word of the text.
fn ends_clause(text: &str, word: &str) -> bool {
    let mut places = text
        .match_indices(word)
        .map(|(at, _)| &text[at + word.len()..]);
    let ends = |behind: &str| {
        let next = behind.trim_start_matches(' ').chars().next();
        next.is_none_or(|c| !c.is_alphanumeric())
    };
    places.any(ends)
}

/// Whether somebody of the Highlands is written of by the first name, which is the given one: `H’Hen`, `chị Hen`, `Y Bhăm`.
fn is_by_first_name(text: &str, name: &str) -> bool {
    let (_, name_words) = words_of(name);
    let [mark, given, ..] = name_words.as_slice() else {
        return false;
    };
    if !["h", "k", "y"].contains(&mark.as_str()) || is_organisation(name, None) {
        return false;
    }
    let (words, said) = words_of(text);
    let unmarked = fold_diacritics(given);
    let is_given = |word: &String| word == given || *word == unmarked;
    let glued = format!("{mark}{given}");
    (0..said.len()).any(|at| {
        let before = at
            .checked_sub(1)
            .map(|before| (words[before].to_lowercase(), &said[before]));
        let called = before.is_some_and(|(title, mark_before)| {
            TITLES.contains(&title.as_str()) || mark_before == mark
        });
        (called && is_given(&said[at]))
            || said[at] == glued
            || said[at] == format!("{mark}{unmarked}")
    })
}

/// A word in small letters with its tone behind them: `Hòa` and `Hoà` are one.
fn tone_last(word: &str) -> String {
    let is_tone = |c: &char| "\u{300}\u{301}\u{303}\u{309}\u{323}".contains(*c);
    let letters: Vec<char> = word.to_lowercase().nfd().collect();
    let (tones, mut rest): (Vec<char>, Vec<char>) = letters.into_iter().partition(is_tone);
    rest.extend(tones);
    rest.into_iter().collect()
}

/// What organisations are by law, and how their names begin that say nothing else.
const LEGAL_FORMS: &[&str] = &[
    "ban", "ca", "co", "cong", "cp", "cty", "dich", "dntn", "doanh", "ho", "hkd", "hop", "htx",
    "huu", "kinh", "mot", "mtv", "nghiep", "nhan", "phan", "sx", "tac", "thanh", "the", "thuong",
    "tm", "tnhh", "trach", "tu", "ty", "va", "vien", "vu", "xa", "nhiem", "han",
];

/// Whether words of the text, written together or one after the other, are the whole name.
fn is_glued(text: &[String], whole: &str) -> bool {
    let within = text.iter().any(|word| word.contains(whole));
    within
        || (0..text.len()).any(|first| {
            let mut rest = whole;
            for word in &text[first..] {
                match rest.strip_prefix(word.as_str()) {
                    Some("") => return true,
                    Some(after) => rest = after,
                    None => return false,
                }
            }
            false
        })
}

/// Whether these words are the name with initials for some of it, but for the given name: `Đặng V. Hùng`.
fn is_with_initials(words: &[String], name: &[String]) -> bool {
    let (Some((word, words)), Some((given, name))) = (words.split_last(), name.split_last()) else {
        return false;
    };
    word == given
        && words.iter().zip(name).all(|(word, name)| {
            word == name || (word.chars().count() == 1 && name.starts_with(word.as_str()))
        })
}

/// Whether a person is written of with some of the name left out, `Đặng Hùng`, `T. Hương`, `Hùng Đặng`, `#danghung`: with
/// their marks, unless the text has none at all.
fn is_shortened(text: &str, name: &str) -> bool {
    let unmarked = text.is_ascii();
    let plain = |words: Vec<String>| -> Vec<String> {
        match unmarked {
            true => words.iter().map(|word| fold_diacritics(word)).collect(),
            false => words,
        }
    };
    let name_words = plain(words_of(name).1);
    let Some((given, others)) = name_words.split_last() else {
        return false;
    };
    if others.is_empty() || is_organisation(name, None) {
        return false;
    }
    let (as_written, said) = words_of(text);
    let words = plain(said);
    let is_initial = |word: &str| word.chars().filter(|c| !is_combining_mark(*c)).count() == 1;
    let fits = |at: usize, part: &[String]| {
        let Some((last, before)) = part.split_last() else {
            return false;
        };
        // Without the family name, as in `Mai Hoa`, they are a name where they have capital letters.
        let capitals = || {
            let mut written = as_written[at..at + part.len()].iter();
            written.all(|word| word.starts_with(char::is_uppercase))
        };
        // Many are called Thị and Văn.
        let begins = before.first().is_some_and(|first| {
            let own = !["thi", "van"].contains(&fold_diacritics(first).as_str());
            is_initial(first) || others.first() == Some(first) || (own && capitals())
        });
        let mut rest = others.iter();
        let is_part = |word: &String| {
            let initial = is_initial(word);
            rest.any(|other| word == other || (initial && other.starts_with(word.as_str())))
        };
        // Its mark does not stand behind the same letters.
        let of_given = |word: &String| {
            word == given || (is_initial(word) && word.chars().next() == given.chars().next())
        };
        let turned = part.len() == 2 && *last == others[0] && of_given(&before[0]) && capitals();
        // All but the given name, of which the initial stands.
        let whole = before == others && of_given(last) && capitals();
        turned || whole || (last == given && begins && before.iter().all(is_part))
    };
    let mut lengths = 2..=name_words.len().max(2);
    let written = lengths.any(|length| {
        let mut parts = words.windows(length).enumerate();
        parts.any(|(at, part)| fits(at, part))
    });
    written
        || is_glued_in_part(&as_written, &name_words)
        || is_of_initials(&as_written, &name_words)
}

/// Whether a word is the initials of the name, `ĐVH`, or these and the given name behind them: `NTÁnh`.
fn is_of_initials(words: &[&str], name: &[String]) -> bool {
    let Some((given, others)) = name.split_last() else {
        return false;
    };
    let others: String = others
        .iter()
        .filter_map(|word| word.chars().next())
        .collect();
    let initials = format!("{others}{}", given.chars().next().unwrap_or_default());
    let with_given = format!("{others}{given}");
    words.iter().any(|word| {
        let capitals = word.chars().take_while(|c| c.is_uppercase()).count();
        let said = i_for_y(&tone_last(word));
        (capitals >= 3 && said == initials) || (capitals >= 2 && said == with_given)
    })
}

/// Whether a word is some of the name written together, perhaps with a number behind it: `#danghung`, `HoaPhung99`.
fn is_glued_in_part(words: &[&str], name: &[String]) -> bool {
    let folded: Vec<String> = name
        .iter()
        .map(|word| i_for_y(&fold_diacritics(word)))
        .collect();
    let (Some(given), Some(family)) = (folded.last(), folded.first()) else {
        return false;
    };
    // From the family name or a later one on to the given name, and the two turned round.
    let mut parts: Vec<String> = (0..folded.len() - 1)
        .map(|first| folded[first..].concat())
        .collect();
    parts.push(format!("{family}{given}"));
    parts.push(format!("{given}{family}"));
    if folded.len() > 3 {
        parts.push(format!("{family}{}{given}", folded[folded.len() - 2]));
    }
    parts.retain(|part| part.len() >= LEAST_GLUED);
    words.iter().any(|word| {
        let word = i_for_y(fold_diacritics(word).trim_end_matches(|c: char| c.is_ascii_digit()));
        parts.contains(&word)
    })
}

/// Shorter ones are everyday words too.
const LEAST_GLUED: usize = 6;

/// A word with the letters that its digits look like: `C0n`.
fn letters_for_digits(word: &str) -> String {
    match word.contains(char::is_alphabetic) {
        true => word.replace('0', "o").replace('1', "l"),
        false => word.to_owned(),
    }
}

/// A number without what stands between its digits.
fn bare(number: &str) -> String {
    number.chars().filter(char::is_ascii_digit).collect()
}

/// A shorter name may be in any letters that stand alone.
const LEAST_SPELT: usize = 4;

/// What is spelt letter by letter, `n g u y e n`, each run in one.
fn spelt(words: &[String]) -> impl Iterator<Item = String> {
    let runs = words.split(|word| word.chars().nth(1).is_some());
    runs.map(<[String]>::concat)
}

/// Whether the text holds where somebody lives as exactly as a house or village: the address up to its first comma, or its
/// first words. A commune or a town alone is nobody's.
fn tells_where(text: &str, address: &str) -> bool {
    let words = |text: &str| -> Vec<String> {
        let words = text.split(|c: char| !c.is_alphanumeric());
        let words = words.map(fold_diacritics);
        // `Số 12` is `12`, `12 đường Lê Lợi` `12 Lê Lợi`.
        words
            .filter(|word| !word.is_empty() && !NOT_OF_ADDRESS.contains(&word.as_str()))
            .collect()
    };
    let address: String = clean(address).nfkc().collect();
    let mut house = words(address.split([',', ';', '\n']).next().unwrap_or_default());
    if house.len() < LEAST_OF_ADDRESS {
        house = words(&address).into_iter().take(LEAST_OF_ADDRESS).collect();
    }
    let is_large = LARGE.iter().any(|large| house.join(" ").starts_with(large));
    !is_large
        && house.len() >= LEAST_OF_ADDRESS
        && words(text).windows(house.len()).any(|part| part == house)
}

/// What people put before a house's number, or leave out.
const NOT_OF_ADDRESS: &[&str] = &["duong", "nha", "so"];

/// How many words of an address say where a house is.
const LEAST_OF_ADDRESS: usize = 3;

/// How what is larger than a village is called.
const LARGE: &[&str] = &[
    "huyen ",
    "phuong ",
    "quan ",
    "thanh pho ",
    "thi tran ",
    "thi xa ",
    "tinh ",
    "tp ",
    "xa ",
];

/// A phone number without the zero or the country code that it begins with.
fn national(phone: &str) -> &str {
    let digits = phone.strip_prefix('+').unwrap_or(phone);
    let national = digits
        .strip_prefix('0')
        .or_else(|| digits.strip_prefix("84"));
    national.unwrap_or(digits)
}

/// Digits of the text with no letters between them: whatever marks people set into phone numbers, to read or to hide them.
fn digits(text: &str) -> Vec<String> {
    let text = with_digits(text);
    let runs = text.split(char::is_alphabetic);
    let digits = runs.map(|run| run.chars().filter(char::is_ascii_digit).collect());
    digits.filter(|run: &String| !run.is_empty()).collect()
}

/// Every way in which digits of the text can be read as one number: groups of them with one mark between them, the same all
/// along, perhaps with spaces around it. Case numbers are none, and the letter O among digits is a zero.
fn numbers(text: &str) -> Vec<String> {
    let is_end = |c: char| !c.is_alphanumeric();
    let text = with_digits(text);
    let words = text.split_whitespace();
    let words = words.map(|word| match CaseNumber::exact(word.trim_matches(is_end)) {
        Some(_) => "x",
        None => word,
    });
    let mut text = String::new();
    for word in words {
        let is_mark = |c: char| MARKS.contains(&c) && c != ' ';
        let goes_on = text.ends_with(is_mark) || word.starts_with(is_mark);
        if !text.is_empty() && !goes_on {
            text.push(' ');
        }
        text += word;
    }
    let mut found = Vec::new();
    for separator in MARKS {
        let runs = text.split(|c: char| !c.is_ascii_digit() && c != separator);
        for run in runs {
            let groups: Vec<&str> = run.split(separator).collect();
            // An empty group is two separators in a row, where a number ends.
            for groups in groups.split(|group| group.is_empty()) {
                for first in 0..groups.len() {
                    let mut number = String::new();
                    for group in &groups[first..] {
                        number += group;
                        if number.len() > MOST_DIGITS {
                            break;
                        }
                        found.push(number.clone());
                    }
                }
            }
        }
    }
    found
}

/// What people set between groups of digits.
const MARKS: [char; 6] = [' ', '.', '-', ',', '/', '_'];

/// A text with plain dashes, and with digits for the letters that look like them in words of numbers: `O2O`, `7ll`.
fn with_digits(text: &str) -> String {
    let text: String = text.chars().map(plain_dash).collect();
    let text = latin(&text);
    let mut plain = String::with_capacity(text.len());
    let mut after_number = false;
    for word in text.split_inclusive(char::is_whitespace) {
        let letters = |c: char| c.is_alphabetic() && like_a_digit(c).is_none();
        let own = word.contains(|c: char| c.is_ascii_digit());
        // `0977 lll 222`: between numbers it is one.
        let is_number = !word.contains(letters) && (own || after_number);
        match is_number {
            true => plain.extend(word.chars().map(|c| like_a_digit(c).unwrap_or(c))),
            false => plain += word,
        }
        after_number = is_number;
    }
    plain
}

/// More generous than where a number is read: here nothing is kept of it.
fn like_a_digit(c: char) -> Option<char> {
    match c {
        'S' | 's' => Some('5'),
        'Q' | 'D' => Some('0'),
        'i' | '|' => Some('1'),
        c => like_digit(c),
    }
}

/// No identity number is longer.
const MOST_DIGITS: usize = 12;

#[cfg(test)]
mod tests {
    #[test]
    fn personal_numbers_that_others_wrote_are_not_shown() {
        for (written, shown) in [
            (
                "nop le phi H37.20.01-261128-0004",
                "nop le phi H37.20.01-261128-0004",
            ),
            (
                "Nguyen Van A 020185000123 chuyen tien",
                "Nguyen Van A *********123 chuyen tien",
            ),
            ("cccd:020185000123, le phi", "cccd:*********123, le phi"),
            ("so 020 185 000 123", "so *** *** *** 123"),
            ("CMND 081234567", "CMND ******567"),
            ("FT26330123456789", "FT26330123456789"),
        ] {
            assert_eq!(without_numbers(written), shown);
        }
    }

    use super::*;

    fn of(text: &str) -> Vec<Disclosure> {
        let person = |name: &str| Person {
            notify_by: None,
            name: name.to_owned(),
            identity: None,
            phone: Some("0912345678".to_owned()),
            email: Some("Anh@example.vn".to_owned()),
            address: None,
        };
        disclosures(text, &[person("Nguyễn Thị Ánh"), person("Lan")])
    }

    #[test]
    fn finds_people_however_they_are_written() {
        use Disclosure::{Email, IdentityNumber, Name, Phone};
        for (text, what) in [
            ("Bà NGUYEN  THI ANH, thôn Nà Lốc", Name),
            ("nguyễn thị\nánh", Name),
            ("chị Ánh ở đây", Name),
            ("bà Thị Ánh", Name),
            ("tên là Ánh Nguyễn Thị", Name),
            ("chị Lan nói", Name),
            ("Ông Nguyễn Ánh chờ lâu", Name),
            ("T. Ánh", Name),
            ("bà N. Ánh", Name),
            ("bà N g u y ễ n  T h ị  Á n h nói", Name),
            ("bà N.g.u.y.ễ.n T-h-ị Á_n_h", Name),
            ("Nguyễn \u{422}hị Ánh", Name),
            ("Nguyễn Thị \u{391}\u{301}nh", Name),
            ("gọi 0912.345.678 nhé", Phone),
            ("gọi (+84) 912 345 678", Phone),
            ("gọi 84912345678, 0912.345 678", Phone),
            ("phòng 3 0912-345.678", Phone),
            ("gọi ０９１２３４５６７８", Phone),
            ("gọi 0912/345/678", Phone),
            ("gọi 0912,345,678", Phone),
            ("gọi 0912_345_678", Phone),
            ("gọi 0912*345·678", Phone),
            ("thư anh @ example.vn", Email),
            ("thư anh (a) example.vn", Email),
            ("thư anh [at] example (dot) vn", Email),
            ("thư anh a còng example chấm vn", Email),
            ("gọi 0912\u{200b}345678", Phone),
            ("Nguyễn Thị Á\u{ad}nh", Name),
            ("N\u{200b}guyễn Thị Ánh", Name),
            ("thư ANH@EXAMPLE.VN.", Email),
            ("số 5 020 185 000 123", IdentityNumber),
            ("CCCD:020185000123", IdentityNumber),
            ("số 02009000S555", IdentityNumber),
            ("gọi 0912.34S.678", Phone),
            ("gọi O9l2 345 678", Phone),
            ("gọi NguyễnThịÁnh", Name),
            ("#nguyenthianh", Name),
            ("facebook.com/nguyenthianh", Name),
            ("Nguyễn ThịÁnh", Name),
            ("Nguyễn T. Ánh", Name),
            ("N.T.Ánh", Name),
            ("N\u{332}guyễn Thị Ánh", Name),
            ("CMND 082-123-456", IdentityNumber),
            ("số 020,185,000,123", IdentityNumber),
            ("số 020/185/000/123", IdentityNumber),
            ("số 020_185_000_123", IdentityNumber),
            ("số 020 - 185 - 000 - 123", IdentityNumber),
            ("số 020, 185, 000, 123", IdentityNumber),
            ("số O2O185OOO123.", IdentityNumber),
        ] {
            assert!(of(text).contains(&what), "{text}: {:?}", of(text));
        }
        let all = of("Nguyễn Thị Ánh 0912345678 anh@example.vn 020185000123");
        assert_eq!(all, [Name, Phone, Email, IdentityNumber]);
    }

    #[test]
    fn finds_people_by_any_part_that_is_a_name() {
        let told = |name: &str, text: &str| !disclosures(text, &[Person::named(name)]).is_empty();
        for (name, text) in [
            ("Đặng Văn Hùng", "Ông Đặng Hùng chờ lâu"),
            ("Trần Thị Thu Hương", "Bà Trần Thu Hương"),
            ("Trần Thị Thu Hương", "chị T. Hương"),
            ("Trần Thị Thu Hương", "Thu Hương chờ lâu"),
            ("Trần Văn Sỹ", "Sỹ Trần"),
            ("Nguyễn Thị Ánh", "Bà Nguyễn Thị Á. nói"),
            ("Nguyễn Thị Ánh", "do NTÁnh gửi"),
            ("Đặng Văn Hùng", "ĐVH phản ánh"),
            ("Phùng Thị Hoa", "bà H. Phùng"),
            ("Trần Văn Sỹ", "ông Sĩ, ông  sỹ"),
            ("Trần Văn Sỹ", "xem #transy"),
            ("Trần Văn Sỹ", "người nộp: Sỹ"),
            ("Phùng Thị Mai Hoa", "HoaPhung"),
            ("Phùng Thị Mai Hoa", "phunghoa99"),
            ("Phùng Thị Mai Hoa", "phungmaihoa"),
            ("Phùng Thị Mai Hoa", "bác sĩ Hoa"),
            ("Bế Thị Hạnh", "bà hạnh"),
            ("Lý Thị Mỹ", "Lí Thị Mĩ"),
            ("Lý Thị Mỹ", "Lý Thị Mĩ"),
            ("H'Hen Niê", "chị H’Hen"),
            ("H'Hen Niê", "chị Hen"),
            ("H'Hen Niê", "HHen phản ánh"),
            ("Y Bhăm Êban", "ông Y Bham"),
            ("Y Bhăm Êban", "ông Bhăm"),
            ("K'Brể", "K’Bre"),
            ("K'Brể", "ông Brể"),
            ("HKD Vi Văn Tám", "hộ Vi Văn Tám"),
            ("HKD Vi Văn Tám", "ông Vi Tám"),
            ("Hộ kinh doanh Vi Văn Tâm", "ông Vi Tâm"),
        ] {
            assert!(told(name, text), "{name}: {text}");
        }
        for (name, text) in [
            ("Trần Văn Chính", "Chính quyền giải quyết chậm"),
            ("Nguyễn Thị Mai", "ngày mai đến nhận, hoa mai"),
            ("Phùng Thị Mai Hoa", "bông hoa, mai hoa"),
            ("Nguyễn Văn Hai", "ông hai bà ba"),
            ("Nguyễn Thị Ánh", "Nguyễn Anh Đào"),
            ("Nguyễn Thị Ánh", "Nguyễn Thị Hoa, NTH"),
            ("Đặng Văn Hùng", "UBND, ĐKKS, TTHC, HĐND"),
            ("Y Bhăm Êban", "y tế, ý kiến"),
            ("H'Hen Niê", "hen suyễn từ 8h"),
        ] {
            assert!(!told(name, text), "{name}: {text}");
        }
        assert!(holds_case_number("hồ sơ 261128-0159"));
        assert!(!holds_case_number(
            "điện thoại 0205-381, ngày 28-11-2026, số 999999-1234"
        ));
    }

    #[test]
    fn a_personal_number_is_known_however_it_is_set() {
        for text in [
            "CCCD 020185000123",
            "số 020 185 000 123.",
            "020.185.000.123",
            "020,185,000,123",
            "O2O185OOO123",
            "CMND 082123456",
            "số chứng minh: 082.123.456",
        ] {
            assert!(holds_personal_number(text), "{text}");
        }
        for text in [
            "200.000.000.000 đồng",
            "H37.20.01-261126-0001",
            "gọi 0912345678",
            "100.000.000",
            "mã vận đơn 123456789",
            "ngày 15/09/2021 lúc 07:30, 16/09/2021",
            "",
        ] {
            assert!(!holds_personal_number(text), "{text}");
        }
    }

    #[test]
    fn tells_of_these_people_only() {
        let person = Person {
            notify_by: None,
            name: "Nguyễn Thị Ánh".to_owned(),
            identity: Identity::person("020185000123").ok(),
            phone: Some("0912345678".to_owned()),
            email: None,
            address: None,
        };
        let people = [person];
        for text in [
            "bà NGUYEN THI ANH nộp",
            "gọi 0912.345.678",
            "CCCD 020 185 000 123",
        ] {
            assert!(gives_away(text, &people), "{text}");
        }
        for text in ["CCCD 020185000124", "0912345679", "Nguyễn Thị Hoa", ""] {
            assert!(!gives_away(text, &people), "{text}");
        }
    }

    #[test]
    fn finds_where_people_live() {
        let living = |address: &str| {
            let mut person = Person::named("Lan");
            person.address = Some(address.to_owned());
            [person]
        };
        for (address, text) in [
            (
                "Số 12 ngõ 3 phố Muối, phường Kỳ Lừa",
                "nhà số 12, ngõ 3, phố Muối",
            ),
            ("Số 12, ngõ 3, phố Muối", "đến 12 ngõ 3 hỏi"),
            ("Thôn Nà Lốc, xã Bắc La", "người ở thon na loc"),
            ("12 Trần Phú", "12 TRẦN PHÚ"),
            ("12 Lê Lợi", "nhà số 12 đường Lê Lợi"),
        ] {
            assert_eq!(
                disclosures(text, &living(address)),
                [Disclosure::Address],
                "{text}"
            );
            assert!(gives_away(text, &living(address)), "{text}");
        }
        for (address, text) in [
            ("Thành phố Lạng Sơn", "nộp tại UBND thành phố Lạng Sơn"),
            ("xã Bắc La, huyện Văn Lãng", "UBND xã Bắc La"),
            ("Số 12 ngõ 3 phố Muối", "nhà số 12 ngõ 4 phố Muối"),
            ("", "nộp tại đây"),
        ] {
            assert_eq!(disclosures(text, &living(address)), [], "{text}");
        }
    }

    #[test]
    fn finds_names_wherever_their_tones_stand_and_codes_whatever_they_look_like() {
        let known = [Person::named("Nguyễn Thị Thúy Hòa")];
        for text in [
            "chị Hoà",
            "bà Thuý Hoà",
            "chị Thúy Hòa",
            "Nguyễn Thị Thuý Hoà",
        ] {
            assert_eq!(disclosures(text, &known), [Disclosure::Name], "{text}");
        }
        assert_eq!(disclosures("chị hòa giải; bà Hoa", &known), []);
        let mut company = Person::named("Công ty TNHH Nà Lốc");
        company.identity = Some(Identity::organisation("4900123456-001").unwrap());
        for text in ["MST 4900 123 456", "490O123456"] {
            assert!(
                disclosures(text, std::slice::from_ref(&company))
                    .contains(&Disclosure::IdentityNumber),
                "{text}"
            );
        }
        for text in ["mã SDHCLR310Q", "sdhclr3ioq", "SDHCLR 3I0Q"] {
            assert!(holds_code(text, "SDHCLR3IOQ"), "{text}");
        }
        for text in ["hồ sơ H3720012611280134", "H37.20.01/261128/0130"] {
            assert!(holds_case_number(text), "{text}");
        }
        assert!(!holds_case_number(
            "ngày 01/03/2021 lúc 07:30, 1.000.000 đồng"
        ));
    }

    #[test]
    fn finds_who_was_kept_as_typed() {
        use Disclosure::{Name, Phone};
        let kept = Person {
            notify_by: None,
            name: "Ðặng Văn Hù\u{200b}ng".to_owned(),
            identity: None,
            phone: Some("+84 (0)912-345-678".to_owned()),
            email: None,
            address: None,
        };
        let text = "ông Đặng Văn Hùng, số 0912.345.678";
        assert_eq!(disclosures(text, &[kept]), [Name, Phone]);
    }

    #[test]
    fn leaves_the_rest_alone() {
        for text in [
            "Hồ sơ H37.20.01-210301-0001, nhận ngày 01/03/2021 lúc 07:30, hẹn 15.09.2021.",
            "Chị Nguyễn Anh Đào đi làn đường khác; 1.000.000 đồng; 36.545 hồ sơ",
            "Thị Ánh; nhà số 12-34; 2021 2022; 0912345679; Lân",
            "",
        ] {
            assert_eq!(of(text), [], "{text}");
        }
        // Nobody known, nothing but numbers to find.
        assert_eq!(disclosures("Nguyễn Thị Ánh 0912345678", &[]), []);
    }
}
