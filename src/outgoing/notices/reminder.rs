//! The reminder of a dossier that is due soon.

use chrono::NaiveDate;
use serde_json::json;

use crate::domain::dossier::Dossier;
use crate::domain::ids::UnitId;
use crate::domain::moment::Moment;
use crate::outgoing::notices::notifier::values;
use crate::outgoing::notices::working_moment;
use crate::render::letters::Topic;
use crate::store::outbox::{Kind, Outgoing};
use crate::store::reference::Reference;
use crate::store::users::User;

/// Up to when a dossier counts as due soon: the end of the next working day.
pub(crate) fn horizon(reference: &Reference, unit: UnitId, now: Moment) -> Option<Moment> {
    Some(reference.timetable(unit)?.near_until(now, 1))
}

pub(crate) fn midnight(day: NaiveDate) -> Moment {
    Moment::at(day, chrono::NaiveTime::MIN)
}

/// The reminder of a dossier to its officer, if they have mail: once for each due moment.
pub(crate) fn reminder(
    reference: &Reference,
    dossier: &Dossier,
    officer: &User,
    now: Moment,
) -> Option<Outgoing> {
    let (email, due) = (officer.email.clone()?, dossier.due()?);
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
            due.unix_millis(),
            officer.id
        )),
        due: working_moment(reference, officer.unit, now),
    })
}
