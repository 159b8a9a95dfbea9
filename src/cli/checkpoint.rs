//! `motcua checkpoint`: what vouches for the log, as it is now.

use std::process::ExitCode;

use clap::Parser;

use super::Outcome;
use crate::config::Config;
use crate::store::Store;
use crate::transparency::{self, LogKey};

#[derive(Parser)]
pub(super) struct Args {
    /// In khóa công khai của nhật ký thay cho điểm chốt.
    #[arg(long)]
    key: bool,
}

pub(super) fn run(args: &Args, config: &Config, store: &Store) -> Outcome {
    let now = crate::clock::now();
    let key = LogKey::open(store, &config.log, now)?;
    if args.key {
        super::output::write(format!("{}\n", key.public()).as_bytes())?;
        return Ok(ExitCode::SUCCESS);
    }
    transparency::seal_all(store)?;
    let note = transparency::sign(store, &key, now)?;
    super::output::write(note.as_bytes())?;
    Ok(ExitCode::SUCCESS)
}
