//! Which events people are told of, and what.

use std::collections::{BTreeSet, HashMap};

use serde_json::{Value, json};

use crate::domain::dossier::{Dossier, EventData, PaymentRequested};
use crate::domain::ids::{PersonId, UnitId, UserId};
use crate::domain::moment::Moment;
use crate::domain::person::Person;
use crate::domain::procedure::Fee;
use crate::domain::role::Role;
use crate::outgoing::notices::reminder::{horizon, reminder};
use crate::outgoing::notices::{NoticeSettings, kind_of, working_moment};
use crate::outgoing::{Happened, Teller};
use crate::render::letters::Topic;
use crate::store::outbox::{Kind, Outgoing};
use crate::store::reference::Reference;
use crate::store::users::{self, User};
use crate::store::{Conn, StoreError, persons};
use crate::{render, views};

/// Tells applicants and staff.
pub struct NoticeTeller {
    pub settings: NoticeSettings,
}

impl Teller for NoticeTeller {
    fn messages(&self, conn: &mut Conn, all: &[Happened<'_>]) -> Result<Vec<Outgoing>, StoreError> {
        let ids = all.iter().flat_map(|happened| {
            std::iter::once(happened.after.applicant).chain(happened.after.delegate)
        });
        let people = persons::find_many(conn, ids)?;
        let mut messages = Vec::new();
        for happened in all {
            messages.extend(self.of_event(conn, happened, &people)?);
        }
        Ok(messages)
    }
}

impl NoticeTeller {
    fn of_event(
        &self,
        conn: &mut Conn,
        happened: &Happened<'_>,
        people: &HashMap<PersonId, Person>,
    ) -> Result<Vec<Outgoing>, StoreError> {
        let Happened { event, after, .. } = happened;
        let own = |topic: Topic, more: Value| Some((topic, more));
        let moment = |moment: Option<Moment>| moment.map(render::words::moment).unwrap_or_default();
        let told = match &event.data {
            EventData::Received(_) => own(
                Topic::Receipt,
                json!({"owed": owed(happened.reference, after)}),
            ),
            EventData::SupplementRequested(asked) => own(
                Topic::SupplementRequested,
                json!({"reason": asked.reason, "items": items(happened.reference, after, &asked.items)}),
            ),
            EventData::PaymentRequested(asked) => own(
                Topic::PaymentRequested,
                json!({
                    "reason": what_for(happened.reference, after, asked),
                    "amount": amount(asked.amount_vnd),
                }),
            ),
            EventData::Reappointed(new) => own(
                Topic::Reappointed,
                json!({"reason": new.reason, "appointment_at": render::words::moment(new.appointment)}),
            ),
            EventData::AppointmentLapsed(lapsed) => own(
                Topic::AppointmentLapsed,
                json!({"appointment_at": render::words::moment(lapsed.appointment)}),
            ),
            EventData::VerificationNeeded(needed) if needed.limit.is_some() => own(
                Topic::Verification,
                json!({
                    "reason": needed.reason,
                    "due_before": moment(happened.before.and_then(Dossier::due)),
                }),
            ),
            EventData::Finished(_) => own(
                Topic::ResultReady,
                json!({"done_at": moment(after.closed_at)}),
            ),
            _ => None,
        };
        let mut messages = Vec::new();
        if let Some((topic, more)) = told {
            messages.extend(self.to_applicant(people, happened, topic, &more));
        }
        if matches!(event.data, EventData::BecameOverdue(_)) {
            messages.extend(self.of_overdue(conn, happened)?);
        }
        messages.extend(self.of_due_soon(conn, happened)?);
        Ok(messages)
    }

    fn to_applicant(
        &self,
        people: &HashMap<PersonId, Person>,
        happened: &Happened<'_>,
        topic: Topic,
        more: &Value,
    ) -> Vec<Outgoing> {
        let dossier = happened.after;
        let told = |id: PersonId, is_applicant: bool| {
            let person = people.get(&id)?;
            let (by, contact) = person.told_by(is_applicant, self.settings.ways())?;
            Some((person, (kind_of(by)?, contact.to_owned())))
        };
        let delegate = dossier.delegate.and_then(|id| told(id, false));
        let told: Vec<_> = told(dossier.applicant, true)
            .into_iter()
            .chain(delegate)
            .collect();
        if told.is_empty() {
            return Vec::new();
        }
        let mut values = values(happened.reference, dossier);
        let code = views::look_up::code_of(happened.reference, dossier.id);
        let link = &self.settings.look_up_link;
        let link = link.replace("{case_number}", dossier.case_number.as_str());
        values["link"] = json!(link.replace("{code}", &code));
        values["code"] = json!(code);
        merge(&mut values, more);
        let message = |(person, (kind, recipient)): (&Person, (Kind, String))| {
            let mut body = values.clone();
            body["name"] = json!(person.name);
            Outgoing {
                kind,
                topic: topic.as_str().to_owned(),
                recipient,
                body,
                dossier: Some(dossier.id),
                position: None,
                once: None,
                due: happened.now,
            }
        };
        told.into_iter().map(message).collect()
    }

