//! What people are told: letters through a real mail server, short messages through a gateway,
//! reminders by the clock.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::{
    COMMUNE, Database, Office, Program, SAME_DAY, Smtp, World, at, on_both, staff,
};
use motcua::acts;
use motcua::domain::moment::Moment;
use motcua::domain::role::Role;
use motcua::jobs::announce::announce;
use motcua::jobs::remind::remind;
use motcua::outgoing::dispatch::dispatch_all;
use motcua::outgoing::mail::{Mail, MailSettings, Transport};
use motcua::outgoing::notices::NoticeSettings;
use motcua::outgoing::notices::notifier::NoticeTeller;
use motcua::outgoing::{Carrier, Failure, Patience, Teller};
use motcua::render::letters::Templates;
use motcua::store::outbox::{self, Kind, Message, Standing, Which};
use motcua::store::{Store, StoreError};

/// A server that sends letters by that mail server, and tries again soon.
fn program(db: &Database, smtp: &Smtp) -> Program {
    Program::on(db)
        .with("MOTCUA__MAIL__TRANSPORT", "smtp")
        .with("MOTCUA__MAIL__HOST", "localhost")
        .with("MOTCUA__MAIL__PORT", &smtp.port)
        .with("MOTCUA__MAIL__SECURITY", "none")
        .with("MOTCUA__MAIL__FROM", "Một cửa <motcua@langson.example>")
        .with("MOTCUA__MAIL__TIMEOUT_SECONDS", "2")
        .with("MOTCUA__OUTBOX__FIRST_PAUSE_SECONDS", "1")
}

/// Receives a dossier whose applicant has mail.
fn receive(office: &mut Office, email: &str) -> Value {
    let clerk = office.token(Role::Clerk, COMMUNE);
    let mut body = office.new_dossier(COMMUNE, SAME_DAY);
    body["applicant"]["email"] = json!(email);
    let call = office.call("POST", "/api/v1/dossiers").token(&clerk);
    call.body(body).send().expect(201).json()
}

fn messages(store: &Store) -> Vec<outbox::Entry> {
    let which = Which::default();
    store
        .read(|conn| outbox::list(conn, &which, None, 100_000))
        .unwrap()
}

