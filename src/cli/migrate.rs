//! `motcua migrate`: brings the schema up to date, as the owner of the tables.

use std::process::ExitCode;

use super::Outcome;
use crate::store::Store;

pub(super) fn run(store: &Store) -> Outcome {
    super::output::write(format!("{}: lược đồ đã là bản mới nhất\n", store.url()).as_bytes())?;
    Ok(ExitCode::SUCCESS)
}
