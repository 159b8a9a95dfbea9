//! Jobs: work that grows with the province, noted in the transaction that makes it necessary and done
//! afterwards in small ones. Whoever works on a job holds it for a while and says how far it has come;
//! if nothing more is heard of it, somebody else goes on from there.

use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use crate::domain::ids::{JobId, UnitId, UserId};
use crate::domain::job::{Kind, State};
use crate::domain::moment::Moment;
use crate::domain::unit::Units;
use crate::store::schema::jobs;
use crate::store::{Conn, StoreError};

/// Dossiers that are to go out of somebody's hands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hands {
    /// Whose; none: everybody's.
    #[serde(default)]
    pub from: Vec<UserId>,
    /// Into whose; `None`: into nobody's by name.
    pub to: Option<UserId>,
    /// All of them; else only those that they cannot have any more.
    pub all: bool,
    pub reason: String,
}

impl Hands {
    /// Everybody's that cannot have them any more.
    pub const OUT_OF_REACH: Self = Self {
        from: Vec::new(),
        to: None,
        all: false,
        reason: String::new(),
    };
}

/// A job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    pub id: JobId,
    pub kind: Kind,
    /// The units that it is about (areas only).
    pub units: Vec<UnitId>,
    /// Out of whose hands into whose (hands only).
    pub hands: Option<Hands>,
    pub created_at: Moment,
    pub created_by: Option<UserId>,
    pub started_at: Option<Moment>,
    pub finished_at: Option<Moment>,
    held_until: Moment,
    claims: i32,
    tries: i32,
    /// Dossiers that were looked at, and how many there are to look at.
    pub done: u64,
    pub total: u64,
    /// How many of them have changed.
    pub changed: u64,
    /// Where it goes on.
    pub place: Option<String>,
    /// Why the last try ended; it is tried again.
    pub error: Option<String>,
}

impl Job {
    pub fn state(&self, now: Moment) -> State {
        match self.finished_at {
            Some(_) => State::Done,
            None if self.error.is_none() && self.held_until > now => State::Running,
            None => State::Waiting,
        }
    }
}

#[derive(Queryable)]
struct Row {
    id: Vec<u8>,
    kind: String,
    about: String,
    created_at: i64,
    created_by: Option<i32>,
    started_at: Option<i64>,
    finished_at: Option<i64>,
    held_until: i64,
    claims: i32,
    tries: i32,
    done: i64,
    total: i64,
    changed: i64,
    place: Option<String>,
    error: Option<String>,
}

impl TryFrom<Row> for Job {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let moment = Moment::from_unix_millis;
        let count = |count: i64| u64::try_from(count).unwrap_or(0);
        let kind: Kind = row
            .kind
            .parse()
            .map_err(|()| StoreError::corrupt("jobs.kind"))?;
        let (units, hands) = match kind {
            Kind::Hands => (Ok(Vec::new()), serde_json::from_str(&row.about).map(Some)),
            _ => (serde_json::from_str(&row.about), Ok(None)),
        };
        Ok(Self {
            id: JobId::from_slice(&row.id).ok_or_else(|| StoreError::corrupt("jobs.id"))?,
            kind,
            units: units.map_err(|_| StoreError::corrupt("jobs.about"))?,
            hands: hands.map_err(|_| StoreError::corrupt("jobs.about"))?,
            created_at: moment(row.created_at),
            created_by: row.created_by.map(UserId),
            started_at: row.started_at.map(moment),
            finished_at: row.finished_at.map(moment),
            held_until: moment(row.held_until),
            claims: row.claims,
            tries: row.tries,
            done: count(row.done),
            total: count(row.total),
            changed: count(row.changed),
            place: row.place,
            error: row.error,
        })
    }
}

/// Asks that dossiers go out of somebody's hands, in the transaction that makes it necessary.
pub fn ask_for_hands(
    conn: &mut Conn,
    hands: &Hands,
    by: Option<UserId>,
    now: Moment,
) -> Result<JobId, StoreError> {
    let about =
        serde_json::to_string(hands).map_err(|error| StoreError::Other(error.to_string()))?;
    insert(conn, Kind::Hands, about, by, now)
}

/// Asks for what another tree of units makes necessary: dossiers are to be listed elsewhere, and go out of the hands of
/// those who cannot have them any more.
pub fn ask_after_other_tree(
    conn: &mut Conn,
    before: &Units,
    after: &Units,
    by: Option<UserId>,
    now: Moment,
) -> Result<Option<JobId>, StoreError> {
    let moving = crate::store::dossiers::moving(before, after);
    if !moving.is_empty() {
        // Hands follow when it is done.
        return ask(conn, Kind::Areas, &moving, by, now).map(Some);
    }
    let parent = |units: &Units, id| units.get(id).map(|unit| unit.parent);
    let known = before.all().into_iter().map(|unit| unit.id);
    let mut known = known.filter(|id| after.get(*id).is_some());
    match known.any(|id| parent(before, id) != parent(after, id)) {
        true => ask_for_hands(conn, &Hands::OUT_OF_REACH, by, now).map(Some),
        false => Ok(None),
    }
}

