//! In whose hands a dossier is: within a step, when somebody leaves or moves, when their unit ends; and what was closed late.

use chrono::Days;
use serde_json::{Value, json};

use crate::support::{
    COMMUNE, FOREIGN, NEIGHBOUR, Office, SAME_DAY, Visitor, act, at, fields, get, held, hire,
    is_page, on_both, password, path, staff,
};
use motcua::domain::dossier::{Action, Channel};
use motcua::domain::role::Role;
use motcua::{acts, tools};

const OFFICER: &str = "h37.20.01.officer";
const SECOND: &str = "second.officer";

fn numbers(office: &Office, token: &str, query: &str) -> Vec<Value> {
    let rows = office.pages(token, &format!("/api/v1/dossiers?{query}"), 50);
    let mut numbers: Vec<_> = rows.iter().map(|row| row["case_number"].clone()).collect();
    numbers.sort_by_key(ToString::to_string);
    numbers
}

/// One more officer of the commune; their token.
fn second_officer(office: &Office) -> String {
    let mut new = staff(Role::Officer, COMMUNE);
    new.username = SECOND.to_owned();
    new.password = Some(password(SECOND));
    acts::staff::create(&office.world.store, new, None, None, motcua::clock::now()).unwrap();
    let session = office.log_in(SECOND, &password(SECOND)).expect(201).json();
    session["token"].as_str().unwrap().to_owned()
}

/// A dossier at the officer's step, in the hands of the officer.
fn in_hand(office: &mut Office) -> Value {
    let clerk = office.token(Role::Clerk, COMMUNE);
    office.token(Role::Officer, COMMUNE);
    let dossier = office.receive(COMMUNE, SAME_DAY);
    let to = json!({"step": 1, "assignee": OFFICER});
    act(office, &clerk, &dossier, "hand-over", to)
        .expect(200)
        .json()
}

fn hands(office: &Office, token: &str, username: &str) -> Value {
    let page = get(office, token, "/api/v1/hands?limit=200");
    let items = page["items"].as_array().unwrap().iter();
    let mut found = items.filter(|item| item["username"] == username).cloned();
    found.next().unwrap()
}

fn verified(office: &Office) {
    let report = tools::verify::verify(&office.world.store, 10).unwrap();
    assert_eq!(report.findings, []);
}

on_both! {
    fn what_is_sent_back_comes_to_who_had_handed_it_on(db: &Database) {
        let mut office = Office::open(db);
        let dossier = in_hand(&mut office);
        let [clerk, officer] = [Role::Clerk, Role::Officer].map(|role| office.token(role, COMMUNE));
        let administrator = office.token(Role::Administrator, "H37");
        let back = |body: Value| act(&office, &officer, &dossier, "hand-over", body).expect(200).json();
        let now = back(json!({"step": 0, "note": "Thiếu chữ ký"}));
        assert_eq!(now["assignee"]["username"], "h37.20.01.clerk");
        // Whoever else is named is meant; who cannot have it any more gets nothing.
        act(&office, &clerk, &dossier, "hand-over", json!({"step": 1, "assignee": OFFICER})).expect(200);
        assert_eq!(back(json!({"step": 0, "note": "x", "assignee": OFFICER}))["assignee"]["username"], OFFICER);
        act(&office, &clerk, &dossier, "hand-over", json!({"step": 1, "assignee": OFFICER})).expect(200);
        let call = office.call("PATCH", "/api/v1/users/h37.20.01.clerk").token(&administrator).header("If-Match", "*");
        call.body(json!({"disabled": true})).send().expect(200);
        assert_eq!(back(json!({"step": 0, "note": "Thiếu chữ ký"}))["assignee"], Value::Null);
        verified(&office);
    }
}

