//! The paragraph on procedures of the report on administrative reform (cải cách hành chính),
//! section II.2: dossiers per level, and the catalogue behind them.

use std::collections::BTreeSet;

use chrono::Datelike;
use serde::Serialize;

use crate::domain::moment::Moment;
use crate::domain::period::end_of;
use crate::domain::procedure::{LimitDefinition, ProcedureDefinition};
use crate::domain::tally::{Share, Standing};
use crate::domain::time_limit::LimitUnit;
use crate::domain::unit::{Level, UnitKind};
use crate::render::words::{number, percent};
use crate::render::{self, table};
use crate::reports::compare::Difference;
use crate::reports::standings::{Span, standings};
use crate::reports::{Report, ReportError};
use crate::store::reference::Reference;
use crate::store::tallies::Dimension;
use crate::store::{Conn, Store, yearly_plan};

/// Everything the paragraph says.
#[derive(Debug, Clone, PartialEq)]
pub struct Cchc {
    pub span: Span,
    /// Levels that have units in the period, from the top.
    pub levels: Vec<LevelRow>,
    pub total: Standing,
    pub in_force: LevelCounts,
    pub announced: LevelCounts,
    pub workflows: LevelCounts,
    pub cuts: Cuts,
    pub simplifications: LevelCounts,
    pub integrated: i64,
    pub feedback: i64,
    pub offices: Offices,
    /// Filled in by [`crate::reports::compare::compare()`].
    pub differences: Option<Vec<Difference>>,
}

/// Dossiers of a level.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LevelRow {
    pub level: Level,
    pub standing: Standing,
}

/// A count of procedures over the levels; each counts under its first level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct LevelCounts {
    pub total: i64,
    pub province: i64,
    pub district: i64,
    pub commune: i64,
}

impl LevelCounts {
    fn add(&mut self, level: Level) {
        self.total += 1;
        *match level {
            Level::Province => &mut self.province,
            Level::District => &mut self.district,
            Level::Commune => &mut self.commune,
        } += 1;
    }

    pub const fn of(&self, level: Level) -> i64 {
        match level {
            Level::Province => self.province,
            Level::District => self.district,
            Level::Commune => self.commune,
        }
    }
}

/// Limits that the office has cut below the statutory ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Cuts {
    pub procedures: LevelCounts,
    /// The year's plan, if one was entered.
    pub planned: Option<i32>,
    /// Working hours, eight a day whatever the limit is counted in, so that sums stay integers.
    pub hours_cut: i64,
    pub hours_before: i64,
}

impl Cuts {
    pub fn share(&self) -> Option<Share> {
        Share::new(self.hours_cut, self.hours_before)
    }
}

/// Offices open on the last day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Offices {
    pub departments: i64,
    pub districts: i64,
    pub communes: i64,
}

/// The paragraph, from roll-ups and catalogue, in one snapshot.
///
/// # Errors
/// If the database refuses.
pub fn cchc(store: &Store, span: Span) -> Result<Cchc, ReportError> {
    store.read_with_reference(|conn, reference| read(conn, reference, span))
}

fn read(conn: &mut Conn, reference: &Reference, span: Span) -> Result<Cchc, ReportError> {
    span.check(reference)?;
    let period = span.period;
    let by_level = standings(conn, reference, Dimension::LevelChannel, &span)?;
    let units = reference.units().all();
    let has_units = |level: Level| {
        units.iter().any(|unit| {
            unit.level == level
                && unit.valid_from <= period.to
                && unit.valid_to.is_none_or(|last| last >= period.from)
        })
    };
    let levels: Vec<LevelRow> = Level::ALL
        .into_iter()
        .map(|level| LevelRow {
            level,
            standing: by_level
                .iter()
                .filter(|((key, _), _)| *key == i32::from(level.code()))
                .map(|(_, standing)| *standing)
                .sum(),
        })
        .filter(|row| has_units(row.level) || row.standing != Standing::default())
        .collect();

    let mut report = Cchc {
        span,
        total: levels.iter().map(|row| row.standing).sum(),
        levels,
        in_force: LevelCounts::default(),
        announced: LevelCounts::default(),
        workflows: LevelCounts::default(),
        cuts: Cuts::default(),
        simplifications: LevelCounts::default(),
        integrated: 0,
        feedback: yearly_plan::feedback_handled(
            conn,
            Moment::at(period.from, chrono::NaiveTime::MIN),
            end_of(period.to),
        )?,
        offices: Offices::default(),
        differences: None,
    };
    report.cuts.planned =
        yearly_plan::target(conn, period.to.year(), yearly_plan::TIME_LIMIT_CUTS)?;
    let mut seen = BTreeSet::new();
    for procedure in reference.procedures() {
        let definition = &procedure.definition;
        if definition.is_in_force_on(period.to) && seen.insert(&definition.code) {
            report.count_in_force(definition);
        }
        let level = definition.level();
        let within = |day: Option<chrono::NaiveDate>| day.is_some_and(|day| period.contains(day));
        if within(Some(definition.announced_on)) {
            report.announced.add(level);
        }
        if within(definition.workflow_approved_on) {
            report.workflows.add(level);
        }
        if within(definition.simplification_proposed_on) {
            report.simplifications.add(level);
        }
    }
    for unit in units.iter().filter(|unit| unit.is_open_on(period.to)) {
        match (unit.level, unit.kind) {
            (Level::Province, UnitKind::Department) => report.offices.departments += 1,
            (Level::District, UnitKind::PeopleCommittee) => report.offices.districts += 1,
            (Level::Commune, UnitKind::PeopleCommittee) => report.offices.communes += 1,
            _ => {}
        }
    }
    Ok(report)
}

