//! Webhooks: who is told of what, how it is signed, what becomes of what does not get through.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use hmac::{Hmac, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::support::{
    COMMUNE, Database, FOREIGN, Kind, Office, Program, SAME_DAY, fields, on_both,
};
use motcua::domain::role::Role;

const DISTRICT: &str = "H37.20";
const PROVINCE: &str = "H37";

/// A delivery as it came in.
#[derive(Debug, Clone)]
struct Delivery {
    path: String,
    headers: Vec<(String, String)>,
    body: String,
}

impl Delivery {
    fn header(&self, name: &str) -> &str {
        let mut headers = self.headers.iter();
        let found = headers.find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map_or("", |(_, value)| value)
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

/// Another system: answers by path and by how many came to it before; 0 hangs up.
struct Receiver {
    address: SocketAddr,
    taken: Arc<Mutex<Vec<Delivery>>>,
}

impl Receiver {
    fn open(answer: impl Fn(&str, usize) -> u16 + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let taken = Arc::new(Mutex::new(Vec::new()));
        let (deliveries, answer) = (Arc::clone(&taken), Arc::new(answer));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (deliveries, answer) = (Arc::clone(&deliveries), Arc::clone(&answer));
                std::thread::spawn(move || serve(stream.unwrap(), &deliveries, &*answer));
            }
        });
        Self { address, taken }
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// What has come to a path.
    fn at(&self, path: &str) -> Vec<Delivery> {
        let taken = self.taken.lock().unwrap();
        taken.iter().filter(|d| d.path == path).cloned().collect()
    }
}

fn serve(
    stream: TcpStream,
    deliveries: &Mutex<Vec<Delivery>>,
    answer: &dyn Fn(&str, usize) -> u16,
) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut stream = stream;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap_or(0) == 0 {
            return;
        }
        let path = line.split(' ').nth(1).unwrap().to_owned();
        let mut headers = Vec::new();
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).unwrap();
            let Some((name, value)) = line.trim_end().split_once(": ") else {
                break;
            };
            headers.push((name.to_owned(), value.to_owned()));
        }
        let mut delivery = Delivery {
            path,
            headers,
            body: String::new(),
        };
        let length: usize = delivery.header("content-length").parse().unwrap();
        let mut body = vec![0; length];
        reader.read_exact(&mut body).unwrap();
        delivery.body = String::from_utf8(body).unwrap();
        let status = {
            let mut deliveries = deliveries.lock().unwrap();
            let same = deliveries.iter().filter(|d| d.path == delivery.path);
            let status = answer(&delivery.path, same.count());
            deliveries.push(delivery);
            status
        };
        if status == 0 {
            return;
        }
        let head =
            format!("HTTP/1.1 {status} X\r\nLocation: /other\r\nContent-Length: 2\r\n\r\nok");
        if stream.write_all(head.as_bytes()).is_err() {
            return;
        }
    }
}

/// What docs/api.md asks of a receiver.
fn is_genuine(secret: &str, timestamp: &str, body: &str, signature: &str, now: i64) -> bool {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(format!("{timestamp}.{body}").as_bytes());
    let hex = signature.strip_prefix("sha256=").unwrap_or_default();
    let signature = data_encoding::HEXLOWER.decode(hex.as_bytes());
    let fresh = timestamp
        .parse::<i64>()
        .is_ok_and(|at| (now - at).abs() <= 300);
    fresh && signature.is_ok_and(|signature| mac.verify_slice(&signature).is_ok())
}

fn impatient(db: &Database, allow: &str) -> Program {
    Program::on(db)
        .with("MOTCUA__WEBHOOKS__ALLOW", allow)
        .with("MOTCUA__OUTBOX__FIRST_PAUSE_SECONDS", "1")
        .with("MOTCUA__OUTBOX__TRIES", "3")
        .with("MOTCUA__OUTBOX__IN_FLIGHT", "4")
}

const HERE: &str = "127.0.0.0/8";

#[track_caller]
fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < Duration::from_secs(30), "never: {what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Subscribes; id and secret.
fn subscribe(office: &mut Office, unit: &str, url: &str, kinds: &[&str]) -> (String, String) {
    let admin = office.token(Role::Administrator, PROVINCE);
    let body = json!({"unit": unit, "url": url, "kinds": kinds});
    let call = office
        .call("POST", "/api/v1/webhooks")
        .token(&admin)
        .body(body);
    let made = call.send().expect(201).json();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    (text(&made["webhook"]["id"]), text(&made["secret"]))
}

