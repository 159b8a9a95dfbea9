//! The figures that a scenario must give, in the form of `config/lang-son-2021-9m.json`.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::Deserialize;

use crate::domain::period::Period;
use crate::domain::unit::Level;
use crate::tools::ToolError;

/// Figures that do not contradict themselves.
#[derive(Debug, Clone)]
pub struct Figures {
    pub(crate) period: Period,
    pub(crate) levels: BTreeMap<Level, LevelFigures>,
    pub(crate) in_force: PerLevel,
    pub(crate) announced: PerLevel,
    pub(crate) workflows: PerLevel,
    pub(crate) cuts: PerLevel,
    pub(crate) cuts_planned: i32,
    pub(crate) days_cut: u64,
    pub(crate) days_before: u64,
    pub(crate) simplifications: PerLevel,
    pub(crate) integrated: u64,
    pub(crate) feedback: u64,
}

/// Dossiers of a level.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LevelFigures {
    pub(crate) received: u64,
    pub(crate) resolved: u64,
    pub(crate) overdue: u64,
    /// The figures do not say how many were overdue: chosen here.
    pub(crate) overdue_is_chosen: bool,
}

impl LevelFigures {
    pub(crate) const fn in_progress(&self) -> u64 {
        self.received - self.resolved
    }
}

/// A count for each level.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
pub(crate) struct PerLevel {
    #[serde(default)]
    pub(crate) province: u64,
    #[serde(default)]
    pub(crate) district: u64,
    #[serde(default)]
    pub(crate) commune: u64,
}

impl PerLevel {
    pub(crate) const fn get(&self, level: Level) -> u64 {
        match level {
            Level::Province => self.province,
            Level::District => self.district,
            Level::Commune => self.commune,
        }
    }

    pub(crate) fn get_mut(&mut self, level: Level) -> &mut u64 {
        match level {
            Level::Province => &mut self.province,
            Level::District => &mut self.district,
            Level::Commune => &mut self.commune,
        }
    }

    pub(crate) const fn total(&self) -> u64 {
        self.province + self.district + self.commune
    }
}

#[derive(Deserialize)]
struct RawFigures {
    period: RawPeriod,
    dossiers: BTreeMap<Level, RawLevel>,
    procedures: RawProcedures,
    #[serde(default)]
    feedback_received_and_handled: u64,
}

#[derive(Deserialize)]
struct RawPeriod {
    from: NaiveDate,
    to: NaiveDate,
}

#[derive(Deserialize)]
struct RawLevel {
    received: u64,
    resolved: u64,
    early_or_on_time: Option<u64>,
    overdue: Option<u64>,
    in_progress: u64,
}

#[derive(Deserialize)]
struct RawCount {
    total: Option<u64>,
    #[serde(flatten)]
    levels: PerLevel,
}

#[derive(Deserialize)]
struct RawCuts {
    procedures: u64,
    planned: i32,
    days_cut: u64,
    days_before: u64,
    #[serde(flatten)]
    levels: PerLevel,
}

#[derive(Deserialize)]
struct RawProcedures {
    in_force: RawCount,
    announced_in_period: RawCount,
    internal_workflows_approved: RawCount,
    time_limit_cuts: RawCuts,
    simplification_proposals: RawCount,
    integrated_with_national_portal: u64,
}

/// More than any country has; keeps sums and scales far from overflow.
const MOST: u64 = 10_000_000_000;

impl Figures {
    /// Dossiers of all levels.
    pub fn received(&self) -> u64 {
        self.levels.values().map(|level| level.received).sum()
    }

    /// Reads figures and checks that they agree with each other.
    ///
    /// # Errors
    /// Every contradiction, with the JSON pointer of its place.
    pub fn parse(json: &[u8]) -> Result<Self, ToolError> {
        let text = std::str::from_utf8(json).map_err(|error| {
            let place = error.valid_up_to() + 1;
            ToolError::Figures(vec![format!("byte {place}: tệp không phải UTF-8")])
        })?;
        let raw: RawFigures = serde_json::from_str(text)
            .map_err(|error| ToolError::Figures(vec![error.to_string()]))?;
        let mut wrong = Vec::new();
        let period = Period::new(raw.period.from, raw.period.to)
            .map_err(|error| wrong.push(format!("/period: {error}")))
            .ok();
        check_levels(&raw.dossiers, &mut wrong);
        check_procedures(&raw.procedures, &mut wrong);
        if raw.feedback_received_and_handled > 1_000_000 {
            wrong.push("/feedback_received_and_handled: quá lớn".to_owned());
        }
        let (Some(period), true) = (period, wrong.is_empty()) else {
            return Err(ToolError::Figures(wrong));
        };
        let p = raw.procedures;
        Ok(Self {
            period,
            levels: choose_overdue(&raw.dossiers),
            in_force: p.in_force.levels,
            announced: p.announced_in_period.levels,
            workflows: p.internal_workflows_approved.levels,
            cuts: p.time_limit_cuts.levels,
            cuts_planned: p.time_limit_cuts.planned,
            days_cut: p.time_limit_cuts.days_cut,
            days_before: p.time_limit_cuts.days_before,
            simplifications: p.simplification_proposals.levels,
            integrated: p.integrated_with_national_portal,
            feedback: raw.feedback_received_and_handled,
        })
    }

    /// The same with all counts of dossiers multiplied.
    pub(crate) fn scaled(&self, by: u32) -> Self {
        let mut scaled = self.clone();
        for level in scaled.levels.values_mut() {
            level.received *= u64::from(by);
            level.resolved *= u64::from(by);
            level.overdue *= u64::from(by);
        }
        scaled
    }

