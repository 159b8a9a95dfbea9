//! Procedures as they are published: codes, limits, cases, fees.

use serde_json::{Value, json};

use crate::support::{COMMUNE, Office, SAME_DAY, Visitor, fields, held, of_form, on_both};
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
        // A changed calendar moves the others by each day off in between, this one only off a day on which nobody is there.
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
            let moved = [&other, &received].map(|dossier| due(&dossier["id"]));
            if moved == ["2021-03-09T17:00:00+07:00", "2021-03-23T17:00:00+07:00"] {
                break;
            }
            std::thread::sleep(std::time::Duration::from_millis(100));
        }
        assert_eq!(due(&other["id"]), "2021-03-09T17:00:00+07:00");
        assert_eq!(due(&received["id"]), "2021-03-23T17:00:00+07:00");
    }
}

fn paper(name: &str) -> Value {
    json!({"name": name, "originals": 1, "copies": 0, "required": true})
}

/// Its case 01 has the procedure's own papers, 02 has others, and every limit is another.
fn with_cases() -> Value {
    let mut new = definition("1.999001");
    new["checklist"] = json!([paper("Tờ khai"), paper("Giấy chứng sinh")]);
    new["fees"] = json!([{"name": "Lệ phí", "amount_vnd": 8000}]);
    new["cases"] = json!([
        {"code": "01", "name": "Trong nước", "limit": {"unit": "working_day", "amount": 2}},
        {
            "code": "02", "name": "Có yếu tố nước ngoài", "limit": {"unit": "working_day", "amount": 10},
            "fees": [{"name": "Lệ phí", "amount_vnd": 75000}, {"name": "Phí bản sao", "amount_vnd": 5000}],
            "checklist": [paper("Hộ chiếu"), paper("Tờ khai")],
        },
    ]);
    new
}

on_both! {
    fn a_case_chooses_limit_papers_and_fees(db: &Database) {
        let mut office = Office::open(db);
        let supervisor = office.token(Role::Supervisor, COMMUNE);
        put(&office, &with_cases());
        let at = "2021-03-01T08:30:00+07:00";
        let send = |procedure: &str, case: Value, items: Value| {
            let mut body = office.new_dossier(COMMUNE, "1.999001");
            body["procedure"] = json!(procedure);
            body["case"] = case;
            body["items"] = items;
            body["at"] = entered(at);
            office.call("POST", "/api/v1/dossiers").token(&supervisor).body(body).send()
        };
        let two = json!([{"position": 0, "originals": 1}, {"position": 1, "originals": 1}]);
        for (procedure, case, field, part) in [
            ("1.999001", Value::Null, "/case", "01 Trong nước; 02 Có yếu tố nước ngoài"),
            ("1.999001", json!("07"), "/case", "không có trường hợp '07'; có: 01 Trong nước"),
            ("1.999001", json!("2.000815.01"), "/case", "không có trường hợp"),
            ("1.999001.07", Value::Null, "/procedure", "không có trường hợp '07'"),
        ] {
            let refused = send(procedure, case, two.clone()).problem(400, "invalid-request");
            assert_eq!(fields(&refused), [field]);
            let detail = refused["errors"][0]["detail"].as_str().unwrap();
            assert!(detail.contains(part), "{detail}");
        }
        // The papers are the case's: its first one is the passport.
        let one = json!([{"position": 1, "originals": 1}]);
        let missing = send("1.999001", json!("02"), one).problem(409, "refused");
        assert_eq!(missing["reason"], "missing_items");
        assert!(missing["detail"].as_str().unwrap().contains("Hộ chiếu"), "{missing}");
        let home = send("1.999001.H37.01", Value::Null, two.clone()).expect(201).json();
        assert_eq!(home["due_at"], "2021-03-03T17:00:00+07:00");
        assert_eq!(home["fees"][0]["amount_vnd"], 8000);
        assert_eq!(home["items"][1]["name"], "Giấy chứng sinh");
        let abroad = send("1.999001", json!("1.999001.02"), two.clone()).expect(201).json();
        assert_eq!(abroad["case"], json!({"code": "02", "name": "Có yếu tố nước ngoài"}));
        assert_eq!(abroad["procedure"]["code"], "1.999001");
        assert_eq!(abroad["due_at"], "2021-03-15T17:00:00+07:00");
        assert_eq!(abroad["items"][0]["name"], "Hộ chiếu");

        // What held at its receipt holds, whatever the catalogue says later.
        let mut body = office.new_dossier(COMMUNE, "1.999001");
        body["case"] = json!("02");
        body["items"] = two;
        let today = office.call("POST", "/api/v1/dossiers").token(&supervisor).body(body).send().expect(201).json();
        let mut later = definition("1.999001");
        later["valid_from"] = json!("2021-03-02");
        put(&office, &later);
        let path = format!("/api/v1/dossiers/{}", today["id"].as_str().unwrap());
        let act = |action: &str, body: Value| {
            let call = office.call("POST", format!("{path}/{action}")).token(&supervisor);
            call.header("If-Match", "*").body(body).send().expect(200).json()
        };
        act("hand-over", json!({"step": 1}));
        act("request-supplement", json!({"reason": "thiếu", "items": [0]}));
        let now = act("take-supplement", json!({"items": [{"position": 0, "originals": 1}]}));
        assert_eq!((&now["items"][0]["name"], &now["items"][0]["originals_handed_in"]), (&json!("Hộ chiếu"), &json!(2)));
        assert_eq!(now["limit"], json!({"unit": "working_day", "amount": 10}));
        let first = |moment: &Value| moment.as_str().unwrap()[..10].parse::<chrono::NaiveDate>().unwrap();
        assert!(first(&now["due_at"]) >= first(&today["due_at"]), "ten days anew");
        let collected = act("fees/collect", json!({"fees": [0, 1], "method": "cash", "receipt": "BL-1"}));
        assert_eq!(collected["fees"][1]["status"], "collected");
        let events = office.call("GET", format!("{path}/events")).token(&supervisor).send().expect(200).json();
        assert_eq!(events[0]["data"]["case"], "02");
        assert_eq!(events[0]["data"]["papers"], json!(["Hộ chiếu", "Tờ khai"]));
        let collected = events.as_array().unwrap().iter().find(|event| event["kind"] == "fees_collected").unwrap();
        assert_eq!(collected["data"]["amount_vnd"], 80_000);
        assert_eq!(motcua::tools::verify::verify(&office.world.store, 10).unwrap().findings, []);
    }
}

