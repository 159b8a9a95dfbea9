//! Receipt regardless of boundary (tiếp nhận phi địa giới hành chính): one unit's desk takes in what another resolves.

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::support::{
    COMMUNE, FOREIGN, NEIGHBOUR, Office, Program, SAME_DAY, World, at, date, on_both,
};
use motcua::acts::receive::NewRequest;
use motcua::domain::dossier::{Action, Decision, Dossier, Refusal};
use motcua::domain::moment::{Moment, WorkingTime};
use motcua::domain::period::Period;
use motcua::domain::role::Role;
use motcua::error::Error;
use motcua::reports::by::By;
use motcua::reports::on_time::on_time;
use motcua::reports::standings::Span;
use motcua::tools;

/// Five working days.
const FIVE_DAYS: &str = "1.004884";

/// From 2026 on, any desk takes these in.
pub fn list_procedures(world: &World, codes: &[&str]) {
    let all: Vec<Value> = serde_json::from_slice(motcua::config::bundled::PROCEDURES).unwrap();
    let versions = all.into_iter().filter(|definition| {
        let code = definition["code"].as_str();
        code.is_some_and(|code| codes.contains(&code))
    });
    let versions = versions.map(|mut definition| {
        definition["valid_from"] = json!("2026-01-01");
        definition["announced_on"] = json!("2025-12-01");
        definition["received_elsewhere"] = json!(true);
        definition
    });
    let versions: Vec<Value> = versions.collect();
    assert_eq!(versions.len(), codes.len());
    let bytes = serde_json::to_vec(&versions).unwrap();
    motcua::imports::procedures(&world.store, &bytes).unwrap();
}

/// Handed in at the neighbour's desk for the commune, on its way there.
fn elsewhere(world: &World, procedure: &str) -> NewRequest {
    NewRequest {
        competent_unit: Some(COMMUNE.to_owned()),
        passed_on: false,
        ..world.request(NEIGHBOUR, procedure)
    }
}

fn refusal(done: Result<Dossier, Error>) -> Refusal {
    match done {
        Err(Error::Refused(refusal, _)) => refusal,
        other => panic!("{other:?}"),
    }
}

