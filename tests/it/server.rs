//! The real server over real HTTP, on both databases; and what a command says when the database
//! is away, full, or not ours.

use crate::support::{Database, Kind, Office, Program, World, at, fields, on_both};
use motcua::domain::role::Role;
use motcua::views;

const COMMUNE: &str = "H37.20.01";

on_both! {
    fn a_citizen_looks_a_dossier_up(db: &Database) {
        let world = World::new(db.store());
        let dossier = world.receive_at(COMMUNE, "2.000815", at("2021-03-01 08:00"));
        world.begin(dossier.id, at("2021-03-01 09:00"));
        let code = views::look_up::look_up_code(&world.store, dossier.id).unwrap();
        let server = Program::on(db).serve();
        let look_up = |number: &str, code: &str| {
            server.get(&format!("/api/v1/lookup?case_number={number}&code={code}"))
        };
        let answer = look_up("h37.20.01-210301-0001", &code.to_lowercase());
        assert_eq!(answer.status, 200);
        let json = answer.json();
        assert_eq!(json["case_number"], "H37.20.01-210301-0001");
        assert_eq!(json["status_code"], 4);
        assert_eq!(json["received_at"], "2021-03-01T08:00:00+07:00");
        assert_eq!(json["due_at"], "2021-03-01T17:00:00+07:00");
        assert_eq!(json["overdue"], true);
        assert_eq!(json["applicant"], "Nguyễn T. Á.");
        // Nothing personal beyond the masked name.
        for secret in ["020185000123", "0912345678", "Ánh"] {
            assert!(!answer.body.contains(secret), "{secret}");
        }

        // A wrong code and an unknown number look the same.
        let wrong = look_up("H37.20.01-210301-0001", "AAAAAAAAAA");
        let unknown = look_up("H37.20.01-210301-0099", &code);
        assert_eq!((wrong.status, unknown.status), (404, 404));
        assert_eq!(wrong.body, unknown.body);
        assert_eq!(wrong.content_type, "application/problem+json");
        for odd in ["", "x", "%F0%9F%98%80", "AAAAAAAAA1", &"A".repeat(5000)] {
            assert_eq!(look_up("H37.20.01-210301-0001", odd).status, 404, "{odd}");
        }
        let malformed = look_up("12", &code);
        assert_eq!(malformed.status, 400);
        assert_eq!(malformed.json()["errors"][0]["field"], "case_number");
        assert!(server.stop().success());
    }
}

on_both! {
    fn reports_come_as_json_equal_to_the_command_line(db: &Database) {
        // Before a server runs, whose sweep would find it overdue for years in the middle of this.
        let world = World::new(db.store());
        let dossier = world.receive_at(COMMUNE, "2.000815", at("2021-03-01 08:00"));
        world.begin(dossier.id, at("2021-03-01 09:00"));
        world.finish(dossier.id, at("2021-03-01 10:00"));
        let mut office = Office::open(db);
        let program = Program::on(db);
        assert_eq!(office.server.get("/healthz").status, 200);
        assert_eq!(office.server.get("/readyz").status, 200);
        let token = office.token(Role::Supervisor, "H37");
        let period = ["--from", "2021-02-15", "--to", "2021-03-14", "--format", "json"];
        for (path, arguments) in [
            ("cchc?", vec!["report", "cchc"]),
            ("on-time?by=unit&", vec!["report", "on-time", "--by", "unit"]),
            ("on-time?by=month&", vec!["report", "on-time", "--by", "month"]),
            ("06a?unit=H37.20&", vec!["report", "06a", "--unit", "H37.20"]),
        ] {
            let url = format!("/api/v1/reports/{path}from=2021-02-15&to=2021-03-14");
            let answer = office.call("GET", url).token(&token).send().expect(200);
            let command = program.json(&[&arguments[..], &period[..]].concat());
            assert_eq!(answer.json(), command, "{path}");
            assert!(answer.body.contains("\"on_time\":1"), "{}", answer.body);
        }
        // A district's supervisor gets the same for their own part.
        let token = office.token(Role::Supervisor, "H37.20");
        for by in ["level", "unit", "field", "month"] {
            let url = format!("/api/v1/reports/on-time?by={by}&from=2021-02-15&to=2021-03-14");
            let own = office.call("GET", url.clone()).token(&token).send().expect(200).json();
            let arguments = ["report", "on-time", "--by", by];
            let whole = program.json(&[&arguments[..], &period[..]].concat());
            assert_eq!(own, whole, "{by}");
            let empty = office.token(Role::Supervisor, "H37.21");
            let empty = office.call("GET", url).token(&empty).send().expect(200).json();
            assert_eq!(empty["total"]["received"], 0);
        }
    }
}

