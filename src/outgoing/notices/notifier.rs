//! Which events people are told of, and what.

use std::collections::{BTreeSet, HashMap};

use serde_json::{Value, json};

use crate::domain::dossier::{
    Channel, Decision, Dossier, EventData, PaymentRequested, Settlement, Status, UndoneWithin,
};
use crate::domain::ids::{PersonId, UnitId, UserId};
use crate::domain::moment::Moment;
use crate::domain::norms::FormKind;
use crate::domain::person::Person;
use crate::domain::procedure::Fee;
use crate::domain::tally::step_through;
use crate::outgoing::notices::reminder::{horizon, of_overdue, reminder};
use crate::outgoing::notices::{NoticeSettings, kind_of};
use crate::outgoing::{Happened, Teller};
use crate::render::letters::Topic;
use crate::render::words::told as words;
use crate::store::chain::StoredEvent;
use crate::store::outbox::{Kind, Outgoing};
use crate::store::reference::Reference;
use crate::store::users::{self, User};
use crate::store::{Conn, StoreError, events, persons};
use crate::{render, views};

/// Tells applicants and staff.
pub struct NoticeTeller {
    pub settings: NoticeSettings,
}

impl Teller for NoticeTeller {
    fn messages(&self, conn: &mut Conn, all: &[Happened<'_>]) -> Result<Vec<Outgoing>, StoreError> {
        let ids = all.iter().flat_map(|happened| {
            let of = |dossier: &Dossier| [Some(dossier.applicant), dossier.delegate];
            let before = happened.before.map(of).into_iter().flatten();
            of(happened.after).into_iter().chain(before).flatten()
        });
        let people = persons::find_many(conn, ids)?;
        let handling: BTreeSet<UserId> = all.iter().filter_map(|of| of.after.assignee).collect();
        let officers = match handling.is_empty() {
            true => HashMap::new(),
            false => users::names(conn, handling)?,
        };
        let mut messages = Vec::new();
        for (i, happened) in all.iter().enumerate() {
            let lapsed = lapsed_with(happened, &all[i + 1..]);
            // What was told of the act that made it lapse says so.
            let behind = |before: &Happened<'_>| lapsed_with(before, &all[i..]).is_some();
            let is_lapse = matches!(happened.event.data, EventData::AppointmentLapsed(_));
            if is_lapse && all[..i].iter().any(behind) {
                continue;
            }
            let settled = lapsed.map(|lapse| Dossier {
                clock: lapse.clock.clone(),
                appointment: lapse.appointment,
                ..happened.after.clone()
            });
            let happened = &Happened {
                after: settled.as_ref().unwrap_or(happened.after),
                ..*happened
            };
            let promised = last_promised(conn, happened)?;
            let told = told(happened, promised);
            for (topic, mut more) in told.into_iter().chain(other_fees(happened)) {
                let given_out = given_out(happened, all);
                match topic {
                    Topic::Receipt => {
                        merge(&mut more, &money_at_receipt(happened, all));
                        let answered = given_out.filter(|at| *at == happened.event.at);
                        merge(&mut more, &json!({"answered_at": moment(answered)}));
                        if answered.is_some() {
                            merge(&mut more, &json!({"due_at": ""}));
                        }
                    }
                    // Whoever has it is not invited to fetch it.
                    Topic::ResultReady if given_out.is_some() => continue,
                    _ => {}
                }
                let officer = officer_of(conn, &officers, happened)?;
                messages.extend(self.to_people(&people, &officer, happened, topic, &more));
            }
            let corrected = who_is(&people, happened);
            let new_contact = self.new_contact(&people, happened);
            if corrected.is_some() || new_contact.is_some() {
                let officer = officer_of(conn, &officers, happened)?;
                let to = |topic, more| self.to_people(&people, &officer, happened, topic, &more);
                if let Some(contact) = new_contact {
                    let applicant = people.get(&happened.after.applicant);
                    let mut more = stands(happened, applicant);
                    merge(&mut more, &said(corrected.as_ref()));
                    // Nothing else is new for anybody else.
                    let told = to(Topic::ContactChanged, more).into_iter();
                    messages.extend(told.filter(|told| told.recipient == contact));
                }
                if corrected.is_some() {
                    let told = to(Topic::Corrected, said(corrected.as_ref())).into_iter();
                    messages.extend(told.filter(|told| Some(&*told.recipient) != new_contact));
                    messages.extend(self.to_old_delegate(&people, &officer, happened));
                }
            }
            if matches!(happened.event.data, EventData::BecameOverdue(_)) {
                messages.extend(self.of_overdue(conn, happened)?);
            }
            messages.extend(self.of_due_soon(conn, happened)?);
        }
        Ok(messages)
    }
}

/// When the result was given out at the desk, if that has happened by the end of what is told now.
fn given_out(happened: &Happened<'_>, all: &[Happened<'_>]) -> Option<Moment> {
    let mut of_it = all.iter().rev();
    let last = of_it.find(|other| other.after.id == happened.after.id)?;
    let returned = last.after.returned_at?;
    let given = all.iter().any(|other| {
        other.after.id == last.after.id
            && other.event.at == returned
            && matches!(&other.event.data, EventData::ResultReturned(to) if to.channel == Channel::Direct)
    });
    given.then_some(returned)
}

