//! motcua: the case tracker for Vietnam's administrative procedures at one-stop desks.
//!
//! `docs/architecture.md` is the map. Arrows go down only: http, cli → features → store → domain.

pub mod accounts;
pub mod administration;
pub mod backup;
pub mod bench;
pub mod bundled;
pub mod citizen;
pub mod cli;
pub mod clock;
pub mod config;
pub mod desk;
pub mod domain;
pub mod http;
pub mod imports;
mod mac;
mod mending;
pub mod metrics;
pub mod national;
pub mod notices;
pub mod opinions;
pub mod outgoing;
mod outside;
pub mod progress;
pub mod scenario;
pub mod store;
pub mod supervision;
pub mod transparency;
pub mod verify;
pub mod webhooks;
pub mod words;
