//! Procedures as those read them who keep them: a version in words, what a new one would change, and what becomes of the
//! others.

use chrono::NaiveDate;

use crate::domain::dossier::Channel;
use crate::domain::procedure::{
    ChecklistItem, Fee, LimitDefinition, OnSupplement, OnlineLevel, Place, ProcedureDefinition,
    Step,
};
use crate::domain::unit::Units;
use crate::render::words;
use crate::store::reference::Reference;

/// What a version says of one thing, a line each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    pub name: &'static str,
    pub lines: Vec<String>,
}

/// What differs between two versions in one thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    pub name: &'static str,
    pub gone: Vec<String>,
    pub come: Vec<String>,
}

/// What putting a version into the catalogue would do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// In sentences: which version it is, and what becomes of the others.
    pub effects: Vec<String>,
    /// Against the version whose place it takes.
    pub changes: Vec<Change>,
    /// There is nothing to change.
    pub same: bool,
}

/// How a version stands on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    Past,
    InForce,
    ToCome,
}

impl Standing {
    pub fn of(definition: &ProcedureDefinition, today: NaiveDate) -> Self {
        match definition.is_in_force_on(today) {
            true => Self::InForce,
            false if definition.valid_from > today => Self::ToCome,
            false => Self::Past,
        }
    }
}

/// `15 ngày làm việc`.
pub fn limit(limit: LimitDefinition) -> String {
    // What is kept can be read.
    limit
        .limit()
        .map_or_else(|error| error.to_string(), |limit| limit.to_string())
}

/// The days on which a version holds.
pub fn days(definition: &ProcedureDefinition) -> String {
    let from = words::date(definition.valid_from);
    match definition.valid_to {
        None => format!("từ {from}"),
        Some(to) => format!("từ {from} đến hết {}", words::date(to)),
    }
}

fn limits(definition: &ProcedureDefinition) -> Vec<String> {
    let named = |name: &str, of: Option<LimitDefinition>| {
        of.map(|found| format!("{name}: {}", limit(found)))
    };
    let by_channel = [Channel::Direct, Channel::Online, Channel::Postal].map(|channel| {
        let name = format!("Nộp {}", words::channel(channel).to_lowercase());
        named(&name, definition.limits_by_channel.of(channel))
    });
    let by_case = definition.cases.iter().map(|case| {
        let name = format!("Trường hợp {} ({})", case.code, case.name);
        named(&name, case.limit)
    });
    let extra = definition.extra_days_in_marked_units;
    let supplement = definition.on_supplement.map(|on| {
        let how = match on {
            OnSupplement::Restart => "tính lại từ đầu",
            OnSupplement::Resume => "tính tiếp",
        };
        format!("Khi nhận đủ giấy tờ bổ sung: {how}")
    });
    let first = [
        named("Theo quy định", Some(definition.statutory_limit)),
        named("Cam kết", definition.committed_limit),
    ];
    let last = [
        extra.map(|days| format!("Đơn vị miền núi, vùng sâu, vùng xa: thêm {days} ngày")),
        named("Khi phải xác minh", definition.verification_limit),
        supplement,
    ];
    let all = first.into_iter().chain(by_channel).chain(by_case);
    all.chain(last).flatten().collect()
}

fn fees(fees: &[Fee]) -> Vec<String> {
    let line = |fee: &Fee| {
        let mut line = words::fee(fee);
        let per = fee.per.as_ref().map(|per| format!("tính theo {per}"));
        let further = fee.further.map(|further| {
            let each = words::vnd_in_words(further.amount_vnd);
            let most = further.most_vnd.map(words::vnd_in_words);
            let most =
                most.map_or_else(String::new, |most| format!(", tối đa {most} đồng một bản"));
            format!(
                "từ trang thứ {} của một bản thu {each} đồng một trang{most}",
                further.from
            )
        });
        let channel = fee
            .channel
            .map(|channel| format!("chỉ khi nộp {}", words::channel(channel).to_lowercase()));
        let from = fee.valid_from.map(|day| format!("từ {}", words::date(day)));
        let to = fee
            .valid_to
            .map(|day| format!("đến hết {}", words::date(day)));
        let instead = fee.instead_of.and_then(|of| fees.get(usize::from(of)));
        let instead = instead.map(|of| format!("thay cho “{}” khi có lý do", of.name));
        for more in [per, further, channel, from, to, instead]
            .into_iter()
            .flatten()
        {
            line.push_str("; ");
            line.push_str(&more);
        }
        line
    };
    fees.iter().map(line).collect()
}

