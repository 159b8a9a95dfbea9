//! A limit on everything: whoever sends too much, too slowly or too often costs the others nothing.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::{
    COMMUNE, Database, FOREIGN, Kind, Office, Program, SAME_DAY, fields, hire, on_both, password,
};
use motcua::domain::role::Role;

/// The most memory that a server may take, whatever is sent to it: 200 MiB with the 30 MiB of a release's
/// code. What is tested here is twice as large, so code is not counted.
const MEMORY_MIB: f64 = 170.0;

const JSON: (&str, &str) = ("Content-Type", "application/json");

/// What somebody else at the office asks for meanwhile, each time over a new connection: the longest
/// that nine of ten rounds took.
fn others(office: &Office, clerk: &str) -> Duration {
    let mut took: Vec<_> = (0..20)
        .map(|_| {
            let begun = Instant::now();
            office
                .call("GET", "/api/v1/me")
                .token(clerk)
                .send()
                .expect(200);
            office
                .call("GET", "/api/v1/dossiers?list=open&limit=5")
                .token(clerk)
                .send()
                .expect(200);
            let new = office.new_dossier(COMMUNE, SAME_DAY);
            office
                .call("POST", "/api/v1/dossiers")
                .token(clerk)
                .body(new)
                .send()
                .expect(201);
            begun.elapsed()
        })
        .collect();
    took.sort_unstable();
    took[took.len() * 9 / 10]
}

/// Others work while `flood` runs on each of so many threads until it is told to stop; they must not
/// notice, and the server's memory stays small.
#[track_caller]
fn nobody_notices(
    office: &Office,
    clerk: &str,
    threads: usize,
    flood: impl Fn(&AtomicBool) + Sync,
) {
    let usual = others(office, clerk);
    let (stop, rounds) = (AtomicBool::new(false), Mutex::new(0.0));
    let meanwhile = std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| flood(&stop));
        }
        scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                let mut most = rounds.lock().unwrap();
                *most = office.server.memory().max(*most);
                drop(most);
                std::thread::sleep(Duration::from_millis(20));
            }
        });
        std::thread::sleep(Duration::from_millis(300));
        let meanwhile =
            std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| others(office, clerk)));
        stop.store(true, Ordering::Relaxed);
        meanwhile.unwrap()
    });
    let memory = *rounds.lock().unwrap();
    println!("usual {usual:?}, meanwhile {meanwhile:?}, memory {memory:.0} MiB");
    let most = usual * 10 + Duration::from_secs(1);
    assert!(meanwhile < most, "usual {usual:?}, meanwhile {meanwhile:?}");
    assert!(memory > 0.0 && memory < MEMORY_MIB, "{memory} MiB");
}

/// A body of a submission with that list of papers.
fn with_items(items: &str) -> String {
    format!(
        "{{\"unit\":\"{COMMUNE}\",\"procedure\":\"{SAME_DAY}\",\"applicant\":{{\"name\":\"An\"}},\"items\":[{items}]}}"
    )
}

#[test]
fn eighty_thousand_wrong_elements_cost_nobody_anything() {
    let db = Database::new(Kind::Sqlite);
    let mut office = Office::open(&db);
    let clerk = office.token(Role::Clerk, COMMUNE);
    let many = with_items(&vec!["{}"; 80_000].join(","));
    let some = with_items(&vec!["{}"; 1000].join(","));
    let right = vec!["{\"position\":0}"; 999].join(",");
    let late = with_items(&format!("{right},{{}}"));
    let batch = format!("{{\"dossiers\":[{}]}}", vec!["{}"; 1_300_000].join(","));
    let one = json!({"dossiers": vec![json!({"unit": 1}); 500]}).to_string();
    let post = |path: &str, body: &str, status: u16| {
        let call = office.call("POST", path.to_owned()).token(&clerk);
        let answer = call.header(JSON.0, JSON.1).raw(body.as_bytes()).send();
        assert_eq!(
            answer.status,
            status,
            "{}",
            &answer.body[..answer.body.len().min(500)]
        );
        // Of a batch each row is told what is wrong with it.
        let most = if status == 200 { 256 } else { 8 } * 1024;
        assert!(answer.body.len() < most, "{} bytes", answer.body.len());
        answer.json()
    };
    let submissions = "/api/v1/submissions";
    let wrong = post(submissions, &some, 400);
    assert_eq!(fields(&wrong).len(), 20);
    assert_eq!(wrong["more_errors"], true);
    let late = post(submissions, &late, 400);
    assert_eq!(fields(&late), ["/items/999/position"]);
    nobody_notices(&office, &clerk, 4, |stop| {
        while !stop.load(Ordering::Relaxed) {
            post(submissions, &many, 413);
            post(submissions, &some, 400);
            post("/api/v1/dossiers/batch", &batch, 413);
            post("/api/v1/dossiers/batch", &one, 200);
        }
    });
}

