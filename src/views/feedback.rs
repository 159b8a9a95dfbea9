//! Feedback (phản ánh, kiến nghị) as its sender, staff and the public see it.

use std::collections::HashMap;
use std::net::IpAddr;

use data_encoding::BASE32_NOPAD;
use hmac::Mac;
use serde::Serialize;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use utoipa::ToSchema;

use crate::domain::ids::{DossierId, FeedbackId, UnitId, UserId};
use crate::domain::mac::mac;
use crate::domain::moment::Moment;
use crate::domain::opinion::FeedbackKind;
use crate::error::Error;
use crate::store::feedback::{self, Feedback, Listed};
use crate::store::limits::Limits;
use crate::store::reference::Reference;
use crate::store::{Conn, Store, StoreError, lists, users};
use crate::views;
use crate::views::list::{Named, StaffName, named_unit};
use crate::views::reach::listed_units;

/// Letters of the sender's code: 80 bits.
pub(crate) const CODE_LETTERS: usize = 16;

/// The sender's code. It follows from the id by the secret of this installation, so that a repeated
/// request is answered with the same one though it is kept nowhere.
pub(crate) fn code_of(reference: &Reference, id: FeedbackId) -> String {
    let mac = mac(reference.look_up_key(), &[b"feedback", &id.bytes()]);
    let text = BASE32_NOPAD.encode(&mac.finalize().into_bytes());
    text[..CODE_LETTERS].to_owned()
}

/// Case, spaces and dashes do not matter, as people type them.
pub(crate) fn code_hash(id: FeedbackId, code: &str) -> Vec<u8> {
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
) -> Result<ReadBack, Error> {
    let hash = code_hash(id, code);
    let subject = format!("feedback:{id}");
    views::look_up::limited(store, subject, address, limits, now, |conn, reference| {
        let kept = feedback::find(conn, id)?;
        let kept = kept.filter(|kept| bool::from(kept.code_hash.ct_eq(&hash)));
        let kept = kept.ok_or(Error::NO_FEEDBACK)?;
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

pub(crate) fn views(
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

pub(crate) fn view(
    conn: &mut Conn,
    reference: &Reference,
    one: Feedback,
    now: Moment,
) -> Result<Case, Error> {
    let mut views = views(conn, reference, vec![one], now)?;
    views.pop().ok_or(Error::NO_FEEDBACK)
}

pub(crate) fn ensure_within(
    reference: &Reference,
    one: &Feedback,
    reach: UnitId,
) -> Result<(), Error> {
    match reference.reaches(one.unit, reach) {
        true => Ok(()),
        false => Err(Error::NOT_YOUR_DOSSIER),
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
) -> Result<CasePage, Error> {
    store.read_with_reference(|conn, reference| {
        let units = listed_units(reference, unit, Some(reach))?;
        let (found, next) = page(conn, listed, units.as_deref(), after, limit)?;
        Ok(CasePage {
            items: views(conn, reference, found, now)?,
            next,
        })
    })
}

pub(crate) fn page(
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
pub fn show(store: &Store, id: FeedbackId, reach: UnitId, now: Moment) -> Result<Case, Error> {
    store.read_with_reference(|conn, reference| {
        let one = feedback::find(conn, id)?.ok_or(Error::NO_FEEDBACK)?;
        ensure_within(reference, &one, reach)?;
        view(conn, reference, one, now)
    })
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
) -> Result<PublicPage, Error> {
    store.read_with_reference(|conn, reference| {
        let units = listed_units(reference, unit, None)?;
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

type Found = (Vec<Feedback>, Option<(Moment, FeedbackId)>);
