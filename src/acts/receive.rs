//! Taking a new dossier in: at the desk, or as a citizen's online registration.

use std::sync::Arc;

use crate::acts::advance::{self, act_within};
use crate::acts::{Intent, Occasion, context, drafts, warn, wrong_fields, wrong_return};
use crate::domain::case_number::CaseNumber;
use crate::domain::dossier::{
    Action, Channel, Decision, Dossier, Event, FeeAsked, ItemGiven, NewDossier, PaymentMethod,
    Refusal, ReturnDate, decide,
};
use crate::domain::ids::DossierId;
use crate::domain::moment::Moment;
use crate::domain::person::Person;
use crate::domain::procedure::{Procedure, ProcedureCode};
use crate::domain::time_limit::LimitUnit;
use crate::domain::unit::Unit;
use crate::domain::warning::Warning;
use crate::error::{Error, WrongField};
use crate::render::words;
use crate::store::idempotency::{Happened, Once, once};
use crate::store::persons::{self, NewPerson, Under};
use crate::store::reference::Reference;
use crate::store::{Conn, Store, case_numbers, dossiers};
use crate::views::assignees::{ensure_assignable, find_assignee};
use crate::views::cases::in_case;

/// What a clerk or citizen fills in.
#[derive(Debug, Clone)]
pub struct NewRequest {
    /// Code of the receiving unit.
    pub unit: String,
    /// Code of the competent unit, if it is another one.
    pub competent_unit: Option<String>,
    /// Whether the competent unit has it at once.
    pub passed_on: bool,
    /// Code of the procedure; the version in force on the day is taken.
    pub procedure: String,
    /// The case of the procedure (trường hợp), if its code does not name it.
    pub case: Option<String>,
    pub channel: Channel,
    pub return_channel: Channel,
    pub applicant: Person,
    pub delegate: Option<Person>,
    pub sets: u16,
    pub items: Vec<ItemGiven>,
    /// On what terms fees are owed.
    pub fees: Vec<FeeAsked>,
    /// Username of whom it is given to.
    pub assignee: Option<String>,
    /// Where the procedure sets no limit.
    pub return_date: Option<ReturnDate>,
    /// Why it is entered late, where a reason is asked for.
    pub late_reason: Option<String>,
    /// Warnings that the desk has seen and accepts.
    pub accept: Vec<Warning>,
}

impl NewRequest {
    /// One without what not everybody gives: over the counter, in one set, without papers.
    pub fn new(unit: impl Into<String>, procedure: impl Into<String>, applicant: Person) -> Self {
        Self {
            unit: unit.into(),
            competent_unit: None,
            passed_on: true,
            procedure: procedure.into(),
            case: None,
            channel: Channel::Direct,
            return_channel: Channel::Direct,
            applicant,
            delegate: None,
            sets: 1,
            items: Vec::new(),
            fees: Vec::new(),
            assignee: None,
            return_date: None,
            late_reason: None,
            accept: Vec::new(),
        }
    }
}

/// A clerk takes a dossier in; the clock starts. With a key that was used before, what it made then.
///
/// # Errors
/// Every wrong field at once, a caller who may not, a refusal of the rules, or an error of the store.
pub fn receive(
    store: &Store,
    new: &NewRequest,
    intent: Intent,
    key: Option<Once>,
) -> Result<Happened<DossierId>, Error> {
    let mut new = new.clone();
    // A request sent twice is known by its key.
    new.accept
        .extend(key.as_ref().map(|_| Warning::DuplicateDossier));
    receive_at_the_counter(store, &new, AtTheCounter::default(), intent, key)
}

/// Fees of the procedure that are paid at once, by position.
#[derive(Debug, Clone)]
pub struct Paid {
    pub fees: Vec<FeeAsked>,
    /// Only where the procedure does not know what one of them is.
    pub amount_vnd: Option<u64>,
    pub method: PaymentMethod,
    pub receipt: String,
}

/// What is done by the way, with whoever hands the dossier in in front of the desk.
#[derive(Debug, Clone, Default)]
pub struct AtTheCounter {
    pub paid: Option<Paid>,
    /// It is granted and given out at once, by whoever takes it in.
    pub answered: bool,
    /// The key of the form by which it is taken in.
    pub form: Option<String>,
}

