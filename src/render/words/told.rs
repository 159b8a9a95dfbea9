//! Words of letters and short messages to applicants.

use chrono::NaiveDate;

use crate::domain::dossier::{
    Channel, Decision, Dossier, EventData, PapersCorrected, PaymentMethod, ReceiptCorrected,
    Status, UndoneWithin,
};
use crate::domain::moment::Moment;
use crate::domain::norms::Form;
use crate::domain::office_hours::{OfficeHours, Session};
use crate::domain::person::Person;
use crate::render::words::{broken_promise, channel, moment, vnd_in_words};

/// How somebody is spoken to in a sentence: people as `ông/bà`, organisations by their name.
pub fn you(person: &Person) -> String {
    match person.is_organisation() {
        true => person.name.clone(),
        false => "ông/bà".to_owned(),
    }
}

/// The same where no name may stand.
pub fn you_without_name(person: &Person) -> &'static str {
    match person.is_organisation() {
        true => "quý đơn vị",
        false => "ông/bà",
    }
}

/// Whose dossier it is, for whoever is told of it: the applicant, or who handed it in for them.
pub fn whose(told: &Person, applicant: Option<&Person>) -> String {
    match applicant {
        None => format!("hồ sơ của {}", you(told)),
        Some(applicant) => format!(
            "hồ sơ mà {} nộp theo ủy quyền của {}",
            you(told),
            applicant.name
        ),
    }
}

/// A form, as letters name it.
pub fn form(form: &Form) -> String {
    format!("{} (mẫu số {})", form.title, form.number)
}

/// Of what it was told that is taken back by undoing a dossier's status; `None`: nobody was told of it.
pub const fn taken_back(status: Status, decision: Option<Decision>) -> Option<&'static str> {
    Some(match (status, decision) {
        (Status::Done, Some(Decision::Refused)) => "từ chối giải quyết hồ sơ",
        (Status::Done, _) => "có kết quả giải quyết hồ sơ",
        (Status::NotReceived, _) => "không tiếp nhận hồ sơ",
        (Status::SupplementRequested, _) => "yêu cầu bổ sung giấy tờ",
        (Status::Withdrawn, _) => "rút hồ sơ",
        (Status::Stopped, _) => "dừng giải quyết hồ sơ",
        _ => return None,
    })
}

/// The same of what is taken back of a dossier that goes on.
pub const fn taken_back_within(what: UndoneWithin) -> &'static str {
    match what {
        UndoneWithin::PaymentRequest => "yêu cầu nộp tiền",
        UndoneWithin::Appointment => "hẹn lại ngày trả kết quả",
        UndoneWithin::SupplementTaken => "nhận giấy tờ bổ sung",
    }
}

/// That what was promised of a running dossier has passed, as its look-up says it; `None` while it has not.
pub fn late(dossier: &Dossier, now: Moment) -> Option<String> {
    let due = dossier.due();
    let overdue = dossier.overdue_since.is_some() || due.is_some_and(|due| due < now);
    broken_promise(dossier.appointment, due, overdue, now).filter(|_| dossier.is_running())
}

/// What a dossier waits for, to somebody who was told what exactly that is; `None`: nothing.
pub fn still_asked_for(dossier: &Dossier) -> Option<String> {
    match dossier.status {
        Status::SupplementRequested => Some("Vẫn cần bổ sung giấy tờ như đã thông báo.".to_owned()),
        Status::PaymentRequested => Some(match dossier.contents.payment_requested {
            Some(vnd) => format!("Vẫn cần nộp {} đồng như đã thông báo.", vnd_in_words(vnd)),
            None => "Vẫn cần nộp tiền như đã thông báo.".to_owned(),
        }),
        _ => None,
    }
}

/// How a dossier stands after that, in a sentence; with the moment that is promised, if one is.
pub fn goes_on(dossier: &Dossier, now: Moment) -> String {
    let how = match dossier.status {
        Status::Registered => return "Hồ sơ đang chờ tiếp nhận.".to_owned(),
        Status::SupplementRequested => {
            return "Hồ sơ vẫn đang chờ bổ sung giấy tờ như đã thông báo.".to_owned();
        }
        Status::PaymentRequested => {
            return match dossier.contents.payment_requested {
                Some(vnd) => format!("Hồ sơ vẫn đang chờ nộp {} đồng.", vnd_in_words(vnd)),
                None => "Hồ sơ vẫn đang chờ nộp tiền như đã thông báo.".to_owned(),
            };
        }
        _ => "Hồ sơ đang được giải quyết tiếp",
    };
    if let Some(late) = late(dossier, now) {
        return late;
    }
    match dossier.promised() {
        Some(promised) => format!("{how}, hẹn trả kết quả {}.", moment(promised)),
        None => format!("{how}."),
    }
}

