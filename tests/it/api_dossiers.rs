//! Dossiers over HTTP: taking in once, moving on, reading; fees and payments; the calendar.

use serde_json::{Value, json};

use crate::support::{
    COMMUNE, Database, FOREIGN, Kind, Office, Program, SAME_DAY, at, fields, on_both,
};
use motcua::domain::role::Role;

/// A procedure of communes with a long limit and a fee.
fn with_fee(office: &Office) -> String {
    let reference = office.world.store.reference().unwrap();
    let commune = motcua::domain::unit::Level::Commune;
    let found = reference.procedures().into_iter().find(|procedure| {
        let definition = &procedure.definition;
        definition.levels.contains(&commune)
            && definition
                .fees
                .iter()
                .any(|fee| fee.known_amount().is_some())
    });
    found
        .expect("the catalogue has fees")
        .definition
        .code
        .clone()
}

on_both! {
    fn a_dossier_goes_from_receipt_to_the_applicants_hands(db: &Database) {
        let mut office = Office::open(db);
        let clerk = office.token(Role::Clerk, COMMUNE);
        let officer = office.token(Role::Officer, COMMUNE);
        let supervisor = office.token(Role::Supervisor, COMMUNE);
        let mut body = office.new_dossier(COMMUNE, SAME_DAY);
        body["assignee"] = json!("h37.20.01.officer");
        body["delegate"] = json!({"name": "Lý Văn Dũng", "phone": "+84 912.345.679"});
        let received = office.call("POST", "/api/v1/dossiers").token(&clerk).body(body).send().expect(201);
        let mut dossier = received.json();
        assert_eq!(received.header("etag"), "\"1\"");
        assert_eq!(dossier["status"], "received");
        assert_eq!(dossier["delegate"]["phone"], "0912345679");
        assert_eq!(dossier["applicant"]["identity_masked"], "*********123");
        assert!(!received.body.contains("020185000123"));
        let path = format!("/api/v1/dossiers/{}", dossier["case_number"].as_str().unwrap());
        let act = |token: &str, dossier: &Value, action: &str, body: Value| {
            office.call("POST", format!("{path}/{action}")).token(token).seen(dossier).body(body).send()
        };
        let step = json!({"step": 1, "assignee": "h37.20.01.officer", "note": "kiểm tra"});
        dossier = act(&clerk, &dossier, "hand-over", step).expect(200).json();
        assert_eq!((&dossier["status"], &dossier["assignee"]["username"]), (&json!("in_progress"), &json!("h37.20.01.officer")));
        let items = json!({"reason": "thiếu bản chính", "items": [0]});
        dossier = act(&officer, &dossier, "request-supplement", items).expect(200).json();
        assert_eq!(dossier["paused"], true);
        // What the status forbids is refused with what whoever asked may do: papers are taken by the clerk.
        let refused = act(&officer, &dossier, "finish", json!({"decision": "approved"})).problem(409, "refused");
        assert_eq!(refused["reason"], "not_allowed");
        assert!(refused["allowed"] == json!(["assign", "undo", "correct-applicant", "correct-papers", "correct-delegate"]), "{refused}");
        let papers = json!({"items": [{"position": 0, "originals": 2}]});
        dossier = act(&clerk, &dossier, "take-supplement", papers).expect(200).json();
        assert_eq!(dossier["items"][0]["originals_handed_in"], 3);
        dossier = act(&officer, &dossier, "request-payment", json!({"amount_vnd": 150_000, "reason": "thuế"})).expect(200).json();
        assert_eq!(dossier["payment_requested_vnd"], 150_000);
        let paid = json!({"amount_vnd": 150_000, "receipt": "BL-1"});
        dossier = act(&clerk, &dossier, "take-payment", paid).expect(200).json();
        let right = json!({"reason": "sai tên", "applicant": {"name": "Nguyễn Thị Ánh Nguyệt"}});
        dossier = act(&clerk, &dossier, "correct-applicant", right).expect(200).json();
        assert_eq!(dossier["applicant"]["name"], "Nguyễn Thị Ánh Nguyệt");
        dossier = act(&officer, &dossier, "hand-over", json!({"step": 2})).expect(200).json();
        dossier = act(&supervisor, &dossier, "finish", json!({"decision": "approved"})).expect(200).json();
        assert_eq!((&dossier["status"], &dossier["status_code"]), (&json!("done"), &json!(9)));
        // By post it goes to an address.
        let nowhere = act(&clerk, &dossier, "return", json!({"channel": "postal"}));
        assert_eq!(fields(&nowhere.problem(400, "invalid-request")), ["/channel"]);
        dossier = act(&clerk, &dossier, "return", json!({"channel": "online"})).expect(200).json();
        dossier = act(&officer, &dossier, "undo", json!({"reason": "nhầm hồ sơ"})).expect(200).json();
        dossier = act(&clerk, &dossier, "return", json!({})).expect(200).json();
        assert_eq!(dossier["status"], "returned");

        let events = office.call("GET", format!("{path}/events")).token(&officer).send().expect(200).json();
        let kinds: Vec<_> = events.as_array().unwrap().iter().map(|e| e["kind"].as_str().unwrap()).collect();
        assert_eq!(kinds, [
            "received", "handed_over", "supplement_requested", "supplement_taken",
            "payment_requested", "payment_taken", "applicant_corrected", "handed_over", "finished",
            "result_returned", "undone", "result_returned",
        ]);
        assert_eq!(events[1]["data"]["assignee"], "h37.20.01.officer");
        assert_eq!(events[1]["staff"]["username"], "h37.20.01.clerk");
        // By its id as well, and as the public sees it.
        let id = dossier["id"].as_str().unwrap();
        let by_id = office.call("GET", format!("/api/v1/dossiers/{id}")).token(&clerk).send().expect(200);
        assert_eq!(by_id.json(), dossier);
        let look_up = format!(
            "/api/v1/lookup?case_number={}&code={}",
            dossier["case_number"].as_str().unwrap(), dossier["look_up_code"].as_str().unwrap()
        );
        let public = office.call("GET", look_up).send().expect(200).json();
        assert_eq!(public["applicant"], "Nguyễn T. Á. N.");
        assert_eq!(motcua::tools::verify::verify(&office.world.store, 10).unwrap().findings, []);
    }
}

