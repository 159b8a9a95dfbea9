//! Work that grows with the province goes on after the request that asked for it: others work on
//! meanwhile, what they are told is true, and a kill in the middle of it costs nothing.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::{
    COMMUNE, Database, FOREIGN, NEIGHBOUR, Office, Program, SAME_DAY, World, at, date, on_both,
};
use motcua::domain::dossier::{Action, Decision};
use motcua::domain::job::{Kind as JobKind, State};
use motcua::domain::role::Role;
use motcua::domain::time_limit::Outcome;
use motcua::domain::unit::Level;
use motcua::error::Error;
use motcua::imports::UnitsOptions;
use motcua::jobs::housekeeping;
use motcua::store::lists::Order;
use motcua::store::{Store, jobs, sessions};
use motcua::views::list::ListRequest;
use motcua::{acts, tools, views};

/// A procedure of communes with a limit of several working days and no fee of its own.
fn long_procedure(world: &World) -> String {
    let reference = world.store.reference().unwrap();
    let procedures = reference.procedures();
    let found = procedures.iter().find(|p| {
        let limit = p.definition.promised_limit();
        limit.unit == motcua::domain::time_limit::LimitUnit::WorkingDay
            && limit.amount >= Some(5.into())
            && p.definition.levels.contains(&Level::Commune)
    });
    found.unwrap().definition.code.clone()
}

/// So many open dossiers of a commune.
fn fill(world: &World, unit: &str, procedure: &str, count: usize) {
    for _ in 0..count / 250 {
        let entry = || Ok((world.request(unit, procedure), None));
        let batch = (0..250).map(|_| entry()).collect();
        let intent = crate::support::occasion(motcua::clock::now());
        acts::receive_many::receive_batch(&world.store, batch, intent, None).unwrap();
    }
}

/// The longest and the middle one of so many receipts over HTTP, one after the other.
fn receipts(
    office: &Office,
    clerk: &str,
    mut go_on: impl FnMut(usize) -> bool,
) -> (Duration, Duration) {
    let mut took = Vec::new();
    while go_on(took.len()) {
        let begun = Instant::now();
        office.receive_as(clerk, NEIGHBOUR, SAME_DAY);
        took.push(begun.elapsed());
    }
    took.sort_unstable();
    (took[took.len() - 1], took[took.len() / 2])
}

fn verify(db: &Database) {
    Program::on(db).output(&["verify"]);
}

/// One more day off on which dossiers are due, and the calendar's tag.
fn one_day_off(office: &Office, due: &str) -> (String, String, Value) {
    let path = format!("/api/v1/calendar/{}", &due[..4]);
    let known = office.call("GET", path.clone()).send().expect(200);
    let mut days = known.json();
    let holiday = json!({"date": &due[..10], "kind": "off", "name": "Nghỉ đột xuất"});
    days["days"].as_array_mut().unwrap().push(holiday);
    (path, known.header("etag").to_owned(), days)
}

const MANY: usize = 1000;

