//! How reports are printed.

use std::io::{IsTerminal, Write};

use crate::render::sheet::Sheet;
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
    ensure_printable(format)?;
    let output = match format {
        Format::Json => render::pretty_json(&report.json())?.into_bytes(),
        format => report.render(format)?,
    };
    write(&output)
}

/// Prints a table to standard output, in one of the forms that are made of a sheet.
///
/// # Errors
/// As [`write`]; that there is no such form of it.
pub(super) fn print_sheet(format: Format, sheet: &Sheet) -> Result<(), Box<dyn std::error::Error>> {
    ensure_printable(format)?;
    let bytes = render::of_sheet(sheet, format)?;
    write(&bytes.ok_or("bảng này không có dạng json")?)
}

/// A workbook is nothing for a terminal.
fn ensure_printable(format: Format) -> Result<(), &'static str> {
    match format {
        Format::Xlsx if std::io::stdout().is_terminal() => {
            Err("bảng tính là tệp nhị phân: hãy ghi vào tệp, ví dụ > bao-cao.xlsx")
        }
        _ => Ok(()),
    }
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
