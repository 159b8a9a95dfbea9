//! Money and papers: what does not fit is kept, what is asked for is what is paid, papers keep their
//! names; and units that end, dossiers past due, closings that are undone.

use serde_json::{Value, json};

use crate::support::{
    Answer, COMMUNE, Database, FOREIGN, NEIGHBOUR, Office, Program, SAME_DAY, Visitor, World, act,
    at, date, fields, held, is_page, occasion, on_both, path,
};
use motcua::domain::dossier::{Action, Correction, Decision, Paper, PaymentMethod};
use motcua::domain::role::Role;
use motcua::imports::UnitsOptions;
use motcua::jobs::housekeeping;
use motcua::store::payments::{self, Notice};
use motcua::{acts, tools};

const SECRET: &str = "một khóa chung đủ dài cho cổng thanh toán";

fn with_gateway(db: &Database) -> Office {
    Office::open_with(
        db,
        Program::on(db).with("MOTCUA__PAYMENTS__GATEWAY_SECRET", SECRET),
    )
}

/// A gateway's word.
fn tell(office: &Office, transaction: &str, number: &Value, amount: u64) -> Value {
    let body = json!({"transaction": transaction, "case_number": number, "amount_vnd": amount});
    told(office, &body).expect(200).json()
}

fn told(office: &Office, body: &Value) -> Answer {
    use hmac::{Hmac, Mac};
    let body = body.to_string();
    let mut mac = <Hmac<sha2::Sha256> as Mac>::new_from_slice(SECRET.as_bytes()).unwrap();
    mac.update(body.as_bytes());
    let signature = data_encoding::HEXLOWER.encode(&mac.finalize().into_bytes());
    office
        .call("POST", "/api/v1/payments")
        .header("X-Signature", &signature)
        .header("Content-Type", "application/json")
        .raw(body.as_bytes())
        .send()
}

/// A procedure of communes with exactly one fee that is owed; its position and amount.
fn with_one_fee(world: &World) -> (String, u16, u64) {
    let reference = world.store.reference().unwrap();
    let commune = motcua::domain::unit::Level::Commune;
    let found = reference.procedures().into_iter().find_map(|procedure| {
        let definition = &procedure.definition;
        let fees = (0_u16..).zip(&definition.fees);
        let owed = fees.filter_map(|(position, fee)| Some((position, fee.known_amount()?)));
        let owed: Vec<_> = owed.collect();
        let fits = definition.levels.contains(&commune)
            && definition.is_in_force_on(motcua::clock::now().date())
            && definition.promised_limit().unit
                == motcua::domain::time_limit::LimitUnit::WorkingDay;
        match owed[..] {
            [(position, amount)] if fits => Some((definition.code.clone(), position, amount)),
            _ => None,
        }
    });
    found.expect("the catalogue has one")
}

fn verified(office: &Office) {
    assert_eq!(
        tools::verify::verify(&office.world.store, 10)
            .unwrap()
            .findings,
        []
    );
}

on_both! {
    fn a_payment_is_matched_by_what_a_bank_leaves_of_the_number(db: &Database) {
        let mut office = with_gateway(db);
        let (procedure, _, amount) = with_one_fee(&office.world);
        let made: Vec<Value> = (0..7).map(|_| office.receive(COMMUNE, &procedure)).collect();
        let written: [fn(&str) -> String; 7] = [
            |number| number.replace(['.', '-'], ""),
            |number| number.replace(['.', '-'], " "),
            |number| format!("CT DEN:123 {number} GD 456"),
            |number| number.replace('-', "\u{2013}"),
            |number| format!("MBVCB.12345.NOPPHI{}", number.replace(['.', '-'], "")),
            |number| number.replace('-', "\n"),
            |number| number.replace(['.', '-'], "_"),
        ];
        for (i, (dossier, write)) in made.iter().zip(written).enumerate() {
            let purpose = write(dossier["case_number"].as_str().unwrap());
            let told = tell(&office, &format!("T{i}"), &json!(purpose), amount);
            assert_eq!(told["state"], "taken", "{purpose}: {told}");
        }
        // Whose it is of two, people say.
        let two: Vec<Value> = (0..2).map(|_| office.receive(COMMUNE, &procedure)).collect();
        let purpose = format!("{} {}", two[0]["case_number"].as_str().unwrap(), two[1]["case_number"].as_str().unwrap());
        let told = tell(&office, "T9", &json!(purpose), amount);
        assert_eq!((&told["state"], &told["reason"]), (&json!("unmatched"), &json!("several_dossiers")));
        verified(&office);
    }
}

