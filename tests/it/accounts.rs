//! Accounts over HTTP: logging in and out, limits against guessing, administrators' work; and the
//! table of who may do what, held against the running server.

use serde_json::json;
use sha2::Digest;

use crate::support::{
    COMMUNE, Database, FOREIGN, Kind, NEIGHBOUR, Office, Program, SAME_DAY, fields, hire, on_both,
    password,
};
use motcua::domain::role::{Permission, Role};
use motcua::web::{Access, screens, table};

on_both! {
    fn staff_log_in_list_their_sessions_and_log_out(db: &Database) {
        let office = Office::open(db);
        let username = hire(&office.world, Role::Clerk, COMMUNE);
        let begun = office.log_in(&username.to_uppercase(), &password(&username)).expect(201);
        assert_eq!(begun.header("cache-control"), "no-store");
        let begun = begun.json();
        assert_eq!(begun["user"]["role"], "clerk");
        let token = begun["token"].as_str().unwrap();
        let other = office.log_in(&username, &password(&username)).expect(201).json();
        let sessions = office.call("GET", "/api/v1/sessions").token(token).send().expect(200);
        let sessions = sessions.json();
        assert_eq!(sessions.as_array().unwrap().len(), 2);
        let current: Vec<_> = sessions.as_array().unwrap().iter().map(|s| &s["current"]).collect();
        assert_eq!(current, [&json!(false), &json!(true)]);
        // Of the token only its hash is kept.
        let kept = dump(db, "sessions", "token_hash");
        let hash = data_encoding::HEXLOWER.encode(&sha2::Sha256::digest(token));
        assert!(kept.contains(&hash), "{kept}");

        let end = format!("/api/v1/sessions/{}", other["session"]["id"].as_str().unwrap());
        office.call("DELETE", end.clone()).token(token).send().expect(204);
        office.call("DELETE", end).token(token).send().problem(404, "not-found");
        let gone = other["token"].as_str().unwrap();
        office.call("GET", "/api/v1/me").token(gone).send().problem(401, "unauthenticated");
        let me = office.call("GET", "/api/v1/me").token(token).send().expect(200).json();
        assert_eq!(me["username"], username);
        office.call("DELETE", "/api/v1/sessions/current").token(token).send().expect(204);
        office.call("GET", "/api/v1/me").token(token).send().problem(401, "unauthenticated");
    }
}

/// The column in hexadecimal, read around the program.
fn dump(db: &Database, table: &str, column: &str) -> String {
    use diesel::RunQueryDsl;
    #[derive(diesel::QueryableByName)]
    struct Row {
        #[diesel(sql_type = diesel::sql_types::Text)]
        value: String,
    }
    let cast = match db.kind {
        Kind::Sqlite => format!("lower(hex({column}))"),
        Kind::Postgres => format!("encode({column}, 'hex')"),
    };
    let rows = db.store().read(|conn| {
        let query = format!("select {cast} as value from {table}");
        Ok::<Vec<Row>, motcua::store::StoreError>(match conn {
            motcua::store::Conn::Sqlite(conn) => diesel::sql_query(query).load(conn)?,
            motcua::store::Conn::Postgres(conn) => diesel::sql_query(query).load(conn)?,
        })
    });
    rows.unwrap().into_iter().map(|row| row.value).collect()
}

on_both! {
    fn guessing_a_password_is_limited_over_instances(db: &Database) {
        let program = || {
            let toml = db.folder().join("limits.toml");
            std::fs::write(&toml, "[limits]\nlog_in_account = { burst = 3, each_seconds = 600 }\n").unwrap();
            Program::on(db).with("MOTCUA_CONFIG", toml.to_str().unwrap())
        };
        let office = Office::open_with(db, program());
        let other = program().serve_beside(&office.server);
        let username = hire(&office.world, Role::Clerk, COMMUNE);
        let guess = |text: &str| {
            let body = json!({"username": username, "password": text}).to_string();
            let json = [("Content-Type", "application/json")];
            [
                office.log_in(&username, text),
                other.send("POST", "/api/v1/sessions", &json, body.as_bytes()),
            ]
        };
        let answers: Vec<_> = ["a", "b"].iter().flat_map(|text| guess(text)).collect();
        let statuses: Vec<_> = answers.iter().map(|answer| answer.status).collect();
        assert_eq!(statuses, [401, 401, 401, 429]);
        answers[0].problem(401, "wrong-credentials");
        answers[3].problem(429, "too-many-requests");
        let wait: u64 = answers[3].header("retry-after").parse().unwrap();
        assert!((1..=1800).contains(&wait), "{wait}");
        // The right one does not get through now either; nobody else is kept out.
        office.log_in(&username, &password(&username)).problem(429, "too-many-requests");
        let colleague = hire(&office.world, Role::Officer, COMMUNE);
        office.log_in(&colleague, &password(&colleague)).expect(201);
    }
}

