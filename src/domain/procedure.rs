//! Procedures (thủ tục hành chính) in their versions: limits, checklist, workflow.

mod code;
mod fee;
pub mod finding;

use std::collections::{HashMap, HashSet};

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::domain::dossier::Channel;
use crate::domain::enums::text_enum;
use crate::domain::ids::{FieldId, ProcedureId, UnitId};
use crate::domain::moment::WorkingTime;
use crate::domain::person::fold_diacritics;
pub use crate::domain::procedure::code::{InvalidCode, ProcedureCode};
pub use crate::domain::procedure::fee::{Fee, FurtherPages};
use crate::domain::procedure::fee::{check_fees, find_choices};
use crate::domain::role::Role;
use crate::domain::text;
use crate::domain::time_limit::{Amount, LimitUnit, TimeLimit};
use crate::domain::unit::{Level, Unit, Units};

/// One version of a procedure. A dossier keeps the version under which it was received.
#[derive(Debug, Clone, PartialEq)]
pub struct Procedure {
    pub id: ProcedureId,
    pub field_id: FieldId,
    /// The case under which it is seen: fees and checklist of the definition are then that case's.
    pub case: Option<String>,
    pub definition: ProcedureDefinition,
}

/// A procedure as the catalogue gives it (the form of `motcua import procedures`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProcedureDefinition {
    /// Code of the national database: one digit, a dot, six digits.
    pub code: String,
    /// The province on whose list it stands, where its code is written with one: `H37`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub province: Option<String>,
    /// The real code is not known; this one only has its form.
    #[serde(default)]
    pub code_is_sample: bool,
    pub name: String,
    /// Lĩnh vực.
    pub field: String,
    /// Levels that carry it out; the first is the one under which the catalogue counts it.
    pub levels: Vec<Level>,
    /// The department that receives it, for procedures of the province.
    #[serde(default)]
    pub department: Option<String>,
    #[serde(deserialize_with = "crate::domain::day::day")]
    pub valid_from: NaiveDate,
    #[serde(default, deserialize_with = "crate::domain::day::some_day")]
    pub valid_to: Option<NaiveDate>,
    /// Day of the decision that announced this version.
    #[serde(deserialize_with = "crate::domain::day::day")]
    pub announced_on: NaiveDate,
    /// Day on which the internal workflow (quy trình nội bộ) was approved.
    #[serde(default, deserialize_with = "crate::domain::day::some_day")]
    pub workflow_approved_on: Option<NaiveDate>,
    /// Day on which a simplification of it was proposed.
    #[serde(default, deserialize_with = "crate::domain::day::some_day")]
    pub simplification_proposed_on: Option<NaiveDate>,
    /// Integrated with the national portal.
    #[serde(default)]
    pub integrated: bool,
    /// On the list of what any desk takes in, whatever the boundary (tiếp nhận phi địa giới hành chính, Nghị
    /// định 118/2025 as amended by 309/2026): the desk is not the unit that resolves it.
    #[serde(default)]
    pub received_elsewhere: bool,
    pub online_level: OnlineLevel,
    pub statutory_limit: LimitDefinition,
    /// The shorter limit that the office commits itself to after a cut.
    #[serde(default)]
    pub committed_limit: Option<LimitDefinition>,
    /// Limits that hold for what is handed in that way, unless its case has one of its own.
    #[serde(default)]
    pub limits_by_channel: ChannelLimits,
    /// So many days more, of the limit's own kind, where the competent unit is marked as a mountain one.
    #[serde(default)]
    pub extra_days_in_marked_units: Option<u32>,
    /// The second leg: the whole limit, from the same start, once verification (xác minh) turns out to be needed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verification_limit: Option<LimitDefinition>,
    /// Where it says nothing, what the norms of the day of receipt say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_supplement: Option<OnSupplement>,
    /// Cases (trường hợp) in which something differs.
    #[serde(default)]
    pub cases: Vec<Case>,
    #[serde(default)]
    pub fees: Vec<Fee>,
    pub result: String,
    #[serde(default)]
    pub legal_basis: Vec<String>,
    #[serde(default)]
    pub checklist: Vec<ChecklistItem>,
    #[serde(default)]
    pub workflow: Vec<Step>,
}