fn papers(items: &[ChecklistItem]) -> Vec<String> {
    let line = |item: &ChecklistItem| {
        let copies = words::copies(item.originals, item.copies);
        let required = match item.required {
            true => "bắt buộc",
            false => "nếu có",
        };
        match copies.is_empty() {
            true => format!("{} ({required})", item.name),
            false => format!("{}: {copies} ({required})", item.name),
        }
    };
    items.iter().map(line).collect()
}

/// A step, with who does it where and how long it may take.
fn step((i, step): (usize, &Step), units: &Units) -> String {
    let place = match step.place {
        Place::Receiving => "nơi tiếp nhận".to_owned(),
        Place::Parent => "đơn vị cấp trên của nơi tiếp nhận".to_owned(),
        Place::Unit => {
            let code = step.unit.as_deref().unwrap_or_default();
            let unit = units.by_code(code);
            unit.map_or_else(|| code.to_owned(), |unit| unit.name.clone())
        }
    };
    let decides = match step.decides {
        true => "; quyết định ở bước này",
        false => "",
    };
    format!(
        "{}. {}: {}, {place}, {} giờ làm việc{decides}",
        i + 1,
        step.name,
        words::role(step.role.role()),
        step.hours
    )
}

/// All that a version says, in words.
pub fn parts(definition: &ProcedureDefinition, units: &Units) -> Vec<Part> {
    let levels = definition.levels.iter();
    let levels: Vec<_> = levels.map(|level| words::level(*level)).collect();
    let department = definition.department.as_deref();
    let department = department.map(|code| match units.by_code(code) {
        Some(unit) => format!("{code}: {}", unit.name),
        None => code.to_owned(),
    });
    let online = match definition.online_level {
        OnlineLevel::Full => "Toàn trình",
        OnlineLevel::Partial => "Một phần",
        OnlineLevel::Information => "Chỉ cung cấp thông tin",
    };
    let more = [
        (
            definition.integrated,
            "Đã tích hợp trên Cổng Dịch vụ công Quốc gia",
        ),
        (
            definition.received_elsewhere,
            "Tiếp nhận không phụ thuộc địa giới hành chính",
        ),
        (definition.code_is_sample, "Mã là mã mẫu, chưa phải mã thật"),
    ];
    let more = more.into_iter().filter(|(holds, _)| *holds);
    let dates = [
        Some(("Công bố", definition.announced_on)),
        definition
            .workflow_approved_on
            .map(|day| ("Phê duyệt quy trình nội bộ", day)),
        definition
            .simplification_proposed_on
            .map(|day| ("Đề xuất đơn giản hóa", day)),
    ];
    let dates = dates.into_iter().flatten();
    let of_cases = |what: &dyn Fn(&crate::domain::procedure::Case) -> Option<Vec<String>>| {
        let lines = definition.cases.iter().flat_map(|case| {
            let lines = what(case).unwrap_or_default().into_iter();
            lines.map(move |line| format!("Trường hợp {}: {line}", case.code))
        });
        lines.collect::<Vec<_>>()
    };
    let mut all_fees = fees(&definition.fees);
    all_fees.extend(of_cases(&|case| case.fees.as_deref().map(fees)));
    let mut all_papers = papers(&definition.checklist);
    all_papers.extend(of_cases(&|case| case.checklist.as_deref().map(papers)));
    let cases = definition.cases.iter();
    let cases = cases.map(|case| format!("{}: {}", case.code, case.name));
    let one = |text: &str| vec![text.to_owned()];
    let all = [
        ("Tên", one(&definition.name)),
        ("Lĩnh vực", one(&definition.field)),
        ("Cấp thực hiện", one(&levels.join(", "))),
        ("Cơ quan thực hiện", department.into_iter().collect()),
        ("Hiệu lực", one(&days(definition))),
        (
            "Ngày",
            dates
                .map(|(what, day)| format!("{what}: {}", words::date(day)))
                .collect(),
        ),
        ("Dịch vụ công trực tuyến", one(online)),
        ("Ghi chú", more.map(|(_, text)| text.to_owned()).collect()),
        ("Trường hợp", cases.collect()),
        ("Thời hạn", limits(definition)),
        ("Phí, lệ phí", all_fees),
        ("Thành phần hồ sơ", all_papers),
        (
            "Các bước xử lý",
            definition
                .workflow
                .iter()
                .enumerate()
                .map(|numbered| step(numbered, units))
                .collect(),
        ),
        ("Kết quả", one(&definition.result)),
        ("Căn cứ pháp lý", definition.legal_basis.clone()),
    ];
    all.into_iter()
        .filter(|(_, lines)| !lines.is_empty())
        .map(|(name, lines)| Part { name, lines })
        .collect()
}

