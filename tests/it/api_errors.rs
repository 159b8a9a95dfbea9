//! What a client can get wrong, and what it is told.

use serde_json::{Value, json};

use crate::support::{Answer, COMMUNE, Database, Kind, Office, SAME_DAY, fields};
use motcua::domain::role::Role;
use motcua::web::Kind as ProblemKind;

struct Desk {
    office: Office,
    token: String,
}

impl Desk {
    fn open(db: &Database) -> Self {
        let mut office = Office::open(db);
        let token = office.token(Role::Clerk, COMMUNE);
        Self { office, token }
    }

    #[track_caller]
    fn post(&self, content_type: Option<&str>, body: &[u8]) -> Answer {
        let call = self
            .office
            .call("POST", "/api/v1/dossiers")
            .token(&self.token);
        let call = match content_type {
            Some(content_type) => call.header("Content-Type", content_type),
            None => call,
        };
        call.raw(body).send()
    }

    fn good(&self) -> Value {
        self.office.new_dossier(COMMUNE, SAME_DAY)
    }
}

const JSON: Option<&str> = Some("application/json");

#[test]
fn every_wrong_field_is_named_at_once() {
    let db = Database::new(Kind::Sqlite);
    let desk = Desk::open(&db);
    let mut body = desk.good();
    body["applicant"] = json!({
        "name": "", "identity_number": "12", "phone": "x", "email": "a@b", "colour": "red",
    });
    body["sets"] = json!(70_000);
    body["channel"] = json!("pigeon");
    body["items"] = json!([{"position": -1}, {"position": 0, "originals": "two"}, {"copies": 1}]);
    body["at"] = json!("hôm qua");
    body["extra"] = json!(1);
    body.as_object_mut().unwrap().remove("unit");
    let answer = desk.post(JSON, body.to_string().as_bytes());
    let problem = answer.problem(400, "invalid-request");
    let mut wrong = fields(&problem);
    wrong.sort();
    assert_eq!(
        wrong,
        [
            "/applicant/colour",
            "/applicant/email",
            "/applicant/identity_number",
            "/applicant/name",
            "/applicant/phone",
            "/at",
            "/channel",
            "/extra",
            "/items/0/position",
            "/items/1/originals",
            "/items/2/position",
            "/sets",
            "/unit",
        ]
    );
    // In words for people, and without the values: they may be personal.
    let text = problem["errors"].to_string();
    assert!(text.contains("số nguyên từ 0 đến 65.535"), "{text}");
    assert!(
        text.contains("phải là một trong: direct, online, postal"),
        "{text}"
    );
    for english in ["expected", "invalid", "unknown", "missing", "pigeon"] {
        assert!(!text.contains(english), "{english} in {text}");
    }
    // Also beside a part of something that may be left out.
    let mut body = desk.good();
    body["applicant"]["phone"] = json!("x");
    body["at"] = json!({"moment": "hôm qua"});
    let wrong = desk
        .post(JSON, body.to_string().as_bytes())
        .problem(400, "invalid-request");
    assert_eq!(fields(&wrong), ["/at/moment", "/applicant/phone"]);
    // What the rules know of comes with the rest of what they know.
    let mut body = desk.good();
    body["unit"] = json!("H99");
    body["procedure"] = json!("9.999999");
    let wrong = desk
        .post(JSON, body.to_string().as_bytes())
        .problem(400, "invalid-request");
    assert_eq!(fields(&wrong), ["/unit", "/procedure"]);
}

