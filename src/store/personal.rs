//! Taking people out of dossiers that have ended: what of them stands in columns, beside their own records
//! ([`crate::store::persons`]). Events are hashed for good, hold no personal data but what somebody may have written into a
//! reason, and stay.

use std::collections::BTreeSet;

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Bool;

use crate::domain::disclosure::gives_away;
use crate::domain::dossier::{Dossier, EventData, Status};
use crate::domain::ids::{DossierId, FeedbackId, MessageId, PersonId, UnitId};
use crate::domain::moment::Moment;
use crate::domain::person::Person;
use crate::domain::privacy::REMOVED;
use crate::store::dossiers::dossier_id;
use crate::store::schema::{
    dossiers, feedback, payment_acts, payments, persons, privacy_requests, satisfaction,
};
use crate::store::{Conn, StoreError, events, outbox};

/// The statuses from which nothing is done with a dossier any more.
const ENDED: [Status; 5] = [
    Status::NotReceived,
    Status::Withdrawn,
    Status::Stopped,
    Status::Done,
    Status::Returned,
];

/// Whether nothing has been done with it since before `cutoff`, and nothing is to be done.
pub fn has_ended_before(dossier: &Dossier, cutoff: Moment) -> bool {
    ENDED.contains(&dossier.status) && dossier.last_event_at < cutoff
}

/// A page of dossiers by id.
pub struct Page {
    /// The last of it; `None` at the end.
    pub last: Option<DossierId>,
    pub looked_at: usize,
    /// Those of it that have ended before the cutoff and still name somebody.
    pub ended: Vec<DossierId>,
}

/// Dossiers after `after`, by id.
pub fn ended_after(
    conn: &mut Conn,
    after: Option<DossierId>,
    cutoff: Moment,
    limit: u32,
) -> Result<Page, StoreError> {
    let statuses = ENDED.map(|status| status.code().to_string()).join(", ");
    // Only numbers of our own go into the text.
    let ended = sql::<Bool>(&format!(
        "case when status in ({statuses}) and last_event_at < {} then exists (select 1 from persons p \
         where p.id in (dossiers.applicant_id, dossiers.delegate_id) and p.commitment_key is not null) \
         else 1 = 0 end",
        cutoff.unix_millis()
    ));
    let mut query = dossiers::table
        .order(dossiers::id)
        .limit(i64::from(limit))
        .select((dossiers::id, ended))
        .into_boxed();
    if let Some(after) = after {
        query = query.filter(dossiers::id.gt(after.bytes().to_vec()));
    }
    let rows: Vec<(Vec<u8>, bool)> = query.load(conn)?;
    let ended = rows.iter().filter(|(_, ended)| *ended);
    Ok(Page {
        last: rows.last().map(|row| dossier_id(&row.0)).transpose()?,
        looked_at: rows.len(),
        ended: ended
            .map(|row| dossier_id(&row.0))
            .collect::<Result<_, _>>()?,
    })
}

/// Everybody who was ever an applicant or delegate of a dossier, also whom a correction has replaced.
pub fn people_of(conn: &mut Conn, dossier: DossierId) -> Result<Vec<PersonId>, StoreError> {
    let mut people = BTreeSet::new();
    for stored in events::history(conn, dossier)? {
        let data = stored.event()?.data;
        if let Some(submission) = data.submission() {
            people.insert(submission.applicant.0);
            people.extend(submission.delegate.map(|id| id.0));
        }
        match data {
            EventData::ApplicantCorrected(corrected) => {
                people.insert(corrected.applicant.0);
            }
            EventData::DelegateCorrected(corrected) => {
                people.extend(corrected.delegate.map(|id| id.0));
            }
            _ => {}
        }
    }
    Ok(people.into_iter().map(PersonId).collect())
}

/// A dossier of somebody, as far as it matters whether they may be taken out of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Other {
    pub person: PersonId,
    pub dossier: DossierId,
    pub case_number: String,
    pub unit: UnitId,
    pub status: Status,
    pub last_event_at: Moment,
}

impl Other {
    /// As [`has_ended_before`].
    pub fn has_ended_before(&self, cutoff: Moment) -> bool {
        ENDED.contains(&self.status) && self.last_event_at < cutoff
    }
}