on_both! {
    fn a_calendar_change_over_many_dossiers_holds_nobody_up_and_survives_a_kill(db: &Database) {
        let mut office = Office::open(db);
        let admin = office.token(Role::Administrator, "H37");
        let clerk = office.token(Role::Clerk, NEIGHBOUR);
        let procedure = long_procedure(&office.world);
        fill(&office.world, COMMUNE, &procedure, MANY);
        let (longest_before, middle_before) = receipts(&office, &clerk, |count| count < 40);
        let moved = || {
            let count = db.value("select count(*) from dossier_events where kind = 16");
            count.parse::<usize>().unwrap()
        };
        // On a busy machine the middle of a change may pass unseen; the next one has one, too.
        let mut attempts = 1..=10;
        let job = loop {
            assert!(attempts.next().is_some(), "there was no middle");
            let due = office.receive(COMMUNE, &procedure)["due_at"].as_str().unwrap().to_owned();
            let (path, etag, days) = one_day_off(&office, &due);
            let before = moved();
            let put = office.call("PUT", path.clone()).token(&admin).header("If-Match", &etag);
            let begun = Instant::now();
            let answer = put.body(days.clone()).send().expect(202);
            let answered = begun.elapsed();
            let place = answer.header("location").to_owned();
            assert_eq!(answer.json()["kind"], "due_moments");
            // Who receives meanwhile.
            let running = AtomicBool::new(true);
            let (longest, middle) = std::thread::scope(|scope| {
                let receiving = scope.spawn(|| {
                    receipts(&office, &clerk, |count| count < 20 || running.load(Ordering::Relaxed))
                });
                let until = Instant::now() + Duration::from_mins(2);
                while moved() - before < MANY / 10 {
                    assert!(Instant::now() < until, "nothing moves");
                    std::thread::sleep(Duration::from_millis(2));
                }
                running.store(false, Ordering::Relaxed);
                receiving.join().unwrap()
            });
            // It is not the whole province's time that anybody waits; other programs share the machine.
            assert!(longest < longest_before * 4 + Duration::from_millis(400), "{longest:?}");

            // Killed in the middle of it, and started again.
            drop(office.server);
            let killed_at = moved() - before;
            println!(
                "{:?}: answered after {answered:?}; receipts before {middle_before:?} (longest \
                 {longest_before:?}), meanwhile {middle:?} (longest {longest:?}); killed at {killed_at}",
                db.kind
            );
            office = Office::over(office.world, Program::on(db));
            let job = office.job_done(&place, &admin);
            assert!(job["done"].as_u64() > Some(MANY as u64), "{job}");
            assert_eq!(job["done"], job["total"]);
            let preview = office.call("POST", format!("{path}/preview")).token(&admin).body(days);
            let preview = preview.send().expect(200).json();
            assert_eq!(
                (&preview["moved"], &preview["complete"]),
                (&json!(0), &json!(true)),
                "{preview}"
            );
            if killed_at < MANY {
                // What was changed in the last moment before the kill had not been told yet.
                assert!(job["changed"].as_u64() >= Some((MANY - killed_at) as u64), "{job}");
                break job;
            }
        };
        let list = office.call("GET", "/api/v1/jobs").token(&admin).send().expect(200).json();
        assert_eq!(list["items"][0]["id"], job["id"]);
        assert_eq!(list["items"][0]["created_by"]["username"], "h37.administrator");
        verify(db);
    }
}

fn due_list(store: &Store, reach: &str, order: Order) -> usize {
    let reference = store.reference().unwrap();
    let mut request = ListRequest::of_all(
        reference.units().by_code(reach).unwrap().id,
        order,
        200,
        motcua::clock::now(),
    );
    let mut count = 0;
    loop {
        let page = views::list::list(store, &request).unwrap();
        count += page.items.len();
        request.after = page.next;
        if request.after.is_none() {
            return count;
        }
    }
}

const DISTRICT: &str = "H37.20";
/// Before the move, by the neighbour.
const RECEIPTS: usize = 30;
const OTHER_DISTRICT: &str = "H37.21";

on_both! {
    fn a_unit_that_moves_takes_its_dossiers_with_it_at_once_however_many(db: &Database) {
        let mut office = Office::open(db);
        let admin = office.token(Role::Administrator, "H37");
        let clerk = office.token(Role::Clerk, NEIGHBOUR);
        let procedure = long_procedure(&office.world);
        fill(&office.world, COMMUNE, &procedure, MANY);
        let (longest_before, _) = receipts(&office, &clerk, |count| count < RECEIPTS);
        let path = format!("/api/v1/units/{COMMUNE}");
        let change = office.call("PATCH", path).token(&admin).header("If-Match", "*");
        let begun = Instant::now();
        let answer = change.body(json!({"parent": OTHER_DISTRICT})).send().expect(202);
        println!("{:?}: moved in {:?}", db.kind, begun.elapsed());
        assert_eq!(answer.json()["parent"], OTHER_DISTRICT);
        // Whatever the job has done by now, lists are true.
        let store = &office.world.store;
        for order in [Order::Due, Order::Entered] {
            assert_eq!(due_list(store, OTHER_DISTRICT, order), MANY);
            assert_eq!(due_list(store, DISTRICT, order), RECEIPTS);
        }
        let (longest, _) = receipts(&office, &clerk, |count| count < 20);
        println!("receipts: longest before {longest_before:?}, meanwhile {longest:?}");
        assert!(longest < longest_before * 4 + Duration::from_millis(400), "{longest:?}");
        let job = office.job_done(answer.header("location"), &admin);
        assert_eq!(job["kind"], "areas");
        assert_eq!(job["changed"], MANY);
        for order in [Order::Due, Order::Entered] {
            assert_eq!(due_list(store, OTHER_DISTRICT, order), MANY);
        }
        assert!(store.reference().unwrap().moving().is_empty());
        verify(db);
    }
}