/// That something else is owed since what the dossier is was put right.
fn other_fees(happened: &Happened<'_>) -> Option<(Topic, Value)> {
    let (what, reason) = match &happened.event.data {
        EventData::CaseCorrected(new) => ("đã sửa trường hợp của thủ tục", &new.reason),
        EventData::ReceiptCorrected(new) => ("đã sửa thông tin tiếp nhận", &new.reason),
        _ => return None,
    };
    let owed_before = owed(happened.reference, happened.before?);
    let owed_now = owed(happened.reference, happened.after);
    (owed_now != owed_before).then(|| {
        let more = json!({
            "what_happened": "Khoản phải nộp thay đổi", "what": what, "amount": "", "receipt": "",
            "reason": reason,
            "owed": match owed_now.is_empty() {
                true => "không còn khoản nào".to_owned(),
                false => owed_now,
            },
        });
        (Topic::Money, more)
    })
}

/// Why the moment that is promised is another one; of a receipt that was put right, what it says now.
fn because(data: &EventData, reference: &Reference, after: &Dossier, lapsed: bool) -> String {
    let why = words::because(data);
    let corrected = match data {
        EventData::ReceiptCorrected(new) => {
            words::receipt_corrected(new, &procedure_name(reference, after))
        }
        _ => None,
    };
    let why = match corrected {
        Some(what) => format!("{why}; {what}"),
        None => why,
    };
    match lapsed {
        true => format!("{why}; ngày đã hẹn lại không áp dụng nữa"),
        false => why,
    }
}

fn procedure_name(reference: &Reference, dossier: &Dossier) -> String {
    let procedure = reference.procedure_of(dossier);
    procedure
        .map(|procedure| procedure.name_in_case())
        .unwrap_or_default()
}

/// Whether two events of a dossier happened and were written down in one breath.
fn of_one_act(one: &Happened<'_>, other: &Happened<'_>) -> bool {
    let when = |happened: &Happened<'_>| (happened.event.at, happened.event.recorded_at);
    one.after.id == other.after.id && when(one) == when(other)
}

