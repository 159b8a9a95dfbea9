//! Moving a dossier on: every action on one that exists.

use diesel::Connection;

use crate::acts::receive::wrong_terms;
use crate::acts::recompute_due::put_right;
use crate::acts::{Intent, Occasion, context, drafts, rate, wrong_fields, wrong_return};
use crate::domain::dossier::{
    Action, Beside, Context, Correction, Dossier, Event, EventData, HandedIn, HandsCause,
    HandsChanged, HeldItem, ItemGiven, Paper, Papers, Principal, Refusal, Staff, Status,
    competent_units, decide, needs_a_principal, offered,
};
use crate::domain::ids::{Actor, DossierId, UserId};
use crate::domain::moment::Moment;
use crate::domain::opinion::Rating;
use crate::domain::person::Person;
use crate::domain::procedure::{Procedure, ProcedureCode};
use crate::error::{Error, WrongField};
use crate::render::words;
use crate::store::persons::{self, NewPerson, Under};
use crate::store::reference::Reference;
use crate::store::set_aside::{self, Work};
use crate::store::{Conn, Store, StoreError, deputies, dossiers, events, satisfaction, users};
use crate::views::assignees::{ensure_assignable, may_have};
use crate::views::cases::in_case;

/// An action on a dossier.
#[derive(Debug, Clone)]
pub struct Request {
    pub id: DossierId,
    /// The version that the caller saw; `None` to act on whatever it is now.
    pub version: Option<u32>,
    pub action: Action,
    /// In which case of the procedure it is taken in; `None`: the one in which it was registered.
    pub case: Option<String>,
    /// Code of the procedure under which it should have been taken in; `None`: its own.
    pub procedure: Option<String>,
    /// Papers of another version, procedure or case were never there.
    pub drops_others: bool,
    /// People whom the action refers to and who are new.
    pub people: Vec<NewPerson>,
    /// Why it is entered late, where a reason is asked for.
    pub late_reason: Option<String>,
    pub form: ByForm,
}

/// What a form says beside the action that it asks for.
#[derive(Debug, Clone, Default)]
pub struct ByForm {
    /// Its key: what was kept of it is a draft no more.
    pub key: Option<String>,
    /// What whoever takes the result thinks, if they were asked and said it.
    pub rating: Option<Rating>,
}

impl Request {
    pub fn new(id: DossierId, action: Action) -> Self {
        Self {
            id,
            version: None,
            action,
            case: None,
            procedure: None,
            drops_others: false,
            people: Vec::new(),
            late_reason: None,
            form: ByForm::default(),
        }
    }

    /// The correction of a delegate's data, or that there is none.
    pub fn correct_delegate(
        id: DossierId,
        reason: String,
        delegate: Option<Person>,
        at: Moment,
    ) -> Self {
        let person = delegate.map(|delegate| NewPerson::new(delegate, at));
        let correction = Correction::Delegate {
            reason,
            delegate: person.as_ref().map(|person| person.id),
            commitment: person.as_ref().map(NewPerson::commitment),
        };
        Self {
            people: person.into_iter().collect(),
            ..Self::new(id, Action::Correct(correction))
        }
    }

    /// The correction of an applicant's data: a new record of the person takes the old one's place.
    pub fn correct_applicant(id: DossierId, reason: String, applicant: Person, at: Moment) -> Self {
        let person = NewPerson::new(applicant, at);
        let correction = Correction::Applicant {
            reason,
            applicant: person.id,
            commitment: Some(person.commitment()),
        };
        Self {
            people: vec![person],
            ..Self::new(id, Action::Correct(correction))
        }
    }
}

/// Does the action, or refuses it with the reason.
///
/// # Errors
/// A refusal of the rules, a caller who may not, a version that is not the current one, or an error
/// of the store.
pub fn act(store: &Store, request: &Request, intent: Intent) -> Result<Dossier, Error> {
    if !request.people.is_empty() {
        let ways = store.reference()?.ways();
        let people = request.people.iter().map(|new| &new.person);
        let place = match request.action {
            Action::Correct(Correction::Delegate { .. }) => "/delegate",
            _ => "/applicant",
        };
        let wrong = people.flat_map(|person| wrong_fields(place, person, ways));
        let wrong: Vec<_> = wrong.collect();
        if !wrong.is_empty() {
            return Err(Error::Invalid(wrong));
        }
    }
    let request = request.clone();
    intent.write(store, move |conn, reference, occasion| {
        act_within(conn, &request, occasion, reference)
    })
}

