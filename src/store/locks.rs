//! Locks between transactions of several instances on PostgreSQL, held until the transaction ends.
//! SQLite has one writer and needs none.
//!
//! Who takes several locks takes them in this order, so that nobody waits for somebody who waits for them:
//! [`Lock::Reference`], the account and the session (`authority`), dossiers by id, the counter of case numbers,
//! rows of the outbox, [`Lock::Announcing`], [`Lock::Sealing`].

use diesel::RunQueryDsl;
use diesel::pg::PgConnection;

use crate::store::prepared::PreparedOnce;
use crate::store::{Conn, StoreError};

/// What a lock keeps others from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(i64)]
pub(super) enum Lock {
    /// Running migrations.
    Migrations = 7_205_759_403_792_794,
    /// Changing units, procedures or calendar (exclusive), or relying on them (shared).
    Reference = 7_205_759_403_792_795,
    /// Filling the empty tables.
    Bulk = 7_205_759_403_792_796,
    /// Making the messages of events.
    Announcing = 7_205_759_403_792_797,
    /// Appending to the log; the last lock that a transaction takes.
    Sealing = 7_205_759_403_792_798,
}

impl Lock {
    pub(super) fn exclusive(self, conn: &mut Conn) -> Result<(), StoreError> {
        self.take(conn, "pg_advisory_xact_lock")
    }

    pub(super) fn shared(self, conn: &mut Conn) -> Result<(), StoreError> {
        self.take(conn, "pg_advisory_xact_lock_shared")
    }

    /// Takes the lock if nobody has it.
    pub(super) fn try_alone(self, conn: &mut Conn) -> Result<bool, StoreError> {
        match conn {
            Conn::Sqlite(_) => Ok(true),
            Conn::Postgres(conn) => {
                let query = format!("pg_try_advisory_xact_lock({})", self as i64);
                let query = diesel::dsl::sql::<diesel::sql_types::Bool>(&query);
                Ok(diesel::select(query).get_result(conn)?)
            }
        }
    }

    fn take(self, conn: &mut Conn, function: &str) -> Result<(), StoreError> {
        match conn {
            Conn::Sqlite(_) => Ok(()),
            Conn::Postgres(conn) => self.call(conn, function),
        }
    }

    /// Holds the lock while `work` runs, over any number of transactions.
    pub(super) fn during<T>(
        self,
        conn: &mut Conn,
        work: impl FnOnce(&mut Conn) -> T,
    ) -> Result<T, StoreError> {
        self.take(conn, "pg_advisory_lock")?;
        let value = work(conn);
        self.take(conn, "pg_advisory_unlock")?;
        Ok(value)
    }

    fn call(self, conn: &mut PgConnection, function: &str) -> Result<(), StoreError> {
        let query = diesel::sql_query(format!("select {function}({})", self as i64));
        PreparedOnce(query).execute(conn)?;
        Ok(())
    }
}
