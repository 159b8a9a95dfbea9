//! Whoever acts is who they say, and still may, in the transaction that acts for them: whatever
//! became of their session, account, role or unit since the request began, nothing is done on the
//! strength of what was.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use diesel::connection::SimpleConnection;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::support::{Answer, COMMUNE, Database, FOREIGN, Kind, Office, SAME_DAY, on_both};
use motcua::domain::dossier::{ActionKind, Status, undoable};
use motcua::domain::ids::{DossierId, SessionId};
use motcua::domain::role::Role;
use motcua::store::sessions::{self, Session};
use motcua::store::{DatabaseUrl, events, users};
use motcua::web::{Access, table};

/// A request whose head has come and whose body is held back.
struct Held {
    connection: TcpStream,
    rest: Vec<u8>,
}

impl Held {
    fn begin(office: &Office, path: &str, token: &str, body: &Value) -> Self {
        let mut connection = office.server.connect();
        let body = body.to_string().into_bytes();
        write!(
            connection,
            "POST {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nIf-Match: *\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
            body.len()
        )
        .unwrap();
        connection.write_all(&body[..1]).unwrap();
        // Long enough to be let in.
        std::thread::sleep(Duration::from_millis(700));
        Self {
            connection,
            rest: body[1..].to_vec(),
        }
    }

    /// The rest of the body comes; status and problem of the answer.
    fn finish(mut self) -> (u16, Value) {
        self.connection.write_all(&self.rest).unwrap();
        let mut answer = String::new();
        self.connection.read_to_string(&mut answer).unwrap();
        let status = answer.split(' ').nth(1).unwrap().parse().unwrap();
        let body = answer.split("\r\n\r\n").nth(1).unwrap();
        (status, serde_json::from_str(body).unwrap())
    }
}

fn id_of(dossier: &Value) -> DossierId {
    DossierId(dossier["id"].as_str().unwrap().parse().unwrap())
}

fn history(office: &Office, dossier: &Value) -> usize {
    let read = office
        .world
        .store
        .read(|conn| events::replay(conn, id_of(dossier)));
    read.unwrap().unwrap().0.version as usize
}

/// A withdrawal begins; `meanwhile` something becomes of the clerk; the rest of the withdrawal comes.
fn withdraw_while(db: &Database, meanwhile: impl FnOnce(&mut Office)) -> (u16, Value) {
    let mut office = Office::open(db);
    let dossier = office.receive(COMMUNE, SAME_DAY);
    let clerk = office.token(Role::Clerk, COMMUNE);
    let path = format!(
        "/api/v1/dossiers/{}/withdraw",
        dossier["case_number"].as_str().unwrap()
    );
    let held = Held::begin(&office, &path, &clerk, &json!({"reason": "sau khi khóa"}));
    meanwhile(&mut office);
    let answer = held.finish();
    assert_eq!(history(&office, &dossier), 1, "{answer:?}");
    answer
}

/// An administrator changes the clerk of the commune.
fn change_clerk(office: &mut Office, change: Value) {
    let administrator = office.token(Role::Administrator, "H37");
    let path = format!("/api/v1/users/{}.clerk", COMMUNE.to_lowercase());
    let call = office
        .call("PATCH", path)
        .token(&administrator)
        .header("If-Match", "*");
    call.body(change).send().expect(200);
}

#[track_caller]
fn assert_problem((status, problem): &(u16, Value), expected: u16, kind: &str) {
    assert_eq!(*status, expected, "{problem}");
    assert_eq!(problem["type"], format!("urn:motcua:problem:{kind}"));
}

on_both! {
    fn an_account_disabled_while_a_request_comes_in_does_nothing_more(db: &Database) {
        let answer = withdraw_while(db, |office| change_clerk(office, json!({"disabled": true})));
        assert_problem(&answer, 401, "unauthenticated");
    }
}

