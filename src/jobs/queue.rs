//! Doing the jobs ([`crate::store::jobs`]): on any number of instances, in transactions so small that
//! nobody who receives dossiers meanwhile waits for long, and from where it was left when it breaks off.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::domain::ids::{DossierId, JobId};
use crate::domain::job::Kind;
use crate::domain::moment::Moment;
use crate::error::Error;
use crate::jobs::{Job, anonymise, hands, recompute, successors};
use crate::store::jobs::{self, Claim, Hands, Job as Row, Progress};
use crate::store::reference::Reference;
use crate::store::{Store, StoreError, dossiers, settings};

/// How often a job says how far it has come.
const SAY_EVERY: Duration = Duration::from_millis(250);

/// A job that is being done.
pub(crate) struct Work<'a> {
    pub store: &'a Store,
    pub progress: Progress,
    claim: Claim,
    said: Instant,
    /// The clock on the wall, where it is not the machine's.
    clock: Option<Moment>,
    go_on: &'a dyn Fn() -> bool,
}

impl Work<'_> {
    pub fn now(&self) -> Moment {
        self.clock.unwrap_or_else(crate::clock::now)
    }

    /// After each small step. Returns whether to go on: not if the program is to stop, or somebody
    /// else has taken the job over.
    pub fn step(&mut self) -> Result<bool, Error> {
        if self.said.elapsed() >= SAY_EVERY {
            self.said = Instant::now();
            let (claim, progress) = (self.claim, self.progress.clone());
            let own = self
                .store
                .write(move |conn| jobs::advance(conn, claim, &progress, crate::clock::now()))?;
            if !own {
                return Ok(false);
            }
        }
        Ok((self.go_on)())
    }
}

/// How many dossiers to take at once, so that a transaction lasts about as long as it may.
pub(crate) struct Pace {
    size: usize,
}

impl Pace {
    /// Well below what anybody notices who waits for it.
    const AIM: Duration = Duration::from_millis(20);
    const MOST: usize = 100;

    pub const fn new() -> Self {
        Self { size: 5 }
    }

    pub const fn size(&self) -> usize {
        self.size
    }

    /// Runs a step of [`Self::size`], and learns from how long it took.
    pub fn take<T>(&mut self, step: impl FnOnce() -> T) -> T {
        let begun = Instant::now();
        let value = step();
        let took = begun.elapsed();
        // Grows slowly and shrinks at once: it may have waited for others, too.
        self.size = if took > Self::AIM {
            (self.size / 2).max(1)
        } else {
            (self.size + self.size / 4 + 1).min(Self::MOST)
        };
        // Whoever has waited meanwhile comes first.
        std::thread::sleep(took.min(Self::AIM) / 4);
        value
    }
}

/// Does all jobs that nobody works on, as long as `go_on` says so. Returns how many it has finished.
///
/// # Errors
/// If the database refuses. What goes wrong with a job itself is written to it, and it is tried again
/// after a pause.
pub fn work_off(store: &Store, go_on: &dyn Fn() -> bool) -> Result<usize, Error> {
    work_off_at(store, None, go_on)
}

/// The same as if it were `clock`.
pub(crate) fn work_off_at(
    store: &Store,
    clock: Option<Moment>,
    go_on: &dyn Fn() -> bool,
) -> Result<usize, Error> {
    adopt(store)?;
    let mut finished = 0;
    while go_on() && !store.read(jobs::open)?.is_empty() {
        let claimed = store.write(|conn| jobs::claim(conn, None, crate::clock::now()))?;
        let Some((job, claim)) = claimed else { break };
        finished += usize::from(work_on(store, &job, claim, clock, go_on)?.is_some());
    }
    Ok(finished)
}

/// Waits until a job is done, by doing it or, where somebody else does, by watching.
///
/// # Errors
/// If the database refuses, or the job cannot be done.
pub fn wait_for(store: &Store, id: JobId, mut tell: impl FnMut(&Row)) -> Result<Row, Error> {
    loop {
        let job = store.read(|conn| jobs::find(conn, id))?;
        let job = job.ok_or(Error::NO_DOSSIER)?;
        tell(&job);
        if job.finished_at.is_some() {
            return Ok(job);
        }
        if let Some(error) = job.error {
            return Err(StoreError::Other(error).into());
        }
        let claimed = store.write(move |conn| jobs::claim(conn, Some(id), crate::clock::now()))?;
        let Some((job, claim)) = claimed else {
            std::thread::sleep(SAY_EVERY);
            continue;
        };
        // For as long as it takes to say something.
        let until = Instant::now() + SAY_EVERY * 4;
        work_on(store, &job, claim, None, &|| Instant::now() < until)?;
    }
}

/// Recomputes the due moments of all open dossiers if that is yet to be done; each that changes gets
/// an event, at `now`. Returns how many did.
pub fn recompute_due_moments(store: &Store, now: Moment) -> Result<usize, Error> {
    adopt(store)?;
    let mut changed = 0;
    let open = store.read(jobs::open)?.into_iter();
    for job in open.filter(|job| job.kind == Kind::DueMoments) {
        let id = job.id;
        let claimed = store.write(move |conn| jobs::claim(conn, Some(id), crate::clock::now()))?;
        if let Some((job, claim)) = claimed {
            let before = job.changed;
            let done = work_on(store, &job, claim, Some(now), &|| true)?;
            changed += done.map_or(0, |progress| progress.changed - before);
        }
    }
    Ok(usize::try_from(changed).unwrap_or(usize::MAX))
}

