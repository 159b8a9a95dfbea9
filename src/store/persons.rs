//! Applicants and delegates. Identity numbers are found by an index over a hash of them.

use std::collections::HashMap;

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Text};

use crate::domain::dossier::Dossier;
use crate::domain::identity::Identity;
use crate::domain::ids::{Actor, DossierId, PersonId, UnitId};
use crate::domain::log::{Entry, Subject};
use crate::domain::moment::Moment;
use crate::domain::person::{
    Commitment, CommitmentKey, Person, fold_for_search, last_word_first, organisation_starts,
    organisation_words, search_name,
};
use crate::domain::phone;
use crate::store::admin_acts::{self, ActKind};
use crate::store::connection::on_either;
use crate::store::cursor::{Going, past};
use crate::store::schema::persons;
use crate::store::{Conn, StoreError};

/// The kind of identity that organisations have.
pub(super) const TAX_CODE: i16 = 3;
const PASSPORT: i16 = 4;

#[derive(Clone, Insertable, Queryable)]
#[diesel(table_name = persons, treat_none_as_default_value = false)]
pub(super) struct PersonRow {
    id: Vec<u8>,
    name: String,
    identity_kind: Option<i16>,
    identity: Option<String>,
    identity_key: Option<i64>,
    phone: Option<String>,
    email: Option<String>,
    address: Option<String>,
    search_name: Option<String>,
    unit_id: Option<i32>,
    dossier_id: Option<Vec<u8>>,
    notify_by: Option<String>,
    commitment_key: Option<Vec<u8>>,
    receiving_id: Option<i32>,
    holder_id: Option<i32>,
    phone_key: Option<String>,
}

/// Under what a person is found: the dossier, and the units that have to do with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Under {
    dossier: DossierId,
    /// That answers for it.
    unit: UnitId,
    /// That took it in, where it is another one.
    receiving: Option<UnitId>,
    /// That has it on its desk, where it is another one.
    holder: Option<UnitId>,
}

impl Under {
    pub fn of(dossier: &Dossier) -> Self {
        let other = |unit| Some(unit).filter(|unit| *unit != dossier.unit);
        Self {
            dossier: dossier.id,
            unit: dossier.unit,
            receiving: other(dossier.receiving_unit),
            holder: other(dossier.holder),
        }
    }
}

/// Somebody who is about to be written, with the key of the commitment to their record.
#[derive(Debug, Clone)]
pub struct NewPerson {
    pub id: PersonId,
    pub person: Person,
    key: CommitmentKey,
}

impl NewPerson {
    pub fn new(person: Person, at: Moment) -> Self {
        Self {
            id: PersonId::new(at, rand::random()),
            person,
            key: CommitmentKey(rand::random()),
        }
    }

    /// What an event says of the record.
    pub fn commitment(&self) -> Commitment {
        self.person.commitment(self.id, &self.key)
    }
}

impl PersonRow {
    pub(super) fn new(id: PersonId, person: &Person, key: CommitmentKey, under: Under) -> Self {
        let identity = person.identity.as_ref();
        Self {
            id: id.bytes().to_vec(),
            name: person.name.clone(),
            identity_kind: identity.map(|identity| match identity {
                Identity::Cccd(_) => 1,
                Identity::Cmnd(_) => 2,
                Identity::Passport(_) => PASSPORT,
                Identity::TaxCode(_) => TAX_CODE,
            }),
            identity: identity.map(|identity| identity.number().to_owned()),
            identity_key: identity.map(identity_key),
            phone: person.phone.clone(),
            email: person.email.clone(),
            address: person.address.clone(),
            search_name: Some(search_name(&person.name, identity)),
            unit_id: Some(under.unit.0),
            dossier_id: Some(under.dossier.bytes().to_vec()),
            notify_by: person.notify_by.map(|by| by.as_str().to_owned()),
            commitment_key: Some(key.0.to_vec()),
            receiving_id: under.receiving.map(|unit| unit.0),
            holder_id: under.holder.map(|unit| unit.0),
            phone_key: person.phone.as_deref().and_then(phone_key),
        }
    }
}

