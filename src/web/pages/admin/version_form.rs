//! A version of a procedure as a form: what versions differ in, field by field. What the form does not show stays as it
//! was in the version that it began with.

use serde_json::{Map, Value, json};

use crate::domain::procedure::FurtherPages;
use crate::domain::text::read_number;
use crate::domain::unit::Level;
use crate::render::words;
use crate::web::pages::forms::{Choice, Field, Fields, FormPart};

/// In the names of fields: where a row stands.
const ORDER: &str = "order";

/// When the steps were approved.
const APPROVED: &str = "workflow_approved_on";

/// What may be typed into a new row; of what is chosen, something always is.
const NEW_ROW: [&str; 7] = [
    "name",
    "originals",
    "copies",
    "amount_vnd",
    "per",
    "note",
    "hours",
];

/// How many empty rows there are to fill in, of each kind.
const BLANK: usize = 3;

/// What comes in rows: its name in a version, what one is called, the fields that a new one has beside those shown.
const ROWS: [(&str, &str); 3] = [
    ("checklist", "Giấy tờ"),
    ("fees", "Phí, lệ phí"),
    ("workflow", "Bước"),
];

/// One row: what stands above it, and how the names of its fields begin.
pub(super) struct Group {
    pub legend: String,
    pub prefix: String,
}

/// Whether a field stands in a row.
pub(super) fn is_in_row(field: &Field) -> bool {
    let of = |(name, _): &(&str, &str)| {
        let rest = field.name.strip_prefix(name);
        rest.is_some_and(|rest| rest.starts_with('/'))
    };
    ROWS.iter().any(of)
}

fn rows<'a>(base: &'a Value, name: &str) -> &'a [Value] {
    base[name].as_array().map_or(&[], Vec::as_slice)
}

/// The rows of a form that begins with that version.
pub(super) fn groups(base: &Value) -> Vec<Group> {
    let of = |(name, word): &(&str, &str)| {
        let (name, word) = ((*name).to_owned(), (*word).to_owned());
        let known = rows(base, &name).len();
        (0..known + BLANK).map(move |i| Group {
            legend: match i < known {
                true => format!("{word} {}", i + 1),
                false => format!("{word} {} (thêm)", i + 1),
            },
            prefix: format!("{name}/{i}/"),
        })
    };
    ROWS.iter().flat_map(of).collect()
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string().replace('.', ","),
        other => other.to_string(),
    }
}

fn units(or_none: Option<&str>) -> Vec<Choice> {
    let all = [
        ("working_day", "ngày làm việc"),
        ("same_day", "trong ngày"),
        ("hour", "giờ làm việc"),
        ("calendar_day", "ngày"),
        ("month", "tháng"),
        ("year", "năm"),
        ("none", "không quy định: hẹn khi tiếp nhận"),
    ];
    let none = or_none.map(|word| Choice::new("", word));
    let all = all.into_iter().map(|(unit, word)| Choice::new(unit, word));
    none.into_iter().chain(all).collect()
}

