//! What is shown: read from the store, put together as plain serialisable values. Nothing is changed here.

pub mod assignees;
pub mod dossier;
pub mod list;
pub mod look_up;
pub mod search;
pub mod time_limit;
