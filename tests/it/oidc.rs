//! Staff log in through a real OpenID Connect provider, which also shows how providers misbehave.

use std::collections::HashMap;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use crate::support::{Answer, COMMUNE, Database, Kind, Office, Program, on_both, peers};
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
        let mut child = Command::new("node")
            .args(["provider.mjs", REDIRECT])
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

fn office(db: &Database, issuer: &str) -> Office {
    let program = Program::on(db)
        .with("MOTCUA__OIDC__ISSUER", issuer)
        .with("MOTCUA__OIDC__CLIENT_ID", "motcua")
        .with("MOTCUA__OIDC__CLIENT_SECRET", SECRET)
        .with("MOTCUA__OIDC__REDIRECT", REDIRECT);
    let office = Office::open_with(db, program);
    let new = NewStaff {
        username: "anh".to_owned(),
        full_name: "Nguyễn Thị Ánh".to_owned(),
        role: Role::Officer,
        unit: COMMUNE.to_owned(),
        oidc_subject: Some("anh-subject".to_owned()),
        email: None,
        password: None,
    };
    acts::staff::create(&office.world.store, new, None, None, motcua::clock::now()).unwrap();
    office
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
