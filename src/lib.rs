//! motcua: the case tracker for Vietnam's administrative procedures at one-stop desks.
//!
//! `docs/architecture.md` is the map. Arrows go down only: http, cli → features → store → domain.

pub mod acts;
pub mod cli;
pub mod clock;
pub mod config;
pub mod domain;
pub mod error;
mod http_client;
pub mod imports;
pub mod jobs;
pub mod metrics;
pub mod outgoing;
pub mod render;
pub mod reports;
pub mod store;
pub mod tools;
pub mod views;
pub mod web;
mod wrong_fields;