/// Service level on the portal since 2022 (Nghị định 42/2022).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnlineLevel {
    /// Toàn trình.
    Full,
    /// Một phần.
    Partial,
    /// Chỉ cung cấp thông tin.
    Information,
}

/// What the clock does once a dossier is complete again (Nghị định 61/2018, điều 19).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnSupplement {
    /// The limit starts anew.
    Restart,
    /// The clock goes on where it stopped.
    Resume,
}

/// A time limit as written in the catalogue; `amount` is absent for same-day limits, and where there is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LimitDefinition {
    pub unit: LimitUnit,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<Amount>,
}

/// Limits by how a dossier is handed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChannelLimits {
    #[serde(default)]
    pub direct: Option<LimitDefinition>,
    #[serde(default)]
    pub online: Option<LimitDefinition>,
    #[serde(default)]
    pub postal: Option<LimitDefinition>,
}

impl ChannelLimits {
    pub const fn of(&self, channel: Channel) -> Option<LimitDefinition> {
        match channel {
            Channel::Direct => self.direct,
            Channel::Online => self.online,
            Channel::Postal => self.postal,
        }
    }
}

/// A case of a procedure. What it does not say is the procedure's.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// Two digits: `02` of `2.000635.02`.
    pub code: String,
    pub name: String,
    #[serde(default)]
    pub limit: Option<LimitDefinition>,
    #[serde(default)]
    pub fees: Option<Vec<Fee>>,
    #[serde(default)]
    pub checklist: Option<Vec<ChecklistItem>>,
}

text_enum! {
    /// Which of a procedure's limits holds.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
    #[serde(rename_all = "snake_case")]
    pub enum LimitSource {
        Statutory = "statutory",
        Committed = "committed",
        Channel = "channel",
        Case = "case",
    }
}

/// The limit that holds for a dossier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HeldLimit {
    /// With the extra days.
    pub limit: LimitDefinition,
    pub from: LimitSource,
    pub extra_days: u32,
}

/// A paper that the dossier consists of (thành phần hồ sơ).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChecklistItem {
    /// By which it is known over the versions; where none is given, it follows from the name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    pub name: String,
    pub originals: u16,
    pub copies: u16,
    pub required: bool,
}

/// A step of the internal workflow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    pub name: String,
    pub place: Place,
    /// The unit's code, when `place` is `unit`.
    #[serde(default)]
    pub unit: Option<String>,
    pub role: StepRole,
    /// The step's share of the time, in working hours.
    pub hours: u32,
    /// Here it is decided whether the request is granted; at most one step says so.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub decides: bool,
}

/// Where a step is done, relative to the unit that received the dossier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    Receiving,
    /// The unit above the receiving one.
    Parent,
    /// A named unit.
    Unit,
}

/// Who does a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepRole {
    Clerk,
    Officer,
    Supervisor,
}

impl StepRole {
    /// Whose step it is.
    pub const fn role(self) -> Role {
        match self {
            Self::Clerk => Role::Clerk,
            Self::Officer => Role::Officer,
            Self::Supervisor => Role::Supervisor,
        }
    }
}

/// What is wrong with one procedure of a catalogue: where (a JSON pointer below the procedure) and
/// why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidProcedure {
    pub pointer: String,
    pub reason: String,
}

impl From<TimeLimit> for LimitDefinition {
    fn from(limit: TimeLimit) -> Self {
        Self {
            unit: limit.unit(),
            amount: Some(limit.amount()).filter(|amount| *amount != Amount::ZERO),
        }
    }
}

