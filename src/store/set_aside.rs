//! Dossiers that some work passes over: their data are damaged, or newer than this program. One of them
//! stops nobody else's work; it is tried again when somebody asks, and by a program that has just
//! started.

use std::collections::BTreeMap;

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Bool;

use crate::domain::enums::text_enum;
use crate::domain::ids::DossierId;
use crate::domain::job::Kind;
use crate::domain::moment::Moment;
use crate::store::locks::Lock;
use crate::store::schema::{dossiers, set_aside};
use crate::store::{Conn, StoreError, alarms, jobs, unannounced};

/// Of which version of the program this is, as `passed_by` has it.
const PROGRAM: &str = concat!(" ", env!("CARGO_PKG_VERSION"), " ");

text_enum! {
    /// What is done to dossiers without anybody's asking.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
    pub enum Work {
        /// Recording that the due moment was crossed.
        Overdue = "overdue",
        /// The due moment anew, after a change of the calendar.
        Recompute = "recompute",
        /// To the successor of a unit that has ended.
        Successor = "successor",
        /// Making the messages of its events.
        Announce = "announce",
        /// Out of the hands of somebody who has left.
        Hands = "hands",
        /// Taking its people out of it, whose term is over.
        Anonymise = "anonymise",
    }
}

impl Work {
    /// What it is for people.
    pub(crate) const fn words(self) -> &'static str {
        match self {
            Self::Overdue => "ghi nhận quá hạn",
            Self::Recompute => "tính lại hạn",
            Self::Successor => "chuyển sang đơn vị kế thừa",
            Self::Announce => "báo tin",
            Self::Hands => "giao lại cho người khác",
            Self::Anonymise => "ẩn danh",
        }
    }

    /// The condition under which this work does not pass over the dossier in `column`.
    pub(super) fn takes(self, column: &'static str) -> diesel::expression::SqlLiteral<Bool> {
        // Only names of our own go into the text.
        sql::<Bool>(&format!(
            "not exists (select 1 from set_aside s where s.work = '{}' and s.dossier_id = {column} \
             and (s.dismissed_at is not null or s.passed_by like '%{PROGRAM}%'))",
            self.as_str()
        ))
    }

    fn alarm(self, dossier: DossierId) -> String {
        format!("{}:{dossier}", self.as_str())
    }
}

/// Sets a dossier aside, and raises the alarm.
pub fn put(
    conn: &mut Conn,
    work: Work,
    dossier: DossierId,
    error: &StoreError,
    now: Moment,
) -> Result<(), StoreError> {
    let error = error.to_string();
    let row = (
        set_aside::work.eq(work.as_str()),
        set_aside::dossier_id.eq(dossier.bytes().to_vec()),
        set_aside::passed_by.eq(PROGRAM),
        set_aside::error.eq(&error),
        set_aside::since.eq(now.unix_millis()),
        set_aside::last_at.eq(now.unix_millis()),
        set_aside::tries.eq(1),
    );
    // Two arms: `on conflict` is one database's at a time.
    macro_rules! upsert {
        ($conn:expr) => {
            diesel::insert_into(set_aside::table)
                .values(row)
                .on_conflict((set_aside::work, set_aside::dossier_id))
                .do_update()
                .set((
                    set_aside::passed_by.eq(set_aside::passed_by.concat(PROGRAM)),
                    set_aside::error.eq(&error),
                    set_aside::last_at.eq(now.unix_millis()),
                    set_aside::tries.eq(set_aside::tries + 1),
                ))
                .execute($conn)?
        };
    }
    match conn {
        Conn::Sqlite(conn) => upsert!(conn),
        Conn::Postgres(conn) => upsert!(conn),
    };
    let detail = format!(
        "Không {} được cho một hồ sơ: {error}. Hồ sơ được để riêng; việc của các hồ sơ khác vẫn tiếp tục.",
        work.words()
    );
    if alarms::raise(
        conn,
        alarms::Kind::Damaged,
        &work.alarm(dossier),
        &detail,
        now,
    )? {
        tracing::warn!(work = work.as_str(), %dossier, error, "a dossier is set aside");
    }
    Ok(())
}

/// The work was done on these after all.
pub fn done(conn: &mut Conn, work: Work, these: &[DossierId]) -> Result<(), StoreError> {
    for ids in these.chunks(500) {
        let bytes: Vec<Vec<u8>> = ids.iter().map(|id| id.bytes().to_vec()).collect();
        let were = set_aside::table
            .filter(set_aside::work.eq(work.as_str()))
            .filter(set_aside::dossier_id.eq_any(bytes));
        if diesel::delete(were).execute(conn)? > 0 {
            for id in ids {
                alarms::clear(conn, alarms::Kind::Damaged, &work.alarm(*id))?;
            }
        }
    }
    Ok(())
}

/// Which of these the work passes over.
pub fn passed_over(conn: &mut Conn, work: Work) -> Result<Vec<DossierId>, StoreError> {
    let pattern = format!("%{PROGRAM}%");
    let ids: Vec<Vec<u8>> = set_aside::table
        .filter(set_aside::work.eq(work.as_str()))
        .filter(
            set_aside::dismissed_at
                .is_not_null()
                .or(set_aside::passed_by.like(pattern)),
        )
        .select(set_aside::dossier_id)
        .load(conn)?;
    Ok(ids
        .iter()
        .filter_map(|id| DossierId::from_slice(id))
        .collect())
}

