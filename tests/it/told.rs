//! What people are told, by what, and that what cannot reach them is refused at the door.

use serde_json::{Value, json};

use crate::submissions::outbox;
use crate::support::{
    COMMUNE, Database, Office, Program, SAME_DAY, World, at, fields, on_both, staff,
};
use motcua::acts;
use motcua::domain::moment::Moment;
use motcua::domain::role::Role;
use motcua::store::payments::Notice;

/// Five working days.
const DAYS: &str = "1.004884";

/// A server that sends letters, and nothing else.
fn by_mail_only(db: &Database) -> Program {
    Program::on(db)
        .with("MOTCUA__MAIL__TRANSPORT", "folder")
        .with(
            "MOTCUA__MAIL__FOLDER",
            db.folder().join("letters").to_str().unwrap(),
        )
}

/// Nobody can be written to there.
const UNREACHABLE: [&str; 8] = [
    "anh..x@example.vn",
    "<k8@example.vn>",
    "k13@-example.vn",
    "k14@example.vn.",
    "ánh@example.vn",
    "a@b",
    "Ánh <anh@example.vn>",
    "a@example.vn, b@example.vn",
];

on_both! {
    fn an_address_that_no_letter_reaches_is_refused_at_every_door(db: &Database) {
        let mut office = Office::open_with(db, by_mail_only(db));
        let clerk = office.token(Role::Clerk, COMMUNE);
        let admin = office.token(Role::Administrator, "H37");
        let dossier = office.receive(COMMUNE, SAME_DAY);
        let correct = format!("/api/v1/dossiers/{}/correct-applicant", dossier["id"].as_str().unwrap());
        let user = json!({
            "username": "lan.nt", "full_name": "Nông Thị Lan", "role": "officer", "unit": COMMUNE,
            "email": "lan@langson.example",
        });
        office.call("POST", "/api/v1/users").token(&admin).body(user.clone()).send().expect(201);
        let change = |body: Value| {
            let call = office.call("PATCH", "/api/v1/users/lan.nt").token(&admin);
            call.header("If-Match", "*").body(body).send()
        };
        for email in UNREACHABLE {
            let at = |answer: crate::support::Answer| fields(&answer.problem(400, "invalid-request"));
            let mut new = office.new_dossier(COMMUNE, SAME_DAY);
            new["applicant"]["email"] = json!(email);
            let received = office.call("POST", "/api/v1/dossiers").token(&clerk).body(new.clone()).send();
            assert_eq!(at(received), ["/applicant/email"], "{email}");
            let batch = office.call("POST", "/api/v1/dossiers/batch").token(&clerk);
            let batch = batch.body(json!({"dossiers": [new.clone()]})).send().expect(200).json();
            assert_eq!(batch["results"][0]["errors"][0]["field"], "/dossiers/0/applicant/email", "{batch}");
            let body = json!({"reason": "sai", "applicant": new["applicant"]});
            let corrected = office.call("POST", correct.clone()).token(&clerk).header("If-Match", "*");
            assert_eq!(at(corrected.body(body).send()), ["/applicant/email"], "{email}");
            let mut online = office.new_submission(COMMUNE, SAME_DAY);
            online["applicant"]["email"] = json!(email);
            assert_eq!(at(office.call("POST", "/api/v1/submissions").body(online).send()), ["/applicant/email"]);
            let feedback = json!({"unit": COMMUNE, "content": "mở cửa muộn", "email": email});
            assert_eq!(at(office.call("POST", "/api/v1/feedback").body(feedback).send()), ["/email"]);
            let mut other = user.clone();
            other["username"] = json!("khac");
            other["email"] = json!(email);
            assert_eq!(at(office.call("POST", "/api/v1/users").token(&admin).body(other).send()), ["/email"]);
            assert_eq!(at(change(json!({"email": email}))), ["/email"]);
        }
        for email in ["anh..x@example.vn", "k13@-example.vn", "k14@example.vn."] {
            let error = Program::on(db).with("MOTCUA__MAIL__FROM", email).failure(&["verify"]);
            assert!(error.contains("mail.from"), "{email}: {error}");
        }
        // What is only pasted badly is kept as it is meant.
        let pasted = change(json!({"email": "\u{feff} lan2@langson.example\u{a0}"})).expect(200).json();
        assert_eq!(pasted["email"], "lan2@langson.example");
        let add = ["user", "add", "--username", "x.y", "--full-name", "X", "--role", "clerk", "--unit", COMMUNE,
            "--email", "x..y@example.vn"];
        let error = Program::on(db).failure(&add);
        assert!(error.contains("thư điện tử"), "{error}");
    }
}

