//! The time that this process believes.
//!
//! The machine's clock can jump (a wrong correction, a dead battery, a hand). What was written under a
//! wrong time cannot be taken back, so the clock is held against the time since the machine started,
//! which nobody sets, and at start against when this database was last in use. Until a jump is
//! believed, [`now`] goes on as if it had not been, and [`check`] says so: nothing is written, so
//! nothing is marked, ended or forgotten by a wrong time.

use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

use crate::domain::moment::Moment;

const SECOND: i64 = 1000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// Clocks are corrected by so much all the time.
const TOLERANCE: i64 = 30 * SECOND;
/// A clock that goes back by no more harms nobody: time goes on from what it was.
const HARMLESS_BACK: i64 = HOUR + TOLERANCE;
/// A jump of no more than a day is believed once the clock has stood by it for [`STANDS`]: a machine
/// that slept, a correction after a start.
const BELIEVED: i64 = DAY;
const STANDS: i64 = 2 * MINUTE;
/// For how long a database may lie unused before somebody has to say that the clock is right.
const UNUSED: i64 = 14 * DAY;
/// How far ahead of the database server's clock ours may be.
const AHEAD_OF_DATABASE: i64 = MINUTE;

/// The clock cannot be believed; nothing is written until it can.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "đồng hồ của máy chủ chỉ {shown}, lệch {} so với thời điểm đúng ({expected}); chưa ghi gì cho đến khi \
     đồng hồ đúng lại. Nếu đồng hồ đang đúng: motcua clock accept",
    words(*.shown, *.expected)
)]
pub struct Trouble {
    /// What the clock shows.
    pub shown: Moment,
    /// What it ought to show.
    pub expected: Moment,
}

fn words(shown: Moment, expected: Moment) -> String {
    let by = (shown.unix_millis() - expected.unix_millis()).abs();
    match by {
        by if by >= DAY => format!("{} ngày", by / DAY),
        by if by >= HOUR => format!("{} giờ", by / HOUR),
        by if by >= MINUTE => format!("{} phút", by / MINUTE),
        by => format!("{} giây", by / SECOND),
    }
}

/// A line of time that is believed: at `since` on the machine's uncorrected clock it was `time`.
#[derive(Debug, Clone, Copy)]
struct Line {
    time: i64,
    since: i64,
    /// Whether a jump from here may be believed by itself.
    may_settle: bool,
}

/// Unix milliseconds throughout.
#[derive(Debug, Default)]
struct Guard {
    line: Option<Line>,
    /// Where the clock has jumped to, as its distance from the line, and since when it stands there.
    jumped: Option<(i64, i64)>,
    /// How far the database server's clock is behind ours, if too far.
    ahead_of_database: Option<i64>,
}

impl Guard {
    fn follow(&mut self, wall: i64, up: i64) {
        self.line = Some(Line {
            time: wall,
            since: up,
            may_settle: true,
        });
        self.jumped = None;
    }

    /// What time it is, and the trouble if the clock cannot be believed.
    fn look(&mut self, wall: i64, up: i64) -> (i64, Option<Trouble>) {
        let Some(line) = self.line else {
            self.follow(wall, up);
            return (wall, None);
        };
        let expected = line.time + (up - line.since);
        let off = wall - expected;
        let trouble = |expected| Trouble {
            shown: Moment::from_unix_millis(wall),
            expected: Moment::from_unix_millis(expected),
        };
        if off.abs() <= TOLERANCE {
            self.follow(wall, up);
            let behind = self.ahead_of_database;
            return match behind {
                Some(behind) => (wall - behind, Some(trouble(wall - behind))),
                None => (wall, None),
            };
        }
        let since = match self.jumped {
            Some((to, since)) if (to - off).abs() <= TOLERANCE => since,
            _ => {
                self.jumped = Some((off, up));
                up
            }
        };
        let stands = up - since >= STANDS;
        if stands && off.abs() <= BELIEVED && line.may_settle && self.ahead_of_database.is_none() {
            tracing::warn!(
                by_seconds = off / SECOND,
                "the clock was changed; it is believed now"
            );
            self.follow(wall, up);
            return (wall, None);
        }
        match off {
            ..0 if -off <= HARMLESS_BACK => (expected, None),
            _ => (expected, Some(trouble(expected))),
        }
    }

    /// Holds the clock against when the database was last in use.
    fn begin(&mut self, last_used: i64, wall: i64, up: i64) {
        let off = wall - last_used;
        self.jumped = None;
        self.line = Some(match off {
            0..=UNUSED => Line {
                time: wall,
                since: up,
                may_settle: true,
            },
            // Behind: a machine that has not asked for the time yet. Ahead: nobody can tell.
            _ => Line {
                time: last_used,
                since: up,
                may_settle: off < 0,
            },
        });
    }
}

