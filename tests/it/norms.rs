//! What the norms say holds from a day on, and a dossier goes by what held on its day of receipt.

use serde_json::{Value, json};

use crate::support::{COMMUNE, Office, Program, World, at, date, on_both, with_norm};
use motcua::domain::dossier::{Action, Correction, Dossier, Exception, Paper, Refusal};
use motcua::domain::moment::Moment;
use motcua::domain::period::Period;
use motcua::domain::role::Role;
use motcua::domain::time_limit::Outcome;
use motcua::error::Error;
use motcua::reports::Report;
use motcua::reports::by::By;
use motcua::reports::on_time::on_time;
use motcua::reports::standings::Span;
use motcua::tools::verify::verify;

/// Five working days.
const FIVE_DAYS: &str = "1.004884";

fn refusal(done: Result<Dossier, Error>) -> Refusal {
    match done {
        Err(Error::Refused(refusal, _)) => refusal,
        other => panic!("{other:?}"),
    }
}

fn in_progress(world: &World, received: Moment) -> Dossier {
    let dossier = world.receive_at(COMMUNE, FIVE_DAYS, received);
    world.begin(dossier.id, received.plus_millis(60_000))
}

fn ask(exception: Option<Exception>) -> Action {
    Action::RequestSupplement {
        reason: "Thiếu giấy".to_owned(),
        items: vec![Paper::Position(0)],
        exception,
    }
}

fn take() -> Action {
    Action::TakeSupplement {
        items: Vec::new(),
        reason: "Đã có".to_owned(),
    }
}

on_both! {
    fn papers_are_asked_for_once_since_the_decree_of_2026(db: &Database) {
        let world = World::new(db.store());
        let twice = |received: &str, again: &str| {
            let dossier = in_progress(&world, at(received));
            let later = |hours: i64| at(received).plus_millis(hours * 3_600_000);
            world.act(dossier.id, later(1), ask(None)).unwrap();
            world.act(dossier.id, later(2), take()).unwrap();
            (dossier.id, world.act(dossier.id, at(again), ask(None)))
        };
        // Received the day before the decree holds: that day's rules stay.
        let (_, asked) = twice("2026-08-04 08:00", "2026-08-06 09:00");
        assert_eq!(asked.unwrap().supplements_requested, 2);
        let (id, asked) = twice("2026-08-05 08:00", "2026-08-06 09:00");
        assert_eq!(refusal(asked), Refusal::SupplementRequestedBefore { times: 1 });
        let exception = |reason: &str, allowed_by: &str| Some(Exception {
            reason: reason.to_owned(),
            allowed_by: allowed_by.to_owned(),
        });
        let nobody = world.act(id, at("2026-08-06 09:00"), ask(exception("Hết hạn", " ")));
        assert_eq!(refusal(nobody), Refusal::ReasonMissing);
        let allowed = exception("Giấy tờ hết hạn", "Phó Chủ tịch");
        let asked = world.act(id, at("2026-08-06 09:00"), ask(allowed)).unwrap();
        assert_eq!(asked.supplements_requested, 2);
        assert_eq!(verify(&world.store, 5).unwrap().total, 0);
    }
}

