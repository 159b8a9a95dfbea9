//! Answers that are kept are given again only while they stand, whoever changes what they show.

use serde_json::json;

use crate::support::{COMMUNE, Office, Program, SAME_DAY, hire, on_both, password};
use motcua::domain::role::Role;

/// How many answers of that kind ("kept", "made") the office's server has given.
fn counted(office: &Office, how: &str) -> f64 {
    let metrics = office.server.metrics().expect(200).body;
    let name = format!("motcua_kept_answers_total{{how=\"{how}\"}} ");
    let line = metrics.lines().find_map(|line| line.strip_prefix(&name));
    line.map_or(0.0, |number| number.parse().unwrap())
}

on_both! {
    fn what_another_instance_changes_is_seen_at_once(db: &Database) {
        let mut office = Office::open(db);
        let other = Program::on(db).serve_beside(&office.server);
        let officer = office.token(Role::Officer, COMMUNE);
        for _ in 0..10 {
            let made = office.receive(COMMUNE, SAME_DAY);
            let path = format!("/api/v1/dossiers/{}", made["case_number"].as_str().unwrap());
            let look_up = format!(
                "/api/v1/lookup?case_number={}&code={}",
                made["case_number"].as_str().unwrap(), made["look_up_code"].as_str().unwrap(),
            );
            let read = || office.call("GET", &path).token(&officer).send().expect(200);
            let seen = || office.call("GET", &look_up).send().expect(200);
            let first = read();
            assert_eq!(first.json()["version"], made["version"]);
            assert_eq!(seen().json()["status"], "received");
            let before = counted(&office, "kept");
            // Twice the same, byte for byte, and neither is made anew.
            let again = read();
            assert_eq!((&again.body, again.header("etag")), (&first.body, first.header("etag")));
            assert_eq!(again.header("cache-control"), "no-store");
            assert_eq!(seen().json()["status"], "received");
            assert_eq!(counted(&office, "kept"), before + 2.0);

            // A change elsewhere does not touch what is kept; one here does.
            office.world.receive_at(COMMUNE, SAME_DAY, motcua::clock::now());
            assert_eq!(read().body, first.body);
            assert_eq!(counted(&office, "kept"), before + 3.0);
            let act = other.send(
                "POST",
                &format!("{path}/hand-over"),
                &[
                    ("Authorization", &format!("Bearer {officer}")),
                    ("If-Match", first.header("etag")),
                    ("Content-Type", "application/json"),
                ],
                json!({"step": 1}).to_string().as_bytes(),
            );
            assert_eq!(act.status, 200, "{}", act.body);
            assert_eq!(read().body, act.body);
            assert_eq!(seen().json()["status"], "in_progress");
        }
    }
}

on_both! {
    fn who_may_not_come_in_any_more_gets_nothing_that_is_kept(db: &Database) {
        let mut office = Office::open(db);
        let other = Program::on(db).serve_beside(&office.server);
        let administrator = office.token(Role::Administrator, "H37");
        let made = office.receive(COMMUNE, SAME_DAY);
        let path = format!("/api/v1/dossiers/{}", made["id"].as_str().unwrap());
        let username = hire(&office.world, Role::Officer, COMMUNE);
        let log_in = || office.log_in(&username, &password(&username)).expect(201).json();
        let ended = log_in()["token"].as_str().unwrap().to_owned();
        let moved = log_in()["token"].as_str().unwrap().to_owned();
        let read = |token: &str| office.call("GET", &path).token(token).send();
        for token in [&ended, &moved, &ended, &moved] {
            read(token).expect(200);
        }
        let bearer = format!("Bearer {ended}");
        let end = other.send("DELETE", "/api/v1/sessions/current", &[("Authorization", &bearer)], b"");
        assert_eq!(end.status, 204);
        read(&ended).problem(401, "unauthenticated");
        read(&moved).expect(200);

        // To a unit from which the dossier is out of reach.
        let bearer = format!("Bearer {administrator}");
        let change = |body: serde_json::Value| {
            let headers = [
                ("Authorization", bearer.as_str()), ("If-Match", "*"),
                ("Content-Type", "application/json"),
            ];
            let path = format!("/api/v1/users/{username}");
            let changed = other.send("PATCH", &path, &headers, body.to_string().as_bytes());
            assert_eq!(changed.status, 200, "{}", changed.body);
        };
        change(json!({"unit": "H37.21.01"}));
        read(&moved).problem(403, "forbidden");
        change(json!({"unit": COMMUNE}));
        read(&moved).expect(200);
        read(&moved).expect(200);
        change(json!({"disabled": true}));
        read(&moved).problem(401, "unauthenticated");
    }
}

on_both! {
    fn an_address_that_guesses_gets_nothing_that_is_kept(db: &Database) {
        let mut office = Office::open(db);
        let made = office.receive(COMMUNE, SAME_DAY);
        let number = made["case_number"].as_str().unwrap();
        let look_up = |code: &str| {
            let path = format!("/api/v1/lookup?case_number={number}&code={code}");
            office.call("GET", path).send()
        };
        let code = made["look_up_code"].as_str().unwrap();
        look_up(code).expect(200);
        look_up(code).expect(200);
        let mut tried = 0;
        while look_up("AAAAAAAAAA").status == 404 {
            tried += 1;
            assert!(tried < 1000);
        }
        // The number's limit comes first; then the address's, by guessing at others.
        let mut other = 0;
        loop {
            let path = format!("/api/v1/lookup?case_number=H37.20.01-210301-{other:04}&code=AAAAAAAAAA");
            if office.call("GET", path).send().status == 429 {
                break;
            }
            other += 1;
            assert!(other < 1000);
        }
        look_up(code).problem(429, "too-many-requests");
    }
}
