//! The catalogue of a scenario: the real procedures of `config/`, extended by sample ones until
//! the report's counts of procedures come out.

use std::collections::BTreeMap;

use chrono::{Days, NaiveDate};

use crate::domain::period::Period;
use crate::domain::procedure::{
    ChannelLimits, ChecklistItem, LimitDefinition, OnlineLevel, Place, ProcedureDefinition, Step,
    StepRole,
};
use crate::domain::time_limit::{Amount, LimitUnit};
use crate::domain::unit::Level;
use crate::imports::Catalogue;
use crate::tools::ToolError;
use crate::tools::scenario::figures::{Figures, PerLevel};

/// What is still to be given out for the counts to come out.
#[derive(Clone)]
struct Budget {
    in_force: PerLevel,
    announced: PerLevel,
    workflows: PerLevel,
    cuts: PerLevel,
    simplifications: PerLevel,
    days_cut: u64,
    days_before: u64,
    integrated: u64,
    /// Procedures that are not to be integrated.
    apart: u64,
}

/// Extends the catalogue `base` until the counts are those of `figures` over `period`.
///
/// # Errors
/// If more procedures would have to be announced than there can be.
pub(crate) fn extend(
    base: Catalogue,
    figures: &Figures,
    period: Period,
) -> Result<Catalogue, ToolError> {
    let base: Vec<ProcedureDefinition> = base.procedures.into_iter().map(|(_, p)| p).collect();
    let mut budget = Budget {
        in_force: figures.in_force,
        announced: figures.announced,
        workflows: figures.workflows,
        cuts: figures.cuts,
        simplifications: figures.simplifications,
        days_cut: figures.days_cut,
        days_before: figures.days_before,
        integrated: figures.integrated,
        apart: figures.in_force.total() - figures.integrated,
    };
    let mut kept = Vec::new();
    for definition in &base {
        if budget.take_base(definition, figures, period) {
            kept.push(definition.clone());
        }
    }
    let fields = fields_by_level(&base);
    let mut all = kept.clone();
    let cuts = spread_cuts(budget.cuts.total(), budget.days_cut, budget.days_before);
    let mut cuts = cuts.into_iter();
    let mut number = 0;
    for level in Level::ALL {
        let count = budget.in_force.get(level);
        for nth in 0..count {
            number += 1;
            let mut sample = sample(number, level, nth, &fields, period);
            budget.dress(&mut sample, level, nth, &mut cuts, period);
            all.push(sample);
        }
    }
    // Where fewer samples than announcements were made, real procedures are announced anew.
    for definition in kept {
        let left = budget.announced.get_mut(definition.level());
        if *left > 0 {
            *left -= 1;
            all.push(announced_anew(definition, *left, period));
        }
    }
    if budget.announced.total() > 0 {
        return Err(ToolError::Figures(vec![format!(
            "/procedures/announced_in_period: còn {} thủ tục không thể công bố trong kỳ",
            budget.announced.total()
        )]));
    }
    let procedures = all.into_iter().map(|p| (0, p)).collect();
    Ok(Catalogue { procedures })
}

fn days(limit: LimitDefinition) -> Option<u64> {
    match limit.unit {
        LimitUnit::WorkingDay | LimitUnit::CalendarDay => limit.amount?.as_whole().map(u64::from),
        _ => None,
    }
}

impl Budget {
    /// Takes a real procedure, if the counts leave room for it and the samples to come.
    fn take_base(
        &mut self,
        definition: &ProcedureDefinition,
        figures: &Figures,
        period: Period,
    ) -> bool {
        let level = definition.level();
        let within = |day: NaiveDate| period.contains(day);
        let touches_counts = within(definition.announced_on)
            || definition.workflow_approved_on.is_some_and(within)
            || definition.simplification_proposed_on.is_some_and(within);
        let through_all = definition.is_in_force_on(period.from)
            && definition.is_in_force_on(period.to)
            && !touches_counts;
        let needed = figures
            .workflows
            .get(level)
            .max(figures.simplifications.get(level))
            .max(self.cuts.get(level));
        let mut after = self.clone();
        let room = through_all
            && after.in_force.get(level) > needed
            && after.take_portal(definition.integrated)
            && after.take_cut(definition);
        if room {
            *after.in_force.get_mut(level) -= 1;
            *self = after;
        }
        room
    }