#[test]
fn bad_requests_are_problems_that_name_every_field() {
    let db = Database::new(Kind::Sqlite);
    let mut office = Office::open(&db);
    let token = office.token(Role::Supervisor, "H37");
    let problem = |path: &str, status: u16| {
        let answer = office.call("GET", path).token(&token).send();
        assert_eq!(answer.status, status, "{path}: {}", answer.body);
        assert_eq!(answer.content_type, "application/problem+json", "{path}");
        answer.json()
    };
    let json = problem("/api/v1/reports/on-time?from=x&as_of=y&by=moon", 400);
    let mut wrong = fields(&json);
    wrong.sort();
    assert_eq!(wrong, ["as_of", "by", "from", "to"]);
    problem("/api/v1/reports/cchc?from=2021-03-01&to=2021-02-01", 400);
    problem("/api/v1/reports/cchc?from=2099-03-01&to=2099-04-01", 400);
    for path in ["cchc", "06a"] {
        let period = "from=2021-03-01&to=2021-04-01";
        problem(&format!("/api/v1/reports/{path}?{period}&colour=red"), 400);
        problem(&format!("/api/v1/reports/{path}?{period}&by=level"), 400);
    }
    problem(
        "/api/v1/reports/06a?from=2021-03-01&to=2021-04-01&unit=H99",
        400,
    );
    let json = problem("/api/v1/lookup", 400);
    assert_eq!(json["errors"].as_array().unwrap().len(), 2, "{json}");
    problem("/api/v1/lookup?case_number=a&case_number=b&code=c", 400);
    let json = problem(
        "/api/v1/reports/cchc?from=2021-03-01&to=2021-04-01&as_of=2999-01-01",
        400,
    );
    assert_eq!(json["errors"][0]["field"], "as_of");
    let server = &office.server;
    assert_eq!(server.request("HEAD", "/healthz").status, 200);
    problem("/api/v1/lookup?case_number=%FF&code=x", 400);
    let json = problem("/no/such/place", 404);
    assert_eq!(json["type"], "urn:motcua:problem:not-found");
    let answer = server.request("DELETE", "/api/v1/lookup");
    assert_eq!(answer.status, 405);
    assert_eq!(
        answer.json()["type"],
        "urn:motcua:problem:method-not-allowed"
    );
}

#[test]
fn a_database_that_goes_away_is_a_503_and_comes_back() {
    let db = Database::new(Kind::Postgres);
    let server = Program::on(&db).serve();
    assert_eq!(server.get("/readyz").status, 200);
    let cluster = Database::new(Kind::Postgres);
    let name = db.url().rsplit('/').next().unwrap().to_owned();
    cluster.tamper(&format!("alter database {name} allow_connections false"));
    cluster.tamper(&format!(
        "select pg_terminate_backend(pid) from pg_stat_activity where datname = '{name}'"
    ));
    let answer = server.get("/readyz");
    assert_eq!(answer.status, 503, "{}", answer.body);
    assert_eq!(
        answer.json()["type"],
        "urn:motcua:problem:database-unavailable"
    );
    assert_eq!(server.get("/healthz").status, 200);
    cluster.tamper(&format!("alter database {name} allow_connections true"));
    let back = (0..50).any(|_| {
        std::thread::sleep(std::time::Duration::from_millis(100));
        server.get("/readyz").status == 200
    });
    assert!(back, "the server did not find the database again");
}

