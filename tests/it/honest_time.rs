//! Honest time: when something happened and when it was recorded are two things, and a clock that is
//! wrong writes nothing.

use std::path::Path;
use std::time::{Duration, Instant};

use chrono::{Days, NaiveDate};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::json;

use crate::support::{
    COMMUNE, Database, Kind, Office, Program, SAME_DAY, World, at, date, history_step, occasion,
    on_both,
};
use motcua::acts::advance::Request;
use motcua::acts::{self, Intent};
use motcua::clock;
use motcua::domain::dossier::{Action, Decision, Refusal};
use motcua::domain::ids::DossierId;
use motcua::domain::moment::Moment;
use motcua::domain::period::{Period, end_of};
use motcua::domain::role::Role;
use motcua::domain::time_limit::Outcome;
use motcua::error::Error;
use motcua::jobs::housekeeping;
use motcua::reports::by::By;
use motcua::reports::standings::Span;
use motcua::reports::{self, Report};
use motcua::store::events;

const UNITS: [&str; 3] = ["H37.20.01", "H37.20.02", "H37.20"];

/// What to try, on which dossier, after how many hours, entered how many hours late.
#[derive(Debug, Clone)]
struct Step {
    kind: u8,
    which: usize,
    hours: i64,
    late: i64,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let late = prop_oneof![Just(0_i64), 0..90_i64];
    let step = (0..12_u8, 0..100_usize, 0..30_i64, late);
    let step = step.prop_map(|(kind, which, hours, late)| Step {
        kind,
        which,
        hours,
        late,
    });
    prop::collection::vec(step, 5..60)
}

/// All that a report as of the end of `day` says when it is made at `now`.
fn reports_as_of(world: &World, day: NaiveDate, now: Moment) -> Vec<String> {
    let mut all = Vec::new();
    for back in [0, 3, 30] {
        let period = Period::new(day - Days::new(back), day).unwrap();
        let span = Span::new(period, Some(day), now).unwrap();
        for by in By::ALL {
            let report = reports::on_time::on_time(&world.store, by, span, None).unwrap();
            all.push(format!("{back} {}", report.to_csv()));
        }
        let form = reports::form_06a::form_06a(&world.store, span, None).unwrap();
        all.push(format!("{back} {}", form.to_csv()));
    }
    all
}

/// Plays a random history with late entries and asks at the end of each day for the report as of that
/// day; returns them and the last moment.
fn play(world: &World, steps: &[Step]) -> (Vec<(NaiveDate, Vec<String>)>, Moment) {
    let mut ids: Vec<DossierId> = Vec::new();
    let mut now = at("2021-03-10 08:00");
    let mut made = Vec::new();
    for step in steps {
        let day = now.date();
        now = now.plus_millis(step.hours * 3_600_000);
        if now.date() != day {
            // As the next day begins, nothing is recorded on that day any more.
            made.push((day, reports_as_of(world, day, end_of(day))));
        }
        let happened = now.plus_millis(-step.late * 3_600_000);
        let entered = Intent {
            at: Some(happened),
            ..occasion(now)
        };
        let id = ids.get(step.which % ids.len().max(1)).copied();
        let result = match (step.kind, id) {
            (0..=3, _) | (_, None) => {
                let unit = UNITS[step.which % UNITS.len()];
                let request = world.request(unit, ["2.000815", "1.001193"][step.which % 2]);
                acts::receive::receive(&world.store, &request, entered, None)
                    .map(|made| ids.push(made.value))
            }
            (kind, Some(id)) => {
                let request = Request::new(id, history_step(kind));
                acts::advance::act(&world.store, &request, entered).map(drop)
            }
        };
        match result {
            Ok(()) | Err(Error::Refused(..) | Error::Invalid(_)) => {}
            Err(error) => panic!("{error}"),
        }
        if step.which % 7 == 0 {
            housekeeping::run(&world.store, now).unwrap();
        }
    }
    (made, now)
}

on_both! {
    fn a_past_report_never_changes(db: &Database) {
        let world = World::new(db.store());
        let mut runner = TestRunner::new(Config { cases: 15, ..Config::default() });
        runner
            .run(&steps(), |steps| {
                db.tamper(
                    "delete from dossier_events; delete from dossiers; delete from persons;
                     delete from tally_deltas; delete from rollups; delete from late_tallies;
                     delete from case_counters; delete from unannounced_events;
                     delete from tally_reversals;",
                );
                let (made, now) = play(&world, &steps);
                for later in [now.plus_millis(1), now.plus_millis(40 * 24 * 3_600_000)] {
                    for (day, then) in &made {
                        prop_assert_eq!(then, &reports_as_of(&world, *day, later), "as of {}", day);
                    }
                    housekeeping::run(&world.store, later).unwrap();
                }
                let verified = motcua::tools::verify::verify(&world.store, 10).unwrap();
                prop_assert_eq!(verified.findings, vec![]);
                Ok(())
            })
            .unwrap();
    }
}

