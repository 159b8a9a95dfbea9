//! Why an action on a dossier is refused, in a sentence for the clerk.

use crate::domain::dossier::{ActionKind, Follower, Refusal};
use crate::render::words::{date, goes_on_in, moment, number, role, status};

/// The sentence for a refusal, with what may be done instead.
pub fn refused(why: &Refusal, instead: &[ActionKind]) -> String {
    let sentence = refusal(why);
    match why {
        // It says so itself.
        Refusal::NotAllowed { .. } => sentence,
        _ if instead.is_empty() => sentence,
        _ => format!("{sentence}{INSTEAD}{}", words_of(instead)),
    }
}

const INSTEAD: &str = "; bạn có thể: ";

/// The sentence without what may be done instead: for whoever has a form for one thing in front of them.
pub fn without_instead(detail: &str) -> &str {
    detail
        .split_once(INSTEAD)
        .map_or(detail, |(sentence, _)| sentence)
}

fn words_of(kinds: &[ActionKind]) -> String {
    let words: Vec<_> = kinds.iter().copied().map(ActionKind::word).collect();
    words.join(", ")
}

/// The sentence for a refusal. It says what is allowed where the status forbids the action.
pub fn refusal(refusal: &Refusal) -> String {
    match refusal {
        Refusal::NotAllowed {
            status: state,
            action: kind,
            allowed,
        } => {
            let state = state.map_or("chưa có", status);
            let instead = match allowed.is_empty() {
                true => "bạn không có thao tác nào khác lúc này".to_owned(),
                false => format!("có thể: {}", words_of(allowed)),
            };
            format!(
                "không thể {} khi hồ sơ ở trạng thái “{state}”; {instead}",
                kind.word(),
            )
        }
        Refusal::BeforeLastEvent { at, last, overdue } => {
            let (at, last) = (moment(*at), moment(*last));
            match overdue {
                true => format!(
                    "thời điểm {at} trước lúc hồ sơ quá hạn trả ({last}): quá hạn đã được ghi nhận, không nhập \
                     được việc xảy ra trước lúc đó nữa"
                ),
                false => {
                    format!("thời điểm {at} trước việc gần nhất trong lịch sử hồ sơ, lúc {last}")
                }
            }
        }
        Refusal::InTheFuture { at, now } => {
            let (at, now) = (moment(*at), moment(*now));
            format!("thời điểm {at} ở tương lai (bây giờ là {now})")
        }
        Refusal::TooFarBack { on, earliest } => format!(
            "chỉ được nhập lùi đến ngày {}; việc ngày {} cần lãnh đạo nhập, kèm lý do",
            date(*earliest),
            date(*on)
        ),
        Refusal::LateReasonMissing { on, earliest } => format!(
            "việc ngày {} trước ngày {}: cần lý do nhập muộn (late_reason)",
            date(*on),
            date(*earliest)
        ),
        Refusal::UnitClosed { code, on, follower } => {
            let day = date(*on);
            let follower = follower.as_ref();
            let follower = follower.map(|Follower { code, name }| goes_on_in(name, code));
            let follower = follower.unwrap_or_default();
            format!("đơn vị {code} không hoạt động vào ngày {day}{follower}")
        }
        Refusal::UnknownUnit => "quy trình chỉ đến một đơn vị không có trong danh mục".to_owned(),
        Refusal::ProcedureNotInForce { code, on } => {
            format!("thủ tục {code} không có hiệu lực vào ngày {}", date(*on))
        }
        Refusal::WrongLevel { procedure, unit } => {
            format!("đơn vị {unit} không thuộc cấp thực hiện thủ tục {procedure}")
        }
        Refusal::UnknownItem { position, count } => format!(
            "thành phần hồ sơ số {position} không có trong danh mục ({count} thành phần, tính từ 0)"
        ),
        Refusal::UnknownPaper { key } => {
            format!("thành phần hồ sơ không có giấy tờ mang khóa '{key}'")
        }
        Refusal::NothingHandedIn => {
            "cần ít nhất một giấy tờ, hoặc lý do tiếp tục mà không có giấy tờ bổ sung".to_owned()
        }
        Refusal::MissingItems { names } => {
            format!("thiếu giấy tờ bắt buộc: {}", names.join("; "))
        }
        Refusal::NotReceivedElsewhere { procedure } => format!(
            "thủ tục {procedure} không thuộc danh mục tiếp nhận không phụ thuộc địa giới hành chính"
        ),
        Refusal::NotReached => {
            "hồ sơ chưa đến đơn vị có thẩm quyền; đơn vị đó cần ghi nhận trước".to_owned()
        }
        Refusal::ReachedAlready => "hồ sơ đã ở đơn vị có thẩm quyền".to_owned(),
        Refusal::NotCompetent => {
            "việc này do đơn vị có thẩm quyền giải quyết làm, không phải nơi tiếp nhận hộ"
                .to_owned()
        }
        Refusal::SupplementRequestedBefore { times } => format!(
            "hồ sơ đã được yêu cầu bổ sung {times} lần; yêu cầu thêm phải có lý do và người cho phép"
        ),
        Refusal::NoSets => "số bộ hồ sơ phải từ 1 trở lên".to_owned(),
        Refusal::NoSuchStep {
            step,
            current,
            count,
        } => format!(
            "không thể chuyển đến bước {step}: đang ở bước {current} trong {count} bước (tính từ 0); \
             chỉ chuyển đến bước kế tiếp hoặc trả lại một bước trước"
        ),
        Refusal::StepOfOthers {
            step,
            role: whose,
            unit,
        } => {
            let whose = role(*whose);
            let of = unit.as_ref().map(|name| format!(" của {name}"));
            format!(
                "bước “{step}” do {whose}{} thực hiện; người đó, hoặc người được cử làm thay trong thời gian \
                 này, mới được chuyển bước hay quyết định",
                of.unwrap_or_default()
            )
        }
        Refusal::HandsOfOthers => {
            "hồ sơ đang giao cho người khác; người đó, lãnh đạo nơi đang giữ hồ sơ, hoặc người \
             được cử làm thay họ mới được giao lại"
                .to_owned()
        }
        Refusal::HandsUnchanged => "hồ sơ đã giao cho đúng người này".to_owned(),
        Refusal::NotDecided { current, missing } => {
            let deciding = missing.last().map(String::as_str).unwrap_or_default();
            let missing: Vec<_> = missing.iter().map(|step| format!("“{step}”")).collect();
            format!(
                "hồ sơ đang ở bước “{current}”, chưa đến bước quyết định “{deciding}”; còn thiếu: {}. Hãy chuyển bước \
                 (hand-over) trước khi ghi nhận kết quả",
                missing.join(", ")
            )
        }
        Refusal::ReasonMissing => "thiếu lý do".to_owned(),
        Refusal::AmountMissing => "số tiền phải lớn hơn 0".to_owned(),
        Refusal::UnknownFee { position, count } => {
            format!("thủ tục không có khoản phí số {position} ({count} khoản, tính từ 0)")
        }
        Refusal::FeeOfOthers { position } => format!(
            "khoản phí số {position} không áp dụng cho hình thức nộp hoặc ngày tiếp nhận của hồ sơ"
        ),
        Refusal::FeeAmountUnknown { position } => format!(
            "khoản phí số {position} do địa phương quy định mức thu, chưa có trong danh mục: cần ghi tổng số tiền (amount_vnd), lớn hơn các khoản đã biết"
        ),
        Refusal::FeesAreAChoice { position, other } => format!(
            "khoản phí số {other} và số {position} là hai mức để chọn một, không thu cả hai"
        ),
        Refusal::ChoiceWithoutReason { position } => format!(
            "khoản phí số {position} chỉ áp dụng thay mức thông thường khi có lý do (reason)"
        ),
        Refusal::QuantityWithoutReason { position } => format!(
            "khoản phí số {position} không tính theo số lượng: thu nhiều lần thì ghi lý do (reason)"
        ),
        Refusal::BadQuantity { position } => {
            format!("số lượng của khoản phí số {position} phải từ 1 đến 100.000")
        }
        Refusal::FeeNotCollected { position } => {
            format!("khoản phí số {position} chưa thu nên không hoàn trả được")
        }
        Refusal::RefundTooMuch {
            kept_vnd,
            refunded_vnd,
        } => {
            let vnd = |n: u64| number(i64::try_from(n).unwrap_or(i64::MAX));
            format!(
                "hoàn trả {} đồng nhiều hơn số đã nộp và chưa hoàn trả ({} đồng)",
                vnd(*refunded_vnd),
                vnd(*kept_vnd)
            )
        }
        Refusal::NothingRefunded => "hồ sơ chưa hoàn trả khoản nào".to_owned(),
        Refusal::FeeSettled { position } => {
            format!("khoản phí số {position}, hoặc mức thay cho nó, đã thu hoặc đã được miễn")
        }
        Refusal::FreeNow => {
            "hồ sơ bị từ chối, đã rút hoặc đã dừng: khoản chưa nộp không phải nộp nữa".to_owned()
        }
        Refusal::FeeNamedTwice { position } => {
            format!("khoản phí số {position} được nêu hai lần; ghi một lần, kèm số lượng")
        }
        Refusal::FeeRequested { position } => format!(
            "khoản phí số {position} đang được yêu cầu nộp; ghi nhận bằng thao tác đã nộp tiền"
        ),
        Refusal::OtherAmount {
            asked_vnd,
            paid_vnd,
        } => {
            let vnd = |n: u64| number(i64::try_from(n).unwrap_or(i64::MAX));
            let (asked, paid) = (vnd(*asked_vnd), vnd(*paid_vnd));
            format!("số tiền {paid} đồng không khớp với {asked} đồng của các khoản đó")
        }
        Refusal::NoFees => "chưa chọn khoản phí, lệ phí nào".to_owned(),
        Refusal::AlreadyReappointed { appointment } => format!(
            "hồ sơ đã được hẹn lại một lần, đến {}",
            moment(*appointment)
        ),
        Refusal::NoVerification { procedure } => {
            format!("thủ tục {procedure} không có thời hạn riêng khi phải xác minh")
        }
        Refusal::VerificationSaid => "đã báo hồ sơ cần xác minh; chỉ báo một lần".to_owned(),
        Refusal::BadAppointment { appointment } => format!(
            "thời điểm hẹn lại {} phải trong giờ làm việc, sau hiện tại và sau hạn trả",
            moment(*appointment)
        ),
        Refusal::CaseMissing { procedure, cases } => format!(
            "thủ tục {procedure} có thời hạn khác nhau theo trường hợp, cần chọn một: {}",
            cases_of(cases)
        ),
        Refusal::FeesUnchanged => {
            "số lượng và mức phí đã đúng như vậy: không có gì để ghi".to_owned()
        }
        Refusal::NotWaived { position } => {
            format!("khoản phí số {position} không được miễn nên không có gì để hủy")
        }
        Refusal::NothingToUndo => {
            "hồ sơ đang được giải quyết, không có thao tác nào để hủy".to_owned()
        }
        Refusal::NothingCorrected => {
            "những điều này đã ghi đúng như vậy: không có gì để sửa".to_owned()
        }
        Refusal::CaseUnchanged => "hồ sơ đã ở đúng trường hợp này".to_owned(),
        Refusal::CaseWhenOverdue => {
            "hồ sơ đã quá hạn trả: không sửa để đổi thời hạn nữa; ghi nhầm thời điểm tiếp nhận thì lãnh đạo sửa".to_owned()
        }
        Refusal::CaseWhenVerified => {
            "hồ sơ đã báo cần xác minh theo thủ tục, trường hợp này: không đổi thủ tục, trường hợp nữa"
                .to_owned()
        }
        Refusal::CaseFeesSettled => {
            "sửa như vậy thì phí, lệ phí khác với những khoản đã thu hoặc đã miễn: hoàn trả (có đánh dấu các khoản \
             đó), hủy miễn trước, rồi sửa"
                .to_owned()
        }
        Refusal::ProcedureWhenHandedOver => {
            "hồ sơ đã chuyển bước theo quy trình của thủ tục này: trả lại bước đầu rồi sửa thủ tục"
                .to_owned()
        }
        Refusal::ReceiptOfOthers => {
            "hồ sơ do nơi khác tiếp nhận, chuyển từ cơ quan khác đến, hoặc đã hủy kết thúc: thời điểm tiếp nhận \
             không sửa được"
                .to_owned()
        }
        Refusal::SubmittedOnline => {
            "hồ sơ được nộp trực tuyến: kênh tiếp nhận không sửa được".to_owned()
        }
        Refusal::BadReceipt {
            at,
            earliest,
            latest,
        } => {
            let (at, latest) = (moment(*at), moment(*latest));
            match earliest {
                Some(earliest) => format!(
                    "thời điểm tiếp nhận {at} phải từ lúc nộp trực tuyến {} đến {latest}",
                    moment(*earliest)
                ),
                None => format!("thời điểm tiếp nhận {at} không được sau {latest}"),
            }
        }
        Refusal::ReturnDateMissing => {
            "thủ tục không quy định thời hạn: cần ngày hẹn trả kèm lý do".to_owned()
        }
        Refusal::ReturnDateGiven => {
            "thủ tục có thời hạn: ngày hẹn trả tính theo thời hạn, không ghi tay".to_owned()
        }
        Refusal::BadReturnDate { at } => {
            let at = moment(*at);
            format!("ngày hẹn trả {at} phải trong giờ làm việc và sau khi tiếp nhận")
        }
        Refusal::NotASuccessor => "đơn vị nhận không phải đơn vị kế thừa trong danh mục".to_owned(),
        Refusal::NotYetASuccessor => "đơn vị nhận chưa kế thừa: chưa đến ngày ghi trong danh mục".to_owned(),
        Refusal::NotWithUnit => "hồ sơ không ở đơn vị cần chuyển đi".to_owned(),
        Refusal::NotOverdue => "hồ sơ chưa quá hạn, hoặc quá hạn đã được ghi nhận".to_owned(),
        Refusal::DueUnchanged => "ngày hẹn trả không thay đổi".to_owned(),
        Refusal::UndoneByOthers {
            action: kind,
            roles,
        } => {
            let roles: Vec<_> = roles.iter().copied().map(role).collect();
            format!(
                "bạn không được hủy thao tác “{}”; chỉ {} mới được hủy",
                kind.word(),
                roles.join(" hoặc ")
            )
        }
        Refusal::Time(error) => error.to_string(),
    }
}

/// Cases by code and name, each name in its first words.
pub fn cases_of(cases: &[(String, String)]) -> String {
    let named = cases.iter().map(|(code, name)| {
        let short: String = name.chars().take(80).collect();
        match short.len() < name.len() {
            true => format!("{code} {short}…"),
            false => format!("{code} {name}"),
        }
    });
    named.collect::<Vec<_>>().join("; ")
}