impl PersonRow {
    /// The commitment to this record, while it has a key.
    pub(super) fn commitment(&self) -> Option<Commitment> {
        let key = self.commitment_key.as_deref()?.try_into().ok()?;
        let person = Person::try_from(self.clone()).ok()?;
        Some(person.commitment(PersonId::from_slice(&self.id)?, &CommitmentKey(key)))
    }

    /// What the log holds of a person whom no event commits to.
    pub(super) fn entry(&self) -> Option<Entry> {
        Some(Entry {
            subject: Subject::Person(PersonId::from_slice(&self.id)?),
            hash: self.commitment()?.0,
        })
    }
}

impl TryFrom<PersonRow> for Person {
    type Error = StoreError;

    fn try_from(row: PersonRow) -> Result<Self, StoreError> {
        Self::try_from(ShownPerson {
            name: row.name,
            identity_kind: row.identity_kind,
            identity: row.identity,
            phone: row.phone,
            email: row.email,
            address: row.address,
            notify_by: row.notify_by,
        })
    }
}

/// What of a person's row is theirs, without what it is found and vouched for by.
#[derive(Queryable)]
pub(super) struct ShownPerson {
    name: String,
    identity_kind: Option<i16>,
    identity: Option<String>,
    phone: Option<String>,
    email: Option<String>,
    address: Option<String>,
    notify_by: Option<String>,
}

/// The columns of a [`ShownPerson`].
macro_rules! shown {
    () => {
        (
            crate::store::schema::persons::name,
            crate::store::schema::persons::identity_kind,
            crate::store::schema::persons::identity,
            crate::store::schema::persons::phone,
            crate::store::schema::persons::email,
            crate::store::schema::persons::address,
            crate::store::schema::persons::notify_by,
        )
    };
}
pub(super) use shown;

impl TryFrom<ShownPerson> for Person {
    type Error = StoreError;

    fn try_from(row: ShownPerson) -> Result<Self, StoreError> {
        let identity = match (row.identity_kind, row.identity) {
            (Some(1), Some(number)) => Some(Identity::Cccd(number)),
            (Some(2), Some(number)) => Some(Identity::Cmnd(number)),
            (Some(PASSPORT), Some(number)) => Some(Identity::Passport(number)),
            (Some(TAX_CODE), Some(number)) => Some(Identity::TaxCode(number)),
            (None, None) => None,
            _ => return Err(StoreError::corrupt("persons.identity_kind")),
        };
        Ok(Self {
            name: row.name,
            identity,
            phone: row.phone,
            email: row.email,
            address: row.address,
            notify_by: row.notify_by.and_then(|by| by.parse().ok()),
        })
    }
}

/// Eight bytes of SHA-256 over the number: what the index holds. Equal keys are compared by the
/// number itself.
pub(super) fn identity_key(identity: &Identity) -> i64 {
    use sha2::{Digest, Sha256};
    let hash = Sha256::digest(identity.number().as_bytes());
    let mut first = [0; 8];
    first.copy_from_slice(&hash[..8]);
    i64::from_be_bytes(first)
}

/// What a phone number is found by that was kept as it was typed, before there was one way to read them; `None`
/// where it is itself.
fn phone_key(kept: &str) -> Option<String> {
    phone::read(kept).ok().filter(|number| number != kept)
}

/// Writes a person of a dossier.
pub fn insert(conn: &mut Conn, new: &NewPerson, under: Under) -> Result<(), StoreError> {
    let row = PersonRow::new(new.id, &new.person, new.key, under);
    let query = diesel::insert_into(persons::table).values(row);
    on_either!(conn, |conn| query.execute(conn))?;
    Ok(())
}

