//! Running it: logs without personal data, metrics, stopping, settings, databases of before.

use std::collections::HashSet;

use serde_json::{Value, json};

use crate::support::{COMMUNE, Database, Kind, Office, Program, SAME_DAY, on_both};
use motcua::domain::role::Role;

#[test]
fn logs_have_request_ids_and_no_personal_data() {
    let db = Database::new(Kind::Sqlite);
    let log = db.folder().join("log");
    let program = Program::on(&db)
        .with("MOTCUA_LOG_FORMAT", "json")
        .log_to(&log);
    let mut office = Office::open_with(&db, program);
    let clerk = office.token(Role::Clerk, COMMUNE);
    let dossier = office.receive(COMMUNE, SAME_DAY);
    let number = dossier["case_number"].as_str().unwrap();
    let code = dossier["look_up_code"].as_str().unwrap();
    let path = format!("/api/v1/lookup?case_number={number}&code={code}");
    let given = "0123-from-a-proxy";
    let answer = office
        .call("GET", path)
        .header("X-Request-Id", given)
        .send()
        .expect(200);
    assert_eq!(answer.header("x-request-id"), given);
    let path = format!("/api/v1/dossiers/{number}/identities");
    office.call("GET", path).token(&clerk).send().expect(200);
    let search = json!({"text": "020185000123"});
    let call = office
        .call("POST", "/api/v1/dossiers/search")
        .token(&clerk)
        .body(search);
    call.send().expect(200);
    let forged = office
        .call("GET", "/healthz")
        .header("X-Request-Id", "a b\"}")
        .send();
    let made = forged.header("x-request-id").to_owned();
    assert!(uuid::Uuid::parse_str(&made).is_ok(), "{made}");
    let missing = office.call("GET", "/no/such/place/020185000123").send();
    assert!(!missing.header("x-request-id").is_empty());
    assert!(office.server.stop().success());

    let text = std::fs::read_to_string(&log).unwrap();
    let lines: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let answered: Vec<_> = lines
        .iter()
        .filter(|line| line["message"] == "answered")
        .collect();
    assert!(answered.len() >= 7, "{text}");
    let ids: HashSet<_> = answered.iter().map(|line| line["id"].to_string()).collect();
    assert_eq!(ids.len(), answered.len());
    assert!(ids.contains(&format!("\"{given}\"")) && ids.contains(&format!("\"{made}\"")));
    let look_up = answered
        .iter()
        .find(|line| line["route"] == "/api/v1/lookup")
        .unwrap();
    assert_eq!(
        (&look_up["method"], &look_up["status"]),
        (&json!("GET"), &json!(200))
    );
    assert!(answered.iter().any(|line| line["user"].is_i64()), "{text}");
    for secret in [
        "020185000123",
        "Nguyễn",
        "0912345678",
        number,
        code,
        &clerk,
        "mật khẩu",
    ] {
        assert!(!text.contains(secret), "{secret} in the log");
    }
}

