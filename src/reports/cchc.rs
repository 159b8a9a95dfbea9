//! The paragraph on procedures of the report on administrative reform (cải cách hành chính),
//! section II.2: dossiers per level, and the catalogue behind them.

use std::collections::BTreeSet;

use chrono::{Datelike, NaiveDate};
use serde::Serialize;
use serde_json::Number;
use utoipa::ToSchema;

use crate::domain::moment::Moment;
use crate::domain::period::end_of;
use crate::domain::procedure::{LimitDefinition, ProcedureDefinition};
use crate::domain::tally::{Share, Standing};
use crate::domain::time_limit::{Amount, LimitUnit};
use crate::domain::unit::{Level, UnitKind};
use crate::error::Error;
use crate::render::sheet::{Column, Passage, Row, RowKind, Sheet};
use crate::render::words::{number, percent};
use crate::render::{self, days, local_days};
use crate::reports::Report;
use crate::reports::compare::{self, Difference, compare};
use crate::reports::parameters::Parameters;
use crate::reports::standings::{Span, by_level};
use crate::reports::table::{self, Counts, RATES};
use crate::store::reference::Reference;
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
    /// By what it is judged, in sentences.
    pub judged: Vec<String>,
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, ToSchema)]
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, ToSchema)]
pub struct Offices {
    pub departments: i64,
    pub districts: i64,
    pub communes: i64,
}

/// The paragraph, from roll-ups and catalogue, in one snapshot.
pub fn cchc(store: &Store, span: Span) -> Result<Cchc, Error> {
    store.read_with_reference(|conn, reference| read(conn, reference, span))
}

