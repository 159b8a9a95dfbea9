//! Reading the portal's answers: names of fields in any case, numbers as numbers or texts, one object
//! where a list is expected; every wrong place is named.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use chrono::NaiveDate;
use serde_json::Value;

use crate::domain::person::fold_diacritics;
use crate::domain::procedure::{
    Case, ChannelLimits, ChecklistItem, Fee, FurtherPages, LimitDefinition, OnlineLevel,
    ProcedureCode, ProcedureDefinition, is_portal_code,
};
use crate::domain::time_limit::{Amount, LimitUnit};
use crate::domain::unit::Level;
use crate::imports::ImportError;
use crate::imports::portal::{WrongPlace, answers_2026};

/// The answers of `LayDanhSachTTHC` and `LayThuTuc`, read.
#[derive(Debug, Clone)]
pub struct PortalAnswers {
    listed: Vec<Listed>,
    in_force: HashSet<String>,
    /// What was passed over.
    pub(crate) notes: Vec<String>,
}

/// A procedure as the portal has it. What it says nothing about is `None`.
#[derive(Debug, Clone)]
pub(crate) struct Listed {
    pub(crate) code: String,
    province: Option<String>,
    /// Where it is read from, for what turns out wrong later.
    file: String,
    ended: bool,
    name: Option<String>,
    field: Option<String>,
    field_code: Option<String>,
    pub(super) levels: Option<Vec<Level>>,
    pub(super) online_level: Option<OnlineLevel>,
    pub(super) limit: Option<LimitDefinition>,
    pub(super) fees: Option<Vec<Fee>>,
    /// Each with whether the portal says if it is required.
    pub(super) checklist: Option<Vec<(ChecklistItem, bool)>>,
    pub(super) result: Option<String>,
    pub(super) legal_basis: Option<Vec<String>>,
    pub(super) cases: Option<Vec<Case>>,
    pub(super) limits_by_channel: Option<ChannelLimits>,
    pub(super) received_elsewhere: Option<bool>,
    /// Whether its details have the form of 2026.
    pub(crate) is_of_2026: bool,
    /// What a person has to see to.
    pub(crate) notes: Vec<String>,
}

impl PortalAnswers {
    /// Reads the list, and of each procedure on it that is in force the details: `detail` gives name
    /// and content of the answer for a code, if there is one.
    ///
    /// # Errors
    /// All that is wrong.
    pub fn read(
        list: (&str, &[u8]),
        mut detail: impl FnMut(&str) -> Result<Option<(String, Vec<u8>)>, String>,
    ) -> Result<Self, ImportError> {
        let mut wrong = Vec::new();
        let (mut listed, mut notes): (Vec<Listed>, Vec<String>) = Default::default();
        let mut seen: HashMap<String, String> = HashMap::new();
        let (file, bytes) = list;
        let answer = parse(file, bytes, &mut wrong);
        let places = answer
            .as_ref()
            .map_or_else(Vec::new, |value| result(file, value, &mut wrong));
        if places.is_empty() && wrong.is_empty() {
            let place = Place::root(file, &Value::Null);
            place.wrong("danh sách không có thủ tục nào", &mut wrong);
        }
        for place in places {
            let Some(mut procedure) = listing(&place, &mut wrong, &mut notes) else {
                continue;
            };
            if let Some(earlier) = seen.insert(procedure.code.clone(), place.pointer.clone()) {
                place.wrong(&format!("đã có ở {earlier}"), &mut wrong);
                continue;
            }
            if place.get(&["detail"]).is_some() {
                detailed(&mut procedure, &place, &mut wrong);
            } else if !procedure.ended {
                match detail(&procedure.code) {
                    Err(reason) => place.wrong(&reason, &mut wrong),
                    Ok(None) => {}
                    Ok(Some((file, bytes))) => {
                        if let Some(value) = parse(&file, &bytes, &mut wrong) {
                            details(&mut procedure, &file, &value, &mut wrong);
                        }
                    }
                }
            }
            listed.push(procedure);
        }
        if !wrong.is_empty() {
            return Err(ImportError::WrongAnswers(wrong));
        }
        let in_force = listed.iter().filter(|procedure| !procedure.ended);
        let in_force = in_force.map(|procedure| procedure.code.clone()).collect();
        Ok(Self {
            listed,
            in_force,
            notes,
        })
    }

