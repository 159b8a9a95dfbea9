//! Submitting online without an account, and looking up: once, confirmed, limited.

use serde_json::{Value, json};

use crate::support::{COMMUNE, Database, Office, Program, SAME_DAY, fields, on_both};
use motcua::domain::role::Role;

/// The bodies of the messages that wait to be sent.
pub(crate) fn outbox(db: &Database) -> Vec<(String, String, String)> {
    use diesel::RunQueryDsl;
    #[derive(diesel::QueryableByName)]
    struct Row {
        #[diesel(sql_type = diesel::sql_types::Text)]
        kind: String,
        #[diesel(sql_type = diesel::sql_types::Text)]
        recipient: String,
        #[diesel(sql_type = diesel::sql_types::Text)]
        body: String,
    }
    let query = "select kind, recipient, body from outbox order by id";
    let rows = db.store().read(|conn| {
        Ok::<Vec<Row>, motcua::store::StoreError>(match conn {
            motcua::store::Conn::Sqlite(conn) => diesel::sql_query(query).load(conn)?,
            motcua::store::Conn::Postgres(conn) => diesel::sql_query(query).load(conn)?,
        })
    });
    let rows = rows.unwrap().into_iter();
    rows.map(|row| (row.kind, row.recipient, row.body))
        .collect()
}

/// A server with a gateway that takes nothing yet: codes wait, and can be read.
pub(crate) fn with_sms(db: &Database) -> Program {
    Program::on(db).with("MOTCUA__SMS__URL", "http://127.0.0.1:1/")
}

pub(crate) fn code(body: &str) -> String {
    let body: Value = serde_json::from_str(body).unwrap();
    body["code"].as_str().unwrap().to_owned()
}

fn submission(office: &Office) -> Value {
    let dossier = office.new_dossier(COMMUNE, SAME_DAY);
    json!({
        "unit": COMMUNE, "procedure": SAME_DAY, "applicant": dossier["applicant"],
        "items": dossier["items"], "return_channel": "postal",
    })
}

on_both! {
    fn a_citizen_submits_and_a_clerk_takes_it_in(db: &Database) {
        let mut office = Office::open_with(db, with_sms(db));
        let clerk = office.token(Role::Clerk, COMMUNE);
        let body = submission(&office);
        let submit = |key: &str, body: &Value| {
            office.call("POST", "/api/v1/submissions").header("Idempotency-Key", key).body(body.clone()).send()
        };
        let waiting = submit("citizen-key-1", &body).expect(202).json();
        assert_eq!((&waiting["sent_by"], &waiting["sent_to"]), (&json!("sms"), &json!("*******678")));
        assert_eq!(submit("citizen-key-1", &body).expect(202).json(), waiting);
        let sent = outbox(db);
        assert_eq!(sent.len(), 1, "sent twice");
        assert_eq!((sent[0].0.as_str(), sent[0].1.as_str()), ("sms", "0912345678"));
        // Whoever gets it knows from whom.
        let unit = office.call("GET", format!("/api/v1/units/{COMMUNE}")).send().expect(200).json();
        assert!(sent[0].2.contains(unit["name"].as_str().unwrap()), "{}", sent[0].2);
        // Nothing is there for the clerk before the code comes back.
        let list = || office.call("GET", "/api/v1/dossiers?list=registered").token(&clerk).send().json();
        assert_eq!(list()["items"], json!([]));
        let path = format!("/api/v1/submissions/{}/confirm", waiting["id"].as_str().unwrap());
        let confirm = |code: &str| office.call("POST", path.clone()).body(json!({"code": code})).send();
        let right = code(&sent[0].2);
        let wrong = if right == "000000" { "000001" } else { "000000" };
        assert_eq!(fields(&confirm(wrong).problem(400, "invalid-request")), ["/code"]);
        let confirmed = confirm(&right).expect(201).json();
        assert_eq!(confirmed["dossier"]["status_code"], 1);
        assert_eq!(confirm(&right).expect(201).json(), confirmed);
        let number = confirmed["dossier"]["case_number"].as_str().unwrap();
        let waiting = list();
        assert_eq!(waiting["items"][0]["case_number"], number);
        assert_eq!(waiting["items"].as_array().unwrap().len(), 1);
        // The clock starts when the clerk takes it in.
        assert_eq!(waiting["items"][0]["due_at"], Value::Null);
        let receive = office.call("POST", format!("/api/v1/dossiers/{number}/receive")).token(&clerk);
        let received = receive.header("If-Match", "\"1\"").body(json!({})).send().expect(200).json();
        assert_eq!((&received["status_code"], &received["channel"]), (&json!(2), &json!("online")));
        assert!(received["due_at"].is_string());
        let events = office.call("GET", format!("/api/v1/dossiers/{number}/events")).token(&clerk).send().json();
        assert_eq!((&events[0]["by"], &events[1]["by"]), (&json!("citizen"), &json!("staff")));
        let look_up = format!("/api/v1/lookup?case_number={number}&code={}", confirmed["look_up_code"].as_str().unwrap());
        assert_eq!(office.call("GET", look_up).send().expect(200).json()["status_code"], 2);
    }
}

