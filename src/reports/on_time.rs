//! On-time rates by level, unit, field, procedure, channel or month.

use std::collections::{BTreeMap, HashSet};

use serde::Serialize;

use crate::domain::dossier::Channel;
use crate::domain::ids::{FieldId, ProcedureId, UnitId};
use crate::domain::period::{Grain, Period};
use crate::domain::person::fold_diacritics;
use crate::domain::tally::Standing;
use crate::domain::unit::Level;
use crate::render::{self, table};
use crate::reports::standings::{Span, Standings, standings, standings_of};
use crate::reports::{Report, ReportError};
use crate::store::reference::Reference;
use crate::store::tallies::Dimension;
use crate::store::{Conn, Store};

/// A report by month takes a few statements a month: ten years at most.
const MOST_MONTHS: usize = 120;

/// What the rows of an on-time report are.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, serde::Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum By {
    Level,
    Unit,
    Field,
    Procedure,
    Channel,
    /// Reporting months, from the 15th to the 14th.
    Month,
}

impl By {
    pub const ALL: [Self; 6] = [
        Self::Level,
        Self::Unit,
        Self::Field,
        Self::Procedure,
        Self::Channel,
        Self::Month,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Level => "level",
            Self::Unit => "unit",
            Self::Field => "field",
            Self::Procedure => "procedure",
            Self::Channel => "channel",
            Self::Month => "month",
        }
    }
}

impl std::str::FromStr for By {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL
            .into_iter()
            .find(|by| by.as_str() == text)
            .ok_or(())
    }
}

/// On-time rates over a span.
#[derive(Debug, Clone, PartialEq)]
pub struct OnTime {
    pub by: By,
    pub span: Span,
    pub rows: Vec<Row>,
    pub total: Standing,
}

/// One row of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// What code compares: a level, a unit's or procedure's code, a field's name, `2021-09`.
    pub key: String,
    /// What people read.
    pub name: String,
    pub standing: Standing,
}

/// On-time rates over a span, from the roll-ups; of the whole office, or of a unit and what is
/// under it.
///
/// # Errors
/// A month's report that is too long, what is only counted for the whole office, or an error of the
/// store.
pub fn on_time(
    store: &Store,
    by: By,
    span: Span,
    under: Option<UnitId>,
) -> Result<OnTime, ReportError> {
    if by == By::Month && months_of(&span).count() > MOST_MONTHS {
        return Err(ReportError::TooManyMonths(MOST_MONTHS));
    }
    // One statement makes the whole report: it needs no snapshot around it.
    let (rows, total) = store.read_one_with_reference(|conn, reference| {
        span.check(reference)?;
        let under = under.map(|root| Under::new(reference, root));
        match by {
            // A month's carried-over is the month before's in progress: months do not add up.
            By::Month => months(conn, reference, &span, under.as_ref()),
            by => {
                let rows = rows(conn, reference, by, &span, under.as_ref())?;
                let total = rows.iter().map(|row| row.standing).sum();
                Ok((rows, total))
            }
        }
    })?;
    Ok(OnTime {
        by,
        span,
        rows,
        total,
    })
}

/// The units of a report that is not the whole office's.
struct Under {
    units: HashSet<UnitId>,
}

impl Under {
    fn new(reference: &Reference, root: UnitId) -> Self {
        let units = reference.units().under(root);
        Self {
            units: units.into_iter().collect(),
        }
    }
}

/// From what the sum over the whole office, or over the units of the report, is made.
const fn whole_dimension(under: Option<&Under>) -> Dimension {
    match under {
        None => Dimension::LevelChannel,
        Some(_) => Dimension::Unit,
    }
}

/// The sum over the whole office, or over the units of the report.
fn total(all: Standings, under: Option<&Under>) -> Standing {
    let counted = |key: i32| under.is_none_or(|under| under.units.contains(&UnitId(key)));
    let own = all.into_iter().filter(|((key, _), _)| counted(*key));
    own.map(|(_, standing)| standing).sum()
}

