//! What a citizen without an account may do: look a dossier up.

mod lookup;

pub use lookup::{LookUp, LookUpError, Milestone, look_up, look_up_code};
