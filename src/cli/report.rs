//! `motcua report`: the reports on standard output.

use std::path::PathBuf;
use std::process::ExitCode;

use chrono::NaiveDate;
use clap::{Parser, Subcommand};

use crate::cli::output::{Format, print};
use crate::cli::{Outcome, date, read_file};
use crate::config::bundled;
use crate::domain::period::Period;
use crate::reports::compare::PrintedFigures;
use crate::reports::on_time::By;
use crate::reports::satisfaction::SatisfactionBy;
use crate::reports::standings::Span;
use crate::reports::{self, ReportError};
use crate::store::Store;

#[derive(Parser)]
pub(super) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Mục II.2 của báo cáo cải cách hành chính.
    Cchc {
        #[command(flatten)]
        common: Common,
        /// So với số liệu đã in (mặc định: báo cáo 9 tháng đầu năm 2021 của Lạng Sơn).
        #[arg(long, value_name = "TỆP", num_args = 0..=1, require_equals = true)]
        compare: Option<Option<PathBuf>>,
    },
    /// Tỷ lệ giải quyết đúng hạn.
    OnTime {
        #[command(flatten)]
        common: Common,
        /// `level`, `unit`, `field`, `procedure`, `channel` hoặc `month`.
        #[arg(long, value_parser = by, default_value = "level")]
        by: By,
    },
    /// Biểu II.06a/VPCP/KSTT.
    #[command(name = "06a")]
    Form06a {
        #[command(flatten)]
        common: Common,
        /// Mã đơn vị: chỉ đơn vị này và các đơn vị trực thuộc.
        #[arg(long)]
        unit: Option<String>,
    },
    /// Mức độ hài lòng của người dân, tổ chức sau khi nhận kết quả.
    Satisfaction {
        #[command(flatten)]
        common: Common,
        /// `unit`, `procedure` hoặc `officer`.
        #[arg(long, value_parser = satisfaction_by, default_value = "unit")]
        by: SatisfactionBy,
    },
}

#[derive(clap::Args)]
pub(super) struct Common {
    /// Ngày đầu kỳ, ví dụ 2020-12-15.
    #[arg(long, value_parser = date)]
    from: NaiveDate,
    /// Ngày cuối kỳ.
    #[arg(long, value_parser = date)]
    to: NaiveDate,
    /// Số liệu tính đến hết ngày này (mặc định: ngày cuối kỳ, hoặc bây giờ nếu sớm hơn).
    #[arg(long, value_parser = date)]
    as_of: Option<NaiveDate>,
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

impl Common {
    fn span(&self) -> Result<Span, ReportError> {
        let period = Period::new(self.from, self.to)?;
        Span::new(period, self.as_of, crate::clock::now())
    }
}

fn by(text: &str) -> Result<By, String> {
    text.parse()
        .map_err(|()| format!("phải là một trong: {}", By::ALL.map(By::as_str).join(", ")))
}

fn satisfaction_by(text: &str) -> Result<SatisfactionBy, String> {
    let names = SatisfactionBy::ALL.map(SatisfactionBy::as_str);
    text.parse()
        .map_err(|()| format!("phải là một trong: {}", names.join(", ")))
}

pub(super) fn run(args: &Args, store: &Store) -> Outcome {
    match &args.what {
        What::Cchc { common, compare } => {
            let mut report = reports::cchc::cchc(store, common.span()?)?;
            if let Some(file) = compare {
                let printed = match file {
                    Some(file) => PrintedFigures::parse(&read_file(file)?)?,
                    None => PrintedFigures::parse(bundled::FIGURES_2021)?,
                };
                report.differences = Some(reports::compare::compare(&report, &printed));
            }
            print(common.format, &report)?;
        }
        What::OnTime { common, by } => {
            let report = reports::on_time::on_time(store, *by, common.span()?, None)?;
            print(common.format, &report)?;
        }
        What::Form06a { common, unit } => {
            let report = reports::form_06a::form_06a(store, common.span()?, unit.as_deref())?;
            print(common.format, &report)?;
        }
        What::Satisfaction { common, by } => {
            let report = reports::satisfaction::satisfaction(store, *by, common.span()?, None)?;
            print(common.format, &report)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
