//! What the return date would be, before anything is taken in, and how it is counted.

use chrono::NaiveDate;
use serde::Serialize;

use crate::domain::counting::{Counting, DayOff, Rule};
use crate::domain::dossier::{Channel, Refusal};
use crate::domain::moment::Moment;
use crate::domain::procedure::{LimitDefinition, LimitSource, ProcedureCode};
use crate::domain::time_limit::{LimitUnit, TimeError};
use crate::domain::timetable::Timetable;
use crate::error::{Error, WrongField};
use crate::render::words;
use crate::store::Store;
use crate::views::calendar::ProvisionalDay;
use crate::views::cases::in_case;
use crate::views::list::Named;

/// For what a return date is asked.
#[derive(Debug, Clone)]
pub struct Asked {
    /// Its code, with a case or without.
    pub procedure: String,
    /// Code of the competent unit.
    pub unit: String,
    pub case: Option<String>,
    pub channel: Channel,
    pub received_at: Moment,
}

/// A return date before there is a dossier.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Preview {
    #[schema(example = "2.000815")]
    pub procedure: String,
    /// The case of the procedure.
    #[schema(example = json!(null))]
    pub case: Option<Named>,
    #[schema(example = "H37.20.01")]
    pub unit: String,
    #[schema(value_type = String, format = DateTime)]
    pub received_at: Moment,
    /// The limit that holds, with the days more of a marked unit.
    #[schema(value_type = Object, example = json!({"unit": "working_day", "amount": 15}))]
    pub limit: LimitDefinition,
    /// Which limit that is: of the case, of the way it is handed in, the committed or the statutory one.
    pub limit_from: LimitSource,
    /// Days more because the unit is marked as a mountain one.
    #[schema(example = 0)]
    pub extra_days: u32,
    /// Absent where the procedure sets no limit: then it is named by hand at receipt.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub due_at: Option<Moment>,
    /// The return date as the receipt prints it, or that there is none to be worked out.
    #[schema(example = "17:00 ngày 22/03/2021")]
    pub due_text: String,
    /// Days that are yet to be announced and on which it rests: it may move.
    pub provisional_days: Vec<ProvisionalDay>,
    /// Absent where nothing is counted.
    pub counting: Option<Explanation>,
    /// When it would be due if verification turned out to be needed; absent where the procedure has no limit for that.
    pub verification: Option<SecondLeg>,
}

/// A return date if verification is needed: counted from the same start.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct SecondLeg {
    #[schema(value_type = Object, example = json!({"unit": "working_day", "amount": 3}))]
    pub limit: LimitDefinition,
    pub due_at: Moment,
    #[schema(example = "17:00 ngày 04/03/2021")]
    pub due_text: String,
    /// Days that are yet to be announced and on which it rests: it may move.
    pub provisional_days: Vec<ProvisionalDay>,
    pub counting: Explanation,
}

impl SecondLeg {
    fn new(
        definition: LimitDefinition,
        received: Moment,
        timetable: &Timetable,
    ) -> Result<Self, Refusal> {
        let counting = Counting::new(definition.limit()?, received, timetable)?;
        Ok(Self {
            limit: definition,
            due_at: counting.due,
            due_text: words::moment(counting.due),
            provisional_days: counting
                .provisional
                .iter()
                .map(ProvisionalDay::from)
                .collect(),
            counting: Explanation::from(&counting),
        })
    }
}

/// How a return date was counted.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Explanation {
    /// When the clock started: at the receipt, or at the next opening after it.
    pub started_at: Moment,
    /// How many days were counted; 0 where hours, months or years are, or nothing is.
    #[schema(example = 15)]
    pub counted_days: u32,
    /// The first day that was counted.
    #[schema(example = "2021-03-02")]
    pub first_counted: Option<NaiveDate>,
    #[schema(example = "2021-03-22")]
    pub last_counted: Option<NaiveDate>,
    /// The rules that had a part in it, in the order in which they did.
    pub rules: Vec<RuleView>,
    /// Days off that were passed over.
    pub passed_over: Vec<PassedOver>,
    /// Compensatory working days that were counted.
    pub made_up: Vec<MadeUp>,
    /// All of it in sentences.
    #[schema(example = json!(["Tiếp nhận lúc 08:00 ngày 01/03/2021."]))]
    pub text: Vec<String>,
}

/// A rule that had a part in it.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct RuleView {
    #[schema(example = "first_day_not_counted")]
    pub rule: Rule,
    #[schema(example = "Ngày bắt đầu (01/03/2021) không tính (Bộ luật Dân sự 2015, điều 147).")]
    pub text: String,
}

/// A day off that was passed over.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct PassedOver {
    #[schema(example = "2021-03-06")]
    pub date: NaiveDate,
    /// `weekend`, or `calendar` for a day that the calendar names.
    #[schema(example = "weekend")]
    pub kind: &'static str,
    #[schema(example = "thứ Bảy")]
    pub name: String,
    /// The calendar expects it, and it is yet to be announced.
    pub provisional: bool,
}