on_both! {
    fn nothing_is_made_twice_nor_changed_unseen(db: &Database) {
        let mut office = Office::open(db);
        let clerk = office.token(Role::Clerk, COMMUNE);
        let body = office.new_dossier(COMMUNE, SAME_DAY);
        let receive = |key: &str, body: &Value| {
            office.call("POST", "/api/v1/dossiers").token(&clerk)
                .header("Idempotency-Key", key).body(body.clone()).send()
        };
        // Ten at once under one key: one dossier.
        let made: Vec<_> = std::thread::scope(|scope| {
            let calls: Vec<_> = (0..10).map(|_| scope.spawn(|| receive("same-key-1", &body))).collect();
            calls.into_iter().map(|call| call.join().unwrap().expect(201)).collect()
        });
        let replayed = made.iter().filter(|answer| answer.header("idempotency-replayed") == "true");
        assert_eq!(replayed.count(), 9);
        let numbers: std::collections::HashSet<_> =
            made.iter().map(|answer| answer.json()["case_number"].to_string()).collect();
        assert_eq!(numbers.len(), 1);
        let mut other = body.clone();
        other["sets"] = json!(2);
        receive("same-key-1", &other).problem(422, "key-reused");
        receive("bad key", &body).problem(400, "invalid-request");
        let second = receive("same-key-2", &body).expect(201).json();
        assert!(!numbers.contains(&second["case_number"].to_string()));

        let path = format!("/api/v1/dossiers/{}/hand-over", second["id"].as_str().unwrap());
        let hand_over = || office.call("POST", path.clone()).token(&clerk).body(json!({"step": 1}));
        hand_over().send().problem(428, "precondition-required");
        let moved = hand_over().seen(&second).send().expect(200);
        let stale = hand_over().seen(&second).send();
        let problem = stale.problem(412, "changed");
        assert_eq!(problem["current"], moved.json());
        assert_eq!(stale.header("etag"), moved.header("etag"));
        hand_over().header("If-Match", "W/\"1\"").send().problem(412, "changed");
        let bare = hand_over().header("If-Match", "1").send().problem(400, "invalid-request");
        assert_eq!(bare["errors"][0]["field"], "If-Match");
        let any = json!({"reason": "công dân xin rút"});
        let path = path.replace("hand-over", "withdraw");
        let call = office.call("POST", path).token(&clerk).header("If-Match", "*").body(any);
        assert_eq!(call.send().expect(200).json()["status"], "withdrawn");
    }
}

on_both! {
    fn a_batch_has_a_result_for_each(db: &Database) {
        let mut office = Office::open(db);
        let clerk = office.token(Role::Clerk, COMMUNE);
        let good = office.new_dossier(COMMUNE, SAME_DAY);
        let with = |field: &str, value: Value| {
            let mut body = good.clone();
            body[field] = value;
            body
        };
        let all = json!({"dossiers": [
            good, with("items", json!([])), with("procedure", json!("9.999999")),
            with("applicant", json!({"name": "", "phone": "1"})),
            with("assignee", json!("nobody")), good,
        ]});
        let send = |body: &Value| {
            office.call("POST", "/api/v1/dossiers/batch").token(&clerk)
                .header("Idempotency-Key", "batch-key-1").body(body.clone()).send()
        };
        let answer = send(&all).expect(200).json();
        assert_eq!(answer["received"], 2);
        let results = answer["results"].as_array().unwrap();
        let outcomes: Vec<_> = results.iter().map(|r| r["outcome"].as_str().unwrap()).collect();
        assert_eq!(outcomes, ["received", "refused", "invalid", "invalid", "invalid", "received"]);
        assert_eq!(results[1]["reason"], "missing_items");
        assert_eq!(fields(&results[2]), ["/dossiers/2/procedure"]);
        assert_eq!(fields(&results[3]), ["/dossiers/3/applicant/name", "/dossiers/3/applicant/phone"]);
        // The refused one has used no number up.
        let numbers = [&results[0], &results[5]].map(|r| r["case_number"].as_str().unwrap()[17..].to_owned());
        assert_eq!(numbers, ["0001", "0002"]);
        assert_eq!(send(&all).expect(200).json(), answer);
        // Five hundred are taken, one more is not.
        let many = |n: usize| json!({"dossiers": vec![good.clone(); n]});
        let call = |body| office.call("POST", "/api/v1/dossiers/batch").token(&clerk).body(body).send();
        assert_eq!(call(many(500)).expect(200).json()["received"], 500);
        assert_eq!(fields(&call(many(501)).problem(400, "invalid-request")), ["/dossiers"]);
        assert_eq!(motcua::tools::verify::verify(&office.world.store, 10).unwrap().findings, []);
    }
}

on_both! {
    fn one_row_of_a_batch_that_is_wrong_in_any_way_refuses_that_row(db: &Database) {
        let mut office = Office::open(db);
        let clerk = office.token(Role::Clerk, COMMUNE);
        let good = office.new_dossier(COMMUNE, SAME_DAY).to_string();
        let with = |from: &str, to: &str| {
            assert!(good.contains(from), "{from} in {good}");
            good.replacen(from, to, 1)
        };
        // A name of its type, a list for a number, another name twice, no object at all, a letter that nobody keeps.
        let rows = [
            good.clone(),
            with("\"unit\":", "\"colour\":1,\"unit\":"),
            with("\"originals\":1", "\"originals\":[\"hai\"]"),
            with("\"unit\":", "\"sets\":1,\"sets\":2,\"unit\":"),
            "7".to_owned(),
            "null".to_owned(),
            with("Ánh", "\\u0000"),
            with("\"unit\":", "\"at\":\"31/12/2021\",\"channel\":\"pigeon\",\"sets\":70000,\"unit\":"),
            with("Nguyễn Thị Ánh\"", "\""),
            good.clone(),
        ];
        let body = format!("{{\"dossiers\":[{}]}}", rows.join(","));
        let send = |body: &str| {
            let call = office.call("POST", "/api/v1/dossiers/batch").token(&clerk);
            call.header("Content-Type", "application/json").raw(body.as_bytes()).send()
        };
        let answer = send(&body).expect(200).json();
        assert_eq!(answer["received"], 2, "{answer}");
        let results = answer["results"].as_array().unwrap();
        let places: Vec<_> = results.iter().map(fields).collect();
        let name = |row: usize, rest: &str| format!("/dossiers/{row}{rest}");
        assert_eq!(places[1], [name(1, "/colour")]);
        assert_eq!(places[2], [name(2, "/items/0/originals")]);
        assert_eq!(places[3..=5], [[name(3, "")], [name(4, "")], [name(5, "")]]);
        assert_eq!(places[6], [name(6, "/applicant/name")]);
        let mut several = places[7].clone();
        several.sort();
        assert_eq!(several, [name(7, "/at"), name(7, "/channel"), name(7, "/sets")]);
        assert_eq!(places[8], [name(8, "/applicant/name")]);
        assert!(answer.to_string().contains("có trường lặp lại"), "{answer}");
        // What is wrong with the whole is the whole's.
        let extra = send(&body.replacen('{', "{\"extra\":1,", 1)).problem(400, "invalid-request");
        assert_eq!(fields(&extra), ["/extra"]);
        assert_eq!(fields(&send("{\"dossiers\":{}}").problem(400, "invalid-request")), ["/dossiers"]);
        send("{\"dossiers\":[").problem(400, "invalid-json");
    }
}

