//! The scenario: the counts of a report come out, whatever they are, the same for a seed.

use std::collections::BTreeSet;

use chrono::Datelike;
use serde_json::{Value, json};

use crate::support::{Database, Kind, Program, on_both};

const PERIOD: [&str; 4] = ["--from", "2020-12-15", "--to", "2021-09-14"];

fn report(program: &Program, more: &[&str]) -> Value {
    let mut arguments = vec!["report", "cchc", "--format", "json"];
    arguments.extend(PERIOD);
    arguments.extend(more);
    program.json(&arguments)
}

/// The counts of the levels: received, resolved, early or on time, overdue, in progress.
fn counts(report: &Value) -> Vec<[i64; 5]> {
    let levels = report["levels"].as_array().unwrap();
    let count = |level: &Value, name: &str| level[name].as_i64().unwrap();
    levels
        .iter()
        .map(|l| {
            let in_time = count(l, "early") + count(l, "on_time");
            let names = ["received", "resolved", "overdue", "in_progress"];
            let [received, resolved, overdue, in_progress] = names.map(|name| count(l, name));
            [received, resolved, in_time, overdue, in_progress]
        })
        .collect()
}

fn figures() -> Value {
    serde_json::from_slice(motcua::config::bundled::FIGURES_2021).unwrap()
}

/// A small province with other figures.
fn small() -> Value {
    let mut figures = figures();
    figures["dossiers"] = json!({
        "province": {"received": 300, "resolved": 280, "early_or_on_time": 270, "overdue": 10, "in_progress": 20},
        "district": {"received": 150, "resolved": 150, "early_or_on_time": 150, "overdue": 0, "in_progress": 0},
        "commune": {"received": 700, "resolved": 690, "early_or_on_time": 600, "overdue": null, "in_progress": 10}
    });
    figures
}

fn load(db: &Database, figures: &Value, more: &[&str]) -> Program {
    let file = db.folder().join("figures.json");
    std::fs::write(&file, figures.to_string()).unwrap();
    let program = Program::on(db);
    let mut arguments = vec![
        "scenario",
        "lang-son-2021",
        "--figures",
        file.to_str().unwrap(),
    ];
    arguments.extend(more);
    program.output(&arguments);
    program
}

on_both! {
    fn the_report_of_2021_comes_out_of_424_372_dossiers(db: &Database) {
        let program = Program::on(db);
        program.output(&["scenario", "lang-son-2021"]);
        let report = report(&program, &["--compare"]);
        let levels = counts(&report);
        assert_eq!(levels[0], [79_918, 78_751, 78_742, 9, 1_167]);
        assert_eq!(levels[1], [36_858, 36_545, 36_470, 75, 313]);
        let [received, resolved, _, _, in_progress] = levels[2];
        assert_eq!([received, resolved, in_progress], [307_596, 307_373, 223]);
        assert_eq!(report["levels"][0]["on_time_rate"], "99.99");
        assert_eq!(report["levels"][1]["on_time_rate"], "99.79");
        assert_eq!(report["total"]["received"], 424_372);

        let printed = figures();
        let procedures = &report["procedures"];
        for name in [
            "in_force",
            "announced_in_period",
            "internal_workflows_approved",
            "simplification_proposals",
        ] {
            assert_eq!(procedures[name], printed["procedures"][name], "{name}");
        }
        let cuts = &procedures["time_limit_cuts"];
        for name in ["procedures", "planned", "province", "district", "commune", "days_cut", "days_before"] {
            assert_eq!(cuts[name], printed["procedures"]["time_limit_cuts"][name], "{name}");
        }
        assert_eq!(cuts["rate"], "38.85");
        assert_eq!(procedures["integrated_with_national_portal"], 1_685);
        assert_eq!(report["feedback_received_and_handled"], 9);
        assert_eq!(report["offices"], printed["offices"]);
        // The three printed shares that do not follow from the printed counts, and nothing else.
        let differences = report["differences"].as_array().unwrap();
        let pairs: Vec<_> = differences
            .iter()
            .map(|d| (d["printed"].as_str().unwrap(), d["counted"].as_str().unwrap()))
            .collect();
        assert_eq!(pairs, [("99,80%", "99,79%"), ("0,20%", "0,21%"), ("38,83%", "38,85%")]);

        if db.kind == Kind::Sqlite {
            let bytes = std::fs::metadata(db.file()).unwrap().len();
            // Some 450 of them for the log, the commitments to persons and the second time of events.
            assert!(bytes / 424_372 < 2_000, "{} bytes a dossier", bytes / 424_372);
        }
        program.output(&["verify"]);
    }
}

