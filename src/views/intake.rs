//! What a desk needs before it takes a dossier in: the procedure, found by a few letters, its checklist and fees, the
//! return date, who may be given it, and what is known of whoever stands at the counter.

use chrono::NaiveDate;

use crate::domain::dossier::Channel;
use crate::domain::identity::Identity;
use crate::domain::ids::UnitId;
use crate::domain::moment::Moment;
use crate::domain::norms::Form;
use crate::domain::order;
use crate::domain::person::Ways;
use crate::domain::procedure::finding::Wanted;
use crate::domain::procedure::{ChecklistItem, Fee, StepRole};
use crate::domain::role::{Permission, Role};
use crate::domain::time_limit::LimitUnit;
use crate::error::{Error, WrongField};
use crate::render::words;
use crate::store::Store;
use crate::views;
use crate::views::assignees::Colleague;
use crate::views::cases::in_case;
use crate::views::dossier::PersonView;
use crate::views::list::{Named, named_unit};
use crate::views::reach::Reader;
use crate::views::search::SearchFor;
use crate::views::time_limit::{Asked, Preview};

/// The most procedures that a search shows.
pub const MOST_FOUND: usize = 30;

/// A procedure that a desk may take in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offered {
    pub code: String,
    pub name: String,
    /// Lĩnh vực.
    pub field: String,
}

/// The procedures that a unit takes in on a day and that fit what was typed, best first ([`Wanted`]). With nothing
/// typed, all of them.
///
/// # Errors
/// If the database refuses.
pub fn find_procedures(
    store: &Store,
    unit: UnitId,
    typed: &str,
    day: NaiveDate,
) -> Result<Vec<Offered>, Error> {
    let reference = store.reference()?;
    let level = reference.units().get(unit).map(|unit| unit.level);
    let wanted = Wanted::new(typed);
    let mut found = Vec::new();
    for version in reference.procedures() {
        let definition = &version.definition;
        let in_force = reference.procedure_in_force(&definition.code, day);
        let carried_out = level.is_some_and(|level| definition.levels.contains(&level));
        if in_force.is_none_or(|held| held.id != version.id)
            || !(carried_out || definition.received_elsewhere)
        {
            continue;
        }
        if let Some(rank) = wanted.rank(definition) {
            found.push((rank, definition));
        }
    }
    found.sort_by_cached_key(|(rank, definition)| {
        (
            *rank,
            order::place(&definition.name),
            definition.code.clone(),
        )
    });
    let found = found.into_iter().take(MOST_FOUND);
    let found = found.map(|(_, definition)| Offered {
        code: definition.code.clone(),
        name: definition.name.clone(),
        field: definition.field.clone(),
    });
    Ok(found.collect())
}

/// What a form for a new dossier of a procedure has to ask.
#[derive(Debug, Clone)]
pub struct Intake {
    pub procedure: Named,
    pub case: Option<Named>,
    /// The cases in which it may be.
    pub cases: Vec<Named>,
    /// Without one its limit is not known.
    pub case_missing: bool,
    pub checklist: Vec<ChecklistItem>,
    /// The fees that hold, with their positions.
    pub fees: Vec<(u16, Fee)>,
    /// The return date is named by hand.
    pub by_hand: bool,
    /// It is due on the same day.
    pub same_day: bool,
    /// Whose the steps are until it is decided.
    pub until_decided: Vec<StepRole>,
    /// It may be taken in for another unit.
    pub elsewhere: bool,
    pub unit: Named,
    /// To whom it may be given.
    pub colleagues: Vec<Colleague>,
    /// The moment at which it is looked at.
    pub at: Moment,
    /// What it is done by, for a paper that says what is missing.
    pub legal_basis: Vec<String>,
    /// The forms of today.
    pub forms: Vec<Form>,
    /// By what the applicant can be told here.
    pub ways: Ways,
    /// The return date if it is taken in now; absent while it cannot be worked out.
    pub preview: Option<Preview>,
}

impl Intake {
    /// Whether somebody of that role may take it in, answer it and give the result out by themselves: it is due on the
    /// same day, and every step until it is decided is theirs.
    pub fn may_be_answered_at_once(&self, by: Role) -> bool {
        let all = [
            Permission::Receive,
            Permission::HandOver,
            Permission::Finish,
            Permission::Return,
        ];
        self.same_day
            && all.into_iter().all(|permission| by.may(permission))
            && self.until_decided.iter().all(|step| by.does(*step))
    }
}

