//! The register of what people ask about their own data: received, answered, done or refused. Who does it is on
//! record; what was asked of whom stays in the register.

use chrono::{Days, NaiveDate};
use serde_json::json;

use crate::acts::anonymise;
use crate::domain::case_number::CaseNumber;
use crate::domain::dossier::Refusal;
use crate::domain::ids::{Actor, DossierId, MessageId, PrivacyRequestId};
use crate::domain::moment::Moment;
use crate::domain::period::end_of;
use crate::domain::privacy::Request;
use crate::domain::username;
use crate::error::{Conflict, Error};
use crate::store::admin_acts::{self, ActKind};
use crate::store::authority::Proof;
use crate::store::idempotency::{Happened, Once, once};
use crate::store::privacy::{self, PrivacyRequest, Settled};
use crate::store::readings::Which;
use crate::store::{Conn, Store, dossiers, users};
use crate::views::dossier::find_within;
use crate::views::privacy::{
    PrivacyRequestView, ReadingLine, ReadingView, missing, reading_lines, readings_of, view, within,
};
use crate::views::reach::ensure_whole;

/// Which readings are asked for.
#[derive(Debug, Clone)]
pub struct Readings {
    pub from: NaiveDate,
    /// Included.
    pub to: NaiveDate,
    /// Those of one dossier only.
    pub dossier: Option<CaseNumber>,
    /// Those by one member of staff only.
    pub username: Option<String>,
}

/// Who read whose identity number on which dossier, for a breach to be reported (within 72 hours, Nghị định
/// 356/2025/NĐ-CP [2]) or somebody to be told. The number itself is not in it. That it was asked for is on record before it
/// is told.
///
/// # Errors
/// If there is no such dossier, or an error of the store.
pub fn export_readings(
    store: &Store,
    asked: &Readings,
    now: Moment,
) -> Result<Vec<ReadingView>, Error> {
    let number = asked.dossier.as_ref();
    let dossier = match number {
        None => None,
        Some(number) => {
            let id = store.read_one(|conn| dossiers::find_id(conn, number))?;
            Some(id.ok_or(Error::NO_DOSSIER)?)
        }
    };
    let act = json!({
        "from": asked.from, "to": asked.to, "dossier": number.map(CaseNumber::as_str),
    });
    store.write(move |conn| {
        admin_acts::record(conn, Actor::System, now, ActKind::ReadingsExported, &act)
    })?;
    let period = (
        Moment::at(asked.from, chrono::NaiveTime::MIN),
        end_of(asked.to),
    );
    Ok(store.read(|conn| readings_of(conn, period, dossier))?)
}

/// A part of what [`export_readings`] tells, for an administrator of the whole office, without names; each with where to
/// go on behind it. That it was asked for is on record before it is told.
///
/// # Errors
/// If there is no such dossier, the caller keeps less than the whole office, or an error of the store.
pub fn list_readings(
    store: &Store,
    asked: &Readings,
    after: Option<MessageId>,
    limit: u32,
    by: Proof,
    now: Moment,
) -> Result<Vec<(MessageId, ReadingLine)>, Error> {
    if asked.to < asked.from {
        return Err(Error::wrong("to", "trước ngày đầu"));
    }
    let period = (
        Moment::at(asked.from, chrono::NaiveTime::MIN),
        end_of(asked.to),
    );
    let asked = asked.clone();
    store.write_with_reference_as(by, move |conn, reference, caller| {
        ensure_whole(reference.units(), caller.unit())?;
        let number = asked.dossier.as_ref();
        let dossier = match number {
            None => None,
            Some(number) => {
                let missing = || Error::wrong("dossier", "không có hồ sơ này");
                Some(dossiers::find_id(conn, number)?.ok_or_else(missing)?)
            }
        };
        let user = match asked.username.as_deref().map(str::to_lowercase) {
            None => None,
            Some(username) => {
                let account = match username::check(&username) {
                    Ok(()) => users::by_username(conn, &username)?,
                    Err(_) => None,
                };
                let missing = || Error::wrong("username", "không có người dùng này");
                Some(account.ok_or_else(missing)?.user.id)
            }
        };
        let mut act = json!({
            "from": asked.from, "to": asked.to, "dossier": number.map(CaseNumber::as_str),
            "after": after,
        });
        if let Some(user) = user {
            act["user"] = json!(user.0);
        }
        admin_acts::record(conn, caller.actor(), now, ActKind::ReadingsExported, &act)?;
        let which = Which { dossier, user };
        Ok(reading_lines(conn, period, which, after, limit)?)
    })
}

/// What somebody asks.
#[derive(Debug, Clone)]
pub struct NewRequest {
    /// Id or case number of the dossier.
    pub dossier: String,
    /// The delegate of the dossier asks, not the applicant.
    pub of_delegate: bool,
    pub what: Request,
    pub note: String,
    /// When it came; `None`: now.
    pub received_at: Option<Moment>,
}