    pub(crate) fn in_force(&self) -> impl Iterator<Item = &Listed> {
        self.listed.iter().filter(|procedure| !procedure.ended)
    }

    /// The fields with the portal's own codes of them, by name; a name with more than one code has all.
    pub(crate) fn field_codes(&self) -> BTreeMap<&str, BTreeSet<&str>> {
        let mut codes: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for listed in self.in_force() {
            if let (Some(field), Some(code)) = (&listed.field, &listed.field_code) {
                codes.entry(field).or_default().insert(code);
            }
        }
        codes
    }

    pub(crate) fn has_in_force(&self, code: &str) -> bool {
        self.in_force.contains(code)
    }
}

impl Listed {
    pub(super) fn note(&mut self, note: String) {
        let note = format!("{}: {note}", self.code);
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }

    /// Whether neither the province nor its communes carry it out.
    pub(crate) const fn is_others(&self) -> bool {
        self.is_of_2026 && self.levels.is_none()
    }

    /// The procedure as it will be from a day: what the portal says laid over what is known.
    pub(crate) fn over(
        &self,
        known: Option<&ProcedureDefinition>,
        from: NaiveDate,
        wrong: &mut Vec<WrongPlace>,
    ) -> Option<ProcedureDefinition> {
        let mut definition = match known {
            Some(known) => known.clone(),
            None => self.blank(from, wrong)?,
        };
        definition.code_is_sample = false;
        definition.valid_from = from;
        definition.valid_to = None;
        definition.announced_on = from;
        // They are counted under the version that they were about.
        definition.workflow_approved_on = None;
        definition.simplification_proposed_on = None;
        let take = |to: &mut String, new: &Option<String>| {
            if let Some(new) = new {
                to.clone_from(new);
            }
        };
        take(&mut definition.name, &self.name);
        take(&mut definition.field, &self.field);
        take(&mut definition.result, &self.result);
        if let Some(levels) = &self.levels {
            definition.levels.clone_from(levels);
        }
        definition.online_level = self.online_level.unwrap_or(definition.online_level);
        definition.statutory_limit = self.limit.unwrap_or(definition.statutory_limit);
        if let Some(limits) = self.limits_by_channel {
            definition.limits_by_channel = limits;
        }
        if let Some(cases) = &self.cases {
            definition.cases.clone_from(cases);
        }
        definition.received_elsewhere = self
            .received_elsewhere
            .unwrap_or(definition.received_elsewhere);
        let (unit, amount) = (
            definition.statutory_limit.unit,
            definition.statutory_limit.amount,
        );
        // A cut of a limit that is another one now: the preview shows that it goes.
        if self.is_of_2026 {
            let fits = |cut: &LimitDefinition| cut.unit == unit && cut.amount <= amount;
            definition.committed_limit = definition.committed_limit.filter(fits);
        }
        let statutory = definition.statutory_limit;
        // A promise that the law has overtaken is none.
        definition.committed_limit = definition.committed_limit.filter(|committed| {
            committed.unit == statutory.unit && committed.amount <= statutory.amount
        });
        if let Some(fees) = &self.fees {
            let old = std::mem::take(&mut definition.fees);
            definition.fees = fees.iter().map(|fee| noted(fee, &old)).collect();
            definition = definition.with_choices();
        }
        if let Some(checklist) = &self.checklist {
            let old = std::mem::take(&mut definition.checklist);
            let items = checklist.iter();
            let items = items.map(|(item, says_required)| {
                let mut item = item.clone();
                let known = old.iter().find(|old| old.name == item.name);
                if let Some(known) = known.filter(|_| !says_required) {
                    item.required = known.required;
                }
                item
            });
            definition.checklist = items.collect();
        }
        if let Some(legal_basis) = &self.legal_basis {
            definition.legal_basis.clone_from(legal_basis);
        }
        let places = definition.check().into_iter().map(|invalid| WrongPlace {
            file: self.file.clone(),
            pointer: invalid.pointer,
            reason: format!("{} ({})", invalid.reason, self.code),
        });
        wrong.extend(places);
        Some(definition)
    }