/// What differs in words, in the order in which a version is told.
fn changes(
    before: Option<&ProcedureDefinition>,
    after: &ProcedureDefinition,
    units: &Units,
) -> Vec<Change> {
    let before = before.map_or_else(Vec::new, |before| parts(before, units));
    let after = parts(after, units);
    let mut names: Vec<&'static str> = after.iter().map(|part| part.name).collect();
    let gone = before.iter().filter(|part| !names.contains(&part.name));
    let gone: Vec<_> = gone.map(|part| part.name).collect();
    names.extend(gone);
    let lines = |parts: &[Part], name: &str| {
        let part = parts.iter().find(|part| part.name == name);
        part.map_or_else(Vec::new, |part| part.lines.clone())
    };
    let all = names.into_iter().map(|name| {
        let (before, after) = (lines(&before, name), lines(&after, name));
        let without = |these: &[String], those: &[String]| -> Vec<String> {
            let these = these.iter().filter(|line| !those.contains(line));
            these.cloned().collect()
        };
        Change {
            name,
            gone: without(&before, &after),
            come: without(&after, &before),
        }
    });
    all.filter(|change| !change.gone.is_empty() || !change.come.is_empty())
        .collect()
}

/// What putting this version into the catalogue would do, by the rules of the act itself. What is wrong with it, that
/// says.
pub fn plan(reference: &Reference, new: &ProcedureDefinition) -> Plan {
    let units = reference.units();
    let versions: Vec<&ProcedureDefinition> = reference
        .versions(&new.code)
        .iter()
        .map(|version| &version.definition)
        .collect();
    let from = new.valid_from;
    let same_day = versions.iter().find(|one| one.valid_from == from);
    let held = versions.iter().find(|one| one.is_in_force_on(from));
    let earlier = versions.iter().filter(|one| one.valid_from < from);
    let earlier = earlier.max_by_key(|one| one.valid_from);
    let next = versions.iter().filter(|one| one.valid_from > from);
    let next = next.map(|one| one.valid_from).min();
    // It ends where the next one begins, whatever it says.
    let mut new = new.clone();
    let before_next = next.and_then(|day| day.pred_opt());
    new.valid_to = [new.valid_to, before_next].into_iter().flatten().min();
    let base = same_day.or(earlier).copied();
    let new = new.with_keys(earlier.copied());
    let changes = changes(base, &new, units);
    let same = same_day.is_some_and(|old| (*old).clone().with_keys(earlier.copied()) == new);
    let mut effects = vec![match (same_day, versions.is_empty()) {
        (Some(_), _) if same => "Phiên bản này đã có, không có gì để ghi.".to_owned(),
        (Some(_), _) => format!("Sửa phiên bản {}.", days(&new)),
        (None, true) => format!("Thủ tục mới {}, áp dụng {}.", new.code, days(&new)),
        (None, false) => format!("Phiên bản mới, áp dụng {}.", days(&new)),
    }];
    if let (None, Some(held)) = (same_day, held)
        && let Some(last) = from.pred_opt()
    {
        effects.push(format!(
            "Phiên bản áp dụng từ {} kết thúc sau ngày {}; hồ sơ đã tiếp nhận giữ phiên bản lúc tiếp nhận.",
            words::date(held.valid_from),
            words::date(last)
        ));
    }
    if let Some(next) = next {
        effects.push(format!(
            "Từ {} đã có phiên bản kế tiếp, phiên bản đó không đổi.",
            words::date(next)
        ));
    }
    if let Some((hours, most)) = new.hours_beyond_limit() {
        effects.push(format!(
            "Chú ý: các bước cộng lại {hours} giờ, nhiều hơn thời hạn giải quyết (tối đa {most} giờ làm việc): xem lại giờ của các bước.",
        ));
    }
    if !same && changes.is_empty() {
        effects.push("Chỉ khác ở chi tiết không hiện thành chữ, như khóa của giấy tờ.".to_owned());
    }
    Plan {
        effects,
        changes,
        same,
    }
}
