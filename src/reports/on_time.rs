//! On-time rates by level, unit, field, procedure, channel or month.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::dossier::Channel;
use crate::domain::ids::{FieldId, ProcedureId, UnitId};
use crate::domain::order;
use crate::domain::period::Grain;
use crate::domain::tally::Standing;
use crate::domain::unit::Level;
use crate::error::Error;
use crate::render;
use crate::render::sheet::{self, Column, RowKind, Sheet};
use crate::reports::by::By;
use crate::reports::parameters::Parameters;
use crate::reports::standings::{Span, Standings, standings, standings_of};
use crate::reports::table::{self, Counts, RATES};
use crate::reports::{Report, names};
use crate::store::reference::Reference;
use crate::store::tallies::{Counted, Dimension};
use crate::store::{Conn, Store};

/// A report by month takes a few statements a month: ten years at most.
const MOST_MONTHS: usize = 120;

/// On-time rates over a span.
#[derive(Debug, Clone, PartialEq)]
pub struct OnTime {
    pub by: By,
    pub span: Span,
    /// Of which unit and what is under it, in a sentence; `None`: the whole office.
    pub of_unit: Option<String>,
    pub rows: Vec<Row>,
    pub total: Standing,
    /// By what it is judged, in sentences.
    pub judged: Vec<String>,
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
/// A month's report that is too long, or an error of the store.
pub fn on_time(store: &Store, by: By, span: Span, under: Option<UnitId>) -> Result<OnTime, Error> {
    if by == By::Month && months_of(&span).count() > MOST_MONTHS {
        let reason = format!("báo cáo theo tháng chỉ được dài tối đa {MOST_MONTHS} tháng");
        return Err(Error::parameter("from", reason));
    }
    store.read_with_reference(|conn, reference| {
        span.check(reference)?;
        let of_unit = names::of_unit(reference, under);
        let under: Option<BTreeSet<UnitId>> =
            under.map(|root| reference.units().under(root).into_iter().collect());
        let (rows, total) = match by {
            // A month's carried-over is the month before's in progress: months do not add up.
            By::Month => months(conn, reference, &span, under.as_ref())?,
            by => {
                let rows = rows(conn, reference, by, &span, under.as_ref())?;
                let total = rows.iter().map(|row| row.standing).sum();
                (rows, total)
            }
        };
        Ok(OnTime {
            by,
            span,
            of_unit,
            rows,
            total,
            judged: span.judged(reference),
        })
    })
}

/// From what the rows are made: of the whole office, or of some units.
fn counted(by: By, under: Option<&BTreeSet<UnitId>>) -> Counted<'_> {
    match under {
        None => Counted::all(match by {
            By::Level | By::Channel | By::Month => Dimension::LevelChannel,
            By::Unit => Dimension::Unit,
            By::Field => Dimension::FieldLevel,
            By::Procedure => Dimension::Procedure,
        }),
        Some(units) => {
            let dimension = match by {
                By::Level | By::Unit | By::Month => Dimension::Unit,
                By::Field | By::Procedure => Dimension::UnitProcedure,
                By::Channel => Dimension::UnitChannel,
            };
            Counted::of(dimension, units)
        }
    }
}

