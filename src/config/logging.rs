//! What the log is told by the environment: it begins before any other setting is read.

use std::env;

use tracing::Level;
use tracing_subscriber::filter::Targets;

use crate::config::{Origin, WrongSetting};

/// How much is logged, and in which form.
#[derive(Debug, Clone)]
pub struct Logging {
    pub targets: Targets,
    /// `None`: JSON unless it is a terminal.
    pub json: Option<bool>,
}

impl Logging {
    /// `MOTCUA_LOG` and `MOTCUA_LOG_FORMAT`, and what is wrong with them: then the default holds.
    pub fn of_process() -> (Self, Vec<WrongSetting>) {
        let mut wrong = Vec::new();
        let mut refuse = |name: &str, reason: &str| {
            wrong.push(WrongSetting {
                key: String::new(),
                reason: reason.to_owned(),
                origin: Origin::Environment(name.to_owned()),
            });
        };
        let variable = |name| env::var_os(name).filter(|text| !text.is_empty());
        let mut targets = Targets::new().with_default(Level::INFO);
        if let Some(text) = variable("MOTCUA_LOG") {
            match text.to_str().and_then(|text| text.parse().ok()) {
                Some(read) => targets = read,
                None => refuse("MOTCUA_LOG", "không đúng, ví dụ debug hoặc motcua=debug"),
            }
        }
        let format = variable("MOTCUA_LOG_FORMAT");
        let json = match format.as_deref().map(|format| format.to_str()) {
            None => None,
            Some(Some("json")) => Some(true),
            Some(Some("text")) => Some(false),
            Some(_) => {
                refuse("MOTCUA_LOG_FORMAT", "phải là text hoặc json");
                None
            }
        };
        (Self { targets, json }, wrong)
    }
}