on_both! {
    fn money_that_fits_nothing_is_kept_and_seen_to(db: &Database) {
        let mut office = with_gateway(db);
        let (procedure, fee, amount) = with_one_fee(&office.world);
        let clerk = office.token(Role::Clerk, COMMUNE);
        let neighbour = office.token(Role::Clerk, NEIGHBOUR);
        let province = office.token(Role::Supervisor, "H37");
        let [paid, withdrawn, open] = [(); 3].map(|()| office.receive(COMMUNE, &procedure));
        let cash = json!({"fees": [fee], "method": "cash"});
        act(&office, &clerk, &paid, "fees/collect", cash).expect(200);
        act(&office, &clerk, &withdrawn, "withdraw", json!({"reason": "đổi ý"})).expect(200);
        let request = office.world.request(COMMUNE, &procedure);
        let registered = acts::receive::register(&office.world.store, &request, occasion(motcua::clock::now())).unwrap();
        let registered = json!(registered.case_number.as_str());

        // Whatever it is, it is recorded, and the gateway is told so.
        for (transaction, number, vnd, reason) in [
            ("T1", &paid["case_number"], amount, "nothing_owed"),
            ("T2", &withdrawn["case_number"], amount, "closed"),
            ("T3", &registered, amount, "not_received"),
            ("T4", &open["case_number"], amount + 1, "other_amount"),
            ("T5", &json!("H37.20.01-010101-9999"), amount, "unknown_dossier"),
            ("T6", &json!("CT DEN:123 mua hàng"), amount, "unknown_dossier"),
        ] {
            let first = tell(&office, transaction, number, vnd);
            assert_eq!(first, json!({"taken_before": false, "state": "unmatched", "reason": reason}));
            let again = tell(&office, transaction, number, vnd);
            assert_eq!(again, json!({"taken_before": true, "state": "unmatched", "reason": reason}));
        }
        let good = tell(&office, "T7", &open["case_number"], amount);
        assert_eq!((&good["state"], &good["reason"]), (&json!("taken"), &Value::Null));
        let long = |field: &str, text: String| {
            let mut body = json!({"transaction": "T8", "case_number": "x", "amount_vnd": 1});
            body[field] = json!(text);
            assert_eq!(fields(&told(&office, &body).problem(400, "invalid-request")), [format!("/{field}")]);
        };
        long("transaction", "t".repeat(101));

        let target = office.receive(COMMUNE, &procedure);
        let outsiders = [Role::Officer, Role::Viewer].map(|role| office.token(role, COMMUNE));
        // A list for those whose dossiers it is about; what is about none, for the whole office.
        let list = |token: &str, query: &str| {
            let page = office.call("GET", format!("/api/v1/payments?{query}")).token(token).send().expect(200).json();
            let items = page["items"].as_array().unwrap().clone();
            let names: Vec<String> = items.iter().map(|i| i["transaction"].as_str().unwrap().to_owned()).collect();
            (names, items, page["next"].clone())
        };
        assert_eq!(list(&clerk, "state=unmatched").0, ["T4", "T3", "T2", "T1"]);
        assert_eq!(list(&clerk, "state=taken").0, ["T7"]);
        assert!(list(&neighbour, "state=unmatched").0.is_empty());
        let (names, items, next) = list(&province, "state=unmatched&limit=4");
        assert_eq!(names, ["T6", "T5", "T4", "T3"]);
        let rest = list(&province, &format!("state=unmatched&after={}", next.as_str().unwrap())).0;
        assert_eq!(rest, ["T2", "T1"]);
        assert_eq!(items[0]["case_number"], "CT DEN:123 mua hàng");
        assert_eq!(items[2]["allowed"], json!(["take", "pay-back", "note"]));
        assert_eq!(items[2]["dossier_case_number"], open["case_number"]);
        for token in &outsiders {
            office.call("GET", "/api/v1/payments").token(token).send().problem(403, "forbidden");
        }

        let (_, items, _) = list(&province, "state=unmatched");
        let id = |transaction: &str| items.iter().find(|i| i["transaction"] == transaction).unwrap()["id"].clone();
        let handle = |token: &str, transaction: &str, what: &str, key: &str, body: Value| {
            let call = office.call("POST", format!("/api/v1/payments/{}/{what}", id(transaction)));
            call.token(token).header("Idempotency-Key", key).body(body).send()
        };
        let take = |fees: Value| json!({"dossier": target["case_number"], "fees": fees, "reason": "ghi nhầm số"});
        // Not by those whose it is not, not for another amount, not without a reason.
        handle(&neighbour, "T4", "note", "a-key-of-1", json!({"reason": "x"})).problem(403, "forbidden");
        handle(&clerk, "T5", "take", "a-key-of-2", take(json!([fee]))).problem(403, "forbidden");
        let other = handle(&clerk, "T4", "take", "a-key-of-3", take(json!([fee]))).problem(422, "amount-mismatch");
        assert_eq!((&other["asked_vnd"], &other["paid_vnd"]), (&json!(amount), &json!(amount + 1)));
        let none = handle(&province, "T5", "take", "a-key-of-4", take(json!([]))).problem(409, "refused");
        assert_eq!(none["reason"], "no_fees");
        let without = handle(&province, "T5", "take", "a-key-of-5", json!({"dossier": "x", "reason": " "}));
        assert_eq!(fields(&without.problem(400, "invalid-request")), ["/reason"]);
        // Taken once, however often it is asked for.
        let taken = handle(&province, "T5", "take", "a-key-of-6", take(json!([fee]))).expect(200).json();
        assert_eq!((&taken["state"], &taken["dossier"]), (&json!("taken"), &target["id"]));
        assert_eq!(handle(&province, "T5", "take", "a-key-of-6", take(json!([fee]))).expect(200).json(), taken);
        let settled = handle(&province, "T5", "pay-back", "a-key-of-7", json!({"reason": "x"}));
        assert_eq!(settled.problem(409, "refused")["reason"], "payment_settled");
        let now = office.call("GET", path(&target)).token(&clerk).send().json();
        let view = &now["fees"][usize::from(fee)];
        assert_eq!((&view["status"], &view["receipt"]), (&json!("collected"), &json!("T5")));
        assert_eq!(now["version"], 2);

        handle(&clerk, "T4", "note", "a-key-of-8", json!({"reason": "đã gọi cho người nộp"})).expect(200);
        let back = handle(&clerk, "T4", "pay-back", "a-key-of-9", json!({"reason": "ủy nhiệm chi 12"})).expect(200).json();
        assert_eq!((&back["state"], &back["reason"]), (&json!("paid_back"), &json!("other_amount")));
        let acts: Vec<_> = back["acts"].as_array().unwrap().iter()
            .map(|act| (act["kind"].as_str().unwrap(), act["reason"].as_str().unwrap(), act["by"]["username"].as_str().unwrap()))
            .collect();
        assert_eq!(acts, [
            ("noted", "đã gọi cho người nộp", "h37.20.01.clerk"),
            ("paid_back", "ủy nhiệm chi 12", "h37.20.01.clerk"),
        ]);
        assert_eq!(list(&clerk, "state=paid_back").0, ["T4"]);
        verified(&office);
    }
}