/// The dossier after the appointment lapsed by the same act, if it did.
fn lapsed_with<'a>(happened: &Happened<'_>, later: &[Happened<'a>]) -> Option<&'a Dossier> {
    let mut later = later.iter().take_while(|other| of_one_act(happened, other));
    let lapse = later.find(|other| matches!(other.event.data, EventData::AppointmentLapsed(_)))?;
    Some(lapse.after)
}

/// What the applicant was last told to expect before an event. While they are waited for nobody tells them of another
/// date, so that it is the one from before that.
fn last_promised(conn: &mut Conn, happened: &Happened<'_>) -> Result<Option<Moment>, StoreError> {
    let Some(before) = happened.before else {
        return Ok(None);
    };
    if !before.status.is_waiting() || happened.after.status.is_waiting() {
        return Ok(before.promised());
    }
    let stored = events::history(conn, before.id)?;
    let known = stored.iter().map(StoredEvent::event);
    let known: Vec<_> = known
        .filter(|event| {
            let sequence = event.as_ref().map(|event| event.sequence);
            sequence.is_ok_and(|sequence| sequence <= before.version)
        })
        .collect::<Result<_, _>>()?;
    let (mut promised, mut before_taking) = (None, None);
    let followed = step_through(None, before.id, &known, |_, event, after| {
        match &event.data {
            EventData::SupplementTaken(_) => before_taking = promised,
            // They have heard that it was none.
            EventData::Undone(undone) if undone.what == Some(UndoneWithin::SupplementTaken) => {
                promised = before_taking;
            }
            _ => {}
        }
        if !after.status.is_waiting() {
            promised = after.promised();
        }
    });
    Ok(followed.ok().and(promised))
}

/// What the applicant is told of an event, if anything; `promised` is what they were last told to expect.
fn told(happened: &Happened<'_>, last_promised: Option<Moment>) -> Option<(Topic, Value)> {
    let Happened {
        reference,
        before,
        event,
        after,
        now,
    } = happened;
    let at = render::words::moment(event.at);
    // The form follows the day of receipt.
    let norm = reference.norms().on(after.entered_at.date());
    let form = |kind| norm.form(kind).map(words::form).unwrap_or_default();
    let promised = |dossier: Option<&Dossier>| moment(dossier.and_then(Dossier::promised));
    Some(match &event.data {
        EventData::Registered(_) => (Topic::Registered, json!({"registered_at": at})),
        EventData::Received(_) => (
            Topic::Receipt,
            json!({
                "returned_by": render::words::channel(after.return_channel),
                "to_bring": to_bring(reference, after).join("; "),
            }),
        ),
        EventData::NotReceived(not) => (
            Topic::NotReceived,
            json!({"reason": not.reason, "form": form(FormKind::Refusal)}),
        ),
        EventData::SupplementRequested(asked) => {
            let items = items(reference, after, &asked.items);
            (
                Topic::SupplementRequested,
                json!({
                    "reason": asked.reason, "papers": items.join("; "), "items": items,
                    "form": form(FormKind::Supplement),
                }),
            )
        }
        EventData::PaymentRequested(asked) => (
            Topic::PaymentRequested,
            json!({
                "reason": what_for(reference, after, asked), "amount": amount(asked.amount_vnd),
            }),
        ),
        EventData::Reappointed(new) => (
            Topic::Reappointed,
            json!({
                "reason": new.reason, "old_at": promised(*before),
                "ahead": before.and_then(Dossier::promised).is_some_and(|old| old >= event.at),
                "new_at": render::words::moment(new.appointment), "form": form(FormKind::Apology),
            }),
        ),
        EventData::Finished(finished) if finished.decision == Decision::Refused => (
            Topic::Refused,
            json!({"reason": finished.reason, "form": form(FormKind::Refusal), "done_at": at}),
        ),
        EventData::Finished(_) => (
            Topic::ResultReady,
            json!({"done_at": at, "owed": owed(reference, after)}),
        ),
        EventData::Withdrawn(withdrawn) => {
            // What was never received was never handled.
            let form = match after.received_at {
                Some(_) => form(FormKind::Stop),
                None => String::new(),
            };
            (
                Topic::Withdrawn,
                json!({"reason": withdrawn.reason, "form": form, "done_at": at}),
            )
        }
        EventData::Stopped(stopped) => (
            Topic::Stopped,
            json!({"reason": stopped.reason, "form": form(FormKind::Stop), "done_at": at}),
        ),
        EventData::Undone(undone) => {
            let before = (*before)?;
            // Nobody had been told that papers came at the desk and no date moved.
            if undone.what == Some(UndoneWithin::SupplementTaken)
                && after.channel == Channel::Direct
                && before.promised() == after.promised()
            {
                return None;
            }
            let what = match undone.what {
                Some(what) => words::taken_back_within(what),
                None => words::taken_back(before.status, before.decision)?,
            };
            let now = words::goes_on(after, *now);
            (
                Topic::TakenBack,
                json!({
                    "what": what, "reason": undone.reason, "now": now, "owed": owed(reference, after),
                }),
            )
        }
        EventData::MovedToSuccessor(moved) => {
            let answers = before.is_some_and(|before| {
                (before.unit, before.receiving_unit) != (after.unit, after.receiving_unit)
            });
            let desk_moves =
                before.is_some_and(|before| before.receiving_unit != after.receiving_unit);
            // What is decided waits at the desk only.
            let decided = match (after.status, after.decision) {
                (Status::Done, _) if !desk_moves => return None,
                (Status::Done, Some(Decision::Refused)) => "refused",
                (Status::Done, _) => "approved",
                _ => "",
            };
            let waits =
                after.status.is_open() || matches!(after.status, Status::Registered | Status::Done);
            if !answers || !waits {
                return None;
            }
            (
                Topic::Moved,
                json!({
                    "decided": decided,
                    "from_unit": unit_name(reference, moved.from),
                    "to_unit": unit_name(reference, moved.to),
                    "asked": words::still_asked_for(after).unwrap_or_default(),
                }),
            )
        }
        EventData::FeeWaived(waived) if is_told(*before, after, waived.fee, event.at) => (
            Topic::Money,
            json!({
                "what_happened": "Được miễn một khoản phải nộp",
                "what": format!("đã miễn khoản {}", fee_name(reference, after, waived.fee)),
                "amount": "", "receipt": "", "reason": waived.reason,
                "owed": match after.contents.payment_requested {
                    Some(vnd) => format!("{} đồng", amount(vnd)),
                    None => owed(reference, after),
                },
            }),
        ),
        // The last fee that the clock stood for has been waived.
        EventData::PaymentTaken(taken)
            if taken.amount_vnd == 0 && last_promised == after.promised() =>
        {
            let owed = owed(reference, after);
            let (what_happened, what) = match owed.is_empty() {
                true => (
                    "Không còn khoản phải nộp",
                    "đã miễn khoản được yêu cầu nộp; không còn khoản nào phải nộp, việc giải quyết được tiếp tục",
                ),
                false => (
                    "Được miễn khoản được yêu cầu nộp",
                    "đã miễn khoản được yêu cầu nộp, việc giải quyết được tiếp tục",
                ),
            };
            (
                Topic::Money,
                json!({
                    "what_happened": what_happened, "what": what,
                    "amount": "", "receipt": "", "reason": last_waiver(after), "owed": owed,
                }),
            )
        }
        EventData::FeesSet(set) => {
            // What is set with the receipt stands on the receipt.
            let with_it = after.received_at == Some(event.at);
            let owed_now = owed(reference, after);
            let owed_before = before.map(|before| owed(reference, before));
            if with_it || owed_before.as_ref() == Some(&owed_now) {
                return None;
            }
            let reasons = set.terms.iter().map(|terms| terms.reason.as_str());
            let reasons: Vec<&str> = reasons.filter(|reason| !reason.is_empty()).collect();
            (
                Topic::Money,
                json!({
                    "what_happened": "Khoản phải nộp thay đổi",
                    "what": "đã xác định lại số lượng, mức phí, lệ phí",
                    "amount": "", "receipt": "", "reason": reasons.join("; "), "owed": owed_now,
                }),
            )
        }
        // What a letter said of it holds no more.
        EventData::FeeWaiverCancelled(not) => (
            Topic::Money,
            json!({
                "what_happened": "Khoản phải nộp thay đổi",
                "what": format!("đính chính: khoản {} không được miễn", fee_name(reference, after, not.fee)),
                "amount": "", "receipt": "", "reason": not.reason, "owed": owed(reference, after),
            }),
        ),
        EventData::PapersCorrected(corrected) => (
            Topic::Corrected,
            json!({"what": words::corrected(corrected)?, "reason": corrected.reason}),
        ),
        // What is paid with the receipt stands on the receipt.
        data if let Some(money) =
            words::money(data).filter(|_| after.received_at != Some(event.at)) =>
        {
            let amount = amount(money.amount_vnd);
            (
                Topic::Money,
                json!({
                    "what_happened": money.subject, "what": format!("{} {amount} đồng{}", money.happened.0, money.happened.1),
                    "amount": amount, "receipt": money.receipt, "reason": money.reason,
                    "owed": owed(reference, after),
                }),
            )
        }
        EventData::CaseCorrected(new) if before.and_then(Dossier::promised) == after.promised() => {
            let what = format!("thủ tục là {}", procedure_name(reference, after));
            (
                Topic::Corrected,
                json!({"what": what, "reason": new.reason}),
            )
        }
        // Of the way in which it came nobody need be told, of a new date they are told as of all of them.
        EventData::ReceiptCorrected(new)
            if before.and_then(Dossier::promised) == after.promised() =>
        {
            (
                Topic::Corrected,
                json!({"what": words::receipt_corrected(new, &procedure_name(reference, after))?, "reason": new.reason}),
            )
        }
        EventData::SupplementTaken(taken) if taken.items.is_empty() => {
            (Topic::SupplementWaived, json!({"reason": taken.reason}))
        }
        data => {
            // Whatever has moved it: what was promised holds no more.
            let (old, new) = (last_promised?, after.promised()?);
            let lapses = before.is_some_and(|before| before.appointment.is_some())
                && after.appointment.is_none()
                && !matches!(data, EventData::AppointmentLapsed(_));
            if !after.is_running() {
                return None;
            }
            if old == new {
                let what = words::taken(data, after.channel)?;
                return Some((Topic::Taken, json!({"what": what})));
            }
            (
                Topic::DateMoved,
                json!({
                    "old_at": render::words::moment(old),
                    "new_at": moment(Some(new).filter(|new| new >= now)),
                    "past_at": moment(Some(new).filter(|new| {
                        new < now && matches!(data, EventData::DueRecomputed(_) | EventData::ReceiptCorrected(_))
                    })),
                    "because": because(data, reference, after, lapses),
                }),
            )
        }
    })
}

impl NoticeTeller {
    /// Where the applicant, or the delegate, is told of what is not over from now on, after a correction, and was not before.
    fn new_contact<'a>(
        &self,
        people: &'a HashMap<PersonId, Person>,
        happened: &Happened<'_>,
    ) -> Option<&'a str> {
        let (before, after) = (happened.before?, happened.after);
        let goes_on =
            after.status.is_open() || matches!(after.status, Status::Registered | Status::Done);
        let (old, new, is_applicant) = match happened.event.data {
            EventData::ApplicantCorrected(_) => {
                (Some(before.applicant), Some(after.applicant), true)
            }
            EventData::DelegateCorrected(_) => (before.delegate, after.delegate, false),
            _ => return None,
        };
        let told = |id: Option<PersonId>| {
            let person = people.get(&id?)?;
            Some(person.told_by(is_applicant, self.settings.ways())?.1)
        };
        told(new).filter(|contact| goes_on && told(old) != Some(*contact))
    }

    /// To the applicant and who handed it in for them.
    fn to_people(
        &self,
        people: &HashMap<PersonId, Person>,
        officer: &str,
        happened: &Happened<'_>,
        topic: Topic,
        more: &Value,
    ) -> Vec<Outgoing> {
        let dossier = happened.after;
        let to = (Some(dossier.applicant), dossier.delegate);
        self.to(to, people, officer, happened, topic, more)
    }

    /// To whom nothing of the dossier goes any more.
    fn to_old_delegate(
        &self,
        people: &HashMap<PersonId, Person>,
        officer: &str,
        happened: &Happened<'_>,
    ) -> Option<Outgoing> {
        let (before, after) = (happened.before?, happened.after);
        let EventData::DelegateCorrected(new) = &happened.event.data else {
            return None;
        };
        let contact = |id: PersonId, is_applicant| {
            let person = people.get(&id)?;
            Some(person.told_by(is_applicant, self.settings.ways())?.1)
        };
        let old = contact(before.delegate?, false)?;
        let goes_there = [
            contact(after.applicant, true),
            after.delegate.and_then(|id| contact(id, false)),
        ];
        if goes_there.contains(&Some(old)) {
            return None;
        }
        let what = "từ nay tin về hồ sơ không gửi tới đây nữa";
        let more = json!({"what": what, "reason": new.reason});
        let to = (None, before.delegate);
        let told = self.to(to, people, officer, happened, Topic::Corrected, &more);
        let mut told = told.into_iter().next()?;
        // It is theirs to see no more.
        told.body["link"] = json!("");
        told.body["code"] = json!("");
        Some(told)
    }

    /// To an applicant and a delegate.
    fn to(
        &self,
        (applicant, delegate): (Option<PersonId>, Option<PersonId>),
        people: &HashMap<PersonId, Person>,
        officer: &str,
        happened: &Happened<'_>,
        topic: Topic,
        more: &Value,
    ) -> Vec<Outgoing> {
        let (dossier, reference) = (happened.after, happened.reference);
        let told = |id: PersonId, is_applicant: bool| {
            let person = people.get(&id)?;
            let (by, contact) = person.told_by(is_applicant, self.settings.ways())?;
            Some((person, is_applicant, kind_of(by)?, contact.to_owned()))
        };
        let delegate = delegate.and_then(|id| told(id, false));
        let applicant = applicant.and_then(|id| told(id, true));
        let told: Vec<_> = applicant.into_iter().chain(delegate).collect();
        if told.is_empty() {
            return Vec::new();
        }
        let mut values = values(reference, dossier);
        let code = views::look_up::code_of(reference, dossier.id);
        let link = &self.settings.look_up_link;
        let link = link.replace("{case_number}", dossier.case_number.as_str());
        values["link"] = json!(link.replace("{code}", &code));
        values["code"] = json!(code);
        values["officer"] = json!(officer);
        // Each moment is said once.
        let said = |key| more.get(key).is_some();
        let said_when = said("done_at") || said("registered_at") || topic == Topic::Receipt;
        values["handled_at"] = json!(moment((!said_when).then_some(happened.event.at)));
        // Nothing is promised while the clock stands, nor of what has ended otherwise.
        let returned = dossier.is_running() || dossier.status == Status::Done;
        let promised = dossier.promised().filter(|_| returned && !said("new_at"));
        // What has passed is no promise.
        let now = happened.now;
        values["due_at"] = json!(moment(promised.filter(|promised| *promised >= now)));
        values["late"] = json!(words::late(dossier, now).unwrap_or_default());
        // Who has ended answers no more, and nobody finds them.
        let on = now.date();
        let units = reference.units();
        let desk = units.answering_on(dossier.receiving_unit, on);
        let unit = units.answering_on(dossier.unit, on);
        for (key, unit) in [("unit", unit), ("receiving_unit", desk)] {
            values[key] = json!(unit.map_or("", |unit| &unit.name));
        }
        // Its number is of the desk that took it in.
        let code = desk.map_or("", |desk| &desk.code);
        let number = dossier.case_number.as_str();
        values["moved"] = json!(number.split('-').next() != Some(code));
        let text = |of: Option<&String>| json!(of.cloned().unwrap_or_default());
        values["address"] = text(desk.and_then(|desk| desk.address.as_ref()));
        values["phone"] = text(desk.and_then(|desk| desk.phone.as_ref()));
        let desk = desk.map_or(dossier.receiving_unit, |desk| desk.id);
        let hours = reference.office_hours(desk);
        values["hours"] = json!(words::hours(hours, happened.now.date()));
        merge(&mut values, more);
        let applicant = people.get(&dossier.applicant);
        let message = |(person, is_applicant, kind, recipient): (&Person, bool, Kind, String)| {
            let mut body = values.clone();
            body["name"] = json!(person.name);
            body["you"] = json!(words::you(person));
            let applicant = applicant.filter(|_| !is_applicant);
            body["dossier"] = json!(words::whose(person, applicant));
            Outgoing {
                kind,
                topic: topic.as_str().to_owned(),
                recipient,
                body,
                dossier: Some(dossier.id),
                // What is taken back is told after what was told first.
                position: i32::try_from(happened.event.sequence).ok(),
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
        of_overdue(conn, reference, dossier, happened.now)
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
            before.promised() == dossier.promised() && before.assignee == dossier.assignee
        });
        let soon = |due: Moment| {
            let until = horizon(reference, dossier.holder, happened.now);
            due > happened.now && until.is_some_and(|until| due <= until)
        };
        if same || !self.settings.carries(Kind::Email) || !dossier.promised().is_some_and(soon) {
            return Ok(Vec::new());
        }
        let officer = officer(conn, dossier.assignee)?;
        let message = officer.and_then(|user| reminder(reference, dossier, &user, happened.now));
        Ok(message.into_iter().collect())
    }
}

