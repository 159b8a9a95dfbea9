//! What has ended and would only pile up.

use crate::domain::moment::Moment;
use crate::error::Error;
use crate::store::{
    Conn, Store, StoreError, devices, drafts, idempotency, jobs, last_seen, oidc_logins,
    rate_limits, sessions, submissions,
};

use crate::views::seen::KEPT_MILLIS;

/// How long an Idempotency-Key is remembered.
const KEYS_MILLIS: i64 = 7 * 24 * 3_600_000;

/// How long a job that is done can be looked up.
const JOBS_MILLIS: i64 = 90 * 24 * 3_600_000;

/// How many rows are forgotten in one transaction.
const FORGOTTEN: u32 = 500;

/// Forgets what has ended and would only pile up.
pub fn forget(store: &Store, now: Moment) -> Result<usize, Error> {
    type Forget = fn(&mut Conn, Moment, u32) -> Result<usize, StoreError>;
    let all: [(Forget, Moment); 9] = [
        (sessions::forget, now),
        (rate_limits::forget, now),
        (devices::forget, now),
        (oidc_logins::forget, now),
        (submissions::forget, now),
        (drafts::forget, now),
        (idempotency::forget, now.plus_millis(-KEYS_MILLIS)),
        (jobs::forget, now.plus_millis(-JOBS_MILLIS)),
        (last_seen::forget, now.plus_millis(-KEPT_MILLIS)),
    ];
    let mut forgotten = 0;
    for (forget, before) in all {
        loop {
            let count = store.write(move |conn| forget(conn, before, FORGOTTEN))?;
            forgotten += count;
            if count < FORGOTTEN as usize {
                break;
            }
        }
    }
    Ok(forgotten)
}
