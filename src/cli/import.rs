//! `motcua import`: files into the database.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use chrono::NaiveDate;
use clap::{Parser, Subcommand};

use crate::cli::{Outcome, date, read_file};
use crate::config::Config;
use crate::domain::calendar::{CalendarDay, Others};
use crate::domain::job::Kind;
use crate::domain::unit::Level;
use crate::imports::portal::{self, PortalAnswers};
use crate::imports::{self, Dating, ImportError, Reform, UnitsOptions};
use crate::outgoing::portal::catalogue::PortalCatalogue;
use crate::render;
use crate::store::{Store, jobs};
use crate::tools::progress::Progress;
use crate::views;

#[derive(Subcommand)]
pub(super) enum Args {
    /// Đơn vị (CSV: code,level,kind,name,parent_code,statistical_code[,valid_from][,valid_to]).
    Units {
        file: PathBuf,
        /// Ngày bắt đầu của đơn vị mới mà tệp không ghi ngày.
        #[arg(long, value_parser = date, default_value = "2018-01-01")]
        valid_from: NaiveDate,
        /// Cấp mà tệp liệt kê đầy đủ: đơn vị khác của cấp đó kết thúc trước ngày bắt đầu
        /// (province, district, commune; có thể lặp lại).
        #[arg(long, value_parser = level, value_name = "CẤP")]
        replaces: Vec<Level>,
        /// Đơn vị kế thừa của các đơn vị kết thúc (CSV: `old_code,new_code,share`), nhập cùng lúc.
        #[arg(long, value_name = "TỆP")]
        successions: Option<PathBuf>,
        /// Cho phép đơn vị kết thúc khi còn hồ sơ mà chưa có đơn vị kế thừa.
        #[arg(long)]
        leave_dossiers: bool,
    },
    /// Đơn vị kế thừa (CSV: `old_code,new_code,share`).
    Successions {
        file: PathBuf,
        /// Ngày có hiệu lực (mặc định: ngày bắt đầu của đơn vị mới).
        #[arg(long, value_parser = date)]
        on: Option<NaiveDate>,
    },
    /// Thủ tục (JSON, xem config/procedures-lang-son.json). Phiên bản chưa có hiệu lực được sửa theo tệp.
    Procedures {
        file: PathBuf,
        /// Lý do ghi lùi: cần khi một phiên bản thay phiên bản khác từ một ngày đã qua.
        #[arg(long, value_name = "LÝ_DO")]
        backdating_reason: Option<String>,
    },
    /// Ngày nghỉ và ngày làm bù (CSV: date,kind,name[,source][,document]): thêm vào lịch đã có.
    Calendar {
        file: PathBuf,
        /// Tệp là toàn bộ lịch của các năm mà nó nêu: bỏ những ngày đã có không nêu trong tệp.
        #[arg(long)]
        replace: bool,
        /// Chỉ in những ngày sẽ bỏ và số hồ sơ đổi ngày hẹn trả.
        #[arg(long)]
        preview: bool,
    },
    /// Quy định về một cửa theo ngày có hiệu lực: biểu mẫu, mã hồ sơ, bổ sung, xin lỗi, cách tính đúng hạn (JSON, xem
    /// config/norms.json).
    Norms { file: PathBuf },
    /// Mã lĩnh vực của Cổng Dịch vụ công Quốc gia (CSV: field,code; xem `motcua portal fields`).
    FieldCodes { file: PathBuf },
    /// Danh mục thủ tục theo Cổng Dịch vụ công Quốc gia (`LayDanhSachTTHC`, `LayThuTuc`).
    PortalCatalogue(Portal),
}

#[derive(Parser)]
pub(super) struct Portal {
    /// Hỏi cổng (mục portal của cấu hình) thay vì đọc tệp.
    #[arg(long, conflicts_with_all = ["list", "details"])]
    fetch: bool,
    /// Câu trả lời của `LayDanhSachTTHC`.
    #[arg(long, value_name = "TỆP", required_unless_present = "fetch")]
    list: Option<PathBuf>,
    /// Thư mục câu trả lời của `LayThuTuc`, mỗi thủ tục một tệp MÃ.json.
    #[arg(long, value_name = "THƯ_MỤC", required_unless_present = "fetch")]
    details: Option<PathBuf>,
    /// Ngày có hiệu lực của phiên bản mới (mặc định: hôm nay); phiên bản cũ kết thúc hôm trước.
    #[arg(long, value_parser = date)]
    valid_from: Option<NaiveDate>,
    /// Lý do ghi lùi: cần khi ngày có hiệu lực đã qua.
    #[arg(long, value_name = "LÝ_DO")]
    backdating_reason: Option<String>,
    /// Chỉ in những gì sẽ thay đổi.
    #[arg(long)]
    preview: bool,
}

fn level(text: &str) -> Result<Level, String> {
    text.parse()
        .map_err(|()| "phải là province, district hoặc commune".to_owned())
}