/// Waits until every message is settled.
#[track_caller]
fn wait_until_settled(store: &Store) -> Vec<outbox::Entry> {
    let begun = Instant::now();
    loop {
        let all = messages(store);
        if all
            .iter()
            .all(|message| message.standing != Standing::Waiting)
        {
            return all;
        }
        assert!(begun.elapsed() < Duration::from_secs(60), "{all:?}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

on_both! {
    fn an_applicant_is_told_by_letter_over_tls_what_happens_to_the_dossier(db: &Database) {
        let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
        let (cert, key) = (db.folder().join("cert.pem"), db.folder().join("key.pem"));
        std::fs::write(&cert, made.cert.pem()).unwrap();
        std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
        let paths = (cert.to_str().unwrap(), key.to_str().unwrap());
        let smtp = Smtp::start(&[("CERT", paths.0), ("KEY", paths.1)]);
        let program = program(db, &smtp)
            .with("MOTCUA__MAIL__SECURITY", "starttls")
            .with("MOTCUA__MAIL__AUTHORITY", paths.0)
            .with("MOTCUA__MAIL__USERNAME", "motcua")
            .with("MOTCUA__MAIL__PASSWORD", "secret")
            .with("MOTCUA__NOTICES__LOOK_UP_LINK", "https://mc.example/?so={case_number}&ma={code}");
        let mut office = Office::open_with(db, program);
        let dossier = receive(&mut office, "anh@example.vn");
        let clerk = office.token(Role::Clerk, COMMUNE);
        let officer = office.token(Role::Officer, COMMUNE);
        let path = format!("/api/v1/dossiers/{}", dossier["id"].as_str().unwrap());
        let act = |token: &str, action: &str, body: Value| {
            let call = office.call("POST", format!("{path}/{action}")).token(token);
            call.header("If-Match", "*").body(body).send().expect(200);
        };
        act(&clerk, "hand-over", json!({"step": 1}));
        act(&officer, "request-supplement", json!({"reason": "thiếu <bản> chính", "items": [0]}));
        let letters = smtp.wait_for(2);
        let number = dossier["case_number"].as_str().unwrap();
        let receipt = letters.iter().find(|letter| letter.subject.starts_with("Đã tiếp nhận")).unwrap();
        assert_eq!(receipt.subject, format!("Đã tiếp nhận hồ sơ {number}"));
        assert_eq!(receipt.to, ["anh@example.vn"]);
        assert!(receipt.secure && receipt.user.as_deref() == Some("motcua"));
        let link = format!("https://mc.example/?so={number}&ma={}", dossier["look_up_code"].as_str().unwrap());
        assert!(receipt.bodies[0].contains(&link), "{}", receipt.bodies[0]);
        assert!(receipt.bodies[1].contains("Nguyễn Thị Ánh"), "{}", receipt.bodies[1]);
        let supplement = letters.iter().find(|letter| letter.subject.contains("bổ sung")).unwrap();
        assert!(supplement.bodies[0].contains("thiếu <bản> chính"));
        assert!(supplement.bodies[1].contains("thiếu &lt;bản&gt; chính"), "{}", supplement.bodies[1]);
        // Each once, and nothing of them is kept.
        let all = wait_until_settled(&office.world.store);
        assert_eq!(all.len(), 2);
        assert_eq!(smtp.letters().len(), 2);
        for letter in &letters {
            assert!(all.iter().any(|m| letter.id == format!("<{}@langson.example>", m.id)));
        }
        let bodies = db.store().write(move |conn| outbox::claim(conn, Kind::Email, 10, Duration::ZERO, motcua::clock::now()));
        assert_eq!(bodies.unwrap(), []);
    }
}

on_both! {
    fn a_mail_server_that_misbehaves_loses_no_letter(db: &Database) {
        for (misbehaves, copies) in
            [("refuse-connection", 1), ("greylist", 1), ("stall", 1), ("drop-after-data", 2)]
        {
            let db = Database::new(db.kind);
            let smtp = Smtp::that(misbehaves, 1);
            let mut office = Office::open_with(&db, program(&db, &smtp));
            receive(&mut office, "anh@example.vn");
            let letters = smtp.wait_for(copies);
            let all = wait_until_settled(&office.world.store);
            assert_eq!(smtp.letters().len(), copies, "{misbehaves}");
            assert_eq!((all.len(), all[0].standing), (1, Standing::Delivered), "{misbehaves}");
            assert!(all[0].tries >= 2, "{misbehaves}: {all:?}");
            // Twice the same letter is one for a mail program.
            assert!(letters.iter().all(|letter| letter.id == letters[0].id), "{misbehaves}");
        }
    }
}

on_both! {
    fn what_nobody_can_deliver_is_given_up_and_tried_again_when_asked(db: &Database) {
        let smtp = Smtp::plain();
        let mut office = Office::open_with(db, program(db, &smtp));
        receive(&mut office, "nobody@example.vn");
        receive(&mut office, "anh@example.vn");
        smtp.wait_for(1);
        let store = &office.world.store;
        let all = wait_until_settled(store);
        let lost = all.iter().find(|m| m.recipient == "nobody@example.vn").unwrap();
        assert_eq!((lost.standing, lost.tries), (Standing::GivenUp, 1));
        assert!(lost.error.as_ref().unwrap().contains("no such mailbox"), "{lost:?}");
        let id = lost.id;
        assert!(store.write(move |conn| outbox::retry(conn, id, motcua::clock::now())).unwrap());
        let begun = Instant::now();
        while messages(store).iter().all(|m| m.settled_at == lost.settled_at || m.id != id) {
            assert!(begun.elapsed() < Duration::from_secs(30));
            std::thread::sleep(Duration::from_millis(50));
        }
        assert_eq!(smtp.letters().len(), 1);
    }
}

/// A gateway: keeps what it is sent, and answers what it is told, in turn; the last again and again.
struct Sms {
    url: String,
    taken: Arc<Mutex<Vec<(String, Value)>>>,
}

impl Sms {
    fn start(answers: &'static [(&'static str, &'static str)]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/send", listener.local_addr().unwrap());
        let taken = Arc::new(Mutex::new(Vec::new()));
        let keep = Arc::clone(&taken);
        std::thread::spawn(move || {
            for (number, stream) in listener.incoming().enumerate() {
                let Ok(mut stream) = stream else { return };
                let mut reader = BufReader::new(stream.try_clone().unwrap());
                let (mut head, mut length) = (String::new(), 0);
                loop {
                    let mut line = String::new();
                    reader.read_line(&mut line).unwrap();
                    if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
                        length = value.trim().parse().unwrap();
                    }
                    if line.trim().is_empty() {
                        break;
                    }
                    head += &line;
                }
                let mut body = vec![0; length];
                reader.read_exact(&mut body).unwrap();
                keep.lock()
                    .unwrap()
                    .push((head, serde_json::from_slice(&body).unwrap()));
                let (status, text) = answers[number.min(answers.len() - 1)];
                let length = text.len();
                let _ = write!(
                    stream,
                    "HTTP/1.1 {status} x\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{text}"
                );
            }
        });
        Self { url, taken }
    }

    fn taken(&self) -> Vec<(String, Value)> {
        self.taken.lock().unwrap().clone()
    }
}

on_both! {
    fn a_gateway_takes_short_messages_as_people_chose(db: &Database) {
        // It fails, then does not accept, then does.
        let sms = Sms::start(&[("503", ""), ("200", "{\"ok\":false}"), ("200", "{\"ok\":true}")]);
        let zalo = Sms::start(&[("200", "")]);
        let program = Program::on(db)
            .with("MOTCUA__OUTBOX__FIRST_PAUSE_SECONDS", "1")
            .with("MOTCUA__SMS__URL", &sms.url)
            .with("MOTCUA__SMS__HEADERS", "Content-Type: application/json\nX-Key: bí-mật-1".trim_end_matches("bí-mật-1"))
            .with("MOTCUA__SMS__ACCEPTED", "\"ok\":true")
            .with("MOTCUA__ZALO__URL", &zalo.url);
        let mut office = Office::open_with(db, program);
        let clerk = office.token(Role::Clerk, COMMUNE);
        let receive = |applicant: Value, delegate: Value| {
            let mut body = office.new_dossier(COMMUNE, SAME_DAY);
            for (name, value) in applicant.as_object().unwrap() {
                body["applicant"][name] = value.clone();
            }
            if !delegate.is_null() {
                body["delegate"] = delegate;
            }
            let call = office.call("POST", "/api/v1/dossiers").token(&clerk);
            call.body(body).send().expect(201).json()
        };
        let first = receive(json!({}), json!({"name": "Lý Văn Dũng", "phone": "0987654321"}));
        wait_for_announcement(&office.world.store);
        wait_until_settled(&office.world.store);
        let taken = sms.taken();
        assert_eq!(taken.len(), 3, "{taken:?}");
        let (head, body) = &taken[2];
        assert!(head.to_lowercase().contains("content-type: application/json"), "{head}");
        assert_eq!(body["to"], "84912345678");
        let text = body["text"].as_str().unwrap();
        assert!(text.contains(first["case_number"].as_str().unwrap()), "{text}");
        assert!(text.contains(first["look_up_code"].as_str().unwrap()), "{text}");
        assert!(taken.iter().all(|(_, other)| other["id"] == body["id"]), "not the same message");

        receive(json!({"notify_by": "none"}), json!({"name": "Lý Văn Dũng", "phone": "0987654321", "notify_by": "zalo"}));
        receive(json!({"notify_by": "zalo"}), Value::Null);
        wait_for_announcement(&office.world.store);
        let all = wait_until_settled(&office.world.store);
        assert_eq!(all.len(), 3, "{all:?}");
        assert_eq!(sms.taken().len(), 3);
        let mut phones: Vec<_> = zalo.taken().iter().map(|(_, body)| body["phone"].to_string()).collect();
        phones.sort();
        assert_eq!(phones, ["\"84912345678\"", "\"84987654321\""]);
    }
}

on_both! {
    fn a_mail_server_that_never_answers_holds_up_nothing_else(db: &Database) {
        let smtp = Smtp::that("stall", 1_000_000);
        let sms = Sms::start(&[("200", "")]);
        let mut office = Office::open_with(db, program(db, &smtp).with("MOTCUA__SMS__URL", &sms.url));
        for _ in 0..20 {
            receive(&mut office, "anh@example.vn");
        }
        // Its applicant has a phone only.
        let last = office.receive(COMMUNE, SAME_DAY);
        let begun = Instant::now();
        while sms.taken().is_empty() {
            assert!(begun.elapsed() < Duration::from_secs(60));
            std::thread::sleep(Duration::from_millis(20));
        }
        let text = sms.taken()[0].1["text"].to_string();
        assert!(text.contains(last["case_number"].as_str().unwrap()), "{text}");
        let letters = messages(&office.world.store);
        let waiting = letters.iter().filter(|m| m.kind == "email" && m.standing == Standing::Waiting);
        assert_eq!(waiting.count(), 20);
    }
}

/// Waits until the messages of all events are made.
fn wait_for_announcement(store: &Store) {
    use diesel::prelude::*;
    diesel::table! {
        unannounced_events (id) {
            id -> BigInt,
        }
    }
    let begun = Instant::now();
    loop {
        let left: i64 = store
            .read(|conn| {
                let count = unannounced_events::table.count().get_result(conn);
                Ok::<_, StoreError>(count?)
            })
            .unwrap();
        if left == 0 {
            return;
        }
        assert!(begun.elapsed() < Duration::from_secs(60), "{left} left");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn a_setting_or_template_that_cannot_be_used_is_an_error_at_start() {
    let db = Database::new(crate::support::Kind::Sqlite);
    let folder = db.folder().join("templates");
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join("receipt.txt"), "Một\nHai {{ khong_co }}\n").unwrap();
    let broken = Program::on(&db)
        .with("MOTCUA__NOTICES__TEMPLATES", folder.to_str().unwrap())
        .failure(&["serve"]);
    assert!(
        broken.contains("notices.templates: mẫu receipt.txt, dòng 2"),
        "{broken}"
    );
    for (name, value, key) in [
        ("MOTCUA__MAIL__TRANSPORT", "pigeon", "mail.transport"),
        ("MOTCUA__MAIL__FROM", "nobody", "mail.from"),
        (
            "MOTCUA__NOTICES__LOOK_UP_LINK",
            "https://x",
            "notices.look_up_link",
        ),
        (
            "MOTCUA__NOTICES__LOOK_UP_LINK",
            "tra-cuu?so={case_number}&ma={code}",
            "notices.look_up_link",
        ),
        (
            "MOTCUA__MAIL__FROM",
            "Một cửa <motcua@lạngsơn.vn>",
            "mail.from",
        ),
        ("MOTCUA__SMS__URL", "ftp://x", "sms"),
        ("MOTCUA__OUTBOX__TRIES", "0", "outbox.tries"),
    ] {
        let program = Program::on(&db)
            .with("MOTCUA__MAIL__TRANSPORT", "folder")
            .with(name, value);
        let error = program.failure(&["serve"]);
        assert!(error.contains(key), "{name}: {error}");
    }
    let program = Program::on(&db)
        .with("MOTCUA__SMS__URL", "http://127.0.0.1:9/")
        .with("MOTCUA__SMS__BODY", "{{ phone }}\n{{ fax }}");
    let error = program.failure(&["serve"]);
    assert!(error.contains("sms: mẫu body, dòng 2"), "{error}");
    // What has no place for the text, or for whom it is for, would be sent and say nothing.
    for body in [r#"{"to": "{{ phone }}"}"#, r#"{"text": "{{ text }}"}"#] {
        let program = Program::on(&db)
            .with("MOTCUA__SMS__URL", "http://127.0.0.1:9/")
            .with("MOTCUA__SMS__BODY", body);
        let error = program.failure(&["serve"]);
        assert!(error.contains("mẫu body phải có"), "{error}");
    }
}

fn hire_with_mail(world: &World, role: Role, unit: &str) -> String {
    let mut new = staff(role, unit);
    let username = new.username.clone();
    new.email = Some(format!("{username}@langson.example"));
    acts::staff::create(&world.store, new, None, None, motcua::clock::now()).unwrap();
    username
}

fn by_mail() -> Arc<Vec<Box<dyn Teller>>> {
    let settings = NoticeSettings {
        look_up_link: "https://mc.example/{case_number}/{code}".to_owned(),
        kinds: [Kind::Email].into(),
    };
    Arc::new(vec![Box::new(NoticeTeller { settings })])
}

const PATIENCE: Patience = Patience {
    in_flight: 4,
    first_pause: Duration::from_secs(30),
    tries: 3,
    keep: Duration::from_secs(3600),
    keep_given_up: Duration::from_secs(3600),
    give_up_after: Duration::from_secs(3600),
};

/// Letters as files.
fn folder_mail(db: &Database) -> (Mail, std::path::PathBuf) {
    let folder = db.folder().join("mail");
    let settings = MailSettings {
        transport: Transport::Folder(folder.clone()),
        from: "Một cửa <motcua@langson.example>".parse().unwrap(),
    };
    let templates = Arc::new(Templates::load(None).unwrap());
    (Mail::new(settings, templates).unwrap(), folder)
}

/// Subjects and recipients of the letters in a folder.
fn letters(folder: &std::path::Path) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten() {
        let data = std::fs::read(entry.unwrap().path()).unwrap();
        let mail = mailparse::parse_mail(&data).unwrap();
        let header = |name: &str| {
            mailparse::MailHeaderMap::get_first_value(&mail.headers[..], name).unwrap()
        };
        found.push((header("To"), header("Subject")));
    }
    found.sort();
    found
}

on_both! {
    fn staff_are_reminded_once_and_in_working_time_only(db: &Database) {
        let world = World::new(db.store());
        let store = &world.store;
        let officer = hire_with_mail(&world, Role::Officer, COMMUNE);
        hire_with_mail(&world, Role::Supervisor, COMMUNE);
        hire_with_mail(&world, Role::Supervisor, "H37");
        let (mail, folder) = folder_mail(db);
        let tellers = by_mail();
        // One round of all that goes on by itself.
        let round = |now: Moment| {
            motcua::jobs::housekeeping::run(store, now).unwrap();
            announce(store, &tellers, now).unwrap();
            remind(store, now).unwrap();
            dispatch_all(store, &mail, PATIENCE, now).unwrap();
        };
        // Monday. Due on Tuesday at five, so its officer is told at once; the supervisors have their
        // digests.
        let mut request = world.request(COMMUNE, SAME_DAY);
        request.assignee = Some(officer);
        let dossier = world.try_request(&request, at("2021-03-01 15:30")).unwrap();
        assert_eq!(dossier.due(), Some(at("2021-03-02 17:00")));
        for minute in [40, 41, 55] {
            round(at(&format!("2021-03-01 15:{minute}")));
        }
        let monday = letters(&folder);
        let count = |subject: &str| {
            letters(&folder).iter().filter(|(_, s)| s.contains(subject)).count()
        };
        assert_eq!(count("đến hạn"), 1, "{monday:?}");
        assert_eq!(count("Tình hình hồ sơ ngày 01/03/2021: 0 quá hạn, 1 đang"), 2, "{monday:?}");
        assert_eq!(monday.len(), 3);
        // It is overdue after work on Tuesday; nobody is told before Wednesday morning.
        round(at("2021-03-02 08:00"));
        assert_eq!(letters(&folder).len(), 5, "Tuesday's digests");
        for evening in ["2021-03-02 17:01", "2021-03-02 22:00", "2021-03-03 06:00", "2021-03-03 07:29"] {
            round(at(evening));
        }
        assert_eq!(count("đã quá hạn"), 0);
        round(at("2021-03-03 07:30"));
        let told = letters(&folder);
        // The officer, and the supervisor of the commune; the province's has it in the digest.
        assert_eq!(count("đã quá hạn"), 2, "{told:?}");
        assert_eq!(count("Tình hình hồ sơ ngày 03/03/2021: 1 quá hạn, 1 đang"), 2, "{told:?}");
        // Saturday and Sunday bring nothing.
        let before = letters(&folder).len();
        for day in ["2021-03-06 09:00", "2021-03-07 09:00"] {
            round(at(day));
        }
        assert_eq!(letters(&folder).len(), before);
    }
}

on_both! {
    fn several_who_announce_at_once_tell_of_every_event_once(db: &Database) {
        let world = World::new(db.store());
        let now = at("2021-03-01 08:00");
        let mut request = world.request(COMMUNE, SAME_DAY);
        request.applicant.email = Some("anh@example.vn".to_owned());
        let mut received = BTreeSet::new();
        for _ in 0..450 {
            received.insert(world.try_request(&request, now).unwrap().id);
        }
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    let (store, tellers) = (db.store(), by_mail());
                    let waits = || {
                        let oldest = |conn: &mut _| motcua::store::unannounced::oldest(conn, 1);
                        !store.read(oldest).unwrap().is_empty()
                    };
                    while waits() {
                        announce(&store, &tellers, now).unwrap();
                    }
                });
            }
        });
        let told = messages(&world.store);
        let dossiers: BTreeSet<_> = told.iter().filter_map(|entry| entry.dossier).collect();
        assert_eq!((told.len(), dossiers), (450, received));
    }
}