on_both! {
    fn metrics_tell_how_it_fares(db: &Database) {
        let mut office = Office::open(db);
        let boss = office.token(Role::Supervisor, COMMUNE);
        office.receive(COMMUNE, SAME_DAY);
        let mut late = office.new_dossier(COMMUNE, SAME_DAY);
        late["at"] = json!({"moment": "2021-03-01T08:00:00+07:00", "late_reason": "hồ sơ giấy"});
        office.call("POST", "/api/v1/dossiers").token(&boss).body(late).send().expect(201);
        let text = office.server.metrics().expect(200);
        assert!(text.content_type.starts_with("text/plain; version=0.0.4"), "{}", text.content_type);
        let value = |name: &str| {
            let line = text.body.lines().find(|line| line.starts_with(&format!("{name} ")));
            let line = line.unwrap_or_else(|| panic!("no {name} in {}", text.body));
            line.rsplit(' ').next().unwrap().parse::<f64>().unwrap()
        };
        let received = r#"motcua_http_requests_total{method="POST",route="/api/v1/dossiers",status="201"}"#;
        assert!(value(received) >= 2.0);
        assert!(value(r#"motcua_http_request_seconds_count{route="/api/v1/dossiers"}"#) >= 2.0);
        assert!(value(r#"motcua_open_dossiers{level="commune"}"#) == 2.0);
        assert!(value(r#"motcua_overdue_dossiers{level="commune"}"#) == 1.0);
        assert!(value(r#"motcua_open_dossiers{level="province"}"#) == 0.0);
        assert!(value("motcua_outbox_waiting") == 0.0);
        assert!(value("motcua_rollup_deltas_waiting") >= 0.0);
        assert!(value(r#"motcua_database_connections{state="used"}"#) >= 0.0);
        if db.kind == Kind::Sqlite {
            assert!(value("motcua_writer_group_size_count") >= 2.0);
        }
        // Labels come from the table of routes, so that no caller can make more of them.
        assert!(!text.body.contains("H37.20.01-"), "{}", text.body);
    }
}

#[test]
fn metrics_are_for_whom_the_settings_name() {
    let db = Database::new(Kind::Sqlite);
    let program = Program::on(&db).with("MOTCUA__SERVER__METRICS_FROM", "10.0.0.0/8");
    let server = program.serve();
    server.metrics().problem(403, "forbidden");
}

#[test]
fn a_stop_finishes_what_was_accepted() {
    let db = Database::new(Kind::Sqlite);
    let mut office = Office::open(&db);
    let clerk = office.token(Role::Clerk, COMMUNE);
    let body = json!({"dossiers": vec![office.new_dossier(COMMUNE, SAME_DAY); 500]});
    let Office { world, server, .. } = office;
    let body = body.to_string();
    let pid = server.id();
    let answer = std::thread::scope(|scope| {
        let call = scope.spawn(|| {
            let token = format!("Bearer {clerk}");
            let headers = [
                ("Content-Type", "application/json"),
                ("Authorization", token.as_str()),
            ];
            server.send("POST", "/api/v1/dossiers/batch", &headers, body.as_bytes())
        });
        std::thread::sleep(std::time::Duration::from_millis(60));
        let pid = pid.to_string();
        std::process::Command::new("kill")
            .args(["-TERM", &pid])
            .status()
            .unwrap();
        call.join().unwrap()
    });
    assert_eq!(answer.expect(200).json()["received"], 500);
    assert!(server.wait().success());
    assert_eq!(
        world.store.read(motcua::store::dossiers::count).unwrap(),
        500
    );
}

#[test]
fn wrong_settings_of_the_server_name_their_key() {
    let db = Database::new(Kind::Sqlite);
    for (variable, value, key) in [
        (
            "MOTCUA__ACCOUNTS__SESSION_HOURS",
            "0",
            "accounts.session_hours",
        ),
        (
            "MOTCUA__SERVER__TRUSTED_PROXIES",
            "10.0.0.0/99",
            "server.trusted_proxies",
        ),
        (
            "MOTCUA__SERVER__METRICS_FROM",
            "everywhere",
            "server.metrics_from",
        ),
        (
            "MOTCUA__PAYMENTS__GATEWAY_SECRET",
            "short",
            "payments.gateway_secret",
        ),
        ("MOTCUA__PAYMENTS__BANK", "97", "payments.bank"),
        ("MOTCUA__OIDC__ISSUER", "http://127.0.0.1", "oidc.client_id"),
        (
            "MOTCUA__LIMITS__LOG_IN_ACCOUNT__BURST",
            "0",
            "limits.log_in_account",
        ),
        (
            "MOTCUA__SERVER__HOUSEKEEPING_SECONDS",
            "x",
            "housekeeping_seconds",
        ),
    ] {
        let error = Program::on(&db).with(variable, value).failure(&["serve"]);
        assert!(error.contains(key), "{variable}: {error}");
        assert!(!error.contains("short"), "{error}");
    }
}