on_both! {
    fn a_session_ended_while_a_request_comes_in_does_nothing_more(db: &Database) {
        let answer = withdraw_while(db, |office| {
            let clerk = office.token(Role::Clerk, COMMUNE);
            office.call("DELETE", "/api/v1/sessions/current").token(&clerk).send().expect(204);
        });
        assert_problem(&answer, 401, "unauthenticated");
    }
}

on_both! {
    fn a_session_that_runs_out_while_a_request_comes_in_does_nothing_more(db: &Database) {
        let answer = withdraw_while(db, |_| db.tamper("update sessions set expires_at = 1"));
        assert_problem(&answer, 401, "unauthenticated");
    }
}

on_both! {
    fn a_role_taken_away_while_a_request_comes_in_does_nothing_more(db: &Database) {
        let answer = withdraw_while(db, |office| change_clerk(office, json!({"role": "officer"})));
        assert_problem(&answer, 403, "forbidden");
    }
}

on_both! {
    fn a_password_that_has_to_be_changed_while_a_request_comes_in_is_good_for_nothing_else(db: &Database) {
        let answer = withdraw_while(db, |_| db.tamper("update users set must_change_password = true"));
        assert_problem(&answer, 403, "password-change-required");
    }
}

on_both! {
    fn a_unit_left_while_a_request_comes_in_is_out_of_reach(db: &Database) {
        let answer = withdraw_while(db, |office| change_clerk(office, json!({"unit": FOREIGN})));
        assert_problem(&answer, 403, "forbidden");
    }
}

on_both! {
    fn a_unit_entered_while_a_request_comes_in_is_within_reach_and_the_answer_says_what_was_done(db: &Database) {
        let mut office = Office::open(db);
        let clerk = office.token(Role::Clerk, COMMUNE);
        let body = office.new_dossier(FOREIGN, SAME_DAY);
        let held = Held::begin(&office, "/api/v1/dossiers", &clerk, &body);
        change_clerk(&mut office, json!({"unit": FOREIGN}));
        let (status, dossier) = held.finish();
        assert_eq!((status, &dossier["unit"]["code"]), (201, &json!(FOREIGN)), "{dossier}");
    }
}

/// Begins a session behind the program's back: logging in takes its time.
fn session(office: &Office, username: &str, number: usize) -> String {
    let token = format!("token-{number}");
    let hash = Sha256::digest(token.as_bytes()).to_vec();
    let username = username.to_owned();
    let now = motcua::clock::now();
    let begun = office.world.store.write(move |conn| {
        let account = users::by_username(conn, &username)?.expect("hired");
        let session = Session {
            id: SessionId::new(now, rand::random()),
            user: account.user.id,
            created_at: now,
            expires_at: now.plus_millis(600_000),
            address: String::new(),
            agent: String::new(),
        };
        sessions::insert(conn, &hash, &session)
    });
    begun.unwrap();
    token
}

/// What does not write, though its method may.
const READ_ONLY: [&str; 4] = [
    "/api/v1/dossiers/search",
    "/api/v1/cards",
    "/api/v1/calendar/{year}/preview",
    "/api/v1/units/{unit}/staff-move/preview",
];

/// A route of the table, ready to be called.
struct Ready {
    method: String,
    template: String,
    path: String,
    body: Option<Value>,
    token: String,
}

impl Ready {
    fn call(&self, office: &Office) -> Answer {
        let call = office
            .call(&self.method, self.path.as_str())
            .token(&self.token);
        let call = call.header("If-Match", "*");
        match &self.body {
            Some(body) => call.body(body.clone()).send(),
            None => call.send(),
        }
    }
}

