//! Feedback (phản ánh, kiến nghị): received from anybody, given to somebody, answered within its
//! own limit, published without personal data.

use crate::views;
use std::collections::HashMap;
use std::net::IpAddr;

use data_encoding::BASE32_NOPAD;
use hmac::Mac;
use serde::Serialize;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use utoipa::ToSchema;

use crate::acts::DeskError;
use crate::acts::limits::Limits;
use crate::acts::limits::address_key;
use crate::acts::opinions::{OpinionError, invalid, listed_units, wrong};
use crate::domain::disclosure::disclosures;
use crate::domain::dossier::Refusal;
use crate::domain::ids::{DossierId, FeedbackId, UnitId, UserId};
use crate::domain::moment::Moment;
use crate::domain::opinion::FeedbackKind;
use crate::domain::person::Person;
use crate::domain::role::Permission;
use crate::domain::time_limit::TimeLimit;
use crate::mac::mac;
use crate::store::authority::{Proof, Proven};
use crate::store::feedback;
use crate::store::feedback::{Feedback, Listed, Public};
use crate::store::idempotency::{Happened, Once, is_used, once};
use crate::store::reference::Reference;
use crate::store::{Conn, Store, StoreError, events, lists, persons, users};
use crate::views::assignees::find_assignee;
use crate::views::list::{Named, StaffName, named_unit};
use crate::views::look_up::LookUpError;

/// Letters of the sender's code: 80 bits.
const CODE_LETTERS: usize = 16;

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
) -> Result<Happened<Received>, OpinionError> {
    let dossier = match &new.dossier {
        None => None,
        Some((number, code)) => Some(views::look_up::identify_limited(
            store, number, code, address, limits, now,
        )?),
    };
    // The unit, and until when it has to answer.
    let addressed = move |reference: &Reference, code: &str| {
        let unit = reference.units().by_code(code);
        let unit = unit.filter(|unit| unit.is_open_on(now.date()));
        let unit = unit.ok_or_else(|| {
            let reason = format!("không có đơn vị '{code}' đang hoạt động");
            invalid("/unit", reason)
        })?;
        let timetable = reference.timetable(unit.id).ok_or(DeskError::NoCalendar)?;
        let due = limit.due(now, timetable).map_err(Refusal::from);
        Ok::<_, OpinionError>((unit.id, due.map_err(DeskError::from)?))
    };
    // The same request again makes nothing, and costs nothing; what is refused counts.
    if !store.read(|conn| Ok::<_, OpinionError>(is_used(conn, key.as_ref())?))? {
        let from = format!("feedback-from:{}", address_key(address));
        if let Some(until) = store.count_attempt(vec![(from, limits.submission_address)], now)? {
            return Err(OpinionError::TooMany { until });
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
            Ok::<_, OpinionError>(id)
        })?;
        let kept = feedback::find(conn, made.value)?.ok_or(OpinionError::NotFound)?;
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

/// The sender's code. It follows from the id by the secret of this installation, so that a repeated
/// request is answered with the same one though it is kept nowhere.
fn code_of(reference: &Reference, id: FeedbackId) -> String {
    let mac = mac(reference.look_up_key(), &[b"feedback", &id.bytes()]);
    let text = BASE32_NOPAD.encode(&mac.finalize().into_bytes());
    text[..CODE_LETTERS].to_owned()
}

/// Case, spaces and dashes do not matter, as people type them.
fn code_hash(id: FeedbackId, code: &str) -> Vec<u8> {
    let letters = code.chars().filter(char::is_ascii_alphanumeric);
    let letters: String = letters.map(|c| c.to_ascii_uppercase()).collect();
    let mut hash = Sha256::new();
    hash.update(id.bytes());
    hash.update(letters.as_bytes());
    hash.finalize().to_vec()
}

/// A feedback as its sender reads it.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ReadBack {
    pub id: FeedbackId,
    pub kind: FeedbackKind,
    pub unit: Named,
    pub received_at: Moment,
    pub due_at: Moment,
    pub content: String,
    pub answered_at: Option<Moment>,
    pub answer: Option<String>,
}

/// Shows a feedback to whoever has its code, limited against guessing as the look-up of dossiers.
///
/// # Errors
/// No such feedback or another code, too much tried, or an error of the store.
pub fn read_back(
    store: &Store,
    id: FeedbackId,
    code: &str,
    address: IpAddr,
    limits: Limits,
    now: Moment,
) -> Result<ReadBack, OpinionError> {
    let hash = code_hash(id, code);
    let subject = format!("feedback:{id}");
    let found = views::look_up::limited(store, subject, address, limits, now, |conn, reference| {
        let kept = feedback::find(conn, id)?;
        let kept = kept.filter(|kept| bool::from(kept.code_hash.ct_eq(&hash)));
        let kept = kept.ok_or(LookUpError::NotFound)?;
        Ok(ReadBack {
            id,
            kind: kept.kind,
            unit: named_unit(reference, kept.unit),
            received_at: kept.received_at,
            due_at: kept.due_at,
            content: kept.content,
            answered_at: kept.handled_at,
            answer: kept.answer,
        })
    });
    found.map_err(|error| match error {
        LookUpError::NotFound => OpinionError::NotFound,
        error => error.into(),
    })
}