fn rows(
    conn: &mut Conn,
    reference: &Reference,
    by: By,
    span: &Span,
    under: Option<&Under>,
) -> Result<Vec<Row>, ReportError> {
    let dimension = match (by, under) {
        (By::Level | By::Channel | By::Month, None) => Dimension::LevelChannel,
        (By::Unit, _) | (By::Level | By::Month, Some(_)) => Dimension::Unit,
        (By::Field, None) => Dimension::FieldLevel,
        (By::Field, Some(_)) => Dimension::UnitField,
        (By::Procedure, None) => Dimension::Procedure,
        (By::Procedure | By::Channel, Some(_)) => return Err(ReportError::OnlyWhole),
    };
    // By number first: there are far more of them than there are rows.
    let mut by_key: BTreeMap<i32, Standing> = BTreeMap::new();
    for ((mut key, subkey), standing) in standings(conn, reference, dimension, span)? {
        if let Some(under) = under {
            // These dimensions have the unit for their key.
            if !under.units.contains(&UnitId(key)) {
                continue;
            }
            key = match by {
                By::Level => {
                    let unit = reference.units().get(UnitId(key));
                    unit.map_or(0, |unit| i32::from(unit.level.code()))
                }
                By::Field => subkey,
                _ => key,
            };
        } else if by == By::Channel {
            key = subkey;
        }
        let sum = by_key.entry(key).or_default();
        *sum = *sum + standing;
    }
    let rows = by_key.into_iter().map(|(key, standing)| {
        let (order, key, name) = match by {
            By::Level | By::Month => {
                let code = i16::try_from(key).ok().and_then(Level::from_code);
                let names = code.map(|level| (level.as_str(), render::words::level(level)));
                let (id, name) = names.unwrap_or_default();
                (key, id.to_owned(), name.to_owned())
            }
            By::Channel => {
                let order = key;
                let code = i16::try_from(key).ok().and_then(Channel::from_code);
                let names = code.map(|channel| (channel.as_str(), render::words::channel(channel)));
                let (id, name) = names.unwrap_or_default();
                (order, id.to_owned(), name.to_owned())
            }
            By::Unit => {
                let unit = reference.units().get(UnitId(key));
                let names = unit.map(|unit| (unit.code.clone(), unit.name.clone()));
                let (code, name) = names.unwrap_or_default();
                (0, code, name)
            }
            By::Field => {
                let name = reference.field_name(FieldId(key)).to_owned();
                (0, name.clone(), name)
            }
            By::Procedure => {
                let procedure = reference.procedure(ProcedureId(key));
                let names = procedure.map(|p| (p.definition.code.clone(), &p.definition.name));
                let (code, name) = names.map(|(c, n)| (c, n.clone())).unwrap_or_default();
                (0, code, name)
            }
        };
        // Levels and channels keep their order; names go by their letters without marks.
        let sorted = (order, fold_diacritics(&key));
        let row = Row {
            key,
            name,
            standing,
        };
        (sorted, row)
    });
    let mut rows: Vec<_> = rows.collect();
    rows.sort_by(|(a, one), (b, other)| a.cmp(b).then_with(|| one.key.cmp(&other.key)));
    // Versions of a procedure are one row.
    rows.dedup_by(|(_, row), (_, kept)| {
        let same = row.key == kept.key;
        if same {
            kept.standing = kept.standing + row.standing;
        }
        same
    });
    Ok(rows.into_iter().map(|(_, row)| row).collect())
}

/// The numbers of the reporting months that a span touches.
fn months_of(span: &Span) -> impl Iterator<Item = i32> + use<> {
    Grain::Month.bucket(span.period.from)..=Grain::Month.bucket(span.period.to)
}

