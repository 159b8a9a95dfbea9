//! How reports are printed.

use std::io::Write;

use crate::render::{self, Format};
use crate::reports::Report;

/// Prints a report to standard output.
///
/// # Errors
/// As [`write`].
pub(super) fn print(
    format: Format,
    report: &impl Report,
) -> Result<(), Box<dyn std::error::Error>> {
    let output = match format {
        Format::Json => render::pretty_json(&report.json())?,
        format => report.render(format)?,
    };
    write(output.as_bytes())
}

/// Writes to standard output. A reader that goes away (`| head`) is no error.
///
/// # Errors
/// If standard output cannot be written to for another reason.
pub(super) fn write(bytes: &[u8]) -> Result<(), Box<dyn std::error::Error>> {
    match std::io::stdout().lock().write_all(bytes) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}