/// Erases a person: the record, and the key by which anybody could still try out whose it was. History
/// and the log keep the commitment, which then says nothing. That it was done, when and why stays on
/// record. Returns whether there was anything to erase.
pub fn erase(
    conn: &mut Conn,
    id: PersonId,
    by: Actor,
    at: Moment,
    reason: &str,
) -> Result<bool, StoreError> {
    let row: Option<PersonRow> = persons::table
        .find(id.bytes().to_vec())
        .first(conn)
        .optional()?;
    let Some(commitment) = row.as_ref().and_then(PersonRow::commitment) else {
        return Ok(false);
    };
    let none = None::<String>;
    diesel::update(persons::table.find(id.bytes().to_vec()))
        .set((
            (
                persons::name.eq(""),
                persons::identity_kind.eq(None::<i16>),
                persons::identity.eq(&none),
                persons::identity_key.eq(None::<i64>),
                persons::phone.eq(&none),
                persons::email.eq(&none),
                persons::address.eq(&none),
            ),
            (
                persons::search_name.eq(&none),
                persons::unit_id.eq(None::<i32>),
                persons::dossier_id.eq(None::<Vec<u8>>),
                persons::notify_by.eq(&none),
                persons::commitment_key.eq(None::<Vec<u8>>),
                persons::receiving_id.eq(None::<i32>),
                persons::holder_id.eq(None::<i32>),
                persons::phone_key.eq(&none),
            ),
        ))
        .execute(conn)?;
    let data = serde_json::json!({"person": id, "commitment": commitment, "reason": reason});
    admin_acts::record(conn, by, at, ActKind::PersonErased, &data)?;
    Ok(true)
}

/// Whether somebody was erased, or never was.
pub fn is_erased(conn: &mut Conn, id: PersonId) -> Result<bool, StoreError> {
    let named: Option<bool> = persons::table
        .find(id.bytes().to_vec())
        .select(persons::commitment_key.is_not_null())
        .first(conn)
        .optional()?;
    Ok(named != Some(true))
}

/// A person's record as the log sees it: the commitment to it, `None` once it is erased.
pub type OnRecord = (PersonId, Option<Commitment>);

/// People after `after`, by id, with the commitments to their records as they are now. A record that
/// cannot be read commits to nothing.
pub fn on_record_after(
    conn: &mut Conn,
    after: Option<PersonId>,
    limit: u32,
) -> Result<Vec<OnRecord>, StoreError> {
    let mut query = persons::table
        .order(persons::id)
        .limit(i64::from(limit))
        .into_boxed();
    if let Some(after) = after {
        query = query.filter(persons::id.gt(after.bytes().to_vec()));
    }
    let rows: Vec<PersonRow> = query.load(conn)?;
    rows.iter()
        .map(|row| {
            let id =
                PersonId::from_slice(&row.id).ok_or_else(|| StoreError::corrupt("persons.id"))?;
            Ok((id, row.commitment()))
        })
        .collect()
}

/// The people of a dossier are found by name under the units that have to do with it now.
pub(super) fn move_to(
    conn: &mut Conn,
    people: impl IntoIterator<Item = PersonId>,
    under: Under,
) -> Result<(), StoreError> {
    let people: Vec<Vec<u8>> = people.into_iter().map(|id| id.bytes().to_vec()).collect();
    // Who is erased is found nowhere.
    let found = persons::table
        .filter(persons::id.eq_any(people))
        .filter(persons::dossier_id.is_not_null());
    diesel::update(found)
        .set((
            persons::unit_id.eq(under.unit.0),
            persons::receiving_id.eq(under.receiving.map(|unit| unit.0)),
            persons::holder_id.eq(under.holder.map(|unit| unit.0)),
        ))
        .execute(conn)?;
    Ok(())
}

/// A person that a correction has replaced is not found any more.
pub fn supersede(conn: &mut Conn, id: PersonId) -> Result<(), StoreError> {
    diesel::update(persons::table.find(id.bytes().to_vec()))
        .set((
            persons::search_name.eq(None::<String>),
            persons::unit_id.eq(None::<i32>),
            persons::dossier_id.eq(None::<Vec<u8>>),
            persons::receiving_id.eq(None::<i32>),
            persons::holder_id.eq(None::<i32>),
        ))
        .execute(conn)?;
    Ok(())
}