    /// Something wrong with the procedure as a whole.
    pub(crate) fn wrong(&self, reason: &str) -> WrongPlace {
        WrongPlace {
            file: self.file.clone(),
            pointer: self.code.clone(),
            reason: reason.to_owned(),
        }
    }

    /// What a procedure needs that is not known yet, and the portal does not tell: where, and in words.
    pub(crate) fn missing(&self) -> Vec<(&'static str, &'static str)> {
        let has_limit = self.limit.is_some() || self.is_of_2026;
        let needed = [
            ("/TENTTHC", "tên", self.name.is_some()),
            ("/LINHVUCTHUCHIEN", "lĩnh vực", self.field.is_some()),
            ("/CAPTHUCHIEN", "cấp thực hiện", self.levels.is_some()),
            ("/CACHTHUCTHUCHIEN", "thời hạn", has_limit),
            ("/KETQUATHUCHIEN", "kết quả", self.result.is_some()),
        ];
        let missing = needed.into_iter().filter(|(_, _, is_there)| !is_there);
        missing.map(|(pointer, word, _)| (pointer, word)).collect()
    }

    /// A procedure that is not known yet, as far as the portal tells.
    fn blank(&self, from: NaiveDate, wrong: &mut Vec<WrongPlace>) -> Option<ProcedureDefinition> {
        let none = LimitDefinition {
            unit: LimitUnit::ByHand,
            amount: None,
        };
        // One that is only a text is none until a person reads it.
        let limit = self.limit.or(self.is_of_2026.then_some(none));
        wrong.extend(self.missing().into_iter().map(|(pointer, _)| WrongPlace {
            file: self.file.clone(),
            pointer: pointer.to_owned(),
            reason: format!("thiếu, mà {} là thủ tục mới", self.code),
        }));
        Some(ProcedureDefinition {
            code: self.code.clone(),
            province: self.province.clone(),
            code_is_sample: false,
            name: self.name.clone()?,
            field: self.field.clone()?,
            levels: self.levels.clone()?,
            department: None,
            valid_from: from,
            valid_to: None,
            announced_on: from,
            workflow_approved_on: None,
            simplification_proposed_on: None,
            integrated: false,
            received_elsewhere: false,
            online_level: OnlineLevel::Information,
            statutory_limit: limit?,
            committed_limit: None,
            limits_by_channel: ChannelLimits::default(),
            extra_days_in_marked_units: None,
            verification_limit: None,
            cases: Vec::new(),
            on_supplement: None,
            fees: Vec::new(),
            result: self.result.clone()?,
            legal_basis: Vec::new(),
            checklist: Vec::new(),
            workflow: Vec::new(),
        })
    }
}

/// A fee with the note that we have on the same one, unless the portal has one.
fn noted(fee: &Fee, known: &[Fee]) -> Fee {
    let mut fee = fee.clone();
    let same = |old: &&Fee| old.name == fee.name && old.amount_vnd == fee.amount_vnd;
    if let Some(old) = known.iter().find(same) {
        if fee.note.is_empty() {
            fee.note.clone_from(&old.note);
        }
        fee.per = fee.per.or_else(|| old.per.clone());
        fee.further = fee.further.or(old.further);
    }
    fee
}

/// A value in an answer, and where it stands.
pub(super) struct Place<'a> {
    file: &'a str,
    pointer: String,
    pub(super) value: &'a Value,
}

impl<'a> Place<'a> {
    const fn root(file: &'a str, value: &'a Value) -> Self {
        Self {
            file,
            pointer: String::new(),
            value,
        }
    }

    fn wrong(&self, reason: &str, wrong: &mut Vec<WrongPlace>) {
        wrong.push(WrongPlace {
            file: self.file.to_owned(),
            pointer: self.pointer.clone(),
            reason: reason.to_owned(),
        });
    }

    /// The first of these fields that is there and not null.
    pub(super) fn get(&self, names: &[&str]) -> Option<Self> {
        let fields = self.value.as_object()?;
        names.iter().find_map(|name| {
            let mut fields = fields.iter();
            let (name, value) = fields.find(|(known, _)| known.eq_ignore_ascii_case(name))?;
            (!value.is_null()).then(|| Self {
                file: self.file,
                pointer: format!("{}/{name}", self.pointer),
                value,
            })
        })
    }