on_both! {
    fn one_desk_takes_in_and_another_resolves(db: &Database) {
        let mut office = Office::open(db);
        let desk = office.token(Role::Clerk, NEIGHBOUR);
        let competent = office.token(Role::Clerk, COMMUNE);
        let stranger = office.token(Role::Clerk, FOREIGN);
        let mut body = office.new_dossier(NEIGHBOUR, SAME_DAY);
        body["competent_unit"] = json!(COMMUNE);
        body["passed_on"] = json!(false);
        let receive = |body: &Value, token: &str| {
            office.call("POST", "/api/v1/dossiers").token(token).body(body.clone()).send()
        };
        // Only what is on the list.
        let refused = receive(&body, &desk).expect(409).json();
        assert_eq!(refused["reason"], "not_received_elsewhere", "{refused}");
        list_procedures(&office.world, &[SAME_DAY]);
        // Only at one's own desk, and for a unit that there is.
        receive(&body, &stranger).expect(403);
        let mut wrong = body.clone();
        wrong["competent_unit"] = json!("H37.99");
        let wrong = receive(&wrong, &desk).expect(400).json();
        assert_eq!(wrong["errors"][0]["field"], "/competent_unit", "{wrong}");
        let mut mine = body.clone();
        mine["competent_unit"] = json!(NEIGHBOUR);
        let mine = receive(&mine, &desk).expect(201).json();
        assert_eq!((&mine["pass_on_by"], &mine["reached_at"]), (&Value::Null, &mine["received_at"]));

        let made = receive(&body, &desk).expect(201).json();
        let number = made["case_number"].as_str().unwrap().to_owned();
        assert!(number.starts_with(NEIGHBOUR), "{number}");
        assert_eq!(made["unit"]["code"], COMMUNE);
        assert_eq!(made["receiving_unit"]["code"], NEIGHBOUR);
        assert_eq!(made["holder"]["code"], NEIGHBOUR);
        assert_eq!(made["reached_at"], Value::Null);
        assert!(made["pass_on_by"].is_string() && made["due_at"].is_string(), "{made}");
        assert_eq!(made["passed_on_late"], false);
        let allowed = made["allowed_actions"].as_array().unwrap();
        assert!(!allowed.contains(&json!("reach")) && !allowed.contains(&json!("hand-over")), "{allowed:?}");

        let path = format!("/api/v1/dossiers/{number}");
        let see = |token: &str, status| {
            office.call("GET", path.clone()).token(token).send().expect(status).json()
        };
        let act = |name: &str, token: &str, body: Value, status: u16| {
            let call = office.call("POST", format!("{path}/{name}")).token(token);
            call.header("If-Match", "*").body(body).send().expect(status).json()
        };
        see(&stranger, 403);
        let coming = see(&competent, 200)["allowed_actions"].clone();
        let coming = coming.as_array().unwrap();
        assert!(coming.contains(&json!("reach")) && !coming.contains(&json!("hand-over")), "{coming:?}");
        let lists = |token: &str| {
            ["all", "open"].map(|list| {
                let found = office.call("GET", format!("/api/v1/dossiers?list={list}")).token(token);
                let found = found.send().expect(200).json();
                let items = found["items"].as_array().unwrap().clone();
                items.into_iter().find(|item| item["case_number"] == number)
            })
        };
        for listed in lists(&desk).into_iter().chain(lists(&competent)) {
            assert_eq!(listed.unwrap()["receiving_unit"]["code"], NEIGHBOUR);
        }
        assert!(lists(&stranger).iter().all(Option::is_none));

        // It is on its way: the competent unit says when it has come, and nobody works on it before.
        let step = json!({"step": 1});
        assert_eq!(act("hand-over", &competent, step.clone(), 409)["reason"], "not_reached");
        assert_eq!(act("reach", &desk, json!({}), 409)["reason"], "not_competent");
        let reached = act("reach", &competent, json!({}), 200);
        assert_eq!(reached["holder"]["code"], COMMUNE);
        assert!(reached["reached_at"].is_string(), "{reached}");
        assert_eq!(act("reach", &competent, json!({}), 409)["reason"], "reached_already");
        assert_eq!(act("hand-over", &desk, step.clone(), 409)["reason"], "not_competent");
        act("hand-over", &competent, step, 200);
        let history = office.call("GET", format!("{path}/events")).token(&desk).send().expect(200).json();
        let events = history.as_array().or(history["items"].as_array()).unwrap();
        assert_eq!(events[0]["data"]["receiving_unit"], NEIGHBOUR, "{history}");
        assert_eq!(events[1]["kind"], "reached");

        // The result is handed over where the applicant is.
        let supervisor = office.token(Role::Supervisor, COMMUNE);
        let path_of = path.clone();
        let on = office.call("POST", format!("{path_of}/hand-over")).token(&supervisor);
        on.header("If-Match", "*").body(json!({"step": 2})).send().expect(200);
        let finish = office.call("POST", format!("{path_of}/finish")).token(&supervisor);
        finish.header("If-Match", "*").body(json!({"decision": "approved"})).send().expect(200);
        let returned = office.call("POST", format!("{path_of}/return")).token(&desk);
        let returned = returned.header("If-Match", "*").body(json!({})).send().expect(200).json();
        assert_eq!(returned["status"], "returned");
        let look_up = format!(
            "/api/v1/lookup?case_number={number}&code={}",
            returned["look_up_code"].as_str().unwrap()
        );
        office.call("GET", look_up).send().expect(200);
        Program::on(db).output(&["verify"]);
    }
}