on_both! {
    fn a_way_of_being_told_that_there_is_not_is_refused_by_field(db: &Database) {
        let mut office = Office::open_with(db, by_mail_only(db));
        let clerk = office.token(Role::Clerk, COMMUNE);
        let made = |applicant: Value, delegate: Value| {
            let mut new = office.new_dossier(COMMUNE, SAME_DAY);
            for (name, value) in applicant.as_object().unwrap() {
                new["applicant"][name] = value.clone();
            }
            new["delegate"] = delegate;
            office.call("POST", "/api/v1/dossiers").token(&clerk).body(new).send()
        };
        let refused = |applicant: Value, delegate: Value| {
            let problem = made(applicant, delegate).problem(400, "invalid-request");
            (fields(&problem), problem["errors"][0]["detail"].as_str().unwrap().to_owned())
        };
        let mail = "anh@example.vn";
        for chosen in ["zalo", "sms"] {
            let (at, why) = refused(json!({"notify_by": chosen, "email": mail}), Value::Null);
            assert_eq!(at, ["/applicant/notify_by"]);
            assert!(why.contains("có thể chọn: email"), "{why}");
            let delegate = json!({"name": "Lý Văn Dũng", "phone": "0987654321", "notify_by": chosen});
            assert_eq!(refused(json!({}), delegate).0, ["/delegate/notify_by"]);
        }
        assert_eq!(refused(json!({"notify_by": "email"}), Value::Null).0, ["/applicant/notify_by"]);
        assert_eq!(refused(json!({"notify_by": "sms", "phone": null}), Value::Null).0, ["/applicant/notify_by"]);
        // Who chose nothing is told by what there is, and the answer says by what.
        let told = |applicant: Value, delegate: Value| made(applicant, delegate).expect(201).json();
        let dossier = told(json!({"email": mail}), json!({"name": "Lý Văn Dũng", "email": mail, "notify_by": "email"}));
        assert_eq!(dossier["applicant"]["told_by"], "email");
        assert_eq!(dossier["delegate"]["told_by"], "email");
        let dossier = told(json!({}), json!({"name": "Lý Văn Dũng", "email": mail}));
        assert_eq!((&dossier["applicant"]["told_by"], &dossier["delegate"]["told_by"]), (&Value::Null, &Value::Null));
        let dossier = told(json!({"email": mail, "notify_by": "none"}), Value::Null);
        assert_eq!(dossier["applicant"]["told_by"], Value::Null);
        // A correction and a submission come through the same door.
        let path = format!("/api/v1/dossiers/{}/correct-applicant", dossier["id"].as_str().unwrap());
        let body = json!({"reason": "sai", "applicant": {"name": "Lý Văn Dũng", "phone": "0987654321", "notify_by": "zalo"}});
        let problem = office.call("POST", path).token(&clerk).header("If-Match", "*").body(body).send();
        assert_eq!(fields(&problem.problem(400, "invalid-request")), ["/applicant/notify_by"]);
        let submit = |applicant: Value| {
            let mut new = office.new_submission(COMMUNE, SAME_DAY);
            for (name, value) in applicant.as_object().unwrap() {
                new["applicant"][name] = value.clone();
            }
            office.call("POST", "/api/v1/submissions").body(new).send()
        };
        let at = |applicant: Value| fields(&submit(applicant).problem(400, "invalid-request"));
        assert_eq!(at(json!({"notify_by": "zalo", "email": mail})), ["/applicant/notify_by"]);
        // Nothing brings the code to a phone here, and to a line in a house nowhere.
        assert_eq!(at(json!({})), ["/applicant/phone"]);
        assert_eq!(at(json!({"phone": "0205 381 2345"})), ["/applicant"]);
        let sent = submit(json!({"email": mail})).expect(202).json();
        assert_eq!((&sent["sent_by"], &sent["sent_to"]), (&json!("email"), &json!("a***@example.vn")));
    }
}

