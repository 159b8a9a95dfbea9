//! JSON: a report's own structs, from which its OpenAPI schema comes as well.

use serde::Serialize;

/// In one line, as the API answers.
///
/// # Errors
/// If the value cannot be written as JSON.
pub fn json(report: &impl Serialize) -> Result<String, serde_json::Error> {
    serde_json::to_string(report)
}

/// Indented and ended by a line feed, as the command line prints.
///
/// # Errors
/// If the value cannot be written as JSON.
pub fn pretty_json(report: &impl Serialize) -> Result<String, serde_json::Error> {
    Ok(serde_json::to_string_pretty(report)? + "\n")
}
