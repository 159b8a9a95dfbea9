//! Taking a new dossier in: at the desk, or as a citizen's online registration.

use super::assignees::{ensure_assignable, find_assignee};
use super::{DeskError, Occasion, WrongField, context, wrong_fields};
use crate::domain::case_number::CaseNumber;
use crate::domain::dossier::{Action, Channel, Dossier, ItemHandedIn, NewDossier, decide};
use crate::domain::ids::{DossierId, PersonId};
use crate::domain::person::Person;
use crate::store::idempotency::{Happened, Once, once};
use crate::store::reference::Reference;
use crate::store::{Conn, Store, case_numbers, dossiers, persons};

/// What a clerk or citizen fills in.
#[derive(Debug, Clone)]
pub struct NewRequest {
    /// Code of the receiving unit.
    pub unit: String,
    /// Code of the procedure; the version in force on the day is taken.
    pub procedure: String,
    pub channel: Channel,
    pub return_channel: Channel,
    pub applicant: Person,
    pub delegate: Option<Person>,
    pub sets: u16,
    pub items: Vec<ItemHandedIn>,
    /// Username of whom it is given to.
    pub assignee: Option<String>,
    /// Why it is entered late, where a reason is asked for.
    pub late_reason: Option<String>,
}

/// A clerk takes a dossier in; the clock starts. With a key that was used before, what it made then.
///
/// # Errors
/// Every wrong field at once, a refusal of the rules, or an error of the store.
pub fn receive(
    store: &Store,
    new: &NewRequest,
    occasion: Occasion,
    key: Option<Once>,
) -> Result<Happened<DossierId>, DeskError> {
    let new = new.clone();
    store.write_with_reference(move |conn, reference| {
        once(conn, key.as_ref(), occasion.now, |conn| {
            receive_within(conn, reference, &new, occasion).map(|dossier| dossier.id)
        })
    })
}

/// The same within a transaction of the caller.
pub(super) fn receive_within(
    conn: &mut Conn,
    reference: &Reference,
    new: &NewRequest,
    occasion: Occasion,
) -> Result<Dossier, DeskError> {
    let assignee = find_assignee(conn, new.assignee.as_deref())?;
    let dossier = create(conn, reference, new, occasion, |new| Action::Receive {
        new: Some(new),
        assignee,
    })?;
    ensure_assignable(conn, reference, None, &dossier)?;
    Ok(dossier)
}

/// A citizen submits online; a clerk has yet to take it in.
///
/// # Errors
/// As [`receive`].
pub fn register(store: &Store, new: &NewRequest, occasion: Occasion) -> Result<Dossier, DeskError> {
    let new = new.clone();
    store.write_with_reference(move |conn, reference| {
        register_within(conn, reference, &new, occasion)
    })
}

/// The same within a transaction of the caller.
pub(crate) fn register_within(
    conn: &mut Conn,
    reference: &Reference,
    new: &NewRequest,
    occasion: Occasion,
) -> Result<Dossier, DeskError> {
    create(conn, reference, new, occasion, Action::Register)
}

/// Whether a registration would be taken, without making it.
///
/// # Errors
/// As [`receive`].
pub(crate) fn check_registration(
    conn: &mut Conn,
    reference: &Reference,
    new: &NewRequest,
    occasion: Occasion,
) -> Result<(), DeskError> {
    // In a savepoint that is always undone: the very same rules, and no number is used up.
    let mut checked = Ok(());
    let undone = diesel::Connection::transaction(conn, |conn| {
        checked = register_within(conn, reference, new, occasion).map(drop);
        Err::<(), _>(diesel::result::Error::RollbackTransaction)
    });
    match (checked, undone) {
        (Ok(()), Err(diesel::result::Error::RollbackTransaction) | Ok(())) => Ok(()),
        (Ok(()), Err(error)) => Err(error.into()),
        (Err(error), _) => Err(error),
    }
}

fn create(
    conn: &mut Conn,
    reference: &Reference,
    new: &NewRequest,
    occasion: Occasion,
    action: impl FnOnce(NewDossier) -> Action,
) -> Result<Dossier, DeskError> {
    let at = occasion.moment(None);
    let day = at.date();
    check(new, day, reference)?;
    let id = DossierId::new(at, rand::random());
    let applicant = PersonId::new(at, rand::random());
    let delegate = new.delegate.as_ref();
    let delegate = delegate.map(|person| (PersonId::new(at, rand::random()), person));
    let missing = || DeskError::NotFound;
    let unit = reference.units().by_code(&new.unit).ok_or_else(missing)?;
    if !occasion.covers(reference.units(), unit.id, unit.id) {
        return Err(DeskError::OutOfReach);
    }
    let procedure = reference
        .procedure_in_force(&new.procedure, day)
        .ok_or_else(missing)?;
    let sequence = case_numbers::take(conn, unit.id, day, 1)?;
    let action = action(NewDossier {
        id,
        case_number: CaseNumber::new(&unit.code, day, sequence),
        unit: unit.id,
        channel: new.channel,
        return_channel: new.return_channel,
        applicant,
        delegate: delegate.map(|(id, _)| id),
        sets: new.sets,
        items: new.items.clone(),
    });
    let late_reason = new.late_reason.as_deref();
    let context = context(reference, unit.id, procedure, at, occasion, late_reason)?;
    let events = decide(None, &action, &context)?;
    persons::insert(conn, applicant, &new.applicant, id, unit.id)?;
    if let Some((delegate, person)) = delegate {
        persons::insert(conn, delegate, person, id, unit.id)?;
    }
    Ok(dossiers::insert(conn, id, &events, reference.units())?)
}

/// Every wrong field at once.
pub(super) fn check(
    new: &NewRequest,
    day: chrono::NaiveDate,
    reference: &Reference,
) -> Result<(), DeskError> {
    let mut wrong = Vec::new();
    let mut add = |pointer: &str, reason: String| {
        wrong.push(WrongField {
            pointer: pointer.to_owned(),
            reason,
        });
    };
    if reference.units().by_code(&new.unit).is_none() {
        add("/unit", format!("không có đơn vị '{}'", new.unit));
    }
    if reference.versions(&new.procedure).is_empty() {
        add(
            "/procedure",
            format!("không có thủ tục '{}'", new.procedure),
        );
    } else if reference.procedure_in_force(&new.procedure, day).is_none() {
        let day = crate::words::date(day);
        let reason = format!("thủ tục {} không có hiệu lực vào ngày {day}", new.procedure);
        add("/procedure", reason);
    }
    if new.sets == 0 {
        add("/sets", "số bộ hồ sơ phải từ 1 trở lên".to_owned());
    }
    wrong.extend(wrong_fields("/applicant", &new.applicant));
    if let Some(delegate) = &new.delegate {
        wrong.extend(wrong_fields("/delegate", delegate));
    }
    if wrong.is_empty() {
        Ok(())
    } else {
        Err(DeskError::Invalid(wrong))
    }
}