/// The name of the officer who goes on with it: after a move, or a closing that is taken back, only if they still can.
fn officer_of(
    conn: &mut Conn,
    officers: &HashMap<UserId, (String, String)>,
    happened: &Happened<'_>,
) -> Result<String, StoreError> {
    let dossier = happened.after;
    let Some(id) = dossier.assignee else {
        return Ok(String::new());
    };
    if let EventData::MovedToSuccessor(_) | EventData::Undone(_) = happened.event.data {
        let units = [dossier.unit, dossier.holder];
        let account = users::find(conn, id)?;
        let stays = |user: &User| views::assignees::may_have(happened.reference, user, units);
        if !account.is_some_and(|account| stays(&account.user)) {
            return Ok(String::new());
        }
    }
    let name = officers.get(&id).map(|(_, name)| name.clone());
    Ok(name.unwrap_or_default())
}

pub(crate) fn officer(conn: &mut Conn, id: Option<UserId>) -> Result<Option<User>, StoreError> {
    let Some(id) = id else { return Ok(None) };
    let account = users::find(conn, id)?;
    let user = account.map(|account| account.user);
    Ok(user.filter(|user| user.disabled_at.is_none()))
}

/// What every notice of a dossier tells: nothing of its people.
pub(crate) fn values(reference: &Reference, dossier: &Dossier) -> Value {
    let procedure = reference.procedure_of(dossier);
    json!({
        "case_number": dossier.case_number.as_str(),
        "procedure": procedure.map(|p| p.name_in_case()).unwrap_or_default(),
        "unit": unit_name(reference, dossier.unit),
        "receiving_unit": unit_name(reference, dossier.receiving_unit),
        "received_at": moment(dossier.received_at),
        "due_at": moment(dossier.due()),
        "appointment_at": moment(dossier.appointment),
        "step": procedure.map_or("", |p| p.step_name(usize::from(dossier.step))),
        "return_channel": dossier.return_channel.as_str(),
    })
}