/// A compensatory working day.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct MadeUp {
    #[schema(example = "2026-01-10")]
    pub date: NaiveDate,
    #[schema(example = "Làm bù (hoán đổi ngày làm việc)")]
    pub name: String,
}

impl From<&Counting> for Explanation {
    fn from(counting: &Counting) -> Self {
        let counts_days = counting.counted.is_some();
        let rules = counting.rules.iter().map(|rule| RuleView {
            rule: *rule,
            text: words::rule(*rule, counting),
        });
        let passed_over = counting.passed_over.iter().map(|day| PassedOver {
            date: day.date(),
            kind: match day {
                DayOff::Weekend(_) => "weekend",
                DayOff::Named(_) => "calendar",
            },
            name: words::passed_over(day),
            provisional: matches!(day, DayOff::Named(day) if day.is_provisional()),
        });
        let made_up = counting.made_up.iter().map(|day| MadeUp {
            date: day.date,
            name: day.name.clone(),
        });
        Self {
            started_at: counting.started,
            counted_days: match counting.limit.unit() {
                LimitUnit::WorkingDay | LimitUnit::CalendarDay if counts_days => {
                    counting.limit.amount().as_whole().unwrap_or_default()
                }
                _ => 0,
            },
            first_counted: counting.counted.map(|(first, _)| first),
            last_counted: counting.counted.map(|(_, last)| last),
            rules: rules.collect(),
            passed_over: passed_over.collect(),
            made_up: made_up.collect(),
            text: words::counting(counting),
        }
    }
}

/// The due moment of a dossier received then.
///
/// # Errors
/// Unknown codes, a case that is missing, a unit or procedure that is not in force then, a year the calendar lacks.
pub fn preview(store: &Store, asked: &Asked) -> Result<Preview, Error> {
    let reference = store.reference()?;
    let day = asked.received_at.date();
    let mut wrong = Vec::new();
    let mut add = |pointer: &str, reason: String| {
        wrong.push(WrongField {
            pointer: pointer.to_owned(),
            reason,
        });
    };
    let (code, unit) = (&asked.procedure, &asked.unit);
    let known = reference.units().by_code(unit);
    match known {
        None => add("unit", words::no_unit(reference.units(), unit)),
        Some(known) => {
            if let Some(reason) = words::ended(reference.units(), known, day) {
                add("unit", reason);
            }
        }
    }
    let mut version = reference.procedure_in_force(code, day);
    let read = ProcedureCode::read(code);
    match (&read, version) {
        (Err(error), _) => add("procedure", error.to_string()),
        (Ok(_), None) => {
            let day = words::date(day);
            let reason = format!("không có thủ tục '{code}' có hiệu lực vào ngày {day}");
            add("procedure", reason);
        }
        (Ok(read), Some(found)) => {
            let case = asked.case.as_ref().or(read.case.as_ref());
            match case.map(|case| in_case(&reference, found, case)) {
                Some(Err(reason)) => {
                    add("case", reason);
                    version = None;
                }
                Some(Ok(in_case)) => version = Some(in_case),
                None if found.definition.case_decides_limit(asked.channel) => {
                    add(
                        "case",
                        words::refusal(&Refusal::case_missing(&found.definition)),
                    );
                    version = None;
                }
                None => {}
            }
        }
    }
    let (Some(known), Some(version), true) = (known, version, wrong.is_empty()) else {
        return Err(Error::Invalid(wrong));
    };
    let timetable = reference.timetable(known.id).ok_or(Error::NoCalendar)?;
    let held = version.limit_for(asked.channel, known);
    let limit = held.limit.limit().map_err(Refusal::from)?;
    let counting = match limit.is_by_hand() {
        true => None,
        false => {
            let counting = Counting::new(limit, asked.received_at, timetable);
            Some(counting.map_err(Refusal::from)?)
        }
    };
    let due = counting.as_ref().map(|counting| counting.due);
    let second = version.definition.verification_limit;
    let second = second.map(|limit| SecondLeg::new(limit, asked.received_at, timetable));
    let provisional = counting.iter().flat_map(|counting| &counting.provisional);
    Ok(Preview {
        procedure: version.definition.code.clone(),
        case: Named::of_case(version),
        unit: unit.clone(),
        received_at: asked.received_at,
        limit: held.limit,
        limit_from: held.from,
        extra_days: held.extra_days,
        due_at: due,
        due_text: due.map_or_else(|| TimeError::NoLimit.to_string(), words::moment),
        provisional_days: provisional.map(ProvisionalDay::from).collect(),
        counting: counting.as_ref().map(Explanation::from),
        verification: second.transpose()?,
    })
}