#[test]
fn many_guesses_at_once_get_no_further() {
    let db = Database::new(Kind::Sqlite);
    let office = Office::open(&db);
    let username = hire(&office.world, Role::Clerk, COMMUNE);
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let guesses: Vec<_> = (0..40)
            .map(|i| {
                let (office, username) = (&office, &username);
                scope.spawn(move || office.log_in(username, &format!("guess {i}")).status)
            })
            .collect();
        guesses.into_iter().map(|g| g.join().unwrap()).collect()
    });
    let tried = statuses.iter().filter(|status| **status == 401).count();
    assert_eq!(tried, 10, "{statuses:?}");
    assert!(statuses.iter().all(|status| [401, 429].contains(status)));
}

#[test]
fn unknown_names_look_like_wrong_passwords() {
    let db = Database::new(Kind::Sqlite);
    let office = Office::open(&db);
    let username = hire(&office.world, Role::Clerk, COMMUNE);
    let (known, unknown) = (office.log_in(&username, "x"), office.log_in("nobody", "x"));
    assert_eq!((known.status, &known.body), (unknown.status, &unknown.body));
    let wrong = json!({"username": 7, "pass": "x"});
    let answer = office.call("POST", "/api/v1/sessions").body(wrong).send();
    let mut wrong = fields(&answer.problem(400, "invalid-request"));
    wrong.sort();
    assert_eq!(wrong, ["/pass", "/password", "/username"]);
}

on_both! {
    fn administrators_keep_accounts_of_their_units(db: &Database) {
        let mut office = Office::open(db);
        let admin = office.token(Role::Administrator, "H37.20");
        let new = json!({
            "username": "Lan.NT", "full_name": "Nông Thị Lan", "role": "clerk", "unit": COMMUNE,
            "password": "bốn con gà trống",
        });
        let create = |key: &str, body: &serde_json::Value| {
            office.call("POST", "/api/v1/users").token(&admin)
                .header("Idempotency-Key", key).body(body.clone()).send()
        };
        let made = create("key-00000001", &new).expect(201);
        assert_eq!(made.header("location"), "/api/v1/users/lan.nt");
        // The same request again makes nothing; another one under the same key is refused.
        assert_eq!(create("key-00000001", &new).expect(201).body, made.body);
        let mut other = new.clone();
        other["full_name"] = json!("Ai khác");
        create("key-00000001", &other).problem(422, "key-reused");
        let wrong = create("key-00000002", &new).problem(400, "invalid-request");
        assert_eq!(fields(&wrong), ["/username"]);
        let bad = json!({"username": "x", "full_name": " ", "role": "clerk", "unit": "H99", "password": "ngắn"});
        let wrong = fields(&create("key-00000003", &bad).problem(400, "invalid-request"));
        assert_eq!(wrong, ["/username", "/full_name", "/password", "/unit"]);
        // Accounts stand in lists for everybody to choose from: nobody's number is one.
        let mut number = new.clone();
        number["username"] = json!("020185000123");
        number["full_name"] = json!("Nông Thị Lan 020185000123");
        let wrong = fields(&create("key-00000009", &number).problem(400, "invalid-request"));
        assert_eq!(wrong, ["/username", "/full_name"]);
        let mut foreign = new.clone();
        foreign["unit"] = json!(FOREIGN);
        foreign["username"] = json!("lan.khac");
        create("key-00000004", &foreign).problem(403, "forbidden");

        let token = office.log_in("lan.nt", "bốn con gà trống").expect(201).json()["token"].clone();
        let token = token.as_str().unwrap();
        // What an administrator has thought up is good for changing it.
        let own = json!({"password": "bốn con gà trống", "new_password": "một câu của riêng tôi"});
        office.call("PUT", "/api/v1/me/password").token(token).body(own).send().expect(204);
        let made = office.call("GET", "/api/v1/users/lan.nt").token(&admin).send().expect(200);
        let change = |etag: &str, body: serde_json::Value| {
            office.call("PATCH", "/api/v1/users/lan.nt").token(&admin)
                .header("If-Match", etag).body(body).send()
        };
        let etag = made.header("etag");
        let changed = change(etag, json!({"role": "officer"})).expect(200);
        let stale = change(etag, json!({"full_name": "Nông Thị Liên"})).problem(412, "changed");
        assert_eq!(stale["current"]["role"], "officer");
        // The session goes on with the new role.
        let me = office.call("GET", "/api/v1/me").token(token).send().json();
        assert_eq!(me["role"], "officer");
        change(changed.header("etag"), json!({"disabled": true})).expect(200);
        office.call("GET", "/api/v1/me").token(token).send().problem(401, "unauthenticated");
        office.log_in("lan.nt", "một câu của riêng tôi").problem(401, "wrong-credentials");
        let oneself = office.call("PATCH", "/api/v1/users/h37.20.administrator").token(&admin)
            .header("If-Match", "*").body(json!({"disabled": true})).send();
        oneself.problem(409, "refused");
        // A stolen session cannot give itself another way in.
        let keys = office.call("PATCH", "/api/v1/users/h37.20.administrator").token(&admin)
            .header("If-Match", "*").body(json!({"password": "một mật khẩu khác"})).send();
        keys.problem(409, "refused");
        office.call("GET", "/api/v1/users/a%00b").token(&admin).send().problem(404, "not-found");
        // Colleagues are those who may log in, page by page.
        let page = office.call("GET", "/api/v1/colleagues?limit=1").token(&admin).send().expect(200).json();
        assert_eq!((&page["items"][0]["username"], &page["next"]), (&json!("h37.20.administrator"), &json!(null)));
    }
}