fn moment(moment: Option<Moment>) -> String {
    moment.map(render::words::moment).unwrap_or_default()
}

fn unit_name(reference: &Reference, id: UnitId) -> &str {
    reference.units().get(id).map_or("", |unit| &unit.name)
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
    names.map(render::words::paper).collect()
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
    let (quantity, pages) = dossier.contents.times(position);
    let per = fee.per.as_deref().map(|per| format!(" {per}"));
    let per = per.unwrap_or_default();
    match (quantity, fee.amount_vnd) {
        _ if !pages.is_empty() => format!("{} ({})", fee.name, render::words::copies_of(pages)),
        (2.., Some(vnd)) => format!("{} ({quantity}{per} × {})", fee.name, amount(vnd)),
        _ => fee.name.clone(),
    }
}

/// How it stands, for whoever has read none of the letters so far.
/// What a correction says of whose dossier it is and who handed it in, where that matters for what is not over; and why.
fn who_is<'a>(
    people: &HashMap<PersonId, Person>,
    happened: &Happened<'a>,
) -> Option<(String, &'a str)> {
    let (before, after) = (happened.before?, happened.after);
    if !(after.status.is_open() || matches!(after.status, Status::Registered | Status::Done)) {
        return None;
    }
    let person = |id: Option<PersonId>| people.get(&id?);
    match &happened.event.data {
        EventData::ApplicantCorrected(new) => {
            let (old, now) = (
                person(Some(before.applicant))?,
                person(Some(after.applicant))?,
            );
            let name = (old.name != now.name).then(|| format!("tên người nộp là {}", now.name));
            let by_post = after.return_channel == Channel::Postal && old.address != now.address;
            let place = now.address.as_ref().filter(|_| by_post);
            let place = place.map(|place| format!("kết quả gửi qua bưu chính đến {place}"));
            let what: Vec<String> = name.into_iter().chain(place).collect();
            (!what.is_empty()).then(|| (what.join("; "), new.reason.as_str()))
        }
        EventData::DelegateCorrected(new) => {
            let (old, now) = (person(before.delegate), person(after.delegate));
            let what = match (old, now) {
                (Some(_), None) => "không còn người được ủy quyền".to_owned(),
                (old, Some(now)) if old.is_none_or(|old| old.name != now.name) => {
                    format!("người được ủy quyền là {}", now.name)
                }
                _ => return None,
            };
            Some((what, new.reason.as_str()))
        }
        _ => None,
    }
}

