//! Finding a dossier by what an applicant brings along: the case number, a phone or identity
//! number, the name without its marks.

use crate::domain::case_number::CaseNumber;
use crate::domain::identity::Identity;
use crate::domain::ids::{DossierId, PersonId, UnitId};
use crate::domain::moment::Moment;
use crate::domain::person::{fold_diacritics, last_word_first};
use crate::domain::phone;
use crate::error::{Error, WrongField};
use crate::store::lists::{self, Listed, Reach};
use crate::store::persons::{self, PersonWalk};
use crate::store::{Conn, Store, dossiers};
use crate::views::list::{ListItem, show};

/// How many people a search by name looks at for one page.
const BUDGET: usize = 3000;
/// The most people that are fetched at once.
const CHUNK: u32 = 300;

/// What is searched for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SearchFor {
    CaseNumber(CaseNumber),
    Phone(String),
    Identity(Identity),
    /// Words of the name, folded.
    Name(Vec<String>),
}

impl SearchFor {
    /// What a text is likely to be: whatever has the form of a number is one, else a name. Ten
    /// digits may be a phone number or a tax code: all that it may be, in the order to try.
    pub fn guess(text: &str) -> Vec<Self> {
        let numbers = CaseNumber::candidates(text);
        if !numbers.is_empty() {
            return numbers.into_iter().map(Self::CaseNumber).collect();
        }
        let mut found = Vec::new();
        found.extend(Self::phone(text));
        let identity = Identity::person(text).or_else(|_| Identity::organisation(text));
        found.extend(identity.ok().map(Self::Identity));
        if found.is_empty() {
            found.extend(Self::name(text));
        }
        found
    }

    /// A phone number, as it is kept and as it may have been kept before.
    pub fn phone(text: &str) -> Vec<Self> {
        let spellings = phone::spellings(text).into_iter();
        spellings.map(Self::Phone).collect()
    }

    pub fn name(text: &str) -> Option<Self> {
        let folded = fold_diacritics(text);
        let words: Vec<String> = folded.split(' ').map(str::to_owned).collect();
        (folded.chars().any(char::is_alphanumeric)).then_some(Self::Name(words))
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
        let walks: Vec<Walk> = search.iter().flat_map(Walk::of).collect();
        let exact = search.iter().find_map(|search| match search {
            SearchFor::CaseNumber(number) => Some(number),
            _ => None,
        });
        let mut found = Found::new(limit);
        if let Some(number) = exact {
            let id = dossiers::find_id(conn, number)?;
            found.rows = lists::by_ids(conn, &Vec::from_iter(id))?;
            found.rows.retain(|listed| reach.covers(listed));
        }
        let first = after.as_ref().map_or(0, |place| place.walk);
        let mut place = after.and_then(|place| place.after);
        for (number, walk) in walks.iter().enumerate().skip(first) {
            let earlier = walks.get(..number).unwrap_or_default();
            let begin = place.take();
            let stopped = match found.is_full() {
                true => Some(begin),
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

struct Found {
    rows: Vec<Listed>,
    next: Option<Place>,
    limit: usize,
    /// How many people may still be looked at.
    budget: usize,
}

impl Found {
    const fn new(limit: usize) -> Self {
        Self {
            rows: Vec::new(),
            next: None,
            limit,
            budget: BUDGET,
        }
    }

    const fn is_full(&self) -> bool {
        self.rows.len() >= self.limit || self.budget == 0
    }
}

/// A walk along one index of people.
struct Walk {
    along: PersonWalk,
}

impl Walk {
    /// The walks of a search. A name is looked for as people are filed, last word first, and as it
    /// is written, for organisations.
    fn of(search: &SearchFor) -> Vec<Self> {
        let walk = |along| Self { along };
        match search {
            SearchFor::CaseNumber(_) => Vec::new(),
            SearchFor::Phone(number) => vec![walk(PersonWalk::Phone(number.clone()))],
            SearchFor::Identity(identity) => vec![walk(PersonWalk::Identity(identity.clone()))],
            SearchFor::Name(words) => {
                let written = words.join(" ");
                let filed = last_word_first(&written);
                let both = [filed.clone(), written].into_iter();
                let distinct = both
                    .enumerate()
                    .filter(|(i, name)| *i == 0 || *name != filed);
                distinct
                    .map(|(_, name)| walk(PersonWalk::Name(name)))
                    .collect()
            }
        }
    }

    /// Whether this walk comes by a name.
    fn comes_by(&self, name: &str) -> bool {
        matches!(&self.along, PersonWalk::Name(prefix) if name.starts_with(prefix))
    }

    /// Goes along the index; returns behind whom it stopped if it did before its end.
    fn go(
        &self,
        conn: &mut Conn,
        reach: &Reach,
        earlier: &[Self],
        mut after: Option<(String, PersonId)>,
        found: &mut Found,
    ) -> Result<Option<Option<(String, PersonId)>>, Error> {
        // Where the reader has one unit, the index of that unit's people.
        let unit = match (reach, &self.along) {
            (Reach::Units(units), PersonWalk::Name(_)) => match units.as_slice() {
                [unit] => Some(*unit),
                _ => None,
            },
            _ => None,
        };
        // No more than a page at first: most of what is found is shown.
        let mut chunk = u32::try_from(found.limit + 1).map_or(CHUNK, |limit| limit.min(CHUNK));
        loop {
            let people = persons::walk(conn, &self.along, unit, after.as_ref(), chunk)?;
            let at_end = people.len() < chunk as usize;
            chunk = (chunk * 2).min(CHUNK);
            let fit = |name: &str| !earlier.iter().any(|walk| walk.comes_by(name));
            let ids: Vec<DossierId> = people
                .iter()
                .filter(|person| fit(&person.search_name))
                .map(|person| person.dossier)
                .collect();
            let mut rows: std::collections::HashMap<DossierId, Listed> = lists::by_ids(conn, &ids)?
                .into_iter()
                .filter(|listed| reach.covers(listed))
                .map(|listed| (listed.id, listed))
                .collect();
            for person in people {
                if found.is_full() {
                    return Ok(Some(after));
                }
                found.budget -= 1;
                if fit(&person.search_name)
                    && let Some(listed) = rows.remove(&person.dossier)
                    && !found.rows.iter().any(|row| row.id == listed.id)
                {
                    found.rows.push(listed);
                }
                after = Some((person.search_name, person.id));
            }
            if at_end {
                return Ok(None);
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
            [SearchFor::CaseNumber(_)]
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
    }
}
