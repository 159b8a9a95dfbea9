//! The steps of an approved workflow: whose they are to leave, and which of them decides; and what is offered to whom.

use chrono::Days;
use serde_json::{Value, json};

use crate::support::{Answer, COMMUNE, NEIGHBOUR, Office, SAME_DAY, Visitor, on_both};
use motcua::domain::dossier::ActionKind;
use motcua::domain::role::Role;
use motcua::web::{Access, table};

/// An action on a dossier, whatever version it has.
fn act(office: &Office, dossier: &Value, token: &str, action: &str, body: Value) -> Answer {
    let path = format!(
        "/api/v1/dossiers/{}/{action}",
        dossier["id"].as_str().unwrap()
    );
    let call = office.call("POST", path).token(token);
    call.header("If-Match", "*").body(body).send()
}

/// A procedure of communes with a step that the district does, and the position of that step.
fn done_above(office: &Office) -> (String, usize) {
    let reference = office.world.store.reference().unwrap();
    let above = reference.procedures().into_iter().find_map(|p| {
        let d = &p.definition;
        let commune = d.levels.contains(&motcua::domain::unit::Level::Commune);
        let place = motcua::domain::procedure::Place::Parent;
        let step = d.workflow.iter().position(|step| step.place == place)?;
        commune.then(|| (d.code.clone(), step))
    });
    above.expect("the catalogue has one")
}

on_both! {
    fn a_step_is_left_by_whose_it_is(db: &Database) {
        let mut office = Office::open(db);
        let [clerk, officer, supervisor] = [Role::Clerk, Role::Officer, Role::Supervisor]
            .map(|role| office.token(role, COMMUNE));
        let dossier = office.receive(COMMUNE, SAME_DAY);
        let to = |step: usize, token: &str| act(&office, &dossier, token, "hand-over", json!({"step": step}));
        let refused = |step: usize, token: &str, whose: &str| {
            let refused = to(step, token).problem(403, "forbidden");
            assert_eq!(refused["reason"], "step_of_others");
            let detail = refused["detail"].as_str().unwrap();
            assert!(detail.contains(whose) && detail.contains("phường Hoàng Văn Thụ"), "{detail}");
        };
        refused(1, &officer, "Cán bộ");
        to(1, &clerk).expect(200);
        refused(2, &clerk, "Chuyên viên");
        to(2, &officer).expect(200);
        // Signing is the supervisor's, on and back.
        for token in [&clerk, &officer] {
            refused(3, token, "Lãnh đạo");
            refused(1, token, "Lãnh đạo");
        }
        to(1, &supervisor).expect(200);
        // A supervisor does what clerks and officers do.
        to(2, &supervisor).expect(200);
        to(3, &supervisor).expect(200);
        refused(1, &officer, "Cán bộ");
        to(1, &clerk).expect(200);
        // Whoever was given the dossier hands it back, and only back.
        let mine = json!({"step": 2, "assignee": "h37.20.01.officer"});
        act(&office, &dossier, &officer, "hand-over", mine).expect(200);
        refused(3, &officer, "Lãnh đạo");
        to(1, &officer).expect(200);
    }
}

on_both! {
    fn a_step_done_elsewhere_is_left_by_those_who_do_it(db: &Database) {
        let mut office = Office::open(db);
        let (procedure, above) = done_above(&office);
        let dossier = office.receive(COMMUNE, &procedure);
        let below = office.token(Role::Supervisor, COMMUNE);
        let at_the_district = office.token(Role::Supervisor, "H37.20");
        let to = |step: usize, token: &str| act(&office, &dossier, token, "hand-over", json!({"step": step}));
        for step in 1..=above {
            to(step, &below).expect(200);
        }
        for step in [above + 1, above - 1] {
            let refused = to(step, &below).problem(403, "forbidden");
            assert!(refused["detail"].as_str().unwrap().contains("của Ủy ban nhân dân thành phố Lạng Sơn"), "{refused}");
        }
        to(above - 1, &at_the_district).expect(200);
    }
}

