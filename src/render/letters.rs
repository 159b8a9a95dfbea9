//! What notices say: templates that come with the program, each of which an office may replace.

use std::path::{Path, PathBuf};

use minijinja::{AutoEscape, Environment, UndefinedBehavior};
use serde_json::{Value, json};

use crate::domain::enums::text_enum;
use crate::domain::text::{gsm7, gsm7_len, line};

macro_rules! bundled {
    ($($name:literal),+ $(,)?) => {
        &[$(($name, include_str!(concat!("../../config/templates/", $name)))),+]
    };
}

const BUNDLED: &[(&str, &str)] = bundled!(
    "layout.html",
    "case.txt",
    "case.html",
    "desk.txt",
    "desk.html",
    "complaint.txt",
    "complaint.html",
    "confirmation.txt",
    "confirmation.html",
    "confirmation.sms",
    "registered.txt",
    "registered.html",
    "registered.sms",
    "receipt.txt",
    "receipt.html",
    "receipt.sms",
    "not_received.txt",
    "not_received.html",
    "not_received.sms",
    "supplement_requested.txt",
    "supplement_requested.html",
    "supplement_requested.sms",
    "supplement_waived.txt",
    "supplement_waived.html",
    "supplement_waived.sms",
    "payment_requested.txt",
    "payment_requested.html",
    "payment_requested.sms",
    "reappointed.txt",
    "reappointed.html",
    "reappointed.sms",
    "date_moved.txt",
    "date_moved.html",
    "date_moved.sms",
    "contact_changed.txt",
    "contact_changed.html",
    "contact_changed.sms",
    "corrected.txt",
    "corrected.html",
    "corrected.sms",
    "taken.txt",
    "taken.html",
    "taken.sms",
    "money.txt",
    "money.html",
    "money.sms",
    "result_ready.txt",
    "result_ready.html",
    "result_ready.sms",
    "refused.txt",
    "refused.html",
    "refused.sms",
    "stopped.txt",
    "stopped.html",
    "stopped.sms",
    "withdrawn.txt",
    "withdrawn.html",
    "withdrawn.sms",
    "taken_back.txt",
    "taken_back.html",
    "taken_back.sms",
    "moved.txt",
    "moved.html",
    "moved.sms",
    "feedback_answered.txt",
    "feedback_answered.html",
    "feedback_answered.sms",
    "due_tomorrow.txt",
    "due_tomorrow.html",
    "overdue.txt",
    "overdue.html",
    "digest.txt",
    "digest.html",
    "alarms.txt",
    "alarms.html",
    "password_set.txt",
    "password_set.html",
);

/// A template that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TemplateError {
    #[error("không đọc được mẫu {}: {error}", path.display())]
    Unreadable {
        path: PathBuf,
        error: std::io::Error,
    },
    /// The message names the line.
    #[error("mẫu {name}, dòng {line}: {reason}")]
    Broken {
        name: String,
        line: usize,
        reason: String,
    },
    #[error("{} không phải tên mẫu; các mẫu: {known}", path.display())]
    Unknown { path: PathBuf, known: String },
}

/// A notice by e-mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    pub subject: String,
    pub text: String,
    pub html: String,
}

/// All templates, each tried once.
pub struct Templates {
    environment: Environment<'static>,
}