/// The log of a webhook, newest first.
fn log(office: &mut Office, id: &str) -> Vec<Value> {
    let admin = office.token(Role::Administrator, PROVINCE);
    let path = format!("/api/v1/webhooks/{id}/deliveries");
    let page = office
        .call("GET", path)
        .token(&admin)
        .send()
        .expect(200)
        .json();
    page["items"].as_array().unwrap().clone()
}

fn standings(office: &mut Office, id: &str) -> Vec<String> {
    let log = log(office, id);
    let standings = log
        .iter()
        .map(|entry| entry["standing"].as_str().unwrap().to_owned());
    standings.collect()
}

on_both! {
    fn a_delivery_is_signed_and_says_nothing_of_people(db: &Database) {
        let mut office = Office::open_with(db, impatient(db, HERE));
        let receiver = Receiver::open(|_, _| 200);
        let (id, secret) = subscribe(&mut office, DISTRICT, &receiver.url("/a?x=1"), &["received"]);
        let dossier = office.receive(COMMUNE, SAME_DAY);
        until("delivered", || receiver.at("/a?x=1").len() == 1);
        let delivery = &receiver.at("/a?x=1")[0];
        let (body, at) = (&delivery.body, delivery.header("x-motcua-timestamp"));
        let signature = delivery.header("x-motcua-signature");
        let now: i64 = at.parse().unwrap();
        assert!(is_genuine(&secret, at, body, signature, now + 299));
        assert!(!is_genuine(&secret, at, body, signature, now + 301), "an old one");
        let later = (now + 1).to_string();
        assert!(!is_genuine(&secret, &later, body, signature, now), "another moment");
        let changed = body.replace("received", "finished");
        assert!(!is_genuine(&secret, at, &changed, signature, now), "another body");
        assert!(!is_genuine("another", at, body, signature, now), "another secret");

        let told = delivery.json();
        let names = |value: &Value| -> Vec<String> { value.as_object().unwrap().keys().cloned().collect() };
        assert_eq!(names(&told), ["at", "dossier", "id", "kind"]);
        assert_eq!(told["id"], delivery.header("x-motcua-delivery"));
        assert_eq!(told["kind"], "received");
        let expected = json!({
            "id": dossier["id"], "case_number": dossier["case_number"], "procedure": SAME_DAY,
            "unit": COMMUNE, "holder": COMMUNE, "status": "received", "status_code": 2,
            "due_at": told["dossier"]["due_at"], "version": 1,
        });
        assert_eq!(told["dossier"], expected);
        assert!(told["dossier"]["due_at"].is_string());
        for personal in ["Ánh", "020185000123", "0912345678"] {
            assert!(!body.contains(personal), "{body}");
        }
        until("in the log", || standings(&mut office, &id) == ["delivered"]);
        let entry = &log(&mut office, &id)[0];
        assert_eq!((&entry["topic"], &entry["tries"], &entry["error"]), (&json!("received"), &json!(1), &json!(null)));
        assert!(entry.get("body").is_none());
    }
}

on_both! {
    fn kinds_and_units_choose_what_is_told(db: &Database) {
        let mut office = Office::open_with(db, impatient(db, HERE));
        let receiver = Receiver::open(|_, _| 204);
        for (path, unit, kinds) in [
            ("/received", DISTRICT, &["received"][..]),
            ("/all", PROVINCE, &["*"]),
            ("/foreign", FOREIGN, &["*"]),
            ("/handed", COMMUNE, &["handed_over", "finished"]),
        ] {
            subscribe(&mut office, unit, &receiver.url(path), kinds);
        }
        let (off, _) = subscribe(&mut office, PROVINCE, &receiver.url("/off"), &["*"]);
        let admin = office.token(Role::Administrator, PROVINCE);
        let change = office.call("PATCH", format!("/api/v1/webhooks/{off}")).token(&admin)
            .header("If-Match", "\"1\"").body(json!({"disabled": true}));
        assert!(change.send().expect(200).json()["disabled_at"].is_string());
        let dossier = office.receive(COMMUNE, SAME_DAY);
        let clerk = office.token(Role::Clerk, COMMUNE);
        let path = format!("/api/v1/dossiers/{}/hand-over", dossier["id"].as_str().unwrap());
        let call = office.call("POST", path).token(&clerk).seen(&dossier).body(json!({"step": 1}));
        let events = call.send().expect(200).json();
        until("all are told", || receiver.at("/all").len() == 2 && receiver.at("/handed").len() == 1);
        std::thread::sleep(Duration::from_millis(700));
        let kinds = |path: &str| {
            let mut kinds: Vec<_> = receiver.at(path).iter().map(|d| d.json()["kind"].as_str().unwrap().to_owned()).collect();
            kinds.sort();
            kinds
        };
        assert_eq!(kinds("/all"), ["handed_over", "received"]);
        assert_eq!(kinds("/received"), ["received"]);
        assert_eq!(kinds("/handed"), ["handed_over"]);
        assert_eq!((kinds("/foreign").len(), kinds("/off").len()), (0, 0));
        assert_eq!(receiver.at("/handed")[0].json()["dossier"]["version"], events["version"]);
        // Its kinds are those that the history names.
        let path = format!("/api/v1/dossiers/{}/events", dossier["id"].as_str().unwrap());
        let history = office.call("GET", path).token(&clerk).send().expect(200).json().to_string();
        assert!(kinds("/all").iter().all(|kind| history.contains(&format!("\"kind\":\"{kind}\""))), "{history}");
    }
}

