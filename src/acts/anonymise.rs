//! Taking people out of dossiers that have ended: by themselves once the term is over, or because somebody asks for it.
//! What is counted stays as it is, and the log goes on to verify: it holds commitments that say nothing once their keys
//! are gone.

use std::collections::BTreeSet;

use diesel::Connection;
use serde_json::json;

use crate::domain::dossier::Status;
use crate::domain::ids::{Actor, DossierId, PersonId, UnitId};
use crate::domain::job::Kind;
use crate::domain::moment::Moment;
use crate::domain::person::Person;
use crate::domain::privacy::retention_cutoff;
use crate::domain::unit::Units;
use crate::error::{Conflict, Error};
use crate::store::admin_acts::{self, ActKind};
use crate::store::personal::{self, Traces};
use crate::store::{Conn, Store, StoreError, dossiers, jobs, persons, set_aside, settings};

/// Notes after how many years the people of a dossier are taken out of it, as the configuration says; `None`: never.
///
/// # Errors
/// If the database refuses.
pub fn keep_term(store: &Store, years: Option<u16>) -> Result<(), StoreError> {
    store.write_despite_clock(move |conn| settings::set_retention_years(conn, years))
}

/// Asks for the job that does it; `None` where no term is set.
///
/// # Errors
/// If the database refuses.
pub fn ask(store: &Store, now: Moment) -> Result<Option<crate::domain::ids::JobId>, StoreError> {
    store.write(move |conn| match settings::retention_years(conn)? {
        None => Ok(None),
        Some(_) => Ok(Some(jobs::ask(conn, Kind::Anonymise, &[], None, now)?)),
    })
}

/// The moment before which a dossier has to have ended; `None` where no term is set.
///
/// # Errors
/// If the database refuses.
pub fn cutoff(store: &Store, now: Moment) -> Result<Option<Moment>, StoreError> {
    let years = store.read(settings::retention_years)?;
    Ok(years.map(|years| retention_cutoff(now, years)))
}

/// A dossier whose people are to be taken out of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Planned {
    pub case_number: String,
    /// How many people.
    pub people: usize,
}

/// What the job would do now: each dossier, by id, to `tell`.
///
/// # Errors
/// If the database refuses.
pub fn preview(store: &Store, cutoff: Moment, mut tell: impl FnMut(Planned)) -> Result<(), Error> {
    let mut after = None;
    loop {
        let page = store.read(|conn| personal::ended_after(conn, after, cutoff, LOOKED_AT))?;
        for id in page.ended {
            let planned = store.read(|conn| {
                let people = match leaving(conn, id, cutoff) {
                    // What is damaged the job sets aside.
                    Err(Error::Store(error)) if error.is_damage() => return Ok(None),
                    people => people?.len(),
                };
                let case_number = dossiers::case_number(conn, id)?.unwrap_or_default();
                Ok::<_, Error>(Some(Planned {
                    case_number,
                    people,
                }))
            })?;
            planned.filter(|planned| planned.people > 0).map(&mut tell);
        }
        match page.last {
            None => return Ok(()),
            last => after = last,
        }
    }
}

/// How many dossiers are looked at at once.
pub(crate) const LOOKED_AT: u32 = 2000;

/// The people of a dossier whose term is over: not who has another dossier that is open, or ended later.
fn leaving(
    conn: &mut Conn,
    id: DossierId,
    cutoff: Moment,
) -> Result<Vec<(PersonId, Person)>, Error> {
    let mut leaving = Vec::new();
    for (id, person) in named(conn, id)? {
        let others = personal::dossiers_of(conn, &person)?;
        if others.iter().all(|other| other.has_ended_before(cutoff)) {
            leaving.push((id, person));
        }
    }
    Ok(leaving)
}