on_both! {
    fn a_batch_sent_again_tells_what_it_told_before(db: &Database) {
        let mut office = Office::open(db);
        let clerk = office.token(Role::Clerk, COMMUNE);
        let good = office.new_dossier(COMMUNE, SAME_DAY);
        let mut given = good.clone();
        given["assignee"] = json!("h37.20.01.officer");
        let all = json!({"dossiers": [given, good, good]});
        let send = || {
            office.call("POST", "/api/v1/dossiers/batch").token(&clerk)
                .header("Idempotency-Key", "batch-key-2").body(all.clone()).send()
        };
        let first = send().expect(200).json();
        assert_eq!((&first["received"], &first["results"][0]["outcome"]), (&json!(2), &json!("invalid")));
        // The account that was missing is made meanwhile.
        crate::support::hire(&office.world, Role::Officer, COMMUNE);
        assert_eq!(send().expect(200).json(), first);
    }
}

on_both! {
    fn a_dossier_is_given_only_to_who_can_see_and_handle_it(db: &Database) {
        let mut office = Office::open(db);
        let clerk = office.token(Role::Clerk, COMMUNE);
        for (role, unit, ok) in [
            (Role::Officer, COMMUNE, true),
            (Role::Officer, "H37.20", true),
            (Role::Officer, FOREIGN, false),
            (Role::Administrator, COMMUNE, false),
        ] {
            let username = crate::support::hire(&office.world, role, unit);
            let mut body = office.new_dossier(COMMUNE, SAME_DAY);
            body["assignee"] = json!(username);
            let answer = office.call("POST", "/api/v1/dossiers").token(&clerk).body(body).send();
            match ok {
                true => drop(answer.expect(201)),
                false => assert_eq!(fields(&answer.problem(400, "invalid-request")), ["/assignee"]),
            }
        }
        let dossier = office.receive(COMMUNE, SAME_DAY);
        let path = format!("/api/v1/dossiers/{}/hand-over", dossier["id"].as_str().unwrap());
        let step = json!({"step": 1, "assignee": "h37.21.01.officer"});
        let call = office.call("POST", path).token(&clerk).seen(&dossier).body(step);
        assert_eq!(fields(&call.send().problem(400, "invalid-request")), ["/assignee"]);
    }
}

on_both! {
    fn fees_are_collected_waived_or_paid_from_elsewhere(db: &Database) {
        let secret = "một khóa chung đủ dài cho cổng thanh toán";
        let program = Program::on(db)
            .with("MOTCUA__PAYMENTS__BANK", "970405")
            .with("MOTCUA__PAYMENTS__ACCOUNT", "0008400205123")
            .with("MOTCUA__PAYMENTS__GATEWAY_SECRET", secret);
        let mut office = Office::open_with(db, program);
        let clerk = office.token(Role::Clerk, COMMUNE);
        let procedure = with_fee(&office);
        let [first, second, third] = [(); 3].map(|()| office.receive(COMMUNE, &procedure));
        let fee = first["fees"].as_array().unwrap().iter().find(|fee| fee["status"] == "owed").unwrap();
        let (position, amount) = (&fee["position"], fee["amount_vnd"].as_u64().unwrap());
        let act = |dossier: &Value, action: &str, body: Value| {
            let path = format!("/api/v1/dossiers/{}/fees/{action}", dossier["id"].as_str().unwrap());
            office.call("POST", path).token(&clerk).seen(dossier).body(body).send()
        };
        let cash = json!({"fees": [position], "method": "cash", "receipt": "BL-7"});
        let paid = act(&first, "collect", cash.clone()).expect(200).json();
        assert_eq!(paid["fees"][0]["status"], "collected");
        assert_eq!(paid["fees"][0]["receipt"], "BL-7");
        let twice = act(&paid, "collect", cash).problem(409, "refused");
        assert_eq!(twice["reason"], "fee_settled");
        let unknown = act(&paid, "collect", json!({"fees": [99], "method": "cash"})).problem(409, "refused");
        assert_eq!(unknown["reason"], "unknown_fee");
        let waived = act(&second, "waive", json!({"fee": position, "reason": "hộ nghèo"})).expect(200).json();
        assert_eq!(waived["fees"][0]["status"], "waived");
        assert_eq!(act(&waived, "waive", json!({"fee": position, "reason": ""})).problem(409, "refused")["reason"], "fee_settled");

        let code_of = |dossier: &Value| {
            let path = format!("/api/v1/dossiers/{}/fees/transfer-code", dossier["id"].as_str().unwrap());
            office.call("GET", path).token(&clerk).send()
        };
        let owed: u64 = third["fees"].as_array().unwrap().iter().map(|fee| fee["amount_vnd"].as_u64().unwrap()).sum();
        assert!(owed >= amount);
        let code = code_of(&third).expect(200).json();
        assert_eq!(code["amount_vnd"], owed);
        assert_eq!(code["account"], "0008400205123");
        assert_eq!(code["purpose"], third["case_number"]);
        assert!(code["text"].as_str().unwrap().contains("0008400205123"));
        assert!(code["svg"].as_str().unwrap().contains("<svg"));
        code_of(&waived).problem(409, "refused");

        let pay = |transaction: &str, amount: u64, key: &str| {
            let number = &third["case_number"];
            let body = json!({"transaction": transaction, "case_number": number, "amount_vnd": amount});
            let body = body.to_string();
            office.call("POST", "/api/v1/payments")
                .header("X-Signature", &sign(key, body.as_bytes()))
                .header("Content-Type", "application/json")
                .raw(body.as_bytes()).send()
        };
        pay("FT1", owed, "a key of somebody else's making up").problem(401, "bad-signature");
        let other = pay("FT0", owed + 1, secret).expect(200).json();
        assert_eq!((&other["state"], &other["reason"]), (&json!("unmatched"), &json!("other_amount")));
        assert_eq!(pay("FT1", owed, secret).expect(200).json()["taken_before"], false);
        assert_eq!(pay("FT1", owed, secret).expect(200).json()["taken_before"], true);
        let reused = pay("FT1", owed + 1, secret).expect(200).json();
        assert_eq!((&reused["state"], &reused["reason"]), (&json!("unmatched"), &json!("transaction_reused")));
        let again = pay("FT2", owed, secret).expect(200).json();
        assert_eq!((&again["state"], &again["reason"]), (&json!("unmatched"), &json!("nothing_owed")));
        let path = format!("/api/v1/dossiers/{}", third["id"].as_str().unwrap());
        let paid = office.call("GET", path).token(&clerk).send().json();
        assert_eq!((&paid["fees"][0]["method"], &paid["fees"][0]["receipt"]), (&json!("online"), &json!("FT1")));
        assert_eq!(motcua::tools::verify::verify(&office.world.store, 10).unwrap().findings, []);
    }
}

