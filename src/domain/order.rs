//! The order of Vietnamese lists, the same whatever the database: that of dictionaries. Letters first (a ă â b c d đ e ê
//! … o ô ơ … u ư …), where a syllable is the same by them its tone (ngang, huyền, hỏi, ngã, sắc, nặng, as in CLDR's
//! collation for `vi`), syllable by syllable. Large and small letters and marks between words do not count; numbers
//! within names go by what they say (Phường 2 before Phường 10).

use unicode_normalization::UnicodeNormalization;

/// The letters in their order; those that are in it for words from elsewhere (f j w z) at their places.
const LETTERS: &str = "aăâbcdđeêfghijklmnoôơpqrstuưvwxyz";

/// Where a text stands: texts are in the order of these.
pub fn place(text: &str) -> String {
    let mut place = String::with_capacity(text.len() * 2);
    let words = text.split(|c: char| !c.is_alphanumeric() && !is_mark(c));
    for word in words.filter(|word| !word.is_empty()) {
        put_word(&mut place, word);
    }
    place
}

/// Where a person stands: by the given name, which is the last word, then by the others from the first.
pub fn place_of_person(name: &str) -> String {
    let name = name.trim();
    let (others, given) = name.rsplit_once(char::is_whitespace).unwrap_or(("", name));
    place(given) + &place(others)
}

const fn is_mark(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}')
}

/// A word and then its tones, each with a blank behind it, which comes before whatever goes on.
fn put_word(place: &mut String, word: &str) {
    let mut tones = String::new();
    let mut letters = word.nfd().flat_map(char::to_lowercase).peekable();
    while let Some(letter) = letters.next() {
        if letter.is_ascii_digit() {
            let mut digits = String::from(letter);
            while let Some(digit) = letters.next_if(char::is_ascii_digit) {
                digits.push(digit);
            }
            let digits = digits.trim_start_matches('0');
            // How long a number is says how large it is.
            let length = u8::try_from(digits.len().min(9)).unwrap_or(9);
            place.push(char::from(b'0' + length));
            place.push_str(digits);
            continue;
        }
        let mut whole = letter;
        while let Some(mark) = letters.next_if(|c| is_mark(*c)) {
            match mark {
                '\u{300}' => tones.push('1'),
                '\u{309}' => tones.push('2'),
                '\u{303}' => tones.push('3'),
                '\u{301}' => tones.push('4'),
                '\u{323}' => tones.push('5'),
                other => {
                    let composed = [whole, other].into_iter().nfc().next();
                    let known = composed.filter(|composed| LETTERS.contains(*composed));
                    whole = known.unwrap_or(whole);
                }
            }
        }
        place.push(of_letter(whole));
    }
    place.push(' ');
    place.push_str(&tones);
    place.push(' ');
}

fn of_letter(letter: char) -> char {
    let position = LETTERS.chars().position(|known| known == letter);
    let position = position.and_then(|position| u8::try_from(position).ok());
    // Letters of other alphabets come behind ours.
    position.map_or(letter, |position| char::from(b'A' + position))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sorted(place: fn(&str) -> String, names: &[&str]) {
        let mut found = names.to_vec();
        found.reverse();
        found.sort_by_cached_key(|name| place(name));
        assert_eq!(found, names);
    }

    #[test]
    fn letters_then_tones_syllable_by_syllable() {
        sorted(
            place,
            &[
                "an",
                "An Bình",
                "àn",
                "ản",
                "ãn",
                "Án Anh",
                "ạn",
                "anh",
                "ăn",
                "Ân",
                "b",
                "Dung",
                "Dũng",
                "dương",
                "Đất đai",
                "đỏ",
                "e",
                "ê",
                "hưng",
                "o",
                "ô",
                "ơ",
                "Thuỷ",
                "u",
                "ư",
                "x",
                "ý",
            ],
        );
        sorted(
            place,
            &[
                "Phường 1",
                "phường 2",
                "Phường 10",
                "Phường An",
                "Sở Nội vụ",
                "Ủy ban nhân dân xã Bình",
            ],
        );
        // However it is typed, composed or not, and with the tone over whichever letter.
        assert_eq!(place("Hòa  Bình"), place("hoà-bình"));
        assert_eq!(place("Ơ\u{300}"), place("O\u{31b}\u{300}"));
        assert!(place("Zalo") < place("Жук"));
        assert!(place("") < place("1"));
    }

    #[test]
    fn people_go_by_their_given_names() {
        sorted(
            place_of_person,
            &[
                "An",
                "Lê Văn An",
                "Đặng Thị Ánh",
                "Nguyễn Thị Ánh",
                "Nguyễn Văn Ánh",
                "Lê Dũng",
                "Bùi Văn Đạt",
                "Đỗ Văn Đạt",
                "Trần Hùng",
                "Trần Hưng",
            ],
        );
    }
}
