//! Finding a dossier by what an applicant brings along: the case number, a phone or identity
//! number, the name without its marks.

use std::collections::HashMap;

use crate::domain::case_number::{CaseNumber, NumberEnd};
use crate::domain::identity::Identity;
use crate::domain::ids::{DossierId, PersonId, UnitId};
use crate::domain::moment::Moment;
use crate::domain::person::{fold_diacritics, fold_for_search, last_word_first, other_spellings};
use crate::domain::phone;
use crate::error::{Error, WrongField};
use crate::store::lists::{self, Listed, Reach};
use crate::store::persons::{self, Among, Candidate, NameWalk, PersonWalk};
use crate::store::reference::Reference;
use crate::store::{Conn, Store, dossiers};
use crate::views::list::{ListItem, show};

/// How many people a search looks at for one page.
const BUDGET: usize = 3000;
/// How many names it goes past for one page, where only some of an index are wanted: more than any single unit has.
const PASSES: usize = 400_000;
/// The most people that are fetched at once.
const CHUNK: u32 = 300;

/// What is searched for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SearchFor {
    CaseNumber(CaseNumber),
    /// Whatever unit it is of.
    NumberEnd(NumberEnd),
    Phone(String),
    Identity(Identity),
    /// Words of the name, folded.
    Name(Vec<String>),
}

impl SearchFor {
    /// What a text is likely to be: whatever has the form of a number is one, else a name. Ten
    /// digits may be a phone number or a tax code: all that it may be, in the order to try.
    pub fn guess(text: &str) -> Vec<Self> {
        let mut found = Self::number(text);
        if found
            .iter()
            .any(|found| matches!(found, Self::CaseNumber(_)))
        {
            return found;
        }
        // Beside a name the number says more: `Tô Văn Số 0934567890`.
        let digits = text.split(|c: char| !c.is_ascii_digit());
        let long = digits.filter(|digits| digits.len() >= LEAST_OF_A_NUMBER);
        let mut ways: Vec<&str> = std::iter::once(text).chain(long).collect();
        ways.dedup();
        for way in &ways {
            found.extend(Self::phone(way));
        }
        for way in ways {
            found.extend(Self::identity(way));
        }
        let mut seen = Vec::new();
        found.retain(|one| {
            !seen.contains(one) && {
                seen.push(one.clone());
                true
            }
        });
        if found.is_empty() {
            found.extend(Self::name(text));
            let searched = fold_for_search(without_title(text));
            let others = other_spellings(&searched).into_iter();
            found.extend(others.map(|other| Self::words(&other)));
        }
        found
    }

    fn identity(text: &str) -> Option<Self> {
        // Behind what it is called: `CCCD 020085000124`.
        let bare = text.trim_start_matches(|c: char| c.is_alphabetic() || c == ':' || c == ' ');
        let identity = [text, bare].into_iter().find_map(|text| {
            let person = Identity::person(text);
            // A spreadsheet may have taken its zero.
            let zero = || Identity::person(&format!("0{text}"));
            let whole = |text: &str| text.len() == 11 && text.bytes().all(|b| b.is_ascii_digit());
            let person = match person {
                Err(_) if whole(text) => zero(),
                person => person,
            };
            person.or_else(|_| Identity::organisation(text)).ok()
        });
        identity.map(Self::Identity)
    }

    /// A case number, or its end.
    pub fn number(text: &str) -> Vec<Self> {
        let numbers = CaseNumber::candidates(text).into_iter();
        let end = NumberEnd::read(text).map(Self::NumberEnd);
        numbers.map(Self::CaseNumber).chain(end).collect()
    }

    /// A phone number, as it is kept and as it may have been kept before.
    pub fn phone(text: &str) -> Vec<Self> {
        let spellings = phone::spellings(text).into_iter();
        spellings.map(Self::Phone).collect()
    }

    pub fn name(text: &str) -> Option<Self> {
        let folded = fold_for_search(without_title(text));
        (folded.chars().any(char::is_alphanumeric)).then(|| Self::words(&folded))
    }

