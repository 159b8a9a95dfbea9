//! The words that people read, in Vietnamese: names of statuses, levels and outcomes, numbers and
//! dates as offices write them, refusals. Code compares enums, never these texts.

mod counting;
mod following;
mod refusals;
pub mod told;

pub use crate::render::words::counting::{counting, passed_over, rule};
pub use crate::render::words::following::{
    Stand, UNKNOWN_FEE, broken_promise, copies, copies_of, fee, feedback_kind, office_hours, paper,
    paper_of, progress, stage, vnd_in_words, what_is_next,
};
pub use crate::render::words::refusals::{cases_of, refusal, refused, without_instead};

use chrono::NaiveDate;

use crate::domain::dossier::{
    Channel, Decision, Ending, EventData, LinkKind, PaymentMethod, Status,
};
use crate::domain::job;
use crate::domain::moment::Moment;
use crate::domain::norms::{JudgedBy, JudgedDate, Judging, Norm, Numbering, Sure};
use crate::domain::opinion::Rating;
use crate::domain::payment::{Misfit, PaymentAct, PaymentState};
use crate::domain::person::{NotifyBy, Ways};
use crate::domain::privacy::{self, Seen};
use crate::domain::procedure::finding::Wanted;
use crate::domain::procedure::{OnSupplement, ProcedureDefinition};
use crate::domain::role::Role;
use crate::domain::tally::Share;
use crate::domain::text_block::Purpose;
use crate::domain::time_limit::Outcome;
use crate::domain::unit::finding::fit;
use crate::domain::unit::{Level, Unit, Units};

/// What another dossier is to one with which it is linked; it came later, or earlier.
pub const fn link(kind: LinkKind, later: bool) -> &'static str {
    match (kind, later) {
        (LinkKind::Related, _) => "Liên quan",
        (LinkKind::Replaces, true) => "Thay thế hồ sơ này",
        (LinkKind::Replaces, false) => "Được hồ sơ này thay thế",
        (LinkKind::Chained, _) => "Liên thông",
    }
}

/// For what a text is that is put into what is written to applicants.
pub const fn purpose(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Supplement => "Yêu cầu bổ sung",
        Purpose::Refusal => "Từ chối giải quyết",
        Purpose::NotReceived => "Không tiếp nhận",
        Purpose::Apology => "Xin lỗi, hẹn lại",
    }
}

/// `79918` as `79.918`.
pub fn number(n: i64) -> String {
    let digits = n.unsigned_abs().to_string();
    let mut text = String::with_capacity(digits.len() * 2);
    if n < 0 {
        text.push('-');
    }
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push('.');
        }
        text.push(digit);
    }
    text
}

/// `99,99%`; a share of nothing is a dash.
pub fn percent(share: Option<Share>) -> String {
    share.map_or_else(
        || "–".to_owned(),
        |share| share.to_string().replace('.', ",") + "%",
    )
}

/// `14/09/2021`.
pub fn date(date: NaiveDate) -> String {
    date.format("%d/%m/%Y").to_string()
}

/// `17:00 ngày 14/09/2021`, civil time in Vietnam.
pub fn moment(moment: Moment) -> String {
    moment.civil().format("%H:%M ngày %d/%m/%Y").to_string()
}

pub const fn status(status: Status) -> &'static str {
    match status {
        Status::Registered => "Mới đăng ký",
        Status::Received => "Được tiếp nhận",
        Status::NotReceived => "Không được tiếp nhận",
        Status::InProgress => "Đang xử lý",
        Status::SupplementRequested => "Yêu cầu bổ sung giấy tờ",
        Status::PaymentRequested => "Yêu cầu thực hiện nghĩa vụ tài chính",
        Status::Withdrawn => "Công dân yêu cầu rút hồ sơ",
        Status::Stopped => "Dừng xử lý",
        Status::Done => "Đã xử lý xong",
        Status::Returned => "Đã trả kết quả",
    }
}

pub const fn level(level: Level) -> &'static str {
    match level {
        Level::Province => "Cấp tỉnh",
        Level::District => "Cấp huyện",
        Level::Commune => "Cấp xã",
    }
}

