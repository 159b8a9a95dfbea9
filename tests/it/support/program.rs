use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use super::Database;

/// The real program on a database.
pub struct Program {
    url: String,
    environment: Vec<(String, String)>,
}

impl Program {
    pub fn on(database: &Database) -> Self {
        Self::at(database.url())
    }

    pub fn at(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            environment: Vec::new(),
        }
    }

    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_motcua"));
        command
            .args(arguments)
            .env("DATABASE_URL", &self.url)
            .env_remove("MOTCUA_CONFIG")
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

    /// The running server, on a free port.
    pub fn serve(&self) -> Server {
        self.serve_with(&["serve", "--listen", "127.0.0.1:0"]).0
    }

    /// A command that ends in serving, and what it printed before.
    pub fn serve_with(&self, arguments: &[&str]) -> (Server, String) {
        let mut child = self
            .command(arguments)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut printed = String::new();
        for line in BufReader::new(child.stdout.take().unwrap()).lines() {
            let line = line.unwrap();
            if let Some((_, address)) = line.split_once("http://") {
                let base = format!("http://{}", address.trim());
                return (Server { base, child }, printed);
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
    child: Child,
}

/// An answer: status, content type, body.
pub struct Answer {
    pub status: u16,
    pub content_type: String,
    pub body: String,
}

impl Answer {
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("no JSON: {}", self.body))
    }
}

impl Server {
    pub fn get(&self, path: &str) -> Answer {
        self.request("GET", path)
    }

    pub fn request(&self, method: &str, path: &str) -> Answer {
        let agent: ureq::Agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_secs(30)))
            .build()
            .into();
        let request = ureq::http::Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.base))
            .body(())
            .unwrap();
        let mut response = agent.run(request).unwrap();
        let content_type = response.headers().get("content-type");
        Answer {
            status: response.status().as_u16(),
            content_type: content_type
                .map(|value| value.to_str().unwrap().to_owned())
                .unwrap_or_default(),
            body: response.body_mut().read_to_string().unwrap(),
        }
    }

    /// Asks the server to stop and waits until it has.
    pub fn stop(mut self) -> std::process::ExitStatus {
        let pid = self.child.id().to_string();
        Command::new("kill").args(["-TERM", &pid]).status().unwrap();
        self.child.wait().unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