    fn words(folded: &str) -> Self {
        let words = folded.split(' ').filter(|word| !word.is_empty());
        Self::Name(words.map(str::to_owned).collect())
    }
}

/// A phone number or an old card has no less digits.
const LEAST_OF_A_NUMBER: usize = 9;

/// How people are called to, and what a name is called.
const TITLES: &[&str] = &["ong", "ba", "anh", "chi", "em", "ho", "va", "ten"];

/// A name without what people are called before it, if two words of it are left.
fn without_title(text: &str) -> &str {
    let mut rest = text.trim_start();
    loop {
        let Some((word, behind)) = rest.split_once([' ', ':']) else {
            return rest;
        };
        let behind = behind.trim_start_matches([' ', ':']);
        let title = TITLES.contains(&fold_diacritics(word).as_str());
        if !title || behind.split_whitespace().count() < 2 {
            return rest;
        }
        rest = behind;
    }
}

/// Where a search by name goes on.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Place {
    /// Which of the walks.
    walk: usize,
    /// Behind whom; `None`: at the beginning of the walk.
    after: Option<(String, PersonId)>,
}

/// A page of what was found.
#[derive(Debug, Clone)]
pub struct FoundPage {
    pub items: Vec<ListItem>,
    pub next: Option<Place>,
}

/// Finds dossiers within `reach` that have something to do with it, by name where it is one.
///
/// # Errors
/// An empty search, or an error of the store.
pub fn search(
    store: &Store,
    search: &[SearchFor],
    reach: UnitId,
    after: Option<Place>,
    limit: usize,
    now: Moment,
) -> Result<FoundPage, Error> {
    if search.is_empty() {
        return Err(Error::Invalid(vec![WrongField {
            pointer: "/text".to_owned(),
            reason: "cần mã hồ sơ, số điện thoại, số định danh hoặc họ tên".to_owned(),
        }]));
    }
    store.read_with_reference(|conn, reference| {
        let reach = Reach::of(reference, reach);
        let walks: Vec<Walk> = search
            .iter()
            .flat_map(|search| Walk::of(search, &reach))
            .collect();
        let mut found = Found::new(limit);
        // Numbers are few, and stand on the first page.
        if after.is_none() {
            let ids = dossiers::find_ids(conn, &numbers(search, reference))?;
            found.rows = lists::by_ids(conn, &ids)?;
            found.rows.retain(|listed| reach.covers(listed));
            found
                .rows
                .sort_by_key(|row| std::cmp::Reverse(row.entered_at));
            found.rows.truncate(limit);
        }
        // Few units take in for others, or have others' dossiers: without these two most searches are over sooner.
        let mut nobody = Vec::new();
        if walks
            .iter()
            .any(|walk| matches!(walk.along, PersonWalk::Name(_)))
        {
            for among in among(&reach) {
                let may_be_nobody = matches!(among, Among::Receiving(_) | Among::Holder(_));
                if may_be_nobody && !persons::any(conn, among)? {
                    nobody.push(among);
                }
            }
        }
        let first = after.as_ref().map_or(0, |place| place.walk);
        let mut place = after.and_then(|place| place.after);
        for (number, walk) in walks.iter().enumerate().skip(first) {
            let earlier = walks.get(..number).unwrap_or_default();
            let begin = place.take();
            let stopped = match found.is_full() {
                true => Some(begin),
                // Its place among the others stays.
                false if walk.is_among(&nobody) => None,
                false => walk.go(conn, &reach, earlier, begin, &mut found)?,
            };
            if let Some(after) = stopped {
                let walk = number;
                found.next = Some(Place { walk, after });
                break;
            }
        }
        let Found { rows, next, .. } = found;
        Ok(FoundPage {
            items: show(conn, reference, rows, now)?,
            next,
        })
    })
}

/// The case numbers that are looked for; of the end of one, that of each unit.
fn numbers(search: &[SearchFor], reference: &Reference) -> Vec<CaseNumber> {
    let units = reference.units().all();
    let mut numbers = Vec::new();
    for search in search {
        match search {
            SearchFor::CaseNumber(number) => numbers.push(number.clone()),
            SearchFor::NumberEnd(end) => {
                let codes = units.iter().map(|unit| unit.code.as_str());
                numbers.extend(codes.filter_map(|code| end.of_unit(code, reference.norms())));
            }
            SearchFor::Phone(_) | SearchFor::Identity(_) | SearchFor::Name(_) => {}
        }
    }
    numbers
}

