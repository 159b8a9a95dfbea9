//! Procedures that give more time once verification turns out to be needed.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::support::{
    COMMUNE, NEIGHBOUR, Office, SAME_DAY, World, at, date, on_both, with_second_leg,
};
use motcua::domain::dossier::{Action, Dossier, ItemHandedIn, Refusal};
use motcua::domain::period::Period;
use motcua::domain::procedure::ProcedureDefinition;
use motcua::domain::role::Role;
use motcua::domain::time_limit::Outcome;
use motcua::error::Error;
use motcua::jobs::announce::announce;
use motcua::jobs::housekeeping;
use motcua::outgoing::Teller;
use motcua::outgoing::notices::NoticeSettings;
use motcua::outgoing::notices::notifier::NoticeTeller;
use motcua::reports::by::By;
use motcua::reports::on_time::on_time;
use motcua::reports::standings::Span;
use motcua::store::outbox::Kind;
use motcua::tools::verify::verify;

on_both! {
    fn verification_moves_the_due_moment_to_the_second_leg_once(db: &Database) {
        let world = World::new(db.store());
        with_second_leg(&world, SAME_DAY, 3);
        let mut office = Office::over(world, crate::support::Program::on(db));
        let clerk = office.token(Role::Clerk, COMMUNE);
        let officer = office.token(Role::Officer, COMMUNE);
        let dossier = office.receive(COMMUNE, SAME_DAY);
        let number = dossier["case_number"].as_str().unwrap().to_owned();
        let received = dossier["received_at"].as_str().unwrap().replace('+', "%2B");
        let preview = |procedure: &str| {
            let query = format!("procedure={procedure}&unit={COMMUNE}&received_at={received}");
            office.call("GET", format!("/api/v1/time-limit?{query}")).send().expect(200).json()
        };
        // The first leg holds, and the second is told and explained beforehand.
        let told = preview(SAME_DAY);
        let second = &told["verification"];
        assert_eq!(dossier["due_at"], told["due_at"]);
        assert_eq!(dossier["limit"], json!({"unit": "same_day"}));
        assert_eq!(second["limit"], json!({"unit": "working_day", "amount": 3}));
        assert_eq!(second["counting"]["counted_days"], 3);
        assert!(second["counting"]["text"].as_array().unwrap().len() > 2, "{second}");
        assert!(second["due_at"].as_str() > told["due_at"].as_str(), "{told}");

        let path = format!("/api/v1/dossiers/{number}");
        let act = |name: &str, token: &str, body: Value| {
            let call = office.call("POST", format!("{path}/{name}")).token(token);
            call.header("If-Match", "*").body(body).send()
        };
        let offers = |view: &Value| view["allowed_actions"].as_array().unwrap().contains(&json!("verify"));
        let view = || office.call("GET", path.clone()).token(&officer).send().expect(200).json();
        assert!(offers(&view()));
        let because = json!({"reason": "Chờ Công an xã xác minh chữ ký"});
        act("verify", &clerk, because.clone()).problem(403, "forbidden");
        let empty = act("verify", &officer, json!({"reason": " "})).problem(409, "refused");
        assert_eq!(empty["reason"], "reason_missing");
        let after = act("verify", &officer, because.clone()).expect(200).json();
        assert_eq!(after["due_at"], second["due_at"]);
        assert_eq!(after["limit"], second["limit"]);
        assert_eq!(after["verification_reason"], because["reason"]);
        assert!(!offers(&after));
        let again = act("verify", &officer, because.clone()).problem(409, "refused");
        assert_eq!(again["reason"], "verification_said");
        // Everybody says the same.
        let list = office.pages(&clerk, "/api/v1/dossiers?list=open", 50);
        let item = list.iter().find(|item| item["case_number"] == number.as_str()).unwrap();
        let code = after["look_up_code"].as_str().unwrap();
        let public = office.call("GET", format!("/api/v1/lookup?case_number={number}&code={code}")).send().expect(200).json();
        assert_eq!((&item["due_at"], &public["due_at"]), (&second["due_at"], &second["due_at"]));
        let history = office.call("GET", format!("{path}/events")).token(&clerk).send().expect(200).json();
        let events = history.as_array().or(history["items"].as_array()).unwrap();
        assert_eq!(events[events.len() - 1]["kind"], "verification_needed");

        // A procedure without a second leg.
        assert_eq!(preview("1.004884")["verification"], Value::Null);
        let other = office.receive(COMMUNE, "1.004884");
        let number = other["case_number"].as_str().unwrap();
        let call = office.call("POST", format!("/api/v1/dossiers/{number}/verify")).token(&officer);
        let refused = call.header("If-Match", "*").body(because).send().problem(409, "refused");
        assert_eq!(refused["reason"], "no_verification");
        assert_eq!(verify(&office.world.store, 5).unwrap().total, 0);
    }
}

