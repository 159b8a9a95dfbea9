//! `motcua backup` and `motcua restore`.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;

use crate::cli::Outcome;
use crate::config::Config;
use crate::store::DatabaseUrl;
use crate::tools::ToolError;
use crate::{render, tools};

#[derive(Parser)]
pub(super) struct Args {
    /// Thư mục mới của bản sao lưu; không được có trước.
    #[arg(value_name = "THƯ_MỤC")]
    to: PathBuf,
}

#[derive(Parser)]
pub(super) struct RestoreArgs {
    /// Thư mục của bản sao lưu.
    #[arg(value_name = "THƯ_MỤC")]
    from: PathBuf,
}

pub(super) fn run(args: &Args, config: &Config) -> Outcome {
    if let DatabaseUrl::Postgres(_) = config.database {
        return Err(POSTGRES_BACKUP.into());
    }
    let made = tools::backup::make(&config.database, &args.to, crate::clock::now())?;
    let text = format!(
        "{}: {} hồ sơ, {} sự kiện, {} byte, sha256 {}\n",
        args.to.display(),
        render::words::number(made.dossiers),
        render::words::number(made.events),
        render::words::number(i64::try_from(made.bytes).unwrap_or(i64::MAX)),
        made.sha256
    );
    crate::cli::output::write(text.as_bytes())?;
    Ok(ExitCode::SUCCESS)
}

pub(super) fn restore(args: &RestoreArgs, config: &Config) -> Outcome {
    if let DatabaseUrl::Postgres(_) = config.database {
        return Err(POSTGRES_RESTORE.into());
    }
    let options = config.store.clone();
    let restored =
        tools::backup::restore(&config.database, &args.from, options, crate::clock::now());
    if let Err(ToolError::Damaged(found)) = &restored {
        for finding in &found.findings {
            eprintln!("{finding}");
        }
    }
    let restored = restored?;
    let mut text = format!(
        "{}: {} hồ sơ, {} sự kiện, như lúc {}\n",
        config.database,
        render::words::number(restored.manifest.dossiers),
        render::words::number(restored.manifest.events),
        restored.manifest.made_at
    );
    if let Some(aside) = restored.aside {
        text += &format!("cơ sở dữ liệu trước đó: {}\n", aside.display());
    }
    crate::cli::output::write(text.as_bytes())?;
    Ok(ExitCode::SUCCESS)
}

const POSTGRES_BACKUP: &str = "\
PostgreSQL được sao lưu bằng công cụ của nó, trong khi máy chủ vẫn chạy:
  pg_dump --format=custom --file=motcua.dump --dbname=\"$DATABASE_URL\"
Sao lưu liên tục: pg_basebackup và lưu trữ WAL. Xem docs/operations.md, mục Backup";

const POSTGRES_RESTORE: &str = "\
PostgreSQL được khôi phục vào một cơ sở dữ liệu mới, rồi kiểm tra trước khi dùng:
  createdb motcua_moi
  pg_restore --exit-on-error --no-owner --dbname=postgres://…/motcua_moi motcua.dump
  motcua --database-url postgres://…/motcua_moi verify
Xem docs/operations.md, mục Backup";