#[test]
fn bodies_that_are_no_bodies_are_told_apart() {
    let db = Database::new(Kind::Sqlite);
    let desk = Desk::open(&db);
    let good = desk.good().to_string();
    desk.post(JSON, b"").problem(400, "invalid-json");
    desk.post(JSON, b"{\"unit\": ").problem(400, "invalid-json");
    desk.post(JSON, b"[1, 2").problem(400, "invalid-json");
    desk.post(JSON, b"\"text\"").problem(400, "invalid-request");
    desk.post(JSON, b"{\"unit\": \"\xff\"}")
        .problem(400, "not-utf-8");
    desk.post(JSON, &[b'['; 100_000]).problem(400, "too-deep");
    let nested = format!(
        "{}{}",
        "{\"a\":".repeat(200),
        "1".to_owned() + &"}".repeat(200)
    );
    desk.post(JSON, nested.as_bytes()).problem(400, "too-deep");
    desk.post(JSON, &vec![b' '; 300 * 1024])
        .problem(413, "too-large");
    desk.post(None, good.as_bytes())
        .problem(415, "unsupported-media-type");
    desk.post(Some("text/plain"), good.as_bytes())
        .problem(415, "unsupported-media-type");
    let latin = Some("application/json; charset=iso-8859-1");
    desk.post(latin, good.as_bytes())
        .problem(415, "unsupported-media-type");
    desk.post(Some("application/json; charset=UTF-8"), good.as_bytes())
        .expect(201);
    let twice = good.replacen('{', "{\"unit\":\"H37\",", 1);
    let twice = desk
        .post(JSON, twice.as_bytes())
        .problem(400, "invalid-request");
    assert!(
        twice["detail"].as_str().unwrap().contains("lặp lại"),
        "{twice}"
    );
    let zero = good.replace("Ánh", "\\u0000");
    let zero = desk
        .post(JSON, zero.as_bytes())
        .problem(400, "invalid-request");
    assert_eq!(fields(&zero), ["/applicant/name"]);
    let huge = good.replacen('{', "{\"sets\":1e400,", 1);
    assert_eq!(desk.post(JSON, huge.as_bytes()).status, 400);
    let many = good.replacen('{', "{\"sets\":99999999999999999999999,", 1);
    assert_eq!(
        fields(
            &desk
                .post(JSON, many.as_bytes())
                .problem(400, "invalid-request")
        ),
        ["/sets"]
    );
}

#[test]
fn wrong_methods_and_addresses_say_what_there_is() {
    let db = Database::new(Kind::Sqlite);
    let desk = Desk::open(&db);
    let call = |method, path: &str| {
        desk.office
            .call(method, path.to_owned())
            .token(&desk.token)
            .send()
    };
    let answer = call("PUT", "/api/v1/dossiers");
    answer.problem(405, "method-not-allowed");
    assert_eq!(answer.header("allow"), "POST, GET, HEAD");
    call("BREW", "/api/v1/me").problem(405, "method-not-allowed");
    call("GET", "/api/v2/me").problem(404, "not-found");
    call("GET", "/api/v1/dossiers/H37.20.01-990101-0001").problem(404, "not-found");
    call("GET", "/api/v1/dossiers/not-a-number").problem(404, "not-found");
    call("GET", "/api/v1/dossiers/%FF").problem(404, "not-found");
    call("GET", "/api/v1/calendar/x").problem(404, "not-found");
    call("GET", "/api/v1/units/H99").problem(404, "not-found");
    for query in [
        "received_from=2021-13-01",
        "limit=-1",
        "limit=1e9",
        "limit=201",
        "after=%00",
    ] {
        let answer = call("GET", &format!("/api/v1/dossiers?{query}"));
        answer.problem(400, "invalid-request");
    }
    call("GET", "/api/v1/dossiers?unit=%FF").problem(400, "not-utf-8");
    let twice = call("GET", "/api/v1/dossiers?limit=1&limit=2").problem(400, "invalid-request");
    assert_eq!(fields(&twice), ["limit"]);
    assert_eq!(
        desk.office.server.request("HEAD", "/api/v1/units").status,
        200
    );
}

#[test]
fn every_kind_of_problem_has_its_own_type_and_words() {
    let mut urns: Vec<_> = ProblemKind::ALL.iter().map(|kind| kind.urn()).collect();
    urns.sort_unstable();
    urns.dedup();
    assert_eq!(urns.len(), ProblemKind::ALL.len());
    let documented = std::fs::read_to_string("docs/api.md").unwrap();
    for kind in ProblemKind::ALL {
        assert!(!kind.title().is_ascii(), "{}", kind.title());
        let line = format!("| `{}` | {} |", kind.urn(), kind.status());
        assert!(documented.contains(&line), "docs/api.md lacks {line}");
    }
}

