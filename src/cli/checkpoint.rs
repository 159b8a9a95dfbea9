//! `motcua checkpoint`: what vouches for the log, as it is now.

use std::process::ExitCode;

use clap::Parser;

use crate::acts::log_key::LogKey;
use crate::cli::Outcome;
use crate::config::Config;
use crate::store::Store;
use crate::{acts, jobs};

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
        crate::cli::output::write(format!("{}\n", key.public()).as_bytes())?;
        return Ok(ExitCode::SUCCESS);
    }
    jobs::seal::seal_all(store)?;
    let note = acts::checkpoint::sign(store, &key, now)?;
    crate::cli::output::write(note.as_bytes())?;
    Ok(ExitCode::SUCCESS)
}
