//! What people ask about their own data, as those see it who answer: the dossier's number, and no name.

use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::ids::{DossierId, MessageId, PersonId, PrivacyRequestId, UnitId};
use crate::domain::moment::Moment;
use crate::domain::privacy::{Request, Seen};
use crate::error::Error;
use crate::store::privacy::{self, PrivacyRequest};
use crate::store::readings::{Recorded, Which};
use crate::store::reference::Reference;
use crate::store::{Conn, Store, StoreError, dossiers, persons, readings, users};
use crate::views::list::{Named, StaffName, named_unit};

/// What somebody has asked about their data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct PrivacyRequestView {
    pub id: PrivacyRequestId,
    /// That answers for the dossier.
    pub unit: Named,
    /// Under which their data are.
    #[schema(example = "H37.20.01-210301-0001")]
    pub case_number: String,
    pub what: Request,
    pub note: String,
    pub received_at: Moment,
    pub received_by: Option<StaffName>,
    /// By when it has to be answered.
    pub answer_by: Moment,
    /// By when it has to be done.
    pub done_by: Moment,
    pub answered_at: Option<Moment>,
    /// When it was done or refused.
    pub settled_at: Option<Moment>,
    pub settled_by: Option<StaffName>,
    /// Why it was refused; absent where it was done, or is not settled.
    pub refusal: Option<String>,
    /// The answer or the deed came too late, or is late by now.
    pub overdue: bool,
}

pub(crate) fn missing() -> Error {
    Error::NotFound("không có yêu cầu này")
}

/// It, if its unit lies within `reach`.
pub(crate) fn within(
    found: Option<PrivacyRequest>,
    reference: &Reference,
    reach: UnitId,
) -> Result<PrivacyRequest, Error> {
    let one = found.ok_or_else(missing)?;
    match reference.reaches(one.unit, reach) {
        true => Ok(one),
        false => Err(Error::NOT_YOURS_TO_KEEP),
    }
}

/// With the names of all who have to do with it.
pub(crate) fn view(
    conn: &mut Conn,
    reference: &Reference,
    one: PrivacyRequest,
    now: Moment,
) -> Result<PrivacyRequestView, Error> {
    let settled = one.settled.as_ref();
    let people = std::iter::once(one.received_by).chain(settled.map(|settled| settled.by));
    let names = users::names(conn, people.collect::<Vec<_>>())?;
    let settled_at = settled.map(|settled| settled.at);
    // Whatever settles it answers it.
    let answered = one.answered_at.or(settled_at).unwrap_or(now);
    Ok(PrivacyRequestView {
        id: one.id,
        unit: named_unit(reference, one.unit),
        case_number: dossiers::case_number(conn, one.dossier)?.unwrap_or_default(),
        what: one.what,
        received_at: one.received_at,
        received_by: StaffName::of(&names, one.received_by),
        answer_by: one.answer_by,
        done_by: one.done_by,
        answered_at: one.answered_at,
        settled_at,
        settled_by: settled.and_then(|settled| StaffName::of(&names, settled.by)),
        refusal: settled.and_then(|settled| settled.refusal.clone()),
        overdue: answered > one.answer_by || settled_at.unwrap_or(now) > one.done_by,
        note: one.note,
    })
}

/// One within `reach`.
///
/// # Errors
/// If there is none, it is out of reach, or the database refuses.
pub fn find(
    store: &Store,
    id: PrivacyRequestId,
    reach: UnitId,
    now: Moment,
) -> Result<PrivacyRequestView, Error> {
    store.read_with_reference(|conn, reference| {
        let one = within(privacy::find(conn, id)?, reference, reach)?;
        view(conn, reference, one, now)
    })
}

/// Those of a unit and of what is under it, newest first, older than `before`.
///
/// # Errors
/// If the database refuses.
pub fn list(
    store: &Store,
    reach: UnitId,
    before: Option<PrivacyRequestId>,
    limit: u32,
    now: Moment,
) -> Result<Vec<PrivacyRequestView>, Error> {
    store.read_with_reference(|conn, reference| {
        let units = reference.reached_by(reach);
        let found = privacy::of_units(conn, &units, before, limit)?;
        let views = found.into_iter();
        views.map(|one| view(conn, reference, one, now)).collect()
    })
}

/// A reading, as it is exported.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReadingView {
    pub at: Moment,
    pub username: String,
    pub full_name: String,
    pub case_number: String,
    /// Whose number it was; of a dossier, its applicant.
    pub person: String,
    pub what: Seen,
}

/// A reading, as administrators see it: neither the number nor the name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ReadingLine {
    pub at: Moment,
    #[schema(example = "h37.20.01.clerk")]
    pub username: String,
    pub full_name: String,
    #[schema(example = "H37.20.01-210301-0001")]
    pub case_number: String,
    /// Whose number it was, on that dossier; of a dossier that was opened, its applicant.
    pub person: PersonId,
    /// What was read.
    pub what: Seen,
}

/// A part of the readings of a span, oldest first, each with where to go on behind it.
pub(crate) fn reading_lines(
    conn: &mut Conn,
    period: (Moment, Moment),
    which: Which,
    after: Option<MessageId>,
    limit: u32,
) -> Result<Vec<(MessageId, ReadingLine)>, StoreError> {
    let read = readings::part(conn, period, which, after, limit)?;
    let staff = users::names(conn, read.iter().map(|one| one.reading.user))?;
    let mut lines = Vec::with_capacity(read.len());
    for Recorded { id, reading } in read {
        let (username, full_name) = staff.get(&reading.user).cloned().unwrap_or_default();
        let line = ReadingLine {
            at: reading.at,
            username,
            full_name,
            case_number: dossiers::case_number(conn, reading.dossier)?.unwrap_or_default(),
            person: reading.person,
            what: reading.what,
        };
        lines.push((id, line));
    }
    Ok(lines)
}

/// The readings of a span, oldest first; of one dossier only, if one is named.
pub(crate) fn readings_of(
    conn: &mut Conn,
    period: (Moment, Moment),
    dossier: Option<DossierId>,
) -> Result<Vec<ReadingView>, StoreError> {
    let mut all = Vec::new();
    readings::within(conn, period, |conn, read| {
        let read: Vec<_> = read.iter().map(|recorded| recorded.reading).collect();
        let read = read.into_iter();
        let read: Vec<_> = read
            .filter(|reading| dossier.is_none_or(|dossier| dossier == reading.dossier))
            .collect();
        let staff = users::names(conn, read.iter().map(|reading| reading.user))?;
        let people = persons::find_many(conn, read.iter().map(|reading| reading.person))?;
        for reading in read {
            let (username, full_name) = staff.get(&reading.user).cloned().unwrap_or_default();
            let person = people.get(&reading.person);
            all.push(ReadingView {
                at: reading.at,
                username,
                full_name,
                case_number: dossiers::case_number(conn, reading.dossier)?.unwrap_or_default(),
                person: person.map(|person| person.name.clone()).unwrap_or_default(),
                what: reading.what,
            });
        }
        Ok(())
    })?;
    Ok(all)
}