on_both! {
    fn a_moment_that_was_mistyped_makes_nothing_late(db: &Database) {
        let mut office = Office::open(db);
        let [clerk, supervisor] = [Role::Clerk, Role::Supervisor].map(|role| office.token(role, COMMUNE));
        let today = motcua::clock::now().date();
        let reference = office.world.store.reference().unwrap();
        let timetable = reference.timetable(reference.units().by_code(COMMUNE).unwrap().id).unwrap();
        let wrong = timetable.working_days_back(today, 3).unwrap();
        let mut body = office.new_dossier(COMMUNE, SAME_DAY);
        body["at"] = json!({"moment": wrong.format("%Y-%m-%dT08:00:00+07:00").to_string(), "late_reason": "Mất điện"});
        let dossier = office.call("POST", "/api/v1/dossiers").token(&supervisor).body(body).send().expect(201).json();
        let path = format!("/api/v1/dossiers/{}", dossier["id"].as_str().unwrap());
        let right = motcua::clock::now().to_string();
        let correct = |token: &str| {
            let call = office.call("POST", format!("{path}/correct-receipt")).token(token).header("If-Match", "*");
            call.body(json!({"reason": "Gõ nhầm ngày", "received_at": right})).send()
        };
        assert_eq!(correct(&clerk).problem(409, "refused")["reason"], "case_when_overdue");
        let now = correct(&supervisor).expect(200).json();
        assert_eq!((&now["overdue"], &now["received_at"]), (&json!(false), &json!(right)));
        let report = format!("/api/v1/reports/on-time?by=unit&unit={COMMUNE}&from={today}&to={today}");
        let report = office.call("GET", report).token(&supervisor).send().expect(200).json();
        assert_eq!((&report["total"]["received"], &report["total"]["in_progress_overdue"]), (&json!(1), &json!(0)), "{report}");
        assert_eq!(motcua::tools::verify::verify(&office.world.store, 10).unwrap().findings, []);
    }
}

