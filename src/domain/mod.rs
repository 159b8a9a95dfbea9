//! The rules of the field, pure: no SQL, no HTTP, no clock of their own.
//!
//! Where a rule comes from is said beside it; `docs/decisions.md` says what was decided where the
//! sources leave a choice.

pub mod calendar;
pub mod case_number;
pub mod counting;
pub mod day;
pub mod disclosure;
pub mod dossier;
pub mod email;
pub(crate) mod enums;
pub mod identity;
pub mod identity_card;
pub mod ids;
mod invalid;
pub mod job;
pub mod log;
pub mod mac;
pub mod moment;
pub mod norms;
pub mod office_hours;
pub mod opinion;
pub mod order;
pub mod payment;
pub mod period;
pub mod person;
pub mod phone;
pub mod privacy;
pub mod procedure;
pub mod progress;
pub mod reversal;
pub mod role;
pub mod tally;
pub mod text;
pub mod text_block;
pub mod time_limit;
pub mod timetable;
pub mod typed;
pub mod unit;
pub mod username;
pub mod vietqr;
pub mod warning;

pub use crate::domain::invalid::Invalid;