on_both! {
    fn what_is_due_on_the_next_working_day_is_found_by_the_daily_walk(db: &Database) {
        let world = World::new(db.store());
        let store = &world.store;
        let officer = hire_with_mail(&world, Role::Officer, COMMUNE);
        let reference = store.reference().unwrap();
        // Days, not hours: due a while after it came.
        let long = reference.procedures().into_iter().find(|p| {
            p.definition.promised_limit().unit == motcua::domain::time_limit::LimitUnit::WorkingDay
                && p.definition.promised_limit().amount == Some(5.into())
                && p.definition.is_in_force_on(at("2021-03-01 08:00").date())
        });
        let code = long.unwrap().definition.code.clone();
        let mut due = Vec::new();
        for _ in 0..7 {
            let mut request = world.request(COMMUNE, &code);
            request.assignee = Some(officer.clone());
            due.push(world.try_request(&request, at("2021-03-01 08:30")).unwrap().due().unwrap());
        }
        assert_eq!(due[0], at("2021-03-08 17:00"));
        announce(store, &by_mail(), at("2021-03-01 08:31")).unwrap();
        for day in ["2021-03-01", "2021-03-02", "2021-03-03", "2021-03-04"] {
            remind(store, at(&format!("{day} 09:00"))).unwrap();
        }
        let reminders = || messages(store).iter().filter(|m| m.topic == "due_tomorrow").count();
        assert_eq!(reminders(), 0);
        // Friday: the next working day is Monday.
        assert_eq!(remind(store, at("2021-03-05 08:00")).unwrap(), 7);
        assert_eq!(remind(store, at("2021-03-05 08:01")).unwrap(), 0);
        assert_eq!(remind(store, at("2021-03-08 08:00")).unwrap(), 0);
        assert_eq!(reminders(), 7);
    }
}