#[test]
fn no_input_makes_the_server_fall() {
    use proptest::prelude::*;
    use proptest::test_runner::{Config, TestRunner};

    let db = Database::new(Kind::Sqlite);
    let desk = Desk::open(&db);
    let routes: Vec<(String, String)> = motcua::web::table()
        .into_iter()
        .filter(|route| !route.path.contains("sessions"))
        .map(|route| {
            let path = route
                .path
                .split('/')
                .map(|part| if part.starts_with('{') { "x" } else { part });
            (route.method.to_string(), path.collect::<Vec<_>>().join("/"))
        })
        .collect();
    let json = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,20}".prop_map(Value::from),
    ];
    let body = proptest::collection::hash_map(
        "(unit|procedure|applicant|items|at|text|reason|step|days)",
        json,
        0..6,
    );
    let input = (0..routes.len(), body, "[ -~]{0,40}");
    let mut runner = TestRunner::new(Config {
        cases: 150,
        failure_persistence: None,
        ..Config::default()
    });
    let ran = runner.run(&input, |(route, body, query)| {
        let (method, path) = &routes[route];
        let query = serde_urlencoded::to_string([("unit", &query), ("after", &query)]).unwrap();
        let call = desk
            .office
            .call(method, format!("{path}?{query}"))
            .token(&desk.token)
            .header("If-Match", "*");
        let call = match method.as_str() {
            "GET" | "DELETE" => call,
            _ => call.body(json!(body)),
        };
        let status = call.send().status;
        prop_assert!(status < 500 || status == 501, "{method} {path}: {status}");
        Ok(())
    });
    ran.unwrap();
}

/// Words by which a library would be known; none of them is a name of ours.
const ENGLISH: [&str; 19] = [
    "expected",
    "invalid",
    "input",
    "premature",
    "trailing",
    "unknown",
    "missing",
    "parse",
    "digit",
    "range",
    "error",
    "string",
    "found",
    "length",
    "character",
    "characters",
    "must",
    "not",
    "type",
];

/// Every reason of a problem is in Vietnamese.
fn in_vietnamese(answer: &Answer, what: &str) {
    let problem = answer.json();
    let errors = problem["errors"].as_array().into_iter().flatten();
    let details = errors
        .chain([&problem])
        .map(|part| part["detail"].as_str().unwrap().to_owned());
    for detail in details {
        assert!(!detail.is_ascii(), "{what}: {detail}");
        let words = detail
            .split(|c: char| !c.is_alphanumeric() && c != '_')
            .map(str::to_lowercase);
        for word in words {
            assert!(
                !ENGLISH.contains(&word.as_str()),
                "{what}: {word} in {detail}"
            );
        }
    }
}

/// Where there is something in an example, as JSON pointers; of a list its first element.
fn pointers(example: &Value, at: &str, into: &mut Vec<String>) {
    match example {
        Value::Object(fields) => {
            for (name, value) in fields {
                let at = format!("{at}/{name}");
                into.push(at.clone());
                pointers(value, &at, into);
            }
        }
        Value::Array(items) => {
            if let Some(first) = items.first() {
                let at = format!("{at}/0");
                into.push(at.clone());
                pointers(first, &at, into);
            }
        }
        _ => {}
    }
}

