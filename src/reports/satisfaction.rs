//! How satisfied people were with dossiers that they have their result of: by unit, procedure or
//! person in charge. Counted from the answers themselves, in one statement: there are few beside
//! dossiers, and no roll-ups of them.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::ids::{ProcedureId, UnitId, UserId};
use crate::domain::moment::Moment;
use crate::domain::opinion::{Rating, Ratings};
use crate::domain::order;
use crate::domain::period::end_of;
use crate::error::Error;
use crate::render;
use crate::render::sheet::{Cell, Column, Row, RowKind, Sheet};
use crate::reports::by::SatisfactionBy;
use crate::reports::parameters::Parameters;
use crate::reports::standings::Span;
use crate::reports::table::{self, Figure, Of};
use crate::reports::{Report, names};
use crate::store::satisfaction::{self, CountBy};
use crate::store::{Store, users};

/// Satisfaction over a span.
#[derive(Debug, Clone, PartialEq)]
pub struct Satisfaction {
    pub by: SatisfactionBy,
    pub span: Span,
    /// Of which unit and what is under it, in a sentence; `None`: the whole office.
    pub of_unit: Option<String>,
    pub rows: Vec<SatisfactionRow>,
    pub total: Ratings,
}

/// One row of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SatisfactionRow {
    /// A unit's or procedure's code, or a username; empty where nobody was in charge.
    pub key: String,
    /// What people read.
    pub name: String,
    pub ratings: Ratings,
}

/// Answers given within a span; of the whole office, or of a unit and what is under it.
///
/// # Errors
/// A period before the calendar, or an error of the store.
pub fn satisfaction(
    store: &Store,
    by: SatisfactionBy,
    span: Span,
    under: Option<UnitId>,
) -> Result<Satisfaction, Error> {
    store.read_with_reference(|conn, reference| {
        span.check(reference)?;
        let count_by = match by {
            SatisfactionBy::Unit => CountBy::Unit,
            SatisfactionBy::Procedure => CountBy::Procedure,
            SatisfactionBy::Officer => CountBy::Officer,
        };
        let from = Moment::at(span.period.from, chrono::NaiveTime::MIN);
        let units = under.map(|root| reference.units().under(root));
        let end = end_of(span.period.to);
        let counted = satisfaction::count(conn, count_by, from, end, units.as_deref())?;
        let staff = match by {
            SatisfactionBy::Officer => {
                let ids = counted.iter().filter_map(|(key, _)| key.map(UserId));
                users::names(conn, ids)?
            }
            _ => Default::default(),
        };
        // By what people know it under: versions of a procedure are one row.
        let mut rows: BTreeMap<String, (String, Ratings)> = BTreeMap::new();
        for (key, ratings) in counted {
            let (key, name) = match (by, key) {
                (_, None) => (String::new(), "Không ghi người phụ trách".to_owned()),
                (SatisfactionBy::Unit, Some(id)) => names::unit(reference, UnitId(id)),
                (SatisfactionBy::Procedure, Some(id)) => {
                    names::procedure(reference, ProcedureId(id))
                }
                (SatisfactionBy::Officer, Some(id)) => {
                    staff.get(&UserId(id)).cloned().unwrap_or_default()
                }
            };
            let row = rows.entry(key).or_default();
            *row = (name, row.1 + ratings);
        }
        let rows = rows
            .into_iter()
            .map(|(key, (name, ratings))| SatisfactionRow { key, name, ratings });
        let mut rows: Vec<_> = rows.collect();
        if by == SatisfactionBy::Officer {
            rows.sort_by_cached_key(|row| order::place_of_person(&row.name));
        }
        Ok(Satisfaction {
            by,
            span,
            of_unit: names::of_unit(reference, under),
            total: rows.iter().map(|row| row.ratings).sum(),
            rows,
        })
    })
}

/// Answers as machines read them. The share is percent with two decimals; `null` over no answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct RatingCounts {
    pub answers: i64,
    /// Rất không hài lòng.
    pub rating_1: i64,
    pub rating_2: i64,
    pub rating_3: i64,
    pub rating_4: i64,
    /// Rất hài lòng.
    pub rating_5: i64,
    /// Levels 4 and 5.
    pub satisfied: i64,
    #[schema(example = "99.79")]
    pub satisfied_rate: Option<String>,
}

