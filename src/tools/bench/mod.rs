//! `motcua bench`: how fast the program is, beside what limits it, in the same run.
//!
//! The server is the real one, in a process of its own, over databases with the province's dossiers.
//! Every case gives a line: what was measured, the limit beside it, their ratio and its goal.

mod http;
mod lists;
mod office;
mod outbox;
mod pages;
mod process;
mod rates;
mod reads;
mod receipts;
mod receive;

use std::path::PathBuf;
use std::time::Duration;

use serde::Serialize;

use crate::tools::ToolError;
use crate::tools::bench::office::Office;
use crate::tools::scenario::Figures;

/// What to measure, and on what.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where the SQLite databases are, or are made.
    pub folder: PathBuf,
    /// A PostgreSQL server on which databases may be made; without it only SQLite is measured.
    pub postgres: Option<String>,
    /// What the databases are filled with.
    pub figures: Figures,
    /// How many times as much.
    pub scales: Vec<u32>,
    /// How long each case is measured.
    pub time: Duration,
    /// Only cases whose name contains this.
    pub only: Option<String>,
}

/// A measurement beside its limit.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Line {
    pub case: String,
    /// `sqlite` or `postgres`.
    pub database: &'static str,
    /// About how many there were.
    pub dossiers: u64,
    pub value: f64,
    pub unit: &'static str,
    /// What it is held against, in the same unit.
    pub limit: Option<f64>,
    /// How near it comes: never better than the limit where the limit is the machine's.
    pub ratio: Option<f64>,
    pub goal: Option<f64>,
    pub p99_ms: Option<f64>,
}

impl Line {
    /// Whether it does as well as it should.
    pub fn is_met(&self) -> Option<bool> {
        Some(self.ratio? >= self.goal?)
    }
}

/// Measures, telling each line as it comes.
///
/// # Errors
/// If a database cannot be made or the server does not start.
pub fn run(options: &Options, mut tell: impl FnMut(&Line)) -> Result<Vec<Line>, ToolError> {
    let mut lines: Vec<Line> = Vec::new();
    for place in office::places(options) {
        for scale in &options.scales {
            let wanted = |case: &str| {
                let only = options.only.as_deref();
                only.is_none_or(|only| case.contains(only))
            };
            let office = Office::open(options, &place, *scale)?;
            let mut add = |new: Vec<Line>| {
                new.iter().for_each(&mut tell);
                lines.extend(new);
            };
            if wanted("rates") {
                add(rates::measure(&office)?);
            }
            if wanted("process") {
                add(process::start(&office)?);
            }
            let server = office.serve()?;
            let at_rest = server.resident_mib()?;
            if wanted("reads") {
                add(reads::measure(&office, &server, options.time)?);
            }
            if wanted("lists") {
                add(lists::measure(&office, &server, options.time)?);
            }
            if wanted("pages") {
                add(pages::measure(&office, &server, options.time)?);
            }
            let received = if wanted("receive") {
                Some(receive::measure(&office, &server, options.time)?)
            } else {
                None
            };
            if wanted("outbox") {
                add(outbox::measure(&office, &server, options.time)?);
            }
            if wanted("process") {
                add(process::memory(&office, &server, at_rest)?);
            }
            drop(server);
            if let Some(received) = received {
                add(receive::beside(&office, &received, options.time)?);
            }
        }
    }
    lists::compare(&mut lines);
    Ok(lines)
}