#[test]
fn a_changed_password_ends_the_other_sessions() {
    let db = Database::new(Kind::Sqlite);
    let office = Office::open(&db);
    let username = hire(&office.world, Role::Clerk, COMMUNE);
    let log_in = || {
        office
            .log_in(&username, &password(&username))
            .expect(201)
            .json()
    };
    let (own, other) = (log_in(), log_in());
    let token = own["token"].as_str().unwrap();
    let change = |old: &str, new: &str| {
        let body = json!({"password": old, "new_password": new});
        office
            .call("PUT", "/api/v1/me/password")
            .token(token)
            .body(body)
            .send()
    };
    change("wrong", "một mật khẩu mới").problem(401, "wrong-credentials");
    let short = change(&password(&username), "ngắn").problem(400, "invalid-request");
    assert_eq!(fields(&short), ["/new_password"]);
    change(&password(&username), "một mật khẩu mới").expect(204);
    let me = |token: &serde_json::Value| {
        office
            .call("GET", "/api/v1/me")
            .token(token.as_str().unwrap())
            .send()
            .status
    };
    assert_eq!((me(&own["token"]), me(&other["token"])), (200, 401));
    office.log_in(&username, "một mật khẩu mới").expect(201);
}

#[test]
fn the_first_administrator_is_made_at_the_machine() {
    let db = Database::new(Kind::Sqlite);
    let office = Office::open(&db);
    let add = |unit: &str, password: &[u8]| {
        let arguments = [
            "user",
            "add",
            "--username",
            "Boss",
            "--role",
            "administrator",
            "--unit",
            unit,
            "--password-stdin",
        ];
        Program::on(&db).pipe_any(&arguments, password)
    };
    let (ok, errors) = add("H99", b"mot mat khau dai\n");
    assert!(!ok && errors.contains("H99"), "{errors}");
    let (ok, errors) = add("H37", b"ngan\n");
    assert!(!ok && errors.contains("password"), "{errors}");
    assert!(add("H37", b"mot mat khau dai\r\n").0);
    let (ok, errors) = add("H37", b"mot mat khau dai\n");
    assert!(!ok && errors.contains("username"), "{errors}");
    let begun = office.log_in("boss", "mot mat khau dai").expect(201).json();
    assert_eq!(begun["user"]["role"], "administrator");
    let reset = ["user", "password", "--username", "boss", "--password-stdin"];
    assert!(
        Program::on(&db)
            .pipe_any(&reset, "mật khẩu khác hẳn\n".as_bytes())
            .0
    );
    let token = begun["token"].as_str().unwrap();
    office
        .call("GET", "/api/v1/me")
        .token(token)
        .send()
        .problem(401, "unauthenticated");
    office.log_in("boss", "mật khẩu khác hẳn").expect(201);
}

