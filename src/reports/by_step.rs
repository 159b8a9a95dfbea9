//! Where time is lost: how long dossiers were in each step of their workflow, against the step's share of the time.
//!
//! Of the dossiers that came in within the period, step by step as their events tell it: walks over them, so the period
//! and their number are bounded.

use std::collections::{BTreeMap, HashMap};

use chrono::{NaiveDate, NaiveTime};
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::dossier::Event;
use crate::domain::dossier::passages::{Passage, course};
use crate::domain::ids::{DossierId, ProcedureId};
use crate::domain::moment::Moment;
use crate::domain::period::end_of;
use crate::error::Error;
use crate::render::sheet::{Cell, Column, Row, RowKind, Sheet};
use crate::render::{self, words};
use crate::reports::by::StepsBy;
use crate::reports::parameters::Parameters;
use crate::reports::standings::Span;
use crate::reports::{Report, names};
use crate::store::chain::StoredEvent;
use crate::store::lists::{self, Along, Order, Query, Reach, Within};
use crate::store::reference::Reference;
use crate::store::{Conn, Store, StoreError, events};
use crate::views::lateness::working;

/// The longest period.
const MOST_DAYS: i64 = 366;

/// The most dossiers that are gone over, the newest; that there are more is said.
const MOST: usize = 10_000;

/// How many are read at once.
const PAGE: usize = 500;

/// Time in the steps of workflows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BySteps {
    pub by: StepsBy,
    pub span: Span,
    /// Of which unit and what is under it, in a sentence; `None`: the whole office.
    pub of_unit: Option<String>,
    /// Code and name, where it is of one.
    pub procedure: Option<(String, String)>,
    /// Those first where the most time is lost.
    pub rows: Vec<StepRow>,
    pub total: Figures,
    /// How many dossiers it is made of.
    pub dossiers: usize,
    /// There are more.
    pub cut: bool,
}

/// A step of a procedure, or all that a unit had on its desk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepRow {
    /// Code and name of the procedure or the unit.
    pub of: (String, String),
    /// From 0, and its name; none where the row is a unit.
    pub step: Option<(u8, String)>,
    pub figures: Figures,
}

/// How long it took. Working time in milliseconds; of what has left the step, but for what is there yet.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Figures {
    /// How often it was gone through.
    pub passages: usize,
    /// The step's share of the time; none where versions differ, there is none, or it is a sum.
    pub share: Option<i64>,
    /// The time that half of them, and nine of ten, did not exceed.
    pub median: Option<i64>,
    pub ninth: Option<i64>,
    /// Took longer than the share.
    pub late: usize,
    /// By so much, all together.
    pub lost: i64,
    /// For the applicant was waited, all together; no part of the rest.
    pub waited: i64,
    /// Is there yet.
    pub there: usize,
    /// Of these, longer than the share.
    pub there_late: usize,
}

impl Figures {
    /// What was lost, in hundredths of an hour.
    pub const fn lost_hundredths(&self) -> i64 {
        render::hundredths_of_hour(self.lost)
    }
}

/// What figures are made of.
#[derive(Default)]
struct Gathered {
    took: Vec<i64>,
    /// The shares that there were.
    shares: Vec<Option<i64>>,
    late: usize,
    lost: i64,
    waited: i64,
    there: usize,
    there_late: usize,
}

impl Gathered {
    fn add(&mut self, worked: i64, waited: i64, share: Option<i64>, goes_on: bool) {
        let over = share.map_or(0, |share| (worked - share).max(0));
        self.waited += waited;
        self.lost += over;
        if !self.shares.contains(&share) {
            self.shares.push(share);
        }
        match goes_on {
            true => {
                self.there += 1;
                self.there_late += usize::from(over > 0);
            }
            false => {
                self.took.push(worked);
                self.late += usize::from(over > 0);
            }
        }
    }

    fn join(&mut self, other: &Self) {
        self.took.extend(&other.took);
        self.late += other.late;
        self.lost += other.lost;
        self.waited += other.waited;
        self.there += other.there;
        self.there_late += other.there_late;
    }

