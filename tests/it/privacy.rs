//! What people ask about their own data is in a register, with the days that the law gives.

use chrono::Days;
use serde_json::{Value, json};

use crate::support::{COMMUNE, FOREIGN, NEIGHBOUR, Office, Program, SAME_DAY, at, fields, on_both};
use motcua::domain::moment::Moment;
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
        assert_eq!(lines[0], "at,username,full_name,case_number,person");
        for (line, dossier) in lines[1..].iter().zip(&dossiers) {
            let number = dossier["case_number"].as_str().unwrap();
            assert!(line.contains("h37.20.01.clerk") && line.contains(number), "{all}");
            assert!(line.ends_with("Nguyễn Thị Ánh"), "{all}");
        }
        assert!(!all.contains("020185000123"));
        assert_eq!(acts(), "1");
        let one = export(today, today, &["--dossier", dossiers[1]["case_number"].as_str().unwrap()]);
        assert_eq!(one.lines().count(), 2, "{one}");
        let before = export(today - Days::new(9), today - Days::new(2), &[]);
        assert!(before.trim().is_empty(), "{before}");
        assert_eq!(acts(), "3");
        Program::on(db).output(&["verify"]);
    }
}
