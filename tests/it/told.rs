//! What people are told, by what, and that what cannot reach them is refused at the door.

use std::collections::BTreeSet;

use diesel::RunQueryDsl;
use serde_json::{Value, json};

use crate::submissions::outbox;
use crate::support::{
    COMMUNE, Database, NEIGHBOUR, Office, Program, SAME_DAY, World, at, date, fields, occasion,
    on_both, staff,
};
use motcua::acts;
use motcua::acts::advance::Request;
use motcua::acts::receive::NewRequest;
use motcua::domain::dossier::{
    Action, ActionKind, Channel, Correction, Decision, Dossier, FeeAsked, ItemHandedIn, Paper,
    PaymentMethod, Refusal,
};
use motcua::domain::identity::Identity;
use motcua::domain::moment::Moment;
use motcua::domain::person::{NotifyBy, Person};
use motcua::domain::role::Role;
use motcua::error::Error;
use motcua::jobs::announce::announce;
use motcua::outgoing::Teller;
use motcua::outgoing::notices::NoticeSettings;
use motcua::outgoing::notices::notifier::NoticeTeller;
use motcua::render::letters::{Templates, Topic};
use motcua::store::outbox::Kind;
use motcua::store::payments::Notice;
use motcua::store::{Conn, StoreError};
use motcua::views;

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
            "--oidc-subject", "x", "--email", "x..y@example.vn"];
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
    fn who_is_sent_the_result_by_post_keeps_an_address(db: &Database) {
        let mut office = Office::open(db);
        let clerk = office.token(Role::Clerk, COMMUNE);
        let mut body = office.new_dossier(COMMUNE, SAME_DAY);
        body["return_channel"] = json!("postal");
        let call = office.call("POST", "/api/v1/dossiers").token(&clerk).body(body);
        let dossier = call.send().expect(201).json();
        let correct = |applicant: Value| {
            let path = format!("/api/v1/dossiers/{}/correct-applicant", dossier["id"].as_str().unwrap());
            let body = json!({"reason": "sai tên", "applicant": applicant});
            office.call("POST", path).token(&clerk).header("If-Match", "*").body(body).send()
        };
        for address in [Value::Null, json!("  "), json!("."), json!("-"), json!("không"), json!("Chưa rõ")] {
            let nowhere = correct(json!({"name": "Lý Văn Dũng", "address": address}));
            assert_eq!(fields(&nowhere.problem(400, "invalid-request")), ["/applicant/address"]);
        }
        correct(json!({"name": "Lý Văn Dũng", "address": "Thôn Nà Lốc"})).expect(200);
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

/// What somebody was told, as they read it.
struct Told {
    topic: String,
    recipient: String,
    text: String,
    html: String,
}

/// Hears what is told since the last time.
struct Ear<'a> {
    db: &'a Database,
    world: &'a World,
    tellers: Vec<Box<dyn Teller>>,
    templates: Templates,
    heard: BTreeSet<Vec<u8>>,
}

impl<'a> Ear<'a> {
    fn new(db: &'a Database, world: &'a World) -> Self {
        let settings = NoticeSettings {
            look_up_link: LINK.to_owned(),
            kinds: [Kind::Email, Kind::Sms].into(),
        };
        Self {
            db,
            world,
            tellers: vec![Box::new(NoticeTeller { settings })],
            templates: Templates::load(None).unwrap(),
            heard: BTreeSet::new(),
        }
    }

    fn hears(&mut self, now: Moment) -> Vec<Told> {
        announce(&self.world.store, &self.tellers, now).unwrap();
        #[derive(diesel::QueryableByName)]
        struct Row {
            #[diesel(sql_type = diesel::sql_types::Binary)]
            id: Vec<u8>,
            #[diesel(sql_type = diesel::sql_types::Text)]
            kind: String,
            #[diesel(sql_type = diesel::sql_types::Text)]
            topic: String,
            #[diesel(sql_type = diesel::sql_types::Text)]
            recipient: String,
            #[diesel(sql_type = diesel::sql_types::Text)]
            body: String,
        }
        let query = "select id, kind, topic, recipient, body from outbox order by id";
        let rows = self.db.store().read(|conn| {
            Ok::<Vec<Row>, StoreError>(match conn {
                Conn::Sqlite(conn) => diesel::sql_query(query).load(conn)?,
                Conn::Postgres(conn) => diesel::sql_query(query).load(conn)?,
            })
        });
        let rows = rows.unwrap().into_iter();
        let new = rows.filter(|row| self.heard.insert(row.id.clone()));
        let told = new.map(|row| {
            let (topic, body) = (
                row.topic.parse().unwrap(),
                serde_json::from_str(&row.body).unwrap(),
            );
            let (text, html) = match row.kind.as_str() {
                "sms" => (self.templates.sms(topic, &body).unwrap(), String::new()),
                _ => {
                    let letter = self.templates.letter(topic, &body).unwrap();
                    (format!("{}\n{}", letter.subject, letter.text), letter.html)
                }
            };
            Told {
                topic: row.topic,
                recipient: row.recipient,
                text,
                html,
            }
        });
        told.collect()
    }

    /// The only thing that is told.
    #[track_caller]
    fn hears_one(&mut self, topic: &str, now: Moment) -> Told {
        let mut told = self.hears(now);
        let topics: Vec<_> = told.iter().map(|told| told.topic.as_str()).collect();
        assert_eq!(topics, [topic]);
        told.remove(0)
    }
}

const LINK: &str = "https://motcua.langson.example/tra-cuu?so={case_number}&ma={code}";
/// Five working days.
const DAYS: &str = "1.004884";

fn because(reason: &str) -> String {
    reason.to_owned()
}

fn undo() -> Action {
    Action::Correct(Correction::Undo {
        reason: because("Bấm nhầm"),
    })
}

/// A request of somebody with mail.
fn by_letter(world: &World, procedure: &str) -> NewRequest {
    let mut request = world.request(COMMUNE, procedure);
    request.applicant.email = Some("anh@example.vn".to_owned());
    request
}

fn registered(world: &World, request: &NewRequest, when: Moment) -> Dossier {
    let request = NewRequest {
        channel: Channel::Online,
        ..request.clone()
    };
    acts::receive::register(&world.store, &request, occasion(when)).unwrap()
}

on_both! {
    fn bad_ends_are_told_with_the_reason_and_the_form(db: &Database) {
        let world = World::new(db.store());
        let mut ear = Ear::new(db, &world);
        let request = by_letter(&world, DAYS);
        let (day, next) = (at("2026-11-23 08:00"), at("2026-11-23 09:00"));
        // Online, and not taken in.
        let dossier = registered(&world, &request, day);
        let told = ear.hears_one("registered", day);
        let code = views::look_up::look_up_code(&world.store, dossier.id).unwrap();
        for known in [dossier.case_number.as_str(), &code, "Ủy ban nhân dân phường Hoàng Văn Thụ"] {
            assert!(told.text.contains(known), "{}", told.text);
        }
        world.act(dossier.id, next, Action::NotReceive { reason: because("Ảnh chụp không đọc được") }).unwrap();
        let told = ear.hears_one("not_received", next);
        for known in [
            "không được tiếp nhận", "Ảnh chụp không đọc được", "khiếu nại", "90 ngày",
            "Phiếu từ chối tiếp nhận, giải quyết hồ sơ (mẫu số 03)",
        ] {
            assert!(told.text.contains(known), "{known}: {}", told.text);
        }
        // Withdrawn before anybody took it in: there is no form for that.
        let dossier = registered(&world, &request, day);
        ear.hears_one("registered", day);
        world.act(dossier.id, next, Action::Withdraw { reason: because("Nộp nhầm nơi") }).unwrap();
        let told = ear.hears_one("withdrawn", next);
        assert!(told.text.contains("Nộp nhầm nơi") && !told.text.contains("mẫu số"), "{}", told.text);
        // At the desk: by the norms of the day of receipt.
        for (received, form) in [
            ("2026-11-23 08:00", Some("Thông báo dừng giải quyết hồ sơ (mẫu số 05)")),
            ("2021-03-01 08:00", None),
        ] {
            let (received, later) = (at(received), at(received).plus_millis(3_600_000));
            for (topic, action, reason) in [
                ("stopped", Action::Stop { reason: because("Đất đang có tranh chấp") }, "Đất đang có tranh chấp"),
                ("withdrawn", Action::Withdraw { reason: because("Không còn nhu cầu") }, "Không còn nhu cầu"),
            ] {
                let dossier = world.try_request(&request, received).unwrap();
                ear.hears_one("receipt", received);
                world.begin(dossier.id, later);
                world.act(dossier.id, later, action).unwrap();
                let told = ear.hears_one(topic, later);
                assert!(told.text.contains(reason), "{}", told.text);
                assert!(told.html.contains(reason), "{}", told.html);
                match form {
                    Some(form) => assert!(told.text.contains(form), "{}", told.text),
                    None => assert!(!told.text.contains("mẫu số"), "{}", told.text),
                }
            }
        }
    }
}

on_both! {
    fn a_refusal_is_told_as_one_and_what_is_undone_is_taken_back(db: &Database) {
        let world = World::new(db.store());
        let mut ear = Ear::new(db, &world);
        let received = at("2026-11-23 08:00");
        let dossier = world.try_request(&by_letter(&world, DAYS), received).unwrap();
        ear.hears_one("receipt", received);
        let mut now = received;
        let mut later = || {
            now = now.plus_millis(600_000);
            now
        };
        let when = later();
        let finish = |decision, reason: &str| Action::Finish { decision, reason: because(reason) };
        world.begin(dossier.id, when);
        world.act(dossier.id, when, finish(Decision::Refused, "Giấy tờ bị tẩy xóa")).unwrap();
        let told = ear.hears_one("refused", when);
        for known in ["từ chối giải quyết", "Giấy tờ bị tẩy xóa", "mẫu số 03", "khiếu nại", "khởi kiện"] {
            assert!(told.text.contains(known), "{known}: {}", told.text);
        }
        for wrong in ["đã có kết quả", "Mời ông/bà"] {
            assert!(!told.text.contains(wrong), "{wrong}: {}", told.text);
        }
        let when = later();
        world.act(dossier.id, when, undo()).unwrap();
        let told = ear.hears_one("taken_back", when);
        for known in ["từ chối giải quyết hồ sơ", "không còn giá trị", "Bấm nhầm", "17:00 ngày 01/12/2026"] {
            assert!(told.text.contains(known), "{known}: {}", told.text);
        }
        let when = later();
        world.to_the_decision(dossier.id, when);
        world.act(dossier.id, when, finish(Decision::Approved, "")).unwrap();
        ear.hears_one("result_ready", when);
        let when = later();
        world.act(dossier.id, when, undo()).unwrap();
        let told = ear.hears_one("taken_back", when);
        assert!(told.text.contains("có kết quả giải quyết hồ sơ"), "{}", told.text);
        // A later result is told again.
        let when = later();
        world.act(dossier.id, when, finish(Decision::Approved, "")).unwrap();
        ear.hears_one("result_ready", when);
        // Of a return nobody is told, and so of nothing when it is undone.
        let when = later();
        world.act(dossier.id, when, Action::Return { channel: Channel::Direct }).unwrap();
        world.act(dossier.id, when, undo()).unwrap();
        assert!(ear.hears(when).is_empty());
    }
}

