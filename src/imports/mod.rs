//! Bringing units, successions, procedures, the portal's codes of fields and the calendar in from files.
//!
//! An import is all or nothing: it names every wrong place at once and then changes nothing, or
//! it is one transaction. Running it twice changes nothing the second time.

mod calendar;
mod field_codes;
mod norms;
pub mod portal;
mod procedures;
mod successions;
mod table;
mod units;
mod workbook;

pub(crate) use crate::imports::calendar::put as put_calendar;
pub use crate::imports::calendar::{calendar, read_calendar, whole_calendar};
pub use crate::imports::field_codes::field_codes;
pub use crate::imports::norms::norms;
pub use crate::imports::procedures::{Catalogue, Dating, procedures, procedures_dated};
pub(crate) use crate::imports::procedures::{
    check_against as check_procedures, put as put_procedures, withdraw as withdraw_procedure,
};
pub use crate::imports::successions::successions;
pub(crate) use crate::imports::units::put_file as put_units;
pub use crate::imports::units::{Reform, UnitsOptions, reform, units};

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::domain::ids::Actor;
use crate::error::Error;
use crate::imports::portal::WrongPlace;
use crate::store::admin_acts::{self, ActKind};
use crate::store::{Conn, StoreError, WriteFailure, settings};

/// Something wrong in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wrong {
    /// Counted from 1; the head of a CSV file is line 1. 0 for what is no single line's.
    pub line: u64,
    /// The column of a CSV file, or the JSON pointer of a field; empty for the whole line.
    pub column: String,
    pub reason: String,
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            line,
            column,
            reason,
        } = self;
        if *line == 0 {
            f.write_str(reason)
        } else if column.is_empty() {
            write!(f, "dòng {line}: {reason}")
        } else {
            write!(f, "dòng {line}, {column}: {reason}")
        }
    }
}

/// Why a file was not imported.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    #[error("{}", list(.0))]
    Wrong(Vec<Wrong>),
    /// In the national portal's answers.
    #[error("{}", list(.0))]
    WrongAnswers(Vec<WrongPlace>),
    #[error(transparent)]
    Store(#[from] StoreError),
}

fn list(wrong: &[impl fmt::Display]) -> String {
    let lines: Vec<_> = wrong.iter().map(ToString::to_string).collect();
    lines.join("\n")
}

/// For whoever sends as a request what is otherwise a file.
impl From<ImportError> for Error {
    fn from(error: ImportError) -> Self {
        match error {
            ImportError::Store(error) => Self::Store(error),
            ImportError::Wrong(wrong) => {
                // An import names the place within the procedure and then the procedure.
                let place = |column: String| match column.split_once(" của ") {
                    Some((pointer, _)) => pointer.to_owned(),
                    None => column,
                };
                Self::invalid(wrong.into_iter().map(|w| (place(w.column), w.reason)))
            }
            ImportError::WrongAnswers(wrong) => {
                Self::invalid(wrong.into_iter().map(|w| (w.pointer, w.reason)))
            }
        }
    }
}

impl From<diesel::result::Error> for ImportError {
    fn from(error: diesel::result::Error) -> Self {
        Self::Store(error.into())
    }
}

impl WriteFailure for ImportError {
    fn store_error(&self) -> Option<&StoreError> {
        match self {
            Self::Store(error) => Some(error),
            Self::Wrong(_) | Self::WrongAnswers(_) => None,
        }
    }
}

/// What an import did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Imported {
    pub added: usize,
    pub changed: usize,
    pub unchanged: usize,
    /// What a person should know, such as units without a successor.
    pub notes: Vec<String>,
}

impl Imported {
    pub const fn changes(&self) -> usize {
        self.added + self.changed
    }
}

impl fmt::Display for Imported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            added,
            changed,
            unchanged,
            notes,
        } = self;
        write!(f, "thêm {added}, sửa {changed}, giữ nguyên {unchanged}")?;
        notes.iter().try_for_each(|note| write!(f, "\n{note}"))
    }
}

/// Runs an import within a transaction and records it, if it changed anything, with the hash of its file.
fn recorded<T, E: From<StoreError>>(
    conn: &mut Conn,
    kind: ActKind,
    file: &str,
    work: impl FnOnce(&mut Conn) -> Result<T, E>,
) -> Result<T, E> {
    let before = settings::reference_version(conn)?;
    let done = work(conn)?;
    record_change(conn, before, kind, &json!({"file_sha256": file}))?;
    Ok(done)
}

/// Records an import if the reference data are not those of the version before it.
fn record_change(
    conn: &mut Conn,
    before: u64,
    kind: ActKind,
    act: &Value,
) -> Result<(), StoreError> {
    if settings::reference_version(conn)? == before {
        return Ok(());
    }
    admin_acts::record(conn, Actor::System, crate::clock::now(), kind, act)
}

/// By what an act names a file.
fn file_hash(bytes: &[u8]) -> String {
    data_encoding::HEXLOWER.encode(&Sha256::digest(bytes))
}

/// The text of a file: UTF-8, or what spreadsheets call Unicode text (UTF-16).
fn text(bytes: &[u8]) -> Result<Cow<'_, str>, Wrong> {
    if workbook::is_workbook(bytes) {
        return Err(Wrong {
            line: 0,
            column: String::new(),
            reason: "tệp là bảng tính, ở đây cần tệp văn bản".to_owned(),
        });
    }
    let wide = match bytes {
        [0xff, 0xfe, rest @ ..] => Some((rest, u16::from_le_bytes as fn([u8; 2]) -> u16)),
        [0xfe, 0xff, rest @ ..] => Some((rest, u16::from_be_bytes as fn([u8; 2]) -> u16)),
        // Without the mark: no text of ours begins with a zero byte, nor has one behind its first letter.
        [1..=255, 0, ..] => Some((bytes, u16::from_le_bytes as fn([u8; 2]) -> u16)),
        [0, 1..=255, ..] => Some((bytes, u16::from_be_bytes as fn([u8; 2]) -> u16)),
        _ => None,
    };
    if let Some((rest, read)) = wide {
        let units = rest.chunks(2).map(|pair| match pair {
            [a, b] => read([*a, *b]),
            _ => 0xfffd,
        });
        let text: Result<String, _> = char::decode_utf16(units).collect();
        return text.map(Cow::Owned).map_err(|_| Wrong {
            line: 0,
            column: String::new(),
            reason: "tệp UTF-16 bị hỏng".to_owned(),
        });
    }
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let good = &bytes[..error.valid_up_to()];
        let lines = good.split(|byte| *byte == b'\n');
        let (count, last) = lines.fold((0, 0), |(n, _), line| (n + 1, line.len()));
        Wrong {
            line: count,
            column: format!("byte {}", last + 1),
            reason: "tệp không phải UTF-8".to_owned(),
        }
    })?;
    Ok(Cow::Borrowed(text.strip_prefix('\u{feff}').unwrap_or(text)))
}

/// All wrong places in the order of the file, or nothing wrong.
fn verdict(mut wrong: Vec<Wrong>) -> Result<(), ImportError> {
    if wrong.is_empty() {
        return Ok(());
    }
    wrong.sort_by_key(|w| w.line);
    // Of a cell the first is enough: that it is no date either follows from its being a number.
    let mut named = HashSet::new();
    wrong.retain(|w| !w.column.starts_with("cột ") || named.insert((w.line, w.column.clone())));
    Err(ImportError::Wrong(wrong))
}
