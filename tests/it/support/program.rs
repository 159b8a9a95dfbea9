use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use super::Database;

/// The real program on a database.
pub struct Program {
    url: String,
    environment: Vec<(String, String)>,
    log: Option<PathBuf>,
}

impl Program {
    pub fn on(database: &Database) -> Self {
        let key = database.folder().join("log.key");
        Self::at(database.url()).with("MOTCUA__LOG__KEY_FILE", &key.display().to_string())
    }

    /// As a browser reaches it, over plain http.
    pub fn for_browsers(database: &Database) -> Self {
        Self::on(database).with("MOTCUA__ACCOUNTS__COOKIES_OVER_HTTP", "true")
    }

    pub fn at(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            environment: Vec::new(),
            log: None,
        }
    }

    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Where the server's standard error goes.
    pub fn log_to(mut self, file: &Path) -> Self {
        self.log = Some(file.to_owned());
        self
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_motcua"));
        command
            .args(arguments)
            .env("DATABASE_URL", &self.url)
            .env_remove("MOTCUA_CONFIG")
            // As config/motcua.service has it.
            .env("MIMALLOC_PURGE_DELAY", "0")
            // Many tests run at once; those that look at how long it takes say so.
            .env("MOTCUA__DATABASE__WAIT_SECONDS", "20")
            // A test that wants letters says where they go.
            .env("MOTCUA__MAIL__TRANSPORT", "none")
            .env("MOTCUA__SERVER__METRICS_LISTEN", "127.0.0.1:0")
            .envs(self.environment.iter().cloned());
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// Standard output of a run that must succeed.
    pub fn output(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {errors}");
        String::from_utf8(output.stdout).unwrap()
    }

    pub fn json(&self, arguments: &[&str]) -> serde_json::Value {
        serde_json::from_str(&self.output(arguments)).unwrap()
    }

    /// Standard error of a run that must fail.
    pub fn failure(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(!output.status.success(), "{arguments:?} succeeded");
        assert_ne!(output.status.code(), Some(101), "{arguments:?} panicked");
        String::from_utf8(output.stderr).unwrap()
    }

    /// Standard output of a run that must fail.
    pub fn failure_output(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// Standard output for a standard input.
    pub fn pipe(&self, arguments: &[&str], input: &[u8]) -> String {
        let mut child = self
            .command(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let input = input.to_vec();
        let writer = std::thread::spawn(move || stdin.write_all(&input));
        let output = child.wait_with_output().unwrap();
        writer.join().unwrap().unwrap();
        assert!(output.status.success(), "{arguments:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// Whether a run with that standard input succeeds, and its standard error.
    pub fn pipe_any(&self, arguments: &[&str], input: &[u8]) -> (bool, String) {
        let mut child = self
            .command(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(input).unwrap();
        let output = child.wait_with_output().unwrap();
        let errors = String::from_utf8(output.stderr).unwrap();
        (output.status.success(), errors)
    }

    /// The running server, on a free port.
    pub fn serve(&self) -> Server {
        self.serve_with(&["serve", "--listen", "127.0.0.1:0"]).0
    }

    /// Another instance on the same database. SQLite has one server a file: there it is that one.
    pub fn serve_beside(&self, first: &Server) -> Server {
        match self.url.starts_with("sqlite://") {
            true => Server {
                base: first.base.clone(),
                metrics: first.metrics.clone(),
                child: None,
            },
            false => self.serve(),
        }
    }

    /// A command that ends in serving, and what it printed before.
    pub fn serve_with(&self, arguments: &[&str]) -> (Server, String) {
        let mut command = self.command(arguments);
        if let Some(log) = &self.log {
            command.stderr(std::fs::File::create(log).unwrap());
        }
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut printed = String::new();
        let mut metrics = None;
        for line in BufReader::new(child.stdout.take().unwrap()).lines() {
            let line = line.unwrap();
            if let Some((_, address)) = line.split_once("http://") {
                let base = format!("http://{}", address.trim());
                let server = Server {
                    base,
                    metrics,
                    child: Some(child),
                };
                return (server, printed);
            }
            if line.starts_with("số đo") {
                let address = line.rsplit(' ').next().unwrap();
                metrics = Some(format!("http://{address}"));
                continue;
            }
            printed += &line;
            printed.push('\n');
        }
        let status = child.wait().unwrap();
        panic!("the server did not start ({status}): {printed}")
    }
}

pub struct Server {
    base: String,
    /// Where its metrics are.
    metrics: Option<String>,
    /// `None`: somebody else's, under the same address.
    child: Option<Child>,
}

/// An answer: status, headers, body.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub content_type: String,
    pub headers: Vec<(String, String)>,
    pub body: String,
    /// The same as it came: a workbook is no text.
    pub bytes: Vec<u8>,
}

impl Answer {
    #[track_caller]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("no JSON: {}", self.body))
    }

    pub fn header(&self, name: &str) -> &str {
        let mut headers = self.headers.iter();
        let found = headers.find(|(known, _)| known == name);
        found.map_or("", |(_, value)| value)
    }

    /// The answer, which has that status.
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.body);
        self
    }

    /// The JSON of a problem of that kind.
    #[track_caller]
    pub fn problem(&self, status: u16, kind: &str) -> serde_json::Value {
        assert_eq!(self.status, status, "{}", self.body);
        assert_eq!(
            self.content_type, "application/problem+json",
            "{}",
            self.body
        );
        let json = self.json();
        assert_eq!(json["type"], format!("urn:motcua:problem:{kind}"), "{json}");
        assert_eq!(json["status"], status);
        json
    }
}

/// The fields that a problem names.
pub fn fields(problem: &serde_json::Value) -> Vec<String> {
    let errors = problem["errors"].as_array().into_iter().flatten();
    let fields = errors.map(|error| error["field"].as_str().unwrap().to_owned());
    fields.collect()
}

impl Server {
    /// Where it listens: `127.0.0.1:8080`.
    pub fn address(&self) -> &str {
        self.base.trim_start_matches("http://")
    }

    /// Sends the process a signal, such as `TERM`.
    pub fn signal(&self, name: &str) {
        let pid = self.id().to_string();
        let flag = format!("-{name}");
        Command::new("kill").args([&flag, &pid]).status().unwrap();
    }

    pub fn get(&self, path: &str) -> Answer {
        self.request("GET", path)
    }

    pub fn request(&self, method: &str, path: &str) -> Answer {
        self.send(method, path, &[], b"")
    }

    /// Its metrics, from their own address.
    pub fn metrics(&self) -> Answer {
        let address = self.metrics.as_ref().expect("it serves metrics");
        Self::ask("GET", address, &[], b"")
    }

    /// A number that they show.
    pub fn metric(&self, name: &str) -> f64 {
        let text = self.metrics().expect(200).body;
        let line = text
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.map_or(0.0, |number| number.parse().unwrap())
    }

    /// Memory in MiB that the program has asked for; its code, which the system may drop, does not count.
    pub fn memory(&self) -> f64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.id())).unwrap();
        let line = status
            .lines()
            .find(|line| line.starts_with("RssAnon:"))
            .unwrap();
        let kilobytes: f64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
        kilobytes / 1024.0
    }

    pub fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        Self::ask(method, &format!("{}{path}", self.base), headers, body)
    }

    fn ask(method: &str, address: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        let agent: ureq::Agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .allow_non_standard_methods(true)
            .max_redirects(0)
            .timeout_global(Some(Duration::from_secs(60)))
            .build()
            .into();
        let mut request = ureq::http::Request::builder().method(method).uri(address);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let sent = match body {
            [] => agent.run(request.body(()).unwrap()),
            body => agent.run(request.body(body).unwrap()),
        };
        let mut response = sent.unwrap();
        let headers = response.headers().iter();
        let headers: Vec<_> = headers
            .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
            .collect();
        let content_type = headers.iter().find(|(name, _)| name == "content-type");
        let bytes = response.body_mut().read_to_vec().unwrap();
        Answer {
            status: response.status().as_u16(),
            content_type: content_type.map_or(String::new(), |(_, value)| value.clone()),
            headers,
            body: String::from_utf8_lossy(&bytes).into_owned(),
            bytes,
        }
    }

    /// A connection of one's own, for what no client library sends.
    pub fn connect(&self) -> std::net::TcpStream {
        std::net::TcpStream::connect(self.base.trim_start_matches("http://")).unwrap()
    }

    /// Where it serves.
    pub fn url(&self) -> &str {
        &self.base
    }

    pub fn id(&self) -> u32 {
        self.child.as_ref().unwrap().id()
    }

    /// Waits until the server has stopped.
    pub fn wait(mut self) -> std::process::ExitStatus {
        self.child.take().unwrap().wait().unwrap()
    }

    /// Asks the server to stop and waits until it has.
    pub fn stop(self) -> std::process::ExitStatus {
        let pid = self.id().to_string();
        Command::new("kill").args(["-TERM", &pid]).status().unwrap();
        self.wait()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
