//! What people ask about their own data is in a register, with the days that the law gives; whose term is over, or who
//! asks for it, is taken out of all that is kept.

use chrono::Days;
use serde_json::{Value, json};

use crate::support::{
    COMMUNE, Database, FOREIGN, Kind, NEIGHBOUR, Office, Program, SAME_DAY, at, fields, on_both,
};
use motcua::acts::receive::NewRequest;
use motcua::domain::identity::Identity;
use motcua::domain::moment::Moment;
use motcua::domain::person::Person;
use motcua::domain::privacy::Request;
use motcua::domain::role::Role;

on_both! {
    fn a_request_is_received_answered_and_done_by_those_who_answer_for_the_dossier(db: &Database) {
        let mut office = Office::open(db);
        let supervisor = office.token(Role::Supervisor, COMMUNE);
        let administrator = office.token(Role::Administrator, "H37");
        let next_door = office.token(Role::Supervisor, NEIGHBOUR);
        let officer = office.token(Role::Officer, COMMUNE);
        let dossier = office.receive(COMMUNE, SAME_DAY);
        let post = |token: &str, path: &str, body: Value| {
            office.call("POST", format!("/api/v1/privacy/requests{path}")).token(token).body(body).send()
        };
        let asked = |what: &str| json!({"dossier": dossier["case_number"], "what": what, "note": "của tôi"});
        post(&officer, "", asked("see")).problem(403, "forbidden");
        post(&next_door, "", asked("see")).problem(403, "forbidden");
        assert_eq!(fields(&post(&supervisor, "", asked("sell")).problem(400, "invalid-request")), ["/what"]);
        let mut wrong = asked("see");
        wrong["of_delegate"] = json!(true);
        assert_eq!(fields(&post(&supervisor, "", wrong).problem(400, "invalid-request")), ["/of_delegate"]);
        let mut wrong = asked("see");
        wrong["dossier"] = json!("H37.20.01-210301-9999");
        assert_eq!(fields(&post(&supervisor, "", wrong).problem(400, "invalid-request")), ["/dossier"]);
        let mut wrong = asked("see");
        wrong["received_at"] = json!(motcua::clock::now().plus_millis(3_600_000));
        assert_eq!(fields(&post(&supervisor, "", wrong).problem(400, "invalid-request")), ["/received_at"]);

        let see = post(&supervisor, "", asked("see")).expect(201).json();
        let delete = post(&administrator, "", asked("delete")).expect(201).json();
        assert_eq!((&see["case_number"], &see["overdue"]), (&dossier["case_number"], &json!(false)));
        let moment = |value: &Value| value.as_str().unwrap().parse::<Moment>().unwrap_or_else(|_| panic!("{value}"));
        assert!(moment(&see["answer_by"]) < moment(&see["done_by"]));
        assert!(moment(&see["done_by"]) < moment(&delete["done_by"]));
        // An administrator reads the register, and no name.
        let list = |token: &str| {
            let call = office.call("GET", "/api/v1/privacy/requests").token(token);
            let list = call.send().expect(200);
            assert!(!list.body.contains("Nguyễn Thị Ánh"), "{}", list.body);
            list.json()["items"].as_array().unwrap().len()
        };
        assert_eq!((list(&supervisor), list(&administrator), list(&next_door)), (2, 2, 0));

        let of = |request: &Value, step: &str| format!("/{}/{step}", request["id"].as_str().unwrap());
        post(&next_door, &of(&see, "answer"), json!({})).problem(403, "forbidden");
        let answered = post(&supervisor, &of(&see, "answer"), json!({})).expect(200).json();
        assert!(answered["answered_at"].is_string() && answered["settled_at"].is_null(), "{answered}");
        let again = post(&supervisor, &of(&see, "answer"), json!({})).problem(409, "refused");
        assert_eq!(again["reason"], "request_answered");
        let done = post(&supervisor, &of(&see, "done"), json!({})).expect(200).json();
        assert_eq!((&done["refusal"], &done["settled_by"]["username"]), (&Value::Null, &json!("h37.20.01.supervisor")));
        for step in ["answer", "done"] {
            assert_eq!(post(&supervisor, &of(&see, step), json!({})).problem(409, "refused")["reason"], "request_settled");
        }
        let wrong = post(&administrator, &of(&delete, "refuse"), json!({"reason": " "}));
        assert_eq!(fields(&wrong.problem(400, "invalid-request")), ["/reason"]);
        let refused = post(&administrator, &of(&delete, "refuse"), json!({"reason": "phải lưu trữ"})).expect(200).json();
        assert_eq!(refused["refusal"], "phải lưu trữ");
        // Late is said to be late.
        let mut late = asked("correct");
        late["received_at"] = json!(motcua::clock::now().plus_millis(-9 * 86_400_000));
        assert_eq!(post(&supervisor, "", late).expect(201).json()["overdue"], true);
        // Who did it is on record, and nothing of the person.
        assert_eq!(db.value("select count(*) from admin_acts where kind like 'privacy_request%'"), "6");
        assert_eq!(db.value("select count(*) from admin_acts where data like '%của tôi%' or data like '%Ánh%'"), "0");
        let foreign = office.token(Role::Supervisor, FOREIGN);
        let path = format!("/api/v1/privacy/requests/{}", see["id"].as_str().unwrap());
        office.call("GET", path.clone()).token(&foreign).send().problem(403, "forbidden");
        assert_eq!(office.call("GET", path).token(&administrator).send().expect(200).json(), done);
        assert_eq!(motcua::tools::verify::verify(&office.world.store, 10).unwrap().findings, []);
    }
}

