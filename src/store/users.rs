//! Members of staff. Passwords and sessions come with the accounts.

use diesel::prelude::*;

use super::schema::users;
use super::{Conn, StoreError};
use crate::domain::ids::{UnitId, UserId};

/// A member of staff.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    pub id: UserId,
    pub username: String,
    pub full_name: String,
    pub role: String,
    pub unit: UnitId,
}

/// All members of staff of all units, by id.
pub fn load(conn: &mut Conn) -> Result<Vec<User>, StoreError> {
    let rows: Vec<(i32, String, String, String, i32)> = users::table.order(users::id).load(conn)?;
    Ok(rows
        .into_iter()
        .map(|(id, username, full_name, role, unit)| User {
            id: UserId(id),
            username,
            full_name,
            role,
            unit: UnitId(unit),
        })
        .collect())
}

pub fn insert(conn: &mut Conn, user: &User) -> Result<(), StoreError> {
    diesel::insert_into(users::table)
        .values((
            users::id.eq(user.id.0),
            users::username.eq(&user.username),
            users::full_name.eq(&user.full_name),
            users::role.eq(&user.role),
            users::unit_id.eq(user.unit.0),
        ))
        .execute(conn)?;
    Ok(())
}