/// The fields, with what the version says.
pub(super) fn fields(base: &Value, is_new: bool) -> Vec<Field> {
    let mut fields = Vec::new();
    if is_new {
        let levels = [Level::Province, Level::District, Level::Commune];
        let levels = levels.map(|level| Choice::new(level.as_str(), words::level(level)));
        fields.extend([
            Field::text("code", "Mã thủ tục")
                .required()
                .hint("Của Cơ sở dữ liệu quốc gia, như 1.004884."),
            Field::choice("levels", "Cấp thực hiện", levels.to_vec())
                .value(text(&base["levels"][0])),
            Field::text("department", "Mã sở, ban, ngành tiếp nhận")
                .hint("Chỉ với thủ tục cấp tỉnh."),
        ]);
    }
    let online = vec![
        Choice::new("full", "Toàn trình"),
        Choice::new("partial", "Một phần"),
        Choice::new("information", "Chỉ cung cấp thông tin"),
    ];
    let amount = |name: &str, label: &str| {
        let (limit, part) = name.split_once('/').unwrap_or((name, ""));
        Field::text(name, label)
            .value(text(&base[limit][part]))
            .hint("Số, có thể lẻ nửa ngày: 7,5.")
    };
    let lines: Vec<String> = rows(base, "legal_basis").iter().map(text).collect();
    fields.extend([
        Field::text("name", "Tên thủ tục")
            .required()
            .value(text(&base["name"])),
        Field::text("field", "Lĩnh vực")
            .required()
            .value(text(&base["field"])),
        Field::date("valid_from", "Áp dụng từ ngày")
            .required()
            .value(text(&base["valid_from"])),
        Field::date("announced_on", "Ngày công bố")
            .required()
            .value(text(&base["announced_on"])),
        Field::date("valid_to", "Áp dụng đến hết ngày")
            .hint("Để trống: đến khi có phiên bản sau, hoặc được ghi khác.")
            .value(text(&base["valid_to"])),
        amount("statutory_limit/amount", "Thời hạn theo quy định"),
        Field::choice(
            "statutory_limit/unit",
            "Đơn vị của thời hạn theo quy định",
            units(None),
        )
        .value(text(&base["statutory_limit"]["unit"])),
        amount("committed_limit/amount", "Thời hạn cam kết, sau cắt giảm"),
        Field::choice(
            "committed_limit/unit",
            "Đơn vị của thời hạn cam kết",
            units(Some("không cam kết ngắn hơn")),
        )
        .value(text(&base["committed_limit"]["unit"])),
        Field::choice("online_level", "Dịch vụ công trực tuyến", online)
            .value(text(&base["online_level"])),
        Field::date(APPROVED, "Ngày phê duyệt quy trình nội bộ")
            .hint("Của các bước dưới đây; đổi bước mà không ghi ngày khác thì bỏ.")
            .value(text(&base[APPROVED])),
        Field::text("result", "Kết quả")
            .required()
            .value(text(&base["result"])),
        Field::area("legal_basis", "Căn cứ pháp lý")
            .hint("Mỗi dòng một văn bản.")
            .value(lines.join("\n")),
    ]);
    let all = |name: &str| {
        let known = rows(base, name).to_vec();
        let blank = std::iter::repeat_n(Value::Null, BLANK);
        known.into_iter().chain(blank).enumerate()
    };
    // What a row has that stands on no form goes where the row goes, not with what is typed into another.
    let order = |name: &str, i: usize| {
        let known = i < rows(base, name).len();
        let field = Field::number(&format!("{name}/{i}/{ORDER}"), "Thứ tự");
        match known {
            true => field.value(i + 1),
            false => field.hint("Số của dòng phải đứng sau nó; để trống: cuối."),
        }
    };
    for (i, row) in all("checklist") {
        let at = |part: &str| format!("checklist/{i}/{part}");
        let required = vec![
            Choice::new("true", "Bắt buộc"),
            Choice::new("false", "Nếu có"),
        ];
        fields.extend([
            Field::text(&at("name"), "Tên giấy tờ").value(text(&row["name"])),
            Field::number(&at("originals"), "Bản chính").value(text(&row["originals"])),
            Field::number(&at("copies"), "Bản sao").value(text(&row["copies"])),
            Field::choice(&at("required"), "Phải có", required).value(match &row["required"] {
                Value::Bool(false) => "false",
                _ => "true",
            }),
            order("checklist", i),
        ]);
    }
    for (i, row) in all("fees") {
        let at = |part: &str| format!("fees/{i}/{part}");
        fields.extend([
            Field::text(&at("name"), "Tên khoản").value(text(&row["name"])),
            Field::text(&at("amount_vnd"), "Mức thu (đồng)")
                .value(text(&row["amount_vnd"]))
                .hint("Để trống: chưa rõ, địa phương quy định. Miễn phí: 0."),
            Field::text(&at("per"), "Tính theo")
                .value(text(&row["per"]))
                .hint("trang, bản …"),
            Field::text(&at("note"), "Ghi chú").value(text(&row["note"])),
            order("fees", i),
        ]);
    }
    for (i, row) in all("workflow") {
        let at = |part: &str| format!("workflow/{i}/{part}");
        let roles = vec![
            Choice::new("clerk", "Cán bộ một cửa"),
            Choice::new("officer", "Chuyên viên"),
            Choice::new("supervisor", "Lãnh đạo"),
        ];
        let decides = vec![
            Choice::new("", "Không"),
            Choice::new("true", "Quyết định kết quả ở bước này"),
        ];
        let mut places = vec![
            Choice::new("receiving", "Nơi tiếp nhận"),
            Choice::new("parent", "Đơn vị cấp trên của nơi tiếp nhận"),
        ];
        if let Some(unit) = row["unit"].as_str() {
            places.push(Choice::new("unit", format!("Đơn vị {unit}")));
        }
        fields.extend([
            Field::text(&at("name"), "Tên bước").value(text(&row["name"])),
            Field::choice(&at("role"), "Người làm", roles).value(text(&row["role"])),
            Field::choice(&at("place"), "Làm tại", places).value(match &row["place"] {
                Value::String(place) => place.as_str(),
                _ => "receiving",
            }),
            Field::number(&at("hours"), "Giờ làm việc").value(text(&row["hours"])),
            Field::choice(&at("decides"), "Quyết định", decides).value(match &row["decides"] {
                Value::Bool(true) => "true",
                _ => "",
            }),
            order("workflow", i),
        ]);
    }
    fields
}

