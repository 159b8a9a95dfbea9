//! The reminder of a dossier that is due soon.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use serde_json::json;

use crate::domain::dossier::Dossier;
use crate::domain::ids::UnitId;
use crate::domain::moment::Moment;
use crate::domain::role::Role;
use crate::outgoing::notices::notifier::{officer, values};
use crate::outgoing::notices::working_moment;
use crate::render;
use crate::render::letters::Topic;
use crate::store::outbox::{Kind, Outgoing};
use crate::store::reference::Reference;
use crate::store::users::{self, User};
use crate::store::{Conn, StoreError};

/// Up to when a dossier counts as due soon: the end of the next working day.
pub(crate) fn horizon(reference: &Reference, unit: UnitId, now: Moment) -> Option<Moment> {
    Some(reference.timetable(unit)?.near_until(now, 1))
}

pub(crate) fn midnight(day: NaiveDate) -> Moment {
    Moment::at(day, chrono::NaiveTime::MIN)
}

/// The reminder of a dossier to its officer, if they have mail: once for each moment that is promised.
pub(crate) fn reminder(
    reference: &Reference,
    dossier: &Dossier,
    officer: &User,
    now: Moment,
) -> Option<Outgoing> {
    let (email, promised) = (officer.email.clone()?, dossier.promised()?);
    if !dossier.is_running() {
        return None;
    }
    let mut body = values(reference, dossier);
    body["name"] = json!(officer.full_name);
    body["unit_id"] = json!(officer.unit.0);
    Some(Outgoing {
        kind: Kind::Email,
        topic: Topic::DueTomorrow.as_str().to_owned(),
        recipient: email,
        body,
        dossier: Some(dossier.id),
        position: None,
        once: Some(format!(
            "due:{}:{}:{}",
            dossier.id,
            promised.unix_millis(),
            officer.id
        )),
        due: working_moment(reference, officer.unit, now),
    })
}

/// That a dossier is overdue, to the officer in charge and the supervisors of the units that answer for it and have it.
pub(crate) fn of_overdue(
    conn: &mut Conn,
    reference: &Reference,
    dossier: &Dossier,
    now: Moment,
) -> Result<Vec<Outgoing>, StoreError> {
    // By some norms that is when the new appointment is broken.
    let broken = dossier.appointment.filter(|moved| *moved < now);
    of_late(conn, reference, dossier, broken, now)
}

/// That the new appointment of a dossier has passed without a result, to the same; once.
pub(crate) fn of_broken(
    conn: &mut Conn,
    reference: &Reference,
    dossier: &Dossier,
    now: Moment,
) -> Result<Vec<Outgoing>, StoreError> {
    let Some(appointment) = dossier.appointment.filter(|_| dossier.is_running()) else {
        return Ok(Vec::new());
    };
    of_late(conn, reference, dossier, Some(appointment), now)
}

fn of_late(
    conn: &mut Conn,
    reference: &Reference,
    dossier: &Dossier,
    broken: Option<Moment>,
    now: Moment,
) -> Result<Vec<Outgoing>, StoreError> {
    let officer = officer(conn, dossier.assignee)?;
    let units = BTreeSet::from([dossier.unit, dossier.holder]);
    let units: Vec<UnitId> = units.into_iter().collect();
    let supervisors = users::with_mail(conn, Role::Supervisor, Some(&units))?;
    let mut values = values(reference, dossier);
    values["officer"] = json!(officer.as_ref().map_or("", |user| &user.full_name));
    values["broken_at"] = json!(broken.map(render::words::moment).unwrap_or_default());
    // Apologised for is what was apologised for once, whether that appointment still holds or not.
    values["apologise"] = json!(dossier.appointment.or(dossier.reappointed).is_none());
    let mut told = BTreeSet::new();
    let mut messages = Vec::new();
    for user in officer.iter().chain(&supervisors) {
        let Some(email) = user
            .email
            .clone()
            .filter(|email| told.insert(email.clone()))
        else {
            continue;
        };
        let mut body = values.clone();
        body["name"] = json!(user.full_name);
        body["unit_id"] = json!(user.unit.0);
        messages.push(Outgoing {
            kind: Kind::Email,
            topic: Topic::Overdue.as_str().to_owned(),
            recipient: email,
            body,
            dossier: Some(dossier.id),
            position: None,
            once: broken.map(|broken| {
                format!("broken:{}:{}:{}", dossier.id, broken.unix_millis(), user.id)
            }),
            due: working_moment(reference, user.unit, now),
        });
    }
    Ok(messages)
}