fn writing_routes(office: &mut Office) -> Vec<Ready> {
    let dossier = office.receive(COMMUNE, SAME_DAY);
    let dossier = dossier["case_number"].as_str().unwrap().to_owned();
    let document = motcua::web::document();
    let nobody = "01780000-0000-7000-8000-000000000000";
    let mut ready = Vec::new();
    for (number, route) in table().into_iter().enumerate() {
        let Access::Staff(permission) = route.access else {
            continue;
        };
        let method = route.method.to_string();
        let reads = method == "GET" && !route.path.ends_with("/identities");
        if reads || READ_ONLY.contains(&route.path.as_str()) {
            continue;
        }
        let role = permission.roles()[0];
        let unit = if role == Role::Administrator {
            "H37"
        } else {
            COMMUNE
        };
        office.token(role, unit);
        let operation = &document["paths"][&route.path][method.to_lowercase()];
        let body = &operation["requestBody"]["content"]["application/json"]["example"];
        let mut body = body.clone();
        // No letters are sent here: nobody may choose them.
        for who in ["applicant", "delegate"] {
            if let Some(person) = body.get_mut(who).and_then(Value::as_object_mut) {
                person.remove("notify_by");
            }
        }
        let body = match route.path.rsplit('/').next() {
            Some("move") => json!({"from": COMMUNE, "to": FOREIGN}),
            Some("take") => json!({"dossier": dossier, "fees": [0], "reason": "chuyển nhầm"}),
            _ => body,
        };
        let mut path = route
            .path
            .replace("{dossier}", &dossier)
            .replace("{year}", "2026")
            .replace("{work}", "overdue")
            .replace("{payment}", "1")
            .replace("{valid_from}", "2027-01-01")
            .replace("{procedure}", body["code"].as_str().unwrap_or("9.000001"));
        while let (Some(from), Some(to)) = (path.find('{'), path.find('}')) {
            path.replace_range(from..=to, nobody);
        }
        ready.push(Ready {
            token: session(
                office,
                &format!("{}.{}", unit.to_lowercase(), role.as_str()),
                number,
            ),
            method,
            template: route.path,
            path,
            body: (!body.is_null()).then_some(body),
        });
    }
    ready
}

on_both! {
    fn every_route_that_writes_for_staff_proves_its_caller_where_it_writes(db: &Database) {
        let mut office = Office::open(db);
        office.token(Role::Officer, COMMUNE);
        let routes = writing_routes(&mut office);
        assert!(routes.len() > 30);
        let office = &office;
        // Answered before anybody could write, or not refused.
        let mut wrong = Vec::new();
        // As many at once as have threads and connections to wait with.
        for some in routes.chunks(6) {
            let url: DatabaseUrl = db.url().parse().unwrap();
            let mut other = url.connect().unwrap();
            // Everybody may read, and nobody write.
            other.batch_execute(match db.kind {
                Kind::Sqlite => "begin immediate",
                Kind::Postgres => "begin; lock table users in exclusive mode",
            }).unwrap();
            std::thread::scope(|scope| {
                let under_way: Vec<_> = some.iter()
                    .map(|ready| (ready, scope.spawn(move || ready.call(office))))
                    .collect();
                std::thread::sleep(Duration::from_millis(1000));
                let early: Vec<_> = under_way.iter().map(|(_, call)| call.is_finished()).collect();
                for (ready, _) in &under_way {
                    let hash = data_encoding::HEXLOWER.encode(&Sha256::digest(ready.token.as_bytes()));
                    let literal = match db.kind {
                        Kind::Sqlite => format!("x'{hash}'"),
                        Kind::Postgres => format!("'\\x{hash}'"),
                    };
                    let delete = format!("delete from sessions where token_hash = {literal}");
                    other.batch_execute(&delete).unwrap();
                }
                other.batch_execute("commit").unwrap();
                for ((ready, call), early) in under_way.into_iter().zip(early) {
                    let name = format!("{} {}", ready.method, ready.template);
                    let answer = call.join().unwrap();
                    if early || answer.status != 401 {
                        wrong.push(format!("{name} ({early}): {} {}", answer.status, answer.body));
                    }
                }
            });
        }
        assert!(wrong.is_empty(), "{wrong:#?}");
    }
}