/// Puts a request into the register.
///
/// # Errors
/// All that is wrong with it, a caller who may not, or an error of the store.
pub fn receive(
    store: &Store,
    new: NewRequest,
    by: Proof,
    key: Option<Once>,
    now: Moment,
) -> Result<Happened<PrivacyRequestView>, Error> {
    store.write_with_reference_as(by, move |conn, reference, caller| {
        let made = once(conn, key.as_ref(), now, |conn| {
            let received_at = new.received_at.unwrap_or(now);
            if received_at > now {
                return Err(Error::wrong("/received_at", "ở tương lai"));
            }
            // Nobody is a year late with it; a year is easily mistyped.
            if received_at.date() + Days::new(366) < now.date() {
                return Err(Error::wrong("/received_at", "đã hơn một năm: xem lại năm"));
            }
            let id = dossier(conn, &new.dossier)?;
            let dossier = find_within(conn, reference, id, Some(caller.unit()))?;
            let person = match new.of_delegate {
                true => dossier.delegate,
                false => Some(dossier.applicant),
            };
            let nobody = || Error::wrong("/of_delegate", "hồ sơ không có người được ủy quyền");
            let timetable = reference.timetable(dossier.unit).ok_or(Error::NoCalendar)?;
            let due = new.what.due(received_at, timetable);
            let (answer_by, done_by) = due.map_err(Refusal::from)?;
            let request = PrivacyRequest {
                id: PrivacyRequestId::new(now, rand::random()),
                unit: dossier.unit,
                dossier: id,
                person: person.ok_or_else(nobody)?,
                what: new.what,
                note: new.note.trim().to_owned(),
                received_at,
                received_by: caller.user(),
                answer_by,
                done_by,
                answered_at: None,
                settled: None,
            };
            privacy::insert(conn, &request)?;
            let act = json!({
                "request": request.id, "dossier": id, "person": request.person, "what": request.what,
            });
            let kind = ActKind::PrivacyRequestReceived;
            admin_acts::record(conn, caller.actor(), now, kind, &act)?;
            Ok(request.id)
        })?;
        let request = privacy::find(conn, made.value)?.ok_or_else(missing)?;
        Ok(Happened {
            value: view(conn, reference, request, now)?,
            before: made.before,
        })
    })
}

fn dossier(conn: &mut Conn, named: &str) -> Result<DossierId, Error> {
    if let Ok(id) = uuid::Uuid::parse_str(named) {
        return Ok(DossierId(id));
    }
    let number = CaseNumber::parse(named.trim()).ok();
    let id = match number {
        Some(number) => dossiers::find_id(conn, &number)?,
        None => None,
    };
    id.ok_or_else(|| Error::wrong("/dossier", "không có hồ sơ này"))
}

/// What becomes of a request.
#[derive(Debug, Clone)]
pub enum Step {
    /// The person was told that it is being seen to.
    Answer,
    /// What was asked has been done; to delete is done by this.
    Done,
    Refuse {
        reason: String,
    },
    /// It was settled by a slip. What was deleted is gone.
    Reopen {
        reason: String,
    },
}

/// Notes what became of a request, once each.
///
/// # Errors
/// If there is none, it is out of reach, it was settled or answered before, the data are needed still, or the database
/// refuses.
pub fn advance(
    store: &Store,
    id: PrivacyRequestId,
    step: Step,
    by: Proof,
    now: Moment,
) -> Result<PrivacyRequestView, Error> {
    if matches!(&step, Step::Refuse { reason } | Step::Reopen { reason } if reason.trim().is_empty())
    {
        return Err(Error::wrong("/reason", "để trống"));
    }
    store.write_with_reference_as(by, move |conn, reference, caller| {
        let mut one = within(privacy::lock(conn, id)?, reference, caller.unit())?;
        let reopens = matches!(step, Step::Reopen { .. });
        let is_gone = one.what == Request::Delete
            && matches!(&one.settled, Some(settled) if settled.refusal.is_none());
        match one.settled.is_some() {
            false if reopens => return Err(Conflict::RequestOpen.into()),
            true if !reopens || is_gone => return Err(Conflict::RequestSettled.into()),
            _ => {}
        }
        let settled = |refusal| {
            Some(Settled {
                at: now,
                by: caller.user(),
                refusal,
            })
        };
        let (kind, outcome) = match &step {
            Step::Answer if one.answered_at.is_some() => {
                return Err(Conflict::RequestAnswered.into());
            }
            Step::Answer => {
                one.answered_at = Some(now);
                (ActKind::PrivacyRequestAnswered, "answered")
            }
            Step::Done => {
                if one.what == Request::Delete {
                    let (units, reach) = (reference.units(), caller.unit());
                    let reason = format!("theo yêu cầu {id}");
                    let whose = (one.dossier, one.person);
                    anonymise::erase(conn, units, whose, reach, caller.actor(), &reason, now)?;
                    // Its own texts may have named them.
                    one = privacy::find(conn, id)?.ok_or_else(missing)?;
                }
                one.settled = settled(None);
                (ActKind::PrivacyRequestSettled, "done")
            }
            Step::Refuse { reason } => {
                one.settled = settled(Some(reason.trim().to_owned()));
                (ActKind::PrivacyRequestSettled, "refused")
            }
            Step::Reopen { .. } => {
                one.settled = None;
                (ActKind::PrivacyRequestReopened, "reopened")
            }
        };
        privacy::update(conn, &one)?;
        let mut act = json!({"request": id, "outcome": outcome});
        if let Step::Reopen { reason } = &step {
            act["reason"] = json!(reason.trim());
        }
        admin_acts::record(conn, caller.actor(), now, kind, &act)?;
        view(conn, reference, one, now)
    })
}