on_both! {
    fn a_date_that_moves_is_told_once_with_the_old_and_the_new(db: &Database) {
        let world = World::new(db.store());
        let mut ear = Ear::new(db, &world);
        let received = at("2021-03-01 08:00");
        let dossier = world.try_request(&by_letter(&world, DAYS), received).unwrap();
        ear.hears_one("receipt", received);
        world.begin(dossier.id, at("2021-03-01 09:00"));
        let moves = |told: &Told, old: &str, new: &str, why: &str| {
            for known in [format!("Đã hẹn: 17:00 ngày {old}"), format!("Nay hẹn: 17:00 ngày {new}"), why.to_owned()] {
                assert!(told.text.contains(&known), "{known}: {}", told.text);
            }
        };
        // A swap announced in between.
        let text = String::from_utf8(motcua::config::bundled::CALENDAR.to_vec()).unwrap();
        motcua::imports::calendar(&world.store, format!("{text}2021-03-03,off,Nghỉ đột xuất\n").as_bytes()).unwrap();
        let now = at("2021-03-02 08:00");
        motcua::jobs::queue::recompute_due_moments(&world.store, now).unwrap();
        let told = ear.hears_one("date_moved", now);
        moves(&told, "08/03/2021", "09/03/2021", "lịch làm việc thay đổi");
        motcua::jobs::queue::recompute_due_moments(&world.store, now).unwrap();
        assert!(ear.hears(now).is_empty());
        // The apology.
        let now = at("2021-03-04 08:00");
        let appointment = at("2021-03-11 17:00");
        world.act(dossier.id, now, Action::Reappoint { reason: because("Chờ xác minh"), appointment }).unwrap();
        let told = ear.hears_one("reappointed", now);
        for known in ["xin lỗi", "17:00 ngày 09/03/2021", "17:00 ngày 11/03/2021", "Chờ xác minh", "mẫu số 04"] {
            assert!(told.text.contains(known), "{known}: {}", told.text);
        }
        // A restart: past the appointment, which is told as what was promised.
        let now = at("2021-03-05 09:00");
        let ask = Action::RequestSupplement { reason: because("Thiếu bản chính"), items: vec![Paper::Position(0)], exception: None };
        world.act(dossier.id, now, ask).unwrap();
        let told = ear.hears_one("supplement_requested", now);
        for known in ["Thiếu bản chính", "mẫu số 02", "Giấy tờ cần bổ sung"] {
            assert!(told.text.contains(known), "{known}: {}", told.text);
        }
        let now = at("2021-03-10 09:00");
        world.act(dossier.id, now, Action::TakeSupplement { items: vec![ItemHandedIn(0, 1, 0).into()], reason: String::new() }).unwrap();
        let told = ear.hears_one("date_moved", now);
        moves(&told, "11/03/2021", "17/03/2021", "tính lại");
        // A payment: the clock goes on.
        let now = at("2021-03-11 09:00");
        let ask = Action::RequestPayment { fees: vec![], amount_vnd: Some(150_000), reason: because("Phí thẩm định") };
        world.act(dossier.id, now, ask).unwrap();
        let told = ear.hears_one("payment_requested", now);
        assert!(told.text.contains("150.000 đồng") && told.text.contains("Phí thẩm định"), "{}", told.text);
        let now = at("2021-03-12 09:00");
        let paid = Action::TakePayment { amount_vnd: 150_000, method: PaymentMethod::Cash, receipt: because("BL-1") };
        world.act(dossier.id, now, paid).unwrap();
        let told = ear.hears_one("date_moved", now);
        assert!(told.text.contains("Đã hẹn: 17:00 ngày 17/03/2021"), "{}", told.text);
        assert!(told.text.contains("đã nhận tiền nộp"), "{}", told.text);
        // Another office goes on with it.
        let line = format!("old_code,new_code,share\n{COMMUNE},{NEIGHBOUR},whole\n");
        motcua::imports::successions(&world.store, line.as_bytes(), Some(date("2021-01-01"))).unwrap();
        let reference = world.store.reference().unwrap();
        let unit = |code| reference.units().by_code(code).unwrap().clone();
        let (from, to) = (unit(COMMUNE), unit(NEIGHBOUR));
        let now = at("2021-03-12 10:00");
        world.act(dossier.id, now, Action::MoveToSuccessor { from: from.id, to: to.id }).unwrap();
        let told = ear.hears_one("moved", now);
        for known in [&from.name, &to.name, "phải nộp lại hồ sơ"] {
            assert!(told.text.contains(known), "{known}: {}", told.text);
        }
    }
}

on_both! {
    fn a_successor_says_where_to_fetch_what_is_decided_and_promises_nothing_past(db: &Database) {
        let world = World::new(db.store());
        let mut ear = Ear::new(db, &world);
        let officer = acts::staff::create(&world.store, staff(Role::Officer, COMMUNE), None, None, at("2021-03-01 08:00"));
        let officer = officer.unwrap();
        let received = at("2021-03-01 08:00");
        let in_hand = |channel: Channel| {
            let mut request = by_letter(&world, DAYS);
            request.return_channel = channel;
            let id = world.try_request(&request, received).unwrap().id;
            let to = Action::HandOver { step: 1, assignee: Some(officer.id), note: String::new() };
            world.act(id, received.plus_millis(60_000), to).unwrap();
            id
        };
        let [refused, approved, by_post, online, open, early] = [
            Channel::Direct, Channel::Direct, Channel::Postal, Channel::Online, Channel::Direct, Channel::Direct,
        ].map(in_hand);
        world.refuse(refused, at("2021-03-02 08:00"));
        for id in [approved, by_post, online] {
            world.to_the_decision(id, at("2021-03-02 08:00"));
            world.finish(id, at("2021-03-02 08:00"));
        }
        let line = format!("old_code,new_code,share\n{COMMUNE},{NEIGHBOUR},whole\n");
        motcua::imports::successions(&world.store, line.as_bytes(), Some(date("2021-01-01"))).unwrap();
        let reference = world.store.reference().unwrap();
        let unit = |code| reference.units().by_code(code).unwrap().clone();
        let (from, to) = (unit(COMMUNE), unit(NEIGHBOUR));
        ear.hears(at("2021-03-02 09:00"));
        let mut moved = |id, when: &str| {
            world.act(id, at(when), Action::MoveToSuccessor { from: from.id, to: to.id }).unwrap();
            let told = ear.hears(at(when)).into_iter().find(|told| told.topic == "moved").unwrap();
            assert!(told.text.contains(&from.name) && told.text.contains(&to.name), "{}", told.text);
            assert!(!told.text.contains("Người thụ lý"), "{}", told.text);
            assert!(!told.html.contains(&officer.full_name), "{}", told.html);
            assert_eq!(misread(&told, true), Vec::<String>::new(), "{}", told.text);
            told.text
        };
        let late = "2021-03-12 10:00";
        for (id, known) in [
            (refused, format!("Văn bản từ chối giải quyết được trả tại {}", to.name)),
            (approved, format!("Kết quả được trả tại {}", to.name)),
            (by_post, "qua bưu chính công ích".to_owned()),
            (online, "bằng phương thức điện tử".to_owned()),
        ] {
            let text = moved(id, late);
            assert!(text.contains(&known), "{known}: {text}");
            for wrong in ["tiếp tục giải quyết", "Không phải nộp lại", "Hẹn trả kết quả"] {
                assert!(!text.contains(wrong), "{wrong}: {text}");
            }
        }
        let text = moved(early, "2021-03-02 10:00");
        assert!(text.contains("Hẹn trả kết quả: 17:00 ngày 08/03/2021"), "{text}");
        let text = moved(open, late);
        assert!(text.contains("Đã quá hạn trả kết quả (17:00 ngày 08/03/2021). Xin gọi"), "{text}");
        assert!(!text.contains("Hẹn trả kết quả:"), "{text}");
    }
}

on_both! {
    fn what_is_undone_late_is_said_to_be_late(db: &Database) {
        let world = World::new(db.store());
        let mut ear = Ear::new(db, &world);
        let received = at("2026-11-23 08:00");
        let phone = world.request(COMMUNE, DAYS);
        for request in [by_letter(&world, DAYS), phone] {
            let dossier = world.try_request(&request, received).unwrap();
            world.begin(dossier.id, at("2026-11-23 09:00"));
            world.refuse(dossier.id, at("2026-12-01 08:00"));
            ear.hears(at("2026-12-01 08:01"));
            let now = at("2026-12-29 08:00");
            world.act(dossier.id, now, undo()).unwrap();
            let told = ear.hears(now).into_iter().find(|told| told.topic == "taken_back").unwrap();
            let (late, promise) = match told.html.is_empty() {
                true => ("Da qua han tra ket qua (17:00 ngay 01/12/2026). Xin goi", "hen tra ket qua 17:00"),
                false => ("Đã quá hạn trả kết quả (17:00 ngày 01/12/2026). Xin gọi", "hẹn trả kết quả 17:00"),
            };
            assert!(told.text.contains(late) && !told.text.contains(promise), "{}", told.text);
            assert_eq!(misread(&told, !told.html.is_empty()), Vec::<String>::new(), "{}", told.text);
            assert!(!told.text.contains("Hẹn trả kết quả:"), "{}", told.text);
        }
    }
}

on_both! {
    fn nothing_is_promised_for_a_moment_that_has_passed(db: &Database) {
        let world = World::new(db.store());
        let mut ear = Ear::new(db, &world);
        // Announced late, as after an outage.
        let dossier = world.try_request(&by_letter(&world, DAYS), at("2021-03-01 08:00")).unwrap();
        let told = ear.hears_one("receipt", at("2021-03-12 08:00"));
        assert!(told.text.contains("Đã quá hạn trả kết quả (17:00 ngày 08/03/2021)"), "{}", told.text);
        assert!(!told.text.contains("Hẹn trả kết quả:"), "{}", told.text);
        // What goes on after a pause may be past its day still.
        world.begin(dossier.id, at("2021-03-01 09:00"));
        let ask = Action::RequestPayment { fees: vec![], amount_vnd: Some(150_000), reason: because("Phí thẩm định") };
        world.act(dossier.id, at("2021-03-12 09:00"), ask).unwrap();
        ear.hears(at("2021-03-12 09:00"));
        let paid = Action::TakePayment { amount_vnd: 150_000, method: PaymentMethod::Cash, receipt: because("BL-1") };
        world.act(dossier.id, at("2021-03-15 09:00"), paid).unwrap();
        for told in ear.hears(at("2021-03-15 09:00")) {
            assert!(told.text.contains("Đã quá hạn trả kết quả ("), "{}", told.text);
            assert!(!told.text.contains("Nay hẹn"), "{}", told.text);
        }
    }
}

on_both! {
    fn who_sent_papers_or_money_hears_that_they_came(db: &Database) {
        let world = World::new(db.store());
        let mut ear = Ear::new(db, &world);
        for (channel, method, tells) in [
            (Channel::Postal, PaymentMethod::Transfer, true),
            (Channel::Direct, PaymentMethod::Cash, false),
        ] {
            let request = NewRequest { channel, ..by_letter(&world, DAYS) };
            let id = world.try_request(&request, at("2021-03-01 08:00")).unwrap().id;
            world.begin(id, at("2021-03-01 08:30"));
            let ask = Action::RequestPayment { fees: vec![], amount_vnd: Some(150_000), reason: because("Phí") };
            world.act(id, at("2021-03-01 09:00"), ask).unwrap();
            let ask = Action::TakePayment { amount_vnd: 150_000, method, receipt: because("BL-1") };
            world.act(id, at("2021-03-01 09:00"), ask).unwrap();
            let items = vec![Paper::Position(0)];
            let ask = Action::RequestSupplement { reason: because("Thiếu bản chính"), items, exception: None };
            world.act(id, at("2021-03-01 10:00"), ask).unwrap();
            ear.hears(at("2021-03-01 10:00")).retain(|told| told.topic == "taken");
            let items = vec![ItemHandedIn(0, 1, 0).into()];
            let due = world.act(id, at("2021-03-01 10:30"), Action::TakeSupplement { items, reason: String::new() });
            let due = due.unwrap().due().unwrap();
            let told = ear.hears(at("2021-03-01 10:30"));
            assert_eq!(told.len(), usize::from(tells), "{channel:?}");
            for told in told {
                assert_eq!(told.topic, "taken");
                assert_eq!(misread(&told, true), Vec::<String>::new(), "{}", told.text);
                let known = format!("đã nhận giấy tờ bổ sung cho hồ sơ của ông/bà. Hồ sơ được giải quyết tiếp, hẹn trả kết quả vẫn là {}", motcua::render::words::moment(due));
                assert!(told.text.contains(&known), "{}", told.text);
            }
        }
    }
}

