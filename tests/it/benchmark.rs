//! `motcua bench` runs on both databases and tells what it should.

use crate::support::{Database, Kind, Program};

#[test]
fn the_benchmark_tells_every_case_beside_its_limit() {
    let db = Database::new(Kind::Sqlite);
    let folder = db.folder().join("bench");
    // A few are enough to see that it works; the figures of docs/ come from real runs.
    let file = db.folder().join("figures.json");
    let mut figures: serde_json::Value =
        serde_json::from_slice(motcua::config::bundled::FIGURES_2021).unwrap();
    figures["dossiers"] = serde_json::json!({
        "commune": {"received": 500, "resolved": 400, "early_or_on_time": 390, "overdue": 10, "in_progress": 100}
    });
    std::fs::write(&file, figures.to_string()).unwrap();
    let program = Program::on(&db);
    let server = std::env::var("MOTCUA_TEST_POSTGRES").unwrap();
    let arguments = [
        "bench",
        "--folder",
        folder.to_str().unwrap(),
        "--postgres",
        &server,
        "--scale",
        "1,2",
        "--figures",
        file.to_str().unwrap(),
        "--seconds",
        "1",
        "--format",
        "json",
    ];
    let lines = program.json(&arguments);
    let lines = lines.as_array().unwrap();
    for database in ["sqlite", "postgres"] {
        for case in [
            "on-time by level",
            "on-time by unit",
            "on-time by field",
            "on-time by month",
            "on-time by procedure",
            "on-time of one unit by procedure",
            "start-up",
            "look-up",
            "dossier read",
            "list open, clerk of one unit",
            "list overdue, supervisor over all",
            "list search, supervisor over all",
            "page, clerk: a dossier",
            "page, supervisor: overview",
            "size, citizen: look-up",
            "first visit, clerk: open dossiers",
            "receive, 32 clients",
            "outbox, delivered",
            "outbox, a backlog of 100000",
            "outbox, receive meanwhile",
            "memory at rest",
            "memory under load",
        ] {
            let found: Vec<_> = lines
                .iter()
                .filter(|line| {
                    line["database"] == database && line["case"].as_str().unwrap().starts_with(case)
                })
                .collect();
            assert_eq!(found.len(), 2, "{database}: {case}");
            for line in found {
                assert!(line["value"].as_f64().unwrap() > 0.0, "{line}");
                let fields = ["dossiers", "unit", "limit", "ratio", "goal", "p99_ms"];
                assert!(
                    fields.iter().all(|field| line.get(field).is_some()),
                    "{line}"
                );
            }
        }
    }
}