/// The same, with what is done by the way. Whoever sits at a desk is warned of a second dossier of the same person
/// whatever the key: another form has another.
///
/// # Errors
/// As [`receive`], and if what is paid is not what is owed, or it may not be answered by whoever takes it in: then
/// nothing is taken in.
pub fn receive_at_the_counter(
    store: &Store,
    new: &NewRequest,
    counter: AtTheCounter,
    intent: Intent,
    key: Option<Once>,
) -> Result<Happened<DossierId>, Error> {
    let new = new.clone();
    intent.write(store, move |conn, reference, occasion| {
        let made = once(conn, key.as_ref(), occasion.now, |conn| {
            let dossier = receive_within(conn, reference, &new, occasion)?;
            if let Some(paid) = counter.paid.clone() {
                let action = Action::CollectFees {
                    fees: paid.fees,
                    amount_vnd: paid.amount_vnd,
                    method: paid.method,
                    receipt: paid.receipt,
                };
                act_within(
                    conn,
                    &advance::Request::new(dossier.id, action),
                    occasion,
                    reference,
                )?;
            }
            if counter.answered {
                answer_at_once(conn, reference, &dossier, occasion)?;
            }
            Ok::<_, Error>(dossier.id)
        })?;
        if let Some(form) = &counter.form {
            drafts::sent(conn, reference, form, occasion)?;
        }
        Ok(made)
    })
}

/// Takes a dossier from its receipt to the result in the applicant's hands: each step as if somebody had asked for it
/// alone, so that each is refused to whom it would be.
fn answer_at_once(
    conn: &mut Conn,
    reference: &Reference,
    dossier: &Dossier,
    occasion: Occasion,
) -> Result<(), Error> {
    let procedure = reference.procedure_of(dossier).ok_or(Error::NO_DOSSIER)?;
    let deciding = u8::try_from(procedure.deciding_step()).unwrap_or(u8::MAX);
    let hand_over = (dossier.step + 1..=deciding).map(|step| Action::HandOver {
        step,
        assignee: None,
        note: String::new(),
    });
    let finish = Action::Finish {
        decision: Decision::Approved,
        reason: String::new(),
    };
    let give_out = Action::Return {
        channel: Channel::Direct,
    };
    for action in hand_over.chain([finish, give_out]) {
        let request = advance::Request::new(dossier.id, action);
        act_within(conn, &request, occasion, reference)?;
    }
    Ok(())
}

/// The same within a transaction of the caller.
pub(crate) fn receive_within(
    conn: &mut Conn,
    reference: &Reference,
    new: &NewRequest,
    occasion: Occasion,
) -> Result<Dossier, Error> {
    let assignee = find_assignee(conn, new.assignee.as_deref())?;
    let day = occasion.moment(None).date();
    check(new, day, reference, true)?;
    let dossier = create(conn, reference, new, occasion, |made| Action::Receive {
        items: Vec::new(),
        new: Some(made),
        assignee,
        return_date: new.return_date.clone(),
    })?;
    ensure_assignable(conn, reference, None, &dossier)?;
    Ok(dossier)
}

/// A citizen submits online; a clerk has yet to take it in.
///
/// # Errors
/// As [`receive`].
pub fn register(store: &Store, new: &NewRequest, intent: Intent) -> Result<Dossier, Error> {
    let new = new.clone();
    intent.write(store, move |conn, reference, occasion| {
        register_within(conn, reference, &new, occasion)
    })
}

/// The same within a transaction of the caller.
pub(crate) fn register_within(
    conn: &mut Conn,
    reference: &Reference,
    new: &NewRequest,
    occasion: Occasion,
) -> Result<Dossier, Error> {
    check(new, occasion.moment(None).date(), reference, false)?;
    create(conn, reference, new, occasion, Action::Register)
}