on_both! {
    fn who_asks_for_papers_again_is_told_what_it_takes(db: &Database) {
        let mut office = Office::open(db);
        let dossier = office.receive(COMMUNE, FIVE_DAYS);
        let clerk = office.token(Role::Clerk, COMMUNE);
        let officer = office.token(Role::Officer, COMMUNE);
        let path = format!("/api/v1/dossiers/{}", dossier["case_number"].as_str().unwrap());
        let act = |name: &str, token: &str, body: Value, status: u16| {
            let call = office.call("POST", format!("{path}/{name}")).token(token);
            call.header("If-Match", "*").body(body).send().expect(status).json()
        };
        act("hand-over", &clerk, json!({"step": 1}), 200);
        let asked = json!({"reason": "Thiếu bản sao", "items": [0]});
        act("request-supplement", &officer, asked.clone(), 200);
        act("take-supplement", &clerk, json!({"items": [{"position": 0, "copies": 1}]}), 200);
        let refused = act("request-supplement", &officer, asked.clone(), 409);
        assert_eq!(refused["reason"], "supplement_requested_before", "{refused}");
        let mut again = asked;
        again["exception"] = json!({"reason": "", "allowed_by": ""});
        let wrong = act("request-supplement", &officer, again.clone(), 400);
        let fields: Vec<_> = wrong["errors"].as_array().unwrap().iter().map(|e| e["field"].clone()).collect();
        assert_eq!(fields, ["/exception/reason", "/exception/allowed_by"]);
        again["exception"] = json!({"reason": "Bản sao hết hạn", "allowed_by": "Hoàng Văn Bình, Phó Chủ tịch"});
        act("request-supplement", &officer, again, 200);
        let history = office.call("GET", format!("{path}/events")).token(&clerk).send().expect(200).json();
        let events = history.as_array().or(history["items"].as_array()).unwrap();
        let last = &events[events.len() - 1]["data"]["exception"];
        assert_eq!(last["allowed_by"], "Hoàng Văn Bình, Phó Chủ tịch");
    }
}

on_both! {
    fn an_apology_that_comes_late_is_marked(db: &Database) {
        let world = World::new(db.store());
        // Due on Tuesday 16 March.
        let late = |when: &str| {
            let dossier = in_progress(&world, at("2021-03-09 08:00"));
            let reappoint = Action::Reappoint {
                reason: "Quá tải".to_owned(),
                appointment: at("2021-03-19 17:00"),
            };
            world.act(dossier.id, at(when), reappoint).unwrap();
            let stored = world.store.read(|conn| motcua::store::events::history(conn, dossier.id)).unwrap();
            stored.last().unwrap().data.contains("\"late\":true")
        };
        assert!(!late("2021-03-15 16:00"));
        assert!(late("2021-03-16 08:00"));
    }
}

on_both! {
    fn how_a_dossier_is_judged_is_that_of_its_day_of_receipt(db: &Database) {
        let world = World::new(db.store());
        let by_day = with_norm(json!({
            "valid_from": "2026-10-01", "basis": ["Quyết định của tỉnh"],
            "judged_by": "day", "judged_date": "moved",
        }));
        let imported = motcua::imports::norms(&world.store, &by_day).unwrap();
        assert_eq!((imported.added, imported.changed), (1, 0));
        assert_eq!(motcua::imports::norms(&world.store, &by_day).unwrap().changes(), 0);
        assert!(motcua::imports::norms(&world.store, b"[]").is_err());

        // Due at 17:00 of Wednesday 7 October; done at 20:00.
        let before = in_progress(&world, at("2026-09-30 08:00"));
        let after = in_progress(&world, at("2026-10-01 08:00"));
        assert_eq!(world.finish(before.id, at("2026-10-07 20:00")).outcome, Some(Outcome::Overdue));
        assert_eq!(after.due(), Some(at("2026-10-08 17:00")));
        let done = world.finish(after.id, at("2026-10-08 20:00"));
        assert_eq!(done.outcome, Some(Outcome::OnTime));
        // The sweep goes by the same.
        let open = in_progress(&world, at("2026-10-01 08:00"));
        let sweep = |when: &str| motcua::jobs::sweep::record_overdue(&world.store, at(when)).unwrap();
        assert_eq!(sweep("2026-10-08 23:00"), 0);
        assert_eq!(sweep("2026-10-09 00:10"), 1);
        let late = world.finish(open.id, at("2026-10-09 08:00"));
        assert_eq!(late.outcome, Some(Outcome::Overdue));
        // The moved date holds.
        let moved = in_progress(&world, at("2026-10-01 08:00"));
        let reappoint = Action::Reappoint {
            reason: "Quá tải".to_owned(),
            appointment: at("2026-10-12 17:00"),
        };
        world.act(moved.id, at("2026-10-05 08:00"), reappoint).unwrap();
        assert_eq!(sweep("2026-10-12 23:00"), 0);
        assert_eq!(world.finish(moved.id, at("2026-10-12 18:00")).outcome, Some(Outcome::OnTime));
        // Undone after the day: overdue since then.
        let undo = Action::Correct(Correction::Undo { reason: "Nhầm".to_owned() });
        let undone = world.act(moved.id, at("2026-10-14 08:00"), undo).unwrap();
        assert!(undone.crosses_at().is_some_and(|at| at <= undone.last_event_at) || undone.is_overdue());

        // Every report says how it judges.
        let report = |from: &str, to: &str| {
            let period = Period::new(date(from), date(to)).unwrap();
            on_time(&world.store, By::Level, Span::new(period, None, at("2026-10-15 08:00")).unwrap(), None).unwrap()
        };
        let september = report("2026-09-01", "2026-09-30").to_text();
        assert!(september.contains("Cách tính: giải quyết sau thời điểm hẹn trả là quá hạn"), "{september}");
        let october = report("2026-10-01", "2026-10-14").to_text();
        assert!(october.contains("Hồ sơ tiếp nhận từ ngày 01/10/2026: giải quyết trong ngày hẹn trả là đúng hạn"), "{october}");
        assert_eq!(verify(&world.store, 5).unwrap().total, 0);
        // A calendar change recomputes, and goes by the same.
        let text = String::from_utf8(motcua::config::bundled::CALENDAR.to_vec()).unwrap();
        motcua::imports::calendar(&world.store, format!("{text}2026-10-16,off,Nghỉ\n").as_bytes()).unwrap();
        motcua::jobs::housekeeping::run(&world.store, at("2026-10-15 08:00")).unwrap();
        assert_eq!(verify(&world.store, 5).unwrap().total, 0);
    }
}