fn because() -> String {
    "Chờ xác minh".to_owned()
}

fn verification() -> Action {
    Action::Verify { reason: because() }
}

fn by_mail() -> Arc<Vec<Box<dyn Teller>>> {
    let settings = NoticeSettings {
        look_up_link: "https://mc.example/{case_number}/{code}".to_owned(),
        kinds: [Kind::Email].into(),
    };
    Arc::new(vec![Box::new(NoticeTeller { settings })])
}

on_both! {
    fn the_second_leg_is_told_and_judged_and_survives_what_follows(db: &Database) {
        let world = World::new(db.store());
        with_second_leg(&world, "1.001193", 3);
        with_second_leg(&world, "1.004884", 8);
        let begun = |unit: &str, procedure: &str, received: &str| {
            let mut request = world.request(unit, procedure);
            request.applicant.email = Some("anh@example.vn".to_owned());
            let dossier = world.try_request(&request, at(received)).unwrap();
            world.begin(dossier.id, at(received).plus_millis(60_000))
        };
        let act = |dossier: &Dossier, when: &str, action: Action| world.act(dossier.id, at(when), action);
        // Wednesday: due at its close; with verification three working days later.
        let birth = begun(COMMUNE, "1.001193", "2021-03-10 08:00");
        assert_eq!(birth.due(), Some(at("2021-03-10 17:00")));
        let verified = act(&birth, "2021-03-10 16:00", verification()).unwrap();
        assert_eq!(verified.due(), Some(at("2021-03-15 17:00")));
        announce(&world.store, &by_mail(), at("2021-03-10 16:01")).unwrap();
        let letter = db.value("select body from outbox where topic = 'date_moved'");
        for part in ["17:00 ngày 10/03/2021", "17:00 ngày 15/03/2021", "Chờ xác minh"] {
            assert!(letter.contains(part), "{part}: {letter}");
        }
        // Past its due moment it keeps it: that is on record, and nobody is promised anything.
        let late = begun(NEIGHBOUR, "1.001193", "2021-03-10 08:00");
        let late = act(&late, "2021-03-11 09:00", verification()).unwrap();
        assert_eq!((late.due(), late.is_overdue()), (Some(at("2021-03-10 17:00")), true));
        announce(&world.store, &by_mail(), at("2021-03-11 09:01")).unwrap();
        assert_eq!(db.value("select count(*) from outbox where topic = 'date_moved'"), "1");
        let report = |now: &str| {
            let period = Period::new(date("2021-03-01"), date("2021-03-31")).unwrap();
            on_time(&world.store, By::Level, Span::new(period, None, at(now)).unwrap(), None).unwrap().total
        };
        let open = report("2021-03-12 08:00");
        assert_eq!((open.in_progress(), open.in_progress_overdue), (2, 1));
        // Another calendar moves the second leg, and makes nothing in time that was overdue.
        let text = String::from_utf8(motcua::config::bundled::CALENDAR.to_vec()).unwrap();
        motcua::imports::calendar(&world.store, format!("{text}2021-03-12,off,Nghỉ\n").as_bytes()).unwrap();
        motcua::jobs::queue::recompute_due_moments(&world.store, at("2021-03-11 10:00")).unwrap();
        let state = |dossier: &Dossier| {
            let found = world.store.read(|conn| motcua::store::events::replay(conn, dossier.id));
            found.unwrap().unwrap().0
        };
        assert_eq!(state(&birth).due(), Some(at("2021-03-16 17:00")));
        assert!(state(&late).is_overdue());
        assert_eq!(world.finish(birth.id, at("2021-03-16 16:00")).outcome, Some(Outcome::OnTime));
        assert_eq!(world.finish(late.id, at("2021-03-16 16:00")).outcome, Some(Outcome::Overdue));

        // Five days, eight with verification; a supplement starts the longer limit anew, and it is said only once.
        let again = begun(COMMUNE, "1.004884", "2021-03-15 08:00");
        let verified = act(&again, "2021-03-16 08:00", verification()).unwrap();
        assert_eq!((again.due(), verified.due()), (Some(at("2021-03-22 17:00")), Some(at("2021-03-25 17:00"))));
        let ask = Action::RequestSupplement { reason: because(), items: vec![], exception: None };
        act(&again, "2021-03-17 08:00", ask).unwrap();
        let take = Action::TakeSupplement { items: vec![ItemHandedIn(0, 1, 0).into()], reason: String::new() };
        let taken = act(&again, "2021-03-22 08:00", take).unwrap();
        assert_eq!(taken.due(), Some(at("2021-04-01 17:00")));
        let refused = act(&again, "2021-03-22 09:00", verification());
        assert!(matches!(refused, Err(Error::Refused(Refusal::VerificationSaid, _))), "{refused:?}");
        // An appointment that the second leg goes past has lapsed.
        let moved = begun(NEIGHBOUR, "1.004884", "2021-03-15 08:00");
        let reappoint = Action::Reappoint { reason: because(), appointment: at("2021-03-23 17:00") };
        act(&moved, "2021-03-16 08:00", reappoint).unwrap();
        let verified = act(&moved, "2021-03-17 08:00", verification()).unwrap();
        assert_eq!((verified.due(), verified.appointment), (Some(at("2021-03-25 17:00")), None));
        housekeeping::run(&world.store, at("2021-04-05 08:00")).unwrap();
        assert_eq!(verify(&world.store, 5).unwrap().total, 0);
        let closed = report("2021-04-05 08:00");
        assert_eq!((closed.on_time, closed.overdue, closed.in_progress_overdue), (1, 1, 1));
    }
}

#[test]
fn a_second_leg_that_is_none_is_named() {
    let definition = |second: Value| -> ProcedureDefinition {
        serde_json::from_value(json!({
            "code": "1.000001", "name": "Thử", "field": "Thử", "levels": ["commune"],
            "valid_from": "2018-01-01", "announced_on": "2018-01-01", "online_level": "full",
            "statutory_limit": {"unit": "working_day", "amount": 5}, "result": "Giấy",
            "verification_limit": second,
        }))
        .unwrap()
    };
    let wrong = |second: Value| {
        let wrong = definition(second).check();
        wrong
            .into_iter()
            .map(|wrong| wrong.pointer)
            .collect::<Vec<_>>()
    };
    assert!(wrong(json!({"unit": "working_day", "amount": 8})).is_empty());
    assert!(wrong(json!({"unit": "calendar_day", "amount": 4})).is_empty());
    for second in [
        json!({"unit": "working_day", "amount": 5}),
        json!({"unit": "same_day"}),
        json!({"unit": "none"}),
        json!({"unit": "hour"}),
        json!({"unit": "calendar_day", "amount": 4.5}),
    ] {
        assert_eq!(wrong(second.clone()), ["/verification_limit"], "{second}");
    }
}
