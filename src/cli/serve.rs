//! `motcua serve`.

use std::net::SocketAddr;
use std::process::ExitCode;

use clap::Parser;
use serde_json::Value;

use crate::acts;
use crate::acts::log_key::LogKey;
use crate::cli::Outcome;
use crate::config::{Config, Settings, parse_listen};
use crate::store::Store;

#[derive(Parser)]
#[group(skip)]
pub(super) struct Args {
    /// Địa chỉ và cổng, ví dụ 127.0.0.1:8080.
    #[arg(long, value_parser = parse_listen)]
    pub(super) listen: Option<SocketAddr>,
}

pub(super) fn run(args: &Args, config: &Config, settings: &Settings, store: Store) -> Outcome {
    let now = crate::clock::now();
    let log_key = LogKey::open(&store, &config.log, now)?;
    let shown = settings.shown().into_iter();
    let shown = shown.map(|setting| (setting.key, setting.value.into()));
    acts::checkpoint::record_settings(&store, &Value::Object(shown.collect()), now)?;
    acts::anonymise::keep_term(&store, config.retention_years)?;
    let listen = args.listen.unwrap_or(config.listen);
    let (server, oidc) = (config.server.clone(), config.oidc.clone());
    let background = crate::web::Settings {
        every: config.housekeeping,
        patience: config.patience,
        outgoing: crate::cli::outgoing::setup(config)?,
    };
    crate::web::serve(store, server, oidc, log_key, listen, background)
        .map_err(|error| format!("không lắng nghe được tại {listen}: {error}"))?;
    Ok(ExitCode::SUCCESS)
}
