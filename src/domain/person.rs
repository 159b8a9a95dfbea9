//! Applicants and delegates, as they give their names on one dossier.

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use crate::domain::disclosure::holds_personal_number;
use crate::domain::email;
use crate::domain::enums::text_enum;
use crate::domain::identity::Identity;
use crate::domain::ids::PersonId;
use crate::domain::phone::{self, NoPhone};
use crate::domain::text::{GARBLED, clean, is_garbled};

/// A person or organisation as given on a dossier. Personal data: it stays out of events and logs.
#[derive(Clone, PartialEq, Eq)]
pub struct Person {
    pub name: String,
    /// Absent where the procedure does not need it.
    pub identity: Option<Identity>,
    pub phone: Option<String>,
    pub email: Option<String>,
    pub address: Option<String>,
    /// By what they want to be told of their dossier; the applicant of a dossier by e-mail or phone,
    /// whichever is given, if nothing is said, a delegate by nothing.
    pub notify_by: Option<NotifyBy>,
}

/// What a person's record is hashed with. Without it nobody can try out whose record it was: to take it
/// away, with the record, is to erase the person.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct CommitmentKey(pub [u8; 16]);

impl std::fmt::Debug for CommitmentKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("CommitmentKey")
    }
}

/// A keyed hash of a person's record: says nothing about the person, and holds for this record only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Commitment(pub [u8; 32]);

impl Serialize for Commitment {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&data_encoding::BASE64URL_NOPAD.encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for Commitment {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let bytes = data_encoding::BASE64URL_NOPAD.decode(text.as_bytes()).ok();
        let bytes = bytes.and_then(|bytes| bytes.try_into().ok());
        bytes
            .map(Self)
            .ok_or_else(|| serde::de::Error::custom(format!("'{text}' is no commitment")))
    }
}

text_enum! {
    /// By what a person wants to be told.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
    #[serde(rename_all = "snake_case")]
    pub enum NotifyBy {
        Email = "email",
        Sms = "sms",
        Zalo = "zalo",
        /// Not at all.
        None = "none",
    }
}

/// By which ways anybody can be told anything here: those that something carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ways {
    pub email: bool,
    pub sms: bool,
    pub zalo: bool,
}

impl Ways {
    pub const ALL: Self = Self {
        email: true,
        sms: true,
        zalo: true,
    };

    /// Whether a person who chose this can have it; whoever chose nothing can.
    pub const fn has(self, by: NotifyBy) -> bool {
        match by {
            NotifyBy::Email => self.email,
            NotifyBy::Sms => self.sms,
            NotifyBy::Zalo => self.zalo,
            NotifyBy::None => true,
        }
    }
}

/// One wrong field of a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPerson {
    #[error("thiếu họ tên")]
    NameMissing,
    #[error("họ tên phải có chữ")]
    NameWithoutLetters,
    #[error("họ tên {GARBLED}")]
    NameGarbled,
    #[error("đây là nội dung thẻ căn cước: quét vào ô quét thẻ ở đầu trang")]
    NameOfCard,
    #[error("địa chỉ {GARBLED}")]
    AddressGarbled,
    #[error("họ tên không ghi kèm số định danh: số có ô riêng")]
    NameWithNumber,
    #[error("địa chỉ không ghi kèm số định danh: số có ô riêng")]
    AddressWithNumber,
    #[error("họ tên dài quá 200 ký tự")]
    NameTooLong,
    #[error(
        "số điện thoại không đúng: số trong nước có 10 chữ số (di động) hoặc 11 chữ số (cố định, từ 02), số nước ngoài bắt \
         đầu bằng dấu +"
    )]
    Phone,
    #[error(
        "số điện thoại thiếu số 0 ở đầu (bảng tính thường bỏ mất); hãy kiểm tra và ghi đủ 10 chữ số, máy bàn 11"
    )]
    PhoneWithoutZero,
    #[error("{}", email::NoEmail)]
    Email,
    #[error("địa chỉ dài quá 500 ký tự")]
    AddressTooLong,
    #[error("muốn nhận tin qua thư điện tử thì cần địa chỉ thư điện tử")]
    NotifyWithoutEmail,
    #[error("muốn nhận tin qua điện thoại thì cần số di động")]
    NotifyWithoutPhone,
}

