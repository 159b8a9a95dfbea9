//! Small facts about this installation: its secret, the version of the reference data.

use std::collections::HashMap;

use diesel::prelude::*;

use crate::domain::moment::Moment;
use crate::store::connection::on_either;
use crate::store::locks::Lock;
use crate::store::schema::settings;
use crate::store::{Conn, StoreError};

/// Counts up with every change of units, procedures or calendar.
pub(super) const REFERENCE_VERSION: &str = "reference_version";
/// The last migration of the newest program that has opened this database, or is about to migrate it.
pub const SCHEMA_VERSION: &str = "schema_version";
/// Written again and again, to find out whether anything can be.
pub(super) const WRITE_PROBE: &str = "write_probe";
/// Counts up whenever the roll-ups were made again.
pub const ROLLUPS_REBUILT: &str = "rollups_rebuilt";
/// Hexadecimal key of the look-up codes, made on first start.
pub const LOOKUP_KEY: &str = "lookup_key";

/// Set by the program before this one while the calendar has changed and open dossiers still have
/// their old due moments: to the reference version since which it is so. Now that is a job.
pub const DUE_OUT_OF_DATE: &str = "due_out_of_date";

/// Milliseconds since 1970: when the database was last in use, by a clock that was believed.
const LAST_USED: &str = "last_used";

/// When the database was last in use, by a clock that was believed; `None` in one that never was.
pub fn last_used(conn: &mut Conn) -> Result<Option<Moment>, StoreError> {
    let text = get(conn, LAST_USED)?;
    Ok(text
        .and_then(|text| text.parse().ok())
        .map(Moment::from_unix_millis))
}

/// Notes that the database is in use. What it says goes back only where somebody vouches for it.
pub fn note_use(conn: &mut Conn, now: Moment, vouched: bool) -> Result<(), StoreError> {
    if vouched || last_used(conn)?.is_none_or(|last| last < now) {
        set(conn, LAST_USED, &now.unix_millis().to_string())?;
    }
    Ok(())
}

/// What the database server's own clock shows; `None` on SQLite, which has none.
pub fn server_clock(conn: &mut Conn) -> Result<Option<Moment>, StoreError> {
    match conn {
        Conn::Sqlite(_) => Ok(None),
        Conn::Postgres(conn) => {
            let query = "cast(extract(epoch from clock_timestamp()) * 1000 as bigint)";
            let query = diesel::dsl::sql::<diesel::sql_types::BigInt>(query);
            let millis = diesel::select(query).get_result(conn)?;
            Ok(Some(Moment::from_unix_millis(millis)))
        }
    }
}

/// Up to which due moments officers have been reminded.
pub const REMINDED_UNTIL: &str = "reminded_until";

/// Up to when broken appointments have been told of.
pub const BROKEN_UNTIL: &str = "broken_until";

/// The office's own norms, as JSON.
pub const NORMS: &str = "norms";

/// Set once the columns by which lists and searches go are filled for what is older than they are.
pub(super) const LISTS_FILLED: &str = "lists_filled";

/// Set once the reversals are there of events that are older than their table.
pub(super) const REVERSALS_FILLED: &str = "reversals_filled";
/// Set once what is older is counted by unit and procedure, and by unit and channel.
pub(super) const COUNTED_BY_UNIT: &str = "counted_by_unit";
/// Set once it is known of what is older where it was closed.
pub(super) const CLOSED_IN_FILLED: &str = "closed_in_filled";
/// Set once the search names are made by the cleaning of texts that are older than it.
pub(super) const PEOPLE_RENAMED: &str = "people_renamed";
/// After how many years the people of a dossier are taken out of it, as the program was started last.
const RETENTION_YEARS: &str = "retention_years";
/// The day on which that was asked for last.
pub const ANONYMISED_ON: &str = "anonymised_on";
/// Set once it is noted what phone numbers are found by that were kept as they were typed.
pub(super) const PHONES_READ: &str = "phones_read";
/// Set once the counts are there of how the resolved ended that are older than their columns.
pub(super) const ENDINGS_FILLED: &str = "endings_filled";
/// Set once what was on record before there was a log is in it.
pub(super) const LOG_ADOPTED: &str = "log_adopted";

/// The public key of the log's notes, made on first start; its name is the log's origin.
pub const LOG_PUBLIC_KEY: &str = "log_public_key";

pub fn all(conn: &mut Conn) -> Result<HashMap<String, String>, StoreError> {
    let rows: Vec<(String, String)> = settings::table.load(conn)?;
    Ok(rows.into_iter().collect())
}

pub fn get(conn: &mut Conn, key: &str) -> Result<Option<String>, StoreError> {
    Ok(settings::table
        .find(key)
        .select(settings::value)
        .first(conn)
        .optional()?)
}