    /// To the officer in charge and the supervisors of the units that answer for it and have it.
    fn of_overdue(
        &self,
        conn: &mut Conn,
        happened: &Happened<'_>,
    ) -> Result<Vec<Outgoing>, StoreError> {
        let (dossier, reference) = (happened.after, happened.reference);
        if !self.settings.carries(Kind::Email) {
            return Ok(Vec::new());
        }
        let officer = officer(conn, dossier.assignee)?;
        let units = BTreeSet::from([dossier.unit, dossier.holder]);
        let units: Vec<UnitId> = units.into_iter().collect();
        let supervisors = users::with_mail(conn, Role::Supervisor, Some(&units))?;
        let mut values = values(reference, dossier);
        values["officer"] = json!(officer.as_ref().map_or("", |user| &user.full_name));
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
                once: None,
                due: working_moment(reference, user.unit, happened.now),
            });
        }
        Ok(messages)
    }

    /// To the officer in charge of what is due within the next working day already: the daily walk
    /// has gone past it, or it had another officer then.
    fn of_due_soon(
        &self,
        conn: &mut Conn,
        happened: &Happened<'_>,
    ) -> Result<Vec<Outgoing>, StoreError> {
        let (dossier, reference) = (happened.after, happened.reference);
        let before = happened.before;
        let same = before.is_some_and(|before| {
            before.due() == dossier.due() && before.assignee == dossier.assignee
        });
        let soon = |due: Moment| {
            let until = horizon(reference, dossier.holder, happened.now);
            due > happened.now && until.is_some_and(|until| due <= until)
        };
        if same || !self.settings.carries(Kind::Email) || !dossier.due().is_some_and(soon) {
            return Ok(Vec::new());
        }
        let officer = officer(conn, dossier.assignee)?;
        let message = officer.and_then(|user| reminder(reference, dossier, &user, happened.now));
        Ok(message.into_iter().collect())
    }
}

fn officer(conn: &mut Conn, id: Option<UserId>) -> Result<Option<User>, StoreError> {
    let Some(id) = id else { return Ok(None) };
    let account = users::find(conn, id)?;
    let user = account.map(|account| account.user);
    Ok(user.filter(|user| user.disabled_at.is_none()))
}

/// What every notice of a dossier tells: nothing of its people.
pub(crate) fn values(reference: &Reference, dossier: &Dossier) -> Value {
    let unit = reference.units().get(dossier.unit);
    let procedure = reference.procedure_of(dossier);
    let moment = |moment: Option<Moment>| moment.map(render::words::moment).unwrap_or_default();
    json!({
        "case_number": dossier.case_number.as_str(),
        "procedure": procedure.map_or("", |p| &p.definition.name),
        "unit": unit.map_or("", |unit| &unit.name),
        "received_at": moment(dossier.received_at),
        "due_at": moment(dossier.due()),
        "step": procedure.map_or("", |p| p.step_name(usize::from(dossier.step))),
        "return_channel": dossier.return_channel.as_str(),
    })
}

fn merge(values: &mut Value, more: &Value) {
    if let (Value::Object(values), Value::Object(more)) = (values, more) {
        values.extend(more.clone());
    }
}

/// The names of papers of the checklist.
fn items(reference: &Reference, dossier: &Dossier, positions: &[u16]) -> Vec<String> {
    let procedure = reference.procedure_of(dossier);
    let checklist = procedure.map(|p| p.definition.checklist.as_slice());
    let checklist = checklist.unwrap_or_default();
    let names = positions
        .iter()
        .filter_map(|position| checklist.get(usize::from(*position)));
    names.map(|item| item.name.clone()).collect()
}

/// For what a payment is: the fees by their names, and what was said of it.
fn what_for(reference: &Reference, dossier: &Dossier, asked: &PaymentRequested) -> String {
    let procedure = reference.procedure_of(dossier);
    let known = procedure.map(|p| p.definition.fees.as_slice());
    let known = known.unwrap_or_default();
    let fees = asked.fees.iter();
    let fees = fees.filter_map(|fee| Some((*fee, known.get(usize::from(*fee))?)));
    let names = fees.map(|(position, fee)| times(dossier, position, fee));
    let reason = Some(asked.reason.clone()).filter(|reason| !reason.is_empty());
    names.chain(reason).collect::<Vec<_>>().join("; ")
}

/// A fee by its name, with how many times it is owed where that is more than once.
fn times(dossier: &Dossier, position: u16, fee: &Fee) -> String {
    let quantity = dossier.contents.quantity(position);
    let per = fee.per.as_deref().map(|per| format!(" {per}"));
    let per = per.unwrap_or_default();
    match (quantity, fee.amount_vnd) {
        (2.., Some(vnd)) => format!("{} ({quantity}{per} × {})", fee.name, amount(vnd)),
        _ => fee.name.clone(),
    }
}

/// What is owed for it, as far as it is known, in words; empty where nothing is.
fn owed(reference: &Reference, dossier: &Dossier) -> String {
    let Some(procedure) = reference.procedure_of(dossier) else {
        return String::new();
    };
    let owed = dossier.fees(procedure).owed().into_iter();
    let lines = owed.filter_map(|(position, sum)| {
        let fee = procedure.definition.fees.get(usize::from(position))?;
        let sum = sum.filter(|sum| *sum > 0)?;
        Some(format!(
            "{}: {} đồng",
            times(dossier, position, fee),
            amount(sum)
        ))
    });
    lines.collect::<Vec<_>>().join("; ")
}

fn amount(vnd: u64) -> String {
    render::words::number(i64::try_from(vnd).unwrap_or(i64::MAX))
}