/// The same within a transaction of the caller.
pub(crate) fn act_within(
    conn: &mut Conn,
    request: &Request,
    occasion: Occasion,
    reference: &Reference,
) -> Result<Dossier, Error> {
    let mut locked = dossiers::lock(conn, request.id)?.ok_or(Error::NO_DOSSIER)?;
    let dossier = &locked.dossier;
    if !occasion.covers(reference.units(), &dossier.units()) {
        return Err(Error::NOT_YOUR_DOSSIER);
    }
    if request.version.is_some_and(|seen| seen != dossier.version) {
        return Err(Error::Changed {
            current: Some(dossier.version),
        });
    }
    if reference.due_out_of_date() && !matches!(request.action, Action::RecomputeDue { .. }) {
        locked = put_right(conn, locked, occasion, reference)?;
    }
    let dossier = &locked.dossier;
    let at = occasion.moment(Some(dossier));
    let procedure = procedure_for(request, dossier, at, reference)?;
    if let Action::Receive { return_date, .. } = &request.action
        && dossier.status == Status::Registered
        && let Some(unit) = reference.units().get(dossier.unit)
        && let Some(wrong) = wrong_terms(procedure, dossier.channel, unit, return_date.as_ref())
    {
        return Err(Error::Invalid(vec![wrong]));
    }
    if let (Action::Correct(Correction::Applicant { .. }), None) =
        (&request.action, dossier.returned_at)
    {
        let people = request.people.iter().map(|new| &new.person);
        let wrong = people.filter_map(|person| wrong_return(dossier.return_channel, person));
        let wrong: Vec<_> = wrong.collect();
        if !wrong.is_empty() {
            return Err(Error::Invalid(wrong));
        }
    }
    // The way in which the result goes, where it is said anew.
    let way = match &request.action {
        Action::Correct(Correction::Papers { return_channel, .. }) => {
            return_channel.map(|by| (by, "/return_channel"))
        }
        Action::Return { channel } => Some((*channel, "/channel")),
        _ => None,
    };
    if let Some((by, pointer)) = way.filter(|(by, _)| *by != dossier.return_channel)
        && let Some(applicant) = persons::find(conn, dossier.applicant)?
        && let Some(wrong) = wrong_return(by, &applicant)
    {
        let pointer = pointer.to_owned();
        return Err(Error::Invalid(vec![WrongField { pointer, ..wrong }]));
    }
    let corrected = match &request.action {
        Action::Correct(Correction::Applicant { .. }) => Some(dossier.applicant),
        Action::Correct(Correction::Delegate { .. }) => dossier.delegate,
        _ => None,
    };
    if let (Some(before), [after]) = (corrected, request.people.as_slice())
        && persons::find(conn, before)?.as_ref() == Some(&after.person)
    {
        return Err(Error::Refused(Refusal::NothingCorrected, Vec::new()));
    }
    let mut action = request.action.clone();
    if let Action::Correct(
        Correction::Case { same_fees, .. } | Correction::Receipt { same_fees, .. },
    ) = &mut action
    {
        let before = reference.procedure_of(dossier);
        *same_fees =
            before.is_some_and(|before| before.definition.fees == procedure.definition.fees);
    }
    if let Action::Correct(Correction::Papers { items, others, .. }) = &mut action {
        let held = &dossier.contents.items;
        let version = |held: &HeldItem| reference.procedure_held_under(held);
        let known = Papers::others_of(held, procedure, version);
        match request.drops_others {
            true if items.is_none() && !known.is_empty() => {
                let listed = Papers::of(held, procedure, version).listed.into_iter();
                *items = Some(given(listed));
            }
            true => {}
            false => *others = known,
        }
    }
    if let Action::HandOver {
        step,
        assignee: assignee @ None,
        ..
    } = &mut action
        && *step < dossier.step
    {
        *assignee = handed_on_by(conn, reference, dossier, *step)?;
    }
    let late_reason = request.late_reason.as_deref();
    let stands_in_for = principals(conn, dossier, procedure, at, occasion, reference)?;
    let context = Context {
        staff: occasion.role.map(|role| Staff {
            role,
            competent: is_competent(dossier, occasion, reference),
            reaches_holder: occasion.covers(reference.units(), &[dossier.holder]),
            is_given_it: dossier.assignee.map(Actor::Staff) == Some(occasion.actor),
            stands_in_for: &stands_in_for,
            assignee: dossier.assignee,
        }),
        ..context(
            reference,
            dossier.unit,
            procedure,
            at,
            occasion,
            late_reason,
        )?
    };
    let mut events = decide(Some(dossier), &action, &context)
        .map_err(|refusal| Error::Refused(refusal, offered(Some(dossier), &context)))?;
    // Before it is written: where one of many is refused, the others go on. What cannot follow is refused by whoever
    // appends it.
    let mut after = dossier.clone();
    if events.iter().all(|event| after.apply(event).is_ok()) {
        match out_of_hands(conn, reference, dossier, &events, &after)? {
            Some(left) => events.push(left),
            None => ensure_assignable(conn, reference, Some(dossier), &after)?,
        }
    }
    let changed = dossiers::append(conn, &locked, &events, reference.units())?;
    for person in &request.people {
        persons::insert(conn, person, Under::of(&changed))?;
    }
    if changed.applicant != dossier.applicant {
        persons::supersede(conn, dossier.applicant)?;
    }
    if let Some(before) = dossier.delegate.filter(|id| changed.delegate != Some(*id)) {
        persons::supersede(conn, before)?;
    }
    if let Some(key) = &request.form.key {
        drafts::sent(conn, reference, key, occasion)?;
    }
    // What was said at a giving out that was none was said of that.
    if let (Action::Correct(Correction::Undo { .. }), Status::Returned) =
        (&request.action, locked.dossier.status)
    {
        satisfaction::remove_of_desk(conn, changed.id)?;
    }
    if let (Some(rating), Action::Return { .. }) = (request.form.rating, &request.action) {
        rate::note_at_desk(conn, &changed, rating, occasion.now)?;
    }
    Ok(changed)
}