on_both! {
    fn money_that_comes_or_goes_while_nobody_is_at_the_desk_is_told(db: &Database) {
        let world = World::new(db.store());
        let mut ear = Ear::new(db, &world);
        let id = world.try_request(&by_letter(&world, SAME_DAY), at("2021-03-01 08:00")).unwrap().id;
        ear.hears_one("receipt", at("2021-03-01 08:00"));
        let fees = vec![FeeAsked { pages: "2x5".to_owned().try_into().ok(), ..FeeAsked::from(0) }];
        let collect = |method| Action::CollectFees { fees: fees.clone(), amount_vnd: None, method, receipt: because("FT-1") };
        let refund = |method| Action::RefundFees {
            fees: vec![0], amount_vnd: 14_000, method, receipt: String::new(), reason: because("Thu nhầm"),
        };
        let now = at("2021-03-01 09:00");
        world.act(id, now, collect(PaymentMethod::Online)).unwrap();
        let told = ear.hears_one("money", now);
        for known in ["đã nhận tiền nộp 14.000 đồng", "FT-1"] {
            assert!(told.text.contains(known), "{known}: {}", told.text);
        }
        assert_eq!(misread(&told, true), Vec::<String>::new(), "{}", told.text);
        world.act(id, now, refund(PaymentMethod::Transfer)).unwrap();
        let told = ear.hears_one("money", now);
        for known in ["đã hoàn trả 14.000 đồng", "Thu nhầm", "Còn phải nộp: Phí chứng thực bản sao từ bản chính (2 bản × 5 trang): 14.000 đồng"] {
            assert!(told.text.contains(known), "{known}: {}", told.text);
        }
        let back = Action::SendBack { amount_vnd: 5000, receipt: because("FT-2"), reason: because("Chuyển hai lần") };
        world.act(id, now, back).unwrap();
        let told = ear.hears_one("money", now);
        for known in ["đã hoàn trả 5.000 đồng, là tiền đã nộp mà không khớp với khoản nào phải nộp, cho hồ sơ", "FT-2", "Chuyển hai lần"] {
            assert!(told.text.contains(known), "{known}: {}", told.text);
        }
        assert_eq!(misread(&told, true), Vec::<String>::new(), "{}", told.text);
        // Who is there knows.
        world.act(id, now, collect(PaymentMethod::Cash)).unwrap();
        world.act(id, now, refund(PaymentMethod::Cash)).unwrap();
        assert!(ear.hears(now).is_empty());
        // Who fetches the result is told what to bring.
        let now = at("2021-03-01 10:00");
        world.finish(id, now);
        let told = ear.hears(now).into_iter().find(|told| told.topic == "result_ready").unwrap();
        assert!(told.text.contains("Còn phải nộp: Phí chứng thực bản sao từ bản chính (2 bản × 5 trang): 14.000 đồng"), "{}", told.text);
    }
}

on_both! {
    fn nothing_is_asked_for_what_ended_without_a_result(db: &Database) {
        let world = World::new(db.store());
        let mut ear = Ear::new(db, &world);
        let now = at("2021-03-01 09:00");
        let ended = || {
            let id = world.try_request(&by_letter(&world, SAME_DAY), at("2021-03-01 08:00")).unwrap().id;
            world.begin(id, at("2021-03-01 08:10"));
            let collect = Action::CollectFees {
                fees: vec![0.into()], amount_vnd: None, method: PaymentMethod::Online, receipt: because("FT-1"),
            };
            world.act(id, at("2021-03-01 08:20"), collect).unwrap();
            id
        };
        for end in [
            Action::Withdraw { reason: because("Không cần nữa") },
            Action::Stop { reason: because("Người nộp đã mất") },
            Action::Finish { decision: Decision::Refused, reason: because("Bản chính bị tẩy xóa") },
        ] {
            let id = ended();
            world.act(id, at("2021-03-01 08:30"), end.clone()).unwrap();
            ear.hears(at("2021-03-01 08:40"));
            let refund = Action::RefundFees {
                fees: vec![0], amount_vnd: 2000, method: PaymentMethod::Transfer, receipt: String::new(), reason: because("Không giải quyết"),
            };
            world.act(id, now, refund).unwrap();
            let told = ear.hears_one("money", now);
            assert!(told.text.contains("đã hoàn trả 2.000 đồng"), "{}", told.text);
            assert!(!told.text.contains("Còn phải nộp"), "{end:?}: {}", told.text);
            let view = views::dossier::view(&world.store, id, None, None, now).unwrap();
            let open = [ActionKind::CollectFees, ActionKind::WaiveFee, ActionKind::SetFees];
            assert!(!view.allowed_actions.iter().any(|kind| open.contains(kind)), "{end:?}: {:?}", view.allowed_actions);
            let code = views::look_up::look_up_code(&world.store, id).unwrap();
            let seen = views::look_up::look_up(&world.store, &view.case_number, &code, now).unwrap();
            assert!(seen.fees.is_empty(), "{end:?}: {:?}", seen.fees);
            // A label and letters of another keyboard make no other code of it.
            for typed in [format!("mã: {code}"), format!("Mã tra cứu {code}"), code.replace('A', "\u{410}")] {
                assert!(views::look_up::look_up(&world.store, &view.case_number, &typed, now).is_ok(), "{typed}");
            }
        }
    }
}

on_both! {
    fn who_was_asked_to_pay_hears_what_they_need_not(db: &Database) {
        let world = World::new(db.store());
        let mut ear = Ear::new(db, &world);
        let now = at("2021-03-01 09:00");
        let id = world.try_request(&by_letter(&world, SAME_DAY), at("2021-03-01 08:00")).unwrap().id;
        world.begin(id, at("2021-03-01 08:10"));
        let ask = Action::RequestPayment { fees: vec![0.into()], amount_vnd: None, reason: String::new() };
        world.act(id, now, ask).unwrap();
        ear.hears(now);
        world.act(id, now, Action::WaiveFee { fee: 0, reason: because("Hộ nghèo") }).unwrap();
        let told = ear.hears_one("money", now);
        assert!(told.text.contains("không còn khoản nào phải nộp, việc giải quyết được tiếp tục"), "{}", told.text);
        assert!(!told.text.contains("Số tiền") && !told.text.contains("Còn phải nộp"), "{}", told.text);
        assert_eq!(misread(&told, true), Vec::<String>::new(), "{}", told.text);
        // What the letter with the result named.
        let id = world.try_request(&by_letter(&world, SAME_DAY), at("2021-03-01 08:00")).unwrap().id;
        world.finish(id, now);
        assert!(ear.hears(now).iter().any(|told| told.text.contains("Còn phải nộp")));
        world.act(id, now, Action::WaiveFee { fee: 0, reason: because("Hộ nghèo") }).unwrap();
        let told = ear.hears_one("money", now);
        for known in ["đã miễn khoản Phí chứng thực bản sao từ bản chính", "Hộ nghèo"] {
            assert!(told.text.contains(known), "{known}: {}", told.text);
        }
        assert_eq!(misread(&told, true), Vec::<String>::new(), "{}", told.text);
    }
}

on_both! {
    fn what_stood_in_the_receipts_letter_and_is_another_now_is_told(db: &Database) {
        let world = World::new(db.store());
        let mut ear = Ear::new(db, &world);
        let now = at("2021-03-01 09:00");
        let id = world.try_request(&by_letter(&world, SAME_DAY), at("2021-03-01 08:00")).unwrap().id;
        ear.hears(now);
        let set = |quantity| {
            let fee = FeeAsked { quantity: Some(quantity), ..0.into() };
            world.act(id, now, Action::SetFees { fees: vec![fee] }).unwrap();
        };
        set(3);
        let told = ear.hears_one("money", now);
        assert!(told.text.contains("đã xác định lại số lượng, mức phí, lệ phí"), "{}", told.text);
        assert!(told.text.contains("Còn phải nộp") && told.text.contains("3 trang × 2.000"), "{}", told.text);
        assert_eq!(misread(&told, true), Vec::<String>::new(), "{}", told.text);
        let correct = |sets, return_channel| {
            let papers = Correction::Papers { reason: because("Ghi nhầm"), items: None, others: Vec::new(), sets, return_channel };
            world.act(id, now, Action::Correct(papers))
        };
        correct(Some(2), Some(Channel::Online)).unwrap();
        let told = ear.hears_one("corrected", now);
        for known in ["số bộ hồ sơ là 2; kết quả được trả qua: Trực tuyến", "Ghi nhầm"] {
            assert!(told.text.contains(known), "{known}: {}", told.text);
        }
        assert_eq!(misread(&told, true), Vec::<String>::new(), "{}", told.text);
        // What stays as it was is no correction, of papers or of people.
        let refused = |done: Result<_, Error>| {
            assert!(matches!(done, Err(Error::Refused(Refusal::NothingCorrected, _))), "{done:?}");
        };
        refused(correct(Some(2), Some(Channel::Online)));
        let nobody = Correction::Delegate { reason: because("Không ủy quyền"), delegate: None, commitment: None };
        refused(world.act(id, now, Action::Correct(nobody)));
        let same = by_letter(&world, SAME_DAY).applicant;
        let request = Request::correct_applicant(id, because("Ghi nhầm"), same, now);
        refused(acts::advance::act(&world.store, &request, occasion(now)));
        assert!(ear.hears(now).is_empty());
    }
}

on_both! {
    fn the_receipts_letter_says_what_was_paid_with_it_and_what_is_still_owed(db: &Database) {
        let world = World::new(db.store());
        let mut ear = Ear::new(db, &world);
        let now = at("2021-03-01 09:00");
        // Three pages of it, paid in the same breath; of the other nothing.
        for (paid, known, unknown) in [(true, "Đã nộp phí, lệ phí: 6.000 đồng", "Còn phải nộp"), (false, "3 trang × 2.000", "Đã nộp")] {
            let id = world.try_request(&by_letter(&world, SAME_DAY), now).unwrap().id;
            let fee = FeeAsked { quantity: Some(3), ..0.into() };
            let action = match paid {
                true => Action::CollectFees {
                    fees: vec![fee], amount_vnd: None, method: PaymentMethod::Cash, receipt: String::new(),
                },
                false => Action::SetFees { fees: vec![fee] },
            };
            world.act(id, now, action).unwrap();
            let told = ear.hears_one("receipt", now);
            assert!(told.text.contains(known) && !told.text.contains(unknown), "{}", told.text);
        }
    }
}