fn said(corrected: Option<&(String, &str)>) -> Value {
    let (what, reason) = corrected.map_or(("", ""), |(what, reason)| (what.as_str(), *reason));
    json!({"what": what, "reason": reason})
}

fn stands(happened: &Happened<'_>, applicant: Option<&Person>) -> Value {
    let (dossier, reference, now) = (happened.after, happened.reference, happened.now);
    let desk = reference
        .units()
        .answering_on(dossier.receiving_unit, now.date());
    let next = render::words::what_is_next(&render::words::Stand {
        status: dossier.status,
        decision: dossier.decision,
        you: applicant.map_or("", words::you_without_name),
        return_channel: dossier.return_channel,
        desk: desk.map_or("", |desk| &desk.name),
        due: dossier.due(),
        appointment: dossier.appointment,
        overdue: dossier.is_overdue(),
        asked_vnd: dossier.contents.payment_requested,
        returned_at: dossier.returned_at,
        now,
    });
    let mut more = json!({
        "now": next,
        "asked": match dossier.status {
            Status::SupplementRequested => {
                "Giấy tờ cần bổ sung và lý do: xem ở trang tra cứu, hoặc hỏi bộ phận một cửa."
            }
            _ => "",
        },
        "owed": match dossier.status {
            Status::PaymentRequested => String::new(),
            _ => owed(reference, dossier),
        },
    });
    if dossier.status == Status::Done {
        // What was promised is there.
        more["due_at"] = json!("");
    }
    more
}