pub fn find(conn: &mut Conn, id: PersonId) -> Result<Option<Person>, StoreError> {
    let row: Option<PersonRow> = persons::table
        .find(id.bytes().to_vec())
        .first(conn)
        .optional()?;
    row.map(Person::try_from).transpose()
}

/// Several persons at once, by id.
pub fn find_many(
    conn: &mut Conn,
    ids: impl IntoIterator<Item = PersonId>,
) -> Result<HashMap<PersonId, Person>, StoreError> {
    let ids: Vec<Vec<u8>> = ids.into_iter().map(|id| id.bytes().to_vec()).collect();
    let rows: Vec<PersonRow> = persons::table.filter(persons::id.eq_any(ids)).load(conn)?;
    rows.into_iter()
        .map(|row| {
            let id =
                PersonId::from_slice(&row.id).ok_or_else(|| StoreError::corrupt("persons.id"))?;
            Ok((id, Person::try_from(row)?))
        })
        .collect()
}

/// What searches of people go along.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PersonWalk {
    Name(NameWalk),
    /// The whole number, as people give it.
    Phone(String),
    /// The same among the numbers that were kept otherwise.
    OldPhone(String),
    Identity(Identity),
}

/// Search names from one to before another, of those that look like one of the patterns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NameWalk {
    pub from: String,
    /// Not included; `None`: to the end.
    pub before: Option<String>,
    /// Of `like`; empty: all of them.
    pub like: Vec<String>,
    pub among: Among,
}

/// Whose people: an index each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Among {
    All,
    /// The unit answers for the dossier.
    Unit(UnitId),
    /// Its desk took it in for another one.
    Receiving(UnitId),
    /// It has it on its desk for another one.
    Holder(UnitId),
}

/// Someone whom a search has come by.
#[derive(Debug, Clone)]
pub struct Candidate {
    pub id: PersonId,
    pub dossier: DossierId,
    pub name: String,
    /// With the id, where to go on.
    pub search_name: String,
    units: [Option<i32>; 3],
}

impl Candidate {
    pub fn is_among(&self, among: Among) -> bool {
        let [unit, receiving, holder] = self.units;
        match among {
            Among::All => true,
            Among::Unit(id) => unit == Some(id.0),
            Among::Receiving(id) => receiving == Some(id.0),
            Among::Holder(id) => holder == Some(id.0),
        }
    }
}

/// Where a walk stands: behind that name and person.
pub type Place = (String, PersonId);

/// A part of a walk.
pub struct Walked {
    pub people: Vec<Candidate>,
    /// Where it goes on; `None` at its end.
    pub next: Option<Place>,
    /// How many names were gone past.
    pub passed: usize,
}

/// The most names that one statement goes past; it is looked at each of them where there are patterns.
const PASSED_AT_ONCE: i64 = 20_000;

/// The columns of a [`CandidateRow`].
macro_rules! candidate {
    () => {
        (
            persons::id,
            persons::dossier_id,
            persons::name,
            persons::search_name,
            (persons::unit_id, persons::receiving_id, persons::holder_id),
        )
    };
}

macro_rules! among {
    ($columns:expr, $walk:expr, $after:expr, $last:expr) => {{
        let query = persons::table
            .select($columns)
            .filter(persons::search_name.is_not_null())
            .into_boxed();
        let mut query = match $walk.among {
            Among::All => query,
            Among::Unit(id) => query.filter(persons::unit_id.eq(id.0)),
            // What the partial indexes say.
            Among::Receiving(id) => query
                .filter(persons::receiving_id.eq(id.0))
                .filter(persons::receiving_id.is_not_null()),
            Among::Holder(id) => query
                .filter(persons::holder_id.eq(id.0))
                .filter(persons::holder_id.is_not_null()),
        };
        let columns = (persons::search_name, persons::id);
        let place = |(name, id): &Place| (name.clone(), id.bytes().to_vec());
        // One bound each: SQLite would go by the first of two.
        query = match ($last, &$walk.before) {
            (Some(last), _) => query.filter(past(Going::UpTo, columns, place(last))),
            (None, Some(before)) => query.filter(persons::search_name.lt(before.clone())),
            (None, None) => query,
        };
        query = match $after {
            Some(after) => query.filter(past(Going::Up, columns, place(after))),
            None => query.filter(persons::search_name.ge($walk.from.clone())),
        };
        query.order(columns)
    }};
}

