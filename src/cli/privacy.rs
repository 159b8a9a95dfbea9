//! `motcua privacy`: who has read whose identity number, and whose term is over.

use std::process::ExitCode;

use chrono::NaiveDate;
use clap::Subcommand;

use crate::acts::privacy::{Readings, export_readings};
use crate::cli::{Outcome, date};
use crate::config::Config;
use crate::domain::case_number::CaseNumber;
use crate::domain::privacy::retention_cutoff;
use crate::render::sheet::{Cell, Column, Row, RowKind, Sheet};
use crate::render::{self, Format, words};
use crate::store::Store;
use crate::views::privacy::ReadingView;
use crate::{acts, jobs};

#[derive(Subcommand)]
pub(super) enum Args {
    /// Ai đã xem số định danh của ai, khi nào (cột at, username, full_name, case_number, person); việc xuất được ghi vào
    /// nhật ký, số định danh không in ra.
    Readings {
        #[arg(long, value_parser = date)]
        from: NaiveDate,
        /// Kể cả ngày này.
        #[arg(long, value_parser = date)]
        to: NaiveDate,
        /// Chỉ của hồ sơ này.
        #[arg(long, value_name = "MÃ")]
        dossier: Option<String>,
        #[arg(long, value_enum, default_value_t = Format::Csv)]
        format: Format,
    },
    /// Ẩn danh người trong các hồ sơ đã kết thúc lâu hơn privacy.retention_years.
    Anonymise {
        /// Chỉ in mã các hồ sơ sẽ được ẩn danh, không ghi gì.
        #[arg(long)]
        preview: bool,
    },
}

pub(super) fn run(args: &Args, config: &Config, store: &Store) -> Outcome {
    match args {
        Args::Readings {
            from,
            to,
            dossier,
            format,
        } => readings(store, *from, *to, dossier.as_deref(), *format),
        Args::Anonymise { preview } => {
            let years = config.retention_years;
            let years =
                years.ok_or("chưa đặt privacy.retention_years (số năm sau khi hồ sơ kết thúc)")?;
            match preview {
                true => preview_of(store, years),
                false => anonymise(store, years),
            }
        }
    }
}

fn preview_of(store: &Store, years: u16) -> Outcome {
    let mut out = Vec::new();
    let (mut dossiers, mut people) = (0, 0);
    let cutoff = retention_cutoff(crate::clock::now(), years);
    acts::anonymise::preview(store, cutoff, |planned| {
        out.extend_from_slice(format!("{}\n", planned.case_number).as_bytes());
        dossiers += 1;
        people += planned.people;
    })?;
    crate::cli::output::write(&out)?;
    eprintln!(
        "motcua: sẽ ẩn danh {people} người trong {dossiers} hồ sơ kết thúc trước {}",
        words::date(cutoff.date())
    );
    Ok(ExitCode::SUCCESS)
}

fn anonymise(store: &Store, years: u16) -> Outcome {
    acts::anonymise::keep_term(store, Some(years))?;
    let mut people = 0;
    if let Some(id) = acts::anonymise::ask(store, crate::clock::now())? {
        people = jobs::queue::wait_for(store, id, |_| {})?.changed;
    }
    println!("đã ẩn danh {people} người");
    Ok(ExitCode::SUCCESS)
}

fn readings(
    store: &Store,
    from: NaiveDate,
    to: NaiveDate,
    dossier: Option<&str>,
    format: Format,
) -> Outcome {
    let dossier = dossier.map(CaseNumber::parse).transpose()?;
    let asked = Readings {
        from,
        to,
        dossier,
        username: None,
    };
    let readings = export_readings(store, &asked, crate::clock::now())?;
    match format {
        Format::Json => {
            crate::cli::output::write(render::pretty_json(&readings)?.as_bytes())?;
        }
        format => {
            let period = format!("Từ ngày {} đến ngày {}", words::date(from), words::date(to));
            crate::cli::output::print_sheet(format, &sheet(&readings, period))?;
        }
    }
    eprintln!("motcua: {} lượt xem", readings.len());
    Ok(ExitCode::SUCCESS)
}

fn sheet(readings: &[ReadingView], period: String) -> Sheet {
    let rows = readings.iter().map(|reading| Row {
        kind: RowKind::Single,
        cells: vec![
            Cell::Moment(reading.at),
            Cell::text(&reading.username),
            Cell::text(&reading.full_name),
            Cell::text(&reading.case_number),
            Cell::text(&reading.person),
            Cell::text(reading.what.as_str()),
            Cell::text(words::seen(reading.what)),
        ],
    });
    Sheet {
        title: vec!["Các lượt xem số định danh và hồ sơ".to_owned()],
        subtitle: vec![period],
        columns: vec![
            Column::text("at", "Lúc"),
            Column::text("username", "Tên đăng nhập"),
            Column::text("full_name", "Người xem"),
            Column::text("case_number", "Mã hồ sơ"),
            Column::text("person", "Của ai"),
            Column::for_programs("what"),
            Column::text("what_name", "Đã xem").for_people(),
        ],
        rows: rows.collect(),
        ..Sheet::default()
    }
}