pub fn set(conn: &mut Conn, key: &str, value: &str) -> Result<(), StoreError> {
    let changed = diesel::update(settings::table.find(key))
        .set(settings::value.eq(value))
        .execute(conn)?;
    if changed == 0 {
        diesel::insert_into(settings::table)
            .values((settings::key.eq(key), settings::value.eq(value)))
            .execute(conn)?;
    }
    Ok(())
}

/// After how many years the people of a dossier are taken out of it; `None`: never.
pub fn retention_years(conn: &mut Conn) -> Result<Option<u16>, StoreError> {
    let years = get(conn, RETENTION_YEARS)?;
    Ok(years.and_then(|years| years.parse().ok()))
}

/// Notes that, where it has changed.
pub fn set_retention_years(conn: &mut Conn, years: Option<u16>) -> Result<(), StoreError> {
    match (get(conn, RETENTION_YEARS)?, years) {
        (Some(before), None) => remove(conn, RETENTION_YEARS, &before),
        (before, Some(years)) if before != Some(years.to_string()) => {
            set(conn, RETENTION_YEARS, &years.to_string())
        }
        _ => Ok(()),
    }
}

/// Removes a setting if it still has that value.
pub fn remove(conn: &mut Conn, key: &str, value: &str) -> Result<(), StoreError> {
    diesel::delete(settings::table.find(key).filter(settings::value.eq(value))).execute(conn)?;
    Ok(())
}

/// Sets what is set once only. Returns whether it was not set before.
pub fn set_once(conn: &mut Conn, key: &str, value: &str) -> Result<bool, StoreError> {
    let row = (settings::key.eq(key), settings::value.eq(value));
    let written = match conn {
        Conn::Sqlite(conn) => diesel::insert_or_ignore_into(settings::table)
            .values(row)
            .execute(conn)?,
        Conn::Postgres(conn) => diesel::insert_into(settings::table)
            .values(row)
            .on_conflict_do_nothing()
            .execute(conn)?,
    };
    Ok(written > 0)
}

/// Makes the secret of the look-up codes on first start. Where several instances start at once,
/// the first one's stays.
pub(super) fn make_lookup_key(conn: &mut Conn) -> Result<(), StoreError> {
    if get(conn, LOOKUP_KEY)?.is_none() {
        let secret: [u8; 32] = rand::random();
        set_once(conn, LOOKUP_KEY, &data_encoding::HEXLOWER.encode(&secret))?;
    }
    Ok(())
}

/// One statement, so that two at once count twice.
fn count_up(conn: &mut Conn, key: &str) -> Result<(), StoreError> {
    diesel::sql_query(format!(
        "insert into settings (key, value) values ('{key}', '1') \
         on conflict (key) do update set value = cast(cast(settings.value as bigint) + 1 as text)",
    ))
    .execute(conn)?;
    Ok(())
}

/// The version of units, procedures and calendar.
pub fn reference_version(conn: &mut Conn) -> Result<u64, StoreError> {
    let text = get(conn, REFERENCE_VERSION)?;
    Ok(text.and_then(|text| text.parse().ok()).unwrap_or(0))
}

/// The version of the reference data and the schema's, as another statement reads them along
/// ([`crate::store::overview`]); neither is there before its first change.
pub(super) type Stamp = (Option<String>, Option<String>);

/// The same, and the schema's version, if a program has said which.
pub(super) fn reference_and_schema(conn: &mut Conn) -> Result<(u64, Option<String>), StoreError> {
    // Both named one by one: diesel prepares such a statement once.
    let asked = settings::key
        .eq(REFERENCE_VERSION)
        .or(settings::key.eq(SCHEMA_VERSION));
    let query = settings::table.filter(asked);
    let rows: Vec<(String, String)> = on_either!(conn, |conn| query.load(conn))?;
    let (mut version, mut schema) = (0, None);
    for (key, value) in rows {
        match key == SCHEMA_VERSION {
            true => schema = Some(value),
            false => version = value.parse().unwrap_or(0),
        }
    }
    Ok((version, schema))
}

/// Counts a setting up; returns what it is now.
pub fn advance(conn: &mut Conn, key: &str) -> Result<u64, StoreError> {
    count_up(conn, key)?;
    let value = get(conn, key)?;
    Ok(value.and_then(|text| text.parse().ok()).unwrap_or(0))
}

/// Tells all instances that units, procedures or calendar have changed.
pub fn bump_reference_version(conn: &mut Conn) -> Result<(), StoreError> {
    // On PostgreSQL no write that began under the old version may end after this one.
    Lock::Reference.exclusive(conn)?;
    count_up(conn, REFERENCE_VERSION)
}