impl Person {
    /// Somebody of whom nothing but a name is known.
    pub fn named(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            identity: None,
            phone: None,
            email: None,
            address: None,
            notify_by: None,
        }
    }

    /// All that is wrong with the fields, at once.
    pub fn check(&self) -> Vec<InvalidPerson> {
        let mut wrong = Vec::new();
        if self.name.trim().is_empty() {
            wrong.push(InvalidPerson::NameMissing);
        } else if !self.name.chars().any(char::is_alphabetic) {
            wrong.push(InvalidPerson::NameWithoutLetters);
        } else if self.name.matches('|').count() >= 5 {
            wrong.push(InvalidPerson::NameOfCard);
        } else if is_garbled_name(&self.name) {
            wrong.push(InvalidPerson::NameGarbled);
        } else if holds_personal_number(&self.name) {
            wrong.push(InvalidPerson::NameWithNumber);
        }
        if self.address.as_deref().is_some_and(holds_personal_number) {
            wrong.push(InvalidPerson::AddressWithNumber);
        }
        if self.address.as_deref().is_some_and(is_garbled) {
            wrong.push(InvalidPerson::AddressGarbled);
        }
        if self.name.chars().count() > 200 {
            wrong.push(InvalidPerson::NameTooLong);
        }
        if let Some(phone) = &self.phone {
            match phone::read(phone) {
                Ok(kept) if kept == *phone => {}
                Err(NoPhone::ZeroMissing) => wrong.push(InvalidPerson::PhoneWithoutZero),
                _ => wrong.push(InvalidPerson::Phone),
            }
        }
        if let Some(email) = &self.email
            && email::read(email).as_ref() != Ok(email)
        {
            wrong.push(InvalidPerson::Email);
        }
        if self
            .address
            .as_ref()
            .is_some_and(|a| a.chars().count() > 500)
        {
            wrong.push(InvalidPerson::AddressTooLong);
        }
        match self.notify_by {
            Some(NotifyBy::Email) if self.email.is_none() => {
                wrong.push(InvalidPerson::NotifyWithoutEmail);
            }
            Some(NotifyBy::Sms | NotifyBy::Zalo) if self.mobile().is_none() => {
                wrong.push(InvalidPerson::NotifyWithoutPhone);
            }
            _ => {}
        }
        wrong
    }

    /// Whether it is no person: see [`is_organisation`].
    pub fn is_organisation(&self) -> bool {
        is_organisation(&self.name, self.identity.as_ref())
    }

    /// Their phone, if it takes short messages.
    pub fn mobile(&self) -> Option<&str> {
        let phone = self.phone.as_deref();
        phone.filter(|phone| phone::takes_messages(phone))
    }

    /// By what they are told of their dossier, and where, of the ways that there are: what they chose, or where that does
    /// not go any more the next. Without a choice an applicant by what there is, a delegate by nothing.
    pub fn told_by(&self, is_applicant: bool, ways: Ways) -> Option<(NotifyBy, &str)> {
        let reach = |by: NotifyBy| {
            let contact = match by {
                NotifyBy::Email => self.email.as_deref(),
                NotifyBy::Sms | NotifyBy::Zalo => self.mobile(),
                NotifyBy::None => None,
            };
            contact
                .filter(|_| ways.has(by))
                .map(|contact| (by, contact))
        };
        match self.notify_by {
            Some(NotifyBy::None) => return None,
            None if !is_applicant => return None,
            _ => {}
        }
        let next = [NotifyBy::Email, NotifyBy::Sms, NotifyBy::Zalo];
        self.notify_by.into_iter().chain(next).find_map(reach)
    }

    /// All that is wrong with the fields, by the names of the fields.
    pub fn wrong_fields(&self) -> impl Iterator<Item = (&'static str, InvalidPerson)> {
        self.check().into_iter().map(|invalid| {
            let field = match invalid {
                InvalidPerson::NameMissing
                | InvalidPerson::NameWithoutLetters
                | InvalidPerson::NameGarbled
                | InvalidPerson::NameOfCard
                | InvalidPerson::NameWithNumber
                | InvalidPerson::NameTooLong => "name",
                InvalidPerson::Phone | InvalidPerson::PhoneWithoutZero => "phone",
                InvalidPerson::Email => "email",
                InvalidPerson::AddressTooLong
                | InvalidPerson::AddressGarbled
                | InvalidPerson::AddressWithNumber => "address",
                InvalidPerson::NotifyWithoutEmail | InvalidPerson::NotifyWithoutPhone => {
                    "notify_by"
                }
            };
            (field, invalid)
        })
    }

    /// The commitment to this record under a key: HMAC-SHA256 over its fields, each with its length.
    pub fn commitment(&self, id: PersonId, key: &CommitmentKey) -> Commitment {
        let (kind, number) = match &self.identity {
            Some(Identity::Cccd(number)) => ("cccd", Some(number)),
            Some(Identity::Cmnd(number)) => ("cmnd", Some(number)),
            Some(Identity::Passport(number)) => ("passport", Some(number)),
            Some(Identity::TaxCode(number)) => ("tax_code", Some(number)),
            None => ("", None),
        };
        let fields = [
            Some(self.name.as_str()),
            Some(kind),
            number.map(String::as_str),
            self.phone.as_deref(),
            self.email.as_deref(),
            self.address.as_deref(),
            self.notify_by.map(NotifyBy::as_str),
        ];
        let mut bytes = b"motcua person".to_vec();
        bytes.extend(id.bytes());
        for field in fields {
            // Nothing given is not the same as an empty text.
            let length = field.map_or(u64::MAX, |text| text.len() as u64);
            bytes.extend(length.to_be_bytes());
            bytes.extend(field.unwrap_or_default().as_bytes());
        }
        Commitment(crate::domain::mac::mac_of(key.0, &[&bytes]))
    }

    /// The name as the public may see it: of a person family name and initials, `Nguyễn V. A.`, of an organisation
    /// all of it.
    pub fn public_name(&self) -> String {
        public_name(&self.name, self.is_organisation())
    }
}

