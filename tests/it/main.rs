//! All integration tests, one program: a module per capability.

mod batch_due;
mod desk;
mod durability;
mod imports;
mod life;
mod reports;
mod scenario;
mod server;
mod support;
mod time_rules;
mod verification;