impl LimitDefinition {
    pub fn limit(self) -> Result<TimeLimit, crate::domain::time_limit::TimeError> {
        TimeLimit::new(self.unit, self.amount.unwrap_or_default())
    }
}

impl ProcedureDefinition {
    /// The hours of all steps, and the most that the limit has (a day has eight), if the steps take more than that.
    pub fn hours_beyond_limit(&self) -> Option<(u64, u64)> {
        let limit = self.committed_limit.unwrap_or(self.statutory_limit);
        let most = limit.limit().ok()?.most_work()?.millis() / 3_600_000;
        let most = u64::try_from(most).ok()?;
        let hours = self.workflow.iter().map(|step| u64::from(step.hours)).sum();
        (hours > most).then_some((hours, most))
    }

    /// As it is kept: its words in one line each, whatever file they come from, and code and province apart, where they
    /// are written together.
    #[must_use]
    pub fn with_plain_code(mut self) -> Self {
        let cases = self.cases.iter_mut();
        let (mut fees, mut papers) = (vec![&mut self.fees], vec![&mut self.checklist]);
        let mut words = vec![&mut self.name, &mut self.field, &mut self.result];
        for case in cases {
            words.push(&mut case.name);
            fees.extend(&mut case.fees);
            papers.extend(&mut case.checklist);
        }
        words.extend(fees.into_iter().flatten().map(|fee| &mut fee.name));
        words.extend(papers.into_iter().flatten().map(|paper| &mut paper.name));
        words.extend(self.workflow.iter_mut().map(|step| &mut step.name));
        for word in words {
            *word = text::line(word);
        }
        if let Ok(ProcedureCode {
            base,
            province,
            case: None,
        }) = ProcedureCode::read(&self.code)
        {
            self.code = base;
            self.province = self.province.or(province);
        }
        self
    }

    /// With the fees that are a choice said to be one, where nobody has: those of one name, as far as it goes before a
    /// bracket or a number from or up to which they hold.
    #[must_use]
    pub fn with_choices(mut self) -> Self {
        let cases = self.cases.iter_mut().filter_map(|case| case.fees.as_mut());
        for fees in std::iter::once(&mut self.fees).chain(cases) {
            find_choices(fees);
        }
        self
    }

    /// The limit that a dossier is promised: the committed one, else the statutory one.
    pub fn promised_limit(&self) -> LimitDefinition {
        self.committed_limit.unwrap_or(self.statutory_limit)
    }

    /// The level under which the catalogue counts the procedure.
    pub fn level(&self) -> Level {
        self.levels.first().copied().unwrap_or(Level::Province)
    }

    pub fn case(&self, code: &str) -> Option<&Case> {
        self.cases.iter().find(|case| case.code == code)
    }

    /// The limit that holds in a case, for what is handed in that way, at a unit that is marked as a mountain
    /// one or not.
    pub fn limit_for(&self, case: Option<&str>, channel: Channel, mountain: bool) -> HeldLimit {
        let of_case = case
            .and_then(|case| self.case(case))
            .and_then(|case| case.limit);
        let found = [
            (of_case, LimitSource::Case),
            (self.limits_by_channel.of(channel), LimitSource::Channel),
            (self.committed_limit, LimitSource::Committed),
        ];
        let mut found = found
            .into_iter()
            .filter_map(|(limit, from)| Some((limit?, from)));
        let (limit, from) = found
            .next()
            .unwrap_or((self.statutory_limit, LimitSource::Statutory));
        let extra_days = self.extra_days_in_marked_units.unwrap_or(0);
        let extra_days = match mountain && limit.unit.is_days() {
            true => extra_days,
            false => 0,
        };
        HeldLimit {
            limit: LimitDefinition {
                amount: limit.amount.map(|amount| amount.plus(extra_days)),
                ..limit
            },
            from,
            extra_days,
        }
    }