on_both! {
    fn what_fails_is_tried_again_given_up_and_tried_by_an_administrator(db: &Database) {
        let mut office = Office::open_with(db, impatient(db, HERE));
        let fixed = Arc::new(std::sync::atomic::AtomicBool::new(false));
        let is_fixed = Arc::clone(&fixed);
        let receiver = Receiver::open(move |path, before| match (path, before) {
            ("/shaky", 0) => 500,
            ("/shaky", 1) => 0,
            ("/broken", _) if !is_fixed.load(std::sync::atomic::Ordering::Relaxed) => 302,
            ("/gone", _) => 410,
            _ => 200,
        });
        let (shaky, _) = subscribe(&mut office, COMMUNE, &receiver.url("/shaky"), &["*"]);
        let (broken, _) = subscribe(&mut office, COMMUNE, &receiver.url("/broken"), &["*"]);
        let (gone, _) = subscribe(&mut office, COMMUNE, &receiver.url("/gone"), &["*"]);
        office.receive(COMMUNE, SAME_DAY);
        until("the third try gets through", || standings(&mut office, &shaky) == ["delivered"]);
        assert_eq!(log(&mut office, &shaky)[0]["tries"], 3);
        let deliveries = receiver.at("/shaky");
        assert_eq!(deliveries.len(), 3);
        // The same delivery each time, signed anew.
        assert!(deliveries.iter().all(|d| d.body == deliveries[0].body));
        assert_ne!(deliveries[0].header("x-motcua-timestamp"), deliveries[2].header("x-motcua-timestamp"));

        until("given up", || standings(&mut office, &broken) == ["given_up"]);
        // No redirect is followed.
        assert_eq!((receiver.at("/broken").len(), receiver.at("/other").len()), (3, 0));
        let admin = office.token(Role::Administrator, PROVINCE);
        let path = "/api/v1/outbox?standing=given_up&kind=webhook&limit=1";
        let list = |path: &str| office.call("GET", path).token(&admin).send().expect(200).json();
        let first = list(path);
        let rest = list(&format!("{path}&after={}", first["next"].as_str().unwrap()));
        let entries = [&first["items"][0], &rest["items"][0]];
        assert_eq!(rest["next"], json!(null));
        let entry = entries.into_iter().find(|entry| entry["recipient"] == json!(broken)).unwrap();
        assert_eq!((&entry["tries"], &entry["error"]), (&json!(3), &json!("trả lời 302")));
        fixed.store(true, std::sync::atomic::Ordering::Relaxed);
        let retry = format!("/api/v1/outbox/{}/retry", entry["id"].as_str().unwrap());
        let part = office.token(Role::Administrator, DISTRICT);
        office.call("POST", &retry).token(&part).send().problem(403, "forbidden");
        office.call("POST", &retry).token(&admin).send().expect(204);
        until("delivered at last", || standings(&mut office, &broken) == ["delivered"]);
        office.call("POST", &retry).token(&admin).send().problem(404, "not-found");
        for wrong in ["standing=lost", "kind=pigeon", "after=x", "limit=0"] {
            let answer = office.call("GET", format!("/api/v1/outbox?{wrong}")).token(&admin).send();
            let field = wrong.split('=').next().unwrap();
            assert_eq!(fields(&answer.problem(400, "invalid-request")), [field]);
        }

        // 410: it wants nothing any more.
        until("given up at once", || standings(&mut office, &gone) == ["given_up"]);
        let view = office.call("GET", format!("/api/v1/webhooks/{gone}")).token(&admin).send().expect(200);
        assert_eq!(view.header("etag"), "\"2\"");
        assert!(view.json()["disabled_at"].is_string());
        assert_eq!(receiver.at("/gone").len(), 1);
    }
}