    /// The overdue dossiers that the figures do not give and that were chosen here.
    pub(crate) fn chosen(&self) -> Vec<(Level, u64)> {
        self.levels
            .iter()
            .filter(|(_, figures)| figures.overdue_is_chosen)
            .map(|(level, figures)| (*level, figures.overdue))
            .collect()
    }
}

fn check_levels(levels: &BTreeMap<Level, RawLevel>, wrong: &mut Vec<String>) {
    for (level, figures) in levels {
        let place = format!("/dossiers/{}", level.as_str());
        let RawLevel {
            received,
            resolved,
            early_or_on_time,
            overdue,
            in_progress,
        } = *figures;
        if received > MOST || resolved > MOST || in_progress > MOST {
            wrong.push(format!("{place}: số quá lớn"));
            continue;
        }
        if resolved + in_progress != received {
            wrong.push(format!(
                "{place}: resolved {resolved} + in_progress {in_progress} khác received {received}"
            ));
        }
        match (early_or_on_time, overdue) {
            (Some(in_time), Some(overdue)) if in_time.checked_add(overdue) != Some(resolved) => {
                wrong.push(format!(
                    "{place}: early_or_on_time {in_time} + overdue {overdue} khác resolved {resolved}"
                ));
            }
            (Some(part), None) | (None, Some(part)) if part > resolved => {
                wrong.push(format!("{place}: {part} lớn hơn resolved {resolved}"));
            }
            _ => {}
        }
    }
}

fn check_procedures(procedures: &RawProcedures, wrong: &mut Vec<String>) {
    let RawProcedures {
        in_force,
        time_limit_cuts: cuts,
        ..
    } = procedures;
    for level in Level::ALL {
        for (name, count) in [
            (
                "announced_in_period",
                &procedures.announced_in_period.levels,
            ),
            (
                "internal_workflows_approved",
                &procedures.internal_workflows_approved.levels,
            ),
            ("time_limit_cuts", &cuts.levels),
            (
                "simplification_proposals",
                &procedures.simplification_proposals.levels,
            ),
        ] {
            let (part, whole) = (count.get(level), in_force.levels.get(level));
            if part > whole {
                wrong.push(format!(
                    "/procedures/{name}/{}: {part} lớn hơn số thủ tục có hiệu lực {whole}",
                    level.as_str()
                ));
            }
        }
    }
    for (name, count) in [
        ("in_force", in_force),
        ("announced_in_period", &procedures.announced_in_period),
        (
            "internal_workflows_approved",
            &procedures.internal_workflows_approved,
        ),
        (
            "simplification_proposals",
            &procedures.simplification_proposals,
        ),
    ] {
        check_total(name, count.total, &count.levels, wrong);
    }
    check_total(
        "time_limit_cuts",
        Some(cuts.procedures),
        &cuts.levels,
        wrong,
    );
    let all = in_force.levels.total();
    if all > 100_000 {
        wrong.push("/procedures/in_force: quá 100.000 thủ tục".to_owned());
    }
    if procedures.integrated_with_national_portal > all {
        wrong.push(format!(
            "/procedures/integrated_with_national_portal: lớn hơn số thủ tục có hiệu lực {all}"
        ));
    }
    // Each cut is at least a day, and leaves at least a day.
    let count = cuts.levels.total();
    if cuts.days_before > MOST || cuts.days_cut < count || cuts.days_before < cuts.days_cut + count
    {
        wrong.push(format!(
            "/procedures/time_limit_cuts: không thể cắt {} trên {} ngày ở {count} thủ tục",
            cuts.days_cut, cuts.days_before
        ));
    }
    if count == 0 && cuts.days_cut > 0 {
        wrong.push("/procedures/time_limit_cuts: có ngày cắt nhưng không có thủ tục".to_owned());
    }
}

fn check_total(name: &str, total: Option<u64>, levels: &PerLevel, wrong: &mut Vec<String>) {
    let parts = [levels.province, levels.district, levels.commune];
    if parts.iter().any(|part| *part > MOST) {
        wrong.push(format!("/procedures/{name}: số quá lớn"));
    } else if let Some(total) = total
        && total != levels.total()
    {
        wrong.push(format!(
            "/procedures/{name}: tổng {total} khác tổng các cấp {}",
            levels.total()
        ));
    }
}

/// A level for which no overdue count is given takes the share of the nearest level above that
/// has one, else below.
fn choose_overdue(levels: &BTreeMap<Level, RawLevel>) -> BTreeMap<Level, LevelFigures> {
    let given = |figures: &RawLevel| {
        let on_time = figures.early_or_on_time;
        figures
            .overdue
            .or(on_time.map(|on_time| figures.resolved - on_time))
    };
    let share_near = |level: Level| {
        let above = levels.range(..level).rev();
        let below = levels.range(level..);
        above
            .chain(below)
            .find_map(|(_, near)| Some((given(near)?, near.resolved)))
            .filter(|(_, resolved)| *resolved > 0)
    };
    levels
        .iter()
        .map(|(level, figures)| {
            let chosen = || {
                let (part, whole) = share_near(*level).unwrap_or((0, 1));
                let exact = u128::from(figures.resolved) * u128::from(part);
                let rounded = (exact * 2 + u128::from(whole)) / (2 * u128::from(whole));
                u64::try_from(rounded).unwrap_or(0).min(figures.resolved)
            };
            let given = given(figures);
            let figures = LevelFigures {
                received: figures.received,
                resolved: figures.resolved,
                overdue: given.unwrap_or_else(chosen),
                overdue_is_chosen: given.is_none(),
            };
            (*level, figures)
        })
        .collect()
}
