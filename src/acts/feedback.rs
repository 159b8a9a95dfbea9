//! Feedback (phản ánh, kiến nghị): received from anybody, given to somebody, answered within its
//! own limit, published without personal data.

use std::net::IpAddr;

use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use crate::domain::disclosure::{Disclosure, disclosures, holds_case_number, holds_code};
use crate::domain::dossier::Refusal;
use crate::domain::ids::{Actor, FeedbackId, UserId};
use crate::domain::moment::Moment;
use crate::domain::opinion::FeedbackKind;
use crate::domain::person::Person;
use crate::domain::role::{Permission, Role};
use crate::domain::time_limit::TimeLimit;
use crate::error::{Conflict, Error, WrongField};
use crate::outgoing::notices::kind_of;
use crate::render::letters::Topic;
use crate::render::words;
use crate::store::authority::{Proof, Proven};
use crate::store::feedback::{self, Feedback, Public};
use crate::store::idempotency::{Happened, Once, is_used, once};
use crate::store::limits::{Limits, address_key};
use crate::store::outbox::{self, Outgoing};
use crate::store::reference::Reference;
use crate::store::{Conn, Store, StoreError, events, lists, persons, users};
use crate::views;
use crate::views::assignees::find_assignee;
use crate::views::feedback::{Case, code_hash, code_of, ensure_within, view};
use crate::views::list::{Named, named_unit};

/// A feedback as its sender brings it.
#[derive(Debug, Clone)]
pub struct NewFeedback {
    /// Code of the unit that it goes to.
    pub unit: String,
    pub kind: FeedbackKind,
    pub content: String,
    /// Case number and look-up code of the dossier that it is about.
    pub dossier: Option<(String, String)>,
    /// As far as they say who they are; the name may be empty.
    pub sender: Person,
}

/// What the sender takes along.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Received {
    pub id: FeedbackId,
    /// Mã để đọc câu trả lời; không cấp lại.
    #[schema(example = "ABCDEFGHIJKLMNOP")]
    pub code: String,
    pub unit: Named,
    pub received_at: Moment,
    /// Until when it is to be answered.
    pub due_at: Moment,
}

/// Takes a feedback, due within `limit` by the opening hours of its unit.
///
/// # Errors
/// A unit that is none, no such dossier and code, too many of them, a calendar that does not reach
/// far enough, or an error of the store.
pub fn receive(
    store: &Store,
    new: NewFeedback,
    limit: TimeLimit,
    address: IpAddr,
    limits: Limits,
    key: Option<Once>,
    now: Moment,
) -> Result<Happened<Received>, Error> {
    let dossier = match &new.dossier {
        None => None,
        Some((number, code)) => Some(views::look_up::identify_limited(
            store, number, code, address, limits, now,
        )?),
    };
    // The unit, and until when it has to answer.
    let addressed = move |reference: &Reference, code: &str| {
        let unit = reference.units().by_code(code);
        let ended = unit.and_then(|unit| words::ended(reference.units(), unit, now.date()));
        let unit = unit.filter(|unit| unit.is_open_on(now.date()));
        let unit = unit.ok_or_else(|| {
            let none = || format!("không có đơn vị '{code}' đang hoạt động");
            Error::wrong("/unit", ended.unwrap_or_else(none))
        })?;
        let timetable = reference.timetable(unit.id).ok_or(Error::NoCalendar)?;
        let due = limit.due(now, timetable).map_err(Refusal::from);
        Ok::<_, Error>((unit.id, due.map_err(Error::from)?))
    };
    // The same request again makes nothing, and costs nothing; what is refused counts.
    if !store.read(|conn| Ok::<_, Error>(is_used(conn, key.as_ref())?))? {
        let from = format!("feedback-from:{}", address_key(address));
        if let Some(until) = store.count_attempt(vec![(from, limits.submission_address)], now)? {
            return Err(Error::too_many_sent(until));
        }
        addressed(&*store.reference()?, &new.unit)?;
    }
    store.write_with_reference(move |conn, reference| {
        let made = once(conn, key.as_ref(), now, |conn| {
            let (unit, due_at) = addressed(reference, &new.unit)?;
            let id = FeedbackId::new(now, rand::random());
            let new = Feedback {
                id,
                unit,
                received_at: now,
                handled_at: None,
                kind: new.kind,
                content: new.content.clone(),
                dossier,
                sender: new.sender.clone(),
                code_hash: code_hash(id, &code_of(reference, id)),
                due_at,
                assignee: None,
                answer: None,
                answered_by: None,
                public: None,
                version: 1,
            };
            feedback::insert(conn, &new)?;
            Ok::<_, Error>(id)
        })?;
        let kept = feedback::find(conn, made.value)?.ok_or(Error::NO_FEEDBACK)?;
        Ok(Happened {
            value: Received {
                id: kept.id,
                code: code_of(reference, kept.id),
                unit: named_unit(reference, kept.unit),
                received_at: kept.received_at,
                due_at: kept.due_at,
            },
            before: made.before,
        })
    })
}