#[test]
fn wrong_fields_are_named_up_to_twenty_and_the_list_that_is_too_long() {
    let db = Database::new(Kind::Sqlite);
    let mut office = Office::open(&db);
    let clerk = office.token(Role::Clerk, COMMUNE);
    let post = |body: &Value| {
        let call = office.call("POST", "/api/v1/dossiers").token(&clerk);
        call.body(body.clone())
            .send()
            .problem(400, "invalid-request")
    };
    let mut body = office.new_dossier(COMMUNE, SAME_DAY);
    body["items"] = (0..19)
        .map(|i| json!({"position": format!("{i}")}))
        .collect();
    let problem = post(&body);
    assert_eq!(fields(&problem).len(), 19);
    assert!(problem.get("more_errors").is_none(), "{problem}");
    // The detail is for people: it names a few.
    let detail = problem["detail"].as_str().unwrap();
    assert!(
        detail.contains("/items/4/") && !detail.contains("/items/5/"),
        "{detail}"
    );
    assert!(detail.contains("14 lỗi khác"), "{detail}");
    body["items"] = (0..1001).map(|_| json!({"position": "x"})).collect();
    body["unit"] = json!(7);
    let mut wrong = fields(&post(&body));
    wrong.sort();
    assert_eq!(wrong, ["/items", "/unit"]);
}

/// A request for `path` whose body is announced and begun.
fn begin(address: &str, length: usize, sent: &[u8]) -> Option<TcpStream> {
    let mut stream = TcpStream::connect(address).ok()?;
    stream
        .set_write_timeout(Some(Duration::from_secs(5)))
        .ok()?;
    let head = format!(
        "POST /api/v1/submissions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n\
         Content-Length: {length}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).ok()?;
    // It may be told to go before it has sent all.
    let _ = stream.write_all(sent);
    Some(stream)
}

/// What comes until the server closes the connection.
fn rest(stream: &mut TcpStream, patience: Duration) -> String {
    stream.set_read_timeout(Some(patience)).unwrap();
    let mut text = Vec::new();
    match stream.read_to_end(&mut text) {
        Ok(_) => {}
        Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => {}
        Err(error) => panic!("still open after {patience:?}: {error}"),
    }
    String::from_utf8_lossy(&text).into_owned()
}

#[test]
fn five_thousand_connections_that_stall_cost_nobody_anything() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

    // As many as this machine lets a process have.
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: limit.maximum,
        maximum: limit.maximum,
    };
    let _ = setrlimit(Resource::Nofile, raised);
    let files = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    // The server needs two for each.
    let count = usize::try_from(files / 2)
        .unwrap_or(usize::MAX)
        .saturating_sub(600)
        .min(5000);
    println!("{count} connections");
    assert!(count >= 200, "only {files} files may be open");

    let db = Database::new(Kind::Sqlite);
    let program = Program::on(&db)
        .with("MOTCUA__SERVER__BODY_SECONDS", "6")
        .with("MOTCUA__SERVER__BODY_BYTES_PER_SECOND", "1000000");
    let mut office = Office::open_with(&db, program);
    let clerk = office.token(Role::Clerk, COMMUNE);
    let part = vec![b' '; 100 * 1024];
    let (opened, streams) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let address = office.server.address().to_owned();
    nobody_notices(&office, &clerk, 8, |stop| {
        while opened.fetch_add(1, Ordering::Relaxed) < count {
            let stream = begin(&address, 250_000, &part).expect("the server takes it");
            streams.lock().unwrap().push(stream);
        }
        while !stop.load(Ordering::Relaxed) {
            std::thread::sleep(Duration::from_millis(10));
        }
    });
    let mut streams = streams.into_inner().unwrap();
    assert_eq!(streams.len(), count);
    // All are told why, and gone: those that were in the way at once, the others when their time is up.
    let mut told = std::collections::HashMap::new();
    for stream in &mut streams {
        let answer = rest(stream, Duration::from_secs(20));
        let status = answer.split(' ').nth(1).unwrap_or("none").to_owned();
        *told.entry(status).or_insert(0) += 1;
    }
    println!("{told:?}");
    assert!(told["503"] > 0 && told["408"] > 0, "{told:?}");
    drop(streams);
    let begun = Instant::now();
    while office.server.metric("motcua_http_connections") > 50.0 {
        assert!(begun.elapsed() < Duration::from_secs(10));
        std::thread::sleep(Duration::from_millis(50));
    }
    assert!(office.server.memory() < MEMORY_MIB);
}