on_both! {
    fn what_waits_for_a_webhook_that_is_gone_is_given_up(db: &Database) {
        let mut office = Office::open_with(db, impatient(db, HERE));
        let receiver = Receiver::open(|_, _| 503);
        let (id, _) = subscribe(&mut office, COMMUNE, &receiver.url("/x"), &["*"]);
        office.receive(COMMUNE, SAME_DAY);
        until("tried", || !receiver.at("/x").is_empty());
        let admin = office.token(Role::Administrator, PROVINCE);
        let delete = || office.call("DELETE", format!("/api/v1/webhooks/{id}")).token(&admin).send();
        delete().expect(204);
        delete().problem(404, "not-found");
        until("given up", || {
            let list = office.call("GET", "/api/v1/outbox?standing=given_up").token(&admin).send().json();
            list["items"][0]["error"].as_str().is_some_and(|error| error.contains("không còn"))
        });
        assert!(receiver.at("/x").len() < 3);
    }
}

on_both! {
    fn the_offices_own_network_is_out_of_reach(db: &Database) {
        let mut office = Office::open_with(db, impatient(db, "10.0.0.0/8"));
        let receiver = Receiver::open(|_, _| 200);
        let admin = office.token(Role::Administrator, PROVINCE);
        let post = |body: Value| {
            office.call("POST", "/api/v1/webhooks").token(&admin).body(body).send()
        };
        for url in [
            receiver.url("/"), "http://[::1]/".to_owned(), "http://192.168.1.1/".to_owned(),
            "http://2130706433/".to_owned(), "ftp://example.org/".to_owned(), "http://a@example.org/".to_owned(),
        ] {
            let body = json!({"unit": COMMUNE, "url": url, "kinds": ["*"]});
            assert_eq!(fields(&post(body).problem(400, "invalid-request")), ["/url"], "{url}");
        }
        let body = json!({"unit": "H99", "url": "http://127.0.0.1/", "kinds": ["received", "eaten"]});
        assert_eq!(fields(&post(body).problem(400, "invalid-request")), ["/url", "/kinds/1", "/unit"]);
        let body = json!({"unit": COMMUNE, "url": "http://10.1.2.3/", "kinds": []});
        assert_eq!(fields(&post(body).problem(400, "invalid-request")), ["/kinds"]);

        // A name is looked at when it is connected to.
        let url = format!("http://localhost:{}/named", receiver.address.port());
        let (id, _) = subscribe(&mut office, COMMUNE, &url, &["*"]);
        office.receive(COMMUNE, SAME_DAY);
        until("refused", || {
            log(&mut office, &id).first().is_some_and(|entry| {
                entry["error"].as_str().is_some_and(|error| error.contains("mạng nội bộ"))
            })
        });
        until("given up", || standings(&mut office, &id) == ["given_up"]);
        assert!(receiver.at("/named").is_empty());
        // Nor can it be changed into one.
        let change = office.call("PATCH", format!("/api/v1/webhooks/{id}")).token(&admin)
            .header("If-Match", "*").body(json!({"url": receiver.url("/")}));
        assert_eq!(fields(&change.send().problem(400, "invalid-request")), ["/url"]);
    }
}

#[test]
fn a_wrong_network_is_named_at_start() {
    let db = Database::new(Kind::Sqlite);
    let error = impatient(&db, "10.0.0.0/99").failure(&["serve"]);
    assert!(error.contains("webhooks.allow"), "{error}");
}

on_both! {
    fn a_receiver_that_does_not_answer_holds_up_nobody_else(db: &Database) {
        let mut office = Office::open_with(db, impatient(db, HERE));
        let receiver = Receiver::open(|_, _| 200);
        // Takes connections and says nothing.
        let mute = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/", mute.local_addr().unwrap());
        let (dead, _) = subscribe(&mut office, COMMUNE, &url, &["*"]);
        subscribe(&mut office, COMMUNE, &receiver.url("/alive"), &["*"]);
        let begun = Instant::now();
        for _ in 0..12 {
            office.receive(COMMUNE, SAME_DAY);
        }
        until("the other one is told", || receiver.at("/alive").len() == 12);
        let took = begun.elapsed();
        assert!(took < Duration::from_secs(12), "{took:?}");
        assert_eq!(standings(&mut office, &dead), ["waiting"; 12]);
    }
}

