//! motcua: the case tracker for Vietnam's administrative procedures at one-stop desks.
//!
//! `docs/architecture.md` is the map. Arrows go down only: http, cli → features → store → domain.

pub mod config;
pub mod domain;
pub mod imports;
pub mod progress;
pub mod store;
pub mod words;