on_both! {
    fn a_code_goes_the_way_that_reaches_the_applicant(db: &Database) {
        let office = Office::open_with(db, crate::submissions::with_sms(db));
        let submit = |applicant: Value| {
            let mut new = office.new_submission(COMMUNE, SAME_DAY);
            for (name, value) in applicant.as_object().unwrap() {
                new["applicant"][name] = value.clone();
            }
            office.call("POST", "/api/v1/submissions").body(new).send()
        };
        // No letters are sent here: the phone gets it, whatever else there is.
        let sent = submit(json!({"email": "anh@example.vn"})).expect(202).json();
        assert_eq!((&sent["sent_by"], &sent["sent_to"]), (&json!("sms"), &json!("*******678")));
        let problem = submit(json!({"email": "anh@example.vn", "phone": null})).problem(400, "invalid-request");
        assert_eq!(fields(&problem), ["/applicant/email"]);
        let problem = submit(json!({"phone": "02053812345"})).problem(400, "invalid-request");
        assert_eq!(fields(&problem), ["/applicant"]);
        let codes = outbox(db);
        assert_eq!(codes.iter().filter(|(kind, ..)| kind == "sms").count(), 1, "{codes:?}");
    }
}

on_both! {
    fn the_desk_of_a_unit_is_where_letters_send_people(db: &Database) {
        let mut office = Office::open(db);
        let admin = office.token(Role::Administrator, "H37");
        let change = |body: Value| {
            let call = office.call("PATCH", format!("/api/v1/units/{COMMUNE}")).token(&admin);
            call.header("If-Match", "*").body(body).send()
        };
        let seen = change(json!({"address": " Số 2  đường Hoàng Văn Thụ", "phone": "(0205) 381 2345"})).expect(200).json();
        assert_eq!((&seen["address"], &seen["phone"]), (&json!("Số 2 đường Hoàng Văn Thụ"), &json!("(0205) 381 2345")));
        for (body, field) in [
            (json!({"phone": "gọi cho tôi"}), "/phone"),
            (json!({"address": "a".repeat(301)}), "/address"),
        ] {
            assert_eq!(fields(&change(body).problem(400, "invalid-request")), [field]);
        }
        // Another change leaves them, `null` takes them away.
        let seen = change(json!({"mountain": true})).expect(200).json();
        assert_eq!(seen["phone"], "(0205) 381 2345");
        let seen = change(json!({"phone": null})).expect(200).json();
        assert_eq!((&seen["address"], &seen["phone"]), (&json!("Số 2 đường Hoàng Văn Thụ"), &Value::Null));
    }
}

on_both! {
    fn nothing_that_staff_see_is_kept_on_the_way(db: &Database) {
        let mut office = Office::open(db);
        let admin = office.token(Role::Administrator, "H37");
        for path in ["/me", "/users", "/colleagues", "/sessions", "/outbox", "/dossiers?list=all", "/alarms"] {
            let answer = office.call("GET", format!("/api/v1{path}")).token(&admin).send();
            assert_eq!(answer.header("cache-control"), "no-store", "{path}");
        }
    }
}

