//! `motcua portal`: what the national portal would be told, and what it calls our fields.

use std::collections::BTreeMap;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::cli::Outcome;
use crate::config::Config;
use crate::domain::case_number::CaseNumber;
use crate::domain::order;
use crate::outgoing::portal::PortalSettings;
use crate::outgoing::portal::preview::preview;
use crate::render::sheet::{Cell, Column, Row, RowKind, Sheet};
use crate::render::{self, Format};
use crate::store::{Store, dossiers};

#[derive(Parser)]
pub(super) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// In đúng những gì sẽ gửi về một hồ sơ, theo thứ tự; không gửi gì, số định danh được che.
    Preview {
        /// Mã hồ sơ.
        #[arg(value_name = "MÃ")]
        number: String,
    },
    /// In các lĩnh vực có thủ tục tích hợp với cổng, kèm mã của cổng nếu biết (cột field, code).
    Fields {
        /// csv, hoặc xlsx và csv-people để điền bằng bảng tính rồi nhập lại.
        #[arg(long, value_enum, default_value_t = Format::Csv)]
        format: Format,
    },
}

/// The settings by which the portal is reached.
///
/// # Errors
/// If it is not set up.
pub(super) fn settings(config: &Config) -> Result<PortalSettings, &'static str> {
    let settings = config.portal.clone();
    settings.ok_or("portal.url: chưa cấu hình địa chỉ của cổng")
}

pub(super) fn run(args: &Args, config: &Config, store: &Store) -> Outcome {
    match &args.what {
        What::Preview { number } => show(config, store, number),
        What::Fields { format } => fields(store, *format),
    }
}

fn show(config: &Config, store: &Store, number: &str) -> Outcome {
    let settings = settings(config)?;
    let number = CaseNumber::parse(number)?;
    let id = store.read(|conn| dossiers::find_id(conn, &number))?;
    let id = id.ok_or_else(|| format!("không có hồ sơ {number}"))?;
    let preview = preview(store, &settings, id)?;
    for note in &preview.notes {
        eprintln!("motcua: lưu ý: {note}");
    }
    crate::cli::output::write(render::pretty_json(&preview.calls)?.as_bytes())?;
    Ok(ExitCode::SUCCESS)
}

fn fields(store: &Store, format: Format) -> Outcome {
    let reference = store.reference()?;
    let procedures = reference.procedures().into_iter();
    let integrated = procedures.filter(|procedure| procedure.definition.integrated);
    let known: BTreeMap<&str, &str> = integrated
        .map(|procedure| {
            let code = reference.portal_code(procedure.field_id);
            (
                reference.field_name(procedure.field_id),
                code.unwrap_or_default(),
            )
        })
        .collect();
    let mut fields: Vec<(&str, &str)> = known.into_iter().collect();
    fields.sort_by_cached_key(|(field, _)| order::place(field));
    let unknown = fields.iter().filter(|(_, code)| code.is_empty()).count();
    if unknown > 0 {
        eprintln!(
            "motcua: lưu ý: {unknown} lĩnh vực chưa có mã của cổng, MaLinhVuc của hồ sơ để trống"
        );
    }
    // As the import reads it again.
    let rows = fields.into_iter().map(|(field, code)| Row {
        kind: RowKind::Single,
        cells: vec![Cell::text(field), Cell::text(code)],
    });
    let sheet = Sheet {
        columns: vec![Column::text("field", "field"), Column::text("code", "code")],
        rows: rows.collect(),
        ..Sheet::default()
    };
    crate::cli::output::print_sheet(format, &sheet)?;
    Ok(ExitCode::SUCCESS)
}