/// What `{…}` stands for in the addresses of the table.
fn address(template: &str, dossier: &str) -> String {
    let values = [
        ("{dossier}", dossier),
        ("{session}", "01780000-0000-7000-8000-000000000000"),
        ("{submission}", "01780000-0000-7000-8000-000000000000"),
        ("{webhook}", "01780000-0000-7000-8000-000000000000"),
        ("{message}", "01780000-0000-7000-8000-000000000000"),
        ("{alarm}", "01780000-0000-7000-8000-000000000000"),
        ("{work}", "overdue"),
        ("{set_aside}", "01780000-0000-7000-8000-000000000000"),
        ("{deputy}", "01780000-0000-7000-8000-000000000000"),
        ("{privacy_request}", "01780000-0000-7000-8000-000000000000"),
        ("{list}", "01780000-0000-7000-8000-000000000000"),
        ("{block}", "01780000-0000-7000-8000-000000000000"),
        ("{other}", "01780000-0000-7000-8000-000000000000"),
        ("{job}", "01780000-0000-7000-8000-000000000000"),
        ("{username}", "nobody"),
        ("{feedback}", "01780000-0000-7000-8000-000000000000"),
        ("{unit}", COMMUNE),
        ("{procedure}", SAME_DAY),
        ("{year}", "2021"),
        ("{payment}", "1"),
        ("{valid_from}", "2027-01-01"),
    ];
    let path = values
        .iter()
        .fold(template.to_owned(), |path, (name, value)| {
            path.replace(name, value)
        });
    assert!(!path.contains('{'), "{path}");
    path
}

on_both! {
    fn only_what_the_table_allows_passes(db: &Database) {
        let mut office = Office::open(db);
        let foreign = office.receive(FOREIGN, SAME_DAY);
        let foreign = foreign["case_number"].as_str().unwrap().to_owned();
        let own = office.receive(COMMUNE, SAME_DAY)["case_number"].as_str().unwrap().to_owned();
        let routes = table();
        assert!(routes.len() > 50);
        for role in Role::ALL {
            let token = office.token(role, COMMUNE);
            for route in &routes {
                let call = |token: Option<&str>, dossier: &str, body: serde_json::Value| {
                    let path = address(&route.path, dossier);
                    let call = office.call(route.method.as_str(), path).header("If-Match", "\"999\"");
                    let call = match token {
                        Some(token) => call.token(token),
                        None => call,
                    };
                    match route.method.as_str() {
                        "GET" | "DELETE" => call.send().status,
                        _ => call.body(body).send().status,
                    }
                };
                let name = format!("{} {} as {}", route.method, route.path, role.as_str());
                // The own session is needed for the rest.
                if route.path == "/api/v1/sessions/current" {
                    continue;
                }
                let status = call(Some(&token), &own, json!({}));
                match route.access {
                    Access::Public | Access::Signed => {
                        assert!(![401, 403].contains(&status) || route.path.ends_with("sessions"), "{name}: {status}");
                    }
                    Access::Staff(permission) => {
                        assert_eq!(call(None, &own, json!({})), 401, "{name} without a token");
                        assert_eq!(call(Some("made-up"), &own, json!({})), 401, "{name} with a wrong one");
                        if !permission.roles().contains(&role) {
                            assert_eq!(status, 403, "{name}");
                            continue;
                        }
                        let whole = ["/api/v1/reports/cchc", "/api/v1/outbox", "/api/v1/alarms", "/api/v1/set-aside"]
                            .iter()
                            .any(|path| route.path.starts_with(path));
                        assert!(whole || ![401, 403].contains(&status), "{name}: {status}");
                        // A dossier of a foreign unit, with a body that would do for one's own.
                        if route.path.contains("{dossier}") {
                            let body = good_body(&route.path);
                            assert_eq!(call(Some(&token), &foreign, body), 403, "{name}, foreign dossier");
                        }
                    }
                }
            }
        }
        // Nothing has happened to the foreign one.
        let clerk = office.token(Role::Clerk, FOREIGN);
        let path = format!("/api/v1/dossiers/{foreign}");
        let view = office.call("GET", path).token(&clerk).send().expect(200).json();
        assert_eq!(view["version"], 1);
    }
}

