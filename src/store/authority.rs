//! On whose authority a transaction writes.
//!
//! A request is let in before its body has come; until it acts, its session may have ended, and its
//! sender may have lost the account, the role or the unit. So what is written for a member of staff
//! is written by [`Store::write_as`] or one of its kin: they read session, account, role and unit in
//! the very transaction that writes, and hand its work a [`Proven`] that nothing else makes.

use diesel::prelude::*;

use crate::domain::ids::{Actor, SessionId, UnitId, UserId};
use crate::domain::role::{Permission, Role};
use crate::store::reference::Reference;
use crate::store::schema::{sessions, users};
use crate::store::users::{Account, User, UserRow};
use crate::store::{Conn, Store, StoreError, WriteFailure};

/// What a member of staff's request brings along: its session, and the permission that its route asks
/// for. It proves nothing until a transaction has looked.
#[derive(Debug, Clone, Copy)]
pub struct Proof {
    /// SHA-256 of the token.
    session: [u8; 32],
    permission: Permission,
}

impl Proof {
    pub const fn new(session: [u8; 32], permission: Permission) -> Self {
        Self {
            session,
            permission,
        }
    }
}

/// A member of staff, as the transaction that acts for them has read them. It stays so until the
/// transaction ends.
#[derive(Debug)]
pub struct Proven {
    user: User,
    session: SessionId,
}

impl Proven {
    pub const fn user(&self) -> UserId {
        self.user.id
    }

    pub fn username(&self) -> &str {
        &self.user.username
    }

    pub const fn role(&self) -> Role {
        self.user.role
    }

    /// How far they reach: this unit and what is under it.
    pub const fn unit(&self) -> UnitId {
        self.user.unit
    }

    pub const fn session(&self) -> SessionId {
        self.session
    }

    pub const fn actor(&self) -> Actor {
        Actor::Staff(self.user.id)
    }
}

/// Why the transaction does not act for whoever asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    /// Ended, run out, or of somebody who may not log in any more.
    #[error("phiên đăng nhập không hợp lệ hoặc đã hết hạn")]
    NoSession,
    #[error("vai trò {} không được làm việc này", .0.as_str())]
    Role(Role),
    /// Somebody else has set the password.
    #[error("mật khẩu này do người khác đặt: hãy đổi mật khẩu tại PUT /api/v1/me/password trước")]
    PasswordChangeRequired,
}

/// Reads who it is. On PostgreSQL nobody changes the account or ends the session until the
/// transaction ends: whoever wants to either comes after it, or was before it and is seen.
fn prove(conn: &mut Conn, proof: &Proof) -> Result<Result<Proven, Denied>, StoreError> {
    type Row = (UserRow, Vec<u8>);
    // The account before the session: in this order they are locked here and by who changes them.
    let query = users::table
        .inner_join(sessions::table.on(sessions::user_id.eq(users::id)))
        .filter(sessions::token_hash.eq(proof.session.as_slice()))
        .filter(sessions::expires_at.gt(crate::clock::now().unix_millis()))
        .filter(users::disabled_at.is_null())
        .select((users::all_columns, sessions::id));
    let row: Option<Row> = match conn {
        Conn::Sqlite(conn) => query.first(conn).optional()?,
        Conn::Postgres(conn) => query.for_share().first(conn).optional()?,
    };
    let Some((user, session)) = row else {
        return Ok(Err(Denied::NoSession));
    };
    let user = Account::try_from(user)?.user;
    if user.must_change_password && proof.permission != Permission::OwnPassword {
        return Ok(Err(Denied::PasswordChangeRequired));
    }
    if !user.role.may(proof.permission) {
        return Ok(Err(Denied::Role(user.role)));
    }
    let session = SessionId::from_slice(&session);
    let session = session.ok_or_else(|| StoreError::corrupt("sessions.id"))?;
    Ok(Ok(Proven { user, session }))
}

impl Store {
    /// [`Store::write`] for a member of staff.
    ///
    /// # Errors
    /// [`Denied`], those of `work`, and of the database.
    pub fn write_as<T, E>(
        &self,
        proof: Proof,
        work: impl Fn(&mut Conn, &Proven) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: WriteFailure + From<Denied>,
    {
        self.write(move |conn| {
            let caller = prove(conn, &proof)??;
            work(conn, &caller)
        })
    }

    /// [`Store::write_with_reference`] for a member of staff.
    ///
    /// # Errors
    /// [`Denied`], those of `work`, and of the database.
    pub fn write_with_reference_as<T, E>(
        &self,
        proof: Proof,
        work: impl Fn(&mut Conn, &Reference, &Proven) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: WriteFailure + From<Denied>,
    {
        self.write_with_reference(move |conn, reference| {
            let caller = prove(conn, &proof)??;
            work(conn, reference, &caller)
        })
    }

    /// [`Store::change_reference`] for a member of staff.
    ///
    /// # Errors
    /// [`Denied`], those of `work`, and of the database.
    pub fn change_reference_as<T, E>(
        &self,
        proof: Proof,
        work: impl Fn(&mut Conn, &Reference, &Proven) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: WriteFailure + From<Denied>,
    {
        self.change_reference(move |conn, reference| {
            let caller = prove(conn, &proof)??;
            work(conn, reference, &caller)
        })
    }
}