/// Goes on along an index of people behind `after`, by name, then id; those that no dossier names any more are left
/// out.
pub fn walk(
    conn: &mut Conn,
    along: &PersonWalk,
    after: Option<&Place>,
    limit: u32,
) -> Result<Walked, StoreError> {
    let by_number = match along {
        PersonWalk::Name(walk) => return walk_names(conn, walk, after, limit),
        PersonWalk::Phone(number) => persons::table
            .filter(persons::phone.eq(number.clone()))
            .into_boxed(),
        PersonWalk::OldPhone(number) => persons::table
            .filter(persons::phone_key.eq(number.clone()))
            .into_boxed(),
        PersonWalk::Identity(identity) => persons::table
            .filter(persons::identity_key.eq(identity_key(identity)))
            .filter(persons::identity.eq(identity.number().to_owned()))
            .into_boxed(),
    };
    let mut query = by_number
        .select(candidate!())
        .filter(persons::dossier_id.is_not_null())
        .limit(i64::from(limit));
    if let Some((name, id)) = after {
        let columns = (persons::search_name, persons::id);
        let last = (name.clone(), id.bytes().to_vec());
        query = query.filter(past(Going::Up, columns, last));
    }
    let query = query.order((persons::search_name, persons::id));
    walked(query.load(conn)?, limit)
}

/// Those whom a statement has found, in its order; as many as were asked for are not its end.
fn walked(rows: Vec<CandidateRow>, limit: u32) -> Result<Walked, StoreError> {
    let people = candidates(rows)?;
    let next = people
        .last()
        .filter(|_| people.len() >= limit as usize)
        .map(|last| (last.search_name.clone(), last.id));
    Ok(Walked {
        passed: people.len(),
        people,
        next,
    })
}

fn walk_names(
    conn: &mut Conn,
    walk: &NameWalk,
    after: Option<&Place>,
    limit: u32,
) -> Result<Walked, StoreError> {
    let Some((first, others)) = walk.like.split_first() else {
        let query = among!(candidate!(), walk, after, None::<&Place>);
        let query = query.filter(persons::dossier_id.is_not_null());
        return walked(query.limit(i64::from(limit)).load(conn)?, limit);
    };
    type Key = (Option<String>, Vec<u8>);
    let place = |(name, id): Key| {
        let id = PersonId::from_slice(&id).ok_or_else(|| StoreError::corrupt("persons.id"))?;
        Ok::<_, StoreError>((name.unwrap_or_default(), id))
    };
    // Only columns of the index, so that nothing else is read of those that are gone past.
    let columns = (persons::search_name, persons::id);
    let end: Option<Key> = among!(columns, walk, after, None::<&Place>)
        .limit(1)
        .offset(PASSED_AT_ONCE - 1)
        .first(conn)
        .optional()?;
    let end = end.map(place).transpose()?;
    let query = among!(columns, walk, after, end.as_ref()).limit(i64::from(limit));
    let like = |pattern: &String| sql::<Bool>("search_name like ").bind::<Text, _>(pattern.clone());
    let query = match others.first() {
        None => query.filter(like(first)),
        Some(other) => query.filter(like(first).or(like(other))),
    };
    let keys: Vec<Key> = query.load(conn)?;
    let (next, passed) = match keys.last() {
        Some(last) if keys.len() >= limit as usize => (Some(place(last.clone())?), keys.len()),
        _ if end.is_some() => (end, usize::try_from(PASSED_AT_ONCE).unwrap_or(usize::MAX)),
        _ => (None, keys.len()),
    };
    let ids: Vec<Vec<u8>> = keys.into_iter().map(|(_, id)| id).collect();
    let mut people = Vec::new();
    if !ids.is_empty() {
        let rows: Vec<CandidateRow> = persons::table
            .filter(persons::id.eq_any(ids))
            .filter(persons::dossier_id.is_not_null())
            .select(candidate!())
            .load(conn)?;
        people = candidates(rows)?;
    }
    people.sort_by(|a, b| (&a.search_name, a.id).cmp(&(&b.search_name, b.id)));
    Ok(Walked {
        people,
        next,
        passed,
    })
}