    /// Whether the limit of what is handed in that way cannot be told without its case.
    pub fn case_decides_limit(&self, channel: Channel) -> bool {
        let limit = |case: Option<&str>| self.limit_for(case, channel, false).limit;
        let mut cases = self.cases.iter();
        cases.any(|case| limit(Some(&case.code)) != limit(None))
    }

    /// The keys of the checklist's papers, in its order.
    pub fn item_keys(&self) -> Vec<String> {
        item_keys(&self.checklist)
    }

    /// The keys that follow from the names: the same name has the same key in every version; one that
    /// comes several times in a checklist is numbered.
    pub fn item_keys_by_name(&self) -> Vec<String> {
        item_keys_by_name(&self.checklist)
    }

    /// With the key of every paper written out: the given one, else that of the paper of the same name in
    /// the version before, else the one that follows from the name. In a case, a paper without a key has that of the
    /// one of the same name in the procedure's own checklist.
    #[must_use]
    pub fn with_keys(mut self, before: Option<&Self>) -> Self {
        let given: HashSet<String> = self
            .checklist
            .iter()
            .filter_map(|i| i.key.clone())
            .collect();
        let known: HashMap<String, String> = before.map_or_else(HashMap::new, |before| {
            let names = before.item_keys_by_name().into_iter();
            names.zip(before.item_keys()).collect()
        });
        let by_name = self.item_keys_by_name();
        for (item, by_name) in self.checklist.iter_mut().zip(by_name) {
            if item.key.is_none() {
                let known = known.get(&by_name).filter(|key| !given.contains(*key));
                item.key = Some(known.cloned().unwrap_or(by_name));
            }
        }
        let own: HashMap<String, String> = {
            let names = self.item_keys_by_name().into_iter();
            names.zip(self.item_keys()).collect()
        };
        for items in self
            .cases
            .iter_mut()
            .filter_map(|case| case.checklist.as_mut())
        {
            let by_name = item_keys_by_name(items);
            for (item, by_name) in items.iter_mut().zip(by_name) {
                let key = || own.get(&by_name).cloned().unwrap_or(by_name);
                item.key.get_or_insert_with(key);
            }
        }
        self
    }

    pub fn is_in_force_on(&self, date: NaiveDate) -> bool {
        self.valid_from <= date && self.valid_to.is_none_or(|to| date <= to)
    }