impl Templates {
    /// The templates that come with the program, with those of `folder` in their places.
    ///
    /// # Errors
    /// A file that cannot be read, has no template's name, or does not work with what its notice
    /// tells; the error names the line.
    pub fn load(folder: Option<&Path>) -> Result<Self, TemplateError> {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_keep_trailing_newline(true);
        // A line that only says what is repeated or left out is none of the letter.
        environment.set_trim_blocks(true);
        environment.set_lstrip_blocks(true);
        environment.set_auto_escape_callback(|name| match name.ends_with(".html") {
            true => AutoEscape::Html,
            false => AutoEscape::None,
        });
        let add = |environment: &mut Environment<'static>, name: String, text: String| {
            let added = environment.add_template_owned(name.clone(), text);
            added.map_err(|error| broken(&name, &error))
        };
        for (name, text) in BUNDLED {
            add(&mut environment, (*name).to_owned(), (*text).to_owned())?;
        }
        if let Some(folder) = folder {
            let unreadable = |path: &Path, error| TemplateError::Unreadable {
                path: path.to_owned(),
                error,
            };
            let entries = std::fs::read_dir(folder).map_err(|error| unreadable(folder, error))?;
            for entry in entries {
                let path = entry.map_err(|error| unreadable(folder, error))?.path();
                let name = path.file_name().and_then(|name| name.to_str());
                let name = BUNDLED.iter().find(|(known, _)| Some(*known) == name);
                let Some((name, _)) = name else {
                    let known = BUNDLED.iter().map(|(name, _)| *name);
                    let known = known.collect::<Vec<_>>().join(", ");
                    return Err(TemplateError::Unknown { path, known });
                };
                let text = std::fs::read_to_string(&path);
                let text = text.map_err(|error| unreadable(&path, error))?;
                add(&mut environment, (*name).to_owned(), text)?;
            }
        }
        let templates = Self { environment };
        for topic in Topic::ALL {
            let example = example(topic);
            templates.letter(topic, &example)?;
            if templates.is_short(topic) {
                templates.short(topic, &example)?;
            }
        }
        Ok(templates)
    }

    fn render(&self, name: &str, values: &Value) -> Result<String, TemplateError> {
        let template = self.environment.get_template(name);
        let text = template.and_then(|template| template.render(values));
        text.map_err(|error| broken(name, &error))
    }

    /// A notice by e-mail.
    ///
    /// # Errors
    /// If a template asks for what the notice does not tell.
    pub fn letter(&self, topic: Topic, values: &Value) -> Result<Letter, TemplateError> {
        let values = &whole(topic, values);
        let text = self.render(&format!("{}.txt", topic.as_str()), values)?;
        let (subject, text) = text.split_once('\n').unwrap_or((&text, ""));
        // A header is one line, whatever a name or reason holds.
        let subject = subject.split_whitespace().collect::<Vec<_>>().join(" ");
        let mut with_subject = values.clone();
        with_subject["subject"] = json!(subject);
        Ok(Letter {
            text: paragraphs(text),
            html: self.render(&format!("{}.html", topic.as_str()), &with_subject)?,
            subject,
        })
    }

    /// Whether there is a short form, for SMS and Zalo.
    pub fn is_short(&self, topic: Topic) -> bool {
        let name = format!("{}.sms", topic.as_str());
        BUNDLED.iter().any(|(known, _)| *known == name)
    }

    /// A notice by Zalo, no longer than a short message of two parts. What would make it longer is told in fewer words:
    /// reasons and names are cut, numbers and the link are whole.
    ///
    /// # Errors
    /// If the template asks for what the notice does not tell.
    pub fn short(&self, topic: Topic, values: &Value) -> Result<String, TemplateError> {
        let name = format!("{}.sms", topic.as_str());
        let mut values = whole(topic, values);
        for key in OFFICES {
            if let Some(office) = values.get(*key).and_then(Value::as_str) {
                values[*key] = json!(abbreviated(office));
            }
        }
        for key in CUT {
            // Our sentence ends it.
            let value = values.get(*key).and_then(Value::as_str).map(line);
            if let Some(value) = value {
                values[*key] = json!(value.trim_end_matches(['.', ';', ',', ' ']));
            }
        }
        let mut text = line(&self.render(&name, &values)?);
        for key in CUT {
            // A letter may become several, so that once may not be enough.
            while let too_long @ 1.. = length(&text).saturating_sub(MOST_IN_SMS)
                && let Some(value) = values.get(*key).and_then(Value::as_str)
            {
                let count = value.chars().count();
                let left = count.saturating_sub(too_long + ENDING.len()).max(LEAST);
                let shorter = cut(value, left);
                if shorter.chars().count() >= count {
                    break;
                }
                values[*key] = json!(shorter);
                text = line(&self.render(&name, &values)?);
            }
        }
        Ok(text.replace("....", ENDING))
    }

    /// The same as SMS: the letters of GSM 7 bit only, two parts at most.
    ///
    /// # Errors
    /// As [`Templates::short`].
    pub fn sms(&self, topic: Topic, values: &Value) -> Result<String, TemplateError> {
        Ok(gsm7(&self.short(topic, values)?))
    }
}

