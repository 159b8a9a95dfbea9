//! The nginx of config/nginx.conf.example before the real server.

use std::io::{Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::support::{COMMUNE, Database, Kind, Office, Program, SAME_DAY};
use motcua::domain::role::Role;

const EXAMPLE: &str = include_str!("../../config/nginx.conf.example");

fn nginx() -> Command {
    let debian = Path::new("/usr/sbin/nginx");
    match debian.exists() {
        true => Command::new(debian),
        false => Command::new("nginx"),
    }
}

struct Proxy {
    child: Child,
    address: SocketAddr,
}

impl Drop for Proxy {
    fn drop(&mut self) {
        // So that its workers go with it.
        let _ = Command::new("kill")
            .args(["-TERM", &self.child.id().to_string()])
            .status();
        let _ = self.child.wait();
    }
}

/// What stands around a site in Debian's nginx.conf, without the machine's own folders.
fn whole(folder: &Path, site: &str) -> String {
    let folder = folder.display();
    let root = Command::new("id").arg("-u").output().unwrap().stdout == b"0\n";
    let user = if root { "user root;" } else { "" };
    let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|name| format!("{name}_temp_path {folder}/{name};\n"))
        .concat();
    format!(
        "{user}\npid {folder}/pid;\nerror_log {folder}/error.log;\nevents {{}}\n\
         http {{\n{temporary}\nserver_names_hash_bucket_size 64;\ninclude {site};\n}}\n",
    )
}

/// The example with the places of this machine. Without TLS, so that a plain connection will do.
fn start(folder: &Path, upstream: &str) -> Proxy {
    start_changed(folder, upstream, |site| site)
}

fn start_changed(folder: &Path, upstream: &str, change: fn(String) -> String) -> Proxy {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = free.local_addr().unwrap().port();
    drop(free);
    let lines = EXAMPLE.lines().filter(|line| {
        let line = line.trim();
        !line.starts_with("ssl_") && !line.starts_with("listen [::]") && line != "listen 80;"
    });
    let site: String = lines.map(|line| format!("{line}\n")).collect();
    // The redirect to https would take the same port under the same name.
    let site = site
        .replace(
            "listen 443 ssl;",
            &format!("listen 0.0.0.0:{port} default_server;"),
        )
        .replace("server 127.0.0.1:8080;", &format!("server {upstream};"))
        .replace(
            "/var/log/nginx/motcua.log",
            folder.join("motcua.log").to_str().unwrap(),
        );
    let (_, https) = site.split_once("server {\n    server_name").unwrap();
    let (_, https) = https.split_once("server {\n").unwrap();
    let (head, _) = site.split_once("server {\n    server_name").unwrap();
    let site = format!("{head}server {{\n{https}");
    assert!(site.contains(&format!("listen 0.0.0.0:{port}")), "{site}");
    std::fs::write(folder.join("site"), change(site)).unwrap();
    let conf = folder.join("nginx.conf");
    std::fs::write(&conf, whole(folder, folder.join("site").to_str().unwrap())).unwrap();
    let child = nginx()
        .args([
            "-e",
            folder.join("start.log").to_str().unwrap(),
            "-g",
            "daemon off;",
            "-c",
        ])
        .arg(&conf)
        .stdin(Stdio::null())
        .spawn()
        .expect("run the tests with .ci/test: it installs the nginx that they need");
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    let begun = Instant::now();
    while TcpStream::connect(address).is_err() {
        let log = std::fs::read_to_string(folder.join("start.log")).unwrap_or_default();
        assert!(begun.elapsed() < Duration::from_secs(20), "{log}");
        std::thread::sleep(Duration::from_millis(20));
    }
    Proxy { child, address }
}

impl Proxy {
    fn connect(&self, from: [u8; 4]) -> TcpStream {
        let socket =
            socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
        socket
            .bind(&SocketAddr::new(IpAddr::from(from), 0).into())
            .unwrap();
        socket.connect(&self.address.into()).unwrap();
        let stream = TcpStream::from(socket);
        stream
            .set_read_timeout(Some(Duration::from_secs(60)))
            .unwrap();
        stream
    }