/// A version as it becomes with what was typed.
pub(super) struct Merged {
    pub version: Value,
    /// Of each kind of rows, which of the form's are left.
    kept: Vec<(&'static str, Vec<usize>)>,
}

impl Merged {
    /// What the version `base` becomes.
    pub(super) fn new(base: &Value, typed: &Fields, is_new: bool) -> Self {
        let mut version = base.as_object().cloned().unwrap_or_default();
        let own = |name: &str| typed.get(name).trim().to_owned();
        let day = |name: &str| match typed.day(name) {
            Some(Some(day)) => day.to_string(),
            _ => own(name),
        };
        if is_new {
            version.insert("code".to_owned(), json!(own("code")));
            version.insert("levels".to_owned(), json!([own("levels")]));
            let department = typed.typed("department");
            version.insert("department".to_owned(), json!(department));
        }
        for name in ["name", "field", "online_level", "result"] {
            version.insert(name.to_owned(), json!(own(name)));
        }
        for name in ["valid_from", "announced_on"] {
            version.insert(name.to_owned(), json!(day(name)));
        }
        let last = Some(day("valid_to")).filter(|last| !last.is_empty());
        version.insert("valid_to".to_owned(), json!(last));
        for name in ["statutory_limit", "committed_limit"] {
            let unit = own(&format!("{name}/unit"));
            let amount = own(&format!("{name}/amount"));
            let limit = match (unit.is_empty(), amount.is_empty()) {
                (true, _) => Value::Null,
                (false, true) => json!({"unit": unit}),
                (false, false) => json!({"unit": unit, "amount": decimal(&amount)}),
            };
            version.insert(name.to_owned(), limit);
        }
        let lines = typed.get("legal_basis").lines().map(str::trim);
        let lines: Vec<_> = lines.filter(|line| !line.is_empty()).collect();
        version.insert("legal_basis".to_owned(), json!(lines));
        let mut kept = Vec::new();
        for (name, _) in ROWS {
            let known = rows(base, name);
            // A known row goes with its name; a new one with anything typed into it is one, to be named as wrong without.
            let is_there = |i: &usize| {
                let typed = |part: &str| !own(&format!("{name}/{i}/{part}")).is_empty();
                match *i < known.len() {
                    true => typed("name"),
                    false => NEW_ROW.iter().any(|part| typed(part)),
                }
            };
            let mut all: Vec<usize> = (0..known.len() + BLANK).filter(is_there).collect();
            // A new row stands before the known one whose number it bears.
            let place = |i: &usize| {
                let typed = read_number(&own(&format!("{name}/{i}/{ORDER}")));
                let typed = typed.and_then(|number| usize::try_from(number).ok());
                match *i < known.len() {
                    true => (typed.unwrap_or(*i + 1), true, *i),
                    false => (typed.unwrap_or(usize::MAX), false, *i),
                }
            };
            all.sort_by_key(place);
            let made = all.iter().map(|&i| {
                let at = |part: &str| own(&format!("{name}/{i}/{part}"));
                let before = known.get(i).and_then(Value::as_object).cloned();
                row(name, before, at, &all)
            });
            version.insert(name.to_owned(), made.collect());
            kept.push((name, all));
        }
        // Other steps were not approved then.
        let approved = Some(day(APPROVED)).filter(|day| !day.is_empty());
        let same_steps = version.get("workflow") == base.get("workflow");
        let stands = same_steps || approved.as_deref() != base[APPROVED].as_str();
        version.insert(APPROVED.to_owned(), json!(approved.filter(|_| stands)));
        Self {
            version: Value::Object(version),
            kept,
        }
    }