/// How many letters two parts of an SMS hold.
const MOST_IN_SMS: usize = 306;
/// What is named by its short form in short messages.
const OFFICES: &[&str] = &["unit", "receiving_unit", "from_unit", "to_unit"];
/// What is told in fewer words where a short message would be too long, the first first.
const CUT: &[&str] = &[
    "answer",
    "reason",
    "papers",
    "because",
    "owed",
    "address",
    "procedure",
    "receiving_unit",
    "from_unit",
    "to_unit",
    "unit",
];
/// So much is left of each.
const LEAST: usize = 16;
const ENDING: &str = "...";

/// How long a text is as SMS.
fn length(text: &str) -> usize {
    let plain = gsm7(text);
    gsm7_len(&plain).unwrap_or(plain.len())
}

/// The first letters of a text, up to the end of a word, as far as one ends there.
fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let head: String = text.chars().take(most + 1).collect();
    let whole = head.rsplit_once(' ').map(|(words, _)| words);
    let whole = whole.filter(|words| words.chars().count() * 2 > most);
    let kept = whole.map_or_else(|| head.chars().take(most).collect(), str::to_owned);
    kept.trim_end_matches([' ', ',', ';', '.', ':']).to_owned() + ENDING
}

/// What a notice tells, also one that was written by an older program and lacks what was not told then.
fn whole(topic: Topic, values: &Value) -> Value {
    let mut values = values.clone();
    if let (Value::Object(values), Value::Object(known)) = (&mut values, example(topic)) {
        if let Some(unit) = values.get("unit").cloned() {
            values.entry("receiving_unit").or_insert(unit);
        }
        for (key, usual) in [("you", "ông/bà"), ("dossier", "hồ sơ")] {
            values.entry(key).or_insert(json!(usual));
        }
        for (key, value) in known {
            let nothing = match value {
                Value::Array(_) => json!([]),
                Value::Bool(_) => json!(false),
                _ => json!(""),
            };
            values.entry(key).or_insert(nothing);
        }
    }
    values
}

/// No more than one empty line between paragraphs, and none around them.
fn paragraphs(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut lines = text.trim().lines().peekable();
    while let Some(line) = lines.next() {
        let next_empty = lines.peek().is_some_and(|next| next.trim().is_empty());
        if !(line.trim().is_empty() && next_empty) {
            kept.push_str(line.trim_end());
            kept.push('\n');
        }
    }
    kept
}

fn abbreviated(office: &str) -> String {
    let mut office = office.to_owned();
    for (long, short) in [
        ("Ủy ban nhân dân", "UBND"),
        ("Uỷ ban nhân dân", "UBND"),
        ("Trung tâm Phục vụ hành chính công", "TTPVHCC"),
    ] {
        office = office.replace(long, short);
    }
    office
}

pub(crate) fn broken(name: &str, error: &minijinja::Error) -> TemplateError {
    TemplateError::Broken {
        // An error in a template that this one extends is that one's.
        name: error.name().unwrap_or(name).to_owned(),
        line: error.line().unwrap_or(1),
        reason: error.to_string(),
    }
}