on_both! {
    fn a_case_number_has_the_form_of_its_day(db: &Database) {
        let world = World::new(db.store());
        let number = |when: &str| world.receive_at(COMMUNE, FIVE_DAYS, at(when)).case_number.to_string();
        assert_eq!(number("2019-07-15 08:00"), "000.01.20.H37-190715-0001");
        assert_eq!(number("2021-07-15 08:00"), "H37.20.01-210715-0001");
        let file = db.folder().join("norms.json");
        let row = json!({"valid_from": "2026-10-01", "basis": ["x"], "case_number": "lowest_first"});
        std::fs::write(&file, with_norm(row)).unwrap();
        Program::on(db).output(&["import", "norms", file.to_str().unwrap()]);
        assert_eq!(number("2026-10-02 08:00"), "000.01.20.H37-261002-0001");
        assert_eq!(number("2026-09-30 08:00"), "H37.20.01-260930-0001");
        assert_eq!(verify(&world.store, 5).unwrap().total, 0);
    }
}

on_both! {
    fn forms_and_rules_of_a_day_are_told_with_their_source(db: &Database) {
        let office = Office::open(db);
        let on = |day: &str| office.call("GET", format!("/api/v1/norms?on={day}")).send().expect(200).json();
        let title = |norms: &Value, form: &str| {
            let mut forms = norms["forms"].as_array().unwrap().iter();
            let found = forms.find(|found| found["form"] == form);
            found.map(|form| format!("{} {}", form["number"].as_str().unwrap(), form["title"].as_str().unwrap()))
        };
        let old = on("2021-03-01");
        assert_eq!(title(&old, "apology").unwrap(), "04 Phiếu xin lỗi và hẹn lại ngày trả kết quả");
        assert_eq!(title(&old, "stop"), None);
        assert_eq!((&old["valid_from"], &old["valid_to"]), (&json!("2020-01-01"), &json!("2025-06-30")));
        assert_eq!(old["supplements"], Value::Null);
        let new = on("2026-11-26");
        assert_eq!(title(&new, "control").unwrap(), "06 Phiếu kiểm soát quá trình giải quyết hồ sơ");
        assert_eq!((&new["supplements"], &new["valid_to"]), (&json!(1), &Value::Null));
        let basis = |norms: &Value, name: &str| {
            let mut basis = norms["basis"].as_array().unwrap().iter();
            basis.find(|basis| basis["norm"] == name).unwrap().clone()
        };
        assert_eq!(basis(&new, "Nghị định 309/2026/NĐ-CP")["sure"], "read");
        let forms = basis(&new, "Thông tư 03/2025/TT-VPCP");
        assert_eq!((&forms["sure"], &forms["about"]), (&json!("secondary"), &json!("các mẫu")));
        assert!(forms["sure_text"].as_str().unwrap().contains("cần đối chiếu"));
        let text = new["text"].to_string();
        for part in ["tối đa 1 lần", "H37.16-210715-0001", "tỷ lệ tính mọi hồ sơ đã giải quyết"] {
            assert!(text.contains(part), "{part}: {text}");
        }
        assert_eq!(office.call("GET", "/api/v1/norms").send().expect(200).json()["forms"], new["forms"]);
        let wrong = office.call("GET", "/api/v1/norms?on=31/13/2026").send().problem(400, "invalid-request");
        assert_eq!(crate::support::fields(&wrong), ["on"]);
        // An office's own norms may name theirs without more.
        let own = with_norm(json!({"valid_from": "2026-10-01", "basis": ["Quyết định của tỉnh"], "judged_by": "day"}));
        motcua::imports::norms(&office.world.store, &own).unwrap();
        let own = on("2026-11-26");
        assert_eq!((&own["judged_by"], &own["basis"][0]["sure"]), (&json!("day"), &Value::Null));
        assert_eq!(on("2026-09-30")["valid_to"], "2026-09-30");
    }
}