    /// Head and body of the answer to a request of that address.
    fn ask(&self, from: [u8; 4], line: &str, headers: &str, body: &[u8]) -> (String, Vec<u8>) {
        let mut stream = self.connect(from);
        let length = body.len();
        let head = format!(
            "{line} HTTP/1.1\r\nHost: motcua.example.gov.vn\r\nConnection: close\r\n{headers}Content-Length: {length}\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).unwrap();
        // A body that is too large is refused before it is through.
        let _ = stream.write_all(body);
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        let end = answer.windows(4).position(|part| part == b"\r\n\r\n");
        let end = end.unwrap_or_else(|| panic!("{line}: {}", String::from_utf8_lossy(&answer)));
        let head = String::from_utf8(answer[..end].to_vec())
            .unwrap()
            .to_lowercase();
        (head, answer[end + 4..].to_vec())
    }

    fn status(&self, from: [u8; 4], line: &str, headers: &str) -> u16 {
        let (head, _) = self.ask(from, line, headers, b"");
        head.split(' ').nth(1).unwrap().parse().unwrap()
    }
}

const HERE: [u8; 4] = [127, 0, 0, 1];
const OTHER: [u8; 4] = [127, 0, 0, 2];
const THIRD: [u8; 4] = [127, 0, 0, 3];

#[test]
fn the_nginx_of_the_example_hides_what_is_private_and_tells_who_calls() {
    let db = Database::new(Kind::Sqlite);
    let toml = db.folder().join("motcua.toml");
    let settings = "[server]\ntrusted_proxies = \"127.0.0.1\"\n[limits]\nlook_up_address = { burst = 3, each_seconds = 600 }\n";
    std::fs::write(&toml, settings).unwrap();
    let program = Program::on(&db).with("MOTCUA_CONFIG", toml.to_str().unwrap());
    let mut office = Office::open_with(&db, program);
    let folder = db.folder().join("nginx");
    std::fs::create_dir(&folder).unwrap();
    let proxy = start(&folder, office.server.address());

    // Counts of the office are for the machine itself, however the address is written.
    assert!(office.server.metrics().expect(200).body.contains("motcua_"));
    for path in [
        "/metrics",
        "//metrics",
        "/./metrics",
        "/%6detrics",
        "/x/../metrics",
        "/metrics?x=1",
        "/metrics/",
        "/METRICS",
    ] {
        assert_eq!(
            proxy.status(HERE, &format!("GET {path}"), ""),
            404,
            "{path}"
        );
    }
    assert_eq!(proxy.status(HERE, "GET /readyz", ""), 200);

    // Limits go by who calls, whatever they say of themselves.
    let dossier = office.receive(COMMUNE, SAME_DAY);
    let number = dossier["case_number"].as_str().unwrap();
    let guess = format!("GET /api/v1/lookup?case_number={number}&code=AAAAAAAAAA");
    let guessed: Vec<u16> = (0..5)
        .map(|i| {
            proxy.status(
                OTHER,
                &guess,
                &format!("X-Forwarded-For: 198.51.100.{i}\r\n"),
            )
        })
        .collect();
    assert_eq!(guessed, [404, 404, 404, 429, 429]);
    assert_eq!(proxy.status(THIRD, &guess, ""), 404);

    // The version of a dossier survives, and a change goes by it.
    let clerk = office.token(Role::Clerk, COMMUNE);
    let headers = format!("Authorization: Bearer {clerk}\r\nAccept-Encoding: gzip\r\n");
    let (head, _) = proxy.ask(
        HERE,
        &format!("GET /api/v1/dossiers/{number}"),
        &headers,
        b"",
    );
    let tag = head
        .lines()
        .find_map(|line| line.strip_prefix("etag: "))
        .unwrap()
        .to_owned();
    assert!(tag.starts_with('"'), "{tag}");
    let change = format!("{headers}If-Match: {tag}\r\nContent-Type: application/json\r\n");
    let body = "{\"reason\":\"theo yêu cầu\"}".as_bytes();
    let (head, answer) = proxy.ask(
        HERE,
        &format!("POST /api/v1/dossiers/{number}/withdraw"),
        &change,
        body,
    );
    assert!(
        head.starts_with("http/1.1 200"),
        "{head} {}",
        String::from_utf8_lossy(&answer)
    );

    // What is large and nobody's secret is compressed.
    let script = "GET /api/docs/swagger-ui-bundle.js";
    let (head, small) = proxy.ask(HERE, script, "Accept-Encoding: gzip\r\n", b"");
    assert!(head.contains("content-encoding: gzip"), "{head}");
    let (_, large) = proxy.ask(HERE, script, "", b"");
    assert!(
        small.len() * 2 < large.len(),
        "{} of {}",
        small.len(),
        large.len()
    );

    // The program's own limit is told in its own words; what is far above it does not get so far.
    let json = format!("{headers}Content-Type: application/json\r\n");
    let (head, answer) = proxy.ask(
        HERE,
        "POST /api/v1/dossiers",
        &json,
        &vec![b' '; 300 * 1024],
    );
    assert!(
        head.starts_with("http/1.1 413") && head.contains("problem+json"),
        "{head}"
    );
    assert!(!answer.is_empty());
    let (head, _) = proxy.ask(
        HERE,
        "POST /api/v1/dossiers",
        &json,
        &vec![b' '; 6 * 1024 * 1024],
    );
    assert!(
        head.starts_with("http/1.1 413") && !head.contains("problem+json"),
        "{head}"
    );

    // A body that stalls is given up by nginx, and the server never hears of it.
    let mut stalled = proxy.connect(OTHER);
    let begun = Instant::now();
    let head = "POST /api/v1/submissions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{\"unit\":";
    stalled.write_all(head.as_bytes()).unwrap();
    let mut answer = Vec::new();
    let _ = stalled.read_to_end(&mut answer);
    assert!(
        begun.elapsed() < Duration::from_secs(30),
        "{:?}",
        begun.elapsed()
    );

    // Nobody's code or number is in its logs, not even when the server is away.
    let Office { server, .. } = office;
    drop(server);
    assert_eq!(proxy.status(HERE, &guess, ""), 502);
    drop(proxy);
    for log in ["error.log", "motcua.log", "start.log"] {
        let text = std::fs::read_to_string(folder.join(log)).unwrap_or_default();
        assert!(
            !text.contains(number) && !text.contains("AAAAAAAAAA"),
            "{log}: {text}"
        );
    }
}

#[test]
fn nginx_understands_the_example_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let place = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let key = rcgen::generate_simple_self_signed(["motcua.example.gov.vn".to_owned()]).unwrap();
    std::fs::write(place("crt"), key.cert.pem()).unwrap();
    std::fs::write(place("key"), key.signing_key.serialize_pem()).unwrap();
    let site = EXAMPLE
        .replace("/etc/nginx/motcua.crt", &place("crt"))
        .replace("/etc/nginx/motcua.key", &place("key"))
        .replace("/var/log/nginx/motcua.log", &place("motcua.log"));
    // Ports that anybody may take.
    let site = site
        .replace("listen 80;", "listen 127.0.0.1:18080;")
        .replace("listen 443 ssl;", "listen 127.0.0.1:18443 ssl;");
    let site: String = site
        .lines()
        .filter(|line| !line.contains("[::]"))
        .map(|line| format!("{line}\n"))
        .collect();
    std::fs::write(place("site"), site).unwrap();
    std::fs::write(place("conf"), whole(folder.path(), &place("site"))).unwrap();
    let output = nginx()
        .args(["-t", "-q", "-e", &place("log"), "-c", &place("conf")])
        .output();
    let output = output.expect("run the tests with .ci/test: it installs the nginx that they need");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "{said} {}",
        std::fs::read_to_string(place("log")).unwrap_or_default()
    );
}