/// Whether a fee that is waived was asked for by letter: every letter since the receipt's names what is owed.
fn is_told(before: Option<&Dossier>, after: &Dossier, fee: u16, at: Moment) -> bool {
    let asked = before.is_some_and(|before| before.contents.requested_fees.contains(&fee));
    match after.status {
        // Of the last one it is told that the dossier goes on.
        Status::PaymentRequested => !asked || !after.contents.requested_fees.is_empty(),
        // What is waived with the receipt stands on the receipt.
        _ => after.received_at != Some(at),
    }
}

/// Why the last fee was waived.
fn last_waiver(dossier: &Dossier) -> &str {
    let mut settled = dossier.contents.settled_fees.iter().rev();
    settled
        .find_map(|settled| match &settled.how {
            Settlement::Waived { reason } => Some(reason.as_str()),
            Settlement::Collected { .. } => None,
        })
        .unwrap_or_default()
}

fn fee_name(reference: &Reference, dossier: &Dossier, position: u16) -> String {
    let procedure = reference.procedure_of(dossier);
    let fee = procedure.and_then(|p| p.definition.fees.get(usize::from(position)));
    fee.map_or_else(String::new, |fee| times(dossier, position, fee))
}

/// What is owed and what was paid with the receipt, which is written in the same breath: quantities and payments are
/// events that follow it.
fn money_at_receipt(received: &Happened<'_>, all: &[Happened<'_>]) -> Value {
    let with_it = all.iter().rev().find(|other| of_one_act(received, other));
    let last = with_it.unwrap_or(received);
    let paid = match last.after.contents.paid_vnd {
        0 => String::new(),
        vnd => format!("{} đồng", amount(vnd)),
    };
    json!({"owed": owed(last.reference, last.after), "paid": paid})
}