fn about(units: &[UnitId]) -> Result<String, StoreError> {
    serde_json::to_string(units).map_err(|error| StoreError::Other(error.to_string()))
}

/// Asks for a job, in the transaction that makes it necessary. One of the kind that nobody has begun
/// does it as well, and is the answer then.
pub fn ask(
    conn: &mut Conn,
    kind: Kind,
    units: &[UnitId],
    by: Option<UserId>,
    now: Moment,
) -> Result<JobId, StoreError> {
    let waiting = jobs::table
        .filter(jobs::kind.eq(kind.as_str()))
        .filter(jobs::finished_at.is_null())
        .filter(jobs::started_at.is_null())
        .order(jobs::id);
    // One that is being claimed right now may have read what was before this transaction.
    let waiting: Option<Row> = match conn {
        Conn::Sqlite(conn) => waiting.first(conn).optional()?,
        Conn::Postgres(conn) => waiting.for_update().skip_locked().first(conn).optional()?,
    };
    if let Some(row) = waiting {
        let job = Job::try_from(row)?;
        let mut all = job.units;
        all.extend(units);
        all.sort_unstable();
        all.dedup();
        diesel::update(jobs::table.find(job.id.bytes().to_vec()))
            .set((
                jobs::about.eq(about(&all)?),
                jobs::created_by.eq(by.or(job.created_by).map(|id| id.0)),
            ))
            .execute(conn)?;
        return Ok(job.id);
    }
    insert(conn, kind, about(units)?, by, now)
}

fn insert(
    conn: &mut Conn,
    kind: Kind,
    about: String,
    by: Option<UserId>,
    now: Moment,
) -> Result<JobId, StoreError> {
    let id = JobId::new(now, rand::random());
    diesel::insert_into(jobs::table)
        .values((
            jobs::id.eq(id.bytes().to_vec()),
            jobs::kind.eq(kind.as_str()),
            jobs::about.eq(about),
            jobs::created_at.eq(now.unix_millis()),
            jobs::created_by.eq(by.map(|id| id.0)),
        ))
        .execute(conn)?;
    Ok(id)
}

/// For how long a job is held by whoever works on it, from each time they say how far they are.
pub const HOLD_MILLIS: i64 = 10_000;
/// The longest pause after an error.
const LONGEST_PAUSE_MILLIS: i64 = 300_000;

/// The right to work on a job, until somebody else claims it.
#[derive(Debug, Clone, Copy)]
pub struct Claim {
    id: JobId,
    number: i32,
}

/// Takes the oldest job that nobody works on; of that id, or of any.
pub fn claim(
    conn: &mut Conn,
    only: Option<JobId>,
    now: Moment,
) -> Result<Option<(Job, Claim)>, StoreError> {
    let millis = now.unix_millis();
    // What a clock that was wrong has put off for longer than anybody may is not waited for.
    let free = jobs::held_until
        .le(millis)
        .or(jobs::held_until.gt(millis.saturating_add(2 * LONGEST_PAUSE_MILLIS)));
    let (first, last) = only.map_or(([0; 16], [u8::MAX; 16]), |id| (id.bytes(), id.bytes()));
    let open = jobs::table
        .filter(jobs::finished_at.is_null())
        .filter(free)
        .filter(jobs::id.between(first.to_vec(), last.to_vec()))
        .order(jobs::id);
    let row: Option<Row> = match conn {
        Conn::Sqlite(conn) => open.first(conn).optional()?,
        Conn::Postgres(conn) => open.for_update().skip_locked().first(conn).optional()?,
    };
    let Some(row) = row else { return Ok(None) };
    let job = Job::try_from(row)?;
    let number = job.claims + 1;
    diesel::update(jobs::table.find(job.id.bytes().to_vec()))
        .set((
            jobs::claims.eq(number),
            jobs::started_at.eq(job.started_at.unwrap_or(now).unix_millis()),
            jobs::held_until.eq(millis.saturating_add(HOLD_MILLIS)),
            jobs::error.eq(None::<String>),
        ))
        .execute(conn)?;
    let claim = Claim { id: job.id, number };
    Ok(Some((job, claim)))
}

/// How far a job has come.
#[derive(Debug, Clone, Default)]
pub struct Progress {
    pub done: u64,
    pub total: u64,
    pub changed: u64,
    pub place: Option<String>,
}