    fn figures(mut self) -> Figures {
        self.took.sort_unstable();
        let share = match self.shares.as_slice() {
            [one] => *one,
            _ => None,
        };
        Figures {
            passages: self.took.len(),
            share,
            median: rank(&self.took, 1, 2),
            ninth: rank(&self.took, 9, 10),
            late: self.late,
            lost: self.lost,
            waited: self.waited,
            there: self.there,
            there_late: self.there_late,
        }
    }
}

/// The smallest of these, which are sorted, that so many of them do not exceed: a value that there was, not one between
/// two.
fn rank(sorted: &[i64], part: usize, whole: usize) -> Option<i64> {
    let place = (sorted.len() * part).div_ceil(whole);
    sorted.get(place.checked_sub(1)?).copied()
}

/// By what a row is known: procedure or unit, and the step with its name.
type Key = (String, Option<(u8, String)>);

/// The dossiers that came in within the period, newest first and as many as are gone over, a page at a time, shown to
/// `work`. Returns how many, and whether there are more.
fn each_page(
    conn: &mut Conn,
    reference: &Reference,
    asked: &Parameters,
    versions: Option<&[ProcedureId]>,
    mut work: impl FnMut(&mut Conn, &[DossierId]) -> Result<(), Error>,
) -> Result<(usize, bool), Error> {
    let units = asked.unit.map(|root| reference.units().under(root));
    let walks = match (&units, versions) {
        // The index of the procedure, where it is not one unit's.
        (None, Some(versions)) => versions.iter().copied().map(Along::Procedure).collect(),
        (None, None) => Reach::All.by_unit(),
        (Some(units), _) => Reach::Units(units.clone()).by_unit(),
    };
    let within = Within {
        from: Some(Moment::at(asked.span.period.from, NaiveTime::MIN)),
        before: Some(end_of(asked.span.period.to)),
    };
    let keep = |listed: &lists::Listed| {
        versions.is_none_or(|versions| versions.contains(&listed.procedure))
    };
    let (mut count, mut after) = (0, None);
    loop {
        let query = Query {
            order: Order::Entered,
            walks: walks.clone(),
            within,
            after,
            limit: PAGE,
            keep: &keep,
        };
        let page = lists::list(conn, &query)?;
        let ids: Vec<_> = page.rows.iter().map(|row| row.id).collect();
        let room = MOST - count;
        let some = &ids[..ids.len().min(room)];
        work(conn, some)?;
        count += some.len();
        after = page.next;
        let more = ids.len() > room || (after.is_some() && count == MOST);
        if more || after.is_none() {
            return Ok((count, more));
        }
    }
}

/// What was known of a dossier by the end of the span.
fn known(stored: &[StoredEvent], span: &Span) -> Result<Vec<Event>, StoreError> {
    let recorded = end_of(span.known_on);
    let mut events = Vec::with_capacity(stored.len());
    for event in stored {
        let event = event.event()?;
        // Neither ever goes back.
        if event.at >= span.until || event.recorded_at >= recorded {
            break;
        }
        events.push(event);
    }
    Ok(events)
}

/// Adds what a dossier's history tells. One that cannot be read is left out: `verify` tells of it.
fn gather(
    reference: &Reference,
    by: StepsBy,
    id: DossierId,
    stored: &[StoredEvent],
    span: &Span,
    into: &mut BTreeMap<Key, Gathered>,
) {
    let events = known(stored, span);
    let told = events.and_then(|events| match events.as_slice() {
        [] => Ok(None),
        events => course(id, events, span.until)
            .map(Some)
            .map_err(|error| events::unfit(id, &error)),
    });
    let told = match told {
        Ok(told) => told,
        Err(error) => {
            tracing::warn!(%error, "a history that cannot be counted");
            return;
        }
    };
    let Some(course) = told else {
        return;
    };
    let Some(procedure) = reference.procedure_of(&course.dossier) else {
        return;
    };
    for passage in &course.passages {
        let Passage { step, unit, .. } = passage;
        let at = usize::from(*step);
        let key = match by {
            StepsBy::Step => (
                procedure.definition.code.clone(),
                Some((*step, procedure.step_name(at).to_owned())),
            ),
            StepsBy::Unit => (names::unit(reference, *unit).0, None),
        };
        let share = procedure.step_time(at).map(|time| time.millis());
        let worked = working(reference, *unit, &passage.worked);
        let waited = working(reference, *unit, &passage.waited);
        let row = into.entry(key).or_default();
        row.add(worked, waited, share, passage.goes_on);
    }
}