on_both! {
    fn hands_change_within_a_step_and_on_record(db: &Database) {
        let mut office = Office::open(db);
        let dossier = in_hand(&mut office);
        let second = second_officer(&office);
        let [clerk, officer, supervisor] = [Role::Clerk, Role::Officer, Role::Supervisor].map(|role| office.token(role, COMMUNE));
        let next_door = office.token(Role::Supervisor, NEIGHBOUR);
        let to = |token: &str, whom: Value, reason: &str| {
            act(&office, token, &dossier, "assign", json!({"assignee": whom, "reason": reason}))
        };
        let offered = |token: &str| {
            let view = get(&office, token, &path(&dossier));
            view["allowed_actions"].as_array().unwrap().contains(&json!("assign"))
        };
        // Whose it is not.
        for token in [&clerk, &second] {
            assert!(!offered(token));
            assert_eq!(to(token, json!(SECOND), "tôi rảnh").problem(403, "forbidden")["reason"], "hands_of_others");
        }
        to(&next_door, json!(SECOND), "x").problem(403, "forbidden");
        for token in [&officer, &supervisor] {
            assert!(offered(token));
        }
        // To somebody who can have it, and has not.
        for whom in ["nobody", "h37.20.02.supervisor"] {
            assert_eq!(fields(&to(&officer, json!(whom), "").problem(400, "invalid-request")), ["/assignee"]);
        }
        assert_eq!(to(&officer, json!(OFFICER), "").problem(409, "refused")["reason"], "hands_unchanged");
        // Who has it needs no reason, others do.
        let view = to(&officer, json!(SECOND), "").expect(200).json();
        assert_eq!((&view["assignee"]["username"], &view["step"]["index"]), (&json!(SECOND), &json!(1)));
        assert_eq!(view["step"]["due_at"], dossier["step"]["due_at"]);
        assert_eq!(to(&supervisor, json!(OFFICER), " ").problem(409, "refused")["reason"], "reason_missing");
        to(&supervisor, json!(OFFICER), "Chị Lan nghỉ ốm").expect(200);
        let events = get(&office, &officer, &format!("{}/events", path(&dossier)));
        let last = events.as_array().unwrap().last().unwrap();
        assert_eq!(last["kind"], "hands_changed");
        assert_eq!(last["staff"]["username"], "h37.20.01.supervisor");
        assert_eq!(last["data"], json!({"assignee_before": SECOND, "assignee": OFFICER, "reason": "Chị Lan nghỉ ốm"}));
        // A deputy of who has it.
        let today = motcua::clock::now().date();
        let deputy = json!({"principal": OFFICER, "deputy": SECOND, "from": today, "to": today + Days::new(1)});
        office.call("POST", "/api/v1/deputies").token(&supervisor).body(deputy).send().expect(201);
        assert!(offered(&second));
        assert_eq!(to(&second, json!(SECOND), "").problem(409, "refused")["reason"], "reason_missing");
        to(&second, json!(SECOND), "làm thay").expect(200);
        // What nobody has is taken by whose the step is.
        to(&second, Value::Null, "").expect(200);
        assert!(!offered(&clerk));
        to(&officer, json!(OFFICER), "").expect(200);
        // While the applicant is asked for something, too.
        act(&office, &officer, &dossier, "request-supplement", json!({"reason": "thiếu"})).expect(200);
        to(&supervisor, json!(SECOND), "x").expect(200);
        // Outside of the house nobody hears of it.
        let code = dossier["look_up_code"].as_str().unwrap();
        let number = dossier["case_number"].as_str().unwrap();
        let seen = office.call("GET", format!("/api/v1/lookup?case_number={number}&code={code}")).send().expect(200);
        assert!(!seen.body.contains("Đổi người"), "{}", seen.body);
        verified(&office);
    }
}

on_both! {
    fn who_stands_in_for_whom_is_said_on_a_page(db: &Database) {
        let office = Office::for_browsers(db);
        hire(&office.world, Role::Officer, COMMUNE);
        second_officer(&office);
        let leader = Visitor::hire(&office, Role::Supervisor, COMMUNE);
        let shown = leader.get("/lam-thay").expect(200).body;
        assert!(shown.contains("Hiện không có ai làm thay ai"), "{shown}");
        let key = held(&shown, "key");
        let today = motcua::clock::now().date();
        let day = |days| (today + Days::new(days)).format("%d/%m/%Y").to_string();
        let post = |from: &str, to: &str| {
            leader.post("/lam-thay", &[("principal", OFFICER), ("deputy", SECOND), ("from", from), ("to", to), ("key", &key)])
        };
        let wrong = post(&day(2), &day(1));
        is_page(&wrong, 400);
        assert!(wrong.body.contains("href=\"#to\""), "{}", wrong.body);
        let named = leader.follow(post(&day(0), &day(1))).body;
        assert!(named.contains(&day(1)) && named.contains("Thôi cử"), "{named}");
        let end = named.split("action=\"/lam-thay/").nth(1).unwrap().split('"').next().unwrap();
        let ended = leader.follow(leader.post(&format!("/lam-thay/{end}"), &[])).body;
        assert!(ended.contains("Hiện không có ai làm thay ai"), "{ended}");
        assert!(ended.contains("Đã qua (1)") && ended.contains("(thôi cử)"), "{ended}");
        // It is for those who lead.
        is_page(&Visitor::hire(&office, Role::Clerk, COMMUNE).get("/lam-thay"), 403);
    }
}