on_both! {
    fn papers_of_another_case_stay_until_somebody_says_that_they_were_none(db: &Database) {
        let mut office = Office::for_browsers(db);
        let supervisor = office.token(Role::Supervisor, COMMUNE);
        put(&office, &with_cases());
        let mut body = office.new_dossier(COMMUNE, "1.999001");
        body["case"] = json!("02");
        body["items"] = json!([{"position": 0, "originals": 1}, {"position": 1, "originals": 1}]);
        let dossier = office.call("POST", "/api/v1/dossiers").token(&supervisor).body(body).send().expect(201).json();
        let path = format!("/api/v1/dossiers/{}", dossier["id"].as_str().unwrap());
        let act = |action: &str, body: Value| {
            let call = office.call("POST", format!("{path}/{action}")).token(&supervisor);
            call.header("If-Match", "*").body(body).send().expect(200).json()
        };
        act("correct-case", json!({"reason": "Chọn nhầm", "case": "01"}));
        let clerk = Visitor::hire(&office, Role::Clerk, COMMUNE);
        let number = dossier["case_number"].as_str().unwrap();
        let place = format!("/ho-so/{number}/sua-giay-to");
        // The form says what is held by the other case, and takes nothing of it away unless it is told to.
        let names = |items: &Value, count: &str| {
            let held = items.as_array().unwrap().iter().filter(|item| item[count] != 0);
            held.map(|item| item["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        let now = || office.call("GET", path.clone()).token(&supervisor).send().expect(200).json();
        let correct = |changes: &[(&str, &str)]| {
            let form = of_form(&clerk.get(&place).expect(200).body);
            let changed = |name: &str| changes.iter().any(|(known, _)| *known == name);
            let mut all: Vec<_> = form.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            all.retain(|(name, _)| !changed(name));
            all.extend(changes);
            clerk.follow(clerk.post(&place, &all)).body
        };
        let page = correct(&[("items/1/originals", "1"), ("sets", "2"), ("reason", "Thiếu")]);
        let seen = now();
        // One paper is a paper of both cases.
        assert_eq!(names(&seen["items"], "originals_handed_in"), ["Tờ khai", "Giấy chứng sinh"]);
        assert_eq!(seen["items"][0]["originals_handed_in"], 1);
        let others = seen["other_items"].as_array().unwrap();
        let others: Vec<_> = others.iter().map(|item| item["name"].as_str().unwrap()).collect();
        assert_eq!(others, ["Hộ chiếu"], "{seen}");
        assert!(!page.contains("Trước đó ghi: Giấy chứng sinh"), "{page}");
        assert!(clerk.get(&place).expect(200).body.contains("Bỏ giấy tờ không còn yêu cầu: Hộ chiếu<"));
        correct(&[("drop_others", "true"), ("reason", "Không hề nhận")]);
        let seen = now();
        assert_eq!(seen["other_items"], json!([]), "{seen}");
        assert_eq!(names(&seen["items"], "originals_handed_in"), ["Tờ khai", "Giấy chứng sinh"]);
        assert_eq!(motcua::tools::verify::verify(&office.world.store, 10).unwrap().findings, []);

        // What came online is taken in by the papers of the case that is chosen at the desk.
        let request = office.world.request(COMMUNE, "1.999001");
        let request = motcua::acts::receive::NewRequest {
            channel: motcua::domain::dossier::Channel::Online, items: Vec::new(), ..request
        };
        let registered = motcua::acts::receive::register(&office.world.store, &request, crate::support::occasion(motcua::clock::now())).unwrap();
        let place = format!("/ho-so/{}/tiep-nhan", registered.case_number);
        let first = of_form(&clerk.get(&place).expect(200).body);
        let send = |form: &[(String, String)], changes: &[(&str, &str)]| {
            let changed = |name: &str| changes.iter().any(|(known, _)| *known == name);
            let mut all: Vec<_> = form.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            all.retain(|(name, _)| !changed(name));
            all.extend(changes);
            clerk.post(&place, &all)
        };
        let asked = send(&first, &[("case", "02"), ("items/0/originals", "1")]);
        assert_eq!(asked.status, 400, "{}", asked.body);
        assert!(asked.body.contains("Hộ chiếu") && asked.body.contains("href=\"#case\""), "{}", asked.body);
        let done = send(&of_form(&asked.body), &[("items/0/originals", "1")]);
        assert_eq!(done.status, 303, "{}", done.body);
        let view = office.call("GET", format!("/api/v1/dossiers/{}", registered.id)).token(&supervisor).send().expect(200).json();
        assert_eq!((&view["case"]["code"], names(&view["items"], "originals_handed_in")), (&json!("02"), vec!["Hộ chiếu".to_owned()]));
    }
}

on_both! {
    fn papers_and_fees_of_a_case_are_seen_before_anything_is_taken(db: &Database) {
        let mut office = Office::for_browsers(db);
        let supervisor = office.token(Role::Supervisor, COMMUNE);
        let mut definition = with_cases();
        definition["received_elsewhere"] = json!(true);
        put(&office, &definition);
        let clerk = Visitor::hire(&office, Role::Clerk, COMMUNE);
        let path = "/ho-so/tiep-nhan";
        let first = clerk.get(&format!("{path}?thu-tuc=1.999001")).expect(200).body;
        assert!(first.contains("Lệ phí: 8.000 đồng"), "{first}");
        let send = |fields: &[(String, String)], changes: &[(&str, &str)], step: &str| {
            let changed = |name: &str| changes.iter().any(|(known, _)| *known == name);
            let mut all: Vec<_> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            all.retain(|(name, _)| !changed(name));
            all.extend(changes.iter().copied().filter(|(_, value)| !value.is_empty()));
            all.push(("buoc", step));
            clerk.post(path, &all)
        };
        // Ticked and counted by what was seen; the case has others, and nothing of that is taken.
        let typed = [
            ("case", "02"), ("applicant/name", "Lý Văn Dũng"), ("paid/fees", "0"), ("items/0/originals", "3"),
        ];
        let asked = send(&of_form(&first), &typed, "nhan");
        assert_eq!(asked.status, 400);
        for expected in ["khác với những gì đã hiện", "Lệ phí: 75.000 đồng", "Hộ chiếu", "value=\"Lý Văn Dũng\"", "href=\"#case\""] {
            assert!(asked.body.contains(expected), "{expected}: {}", asked.body);
        }
        let again = of_form(&asked.body);
        let of = |name: &str| again.iter().filter(|(known, _)| known == name).map(|(_, value)| value.as_str()).collect::<Vec<_>>();
        assert_eq!(of("items/0/originals"), ["1"], "as this case asks for: {again:?}");
        assert!(!asked.body.contains("name=\"paid/fees\" value=\"0\" checked"), "{}", asked.body);
        let count = || office.call("GET", "/api/v1/dossiers?list=all").token(&supervisor).send().expect(200).json()["items"].as_array().unwrap().len();
        assert_eq!(count(), 0);
        // To look at it says the same without a word of error.
        let looked = send(&of_form(&first), &typed, "xem").expect(200).body;
        assert!(looked.contains("Hộ chiếu") && !looked.contains("đã hiện"), "{looked}");
        // A moment that cannot be read is no present.
        let unread = send(&again, &[("at/moment", "hôm qua 8h")], "xem");
        assert_eq!(unread.status, 400);
        assert!(unread.body.contains("Không đọc được") && unread.body.contains("href=\"#at/moment\""), "{}", unread.body);
        // As seen now, for another unit by its name.
        let other = office.call("GET", "/api/v1/units/H37.20.02").send().expect(200).json();
        let name = other["name"].as_str().unwrap().to_owned();
        let done = send(&again, &[("paid/fees", "0"), ("competent_unit", &name)], "nhan");
        assert_eq!(done.status, 303, "{}", done.body);
        let dossier = office.call("GET", "/api/v1/dossiers?list=all").token(&supervisor).send().expect(200).json()["items"][0].clone();
        assert_eq!(dossier["unit"]["code"], "H37.20.02");
        let view = office.call("GET", format!("/api/v1/dossiers/{}", dossier["id"].as_str().unwrap())).token(&supervisor).send().expect(200).json();
        assert_eq!((&view["fees"][0]["status"], &view["paid_vnd"]), (&json!("collected"), &json!(75_000)));
        let unknown = send(&again, &[("competent_unit", "Đơn vị không có")], "nhan");
        assert!(unknown.body.contains("Đơn vị không có"), "{}", unknown.body);
        // Whoever submits online sees what each case asks for.
        let page = clerk.get(&format!("/nop-ho-so?thu_tuc=1.999001&don_vi={COMMUNE}")).expect(200).body;
        for expected in ["Trường hợp: Có yếu tố nước ngoài", "Lệ phí: 75.000 đồng", "Hộ chiếu", "10 ngày làm việc"] {
            assert!(page.contains(expected), "{expected}: {page}");
        }
    }
}

on_both! {
    fn a_case_that_was_chosen_by_mistake_is_corrected(db: &Database) {
        let mut office = Office::for_browsers(db);
        let supervisor = office.token(Role::Supervisor, COMMUNE);
        put(&office, &with_cases());
        let today = motcua::clock::now().date();
        let receive = |at: Value| {
            let mut body = office.new_dossier(COMMUNE, "1.999001");
            body["case"] = json!("01");
            body["items"] = json!([{"position": 0, "originals": 1}, {"position": 1, "originals": 1}]);
            body["at"] = at;
            body["accept"] = json!(["duplicate_dossier"]);
            office.call("POST", "/api/v1/dossiers").token(&supervisor).body(body).send().expect(201).json()
        };
        let dossier = receive(Value::Null);
        let path = |dossier: &Value| format!("/api/v1/dossiers/{}", dossier["id"].as_str().unwrap());
        let act = |dossier: &Value, action: &str, body: Value| {
            let call = office.call("POST", format!("{}/{action}", path(dossier))).token(&supervisor);
            call.header("If-Match", "*").body(body).send()
        };
        let correct = |dossier: &Value, case: &str| act(dossier, "correct-case", json!({"reason": "Chọn nhầm", "case": case}));
        assert_eq!(correct(&dossier, "01").problem(409, "refused")["reason"], "case_unchanged");
        assert_eq!(fields(&correct(&dossier, "07").problem(400, "invalid-request")), ["/case"]);
        let collect = json!({"fees": [0], "method": "cash", "receipt": "BL-1"});
        act(&dossier, "fees/collect", collect.clone()).expect(200);
        assert_eq!(correct(&dossier, "02").problem(409, "refused")["reason"], "case_fees_settled");
        let back = json!({"fees": [0], "amount_vnd": 8000, "method": "cash", "reason": "Thu nhầm", "receipt": ""});
        act(&dossier, "fees/refund", back).expect(200);

        // On the page: the clerk chooses another, and it goes by its limit, papers and fees.
        let clerk = Visitor::hire(&office, Role::Clerk, COMMUNE);
        let number = dossier["case_number"].as_str().unwrap();
        let form = clerk.get(&format!("/ho-so/{number}/sua-truong-hop")).expect(200).body;
        assert!(form.contains("Có yếu tố nước ngoài"), "{form}");
        let seen = held(&form, "version");
        let done = clerk.post(&format!("/ho-so/{number}/sua-truong-hop"), &[("version", &seen), ("case", "02"), ("reason", "Chọn nhầm")]);
        let page = clerk.follow(done).body;
        assert!(page.contains("Có yếu tố nước ngoài (02)") && page.contains("Trong nước (01)"), "{page}");
        let now = office.call("GET", path(&dossier)).token(&supervisor).send().expect(200).json();
        assert_eq!((&now["case"]["code"], &now["limit"]["amount"]), (&json!("02"), &json!(10)));
        assert_eq!(now["fees"][0]["amount_vnd"], 75_000);
        assert_eq!((&now["items"][0]["name"], &now["items"][1]["originals_handed_in"]), (&json!("Hộ chiếu"), &json!(1)));
        let reference = office.world.store.reference().unwrap();
        let timetable = reference.timetable(reference.units().by_code(COMMUNE).unwrap().id).unwrap();
        let received = now["received_at"].as_str().unwrap().replace('+', "%2B");
        let preview = format!("/api/v1/time-limit?procedure=1.999001.02&unit={COMMUNE}&received_at={received}");
        let due = office.call("GET", preview).send().expect(200).json()["due_at"].clone();
        assert_eq!(now["due_at"], due);

        // Nothing that is past due is put right so.
        let day = timetable.working_days_back(today, 3).unwrap();
        let late = receive(json!(day.format("%Y-%m-%dT08:00:00+07:00").to_string()));
        assert_eq!(correct(&late, "02").problem(409, "refused")["reason"], "case_when_overdue");
        assert_eq!(motcua::tools::verify::verify(&office.world.store, 10).unwrap().findings, []);
    }
}

on_both! {
    fn procedure_way_and_moment_of_a_receipt_are_put_right(db: &Database) {
        let mut office = Office::for_browsers(db);
        let supervisor = office.token(Role::Supervisor, COMMUNE);
        put(&office, &with_cases());
        let receive = |procedure: &str, more: Value| {
            let mut body = office.new_dossier(COMMUNE, procedure);
            body["items"] = json!([]);
            body["accept"] = json!(["duplicate_dossier"]);
            body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            office.call("POST", "/api/v1/dossiers").token(&supervisor).body(body).send().expect(201).json()
        };
        let papers = json!([{"position": 0, "originals": 1}, {"position": 1, "originals": 1}]);
        let dossier = receive("1.999001", json!({"case": "01", "items": papers}));
        let path = format!("/api/v1/dossiers/{}", dossier["id"].as_str().unwrap());
        let act = |action: &str, body: Value| {
            let call = office.call("POST", format!("{path}/{action}")).token(&supervisor);
            call.header("If-Match", "*").body(body).send()
        };
        let now = || office.call("GET", path.clone()).token(&supervisor).send().expect(200).json();
        let correct = |body: Value| {
            let mut all = json!({"reason": "Chọn nhầm"});
            all.as_object_mut().unwrap().extend(body.as_object().unwrap().clone());
            act("correct-receipt", all)
        };
        let figures = |by: &str| {
            let day = motcua::clock::now().date();
            let path = format!("/api/v1/reports/on-time?by={by}&unit={COMMUNE}&from={}&to={day}", day - chrono::Days::new(20));
            let report = office.call("GET", path).token(&supervisor).send().expect(200).json();
            let rows = report["rows"].as_array().unwrap().clone();
            let of = |row: &Value| (row["key"].as_str().unwrap().to_owned(), row["received"].as_i64().unwrap());
            rows.iter().map(of).filter(|(_, count)| *count != 0).collect::<Vec<_>>()
        };
        assert_eq!(figures("channel"), [("direct".to_owned(), 1)]);

        // What is refused says why.
        assert_eq!(correct(json!({})).problem(409, "refused")["reason"], "nothing_corrected");
        assert_eq!(correct(json!({"channel": "direct"})).problem(409, "refused")["reason"], "nothing_corrected");
        assert_eq!(fields(&correct(json!({"procedure": "9.999999"})).problem(400, "invalid-request")), ["/procedure"]);
        assert_eq!(fields(&correct(json!({"procedure": "1.999001", "case": "07"})).problem(400, "invalid-request")), ["/case"]);
        let future = json!({"received_at": "2100-01-01T08:00:00+07:00"});
        assert_eq!(correct(future).problem(409, "refused")["reason"], "in_the_future");

        // The way in which it came.
        correct(json!({"channel": "postal"})).expect(200);
        assert_eq!(now()["channel"], "postal");
        assert_eq!(figures("channel"), [("postal".to_owned(), 1)]);

        // The moment: the limit runs from there, and it counts on that day.
        let today = motcua::clock::now().date();
        let reference = office.world.store.reference().unwrap();
        let timetable = reference.timetable(reference.units().by_code(COMMUNE).unwrap().id).unwrap();
        let day = timetable.working_days_back(today, 1).unwrap();
        let moment = day.format("%Y-%m-%dT08:15:00+07:00").to_string();
        correct(json!({"received_at": moment})).expect(200);
        assert_eq!(now()["received_at"], moment);
        let preview = |procedure: &str| {
            let received = moment.replace('+', "%2B");
            let path = format!("/api/v1/time-limit?procedure={procedure}&unit={COMMUNE}&channel=postal&received_at={received}");
            office.call("GET", path).send().expect(200).json()["due_at"].clone()
        };
        assert_eq!(now()["due_at"], preview("1.999001.01"));

        // Another procedure, by the form: found by a few letters, its fees and limit hold.
        let clerk = Visitor::hire(&office, Role::Clerk, COMMUNE);
        let place = format!("/ho-so/{}/sua-tiep-nhan", dossier["case_number"].as_str().unwrap());
        let form = clerk.get(&place).expect(200).body;
        let seen = held(&form, "version");
        let wrong = clerk.post(&place, &[("version", &seen), ("procedure", "chung thuc ban sao"), ("channel", "postal"), ("reason", "Nhầm thủ tục")]);
        assert_eq!(wrong.status, 400);
        assert!(wrong.body.contains("<option value=\"2.000815\"") && wrong.body.contains("Nhầm thủ tục"), "{}", wrong.body);
        let none = clerk.post(&place, &[("version", &seen), ("procedure", "khong co that"), ("channel", "postal"), ("reason", "x")]);
        assert!(none.body.contains("Không có thủ tục nào khớp"), "{}", none.body);
        let done = clerk.post(&place, &[("version", &seen), ("procedure", "2.000815"), ("channel", "postal"), ("reason", "Nhầm thủ tục")]);
        let page = clerk.follow(done).body;
        for said in ["Sửa thủ tục, kênh, thời điểm tiếp nhận", "(2.000815)", "Chưa nhận giấy tờ bắt buộc: ", "/sua-giay-to\">sửa giấy tờ đã nhận", "Trước đó ghi thủ tục:", "Trước đó ghi kênh: ", "Trước đó ghi lúc: "] {
            assert!(page.contains(said), "{said}: {page}");
        }
        assert_eq!(now()["procedure"]["code"], "2.000815");
        assert_eq!(now()["case"], Value::Null);
        assert_eq!(now()["due_at"], preview("2.000815"));
        let keys: Vec<_> = figures("procedure").into_iter().map(|(key, _)| key).collect();
        assert_eq!(keys, ["2.000815"]);

        // What was paid is paid back first; what was handed on comes back first.
        act("fees/collect", json!({"fees": [0], "method": "cash", "receipt": "BL-1"})).expect(200);
        let back = json!({"procedure": "1.999001", "case": "01"});
        assert_eq!(correct(back.clone()).problem(409, "refused")["reason"], "case_fees_settled");
        act("hand-over", json!({"step": 1})).expect(200);
        assert_eq!(correct(back).problem(409, "refused")["reason"], "procedure_when_handed_over");
        let later = json!({"received_at": motcua::clock::now().to_string()});
        assert_eq!(correct(later).problem(409, "refused")["reason"], "bad_receipt");
        // Later than was said, but before it was handed on; and back.
        let slip = day.format("%Y-%m-%dT09:45:00+07:00").to_string();
        for received_at in [&slip, &moment] {
            correct(json!({"received_at": received_at})).expect(200);
            assert_eq!(now()["received_at"], *received_at);
        }
        assert_eq!(motcua::tools::verify::verify(&office.world.store, 10).unwrap().findings, []);
        // After a closing that was taken back it counts on several days: the way is put right from now on.
        act("finish", json!({"decision": "refused", "reason": "Thiếu"})).expect(200);
        act("undo", json!({"reason": "Nhầm"})).expect(200);
        correct(json!({"channel": "direct"})).expect(200);
        assert_eq!(figures("channel"), [("direct".to_owned(), 1)]);
        let earlier = json!({"received_at": day.format("%Y-%m-%dT08:05:00+07:00").to_string()});
        assert_eq!(correct(earlier).problem(409, "refused")["reason"], "receipt_of_others");
        assert_eq!(motcua::tools::verify::verify(&office.world.store, 10).unwrap().findings, []);
    }
}

on_both! {
    fn the_case_of_what_was_registered_is_chosen_at_receipt(db: &Database) {
        let mut office = Office::open(db);
        let supervisor = office.token(Role::Supervisor, COMMUNE);
        put(&office, &with_cases());
        let request = office.world.request(COMMUNE, "1.999001");
        let night = crate::support::occasion(crate::support::at("2021-02-28 22:00"));
        let register = || motcua::acts::receive::register(&office.world.store, &request, night).unwrap();
        let receive = |id: &str, more: Value| {
            let path = format!("/api/v1/dossiers/{id}");
            let dossier = office.call("GET", path.clone()).token(&supervisor).send().expect(200).json();
            let mut body = json!({"at": entered("2021-03-01T08:30:00+07:00")});
            body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            office.call("POST", format!("{path}/receive")).token(&supervisor).seen(&dossier).body(body).send()
        };
        let id = register().id.to_string();
        for case in [json!({}), json!({"case": "03"})] {
            let refused = receive(&id, case).problem(400, "invalid-request");
            assert_eq!(fields(&refused), ["/case"]);
        }
        // What came with the procedure's own papers is found under the case's by its key.
        let received = receive(&id, json!({"case": "02"})).expect(200).json();
        assert_eq!(received["due_at"], "2021-03-15T17:00:00+07:00");
        let items = received["items"].as_array().unwrap().iter();
        let held: Vec<_> = items.map(|item| (item["name"].as_str().unwrap(), item["originals_handed_in"].as_u64().unwrap())).collect();
        assert_eq!(held, [("Hộ chiếu", 0), ("Tờ khai", 1)]);
        assert_eq!(received["other_items"][0]["name"], "Giấy chứng sinh");

        // One that was registered in a case stays in it unless the clerk chooses another.
        let mut request = request.clone();
        request.case = Some("01".to_owned());
        let chosen = motcua::acts::receive::register(&office.world.store, &request, night).unwrap();
        let received = receive(&chosen.id.to_string(), json!({})).expect(200).json();
        assert_eq!((&received["case"]["code"], &received["due_at"]), (&json!("01"), &json!("2021-03-03T17:00:00+07:00")));
        assert_eq!(motcua::tools::verify::verify(&office.world.store, 10).unwrap().findings, []);
    }
}

on_both! {
    fn limits_differ_by_channel_and_in_marked_units(db: &Database) {
        let mut office = Office::open(db);
        let administrator = office.token(Role::Administrator, "H37");
        let supervisor = office.token(Role::Supervisor, COMMUNE);
        let mut new = definition("1.012812");
        new["committed_limit"] = json!({"unit": "working_day", "amount": 4});
        new["limits_by_channel"] = json!({"postal": {"unit": "calendar_day", "amount": 30}});
        new["extra_days_in_marked_units"] = json!(10);
        new["cases"] = json!([{"code": "01", "name": "Ngay", "limit": {"unit": "hour", "amount": 4}}]);
        put(&office, &new);
        let preview = |more: &str| {
            let path = format!("/api/v1/time-limit?procedure=1.012812&unit={COMMUNE}&received_at=2021-03-01T08:30:00%2B07:00{more}");
            office.call("GET", path).send()
        };
        let says = |more: &str| {
            let preview = preview(more).expect(200).json();
            let text = |name: &str| preview[name].as_str().unwrap().to_owned();
            (preview["limit"]["amount"].as_f64().unwrap(), text("limit_from"), preview["extra_days"].as_u64().unwrap(), text("due_at")[..10].to_owned())
        };
        let expect = |amount: f64, from: &str, extra: u64, due: &str| (amount, from.to_owned(), extra, due.to_owned());
        assert_eq!(fields(&preview("").problem(400, "invalid-request")), ["case"]);
        new["valid_from"] = json!("2020-06-01");
        new["cases"] = json!([{"code": "01", "name": "Có hai bản"}]);
        put(&office, &new);
        assert_eq!(says(""), expect(4.0, "committed", 0, "2021-03-05"));
        assert_eq!(says("&case=01&channel=online"), expect(4.0, "committed", 0, "2021-03-05"));
        assert_eq!(says("&channel=postal"), expect(30.0, "channel", 0, "2021-03-31"));
        let before = receive_by(&office, &supervisor, "postal");
        assert_eq!(before["due_at"], "2021-03-31T17:00:00+07:00");

        let path = format!("/api/v1/units/{COMMUNE}");
        let unit = office.call("GET", path.clone()).send().expect(200);
        assert_eq!(unit.json()["mountain"], false);
        let tag = unit.header("etag").to_owned();
        let marked = office.call("PATCH", path).token(&administrator).header("If-Match", &tag).body(json!({"mountain": true})).send();
        assert_eq!(marked.expect(200).json()["mountain"], true);
        assert_eq!(says(""), expect(14.0, "committed", 10, "2021-03-19"));
        assert_eq!(says("&channel=postal"), expect(40.0, "channel", 10, "2021-04-12"));
        let after = receive_by(&office, &supervisor, "postal");
        assert_eq!(after["due_at"], "2021-04-12T17:00:00+07:00");
        assert_eq!(after["limit"], json!({"unit": "calendar_day", "amount": 40}));
        let path = format!("/api/v1/dossiers/{}", before["id"].as_str().unwrap());
        let kept = office.call("GET", path).token(&supervisor).send().expect(200).json();
        assert_eq!(kept["due_at"], before["due_at"], "what was received keeps its limit");

        // There are no days to add to.
        let mut wrong = definition("1.999009");
        wrong["statutory_limit"] = json!({"unit": "same_day"});
        wrong["extra_days_in_marked_units"] = json!(10);
        wrong["limits_by_channel"] = json!({"online": {"unit": "hour", "amount": 0}});
        wrong["cases"] = json!([{"code": "1", "name": " "}, {"code": "02", "name": "x"}, {"code": "02", "name": "y"}]);
        let bytes = serde_json::to_vec(&json!([wrong])).unwrap();
        let error = motcua::imports::procedures(&office.world.store, &bytes).unwrap_err().to_string();
        for place in ["/extra_days_in_marked_units", "/limits_by_channel/online", "/cases/0/code", "/cases/0/name", "/cases/2/code"] {
            assert!(error.contains(place), "{place}: {error}");
        }
    }
}

fn receive_by(office: &Office, supervisor: &str, channel: &str) -> Value {
    let mut body = office.new_dossier(COMMUNE, "1.012812");
    body["channel"] = json!(channel);
    body["at"] = entered("2021-03-01T08:30:00+07:00");
    office
        .call("POST", "/api/v1/dossiers")
        .token(supervisor)
        .body(body)
        .send()
        .expect(201)
        .json()
}

on_both! {
    fn a_file_of_units_marks_them_if_it_has_that_column(db: &Database) {
        let world = crate::support::World::new(db.store());
        let options = motcua::imports::UnitsOptions { valid_from: crate::support::date("2018-01-01"), replaces: vec![] };
        let import = |mark: &str, cell: &str| {
            let reference = world.store.reference().unwrap();
            let name = reference.units().by_code(COMMUNE).unwrap().name.clone();
            let file = format!("code,level,kind,name,parent_code,statistical_code{mark}\n{COMMUNE},commune,people_committee,{name},H37.20,{cell}\n");
            motcua::imports::units(&world.store, file.as_bytes(), &options)
        };
        let marked = || world.store.reference().unwrap().units().by_code(COMMUNE).unwrap().mountain;
        import(",mountain", "05971,yes").unwrap();
        assert!(marked());
        import("", "05971").unwrap();
        import(",mountain", "05971,").unwrap();
        assert!(marked(), "what says nothing changes nothing");
        // Where its desk is and how it is called, which an empty cell keeps.
        let desk = || {
            let unit = world.store.reference().unwrap().units().by_code(COMMUNE).unwrap().clone();
            (unit.address.clone(), unit.phone.clone())
        };
        import(",address,phone", "05971,\"Thôn Khòn Cải, đường 1B\",\"0205 3812 345, 1022\"").unwrap();
        let known = (Some("Thôn Khòn Cải, đường 1B".to_owned()), Some("0205 3812 345, 1022".to_owned()));
        assert_eq!(desk(), known);
        import(",address,phone", "05971,,").unwrap();
        assert_eq!(desk(), known);
        let wrong = import(",address,phone", "05971,,hỏi bảo vệ").unwrap_err().to_string();
        assert!(wrong.contains("phone") && wrong.contains("hỏi bảo vệ"), "{wrong}");
        assert!(import(",mountain", "05971,perhaps").unwrap_err().to_string().contains("mountain"));
        import(",mountain", "05971,no").unwrap();
        assert!(!marked());
    }
}

on_both! {
    fn what_the_province_sets_is_neither_nought_nor_free(db: &Database) {
        let mut office = Office::open(db);
        let supervisor = office.token(Role::Supervisor, COMMUNE);
        let mut new = definition("1.999001");
        new["fees"] = json!([
            {"name": "Phí thẩm định", "amount_vnd": null, "note": "HĐND tỉnh quy định"},
            {"name": "Lệ phí", "amount_vnd": 20000, "channel": "direct"},
            {"name": "Lệ phí", "amount_vnd": 10000, "channel": "online"},
            {"name": "Phụ thu", "amount_vnd": 7000, "valid_to": "2021-02-28"},
            {"name": "Phụ thu", "amount_vnd": 9000, "valid_from": "2021-03-01"},
        ]);
        put(&office, &new);
        let list = office.call("GET", "/api/v1/procedures?q=1.999001&on=2021-03-01").send().expect(200).json();
        assert_eq!(list[0]["fees_vnd"], Value::Null, "{list}");
        let receive = |channel: &str| {
            let mut body = office.new_dossier(COMMUNE, "1.999001");
            body["channel"] = json!(channel);
            body["at"] = entered("2021-03-01T08:30:00+07:00");
            office.call("POST", "/api/v1/dossiers").token(&supervisor).body(body).send().expect(201).json()
        };
        let fees_of = |dossier: &Value| -> Vec<(u64, Option<u64>, String)> {
            let fees = dossier["fees"].as_array().unwrap().iter();
            fees.map(|fee| (fee["position"].as_u64().unwrap(), fee["amount_vnd"].as_u64(), fee["status"].as_str().unwrap().to_owned())).collect()
        };
        let dossier = receive("direct");
        let owed = |position, amount| (position, Some(amount), "owed".to_owned());
        assert_eq!(fees_of(&dossier), [(0, None, "unknown".to_owned()), owed(1, 20_000), owed(4, 9000)]);
        assert_eq!(fees_of(&receive("online"))[1], owed(2, 10_000));

        let path = format!("/api/v1/dossiers/{}", dossier["id"].as_str().unwrap());
        let act = |action: &str, body: Value| {
            office.call("POST", format!("{path}/{action}")).token(&supervisor).header("If-Match", "*").body(body).send()
        };
        act("hand-over", json!({"step": 1})).expect(200);
        let reason = |refused: Value| refused["reason"].as_str().unwrap().to_owned();
        for (fees, amount, why) in [
            (json!([0]), Value::Null, "fee_amount_unknown"),
            (json!([0, 1]), json!(20_000), "fee_amount_unknown"),
            (json!([2]), Value::Null, "fee_of_others"),
            (json!([3]), Value::Null, "fee_of_others"),
        ] {
            let ask = json!({"fees": fees, "amount_vnd": amount, "reason": "thu phí"});
            assert_eq!(reason(act("request-payment", ask).problem(409, "refused")), why, "{fees}");
            let collect = json!({"fees": fees, "amount_vnd": amount, "method": "cash"});
            assert_eq!(reason(act("fees/collect", collect).problem(409, "refused")), why, "{fees}");
        }
        let other = json!({"fees": [1], "amount_vnd": 15_000, "method": "cash"});
        act("fees/collect", other).problem(422, "amount-mismatch");
        let asked = act("request-payment", json!({"fees": [0, 1], "amount_vnd": 520_000, "reason": "theo nghị quyết của HĐND"}));
        assert_eq!(asked.expect(200).json()["payment_requested_vnd"], 520_000);
        // How much of it the waived one would be, nobody knows.
        let waive = act("fees/waive", json!({"fee": 0, "reason": "hộ nghèo"})).problem(409, "refused");
        assert_eq!(reason(waive), "fee_amount_unknown");
        let less = act("fees/waive", json!({"fee": 1, "reason": "hộ nghèo"})).expect(200).json();
        assert_eq!(less["payment_requested_vnd"], 500_000);
        let paid = act("take-payment", json!({"amount_vnd": 500_000, "receipt": "BL-1"})).expect(200).json();
        assert_eq!(paid["status"], "in_progress");
        assert_eq!((&paid["fees"][0]["status"], &paid["fees"][1]["status"]), (&json!("collected"), &json!("waived")));
        act("fees/collect", json!({"fees": [4], "method": "cash"})).expect(200);

        // An amount has to be said, if only that it is not known.
        let mut silent = definition("1.999009");
        silent["fees"] = json!([{"name": "Phí"}]);
        let bytes = serde_json::to_vec(&json!([silent])).unwrap();
        let error = motcua::imports::procedures(&office.world.store, &bytes).unwrap_err().to_string();
        assert!(error.contains("/fees/0/amount_vnd"), "{error}");
        assert_eq!(motcua::tools::verify::verify(&office.world.store, 10).unwrap().findings, []);
    }
}

on_both! {
    fn a_version_can_be_put_right_or_taken_back_until_it_holds(db: &Database) {
        let mut office = Office::open(db);
        let admin = office.token(Role::Administrator, "H37");
        let clerk = office.token(Role::Clerk, COMMUNE);
        let path = "/api/v1/procedures/1.000001";
        let today = motcua::clock::now().date();
        let day = |days: i64| (today + chrono::Duration::days(days)).to_string();
        let version = |from: &str, amount: u32| {
            let mut version = definition("1.000001");
            version["valid_from"] = json!(from);
            version["statutory_limit"]["amount"] = json!(amount);
            version
        };
        let put = |body: &Value, query: &str| {
            office.call("PUT", format!("{path}{query}")).token(&admin).body(body.clone()).send()
        };
        let withdraw = |from: &str| office.call("DELETE", format!("{path}/versions/{from}")).token(&admin).send();
        let versions = || -> Vec<(String, i64, Option<String>)> {
            let shown = office.call("GET", path).send().expect(200).json();
            let all = shown.as_array().unwrap().iter();
            all.map(|v| (
                v["valid_from"].as_str().unwrap().to_owned(),
                v["statutory_limit"]["amount"].as_i64().unwrap(),
                v["valid_to"].as_str().map(str::to_owned),
            )).collect()
        };
        let version_of = |from: &str, amount: i64, to: Option<&str>| (from.to_owned(), amount, to.map(str::to_owned));
        // One that says itself when it ends, after the next begins.
        let mut first = version("2020-01-01", 5);
        first["valid_to"] = json!(day(100));
        put(&first, "").expect(201);
        put(&version(&day(7), 50), "").expect(201);
        // The one in force is named first, not the one of next week.
        let expected = [version_of("2020-01-01", 5, Some(&day(6))), version_of(&day(7), 50, None)];
        assert_eq!(versions(), expected);

        // A wrong figure is put right, the same again changes nothing, and dossiers of today know nothing of it.
        put(&version(&day(7), 4), "").expect(200);
        put(&version(&day(7), 4), "").expect(200);
        assert_eq!(versions()[1], version_of(&day(7), 4, None));
        let mut moved = version(&day(7), 4);
        moved["field"] = json!("Lĩnh vực khác");
        put(&moved, "").expect(200);
        let reference = office.world.store.reference().unwrap();
        let of_next_week = reference.procedure_in_force("1.000001", today + chrono::Duration::days(7)).unwrap();
        assert_eq!(reference.field_name(of_next_week.field_id), "Lĩnh vực khác");
        let mut body = office.new_dossier(COMMUNE, "1.000001");
        body["items"] = json!([]);
        let received = office.call("POST", "/api/v1/dossiers").token(&clerk).body(body).send().expect(201).json();
        // What holds is not changed.
        let refused = put(&version("2020-01-01", 9), "").problem(400, "invalid-request");
        assert_eq!(fields(&refused), ["/valid_from"]);

        // Taken back: the one before goes on until the day that it said itself.
        put(&version(&day(14), 3), "").expect(201);
        withdraw(&day(7)).expect(204);
        let expected = [version_of("2020-01-01", 5, Some(&day(13))), version_of(&day(14), 3, None)];
        assert_eq!(versions(), expected);
        withdraw(&day(14)).expect(204);
        assert_eq!(versions(), [version_of("2020-01-01", 5, Some(&day(100)))]);
        withdraw(&day(14)).problem(404, "not-found");
        withdraw("hom-nay").problem(404, "not-found");
        let refused = withdraw("2020-01-01").problem(409, "refused");
        assert_eq!(refused["reason"], "version_in_force");
        let supervisor = office.token(Role::Supervisor, "H37");
        let others = office.call("DELETE", format!("{path}/versions/2020-01-01")).token(&supervisor).send();
        others.problem(403, "forbidden");
        let near = office.token(Role::Administrator, COMMUNE);
        let others = office.call("DELETE", format!("{path}/versions/2020-01-01")).token(&near).send();
        others.problem(403, "forbidden");

        // From a day that is past: only with a reason, which goes on record.
        let office = office;
        let put = |body: &Value, query: &str| {
            office.call("PUT", format!("{path}{query}")).token(&admin).body(body.clone()).send()
        };
        let back = version("2021-01-01", 6);
        for query in ["", "?backdating_reason=", "?backdating_reason=%20"] {
            let refused = put(&back, query).expect(400).json();
            let named = fields(&refused);
            assert!(["/valid_from", "backdating_reason"].contains(&named[0].as_str()), "{refused}");
        }
        put(&back, "?backdating_reason=C%C3%B4ng%20b%E1%BB%91%20mu%E1%BB%99n").expect(201);
        // Today is not past, and what nobody had before takes nobody's place.
        put(&version(&day(0), 7), "").expect(201);
        let mut other = definition("1.000002");
        other["valid_from"] = json!("2019-01-01");
        let new = office.call("PUT", "/api/v1/procedures/1.000002").token(&admin).body(other).send();
        new.expect(201);
        let acts = db.value("select count(*) from admin_acts where data like '%Công bố muộn%'");
        assert_eq!(acts, "1");
        let acts = db.value("select count(*) from admin_acts where kind = 'procedure_withdrawn'");
        assert_eq!(acts, "2");
        // The dossier keeps the version that it came under.
        let address = format!("/api/v1/dossiers/{}", received["case_number"].as_str().unwrap());
        let shown = office.call("GET", address).token(&clerk).send().expect(200).json();
        assert_eq!(shown["due_at"], received["due_at"]);
        assert_eq!(motcua::tools::verify::verify(&office.world.store, 5).unwrap().findings, []);
    }
}

on_both! {
    fn the_command_line_asks_before_it_dates_a_version_back(db: &Database) {
        let world = crate::support::World::new(db.store());
        let program = crate::support::Program::on(db);
        let file = db.folder().join("thu-tuc.json");
        let path = file.to_str().unwrap();
        let mut version = definition("1.000001");
        let write = |version: &Value| std::fs::write(&file, json!([version]).to_string()).unwrap();
        write(&version);
        // Whole catalogues of years past come in as before.
        program.output(&["import", "procedures", path]);
        version["valid_from"] = json!("2021-01-01");
        version["statutory_limit"]["amount"] = json!(6);
        write(&version);
        let refused = program.failure(&["import", "procedures", path]);
        assert!(refused.contains("/valid_from của 1.000001") && refused.contains("lý do ghi lùi"), "{refused}");
        let blank = program.failure(&["import", "procedures", path, "--backdating-reason", " "]);
        assert!(blank.contains("lý do ghi lùi"), "{blank}");
        let added = program.output(&["import", "procedures", path, "--backdating-reason", "Công bố muộn"]);
        assert!(added.contains("thêm 1, sửa 1"), "{added}");
        let again = program.output(&["import", "procedures", path]);
        assert!(again.contains("thêm 0, sửa 0"), "{again}");
        // Not yet in force: the file puts it right.
        let next = (motcua::clock::now().date() + chrono::Duration::days(7)).to_string();
        version["valid_from"] = json!(next);
        for (amount, told) in [(7, "thêm 1, sửa 1"), (8, "thêm 0, sửa 1"), (8, "thêm 0, sửa 0")] {
            version["statutory_limit"]["amount"] = json!(amount);
            write(&version);
            let output = program.output(&["import", "procedures", path]);
            assert!(output.contains(told), "{output}");
        }
        assert_eq!(motcua::tools::verify::verify(&world.store, 5).unwrap().findings, []);
    }
}