/// The people of a dossier who are not erased.
fn named(conn: &mut Conn, id: DossierId) -> Result<Vec<(PersonId, Person)>, Error> {
    let mut named = Vec::new();
    for person in personal::people_of(conn, id)? {
        if persons::is_erased(conn, person)? {
            continue;
        }
        if let Some(record) = persons::find(conn, person)? {
            named.push((person, record));
        }
    }
    Ok(named)
}

/// Takes the people out of some dossiers that have ended before `cutoff`, in one transaction. What cannot be read is set
/// aside. Returns how many people that were.
pub(crate) fn anonymise(
    store: &Store,
    ids: Vec<DossierId>,
    cutoff: Moment,
    now: Moment,
) -> Result<usize, Error> {
    let act = |alone: bool| {
        let ids = ids.clone();
        store.write(move |conn| overwriting(conn, |conn| page(conn, &ids, cutoff, now, alone)))
    };
    match act(false) {
        Err(Error::Store(error)) if error.is_damage() => act(true),
        acted => acted,
    }
}

/// While this runs, SQLite overwrites what it deletes.
fn overwriting<T>(
    conn: &mut Conn,
    work: impl FnOnce(&mut Conn) -> Result<T, Error>,
) -> Result<T, Error> {
    personal::overwrite(conn, true)?;
    let done = work(conn);
    personal::overwrite(conn, false)?;
    done
}

fn page(
    conn: &mut Conn,
    ids: &[DossierId],
    cutoff: Moment,
    now: Moment,
    alone: bool,
) -> Result<usize, Error> {
    let work = set_aside::Work::Anonymise;
    let (mut done, mut gone) = (Vec::new(), Vec::new());
    for id in ids {
        let taken = match alone {
            true => conn.transaction(|conn| take_out(conn, *id, cutoff, now)),
            false => take_out(conn, *id, cutoff, now),
        };
        match taken {
            Ok(Some((people, recorded))) => done.push((*id, recorded, people)),
            Ok(None) => {}
            Err(Error::Store(error)) if alone && error.is_damage() => {
                set_aside::put(conn, work, *id, &error, now)?;
            }
            Err(error) => return Err(error),
        }
        gone.push(*id);
    }
    let people: Vec<Person> = done
        .iter()
        .flat_map(|(.., people)| people.clone())
        .collect();
    if let Some(last) = done.iter().map(|(_, recorded, _)| *recorded).max() {
        let ids: Vec<DossierId> = done.iter().map(|(id, ..)| *id).collect();
        let traces = Traces {
            dossiers: &ids,
            people: &people,
            // What is told of an event is written soon after it, and is not kept for long.
            told_before: last.plus_millis(TOLD_WITHIN_MILLIS).min(now),
            said_before: cutoff,
        };
        personal::clear(conn, &traces, now)?;
        set_aside::done(conn, work, &ids)?;
    }
    Ok(people.len())
}

/// 90 days.
const TOLD_WITHIN_MILLIS: i64 = 90 * 24 * 3_600_000;

type TakenOut = (Vec<Person>, Moment);

/// Erases the people of a dossier whose term is over; who they were, and when its last event was written down. `None`
/// where there is nobody, or something was done with the dossier meanwhile.
fn take_out(
    conn: &mut Conn,
    id: DossierId,
    cutoff: Moment,
    now: Moment,
) -> Result<Option<TakenOut>, Error> {
    let Some(locked) = dossiers::lock(conn, id)? else {
        return Ok(None);
    };
    if !personal::has_ended_before(&locked.dossier, cutoff) {
        return Ok(None);
    }
    let leaving = leaving(conn, id, cutoff)?;
    if leaving.is_empty() {
        return Ok(None);
    }
    let people = erase_all(conn, leaving, Actor::System, now, "hết thời hạn lưu")?;
    record(conn, id, &people, Actor::System, now)?;
    Ok(Some((people, locked.dossier.recorded_at)))
}