fn sign(key: &str, body: &[u8]) -> String {
    use hmac::{Hmac, Mac};
    let mut mac = <Hmac<sha2::Sha256> as Mac>::new_from_slice(key.as_bytes()).unwrap();
    mac.update(body);
    data_encoding::HEXLOWER.encode(&mac.finalize().into_bytes())
}

on_both! {
    fn a_gateway_pays_what_the_clock_stands_for(db: &Database) {
        let secret = "một khóa chung đủ dài cho cổng thanh toán";
        let program = Program::on(db).with("MOTCUA__PAYMENTS__GATEWAY_SECRET", secret);
        let mut office = Office::open_with(db, program);
        let clerk = office.token(Role::Clerk, COMMUNE);
        let dossier = office.receive(COMMUNE, SAME_DAY);
        let path = format!("/api/v1/dossiers/{}", dossier["id"].as_str().unwrap());
        let act = |action: &str, body: Value| {
            let call = office.call("POST", format!("{path}/{action}")).token(&clerk);
            call.header("If-Match", "*").body(body).send().expect(200).json()
        };
        act("hand-over", json!({"step": 1}));
        act("request-payment", json!({"amount_vnd": 1_500_000, "reason": "thuế"}));
        let body = json!({"transaction": "T9", "case_number": dossier["case_number"], "amount_vnd": 1_500_000});
        let body = body.to_string();
        let pay = || {
            office.call("POST", "/api/v1/payments").header("X-Signature", &sign(secret, body.as_bytes()))
                .header("Content-Type", "application/json").raw(body.as_bytes()).send()
        };
        // However often and at once the gateway tells it.
        std::thread::scope(|scope| {
            let calls: Vec<_> = (0..6).map(|_| scope.spawn(pay)).collect();
            let first = calls.into_iter().map(|c| c.join().unwrap().expect(200).json())
                .filter(|answer| answer["taken_before"] == false);
            assert_eq!(first.count(), 1);
        });
        let now = office.call("GET", path.clone()).token(&clerk).send().json();
        assert_eq!((&now["status"], &now["version"]), (&json!("in_progress"), &json!(4)));
    }
}

on_both! {
    fn identity_numbers_are_read_on_record(db: &Database) {
        let mut office = Office::open(db);
        let clerk = office.token(Role::Clerk, COMMUNE);
        let dossier = office.receive(COMMUNE, SAME_DAY);
        let path = format!("/api/v1/dossiers/{}/identities", dossier["id"].as_str().unwrap());
        let read = office.call("GET", path).token(&clerk).send().expect(200);
        assert_eq!(read.header("cache-control"), "no-store");
        assert_eq!(read.json()[0]["number"], "020185000123");
        let id = motcua::domain::ids::DossierId(dossier["id"].as_str().unwrap().parse().unwrap());
        let readings = office.world.store.read(|conn| motcua::store::readings::of_dossier(conn, id)).unwrap();
        assert_eq!(readings.len(), 1);
        let card = json!({"text": "020185000123|082123456|Nguyễn Thị Ánh|05031985|Nữ|Nà Lốc, Lạng Sơn|10052021"});
        let holder = office.call("POST", "/api/v1/cards").token(&clerk).body(card).send().expect(200).json();
        let mut body = office.new_dossier(COMMUNE, SAME_DAY);
        body["applicant"] = holder["applicant"].clone();
        let made = office.call("POST", "/api/v1/dossiers").token(&clerk).body(body).send().expect(201).json();
        assert_eq!(made["applicant"]["address"], "Nà Lốc, Lạng Sơn");
        let bad = json!({"text": "020185000123|x"});
        let bad = office.call("POST", "/api/v1/cards").token(&clerk).body(bad).send();
        assert!(!bad.body.contains("020185000123"));
        assert_eq!(fields(&bad.problem(400, "invalid-request")), ["/text"]);
    }
}

