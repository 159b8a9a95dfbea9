//! What the portal and provinces publish (`tests/data/procedures-checked.csv.gz`): our catalogues agree with it, and
//! all of it comes through the import of the portal's catalogue.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::{Program, World, date, on_both};
use motcua::domain::person::fold_diacritics;
use motcua::domain::procedure::{Fee, LimitDefinition, ProcedureDefinition};
use motcua::domain::time_limit::{Amount, LimitUnit};
use motcua::domain::unit::Level;
use motcua::imports::Catalogue;

/// A procedure as it was published, texts as they stand there.
struct Row {
    code: String,
    name: String,
    field: String,
    level: String,
    limit: String,
    fee: String,
    online: String,
}

fn rows() -> Vec<Row> {
    let file = "tests/data/procedures-checked.csv.gz";
    let read = Command::new("gzip").args(["-dc", file]).output().unwrap();
    let mut reader = csv::Reader::from_reader(read.stdout.as_slice());
    let rows = reader.records().map(|row| {
        let row = row.unwrap();
        let cell = |i: usize| row[i].to_owned();
        Row {
            code: cell(0),
            name: cell(1),
            field: cell(2),
            level: cell(3),
            limit: cell(4),
            fee: cell(5),
            online: cell(6),
        }
    });
    rows.collect()
}

const UNITS: [(&str, &str, LimitUnit); 5] = [
    ("ngày làm việc", "WORKING_DAY", LimitUnit::WorkingDay),
    ("ngày", "DAY", LimitUnit::CalendarDay),
    ("giờ", "HOUR", LimitUnit::Hour),
    ("tháng", "MONTH", LimitUnit::Month),
    ("năm", "YEAR", LimitUnit::Year),
];

/// `7,5 ngày làm việc`: the number, and the unit as the portal writes it and as we do.
fn measure(text: &str) -> Option<(String, &'static str, LimitUnit)> {
    let (number, unit) = text.trim().split_once(' ')?;
    let is_number = number.bytes().all(|b| b.is_ascii_digit() || b == b',');
    let unit = UNITS.iter().find(|(word, ..)| *word == unit)?;
    is_number.then(|| (number.replace(',', "."), unit.1, unit.2))
}

impl Row {
    /// The limits that the text of the row says in so many words, each with its way if they differ by it.
    fn by_way(&self) -> Vec<(&'static str, &str)> {
        let ways = [
            ("trực tiếp: ", "DIRECT"),
            ("trực tuyến: ", "ONLINE"),
            ("bưu chính: ", "POSTAL"),
        ];
        let parts = self.limit.split(" | ").map(|part| {
            let way = ways.iter().find(|(word, _)| part.starts_with(word));
            way.map_or(("DIRECT", part), |(word, way)| (*way, &part[word.len()..]))
        });
        parts.filter(|(_, text)| !text.is_empty()).collect()
    }

    /// `khác (trường hợp: …; …)`.
    fn of_cases(&self) -> Vec<&str> {
        let inner = self.limit.strip_prefix("khác (trường hợp: ");
        let inner = inner.and_then(|text| text.strip_suffix(')'));
        inner.map_or_else(Vec::new, |text| text.split("; ").collect())
    }

    /// Every limit that is said.
    fn said(&self) -> Vec<LimitDefinition> {
        let ways = self.by_way().into_iter();
        let texts = ways
            .flat_map(|(_, text)| text.split("; "))
            .chain(self.of_cases());
        let said = texts.filter_map(|text| {
            let (number, _, unit) = measure(text)?;
            let amount = Some(Amount::parse(&number)?);
            Some(LimitDefinition { unit, amount })
        });
        said.collect()
    }

    fn has_level(&self, level: Level) -> bool {
        let word = match level {
            Level::Province => "tỉnh",
            Level::District => "huyện",
            Level::Commune => "xã",
        };
        self.level.split(", ").any(|of| of == word)
    }

    fn is_ours(&self) -> bool {
        self.has_level(Level::Province) || self.has_level(Level::Commune)
    }