/// A feedback as staff see it.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Case {
    pub id: FeedbackId,
    pub version: u32,
    pub kind: FeedbackKind,
    pub unit: Named,
    pub received_at: Moment,
    pub due_at: Moment,
    /// Past due, and not answered.
    pub overdue: bool,
    pub content: String,
    /// Of the dossier that it is about.
    #[schema(example = "H37.20.01-210301-0001")]
    pub case_number: Option<String>,
    #[schema(example = "Nguyễn Thị Ánh")]
    pub sender_name: Option<String>,
    #[schema(example = "0912345678")]
    pub sender_phone: Option<String>,
    #[schema(example = "anh@example.vn")]
    pub sender_email: Option<String>,
    pub assignee: Option<StaffName>,
    pub answered_at: Option<Moment>,
    pub answered_by: Option<StaffName>,
    pub answer: Option<String>,
    pub published_at: Option<Moment>,
    pub public_content: Option<String>,
    pub public_answer: Option<String>,
}

/// A page of feedback.
#[derive(Debug, Clone)]
pub struct CasePage {
    pub items: Vec<Case>,
    pub next: Option<(Moment, FeedbackId)>,
}

fn views(
    conn: &mut Conn,
    reference: &Reference,
    all: Vec<Feedback>,
    now: Moment,
) -> Result<Vec<Case>, StoreError> {
    let staff = all.iter().flat_map(|one| [one.assignee, one.answered_by]);
    let staff = users::names(conn, staff.flatten())?;
    let dossiers: Vec<DossierId> = all.iter().filter_map(|one| one.dossier).collect();
    let numbers = lists::by_ids(conn, &dossiers)?.into_iter();
    let numbers: HashMap<_, _> = numbers.map(|found| (found.id, found.case_number)).collect();
    let person = |id: Option<UserId>| id.and_then(|id| StaffName::of(&staff, id));
    let views = all.into_iter().map(|one| {
        let (published_at, public_content, public_answer) = match one.public {
            Some(public) => (
                Some(public.since),
                Some(public.content),
                Some(public.answer),
            ),
            None => (None, None, None),
        };
        Case {
            id: one.id,
            version: one.version,
            kind: one.kind,
            unit: named_unit(reference, one.unit),
            received_at: one.received_at,
            due_at: one.due_at,
            overdue: one.handled_at.is_none() && one.due_at < now,
            content: one.content,
            case_number: one.dossier.and_then(|id| numbers.get(&id).cloned()),
            sender_name: Some(one.sender.name).filter(|name| !name.is_empty()),
            sender_phone: one.sender.phone,
            sender_email: one.sender.email,
            assignee: person(one.assignee),
            answered_at: one.handled_at,
            answered_by: person(one.answered_by),
            answer: one.answer,
            published_at,
            public_content,
            public_answer,
        }
    });
    Ok(views.collect())
}

fn view(
    conn: &mut Conn,
    reference: &Reference,
    one: Feedback,
    now: Moment,
) -> Result<Case, OpinionError> {
    let mut views = views(conn, reference, vec![one], now)?;
    views.pop().ok_or(OpinionError::NotFound)
}

fn ensure_within(reference: &Reference, one: &Feedback, reach: UnitId) -> Result<(), DeskError> {
    match reference.units().is_under(one.unit, reach) {
        true => Ok(()),
        false => Err(DeskError::OutOfReach),
    }
}

/// Feedback to the units within reach, or to one of them and what is under it.
///
/// # Errors
/// If the unit is unknown or out of reach, or the database refuses.
pub fn cases(
    store: &Store,
    listed: Listed,
    unit: Option<&str>,
    reach: UnitId,
    after: Option<(Moment, FeedbackId)>,
    limit: u32,
    now: Moment,
) -> Result<CasePage, OpinionError> {
    store.read_with_reference(|conn, reference| {
        let units = listed_units(reference.units(), unit, Some(reach))?;
        let (found, next) = page(conn, listed, units.as_deref(), after, limit)?;
        Ok(CasePage {
            items: views(conn, reference, found, now)?,
            next,
        })
    })
}

type Found = (Vec<Feedback>, Option<(Moment, FeedbackId)>);