on_both! {
    fn several_are_given_to_whom_all_of_them_may_be_given(db: &Database) {
        let mut office = Office::for_browsers(db);
        for (role, unit) in [(Role::Officer, COMMUNE), (Role::Officer, NEIGHBOUR), (Role::Officer, "H37")] {
            hire(&office.world, role, unit);
        }
        let [here, there] = [COMMUNE, NEIGHBOUR].map(|unit| office.receive(unit, SAME_DAY)["case_number"].as_str().unwrap().to_owned());
        let leader = Visitor::hire(&office, Role::Supervisor, "H37");
        let offered = |numbers: &[&String]| {
            let chosen = numbers.iter().map(|number| format!("&dossier={number}")).collect::<String>();
            leader.get(&format!("/ho-so/nhieu?viec=giao{chosen}")).expect(200).body
        };
        let neighbour = format!("{}.officer", NEIGHBOUR.to_lowercase());
        let one = offered(&[&here]);
        assert!(one.contains(OFFICER) && !one.contains(&neighbour) && !one.contains("h37.officer"), "{one}");
        // Of several units each with its unit: nobody has them all.
        let both = offered(&[&here, &there]);
        assert!(both.contains(OFFICER) && both.contains(&neighbour) && both.contains("Hoàng Văn Thụ ("), "{both}");
    }
}