on_both! {
    fn a_date_that_the_calendar_moves_while_people_are_waited_for_is_told_when_it_goes_on(db: &Database) {
        let world = World::new(db.store());
        let mut ear = Ear::new(db, &world);
        let begun = || {
            let id = world.try_request(&by_letter(&world, DAYS), at("2021-03-01 08:00")).unwrap().id;
            world.begin(id, at("2021-03-01 09:00"));
            id
        };
        let (papers, money) = (begun(), begun());
        let ask = Action::RequestSupplement { reason: because("Thiếu"), items: vec![Paper::Position(0)], exception: None };
        world.act(papers, at("2021-03-02 09:00"), ask).unwrap();
        let ask = Action::RequestPayment { fees: vec![], amount_vnd: Some(150_000), reason: because("Phí thẩm định") };
        world.act(money, at("2021-03-02 09:00"), ask).unwrap();
        ear.hears(at("2021-03-02 09:00"));
        let text = String::from_utf8(motcua::config::bundled::CALENDAR.to_vec()).unwrap();
        motcua::imports::calendar(&world.store, format!("{text}2021-03-04,off,Nghỉ đột xuất\n").as_bytes()).unwrap();
        let now = at("2021-03-02 10:00");
        motcua::jobs::queue::recompute_due_moments(&world.store, now).unwrap();
        assert!(ear.hears(now).is_empty(), "whoever is waited for hears when it goes on");
        // The papers come at the desk, the money by transfer, within the hour: only the calendar has moved the day.
        let taken = Action::TakeSupplement { items: vec![ItemHandedIn(0, 1, 0).into()], reason: String::new() };
        world.act(papers, at("2021-03-02 10:30"), taken).unwrap();
        let paid = Action::TakePayment { amount_vnd: 150_000, method: PaymentMethod::Transfer, receipt: because("FT1") };
        world.act(money, at("2021-03-02 10:30"), paid).unwrap();
        let told = ear.hears(at("2021-03-02 10:30"));
        let topics: Vec<_> = told.iter().map(|told| told.topic.as_str()).collect();
        assert_eq!(topics, ["date_moved"; 2]);
        for told in &told {
            assert!(told.text.contains("Đã hẹn: 17:00 ngày 08/03/2021"), "{}", told.text);
            assert!(!told.text.contains("vẫn là"), "{}", told.text);
            assert_eq!(misread(told, true), Vec::<String>::new(), "{}", told.text);
        }
    }
}

on_both! {
    fn an_appointment_that_lapses_is_told_with_what_made_it_lapse(db: &Database) {
        let world = World::new(db.store());
        let mut ear = Ear::new(db, &world);
        let request = NewRequest { channel: Channel::Postal, ..by_letter(&world, DAYS) };
        let id = world.try_request(&request, at("2021-03-01 08:00")).unwrap().id;
        world.begin(id, at("2021-03-01 09:00"));
        let apology = Action::Reappoint { reason: because("Chờ"), appointment: at("2021-03-09 17:00") };
        world.act(id, at("2021-03-02 08:00"), apology).unwrap();
        let ask = Action::RequestSupplement { reason: because("Thiếu"), items: vec![Paper::Position(0)], exception: None };
        world.act(id, at("2021-03-02 09:00"), ask).unwrap();
        ear.hears(at("2021-03-02 09:00"));
        let take = || Action::TakeSupplement { items: vec![ItemHandedIn(0, 1, 0).into()], reason: String::new() };
        world.act(id, at("2021-03-04 09:00"), take()).unwrap();
        let told = ear.hears_one("date_moved", at("2021-03-04 09:00"));
        for known in ["Đã hẹn: 17:00 ngày 09/03/2021", "Nay hẹn: 17:00 ngày 11/03/2021", "đã nhận giấy tờ bổ sung", "ngày đã hẹn lại không áp dụng nữa"] {
            assert!(told.text.contains(known), "{known}: {}", told.text);
        }
        // It was another dossier's: what was told is taken back, and told anew when the right ones come.
        world.act(id, at("2021-03-04 09:10"), undo()).unwrap();
        let told = ear.hears_one("taken_back", at("2021-03-04 09:10"));
        assert!(told.text.contains("nhận giấy tờ bổ sung") && told.text.contains("đang chờ bổ sung"), "{}", told.text);
        world.act(id, at("2021-03-04 10:00"), take()).unwrap();
        let told = ear.hears_one("date_moved", at("2021-03-04 10:00"));
        for known in ["Đã hẹn: 17:00 ngày 09/03/2021", "Nay hẹn: 17:00 ngày 11/03/2021"] {
            assert!(told.text.contains(known), "{known}: {}", told.text);
        }
        assert_eq!(misread(&told, true), Vec::<String>::new(), "{}", told.text);
        let number = world.store.read(|conn| motcua::store::dossiers::case_number(conn, id)).unwrap().unwrap();
        let code = views::look_up::look_up_code(&world.store, id).unwrap();
        let seen = views::look_up::look_up(&world.store, &number, &code, at("2021-03-04 11:00")).unwrap();
        assert!(!seen.next.contains("nhầm"), "{}", seen.next);

        // At the desk, where no date moves, nobody was told that they came, nor need be told that they did not.
        let id = world.try_request(&by_letter(&world, DAYS), at("2021-03-05 08:00")).unwrap().id;
        world.begin(id, at("2021-03-05 08:10"));
        let ask = Action::RequestSupplement { reason: because("Thiếu"), items: vec![Paper::Position(0)], exception: None };
        world.act(id, at("2021-03-05 09:00"), ask).unwrap();
        ear.hears(at("2021-03-05 09:00"));
        for (when, action) in [("2021-03-05 09:30", take()), ("2021-03-05 09:35", undo()), ("2021-03-05 09:40", take())] {
            world.act(id, at(when), action).unwrap();
            assert!(ear.hears(at(when)).is_empty(), "{when}");
        }
    }
}

on_both! {
    fn who_holds_the_result_is_not_invited_to_fetch_it(db: &Database) {
        let world = World::new(db.store());
        let mut ear = Ear::new(db, &world);
        let give = || Action::Return { channel: Channel::Direct };
        // Answered while they stand at the desk.
        let now = at("2021-03-01 09:00");
        let id = world.try_request(&by_letter(&world, SAME_DAY), now).unwrap().id;
        world.finish(id, now);
        world.act(id, now, give()).unwrap();
        let told = ear.hears_one("receipt", now);
        assert!(told.text.contains("giải quyết xong và trả kết quả lúc 09:00 ngày 01/03/2021"), "{}", told.text);
        for unknown in ["Khi đến nhận kết quả", "Mời", "Hẹn trả kết quả"] {
            assert!(!told.text.contains(unknown), "{unknown}: {}", told.text);
        }
        assert_eq!(misread(&told, true), Vec::<String>::new(), "{}", told.text);
        // Fetched before anybody was told.
        let id = world.try_request(&by_letter(&world, SAME_DAY), at("2021-03-02 08:00")).unwrap().id;
        ear.hears_one("receipt", at("2021-03-02 08:00"));
        world.finish(id, at("2021-03-02 10:00"));
        world.act(id, at("2021-03-02 10:01"), give()).unwrap();
        assert!(ear.hears(at("2021-03-02 10:01")).is_empty());
        // Given out by a slip: it is taken back, and the result waits.
        let id = world.try_request(&by_letter(&world, SAME_DAY), at("2021-03-03 08:00")).unwrap().id;
        ear.hears_one("receipt", at("2021-03-03 08:00"));
        world.finish(id, at("2021-03-03 10:00"));
        world.act(id, at("2021-03-03 10:01"), give()).unwrap();
        world.act(id, at("2021-03-03 10:02"), undo()).unwrap();
        ear.hears_one("result_ready", at("2021-03-03 10:02"));
    }
}

on_both! {
    fn other_fees_by_another_case_are_told_and_a_sum_that_was_asked_for_is_said(db: &Database) {
        let world = World::new(db.store());
        let mut ear = Ear::new(db, &world);
        let all: Vec<Value> = serde_json::from_slice(motcua::config::bundled::PROCEDURES).unwrap();
        let mut versions: Vec<_> = all.into_iter().filter(|definition| definition["code"] == DAYS).collect();
        versions[0]["valid_from"] = json!("2021-01-01");
        versions[0]["fees"] = json!([{"name": "Lệ phí", "amount_vnd": 5000}, {"name": "Phí thẩm định", "amount_vnd": null}]);
        versions[0]["cases"] = json!([
            {"code": "01", "name": "Trong nước"},
            {"code": "02", "name": "Nước ngoài", "fees": [{"name": "Lệ phí cao", "amount_vnd": 20_000}]},
        ]);
        motcua::imports::procedures(&world.store, &serde_json::to_vec(&versions).unwrap()).unwrap();
        let request = NewRequest { case: Some("01".to_owned()), ..by_letter(&world, DAYS) };
        let received = world.try_request(&request, at("2021-03-01 08:00")).unwrap();
        ear.hears_one("receipt", at("2021-03-01 08:00"));
        let correct = |case: &str, when: &str| {
            let action = Action::Correct(Correction::Case { reason: because("Chọn nhầm"), same_fees: false });
            let request = Request { case: Some(case.to_owned()), ..Request::new(received.id, action) };
            acts::advance::act(&world.store, &request, occasion(at(when))).unwrap();
        };
        let money = |ear: &mut Ear<'_>, when: &str, case: &str| {
            let mut told = ear.hears(at(when));
            told.sort_by(|one, other| one.topic.cmp(&other.topic));
            let topics: Vec<_> = told.iter().map(|told| told.topic.as_str()).collect();
            assert_eq!(topics, ["corrected", "money"]);
            assert!(told[0].text.contains(&format!("– {case}")), "{}", told[0].text);
            told.remove(1)
        };
        correct("02", "2021-03-01 09:00");
        let told = money(&mut ear, "2021-03-01 09:00", "Nước ngoài");
        for known in ["Lệ phí cao: 20.000 đồng", "Chọn nhầm", "sửa trường hợp"] {
            assert!(told.text.contains(known), "{known}: {}", told.text);
        }
        correct("01", "2021-03-01 09:10");
        let told = money(&mut ear, "2021-03-01 09:10", "Trong nước");
        assert!(told.text.contains("Lệ phí: 5.000 đồng") && !told.text.contains("20.000"), "{}", told.text);
        // What the procedure does not know was said when it was asked for.
        world.begin(received.id, at("2021-03-01 09:20"));
        let collect = Action::CollectFees { fees: vec![0.into()], amount_vnd: None, method: PaymentMethod::Transfer, receipt: String::new() };
        world.act(received.id, at("2021-03-01 09:30"), collect).unwrap();
        let ask = Action::RequestPayment { fees: vec![1.into()], amount_vnd: Some(70_000), reason: String::new() };
        world.act(received.id, at("2021-03-01 09:40"), ask).unwrap();
        ear.hears(at("2021-03-01 09:40"));
        let back = Action::RefundFees { amount_vnd: 5000, fees: vec![0], method: PaymentMethod::Transfer, receipt: because("FT2"), reason: because("Thu nhầm") };
        world.act(received.id, at("2021-03-01 09:50"), back).unwrap();
        let told = ear.hears_one("money", at("2021-03-01 09:50"));
        assert!(told.text.contains("Phí thẩm định: 70.000 đồng") && !told.text.contains("hỏi tại"), "{}", told.text);
    }
}