on_both! {
    fn the_days_are_working_days_after_the_day_of_receipt(db: &Database) {
        let world = crate::support::World::new(db.store());
        let reference = world.store.reference().unwrap();
        let unit = reference.units().by_code(COMMUNE).unwrap().id;
        let timetable = reference.timetable(unit).unwrap();
        // Friday; no holiday until the 21st of April.
        let received = at("2021-03-05 09:00");
        let last = |days: u64| Moment::at(received.date() + Days::new(days), chrono::NaiveTime::from_hms_opt(17, 0, 0).unwrap());
        for (what, done) in [(Request::See, 14), (Request::Correct, 14), (Request::Restrict, 21), (Request::Delete, 28)] {
            assert_eq!(what.due(received, timetable).unwrap(), (last(4), last(done)), "{what:?}");
        }
    }
}

on_both! {
    fn who_read_whose_number_is_exported_and_that_it_was_is_on_record(db: &Database) {
        let mut office = Office::open(db);
        let clerk = office.token(Role::Clerk, COMMUNE);
        let dossiers = [(); 2].map(|()| office.receive(COMMUNE, SAME_DAY));
        for dossier in &dossiers {
            let path = format!("/api/v1/dossiers/{}/identities", dossier["case_number"].as_str().unwrap());
            office.call("GET", path).token(&clerk).send().expect(200);
        }
        let today = motcua::clock::now().date();
        let export = |from: chrono::NaiveDate, to: chrono::NaiveDate, more: &[&str]| {
            let (from, to) = (from.to_string(), to.to_string());
            let args = [&["privacy", "readings", "--from", &from, "--to", &to], more].concat();
            Program::on(db).output(&args)
        };
        let acts = || db.value("select count(*) from admin_acts where kind = 'readings_exported'");
        let all = export(today - Days::new(1), today, &[]);
        let lines: Vec<&str> = all.lines().collect();
        assert_eq!(lines.len(), 3, "{all}");
        assert_eq!(lines[0], "at,username,full_name,case_number,person,what");
        for (line, dossier) in lines[1..].iter().zip(&dossiers) {
            let number = dossier["case_number"].as_str().unwrap();
            assert!(line.contains("h37.20.01.clerk") && line.contains(number), "{all}");
            assert!(line.ends_with("Nguyễn Thị Ánh,identity"), "{all}");
        }
        assert!(!all.contains("020185000123"));
        assert_eq!(acts(), "1");
        let one = export(today, today, &["--dossier", dossiers[1]["case_number"].as_str().unwrap()]);
        assert_eq!(one.lines().count(), 2, "{one}");
        let before = export(today - Days::new(9), today - Days::new(2), &[]);
        assert_eq!(before.lines().count(), 1, "{before}");
        assert_eq!(acts(), "3");
        let people = export(today, today, &["--format", "csv-people"]);
        assert!(people.starts_with('\u{feff}') && people.contains(";Nguyễn Thị Ánh;"), "{people}");
        assert_eq!(acts(), "4");
        Program::on(db).output(&["verify"]);
    }
}