on_both! {
    fn the_return_date_can_be_asked_before_anything_is_handed_in(db: &Database) {
        let office = Office::open(db);
        let ask = |query: &str| office.call("GET", format!("/api/v1/time-limit?{query}")).send();
        let answer = ask("procedure=2.000815&unit=H37.20.01&received_at=2021-03-01T15:30:00%2B07:00").expect(200).json();
        assert_eq!(answer["due_at"], "2021-03-02T17:00:00+07:00");
        assert_eq!(answer["due_text"], "17:00 ngày 02/03/2021");
        assert_eq!(fields(&ask("received_at=yesterday").problem(400, "invalid-request")), ["received_at", "procedure", "unit"]);
        assert_eq!(fields(&ask("procedure=x&unit=y").problem(400, "invalid-request")), ["unit", "procedure"]);
        let counting = &answer["counting"];
        assert_eq!(counting["started_at"], "2021-03-01T15:30:00+07:00");
        assert_eq!(counting["rules"][0]["rule"], "after_the_cut");
        assert_eq!((&counting["counted_days"], &counting["first_counted"]), (&json!(0), &Value::Null));
        // Over Tết: which days are passed over, by name, and which of them are yet to be announced.
        let tet = ask("procedure=1.004884&unit=H37.20.01&received_at=2027-02-02T08:00:00%2B07:00").expect(200).json();
        assert_eq!(tet["due_at"], "2027-02-16T17:00:00+07:00");
        let counting = &tet["counting"];
        assert_eq!(
            (&counting["counted_days"], &counting["first_counted"], &counting["last_counted"]),
            (&json!(5), &json!("2027-02-03"), &json!("2027-02-16"))
        );
        let passed = counting["passed_over"].as_array().unwrap();
        let names: Vec<_> = passed.iter().map(|day| day["name"].as_str().unwrap()).collect();
        assert_eq!((names[0], names[7], names[8], names.len()), ("29 Tết", "thứ Bảy", "Chủ nhật", 9));
        assert_eq!((&passed[2]["provisional"], &passed[3]["provisional"]), (&json!(false), &json!(true)));
        assert_eq!((&passed[3]["kind"], &passed[7]["kind"]), (&json!("calendar"), &json!("weekend")));
        assert_eq!(tet["provisional_days"].as_array().unwrap().len(), 6);
        assert!(counting["text"].to_string().contains("29 Tết"), "{counting}");
        assert_eq!(answer["provisional_days"], json!([]));
        let beyond = ask("procedure=2.000815&unit=H37.20.01&received_at=2098-03-01T15:30:00%2B07:00");
        assert_eq!(beyond.problem(409, "refused")["reason"], "time");
    }
}

on_both! {
    fn a_calendar_change_tells_what_it_would_move_and_then_moves_it(db: &Database) {
        let mut office = Office::open(db);
        let admin = office.token(Role::Administrator, "H37");
        let clerk = office.token(Role::Clerk, COMMUNE);
        let reference = office.world.store.reference().unwrap();
        let last = reference.calendar().unwrap().last_day();
        let procedure = with_fee(&office);
        let dossier = office.receive(COMMUNE, &procedure);
        let due = dossier["due_at"].as_str().unwrap().to_owned();
        let day = &due[..10];
        let year = &day[..4];
        assert!(last.to_string().as_str() > day);
        let path = format!("/api/v1/calendar/{year}");
        let known = office.call("GET", path.clone()).send().expect(200);
        let mut days = known.json();
        let holiday = json!({"date": day, "kind": "off", "name": "Nghỉ đột xuất"});
        days["days"].as_array_mut().unwrap().push(holiday);
        let preview = office.call("POST", format!("{path}/preview")).token(&admin).body(days.clone());
        let preview = preview.send().expect(200).json();
        assert_eq!((&preview["open"], &preview["moved"]), (&json!(1), &json!(1)));
        assert_eq!(preview["dossiers"][0]["case_number"], dossier["case_number"]);
        let promised = preview["dossiers"][0]["new_due_at"].as_str().unwrap().to_owned();
        assert!(promised > due);
        // Nothing has happened yet.
        let see = || {
            let path = format!("/api/v1/dossiers/{}", dossier["id"].as_str().unwrap());
            office.call("GET", path).token(&clerk).send().json()
        };
        assert_eq!(see()["due_at"], due);
        let put = |etag: &str| {
            office.call("PUT", path.clone()).token(&admin).header("If-Match", etag).body(days.clone()).send()
        };
        put("\"other\"").problem(412, "changed");
        let changed = put(known.header("etag")).expect(202);
        let job = office.job_done(changed.header("location"), &admin);
        assert_eq!((&job["done"], &job["total"], &job["changed"]), (&json!(1), &json!(1), &json!(1)));
        assert_eq!(see()["due_at"], promised);
        let history = office.call("GET", format!("/api/v1/dossiers/{}/events", dossier["id"].as_str().unwrap()));
        let history = history.token(&clerk).send().json();
        assert_eq!(history[1]["kind"], "due_recomputed");
        put(known.header("etag")).problem(412, "changed");
        // Two days for a swap drop none of the others; that takes a word, and says first what goes and moves.
        let swap = json!({"days": [{"date": day, "kind": "off", "name": "Nghỉ đột xuất"}]});
        let preview = |body: &Value| {
            let call = office.call("POST", format!("{path}/preview")).token(&admin).body(body.clone());
            call.send().expect(200).json()
        };
        assert_eq!(preview(&swap)["dropped_days"], json!([]));
        let put_now = |body: &Value| {
            office.call("PUT", path.clone()).token(&admin).header("If-Match", "*").body(body.clone()).send()
        };
        assert_eq!(put_now(&swap).expect(200).json()["changed"], false);
        let all = days["days"].as_array().unwrap();
        let without = json!({"days": &all[..all.len() - 1], "replace": true});
        let moves = preview(&without);
        assert_eq!(moves["dropped_days"], json!([{"date": day, "kind": "off", "name": "Nghỉ đột xuất"}]));
        assert_eq!((&moves["moved"], &moves["dossiers"][0]["new_due_at"]), (&json!(1), &json!(due)));
        let kept = json!({"days": &all[..all.len() - 1], "replace": false});
        assert_eq!(put_now(&kept).expect(200).json()["changed"], false);
        let dropped = put_now(&without).expect(202);
        office.job_done(dropped.header("location"), &admin);
        assert_eq!(see()["due_at"], due);
        let now = office.call("GET", path.clone()).send().expect(200).json();
        assert_eq!(now["days"].as_array().unwrap().len(), all.len() - 1);
        let wrong = json!({"days": [{"date": "1999-01-01", "kind": "off", "name": " "}]});
        let call = office.call("PUT", path.clone()).token(&admin).header("If-Match", "*").body(wrong);
        assert_eq!(fields(&call.send().problem(400, "invalid-request")), ["/days/0/date", "/days/0/name"]);
    }
}

