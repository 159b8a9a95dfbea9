//! Answers are true: who is told that nothing was done can rely on it, whatever the database does; who had
//! sent a request before the server was stopped gets an answer; the server says when it is of no use.

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use diesel::RunQueryDsl;
use diesel::connection::SimpleConnection;
use serde_json::Value;

use crate::support::{Answer, COMMUNE, Database, Kind, Office, Program, Proxy, SAME_DAY, on_both};
use motcua::domain::role::Role;
use motcua::store::{Conn, DatabaseUrl, Store, StoreError};

#[derive(diesel::QueryableByName)]
struct Text {
    #[diesel(sql_type = diesel::sql_types::Text)]
    text: String,
}

/// The keys with which something was made, as the database has it: applicants live at their keys.
fn made(store: &Store) -> BTreeSet<String> {
    let query = "select address as text from persons where address like 'key-%'";
    let rows: Result<Vec<Text>, StoreError> = store.read(|conn| {
        Ok(match conn {
            Conn::Sqlite(conn) => diesel::sql_query(query).load(conn)?,
            Conn::Postgres(conn) => diesel::sql_query(query).load(conn)?,
        })
    });
    let rows = rows.unwrap();
    let made: BTreeSet<String> = rows.iter().map(|row| row.text.clone()).collect();
    assert_eq!(made.len(), rows.len(), "something was done twice");
    made
}

fn with_key(body: &Value, key: &str) -> Value {
    let mut body = body.clone();
    body["applicant"]["address"] = key.into();
    body
}

/// Receives a dossier with that key.
fn receive(office: &Office, token: &str, body: &Value, key: &str) -> Answer {
    let call = office.call("POST", "/api/v1/dossiers").token(token);
    let call = call.header("Idempotency-Key", key);
    call.body(with_key(body, key)).send()
}

/// The same as the bytes of a connection that is kept.
fn raw_request(token: &str, body: &Value, key: &str) -> String {
    let body = with_key(body, key).to_string();
    format!(
        "POST /api/v1/dossiers HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\
         Idempotency-Key: {key}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len(),
    )
}

fn kind(answer: &Answer) -> String {
    let json = answer.json();
    let kind = json["type"].as_str().unwrap_or_default();
    kind.trim_start_matches("urn:motcua:problem:").to_owned()
}

#[test]
fn connections_that_break_around_commits_make_no_answer_a_lie() {
    let db = Database::new(Kind::Postgres);
    let proxy = Proxy::before(&db);
    let mut office = Office::open_with(&db, Program::at(proxy.url()));
    let clerk = office.token(Role::Clerk, COMMUNE);
    let body = office.new_dossier(COMMUNE, SAME_DAY);
    proxy.cut_commits(true);
    let answers: Mutex<Vec<(String, Answer)>> = Mutex::default();
    std::thread::scope(|scope| {
        for client in 0..8 {
            let (office, clerk, body, answers) = (&office, &clerk, &body, &answers);
            scope.spawn(move || {
                for i in 0..12 {
                    let key = format!("key-{client}-{i:02}");
                    let answer = receive(office, clerk, body, &key);
                    answers.lock().unwrap().push((key, answer));
                }
            });
        }
    });
    proxy.cut_commits(false);
    // What the server still had under way when it answered is over.
    std::thread::sleep(Duration::from_millis(300));
    let (made_then, answers) = (made(&office.world.store), answers.into_inner().unwrap());
    let mut unknown = (0, 0);
    for (key, answer) in &answers {
        match (answer.status, made_then.contains(key)) {
            (201, done) => assert!(done, "{key} was acknowledged and is not there"),
            (503, done) if kind(answer) == "outcome-unknown" => {
                assert_eq!(
                    answer.header("retry-after"),
                    "",
                    "nobody is to try again blindly"
                );
                assert!(
                    answer.json()["detail"]
                        .as_str()
                        .unwrap()
                        .contains("Idempotency-Key")
                );
                match done {
                    true => unknown.0 += 1,
                    false => unknown.1 += 1,
                }
            }
            (503, done) => {
                assert_eq!(kind(answer), "database-unavailable");
                assert!(
                    !done,
                    "{key} was done, and its client was told that it was not"
                );
            }
            (status, _) => panic!("{status}: {}", answer.body),
        }
    }
    assert!(unknown.0 > 0 && unknown.1 > 0, "both happened: {unknown:?}");
    // Asking again with the key, as the answer says, tells which it was and does nothing twice.
    for (key, answer) in &answers {
        let again = receive(&office, &clerk, &body, key).expect(201);
        let replayed = again.header("idempotency-replayed") == "true";
        assert_eq!(
            replayed,
            made_then.contains(key),
            "{key}: {}",
            answer.status
        );
    }
    let all = office
        .call("GET", "/api/v1/dossiers?list=all&limit=200")
        .token(&clerk)
        .send()
        .json();
    assert_eq!(all["items"].as_array().unwrap().len(), answers.len());
    assert_eq!(
        motcua::tools::verify::verify(&office.world.store, 10)
            .unwrap()
            .findings,
        []
    );
}

