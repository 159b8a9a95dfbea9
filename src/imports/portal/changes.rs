//! What a catalogue of the portal changes, for people to read before it does.

use std::fmt;

use crate::domain::procedure::{Fee, LimitDefinition, OnlineLevel, ProcedureDefinition};
use crate::render;

/// What a catalogue of the portal changes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Changes {
    pub new: Vec<Change>,
    /// New versions of procedures that are in force.
    pub versions: Vec<Change>,
    pub ended: Vec<Change>,
    /// The portal's own codes of fields, each as a line for people.
    pub field_codes: Vec<String>,
    pub unchanged: usize,
    /// What a person should know.
    pub notes: Vec<String>,
}

/// A procedure that changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    pub code: String,
    pub name: String,
    /// What a new version has that the one before has not.
    pub differences: Vec<String>,
}

impl Changes {
    pub const fn count(&self) -> usize {
        self.new.len() + self.versions.len() + self.ended.len()
    }
}

impl fmt::Display for Changes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (what, changes) in [
            ("thủ tục mới", &self.new),
            ("phiên bản mới", &self.versions),
            ("kết thúc", &self.ended),
        ] {
            for change in changes {
                writeln!(f, "{what} {}: {}", change.code, change.name)?;
                for difference in &change.differences {
                    writeln!(f, "    {difference}")?;
                }
            }
        }
        for note in self.field_codes.iter().chain(&self.notes) {
            writeln!(f, "{note}")?;
        }
        write!(
            f,
            "{} thủ tục mới, {} phiên bản mới, {} kết thúc, {} giữ nguyên",
            self.new.len(),
            self.versions.len(),
            self.ended.len(),
            self.unchanged,
        )
    }
}

/// What differs between two versions, besides their days.
pub(crate) fn differences(old: &ProcedureDefinition, new: &ProcedureDefinition) -> Vec<String> {
    let mut found = Vec::new();
    let mut text = |what: &str, old: &str, new: &str| {
        if old != new {
            found.push(format!("{what}: {old} → {new}"));
        }
    };
    text("tên", &old.name, &new.name);
    text("lĩnh vực", &old.field, &new.field);
    text("kết quả", &old.result, &new.result);
    let levels = |of: &ProcedureDefinition| {
        let names = of.levels.iter().map(|level| render::words::level(*level));
        names.collect::<Vec<_>>().join(", ")
    };
    text("cấp thực hiện", &levels(old), &levels(new));
    text(
        "mức độ trực tuyến",
        online(old.online_level),
        online(new.online_level),
    );
    text(
        "thời hạn theo quy định",
        &limit(Some(old.statutory_limit)),
        &limit(Some(new.statutory_limit)),
    );
    text(
        "thời hạn cam kết",
        &limit(old.committed_limit),
        &limit(new.committed_limit),
    );
    text(
        "thời hạn khi phải xác minh",
        &limit(old.verification_limit),
        &limit(new.verification_limit),
    );
    let by_channel = |of: &ProcedureDefinition| {
        let of = of.limits_by_channel;
        let limits = [
            ("trực tiếp", of.direct),
            ("trực tuyến", of.online),
            ("bưu chính", of.postal),
        ];
        let limits = limits.into_iter().filter_map(|(way, of)| Some((way, of?)));
        let limits = limits.map(|(way, of)| format!("{way} {}", limit(Some(of))));
        limits.collect::<Vec<_>>().join(", ")
    };
    text(
        "thời hạn theo hình thức nộp",
        &by_channel(old),
        &by_channel(new),
    );
    let elsewhere = |of: &ProcedureDefinition| match of.received_elsewhere {
        true => "có",
        false => "không",
    };
    text("tiếp nhận phi địa giới", elsewhere(old), elsewhere(new));
    let official = |of: &ProcedureDefinition| match of.code_is_sample {
        true => "mã mẫu",
        false => "mã quốc gia",
    };
    text("mã", official(old), official(new));
    lists(
        &mut found,
        "phí, lệ phí",
        old.fees.iter().map(fee).collect(),
        new.fees.iter().map(fee).collect(),
    );
    let cases = |of: &ProcedureDefinition| {
        let cases = of.cases.iter().map(|case| {
            let papers = case.checklist.as_ref().map_or(0, Vec::len);
            let limit = case.limit.map_or_else(String::new, |of| limit(Some(of)));
            format!(
                "{} {} ({limit}; {papers} giấy tờ riêng)",
                case.code, case.name
            )
        });
        cases.collect()
    };
    lists(&mut found, "trường hợp", cases(old), cases(new));
    let papers = |of: &ProcedureDefinition| {
        let papers = of.checklist.iter().map(|item| {
            let required = match item.required {
                true => "",
                false => ", không bắt buộc",
            };
            format!(
                "{} ({} bản chính, {} bản sao{required})",
                item.name, item.originals, item.copies
            )
        });
        papers.collect()
    };
    lists(&mut found, "thành phần hồ sơ", papers(old), papers(new));
    lists(
        &mut found,
        "căn cứ pháp lý",
        old.legal_basis.clone(),
        new.legal_basis.clone(),
    );
    found
}

fn lists(found: &mut Vec<String>, what: &str, old: Vec<String>, new: Vec<String>) {
    if old == new {
        return;
    }
    let gone = old.iter().filter(|item| !new.contains(item));
    let come = new.iter().filter(|item| !old.contains(item));
    let before = found.len();
    found.extend(gone.map(|item| format!("{what}, bỏ: {item}")));
    found.extend(come.map(|item| format!("{what}, thêm: {item}")));
    if found.len() == before {
        found.push(format!("{what}: thứ tự hoặc số lần lặp khác"));
    }
}

const fn online(level: OnlineLevel) -> &'static str {
    match level {
        OnlineLevel::Full => "toàn trình",
        OnlineLevel::Partial => "một phần",
        OnlineLevel::Information => "chỉ cung cấp thông tin",
    }
}

fn limit(limit: Option<LimitDefinition>) -> String {
    let Some(limit) = limit else {
        return "không có".to_owned();
    };
    match limit.limit() {
        Ok(limit) => limit.to_string(),
        Err(error) => error.to_string(),
    }
}

fn fee(fee: &Fee) -> String {
    let amount = fee.amount_vnd.map(|vnd| {
        let vnd = i64::try_from(vnd).unwrap_or(i64::MAX);
        format!("{} đồng", render::words::number(vnd))
    });
    let amount = amount.unwrap_or_else(|| "chưa rõ mức thu".to_owned());
    let amount = match fee.channel {
        Some(channel) => format!("{amount}, {}", render::words::channel(channel)),
        None => amount,
    };
    match fee.note.as_str() {
        "" => format!("{} {amount}", fee.name),
        note => format!("{} {amount} ({note})", fee.name),
    }
}