fn read(conn: &mut Conn, reference: &Reference, span: Span) -> Result<Cchc, Error> {
    span.check(reference)?;
    let period = span.period;
    let units = reference.units().all();
    let has_units = |level: Level| {
        units.iter().any(|unit| {
            unit.level == level
                && unit.valid_from <= period.to
                && unit.valid_to.is_none_or(|last| last >= period.from)
        })
    };
    let levels: Vec<LevelRow> = by_level(conn, reference, &span)?
        .into_iter()
        .map(|(level, standing)| LevelRow { level, standing })
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
        judged: span.judged(reference),
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
        let within = |day: Option<NaiveDate>| day.is_some_and(|day| period.contains(day));
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

/// What is counted of a limit and its cut; a month counts thirty days (Bộ luật Dân sự 2015, điều 146).
fn hours(limit: LimitDefinition) -> i64 {
    let amount = limit.amount.unwrap_or(Amount::whole(1));
    let quarters = i64::from(amount.quarters());
    match limit.unit {
        LimitUnit::Hour => quarters / 4,
        LimitUnit::WorkingDay | LimitUnit::CalendarDay | LimitUnit::SameDay => quarters * 2,
        LimitUnit::Month => quarters * 2 * 30,
        LimitUnit::Year => quarters * 2 * 365,
        LimitUnit::ByHand => 0,
    }
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

    /// Section II.2 in its sentences.
    fn passage(&self) -> Passage {
        let levels = self.levels.iter();
        let mut items: Vec<String> = levels
            .map(|row| level_sentence(render::words::level(row.level), &row.standing))
            .collect();
        items.push(level_sentence("Toàn tỉnh", &self.total));
        let by_level = |counts: &LevelCounts| {
            let levels = self.levels.iter().map(|row| {
                let name = render::words::level(row.level).to_lowercase();
                format!("{name} {}", number(counts.of(row.level)))
            });
            match levels.collect::<Vec<_>>().join(", ") {
                list if list.is_empty() => list,
                list => format!(" ({list})"),
            }
        };
        for (what, counts) in [
            ("TTHC đang có hiệu lực", &self.in_force),
            ("TTHC được công bố trong kỳ", &self.announced),
            ("Quy trình nội bộ được phê duyệt trong kỳ", &self.workflows),
            ("Đề xuất đơn giản hóa trong kỳ", &self.simplifications),
        ] {
            items.push(format!(
                "{what}: {}{}.",
                number(counts.total),
                by_level(counts)
            ));
        }
        let cuts = &self.cuts;
        let planned = cuts
            .planned
            .map(|n| format!(", kế hoạch năm {}", number(n.into())));
        items.push(format!(
            "TTHC được cắt giảm thời hạn giải quyết: {}{}{}; cắt giảm {} trên {} ngày, đạt {}.",
            number(cuts.procedures.total),
            by_level(&cuts.procedures),
            planned.unwrap_or_default(),
            local_days(cuts.hours_cut),
            local_days(cuts.hours_before),
            percent(cuts.share()),
        ));
        items.push(format!(
            "TTHC được tích hợp trên Cổng Dịch vụ công Quốc gia: {}.",
            number(self.integrated)
        ));
        items.push(format!(
            "Phản ánh, kiến nghị đã tiếp nhận và xử lý: {}.",
            number(self.feedback)
        ));
        items.push(format!(
            "Số cơ quan: {} sở, ban, ngành; {} huyện, thành phố; {} xã, phường, thị trấn.",
            number(self.offices.departments),
            number(self.offices.districts),
            number(self.offices.communes),
        ));
        Passage {
            heading: "Kết quả tiếp nhận, giải quyết hồ sơ thủ tục hành chính (TTHC):".to_owned(),
            items,
        }
    }
}

fn level_sentence(name: &str, s: &Standing) -> String {
    let carried_over = match s.carried_over {
        0 => String::new(),
        n => format!(" (trong đó kỳ trước chuyển sang {})", number(n)),
    };
    let counted = match s.left_out {
        0 => String::new(),
        _ => format!("; tỷ lệ tính trên {} hồ sơ", number(s.in_rates().all)),
    };
    format!(
        "{name}: tiếp nhận {} hồ sơ{carried_over}; đã giải quyết {} hồ sơ, trong đó trước hạn và đúng hạn {} hồ sơ \
         ({} trước hạn, {} đúng hạn), đạt {}; quá hạn {} hồ sơ, chiếm {}{counted}; đang giải quyết {} hồ sơ.",
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

/// Section II.2 of the CCHC report.
#[derive(Serialize, ToSchema)]
pub struct CchcReport {
    from: NaiveDate,
    to: NaiveDate,
    levels: Vec<LevelReport>,
    total: Counts,
    procedures: ProcedureCounts,
    feedback_received_and_handled: i64,
    offices: Offices,
    /// Cách tính đúng hạn đã áp dụng.
    judged: Vec<String>,
    /// Chỉ khi được so với báo cáo đã in.
    #[serde(skip_serializing_if = "Option::is_none")]
    differences: Option<Vec<Difference>>,
}

/// Dossiers of a level.
#[derive(Serialize, ToSchema)]
pub struct LevelReport {
    level: Level,
    #[schema(example = "Cấp tỉnh")]
    name: &'static str,
    #[serde(flatten)]
    counts: Counts,
}

/// The catalogue of procedures.
#[derive(Serialize, ToSchema)]
pub struct ProcedureCounts {
    in_force: LevelCounts,
    announced_in_period: LevelCounts,
    internal_workflows_approved: LevelCounts,
    time_limit_cuts: CutCounts,
    simplification_proposals: LevelCounts,
    integrated_with_national_portal: i64,
}

/// Limits cut below the statutory ones; days of eight hours.
#[derive(Serialize, ToSchema)]
pub struct CutCounts {
    procedures: i64,
    /// Kế hoạch của năm, nếu đã nhập.
    planned: Option<i32>,
    province: i64,
    district: i64,
    commune: i64,
    #[schema(value_type = f64)]
    days_cut: Number,
    #[schema(value_type = f64)]
    days_before: Number,
    #[schema(example = "38.85")]
    rate: Option<String>,
}

impl Report for Cchc {
    const NAME: &'static str = "cchc";
    const ABOUT: &'static str = "Mục II.2 của báo cáo cải cách hành chính; cả tỉnh.";
    const OF_A_UNIT: bool = false;
    const COMPARES: bool = true;

    type Json = CchcReport;

    fn make(store: &Store, asked: &Parameters) -> Result<Self, Error> {
        let mut report = cchc(store, asked.span)?;
        if let Some(printed) = &asked.printed {
            report.differences = Some(compare(&report, printed));
        }
        Ok(report)
    }

    fn json(&self) -> CchcReport {
        let levels = self.levels.iter().map(|row| LevelReport {
            level: row.level,
            name: render::words::level(row.level),
            counts: Counts::of(&row.standing),
        });
        // Always a number: digits, perhaps with a point.
        let exact_days = |hours| days(hours).parse().unwrap_or_else(|_| Number::from(0));
        let cuts = &self.cuts;
        CchcReport {
            from: self.span.period.from,
            to: self.span.period.to,
            levels: levels.collect(),
            total: Counts::of(&self.total),
            procedures: ProcedureCounts {
                in_force: self.in_force,
                announced_in_period: self.announced,
                internal_workflows_approved: self.workflows,
                time_limit_cuts: CutCounts {
                    procedures: cuts.procedures.total,
                    planned: cuts.planned,
                    province: cuts.procedures.province,
                    district: cuts.procedures.district,
                    commune: cuts.procedures.commune,
                    days_cut: exact_days(cuts.hours_cut),
                    days_before: exact_days(cuts.hours_before),
                    rate: cuts.share().map(|share| share.to_string()),
                },
                simplification_proposals: self.simplifications,
                integrated_with_national_portal: self.integrated,
            },
            feedback_received_and_handled: self.feedback,
            offices: self.offices,
            judged: self.judged.clone(),
            differences: self.differences.clone(),
        }
    }

    fn sheet(&self) -> Sheet {
        let labels = [
            Column::for_programs("level"),
            Column::text("", "Cấp").for_people(),
        ];
        let row = |kind, labels, standing| Row {
            kind,
            cells: table::cells(labels, standing, &RATES),
        };
        let rows = self.levels.iter().map(|LevelRow { level, standing }| {
            let labels = [level.as_str(), render::words::level(*level)];
            row(RowKind::Single, labels, standing)
        });
        let total = row(RowKind::Total, ["", "Toàn tỉnh"], &self.total);
        let differences = self.differences.as_deref().map(compare::passage);
        Sheet {
            title: vec!["II.2. CẢI CÁCH THỦ TỤC HÀNH CHÍNH".to_owned()],
            subtitle: vec![format!("Kỳ báo cáo: {}", self.span.in_words())],
            columns: table::columns(&labels, &RATES),
            rows: rows.chain([total]).collect(),
            prose: [self.passage()].into_iter().chain(differences).collect(),
            notes: table::notes(&self.total, &self.judged),
            ..Sheet::default()
        }
    }
}