#[test]
fn a_version_survives_a_proxy_that_compresses_everything() {
    let db = Database::new(Kind::Sqlite);
    let mut office = Office::open(&db);
    let folder = db.folder().join("nginx");
    std::fs::create_dir(&folder).unwrap();
    // As many write it.
    let proxy = start_changed(&folder, office.server.address(), |site| {
        let types = site.replace("gzip_types ", "gzip_types application/json ");
        types.replace("gzip_min_length 1000;", "gzip_min_length 1;")
    });
    let dossier = office.receive(COMMUNE, SAME_DAY);
    let number = dossier["case_number"].as_str().unwrap();
    let clerk = office.token(Role::Clerk, COMMUNE);
    let headers = format!("Authorization: Bearer {clerk}\r\nAccept-Encoding: gzip\r\n");
    let path = format!("/api/v1/dossiers/{number}");
    let (head, _) = proxy.ask(HERE, &format!("GET {path}"), &headers, b"");
    assert!(head.contains("content-encoding: gzip"), "{head}");
    let tag = |head: &str| {
        let tag = head.lines().find_map(|line| line.strip_prefix("etag: "));
        // Heads are in small letters here.
        tag.unwrap().replace("w/", "W/")
    };
    let weak = tag(&head);
    assert_eq!(weak, "W/\"1\"");
    let seen = format!("{headers}If-None-Match: {weak}\r\n");
    assert_eq!(proxy.status(HERE, &format!("GET {path}"), &seen), 304);
    let change = |action: &str, tag: &str, body: &str| {
        let change = format!("{headers}If-Match: {tag}\r\nContent-Type: application/json\r\n");
        let line = format!("POST {path}/{action}");
        let (head, _) = proxy.ask(HERE, &line, &change, body.as_bytes());
        head.split(' ').nth(1).unwrap().to_owned()
    };
    let note = "{\"reason\":\"theo yêu cầu\"}";
    // What was never read is refused, however it is spelled; what was read is taken.
    for stale in ["W/\"9\"", "\"9-gzip\"", "W/\"10\""] {
        assert_eq!(change("withdraw", stale, note), "412", "{stale}");
    }
    // What is no tag is no try of one.
    assert_eq!(change("withdraw", "1", note), "400");
    assert_eq!(change("withdraw", &weak, note), "200");
    // As Apache spells it, on what has a hash for a version.
    let admin = office.token(Role::Administrator, "H37");
    let headers = format!("Authorization: Bearer {admin}\r\nAccept-Encoding: gzip\r\n");
    let unit = format!("/api/v1/units/{COMMUNE}");
    let (head, _) = proxy.ask(HERE, &format!("GET {unit}"), &headers, b"");
    let apache = tag(&head).replace("W/", "");
    let apache = format!("{}-gzip\"", apache.trim_end_matches('"'));
    let change = format!("{headers}If-Match: {apache}\r\nContent-Type: application/json\r\n");
    let (head, _) = proxy.ask(
        HERE,
        &format!("PATCH {unit}"),
        &change,
        b"{\"mountain\":true}",
    );
    assert!(head.starts_with("http/1.1 200"), "{head}");
    let (head, _) = proxy.ask(
        HERE,
        &format!("PATCH {unit}"),
        &change,
        b"{\"mountain\":false}",
    );
    assert!(head.starts_with("http/1.1 412"), "{head}");
}