on_both! {
    fn a_return_date_that_rests_on_a_day_to_be_announced_says_so_everywhere(db: &Database) {
        let mut office = Office::open(db);
        let admin = office.token(Role::Administrator, "H37");
        let clerk = office.token(Role::Clerk, COMMUNE);
        let dossier = office.world.receive_at(COMMUNE, "1.004884", at("2021-03-01 08:00"));
        let address = format!("/api/v1/dossiers/{}", dossier.case_number);
        let see = || office.call("GET", address.clone()).token(&clerk).send().expect(200).json();
        let before = see();
        assert_eq!(before["provisional_days"], json!([]));
        let day = "2021-03-08";
        assert_eq!(before["due_at"], "2021-03-08T17:00:00+07:00");
        let path = "/api/v1/calendar/2021".to_owned();
        let days_with = |source: Value| {
            let mut days = office.call("GET", path.clone()).send().expect(200).json();
            let days_now = days["days"].as_array_mut().unwrap();
            days_now.retain(|known| known["date"] != day);
            let mut holiday = json!({"date": day, "kind": "off", "name": "Nghỉ hoán đổi"});
            holiday.as_object_mut().unwrap().extend(source.as_object().unwrap().clone());
            days_now.push(holiday);
            days
        };
        let send = |method, path: &str, body: Value| {
            office.call(method, path).token(&admin).header("If-Match", "*").body(body).send()
        };
        let last = days_with(json!({}))["days"].as_array().unwrap().len() - 1;
        for (source, wrong) in [
            (json!({"source": "notice"}), "document"),
            (json!({"source": "notice", "document": " "}), "document"),
            (json!({"source": "law", "document": "x".repeat(201)}), "document"),
            (json!({"document": "Thông báo 1/TB"}), "source"),
            (json!({"source": "rumour"}), "source"),
        ] {
            for (method, path) in [("PUT", path.clone()), ("POST", format!("{path}/preview"))] {
                let refused = send(method, &path, days_with(source.clone()));
                assert_eq!(fields(&refused.problem(400, "invalid-request")), [format!("/days/{last}/{wrong}")]);
            }
        }
        let expected = days_with(json!({"source": "provisional"}));
        let preview = send("POST", &format!("{path}/preview"), expected.clone()).expect(200).json();
        let named = json!([{"date": day, "name": "Nghỉ hoán đổi"}]);
        assert_eq!(preview["dossiers"][0]["provisional_days"], named, "{preview}");
        let put = |days: Value| {
            let changed = send("PUT", &path, days).expect(202);
            office.job_done(changed.header("location"), &admin);
        };
        put(expected);
        let shown = office.call("GET", path.clone()).send().expect(200).json();
        let row = shown["days"].as_array().unwrap().iter().find(|row| row["date"] == day).unwrap().clone();
        assert_eq!((&row["source"], &row["document"]), (&json!("provisional"), &Value::Null));

        let look_up = || {
            let (number, code) = (before["case_number"].as_str().unwrap(), before["look_up_code"].as_str().unwrap());
            office.call("GET", format!("/api/v1/lookup?case_number={number}&code={code}")).send().expect(200).json()
        };
        let listed = || {
            office.call("GET", "/api/v1/dossiers?list=open").token(&clerk).send().expect(200).json()["items"][0].clone()
        };
        let after = see();
        assert_eq!(after["due_at"], "2021-03-09T17:00:00+07:00");
        assert_eq!((&after["provisional_days"], &look_up()["provisional_days"]), (&named, &named));
        assert_eq!(listed()["due_is_provisional"], true);
        // So does whoever asks before anything is handed in.
        let query = "procedure=1.004884&unit=H37.20.01&received_at=2021-03-02T08:00:00%2B07:00";
        let asked = office.call("GET", format!("/api/v1/time-limit?{query}")).send().expect(200).json();
        assert_eq!(asked["provisional_days"], named);
        assert_eq!(asked["counting"]["passed_over"][2]["provisional"], true);
        // Announced, and it is as good as any other.
        put(days_with(json!({"source": "notice", "document": "Thông báo 1/TB-VPCP"})));
        let announced = see();
        assert_eq!((&announced["due_at"], &announced["provisional_days"]), (&after["due_at"], &json!([])));
        assert_eq!((&look_up()["provisional_days"], &listed()["due_is_provisional"]), (&json!([]), &json!(false)));
    }
}

on_both! {
    fn units_and_procedures_are_kept_over_the_api(db: &Database) {
        let mut office = Office::open(db);
        let admin = office.token(Role::Administrator, "H37");
        let unit = json!({
            "code": "H37.20.99", "level": "commune", "kind": "people_committee",
            "name": "Ủy ban nhân dân xã mới", "parent": "H37.20", "valid_from": "2021-01-01",
        });
        let create = |body: &Value| office.call("POST", "/api/v1/units").token(&admin).body(body.clone()).send();
        let made = create(&unit).expect(201);
        assert_eq!(fields(&create(&unit).problem(400, "invalid-request")), ["/code"]);
        let mut wrong = unit.clone();
        wrong["code"] = json!("h37");
        wrong["parent"] = json!("H99");
        wrong["name"] = json!("");
        wrong["valid_to"] = json!("2020-01-01");
        assert_eq!(fields(&create(&wrong).problem(400, "invalid-request")), ["/code", "/parent", "/name", "/valid_to"]);
        let clerk = office.token(Role::Clerk, "H37.20.99");
        let body = office.new_dossier("H37.20.99", SAME_DAY);
        let dossier = office.call("POST", "/api/v1/dossiers").token(&clerk).body(body).send().expect(201).json();
        // Other opening hours move the return date.
        let hours = json!({"office_hours": {"weekday": [{"open": "07:00", "close": "16:00"}], "same_day_cut": "00:01"}});
        let change = |etag: &str, body: &Value| {
            office.call("PATCH", "/api/v1/units/H37.20.99").token(&admin).header("If-Match", etag).body(body.clone()).send()
        };
        let changed = change(made.header("etag"), &hours).expect(202);
        change(made.header("etag"), &hours).problem(412, "changed");
        assert_eq!(office.job_done(changed.header("location"), &admin)["changed"], 1);
        let path = format!("/api/v1/dossiers/{}", dossier["id"].as_str().unwrap());
        let moved = office.call("GET", path).token(&clerk).send().json();
        assert_ne!(moved["due_at"], dossier["due_at"]);
        assert!(moved["due_at"].as_str().unwrap().contains("T16:00:00"), "{moved}");
        let ring = change(changed.header("etag"), &json!({"parent": "H37.20.99"}));
        assert_eq!(fields(&ring.problem(400, "invalid-request")), ["/parent"]);
        // Under another district, its dossiers are listed there.
        change(changed.header("etag"), &json!({"parent": "H37.21"})).expect(202);
        let supervisor = office.token(Role::Supervisor, "H37.21");
        let list = office.call("GET", "/api/v1/dossiers?list=open").token(&supervisor).send().expect(200).json();
        assert_eq!(list["items"][0]["id"], dossier["id"]);

        let versions = office.call("GET", format!("/api/v1/procedures/{SAME_DAY}")).send().expect(200).json();
        let mut new = versions[0].clone();
        let today = motcua::clock::now().date();
        new["valid_from"] = json!(today);
        new["name"] = json!("Tên mới");
        let put = |body: &Value| {
            office.call("PUT", format!("/api/v1/procedures/{SAME_DAY}")).token(&admin).body(body.clone()).send()
        };
        let now = put(&new).expect(201).json();
        assert_eq!(now.as_array().unwrap().len(), versions.as_array().unwrap().len() + 1);
        assert_eq!(now[1]["valid_to"], json!(today.pred_opt()));
        put(&new).expect(200);
        let mut bad = new.clone();
        bad["fees"] = json!([{"name": "x", "amount_vnd": -1}]);
        bad["levels"] = json!([]);
        bad["colour"] = json!("red");
        let mut wrong = fields(&put(&bad).problem(400, "invalid-request"));
        wrong.sort();
        assert_eq!(wrong, ["/colour", "/fees/0/amount_vnd", "/levels"]);
        let clerk = office.token(Role::Clerk, COMMUNE);
        let body = office.new_dossier(COMMUNE, SAME_DAY);
        let dossier = office.call("POST", "/api/v1/dossiers").token(&clerk).body(body).send().expect(201).json();
        assert_eq!(dossier["procedure"]["name"], "Tên mới");
    }
}