    /// The elements of a list; one object, or one text that is not empty, is a list of itself.
    pub(super) fn items(&self) -> Vec<Self> {
        match self.value {
            Value::Array(items) => {
                let items = items.iter().enumerate();
                let items = items.map(|(i, value)| Self {
                    file: self.file,
                    pointer: format!("{}/{i}", self.pointer),
                    value,
                });
                items.collect()
            }
            Value::Null => Vec::new(),
            Value::String(text) if text.trim().is_empty() => Vec::new(),
            value => vec![Self {
                file: self.file,
                pointer: self.pointer.clone(),
                value,
            }],
        }
    }

    /// A text, or a number as one; `None` for nothing but spaces.
    fn text(&self, wrong: &mut Vec<WrongPlace>) -> Option<String> {
        let text = match self.value {
            Value::String(text) => text.trim().to_owned(),
            Value::Number(number) => number.to_string(),
            _ => {
                self.wrong("phải là chữ", wrong);
                return None;
            }
        };
        Some(text).filter(|text| !text.is_empty())
    }

    pub(super) fn text_of(&self, names: &[&str], wrong: &mut Vec<WrongPlace>) -> Option<String> {
        self.get(names)?.text(wrong)
    }

    /// A whole number, with dots between thousands or without; 0 for nothing.
    pub(super) fn number_of<T: TryFrom<u64>>(
        &self,
        names: &[&str],
        wrong: &mut Vec<WrongPlace>,
    ) -> Option<T> {
        let Some(place) = self.get(names) else {
            return T::try_from(0).ok();
        };
        let Some(text) = place.text(wrong) else {
            return T::try_from(0).ok();
        };
        let number = plain_number(&text).and_then(|number| T::try_from(number).ok());
        if number.is_none() {
            place.wrong(&format!("'{text}' không phải số nguyên hợp lệ"), wrong);
        }
        number
    }
}

/// `25000`, `25.000`, `1.250.000`: dots stand before three digits only.
fn plain_number(text: &str) -> Option<u64> {
    let mut parts = text.split('.');
    let first = parts.next()?;
    let rest: Vec<_> = parts.collect();
    let grouped = rest.iter().all(|part| part.len() == 3) && (rest.is_empty() || first.len() <= 3);
    let digits: String = std::iter::once(first).chain(rest).collect();
    let plain = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    (grouped && plain).then(|| digits.parse().ok()).flatten()
}

fn parse(file: &str, bytes: &[u8], wrong: &mut Vec<WrongPlace>) -> Option<Value> {
    let text = match crate::imports::text(bytes) {
        Ok(text) => text,
        Err(no_text) => {
            Place::root(file, &Value::Null).wrong(&no_text.to_string(), wrong);
            return None;
        }
    };
    match serde_json::from_str(&text) {
        Ok(value) => Some(value),
        Err(error) => {
            let (line, column) = (error.line(), error.column());
            let reason = format!("không phải JSON từ dòng {line}, ký tự {column}");
            Place::root(file, &Value::Null).wrong(&reason, wrong);
            None
        }
    }
}

/// What the answer is about: its `result`, or all of it. An answer that is an error has nothing.
fn result<'a>(file: &'a str, value: &'a Value, wrong: &mut Vec<WrongPlace>) -> Vec<Place<'a>> {
    let root = Place::root(file, value);
    if let Some(code) = root.get(&["error_code"])
        && code
            .text(wrong)
            .is_some_and(|code| code.parse() != Ok(0_i64))
    {
        code.wrong("cổng trả lời bằng một lỗi", wrong);
        return Vec::new();
    }
    root.get(&["result"]).unwrap_or(root).items()
}