/// Who changes which feedback, and how they have seen it.
#[derive(Debug, Clone, Copy)]
pub struct Change {
    pub id: FeedbackId,
    /// `None` to change whatever it is now.
    pub version: Option<u32>,
    pub by: Proof,
    pub now: Moment,
}

impl Change {
    fn make(
        self,
        store: &Store,
        work: impl Fn(&mut Conn, &Reference, &Proven, &mut Feedback) -> Result<(), Error>
        + Send
        + 'static,
    ) -> Result<Case, Error> {
        store.write_with_reference_as(self.by, move |conn, reference, caller| {
            let mut one = feedback::lock(conn, self.id)?.ok_or(Error::NO_FEEDBACK)?;
            ensure_within(reference, &one, caller.unit())?;
            if self.version.is_some_and(|seen| seen != one.version) {
                return Err(Error::CHANGED);
            }
            work(conn, reference, caller, &mut one)?;
            one.version += 1;
            feedback::update(conn, &one)?;
            view(conn, reference, one, self.now)
        })
    }
}

/// Gives it to a member of staff, or to nobody: somebody within the caller's reach who can see it and
/// may answer it.
///
/// # Errors
/// A username that is not such a one, or those of every change.
pub fn assign(store: &Store, change: Change, username: Option<String>) -> Result<Case, Error> {
    change.make(store, move |conn, reference, caller, one| {
        if one.handled_at.is_some() {
            return Err(Conflict::AlreadyAnswered.into());
        }
        let assignee = find_assignee(conn, username.as_deref())?;
        if let Some(id) = assignee {
            let units = reference.units();
            let may = users::find(conn, id)?.is_some_and(|account| {
                let user = account.user;
                user.role.may(Permission::HandleFeedback)
                    && reference.reaches(one.unit, user.unit)
                    && units.is_under(user.unit, caller.unit())
            });
            if !may {
                let reason = "người này không xử lý phản ánh, kiến nghị của đơn vị";
                return Err(Error::wrong("/assignee", reason));
            }
            if is_own_work(conn, one, id)? {
                return Err(Error::wrong("/assignee", Conflict::OwnWork.to_string()));
            }
        }
        one.assignee = assignee;
        Ok(())
    })
}

/// Answers it, once; the sender is told.
///
/// # Errors
/// If it is answered already, or those of every change.
pub fn answer(store: &Store, change: Change, text: String) -> Result<Case, Error> {
    change.make(store, move |conn, reference, caller, one| {
        if one.handled_at.is_some() {
            return Err(Conflict::AlreadyAnswered.into());
        }
        if is_own_work(conn, one, caller.user())? {
            return Err(Conflict::OwnWork.into());
        }
        one.answer = Some(text.clone());
        one.answered_by = Some(caller.user());
        one.handled_at = Some(change.now);
        if let Some(message) = answered(reference, one, &text, change.now) {
            outbox::put(conn, &message, change.now)?;
        }
        Ok(())
    })
}