on_both! {
    fn money_is_kept_whatever_a_gateway_says_it_is_for(db: &Database) {
        let office = with_gateway(db);
        // What it is for may be missing, a number or as long as it likes: it waits for people.
        let odd = [json!({"transaction": "T9", "amount_vnd": 1}), json!({"transaction": 10, "case_number": null, "amount_vnd": 1}),
            json!({"transaction": "T11", "case_number": "x".repeat(1000), "amount_vnd": 1}),
            json!({"transaction": "T12", "case_number": 210301, "amount_vnd": "25.000"}),
            json!({"transaction": " T14 ", "case_number": "x", "amount_vnd": "5000.00"})];
        for odd in odd {
            let kept = told(&office, &odd).expect(200).json();
            assert_eq!((&kept["state"], &kept["reason"]), (&json!("unmatched"), &json!("unknown_dossier")), "{odd}");
        }
        // And what cannot be booked at all is refused, and administrators hear of it.
        for body in [json!({"case_number": "x", "amount_vnd": 1}), json!({"transaction": "T13"})] {
            told(&office, &body).problem(400, "invalid-request");
        }
        let heard = db.value("select count(*) from alarms where kind = 'payment' and subject = 'unreadable'");
        assert_eq!(heard, "1");
    }
}

on_both! {
    fn a_notice_that_was_recorded_and_left_is_matched_later(db: &Database) {
        let world = World::new(db.store());
        let (procedure, fee, amount) = with_one_fee(&world);
        let now = motcua::clock::now();
        let dossier = world.receive_at(COMMUNE, &procedure, now);
        let notice = Notice {
            transaction: "T1".to_owned(),
            case_number: dossier.case_number.to_string(),
            amount_vnd: amount,
        };
        // Whoever recorded it was killed before it was matched.
        let record = notice.clone();
        world.store.write(move |conn| payments::record(conn, &record, now)).unwrap();
        assert_eq!(housekeeping::run(&world.store, now).unwrap().payments, 0);
        assert_eq!(housekeeping::run(&world.store, now.plus_millis(61_000)).unwrap().payments, 1);
        let state = |id| world.store.read(|conn| motcua::store::events::replay(conn, id)).unwrap().unwrap().0;
        assert!(state(dossier.id).settled_fee(fee).is_some());
        let told = acts::pay::take_notice(&world.store, notice, now.plus_millis(62_000)).unwrap();
        assert_eq!((told.before, told.value.state.code()), (true, 2));
        // One whose dossier is damaged is for people, and keeps nobody waiting.
        let damaged = world.receive_at(COMMUNE, &procedure, now);
        db.tamper("update dossier_events set data = '{}' where dossier_id = (select id from dossiers where case_number like '%-0002')");
        let notice = Notice { transaction: "T2".to_owned(), case_number: damaged.case_number.to_string(), amount_vnd: 1 };
        let told = acts::pay::take_notice(&world.store, notice, now).unwrap();
        assert_eq!(told.value.misfit, Some(motcua::domain::payment::Misfit::Unreadable));
    }
}

on_both! {
    fn payments_of_the_version_before_are_still_known(db: &Database) {
        let world = World::new(db.store());
        let dossier = world.receive_at(COMMUNE, SAME_DAY, at("2021-03-01 08:00"));
        // As a database of that version had them.
        for folder in ["sqlite", "postgres"] {
            let up = std::fs::read_to_string(format!("migrations/{folder}/0012_payments/up.sql")).unwrap();
            assert!(up.contains("from gateway_payments"));
        }
        let again = if db.url().starts_with("sqlite") { "sqlite" } else { "postgres" };
        let up = std::fs::read_to_string(format!("migrations/{again}/0012_payments/up.sql")).unwrap();
        db.tamper(
            "delete from settings where key = 'reversals_filled'; drop table tally_reversals; drop table payment_acts; \
             drop table payments;",
        );
        let id: String = dossier.id.bytes().iter().map(|byte| format!("{byte:02x}")).collect();
        let blob = if again == "sqlite" { format!("x'{id}'") } else { format!("'\\x{id}'::bytea") };
        db.tamper(&format!("insert into gateway_payments (transaction_id, dossier_id, amount_vnd, taken_at) values ('OLD', {blob}, 25000, 1)"));
        db.tamper(&up);
        let notice = Notice { transaction: "OLD".to_owned(), case_number: dossier.case_number.to_string(), amount_vnd: 25_000 };
        let told = acts::pay::take_notice(&world.store, notice, motcua::clock::now()).unwrap();
        assert_eq!((told.before, told.value.state.code(), told.value.dossier), (true, 2, Some(dossier.id)));
    }
}