fn listing(
    place: &Place<'_>,
    wrong: &mut Vec<WrongPlace>,
    notes: &mut Vec<String>,
) -> Option<Listed> {
    if !place.value.is_object() {
        place.wrong("phải là một thủ tục", wrong);
        return None;
    }
    let Some(code) = place.get(&["MATTHC", "code"]) else {
        place.wrong("thiếu MATTHC", wrong);
        return None;
    };
    let text = code.text(wrong)?;
    let read = match ProcedureCode::read(&text) {
        Ok(read) => read,
        // Some are broken on the portal itself: they stop nobody else.
        Err(error) if place.get(&["code"]).is_some() => {
            notes.push(format!("không đưa vào: {error}"));
            return None;
        }
        Err(error) => {
            code.wrong(&error.to_string(), wrong);
            return None;
        }
    };
    let mut listed = Listed {
        code: read.base,
        province: read.province,
        file: place.file.to_owned(),
        ended: false,
        name: None,
        field: None,
        field_code: None,
        levels: None,
        online_level: None,
        limit: None,
        fees: None,
        checklist: None,
        result: None,
        legal_basis: None,
        cases: None,
        limits_by_channel: None,
        received_elsewhere: None,
        is_of_2026: false,
        notes: Vec::new(),
    };
    common(&mut listed, place, wrong);
    Some(listed)
}

/// What both answers say.
fn common(listed: &mut Listed, place: &Place<'_>, wrong: &mut Vec<WrongPlace>) {
    if let Some(name) = place.text_of(&["TENTTHC", "name"], wrong) {
        listed.name = Some(name);
    }
    if let Some(field) = place.get(&[
        "LINHVUCTHUCHIEN",
        "LINHVUC",
        "TENLINHVUC",
        "categoriesDetails",
    ]) {
        let first = field.items().into_iter().next();
        let (name, code) = match first {
            None => (None, None),
            Some(first) => match first.value {
                Value::Object(_) => (
                    first.text_of(&["TENLINHVUC", "name"], wrong),
                    portal_code(&first, wrong),
                ),
                _ => (first.text(wrong), None),
            },
        };
        // A code belongs to the name beside it.
        if let Some(name) = name {
            if code.is_some() || listed.field.as_ref() != Some(&name) {
                listed.field_code = code;
            }
            listed.field = Some(name);
        }
    }
    if let Some(state) = place.get(&["TRANGTHAI", "state"])
        && let Some(text) = state.text(wrong)
    {
        match fold_diacritics(&text).as_str() {
            "1" | "con hieu luc" | "cong khai" | "cong bo" | "da cong khai" | "active"
            | "updated" => {}
            "0" | "het hieu luc" | "bai bo" | "bi bai bo" | "huy bo" | "khong cong khai"
            | "inactive" | "expired" | "abolished" | "deleted" => {
                listed.ended = true;
            }
            _ => state.wrong(&format!("không rõ trạng thái '{text}'"), wrong),
        }
    }
}

/// The portal's own code of a field.
fn portal_code(field: &Place<'_>, wrong: &mut Vec<WrongPlace>) -> Option<String> {
    let code = field.get(&["MALINHVUC", "code"])?;
    let text = code.text(wrong)?;
    if !is_portal_code(&text) {
        code.wrong(&format!("'{text}' không phải mã lĩnh vực"), wrong);
        return None;
    }
    Some(text)
}

fn details(listed: &mut Listed, file: &str, value: &Value, wrong: &mut Vec<WrongPlace>) {
    file.clone_into(&mut listed.file);
    let places = result(file, value, wrong);
    let [place] = places.as_slice() else {
        let reason = format!("phải có đúng một thủ tục, không phải {}", places.len());
        Place::root(file, value).wrong(&reason, wrong);
        return;
    };
    detailed(listed, place, wrong);
}

