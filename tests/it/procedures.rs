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

on_both! {
    fn limits_are_kept_as_they_are_published(db: &Database) {
        let mut office = Office::open(db);
        let clerk = office.token(Role::Clerk, COMMUNE);
        for (code, limit, recorded, due) in [
            ("1.999001", json!({"unit": "working_day", "amount": 1.5}), "1.5wd", "2021-03-02T14:00:00+07:00"),
            ("1.999002", json!({"unit": "month", "amount": 1}), "1mo", "2021-04-01T17:00:00+07:00"),
            ("1.999003", json!({"unit": "year", "amount": 2}), "2y", "2023-03-01T17:00:00+07:00"),
            ("1.999004", json!({"unit": "hour", "amount": 4}), "4h", "2021-03-01T14:00:00+07:00"),
        ] {
            let mut new = definition(code);
            new["statutory_limit"] = limit.clone();
            put(&office, &new);
            let shown = office.call("GET", format!("/api/v1/procedures/{code}")).send().expect(200).json();
            assert_eq!(shown[0]["statutory_limit"], limit);
            let path = format!("/api/v1/time-limit?procedure={code}&unit={COMMUNE}&received_at=2021-03-01T08:30:00%2B07:00");
            let preview = office.call("GET", path).send().expect(200).json();
            assert_eq!((&preview["limit"], &preview["due_at"]), (&limit, &json!(due)));
            let mut body = office.new_dossier(COMMUNE, code);
            body["at"] = entered("2021-03-01T08:30:00+07:00");
            let supervisor = office.token(Role::Supervisor, COMMUNE);
            let received = office.call("POST", "/api/v1/dossiers").token(&supervisor).body(body).send().expect(201).json();
            assert_eq!((&received["limit"], &received["due_at"]), (&limit, &json!(due)), "{code}");
            assert_eq!(received["due_reason"], Value::Null);
            let path = format!("/api/v1/dossiers/{}/events", received["id"].as_str().unwrap());
            let events = office.call("GET", path).token(&clerk).send().expect(200).json();
            assert_eq!(events[0]["data"]["limit"], recorded);
        }
        let mut wrong = definition("1.999009");
        wrong["statutory_limit"] = json!({"unit": "month", "amount": 0.5});
        let bytes = serde_json::to_vec(&json!([wrong])).unwrap();
        let error = motcua::imports::procedures(&office.world.store, &bytes).unwrap_err().to_string();
        assert!(error.contains("phải là số nguyên"), "{error}");
    }
}

fn entered(moment: &str) -> Value {
    json!({"moment": moment, "late_reason": "nhập lại từ sổ"})
}

on_both! {
    fn without_a_limit_the_return_date_is_named_by_hand(db: &Database) {
        let mut office = Office::open(db);
        let supervisor = office.token(Role::Supervisor, COMMUNE);
        let mut new = definition("1.999001");
        new["statutory_limit"] = json!({"unit": "none"});
        put(&office, &new);
        put(&office, &definition("1.999002"));
        let path = format!("/api/v1/time-limit?procedure=1.999001&unit={COMMUNE}&received_at=2021-03-01T08:30:00%2B07:00");
        let preview = office.call("GET", path).send().expect(200).json();
        assert_eq!(preview["due_at"], Value::Null);
        assert!(preview["due_text"].as_str().unwrap().contains("không quy định thời hạn"), "{preview}");

        let body = |office: &Office, code: &str, named: Value| {
            let mut body = office.new_dossier(COMMUNE, code);
            body["at"] = entered("2021-03-01T08:30:00+07:00");
            body["return_date"] = named;
            body
        };
        let named = json!({"at": "2021-03-22T17:00:00+07:00", "reason": "theo thỏa thuận"});
        let send = |office: &Office, body: Value| {
            office.call("POST", "/api/v1/dossiers").token(&supervisor).body(body).send()
        };
        for (code, named, field) in [
            ("1.999001", Value::Null, "/return_date"),
            ("1.999001", json!({"at": "2021-03-22T17:00:00+07:00", "reason": " "}), "/return_date/reason"),
            ("1.999002", named.clone(), "/return_date"),
        ] {
            let refused = send(&office, body(&office, code, named)).problem(400, "invalid-request");
            assert_eq!(fields(&refused), [field], "{refused}");
        }
        for at in ["2021-03-01T08:00:00+07:00", "2021-03-21T10:00:00+07:00", "2021-03-22T18:00:00+07:00"] {
            let at = json!({"at": at, "reason": "x"});
            let refused = send(&office, body(&office, "1.999001", at)).problem(409, "refused");
            assert_eq!(refused["reason"], "bad_return_date");
        }
        let received = send(&office, body(&office, "1.999001", named)).expect(201).json();
        assert_eq!(received["limit"], json!({"unit": "none"}));
        assert_eq!(received["due_at"], "2021-03-22T17:00:00+07:00");
        assert_eq!(received["due_reason"], "theo thỏa thuận");
        // A changed calendar moves the others, not this one.
        let other = send(&office, body(&office, "1.999002", Value::Null)).expect(201).json();
        assert_eq!(other["due_at"], "2021-03-08T17:00:00+07:00");
        let calendar = String::from_utf8(motcua::config::bundled::CALENDAR.to_vec()).unwrap();
        let days = ["2021-03-04", "2021-03-22"].map(|day| format!("{day},off,Nghỉ đột xuất\n")).concat();
        motcua::imports::calendar(&office.world.store, format!("{calendar}{days}").as_bytes()).unwrap();
        let due = |id: &Value| {
            let path = format!("/api/v1/dossiers/{}", id.as_str().unwrap());
            office.call("GET", path).token(&supervisor).send().expect(200).json()["due_at"].clone()
        };
        for _ in 0..300 {
            if due(&other["id"]) == "2021-03-09T17:00:00+07:00" {
                break;
            }
            std::thread::sleep(std::time::Duration::from_millis(100));
        }
        assert_eq!(due(&other["id"]), "2021-03-09T17:00:00+07:00");
        assert_eq!(due(&received["id"]), "2021-03-22T17:00:00+07:00");
    }
}