/// What a notice tells, for trying its templates.
fn example(topic: Topic) -> Value {
    let dossier = json!({
        "name": "Nguyễn Thị Ánh", "you": "ông/bà", "dossier": "hồ sơ của ông/bà",
        "case_number": "H37.20.01-210715-0001", "procedure": "Chứng thực bản sao từ bản chính",
        "unit": "Ủy ban nhân dân phường Hoàng Văn Thụ",
        "receiving_unit": "Ủy ban nhân dân phường Hoàng Văn Thụ", "officer": "Nông Thị Lan",
        "received_at": "08:15 ngày 15/07/2021", "handled_at": "10:00 ngày 15/07/2021",
        "due_at": "17:00 ngày 15/07/2021", "code": "ABCDEFGHIJ",
        "link": "https://motcua.langson.example/tra-cuu?so=H37.20.01-210715-0001&ma=ABCDEFGHIJ",
        "address": "Số 2 đường Hoàng Văn Thụ", "phone": "02053812345",
        "hours": "thứ Hai đến thứ Sáu 07:30–12:00, 13:30–17:00", "return_channel": "direct", "late": "",
        "moved": false,
    });
    let (reason, done_at) = ("Giấy tờ bị tẩy xóa", "16:00 ngày 15/07/2021");
    let refusal = "Phiếu từ chối tiếp nhận, giải quyết hồ sơ (mẫu số 03)";
    let stop = "Thông báo dừng giải quyết hồ sơ (mẫu số 05)";
    let (old_at, new_at) = ("17:00 ngày 15/07/2021", "17:00 ngày 20/07/2021");
    let more = match topic {
        Topic::Registered => json!({"registered_at": "21:05 ngày 14/07/2021"}),
        Topic::Receipt => {
            json!({
                "returned_by": "Trực tiếp", "owed": "Lệ phí đăng ký: 25.000 đồng", "paid": "8.000 đồng",
                "to_bring": "", "answered_at": "",
            })
        }
        Topic::NotReceived => json!({"reason": reason, "form": refusal}),
        Topic::SupplementRequested => json!({
            "reason": reason, "items": ["Bản chính giấy khai sinh"], "papers": "Bản chính giấy khai sinh",
            "form": "Phiếu yêu cầu bổ sung, hoàn thiện hồ sơ (mẫu số 02)",
        }),
        Topic::PaymentRequested => json!({"amount": "50.000", "reason": "Lệ phí chứng thực"}),
        Topic::Reappointed => json!({
            "old_at": old_at, "new_at": new_at, "reason": "Chờ ý kiến của cơ quan thuế", "ahead": true,
            "form": "Văn bản xin lỗi và đề nghị gia hạn thời gian giải quyết (mẫu số 04)",
        }),
        Topic::DateMoved => json!({
            "old_at": old_at, "new_at": new_at, "past_at": "",
            "because": "lịch làm việc thay đổi, thời hạn được tính lại",
        }),
        Topic::Taken => json!({"what": "giấy tờ bổ sung"}),
        Topic::Corrected => json!({
            "what": "kết quả được trả qua: Bưu chính công ích", "reason": "Người nộp đề nghị gửi qua bưu điện",
        }),
        Topic::SupplementWaived => json!({"reason": reason}),
        Topic::ContactChanged => json!({
            "what": "họ tên người nộp là Nguyễn Thị Ánh", "reason": "Ghi nhầm",
            "now": "Hồ sơ đang được giải quyết, hẹn trả kết quả 17:00 ngày 15/07/2021.", "asked": "", "owed": "",
        }),
        Topic::Money => json!({
            "what_happened": "Đã nhận tiền nộp", "what": "đã nhận tiền nộp 25.000 đồng", "amount": "25.000",
            "receipt": "FT26330123456789", "reason": "", "owed": "",
        }),
        Topic::ResultReady => {
            json!({"done_at": done_at, "owed": "Lệ phí đăng ký: 25.000 đồng"})
        }
        Topic::Refused => json!({"reason": reason, "form": refusal, "done_at": done_at}),
        Topic::Stopped | Topic::Withdrawn => {
            json!({"reason": reason, "form": stop, "done_at": done_at})
        }
        Topic::TakenBack => json!({
            "what": "có kết quả giải quyết hồ sơ", "reason": "Bấm nhầm", "owed": "",
            "now": "Hồ sơ đang được giải quyết tiếp, hẹn trả kết quả 17:00 ngày 15/07/2021.",
        }),
        Topic::Moved => json!({
            "decided": "", "asked": "",
            "from_unit": "Ủy ban nhân dân thành phố Lạng Sơn", "to_unit": "Ủy ban nhân dân phường Lương Văn Tri",
        }),
        Topic::DueTomorrow => json!({"step": "Thẩm định", "appointment_at": ""}),
        Topic::Overdue => {
            json!({"step": "Thẩm định", "appointment_at": "", "broken_at": "", "apologise": true})
        }
        Topic::Confirmation => {
            return json!({
                "code": "123456", "until": "08:45 ngày 15/07/2021",
                "unit": "Ủy ban nhân dân phường Hoàng Văn Thụ",
            });
        }
        Topic::FeedbackAnswered => {
            return json!({
                "name": "Nguyễn Thị Ánh", "you": "ông/bà", "unit": "Ủy ban nhân dân phường Hoàng Văn Thụ",
                "phone": "0205 3812 345", "content": "Bộ phận một cửa mở cửa muộn", "answer": "Đơn vị đã nhắc nhở, cảm ơn ý kiến của ông, bà.",
                "received_at": "08:15 ngày 15/07/2021", "handled_at": "10:00 ngày 20/07/2021",
            });
        }
        Topic::Digest => {
            return json!({
                "name": "Nông Thị Lan", "unit": "Ủy ban nhân dân thành phố Lạng Sơn", "date": "19/07/2021",
                "day": "16/07/2021", "open": "10", "overdue": "1", "received": "5", "resolved": "4",
                "overdue_list": [{
                    "case_number": "H37.20.01-210715-0001", "due_at": "17:00 ngày 15/07/2021",
                    "appointment_at": "", "unit": "Ủy ban nhân dân phường Hoàng Văn Thụ",
                }],
                "checkpoint": "motcua.local/h37\n3\nvQ=\n\n— motcua.local/h37 Az=\n",
            });
        }
        Topic::PasswordSet => {
            return json!({
                "name": "Nông Thị Lan", "username": "lan.nt", "at": "08:15 ngày 15/07/2021", "by": "quan.tri",
            });
        }
        Topic::Alarms => {
            return json!({
                "name": "Nông Thị Lan", "date": "15/07/2021", "count": "1",
                "alarms": [{
                    "title": "Không gửi được", "detail": "Thư điện tử không gửi được: máy chủ thư không trả lời.",
                    "since": "08:15 ngày 15/07/2021",
                }],
            });
        }
    };
    let mut values = dossier;
    if let (Value::Object(values), Value::Object(more)) = (&mut values, more) {
        values.extend(more);
    }
    values
}