/// Whether a registration would be taken, without making it: nothing is read from the database, so
/// that it costs nobody's turn to write.
///
/// # Errors
/// As [`receive`].
pub(crate) fn check_registration(
    reference: &Reference,
    new: &NewRequest,
    occasion: Occasion,
) -> Result<(), Error> {
    check(new, occasion.moment(None).date(), reference, false)?;
    // The number is nobody's.
    Plan::new(reference, new, occasion)?
        .decide(reference, occasion, 1, Action::Register)
        .map(drop)
}

/// What a request says, with the ids that it will have.
struct Plan<'a> {
    new: &'a NewRequest,
    /// The moment of the action.
    at: Moment,
    id: DossierId,
    receiving_unit: &'a Unit,
    /// The competent one.
    unit: &'a Unit,
    procedure: &'a Arc<Procedure>,
    applicant: NewPerson,
    delegate: Option<NewPerson>,
}

impl<'a> Plan<'a> {
    fn new(
        reference: &'a Reference,
        new: &'a NewRequest,
        occasion: Occasion,
    ) -> Result<Self, Error> {
        let at = occasion.moment(None);
        let person = |person: &Person| NewPerson::new(person.clone(), at);
        let unit = |code: &str| {
            let unit = reference.units().by_code(code);
            unit.ok_or(Error::NO_DOSSIER)
        };
        let receiving_unit = unit(&new.unit)?;
        if !occasion.covers(reference.units(), &[receiving_unit.id]) {
            return Err(Error::NOT_YOUR_DOSSIER);
        }
        let competent = new.competent_unit.as_deref().map(unit).transpose()?;
        let procedure = procedure_asked(reference, new, at.date());
        Ok(Self {
            new,
            at,
            id: DossierId::new(at, rand::random()),
            receiving_unit,
            unit: competent.unwrap_or(receiving_unit),
            procedure: procedure.ok_or(Error::NO_DOSSIER)?,
            applicant: person(&new.applicant),
            delegate: new.delegate.as_ref().map(person),
        })
    }

    /// What the rules say, under the number of that sequence.
    fn decide(
        &self,
        reference: &Reference,
        occasion: Occasion,
        sequence: u32,
        action: impl FnOnce(NewDossier) -> Action,
    ) -> Result<Vec<Event>, Error> {
        let action = action(NewDossier {
            id: self.id,
            case_number: CaseNumber::new(
                &self.receiving_unit.code,
                self.at.date(),
                sequence,
                reference.norms(),
            ),
            unit: self.unit.id,
            receiving_unit: self.receiving_unit.id,
            passed_on: self.new.passed_on,
            channel: self.new.channel,
            return_channel: self.new.return_channel,
            applicant: self.applicant.id,
            delegate: self.delegate.as_ref().map(|delegate| delegate.id),
            sets: self.new.sets,
            items: self.new.items.clone(),
            fees: self.new.fees.clone(),
            commitments: (
                Some(self.applicant.commitment()),
                self.delegate.as_ref().map(NewPerson::commitment),
            ),
        });
        let late_reason = self.new.late_reason.as_deref();
        let context = context(
            reference,
            self.unit.id,
            self.procedure,
            self.at,
            occasion,
            late_reason,
        )?;
        Ok(decide(None, &action, &context)?)
    }
}

fn create(
    conn: &mut Conn,
    reference: &Reference,
    new: &NewRequest,
    occasion: Occasion,
    action: impl FnOnce(NewDossier) -> Action,
) -> Result<Dossier, Error> {
    let plan = Plan::new(reference, new, occasion)?;
    let sequence = case_numbers::take(conn, plan.receiving_unit.id, plan.at.date(), 1)?;
    let events = plan.decide(reference, occasion, sequence, action)?;
    let id = plan.id;
    // Under the counter's lock: of two at once the second sees the first.
    let what = (plan.unit.id, plan.procedure.id);
    warn::of_duplicates(conn, reference, new, what, plan.at, occasion)?;
    let dossier = dossiers::insert(conn, id, &events, reference.units())?;
    for person in std::iter::once(&plan.applicant).chain(&plan.delegate) {
        persons::insert(conn, person, Under::of(&dossier))?;
    }
    Ok(dossier)
}

