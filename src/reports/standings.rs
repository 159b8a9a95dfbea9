//! Standings (the columns of form II.06a) by any dimension of the roll-ups.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use crate::domain::calendar::Calendar;
use crate::domain::moment::Moment;
use crate::domain::period::{Period, end_of};
use crate::domain::tally::Standing;
use crate::domain::unit::Level;
use crate::error::Error;
use crate::render;
use crate::store::reference::Reference;
use crate::store::tallies::{self, Counted, Counts, Dimension, Sums};
use crate::store::{Conn, Store, StoreError};

/// The days that a report covers, and the moment up to which it knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// The period asked for, cut at the day as of which the report is.
    pub period: Period,
    /// Crossings of due moments count up to here: the end of the last day, or now.
    pub until: Moment,
    /// What was recorded after this day is not counted.
    pub known_on: NaiveDate,
}

impl Span {
    /// The period as it stood, and as far as it was known, at the end of `as_of` (by default now).
    /// With a day that is over it never changes: what is recorded later is left out, and what is
    /// taken back is taken back on the day on which it was (and carried over anew, if its closing lies
    /// before the period).
    ///
    /// # Errors
    /// If the period begins after that day, or that day is to come.
    pub fn new(period: Period, as_of: Option<NaiveDate>, now: Moment) -> Result<Self, Error> {
        let last = as_of.unwrap_or(now.date());
        if last > now.date() {
            let last = render::words::date(last);
            let reason = format!("không thể lấy số liệu đến hết ngày {last}: ngày đó ở tương lai");
            return Err(Error::parameter("as_of", reason));
        }
        let from = period.from;
        let period = period.up_to(last).ok_or_else(|| {
            let reason = format!(
                "kỳ báo cáo bắt đầu ngày {} nhưng số liệu chỉ lấy đến ngày {}",
                render::words::date(from),
                render::words::date(last)
            );
            Error::parameter("from", reason)
        })?;
        Ok(Self {
            period,
            until: end_of(period.to).min(now),
            known_on: last,
        })
    }

    /// Before the calendar begins there are no dossiers to report on.
    ///
    /// # Errors
    /// If the whole span lies there.
    pub(crate) fn check(&self, reference: &Reference) -> Result<(), Error> {
        let to = self.period.to;
        match reference.calendar().map(Calendar::first_day) {
            Some(first) if to < first => {
                let reason = format!(
                    "kỳ báo cáo kết thúc ngày {}, trước ngày đầu tiên của lịch làm việc ({})",
                    render::words::date(to),
                    render::words::date(first)
                );
                Err(Error::parameter("to", reason))
            }
            _ => Ok(()),
        }
    }

    /// By what its dossiers are judged, in sentences: one for each rule that held on a day of receipt.
    pub(crate) fn judged(&self, reference: &Reference) -> Vec<String> {
        let ways = reference.norms().judging_until(self.period.to);
        let several = ways.len() > 1;
        let ways = ways.into_iter().map(|(from, judging)| {
            let how = render::words::judging(judging);
            match several {
                true => {
                    let from = render::words::date(from);
                    format!("Hồ sơ tiếp nhận từ ngày {from}: {how}.")
                }
                false => format!("Cách tính: {how}."),
            }
        });
        ways.collect()
    }

    /// `từ ngày 15/12/2020 đến ngày 14/09/2021`.
    pub(crate) fn in_words(&self) -> String {
        let Period { from, to } = self.period;
        format!(
            "từ ngày {} đến ngày {}",
            render::words::date(from),
            render::words::date(to)
        )
    }

    /// The part of the span within `period`; `None` if they do not meet.
    pub fn within(&self, period: Period) -> Option<Self> {
        let from = self.period.from.max(period.from);
        let to = self.period.to.min(period.to);
        let period = Period::new(from, to).ok()?;
        Some(Self {
            period,
            until: end_of(to).min(self.until),
            known_on: self.known_on,
        })
    }
}