struct Found {
    rows: Vec<Listed>,
    next: Option<Place>,
    limit: usize,
    /// How many people may still be looked at.
    budget: usize,
    /// How many names may still be gone past.
    passes: usize,
}

impl Found {
    const fn new(limit: usize) -> Self {
        Self {
            rows: Vec::new(),
            next: None,
            limit,
            budget: BUDGET,
            passes: PASSES,
        }
    }

    const fn is_full(&self) -> bool {
        self.rows.len() >= self.limit || self.budget == 0 || self.passes == 0
    }
}

/// How well a name fits the words that are looked for, best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fit {
    /// Its last words, as people are called by; or of what is filed as it is written, the first ones.
    Whole,
    /// Its last words and its first ones, with others between them: family and given name.
    Apart,
    /// Whole words anywhere.
    Inside,
    /// As the first, but for the last word typed, which only begins a word.
    Begun,
    /// As that anywhere.
    BegunInside,
}

impl Fit {
    const ALL: [Self; 5] = [
        Self::Whole,
        Self::Apart,
        Self::Inside,
        Self::Begun,
        Self::BegunInside,
    ];

    /// Whether somebody's name fits the words so; `filed` is how it is filed.
    fn holds(self, words: &[String], filed: &str, name: &str) -> bool {
        let (written, begins) = (words.join(" "), last_word_first(&words.join(" ")));
        let starts = |text: &str| {
            let rest = filed.strip_prefix(text);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
        };
        let Some((last, before)) = words.split_last() else {
            return false;
        };
        // By how they are filed, these two.
        let name = match self {
            Self::Whole | Self::Begun => String::new(),
            Self::Apart | Self::Inside | Self::BegunInside => fold_for_search(name),
        };
        let name: Vec<&str> = name.split(' ').collect();
        match self {
            Self::Whole => starts(&begins) || starts(&written),
            Self::Apart => {
                name.len() > words.len()
                    && (1..words.len()).any(|first| {
                        let (first, last) = words.split_at(first);
                        name[..first.len()] == *first && name[name.len() - last.len()..] == *last
                    })
            }
            Self::Inside => name.windows(words.len()).any(|run| run == words),
            Self::Begun => {
                let mut backwards = filed.split(' ');
                let reversed = before.iter().rev().map(String::as_str);
                filed.starts_with(&written)
                    || (backwards.next().is_some_and(|word| word.starts_with(last))
                        && backwards.take(before.len()).eq(reversed))
            }
            Self::BegunInside => name.windows(words.len()).any(|run| {
                let (end, run) = run.split_last().unwrap_or((&"", &[]));
                run == before && end.starts_with(last)
            }),
        }
    }

    /// Along which names to go for it: what is filed as people are, and as it is written.
    fn walks(self, words: &[String]) -> Vec<(String, Option<String>, Vec<String>)> {
        let written = words.join(" ");
        let begins = last_word_first(&written);
        let (Some(first), Some(last)) = (words.first(), words.last()) else {
            return Vec::new();
        };
        // Behind a word there is a space or nothing; what comes right behind a space is `!`.
        let whole = |text: &str| (text.to_owned(), Some(format!("{text}!")));
        // The highest code point there is: whatever begins with the text lies below.
        let begun = |text: &str| (text.to_owned(), Some(format!("{text}\u{10FFFF}")));
        let all = (String::new(), None);
        // Whoever types a percent sign finds a little more on the way; a backslash would take its meaning.
        let like = |text: String| text.replace('\\', "_");
        let with = |(from, before): (String, Option<String>), patterns: Vec<String>| {
            let mut patterns: Vec<_> = patterns.into_iter().map(like).collect();
            patterns.dedup();
            (from, before, patterns)
        };
        let mut walks = match self {
            Self::Whole => vec![
                with(whole(&begins), Vec::new()),
                with(whole(&written), Vec::new()),
            ],
            Self::Apart if words.len() == 1 => Vec::new(),
            Self::Apart => vec![with(whole(last), vec![format!("% {first}")])],
            // What a search name begins with has been found already.
            Self::Inside => vec![with(
                all,
                vec![format!("% {begins}%"), format!("% {written}%")],
            )],
            Self::Begun => {
                let rest = begins.strip_prefix(last.as_str()).unwrap_or_default();
                let people = match rest {
                    "" => Vec::new(),
                    rest => vec![format!("{last}%{rest}%")],
                };
                vec![with(begun(last), people), with(begun(&written), Vec::new())]
            }
            Self::BegunInside => {
                let rest = begins.strip_prefix(last.as_str()).unwrap_or_default();
                vec![with(
                    all,
                    vec![format!("% {last}%{rest}%"), format!("% {written}%")],
                )]
            }
        };
        walks.dedup();
        walks
    }
}