/// How names begin that are no person's, for those who gave no number. Whoever writes marks writes these: `Văn Phong Nam` is
/// a person.
const ORGANISATIONS: &[&str] = &[
    "ban chấp hành",
    "ban chỉ đạo",
    "ban chỉ huy",
    "ban dân vận",
    "ban đại diện",
    "ban giải phóng mặt bằng",
    "ban liên lạc",
    "ban quản lý",
    "ban quản trị",
    "ban tổ chức",
    "ban trị sự",
    "bảo hiểm xã hội",
    "bảo tàng",
    "bến xe",
    "bệnh viện",
    "bộ chỉ huy",
    "bưu điện",
    "câu lạc bộ",
    "chi bộ",
    "chi cục",
    "chi nhánh",
    "chùa",
    "clb",
    "co opmart",
    "công an huyện",
    "công an phường",
    "công an thành phố",
    "công an thị trấn",
    "công an tỉnh",
    "công an xã",
    "công đoàn",
    "công ty",
    "cơ sở",
    "cty",
    "cục",
    "cửa hàng",
    "doanh nghiệp",
    "dntn",
    "đài phát thanh",
    "đại lý",
    "đảng bộ",
    "đảng ủy",
    "đền",
    "điểm nhóm",
    "đoàn luật sư",
    "đoàn thanh niên",
    "đoàn tncs",
    "đồn biên phòng",
    "giáo họ",
    "giáo hội",
    "giáo xứ",
    "hạt kiểm lâm",
    "hiệp hội",
    "hiệu thuốc",
    "hội",
    "hợp tác xã",
    "hđnd",
    "hkd",
    "htx",
    "htxnn",
    "hộ kinh doanh",
    "huyện ủy",
    "khách sạn",
    "kho bạc",
    "khối phố",
    "khu phố",
    "lâm trường",
    "liên đoàn",
    "liên hiệp",
    "liên minh hợp tác xã",
    "lớp mẫu giáo",
    "mặt trận",
    "miếu",
    "ngân hàng",
    "nhà hàng",
    "nhà máy",
    "nhà nghỉ",
    "nhà sách",
    "nhà thờ",
    "nhà thuốc",
    "nhà trẻ",
    "nhà văn hóa",
    "nhà xe",
    "nhà xuất bản",
    "nhóm trẻ",
    "nông trường",
    "phòng",
    "quỹ",
    "siêu thị",
    "sở",
    "tập đoàn",
    "tạp chí",
    "thanh tra",
    "thánh thất",
    "thành ủy",
    "thị ủy",
    "thiền viện",
    "thôn",
    "thư viện",
    "tịnh xá",
    "tỉnh ủy",
    "tòa án",
    "tòa giám mục",
    "tổ dân phố",
    "tổ hợp tác",
    "tổng công ty",
    "tổng cục",
    "trạm",
    "trang trại",
    "trung tâm",
    "trường cao đẳng",
    "trường đại học",
    "trường dân tộc nội trú",
    "trường mầm non",
    "trường mẫu giáo",
    "trường phổ thông",
    "trường ptdt",
    "trường pt",
    "trường ptcs",
    "trường th",
    "trường thcs",
    "trường thpt",
    "trường tiểu học",
    "trường trung cấp",
    "trường trung học",
    "tu viện",
    "ubnd",
    "ủy ban",
    "văn phòng",
    "viện",
    "vườn quốc gia",
    "xí nghiệp",
    "xưởng",
];