on_both! {
    fn what_a_leaver_has_is_listed_and_goes_to_a_colleague(db: &Database) {
        let mut office = Office::open(db);
        let made: Vec<Value> = (0..3).map(|_| in_hand(&mut office)).collect();
        let nobodys = office.receive(COMMUNE, SAME_DAY);
        second_officer(&office);
        hire(&office.world, Role::Officer, NEIGHBOUR);
        let [clerk, supervisor] = [Role::Clerk, Role::Supervisor].map(|role| office.token(role, COMMUNE));
        let administrator = office.token(Role::Administrator, "H37");
        let all: Vec<_> = made.iter().map(|one| one["case_number"].clone()).collect();
        assert_eq!(numbers(&office, &clerk, &format!("list=open&assignee={OFFICER}")), all);
        assert_eq!(numbers(&office, &clerk, &format!("assignee={OFFICER}")), all);
        assert_eq!(numbers(&office, &clerk, &format!("list=open&assignee={SECOND}")), Vec::<Value>::new());
        assert_eq!(numbers(&office, &clerk, "list=open&unassigned=true"), [nobodys["case_number"].clone()]);
        for query in ["assignee=nobody", &format!("assignee={OFFICER}&mine=true")] {
            let call = office.call("GET", format!("/api/v1/dossiers?{query}")).token(&clerk);
            assert_eq!(fields(&call.send().problem(400, "invalid-request")), ["assignee"]);
        }
        assert_eq!(hands(&office, &supervisor, OFFICER)["open"], 3);
        office.call("GET", "/api/v1/hands").token(&clerk).send().problem(403, "forbidden");

        let user = format!("/api/v1/users/{OFFICER}");
        let file = get(&office, &administrator, &user);
        assert_eq!(file["open_dossiers"], 3);
        let change = |body: Value| {
            let call = office.call("PATCH", user.as_str()).token(&administrator);
            call.header("If-Match", "*").body(body).send()
        };
        for (body, what) in [
            (json!({"disabled": true, "hands_to": "nobody"}), "no such person"),
            (json!({"disabled": true, "hands_to": OFFICER}), "themselves"),
            (json!({"disabled": true, "hands_to": "h37.20.01.clerk"}), "another role"),
            (json!({"disabled": true, "hands_to": "h37.20.02.officer"}), "another unit"),
            (json!({"full_name": "Lan", "hands_to": SECOND}), "who stays"),
        ] {
            let wrong = change(body).problem(400, "invalid-request");
            assert_eq!(fields(&wrong), ["/hands_to"], "{what}");
        }
        // The tag of an account does not change with what its owner has in hand.
        let tag = office.call("GET", user.as_str()).token(&administrator).send().header("etag").to_owned();
        act(&office, &supervisor, &made[2], "assign", json!({"assignee": SECOND, "reason": "x"})).expect(200);
        let call = office.call("PATCH", user.as_str()).token(&administrator).header("If-Match", &tag);
        let left = call.body(json!({"disabled": true})).send().expect(200).json();
        // Without a colleague it stays, and the answer says how many.
        assert_eq!((&left["open_dossiers"], &left["job"]), (&json!(2), &Value::Null));
        assert_eq!(hands(&office, &supervisor, OFFICER)["open"], 2);
        let hand_on = |token: &str, body: Value| office.call("POST", format!("{user}/hand-on")).token(token).body(body).send();
        hand_on(&clerk, json!({"to": SECOND, "reason": "x"})).problem(403, "forbidden");
        assert_eq!(fields(&hand_on(&supervisor, json!({"to": SECOND, "reason": " "})).problem(400, "invalid-request")), ["/reason"]);
        let handed_on = hand_on(&supervisor, json!({"to": SECOND, "reason": "Nghỉ hưu"})).expect(200).json();
        assert_eq!(handed_on["open_dossiers"], 2);
        let job = office.job_done(&format!("/api/v1/jobs/{}", handed_on["job"].as_str().unwrap()), &administrator);
        assert_eq!((&job["kind"], &job["changed"]), (&json!("hands"), &json!(2)));
        assert_eq!(numbers(&office, &clerk, &format!("list=open&assignee={SECOND}")), all);
        let events = get(&office, &clerk, &format!("{}/events", path(&made[0])));
        let last = events.as_array().unwrap().last().unwrap();
        assert_eq!(last["data"], json!({"assignee_before": OFFICER, "assignee": SECOND, "cause": "left", "reason": "Nghỉ hưu"}));
        assert_eq!(last["staff"]["username"], "h37.20.01.supervisor");
        // Both at once.
        let user = format!("/api/v1/users/{SECOND}");
        let call = office.call("PATCH", user).token(&administrator).header("If-Match", "*");
        let left = call.body(json!({"disabled": true, "hands_to": "h37.20.01.supervisor"})).send().expect(200).json();
        assert_eq!(left["open_dossiers"], 3);
        office.job_done(&format!("/api/v1/jobs/{}", left["job"].as_str().unwrap()), &administrator);
        assert_eq!(numbers(&office, &supervisor, "list=open&mine=true"), all);
        assert_eq!(db.value("select count(*) from admin_acts where kind = 'handed_on'"), "2");
        verified(&office);
    }
}