on_both! {
    fn an_event_knows_when_it_was_recorded_and_nobody_changes_that_unseen(db: &Database) {
        let world = World::new(db.store());
        let entered = Intent { at: Some(at("2021-03-09 16:00")), ..occasion(at("2021-03-10 08:00")) };
        let request = world.request(COMMUNE, "1.001193");
        let id = acts::receive::receive(&world.store, &request, entered, None).unwrap().value;
        let stored = world.store.read(|conn| events::history(conn, id)).unwrap();
        let event = stored[0].event().unwrap();
        assert_eq!((event.at, event.recorded_at), (at("2021-03-09 16:00"), at("2021-03-10 08:00")));
        assert_eq!(motcua::tools::verify::verify(&world.store, 10).unwrap().findings, vec![]);
        db.tamper("update dossier_events set recorded_at = at; update dossiers set recorded_at = last_event_at;");
        let found = motcua::tools::verify::verify(&world.store, 10).unwrap();
        assert!(found.findings.iter().any(|f| f.to_string().contains("chuỗi băm đứt")), "{found:?}");
    }
}

on_both! {
    fn what_was_entered_past_its_due_moment_takes_what_else_happened_before_it(db: &Database) {
        let world = World::new(db.store());
        // The power was out on the 9th; on the 10th its papers are entered. All were due at 17:00 of the 9th.
        let (received, now) = (at("2021-03-09 08:00"), at("2021-03-10 08:00"));
        let entered = |moment| Intent { at: Some(moment), ..occasion(now) };
        let receive = |commune| {
            let made = acts::receive::receive(&world.store, &world.request(commune, SAME_DAY), entered(received), None);
            made.unwrap().value
        };
        let act = |id, moment: &str, action: Action| {
            let request = Request::new(id, action);
            acts::advance::act(&world.store, &request, entered(at(moment)))
        };
        let grant = || Action::Finish { decision: Decision::Approved, reason: String::new() };
        let state = |id| world.store.read(|conn| events::replay(conn, id)).unwrap().unwrap().0;
        let on = |step| Action::HandOver { step, assignee: None, note: String::new() };
        let (in_time, late, left) = (receive(COMMUNE), receive(COMMUNE), receive(COMMUNE));
        // Nothing is hidden meanwhile: they are overdue, as far as is known.
        let standing = |now: &str| {
            let period = Period::new(date("2021-03-01"), date("2021-03-31")).unwrap();
            let span = Span::new(period, None, at(now)).unwrap();
            reports::on_time::on_time(&world.store, By::Level, span, None).unwrap().total
        };
        assert_eq!(standing("2021-03-10 08:01").in_progress_overdue, 3);
        assert_eq!(motcua::jobs::sweep::record_overdue(&world.store, at("2021-03-10 08:01")).unwrap(), 0);
        for id in [in_time, late] {
            for step in [1, 2] {
                act(id, "2021-03-09 09:00", on(step)).unwrap();
            }
        }
        act(in_time, "2021-03-09 16:00", grant()).unwrap();
        act(late, "2021-03-09 17:30", grant()).unwrap();
        assert_eq!(state(in_time).outcome, Some(Outcome::OnTime));
        assert_eq!((state(late).outcome, state(late).overdue_since), (Some(Outcome::Overdue), Some(at("2021-03-09 17:00"))));
        let then = standing("2021-03-10 08:02");
        assert_eq!((then.on_time, then.overdue, then.in_progress_overdue), (1, 1, 1));
        assert_eq!(motcua::tools::verify::verify(&world.store, 10).unwrap().findings, vec![]);
        // When that day is over it is on record, and nothing comes before it any more.
        assert_eq!(motcua::jobs::sweep::record_overdue(&world.store, at("2021-03-11 00:01")).unwrap(), 1);
        assert_eq!(state(left).overdue_since, Some(at("2021-03-09 17:00")));
        let refused = Request::new(left, on(1));
        let refused = acts::advance::act(&world.store, &refused, Intent { at: Some(at("2021-03-09 09:00")), ..occasion(at("2021-03-11 08:00")) });
        assert!(matches!(refused, Err(Error::Refused(Refusal::BeforeLastEvent { .. }, _))), "{refused:?}");
    }
}

