//! Fees: so many times as there are pages, a choice and never a sum, money that is paid back, money that comes too much,
//! twice or too late; and what reports and look-ups say of it.

use serde_json::{Value, json};

use crate::support::{
    Answer, COMMUNE, FOREIGN, Office, Program, SAME_DAY, act, fields, get, on_both, path,
};
use motcua::domain::role::Role;
use motcua::tools;

const SECRET: &str = "một khóa chung đủ dài cho cổng thanh toán";

/// An office with an account and a gateway.
fn open(db: &crate::support::Database) -> Office {
    let program = Program::on(db)
        .with("MOTCUA__PAYMENTS__BANK", "970405")
        .with("MOTCUA__PAYMENTS__ACCOUNT", "0008400205123")
        .with("MOTCUA__PAYMENTS__GATEWAY_SECRET", SECRET);
    Office::open_with(db, program)
}

/// What the transfer code asks for.
fn code(office: &Office, token: &str, dossier: &Value) -> Value {
    let code = get(
        office,
        token,
        &format!("{}/fees/transfer-code", path(dossier)),
    );
    code["amount_vnd"].clone()
}

/// A gateway's word.
fn tell(office: &Office, transaction: &str, dossier: &Value, amount: u64) -> Value {
    use hmac::{Hmac, Mac};
    let body = json!({"transaction": transaction, "case_number": dossier["case_number"], "amount_vnd": amount});
    let body = body.to_string();
    let mut mac = <Hmac<sha2::Sha256> as Mac>::new_from_slice(SECRET.as_bytes()).unwrap();
    mac.update(body.as_bytes());
    let signature = data_encoding::HEXLOWER.encode(&mac.finalize().into_bytes());
    let call = office.call("POST", "/api/v1/payments");
    let call = call.header("X-Signature", &signature);
    let call = call.header("Content-Type", "application/json");
    call.raw(body.as_bytes()).send().expect(200).json()
}

fn look_up(office: &Office, dossier: &Value) -> Value {
    let (number, code) = (
        dossier["case_number"].as_str().unwrap(),
        dossier["look_up_code"].as_str().unwrap(),
    );
    let path = format!("/api/v1/lookup?case_number={number}&code={code}");
    office.call("GET", path).send().expect(200).json()
}

fn receive(office: &Office, token: &str, unit: &str, procedure: &str, fees: Value) -> Answer {
    let mut body = office.new_dossier(unit, procedure);
    body["fees"] = fees;
    office
        .call("POST", "/api/v1/dossiers")
        .token(token)
        .body(body)
        .send()
}

pub(crate) fn verified(office: &Office) {
    let report = tools::verify::verify(&office.world.store, 10).unwrap();
    assert_eq!(report.findings, []);
}