fn rows(
    conn: &mut Conn,
    reference: &Reference,
    by: By,
    span: &Span,
    under: Option<&BTreeSet<UnitId>>,
) -> Result<Vec<Row>, Error> {
    // By number first: there are far more of them than there are rows.
    let mut by_key: BTreeMap<i32, Standing> = BTreeMap::new();
    for ((key, subkey), standing) in standings(conn, reference, counted(by, under), span)? {
        let key = match (by, under) {
            (By::Channel, _) | (By::Procedure, Some(_)) => subkey,
            (By::Level, Some(_)) => {
                let unit = reference.units().get(UnitId(key));
                unit.map_or(0, |unit| i32::from(unit.level.code()))
            }
            (By::Field, Some(_)) => {
                let procedure = reference.procedure(ProcedureId(subkey));
                procedure.map_or(0, |procedure| procedure.field_id.0)
            }
            _ => key,
        };
        let sum = by_key.entry(key).or_default();
        *sum = *sum + standing;
    }
    let rows = by_key.into_iter().map(|(key, standing)| {
        let (rank, key, name) = match by {
            By::Level | By::Month => {
                let code = i16::try_from(key).ok().and_then(Level::from_code);
                let names = code.map(|level| (level.as_str(), render::words::level(level)));
                let (id, name) = names.unwrap_or_default();
                (key, id.to_owned(), name.to_owned())
            }
            By::Channel => {
                let rank = key;
                let code = i16::try_from(key).ok().and_then(Channel::from_code);
                let names = code.map(|channel| (channel.as_str(), render::words::channel(channel)));
                let (id, name) = names.unwrap_or_default();
                (rank, id.to_owned(), name.to_owned())
            }
            By::Unit => {
                let (code, name) = names::unit(reference, UnitId(key));
                (0, code, name)
            }
            By::Field => {
                let name = reference.field_name(FieldId(key)).to_owned();
                (0, name.clone(), name)
            }
            By::Procedure => {
                let (code, name) = names::procedure(reference, ProcedureId(key));
                (0, code, name)
            }
        };
        // Levels and channels keep their order, codes theirs; names have that of Vietnamese lists.
        let sorted = match by {
            By::Field => (rank, order::place(&key)),
            _ => (rank, key.clone()),
        };
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
    under: Option<&BTreeSet<UnitId>>,
) -> Result<(Vec<Row>, Standing), Error> {
    let months: Vec<(i32, Span)> = months_of(span)
        .filter_map(|bucket| {
            let month = Grain::Month.period(bucket)?;
            Some((bucket, span.within(month)?))
        })
        .collect();
    let spans: Vec<Span> = months.iter().map(|(_, month)| *month).collect();
    let series = standings_of(conn, reference, counted(By::Month, under), &spans)?;
    let total = |all: Standings| all.into_values().sum();
    let whole = total(series.whole);
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
                standing: total(all),
            }
        });
    Ok((rows.collect(), whole))
}

/// On-time rates.
#[derive(Serialize, ToSchema)]
pub struct OnTimeReport {
    by: By,
    from: NaiveDate,
    to: NaiveDate,
    rows: Vec<OnTimeRow>,
    total: Counts,
    /// Cách tính đúng hạn đã áp dụng.
    judged: Vec<String>,
}

/// One row of it.
#[derive(Serialize, ToSchema)]
pub struct OnTimeRow {
    #[schema(example = "commune")]
    key: String,
    #[schema(example = "Cấp xã")]
    name: String,
    #[serde(flatten)]
    counts: Counts,
}

impl Report for OnTime {
    const NAME: &'static str = "on-time";
    const ABOUT: &'static str =
        "Tỷ lệ giải quyết đúng hạn theo cấp, đơn vị, lĩnh vực, thủ tục, hình thức nộp hoặc tháng.";
    const BY: &'static [&'static str] = &By::NAMES;

    type Json = OnTimeReport;

    fn make(store: &Store, asked: &Parameters) -> Result<Self, Error> {
        on_time(store, asked.by(&By::ALL)?, asked.span, asked.unit)
    }

    fn json(&self) -> OnTimeReport {
        let rows = self.rows.iter().map(|row| OnTimeRow {
            key: row.key.clone(),
            name: row.name.clone(),
            counts: Counts::of(&row.standing),
        });
        OnTimeReport {
            by: self.by,
            from: self.span.period.from,
            to: self.span.period.to,
            rows: rows.collect(),
            total: Counts::of(&self.total),
            judged: self.judged.clone(),
        }
    }

    fn sheet(&self) -> Sheet {
        let by = match self.by {
            By::Level => "cấp",
            By::Unit => "đơn vị",
            By::Field => "lĩnh vực",
            By::Procedure => "thủ tục",
            By::Channel => "hình thức nộp",
            By::Month => "tháng báo cáo",
        };
        let key = match self.by {
            By::Unit | By::Procedure | By::Month => Column::text("key", "Mã"),
            // People know these by their names.
            By::Level | By::Field | By::Channel => Column::for_programs("key"),
        };
        let rows = self.rows.iter().map(|row| sheet::Row {
            kind: RowKind::Single,
            cells: table::cells([&row.key, &row.name], &row.standing, &RATES),
        });
        let total = sheet::Row {
            kind: RowKind::Total,
            cells: table::cells(["", "Tổng số"], &self.total, &RATES),
        };
        Sheet {
            title: vec![format!(
                "Tỷ lệ giải quyết hồ sơ đúng hạn theo {by}, {}",
                self.span.in_words()
            )],
            subtitle: self.of_unit.iter().cloned().collect(),
            columns: table::columns(&[key, Column::text("name", "Tên")], &RATES),
            rows: rows.chain([total]).collect(),
            notes: table::notes(&self.total, &self.judged),
            ..Sheet::default()
        }
    }
}