#[test]
fn what_is_not_set_up_says_so() {
    let db = Database::new(Kind::Sqlite);
    let mut office = Office::open(&db);
    let clerk = office.token(Role::Clerk, COMMUNE);
    let procedure = with_fee(&office);
    let dossier = office.receive(COMMUNE, &procedure);
    let path = format!(
        "/api/v1/dossiers/{}/fees/transfer-code",
        dossier["id"].as_str().unwrap()
    );
    let call = office.call("GET", path).token(&clerk);
    call.send().problem(501, "not-configured");
    let call = office.call("POST", "/api/v1/payments").body(json!({}));
    call.send().problem(501, "not-configured");
    let call = office.call("GET", "/api/v1/oidc/login");
    call.send().problem(501, "not-configured");
}

on_both! {
    fn what_another_instance_changes_is_seen_at_once(db: &Database) {
        let mut office = Office::open(db);
        let other = Program::on(db).serve_beside(&office.server);
        let clerk = office.token(Role::Clerk, COMMUNE);
        for _ in 0..10 {
            let made = office.receive(COMMUNE, SAME_DAY);
            let path = format!("/api/v1/dossiers/{}", made["case_number"].as_str().unwrap());
            let look_up = format!(
                "/api/v1/lookup?case_number={}&code={}",
                made["case_number"].as_str().unwrap(), made["look_up_code"].as_str().unwrap(),
            );
            let read = || office.call("GET", &path).token(&clerk).send().expect(200);
            let seen = || office.call("GET", &look_up).send().expect(200);
            let first = read();
            assert_eq!(first.json()["version"], made["version"]);
            assert_eq!(seen().json()["status"], "received");
            // Twice the same, byte for byte.
            let again = read();
            assert_eq!((&again.body, again.header("etag")), (&first.body, first.header("etag")));
            assert_eq!(again.header("cache-control"), "no-store");
            assert_eq!(seen().json()["status"], "received");

            // A change elsewhere does not touch it; one here does.
            office.world.receive_at(COMMUNE, SAME_DAY, motcua::clock::now());
            assert_eq!(read().body, first.body);
            let act = other.send(
                "POST",
                &format!("{path}/hand-over"),
                &[
                    ("Authorization", &format!("Bearer {clerk}")),
                    ("If-Match", first.header("etag")),
                    ("Content-Type", "application/json"),
                ],
                json!({"step": 1}).to_string().as_bytes(),
            );
            assert_eq!(act.status, 200, "{}", act.body);
            assert_eq!(read().body, act.body);
            assert_eq!(seen().json()["status"], "in_progress");
        }
    }
}

on_both! {
    fn what_was_written_down_of_the_papers_is_corrected(db: &Database) {
        let mut office = Office::open(db);
        let clerk = office.token(Role::Clerk, COMMUNE);
        let supervisor = office.token(Role::Supervisor, COMMUNE);
        let neighbour = office.token(Role::Clerk, FOREIGN);
        let dossier = office.receive(COMMUNE, SAME_DAY);
        let path = format!("/api/v1/dossiers/{}", dossier["id"].as_str().unwrap());
        let correct = |token: &str, body: Value| {
            office.call("POST", format!("{path}/correct-papers")).token(token).header("If-Match", "*").body(body).send()
        };
        let right = json!({"reason": "Ghi thiếu bản sao", "items": [{"position": 0, "originals": 2, "copies": 3}]});
        correct(&neighbour, right.clone()).problem(403, "forbidden");
        let wrong = correct(&clerk, json!({"reason": " ", "items": [{"position": 0, "originals": 2}]}));
        assert_eq!(wrong.problem(409, "refused")["reason"], "reason_missing");
        assert_eq!(correct(&clerk, json!({"reason": "x", "items": [{"position": 99}]})).problem(409, "refused")["reason"], "unknown_item");
        let seen = correct(&clerk, right.clone()).expect(200).json();
        let held = |item: &Value| (item["originals_handed_in"].clone(), item["copies_handed_in"].clone());
        assert_eq!(held(&seen["items"][0]), (json!(2), json!(3)));
        let others = seen["items"].as_array().unwrap().iter().skip(1);
        assert!(others.map(held).all(|held| held == (json!(0), json!(0))), "{seen}");
        // How many sets, and how the result is returned: nobody is sent it who has no address.
        let seen = correct(&clerk, json!({"reason": "Ghi nhầm", "sets": 2, "return_channel": "postal"})).expect(200).json();
        assert_eq!((&seen["sets"], &seen["return_channel"], held(&seen["items"][0])), (&json!(2), &json!("postal"), (json!(2), json!(3))));
        assert_eq!(correct(&clerk, json!({"reason": "x", "sets": 0})).problem(409, "refused")["reason"], "no_sets");
        // What comes later is added to what is right.
        for (action, body) in [
            ("hand-over", json!({"step": 1})),
            ("request-supplement", json!({"reason": "thiếu bản chính", "items": [0]})),
            ("take-supplement", json!({"items": [{"position": 0, "originals": 1}]})),
        ] {
            crate::support::act(&office, &supervisor, &dossier, action, body).expect(200);
        }
        let seen = crate::support::get(&office, &clerk, &path);
        assert_eq!(held(&seen["items"][0]), (json!(3), json!(3)));
        let events = crate::support::get(&office, &clerk, &format!("{path}/events"));
        assert!(events.to_string().contains("papers_corrected"), "{events}");
        crate::support::act(&office, &supervisor, &dossier, "finish", json!({"decision": "refused", "reason": "x"})).expect(200);
        assert_eq!(correct(&clerk, right).problem(409, "refused")["reason"], "not_allowed");
    }
}

