//! What the return date would be, before anything is taken in.

use serde::Serialize;

use crate::domain::moment::Moment;
use crate::domain::procedure::LimitDefinition;
use crate::domain::time_limit::Clock;
use crate::error::{Error, WrongField};
use crate::store::Store;

/// A return date before there is a dossier.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Preview {
    #[schema(example = "2.000815")]
    pub procedure: String,
    #[schema(example = "H37.20.01")]
    pub unit: String,
    #[schema(value_type = String, format = DateTime)]
    pub received_at: Moment,
    /// The limit that the office commits itself to.
    #[schema(value_type = Object, example = json!({"unit": "working_day", "amount": 15}))]
    pub limit: LimitDefinition,
    #[schema(value_type = String, format = DateTime)]
    pub due_at: Moment,
    /// The return date as the receipt prints it.
    #[schema(example = "17:00 ngày 22/03/2021")]
    pub due_text: String,
}

/// The due moment of a dossier received then.
///
/// # Errors
/// Unknown codes, a unit or procedure that is not in force then, a year the calendar lacks.
pub fn preview(
    store: &Store,
    procedure: &str,
    unit: &str,
    received_at: Moment,
) -> Result<Preview, Error> {
    let reference = store.reference()?;
    let day = received_at.date();
    let mut wrong = Vec::new();
    let mut add = |pointer: &str, reason: String| {
        wrong.push(WrongField {
            pointer: pointer.to_owned(),
            reason,
        });
    };
    let known = reference.units().by_code(unit);
    if known.is_none() {
        add("unit", format!("không có đơn vị '{unit}'"));
    }
    let version = reference.procedure_in_force(procedure, day);
    if version.is_none() {
        let day = crate::render::words::date(day);
        let reason = format!("không có thủ tục '{procedure}' có hiệu lực vào ngày {day}");
        add("procedure", reason);
    }
    let (Some(known), Some(version)) = (known, version) else {
        return Err(Error::Invalid(wrong));
    };
    let timetable = reference.timetable(known.id).ok_or(Error::NoCalendar)?;
    let limit = version
        .limit()
        .map_err(crate::domain::dossier::Refusal::from)?;
    let clock = Clock::start(limit, received_at, timetable)
        .map_err(crate::domain::dossier::Refusal::from)?;
    Ok(Preview {
        procedure: procedure.to_owned(),
        unit: unit.to_owned(),
        received_at,
        limit: version.definition.promised_limit(),
        due_at: clock.due,
        due_text: crate::render::words::moment(clock.due),
    })
}