/// All dossiers in which the same person stands: of the same identity number, or without one, of the same name and
/// phone number.
pub fn dossiers_of(conn: &mut Conn, person: &Person) -> Result<Vec<Other>, StoreError> {
    use crate::domain::person::search_name;
    use crate::store::persons::identity_key;

    let mut query = persons::table
        .inner_join(dossiers::table.on(persons::dossier_id.eq(dossiers::id.nullable())))
        .select((
            persons::id,
            dossiers::id,
            dossiers::case_number,
            dossiers::unit_id,
            dossiers::status,
            dossiers::last_event_at,
        ))
        .order((dossiers::id, persons::id))
        .into_boxed();
    query = match (&person.identity, &person.phone) {
        (Some(identity), _) => query
            .filter(persons::identity_key.eq(identity_key(identity)))
            .filter(persons::identity.eq(identity.number().to_owned())),
        (None, Some(phone)) => query
            .filter(persons::phone.eq(phone.clone()))
            .filter(persons::search_name.eq(search_name(&person.name, None))),
        (None, None) => return Ok(Vec::new()),
    };
    type Row = (Vec<u8>, Vec<u8>, String, i32, i16, i64);
    let rows: Vec<Row> = query.load(conn)?;
    rows.into_iter()
        .map(|(person, dossier, case_number, unit, status, last)| {
            let corrupt = |what| StoreError::corrupt(what);
            Ok(Other {
                person: PersonId::from_slice(&person).ok_or_else(|| corrupt("persons.id"))?,
                dossier: dossier_id(&dossier)?,
                case_number,
                unit: UnitId(unit),
                status: Status::from_code(status).ok_or_else(|| corrupt("dossiers.status"))?,
                last_event_at: Moment::from_unix_millis(last),
            })
        })
        .collect()
}

/// How many events of a dossier name one of these people in what somebody wrote: nothing can take that out.
pub fn named_in_history(
    conn: &mut Conn,
    dossier: DossierId,
    people: &[Person],
) -> Result<usize, StoreError> {
    let history = events::history(conn, dossier)?;
    let texts = history.iter().map(|stored| stored.data.as_str());
    Ok(texts.filter(|text| gives_away(text, people)).count())
}

/// Feedback that is not answered yet, on one of these dossiers.
pub fn open_feedback(
    conn: &mut Conn,
    dossiers: &[DossierId],
) -> Result<Option<FeedbackId>, StoreError> {
    let open: Option<Vec<u8>> = feedback::table
        .filter(feedback::dossier_id.eq_any(bytes(dossiers)))
        .filter(feedback::content.is_not_null())
        .filter(feedback::handled_at.is_null())
        .select(feedback::id)
        .first(conn)
        .optional()?;
    Ok(open.and_then(|id| FeedbackId::from_slice(&id)))
}

fn bytes(ids: &[DossierId]) -> Vec<Vec<u8>> {
    ids.iter().map(|id| id.bytes().to_vec()).collect()
}

/// What is to be taken out, and of what.
pub struct Traces<'a> {
    pub dossiers: &'a [DossierId],
    /// Who was erased, as they were.
    pub people: &'a [Person],
    /// Messages on these dossiers were written before this.
    pub told_before: Moment,
    /// Feedback is older.
    pub said_before: Moment,
}

/// Takes people out of what was sent, said, paid and asked. Numbers stay: what is counted is counted as before.
pub fn clear(conn: &mut Conn, traces: &Traces<'_>, now: Moment) -> Result<(), StoreError> {
    let contacts = traces.people.iter();
    let contacts = contacts.flat_map(|person| person.phone.iter().chain(&person.email));
    let contacts: Vec<String> = contacts.cloned().collect();
    let before = MessageId::new(traces.told_before, [u8::MAX; 10]);
    outbox::empty(conn, &bytes(traces.dossiers), &contacts, before, now)?;
    clear_feedback(conn, traces, &contacts)?;
    clear_comments(conn, traces)?;
    clear_payments(conn, traces)?;
    clear_requests(conn, traces)
}

/// The text without the people, if it names one.
fn cleared(text: Option<&str>, people: &[Person]) -> Option<String> {
    let text = text.filter(|text| gives_away(text, people));
    text.map(|_| REMOVED.to_owned())
}

