//! `motcua verify`.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;

use crate::cli::{Outcome, read_file};
use crate::domain::log::note::{Note, PublicKey};
use crate::store::Store;
use crate::tools;
use crate::tools::verify::Against;

#[derive(Parser)]
pub(super) struct Args {
    /// Số sai lệch in ra nhiều nhất.
    #[arg(long, default_value_t = 100)]
    most: usize,
    /// Dựng lại số tổng hợp từ sự kiện nếu chỉ số tổng hợp sai; máy chủ vẫn có thể chạy.
    #[arg(long)]
    rebuild: bool,
    /// So với điểm chốt đã giữ ở nơi khác (hoặc thư có điểm chốt trong đó).
    #[arg(long, value_name = "TỆP")]
    checkpoint: Option<PathBuf>,
    /// Khóa công khai mà điểm chốt phải được ký (mặc định: khóa ghi trong cơ sở dữ liệu, mà ai sửa được
    /// cơ sở dữ liệu cũng sửa được).
    #[arg(long, value_name = "KHÓA")]
    key: Option<PublicKey>,
}

impl Args {
    fn against(&self) -> Result<Option<Against>, String> {
        let Some(file) = &self.checkpoint else {
            return match self.key {
                Some(_) => Err("--key cần --checkpoint".to_owned()),
                None => Ok(None),
            };
        };
        let text = String::from_utf8_lossy(&read_file(file)?).into_owned();
        let note = Note::find(&text)
            .ok_or_else(|| format!("{}: không có điểm chốt nào trong tệp này", file.display()))?;
        let key = self.key.clone();
        Ok(Some(Against { note, key }))
    }
}

pub(super) fn run(args: &Args, store: &Store) -> Outcome {
    let against = args.against()?;
    let against = against.as_ref();
    let (rebuilt, found) = match args.rebuild {
        false => (
            None,
            tools::verify::verify_against(store, args.most, against)?,
        ),
        true => {
            let (rebuilt, found) = tools::verify::rebuild(store, args.most, against)?;
            (Some(rebuilt), found)
        }
    };
    let mut text = String::new();
    for finding in &found.findings {
        text += &format!("{finding}\n");
    }
    if found.total > found.findings.len() {
        let more = found.total - found.findings.len();
        text += &format!("… và {more} sai lệch khác\n");
    }
    if let Some((_, what)) = &found.first_altered {
        text += &format!("bị sửa đầu tiên theo nhật ký: {what}\n");
    }
    if found.erased > 0 {
        text += &format!("đã xóa dữ liệu của {} người, có ghi lại\n", found.erased);
    }
    text += &format!(
        "đã kiểm tra {} hồ sơ, {} sự kiện: {}\n",
        crate::render::words::number(found.dossiers),
        crate::render::words::number(found.events),
        match found.total {
            0 => "không có sai lệch".to_owned(),
            n => format!("{n} sai lệch"),
        }
    );
    match rebuilt {
        Some(_) if found.others > 0 => {
            text += "không dựng lại số tổng hợp: còn sai lệch khác, hãy xử lý trước\n";
        }
        Some(rebuilt) => {
            let rebuilt = i64::try_from(rebuilt).unwrap_or(i64::MAX);
            let rebuilt = crate::render::words::number(rebuilt);
            text += &format!("đã dựng lại số tổng hợp: sửa {rebuilt} ô\n");
        }
        None => {}
    }
    crate::cli::output::write(text.as_bytes())?;
    let whole = found.total == 0 || (rebuilt.is_some() && found.others == 0);
    Ok(if whole {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
