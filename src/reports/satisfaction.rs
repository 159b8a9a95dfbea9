//! How satisfied people were with dossiers that they have their result of: by unit, procedure or
//! person in charge. Counted from the answers themselves, in one statement: there are few beside
//! dossiers, and no roll-ups of them.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::domain::ids::{ProcedureId, UnitId, UserId};
use crate::domain::moment::Moment;
use crate::domain::opinion::{Rating, Ratings};
use crate::domain::period::end_of;
use crate::render::{self, table};
use crate::reports::standings::Span;
use crate::reports::{Report, ReportError};
use crate::store::satisfaction::{self, CountBy};
use crate::store::{Store, users};
use crate::views::list::{named_procedure, named_unit};

/// What the rows of a satisfaction report are.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, serde::Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum SatisfactionBy {
    Unit,
    Procedure,
    /// Who was in charge of the dossier when its result was given out.
    Officer,
}

impl SatisfactionBy {
    pub const ALL: [Self; 3] = [Self::Unit, Self::Procedure, Self::Officer];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unit => "unit",
            Self::Procedure => "procedure",
            Self::Officer => "officer",
        }
    }
}

impl std::str::FromStr for SatisfactionBy {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL
            .into_iter()
            .find(|by| by.as_str() == text)
            .ok_or(())
    }
}

/// Satisfaction over a span.
#[derive(Debug, Clone, PartialEq)]
pub struct Satisfaction {
    pub by: SatisfactionBy,
    pub span: Span,
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
) -> Result<Satisfaction, ReportError> {
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
                (SatisfactionBy::Unit, Some(id)) => {
                    let unit = named_unit(reference, UnitId(id));
                    (unit.code, unit.name)
                }
                (SatisfactionBy::Procedure, Some(id)) => {
                    let procedure = named_procedure(reference, ProcedureId(id));
                    (procedure.code, procedure.name)
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
        let rows: Vec<_> = rows.collect();
        Ok(Satisfaction {
            by,
            span,
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

#[derive(Serialize)]
struct RowJson<'a> {
    key: &'a str,
    name: &'a str,
    #[serde(flatten)]
    counts: RatingCounts,
}

impl Serialize for Satisfaction {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeStruct;

        let rows = self.rows.iter().map(|row| RowJson {
            key: &row.key,
            name: &row.name,
            counts: RatingCounts::of(&row.ratings),
        });
        let mut json = serializer.serialize_struct("Satisfaction", 5)?;
        json.serialize_field("by", &self.by)?;
        json.serialize_field("from", &self.span.period.from)?;
        json.serialize_field("to", &self.span.period.to)?;
        json.serialize_field("rows", &rows.collect::<Vec<_>>())?;
        json.serialize_field("total", &RatingCounts::of(&self.total))?;
        json.end()
    }
}

impl Report for Satisfaction {
    fn to_text(&self) -> String {
        let title = match self.by {
            SatisfactionBy::Unit => "đơn vị",
            SatisfactionBy::Procedure => "thủ tục",
            SatisfactionBy::Officer => "người phụ trách",
        };
        let levels = (1..=5).filter_map(Rating::new).map(render::words::rating);
        let mut head = vec!["Mã", "Tên", "Số lượt đánh giá"];
        head.extend(levels);
        head.extend(["Hài lòng, rất hài lòng", "Tỷ lệ hài lòng"]);
        let mut table = table::plain();
        table.set_header(head);
        let mut add = |key: &str, name: &str, ratings: &Ratings| {
            let mut cells = vec![key.to_owned(), name.to_owned()];
            cells.push(render::words::number(ratings.answers()));
            cells.extend(ratings.levels().map(render::words::number));
            cells.push(render::words::number(ratings.satisfied()));
            cells.push(render::words::percent(ratings.satisfied_share()));
            table.add_row(cells);
        };
        for row in &self.rows {
            add(&row.key, &row.name, &row.ratings);
        }
        add("", "Tổng số", &self.total);
        table::align_numbers(&mut table, 2);
        format!(
            "Mức độ hài lòng theo {title}, từ ngày {} đến ngày {}\n{table}\n",
            render::words::date(self.span.period.from),
            render::words::date(self.span.period.to),
        )
    }

    fn to_csv(&self) -> String {
        let mut writer = csv::Writer::from_writer(Vec::new());
        // Writing to memory cannot fail, and every line has as many cells as the head.
        let _ = writer.write_record([
            "key",
            "name",
            "answers",
            "rating_1",
            "rating_2",
            "rating_3",
            "rating_4",
            "rating_5",
            "satisfied",
            "satisfied_rate",
        ]);
        for row in &self.rows {
            let counts = RatingCounts::of(&row.ratings);
            let mut line = vec![row.key.clone(), row.name.clone()];
            line.push(counts.answers.to_string());
            line.extend(row.ratings.levels().map(|count| count.to_string()));
            line.push(counts.satisfied.to_string());
            line.push(counts.satisfied_rate.unwrap_or_default());
            let _ = writer.write_record(line);
        }
        let bytes = writer.into_inner().unwrap_or_default();
        String::from_utf8(bytes).unwrap_or_default()
    }
}