on_both! {
    fn what_is_asked_for_is_what_is_paid_and_owed_no_more(db: &Database) {
        let mut office = with_gateway(db);
        let (procedure, fee, amount) = with_one_fee(&office.world);
        let clerk = office.token(Role::Clerk, COMMUNE);
        let officer = office.token(Role::Officer, COMMUNE);
        let started = |office: &mut Office| {
            let dossier = office.receive(COMMUNE, &procedure);
            act(office, &clerk, &dossier, "hand-over", json!({"step": 1})).expect(200);
            dossier
        };
        let dossier = started(&mut office);
        let ask = |dossier: &Value, body: Value| act(&office, &officer, dossier, "request-payment", body);
        // Fees, or an amount with its reason.
        for (body, wrong) in [
            (json!({}), "/amount_vnd"),
            (json!({"amount_vnd": 1000}), "/reason"),
            (json!({"fees": [fee], "amount_vnd": 0, "reason": "x"}), "/amount_vnd"),
        ] {
            assert_eq!(fields(&ask(&dossier, body).problem(400, "invalid-request")), [wrong]);
        }
        // The procedure knows how much its fee is.
        ask(&dossier, json!({"fees": [fee], "amount_vnd": amount + 1})).problem(422, "amount-mismatch");
        assert_eq!(ask(&dossier, json!({"fees": [99]})).problem(409, "refused")["reason"], "unknown_fee");
        let asked = ask(&dossier, json!({"fees": [fee]})).expect(200).json();
        assert_eq!(asked["payment_requested_vnd"], amount);
        assert_eq!(asked["payment_requested_fees"], json!([fee]));
        // Another amount than asked is no payment; nor is the fee paid beside the request.
        let other = act(&office, &clerk, &dossier, "take-payment", json!({"amount_vnd": 1}));
        let other = other.problem(422, "amount-mismatch");
        assert_eq!((&other["asked_vnd"], &other["paid_vnd"]), (&json!(amount), &json!(1)));
        let beside = json!({"fees": [fee], "method": "cash"});
        let beside = act(&office, &clerk, &dossier, "fees/collect", beside).problem(409, "refused");
        assert_eq!(beside["reason"], "fee_requested");
        let paid = json!({"amount_vnd": amount, "method": "transfer", "receipt": "BL-1"});
        let paid = act(&office, &clerk, &dossier, "take-payment", paid).expect(200).json();
        let view = &paid["fees"][usize::from(fee)];
        assert_eq!((&view["status"], &view["method"]), (&json!("collected"), &json!("transfer")));
        assert_eq!((&paid["status"], &paid["payment_requested_fees"]), (&json!("in_progress"), &json!([])));
        assert_eq!(ask(&dossier, json!({"fees": [fee]})).problem(409, "refused")["reason"], "fee_settled");
        let owed = tell(&office, "T1", &dossier["case_number"], amount);
        assert_eq!(owed["reason"], "nothing_owed");

        // By the gateway as well.
        let second = started(&mut office);
        let ask = |dossier: &Value, body: Value| act(&office, &officer, dossier, "request-payment", body);
        ask(&second, json!({"fees": [fee], "reason": "lệ phí"})).expect(200);
        assert_eq!(tell(&office, "T2", &second["case_number"], amount)["state"], "taken");
        let now = office.call("GET", path(&second)).token(&clerk).send().json();
        assert_eq!(now["fees"][usize::from(fee)]["method"], "online");
        // A free amount settles no fee.
        ask(&second, json!({"amount_vnd": 7000, "reason": "thuế"})).expect(200);
        act(&office, &clerk, &second, "take-payment", json!({"amount_vnd": 7000})).expect(200);

        // Where the last fee that was asked for is waived, the clock goes on.
        let third = started(&mut office);
        act(&office, &officer, &third, "request-payment", json!({"fees": [fee]})).expect(200);
        let waived = json!({"fee": fee, "reason": "hộ nghèo"});
        let waived = act(&office, &clerk, &third, "fees/waive", waived).expect(200).json();
        assert_eq!((&waived["status"], &waived["paused"]), (&json!("in_progress"), &json!(false)));
        assert_eq!(waived["fees"][usize::from(fee)]["status"], "waived");
        assert_eq!(waived["payment_requested_vnd"], Value::Null);
        verified(&office);
    }
}

on_both! {
    fn a_supplement_is_a_paper_or_has_a_reason(db: &Database) {
        let mut office = Office::open(db);
        let (procedure, _, _) = with_one_fee(&office.world);
        let clerk = office.token(Role::Clerk, COMMUNE);
        let officer = office.token(Role::Officer, COMMUNE);
        let dossier = office.receive(COMMUNE, &procedure);
        act(&office, &clerk, &dossier, "hand-over", json!({"step": 1})).expect(200);
        let ask = |body: Value| act(&office, &officer, &dossier, "request-supplement", body).expect(200);
        ask(json!({"reason": "thiếu"}));
        let take = |body: Value| act(&office, &clerk, &dossier, "take-supplement", body);
        for nothing in [json!({"items": []}), json!({"items": [{"position": 0}]}), json!({"items": [], "reason": "  "})] {
            assert_eq!(take(nothing).problem(409, "refused")["reason"], "nothing_handed_in");
        }
        take(json!({"items": [], "reason": "đã có trong cơ sở dữ liệu dân cư"})).expect(200);
        let exception = json!({"reason": "hết hạn", "allowed_by": "Chủ tịch"});
        ask(json!({"reason": "thiếu", "exception": exception}));
        take(json!({"items": [{"position": 0, "copies": 1}]})).expect(200);
        let events = office.call("GET", format!("{}/events", path(&dossier))).token(&clerk).send().expect(200).json();
        let reasons: Vec<_> = events.as_array().unwrap().iter()
            .filter(|event| event["kind"] == "supplement_taken")
            .map(|event| event["data"]["reason"].clone())
            .collect();
        assert_eq!(reasons, [json!("đã có trong cơ sở dữ liệu dân cư"), Value::Null]);
    }
}