#[test]
fn whatever_is_wrong_is_said_in_vietnamese() {
    let db = Database::new(Kind::Sqlite);
    let mut office = Office::open(&db);
    let tokens = Role::ALL.map(|role| office.token(role, "H37"));
    let document = motcua::web::document();
    let (mut queries, mut bodies, mut days) = (0, 0, 0);
    for (template, item) in document["paths"].as_object().unwrap() {
        // Guesses are counted there.
        if ["sessions", "oidc", "lookup", "submissions", "password"]
            .iter()
            .any(|part| template.contains(part))
        {
            continue;
        }
        for (method, operation) in item.as_object().unwrap() {
            let mut path = template
                .replace("{work}", "overdue")
                .replace("{year}", "2026");
            while let (Some(from), Some(to)) = (path.find('{'), path.find('}')) {
                path.replace_range(from..=to, "01780000-0000-7000-8000-000000000000");
            }
            let method = method.to_uppercase();
            let send_as = |token: &str, path: &str, body: Option<&Value>| {
                let call = office
                    .call(&method, path)
                    .token(token)
                    .header("If-Match", "\"999\"");
                match body {
                    Some(body) => call.body(body.clone()).send(),
                    None => call.send(),
                }
            };
            // Only of whoever may is it looked at.
            let example = &operation["requestBody"]["content"]["application/json"]["example"];
            let empty = json!({});
            let nothing = (!example.is_null()).then_some(&empty);
            let mut all = tokens.iter();
            let token = all
                .find(|token| send_as(token, &path, nothing).status != 403)
                .unwrap();
            let send = |path: &str, body: Option<&Value>| send_as(token, path, body);
            for parameter in operation["parameters"].as_array().into_iter().flatten() {
                if parameter["in"] != "query" {
                    continue;
                }
                let (name, schema) = (
                    parameter["name"].as_str().unwrap(),
                    parameter["schema"].to_string(),
                );
                let wrong: &[&str] = if schema.contains("\"date\"") {
                    &[
                        "2021-02-30",
                        "2021-13-01",
                        "15/07/21",
                        "1-12-26",
                        "2021-7",
                        "x",
                        "99999-01-01",
                        "",
                    ]
                } else if schema.contains("date-time") {
                    &["2021-02-30T00:00:00Z", "x", ""]
                } else if schema.contains("integer") {
                    &["-1", "1e9", "x", "99999999999999999999", ""]
                } else if schema.contains("boolean") {
                    &["có", "1", ""]
                } else if schema.contains("enum") || schema.contains("$ref") {
                    &["x", ""]
                } else {
                    continue;
                };
                for text in wrong {
                    let query = serde_urlencoded::to_string([(name, text)]).unwrap();
                    let what = format!("{method} {template}?{name}={text}");
                    let answer = send(&format!("{path}?{query}"), None);
                    let problem = answer.problem(400, "invalid-request");
                    assert!(
                        fields(&problem).contains(&name.to_owned()),
                        "{what}: {problem}"
                    );
                    in_vietnamese(&answer, &what);
                    queries += 1;
                }
            }
            let mut places = Vec::new();
            pointers(example, "", &mut places);
            for place in places {
                let day = example.pointer(&place).unwrap().as_str();
                if day.is_some_and(|day| day.parse::<chrono::NaiveDate>().is_ok()) {
                    // No day of the year 1.
                    let mut body = example.clone();
                    *body.pointer_mut(&place).unwrap() = json!("1-12-26");
                    let problem = send(&path, Some(&body)).problem(400, "invalid-request");
                    assert!(
                        fields(&problem).contains(&place),
                        "{template} {place}: {problem}"
                    );
                    days += 1;
                }
                for wrong in [
                    json!({"x": 1}),
                    json!([["x"]]),
                    json!(-1.5),
                    json!("31/02/2021"),
                ] {
                    let mut body = example.clone();
                    *body.pointer_mut(&place).unwrap() = wrong.clone();
                    let answer = send(&path, Some(&body));
                    assert!(
                        answer.status < 500 || answer.status == 501,
                        "{method} {template} {place}: {}",
                        answer.body
                    );
                    if answer.status == 400 {
                        in_vietnamese(&answer, &format!("{method} {template} {place} {wrong}"));
                        bodies += 1;
                    }
                }
            }
        }
    }
    assert!(days > 5, "{days}");
    assert!(
        queries > 80 && bodies > 300,
        "{queries} queries, {bodies} bodies"
    );
}