on_both! {
    fn people_move_with_their_unit_and_leave_what_they_cannot_read(db: &Database) {
        let mut office = Office::open(db);
        let dossier = in_hand(&mut office);
        let closed = in_hand(&mut office);
        second_officer(&office);
        let [clerk, supervisor] = [Role::Clerk, Role::Supervisor].map(|role| office.token(role, COMMUNE));
        let administrator = office.token(Role::Administrator, "H37");
        let below = office.token(Role::Administrator, COMMUNE);
        act(&office, &supervisor, &closed, "stop", json!({"reason": "x"})).expect(200);
        let call = |token: &str, what: &str, body: Value| {
            let path = format!("/api/v1/units/{COMMUNE}/staff-move{what}");
            office.call("POST", path).token(token).body(body).send()
        };
        for what in ["", "/preview"] {
            call(&supervisor, what, json!({"to": NEIGHBOUR})).problem(403, "forbidden");
            call(&below, what, json!({"to": NEIGHBOUR})).problem(403, "forbidden");
            for (body, field) in [
                (json!({"to": "H99"}), "/to"),
                (json!({"to": COMMUNE}), "/to"),
                (json!({"to": NEIGHBOUR, "only": [OFFICER, "nobody"]}), "/only/1"),
            ] {
                assert_eq!(fields(&call(&administrator, what, body).problem(400, "invalid-request")), [field]);
            }
        }
        let mover = |answer: &Value, username: &str| {
            let staff = answer["staff"].as_array().unwrap().iter();
            staff.clone().find(|one| one["username"] == username).map(|one| (one["open"].clone(), one["out_of_reach"].clone()))
        };
        let seen = call(&administrator, "/preview", json!({"to": NEIGHBOUR})).expect(200).json();
        assert_eq!(seen["staff"].as_array().unwrap().len(), 5, "{seen}");
        assert_eq!(mover(&seen, OFFICER), Some((json!(1), json!(1))));
        let above = call(&administrator, "/preview", json!({"to": "H37.20"})).expect(200).json();
        assert_eq!(mover(&above, OFFICER), Some((json!(1), json!(0))));
        assert_eq!(get(&office, &clerk, &path(&dossier))["version"], dossier["version"]);

        let moved = call(&administrator, "", json!({"to": NEIGHBOUR, "only": [OFFICER, SECOND]})).expect(200).json();
        assert_eq!(moved["staff"].as_array().unwrap().len(), 2);
        office.job_done(&format!("/api/v1/jobs/{}", moved["job"].as_str().unwrap()), &administrator);
        let view = get(&office, &clerk, &path(&dossier));
        assert_eq!(view["assignee"], Value::Null);
        let events = get(&office, &clerk, &format!("{}/events", path(&dossier)));
        let last = events.as_array().unwrap().last().unwrap();
        assert_eq!(last["data"], json!({"assignee_before": OFFICER, "cause": "out_of_reach"}));
        assert_eq!(get(&office, &administrator, &format!("/api/v1/users/{OFFICER}"))["unit"]["code"], NEIGHBOUR);
        // Who had it when it was closed did have it, until it is opened again.
        assert_eq!(get(&office, &clerk, &path(&closed))["assignee"]["username"], OFFICER);
        act(&office, &supervisor, &closed, "undo", json!({"reason": "nhầm"})).expect(200);
        assert_eq!(get(&office, &clerk, &path(&closed))["assignee"], Value::Null);
        // Another role is as far away as another unit.
        act(&office, &supervisor, &closed, "assign", json!({"assignee": "h37.20.01.supervisor"})).expect(200);
        let change = office.call("PATCH", "/api/v1/users/h37.20.01.supervisor").token(&administrator);
        let change = change.header("If-Match", "*").body(json!({"role": "administrator"})).send().expect(200).json();
        office.job_done(&format!("/api/v1/jobs/{}", change["job"].as_str().unwrap()), &administrator);
        assert_eq!(get(&office, &clerk, &path(&closed))["assignee"], Value::Null);
        assert_eq!(db.value("select count(*) from admin_acts where kind = 'staff_moved'"), "1");
        verified(&office);
    }
}

on_both! {
    fn a_tree_that_changes_takes_dossiers_out_of_hands_that_cannot_reach_them(db: &Database) {
        let mut office = Office::open(db);
        let dossier = office.receive(COMMUNE, SAME_DAY);
        let clerk = office.token(Role::Clerk, COMMUNE);
        office.token(Role::Officer, "H37.20");
        let administrator = office.token(Role::Administrator, "H37");
        let to = json!({"step": 1, "assignee": "h37.20.officer"});
        act(&office, &clerk, &dossier, "hand-over", to).expect(200);
        let call = office.call("PATCH", format!("/api/v1/units/{COMMUNE}")).token(&administrator);
        call.header("If-Match", "*").body(json!({"parent": "H37.21"})).send().expect(202);
        let gone = || get(&office, &clerk, &path(&dossier))["assignee"] == Value::Null;
        for _ in 0..600 {
            if gone() {
                break;
            }
            std::thread::sleep(std::time::Duration::from_millis(100));
        }
        assert!(gone());
        verified(&office);
    }
}