    /// All that is wrong with the definition, at once.
    pub fn check(&self) -> Vec<InvalidProcedure> {
        let mut wrong = Vec::new();
        let mut add = |pointer: &str, reason: String| {
            wrong.push(InvalidProcedure {
                pointer: pointer.to_owned(),
                reason,
            });
        };
        match ProcedureCode::read(&self.code) {
            Err(_) if self.code.trim().is_empty() => add("/code", "để trống".to_owned()),
            Err(error) => add("/code", error.to_string()),
            Ok(code) if code.case.is_some() => {
                let reason = format!(
                    "'{}' là mã của một trường hợp, không phải của thủ tục",
                    self.code
                );
                add("/code", reason);
            }
            Ok(_) => {}
        }
        if let Some(province) = &self.province
            && ProcedureCode::read(&format!("1.000000.{province}")).is_err()
        {
            add("/province", format!("'{province}' không có dạng H37"));
        }
        for (pointer, text) in [("/name", &self.name), ("/field", &self.field)] {
            if text.trim().is_empty() {
                add(pointer, "để trống".to_owned());
            } else if text::is_garbled(text) {
                add(pointer, text::GARBLED.to_owned());
            }
        }
        if self.levels.is_empty() {
            add("/levels", "cần ít nhất một cấp thực hiện".to_owned());
        }
        if self.valid_to.is_some_and(|to| to < self.valid_from) {
            add("/valid_to", "trước valid_from".to_owned());
        }
        for (pointer, limit) in [
            ("/statutory_limit", Some(self.statutory_limit)),
            ("/committed_limit", self.committed_limit),
        ] {
            if let Some(Err(error)) = limit.map(LimitDefinition::limit) {
                add(pointer, error.to_string());
            }
        }
        self.check_limits(&mut add);
        self.check_cases(&mut add);
        if let Some(committed) = self.committed_limit
            && (committed.unit != self.statutory_limit.unit
                || committed.amount > self.statutory_limit.amount)
        {
            let reason = "phải cùng đơn vị và không dài hơn thời hạn theo quy định";
            add("/committed_limit", reason.to_owned());
        }
        if self.workflow.len() == 1 {
            let reason = "cần ít nhất hai bước: nơi tiếp nhận và nơi giải quyết";
            add("/workflow", reason.to_owned());
        }
        for (i, step) in self.workflow.iter().enumerate() {
            if step.name.trim().is_empty() {
                add(&format!("/workflow/{i}/name"), "để trống".to_owned());
            }
            if step.hours == 0 {
                add(
                    &format!("/workflow/{i}/hours"),
                    "phải từ 1 giờ trở lên".to_owned(),
                );
            }
            if (step.place == Place::Unit) != step.unit.is_some() {
                let reason = "chỉ có khi place là 'unit', và khi đó bắt buộc";
                add(&format!("/workflow/{i}/unit"), reason.to_owned());
            }
        }
        let deciding = self.workflow.iter().enumerate();
        let deciding = deciding.filter(|(_, step)| step.decides);
        for (i, _) in deciding.skip(1) {
            let reason = "chỉ một bước quyết định";
            add(&format!("/workflow/{i}/decides"), reason.to_owned());
        }
        check_checklist("", &self.checklist, &mut add);
        check_fees("", &self.fees, &mut add);
        if self.workflow.len() > 100 || self.checklist.len() > 1000 {
            add(
                "/workflow",
                "quá 100 bước, hoặc quá 1.000 thành phần hồ sơ".to_owned(),
            );
        }
        wrong
    }

    /// Limits by channel, and days more in marked units: there have to be days to add them to.
    fn check_limits(&self, add: &mut dyn FnMut(&str, String)) {
        let by_channel = [
            ("direct", self.limits_by_channel.direct),
            ("online", self.limits_by_channel.online),
            ("postal", self.limits_by_channel.postal),
        ];
        for (name, limit) in by_channel {
            if let Some(Err(error)) = limit.map(LimitDefinition::limit) {
                add(&format!("/limits_by_channel/{name}"), error.to_string());
            }
        }
        if let Some(second) = self.verification_limit {
            let (pointer, first) = ("/verification_limit", self.promised_limit());
            match second.limit() {
                Err(error) => add(pointer, error.to_string()),
                Ok(limit) if limit.is_by_hand() || limit.unit() == LimitUnit::SameDay => {
                    add(pointer, "phải có số ngày, giờ, tháng hoặc năm".to_owned());
                }
                Ok(_) if second.unit == first.unit && second.amount <= first.amount => {
                    add(
                        pointer,
                        "phải dài hơn thời hạn khi không phải xác minh".to_owned(),
                    );
                }
                Ok(_) => {}
            }
        }
        let Some(extra) = self.extra_days_in_marked_units else {
            return;
        };
        let of_cases = self.cases.iter().filter_map(|case| case.limit);
        let of_channels = by_channel.into_iter().filter_map(|(_, limit)| limit);
        let mut all = of_cases.chain(of_channels).chain([self.promised_limit()]);
        let pointer = "/extra_days_in_marked_units";
        if !(1..=365).contains(&extra) {
            add(pointer, "phải từ 1 đến 365 ngày".to_owned());
        } else if !all.any(|limit| limit.unit.is_days()) {
            let reason = "chỉ khi có thời hạn theo ngày làm việc hoặc ngày";
            add(pointer, reason.to_owned());
        }
    }