text_enum! {
    /// What a notice tells; each has its templates.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
    pub enum Topic {
        /// The code that confirms an online submission.
        Confirmation = "confirmation",
        /// The submission was confirmed: there is a dossier that waits to be taken in.
        Registered = "registered",
        Receipt = "receipt",
        NotReceived = "not_received",
        SupplementRequested = "supplement_requested",
        /// It goes on without the papers that were asked for.
        SupplementWaived = "supplement_waived",
        PaymentRequested = "payment_requested",
        /// The apology with the new appointment.
        Reappointed = "reappointed",
        /// The moment that was promised is another one, without an apology: the limit goes on or starts anew, the calendar
        /// has changed, an appointment holds no more.
        DateMoved = "date_moved",
        /// What was asked for came, by post, online or by transfer, and the moment that is promised stays.
        Taken = "taken",
        /// The applicant's address has been corrected, to the new one.
        ContactChanged = "contact_changed",
        /// What stands on the receipt has been corrected: papers, sets, how the result is returned.
        Corrected = "corrected",
        /// Money came or was paid back, and they were not at the desk; or what is owed is another sum.
        Money = "money",
        ResultReady = "result_ready",
        /// The result is a refusal.
        Refused = "refused",
        Stopped = "stopped",
        Withdrawn = "withdrawn",
        /// What was told was a mistake and is undone.
        TakenBack = "taken_back",
        /// Another unit goes on with it.
        Moved = "moved",
        /// Their feedback (phản ánh, kiến nghị) is answered.
        FeedbackAnswered = "feedback_answered",
        /// To the officer in charge.
        DueTomorrow = "due_tomorrow",
        /// To the officer in charge and the supervisors.
        Overdue = "overdue",
        /// Every working day, to supervisors.
        Digest = "digest",
        /// What is wrong with the installation, to administrators, once a day while it is.
        Alarms = "alarms",
        /// To a member of staff whose password somebody else has set; at once.
        PasswordSet = "password_set",
    }
}

impl Topic {
    /// Whether it goes to staff, and so in working time only.
    pub const fn is_for_staff(self) -> bool {
        matches!(self, Self::DueTomorrow | Self::Overdue | Self::Digest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(name: &str, text: &str) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(name), text).unwrap();
        folder
    }