/// A dossier that is set aside, as an administrator sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub work: Work,
    pub dossier: DossierId,
    /// Absent where the dossier's row is gone.
    pub case_number: Option<String>,
    pub error: String,
    pub since: Moment,
    pub last_at: Moment,
    pub tries: u32,
    pub dismissed_at: Option<Moment>,
}

/// What is set aside, the newest first.
pub fn list(conn: &mut Conn, limit: u32) -> Result<Vec<Entry>, StoreError> {
    type Row = (
        String,
        Vec<u8>,
        Option<String>,
        String,
        i64,
        i64,
        i32,
        Option<i64>,
    );
    let rows: Vec<Row> = set_aside::table
        .left_join(dossiers::table.on(dossiers::id.eq(set_aside::dossier_id)))
        .order((
            set_aside::since.desc(),
            set_aside::dossier_id,
            set_aside::work,
        ))
        .select((
            set_aside::work,
            set_aside::dossier_id,
            dossiers::case_number.nullable(),
            set_aside::error,
            set_aside::since,
            set_aside::last_at,
            set_aside::tries,
            set_aside::dismissed_at,
        ))
        .limit(i64::from(limit))
        .load(conn)?;
    let entry = |(work, dossier, case_number, error, since, last, tries, dismissed): Row| {
        Some(Entry {
            work: work.parse().ok()?,
            dossier: DossierId::from_slice(&dossier)?,
            case_number,
            error,
            since: Moment::from_unix_millis(since),
            last_at: Moment::from_unix_millis(last),
            tries: u32::try_from(tries).unwrap_or(0),
            dismissed_at: dismissed.map(Moment::from_unix_millis),
        })
    };
    Ok(rows.into_iter().filter_map(entry).collect())
}

/// How many dossiers each work has set aside; without those that somebody has dismissed.
pub fn count(conn: &mut Conn) -> Result<BTreeMap<Work, i64>, StoreError> {
    let mut counts: BTreeMap<Work, i64> = Work::ALL.into_iter().map(|work| (work, 0)).collect();
    let rows: Vec<(String, i64)> = set_aside::table
        .filter(set_aside::dismissed_at.is_null())
        .group_by(set_aside::work)
        .select((set_aside::work, diesel::dsl::count_star()))
        .load(conn)?;
    for (work, count) in rows {
        if let Ok(work) = work.parse::<Work>() {
            counts.insert(work, count);
        }
    }
    Ok(counts)
}

/// Has the work tried again in its next round. Returns whether the dossier was set aside.
pub fn retry(conn: &mut Conn, work: Work, dossier: DossierId) -> Result<bool, StoreError> {
    let row = set_aside::table.find((work.as_str(), dossier.bytes().to_vec()));
    let changed = diesel::update(row)
        .set((
            set_aside::passed_by.eq(" "),
            set_aside::dismissed_at.eq(None::<i64>),
        ))
        .execute(conn)?;
    if changed > 0 && work == Work::Recompute {
        recompute_again(conn)?;
    }
    Ok(changed > 0)
}

/// Leaves a dossier alone for good. Of events that wait to be told of nobody is told any more; a later
/// one is a new matter. Returns whether it was set aside.
pub fn dismiss(
    conn: &mut Conn,
    work: Work,
    dossier: DossierId,
    now: Moment,
) -> Result<bool, StoreError> {
    let row = set_aside::table.find((work.as_str(), dossier.bytes().to_vec()));
    let changed = match work {
        Work::Announce => {
            // First, as whoever tells of events does: they take this row away after it.
            Lock::Sealing.exclusive(conn)?;
            let changed = diesel::delete(row).execute(conn)?;
            if changed > 0 {
                unannounced::drop_all(conn, dossier)?;
            }
            changed
        }
        _ => diesel::update(row)
            .set(set_aside::dismissed_at.eq(Some(now.unix_millis())))
            .execute(conn)?,
    };
    alarms::clear(conn, alarms::Kind::Damaged, &work.alarm(dossier))?;
    Ok(changed > 0)
}

/// What a program of this version passed over is tried again by one that has just started.
pub fn begin_anew(conn: &mut Conn) -> Result<(), StoreError> {
    let passed = set_aside::table
        .filter(set_aside::dismissed_at.is_null())
        .filter(set_aside::passed_by.like(format!("%{PROGRAM}%")));
    let works: Vec<String> = passed.select(set_aside::work).distinct().load(conn)?;
    if works.is_empty() {
        return Ok(());
    }
    diesel::sql_query(format!(
        "update set_aside set passed_by = replace(passed_by, '{PROGRAM}', ' ') \
         where dismissed_at is null"
    ))
    .execute(conn)?;
    if works.iter().any(|work| work == Work::Recompute.as_str()) {
        recompute_again(conn)?;
    }
    Ok(())
}

/// Has all due moments recomputed once more, those that were passed over among them.
fn recompute_again(conn: &mut Conn) -> Result<(), StoreError> {
    jobs::ask(conn, Kind::DueMoments, &[], None, crate::clock::now()).map(drop)
}