impl BySteps {
    fn cells(&self, labels: [Cell; 4], figures: &Figures) -> Vec<Cell> {
        let count = |count: usize| Cell::Count(i64::try_from(count).unwrap_or(i64::MAX));
        let whole = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        let hours = |millis: Option<i64>| {
            millis.map_or(Cell::Empty, |millis| Cell::Hours {
                hundredths: render::hundredths_of_hour(millis),
            })
        };
        let labels = match self.by {
            StepsBy::Step => labels.to_vec(),
            StepsBy::Unit => labels[..2].to_vec(),
        };
        labels
            .into_iter()
            .chain([
                count(figures.passages),
                hours(figures.share),
                hours(figures.median),
                hours(figures.ninth),
                count(figures.late),
                Cell::Share {
                    part: whole(figures.late),
                    whole: whole(figures.passages),
                },
                hours(Some(figures.lost)),
                hours(Some(figures.waited)),
                count(figures.there),
                count(figures.there_late),
            ])
            .collect()
    }
}

/// Time in the steps of workflows as machines read it. Hours are working hours with two decimals.
#[derive(Serialize, ToSchema)]
pub struct ByStepsReport {
    by: StepsBy,
    from: NaiveDate,
    to: NaiveDate,
    /// Mã thủ tục, nếu báo cáo chỉ của một thủ tục.
    #[schema(example = "2.000815")]
    procedure: Option<String>,
    /// Hồ sơ tiếp nhận trong kỳ đã tính.
    dossiers: usize,
    /// There are more: only the newest are counted.
    cut: bool,
    rows: Vec<StepTimes>,
    total: StepFigures,
}

/// One row of it.
#[derive(Serialize, ToSchema)]
pub struct StepTimes {
    /// Of the procedure, or of the unit.
    #[schema(example = "2.000815")]
    code: String,
    name: String,
    /// From 0; absent by unit.
    step: Option<u8>,
    step_name: Option<String>,
    #[serde(flatten)]
    figures: StepFigures,
}

/// How long it took.
#[derive(Serialize, ToSchema)]
pub struct StepFigures {
    /// Lượt đã qua bước.
    passages: usize,
    /// Thời gian của bước theo quy trình, giờ làm việc.
    #[schema(example = "4.00")]
    share_hours: Option<String>,
    /// Một nửa số lượt không lâu hơn.
    median_hours: Option<String>,
    /// Chín phần mười số lượt không lâu hơn.
    ninth_decile_hours: Option<String>,
    /// Lượt lâu hơn thời gian của bước.
    late: usize,
    /// Cộng phần vượt thời gian của bước, kể cả hồ sơ còn ở bước.
    lost_hours: String,
    /// Cộng thời gian chờ người nộp, không tính vào thời gian của bước.
    waited_hours: String,
    /// Hồ sơ còn ở bước.
    there: usize,
    there_late: usize,
}

impl StepFigures {
    fn of(figures: &Figures) -> Self {
        let hours = |millis: i64| render::hours(render::hundredths_of_hour(millis));
        Self {
            passages: figures.passages,
            share_hours: figures.share.map(hours),
            median_hours: figures.median.map(hours),
            ninth_decile_hours: figures.ninth.map(hours),
            late: figures.late,
            lost_hours: hours(figures.lost),
            waited_hours: hours(figures.waited),
            there: figures.there,
            there_late: figures.there_late,
        }
    }
}