/// What was taken from somebody who was not at the desk, and so does not know that it came; `None`: nothing, or they were
/// there.
pub fn taken(data: &EventData, submitted: Channel) -> Option<String> {
    match data {
        EventData::SupplementTaken(_) if submitted != Channel::Direct => {
            Some("giấy tờ bổ sung".to_owned())
        }
        EventData::PaymentTaken(paid) if paid.method.is_some_and(is_sent) => {
            Some(format!("tiền nộp {} đồng", vnd_in_words(paid.amount_vnd)))
        }
        _ => None,
    }
}

/// What of a receipt was corrected, as it is now; `None`: nothing is another than before.
pub fn corrected(new: &PapersCorrected) -> Option<String> {
    let items = new.items.as_ref().filter(|items| **items != new.before);
    let papers = items.map(|items| match items.len() {
        0 => "chưa nhận giấy tờ nào".to_owned(),
        count => format!("giấy tờ đã nhận gồm {count} loại"),
    });
    let sets = new.sets.map(|sets| format!("số bộ hồ sơ là {sets}"));
    let by = new.return_channel.map(channel);
    let by = by.map(|by| format!("kết quả được trả qua: {by}"));
    let all: Vec<String> = papers.into_iter().chain(sets).chain(by).collect();
    (!all.is_empty()).then(|| all.join("; "))
}

/// What a receipt says since it was put right, as far as it concerns whoever holds it; `procedure` is the name of the
/// right one. The way in which it came is theirs to know.
pub fn receipt_corrected(new: &ReceiptCorrected, procedure: &str) -> Option<String> {
    let named = (new.procedure).map(|_| format!("thủ tục là {procedure}"));
    let at = (new.received_at).map(|at| format!("tiếp nhận lúc {}", moment(at)));
    let all: Vec<String> = named.into_iter().chain(at).collect();
    (!all.is_empty()).then(|| all.join("; "))
}

/// Whether whoever pays or is paid so is not at the desk.
const fn is_sent(method: PaymentMethod) -> bool {
    matches!(method, PaymentMethod::Transfer | PaymentMethod::Online)
}

/// Money that came, or went back, while the applicant was not at the desk.
pub struct Money<'a> {
    /// What happened, at the beginning of a subject.
    pub subject: &'static str,
    /// The same within a sentence, before and behind the amount.
    pub happened: (&'static str, &'static str),
    pub amount_vnd: u64,
    pub receipt: &'a str,
    pub reason: &'a str,
}

/// What became of money beside what the clock stood for; `None`: nothing, or they were there.
pub fn money(data: &EventData) -> Option<Money<'_>> {
    match data {
        EventData::FeesCollected(paid) if is_sent(paid.method) => Some(Money {
            subject: "Đã nhận tiền nộp",
            happened: ("đã nhận tiền nộp", ""),
            amount_vnd: paid.amount_vnd,
            receipt: &paid.receipt,
            reason: "",
        }),
        EventData::FeesRefunded(back) if is_sent(back.method) => Some(Money {
            subject: "Đã hoàn trả tiền",
            happened: ("đã hoàn trả", ""),
            amount_vnd: back.amount_vnd,
            receipt: &back.receipt,
            reason: &back.reason,
        }),
        EventData::MoneySentBack(back) => Some(Money {
            subject: "Hoàn trả tiền đã nộp",
            happened: (
                "đã hoàn trả",
                ", là tiền đã nộp mà không khớp với khoản nào phải nộp,",
            ),
            amount_vnd: back.amount_vnd,
            receipt: &back.receipt,
            reason: &back.reason,
        }),
        EventData::RefundCancelled(not) if is_sent(not.method) => Some(Money {
            subject: "Chưa hoàn trả tiền",
            happened: ("xin đính chính: chưa hoàn trả", " như đã báo"),
            amount_vnd: not.amount_vnd,
            receipt: "",
            reason: &not.reason,
        }),
        _ => None,
    }
}