    fn check_cases(&self, add: &mut dyn FnMut(&str, String)) {
        let mut known = HashSet::new();
        if self.cases.len() > 99 {
            add("/cases", "quá 99 trường hợp".to_owned());
        }
        for (i, case) in self.cases.iter().enumerate() {
            let place = format!("/cases/{i}");
            if !code::is_case(&case.code) {
                let reason = format!("'{}' phải gồm hai chữ số, như 01", case.code);
                add(&format!("{place}/code"), reason);
            } else if !known.insert(&case.code) {
                add(
                    &format!("{place}/code"),
                    "trùng với trường hợp khác".to_owned(),
                );
            }
            if case.name.trim().is_empty() {
                add(&format!("{place}/name"), "để trống".to_owned());
            }
            if let Some(Err(error)) = case.limit.map(LimitDefinition::limit) {
                add(&format!("{place}/limit"), error.to_string());
            }
            check_checklist(&place, case.checklist.as_deref().unwrap_or_default(), add);
            check_fees(&place, case.fees.as_deref().unwrap_or_default(), add);
        }
    }
}

fn check_checklist(place: &str, items: &[ChecklistItem], add: &mut dyn FnMut(&str, String)) {
    let mut known = HashSet::new();
    for (i, (key, item)) in item_keys(items).into_iter().zip(items).enumerate() {
        if item.name.trim().is_empty() {
            add(
                &format!("{place}/checklist/{i}/name"),
                "để trống".to_owned(),
            );
        }
        let pointer = format!("{place}/checklist/{i}/key");
        if item.key.as_deref().is_some_and(|key| !is_item_key(key)) {
            let reason = "gồm 1 đến 60 chữ thường không dấu, chữ số và dấu gạch nối";
            add(&pointer, reason.to_owned());
        } else if !known.insert(key) {
            add(&pointer, "trùng với khóa của giấy tờ khác".to_owned());
        }
    }
}

fn item_keys(items: &[ChecklistItem]) -> Vec<String> {
    let given = items.iter().map(|item| item.key.clone());
    given
        .zip(item_keys_by_name(items))
        .map(|(given, derived)| given.unwrap_or(derived))
        .collect()
}

fn item_keys_by_name(items: &[ChecklistItem]) -> Vec<String> {
    let mut times: HashMap<String, usize> = HashMap::new();
    let keys = items.iter().map(|item| {
        let key = key_of_name(&item.name);
        let time = times.entry(key.clone()).or_default();
        *time += 1;
        match *time {
            1 => key,
            time => format!("{key}-{time}"),
        }
    });
    keys.collect()
}

/// Small letters and digits in groups with hyphens between them.
fn is_item_key(text: &str) -> bool {
    let group = |group: &str| {
        let mut bytes = group.bytes();
        !group.is_empty() && bytes.all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
    };
    text.len() <= 60 && text.split('-').all(group)
}

/// The first words of a name without their marks, and a check sum (FNV-1a) of all of it.
fn key_of_name(name: &str) -> String {
    let whole: Vec<_> = name.split_whitespace().map(str::to_lowercase).collect();
    let sum = whole.join(" ").bytes().fold(0x811c_9dc5_u32, |sum, byte| {
        (sum ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    });
    let mut key = String::new();
    let folded = fold_diacritics(name);
    let words = folded.split(|letter: char| !letter.is_ascii_alphanumeric());
    for word in words.filter(|word| !word.is_empty()) {
        if key.len() + word.len() > 36 {
            break;
        }
        key.push_str(&word.to_ascii_lowercase());
        key.push('-');
    }
    format!("{key}{sum:08x}")
}

/// A code of the national portal's own, such as `G03-GD10`.
pub fn is_portal_code(text: &str) -> bool {
    (1..=50).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic())
}

/// The field (lĩnh vực) that is meant by a name, of those that are known: in capitals or not it is one, but a name that is
/// known as it stands is itself.
pub fn known_field<'a>(
    known: impl Iterator<Item = &'a str> + Clone,
    name: &str,
) -> Option<&'a str> {
    let lower = name.to_lowercase();
    let mut exact = known.clone();
    let mut alike = known;
    exact
        .find(|field| *field == name)
        .or_else(|| alike.find(|field| field.to_lowercase() == lower))
}