on_both! {
    fn an_applicant_is_told_that_a_new_due_moment_takes_the_place_of_an_appointment(db: &Database) {
        use motcua::domain::dossier::{Action, ItemHandedIn};
        let world = World::new(db.store());
        let mut request = world.request(COMMUNE, "1.004884");
        request.applicant.email = Some("anh@example.vn".to_owned());
        let dossier = world.try_request(&request, at("2021-03-01 08:00")).unwrap();
        world.begin(dossier.id, at("2021-03-01 09:00"));
        let because = || "chờ xác minh".to_owned();
        for (when, action) in [
            ("2021-03-02 09:00", Action::Reappoint { reason: because(), appointment: at("2021-03-10 17:00") }),
            ("2021-03-03 09:00", Action::RequestSupplement { reason: because(), items: vec![], exception: None }),
            ("2021-03-05 09:00", Action::TakeSupplement {
                items: vec![ItemHandedIn(0, 1, 0).into()],
                reason: String::new(),
            }),
        ] {
            world.act(dossier.id, at(when), action).unwrap();
        }
        announce(&world.store, &by_mail(), at("2021-03-05 09:01")).unwrap();
        let told = messages(&world.store);
        let told: Vec<_> = told.iter().filter(|message| message.topic == "date_moved").collect();
        assert_eq!(told.len(), 1);
        let body = db.value("select body from outbox where topic = 'date_moved'");
        for moment in ["17:00 ngày 10/03/2021", "17:00 ngày 12/03/2021"] {
            assert!(body.contains(moment), "{moment}: {body}");
        }
    }
}

