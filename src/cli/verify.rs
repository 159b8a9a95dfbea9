//! `motcua verify`.

use std::process::ExitCode;

use clap::Parser;

use super::Outcome;
use crate::store::Store;
use crate::verify;

#[derive(Parser)]
pub(super) struct Args {
    /// Số sai lệch in ra nhiều nhất.
    #[arg(long, default_value_t = 100)]
    most: usize,
}

pub(super) fn run(args: &Args, store: &Store) -> Outcome {
    let found = verify::verify(store, args.most)?;
    for finding in &found.findings {
        println!("{finding}");
    }
    if found.total > found.findings.len() {
        println!("… và {} sai lệch khác", found.total - found.findings.len());
    }
    println!(
        "đã kiểm tra {} hồ sơ, {} sự kiện: {}",
        crate::words::number(found.dossiers),
        crate::words::number(found.events),
        match found.total {
            0 => "không có sai lệch".to_owned(),
            n => format!("{n} sai lệch"),
        }
    );
    Ok(if found.total == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
