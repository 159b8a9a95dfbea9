//! The harness: a fresh database of either kind, a small world in it, the real program.

mod api;
mod database;
mod pages;
mod peers;
mod program;
mod proxy;
mod world;

pub use api::{
    COMMUNE, FOREIGN, NEIGHBOUR, Office, SAME_DAY, act, get, hire, password, path, staff,
};
pub use database::{Database, Kind};
pub use pages::{
    Browser, FORM, OURS, Visitor, arrive, devtools, double_click, enter, find, held, is_page, look,
    of_form, offline, print, set_cookie, wrong_with,
};
pub use peers::{Smtp, peers};
pub use program::{Answer, Program, fields};
pub use proxy::Proxy;
pub use world::{World, at, date, history_step, occasion, with_norm, with_second_leg};

/// A test that runs on both databases, each time on a fresh one.
macro_rules! on_both {
    ($(#[$meta:meta])* fn $name:ident($db:ident: &Database) $body:block) => {
        mod $name {
            #[allow(unused_imports, reason = "a short test may need little of the module above")]
            use super::*;

            fn test($db: &crate::support::Database) $body

            $(#[$meta])*
            #[test]
            fn on_sqlite() {
                test(&crate::support::Database::new(crate::support::Kind::Sqlite));
            }

            $(#[$meta])*
            #[test]
            fn on_postgres() {
                test(&crate::support::Database::new(crate::support::Kind::Postgres));
            }
        }
    };
}
pub(crate) use on_both;