on_both! {
    fn a_deputy_does_the_steps_of_somebody_who_is_away(db: &Database) {
        let mut office = Office::for_browsers(db);
        let [clerk, officer, supervisor] = [Role::Clerk, Role::Officer, Role::Supervisor]
            .map(|role| office.token(role, COMMUNE));
        let next_door = office.token(Role::Supervisor, NEIGHBOUR);
        let district = office.token(Role::Supervisor, "H37.20");
        office.token(Role::Officer, NEIGHBOUR);
        let dossier = office.receive(COMMUNE, SAME_DAY);
        let to = |step: usize, token: &str| act(&office, &dossier, token, "hand-over", json!({"step": step}));
        to(1, &clerk).expect(200);
        to(2, &officer).expect(200);
        to(3, &officer).problem(403, "forbidden");

        let today = motcua::clock::now().date();
        let named = |principal: &str, deputy: &str, first: i64, days: u64| {
            let from = today + chrono::TimeDelta::days(first);
            json!({"principal": principal, "deputy": deputy, "from": from, "to": from + Days::new(days)})
        };
        let name = |token: &str, body: Value| {
            office.call("POST", "/api/v1/deputies").token(token).body(body).send()
        };
        let (boss, other) = ("h37.20.01.supervisor", "h37.20.01.officer");
        // Supervisors say so, of their own.
        name(&officer, named(boss, other, 0, 1)).problem(403, "forbidden");
        name(&next_door, named(boss, other, 0, 1)).problem(403, "forbidden");
        name(&supervisor, named(boss, "h37.20.02.officer", 0, 1)).problem(403, "forbidden");
        for (body, field) in [
            (named("nobody", other, 0, 1), "/principal"),
            (named(boss, boss, 0, 1), "/deputy"),
            (named(boss, other, -9, 1), "/to"),
            (named(boss, other, 0, 400), "/to"),
            (json!({"principal": boss, "deputy": other, "from": today, "to": today - Days::new(1)}), "/to"),
        ] {
            let wrong = name(&supervisor, body).problem(400, "invalid-request");
            assert_eq!(wrong["errors"][0]["field"], field, "{wrong}");
        }
        // Who could do nothing of it stands in for nobody.
        for (principal, deputy) in [(other, "h37.20.02.officer"), (boss, "h37.20.01.clerk")] {
            let wrong = name(&district, named(principal, deputy, 0, 1)).problem(400, "invalid-request");
            assert_eq!(wrong["errors"][0]["field"], "/deputy", "{wrong}");
        }
        let blank = name(&supervisor, named("", " ", 0, 1)).problem(400, "invalid-request");
        assert_eq!(crate::support::fields(&blank), ["/principal", "/deputy"]);
        // Not yet.
        name(&supervisor, named(boss, other, 1, 3)).expect(201);
        to(3, &officer).problem(403, "forbidden");
        let standing = name(&supervisor, named(boss, other, 0, 0)).expect(201).json();
        // Who stands in already on one of the days is named no second time.
        let twice = name(&supervisor, named(boss, other, 0, 1)).problem(400, "invalid-request");
        assert_eq!(crate::support::fields(&twice), ["/from"]);
        assert_eq!((&standing["principal"]["username"], &standing["deputy"]["username"]), (&json!(boss), &json!(other)));
        to(3, &officer).expect(200);
        to(2, &clerk).expect(200);
        // The history says who did it, and for whom.
        let events = format!("/api/v1/dossiers/{}/events", dossier["id"].as_str().unwrap());
        let events = crate::support::get(&office, &clerk, &events);
        let done_for = |event: &Value| event["on_behalf_of"]["username"].as_str().map(str::to_owned);
        let done_for: Vec<_> = events.as_array().unwrap().iter().map(done_for).collect();
        assert_eq!(done_for, [None, None, None, Some(boss.to_owned()), None], "{events}");
        let page = Visitor::log_in(&office, other).get(&format!("/ho-so/{}", dossier["id"].as_str().unwrap()));
        assert!(page.body.contains("(làm thay "), "{}", page.body);
        // Taken back: from now on, and on record.
        let path = format!("/api/v1/deputies/{}", standing["id"].as_str().unwrap());
        office.call("DELETE", path.clone()).token(&next_door).send().problem(403, "forbidden");
        for _ in 0..2 {
            office.call("DELETE", path.clone()).token(&supervisor).send().expect(204);
        }
        to(3, &officer).problem(403, "forbidden");
        let list = |token: &str| {
            let list = office.call("GET", "/api/v1/deputies").token(token).send().expect(200).json();
            list["items"].as_array().unwrap().clone()
        };
        assert_eq!(list(&supervisor).len(), 2);
        assert!(list(&supervisor)[0]["ended_at"].is_string());
        assert_eq!(list(&next_door), Vec::<Value>::new());
        assert_eq!(db.value("select count(*) from admin_acts where kind = 'deputy_named'"), "2");
        assert_eq!(db.value("select count(*) from admin_acts where kind = 'deputy_ended'"), "1");
        assert_eq!(motcua::tools::verify::verify(&office.world.store, 10).unwrap().findings, []);
    }
}

