//! `motcua privacy`: who has read whose identity number.

use std::process::ExitCode;

use chrono::NaiveDate;
use clap::Subcommand;

use crate::acts::privacy::{Readings, export_readings};
use crate::cli::{Outcome, date};
use crate::domain::case_number::CaseNumber;
use crate::store::Store;

#[derive(Subcommand)]
pub(super) enum Args {
    /// Ai đã xem số định danh của ai, khi nào (CSV: at,username,full_name,case_number,person); việc xuất được ghi vào nhật
    /// ký, số định danh không in ra.
    Readings {
        #[arg(long, value_parser = date)]
        from: NaiveDate,
        /// Kể cả ngày này.
        #[arg(long, value_parser = date)]
        to: NaiveDate,
        /// Chỉ của hồ sơ này.
        #[arg(long, value_name = "MÃ")]
        dossier: Option<String>,
    },
}

pub(super) fn run(args: &Args, store: &Store) -> Outcome {
    let Args::Readings { from, to, dossier } = args;
    let dossier = dossier.as_deref().map(CaseNumber::parse).transpose()?;
    let asked = Readings {
        from: *from,
        to: *to,
        dossier,
    };
    let readings = export_readings(store, &asked, crate::clock::now())?;
    let mut csv = csv::Writer::from_writer(Vec::new());
    for reading in &readings {
        csv.serialize(reading)?;
    }
    crate::cli::output::write(&csv.into_inner()?)?;
    eprintln!("motcua: {} lượt xem", readings.len());
    Ok(ExitCode::SUCCESS)
}