on_both! {
    fn a_fee_by_the_page_is_asked_for_as_often_as_there_are_pages(db: &Database) {
        let mut office = open(db);
        let [clerk, officer] = [Role::Clerk, Role::Officer].map(|role| office.token(role, COMMUNE));
        let five = json!([{"position": 0, "quantity": 5}]);
        // Said at receipt: the view, the code, the gateway and the look-up know it.
        for (fees, field) in [
            (json!([{"position": 0, "quantity": 0}]), "/fees/0/quantity"),
            (json!([0, {"position": 1, "quantity": 100_001}]), "/fees/1/quantity"),
        ] {
            let wrong = receive(&office, &clerk, COMMUNE, SAME_DAY, fees).problem(400, "invalid-request");
            assert_eq!(fields(&wrong), [field]);
        }
        let unknown = receive(&office, &clerk, COMMUNE, SAME_DAY, json!([7])).problem(409, "refused");
        assert_eq!(unknown["reason"], "unknown_fee");
        let first = receive(&office, &clerk, COMMUNE, SAME_DAY, five.clone()).expect(201).json();
        let fee = &first["fees"][0];
        assert_eq!((&fee["quantity"], &fee["sum_vnd"], &fee["per"]), (&json!(5), &json!(10_000), &json!("trang")));
        assert_eq!(code(&office, &clerk, &first), 10_000);
        assert_eq!(tell(&office, "T1", &first, 2000)["reason"], "other_amount");
        assert_eq!(look_up(&office, &first)["fees"][0]["sum_vnd"], 10_000);
        assert_eq!(tell(&office, "T2", &first, 10_000)["state"], "taken");
        let seen = look_up(&office, &first);
        assert_eq!(seen["fees"], json!([{"name": "Phí chứng thực bản sao từ bản chính", "quantity": 5, "sum_vnd": 10_000, "settled": true}]));
        assert_eq!((&seen["paid_vnd"], &seen["refunded_vnd"]), (&json!(10_000), &json!(0)));

        // Said at collection.
        let second = office.receive(COMMUNE, SAME_DAY);
        assert_eq!(code(&office, &clerk, &second), 2000);
        let cash = json!({"fees": five, "method": "cash", "receipt": "BL-1"});
        let paid = act(&office, &clerk, &second, "fees/collect", cash).expect(200).json();
        assert_eq!((&paid["paid_vnd"], &paid["fees"][0]["sum_vnd"]), (&json!(10_000), &json!(10_000)));
        let again = act(&office, &clerk, &second, "fees/set", json!({"fees": five})).problem(409, "refused");
        assert_eq!(again["reason"], "fee_settled");

        // A fee that is not counted by anything is owed once, unless somebody says why.
        let flat = office.receive(COMMUNE, "1.004873");
        let thrice = |reason: &str| json!({"fees": [{"position": 0, "quantity": 3, "reason": reason}]});
        let refused = act(&office, &clerk, &flat, "fees/set", thrice("")).problem(409, "refused");
        assert_eq!(refused["reason"], "quantity_without_reason");
        let set = act(&office, &clerk, &flat, "fees/set", thrice("Ba giấy xác nhận")).expect(200).json();
        assert_eq!(set["fees"][0]["quantity"], 3);

        // Said before the applicant is asked.
        let third = office.receive(COMMUNE, SAME_DAY);
        act(&office, &officer, &third, "fees/set", json!({"fees": five})).problem(403, "forbidden");
        act(&office, &clerk, &third, "fees/set", json!({"fees": [{"position": 0, "quantity": 3}]})).expect(200);
        act(&office, &clerk, &third, "fees/set", json!({"fees": five})).expect(200);
        act(&office, &clerk, &third, "hand-over", json!({"step": 1})).expect(200);
        let asked = act(&office, &officer, &third, "request-payment", json!({"fees": [0]})).expect(200).json();
        assert_eq!(asked["payment_requested_vnd"], 10_000);
        // What is asked for stays as it is while the clock stands for it.
        let beside = act(&office, &clerk, &third, "fees/set", json!({"fees": five})).problem(409, "refused");
        assert_eq!(beside["reason"], "fee_requested");
        assert_eq!(code(&office, &clerk, &third), 10_000);
        act(&office, &clerk, &third, "take-payment", json!({"amount_vnd": 10_000})).expect(200);
        // Or when they are asked.
        let fourth = office.receive(COMMUNE, SAME_DAY);
        act(&office, &clerk, &fourth, "hand-over", json!({"step": 1})).expect(200);
        let asked = act(&office, &officer, &fourth, "request-payment", json!({"fees": five})).expect(200).json();
        assert_eq!(asked["payment_requested_vnd"], 10_000);
        assert_eq!(tell(&office, "T3", &fourth, 10_000)["state"], "taken");
        let view = get(&office, &clerk, &path(&fourth));
        assert_eq!((&view["fees"][0]["status"], &view["fees"][0]["quantity"]), (&json!("collected"), &json!(5)));
        verified(&office);
    }
}