/// The head of a level's rows in the forms of the Office of the Government.
pub const fn level_group(level: Level) -> &'static str {
    match level {
        Level::Province => "Sở, ban, ngành",
        Level::District => "Huyện, thành phố",
        Level::Commune => "Xã, phường, thị trấn",
    }
}

pub const fn channel(channel: Channel) -> &'static str {
    match channel {
        Channel::Direct => "Trực tiếp",
        Channel::Online => "Trực tuyến",
        Channel::Postal => "Bưu chính công ích",
    }
}

pub const fn outcome(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Early => "Trước hạn",
        Outcome::OnTime => "Đúng hạn",
        Outcome::Overdue => "Quá hạn",
    }
}

/// By what somebody is told.
pub const fn way(by: NotifyBy) -> &'static str {
    match by {
        NotifyBy::Email => "thư điện tử",
        NotifyBy::Sms => "tin nhắn SMS",
        NotifyBy::Zalo => "Zalo",
        NotifyBy::None => "không nhận tin",
    }
}

/// That nobody can be told by this here, and by what instead.
pub fn no_such_way(chosen: NotifyBy, ways: Ways) -> String {
    let others = NotifyBy::ALL.iter().filter(|by| ways.has(**by));
    let others: Vec<_> = others
        .map(|by| format!("{} ({})", by.as_str(), way(*by)))
        .collect();
    format!(
        "ở đây chưa gửi được tin qua {}; có thể chọn: {}",
        way(chosen),
        others.join(", ")
    )
}

/// A level of satisfaction, from 1 to 5.
pub const fn rating(rating: Rating) -> &'static str {
    match rating.level() {
        1 => "Rất không hài lòng",
        2 => "Không hài lòng",
        3 => "Bình thường",
        4 => "Hài lòng",
        _ => "Rất hài lòng",
    }
}

/// Why a payment fits nothing.
pub const fn misfit(misfit: Misfit) -> &'static str {
    match misfit {
        Misfit::UnknownDossier => "không có hồ sơ mang mã này",
        Misfit::SeveralDossiers => "nội dung nêu nhiều hồ sơ",
        Misfit::OtherAmount => "số tiền khác với số phải nộp",
        Misfit::NothingOwed => "hồ sơ không còn khoản nào phải nộp",
        Misfit::NotReceived => "hồ sơ chưa được tiếp nhận",
        Misfit::Closed => "hồ sơ đã rút hoặc đã dừng xử lý",
        Misfit::TransactionReused => "số giao dịch này đã báo với nội dung khác",
        Misfit::Refused => "chưa ghi nhận được cho hồ sơ",
        Misfit::Unreadable => "lịch sử hồ sơ không đọc được",
    }
}

/// How money was paid.
pub const fn payment_method(method: PaymentMethod) -> &'static str {
    match method {
        PaymentMethod::Cash => "Tiền mặt",
        PaymentMethod::Transfer => "Chuyển khoản",
        PaymentMethod::Online => "Cổng thanh toán",
    }
}

/// A member of staff's title.
pub const fn role(role: Role) -> &'static str {
    match role {
        Role::Clerk => "Cán bộ một cửa",
        Role::Officer => "Chuyên viên",
        Role::Supervisor => "Lãnh đạo",
        Role::Administrator => "Quản trị hệ thống",
        Role::Viewer => "Người theo dõi",
    }
}

/// What somebody asks about their own data.
pub const fn privacy_request(what: privacy::Request) -> &'static str {
    match what {
        privacy::Request::See => "Xem dữ liệu",
        privacy::Request::Correct => "Sửa dữ liệu",
        privacy::Request::Restrict => "Hạn chế xử lý dữ liệu",
        privacy::Request::Delete => "Xóa dữ liệu",
    }
}

/// How a payment that a gateway has told of stands.
pub const fn payment_state(state: PaymentState) -> &'static str {
    match state {
        PaymentState::Received => "Vừa nhận",
        PaymentState::Taken => "Đã ghi nhận",
        PaymentState::Unmatched => "Chưa khớp",
        PaymentState::PaidBack => "Đã hoàn trả",
    }
}