on_both! {
    fn lists_and_verify_are_true_before_a_moved_units_dossiers_are_listed_anew(db: &Database) {
        let world = World::new(db.store());
        let store = &world.store;
        for _ in 0..3 {
            world.receive_at(COMMUNE, SAME_DAY, at("2021-03-01 08:00"));
        }
        world.receive_at(FOREIGN, SAME_DAY, at("2021-03-01 08:00"));
        let text = String::from_utf8(motcua::config::bundled::UNITS_2021.to_vec()).unwrap();
        let moved: String = text.lines().map(|line| {
            let line = match line.starts_with(&format!("{COMMUNE},")) {
                true => line.replacen(&format!(",{DISTRICT},"), &format!(",{OTHER_DISTRICT},"), 1),
                false => line.to_owned(),
            };
            line + "\n"
        }).collect();
        assert_ne!(moved, text);
        let options = UnitsOptions { valid_from: date("2018-01-01"), replaces: Vec::new() };
        motcua::imports::units(store, moved.as_bytes(), &options).unwrap();
        let (old, new) = (DISTRICT, OTHER_DISTRICT);
        for done in [false, true] {
            assert_eq!(store.reference().unwrap().moving().is_empty(), done);
            for order in [Order::Entered, Order::Due] {
                assert_eq!((due_list(store, old, order), due_list(store, new, order)), (0, 4), "{done}");
            }
            assert_eq!(tools::verify::verify(store, 5).unwrap().total, 0, "{done}");
            housekeeping::run(store, at("2021-03-01 09:00")).unwrap();
        }
    }
}

on_both! {
    fn whoever_acts_before_a_due_moment_is_recomputed_is_judged_by_the_calendar_that_holds(db: &Database) {
        let world = World::new(db.store());
        let open = world.receive_at(COMMUNE, SAME_DAY, at("2021-03-01 08:00"));
        world.begin(open.id, at("2021-03-01 09:00"));
        let overdue = world.receive_at(COMMUNE, SAME_DAY, at("2021-03-01 08:00"));
        world.begin(overdue.id, at("2021-03-01 09:00"));
        let text = String::from_utf8(motcua::config::bundled::CALENDAR.to_vec()).unwrap();
        let days = format!("{text}2021-03-01,off,Nghỉ đột xuất\n");
        motcua::imports::calendar(&world.store, days.as_bytes()).unwrap();
        assert!(world.store.reference().unwrap().due_out_of_date());
        // By the old calendar both were due on the day before.
        let done = world.finish(open.id, at("2021-03-02 10:00"));
        assert_ne!(done.outcome, Some(Outcome::Overdue));
        let sweep = motcua::jobs::sweep::record_overdue(&world.store, at("2021-03-02 10:00")).unwrap();
        assert_eq!(sweep, 0);
        let round = housekeeping::run(&world.store, at("2021-03-02 10:00")).unwrap();
        assert_eq!(round.overdue, 0);
        assert!(!world.store.reference().unwrap().due_out_of_date());
        assert_eq!(tools::verify::verify(&world.store, 5).unwrap().total, 0);
        // Entered later, as of before: the calendar stands in nobody's way.
        let late = world.act(overdue.id, at("2021-03-02 09:00"), Action::Finish {
            decision: Decision::Refused,
            reason: "không đủ điều kiện".to_owned(),
        });
        assert!(matches!(late, Ok(_) | Err(Error::Refused(..))));
    }
}

