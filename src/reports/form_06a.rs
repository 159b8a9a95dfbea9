//! Form II.06a/VPCP/KSTT (Thông tư 01/2020/TT-VPCP): how dossiers stand, by level and field.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::domain::ids::{FieldId, UnitId};
use crate::domain::person::fold_diacritics;
use crate::domain::tally::Standing;
use crate::domain::unit::Level;
use crate::render::{self, table};
use crate::reports::standings::{Span, standings};
use crate::reports::{Report, ReportError};
use crate::store::reference::Reference;
use crate::store::tallies::Dimension;
use crate::store::{Conn, Store};

/// The form over a span, of the whole office or of a unit and those under it.
#[derive(Debug, Clone, PartialEq)]
pub struct Form06a {
    pub span: Span,
    /// Code and name of the unit, if it is not the whole office.
    pub unit: Option<(String, String)>,
    pub groups: Vec<Group>,
    pub total: Standing,
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
    /// Fields in the order of letters without their marks, as people look for them.
    fn rows(&self) -> Vec<(&String, &Standing)> {
        let mut rows: Vec<_> = self.fields.iter().collect();
        rows.sort_by_cached_key(|(name, _)| fold_diacritics(name));
        rows
    }
}

/// The form, from the roll-ups.
///
/// # Errors
/// If the unit is unknown, or the database refuses.
pub fn form_06a(store: &Store, span: Span, unit: Option<&str>) -> Result<Form06a, ReportError> {
    store.read_with_reference(|conn, reference| read(conn, reference, span, unit))
}

fn read(
    conn: &mut Conn,
    reference: &Reference,
    span: Span,
    unit: Option<&str>,
) -> Result<Form06a, ReportError> {
    span.check(reference)?;
    let units = reference.units();
    let root = match unit {
        Some(code) => Some(
            units
                .by_code(code)
                .ok_or_else(|| ReportError::UnknownUnit(code.to_owned()))?,
        ),
        None => None,
    };
    let dimension = match root {
        None => Dimension::FieldLevel,
        Some(_) => Dimension::UnitField,
    };
    let all = standings(conn, reference, dimension, &span)?;
    let mut groups: BTreeMap<Level, Group> = BTreeMap::new();
    for ((key, subkey), standing) in all {
        let (level, field) = match root {
            None => (i16::try_from(subkey).ok().and_then(Level::from_code), key),
            Some(root) if units.is_under(UnitId(key), root.id) => {
                (units.get(UnitId(key)).map(|unit| unit.level), subkey)
            }
            Some(_) => continue,
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
        unit: root.map(|unit| (unit.code.clone(), unit.name.clone())),
        total: groups.iter().map(|group| group.total).sum(),
        groups,
    })
}

#[derive(Serialize)]
struct FieldJson<'a> {
    field: &'a str,
    #[serde(flatten)]
    counts: table::Counts,
}

#[derive(Serialize)]
struct GroupJson<'a> {
    level: Level,
    name: &'static str,
    fields: Vec<FieldJson<'a>>,
    total: table::Counts,
}

impl Serialize for Form06a {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeStruct;

        let groups: Vec<_> = self
            .groups
            .iter()
            .map(|group| GroupJson {
                level: group.level,
                name: render::words::level_group(group.level),
                fields: group
                    .rows()
                    .into_iter()
                    .map(|(field, standing)| FieldJson {
                        field,
                        counts: table::Counts::of(standing),
                    })
                    .collect(),
                total: table::Counts::of(&group.total),
            })
            .collect();
        let mut json = serializer.serialize_struct("Form06a", 6)?;
        json.serialize_field("form", "II.06a/VPCP/KSTT")?;
        json.serialize_field("from", &self.span.period.from)?;
        json.serialize_field("to", &self.span.period.to)?;
        json.serialize_field("unit", &self.unit.as_ref().map(|(code, _)| code))?;
        json.serialize_field("groups", &groups)?;
        json.serialize_field("total", &table::Counts::of(&self.total))?;
        json.end()
    }
}

impl Report for Form06a {
    fn to_text(&self) -> String {
        let mut table = table::plain();
        table.set_header([
            "STT",
            "Lĩnh vực giải quyết",
            "Tiếp nhận:\nTổng số",
            "Trong kỳ:\nTrực tuyến",
            "Trong kỳ:\nTrực tiếp, BCCI",
            "Từ kỳ\ntrước",
            "Đã giải quyết:\nTổng số",
            "Trước\nhạn",
            "Đúng\nhạn",
            "Quá\nhạn",
            "Đang giải quyết:\nTổng số",
            "Trong\nhạn",
            "Quá\nhạn",
        ]);
        table.add_row((1..=13).map(|n| format!("({n})")));
        let mut add = |number: String, name: &str, s: &Standing| {
            let counts = [
                s.received(),
                s.received_online,
                s.received_other,
                s.carried_over,
                s.resolved(),
                s.early,
                s.on_time,
                s.overdue,
                s.in_progress(),
                s.in_progress_within(),
                s.in_progress_overdue,
            ];
            let mut cells = vec![number, name.to_owned()];
            cells.extend(counts.map(render::words::number));
            table.add_row(cells);
        };
        for (group, roman) in self.groups.iter().zip(["I", "II", "III"]) {
            let name = render::words::level_group(group.level).to_uppercase();
            add(roman.to_owned(), &name, &group.total);
            for (i, (field, standing)) in group.rows().into_iter().enumerate() {
                add((i + 1).to_string(), field, standing);
            }
        }
        add(String::new(), "TỔNG SỐ", &self.total);
        table::align_numbers(&mut table, 2);
        let unit = self
            .unit
            .as_ref()
            .map(|(code, name)| format!("Đơn vị: {name} ({code}) và các đơn vị trực thuộc\n"));
        format!(
            "Biểu số II.06a/VPCP/KSTT (ban hành theo Thông tư số 01/2020/TT-VPCP)\n\
             TÌNH HÌNH, KẾT QUẢ GIẢI QUYẾT THỦ TỤC HÀNH CHÍNH\n\
             Từ ngày {} đến ngày {}\n{}Đơn vị tính: Số hồ sơ TTHC\n{table}\n",
            render::words::date(self.span.period.from),
            render::words::date(self.span.period.to),
            unit.unwrap_or_default(),
        )
    }

    fn to_csv(&self) -> String {
        let rows = self.groups.iter().flat_map(|group| {
            group.rows().into_iter().map(move |(field, standing)| {
                let labels = vec![group.level.as_str().to_owned(), field.clone()];
                (labels, *standing)
            })
        });
        table::csv(&["level", "field"], rows)
    }
}