on_both! {
    fn administrators_keep_the_webhooks_of_their_units(db: &Database) {
        let mut office = Office::open_with(db, impatient(db, HERE));
        let own = office.token(Role::Administrator, DISTRICT);
        let other = office.token(Role::Administrator, "H37.21");
        let body = json!({"unit": COMMUNE, "url": "https://example.org/x", "kinds": ["received", "received"]});
        let create = |token: &str, body: &Value| {
            office.call("POST", "/api/v1/webhooks").token(token)
                .header("Idempotency-Key", "key-00000001").body(body.clone()).send()
        };
        let made = create(&own, &body).expect(201);
        let again = create(&own, &body).expect(201);
        assert_eq!((made.json(), again.header("idempotency-replayed")), (again.json(), "true"));
        let mut changed = body.clone();
        changed["kinds"] = json!(["*"]);
        create(&own, &changed).problem(422, "key-reused");
        create(&other, &body).problem(403, "forbidden");
        let view = made.json()["webhook"].clone();
        assert_eq!((&view["kinds"], made.header("etag")), (&json!(["received"]), "\"1\""));
        assert!(made.json()["secret"].as_str().unwrap().len() >= 40);

        let path = made.header("location").to_owned();
        let get = |token: &str, path: &str| office.call("GET", path).token(token).send();
        // The secret is told once.
        assert_eq!(get(&own, &path).expect(200).json(), view);
        let list = get(&own, "/api/v1/webhooks").expect(200).json();
        assert_eq!(list, json!({"items": [view], "next": null}));
        let log = get(&own, &format!("{path}/deliveries")).expect(200).json();
        assert_eq!(log, json!({"items": [], "next": null}));

        // Others see nothing of it.
        assert_eq!(get(&other, "/api/v1/webhooks").expect(200).json()["items"], json!([]));
        get(&other, &format!("/api/v1/webhooks?unit={COMMUNE}")).problem(403, "forbidden");
        get(&other, &path).problem(403, "forbidden");
        get(&other, &format!("{path}/deliveries")).problem(403, "forbidden");
        get(&other, "/api/v1/outbox").problem(403, "forbidden");
        get(&own, "/api/v1/outbox").problem(403, "forbidden");
        get(&own, "/api/v1/webhooks/x").problem(404, "not-found");
        let change = |token: &str, etag: &str, body: Value| {
            office.call("PATCH", &path).token(token).header("If-Match", etag).body(body).send()
        };
        change(&other, "*", json!({"disabled": true})).problem(403, "forbidden");
        office.call("DELETE", &path).token(&other).send().problem(403, "forbidden");

        let renamed = change(&own, "\"1\"", json!({"url": "https://example.org/y", "kinds": ["*"]})).expect(200);
        assert_eq!((renamed.header("etag"), &renamed.json()["url"]), ("\"2\"", &json!("https://example.org/y")));
        let stale = change(&own, "\"1\"", json!({"disabled": true})).problem(412, "changed");
        assert_eq!(stale["current"]["version"], 2);
        // What changes nothing is no new version.
        assert_eq!(change(&own, "*", json!({"disabled": false})).expect(200).header("etag"), "\"2\"");
        change(&own, "*", json!({"unit": FOREIGN})).problem(403, "forbidden");
        change(&own, "*", json!({"unit": "H99"})).problem(400, "invalid-request");
        office.call("DELETE", &path).token(&own).send().expect(204);
        create(&own, &body).problem(404, "not-found");
    }
}

on_both! {
    fn two_instances_deliver_each_once(db: &Database) {
        let mut office = Office::open_with(db, impatient(db, HERE));
        let _other = impatient(db, HERE).serve_beside(&office.server);
        let receiver = Receiver::open(|_, _| 200);
        let (id, _) = subscribe(&mut office, PROVINCE, &receiver.url("/x"), &["*"]);
        for _ in 0..20 {
            office.receive(COMMUNE, SAME_DAY);
        }
        until("all are told", || standings(&mut office, &id) == ["delivered"; 20]);
        std::thread::sleep(Duration::from_millis(700));
        let mut ids: Vec<_> = receiver.at("/x").iter().map(|d| d.header("x-motcua-delivery").to_owned()).collect();
        assert_eq!(ids.len(), 20);
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), 20);
    }
}