/// What is on record of the papers of a checklist, as somebody would say it.
fn given(listed: impl Iterator<Item = HandedIn>) -> Vec<ItemGiven> {
    let number = |number: u32| u16::try_from(number).unwrap_or(u16::MAX);
    let items = (0_u16..).zip(listed).filter(|(_, held)| held.is_any());
    let items = items.map(|(position, held)| {
        let paper = Paper::Position(position);
        ItemGiven(paper, number(held.originals), number(held.copies))
    });
    items.collect()
}

/// Who handed the dossier on from a step, to whom it comes back if nobody else is named; `None`: they cannot have it any
/// more.
fn handed_on_by(
    conn: &mut Conn,
    reference: &Reference,
    dossier: &Dossier,
    step: u8,
) -> Result<Option<UserId>, StoreError> {
    let (mut at, mut by) = (0, None);
    for stored in events::history(conn, dossier.id)? {
        let event = stored.event()?;
        if let EventData::HandedOver(to) = &event.data {
            if at == step && to.step > at {
                by = Some(event.actor);
            }
            at = to.step;
        }
    }
    let Some(Actor::Staff(user)) = by else {
        return Ok(None);
    };
    let account = users::find(conn, user)?.map(|account| account.user);
    let account = account.filter(|user| may_have(reference, user, [dossier.unit, dossier.holder]));
    Ok(account.map(|user| user.id))
}

