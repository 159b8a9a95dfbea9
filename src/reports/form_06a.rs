//! Form II.06a/VPCP/KSTT (Thông tư 01/2020/TT-VPCP): how dossiers stand, by level and field.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::ids::{FieldId, ProcedureId, UnitId};
use crate::domain::order;
use crate::domain::period::Period;
use crate::domain::tally::Standing;
use crate::domain::unit::Level;
use crate::error::Error;
use crate::render;
use crate::render::sheet::{Column, Row, RowKind, Sheet};
use crate::reports::parameters::{Parameters, unknown_unit};
use crate::reports::standings::{Span, standings};
use crate::reports::table::{self, Counts, Figure};
use crate::reports::{Report, names};
use crate::store::reference::Reference;
use crate::store::tallies::{Counted, Dimension};
use crate::store::{Conn, Store};

/// The form over a span, of the whole office or of a unit and those under it.
#[derive(Debug, Clone, PartialEq)]
pub struct Form06a {
    pub span: Span,
    /// Code and name of the unit, if it is not the whole office.
    pub unit: Option<(String, String)>,
    pub groups: Vec<Group>,
    pub total: Standing,
    /// By what it is judged, in sentences.
    pub judged: Vec<String>,
}

/// The rows of a level.
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    pub level: Level,
    /// By name of the field.
    pub fields: BTreeMap<String, Standing>,
    pub total: Standing,
}

impl Group {
    /// Fields in the order of Vietnamese lists.
    fn rows(&self) -> Vec<(&String, &Standing)> {
        let mut rows: Vec<_> = self.fields.iter().collect();
        rows.sort_by_cached_key(|(name, _)| order::place(name));
        rows
    }
}

/// The form, from the roll-ups; of the whole office, or of the unit with this code and those under it.
///
/// # Errors
/// If the unit is unknown, or an error of the store.
pub fn form_06a(store: &Store, span: Span, unit: Option<&str>) -> Result<Form06a, Error> {
    store.read_with_reference(|conn, reference| {
        let root = match unit {
            Some(code) => {
                let unit = reference.units().by_code(code);
                Some(
                    unit.ok_or_else(|| unknown_unit(reference.units(), code))?
                        .id,
                )
            }
            None => None,
        };
        read(conn, reference, span, root)
    })
}

fn read(
    conn: &mut Conn,
    reference: &Reference,
    span: Span,
    root: Option<UnitId>,
) -> Result<Form06a, Error> {
    span.check(reference)?;
    let units = reference.units();
    let under = root.map(|root| units.under(root).into_iter().collect());
    let counted = match &under {
        None => Counted::all(Dimension::FieldLevel),
        Some(under) => Counted::of(Dimension::UnitProcedure, under),
    };
    let all = standings(conn, reference, counted, &span)?;
    let mut groups: BTreeMap<Level, Group> = BTreeMap::new();
    for ((key, subkey), standing) in all {
        let (level, field) = match root {
            None => (i16::try_from(subkey).ok().and_then(Level::from_code), key),
            Some(_) => {
                let procedure = reference.procedure(ProcedureId(subkey));
                let level = units.get(UnitId(key)).map(|unit| unit.level);
                (level, procedure.map_or(0, |procedure| procedure.field_id.0))
            }
        };
        let Some(level) = level else { continue };
        let group = groups.entry(level).or_insert_with(|| Group {
            level,
            fields: BTreeMap::new(),
            total: Standing::default(),
        });
        let name = reference.field_name(FieldId(field)).to_owned();
        let row = group.fields.entry(name).or_default();
        *row = *row + standing;
        group.total = group.total + standing;
    }
    let groups: Vec<Group> = groups.into_values().collect();
    Ok(Form06a {
        span,
        unit: root.map(|root| names::unit(reference, root)),
        total: groups.iter().map(|group| group.total).sum(),
        groups,
        judged: span.judged(reference),
    })
}

/// Form II.06a.
#[derive(Serialize, ToSchema)]
pub struct Form06aReport {
    #[schema(example = "II.06a/VPCP/KSTT")]
    form: &'static str,
    from: NaiveDate,
    to: NaiveDate,
    /// Mã đơn vị; `null` nếu là cả tỉnh.
    unit: Option<String>,
    groups: Vec<Form06aGroup>,
    total: Counts,
    /// Cách tính đúng hạn đã áp dụng.
    judged: Vec<String>,
}

/// The rows of a level.
#[derive(Serialize, ToSchema)]
pub struct Form06aGroup {
    level: Level,
    #[schema(example = "Xã, phường, thị trấn")]
    name: &'static str,
    fields: Vec<Form06aRow>,
    total: Counts,
}

/// A field's row.
#[derive(Serialize, ToSchema)]
pub struct Form06aRow {
    #[schema(example = "Chứng thực")]
    field: String,
    #[serde(flatten)]
    counts: Counts,
}

const RECEIPT: &[&str] = &["Tiếp nhận"];
const RECEIPT_IN_PERIOD: &[&str] = &["Tiếp nhận", "Trong kỳ"];
const RESOLUTION: &[&str] = &["Đã giải quyết"];
const PROGRESS: &[&str] = &["Đang giải quyết"];