/// Could be a person's where no marks are written.
const MARKED_ONLY: &[&str] = &[
    "chi bộ",
    "chi cục",
    "chùa",
    "cơ sở",
    "công đoàn",
    "cục",
    "đại lý",
    "đền",
    "hội",
    "liên hiệp",
    "miếu",
    "phòng",
    "quỹ",
    "sở",
    "thanh tra",
    "thôn",
    "thư viện",
    "trạm",
    "trường pt",
    "trường th",
    "văn phòng",
    "viện",
    "xưởng",
];

/// Words that no person's name holds.
const WORDS_OF_COMPANIES: &[&str] = &["tnhh", "dntn", "jsc", "ltd", "llc", "corp", "company"];

/// How the folded names of organisations begin.
pub fn organisation_starts() -> impl Iterator<Item = String> {
    ORGANISATIONS.iter().map(|start| fold_diacritics(start))
}

/// The folded words that make any name an organisation's.
pub fn organisation_words() -> impl Iterator<Item = &'static str> {
    WORDS_OF_COMPANIES.iter().copied()
}

/// Whether it is an organisation: one with a tax code, or without any number one that is called so. The one judgement for
/// letters, masks and search.
pub fn is_organisation(name: &str, identity: Option<&Identity>) -> bool {
    match identity {
        Some(Identity::TaxCode(_)) => true,
        Some(_) => false,
        None => {
            let folded = fold_name(name);
            if folded
                .split(' ')
                .any(|word| WORDS_OF_COMPANIES.contains(&word))
            {
                return true;
            }
            // Without a single mark it was typed without.
            let unmarked = clean(name).is_ascii();
            let words = words_of_name(name);
            let given: Vec<_> = words.split_whitespace().map(letters_and_marks).collect();
            if is_called_like_a_person(&words) {
                return false;
            }
            ORGANISATIONS.iter().any(|start| {
                let rest = folded.strip_prefix(fold_diacritics(start).as_str());
                let begins = rest.is_some_and(|rest| rest.starts_with(' '));
                begins
                    && match unmarked {
                        true => !MARKED_ONLY.contains(start),
                        false => start
                            .split(' ')
                            .zip(&given)
                            .all(|(word, given)| letters_and_marks(word) == *given),
                    }
            })
        }
    }
}

/// Whether a name of few words goes on as people's do, `Phòng Văn Chung`, and not as offices', `Phòng Văn hóa`: some family
/// names are what offices are called.
fn is_called_like_a_person(words: &str) -> bool {
    const OF_OFFICES: &[&str] = &[
        "công",
        "hiến",
        "hóa",
        "học",
        "nghệ",
        "phòng",
        "thư",
        "trấn",
        "trường",
        "vật",
        "xã",
    ];
    // Of places there are many that begin with Văn.
    const OF_PLACES: &[&str] = &["bản", "chợ", "chùa", "đền", "đình", "thôn", "trường", "xã"];
    let words: Vec<_> = words.split_whitespace().map(letters_and_marks).collect();
    let is = |word: &(String, Vec<char>), known: &[&str]| {
        known.iter().any(|known| letters_and_marks(known) == *word)
    };
    match words.as_slice() {
        [first, middle, next] | [first, middle, next, _] => {
            let called = is(middle, &["thị"]) || (is(middle, &["văn"]) && !is(first, OF_PLACES));
            called && !is(next, OF_OFFICES)
        }
        _ => false,
    }
}

/// A word as its letters and its marks, wherever these are set: `Ủy` and `Uỷ` are alike.
fn letters_and_marks(word: &str) -> (String, Vec<char>) {
    let word = clean(word).to_lowercase();
    let (mut marks, letters): (Vec<char>, Vec<char>) =
        word.nfd().partition(|c| is_combining_mark(*c));
    marks.sort_unstable();
    let letters = letters.into_iter().filter(|c| c.is_alphanumeric());
    (letters.collect(), marks)
}

/// Whether a name was read in another encoding than it was written in: signs of it stand in no name.
pub fn is_garbled_name(name: &str) -> bool {
    is_garbled(name)
        || name.contains([
            '?', '|', '§', '±', '¹', '¼', '½', '¾', '×', '÷', '©', '^', '~',
        ])
}

