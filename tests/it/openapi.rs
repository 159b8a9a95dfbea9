//! The document of the API and the running server say the same.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::support::{Database, Kind, Office, Program};
use motcua::web::table;

#[test]
fn routes_and_document_hold_each_other() {
    let db = Database::new(Kind::Sqlite);
    let server = Program::on(&db).serve();
    let served = server.get("/api/openapi.json").expect(200).json();
    assert_eq!(&served, motcua::web::document());
    assert!(served["openapi"].as_str().unwrap().starts_with("3.1"));
    let mut documented = BTreeSet::new();
    for (path, item) in served["paths"].as_object().unwrap() {
        for method in item.as_object().unwrap().keys() {
            documented.insert((method.to_uppercase(), path.clone()));
        }
    }
    let routes = table()
        .into_iter()
        .map(|route| (route.method.to_string(), route.path));
    assert_eq!(routes.collect::<BTreeSet<_>>(), documented);
    // Every address answers to the methods of the document and to no other.
    for (path, item) in served["paths"].as_object().unwrap() {
        let address: Vec<_> = path
            .split('/')
            .map(|part| if part.starts_with('{') { "x" } else { part })
            .collect();
        let address = address.join("/");
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE"] {
            let status = server.request(method, &address).status;
            let known = item.get(method.to_lowercase()).is_some();
            assert_eq!(status != 405, known, "{method} {path}: {status}");
        }
    }
}

#[test]
fn the_document_is_complete() {
    assert_eq!(motcua::web::schemas_in_conflict(), Vec::<String>::new());
    let document = motcua::web::document();
    let components = document["components"]["schemas"].as_object().unwrap();
    let mut ids = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let name = format!("{method} {path}");
            let text = |field: &str| operation[field].as_str().unwrap_or_default();
            assert!(!text("summary").is_empty(), "{name} has no summary");
            assert!(!text("summary").is_ascii(), "{name}: {}", text("summary"));
            assert!(
                ids.insert(text("operationId").to_owned()),
                "{name}: two of one id"
            );
            if let Some(body) = operation.get("requestBody") {
                let example = &body["content"]["application/json"]["example"];
                assert!(example.is_object(), "{name}: no example of the body");
                assert_eq!(body["required"], true, "{name}");
            }
            let responses = operation["responses"].as_object().unwrap();
            assert!(
                responses
                    .keys()
                    .any(|status| status.starts_with(['2', '3'])),
                "{name}"
            );
            assert!(
                responses.contains_key("500") && responses.contains_key("503"),
                "{name}"
            );
            for (status, response) in responses {
                assert!(
                    !response["description"]
                        .as_str()
                        .unwrap_or_default()
                        .is_empty()
                );
                let contents = response["content"].as_object().into_iter().flatten();
                for (kind, content) in contents {
                    let examples = content["examples"].as_object().map_or(0, |e| e.len());
                    let example = !content["example"].is_null() || examples > 0;
                    assert!(example, "{name}: no example of {status} {kind}");
                    assert!(
                        content["schema"].is_object(),
                        "{name}: no schema of {status}"
                    );
                }
            }
        }
    }
    // Every reference leads somewhere.
    fn walk(value: &Value, found: &mut Vec<String>) {
        match value {
            Value::Object(fields) => {
                if let Some(Value::String(reference)) = fields.get("$ref") {
                    found.push(reference.clone());
                }
                fields.values().for_each(|value| walk(value, found));
            }
            Value::Array(items) => items.iter().for_each(|value| walk(value, found)),
            _ => {}
        }
    }
    let mut references = Vec::new();
    walk(document, &mut references);
    assert!(!references.is_empty());
    for reference in references {
        let name = reference.strip_prefix("#/components/schemas/").unwrap();
        assert!(components.contains_key(name), "{reference}");
    }
}

#[test]
fn examples_of_the_document_are_read_by_the_server() {
    use motcua::domain::role::Role;
    let db = Database::new(Kind::Sqlite);
    let mut office = Office::open(&db);
    let tokens: Vec<_> = Role::ALL.map(|role| office.token(role, "H37")).into();
    for (path, item) in motcua::web::document()["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let example = &operation["requestBody"]["content"]["application/json"]["example"];
            if !example.is_object() || path.contains("sessions") {
                continue;
            }
            let address = path.replace("{dossier}", "x").replace("{year}", "2026");
            let address: Vec<_> = address
                .split('/')
                .map(|part| if part.starts_with('{') { "x" } else { part })
                .collect();
            let method = method.to_uppercase();
            let statuses = tokens.iter().map(|token| {
                let call = office.call(&method, address.join("/")).token(token);
                call.header("If-Match", "\"never\"")
                    .body(example.clone())
                    .send()
            });
            let readable = statuses.into_iter().any(|answer| {
                // Refused for what it says, not for how it is written.
                !["invalid-json", "unsupported"]
                    .iter()
                    .any(|kind| answer.body.contains(kind))
                    && !answer.body.contains("trường lạ")
                    && !answer.body.contains("thiếu trường")
                    && answer.status != 403
            });
            assert!(readable, "{method} {path}: {example}");
        }
    }
}

#[test]
fn the_document_can_be_browsed_offline() {
    let db = Database::new(Kind::Sqlite);
    let server = Program::on(&db).serve();
    let page = server.get("/api/docs/").expect(200);
    assert!(
        page.content_type.starts_with("text/html"),
        "{}",
        page.content_type
    );
    let mut assets = 0;
    for part in page.body.split('"') {
        assert!(
            !part.starts_with("http") && !part.starts_with("//"),
            "{part} is elsewhere"
        );
        if part.ends_with(".js") || part.ends_with(".css") {
            let path = format!("/api/docs/{}", part.trim_start_matches("./"));
            server.get(&path).expect(200);
            assets += 1;
        }
    }
    assert!(assets >= 3, "{}", page.body);
    let script = server.get("/api/docs/swagger-initializer.js").expect(200);
    assert!(script.body.contains("/api/openapi.json"), "{}", script.body);
}