    /// Its fees: kind, amount in đồng if there is one, currency, text.
    fn fees(&self) -> Vec<(&'static str, Option<u64>, &'static str, String)> {
        let kinds = [
            ("lệ phí", "SERVICE_FEE"),
            ("phí", "FEE"),
            ("mức giá", "PRICE_LEVEL"),
        ];
        let mut fees: Vec<(&str, Option<u64>, &str, String)> = Vec::new();
        for part in self.fee.split("; ").filter(|part| !part.is_empty()) {
            let kind = kinds.iter().find(|(word, _)| part.starts_with(word));
            let Some((word, kind)) = kind else {
                // The text of the one before goes on, or it is nothing but a text.
                match fees.last_mut() {
                    Some((.., note)) => note.push_str(&format!("; {part}")),
                    None => fees.push(("FEE", None, "", part.to_owned())),
                }
                continue;
            };
            let rest = part[word.len()..].trim();
            let (number, text) = rest.split_once(' ').unwrap_or((rest, ""));
            let amount = number.replace('.', "").parse::<u64>().ok();
            let (currency, text) = match (amount, text.split_once(' ').unwrap_or((text, ""))) {
                (None, _) => ("", rest),
                (Some(_), ("USD", text)) => ("USD", text),
                (Some(_), (_, text)) => ("VND", text),
            };
            let text = text.strip_prefix('(').unwrap_or(text);
            let text = text.strip_suffix(')').unwrap_or(text);
            fees.push((kind, amount, currency, text.to_owned()));
        }
        fees
    }

    /// As the portal of 2026 answers it.
    fn answer(&self) -> Value {
        let fees = self.fees().into_iter().map(|(kind, amount, currency, text)| {
            json!({"type": kind, "value": amount, "currencyId": currency, "description": text})
        });
        let fees: Vec<Value> = fees.collect();
        let cases = self.of_cases();
        let mut ways = Vec::new();
        let mut way = |method: &str, time: Value, unit: &str| {
            ways.push(json!({
                "submissionMethod": method, "processingTime": time, "processingTimeUnit": unit, "fees": fees,
            }));
        };
        for (method, text) in self.by_way() {
            let several: Option<Vec<_>> = text.split("; ").map(measure).collect();
            match several {
                Some(several) => several
                    .into_iter()
                    .for_each(|(number, unit, _)| way(method, json!(number), unit)),
                None if cases.is_empty() => way(method, json!(text), "OTHER"),
                None => way(method, json!(1), "OTHER"),
            }
        }
        let cases = cases.iter().zip(1..).map(|(text, number)| {
            let (amount, unit) = match measure(text) {
                Some((amount, unit, _)) => (amount, unit),
                None => (text.replace(" (khác)", ""), "OTHER"),
            };
            json!({
                "code": format!("{}.{number:02}", self.code), "name": format!("Trường hợp {number}"),
                "processingDay": {"qty": amount, "type": unit}, "profileComponents": [],
            })
        });
        let field = match self.field.as_str() {
            "" => json!([]),
            field => json!([{"name": field}]),
        };
        json!({"code": self.code, "name": self.name, "detail": {
            "code": self.code, "name": self.name, "state": "ACTIVE", "categoriesDetails": field,
            "isProvince": self.has_level(Level::Province), "isWard": self.has_level(Level::Commune),
            "isFullProcess": self.online == "toàn trình", "isOfflineOnly": self.online == "không nộp trực tuyến",
            "executionMethods": ways, "cases": cases.collect::<Vec<_>>(),
            "executionCases": [], "resultsDetails": [], "legalBasisesDetails": [],
        }})
    }

    /// Whether an amount of money stands in it.
    fn names_amount(&self, amount: u64) -> bool {
        let digits: String = self.fee.chars().filter(|c| *c != '.').collect();
        digits.contains(&amount.to_string())
    }
}

/// What a definition says is what was published, or it says that it does not know.
fn invents_nothing(definition: &ProcedureDefinition, row: &Row) {
    let code = &row.code;
    let said = row.said();
    let limits = [
        Some(definition.statutory_limit),
        definition.limits_by_channel.online,
        definition.limits_by_channel.postal,
    ];
    for limit in limits.into_iter().flatten() {
        let is_said = said.contains(&limit) || limit.unit == LimitUnit::ByHand;
        assert!(is_said, "{code}: {limit:?} of '{}'", row.limit);
    }
    // One number that holds for all is taken.
    if let ([one], Some(_)) = (said.as_slice(), measure(&row.limit)) {
        assert_eq!(definition.statutory_limit, *one, "{code}");
    }
    let of_cases = definition.cases.iter().flat_map(|case| case.fees.iter());
    let fees: Vec<&Fee> = definition.fees.iter().chain(of_cases.flatten()).collect();
    for amount in fees.iter().filter_map(|fee| fee.amount_vnd) {
        let is_said = amount >= 1000 && row.names_amount(amount);
        assert!(is_said, "{code}: {amount} of '{}'", row.fee);
    }
    for level in &definition.levels {
        assert!(
            row.has_level(*level),
            "{code}: {level:?} of '{}'",
            row.level
        );
    }
}