#[test]
fn a_slow_body_is_answered_and_its_connection_closed() {
    let db = Database::new(Kind::Sqlite);
    let program = Program::on(&db)
        .with("MOTCUA__SERVER__BODY_SECONDS", "1")
        .with("MOTCUA__SERVER__BODY_BYTES_PER_SECOND", "1000");
    let server = program.serve();
    let refused = |mut stream: TcpStream| {
        let answer = rest(&mut stream, Duration::from_secs(8));
        assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
        assert!(
            answer.to_lowercase().contains("connection: close"),
            "{answer}"
        );
        assert!(
            answer.contains("urn:motcua:problem:body-too-slow"),
            "{answer}"
        );
    };
    refused(begin(server.address(), 1000, b"{").unwrap());
    // In pieces of no announced length.
    let mut stream = TcpStream::connect(server.address()).unwrap();
    stream
        .write_all(
            b"POST /api/v1/submissions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n\
              Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n",
        )
        .unwrap();
    refused(stream);
    // Drop by drop.
    let mut stream = begin(server.address(), 1000, b"{").unwrap();
    for _ in 0..15 {
        std::thread::sleep(Duration::from_millis(100));
        let _ = stream.write_all(b" ");
    }
    refused(stream);
    // Whoever brings what is asked has longer: 3 kB in 2 s.
    let mut stream = begin(server.address(), 3000, b"").unwrap();
    for _ in 0..20 {
        std::thread::sleep(Duration::from_millis(100));
        stream.write_all(&[b' '; 150]).unwrap();
    }
    let mut answer = [0; 12];
    stream
        .set_read_timeout(Some(Duration::from_secs(8)))
        .unwrap();
    stream.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"HTTP/1.1 400");
}

#[test]
fn a_connection_on_which_nothing_happens_ends() {
    let db = Database::new(Kind::Sqlite);
    let program = Program::on(&db)
        .with("MOTCUA__SERVER__IDLE_SECONDS", "2")
        .with("MOTCUA__SERVER__HEAD_SECONDS", "1");
    let server = program.serve();
    // Part of the first head, and part of a second one, which actix has no timer for.
    let mut first = TcpStream::connect(server.address()).unwrap();
    first.write_all(b"GET /healthz HTTP/1.1\r\nHo").unwrap();
    let mut second = TcpStream::connect(server.address()).unwrap();
    let head = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";
    second.write_all(head).unwrap();
    let mut answer = [0; 12];
    second.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"HTTP/1.1 200");
    second.write_all(b"GET /healthz HTTP/1.1\r\nHo").unwrap();
    rest(&mut first, Duration::from_secs(8));
    rest(&mut second, Duration::from_secs(8));
    // One that is used goes on.
    let mut used = TcpStream::connect(server.address()).unwrap();
    used.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    for _ in 0..8 {
        used.write_all(head).unwrap();
        let mut answer = [0; 4096];
        let length = used.read(&mut answer).unwrap();
        assert!(answer[..length].starts_with(b"HTTP/1.1 200"));
        std::thread::sleep(Duration::from_millis(500));
    }
}