impl Report for BySteps {
    const NAME: &'static str = "by-step";
    const ABOUT: &'static str = "Thời gian ở từng bước xử lý của hồ sơ tiếp nhận trong kỳ, so với thời gian của bước; chậm nhất trước.";
    const BY: &'static [&'static str] = &StepsBy::NAMES;
    const OF_A_PROCEDURE: bool = true;

    type Json = ByStepsReport;

    fn make(store: &Store, asked: &Parameters) -> Result<Self, Error> {
        let by = asked.by(&StepsBy::ALL)?;
        let span = asked.span;
        if (span.period.to - span.period.from).num_days() >= MOST_DAYS {
            let reason = format!("kỳ của báo cáo này chỉ được dài tối đa {MOST_DAYS} ngày");
            return Err(Error::parameter("from", reason));
        }
        store.read_with_reference(|conn, reference| {
            span.check(reference)?;
            let mut versions: Option<Vec<ProcedureId>> = None;
            let mut procedure = None;
            if let Some(code) = &asked.procedure {
                let all = reference.versions(code);
                let newest = all.iter().max_by_key(|one| one.definition.valid_from);
                let newest = newest.ok_or_else(|| {
                    Error::parameter("procedure", format!("không có thủ tục '{code}'"))
                })?;
                procedure = Some(names::procedure(reference, newest.id));
                versions = Some(all.iter().map(|version| version.id).collect());
            }
            let mut gathered: BTreeMap<Key, Gathered> = BTreeMap::new();
            let versions = versions.as_deref();
            let (dossiers, cut) = each_page(conn, reference, asked, versions, |conn, ids| {
                let histories = events::histories(conn, ids)?;
                for id in ids {
                    let stored: &[StoredEvent] = histories.get(id).map_or(&[], Vec::as_slice);
                    gather(reference, by, *id, stored, &span, &mut gathered);
                }
                Ok(())
            })?;
            let mut total = Gathered::default();
            let names = known_names(reference, by);
            let rows = gathered.into_iter().map(|((code, step), gathered)| {
                total.join(&gathered);
                let name = names.get(&code).cloned().unwrap_or_default();
                let figures = gathered.figures();
                StepRow {
                    of: (code, name),
                    // A unit does steps of all kinds.
                    figures: Figures {
                        share: figures.share.filter(|_| step.is_some()),
                        ..figures
                    },
                    step,
                }
            });
            let mut rows: Vec<_> = rows.collect();
            rows.sort_by_key(|row| std::cmp::Reverse(row.figures.lost));
            Ok(Self {
                by,
                span,
                of_unit: names::of_unit(reference, asked.unit),
                procedure,
                rows,
                total: total.figures(),
                dossiers,
                cut,
            })
        })
    }

    fn json(&self) -> ByStepsReport {
        let rows = self.rows.iter().map(|row| StepTimes {
            code: row.of.0.clone(),
            name: row.of.1.clone(),
            step: row.step.as_ref().map(|(step, _)| *step),
            step_name: row.step.as_ref().map(|(_, name)| name.clone()),
            figures: StepFigures::of(&row.figures),
        });
        ByStepsReport {
            by: self.by,
            from: self.span.period.from,
            to: self.span.period.to,
            procedure: self.procedure.as_ref().map(|(code, _)| code.clone()),
            dossiers: self.dossiers,
            cut: self.cut,
            rows: rows.collect(),
            total: StepFigures::of(&self.total),
        }
    }

    fn sheet(&self) -> Sheet {
        let (labels, of) = match self.by {
            StepsBy::Step => (
                vec![
                    Column::text("code", "Mã thủ tục"),
                    Column::text("name", "Thủ tục"),
                    Column::number("step", "Bước"),
                    Column::text("step_name", "Tên bước"),
                ],
                "bước xử lý",
            ),
            StepsBy::Unit => (
                vec![
                    Column::text("code", "Mã đơn vị"),
                    Column::text("name", "Đơn vị giữ hồ sơ"),
                ],
                "đơn vị giữ hồ sơ",
            ),
        };
        let figures = [
            Column::number("passages", "Số lượt"),
            Column::number("share_hours", "Thời gian của bước (giờ)"),
            Column::number("median_hours", "Trung vị (giờ)"),
            Column::number("ninth_decile_hours", "9/10 số lượt không quá (giờ)"),
            Column::number("late", "Lượt chậm"),
            Column::number("late_rate", "Tỷ lệ chậm"),
            Column::number("lost_hours", "Tổng thời gian vượt (giờ)"),
            Column::number("waited_hours", "Chờ người nộp (giờ)"),
            Column::number("there", "Còn ở bước cuối kỳ"),
            Column::number("there_late", "Trong đó chậm"),
        ];
        let rows = self.rows.iter().map(|row| {
            let (number, name) = match &row.step {
                // People count from one.
                Some((step, name)) => (Cell::Count(i64::from(*step) + 1), Cell::text(name)),
                None => (Cell::Empty, Cell::Empty),
            };
            let labels = [Cell::text(&row.of.0), Cell::text(&row.of.1), number, name];
            Row {
                kind: RowKind::Single,
                cells: self.cells(labels, &row.figures),
            }
        });
        let labels_of_total = [Cell::Empty, Cell::text("Tổng số"), Cell::Empty, Cell::Empty];
        let total = Row {
            kind: RowKind::Total,
            cells: self.cells(labels_of_total, &self.total),
        };
        let procedure = self.procedure.as_ref();
        let procedure = procedure.map(|(code, name)| format!("Thủ tục {code}: {name}"));
        let dossiers = words::number(i64::try_from(self.dossiers).unwrap_or(i64::MAX));
        let cut = self.cut.then(|| {
            format!(
                "Trong kỳ có nhiều hồ sơ hơn: chỉ tính {dossiers} hồ sơ tiếp nhận sau cùng. Chọn kỳ ngắn hơn, một đơn vị \
                 hoặc một thủ tục để tính đủ."
            )
        });
        Sheet {
            title: vec![format!(
                "Thời gian theo {of}, hồ sơ tiếp nhận {}",
                self.span.in_words()
            )],
            // Above all figures, for whoever reads no further.
            subtitle: (self.of_unit.iter().cloned())
                .chain(procedure)
                .chain(cut)
                .collect(),
            columns: labels.into_iter().chain(figures).collect(),
            rows: rows.chain([total]).collect(),
            notes: vec![
                format!(
                    "{dossiers} hồ sơ. Giờ làm việc của đơn vị giữ hồ sơ, không tính lúc chờ người nộp; mỗi lần đến một bước là \
                     một lượt. Trung vị: một nửa số lượt không lâu hơn."
                ),
                "Hồ sơ còn ở bước không tính vào trung vị; phần đã vượt của nó tính vào tổng thời gian vượt.".to_owned(),
            ],
            ..Sheet::default()
        }
    }
}