/// A name by which two spellings of one are the same.
fn folded(name: &str) -> String {
    let folded = fold_diacritics(name).to_lowercase();
    let words: Vec<&str> = folded
        .split(|letter: char| !letter.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect();
    let name = words.join(" ");
    let name = name.strip_prefix("thu tuc ").unwrap_or(&name).to_owned();
    let ends = [" cap tinh", " cap xa"];
    let end = ends.iter().find_map(|end| name.strip_suffix(end));
    end.map_or(name.clone(), str::to_owned)
}

fn catalogue(file: &str) -> Vec<ProcedureDefinition> {
    let catalogue = Catalogue::parse(&std::fs::read(file).unwrap()).unwrap();
    catalogue.procedures.into_iter().map(|(_, p)| p).collect()
}

const OF_2021: &str = "config/procedures-lang-son.json";
const OF_2026: &str = "config/procedures-lang-son-2026.json";

/// Our names of 2021 where the portal of 2026 has another under the same code.
const RENAMED: [&str; 15] = [
    "2.000488", "2.001583", "2.001199", "2.000004", "2.001064", "1.000703", "1.004232", "2.001631",
    "2.000992", "1.005280", "2.000815", "2.001035", "2.000635", "1.004964", "1.008004",
];

/// Codes of 2021 that nothing published in 2026 has.
const GONE: [&str; 23] = [
    "2.000449", "2.001417", "1.001071", "1.002809", "2.001002", "1.008432", "1.003003", "2.000205",
    "2.001914", "1.003709", "1.004616", "1.002425", "2.002311", "1.000798", "1.008455", "2.000414",
    "2.000620", "1.004494", "2.002174", "1.000775", "2.000509", "1.003554", "1.004492",
];

#[test]
fn our_catalogues_are_what_was_published() {
    let rows = rows();
    assert_eq!(rows.len(), 4_761);
    let published: HashMap<&str, &Row> = rows.iter().map(|row| (row.code.as_str(), row)).collect();
    let names: HashSet<String> = rows.iter().map(|row| folded(&row.name)).collect();
    let (old, new) = (catalogue(OF_2021), catalogue(OF_2026));
    for definition in &old {
        let code = definition.code.as_str();
        match published.get(code) {
            _ if definition.code_is_sample => {
                // A code that is known for the name is taken, or follows from a day on.
                let known = names.contains(&folded(&definition.name));
                assert!(!known || definition.valid_to.is_some(), "{code}");
            }
            Some(row) => {
                let same = folded(&row.name) == folded(&definition.name);
                assert_eq!(same, !RENAMED.contains(&code), "{code}: {}", row.name);
            }
            None => assert!(GONE.contains(&code), "{code}"),
        }
        // What ended was replaced.
        if let Some(last) = definition.valid_to {
            let follows = new
                .iter()
                .any(|new| new.valid_from.pred_opt() == Some(last));
            assert!(follows, "{code}");
        }
    }
    for definition in &new {
        let row = published[definition.code.as_str()];
        assert_eq!(folded(&row.name), folded(&definition.name));
        assert_eq!(row.field, definition.field);
        assert!(
            definition.fees.iter().all(|fee| fee.amount_vnd.is_none()),
            "{}",
            row.code
        );
        // Its text is cut off in the table; the portal's own answer has all of it.
        if row.code == "1.115723" {
            assert!(
                row.limit
                    .starts_with("Không quá 10 ngày làm việc. Đối với các xã miền núi")
            );
            continue;
        }
        // A text that says one limit, and nothing else.
        let mut of_text = definition.clone();
        if let Some(text) = row.limit.strip_prefix("Không quá ")
            && !row.limit.contains('…')
        {
            let text = text.trim_end_matches('.').trim_start_matches('0');
            let text = text.trim_end_matches(" kể từ ngày nhận đủ hồ sơ hợp lệ");
            if let Some((number, _, unit)) = measure(text) {
                let amount = Amount::parse(&number);
                assert_eq!(of_text.statutory_limit, LimitDefinition { unit, amount });
                of_text.statutory_limit = LimitDefinition {
                    unit: LimitUnit::ByHand,
                    amount: None,
                };
            }
        }
        invents_nothing(&of_text, row);
    }
    let own = new.iter().filter(|definition| {
        let basis = definition.legal_basis.first();
        basis.is_some_and(|basis| basis.ends_with("của UBND tỉnh Lạng Sơn"))
    });
    assert_eq!(own.count(), 49);
}

on_both! {
    fn the_catalogue_of_2026_follows_that_of_2021(db: &Database) {
        let world = World::new(db.store());
        let taken = Program::on(db).output(&["import", "procedures", OF_2026]);
        assert!(taken.contains("58"), "{taken}");
        let reference = world.store.reference().unwrap();
        let on = |code: &str, day: &str| reference.procedure_in_force(code, date(day)).is_some();
        // The mediation of quarrels about land has another code.
        assert_eq!((on("1.003554", "2026-07-16"), on("1.003554", "2026-07-17")), (true, false));
        assert_eq!((on("1.012812", "2026-07-16"), on("1.012812", "2026-07-17")), (false, true));
        let mediation = &reference.procedure_in_force("1.012812", date("2026-11-26")).unwrap().definition;
        let days = |amount: u32| LimitDefinition { unit: LimitUnit::CalendarDay, amount: Some(amount.into()) };
        assert_eq!(mediation.statutory_limit, days(40));
        assert_eq!(mediation.limits_by_channel.postal, Some(days(30)));
        // Ten days, and ten more in mountain communes.
        let own = &reference.procedure_in_force("1.115723", date("2026-11-26")).unwrap().definition;
        assert_eq!((own.statutory_limit.amount, own.extra_days_in_marked_units), (Some(10.into()), Some(10)));
        let again = Program::on(db).output(&["import", "procedures", OF_2026]);
        assert!(again.contains('0'), "{again}");
        assert_eq!(world.store.reference().unwrap().version(), reference.version());
    }
}

on_both! {
    fn all_that_was_published_comes_in_or_is_listed_for_a_person(db: &Database) {
        let world = World::new(db.store());
        let rows = rows();
        let folder = db.folder();
        let answers: Vec<Value> = rows.iter().map(Row::answer).collect();
        let (list, details) = (folder.join("list.json"), folder.join("details"));
        std::fs::create_dir_all(&details).unwrap();
        std::fs::write(&list, json!(answers).to_string()).unwrap();
        let import = |day: &str| {
            let (list, details) = (list.to_str().unwrap(), details.to_str().unwrap());
            let fixed = ["import", "portal-catalogue", "--list", list, "--details", details];
            Program::on(db).output(&[&fixed[..], &["--valid-from", day, "--backdating-reason", "Nhập muộn"]].concat())
        };
        let before = world.store.reference().unwrap();
        let before: HashSet<String> = before.procedures().into_iter().map(|p| p.definition.code.clone()).collect();
        let begun = Instant::now();
        let said = import("2026-07-17");
        let took = begun.elapsed();
        // Without optimisation and beside other tests a minute or two; what grew with the square would take hours.
        assert!(took < Duration::from_secs(900), "{took:?}");

        let mut notes: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for line in said.lines() {
            if let Some(code) = line.get(..8) {
                notes.entry(code).or_default().push(line);
            }
        }
        let noted = |code: &str, part: &str| {
            notes.get(code).is_some_and(|lines| lines.iter().any(|line| line.contains(part)))
        };
        let reference = world.store.reference().unwrap();
        let day = date("2026-07-17");
        let (mut taken, mut without_limit) = (0, 0);
        for row in &rows {
            let code = row.code.as_str();
            let found = reference.procedure_in_force(code, day);
            let Some(found) = found else {
                let why = match row.is_ours() {
                    false => "không thực hiện ở cấp tỉnh, cấp xã",
                    true => "cổng không nói lĩnh vực",
                };
                assert!(noted(code, why), "{code} is neither taken nor listed");
                continue;
            };
            // One that we have keeps what the portal does not say.
            if before.contains(code) {
                continue;
            }
            taken += 1;
            let definition = &found.definition;
            invents_nothing(definition, row);
            if definition.statutory_limit.unit == LimitUnit::ByHand {
                without_limit += 1;
                assert!(noted(code, "thời hạn"), "{code}: '{}'", row.limit);
            }
            if definition.fees.iter().any(|fee| fee.amount_vnd.is_none()) {
                assert!(noted(code, "không rõ mức"), "{code}: '{}'", row.fee);
            }
            // "0" with a text is not free.
            let set_elsewhere = row.fees().into_iter().any(|(_, amount, _, text)| {
                amount == Some(0) && text.contains("ội đồng nhân dân")
            });
            assert!(!set_elsewhere || definition.fees.iter().any(|fee| fee.amount_vnd.is_none()), "{code}");
        }
        assert!(taken > 2_500 && without_limit > 300, "{taken} taken, {without_limit} without a limit");
        let again = import("2026-08-01");
        assert!(again.contains("0 thủ tục mới, 0 phiên bản mới, 0 kết thúc"), "{}", again.lines().last().unwrap());
        assert_eq!(motcua::tools::verify::verify(&world.store, 5).unwrap().total, 0);
    }
}
