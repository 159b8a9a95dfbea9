//! What staff are reminded of, by the clock: what is due on the next working day, each morning how
//! their units stand, and what administrators have to look at.

use std::collections::BTreeSet;
use std::time::Duration;

use chrono::NaiveDate;
use serde_json::{Value, json};

use crate::domain::dossier::Dossier;
use crate::domain::ids::{DossierId, UserId};
use crate::domain::moment::Moment;
use crate::domain::period::Period;
use crate::domain::role::Role;
use crate::error::Error;
use crate::jobs::Job;
use crate::outgoing::notices::reminder::{horizon, midnight, of_broken, reminder};
use crate::render::letters::Topic;
use crate::reports;
use crate::reports::by::By;
use crate::reports::standings::Span;
use crate::store::lists::Order;
use crate::store::open_dossiers::DuePlace;
use crate::store::outbox::{self, Kind, Outgoing};
use crate::store::reference::Reference;
use crate::store::users::{self, User};
use crate::store::{Conn, Store, StoreError, alarms, events, log, open_dossiers, settings};
use crate::views::list::ListRequest;
use crate::{render, views};

/// How many dossiers one transaction reminds of.
const PAGE: u32 = 200;
/// How many overdue dossiers a digest names.
const NAMED: usize = 10;

/// Writes the reminders, digests and alarms that the clock asks for. Safe to run at any time, on any number
/// of instances: each is told once. Returns how many there were.
pub fn remind(store: &Store, now: Moment) -> Result<usize, Error> {
    let alarms = tell_of_alarms(store, now);
    let due = remind_of_due(store, now);
    let broken = tell_of_broken(store, now);
    Ok(send_digests(store, now)? + due? + broken? + alarms?)
}

/// Walks over what has come within the horizon since the last time.
fn remind_of_due(store: &Store, now: Moment) -> Result<usize, StoreError> {
    let reference = store.reference()?;
    let units = reference.units().all();
    let Some(until) = units
        .first()
        .and_then(|unit| horizon(&reference, unit.id, now))
    else {
        return Ok(0);
    };
    let walked = store.read(|conn| settings::get(conn, settings::REMINDED_UNTIL))?;
    let walked = walked.and_then(|text| text.parse().ok());
    let walked = walked.map_or(now, Moment::from_unix_millis).max(now);
    if walked >= until {
        return Ok(0);
    }
    // By the new appointment where there is one, else by the due moment.
    let mut told = 0;
    let mut after = None;
    loop {
        let page =
            store.read(|conn| open_dossiers::due_with_mail(conn, walked, until, after, PAGE))?;
        let Some((last, _)) = page.last() else { break };
        after = Some(*last);
        told += tell_officers(store, page, now)?;
    }
    after = None;
    loop {
        let page = store.read(|conn| open_dossiers::appointed(conn, walked, until, after, PAGE))?;
        let Some((last, _)) = page.last() else { break };
        after = Some(*last);
        let in_hand = page.into_iter();
        let in_hand = in_hand.filter_map(|(place, officer)| Some((place, officer?)));
        told += tell_officers(store, in_hand.collect(), now)?;
    }
    store.write(move |conn| {
        let until = until.unix_millis().to_string();
        settings::set(conn, settings::REMINDED_UNTIL, &until)
    })?;
    Ok(told)
}

fn tell_officers(
    store: &Store,
    page: Vec<(DuePlace, UserId)>,
    now: Moment,
) -> Result<usize, StoreError> {
    store.write_with_reference(move |conn, reference| {
        let mut told = 0;
        for ((_, id), officer) in &page {
            let account = users::find(conn, *officer)?;
            let (Some(dossier), Some(account)) = (replayed(conn, *id)?, account) else {
                continue;
            };
            let user = account.user;
            if user.disabled_at.is_some() {
                continue;
            }
            if let Some(message) = reminder(reference, &dossier, &user, now) {
                told += usize::from(outbox::put(conn, &message, now)?);
            }
        }
        Ok(told)
    })
}

/// A dossier as it stands. Of a damaged one nobody is told; the others are told of all the same, and who works on it is
/// told what is wrong.
fn replayed(conn: &mut Conn, id: DossierId) -> Result<Option<Dossier>, StoreError> {
    match events::replay(conn, id) {
        Err(error) if error.is_damage() => {
            tracing::warn!(dossier = %id, %error, "nobody is reminded of it");
            Ok(None)
        }
        replayed => Ok(replayed?.map(|(dossier, _)| dossier)),
    }
}

/// Tells officers and supervisors of new appointments that have passed since the last time without a result.
fn tell_of_broken(store: &Store, now: Moment) -> Result<usize, StoreError> {
    let walked = store.read(|conn| settings::get(conn, settings::BROKEN_UNTIL))?;
    let walked = walked.and_then(|text| text.parse().ok());
    // What broke before anybody was told of such is old.
    let from = walked.map_or(now, Moment::from_unix_millis);
    let (mut told, mut after, mut seen) = (0, None, false);
    loop {
        let page = store.read(|conn| open_dossiers::appointed(conn, from, now, after, PAGE))?;
        let Some((last, _)) = page.last() else { break };
        (after, seen) = (Some(*last), true);
        told += store.write_with_reference(move |conn, reference| {
            let mut told = 0;
            for ((_, id), _) in &page {
                let Some(dossier) = replayed(conn, *id)? else {
                    continue;
                };
                for message in of_broken(conn, reference, &dossier, now)? {
                    told += usize::from(outbox::put(conn, &message, now)?);
                }
            }
            Ok::<_, StoreError>(told)
        })?;
    }
    if seen || walked.is_none() {
        store.write(move |conn| {
            let now = now.unix_millis().to_string();
            settings::set(conn, settings::BROKEN_UNTIL, &now)
        })?;
    }
    Ok(told)
}