on_both! {
    fn the_receipts_letter_of_what_came_online_names_the_papers_to_bring(db: &Database) {
        let world = World::new(db.store());
        let mut ear = Ear::new(db, &world);
        let request = NewRequest { items: Vec::new(), ..by_letter(&world, DAYS) };
        let dossier = registered(&world, &request, at("2021-03-01 08:00"));
        ear.hears(at("2021-03-01 08:00"));
        let receive = Action::Receive { new: None, items: Vec::new(), assignee: None, return_date: None };
        world.act(dossier.id, at("2021-03-01 09:00"), receive).unwrap();
        let told = ear.hears_one("receipt", at("2021-03-01 09:00"));
        assert!(told.text.contains("Giấy tờ còn phải nộp: "), "{}", told.text);
        assert_eq!(misread(&told, true), Vec::<String>::new(), "{}", told.text);
        // At the desk what is missing is refused.
        world.try_request(&by_letter(&world, DAYS), at("2021-03-01 10:00")).unwrap();
        let told = ear.hears_one("receipt", at("2021-03-01 10:00"));
        assert!(!told.text.contains("Giấy tờ còn phải nộp"), "{}", told.text);
    }
}

on_both! {
    fn money_asked_for_and_an_appointment_made_by_a_slip_are_taken_back(db: &Database) {
        let world = World::new(db.store());
        let mut ear = Ear::new(db, &world);
        let id = world.try_request(&by_letter(&world, DAYS), at("2021-03-01 08:00")).unwrap().id;
        let before = world.begin(id, at("2021-03-01 08:30"));
        let undo = |reason: &str, when: &str| {
            let undo = Correction::Undo { reason: because(reason) };
            world.act(id, at(when), Action::Correct(undo))
        };
        // Of what goes on nothing is there to undo.
        let nothing = undo("Nhầm", "2021-03-01 08:40");
        assert!(matches!(nothing, Err(Error::Refused(Refusal::NothingToUndo, _))), "{nothing:?}");
        let ask = Action::RequestPayment { amount_vnd: Some(5_000_000), reason: because("Lệ phí"), fees: vec![] };
        world.act(id, at("2021-03-01 09:00"), ask).unwrap();
        ear.hears(at("2021-03-01 09:00"));
        let now = at("2021-03-02 10:00");
        let undone = undo("Gõ thừa số 0", "2021-03-02 10:00").unwrap();
        // As if nobody had been waited for.
        assert_eq!((undone.status, undone.due(), &undone.contents), (before.status, before.due(), &before.contents));
        let told = ear.hears_one("taken_back", now);
        for known in ["yêu cầu nộp tiền", "Gõ thừa số 0", "17:00 ngày 08/03/2021"] {
            assert!(told.text.contains(known), "{known}: {}", told.text);
        }
        assert_eq!(misread(&told, true), Vec::<String>::new(), "{}", told.text);
        // The right year, after the wrong one.
        let apologise = |when: &str, to: &str| {
            let apology = Action::Reappoint { reason: because("Chờ xác minh"), appointment: at(to) };
            world.act(id, at(when), apology)
        };
        apologise("2021-03-03 08:00", "2022-03-10 16:00").unwrap();
        let told = ear.hears_one("reappointed", at("2021-03-03 08:00"));
        assert!(told.text.contains("không thể trả kết quả đúng ngày đã hẹn"), "{}", told.text);
        let undone = undo("Ghi nhầm năm", "2021-03-03 09:00").unwrap();
        assert_eq!((undone.appointment, undone.promised(), undone.contents.apologised), (None, before.due(), false));
        let told = ear.hears_one("taken_back", at("2021-03-03 09:00"));
        for known in ["hẹn lại ngày trả kết quả", "Ghi nhầm năm", "17:00 ngày 08/03/2021"] {
            assert!(told.text.contains(known), "{known}: {}", told.text);
        }
        let right = apologise("2021-03-03 09:05", "2021-03-10 16:00").unwrap();
        assert_eq!(right.promised(), Some(at("2021-03-10 16:00")));
        assert_eq!(motcua::tools::verify::verify(&world.store, 10).unwrap().findings, []);
    }
}

on_both! {
    fn papers_that_were_asked_of_the_wrong_people_are_asked_for_no_more(db: &Database) {
        let world = World::new(db.store());
        let mut ear = Ear::new(db, &world);
        let id = world.try_request(&by_letter(&world, DAYS), at("2021-03-01 08:00")).unwrap().id;
        let before = world.begin(id, at("2021-03-01 08:30"));
        let ask = || Action::RequestSupplement { reason: because("Bản sao mờ"), items: vec![], exception: None };
        world.act(id, at("2021-03-01 09:00"), ask()).unwrap();
        ear.hears(at("2021-03-01 09:00"));
        let now = at("2021-03-03 10:00");
        let undone = world.act(id, now, Action::Correct(Correction::Undo { reason: because("Nhầm hồ sơ") })).unwrap();
        // As if nobody had been waited for, and the one request that there may be is left.
        assert_eq!((undone.status, undone.due(), undone.supplements_requested), (before.status, before.due(), 0));
        let told = ear.hears_one("taken_back", now);
        for known in ["yêu cầu bổ sung giấy tờ", "Nhầm hồ sơ", "17:00 ngày 08/03/2021"] {
            assert!(told.text.contains(known), "{known}: {}", told.text);
        }
        assert_eq!(misread(&told, true), Vec::<String>::new(), "{}", told.text);
        world.act(id, at("2021-03-03 11:00"), ask()).unwrap();
        assert_eq!(motcua::tools::verify::verify(&world.store, 10).unwrap().findings, []);
    }
}

on_both! {
    fn a_waiver_is_told_with_its_reason_and_so_is_that_it_was_none(db: &Database) {
        let world = World::new(db.store());
        let mut ear = Ear::new(db, &world);
        let now = at("2021-03-01 09:00");
        let id = world.try_request(&by_letter(&world, SAME_DAY), at("2021-03-01 08:00")).unwrap().id;
        assert!(ear.hears_one("receipt", now).text.contains("2.000 đồng"));
        // The letter of the receipt named it.
        world.act(id, now, Action::WaiveFee { fee: 0, reason: because("Hộ nghèo") }).unwrap();
        assert!(ear.hears_one("money", now).text.contains("Hộ nghèo"));
        world.act(id, now, Action::CancelWaiver { fee: 0, reason: because("Nhầm hồ sơ") }).unwrap();
        let told = ear.hears_one("money", now);
        for known in ["không được miễn", "Nhầm hồ sơ", "2.000 đồng"] {
            assert!(told.text.contains(known), "{known}: {}", told.text);
        }
        assert_eq!(misread(&told, true), Vec::<String>::new(), "{}", told.text);
        // The last of what the clock stood for: with its reason too.
        world.begin(id, now);
        let ask = Action::RequestPayment { fees: vec![0.into()], amount_vnd: None, reason: String::new() };
        world.act(id, now, ask).unwrap();
        ear.hears(now);
        world.act(id, now, Action::WaiveFee { fee: 0, reason: because("Hộ cận nghèo") }).unwrap();
        assert!(ear.hears_one("money", now).text.contains("Hộ cận nghèo"));
    }
}

on_both! {
    fn no_step_is_late_by_what_the_applicant_was_waited_for(db: &Database) {
        let world = World::new(db.store());
        let id = world.try_request(&by_letter(&world, DAYS), at("2021-03-01 08:00")).unwrap().id;
        let before = world.begin(id, at("2021-03-01 08:30")).step_due.unwrap();
        let (asked, paid) = (at("2021-03-01 09:00"), at("2021-03-03 10:30"));
        let ask = Action::RequestPayment { fees: vec![], amount_vnd: Some(150_000), reason: because("Phí") };
        assert_eq!(world.act(id, asked, ask).unwrap().step_due, Some(before));
        let pay = Action::TakePayment { amount_vnd: 150_000, method: PaymentMethod::Cash, receipt: because("BL-1") };
        let after = world.act(id, paid, pay).unwrap();
        let reference = world.store.reference().unwrap();
        let timetable = reference.timetable(after.holder).unwrap();
        let stood = timetable.working_between(asked, paid).unwrap();
        assert_eq!(after.step_due, Some(timetable.advance(before, stood).unwrap()));
        let view = views::dossier::view(&world.store, id, None, None, paid).unwrap();
        assert_eq!(view.step.due_at, after.step_due);
    }
}

on_both! {
    fn a_new_address_hears_that_it_is_told_from_now_on(db: &Database) {
        let world = World::new(db.store());
        let mut ear = Ear::new(db, &world);
        let request = by_letter(&world, DAYS);
        let id = world.try_request(&request, at("2021-03-01 08:00")).unwrap().id;
        ear.hears(at("2021-03-01 08:00"));
        let now = at("2021-03-01 09:00");
        let correct = |email: &str, name: &str| {
            let mut person = request.applicant.clone();
            (person.email, person.name) = (Some(email.to_owned()), name.to_owned());
            let request = Request::correct_applicant(id, because("Ghi nhầm"), person, now);
            acts::advance::act(&world.store, &request, occasion(now)).unwrap();
        };
        correct("anh.moi@example.vn", "Nguyễn Thị Ánh");
        let told = ear.hears_one("contact_changed", now);
        assert_eq!(told.recipient, "anh.moi@example.vn");
        assert!(told.text.contains("Từ nay tin về hồ sơ được gửi tới đây"), "{}", told.text);
        assert_eq!(misread(&told, true), Vec::<String>::new(), "{}", told.text);
        assert!(told.text.contains("Hẹn trả kết quả: 17:00 ngày 08/03/2021."), "{}", told.text);
        // So does a new delegate.
        let delegate = |email: &str| {
            let mut person = Person::named("Lý Văn Dũng");
            (person.email, person.notify_by) = (Some(email.to_owned()), Some(NotifyBy::Email));
            let request = Request::correct_delegate(id, because("Ghi nhầm"), Some(person), now);
            acts::advance::act(&world.store, &request, occasion(now)).unwrap();
        };
        delegate("dung@example.vn");
        let mut hears = |now| {
            let mut told = ear.hears(now);
            told.sort_by(|one, other| one.recipient.cmp(&other.recipient));
            told
        };
        let to = |told: &[Told]| told.iter().map(|told| (told.topic.clone(), told.recipient.clone())).collect::<Vec<_>>();
        let pair = |topic: &str, to: &str| (topic.to_owned(), to.to_owned());
        let told = hears(now);
        assert_eq!(to(&told), [pair("corrected", "anh.moi@example.vn"), pair("contact_changed", "dung@example.vn")]);
        assert!(told[0].text.contains("người được ủy quyền là Lý Văn Dũng"), "{}", told[0].text);
        for told in &told {
            assert_eq!(misread(told, true), Vec::<String>::new(), "{}", told.text);
        }
        // Another name is no other address, and told with its reason.
        correct("anh.moi@example.vn", "Nguyễn Thị Ánh Hồng");
        let told = hears(now);
        assert_eq!(to(&told), [pair("corrected", "anh.moi@example.vn"), pair("corrected", "dung@example.vn")]);
        assert!(told[0].text.contains("tên người nộp là Nguyễn Thị Ánh Hồng"), "{}", told[0].text);
        assert!(told[0].text.contains("Lý do: Ghi nhầm"), "{}", told[0].text);
        // Who is no delegate any more is told so, without the way to what is not theirs.
        let asked = Request::correct_delegate(id, because("Hết ủy quyền"), None, now);
        acts::advance::act(&world.store, &asked, occasion(now)).unwrap();
        let told = hears(now);
        assert_eq!(to(&told), [pair("corrected", "anh.moi@example.vn"), pair("corrected", "dung@example.vn")]);
        assert!(told[0].text.contains("không còn người được ủy quyền"), "{}", told[0].text);
        assert!(told[1].text.contains("từ nay tin về hồ sơ không gửi tới đây nữa"), "{}", told[1].text);
        assert!(!told[1].text.contains("mã tra cứu") && !told[1].html.contains("mã tra cứu"), "{}", told[1].text);
        // Whoever has read no letter so far reads how it stands.
        let done = world.try_request(&request, at("2021-03-01 08:00")).unwrap().id;
        world.finish(done, now);
        ear.hears(now);
        let mut person = request.applicant.clone();
        person.email = Some("anh.xong@example.vn".to_owned());
        let asked = Request::correct_applicant(done, because("Ghi nhầm"), person, now);
        acts::advance::act(&world.store, &asked, occasion(now)).unwrap();
        let told = ear.hears_one("contact_changed", now);
        assert!(told.text.contains("Đã có kết quả. Mời ông/bà đến nhận tại"), "{}", told.text);
        assert!(!told.text.contains("Hẹn trả kết quả"), "{}", told.text);
        assert_eq!(misread(&told, true), Vec::<String>::new(), "{}", told.text);
        // What is over is told to nobody new.
        world.act(id, now, Action::Withdraw { reason: because("Không cần nữa") }).unwrap();
        ear.hears(now);
        correct("anh.khac@example.vn", "Nguyễn Thị Ánh");
        assert!(ear.hears(now).is_empty());
    }
}