fn erase_all(
    conn: &mut Conn,
    leaving: Vec<(PersonId, Person)>,
    by: Actor,
    now: Moment,
    reason: &str,
) -> Result<Vec<Person>, Error> {
    let mut people = Vec::with_capacity(leaving.len());
    for (id, person) in leaving {
        persons::erase(conn, id, by, now, reason)?;
        people.push(person);
    }
    Ok(people)
}

/// That it was done; and how many events still name somebody, in a reason that somebody wrote.
fn record(
    conn: &mut Conn,
    id: DossierId,
    people: &[Person],
    by: Actor,
    now: Moment,
) -> Result<(), Error> {
    let named = personal::named_in_history(conn, id, people)?;
    if named > 0 {
        tracing::warn!(dossier = %id, events = named, "its history still names somebody, in what was written as a reason");
    }
    let act = json!({"dossier": id, "people": people.len(), "named_in_history": named});
    Ok(admin_acts::record(
        conn,
        by,
        now,
        ActKind::DossierAnonymised,
        &act,
    )?)
}

/// Erases one person, who asks for it, from their dossiers within `reach`.
///
/// # Errors
/// If one of their dossiers is not over yet, wherever it is, or there is feedback to be answered.
pub(crate) fn erase(
    conn: &mut Conn,
    units: &Units,
    (dossier, person): (DossierId, PersonId),
    reach: UnitId,
    by: Actor,
    reason: &str,
    now: Moment,
) -> Result<(), Error> {
    let Some(record_of) = persons::find(conn, person)?.filter(|person| !person.name.is_empty())
    else {
        // The term was over first.
        return Ok(());
    };
    let mut all = personal::dossiers_of(conn, &record_of)?;
    all.retain(|other| other.dossier != dossier || other.person != person);
    let within = |unit| units.is_under(unit, reach);
    let mut ids: BTreeSet<DossierId> = BTreeSet::from([dossier]);
    let elsewhere = all.iter().filter(|other| within(other.unit));
    ids.extend(elsewhere.clone().map(|other| other.dossier));
    let same: BTreeSet<PersonId> = elsewhere
        .map(|other| other.person)
        .chain([person])
        .collect();
    // By id, as everybody locks several.
    let mut leaving = Vec::new();
    for id in &ids {
        let locked = dossiers::lock(conn, *id)?.ok_or(Error::NO_DOSSIER)?;
        let is_applicant = same.contains(&locked.dossier.applicant);
        if !is_over(locked.dossier.status) {
            let number = locked.dossier.case_number.as_str();
            return Err(still_needed(format!(
                "hồ sơ {number} chưa kết thúc hoặc chưa trả kết quả"
            )));
        }
        for (id, person) in named(conn, *id)? {
            // Whom a correction has replaced was meant to be them.
            let replaced = is_applicant && Some(id) != locked.dossier.delegate;
            if same.contains(&id) || replaced {
                leaving.push((id, person));
            }
        }
    }
    if all
        .iter()
        .any(|other| !within(other.unit) && !is_over(other.status))
    {
        return Err(still_needed(
            "còn hồ sơ chưa kết thúc ở đơn vị khác".to_owned(),
        ));
    }
    let ids: Vec<DossierId> = ids.into_iter().collect();
    if personal::open_feedback(conn, &ids)?.is_some() {
        return Err(still_needed(
            "còn phản ánh, kiến nghị chưa trả lời".to_owned(),
        ));
    }
    overwriting(conn, |conn| {
        let people = erase_all(conn, leaving, by, now, reason)?;
        for id in &ids {
            record(conn, *id, &people, by, now)?;
        }
        let traces = Traces {
            dossiers: &ids,
            people: &people,
            told_before: now,
            said_before: now,
        };
        Ok(personal::clear(conn, &traces, now)?)
    })
}

fn still_needed(why: String) -> Error {
    Conflict::StillNeeded(why).into()
}

/// Whether nothing is to be done with a dossier for its people any more.
const fn is_over(status: Status) -> bool {
    matches!(
        status,
        Status::NotReceived | Status::Withdrawn | Status::Stopped | Status::Returned
    )
}
