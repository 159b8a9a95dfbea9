//! What a citizen without an account may do: look a dossier up, submit one online.

mod lookup;
mod submit;

pub use lookup::{
    LookUp, LookUpError, Milestone, attempts_from, look_up, look_up_code, look_up_limited,
};
pub(crate) use lookup::{code_of, identify_limited, limited};
pub use submit::{SubmitError, Waiting, confirm, submit};