on_both! {
    fn results_are_said_to_come_as_they_come_and_from_whom(db: &Database) {
        let world = World::new(db.store());
        let mut ear = Ear::new(db, &world);
        let day = at("2021-03-01 08:00");
        for (channel, letter, message) in [
            (Channel::Online, "gửi bằng phương thức điện tử; nếu chưa nhận được, xin hỏi tại đó", "gui bang phuong thuc dien tu"),
            (Channel::Postal, "qua bưu chính công ích", "qua buu chinh cong ich"),
            (Channel::Direct, "đến Ủy ban nhân dân phường Hoàng Văn Thụ nhận kết quả", "Moi den nhan"),
        ] {
            for request in [by_letter(&world, DAYS), world.request(COMMUNE, DAYS)] {
                let request = NewRequest { return_channel: channel, ..request };
                let id = world.try_request(&request, day).unwrap().id;
                world.finish(id, day);
                let told = ear.hears(day).into_iter().find(|told| told.topic == "result_ready").unwrap();
                let (known, agency) = match told.html.is_empty() {
                    true => (message, "UBND phuong Hoang Van Thu"),
                    false => (letter, "Ủy ban nhân dân phường Hoàng Văn Thụ"),
                };
                assert!(told.text.contains(known) && told.text.contains(agency), "{}", told.text);
                assert!(!told.text.contains("trên trang theo dõi"), "{}", told.text);
                assert_eq!(misread(&told, !told.html.is_empty()), Vec::<String>::new(), "{}", told.text);
                let code = views::look_up::look_up_code(&world.store, id).unwrap();
                let number = world.store.read(|conn| motcua::store::events::replay(conn, id)).unwrap().unwrap().0.case_number;
                let seen = views::look_up::look_up(&world.store, number.as_str(), &code, day).unwrap();
                if channel == Channel::Online {
                    assert!(seen.next.contains("gửi bằng phương thức điện tử"), "{}", seen.next);
                }
            }
        }
        // Withdrawn without a reason: none is named.
        let id = world.try_request(&world.request(COMMUNE, DAYS), day).unwrap().id;
        ear.hears(day);
        world.act(id, day, Action::Withdraw { reason: String::new() }).unwrap();
        let told = ear.hears_one("withdrawn", day);
        assert!(!told.text.contains("Ly do"), "{}", told.text);
    }
}

on_both! {
    fn a_receipt_names_a_fee_of_unknown_amount(db: &Database) {
        let world = World::new(db.store());
        let mut ear = Ear::new(db, &world);
        let all: Vec<Value> = serde_json::from_slice(motcua::config::bundled::PROCEDURES).unwrap();
        let mut versions: Vec<_> = all.into_iter().filter(|definition| definition["code"] == DAYS).collect();
        versions[0]["valid_from"] = json!("2021-01-01");
        versions[0]["fees"] = json!([
            {"name": "Phí tỉnh định", "amount_vnd": null}, {"name": "Lệ phí", "amount_vnd": 20_000}, {"name": "Miễn", "amount_vnd": 0},
        ]);
        motcua::imports::procedures(&world.store, &serde_json::to_vec(&versions).unwrap()).unwrap();
        let day = at("2021-03-01 08:00");
        world.try_request(&by_letter(&world, DAYS), day).unwrap();
        let told = ear.hears_one("receipt", day);
        let known = "Phí tỉnh định: theo quy định của tỉnh, hỏi tại bộ phận một cửa; Lệ phí: 20.000 đồng";
        assert!(told.text.contains(known) && !told.text.contains("Miễn"), "{}", told.text);
    }
}

on_both! {
    fn papers_that_need_not_come_any_more_are_told_as_that(db: &Database) {
        let world = World::new(db.store());
        let mut ear = Ear::new(db, &world);
        for channel in [Channel::Direct, Channel::Postal] {
            let request = NewRequest { channel, ..by_letter(&world, DAYS) };
            let dossier = world.try_request(&request, at("2026-09-07 08:00")).unwrap();
            world.begin(dossier.id, at("2026-09-07 09:00"));
            let ask = Action::RequestSupplement { items: vec![Paper::Position(1)], reason: because("Thiếu"), exception: None };
            world.act(dossier.id, at("2026-09-08 08:00"), ask).unwrap();
            ear.hears(at("2026-09-08 08:00"));
            let go_on = Action::TakeSupplement { items: Vec::new(), reason: because("Đã có trong kho dữ liệu") };
            world.act(dossier.id, at("2026-09-09 08:00"), go_on).unwrap();
            let told = ear.hears_one("supplement_waived", at("2026-09-09 08:00"));
            assert!(told.text.contains("không yêu cầu bổ sung giấy tờ cho hồ sơ của ông/bà nữa"), "{}", told.text);
            assert!(told.text.contains("Lý do: Đã có trong kho dữ liệu") && told.text.contains("Hẹn trả kết quả"), "{}", told.text);
            assert!(!told.text.contains("Đã nhận giấy tờ"), "{}", told.text);
            assert_eq!(misread(&told, true), Vec::<String>::new(), "{}", told.text);
        }
    }
}

on_both! {
    fn papers_that_have_not_come_with_what_was_submitted_online_are_named(db: &Database) {
        let mut office = Office::open(db);
        let clerk = office.token(Role::Clerk, COMMUNE);
        let store = &office.world.store;
        let request = NewRequest { items: Vec::new(), ..by_letter(&office.world, DAYS) };
        let dossier = registered(&office.world, &request, motcua::clock::now());
        let seen = || {
            let path = format!("/api/v1/dossiers/{}", dossier.id);
            let view = office.call("GET", path).token(&clerk).send().expect(200).json();
            let number = dossier.case_number.to_string();
            let code = view["look_up_code"].as_str().unwrap();
            views::look_up::look_up(store, &number, code, motcua::clock::now()).unwrap()
        };
        assert!(seen().still_to_come.is_empty());
        let path = |action: &str| format!("/api/v1/dossiers/{}/{action}", dossier.id);
        let act = |action: &str, body: Value| {
            office.call("POST", path(action)).token(&clerk).header("If-Match", "*").body(body).send().expect(200)
        };
        act("receive", json!({}));
        let missing = seen().still_to_come;
        assert!(!missing.is_empty() && missing.iter().all(|paper| paper.ends_with(')')), "{missing:?}");
        act("correct-papers", json!({"reason": "Mang đến sau", "items": [{"position": 0, "originals": 1}]}));
        assert!(seen().still_to_come.len() < missing.len());
    }
}

on_both! {
    fn a_look_up_gives_no_contact_away(db: &Database) {
        let mut office = Office::open(db);
        let clerk = office.token(Role::Clerk, COMMUNE);
        let officer = office.token(Role::Officer, COMMUNE);
        let mut new = office.new_dossier(COMMUNE, DAYS);
        new["applicant"]["email"] = json!("lo.dien@example.vn");
        new["applicant"]["address"] = json!("Số 12 ngõ 3 phố Muối, phường Hoàng Văn Thụ");
        new["delegate"] = json!({"name": "Tô Văn Nộp Hộ", "phone": "0987654321"});
        for (reason, shown) in [
            ("gọi 0912 345 678 để hỏi", false),
            ("gửi lo.dien@example.vn", false),
            ("nhà số 12 ngõ 3 phố Muối", false),
            ("ông Tô Văn Nộp Hộ mang đến", false),
            ("hỏi người nộp, số 0987.654.321", false),
            ("Bản sao chưa chứng thực", true),
        ] {
            let made = office.call("POST", "/api/v1/dossiers").token(&clerk).body(new.clone()).send().expect(201).json();
            let act = |token: &str, action: &str, body: Value| {
                crate::support::act(&office, token, &made, action, body).expect(200)
            };
            act(&clerk, "hand-over", json!({"step": 1}));
            act(&officer, "request-supplement", json!({"reason": reason, "items": [1]}));
            let (number, code) = (made["case_number"].as_str().unwrap(), made["look_up_code"].as_str().unwrap());
            let seen = office.call("GET", format!("/api/v1/lookup?case_number={number}&code={code}")).send();
            let seen = seen.expect(200).json();
            let expected = if shown { json!(reason) } else { Value::Null };
            assert_eq!(seen["asked"]["reason"], expected, "{reason}");
        }
    }
}

on_both! {
    fn an_organisation_is_one_in_letter_mask_and_search(db: &Database) {
        let mut office = Office::open(db);
        let clerk = office.token(Role::Clerk, COMMUNE);
        for name in ["Công ty TNHH Đá Vôi", "UBND xã Kháng Chiến", "Trường THPT Chu Văn An", "Hợp tác xã Na Chi"] {
            let mut new = office.new_dossier(COMMUNE, SAME_DAY);
            new["applicant"] = json!({"name": name, "phone": "0912345678"});
            let made = office.call("POST", "/api/v1/dossiers").token(&clerk).body(new).send().expect(201).json();
            let (number, code) = (made["case_number"].as_str().unwrap(), made["look_up_code"].as_str().unwrap());
            let seen = office.call("GET", format!("/api/v1/lookup?case_number={number}&code={code}")).send();
            assert_eq!(seen.expect(200).json()["applicant"], name);
            let begins: String = name.chars().take(12).collect();
            let found = office.call("POST", "/api/v1/dossiers/search").token(&clerk).body(json!({"text": begins}));
            let found = found.send().expect(200).json();
            assert!(found["items"].as_array().unwrap().iter().any(|one| one["id"] == made["id"]), "{name}: {found}");
        }
        assert_eq!(motcua::tools::verify::verify(&office.world.store, 10).unwrap().findings, []);
        let mut new = office.new_dossier(COMMUNE, SAME_DAY);
        new["applicant"] = json!({"name": "Y' Bih Ayun"});
        office.call("POST", "/api/v1/dossiers").token(&clerk).body(new).send().expect(201);
        for name in ["Lý Thị Mỹ Kỳ", "H’Hen Niê"] {
            let mut new = office.new_dossier(COMMUNE, SAME_DAY);
            new["applicant"] = json!({"name": name});
            office.call("POST", "/api/v1/dossiers").token(&clerk).body(new).send().expect(201);
        }
        let found = |text: &str| {
            let call = office.call("POST", "/api/v1/dossiers/search").token(&clerk).body(json!({"text": text}));
            call.send().expect(200).json()["items"].as_array().unwrap().len()
        };
        for text in ["li thi mi ki", "Lý Thị Mĩ", "bà Lý Thị Mỹ Kỳ", "h hen nie", "h'hen", "hen nie", "hhen", "Hhen Niê"] {
            assert_eq!(found(text), 1, "{text}");
        }
        // Those who were named before the rule get theirs at the next start.
        db.tamper("update persons set search_name = 'ky my thi ly' where name like 'L%K%'");
        db.tamper("update persons set search_name = 'nie hhen' where name like 'H%Hen%'");
        db.tamper("update persons set search_name = 'ayun bih y''' where name like 'Y% Bih Ayun'");
        db.tamper("update persons set search_name = 'voi da tnhh ty cong' where name like '%TNHH%'");
        db.tamper("update settings set value = 'cleaned' where key = 'people_renamed'");
        drop(db.store());
        assert_eq!(db.value("select search_name from persons where name like '%TNHH%'"), "cong ti tnhh da voi");
        assert_eq!(db.value("select search_name from persons where name like 'H%Hen%'"), "nie hen h");
        assert_eq!(motcua::tools::verify::verify(&db.store(), 10).unwrap().findings, []);
        assert_eq!(db.value("select search_name from persons where name like 'Y% Bih Ayun'"), "ayun bih y");
    }
}