/// Why the moment that is promised is another one since an event.
pub fn because(data: &EventData) -> String {
    let why = match data {
        EventData::SupplementTaken(taken) if taken.restarted => {
            "đã nhận giấy tờ bổ sung, thời hạn được tính lại từ đầu"
        }
        EventData::SupplementTaken(_) => "đã nhận giấy tờ bổ sung, thời hạn được tính tiếp",
        EventData::PaymentTaken(paid) if paid.amount_vnd > 0 => {
            let amount = vnd_in_words(paid.amount_vnd);
            return format!("đã nhận tiền nộp {amount} đồng, thời hạn được tính tiếp");
        }
        EventData::PaymentTaken(_) => {
            "khoản được yêu cầu nộp đã được miễn, thời hạn được tính tiếp"
        }
        EventData::DueRecomputed(_) => "lịch làm việc thay đổi, thời hạn được tính lại",
        EventData::Reached(_) => "cơ quan giải quyết đã nhận được hồ sơ",
        EventData::AppointmentLapsed(_) => {
            "thời hạn được tính lại, ngày đã hẹn lại không áp dụng nữa"
        }
        EventData::CaseCorrected(new) => {
            let reason = new.reason.trim_end_matches('.');
            return format!("sửa trường hợp của thủ tục ({reason}), thời hạn được tính lại");
        }
        EventData::ReceiptCorrected(new) => {
            let reason = new.reason.trim_end_matches('.');
            return format!("sửa thông tin tiếp nhận ({reason}), thời hạn được tính lại");
        }
        EventData::VerificationNeeded(needed) => {
            let reason = needed.reason.trim_end_matches('.');
            return format!("hồ sơ cần xác minh ({reason}), áp dụng thời hạn khi phải xác minh");
        }
        _ => "thời hạn được tính lại",
    };
    why.to_owned()
}

/// When an office is open on a day of that season: `thứ Hai đến thứ Sáu 07:30–12:00, 13:30–17:00`.
pub fn hours(hours: &OfficeHours, on: NaiveDate) -> String {
    let (weekday, saturday) = hours.of_season(on);
    let mut text = format!("thứ Hai đến thứ Sáu {}", sessions(weekday));
    if !saturday.is_empty() {
        text += &format!("; thứ Bảy {}", sessions(saturday));
    }
    text
}

fn sessions(sessions: &[Session]) -> String {
    let spans = sessions.iter().map(|session| {
        format!(
            "{}–{}",
            session.open.format("%H:%M"),
            session.close.format("%H:%M")
        )
    });
    spans.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::identity::Identity;

    fn person(name: &str, identity: Option<Identity>) -> Person {
        Person {
            name: name.to_owned(),
            identity,
            phone: None,
            email: None,
            address: None,
            notify_by: None,
        }
    }

    #[test]
    fn people_are_spoken_to_as_people_and_organisations_by_their_name() {
        let tax_code = Identity::organisation("4900123456").ok();
        let company = "Công ty TNHH Ánh Dương";
        assert_eq!(you(&person(company, tax_code.clone())), company);
        assert_eq!(you(&person("Ánh Dương", tax_code)), "Ánh Dương");
        assert_eq!(
            you(&person("hợp tác xã Na Chi Lăng", None)),
            "hợp tác xã Na Chi Lăng"
        );
        for name in ["Nguyễn Thị Ánh", "Đoàn Văn Công", "Văn Phong", "Trường"] {
            assert_eq!(you(&person(name, None)), "ông/bà", "{name}");
        }
        let household = Identity::person("020185000123").ok();
        assert_eq!(you(&person("Hộ kinh doanh Lan", household)), "ông/bà");
        let applicant = person("Nguyễn Thị Ánh", None);
        assert_eq!(whose(&applicant, None), "hồ sơ của ông/bà");
        assert_eq!(
            whose(&person("Lý Văn Dũng", None), Some(&applicant)),
            "hồ sơ mà ông/bà nộp theo ủy quyền của Nguyễn Thị Ánh"
        );
    }

    #[test]
    fn hours_are_those_of_the_season() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let usual = OfficeHours::default();
        assert_eq!(
            hours(&usual, day("2026-11-27")),
            "thứ Hai đến thứ Sáu 07:30–12:00, 13:30–17:00"
        );
        let json = r#"{"weekday": [{"open": "08:00", "close": "12:00"}],
            "saturday": [{"open": "08:00", "close": "11:00"}],
            "seasons": [{"from": [4, 15], "to": [10, 15], "weekday": [{"open": "07:00", "close": "11:30"}]}]}"#;
        let own: OfficeHours = serde_json::from_str(json).unwrap();
        assert_eq!(
            hours(&own, day("2026-11-27")),
            "thứ Hai đến thứ Sáu 08:00–12:00; thứ Bảy 08:00–11:00"
        );
        assert_eq!(
            hours(&own, day("2026-06-01")),
            "thứ Hai đến thứ Sáu 07:00–11:30"
        );
    }
}