#[test]
fn who_waits_too_long_for_the_file_is_told_so_and_nothing_is_done_afterwards() {
    let db = Database::new(Kind::Sqlite);
    let program = Program::on(&db).with("MOTCUA__DATABASE__WAIT_SECONDS", "1");
    let mut office = Office::open_with(&db, program);
    let clerk = office.token(Role::Clerk, COMMUNE);
    let body = office.new_dossier(COMMUNE, SAME_DAY);
    // Somebody else writes and takes long over it.
    let url: DatabaseUrl = db.url().parse().unwrap();
    let mut other = url.connect().unwrap();
    other.batch_execute("begin immediate").unwrap();
    std::thread::scope(|scope| {
        for client in 0..10 {
            let (office, clerk, body) = (&office, &clerk, &body);
            scope.spawn(move || {
                let begun = Instant::now();
                let answer = receive(office, clerk, body, &format!("key-waiting-{client}"));
                answer.problem(503, "database-unavailable");
                assert!(
                    begun.elapsed() < Duration::from_secs(4),
                    "{:?}",
                    begun.elapsed()
                );
            });
        }
    });
    other.batch_execute("commit").unwrap();
    receive(&office, &clerk, &body, "key-afterwards").expect(201);
    std::thread::sleep(Duration::from_millis(300));
    let made = made(&office.world.store);
    assert_eq!(
        made.iter().map(String::as_str).collect::<Vec<_>>(),
        ["key-afterwards"]
    );
}

/// Asks on connections of their own, so that every worker is asked.
fn is_alive_everywhere(office: &Office) {
    for _ in 0..12 {
        let begun = Instant::now();
        assert_eq!(office.server.get("/healthz").status, 200);
        assert!(
            begun.elapsed() < Duration::from_secs(1),
            "{:?}",
            begun.elapsed()
        );
    }
}

fn is_not_ready(office: &Office) {
    let begun = Instant::now();
    office
        .server
        .get("/readyz")
        .problem(503, "database-unavailable");
    assert!(
        begun.elapsed() < Duration::from_millis(2500),
        "{:?}",
        begun.elapsed()
    );
}