/// Takes everything, and counts.
struct Counting(Mutex<Vec<String>>);

impl Carrier for Counting {
    fn kind(&self) -> Kind {
        Kind::Email
    }

    fn carry(&self, _: &Store, message: &Message, _: Moment) -> Result<(), Failure> {
        self.0.lock().unwrap().push(message.topic.clone());
        Ok(())
    }
}

on_both! {
    fn ten_thousand_crossings_are_recorded_once_though_an_instance_dies(db: &Database) {
        use diesel::prelude::*;
        let world = World::new(db.store());
        let store = &world.store;
        let officer = hire_with_mail(&world, Role::Officer, COMMUNE);
        let count = 10_000;
        let (when, due) = (at("2026-11-23 09:00"), at("2026-11-23 17:00"));
        let entry = || {
            let mut request = world.request(COMMUNE, SAME_DAY);
            request.assignee = Some(officer.clone());
            request.applicant.notify_by = Some(motcua::domain::person::NotifyBy::None);
            Ok((request, Some(when)))
        };
        for _ in 0..count / 500 {
            let batch = (0..500).map(|_| entry()).collect();
            acts::receive_many::receive_batch(store, batch, crate::support::occasion(when), None).unwrap();
        }
        // While both were off, all of them crossed their due moments. They come up, and one is killed
        // in the middle of it. A SQLite file has one server: it is started again.
        let program = || {
            Program::on(db)
                .with("MOTCUA__SERVER__HOUSEKEEPING_SECONDS", "1")
                .with("MOTCUA__MAIL__TRANSPORT", "folder")
                .with("MOTCUA__MAIL__FOLDER", db.folder().join("mail").to_str().unwrap())
        };
        let overdue = || -> i64 {
            diesel::table! { dossier_events (dossier_id) { dossier_id -> Binary, kind -> SmallInt, at -> BigInt, } }
            let all: Vec<i64> = store
                .read(|conn| {
                    let at = dossier_events::table.filter(dossier_events::kind.eq(9_i16));
                    Ok::<_, StoreError>(at.select(dossier_events::at).load(conn)?)
                })
                .unwrap();
            assert!(all.iter().all(|at| *at == due.unix_millis()), "not the true moment");
            i64::try_from(all.len()).unwrap()
        };
        let wait_for = |least: i64| {
            let begun = Instant::now();
            while overdue() < least {
                assert!(begun.elapsed() < Duration::from_secs(120), "{}", overdue());
                std::thread::sleep(Duration::from_millis(20));
            }
        };
        let killed = program().serve();
        let other = (db.kind == crate::support::Kind::Postgres).then(|| program().serve());
        wait_for(1);
        drop(killed);
        let other = other.unwrap_or_else(|| program().serve());
        wait_for(count);
        std::thread::sleep(Duration::from_millis(1500));
        assert_eq!(overdue(), count);
        wait_for_announcement(store);
        let all = messages(store);
        let notices: Vec<_> = all.iter().filter(|m| m.topic == "overdue").collect();
        assert_eq!(notices.len() as i64, count);
        let of: std::collections::HashSet<_> = notices.iter().map(|m| m.dossier).collect();
        assert_eq!(of.len() as i64, count);
        drop(other);
        assert_eq!(motcua::tools::verify::verify(store, 10).unwrap().findings, []);
        // They go in working time; on Thursday morning each does, once.
        let counting = Counting(Mutex::new(Vec::new()));
        let left = all.iter().filter(|m| m.topic == "overdue" && m.standing == Standing::Waiting).count();
        dispatch_all(store, &counting, PATIENCE, at("2026-12-03 08:00")).unwrap();
        let carried = counting.0.lock().unwrap().iter().filter(|topic| *topic == "overdue").count();
        assert!(carried <= left);
        let settled = messages(store).iter().filter(|m| m.topic == "overdue" && m.standing == Standing::Delivered).count();
        assert_eq!(settled as i64, count);
    }
}