/// What the answer on one procedure says.
fn detailed(listed: &mut Listed, place: &Place<'_>, wrong: &mut Vec<WrongPlace>) {
    let within = place.get(&["detail"]);
    let place = within.as_ref().unwrap_or(place);
    if let Some(code) = place.get(&["MATTHC", "code"])
        && code
            .text(wrong)
            .is_some_and(|text| ProcedureCode::base_of(&text) != listed.code)
    {
        code.wrong(&format!("khác với mã {}", listed.code), wrong);
    }
    common(listed, place, wrong);
    if place.get(&["executionMethods"]).is_some() {
        answers_2026::details(listed, place, wrong);
        return;
    }
    listed.levels = levels(place, wrong);
    listed.online_level = online_level(place, wrong);
    ways(listed, place, wrong);
    listed.checklist = checklist(place, wrong);
    let results = place.get(&["KETQUATHUCHIEN"]);
    listed.result = results.and_then(|results| {
        let items = results.items();
        let names = items.iter().filter_map(|item| match item.value {
            Value::Object(_) => item.text_of(&["TENKETQUA"], wrong),
            _ => item.text(wrong),
        });
        let names = names.collect::<Vec<_>>().join("; ");
        Some(names).filter(|names| !names.is_empty())
    });
    listed.legal_basis = place.get(&["CANCUPHAPLY"]).map(|laws| {
        let items = laws.items();
        let laws = items.iter().filter_map(|item| match item.value {
            Value::Object(_) => {
                let number = item.text_of(&["SOVANBAN"], wrong);
                let name = item.text_of(&["TENVANBAN"], wrong);
                let parts: Vec<_> = [number, name].into_iter().flatten().collect();
                Some(parts.join(" ")).filter(|text| !text.is_empty())
            }
            _ => item.text(wrong),
        });
        laws.collect()
    });
}

/// The levels that there are here: a ministry's own are not.
fn levels(place: &Place<'_>, wrong: &mut Vec<WrongPlace>) -> Option<Vec<Level>> {
    let mut levels = Vec::new();
    for item in place.get(&["CAPTHUCHIEN"])?.items() {
        let named = match item.value {
            Value::Object(_) => item.get(&["TENCAPTHUCHIEN", "CAPTHUCHIEN"]),
            _ => Some(item),
        };
        let Some(named) = named else { continue };
        let Some(text) = named.text(wrong) else {
            continue;
        };
        let level = match fold_diacritics(&text).trim_start_matches("cap ") {
            "tinh" => Some(Level::Province),
            "huyen" => Some(Level::District),
            "xa" => Some(Level::Commune),
            "bo" | "trung uong" | "co quan khac" => None,
            _ => {
                named.wrong(&format!("không rõ cấp thực hiện '{text}'"), wrong);
                None
            }
        };
        levels.extend(level.filter(|level| !levels.contains(level)));
    }
    Some(levels).filter(|levels| !levels.is_empty())
}

fn online_level(place: &Place<'_>, wrong: &mut Vec<WrongPlace>) -> Option<OnlineLevel> {
    let level = place.get(&["MUCDO", "MUCDODVC"])?;
    let text = level.text(wrong)?;
    match fold_diacritics(&text).as_str() {
        "toan trinh" | "4" => Some(OnlineLevel::Full),
        "mot phan" | "3" => Some(OnlineLevel::Partial),
        "cung cap thong tin" | "chi cung cap thong tin" | "1" | "2" => {
            Some(OnlineLevel::Information)
        }
        _ => {
            level.wrong(&format!("không rõ mức độ '{text}'"), wrong);
            None
        }
    }
}

/// Limit and fees: those of handing in at the desk, else of the first way that has a limit.
fn ways(listed: &mut Listed, place: &Place<'_>, wrong: &mut Vec<WrongPlace>) {
    let Some(ways) = place.get(&["CACHTHUCTHUCHIEN"]) else {
        return;
    };
    let mut found: Vec<(bool, LimitDefinition, Vec<Fee>)> = Vec::new();
    for way in ways.items() {
        let direct = way.text_of(&["KENH"], wrong).is_some_and(|text| {
            let folded = fold_diacritics(&text);
            folded == "1" || folded == "truc tiep"
        });
        let times = way.get(&["THOIGIAN"]);
        for time in times.map_or_else(Vec::new, |times| times.items()) {
            let fees = fees(&time, wrong);
            found.extend(limit(&time, wrong).map(|limit| (direct, limit, fees)));
        }
    }
    let best = found.iter().position(|(direct, ..)| *direct);
    if let Some((_, limit, fees)) = found.into_iter().nth(best.unwrap_or(0)) {
        listed.limit = Some(limit);
        listed.fees = Some(fees);
    }
}