/// Names by code: of the newest version of a procedure.
fn known_names(reference: &Reference, by: StepsBy) -> HashMap<String, String> {
    match by {
        StepsBy::Unit => {
            let units = reference.units().all().into_iter();
            units
                .map(|unit| (unit.code.clone(), unit.name.clone()))
                .collect()
        }
        StepsBy::Step => {
            let mut all = reference.procedures();
            all.sort_by_key(|procedure| procedure.definition.valid_from);
            let all = all.into_iter().map(|procedure| &procedure.definition);
            all.map(|definition| (definition.code.clone(), definition.name.clone()))
                .collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rank_is_a_value_that_there_was() {
        assert_eq!(rank(&[], 1, 2), None);
        assert_eq!((rank(&[7], 1, 2), rank(&[7], 9, 10)), (Some(7), Some(7)));
        assert_eq!(
            (rank(&[1, 9], 1, 2), rank(&[1, 9], 9, 10)),
            (Some(1), Some(9))
        );
        let ten: Vec<i64> = (1..=10).collect();
        assert_eq!((rank(&ten, 1, 2), rank(&ten, 9, 10)), (Some(5), Some(9)));
    }

    #[test]
    fn hours_are_rounded_once_half_up() {
        let hours = [0, 17_999, 18_000, 3_600_000, 5_400_000].map(render::hundredths_of_hour);
        assert_eq!(hours, [0, 0, 1, 100, 150]);
        assert_eq!(
            (render::hours(1_205), render::local_hours(120_550)),
            ("12.05".to_owned(), "1.205,50".to_owned())
        );
    }
}
