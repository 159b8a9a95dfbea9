//! Receipts by the program's own rules, with their rows ready: what the database is given straight.

use crate::domain::case_number::CaseNumber;
use crate::domain::dossier::{Action, Context, ItemHandedIn, NewDossier, decide};
use crate::domain::identity::Identity;
use crate::domain::ids::{Actor, DossierId, PersonId, UserId};
use crate::domain::moment::Moment;
use crate::domain::person::Person;
use crate::domain::tally::Tallies;
use crate::domain::unit::Level;
use crate::store::baseline::Receipt;
use crate::store::dossiers::{self, WholeHistory};
use crate::store::reference::Reference;
use crate::tools::ToolError;
use crate::tools::bench::lists;
use crate::tools::bench::office::{COMMUNE, Office};

/// Chứng thực bản sao: what communes receive most.
pub(crate) const PROCEDURE: &str = "2.000815";

/// How many dossiers a clerk's own commune has beyond the scenario's, and how many other communes
/// receive between two of them, so that they lie apart on disk.
const OWN: usize = 1200;
const APART: usize = 5;

const DAY_MILLIS: i64 = 24 * 60 * 60 * 1000;

pub(crate) fn communes(reference: &Reference) -> Vec<String> {
    let today = crate::clock::now().date();
    let units = reference.units().all().into_iter();
    let communes = units.filter(|unit| unit.level == Level::Commune && unit.is_open_on(today));
    communes.map(|unit| unit.code.clone()).collect()
}

pub(crate) fn person(number: u64) -> Person {
    let identity = format!("020085{:06}", number % 1_000_000);
    Person {
        notify_by: None,
        name: "Nguyễn Văn Hùng".to_owned(),
        identity: Identity::person(&identity).ok(),
        phone: Some(format!("09{:08}", number % 100_000_000)),
        email: None,
        address: Some("Thôn Nà Lốc, tỉnh Lạng Sơn".to_owned()),
    }
}

/// Gives the clerk's commune full pages of every list, as many at every size of the database: half of
/// them long overdue, half of the last day, under the names that are searched for. Once a database.
pub(crate) fn fill_commune(office: &Office) -> Result<(), ToolError> {
    let number = |i: usize| format!("XF{i:04}");
    let first = case_number(COMMUNE, &number(0))?;
    if office
        .store
        .read(|conn| dossiers::find_id(conn, &first))?
        .is_some()
    {
        return Ok(());
    }
    let reference = office.store.reference()?;
    let units = communes(&reference);
    let now = crate::clock::now();
    let mut receipts = Vec::new();
    for i in 0..OWN * APART {
        let (own, whose) = (i / APART, i % APART);
        let ago = i64::try_from((OWN * APART - i) * 10_000).unwrap_or_default();
        let days = if own % 2 == 0 { 60 } else { 0 };
        let at = now.plus_millis(-ago - days * DAY_MILLIS);
        let mut applicant = person(i as u64);
        let unit = if whose == 0 {
            lists::NAMES[own % lists::NAMES.len()].clone_into(&mut applicant.name);
            COMMUNE
        } else {
            &units[i % units.len()]
        };
        receipts.push(receipt(&reference, unit, at, &applicant, &number(i))?);
    }
    // In one commit: all are there, or none.
    Ok(office.store.write_receipts(receipts, OWN * APART)?)
}

/// A number that no desk gives out.
fn case_number(unit: &str, number: &str) -> Result<CaseNumber, ToolError> {
    CaseNumber::parse(&format!("{unit}.{number}-991231-0001")).map_err(ToolError::bench)
}

/// A receipt by the rules, with its rows ready.
pub(crate) fn receipt(
    reference: &Reference,
    unit: &str,
    at: Moment,
    person: &Person,
    number: &str,
) -> Result<Receipt, ToolError> {
    let missing = || ToolError::bench("danh mục thiếu đơn vị, thủ tục hoặc lịch");
    let unit = reference.units().by_code(unit).ok_or_else(missing)?;
    let procedure = reference
        .procedure_in_force(PROCEDURE, at.date())
        .ok_or_else(missing)?;
    let timetable = reference.timetable(unit.id).ok_or_else(missing)?;
    let id = DossierId::new(at, rand::random());
    let applicant = PersonId::new(at, rand::random());
    let items =
        (0..procedure.definition.checklist.len()).map(|i| ItemHandedIn(i as u16, 1, 0).into());
    let action = Action::Receive {
        items: Vec::new(),
        new: Some(NewDossier {
            items: items.collect(),
            ..NewDossier::new(id, case_number(&unit.code, number)?, unit.id, applicant)
        }),
        assignee: None,
        return_date: None,
    };
    let context = Context {
        at,
        now: at,
        backdating: None,
        actor: Actor::Staff(UserId(1)),
        staff: None,
        procedure,
        timetable,
        units: reference.units(),
        norms: reference.norms(),
    };
    let events = decide(None, &action, &context)
        .map_err(|refusal| ToolError::bench(crate::render::words::refusal(&refusal)))?;
    let mut counts = Tallies::new();
    let rows = WholeHistory::new(
        id,
        &events,
        (applicant, person),
        reference.units(),
        &mut counts,
    )?;
    Ok(Receipt {
        id,
        unit: unit.id,
        day: at.date(),
        rows,
        counts,
    })
}
