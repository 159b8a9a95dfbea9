//! Long work at the command line: files in, provinces made up, databases verified, measured and copied.

pub mod backup;
pub mod bench;
mod error;
pub mod progress;
pub mod scenario;
pub mod verify;
pub mod witness;

pub use crate::tools::error::ToolError;