fn version(from: &str, papers: Value) -> Value {
    json!({
        "code": "1.000001", "name": "Thử", "field": "Thử", "levels": ["commune"],
        "valid_from": from, "announced_on": from, "online_level": "full",
        "statutory_limit": {"unit": "working_day", "amount": 10}, "result": "Giấy",
        "checklist": papers,
    })
}

fn paper(name: &str) -> Value {
    json!({"name": name, "originals": 1, "copies": 0, "required": false})
}

on_both! {
    fn papers_keep_their_names_over_versions(db: &Database) {
        let mut office = Office::open(db);
        let world = &office.world;
        let import = |version: Value| motcua::imports::procedures(&world.store, json!([version]).to_string().as_bytes());
        import(version("2020-01-01", json!([paper("Đơn"), paper("Bản vẽ"), paper("Giấy ủy quyền")]))).unwrap();
        let request = world.request(COMMUNE, "1.000001");
        let registered = acts::receive::register(&world.store, &request, occasion(at("2021-02-28 22:00"))).unwrap();
        // The next version asks in another order, for one paper less and one more; one has a key now.
        let mut plan = paper("Bản vẽ");
        plan["key"] = json!("ban-ve");
        import(version("2021-03-01", json!([plan, paper("Đơn"), paper("Trích lục")]))).unwrap();
        let receive = Action::Receive { items: Vec::new(), new: None, assignee: None, return_date: None };
        world.act(registered.id, at("2021-03-01 08:00"), receive).unwrap();

        let clerk = office.token(Role::Clerk, COMMUNE);
        let view = |office: &Office, id: &str| {
            office.call("GET", format!("/api/v1/dossiers/{id}")).token(&clerk).send().expect(200).json()
        };
        let id = registered.id.to_string();
        let held = |view: &Value| -> Vec<(String, u64)> {
            let items = view["items"].as_array().unwrap().iter();
            items.map(|item| (item["name"].as_str().unwrap().to_owned(), item["originals_handed_in"].as_u64().unwrap())).collect()
        };
        let now = view(&office, &id);
        let expected = [("Bản vẽ", 1), ("Đơn", 1), ("Trích lục", 0)].map(|(name, n)| (name.to_owned(), n));
        assert_eq!(held(&now), expected);
        assert_eq!(now["items"][0]["key"], "ban-ve");
        let other = json!([{"name": "Giấy ủy quyền", "originals_handed_in": 1, "copies_handed_in": 0}]);
        assert_eq!(now["other_items"], other);

        // A paper by its key, wherever it stands; the same name has the same key in every version.
        let versions = office.call("GET", "/api/v1/procedures/1.000001").send().expect(200).json();
        let key = |version: usize, name: &str| {
            let list = versions[version]["checklist"].as_array().unwrap().iter();
            list.clone().find(|item| item["name"] == name).unwrap()["key"].clone()
        };
        assert_eq!(key(0, "Đơn"), key(1, "Đơn"));
        let dossier = json!({"id": id});
        act(&office, &clerk, &dossier, "hand-over", json!({"step": 1})).expect(200);
        let officer = office.token(Role::Officer, COMMUNE);
        let unknown = json!({"reason": "thiếu", "keys": ["giay-uy-quyen"]});
        let unknown = act(&office, &officer, &dossier, "request-supplement", unknown).problem(409, "refused");
        assert_eq!(unknown["reason"], "unknown_paper");
        let ask = json!({"reason": "thiếu", "items": [2], "keys": [key(0, "Đơn")]});
        act(&office, &officer, &dossier, "request-supplement", ask).expect(200);
        let both = json!({"items": [{"position": 1, "key": key(0, "Đơn"), "originals": 1}]});
        let both = act(&office, &clerk, &dossier, "take-supplement", both).problem(400, "invalid-request");
        assert_eq!(fields(&both), ["/items/0/position"]);
        let given = json!({"items": [{"key": key(0, "Đơn"), "originals": 2}, {"position": 2, "originals": 1}]});
        let now = act(&office, &clerk, &dossier, "take-supplement", given).expect(200).json();
        let expected = [("Bản vẽ", 1), ("Đơn", 3), ("Trích lục", 1)].map(|(name, n)| (name.to_owned(), n));
        assert_eq!(held(&now), expected);
        assert_eq!(now["other_items"], other);
        // The history calls each by the name that it had then.
        let events = office.call("GET", format!("/api/v1/dossiers/{id}/events")).token(&clerk).send().expect(200).json();
        let papers: Vec<_> = events.as_array().unwrap().iter().map(|event| event["data"]["papers"].clone())
            .filter(|papers| !papers.is_null()).collect();
        assert_eq!(papers, [
            json!(["Đơn", "Bản vẽ", "Giấy ủy quyền"]), json!(["Trích lục", "Đơn"]), json!(["Đơn", "Trích lục"]),
        ]);

        // Two papers cannot have one key; the same catalogue again changes nothing.
        let admin = office.token(Role::Administrator, "H37");
        let put = |body: &Value| office.call("PUT", "/api/v1/procedures/1.000001").token(&admin).body(body.clone()).send();
        let mut twice = versions[0].clone();
        twice["valid_from"] = json!("2099-01-01");
        twice["checklist"][1]["key"] = json!("ban-ve");
        twice["checklist"][2]["key"] = json!("Trích lục");
        assert_eq!(fields(&put(&twice).problem(400, "invalid-request")), ["/checklist/1/key", "/checklist/2/key"]);
        put(&versions[0]).expect(200);
        // A version that gives no keys goes on with those there are.
        let mut next = versions[0].clone();
        next["valid_from"] = json!("2099-01-01");
        for item in next["checklist"].as_array_mut().unwrap() {
            item.as_object_mut().unwrap().remove("key");
        }
        let put_next = put(&next).expect(201).json();
        let of_next = put_next.as_array().unwrap().iter().find(|version| version["valid_from"] == "2099-01-01");
        assert_eq!(of_next.unwrap()["checklist"], versions[0]["checklist"]);
        put(&next).expect(200);
        verified(&office);
    }
}