/// Whether there is anybody among these.
pub fn any(conn: &mut Conn, among: Among) -> Result<bool, StoreError> {
    let walk = NameWalk {
        from: String::new(),
        before: None,
        like: Vec::new(),
        among,
    };
    Ok(!walk_names(conn, &walk, None, 1)?.people.is_empty())
}

type CandidateRow = (
    Vec<u8>,
    Option<Vec<u8>>,
    String,
    Option<String>,
    (Option<i32>, Option<i32>, Option<i32>),
);

fn candidates(rows: Vec<CandidateRow>) -> Result<Vec<Candidate>, StoreError> {
    let corrupt = || StoreError::corrupt("persons.dossier_id");
    rows.into_iter()
        .map(|(id, dossier, name, search_name, units)| {
            Ok(Candidate {
                id: PersonId::from_slice(&id).ok_or_else(corrupt)?,
                dossier: dossier
                    .and_then(|id| DossierId::from_slice(&id))
                    .ok_or_else(corrupt)?,
                name,
                search_name: search_name.unwrap_or_default(),
                units: units.into(),
            })
        })
        .collect()
}

/// Where a person is found, for `verify`: the units ([`Under`]) and the dossier, and whether the search name is
/// that of the name.
pub type FoundUnder = ([Option<i32>; 3], Option<Vec<u8>>, bool);

/// The number of the dossier that a person is found under.
pub fn dossier_of(conn: &mut Conn, id: PersonId) -> Result<Option<String>, StoreError> {
    let dossier: Option<Option<Vec<u8>>> = persons::table
        .find(id.bytes().to_vec())
        .select(persons::dossier_id)
        .first(conn)
        .optional()?;
    let dossier = dossier.flatten();
    match dossier.and_then(|bytes| DossierId::from_slice(&bytes)) {
        Some(id) => crate::store::dossiers::case_number(conn, id),
        None => Ok(None),
    }
}

/// Which of these persons there are, and where they are found, for `verify`; who is erased is found
/// nowhere.
pub fn known(
    conn: &mut Conn,
    ids: Vec<&[u8]>,
) -> Result<HashMap<Vec<u8>, Option<FoundUnder>>, StoreError> {
    let rows: Vec<PersonRow> = persons::table.filter(persons::id.eq_any(ids)).load(conn)?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let id = row.id.clone();
            let units = [row.unit_id, row.receiving_id, row.holder_id];
            let found = (units, row.dossier_id.clone());
            let stored = row.search_name.clone();
            if row.commitment_key.is_none() {
                return (id, None);
            }
            let named = Person::try_from(row)
                .is_ok_and(|p| stored == Some(search_name(&p.name, p.identity.as_ref())));
            (id, Some((found.0, found.1, named)))
        })
        .collect())
}

/// Gives persons written before there were search names theirs. Returns how many.
pub(super) fn name_some(conn: &mut Conn, limit: u32) -> Result<usize, StoreError> {
    let rows: Vec<PersonRow> = persons::table
        .filter(persons::search_name.is_null())
        .filter(persons::dossier_id.is_not_null())
        .limit(i64::from(limit))
        .load(conn)?;
    let count = rows.len();
    name_anew(conn, rows)?;
    Ok(count)
}