/// Says how far the job has come, and holds it for longer. Returns whether it is still the claim's: if
/// not, somebody else goes on with it.
pub fn advance(
    conn: &mut Conn,
    claim: Claim,
    progress: &Progress,
    now: Moment,
) -> Result<bool, StoreError> {
    let held_until = now.unix_millis().saturating_add(HOLD_MILLIS);
    let updated = write(conn, claim, progress)?;
    if updated {
        diesel::update(jobs::table.find(claim.id.bytes().to_vec()))
            .set((jobs::held_until.eq(held_until), jobs::tries.eq(0)))
            .execute(conn)?;
    }
    Ok(updated)
}

fn write(conn: &mut Conn, claim: Claim, progress: &Progress) -> Result<bool, StoreError> {
    let count = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    let own = jobs::table
        .find(claim.id.bytes().to_vec())
        .filter(jobs::claims.eq(claim.number))
        .filter(jobs::finished_at.is_null());
    let updated = diesel::update(own)
        .set((
            jobs::done.eq(count(progress.done)),
            jobs::total.eq(count(progress.total)),
            jobs::changed.eq(count(progress.changed)),
            jobs::place.eq(progress.place.as_deref()),
        ))
        .execute(conn)?;
    Ok(updated > 0)
}

/// The job is done. Returns whether it was still the claim's.
pub fn finish(
    conn: &mut Conn,
    claim: Claim,
    progress: &Progress,
    now: Moment,
) -> Result<bool, StoreError> {
    let updated = write(conn, claim, progress)?;
    if updated {
        diesel::update(jobs::table.find(claim.id.bytes().to_vec()))
            .set((
                jobs::finished_at.eq(Some(now.unix_millis())),
                jobs::held_until.eq(0),
            ))
            .execute(conn)?;
    }
    Ok(updated)
}

/// Leaves the job to whoever comes next, from where it is: at once, or after an error, a pause that
/// doubles.
pub fn leave(
    conn: &mut Conn,
    claim: Claim,
    progress: &Progress,
    error: Option<&str>,
    now: Moment,
) -> Result<(), StoreError> {
    if !write(conn, claim, progress)? {
        return Ok(());
    }
    let row = jobs::table.find(claim.id.bytes().to_vec());
    let tries: i32 = row.clone().select(jobs::tries).first(conn)?;
    let pause = match error {
        None => 0,
        Some(_) => (1000_i64 << tries.clamp(0, 20)).min(LONGEST_PAUSE_MILLIS),
    };
    diesel::update(row)
        .set((
            jobs::held_until.eq(now.unix_millis().saturating_add(pause)),
            jobs::tries.eq(tries.saturating_add(i32::from(error.is_some()))),
            jobs::error.eq(error),
        ))
        .execute(conn)?;
    Ok(())
}

pub fn find(conn: &mut Conn, id: JobId) -> Result<Option<Job>, StoreError> {
    let row: Option<Row> = jobs::table
        .find(id.bytes().to_vec())
        .first(conn)
        .optional()?;
    row.map(Job::try_from).transpose()
}

/// Jobs, newest first, older than `before`.
pub fn list(conn: &mut Conn, before: Option<JobId>, limit: u32) -> Result<Vec<Job>, StoreError> {
    let mut query = jobs::table
        .order(jobs::id.desc())
        .limit(i64::from(limit))
        .into_boxed();
    if let Some(before) = before {
        query = query.filter(jobs::id.lt(before.bytes().to_vec()));
    }
    let rows: Vec<Row> = query.load(conn)?;
    rows.into_iter().map(Job::try_from).collect()
}

/// Jobs that are not done, oldest first.
pub fn open(conn: &mut Conn) -> Result<Vec<Job>, StoreError> {
    let rows: Vec<Row> = jobs::table
        .filter(jobs::finished_at.is_null())
        .order(jobs::id)
        .load(conn)?;
    rows.into_iter().map(Job::try_from).collect()
}

/// The units that such jobs are about.
pub(super) fn moving_units(open: &[Job]) -> Vec<UnitId> {
    let areas = open.iter().filter(|job| job.kind == Kind::Areas);
    let mut units: Vec<_> = areas.flat_map(|job| &job.units).copied().collect();
    units.sort_unstable();
    units.dedup();
    units
}

/// Forgets some of the jobs that were done before a moment.
pub fn forget(conn: &mut Conn, before: Moment, limit: u32) -> Result<usize, StoreError> {
    let condition = format!("finished_at < {}", before.unix_millis());
    crate::store::delete_some(conn, "jobs", "id", &condition, limit)
}