on_both! {
    fn forty_log_ins_at_once_cost_nobody_anything(db: &Database) {
        let toml = db.folder().join("limits.toml");
        let limits = "[limits]\nlog_in_address = { burst = 100000, each_seconds = 1 }\n\
                      log_in_all = { burst = 100000, each_seconds = 1 }\n";
        std::fs::write(&toml, limits).unwrap();
        let program = Program::on(db).with("MOTCUA_CONFIG", toml.to_str().unwrap());
        let mut office = Office::open_with(db, program);
        let clerk = office.token(Role::Clerk, COMMUNE);
        let names = AtomicUsize::new(0);
        nobody_notices(&office, &clerk, 40, |stop| {
            while !stop.load(Ordering::Relaxed) {
                // Names that nobody has take as long.
                let name = format!("nobody.{}", names.fetch_add(1, Ordering::Relaxed));
                office.log_in(&name, "mật khẩu sai").problem(401, "wrong-credentials");
            }
        });
        assert!(names.load(Ordering::Relaxed) >= 40);
    }
}

on_both! {
    fn refused_submissions_count_and_cost_nobody_anything(db: &Database) {
        let mut office = Office::open_with(db, Program::on(db).with("MOTCUA__SMS__URL", "http://127.0.0.1:1/"));
        let clerk = office.token(Role::Clerk, COMMUNE);
        let mut body = office.new_submission(COMMUNE, SAME_DAY);
        body["items"] = json!([{"position": 999}]);
        let (refused, tried) = (AtomicUsize::new(0), AtomicUsize::new(0));
        nobody_notices(&office, &clerk, 4, |stop| {
            while !stop.load(Ordering::Relaxed) {
                let answer = office.call("POST", "/api/v1/submissions").body(body.clone()).send();
                match answer.status {
                    429 => tried.fetch_add(1, Ordering::Relaxed),
                    400 | 409 => refused.fetch_add(1, Ordering::Relaxed),
                    status => panic!("{status} {}", answer.body),
                };
            }
        });
        // Five at the phone number, and no more; then it is not even looked at.
        let (refused, tried) = (refused.into_inner(), tried.into_inner());
        assert_eq!(refused, 5, "{tried} refused for being too many");
        assert!(tried > 20);
    }
}