/// What the program before this one has left to be done, it has noted as a setting.
fn adopt(store: &Store) -> Result<(), Error> {
    if store
        .read(|conn| settings::get(conn, settings::DUE_OUT_OF_DATE))?
        .is_none()
    {
        return Ok(());
    }
    store.write(|conn| {
        if let Some(since) = settings::get(conn, settings::DUE_OUT_OF_DATE)? {
            jobs::ask(conn, Kind::DueMoments, &[], None, crate::clock::now())?;
            settings::bump_reference_version(conn)?;
            settings::remove(conn, settings::DUE_OUT_OF_DATE, &since)?;
        }
        Ok(())
    })
}

/// Works on a claimed job. Returns how far it was if it is done now.
fn work_on(
    store: &Store,
    job: &Row,
    claim: Claim,
    clock: Option<Moment>,
    go_on: &dyn Fn() -> bool,
) -> Result<Option<Progress>, Error> {
    let mut work = Work {
        store,
        progress: Progress {
            done: job.done,
            total: job.total,
            changed: job.changed,
            place: job.place.clone(),
        },
        claim,
        said: Instant::now(),
        clock,
        go_on,
    };
    let worked = match job.kind {
        Kind::DueMoments => recompute::work(&mut work),
        Kind::Areas => move_areas(&mut work),
        Kind::Successors => successors::work(&mut work),
        Kind::Hands => hands::work(&mut work, job),
        Kind::Anonymise => anonymise::work(&mut work),
    };
    let progress = work.progress;
    let (kind, now) = (job.kind, crate::clock::now());
    match worked {
        Ok(true) => {
            progress_done(store, kind, claim, progress.clone())?;
            tracing::info!(kind = kind.as_str(), id = %job.id, done = progress.done, changed = progress.changed, "a job is done");
            Ok(Some(progress))
        }
        Ok(false) => {
            store.write(move |conn| jobs::leave(conn, claim, &progress, None, now))?;
            Ok(None)
        }
        Err(error) => {
            tracing::error!(kind = kind.as_str(), id = %job.id, %error, "a job broke off; it is tried again");
            let error = match error {
                // The database's own words are for the log.
                Error::Store(StoreError::Corrupt(what)) => what,
                Error::Store(_) => "lỗi cơ sở dữ liệu".to_owned(),
                other => other.to_string(),
            };
            store.write(move |conn| jobs::leave(conn, claim, &progress, Some(&error), now))?;
            Ok(None)
        }
    }
}

fn progress_done(store: &Store, kind: Kind, claim: Claim, progress: Progress) -> Result<(), Error> {
    store.write(move |conn| {
        let own = jobs::finish(conn, claim, &progress, crate::clock::now())?;
        if own && kind == Kind::Areas {
            jobs::ask_for_hands(conn, &Hands::OUT_OF_REACH, None, crate::clock::now())?;
        }
        // Reference data say what is yet to be done.
        if own && !matches!(kind, Kind::Successors | Kind::Hands | Kind::Anonymise) {
            settings::bump_reference_version(conn)?;
        }
        Ok(())
    })
}

/// How many dossiers are looked at in one go.
const LOOKED_AT: u32 = 2000;

/// Brings the areas under which dossiers are listed into line with the units' tree.
fn move_areas(work: &mut Work<'_>) -> Result<bool, Error> {
    let store = work.store;
    if work.progress.total == 0 {
        let total = store.read(dossiers::count)?;
        work.progress.total = u64::try_from(total).unwrap_or(0);
    }
    let place = work.progress.place.as_deref();
    let mut after = place.and_then(|place| place.parse().ok()).map(DossierId);
    let mut pace = Pace::new();
    loop {
        let (page, wrong) = store.read_with_reference(|conn, reference: &Reference| {
            dossiers::areas_after(conn, reference.units(), after, LOOKED_AT).map_err(Error::from)
        })?;
        let mut rest = wrong.as_slice();
        while !rest.is_empty() {
            let (some, others) = rest.split_at(pace.size().min(rest.len()));
            let ids = some.to_vec();
            let moved = pace.take(|| {
                store.write_with_reference(move |conn, reference| {
                    dossiers::set_areas(conn, reference.units(), &ids).map_err(Error::from)
                })
            })?;
            work.progress.changed += moved as u64;
            rest = others;
            if !work.step()? {
                return Ok(false);
            }
        }
        let Some(last) = page.last() else {
            // Those that came meanwhile count, too.
            work.progress.total = work.progress.done;
            return Ok(true);
        };
        after = Some(*last);
        work.progress.place = Some(last.to_string());
        work.progress.done += page.len() as u64;
        work.progress.total = work.progress.total.max(work.progress.done);
        if !work.step()? {
            return Ok(false);
        }
    }
}

/// The jobs that wait, one after the other.
pub(crate) struct Queue {
    stop: Arc<AtomicBool>,
}

impl Queue {
    /// Breaks off where `stop` becomes true.
    pub const fn new(stop: Arc<AtomicBool>) -> Self {
        Self { stop }
    }
}

impl Job for Queue {
    const NAME: &'static str = "jobs";
    const EVERY: Duration = Duration::from_millis(500);

    fn run(&self, store: &Store) -> Result<(), StoreError> {
        let go_on = || !self.stop.load(Ordering::Relaxed);
        if let Err(error) = work_off(store, &go_on) {
            tracing::error!(%error, "jobs could not be done; it goes on");
        }
        Ok(())
    }
}