on_both! {
    fn a_date_that_was_named_by_hand_says_so(db: &Database) {
        let world = World::new(db.store());
        let version = json!([{
            "code": "1.999801", "name": "Không quy định thời hạn", "field": "Đất đai", "levels": ["commune"],
            "valid_from": "2020-01-01", "announced_on": "2020-01-01", "online_level": "full",
            "statutory_limit": {"unit": "none"}, "verification_limit": {"unit": "month", "amount": 6}, "result": "Giấy",
        }]);
        motcua::imports::procedures(&world.store, version.to_string().as_bytes()).unwrap();
        let mut office = Office::over(world, Program::on(db));
        let clerk = office.token(Role::Clerk, COMMUNE);
        let officer = office.token(Role::Officer, COMMUNE);
        let mut body = office.new_dossier(COMMUNE, FIVE_DAYS);
        body["procedure"] = json!("1.999801");
        body["items"] = json!([]);
        let other = office.receive(COMMUNE, FIVE_DAYS);
        let five_days = other["due_at"].as_str().unwrap().replace("T17:", "T16:");
        body["return_date"] = json!({"at": five_days, "reason": "Chờ đo đạc"});
        let call = office.call("POST", "/api/v1/dossiers").token(&clerk).body(body);
        let view = call.send().expect(201).json();
        let by_hand = |view: &Value| {
            let (number, code) = (view["case_number"].as_str().unwrap(), view["look_up_code"].as_str().unwrap());
            let path = format!("/api/v1/lookup?case_number={number}&code={code}");
            let public = office.call("GET", path).send().expect(200).json();
            assert_eq!(public["due_at"], view["due_at"]);
            (view["due_by_hand"].clone(), public["due_by_hand"].clone())
        };
        assert_eq!(by_hand(&view), (json!(true), json!(true)));
        assert_eq!(view["due_reason"], "Chờ đo đạc");
        // Once a limit holds for it, its date is counted.
        let path = format!("/api/v1/dossiers/{}/verify", view["case_number"].as_str().unwrap());
        let call = office.call("POST", path).token(&officer).header("If-Match", "*");
        let counted = call.body(json!({"reason": "Chờ xác minh"})).send().expect(200).json();
        assert_eq!(by_hand(&counted), (json!(false), json!(false)));
        assert_eq!(by_hand(&other), (json!(false), json!(false)));
    }
}