on_both! {
    fn an_online_submission_keeps_its_papers_when_the_version_changes_before_its_code(db: &Database) {
        let mut office = Office::open_with(db, crate::submissions::with_sms(db));
        let clerk = office.token(Role::Clerk, COMMUNE);
        let import = |version: Value| motcua::imports::procedures(&office.world.store, json!([version]).to_string().as_bytes());
        import(version("2020-01-01", json!([paper("Đơn"), paper("Bản vẽ")]))).unwrap();
        let mut body = office.new_submission(COMMUNE, "1.000001");
        body["items"] = json!([{"position": 0, "originals": 1}]);
        let waiting = office.call("POST", "/api/v1/submissions").body(body).send().expect(202).json();
        let today = motcua::clock::now().date().to_string();
        import(version(&today, json!([paper("Bản vẽ"), paper("Đơn")]))).unwrap();
        let code = crate::submissions::code(&crate::submissions::outbox(db)[0].2);
        let confirm = format!("/api/v1/submissions/{}/confirm", waiting["id"].as_str().unwrap());
        let made = office.call("POST", confirm).body(json!({"code": code})).send().expect(201).json();
        let number = made["dossier"]["case_number"].as_str().unwrap();
        let view = office.call("GET", format!("/api/v1/dossiers/{number}")).token(&clerk).send().expect(200).json();
        let items = view["items"].as_array().unwrap().iter();
        let held: Vec<_> = items.map(|item| (item["name"].as_str().unwrap(), &item["originals_handed_in"])).collect();
        assert_eq!(held, [("Bản vẽ", &json!(0)), ("Đơn", &json!(1))]);
    }
}

on_both! {
    fn a_dossier_past_due_keeps_its_due_moment_whatever_is_asked_for(db: &Database) {
        let mut office = Office::open(db);
        let clerk = office.token(Role::Clerk, COMMUNE);
        let world = &office.world;
        motcua::imports::procedures(&world.store, json!([version("2020-01-01", json!([paper("Đơn")]))]).to_string().as_bytes()).unwrap();
        let received = world.receive_at(COMMUNE, "1.000001", at("2021-03-01 08:00"));
        let due = received.due().unwrap();
        world.begin(received.id, at("2021-03-01 09:00"));
        let ask = Action::RequestSupplement { reason: "thiếu".to_owned(), items: vec![Paper::Position(0)], exception: None };
        world.act(received.id, at("2021-03-22 09:00"), ask).unwrap();
        let given = motcua::domain::dossier::ItemHandedIn(0, 1, 0).into();
        let taken = Action::TakeSupplement { items: vec![given], reason: String::new() };
        world.act(received.id, at("2021-03-24 09:00"), taken).unwrap();
        let ask = Action::RequestPayment { fees: vec![], amount_vnd: Some(1000), reason: "thuế".to_owned() };
        world.act(received.id, at("2021-03-24 10:00"), ask).unwrap();
        let paid = Action::TakePayment { amount_vnd: 1000, method: PaymentMethod::Cash, receipt: String::new() };
        world.act(received.id, at("2021-03-26 10:00"), paid).unwrap();
        // View, look-up and lists say the same.
        let text = json!(due.to_string());
        let view = office.call("GET", format!("/api/v1/dossiers/{}", received.id)).token(&clerk).send().expect(200).json();
        assert_eq!((&view["due_at"], &view["overdue"]), (&text, &json!(true)));
        let public = office.call("GET", format!(
            "/api/v1/lookup?case_number={}&code={}", received.case_number, view["look_up_code"].as_str().unwrap(),
        )).send().expect(200).json();
        assert_eq!((&public["due_at"], &public["overdue"]), (&text, &json!(true)));
        let list = office.call("GET", "/api/v1/dossiers?list=overdue").token(&clerk).send().expect(200).json();
        assert_eq!(list["items"][0]["due_at"], text);
        // So does recomputation: a day off after the due moment moves nothing.
        let world = &office.world;
        let calendar = String::from_utf8(motcua::config::bundled::CALENDAR.to_vec()).unwrap();
        motcua::imports::calendar(&world.store, format!("{calendar}2021-03-25,off,Nghỉ\n").as_bytes()).unwrap();
        assert_eq!(motcua::jobs::queue::recompute_due_moments(&world.store, at("2021-03-26 11:00")).unwrap(), 0);
        let done = world.finish(received.id, at("2021-03-26 12:00"));
        assert_eq!(done.outcome, Some(motcua::domain::time_limit::Outcome::Overdue));
        assert_eq!(done.due(), Some(due));
        verified(&office);
    }
}