/// 80 clients of all kinds while the database does not answer; what those were told who wrote.
fn nobody_waits_long(
    office: &Office,
    clerk: &str,
    case: &str,
    round: u32,
) -> Vec<(String, Answer)> {
    let body = office.new_dossier(COMMUNE, SAME_DAY);
    let answers: Mutex<Vec<(String, Answer)>> = Mutex::default();
    std::thread::scope(|scope| {
        for client in 0..80 {
            let (body, answers) = (&body, &answers);
            scope.spawn(move || {
                let begun = Instant::now();
                match client % 4 {
                    0 | 1 => {
                        let key = format!("key-{case}-{round}-{client}");
                        let answer = receive(office, clerk, body, &key);
                        assert_eq!(answer.status, 503, "{}", answer.body);
                        answers.lock().unwrap().push((key, answer));
                    }
                    // Its answer is kept, but who knows whether it still stands?
                    2 => {
                        let path = format!("/api/v1/dossiers/{case}");
                        let answer = office.call("GET", path).token(clerk).send();
                        assert_eq!(answer.status, 503, "{}", answer.body);
                    }
                    _ => {
                        let path = "/api/v1/dossiers?list=open";
                        office.call("GET", path).token(clerk).send().expect(503);
                    }
                }
                let took = begun.elapsed();
                assert!(took < Duration::from_secs(4), "client {client}: {took:?}");
            });
        }
        scope.spawn(|| {
            is_alive_everywhere(office);
            is_not_ready(office);
            std::thread::sleep(Duration::from_millis(500));
            is_alive_everywhere(office);
            is_not_ready(office);
        });
    });
    answers.into_inner().unwrap()
}

fn comes_back(office: &Office, clerk: &str, answers: &[(String, Answer)], round: u32) {
    let begun = Instant::now();
    while office.server.get("/readyz").status != 200 {
        assert!(
            begun.elapsed() < Duration::from_secs(10),
            "it did not go on by itself"
        );
        std::thread::sleep(Duration::from_millis(50));
    }
    // Every connection that lay idle is dead; nobody is told.
    let body = office.new_dossier(COMMUNE, SAME_DAY);
    for i in 0..12 {
        receive(office, clerk, &body, &format!("key-back-{round}-{i}")).expect(201);
    }
    std::thread::sleep(Duration::from_millis(500));
    let made = made(&office.world.store);
    for (key, answer) in answers {
        if kind(answer) == "database-unavailable" {
            assert!(!made.contains(key), "{key} was done after all");
        }
    }
    assert_eq!(
        motcua::tools::verify::verify(&office.world.store, 10)
            .unwrap()
            .findings,
        []
    );
}

fn before_a_proxy(db: &Database) -> (Proxy, Office, String, String) {
    let proxy = Proxy::before(db);
    let program = Program::at(proxy.url()).with("MOTCUA__DATABASE__WAIT_SECONDS", "2");
    let mut office = Office::open_with(db, program);
    let clerk = office.token(Role::Clerk, COMMUNE);
    let case = office.receive(COMMUNE, SAME_DAY)["case_number"]
        .as_str()
        .unwrap()
        .to_owned();
    let path = format!("/api/v1/dossiers/{case}");
    office.call("GET", path).token(&clerk).send().expect(200);
    (proxy, office, clerk, case)
}

#[test]
fn a_frozen_database_keeps_nobody_waiting_and_all_goes_on_when_it_thaws() {
    let db = Database::new(Kind::Postgres);
    let (proxy, office, clerk, case) = before_a_proxy(&db);
    for round in 0..2 {
        proxy.freeze(true);
        let answers = nobody_waits_long(&office, &clerk, &case, round);
        proxy.freeze(false);
        comes_back(&office, &clerk, &answers, round);
    }
}

#[test]
fn a_stopped_database_keeps_nobody_waiting_and_all_goes_on_when_it_is_back() {
    let db = Database::new(Kind::Postgres);
    let (proxy, office, clerk, case) = before_a_proxy(&db);
    proxy.stop(true);
    let answers = nobody_waits_long(&office, &clerk, &case, 0);
    proxy.stop(false);
    comes_back(&office, &clerk, &answers, 0);
}

#[test]
fn a_restart_of_the_database_between_two_requests_is_noticed_by_nobody() {
    let db = Database::new(Kind::Postgres);
    let (proxy, office, clerk, case) = before_a_proxy(&db);
    let body = office.new_dossier(COMMUNE, SAME_DAY);
    // All connections of the pool are open.
    std::thread::scope(|scope| {
        for i in 0..16 {
            let (office, clerk, body) = (&office, &clerk, &body);
            scope.spawn(move || {
                receive(office, clerk, body, &format!("key-before-{i:02}")).expect(201)
            });
        }
    });
    proxy.stop(false);
    receive(&office, &clerk, &body, "key-at-once-after").expect(201);
    let path = format!("/api/v1/dossiers/{case}/events");
    office.call("GET", path).token(&clerk).send().expect(200);
}