/// What of a person is looked for once they are gone: as they were typed, folded, and in parts.
const OF_ANH: &[&str] = &[
    "Nguyễn Thị Ánh",
    "nguyen thi anh",
    "anh thi nguyen",
    "NGUYEN THI ANH",
    "020185000123",
    "0912345678",
    "912345678",
    "anh@example.vn",
    "Thôn Nà Lốc",
];

/// All that the database holds: SQLite's file byte by byte, PostgreSQL's tables row by row.
fn everything(db: &Database) -> Vec<u8> {
    match db.kind {
        Kind::Sqlite => {
            // While nobody reads.
            let log = db.file().with_extension("sqlite3-wal");
            for _ in 0..100 {
                db.tamper(
                    "pragma wal_checkpoint(truncate); vacuum; pragma wal_checkpoint(truncate)",
                );
                if std::fs::metadata(&log).map_or(0, |log| log.len()) == 0 {
                    break;
                }
                std::thread::sleep(std::time::Duration::from_millis(50));
            }
            let mut bytes = std::fs::read(db.file()).unwrap();
            bytes.extend(std::fs::read(log).unwrap_or_default());
            bytes
        }
        Kind::Postgres => {
            let tables = db.value(
                "select string_agg(format('select %L || x::text from %I x', tablename, tablename), ' union all ') \
                 from pg_tables where schemaname = 'public'",
            );
            db.value(&format!(
                "select string_agg(t, E'\\n') from ({tables}) as all_of (t)"
            ))
            .into_bytes()
        }
    }
}

fn holds(all: &[u8], text: &str) -> bool {
    all.windows(text.len()).any(|part| part == text.as_bytes())
}

/// A dossier of Ánh that is over, with a delegate, a corrected name, messages, a rating, feedback and a payment that name
/// her.
fn a_whole_life(office: &mut Office, db: &Database) -> Value {
    let clerk = office.token(Role::Clerk, COMMUNE);
    let supervisor = office.token(Role::Supervisor, COMMUNE);
    let mut body = office.new_dossier(COMMUNE, SAME_DAY);
    body["applicant"] = json!({
        "name": "Nguyễn Thị Ánk", "identity_number": "020185000123", "phone": "0912345678",
        "email": "anh@example.vn", "address": "Thôn Nà Lốc",
    });
    body["delegate"] =
        json!({"name": "Lý Văn Dũng", "identity_number": "020085000777", "phone": "0987654321"});
    let call = |method, path: String, token: &str, body: Value| {
        let call = office
            .call(method, path)
            .token(token)
            .header("If-Match", "*");
        call.body(body).send()
    };
    let made = call("POST", "/api/v1/dossiers".to_owned(), &clerk, body)
        .expect(201)
        .json();
    let path = format!("/api/v1/dossiers/{}", made["case_number"].as_str().unwrap());
    let right = json!({"reason": "sai tên", "applicant": {
        "name": "Nguyễn Thị Ánh", "identity_number": "020185000123", "phone": "0912345678",
        "email": "anh@example.vn", "address": "Thôn Nà Lốc",
    }});
    call("POST", format!("{path}/correct-applicant"), &clerk, right).expect(200);
    office
        .call("GET", format!("{path}/identities"))
        .token(&clerk)
        .send()
        .expect(200);
    for (action, body) in [
        ("hand-over", json!({"step": 1})),
        ("hand-over", json!({"step": 2})),
        ("finish", json!({"decision": "approved"})),
        ("return", json!({})),
    ] {
        call("POST", format!("{path}/{action}"), &supervisor, body).expect(200);
    }
    let rating = json!({
        "case_number": made["case_number"], "code": made["look_up_code"], "rating": 5,
        "comment": "Tôi, Nguyễn Thị Ánh, rất hài lòng",
    });
    office
        .call("POST", "/api/v1/satisfaction")
        .body(rating)
        .send()
        .expect(201);
    let said = json!({
        "unit": COMMUNE, "kind": "report", "content": "Tôi là Nguyen Thi Anh, số 0912.345.678",
        "name": "Nguyễn Thị Ánh", "phone": "0912345678", "email": "anh@example.vn",
        "case_number": made["case_number"], "code": made["look_up_code"],
    });
    feedback(office, &supervisor, said);
    let id = made["id"].as_str().unwrap().replace('-', "");
    let id = data_encoding::HEXLOWER.decode(id.as_bytes()).unwrap();
    let dossier = db.bytes(&id);
    // Of long ago.
    let id = |number: u8| db.bytes(&[&[0; 15][..], &[number]].concat());
    // What was sent and could not be delivered, and what a bank said.
    db.tamper(&format!(
        "insert into outbox (id, kind, topic, recipient, body, dossier_id, created_at, due_at, tries, settled_at, outcome, error) \
         values ({}, 'sms', 'receipt', '0912345678', '{{\"name\": \"Nguyễn Thị Ánh\"}}', {dossier}, 1, null, 8, 1, 2, 'unknown 0912345678'), \
         ({}, 'email', 'receipt', 'anh@example.vn', '{{\"name\": \"Nguyễn Thị Ánh\"}}', {dossier}, 1, 9999999999999, 0, null, null, null), \
         ({}, 'portal', 'dossier', '', '{{\"sequence\": 1}}', {dossier}, 1, null, 1, 1, 1, 'ChuHoSo Nguyễn Thị Ánh'), \
         ({}, 'email', 'code', 'anh@example.vn', '{{\"code\": \"1\"}}', null, 1, null, 1, 1, 1, null); \
         insert into payments (transaction_id, case_number, amount_vnd, received_at, state, dossier_id, settled_at) \
         values ('T1', 'NGUYEN THI ANH nop le phi', 1000, 1, 3, {dossier}, 2), ('T2', 'Nguyen Thi Anh 0912345678', 1000, 1, 3, null, 2); \
         insert into payment_acts (payment_id, at, user_id, kind, reason) \
         select id, 1, 1, 1, 'gọi bà Nguyễn Thị Ánh' from payments where transaction_id = 'T1'",
        id(1), id(2), id(3), id(4),
    ));
    made
}