on_both! {
    fn the_clock_starts_when_the_competent_unit_has_it(db: &Database) {
        let world = World::new(db.store());
        list_procedures(&world, &[SAME_DAY, FIVE_DAYS]);
        let receive = |when| world.try_request(&elsewhere(&world, FIVE_DAYS), when).unwrap();
        let reach = |dossier: &Dossier, when| world.act(dossier.id, when, Action::Reach).unwrap();
        let due = |dossier: &Dossier| dossier.due().unwrap().to_string();
        // Monday 9 March 2026, before 15:00: to be there on the same day.
        let early = receive(at("2026-03-09 10:00"));
        assert_eq!(early.contents.passing_on.unwrap().by, at("2026-03-09 17:00"));
        assert_eq!(due(&early), at("2026-03-16 17:00").to_string());
        assert_eq!(early.reached_at(), None);
        // After 15:00: early on the next one; the promise is of one that is passed on in time.
        let late = receive(at("2026-03-09 15:30"));
        assert_eq!(late.contents.passing_on.unwrap().by, at("2026-03-10 12:00"));
        assert_eq!(due(&late), at("2026-03-17 17:00").to_string());
        // On Friday evening: on Monday.
        let weekend = receive(at("2026-03-13 19:00"));
        assert_eq!(weekend.contents.passing_on.unwrap().by, at("2026-03-16 12:00"));
        assert_eq!(due(&weekend), at("2026-03-23 17:00").to_string());

        // There on the same day after all: the clock has started.
        let reached = reach(&late, at("2026-03-09 16:30"));
        assert_eq!(due(&reached), at("2026-03-16 17:00").to_string());
        assert_eq!(reached.reached_at(), Some(at("2026-03-09 16:30")));
        assert_eq!(reached.holder, reached.unit);
        // Two days too late: that is shown, and the applicant's date stays.
        let reached = reach(&early, at("2026-03-11 09:00"));
        assert!(reached.contents.passing_on.unwrap().is_late(at("2026-03-11 09:00")));
        assert_eq!(due(&reached), at("2026-03-16 17:00").to_string());
        // A changed calendar counts from the same start.
        let text = String::from_utf8(motcua::config::bundled::CALENDAR.to_vec()).unwrap();
        let row = match text.lines().next().unwrap().split(',').count() {
            3 => "2026-03-12,off,Nghỉ đột xuất".to_owned(),
            columns => format!("2026-03-12,off,Nghỉ đột xuất{}", ",".repeat(columns - 3)),
        };
        motcua::imports::calendar(&world.store, format!("{text}{row}\n").as_bytes()).unwrap();
        motcua::jobs::housekeeping::run(&world.store, at("2026-03-11 09:30")).unwrap();
        let now = world.store.read(|conn| motcua::store::events::replay(conn, early.id)).unwrap();
        assert_eq!(due(&now.unwrap().0), at("2026-03-17 17:00").to_string());
        // Same-day ones handed in at 14:00 may be there after 15:00: the next day is promised.
        let request = elsewhere(&world, SAME_DAY);
        let same_day = world.try_request(&request, at("2026-03-09 14:00")).unwrap();
        assert_eq!(due(&same_day), at("2026-03-10 17:00").to_string());
        assert_eq!(due(&reach(&same_day, at("2026-03-09 14:20"))), at("2026-03-09 17:00").to_string());
        // Passed on at once: there is nothing to wait for.
        let at_once = NewRequest { passed_on: true, ..elsewhere(&world, FIVE_DAYS) };
        let at_once = world.try_request(&at_once, at("2026-03-09 16:00")).unwrap();
        assert_eq!(due(&at_once), at("2026-03-17 17:00").to_string());
        assert_eq!((at_once.reached_at(), at_once.holder), (at_once.received_at, at_once.unit));
        assert!(matches!(
            refusal(world.act(at_once.id, at("2026-03-09 16:10"), Action::Reach)),
            Refusal::ReachedAlready
        ));
        // Withdrawn on its way.
        let gone = receive(at("2026-03-09 10:00"));
        let withdraw = Action::Withdraw { reason: String::new() };
        world.act(gone.id, at("2026-03-09 11:00"), withdraw).unwrap();
        assert_eq!(tools::verify::verify(&world.store, 5).unwrap().total, 0);
    }
}