/// Of how many units the people are gone through one after the other: a commune and those that it goes on with.
const MOST_UNITS: usize = 20;

/// Where the reader has few units, the indexes of each one's people, the newest unit first.
fn among(reach: &Reach) -> Vec<Among> {
    let of_each: [fn(UnitId) -> Among; 3] = [Among::Unit, Among::Receiving, Among::Holder];
    match reach {
        Reach::Units(units) if (1..=MOST_UNITS).contains(&units.len()) => {
            let newest_first = units.iter().rev();
            let each = newest_first.flat_map(|unit| of_each.map(|among| among(*unit)));
            each.collect()
        }
        _ => vec![Among::All],
    }
}

/// A walk along one index of people.
struct Walk {
    along: PersonWalk,
    /// Of a name: whom it finds.
    fit: Option<(Fit, Vec<String>)>,
}

impl Walk {
    /// The walks of a search.
    fn of(search: &SearchFor, reach: &Reach) -> Vec<Self> {
        let walk = |along| Self { along, fit: None };
        match search {
            SearchFor::CaseNumber(_) | SearchFor::NumberEnd(_) => Vec::new(),
            SearchFor::Phone(number) => vec![
                walk(PersonWalk::Phone(number.clone())),
                walk(PersonWalk::OldPhone(number.clone())),
            ],
            SearchFor::Identity(identity) => vec![walk(PersonWalk::Identity(identity.clone()))],
            SearchFor::Name(words) => {
                let among = among(reach);
                let mut walks = Vec::new();
                for fit in Fit::ALL {
                    for (from, before, like) in fit.walks(words) {
                        walks.extend(among.iter().map(|among| Self {
                            along: PersonWalk::Name(NameWalk {
                                from: from.clone(),
                                before: before.clone(),
                                like: like.clone(),
                                among: *among,
                            }),
                            fit: Some((fit, words.clone())),
                        }));
                    }
                }
                walks
            }
        }
    }

    fn is_among(&self, these: &[Among]) -> bool {
        matches!(&self.along, PersonWalk::Name(walk) if these.contains(&walk.among))
    }

    /// Whether this walk finds somebody; whom a number finds, the database has compared.
    fn finds(&self, person: &Candidate) -> bool {
        match (&self.along, &self.fit) {
            (PersonWalk::Name(walk), Some((fit, words))) => {
                let name = &person.search_name;
                person.is_among(walk.among)
                    && *name >= walk.from
                    && walk.before.as_ref().is_none_or(|before| name < before)
                    && fit.holds(words, name, &person.name)
            }
            _ => true,
        }
    }

    /// Whether this walk has found somebody whom a later one comes by.
    fn has_found(&self, person: &Candidate) -> bool {
        self.fit.is_some() && self.finds(person)
    }