    #[test]
    fn what_comes_with_the_program_works() {
        let templates = Templates::load(None).unwrap();
        let letter = templates
            .letter(Topic::Receipt, &example(Topic::Receipt))
            .unwrap();
        assert_eq!(letter.subject, "Đã tiếp nhận hồ sơ H37.20.01-210715-0001");
        assert!(
            letter.text.contains("(mã tra cứu ABCDEFGHIJ)"),
            "{}",
            letter.text
        );
        assert!(
            letter.html.contains("(mã tra cứu ABCDEFGHIJ)"),
            "{}",
            letter.html
        );
        let mut values = example(Topic::Receipt);
        values["name"] = json!("<b>Ánh</b>\nBcc: x@example.vn");
        values["case_number"] = json!("H37\nBcc: x@example.vn");
        let letter = templates.letter(Topic::Receipt, &values).unwrap();
        assert!(letter.html.contains("&lt;b&gt;Ánh"), "{}", letter.html);
        assert_eq!(letter.subject.lines().count(), 1);
    }

    /// The longest names of units that come with the program, and of procedures.
    fn longest() -> (Vec<String>, Vec<String>) {
        let units = [
            include_str!("../../config/units-lang-son-2021.csv"),
            include_str!("../../config/units-lang-son-2025.csv"),
        ];
        let cells = units.iter().flat_map(|file| file.lines());
        let cells = cells.filter_map(|line| line.split(',').nth(3));
        let mut units: Vec<String> = cells.map(str::to_owned).collect();
        let file = include_str!("../../config/procedures-lang-son.json");
        let procedures: Vec<Value> = serde_json::from_str(file).unwrap();
        let names = procedures.iter().filter_map(|p| p["name"].as_str());
        let mut procedures: Vec<String> = names.map(str::to_owned).collect();
        for names in [&mut units, &mut procedures] {
            names.sort_by_key(|name| std::cmp::Reverse(name.chars().count()));
            names.truncate(5);
        }
        (units, procedures)
    }

    proptest::proptest! {
        #[test]
        fn every_short_message_is_gsm7_and_two_parts_at_most(
            topic in 0..Topic::ALL.len(),
            unit in 0..5_usize,
            procedure in 0..5_usize,
            reason in "[\\PC\\n]{0,400}",
            typed in "[a-zđàáảãạăằêềơờưừỳ ,.;“”–]{0,2000}",
        ) {
            use std::sync::LazyLock;
            static TEMPLATES: LazyLock<Templates> = LazyLock::new(|| Templates::load(None).unwrap());
            static LONGEST: LazyLock<(Vec<String>, Vec<String>)> = LazyLock::new(longest);
            let topic = Topic::ALL[topic];
            if TEMPLATES.is_short(topic) {
                let mut values = example(topic);
                let (units, procedures) = &*LONGEST;
                for (key, text) in [
                    ("unit", &units[unit]), ("receiving_unit", &units[unit]), ("from_unit", &units[unit]),
                    ("procedure", &procedures[procedure]), ("reason", &reason), ("papers", &typed),
                    ("answer", &typed), ("because", &reason), ("address", &typed), ("name", &typed),
                    ("link", &"https://dichvucong.langson.gov.vn/tra-cuu?so=H37.20.01-261126-10001&ma=ABCDEFGHIJ".to_owned()),
                ] {
                    if values.get(key).is_some() {
                        values[key] = json!(text);
                    }
                }
                let text = TEMPLATES.sms(topic, &values).unwrap();
                let length = gsm7_len(&text);
                proptest::prop_assert!(length.is_some_and(|length| length <= MOST_IN_SMS), "{length:?}: {text}");
                for key in ["case_number", "link", "code", "amount"] {
                    let whole = TEMPLATES.render(&format!("{}.sms", topic.as_str()), &values).unwrap();
                    let value = values[key].as_str().unwrap_or_default();
                    proptest::prop_assert!(!whole.contains(value) || text.contains(value), "{key}: {text}");
                }
            }
        }
    }