/// Sends feedback and answers it.
fn feedback(office: &Office, supervisor: &str, said: Value) {
    let made = office
        .call("POST", "/api/v1/feedback")
        .body(said)
        .send()
        .expect(201)
        .json();
    let path = format!("/api/v1/feedback/{}/answer", made["id"].as_str().unwrap());
    let answer = json!({"answer": "Kính gửi bà Nguyễn Thị Ánh"});
    office
        .call("POST", path)
        .token(supervisor)
        .header("If-Match", "*")
        .body(answer)
        .send()
        .expect(200);
}

/// The figures of the reports.
fn figures(db: &Database) -> String {
    let year = [
        "--from",
        "2018-01-01",
        "--to",
        "2027-12-31",
        "--format",
        "json",
    ];
    let reports = ["on-time", "06a", "satisfaction"];
    let reports =
        reports.map(|report| Program::on(db).output(&[&["report", report][..], &year].concat()));
    reports.concat()
}

on_both! {
    fn whose_term_is_over_is_taken_out_and_nothing_else_changes(db: &Database) {
        let mut office = Office::open(db);
        let whole = a_whole_life(&mut office, db);
        // No server, which would work on the jobs by today's clock.
        let Office { world, server, .. } = office;
        drop(server);
        let open = world.request(COMMUNE, SAME_DAY);
        let open = NewRequest {
            applicant: Person { name: "Hoàng Văn Thái".to_owned(), phone: None, address: None, identity: Identity::person("020085000888").ok(), ..open.applicant },
            ..open
        };
        let now = motcua::clock::now();
        world.try_request(&open, now).unwrap();
        let store = world.store.clone();
        let years = |years: u64| now.plus_millis(i64::try_from(years * 366 * 86_400_000).unwrap());
        let run = |at: Moment| {
            motcua::acts::anonymise::ask(&store, at).unwrap();
            motcua::jobs::housekeeping::run(&store, at).unwrap();
        };
        let erased = || db.value("select count(*) from persons where commitment_key is null");
        // No term: never.
        run(years(50));
        assert_eq!(erased(), "0");
        motcua::acts::anonymise::keep_term(&store, Some(5)).unwrap();
        run(years(4));
        assert_eq!(erased(), "0");
        // Ánh has another dossier that is still open: only the delegate goes.
        let another = world.receive_at(COMMUNE, SAME_DAY, now);
        run(years(6));
        assert_eq!(erased(), "1");
        assert!(!holds(&everything(db), "Lý Văn Dũng") && holds(&everything(db), "Nguyễn Thị Ánh"));
        // That one is over, too, but not for so long.
        let withdraw = motcua::domain::dossier::Action::Withdraw { reason: String::new() };
        world.act(another.id, years(4), withdraw).unwrap();
        run(years(6));
        assert_eq!(erased(), "1");
        let at = years(10);
        let planned = std::cell::RefCell::new(Vec::new());
        let cutoff = motcua::acts::anonymise::cutoff(&store, at).unwrap().unwrap();
        motcua::acts::anonymise::preview(&store, cutoff, |one| planned.borrow_mut().push((one.case_number, one.people))).unwrap();
        let mut planned = planned.into_inner();
        planned.sort_by_key(|(number, _)| number.clone());
        // Her record, the one before its correction, and the one of the other dossier.
        assert_eq!(planned.iter().map(|(_, people)| *people).sum::<usize>(), 3, "{planned:?}");
        assert!(planned.iter().any(|(number, _)| *number == whole["case_number"]));
        let before = figures(db);
        run(at);
        assert_eq!(erased(), "4");
        assert_eq!(db.value("select changed from jobs where kind = 'anonymise' order by id desc limit 1"), "3");
        let all = everything(db);
        for text in OF_ANH {
            assert!(!holds(&all, text), "{text}");
        }
        // Who is still with us stays, and so does what is counted.
        assert!(holds(&all, "Hoàng Văn Thái"));
        assert_eq!(figures(db), before);
        assert_eq!(db.value("select count(*) from satisfaction where rating = 5"), "1");
        assert_eq!(db.value("select count(*) from feedback where handled_at is not null and content is not null"), "1");
        let said = Program::on(db).output(&["verify"]);
        assert!(said.contains("đã xóa dữ liệu của 4 người"), "{said}");
        // Once is enough.
        run(at);
        assert_eq!(db.value("select count(*) from admin_acts where kind = 'person_erased'"), "4");
        assert_eq!(db.value("select count(*) from set_aside"), "0");
        // The dossier is still there to read.
        let mut office = Office::over(world, Program::on(db));
        let clerk = office.token(Role::Officer, COMMUNE);
        let path = format!("/api/v1/dossiers/{}", whole["case_number"].as_str().unwrap());
        let shown = office.call("GET", path).token(&clerk).send().expect(200).json();
        assert_eq!((&shown["status"], &shown["applicant"]["name"]), (&json!("returned"), &json!("")));
    }
}