/// The statuses of the answers on a connection, to its end.
fn statuses(mut socket: TcpStream) -> Vec<u16> {
    let mut bytes = Vec::new();
    // It may be reset: what came before counts.
    let _ = socket.read_to_end(&mut bytes);
    let text = String::from_utf8_lossy(&bytes);
    let heads = text.split("HTTP/1.1 ").skip(1);
    heads.map(|head| head[..3].parse().unwrap()).collect()
}

on_both! {
    fn who_had_sent_before_the_server_was_stopped_is_answered(db: &Database) {
        const CLIENTS: usize = 64;
        const EACH: usize = 10;
        let mut office = Office::open(db);
        let clerk = office.token(Role::Clerk, COMMUNE);
        let body = office.new_dossier(COMMUNE, SAME_DAY);
        let sockets: Vec<TcpStream> = (0..CLIENTS)
            .map(|client| {
                let mut socket = TcpStream::connect(office.server.address()).unwrap();
                socket.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
                let all: String = (0..EACH)
                    .map(|i| raw_request(&clerk, &body, &format!("key-client-{client}-{i}")))
                    .collect();
                socket.write_all(all.as_bytes()).unwrap();
                socket
            })
            .collect();
        // Some are answered, most are not.
        office.server.signal("TERM");
        let answers: Vec<Vec<u16>> = sockets.into_iter().map(statuses).collect();
        assert!(answers.iter().flatten().all(|status| *status == 201), "{answers:?}");
        let answered: usize = answers.iter().map(Vec::len).sum();
        assert_eq!(answered, CLIENTS * EACH, "{answers:?}");
        let Office { world, server, .. } = office;
        assert!(server.wait().success());
        assert_eq!(made(&world.store).len(), answered);
    }
}

/// One answer of a connection that is kept; `None` where it was closed instead.
fn next_status(socket: &mut TcpStream) -> Option<u16> {
    let mut bytes = Vec::new();
    let mut byte = [0];
    while !bytes.ends_with(b"\r\n\r\n") {
        match socket.read(&mut byte) {
            Ok(1) => bytes.push(byte[0]),
            _ => return None,
        }
    }
    let head = String::from_utf8(bytes).unwrap();
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "));
    let mut body = vec![0; length.unwrap().trim().parse().unwrap()];
    socket.read_exact(&mut body).ok()?;
    Some(head[9..12].parse().unwrap())
}

on_both! {
    fn what_was_not_answered_when_the_server_stopped_was_not_done(db: &Database) {
        let mut office = Office::open(db);
        let clerk = office.token(Role::Clerk, COMMUNE);
        let body = office.new_dossier(COMMUNE, SAME_DAY);
        let answered: Mutex<BTreeSet<String>> = Mutex::default();
        std::thread::scope(|scope| {
            for client in 0..32 {
                let (office, clerk, body, answered) = (&office, &clerk, &body, &answered);
                scope.spawn(move || {
                    let mut socket = TcpStream::connect(office.server.address()).unwrap();
                    // They go on until the server has them stop, but not for ever.
                    for i in 0..200 {
                        let key = format!("key-client-{client}-{i}");
                        let request = raw_request(clerk, body, &key);
                        if socket.write_all(request.as_bytes()).is_err() {
                            return;
                        }
                        match next_status(&mut socket) {
                            Some(201) => answered.lock().unwrap().insert(key),
                            Some(status) => panic!("{status}"),
                            None => return,
                        };
                        // Slower at the end, so that connections fall idle.
                        std::thread::sleep(Duration::from_millis(i * i / 8));
                    }
                });
            }
            std::thread::sleep(Duration::from_millis(400));
            office.server.signal("TERM");
        });
        let Office { world, server, .. } = office;
        assert!(server.wait().success());
        let answered = answered.into_inner().unwrap();
        assert!(answered.len() > 32);
        assert_eq!(made(&world.store), answered);
    }
}