/// The version that is in force on a day, in the case that is asked for, if there is that.
pub(crate) fn procedure_asked<'a>(
    reference: &'a Reference,
    new: &NewRequest,
    day: chrono::NaiveDate,
) -> Option<&'a Arc<Procedure>> {
    let procedure = reference.procedure_in_force(&new.procedure, day)?;
    match asked_case(new) {
        Some((_, case)) => in_case(reference, procedure, &case).ok(),
        None => Some(procedure),
    }
}

/// What is wrong with case and return date when a dossier is taken in.
pub(crate) fn wrong_terms(
    procedure: &Procedure,
    channel: Channel,
    unit: &Unit,
    return_date: Option<&ReturnDate>,
) -> Option<WrongField> {
    let definition = &procedure.definition;
    let by_hand = procedure.limit_for(channel, unit).limit.unit == LimitUnit::ByHand;
    let (pointer, refusal) = match (by_hand, return_date) {
        _ if procedure.case.is_none() && definition.case_decides_limit(channel) => {
            ("/case", Refusal::case_missing(definition))
        }
        (true, None) => ("/return_date", Refusal::ReturnDateMissing),
        (false, Some(_)) => ("/return_date", Refusal::ReturnDateGiven),
        _ => return None,
    };
    Some(WrongField {
        pointer: pointer.to_owned(),
        reason: words::refusal(&refusal),
    })
}

/// The field that asks for a case, and which: its own, or the code of the procedure.
fn asked_case(new: &NewRequest) -> Option<(&'static str, String)> {
    let in_code = || ProcedureCode::read(&new.procedure).ok()?.case;
    let own = new.case.clone().map(|case| ("/case", case));
    own.or_else(|| in_code().map(|case| ("/procedure", case)))
}

/// Every wrong field at once, of what a desk is `receiving` or a citizen registers.
fn check(
    new: &NewRequest,
    day: chrono::NaiveDate,
    reference: &Reference,
    receiving: bool,
) -> Result<(), Error> {
    let mut wrong = Vec::new();
    let mut add = |pointer: &str, reason: String| {
        wrong.push(WrongField {
            pointer: pointer.to_owned(),
            reason,
        });
    };
    if reference.units().by_code(&new.unit).is_none() {
        add("/unit", words::no_unit(reference.units(), &new.unit));
    }
    if let Some(code) = &new.competent_unit
        && reference.units().by_code(code).is_none()
    {
        add("/competent_unit", words::no_unit(reference.units(), code));
    }
    if let Err(error) = ProcedureCode::read(&new.procedure) {
        add("/procedure", error.to_string());
    } else if reference.versions(&new.procedure).is_empty() {
        add(
            "/procedure",
            format!("không có thủ tục '{}'", new.procedure),
        );
    } else if reference.procedure_in_force(&new.procedure, day).is_none() {
        let day = words::date(day);
        let reason = format!("thủ tục {} không có hiệu lực vào ngày {day}", new.procedure);
        add("/procedure", reason);
    }
    if new.sets == 0 {
        add("/sets", "số bộ hồ sơ phải từ 1 trở lên".to_owned());
    }
    if let Some(procedure) = reference.procedure_in_force(&new.procedure, day) {
        let asked = asked_case(new);
        let procedure = match &asked {
            Some((_, case)) => in_case(reference, procedure, case),
            None => Ok(procedure),
        };
        let competent = new.competent_unit.as_ref().unwrap_or(&new.unit);
        match (procedure, reference.units().by_code(competent)) {
            (Err(reason), _) => wrong.push(WrongField {
                pointer: asked.map_or("/case", |(pointer, _)| pointer).to_owned(),
                reason,
            }),
            (Ok(procedure), Some(unit)) if receiving => {
                let named = new.return_date.as_ref();
                wrong.extend(wrong_terms(procedure, new.channel, unit, named));
            }
            _ => {}
        }
    }
    wrong.extend(wrong_fields("/applicant", &new.applicant, reference.ways()));
    wrong.extend(wrong_return(new.return_channel, &new.applicant));
    if let Some(delegate) = &new.delegate {
        wrong.extend(wrong_fields("/delegate", delegate, reference.ways()));
    }
    if wrong.is_empty() {
        Ok(())
    } else {
        Err(Error::Invalid(wrong))
    }
}
