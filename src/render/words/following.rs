//! What applicants read of their dossier: its stages, what comes next, and when a desk is open.

use crate::domain::dossier::{Channel, Decision, Pages, Status};
use crate::domain::moment::Moment;
use crate::domain::office_hours::{OfficeHours, Session};
use crate::domain::opinion::FeedbackKind;
use crate::domain::procedure::{ChecklistItem, Fee};
use crate::domain::progress::{Progress, Stage};
use crate::render::words::{moment, number};

/// What a stage is called.
pub const fn stage(stage: Stage) -> &'static str {
    match stage {
        Stage::Submission => "Nộp trực tuyến",
        Stage::Reception => "Tiếp nhận",
        Stage::Supplement => "Bổ sung giấy tờ",
        Stage::Payment => "Nộp phí, lệ phí",
        Stage::Handling => "Giải quyết",
        Stage::Return => "Trả kết quả",
        Stage::NotReceived => "Không tiếp nhận",
        Stage::Withdrawal => "Rút hồ sơ",
        Stage::Stop => "Dừng giải quyết",
    }
}

/// Whether a stage is over, as a text.
pub const fn progress(progress: Progress, stage: Stage) -> &'static str {
    match (progress, stage) {
        (Progress::Done, _) => "đã xong",
        (Progress::Now, Stage::Supplement | Stage::Payment) => "đang chờ người nộp",
        (Progress::Now, _) => "đang làm",
        (Progress::Next, _) => "chưa",
    }
}

/// Where a dossier stands, for the sentence on what comes next.
#[derive(Debug, Clone, Copy)]
pub struct Stand<'a> {
    pub status: Status,
    pub decision: Option<Decision>,
    /// How the applicant is spoken to.
    pub you: &'a str,
    pub return_channel: Channel,
    /// Where its result is fetched.
    pub desk: &'a str,
    pub due: Option<Moment>,
    pub appointment: Option<Moment>,
    pub overdue: bool,
    pub asked_vnd: Option<u64>,
    pub returned_at: Option<Moment>,
    pub now: Moment,
}

/// What comes next, and when.
pub fn what_is_next(stand: &Stand<'_>) -> String {
    let (desk, you) = (stand.desk, stand.you);
    match stand.status {
        Status::Registered => {
            "Bộ phận một cửa đang kiểm tra hồ sơ nộp trực tuyến. Khi hồ sơ được tiếp nhận, ngày \
             hẹn trả kết quả sẽ hiện ở đây."
                .to_owned()
        }
        Status::NotReceived => {
            "Hồ sơ không được tiếp nhận vì lý do đã nêu. Khắc phục được lý do đó thì có thể nộp lại."
                .to_owned()
        }
        Status::SupplementRequested => {
            format!(
                "Hồ sơ đang chờ {you} bổ sung giấy tờ. Thời hạn giải quyết tạm dừng cho đến khi nhận đủ."
            )
        }
        Status::PaymentRequested => {
            let amount = stand
                .asked_vnd
                .map_or_else(String::new, |vnd| format!(" {} đồng", vnd_in_words(vnd)));
            format!(
                "Hồ sơ đang chờ {you} nộp{amount}. Thời hạn giải quyết tạm dừng cho đến khi nộp đủ."
            )
        }
        Status::Received | Status::InProgress => promise(stand),
        Status::Withdrawn => format!(
            "Hồ sơ đã được rút theo yêu cầu của người nộp.{}",
            what_is_left(desk)
        ),
        Status::Stopped => format!(
            "Cơ quan giải quyết đã dừng giải quyết hồ sơ.{}",
            what_is_left(desk)
        ),
        Status::Done => {
            let what = match stand.decision {
                Some(Decision::Refused) => "Hồ sơ bị từ chối giải quyết; có văn bản nêu lý do",
                _ => "Đã có kết quả",
            };
            match stand.return_channel {
                Channel::Direct => {
                    format!("{what}. Mời {you} đến nhận tại {desk}, mang theo giấy tiếp nhận.")
                }
                Channel::Online => format!(
                    "{what}. {desk} gửi bằng phương thức điện tử; nếu chưa nhận được, xin hỏi tại đó."
                ),
                Channel::Postal => format!("{what}. Kết quả được gửi qua bưu chính công ích."),
            }
        }
        Status::Returned => {
            let what = match stand.decision {
                Some(Decision::Refused) => "Hồ sơ bị từ chối giải quyết; đã trả văn bản từ chối",
                _ => "Đã trả kết quả",
            };
            match stand.returned_at {
                Some(at) => format!("{what} lúc {}.", moment(at)),
                None => format!("{what}."),
            }
        }
    }
}

/// Where to ask for what was handed in, when nothing comes of it.
fn what_is_left(desk: &str) -> String {
    match desk.is_empty() {
        true => String::new(),
        false => format!(" Giấy tờ, tiền đã nộp (nếu có): xin hỏi tại {desk}."),
    }
}

/// A paper with how many of it are asked for.
pub fn paper(item: &ChecklistItem) -> String {
    paper_of(&item.name, item.originals, item.copies)
}

/// The same of its name and numbers.
pub fn paper_of(name: &str, originals: u16, of_copies: u16) -> String {
    match copies(originals, of_copies) {
        none if none.is_empty() => name.to_owned(),
        number => format!("{name} ({number})"),
    }
}

