//! Applicants and delegates. Identity numbers are found by an index over a hash of them.

use std::collections::HashSet;

use diesel::prelude::*;

use super::schema::persons;
use super::{Conn, StoreError};
use crate::domain::identity::Identity;
use crate::domain::ids::PersonId;
use crate::domain::person::Person;

#[derive(Insertable, Queryable)]
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
}

impl PersonRow {
    pub(super) fn new(id: PersonId, person: &Person) -> Self {
        let identity = person.identity.as_ref();
        Self {
            id: id.bytes().to_vec(),
            name: person.name.clone(),
            identity_kind: identity.map(|identity| match identity {
                Identity::Cccd(_) => 1,
                Identity::Cmnd(_) => 2,
                Identity::TaxCode(_) => 3,
            }),
            identity: identity.map(|identity| identity.number().to_owned()),
            identity_key: identity.map(identity_key),
            phone: person.phone.clone(),
            email: person.email.clone(),
            address: person.address.clone(),
        }
    }
}

impl TryFrom<PersonRow> for Person {
    type Error = StoreError;

    fn try_from(row: PersonRow) -> Result<Self, StoreError> {
        let identity = match (row.identity_kind, row.identity) {
            (Some(1), Some(number)) => Some(Identity::Cccd(number)),
            (Some(2), Some(number)) => Some(Identity::Cmnd(number)),
            (Some(3), Some(number)) => Some(Identity::TaxCode(number)),
            (None, None) => None,
            _ => return Err(StoreError::corrupt("persons.identity_kind")),
        };
        Ok(Self {
            name: row.name,
            identity,
            phone: row.phone,
            email: row.email,
            address: row.address,
        })
    }
}

/// Eight bytes of SHA-256 over the number: what the index holds. Equal keys are compared by the
/// number itself.
fn identity_key(identity: &Identity) -> i64 {
    use sha2::{Digest, Sha256};
    let hash = Sha256::digest(identity.number().as_bytes());
    let mut first = [0; 8];
    first.copy_from_slice(&hash[..8]);
    i64::from_be_bytes(first)
}

pub fn insert(conn: &mut Conn, id: PersonId, person: &Person) -> Result<(), StoreError> {
    diesel::insert_into(persons::table)
        .values(PersonRow::new(id, person))
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

/// Which of these persons there are, for `verify`.
///
/// # Errors
/// If the database refuses.
pub fn known(conn: &mut Conn, ids: Vec<&[u8]>) -> Result<HashSet<Vec<u8>>, StoreError> {
    let found: Vec<Vec<u8>> = persons::table
        .filter(persons::id.eq_any(ids))
        .select(persons::id)
        .load(conn)?;
    Ok(found.into_iter().collect())
}