/// Required papers of which nothing has come with what was not handed in at the desk.
fn to_bring(reference: &Reference, dossier: &Dossier) -> Vec<String> {
    let procedure = reference.procedure_of(dossier);
    let procedure = procedure.filter(|_| dossier.channel != Channel::Direct);
    procedure.map_or_else(Vec::new, |procedure| {
        views::look_up::missing_papers(reference, &dossier.contents, procedure)
    })
}

/// What is owed for it, in words, whether its amount is known or not; empty where nothing is.
fn owed(reference: &Reference, dossier: &Dossier) -> String {
    let Some(procedure) = reference.procedure_of(dossier) else {
        return String::new();
    };
    let owed = dossier.fees(procedure).owed().into_iter();
    let lines = owed.filter_map(|(position, sum)| {
        let fee = procedure.definition.fees.get(usize::from(position))?;
        let what = times(dossier, position, fee);
        match sum {
            Some(0) => None,
            Some(sum) => Some(format!("{what}: {} đồng", amount(sum))),
            // It was said when it was asked for.
            None if dossier.contents.requested_fees == [position] => {
                let vnd = dossier.contents.payment_requested.unwrap_or_default();
                Some(format!("{what}: {} đồng", amount(vnd)))
            }
            None => Some(format!("{what}: {}", render::words::UNKNOWN_FEE)),
        }
    });
    lines.collect::<Vec<_>>().join("; ")
}

fn amount(vnd: u64) -> String {
    render::words::number(i64::try_from(vnd).unwrap_or(i64::MAX))
}
