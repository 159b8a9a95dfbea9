//! `motcua due`: the due moment of a limit, one or a hundred thousand of them.

use std::io::{BufRead, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;

use crate::cli::{Outcome, read_file};
use crate::config::bundled;
use crate::domain::calendar::Calendar;
use crate::domain::moment::Moment;
use crate::domain::office_hours::OfficeHours;
use crate::domain::time_limit::{Amount, LimitUnit, TimeLimit};
use crate::domain::timetable::Timetable;
use crate::imports::read_calendar;

#[derive(Parser)]
pub(super) struct Args {
    /// Thời điểm tiếp nhận theo RFC 3339, ví dụ 2021-02-09T14:00:00+07:00.
    #[arg(long, required_unless_present = "batch")]
    received: Option<String>,
    /// Số ngày, giờ, tháng hoặc năm; ngày làm việc và giờ có thể lẻ, như 7,5; không cần cho `same_day`.
    #[arg(long)]
    limit: Option<String>,
    /// `working_day`, `calendar_day`, `hour`, `same_day`, `month` hoặc `year`.
    #[arg(long, required_unless_present = "batch")]
    unit: Option<String>,
    /// Đọc các dòng CSV `received,limit,unit` từ đầu vào chuẩn; mỗi dòng cho một dòng kết quả,
    /// hoặc `error: …`.
    #[arg(long, conflicts_with_all = ["received", "limit", "unit"])]
    batch: bool,
    /// Tệp lịch nghỉ (mặc định: lịch 2018–2027 có sẵn trong chương trình).
    #[arg(long, value_name = "TỆP")]
    calendar: Option<PathBuf>,
}

pub(super) fn run(args: &Args) -> Outcome {
    let days = match &args.calendar {
        Some(path) => read_calendar(&read_file(path)?),
        None => read_calendar(bundled::CALENDAR),
    }?;
    let timetable = Timetable::new(&Calendar::new(days)?, &OfficeHours::default());
    if args.batch {
        return batch(&timetable);
    }
    let text = |argument: &Option<String>| argument.clone().unwrap_or_default();
    let due = due(
        &text(&args.received),
        &text(&args.limit),
        &text(&args.unit),
        &timetable,
    )?;
    crate::cli::output::write(format!("{due}\n").as_bytes())?;
    Ok(ExitCode::SUCCESS)
}

/// A wrong line is an answer like any other, so it does not change the exit code.
fn batch(timetable: &Timetable) -> Outcome {
    let mut input = std::io::stdin().lock();
    let mut output = std::io::BufWriter::new(std::io::stdout().lock());
    let mut line = Vec::new();
    while input.read_until(b'\n', &mut line)? > 0 {
        let written = match batch_line(&line, timetable) {
            Ok(due) => writeln!(output, "{due}"),
            // The text of a line may be anything; the answer stays one line.
            Err(error) => writeln!(output, "error: {}", error.replace(['\n', '\r'], " ")),
        };
        match written {
            Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => break,
            other => other?,
        }
        line.clear();
    }
    match output.flush() {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(ExitCode::SUCCESS),
    }
}

fn batch_line(line: &[u8], timetable: &Timetable) -> Result<Moment, String> {
    let line = std::str::from_utf8(line).map_err(|_| "dòng không phải UTF-8".to_owned())?;
    let cells: Vec<&str> = line.trim_end_matches(['\r', '\n']).split(',').collect();
    match cells[..] {
        [received, limit, unit] => due(received, limit, unit, timetable),
        _ => Err(format!(
            "cần 3 cột received,limit,unit nhưng có {}",
            cells.len()
        )),
    }
}

fn due(received: &str, limit: &str, unit: &str, timetable: &Timetable) -> Result<Moment, String> {
    let received = Moment::parse(received).map_err(|error| error.to_string())?;
    let unit = unit.trim();
    let unit: LimitUnit = unit.parse().map_err(|()| {
        let names = LimitUnit::ALL.map(|unit| unit.to_string()).join(", ");
        format!("'{unit}' không phải đơn vị thời hạn, phải là một trong: {names}")
    })?;
    let amount = match (limit.trim(), unit) {
        ("", LimitUnit::SameDay | LimitUnit::ByHand) => Amount::ZERO,
        ("", _) => return Err("thiếu thời hạn".to_owned()),
        (text, _) => {
            Amount::parse(text).ok_or_else(|| format!("'{text}' không phải số ngày hay số giờ"))?
        }
    };
    TimeLimit::new(unit, amount)
        .and_then(|limit| limit.due(received, timetable))
        .map_err(|error| error.to_string())
}
