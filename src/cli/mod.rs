//! The command line: parse, call one function, say what came out.

mod bench;
mod clock;
mod demo;
mod due;
mod import;
mod log;
mod outgoing;
mod output;
mod report;
mod scenario;
mod serve;
mod user;
mod verify;

use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::config::Config;
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
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Tính thời điểm hẹn trả kết quả.
    Due(due::Args),
    /// Nhập đơn vị, đơn vị kế thừa, thủ tục, lịch làm việc.
    Import(import::Args),
    /// Tạo hồ sơ của một kịch bản.
    Scenario(scenario::Args),
    /// In báo cáo.
    Report(report::Args),
    /// Kiểm tra toàn bộ cơ sở dữ liệu; thoát với mã khác 0 nếu có sai lệch.
    Verify(verify::Args),
    /// Đo tốc độ bên cạnh giới hạn của chính cơ sở dữ liệu và máy chủ trống.
    Bench(bench::Args),
    /// Thêm tài khoản, đặt lại mật khẩu.
    User(user::Args),
    /// Đồng hồ của máy: kiểm tra, xác nhận.
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
    let _log = log::start();
    let cli = Cli::parse();
    match run(&cli) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("motcua: lỗi: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(cli: &Cli) -> Outcome {
    if let Command::Bench(args) = &cli.command {
        // Databases of its own.
        return bench::run(args);
    }
    if let Command::Due(args) = &cli.command {
        // No database: the calendar and hours are those compiled in.
        return due::run(args);
    }
    let config = Config::load(cli.config.as_deref(), cli.database_url.as_deref())?;
    let open = || -> Result<Store, Box<dyn Error>> {
        let store = Store::open(&config.database, config.store.clone())?;
        clock::begin(&store)?;
        Ok(store)
    };
    if let Command::Report(_) | Command::Verify(_) = &cli.command {
        config.database.ensure_exists()?;
    }
    match &cli.command {
        Command::Due(args) => due::run(args),
        Command::Bench(args) => bench::run(args),
        Command::Import(args) => import::run(args, &config, &open()?),
        Command::Clock(args) => clock::run(args, &open()?),
        Command::Scenario(args) => scenario::run(args, &open()?),
        Command::Report(args) => report::run(args, &open()?),
        Command::Verify(args) => verify::run(args, &open()?),
        Command::User(args) => user::run(args, &open()?),
        Command::Serve(args) => serve::run(args, &config, open()?),
        Command::Demo(args) => demo::run(args, &config, open()?),
    }
}

/// Reads a file, or says which one could not be read.
fn read_file(path: &std::path::Path) -> Result<Vec<u8>, String> {
    std::fs::read(path).map_err(|error| format!("không đọc được tệp {}: {error}", path.display()))
}

/// Reads a date such as `2021-09-14`.
fn date(text: &str) -> Result<chrono::NaiveDate, String> {
    chrono::NaiveDate::parse_from_str(text, "%Y-%m-%d")
        .ok()
        .filter(|date| (1900..=9998).contains(&chrono::Datelike::year(date)))
        .ok_or_else(|| format!("'{text}' không phải ngày, ví dụ 2021-09-14"))
}
