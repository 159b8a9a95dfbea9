//! Programs that the tests talk to: real servers, installed by `.ci/peers`.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, LazyLock, Mutex};
use std::time::{Duration, Instant};

use serde_json::Value;

static FOLDER: LazyLock<String> = LazyLock::new(|| {
    let output = Command::new(".ci/peers").output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "the peers of the tests are not installed: {errors}"
    );
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
});

/// Where they are installed.
pub fn peers() -> &'static str {
    &FOLDER
}

/// A mail server, and the letters that it has taken.
pub struct Smtp {
    child: Child,
    pub port: String,
    letters: Arc<Mutex<Vec<Letter>>>,
}

/// A letter as it arrived.
#[derive(Debug, Clone)]
pub struct Letter {
    pub to: Vec<String>,
    pub subject: String,
    pub id: String,
    /// Plain text, then HTML.
    pub bodies: Vec<String>,
    pub secure: bool,
    pub user: Option<String>,
}

impl Letter {
    fn read(line: &str) -> Self {
        let line: Value = serde_json::from_str(line).unwrap();
        let data = line["data"].as_str().unwrap().as_bytes();
        let mail = mailparse::parse_mail(data).unwrap();
        let header =
            |name: &str| mailparse::MailHeaderMap::get_first_value(&mail.headers[..], name);
        let to = line["to"].as_array().unwrap().iter();
        Self {
            to: to.map(|to| to.as_str().unwrap().to_owned()).collect(),
            subject: header("Subject").unwrap(),
            id: header("Message-ID").unwrap(),
            bodies: mail
                .subparts
                .iter()
                .map(|part| part.get_body().unwrap())
                .collect(),
            secure: line["secure"].as_bool().unwrap(),
            user: line["user"].as_str().map(str::to_owned),
        }
    }
}

impl Smtp {
    /// One that does as it should, without TLS.
    pub fn plain() -> Self {
        Self::start(&[])
    }

    /// One that misbehaves with the first `count` tries.
    pub fn that(misbehaves: &str, count: u32) -> Self {
        Self::start(&[("MISBEHAVE", misbehaves), ("COUNT", &count.to_string())])
    }

    pub fn start(environment: &[(&str, &str)]) -> Self {
        let mut child = Command::new("node")
            .arg("smtp.mjs")
            .current_dir(peers())
            .envs(environment.iter().copied())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let first = lines.next().unwrap().unwrap();
        let port = first.strip_prefix("port ").unwrap().to_owned();
        let letters = Arc::new(Mutex::new(Vec::new()));
        let arrived = Arc::clone(&letters);
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                arrived.lock().unwrap().push(Letter::read(&line));
            }
        });
        Self {
            child,
            port,
            letters,
        }
    }

    pub fn letters(&self) -> Vec<Letter> {
        self.letters.lock().unwrap().clone()
    }

    /// Waits until so many letters have come.
    #[track_caller]
    pub fn wait_for(&self, count: usize) -> Vec<Letter> {
        let begun = Instant::now();
        loop {
            let letters = self.letters();
            if letters.len() >= count {
                return letters;
            }
            let waited = begun.elapsed();
            assert!(
                waited < Duration::from_secs(60),
                "{count} expected: {letters:?}"
            );
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

impl Drop for Smtp {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