on_both! {
    fn the_reports_are_the_same_to_the_last_figure_and_the_command_says_what_it_will_do(db: &Database) {
        let world = crate::support::World::new(db.store());
        for day in 1..6 {
            let dossier = world.receive_at(COMMUNE, SAME_DAY, at(&format!("2021-03-0{day} 08:00")));
            world.begin(dossier.id, at(&format!("2021-03-0{day} 08:30")));
            world.finish(dossier.id, at(&format!("2021-03-0{day} 09:00")));
        }
        let still = world.receive_at(COMMUNE, SAME_DAY, at("2021-03-08 08:00"));
        drop(world);
        let before = figures(db);
        let never = Program::on(db).failure(&["privacy", "anonymise", "--preview"]);
        assert!(never.contains("privacy.retention_years"), "{never}");
        let wrong = Program::on(db).with("MOTCUA__PRIVACY__RETENTION_YEARS", "201");
        assert!(wrong.failure(&["privacy", "anonymise"]).contains("privacy.retention_years"));
        let program = Program::on(db).with("MOTCUA__PRIVACY__RETENTION_YEARS", "3");
        // All of one person, who has one that is open.
        assert_eq!(program.output(&["privacy", "anonymise", "--preview"]), "");
        let store = db.store();
        let world = crate::support::World { store };
        world.begin(still.id, at("2021-03-08 08:30"));
        world.finish(still.id, at("2021-03-08 09:00"));
        let before = match figures(db) {
            changed if changed != before => changed,
            same => panic!("{same}"),
        };
        let listed = program.output(&["privacy", "anonymise", "--preview"]);
        assert_eq!(listed.lines().count(), 6, "{listed}");
        assert!(listed.lines().all(|line| line.starts_with("H37.20.01-2103")), "{listed}");
        assert_eq!(db.value("select count(*) from admin_acts where kind = 'person_erased'"), "0");
        assert_eq!(program.output(&["privacy", "anonymise"]).trim(), "đã ẩn danh 6 người");
        assert_eq!(program.output(&["privacy", "anonymise", "--preview"]), "");
        assert_eq!(figures(db), before);
        Program::on(db).output(&["verify"]);
        for text in OF_ANH {
            assert!(!holds(&everything(db), text), "{text}");
        }
    }
}