on_both! {
    fn everything_public_that_is_refused_counts(db: &Database) {
        let toml = db.folder().join("limits.toml");
        let limits = "[limits]\nlook_up_address = { burst = 5, each_seconds = 600 }\n\
                      look_up_number = { burst = 2, each_seconds = 600 }\n\
                      submission_address = { burst = 3, each_seconds = 600 }\n";
        std::fs::write(&toml, limits).unwrap();
        let program = Program::on(db)
            .with("MOTCUA_CONFIG", toml.to_str().unwrap())
            .with("MOTCUA__SERVER__TRUSTED_PROXIES", "127.0.0.1")
            .with("MOTCUA__MAIL__TRANSPORT", "folder")
            .with("MOTCUA__MAIL__FOLDER", db.folder().join("mail").to_str().unwrap());
        let mut office = Office::open_with(db, program);
        let dossier = office.receive(COMMUNE, SAME_DAY);
        let (number, code) = (&dossier["case_number"], &dossier["look_up_code"]);
        let post = |from: &str, path: &str, body: &Value| {
            let call = office.call("POST", path.to_owned()).header("X-Forwarded-For", from);
            call.body(body.clone()).send().status
        };
        let again = |times: usize, ask: &dyn Fn() -> u16| (0..times).map(|_| ask()).collect::<Vec<_>>();
        // A rating before the result is out.
        let rating = json!({"case_number": number, "code": code, "rating": 5});
        let statuses = again(7, &|| post("10.0.0.1", "/api/v1/satisfaction", &rating));
        assert_eq!(statuses, [409, 409, 409, 409, 409, 429, 429]);
        // Feedback to nobody.
        let feedback = json!({"unit": "H99", "content": "Bộ phận một cửa mở cửa muộn"});
        let statuses = again(5, &|| post("10.0.0.2", "/api/v1/feedback", &feedback));
        assert_eq!(statuses, [400, 400, 400, 429, 429]);
        // Codes of submissions that are none.
        let path = format!("/api/v1/submissions/{}/confirm", uuid::Uuid::now_v7());
        let statuses = again(7, &|| post("10.0.0.3", &path, &json!({"code": "012345"})));
        assert_eq!(statuses, [404, 404, 404, 404, 404, 429, 429]);
        // Guesses at one number count against who guesses, also when the number has had enough.
        let look_up = |code: &str| {
            let path = format!("/api/v1/lookup?case_number={}&code={code}", number.as_str().unwrap());
            office.call("GET", path).header("X-Forwarded-For", "10.0.0.4").send().status
        };
        assert_eq!(again(5, &|| look_up("AAAAAAAAAA")), [404, 404, 429, 429, 429]);
        assert_eq!(look_up(code.as_str().unwrap()), 429);
        // Another address is not kept out, and what was made is told again at no cost.
        let mut body = office.new_submission(COMMUNE, SAME_DAY);
        body["applicant"]["email"] = json!("anh@example.vn");
        let submit = || {
            let call = office.call("POST", "/api/v1/submissions").header("X-Forwarded-For", "10.0.0.5");
            call.header("Idempotency-Key", "the-same-one").body(body.clone()).send().status
        };
        assert_eq!(again(6, &submit), [202; 6]);
    }
}