/// What people did about it.
pub const fn payment_act(act: PaymentAct) -> &'static str {
    match act {
        PaymentAct::Taken => "Ghi nhận cho hồ sơ",
        PaymentAct::PaidBack => "Đã hoàn trả",
        PaymentAct::Noted => "Ghi chú",
    }
}

/// What somebody has read of a person's data.
pub const fn seen(what: Seen) -> &'static str {
    match what {
        Seen::Identity => "Số định danh đầy đủ",
        Seen::Dossier => "Hồ sơ",
    }
}

/// By what a dossier is on time or overdue, and which count in rates.
pub fn judging(judging: Judging) -> String {
    let by = match judging.by {
        JudgedBy::Moment => "giải quyết sau thời điểm hẹn trả là quá hạn",
        JudgedBy::Day => "giải quyết trong ngày hẹn trả là đúng hạn, không kể giờ",
    };
    let date = match judging.date {
        JudgedDate::First => "theo ngày hẹn trả đầu tiên, không theo ngày hẹn lại",
        JudgedDate::Moved => "theo ngày hẹn lại nếu có",
    };
    let left_out = [
        (Ending::Refused, "bị từ chối"),
        (Ending::Stopped, "dừng xử lý"),
        (Ending::Withdrawn, "người nộp rút"),
    ];
    let left_out = left_out
        .into_iter()
        .filter(|(ending, _)| judging.rates_leave_out.contains(*ending));
    let left_out: Vec<&str> = left_out.map(|(_, word)| word).collect();
    let rates = match left_out.is_empty() {
        true => {
            "tỷ lệ tính mọi hồ sơ đã giải quyết, kể cả hồ sơ bị từ chối, dừng xử lý, người nộp rút"
                .to_owned()
        }
        false => format!("tỷ lệ không tính hồ sơ {}", left_out.join(", ")),
    };
    format!("{by}; {date}; {rates}")
}

/// How sure it is that a norm says so.
pub const fn sure(sure: Option<Sure>) -> &'static str {
    match sure {
        Some(Sure::Read) => "đã đọc trong văn bản",
        Some(Sure::Published) => "theo văn bản đã công bố, chưa đối chiếu",
        Some(Sure::Secondary) => "theo báo chí, trang pháp luật; cần đối chiếu văn bản",
        Some(Sure::Memory) => "theo trí nhớ; phải đối chiếu trước khi viện dẫn",
        None => "chưa ghi mức chắc chắn",
    }
}

/// The rules of the norms in sentences.
pub fn norm(norm: &Norm) -> Vec<String> {
    let number = match norm.case_number {
        Numbering::HighestFirst => "H37.16-210715-0001",
        Numbering::LowestFirst => "000.00.16.H37-190715-0001",
    };
    let complete = match norm.on_supplement {
        OnSupplement::Restart => "tính lại từ đầu",
        OnSupplement::Resume => "tính tiếp",
    };
    let asked = match norm.supplements {
        Some(times) => format!(
            "Yêu cầu bổ sung giấy tờ tối đa {times} lần; thêm lần nữa phải ghi lý do và người cho phép."
        ),
        None => "Yêu cầu bổ sung giấy tờ không giới hạn số lần.".to_owned(),
    };
    vec![
        format!("Mã hồ sơ có dạng {number}."),
        format!("Khi hồ sơ đã đủ giấy tờ, thời hạn {complete}, trừ khi thủ tục có quy định riêng."),
        asked,
        format!(
            "Xin lỗi và hẹn lại chậm nhất trước ngày hẹn trả {} ngày; muộn hơn thì ghi là muộn.",
            norm.apology_days_before
        ),
        format!("Cách tính: {}.", judging(norm.judging())),
    ]
}

/// A job, as it is listed.
pub const fn job(kind: job::Kind) -> &'static str {
    match kind {
        job::Kind::DueMoments => "Tính lại ngày hẹn trả",
        job::Kind::Areas => "Xếp lại hồ sơ theo đơn vị cấp trên mới",
        job::Kind::Successors => "Chuyển hồ sơ sang đơn vị kế thừa",
        job::Kind::Hands => "Chuyển hồ sơ đang giao cho người đã nghỉ hoặc chuyển công tác",
        job::Kind::Anonymise => "Ẩn danh hồ sơ đã hết thời hạn lưu",
    }
}