    #[test]
    fn a_receipt_is_a_short_message_of_two_parts_in_plain_letters() {
        let templates = Templates::load(None).unwrap();
        let mut values = example(Topic::Receipt);
        values["unit"] = json!("Ủy ban nhân dân phường Hoàng Văn Thụ");
        values["receiving_unit"] = values["unit"].clone();
        let text = templates.sms(Topic::Receipt, &values).unwrap();
        assert!(
            text.starts_with("UBND phuong Hoang Van Thu da tiep nhan ho so H37.20.01-"),
            "{text}"
        );
        // Zalo carries the marks.
        let text = templates.short(Topic::Receipt, &values).unwrap();
        assert!(
            text.starts_with("UBND phường Hoàng Văn Thụ đã tiếp nhận hồ sơ"),
            "{text}"
        );
    }

    #[test]
    fn what_is_too_long_ends_with_a_word() {
        assert_eq!(
            cut("thiếu bản chính giấy khai sinh", 20),
            "thiếu bản chính giấy..."
        );
        assert_eq!(cut("ngắn", 20), "ngắn");
        assert_eq!(cut("mộttừrấtdàikhôngcókhoảngtrắng", 10), "mộttừrấtdà...");
    }

    #[test]
    fn a_code_stands_in_no_subject_and_an_internal_word_in_no_text() {
        let templates = Templates::load(None).unwrap();
        for topic in Topic::ALL {
            let values = example(topic);
            let letter = templates.letter(topic, &values).unwrap();
            for code in ["123456", "ABCDEFGHIJ"] {
                assert!(!letter.subject.contains(code), "{}", letter.subject);
            }
            let mut texts = vec![letter.subject, letter.text, letter.html];
            if templates.is_short(topic) {
                texts.push(templates.sms(topic, &values).unwrap());
            }
            for text in texts {
                for word in [
                    "{{",
                    "{%",
                    "/api/",
                    "none",
                    "undefined",
                    "dossier",
                    "motcua verify",
                ] {
                    assert!(!text.contains(word), "{word}: {text}");
                }
            }
        }
    }

    /// What an older program has written lacks what was not told then.
    #[test]
    fn a_message_of_an_older_program_is_still_sent() {
        let templates = Templates::load(None).unwrap();
        let old = json!({
            "name": "Nguyễn Thị Ánh", "case_number": "H37.20.01-210715-0001",
            "procedure": "Chứng thực bản sao", "unit": "UBND xã", "code": "ABCDEFGHIJ",
            "link": "https://example.vn/", "received_at": "08:15 15/07/2021",
            "due_at": "17:00 15/07/2021", "return_channel": "direct", "done_at": "16:00 15/07/2021",
        });
        for topic in [Topic::Receipt, Topic::ResultReady] {
            let letter = templates.letter(topic, &old).unwrap();
            assert!(
                letter.text.contains("H37.20.01-210715-0001"),
                "{}",
                letter.text
            );
            templates.sms(topic, &old).unwrap();
        }
    }

    #[test]
    fn an_office_replaces_a_template_and_a_broken_one_names_its_line() {
        let own = folder("receipt.txt", "Hồ sơ {{ case_number }}\nXin chào\n");
        let templates = Templates::load(Some(own.path())).unwrap();
        let letter = templates
            .letter(Topic::Receipt, &example(Topic::Receipt))
            .unwrap();
        assert_eq!(
            (letter.subject.as_str(), letter.text.as_str()),
            ("Hồ sơ H37.20.01-210715-0001", "Xin chào\n")
        );
        for (name, text, line) in [
            ("receipt.txt", "Một\nHai {{ case_number\n", 2),
            ("receipt.html", "Một\nHai\n{{ no_such_thing }}", 3),
            ("overdue.txt", "{% if %}", 1),
        ] {
            let own = folder(name, text);
            let Err(error) = Templates::load(Some(own.path())) else {
                panic!("{name} was taken");
            };
            let expected = format!("mẫu {name}, dòng {line}:");
            assert!(error.to_string().starts_with(&expected), "{error}");
        }
        let own = folder("reciept.txt", "");
        assert!(matches!(
            Templates::load(Some(own.path())),
            Err(TemplateError::Unknown { .. })
        ));
    }
}