fn limit(time: &Place<'_>, wrong: &mut Vec<WrongPlace>) -> Option<LimitDefinition> {
    let unit = time.get(&["DONVITINH"]);
    let unit_text = unit.as_ref().and_then(|unit| unit.text(wrong));
    let Some((unit, unit_text)) = unit.zip(unit_text) else {
        time.wrong("thiếu DONVITINH", wrong);
        return None;
    };
    let unit = match fold_diacritics(&unit_text).as_str() {
        "ngay lam viec" => LimitUnit::WorkingDay,
        "ngay" => LimitUnit::CalendarDay,
        "gio" | "gio lam viec" => LimitUnit::Hour,
        "trong ngay" | "trong ngay lam viec" => LimitUnit::SameDay,
        _ => {
            unit.wrong(&format!("không rõ đơn vị tính '{unit_text}'"), wrong);
            return None;
        }
    };
    if unit == LimitUnit::SameDay {
        return Some(LimitDefinition { unit, amount: None });
    }
    let Some(place) = time.get(&["THOIGIANGIAIQUYET"]) else {
        time.wrong("thiếu THOIGIANGIAIQUYET", wrong);
        return None;
    };
    let text = place.text(wrong)?;
    let Some(amount) = Amount::parse(&text) else {
        place.wrong(&format!("'{text}' không phải số ngày hay số giờ"), wrong);
        return None;
    };
    let limit = LimitDefinition {
        unit,
        amount: Some(amount),
    };
    match limit.limit() {
        Ok(_) => Some(limit),
        Err(error) => {
            place.wrong(&format!("'{text}': {error}"), wrong);
            None
        }
    }
}

fn fees(time: &Place<'_>, wrong: &mut Vec<WrongPlace>) -> Vec<Fee> {
    let fees = time.get(&["PHILEPHI"]);
    let mut found: Vec<Fee> = Vec::new();
    for fee in fees.map_or_else(Vec::new, |fees| fees.items()) {
        let note = fee.text_of(&["MOTA"], wrong).unwrap_or_default();
        let name = fee.text_of(&["TENPHILEPHI"], wrong);
        let amount = fee.number_of(&["SOTIEN"], wrong);
        let Some(amount_vnd) = amount else { continue };
        let further = FurtherPages::in_words(&note);
        let fee = Fee {
            name: name.unwrap_or_else(|| "Phí, lệ phí".to_owned()),
            amount_vnd: Some(amount_vnd),
            per: further.map(|_| "trang".to_owned()),
            further,
            note,
            channel: None,
            valid_from: None,
            valid_to: None,
            instead_of: None,
        };
        if !found.contains(&fee) {
            found.push(fee);
        }
    }
    found
}

/// Papers, each with whether the portal says if it is required. A paper that several cases ask for
/// stands once.
fn checklist(place: &Place<'_>, wrong: &mut Vec<WrongPlace>) -> Option<Vec<(ChecklistItem, bool)>> {
    let mut found: Vec<(ChecklistItem, bool)> = Vec::new();
    for case in place.get(&["THANHPHANHOSO"])?.items() {
        let papers = case.get(&["GIAYTO"]);
        for paper in papers.map_or_else(Vec::new, |papers| papers.items()) {
            let Some(name) = paper.text_of(&["TENGIAYTO"], wrong) else {
                paper.wrong("thiếu TENGIAYTO", wrong);
                continue;
            };
            let originals = paper.number_of(&["SOBANCHINH"], wrong);
            let copies = paper.number_of(&["SOBANSAO"], wrong);
            let (Some(originals), Some(copies)) = (originals, copies) else {
                continue;
            };
            let required = paper.get(&["BATBUOC"]);
            let required = required.and_then(|place| match place.value {
                Value::Bool(required) => Some(*required),
                _ => place
                    .text(wrong)
                    .map(|text| matches!(fold_diacritics(&text).as_str(), "1" | "true" | "co")),
            });
            let item = ChecklistItem {
                key: None,
                name,
                originals,
                copies,
                required: required.unwrap_or(true),
            };
            if !found.iter().any(|(known, _)| known.name == item.name) {
                found.push((item, required.is_some()));
            }
        }
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::plain_number;

    #[test]
    fn numbers_may_have_dots_between_thousands() {
        for (text, number) in [
            ("25000", Some(25_000)),
            ("25.000", Some(25_000)),
            ("1.250.000", Some(1_250_000)),
            ("0.5", None),
            ("25000.000", None),
            ("", None),
            ("-1", None),
        ] {
            assert_eq!(plain_number(text), number, "{text}");
        }
    }
}
