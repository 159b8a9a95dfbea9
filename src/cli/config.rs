//! `motcua config`: the settings in force.

use std::process::ExitCode;

use clap::Subcommand;
use comfy_table::{Table, presets};

use crate::cli::Outcome;
use crate::config::Settings;

#[derive(Subcommand)]
pub(super) enum Args {
    /// In mọi cấu hình đang có hiệu lực và nơi đặt, không hiện bí mật; thoát với mã khác 0 nếu có chỗ sai.
    Check,
}

pub(super) fn run(args: &Args, settings: &Settings) -> Outcome {
    let Args::Check = args;
    let mut table = Table::new();
    table
        .load_preset(presets::ASCII_MARKDOWN)
        .set_header(["Khóa", "Giá trị", "Đặt ở đâu"]);
    for setting in settings.shown() {
        table.add_row([setting.key, setting.value, setting.origin.to_string()]);
    }
    crate::cli::output::write(format!("{table}\n").as_bytes())?;
    let config = settings.config()?;
    // Templates and certificates are read here as at start.
    crate::cli::outgoing::setup(&config)?;
    let data = std::path::absolute(&config.data)?;
    let text = format!(
        "\nCơ sở dữ liệu: {}\nThư mục dữ liệu: {}\nCấu hình dùng được.\n",
        config.database,
        data.display()
    );
    crate::cli::output::write(text.as_bytes())?;
    Ok(ExitCode::SUCCESS)
}
