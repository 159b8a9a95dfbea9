//! Dossiers of a whole province, laid over real units, procedures and working days so that the
//! counts of a report come out: made by the same domain code as at a desk, in bulk, in one
//! transaction, the same for the same seed.

mod calendar_spread;
mod catalogue;
mod fate;
mod figures;
mod life;
mod people;
mod produce;
mod staff;

pub use crate::tools::scenario::figures::Figures;

use std::fmt;
use std::sync::mpsc::sync_channel;

use chrono::{Days, Months, NaiveDate};

use crate::config::bundled;
use crate::domain::calendar::Others;
use crate::domain::ids::Actor;
use crate::domain::moment::Moment;
use crate::domain::period::Period;
use crate::domain::unit::Level;
use crate::imports::{self, Catalogue, Dating, UnitsOptions};
use crate::render;
use crate::store::admin_acts::{self, ActKind};
use crate::store::dossiers::{self, WholeHistory};
use crate::store::reference::Reference;
use crate::store::{Conn, Store, StoreError, case_numbers, settings, tallies, yearly_plan};
use crate::tools::ToolError;
use crate::tools::progress::Progress;
use crate::tools::scenario::produce::{Batch, Producer};

/// The setting that remembers which scenario a database holds: first and last day of its period.
const LOADED: &str = "scenario";

/// The units are there from the first day that any calendar of ours knows.
const UNITS_FROM: Option<NaiveDate> = NaiveDate::from_ymd_opt(2018, 1, 1);

/// Batches that may wait for the database: enough to keep both sides busy, few enough to keep
/// memory constant.
const WAITING: usize = 4;

/// Rows of the roll-ups that are summed up in memory before they are written.
const ROLLUPS_IN_MEMORY: usize = 150_000;

/// What to make.
#[derive(Debug, Clone)]
pub struct Options {
    pub figures: Figures,
    /// Multiplies the counts of dossiers.
    pub scale: u32,
    /// Lays the counts over the nine months before this day.
    pub ending: Option<NaiveDate>,
    pub seed: u64,
    /// Nothing happens after this moment.
    pub now: Moment,
}

/// What was made.
#[derive(Debug, Clone)]
pub struct Loaded {
    pub dossiers: u64,
    pub events: u64,
    pub period: Period,
    /// Levels for which the figures name no overdue dossiers: what was chosen.
    pub chosen: Vec<(Level, u64)>,
}

impl fmt::Display for Loaded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = |n: u64| render::words::number(i64::try_from(n).unwrap_or(i64::MAX));
        write!(
            f,
            "đã tạo {} hồ sơ với {} sự kiện, từ {} đến {}",
            count(self.dossiers),
            count(self.events),
            render::words::date(self.period.from),
            render::words::date(self.period.to),
        )?;
        for (level, overdue) in &self.chosen {
            write!(
                f,
                "\nsố liệu không cho biết số hồ sơ quá hạn của {}; kịch bản chọn {} \
                 (theo tỷ lệ của cấp gần nhất có số liệu)",
                render::words::level(*level).to_lowercase(),
                count(*overdue),
            )?;
        }
        Ok(())
    }
}

/// The period of the scenario that the database holds, if it holds one.
pub fn loaded_period(store: &Store) -> Result<Option<Period>, StoreError> {
    let text = store.read(|conn| settings::get(conn, LOADED))?;
    Ok(text.and_then(|text| {
        let (from, to) = text.split_once(' ')?;
        Period::new(from.parse().ok()?, to.parse().ok()?).ok()
    }))
}

/// Makes the scenario: calendar, units, catalogue, staff, dossiers, counts; all of it or nothing.
///
/// # Errors
/// If the figures contradict themselves or cannot be laid over the period, the database holds
/// dossiers already, or it refuses.
pub fn load(store: &Store, options: &Options) -> Result<Loaded, ToolError> {
    let figures = options.figures.scaled(options.scale);
    let period = match options.ending {
        Some(day) => nine_months_before(day)?,
        None => figures.period,
    };
    if period.to > options.now.date() {
        return Err(ToolError::InTheFuture(period.to));
    }
    store.bulk(|conn| {
        if dossiers::any(conn)? {
            return Err(ToolError::NotEmpty);
        }
        lay_foundations(conn, &figures, period)?;
        let reference = Reference::load(conn, store.default_hours())?;
        let staff = staff::hire(conn, &reference, options.now)?;
        settings::bump_reference_version(conn)?;
        add_plan_and_feedback(conn, &figures, period, &reference)?;
        let loaded = pour(conn, &reference, |batches| {
            Producer::new(&reference, &staff, &figures, period, options)?.run(batches)
        })?;
        let remembered = format!("{} {}", period.from, period.to);
        settings::set(conn, LOADED, &remembered)?;
        let done = serde_json::json!({
            "period": remembered, "seed": options.seed, "dossiers": loaded.0, "events": loaded.1,
        });
        let kind = ActKind::ScenarioLoaded;
        admin_acts::record(conn, Actor::System, options.now, kind, &done)?;
        Ok(Loaded {
            dossiers: loaded.0,
            events: loaded.1,
            period,
            chosen: figures.chosen(),
        })
    })
}