on_both! {
    fn a_known_device_passes_while_others_guess(db: &Database) {
        let toml = db.folder().join("limits.toml");
        let limits = "[limits]\nlog_in_account = { burst = 3, each_seconds = 600 }\n\
                      log_in_address = { burst = 8, each_seconds = 600 }\n";
        std::fs::write(&toml, limits).unwrap();
        let program = Program::on(db).with("MOTCUA_CONFIG", toml.to_str().unwrap());
        let office = Office::open_with(db, program);
        let username = hire(&office.world, Role::Clerk, COMMUNE);
        let colleague = hire(&office.world, Role::Officer, FOREIGN);
        let log_in = |username: &str, text: &str, header: (&str, &str)| {
            let body = json!({"username": username, "password": text});
            let call = office.call("POST", "/api/v1/sessions").header(header.0, header.1);
            call.body(body).send()
        };
        let right = password(&username);
        let begun = log_in(&username, &right, ("X-Other", "x")).expect(201);
        let device = begun.json()["device"].as_str().unwrap().to_owned();
        let cookie = begun.header("set-cookie").split(';').next().unwrap().to_owned();
        assert_eq!(cookie, format!("motcua_device={device}"));
        let attributes = begun.header("set-cookie");
        assert!(attributes.contains("HttpOnly") && attributes.contains("SameSite=Strict"), "{attributes}");
        let other = log_in(&colleague, &password(&colleague), ("X-Other", "x")).expect(201).json();
        let known = ("X-Motcua-Device", device.as_str());

        // Somebody guesses until the account, and then the address, has had enough.
        for name in [&username, &username, &username, &colleague, &colleague, &colleague] {
            log_in(name, "sai", ("X-Other", "x")).problem(401, "wrong-credentials");
        }
        for name in ["nobody.1", "nobody.2"] {
            log_in(name, "sai", ("X-Other", "x")).problem(401, "wrong-credentials");
        }
        for name in [&username, "nobody.3"] {
            log_in(name, &right, ("X-Other", "x")).problem(429, "too-many-requests");
        }
        // The right password passes from where it passed before, by header or cookie; no new device.
        let again = log_in(&username, &right, known).expect(201);
        assert!(again.json().get("device").is_none(), "{}", again.body);
        log_in(&username, &right, ("Cookie", &cookie)).expect(201);
        // Somebody else's device, or none that there is, is none.
        let others = other["device"].as_str().unwrap();
        for device in [others, "", "AAAA"] {
            log_in(&username, &right, ("X-Motcua-Device", device)).problem(429, "too-many-requests");
        }
        // Nor does it let anybody guess for ever.
        for _ in 0..3 {
            log_in(&username, "sai", known).problem(401, "wrong-credentials");
        }
        log_in(&username, &right, known).problem(429, "too-many-requests");
        let cookie = format!("motcua_device={others}");
        log_in(&colleague, &password(&colleague), ("Cookie", &cookie)).expect(201);
        // Of the secret only its hash is kept; a password that another sets forgets the devices.
        let kept = |db: &Database| {
            use diesel::RunQueryDsl;
            #[derive(diesel::QueryableByName)]
            struct Row {
                #[diesel(sql_type = diesel::sql_types::Binary)]
                token_hash: Vec<u8>,
            }
            let rows = db.store().read(|conn| {
                let query = diesel::sql_query("select token_hash from devices");
                Ok::<Vec<Row>, motcua::store::StoreError>(match conn {
                    motcua::store::Conn::Sqlite(conn) => query.load(conn)?,
                    motcua::store::Conn::Postgres(conn) => query.load(conn)?,
                })
            });
            rows.unwrap().into_iter().map(|row| row.token_hash).collect::<Vec<_>>()
        };
        use sha2::Digest;
        assert!(kept(db).contains(&sha2::Sha256::digest(&device).to_vec()));
        assert_eq!(kept(db).len(), 2);
        motcua::acts::staff::set_password(&office.world.store, &username, "một mật khẩu khác").unwrap();
        assert_eq!(kept(db).len(), 1);
    }
}

#[test]
fn guesses_from_one_site_of_ipv6_count_together() {
    let db = Database::new(Kind::Sqlite);
    let toml = db.folder().join("limits.toml");
    let limits = "[limits]\nlog_in_network = { burst = 4, each_seconds = 600 }\n\
                  log_in_all = { burst = 6, each_seconds = 600 }\n";
    std::fs::write(&toml, limits).unwrap();
    let program = Program::on(&db)
        .with("MOTCUA_CONFIG", toml.to_str().unwrap())
        .with("MOTCUA__SERVER__TRUSTED_PROXIES", "127.0.0.1");
    let office = Office::open_with(&db, program);
    let guess = |i: usize, from: &str| {
        let body = json!({"username": format!("nobody.{i}"), "password": "sai"});
        let call = office
            .call("POST", "/api/v1/sessions")
            .header("X-Forwarded-For", from);
        call.body(body).send().status
    };
    let site = (0..6).map(|i| guess(i, &format!("2001:db8:1:{i}::1")));
    assert_eq!(site.collect::<Vec<_>>(), [401, 401, 401, 401, 429, 429]);
    assert_eq!(guess(6, "2001:db8:2::1"), 401);
    assert_eq!(guess(7, "203.0.113.7"), 401);
    // All of the world together.
    assert_eq!(guess(8, "203.0.113.8"), 429);
}

