//! What the database does by itself, without any of our rules and roll-ups: the limits that
//! `motcua bench` holds the program against. The rows are the same as the program writes.

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use crate::domain::ids::{DossierId, UnitId};
use crate::domain::tally::Tallies;
use crate::store::connection::on_either;
use crate::store::dossiers::{DossierRow, WholeHistory, insert_rows};
use crate::store::events::EventRow;
use crate::store::persons::PersonRow;
use crate::store::schema::{dossier_events, dossiers, persons, sessions, users};
use crate::store::users::UserRow;
use crate::store::{Conn, Store, StoreError, case_numbers, tallies, unannounced, writer};

/// The rows of one receipt, ready to be written.
pub struct Receipt {
    pub id: DossierId,
    pub unit: UnitId,
    pub day: NaiveDate,
    pub rows: WholeHistory,
    pub counts: Tallies,
}

impl Receipt {
    /// How many rows it writes: the person, the dossier, each event with its note, what changes in the
    /// counts, and the counter of case numbers.
    pub fn row_count(&self) -> usize {
        3 + 2 * self.rows.event_count() + self.counts.len()
    }
}

fn write(conn: &mut Conn, receipt: Receipt) -> Result<(), StoreError> {
    case_numbers::take(conn, receipt.unit, receipt.day, 1)?;
    let events = u32::try_from(receipt.rows.event_count()).unwrap_or(u32::MAX);
    unannounced::insert(conn, receipt.id, 1..=events)?;
    insert_rows(conn, receipt.rows)?;
    tallies::insert_deltas(conn, &receipt.counts)
}

impl Store {
    /// Writes receipts on a connection of their own, `batch` in each transaction, as fast as the
    /// database takes them.
    pub fn write_receipts(&self, all: Vec<Receipt>, batch: usize) -> Result<(), StoreError> {
        let mut conn = self.inner.url.connect()?;
        let mut all = all.into_iter();
        loop {
            let group: Vec<Receipt> = all.by_ref().take(batch.max(1)).collect();
            if group.is_empty() {
                return Ok(());
            }
            writer::begin(&mut conn)?;
            for receipt in group {
                write(&mut conn, receipt)?;
            }
            writer::commit(&mut conn)?;
        }
    }
}

impl Store {
    /// Reads the rows that a look-up shows, or with a session a dossier at the desk: a statement for each
    /// table, by primary key, and nothing is made of them.
    ///
    /// # Errors
    /// If the database refuses, or a row is missing.
    pub fn read_rows(&self, id: DossierId, session: Option<&[u8]>) -> Result<(), StoreError> {
        self.read_one(|conn| {
            on_either!(conn, |conn| {
                if let Some(hash) = session {
                    let session = sessions::table.find(hash);
                    let user: i32 = session.select(sessions::user_id).first(conn)?;
                    let _user: UserRow = users::table.find(user).first(conn)?;
                }
                let dossier: DossierRow = dossiers::table.find(id.bytes().to_vec()).first(conn)?;
                let _person: PersonRow = persons::table.find(dossier.applicant()).first(conn)?;
                let events = dossier_events::table
                    .filter(dossier_events::dossier_id.eq(id.bytes().to_vec()))
                    .order(dossier_events::sequence);
                let _events: Vec<EventRow> = events.load(conn)?;
                Ok(())
            })
        })
    }
}

/// How far the log of the database is: on SQLite in bytes since it last began anew, on PostgreSQL since ever.
pub fn log_bytes(conn: &mut Conn) -> Result<i64, StoreError> {
    #[derive(QueryableByName)]
    struct Pages {
        #[diesel(sql_type = BigInt)]
        log: i64,
    }

    match conn {
        Conn::Sqlite(conn) => {
            let pages: Pages = diesel::sql_query("pragma wal_checkpoint(noop)").get_result(conn)?;
            // A page of 4 KiB and its head.
            Ok(pages.log * (4096 + 24))
        }
        Conn::Postgres(conn) => {
            let position = "cast(pg_current_wal_insert_lsn() - '0/0' as bigint)";
            let position = diesel::dsl::sql::<BigInt>(position);
            Ok(diesel::select(position).get_result(conn)?)
        }
    }
}

#[derive(QueryableByName)]
struct Group {
    #[diesel(sql_type = Text)]
    #[expect(dead_code, reason = "read so that the database has to give it")]
    key: String,
    #[diesel(sql_type = BigInt)]
    n: i64,
}

/// Counts resolved dossiers of a span, of all units or of one, by outcome and by `key`, by walking over them all.
/// Returns how many it counted.
///
/// # Errors
/// If the database refuses, or there is no such key.
pub fn count_resolved(
    conn: &mut Conn,
    key: &str,
    unit: Option<UnitId>,
    from_millis: i64,
    before_millis: i64,
) -> Result<i64, StoreError> {
    let (joins, expression) = match (key, &*conn) {
        ("level", _) => ("join units u on u.id = d.unit_id", "u.level"),
        ("unit", _) => ("", "d.unit_id"),
        ("field", _) => ("join procedures p on p.id = d.procedure_id", "p.field_id"),
        ("procedure", _) => ("", "d.procedure_id"),
        ("month", Conn::Sqlite(_)) => (
            "",
            "strftime('%Y-%m', d.closed_at / 1000 + 25200, 'unixepoch')",
        ),
        ("month", Conn::Postgres(_)) => (
            "",
            "to_char(to_timestamp(d.closed_at / 1000) at time zone 'Asia/Ho_Chi_Minh', 'YYYY-MM')",
        ),
        (other, _) => return Err(StoreError::Other(format!("no key {other}"))),
    };
    let of_unit = unit.map_or_else(String::new, |unit| format!("and d.unit_id = {}", unit.0));
    let query = format!(
        "select cast({expression} as text) as key, count(*) as n from dossiers d {joins} \
         where d.closed_at >= {from_millis} and d.closed_at < {before_millis} \
         and d.outcome is not null {of_unit} group by {expression}, d.outcome"
    );
    let groups: Vec<Group> = diesel::sql_query(query).load(conn)?;
    Ok(groups.iter().map(|group| group.n).sum())
}