fn nine_months_before(day: NaiveDate) -> Result<Period, ToolError> {
    let from = day.checked_sub_months(Months::new(9)).unwrap_or(day);
    let to = day.pred_opt().unwrap_or(day);
    Ok(Period::new(from, to)?)
}

fn lay_foundations(conn: &mut Conn, figures: &Figures, period: Period) -> Result<(), ToolError> {
    // A calendar or units that are there already are kept: they may be newer than ours.
    if crate::store::calendar::load(conn)?.is_empty() {
        let days = imports::read_calendar(bundled::CALENDAR)?;
        imports::put_calendar(conn, &days, Others::Kept)?;
    }
    if crate::store::units::load(conn)?.all().is_empty() {
        let options = UnitsOptions {
            valid_from: UNITS_FROM.unwrap_or(period.from),
            replaces: Vec::new(),
        };
        imports::put_units(conn, bundled::UNITS_2021, &options)?;
    }
    let base = Catalogue::parse(bundled::PROCEDURES)?;
    let catalogue = catalogue::extend(base, figures, period)?;
    imports::put_procedures(conn, &catalogue, &Dating::Any)?;
    Ok(())
}

fn add_plan_and_feedback(
    conn: &mut Conn,
    figures: &Figures,
    period: Period,
    reference: &Reference,
) -> Result<(), ToolError> {
    let year = chrono::Datelike::year(&period.to);
    yearly_plan::set_target(
        conn,
        year,
        yearly_plan::TIME_LIMIT_CUTS,
        figures.cuts_planned,
    )?;
    let top = reference.units().all();
    let Some(unit) = top.iter().find(|unit| unit.parent.is_none()) else {
        return Ok(());
    };
    let days = (period.to - period.from).num_days().max(1);
    for n in 0..figures.feedback {
        let day = period.from + Days::new(n * days.unsigned_abs() / figures.feedback);
        let received = Moment::at(day, chrono::NaiveTime::MIN).plus_millis(9 * 3_600_000);
        let handled = received.plus_millis(3_600_000);
        let mut id = [0; 16];
        id[8..].copy_from_slice(&n.to_be_bytes());
        yearly_plan::insert_feedback(conn, id, unit.id, received, Some(handled))?;
    }
    Ok(())
}

/// Lets `produce` run beside the database, which takes what it makes batch by batch. Returns the
/// number of dossiers and events.
fn pour(
    conn: &mut Conn,
    reference: &Reference,
    produce: impl FnOnce(produce::Batches) -> Result<(), ToolError> + Send,
) -> Result<(u64, u64), ToolError> {
    std::thread::scope(|scope| {
        let (sender, receiver) = sync_channel::<Batch>(WAITING);
        let producer = scope.spawn(move || produce(sender));
        let mut counts = (0, 0);
        let mut rollups = tallies::RollupRows::new();
        let mut progress: Option<Progress> = None;
        for batch in receiver {
            let progress = progress.get_or_insert_with(|| Progress::new("tạo hồ sơ", batch.total));
            let made = batch.histories.len() as u64;
            counts.0 += made;
            counts.1 += batch
                .histories
                .iter()
                .map(|history: &WholeHistory| history.event_count() as u64)
                .sum::<u64>();
            dossiers::insert_many(conn, batch.histories)?;
            for (unit, day, count) in batch.numbers {
                case_numbers::take(conn, unit, day, count)?;
            }
            tallies::spread(&batch.changes, reference, &mut rollups)?;
            if rollups.len() > ROLLUPS_IN_MEMORY {
                tallies::add_rows(conn, &rollups)?;
                rollups.clear();
            }
            progress.add(made);
        }
        // An error of the producer ends the batches early: it must be seen before the counts are
        // written.
        match producer.join() {
            Ok(result) => result?,
            Err(_) => return Err(StoreError::Other("luồng tạo hồ sơ bị lỗi".to_owned()).into()),
        }
        tallies::add_rows(conn, &rollups)?;
        if let Some(progress) = progress {
            progress.finish();
        }
        Ok(counts)
    })
}