static GUARD: LazyLock<Mutex<Guard>> = LazyLock::new(Mutex::default);

fn guard() -> MutexGuard<'static, Guard> {
    // What is inside is whole after every statement.
    GUARD.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What the machine's clock shows.
fn wall() -> i64 {
    chrono::Utc::now().timestamp_millis()
}

/// The time since the machine started, sleep included; nobody sets it.
fn up() -> i64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
    time.tv_sec * 1000 + time.tv_nsec / 1_000_000
}

/// The present moment. While the clock cannot be believed, what it ought to show.
pub fn now() -> Moment {
    Moment::from_unix_millis(guard().look(wall(), up()).0)
}

/// Whether the clock can be believed.
///
/// # Errors
/// If it has jumped, or is not where it ought to be since the database was last in use.
pub fn check() -> Result<(), Trouble> {
    match guard().look(wall(), up()).1 {
        Some(trouble) => Err(trouble),
        None => Ok(()),
    }
}

/// Holds the clock against when the database was last in use; for the start of a process.
pub fn begin(last_used: Moment) {
    guard().begin(last_used.unix_millis(), wall(), up());
}

/// Somebody vouches for the clock as it is.
pub fn accept() {
    let mut guard = guard();
    guard.ahead_of_database = None;
    guard.follow(wall(), up());
}

/// Holds the clock against what the database says: when it was last in use, by whoever uses it, and
/// what its own server's clock shows.
pub fn compare(last_used: Option<Moment>, server: Option<Moment>) {
    let (wall, up) = (wall(), up());
    let mut guard = guard();
    let ahead = server.map(|server| wall - server.unix_millis());
    guard.ahead_of_database = ahead.filter(|ahead| *ahead > AHEAD_OF_DATABASE);
    // Only those whose clock is believed say when it was in use: somebody has vouched for this time.
    let vouched = last_used.is_some_and(|at| (wall - at.unix_millis()).abs() <= 2 * MINUTE);
    if vouched && guard.ahead_of_database.is_none() && guard.look(wall, up).1.is_some() {
        guard.follow(wall, up);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: i64 = 1_795_000_000_000;

    /// The clock off by `off` at `up` after the start.
    fn look(guard: &mut Guard, up: i64, off: i64) -> (i64, bool) {
        let (now, trouble) = guard.look(START + up + off, up);
        (now - START - up, trouble.is_some())
    }

    fn started() -> Guard {
        let mut guard = Guard::default();
        guard.begin(START - HOUR, START, 0);
        guard
    }

    #[test]
    fn a_jump_ahead_is_not_followed_until_it_stands_and_not_at_all_if_it_is_far() {
        let mut guard = started();
        assert_eq!(look(&mut guard, SECOND, 35 * DAY), (0, true));
        assert_eq!(look(&mut guard, HOUR, 35 * DAY), (0, true));
        assert_eq!(look(&mut guard, HOUR + SECOND, 0), (0, false));
        assert_eq!(look(&mut guard, 2 * HOUR, 5 * HOUR), (0, true));
        let stands = 2 * HOUR + STANDS;
        assert_eq!(look(&mut guard, stands, 5 * HOUR), (5 * HOUR, false));
    }

    #[test]
    fn a_clock_that_goes_back_a_little_stops_nobody() {
        let mut guard = started();
        assert_eq!(look(&mut guard, SECOND, -2 * SECOND), (-2 * SECOND, false));
        assert_eq!(look(&mut guard, MINUTE, 0), (0, false));
        assert_eq!(look(&mut guard, HOUR, -HOUR), (0, false));
        assert_eq!(look(&mut guard, HOUR + SECOND, 0), (0, false));
        assert_eq!(look(&mut guard, 2 * HOUR, -30 * DAY), (0, true));
    }

    #[test]
    fn a_start_is_held_against_the_last_use() {
        let mut guard = Guard::default();
        guard.begin(START - 9 * DAY, START, 0);
        assert_eq!(look(&mut guard, 0, 0), (0, false));
        // A month unused, or a clock that is a month ahead: somebody has to say.
        guard.begin(START - 35 * DAY, START, 0);
        assert_eq!(look(&mut guard, HOUR, 0), (-35 * DAY, true));
        guard.follow(START + 2 * HOUR, 2 * HOUR);
        assert_eq!(look(&mut guard, 3 * HOUR, 0), (0, false));
        // A machine that starts in 1970 and is corrected after a minute.
        guard.begin(START - 8 * HOUR, START - 50 * 365 * DAY, 0);
        assert!(look(&mut guard, SECOND, -50 * 365 * DAY).1);
        assert!(look(&mut guard, MINUTE, 0).1);
        assert_eq!(look(&mut guard, MINUTE + STANDS, 0), (0, false));
    }
}