on_both! {
    fn an_administrator_hears_of_money_that_fits_nothing_once_a_day(db: &Database) {
        let world = World::new(db.store());
        let mut new = staff(Role::Administrator, "H37");
        new.email = Some("quan.tri@langson.example".to_owned());
        acts::staff::create(&world.store, new, None, None, motcua::clock::now()).unwrap();
        let letters = || outbox(db).iter().filter(|(.., body)| body.contains("Khoản nộp chưa khớp")).count();
        let pay = |transaction: &str, when: Moment| {
            let notice = Notice {
                transaction: transaction.to_owned(),
                case_number: "H37.20.01-261123-9999".to_owned(),
                amount_vnd: 50_000,
            };
            acts::pay::take_notice(&world.store, notice, when).unwrap();
        };
        let told = |when: &str| motcua::jobs::remind::remind(&world.store, at(when)).unwrap();
        told("2026-11-23 09:00");
        assert_eq!(letters(), 0);
        pay("T1", at("2026-11-23 09:30"));
        pay("T2", at("2026-11-23 09:31"));
        told("2026-11-23 09:32");
        told("2026-11-23 15:00");
        assert_eq!(letters(), 1);
        told("2026-11-24 08:00");
        assert_eq!(letters(), 2);
    }
}

on_both! {
    fn a_look_up_says_why_and_which_papers_and_names_nobody(db: &Database) {
        let mut office = Office::open(db);
        let clerk = office.token(Role::Clerk, COMMUNE);
        let officer = office.token(Role::Officer, COMMUNE);
        let dossier = office.receive(COMMUNE, DAYS);
        let path = format!("/api/v1/dossiers/{}", dossier["id"].as_str().unwrap());
        let act = |token: &str, action: &str, body: Value| {
            let call = office.call("POST", format!("{path}/{action}")).token(token);
            call.header("If-Match", "*").body(body).send().expect(200);
        };
        let look_up = || {
            let (number, code) = (dossier["case_number"].as_str().unwrap(), dossier["look_up_code"].as_str().unwrap());
            let seen = office.call("GET", format!("/api/v1/lookup?case_number={number}&code={code}")).send();
            seen.expect(200).json()
        };
        let of = |seen: &Value| {
            let asked = &seen["asked"];
            let reason = if seen["reason"].is_null() { &asked["reason"] } else { &seen["reason"] };
            let papers = if asked["papers"].is_null() { json!([]) } else { asked["papers"].clone() };
            (reason.clone(), papers, asked["amount_vnd"].clone())
        };
        assert_eq!(of(&look_up()), (Value::Null, json!([]), Value::Null));
        act(&clerk, "hand-over", json!({"step": 1}));
        act(&officer, "request-supplement", json!({"reason": "Bản sao chưa chứng thực", "items": [1]}));
        let name = &dossier["items"][1]["name"];
        let seen = office.call("GET", path.clone()).token(&clerk).send().expect(200).json();
        assert_eq!((&seen["reason"], &seen["missing"]), (&json!("Bản sao chưa chứng thực"), &json!([name])));
        assert_eq!(of(&look_up()), (json!("Bản sao chưa chứng thực"), json!([name]), Value::Null));
        act(&clerk, "take-supplement", json!({"items": [{"position": 1, "copies": 1}]}));
        assert_eq!(of(&look_up()), (Value::Null, json!([]), Value::Null));
        act(&officer, "request-payment", json!({"amount_vnd": 150_000, "reason": "Phí thẩm định"}));
        assert_eq!(of(&look_up()), (json!("Phí thẩm định"), json!([]), json!(150_000)));
        act(&clerk, "take-payment", json!({"amount_vnd": 150_000, "method": "cash", "receipt": "BL-1"}));
        // What names the applicant stays between them and the office.
        act(&officer, "finish", json!({"decision": "refused", "reason": "Bà Nguyễn Thị Ánh không có tên trong sổ"}));
        assert_eq!(of(&look_up()), (Value::Null, json!([]), Value::Null));
        let seen = office.call("GET", path.clone()).token(&clerk).send().expect(200).json();
        assert_eq!(seen["reason"], "Bà Nguyễn Thị Ánh không có tên trong sổ");
        act(&officer, "undo", json!({"reason": "ghi lại lý do"}));
        act(&officer, "finish", json!({"decision": "refused", "reason": "Không có tên trong sổ"}));
        assert_eq!(look_up()["reason"], "Không có tên trong sổ");
    }
}
