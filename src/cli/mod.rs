//! The command line: parse, call one function, say what came out.

mod backup;
mod bench;
mod checkpoint;
mod clock;
mod config;
mod demo;
mod due;
mod ground;
mod import;
mod log;
mod migrate;
mod outgoing;
mod output;
mod portal;
mod privacy;
mod report;
mod scenario;
mod serve;
mod user;
mod verify;
mod witness;

use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::cli::ground::Missing;
use crate::config::{Logging, Settings, WrongSetting, WrongSettings};
use crate::domain::text::{is_no_day, read_date};
use crate::store::Store;

/// Theo dõi hồ sơ thủ tục hành chính tại bộ phận một cửa.
#[derive(Parser)]
#[command(name = "motcua", version, about, propagate_version = true)]
struct Cli {
    /// Tệp cấu hình TOML (mặc định: chỉ dùng cấu hình sẵn có).
    #[arg(long, global = true, env = "MOTCUA_CONFIG", value_name = "TỆP")]
    config: Option<PathBuf>,
    /// Cơ sở dữ liệu: sqlite://ĐƯỜNG_DẪN hoặc postgres://…
    #[arg(
        long,
        global = true,
        env = "DATABASE_URL",
        hide_env_values = true,
        value_name = "URL"
    )]
    database_url: Option<String>,
    /// Tạo cơ sở dữ liệu SQLite, cả thư mục, nếu chưa có.
    #[arg(long, global = true)]
    create: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Tính thời điểm hẹn trả kết quả.
    Due(due::Args),
    /// Nhập đơn vị, đơn vị kế thừa, thủ tục, lịch làm việc.
    #[command(subcommand)]
    Import(import::Args),
    /// Tạo hồ sơ của một kịch bản.
    #[command(subcommand)]
    Scenario(scenario::Args),
    /// Cổng Dịch vụ công Quốc gia: xem trước thông điệp, mã lĩnh vực.
    Portal(portal::Args),
    /// Dữ liệu cá nhân: ai đã xem số định danh, ẩn danh khi hết thời hạn lưu.
    #[command(subcommand)]
    Privacy(privacy::Args),
    /// In báo cáo.
    Report(report::Args),
    /// Kiểm tra toàn bộ cơ sở dữ liệu; thoát với mã khác 0 nếu có sai lệch.
    Verify(verify::Args),
    /// In điểm chốt có chữ ký của nhật ký.
    Checkpoint(checkpoint::Args),
    /// Chứng kiến nhật ký của một hệ thống khác: chỉ ký nếu nhật ký chỉ dài thêm.
    Witness(witness::Args),
    /// Nâng cấp lược đồ cơ sở dữ liệu.
    Migrate,
    /// Đo tốc độ bên cạnh giới hạn của chính cơ sở dữ liệu và máy chủ trống.
    Bench(bench::Args),
    /// Sao lưu cơ sở dữ liệu, kể cả khi máy chủ đang chạy.
    Backup(backup::Args),
    /// Khôi phục từ bản sao lưu, sau khi kiểm tra nó.
    Restore(backup::RestoreArgs),
    /// Xem cấu hình.
    #[command(subcommand)]
    Config(config::Args),
    /// Thêm tài khoản, đặt lại mật khẩu.
    #[command(subcommand)]
    User(user::Args),
    /// Đồng hồ của máy: kiểm tra, xác nhận.
    #[command(subcommand)]
    Clock(clock::Args),
    /// Chạy máy chủ.
    Serve(serve::Args),
    /// Nạp kịch bản Lạng Sơn nếu chưa có, in báo cáo, rồi chạy máy chủ.
    Demo(demo::Args),
}

/// What a command ends with: a process exit code, or an error that is told on standard error.
type Outcome = Result<ExitCode, Box<dyn Error>>;

/// Runs the command of this process.
pub fn main() -> ExitCode {
    ground::keep_to_ourselves();
    let cli = Cli::parse();
    let (logging, wrong) = Logging::of_process();
    let _log = log::start(logging);
    match run(&cli, wrong) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("motcua: lỗi: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(cli: &Cli, wrong_of_log: Vec<WrongSetting>) -> Outcome {
    if let Command::Bench(_) | Command::Due(_) | Command::Witness(_) = &cli.command
        && !wrong_of_log.is_empty()
    {
        return Err(WrongSettings(wrong_of_log).into());
    }
    if let Command::Bench(args) = &cli.command {
        // Databases of its own.
        return bench::run(args);
    }
    if let Command::Due(args) = &cli.command {
        // No database: the calendar and hours are those compiled in.
        return due::run(args);
    }
    if let Command::Witness(args) = &cli.command {
        // No database: the log is another installation's.
        return witness::run(args);
    }
    let settings = Settings::of_process(cli.config.as_deref(), cli.database_url.as_deref());
    if let Command::Config(args) = &cli.command {
        return config::run(args, &settings);
    }
    let config = settings.config()?;
    let missing = match &cli.command {
        Command::Serve(_) | Command::Demo(_) | Command::Scenario(_) | Command::Restore(_) => {
            Missing::IsMade
        }
        _ => Missing::IsAnError,
    };
    ground::database(&config, &settings, missing, cli.create)?;
    let open = || -> Result<Store, Box<dyn Error>> {
        let mut options = config.store.clone();
        if let Command::Serve(_) | Command::Demo(_) = &cli.command {
            options = options.serving();
        }
        let store = Store::open(&config.database, options)?;
        clock::begin(&store)?;
        Ok(store)
    };
    match &cli.command {
        Command::Due(args) => due::run(args),
        Command::Bench(args) => bench::run(args),
        Command::Config(args) => config::run(args, &settings),
        Command::Backup(args) => backup::run(args, &config),
        Command::Restore(args) => backup::restore(args, &config),
        Command::Import(args) => import::run(args, &config, &open()?),
        Command::Clock(args) => clock::run(args, &open()?),
        Command::Scenario(args) => {
            let _held = config.database.hold_beside_others()?;
            scenario::run(args, &open()?)
        }
        Command::Portal(args) => portal::run(args, &config, &open()?),
        Command::Privacy(args) => privacy::run(args, &config, &open()?),
        Command::Report(args) => report::run(args, &open()?),
        Command::Verify(args) => verify::run(args, &open()?),
        Command::Checkpoint(args) => checkpoint::run(args, &config, &open()?),
        Command::Witness(args) => witness::run(args),
        Command::Migrate => migrate::run(&open()?),
        Command::User(args) => user::run(args, &open()?),
        Command::Serve(args) => {
            let _held = config.database.hold()?;
            ground::prepare(&config)?;
            serve::run(args, &config, &settings, open()?)
        }
        Command::Demo(args) => {
            let _held = config.database.hold()?;
            ground::prepare(&config)?;
            demo::run(args, &config, &settings, open()?)
        }
    }
}

/// Reads a file, or says which one could not be read.
fn read_file(path: &std::path::Path) -> Result<Vec<u8>, String> {
    std::fs::read(path).map_err(|error| format!("không đọc được tệp {}: {error}", path.display()))
}

/// Reads a date such as `2021-09-14`.
fn date(text: &str) -> Result<chrono::NaiveDate, String> {
    read_date(text).ok_or_else(|| match is_no_day(text) {
        true => format!("không có ngày '{text}'"),
        false => format!("'{text}' không phải ngày, ví dụ 2021-09-14"),
    })
}
