//! Procedures as they are published: codes, limits, cases, fees.

use serde_json::{Value, json};

use crate::support::{COMMUNE, Office, SAME_DAY, fields, on_both};
use motcua::domain::role::Role;

/// A procedure of communes, as an administrator puts it.
fn definition(code: &str) -> Value {
    json!({
        "code": code, "name": "Cấp bản sao", "field": "Hộ tịch", "levels": ["commune"],
        "valid_from": "2020-01-01", "announced_on": "2020-01-01", "online_level": "partial",
        "statutory_limit": {"unit": "working_day", "amount": 5}, "result": "Bản sao",
    })
}

fn put(office: &Office, definition: &Value) {
    let bytes = serde_json::to_vec(&json!([definition])).unwrap();
    motcua::imports::procedures(&office.world.store, &bytes).unwrap();
}

on_both! {
    fn codes_are_read_as_offices_write_them(db: &Database) {
        let mut office = Office::open(db);
        let clerk = office.token(Role::Clerk, COMMUNE);
        for code in [
            format!(" {SAME_DAY} "), format!("{SAME_DAY}.H37"), format!("{SAME_DAY}.000.00.00.H37"),
        ] {
            let mut body = office.new_dossier(COMMUNE, SAME_DAY);
            body["procedure"] = json!(code);
            let received = office.call("POST", "/api/v1/dossiers").token(&clerk).body(body).send();
            assert_eq!(received.expect(201).json()["procedure"]["code"], SAME_DAY, "{code}");
        }
        for (code, reason) in [
            (SAME_DAY.trim_end_matches('5').to_owned(), "chỉ có 5 chữ số"),
            (format!("{SAME_DAY}-Chứng thực"), "chữ dính liền sau mã"),
            (format!("{SAME_DAY}.07"), "không có trường hợp 07"),
        ] {
            let mut body = office.new_dossier(COMMUNE, SAME_DAY);
            body["procedure"] = json!(code);
            let refused = office.call("POST", "/api/v1/dossiers").token(&clerk).body(body).send();
            let refused = refused.problem(400, "invalid-request");
            assert_eq!(fields(&refused), ["/procedure"]);
            let detail = refused["errors"][0]["detail"].as_str().unwrap();
            assert!(detail.contains(reason), "{code}: {detail}");
        }
        let shown = office.call("GET", format!("/api/v1/procedures/{SAME_DAY}.H37")).send().expect(200);
        assert_eq!(shown.json()[0]["code"], SAME_DAY);
        let lost = office.call("GET", "/api/v1/procedures/2.00072").send().problem(404, "not-found");
        assert!(lost["detail"].as_str().unwrap().contains("2.000720"), "{lost}");
        let path = format!("/api/v1/time-limit?procedure={SAME_DAY}.H37&unit={COMMUNE}&received_at=2021-03-01T08:00:00%2B07:00");
        assert_eq!(office.call("GET", path).send().expect(200).json()["procedure"], SAME_DAY);

        // The catalogue keeps the procedure, and the province beside it.
        put(&office, &definition("1.012812.000.00.00.H19"));
        let shown = office.call("GET", "/api/v1/procedures/1.012812").send().expect(200).json();
        assert_eq!((&shown[0]["code"], &shown[0]["province"]), (&json!("1.012812"), &json!("H19")));
        let wrong = serde_json::to_vec(&json!([definition("2.00072"), definition("2.000635.02")])).unwrap();
        let error = motcua::imports::procedures(&office.world.store, &wrong).unwrap_err().to_string();
        for part in ["bỏ số 0 ở cuối (2.000720)", "mã của một trường hợp"] {
            assert!(error.contains(part), "{part}: {error}");
        }
    }
}