fn months(
    conn: &mut Conn,
    reference: &Reference,
    span: &Span,
    under: Option<&Under>,
) -> Result<(Vec<Row>, Standing), ReportError> {
    let months: Vec<(i32, Span)> = months_of(span)
        .filter_map(|bucket| {
            let last = Grain::Month.first_day(bucket + 1)?.pred_opt()?;
            let month = Period::new(Grain::Month.first_day(bucket)?, last).ok()?;
            Some((bucket, span.within(month)?))
        })
        .collect();
    let spans: Vec<Span> = months.iter().map(|(_, month)| *month).collect();
    let series = standings_of(conn, reference, whole_dimension(under), &spans)?;
    let whole = total(series.whole, under);
    let rows = months
        .into_iter()
        .zip(series.each)
        .map(|((bucket, month), all)| {
            let (year, number) = (bucket.div_euclid(12), bucket.rem_euclid(12) + 1);
            Row {
                key: format!("{year:04}-{number:02}"),
                name: format!(
                    "Tháng {number}/{year} ({} – {})",
                    render::words::date(month.period.from),
                    render::words::date(month.period.to)
                ),
                standing: total(all, under),
            }
        });
    Ok((rows.collect(), whole))
}

/// What a machine reads of a row.
#[derive(Serialize)]
struct RowJson<'a> {
    key: &'a str,
    name: &'a str,
    #[serde(flatten)]
    counts: table::Counts,
}

impl Serialize for OnTime {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeStruct;

        let rows: Vec<_> = self
            .rows
            .iter()
            .map(|row| RowJson {
                key: &row.key,
                name: &row.name,
                counts: table::Counts::of(&row.standing),
            })
            .collect();
        let mut json = serializer.serialize_struct("OnTime", 5)?;
        json.serialize_field("by", &self.by)?;
        json.serialize_field("from", &self.span.period.from)?;
        json.serialize_field("to", &self.span.period.to)?;
        json.serialize_field("rows", &rows)?;
        json.serialize_field("total", &table::Counts::of(&self.total))?;
        json.end()
    }
}

impl Report for OnTime {
    fn to_text(&self) -> String {
        let title = match self.by {
            By::Level => "cấp",
            By::Unit => "đơn vị",
            By::Field => "lĩnh vực",
            By::Procedure => "thủ tục",
            By::Channel => "hình thức nộp",
            By::Month => "tháng báo cáo",
        };
        let mut table = table::plain();
        table.set_header([
            "Mã",
            "Tên",
            "Tồn kỳ trước",
            "Tiếp nhận trong kỳ",
            "Đã giải quyết",
            "Trước hạn",
            "Đúng hạn",
            "Quá hạn",
            "Đang giải quyết",
            "Trong đó quá hạn",
            "Tỷ lệ đúng hạn",
        ]);
        let show_key = matches!(self.by, By::Unit | By::Procedure | By::Month);
        let mut add = |key: &str, name: &str, s: &Standing| {
            let mut cells = vec![key.to_owned(), name.to_owned()];
            cells.extend(
                [
                    s.carried_over,
                    s.received_in_period(),
                    s.resolved(),
                    s.early,
                    s.on_time,
                    s.overdue,
                    s.in_progress(),
                    s.in_progress_overdue,
                ]
                .map(render::words::number),
            );
            cells.push(render::words::percent(s.on_time_share()));
            table.add_row(cells);
        };
        for row in &self.rows {
            let key = if show_key { row.key.as_str() } else { "" };
            add(key, &row.name, &row.standing);
        }
        add("", "Tổng số", &self.total);
        table::align_numbers(&mut table, 2);
        if !show_key {
            table::drop_first_column(&mut table);
        }
        format!(
            "Tỷ lệ giải quyết hồ sơ đúng hạn theo {title}, từ ngày {} đến ngày {}\n{table}\n",
            render::words::date(self.span.period.from),
            render::words::date(self.span.period.to),
        )
    }

    fn to_csv(&self) -> String {
        let rows = self
            .rows
            .iter()
            .map(|row| (vec![row.key.clone(), row.name.clone()], row.standing));
        table::csv(&["key", "name"], rows)
    }
}