on_both! {
    fn what_lies_far_back_needs_a_supervisor_and_a_reason(db: &Database) {
        let mut office = Office::open(db);
        let clerk = office.token(Role::Clerk, COMMUNE);
        let boss = office.token(Role::Supervisor, COMMUNE);
        let reference = office.world.store.reference().unwrap();
        let timetable = reference.timetable(reference.units().by_code(COMMUNE).unwrap().id).unwrap().clone();
        let day = |back| timetable.working_days_back(clock::now().date(), back).unwrap();
        let morning = |day: NaiveDate| Moment::at(day, chrono::NaiveTime::from_hms_opt(8, 0, 0).unwrap());
        let receive = |token: &str, at: serde_json::Value| {
            let mut body = office.new_dossier(COMMUNE, SAME_DAY);
            body["at"] = at;
            office.call("POST", "/api/v1/dossiers").token(token).body(body).send()
        };
        receive(&clerk, json!(morning(day(3)))).expect(201);
        let refused = receive(&clerk, json!(morning(day(4)))).problem(409, "refused");
        assert_eq!(refused["reason"], "too_far_back");
        let with_reason = json!({"moment": morning(day(4)), "late_reason": "Mất điện ba ngày"});
        assert_eq!(receive(&clerk, with_reason.clone()).problem(409, "refused")["reason"], "too_far_back");
        assert_eq!(
            receive(&boss, json!(morning(day(4)))).problem(409, "refused")["reason"],
            "late_reason_missing"
        );
        let made = receive(&boss, with_reason).expect(201).json();
        let path = format!("/api/v1/dossiers/{}/events", made["case_number"].as_str().unwrap());
        let events = office.call("GET", path).token(&boss).send().expect(200).json();
        assert_eq!(events[0]["late_reason"], "Mất điện ba ngày", "{events}");
        assert_ne!(events[0]["at"], events[0]["recorded_at"]);
        // The same for every other action.
        let id = made["case_number"].as_str().unwrap();
        let act = |token: &str, at: serde_json::Value| {
            let body = json!({"step": 1, "at": at});
            let call = office.call("POST", format!("/api/v1/dossiers/{id}/hand-over"));
            call.token(token).header("if-match", "*").body(body).send()
        };
        let far = morning(day(4)).plus_millis(3_600_000);
        let refused = act(&clerk, json!(far)).problem(409, "refused");
        assert!(["too_far_back", "before_last_event"].contains(&refused["reason"].as_str().unwrap()));
        let wrong = receive(&boss, json!({"moment": "hôm qua"})).problem(400, "invalid-request");
        assert_eq!(crate::support::fields(&wrong), ["/at/moment"]);
    }
}

on_both! {
    fn whoever_gives_no_moment_is_never_too_early(db: &Database) {
        let world = World::new(db.store());
        let dossier = world.receive_at(COMMUNE, "1.001193", at("2021-03-10 08:00"));
        // An instance two seconds behind, and one an hour behind: nobody notices.
        for (now, kind) in [("2021-03-10 07:59", 4), ("2021-03-10 07:00", 6)] {
            let behind = Intent { at: None, ..occasion(at(now)) };
            acts::advance::act(&world.store, &Request::new(dossier.id, history_step(kind)), behind).unwrap();
        }
        let early = world.act(dossier.id, at("2021-03-10 07:00"), history_step(11)).unwrap_err();
        assert!(matches!(early, Error::Refused(Refusal::BeforeLastEvent { .. }, _)));
        assert_eq!(motcua::tools::verify::verify(&world.store, 10).unwrap().findings, vec![]);
    }
}

/// The server under a clock that a file moves; the time since the machine started is left alone.
fn moved(db: &Database, file: &Path) -> Program {
    std::fs::write(file, "+0").unwrap();
    let folders = std::fs::read_dir("/usr/lib")
        .unwrap()
        .map(|folder| folder.unwrap().path());
    let mut libraries = folders.map(|folder| folder.join("faketime/libfaketimeMT.so.1"));
    let library = libraries.find(|library| library.exists());
    let library = library.expect("run the tests with .ci/test: it installs libfaketime");
    Program::on(db)
        .with("LD_PRELOAD", library.to_str().unwrap())
        .with("FAKETIME_TIMESTAMP_FILE", file.to_str().unwrap())
        .with("FAKETIME_NO_CACHE", "1")
        .with("FAKETIME_DONT_FAKE_MONOTONIC", "1")
        .with("MIMALLOC_PURGE_DELAY", "0")
        .with("MOTCUA__SERVER__HOUSEKEEPING_SECONDS", "1")
}