/// What is asked for a dossier of a procedure that comes in now at a unit.
///
/// # Errors
/// If no such procedure is in force or has that case, or the database refuses.
pub fn intake(
    store: &Store,
    unit: UnitId,
    code: &str,
    case: Option<&str>,
    channel: Channel,
    now: Moment,
) -> Result<Intake, Error> {
    let reference = store.reference()?;
    let day = now.date();
    let version = reference.procedure_in_force(code, day);
    let version = version.ok_or(Error::NotFound(
        "không có thủ tục này, hoặc đã hết hiệu lực",
    ))?;
    let version = match case {
        Some(case) => in_case(&reference, version, case).map_err(|reason| {
            Error::Invalid(vec![WrongField {
                pointer: "/case".to_owned(),
                reason,
            }])
        })?,
        None => version,
    };
    let definition = &version.definition;
    let named = named_unit(&reference, unit);
    let case_missing = case.is_none() && definition.case_decides_limit(channel);
    let limit = reference.units().get(unit);
    if let Some(unit) = limit
        && let Some(reason) = words::ended(reference.units(), unit, day)
    {
        return Err(Error::wrong("/unit", reason));
    }
    let limit = limit.map(|unit| version.limit_for(channel, unit).limit.unit);
    let asked = Asked {
        procedure: definition.code.clone(),
        unit: named.code.clone(),
        case: version.case.clone(),
        channel,
        received_at: now,
    };
    let preview = match case_missing {
        true => None,
        // A year that the calendar lacks is told when the dossier is taken in.
        false => views::time_limit::preview(store, &asked).ok(),
    };
    let mut colleagues = views::assignees::offered(store, &[unit], Permission::HandOver)?;
    if let Some(first) = definition.workflow.first() {
        colleagues.retain(|one| one.role.does(first.role));
    }
    Ok(Intake {
        procedure: Named {
            code: definition.code.clone(),
            name: definition.name.clone(),
        },
        case: Named::of_case(version),
        cases: Named::cases_of(definition),
        case_missing,
        checklist: definition.checklist.clone(),
        fees: (0_u16..)
            .zip(&definition.fees)
            .filter(|(_, fee)| fee.holds(channel, day))
            .map(|(position, fee)| (position, fee.clone()))
            .collect(),
        by_hand: limit == Some(LimitUnit::ByHand),
        same_day: limit == Some(LimitUnit::SameDay),
        until_decided: (definition.workflow.iter())
            .take(version.deciding_step() + 1)
            .map(|step| step.role)
            .collect(),
        elsewhere: definition.received_elsewhere,
        unit: named,
        colleagues,
        at: now,
        legal_basis: definition.legal_basis.clone(),
        forms: reference.norms().on(day).forms.clone(),
        ways: reference.ways(),
        preview,
    })
}

/// Somebody who has handed something in before, as they are known from the last time.
#[derive(Debug, Clone)]
pub struct Earlier {
    pub case_number: String,
    pub entered_at: Moment,
    pub person: PersonView,
}

/// How many of their dossiers are looked at for the last one, and how many of the last for what that one does not say.
const LOOKED_AT: usize = 20;
const FILLED_FROM: usize = 5;

/// Whether there is nothing left that an earlier dossier could say.
const fn is_filled(person: &PersonView) -> bool {
    person.phone.is_some() && person.email.is_some() && person.address.is_some()
}

/// Who of that number is known within reach: as the last dossier has them, with what only earlier ones say.
///
/// # Errors
/// If the database refuses.
pub fn earlier(
    store: &Store,
    identity: Identity,
    by: &Reader,
    now: Moment,
) -> Result<Option<Earlier>, Error> {
    let searched = [SearchFor::Identity(identity.clone())];
    let found = views::search::search(store, &searched, by.unit, None, LOOKED_AT, now)?;
    let mut items = found.items;
    items.sort_by_key(|item| std::cmp::Reverse(item.entered_at));
    let masked = identity.to_string();
    let mut known: Option<Earlier> = None;
    for item in items.into_iter().take(FILLED_FROM) {
        if known.as_ref().is_some_and(|known| is_filled(&known.person)) {
            break;
        }
        let view = views::dossier::view(store, item.id, Some(by), Some(by.unit), now)?;
        let mut people = std::iter::once(view.applicant).chain(view.delegate);
        let person = people.find(|person| person.identity_masked.as_deref() == Some(&masked));
        match (&mut known, person) {
            (Some(known), Some(older)) => {
                let known = &mut known.person;
                known.phone = known.phone.take().or(older.phone);
                known.email = known.email.take().or(older.email);
                known.address = known.address.take().or(older.address);
            }
            (None, Some(person)) => {
                known = Some(Earlier {
                    case_number: item.case_number,
                    entered_at: item.entered_at,
                    person,
                });
            }
            (_, None) => {}
        }
    }
    Ok(known)
}
