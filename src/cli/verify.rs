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
    let mut text = String::new();
    for finding in &found.findings {
        text += &format!("{finding}\n");
    }
    if found.total > found.findings.len() {
        let more = found.total - found.findings.len();
        text += &format!("… và {more} sai lệch khác\n");
    }
    text += &format!(
        "đã kiểm tra {} hồ sơ, {} sự kiện: {}\n",
        crate::words::number(found.dossiers),
        crate::words::number(found.events),
        match found.total {
            0 => "không có sai lệch".to_owned(),
            n => format!("{n} sai lệch"),
        }
    );
    super::output::write(text.as_bytes())?;
    Ok(if found.total == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