fn name_anew(conn: &mut Conn, rows: Vec<PersonRow>) -> Result<(), StoreError> {
    for row in rows {
        let id = row.id.clone();
        let person = Person::try_from(row)?;
        let name = search_name(&person.name, person.identity.as_ref());
        diesel::update(persons::table.find(id))
            .set(persons::search_name.eq(Some(name)))
            .execute(conn)?;
    }
    Ok(())
}

/// Gives persons their search name anew whose name is read otherwise than before: with letters that only look like ours,
/// or marks, people of six words or more, organisations that were taken for people, and what ends in y or has apostrophes.
pub(super) fn rename(conn: &mut Conn, limit: u32) -> Result<(), StoreError> {
    // `hhen` is found as `h hen` too, `kbre` as `k bre`.
    let other_letters = match conn {
        Conn::Sqlite(_) => {
            "search_name glob '*[^ a-z0-9]*' or (' ' || search_name) glob '* [hy][b-df-hj-np-tv-xz]*' \
             or (' ' || search_name) glob '* k[b-df-gj-np-tv-xz]*'"
        }
        Conn::Postgres(_) => {
            "search_name ~ '[^ a-z0-9]|(^| )([hy][b-df-hj-np-tv-xz]|k[b-df-gj-np-tv-xz])'"
        }
    };
    // Our own words: letters and spaces.
    let starts = organisation_starts().map(|start| {
        let start = last_word_first(&fold_for_search(&start));
        format!(" or search_name like '% {start}'")
    });
    let words = organisation_words().map(|word| format!(" or search_name like '%{word}%'"));
    let taken_for_people: String = starts.chain(words).collect();
    // And the other way round: `Phòng Văn Chung`.
    let alone = organisation_starts().filter(|start| !start.contains(' '));
    let taken_for_offices: String = alone
        .map(|start| {
            format!(" or search_name like '{start} van %' or search_name like '{start} thi %'")
        })
        .collect();
    // `ly` is found as `li`, `H’Hen` as `h hen`.
    let spelt_otherwise = " or search_name like '%y' or search_name like '%y %' or name like '%''%' or name like '%’%' \
                           or name like '%‘%' or name like '%ʼ%' or name like '%`%' or name like '%´%' \
                           or name like '%′%'";
    let mut after: Vec<u8> = Vec::new();
    loop {
        let rows: Vec<PersonRow> = persons::table
            .filter(persons::search_name.is_not_null())
            .filter(sql::<Bool>(&format!(
                "({other_letters} or search_name like '% % % % % %'{taken_for_people}{taken_for_offices}{spelt_otherwise})"
            )))
            .filter(persons::id.gt(after.clone()))
            .order(persons::id)
            .limit(i64::from(limit))
            .load(conn)?;
        let Some(last) = rows.last() else {
            return Ok(());
        };
        after.clone_from(&last.id);
        name_anew(conn, rows)?;
    }
}

/// Gives the phone numbers that were kept as they were typed what they are found by.
pub(super) fn read_phones(conn: &mut Conn, limit: u32) -> Result<(), StoreError> {
    let otherwise = match conn {
        Conn::Sqlite(_) => {
            "phone glob '*[^0-9]*' or phone not glob '0[1-9]*' or length(phone) not in (10, 11)"
        }
        Conn::Postgres(_) => "phone !~ '^0[1-9][0-9]{8,9}$'",
    };
    let mut after: Vec<u8> = Vec::new();
    loop {
        let rows: Vec<(Vec<u8>, Option<String>)> = persons::table
            .filter(persons::phone.is_not_null())
            .filter(sql::<Bool>(&format!("({otherwise})")))
            .filter(persons::id.gt(after.clone()))
            .order(persons::id)
            .limit(i64::from(limit))
            .select((persons::id, persons::phone))
            .load(conn)?;
        let Some((last, _)) = rows.last() else {
            return Ok(());
        };
        after.clone_from(last);
        for (id, kept) in rows {
            if let Some(key) = kept.as_deref().and_then(phone_key) {
                diesel::update(persons::table.find(id))
                    .set(persons::phone_key.eq(Some(key)))
                    .execute(conn)?;
            }
        }
    }
}