/// From when on a day it is said again what has been wrong since before.
const MORNING: u32 = 7;
/// How many alarms a letter names.
const ALARMS: u32 = 20;

/// Every administrator of the whole office who has mail hears once a day of what is wrong: at once, or
/// in the morning if it has been so since before.
fn tell_of_alarms(store: &Store, now: Moment) -> Result<usize, Error> {
    let open = store.read(|conn| alarms::open(conn, ALARMS))?;
    let today = now.date();
    let is_new = open.iter().any(|alarm| alarm.raised_at.date() == today);
    if open.is_empty() || (!is_new && now < morning(today)) {
        return Ok(0);
    }
    let reference = store.reference()?;
    let administrators = store.read(|conn| users::with_mail(conn, Role::Administrator, None))?;
    let all = administrators.into_iter();
    let all = all.filter(|user| reference.units().is_whole(user.unit));
    let rows = open.iter().map(|alarm| {
        json!({
            "title": alarm.kind.title(), "detail": alarm.detail,
            "since": render::words::moment(alarm.raised_at),
        })
    });
    let rows: Vec<Value> = rows.collect();
    tell_each(store, Topic::Alarms, all.collect(), now, |user| {
        Ok(json!({
            "name": user.full_name, "date": render::words::date(today),
            "count": rows.len().to_string(), "alarms": rows,
        }))
    })
}

/// A letter to each of these people, once a day of a topic. Returns how many were written.
fn tell_each(
    store: &Store,
    topic: Topic,
    people: Vec<User>,
    now: Moment,
    body: impl Fn(&User) -> Result<Value, Error>,
) -> Result<usize, Error> {
    let key = |user: &User| format!("{}:{}:{}", topic.as_str(), user.id, now.date());
    let keys: Vec<String> = people.iter().map(key).collect();
    let told: BTreeSet<String> = store.read(|conn| outbox::told(conn, &keys))?;
    let mut count = 0;
    for user in people.iter().filter(|user| !told.contains(&key(user))) {
        let Some(email) = user.email.clone() else {
            continue;
        };
        let message = Outgoing {
            kind: Kind::Email,
            topic: topic.as_str().to_owned(),
            recipient: email,
            body: body(user)?,
            dossier: None,
            position: None,
            once: Some(key(user)),
            due: now,
        };
        count += usize::from(store.write(move |conn| outbox::put(conn, &message, now))?);
    }
    Ok(count)
}

fn morning(day: NaiveDate) -> Moment {
    midnight(day).plus_millis(i64::from(MORNING) * 3_600_000)
}

/// Each supervisor's digest of the day, from when their unit opens.
fn send_digests(store: &Store, now: Moment) -> Result<usize, Error> {
    let reference = store.reference()?;
    let today = now.date();
    let supervisors = store.read(|conn| users::with_mail(conn, Role::Supervisor, None))?;
    let open = supervisors.into_iter().filter(|user| {
        let timetable = reference.timetable(user.unit);
        timetable.is_some_and(|timetable| {
            timetable.is_working_day(today) == Ok(true) && timetable.is_open(now) == Ok(true)
        })
    });
    tell_each(store, Topic::Digest, open.collect(), now, |user| {
        digest(store, &reference, user, now)
    })
}

fn digest(store: &Store, reference: &Reference, user: &User, now: Moment) -> Result<Value, Error> {
    let units = reference.units();
    let under = (!units.is_whole(user.unit)).then_some(user.unit);
    let today = now.date();
    let standing = |day: NaiveDate| {
        let span = Span::new(Period::new(day, day)?, None, now)?;
        Ok::<_, Error>(reports::on_time::on_time(store, By::Level, span, under)?.total)
    };
    let timetable = reference.timetable(user.unit);
    let mut before = today.pred_opt();
    while let (Some(day), Some(timetable)) = (before, timetable)
        && timetable.is_working_day(day) == Ok(false)
    {
        before = day.pred_opt();
    }
    // The last working day, which need not be yesterday.
    let day = before.unwrap_or(today);
    let (now_standing, last) = (standing(today)?, standing(day)?);
    let overdue = views::list::list(
        store,
        &ListRequest::of_all(user.unit, Order::Overdue { now }, NAMED, now),
    )?;
    let named = overdue.items.iter().map(|item| {
        json!({
            "case_number": item.case_number,
            "due_at": item.due_at.map(render::words::moment).unwrap_or_default(),
            "appointment_at": item.appointment_at.map(render::words::moment).unwrap_or_default(),
            "unit": item.holder.name,
        })
    });
    // Kept by whoever gets the letter: what the database says later has to fit it.
    let checkpoint = store.read(log::newest_checkpoint)?;
    Ok(json!({
        "checkpoint": checkpoint.map(|given| given.note).unwrap_or_default(),
        "name": user.full_name,
        "unit": units.get(user.unit).map_or("", |unit| &unit.name),
        "unit_id": user.unit.0,
        "date": render::words::date(today),
        "day": render::words::date(day),
        "open": render::words::number(now_standing.in_progress()),
        "overdue": render::words::number(now_standing.in_progress_overdue),
        "received": render::words::number(last.received_in_period()),
        "resolved": render::words::number(last.resolved()),
        "overdue_list": named.collect::<Vec<_>>(),
    }))
}

/// Reminders and digests by the clock.
pub(crate) struct Remind;

impl Job for Remind {
    const NAME: &'static str = "reminding";
    const EVERY: Duration = Duration::from_secs(20);

    fn run(&self, store: &Store) -> Result<(), StoreError> {
        if let Err(error) = remind(store, crate::clock::now()) {
            tracing::error!(%error, "nobody was reminded; it goes on");
        }
        Ok(())
    }
}