/// A body with which the action on a dossier could be done.
fn good_body(path: &str) -> serde_json::Value {
    let action = path.rsplit('/').next().unwrap();
    match action {
        "receive" | "reach" => json!({}),
        "hand-over" => json!({"step": 1}),
        "assign" => json!({"assignee": null, "reason": "nghỉ"}),
        "request-supplement" => json!({"reason": "thiếu"}),
        "take-supplement" => json!({"items": [], "reason": "đã đủ"}),
        "request-payment" => json!({"amount_vnd": 1000, "reason": "thuế"}),
        "take-payment" => json!({"amount_vnd": 1000}),
        "collect" => json!({"fees": [0], "method": "cash"}),
        "waive" | "cancel-waiver" => json!({"fee": 0, "reason": "hộ nghèo"}),
        "set" => json!({"fees": [0]}),
        "refund" => json!({"amount_vnd": 1000, "method": "cash", "reason": "thừa"}),
        "finish" => json!({"decision": "approved"}),
        "return" => json!({}),
        "reappoint" => json!({"reason": "chờ", "appointment_at": "2030-01-02T09:00:00+07:00"}),
        "move" => json!({"from": COMMUNE, "to": NEIGHBOUR}),
        "links" => json!({"dossier": "H37.20.01-200101-0001", "kind": "related"}),
        "correct-applicant" => json!({"reason": "sai", "applicant": {"name": "Lý Văn Dũng"}}),
        "correct-papers" => json!({"reason": "sai", "items": []}),
        "correct-receipt" => json!({"reason": "sai", "channel": "postal"}),
        "correct-case" => json!({"reason": "sai", "case": "02"}),
        "correct-delegate" => json!({"reason": "sai", "delegate": {"name": "Lý Văn Dũng"}}),
        _ => json!({"reason": "lý do"}),
    }
}

on_both! {
    fn foreign_units_are_out_of_reach_in_lists_reports_and_bodies(db: &Database) {
        let mut office = Office::open(db);
        let clerk = office.token(Role::Clerk, COMMUNE);
        let body = office.new_dossier(FOREIGN, SAME_DAY);
        let call = office.call("POST", "/api/v1/dossiers").token(&clerk).body(body.clone());
        call.send().problem(403, "forbidden");
        let batch = json!({"dossiers": [body, office.new_dossier(COMMUNE, SAME_DAY)]});
        let call = office.call("POST", "/api/v1/dossiers/batch").token(&clerk).body(batch);
        let batch = call.send().expect(200).json();
        assert_eq!(batch["results"][0]["reason"], "out_of_reach");
        assert_eq!(batch["results"][1]["outcome"], "received");
        let supervisor = office.token(Role::Supervisor, "H37.20");
        let administrator = office.token(Role::Administrator, "H37.20");
        for (token, path) in [
            (&clerk, format!("/api/v1/dossiers?unit={FOREIGN}")),
            (&supervisor, format!("/api/v1/dossiers?unit={FOREIGN}")),
            (&supervisor, format!("/api/v1/colleagues?unit={FOREIGN}")),
            (&administrator, format!("/api/v1/users?unit={FOREIGN}")),
            (&supervisor, "/api/v1/reports/cchc?from=2021-01-01&to=2021-02-01".to_owned()),
            (&supervisor, format!("/api/v1/reports/06a?from=2021-01-01&to=2021-02-01&unit={FOREIGN}")),
            (&supervisor, "/api/v1/reports/on-time?from=2021-01-01&to=2021-02-01&unit=H37".to_owned()),
        ] {
            office.call("GET", path).token(token).send().problem(403, "forbidden");
        }
        // Units, procedures and the calendar of others.
        let change = office.call("PATCH", format!("/api/v1/units/{FOREIGN}")).token(&administrator)
            .header("If-Match", "*").body(json!({"name": "x"}));
        change.send().problem(403, "forbidden");
        let year = json!({"days": [{"date": "2030-01-01", "kind": "off", "name": "Tết"}]});
        let change = office.call("PUT", "/api/v1/calendar/2030").token(&administrator)
            .header("If-Match", "*").body(year);
        change.send().problem(403, "forbidden");
    }
}

