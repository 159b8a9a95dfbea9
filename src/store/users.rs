//! Members of staff with their accounts. Passwords are kept as argon2id hashes only.

use diesel::prelude::*;

use crate::domain::ids::{UnitId, UserId};
use crate::domain::moment::Moment;
use crate::domain::role::Role;
use crate::store::connection::first_locked;
use crate::store::schema::users;
use crate::store::{Conn, StoreError};

/// A member of staff.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    pub id: UserId,
    /// Lower case.
    pub username: String,
    pub full_name: String,
    pub role: Role,
    pub unit: UnitId,
    /// The subject under which the OpenID Connect provider knows them.
    pub oidc_subject: Option<String>,
    /// Since when they may not log in.
    pub disabled_at: Option<Moment>,
    /// Where they get their mail.
    pub email: Option<String>,
    /// Somebody else has set the password: it is good for changing it only.
    pub must_change_password: bool,
}

/// An account as log-in needs it.
pub struct Account {
    pub user: User,
    /// PHC string; `None` where there is no log-in by password.
    pub password_hash: Option<String>,
}

#[derive(Queryable)]
pub(super) struct UserRow {
    id: i32,
    username: String,
    full_name: String,
    role: String,
    unit_id: i32,
    password_hash: Option<String>,
    oidc_subject: Option<String>,
    disabled_at: Option<i64>,
    email: Option<String>,
    must_change_password: bool,
}

impl TryFrom<UserRow> for Account {
    type Error = StoreError;

    fn try_from(row: UserRow) -> Result<Self, StoreError> {
        let role = row.role.parse();
        let role = role.map_err(|()| StoreError::corrupt(format!("vai trò của {}", row.id)))?;
        Ok(Self {
            user: User {
                id: UserId(row.id),
                username: row.username,
                full_name: row.full_name,
                role,
                unit: UnitId(row.unit_id),
                oidc_subject: row.oidc_subject,
                disabled_at: row.disabled_at.map(Moment::from_unix_millis),
                email: row.email,
                must_change_password: row.must_change_password,
            },
            password_hash: row.password_hash,
        })
    }
}

fn one(row: Option<UserRow>) -> Result<Option<Account>, StoreError> {
    row.map(Account::try_from).transpose()
}

fn all(rows: Vec<UserRow>) -> Result<Vec<User>, StoreError> {
    rows.into_iter()
        .map(|row| Account::try_from(row).map(|account| account.user))
        .collect()
}

/// All members of staff of all units, by id.
pub fn load(conn: &mut Conn) -> Result<Vec<User>, StoreError> {
    all(users::table.order(users::id).load(conn)?)
}

/// The staff of some units, by username; all, or those who may log in.
pub fn of_units(
    conn: &mut Conn,
    units: &[UnitId],
    active_only: bool,
) -> Result<Vec<User>, StoreError> {
    let units: Vec<i32> = units.iter().map(|unit| unit.0).collect();
    let mut query = users::table
        .filter(users::unit_id.eq_any(units))
        .order(users::username)
        .into_boxed();
    if active_only {
        query = query.filter(users::disabled_at.is_null());
    }
    all(query.load(conn)?)
}

pub fn find(conn: &mut Conn, id: UserId) -> Result<Option<Account>, StoreError> {
    one(users::table.find(id.0).first(conn).optional()?)
}

pub fn by_username(conn: &mut Conn, username: &str) -> Result<Option<Account>, StoreError> {
    let query = users::table.filter(users::username.eq(username));
    one(query.first(conn).optional()?)
}

/// An account that stays as it is until the transaction ends.
pub fn lock(conn: &mut Conn, username: &str) -> Result<Option<Account>, StoreError> {
    let query = users::table.filter(users::username.eq(username));
    one(first_locked!(conn, query))
}

pub fn by_subject(conn: &mut Conn, subject: &str) -> Result<Option<Account>, StoreError> {
    let query = users::table.filter(users::oidc_subject.eq(subject));
    one(query.first(conn).optional()?)
}