/// Whether a letter may get to an address: it says more than that there is none.
pub fn is_somewhere(address: &str) -> bool {
    const NOTHING: &[&str] = &["biet", "chua", "co", "khong", "ko", "ro"];
    let folded = fold_diacritics(address);
    let words = folded.split(|c: char| !c.is_alphanumeric());
    let words = words.filter(|word| !word.is_empty() && !NOTHING.contains(word));
    words.map(|word| word.chars().count()).sum::<usize>() >= LEAST_OF_ADDRESS
}

/// Letters and digits of the shortest name of a village.
const LEAST_OF_ADDRESS: usize = 3;

/// A name as the public may see it: of a person family name and initials, whatever stands between the words; of a
/// single word the initial only. An organisation's name is public: whole.
pub fn public_name(name: &str, is_organisation: bool) -> String {
    if is_organisation {
        return name.to_owned();
    }
    let name: String = name.nfc().collect();
    let is_end = |c: char| !c.is_alphanumeric() && !is_combining_mark(c);
    let words: Vec<&str> = name.split(is_end).filter(|word| !word.is_empty()).collect();
    let initials = |words: &[&str]| {
        let initials = words.iter().filter_map(|word| word.chars().next());
        initials
            .map(|initial| format!("{initial}."))
            .collect::<Vec<_>>()
    };
    match words.as_slice() {
        [] => "*".to_owned(),
        [only] => initials(&[only]).join(" "),
        [family, given @ ..] => format!("{family} {}", initials(given).join(" ")),
    }
}

impl std::fmt::Debug for Person {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Person({})", public_name(&self.name, false))
    }
}

/// The key by which a person or organisation is found by name: folded; a person's words come in
/// reverse (`anh thi nguyen`), because people are called by and looked for under the given name,
/// which is the last word: whatever last words of a name are known, they are how its key begins.
/// Organisations, and names without a number that are too long to be a person's, keep the order of their words.
pub fn search_name(name: &str, identity: Option<&Identity>) -> String {
    let folded = fold_for_search(name);
    let is_long = folded.split(' ').count() > 5;
    if is_organisation(name, identity) || (identity.is_none() && is_long) {
        return folded;
    }
    last_word_first(&folded)
}

/// A name as it is looked for: `Lý` and `Lí` are one, and so are `H’Hen` and `Hhen`, `K’Brể` and `Kbre`, `Y Bhăm` and `Ybham`
/// (no other word begins with such a letter and a consonant, but for kh).
pub fn fold_for_search(name: &str) -> String {
    let folded = fold_name(name);
    let words = folded.split(' ').map(|word| {
        if let Some(first @ ('h' | 'k' | 'y')) = word.chars().next()
            && let rest = &word[1..]
            && !rest.is_empty()
            && !(first == 'k' && rest.starts_with('h'))
            && !rest.starts_with(|c: char| "aeiouy".contains(c) || !c.is_alphabetic())
        {
            return format!("{first} {rest}");
        }
        i_for_y(word)
    });
    words.collect::<Vec<_>>().join(" ")
}

/// A word in small letters that ends in y behind a consonant, with i: `Lý` and `Lí`, `Quý` and `Quí` are one. Its marks, if it
/// has any, stand behind their letters.
pub fn i_for_y(word: &str) -> String {
    let letters = word.trim_end_matches(is_combining_mark);
    let stem = letters.strip_suffix('y').unwrap_or_default();
    let consonant = |c: char| !"aeiouy".contains(c) && !is_combining_mark(c);
    match stem.ends_with("qu") || stem.ends_with(consonant) {
        true => format!("{stem}i{}", &word[letters.len()..]),
        false => word.to_owned(),
    }
}

/// The name of whom a household business is of, where it is called by that.
pub fn owner_of_household(name: &str) -> Option<String> {
    let name = words_of_name(name);
    let words: Vec<&str> = name.split_whitespace().collect();
    ["ho kinh doanh", "hkd"].into_iter().find_map(|form| {
        let (first, owner) = words.split_at_checked(form.split(' ').count())?;
        let called = !owner.is_empty() && fold_diacritics(&first.join(" ")) == form;
        called.then(|| owner.join(" "))
    })
}

