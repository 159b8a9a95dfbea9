//! Locks between transactions of several instances on PostgreSQL, held until the transaction ends.
//! SQLite has one writer and needs none.
//!
//! Who takes several locks takes them in this order, so that nobody waits for somebody who waits for them:
//! [`Lock::Reference`], the account and the session (`authority`), dossiers by id, the counter of case numbers,
//! rows of the outbox, [`Lock::Announcing`], [`Lock::Sealing`].

use diesel::RunQueryDsl;
use diesel::dsl::select;
use diesel::sql_types::BigInt;

use crate::store::{Conn, StoreError};

// Those that give back nothing are called for what they do: nobody reads the Bool.
diesel::define_sql_function!(fn pg_advisory_xact_lock(key: BigInt) -> Bool);
diesel::define_sql_function!(fn pg_advisory_xact_lock_shared(key: BigInt) -> Bool);
diesel::define_sql_function!(fn pg_try_advisory_xact_lock(key: BigInt) -> Bool);
diesel::define_sql_function!(fn pg_advisory_lock(key: BigInt) -> Bool);
diesel::define_sql_function!(fn pg_advisory_unlock(key: BigInt) -> Bool);

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
        if let Conn::Postgres(conn) = conn {
            select(pg_advisory_xact_lock(self as i64)).execute(conn)?;
        }
        Ok(())
    }

    pub(super) fn shared(self, conn: &mut Conn) -> Result<(), StoreError> {
        if let Conn::Postgres(conn) = conn {
            select(pg_advisory_xact_lock_shared(self as i64)).execute(conn)?;
        }
        Ok(())
    }

    /// Takes the lock if nobody has it.
    pub(super) fn try_alone(self, conn: &mut Conn) -> Result<bool, StoreError> {
        match conn {
            Conn::Sqlite(_) => Ok(true),
            Conn::Postgres(conn) => {
                Ok(select(pg_try_advisory_xact_lock(self as i64)).get_result(conn)?)
            }
        }
    }

    /// Holds the lock while `work` runs, over any number of transactions.
    pub(super) fn during<T>(
        self,
        conn: &mut Conn,
        work: impl FnOnce(&mut Conn) -> T,
    ) -> Result<T, StoreError> {
        if let Conn::Postgres(conn) = conn {
            select(pg_advisory_lock(self as i64)).execute(conn)?;
        }
        let value = work(conn);
        if let Conn::Postgres(conn) = conn {
            select(pg_advisory_unlock(self as i64)).execute(conn)?;
        }
        Ok(value)
    }
}
