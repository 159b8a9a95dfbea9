//! The forms in which reports are printed.

use std::io::Write;

use clap::ValueEnum;

use crate::reports::Report;

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// Văn bản tiếng Việt.
    Text,
    Csv,
    Json,
}

/// Prints a report to standard output.
///
/// # Errors
/// As [`write`].
pub(super) fn print(
    format: Format,
    report: &impl Report,
) -> Result<(), Box<dyn std::error::Error>> {
    let output = match format {
        Format::Text => report.to_text(),
        Format::Csv => report.to_csv(),
        Format::Json => serde_json::to_string_pretty(report)? + "\n",
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