on_both! {
    fn other_figures_come_out_as_well_and_every_dossier_is_sound(db: &Database) {
        let program = load(db, &small(), &[]);
        let report = report(&program, &[]);
        assert_eq!(
            counts(&report),
            [[300, 280, 270, 10, 20], [150, 150, 150, 0, 0], [700, 690, 600, 90, 10]]
        );
        assert!(program.output(&["verify"]).contains("1.150 hồ sơ"));
        let store = db.store();
        let rows = store.read(|conn| motcua::store::dossiers::rows_after(conn, None, 5000)).unwrap();
        let reference = store.reference().unwrap();
        let mut units = BTreeSet::new();
        for (id, _) in &rows {
            let (dossier, _) =
                store.read(|conn| motcua::store::events::replay(conn, *id)).unwrap().unwrap();
            let received = dossier.received_at.unwrap();
            let timetable = reference.timetable(dossier.unit).unwrap();
            assert!(timetable.is_open(received).unwrap(), "received at {received}");
            assert!(timetable.is_working_day(dossier.due().unwrap().date()).unwrap());
            assert_ne!(received.date().year(), 2022);
            units.insert(dossier.unit);
        }
        assert!(units.len() > 100, "spread over {} units", units.len());
    }
}

#[test]
fn the_same_seed_gives_the_same_dossiers_on_both_databases() {
    let dump = |db: &Database, seed: &str| {
        load(db, &small(), &["--seed", seed]);
        let store = db.store();
        let pages = store
            .read(|conn| motcua::store::events::between(conn, None, None))
            .unwrap();
        pages
            .into_iter()
            .map(|(id, event)| (id, event.unwrap()))
            .collect::<Vec<_>>()
    };
    let first = dump(&Database::new(Kind::Sqlite), "7");
    let again = dump(&Database::new(Kind::Postgres), "7");
    let other = dump(&Database::new(Kind::Sqlite), "8");
    assert!(first == again, "the same seed gave other dossiers");
    assert!(first != other, "another seed gave the same dossiers");
}

on_both! {
    fn a_scale_multiplies_and_an_ending_moves_to_the_present(db: &Database) {
        let program = load(db, &small(), &["--scale", "3", "--ending", "2026-11-20"]);
        let arguments = ["report", "cchc", "--from", "2026-02-20", "--to", "2026-11-19", "--format", "json"];
        let report = program.json(&arguments);
        assert_eq!(counts(&report)[0], [900, 840, 810, 30, 60]);
        assert_eq!(counts(&report)[2][0], 2100);
        let by_month = program.json(&[
            "report", "on-time", "--by", "month", "--from", "2026-02-20", "--to", "2026-11-19",
            "--format", "json",
        ]);
        assert_eq!(by_month["rows"].as_array().unwrap().len(), 10);
    }
}