/// What an event says by which a dossier comes to where whoever has it in hand cannot have it any more: a move, or a
/// closing that is undone after they have left.
fn out_of_hands(
    conn: &mut Conn,
    reference: &Reference,
    before: &Dossier,
    events: &[Event],
    after: &Dossier,
) -> Result<Option<Event>, Error> {
    let moves = |event: &Event| {
        matches!(
            event.data,
            EventData::MovedToSuccessor(_) | EventData::Undone(_)
        )
    };
    let Some(assignee) = before.assignee.filter(|_| events.iter().any(moves)) else {
        return Ok(None);
    };
    if !after.status.is_open() {
        return Ok(None);
    }
    let account = users::find(conn, assignee)?;
    if account.is_some_and(|account| may_have(reference, &account.user, [after.unit, after.holder]))
    {
        return Ok(None);
    }
    Ok(Some(Event {
        sequence: after.version + 1,
        at: after.last_event_at,
        recorded_at: after.recorded_at,
        actor: Actor::System,
        data: HandsChanged {
            assignee_before: Some(assignee),
            assignee: None,
            cause: HandsCause::OutOfReach,
            reason: String::new(),
        }
        .into(),
        beside: Beside::default(),
    }))
}

/// A desk that took a dossier in for another unit does what is done with the applicant in front of it; the rest is
/// that unit's.
fn is_competent(dossier: &Dossier, occasion: Occasion, reference: &Reference) -> bool {
    let competent = competent_units(dossier.unit, dossier.holder, dossier.has_reached());
    occasion.covers(reference.units(), &competent)
}

/// Those for whom whoever acts stands in, where their own role does not make the step, or the dossier, theirs.
fn principals(
    conn: &mut Conn,
    dossier: &Dossier,
    procedure: &Procedure,
    at: Moment,
    occasion: Occasion,
    reference: &Reference,
) -> Result<Vec<Principal>, StoreError> {
    let units = reference.units();
    let reaches_holder = occasion.covers(units, &[dossier.holder]);
    let of_another = |user| dossier.assignee.is_some_and(|assignee| assignee != user);
    match (occasion.actor, occasion.role) {
        (Actor::Staff(user), Some(role))
            if needs_a_principal(
                procedure,
                dossier.step,
                role,
                reaches_holder,
                of_another(user),
            ) =>
        {
            deputies::principals(conn, user, at, dossier.holder, units)
        }
        _ => Ok(Vec::new()),
    }
}

/// The version of the procedure that holds for the action: the dossier's own. A clerk who takes in
/// what was registered does so under the version in force on that day, and may choose another case.
fn procedure_for<'a>(
    request: &Request,
    dossier: &Dossier,
    at: Moment,
    reference: &'a Reference,
) -> Result<&'a Procedure, Error> {
    let own = reference
        .procedure_of(dossier)
        .ok_or_else(|| StoreError::corrupt(format!("không có thủ tục {}", dossier.procedure)))?;
    match (&request.action, &request.case) {
        (Action::Receive { .. }, _) => {}
        // Another case of the version under which it was received.
        (Action::Correct(Correction::Case { .. }), Some(case)) => {
            let found = in_case(reference, own, case);
            return Ok(found.map_err(|reason| Error::wrong("/case", reason))?);
        }
        (Action::Correct(Correction::Receipt { received_at, .. }), _) => {
            let day = received_at.or(dossier.received_at).unwrap_or(at).date();
            return procedure_meant(request, dossier, own, *received_at, day, reference);
        }
        _ => return Ok(own),
    }
    let code = &own.definition.code;
    let version = reference.procedure_in_force(code, at.date()).unwrap_or(own);
    let registered = dossier.contents.case.as_deref();
    match &request.case {
        Some(case) => Ok(
            in_case(reference, version, case).map_err(|reason| Error::wrong("/case", reason))?
        ),
        None => Ok(reference
            .procedure_in_case(version.id, registered)
            .unwrap_or(version)),
    }
}