/// The other ways in which the name of an organisation is written that was looked for: each of its forms by law whole or in
/// letters (`htx`), folded for a search.
pub fn other_spellings(searched: &str) -> Vec<String> {
    /// Three forms in a name, each in two ways.
    const MOST: usize = 8;
    let mut found = vec![format!(" {searched} ")];
    for (short, long) in SHORT_FORMS {
        let (short, long) = (format!(" {short} "), format!(" {long} "));
        for known in found.clone() {
            for (form, other) in [(&short, &long), (&long, &short)] {
                let new = known.replace(form.as_str(), other);
                if found.len() < MOST && !found.contains(&new) {
                    found.push(new);
                }
            }
        }
    }
    let others = found.into_iter().skip(1);
    others.map(|other| other.trim().to_owned()).collect()
}

/// How what organisations are by law is written short (`HTX`, `Cty`), folded for a search.
const SHORT_FORMS: &[(&str, &str)] = &[
    ("ctcp", "cong ti cp"),
    ("cti", "cong ti"),
    ("cp", "co phan"),
    ("cn", "chi nhanh"),
    ("dntn", "doanh nghiep tu nhan"),
    ("h kd", "ho kinh doanh"),
    ("h tx", "hop tac xa"),
    ("h dnd", "hoi dong nhan dan"),
    ("mtv", "mot thanh vien"),
    ("thcs", "trung hoc co so"),
    ("thpt", "trung hoc pho thong"),
    ("tht", "to hop tac"),
    ("tm", "thuong mai"),
    ("tnhh", "trach nhiem huu han"),
    ("ubnd", "uy ban nhan dan"),
    ("vpcc", "van phong cong chung"),
    ("xd", "xay dung"),
];

/// `nguyen thi anh` as `anh thi nguyen`.
pub fn last_word_first(folded: &str) -> String {
    let words: Vec<&str> = folded.rsplit(' ').collect();
    words.join(" ")
}

/// Folds the name of a person or organisation: what stands between its words (`Lý A-Sình`, `Co.opmart`, a full stop at the
/// end) is nothing, and `&` is `và`.
pub fn fold_name(name: &str) -> String {
    fold_diacritics(&words_of_name(name))
}

/// A name with plain spaces between its words.
fn words_of_name(name: &str) -> String {
    // `H’Hen` is looked for as `h hen`.
    let is_between = |c: char| is_apostrophe(c) || (!c.is_alphanumeric() && !is_combining_mark(c));
    let name = clean(name).replace('&', " và ");
    name.replace(is_between, " ")
}

/// Folds a Vietnamese text for comparing: lower case, without diacritics and apostrophes (`Y' Bih`, which phones write
/// `Y’ Bih`), đ as d, single spaces.
pub fn fold_diacritics(text: &str) -> String {
    if text.bytes().all(|b| b.is_ascii_graphic() && b != b'\'') {
        return text.to_ascii_lowercase();
    }
    let text = clean(text);
    let mut folded = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        let kept = folded.len();
        if kept > 0 {
            folded.push(' ');
        }
        let before = folded.len();
        folded.extend(
            word.nfd()
                .filter(|c| !is_combining_mark(*c) && !is_apostrophe(*c))
                .flat_map(char::to_lowercase)
                // And what is typed for it on foreign keyboards.
                .map(|c| {
                    if matches!(c, 'đ' | 'ð' | 'ɖ') {
                        'd'
                    } else {
                        c
                    }
                }),
        );
        if folded.len() == before {
            folded.truncate(kept);
        }
    }
    folded
}

