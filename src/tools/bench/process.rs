//! How quickly the server is there, and how much memory it takes.

use std::time::Instant;

use crate::tools::ToolError;
use crate::tools::bench::Line;
use crate::tools::bench::office::{Office, Server};

/// From the start of the process until it listens.
pub(crate) fn start(office: &Office) -> Result<Vec<Line>, ToolError> {
    let mut best = f64::MAX;
    for _ in 0..3 {
        let begun = Instant::now();
        let server = office.serve()?;
        best = best.min(begun.elapsed().as_secs_f64());
        drop(server);
    }
    Ok(vec![Line {
        limit: Some(1.0),
        ratio: Some(1.0 / best),
        goal: Some(1.0),
        ..office.line("start-up", best, "s")
    }])
}

const MOST_MIB: f64 = 150.0;

/// Resident memory after the start, and the most under all the load before.
pub(crate) fn memory(
    office: &Office,
    server: &Server,
    at_rest: f64,
) -> Result<Vec<Line>, ToolError> {
    let line = |case: &str, value: f64| Line {
        limit: Some(MOST_MIB),
        ratio: Some(MOST_MIB / value),
        goal: Some(1.0),
        ..office.line(case, value, "MiB")
    };
    Ok(vec![
        line("memory at rest", at_rest),
        line("memory under load", server.most_mib()?),
    ])
}