fn clear_feedback(
    conn: &mut Conn,
    traces: &Traces<'_>,
    contacts: &[String],
) -> Result<(), StoreError> {
    type Texts = (
        Option<String>,
        Option<String>,
        Option<String>,
        Option<String>,
    );
    type Sender = (Option<String>, Option<String>, Option<String>);
    let of = feedback::dossier_id
        .eq_any(bytes(traces.dossiers))
        .or(feedback::sender_phone.eq_any(contacts.to_vec()))
        .or(feedback::sender_email.eq_any(contacts.to_vec()));
    let rows: Vec<(Vec<u8>, Texts, Sender)> = feedback::table
        .filter(of.assume_not_null())
        .filter(feedback::handled_at.is_not_null())
        .filter(feedback::received_at.lt(traces.said_before.unix_millis()))
        .select((
            feedback::id,
            (
                feedback::content,
                feedback::answer,
                feedback::public_content,
                feedback::public_answer,
            ),
            (
                feedback::sender_name,
                feedback::sender_phone,
                feedback::sender_email,
            ),
        ))
        .load(conn)?;
    for (id, (content, answer, public_content, public_answer), (name, phone, email)) in rows {
        let mut people = traces.people.to_vec();
        people.push(Person {
            name: name.unwrap_or_default(),
            identity: None,
            phone,
            email,
            address: None,
            notify_by: None,
        });
        let kept = |text: Option<String>| cleared(text.as_deref(), &people).or(text);
        diesel::update(feedback::table.find(id))
            .set((
                feedback::content.eq(kept(content)),
                feedback::answer.eq(kept(answer)),
                feedback::public_content.eq(kept(public_content)),
                feedback::public_answer.eq(kept(public_answer)),
                feedback::sender_name.eq(None::<String>),
                feedback::sender_phone.eq(None::<String>),
                feedback::sender_email.eq(None::<String>),
            ))
            .execute(conn)?;
    }
    Ok(())
}

fn clear_comments(conn: &mut Conn, traces: &Traces<'_>) -> Result<(), StoreError> {
    let rows: Vec<(Vec<u8>, Option<String>)> = satisfaction::table
        .filter(satisfaction::dossier_id.eq_any(bytes(traces.dossiers)))
        .filter(satisfaction::comment.is_not_null())
        .select((satisfaction::dossier_id, satisfaction::comment))
        .load(conn)?;
    for (id, comment) in rows {
        if let Some(text) = cleared(comment.as_deref(), traces.people) {
            diesel::update(satisfaction::table.find(id))
                .set(satisfaction::comment.eq(Some(text)))
                .execute(conn)?;
        }
    }
    Ok(())
}

fn clear_payments(conn: &mut Conn, traces: &Traces<'_>) -> Result<(), StoreError> {
    // What fits no dossier may name its payer, too; there is little of that.
    let of = payments::dossier_id
        .eq_any(bytes(traces.dossiers))
        .assume_not_null()
        .or(payments::dossier_id.is_null());
    let rows: Vec<(i64, String)> = payments::table
        .filter(of)
        .select((payments::id, payments::case_number))
        .load(conn)?;
    for (id, told) in &rows {
        if gives_away(told, traces.people) {
            // Of one transaction there may be several.
            let text = format!("{REMOVED} {id}");
            diesel::update(payments::table.find(id))
                .set(payments::case_number.eq(text))
                .execute(conn)?;
        }
    }
    for ids in rows.chunks(500) {
        let ids: Vec<i64> = ids.iter().map(|(id, _)| *id).collect();
        let acts: Vec<(i64, String)> = payment_acts::table
            .filter(payment_acts::payment_id.eq_any(ids))
            .select((payment_acts::id, payment_acts::reason))
            .load(conn)?;
        for (id, reason) in acts {
            if let Some(text) = cleared(Some(&reason), traces.people) {
                diesel::update(payment_acts::table.find(id))
                    .set(payment_acts::reason.eq(text))
                    .execute(conn)?;
            }
        }
    }
    Ok(())
}

fn clear_requests(conn: &mut Conn, traces: &Traces<'_>) -> Result<(), StoreError> {
    let rows: Vec<(Vec<u8>, String, Option<String>)> = privacy_requests::table
        .filter(privacy_requests::dossier_id.eq_any(bytes(traces.dossiers)))
        .select((
            privacy_requests::id,
            privacy_requests::note,
            privacy_requests::refusal,
        ))
        .load(conn)?;
    for (id, note, refusal) in rows {
        let kept = |text: Option<String>| cleared(text.as_deref(), traces.people).or(text);
        diesel::update(privacy_requests::table.find(id))
            .set((
                privacy_requests::note.eq(kept(Some(note)).unwrap_or_default()),
                privacy_requests::refusal.eq(kept(refusal)),
            ))
            .execute(conn)?;
    }
    Ok(())
}

/// From here on, or not any more, SQLite overwrites what it deletes.
pub fn overwrite(conn: &mut Conn, on: bool) -> Result<(), StoreError> {
    if let Conn::Sqlite(conn) = conn {
        use diesel::connection::SimpleConnection;
        conn.batch_execute(match on {
            true => "pragma secure_delete = on",
            false => "pragma secure_delete = off",
        })?;
    }
    Ok(())
}
