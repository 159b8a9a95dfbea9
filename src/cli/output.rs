//! The forms in which reports are printed.

use std::io::Write;

use clap::ValueEnum;
use serde::Serialize;

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// Văn bản tiếng Việt.
    Text,
    Csv,
    Json,
}

/// Prints to standard output. A reader that goes away (`| head`) is no error.
///
/// # Errors
/// If standard output cannot be written to for another reason.
pub(super) fn print(
    format: Format,
    text: impl FnOnce() -> String,
    csv: impl FnOnce() -> String,
    json: &impl Serialize,
) -> Result<(), Box<dyn std::error::Error>> {
    let output = match format {
        Format::Text => text(),
        Format::Csv => csv(),
        Format::Json => serde_json::to_string_pretty(json)? + "\n",
    };
    write(output.as_bytes())
}

pub(super) fn write(bytes: &[u8]) -> Result<(), Box<dyn std::error::Error>> {
    match std::io::stdout().lock().write_all(bytes) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}