on_both! {
    fn a_result_by_post_needs_an_address(db: &Database) {
        let mut office = Office::open_with(db, crate::submissions::with_sms(db));
        let clerk = office.token(Role::Clerk, COMMUNE);
        let send = |path: &str, token: Option<&str>, address: Value| {
            let mut new = office.new_submission(COMMUNE, SAME_DAY);
            new["return_channel"] = json!("postal");
            new["applicant"]["address"] = address;
            let call = office.call("POST", path);
            match token {
                Some(token) => call.token(token),
                None => call,
            }.body(new).send()
        };
        for (path, token, status) in [("/api/v1/dossiers", Some(clerk.as_str()), 201), ("/api/v1/submissions", None, 202)] {
            for address in [Value::Null, json!("  ")] {
                let problem = send(path, token, address).problem(400, "invalid-request");
                assert_eq!(fields(&problem), ["/applicant/address"], "{path}");
            }
            send(path, token, json!("Số 12 phố Muối, Lạng Sơn")).expect(status);
        }
    }
}

on_both! {
    fn the_desk_works_by_the_new_appointment(db: &Database) {
        use motcua::views::list::{ListRequest, list, near_due};
        let world = World::new(db.store());
        let hire = |role, name: &str| {
            let mut new = staff(role, COMMUNE);
            new.email = Some(format!("{name}@langson.example"));
            acts::staff::create(&world.store, new, None, None, at("2021-03-01 08:00")).unwrap()
        };
        let officer = hire(Role::Officer, "can.bo");
        hire(Role::Supervisor, "lanh.dao");
        let received = at("2021-03-01 08:00");
        let ids = [(); 2].map(|()| {
            let id = world.try_request(&world.request(COMMUNE, DAYS), received).unwrap().id;
            let to = Action::HandOver { step: 1, assignee: Some(officer.id), note: String::new() };
            world.act(id, received, to).unwrap();
            id
        });
        let appointment = at("2021-03-18 16:00");
        world.act(ids[0], at("2021-03-03 08:00"), Action::Reappoint { reason: because("Chờ"), appointment }).unwrap();
        let unit = world.store.reference().unwrap().units().by_code(COMMUNE).unwrap().id;
        let near = |now: &str| {
            let order = near_due(&world.store, unit, at(now), 1).unwrap();
            let items = list(&world.store, &ListRequest::of_all(unit, order, 10, at(now))).unwrap().items;
            items.into_iter().map(|item| item.id).collect::<Vec<_>>()
        };
        let templates = Templates::load(None).unwrap();
        let letters = || {
            let all = outbox(db).into_iter().map(|(.., body)| serde_json::from_str::<Value>(&body).unwrap());
            all.filter(|body| body.get("step").is_some()).collect::<Vec<_>>()
        };
        let mut heard = 0;
        let mut new = |now: &str| {
            // Crossings are recorded and told of beside what the clock says.
            motcua::jobs::housekeeping::run(&world.store, at(now)).unwrap();
            announce(&world.store, &[Box::new(NoticeTeller { settings: NoticeSettings {
                look_up_link: LINK.to_owned(), kinds: [Kind::Email].into(),
            } }) as Box<dyn Teller>], at(now)).unwrap();
            motcua::jobs::remind::remind(&world.store, at(now)).unwrap();
            let mut all = letters();
            let new = all.split_off(heard);
            heard += new.len();
            new
        };
        new("2021-03-03 09:00");
        // Due on Monday the 8th: of the two, the one that still is.
        assert_eq!(near("2021-03-05 09:00"), [ids[1]]);
        let told = new("2021-03-05 09:00");
        assert_eq!(told.len(), 1, "{told:?}");
        assert_eq!(told[0]["appointment_at"], "");
        // Both are overdue: of one its officer was told to apologise, of the other when it is promised now.
        let told = new("2021-03-09 09:00");
        assert_eq!(told.len(), 4, "{told:?}");
        for body in &told {
            let letter = templates.letter(Topic::Overdue, body).unwrap();
            let moved = body["appointment_at"] != "";
            assert_eq!(letter.text.contains("phải xin lỗi"), !moved, "{}", letter.text);
            assert_eq!(letter.text.contains("16:00 ngày 18/03/2021"), moved, "{}", letter.text);
        }
        assert_eq!(near("2021-03-16 09:00"), []);
        assert_eq!(near("2021-03-17 09:00"), [ids[0]]);
        let told = new("2021-03-17 09:00");
        assert_eq!(told.len(), 1, "{told:?}");
        let letter = templates.letter(Topic::DueTomorrow, &told[0]).unwrap();
        assert!(letter.subject.contains("đến ngày hẹn lại 16:00 ngày 18/03/2021"), "{}", letter.subject);
        // Broken, and told once, to both.
        assert_eq!(new("2021-03-18 15:00").len(), 0);
        let told = new("2021-03-19 09:00");
        assert_eq!(told.len(), 2, "{told:?}");
        let letter = templates.letter(Topic::Overdue, &told[0]).unwrap();
        assert!(letter.subject.contains("đã quá ngày hẹn lại 16:00 ngày 18/03/2021"), "{}", letter.subject);
        assert!(!letter.text.contains("hẹn lại ngày trả"), "{}", letter.text);
        assert_eq!(new("2021-03-19 10:00").len(), 0);
        assert_eq!(new("2021-03-22 10:00").len(), 0);
    }
}

on_both! {
    fn a_unit_that_has_ended_takes_nobody_and_says_who_follows(db: &Database) {
        let mut office = Office::open(db);
        let admin = office.token(Role::Administrator, "H37");
        let clerk = crate::support::Visitor::hire(&office, Role::Clerk, COMMUNE);
        let form = format!("/ho-so/tiep-nhan?thu-tuc={SAME_DAY}");
        clerk.get(&form).expect(200);
        let today = motcua::clock::now().date();
        let end = json!({"valid_to": today.pred_opt(), "successor": NEIGHBOUR});
        let call = office.call("PATCH", format!("/api/v1/units/{COMMUNE}")).token(&admin);
        call.header("If-Match", "*").body(end).send().expect(202);
        let follower = office.world.store.reference().unwrap().units().by_code(NEIGHBOUR).unwrap().name.clone();
        let user = json!({
            "username": "lan.nt", "full_name": "Nông Thị Lan", "role": "officer", "unit": COMMUNE, "password": crate::support::password("lan.nt"),
        });
        let says = |problem: Value, field: &str| {
            assert_eq!(fields(&problem), [field]);
            assert!(problem["errors"][0]["detail"].as_str().unwrap().contains(&follower), "{problem}");
        };
        let add = |user: &Value| office.call("POST", "/api/v1/users").token(&admin).body(user.clone()).send();
        says(add(&user).problem(400, "invalid-request"), "/unit");
        let mut there = user.clone();
        there["unit"] = json!(NEIGHBOUR);
        add(&there).expect(201);
        let change = office.call("PATCH", "/api/v1/users/lan.nt").token(&admin).header("If-Match", "*");
        says(change.body(json!({"unit": COMMUNE})).send().problem(400, "invalid-request"), "/unit");
        let asked = office.call("GET", format!("/api/v1/time-limit?procedure={SAME_DAY}&unit={COMMUNE}")).send();
        says(asked.problem(400, "invalid-request"), "unit");
        // Neither does it take submissions or feedback.
        let feedback = json!({"unit": COMMUNE, "kind": "report", "content": "Mở cửa muộn", "name": "Lan", "phone": "0912345678"});
        let feedback = office.call("POST", "/api/v1/feedback").body(feedback).send();
        says(feedback.problem(400, "invalid-request"), "/unit");
        let submission = json!({
            "unit": COMMUNE, "procedure": SAME_DAY, "applicant": {"name": "Nguyễn Thị Ánh", "email": "anh@example.vn"},
        });
        let refused = office.call("POST", "/api/v1/submissions").body(submission).send().json();
        assert!(refused.to_string().contains(&follower), "{refused}");
        let page = clerk.get(&form);
        assert_eq!(page.status, 409);
        assert!(page.body.contains(&follower), "{}", page.body);
        // Whoever looks for it by its name or code is led to the other.
        let ended = office.world.store.reference().unwrap().units().by_code(COMMUNE).unwrap().name.clone();
        let name = serde_urlencoded::to_string([("tim", &ended)]).unwrap();
        for (path, link) in [
            (format!("/phan-anh?{name}"), format!("/phan-anh?don_vi={NEIGHBOUR}")),
            (format!("/phan-anh?don_vi={COMMUNE}"), format!("/phan-anh?don_vi={NEIGHBOUR}")),
            (format!("/nop-ho-so?thu_tuc={SAME_DAY}&{name}"), format!("don_vi={NEIGHBOUR}")),
            (format!("/nop-ho-so?thu_tuc={SAME_DAY}&don_vi={COMMUNE}"), format!("don_vi={NEIGHBOUR}")),
        ] {
            let page = office.call("GET", path.clone()).header("Accept", "text/html").send().body;
            assert!(page.contains(&link), "{path}: {page}");
            assert!(page.contains(&format!("tiếp nhận việc của {ended}")), "{path}: {page}");
        }
    }
}

/// What no letter says: names of our own for things, and how programs write.
const NOT_WORDS: [&str; 24] = [
    "{{",
    "}}",
    "{%",
    "none",
    "null",
    "true",
    "false",
    "undefined",
    "direct",
    "postal",
    "online",
    "api",
    "json",
    "dossier",
    "unit",
    "step",
    "status",
    "supplement",
    "payment",
    "receipt",
    "motcua",
    "  ",
    "..",
    " .",
];

