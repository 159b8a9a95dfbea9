//! All integration tests, one program: a module per capability.

mod accounts;
mod api_dossiers;
mod api_errors;
mod api_lists;
mod batch_due;
mod benchmark;
mod desk;
mod durability;
mod imports;
mod kept_answers;
mod life;
mod national;
mod notices;
mod oidc;
mod openapi;
mod operation;
mod opinions;
mod reports;
mod scenario;
mod server;
mod submissions;
mod support;
mod time_rules;
mod troubles;
mod verification;
mod webhooks;