    /// The field of the form that a place in the version comes from.
    pub(super) fn field(&self, place: &str) -> String {
        let place = place.trim_start_matches('/');
        let parts: Vec<&str> = place.splitn(3, '/').collect();
        let rows = self
            .kept
            .iter()
            .find(|(name, _)| parts.first() == Some(name));
        let row = rows.and_then(|(name, all)| {
            let i = parts.get(1)?.parse::<usize>().ok()?;
            let rest = parts.get(2).unwrap_or(&"name");
            Some(format!("{name}/{}/{rest}", all.get(i)?))
        });
        row.unwrap_or_else(|| match place {
            "statutory_limit" | "committed_limit" => format!("{place}/amount"),
            place => place.to_owned(),
        })
    }
}

/// One row: what it was, with what was typed; `all` are the rows that stay.
fn row(
    name: &str,
    before: Option<Map<String, Value>>,
    at: impl Fn(&str) -> String,
    all: &[usize],
) -> Value {
    let is_new = before.is_none();
    let mut row = before.unwrap_or_default();
    let before_note = row.get("note").map(text).unwrap_or_default();
    let number = |text: String| match text.is_empty() {
        true => json!(0),
        false => whole(&text),
    };
    let mut set = |part: &str, value: Value| {
        row.insert(part.to_owned(), value);
    };
    set("name", json!(at("name")));
    match name {
        "checklist" => {
            set("originals", number(at("originals")));
            set("copies", number(at("copies")));
            set("required", json!(at("required") != "false"));
        }
        "fees" => {
            let amount = at("amount_vnd");
            set(
                "amount_vnd",
                match amount.is_empty() {
                    true => Value::Null,
                    false => whole(&amount),
                },
            );
            let per = at("per");
            set("per", json!(Some(per).filter(|per| !per.is_empty())));
            let note = at("note");
            // What the note says of further pages is what is charged.
            if before_note != note {
                let further = FurtherPages::in_words(&note);
                set("further", json!(further));
            }
            set("note", json!(note));
            // Positions are those of the rows that stay.
            if let Some(other) = row.get("instead_of").and_then(Value::as_u64) {
                let other = usize::try_from(other).unwrap_or(usize::MAX);
                let now = all.iter().position(|kept| *kept == other);
                row.insert("instead_of".to_owned(), json!(now));
            }
        }
        _ => {
            set("role", json!(at("role")));
            set("hours", number(at("hours")));
            set("decides", json!(at("decides") == "true"));
            match at("place") {
                place if place == "unit" => set("place", json!(place)),
                place if !place.is_empty() => {
                    set("place", json!(place));
                    set("unit", Value::Null);
                }
                _ if is_new => set("place", json!("receiving")),
                _ => {}
            }
        }
    }
    Value::Object(row)
}

/// A whole number; what is none stays, to be named as wrong by whoever reads the version.
fn whole(text: &str) -> Value {
    read_number(text).map_or_else(|| json!(text), |number| json!(number))
}

/// A number with or without a part behind the comma.
fn decimal(text: &str) -> Value {
    let plain = text.replace(',', ".");
    match (plain.parse::<u64>(), plain.parse::<f64>()) {
        (Ok(whole), _) => json!(whole),
        (_, Ok(number)) if number.is_finite() => json!(number),
        _ => json!(text),
    }
}

/// With the fields of the version before those that there are.
pub(super) fn with(fields: Vec<Field>, mut form: FormPart) -> FormPart {
    let rest = std::mem::replace(&mut form.fields, fields);
    form.fields.extend(rest);
    form
}
