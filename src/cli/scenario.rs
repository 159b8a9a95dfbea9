//! `motcua scenario`: dossiers of a whole province, made by the rules of a real desk.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use chrono::NaiveDate;
use clap::{Parser, Subcommand};

use crate::cli::{Outcome, date, read_file};
use crate::config::bundled;
use crate::store::Store;
use crate::tools;
use crate::tools::scenario::{Figures, Options};

#[derive(Subcommand)]
pub(super) enum Args {
    /// Chín tháng đầu năm 2021 của tỉnh Lạng Sơn: 424.372 hồ sơ.
    #[command(name = "lang-son-2021")]
    LangSon2021(LangSon),
}

#[derive(Parser)]
#[group(skip)]
pub(super) struct LangSon {
    /// Nhân số lượng hồ sơ.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1000))]
    scale: u32,
    /// Số liệu khác, theo dạng của config/lang-son-2021-9m.json.
    #[arg(long, value_name = "TỆP")]
    figures: Option<PathBuf>,
    /// Trải hồ sơ trên chín tháng trước ngày này thay cho kỳ trong tệp số liệu.
    #[arg(long, value_name = "NGÀY", value_parser = date)]
    ending: Option<NaiveDate>,
    /// Mầm ngẫu nhiên: cùng mầm cho cùng hồ sơ.
    #[arg(long, default_value_t = 2021)]
    seed: u64,
}

impl LangSon {
    pub(super) fn load(&self, store: &Store) -> Result<(), Box<dyn std::error::Error>> {
        let options = Options {
            figures: figures(self.figures.as_deref())?,
            scale: self.scale,
            ending: self.ending,
            seed: self.seed,
            now: crate::clock::now(),
        };
        let loaded = tools::scenario::load(store, &options)?;
        eprintln!("{loaded}");
        Ok(())
    }
}

/// The figures of a file, or those of the report.
pub(super) fn figures(file: Option<&Path>) -> Result<Figures, Box<dyn std::error::Error>> {
    Ok(match file {
        Some(path) => Figures::parse(&read_file(path)?)
            .map_err(|error| format!("{}: {error}", path.display()))?,
        None => Figures::parse(bundled::FIGURES_2021)?,
    })
}

pub(super) fn run(args: &Args, store: &Store) -> Outcome {
    let Args::LangSon2021(scenario) = args;
    scenario.load(store)?;
    Ok(ExitCode::SUCCESS)
}
