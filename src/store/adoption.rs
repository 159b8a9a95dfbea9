//! Taking into the log what was on record before there was one: once, when an old database is opened.

use diesel::connection::Connection;
use diesel::prelude::*;
use serde_json::json;

use crate::domain::ids::{Actor, PersonId, UserId};
use crate::domain::log::{Entry, Subject};
use crate::store::admin_acts::{self, ActKind};
use crate::store::schema::users;
use crate::store::{Conn, StoreError, events, log, persons, readings, settings, unannounced};

const PAGE: u32 = 20_000;

/// Takes people, events, readings and accounts into the log, if that was not done before. All of it or
/// nothing: interrupted, the next start does it.
pub(super) fn run(conn: &mut Conn) -> Result<(), StoreError> {
    if settings::get(conn, settings::LOG_ADOPTED)?.is_some() {
        return Ok(());
    }
    conn.transaction(|conn| {
        let people = take_people(conn)?;
        let events = take_events(conn)?;
        let readings = take_readings(conn)?;
        let accounts = take_accounts(conn)?;
        if people + events + readings + accounts > 0 {
            let data = json!({
                "adopted": {
                    "people": people, "events": events, "readings": readings, "accounts": accounts,
                },
            });
            let now = crate::clock::now();
            admin_acts::record(conn, Actor::System, now, ActKind::DatabaseMigrated, &data)?;
            tracing::info!(people, events, readings, "taken into the log");
        }
        settings::set(conn, settings::LOG_ADOPTED, "0010")
    })
}

fn take_people(conn: &mut Conn) -> Result<usize, StoreError> {
    let (mut after, mut count) = (None, 0);
    loop {
        let page = persons::on_record_after(conn, after, PAGE)?;
        let Some((last, _)) = page.last() else {
            return Ok(count);
        };
        after = Some(*last);
        let entries = page.iter().filter_map(|(id, commitment)| {
            Some(Entry {
                subject: Subject::Person(PersonId(id.0)),
                hash: (*commitment)?.0,
            })
        });
        log::append(conn, &entries.collect::<Vec<_>>())?;
        count += page.len();
    }
}

fn take_events(conn: &mut Conn) -> Result<usize, StoreError> {
    // Those that are yet to be told of go into the log when they are.
    let waiting = unannounced::all_to_seal(conn)?.into_iter();
    let waiting: std::collections::HashSet<(Vec<u8>, i32)> = waiting
        .map(|(dossier, sequence, _)| (dossier, sequence))
        .collect();
    let (mut after, mut count) = (None, 0);
    loop {
        let page = events::rows_after(conn, after, PAGE)?;
        let Some(last) = page.last() else {
            return Ok(count);
        };
        after = Some((last.dossier_id.clone(), last.sequence));
        let entries = page.into_iter().filter_map(|row| {
            let key = (row.dossier_id, row.sequence);
            let entry = log::event_entry(&key.0, key.1, &row.hash);
            entry.filter(|_| !waiting.contains(&key))
        });
        let entries: Vec<Entry> = entries.collect();
        log::append(conn, &entries)?;
        count += entries.len();
    }
}

fn take_readings(conn: &mut Conn) -> Result<usize, StoreError> {
    let (mut after, mut count) = (None, 0);
    loop {
        let page = readings::after(conn, after, PAGE)?;
        let Some(last) = page.last() else {
            return Ok(count);
        };
        after = Some(last.id);
        let entries: Vec<Entry> = page.iter().map(readings::Recorded::entry).collect();
        log::append(conn, &entries)?;
        count += page.len();
    }
}

fn take_accounts(conn: &mut Conn) -> Result<usize, StoreError> {
    let ids: Vec<i32> = users::table.order(users::id).select(users::id).load(conn)?;
    let now = crate::clock::now();
    for id in &ids {
        let kind = ActKind::AccountAdopted;
        admin_acts::record_account(conn, Actor::System, now, kind, UserId(*id))?;
    }
    Ok(ids.len())
}