on_both! {
    fn a_successor_returns_what_waits_and_reads_the_archive(db: &Database) {
        let mut office = Office::open(db);
        let [clerk, supervisor] = [Role::Clerk, Role::Supervisor].map(|role| office.token(role, COMMUNE));
        let heirs = [Role::Clerk, Role::Officer, Role::Supervisor].map(|role| office.token(role, NEIGHBOUR));
        let [heir, heir_officer, heir_supervisor] = &heirs;
        let foreign = office.token(Role::Clerk, FOREIGN);
        let administrator = office.token(Role::Administrator, "H37");
        let open = in_hand(&mut office);
        let finished = |office: &mut Office| {
            let dossier = in_hand(office);
            let refuse = json!({"decision": "refused", "reason": "không đủ điều kiện"});
            act(office, &supervisor, &dossier, "finish", refuse).expect(200).json()
        };
        let [waiting, undone, archived] = [(); 3].map(|()| finished(&mut office));
        act(&office, &clerk, &archived, "return", json!({})).expect(200);
        let read = |token: &str, dossier: &Value| office.call("GET", path(dossier)).token(token).send();
        for dossier in [&waiting, &archived] {
            read(heir, dossier).problem(403, "forbidden");
        }
        let complaint = json!({"unit": COMMUNE, "content": "Chờ hai giờ", "name": "Nguyễn Thị Ánh", "phone": "0912345678"});
        office.call("POST", "/api/v1/feedback").body(complaint).send().expect(201);
        let today = motcua::clock::now().date();
        let end = json!({"valid_to": today - Days::new(1), "successor": NEIGHBOUR});
        let call = office.call("PATCH", format!("/api/v1/units/{COMMUNE}")).token(&administrator);
        let ended = call.header("If-Match", "*").body(end).send().expect(202);
        office.job_done(ended.header("location"), &administrator);

        // What is open or waits has moved, and out of the hands of who cannot have it there.
        for dossier in [&open, &waiting, &undone] {
            let view = read(heir, dossier).expect(200).json();
            assert_eq!((&view["unit"]["code"], &view["holder"]["code"]), (&json!(NEIGHBOUR), &json!(NEIGHBOUR)), "{view}");
        }
        let view = read(heir, &open).expect(200).json();
        assert_eq!(view["assignee"], Value::Null);
        let events = get(&office, heir, &format!("{}/events", path(&open)));
        assert_eq!(events.as_array().unwrap().last().unwrap()["kind"], "hands_changed");
        // Who had a result in hand is still said.
        assert_eq!(read(heir, &waiting).expect(200).json()["assignee"]["username"], OFFICER);
        act(&office, heir, &waiting, "return", json!({})).expect(200);
        // A closing that is undone with the successor is the successor's open dossier.
        let mistake = json!({"reason": "kết luận nhầm"});
        act(&office, heir, &undone, "undo", mistake.clone()).problem(403, "forbidden");
        act(&office, heir_officer, &undone, "undo", mistake).expect(200);

        // The archive stays where it was, and is read by who goes on with it.
        let view = read(heir, &archived).expect(200).json();
        assert_eq!((&view["unit"]["code"], &view["status"]), (&json!(COMMUNE), &json!("returned")));
        get(&office, heir, &format!("{}/events", path(&archived)));
        get(&office, heir, &format!("{}/identities", path(&archived)));
        read(&foreign, &archived).problem(403, "forbidden");
        assert!(numbers(&office, heir, "list=all").contains(&archived["case_number"]));
        assert_eq!(numbers(&office, heir, &format!("unit={COMMUNE}")), [archived["case_number"].clone()]);
        for text in [archived["case_number"].as_str().unwrap(), "nguyen thi anh"] {
            let call = office.call("POST", "/api/v1/dossiers/search").token(heir);
            let found = call.body(json!({"text": text})).send().expect(200).json();
            let found: Vec<_> = found["items"].as_array().unwrap().iter().map(|one| &one["id"]).collect();
            assert!(found.contains(&&archived["id"]), "{text}: {found:?}");
        }
        // A return that was a mistake is taken back by them too; then it waits, and moves.
        act(&office, heir_supervisor, &archived, "undo", json!({"reason": "chưa trả"})).expect(200);
        motcua::jobs::housekeeping::run(&office.world.store, motcua::clock::now()).unwrap();
        assert_eq!(read(heir, &archived).expect(200).json()["unit"]["code"], NEIGHBOUR);

        // What people said to the old unit is for the new one to answer.
        let said = office.pages(heir_officer, "/api/v1/feedback", 10);
        assert_eq!(said.len(), 1);
        let details = format!("/api/v1/feedback/{}/details", said[0]["id"].as_str().unwrap());
        get(&office, heir_officer, &details);
        let path = format!("/api/v1/reports/on-time?from={today}&to={today}&unit={COMMUNE}");
        get(&office, heir_supervisor, &path);

        // Every dossier is counted once: what was closed at the old unit stays closed there, but for what was undone.
        let province = office.token(Role::Supervisor, "H37");
        let counts = |unit: &str| {
            let path = format!("/api/v1/reports/on-time?from={today}&to={today}&by=unit&unit={unit}");
            let report = get(&office, &province, &path);
            let total = &report["total"];
            (total["received"].clone(), total["resolved"].clone(), total["in_progress"].clone())
        };
        assert_eq!(counts(COMMUNE), (json!(2), json!(2), json!(0)));
        assert_eq!(counts(NEIGHBOUR), (json!(2), json!(0), json!(2)));
        verified(&office);
    }
}