on_both! {
    fn a_request_is_granted_only_where_the_workflow_decides(db: &Database) {
        let mut office = Office::open(db);
        let [clerk, officer, supervisor] = [Role::Clerk, Role::Officer, Role::Supervisor]
            .map(|role| office.token(role, COMMUNE));
        let dossier = office.receive(COMMUNE, SAME_DAY);
        let to = |step: usize, token: &str| act(&office, &dossier, token, "hand-over", json!({"step": step}));
        let grant = |token: &str| act(&office, &dossier, token, "finish", json!({"decision": "approved"}));
        let undo = || act(&office, &dossier, &supervisor, "undo", json!({"reason": "nhầm"})).expect(200);
        to(1, &clerk).expect(200);
        // Not even by who decides, and it says what is missing.
        for token in [&officer, &supervisor] {
            let refused = grant(token).problem(409, "refused");
            assert_eq!(refused["reason"], "not_decided");
            assert!(refused["detail"].as_str().unwrap().contains("“Ký chứng thực, đóng dấu”"), "{refused}");
        }
        // To refuse or to stop takes no signing of what is granted.
        let no = json!({"decision": "refused", "reason": "giấy tờ bị tẩy xóa"});
        act(&office, &dossier, &officer, "finish", no).expect(200);
        undo();
        act(&office, &dossier, &officer, "stop", json!({"reason": "không còn đối tượng"})).expect(200);
        undo();
        to(2, &officer).expect(200);
        assert_eq!(grant(&officer).problem(403, "forbidden")["reason"], "step_of_others");
        grant(&supervisor).expect(200);
        undo();
        // Once it was handed on from there, it is decided.
        to(3, &supervisor).expect(200);
        grant(&officer).expect(200);
    }
}

on_both! {
    fn the_step_that_says_so_decides(db: &Database) {
        let mut office = Office::open(db);
        let supervisor = office.token(Role::Supervisor, COMMUNE);
        let step = |name: &str, role: &str, decides: bool| {
            json!({"name": name, "place": "receiving", "role": role, "hours": 4, "decides": decides})
        };
        let version = |code: &str, steps: Value| json!({
            "code": code, "name": "Thử", "field": "Thử", "levels": ["commune"],
            "valid_from": "2018-01-01", "announced_on": "2018-01-01", "online_level": "full",
            "statutory_limit": {"unit": "working_day", "amount": 5}, "result": "Giấy", "workflow": steps,
        });
        let marked = |first: bool, second: bool| json!([
            step("Nhận", "clerk", false), step("Xem", "officer", first),
            step("Ký", "supervisor", second), step("Trả", "clerk", false),
        ]);
        let admin = office.token(Role::Administrator, "H37");
        let call = office.call("PUT", "/api/v1/procedures/1.000001").token(&admin);
        let wrong = call.body(version("1.000001", marked(true, true))).send().problem(400, "invalid-request");
        assert_eq!(wrong["errors"][0]["field"], "/workflow/2/decides", "{wrong}");
        let without_supervisor = json!([
            step("Nhận", "clerk", false), step("Xem", "officer", false), step("Soạn", "officer", false),
            step("Trả", "clerk", false),
        ]);
        let all = [
            ("1.000001", marked(true, false), 1),
            ("1.000002", marked(false, false), 2),
            ("1.000003", without_supervisor, 2),
            ("1.000004", json!([]), 1),
        ];
        let versions: Vec<_> = all.iter().map(|(code, steps, _)| version(code, steps.clone())).collect();
        motcua::imports::procedures(&office.world.store, json!(versions).to_string().as_bytes()).unwrap();
        for (code, _, deciding) in all {
            let dossier = office.receive(COMMUNE, code);
            for step in 1..=deciding {
                act(&office, &dossier, &supervisor, "hand-over", json!({"step": step})).expect(200);
                let grant = act(&office, &dossier, &supervisor, "finish", json!({"decision": "approved"}));
                assert_eq!(grant.status, if step == deciding { 200 } else { 409 }, "{code}, {step}");
            }
        }
    }
}