impl Procedure {
    /// As it is in a case; `None` if it has no such case.
    pub fn in_case(&self, code: &str) -> Option<Self> {
        let case = self.definition.case(code)?;
        let mut definition = self.definition.clone();
        if let Some(fees) = &case.fees {
            definition.fees.clone_from(fees);
        }
        if let Some(checklist) = &case.checklist {
            definition.checklist.clone_from(checklist);
        }
        Some(Self {
            case: Some(case.code.clone()),
            definition,
            ..self.clone()
        })
    }

    /// Its name, with that of the case in which it is: `Đăng ký khai sinh – Có yếu tố nước ngoài`.
    pub fn name_in_case(&self) -> String {
        let case = self
            .case
            .as_deref()
            .and_then(|code| self.definition.case(code));
        match case {
            Some(case) => format!("{} – {}", self.definition.name, case.name),
            None => self.definition.name.clone(),
        }
    }

    /// The limit that holds for what is handed in that way, for that competent unit.
    pub fn limit_for(&self, channel: Channel, unit: &Unit) -> HeldLimit {
        let case = self.case.as_deref();
        self.definition.limit_for(case, channel, unit.mountain)
    }

    /// The number of workflow steps; a procedure without an approved workflow has the plain one:
    /// the desk takes in, an officer handles, the desk returns.
    pub fn step_count(&self) -> usize {
        match self.definition.workflow.len() {
            0 => PLAIN_STEPS.len(),
            n => n,
        }
    }

    pub fn step_name(&self, step: usize) -> &str {
        match self.definition.workflow.get(step) {
            Some(step) => &step.name,
            None => PLAIN_STEPS.get(step).copied().unwrap_or_default(),
        }
    }

    /// The step from which a request may be granted: the one that says so, else the last of a supervisor's, else
    /// the last before the clerk returns the result. In the plain workflow, the one in which it is handled.
    pub fn deciding_step(&self) -> usize {
        let steps = &self.definition.workflow;
        let last = steps.iter().rposition(|step| step.role != StepRole::Clerk);
        steps
            .iter()
            .position(|step| step.decides)
            .or_else(|| {
                steps
                    .iter()
                    .rposition(|step| step.role == StepRole::Supervisor)
            })
            .or(last)
            .unwrap_or(1)
    }

    /// The working time that step has; `None` in the plain workflow, whose steps share the
    /// dossier's own limit.
    pub fn step_time(&self, step: usize) -> Option<WorkingTime> {
        self.definition
            .workflow
            .get(step)
            .map(|s| WorkingTime::from_hours(s.hours))
    }

    /// The unit that does the step of a dossier received at `receiving`, on a day: where the one
    /// that the workflow names has been dissolved, who does its work then. `None` if the workflow
    /// names a unit that does not exist.
    pub fn step_unit(
        &self,
        step: usize,
        receiving: &Unit,
        units: &Units,
        on: NaiveDate,
    ) -> Option<UnitId> {
        let place = self.definition.workflow.get(step).map(|step| step.place);
        let named = match place {
            None | Some(Place::Receiving) => return Some(receiving.id),
            Some(Place::Parent) => receiving.parent.unwrap_or(receiving.id),
            Some(Place::Unit) => {
                let code = self.definition.workflow[step].unit.as_deref()?;
                units.by_code(code)?.id
            }
        };
        // Without a successor it stays the named one: the refusal then says which is closed.
        let in_charge = units.in_charge_on(named, on);
        Some(in_charge.map_or(named, |unit| unit.id))
    }
}

const PLAIN_STEPS: [&str; 3] = ["Tiếp nhận hồ sơ", "Giải quyết hồ sơ", "Trả kết quả"];