on_both! {
    fn who_asks_to_be_erased_is_once_nothing_is_left_to_do(db: &Database) {
        let mut office = Office::open(db);
        let whole = a_whole_life(&mut office, db);
        let supervisor = office.token(Role::Supervisor, COMMUNE);
        let foreign = office.token(Role::Supervisor, FOREIGN);
        let clerk = office.token(Role::Clerk, COMMUNE);
        let elsewhere = office.receive(FOREIGN, SAME_DAY);
        let post = |token: &str, path: String, body: Value| {
            office.call("POST", path).token(token).header("If-Match", "*").body(body).send()
        };
        let ask = |number: &Value, note: &str| {
            let body = json!({"dossier": number, "what": "delete", "note": note});
            let made = post(&supervisor, "/api/v1/privacy/requests".to_owned(), body).expect(201).json();
            format!("/api/v1/privacy/requests/{}/done", made["id"].as_str().unwrap())
        };
        let done = ask(&whole["case_number"], "xóa dữ liệu của Nguyễn Thị Ánh");
        post(&clerk, done.clone(), json!({})).problem(403, "forbidden");
        post(&foreign, done.clone(), json!({})).problem(403, "forbidden");
        // She has a dossier elsewhere that is not over.
        let refused = post(&supervisor, done.clone(), json!({})).problem(409, "refused");
        assert_eq!(refused["reason"], "still_needed");
        assert!(refused["detail"].as_str().unwrap().contains("đơn vị khác"), "{refused}");
        let path = format!("/api/v1/dossiers/{}/withdraw", elsewhere["case_number"].as_str().unwrap());
        post(&foreign, path, json!({"reason": "không cần nữa"})).expect(200);
        // And feedback that is not answered.
        let said = json!({
            "unit": COMMUNE, "kind": "report", "content": "Chờ lâu", "name": "Nguyễn Thị Ánh", "phone": "0912345678",
            "case_number": whole["case_number"], "code": whole["look_up_code"],
        });
        let said = office.call("POST", "/api/v1/feedback").body(said).send().expect(201).json();
        let refused = post(&supervisor, done.clone(), json!({})).problem(409, "refused");
        assert!(refused["detail"].as_str().unwrap().contains("phản ánh"), "{refused}");
        assert_eq!(db.value("select count(*) from persons where commitment_key is null"), "0");
        let path = format!("/api/v1/feedback/{}/answer", said["id"].as_str().unwrap());
        post(&supervisor, path, json!({"answer": "Xin lỗi bà"})).expect(200);

        let settled = post(&supervisor, done.clone(), json!({})).expect(200).json();
        assert_eq!((&settled["refusal"], &settled["note"]), (&Value::Null, &json!("(đã ẩn danh)")));
        assert_eq!(post(&supervisor, done, json!({})).problem(409, "refused")["reason"], "request_settled");
        // What lies out of the supervisor's reach is another supervisor's to erase; the delegate is somebody else.
        let names = |name: &str| db.value(&format!("select count(*) from persons where name = '{name}'"));
        assert_eq!((names("Nguyễn Thị Ánh"), names("Lý Văn Dũng"), names("Nguyễn Thị Ánk")), ("1".into(), "1".into(), "0".into()));
        let administrator = office.token(Role::Administrator, "H37");
        let body = json!({"dossier": elsewhere["case_number"], "what": "delete"});
        let made = office.call("POST", "/api/v1/privacy/requests").token(&administrator).body(body).send().expect(201).json();
        let path = format!("/api/v1/privacy/requests/{}/done", made["id"].as_str().unwrap());
        office.call("POST", path).token(&administrator).body(json!({})).send().expect(200);
        let all = everything(db);
        for text in OF_ANH {
            assert!(!holds(&all, text), "{text}");
        }
        assert!(holds(&all, "Lý Văn Dũng"));
        // An open one is refused by its number; and to see, say, erases nothing.
        let open = office.receive(COMMUNE, SAME_DAY);
        let post = |path: String, body: Value| office.call("POST", path).token(&supervisor).body(body).send();
        let body = |what: &str| json!({"dossier": open["case_number"], "what": what});
        for (what, status) in [("delete", 409), ("see", 200)] {
            let made = post("/api/v1/privacy/requests".to_owned(), body(what)).expect(201).json();
            let path = format!("/api/v1/privacy/requests/{}/done", made["id"].as_str().unwrap());
            let answer = post(path, json!({})).expect(status);
            assert!(status == 200 || answer.body.contains(open["case_number"].as_str().unwrap()), "{}", answer.body);
        }
        assert_eq!(names("Nguyễn Thị Ánh"), "1");
        Program::on(db).output(&["verify"]);
    }
}