    fn take_portal(&mut self, integrated: bool) -> bool {
        let left = if integrated {
            &mut self.integrated
        } else {
            &mut self.apart
        };
        let room = *left > 0;
        *left = left.saturating_sub(1);
        room
    }

    fn take_cut(&mut self, definition: &ProcedureDefinition) -> bool {
        let Some(committed) = definition.committed_limit else {
            return true;
        };
        let (Some(before), Some(after)) = (days(definition.statutory_limit), days(committed))
        else {
            return false;
        };
        let left = self.cuts.get_mut(definition.level());
        if *left == 0 || before == after {
            return before == after;
        }
        *left -= 1;
        let (Some(cut), Some(whole)) = (
            self.days_cut.checked_sub(before - after),
            self.days_before.checked_sub(before),
        ) else {
            return false;
        };
        (self.days_cut, self.days_before) = (cut, whole);
        let count = self.cuts.total();
        // What is left must still be possible: every cut at least a day, and a day left.
        let none_left = count == 0 && cut == 0 && whole == 0;
        none_left || (count > 0 && cut >= count && whole >= cut + count)
    }

    /// Gives the `nth` sample of a level its share of the counts.
    fn dress(
        &mut self,
        sample: &mut ProcedureDefinition,
        level: Level,
        nth: u64,
        cuts: &mut impl Iterator<Item = (u64, u64)>,
        period: Period,
    ) {
        let take = |count: &mut PerLevel| {
            let left = count.get_mut(level);
            let some = *left > 0;
            *left = left.saturating_sub(1);
            some
        };
        let announced = take(&mut self.announced);
        if announced {
            // The first from the first day, so that there is always one in force.
            let day = day_within(period, nth * 7);
            (sample.valid_from, sample.announced_on) = (day, day);
        }
        if take(&mut self.workflows) {
            let after = day_within(period, nth * 11 + 3);
            sample.workflow_approved_on = Some(after.max(sample.announced_on));
            sample.workflow = workflow(level, sample.statutory_limit);
        } else if nth.is_multiple_of(2) && !announced {
            sample.workflow_approved_on = Some(sample.announced_on);
            sample.workflow = workflow(level, sample.statutory_limit);
        }
        if take(&mut self.simplifications) {
            sample.simplification_proposed_on = Some(day_within(period, nth * 13 + 5));
        }
        if take(&mut self.cuts)
            && let Some((before, cut)) = cuts.next()
        {
            let limit = |days: u64| LimitDefinition {
                unit: LimitUnit::WorkingDay,
                amount: u32::try_from(days).ok().map(Amount::whole),
            };
            sample.statutory_limit = limit(before);
            sample.committed_limit = Some(limit(before - cut));
        }
        sample.integrated = self.integrated > 0;
        self.integrated = self.integrated.saturating_sub(1);
    }
}

/// Days before the cut and days cut for each of `count` procedures, so that both sums come out.
fn spread_cuts(count: u64, days_cut: u64, days_before: u64) -> Vec<(u64, u64)> {
    let share = |whole: u64, i: u64| whole / count + u64::from(i < whole % count);
    let mut cuts: Vec<(u64, u64)> = (0..count)
        .map(|i| (share(days_before, i), share(days_cut, i)))
        .collect();
    // Not all alike: one of a pair gives days to the other.
    for (i, pair) in cuts.chunks_exact_mut(2).enumerate() {
        let spare = (pair[0].0 - pair[0].1 - 1).min(i as u64 % 9);
        pair[0].0 -= spare;
        pair[1].0 += spare;
    }
    cuts
}

/// Fields of the real procedures with the department of the first of each, by level.
type Fields = BTreeMap<Level, Vec<(String, Option<String>)>>;

fn fields_by_level(base: &[ProcedureDefinition]) -> Fields {
    let mut fields = Fields::new();
    for definition in base {
        let known = fields.entry(definition.level()).or_default();
        if !known.iter().any(|(name, _)| *name == definition.field) {
            known.push((definition.field.clone(), definition.department.clone()));
        }
    }
    fields
}