impl RatingCounts {
    fn of(ratings: &Ratings) -> Self {
        let [rating_1, rating_2, rating_3, rating_4, rating_5] = ratings.levels();
        Self {
            answers: ratings.answers(),
            rating_1,
            rating_2,
            rating_3,
            rating_4,
            rating_5,
            satisfied: ratings.satisfied(),
            satisfied_rate: ratings.satisfied_share().map(|share| share.to_string()),
        }
    }
}

/// Satisfaction after return.
#[derive(Serialize, ToSchema)]
pub struct SatisfactionReport {
    by: SatisfactionBy,
    from: NaiveDate,
    to: NaiveDate,
    rows: Vec<SatisfactionReportRow>,
    total: RatingCounts,
}

/// One row of it.
#[derive(Serialize, ToSchema)]
pub struct SatisfactionReportRow {
    /// Mã đơn vị, mã thủ tục hoặc tên đăng nhập; rỗng nếu không có người phụ trách.
    #[schema(example = "H37.20.01")]
    key: String,
    name: String,
    #[serde(flatten)]
    counts: RatingCounts,
}

/// The columns after what the rows are.
fn figures() -> Vec<Figure<Ratings>> {
    let levels: [Of<Ratings>; Rating::LEVELS] = [
        |ratings| Cell::Count(ratings.levels()[0]),
        |ratings| Cell::Count(ratings.levels()[1]),
        |ratings| Cell::Count(ratings.levels()[2]),
        |ratings| Cell::Count(ratings.levels()[3]),
        |ratings| Cell::Count(ratings.levels()[4]),
    ];
    let keys = ["rating_1", "rating_2", "rating_3", "rating_4", "rating_5"];
    let words = (1..=5).filter_map(Rating::new).map(render::words::rating);
    let heads = keys.into_iter().zip(words);
    let mut figures: Vec<Figure<Ratings>> = vec![(
        Column::number("answers", "Số lượt đánh giá"),
        |ratings| Cell::Count(ratings.answers()),
    )];
    let columns = heads.map(|(key, word)| Column::number(key, word));
    figures.extend(columns.zip(levels));
    figures.push((
        Column::number("satisfied", "Hài lòng, rất hài lòng"),
        |ratings| Cell::Count(ratings.satisfied()),
    ));
    figures.push((
        Column::number("satisfied_rate", "Tỷ lệ hài lòng"),
        |ratings| Cell::Share {
            part: ratings.satisfied(),
            whole: ratings.answers(),
        },
    ));
    figures
}

impl Report for Satisfaction {
    const NAME: &'static str = "satisfaction";
    const ABOUT: &'static str =
        "Mức độ hài lòng theo đơn vị, thủ tục hoặc người phụ trách; tính theo ngày đánh giá.";
    const BY: &'static [&'static str] = &SatisfactionBy::NAMES;

    type Json = SatisfactionReport;

    fn make(store: &Store, asked: &Parameters) -> Result<Self, Error> {
        satisfaction(
            store,
            asked.by(&SatisfactionBy::ALL)?,
            asked.span,
            asked.unit,
        )
    }

    fn json(&self) -> SatisfactionReport {
        let rows = self.rows.iter().map(|row| SatisfactionReportRow {
            key: row.key.clone(),
            name: row.name.clone(),
            counts: RatingCounts::of(&row.ratings),
        });
        SatisfactionReport {
            by: self.by,
            from: self.span.period.from,
            to: self.span.period.to,
            rows: rows.collect(),
            total: RatingCounts::of(&self.total),
        }
    }

    fn sheet(&self) -> Sheet {
        let by = match self.by {
            SatisfactionBy::Unit => "đơn vị",
            SatisfactionBy::Procedure => "thủ tục",
            SatisfactionBy::Officer => "người phụ trách",
        };
        let figures = figures();
        let labels = [Column::text("key", "Mã"), Column::text("name", "Tên")];
        let rows = self.rows.iter().map(|row| Row {
            kind: RowKind::Single,
            cells: table::cells([&row.key, &row.name], &row.ratings, &figures),
        });
        let total = Row {
            kind: RowKind::Total,
            cells: table::cells(["", "Tổng số"], &self.total, &figures),
        };
        Sheet {
            title: vec![format!(
                "Mức độ hài lòng theo {by}, {}",
                self.span.in_words()
            )],
            subtitle: self.of_unit.iter().cloned().collect(),
            columns: table::columns(&labels, &figures),
            rows: rows.chain([total]).collect(),
            ..Sheet::default()
        }
    }
}
