//! `motcua clock`: whether the machine's clock is believed, and vouching for it.

use std::process::ExitCode;

use clap::Subcommand;

use crate::cli::Outcome;
use crate::clock;
use crate::store::{Store, StoreError, settings};

#[derive(Subcommand)]
pub(super) enum Args {
    /// Xác nhận đồng hồ của máy đang đúng; máy chủ đang chạy nghe theo trong vài giây.
    Accept,
    /// Cho biết đồng hồ có được tin không; thoát với mã khác 0 nếu không.
    Check,
}

pub(super) fn run(args: &Args, store: &Store) -> Outcome {
    if matches!(args, Args::Accept) {
        accept(store)?;
    }
    clock::check()?;
    println!(
        "đồng hồ đúng: {}",
        crate::render::words::moment(clock::now())
    );
    Ok(ExitCode::SUCCESS)
}

/// Vouches for the clock, for this process and for those that use the database.
pub(super) fn accept(store: &Store) -> Result<(), StoreError> {
    clock::accept();
    store.write(|conn| settings::note_use(conn, clock::now(), true))
}

/// Holds the clock against what the database says, as a process begins.
pub(super) fn begin(store: &Store) -> Result<(), StoreError> {
    let (last_used, server) = store.clocks()?;
    if let Some(last_used) = last_used {
        clock::begin(last_used);
    }
    clock::compare(last_used, server);
    Ok(())
}
