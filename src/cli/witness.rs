//! `motcua witness`: vouches for another installation's log.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;

use crate::cli::Outcome;
use crate::domain::log::note::PublicKey;
use crate::tools::witness::Witness;

#[derive(Parser)]
pub(super) struct Args {
    /// Địa chỉ của hệ thống được chứng kiến, ví dụ <https://motcua.langson.gov.vn>.
    url: String,
    /// Thư mục giữ các điểm chốt đã chứng kiến.
    #[arg(long, value_name = "THƯ_MỤC")]
    state: PathBuf,
    /// Tệp khóa của người chứng kiến; được tạo nếu chưa có (mặc định: witness.key trong thư mục).
    #[arg(long, value_name = "TỆP")]
    key: Option<PathBuf>,
    /// Khóa công khai của nhật ký; không có thì tin khóa thấy lần đầu.
    #[arg(long, value_name = "KHÓA")]
    log_key: Option<PublicKey>,
}

pub(super) fn run(args: &Args) -> Outcome {
    let witness = Witness::open(&args.state, args.key.as_deref())?;
    let seen = witness.look(&args.url, args.log_key.as_ref(), crate::clock::now())?;
    if let Some(key) = &seen.trusted {
        eprintln!("từ nay tin khóa của nhật ký: {key}");
    }
    let size = seen.checkpoint.size;
    match seen.before {
        Some(before) => eprintln!("nhật ký chỉ dài thêm: từ {before} đến {size} mục"),
        None => eprintln!("lần đầu chứng kiến nhật ký này: {size} mục"),
    }
    eprintln!("khóa của người chứng kiến: {}", witness.public());
    crate::cli::output::write(seen.cosigned.as_bytes())?;
    Ok(ExitCode::SUCCESS)
}