    /// Goes along the index; returns behind whom it stopped if it did before its end.
    fn go(
        &self,
        conn: &mut Conn,
        reach: &Reach,
        earlier: &[Self],
        mut after: Option<persons::Place>,
        found: &mut Found,
    ) -> Result<Option<Option<persons::Place>>, Error> {
        // No more than a page at first: most of what is found is shown.
        let mut chunk = u32::try_from(found.limit + 1).map_or(CHUNK, |limit| limit.min(CHUNK));
        loop {
            let walked = persons::walk(conn, &self.along, after.as_ref(), chunk)?;
            found.passes = found.passes.saturating_sub(walked.passed);
            found.budget = found.budget.saturating_sub(walked.people.len());
            chunk = (chunk * 2).min(CHUNK);
            let wanted = |person: &Candidate| {
                self.finds(person) && !earlier.iter().any(|walk| walk.has_found(person))
            };
            let people: Vec<Candidate> = walked.people.into_iter().filter(wanted).collect();
            let ids: Vec<DossierId> = people.iter().map(|person| person.dossier).collect();
            let mut rows: HashMap<DossierId, Listed> = lists::by_ids(conn, &ids)?
                .into_iter()
                .filter(|listed| reach.covers(listed))
                .map(|listed| (listed.id, listed))
                .collect();
            for person in people {
                if found.rows.len() >= found.limit {
                    return Ok(Some(after));
                }
                if let Some(listed) = rows.remove(&person.dossier)
                    && !found.rows.iter().any(|row| row.id == listed.id)
                {
                    found.rows.push(listed);
                }
                after = Some((person.search_name, person.id));
            }
            let Some(next) = walked.next else {
                return Ok(None);
            };
            after = Some(next);
            if found.is_full() {
                return Ok(Some(after));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_taken_for_what_it_looks_like() {
        let guess = |text: &str| SearchFor::guess(text);
        let phone = |digits: &str| SearchFor::Phone(digits.to_owned());
        assert!(matches!(
            guess("h37.20.01-210301-0001")[..],
            [SearchFor::CaseNumber(_), SearchFor::NumberEnd(_)]
        ));
        assert_eq!(guess("+84 912 345 678")[0], phone("0912345678"));
        assert!(matches!(
            guess("020185000123")[..],
            [SearchFor::Identity(Identity::Cccd(_))]
        ));
        assert!(matches!(
            guess("0912345678")[..],
            [SearchFor::Phone(_), .., SearchFor::Identity(_)]
        ));
        let name = SearchFor::Name(vec!["nguyen".into(), "thi".into(), "anh".into()]);
        assert_eq!(guess(" Nguyễn  Thị ÁNH"), [name]);
        assert_eq!(guess("  -- "), []);
        for text in [
            "bà Nguyễn Thị Ánh",
            "Họ tên: Nguyễn Thị Ánh",
            "Họ và tên: bà Nguyễn Thị Ánh",
        ] {
            assert_eq!(guess(text), guess("Nguyễn Thị Ánh"), "{text}");
        }
        assert_eq!(guess("Lý Thị Mỹ"), guess("Lí Thị Mĩ"));
        assert_eq!(guess("H’Hen Niê"), guess("h hen nie"));
        assert_eq!(guess("K’Brể"), guess("kbre"));
        assert_eq!(guess("Y Bhăm Êban"), guess("ybham eban"));
        assert_eq!(guess("Khánh Kỳ"), guess("khanh ki"));
        // What organisations are by law is written out and in letters.
        let named = |text: &str| SearchFor::Name(text.split(' ').map(str::to_owned).collect());
        assert_eq!(
            guess("HTX Bắc Sơn"),
            [named("h tx bac son"), named("hop tac xa bac son")]
        );
        assert_eq!(
            guess("Công ty TNHH Mẫu Sơn"),
            [
                named("cong ti tnhh mau son"),
                named("cti tnhh mau son"),
                named("cong ti trach nhiem huu han mau son"),
                named("cti trach nhiem huu han mau son"),
            ]
        );
        assert_eq!(guess("Tô Văn Số 0934567890")[0], phone("0934567890"));
        assert!(guess("CCCD: 020185000123 - Tô Văn Số").contains(&guess("020185000123")[0]));
        // Whoever is called so is found by it.
        assert_eq!(
            guess("anh thu"),
            [SearchFor::Name(vec!["anh".into(), "thu".into()])]
        );
    }
}