#[test]
fn a_file_that_is_moved_or_replaced_under_the_server_takes_nothing_in() {
    let db = Database::new(Kind::Sqlite);
    let mut office = Office::open(&db);
    let clerk = office.token(Role::Clerk, COMMUNE);
    let body = office.new_dossier(COMMUNE, SAME_DAY);
    receive(&office, &clerk, &body, "key-at-its-place").expect(201);
    assert_eq!(office.server.get("/readyz").status, 200);
    let away = db.folder().join("data").join("away.sqlite3");
    let is_of_no_use = |key: &str| {
        office
            .server
            .get("/readyz")
            .problem(503, "database-unavailable");
        receive(&office, &clerk, &body, key).problem(503, "database-unavailable");
        assert_eq!(office.server.get("/healthz").status, 200);
    };
    std::fs::rename(db.file(), &away).unwrap();
    is_of_no_use("key-moved-away");
    // None is made in its place.
    assert!(!db.file().exists());
    std::fs::copy(&away, db.file()).unwrap();
    is_of_no_use("key-another-one");
    std::fs::remove_file(db.file()).unwrap();
    std::fs::rename(&away, db.file()).unwrap();
    receive(&office, &clerk, &body, "key-back-again").expect(201);
    assert_eq!(office.server.get("/readyz").status, 200);
    let made = made(&office.world.store);
    assert_eq!(
        made.iter().map(String::as_str).collect::<Vec<_>>(),
        ["key-at-its-place", "key-back-again"]
    );
}

#[test]
fn a_full_disk_is_told_of_by_readyz() {
    let db = Database::new(Kind::Sqlite);
    drop(Office::open(&db));
    db.tamper("pragma wal_checkpoint(truncate)");
    // As large as a disk that is full: the shell's limit on file sizes, in blocks of 1024 bytes. What is
    // there fits, and a little more.
    let limit = std::fs::metadata(db.file()).unwrap().len() / 1024 + 64;
    let mut child = Command::new("bash")
        .args([
            "-c",
            &format!("trap '' XFSZ; ulimit -f {limit}; exec \"$0\" serve --listen 127.0.0.1:0"),
        ])
        .arg(env!("CARGO_BIN_EXE_motcua"))
        .env("DATABASE_URL", db.url())
        .env("MOTCUA__LOG__KEY_FILE", db.folder().join("log.key"))
        .env("MOTCUA__MAIL__TRANSPORT", "none")
        // Strangers who are limited do not fill it.
        .env("MOTCUA__LIMITS__SUBMISSION_ADDRESS__BURST", "100000")
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut line = String::new();
    let mut printed = std::io::BufReader::new(child.stdout.take().unwrap());
    std::io::BufRead::read_line(&mut printed, &mut line).unwrap();
    let address = line.trim().rsplit("http://").next().unwrap().to_owned();
    let status = |request: &str| {
        let mut socket = TcpStream::connect(&address).unwrap();
        socket.write_all(request.as_bytes()).unwrap();
        next_status(&mut socket).unwrap()
    };
    let get = |path: &str| status(&format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n"));
    assert_eq!(get("/readyz"), 200);
    // Submissions of strangers fill it: rows that are refused nothing but room.
    db.tamper("pragma wal_checkpoint(truncate)");
    let content = "Bộ phận một cửa mở cửa muộn. ".repeat(160);
    let feedback = serde_json::json!({"unit": COMMUNE, "content": content}).to_string();
    let post = format!(
        "POST /api/v1/feedback HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n{feedback}",
        feedback.len(),
    );
    let begun = Instant::now();
    while get("/readyz") == 200 {
        status(&post);
        assert!(
            begun.elapsed() < Duration::from_secs(60),
            "the disk is not full"
        );
    }
    assert_eq!(get("/readyz"), 503);
    assert_eq!(get("/healthz"), 200);
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(
        motcua::tools::verify::verify(&db.store(), 10)
            .unwrap()
            .findings,
        []
    );
}