on_both! {
    fn nothing_garbled_and_no_number_is_kept_where_it_is_no_number(db: &Database) {
        let mut office = Office::open(db);
        let clerk = office.token(Role::Clerk, COMMUNE);
        let receive = |field: &str, text: &str| {
            let mut body = office.new_dossier(COMMUNE, SAME_DAY);
            body["applicant"][field] = json!(text);
            let call = office.call("POST", "/api/v1/dossiers").token(&clerk).body(body);
            fields(&call.send().problem(400, "invalid-request"))
        };
        // What a scanner sends in another encoding than it says.
        for name in ["Nguyá»…n VÄƒn Thá»\u{ad}", "Nguy?n V?n Th?", "Nguyễn Văn \u{fffd}", "NguyÔn V¨n A"] {
            assert_eq!(receive("name", name), ["/applicant/name"], "{name}");
        }
        assert_eq!(receive("name", "Nguyễn Văn Thử - 020090001234"), ["/applicant/name"]);
        assert_eq!(receive("address", "CCCD 020090001234, số 1"), ["/applicant/address"]);
        let dossier = office.receive(COMMUNE, SAME_DAY);
        for (action, body, field) in [
            ("hand-over", json!({"step": 1, "note": "Xem CCCD 020090005555 của chị Lan"}), "/note"),
            ("withdraw", json!({"reason": "số 0200 9000 5555 rút"}), "/reason"),
            ("correct-applicant", json!({"reason": "02009000SSSS", "applicant": {"name": "Lý Văn Dũng"}}), "/reason"),
        ] {
            let refused = crate::support::act(&office, &clerk, &dossier, action, body);
            assert_eq!(fields(&refused.problem(400, "invalid-request")), [field], "{action}");
        }
    }
}

on_both! {
    fn a_delegate_is_corrected_or_taken_away(db: &Database) {
        let mut office = Office::open(db);
        let clerk = office.token(Role::Clerk, COMMUNE);
        let mut body = office.new_dossier(COMMUNE, SAME_DAY);
        body["delegate"] = json!({"name": "Lý Văn Dũng", "phone": "0912345679"});
        let dossier = office.call("POST", "/api/v1/dossiers").token(&clerk).body(body).send().expect(201).json();
        let correct = |body: Value| crate::support::act(&office, &clerk, &dossier, "correct-delegate", body);
        let found = |name: &str| {
            let call = office.call("POST", "/api/v1/dossiers/search").token(&clerk).body(json!({"text": name}));
            call.send().expect(200).json()["items"].as_array().unwrap().len()
        };
        assert_eq!(found("ly van dung"), 1);
        let wrong = correct(json!({"reason": "Ghi nhầm", "delegate": {"name": "Lý Văn Dụng", "phone": "12"}}));
        assert_eq!(fields(&wrong.problem(400, "invalid-request")), ["/delegate/phone"]);
        let seen = correct(json!({"reason": "Ghi nhầm", "delegate": {"name": "Hoàng Văn Thái", "phone": "0912345670"}})).expect(200).json();
        assert_eq!((&seen["delegate"]["name"], &seen["delegate"]["phone"]), (&json!("Hoàng Văn Thái"), &json!("0912345670")));
        assert_eq!((found("hoang van thai"), found("ly van dung")), (1, 0));
        let seen = correct(json!({"reason": "Tự nộp"})).expect(200).json();
        assert_eq!((&seen["delegate"], found("hoang van thai")), (&Value::Null, 0));
        assert_eq!(seen["applicant"]["name"], "Nguyễn Thị Ánh");
        crate::fees::verified(&office);
    }
}

on_both! {
    fn a_version_that_was_seen_is_not_sent_again_and_shows_nothing(db: &Database) {
        let mut office = Office::open(db);
        let officer = office.token(Role::Officer, COMMUNE);
        let stranger = office.token(Role::Officer, FOREIGN);
        let made = office.receive(COMMUNE, SAME_DAY);
        for name in ["case_number", "id"] {
            let path = format!("/api/v1/dossiers/{}", made[name].as_str().unwrap());
            let ask = |token: &str, tag: &str| {
                office.call("GET", &path).token(token).header("If-None-Match", tag).send()
            };
            for tag in ["\"1\"", "W/\"1\"", "\"7\", \"1\"", "*"] {
                let seen = ask(&officer, tag).expect(304);
                assert_eq!((seen.header("etag"), seen.body.as_str()), ("\"1\"", ""));
                assert_eq!(seen.header("cache-control"), "no-store");
            }
            for tag in ["\"2\"", "1", "nonsense"] {
                let whole = ask(&officer, tag).expect(200);
                assert_eq!(whole.json()["version"], 1, "{tag}");
            }
            // Out of reach is out of reach, whatever one has seen.
            ask(&stranger, "\"1\"").problem(403, "forbidden");
            ask("nobody's", "\"1\"").problem(401, "unauthenticated");
        }
        let missing = office.call("GET", "/api/v1/dossiers/H37.20.01-210301-9999").token(&officer);
        missing.header("If-None-Match", "*").send().problem(404, "not-found");
        // Past its due moment it is shown as overdue before that has been recorded: not what was seen.
        let id = made["id"].as_str().unwrap().replace('-', "");
        let key = match db.kind {
            Kind::Sqlite => format!("x'{id}'"),
            Kind::Postgres => format!("'\\x{id}'"),
        };
        let path = format!("/api/v1/dossiers/{}", made["id"].as_str().unwrap());
        db.tamper(&format!("update dossiers set watch_at = 1, late_at = 1 where id = {key}"));
        let late = office.call("GET", &path).token(&officer).header("If-None-Match", "\"1\"").send();
        // The sweep may have been quicker, or have set the damaged row aside.
        assert_eq!(late.expect(200).json()["overdue"], true);
    }
}