on_both! {
    fn a_clerk_may_not_take_it_in(db: &Database) {
        // No mail server answers: the code waits, and can be read.
        let program = Program::on(db).with("MOTCUA__MAIL__TRANSPORT", "smtp")
            .with("MOTCUA__MAIL__HOST", "localhost").with("MOTCUA__MAIL__PORT", "1");
        let mut office = Office::open_with(db, program);
        let clerk = office.token(Role::Clerk, COMMUNE);
        let mut body = submission(&office);
        body["applicant"]["email"] = json!("anh@example.vn");
        let waiting = office.call("POST", "/api/v1/submissions").body(body).send().expect(202).json();
        assert_eq!(waiting["sent_to"], "a***@example.vn");
        let sent = outbox(db);
        let path = format!("/api/v1/submissions/{}/confirm", waiting["id"].as_str().unwrap());
        let confirmed = office.call("POST", path).body(json!({"code": code(&sent[0].2)})).send().expect(201).json();
        let number = confirmed["dossier"]["case_number"].as_str().unwrap();
        let call = office.call("POST", format!("/api/v1/dossiers/{number}/not-receive")).token(&clerk);
        let refused = call.header("If-Match", "*").body(json!({"reason": "ảnh chụp không rõ"})).send().expect(200).json();
        assert_eq!(refused["status_code"], 3);
    }
}

on_both! {
    fn submissions_are_checked_and_limited(db: &Database) {
        let toml = db.folder().join("limits.toml");
        std::fs::write(&toml, "[limits]\nsubmission_address = { burst = 6, each_seconds = 600 }\n").unwrap();
        let program = with_sms(db).with("MOTCUA_CONFIG", toml.to_str().unwrap());
        let office = Office::open_with(db, program);
        let submit = |body: &Value| office.call("POST", "/api/v1/submissions").body(body.clone()).send();
        let mut body = submission(&office);
        body["unit"] = json!("H99");
        assert_eq!(fields(&submit(&body).problem(400, "invalid-request")), ["/unit"]);
        let mut body = submission(&office);
        body["applicant"] = json!({"name": "Lý Văn An", "address": "Thôn Nà Lốc"});
        assert_eq!(fields(&submit(&body).problem(400, "invalid-request")), ["/applicant"]);
        body["applicant"] = json!({"name": "Lý Văn An", "phone": "1", "address": "Thôn Nà Lốc"});
        body["procedure"] = json!(1);
        assert_eq!(fields(&submit(&body).problem(400, "invalid-request")), ["/procedure", "/applicant/phone"]);
        assert_eq!(outbox(db).len(), 0);
        // What was refused for its unit, and for want of an address, has counted.
        let body = submission(&office);
        let statuses: Vec<_> = (0..6).map(|_| submit(&body).status).collect();
        assert_eq!(statuses, [202, 202, 202, 202, 429, 429]);
        // Five wrong codes, and the submission is gone.
        let sent = outbox(db);
        assert_eq!(sent.len(), 4);
        let waiting = motcua::domain::ids::SubmissionId(uuid::Uuid::now_v7());
        let path = format!("/api/v1/submissions/{waiting}/confirm");
        office.call("POST", path).body(json!({"code": "000000"})).send().problem(404, "not-found");
    }
}

on_both! {
    fn a_code_cannot_be_guessed(db: &Database) {
        let office = Office::open_with(db, with_sms(db));
        let waiting = office.call("POST", "/api/v1/submissions").body(submission(&office)).send().expect(202).json();
        let path = format!("/api/v1/submissions/{}/confirm", waiting["id"].as_str().unwrap());
        let right = code(&outbox(db)[0].2);
        let wrong = if right == "000000" { "000001" } else { "000000" };
        let confirm = |code: &str| office.call("POST", path.clone()).body(json!({"code": code})).send();
        for left in (0..5).rev() {
            let problem = confirm(wrong).problem(400, "invalid-request");
            assert!(problem["detail"].as_str().unwrap().contains(&format!("còn {left} lần")), "{problem}");
        }
        confirm(&right).problem(404, "not-found");
    }
}

