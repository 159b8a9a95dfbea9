//! Changes of counts go into the roll-ups.

use crate::error::Error;
use crate::store::{Store, tallies};

const FOLD: u32 = 2000;

/// Folds all changes of counts that are waiting into the roll-ups.
pub fn fold(store: &Store) -> Result<usize, Error> {
    let mut folded = 0;
    loop {
        let count = store.write_with_reference(|conn, reference| {
            tallies::fold(conn, reference, FOLD).map_err(Error::from)
        })?;
        folded += count;
        if count < FOLD as usize {
            return Ok(folded);
        }
    }
}
