//! `motcua bench`: speeds as a table, or as JSON.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Parser, ValueEnum};
use comfy_table::{CellAlignment, Table, presets};

use crate::cli::Outcome;
use crate::tools::bench::{Line, Options};
use crate::{render, tools};

#[derive(Parser)]
pub(super) struct Args {
    /// Thư mục của các cơ sở dữ liệu SQLite dùng để đo; đã nạp thì dùng lại.
    #[arg(long, value_name = "THƯ_MỤC", default_value = "data/bench")]
    folder: PathBuf,
    /// Máy chủ PostgreSQL để đo, ví dụ postgres://user@127.0.0.1:5432; cần quyền tạo cơ sở dữ liệu.
    #[arg(
        long,
        value_name = "URL",
        env = "MOTCUA_BENCH_POSTGRES",
        hide_env_values = true
    )]
    postgres: Option<String>,
    /// Số liệu khác để nạp, theo dạng của config/lang-son-2021-9m.json.
    #[arg(long, value_name = "TỆP")]
    figures: Option<PathBuf>,
    /// Đo với bao nhiêu lần số hồ sơ của tỉnh.
    #[arg(long, value_delimiter = ',', default_value = "1,10",
          value_parser = clap::value_parser!(u32).range(1..=100))]
    scale: Vec<u32>,
    /// Mỗi phép đo kéo dài bao nhiêu giây.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=600))]
    seconds: u64,
    /// Chỉ đo một nhóm: rates, process, reads, lists, pages, receive, outbox.
    #[arg(long, value_parser = ["rates", "process", "reads", "lists", "pages", "receive", "outbox"])]
    only: Option<String>,
    /// Bảng cho người đọc, hoặc JSON.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Text,
    Json,
}

pub(super) fn run(args: &Args) -> Outcome {
    let options = Options {
        folder: args.folder.clone(),
        postgres: args.postgres.clone(),
        figures: crate::cli::scenario::figures(args.figures.as_deref())?,
        scales: args.scale.clone(),
        time: Duration::from_secs(args.seconds),
        only: args.only.clone(),
    };
    let lines = tools::bench::run(&options, |line| {
        eprintln!(
            "{} · {} · {}: {:.2} {}",
            line.database,
            render::words::number(i64::try_from(line.dossiers).unwrap_or(i64::MAX)),
            line.case,
            line.value,
            line.unit
        );
    })?;
    let output = match args.format {
        Format::Json => serde_json::to_string_pretty(&lines)? + "\n",
        Format::Text => table(&lines).to_string() + "\n",
    };
    crate::cli::output::write(output.as_bytes())?;
    Ok(ExitCode::SUCCESS)
}

fn table(lines: &[Line]) -> Table {
    let mut table = Table::new();
    table.load_preset(presets::ASCII_MARKDOWN).set_header([
        "Phép đo",
        "CSDL",
        "Hồ sơ",
        "Giá trị",
        "",
        "Giới hạn",
        "Tỷ lệ",
        "Mục tiêu",
        "",
        "p99 (ms)",
    ]);
    let number = |value: Option<f64>| match value {
        None => String::new(),
        Some(value) if value.abs() >= 100.0 => format!("{value:.0}"),
        Some(value) => format!("{value:.2}"),
    };
    for line in lines {
        let met = match line.is_met() {
            None => "",
            Some(true) => "đạt",
            Some(false) => "chưa đạt",
        };
        table.add_row([
            line.case.clone(),
            line.database.to_owned(),
            render::words::number(i64::try_from(line.dossiers).unwrap_or(i64::MAX)),
            number(Some(line.value)),
            line.unit.to_owned(),
            number(line.limit),
            number(line.ratio),
            number(line.goal),
            met.to_owned(),
            number(line.p99_ms),
        ]);
    }
    for column in [2, 3, 5, 6, 7, 9] {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}