pub(super) fn run(args: &Args, config: &Config, store: &Store) -> Outcome {
    let file = match args {
        Args::Units { file, .. }
        | Args::Successions { file, .. }
        | Args::Procedures { file, .. }
        | Args::FieldCodes { file }
        | Args::Calendar { file, .. }
        | Args::Norms { file } => file,
        Args::PortalCatalogue(portal) => return import_portal(portal, config, store),
    };
    let bytes = read_file(file)?;
    let refused = |error: ImportError| format!("{}: không nhập gì cả\n{error}", file.display());
    if let Args::Calendar {
        replace, preview, ..
    } = args
        && (*replace || *preview)
    {
        let days = imports::read_calendar(&bytes).map_err(refused)?;
        show_change(store, &days, *replace)?;
        if *preview {
            return Ok(ExitCode::SUCCESS);
        }
    }
    let imported = match args {
        Args::Units {
            valid_from,
            replaces,
            successions,
            leave_dossiers,
            ..
        } => {
            let options = UnitsOptions {
                valid_from: *valid_from,
                replaces: replaces.clone(),
            };
            let successions = successions.as_deref().map(read_file).transpose()?;
            let reform = Reform {
                successions,
                leave_dossiers: *leave_dossiers,
            };
            imports::reform(store, &bytes, &options, &reform)
        }
        Args::Successions { on, .. } => imports::successions(store, &bytes, *on),
        Args::Procedures {
            backdating_reason, ..
        } => {
            let dating = Dating::Asked(backdating_reason.clone());
            imports::procedures_dated(store, &bytes, dating)
        }
        Args::FieldCodes { .. } => imports::field_codes(store, &bytes),
        Args::Calendar { replace: true, .. } => imports::whole_calendar(store, &bytes),
        Args::Calendar { .. } => imports::calendar(store, &bytes),
        Args::Norms { .. } => imports::norms(store, &bytes),
        Args::PortalCatalogue(portal) => return import_portal(portal, config, store),
    }
    .map_err(refused)?;
    crate::cli::output::write(format!("{}: {imported}\n", file.display()).as_bytes())?;
    work_off(store, matches!(args, Args::Calendar { .. }))
}

/// Prints what a calendar file would drop and move, before it does.
fn show_change(store: &Store, days: &[CalendarDay], replace: bool) -> Result<(), Box<dyn Error>> {
    let others = match replace {
        true => Others::Dropped,
        false => Others::Kept,
    };
    let moves = views::calendar::preview(store, days, others, 0, crate::clock::now())?;
    let mut text = format!("sẽ bỏ {} ngày\n", moves.dropped_days.len());
    for day in &moves.dropped_days {
        text += &format!("- {} {}\n", render::words::date(day.date), day.name);
    }
    let least = if moves.complete { "" } else { "ít nhất " };
    text += &format!(
        "sẽ đổi ngày hẹn trả của {least}{} trong {} hồ sơ đang giải quyết đã xem\n",
        moves.moved, moves.open
    );
    if moves.past_at_once > 0 {
        text += &format!("trong đó {} hồ sơ quá hạn ngay\n", moves.past_at_once);
    }
    crate::cli::output::write(text.as_bytes())
}

/// Waits for the jobs that an import has made necessary. Interrupted, the server goes on with them.
fn work_off(store: &Store, calendar: bool) -> Outcome {
    let mut moved = 0;
    for job in store.read(jobs::open)? {
        let mut progress: Option<(Progress, u64)> = None;
        let done = crate::jobs::queue::wait_for(store, job.id, |job| {
            if job.total > 0 {
                let new = || (Progress::new(render::words::job(job.kind), job.total), 0);
                let (progress, told) = progress.get_or_insert_with(new);
                progress.add(job.done.saturating_sub(*told));
                *told = job.done.max(*told);
            }
        })?;
        if let Some((progress, _)) = progress {
            progress.finish();
        }
        if job.kind == Kind::DueMoments {
            moved += done.changed;
        }
    }
    if calendar {
        let text = format!("tính lại ngày hẹn trả: {moved} hồ sơ thay đổi\n");
        crate::cli::output::write(text.as_bytes())?;
    }
    Ok(ExitCode::SUCCESS)
}

fn import_portal(args: &Portal, config: &Config, store: &Store) -> Outcome {
    let from = args
        .valid_from
        .unwrap_or_else(|| crate::clock::now().date());
    let answers = match (&args.list, &args.details) {
        (Some(list), Some(details)) => read_answers(list, details)?,
        _ => fetch_answers(config)?,
    };
    let changes = match args.preview {
        true => portal::preview_portal_catalogue(store, &answers, from),
        false => {
            let dating = Dating::Asked(args.backdating_reason.clone());
            portal::portal_catalogue_dated(store, answers, from, dating)
        }
    };
    let changes = changes.map_err(refused)?;
    crate::cli::output::write(format!("{changes}\n").as_bytes())?;
    Ok(ExitCode::SUCCESS)
}

fn refused(error: impl std::fmt::Display) -> String {
    format!("không nhập gì cả\n{error}")
}

fn read_answers(list: &Path, details: &Path) -> Result<PortalAnswers, String> {
    let detail = |code: &str| {
        let file = details.join(format!("{code}.json"));
        match file.exists() {
            true => read_file(&file).map(|bytes| Some((file.display().to_string(), bytes))),
            false => Ok(None),
        }
    };
    let name = list.display().to_string();
    PortalAnswers::read((&name, &read_file(list)?), detail).map_err(refused)
}

fn fetch_answers(config: &Config) -> Result<PortalAnswers, String> {
    let portal = PortalCatalogue::new(crate::cli::portal::settings(config)?);
    let list = portal.list()?;
    // A portal that does not answer is asked no further.
    let mut silent: Option<String> = None;
    let detail = |code: &str| match &silent {
        Some(_) => Ok(None),
        None => match portal.procedure(code) {
            Ok(bytes) => Ok(Some((format!("LayThuTuc {code}"), bytes))),
            Err(reason) => {
                silent = Some(reason);
                Ok(None)
            }
        },
    };
    let answers = PortalAnswers::read(("LayDanhSachTTHC", &list), detail);
    match silent {
        Some(reason) => Err(refused(reason)),
        None => answers.map_err(refused),
    }
}