const fn is_apostrophe(c: char) -> bool {
    matches!(c, '\'' | '‘' | '’' | 'ʼ' | '`' | '´' | '′')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folds_vietnamese() {
        for name in ["Y' Bih Êban", "Y’ Bih Êban", "y bih eban"] {
            assert_eq!(fold_diacritics(name), "y bih eban");
        }
        assert_eq!(
            fold_diacritics("  Đặng  Thị Ngọc ÁNH "),
            "dang thi ngoc anh"
        );
        assert_eq!(fold_diacritics("Ðặng Hù\u{200b}ng Ɖ"), "dang hung d");
    }

    #[test]
    fn what_stands_between_the_words_of_a_name_is_nothing() {
        for (name, same) in [
            ("Lý A-Sình", "Lý A Sình"),
            ("Nguyễn Thị Ánh.", "Nguyễn Thị Ánh"),
            ("Công ty A & B", "Công ty A và B"),
            ("Công ty “An Phát”", "Công ty An Phát"),
            ("Co.opmart Lạng Sơn", "Co opmart Lạng Sơn"),
        ] {
            assert_eq!(search_name(name, None), search_name(same, None), "{name}");
        }
    }

    #[test]
    fn people_are_found_by_given_name() {
        assert_eq!(search_name("Nguyễn Thị Ánh", None), "anh thi nguyen");
        let code = Identity::organisation("4900123456").unwrap();
        let name = "Công ty Ánh Dương";
        assert_eq!(search_name(name, Some(&code)), "cong ti anh duong");
        assert_eq!(search_name("Lý", None), "li");
        assert_eq!(search_name("Hợp tác xã Na Chi", None), "hop tac xa na chi");
        let long = "Công Tằng Tôn Nữ Thị Thử";
        let person = Identity::person("020185000123").ok();
        assert_eq!(
            search_name(long, person.as_ref()),
            "thu thi nu ton tang cong"
        );
    }

    #[test]
    fn organisations_are_known_by_how_they_are_called() {
        for name in [
            "Công ty TNHH Đá Vôi",
            "CÔNG TY TNHH ĐÁ VÔI",
            "Cong ty TNHH Da Voi",
            "UBND xã Kháng Chiến",
            "Uỷ ban nhân dân xã Kháng Chiến",
            "Trường THPT Chu Văn An",
            "Trường TH Hoàng Văn Thụ",
            "truong thcs chu van an",
            "Hợp tác xã Na Chi",
            "HTX Na Chi",
            "Văn phòng công chứng Lan",
            "Tòa án nhân dân khu vực 1",
            "Toà án nhân dân tỉnh",
            "Viện Kiểm sát nhân dân",
            "Hội Cựu chiến binh",
            "Liên đoàn Lao động",
            "Chùa Thành",
            "Giáo xứ Cửa Nam",
            "Công đoàn Sở Y tế",
            "Co.opmart Lạng Sơn",
            "Ánh Dương Co., Ltd",
            "An Phát TNHH",
            "Thôn Nà Pàn",
            "Phòng Văn hóa",
            "Phòng Văn hoá Thông tin",
            "Sở Văn hóa, Thể thao và Du lịch",
            "Thôn Văn Lãng",
        ] {
            assert!(is_organisation(name, None), "{name}");
            assert_eq!(Person::named(name).public_name(), name);
        }
        for name in [
            "Nguyễn Thị Ánh",
            "Công Tằng Tôn Nữ Thị Thử",
            "Nguyễn Phúc Bảo Long An Khang",
            "Phòng Văn Chung",
            "Sở Thị Hoa",
            "Hội Thị Lan Anh",
            "Đoàn Văn Công",
            "Văn Phong",
            "Văn Phong Nam",
            "Van Phong Nam",
            "Trương Thị Hoa",
            "Truong Thi Hoa",
            "Trường",
            "Trung Tam",
            "Công Ty",
            "Hồi Văn Nam",
            "Hoi Van Nam",
            "Viên Thị Lan",
            "Vien Thi Lan",
            "Tô Dân Phong",
            "Phong Thị Hoa",
            "Chu A Páo",
            "Bàn Văn Quản",
            "Liên Thị Hoa",
            "Đinh Văn Nam",
            "Thánh Thị Sơ",
            "",
        ] {
            assert!(!is_organisation(name, None), "{name}");
        }
        let person = Identity::person("020185000123").ok();
        assert!(!is_organisation("Hộ kinh doanh Lan", person.as_ref()));
        let company = Identity::organisation("4900123456").ok();
        assert!(is_organisation("Ánh Dương", company.as_ref()));
    }

    #[test]
    fn names_every_wrong_field() {
        let person = Person {
            name: " ".into(),
            identity: None,
            phone: Some("12".into()),
            notify_by: None,
            email: Some("a@b".into()),
            address: None,
        };
        use InvalidPerson::{Email, NameMissing, Phone};
        assert_eq!(person.check(), [NameMissing, Phone, Email]);
    }

    #[test]
    fn people_are_told_as_they_chose_or_by_the_next_way_there_is() {
        use NotifyBy::{Email, Sms, Zalo};
        let (phone, email) = ("0912345678", "anh@example.vn");
        let person = |notify_by, has_phone: bool, has_email: bool| Person {
            name: "Nguyễn Thị Ánh".into(),
            identity: None,
            phone: has_phone.then(|| phone.into()),
            email: has_email.then(|| email.into()),
            address: None,
            notify_by,
        };
        let mail_only = Ways {
            sms: false,
            zalo: false,
            ..Ways::ALL
        };
        let no_mail = Ways {
            email: false,
            ..Ways::ALL
        };
        fn by(person: &Person, ways: Ways) -> Option<(NotifyBy, &str)> {
            person.told_by(true, ways)
        }
        assert_eq!(
            by(&person(None, true, true), Ways::ALL),
            Some((Email, email))
        );
        assert_eq!(by(&person(None, true, true), no_mail), Some((Sms, phone)));
        assert_eq!(
            by(&person(Some(Zalo), true, true), Ways::ALL),
            Some((Zalo, phone))
        );
        assert_eq!(
            by(&person(Some(Zalo), true, true), mail_only),
            Some((Email, email))
        );
        assert_eq!(by(&person(Some(Sms), true, false), mail_only), None);
        assert_eq!(
            by(&person(Some(NotifyBy::None), true, true), Ways::ALL),
            None
        );
        assert_eq!(person(None, true, true).told_by(false, Ways::ALL), None);
        let chosen = person(Some(Sms), true, false);
        assert_eq!(chosen.told_by(false, Ways::ALL), Some((Sms, phone)));
        use InvalidPerson::{NotifyWithoutEmail, NotifyWithoutPhone};
        assert_eq!(
            person(Some(Email), true, false).check(),
            [NotifyWithoutEmail]
        );
        assert_eq!(
            person(Some(Zalo), false, true).check(),
            [NotifyWithoutPhone]
        );
        assert_eq!(person(Some(Sms), false, true).check(), [NotifyWithoutPhone]);
        assert_eq!(person(Some(NotifyBy::None), false, false).check(), []);
        // A line in a house takes no short message.
        let mut at_home = person(None, true, false);
        at_home.phone = Some("02053812345".into());
        assert_eq!(by(&at_home, Ways::ALL), None);
        at_home.notify_by = Some(Sms);
        assert_eq!(at_home.check(), [NotifyWithoutPhone]);
    }

    #[test]
    fn a_commitment_holds_for_one_record_and_key() {
        use crate::domain::moment::Moment;
        let person = Person {
            name: "Nguyễn Văn An".into(),
            identity: Identity::person("020185000123").ok(),
            phone: Some("0912345678".into()),
            notify_by: None,
            email: None,
            address: None,
        };
        let id = PersonId::new(Moment::from_unix_millis(0), [1; 10]);
        let key = CommitmentKey([7; 16]);
        let commitment = person.commitment(id, &key);
        let json = serde_json::to_string(&commitment).unwrap();
        assert_eq!(
            serde_json::from_str::<Commitment>(&json).unwrap(),
            commitment
        );
        assert!(serde_json::from_str::<Commitment>("\"AA\"").is_err());
        let other = PersonId::new(Moment::from_unix_millis(0), [2; 10]);
        let mut seen = vec![
            commitment,
            person.commitment(other, &key),
            person.commitment(id, &CommitmentKey([8; 16])),
        ];
        for change in [
            |p: &mut Person| p.name = "Nguyễn Văn Ân".into(),
            |p: &mut Person| p.identity = Identity::person("020185000124").ok(),
            |p: &mut Person| p.identity = None,
            |p: &mut Person| p.phone = Some(String::new()),
            |p: &mut Person| p.phone = None,
            |p: &mut Person| p.email = Some("0912345678".into()),
            |p: &mut Person| p.address = Some("Lạng Sơn".into()),
            |p: &mut Person| p.notify_by = Some(NotifyBy::Sms),
        ] {
            let mut changed = person.clone();
            change(&mut changed);
            seen.push(changed.commitment(id, &key));
        }
        let different: std::collections::HashSet<_> = seen.iter().collect();
        assert_eq!(different.len(), seen.len());
    }

    #[test]
    fn masks_the_name() {
        let person = Person {
            name: "Nguyễn Văn An".into(),
            identity: None,
            phone: None,
            notify_by: None,
            email: None,
            address: None,
        };
        assert_eq!(person.public_name(), "Nguyễn V. A.");
        for (name, shown) in [
            ("Sơn", "S."),
            ("Nguyễn_Văn_Bí", "Nguyễn V. B."),
            ("Nguyễn.Văn-Bí", "Nguyễn V. B."),
            (" Nguyễn  Văn\u{200b}Bí ", "Nguyễn V. B."),
            ("So\u{31b}n", "S."),
            ("Ánh (Nguyễn Thị)", "Ánh N. T."),
            ("...", "*"),
            ("", "*"),
        ] {
            assert_eq!(public_name(name, false), shown, "{name}");
        }
        let company = "Công ty TNHH Một_Thành_Viên";
        assert_eq!(public_name(company, true), company);
        assert_eq!(format!("{person:?}"), "Person(Nguyễn V. A.)");
    }
}