/// Those of a role who may log in and have mail; in these units, or in all.
pub fn with_mail(
    conn: &mut Conn,
    role: Role,
    units: Option<&[UnitId]>,
) -> Result<Vec<User>, StoreError> {
    let mut query = users::table
        .filter(users::role.eq(role.as_str()))
        .filter(users::email.is_not_null())
        .filter(users::disabled_at.is_null())
        .order(users::id)
        .into_boxed();
    if let Some(units) = units {
        let units: Vec<i32> = units.iter().map(|unit| unit.0).collect();
        query = query.filter(users::unit_id.eq_any(units));
    }
    all(query.load(conn)?)
}

/// These members of staff.
pub fn some(
    conn: &mut Conn,
    ids: impl IntoIterator<Item = UserId>,
) -> Result<std::collections::HashMap<UserId, User>, StoreError> {
    let ids: std::collections::BTreeSet<i32> = ids.into_iter().map(|id| id.0).collect();
    let found = all(users::table.filter(users::id.eq_any(ids)).load(conn)?)?;
    Ok(found.into_iter().map(|user| (user.id, user)).collect())
}

/// Names and usernames of these members of staff.
pub fn names(
    conn: &mut Conn,
    ids: impl IntoIterator<Item = UserId>,
) -> Result<std::collections::HashMap<UserId, (String, String)>, StoreError> {
    let ids: Vec<i32> = ids.into_iter().map(|id| id.0).collect();
    let rows: Vec<(i32, String, String)> = users::table
        .filter(users::id.eq_any(ids))
        .select((users::id, users::username, users::full_name))
        .load(conn)?;
    let names = rows
        .into_iter()
        .map(|(id, username, name)| (UserId(id), (username, name)));
    Ok(names.collect())
}

/// The id that the next new member of staff gets.
pub fn next_id(conn: &mut Conn) -> Result<UserId, StoreError> {
    let last: Option<i32> = users::table
        .select(diesel::dsl::max(users::id))
        .first(conn)?;
    Ok(UserId(last.unwrap_or(0) + 1))
}

/// # Errors
/// If the database refuses; an id or username taken meanwhile is a conflict.
pub fn insert(conn: &mut Conn, user: &User) -> Result<(), StoreError> {
    let inserted = diesel::insert_into(users::table)
        .values((
            users::id.eq(user.id.0),
            users::username.eq(&user.username),
            users::full_name.eq(&user.full_name),
            users::role.eq(user.role.as_str()),
            users::unit_id.eq(user.unit.0),
            users::oidc_subject.eq(user.oidc_subject.as_deref()),
            users::disabled_at.eq(user.disabled_at.map(Moment::unix_millis)),
            users::email.eq(user.email.as_deref()),
        ))
        .execute(conn);
    crate::store::idempotency::or_conflict(inserted)
}

pub fn update(conn: &mut Conn, user: &User) -> Result<(), StoreError> {
    let updated = diesel::update(users::table.find(user.id.0))
        .set((
            users::full_name.eq(&user.full_name),
            users::role.eq(user.role.as_str()),
            users::unit_id.eq(user.unit.0),
            users::oidc_subject.eq(user.oidc_subject.as_deref()),
            users::disabled_at.eq(user.disabled_at.map(Moment::unix_millis)),
            users::email.eq(user.email.as_deref()),
        ))
        .execute(conn);
    crate::store::idempotency::or_conflict(updated)
}

/// Sets a password; `must_change`: it is good for changing it only.
pub fn set_password(
    conn: &mut Conn,
    id: UserId,
    hash: &str,
    must_change: bool,
) -> Result<(), StoreError> {
    diesel::update(users::table.find(id.0))
        .set((
            users::password_hash.eq(Some(hash)),
            users::must_change_password.eq(must_change),
        ))
        .execute(conn)?;
    Ok(())
}