/// What the rows are: the level for programs, the number and the field.
const LABELS: [Column; 3] = [
    Column::for_programs("level"),
    Column::text("", "STT").for_people(),
    Column::text("field", "Lĩnh vực giải quyết"),
];

/// A part of what the groups count.
const fn part(
    key: &'static str,
    head: &'static str,
    of: &'static [&'static str],
    narrow: &'static str,
) -> Column {
    Column::number(key, head).below(of).narrow(narrow)
}

/// Columns (3) to (13), and those that only programs are given.
const FIGURES: [Figure<Standing>; 14] = [
    (
        Column::number("received", "Tổng số").below(RECEIPT),
        table::RECEIVED,
    ),
    (Column::for_programs("carried_over"), table::CARRIED_OVER),
    (
        Column::number("received_online", "Trực tuyến").below(RECEIPT_IN_PERIOD),
        table::ONLINE,
    ),
    (
        Column::number("received_direct_and_postal", "Trực tiếp, BCCI").below(RECEIPT_IN_PERIOD),
        table::OTHER,
    ),
    (
        // Programs have it already, in the order that they know.
        Column::number("", "Từ kỳ trước")
            .for_people()
            .below(RECEIPT)
            .narrow("Từ kỳ\ntrước"),
        table::CARRIED_OVER,
    ),
    (
        Column::number("resolved", "Tổng số").below(RESOLUTION),
        table::RESOLVED,
    ),
    (
        part("early", "Trước hạn", RESOLUTION, "Trước\nhạn"),
        table::EARLY,
    ),
    (
        part("on_time", "Đúng hạn", RESOLUTION, "Đúng\nhạn"),
        table::ON_TIME,
    ),
    (
        part("overdue", "Quá hạn", RESOLUTION, "Quá\nhạn"),
        table::OVERDUE,
    ),
    (
        Column::number("in_progress", "Tổng số").below(PROGRESS),
        table::IN_PROGRESS,
    ),
    (
        part("in_progress_within", "Trong hạn", PROGRESS, "Trong\nhạn"),
        table::WITHIN,
    ),
    (
        part("in_progress_overdue", "Quá hạn", PROGRESS, "Quá\nhạn"),
        table::PAST_DUE,
    ),
    (Column::for_programs("on_time_rate"), table::ON_TIME_RATE),
    (Column::for_programs("overdue_rate"), table::OVERDUE_RATE),
];

impl Report for Form06a {
    const NAME: &'static str = "06a";
    const ABOUT: &'static str =
        "Biểu II.06a/VPCP/KSTT: tình hình, kết quả giải quyết theo cấp và lĩnh vực.";

    type Json = Form06aReport;

    fn make(store: &Store, asked: &Parameters) -> Result<Self, Error> {
        let (span, unit) = (asked.span, asked.unit);
        store.read_with_reference(|conn, reference| read(conn, reference, span, unit))
    }

    fn json(&self) -> Form06aReport {
        let row = |(field, standing): (&String, &Standing)| Form06aRow {
            field: field.clone(),
            counts: Counts::of(standing),
        };
        let groups = self.groups.iter().map(|group| Form06aGroup {
            level: group.level,
            name: render::words::level_group(group.level),
            fields: group.rows().into_iter().map(row).collect(),
            total: Counts::of(&group.total),
        });
        Form06aReport {
            form: "II.06a/VPCP/KSTT",
            from: self.span.period.from,
            to: self.span.period.to,
            unit: self.unit.as_ref().map(|(code, _)| code.clone()),
            groups: groups.collect(),
            total: Counts::of(&self.total),
            judged: self.judged.clone(),
        }
    }

    fn sheet(&self) -> Sheet {
        let row = |kind, labels: [&str; 3], standing: &Standing| Row {
            kind,
            cells: table::cells(labels, standing, &FIGURES),
        };
        let mut rows = Vec::new();
        for (group, roman) in self.groups.iter().zip(["I", "II", "III"]) {
            let level = group.level.as_str();
            let name = render::words::level_group(group.level).to_uppercase();
            rows.push(row(RowKind::Group, [level, roman, &name], &group.total));
            for (i, (field, standing)) in group.rows().into_iter().enumerate() {
                let number = (i + 1).to_string();
                rows.push(row(RowKind::Single, [level, &number, field], standing));
            }
        }
        rows.push(row(RowKind::Total, ["", "", "TỔNG SỐ"], &self.total));
        let Period { from, to } = self.span.period;
        let mut subtitle = vec![format!(
            "Từ ngày {} đến ngày {}",
            render::words::date(from),
            render::words::date(to)
        )];
        if let Some((code, name)) = &self.unit {
            subtitle.push(names::of_unit_named(code, name));
        }
        subtitle.push("Đơn vị tính: Số hồ sơ TTHC".to_owned());
        Sheet {
            title: vec![
                "Biểu số II.06a/VPCP/KSTT (ban hành theo Thông tư số 01/2020/TT-VPCP)".to_owned(),
                "TÌNH HÌNH, KẾT QUẢ GIẢI QUYẾT THỦ TỤC HÀNH CHÍNH".to_owned(),
            ],
            subtitle,
            columns: table::columns(&LABELS, &FIGURES),
            numbered: true,
            rows,
            notes: table::notes(&self.total, &self.judged),
            ..Sheet::default()
        }
    }
}
