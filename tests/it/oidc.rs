//! Staff log in through a real OpenID Connect provider, which also shows how providers misbehave.

use std::collections::HashMap;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use crate::support::{
    Answer, Browser as Chromium, COMMUNE, Database, Kind, Office, Program, World, arrive, find,
    is_page, look, on_both, peers, set_cookie,
};
use motcua::acts;
use motcua::acts::staff::NewStaff;
use motcua::domain::role::Role;

/// Never called: the last redirect is followed by hand.
const REDIRECT: &str = "http://127.0.0.1:9/api/v1/oidc/callback";
const SECRET: &str = "a-client-secret-for-tests-only";

struct Provider {
    child: Child,
    issuer: String,
}

impl Provider {
    fn start(misbehave: &str) -> Self {
        Self::start_for(REDIRECT, misbehave)
    }

    /// That sends browsers back to that address.
    fn start_for(redirect: &str, misbehave: &str) -> Self {
        let mut child = Command::new("node")
            .args(["provider.mjs", redirect])
            .current_dir(peers())
            .env("MISBEHAVE", misbehave)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        output.read_line(&mut line).unwrap();
        let issuer = line.trim().strip_prefix("issuer ").unwrap().to_owned();
        Self { child, issuer }
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn program(db: &Database, issuer: &str, redirect: &str) -> Program {
    Program::on(db)
        .with("MOTCUA__OIDC__ISSUER", issuer)
        .with("MOTCUA__OIDC__CLIENT_ID", "motcua")
        .with("MOTCUA__OIDC__CLIENT_SECRET", SECRET)
        .with("MOTCUA__OIDC__REDIRECT", redirect)
}

fn office(db: &Database, issuer: &str) -> Office {
    let office = Office::open_with(db, program(db, issuer, REDIRECT));
    hire_anh(&office.world);
    office
}

/// An officer whom the provider knows.
fn hire_anh(world: &World) {
    let new = NewStaff {
        username: "anh".to_owned(),
        full_name: "Nguyễn Thị Ánh".to_owned(),
        role: Role::Officer,
        unit: COMMUNE.to_owned(),
        oidc_subject: Some("anh-subject".to_owned()),
        email: None,
        password: None,
    };
    acts::staff::create(&world.store, new, None, None, motcua::clock::now()).unwrap();
}

/// A browser at the provider: cookies, no redirects by itself.
struct Browser<'a> {
    issuer: &'a str,
    cookies: HashMap<String, String>,
}

impl Browser<'_> {
    /// Goes to an address, with a form if there is one; returns where it is sent.
    fn go(&mut self, address: &str, form: Option<&str>) -> String {
        let agent: ureq::Agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .build()
            .into();
        let url = match address.starts_with('/') {
            true => format!("{}{address}", self.issuer),
            false => address.to_owned(),
        };
        let cookies: Vec<_> = self
            .cookies
            .iter()
            .map(|(n, v)| format!("{n}={v}"))
            .collect();
        let cookies = cookies.join("; ");
        let answer = match form {
            None => agent.get(&url).header("Cookie", cookies).call(),
            Some(form) => agent
                .post(&url)
                .header("Cookie", cookies)
                .header("Content-Type", "application/x-www-form-urlencoded")
                .send(form),
        };
        let answer = answer.unwrap();
        for cookie in answer.headers().get_all("set-cookie") {
            let cookie = cookie.to_str().unwrap().split(';').next().unwrap();
            let (name, value) = cookie.split_once('=').unwrap();
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
        assert_eq!(answer.status(), 303, "{url}");
        answer.headers()["location"].to_str().unwrap().to_owned()
    }
}

/// Begins a log-in; the address at the provider, and our cookie.
fn begin(office: &Office) -> (String, String) {
    let answer = office.call("GET", "/api/v1/oidc/login").send().expect(303);
    let cookie = answer.header("set-cookie");
    assert!(
        cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"),
        "{cookie}"
    );
    let cookie = cookie.split(';').next().unwrap().to_owned();
    (answer.header("location").to_owned(), cookie)
}

/// Logs in at the provider; the query with which it sends the browser back.
fn at_provider(issuer: &str, address: &str, subject: &str) -> String {
    let mut browser = Browser {
        issuer,
        cookies: HashMap::new(),
    };
    let form = browser.go(address, None);
    let next = browser.go(&form, Some(&format!("prompt=login&login={subject}")));
    let consent = browser.go(&next, None);
    let next = browser.go(&consent, Some("prompt=consent"));
    let back = browser.go(&next, None);
    back.strip_prefix(REDIRECT).unwrap().to_owned()
}

fn come_back(office: &Office, query: &str, cookie: &str) -> Answer {
    let call = office.call("GET", format!("/api/v1/oidc/callback{query}"));
    call.header("Cookie", cookie).send()
}

on_both! {
    fn staff_log_in_through_the_provider(db: &Database) {
        let provider = Provider::start("");
        let office = office(db, &provider.issuer);
        let (address, cookie) = begin(&office);
        assert!(address.contains("code_challenge_method=S256"), "{address}");
        let query = at_provider(&provider.issuer, &address, "anh-subject");
        // Without the browser's own cookie it is somebody else's.
        let stranger = come_back(&office, &query, "motcua_oidc=made-up");
        stranger.problem(401, "wrong-credentials");
        let begun = come_back(&office, &format!("{query}&scope=openid&authuser=0"), &cookie).expect(201).json();
        assert_eq!(begun["user"]["username"], "anh");
        let token = begun["token"].as_str().unwrap();
        let me = office.call("GET", "/api/v1/me").token(token).send().expect(200).json();
        assert_eq!(me["role"], "officer");
        come_back(&office, &query, &cookie).problem(401, "wrong-credentials");
        // There is no password to log in with.
        office.log_in("anh", "").problem(401, "wrong-credentials");
        // Whom nobody here knows is not let in, and no account is made.
        let (address, cookie) = begin(&office);
        let query = at_provider(&provider.issuer, &address, "stranger");
        come_back(&office, &query, &cookie).problem(401, "wrong-credentials");
        let users = office.world.store.read(motcua::store::users::load).unwrap();
        assert_eq!(users.len(), 1);
        // Nor anybody whose account is closed.
        db.tamper("update users set disabled_at = 1");
        let (address, cookie) = begin(&office);
        let query = at_provider(&provider.issuer, &address, "anh-subject");
        come_back(&office, &query, &cookie).problem(401, "wrong-credentials");
    }
}

#[test]
fn what_a_provider_may_get_wrong_lets_nobody_in() {
    for way in [
        "wrong-nonce",
        "wrong-audience",
        "bad-signature",
        "no-id-token",
    ] {
        let provider = Provider::start(way);
        let db = Database::new(Kind::Sqlite);
        let office = office(&db, &provider.issuer);
        let (address, cookie) = begin(&office);
        let query = at_provider(&provider.issuer, &address, "anh-subject");
        let answer = come_back(&office, &query, &cookie);
        let problem = answer.problem(401, "wrong-credentials");
        // Why is for the log.
        let detail = problem["detail"].as_str().unwrap();
        assert!(
            !detail.contains("nonce") && !detail.contains("token"),
            "{way}: {detail}"
        );
    }
}

#[test]
fn a_provider_that_is_away_is_a_502() {
    let db = Database::new(Kind::Sqlite);
    let office = office(&db, "http://127.0.0.1:1");
    let call = office.call("GET", "/api/v1/oidc/login");
    call.send().problem(502, "bad-gateway");
    let made_up = come_back(&office, "?code=x&state=y", "motcua_oidc=z");
    made_up.problem(401, "wrong-credentials");
    let refused = come_back(&office, "?error=access_denied&state=y", "");
    refused.problem(401, "wrong-credentials");
    let nothing: Value = come_back(&office, "", "").problem(400, "invalid-request");
    assert_eq!(
        nothing["errors"].as_array().map(Vec::len),
        Some(2),
        "{nothing}"
    );
}

#[test]
fn log_ins_that_are_only_begun_are_limited() {
    let provider = Provider::start("");
    let db = Database::new(Kind::Sqlite);
    let office = office(&db, &provider.issuer);
    let statuses: Vec<u16> = (0..70)
        .map(|_| office.call("GET", "/api/v1/oidc/login").send().status)
        .collect();
    assert_eq!((statuses[0], statuses[69]), (303, 429));
}

/// What a browser asks for, with the cookies that it has.
fn open(office: &Office, path: &str, cookie: &str) -> Answer {
    let cookie = [("Cookie", cookie)];
    let cookies = if cookie[0].1.is_empty() {
        &[][..]
    } else {
        &cookie[..]
    };
    office.server.send("GET", path, cookies, b"")
}

/// Sent to the provider from the page: its address, and the cookie.
fn begin_on_the_page(office: &Office, next: &str) -> (String, String) {
    let next = serde_urlencoded::to_string([("next", next)]).unwrap();
    let sent = open(office, &format!("/dang-nhap/dinh-danh?{next}"), "").expect(303);
    let cookie = set_cookie(&sent, "__Host-motcua-oidc");
    for part in ["; HttpOnly", "; SameSite=Lax", "; Secure", "; Path=/"] {
        assert!(cookie.contains(part), "{part} in {cookie}");
    }
    let cookie = cookie.split(';').next().unwrap().to_owned();
    (sent.header("location").to_owned(), cookie)
}

on_both! {
    fn on_the_page_the_round_trip_ends_where_it_was_meant_to(db: &Database) {
        let provider = Provider::start("");
        let office = office(db, &provider.issuer);
        let page = open(&office, "/dang-nhap?next=%2Fho-so%3Flist%3Doverdue", "").expect(200);
        let button = "href=\"/dang-nhap/dinh-danh?next=%2Fho-so%3Flist%3Doverdue\"";
        assert!(page.body.contains(button), "{}", page.body);
        let (address, cookie) = begin_on_the_page(&office, "/ho-so?list=overdue");
        let query = at_provider(&provider.issuer, &address, "anh-subject");
        // The address that the provider knows is the API's, which lets nobody in here.
        let brought = come_back(&office, &query, &cookie).expect(303);
        assert!(brought.headers.iter().all(|(name, _)| name != "set-cookie"));
        let back = brought.header("location").to_owned();
        assert!(back.starts_with("/dang-nhap/dinh-danh/ve?"), "{back}");
        // Another browser is not let in by it, nor does that use it up… but once taken it is over.
        let stranger = open(&office, &back, "__Host-motcua-oidc=made-up.L2hvLXNv");
        is_page(&stranger, 401);
        let begun = open(&office, &back, &cookie).expect(303);
        assert_eq!(begun.header("location"), "/ho-so?list=overdue");
        let session = set_cookie(&begun, "__Host-motcua");
        assert!(session.contains("; HttpOnly") && session.contains("; SameSite=Lax"), "{session}");
        assert!(set_cookie(&begun, "__Host-motcua-oidc").contains("Max-Age=0"));
        let shown = open(&office, "/ho-so?list=overdue", session.split(';').next().unwrap()).expect(200);
        assert!(shown.body.contains("Nguyễn Thị Ánh"), "{}", shown.body);
        let again = open(&office, &back, &cookie);
        is_page(&again, 401);
        for part in ["role=\"alert\"", "người quản trị", "href=\"/dang-nhap/dinh-danh?next="] {
            assert!(again.body.contains(part), "{part} in {}", again.body);
        }
        // Nobody is sent elsewhere, whatever the address or the cookie says.
        for elsewhere in ["https://elsewhere.example", "//elsewhere.example", "/\\elsewhere.example"] {
            let (address, cookie) = begin_on_the_page(&office, elsewhere);
            let query = at_provider(&provider.issuer, &address, "anh-subject");
            let back = come_back(&office, &query, "").expect(303).header("location").to_owned();
            let (secret, _) = cookie.split_once('.').unwrap();
            let forged = format!("{secret}.{}", data_encoding::BASE64URL_NOPAD.encode(elsewhere.as_bytes()));
            let begun = open(&office, &back, &forged).expect(303);
            assert_eq!(begun.header("location"), "/ho-so", "{elsewhere}");
        }
        // A log-in that was begun over the API is none of the page's, and the other way round.
        let (address, own) = begin(&office);
        let query = at_provider(&provider.issuer, &address, "anh-subject");
        let value = own.split_once('=').unwrap().1;
        let wrong = open(&office, &format!("/dang-nhap/dinh-danh/ve{query}"), &format!("__Host-motcua-oidc={value}."));
        is_page(&wrong, 401);
    }
}

#[test]
fn on_the_page_every_refusal_says_what_to_do() {
    let provider = Provider::start("");
    let db = Database::new(Kind::Sqlite);
    let first = office(&db, &provider.issuer);
    // Whom nobody here knows; who has thought better of it; who made it up.
    let (address, cookie) = begin_on_the_page(&first, "/ho-so");
    let query = at_provider(&provider.issuer, &address, "stranger");
    let back = format!("/dang-nhap/dinh-danh/ve{query}");
    let unknown = open(&first, &back, &cookie);
    is_page(&unknown, 401);
    assert!(
        unknown.body.contains("gắn mã định danh"),
        "{}",
        unknown.body
    );
    let refused = open(
        &first,
        "/dang-nhap/dinh-danh/ve?error=access_denied&state=page.x",
        &cookie,
    );
    is_page(&refused, 401);
    assert!(
        refused.body.contains("đã thôi đăng nhập"),
        "{}",
        refused.body
    );
    for made_up in [
        "",
        "?code=x",
        "?code=x&state=page.y",
        "?code=%FF&state=%FF",
        "?error=%FF",
    ] {
        let answer = open(
            &first,
            &format!("/dang-nhap/dinh-danh/ve{made_up}"),
            &cookie,
        );
        assert!(
            [400, 401].contains(&answer.status),
            "{made_up}: {}",
            answer.status
        );
        is_page(&answer, answer.status);
        assert!(answer.body.contains("id=\"username\""), "{}", answer.body);
        for technical in ["state", "code", "nonce", "urn:", "access_denied"] {
            assert!(
                !answer.body.contains(&format!("{technical} ")),
                "{technical} in {}",
                answer.body
            );
        }
    }
    // The provider is away: there is still the password.
    drop(first);
    let office = Office::over(
        World { store: db.store() },
        program(&db, "http://127.0.0.1:1", REDIRECT),
    );
    let away = open(&office, "/dang-nhap/dinh-danh?next=/tong-quan", "");
    is_page(&away, 502);
    for part in ["không trả lời", "id=\"password\"", "value=\"/tong-quan\""] {
        assert!(away.body.contains(part), "{part} in {}", away.body);
    }
    // Where there is none, there is no button.
    let without = office.again(Program::on(&db));
    let page = open(&without, "/dang-nhap", "").expect(200);
    assert!(!page.body.contains("dinh-danh"), "{}", page.body);
    is_page(&open(&without, "/dang-nhap/dinh-danh", ""), 501);
}

#[test]
fn in_a_browser_one_click_leads_through_the_provider_to_the_page_asked_for() {
    let db = Database::new(Kind::Sqlite);
    let world = World::new(db.store());
    hire_anh(&world);
    // The provider has to know our address before we have one.
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let ours = free.local_addr().unwrap().to_string();
    drop(free);
    let redirect = format!("http://{ours}/api/v1/oidc/callback");
    let provider = Provider::start_for(&redirect, "");
    let program = program(&db, &provider.issuer, &redirect)
        .with("MOTCUA__ACCOUNTS__COOKIES_OVER_HTTP", "true");
    let (_server, _) = program.serve_with(&["serve", "--listen", &ours]);
    let chromium = Chromium::start();
    actix_web::rt::System::new().block_on(async {
        let client = chromium.open().await;
        client
            .goto(&format!("http://{ours}/hom-nay"))
            .await
            .unwrap();
        look(&client, "log-in-oidc").await;
        find(&client, "main a.button").await.click().await.unwrap();
        // Its own pages: who it is, and that we may know.
        find(&client, "[name=login]")
            .await
            .send_keys("anh-subject")
            .await
            .unwrap();
        find(&client, "[name=password]")
            .await
            .send_keys("x")
            .await
            .unwrap();
        find(&client, "[type=submit]").await.click().await.unwrap();
        let consent = find(&client, "[name=prompt][value=consent]").await;
        drop(consent);
        find(&client, "[type=submit]").await.click().await.unwrap();
        arrive(&client, "/hom-nay").await;
        let header = find(&client, "header").await.text().await.unwrap();
        assert!(header.contains("Nguyễn Thị Ánh"), "{header}");
        // Refused there, one is back at the log-in, in words.
        client
            .goto(&format!(
                "http://{ours}/dang-nhap/dinh-danh/ve?error=access_denied&state=x"
            ))
            .await
            .unwrap();
        look(&client, "log-in-oidc-refused").await;
        client.close().await.unwrap();
    });
}