/// Limits of the samples, by level: mostly what the real ones of the level have.
fn limit(level: Level, nth: u64) -> LimitDefinition {
    let working = |amount| (LimitUnit::WorkingDay, Some(amount));
    let choices: &[(LimitUnit, Option<u32>)] = match level {
        Level::Province => &[
            working(15),
            working(5),
            working(7),
            working(10),
            working(3),
            working(20),
            (LimitUnit::CalendarDay, Some(30)),
            (LimitUnit::Hour, Some(24)),
        ],
        Level::District => &[
            working(5),
            working(3),
            working(10),
            working(15),
            (LimitUnit::CalendarDay, Some(20)),
            (LimitUnit::SameDay, None),
        ],
        Level::Commune => &[
            (LimitUnit::SameDay, None),
            working(3),
            working(5),
            (LimitUnit::Hour, Some(8)),
            working(10),
        ],
    };
    let (unit, amount) = choices[usize::try_from(nth).unwrap_or(0) % choices.len()];
    LimitDefinition {
        unit,
        amount: amount.map(Amount::whole),
    }
}

fn sample(
    number: u32,
    level: Level,
    nth: u64,
    fields: &Fields,
    period: Period,
) -> ProcedureDefinition {
    let general = || ("Lĩnh vực khác".to_owned(), None);
    let known = fields.get(&level).map_or(&[][..], Vec::as_slice);
    let (field, department) = match known.len() {
        0 => general(),
        n => known[usize::try_from(nth).unwrap_or(0) % n].clone(),
    };
    let before = Days::new(400 + nth % 1500);
    let valid_from = period.from.checked_sub_days(before).unwrap_or(period.from);
    ProcedureDefinition {
        code: format!("8.{number:06}"),
        province: None,
        code_is_sample: true,
        name: format!("Thủ tục mẫu số {number} thuộc lĩnh vực {field}"),
        field,
        levels: vec![level],
        department,
        valid_from,
        valid_to: None,
        announced_on: valid_from,
        workflow_approved_on: None,
        simplification_proposed_on: None,
        integrated: false,
        received_elsewhere: false,
        online_level: match nth % 3 {
            0 => OnlineLevel::Full,
            1 => OnlineLevel::Partial,
            _ => OnlineLevel::Information,
        },
        statutory_limit: limit(level, nth),
        committed_limit: None,
        limits_by_channel: ChannelLimits::default(),
        extra_days_in_marked_units: None,
        verification_limit: None,
        cases: Vec::new(),
        on_supplement: None,
        fees: Vec::new(),
        result: "Văn bản trả lời".to_owned(),
        legal_basis: Vec::new(),
        checklist: vec![ChecklistItem {
            key: None,
            name: "Đơn đề nghị".to_owned(),
            originals: 1,
            copies: 0,
            required: true,
        }],
        workflow: Vec::new(),
    }
}

fn workflow(level: Level, limit: LimitDefinition) -> Vec<Step> {
    let amount = limit.amount.and_then(Amount::as_whole).unwrap_or(1);
    let hours = match limit.unit {
        LimitUnit::WorkingDay => amount * 8,
        LimitUnit::CalendarDay => amount * 40 / 7,
        LimitUnit::Hour => amount,
        _ => 4,
    };
    let step = |name: &str, role, hours: u32| Step {
        name: name.to_owned(),
        place: Place::Receiving,
        unit: None,
        role,
        hours: hours.max(1),
        decides: false,
    };
    let mut steps = vec![
        step("Tiếp nhận hồ sơ", StepRole::Clerk, hours / 10),
        step("Thẩm định hồ sơ", StepRole::Officer, hours / 2),
    ];
    if level != Level::Commune {
        steps.push(step("Phê duyệt kết quả", StepRole::Supervisor, hours / 4));
    }
    steps.push(step("Trả kết quả", StepRole::Clerk, hours / 10));
    steps
}

/// A day of the period; the same `n` gives the same day, 0 the first.
fn day_within(period: Period, n: u64) -> NaiveDate {
    let length = (period.to - period.from).num_days().max(0) as u64 + 1;
    period.from + Days::new(n % length)
}

/// A new version of a real procedure, announced within the period.
fn announced_anew(
    mut definition: ProcedureDefinition,
    nth: u64,
    period: Period,
) -> ProcedureDefinition {
    // Not on the first day: the version before must have had one.
    let day = day_within(period, nth * 7 + 1).max(period.from);
    definition.valid_from = day;
    definition.announced_on = day;
    definition
}