#[test]
fn figures_that_contradict_themselves_are_refused_with_their_places() {
    let db = Database::new(Kind::Sqlite);
    let program = Program::on(&db);
    let file = db.folder().join("figures.json");
    let arguments = [
        "scenario",
        "lang-son-2021",
        "--figures",
        file.to_str().unwrap(),
    ];
    let refuse = |figures: &str| {
        std::fs::write(&file, figures).unwrap();
        program.failure(&arguments)
    };
    let mut wrong = small();
    wrong["dossiers"]["province"]["received"] = 301.into();
    wrong["dossiers"]["commune"]["early_or_on_time"] = 900.into();
    wrong["procedures"]["in_force"]["total"] = 1.into();
    wrong["procedures"]["time_limit_cuts"]["days_cut"] = 9999.into();
    let error = refuse(&wrong.to_string());
    for place in [
        "/dossiers/province",
        "/dossiers/commune",
        "/procedures/in_force",
        "/procedures/time_limit_cuts",
    ] {
        assert!(error.contains(place), "{place}: {error}");
    }
    assert!(refuse("{").contains("figures.json"));
    assert!(refuse("{\"period\":{}}").contains("missing field"));
    let mut never = small();
    never["period"] = json!({"from": "2016-12-15", "to": "2017-09-14"});
    assert!(refuse(&never.to_string()).contains("không có năm 2016"));
    let mut future = small();
    future["period"] = json!({"from": "2027-01-15", "to": "2027-09-14"});
    assert!(refuse(&future.to_string()).contains("sau hôm nay"));
    // Nothing of all that is in the database.
    let store = db.store();
    assert!(store.reference().unwrap().units().all().is_empty());
}

#[test]
fn more_extreme_figures_come_out_too() {
    let db = Database::new(Kind::Sqlite);
    let mut figures = small();
    figures["dossiers"] = json!({
        "commune": {"received": 40, "resolved": 40, "early_or_on_time": 0, "overdue": 40, "in_progress": 0},
        "province": {"received": 30, "resolved": 0, "early_or_on_time": 0, "overdue": 0, "in_progress": 30}
    });
    figures["procedures"] = json!({
        "in_force": {"total": 32, "province": 2, "district": 0, "commune": 30},
        "announced_in_period": {"total": 3, "province": 2, "district": 0, "commune": 1},
        "internal_workflows_approved": {"total": 0, "province": 0, "district": 0, "commune": 0},
        "time_limit_cuts": {"procedures": 1, "planned": 0, "province": 1, "district": 0, "commune": 0, "days_cut": 3, "days_before": 10},
        "simplification_proposals": {"total": 0, "province": 0, "district": 0, "commune": 0},
        "integrated_with_national_portal": 1
    });
    let program = load(&db, &figures, &[]);
    let report = report(&program, &[]);
    let [province, district, commune] = counts(&report)[..] else {
        panic!("{report}")
    };
    assert_eq!(province, [30, 0, 0, 0, 30]);
    assert_eq!(district, [0; 5]);
    assert_eq!(commune, [40, 40, 0, 40, 0]);
    assert_eq!(report["levels"][0]["on_time_rate"], Value::Null);
    assert_eq!(report["procedures"]["time_limit_cuts"]["rate"], "30.00");
    assert_eq!(report["procedures"]["announced_in_period"]["total"], 3);
}

#[test]
fn a_scenario_goes_into_an_empty_database_only() {
    let db = Database::new(Kind::Sqlite);
    let program = load(&db, &small(), &[]);
    let again = program.failure(&["scenario", "lang-son-2021"]);
    assert!(again.contains("đã có hồ sơ"), "{again}");
    assert_eq!(counts(&report(&program, &[]))[0][0], 300);
}

on_both! {
    fn of_two_scenarios_at_once_one_comes_in_whole_and_the_other_says_why(db: &Database) {
        drop(db.store());
        let file = db.folder().join("figures.json");
        std::fs::write(&file, small().to_string()).unwrap();
        let arguments = ["scenario", "lang-son-2021", "--figures", file.to_str().unwrap()];
        let outputs: Vec<_> = std::thread::scope(|scope| {
            let run = || Program::on(db).run(&arguments);
            let threads = [scope.spawn(run), scope.spawn(run)];
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        let failed: Vec<_> = outputs.iter().filter(|output| !output.status.success()).collect();
        assert_eq!(failed.len(), 1);
        let error = String::from_utf8_lossy(&failed[0].stderr);
        assert!(error.contains("đã có hồ sơ"), "{error}");
        assert!(Program::on(db).output(&["verify"]).contains("1.150 hồ sơ"));
    }
}

#[test]
fn an_ending_that_cannot_be_is_an_error() {
    let db = Database::new(Kind::Sqlite);
    let error = Program::on(&db).failure(&["scenario", "lang-son-2021", "--ending", "1900-02-20"]);
    assert!(error.contains("1900"), "{error}");
}
