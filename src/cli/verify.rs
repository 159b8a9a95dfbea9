//! `motcua verify`.

use std::process::ExitCode;

use clap::Parser;

use super::Outcome;
use crate::store::Store;
use crate::verify::{self, RebuildError};

#[derive(Parser)]
pub(super) struct Args {
    /// Số sai lệch in ra nhiều nhất.
    #[arg(long, default_value_t = 100)]
    most: usize,
    /// Dựng lại số tổng hợp từ sự kiện nếu chỉ số tổng hợp sai; máy chủ vẫn có thể chạy.
    #[arg(long)]
    rebuild: bool,
}

pub(super) fn run(args: &Args, store: &Store) -> Outcome {
    let (rebuilt, found) = match args.rebuild {
        false => (None, verify::verify(store, args.most)?),
        true => match verify::rebuild(store, args.most) {
            Ok((rebuilt, found)) => (Some(rebuilt), found),
            Err(RebuildError::Damaged(found)) => (Some(0), *found),
            Err(RebuildError::Store(error)) => return Err(error.into()),
        },
    };
    let mut text = String::new();
    for finding in &found.findings {
        text += &format!("{finding}\n");
    }
    if found.total > found.findings.len() {
        let more = found.total - found.findings.len();
        text += &format!("… và {more} sai lệch khác\n");
    }
    text += &format!(
        "đã kiểm tra {} hồ sơ, {} sự kiện: {}\n",
        crate::words::number(found.dossiers),
        crate::words::number(found.events),
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
            let rebuilt = crate::words::number(rebuilt);
            text += &format!("đã dựng lại số tổng hợp: sửa {rebuilt} ô\n");
        }
        None => {}
    }
    super::output::write(text.as_bytes())?;
    let whole = found.total == 0 || (rebuilt.is_some() && found.others == 0);
    Ok(if whole {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