#[test]
fn commands_say_what_is_wrong_with_the_database() {
    let report = [
        "report",
        "cchc",
        "--from",
        "2021-01-01",
        "--to",
        "2021-01-02",
    ];
    let away = Program::at("postgres://nobody:secret@127.0.0.1:1/none").failure(&report);
    assert!(away.contains("không kết nối được"), "{away}");
    assert!(!away.contains("secret"), "{away}");
    let bad = Program::at("mysql://u:secret@host/db").failure(&report);
    assert!(
        bad.contains("sqlite://") && !bad.contains("secret"),
        "{bad}"
    );
    let folder = Program::at("sqlite:///proc/no/such/place.sqlite3");
    for arguments in [&report[..], &["serve"]] {
        let error = folder.failure(arguments);
        assert!(error.contains("/proc/no"), "{error}");
    }
    // A path that was mistyped is no empty database.
    let typo = Database::new(Kind::Sqlite);
    let error = Program::on(&typo).failure(&["verify"]);
    assert!(error.contains("không có cơ sở dữ liệu"), "{error}");
    assert!(!typo.file().exists());
}

#[test]
fn a_full_disk_is_an_error_and_leaves_nothing_half_written() {
    let db = Database::new(Kind::Sqlite);
    let program = Program::on(&db);
    drop(db.store());
    // As large as a disk that is full: the shell's limit on file sizes, in blocks of 1024 bytes.
    let limited = std::process::Command::new("bash")
        .args([
            "-c",
            "trap '' XFSZ; ulimit -f 4096; exec \"$0\" scenario lang-son-2021",
        ])
        .arg(env!("CARGO_BIN_EXE_motcua"))
        .env("DATABASE_URL", db.url())
        .output()
        .unwrap();
    let error = String::from_utf8_lossy(&limited.stderr);
    assert_eq!(limited.status.code(), Some(1), "{error}");
    assert!(error.contains("lỗi"), "{error}");
    assert!(program.output(&["verify"]).contains("0 hồ sơ"));
    assert!(db.store().reference().unwrap().units().all().is_empty());
}

#[test]
fn wrong_settings_name_their_key() {
    let db = Database::new(Kind::Sqlite);
    drop(db.store());
    let verify = ["verify"];
    for (variable, value, key) in [
        ("MOTCUA__SERVER__LISTEN", "nowhere", "server.listen"),
        ("MOTCUA__DATABASE__CONNECTIONS", "0", "database.connections"),
        ("MOTCUA__SERVER__PORT", "1", "port"),
    ] {
        let error = Program::on(&db).with(variable, value).failure(&verify);
        assert!(error.contains(key), "{error}");
    }
}

#[test]
fn the_demo_loads_reports_and_serves() {
    let db = Database::new(Kind::Sqlite);
    let file = db.folder().join("figures.json");
    let mut figures: serde_json::Value =
        serde_json::from_slice(motcua::config::bundled::FIGURES_2021).unwrap();
    figures["dossiers"] = serde_json::json!({
        "commune": {"received": 50, "resolved": 40, "early_or_on_time": 39, "overdue": 1, "in_progress": 10}
    });
    std::fs::write(&file, figures.to_string()).unwrap();
    let file = file.to_str().unwrap().to_owned();
    for _ in 0..2 {
        let demo = ["demo", "--listen", "127.0.0.1:0", "--figures", &file];
        let (server, printed) = Program::on(&db).serve_with(&demo);
        assert!(printed.contains("tiếp nhận 50 hồ sơ"), "{printed}");
        let path = printed
            .lines()
            .find_map(|line| line.strip_prefix("Tra cứu thử: "));
        let answer = server.get(path.unwrap());
        assert_eq!(answer.status, 200, "{}", answer.body);
    }
}

#[test]
fn a_server_that_cannot_listen_changes_nothing() {
    let db = Database::new(Kind::Sqlite);
    let world = World::new(db.store());
    // Overdue for years: a sweep would record it.
    world.receive_at(COMMUNE, "2.000815", at("2021-03-01 08:00"));
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let error = Program::on(&db).failure(&["serve", "--listen", &address]);
    assert!(error.contains(&address), "{error}");
    let found = motcua::tools::verify::verify(&world.store, 10).unwrap();
    assert_eq!((found.findings, found.events), (vec![], 1));
}

#[test]
fn a_full_standard_output_is_an_error_and_no_panic() {
    let db = Database::new(Kind::Sqlite);
    drop(db.store());
    let status = std::process::Command::new("bash")
        .args(["-c", "exec \"$0\" verify > /dev/full"])
        .arg(env!("CARGO_BIN_EXE_motcua"))
        .env("DATABASE_URL", db.url())
        .stderr(std::process::Stdio::null())
        .status()
        .unwrap();
    assert_eq!(status.code(), Some(1));
}