on_both! {
    fn a_job_is_claimed_once_and_goes_on_with_somebody_else(db: &Database) {
        let world = World::new(db.store());
        let (one, other) = (&world.store, db.store());
        let now = motcua::clock::now();
        let ask = |store: &Store| {
            store.write(move |conn| jobs::ask(conn, JobKind::Successors, &[], None, now)).unwrap()
        };
        let id = ask(one);
        // Asked for twice before it has begun, it is done once.
        assert_eq!(ask(&other), id);
        let claim = |store: &Store| {
            store.write(move |conn| jobs::claim(conn, Some(id), now)).unwrap()
        };
        let (job, first) = claim(one).unwrap();
        assert_eq!(job.state(now), State::Waiting);
        assert!(claim(&other).is_none());
        // Something more to do after it has begun is another job.
        assert_ne!(ask(&other), id);
        let advance = |store: &Store, claim, done| {
            let progress = jobs::Progress { done, total: 10, ..Default::default() };
            store.write(move |conn| jobs::advance(conn, claim, &progress, now)).unwrap()
        };
        assert!(advance(one, first, 3));
        let found = one.read(|conn| jobs::find(conn, id)).unwrap().unwrap();
        assert_eq!((found.state(now), found.done, found.total), (State::Running, 3, 10));
        // Whoever held it is not heard of any more, or a clock that was wrong has put it off for ages.
        for held_until in ["1", "4000000000000"] {
            db.tamper(&format!("update jobs set held_until = {held_until} where claims > 0"));
            let (job, second) = claim(&other).unwrap();
            assert_eq!(job.done, if held_until == "1" { 3 } else { 4 });
            assert!(!advance(one, first, 9));
            assert!(advance(&other, second, 4));
        }
    }
}

on_both! {
    fn an_end_of_units_by_the_command_line_has_moved_their_dossiers_when_it_returns(db: &Database) {
        let world = World::new(db.store());
        for _ in 0..30 {
            world.receive_at(COMMUNE, SAME_DAY, at("2025-06-30 08:00"));
        }
        let program = Program::on(db);
        let file = |name: &str| format!("{}/config/{name}", env!("CARGO_MANIFEST_DIR"));
        let units = file("units-lang-son-2025.csv");
        let replaces = ["--valid-from", "2025-07-01", "--replaces", "district", "--replaces", "commune", "--leave-dossiers"];
        let arguments = [&["import", "units", &units][..], &replaces[..]].concat();
        program.output(&arguments);
        let run = program.run(&["import", "successions", &file("unit-successions-2025-07-01.csv")]);
        assert!(run.status.success());
        let told = String::from_utf8(run.stderr).unwrap();
        assert!(told.contains("Chuyển hồ sơ sang đơn vị kế thừa"), "{told}");
        assert_eq!(due_list(&world.store, "H37.164", Order::Due), 30);
        assert_eq!(due_list(&world.store, COMMUNE, Order::Due), 0);
        verify(db);
    }
}

on_both! {
    fn what_the_program_before_left_out_of_date_is_taken_over(db: &Database) {
        let world = World::new(db.store());
        let store = &world.store;
        let procedure = long_procedure(&world);
        world.receive_at(COMMUNE, &procedure, at("2021-03-01 08:00"));
        let text = String::from_utf8(motcua::config::bundled::CALENDAR.to_vec()).unwrap();
        let days = format!("{text}2021-03-02,off,Nghỉ đột xuất\n");
        motcua::imports::calendar(store, days.as_bytes()).unwrap();
        // As today's program would have left it.
        db.tamper("delete from jobs; insert into settings (key, value) values ('due_out_of_date', '3')");
        assert_eq!(motcua::jobs::queue::recompute_due_moments(store, at("2021-03-01 09:00")).unwrap(), 1);
        assert_eq!(motcua::jobs::queue::recompute_due_moments(store, at("2021-03-01 09:00")).unwrap(), 0);
    }
}

on_both! {
    fn what_has_ended_is_forgotten_some_at_a_time(db: &Database) {
        let world = World::new(db.store());
        let store = &world.store;
        let clerk = crate::support::hire(&world, Role::Clerk, COMMUNE);
        let user = store.read(|conn| motcua::store::users::by_username(conn, &clerk)).unwrap().unwrap().user;
        let now = motcua::clock::now();
        store.write(move |conn| {
            for number in 0..1100_u32 {
                let session = sessions::Session {
                    id: motcua::domain::ids::SessionId::new(now, rand::random()),
                    user: user.id,
                    created_at: now,
                    expires_at: now.plus_millis(-1),
                    address: String::new(),
                    agent: String::new(),
                };
                sessions::insert(conn, &number.to_be_bytes(), &session)?;
            }
            Ok::<_, motcua::store::StoreError>(())
        }).unwrap();
        let some = store.write(move |conn| sessions::forget(conn, now, 100)).unwrap();
        assert_eq!(some, 100);
        assert_eq!(motcua::jobs::forget::forget(store, now).unwrap(), 1000);
    }
}