/// The version and case under which a dossier should have been taken in on a day: its own, where nothing else is said.
fn procedure_meant<'a>(
    request: &Request,
    dossier: &Dossier,
    own: &'a Procedure,
    received_at: Option<Moment>,
    day: chrono::NaiveDate,
    reference: &'a Reference,
) -> Result<&'a Procedure, Error> {
    let asked = request.procedure.as_deref();
    let version = match (asked, received_at) {
        (None, None) => own,
        (asked, _) => {
            let code = asked.unwrap_or(&own.definition.code);
            let found = reference.procedure_in_force(code, day);
            found.ok_or_else(|| {
                let reason = match reference.versions(code).is_empty() {
                    true => format!("không có thủ tục '{code}'"),
                    false => words::refusal(&Refusal::ProcedureNotInForce {
                        code: code.to_owned(),
                        on: day,
                    }),
                };
                Error::wrong("/procedure", reason)
            })?
        }
    };
    let in_code = asked.and_then(|code| ProcedureCode::read(code).ok()?.case);
    match request.case.clone().or(in_code) {
        Some(case) => {
            let found = in_case(reference, version, &case);
            Ok(found.map_err(|reason| Error::wrong("/case", reason))?)
        }
        // Another version of the same procedure is in the same case.
        None if version.definition.code == own.definition.code => {
            let case = dossier.contents.case.as_deref();
            Ok(reference
                .procedure_in_case(version.id, case)
                .map_or(version, |found| found))
        }
        None => Ok(version),
    }
}

/// How many dossiers motcua itself acts on in one transaction: nobody waits long for it.
pub(crate) const PAGE: u32 = 50;

/// What a page of dossiers came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Acted {
    pub(crate) done: usize,
    /// Their data are damaged: they are passed over from now on.
    pub(crate) set_aside: usize,
}

/// What motcua does by itself: the action on each dossier that allows it, in one transaction. Where one
/// cannot be read, each has a savepoint of its own: it is set aside, and undoes nothing of the others.
pub(crate) fn act_on_all(
    store: &Store,
    work: Work,
    ids: Vec<DossierId>,
    now: Moment,
    action: impl Fn(DossierId) -> Action + Clone + Send + 'static,
) -> Result<Acted, Error> {
    act_on_all_by(store, Actor::System, work, ids, now, action)
}

/// The same on somebody's word, which was theirs to give.
pub(crate) fn act_on_all_by(
    store: &Store,
    actor: Actor,
    work: Work,
    ids: Vec<DossierId>,
    now: Moment,
    action: impl Fn(DossierId) -> Action + Clone + Send + 'static,
) -> Result<Acted, Error> {
    let occasion = Occasion {
        actor,
        ..Occasion::by_system(now)
    };
    let act = |alone: bool| {
        let (ids, action) = (ids.clone(), action.clone());
        store.write_with_reference(move |conn, reference| {
            act_on_page(conn, reference, work, &ids, occasion, &action, alone)
        })
    };
    match act(false) {
        // Savepoints cost a page a good part of its time; hardly any page needs them.
        Err(Error::Store(error)) if error.is_damage() => act(true),
        acted => acted,
    }
}

fn act_on_page(
    conn: &mut Conn,
    reference: &Reference,
    work: Work,
    ids: &[DossierId],
    occasion: Occasion,
    action: &dyn Fn(DossierId) -> Action,
    alone: bool,
) -> Result<Acted, Error> {
    let mut done = Vec::with_capacity(ids.len());
    let mut set_aside = 0;
    for id in ids {
        let request = Request::new(*id, action(*id));
        let acted = match alone {
            true => conn.transaction(|conn| act_within(conn, &request, occasion, reference)),
            false => act_within(conn, &request, occasion, reference),
        };
        match acted {
            Ok(_) => done.push(*id),
            Err(Error::Refused(Refusal::Time(error), _)) => {
                tracing::warn!(dossier = %id, %error, "the calendar does not reach far enough");
            }
            // Closed, moved, recorded, given away or recomputed by someone else in the meantime.
            Err(Error::Refused(..) | Error::NotFound(_) | Error::Invalid(_)) => {}
            Err(Error::Store(error)) if alone && error.is_damage() => {
                set_aside::put(conn, work, *id, &error, occasion.now)?;
                set_aside += 1;
            }
            Err(error) => return Err(error),
        }
    }
    set_aside::done(conn, work, &done)?;
    Ok(Acted {
        done: done.len(),
        set_aside,
    })
}