on_both! {
    fn everybody_is_offered_what_they_may_do_now_as_the_routes_are_named(db: &Database) {
        let mut office = Office::open(db);
        let [clerk, officer, supervisor] = [Role::Clerk, Role::Officer, Role::Supervisor]
            .map(|role| office.token(role, COMMUNE));
        let received = office.receive(COMMUNE, SAME_DAY);
        let path = format!("/api/v1/dossiers/{}", received["id"].as_str().unwrap());
        let offered = |token: &str| {
            let seen = office.call("GET", path.clone()).token(token).send().expect(200).json();
            let offered = seen["allowed_actions"].as_array().unwrap().clone();
            let offered: Vec<_> = offered.iter().map(|name| name.as_str().unwrap().to_owned()).collect();
            (offered, seen["may_approve"].as_bool().unwrap())
        };
        let has = |token: &str, name: &str| offered(token).0.iter().any(|offered| offered == name);
        assert_eq!(offered(&clerk), (received["allowed_actions"].as_array().unwrap().iter().map(|name| name.as_str().unwrap().to_owned()).collect(), false));
        assert!(has(&clerk, "hand-over") && has(&clerk, "withdraw") && !has(&officer, "hand-over"));
        act(&office, &received, &clerk, "hand-over", json!({"step": 1})).expect(200);
        for name in ["finish", "stop", "reappoint", "move", "hand-over"] {
            assert!(!has(&clerk, name), "{name}");
        }
        for name in ["finish", "stop", "reappoint", "hand-over", "request-supplement"] {
            assert!(has(&officer, name), "{name}");
        }
        assert!(!offered(&officer).1 && !offered(&supervisor).1);
        // What was used up is not offered again, and refused with what is possible instead.
        let again = json!({"reason": "chờ xác minh", "appointment_at": "2027-11-01T09:00:00+07:00"});
        act(&office, &received, &officer, "reappoint", again.clone()).expect(200);
        assert!(!has(&officer, "reappoint"));
        let refused = act(&office, &received, &officer, "reappoint", again).problem(409, "refused");
        assert_eq!(refused["reason"], "already_reappointed");
        assert_eq!(refused["allowed"], json!(offered(&officer).0));
        assert!(refused["detail"].as_str().unwrap().contains("bạn có thể: chuyển bước"), "{refused}");
        act(&office, &received, &officer, "hand-over", json!({"step": 2})).expect(200);
        assert!(!offered(&officer).1 && offered(&supervisor).1);
        let refused = act(&office, &received, &officer, "hand-over", json!({"step": 3})).problem(403, "forbidden");
        assert_eq!(refused["allowed"], json!(offered(&officer).0));
        // A deputy is offered what they may do in somebody's stead.
        let today = motcua::clock::now().date();
        let named = json!({"principal": "h37.20.01.supervisor", "deputy": "h37.20.01.officer", "from": today, "to": today});
        office.call("POST", "/api/v1/deputies").token(&supervisor).body(named).send().expect(201);
        assert!(has(&officer, "hand-over") && offered(&officer).1);
        act(&office, &received, &officer, "finish", json!({"decision": "approved"})).expect(200);
        assert_eq!(offered(&clerk).0, ["return", "fees/collect", "fees/waive", "fees/set", "correct-applicant", "correct-delegate"]);
    }
}

#[test]
fn every_action_of_the_table_has_its_route_and_everybody_the_same_permission() {
    for kind in ActionKind::ALL {
        let Some(permission) = kind.permission() else {
            continue;
        };
        let path = format!("/api/v1/dossiers/{{dossier}}/{}", kind.name());
        let route = table().into_iter().find(|route| route.path == path);
        let route = route.unwrap_or_else(|| panic!("{path}"));
        assert_eq!(route.access, Access::Staff(permission), "{path}");
    }
}