on_both! {
    fn administrators_read_who_read_what_and_that_is_on_record(db: &Database) {
        let mut office = Office::open(db);
        let clerk = office.token(Role::Clerk, COMMUNE);
        let administrator = office.token(Role::Administrator, "H37");
        let of_a_unit = office.token(Role::Administrator, COMMUNE);
        let supervisor = office.token(Role::Supervisor, "H37");
        let dossiers = [(); 3].map(|()| office.receive(COMMUNE, SAME_DAY));
        for dossier in &dossiers {
            let path = format!("/api/v1/dossiers/{}/identities", dossier["case_number"].as_str().unwrap());
            office.call("GET", path).token(&clerk).send().expect(200);
        }
        let today = motcua::clock::now().date();
        let acts = || db.value("select count(*) from admin_acts where kind = 'readings_exported'");
        let span = format!("from={}&to={today}", today - Days::new(1));
        let get = |token: &str, path: String| office.call("GET", path).token(token).send();
        for token in [&clerk, &supervisor, &of_a_unit] {
            get(token, format!("/api/v1/privacy/readings?{span}")).problem(403, "forbidden");
            get(token, format!("/api/v1/privacy/readings.csv?{span}")).problem(403, "forbidden");
        }
        assert_eq!(acts(), "0");
        let lines = office.pages(&administrator, &format!("/api/v1/privacy/readings?{span}"), 2);
        assert_eq!(lines.len(), 3);
        for (line, dossier) in lines.iter().zip(&dossiers) {
            assert_eq!((&line["username"], &line["case_number"]), (&json!("h37.20.01.clerk"), &dossier["case_number"]));
            assert!(line["person"].is_string() && line["at"].is_string());
        }
        assert_eq!(acts(), "2");
        assert_eq!(db.value("select count(distinct actor) from admin_acts where kind = 'readings_exported'"), "1");
        // The same as a table, page by page.
        let (mut path, mut rows) = (format!("/api/v1/privacy/readings.csv?{span}&limit=2"), Vec::new());
        loop {
            let page = get(&administrator, path).expect(200);
            assert!(page.header("content-type").starts_with("text/csv"), "{}", page.header("content-type"));
            assert!(!page.body.contains("Ánh") && !page.body.contains("020185000123"), "{}", page.body);
            let mut lines = page.body.lines();
            assert_eq!(lines.next(), Some("at,username,full_name,case_number,person,what"));
            rows.extend(lines.map(str::to_owned));
            let link = page.header("link").to_owned();
            let Some((next, _)) = link.strip_prefix('<').and_then(|link| link.split_once('>')) else { break };
            path = next.to_owned();
        }
        assert_eq!(rows.len(), 3, "{rows:?}");
        let one = format!("/api/v1/privacy/readings?{span}&dossier={}", dossiers[1]["case_number"].as_str().unwrap());
        assert_eq!(get(&administrator, one).expect(200).json()["items"].as_array().unwrap().len(), 1);
        let before = format!("/api/v1/privacy/readings?from=2021-01-01&to={}", today - Days::new(2));
        assert_eq!(get(&administrator, before).expect(200).json()["items"], json!([]));
        for (query, wrong) in [
            ("from=2026-11-01", &["to"][..]), ("", &["from", "to"]), ("from=2026-11-02&to=2026-11-01", &["to"]),
            ("from=2026-11-01&to=2026-11-02&dossier=x", &["dossier"]), ("from=x&to=2026-11-02", &["from"]),
            ("from=2026-11-01&to=2026-11-02&dossier=H37.20.01-210301-9999", &["dossier"]),
        ] {
            let answer = get(&administrator, format!("/api/v1/privacy/readings?{query}"));
            assert_eq!(fields(&answer.problem(400, "invalid-request")), wrong, "{query}");
        }
        Program::on(db).output(&["verify"]);
    }
}