on_both! {
    fn an_undone_closing_of_an_earlier_period_is_carried_over(db: &Database) {
        let mut office = Office::open(db);
        let supervisor = office.token(Role::Supervisor, "H37");
        let world = &office.world;
        motcua::imports::procedures(&world.store, json!([version("2020-01-01", json!([paper("Đơn")]))]).to_string().as_bytes()).unwrap();
        let receive = |when: &str| {
            let dossier = world.receive_at(COMMUNE, "1.000001", at(when));
            world.begin(dossier.id, at(when));
            dossier.id
        };
        let finish = |id, when: &str| {
            let decision = Decision::Approved;
            world.act(id, at(when), Action::Finish { decision, reason: String::new() }).unwrap();
        };
        let undo = |id, when: &str| {
            let reason = "nhầm".to_owned();
            world.act(id, at(when), Action::Correct(Correction::Undo { reason })).unwrap();
        };
        let late = receive("2021-02-01 08:00");
        finish(late, "2021-03-22 09:00");
        let before = office.call("GET", "/api/v1/reports/06a?from=2021-03-15&to=2021-04-14").token(&supervisor).send().expect(200).json();
        undo(late, "2021-04-20 09:00");
        for day in ["2021-04-16 08:00", "2021-04-19 08:00"] {
            finish(receive(day), "2021-04-22 09:00");
        }
        let report = |days: &str| {
            office.call("GET", format!("/api/v1/reports/06a?{days}")).token(&supervisor).send().expect(200).json()["total"].clone()
        };
        let expect = |total: &Value, expected: Value| {
            for (name, value) in expected.as_object().unwrap() {
                assert_eq!(&total[name], value, "{name} in {total}");
            }
        };
        expect(&report("from=2021-04-15&to=2021-05-14"), json!({
            "received": 3, "carried_over": 1, "reopened": 1, "received_direct_and_postal": 2,
            "resolved": 2, "early": 2, "on_time": 0, "overdue": 0,
            "in_progress": 1, "in_progress_overdue": 1, "on_time_rate": "100.00", "overdue_rate": "0.00",
        }));
        // The day itself, and a period that holds both: there nothing was closed.
        expect(&report("from=2021-04-20&to=2021-04-20"), json!({"resolved": 0, "carried_over": 3, "reopened": 1, "in_progress": 3}));
        expect(&report("from=2021-03-15&to=2021-04-21"), json!({"resolved": 0, "carried_over": 1, "reopened": 0, "in_progress": 3}));
        // What was told of March stays told.
        assert_eq!(report("from=2021-03-15&to=2021-04-14"), before["total"]);
        expect(&before["total"], json!({"resolved": 1, "overdue": 1}));
        // Closed again and undone again within the period.
        finish(late, "2021-04-23 09:00");
        expect(&report("from=2021-04-15&to=2021-05-14"), json!({"resolved": 3, "overdue": 1, "in_progress": 0, "overdue_rate": "33.33"}));
        undo(late, "2021-04-26 09:00");
        housekeeping::run(&world.store, at("2021-04-27 09:00")).unwrap();
        expect(&report("from=2021-04-15&to=2021-05-14"), json!({"resolved": 2, "overdue": 0, "carried_over": 1, "in_progress": 1}));
        // A database that is older than their table has them after its next start.
        verified(&office);
        db.tamper("delete from tally_reversals");
        let found = tools::verify::verify(&office.world.store, 10).unwrap().findings;
        assert_eq!(found.len(), 2, "{found:?}");
        db.tamper("delete from settings where key = 'reversals_filled'");
        assert_eq!(tools::verify::verify(&db.store(), 10).unwrap().findings, []);
    }
}

on_both! {
    fn what_moved_within_the_period_is_counted_where_it_is(db: &Database) {
        let world = World::new(db.store());
        let lines = format!("old_code,new_code,share\n{COMMUNE},{NEIGHBOUR},whole\n");
        motcua::imports::successions(&world.store, lines.as_bytes(), Some(date("2021-01-01"))).unwrap();
        let reference = world.store.reference().unwrap();
        let [from, to] = [COMMUNE, NEIGHBOUR].map(|code| reference.units().by_code(code).unwrap().id);
        let dossier = world.receive_at(COMMUNE, SAME_DAY, at("2021-03-10 08:00"));
        world.act(dossier.id, at("2021-03-12 08:00"), Action::MoveToSuccessor { from, to }).unwrap();
        let standing = |first: &str, last: &str, unit: &str| {
            let period = motcua::domain::period::Period::new(date(first), date(last)).unwrap();
            let span = motcua::reports::standings::Span::new(period, None, at("2021-04-01 08:00")).unwrap();
            let s = motcua::reports::form_06a::form_06a(&world.store, span, Some(unit)).unwrap().total;
            (s.received_other, s.carried_over, s.in_progress())
        };
        // Received, carried over, in progress.
        assert_eq!(standing("2021-03-01", "2021-03-31", COMMUNE), (0, 0, 0));
        assert_eq!(standing("2021-03-01", "2021-03-31", NEIGHBOUR), (1, 0, 1));
        assert_eq!(standing("2021-03-11", "2021-03-31", COMMUNE), (0, 0, 0));
        assert_eq!(standing("2021-03-11", "2021-03-31", NEIGHBOUR), (0, 1, 1));
        assert_eq!(standing("2021-03-01", "2021-03-11", COMMUNE), (1, 0, 1));
        assert_eq!(standing("2021-03-01", "2021-03-31", "H37"), (1, 0, 1));
    }
}

