//! `motcua report`: the reports on standard output. Which there are, and what they take, is said by
//! [`reports::each`].

use std::path::PathBuf;
use std::process::ExitCode;

use chrono::NaiveDate;
use clap::{Arg, ArgMatches, Command, FromArgMatches, value_parser};

use crate::cli::output::print;
use crate::cli::{Outcome, date, read_file};
use crate::config::bundled;
use crate::render::Format;
use crate::reports::compare::PrintedFigures;
use crate::reports::parameters::{Parameters, check_by, span, unknown_unit};
use crate::reports::{self, Report, Visitor};
use crate::store::Store;

/// The report's name, and what it is asked for.
pub(super) struct Args {
    name: String,
    asked: ArgMatches,
}

impl clap::Args for Args {
    fn augment_args(command: Command) -> Command {
        let mut commands = Commands(Vec::new());
        reports::each(&mut commands);
        command
            .subcommands(commands.0)
            .subcommand_required(true)
            .arg_required_else_help(false)
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for Args {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let missing = || clap::Error::new(clap::error::ErrorKind::MissingSubcommand);
        let (name, asked) = matches.subcommand().ok_or_else(missing)?;
        Ok(Self {
            name: name.to_owned(),
            asked: asked.clone(),
        })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

/// What every report is asked for.
#[derive(clap::Args)]
struct Common {
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

/// A command for each report.
struct Commands(Vec<Command>);

impl Visitor for Commands {
    fn visit<R: Report>(&mut self) {
        let about = R::ABOUT.trim_end_matches('.');
        let mut command = <Common as clap::Args>::augment_args(Command::new(R::NAME)).about(about);
        if R::OF_A_UNIT {
            let help = "Mã đơn vị: chỉ đơn vị này và các đơn vị trực thuộc";
            command = command.arg(Arg::new("unit").long("unit").value_name("UNIT").help(help));
        }
        if R::OF_A_PROCEDURE {
            let help = "Mã thủ tục, mọi phiên bản";
            let procedure = Arg::new("procedure").long("procedure").value_name("MÃ");
            command = command.arg(procedure.help(help));
        }
        if let [default, ..] = R::BY {
            let read = |by: &str| check_by::<R>(by).map(|()| by.to_owned());
            let by = Arg::new("by")
                .long("by")
                .value_name("BY")
                .default_value(*default);
            let help = format!("Một trong: {}", R::BY.join(", "));
            command = command.arg(by.value_parser(read).help(help));
        }
        if R::COMPARES {
            let compare = Arg::new("compare").long("compare").value_name("TỆP");
            let help = "So với số liệu đã in (mặc định: báo cáo 9 tháng đầu năm 2021 của Lạng Sơn)";
            let compare = compare.num_args(0..=1).require_equals(true).help(help);
            command = command.arg(compare.value_parser(value_parser!(PathBuf)));
        }
        self.0.push(command);
    }
}

pub(super) fn run(args: &Args, store: &Store) -> Outcome {
    let mut printing = Printing {
        args,
        store,
        outcome: None,
    };
    reports::each(&mut printing);
    printing.outcome.unwrap_or(Ok(()))?;
    Ok(ExitCode::SUCCESS)
}

/// Prints the report that was asked for.
struct Printing<'a> {
    args: &'a Args,
    store: &'a Store,
    outcome: Option<Result<(), Box<dyn std::error::Error>>>,
}

impl Visitor for Printing<'_> {
    fn visit<R: Report>(&mut self) {
        if R::NAME == self.args.name {
            self.outcome = Some(make::<R>(&self.args.asked, self.store));
        }
    }
}

fn make<R: Report>(asked: &ArgMatches, store: &Store) -> Result<(), Box<dyn std::error::Error>> {
    let common = Common::from_arg_matches(asked)?;
    let text = |name: &str| asked.try_get_one::<String>(name).ok().flatten().cloned();
    let unit = match text("unit") {
        Some(code) => {
            let reference = store.reference()?;
            let unit = reference.units().by_code(&code).map(|unit| unit.id);
            Some(unit.ok_or_else(|| unknown_unit(reference.units(), &code))?)
        }
        None => None,
    };
    let compares = R::COMPARES && asked.contains_id("compare");
    let printed = match compares.then(|| asked.get_one::<PathBuf>("compare")) {
        Some(Some(file)) => Some(PrintedFigures::parse(&read_file(file)?)?),
        Some(None) => Some(PrintedFigures::parse(bundled::FIGURES_2021)?),
        None => None,
    };
    let report = R::make(
        store,
        &Parameters {
            span: span(common.from, common.to, common.as_of, crate::clock::now())?,
            unit,
            procedure: text("procedure"),
            by: text("by"),
            printed,
        },
    )?;
    print(common.format, &report)
}