/// What is wrong with a text as its reader sees it.
fn misread(told: &Told, is_letter: bool) -> Vec<String> {
    let link = LINK.split("{case_number}").next().unwrap();
    // The link and what is indented are no words.
    let lines = told.text.lines().map(|line| {
        let words = line
            .trim()
            .split(' ')
            .filter(|word| !word.starts_with(link));
        // What was cut to fit says so.
        words.collect::<Vec<_>>().join(" ").replace("...", "")
    });
    let text = lines.collect::<Vec<_>>().join("\n");
    let lower = text.to_lowercase();
    let is_word = |word: &str| match word.chars().all(char::is_alphabetic) {
        true => lower
            .split(|c: char| !c.is_alphanumeric())
            .any(|other| other == word),
        false => lower.contains(word),
    };
    let mut wrong: Vec<_> = NOT_WORDS
        .iter()
        .filter(|word| is_word(word))
        .map(|word| (*word).to_owned())
        .collect();
    // Days in the order in which people write them.
    let is_iso =
        |word: &str| word.len() >= 10 && word.as_bytes()[4] == b'-' && word.as_bytes()[7] == b'-';
    wrong.extend(
        text.split(' ')
            .filter(|word| word.is_ascii() && is_iso(word))
            .map(str::to_owned),
    );
    if !is_letter && motcua::domain::text::gsm7_len(&told.text).is_none_or(|length| length > 306) {
        wrong.push("không vừa hai phần tin nhắn".to_owned());
    }
    if is_letter && !told.text.contains(link) {
        wrong.push("không có địa chỉ trang tra cứu".to_owned());
    }
    wrong
}

on_both! {
    fn every_letter_and_message_reads_well(db: &Database) {
        let world = World::new(db.store());
        for code in [COMMUNE, NEIGHBOUR] {
            let mut unit = (**world.store.reference().unwrap().units().by_code(code).unwrap()).clone();
            unit.address = Some("Số 2 đường Hoàng Văn Thụ".to_owned());
            unit.phone = Some("02053812345".to_owned());
            let put = world.store.write(move |conn| {
                motcua::store::units::update(conn, &unit)?;
                motcua::store::settings::bump_reference_version(conn)
            });
            put.unwrap();
        }
        let line = format!("old_code,new_code,share\n{COMMUNE},{NEIGHBOUR},whole\n");
        motcua::imports::successions(&world.store, line.as_bytes(), Some(date("2026-01-01"))).unwrap();
        let mut ear = Ear::new(db, &world);
        let person = world.request(COMMUNE, DAYS).applicant;
        let company = Person {
            name: "Công ty TNHH Ánh Dương".to_owned(),
            identity: Identity::organisation("4900123456").ok(),
            ..person.clone()
        };
        let mail = |person: &Person| Person { email: Some("anh@example.vn".to_owned()), ..person.clone() };
        let mut read = String::new();
        let mut topics = BTreeSet::new();
        for (who, is_letter) in [(mail(&person), true), (mail(&company), true), (person, false), (company, false)] {
            let mut request = world.request(COMMUNE, DAYS);
            let is_organisation = who.is_organisation();
            request.applicant = who;
            if is_letter && !is_organisation {
                request.delegate = Some(Person {
                    name: "Lý Văn Dũng".to_owned(),
                    identity: None,
                    notify_by: Some(NotifyBy::Email),
                    email: Some("dung@example.vn".to_owned()),
                    ..request.applicant.clone()
                });
            }
            let mut now = at("2026-11-23 08:00");
            let mut steps = |actions: Vec<Action>, online: bool| {
                let dossier = match online {
                    true => registered(&world, &request, now),
                    false => world.try_request(&request, now).unwrap(),
                };
                let mut told = ear.hears(now);
                for action in actions {
                    now = now.plus_millis(60_000);
                    // On another day, so that the limit ends on another.
                    if matches!(action, Action::TakeSupplement { .. }) {
                        now = now.plus_millis(2 * 86_400_000);
                    }
                    if matches!(action, Action::Finish { decision: Decision::Approved, .. }) {
                        world.to_the_decision(dossier.id, now);
                    }
                    world.act(dossier.id, now, action).unwrap();
                    told.extend(ear.hears(now));
                }
                for told in told {
                    topics.insert(told.topic.clone());
                    assert_eq!(misread(&told, is_letter), Vec::<String>::new(), "{}", told.text);
                    let spoken_to = told.text.contains("ông/bà");
                    assert!(!(is_organisation && spoken_to), "{}", told.text);
                    if is_letter {
                        for known in ["Số 2 đường Hoàng Văn Thụ", "02053812345", "thứ Hai đến thứ Sáu 07:30–12:00"] {
                            assert!(told.text.contains(known), "{known}: {}", told.text);
                        }
                        let number = dossier.case_number.as_str();
                        assert!(told.text.lines().next().unwrap().contains(number), "{}", told.text);
                    }
                    read += &format!("=== {} → {}\n{}\n\n", told.topic, told.recipient, told.text);
                }
            };
            let reason = || because("Giấy tờ bị tẩy xóa.");
            let finish = |decision| Action::Finish { decision, reason: reason() };
            let reappoint = Action::Reappoint { reason: reason(), appointment: at("2026-12-14 17:00") };
            let receive = || Action::Receive { items: Vec::new(), new: None, assignee: None, return_date: None };
            let begin = || Action::HandOver { step: 1, assignee: None, note: String::new() };
            steps(vec![Action::NotReceive { reason: reason() }, undo(), receive()], true);
            steps(vec![Action::Withdraw { reason: reason() }], true);
            steps(vec![
                begin(),
                Action::RequestSupplement { reason: reason(), items: vec![Paper::Position(0), Paper::Position(1)], exception: None },
                Action::TakeSupplement { items: vec![ItemHandedIn(0, 1, 0).into()], reason: String::new() },
                Action::RequestPayment { fees: vec![], amount_vnd: Some(1_500_000), reason: reason() },
                Action::TakePayment { amount_vnd: 1_500_000, method: PaymentMethod::Cash, receipt: because("BL-1") },
                reappoint,
                finish(Decision::Approved),
                undo(),
            ], false);
            steps(vec![begin(), finish(Decision::Refused), undo(), Action::Stop { reason: reason() }], false);
            let reference = world.store.reference().unwrap();
            let unit = |code| reference.units().by_code(code).unwrap().id;
            steps(vec![Action::Withdraw { reason: reason() }], false);
            let moved = world.try_request(&request, now).unwrap();
            ear.hears(now);
            now = now.plus_millis(60_000);
            world.act(moved.id, now, Action::MoveToSuccessor { from: unit(COMMUNE), to: unit(NEIGHBOUR) }).unwrap();
            for told in ear.hears(now) {
                topics.insert(told.topic.clone());
                assert_eq!(misread(&told, is_letter), Vec::<String>::new(), "{}", told.text);
                read += &format!("=== {} → {}\n{}\n\n", told.topic, told.recipient, told.text);
            }
        }
        let expected = [
            "date_moved", "moved", "not_received", "payment_requested", "reappointed", "receipt", "refused", "registered",
            "result_ready", "stopped", "supplement_requested", "taken_back", "withdrawn",
        ];
        assert_eq!(topics.iter().map(String::as_str).collect::<Vec<_>>(), expected);
        // To be read by whoever writes them.
        if let Some(file) = std::env::var_os("LETTERS_TO") {
            std::fs::write(file, read).unwrap();
        }
    }
}

on_both! {
    fn a_confirmed_submission_is_told_by_what_was_confirmed(db: &Database) {
        let mut office = Office::open_with(db, crate::submissions::with_sms(db));
        let mut new = office.new_submission(COMMUNE, SAME_DAY);
        new["applicant"]["email"] = json!("anh@example.vn");
        let waiting = office.call("POST", "/api/v1/submissions").body(new).send().expect(202).json();
        let path = format!("/api/v1/submissions/{}/confirm", waiting["id"].as_str().unwrap());
        let code = crate::submissions::code(&outbox(db)[0].2);
        let made = office.call("POST", path).body(json!({"code": code})).send().expect(201).json();
        let number = made["dossier"]["case_number"].as_str().unwrap().to_owned();
        let begun = std::time::Instant::now();
        let told = loop {
            let told = outbox(db).into_iter().find(|(.., body)| body.contains(&number));
            if let Some(told) = told {
                break told;
            }
            assert!(begun.elapsed() < std::time::Duration::from_secs(30));
            std::thread::sleep(std::time::Duration::from_millis(50));
        };
        assert_eq!((told.0.as_str(), told.1.as_str()), ("sms", "0912345678"));
        assert!(told.2.contains(made["look_up_code"].as_str().unwrap()), "{}", told.2);
        assert!(told.2.contains("/tra-cuu?so="), "{}", told.2);
        let clerk = office.token(Role::Clerk, COMMUNE);
        let seen = office.call("GET", format!("/api/v1/dossiers/{number}")).token(&clerk).send().expect(200).json();
        assert_eq!((&seen["applicant"]["notify_by"], &seen["applicant"]["told_by"]), (&json!("sms"), &json!("sms")));
    }
}

on_both! {
    fn an_answer_to_feedback_reaches_its_sender(db: &Database) {
        // No mail server answers: what waits can be read.
        let program = Program::on(db).with("MOTCUA__MAIL__TRANSPORT", "smtp")
            .with("MOTCUA__MAIL__HOST", "localhost").with("MOTCUA__MAIL__PORT", "1");
        let mut office = Office::open_with(db, program);
        let officer = office.token(Role::Officer, COMMUNE);
        let send = |more: Value| {
            let mut new = json!({"unit": COMMUNE, "content": "Bộ phận một cửa mở cửa muộn"});
            for (name, value) in more.as_object().unwrap() {
                new[name] = value.clone();
            }
            let sent = office.call("POST", "/api/v1/feedback").body(new).send().expect(201).json();
            let path = format!("/api/v1/feedback/{}/answer", sent["id"].as_str().unwrap());
            let call = office.call("POST", path).token(&officer).header("If-Match", "*");
            call.body(json!({"answer": "Đơn vị đã nhắc nhở."})).send().expect(200);
        };
        send(json!({"name": "Nguyễn Thị Ánh", "email": "anh@example.vn"}));
        send(json!({"phone": "0912345678"}));
        send(json!({}));
        let told = outbox(db);
        assert_eq!(told.len(), 1, "{told:?}");
        assert_eq!((told[0].0.as_str(), told[0].1.as_str()), ("email", "anh@example.vn"));
        let letter = Templates::load(None).unwrap();
        let letter = letter.letter(Topic::FeedbackAnswered, &serde_json::from_str(&told[0].2).unwrap()).unwrap();
        for known in ["Đơn vị đã nhắc nhở.", "Bộ phận một cửa mở cửa muộn", "Nguyễn Thị Ánh", "Hoàng Văn Thụ"] {
            assert!(letter.text.contains(known), "{known}: {}", letter.text);
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
    fn a_digest_names_the_working_day_that_it_is_of(db: &Database) {
        let world = World::new(db.store());
        let mut new = staff(Role::Supervisor, COMMUNE);
        new.email = Some("lanh.dao@langson.example".to_owned());
        acts::staff::create(&world.store, new, None, None, motcua::clock::now()).unwrap();
        // Friday; and Monday after it.
        world.receive_at(COMMUNE, DAYS, at("2021-03-05 09:00"));
        motcua::jobs::remind::remind(&world.store, at("2021-03-08 08:00")).unwrap();
        let (.., body) = outbox(db).remove(0);
        let templates = Templates::load(None).unwrap();
        let letter = templates.letter(Topic::Digest, &serde_json::from_str(&body).unwrap()).unwrap();
        for known in ["ngày 08/03/2021", "Nhận ngày 05/03/2021: 1", "Xong ngày 05/03/2021: 0"] {
            assert!(letter.text.contains(known), "{known}: {}", letter.text);
        }
        assert!(!letter.text.contains("hôm qua"), "{}", letter.text);
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
        let wanted = json!([format!("{} (1 bản sao)", name.as_str().unwrap())]);
        assert_eq!((&seen["reason"], &seen["missing"]), (&json!("Bản sao chưa chứng thực"), &wanted));
        assert_eq!(of(&look_up()), (json!("Bản sao chưa chứng thực"), wanted, Value::Null));
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