/// By when there is a result, while a dossier is being worked on.
fn promise(stand: &Stand<'_>) -> String {
    if let Some(broken) = broken_promise(stand.appointment, stand.due, stand.overdue, stand.now) {
        return broken;
    }
    match (stand.appointment, stand.due) {
        (Some(appointment), _) => format!(
            "Cơ quan giải quyết xin lỗi vì phải hẹn lại. Ngày hẹn trả kết quả mới: {}.",
            moment(appointment)
        ),
        (None, Some(due)) => format!("Hẹn trả kết quả: {}.", moment(due)),
        (None, None) => "Hồ sơ đang được giải quyết.".to_owned(),
    }
}

/// That what was promised has passed, and whom to call; `None` while it has not.
pub fn broken_promise(
    appointment: Option<Moment>,
    due: Option<Moment>,
    overdue: bool,
    now: Moment,
) -> Option<String> {
    let what = match (appointment, due) {
        (Some(appointment), _) if appointment < now => format!(
            "Đã quá ngày hẹn lại ({}) mà chưa có kết quả.",
            moment(appointment)
        ),
        (None, Some(due)) if overdue => format!("Đã quá hạn trả kết quả ({}).", moment(due)),
        _ => return None,
    };
    Some(format!(
        "{what} Xin gọi bộ phận một cửa để biết khi nào có kết quả."
    ))
}

/// Of how many originals and copies a paper is asked for.
pub fn copies(originals: u16, copies: u16) -> String {
    match (originals, copies) {
        (0, 0) => String::new(),
        (originals, 0) => format!("{originals} bản chính"),
        (0, copies) => format!("{copies} bản sao"),
        (originals, copies) => format!("{originals} bản chính, {copies} bản sao"),
    }
}

/// `2 bản × 5 trang; 1 bản × 1 trang`.
pub fn copies_of(pages: &Pages) -> String {
    let runs = pages.copies().iter();
    let runs = runs.map(|run| format!("{} bản × {} trang", run.copies, run.pages));
    runs.collect::<Vec<_>>().join("; ")
}

/// What a fee comes to whose amount the procedure does not know.
pub const UNKNOWN_FEE: &str = "theo quy định của tỉnh, hỏi tại bộ phận một cửa";

/// A fee with its amount; one that is not known is said to be.
pub fn fee(fee: &Fee) -> String {
    let amount = match fee.amount_vnd {
        Some(0) => "miễn phí".to_owned(),
        Some(vnd) => format!("{} đồng", vnd_in_words(vnd)),
        None => UNKNOWN_FEE.to_owned(),
    };
    match fee.note.is_empty() {
        true => format!("{}: {amount}", fee.name),
        false => format!("{}: {amount} ({})", fee.name, fee.note),
    }
}

/// What a feedback is called.
pub const fn feedback_kind(kind: FeedbackKind) -> &'static str {
    match kind {
        FeedbackKind::Report => "Phản ánh",
        FeedbackKind::Proposal => "Kiến nghị",
    }
}

/// `150.000`.
pub fn vnd_in_words(vnd: u64) -> String {
    number(i64::try_from(vnd).unwrap_or(i64::MAX))
}

/// When an office is open, a line each.
pub fn office_hours(hours: &OfficeHours) -> Vec<String> {
    let mut lines = Vec::new();
    lines.extend(days("", &hours.weekday, &hours.saturday));
    for season in &hours.seasons {
        let ((month, day), (last_month, last_day)) = (season.from, season.to);
        let when = format!("Từ {day:02}/{month:02} đến {last_day:02}/{last_month:02}, ");
        lines.extend(days(&when, &season.weekday, &season.saturday));
    }
    lines
}

fn days(when: &str, weekday: &[Session], saturday: &[Session]) -> Vec<String> {
    let first = |name: &'static str, inside: &'static str| match when {
        "" => name,
        _ => inside,
    };
    if weekday == saturday {
        let name = first("Thứ Hai đến thứ Bảy", "thứ Hai đến thứ Bảy");
        return vec![format!("{when}{name}: {}", sessions(weekday))];
    }
    let name = first("Thứ Hai đến thứ Sáu", "thứ Hai đến thứ Sáu");
    let mut lines = vec![format!("{when}{name}: {}", sessions(weekday))];
    if !saturday.is_empty() {
        let name = first("Thứ Bảy", "thứ Bảy");
        lines.push(format!("{when}{name}: {}", sessions(saturday)));
    }
    lines
}

fn sessions(all: &[Session]) -> String {
    let all = all.iter().map(|session| {
        let (open, close) = (session.open.format("%H:%M"), session.close.format("%H:%M"));
        format!("{open}–{close}")
    });
    all.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn opening_hours_are_said_as_on_a_door() {
        let usual = OfficeHours::default();
        assert_eq!(
            office_hours(&usual),
            ["Thứ Hai đến thứ Sáu: 07:30–12:00, 13:30–17:00"]
        );
        let seasonal: OfficeHours = serde_json::from_value(serde_json::json!({
            "weekday": [{"open": "07:30", "close": "11:30"}],
            "saturday": [{"open": "08:00", "close": "11:00"}],
            "seasons": [{
                "from": [4, 15], "to": [10, 15],
                "weekday": [{"open": "07:00", "close": "11:30"}],
                "saturday": [{"open": "07:00", "close": "11:30"}],
            }],
        }))
        .unwrap();
        assert_eq!(
            office_hours(&seasonal),
            [
                "Thứ Hai đến thứ Sáu: 07:30–11:30",
                "Thứ Bảy: 08:00–11:00",
                "Từ 15/04 đến 15/10, thứ Hai đến thứ Bảy: 07:00–11:30",
            ]
        );
    }
}