/// Waits until `ready` says yes.
fn wait_for(what: &str, mut ready: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !ready() {
        assert!(begun.elapsed() < Duration::from_secs(20), "{what}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

on_both! {
    fn a_clock_that_jumps_does_no_harm(db: &Database) {
        let file = db.folder().join("clock");
        let mut office = Office::open_with(db, moved(db, &file));
        let clerk = office.token(Role::Clerk, COMMUNE);
        let supervisor = office.token(Role::Supervisor, COMMUNE);
        let admin = office.token(Role::Administrator, "H37");
        let alarms = |office: &Office| {
            let all = office.call("GET", "/api/v1/alarms").token(&admin).send().expect(200).json();
            all["items"].as_array().unwrap().iter().filter(|alarm| alarm["kind"] == "clock").count()
        };
        let body = office.new_dossier(COMMUNE, "1.001193");
        let receive = |office: &Office, key: &str| {
            let call = office.call("POST", "/api/v1/dossiers").token(&clerk);
            call.header("idempotency-key", &format!("receipt-{key}")).body(body.clone()).send()
        };
        let before = receive(&office, "1").expect(201).json();
        let path = format!("/api/v1/dossiers/{}", before["case_number"].as_str().unwrap());
        let day = clock::now().date();

        std::fs::write(&file, "+35d").unwrap();
        wait_for("/readyz says it", || office.server.get("/readyz").status == 503);
        office.server.get("/readyz").problem(503, "clock");
        wait_for("administrators are told", || alarms(&office) == 1);
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_secs(8) {
            let refused = receive(&office, "1").problem(503, "clock");
            assert!(refused["detail"].as_str().unwrap().contains("đồng hồ"), "{refused}");
            // Who reads goes on, as of the true time.
            let read = office.call("GET", path.clone()).token(&clerk).send().expect(200).json();
            assert_eq!(read["overdue"], before["overdue"]);
            std::thread::sleep(Duration::from_millis(400));
        }
        std::fs::write(&file, "+0").unwrap();
        wait_for("it goes on", || office.server.get("/readyz").status == 200);
        wait_for("that is over", || alarms(&office) == 0);

        // Nothing was marked, ended or forgotten: the session holds, the key is known.
        let again = receive(&office, "1").expect(201);
        assert_eq!(again.header("idempotency-replayed"), "true");
        assert_eq!(again.json()["case_number"], before["case_number"]);
        let next = receive(&office, "2").expect(201).json();
        let today = day.format("-%y%m%d-").to_string();
        if clock::now().date() == day {
            assert!(next["case_number"].as_str().unwrap().contains(&today), "{next}");
        }
        let histories = office.world.store.read(|conn| events::between(conn, None, None)).unwrap();
        let latest = histories.iter().map(|(_, event)| event.as_ref().unwrap().at).max().unwrap();
        assert!(latest <= clock::now().unix_millis());
        assert_eq!(histories.len(), 2);

        // Two seconds or an hour back: nobody is stopped.
        for back in ["-2", "-3600"] {
            std::fs::write(&file, back).unwrap();
            std::thread::sleep(Duration::from_millis(1500));
            receive(&office, &format!("back{back}")).expect(201);
            let call = office.call("POST", format!("{path}/hand-over")).token(&supervisor);
            let step = if back == "-2" { 1 } else { 0 };
            call.header("if-match", "*").body(json!({"step": step})).send().expect(200);
        }
        std::fs::write(&file, "+0").unwrap();
        wait_for("it is still ready", || office.server.get("/readyz").status == 200);
        receive(&office, "3").expect(201);
        assert_eq!(motcua::tools::verify::verify(&office.world.store, 10).unwrap().findings, vec![]);
    }
}

on_both! {
    fn a_start_under_a_wrong_clock_writes_nothing_until_somebody_vouches_for_it(db: &Database) {
        let file = db.folder().join("clock");
        // A database that was in use a moment ago.
        drop(db.store());
        Program::on(db).output(&["clock", "accept"]);
        let program = moved(db, &file);
        std::fs::write(&file, "+35d").unwrap();
        let told = program.failure(&["clock", "check"]);
        assert!(told.contains("motcua clock accept"), "{told}");
        let server = program.serve();
        server.get("/readyz").problem(503, "clock");
        if db.kind == Kind::Postgres {
            // Its own clock says otherwise, whoever vouches.
            program.output(&["clock", "accept"]);
            std::thread::sleep(Duration::from_millis(2500));
            server.get("/readyz").problem(503, "clock");
        } else {
            program.output(&["clock", "accept"]);
            wait_for("it is believed", || server.get("/readyz").status == 200);
        }
    }
}