on_both! {
    fn a_disabling_waits_for_what_is_under_way_or_comes_before_it(db: &Database) {
        // Many times over, at the same moment: what is answered 200 is there, what is refused is not.
        let mut office = Office::open(db);
        let administrator = office.token(Role::Administrator, "H37");
        office.token(Role::Clerk, COMMUNE);
        let username = format!("{}.clerk", COMMUNE.to_lowercase());
        let user = format!("/api/v1/users/{username}");
        for round in 0..12 {
            let dossier = office.receive_as(&session(&office, &username, 2 * round), COMMUNE, SAME_DAY);
            let path = format!("/api/v1/dossiers/{}/withdraw", dossier["id"].as_str().unwrap());
            let token = session(&office, &username, 2 * round + 1);
            let set = |disabled: bool| {
                let call = office.call("PATCH", &*user).token(&administrator).header("If-Match", "*");
                call.body(json!({"disabled": disabled})).send().expect(200);
                history(&office, &dossier)
            };
            let (seen_when_disabled, status) = std::thread::scope(|scope| {
                let act = scope.spawn(|| {
                    let call = office.call("POST", &*path).token(&token).header("If-Match", "*");
                    call.body(json!({"reason": "rút"})).send().status
                });
                std::thread::sleep(Duration::from_millis(u64::try_from(round).unwrap()));
                (set(true), act.join().unwrap())
            });
            assert!([200, 401].contains(&status), "{status}");
            // Once the disabling has been answered, nothing more is written.
            assert_eq!(history(&office, &dossier), seen_when_disabled);
            assert_eq!(status == 200, seen_when_disabled == 2);
            set(false);
        }
    }
}

on_both! {
    fn a_clerk_takes_back_what_clerks_enter_and_no_decision(db: &Database) {
        let mut office = Office::open(db);
        let clerk = office.token(Role::Clerk, COMMUNE);
        let officer = office.token(Role::Officer, COMMUNE);
        let dossier = office.receive(COMMUNE, SAME_DAY);
        let act = |token: &str, action: &str, body: Value| {
            let path = format!("/api/v1/dossiers/{}/{action}", dossier["id"].as_str().unwrap());
            office.call("POST", path).token(token).header("If-Match", "*").body(body).send()
        };
        let because = || json!({"reason": "nhập nhầm"});
        act(&clerk, "hand-over", json!({"step": 1})).expect(200);
        for decision in ["finish", "stop"] {
            let body = match decision {
                "finish" => json!({"decision": "refused", "reason": "không đủ điều kiện"}),
                _ => because(),
            };
            act(&officer, decision, body).expect(200);
            let before = history(&office, &dossier);
            let refused = act(&clerk, "undo", because()).problem(403, "forbidden");
            assert_eq!(refused["reason"], "undone_by_others");
            let detail = refused["detail"].as_str().unwrap();
            assert!(detail.contains("Chuyên viên") && detail.contains("Lãnh đạo"), "{detail}");
            assert_eq!(history(&office, &dossier), before);
            act(&officer, "undo", because()).expect(200);
        }
        act(&clerk, "withdraw", because()).expect(200);
        act(&clerk, "undo", json!({"reason": " "})).problem(409, "refused");
        act(&clerk, "undo", because()).expect(200);
        act(&officer, "finish", json!({"decision": "refused", "reason": "không đủ điều kiện"})).expect(200);
        act(&clerk, "return", json!({})).expect(200);
        act(&clerk, "undo", because()).expect(200);
    }
}

#[test]
fn whatever_can_be_undone_has_its_row() {
    for status in Status::ALL {
        let allowed = ActionKind::Undo.is_allowed_from(Some(status));
        assert_eq!(
            undoable(status, true, false).is_some(),
            allowed,
            "{status:?}"
        );
    }
    let row = |status| undoable(status, false, false).unwrap();
    assert_eq!(
        row(Status::Done),
        (ActionKind::Finish, &[Role::Officer, Role::Supervisor][..])
    );
    assert!(row(Status::NotReceived).1.contains(&Role::Clerk));
    // Of what goes on, an apology only, while it has an appointment by it.
    assert!(undoable(Status::InProgress, false, false).is_none());
    assert!(!row(Status::Stopped).1.contains(&Role::Clerk));
}