on_both! {
    fn further_pages_of_a_copy_cost_less(db: &Database) {
        let mut office = open(db);
        let clerk = office.token(Role::Clerk, COMMUNE);
        let by_copy = |pages: &str| json!([{"position": 0, "pages": pages}]);
        // Two of five pages are 2 × 7.000, one of one page 2.000, one of 300 pages no more than 200.000.
        let first = receive(&office, &clerk, COMMUNE, SAME_DAY, by_copy("2x5, 1")).expect(201).json();
        let fee = &first["fees"][0];
        assert_eq!((&fee["quantity"], &fee["pages"], &fee["sum_vnd"]), (&json!(11), &json!("2x5, 1"), &json!(16_000)));
        assert_eq!(fee["further"], json!({"from": 3, "amount_vnd": 1000, "most_vnd": 200_000}));
        assert_eq!(code(&office, &clerk, &first), 16_000);
        assert_eq!(tell(&office, "T1", &first, 16_000)["state"], "taken");
        // What was paid by the page is paid back by the page.
        let back = json!({"fees": [0], "amount_vnd": 16_000, "method": "transfer", "receipt": "", "reason": "thu nhầm"});
        act(&office, &clerk, &first, "fees/refund", back).expect(200);
        let second = office.receive(COMMUNE, SAME_DAY);
        let cash = json!({"fees": by_copy("300"), "method": "cash", "receipt": "BL-1"});
        let paid = act(&office, &clerk, &second, "fees/collect", cash).expect(200).json();
        assert_eq!(paid["paid_vnd"], 200_000);
        for (fees, field) in [
            (by_copy("năm"), "/fees/0/pages"),
            (by_copy(""), "/fees/0/pages"),
            (json!([{"position": 0, "pages": "5", "quantity": 5}]), "/fees/0/pages"),
        ] {
            let wrong = receive(&office, &clerk, COMMUNE, SAME_DAY, fees).problem(400, "invalid-request");
            assert_eq!(fields(&wrong), [field]);
        }
        let twice = receive(&office, &clerk, COMMUNE, SAME_DAY, json!([0, 0])).problem(409, "refused");
        assert_eq!(twice["reason"], "fee_named_twice");
        verified(&office);
    }
}