/// Standings by key and subkey of a dimension; those with nothing to count are left out.
pub type Standings = BTreeMap<(i32, i32), Standing>;

/// Reads the standings over a span, as of one moment.
pub(crate) fn standings(
    conn: &mut Conn,
    reference: &Reference,
    counted: Counted<'_>,
    span: &Span,
) -> Result<Standings, StoreError> {
    Ok(standings_of(conn, reference, counted, std::slice::from_ref(span))?.whole)
}

/// The standings over spans that follow each other.
#[derive(Debug, Default)]
pub(crate) struct Series {
    pub(crate) each: Vec<Standings>,
    /// From the first day of the first to the last day of the last.
    pub(crate) whole: Standings,
}

/// The standings over spans that follow each other without a gap, as of one moment.
pub(crate) fn standings_of(
    conn: &mut Conn,
    reference: &Reference,
    counted: Counted<'_>,
    spans: &[Span],
) -> Result<Series, StoreError> {
    let (Some(first), Some(last)) = (spans.first(), spans.last()) else {
        return Ok(Series::default());
    };
    let periods: Vec<Period> = spans.iter().map(|span| span.period).collect();
    let (until, known_on) = (last.until, last.known_on);
    let counts = tallies::count(conn, reference, counted, &periods, until, known_on)?;
    let mut so_far = counts.before.clone();
    let mut all = Sums::new();
    let mut each = Vec::with_capacity(spans.len());
    for (span, within) in spans.iter().zip(&counts.spans) {
        each.push(standing(&so_far, within.clone(), &counts, span));
        add(&mut so_far, within);
        add(&mut all, within);
    }
    // Of all of them together: what one takes back of another is not carried over.
    let whole = Span {
        period: Period {
            from: first.period.from,
            to: last.period.to,
        },
        ..*last
    };
    let whole = standing(&counts.before, all, &counts, &whole);
    Ok(Series { each, whole })
}

fn add(sums: &mut Sums, more: &Sums) {
    for (key, tally) in more {
        *sums.entry(*key).or_default() += *tally;
    }
}

/// From what was counted before a span and within it, with the crossings up to its end that nobody
/// has recorded, and corrected for what was counted on days before what takes it back.
fn standing(before: &Sums, mut within: Sums, counts: &Counts, span: &Span) -> Standings {
    for key in counts.behind(span.until) {
        within.entry(key).or_default().crossed += 1;
    }
    for key in before.keys() {
        within.entry(*key).or_default();
    }
    let corrections = counts.corrections(span.period);
    let all = within.into_iter().map(|(key, within)| {
        let before = before.get(&key).copied().unwrap_or_default();
        let correction = corrections.get(&key).copied().unwrap_or_default();
        let standing = Standing::new(&before, &within).corrected(&correction);
        (key, standing)
    });
    all.filter(|(_, standing)| *standing != Standing::default())
        .collect()
}

/// How the dossiers of each level stand over a span, as of one moment.
pub(crate) fn by_level(
    conn: &mut Conn,
    reference: &Reference,
    span: &Span,
) -> Result<Vec<(Level, Standing)>, StoreError> {
    let counted = Counted::all(Dimension::LevelChannel);
    let found = standings(conn, reference, counted, span)?;
    let all = Level::ALL.into_iter().map(|level| {
        let own = found
            .iter()
            .filter(|((key, _), _)| *key == i32::from(level.code()));
        (level, own.map(|(_, standing)| *standing).sum())
    });
    Ok(all.collect())
}

/// How the dossiers of each level stand now.
pub fn standing_now(store: &Store, now: Moment) -> Result<Vec<(Level, Standing)>, Error> {
    let today = Period::new(now.date(), now.date())?;
    let span = Span::new(today, None, now)?;
    store.read_with_reference(|conn, reference| Ok(by_level(conn, reference, &span)?))
}
