//! Limits against guessing and abuse, counted in the database so that they hold over several
//! instances.
//!
//! The generic cell rate algorithm, one number a key: each attempt counts for a span of time, and
//! the spans queue up behind each other. As long as the queue is no longer than the burst allows,
//! the next attempt may come; it empties by itself as time goes by.

use std::time::Duration;

use diesel::prelude::*;

use crate::domain::moment::Moment;
use crate::store::schema::attempts;
use crate::store::{Conn, Store, StoreError};

/// How many attempts at once, and how long each counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    pub burst: u32,
    pub each: Duration,
}

impl Limit {
    /// When the next attempt may come, if not now.
    pub fn wait(self, counts_to: Moment, now: Moment) -> Option<Moment> {
        let each = i64::try_from(self.each.as_millis()).unwrap_or(i64::MAX);
        let room = each.saturating_mul(i64::from(self.burst) - 1);
        let free = counts_to.plus_millis(-room);
        (free > now).then_some(free)
    }

    fn after_one_more(self, counts_to: Moment, now: Moment) -> Moment {
        let each = i64::try_from(self.each.as_millis()).unwrap_or(i64::MAX);
        counts_to.max(now).plus_millis(each)
    }
}

fn counts_to(conn: &mut Conn, key: &str) -> Result<Option<Moment>, StoreError> {
    let millis: Option<i64> = attempts::table
        .find(key)
        .select(attempts::counts_to)
        .first(conn)
        .optional()?;
    Ok(millis.map(Moment::from_unix_millis))
}

/// When the next attempt under `key` may come, if not now. Counts nothing.
pub fn wait(
    conn: &mut Conn,
    key: &str,
    limit: Limit,
    now: Moment,
) -> Result<Option<Moment>, StoreError> {
    let counts_to = counts_to(conn, key)?;
    Ok(counts_to.and_then(|counts_to| limit.wait(counts_to, now)))
}

/// Counts an attempt under `key`, or says when the next may come; then it is not counted.
pub fn count(
    conn: &mut Conn,
    key: &str,
    limit: Limit,
    now: Moment,
) -> Result<Option<Moment>, StoreError> {
    // Takes the key's row, or its place, so that two attempts at once count twice.
    let row = (
        attempts::key.eq(key),
        attempts::counts_to.eq(now.unix_millis()),
    );
    match conn {
        Conn::Sqlite(conn) => {
            diesel::insert_or_ignore_into(attempts::table)
                .values(row)
                .execute(conn)?;
        }
        Conn::Postgres(conn) => {
            diesel::insert_into(attempts::table)
                .values(row)
                .on_conflict(attempts::key)
                .do_update()
                .set(attempts::key.eq(key))
                .execute(conn)?;
        }
    }
    let before = counts_to(conn, key)?.unwrap_or(now);
    if let Some(free) = limit.wait(before, now) {
        return Ok(Some(free));
    }
    let after = limit.after_one_more(before, now);
    diesel::update(attempts::table.find(key))
        .set(attempts::counts_to.eq(after.unix_millis()))
        .execute(conn)?;
    Ok(None)
}

/// Counts an attempt under each of the keys in turn, or says when the next may come. What is counted
/// under those before the one that is full stays counted: what is refused counts too.
pub fn count_each(
    conn: &mut Conn,
    keys: &[(String, Limit)],
    now: Moment,
) -> Result<Option<Moment>, StoreError> {
    for (key, limit) in keys {
        if let Some(until) = count(conn, key, *limit, now)? {
            return Ok(Some(until));
        }
    }
    Ok(None)
}

impl Store {
    /// The same in a transaction of its own, before whatever is tried is looked at. Where a key is full
    /// already, that is read and nothing is written, so that who keeps trying takes nobody's turn.
    pub fn count_attempt(
        &self,
        keys: Vec<(String, Limit)>,
        now: Moment,
    ) -> Result<Option<Moment>, StoreError> {
        let full = self.read(|conn| {
            for (key, limit) in &keys {
                if let Some(until) = wait(conn, key, *limit, now)? {
                    return Ok(Some(until));
                }
            }
            Ok::<_, StoreError>(None)
        })?;
        match full {
            Some(until) => Ok(Some(until)),
            None => self.write(move |conn| count_each(conn, &keys, now)),
        }
    }
}

/// Takes everything back that was counted under `key`.
pub fn clear(conn: &mut Conn, key: &str) -> Result<(), StoreError> {
    diesel::delete(attempts::table.find(key)).execute(conn)?;
    Ok(())
}

/// Takes one attempt back.
pub fn uncount(conn: &mut Conn, key: &str, limit: Limit) -> Result<(), StoreError> {
    let each = i64::try_from(limit.each.as_millis()).unwrap_or(i64::MAX);
    diesel::update(attempts::table.find(key))
        .set(attempts::counts_to.eq(attempts::counts_to - each))
        .execute(conn)?;
    Ok(())
}

/// Forgets what does not count any more.
pub fn forget(conn: &mut Conn, now: Moment, limit: u32) -> Result<usize, StoreError> {
    let condition = format!("counts_to <= {}", now.unix_millis());
    crate::store::delete_some(conn, "attempts", "key", &condition, limit)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// However attempts are spread, no more than the burst and what time has freed get through.
        #[test]
        fn no_more_than_promised(gaps in proptest::collection::vec(0_i64..5_000, 1..200)) {
            let limit = Limit { burst: 5, each: Duration::from_secs(1) };
            let (mut now, mut counts_to) = (Moment::from_unix_millis(0), Moment::from_unix_millis(0));
            let mut passed = Vec::new();
            for gap in gaps {
                now = now.plus_millis(gap);
                if limit.wait(counts_to, now).is_none() {
                    counts_to = limit.after_one_more(counts_to, now);
                    passed.push(now);
                }
            }
            for (i, first) in passed.iter().enumerate() {
                for (count, last) in passed[i..].iter().enumerate() {
                    let span = last.unix_millis() - first.unix_millis();
                    prop_assert!(count as i64 <= 4 + span / 1_000 + 1, "{count} in {span} ms");
                }
            }
        }
    }

    #[test]
    fn the_burst_passes_and_then_one_a_span() {
        let limit = Limit {
            burst: 3,
            each: Duration::from_secs(60),
        };
        let start = Moment::from_unix_millis(0);
        let mut counts_to = start;
        for _ in 0..3 {
            assert_eq!(limit.wait(counts_to, start), None);
            counts_to = limit.after_one_more(counts_to, start);
        }
        assert_eq!(
            limit.wait(counts_to, start),
            Some(start.plus_millis(60_000))
        );
        assert_eq!(limit.wait(counts_to, start.plus_millis(60_000)), None);
    }
}