#[test]
fn every_permission_is_asked_for_by_a_route() {
    let all = table().into_iter().chain(screens());
    let asked: Vec<_> = all.map(|route| route.access).collect();
    for permission in Permission::ALL {
        assert!(
            asked.contains(&Access::Staff(*permission)),
            "{permission:?}"
        );
    }
    // Administrators see no applicants.
    for permission in [
        Permission::ReadDossiers,
        Permission::ReadIdentity,
        Permission::Receive,
    ] {
        assert!(!Role::Administrator.may(permission));
    }
}

on_both! {
    fn who_may_not_come_in_any_more_is_refused_at_once_on_every_instance(db: &Database) {
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
    fn an_address_that_guesses_is_shown_nothing_that_it_could_see_before(db: &Database) {
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

on_both! {
    fn people_and_units_are_listed_in_vietnamese_order(db: &Database) {
        let mut office = Office::open(db);
        let admin = office.token(Role::Administrator, "H37");
        let people = [
            "Nông Văn An", "Đặng Thị Ánh", "Lê Dũng", "Bùi Văn Đạt", "Đỗ Văn Đạt", "Trần Hùng", "Trần Hưng", "Vi Ỷ",
        ];
        // Usernames that would give another order.
        for (number, name) in people.iter().rev().enumerate() {
            let mut new = crate::support::staff(Role::Officer, COMMUNE);
            new.username = format!("off{number}");
            new.full_name = (*name).to_owned();
            motcua::acts::staff::create(&office.world.store, new, None, None, motcua::clock::now()).unwrap();
        }
        let mut new = crate::support::staff(Role::Officer, COMMUNE);
        new.username = "a.twin".to_owned();
        new.full_name = "Bùi Văn Đạt".to_owned();
        motcua::acts::staff::create(&office.world.store, new, None, None, motcua::clock::now()).unwrap();
        for list in ["/api/v1/users", "/api/v1/colleagues"] {
            // In pages of any size, each once.
            for limit in [1, 2, 3, 200] {
                let found = office.pages(&admin, &format!("{list}?unit={COMMUNE}"), limit);
                let names: Vec<_> = found.iter().map(|user| user["full_name"].as_str().unwrap()).collect();
                let mut expected = people.to_vec();
                expected.insert(3, "Bùi Văn Đạt");
                assert_eq!(names, expected, "{list} by {limit}");
                assert_eq!(found[3]["username"], "a.twin");
            }
        }
        let wrong = office.call("GET", "/api/v1/users?after=ImFiYyI").token(&admin).send();
        assert_eq!(fields(&wrong.problem(400, "invalid-request")), ["after"]);

        for (code, name) in [
            ("H37.901", "Phường Ô Quý Hồ"), ("H37.902", "Phường 10"), ("H37.903", "Phường 2"), ("H37.904", "Phường Ô"),
            ("H37.905", "phường Ơn"), ("H37.906", "Phường Đa"), ("H37.907", "Phường Dạ"), ("H37.908", "Phường Dà"),
        ] {
            let unit = json!({
                "code": code, "level": "commune", "kind": "people_committee", "name": name, "parent": "H37",
                "valid_from": "2026-01-01",
            });
            office.call("POST", "/api/v1/units").token(&admin).body(unit).send().expect(201);
        }
        let mut names = Vec::new();
        let mut path = "/api/v1/units?limit=40".to_owned();
        loop {
            let page = office.call("GET", path.clone()).send().expect(200);
            let units = page.json();
            names.extend(units.as_array().unwrap().iter().map(|unit| unit["name"].as_str().unwrap().to_owned()));
            let link = page.header("link").to_owned();
            match link.split_once('>') {
                Some((next, _)) => path = next.trim_start_matches('<').to_owned(),
                None => break,
            }
        }
        assert_eq!(names.len(), office.world.store.reference().unwrap().units().all().len());
        let wards: Vec<_> = names.iter().filter(|name| name.to_lowercase().starts_with("phường")).collect();
        let ours = [
            "Phường 2", "Phường 10", "Phường Dà", "Phường Dạ", "Phường Đa", "Phường Ô", "Phường Ô Quý Hồ", "phường Ơn",
        ];
        assert_eq!(wards, ours);
        let mut sorted = names.clone();
        sorted.sort_by_cached_key(|name| motcua::domain::order::place(name));
        assert_eq!(names, sorted);
        let wrong = office.call("GET", "/api/v1/units?after=H99").send().problem(400, "invalid-request");
        assert_eq!(fields(&wrong), ["after"]);
    }
}