on_both! {
    fn fees_to_choose_from_are_never_a_sum(db: &Database) {
        let mut office = open(db);
        // Full for most, reduced for some: in the catalogue two lines.
        let (unit, procedure) = {
            let reference = office.world.store.reference().unwrap();
            let version = &reference.versions("2.000488")[0].definition;
            assert_eq!(version.fees[1].instead_of, Some(0));
            for other in ["2.000648", "1.002425", "2.000620"] {
                assert_eq!(reference.versions(other)[0].definition.fees[1].instead_of, Some(0), "{other}");
            }
            // Two that are both owed stay so.
            assert_eq!(reference.versions("2.001583")[0].definition.fees[1].instead_of, None);
            (version.department.clone().unwrap(), version.code.clone())
        };
        let clerk = office.token(Role::Clerk, &unit);
        let full = office.receive(&unit, &procedure);
        let status = |dossier: &Value| {
            let fees = dossier["fees"].as_array().unwrap().iter();
            fees.map(|fee| fee["status"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(status(&full), ["owed", "not_chosen"]);
        assert_eq!(code(&office, &clerk, &full), 200_000);
        assert_eq!(look_up(&office, &full)["fees"].as_array().unwrap().len(), 1);
        assert_eq!(tell(&office, "T1", &full, 300_000)["reason"], "other_amount");
        assert_eq!(tell(&office, "T2", &full, 200_000)["state"], "taken");
        assert_eq!(status(&get(&office, &clerk, &path(&full))), ["collected", "not_chosen"]);
        let other = act(&office, &clerk, &full, "fees/collect", json!({"fees": [1], "method": "cash"}));
        assert_eq!(other.problem(409, "refused")["reason"], "fee_settled");

        // Reduced with a reason, at collection.
        let second = office.receive(&unit, &procedure);
        let collect = |fees: Value| act(&office, &clerk, &second, "fees/collect", json!({"fees": fees, "method": "cash"}));
        assert_eq!(collect(json!([1])).problem(409, "refused")["reason"], "choice_without_reason");
        assert_eq!(collect(json!([0, {"position": 1, "reason": "sinh viên"}])).problem(409, "refused")["reason"], "fees_are_a_choice");
        let paid = collect(json!([{"position": 1, "reason": "sinh viên"}])).expect(200).json();
        assert_eq!((&paid["paid_vnd"], status(&paid)), (&json!(100_000), vec!["not_chosen".to_owned(), "collected".to_owned()]));
        assert_eq!(paid["fees"][1]["reason"], "sinh viên");
        let owes = office.call("GET", format!("{}/fees/transfer-code", path(&second))).token(&clerk).send();
        assert_eq!(owes.problem(409, "refused")["reason"], "no_transfer_code");

        // At receipt, and another choice before anything is paid.
        let third = receive(&office, &clerk, &unit, &procedure, json!([{"position": 1, "reason": "người có công"}])).expect(201).json();
        assert_eq!(status(&third), ["not_chosen", "owed"]);
        assert_eq!(code(&office, &clerk, &third), 100_000);
        let set = |fees: Value| act(&office, &clerk, &third, "fees/set", json!({"fees": fees}));
        set(json!([0])).expect(200);
        assert_eq!(code(&office, &clerk, &third), 200_000);
        set(json!([{"position": 1, "reason": "có thẻ"}])).expect(200);
        // Named again, it needs no reason again.
        let paid = act(&office, &clerk, &third, "fees/collect", json!({"fees": [1], "method": "transfer"})).expect(200).json();
        assert_eq!((&paid["paid_vnd"], &paid["fees"][1]["reason"]), (&json!(100_000), &json!("có thẻ")));
        // Waived is waived, whichever of them it would have been.
        let fourth = office.receive(&unit, &procedure);
        let waive = |fee: u16| act(&office, &clerk, &fourth, "fees/waive", json!({"fee": fee, "reason": "trẻ em"}));
        assert_eq!(waive(1).problem(409, "refused")["reason"], "fee_of_others");
        assert_eq!(status(&waive(0).expect(200).json()), ["waived", "not_chosen"]);
        assert_eq!(tell(&office, "T3", &fourth, 200_000)["reason"], "nothing_owed");
        // A waiver that was a mistake is taken back, and both stay on record.
        let again = |fee: u16| act(&office, &clerk, &fourth, "fees/cancel-waiver", json!({"fee": fee, "reason": "nhầm hồ sơ"}));
        let owed = again(0).expect(200).json();
        assert_eq!(status(&owed), ["owed", "not_chosen"]);
        assert_eq!(code(&office, &clerk, &fourth), 200_000);
        assert_eq!(again(0).problem(409, "refused")["reason"], "not_waived");
        assert!(!owed["allowed_actions"].as_array().unwrap().contains(&json!("fees/cancel-waiver")), "{owed}");
        // What is so already is no news.
        let same = act(&office, &clerk, &fourth, "fees/set", json!({"fees": [0]}));
        assert_eq!(same.problem(409, "refused")["reason"], "fees_unchanged");
        let events = get(&office, &clerk, &format!("{}/events", path(&second)));
        let last = &events.as_array().unwrap().last().unwrap()["data"];
        assert_eq!(last["terms"], json!([{"fee": 1, "reason": "sinh viên"}]));
        verified(&office);
    }
}

on_both! {
    fn what_is_paid_back_is_on_record_and_no_more_than_was_paid(db: &Database) {
        let mut office = open(db);
        let [clerk, supervisor] = [Role::Clerk, Role::Supervisor].map(|role| office.token(role, COMMUNE));
        let foreign = office.token(Role::Supervisor, FOREIGN);
        let [dossier, gone] = [(); 2].map(|()| office.receive(COMMUNE, SAME_DAY));
        let act = |dossier: &Value, action: &str, body: Value| act(&office, &clerk, dossier, action, body);
        let back = |amount: u64, fees: Value| {
            json!({"amount_vnd": amount, "fees": fees, "method": "cash", "receipt": "PC-1", "reason": "Nộp thừa trang"})
        };
        let refused = |answer: Answer| answer.problem(409, "refused")["reason"].clone();
        assert_eq!(refused(act(&dossier, "fees/refund", back(2000, json!([])))), "refund_too_much");
        assert_eq!(refused(act(&dossier, "fees/cancel-refund", json!({"reason": "x"}))), "nothing_refunded");
        assert!(!dossier["allowed_actions"].as_array().unwrap().contains(&json!("fees/refund")));
        let five = json!({"fees": [{"position": 0, "quantity": 5}], "method": "cash"});
        let paid = act(&dossier, "fees/collect", five.clone()).expect(200).json();
        assert!(paid["allowed_actions"].as_array().unwrap().contains(&json!("fees/refund")));
        for (body, field) in [
            (json!({"amount_vnd": 0, "method": "cash", "reason": "x"}), "/amount_vnd"),
            (json!({"amount_vnd": 1, "method": "cash", "reason": " "}), "/reason"),
        ] {
            assert_eq!(fields(&act(&dossier, "fees/refund", body).problem(400, "invalid-request")), [field]);
        }
        assert_eq!(refused(act(&dossier, "fees/refund", back(10_001, json!([])))), "refund_too_much");
        assert_eq!(refused(act(&dossier, "fees/refund", back(10_000, json!([3])))), "fee_not_collected");
        act(&dossier, "fees/refund", back(4000, json!([0]))).problem(422, "amount-mismatch");
        // A part: the fee stays settled.
        let part = act(&dossier, "fees/refund", back(4000, json!([]))).expect(200).json();
        assert_eq!((&part["paid_vnd"], &part["refunded_vnd"], &part["fees"][0]["status"]), (&json!(10_000), &json!(4000), &json!("collected")));
        let refund = &part["refunds"][0];
        assert_eq!((&refund["amount_vnd"], &refund["reason"], &refund["fees"]), (&json!(4000), &json!("Nộp thừa trang"), &json!([])));
        assert_eq!(refused(act(&dossier, "fees/refund", back(6001, json!([])))), "refund_too_much");
        assert_eq!(look_up(&office, &dossier)["refunded_vnd"], 4000);
        // A mistake is taken back, and both stay on record.
        act(&dossier, "fees/cancel-refund", json!({"reason": "ghi nhầm hồ sơ"})).expect(200);
        // All of it: the fee is open again, and collected right.
        let open = act(&dossier, "fees/refund", back(10_000, json!([0]))).expect(200).json();
        assert_eq!((&open["fees"][0]["status"], &open["refunded_vnd"]), (&json!("owed"), &json!(10_000)));
        act(&dossier, "fees/cancel-refund", json!({"reason": "nhầm"})).expect(200);
        assert_eq!(get(&office, &clerk, &path(&dossier))["fees"][0]["status"], "collected");
        act(&dossier, "fees/refund", back(10_000, json!([0]))).expect(200);
        let right = json!({"fees": [{"position": 0, "quantity": 4}], "method": "transfer"});
        let right = act(&dossier, "fees/collect", right).expect(200).json();
        assert_eq!((&right["paid_vnd"], &right["refunded_vnd"]), (&json!(18_000), &json!(10_000)));
        // What was paid anew is not paid twice because what went back did not.
        assert_eq!(refused(act(&dossier, "fees/cancel-refund", json!({"reason": "nhầm"}))), "fee_settled");
        let events = get(&office, &clerk, &format!("{}/events", path(&dossier)));
        let kinds: Vec<_> = events.as_array().unwrap().iter().map(|event| event["kind"].as_str().unwrap()).collect();
        assert_eq!(kinds, [
            "received", "fees_collected", "fees_refunded", "refund_cancelled", "fees_refunded", "refund_cancelled", "fees_refunded",
            "fees_collected",
        ]);

        // Withdrawn: nothing is owed, and what was paid may go back, also after the closing is undone.
        act(&gone, "fees/collect", json!({"fees": [0], "method": "cash"})).expect(200);
        act(&gone, "withdraw", json!({"reason": "đổi ý"})).expect(200);
        let view = act(&gone, "fees/refund", back(2000, json!([0]))).expect(200).json();
        assert_eq!(view["status"], "withdrawn");
        act(&gone, "fees/collect", json!({"fees": [0], "method": "cash"})).problem(409, "refused");
        act(&gone, "undo", json!({"reason": "nhầm"})).expect(200);
        assert_eq!(code(&office, &clerk, &gone), 2000);

        // The report of money, by day of the event.
        let today = motcua::clock::now().date();
        let report = |token: &str, more: &str| {
            let path = format!("/api/v1/reports/fees?from={today}&to={today}{more}");
            office.call("GET", path).token(token).send().expect(200)
        };
        let by_unit = report(&supervisor, "").json();
        let sums = json!({"collected": 3, "collected_vnd": 20_000, "refunded": 2, "refunded_vnd": 12_000, "net_vnd": 8000});
        assert_eq!(by_unit["total"], sums);
        assert_eq!((&by_unit["rows"][0]["key"], &by_unit["rows"][0]["net_vnd"]), (&json!(COMMUNE), &json!(8000)));
        let ways = report(&supervisor, "&by=method").json();
        let ways: Vec<_> = ways["rows"].as_array().unwrap().iter().map(|row| (row["key"].clone(), row["net_vnd"].clone())).collect();
        assert_eq!(ways, [(json!("cash"), json!(0)), (json!("transfer"), json!(8000))]);
        let text = report(&supervisor, "&by=procedure&format=text").body;
        assert!(text.contains("20.000") && text.contains("12.000"), "{text}");
        assert_eq!(report(&foreign, "").json()["total"]["collected"], 0);
        verified(&office);
    }
}

on_both! {
    fn money_that_comes_too_much_twice_or_too_late_is_seen_to(db: &Database) {
        let mut office = open(db);
        let clerk = office.token(Role::Clerk, COMMUNE);
        let [much, twice, late] = [(); 3].map(|()| office.receive(COMMUNE, SAME_DAY));
        assert_eq!(tell(&office, "T1", &much, 7000)["reason"], "other_amount");
        assert_eq!(tell(&office, "T2", &twice, 2000)["state"], "taken");
        assert_eq!(tell(&office, "T3", &twice, 2000)["reason"], "nothing_owed");
        act(&office, &clerk, &late, "withdraw", json!({"reason": "đổi ý"})).expect(200);
        assert_eq!(tell(&office, "T4", &late, 2000)["reason"], "closed");
        let list = get(&office, &clerk, "/api/v1/payments?state=unmatched");
        let id = |transaction: &str| {
            let mut items = list["items"].as_array().unwrap().iter();
            items.find(|item| item["transaction"] == transaction).unwrap()["id"].clone()
        };
        let handle = |transaction: &str, what: &str, body: Value| {
            let call = office.call("POST", format!("/api/v1/payments/{}/{what}", id(transaction)));
            call.token(&clerk).body(body).send()
        };
        let take = |excess: Value| json!({"dossier": much["case_number"], "fees": [0], "excess_vnd": excess, "reason": "chuyển thừa"});
        // What is owed is taken, the rest goes back, and the word for it is said.
        handle("T1", "take", take(Value::Null)).problem(422, "amount-mismatch");
        handle("T1", "take", take(json!(4000))).problem(422, "amount-mismatch");
        assert_eq!(fields(&handle("T1", "take", take(json!(7000))).problem(400, "invalid-request")), ["/excess_vnd"]);
        let taken = handle("T1", "take", take(json!(5000))).expect(200).json();
        assert_eq!(taken["state"], "taken");
        assert_eq!(taken["acts"][0]["reason"], "chuyển thừa; nộp thừa 5.000 đồng, hoàn trả người nộp");
        let view = get(&office, &clerk, &path(&much));
        assert_eq!((&view["paid_vnd"], &view["fees"][0]["receipt"]), (&json!(2000), &json!("T1")));
        // What goes back is in the history, and told.
        let events = get(&office, &clerk, &format!("{}/events", path(&much)));
        let events = events["items"].as_array().unwrap_or_else(|| events.as_array().unwrap()).clone();
        let back = events.iter().find(|event| event["kind"] == "money_sent_back").unwrap();
        assert_eq!((&back["data"]["amount_vnd"], &back["data"]["receipt"]), (&json!(5000), &json!("T1")));
        for transaction in ["T3", "T4"] {
            let back = handle(transaction, "pay-back", json!({"reason": "ủy nhiệm chi 12"})).expect(200).json();
            assert_eq!(back["state"], "paid_back");
        }
        verified(&office);
    }
}