#[test]
fn a_proxy_that_the_settings_do_not_name_is_told_of_once() {
    let db = Database::new(Kind::Sqlite);
    for (trusted, lines, counted) in [("", 1, 3.0), ("127.0.0.1", 0, 0.0)] {
        let log = db.folder().join("log");
        let program = Program::on(&db)
            .with("MOTCUA_LOG_FORMAT", "json")
            .with("MOTCUA__SERVER__TRUSTED_PROXIES", trusted)
            .log_to(&log);
        let server = program.serve();
        for i in 0..3 {
            let from = format!("203.0.113.{i}");
            server
                .send("GET", "/healthz", &[("X-Forwarded-For", &from)], b"")
                .expect(200);
        }
        server.get("/healthz").expect(200);
        let name = r#"motcua_untrusted_forwarded_total{peer="private"}"#;
        assert_eq!(server.metric(name), counted);
        assert!(server.stop().success());
        let text = std::fs::read_to_string(&log).unwrap();
        let told: Vec<_> = text
            .lines()
            .filter(|line| line.contains("server.trusted_proxies"))
            .collect();
        assert_eq!(told.len(), lines, "{text}");
        for line in told {
            let line: Value = serde_json::from_str(line).unwrap();
            assert_eq!(
                (&line["level"], &line["peer"]),
                (&json!("WARN"), &json!("127.0.0.1")),
                "{line}"
            );
        }
    }
}

#[test]
fn metrics_are_on_no_public_address() {
    let db = Database::new(Kind::Sqlite);
    let server = Program::on(&db).serve();
    // As a proxy on the same machine hands it on, and as the machine itself asks.
    for headers in [&[][..], &[("X-Forwarded-For", "203.0.113.7")]] {
        server
            .send("GET", "/metrics", headers, b"")
            .problem(404, "not-found");
    }
    assert!(
        server
            .metrics()
            .expect(200)
            .body
            .contains("motcua_http_connections")
    );
    drop(server);
    let mut settings = Program::on(&db).with("MOTCUA__SERVER__METRICS_LISTEN", "");
    assert!(settings.serve().get("/metrics").status == 404);
    settings = settings.with("MOTCUA__SERVER__METRICS_LISTEN", "127.0.0.1:8080");
    let error = settings.failure(&["serve"]);
    assert!(error.contains("server.metrics_listen"), "{error}");
}

#[test]
fn public_lists_have_pages_and_are_not_sent_twice() {
    let db = Database::new(Kind::Sqlite);
    let office = Office::open(&db);
    for (path, key) in [("/api/v1/units", "code"), ("/api/v1/procedures", "code")] {
        let whole = office.call("GET", path).send().expect(200);
        assert_eq!(whole.header("link"), "");
        let codes = |page: &Value| -> Vec<String> {
            let rows = page.as_array().unwrap().iter();
            rows.map(|row| row[key].as_str().unwrap().to_owned())
                .collect()
        };
        let all = codes(&whole.json());
        let (mut walked, mut next) = (Vec::new(), format!("{path}?limit=7"));
        loop {
            let page = office.call("GET", next.clone()).send().expect(200);
            let rows = codes(&page.json());
            assert!(rows.len() <= 7);
            walked.extend(rows);
            let link = page.header("link");
            match link
                .strip_prefix('<')
                .and_then(|link| link.strip_suffix(">; rel=\"next\""))
            {
                Some(link) => next = link.to_owned(),
                None => break,
            }
        }
        assert_eq!(walked, all);
        let wrong = office.call("GET", format!("{path}?limit=501")).send();
        assert_eq!(fields(&wrong.problem(400, "invalid-request")), ["limit"]);
    }
    for path in [
        "/api/v1/units",
        "/api/v1/procedures?limit=3",
        "/api/v1/calendar/2021",
    ] {
        let first = office.call("GET", path).send().expect(200);
        let tag = first.header("etag");
        assert!(!tag.is_empty());
        let again = office
            .call("GET", path)
            .header("If-None-Match", tag)
            .send()
            .expect(304);
        assert_eq!((again.body.as_str(), again.header("etag")), ("", tag));
        let other = office
            .call("GET", path)
            .header("If-None-Match", "\"other\"")
            .send()
            .expect(200);
        assert_eq!(other.body, first.body);
    }
}