on_both! {
    fn what_was_closed_late_is_listed_with_who_had_it_and_how_late(db: &Database) {
        let mut office = Office::open(db);
        let world = &office.world;
        let officer = hire(world, Role::Officer, COMMUNE);
        let officer = world.store.read(|conn| motcua::store::users::by_username(conn, &officer)).unwrap().unwrap().user.id;
        // Due the same day at 17:00.
        let close = |when: &str, hand: bool| {
            let dossier = world.receive_at(COMMUNE, SAME_DAY, at("2021-03-01 08:00"));
            let action = Action::HandOver { step: 1, assignee: hand.then_some(officer), note: String::new() };
            world.act(dossier.id, at("2021-03-01 09:00"), action).unwrap();
            world.refuse(dossier.id, at(when));
            dossier
        };
        let in_time = close("2021-03-01 16:00", true);
        let a_day = close("2021-03-02 17:00", true);
        let half = close("2021-03-04 12:00", false);
        let later = close("2021-04-01 10:00", true);
        world.act(half.id, at("2021-03-04 15:00"), Action::Return { channel: Channel::Direct }).unwrap();
        let supervisor = office.token(Role::Supervisor, COMMUNE);
        let number = |dossier: &motcua::domain::dossier::Dossier| json!(dossier.case_number.as_str());
        assert_eq!(numbers(&office, &supervisor, "list=closed_late"), [number(&a_day), number(&half), number(&later)]);
        let march = "list=closed_late&closed_from=2021-03-01&closed_to=2021-03-31";
        assert_eq!(numbers(&office, &supervisor, march), [number(&a_day), number(&half)]);
        assert_eq!(numbers(&office, &supervisor, &format!("{march}&assignee={OFFICER}")), [number(&a_day)]);
        let page = get(&office, &supervisor, &format!("/api/v1/dossiers?{march}"));
        // Newest first, in working hours.
        let late: Vec<_> = page["items"].as_array().unwrap().iter().map(|item| item["late_hours"].clone()).collect();
        assert_eq!(late, [json!(20), json!(8)]);
        let row = get(&office, &supervisor, &format!("/api/v1/dossiers?unit={COMMUNE}&closed_to=2021-03-01"));
        assert_eq!((&row["items"][0]["case_number"], &row["items"][0]["late_hours"]), (&number(&in_time), &Value::Null));
        let foreign = office.token(Role::Supervisor, FOREIGN);
        assert_eq!(numbers(&office, &foreign, "list=closed_late"), Vec::<Value>::new());

        let report = |token: &str, more: &str| {
            let path = format!("/api/v1/reports/closed-late?from=2021-03-01&to=2021-03-31{more}");
            office.call("GET", path).token(token).send().expect(200)
        };
        let by_officer = report(&supervisor, "").json();
        assert_eq!(by_officer["officers"], json!([
            {"username": "", "full_name": "Không giao cho ai", "dossiers": 1, "hours": 20, "longest_hours": 20},
            {"username": OFFICER, "full_name": "officer H37.20.01", "dossiers": 1, "hours": 8, "longest_hours": 8},
        ]));
        let each = report(&supervisor, "&by=dossier").json();
        assert_eq!(each["dossiers"][1]["case_number"], number(&a_day));
        assert_eq!(each["dossiers"][1]["hours"], 8);
        assert_eq!(report(&foreign, "").json()["total"], 0);
        let text = report(&supervisor, "&format=text").body;
        assert!(text.contains("officer H37.20.01") && text.contains("2,5"), "{text}");
        let csv = report(&supervisor, "&by=dossier&format=csv").body;
        assert!(csv.lines().count() == 3 && csv.contains(a_day.case_number.as_str()), "{csv}");
    }
}