/// Whether somebody who is no supervisor has had a hand in the dossier that it is about, or has it now.
fn is_own_work(conn: &mut Conn, one: &Feedback, user: UserId) -> Result<bool, Error> {
    let Some(dossier) = one.dossier else {
        return Ok(false);
    };
    let account = users::find(conn, user)?;
    if account.is_none_or(|account| account.user.role == Role::Supervisor) {
        return Ok(false);
    }
    let own = Actor::Staff(user);
    for event in events::history(conn, dossier)? {
        if event.event()?.actor == own {
            return Ok(true);
        }
    }
    let listed = lists::by_ids(conn, &[dossier])?;
    Ok(listed.iter().any(|row| row.assignee == Some(user)))
}

/// The answer, to its sender where they have said how to reach them.
fn answered(reference: &Reference, one: &Feedback, answer: &str, now: Moment) -> Option<Outgoing> {
    let (by, contact) = one.sender.told_by(true, reference.ways())?;
    let unit = reference.units().answering_on(one.unit, now.date());
    let name = match one.sender.name.as_str() {
        "" => words::told::you(&one.sender),
        name => name.to_owned(),
    };
    Some(Outgoing {
        kind: kind_of(by)?,
        topic: Topic::FeedbackAnswered.as_str().to_owned(),
        recipient: contact.to_owned(),
        body: json!({
            "name": name, "you": words::told::you(&one.sender),
            "unit": unit.map_or("", |unit| &unit.name),
            "phone": unit.and_then(|unit| unit.phone.as_deref()).unwrap_or_default(),
            "content": one.content, "answer": answer,
            "received_at": words::moment(one.received_at), "handled_at": words::moment(now),
        }),
        dossier: None,
        position: None,
        once: None,
        due: now,
    })
}

/// Lets everybody read it, in the words that staff have made of question and answer. A second time,
/// other words take the place of the first.
///
/// # Errors
/// If it is not answered, if the words still give somebody away, or those of every change.
pub fn publish(
    store: &Store,
    change: Change,
    content: String,
    answer: String,
) -> Result<Case, Error> {
    change.make(store, move |conn, reference, _, one| {
        if one.handled_at.is_none() {
            return Err(Conflict::NotAnswered.into());
        }
        let people = people_of(conn, one)?;
        let dossier = one.dossier.map(|id| views::look_up::code_of(reference, id));
        let codes = [Some(code_of(reference, one.id)), dossier];
        let texts = [("/content", &content), ("/answer", &answer)];
        let found = texts.into_iter().flat_map(|(pointer, text)| {
            let holds = |code: &String| holds_code(text, code);
            let code = codes
                .iter()
                .flatten()
                .any(holds)
                .then_some(Disclosure::Code);
            let number = holds_case_number(text).then_some(Disclosure::CaseNumber);
            let found = disclosures(text, &people).into_iter();
            let found = found.chain(code).chain(number);
            found.map(move |what| WrongField::from((pointer, what)))
        });
        let found: Vec<_> = found.collect();
        if !found.is_empty() {
            return Err(Error::Invalid(found));
        }
        one.public = Some(Public {
            since: one
                .public
                .as_ref()
                .map_or(change.now, |public| public.since),
            content: content.clone(),
            answer: answer.clone(),
        });
        Ok(())
    })
}

/// Takes back that everybody reads it. Again changes nothing.
///
/// # Errors
/// Those of every change.
pub fn unpublish(store: &Store, change: Change) -> Result<Case, Error> {
    change.make(store, move |_, _, _, one| {
        one.public = None;
        Ok(())
    })
}

/// The sender, and the people of the dossier that it is about.
fn people_of(conn: &mut Conn, one: &Feedback) -> Result<Vec<Person>, StoreError> {
    let mut people = vec![one.sender.clone()];
    if let Some(id) = one.dossier
        && let Some((dossier, _)) = events::replay(conn, id)?
    {
        for person in [Some(dossier.applicant), dossier.delegate]
            .into_iter()
            .flatten()
        {
            people.extend(persons::find(conn, person)?);
        }
    }
    Ok(people)
}