/// Where a job stands.
pub const fn job_state(state: job::State) -> &'static str {
    match state {
        job::State::Waiting => "Đang chờ",
        job::State::Running => "Đang chạy",
        job::State::Done => "Đã xong",
    }
}

/// Behind a sentence on a unit that does not work: which one does its work.
fn goes_on_in(name: &str, code: &str) -> String {
    format!("; việc của đơn vị do {name} ({code}) tiếp tục")
}

/// How many of those that may be meant are named.
const MOST_MEANT: usize = 4;

/// That nothing is called so, or that several are, which are named by their codes.
fn none_or_several(what: &str, typed: &str, mut fitting: Vec<String>) -> String {
    fitting.dedup();
    match fitting.len() {
        0 => format!("không có {what} '{typed}'"),
        all => {
            fitting.truncate(MOST_MEANT);
            let more = if all > MOST_MEANT { "…" } else { "" };
            let fitting = fitting.join("; ");
            format!("không có {what} nào tên đúng là '{typed}'; ghi mã của: {fitting}{more}")
        }
    }
}

/// That there is no such unit, with those that may be meant.
pub fn no_unit(units: &Units, typed: &str) -> String {
    let all = units.all().into_iter();
    let fitting = all.filter_map(|unit| Some((fit(typed, &[&unit.name])?, unit)));
    let mut fitting: Vec<_> = fitting.collect();
    fitting.sort_by_key(|(fit, unit)| (*fit, unit.code.clone()));
    let fitting = fitting.into_iter();
    let fitting = fitting.map(|(_, unit)| format!("{} ({})", units.name_apart(unit), unit.code));
    none_or_several("đơn vị", typed, fitting.collect())
}

/// That there is no such procedure, with those that may be meant.
pub fn no_procedure<'a>(
    all: impl IntoIterator<Item = &'a ProcedureDefinition>,
    typed: &str,
) -> String {
    let wanted = Wanted::new(typed);
    let fitting = all
        .into_iter()
        .filter_map(|one| Some((wanted.rank(one)?, one)));
    let mut fitting: Vec<_> = fitting.filter(|_| wanted.is_any()).collect();
    fitting.sort_by_key(|(rank, one)| (*rank, one.code.clone()));
    let fitting = fitting.into_iter();
    let fitting = fitting.map(|(_, one)| format!("{} ({})", one.name, one.code));
    none_or_several("thủ tục", typed, fitting.collect())
}

/// That a unit has ended before a day, and which unit does its work; `None` while it works.
pub fn ended(units: &Units, unit: &Unit, on: NaiveDate) -> Option<String> {
    let last = unit.valid_to.filter(|last| *last < on)?;
    let follower = units.in_charge_on(unit.id, on).filter(|f| f.id != unit.id);
    let follower = follower.map(|follower| goes_on_in(&follower.name, &follower.code));
    Some(format!(
        "{} ({}) đã dừng hoạt động sau ngày {}{}",
        unit.name,
        unit.code,
        date(last),
        follower.unwrap_or_default()
    ))
}

/// What happened, as the applicant reads it.
pub fn event(data: &EventData) -> &'static str {
    match data {
        EventData::Finished(finished) if finished.decision == Decision::Refused => {
            "Từ chối giải quyết"
        }
        EventData::PaymentTaken(paid) if paid.amount_vnd == 0 => "Không còn khoản phải nộp",
        EventData::SupplementTaken(taken) if taken.items.is_empty() => {
            "Không cần bổ sung giấy tờ nữa"
        }
        data => data.word(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_offices_do() {
        assert_eq!(number(0), "0");
        assert_eq!(number(999), "999");
        assert_eq!(number(79_918), "79.918");
        assert_eq!(number(-1_234_567), "-1.234.567");
        assert_eq!(percent(Share::new(78_742, 78_751)), "99,99%");
        assert_eq!(percent(None), "–");
    }
}
