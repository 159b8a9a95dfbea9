//! How a return date was counted, in sentences for the desk and the applicant.

use chrono::{Datelike, NaiveDate, Weekday};

use crate::domain::calendar::CalendarDay;
use crate::domain::counting::{Counting, DayOff, Rule};
use crate::render::words::{date, moment};

/// The sentences, in the order in which one counts.
pub fn counting(counting: &Counting) -> Vec<String> {
    let mut lines = vec![format!("Tiếp nhận lúc {}.", moment(counting.received))];
    lines.extend(counting.rules.iter().map(|of| rule(*of, counting)));
    if !counting.passed_over.is_empty() {
        let days = listed(&counting.passed_over);
        lines.push(format!("Ngày nghỉ không tính: {days}."));
    }
    if !counting.made_up.is_empty() {
        let days = joined(counting.made_up.iter().map(named));
        lines.push(format!("Ngày làm bù có tính: {days}."));
    }
    lines.push(format!("Hạn trả kết quả: {}.", moment(counting.due)));
    if !counting.provisional.is_empty() {
        let days = joined(counting.provisional.iter().map(named));
        lines.push(format!(
            "Hạn này dựa vào lịch dự kiến, chưa có thông báo chính thức, nên có thể thay đổi: {days}."
        ));
    }
    lines
}

/// The sentence of a rule.
pub fn rule(rule: Rule, counting: &Counting) -> String {
    let (limit, start) = (counting.limit, date(counting.started.date()));
    match rule {
        Rule::OutsideWorkingTime => format!(
            "Ngoài giờ làm việc, nên tính từ giờ mở cửa tiếp theo: {}.",
            moment(counting.started)
        ),
        Rule::FirstDayNotCounted => {
            format!("Ngày bắt đầu ({start}) không tính (Bộ luật Dân sự 2015, điều 147).")
        }
        Rule::WorkingDays | Rule::CalendarDays => {
            let what = match rule {
                Rule::WorkingDays => "chỉ tính ngày làm việc",
                _ => "tính cả ngày nghỉ",
            };
            let from_to = counting.counted.map_or_else(String::new, |(from, to)| {
                format!(", từ {} đến hết {}", date(from), date(to))
            });
            format!("Thời hạn {limit}, {what}{from_to}.")
        }
        Rule::MovedToWorkingDay => {
            let last = counting.counted.map_or(start, |(_, last)| date(last));
            format!(
                "Ngày cuối ({last}) là ngày nghỉ, nên thời hạn kết thúc vào ngày làm việc tiếp theo \
                 (Bộ luật Dân sự 2015, điều 148)."
            )
        }
        Rule::WorkingHours => format!("Thời hạn {limit}, chỉ tính giờ mở cửa."),
        Rule::SameDay => "Giải quyết trong ngày: trả khi hết giờ làm việc của ngày đó.".to_owned(),
        Rule::AfterTheCut => format!(
            "Giải quyết trong ngày, nhưng tiếp nhận sau {}, nên trả vào ngày làm việc tiếp theo \
             (Nghị định 23/2015/NĐ-CP, điều 7).",
            counting.same_day_cut.format("%H:%M")
        ),
    }
}

/// What a day off is called.
pub fn passed_over(day: &DayOff) -> String {
    match day {
        DayOff::Weekend(on) => weekday(*on).to_owned(),
        DayOff::Named(day) => day.name.clone(),
    }
}

/// Weekends are many, and everybody knows them: from a few on they are only counted.
fn listed(days: &[DayOff]) -> String {
    const FEW: usize = 4;
    let weekends = days.iter().filter(|day| matches!(day, DayOff::Weekend(_)));
    let count = weekends.count();
    let summed = (count > FEW).then(|| format!("{count} ngày thứ Bảy, Chủ nhật"));
    let shown = days.iter().filter_map(|day| match day {
        DayOff::Weekend(_) if count > FEW => None,
        DayOff::Weekend(on) => Some(format!("{} {}", weekday(*on), date(*on))),
        DayOff::Named(day) => Some(named(day)),
    });
    joined(summed.into_iter().chain(shown))
}

fn named(day: &CalendarDay) -> String {
    format!("{} ({})", date(day.date), day.name)
}

fn joined(parts: impl Iterator<Item = String>) -> String {
    parts.collect::<Vec<_>>().join("; ")
}

fn weekday(on: NaiveDate) -> &'static str {
    match on.weekday() {
        Weekday::Mon => "thứ Hai",
        Weekday::Tue => "thứ Ba",
        Weekday::Wed => "thứ Tư",
        Weekday::Thu => "thứ Năm",
        Weekday::Fri => "thứ Sáu",
        Weekday::Sat => "thứ Bảy",
        Weekday::Sun => "Chủ nhật",
    }
}
