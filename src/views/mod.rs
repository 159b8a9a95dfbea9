//! What is shown: read from the store, put together as plain serialisable values. Nothing is changed here.

pub mod alarms;
pub mod assignees;
pub mod calendar;
pub(crate) mod cases;
pub mod course;
pub mod deputies;
pub mod dossier;
pub mod drafts;
pub mod feedback;
pub mod intake;
pub mod list;
pub mod list_sheet;
pub mod load;
pub mod look_up;
pub mod norms;
pub mod online;
pub mod outbox;
pub mod payments;
pub mod privacy;
pub mod reach;
pub mod satisfaction;
pub mod search;
pub mod staff;
pub mod time_limit;
pub mod webhooks;