on_both! {
    fn a_code_that_nothing_can_send_is_refused_at_the_door(db: &Database) {
        let submit = |office: &Office, applicant: Value| {
            let mut body = submission(office);
            body["applicant"] = applicant;
            body["return_channel"] = json!("direct");
            office.call("POST", "/api/v1/submissions").body(body).send()
        };
        let by_phone = json!({"name": "Lý Văn An", "phone": "0912345678"});
        let by_mail = json!({"name": "Lý Văn An", "email": "an@example.vn"});
        let by_both = json!({"name": "Lý Văn An", "phone": "0912345678", "email": "an@example.vn"});
        let refused = |answer: crate::support::Answer, field: &str, instead: &str| {
            let problem = answer.problem(400, "invalid-request");
            assert_eq!(fields(&problem), [field]);
            assert!(problem["detail"].as_str().unwrap().contains(instead), "{problem}");
        };
        // Nothing carries anything.
        let office = Office::open_with(db, Program::on(db));
        refused(submit(&office, by_phone.clone()), "/applicant/phone", "trực tiếp");
        refused(submit(&office, by_mail.clone()), "/applicant/email", "trực tiếp");
        assert_eq!(outbox(db).len(), 0);
        // Letters only, as by default.
        let folder = db.folder().join("mail");
        let letters = Program::on(db).with("MOTCUA__MAIL__TRANSPORT", "folder")
            .with("MOTCUA__MAIL__FOLDER", folder.to_str().unwrap());
        let letters = office.again(letters);
        refused(submit(&letters, by_phone.clone()), "/applicant/phone", "thư điện tử");
        assert_eq!(submit(&letters, by_both.clone()).expect(202).json()["sent_by"], "email");
        // Short messages only: who gives both is told by phone.
        let short = letters.again(with_sms(db));
        refused(submit(&short, by_mail), "/applicant/email", "số điện thoại");
        assert_eq!(submit(&short, by_both).expect(202).json()["sent_by"], "sms");
        assert_eq!(submit(&short, by_phone).expect(202).json()["sent_by"], "sms");
    }
}

on_both! {
    fn look_ups_are_limited_against_guessing_over_instances(db: &Database) {
        let toml = db.folder().join("limits.toml");
        std::fs::write(&toml, "[limits]\nlook_up_address = { burst = 4, each_seconds = 600 }\n").unwrap();
        let program = || Program::on(db).with("MOTCUA_CONFIG", toml.to_str().unwrap());
        let mut office = Office::open_with(db, program());
        let other = program().serve_beside(&office.server);
        let dossier = office.receive(COMMUNE, SAME_DAY);
        let path = |code: &str| format!("/api/v1/lookup?case_number={}&code={code}", dossier["case_number"].as_str().unwrap());
        let right = path(dossier["look_up_code"].as_str().unwrap());
        let statuses: Vec<_> = (0..3)
            .flat_map(|_| [office.call("GET", path("AAAAAAAAAA")).send().status, other.get(&path("BBBBBBBBBB")).status])
            .collect();
        assert_eq!(statuses, [404, 404, 404, 404, 429, 429]);
        assert_eq!(other.get(&right).status, 429);
        let blocked = office.call("GET", right.clone()).send();
        blocked.problem(429, "too-many-requests");
        assert!(blocked.header("retry-after").parse::<u64>().unwrap() > 0);
    }
}

on_both! {
    fn nobody_can_lock_a_citizen_out(db: &Database) {
        let toml = db.folder().join("limits.toml");
        std::fs::write(&toml, "[limits]\nlook_up_number = { burst = 2, each_seconds = 600 }\n").unwrap();
        let program = Program::on(db).with("MOTCUA_CONFIG", toml.to_str().unwrap());
        let mut office = Office::open_with(db, program);
        let dossier = office.receive(COMMUNE, SAME_DAY);
        let path = |code: &str| format!("/api/v1/lookup?case_number={}&code={code}", dossier["case_number"].as_str().unwrap());
        let statuses: Vec<_> = (0..4).map(|_| office.call("GET", path("AAAAAAAAAA")).send().status).collect();
        assert_eq!(statuses, [404, 404, 429, 429]);
        let right = path(dossier["look_up_code"].as_str().unwrap());
        office.call("GET", right).send().expect(200);
    }
}

on_both! {
    fn right_look_ups_never_count(db: &Database) {
        let toml = db.folder().join("limits.toml");
        std::fs::write(&toml, "[limits]\nlook_up_address = { burst = 2, each_seconds = 600 }\n").unwrap();
        let program = Program::on(db).with("MOTCUA_CONFIG", toml.to_str().unwrap());
        let mut office = Office::open_with(db, program);
        let dossier = office.receive(COMMUNE, SAME_DAY);
        let path = format!(
            "/api/v1/lookup?case_number={}&code={}",
            dossier["case_number"].as_str().unwrap(), dossier["look_up_code"].as_str().unwrap()
        );
        for _ in 0..10 {
            office.call("GET", path.clone()).send().expect(200);
        }
    }
}