fn page(
    conn: &mut Conn,
    listed: Listed,
    units: Option<&[UnitId]>,
    after: Option<(Moment, FeedbackId)>,
    limit: u32,
) -> Result<Found, StoreError> {
    let mut found = feedback::list(conn, listed, units, after, limit + 1)?;
    let more = found.len() > limit as usize;
    found.truncate(limit as usize);
    let last = found.last().filter(|_| more);
    let next = last.map(|last| (listed.place(last), last.id));
    Ok((found, next))
}

/// One feedback within reach.
///
/// # Errors
/// If there is none, it is out of reach, or the database refuses.
pub fn show(
    store: &Store,
    id: FeedbackId,
    reach: UnitId,
    now: Moment,
) -> Result<Case, OpinionError> {
    store.read_with_reference(|conn, reference| {
        let one = feedback::find(conn, id)?.ok_or(OpinionError::NotFound)?;
        ensure_within(reference, &one, reach)?;
        view(conn, reference, one, now)
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
        work: impl Fn(&mut Conn, &Reference, &Proven, &mut Feedback) -> Result<(), OpinionError>
        + Send
        + 'static,
    ) -> Result<Case, OpinionError> {
        store.write_with_reference_as(self.by, move |conn, reference, caller| {
            let mut one = feedback::lock(conn, self.id)?.ok_or(OpinionError::NotFound)?;
            ensure_within(reference, &one, caller.unit())?;
            if self.version.is_some_and(|seen| seen != one.version) {
                return Err(OpinionError::Changed);
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
pub fn assign(
    store: &Store,
    change: Change,
    username: Option<String>,
) -> Result<Case, OpinionError> {
    change.make(store, move |conn, reference, caller, one| {
        if one.handled_at.is_some() {
            return Err(OpinionError::AlreadyAnswered);
        }
        let assignee = find_assignee(conn, username.as_deref())?;
        if let Some(id) = assignee {
            let units = reference.units();
            let may = users::find(conn, id)?.is_some_and(|account| {
                let user = account.user;
                user.role.may(Permission::HandleFeedback)
                    && units.is_under(one.unit, user.unit)
                    && units.is_under(user.unit, caller.unit())
            });
            if !may {
                let reason = "người này không xử lý phản ánh, kiến nghị của đơn vị";
                return Err(invalid("/assignee", reason));
            }
        }
        one.assignee = assignee;
        Ok(())
    })
}

/// Answers it, once.
///
/// # Errors
/// If it is answered already, or those of every change.
pub fn answer(store: &Store, change: Change, text: String) -> Result<Case, OpinionError> {
    change.make(store, move |_, _, caller, one| {
        if one.handled_at.is_some() {
            return Err(OpinionError::AlreadyAnswered);
        }
        one.answer = Some(text.clone());
        one.answered_by = Some(caller.user());
        one.handled_at = Some(change.now);
        Ok(())
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
) -> Result<Case, OpinionError> {
    change.make(store, move |conn, _, _, one| {
        if one.handled_at.is_none() {
            return Err(OpinionError::NotAnswered);
        }
        let people = people_of(conn, one)?;
        let texts = [("/content", &content), ("/answer", &answer)];
        let found = texts.into_iter().flat_map(|(pointer, text)| {
            let found = disclosures(text, &people).into_iter();
            found.map(move |what| wrong(pointer, what))
        });
        let found: Vec<_> = found.collect();
        if !found.is_empty() {
            return Err(DeskError::Invalid(found).into());
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

/// What everybody may read of a feedback.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct PublicView {
    pub kind: FeedbackKind,
    pub unit: Named,
    pub received_at: Moment,
    pub answered_at: Option<Moment>,
    pub published_at: Moment,
    pub content: String,
    pub answer: String,
}

/// A page of it.
#[derive(Debug, Clone)]
pub struct PublicPage {
    pub items: Vec<PublicView>,
    pub next: Option<(Moment, FeedbackId)>,
}

/// What is published, newest first; of all units, or of one and what is under it.
///
/// # Errors
/// If the unit is unknown, or the database refuses.
pub fn published(
    store: &Store,
    unit: Option<&str>,
    after: Option<(Moment, FeedbackId)>,
    limit: u32,
) -> Result<PublicPage, OpinionError> {
    store.read_with_reference(|conn, reference| {
        let units = listed_units(reference.units(), unit, None)?;
        let (found, next) = page(conn, Listed::Published, units.as_deref(), after, limit)?;
        let items = found.into_iter().filter_map(|one| {
            let public = one.public?;
            Some(PublicView {
                kind: one.kind,
                unit: named_unit(reference, one.unit),
                received_at: one.received_at,
                answered_at: one.handled_at,
                published_at: public.since,
                content: public.content,
                answer: public.answer,
            })
        });
        Ok(PublicPage {
            items: items.collect(),
            next,
        })
    })
}