on_both! {
    fn reports_count_it_where_it_is_resolved_and_say_where_it_was_taken_in(db: &Database) {
        let world = World::new(db.store());
        list_procedures(&world, &[FIVE_DAYS]);
        let monday = at("2026-03-09 10:00");
        let request = elsewhere(&world, FIVE_DAYS);
        let dossiers: Vec<_> = (0..5).map(|_| world.try_request(&request, monday).unwrap()).collect();
        world.receive_at(COMMUNE, FIVE_DAYS, monday);
        for dossier in &dossiers {
            world.act(dossier.id, at("2026-03-10 08:00"), Action::Reach).unwrap();
            world.begin(dossier.id, at("2026-03-10 09:00"));
        }
        world.finish(dossiers[0].id, at("2026-03-11 09:00"));
        let refuse = Action::Finish { decision: Decision::Refused, reason: "Giấy tờ bị tẩy xóa".to_owned() };
        world.act(dossiers[1].id, at("2026-03-11 09:00"), refuse).unwrap();
        let stop = Action::Stop { reason: "Không liên hệ được".to_owned() };
        world.act(dossiers[2].id, at("2026-03-11 09:00"), stop).unwrap();
        let withdraw = Action::Withdraw { reason: String::new() };
        world.act(dossiers[3].id, at("2026-03-11 09:00"), withdraw).unwrap();
        let report = |from: &str, to: &str| {
            let span = Span::new(Period::new(date(from), date(to)).unwrap(), None, at("2026-04-30 09:00"));
            on_time(&world.store, By::Unit, span.unwrap(), None).unwrap()
        };
        for folded in [false, true] {
            let march = report("2026-03-01", "2026-03-31");
            let of = |code: &str| march.rows.iter().find(|row| row.key == code).unwrap().standing;
            let (here, there) = (of(COMMUNE), of(NEIGHBOUR));
            assert_eq!((here.received(), here.received_elsewhere, here.passed_on_late), (6, 5, 5), "{folded}");
            assert_eq!((here.resolved(), here.early), (4, 4));
            assert_eq!((here.refused, here.stopped, here.withdrawn), (1, 1, 1));
            assert_eq!((there.received(), there.received_for_others), (0, 5));
            assert_eq!(tools::verify::verify(&world.store, 5).unwrap().total, 0);
            motcua::jobs::housekeeping::run(&world.store, at("2026-03-11 10:00")).unwrap();
        }
        // A closing that is undone takes along how it ended, in the period in which it is undone.
        let undo = Action::Correct(motcua::domain::dossier::Correction::Undo { reason: "Nhầm".to_owned() });
        world.act(dossiers[2].id, at("2026-04-02 09:00"), undo).unwrap();
        let april = report("2026-04-01", "2026-04-30").total;
        assert_eq!((april.resolved(), april.stopped, april.reopened), (0, 0, 1));
        let both = report("2026-03-01", "2026-04-30").total;
        assert_eq!((both.resolved(), both.stopped, both.refused), (3, 0, 1));
        assert_eq!(report("2026-03-01", "2026-03-31").total.stopped, 1);
        assert_eq!(tools::verify::verify(&world.store, 5).unwrap().total, 0);
    }
}

on_both! {
    fn what_was_taken_in_elsewhere_outlives_the_desk(db: &Database) {
        let world = World::new(db.store());
        list_procedures(&world, &[FIVE_DAYS]);
        let dossier = world.try_request(&elsewhere(&world, FIVE_DAYS), at("2026-03-09 10:00")).unwrap();
        let units = |world: &World| world.store.reference().unwrap();
        let reference = units(&world);
        let (from, to) = (
            reference.units().by_code(NEIGHBOUR).unwrap().id,
            reference.units().by_code(COMMUNE).unwrap().id,
        );
        let not_yet = refusal(world.act(dossier.id, at("2026-03-09 11:00"), Action::MoveToSuccessor { from, to }));
        assert_eq!(not_yet, Refusal::NotASuccessor);
        let held = world.store.read(|conn| motcua::store::open_dossiers::held_by(conn, &[from])).unwrap();
        assert_eq!(held[&from].open, 1);
    }
}

/// A moment in March or April 2026.
fn moments() -> impl Strategy<Value = Moment> {
    (0_i64..50 * 24 * 60).prop_map(|minutes| at("2026-03-01 00:00").plus_millis(minutes * 60_000))
}

#[test]
fn coming_late_never_moves_the_promise_and_coming_in_time_is_counted_from_then() {
    let database = crate::support::Database::new(crate::support::Kind::Sqlite);
    let world = World::new(database.store());
    list_procedures(&world, &[FIVE_DAYS]);
    let reference = world.store.reference().unwrap();
    let timetable = reference
        .timetable(reference.units().by_code(COMMUNE).unwrap().id)
        .unwrap();
    proptest!(ProptestConfig::with_cases(60), |(handed_in in moments(), hours in 0_u32..60)| {
        let dossier = world.try_request(&elsewhere(&world, FIVE_DAYS), handed_in).unwrap();
        let promised = dossier.due().unwrap();
        let when = match hours {
            0 => handed_in,
            hours => timetable.advance(handed_in, WorkingTime::from_hours(hours)).unwrap(),
        };
        let by = dossier.contents.passing_on.unwrap().by;
        prop_assert!(by > handed_in && timetable.is_open(by).unwrap());
        let reached = world.act(dossier.id, when, Action::Reach).unwrap();
        let due = reached.due().unwrap();
        prop_assert!(due <= promised);
        if when > by {
            prop_assert_eq!(due, promised);
        } else {
            let limit = reached.clock.as_ref().unwrap().limit;
            prop_assert_eq!(due, limit.due(when, timetable).unwrap());
        }
    });
    assert_eq!(tools::verify::verify(&world.store, 5).unwrap().total, 0);
}