on_both! {
    fn a_unit_does_not_end_over_its_dossiers_and_codes_follow_the_tree(db: &Database) {
        let mut office = Office::open(db);
        let admin = office.token(Role::Administrator, "H37.20");
        let done = office.receive(COMMUNE, SAME_DAY);
        let supervisor = office.token(Role::Supervisor, COMMUNE);
        for step in [1, 2] {
            act(&office, &supervisor, &done, "hand-over", json!({"step": step})).expect(200);
        }
        act(&office, &supervisor, &done, "finish", json!({"decision": "approved"})).expect(200);
        let open = office.receive(COMMUNE, SAME_DAY);
        let patch = |body: Value| {
            let call = office.call("PATCH", format!("/api/v1/units/{COMMUNE}"));
            call.token(&admin).header("If-Match", "*").body(body).send()
        };
        let refused = patch(json!({"valid_to": "2026-10-20"})).problem(409, "refused");
        assert_eq!(refused["reason"], "unit_has_dossiers");
        assert!(refused["detail"].as_str().unwrap().contains("còn 1 hồ sơ chưa xong và 1 kết quả chưa trả"), "{refused}");
        // By the command line too.
        let file = db.folder().join("units.csv");
        let head = "code,level,kind,name,parent_code,statistical_code,valid_from,valid_to\n";
        let line = format!("{COMMUNE},commune,people_committee,Xã,H37.20,,2018-01-01,2026-10-20\n");
        std::fs::write(&file, format!("{head}{line}")).unwrap();
        let failed = Program::on(db).failure(&["import", "units", file.to_str().unwrap()]);
        assert!(failed.contains(COMMUNE) && failed.contains("còn 1 hồ sơ chưa xong"), "{failed}");
        // A successor that is none.
        for (body, field) in [
            (json!({"valid_to": "2026-10-20", "successor": "H99"}), "/successor"),
            (json!({"valid_to": "2026-10-20", "successor": COMMUNE}), "/successor"),
            (json!({"successor": NEIGHBOUR}), "/successor"),
        ] {
            assert_eq!(fields(&patch(body).problem(400, "invalid-request")), [field]);
        }
        patch(json!({"valid_to": "2026-10-20", "successor": FOREIGN})).problem(403, "forbidden");
        let ended = patch(json!({"valid_to": "2026-10-20", "successor": NEIGHBOUR})).expect(202).json();
        assert_eq!((&ended["valid_to"], &ended["successor"]), (&json!("2026-10-20"), &json!(NEIGHBOUR)));
        housekeeping::run(&office.world.store, motcua::clock::now()).unwrap();
        let clerk = office.token(Role::Clerk, NEIGHBOUR);
        let moved = office.call("GET", path(&open)).token(&clerk).send().expect(200).json();
        assert_eq!(moved["unit"]["code"], NEIGHBOUR);
        // One that has nothing may end.
        let call = office.call("PATCH", "/api/v1/units/H37.20.03").token(&admin).header("If-Match", "*");
        call.body(json!({"valid_to": "2026-10-20"})).send().expect(202);

        let unit = |code: &str| json!({
            "code": code, "level": "commune", "kind": "people_committee", "name": "Xã mới",
            "parent": "H37.20", "valid_from": "2021-01-01",
        });
        let create = |code: &str| office.call("POST", "/api/v1/units").token(&admin).body(unit(code)).send();
        for code in ["H37.21.97", "H37.2097", "H37.20"] {
            assert_eq!(fields(&create(code).problem(400, "invalid-request")), ["/code"]);
        }
        create("H37.20.97").expect(201);
        let line = "H37.21.98,commune,people_committee,Xã,H37.20,,2018-01-01,\n";
        std::fs::write(&file, format!("{head}{line}")).unwrap();
        let failed = Program::on(db).failure(&["import", "units", file.to_str().unwrap()]);
        assert!(failed.contains("dòng 2, cột code"), "{failed}");
        let options = UnitsOptions { valid_from: date("2018-01-01"), replaces: vec![] };
        assert_eq!(motcua::imports::units(&office.world.store, motcua::config::bundled::UNITS_2021, &options).unwrap().added, 0);
        verified(&office);
    }
}

on_both! {
    fn papers_come_with_the_receipt_of_what_was_submitted_online(db: &Database) {
        let office = Office::for_browsers(db);
        let clerk = Visitor::hire(&office, Role::Clerk, COMMUNE);
        let world = &office.world;
        let today = motcua::clock::now();
        let version = json!([version("2020-01-01", json!([paper("Đơn"), paper("Bản vẽ")]))]);
        motcua::imports::procedures(&world.store, version.to_string().as_bytes()).unwrap();
        let mut request = world.request(COMMUNE, "1.000001");
        request.items.clear();
        let registered = acts::receive::register(&world.store, &request, occasion(today)).unwrap();
        let path = format!("/ho-so/{}/tiep-nhan", registered.case_number);
        let form = clerk.get(&path).expect(200).body;
        assert!(form.contains("items/0/originals") && form.contains("Nộp trực tuyến chưa kèm tệp"), "{form}");
        let wrong = [("version", &*held(&form, "version")), ("items/0/originals", "hai")];
        is_page(&clerk.post(&path, &wrong), 400);
        let taken = [
            ("version", &*held(&form, "version")), ("items/0/originals", "1"), ("items/0/copies", ""), ("items/1/originals", "0"),
        ];
        clerk.post(&path, &taken).expect(303);
        let dossier = clerk.get(&format!("/ho-so/{}", registered.case_number)).expect(200).body;
        assert!(dossier.contains("Bản chính đã nhận\">1<"), "{dossier}");
        let receipt = clerk.get(&format!("/ho-so/{}/giay-tiep-nhan", registered.case_number)).expect(200).body;
        assert!(receipt.contains("<li>Đơn"), "{receipt}");
        verified(&office);
    }
}