fn hours(limit: LimitDefinition) -> i64 {
    let amount = i64::from(limit.amount.unwrap_or(1));
    match limit.unit {
        LimitUnit::Hour => amount,
        LimitUnit::WorkingDay | LimitUnit::CalendarDay | LimitUnit::SameDay => amount * 8,
    }
}

/// Hours as days of eight hours, exact: `599`, or `599.5`.
fn days(hours: i64) -> String {
    let thousandths = hours * 125;
    let text = format!("{}.{:03}", thousandths / 1000, thousandths % 1000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

impl Cchc {
    fn count_in_force(&mut self, definition: &ProcedureDefinition) {
        let level = definition.level();
        self.in_force.add(level);
        self.integrated += i64::from(definition.integrated);
        let statutory = hours(definition.statutory_limit);
        let cut = statutory - definition.committed_limit.map_or(statutory, hours);
        if cut > 0 {
            self.cuts.procedures.add(level);
            self.cuts.hours_cut += cut;
            self.cuts.hours_before += statutory;
        }
    }

    pub fn level(&self, level: Level) -> Option<&Standing> {
        let row = self.levels.iter().find(|row| row.level == level);
        row.map(|row| &row.standing)
    }
}

impl Report for Cchc {
    fn to_text(&self) -> String {
        let mut text = format!(
            "II.2. CẢI CÁCH THỦ TỤC HÀNH CHÍNH\n\
             Kỳ báo cáo: từ ngày {} đến ngày {}\n\n\
             Kết quả tiếp nhận, giải quyết hồ sơ thủ tục hành chính (TTHC):\n",
            render::words::date(self.span.period.from),
            render::words::date(self.span.period.to)
        );
        for LevelRow { level, standing } in &self.levels {
            text += &level_sentence(render::words::level(*level), standing);
        }
        text += &level_sentence("Toàn tỉnh", &self.total);
        let per_level = |counts: &LevelCounts| {
            let levels = self.levels.iter().map(|row| {
                let name = render::words::level(row.level).to_lowercase();
                format!("{name} {}", number(counts.of(row.level)))
            });
            match levels.collect::<Vec<_>>().join(", ") {
                list if list.is_empty() => list,
                list => format!(" ({list})"),
            }
        };
        let mut line = |what: &str, counts: &LevelCounts| {
            text += &format!("- {what}: {}{}.\n", number(counts.total), per_level(counts));
        };
        line("TTHC đang có hiệu lực", &self.in_force);
        line("TTHC được công bố trong kỳ", &self.announced);
        line("Quy trình nội bộ được phê duyệt trong kỳ", &self.workflows);
        line("Đề xuất đơn giản hóa trong kỳ", &self.simplifications);
        let cuts = &self.cuts;
        let planned = cuts
            .planned
            .map(|n| format!(", kế hoạch năm {}", number(n.into())));
        let vietnamese = |hours| {
            let exact = days(hours);
            let (whole, rest) = exact.split_once('.').unwrap_or((&exact, ""));
            let whole = number(whole.parse().unwrap_or(0));
            match rest {
                "" => whole,
                rest => format!("{whole},{rest}"),
            }
        };
        text += &format!(
            "- TTHC được cắt giảm thời hạn giải quyết: {}{}{}; cắt giảm {} trên {} ngày, đạt {}.\n",
            number(cuts.procedures.total),
            planned.unwrap_or_default(),
            per_level(&cuts.procedures),
            vietnamese(cuts.hours_cut),
            vietnamese(cuts.hours_before),
            percent(cuts.share()),
        );
        text += &format!(
            "- TTHC được tích hợp trên Cổng Dịch vụ công Quốc gia: {}.\n\
             - Phản ánh, kiến nghị đã tiếp nhận và xử lý: {}.\n\
             - Số cơ quan: {} sở, ban, ngành; {} huyện, thành phố; {} xã, phường, thị trấn.\n",
            number(self.integrated),
            number(self.feedback),
            number(self.offices.departments),
            number(self.offices.districts),
            number(self.offices.communes),
        );
        if let Some(differences) = &self.differences {
            text += "\nSo với báo cáo đã in:\n";
            if differences.is_empty() {
                text += "- Không có số liệu nào khác.\n";
            }
            for difference in differences {
                text += &format!("- {difference}\n");
            }
        }
        text
    }

    fn to_csv(&self) -> String {
        let rows = self
            .levels
            .iter()
            .map(|row| (vec![row.level.as_str().to_owned()], row.standing));
        table::csv(&["level"], rows)
    }
}

fn level_sentence(name: &str, s: &Standing) -> String {
    format!(
        "- {name}: tiếp nhận {} hồ sơ; đã giải quyết {} hồ sơ, trong đó trước hạn và đúng hạn {} hồ sơ \
         ({} trước hạn, {} đúng hạn), đạt {}; quá hạn {} hồ sơ, chiếm {}; đang giải quyết {} hồ sơ.\n",
        number(s.received()),
        number(s.resolved()),
        number(s.early + s.on_time),
        number(s.early),
        number(s.on_time),
        percent(s.on_time_share()),
        number(s.overdue),
        percent(s.overdue_share()),
        number(s.in_progress()),
    )
}

#[derive(Serialize)]
struct LevelJson {
    level: Level,
    name: &'static str,
    #[serde(flatten)]
    counts: table::Counts,
}

#[derive(Serialize)]
struct CutsJson {
    procedures: i64,
    planned: Option<i32>,
    province: i64,
    district: i64,
    commune: i64,
    days_cut: serde_json::Number,
    days_before: serde_json::Number,
    rate: Option<String>,
}

#[derive(Serialize)]
struct ProceduresJson {
    in_force: LevelCounts,
    announced_in_period: LevelCounts,
    internal_workflows_approved: LevelCounts,
    time_limit_cuts: CutsJson,
    simplification_proposals: LevelCounts,
    integrated_with_national_portal: i64,
}

impl Serialize for Cchc {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::{Error, SerializeStruct};

        let levels: Vec<_> = self
            .levels
            .iter()
            .map(|row| LevelJson {
                level: row.level,
                name: render::words::level(row.level),
                counts: table::Counts::of(&row.standing),
            })
            .collect();
        let exact_days = |hours| days(hours).parse().map_err(S::Error::custom);
        let procedures = ProceduresJson {
            in_force: self.in_force,
            announced_in_period: self.announced,
            internal_workflows_approved: self.workflows,
            time_limit_cuts: CutsJson {
                procedures: self.cuts.procedures.total,
                planned: self.cuts.planned,
                province: self.cuts.procedures.province,
                district: self.cuts.procedures.district,
                commune: self.cuts.procedures.commune,
                days_cut: exact_days(self.cuts.hours_cut)?,
                days_before: exact_days(self.cuts.hours_before)?,
                rate: self.cuts.share().map(|share| share.to_string()),
            },
            simplification_proposals: self.simplifications,
            integrated_with_national_portal: self.integrated,
        };
        let mut json = serializer.serialize_struct("Cchc", 8)?;
        json.serialize_field("from", &self.span.period.from)?;
        json.serialize_field("to", &self.span.period.to)?;
        json.serialize_field("levels", &levels)?;
        json.serialize_field("total", &table::Counts::of(&self.total))?;
        json.serialize_field("procedures", &procedures)?;
        json.serialize_field("feedback_received_and_handled", &self.feedback)?;
        json.serialize_field("offices", &self.offices)?;
        match &self.differences {
            Some(differences) => json.serialize_field("differences", differences)?,
            None => json.skip_field("differences")?,
        }
        json.end()
    }
}
